/* node.h - one node of the cluster as a pure object: events in, effects out.
 *
 * This is holdfastd without its sockets, files and clocks.  It joins the replicated CIB (daemon/cib), the
 * scheduler (daemon/sched), the walk of a transition (daemon/transition) and the bookkeeping of local agents
 * into one state machine.  The daemon (daemon/holdfastd) and the simulation (tests/sim) are shells around
 * it: each turns what happened into a struct node_event, calls node_step() and performs the effects in their
 * order.
 *
 * Who does what: every node applies the same changes and publishes its own part of the status.  The oldest
 * member in sync coordinates: it marks lost members, runs the scheduler, and walks the transition by sending
 * actions to the nodes that carry them out.  Results come back as changes of the status, so that a new
 * coordinator knows all that its predecessor knew. */
#ifndef HF_NODE_NODE_H
#define HF_NODE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/cib/log.h"
#include "daemon/runner/protocol.h"
#include "lib/error.h"

struct node;
struct planner_job;
struct planner_result;

#define NODE_CLUSTER_LOCK "cluster"

struct node_config {
    uint32_t self, pid; /* this member of the group: corosync's node id, process id */
    const char *name;   /* of this node; copied */
    char uuid[37];      /* of this incarnation of the daemon; names its transitions */
    xmlDoc *attributes; /* what an earlier one said last with NODE_REMEMBER, or NULL; taken over */
};

/* A member of the group, in the terms of corosync. */
struct node_member {
    uint32_t id;
    uint32_t pid;
    bool machine_lost; /* of those that left: the machine went, not only its daemon */
};

struct node_name {
    uint32_t id;
    const char *name;
};

enum node_input {
    NODE_VIEW,           /* members changed */
    NODE_QUORUM,         /* quorum changed, members did not */
    NODE_NAMES,          /* the configured nodes and their names */
    NODE_MESSAGE,        /* a message of the group was delivered */
    NODE_REQUEST,        /* a client of the control socket asks */
    NODE_STORED,         /* a NODE_STORE effect was carried out, or failed */
    NODE_RUNNER_THERE,   /* the agent runner was reached */
    NODE_RUNNER_LOST,    /* the connection to it is gone */
    NODE_RUNNER_HISTORY, /* the answer to NODE_LIST: all that the runner knows */
    NODE_RESULT,         /* an agent's operation ended */
    NODE_LOCK,           /* what the guard says of the lock `cluster` changed */
    NODE_OWN_LOCKS,      /* what it says of the locks of resources: all that it was told to get */
    NODE_ROUTERS,        /* what the guard says of VIPs changed, or the guard was reached or lost */
    NODE_FENCED,         /* a fence agent ended */
    NODE_PLANNED,        /* a NODE_PLAN effect was carried out */
    NODE_SHUTDOWN,       /* this node shall leave in good order */
    NODE_TICK,           /* node_deadline() was reached */
};

/* The lock `cluster`, as the guard of this node sees it. */
struct node_lock {
    bool configured; /* there are lock servers */
    bool owned;
    uint64_t token; /* its term */
    uint32_t lease_ms;
    /* Without fencing: how long what a machine ran may run on once it has lost the lock, or the members that
     * have it.  Nothing is decided for so long. */
    uint32_t drain_ms;
};

/* The lock of a resource with requires=lease, as the guard of this node sees it. */
struct node_own_lock {
    const char *name; /* rsc/ID */
    bool owned;
    uint64_t token;
    const char *holder; /* who else has it, as far as is known; "" */
};

/* What the watchdog must know (guard's struct guard_alive). */
struct node_duty {
    bool known;  /* false: what runs here is not known yet, and nothing can be said */
    bool needed; /* something runs here that must not outlive a lock, and no fence device would see to it */
    bool late;   /* the lock is lost, or the quorum, and not all of that has stopped */
};

/* A VIP in the guard of this node (daemon/guard/router_frames.h). */
struct node_router {
    const char *resource; /* whose address it is */
    bool promoted;        /* MASTER */
    bool taken;           /* another node is known to be it */
    uint64_t token;       /* the term of its lock, while promoted; 0 without a lock */
    uint64_t promotions;  /* how often it became MASTER since the guard began */
    uint64_t contested;   /* adverts of others while it was MASTER, so far */
    uint8_t vrid, priority;
    bool has_right;
    const char *state, *right; /* as guard_router_state_name() and guard_router_right_name() have them */
    const char *interface;
    const char *fault; /* "" for none */
};

/* A VIP in a node's transient attributes, for status: this and the resource's id are its name; its value is
 * NAME=VALUE words, fault= the last and the rest of it. */
#define NODE_VIP_ATTRIBUTE "holdfast-vip-"

