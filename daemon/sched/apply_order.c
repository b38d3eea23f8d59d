/* apply_order.c - lets orderings change what is required and what is possible.
 *
 * Orderings become edges between actions.  Then each edge is looked at: a required "first" may require
 * "then", an impossible one may make it impossible, and so on (enum relation); whatever changes is looked
 * at again with its neighbours until nothing changes. */
#include "daemon/sched/model.h"

enum { CHANGED_FIRST = 1, CHANGED_THEN = 2 };

/* --- edges --- */

/* A first action with any then action of the resource, or, if first cannot exist, nothing may follow it. */
static void order_after(struct run *run, struct action *first, const struct resource *rsc,
                        const struct ordering *ordering)
{
    unsigned flags = ordering->flags;
    struct actions thens = {0};

    if (ordering->then != NULL)
        SC_PUSH(run, &thens, ordering->then);
    else
        thens = sc_find_actions(run, rsc, sc_key(ordering->then_task), NULL, false);
    if (thens.n == 0)
        return;
    if (first != NULL && first->rsc == rsc && (first->flags & ACT_MIGRATION_ABORT))
        flags &= ~(unsigned)AR_FIRST_IMPLIES_THEN;
    if (first == NULL && !(flags & AR_FIRST_IMPLIES_THEN))
        return;
    for (int i = 0; i < thens.n; i++) {
        if (first != NULL)
            sc_order_actions(run, first, thens.at[i], flags);
        else
            thens.at[i]->flags &= ~(unsigned)ACT_RUNNABLE;
    }
}

static void order_from(struct run *run, struct resource *first_rsc, const struct ordering *ordering)
{
    struct resource *then_rsc = ordering->then_rsc;
    struct actions firsts = {0};

    if (ordering->first != NULL)
        SC_PUSH(run, &firsts, ordering->first);
    else
        firsts = sc_find_actions(run, first_rsc, sc_key(ordering->first_task), NULL, false);
    if (firsts.n == 0 && first_rsc != then_rsc) {
        enum role role = sc_role(first_rsc, true);
        if ((role == ROLE_STOPPED && ordering->first_task == TASK_STOP) ||
            (role == ROLE_UNPROMOTED && ordering->first_task == TASK_DEMOTE))
            return; /* there is nothing to wait for */
        SC_PUSH(run, &firsts, sc_action(run, first_rsc, ordering->first_task, NULL, true));
    }
    if (then_rsc == NULL) {
        if (ordering->then == NULL)
            return;
        then_rsc = ordering->then->rsc;
    }
    for (int i = 0; i < firsts.n; i++) {
        if (then_rsc == NULL)
            sc_order_actions(run, firsts.at[i], ordering->then, ordering->flags);
        else
            order_after(run, firsts.at[i], then_rsc, ordering);
    }
}

/* --- flags of actions as others see them --- */

static enum task collective_task(const struct resource *rsc, enum task task)
{
    if (rsc->kind == KIND_PRIMITIVE &&
        (task == TASK_STOPPED || task == TASK_RUNNING || task == TASK_DEMOTED || task == TASK_PROMOTED))
        return (enum task)(task - 1);
    return task;
}

/* The task of an instance that a collective's (or its notification's) action is about. */
static enum task instance_task(const struct action *action)
{
    enum task task = action->task;
    if (task == TASK_NOTIFY || task == TASK_NOTIFIED)
        task = sc_task_parse(action->notify_task);
    return collective_task(action->rsc->children.at[0], task);
}

