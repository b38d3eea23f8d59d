/* fencing.c - which nodes must be fenced, and how that is ordered against what resources do.
 *
 * A node is fenced if it cannot be known to be harmless: it left without a word, or something on it failed
 * to stop.  Guests are "fenced" by stopping their container. */
#include "daemon/sched/model.h"

#include <stdio.h>

/* Fencing is possible with a device, and with quorum or a partition that is still up with the target. */
bool sc_can_fence(const struct run *run, const struct node *node)
{
    if (sc_is_guest(node)) {
        const struct resource *container = node->connection->launcher;
        for (int i = 0; i < container->active.n; i++)
            if (!container->active.at[i]->online && !sc_can_fence(run, container->active.at[i]))
                return false;
        return true;
    }
    if (!run->fencing_enabled || !run->have_fencing)
        return false;
    if (run->quorate || run->no_quorum_policy == QUORUM_IGNORE)
        return true;
    if (node == NULL || !node->online)
        return false;
    if (node->remote && !run->fence_remote_no_quorum && node->connection != NULL) {
        const struct table *allowed = &node->connection->allowed;
        for (int i = 0; i < allowed->n; i++)
            if (allowed->at[i].present && !run->nodes.at[i]->online)
                return false;
    }
    return true;
}

/* The node of a guest whose container is no longer configured. */
static bool is_dangling_guest(const struct node *node)
{
    return node->remote && node->connection != NULL && node->connection->launcher == NULL &&
           (node->connection->flags & RSC_REMOVED_LAUNCHED);
}

void sc_fence_node(struct run *run, struct node *node, const char *reason, bool priority_delay)
{
    if (sc_is_guest(node)) {
        struct resource *container = node->connection->launcher;
        if (!(container->flags & RSC_FAILED) && (container->flags & RSC_MANAGED)) {
            node->remote_reset = true;
            container->flags |= RSC_FAILED | RSC_STOP_IF_FAILED;
        }
    } else if (is_dangling_guest(node)) {
        node->connection->flags |= RSC_FAILED | RSC_STOP_IF_FAILED;
    } else if (sc_is_remote_node(node)) {
        if (node->connection == NULL || (node->connection->flags & RSC_MANAGED))
            node->remote_reset = true;
        node->unclean = true;
        sc_fence_op(run, node, NULL, true, reason, false);
    } else if (!node->unclean) {
        node->unclean = true;
        sc_fence_op(run, node, NULL, true, reason, priority_delay);
    }
}

/* In a split without majority the side that runs more important things shoots first: delay the others. */
static int64_t priority_delay_s(const struct run *run, const struct node *node)
{
    int members = 0, online = 0, top = 0, lowest = 0;

    if (run->priority_fencing_ms == 0 || node->remote || node->online)
        return 0;
    for (int i = 0; i < run->by_name.n; i++) {
        const struct node *other = run->by_name.at[i];
        if (other->remote)
            continue;
        if (members == 0 || other->priority > top)
            top = other->priority;
        if (members == 0 || other->priority < lowest)
            lowest = other->priority;
        members++;
        online += other->online;
    }
    if (online > members / 2 || lowest == top || node->priority < top)
        return 0;
    return sc_seconds(run->priority_fencing_ms);
}

/* The devices that take part in unfencing, most recent first. */
static void unfencing_devices(struct run *run, const struct resources *list, struct resources *found)
{
    for (int i = 0; i < list->n; i++) {
        struct resource *rsc = list->at[i];
        if (rsc->children.n > 0)
            unfencing_devices(run, &rsc->children, found);
        else if ((rsc->flags & RSC_FENCE_DEVICE) &&
                 ((rsc->flags & RSC_NEEDS_UNFENCING) || sc_ieq(sc_attr(&rsc->meta, "provides"), "unfencing")))
            SC_PUSH(run, found, rsc);
    }
}

/* Records the devices' fingerprints with the fencing action; true if one changed since the node was
 * unfenced. */
