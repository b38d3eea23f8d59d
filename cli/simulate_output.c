/* simulate_output.c - what simulate found as a document: XML in the shape of crm_simulate --output-as=xml, or
 * JSON.
 *
 * Both walk the same struct simulation as it is after the run. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/simulate_run.h"
#include "cli/status.h"
#include "lib/writer.h"
#include "lib/xml.h"

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

static void set_bool(xmlNode *element, const char *name, bool value)
{
    hf_xml_set(element, name, truth(value));
}

static void score_text(int score, char text[16])
{
    if (score >= 1000000 || score <= -1000000)
        snprintf(text, 16, "%sINFINITY", score < 0 ? "-" : "");
    else
        snprintf(text, 16, "%d", score);
}

/* --- XML: the state --- */

static void xml_node(xmlNode *parent, const struct status_node *node)
{
    xmlNode *xml = hf_xml_add(parent, "node");

    hf_xml_set(xml, "name", node->name);
    hf_xml_set(xml, "id", node->id);
    set_bool(xml, "online", node->online);
    set_bool(xml, "standby", node->standby);
    set_bool(xml, "standby_onfail", node->standby_onfail);
    set_bool(xml, "maintenance", node->maintenance);
    set_bool(xml, "pending", node->pending);
    set_bool(xml, "unclean", node->unclean);
    hf_xml_set(xml, "health", node->health > 0 ? "green" : node->health < 0 ? "red" : "yellow");
    if (node->feature_set != NULL)
        hf_xml_set(xml, "feature_set", *node->feature_set == '\0' ? "<3.15.1" : node->feature_set);
    set_bool(xml, "shutdown", node->shutdown);
    set_bool(xml, "expected_up", node->expected_up);
    set_bool(xml, "is_dc", node->is_dc);
    hf_xml_setf(xml, "resources_running", "%d", node->n_resources);
    hf_xml_set(xml, "type", node->type == STATUS_NODE_CLUSTER ? "member" : "remote");
    if (node->type == STATUS_NODE_GUEST)
        hf_xml_set(xml, "id_as_resource", node->launcher);
}

static const struct status_node *find_node(const struct status_model *model, const char *name)
{
    for (int i = 0; i < model->n_nodes; i++)
        if (strcmp(model->nodes[i].name, name) == 0)
            return &model->nodes[i];
    return NULL;
}

static void xml_resource(xmlNode *parent, const struct status_model *model,
                         const struct status_resource *rsc);

static void xml_primitive(xmlNode *parent, const struct status_model *model,
                          const struct status_resource *rsc)
{
    xmlNode *xml = hf_xml_add(parent, "resource");

    hf_xml_set(xml, "id", rsc->id);
    hf_xml_set(xml, "resource_agent", rsc->agent);
    hf_xml_set(xml, "role", rsc->state);
    hf_xml_set(xml, "target_role", rsc->target_role);
    set_bool(xml, "active", rsc->active);
    set_bool(xml, "orphaned", rsc->removed);
    set_bool(xml, "removed", rsc->removed);
    set_bool(xml, "blocked", rsc->blocked);
    set_bool(xml, "maintenance", rsc->maintenance);
    set_bool(xml, "managed", rsc->managed);
    set_bool(xml, "failed", rsc->failed);
    set_bool(xml, "failure_ignored", rsc->failure_ignored);
    hf_xml_setf(xml, "nodes_running_on", "%d", rsc->n_nodes);
    if (rsc->pending != NULL && strcmp(rsc->pending, "monitor") == 0)
        hf_xml_set(xml, "pending", "Monitoring");
    hf_xml_set(xml, "locked_to", rsc->locked_to);
    hf_xml_set(xml, "description", rsc->description);
    for (int i = 0; i < rsc->n_nodes; i++) {
        const struct status_node *node = find_node(model, rsc->nodes[i]);
        xmlNode *where = hf_xml_add(xml, "node");
        hf_xml_set(where, "name", rsc->nodes[i]);
        hf_xml_set(where, "id", node == NULL ? rsc->nodes[i] : node->id);
        set_bool(where, "cached", node != NULL && node->online);
    }
}