/* Required if any member's is; impossible if a member's is or is missing. */
static unsigned group_flags(struct action *action, const struct node *node)
{
    unsigned flags = ACT_OPTIONAL | ACT_RUNNABLE | ACT_PSEUDO;

    for (int i = 0; i < action->rsc->children.n; i++) {
        struct resource *member = action->rsc->children.at[i];
        enum task task = collective_task(member, action->task);
        struct action *of_member = sc_first_action(member, task, node);
        if (of_member == NULL) {
            if (task != TASK_STOP && task != TASK_DEMOTE)
                flags &= ~(unsigned)ACT_RUNNABLE;
            continue;
        }
        unsigned member_flags = sc_action_flags(of_member, node);
        if ((flags & ACT_OPTIONAL) && !(member_flags & ACT_OPTIONAL)) {
            flags &= ~(unsigned)ACT_OPTIONAL;
            action->flags &= ~(unsigned)ACT_OPTIONAL;
        }
        if (task != action->task && (flags & ACT_RUNNABLE) && !(member_flags & ACT_RUNNABLE)) {
            flags &= ~(unsigned)ACT_RUNNABLE;
            action->flags &= ~(unsigned)ACT_RUNNABLE;
        }
    }
    return flags;
}

/* Required if any instance's is; possible if any instance's is. */
static unsigned instances_flags(struct action *action, const struct resources *instances,
                                const struct node *node)
{
    unsigned flags = ACT_OPTIONAL | ACT_RUNNABLE | ACT_PSEUDO;
    enum task task = instance_task(action);
    bool any_runnable = false;

    for (int i = 0; i < instances->n; i++) {
        const struct resource *instance = instances->at[i];
        struct action *own = sc_first_action(instance, task, instance->kind == KIND_PRIMITIVE ? node : NULL);
        if (own == NULL)
            continue;
        unsigned own_flags = sc_action_flags(own, node);
        if ((flags & ACT_OPTIONAL) && !(own_flags & ACT_OPTIONAL)) {
            flags &= ~(unsigned)ACT_OPTIONAL;
            action->flags &= ~(unsigned)ACT_OPTIONAL;
        }
        any_runnable = any_runnable || (own_flags & ACT_RUNNABLE);
    }
    if (!any_runnable) {
        flags &= ~(unsigned)ACT_RUNNABLE;
        if (node == NULL)
            action->flags &= ~(unsigned)ACT_RUNNABLE;
    }
    return flags;
}

/* The instances of a clone, or the containers of a bundle. */
struct resources sc_instances(const struct resource *rsc)
{
    return rsc->kind == KIND_BUNDLE ? rsc->bundle->containers : rsc->children;
}

static unsigned bundle_flags(struct action *action, const struct node *node)
{
    const struct resource *child = action->rsc->bundle->child;

    if (child != NULL) {
        switch (collective_task(child, action->task)) {
        case TASK_NONE:
        case TASK_OTHER:
        case TASK_NOTIFY:
        case TASK_NOTIFIED:
        case TASK_PROMOTE:
        case TASK_PROMOTED:
        case TASK_DEMOTE:
        case TASK_DEMOTED:
            return instances_flags(action, &child->children, node);
        default:
            break;
        }
    }
    return instances_flags(action, &action->rsc->bundle->containers, node);
}

/* The action's flags; those of a collective's come from its members (on node, if given). */
unsigned sc_action_flags(struct action *action, const struct node *node)
{
    if (action->rsc == NULL)
        return action->flags;
    switch (action->rsc->kind) {
    case KIND_GROUP:
        return group_flags(action, node);
    case KIND_CLONE:
        return instances_flags(action, &action->rsc->children, node);
    case KIND_BUNDLE:
        return bundle_flags(action, node);
    default:
        return action->flags;
    }
}

static unsigned flags_for_ordering(struct action *action, const struct node *node)
{
    if (action->rsc == NULL)
        return action->flags;
    unsigned flags = sc_action_flags(action, NULL);
    if (node == NULL || action->rsc->kind != KIND_CLONE)
        return flags;
    bool runnable = flags & ACT_RUNNABLE;
    flags = sc_action_flags(action, node);
    if (runnable)
        flags |= ACT_RUNNABLE;
    return flags;
}

/* --- one relation between two actions --- */

