/* graph_build.c - writes down what is left to do: the actions that are required and possible, and for each
 * those that come before it. */
#include "daemon/sched/model.h"

#define FEATURE_SET "3.20.5"

/* --- which actions --- */

static bool wants_action(const struct action *action)
{
    const struct node *node = action->node;

    if (!(action->flags & ACT_RUNNABLE))
        return false;
    if ((action->flags & ACT_OPTIONAL) && !(action->flags & ACT_ALWAYS_IN_GRAPH))
        return false;
    /* Of what is not managed only monitors. */
    if (action->rsc != NULL && !(action->rsc->flags & RSC_MANAGED) && action->task != TASK_MONITOR &&
        action->interval_ms == 0)
        return false;
    if ((action->flags & ACT_PSEUDO) || action->task == TASK_FENCE || action->task == TASK_SHUTDOWN)
        return true;
    if (node == NULL)
        return false;
    if ((action->flags & ACT_ON_DC) || (sc_is_guest(node) && !node->remote_reset))
        return true;
    return node->online && !node->unclean;
}

/* Orderings that only order say nothing about an action that is not done. */
static bool only_orders(const struct edge *input)
{
    return (input->flags &
            ~(unsigned)(AR_THEN_IMPLIES_FIRST_GRAPHED | AR_FIRST_IMPLIES_THEN_GRAPHED | AR_ORDERED)) == 0;
}

static bool drop(struct edge *input)
{
    input->flags = AR_NONE;
    return false;
}

/* Orderings that count only where both actions are on one node (for migrate_to: on its target). */
static bool on_same_node(const struct action *action, struct edge *input)
{
    const struct node *node = input->action->node;

    if (input->flags == AR_IF_ON_SAME_NODE_OR_TARGET) {
        if (action->rsc != NULL && action->task == TASK_MIGRATE_TO)
            return node != NULL && node == action->rsc->assigned ? true : drop(input);
        if (node == NULL || node != action->node || (input->action->flags & ACT_OPTIONAL))
            return drop(input);
    } else if ((node != NULL && action->node != NULL && node != action->node) ||
               (input->action->flags & ACT_OPTIONAL)) {
        return drop(input);
    }
    return true;
}

/* Whether action has to wait for input. */
bool sc_wants_input(const struct action *action, struct edge *input)
{
    const struct action *first = input->action;
    bool runnable = first->flags & ACT_RUNNABLE,
         is_stop = first->key_task == TASK_STOP && first->notify_type == NULL;

    if (input->graphed)
        return true;
    if (input->flags == AR_NONE)
        return false;
    if (!runnable && (only_orders(input) || (input->flags & (AR_MIN_RUNNABLE | AR_UNMIGRATABLE_THEN_BLOCKS))))
        return false;
    if ((input->flags & AR_IF_FIRST_UNMIGRATABLE) && (first->flags & ACT_MIGRATABLE))
        return false;
    if (input->flags == AR_ORDERED && (first->flags & ACT_MIGRATABLE) && is_stop)
        return false;
    if (input->flags == AR_IF_ON_SAME_NODE_OR_TARGET || input->flags == AR_IF_REQUIRED_ON_SAME_NODE)
        return on_same_node(action, input);
    /* A failed stop of an unmanaged member does not hold up its clone. */
    if (first->rsc != NULL && first->rsc != action->rsc && (first->rsc->flags & RSC_FAILED) &&
        !(first->rsc->flags & RSC_MANAGED) && is_stop && action->rsc != NULL &&
        action->rsc->kind == KIND_CLONE)
        return false;
    if ((first->flags & ACT_OPTIONAL) && !(first->flags & (ACT_ALWAYS_IN_GRAPH | ACT_ADDED)) &&
        !wants_action(first))
        return false;
    return true;
}

static int by_id(const void *a, const void *b, void *context)
{
    const struct edge *x = a, *y = b;
    (void)context;
    return x->action->id < y->action->id ? -1 : x->action->id > y->action->id;
}

