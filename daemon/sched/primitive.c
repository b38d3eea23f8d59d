/* primitive.c - what primitives and groups have to do to get from where they are to where they should be.
 *
 * A role is changed step by step: stopped - started - unpromoted - promoted.  A resource that must be
 * restarted first takes all steps down, then up again as far as it was; then come the steps to its new
 * role. */
#include "daemon/sched/model.h"

/* The next role on the way from one to another. */
static const enum role next_step[5][5] = {
    /*                to: unknown       stopped          started          unpromoted       promoted */
    [ROLE_UNKNOWN] = {ROLE_UNKNOWN, ROLE_STOPPED, ROLE_STOPPED, ROLE_STOPPED, ROLE_STOPPED},
    [ROLE_STOPPED] = {ROLE_STOPPED, ROLE_STOPPED, ROLE_STARTED, ROLE_UNPROMOTED, ROLE_UNPROMOTED},
    [ROLE_STARTED] = {ROLE_STOPPED, ROLE_STOPPED, ROLE_STARTED, ROLE_UNPROMOTED, ROLE_PROMOTED},
    [ROLE_UNPROMOTED] = {ROLE_STOPPED, ROLE_STOPPED, ROLE_STOPPED, ROLE_UNPROMOTED, ROLE_PROMOTED},
    [ROLE_PROMOTED] = {ROLE_STOPPED, ROLE_UNPROMOTED, ROLE_UNPROMOTED, ROLE_UNPROMOTED, ROLE_PROMOTED},
};

/* --- steps --- */

/* With multiple-active=stop_unexpected the copy that may stay is not touched. */
static bool is_expected_node(const struct resource *rsc, const struct node *node)
{
    unsigned flags = RSC_STOP_UNEXPECTED | RSC_RESTARTING;
    return (rsc->flags & flags) == flags && rsc->next_role > ROLE_STOPPED && rsc->assigned == node;
}

static void stop(struct run *run, struct resource *rsc, bool optional)
{
    for (int i = 0; i < rsc->active.n; i++) {
        struct node *current = rsc->active.at[i];
        if (is_expected_node(rsc, current))
            continue;
        if (rsc->migration_target != NULL) {
            if (current == rsc->migration_target && current == rsc->assigned)
                continue;
            optional = false;
        }
        struct action *action = sc_action(run, rsc, TASK_STOP, current, optional);
        if (rsc->assigned == NULL)
            sc_reason(run, action, "node availability", true);
        else if ((rsc->flags & RSC_RESTARTING) && (rsc->flags & RSC_STOP_UNEXPECTED))
            sc_reason(run, action, "being multiply active", true);
        if (!(rsc->flags & RSC_MANAGED))
            action->flags &= ~(unsigned)ACT_RUNNABLE;
        if (rsc->flags & RSC_NEEDS_UNFENCING)
            sc_order_actions(run, action, sc_fence_op(run, current, "on", true, NULL, false),
                             AR_THEN_IMPLIES_FIRST);
    }
}

static void start(struct run *run, struct resource *rsc, struct node *node, bool optional)
{
    struct action *action = sc_action(run, rsc, TASK_START, node, true);

    sc_order_vs_unfencing(run, rsc, node, action, AR_FIRST_IMPLIES_THEN);
    if ((action->flags & ACT_RUNNABLE) && !optional)
        action->flags &= ~(unsigned)ACT_OPTIONAL;
    if (is_expected_node(rsc, node))
        action->flags |= ACT_PSEUDO;
}

static void promote(struct run *run, struct resource *rsc, struct node *node, bool optional)
{
    struct actions starts = sc_find_actions(run, rsc, sc_key(TASK_START), node, true);
    bool runnable = true;

    for (int i = 0; i < starts.n; i++)
        runnable = runnable && (starts.at[i]->flags & ACT_RUNNABLE);
    if (runnable) {
        struct action *action = sc_action(run, rsc, TASK_PROMOTE, node, optional);
        if (is_expected_node(rsc, node))
            action->flags |= ACT_PSEUDO;
        return;
    }
    struct actions promotes = sc_find_actions(run, rsc, sc_key(TASK_PROMOTE), node, true);
    for (int i = 0; i < promotes.n; i++)
        promotes.at[i]->flags &= ~(unsigned)ACT_RUNNABLE;
}

