/* history.c - see history.h. */
#include "daemon/sched/history.h"

#include <string.h>

#include "lib/xml.h"

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

xmlNode *history_node_state(xmlNode *cib, const char *node_id, const char *node_name, bool remote)
{
    xmlNode *status = hf_xml_ensure(cib, "status");

    HF_XML_EACH (state, status, "node_state")
        if (same(hf_xml_get(state, "uname"), node_name))
            return state;
    HF_XML_EACH (state, status, "node_state")
        if (same(hf_xml_get(state, "id"), node_id)) {
            hf_xml_set(state, "uname", node_name);
            return state;
        }
    xmlNode *state = hf_xml_add(status, "node_state");
    hf_xml_set(state, "id", node_id != NULL ? node_id : node_name);
    hf_xml_set(state, "uname", node_name);
    if (remote)
        hf_xml_set(state, "remote_node", "true");
    return state;
}

const xmlNode *history_resource(const xmlNode *node_state, const char *resource)
{
    const xmlNode *list = hf_xml_child(hf_xml_child(node_state, "lrm"), "lrm_resources");

    return hf_xml_child_by_id(list, "lrm_resource", resource);
}

const xmlNode *history_last(const xmlNode *lrm_resource)
{
    HF_CLEANUP(hf_freep) char *id = hf_asprintf("%s_last_0", hf_xml_get_or(lrm_resource, "id", ""));

    return hf_xml_child_by_id(lrm_resource, "lrm_rsc_op", id);
}

static xmlNode *resource_entry(xmlNode *state, const struct history_op *op)
{
    const struct graph_resource *rsc = op->resource;
    xmlNode *lrm = hf_xml_ensure(state, "lrm");
    xmlNode *list = hf_xml_ensure(lrm, "lrm_resources"), *entry = NULL;

    if (hf_xml_get(lrm, "id") == NULL)
        hf_xml_set(lrm, "id", hf_xml_get(state, "id"));
    if (op->history_name != NULL)
        entry = hf_xml_child_by_id(list, "lrm_resource", op->history_name);
    if (entry == NULL)
        entry = hf_xml_child_by_id(list, "lrm_resource", rsc->id);
    if (entry != NULL)
        return entry;
    entry = hf_xml_add(list, "lrm_resource");
    hf_xml_set(entry, "id", rsc->id);
    hf_xml_set(entry, "class", rsc->class_);
    hf_xml_set(entry, "provider", rsc->provider);
    hf_xml_set(entry, "type", rsc->type);
    return entry;
}

static int next_call_id(const xmlNode *entry)
{
    int64_t highest = 0, value;

    HF_XML_EACH_ANY (op, entry)
        if (hf_parse_int64(hf_xml_get_or(op, "call-id", ""), &value) && value > highest)
            highest = value;
    return (int)highest + 1;
}

static bool is_migration(const char *task)
{
    return same(task, "migrate_to") || same(task, "migrate_from");
}

/* A result that counts as a failure; what is under way or was cancelled does not. */
static bool failed(const struct history_op *op)
{
    switch (op->status) {
    case -1:
    case 1:
        return false;
    case 0:
        break;
    default:
        return true;
    }
    return op->rc != op->target_rc && !(op->rc == 190 && op->target_rc == 0) &&
           !(op->rc == 191 && op->target_rc == 8);
}

struct entry {
    const char *task, *key, *transition_key, *transition_magic, *exit_reason;
    int call_id;
};

static void write_times(xmlNode *xml, const struct history_op *op)
{
    if (op->run <= 0 && op->changed <= 0)
        return;
    hf_xml_setf(xml, "last-rc-change", "%lld",
                (long long)(op->interval_ms > 0 && op->changed > 0 ? op->changed : op->run));
    hf_xml_setf(xml, "exec-time", "%lld", (long long)op->exec_ms);
    hf_xml_setf(xml, "queue-time", "%lld", (long long)op->queue_ms);
}

static void write_digests(xmlNode *xml, const struct history_op *op)
{
    hf_xml_set(xml, "op-digest", op->digest);
    hf_xml_set(xml, "op-force-restart", op->restart_list);
    hf_xml_set(xml, "op-restart-digest", op->restart_digest);
    hf_xml_set(xml, "op-secure-params", op->secure_list);
    hf_xml_set(xml, "op-secure-digest", op->secure_digest);
    hf_xml_set(xml, HISTORY_DIGESTS, op->runs_with ? HISTORY_START : NULL);
}

static void write_move(xmlNode *xml, const struct history_op *op)
{
    hf_xml_set(xml, HISTORY_TERM, NULL);
    if (op->term > 0)
        hf_xml_setf(xml, HISTORY_TERM, "%llu", (unsigned long long)op->term);
    hf_xml_set(xml, HISTORY_MOVED, op->moved ? HISTORY_GUARD : NULL);
}

