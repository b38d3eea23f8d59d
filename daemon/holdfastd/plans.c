/* plans.c - see plans.h. */
#include "daemon/holdfastd/plans.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/log.h"

struct order {
    struct order *next;
    struct planner_job *job;
    struct planner_result result;
};

struct orders {
    struct order *first, **last;
};

struct plans {
    qb_loop_t *loop;
    plans_done *done;
    void *context;
    struct planner *planner; /* the thread's alone */
    pthread_t thread;
    int wake; /* eventfd: ready has something */
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct orders waiting, ready; /* under lock */
    bool stopping;                /* under lock */
};

static void orders_init(struct orders *orders)
{
    orders->first = NULL;
    orders->last = &orders->first;
}

static void orders_add(struct orders *orders, struct order *order)
{
    order->next = NULL;
    *orders->last = order;
    orders->last = &order->next;
}

static struct order *orders_take(struct orders *orders)
{
    struct order *order = orders->first;

    if (order == NULL)
        return NULL;
    orders->first = order->next;
    if (orders->first == NULL)
        orders->last = &orders->first;
    return order;
}

static void order_free(struct order *order)
{
    planner_job_free(order->job);
    planner_result_clear(&order->result);
    free(order);
}

static void drop(struct orders *orders)
{
    struct order *order;

    while ((order = orders_take(orders)) != NULL)
        order_free(order);
}

static void *work(void *data)
{
    struct plans *plans = data;
    const uint64_t one = 1;

    pthread_mutex_lock(&plans->lock);
    while (!plans->stopping) {
        struct order *order = orders_take(&plans->waiting);

        if (order == NULL) {
            pthread_cond_wait(&plans->work, &plans->lock);
            continue;
        }
        pthread_mutex_unlock(&plans->lock);
        planner_run(plans->planner, order->job, &order->result);
        pthread_mutex_lock(&plans->lock);
        orders_add(&plans->ready, order);
        (void)!write(plans->wake, &one, sizeof(one));
    }
    pthread_mutex_unlock(&plans->lock);
    return NULL;
}

static int32_t ready(int32_t fd, int32_t events, void *data)
{
    struct plans *plans = data;
    struct order *order;
    uint64_t count;

    (void)!read(fd, &count, sizeof(count));
    for (;;) {
        pthread_mutex_lock(&plans->lock);
        order = orders_take(&plans->ready);
        pthread_mutex_unlock(&plans->lock);
        if (order == NULL)
            return 0;
        plans->done(plans->context, &order->result);
        order_free(order);
    }
}

void plans_order(struct plans *plans, const struct planner_job *job)
{
    struct order *order = hf_calloc(1, sizeof(*order));

    order->job = planner_job_copy(job);
    pthread_mutex_lock(&plans->lock);
    orders_add(&plans->waiting, order);
    pthread_cond_signal(&plans->work);
    pthread_mutex_unlock(&plans->lock);
}

struct plans *plans_start(qb_loop_t *loop, plans_done *done, void *context)
{
    struct plans *plans = hf_calloc(1, sizeof(*plans));
    sigset_t all, old;

    plans->loop = loop;
    plans->done = done;
    plans->context = context;
    plans->planner = planner_new();
    orders_init(&plans->waiting);
    orders_init(&plans->ready);
    pthread_mutex_init(&plans->lock, NULL);
    pthread_cond_init(&plans->work, NULL);
    plans->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    qb_loop_poll_add(loop, QB_LOOP_MED, plans->wake, POLLIN, plans, ready);
    /* Signals are the loop's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (plans->wake < 0 || pthread_create(&plans->thread, NULL, work, plans) != 0) {
        hf_error_log("cannot make the scheduler's thread");
        abort();
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return plans;
}

void plans_stop(struct plans *plans)
{
    if (plans == NULL)
        return;
    pthread_mutex_lock(&plans->lock);
    plans->stopping = true;
    pthread_cond_signal(&plans->work);
    pthread_mutex_unlock(&plans->lock);
    pthread_join(plans->thread, NULL);
    drop(&plans->waiting);
    drop(&plans->ready);
    planner_free(plans->planner);
    qb_loop_poll_del(plans->loop, plans->wake);
    close(plans->wake);
    pthread_mutex_destroy(&plans->lock);
    pthread_cond_destroy(&plans->work);
    free(plans);
}
