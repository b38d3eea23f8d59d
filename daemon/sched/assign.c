/* assign.c - gives each resource a node: criteria first, then resource by resource, highest priority first.
 *
 * A resource goes to the allowed node with the best score; among equals to the one with the least to do,
 * then to where it is, then by name. */
#include "daemon/sched/model.h"

/* --- criteria that come from the nodes --- */

static int64_t shutdown_time(const struct run *run, const struct node *node)
{
    int64_t when;
    return sc_long(sc_attr(&node->attrs, "shutdown"), &when) && when != 0 ? when : run->now;
}

/* With shutdown-lock, what was active on a node that shut down cleanly waits for it to come back. */
static void shutdown_lock(struct run *run, struct resource *rsc)
{
    if (rsc->kind == KIND_GROUP)
        for (int i = 0; i < rsc->children.n; i++)
            shutdown_lock(run, rsc->children.at[i]);
    if (rsc->kind != KIND_PRIMITIVE || (rsc->flags & (RSC_FENCE_DEVICE | RSC_REMOTE_CONNECTION)))
        return;
    if (rsc->lock_node != NULL) {
        if (rsc->active.n > 0) {
            sc_action(run, rsc, TASK_LRM_DELETE, rsc->lock_node, false);
            rsc->lock_node = NULL;
            rsc->lock_time = 0;
        }
    } else if (rsc->active.n == 1 && rsc->active.at[0]->shutdown && !rsc->active.at[0]->unclean) {
        rsc->lock_node = rsc->active.at[0];
        rsc->lock_time = shutdown_time(run, rsc->lock_node);
    }
    if (rsc->lock_node == NULL)
        return;
    if (run->shutdown_lock_ms > 0)
        sc_recheck(run, rsc->lock_time + sc_seconds(run->shutdown_lock_ms) + 1);
    for (int i = 0; i < run->by_name.n; i++)
        if (run->by_name.at[i] != rsc->lock_node)
            sc_score_node(run, rsc, run->by_name.at[i], -SC_INFINITY, "shutdown-lock");
}

static void stickiness(struct run *run, struct resource *rsc)
{
    for (int i = 0; i < rsc->children.n; i++)
        stickiness(run, rsc->children.at[i]);
    if (rsc->children.n > 0 || !(rsc->flags & RSC_MANAGED) || rsc->stickiness < 1 || rsc->active.n != 1)
        return;
    if (!run->symmetric && sc_placement(&rsc->allowed, rsc->active.at[0]) == NULL)
        return;
    sc_score_node(run, rsc, rsc->active.at[0], rsc->stickiness, "stickiness");
}

static bool has_clear_action(const struct resource *rsc, const struct node *node)
{
    for (const struct action *action = rsc->actions; action != NULL; action = action->next_of_rsc)
        if (action->key_task == TASK_CLEAR_FAILCOUNT && action->node == node)
            return true;
    return false;
}

static void failure_threshold(struct run *run, struct resource *rsc, struct node *node)
{
    struct resource *banned = NULL;

    for (int i = 0; i < rsc->children.n; i++)
        failure_threshold(run, rsc->children.at[i], node);
    if (rsc->children.n == 0 && !has_clear_action(rsc, node) && sc_threshold_reached(run, rsc, node, &banned))
        sc_score_node(run, banned, node, -SC_INFINITY, "__fail_limit__");
}

static bool node_has_failures(struct run *run, struct node *node)
{
    for (int i = 0; i < node->attrs.n; i++)
        if (sc_prefix(node->attrs.at[i].name, "fail-count-"))
            return true;
    (void)run;
    return false;
}

/* With exclusive discovery only nodes that say so may run it. */
static void exclusive_discovery(struct resource *rsc)
{
    if (!(rsc->flags & RSC_EXCLUSIVE_PROBES) && !(sc_top(rsc)->flags & RSC_EXCLUSIVE_PROBES))
        return;
    for (int i = 0; i < rsc->children.n; i++)
        exclusive_discovery(rsc->children.at[i]);
    for (int i = 0; i < rsc->allowed.n; i++)
        if (rsc->allowed.at[i].present && rsc->allowed.at[i].probe != PROBE_EXCLUSIVE)
            rsc->allowed.at[i].score = -SC_INFINITY;
}

void sc_apply_criteria(struct run *run)
{
    for (int i = 0; run->shutdown_lock && i < run->resources.n; i++)
        shutdown_lock(run, run->resources.at[i]);
    sc_apply_locations(run);
    for (int i = 0; i < run->resources.n; i++)
        stickiness(run, run->resources.at[i]);
    for (int n = 0; n < run->by_name.n; n++)
        for (int i = 0; node_has_failures(run, run->by_name.at[n]) && i < run->resources.n; i++)
            failure_threshold(run, run->resources.at[i], run->by_name.at[n]);
    for (int i = 0; i < run->resources.n; i++)
        exclusive_discovery(run->resources.at[i]);
}

