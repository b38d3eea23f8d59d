/* simulate_change.c - see simulate_change.h. */
#include "cli/simulate_change.h"

#include <string.h>

#include "daemon/sched/history.h"
#include "lib/xml.h"

/* --- notes --- */

static char *copy(const char *text)
{
    return text == NULL ? NULL : hf_strdup(text);
}

static void note(struct simulate_notes *notes, enum simulate_note_kind kind, const char *action,
                 const char *subject, const char *name, const char *value)
{
    if (notes->n == notes->capacity) {
        notes->capacity = notes->capacity == 0 ? 8 : 2 * notes->capacity;
        notes->at = hf_realloc(notes->at, (size_t)notes->capacity, sizeof(*notes->at));
    }
    notes->at[notes->n++] = (struct simulate_note){kind, action, copy(subject), copy(name), copy(value)};
}

static void node_text(const struct simulate_note *note, struct hf_buf *out)
{
    static const struct {
        const char *action, *before, *after;
    } words[] = {{"Online", "Bringing node ", " online"},
                 {"Offline", "Taking node ", " offline"},
                 {"Failing", "Failing node ", ""},
                 {"Standby", "Putting node ", " in standby"}};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(words); i++)
        if (strcmp(words[i].action, note->action) == 0)
            hf_buf_printf(out, "%s%s%s", words[i].before, note->subject, words[i].after);
}

void simulate_note_text(const struct simulate_note *note, struct hf_buf *out)
{
    hf_buf_puts(out, "  * ");
    switch (note->kind) {
    case NOTE_QUORUM:
        hf_buf_printf(out, "Setting quorum: %s", note->value);
        break;
    case NOTE_WATCHDOG:
        hf_buf_printf(out, "Setting watchdog: %s", note->value);
        break;
    case NOTE_NODE:
        node_text(note, out);
        break;
    case NOTE_TICKET:
        if (strcmp(note->action, "Standby") == 0)
            hf_buf_printf(out, "Making ticket %s standby", note->subject);
        else
            hf_buf_printf(out, "%s ticket %s", note->action, note->subject);
        break;
    case NOTE_OPERATION:
        hf_buf_printf(out, "Injecting %s into the configuration", note->subject);
        break;
    case NOTE_ATTRIBUTE:
        hf_buf_printf(out, "Injecting attribute %s=%s into /node_state '%s'", note->name, note->value,
                      note->subject);
        break;
    case NOTE_FILE:
        hf_buf_printf(out, "Changing the configuration by %s",
                      strcmp(note->subject, "-") == 0 ? "standard input" : note->subject);
        break;
    }
    hf_buf_putc(out, '\n');
}

void simulate_notes_free(struct simulate_notes *notes)
{
    for (int i = 0; i < notes->n; i++) {
        free(notes->at[i].subject);
        free(notes->at[i].name);
        free(notes->at[i].value);
    }
    free(notes->at);
    *notes = (struct simulate_notes){0};
}

/* --- operations on the command line --- */

#define EXPECTED_OP "expected RESOURCE_TASK_INTERVAL@NODE=RC or RESOURCE:TASK@NODE"

/* RESOURCE:TASK or RESOURCE:TASK_INTERVAL, before the "@". */
static struct hf_error *parse_what_if(const char *text, char *key, struct simulate_op *op)
{
    char *colon = strrchr(key, ':');

    if (colon == NULL || colon == key || colon[1] == '\0')
        return hf_error_new(HF_USAGE, "\"%s\" is not an operation: " EXPECTED_OP, text);
    *colon = '\0';
    char *interval = strrchr(colon + 1, '_');
    op->interval_ms = -1;
    if (interval != NULL && hf_parse_int64(interval + 1, &op->interval_ms))
        *interval = '\0';
    op->resource = hf_strdup(key);
    op->task = hf_strdup(colon + 1);
    op->rc = 1;
    op->what_if = true;
    return NULL;
}

/* RESOURCE_TASK_INTERVAL; tasks with an underscore are migrate_to and migrate_from. */
static struct hf_error *parse_key(const char *text, char *key, struct simulate_op *op)
{
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
    return NULL;
}

struct hf_error *simulate_op_parse(const char *text, struct simulate_op *op)
{
    const char *at = strrchr(text, '@'), *equals = at == NULL ? NULL : strchr(at, '=');
    int64_t rc;

