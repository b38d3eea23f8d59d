/* engine.h - the queue at work: performs what queue.h says, on a qb_loop.
 *
 * The server (server.h) feeds it from the socket; `holdfast-runner --call` feeds it one operation. */
#ifndef HF_RUNNER_ENGINE_H
#define HF_RUNNER_ENGINE_H

#include <qb/qbloop.h>

#include "daemon/runner/agent.h"
#include "daemon/runner/queue.h"

struct runner_engine;

/* changed: called after every event, ours or the outside's; there may be new results in the outbox. */
struct runner_engine *runner_engine_new(qb_loop_t *loop, const struct runner_places *places,
                                        void (*changed)(void *context), void *context);
/* Lets go of what runs; NULL is fine. */
void runner_engine_free(struct runner_engine *engine);

/* Feeds an event from outside; the times in it are filled in here. */
void runner_engine_event(struct runner_engine *engine, struct runner_event event);
const struct runner_queue *runner_engine_queue(const struct runner_engine *engine);

#endif
