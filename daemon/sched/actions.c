/* actions.c - makes and finds actions, and the edges between them.
 *
 * An action of a resource is known by its operation, interval and node; asking twice gives the same one.
 * How an operation is configured is worked out once for the resource, not once for each node. */
#include "daemon/sched/model.h"

#include <limits.h>
#include <stdio.h>

/* --- configuration of operations --- */

static bool op_enabled(const xmlNode *op)
{
    bool enabled;
    return !hf_parse_bool(hf_xml_get(op, "enabled"), &enabled) || enabled;
}

static xmlNode *exact_op(const struct resource *rsc, const char *name, int64_t interval_ms, bool disabled_too)
{
    HF_XML_EACH (op, rsc->ops, "op") {
        int64_t ms;
        sc_interval(hf_xml_get(op, "interval"), &ms);
        if (ms == interval_ms && sc_eq(hf_xml_get(op, "name"), name) && (disabled_too || op_enabled(op)))
            return op;
    }
    return NULL;
}

/* The <op> for an operation; both directions of a migration may be configured as "migrate". */
xmlNode *sc_op_entry(const struct resource *rsc, const char *name, int64_t interval_ms, bool disabled_too)
{
    if (rsc->ops == NULL)
        return NULL;
    xmlNode *op = exact_op(rsc, name, interval_ms, disabled_too);
    if (op == NULL && (sc_eq(name, "migrate_to") || sc_eq(name, "migrate_from")))
        op = exact_op(rsc, "migrate", 0, disabled_too);
    return op;
}

/* A probe without a timeout of its own takes that of the most frequent monitor. */
static const char *probe_timeout(const struct resource *rsc)
{
    int64_t shortest = INT64_MAX;
    const char *timeout = NULL;

    HF_XML_EACH (op, rsc->ops, "op") {
        int64_t ms;
        sc_interval(hf_xml_get(op, "interval"), &ms);
        if (sc_eq(hf_xml_get(op, "name"), "monitor") && ms > 0 && ms < shortest && op_enabled(op)) {
            shortest = ms;
            timeout = hf_xml_get(op, "timeout");
        }
    }
    return timeout;
}

static bool is_promoted_monitor(const xmlNode *op)
{
    return sc_eq(hf_xml_get(op, "name"), "monitor") &&
           sc_role_parse(hf_xml_get(op, "role")) == ROLE_PROMOTED &&
           sc_interval_or(hf_xml_get(op, "interval"), 0) > 0;
}

/* Which on-fail goes with which operation: a stop cannot lead to standby, demote or stop; a demote takes
 * after the promoted monitor; only promote and the promoted monitor may say demote. */
static void check_on_fail(struct run *run, struct resource *rsc, struct op_config *config)
{
    const char *value = sc_attr(&config->meta, "on-fail");

    if (config->task == TASK_STOP) {
        if (sc_ieq(value, "standby") || sc_ieq(value, "demote") || sc_ieq(value, "stop")) {
            sc_warn(run, "%s: on-fail=\"%s\" is not possible for stop; using the default", rsc->id, value);
            sc_attr_set(run, &config->meta, "on-fail", NULL);
        }
    } else if (config->task == TASK_DEMOTE && value == NULL) {
        HF_XML_EACH (op, rsc->ops, "op") {
            const char *promoted = hf_xml_get(op, "on-fail");
            if (promoted != NULL && is_promoted_monitor(op) && op_enabled(op) && !sc_ieq(promoted, "demote"))
                sc_attr_set(run, &config->meta, "on-fail", promoted);
        }
    } else if (config->task == TASK_LRM_DELETE) {
        sc_attr_set(run, &config->meta, "on-fail", "ignore");
    } else if (sc_ieq(value, "demote") && config->task != TASK_PROMOTE &&
               (config->entry == NULL || !is_promoted_monitor(config->entry))) {
        sc_warn(run, "%s: on-fail=\"demote\" is only for promote and monitor with role Promoted", rsc->id);
        sc_attr_set(run, &config->meta, "on-fail", NULL);
    }
}

