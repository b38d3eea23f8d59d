/* worker.c - see worker.h. */
#include "lib/worker.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/log.h"

struct jobs {
    struct hf_job *first, **last;
};

struct hf_worker {
    qb_loop_t *loop;
    const struct hf_worker_hooks *hooks;
    void *context;
    pthread_t thread;
    int wake; /* eventfd: done has something */
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct jobs waiting, done; /* these three under lock */
    bool stopping, finish;
};

static void jobs_add(struct jobs *jobs, struct hf_job *job)
{
    job->next = NULL;
    *jobs->last = job;
    jobs->last = &job->next;
}

static struct hf_job *jobs_take(struct jobs *jobs)
{
    struct hf_job *job = jobs->first;

    if (job == NULL)
        return NULL;
    jobs->first = job->next;
    if (jobs->first == NULL)
        jobs->last = &jobs->first;
    return job;
}

static void jobs_drop(struct jobs *jobs, const struct hf_worker_hooks *hooks)
{
    struct hf_job *job;

    while ((job = jobs_take(jobs)) != NULL)
        hooks->free(job);
}

/* --- in the thread --- */

static struct hf_job *next_job(struct hf_worker *worker)
{
    const struct hf_worker_hooks *hooks = worker->hooks;
    struct jobs *waiting = &worker->waiting;
    struct hf_job *job = jobs_take(waiting);

    if (hooks->join == NULL || job == NULL)
        return job;
    while (waiting->first != NULL && hooks->join(job, waiting->first))
        hooks->free(jobs_take(waiting));
    return job;
}

static void *work(void *data)
{
    struct hf_worker *worker = data;
    const uint64_t one = 1;

    pthread_mutex_lock(&worker->lock);
    while (!worker->stopping || worker->finish) {
        struct hf_job *job = next_job(worker);

        if (job == NULL && worker->stopping)
            break;
        if (job == NULL) {
            pthread_cond_wait(&worker->work, &worker->lock);
            continue;
        }
        pthread_mutex_unlock(&worker->lock);
        worker->hooks->run(worker->context, job);
        pthread_mutex_lock(&worker->lock);
        jobs_add(&worker->done, job);
        (void)!write(worker->wake, &one, sizeof(one));
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

/* --- on the loop --- */

static int32_t on_done(int32_t fd, int32_t events, void *data)
{
    struct hf_worker *worker = data;
    uint64_t count;

    (void)!read(fd, &count, sizeof(count));
    for (;;) {
        struct hf_job *job;

        pthread_mutex_lock(&worker->lock);
        job = jobs_take(&worker->done);
        pthread_mutex_unlock(&worker->lock);
        if (job == NULL)
            return 0;
        worker->hooks->done(worker->context, job);
        worker->hooks->free(job);
    }
}

void hf_worker_add(struct hf_worker *worker, struct hf_job *job)
{
    pthread_mutex_lock(&worker->lock);
    jobs_add(&worker->waiting, job);
    pthread_cond_signal(&worker->work);
    pthread_mutex_unlock(&worker->lock);
}

struct hf_worker *hf_worker_start(qb_loop_t *loop, enum qb_loop_priority priority,
                                  const struct hf_worker_hooks *hooks, void *context)
{
    struct hf_worker *worker = hf_calloc(1, sizeof(*worker));
    sigset_t all, old;

    worker->loop = loop;
    worker->hooks = hooks;
    worker->context = context;
    worker->waiting.last = &worker->waiting.first;
    worker->done.last = &worker->done.first;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->work, NULL);
    worker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    qb_loop_poll_add(loop, priority, worker->wake, POLLIN, worker, on_done);
    /* Signals are the loop's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (worker->wake < 0 || pthread_create(&worker->thread, NULL, work, worker) != 0) {
        hf_error_log("cannot make a thread");
        abort();
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return worker;
}

void hf_worker_stop(struct hf_worker *worker, bool finish)
{
    if (worker == NULL)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->stopping = true;
    worker->finish = finish;
    pthread_cond_signal(&worker->work);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    jobs_drop(&worker->waiting, worker->hooks);
    jobs_drop(&worker->done, worker->hooks);
    qb_loop_poll_del(worker->loop, worker->wake);
    close(worker->wake);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->work);
    free(worker);
}
