/* disk.c - see disk.h. */
#include "daemon/holdfastd/disk.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/log.h"
#include "lib/xml.h"

enum job_kind { JOB_APPEND, JOB_SNAPSHOT, JOB_QUERY };

struct job {
    struct job *next;
    enum job_kind kind;
    uint64_t ticket; /* of the last record in an append */
    uint64_t first;  /* of its first */
    uint64_t client, number;
    struct hf_buf bytes;
    bool low;
    struct hf_error *error;
};

struct jobs {
    struct job *first, **last;
};

struct disk {
    qb_loop_t *loop;
    struct cib_store *store;
    struct disk_handlers on;
    pthread_t thread;
    int wake; /* eventfd: done has something */
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct jobs waiting, done; /* under lock */
    bool stopping;             /* under lock */
};

static void jobs_init(struct jobs *jobs)
{
    jobs->first = NULL;
    jobs->last = &jobs->first;
}

static void jobs_add(struct jobs *jobs, struct job *job)
{
    job->next = NULL;
    *jobs->last = job;
    jobs->last = &job->next;
}

static struct job *jobs_take(struct jobs *jobs)
{
    struct job *job = jobs->first;

    if (job == NULL)
        return NULL;
    jobs->first = job->next;
    if (jobs->first == NULL)
        jobs->last = &jobs->first;
    return job;
}

static void job_free(struct job *job)
{
    hf_buf_free(&job->bytes);
    hf_error_free(job->error);
    free(job);
}

/* --- in the thread --- */

static void list_revisions(struct disk *disk, struct job *job)
{
    struct cib_revision *revisions = NULL;
    size_t count = 0;
    char version[CIB_VERSION_TEXT];

    job->error = cib_store_revisions(disk->store, &revisions, &count);
    for (size_t i = 0; i < count && job->error == NULL; i++) {
        hf_buf_printf(&job->bytes,
                      "<revision number=\"%" PRIu64 "\" time=\"%" PRId64
                      "\" version=\"%s\" size=\"%zu\" origin=\"",
                      revisions[i].number, revisions[i].time, cib_version_text(revisions[i].version, version),
                      revisions[i].size);
        hf_buf_xml(&job->bytes, revisions[i].origin == NULL ? "" : revisions[i].origin);
        hf_buf_puts(&job->bytes, "\" user=\"");
        hf_buf_xml(&job->bytes, revisions[i].user == NULL ? "" : revisions[i].user);
        hf_buf_puts(&job->bytes, "\"/>");
    }
    cib_revisions_free(revisions, count);
}

static void read_revision(struct disk *disk, struct job *job)
{
    struct cib_document *document = NULL;

    job->error = cib_store_revision(disk->store, job->number, &document);
    if (job->error == NULL) {
        HF_CLEANUP(hf_freep) char *text = hf_xml_text(cib_document_configuration(document), false);

        hf_buf_puts(&job->bytes, text);
    }
    cib_document_free(document);
}

static void do_job(struct disk *disk, struct job *job)
{
    switch (job->kind) {
    case JOB_APPEND:
        job->error = cib_store_append(disk->store, job->bytes.data, job->bytes.length, &job->low);
        break;
    case JOB_SNAPSHOT:
        job->error = cib_store_snapshot(disk->store, job->bytes.data, job->bytes.length, &job->low);
        break;
    case JOB_QUERY:
        if (job->number == 0)
            list_revisions(disk, job);
        else
            read_revision(disk, job);
        break;
    }
}

/* Takes the next job; appends that wait behind an append become part of it: one write, one flush. */
static struct job *next_job(struct disk *disk)
{
    struct job *job = jobs_take(&disk->waiting);

    while (job != NULL && job->kind == JOB_APPEND && disk->waiting.first != NULL &&
           disk->waiting.first->kind == JOB_APPEND) {
        struct job *more = jobs_take(&disk->waiting);

        hf_buf_add(&job->bytes, more->bytes.data, more->bytes.length);
        job->ticket = more->ticket;
        job_free(more);
    }
    return job;
}