static void timeout_and_delay(struct run *run, struct op_config *config)
{
    int64_t ms = 0, origin;
    const char *text = sc_attr(&config->meta, "timeout");

    if (text == NULL || !sc_interval(text, &ms) || ms <= 0)
        ms = SC_DEFAULT_TIMEOUT_MS;
    sc_attr_set(run, &config->meta, "timeout", sc_decimal(run, ms < INT_MAX ? ms : INT_MAX));
    text = sc_attr(&config->meta, "start-delay");
    if (text != NULL) {
        ms = sc_interval_or(text, 0);
    } else {
        text = sc_attr(&config->meta, "interval-origin");
        int64_t interval = sc_seconds(config->interval_ms);
        if (text == NULL || interval == 0 || !sc_time_parse(text, run->now, run->input->utc_offset, &origin))
            return;
        ms = (run->now - origin) % interval;
        ms = ((ms <= 0 ? 0 : interval) - ms) * 1000;
    }
    sc_attr_set(run, &config->meta, "start-delay", sc_decimal(run, ms));
}

static void unpack_op_meta(struct run *run, struct resource *rsc, struct op_config *config)
{
    struct rule_input rule = {.run = run,
                              .class_ = rsc->class_,
                              .provider = rsc->provider,
                              .type = rsc->type,
                              .op_name = config->name,
                              .op_interval_ms = config->interval_ms};
    bool probe = config->task == TASK_MONITOR && config->interval_ms == 0;

    if (config->entry != NULL) {
        sc_read_sets(config->entry, "meta_attributes", NULL, &rule, &config->meta);
        for (const xmlAttr *attr = config->entry->properties; attr != NULL; attr = attr->next)
            if (attr->children != NULL && strcmp((const char *)attr->name, "id") != 0)
                sc_attr_set(run, &config->meta, (const char *)attr->name,
                            (const char *)attr->children->content);
        config->has_params = hf_xml_child(config->entry, "instance_attributes") != NULL;
    }
    if (probe && sc_attr(&config->meta, "timeout") == NULL) {
        const char *timeout = rsc->ops == NULL ? NULL : probe_timeout(rsc);
        if (timeout != NULL)
            sc_attr_set(run, &config->meta, "timeout", timeout);
    }
    sc_read_sets(run->op_defaults, "meta_attributes", NULL, &rule, &config->meta);
    sc_attr_set(run, &config->meta, "interval",
                config->interval_ms > 0 ? sc_decimal(run, config->interval_ms) : NULL);
    if ((rsc->flags & RSC_FENCE_DEVICE) && (config->task == TASK_START || probe)) {
        const char *timeout = sc_attr(sc_params(run, rsc, NULL), "pcmk_monitor_timeout");
        if (timeout != NULL)
            sc_attr_set(run, &config->meta, "timeout", timeout);
    }
    timeout_and_delay(run, config);
    check_on_fail(run, rsc, config);
}

/* The name for as long as the run lasts. */
static const char *name_of(struct run *run, enum task task, const char *name)
{
    return task != TASK_NONE && task != TASK_OTHER ? sc_task_name(task) : sc_keep(run, name);
}

/* How the operation is configured; notify actions use the entry "notify". */
struct op_config *sc_op_config(struct run *run, struct resource *rsc, enum task task, const char *name,
                               int64_t interval_ms)
{
    for (struct op_config *config = rsc->op_configs; config != NULL; config = config->next)
        if (config->task == task && config->interval_ms == interval_ms &&
            (task != TASK_OTHER || sc_eq(config->name, name)))
            return config;
    struct op_config *config = HF_ARENA_NEW(run->arena, struct op_config);
    config->task = task;
    config->name = name_of(run, task, name);
    config->interval_ms = interval_ms;
    config->entry = sc_op_entry(rsc, name, interval_ms, true);
    if (config->entry == NULL && task == TASK_NOTIFIED)
        config->entry = sc_op_entry(rsc, "notify", 0, true);
    unpack_op_meta(run, rsc, config);
    config->next = rsc->op_configs;
    rsc->op_configs = config;
    return config;
}