/* Clears a flag of action because of reason's state, and says so. */
static void clear_because(struct run *run, struct action *action, unsigned flag, const struct action *reason)
{
    if (!(action->flags & flag))
        return;
    action->flags &= ~flag;
    if (action->rsc != reason->rsc && action->reason == NULL) {
        const char *what = flag == ACT_RUNNABLE     ? "unrunnable"
                           : flag == ACT_MIGRATABLE ? "unmigrateable"
                                                    : "required";
        action->reason = hf_arena_printf(run->arena, "%s%s%s %s", what, reason->rsc == NULL ? "" : " ",
                                         reason->rsc == NULL ? "" : reason->rsc->id, reason->name);
    }
}

static void handle_asymmetric(struct run *run, const struct action *first, struct action *then)
{
    if (then->rsc == NULL || (first->flags & ACT_RUNNABLE))
        return;
    if (then->flags & ACT_OPTIONAL) {
        enum role role = sc_role(then->rsc, true);
        if (role == ROLE_STOPPED && then->task == TASK_STOP)
            return;
        if (role >= ROLE_STARTED && then->task == TASK_START && then->rsc->active.n == 1 &&
            then->rsc->active.at[0] == then->node)
            return;
    }
    clear_because(run, then, ACT_OPTIONAL, first);
    clear_because(run, then, ACT_RUNNABLE, first);
}

/* first is the stop and then the start of a restart (or stops further down a group). */
static void handle_restart(struct run *run, struct action *first, struct action *then, unsigned filter)
{
    bool restart = (filter & ACT_OPTIONAL) && !(then->flags & ACT_OPTIONAL);
    bool stop = (filter & ACT_RUNNABLE) && !(then->flags & ACT_RUNNABLE) &&
                (then->rsc->flags & RSC_MANAGED) && first->rsc == then->rsc;

    if (!restart && !stop)
        return;
    if (first->flags & ACT_RUNNABLE)
        clear_because(run, first, ACT_OPTIONAL, then);
    if (!(then->flags & ACT_OPTIONAL))
        clear_because(run, first, ACT_OPTIONAL, then);
    if (!(then->flags & ACT_MIGRATABLE))
        clear_because(run, first, ACT_MIGRATABLE, then);
    if (!(first->flags & ACT_OPTIONAL) && !(first->flags & ACT_RUNNABLE))
        clear_because(run, then, ACT_RUNNABLE, first);
}

static void then_implies_first(struct run *run, struct action *first, struct action *then, unsigned flags,
                               unsigned filter, unsigned first_flags)
{
    if ((filter & ACT_OPTIONAL) && !(flags & ACT_OPTIONAL) && (first_flags & ACT_OPTIONAL))
        clear_because(run, first, ACT_OPTIONAL, then);
    if ((flags & ACT_MIGRATABLE) && !(then->flags & ACT_MIGRATABLE))
        clear_because(run, first, ACT_MIGRATABLE, then);
}

static void unmigratable_then_blocks(struct run *run, struct action *first, const struct action *then)
{
    if ((then->flags & (ACT_MIGRATABLE | ACT_RUNNABLE)) != (ACT_MIGRATABLE | ACT_RUNNABLE))
        clear_because(run, first, ACT_RUNNABLE, then);
    if (!(then->flags & ACT_OPTIONAL))
        clear_because(run, first, ACT_OPTIONAL, then);
}