/* What became of a NODE_FENCE effect; run and requester are the effect's ticket and client. */
struct node_fence_result {
    uint64_t run;
    uint32_t requester;
    int exit_status; /* of the agent */
    bool timed_out;
    const char *output, *reason; /* its standard output, its standard error; may be NULL */
};

struct node_event {
    enum node_input type;
    int64_t now;    /* monotonic, ms */
    int64_t wall;   /* epoch seconds, for what is written into the CIB */
    int utc_offset; /* seconds east of UTC: rules of the CIB speak of local time */
    union {
        struct {
            const struct node_member *members, *joined, *left;
            int n_members, n_joined, n_left;
            const uint32_t *heard; /* machines, whether or not a daemon runs on them */
            int machines;          /* how many */
            bool quorate;
            bool lock_votes; /* the lock is a quorum device of corosync's: quorate says what it says */
            uint64_t ring;
        } view; /* NODE_VIEW; NODE_QUORUM uses heard and what is below it */
        struct {
            const struct node_name *names;
            int count;
            const char *cluster;
        } names;
        struct {
            uint32_t from, pid;
            const void *bytes;
            size_t length;
        } message;
        struct {
            uint64_t client;  /* to be named in the reply */
            const char *user; /* who asks; NULL: root */
            const char *text;
            size_t length;
        } request;
        struct {
            uint64_t ticket;
            bool low;            /* as cib_store_append() said */
            const char *failure; /* NULL: it is on disk */
        } stored;
        struct {
            const struct runner_result *entries;
            size_t count;
        } history;
        const struct runner_result *result;
        const struct node_fence_result *fenced;
        const struct node_lock *lock;
        struct planner_result *planned; /* what it has is taken */
        struct {
            const struct node_own_lock *list;
            size_t count;
        } own_locks;
        struct {
            bool expected; /* there is a guard, or is to be */
            bool attached; /* it is reached, and the list is complete */
            const struct node_router *list;
            size_t count;
        } routers;
    };
};

enum node_effect_type {
    NODE_SEND,        /* bytes to the group */
    NODE_STORE,       /* make bytes durable: a snapshot, or records for the log; answer with NODE_STORED */
    NODE_REPLY,       /* bytes are the answer to client */
    NODE_RUN,         /* call to the agent runner */
    NODE_CANCEL,      /* resource, operation, interval_ms to the runner */
    NODE_FORGET,      /* resource to the runner */
    NODE_HURRY,       /* resource to the runner: what its monitors look at has changed */
    NODE_LIST,        /* ask the runner for its history */
    NODE_ACK,         /* ticket: results up to this sequence are safe */
    NODE_WANT_LOCK,   /* take part in the lock called resource, with interval_ms as the rank: 0 bids first */
    NODE_UNWANT_LOCK, /* give the lock called resource up: all that it was for has stopped */
    NODE_ROUTER_PRIORITY, /* tell the guard: of VIP resource, level is the priority (0: never by itself),
                             interval_ms the rank */
    NODE_QUORATE,      /* tell the guard: whether corosync counts this partition as quorate, level 1 or 0 */
    NODE_HINT,         /* tell the guard: node resource is not heard any more; level 1: it was fenced */
    NODE_FENCE,        /* run fence agent resource with bytes as its input, for at most interval_ms */
    NODE_FENCE_FORGET, /* the run called ticket is not wanted any more */
    NODE_PLAN,         /* planner_run() job beside the node; answer with NODE_PLANNED */
    NODE_REMEMBER,     /* bytes, <transient_attributes> or "", are for the next incarnation of the daemon */
    NODE_LOG,          /* bytes are a line for the log, of syslog priority level */
    NODE_EXIT,         /* leave the group and end; level is the exit status */
};

struct node_effect {
    enum node_effect_type type;
    char *bytes; /* NUL-terminated where it is text */
    size_t length;
    uint64_t client, ticket;
    bool snapshot;
    int level;
    struct runner_call *call;
    struct planner_job *job;
    char *resource, *operation;
    uint32_t interval_ms;
};

/* saved: what the store had; its document is taken over. */
struct node *node_new(const struct node_config *config, struct cib_saved *saved);
/* NULL is fine. */
void node_free(struct node *node);
/* Carries out one event. The effects belong to the node until the next step. */
const struct node_effect *node_step(struct node *node, const struct node_event *event, size_t *count);
/* When node_step() must be called with NODE_TICK, monotonic ms; INT64_MAX for never. */
int64_t node_deadline(const struct node *node);
/* Asked after each step. */
struct node_duty node_duty(const struct node *node);
/* Whether one of these nodes owns the lock `cluster', as far as is known. */
bool node_lock_among(const struct node *node, const uint32_t *ids, size_t count);
/* For tests and the shell's own questions. */
const struct cib_replica *node_replica(const struct node *node);
/* Nothing is left to do: as far as this node, if it coordinates, knows. */
bool node_settled(const struct node *node);

#endif
