/* replica.h - one member of the replicated CIB.
 *
 * Pure: events (with the time in them) go in, updates come out, in the order in which the shell must do them.
 * The shell owns corosync, the disk (store.h) and the clients.  See doc/cib.md for messages and safety.
 *
 * Members are (node id, process) pairs packed into 64 bits, so that a restarted daemon is somebody else.  In
 * each view all members first exchange what they have (HELLO); the best lineage wins, the others get its
 * state in chunks; the first in seniority coordinates (DC).  The DC announces quorum in agreed order; once
 * all members have that on disk the group is open for configuration changes.  A change is answered with
 * success when every member has it on disk (status: has it). */
#ifndef CIB_REPLICA_H
#define CIB_REPLICA_H

#include "daemon/cib/log.h"

/* node id << 32 | process id, as libcpg gives them. */
typedef uint64_t cib_member;

static inline cib_member cib_member_make(uint32_t node, uint32_t process)
{
    return (cib_member)node << 32 | process;
}
static inline uint32_t cib_member_node(cib_member member)
{
    return (uint32_t)(member >> 32);
}

enum cib_quorum {
    CIB_QUORUM_UNKNOWN, /* not yet known for this view: configuration changes wait */
    CIB_QUORUM_NO,
    CIB_QUORUM_YES,
};

enum {
    CIB_MESSAGE_LIMIT = 60 * 1024, /* bytes of one multicast message */
    CIB_CHUNK = 32 * 1024,         /* bytes of state in one message */
};

struct cib_replica_options {
    cib_member self;
    const char *node_name;
    int64_t ack_limit;     /* ms a member may take to acknowledge; 0: 2000 */
    size_t snapshot_after; /* bytes of log before a new snapshot; 0: 4 MiB */
    unsigned broken;       /* enum cib_broken, tests only: 0 */
};

/* Wrong variants that the simulation must find; never set outside tests. */
enum cib_broken {
    CIB_BROKEN_EARLY_ANSWER = 1, /* answers before all members have it */
    CIB_BROKEN_MINORITY = 2,     /* accepts changes without quorum */
    CIB_BROKEN_NO_DIGEST = 4,    /* does not compare digests */
    CIB_BROKEN_NO_PROMISE = 8,   /* opens a view before its generation is on disk everywhere */
    CIB_BROKEN_APPLY = 16, /* applies one change in 50 wrongly (not a bug to find but a fault to survive) */
};

enum cib_event_type {
    CIB_EVENT_VIEW,           /* the group's membership changed: members, ring, quorum, term */
    CIB_EVENT_QUORUM,         /* only quorum or the lock's term changed: quorum, term */
    CIB_EVENT_MESSAGE,        /* delivered in agreed order, own messages too: sender, bytes */
    CIB_EVENT_CHANGE,         /* a local client's <change>: client, bytes, origin, user, time */
    CIB_EVENT_STATUS,         /* a status update of this node's: client (0: wants no answer), bytes */
    CIB_EVENT_PERSISTED,      /* everything up to ticket is on disk: ticket, low */
    CIB_EVENT_PERSIST_FAILED, /* ticket and what follows it is not: ticket, text */
    CIB_EVENT_EXPEL,          /* treat member as gone although the group still lists it: member */
    CIB_EVENT_TICK,           /* cib_replica_deadline() has come */
};

/* One event; everything pointed to is borrowed for the call. */
struct cib_event {
    enum cib_event_type type;
    int64_t now; /* CLOCK_BOOTTIME or any steady clock, ms */

    const cib_member *members; /* VIEW: any order */
    size_t n_members;
    uint64_t ring; /* VIEW: the ring's sequence number, the same for all its members, never used twice */
    enum cib_quorum quorum; /* VIEW, QUORUM */
    unsigned spare; /* VIEW, QUORUM: so many of the members may be missing and the rest has quorum still; 0 if
                     * that is not known */
    uint32_t term;  /* VIEW, QUORUM: of the lock "cluster", 0 without lock servers */

    cib_member sender; /* MESSAGE */
    cib_member member; /* EXPEL */
    const void *bytes; /* MESSAGE, CHANGE, STATUS */
    size_t length;

    uint64_t client;           /* CHANGE, STATUS: the handle that ANSWER gives back */
    const char *origin, *user; /* CHANGE: may be NULL */
    int64_t time;              /* CHANGE: seconds since 1970 */

    uint64_t ticket;  /* PERSISTED, PERSIST_FAILED */
    bool low;         /* PERSISTED: as cib_store_append() said */
    const char *text; /* PERSIST_FAILED: why */
};