/* Sorts the inputs, and makes one of several from the same action. */
static void deduplicate(struct action *action)
{
    int n = action->before.n, at = 0;
    struct edge *few[32], **list = few, **allocated = NULL;

    if (action->flags & ACT_DEDUPLICATED)
        return;
    action->flags |= ACT_DEDUPLICATED;
    if (n > (int)HF_ARRAY_LENGTH(few))
        list = allocated = hf_calloc((size_t)n, sizeof(*list));
    for (struct edge *edge = action->before.first; edge != NULL; edge = edge->next)
        list[at++] = edge;
    sc_sort(list, at, by_id, NULL);
    struct edge *last = NULL;
    action->before.first = NULL;
    action->before.n = 0;
    for (int i = 0; i < at; i++) {
        struct edge *edge = list[i];
        if (last != NULL && edge->action == last->action) {
            last->flags |= edge->flags;
            last->graphed = last->graphed || edge->graphed;
            continue;
        }
        edge->graphed = false;
        edge->next = NULL;
        if (last == NULL)
            action->before.first = edge;
        else
            last->next = edge;
        last = edge;
        action->before.n++;
    }
    free(allocated);
}

static void add_action(struct run *run, struct action *action)
{
    deduplicate(action);
    if ((action->flags & ACT_ADDED) || !wants_action(action))
        return;
    action->flags |= ACT_ADDED;
    action->graph_index = run->graphed.n;
    SC_PUSH(run, &run->graphed, action);
    for (struct edge *input = action->before.first; input != NULL; input = input->next)
        if (sc_wants_input(action, input))
            input->graphed = true;
}

static void add_resource(struct run *run, struct resource *rsc);

static void add_own(struct run *run, struct resource *rsc)
{
    for (struct action *action = rsc->actions; action != NULL; action = action->next_of_rsc)
        add_action(run, action);
    for (int i = 0; i < rsc->children.n; i++)
        add_resource(run, rsc->children.at[i]);
}

static void add_clone(struct run *run, struct resource *rsc)
{
    for (struct action *action = rsc->actions; action != NULL; action = action->next_of_rsc)
        sc_action_flags(action, NULL);
    sc_create_notifications(run, rsc);
    for (int i = 0; i < rsc->children.n; i++)
        add_resource(run, rsc->children.at[i]);
    add_own(run, rsc);
}

static void add_resource(struct run *run, struct resource *rsc)
{
    if (rsc->kind == KIND_CLONE) {
        add_clone(run, rsc);
    } else if (rsc->kind == KIND_BUNDLE) {
        if (rsc->bundle->child != NULL)
            add_resource(run, rsc->bundle->child);
        for (int i = 0; i < rsc->bundle->replicas.n; i++) {
            struct replica *replica = rsc->bundle->replicas.at[i];
            if (replica->ip != NULL)
                add_resource(run, replica->ip);
            add_resource(run, replica->container);
            if (replica->remote != NULL)
                add_resource(run, replica->remote);
        }
    } else {
        add_own(run, rsc);
    }
}

/* --- attributes --- */

struct attr_list {
    struct graph_attr *at;
    int n, capacity;
};

static void add_attr(struct run *run, struct attr_list *list, const char *name, const char *value)
{
    struct graph_attr attr = {name, value};

    if (value == NULL)
        return;
    for (int i = 0; i < list->n; i++)
        if (list->at[i].name == name || strcmp(list->at[i].name, name) == 0)
            return; /* what was there first stays */
    SC_PUSH(run, list, attr);
}

/* CRM_meta_NAME; the names are few, so each is made once. */
static const char *meta_name(struct run *run, const char *name)
{
    const char *known = sc_names_get(&run->meta_names, name);

    if (known == NULL) {
        char *made = hf_arena_printf(run->arena, "CRM_meta_%s", name);
        for (char *c = made; *c != '\0'; c++)
            if (*c == '-')
                *c = '_';
        known = made;
        sc_names_put(run, &run->meta_names, name, made, false);
    }
    return known;
}

static void add_meta(struct run *run, struct attr_list *list, const char *name, const char *value)
{
    if (value != NULL && strpbrk(name, "#:") == NULL)
        add_attr(run, list, meta_name(run, name), value);
}

static const char *int_text(struct run *run, int value)
{
    return value == 1 ? "1" : value == 0 ? "0" : sc_decimal(run, value);
}

static void add_params(struct run *run, struct attr_list *list, const struct action *action)
{
    struct resource *rsc = action->rsc;

    if (action->op != NULL && action->op->has_params && action->node != NULL) {
        struct rule_input rule = {.run = run, .node_attrs = &action->node->attrs};
        struct attrs own = {0};
        sc_read_sets(action->op->entry, "instance_attributes", NULL, &rule, &own);
        for (int i = 0; i < own.n; i++)
            add_attr(run, list, own.at[i].name, own.at[i].value);
    }
    if (rsc == NULL || (action->node == NULL && rsc->kind != KIND_PRIMITIVE))
        return;
    const struct attrs *params = sc_params(run, rsc, action->node);
    for (int i = 0; i < params->n; i++) {
        const char *value = params->at[i].value;
        if (sc_eq(value, "#uname") && strcmp(params->at[i].name, "addr") == 0 &&
            sc_remote_name(run, rsc) != NULL)
            value = sc_remote_name(run, rsc);
        add_attr(run, list, params->at[i].name, value);
    }
}

