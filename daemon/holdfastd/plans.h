/* plans.h - the thread in which the scheduler runs.
 *
 * Shell.  A run over thousands of resources would keep the daemon from answering corosync and its clients for
 * a good part of a second.  Jobs (daemon/node/planner.h) are done in their order by one thread that has its
 * own copy of the CIB; what came of them is told on the loop. */
#ifndef HF_PLANS_H
#define HF_PLANS_H

#include <qb/qbloop.h>

#include "daemon/node/planner.h"

struct plans;

/* What the result has may be taken out of it; what is left is freed. */
typedef void plans_done(void *context, struct planner_result *result);

struct plans *plans_start(qb_loop_t *loop, plans_done *on_done, void *context);
/* Waits for the run that is under way, drops what waits. NULL is fine. */
void plans_stop(struct plans *plans);
/* The job is copied. */
void plans_order(struct plans *plans, const struct planner_job *job);

#endif