/* --- comparing nodes --- */

/* Better first: available and with the higher score; more free capacity (balanced); fewer resources; the
 * preferred one; by name. */
int sc_compare_nodes(const struct run *run, const struct node *a, const struct placement *pa,
                     const struct node *b, const struct placement *pb, const struct node *preferred)
{
    int score_a = sc_available(run, a, NULL, false) ? pa->score : -SC_INFINITY;
    int score_b = sc_available(run, b, NULL, false) ? pb->score : -SC_INFINITY;

    if (score_a != score_b)
        return score_a > score_b ? -1 : 1;
    if (!run->placement_minimal) {
        if (run->placement_balanced) {
            int result = sc_compare_capacities(a, b);
            if (result != 0)
                return result;
        }
        if (a->num_resources != b->num_resources)
            return a->num_resources < b->num_resources ? -1 : 1;
        if (preferred != NULL && preferred == a)
            return -1;
        if (preferred != NULL && preferred == b)
            return 1;
    }
    return strcmp(a->name, b->name);
}

struct sort_context {
    const struct run *run;
    const struct table *table;
    const struct node *preferred;
};

static int by_preference(const void *a, const void *b, void *context)
{
    const struct sort_context *c = context;
    const struct node *x = a, *y = b;
    return sc_compare_nodes(c->run, x, &c->table->at[x->index], y, &c->table->at[y->index], c->preferred);
}

/* The nodes of a table, best first. */
struct nodes sc_sorted_nodes(struct run *run, const struct table *table, const struct node *preferred)
{
    struct nodes list = {0};
    struct sort_context context = {run, table, preferred};

    for (int i = 0; i < run->by_name.n; i++)
        if (sc_placement(table, run->by_name.at[i]) != NULL)
            SC_PUSH(run, &list, run->by_name.at[i]);
    sc_sort(list.at, list.n, by_preference, &context);
    return list;
}

/* --- putting a resource on a node --- */

void sc_unassign(struct run *run, struct resource *rsc)
{
    struct node *old = rsc->assigned;

    rsc->flags |= RSC_UNASSIGNED;
    for (int i = 0; i < rsc->children.n; i++)
        sc_unassign(run, rsc->children.at[i]);
    if (rsc->children.n > 0 || old == NULL)
        return;
    rsc->assigned = NULL;
    old->num_resources--;
    sc_release_capacity(run, &old->utilization, rsc);
}

/* Without a node: stops must happen, and nothing can be started or monitored. */
static void nowhere(struct resource *rsc)
{
    for (struct action *action = rsc->actions; action != NULL; action = action->next_of_rsc) {
        if (action->task == TASK_STOP)
            action->flags &= ~(unsigned)ACT_OPTIONAL;
        else if (action->task == TASK_START ||
                 (action->interval_ms > 0 && !sc_eq(sc_action_meta(action, "op_target_rc"), "7")))
            action->flags &= ~(unsigned)ACT_RUNNABLE;
    }
}

/* Decides for node (NULL: for none); force: even if it is not available.  stop_if_fail: a resource without
 * a node is to be stopped.  True if this is a change. */
bool sc_assign_to(struct run *run, struct resource *rsc, struct node *node, bool force, bool stop_if_fail)
{
    bool changed = false;

    for (int i = 0; i < rsc->children.n; i++)
        changed = sc_assign_to(run, rsc->children.at[i], node, force, stop_if_fail) || changed;
    if (rsc->children.n > 0)
        return changed;
    if (!force && node != NULL) {
        const struct placement *placement = sc_placement(&rsc->allowed, node);
        int score = placement != NULL ? placement->score : node->base.score;
        if (score < 0 || (!sc_available(run, node, NULL, false) && !sc_is_guest(node))) {
            if (stop_if_fail)
                rsc->next_role = ROLE_STOPPED;
            node = NULL;
        }
    }
    changed = rsc->assigned != node;
    sc_unassign(run, rsc);
    rsc->flags &= ~(unsigned)RSC_UNASSIGNED;
    if (node == NULL) {
        if (stop_if_fail) {
            rsc->next_role = ROLE_STOPPED;
            nowhere(rsc);
        }
        return changed;
    }
    rsc->assigned = node;
    node->num_resources++;
    sc_consume_capacity(run, &node->utilization, rsc);
    sc_note_utilization(run, rsc, node);
    return changed;
}

/* --- primitives --- */