static void add_clone_meta(struct run *run, struct attr_list *list, const struct resource *rsc)
{
    const struct clone_data *top = sc_top(rsc)->clone;

    add_meta(run, list, "globally-unique", (rsc->flags & RSC_UNIQUE) ? "true" : "false");
    add_meta(run, list, "notify", (rsc->flags & RSC_NOTIFY) ? "true" : "false");
    add_meta(run, list, "clone-max", int_text(run, top->max));
    add_meta(run, list, "clone-node-max", int_text(run, top->node_max));
    if (rsc->flags & RSC_PROMOTABLE) {
        add_meta(run, list, "promoted-max", int_text(run, top->promoted_max));
        add_meta(run, list, "promoted-node-max", int_text(run, top->promoted_node_max));
        add_meta(run, list, "master-max", int_text(run, top->promoted_max));
        add_meta(run, list, "master-node-max", int_text(run, top->promoted_node_max));
    }
}

static void add_primitive_meta(struct run *run, struct attr_list *list, const struct resource *rsc)
{
    add_meta(run, list, "clone", sc_attr(&rsc->meta, "clone"));
    add_meta(run, list, "remote-node", sc_attr(&rsc->meta, "remote-node"));
    if (sc_ieq(sc_attr(&rsc->meta, "requires"), "lease"))
        add_meta(run, list, "requires", "lease");
    for (const struct resource *at = rsc; at != NULL; at = at->parent)
        if (at->launcher != NULL)
            add_meta(run, list, "container", at->launcher->id);
    add_attr(run, list, "pcmk_external_ip", sc_attr(&rsc->meta, "external-ip"));
}

/* On a guest: the machine that it runs on, now or then. */
static void add_guest_meta(struct run *run, struct attr_list *list, const struct action *action)
{
    if (!sc_is_guest(action->node))
        return;
    const struct resource *container = action->node->connection->launcher;
    const struct node *host = NULL;
    enum task task = action->task;
    if (task == TASK_NOTIFY || task == TASK_NOTIFIED)
        task = sc_task_parse(sc_action_meta(action, "notify_operation"));
    switch (task) {
    case TASK_STOP:
    case TASK_STOPPED:
    case TASK_DEMOTE:
    case TASK_DEMOTED:
        host = sc_current(container);
        break;
    case TASK_START:
    case TASK_RUNNING:
    case TASK_MONITOR:
    case TASK_PROMOTE:
    case TASK_PROMOTED:
        host = container->assigned;
        break;
    default:
        break;
    }
    if (host == NULL)
        return;
    add_meta(run, list, "container-attribute-target",
             sc_attr(&action->rsc->meta, "container-attribute-target"));
    add_meta(run, list, "physical_host", host->name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct graph_attr *)a)->name, ((const struct graph_attr *)b)->name);
}

static void fill_attrs(struct run *run, struct graph_action *out, const struct action *action, bool node_info)
{
    struct attr_list list = {0};

    add_attr(run, &list, "crm_feature_set", FEATURE_SET);
    add_params(run, &list, action);
    if (node_info && action->node != NULL) {
        add_meta(run, &list, "on_node", action->node->name);
        add_meta(run, &list, "on_node_uuid", action->node->id);
    }
    for (int i = 0; i < action->meta.n; i++)
        add_meta(run, &list, action->meta.at[i].name, action->meta.at[i].value);
    for (int i = 0; action->op != NULL && i < action->op->meta.n; i++)
        add_meta(run, &list, action->op->meta.at[i].name, action->op->meta.at[i].value);
    for (const struct resource *rsc = action->rsc; rsc != NULL; rsc = rsc->parent) {
        if (rsc->kind == KIND_PRIMITIVE)
            add_primitive_meta(run, &list, rsc);
        else if (rsc->kind == KIND_CLONE)
            add_clone_meta(run, &list, rsc);
    }
    if (action->rsc != NULL)
        add_guest_meta(run, &list, action);
    qsort(list.at, (size_t)list.n, sizeof(*list.at), by_name);
    out->attrs = list.at;
    out->n_attrs = list.n;
}

