/* cmd_inspect.c - commands of `holdfast resource` that look at what is behind a resource: the constraints on
 * it, what was done to it, its scores; and the trace of its agent. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/crm/print.h"
#include "daemon/sched/sched.h"
#include "lib/xml.h"
#include "lib/zone.h"

static const xmlNode *section(const xmlDoc *cib, const char *name)
{
    return hf_xml_child(hf_xml_child(xmlDocGetRootElement((xmlDoc *)cib), "configuration"), name);
}

/* The resource with this id in or below parent, or NULL. */
static const xmlNode *find(const xmlNode *parent, const char *id)
{
    HF_XML_EACH_ANY (resource, parent) {
        const xmlNode *below;

        if (!crm_is_resource(resource))
            continue;
        if (strcmp(hf_xml_get_or(resource, "id", ""), id) == 0)
            return resource;
        below = find(resource, id);
        if (below != NULL)
            return below;
    }
    return NULL;
}

static struct hf_error *need_resource(const xmlDoc *cib, const char *id)
{
    return find(section(cib, "resources"), id) != NULL
               ? NULL
               : hf_error_new(HF_REFUSED, "resource '%s' does not exist, expected the id of a resource", id);
}

/* --- constraints --- */

bool constraint_names(const xmlNode *element, const char *id)
{
    static const char *const names[] = {"rsc", "with-rsc", "first", "then"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++)
        if (strcmp(hf_xml_get_or(element, names[i], ""), id) == 0)
            return true;
    if (hf_xml_is(element, "resource_ref"))
        return strcmp(hf_xml_get_or(element, "id", ""), id) == 0;
    HF_XML_EACH_ANY (child, element)
        if (constraint_names(child, id))
            return true;
    return false;
}

struct hf_error *run_constraints(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    crm_id_set *significant;

    if (error == NULL)
        error = need_resource(cib, argv[1]);
    if (error != NULL)
        return error;
    significant = crm_id_set_new();
    crm_id_set_references(significant, hf_xml_child(xmlDocGetRootElement(cib), "configuration"));
    hf_write_list(session->writer, "constraints");
    HF_XML_EACH_ANY (constraint, section(cib, "constraints")) {
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

        if (!constraint_names(constraint, argv[1]))
            continue;
        crm_print(&text, constraint, significant);
        hf_write_object(session->writer, NULL);
        hf_write_string(session->writer, "id", NULL, hf_xml_get(constraint, "id"));
        hf_write_string(session->writer, "statement", NULL, hf_buf_text(&text));
        hf_write_end(session->writer);
        hf_write_raw(session->writer, hf_buf_text(&text));
    }
    hf_write_end(session->writer);
    crm_id_set_free(significant);
    return NULL;
}

/* --- operations --- */

static void write_operation(struct hf_writer *writer, const char *resource, const char *node,
                            const xmlNode *op)
{
    int64_t interval = 0, rc = 0, status = 0, duration = 0, changed = 0;
    char when[64] = "-";
    struct tm parts;
    time_t at;

    hf_parse_int64(hf_xml_get(op, "interval"), &interval);
    hf_parse_int64(hf_xml_get(op, "rc-code"), &rc);
    hf_parse_int64(hf_xml_get(op, "op-status"), &status);
    hf_parse_int64(hf_xml_get(op, "exec-time"), &duration);
    hf_parse_int64(hf_xml_get(op, "last-rc-change"), &changed);
    at = (time_t)changed;
    if (changed != 0 && localtime_r(&at, &parts) != NULL)
        strftime(when, sizeof(when), "%F %T", &parts);
    hf_write_object(writer, NULL);
    hf_write_string(writer, "resource", NULL, resource);
    hf_write_string(writer, "node", NULL, node);
    hf_write_string(writer, "operation", NULL, hf_xml_get_or(op, "operation", ""));
    hf_write_int(writer, "interval-ms", NULL, interval);
    hf_write_int(writer, "rc", NULL, rc);
    hf_write_int(writer, "status", NULL, status);
    hf_write_int(writer, "exec-ms", NULL, duration);
    hf_write_int(writer, "last-change", NULL, changed);
    hf_write_string(writer, "exit-reason", NULL, hf_xml_get(op, "exit-reason"));
    hf_write_end(writer);
    hf_write_line(
        writer, "%s on %s: %s interval=%" PRId64 "ms rc=%" PRId64 "%s exec=%" PRId64 "ms since %s%s%s",
        resource, node, hf_xml_get_or(op, "operation", "?"), interval, rc, status < 0 ? " (pending)" : "",
        duration, when, *hf_xml_get_or(op, "exit-reason", "") != '\0' ? ": " : "",
        hf_xml_get_or(op, "exit-reason", ""));
}

/* An instance of a clone, NAME:NUMBER, is meant by its name too. */
static bool is_meant(const char *id, const char *wanted)
{
    size_t length = wanted == NULL ? 0 : strlen(wanted);

    return wanted == NULL || (strncmp(id, wanted, length) == 0 && (id[length] == '\0' || id[length] == ':'));
}

