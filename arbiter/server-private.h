/* server-private.h - what the files of the lock server's shell share: conn.c (connections), control.c (the
 * status socket) and server.c (the loop, the table, the disk). */
#ifndef ARBITER_SERVER_PRIVATE_H
#define ARBITER_SERVER_PRIVATE_H

#include <sys/socket.h>

#include "arbiter/keyring.h"
#include "arbiter/server.h"
#include "arbiter/store.h"
#include "arbiter/table.h"
#include "arbiter/tls.h"

#define NS_PER_MS INT64_C(1000000)

/* What an epoll event is about: kind in the upper half of its data, a number in the lower. */
enum watch {
    WATCH_CONN,
    WATCH_LISTENER,
    WATCH_HANDSHAKES,
    WATCH_STORE,
    WATCH_SIGNAL,
    WATCH_CONTROL,
    WATCH_ADMIN
};

/* The list that a connection is in says which time limit it is under.  Each list has one limit, so that it
 * is sorted by the time at which it is over. */
enum limit { LIMIT_HANDSHAKE, LIMIT_FRAME, LIMIT_IDLE, LIMITS };

struct conn {
    struct conn *before, *after; /* in the list of its limit */
    SSL *ssl;
    struct address *address;
    uint32_t *cluster_count; /* counted there, or NULL */
    int64_t deadline;
    uint8_t *partial; /* the beginning of a frame, or NULL */
    uint8_t *output;  /* what the socket did not take, or NULL */
    uint32_t number;
    uint32_t output_length;
    int fd;
    uint16_t partial_length;
    uint8_t limit;    /* enum limit */
    bool established; /* the handshake is done */
    bool greeted;     /* and a HELLO came */
    bool closing;
    bool heard; /* something of the handshake came */
    struct tls_peer peer;
};

struct conn_list {
    struct conn *first, *last;
    size_t count;
};

/* Connections of one address. */
struct address {
    struct address *next;
    uint8_t bytes[16];
    uint32_t count;
};

enum { ADDRESS_BUCKETS = 4096, ADMINS = 8 };

/* Somebody at the status socket. */
struct admin {
    int fd; /* or -1 */
    char request[256];
    size_t request_length;
    struct hf_buf reply;
    size_t sent;
    int64_t deadline;
};

struct server {
    const struct arbiter_config *config;
    struct table *table;
    struct store *store;
    struct keyring *keys;
    struct tls_server *tls;
    int epoll_fd, handshake_fd, signal_fd, control_fd;
    int listeners[ARBITER_LISTEN_MAX];
    unsigned listener_count;
    struct conn **conns; /* by number; NULL is free */
    size_t conn_capacity;
    uint32_t *free_numbers;
    size_t free_count, free_capacity;
    size_t conn_count;
    struct conn_list lists[LIMITS];
    struct address *addresses[ADDRESS_BUCKETS];
    struct table_updates updates;
    bool performing;
    /* what waits for the disk */
    struct record *queue;
    size_t queued, queue_capacity;
    int64_t submit_at; /* what is queued is written then, or with the next record that somebody waits for */
    uint64_t *tickets, *writing;
    size_t ticket_capacity, writing_count, writing_capacity;
    bool disk_failed;
    char *disk_error;
    int64_t disk_failed_at;
    struct admin admins[ADMINS];
    uint64_t refused[REFUSAL_COUNT];
    int64_t refused_at[REFUSAL_COUNT]; /* last time it was logged */
    char refused_from[REFUSAL_COUNT][64];
    uint64_t frames, grants_synced, syncs;
    int64_t started;
    bool stopping;
    bool accepting;    /* the listeners are watched */
    int64_t accept_at; /* not before; for want of files or memory */
    uint32_t room;     /* connections that there may be files for */
};

/* CLOCK_BOOTTIME, ns. */
int64_t server_now(void);
/* Gives the table an event and does what it says. */
void server_step(struct server *server, const struct table_event *event);
/* Watches fd in an epoll set. */
void server_watch(int epoll_fd, int fd, uint32_t events, enum watch kind, uint32_t number);

/* --- conn.c --- */

void conn_accept(struct server *server, int listener);
/* Once a turn: lets newcomers wait in the kernel's queue while too many shake hands, and in again. */
void conn_admit(struct server *server, int64_t now);
/* A handshake's socket is ready. */
void conn_handshake(struct server *server, uint32_t number);
/* An established connection's socket is ready. */
void conn_ready(struct server *server, uint32_t number, uint32_t events);
void conn_send(struct server *server, uint32_t number, const uint8_t *bytes, size_t length);
/* Ends a connection; cause is counted unless it is REFUSED_NOTHING. */
void conn_close(struct server *server, uint32_t number, enum refusal cause);
/* Ends those whose time is over. */
void conn_expire(struct server *server, int64_t now);
/* When the next one's is; INT64_MAX for none. */
int64_t conn_deadline(const struct server *server);
/* Ends those whose key is no longer accepted. */
void conn_recheck_keys(struct server *server);
void conn_close_all(struct server *server);

/* --- control.c --- */

struct hf_error *control_listen(struct server *server) HF_MUST_CHECK;
void control_accept(struct server *server);
void control_ready(struct server *server, uint32_t number);
void control_expire(struct server *server, int64_t now);
void control_close(struct server *server);

#endif
