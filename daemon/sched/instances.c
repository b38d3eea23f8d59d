/* instances.c - places the instances of a clone or the containers of a bundle.
 *
 * Instances that are active and may stay keep their place, so that nothing moves for no reason; then the
 * others are spread, no more on a node than allowed. */
#include "daemon/sched/model.h"

#include <stdlib.h>

/* What the collective (or, without one, the resource itself) thinks of node. */
static struct placement *top_placement(const struct resource *rsc, const struct node *node)
{
    return sc_placement(rsc->parent != NULL ? &rsc->parent->allowed : &rsc->allowed, node);
}

static bool can_run(const struct run *run, const struct resource *instance, const struct node *node, int max)
{
    const struct placement *placement = top_placement(instance, node);
    return !(instance->flags & RSC_REMOVED) && sc_available(run, node, NULL, false) && placement != NULL &&
           placement->score >= 0 && placement->count < max;
}

static void ban_full(struct run *run, struct resource *instance, int max)
{
    for (int i = 0; i < instance->allowed.n; i++) {
        struct node *node = run->nodes.at[i];
        if (!instance->allowed.at[i].present || can_run(run, instance, node, max))
            continue;
        instance->allowed.at[i].score = -SC_INFINITY;
        for (int c = 0; c < instance->children.n; c++) {
            struct placement *placement = sc_placement(&instance->children.at[c]->allowed, node);
            if (placement != NULL)
                placement->score = -SC_INFINITY;
        }
    }
}

/* --- comparing instances --- */

static bool failed_below(const struct resource *rsc)
{
    return sc_flag_below(rsc, RSC_FAILED, true);
}

/* What the colocations of instance's clone make of the node that it is on. */
static int colocated_score(struct run *run, const struct resource *instance, struct node *node)
{
    struct table scores = {0};
    struct colocations list = sc_this_with(run, instance);
    bool have = true;

    sc_table_add(run, &scores, node, NULL);
    for (int i = 0; i < list.n; i++)
        sc_add_colocated_scores(run, list.at[i]->primary, instance, &scores, &have, list.at[i],
                                (float)list.at[i]->score / (float)SC_INFINITY, 0);
    list = sc_with_this(run, instance);
    for (int i = 0; i < list.n; i++)
        if (sc_has_influence(list.at[i], instance))
            sc_add_colocated_scores(run, list.at[i]->dependent, instance, &scores, &have, list.at[i],
                                    (float)list.at[i]->score / (float)SC_INFINITY, SELECT_NONNEGATIVE);
    const struct placement *placement = sc_placement(&scores, node);
    return placement != NULL ? placement->score : -SC_INFINITY;
}

static int instance_number(const struct resource *rsc)
{
    const char *mark = strrchr(rsc->id, ':');
    if (mark == NULL)
        mark = strrchr(rsc->id, '-');
    return mark == NULL ? 0 : atoi(mark + 1);
}

int sc_compare_number(const void *a, const void *b, void *context)
{
    (void)context;
    return instance_number(a) - instance_number(b);
}

/* -1 if only x holds, 1 if only y does. */
static int prefer(bool x, bool y)
{
    return x == y ? 0 : x ? -1 : 1;
}

static struct node *allowed_or_null(const struct resource *rsc, struct node *node, bool *allowed)
{
    const struct placement *placement = node == NULL ? NULL : sc_placement(&rsc->allowed, node);
    *allowed = node == NULL || (placement != NULL && placement->score >= 0);
    return *allowed ? node : NULL;
}

/* Which instance is to be placed first: the one active on fewer nodes, on an allowed one, of higher
 * priority, active at all, on an available node, on one with fewer instances, not failed, where colocations
 * want it, and last by number. */
int sc_compare_instances(const void *a, const void *b, void *context)
{
    struct run *run = context;
    const struct resource *x = a, *y = b;
    int nx = 0, ny = 0, result;
    bool ok_x, ok_y;
    struct node *node_x = sc_active_node(x, &nx, NULL), *node_y = sc_active_node(y, &ny, NULL);

    if (nx > 0 && ny > 0 && nx != ny)
        return nx < ny ? -1 : 1;
    node_x = allowed_or_null(x, node_x, &ok_x);
    node_y = allowed_or_null(y, node_y, &ok_y);
    if (ok_x != ok_y)
        return prefer(ok_x, ok_y);
    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    if (node_x == NULL || node_y == NULL)
        return prefer(node_x != NULL, node_y != NULL);
    if ((result = prefer(sc_available(run, node_x, NULL, false), sc_available(run, node_y, NULL, false))) !=
        0)
        return result;
    const struct placement *top_x = top_placement(x, node_x), *top_y = top_placement(y, node_y);
    if (top_x == NULL || top_y == NULL)
        return prefer(top_x != NULL, top_y != NULL);
    if (top_x->count != top_y->count)
        return top_x->count < top_y->count ? -1 : 1;
    if ((result = prefer(!failed_below(x), !failed_below(y))) != 0)
        return result;
    int score_x = colocated_score(run, x, sc_current(x)), score_y = colocated_score(run, y, sc_current(y));
    if (score_x != score_y)
        return score_x > score_y ? -1 : 1;
    return sc_compare_number(a, b, NULL);
}

