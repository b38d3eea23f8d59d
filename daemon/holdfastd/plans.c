/* plans.c - see plans.h. */
#include "daemon/holdfastd/plans.h"

#include <malloc.h>

#include "lib/worker.h"

enum { LARGE = 1 << 20 }; /* bytes of journal */

struct order {
    struct hf_job head;
    struct planner_job *job;
    struct planner_result result;
};

struct plans {
    struct hf_worker *worker;
    plans_done *done;
    void *context;
    struct planner *planner; /* the thread's alone */
};

static void run(void *context, struct hf_job *job)
{
    struct plans *plans = context;
    struct order *order = (struct order *)job;

    planner_run(plans->planner, order->job, &order->result);
    /* The whole CIB came: what it was parsed into is as large again, and not needed any more. */
    if (order->job->journal.length >= LARGE)
        malloc_trim(0);
}

static void done(void *context, struct hf_job *job)
{
    struct plans *plans = context;

    plans->done(plans->context, &((struct order *)job)->result);
}

static void order_free(struct hf_job *job)
{
    struct order *order = (struct order *)job;

    planner_job_free(order->job);
    planner_result_clear(&order->result);
    free(order);
}

static const struct hf_worker_hooks hooks = {.run = run, .done = done, .free = order_free};

void plans_order(struct plans *plans, const struct planner_job *job)
{
    struct order *order = hf_calloc(1, sizeof(*order));

    order->job = planner_job_copy(job);
    hf_worker_add(plans->worker, &order->head);
}

struct plans *plans_start(qb_loop_t *loop, plans_done *on_done, void *context)
{
    struct plans *plans = hf_calloc(1, sizeof(*plans));

    plans->done = on_done;
    plans->context = context;
    plans->planner = planner_new();
    plans->worker = hf_worker_start(loop, QB_LOOP_MED, &hooks, plans);
    return plans;
}

void plans_stop(struct plans *plans)
{
    if (plans == NULL)
        return;
    hf_worker_stop(plans->worker, false);
    planner_free(plans->planner);
    free(plans);
}