static void xml_collective(xmlNode *xml, const struct status_resource *rsc)
{
    hf_xml_set(xml, "id", rsc->id);
    if (rsc->kind == STATUS_GROUP)
        hf_xml_setf(xml, "number_resources", "%d", rsc->n_children);
    if (rsc->kind == STATUS_CLONE)
        set_bool(xml, "multi_state", rsc->promotable);
    if (rsc->kind != STATUS_GROUP)
        set_bool(xml, "unique", rsc->unique);
    set_bool(xml, "maintenance", rsc->maintenance);
    set_bool(xml, "managed", rsc->managed);
    if (rsc->kind != STATUS_BUNDLE)
        set_bool(xml, "disabled", rsc->disabled);
    if (rsc->kind != STATUS_GROUP)
        set_bool(xml, "failed", rsc->failed);
    if (rsc->kind == STATUS_CLONE) {
        set_bool(xml, "failure_ignored", rsc->failure_ignored);
        hf_xml_set(xml, "target_role", rsc->target_role);
    }
    hf_xml_set(xml, "description", rsc->description);
}

/* The agent of a replica's container says what the containers are: "ocf:heartbeat:docker". */
static const char *container_kind(const struct status_resource *bundle)
{
    for (int i = 0; bundle->n_children > 0 && i < bundle->children[0].n_children; i++) {
        const char *agent = bundle->children[0].children[i].agent;
        const char *type = agent == NULL ? NULL : strrchr(agent, ':');
        if (type != NULL && (strcmp(type, ":docker") == 0 || strcmp(type, ":podman") == 0))
            return type + 1;
    }
    return "unknown";
}

static void xml_bundle(xmlNode *parent, const struct status_model *model, const struct status_resource *rsc)
{
    xmlNode *xml = hf_xml_add(parent, "bundle");

    xml_collective(xml, rsc);
    hf_xml_set(xml, "type", container_kind(rsc));
    hf_xml_set(xml, "image", rsc->image);
    for (int i = 0; i < rsc->n_children; i++) {
        xmlNode *replica = hf_xml_add(xml, "replica");
        hf_xml_setf(replica, "id", "%d", i);
        for (int part = 0; part < rsc->children[i].n_children; part++)
            xml_resource(replica, model, &rsc->children[i].children[part]);
    }
}

static void xml_resource(xmlNode *parent, const struct status_model *model, const struct status_resource *rsc)
{
    if (rsc->kind == STATUS_BUNDLE) {
        xml_bundle(parent, model, rsc);
        return;
    }
    if (rsc->kind == STATUS_PRIMITIVE) {
        xml_primitive(parent, model, rsc);
        return;
    }
    xmlNode *xml = hf_xml_add(parent, rsc->kind == STATUS_GROUP ? "group" : "clone");
    xml_collective(xml, rsc);
    for (int i = 0; i < rsc->n_children; i++)
        xml_resource(xml, model, &rsc->children[i]);
}

static void xml_attributes(xmlNode *parent, struct sched_output *output)
{
    const struct status_model *model = sched_status(output);
    xmlNode *list = NULL;

    for (int i = 0; i < model->n_nodes; i++) {
        int n;
        const struct sched_attribute *at = sched_attributes(output, model->nodes[i].name, &n);
        if (n == 0)
            continue;
        list = list != NULL ? list : hf_xml_add(parent, "node_attributes");
        xmlNode *node = hf_xml_add(list, "node");
        hf_xml_set(node, "name", model->nodes[i].name);
        for (int a = 0; a < n; a++) {
            xmlNode *attribute = hf_xml_add(node, "attribute");
            hf_xml_set(attribute, "name", at[a].name);
            hf_xml_set(attribute, "value", at[a].value);
            if (at[a].is_ping)
                hf_xml_setf(attribute, "expected", "%d", at[a].expected);
        }
    }
}

