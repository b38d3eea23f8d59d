/* explain.c - `holdfast explain`: why a resource is or is not on a node, from what the scheduler recorded.
 *
 * The scheduler keeps the cause of each score, ban and action (sched_explain()); this only prints them,
 * strongest first, with the command that changes it where there is one.  The same says after a `resource
 * move` what is stronger than the move. */
#include "cli/explain.h"

#include <string.h>
#include <time.h>

#include "daemon/sched/sched.h"
#include "lib/zone.h"

enum { MUST = 1000000 };

static void write_score(struct hf_writer *writer, const struct sched_reason *reason, char text[16])
{
    if (reason->score >= MUST || reason->score <= -MUST)
        snprintf(text, 16, "%sINFINITY", reason->score < 0 ? "-" : "");
    else
        snprintf(text, 16, "%d", reason->score);
    hf_write_string(writer, "score", NULL, text);
}

static void write_reason(struct hf_writer *writer, const struct sched_reason *reason, const char *asked)
{
    bool part = strcmp(reason->resource, asked) != 0;
    char score[16];

    hf_write_object(writer, NULL);
    hf_write_string(writer, "resource", NULL, reason->resource);
    hf_write_string(writer, "node", NULL, reason->node);
    write_score(writer, reason, score);
    hf_write_string(writer, "cause", NULL, reason->cause);
    hf_write_string(writer, "id", NULL, reason->id);
    hf_write_string(writer, "remedy", NULL, reason->remedy);
    hf_write_end(writer);
    hf_write_line(writer, "  %9s  %s%s%s%s%s", score, part ? reason->resource : "",
                  part && reason->node != NULL ? " on " : "", reason->node != NULL ? reason->node : "",
                  part || reason->node != NULL ? ": " : "", reason->cause);
    if (reason->remedy != NULL)
        hf_write_line(writer, "             change it: %s", reason->remedy);
}

static bool is_about(const char *id, const char *resource)
{
    size_t length = strlen(resource);

    return strncmp(id, resource, length) == 0 && (id[length] == '\0' || id[length] == ':');
}

static const struct status_resource *find(const struct status_resource *list, int n, const char *id)
{
    const struct status_resource *found = NULL;

    for (int i = 0; i < n && found == NULL; i++)
        found = is_about(list[i].id, id) ? &list[i] : find(list[i].children, list[i].n_children, id);
    return found;
}

/* Where it is now. */
static void write_state(struct hf_writer *writer, const struct status_model *model, const char *resource)
{
    const struct status_resource *rsc = find(model->resources, model->n_resources, resource);
    HF_CLEANUP(hf_buf_free) struct hf_buf nodes = {0};

    hf_write_list(writer, "nodes");
    for (int i = 0; rsc != NULL && i < rsc->n_nodes; i++) {
        hf_write_string(writer, NULL, NULL, rsc->nodes[i]);
        hf_buf_printf(&nodes, "%s%s", i > 0 ? ", " : "", rsc->nodes[i]);
    }
    hf_write_end(writer);
    hf_write_line(writer, nodes.length > 0 ? "  now: runs on %s" : "  now: runs nowhere",
                  hf_buf_text(&nodes));
}

/* What the scheduler would do with it. */
static void write_changes(struct hf_writer *writer, struct sched_output *output, const char *resource)
{
    int n, found = 0;
    const struct sched_change *changes = sched_changes(output, &n);

    hf_write_list(writer, "changes");
    for (int i = 0; i < n; i++) {
        const struct sched_change *c = &changes[i];
        if (c->resource == NULL || !is_about(c->resource, resource))
            continue;
        hf_write_object(writer, NULL);
        hf_write_string(writer, "change", NULL, c->what);
        hf_write_string(writer, "from", NULL, c->from);
        hf_write_string(writer, "to", NULL, c->to);
        hf_write_bool(writer, "blocked", NULL, c->blocked);
        hf_write_end(writer);
        hf_write_line(writer, "  next: %s %s%s%s%s", c->what, c->from != NULL ? c->from : "",
                      c->from != NULL && c->to != NULL ? " -> " : "", c->to != NULL ? c->to : "",
                      c->blocked ? ", which cannot be done yet" : "");
        found++;
    }
    hf_write_end(writer);
    if (found == 0)
        hf_write_line(writer, "  next: stays as it is");
}

