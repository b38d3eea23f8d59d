/* past_op.c - the entries of a node's operation history: what each says, and in which order they happened.
 *
 * What they mean for the resource is decided in unpack_history.c. */
#include "daemon/sched/model.h"

#include <stdio.h>

/* --- what an entry says --- */

/* Reads count numbers, each followed by the character of ends in its place; what follows them, or NULL. */
static const char *read_numbers(const char *text, const char *ends, int *numbers, int count)
{
    for (int i = 0; i < count; i++) {
        const char *end;
        int64_t number = sc_number(text, &end);
        if (end == text || *end != ends[i])
            return NULL;
        numbers[i] = (int)number;
        text = end + 1;
    }
    return text;
}

/* The exit code that the operation was meant to have, by its transition key; -1 if that is none. */
int sc_target_rc(const char *key)
{
    int numbers[3]; /* action, transition, exit code */

    return key != NULL && read_numbers(key, ":::", numbers, 3) != NULL ? numbers[2] : -1;
}

/* A probe with this result only says that the agent cannot work there. */
bool sc_masks_probe(int64_t rc, int64_t status)
{
    return rc == OCF_NOT_INSTALLED || rc == OCF_INVALID_PARAM || status == EXEC_NOT_INSTALLED;
}

bool sc_masked_probe(const xmlNode *op)
{
    return sc_eq(sc_get(op, "operation"), "monitor") && sc_xml_long(op, "interval", 0) == 0 &&
           sc_masks_probe(sc_xml_long(op, "rc-code", 0), sc_xml_long(op, "op-status", EXEC_UNKNOWN));
}

static int find_field(const char *name)
{
    static const char *const names[OP_FIELDS] = {
        [OP_ID] = "id",
        [OP_KEY] = "operation_key",
        [OP_TASK] = "operation",
        [OP_NODE] = "on_node",
        [OP_CALL] = "call-id",
        [OP_RC] = "rc-code",
        [OP_STATUS] = "op-status",
        [OP_INTERVAL] = "interval",
        [OP_TRANSITION] = "transition-key",
        [OP_DIGEST] = "op-digest",
        [OP_RESTART_DIGEST] = "op-restart-digest",
    };

    for (int field = 0; field < OP_FIELDS; field++)
        if (strcmp(name, names[field]) == 0)
            return field;
    return OP_FIELDS;
}

/* Entries have the same attributes in the same places, and a document has each name once: mostly it is known
 * from the entry before which field this is. */
static int field_at(struct run *run, int place, const xmlChar *name)
{
    int at = place % OP_LAYOUT;

    if (run->op_layout[at].name != name) {
        run->op_layout[at].name = name;
        run->op_layout[at].field = find_field((const char *)name);
    }
    return run->op_layout[at].field;
}

struct past_op sc_past_op(struct run *run, const xmlNode *entry)
{
    struct past_op op = {.xml = entry, .call = -1};
    int place = 0;

    for (const xmlAttr *attr = entry->properties; attr != NULL; attr = attr->next) {
        int field = field_at(run, place++, attr->name);
        if (field < OP_FIELDS)
            op.is[field] = attr;
    }
    op.task = sc_task_parse(sc_op_says(&op, OP_TASK));
    sc_long(sc_op_says(&op, OP_INTERVAL), &op.interval_ms);
    sc_long(sc_op_says(&op, OP_CALL), &op.call);
    return op;
}

const char *sc_past_op_key(const struct past_op *op)
{
    return sc_op_says(op, OP_KEY) != NULL ? sc_op_says(op, OP_KEY) : sc_op_says(op, OP_ID);
}

/* --- in which order they happened --- */

static int transition_of(const xmlNode *op, const char **uuid, char buffer[40])
{
    const char *magic = sc_get(op, "transition-magic");
    int numbers[5]; /* status, exit code, action, transition, wanted exit code */

    buffer[0] = '\0';
    const char *rest = magic == NULL ? NULL : read_numbers(magic, ":;:::", numbers, 5);
    if (rest == NULL || *rest == '\0')
        return -2;
    snprintf(buffer, 37, "%s", rest);
    *uuid = buffer;
    return numbers[3];
}

/* Without call ids to go by: the later transition, and within one what is still pending. */
static int compare_transitions(const xmlNode *a, const xmlNode *b, int64_t call_a, int64_t call_b)
{
    char buffer_a[40], buffer_b[40];
    const char *uuid_a = NULL, *uuid_b = NULL;
    int id_a = transition_of(a, &uuid_a, buffer_a), id_b = transition_of(b, &uuid_b, buffer_b);

    if (id_a == -2 || id_b == -2)
        return 0;
    if (!sc_ieq(uuid_a, uuid_b) || id_a == id_b) {
        if (call_b == -1)
            return -1;
        return call_a == -1 ? 1 : 0;
    }
    if ((id_a >= 0 && id_a < id_b) || id_b == -1)
        return -1;
    return (id_b >= 0 && id_a > id_b) || id_a == -1 ? 1 : 0;
}