    memset(op, 0, sizeof(*op));
    if (at == NULL || at == text || at[1] == '\0' || (equals != NULL && !hf_parse_int64(equals + 1, &rc)))
        return hf_error_new(HF_USAGE, "\"%s\" is not an operation: " EXPECTED_OP, text);
    HF_CLEANUP(hf_freep) char *key = hf_strndup(text, (size_t)(at - text));
    struct hf_error *error = equals == NULL ? parse_what_if(text, key, op) : parse_key(text, key, op);
    if (error != NULL)
        return error;
    op->node = equals == NULL ? hf_strdup(at + 1) : hf_strndup(at + 1, (size_t)(equals - at - 1));
    if (equals != NULL)
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
                   c->ticket_revoke.n + c->ticket_standby.n + c->ticket_activate.n + c->op_inject.n +
                   c->op_fail.n + c->files.n >
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

/* Whether a resource makes a remote or guest node of this name. */
static bool makes_node(const xmlNode *parent, const char *name)
{
    HF_XML_EACH_ANY (child, parent) {
        if ((hf_xml_is(child, "primitive") && strcmp(hf_xml_get_or(child, "type", ""), "remote") == 0 &&
             strcmp(hf_xml_get_or(child, "id", ""), name) == 0) ||
            (hf_xml_is(child, "nvpair") && strcmp(hf_xml_get_or(child, "name", ""), "remote-node") == 0 &&
             strcmp(hf_xml_get_or(child, "value", ""), name) == 0) ||
            makes_node(child, name))
            return true;
    }
    return false;
}

/* A misspelt name would change nothing that is meant. */
static struct hf_error *known_node(const xmlNode *cib, const char *name)
{
    const xmlNode *configuration = hf_xml_child(cib, "configuration");

    HF_XML_EACH (node, hf_xml_child(configuration, "nodes"), "node")
        if (strcmp(hf_xml_get_or(node, "uname", ""), name) == 0)
            return NULL;
    HF_XML_EACH (state, hf_xml_child(cib, "status"), "node_state")
        if (strcmp(hf_xml_get_or(state, "uname", ""), name) == 0)
            return NULL;
    if (makes_node(hf_xml_child(configuration, "resources"), name))
        return NULL;
    return hf_error_new(HF_REFUSED, "there is no node %s", name);
}

static struct hf_error *known_nodes(const xmlNode *cib, const struct simulate_changes *changes)
{
    const struct simulate_list *lists[] = {&changes->node_up, &changes->node_down, &changes->node_fail,
                                           &changes->node_standby};
    struct hf_error *error = NULL;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(lists); i++)
        for (int j = 0; error == NULL && j < lists[i]->n; j++)
            error = known_node(cib, lists[i]->at[j]);
    return error;
}

static void change_nodes(xmlNode *cib, const struct simulate_changes *changes, struct simulate_notes *notes)
{
    for (int i = 0; i < changes->node_up.n; i++) {
        note(notes, NOTE_NODE, "Online", changes->node_up.at[i], NULL, NULL);
        set_state(cib, changes->node_up.at[i], true);
    }
    for (int i = 0; i < changes->node_down.n; i++) {
        note(notes, NOTE_NODE, "Offline", changes->node_down.at[i], NULL, NULL);
        simulate_node_gone(cib, changes->node_down.at[i]);
    }
    for (int i = 0; i < changes->node_fail.n; i++) {
        note(notes, NOTE_NODE, "Failing", changes->node_fail.at[i], NULL, NULL);
        hf_xml_set(set_state(cib, changes->node_fail.at[i], true), "in_ccm", "false");
    }
    for (int i = 0; i < changes->node_standby.n; i++) {
        note(notes, NOTE_NODE, "Standby", changes->node_standby.at[i], NULL, NULL);
        standby(cib, changes->node_standby.at[i]);
    }
}

/* --- tickets, operations --- */

static void change_tickets(xmlNode *cib, const struct simulate_list *list, const char *action,
                           const char *name, const char *value, struct simulate_notes *notes)
{
    for (int i = 0; i < list->n; i++) {
        xmlNode *tickets = hf_xml_ensure(hf_xml_ensure(cib, "status"), "tickets");
        xmlNode *state = hf_xml_child_by_id(tickets, "ticket_state", list->at[i]);
        if (state == NULL) {
            state = hf_xml_add(tickets, "ticket_state");
            hf_xml_set(state, "id", list->at[i]);
        }
        hf_xml_set(state, name, value);
        note(notes, NOTE_TICKET, action, list->at[i], NULL, NULL);
    }
}

static void inject_attribute(xmlNode *cib, const char *node, const char *name, const char *value,
                             struct simulate_notes *notes)
{
    note(notes, NOTE_ATTRIBUTE, NULL, node_id(cib, node), name, value);
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
                        int64_t now, struct simulate_notes *notes)
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
    inject_attribute(cib, node, hf_buf_text(&name), hf_buf_text(&value), notes);
    hf_buf_reset(&name);
    hf_buf_reset(&value);
    hf_buf_printf(&name, "last-failure-%s#%s_%lld", op->resource, op->task, (long long)op->interval_ms);
    hf_buf_printf(&value, "%lld", (long long)now);
    inject_attribute(cib, node, hf_buf_text(&name), hf_buf_text(&value), notes);
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

/* The interval of the resource's first recurring monitor: what a what-if "monitor" means. */
static int64_t monitor_interval(const xmlNode *primitive)
{
    HF_XML_EACH (op, hf_xml_child(primitive, "operations"), "op") {
        int64_t ms;
        if (strcmp(hf_xml_get_or(op, "name", ""), "monitor") == 0 &&
            sched_parse_interval(hf_xml_get_or(op, "interval", "0"), &ms) && ms > 0)
            return ms;
    }
    return 0;
}