static void demote(struct run *run, struct resource *rsc, bool optional)
{
    for (int i = 0; i < rsc->active.n; i++)
        if (!is_expected_node(rsc, rsc->active.at[i]))
            sc_action(run, rsc, TASK_DEMOTE, rsc->active.at[i], optional);
}

/* Schedules the step; false if there is none. */
static bool step(struct run *run, struct resource *rsc, enum role from, enum role to, struct node *node,
                 bool optional)
{
    switch (from) {
    case ROLE_STOPPED:
        if (to != ROLE_STARTED && to != ROLE_UNPROMOTED)
            return false;
        start(run, rsc, node, optional);
        return true;
    case ROLE_STARTED:
    case ROLE_UNPROMOTED:
        if (to == ROLE_STOPPED || (from == ROLE_UNPROMOTED && to == ROLE_STARTED))
            stop(run, rsc, optional);
        else if (to == ROLE_PROMOTED)
            promote(run, rsc, node, optional);
        else
            return false;
        return true;
    case ROLE_PROMOTED:
        if (to == ROLE_PROMOTED || to == ROLE_UNKNOWN)
            return false;
        demote(run, rsc, optional);
        return true;
    default:
        if (to == ROLE_STOPPED)
            stop(run, rsc, optional);
        return to == ROLE_STOPPED;
    }
}

static void restart_steps(struct run *run, struct resource *rsc, struct node *current, bool need_stop,
                          bool need_promote)
{
    enum role role = rsc->orig_role;

    rsc->flags |= RSC_RESTARTING;
    while (role != ROLE_STOPPED) {
        enum role next = next_step[role][ROLE_STOPPED];
        if (!step(run, rsc, role, next, current, !need_stop))
            break;
        role = next;
    }
    while (rsc->orig_role <= rsc->next_role && role != rsc->orig_role && !(rsc->flags & RSC_BLOCKED)) {
        enum role next = next_step[role][rsc->orig_role];
        bool required = need_stop || (next == ROLE_PROMOTED && need_promote);
        if (!step(run, rsc, role, next, rsc->assigned, !required))
            break;
        role = next;
    }
    rsc->flags &= ~(unsigned)RSC_RESTARTING;
}

static void role_steps(struct run *run, struct resource *rsc)
{
    enum role role = rsc->orig_role;

    while (role != rsc->next_role) {
        enum role next = next_step[role][rsc->next_role];
        if (!step(run, rsc, role, next, rsc->assigned, false))
            break;
        role = next;
    }
}

/* --- deciding --- */

/* What to do with more than one active copy; *need_stop is set if they must be stopped. */
static void handle_multiple(struct resource *rsc, bool multiple, bool *need_stop)
{
    if (!multiple) {
        rsc->flags &= ~(unsigned)RSC_STOP_UNEXPECTED;
        return;
    }
    if (rsc->multiply == MULTI_RESTART || rsc->multiply == MULTI_UNEXPECTED)
        *need_stop = true;
    if (rsc->multiply == MULTI_UNEXPECTED)
        rsc->flags |= RSC_STOP_UNEXPECTED;
}

/* A migration under way goes on if nothing changed; else it is given up and the resource restarted. */
static bool continue_migration(struct resource *rsc, const struct node *current, bool *allow, int n_active,
                               bool *need_stop)
{
    if (rsc->migration_source == NULL && rsc->migration_target == NULL)
        return false;
    if (rsc->migration_source != NULL && rsc->migration_target != NULL && *allow && n_active == 2 &&
        current == rsc->migration_source && rsc->assigned == rsc->migration_target)
        return true;
    *need_stop = true;
    rsc->migration_source = rsc->migration_target = NULL;
    *allow = false;
    return true;
}

