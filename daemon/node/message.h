/* message.h - what the nodes of a group say to each other besides changes of the CIB.
 *
 * Pure.  Every message of the group begins with a version and a kind; the CIB's replica has one kind for
 * itself and reads and writes its own bytes (daemon/cib/replica.h).  All messages are delivered to all
 * members in one agreed order, also to their sender; `to` says whom it concerns. */
#ifndef HF_NODE_MESSAGE_H
#define HF_NODE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/wire.h"

enum node_message_kind {
    NODE_MESSAGE_REPLICA = 1, /* bytes are the replica's */
    NODE_MESSAGE_ACTION = 2,  /* coordinator to a node: carry this out */
    NODE_MESSAGE_DONE = 3,    /* a node to the coordinator: an action that leaves no trace in the CIB ended */
    NODE_MESSAGE_CLEANUP = 4, /* everybody: forget failures or history of a resource */
    NODE_MESSAGE_SETTLE = 5,  /* to the coordinator: tell when there is nothing left to do */
    NODE_MESSAGE_SETTLED = 6, /* coordinator's answer to SETTLE or CONFIRM */
    NODE_MESSAGE_EXIT = 7,    /* coordinator to a node: everything is stopped, leave */
    NODE_MESSAGE_FENCE = 8,   /* coordinator to a node: run a fence agent, or forget that you were asked */
    NODE_MESSAGE_FENCED = 9,  /* its result */
    NODE_MESSAGE_CONFIRM = 10,  /* to the coordinator: an operator says that a node is down */
    NODE_MESSAGE_LOCK = 11,     /* what the sender holds of the lock `cluster` */
    NODE_MESSAGE_PRIORITY = 12, /* coordinator to a node: what the scores make of a VIP there */
    NODE_MESSAGE_HINT = 13,     /* everybody: a node was fenced, its VIPs are free */
    NODE_MESSAGE_SHOOT = 14,    /* to the coordinator: an operator wants a node fenced */
    NODE_MESSAGE_DRAINED =
        15, /* everybody: nothing needs the lock `cluster` here any more (quorum_drained()) */
    NODE_MESSAGE_CAUGHT_UP = 16, /* to the coordinator: what the sender had to say before SETTLE is said */
};

/* A fence agent's call.  The node that runs it makes the agent's input from its own copy of the
 * configuration: no password is in a message. */
struct node_fencing {
    bool forget;     /* the run with this ticket is not wanted any more; the rest is empty */
    char *device;    /* id of the fence device */
    uint8_t action;  /* enum fence_action */
    char *target;    /* name of a node, "" for none */
    char *parameter; /* the agent's parameter for the target, "" for none */
    bool decides;    /* if it succeeds, the target is fenced */
    uint32_t timeout_ms;
};

struct node_pair {
    char *name, *value;
};

/* Appends count pairs to a frame. */
void node_pairs_put(struct hf_buf *out, const struct node_pair *pairs, uint32_t count);
/* Reads them, the caller's; NULL and *count 0 for none.  A frame that cannot have them fails the reader. */
struct node_pair *node_pairs_get(struct hf_reader *in, uint32_t *count);
/* The caller's. */
struct node_pair *node_pairs_copy(const struct node_pair *pairs, uint32_t count);
void node_pairs_free(struct node_pair *pairs, uint32_t count);

/* One action of a transition, as the node that carries it out needs it. */
struct node_action {
    char *key;       /* transition key ACTION:TRANSITION:TARGET_RC:UUID */
    char *task;      /* start, monitor, cancel, lrm_delete, ... */
    char *operation; /* operation key, db_monitor_10000 */
    char *resource;  /* "" if it is of no resource */
    char *class_, *provider, *type;
    uint32_t interval_ms, timeout_ms, start_delay_ms;
    int32_t target_rc;
    bool no_record;
    struct node_pair *params;
    uint32_t n_params;
};

struct node_message {
    enum node_message_kind kind;
    uint32_t to; /* node id, 0 for everybody */
    /* REPLICA: borrowed from the decoded bytes */
    const void *bytes;
    size_t length;
    struct node_action action;   /* ACTION */
    struct node_fencing fencing; /* FENCE */
    /* DONE: transition key, exit code, execution status, exit reason.  CLEANUP: text is the resource or "".
     * SETTLED: rc is an enum hf_error_kind, text why.  CONFIRM: text is the node's name.
     * SHOOT: text is the node's name, rc an enum fence_action.
     * CAUGHT_UP: rc is the asker's node, ticket its number.
     * LOCK: rc 1 if it is held, status 1 if lock servers are configured, ticket the token.
     * PRIORITY: text is the resource, rc its priority, status its rank.  HINT: text is the node's name.
     * FENCED: rc is the exit status, status 1 if it was late, text its output, key its errors. */
    char *key;
    int32_t rc, status;
    char *text;
    bool refresh;    /* CLEANUP: forget the whole history, not only failures */
    uint64_t ticket; /* SETTLE, SETTLED, CONFIRM, SHOOT: the asker's number; FENCE, FENCED: the run's */
};

/* Appends the message. */
void node_message_encode(const struct node_message *message, struct hf_buf *out);
/* Appends only the head of a replica's message; its bytes follow. */
void node_message_replica_head(struct hf_buf *out);
/* HF_REFUSED if it is no message of this version. What *message owns goes with node_message_clear(). */
struct hf_error *node_message_decode(const void *bytes, size_t length,
                                     struct node_message *message) HF_MUST_CHECK;
void node_message_clear(struct node_message *message);

const char *node_action_param(const struct node_action *action, const char *name);
/* Frees what the action owns. */
void node_action_clear(struct node_action *action);

/* The parts of a transition key. False if it is none. */
struct node_key {
    int action, transition, target_rc;
    char uuid[37];
};
bool node_key_parse(const char *text, struct node_key *key);
char *node_key_make(const struct node_key *key);

#endif
