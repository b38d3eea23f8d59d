/* control.h - the control socket: one XML request, one XML reply, over libqb IPC.
 *
 * The vocabulary is in doc/control.md; this file only carries it.  A message of libqb's is at most
 * HF_CONTROL_FRAME bytes; a longer request or reply travels as numbered parts, and its sum is bounded by
 * HF_CONTROL_LIMIT, so that a client can neither fill the daemon's memory nor be surprised. */
#ifndef HF_CONTROL_H
#define HF_CONTROL_H

#include <libxml/tree.h>
#include <qb/qbloop.h>
#include <sys/types.h>

#include "lib/error.h"

enum {
    HF_CONTROL_FRAME = 128 * 1024,       /* bytes of one IPC message */
    HF_CONTROL_LIMIT = 16 * 1024 * 1024, /* bytes of one request */
};

/* The name of the daemon's socket. */
#define HF_CONTROL_NAME "holdfast"

/* --- the client's side (blocking) --- */

struct hf_control;

/* Connects to the daemon on this machine. HF_FAILED with what to do if it is not running or not allowed. */
struct hf_error *hf_control_connect(struct hf_control **control) HF_MUST_CHECK;
/* The same for a socket of another name. */
struct hf_error *hf_control_connect_to(const char *name, struct hf_control **control) HF_MUST_CHECK;
/* Sends one request (the text of one element) and waits for its reply, at most timeout_ms.
 * A reply with status "ok" gives *reply (root <reply>, the caller's, xmlFreeDoc()); any other status is
 * returned as an error of that kind with the daemon's message.  No answer in time is HF_TIMED_OUT. */
struct hf_error *hf_control_call(struct hf_control *control, const char *request, int timeout_ms,
                                 xmlDoc **reply) HF_MUST_CHECK;
/* NULL is fine. */
void hf_control_close(struct hf_control *control);
/* For HF_CLEANUP. */
void hf_control_closep(struct hf_control **control);

/* --- the daemon's side (on a qb_loop) --- */

struct hf_control_server;

/* One request has come whole. client is a handle that stays valid (and merely leads nowhere once the
 * client has gone); answer it exactly once, now or later, with hf_control_reply(). user is who asks, as the
 * kernel knows it: a name, or the number of one without. user and request are borrowed. */
typedef void hf_control_handler(void *context, uint64_t client, const char *user, const char *request,
                                size_t length);

/* Listens; only root and members of group haclient are let in. */
struct hf_error *hf_control_listen(qb_loop_t *loop, const char *name, hf_control_handler *handler,
                                   void *context, struct hf_control_server **server) HF_MUST_CHECK;
/* reply: the text of one <reply> element. */
void hf_control_reply(struct hf_control_server *server, uint64_t client, const char *reply, size_t length);
void hf_control_unlisten(struct hf_control_server *server);

#endif