/* Local time as ctime() has it, or with a zone. */
static void time_text(int64_t when, bool zone, char text[64])
{
    time_t seconds = (time_t)when;
    struct tm tm;

    text[0] = '\0';
    if (localtime_r(&seconds, &tm) == NULL)
        return;
    if (zone)
        strftime(text, 64, tm.tm_gmtoff == 0 ? "%Y-%m-%d %H:%M:%SZ" : "%Y-%m-%d %H:%M:%S %z", &tm);
    else
        strftime(text, 64, "%a %b %e %H:%M:%S %Y", &tm);
}

static void xml_failcounts(xmlNode *parent, struct sched_output *output)
{
    const struct status_model *model = sched_status(output);
    xmlNode *list = NULL;

    for (int i = 0; i < model->n_nodes && list == NULL; i++)
        if (model->nodes[i].online)
            list = hf_xml_add(parent, "node_history");
    for (int i = 0; i < model->n_nodes; i++) {
        int n;
        const struct sched_failcount *at = sched_failcounts(output, model->nodes[i].name, &n);
        if (n == 0)
            continue;
        xmlNode *node = hf_xml_add(list, "node");
        hf_xml_set(node, "name", model->nodes[i].name);
        for (int f = 0; f < n; f++) {
            xmlNode *history = hf_xml_add(node, "resource_history");
            char last[64];
            hf_xml_set(history, "id", at[f].resource);
            set_bool(history, "orphan", false);
            set_bool(history, "removed", false);
            hf_xml_setf(history, "migration-threshold", "%d", at[f].threshold);
            hf_xml_setf(history, "fail-count", "%d", at[f].count);
            time_text(at[f].last, false, last);
            if (at[f].last > 0)
                hf_xml_set(history, "last-failure", last);
        }
    }
}

static void xml_failures(xmlNode *parent, const struct status_model *model)
{
    xmlNode *list = model->n_failures > 0 ? hf_xml_add(parent, "failures") : NULL;

    for (int i = 0; i < model->n_failures; i++) {
        const struct status_failure *failure = &model->failures[i];
        xmlNode *xml = hf_xml_add(list, "failure");
        char when[64];
        hf_xml_set(xml, failure->key_is_id ? "id" : "op_key", failure->key);
        hf_xml_set(xml, "node", failure->node);
        hf_xml_set(xml, "exitstatus", failure->rc_text);
        hf_xml_set(xml, "exitreason", failure->reasonless ? "none" : failure->exit_reason);
        hf_xml_setf(xml, "exitcode", "%d", failure->rc);
        hf_xml_setf(xml, "call", "%d", failure->call_id);
        hf_xml_set(xml, "status", failure->status == 0 ? "Done" : failure->status_text);
        if (failure->last_change <= 0)
            continue;
        time_text(failure->last_change, true, when);
        hf_xml_set(xml, "last-rc-change", when);
        if (failure->timed) {
            hf_xml_setf(xml, "queued", "%lld", (long long)failure->queue_ms);
            hf_xml_setf(xml, "exec", "%lld", (long long)failure->exec_ms);
        }
        hf_xml_setf(xml, "interval", "%lld", (long long)failure->interval_ms);
        hf_xml_set(xml, "task", failure->operation);
    }
}

static void xml_status(const struct simulation *s, xmlNode *root, const char *name,
                       struct sched_output *output)
{
    const struct status_model *model;
    xmlNode *xml, *list;