/* Applies relation type; flags are first's as seen by then, filter those that matter. */
static unsigned update_primitive(struct run *run, struct action *first, struct action *then, unsigned flags,
                                 unsigned filter, unsigned type)
{
    unsigned then_flags = then->flags, first_flags = first->flags, changed = 0;

    if (type & AR_ASYMMETRIC)
        handle_asymmetric(run, first, then);
    if ((type & AR_THEN_IMPLIES_FIRST) && !(then_flags & ACT_OPTIONAL))
        then_implies_first(run, first, then, flags, filter, first_flags);
    if ((type & AR_PROMOTED_THEN_IMPLIES_FIRST) && then->rsc != NULL &&
        then->rsc->orig_role == ROLE_PROMOTED && (filter & ACT_OPTIONAL) && !(then->flags & ACT_OPTIONAL)) {
        clear_because(run, first, ACT_OPTIONAL, then);
        if (!(then->flags & ACT_MIGRATABLE))
            clear_because(run, first, ACT_MIGRATABLE, then);
    }
    if ((type & AR_UNMIGRATABLE_THEN_BLOCKS) && (filter & ACT_OPTIONAL))
        unmigratable_then_blocks(run, first, then);
    if ((type & AR_FIRST_ELSE_THEN) && (filter & ACT_OPTIONAL) && !(first->flags & ACT_RUNNABLE)) {
        clear_because(run, then, ACT_MIGRATABLE, first);
        then->flags &= ~(unsigned)ACT_PSEUDO;
    }
    if ((type & AR_UNRUNNABLE_FIRST_BLOCKS) && (filter & ACT_RUNNABLE) && (then->flags & ACT_RUNNABLE) &&
        !(flags & ACT_RUNNABLE)) {
        clear_because(run, then, ACT_RUNNABLE, first);
        clear_because(run, then, ACT_MIGRATABLE, first);
    }
    if ((type & AR_FIRST_IMPLIES_THEN) && (filter & ACT_OPTIONAL) && (then->flags & ACT_OPTIONAL) &&
        !(flags & ACT_OPTIONAL) && !(first->flags & ACT_MIGRATABLE))
        clear_because(run, then, ACT_OPTIONAL, first);
    if (type & AR_INTERMEDIATE_STOP)
        handle_restart(run, first, then, filter);
    if (then_flags != then->flags) {
        changed |= CHANGED_THEN;
        if (then->rsc != NULL && then->rsc->parent != NULL)
            sc_update_for_orderings(run, then);
    }
    if (first_flags != first->flags)
        changed |= CHANGED_FIRST;
    return changed;
}

static unsigned update(struct run *run, const struct resource *rsc, struct action *first, struct action *then,
                       const struct node *node, unsigned flags, unsigned filter, unsigned type);

static unsigned update_group(struct run *run, struct action *first, struct action *then,
                             const struct node *node, unsigned flags, unsigned filter, unsigned type)
{
    unsigned changed = update_primitive(run, first, then, flags, filter, type);

    for (int i = 0; i < then->rsc->children.n; i++) {
        struct resource *member = then->rsc->children.at[i];
        struct action *own = sc_first_action(member, then->task, node);
        if (own != NULL)
            changed |= update(run, member, first, own, node, flags, filter, type);
    }
    return changed;
}

/* Between clones with interleave=true only instances on the same node wait for each other. */
static bool can_interleave(const struct action *first, const struct action *then)
{
    if (first->rsc == NULL || then->rsc == NULL || first->rsc == then->rsc || first->rsc->kind < KIND_CLONE ||
        then->rsc->kind < KIND_CLONE)
        return false;
    enum task about = then->notify_type != NULL ? sc_task_parse(then->notify_task) : then->key_task;
    bool down = about == TASK_STOP || about == TASK_DEMOTE;
    return sc_true(sc_attr(&(down ? first->rsc : then->rsc)->meta, "interleave"));
}

static struct action *instance_action(const struct action *action, const struct resource *instance,
                                      enum task task, const struct node *node, bool for_first)
{
    const struct resource *rsc = NULL;
    bool down = action->task == TASK_STOP || action->task == TASK_STOPPED;
    bool role = action->task == TASK_PROMOTE || action->task == TASK_PROMOTED ||
                action->task == TASK_DEMOTE || action->task == TASK_DEMOTED;

    if (for_first ? !down : role)
        rsc = sc_in_container(instance);
    if (rsc == NULL)
        rsc = instance;
    else
        node = NULL;
    return sc_first_action(rsc, task, node);
}