/* Among nodes with the same best score, the one where it runs. */
static struct node *stay_if_equal(struct run *run, const struct resource *rsc, const struct nodes *nodes)
{
    struct node *chosen = nodes->at[0], *running = sc_current(rsc);
    int best = rsc->allowed.at[chosen->index].score;
    bool unique_instance =
        rsc->parent != NULL && rsc->parent->kind == KIND_CLONE && (rsc->parent->flags & RSC_UNIQUE);

    if (unique_instance || best <= 0 || !sc_available(run, chosen, NULL, false) || running == NULL ||
        !sc_available(run, running, &running->base, false))
        return chosen;
    for (int i = 1; i < nodes->n && rsc->allowed.at[nodes->at[i]->index].score == best; i++)
        if (nodes->at[i] == running)
            return running;
    return chosen;
}

static void assign_best(struct run *run, struct resource *rsc, struct node *prefer, bool stop_if_fail)
{
    struct node *roomy = sc_ban_insufficient(run, rsc), *chosen = NULL;

    if (prefer == NULL)
        prefer = roomy;
    if (!(rsc->flags & RSC_UNASSIGNED))
        return;
    struct nodes nodes = sc_sorted_nodes(run, &rsc->allowed, sc_current(rsc));
    if (prefer != NULL && nodes.n > 0) {
        const struct placement *placement = sc_placement(&rsc->allowed, prefer);
        if (placement != NULL && placement->score >= rsc->allowed.at[nodes.at[0]->index].score &&
            sc_available(run, prefer, placement, false))
            chosen = prefer;
    }
    if (chosen == NULL && nodes.n > 0)
        chosen = stay_if_equal(run, rsc, &nodes);
    sc_assign_to(run, rsc, chosen, false, stop_if_fail);
}

/* What rsc depends on is assigned first, and then decides; an optional one may not leave it nowhere. */
static void apply_this_with(struct run *run, struct resource *rsc, const struct colocation *colocation)
{
    struct table archive = {0};
    bool archived = colocation->dependent_role >= ROLE_PROMOTED ||
                    (colocation->score < 0 && colocation->score > -SC_INFINITY);

    if (archived)
        archive = sc_table_copy(run, &rsc->allowed);
    if (colocation->primary->flags & RSC_UNASSIGNED)
        sc_assign(run, colocation->primary, NULL, true);
    sc_apply_colocation(run, rsc, colocation->primary, colocation, true);
    if (archived && !sc_any_available(run, &rsc->allowed))
        rsc->allowed = archive;
}

static bool mandatory(const struct colocation *colocation)
{
    return colocation->score <= -SC_INFINITY || colocation->score >= SC_INFINITY;
}

static void apply_colocations(struct run *run, struct resource *rsc)
{
    struct colocations up = sc_this_with(run, rsc), down = sc_with_this(run, rsc);

    for (int pass = 1; pass >= 0; pass--) {
        for (int i = 0; i < up.n; i++)
            if (mandatory(up.at[i]) == pass)
                apply_this_with(run, rsc, up.at[i]);
        for (int i = 0; i < down.n; i++)
            if (mandatory(down.at[i]) == pass)
                sc_add_dependent_scores(run, down.at[i], rsc);
    }
}

/* Once a connection has its place, its node counts as up (or as going down). */
static void connection_assigned(struct run *run, struct resource *rsc)
{
    struct node *node = sc_node_find(run, rsc->id);

    if (node == NULL)
        return;
    if (rsc->assigned != NULL && rsc->next_role != ROLE_STOPPED) {
        node->online = true;
        if (!node->seen)
            node->unclean = false;
    } else {
        node->shutdown = true;
    }
}

static struct node *assign_primitive(struct run *run, struct resource *rsc, struct node *prefer,
                                     bool stop_if_fail)
{
    if (rsc->parent != NULL && !(rsc->parent->flags & RSC_ASSIGNING))
        sc_assign(run, rsc->parent, prefer, stop_if_fail);
    if (!(rsc->flags & RSC_UNASSIGNED))
        return rsc->assigned;
    if (rsc->flags & RSC_ASSIGNING)
        return NULL;
    rsc->flags |= RSC_ASSIGNING;
    apply_colocations(run, rsc);
    if (rsc->next_role == ROLE_STOPPED)
        sc_score_all(run, rsc, -SC_INFINITY, "target-role");
    else if (rsc->next_role > rsc->orig_role && !run->quorate && run->no_quorum_policy == QUORUM_FREEZE)
        rsc->next_role = rsc->orig_role;
    sc_note_scores(run, rsc, "pcmk__primitive_assign");
    if (run->fencing_enabled && !run->have_fencing)
        rsc->flags &= ~(unsigned)RSC_MANAGED;
    if (!(rsc->flags & RSC_MANAGED)) {
        rsc->next_role = rsc->orig_role;
        sc_assign_to(run, rsc, sc_current(rsc), true, stop_if_fail);
    } else if (run->stop_all) {
        sc_assign_to(run, rsc, NULL, true, stop_if_fail);
    } else {
        assign_best(run, rsc, prefer, stop_if_fail);
    }
    rsc->flags &= ~(unsigned)RSC_ASSIGNING;
    if (rsc->flags & RSC_REMOTE_CONNECTION)
        connection_assigned(run, rsc);
    return rsc->assigned;
}