/* --- one action --- */

static enum graph_kind kind_of(const struct action *action)
{
    switch (action->task) {
    case TASK_FENCE:
        return (action->flags & ACT_PSEUDO) ? GRAPH_PSEUDO : GRAPH_FENCE;
    case TASK_SHUTDOWN:
    case TASK_CLEAR_FAILCOUNT:
    case TASK_LRM_DELETE:
        return GRAPH_EVENT;
    default:
        return (action->flags & ACT_PSEUDO) ? GRAPH_PSEUDO : GRAPH_RSC_OP;
    }
}

static const char *graph_key(struct run *run, const struct action *action)
{
    const char *id = action->rsc == NULL ? NULL : action->rsc->history_id;

    if (id == NULL)
        return action->key;
    if (action->task == TASK_NOTIFY)
        return hf_arena_printf(run->arena, "%s_%s_notify_%s_0", id, sc_action_meta(action, "notify_type"),
                               sc_action_meta(action, "notify_operation"));
    return hf_arena_printf(run->arena, "%s_%s_%lld", id,
                           action->cancel_task != NULL ? action->cancel_task : action->name,
                           (long long)action->interval_ms);
}

static const struct graph_resource *graph_resource(struct run *run, struct resource *rsc)
{
    if (rsc->graph == NULL) {
        struct graph_resource *out = HF_ARENA_NEW(run->arena, struct graph_resource);
        rsc->graph = out;
        out->id = rsc->id;
        if ((rsc->flags & RSC_REMOVED) && rsc->history_id != NULL) {
            out->id = rsc->history_id;
            out->long_id = rsc->id;
        } else if (!(rsc->flags & RSC_UNIQUE)) {
            out->id = rsc->xml_id;
            out->long_id =
                rsc->history_id != NULL && !sc_eq(rsc->xml_id, rsc->history_id) ? rsc->history_id : rsc->id;
        }
        out->class_ = rsc->class_;
        out->provider = rsc->provider;
        out->type = rsc->type;
    }
    return rsc->graph;
}

struct ids {
    const char **at;
    int n, capacity;
};

static bool migrates_away(const struct action *stop)
{
    for (const struct edge *input = stop->before.first; input != NULL; input = input->next)
        if (input->action->rsc == stop->rsc && input->action->task == TASK_MIGRATE_FROM)
            return true;
    return false;
}

static void fill_downed(struct run *run, struct graph_action *out, const struct action *action)
{
    struct ids ids = {0};
    const char *fence = sc_attr(&action->meta, "stonith_action");

    if (action->task == TASK_SHUTDOWN) {
        SC_PUSH(run, &ids, action->node->id);
    } else if (action->task == TASK_FENCE &&
               (sc_eq(fence, "off") || sc_eq(fence, "reboot") || sc_eq(fence, "poweroff"))) {
        SC_PUSH(run, &ids, action->node->id);
        for (int i = 0; run->have_remote_nodes && i < action->node->running.n; i++) {
            const struct resource *rsc = action->node->running.at[i];
            const struct node *guest = (rsc->flags & RSC_REMOTE_CONNECTION) && rsc->launcher != NULL
                                           ? sc_node_find(run, rsc->id)
                                           : NULL;
            if (guest != NULL)
                SC_PUSH(run, &ids, guest->id);
        }
    } else if (action->rsc != NULL && (action->rsc->flags & RSC_REMOTE_CONNECTION) &&
               action->task == TASK_STOP && !migrates_away(action)) {
        SC_PUSH(run, &ids, action->rsc->id);
    }
    out->downed = ids.at;
    out->n_downed = ids.n;
}

static void fill_maintenance(struct run *run, struct graph_action *out)
{
    struct ids ids = {0};

    for (int i = 0; i < run->by_name.n; i++) {
        const struct node *node = run->by_name.at[i];
        if (node->remote && node->maintenance != node->remote_maintenance) {
            SC_PUSH(run, &ids, node->id);
            SC_PUSH(run, &ids, node->maintenance ? "1" : "0");
        }
    }
    out->maintenance = ids.at;
    out->n_maintenance = ids.n;
}