static void create_primitive_actions(struct run *run, struct resource *rsc)
{
    bool need_stop = false, need_promote = false, moving = false, migrate = false;
    int n_active = 0, n_clean = 0;

    if (rsc->next_role == ROLE_UNKNOWN)
        rsc->next_role = rsc->assigned == NULL ? ROLE_STOPPED : ROLE_STARTED;
    struct node *current = sc_active_node(rsc, &n_active, &n_clean);
    for (int i = rsc->dangling_sources.n - 1; i >= 0; i--)
        sc_action(run, rsc, TASK_STOP, rsc->dangling_sources.at[i], false)->flags |= ACT_MIGRATION_ABORT;
    if (current != NULL && rsc->assigned != NULL && current != rsc->assigned &&
        rsc->next_role >= ROLE_STARTED) {
        moving = need_stop = true;
        migrate = sc_can_migrate(rsc, current);
    }
    bool multiple = (rsc->flags & RSC_NEEDS_FENCING) ? n_active > 1 : n_clean > 1;
    if (continue_migration(rsc, current, &migrate, n_active, &need_stop))
        multiple = false;
    handle_multiple(rsc, multiple, &need_stop);
    if (rsc->flags & RSC_START_PENDING)
        sc_action(run, rsc, TASK_START, rsc->assigned, true)->flags |= ACT_ALWAYS_IN_GRAPH;
    if (moving) {
        /* stopped anyway */
    } else if (rsc->flags & RSC_FAILED) {
        if (rsc->flags & RSC_STOP_IF_FAILED)
            need_stop = true;
        else
            need_promote = rsc->next_role == ROLE_PROMOTED;
    } else if (rsc->flags & RSC_BLOCKED) {
        need_stop = true;
    } else if (rsc->orig_role > ROLE_STARTED && current != NULL && rsc->assigned != NULL) {
        if (!(sc_action(run, rsc, TASK_START, rsc->assigned, true)->flags & ACT_OPTIONAL))
            need_stop = true;
    }
    restart_steps(run, rsc, current, need_stop, need_promote);
    role_steps(run, rsc);
    sc_create_recurring(run, rsc);
    if (migrate)
        sc_create_migration(run, rsc, current);
}

static void create_group_actions(struct run *run, struct resource *rsc)
{
    static const enum task tasks[] = {TASK_START, TASK_RUNNING, TASK_STOP, TASK_STOPPED};
    static const enum task roles[] = {TASK_DEMOTE, TASK_DEMOTED, TASK_PROMOTE, TASK_PROMOTED};

    for (int i = 0; i < rsc->children.n; i++)
        sc_create_actions(run, rsc->children.at[i]);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(tasks); i++)
        sc_pseudo(run, rsc, tasks[i], true, true);
    for (size_t i = 0; sc_true(sc_attr(&rsc->meta, "promotable")) && i < HF_ARRAY_LENGTH(roles); i++)
        sc_pseudo(run, rsc, roles[i], true, true);
}

void sc_create_actions(struct run *run, struct resource *rsc)
{
    switch (rsc->kind) {
    case KIND_PRIMITIVE:
        create_primitive_actions(run, rsc);
        break;
    case KIND_GROUP:
        create_group_actions(run, rsc);
        break;
    case KIND_CLONE:
        sc_create_instance_actions(run, rsc, &rsc->children);
        if (rsc->flags & RSC_PROMOTABLE)
            sc_create_promotable_actions(run, rsc);
        break;
    case KIND_BUNDLE:
        sc_create_bundle_actions(run, rsc);
        break;
    }
}

/* --- constraints that every resource implies --- */

static void avoid_remote_nodes(struct run *run, struct resource *rsc)
{
    for (int i = 0; i < rsc->allowed.n; i++)
        if (rsc->allowed.at[i].present && run->nodes.at[i]->connection != NULL)
            rsc->allowed.at[i].score = -SC_INFINITY;
}