/* --- groups --- */

static struct node *assign_group(struct run *run, struct resource *rsc, struct node *prefer,
                                 bool stop_if_fail)
{
    struct node *first = NULL;

    if (!(rsc->flags & RSC_UNASSIGNED))
        return rsc->assigned;
    if (rsc->flags & RSC_ASSIGNING)
        return NULL;
    rsc->flags |= RSC_ASSIGNING;
    rsc->orig_role = rsc->children.at[0]->orig_role;
    sc_note_scores(run, rsc, "pcmk__group_assign");
    for (int i = 0; i < rsc->children.n; i++) {
        struct node *node = sc_assign(run, rsc->children.at[i], prefer, stop_if_fail);
        if (first == NULL)
            first = node;
    }
    rsc->next_role = rsc->children.at[0]->next_role;
    rsc->flags &= ~(unsigned)(RSC_ASSIGNING | RSC_UNASSIGNED);
    return rsc->group_colocated ? first : NULL;
}

/* Finds a place for rsc, preferably prefer (may be NULL); returns it if it is one. */
struct node *sc_assign(struct run *run, struct resource *rsc, struct node *prefer, bool stop_if_fail)
{
    switch (rsc->kind) {
    case KIND_PRIMITIVE:
        return assign_primitive(run, rsc, prefer, stop_if_fail);
    case KIND_GROUP:
        return assign_group(run, rsc, prefer, stop_if_fail);
    case KIND_CLONE:
        return sc_assign_clone(run, rsc, prefer, stop_if_fail);
    case KIND_BUNDLE:
        return sc_assign_bundle(run, rsc, prefer, stop_if_fail);
    }
    return NULL;
}

/* --- all of them --- */

static int score_on(const struct table *table, const struct node *node)
{
    const struct placement *placement = node == NULL ? NULL : sc_placement(table, node);
    return placement == NULL ? -SC_INFINITY : placement->score;
}

struct order_context {
    struct run *run;
    const struct nodes *nodes;
};

/* With a placement strategy those with more at stake come first: by priority, by the score of where they
 * are, by their scores for the best nodes. */
static int by_importance(const void *a, const void *b, void *context)
{
    struct resource *x = (struct resource *)a, *y = (struct resource *)b;
    const struct order_context *c = context;
    struct table tx = {0}, ty = {0};
    bool have_x = false, have_y = false;

    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    sc_add_colocated_scores(c->run, x, NULL, &tx, &have_x, NULL, 1, SELECT_THIS_WITH);
    sc_add_colocated_scores(c->run, y, NULL, &ty, &have_y, NULL, 1, SELECT_THIS_WITH);
    int sx = score_on(&tx, x->active.n > 0 ? sc_current(x) : NULL);
    int sy = score_on(&ty, y->active.n > 0 ? sc_current(y) : NULL);
    for (int i = 0; sx == sy && i < c->nodes->n; i++) {
        sx = score_on(&tx, c->nodes->at[i]);
        sy = score_on(&ty, c->nodes->at[i]);
    }
    return sx > sy ? -1 : sx < sy;
}

static void sort_resources(struct run *run)
{
    struct table all = {0};

    for (int i = 0; i < run->nodes.n; i++)
        sc_table_add(run, &all, run->nodes.at[i], NULL);
    struct nodes nodes = sc_sorted_nodes(run, &all, NULL);
    struct order_context context = {run, &nodes};
    sc_sort(run->resources.at, run->resources.n, by_importance, &context);
}

void sc_assign_resources(struct run *run)
{
    if (!run->placement_default)
        sort_resources(run);
    sc_note_capacities(run, "Original");
    for (int i = 0; run->have_remote_nodes && i < run->resources.n; i++) {
        struct resource *rsc = run->resources.at[i];
        if (rsc->flags & RSC_REMOTE_CONNECTION)
            sc_assign(run, rsc, rsc->migration_target, true);
    }
    for (int i = 0; i < run->resources.n; i++)
        if (!(run->resources.at[i]->flags & RSC_REMOTE_CONNECTION))
            sc_assign(run, run->resources.at[i], NULL, true);
    sc_note_capacities(run, "Remaining");
}