    if (output == NULL)
        return;
    model = sched_status(output);
    xml = hf_xml_add(root, name);
    list = hf_xml_add(xml, "nodes");
    for (int i = 0; i < model->n_nodes; i++)
        xml_node(list, &model->nodes[i]);
    list = hf_xml_add(xml, "resources");
    for (int i = 0; i < model->n_resources; i++)
        if (!model->resources[i].removed || model->resources[i].active)
            xml_resource(list, model, &model->resources[i]);
    if (s->options->attributes)
        xml_attributes(xml, output);
    if (s->options->failcounts) {
        xml_failcounts(xml, output);
        xml_failures(xml, model);
    }
}

/* --- XML: changes, decision, transition --- */

static void xml_note(xmlNode *root, const struct simulate_note *note)
{
    static const char *const elements[] = {
        [NOTE_QUORUM] = "modifications",      [NOTE_WATCHDOG] = "modifications",
        [NOTE_NODE] = "modify_node",          [NOTE_TICKET] = "modify_ticket",
        [NOTE_OPERATION] = "inject_spec",     [NOTE_ATTRIBUTE] = "inject_attr",
        [NOTE_FILE] = "modify_configuration",
    };
    static const char *const subjects[] = {
        [NOTE_NODE] = "node",          [NOTE_TICKET] = "ticket", [NOTE_OPERATION] = "spec",
        [NOTE_ATTRIBUTE] = "cib_node", [NOTE_FILE] = "file",
    };
    bool option = note->kind == NOTE_QUORUM || note->kind == NOTE_WATCHDOG;
    xmlNode *xml =
        option ? hf_xml_ensure(root, elements[note->kind]) : hf_xml_add(root, elements[note->kind]);

    if (option) {
        hf_xml_set(xml, note->kind == NOTE_QUORUM ? "quorum" : "watchdog", note->value);
        return;
    }
    hf_xml_set(xml, "action", note->action);
    hf_xml_set(xml, "name", note->name);
    hf_xml_set(xml, "value", note->value);
    if (note->kind == NOTE_ATTRIBUTE)
        hf_xml_set(xml, "node_path", "/node_state");
    hf_xml_set(xml, subjects[note->kind], note->subject);
}

static void xml_amounts(xmlNode *xml, const struct sched_score *score)
{
    for (int i = 0; i < score->n_amounts; i++) {
        if (xmlValidateNCName((const xmlChar *)score->amounts[i].name, 0) == 0)
            xmlNewTextChild(xml, NULL, (const xmlChar *)score->amounts[i].name,
                            (const xmlChar *)score->amounts[i].value);
    }
}

static void xml_score(xmlNode *list, const struct sched_score *score)
{
    static const char *const elements[] = {"node_weight", "promotion_score", "capacity", "utilization"};
    xmlNode *xml = hf_xml_add(list, elements[score->kind]);
    char text[16];

    score_text(score->score, text);
    switch (score->kind) {
    case SCHED_ALLOCATION:
        hf_xml_set(xml, "function", score->stage);
        hf_xml_set(xml, "node", score->node);
        hf_xml_set(xml, "score", text);
        hf_xml_set(xml, "id", score->resource);
        break;
    case SCHED_PROMOTION:
        hf_xml_set(xml, "id", score->resource);
        hf_xml_set(xml, "score", text);
        hf_xml_set(xml, "node", score->node);
        break;
    case SCHED_CAPACITY:
        hf_xml_set(xml, "node", score->node);
        hf_xml_set(xml, "comment", score->stage);
        xml_amounts(xml, score);
        break;
    case SCHED_UTILIZATION:
        hf_xml_set(xml, "resource", score->resource);
        hf_xml_set(xml, "node", score->node);
        hf_xml_set(xml, "function", score->stage);
        xml_amounts(xml, score);
        break;
    }
}

static void xml_scores(const struct simulation *s, xmlNode *root, struct sched_output *decision)
{
    const struct simulate_options *o = s->options;
    int n;
    const struct sched_score *scores = sched_scores(decision, &n);
    xmlNode *list;

    if (!o->scores && !o->utilization)
        return;
    list = hf_xml_add(root, o->scores && o->utilization ? "allocations_utilizations"
                            : o->scores                 ? "allocations"
                                                        : "utilizations");
    for (int i = 0; i < n; i++)
        xml_score(list, &scores[i]);
}

