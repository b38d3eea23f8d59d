/* link.h - a node's connection to one lock server: connect, TLS, frames, and again after a failure.
 *
 * Non-blocking, for any event loop: the caller watches link_fd() for link_events() and calls link_step()
 * when one of them comes or link_deadline() has passed.  What happens is told through the handler.  No name
 * is resolved and no file read after link_new(). */
#ifndef GUARD_LINK_H
#define GUARD_LINK_H

#include "arbiter/tls.h"

struct link;

struct link_handler {
    void (*up)(void *context);
    /* why: for people; borrowed.  Not called for link_reconnect() and link_free(). */
    void (*down)(void *context, const char *why);
    /* One whole frame; borrowed. */
    void (*frame)(void *context, const uint8_t *bytes, size_t length);
};

struct link_config {
    const char *server;      /* ADDRESS, ADDRESS:PORT or [IPV6]:PORT: a number, no name */
    const char *server_name; /* whom its certificate must name; NULL with keys */
    uint64_t seed;           /* for the pauses between attempts */
    const struct link_handler *handler;
    void *context;
};

/* tls, the caller's, must stay as long as the link.  HF_REFUSED if server is no address. */
struct hf_error *link_new(struct tls_client *tls, const struct link_config *config,
                          struct link **link) HF_MUST_CHECK;
/* NULL is fine. */
void link_free(struct link *link);

/* The socket, or -1 while there is none; it may be another after each link_step() and link_reconnect(). */
int link_fd(const struct link *link);
/* EPOLLIN and, if there is something to send, EPOLLOUT. */
uint32_t link_events(const struct link *link);
/* When link_step() is due with no event: CLOCK_BOOTTIME, ns; INT64_MAX for never. */
int64_t link_deadline(const struct link *link);

/* Goes on: connecting, TLS, reading, writing, or trying again.  now: CLOCK_BOOTTIME, ns; ready: the events
 * that the loop saw, 0 for none. */
void link_step(struct link *link, int64_t now, uint32_t ready);

/* Sends a frame if the link is up; what the socket does not take at once is kept, up to a bound. */
void link_send(struct link *link, int64_t now, const uint8_t *bytes, size_t length);

/* Drops the connection, if there is one, and makes another after a short random pause. */
void link_reconnect(struct link *link, int64_t now);

/* Connected and past TLS: frames can be sent. */
bool link_is_up(const struct link *link);
/* Why nothing comes from the server, in words that say what to do; "" once it has spoken.  Borrowed until the
 * next step. */
const char *link_why(const struct link *link);

/* New keys or certificates for the connections that are made from now on. */
void link_set_tls(struct link *link, struct tls_client *tls);

#endif
