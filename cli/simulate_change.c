/* simulate_change.c - see simulate_change.h. */
#include "cli/simulate_change.h"

#include <string.h>

#include "daemon/sched/history.h"
#include "lib/xml.h"

/* --- operations on the command line --- */

struct hf_error *simulate_op_parse(const char *text, struct simulate_op *op)
{
    const char *at = strchr(text, '@'), *equals = at == NULL ? NULL : strchr(at, '=');
    int64_t rc;

    memset(op, 0, sizeof(*op));
    if (equals == NULL || !hf_parse_int64(equals + 1, &rc))
        return hf_error_new(HF_USAGE, "\"%s\" is not an operation: expected RESOURCE_TASK_INTERVAL@NODE=RC",
                            text);
    HF_CLEANUP(hf_freep) char *key = hf_strndup(text, (size_t)(at - text));
    char *interval = strrchr(key, '_');
    if (interval == NULL || !hf_parse_int64(interval + 1, &op->interval_ms))
        return hf_error_new(HF_USAGE, "\"%s\": \"%s\" is not RESOURCE_TASK_INTERVAL", text, key);
    *interval = '\0';
    char *task = strrchr(key, '_');
    if (task != NULL && (strcmp(task, "_to") == 0 || strcmp(task, "_from") == 0))
        for (task--; task > key && *task != '_'; task--)
            continue;
    if (task == NULL || task == key)
        return hf_error_new(HF_USAGE, "\"%s\": \"%s\" names no task", text, key);
    op->resource = hf_strndup(key, (size_t)(task - key));
    op->task = hf_strdup(task + 1);
    op->node = hf_strndup(at + 1, (size_t)(equals - at - 1));
    op->rc = (int)rc;
    return NULL;
}

void simulate_op_free(struct simulate_op *op)
{
    free(op->resource);
    free(op->task);
    free(op->node);
}

bool simulate_changes_any(const struct simulate_changes *c)
{
    return c->node_up.n + c->node_down.n + c->node_fail.n + c->node_standby.n + c->ticket_grant.n +
                   c->ticket_revoke.n + c->ticket_standby.n + c->ticket_activate.n + c->op_inject.n >
               0 ||
           c->quorum != NULL || c->watchdog != NULL;
}

/* --- nodes --- */

static const char *node_id(const xmlNode *cib, const char *name)
{
    HF_XML_EACH (node, hf_xml_child(hf_xml_child(cib, "configuration"), "nodes"), "node")
        if (strcmp(hf_xml_get_or(node, "uname", ""), name) == 0)
            return hf_xml_get_or(node, "id", name);
    return name;
}

static xmlNode *set_state(xmlNode *cib, const char *node, bool up)
{
    xmlNode *state = history_node_state(cib, node_id(cib, node), node, false);

    hf_xml_set(state, "in_ccm", up ? "true" : "false");
    hf_xml_set(state, "crmd", up ? "online" : "offline");
    hf_xml_set(state, "join", up ? "member" : "down");
    hf_xml_set(state, "expected", up ? "member" : "down");
    return state;
}

void simulate_node_gone(xmlNode *cib, const char *node)
{
    xmlNode *state = set_state(cib, node, false);

    hf_xml_remove(hf_xml_child(state, "lrm"));
    hf_xml_remove(hf_xml_child(state, "transient_attributes"));
}

static xmlNode *add_set(xmlNode *parent, const char *name, const char *id)
{
    xmlNode *set = hf_xml_child(parent, name);

    if (set == NULL) {
        set = hf_xml_add(parent, name);
        hf_xml_set(set, "id", id);
    }
    return set;
}

static void set_pair(xmlNode *set, const char *name, const char *value)
{
    HF_XML_EACH (pair, set, "nvpair")
        if (strcmp(hf_xml_get_or(pair, "name", ""), name) == 0) {
            hf_xml_set(pair, "value", value);
            return;
        }
    xmlNode *pair = hf_xml_add(set, "nvpair");
    hf_xml_setf(pair, "id", "%s-%s", hf_xml_get_or(set, "id", "set"), name);
    hf_xml_set(pair, "name", name);
    hf_xml_set(pair, "value", value);
}

