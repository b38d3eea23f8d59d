/* planner.c - see planner.h. */
#include "daemon/node/planner.h"

#include <string.h>

#include "lib/wire.h"
#include "lib/xml.h"

enum entry { ENTRY_WHOLE = 1, ENTRY_CHANGE = 2, ENTRY_STATUS = 3, ENTRY_ROOT = 4 };

struct planner {
    struct cib_document *document; /* NULL: not there, or wrong */
};

/* --- the journal --- */

void planner_journal_whole(struct hf_buf *journal, const xmlNode *cib)
{
    HF_CLEANUP(hf_freep) char *text = hf_xml_text(cib, false);

    hf_buf_reset(journal);
    hf_put_u8(journal, ENTRY_WHOLE);
    hf_put_bytes(journal, text, strlen(text));
}

void planner_journal_change(struct hf_buf *journal, const void *text, size_t length)
{
    hf_put_u8(journal, ENTRY_CHANGE);
    hf_put_bytes(journal, text, length);
}

void planner_journal_status(struct hf_buf *journal, const void *bytes, size_t length)
{
    hf_put_u8(journal, ENTRY_STATUS);
    hf_put_bytes(journal, bytes, length);
}

void planner_journal_root(struct hf_buf *journal, const xmlNode *cib)
{
    for (const xmlAttr *attribute = cib->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;

        hf_put_u8(journal, ENTRY_ROOT);
        hf_put_string(journal, name);
        hf_put_string(journal, hf_xml_get_or(cib, name, ""));
    }
}

/* --- following the node --- */

static struct hf_error *replay_change(struct planner *planner, const char *text, size_t length)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *change = NULL;
    struct hf_error *error = hf_xml_parse(text, length, "change", &change);

    return error != NULL ? error : cib_document_replay(planner->document, xmlDocGetRootElement(change));
}

static struct hf_error *replay_entry(struct planner *planner, struct hf_reader *in)
{
    enum entry entry = (enum entry)hf_get_u8(in);
    const void *bytes;
    size_t length;

    if (entry == ENTRY_ROOT) {
        HF_CLEANUP(hf_freep) char *name = hf_get_string(in);
        HF_CLEANUP(hf_freep) char *value = hf_get_string(in);

        if (!in->failed && planner->document != NULL)
            cib_document_set_root(planner->document, name, value);
        return NULL;
    }
    bytes = hf_get_bytes(in, &length);
    if (in->failed)
        return hf_error_new(HF_FAILED, "a journal that is cut off");
    if (entry == ENTRY_WHOLE) {
        cib_document_free(planner->document);
        planner->document = NULL;
        return cib_document_parse(NULL, bytes, length, "CIB", false, &planner->document);
    }
    if (planner->document == NULL)
        return hf_error_new(HF_FAILED, "a change of what is not there");
    return entry == ENTRY_CHANGE ? replay_change(planner, bytes, length)
                                 : cib_document_status_update(planner->document, bytes, length);
}

/* Whether the copy is the node's CIB again. */
static bool follow(struct planner *planner, const struct planner_job *job)
{
    struct hf_reader in = hf_reader(job->journal.data, job->journal.length);
    struct hf_error *error = NULL;

    while (error == NULL && in.left > 0 && !in.failed)
        error = replay_entry(planner, &in);
    if (error == NULL && !in.failed && planner->document != NULL &&
        cib_digest_equal(cib_document_configuration_digest(planner->document), job->configuration) &&
        cib_digest_equal(cib_document_status_digest(planner->document), job->status))
        return true;
    hf_error_free(error);
    cib_document_free(planner->document);
    planner->document = NULL;
    return false;
}

/* --- the interface --- */

void planner_run(struct planner *planner, const struct planner_job *job, struct planner_result *result)
{
    *result = (struct planner_result){.number = job->number};
    if (!follow(planner, job))
        result->lost = true;
    else
        result->error = sched_run(cib_document_root(planner->document)->doc, &job->input, &result->plan);
}

struct planner *planner_new(void)
{
    return hf_calloc(1, sizeof(struct planner));
}

void planner_free(struct planner *planner)
{
    if (planner == NULL)
        return;
    cib_document_free(planner->document);
    free(planner);
}

struct planner_job *planner_job_copy(const struct planner_job *job)
{
    struct planner_job *copy = hf_memdup(job, sizeof(*job));

    copy->journal = (struct hf_buf){0};
    hf_buf_add(&copy->journal, job->journal.data, job->journal.length);
    return copy;
}

void planner_job_free(struct planner_job *job)
{
    if (job == NULL)
        return;
    hf_buf_free(&job->journal);
    free(job);
}

void planner_result_clear(struct planner_result *result)
{
    sched_output_free(result->plan);
    hf_error_free(result->error);
    *result = (struct planner_result){.number = result->number};
}