static bool is_node(const struct status_model *model, const char *name)
{
    for (int i = 0; i < model->n_nodes; i++)
        if (strcasecmp(model->nodes[i].name, name) == 0)
            return true;
    return false;
}

struct hf_error *explain_write(struct hf_writer *writer, const xmlDoc *cib, const char *what)
{
    int64_t now = time(NULL);
    struct sched_input input = {.now = now, .utc_offset = hf_utc_offset(now), .show_scores = true};
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
    if (node != NULL && !is_node(sched_status(output), node)) {
        sched_output_free(output);
        return hf_error_new(HF_REFUSED, "there is no node %s", node);
    }
    reasons = sched_explain(output, resource, node, &count);
    if (reasons == NULL && count == 0) {
        sched_output_free(output);
        return hf_error_new(HF_REFUSED, "there is nothing to explain of '%s': expected the id of a resource",
                            resource);
    }
    hf_write_line(writer, "%s%s%s:", resource, node != NULL ? " on " : "", node != NULL ? node : "");
    write_state(writer, sched_status(output), resource);
    write_changes(writer, output, resource);
    hf_write_list(writer, "reasons");
    for (int i = 0; i < count; i++)
        write_reason(writer, &reasons[i], resource);
    hf_write_end(writer);
    free(HF_STEAL(reasons));
    sched_output_free(output);
    return NULL;
}

/* --- what holds a resource --- */

/* Whether id, or an instance of it, is there (node NULL: anywhere) now. */
static bool is_on(const struct status_resource *list, int n, const char *id, const char *node)
{
    for (int i = 0; i < n; i++) {
        if (is_on(list[i].children, list[i].n_children, id, node))
            return true;
        for (int k = 0; is_about(list[i].id, id) && k < list[i].n_nodes; k++)
            if (node == NULL || strcmp(list[i].nodes[k], node) == 0)
                return true;
    }
    return false;
}

static bool will_be_promoted(const struct sched_output *output, const char *id, const char *node)
{
    int n;
    const struct sched_promotion *list = sched_promotions(output, &n);

    for (int i = 0; i < n; i++)
        if (list[i].promoted && is_about(list[i].resource, id) && strcmp(list[i].node, node) == 0)
            return true;
    return false;
}

static bool will_be_on(struct sched_output *output, const char *id, const char *node)
{
    const struct status_model *model = sched_status(output);
    bool there = is_on(model->resources, model->n_resources, id, node);
    int n;
    const struct sched_change *changes = sched_changes(output, &n);

    for (int i = 0; i < n; i++) {
        if (changes[i].resource == NULL || !is_about(changes[i].resource, id))
            continue;
        if (changes[i].to != NULL && strcmp(changes[i].to, node) == 0)
            there = !changes[i].blocked;
        else if (changes[i].from != NULL && strcmp(changes[i].from, node) == 0)
            there = false;
    }
    return there;
}

/* Only what is as strong as a move can hold it: what forbids the node, and what demands another. */
static bool holds(const struct sched_reason *reason, const char *node)
{
    if (reason->node == NULL || strcmp(reason->node, node) == 0)
        return reason->score <= -MUST;
    return reason->score >= MUST;
}

struct hf_error *explain_if_held(struct hf_writer *writer, const xmlDoc *cib, const char *id,
                                 const char *node, bool promoted)
{
    int64_t now = time(NULL);
    struct sched_input input = {.now = now, .utc_offset = hf_utc_offset(now), .show_scores = true};
    struct sched_output *output = NULL;
    struct hf_error *error = sched_run(cib, &input, &output);
    HF_CLEANUP(hf_freep) struct sched_reason *reasons = NULL;
    int count = 0;

    if (error != NULL)
        return error;
    if (is_on(sched_status(output)->resources, sched_status(output)->n_resources, id, NULL) &&
        (promoted ? !will_be_promoted(output, id, node) : !will_be_on(output, id, node))) {
        reasons = sched_explain(output, id, NULL, &count);
        hf_write_line(writer, "'%s' does not %s %s now:", id, promoted ? "get promoted on" : "go to", node);
        hf_write_list(writer, "held");
        for (int i = 0; i < count; i++)
            if (holds(&reasons[i], node))
                write_reason(writer, &reasons[i], id);
        hf_write_end(writer);
        hf_write_line(writer,
                      "  A move is an infinite score: it outweighs finite ones. 'explain %s@%s' says more.",
                      id, node);
    }
    free(HF_STEAL(reasons));
    sched_output_free(output);
    return NULL;
}