static bool device_digests(struct run *run, struct node *node, struct action *action)
{
    struct resources devices = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf all = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf secure = {0};
    bool changed = false;

    unfencing_devices(run, &run->resources, &devices);
    for (int i = devices.n - 1; i >= 0; i--) {
        struct resource *device = devices.at[i];
        const struct digest *digest = sc_fencing_digest(run, device, node);
        changed = changed || digest->result == DIGEST_MISMATCH;
        hf_buf_printf(&all, "%s:%s:%s,", device->id, device->type, digest->all);
        hf_buf_printf(&secure, "%s:%s:%s,", device->id, device->type, digest->secure);
    }
    sc_attr_set(run, &action->meta, "digests-all", hf_arena_strdup(run->arena, hf_buf_text(&all)));
    sc_attr_set(run, &action->meta, "digests-secure", hf_arena_strdup(run->arena, hf_buf_text(&secure)));
    return changed;
}

/* The action that does op ("off", "reboot", "on"; NULL: the configured one) to node. */
struct action *sc_fence_op(struct run *run, struct node *node, const char *op, bool optional,
                           const char *reason, bool priority_delay)
{
    if (op == NULL)
        op = run->fence_action;
    const char *key = hf_arena_printf(run->arena, "stonith-%s-%s", node->name, op);
    struct action *action = sc_names_get(&run->singletons, key);
    if (action == NULL) {
        struct op_key op_key = {.task = TASK_FENCE, .name = "stonith", .text = key};
        action = sc_action_keyed(run, NULL, op_key, TASK_FENCE, "stonith", node, true);
        sc_attr_set(run, &action->meta, "on_node", node->name);
        sc_attr_set(run, &action->meta, "on_node_uuid", node->id);
        sc_attr_set(run, &action->meta, "stonith_action", op);
        if (run->enable_unfencing && device_digests(run, node, action))
            optional = false;
    }
    if (run->priority_fencing_ms > 0 &&
        (priority_delay || sc_attr(&action->meta, "priority-fencing-delay") != NULL))
        sc_attr_set(run, &action->meta, "priority-fencing-delay",
                    sc_decimal(run, priority_delay_s(run, node)));
    if (!optional && sc_can_fence(run, node)) {
        action->flags &= ~(unsigned)ACT_OPTIONAL;
        sc_reason(run, action, reason, false);
    } else if (reason != NULL) {
        sc_reason(run, action, reason, false);
    }
    return action;
}

/* --- unfencing --- */

static bool healthy(const struct node *node)
{
    return node->online && !node->unclean && !node->shutdown;
}

/* Node (or, for NULL, every node where device may run) must be unfenced again, before dependency. */
void sc_trigger_unfencing(struct run *run, struct resource *device, struct node *node, const char *reason,
                          struct action *dependency)
{
    if (!run->enable_unfencing || (device != NULL && !(device->flags & RSC_FENCE_DEVICE)))
        return;
    if (node != NULL && healthy(node)) {
        struct action *unfence = sc_fence_op(run, node, "on", false, reason, false);
        if (dependency != NULL)
            sc_order_actions(run, unfence, dependency, AR_ORDERED);
    } else if (device != NULL) {
        for (int i = 0; i < device->allowed.n; i++)
            if (device->allowed.at[i].present && healthy(run->nodes.at[i]))
                sc_trigger_unfencing(run, device, run->nodes.at[i], reason, dependency);
    }
}

bool sc_unfenced(const struct node *node)
{
    const char *value = sc_attr(&node->attrs, "#node-unfenced");
    return value != NULL && strcmp(value, "0") != 0;
}

void sc_order_vs_unfencing(struct run *run, struct resource *rsc, struct node *node, struct action *action,
                           unsigned order)
{
    if (!((rsc->flags & RSC_FENCE_DEVICE) && run->enable_unfencing) && !(rsc->flags & RSC_NEEDS_UNFENCING))
        return;
    struct action *unfence = sc_fence_op(run, node, "on", true, NULL, false);
    sc_order_actions(run, unfence, action, order);
    if (!sc_unfenced(node))
        sc_trigger_unfencing(run, NULL, node,
                             hf_arena_printf(run->arena, "required by %s %s", rsc->id, action->name), NULL);
}

