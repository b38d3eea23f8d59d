/* status.c - see status.h. */
#include "cli/status.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli/vip_status.h"
#include "daemon/sched/sched.h"
#include "lib/xml.h"

static struct hf_error *read_status(const xmlDoc *cib, struct sched_output **output)
{
    struct sched_input input = {.now = (int64_t)time(NULL), .status_only = true};

    *output = NULL;
    return sched_run(cib, &input, output);
}

/* --- JSON --- */

static void write_node(struct hf_writer *writer, const struct status_node *node)
{
    static const char *const types[] = {"member", "remote", "guest"};

    hf_write_object(writer, NULL);
    hf_write_string(writer, "name", NULL, node->name);
    hf_write_string(writer, "id", NULL, node->id);
    hf_write_string(writer, "type", NULL, types[node->type]);
    hf_write_string(writer, "state", NULL, node->state);
    hf_write_bool(writer, "online", NULL, node->online);
    hf_write_bool(writer, "unclean", NULL, node->unclean);
    hf_write_bool(writer, "pending", NULL, node->pending);
    hf_write_bool(writer, "standby", NULL, node->standby);
    hf_write_bool(writer, "standby-onfail", NULL, node->standby_onfail);
    hf_write_bool(writer, "maintenance", NULL, node->maintenance);
    hf_write_bool(writer, "shutdown", NULL, node->shutdown);
    hf_write_bool(writer, "dc", NULL, node->is_dc);
    hf_write_int(writer, "health", NULL, node->health);
    hf_write_int(writer, "resources", NULL, node->n_resources);
    hf_write_end(writer);
}

static void write_resource(struct hf_writer *writer, const struct status_resource *resource)
{
    static const char *const kinds[] = {"primitive", "group", "clone", "bundle", "replica"};
    static const char *const roles[] = {"Stopped", "Started", "Unpromoted", "Promoted"};

    hf_write_object(writer, NULL);
    hf_write_string(writer, "id", NULL, resource->id);
    hf_write_string(writer, "kind", NULL, kinds[resource->kind]);
    if (resource->agent != NULL)
        hf_write_string(writer, "agent", NULL, resource->agent);
    hf_write_string(writer, "role", NULL, roles[resource->role]);
    hf_write_string(writer, "target-role", NULL, resource->target_role);
    hf_write_bool(writer, "active", NULL, resource->active);
    hf_write_bool(writer, "failed", NULL, resource->failed);
    hf_write_bool(writer, "blocked", NULL, resource->blocked);
    hf_write_bool(writer, "managed", NULL, resource->managed);
    hf_write_bool(writer, "maintenance", NULL, resource->maintenance);
    hf_write_bool(writer, "removed", NULL, resource->removed);
    hf_write_bool(writer, "disabled", NULL, resource->disabled);
    hf_write_string(writer, "pending", NULL, resource->pending);
    hf_write_list(writer, "nodes");
    for (int i = 0; i < resource->n_nodes; i++)
        hf_write_string(writer, NULL, NULL, resource->nodes[i]);
    hf_write_end(writer);
    hf_write_list(writer, "members");
    for (int i = 0; i < resource->n_children; i++)
        write_resource(writer, &resource->children[i]);
    hf_write_end(writer);
    hf_write_end(writer);
}

static void write_failure(struct hf_writer *writer, const struct status_failure *failure)
{
    hf_write_object(writer, NULL);
    hf_write_string(writer, "resource", NULL, failure->resource);
    hf_write_string(writer, "operation", NULL, failure->operation);
    hf_write_int(writer, "interval-ms", NULL, failure->interval_ms);
    hf_write_string(writer, "node", NULL, failure->node);
    hf_write_int(writer, "rc", NULL, failure->rc);
    hf_write_string(writer, "rc-text", NULL, failure->rc_text);
    hf_write_string(writer, "status", NULL, failure->status_text);
    hf_write_string(writer, "exit-reason", NULL, failure->exit_reason);
    hf_write_int(writer, "last-change", NULL, failure->last_change);
    hf_write_int(writer, "exec-ms", NULL, failure->exec_ms);
    hf_write_end(writer);
}