/* The fingerprint that the history has of this operation: what fails now was begun with these parameters. */
static const char *known_digest(const xmlNode *cib, const struct simulate_op *op)
{
    HF_XML_EACH (state, hf_xml_child(cib, "status"), "node_state") {
        const xmlNode *histories = hf_xml_child(hf_xml_child(state, "lrm"), "lrm_resources");
        if (strcmp(hf_xml_get_or(state, "uname", ""), op->node) != 0)
            continue;
        HF_XML_EACH (entry, hf_xml_child_by_id(histories, "lrm_resource", op->resource), "lrm_rsc_op") {
            int64_t ms;
            if (strcmp(hf_xml_get_or(entry, "operation", ""), op->task) == 0 &&
                hf_parse_int64(hf_xml_get(entry, "interval"), &ms) && ms == op->interval_ms)
                return hf_xml_get(entry, "op-digest");
        }
    }
    return NULL;
}

static struct hf_error *inject_op(xmlNode *cib, const char *text, const struct simulate_op *op, int64_t now,
                                  struct simulate_notes *notes)
{
    const xmlNode *xml =
        find_primitive(hf_xml_child(hf_xml_child(cib, "configuration"), "resources"), op->resource);

    note(notes, NOTE_OPERATION, NULL, text, NULL, NULL);
    if (xml == NULL)
        return hf_error_new(HF_REFUSED, "there is no resource %s", op->resource);
    struct hf_error *error = known_node(cib, op->node);
    if (error != NULL)
        return error;
    struct simulate_op known = *op;
    if (known.interval_ms < 0)
        known.interval_ms = monitor_interval(xml);
    struct graph_resource resource = {op->resource, NULL, hf_xml_get(xml, "class"),
                                      hf_xml_get(xml, "provider"), hf_xml_get(xml, "type")};
    struct history_op record = {.resource = &resource,
                                .task = op->task,
                                .interval_ms = known.interval_ms,
                                .node_name = op->node,
                                .node_id = node_id(cib, op->node),
                                .rc = op->rc,
                                .run = now,
                                .changed = now,
                                .exit_reason = "Simulated action result"};
    HF_CLEANUP(hf_freep) char *digest = op->what_if ? copy(known_digest(cib, &known)) : NULL;
    record.digest = digest;
    bool infinity =
        strcmp(op->task, "stop") == 0 || (strcmp(op->task, "start") == 0 && start_failure_is_fatal(cib));
    simulate_failcount(cib, op->node, &known, infinity, now, notes);
    history_record(cib, &record);
    return NULL;
}

static struct hf_error *inject_ops(xmlNode *cib, const struct simulate_list *list, bool what_ifs, int64_t now,
                                   struct simulate_notes *notes)
{
    for (int i = 0; i < list->n; i++) {
        struct simulate_op op;
        struct hf_error *error = simulate_op_parse(list->at[i], &op);
        /* A monitor runs already: the what-if is that it fails now, and not the next time it is begun. */
        if (error == NULL && (!what_ifs || (op.what_if && strcmp(op.task, "monitor") == 0)))
            error = inject_op(cib, list->at[i], &op, now, notes);
        simulate_op_free(&op);
        if (error != NULL)
            return error;
    }
    return NULL;
}

struct hf_error *simulate_change(xmlDoc *doc, const struct simulate_changes *changes, int64_t now,
                                 simulate_change_fn *file, struct simulate_notes *notes)
{
    xmlNode *cib = xmlDocGetRootElement(doc);
    struct hf_error *error = NULL;

    for (int i = 0; i < changes->files.n && error == NULL; i++) {
        note(notes, NOTE_FILE, NULL, changes->files.at[i], NULL, NULL);
        error = file(doc, changes->files.at[i]);
    }
    if (error != NULL)
        return error;
    if (changes->quorum != NULL) {
        note(notes, NOTE_QUORUM, NULL, NULL, NULL, changes->quorum);
        hf_xml_set(cib, "have-quorum", changes->quorum);
    }
    if (changes->watchdog != NULL) {
        xmlNode *config = hf_xml_ensure(hf_xml_ensure(cib, "configuration"), "crm_config");
        note(notes, NOTE_WATCHDOG, NULL, NULL, NULL, changes->watchdog);
        set_pair(add_set(config, "cluster_property_set", "cib-bootstrap-options"), "have-watchdog",
                 changes->watchdog);
    }
    error = known_nodes(cib, changes);
    if (error != NULL)
        return error;
    change_nodes(cib, changes, notes);
    change_tickets(cib, &changes->ticket_grant, "Granting", "granted", "true", notes);
    change_tickets(cib, &changes->ticket_revoke, "Revoking", "granted", "false", notes);
    change_tickets(cib, &changes->ticket_standby, "Standby", "standby", "true", notes);
    change_tickets(cib, &changes->ticket_activate, "Activating", "standby", "false", notes);
    error = inject_ops(cib, &changes->op_inject, false, now, notes);
    return error != NULL ? error : inject_ops(cib, &changes->op_fail, true, now, notes);
}
