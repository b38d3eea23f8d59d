/* request.h - fencing: requests in, orders to run agents and verdicts out.
 *
 * Pure: no clock, process or file; the shell (holdfastd) performs what fencing_step() returns, in order, and
 * feeds back what happened.  One instance runs on the coordinator.
 *
 *   request --> who can? (static list, agent's list or status) --> delay --> level 1, level 2, ... -->
 * verdict
 *
 * - Requests for one target and action are one operation; another action on the same target waits for it.
 * - A level succeeds if each of its devices did; if one fails, the next level is tried.  Without topology
 * each able device is a level of its own, by priority.  The operation has failed when all levels have.
 * - A reboot by several devices is off by all, then on by all; after the offs it counts as done (the node is
 *   down) and failures of on are only noted (Pacemaker Explained, "Remapping Reboots").
 * - No agent that changes anything is run without the right to (FENCE_RIGHT: this partition holds the
 *   `cluster` lock, or is quorate): two nodes never shoot each other.
 * - A person may confirm that a node is down; believed only if the node is not heard any more.
 * - An agent runs here unless the target is this node (then on another member) or the agent must run on
 *   the target (unfencing). After a failed attempt the next runs on the next member. */
#ifndef FENCE_REQUEST_H
#define FENCE_REQUEST_H

#include "fence/config.h"
#include "lib/arena.h"

struct fencing;

enum fence_input {
    FENCE_CONFIGURE, /* a new configuration */
    FENCE_MEMBERS,   /* who can be heard now */
    FENCE_RIGHT,     /* may this partition fence? */
    FENCE_REQUEST,   /* somebody wants a node fenced */
    FENCE_RESULT,    /* an agent ended */
    FENCE_CONFIRM,   /* a person says that a node is down */
    FENCE_TICK,      /* time passed: call at fencing_deadline() */
};

struct fence_event {
    enum fence_input type;
    int64_t now;  /* monotonic, ms */
    int64_t wall; /* epoch seconds, for the history only */

    struct fence_config *config; /* CONFIGURE: taken over */

    const char *const *members; /* MEMBERS: names of the nodes heard, this one too */
    size_t n_members;

    bool right; /* RIGHT */

    /* REQUEST */
    uint64_t request;         /* the caller's number; comes back in the verdict */
    const char *target;       /* also of CONFIRM */
    enum fence_action action; /* FENCE_OFF, FENCE_REBOOT or FENCE_ON */
    const char *origin;       /* who asks: for the history; also of CONFIRM */
    int64_t delay_ms;         /* before anything is done (priority-fencing-delay); -1: no delays at all */
    int64_t timeout_ms;       /* of each device; 0: the configuration's */
    int64_t tolerance_ms;     /* satisfied if the same was done so shortly before */

    /* RESULT */
    uint64_t run;       /* of the FENCE_RUN */
    int exit_status;    /* of the agent; anything but 0 for one that could not be run or was killed */
    bool timed_out;     /* killed for being late */
    const char *output; /* its standard output, or NULL */
    const char *reason; /* its standard error, or why it could not be run; or NULL */
};

enum fence_order {
    FENCE_RUN,     /* run an agent */
    FENCE_FORGET,  /* the result of this run is no longer wanted: end it if it still runs. Every run
                    * ends by RESULT or FORGET */
    FENCE_VERDICT, /* a request has been decided */
    FENCE_ANSWER,  /* to a CONFIRM: believed or not */
    FENCE_RECORD,  /* an operation began or ended: for status and history on all nodes */
};

struct fence_record; /* below */

struct fence_update {
    enum fence_order order;
    /* RUN, FORGET */
    uint64_t run;
    const char *node;   /* where: a member's name */
    const char *device; /* id */
    enum fence_action action;
    const char *target; /* NULL for metadata, list, monitor */
    /* The agent's parameter for the target, or NULL: for fence_device_input(), which whoever runs the agent
     * calls with its own copy of the configuration, so that no password is in an order. */
    const char *parameter;
    bool decides;       /* its success is that of the whole operation */
    int64_t timeout_ms; /* then kill it */
    /* VERDICT: action and target too; ANSWER: done, reason and target */
    uint64_t request;
    bool done;
    const char *reason; /* why not; or how, if done */
    const struct fence_record *record;
};

/* An operation, as the history keeps it. */
struct fence_record {
    uint64_t id; /* counts up from 1 */
    char *target;
    enum fence_action action;
    char *origin; /* of its first request */
    char *device; /* that did it, or failed last; "manual" for a person, or NULL */
    char *node;   /* that ran the agent, or who confirmed; or NULL */
    char *reason; /* of a failure, and what to note about a success */
    int64_t wall; /* when it ended (pending: began), epoch seconds */
    int merged;   /* requests that it answered */
    enum fence_outcome { FENCE_PENDING, FENCE_SUCCESS, FENCE_FAILURE } outcome;
};

/* What to do, in this order: runs first, so that performing a verdict may step the machine again.  All of
 * it, records too, belongs to the caller and outlives later steps. */
struct fence_updates {
    const struct fence_update *item;
    size_t count;
    struct hf_arena *arena;
};

/* For HF_CLEANUP. */
void fence_updates_free(struct fence_updates *updates);

/* node: this node's name. seed: for random delays; must differ between nodes. */
struct fencing *fencing_new(const char *node, uint64_t seed) __attribute__((returns_nonnull));
void fencing_free(struct fencing *fencing);

/* The result is the caller's: fence_updates_free(). */
struct fence_updates fencing_step(struct fencing *fencing, const struct fence_event *event) HF_MUST_CHECK;
/* When fencing_step() must be called with FENCE_TICK, monotonic ms; INT64_MAX for never. */
int64_t fencing_deadline(const struct fencing *fencing);

/* Operations under way and past ones, newest first; index 0 to fencing_history_count() - 1. */
size_t fencing_history_count(const struct fencing *fencing);
const struct fence_record *fencing_history(const struct fencing *fencing, size_t index);
/* Drops ended operations on target (NULL: all). */
void fencing_history_clear(struct fencing *fencing, const char *target);
/* Failed operations on a node since the last that succeeded (stonith-max-attempts). */
int fencing_failures(const struct fencing *fencing, const char *target);
/* Must this node be unfenced when it joins: is there a device that says so? */
bool fencing_unfences(const struct fencing *fencing, const char *target);
/* <fence-event> with this id, the caller's: as it stands in the CIB's <fence-history> (doc/fencing.md). */
xmlNode *fence_record_to_xml(const struct fence_record *record, const char *id)
    __attribute__((returns_nonnull));

#endif