static void *work(void *data)
{
    struct disk *disk = data;
    uint64_t one = 1;

    pthread_mutex_lock(&disk->lock);
    for (;;) {
        struct job *job = next_job(disk);

        if (job == NULL && disk->stopping)
            break;
        if (job == NULL) {
            pthread_cond_wait(&disk->work, &disk->lock);
            continue;
        }
        pthread_mutex_unlock(&disk->lock);
        do_job(disk, job);
        pthread_mutex_lock(&disk->lock);
        jobs_add(&disk->done, job);
        (void)!write(disk->wake, &one, sizeof(one));
    }
    pthread_mutex_unlock(&disk->lock);
    return NULL;
}

/* --- on the loop --- */

static void add(struct disk *disk, struct job *job)
{
    pthread_mutex_lock(&disk->lock);
    jobs_add(&disk->waiting, job);
    pthread_cond_signal(&disk->work);
    pthread_mutex_unlock(&disk->lock);
}

void disk_store(struct disk *disk, uint64_t ticket, bool snapshot, const void *bytes, size_t length)
{
    struct job *job = hf_calloc(1, sizeof(*job));

    job->kind = snapshot ? JOB_SNAPSHOT : JOB_APPEND;
    job->ticket = job->first = ticket;
    hf_buf_add(&job->bytes, bytes, length);
    add(disk, job);
}

void disk_query(struct disk *disk, uint64_t client, uint64_t number)
{
    struct job *job = hf_calloc(1, sizeof(*job));

    job->kind = JOB_QUERY;
    job->client = client;
    job->number = number;
    add(disk, job);
}

static void tell(struct disk *disk, const struct job *job)
{
    if (job->kind == JOB_QUERY)
        disk->on.answered(disk->on.context, job->client, hf_buf_text(&job->bytes), job->error);
    else if (job->error != NULL)
        disk->on.stored(disk->on.context, job->first, job->low, hf_error_text(job->error));
    else
        disk->on.stored(disk->on.context, job->ticket, job->low, NULL);
}

static int32_t done_ready(int32_t fd, int32_t events, void *data)
{
    struct disk *disk = data;
    uint64_t count;
    struct job *job;

    (void)!read(fd, &count, sizeof(count));
    for (;;) {
        pthread_mutex_lock(&disk->lock);
        job = jobs_take(&disk->done);
        pthread_mutex_unlock(&disk->lock);
        if (job == NULL)
            return 0;
        tell(disk, job);
        job_free(job);
    }
}

struct disk *disk_start(qb_loop_t *loop, struct cib_store *store, const struct disk_handlers *handlers)
{
    struct disk *disk = hf_calloc(1, sizeof(*disk));
    sigset_t all, old;

    disk->loop = loop;
    disk->store = store;
    disk->on = *handlers;
    jobs_init(&disk->waiting);
    jobs_init(&disk->done);
    pthread_mutex_init(&disk->lock, NULL);
    pthread_cond_init(&disk->work, NULL);
    disk->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    qb_loop_poll_add(loop, QB_LOOP_HIGH, disk->wake, POLLIN, disk, done_ready);
    /* Signals are the loop's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (disk->wake < 0 || pthread_create(&disk->thread, NULL, work, disk) != 0) {
        hf_error_log("cannot make the disk's thread");
        abort();
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return disk;
}

void disk_stop(struct disk *disk)
{
    struct job *job;

    if (disk == NULL)
        return;
    pthread_mutex_lock(&disk->lock);
    disk->stopping = true;
    pthread_cond_signal(&disk->work);
    pthread_mutex_unlock(&disk->lock);
    pthread_join(disk->thread, NULL);
    while ((job = jobs_take(&disk->done)) != NULL)
        job_free(job);
    qb_loop_poll_del(disk->loop, disk->wake);
    close(disk->wake);
    pthread_mutex_destroy(&disk->lock);
    pthread_cond_destroy(&disk->work);
    free(disk);
}