static void standby(xmlNode *cib, const char *name)
{
    HF_XML_EACH (node, hf_xml_child(hf_xml_child(cib, "configuration"), "nodes"), "node")
        if (strcmp(hf_xml_get_or(node, "uname", ""), name) == 0)
            set_pair(add_set(node, "instance_attributes", name), "standby", "on");
}

static void change_nodes(xmlNode *cib, const struct simulate_changes *changes, struct hf_buf *out)
{
    for (int i = 0; i < changes->node_up.n; i++) {
        hf_buf_printf(out, "  * Bringing node %s online\n", changes->node_up.at[i]);
        set_state(cib, changes->node_up.at[i], true);
    }
    for (int i = 0; i < changes->node_down.n; i++) {
        hf_buf_printf(out, "  * Taking node %s offline\n", changes->node_down.at[i]);
        simulate_node_gone(cib, changes->node_down.at[i]);
    }
    for (int i = 0; i < changes->node_fail.n; i++) {
        hf_buf_printf(out, "  * Failing node %s\n", changes->node_fail.at[i]);
        hf_xml_set(set_state(cib, changes->node_fail.at[i], true), "in_ccm", "false");
    }
    for (int i = 0; i < changes->node_standby.n; i++) {
        hf_buf_printf(out, "  * Putting node %s in standby\n", changes->node_standby.at[i]);
        standby(cib, changes->node_standby.at[i]);
    }
}

/* --- tickets, operations --- */

static void change_tickets(xmlNode *cib, const struct simulate_list *list, const char *format,
                           const char *name, const char *value, struct hf_buf *out)
{
    for (int i = 0; i < list->n; i++) {
        xmlNode *tickets = hf_xml_ensure(hf_xml_ensure(cib, "status"), "tickets");
        xmlNode *state = hf_xml_child_by_id(tickets, "ticket_state", list->at[i]);
        if (state == NULL) {
            state = hf_xml_add(tickets, "ticket_state");
            hf_xml_set(state, "id", list->at[i]);
        }
        hf_xml_set(state, name, value);
        hf_buf_puts(out, "  * ");
        for (const char *c = format; *c != '\0'; c++) {
            if (*c == '%')
                hf_buf_puts(out, list->at[i]);
            else
                hf_buf_putc(out, *c);
        }
        hf_buf_putc(out, '\n');
    }
}

static void inject_attribute(xmlNode *cib, const char *node, const char *name, const char *value,
                             struct hf_buf *out)
{
    if (out != NULL)
        hf_buf_printf(out, "  * Injecting attribute %s=%s into %s\n", name, value, node);
    history_attribute(cib, node_id(cib, node), node, name, value);
}

static const char *transient(const xmlNode *cib, const char *node, const char *name)
{
    HF_XML_EACH (state, hf_xml_child(cib, "status"), "node_state") {
        if (strcmp(hf_xml_get_or(state, "uname", ""), node) != 0)
            continue;
        HF_XML_EACH (set, hf_xml_child(state, "transient_attributes"), "instance_attributes") {
            HF_XML_EACH (pair, set, "nvpair")
                if (strcmp(hf_xml_get_or(pair, "name", ""), name) == 0)
                    return hf_xml_get(pair, "value");
        }
    }
    return NULL;
}

void simulate_failcount(xmlNode *cib, const char *node, const struct simulate_op *op, bool infinity,
                        int64_t now, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf name = {0}, value = {0};
    int64_t count = 0;

    if (op->rc == 0 || (op->rc == 7 && op->interval_ms == 0))
        return;
    hf_buf_printf(&name, "fail-count-%s#%s_%lld", op->resource, op->task, (long long)op->interval_ms);
    const char *old = transient(cib, node, hf_buf_text(&name));
    if (old == NULL || !hf_parse_int64(old, &count))
        count = 0;
    if (infinity)
        hf_buf_puts(&value, "INFINITY");
    else
        hf_buf_printf(&value, "%lld", (long long)count + 1);
    inject_attribute(cib, node, hf_buf_text(&name), hf_buf_text(&value), out);
    hf_buf_reset(&name);
    hf_buf_reset(&value);
    hf_buf_printf(&name, "last-failure-%s#%s_%lld", op->resource, op->task, (long long)op->interval_ms);
    hf_buf_printf(&value, "%lld", (long long)now);
    inject_attribute(cib, node, hf_buf_text(&name), hf_buf_text(&value), out);
}