/* --- placing --- */

static void count_instance(const struct resource *instance, const struct node *node)
{
    struct placement *placement = node == NULL ? NULL : top_placement(instance, node);
    if (placement != NULL)
        placement->count++;
}

static struct node *assign_instance(struct run *run, struct resource *instance, struct node *prefer_node,
                                    int max)
{
    if (instance->flags & RSC_ASSIGNING)
        return NULL;
    ban_full(run, instance, max);
    struct node *chosen = sc_assign(run, instance, prefer_node, prefer_node == NULL);
    count_instance(instance, chosen);
    return chosen;
}

struct backup {
    struct table self, parent;
    struct table *children;
};

static void save(struct run *run, const struct resource *rsc, struct backup *backup)
{
    backup->self = sc_table_copy(run, &rsc->allowed);
    backup->children = hf_arena_alloc(run->arena, (size_t)(rsc->children.n + 1) * sizeof(struct table));
    for (int i = 0; i < rsc->children.n; i++)
        backup->children[i] = sc_table_copy(run, &rsc->children.at[i]->allowed);
}

static void restore(struct run *run, struct resource *rsc, const struct backup *backup)
{
    rsc->allowed = sc_table_copy(run, &backup->self);
    for (int i = 0; i < rsc->children.n; i++)
        rsc->children.at[i]->allowed = sc_table_copy(run, &backup->children[i]);
}

/* Tries to leave an instance where it is.  If it goes elsewhere, that place is kept for another instance,
 * and it is tried again as long as there are instances to spare. */
static bool assign_early(struct run *run, struct resource *instance, struct node *current, int max,
                         int available)
{
    struct resource *parent = instance->parent;
    struct table parent_table = parent->allowed;
    const struct placement *placement = sc_placement(&instance->allowed, current);
    struct backup backup;
    struct node *chosen = NULL;

    if (placement == NULL || !sc_available(run, current, placement, false))
        return false;
    save(run, instance, &backup);
    parent->allowed = sc_table_copy(run, &parent_table);
    for (int reserved = 0; reserved < available; reserved++) {
        chosen = assign_instance(run, instance, current, max);
        if (chosen == current)
            break;
        restore(run, instance, &backup);
        if (chosen == NULL) {
            instance->flags |= RSC_UNASSIGNED;
            break;
        }
        sc_unassign(run, instance);
        chosen = NULL;
    }
    parent->allowed = parent_table;
    if (chosen == NULL)
        return false;
    count_instance(instance, chosen);
    return true;
}

/* Where an active instance should stay, or NULL. */
static struct node *preferred_node(struct run *run, const struct resource *instance, int optimal)
{
    if (instance->active.n == 0 || !(instance->flags & RSC_UNASSIGNED) || (instance->flags & RSC_FAILED))
        return NULL;
    struct node *node = sc_current(instance);
    if (!sc_available(run, node, &node->base, false))
        return NULL;
    const struct placement *placement = top_placement(instance, node);
    return placement != NULL && placement->count >= optimal ? NULL : node;
}

/* Gives max_total of the instances a node, at most max_per_node on each. */
void sc_assign_instances(struct run *run, struct resource *collective, struct resources *instances,
                         int max_total, int max_per_node)
{
    int available = 0, assigned = 0;

    for (int i = 0; i < collective->allowed.n; i++) {
        if (!collective->allowed.at[i].present)
            continue;
        collective->allowed.at[i].count = 0;
        available += sc_available(run, run->nodes.at[i], NULL, false);
    }
    int optimal = available > 0 ? max_total / available : 0;
    if (optimal < 1)
        optimal = 1;
    for (int i = 0; i < instances->n && assigned < max_total; i++) {
        struct resource *instance = instances->at[i];
        if (!(instance->flags & RSC_UNASSIGNED))
            continue;
        struct node *current = preferred_node(run, instance, optimal);
        if (current != NULL && assign_early(run, instance, current, max_per_node, max_total - assigned))
            assigned++;
    }
    for (int i = 0; i < instances->n; i++) {
        struct resource *instance = instances->at[i];
        if (!(instance->flags & RSC_UNASSIGNED))
            continue;
        if (assigned >= max_total)
            sc_score_all(run, instance, -SC_INFINITY, "collective_limit_reached");
        else if (assign_instance(run, instance, NULL, max_per_node) != NULL)
            assigned++;
    }
}