/* What runs in a container: on the guest that the container is, else beside it, and while it runs. */
static void tie_to_launcher(struct run *run, struct resource *rsc)
{
    struct resource *launcher = rsc->launcher, *guest = NULL;

    if (rsc->flags & RSC_REMOTE_CONNECTION) {
        if (!(rsc->flags & RSC_NESTING_ALLOWED))
            avoid_remote_nodes(run, launcher);
        sc_order(run, launcher, TASK_MONITOR, rsc, TASK_STOP, AR_ORDERED);
    } else if (launcher->flags & RSC_REMOTE_CONNECTION) {
        guest = launcher;
    } else {
        guest = sc_contained_guest(run, launcher);
    }
    if (guest != NULL) {
        for (int i = 0; i < rsc->allowed.n; i++)
            if (rsc->allowed.at[i].present && run->nodes.at[i]->connection != guest)
                rsc->allowed.at[i].score = -SC_INFINITY;
        return;
    }
    sc_order(run, launcher, TASK_START, rsc, TASK_START, AR_FIRST_IMPLIES_THEN | AR_UNRUNNABLE_FIRST_BLOCKS);
    sc_order(run, rsc, TASK_STOP, launcher, TASK_STOP, AR_THEN_IMPLIES_FIRST);
    sc_colocation_new(run, "#resource-with-container", NULL,
                      (rsc->flags & RSC_NESTING_ALLOWED) ? 10000 : SC_INFINITY, rsc, launcher, NULL, NULL,
                      COLOC_INFLUENCE);
}

static void primitive_constraints(struct run *run, struct resource *rsc)
{
    if (!(rsc->flags & RSC_MANAGED))
        return;
    bool unfencing =
        !(rsc->flags & RSC_FENCE_DEVICE) && run->enable_unfencing && (rsc->flags & RSC_NEEDS_UNFENCING);
    bool utilization = rsc->utilization.n > 0 && !run->placement_default;
    sc_order(run, rsc, TASK_STOP, rsc, TASK_START, AR_ORDERED | AR_FIRST_IMPLIES_THEN | AR_INTERMEDIATE_STOP);
    if ((sc_top(rsc)->flags & RSC_PROMOTABLE) || rsc->orig_role > ROLE_UNPROMOTED) {
        sc_order(run, rsc, TASK_DEMOTE, rsc, TASK_STOP, AR_PROMOTED_THEN_IMPLIES_FIRST);
        sc_order(run, rsc, TASK_START, rsc, TASK_PROMOTE, AR_UNRUNNABLE_FIRST_BLOCKS);
    }
    if (unfencing || utilization) {
        struct nodes allowed = {0};
        for (int i = 0; i < run->by_name.n; i++)
            if (sc_placement(&rsc->allowed, run->by_name.at[i]) != NULL)
                SC_PUSH(run, &allowed, run->by_name.at[i]);
        for (int i = 0; unfencing && i < allowed.n; i++)
            sc_order_restart_vs_unfence(run, rsc, allowed.at[i]);
        if (utilization)
            sc_order_utilization(run, rsc, &allowed);
    }
    if (rsc->launcher != NULL)
        tie_to_launcher(run, rsc);
    if (rsc->flags & (RSC_REMOTE_CONNECTION | RSC_FENCE_DEVICE))
        avoid_remote_nodes(run, rsc);
}

struct members {
    bool promotable;
    struct resource *last_active, *previous;
};

static void member_roles(struct run *run, struct resource *group, struct resource *member, unsigned down,
                         unsigned after_down)
{
    sc_order(run, group, TASK_DEMOTE, member, TASK_DEMOTE, down);
    sc_order(run, member, TASK_DEMOTE, group, TASK_DEMOTED, after_down);
    sc_order(run, member, TASK_PROMOTE, group, TASK_PROMOTED,
             AR_UNRUNNABLE_FIRST_BLOCKS | AR_FIRST_IMPLIES_THEN | AR_FIRST_IMPLIES_THEN_GRAPHED);
    sc_order(run, group, TASK_PROMOTE, member, TASK_PROMOTE, AR_THEN_IMPLIES_FIRST_GRAPHED);
}

