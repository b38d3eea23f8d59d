/* transition.h - walks a transition graph: results and time in, what to dispatch out.
 *
 * Pure: the coordinator's daemon and `simulate -S` are both only shells around transition_step().  The rule
 * for each action: it may be dispatched once every input is confirmed; a pseudo action is confirmed by being
 * dispatched; a failed action keeps everything that waits for it from happening and asks for a new decision
 * at the end; an abort lets what is under way finish and dispatches only actions of a priority that is at
 * least the abort's.  Timers start before dispatch: the deadline of an action counts from the call that
 * returned it. */
#ifndef HF_TRANSITION_TRANSITION_H
#define HF_TRANSITION_TRANSITION_H

#include "daemon/sched/graph.h"

struct transition;

enum transition_input {
    TRANSITION_START,  /* first event of a graph */
    TRANSITION_RESULT, /* an action ended */
    TRANSITION_TICK,   /* time passed: call at transition_deadline() */
    TRANSITION_ABORT,  /* something outside the graph changed */
};

/* What should follow once the graph has come to its end, weakest first. */
enum transition_then {
    TRANSITION_DONE,     /* nothing: the cluster is as wanted */
    TRANSITION_WAIT,     /* nothing, but do not count it as settled */
    TRANSITION_RESTART,  /* run the scheduler again */
    TRANSITION_STOP,     /* stop coordinating */
    TRANSITION_SHUTDOWN, /* leave */
};

enum { TRANSITION_INFINITY = 1000000 };

struct transition_event {
    enum transition_input type;
    int64_t now; /* monotonic, ms */
    /* RESULT */
    int action; /* graph_action.id */
    int rc;     /* OCF exit code (or 0/1 for fencing and cluster actions) */
    int status; /* -1 still pending (ignored), 0 done, 2 timed out, 4 error, ... */
    /* ABORT */
    int priority; /* TRANSITION_INFINITY drops all that is not under way */
    enum transition_then then;
    const char *reason; /* for people; copied */
};

struct transition_update {
    const struct graph_action *const *dispatch; /* do these; valid until the next step */
    int n_dispatch;
    bool ended;                /* nothing is under way and nothing more can be dispatched */
    enum transition_then then; /* meaningful once ended */
    const char *reason;        /* of the abort, or NULL; valid until transition_free() */
    /* of a RESULT or TICK: the actions that just failed (their timer ran out, or rc was not the wanted one)
     */
    const struct graph_action *const *failed;
    int n_failed;
};

/* The graph must outlive the walk. */
struct transition *transition_new(const struct sched_graph *graph);
void transition_free(struct transition *transition);
struct transition_update transition_step(struct transition *transition, const struct transition_event *event);
/* When transition_step() must be called with TRANSITION_TICK, monotonic ms; INT64_MAX for never. */
int64_t transition_deadline(const struct transition *transition);

enum transition_action_state {
    TRANSITION_WAITING,
    TRANSITION_EXECUTING,
    TRANSITION_CONFIRMED,
    TRANSITION_FAILED
};
enum transition_action_state transition_state(const struct transition *transition, int action);
/* Counts for a log line and for `status`. */
struct transition_counts {
    int total, confirmed, executing, failed, waiting;
};
struct transition_counts transition_counts(const struct transition *transition);

#endif