void status_write_model(struct hf_writer *writer, const struct status_model *model)
{
    hf_write_list(writer, "nodes");
    for (int i = 0; i < model->n_nodes; i++)
        write_node(writer, &model->nodes[i]);
    hf_write_end(writer);
    hf_write_list(writer, "resources");
    for (int i = 0; i < model->n_resources; i++)
        write_resource(writer, &model->resources[i]);
    hf_write_end(writer);
    hf_write_list(writer, "failures");
    for (int i = 0; i < model->n_failures; i++)
        write_failure(writer, &model->failures[i]);
    hf_write_end(writer);
    hf_write_list(writer, "bans");
    for (int i = 0; i < model->n_bans; i++) {
        hf_write_object(writer, NULL);
        hf_write_string(writer, "constraint", NULL, model->bans[i].constraint);
        hf_write_string(writer, "resource", NULL, model->bans[i].resource);
        hf_write_string(writer, "node", NULL, model->bans[i].node);
        hf_write_int(writer, "score", NULL, model->bans[i].score);
        hf_write_end(writer);
    }
    hf_write_end(writer);
    hf_write_list(writer, "tickets");
    for (int i = 0; i < model->n_tickets; i++) {
        hf_write_object(writer, NULL);
        hf_write_string(writer, "id", NULL, model->tickets[i].id);
        hf_write_bool(writer, "granted", NULL, model->tickets[i].granted);
        hf_write_bool(writer, "standby", NULL, model->tickets[i].standby);
        hf_write_end(writer);
    }
    hf_write_end(writer);
}

/* --- the whole --- */

static void write_last_change(struct hf_writer *writer, const xmlNode *root)
{
    static const struct {
        const char *word, *attribute;
    } parts[] = {{"by", "update-user"}, {"via", "update-client"}, {"on", "update-origin"}};
    HF_CLEANUP(hf_buf_free) struct hf_buf line = {0};

    hf_buf_printf(&line, "  * Last change:  %s", hf_xml_get_or(root, "cib-last-written", "unknown"));
    for (size_t i = 0; i < HF_ARRAY_LENGTH(parts); i++)
        if (*hf_xml_get_or(root, parts[i].attribute, "") != '\0')
            hf_buf_printf(&line, " %s %s", parts[i].word, hf_xml_get(root, parts[i].attribute));
    hf_write_line(writer, "%s", hf_buf_text(&line));
}

static void write_counts(struct hf_writer *writer, const struct status_model *model)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf line = {0};

    hf_buf_printf(&line, "  * %d resource instance%s configured", model->n_resources_total,
                  model->n_resources_total == 1 ? "" : "s");
    if (model->n_disabled > 0)
        hf_buf_printf(&line, " (%d DISABLED", model->n_disabled);
    if (model->n_blocked > 0)
        hf_buf_printf(&line, "%s%d BLOCKED from further action due to failure",
                      model->n_disabled > 0 ? ", " : " (", model->n_blocked);
    if (model->n_disabled > 0 || model->n_blocked > 0)
        hf_buf_putc(&line, ')');
    hf_write_line(writer, "%s", hf_buf_text(&line));
    hf_write_int(writer, "resource-instances", NULL, model->n_resources_total);
    hf_write_int(writer, "disabled", NULL, model->n_disabled);
    hf_write_int(writer, "blocked", NULL, model->n_blocked);
}