const char *sc_action_meta(const struct action *action, const char *name)
{
    const char *value = sc_attr(&action->meta, name);
    return value != NULL || action->op == NULL ? value : sc_attr(&action->op->meta, name);
}

/* --- finding --- */

static bool key_matches(const struct action *action, const struct op_key *key)
{
    if (key->text != NULL)
        return strcmp(action->key, key->text) == 0;
    return action->key_task == key->task && action->interval_ms == key->interval_ms &&
           action->notify_type == NULL && (key->task != TASK_OTHER || sc_eq(action->key_name, key->name));
}

/* A resource has a probe for each node: a search for one of its few other actions does not look at these. */
static struct action *first_like(const struct resource *rsc, const struct op_key *key)
{
    return key->text != NULL ? rsc->actions : rsc->actions_of[key->task];
}

static struct action *next_like(const struct action *action, const struct op_key *key)
{
    return key->text != NULL ? action->next_of_rsc : action->next_of_key;
}

/* All actions of rsc with this key: on node, or on any for NULL.  A match that has no node yet is taken to
 * be on node, unless exact.  Oldest first. */
struct actions sc_find_actions(struct run *run, const struct resource *rsc, struct op_key key,
                               struct node *node, bool exact)
{
    struct actions found = {0};

    if (exact && node == NULL)
        return found;
    for (struct action *action = first_like(rsc, &key); action != NULL; action = next_like(action, &key)) {
        if (!key_matches(action, &key))
            continue;
        if (node != NULL && action->node == NULL && !exact)
            action->node = node;
        if (node == NULL || action->node == node)
            SC_PUSH(run, &found, action);
    }
    for (int i = 0; i < found.n / 2; i++) {
        struct action *other = found.at[i];
        found.at[i] = found.at[found.n - 1 - i];
        found.at[found.n - 1 - i] = other;
    }
    return found;
}

/* The oldest of them, or NULL. */
struct action *sc_find_action(const struct resource *rsc, struct op_key key, struct node *node)
{
    struct action *found = NULL;

    for (struct action *action = first_like(rsc, &key); action != NULL; action = next_like(action, &key)) {
        if (!key_matches(action, &key))
            continue;
        if (node != NULL && action->node == NULL)
            action->node = node;
        if (node == NULL || action->node == node)
            found = action;
    }
    return found;
}

/* The newest action of this task; with node, only one that is on it. */
struct action *sc_first_action(const struct resource *rsc, enum task task, const struct node *node)
{
    for (struct action *action = rsc->actions; action != NULL; action = action->next_of_rsc)
        if (action->task == task && (node == NULL || action->node == node))
            return action;
    return NULL;
}

/* --- making --- */

static enum needs needs_of(const struct resource *rsc, enum task task)
{
    if (task != TASK_START && task != TASK_PROMOTE)
        return NEEDS_NOTHING;
    if (rsc->flags & RSC_NEEDS_FENCING)
        return NEEDS_FENCING;
    return (rsc->flags & RSC_NEEDS_QUORUM) ? NEEDS_QUORUM : NEEDS_NOTHING;
}

/* RESOURCE_OPERATION_INTERVAL */
static const char *key_text(struct run *run, const char *resource, const struct op_key *key)
{
    const char *interval = key->interval_ms == 0 ? "0" : sc_decimal(run, key->interval_ms);

    return hf_arena_join(run->arena, (const char *const[]){resource, "_", key->name, "_", interval}, 5);
}

static struct action *new_action(struct run *run, struct resource *rsc, const struct op_key *key,
                                 enum task task, const char *name, struct node *node, bool optional)
{
    struct action *action = HF_ARENA_NEW(run->arena, struct action);