/* A restart on a node goes around its unfencing. */
void sc_order_restart_vs_unfence(struct run *run, struct resource *rsc, struct node *node)
{
    struct action *unfence = sc_fence_op(run, node, "on", true, NULL, false);
    struct ordering before = {
        .flags = AR_ORDERED | AR_IF_ON_SAME_NODE, .first_rsc = rsc, .first_task = TASK_STOP, .then = unfence};
    struct ordering after = {.flags = AR_FIRST_IMPLIES_SAME_NODE_THEN | AR_IF_ON_SAME_NODE,
                             .first = unfence,
                             .then_rsc = rsc,
                             .then_task = TASK_START};
    sc_ordering(run, before);
    sc_ordering(run, after);
}

/* --- orderings --- */

static bool known_on(const struct resource *rsc, const struct node *node)
{
    return sc_placement(&rsc->probed, node) != NULL ||
           (rsc->kind == KIND_PRIMITIVE && sc_is_anonymous_clone(rsc->parent) &&
            sc_placement(&rsc->parent->probed, node) != NULL);
}

/* What needs fencing waits for it; what needs quorum waits if the target might be running it. */
static void starts_after(struct run *run, struct resource *rsc, struct action *fencing)
{
    for (struct action *action = rsc->actions; action != NULL; action = action->next_of_rsc) {
        if (action->needs == NEEDS_FENCING)
            sc_order_actions(run, fencing, action, AR_ORDERED);
        else if (action->needs == NEEDS_QUORUM && action->task == TASK_START &&
                 sc_placement(&rsc->allowed, fencing->node) != NULL && !known_on(rsc, fencing->node))
            sc_order_actions(run, fencing, action, AR_ORDERED | AR_UNRUNNABLE_FIRST_BLOCKS);
    }
}

/* Fencing stops and demotes whatever was on the target: those actions become pseudo actions after it. */
static void stops_implied(struct run *run, struct resource *rsc, struct action *fencing)
{
    struct node *target = fencing->node;
    bool implicit = (rsc->flags & RSC_NEEDS_FENCING) || sc_is_guest(target);
    struct actions stops = sc_find_actions(run, rsc, sc_key(TASK_STOP), target, false);
    struct action *top_stop = stops.n > 0 && implicit ? sc_first_action(sc_top(rsc), TASK_STOP, NULL) : NULL;

    for (int i = 0; i < stops.n; i++) {
        stops.at[i]->flags |= ACT_PSEUDO | ACT_RUNNABLE;
        if (implicit) {
            if (!sc_is_bundled(rsc))
                sc_order_actions(run, fencing, stops.at[i], AR_GUEST_ALLOWED);
            sc_order_actions(run, fencing, top_stop, AR_GUEST_ALLOWED);
        }
        if (rsc->flags & RSC_NOTIFY)
            sc_notify_after_fencing(run, stops.at[i], rsc, fencing);
    }
    struct actions demotes = sc_find_actions(run, rsc, sc_key(TASK_DEMOTE), target, false);
    for (int i = 0; i < demotes.n; i++) {
        struct action *demote = demotes.at[i];
        if (demote->node->online && !demote->node->unclean && !(rsc->flags & RSC_FAILED))
            continue;
        demote->flags |= ACT_PSEUDO | ACT_RUNNABLE;
        if (!sc_is_bundled(rsc) && implicit)
            sc_order_actions(run, fencing, demote, AR_GUEST_ALLOWED | AR_ORDERED);
    }
}

static void order_resource(struct run *run, struct resource *rsc, struct action *fencing)
{
    for (int i = 0; i < rsc->children.n; i++)
        order_resource(run, rsc->children.at[i], fencing);
    if (rsc->children.n > 0 || !(rsc->flags & RSC_MANAGED))
        return;
    starts_after(run, rsc, fencing);
    stops_implied(run, rsc, fencing);
}

static void order_vs_fencing(struct run *run, struct action *fencing)
{
    for (int i = 0; i < run->resources.n; i++)
        order_resource(run, run->resources.at[i], fencing);
}

/* --- scheduling --- */

