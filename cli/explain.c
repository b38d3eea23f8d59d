/* explain.c - `holdfast explain`: why a resource is or is not on a node, from what the scheduler recorded.
 *
 * The scheduler keeps the cause of each score, ban and action (sched_explain()); this only prints them,
 * strongest first, with the command that changes it where there is one. */
#include "cli/explain.h"

#include <string.h>
#include <time.h>

#include "daemon/sched/sched.h"

enum { MUST = 1000000 };

static void write_score(struct hf_writer *writer, const struct sched_reason *reason, char text[16])
{
    if (reason->score >= MUST || reason->score <= -MUST)
        snprintf(text, 16, "%sINFINITY", reason->score < 0 ? "-" : "");
    else
        snprintf(text, 16, "%d", reason->score);
    hf_write_string(writer, "score", NULL, text);
}

static void write_reason(struct hf_writer *writer, const struct sched_reason *reason)
{
    char score[16];

    hf_write_object(writer, NULL);
    hf_write_string(writer, "resource", NULL, reason->resource);
    hf_write_string(writer, "node", NULL, reason->node);
    write_score(writer, reason, score);
    hf_write_string(writer, "cause", NULL, reason->cause);
    hf_write_string(writer, "id", NULL, reason->id);
    hf_write_string(writer, "remedy", NULL, reason->remedy);
    hf_write_end(writer);
    hf_write_line(writer, "  %9s  %s%s%s", score, reason->node != NULL ? reason->node : "",
                  reason->node != NULL ? ": " : "", reason->cause);
    if (reason->remedy != NULL)
        hf_write_line(writer, "             change it: %s", reason->remedy);
}

struct hf_error *explain_write(struct hf_writer *writer, const xmlDoc *cib, const char *what)
{
    struct sched_input input = {.now = time(NULL), .show_scores = true};
    struct sched_output *output = NULL;
    const char *at = strrchr(what, '@');
    HF_CLEANUP(hf_freep)
    char *resource = at == NULL ? hf_strdup(what) : hf_strndup(what, (size_t)(at - what));
    const char *node = at == NULL ? NULL : at + 1;
    struct hf_error *error = sched_run(cib, &input, &output);
    HF_CLEANUP(hf_freep) struct sched_reason *reasons = NULL;
    int count = 0;

    if (error != NULL)
        return error;
    reasons = sched_explain(output, resource, node, &count);
    if (reasons == NULL && count == 0) {
        sched_output_free(output);
        return hf_error_new(HF_REFUSED, "there is nothing to explain of '%s': expected the id of a resource",
                            resource);
    }
    hf_write_line(writer, "%s%s%s:", resource, node != NULL ? " on " : "", node != NULL ? node : "");
    hf_write_list(writer, "reasons");
    for (int i = 0; i < count; i++)
        write_reason(writer, &reasons[i]);
    hf_write_end(writer);
    free(HF_STEAL(reasons));
    sched_output_free(output);
    return NULL;
}
