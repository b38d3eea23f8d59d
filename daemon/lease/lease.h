/* lease.h - the holder's half of the lock protocol: any number of named locks on three (or five) servers.
 *
 * Pure: no clock, socket, randomness or allocation policy of its own.  Frames, time and wishes come in
 * through lease_step(); what the shell must do comes out, in order.  The guard is the shell, and
 * tests/locksim the other one.  The frames are arbiter/frame.h's, the rules doc/protocol.md's.
 *
 * A grant counts from when its request was sent, and for 0.9 of what the server holds: whatever the network
 * does to the answer, the holder lets go first.  The node owns a lock while grants of a majority of the
 * servers count; majority_until is the time until which they do.  The gate in the kernel is given that
 * time as an absolute deadline, so that it closes without this code being run. */
#ifndef LEASE_LEASE_H
#define LEASE_LEASE_H

#include "arbiter/frame.h"
#include "lib/buf.h"

struct lease;

enum { LEASE_SERVERS_MAX = 9 };

/* A drain of WANT: the configuration's. 0 is none: all that the lock covers closes with its gate. */
#define LEASE_DRAIN_DEFAULT UINT32_MAX

struct lease_config {
    unsigned servers;               /* an odd number, at most LEASE_SERVERS_MAX */
    uint32_t lease_ms;              /* L: what the servers hold */
    uint32_t drain_ms;              /* D: what they add for that which the gate does not cover */
    uint8_t boot[FRAME_BOOT_BYTES]; /* this boot of this node */
    uint64_t seed;                  /* for the random backoff */
    uint64_t floor;                 /* the highest term known from elsewhere; 0 if none */
    int64_t now;                    /* CLOCK_BOOTTIME, ns */
    /* Until when something may be open (or draining) that an earlier process of this boot opened: the
     * highest deadline in the gate plus drain, as the guard finds it at its start.  0 if that is not known:
     * then one lease + drain from now.  Until then nothing that the servers hold for us is given back. */
    int64_t open_until;
};

enum lease_input {
    LEASE_TICK,        /* lease_deadline() has come, or just so */
    LEASE_LINK_UP,     /* a new connection to a server stands */
    LEASE_LINK_DOWN,   /* it is gone */
    LEASE_FRAME,       /* a whole frame came from a server */
    LEASE_WANT,        /* take part in a lock: rank 0 bids first, the others a little later each */
    LEASE_UNWANT,      /* give the lock up, and take part no more */
    LEASE_HANDOVER,    /* give the lock to successor, and wait for the next turn */
    LEASE_URGE,        /* nobody seems to have it: a hold-down after a loss no longer counts */
    LEASE_GATE_CLOSED, /* after CLOSE_GATE with verify: everything this lock covers has stopped */
};

struct lease_event {
    enum lease_input type;
    int64_t now;           /* CLOCK_BOOTTIME, ns; never goes back */
    unsigned server;       /* LINK_UP, LINK_DOWN, FRAME: 0 to servers - 1 */
    const uint8_t *bytes;  /* FRAME */
    size_t length;         /* FRAME */
    const char *lock;      /* WANT, UNWANT, HANDOVER, URGE, GATE_CLOSED */
    unsigned rank;         /* WANT; may be given again with another rank */
    uint32_t drain_ms;     /* WANT: this lock's drain, or LEASE_DRAIN_DEFAULT; a new one holds from the next
                            * bid on, since it is for a term that the servers know it */
    const char *successor; /* HANDOVER: a node's name, or NULL for whoever comes */
};

enum lease_action {
    LEASE_SEND,       /* bytes to server */
    LEASE_OPEN_GATE,  /* the lock's gate may be open until deadline: an absolute time, also if late */
    LEASE_CLOSE_GATE, /* now; with verify: say GATE_CLOSED when it is certain */
    LEASE_OWNED,      /* the lock is this node's until deadline (OPEN_GATE and LOST say how it goes on), with
                       * this fencing token; whoever acts on it late has to look at the clock first */
    LEASE_LOST,       /* it is no longer: its time passed, or it was handed over */
    LEASE_RECONNECT,  /* the server does not answer, or said goodbye: a new connection, please */
};

/* Why a lock was lost. */
enum lease_loss { LEASE_EXPIRED, LEASE_GIVEN_UP };

struct lease_update {
    enum lease_action action;
    unsigned server;      /* SEND, RECONNECT */
    size_t offset;        /* SEND: into lease_updates.bytes */
    size_t length;        /* SEND */
    const char *lock;     /* the others; valid until the next step */
    int64_t deadline;     /* OPEN_GATE, OWNED: CLOCK_BOOTTIME, ns */
    uint64_t token;       /* OWNED, OPEN_GATE: the fencing token, higher for every later owner */
    bool verify;          /* CLOSE_GATE */
    enum lease_loss loss; /* LOST */
};

/* Owned by the caller, zero-initialised; lease_step() appends, the caller performs and resets. */
struct lease_updates {
    struct lease_update *items;
    size_t count;
    size_t capacity;
    struct hf_buf bytes;
};

void lease_updates_reset(struct lease_updates *updates);
void lease_updates_free(struct lease_updates *updates);

struct lease *lease_new(const struct lease_config *config);
void lease_free(struct lease *lease);

void lease_step(struct lease *lease, const struct lease_event *event, struct lease_updates *updates);
/* When a TICK is due, CLOCK_BOOTTIME ns; INT64_MAX for never. */
int64_t lease_deadline(const struct lease *lease);

/* --- for status --- */

/* Where a lock stands. */
#define LEASE_STATES(X)                                                                                      \
    X(LEASE_IDLE, "idle")       /* not wanted */                                                             \
    X(LEASE_WAITING, "waiting") /* another has it, or it is not time to bid yet */                           \
    X(LEASE_BIDDING, "bidding")                                                                              \
    X(LEASE_OWNING, "owning")                                                                                \
    X(LEASE_CLOSING, "closing") /* owning still, but the gate is being closed */

enum lease_state {
#define LEASE_STATE_ENUM(name, word) name,
    LEASE_STATES(LEASE_STATE_ENUM)
#undef LEASE_STATE_ENUM
};

const char *lease_state_name(enum lease_state state);

struct lease_lock_status {
    enum lease_state state;
    uint64_t token;         /* OWNING, CLOSING */
    int64_t majority_until; /* CLOCK_BOOTTIME, ns; OWNING, CLOSING */
    int64_t not_before;     /* no bid before this: backoff or hold-down */
    const char *holder;     /* who else holds it as far as the servers said; "" if nobody or unknown */
};

struct lease_server_status {
    bool up;            /* connected and welcomed */
    bool known;         /* it has its record of this cluster */
    int64_t last_heard; /* CLOCK_BOOTTIME, ns; 0 for never */
    int64_t ready_at;   /* grants nothing before */
    enum frame_answer
        refusal; /* the last refusal that is not about who holds: NOT_READY, DISK, LIMIT; or 0 */
};

/* False if the lock was never wanted. */
bool lease_lock_status(const struct lease *lease, const char *lock, struct lease_lock_status *status);
void lease_server_status(const struct lease *lease, unsigned server, struct lease_server_status *status);

#endif