static void write_summary(struct hf_writer *writer, const xmlDoc *cib, const struct status_model *model)
{
    const xmlNode *root = xmlDocGetRootElement((xmlDoc *)cib);
    time_t now = time(NULL);
    char when[64] = "";
    struct tm parts;

    if (localtime_r(&now, &parts) != NULL)
        strftime(when, sizeof(when), "%a %b %e %H:%M:%S %Y", &parts);
    hf_write_line(writer, "Cluster Summary:");
    hf_write_string(writer, "dc", NULL, model->dc);
    hf_write_bool(writer, "have-quorum", NULL, model->have_quorum);
    hf_write_bool(writer, "maintenance-mode", NULL, model->maintenance_mode);
    hf_write_bool(writer, "fencing-enabled", NULL, model->fencing_enabled);
    hf_write_string(writer, "no-quorum-policy", NULL, model->no_quorum_policy);
    hf_write_int(writer, "updated", NULL, (int64_t)now);
    hf_write_string(writer, "last-change", NULL, hf_xml_get(root, "cib-last-written"));
    hf_write_line(writer, "  * Stack: %s", model->stack != NULL ? model->stack : "corosync");
    hf_write_line(writer, "  * Current DC: %s (version %s) - %s", model->dc != NULL ? model->dc : "NONE",
                  HF_VERSION, model->have_quorum ? "partition with quorum" : "partition WITHOUT quorum");
    hf_write_line(writer, "  * Last updated: %s", when);
    write_last_change(writer, root);
    hf_write_line(writer, "  * %d node%s configured", model->n_nodes, model->n_nodes == 1 ? "" : "s");
    write_counts(writer, model);
    if (model->maintenance_mode)
        hf_write_line(writer, "\n              *** Resource management is DISABLED ***\n"
                              "  The cluster will not attempt to start, stop or recover services");
    hf_write_line(writer, "%s", "");
}

/* The scheduler's text makes list items of the sections, which are headings here. */
static void write_sections(struct hf_writer *writer, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        size_t skip = strncmp(text, "* ", 2) == 0 ? 2 : 0;

        hf_write_line(writer, "%.*s", (int)(length - skip), text + skip);
        text += length + (text[length] == '\n');
    }
}

/* --- fencing --- */

static const xmlNode *fence_history(const xmlDoc *cib)
{
    return hf_xml_child(hf_xml_child(xmlDocGetRootElement((xmlDoc *)cib), "status"), "fence-history");
}

static void write_fencing(struct hf_writer *writer, const xmlNode *event, const char *before)
{
    static const char *const names[] = {"target", "action", "state",  "origin",
                                        "device", "node",   "reason", "attempts"};
    const char *attempts = hf_xml_get(event, "attempts"), *reason = hf_xml_get(event, "reason"),
               *device = hf_xml_get(event, "device");
    int64_t seconds = 0;
    char when[64] = "?";
    struct tm parts;
    time_t at;

    hf_parse_int64(hf_xml_get(event, "time"), &seconds);
    at = (time_t)seconds;
    if (localtime_r(&at, &parts) != NULL)
        strftime(when, sizeof(when), "%F %T", &parts);
    hf_write_object(writer, NULL);
    hf_write_int(writer, "time", NULL, seconds);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++)
        if (hf_xml_get(event, names[i]) != NULL)
            hf_write_string(writer, names[i], NULL, hf_xml_get(event, names[i]));
    hf_write_end(writer);
    hf_write_line(writer, "%s%s %s of %s %s%s%s%s: asked for by %s%s%s%s%s%s%s", before, when,
                  hf_xml_get_or(event, "action", "?"), hf_xml_get_or(event, "target", "?"),
                  hf_xml_get_or(event, "state", "?"), attempts != NULL ? " (attempt " : "",
                  attempts != NULL ? attempts : "", attempts != NULL ? ")" : "",
                  hf_xml_get_or(event, "origin", "?"), device != NULL ? ", done by " : "",
                  device != NULL ? device : "", hf_xml_get(event, "node") != NULL ? " on " : "",
                  hf_xml_get_or(event, "node", ""), reason != NULL ? ": " : "", reason != NULL ? reason : "");
}