enum cib_update_type {
    CIB_UPDATE_MULTICAST,    /* bytes: send to the group, in this order, never dropped */
    CIB_UPDATE_PERSIST,      /* ticket, bytes, snapshot: cib_store_append() or cib_store_snapshot() */
    CIB_UPDATE_ANSWER,       /* client, error (NULL: success) and version */
    CIB_UPDATE_APPLIED,      /* configuration / status: which part changed; node: the node_state, or NULL */
    CIB_UPDATE_IN_SYNC,      /* this member now acts; replaced: its document was replaced by another's, so
                              * the node must put its own status again */
    CIB_UPDATE_OUT_OF_SYNC,  /* it must act on nothing until IN_SYNC */
    CIB_UPDATE_DC,           /* member coordinates now (self or not); 0: nobody yet */
    CIB_UPDATE_QUORUM,       /* quorate: what the group agreed on */
    CIB_UPDATE_MEMBER,       /* member is in sync (joined the working group) */
    CIB_UPDATE_UNRESPONSIVE, /* member did not acknowledge within the limit; act: it is for this member to
                              * expel it (and have it fenced) */
    CIB_UPDATE_DIVERGED,     /* member's digest is not the DC's (text says where); it is being resynced */
    CIB_UPDATE_EXPELLED,     /* member was expelled: if it is this one, the process must end and join anew; if
                              * not, say by QUORUM whether the others may decide without it */
    CIB_UPDATE_PROTOCOL,     /* a malformed message or one of another protocol version: member, text */
};

struct cib_update {
    enum cib_update_type type;
    struct hf_buf bytes;        /* MULTICAST, PERSIST; APPLIED: the status update or <change>; owned by it */
    bool snapshot;              /* PERSIST */
    uint64_t ticket;            /* PERSIST */
    uint64_t client;            /* ANSWER */
    struct hf_error *error;     /* ANSWER: owned by the update */
    struct cib_version version; /* ANSWER */
    bool configuration, status; /* APPLIED */
    bool replaced;              /* IN_SYNC */
    bool quorate;               /* QUORUM */
    bool act;                   /* UNRESPONSIVE */
    cib_member member;          /* DC, MEMBER, UNRESPONSIVE, DIVERGED, EXPELLED, PROTOCOL */
    char *text;                 /* APPLIED: node id; DIVERGED, PROTOCOL: what; owned by the update */
};

struct cib_updates {
    struct cib_update *list;
    size_t count, capacity;
};

/* Empties it, freeing what the updates own; keeps the memory of the list. */
void cib_updates_clear(struct cib_updates *updates);
/* Frees everything; also for HF_CLEANUP. */
void cib_updates_free(struct cib_updates *updates);

struct cib_replica;

/* Takes saved's document over (saved is emptied). */
struct cib_replica *cib_replica_new(const struct cib_replica_options *options, struct cib_saved *saved);
/* NULL is fine. */
void cib_replica_free(struct cib_replica *replica);
/* Appends what must be done to updates.  Perform all of it, in order, before the next step: a message must
 * not overtake one that was made before it. */
void cib_replica_step(struct cib_replica *replica, const struct cib_event *event,
                      struct cib_updates *updates);
/* When a TICK must come at the latest, ms on the events' clock; INT64_MAX: not needed. */
int64_t cib_replica_deadline(const struct cib_replica *replica);

/* Reading; borrowed until the next step. */
const struct cib_document *cib_replica_document(const struct cib_replica *replica);
/* Sets an attribute of <cib> that is no part of the replicated state (have-quorum, dc-uuid): see
 * cib_document_set_root(). */
void cib_replica_set_root(struct cib_replica *replica, const char *name, const char *value);
uint64_t cib_replica_generation(const struct cib_replica *replica);
bool cib_replica_in_sync(const struct cib_replica *replica);
/* Whether the group of this view has agreed on quorum yet: until then nothing can be concluded from it. */
bool cib_replica_agreed(const struct cib_replica *replica);
/* What the group agreed on, by message. */
bool cib_replica_quorate(const struct cib_replica *replica);
/* Quorate, and every member has the generation on disk: configuration changes are possible. */
bool cib_replica_open(const struct cib_replica *replica);
/* 0 if there is none yet. */
cib_member cib_replica_dc(const struct cib_replica *replica);
/* The members of the view in order of seniority (DC first), borrowed; empty before the exchange is over. */
const cib_member *cib_replica_members(const struct cib_replica *replica, size_t *count);
/* Whether a member has the state. */
bool cib_replica_member_in_sync(const struct cib_replica *replica, cib_member member);
/* Nothing waits: no client, no write, no transfer (for tests and for `settled`). */
bool cib_replica_idle(const struct cib_replica *replica);

#endif
