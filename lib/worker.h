/* worker.h - one thread that does jobs in their order, and a loop that is told of each when it is done.
 *
 * For what blocks or takes long (a disk, a scheduler run), so that the loop need not wait.  A job is the
 * caller's own structure that begins with a struct hf_job. */
#ifndef HF_WORKER_H
#define HF_WORKER_H

#include <qb/qbloop.h>
#include <stdbool.h>

struct hf_job {
    struct hf_job *next; /* the worker's */
};

/* A const table.  context is that of hf_worker_start(). */
struct hf_worker_hooks {
    /* In the thread: does the job. */
    void (*run)(void *context, struct hf_job *job);
    /* On the loop: the job is done. It is freed afterwards. */
    void (*done)(void *context, struct hf_job *job);
    /* Frees it, done or not. */
    void (*free)(struct hf_job *job);
    /* In the thread: takes what waits next into job, which then is as if both had been done, and returns
     * true; next is freed.  NULL: jobs are never joined. */
    bool (*join)(struct hf_job *job, struct hf_job *next);
};

struct hf_worker;

/* The loop hears of jobs at this priority.  Aborts if there can be no thread.  No signal comes to it. */
struct hf_worker *hf_worker_start(qb_loop_t *loop, enum qb_loop_priority priority,
                                  const struct hf_worker_hooks *hooks, void *context);
/* The job is the worker's from now on. */
void hf_worker_add(struct hf_worker *worker, struct hf_job *job);
/* Ends the thread after the job that it is at, or with finish after all that wait; nobody is told of jobs any
 * more.  NULL is fine. */
void hf_worker_stop(struct hf_worker *worker, bool finish);

#endif
