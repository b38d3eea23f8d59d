/* queue.h - what the agent runner runs when.
 *
 * Pure: no process, clock or socket.  Every event carries the time; runner_queue_step() returns what the
 * shell (server.c) must do, runner_queue_deadline() when the next RUNNER_TICK is due.  The queue holds
 *
 *   - for each resource the operations that wait, run or sleep until their next turn: one runs at a time,
 *     the others in the order in which they were asked for;
 *   - for each resource what became of its operations (the answer to LIST);
 *   - the results that no owner has acknowledged (runner_queue_outbox()).
 *
 * A late operation's process group gets SIGTERM, and SIGKILL RUNNER_GRACE_MS later; its result is
 * RUNNER_TIMEOUT whatever it exits with after that.  The interval of a recurring operation counts from the
 * end of a run to the start of the next, and of its results only the first and changes of rc, status and
 * exit reason are reported, as pacemaker-execd does it. */
#ifndef HF_RUNNER_QUEUE_H
#define HF_RUNNER_QUEUE_H

#include "daemon/runner/protocol.h"

enum {
    RUNNER_GRACE_MS = 5000,      /* between SIGTERM and SIGKILL, and between SIGKILLs */
    RUNNER_OPERATIONS_MAX = 256, /* of one resource, waiting or recurring */
    RUNNER_OUTBOX_MAX = 4096,    /* above, results of recurring operations that a later one supersedes go */
};

/* How one run of an agent ended, in OCF terms (agent.h makes one from an exit status). */
struct runner_end {
    int rc;
    enum runner_status status;
    const char *reason; /* borrowed; "" for none */
    const char *output; /* the same */
};

enum runner_event_type {
    RUNNER_ASKED,     /* call: a RUN has come */
    RUNNER_UNASKED,   /* resource, operation, interval_ms: a CANCEL */
    RUNNER_FORGOTTEN, /* resource: a FORGET */
    RUNNER_HURRIED,   /* resource: a HURRY */
    RUNNER_ENDED,     /* run, end: its process is gone (or could not be started) */
    RUNNER_TICK,
    RUNNER_ACKED,    /* sequence */
    RUNNER_SHUTDOWN, /* recurring operations end, nothing new is begun, what runs may finish */
};

struct runner_event {
    enum runner_event_type type;
    int64_t now;  /* CLOCK_MONOTONIC, ms */
    int64_t wall; /* wall clock, s: only copied into results */
    const struct runner_call *call;
    const char *resource;
    const char *operation;
    uint32_t interval_ms;
    uint64_t run;
    struct runner_end end;
    uint64_t sequence;
};

enum runner_todo_type {
    RUNNER_START, /* run call; answer with RUNNER_ENDED and the number in run */
    RUNNER_TERM,  /* signal the process group of run */
    RUNNER_KILL,
};

struct runner_todo {
    enum runner_todo_type type;
    uint64_t run;
    const struct runner_call *call; /* RUNNER_START; the queue's, valid until this run has ended */
};

/* Do these in this order; valid until the next step. */
struct runner_update {
    const struct runner_todo *todo;
    size_t count;
};

struct runner_queue;

struct runner_queue *runner_queue_new(void);
/* NULL is fine. */
void runner_queue_free(struct runner_queue *queue);

/* An event in, what to do out. */
struct runner_update runner_queue_step(struct runner_queue *queue, const struct runner_event *event);
/* When RUNNER_TICK must come (ms, the clock of the events), INT64_MAX for never. */
int64_t runner_queue_deadline(const struct runner_queue *queue);
/* Nothing runs. */
bool runner_queue_idle(const struct runner_queue *queue);

/* The first unacknowledged result with a sequence above after, or NULL; valid until the next step. */
const struct runner_result *runner_queue_outbox(const struct runner_queue *queue, uint64_t after);
/* Calls each() for every entry of the history, resource by resource. */
void runner_queue_history(const struct runner_queue *queue,
                          void (*each)(void *context, const struct runner_result *entry), void *context);

#endif