static unsigned update_interleaved(struct run *run, struct action *first, struct action *then,
                                   const struct node *node, unsigned filter, unsigned type)
{
    enum task task = instance_task(first);
    bool current = first->task == TASK_STOPPED || first->task == TASK_DEMOTED;
    struct resources instances = sc_instances(then->rsc);
    unsigned changed = 0;

    if (first->notify_type != NULL) {
        enum task about = sc_task_parse(first->notify_task);
        current = about == TASK_STOPPED || about == TASK_DEMOTED;
    }
    for (int i = 0; i < instances.n; i++) {
        struct resource *instance = instances.at[i];
        struct resource *match =
            sc_compatible_instance(run, instance, first->rsc, ROLE_UNKNOWN, current, NULL);
        if (match == NULL) {
            if (!current && (type & (AR_UNRUNNABLE_FIRST_BLOCKS | AR_FIRST_IMPLIES_THEN)) &&
                sc_assign_to(run, instance, NULL, true, true))
                changed |= CHANGED_THEN;
            continue;
        }
        struct action *of_first = instance_action(first, match, task, node, true);
        if (of_first == NULL)
            continue;
        struct action *of_then = instance_action(then, instance, then->task, node, false);
        if (of_then == NULL)
            continue;
        if (sc_order_actions(run, of_first, of_then, type))
            changed |= CHANGED_FIRST | CHANGED_THEN;
        changed |=
            update(run, instance, of_first, of_then, node, sc_action_flags(of_first, node), filter, type);
    }
    return changed;
}

static unsigned update_instances(struct run *run, struct action *first, struct action *then,
                                 const struct node *node, unsigned flags, unsigned filter, unsigned type)
{
    if (can_interleave(first, then))
        return update_interleaved(run, first, then, node, filter, type);
    unsigned changed = update_primitive(run, first, then, flags, filter, type);
    struct resources instances = sc_instances(then->rsc);
    for (int i = 0; i < instances.n; i++) {
        struct resource *instance = instances.at[i];
        struct action *own = sc_first_action(instance, then->task, node);
        if (own == NULL || !(sc_action_flags(own, node) & ACT_RUNNABLE))
            continue;
        unsigned one = update(run, instance, first, own, node, flags, filter, type);
        changed |= one;
        if (one & CHANGED_THEN)
            for (struct edge *edge = own->after.first; edge != NULL; edge = edge->next)
                sc_update_for_orderings(run, edge->action);
    }
    return changed;
}

static unsigned update(struct run *run, const struct resource *rsc, struct action *first, struct action *then,
                       const struct node *node, unsigned flags, unsigned filter, unsigned type)
{
    switch (rsc->kind) {
    case KIND_GROUP:
        if (then->rsc == NULL)
            return update_primitive(run, first, then, flags, filter, type);
        return update_group(run, first, then, node, flags, filter, type);
    case KIND_CLONE:
    case KIND_BUNDLE:
        if (then->rsc == NULL)
            return 0;
        return update_instances(run, first, then, node, flags, filter, type);
    default:
        return update_primitive(run, first, then, flags, filter, type);
    }
}

/* --- all that an edge says --- */

/* For a then that belongs to no resource: a plain flag. */
static unsigned clear_then(struct action *then, unsigned flag)
{
    then->flags &= ~flag;
    return CHANGED_THEN;
}