/* What needs attention: pending, or failed and not made good since. */
static bool is_open(const xmlNode *event)
{
    const char *state = hf_xml_get_or(event, "state", ""), *target = hf_xml_get_or(event, "target", "");

    if (strcmp(state, "failed") != 0)
        return strcmp(state, "pending") == 0;
    for (const xmlNode *later = event->next; later != NULL; later = later->next)
        if (hf_xml_is(later, "fence-event") && strcmp(hf_xml_get_or(later, "target", ""), target) == 0 &&
            strcmp(hf_xml_get_or(later, "state", ""), "success") == 0)
            return false;
    return true;
}

/* In text only what needs attention. */
static void write_fencing_section(struct hf_writer *writer, const xmlDoc *cib)
{
    const xmlNode *history = fence_history(cib);
    bool headed = false;

    hf_write_list(writer, "fencing");
    for (const xmlNode *event = history == NULL ? NULL : history->last; event != NULL; event = event->prev) {
        if (!hf_xml_is(event, "fence-event") || (!hf_writer_is_json(writer) && !is_open(event)))
            continue;
        if (!headed)
            hf_write_line(writer, "\nPending or Failed Fencing Actions:");
        headed = true;
        write_fencing(writer, event, "  * ");
    }
    hf_write_end(writer);
}

struct hf_error *status_write_fencing(struct hf_writer *writer, const xmlDoc *cib, const char *target)
{
    const xmlNode *history = fence_history(cib);
    bool known = target == NULL;

    HF_XML_EACH (node,
                 hf_xml_child(hf_xml_child(xmlDocGetRootElement((xmlDoc *)cib), "configuration"), "nodes"),
                 "node")
        known = known || strcmp(hf_xml_get_or(node, "uname", ""), target) == 0;
    hf_write_list(writer, "fencing");
    for (const xmlNode *event = history == NULL ? NULL : history->last; event != NULL; event = event->prev) {
        if (!hf_xml_is(event, "fence-event") ||
            (target != NULL && strcmp(hf_xml_get_or(event, "target", ""), target) != 0))
            continue;
        known = true;
        write_fencing(writer, event, "");
    }
    hf_write_end(writer);
    return known ? NULL
                 : hf_error_new(HF_REFUSED, "node '%s' does not exist, expected the name of a node", target);
}

struct hf_error *status_write(struct hf_writer *writer, const xmlDoc *cib)
{
    struct sched_output *output;
    struct hf_error *error = read_status(cib, &output);
    struct hf_buf text = {0};

    if (error != NULL)
        return error;
    write_summary(writer, cib, sched_status(output));
    if (hf_writer_is_json(writer)) {
        status_write_model(writer, sched_status(output));
    } else {
        sched_print_status(output, STATUS_SHOW_PENDING | STATUS_SHOW_INACTIVE | STATUS_SHOW_FAILED, "",
                           &text);
        write_sections(writer, hf_buf_text(&text));
    }
    write_fencing_section(writer, cib);
    vip_status_write(writer, cib);
    hf_buf_free(&text);
    sched_output_free(output);
    return NULL;
}

/* --- parts --- */