    action->rsc = rsc;
    action->task = task;
    action->name = name_of(run, task, name);
    action->key_task = key->task;
    action->key_name = name_of(run, key->task, key->name);
    action->interval_ms = key->interval_ms;
    action->node = node;
    action->graph_index = -1;
    action->flags = ACT_RUNNABLE | (optional ? ACT_OPTIONAL : 0) | (task == TASK_LRM_DELETE ? ACT_ON_DC : 0);
    if (key->text != NULL)
        action->key = key->text;
    else
        action->key = key_text(run, rsc->id, key);
    if (rsc != NULL) {
        action->op = sc_op_config(run, rsc, task, name, key->interval_ms);
        action->needs = needs_of(rsc, task);
        action->next_of_rsc = rsc->actions;
        rsc->actions = action;
        action->next_of_key = rsc->actions_of[key->task];
        rsc->actions_of[key->task] = action;
    } else {
        sc_names_put(run, &run->singletons, action->key, action, false);
    }
    action->id = ++run->next_action_id;
    SC_PUSH(run, &run->actions, action);
    return action;
}

/* With no-quorum-policy=demote, what is promoted is demoted and nothing else is started. */
static enum quorum_policy effective_policy(struct run *run, struct resource *rsc)
{
    if (run->quorate)
        return QUORUM_IGNORE;
    if (run->no_quorum_policy != QUORUM_DEMOTE)
        return run->no_quorum_policy;
    if (rsc->orig_role != ROLE_PROMOTED && rsc->orig_role != ROLE_UNPROMOTED)
        return QUORUM_STOP;
    if (rsc->next_role > ROLE_UNPROMOTED)
        rsc->next_role = ROLE_UNPROMOTED;
    return QUORUM_IGNORE;
}

static void check_quorum(struct run *run, struct action *action)
{
    struct resource *rsc = action->rsc;

    switch (effective_policy(run, rsc)) {
    case QUORUM_STOP:
        action->flags &= ~(unsigned)ACT_RUNNABLE;
        sc_reason(run, action, "no quorum", true);
        break;
    case QUORUM_FREEZE:
        if (!sc_active(rsc, true) || rsc->next_role > rsc->orig_role) {
            action->flags &= ~(unsigned)ACT_RUNNABLE;
            sc_reason(run, action, "quorum freeze", true);
        }
        break;
    default:
        action->flags |= ACT_RUNNABLE;
    }
}

/* An action needs a node that is up; a stop that cannot be carried out calls for fencing. */
static void update_runnable(struct run *run, struct action *action)
{
    struct node *node = action->node;

    if (action->flags & ACT_PSEUDO)
        return;
    if (node == NULL) {
        action->flags &= ~(unsigned)ACT_RUNNABLE;
    } else if (!(action->flags & ACT_ON_DC) && !node->online && (!sc_is_guest(node) || node->remote_reset)) {
        action->flags &= ~(unsigned)ACT_RUNNABLE;
        if ((action->rsc->flags & RSC_MANAGED) && action->task == TASK_STOP && !node->unclean)
            sc_fence_node(run, node, "stop is unrunnable", false);
    } else if (!(action->flags & ACT_ON_DC) && node->pending) {
        action->flags &= ~(unsigned)ACT_RUNNABLE;
    } else if (action->needs == NEEDS_NOTHING) {
        sc_reason(run, action, NULL, true);
        if (sc_is_guest(node) && !sc_can_fence(run, node))
            action->flags &= ~(unsigned)ACT_RUNNABLE;
        else
            action->flags |= ACT_RUNNABLE;
    } else {
        check_quorum(run, action);
    }
}

static void update_optional(struct action *action, bool optional)
{
    if (action->rsc != NULL && action->node != NULL && !(action->flags & ACT_PSEUDO) &&
        !(action->rsc->flags & RSC_MANAGED) && action->interval_ms == 0)
        action->flags |= ACT_OPTIONAL;
    else if (!optional)
        action->flags &= ~(unsigned)ACT_OPTIONAL;
}

/* The action of rsc with this key on node (NULL: not known yet); task and name may differ from the key's
 * for a cancel.  Not optional makes an optional one required. */