static void xml_resource_change(xmlNode *xml, const struct sched_change *c)
{
    bool same_role = strcmp(c->role, c->next_role) == 0;
    bool same_node = c->from != NULL && c->to != NULL && strcmp(c->from, c->to) == 0;
    char action[16];
    size_t i;

    for (i = 0; c->what[i] != '\0' && i + 1 < sizeof(action); i++)
        action[i] = (char)(c->what[i] >= 'A' && c->what[i] <= 'Z' ? c->what[i] + ('a' - 'A') : c->what[i]);
    action[i] = '\0';
    hf_xml_set(xml, "action", action);
    hf_xml_set(xml, "resource", c->resource);
    if (c->show_roles || (c->from != NULL && c->to != NULL && !same_role)) {
        hf_xml_set(xml, "role", c->role);
        if (!same_role && c->to != NULL)
            hf_xml_set(xml, "next-role", c->next_role);
    }
    if (c->from == NULL)
        hf_xml_set(xml, c->show_roles ? "dest" : "node", c->to);
    else if (c->to == NULL)
        hf_xml_set(xml, "node", c->from);
    else
        hf_xml_set(xml, "source", c->from);
    if (c->from != NULL && c->to != NULL && !same_node)
        hf_xml_set(xml, "dest", c->to);
    hf_xml_set(xml, "reason", c->reason);
    if (c->blocked)
        set_bool(xml, "blocked", true);
}

static void xml_changes(xmlNode *root, struct sched_output *decision)
{
    int n;
    const struct sched_change *changes = sched_changes(decision, &n);
    xmlNode *list = hf_xml_add(root, "actions");

    for (int i = 0; i < n; i++) {
        if (changes[i].resource != NULL) {
            xml_resource_change(hf_xml_add(list, "rsc_action"), &changes[i]);
            continue;
        }
        xmlNode *xml = hf_xml_add(list, "node_action");
        if (changes[i].how != NULL)
            hf_xml_setf(xml, "task", "%s (%s)", changes[i].what, changes[i].how);
        else
            hf_xml_set(xml, "task", changes[i].what);
        if (changes[i].launcher != NULL)
            hf_xml_setf(xml, "node", "%s (resource: %s)", changes[i].to, changes[i].launcher);
        else
            hf_xml_set(xml, "node", changes[i].to);
        hf_xml_set(xml, "reason", changes[i].reason);
    }
}

static void xml_step(xmlNode *list, const struct simulate_step *step)
{
    static const char *const elements[] = {"pseudo_action", "rsc_action", "fencing_action", "cluster_action"};
    const struct graph_action *action = step->action;
    xmlNode *xml = hf_xml_add(list, elements[action->kind]);
    const char *how = graph_attr_get(action, "CRM_meta_stonith_action");

    switch (action->kind) {
    case GRAPH_PSEUDO:
        hf_xml_set(xml, "task", action->key);
        hf_xml_set(xml, "node", action->node_name);
        break;
    case GRAPH_RSC_OP:
        hf_xml_set(xml, "resource", step->resource);
        hf_xml_set(xml, "op", action->task);
        hf_xml_set(xml, "node", action->node_name);
        if (action->interval_ms > 0)
            hf_xml_setf(xml, "interval", "%lld", (long long)action->interval_ms);
        break;
    case GRAPH_FENCE:
        hf_xml_set(xml, "target", action->node_name);
        hf_xml_set(xml, "op", how == NULL ? "reboot" : how);
        break;
    case GRAPH_EVENT:
        hf_xml_set(xml, "task", action->task);
        hf_xml_set(xml, "node", action->node_name);
        if (action->resource != NULL)
            hf_xml_set(xml, "id", action->resource->id);
        break;
    }
}

