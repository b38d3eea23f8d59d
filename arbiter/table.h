/* table.h - the lock table: which node of which cluster holds which lock, at which term, until when.
 *
 * Pure: no clock, socket or file.  The shell (arbiter/server.c) and the simulation (tests/locksim) turn what
 * happened into an event with the time in it, call table_step(), and do what the updates say, in order.
 *
 * The rules (DESIGN 4, doc/protocol.md):
 * - A grant is answered only after the shell reported its record as durable.  RENEW touches no disk.
 * - ACQUIRE is granted iff nobody else holds the lock and the term is above the lock's (or is the lock's,
 *   held by the same node in the same boot).
 * - A lock is free again when lease + drain passed, or by RELEASE at the same term.  Nothing else frees it:
 *   not a closed connection, not a new session, not a restart.
 * - After a start with the record its holders are taken to hold for a full lease + drain.  A cluster
 *   without a record gets no grant until the longest hold passed and the term was taught by a node that
 *   read it from a majority of the other servers, or by the operator.
 */
#ifndef ARBITER_TABLE_H
#define ARBITER_TABLE_H

#include "arbiter/record.h"
#include "lib/buf.h"

struct table;

struct table_config {
    uint64_t incarnation;       /* random, another for every start of the server */
    int64_t now;                /* CLOCK_BOOTTIME, ns, at the start */
    uint32_t min_lease_ms;      /* shorter leases are refused; 0 means 50 */
    uint32_t max_hold_ms;       /* longest lease + drain; 0 means 60000 */
    unsigned locks_per_cluster; /* 0 means 256 */
    unsigned nodes_per_cluster; /* 0 means 64, the most there can be */
};

enum table_input {
    TABLE_TICK,        /* table_deadline() has come, or just so */
    TABLE_RESTORE,     /* before anything else: one record as read from the disk */
    TABLE_FRAME,       /* a whole frame came from a connection */
    TABLE_CLOSED,      /* the connection is gone; its number may be used again after this */
    TABLE_PERSISTED,   /* the records up to and including ticket are durable */
    TABLE_DISK_FAILED, /* the record of exactly this ticket could not be made durable; the next thing that
                        * the shell writes must then be a whole table_snapshot() */
    TABLE_TEACH, /* the operator says that the cluster starts at term (fresh: it never ran, do not wait) */
};

struct table_event {
    enum table_input type;
    int64_t now;                 /* CLOCK_BOOTTIME, ns; never goes back */
    const struct record *record; /* RESTORE */
    uint32_t conn;               /* FRAME, CLOSED: the shell's number for the connection; small, reused */
    const char *cluster, *node;  /* FRAME: who TLS says this is; TEACH: cluster */
    uint32_t max_hold_ms;        /* FRAME, TEACH: this cluster's longest hold, 0 for the server's */
    const uint8_t *bytes;        /* FRAME */
    size_t length;               /* FRAME */
    uint64_t ticket;             /* PERSISTED, DISK_FAILED */
    uint64_t term;               /* TEACH */
    bool fresh;                  /* TEACH */
};

enum table_action {
    TABLE_SEND,    /* bytes to conn */
    TABLE_PERSIST, /* make record durable, then give PERSISTED with ticket; batches are welcome */
    TABLE_DROP,    /* close conn (after what was sent); CLOSED is expected for it */
};

struct table_update {
    enum table_action action;
    uint32_t conn;             /* SEND, DROP */
    size_t offset;             /* SEND: into table_updates.bytes */
    size_t length;             /* SEND */
    uint64_t ticket;           /* PERSIST: rising */
    struct record record;      /* PERSIST */
    bool lazy;                 /* PERSIST: nobody waits for it; better with the next batch than before it */
    enum frame_goodbye reason; /* DROP */
};

/* Owned by the caller, zero-initialised; table_step() appends, the caller performs and resets. */
struct table_updates {
    struct table_update *items;
    size_t count;
    size_t capacity;
    struct hf_buf bytes;
};

void table_updates_reset(struct table_updates *updates);
void table_updates_free(struct table_updates *updates);

struct table *table_new(const struct table_config *config);
void table_free(struct table *table);

void table_step(struct table *table, const struct table_event *event, struct table_updates *updates);
/* When a TICK is due, CLOCK_BOOTTIME ns; INT64_MAX for never. */
int64_t table_deadline(const struct table *table);

/* All records that a fresh file must hold, durable state only (what is pending is not in it); appended to
 * *records, which the caller frees. */
void table_snapshot(const struct table *table, struct record **records, size_t *count);

/* --- for status --- */

/* Whether there is a record of this cluster. */
bool table_knows(const struct table *table, const char *cluster);

struct table_lock_status {
    const char *cluster, *lock;
    const char *holder; /* "" for none */
    uint64_t term;
    int64_t remaining; /* ns; 0 if free */
    unsigned waiting;  /* nodes */
    bool connected;    /* the holder has a session */
};

struct table_cluster_status {
    const char *cluster;
    bool known;     /* has its record */
    int64_t ready;  /* ns until it grants; 0 if it does */
    uint64_t top;   /* highest term */
    unsigned nodes; /* known */
    unsigned connected;
    unsigned locks;
};

typedef void table_visit_cluster(void *context, const struct table_cluster_status *cluster);
typedef void table_visit_lock(void *context, const struct table_lock_status *lock);
/* Visits each cluster, and after it each of its locks; both may be NULL. */
void table_walk(const struct table *table, int64_t now, table_visit_cluster *cluster, table_visit_lock *lock,
                void *context);

#endif