static unsigned implied(struct run *run, struct action *first, struct action *then, struct edge *order,
                        unsigned first_flags)
{
    struct node *node = then->node;
    unsigned changed = 0;

    if (order->flags & AR_FIRST_IMPLIES_SAME_NODE_THEN) {
        order->flags &= ~(unsigned)AR_FIRST_IMPLIES_SAME_NODE_THEN;
        order->flags |= AR_FIRST_IMPLIES_THEN;
        node = first->node;
    }
    if (order->flags & AR_FIRST_IMPLIES_THEN) {
        if (then->rsc != NULL)
            changed |= update(run, then->rsc, first, then, node, first_flags & ACT_OPTIONAL, ACT_OPTIONAL,
                              AR_FIRST_IMPLIES_THEN);
        else if (!(first_flags & ACT_OPTIONAL) && (then->flags & ACT_OPTIONAL))
            changed |= clear_then(then, ACT_OPTIONAL);
    }
    if ((order->flags & AR_INTERMEDIATE_STOP) && then->rsc != NULL)
        changed |= update(run, then->rsc, first, then, node, first_flags, ACT_OPTIONAL | ACT_RUNNABLE,
                          AR_INTERMEDIATE_STOP);
    if (order->flags & AR_THEN_IMPLIES_FIRST) {
        if (first->rsc != NULL) {
            changed |=
                update(run, first->rsc, first, then, node, first_flags, ACT_OPTIONAL, AR_THEN_IMPLIES_FIRST);
        } else if (!(first_flags & ACT_OPTIONAL) && (first->flags & ACT_RUNNABLE)) {
            first->flags &= ~(unsigned)ACT_RUNNABLE;
            changed |= CHANGED_FIRST;
        }
    }
    if ((order->flags & AR_PROMOTED_THEN_IMPLIES_FIRST) && then->rsc != NULL)
        changed |= update(run, then->rsc, first, then, node, first_flags & ACT_OPTIONAL, ACT_OPTIONAL,
                          AR_PROMOTED_THEN_IMPLIES_FIRST);
    return changed;
}

static unsigned possible(struct run *run, struct action *first, struct action *then, struct edge *order,
                         unsigned first_flags, struct node *node)
{
    unsigned changed = 0;

    if (order->flags & AR_MIN_RUNNABLE) {
        if (then->rsc != NULL) {
            changed |= update(run, then->rsc, first, then, node, first_flags, ACT_RUNNABLE, AR_MIN_RUNNABLE);
        } else if (first_flags & ACT_RUNNABLE) {
            then->runnable_before++;
            if (then->runnable_before >= then->required_before && !(then->flags & ACT_RUNNABLE)) {
                then->flags |= ACT_RUNNABLE;
                changed |= CHANGED_THEN;
            }
        }
    }
    if ((order->flags & AR_NESTED_REMOTE_PROBE) && then->rsc != NULL) {
        if (!(first_flags & ACT_RUNNABLE) && first->rsc != NULL && first->rsc->active.n > 0)
            order->flags = AR_NONE;
        else
            changed |= update(run, then->rsc, first, then, node, first_flags, ACT_RUNNABLE,
                              AR_UNRUNNABLE_FIRST_BLOCKS);
    }
    if (order->flags & AR_UNRUNNABLE_FIRST_BLOCKS) {
        if (then->rsc != NULL)
            changed |= update(run, then->rsc, first, then, node, first_flags, ACT_RUNNABLE,
                              AR_UNRUNNABLE_FIRST_BLOCKS);
        else if (!(first_flags & ACT_RUNNABLE) && (then->flags & ACT_RUNNABLE))
            changed |= clear_then(then, ACT_RUNNABLE);
    }
    if ((order->flags & AR_UNMIGRATABLE_THEN_BLOCKS) && then->rsc != NULL)
        changed |=
            update(run, then->rsc, first, then, node, first_flags, ACT_OPTIONAL, AR_UNMIGRATABLE_THEN_BLOCKS);
    if ((order->flags & AR_FIRST_ELSE_THEN) && then->rsc != NULL)
        changed |= update(run, then->rsc, first, then, node, first_flags, ACT_OPTIONAL, AR_FIRST_ELSE_THEN);
    if ((order->flags & AR_ORDERED) && then->rsc != NULL && then->rsc->kind >= KIND_CLONE)
        changed |= update(run, then->rsc, first, then, node, first_flags, ACT_RUNNABLE, AR_ORDERED);
    if ((order->flags & AR_ASYMMETRIC) && then->rsc != NULL)
        changed |= update(run, then->rsc, first, then, node, first_flags, ACT_RUNNABLE, AR_ASYMMETRIC);
    return changed;
}