static void fill_inputs(struct run *run, struct graph_action *out, const struct action *action)
{
    int n = 0;

    for (const struct edge *input = action->before.first; input != NULL; input = input->next)
        n += input->graphed;
    int *inputs = hf_arena_alloc(run->arena, (size_t)(n + 1) * sizeof(int));
    out->n_inputs = 0;
    for (const struct edge *input = action->before.first; input != NULL; input = input->next)
        if (input->graphed && input->action->graph_index >= 0)
            inputs[out->n_inputs++] = input->action->graph_index;
        else if (input->graphed)
            out->blocked = true;
    out->inputs = inputs;
}

static int64_t meta_ms(const struct action *action, const char *name)
{
    int64_t value;
    return sc_long(sc_action_meta(action, name), &value) ? value : 0;
}

static void fill_action(struct run *run, struct graph_action *out, const struct action *action)
{
    out->id = action->id;
    out->kind = kind_of(action);
    out->task = action->name;
    out->key = graph_key(run, action);
    if (action->rsc != NULL && action->rsc->history_id != NULL)
        out->internal_key = action->key;
    bool node_info = out->kind != GRAPH_PSEUDO || action->task == TASK_FENCE;
    if (action->rsc != NULL && action->rsc->priority > 0)
        out->priority = action->rsc->priority;
    if (action->priority > out->priority)
        out->priority = action->priority;
    if (node_info && action->node != NULL) {
        const struct node *router = sc_router(action);
        out->node_name = action->node->name;
        out->node_id = action->node->id;
        out->router_node = router == NULL ? NULL : router->name;
    }
    if (action->rsc != NULL && !(action->flags & ACT_PSEUDO))
        out->resource = graph_resource(run, action->rsc);
    out->interval_ms = action->interval_ms;
    if (out->kind != GRAPH_PSEUDO && action->op != NULL) {
        out->timeout_ms = meta_ms(action, "timeout");
        out->start_delay_ms = meta_ms(action, "start-delay");
    } else if (out->kind == GRAPH_FENCE) {
        out->timeout_ms = run->fencing_timeout_ms;
    }
    out->target_rc = (int)meta_ms(action, "op_target_rc");
    out->can_fail = sc_true(sc_action_meta(action, "can_fail"));
    out->no_wait = sc_true(sc_action_meta(action, "op_no_wait"));
    if (action->rsc != NULL && action->rsc->lock_node != NULL && action->node == action->rsc->lock_node &&
        !(action->node->shutdown && action->task != TASK_STOP))
        out->shutdown_lock = action->rsc->lock_time;
    fill_attrs(run, out, action, node_info);
    if (node_info && action->node != NULL)
        fill_downed(run, out, action);
    if (action->task == TASK_MAINTENANCE_NODES)
        fill_maintenance(run, out);
    fill_inputs(run, out, action);
}

/* --- the whole --- */

static bool maintenance_changes(const struct run *run)
{
    for (int i = 0; i < run->by_name.n; i++)
        if (run->by_name.at[i]->remote &&
            run->by_name.at[i]->maintenance != run->by_name.at[i]->remote_maintenance)
            return true;
    return false;
}

void sc_build_graph(struct run *run)
{
    struct sched_graph *graph = &run->graph;

    for (int i = 0; i < run->resources.n; i++)
        add_resource(run, run->resources.at[i]);
    if (maintenance_changes(run))
        sc_pseudo_global(run, "maintenance_nodes")->flags |= ACT_ALWAYS_IN_GRAPH;
    for (int i = run->actions.n - 1; i >= 0; i--)
        add_action(run, run->actions.at[i]);
    graph->id = run->input->transition_id;
    graph->cluster_delay_ms = sc_interval_or(sc_option(run, "cluster-delay"), 60000);
    graph->cluster_delay = sc_option(run, "cluster-delay");
    graph->stonith_timeout_ms = run->fencing_timeout_ms;
    graph->fencing_timeout = sc_option(run, "fencing-timeout");
    graph->batch_limit = sc_int(sc_option(run, "batch-limit"), 0, 0);
    graph->migration_limit = sc_int(sc_option(run, "migration-limit"), -1, -1);
    graph->failed_stop_offset = "INFINITY";
    graph->failed_start_offset = run->start_failure_fatal ? "INFINITY" : "1";
    graph->recheck_by = run->recheck_by;
    graph->n_actions = run->graphed.n;
    graph->actions = hf_arena_alloc(run->arena, (size_t)(graph->n_actions + 1) * sizeof(*graph->actions));
    for (int i = 0; i < graph->n_actions; i++)
        fill_action(run, &graph->actions[i], run->graphed.at[i]);
}
