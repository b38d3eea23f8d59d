/* disk.c - see disk.h. */
#include "daemon/holdfastd/disk.h"

#include <inttypes.h>

#include "lib/buf.h"
#include "lib/worker.h"
#include "lib/xml.h"

enum job_kind { JOB_APPEND, JOB_SNAPSHOT, JOB_QUERY };

struct job {
    struct hf_job head;
    enum job_kind kind;
    uint64_t ticket; /* of the last record in an append */
    uint64_t first;  /* of its first */
    uint64_t client, number;
    struct hf_buf bytes;
    bool low;
    struct hf_error *error;
};

struct disk {
    struct hf_worker *worker;
    struct cib_store *store; /* the thread's alone */
    struct disk_handlers on;
};

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

static void do_job(void *context, struct hf_job *head)
{
    struct disk *disk = context;
    struct job *job = (struct job *)head;

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

/* Appends that wait behind an append become part of it: one write, one flush. */
static bool join(struct hf_job *head, struct hf_job *next)
{
    struct job *job = (struct job *)head;
    const struct job *more = (struct job *)next;

    if (job->kind != JOB_APPEND || more->kind != JOB_APPEND)
        return false;
    hf_buf_add(&job->bytes, more->bytes.data, more->bytes.length);
    job->ticket = more->ticket;
    return true;
}

/* --- on the loop --- */

void disk_store(struct disk *disk, uint64_t ticket, bool snapshot, const void *bytes, size_t length)
{
    struct job *job = hf_calloc(1, sizeof(*job));

    job->kind = snapshot ? JOB_SNAPSHOT : JOB_APPEND;
    job->ticket = job->first = ticket;
    hf_buf_add(&job->bytes, bytes, length);
    hf_worker_add(disk->worker, &job->head);
}

void disk_query(struct disk *disk, uint64_t client, uint64_t number)
{
    struct job *job = hf_calloc(1, sizeof(*job));

    job->kind = JOB_QUERY;
    job->client = client;
    job->number = number;
    hf_worker_add(disk->worker, &job->head);
}

static void tell(void *context, struct hf_job *head)
{
    const struct disk *disk = context;
    const struct job *job = (struct job *)head;

    if (job->kind == JOB_QUERY)
        disk->on.answered(disk->on.context, job->client, hf_buf_text(&job->bytes), job->error);
    else if (job->error != NULL)
        disk->on.stored(disk->on.context, job->first, job->low, hf_error_text(job->error));
    else
        disk->on.stored(disk->on.context, job->ticket, job->low, NULL);
}

static void job_free(struct hf_job *head)
{
    struct job *job = (struct job *)head;

    hf_buf_free(&job->bytes);
    hf_error_free(job->error);
    free(job);
}

static const struct hf_worker_hooks hooks = {.run = do_job, .done = tell, .free = job_free, .join = join};

struct disk *disk_start(qb_loop_t *loop, struct cib_store *store, const struct disk_handlers *handlers)
{
    struct disk *disk = hf_calloc(1, sizeof(*disk));

    disk->store = store;
    disk->on = *handlers;
    disk->worker = hf_worker_start(loop, QB_LOOP_HIGH, &hooks, disk);
    return disk;
}

void disk_stop(struct disk *disk)
{
    if (disk == NULL)
        return;
    hf_worker_stop(disk->worker, true);
    free(disk);
}