static unsigned apply_edge(struct run *run, struct action *first, struct action *then, struct edge *order,
                           unsigned first_flags, unsigned then_flags)
{
    struct node *node = (order->flags & AR_FIRST_IMPLIES_SAME_NODE_THEN) ? first->node : then->node;
    unsigned changed = implied(run, first, then, order, first_flags);

    changed |= possible(run, first, then, order, first_flags, node);
    if ((first->flags & ACT_RUNNABLE) && (order->flags & AR_FIRST_IMPLIES_THEN_GRAPHED) &&
        !(first_flags & ACT_OPTIONAL))
        then->flags |= ACT_ALWAYS_IN_GRAPH;
    if ((order->flags & AR_THEN_IMPLIES_FIRST_GRAPHED) && !(then_flags & ACT_OPTIONAL))
        first->flags |= ACT_ALWAYS_IN_GRAPH;
    /* Nothing may follow the stop of a blocked resource, which will not happen. */
    if ((order->flags & (AR_FIRST_IMPLIES_THEN | AR_THEN_IMPLIES_FIRST | AR_INTERMEDIATE_STOP)) &&
        first->rsc != NULL && !(first->rsc->flags & RSC_MANAGED) && (first->rsc->flags & RSC_BLOCKED) &&
        !(first->flags & ACT_RUNNABLE) && first->task == TASK_STOP && (then->flags & ACT_RUNNABLE))
        changed |= clear_then(then, ACT_RUNNABLE);
    return changed;
}

/* A collective's action stands for its completed form: what follows waits for "running", not "start". */
static struct action *completed_form(struct run *run, struct action *action)
{
    struct resource *rsc = action->rsc;
    enum task completed = TASK_NONE;

    if (rsc == NULL || rsc->kind < KIND_GROUP || action->notify_type != NULL || action->interval_ms > 0)
        return action;
    switch (action->key_task) {
    case TASK_STOP:
    case TASK_START:
    case TASK_PROMOTE:
    case TASK_DEMOTE:
        completed = (enum task)(action->key_task + 1);
        break;
    case TASK_STOPPED:
    case TASK_RUNNING:
    case TASK_PROMOTED:
    case TASK_DEMOTED:
        completed = action->key_task;
        break;
    default:
        return action;
    }
    struct op_key key = sc_key(completed);
    if ((rsc->flags & RSC_NOTIFY) && (rsc->kind == KIND_CLONE || sc_is_bundled(rsc)))
        key.text =
            hf_arena_printf(run->arena, "%s_confirmed-post_notify_%s_0", rsc->id, sc_task_name(completed));
    for (struct action *other = rsc->actions; other != NULL; other = other->next_of_rsc)
        if (key.text != NULL ? strcmp(other->key, key.text) == 0
                             : other->key_task == completed && other->notify_type == NULL)
            return other;
    return action;
}

static bool is_group_start(const struct action *action)
{
    return action->rsc != NULL && action->rsc->kind == KIND_GROUP && action->task == TASK_START;
}

static unsigned look_at(struct run *run, struct action *then, struct edge *edge)
{
    struct action *first = edge->action;
    struct node *first_node = is_group_start(first) ? sc_location(first->rsc, LOC_ASSIGNED) : first->node;
    struct node *then_node = is_group_start(then) ? sc_location(then->rsc, LOC_ASSIGNED) : then->node;

    if ((edge->flags & AR_IF_ON_SAME_NODE) && first_node != NULL && then_node != NULL &&
        first_node != then_node) {
        edge->flags = AR_NONE;
        return 0;
    }
    if (first->rsc != NULL && (edge->flags & AR_THEN_CANCELS_FIRST) && !(then->flags & ACT_OPTIONAL)) {
        first->flags |= ACT_OPTIONAL;
        if (first->task == TASK_RELOAD)
            first->rsc->flags &= ~(unsigned)RSC_RELOAD;
    }
    if (first->rsc != NULL && then->rsc != NULL && first->rsc != then->rsc &&
        !sc_is_ancestor(first->rsc, then->rsc))
        first = completed_form(run, first);
    if (first == edge->action)
        return apply_edge(run, first, then, edge, flags_for_ordering(first, then_node),
                          flags_for_ordering(then, first_node));
    if (sc_order_actions(run, first, then, edge->flags)) {
        edge->flags = AR_NONE;
        return CHANGED_THEN;
    }
    return 0;
}