/* An ordered member follows the one before it; its stop comes first. */
static void member_after(struct run *run, struct resource *previous, struct resource *member, bool promotable)
{
    sc_order(run, previous, TASK_START, member, TASK_START,
             AR_FIRST_IMPLIES_THEN | AR_UNRUNNABLE_FIRST_BLOCKS);
    sc_order(run, member, TASK_STOP, previous, TASK_STOP, AR_ORDERED | AR_INTERMEDIATE_STOP);
    if (member->active.n > 0 && previous->active.n == 0)
        sc_order(run, member, TASK_STOP, previous, TASK_START,
                 AR_THEN_IMPLIES_FIRST | AR_UNRUNNABLE_FIRST_BLOCKS);
    if (promotable) {
        sc_order(run, previous, TASK_PROMOTE, member, TASK_PROMOTE,
                 AR_FIRST_IMPLIES_THEN | AR_UNRUNNABLE_FIRST_BLOCKS);
        sc_order(run, member, TASK_DEMOTE, previous, TASK_DEMOTE, AR_ORDERED);
    }
}

static void member_constraints(struct run *run, struct resource *group, struct resource *member,
                               struct members *data)
{
    unsigned down = AR_THEN_IMPLIES_FIRST_GRAPHED, after_down = AR_FIRST_IMPLIES_THEN_GRAPHED;
    unsigned up = AR_FIRST_IMPLIES_THEN | AR_UNRUNNABLE_FIRST_BLOCKS | AR_THEN_IMPLIES_FIRST_GRAPHED;

    sc_internal_constraints(run, member);
    if (data->previous == NULL) {
        if (group->group_ordered) {
            down |= AR_ORDERED;
            after_down = AR_FIRST_IMPLIES_THEN;
        }
    } else if (group->group_colocated) {
        sc_colocation_new(run, "#group-members", NULL, SC_INFINITY, member, data->previous, NULL, NULL,
                          (member->flags & RSC_CRITICAL) ? COLOC_INFLUENCE : 0);
    }
    if (data->promotable)
        member_roles(run, group, member, down, after_down);
    sc_order(run, group, TASK_STOP, member, TASK_STOP, down);
    sc_order(run, member, TASK_STOP, group, TASK_STOPPED, after_down);
    sc_order(run, group, TASK_START, member, TASK_START, AR_THEN_IMPLIES_FIRST_GRAPHED);
    sc_order(run, member, TASK_START, group, TASK_RUNNING,
             AR_UNRUNNABLE_FIRST_BLOCKS | AR_FIRST_IMPLIES_THEN | AR_FIRST_IMPLIES_THEN_GRAPHED);
    if (!group->group_ordered) {
        sc_order(run, group, TASK_START, member, TASK_START, up);
        if (data->promotable)
            sc_order(run, group, TASK_PROMOTE, member, TASK_PROMOTE, up);
    } else if (data->previous != NULL) {
        member_after(run, data->previous, member, data->promotable);
    }
    if (member->active.n > 0) {
        if (group->group_ordered && data->previous != NULL && data->previous->active.n == 0 &&
            data->last_active != NULL && data->last_active->active.n > 0)
            sc_order(run, member, TASK_STOP, data->last_active, TASK_STOP, AR_ORDERED);
        data->last_active = member;
    }
    data->previous = member;
}

void sc_internal_constraints(struct run *run, struct resource *rsc)
{
    switch (rsc->kind) {
    case KIND_PRIMITIVE:
        primitive_constraints(run, rsc);
        break;
    case KIND_GROUP: {
        struct members data = {.promotable = sc_top(rsc)->flags & RSC_PROMOTABLE};
        sc_order(run, rsc, TASK_STOP, rsc, TASK_STOPPED, AR_UNRUNNABLE_FIRST_BLOCKS);
        sc_order(run, rsc, TASK_STOPPED, rsc, TASK_START, AR_ORDERED);
        sc_order(run, rsc, TASK_START, rsc, TASK_RUNNING, AR_UNRUNNABLE_FIRST_BLOCKS);
        for (int i = 0; i < rsc->children.n; i++)
            member_constraints(run, rsc, rsc->children.at[i], &data);
        break;
    }
    case KIND_CLONE:
        sc_clone_constraints(run, rsc);
        break;
    case KIND_BUNDLE:
        sc_bundle_constraints(run, rsc);
        break;
    }
}
