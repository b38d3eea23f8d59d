/* runner.h - runs fence agents on a qb_loop: what FENCE_RUN orders, and what a FENCE_RESULT tells.
 *
 * The agent gets its parameters on standard input (fence-agents API).  It runs in a process group of its
 * own; when its time is over, the whole group is told to end (TERM) and soon after made to (KILL). */
#ifndef FENCE_RUNNER_H
#define FENCE_RUNNER_H

#include <qb/qbloop.h>
#include <stdbool.h>
#include <stdint.h>

struct fence_runner;

/* How an agent ended. Borrowed for the time of the call. */
struct fence_end {
    uint64_t run;
    int exit_status; /* 0 to 255; 256 if it could not be run or was killed by a signal */
    bool timed_out;
    const char *output; /* its standard output, the first FENCE_OUTPUT_MAX bytes */
    const char *reason; /* the last line of its standard error, or why it could not be run; may be "" */
};

enum { FENCE_OUTPUT_MAX = 256 * 1024 };

typedef void fence_runner_done(void *context, const struct fence_end *end);

/* directory: where the agents are (NULL: /usr/sbin, then HF_SBINDIR). done: for each run exactly once, from
 * the loop, unless it was forgotten. */
struct fence_runner *fence_runner_new(qb_loop_t *loop, const char *directory, fence_runner_done *done,
                                      void *context) __attribute__((returns_nonnull));
/* Ends what runs. NULL is fine. */
void fence_runner_free(struct fence_runner *runner);

/* agent: fence_NAME; input: from fence_device_input(). */
void fence_runner_run(struct fence_runner *runner, uint64_t run, const char *agent, const char *input,
                      int64_t timeout_ms);
/* Ends the run, if it is still there, without a result. */
void fence_runner_forget(struct fence_runner *runner, uint64_t run);

#endif