static void fence_guest(struct run *run, struct node *node)
{
    struct resource *container = node->connection->launcher;
    struct action *stop = sc_first_action(container, TASK_STOP, NULL);
    const char *op = sc_first_action(container, TASK_START, NULL) != NULL ? "reboot" : "off";
    struct action *fencing = sc_fence_op(run, node, op, false, "guest is unclean", false);

    fencing->flags |= ACT_PSEUDO | ACT_RUNNABLE;
    if (stop != NULL && (stop->flags & ACT_PSEUDO)) { /* the host is fenced, and the guest with it */
        struct action *host = sc_fence_op(run, stop->node, NULL, false, NULL, false);
        sc_order_actions(run, host, fencing, AR_UNRUNNABLE_FIRST_BLOCKS | AR_FIRST_IMPLIES_THEN);
    } else if (stop != NULL) {
        sc_order_actions(run, stop, fencing, AR_UNRUNNABLE_FIRST_BLOCKS | AR_FIRST_IMPLIES_THEN);
    } else {
        stop = sc_first_action(node->connection, TASK_STOP, NULL);
        if (stop != NULL)
            sc_order_actions(run, stop, fencing, AR_ORDERED);
    }
    order_vs_fencing(run, fencing);
}

static bool any_managed(const struct resources *list)
{
    for (int i = 0; i < list->n; i++)
        if ((list->at[i]->flags & RSC_MANAGED) || any_managed(&list->at[i]->children))
            return true;
    return false;
}

/* Everything that runs on a node that leaves must be stopped before it may. */
static struct action *shutdown_action(struct run *run, struct node *node)
{
    const char *key = hf_arena_printf(run->arena, "do_shutdown-%s", node->name);
    struct op_key op_key = {.task = TASK_SHUTDOWN, .name = "do_shutdown", .text = key};
    struct action *down = sc_action_keyed(run, NULL, op_key, TASK_SHUTDOWN, "do_shutdown", node, false);

    for (int i = run->actions.n - 1; i >= 0; i--) {
        struct action *action = run->actions.at[i];
        if (action->node != node || action->task != TASK_STOP || action->rsc == NULL)
            continue;
        if ((action->rsc->flags & RSC_MAINTENANCE) || node->maintenance ||
            !(action->rsc->flags & (RSC_MANAGED | RSC_BLOCKED)))
            continue;
        action->flags &= ~(unsigned)ACT_OPTIONAL;
        struct ordering ordering = {
            .flags = AR_ORDERED | AR_UNRUNNABLE_FIRST_BLOCKS, .first = action, .then = down};
        sc_ordering(run, ordering);
    }
    sc_attr_set(run, &down->meta, "op_no_wait", "true");
    return down;
}

/* Fences what must be fenced and shuts down what asked for it; the coordinator last of all. */
void sc_schedule_fencing(struct run *run)
{
    bool managed = any_managed(&run->resources);
    struct actions fencings = {0}, shutdowns = {0};
    struct action *dc_down = NULL;

    for (int i = 0; i < run->by_name.n; i++) {
        struct node *node = run->by_name.at[i];
        if (sc_is_guest(node)) {
            if (node->remote_reset && managed && sc_can_fence(run, node))
                fence_guest(run, node);
            continue;
        }
        if (managed && node->unclean && sc_can_fence(run, node)) {
            struct action *fencing = sc_fence_op(run, node, NULL, false, "node is unclean", false);
            order_vs_fencing(run, fencing);
            if (node == run->dc) {
                dc_down = fencing;
            } else {
                if (!run->concurrent_fencing && fencings.n > 0)
                    sc_order_actions(run, fencings.at[fencings.n - 1], fencing, AR_ORDERED);
                SC_PUSH(run, &fencings, fencing);
            }
        } else if (!node->remote && node->online && node->shutdown) {
            struct action *down = shutdown_action(run, node);
            if (node == run->dc)
                dc_down = down;
            else
                SC_PUSH(run, &shutdowns, down);
        }
    }
    if (dc_down == NULL)
        return;
    if (dc_down->task == TASK_SHUTDOWN)
        for (int i = shutdowns.n - 1; i >= 0; i--)
            sc_order_actions(run, shutdowns.at[i], dc_down, AR_ORDERED);
    if (run->concurrent_fencing)
        for (int i = fencings.n - 1; i >= 0; i--)
            sc_order_actions(run, fencings.at[i], dc_down, AR_ORDERED);
    else if (fencings.n > 0)
        sc_order_actions(run, fencings.at[fencings.n - 1], dc_down, AR_ORDERED);
}