static const struct status_resource *find_resource(const struct status_resource *list, int count,
                                                   const char *id)
{
    for (int i = 0; i < count; i++) {
        const struct status_resource *found;
        size_t length = strlen(id);

        if (strcmp(list[i].id, id) == 0 ||
            (strncmp(list[i].id, id, length) == 0 && list[i].id[length] == ':'))
            return &list[i];
        found = find_resource(list[i].children, list[i].n_children, id);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static void line_resource(struct hf_writer *writer, const struct status_resource *resource, int depth)
{
    static const char *const roles[] = {"Stopped", "Started", "Unpromoted", "Promoted"};
    struct hf_buf line = {0};

    hf_buf_printf(&line, "%*s%s", depth * 2, "", resource->id);
    if (resource->agent != NULL)
        hf_buf_printf(&line, " (%s)", resource->agent);
    if (resource->agent != NULL)
        hf_buf_printf(&line, ": %s", roles[resource->role]);
    for (int i = 0; resource->agent != NULL && i < resource->n_nodes; i++)
        hf_buf_printf(&line, " %s", resource->nodes[i]);
    if (resource->failed)
        hf_buf_puts(&line, " FAILED");
    if (resource->blocked)
        hf_buf_puts(&line, " (blocked)");
    if (resource->disabled)
        hf_buf_puts(&line, " (disabled)");
    if (resource->maintenance)
        hf_buf_puts(&line, " (maintenance)");
    else if (!resource->managed)
        hf_buf_puts(&line, " (unmanaged)");
    if (resource->pending != NULL)
        hf_buf_printf(&line, " (%s)", resource->pending);
    hf_write_line(writer, "%s", hf_buf_text(&line));
    hf_buf_free(&line);
    for (int i = 0; i < resource->n_children; i++)
        line_resource(writer, &resource->children[i], depth + 1);
}

struct hf_error *status_write_resources(struct hf_writer *writer, const xmlDoc *cib, const char *id)
{
    struct sched_output *output;
    struct hf_error *error = read_status(cib, &output);
    const struct status_model *model;
    const struct status_resource *one = NULL;

    if (error != NULL)
        return error;
    model = sched_status(output);
    if (id != NULL && (one = find_resource(model->resources, model->n_resources, id)) == NULL)
        error = hf_error_new(HF_REFUSED, "resource '%s' does not exist, expected the id of a resource", id);
    hf_write_list(writer, "resources");
    for (int i = 0; error == NULL && i < (one != NULL ? 1 : model->n_resources); i++) {
        const struct status_resource *resource = one != NULL ? one : &model->resources[i];

        if (hf_writer_is_json(writer))
            write_resource(writer, resource);
        else
            line_resource(writer, resource, 0);
    }
    hf_write_end(writer);
    sched_output_free(output);
    return error;
}

struct hf_error *status_write_nodes(struct hf_writer *writer, const xmlDoc *cib, const char *name)
{
    struct sched_output *output;
    struct hf_error *error = read_status(cib, &output);
    const struct status_model *model;
    bool found = name == NULL;

    if (error != NULL)
        return error;
    model = sched_status(output);
    hf_write_list(writer, "nodes");
    for (int i = 0; i < model->n_nodes; i++) {
        if (name != NULL && strcmp(name, model->nodes[i].name) != 0)
            continue;
        found = true;
        write_node(writer, &model->nodes[i]);
        hf_write_line(writer, "%s: %s", model->nodes[i].name, model->nodes[i].state);
    }
    hf_write_end(writer);
    sched_output_free(output);
    return found ? NULL
                 : hf_error_new(HF_REFUSED, "node '%s' does not exist, expected the name of a node", name);
}

static void add_nodes(const struct status_resource *resource, bool promoted, char ***nodes, int *count)
{
    bool counts = !promoted || (resource->n_children == 0 && resource->role == STATUS_PROMOTED);

    for (int i = 0; counts && i < resource->n_nodes; i++) {
        bool known = false;

        for (int j = 0; j < *count; j++)
            known = known || strcmp((*nodes)[j], resource->nodes[i]) == 0;
        if (known)
            continue;
        *nodes = hf_realloc(*nodes, (size_t)*count + 1, sizeof(**nodes));
        (*nodes)[(*count)++] = hf_strdup(resource->nodes[i]);
    }
    for (int i = 0; i < resource->n_children; i++)
        add_nodes(&resource->children[i], promoted, nodes, count);
}

struct hf_error *status_locate(const xmlDoc *cib, const char *id, bool promoted, char ***nodes, int *count)
{
    struct sched_output *output;
    struct hf_error *error = read_status(cib, &output);
    const struct status_resource *resource;

    *nodes = NULL;
    *count = 0;
    if (error != NULL)
        return error;
    resource = find_resource(sched_status(output)->resources, sched_status(output)->n_resources, id);
    if (resource != NULL)
        add_nodes(resource, promoted, nodes, count);
    else
        error = hf_error_new(HF_REFUSED, "resource '%s' does not exist, expected the id of a resource", id);
    sched_output_free(output);
    return error;
}