static void xml_round(const struct simulation *s, xmlNode *root, const struct simulate_round *round)
{
    if (round->decision == NULL)
        return;
    xml_scores(s, root, round->decision);
    if (!s->options->quiet)
        xml_changes(root, round->decision);
    if (!s->options->simulate || s->options->quiet)
        return;
    xmlNode *list = hf_xml_add(root, "transition");
    for (int i = 0; i < round->n_steps; i++)
        xml_step(list, &round->steps[i]);
}

char *simulate_xml(struct simulation *s, int argc, char **argv, int code)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *doc = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *root = xmlNewDocNode(doc, NULL, (const xmlChar *)"pacemaker-result", NULL), *status;
    HF_CLEANUP(hf_buf_free) struct hf_buf request = {0};

    xmlDocSetRootElement(doc, root);
    for (int i = 0; i < argc; i++)
        hf_buf_printf(&request, "%s%s", i > 0 ? " " : "", argv[i]);
    hf_xml_set(root, "api-version", "2.30");
    hf_xml_set(root, "request", hf_buf_text(&request));
    xml_status(s, root, "cluster_status", s->before);
    for (int i = 0; !s->options->quiet && i < s->notes.n; i++)
        xml_note(root, &s->notes.at[i]);
    for (int i = 0; i < s->n_rounds; i++)
        xml_round(s, root, &s->rounds[i]);
    xml_status(s, root, "revised_cluster_status", s->after);
    status = hf_xml_add(root, "status");
    hf_xml_setf(status, "code", "%d", code);
    hf_xml_set(status, "message", code == HF_OK ? "OK" : "Error occurred");
    char *text = hf_xml_text(root, true), *whole = hf_asprintf("%s\n", text);
    free(text);
    return whole;
}

/* --- JSON --- */

static void json_status(struct hf_writer *w, const char *key, const struct sched_output *output)
{
    if (output == NULL)
        return;
    hf_write_object(w, key);
    status_write_model(w, sched_status(output));
    hf_write_end(w);
}

static void json_notes(struct hf_writer *w, const struct simulate_notes *notes)
{
    static const char *const kinds[] = {
        [NOTE_QUORUM] = "quorum", [NOTE_WATCHDOG] = "watchdog",   [NOTE_NODE] = "node",
        [NOTE_TICKET] = "ticket", [NOTE_OPERATION] = "operation", [NOTE_ATTRIBUTE] = "attribute",
        [NOTE_FILE] = "file",
    };

    hf_write_list(w, "what-if");
    for (int i = 0; i < notes->n; i++) {
        const struct simulate_note *note = &notes->at[i];
        hf_write_object(w, NULL);
        hf_write_string(w, "kind", NULL, kinds[note->kind]);
        if (note->action != NULL)
            hf_write_string(w, "action", NULL, note->action);
        if (note->subject != NULL)
            hf_write_string(w, "subject", NULL, note->subject);
        if (note->name != NULL)
            hf_write_string(w, "name", NULL, note->name);
        if (note->value != NULL)
            hf_write_string(w, "value", NULL, note->value);
        hf_write_end(w);
    }
    hf_write_end(w);
}

static void json_changes(struct hf_writer *w, struct sched_output *decision)
{
    int n;
    const struct sched_change *changes = sched_changes(decision, &n);

    hf_write_list(w, "summary");
    for (int i = 0; i < n; i++) {
        const struct sched_change *c = &changes[i];
        hf_write_object(w, NULL);
        hf_write_string(w, "change", NULL, c->what);
        if (c->resource != NULL) {
            hf_write_string(w, "resource", NULL, c->resource);
            hf_write_string(w, "from", NULL, c->from);
            hf_write_string(w, "to", NULL, c->to);
            hf_write_string(w, "role", NULL, c->role);
            hf_write_string(w, "next-role", NULL, c->next_role);
            hf_write_bool(w, "blocked", NULL, c->blocked);
        } else {
            hf_write_string(w, "node", NULL, c->to);
        }
        if (c->how != NULL)
            hf_write_string(w, "how", NULL, c->how);
        hf_write_string(w, "reason", NULL, c->reason);
        hf_write_end(w);
    }
    hf_write_end(w);
}