struct action *sc_action_keyed(struct run *run, struct resource *rsc, struct op_key key, enum task task,
                               const char *name, struct node *node, bool optional)
{
    struct action *action =
        rsc == NULL ? sc_names_get(&run->singletons, key.text) : sc_find_action(rsc, key, node);
    if (action == NULL)
        action = new_action(run, rsc, &key, task, name, node, optional);
    else if (action->node == NULL && rsc == NULL && node != NULL)
        action->node = node;
    update_optional(action, optional);
    if (rsc != NULL)
        update_runnable(run, action);
    return action;
}

struct op_key sc_key(enum task task)
{
    return (struct op_key){.task = task, .name = sc_task_name(task)};
}

struct action *sc_action(struct run *run, struct resource *rsc, enum task task, struct node *node,
                         bool optional)
{
    return sc_action_keyed(run, rsc, sc_key(task), task, sc_task_name(task), node, optional);
}

/* A recurring or otherwise named operation. */
struct action *sc_action_named(struct run *run, struct resource *rsc, const char *name, int64_t interval_ms,
                               struct node *node, bool optional)
{
    struct op_key key = {.task = sc_task_parse(name), .name = name, .interval_ms = interval_ms};
    return sc_action_keyed(run, rsc, key, key.task, name, node, optional);
}

/* A pseudo action of a collective. */
struct action *sc_pseudo(struct run *run, struct resource *rsc, enum task task, bool optional, bool runnable)
{
    struct action *action = sc_action(run, rsc, task, NULL, optional);
    action->flags |= ACT_PSEUDO | (runnable ? ACT_RUNNABLE : 0);
    return action;
}

/* A pseudo action that belongs to no resource. */
struct action *sc_pseudo_global(struct run *run, const char *name)
{
    struct action *action = sc_names_get(&run->singletons, name);

    if (action == NULL) {
        struct op_key key = {.task = sc_task_parse(name), .name = name, .text = name};
        action = new_action(run, NULL, &key, key.task, name, NULL, true);
        action->flags |= ACT_PSEUDO | ACT_RUNNABLE;
    }
    return action;
}

void sc_expect(struct run *run, struct action *action, int rc)
{
    sc_attr_set(run, &action->meta, "op_target_rc", sc_decimal(run, rc));
}

/* Why an action is done (or cannot be); the first reason stays unless overwrite. */
void sc_reason(struct run *run, struct action *action, const char *reason, bool overwrite)
{
    (void)run;
    if (action->reason == NULL || overwrite)
        action->reason = reason;
}

struct action *sc_clear_failcount(struct run *run, struct resource *rsc, struct node *node,
                                  const char *reason)
{
    struct action *action = sc_action(run, rsc, TASK_CLEAR_FAILCOUNT, node, false);
    (void)reason;
    sc_attr_set(run, &action->meta, "op_no_wait", "true");
    return action;
}

/* --- edges --- */

static bool have_edge(const struct action *first, const struct action *then, unsigned flags)
{
    if (first->after.n <= then->before.n) {
        for (const struct edge *edge = first->after.first; edge != NULL; edge = edge->next)
            if (edge->action == then && (edge->flags & flags))
                return true;
    } else {
        for (const struct edge *edge = then->before.first; edge != NULL; edge = edge->next)
            if (edge->action == first && (edge->twin->flags & flags))
                return true;
    }
    return false;
}

/* first comes before then, in the way flags say.  False if that was known already. */
bool sc_order_actions(struct run *run, struct action *first, struct action *then, unsigned flags)
{
    if (flags == AR_NONE || first == NULL || then == NULL || have_edge(first, then, flags))
        return false;
    struct edge *pair = hf_arena_alloc(run->arena, 2 * sizeof(*pair));
    pair[0] = (struct edge){then, flags, false, first->after.first, &pair[1]};
    pair[1] = (struct edge){first, flags, false, then->before.first, &pair[0]};
    first->after.first = &pair[0];
    first->after.n++;
    then->before.first = &pair[1];
    then->before.n++;
    return true;
}