/* Looks at all that comes before then, and on at whatever changes. */
void sc_update_for_orderings(struct run *run, struct action *then)
{
    unsigned changed = 0, last_flags = then->flags;

    if (then->required_before > 0) {
        then->runnable_before = 0;
        then->flags &= ~(unsigned)ACT_RUNNABLE;
    }
    for (struct edge *edge = then->before.first; edge != NULL; edge = edge->next) {
        changed &= ~(unsigned)CHANGED_FIRST;
        unsigned one = look_at(run, then, edge);
        changed |= one;
        if (one & CHANGED_FIRST) {
            struct action *first = edge->action;
            for (struct edge *next = first->after.first; next != NULL; next = next->next)
                sc_update_for_orderings(run, next->action);
            sc_update_for_orderings(run, first);
        }
    }
    if (then->required_before > 0)
        changed = last_flags == then->flags ? changed & ~(unsigned)CHANGED_THEN : changed | CHANGED_THEN;
    if (!(changed & CHANGED_THEN))
        return;
    if ((last_flags & ACT_RUNNABLE) && !(then->flags & ACT_RUNNABLE))
        sc_block_dependents(run, then);
    sc_update_for_orderings(run, then);
    for (struct edge *next = then->after.first; next != NULL; next = next->next)
        sc_update_for_orderings(run, next->action);
}

/* --- loops --- */

/* Whether init is among what (transitively) comes before action through input. */
bool sc_has_loop(const struct action *init, const struct action *action, struct edge *input)
{
    bool found = false;

    if ((input->action->flags & ACT_LOOP) || !sc_wants_input(action, input))
        return false;
    if (input->action == init)
        return true;
    input->action->flags |= ACT_LOOP;
    for (struct edge *edge = input->action->before.first; edge != NULL && !found; edge = edge->next)
        found = sc_has_loop(init, input->action, edge);
    input->action->flags &= ~(unsigned)ACT_LOOP;
    return found;
}

static bool is_invalid(const struct action *action, struct edge *input)
{
    const struct node *node = input->action->node;

    /* What runs inside a guest cannot come before the container's own actions. */
    if (!(input->flags & AR_GUEST_ALLOWED) && input->action->rsc != NULL && action->rsc != NULL &&
        action->rsc->launched.n > 0 && node != NULL && node->connection != NULL &&
        node->connection->launcher == action->rsc)
        return true;
    return input->flags == AR_IF_ON_SAME_NODE_OR_TARGET && action->rsc != NULL &&
           action->task == TASK_MIGRATE_TO && sc_has_loop(action, action, input);
}

void sc_apply_orderings(struct run *run)
{
    for (int i = 0; i < run->orderings.n; i++) {
        struct ordering ordering = run->orderings.at[i];
        if (ordering.first_rsc != NULL)
            order_from(run, ordering.first_rsc, &ordering);
        else if (ordering.then_rsc != NULL)
            order_after(run, ordering.first, ordering.then_rsc, &ordering);
        else
            sc_order_actions(run, ordering.first, ordering.then, ordering.flags);
    }
    for (int i = run->actions.n - 1; i >= 0; i--)
        sc_block_dependents(run, run->actions.at[i]);
    sc_order_probes(run);
    for (int i = run->actions.n - 1; i >= 0; i--)
        sc_update_for_orderings(run, run->actions.at[i]);
    for (int i = run->actions.n - 1; i >= 0; i--)
        for (struct edge *input = run->actions.at[i]->before.first; input != NULL; input = input->next)
            if (is_invalid(run->actions.at[i], input))
                input->flags = AR_NONE;
}