static void json_scores(struct hf_writer *w, const struct sched_output *decision)
{
    int n;
    const struct sched_score *scores = sched_scores(decision, &n);
    static const char *const kinds[] = {"allocation", "promotion", "capacity", "utilization"};

    if (n == 0)
        return;
    hf_write_list(w, "scores");
    for (int i = 0; i < n; i++) {
        char text[16];
        hf_write_object(w, NULL);
        hf_write_string(w, "kind", NULL, kinds[scores[i].kind]);
        if (scores[i].stage != NULL)
            hf_write_string(w, "stage", NULL, scores[i].stage);
        if (scores[i].resource != NULL)
            hf_write_string(w, "resource", NULL, scores[i].resource);
        hf_write_string(w, "node", NULL, scores[i].node);
        score_text(scores[i].score, text);
        if (scores[i].kind == SCHED_ALLOCATION || scores[i].kind == SCHED_PROMOTION)
            hf_write_string(w, "score", NULL, text);
        for (int a = 0; a < scores[i].n_amounts; a++)
            hf_write_string(w, scores[i].amounts[a].name, NULL, scores[i].amounts[a].value);
        hf_write_end(w);
    }
    hf_write_end(w);
}

static void json_steps(struct hf_writer *w, const struct simulate_round *round)
{
    static const char *const kinds[] = {"pseudo", "resource", "fencing", "cluster"};

    hf_write_list(w, "actions");
    for (int i = 0; i < round->n_steps; i++) {
        const struct simulate_step *step = &round->steps[i];
        hf_write_object(w, NULL);
        hf_write_int(w, "id", NULL, step->action->id);
        hf_write_string(w, "kind", NULL, kinds[step->action->kind]);
        hf_write_string(w, "task", NULL, step->action->task);
        hf_write_string(w, "key", NULL, step->action->key);
        if (step->resource != NULL)
            hf_write_string(w, "resource", NULL, step->resource);
        hf_write_string(w, "node", NULL, step->action->node_name);
        hf_write_int(w, "interval-ms", NULL, step->action->interval_ms);
        hf_write_int(w, "rc", NULL, step->rc);
        hf_write_bool(w, "failed", NULL, step->failed);
        hf_write_end(w);
    }
    hf_write_end(w);
}

char *simulate_json(const struct simulation *s)
{
    struct hf_writer *w = hf_writer_new(HF_WRITER_JSON);
    char *text;

    hf_write_int(w, "time", NULL, s->now);
    json_status(w, "before", s->before);
    json_notes(w, &s->notes);
    hf_write_list(w, "decisions");
    for (int i = 0; i < s->n_rounds; i++) {
        if (s->rounds[i].decision == NULL)
            continue;
        hf_write_object(w, NULL);
        json_scores(w, s->rounds[i].decision);
        json_changes(w, s->rounds[i].decision);
        if (s->options->simulate)
            json_steps(w, &s->rounds[i]);
        hf_write_end(w);
    }
    hf_write_end(w);
    hf_write_list(w, "not-done");
    for (int i = 0; s->options->simulate && s->fired != NULL && i < s->options->changes.op_fail.n; i++)
        if (!s->fired[i] && strstr(s->options->changes.op_fail.at[i], ":monitor") == NULL)
            hf_write_string(w, NULL, NULL, s->options->changes.op_fail.at[i]);
    hf_write_end(w);
    json_status(w, "after", s->after);
    text = hf_writer_finish(w);
    hf_writer_free(w);
    return text;
}