/* --- finding the one that belongs together --- */

/* Whether an instance has this role (if one is given) on node. */
bool sc_instance_matches(const struct resource *instance, const struct node *node, enum role role,
                         bool current, const char *attribute)
{
    if (role != ROLE_UNKNOWN && role != sc_role(instance, current))
        return false;
    const struct node *there = sc_flag_below(instance, RSC_BLOCKED, true)
                                   ? NULL
                                   : sc_location(instance, current ? LOC_CURRENT : LOC_ASSIGNED);
    if (there == NULL)
        return false;
    if (attribute != NULL)
        return sc_ieq(sc_colocation_value(there, attribute, instance),
                      sc_colocation_value(node, attribute, instance));
    return there == node;
}

static struct resource *instance_on(struct run *run, const struct resource *rsc, const struct node *node,
                                    enum role role, bool current, const char *attribute)
{
    struct resources instances = sc_instances(rsc);

    for (int i = 0; i < instances.n; i++)
        if (sc_instance_matches(instances.at[i], node, role, current, attribute))
            return instances.at[i];
    return NULL;
}

/* The instance of rsc on the node where match is, or would rather be. */
struct resource *sc_compatible_instance(struct run *run, const struct resource *match,
                                        const struct resource *rsc, enum role role, bool current,
                                        const char *attribute)
{
    const struct node *node = sc_location(match, current ? LOC_CURRENT : LOC_ASSIGNED);
    struct resource *found = NULL;

    if (node != NULL)
        return instance_on(run, rsc, node, role, current, attribute);
    struct nodes nodes = sc_sorted_nodes(run, &match->allowed, NULL);
    for (int i = 0; i < nodes.n && found == NULL; i++)
        found = instance_on(run, rsc, nodes.at[i], role, current, attribute);
    return found;
}

/* --- actions --- */

enum { STARTING = 1, STOPPING = 2, RESTARTING = 4, ACTIVE = 8 };

static unsigned instance_state(const struct resource *instance)
{
    unsigned state = 0;

    if (instance->kind != KIND_PRIMITIVE) {
        for (int i = 0; i < instance->children.n; i++)
            state |= instance_state(instance->children.at[i]);
        return state;
    }
    if (instance->active.n > 0)
        state |= ACTIVE;
    for (const struct action *action = instance->actions; action != NULL; action = action->next_of_rsc) {
        if (action->flags & ACT_OPTIONAL)
            continue;
        if (action->task == TASK_START && (action->flags & ACT_RUNNABLE))
            state |= STARTING;
        else if (action->task == TASK_STOP && (action->flags & (ACT_PSEUDO | ACT_RUNNABLE)))
            state |= STOPPING;
    }
    return (state & STARTING) && (state & STOPPING) ? state | RESTARTING : state;
}

/* The actions of all instances, and the pseudo actions of the whole. */
void sc_create_instance_actions(struct run *run, struct resource *collective,
                                const struct resources *instances)
{
    unsigned state = 0;

    for (int i = 0; i < instances->n; i++) {
        sc_create_actions(run, instances->at[i]);
        state |= instance_state(instances->at[i]);
    }
    struct action *start = sc_pseudo(run, collective, TASK_START, !(state & STARTING), true);
    struct action *started = sc_pseudo(run, collective, TASK_RUNNING, !(state & STARTING), false);
    started->priority = SC_INFINITY;
    if (state & (ACTIVE | STARTING))
        started->flags |= ACT_RUNNABLE;
    struct action *stop = sc_pseudo(run, collective, TASK_STOP, !(state & STOPPING), true);
    struct action *stopped = sc_pseudo(run, collective, TASK_STOPPED, !(state & STOPPING), true);
    stopped->priority = SC_INFINITY;
    if (!(state & RESTARTING))
        stop->flags |= ACT_MIGRATABLE;
    if (collective->kind == KIND_CLONE)
        sc_notify_clone(run, collective, start, started, stop, stopped);
}
