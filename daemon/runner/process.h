/* process.h - one running agent on a qb_loop: starts it, collects what it prints, tells how it ended.
 *
 * Together with lib/child.h this is all of the runner that touches processes. */
#ifndef HF_RUNNER_PROCESS_H
#define HF_RUNNER_PROCESS_H

#include <qb/qbloop.h>

#include "daemon/runner/agent.h"
#include "daemon/runner/queue.h"

struct runner_process;

/* It ended: end is borrowed. The process is freed after this returns. */
typedef void runner_process_done(void *context, uint64_t run, const struct runner_end *end);

/* Starts the agent of a call (borrowed until it ended). NULL if it could not be started: *end then says
 * why, in OCF terms, its reason being *reason (the caller's to free, also if NULL). */
struct runner_process *runner_process_start(qb_loop_t *loop, const struct runner_places *places, uint64_t run,
                                            const struct runner_call *call, runner_process_done *done,
                                            void *context, struct runner_end *end, char **reason);
uint64_t runner_process_run(const struct runner_process *process);
/* To the whole process group. */
void runner_process_signal(struct runner_process *process, int number);
/* Lets go of it without waiting; what runs goes on. */
void runner_process_free(struct runner_process *process);

#endif