/* The <primitive> that name (maybe with :N) is an instance of. */
static xmlNode *find_primitive(const xmlNode *parent, const char *name)
{
    size_t length = strcspn(name, ":");

    HF_XML_EACH_ANY (child, parent) {
        const char *id = hf_xml_get_or(child, "id", "");
        if (hf_xml_is(child, "primitive") && strlen(id) == length && strncmp(id, name, length) == 0)
            return child;
        xmlNode *found = hf_xml_is(child, "primitive") ? NULL : find_primitive(child, name);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static bool start_failure_is_fatal(const xmlNode *cib)
{
    bool fatal = true;

    HF_XML_EACH (set, hf_xml_child(hf_xml_child(cib, "configuration"), "crm_config"),
                 "cluster_property_set") {
        HF_XML_EACH (pair, set, "nvpair")
            if (strcmp(hf_xml_get_or(pair, "name", ""), "start-failure-is-fatal") == 0)
                hf_parse_bool(hf_xml_get(pair, "value"), &fatal);
    }
    return fatal;
}

static struct hf_error *inject_op(xmlNode *cib, const char *text, int64_t now, struct hf_buf *out)
{
    struct simulate_op op;
    struct hf_error *error = simulate_op_parse(text, &op);

    if (error != NULL)
        return error;
    hf_buf_printf(out, "  * Injecting %s into the configuration\n", text);
    const xmlNode *xml =
        find_primitive(hf_xml_child(hf_xml_child(cib, "configuration"), "resources"), op.resource);
    if (xml == NULL) {
        error = hf_error_new(HF_REFUSED, "there is no resource %s", op.resource);
        simulate_op_free(&op);
        return error;
    }
    struct graph_resource resource = {op.resource, NULL, hf_xml_get(xml, "class"),
                                      hf_xml_get(xml, "provider"), hf_xml_get(xml, "type")};
    struct history_op record = {.resource = &resource,
                                .task = op.task,
                                .interval_ms = op.interval_ms,
                                .node_name = op.node,
                                .node_id = node_id(cib, op.node),
                                .rc = op.rc,
                                .run = now,
                                .changed = now,
                                .exit_reason = "Simulated action result"};
    bool infinity =
        strcmp(op.task, "stop") == 0 || (strcmp(op.task, "start") == 0 && start_failure_is_fatal(cib));
    simulate_failcount(cib, op.node, &op, infinity, now, out);
    history_record(cib, &record);
    simulate_op_free(&op);
    return NULL;
}

struct hf_error *simulate_change(xmlDoc *doc, const struct simulate_changes *changes, int64_t now,
                                 struct hf_buf *out)
{
    xmlNode *cib = xmlDocGetRootElement(doc);

    hf_buf_puts(out, "Performing Requested Modifications:\n");
    if (changes->quorum != NULL) {
        hf_buf_printf(out, "  * Setting quorum: %s\n", changes->quorum);
        hf_xml_set(cib, "have-quorum", changes->quorum);
    }
    if (changes->watchdog != NULL) {
        xmlNode *config = hf_xml_ensure(hf_xml_ensure(cib, "configuration"), "crm_config");
        hf_buf_printf(out, "  * Setting watchdog: %s\n", changes->watchdog);
        set_pair(add_set(config, "cluster_property_set", "cib-bootstrap-options"), "have-watchdog",
                 changes->watchdog);
    }
    change_nodes(cib, changes, out);
    change_tickets(cib, &changes->ticket_grant, "Granting ticket %", "granted", "true", out);
    change_tickets(cib, &changes->ticket_revoke, "Revoking ticket %", "granted", "false", out);
    change_tickets(cib, &changes->ticket_standby, "Making ticket % standby", "standby", "true", out);
    change_tickets(cib, &changes->ticket_activate, "Activating ticket %", "standby", "false", out);
    for (int i = 0; i < changes->op_inject.n; i++) {
        struct hf_error *error = inject_op(cib, changes->op_inject.at[i], now, out);
        if (error != NULL)
            return error;
    }
    return NULL;
}