static xmlNode *write_op(xmlNode *resource, const char *id, const struct history_op *op,
                         const struct entry *entry)
{
    xmlNode *xml = hf_xml_child_by_id(resource, "lrm_rsc_op", id);

    if (xml == NULL)
        xml = hf_xml_add(resource, "lrm_rsc_op");
    hf_xml_set(xml, "id", id);
    hf_xml_set(xml, "operation_key", entry->key);
    hf_xml_set(xml, "operation", entry->task);
    hf_xml_set(xml, "crm_feature_set", op->feature_set);
    hf_xml_set(xml, "transition-key", entry->transition_key);
    hf_xml_set(xml, "transition-magic", entry->transition_magic);
    hf_xml_set(xml, "exit-reason", entry->exit_reason);
    hf_xml_set(xml, "on_node", op->node_name);
    hf_xml_setf(xml, "call-id", "%d", entry->call_id);
    hf_xml_setf(xml, "rc-code", "%d", op->rc);
    hf_xml_setf(xml, "op-status", "%d", op->status);
    hf_xml_setf(xml, "interval", "%lld", (long long)op->interval_ms);
    write_times(xml, op);
    if (is_migration(op->task)) {
        hf_xml_set(xml, "migrate_source", op->migrate_source);
        hf_xml_set(xml, "migrate_target", op->migrate_target);
    }
    write_digests(xml, op);
    write_move(xml, op);
    return xml;
}

/* A reload is remembered as a start that brought the new parameters, or, failed, as a failed monitor. */
static const char *recorded_task(const struct history_op *op)
{
    if (same(op->task, "reload") || same(op->task, "reload-agent"))
        return op->status == 0 ? "start" : "monitor";
    return op->task;
}

xmlNode *history_record(xmlNode *cib, const struct history_op *op)
{
    xmlNode *state = history_node_state(cib, op->parent_id != NULL ? op->parent_id : op->node_id,
                                        op->node_name, op->parent_id != NULL);
    xmlNode *resource = resource_entry(state, op);
    HF_CLEANUP(hf_buf_free)
    struct hf_buf key = {0}, transition_key = {0}, magic = {0}, last = {0}, failure = {0};
    struct entry entry = {.task = recorded_task(op),
                          .exit_reason = "",
                          .call_id = op->call_id != 0 ? op->call_id : next_call_id(resource)};
    bool is_failure = failed(op) && !is_migration(op->task) && op->notify_key == NULL;

    hf_buf_printf(&key, "%s_%s_%lld", op->resource->id, entry.task, (long long)op->interval_ms);
    hf_buf_printf(&transition_key, "%d:-1:%d:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", entry.call_id,
                  op->target_rc);
    hf_buf_printf(&last, "%s_last_0", op->resource->id);
    hf_buf_printf(&failure, "%s_last_failure_0", op->resource->id);
    entry.key = hf_buf_text(&key);
    entry.transition_key = op->transition_key != NULL ? op->transition_key : hf_buf_text(&transition_key);
    hf_buf_printf(&magic, "%d:%d;%s", op->status, op->rc, entry.transition_key);
    entry.transition_magic = op->transition_magic != NULL ? op->transition_magic : hf_buf_text(&magic);
    if (is_failure && op->exit_reason != NULL)
        entry.exit_reason = op->exit_reason;
    if (op->notify_key != NULL)
        return write_op(resource, op->notify_key, op, &entry);
    if (is_migration(op->task) || (op->interval_ms > 0 && !is_failure))
        return write_op(resource, entry.key, op, &entry);
    if (!is_failure)
        return write_op(resource, hf_buf_text(&last), op, &entry);
    xmlNode *written = write_op(resource, hf_buf_text(&failure), op, &entry);
    return op->interval_ms == 0 ? write_op(resource, hf_buf_text(&last), op, &entry) : written;
}

void history_attribute(xmlNode *cib, const char *node_id, const char *node_name, const char *name,
                       const char *value)
{
    xmlNode *state = history_node_state(cib, node_id, node_name, false);
    xmlNode *transient = hf_xml_ensure(state, "transient_attributes");
    xmlNode *set = hf_xml_ensure(transient, "instance_attributes");
    const char *id = hf_xml_get_or(state, "id", "");

    if (hf_xml_get(transient, "id") == NULL)
        hf_xml_set(transient, "id", id);
    if (hf_xml_get(set, "id") == NULL)
        hf_xml_setf(set, "id", "status-%s", id);
    xmlNode *pair = NULL;
    HF_XML_EACH (candidate, set, "nvpair")
        if (same(hf_xml_get(candidate, "name"), name))
            pair = candidate;
    if (value == NULL) {
        hf_xml_remove(pair);
        return;
    }
    if (pair == NULL) {
        pair = hf_xml_add(set, "nvpair");
        hf_xml_setf(pair, "id", "status-%s-%s", id, name);
        hf_xml_set(pair, "name", name);
    }
    hf_xml_set(pair, "value", value);
}