static int compare_past(const struct past_op *a, const struct past_op *b)
{
    bool same_node = sc_ieq(sc_op_says(a, OP_NODE), sc_op_says(b, OP_NODE));

    if (same_node && sc_eq(sc_op_says(a, OP_ID), sc_op_says(b, OP_ID)))
        return 0;
    if (a->call == -1 && b->call == -1)
        return 0;
    if (same_node && a->call >= 0 && a->call < b->call)
        return -1;
    if (same_node && b->call >= 0 && a->call > b->call)
        return 1;
    if (a->call >= 0 && b->call >= 0 && (!same_node || a->call == b->call)) {
        int64_t when_a = sc_xml_long(a->xml, "last-rc-change", -1);
        int64_t when_b = sc_xml_long(b->xml, "last-rc-change", -1);
        if (when_a >= 0 && when_a < when_b)
            return -1;
        return when_b >= 0 && when_a > when_b ? 1 : 0;
    }
    return compare_transitions(a->xml, b->xml, a->call, b->call);
}

/* <0 if a happened before b, >0 after, 0 not known. */
int sc_compare_ops(struct run *run, const xmlNode *a, const xmlNode *b)
{
    struct past_op of_a = sc_past_op(run, a), of_b = sc_past_op(run, b);

    return compare_past(&of_a, &of_b);
}

static int by_time(const void *a, const void *b, void *context)
{
    (void)context;
    return compare_past(a, b);
}

/* --- histories --- */

/* The entries of a resource, oldest first; what does not say what was done says nothing. */
static void read_ops(struct run *run, struct history *history)
{
    void *few[16], **order = few;
    struct past_op *read;
    int n = 0;

    HF_XML_EACH (op, history->entry, "lrm_rsc_op")
        n++;
    read = hf_arena_alloc(run->arena, (size_t)n * sizeof(*read));
    n = 0;
    HF_XML_EACH (op, history->entry, "lrm_rsc_op") {
        hf_xml_fetch_ahead(op);
        read[n] = sc_past_op(run, op);
        n += read[n].is[OP_TASK] != NULL;
    }
    history->ops = read;
    history->n = n;
    if (n < 2)
        return;
    if (n > (int)HF_ARRAY_LENGTH(few))
        order = hf_arena_alloc(run->arena, (size_t)n * sizeof(*order));
    for (int i = 0; i < n; i++)
        order[n - 1 - i] = &read[i];
    sc_sort(order, n, by_time, NULL);
    history->ops = hf_arena_alloc(run->arena, (size_t)n * sizeof(*history->ops));
    for (int i = 0; i < n; i++)
        history->ops[i] = *(const struct past_op *)order[i];
}

static void find_active_range(struct history *history)
{
    int monitor = -1, role_change = -1;
    int64_t rc;

    history->start = history->stop = -1;
    for (int i = 0; i < history->n; i++) {
        const struct past_op *op = &history->ops[i];
        const char *task = sc_op_says(op, OP_TASK);
        if (sc_ieq(task, "stop") && sc_eq(sc_op_says(op, OP_STATUS), "0"))
            history->stop = i;
        else if (sc_ieq(task, "start") || sc_ieq(task, "migrate_from"))
            history->start = i;
        else if (monitor <= history->stop && sc_ieq(task, "monitor")) {
            if (sc_long(sc_op_says(op, OP_RC), &rc) && (rc == OCF_OK || rc == OCF_PROMOTED))
                monitor = i;
        } else if (sc_ieq(task, "promote") || sc_ieq(task, "demote"))
            role_change = i;
    }
    if (history->start == -1)
        history->start = role_change != -1 ? role_change : monitor;
}

struct history sc_history(struct run *run, const xmlNode *entry)
{
    struct history history = {.entry = entry, .id = sc_get(entry, "id")};

    read_ops(run, &history);
    find_active_range(&history);
    return history;
}

const xmlNode *sc_history_entries(const xmlNode *state)
{
    return hf_xml_child(hf_xml_child(state, "lrm"), "lrm_resources");
}

/* What is in the node's state, in that order; read once, if it has not been unpacked already. */
const struct histories *sc_histories(struct run *run, const struct node *node)
{
    struct node *writable = (struct node *)node;

    if (!node->histories_known) {
        writable->histories_known = true;
        HF_XML_EACH (entry, sc_history_entries(node->state), "lrm_resource")
            SC_PUSH(run, &writable->histories, sc_history(run, entry));
    }
    return &node->histories;
}

/* The <lrm_resource> with this id in a node's history, or NULL. */
const xmlNode *sc_history_of(struct run *run, const struct node *node, const char *id)
{
    struct node *writable = (struct node *)node;

    if (node == NULL || node->state == NULL)
        return NULL;
    if (!node->history_known) {
        const struct histories *all = sc_histories(run, node);
        writable->history_known = true;
        for (int i = 0; i < all->n; i++)
            if (all->at[i].id != NULL)
                sc_names_put(run, &writable->history, all->at[i].id, (xmlNode *)all->at[i].entry, false);
    }
    return sc_names_get(&node->history, id);
}