struct hf_error *run_operations(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    const char *wanted = argc > 1 ? argv[1] : NULL, *node = argc > 2 ? argv[2] : NULL;
    bool found = false;

    if (error != NULL)
        return error;
    hf_write_list(session->writer, "operations");
    HF_XML_EACH (state, hf_xml_child(xmlDocGetRootElement(cib), "status"), "node_state") {
        const char *name = hf_xml_get_or(state, "uname", hf_xml_get_or(state, "id", ""));

        if (node != NULL && strcmp(node, name) != 0)
            continue;
        HF_XML_EACH (resource, hf_xml_child(hf_xml_child(state, "lrm"), "lrm_resources"), "lrm_resource") {
            const char *id = hf_xml_get_or(resource, "id", "");

            if (!is_meant(id, wanted))
                continue;
            found = true;
            HF_XML_EACH (op, resource, "lrm_rsc_op")
                write_operation(session->writer, id, name, op);
        }
    }
    hf_write_end(session->writer);
    return wanted == NULL || found ? NULL : need_resource(cib, wanted);
}

/* --- scores --- */

static void write_score(struct hf_writer *writer, const struct sched_score *score)
{
    hf_write_object(writer, NULL);
    hf_write_string(writer, "resource", NULL, score->resource);
    hf_write_string(writer, "node", NULL, score->node);
    hf_write_int(writer, "score", NULL, score->score);
    hf_write_string(writer, "stage", NULL, score->stage);
    hf_write_end(writer);
    if (score->score >= 1000000 || score->score <= -1000000)
        hf_write_line(writer, "%s on %s: %sINFINITY (%s)", score->resource, score->node,
                      score->score < 0 ? "-" : "", score->stage);
    else
        hf_write_line(writer, "%s on %s: %d (%s)", score->resource, score->node, score->score, score->stage);
}

struct hf_error *run_scores(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    int64_t now = time(NULL);
    struct sched_input input = {.now = now, .utc_offset = hf_utc_offset(now), .show_scores = true};
    struct sched_output *output;
    const struct sched_score *scores;
    int count;

    if (error == NULL && argc > 1)
        error = need_resource(cib, argv[1]);
    if (error == NULL)
        error = sched_run(cib, &input, &output);
    if (error != NULL)
        return error;
    scores = sched_scores(output, &count);
    hf_write_list(session->writer, "scores");
    for (int i = 0; i < count; i++)
        if (scores[i].resource != NULL && scores[i].node != NULL && scores[i].n_amounts == 0 &&
            is_meant(scores[i].resource, argc > 1 ? argv[1] : NULL))
            write_score(session->writer, &scores[i]);
    hf_write_end(session->writer);
    sched_output_free(output);
    return NULL;
}

/* --- trace --- */

struct trace_edit {
    const char *resource, *operation, *interval;
    bool on;
    bool changed; /* out */
};

static struct hf_error *trace_editor(struct crm_edit *edit, void *context)
{
    struct trace_edit *wanted = context;
    static const char *const always[] = {"start", "stop"};
    xmlNode *resource = crm_edit_find(edit, wanted->resource);

    if (!hf_xml_is(resource, "primitive"))
        return hf_error_new(HF_REFUSED, "'%s' is no primitive: expected the id of one", wanted->resource);
    if (wanted->on && wanted->operation != NULL)
        crm_edit_operation(edit, resource, wanted->operation, wanted->interval);
    for (size_t i = 0; wanted->on && wanted->operation == NULL && i < HF_ARRAY_LENGTH(always); i++)
        crm_edit_operation(edit, resource, always[i], NULL);
    wanted->changed = false;
    HF_XML_EACH (op, hf_xml_child(resource, "operations"), "op") {
        if ((wanted->operation != NULL && strcmp(hf_xml_get_or(op, "name", ""), wanted->operation) != 0) ||
            (wanted->interval != NULL && strcmp(hf_xml_get_or(op, "interval", "0"), wanted->interval) != 0))
            continue;
        wanted->changed |=
            crm_edit_set_attribute(edit, op, "instance_attributes", "trace_ra", wanted->on ? "1" : NULL);
    }
    return NULL;
}

struct hf_error *run_trace(struct session *session, int argc, char **argv)
{
    struct trace_edit wanted = {.resource = argv[1],
                                .operation = argc > 2 ? argv[2] : NULL,
                                .interval = argc > 3 ? argv[3] : NULL,
                                .on = strcmp(argv[0], "trace") == 0};
    struct session_edit edit = {.editor = trace_editor, .context = &wanted};
    struct hf_error *error = session_change(session, &edit, NULL);

    if (error == NULL && !wanted.changed)
        hf_write_line(session->writer, "'%s' is %s already.", argv[1], wanted.on ? "traced" : "not traced");
    return error;
}
