/* clone.c - clones: assigning, colocation with them, ordering of their instances, probes. */
#include "daemon/sched/model.h"

struct node *sc_assign_clone(struct run *run, struct resource *rsc, struct node *prefer, bool stop_if_fail)
{
    if (!(rsc->flags & RSC_UNASSIGNED) || (rsc->flags & RSC_ASSIGNING))
        return NULL;
    rsc->flags |= RSC_ASSIGNING;
    if (rsc->flags & RSC_PROMOTABLE)
        sc_add_promotion_scores(run, rsc);
    struct colocations list = sc_this_with(run, rsc);
    for (int i = 0; i < list.n; i++)
        sc_assign(run, list.at[i]->primary, prefer, stop_if_fail);
    list = sc_with_this(run, rsc);
    for (int i = 0; i < list.n; i++)
        sc_add_dependent_scores(run, list.at[i], rsc);
    sc_note_scores(run, rsc, "pcmk__clone_assign");
    sc_sort(rsc->children.at, rsc->children.n, sc_compare_instances, run);
    struct clone_data *top = sc_top(rsc)->clone;
    sc_assign_instances(run, rsc, &rsc->children, top->max, top->node_max);
    if (rsc->flags & RSC_PROMOTABLE)
        sc_set_instance_roles(run, rsc);
    rsc->flags &= ~(unsigned)(RSC_UNASSIGNED | RSC_ASSIGNING);
    return NULL;
}

void sc_clone_constraints(struct run *run, struct resource *rsc)
{
    bool promotable = rsc->flags & RSC_PROMOTABLE;

    sc_order(run, rsc, TASK_STOPPED, rsc, TASK_START, AR_ORDERED);
    sc_order(run, rsc, TASK_START, rsc, TASK_RUNNING, AR_UNRUNNABLE_FIRST_BLOCKS);
    sc_order(run, rsc, TASK_STOP, rsc, TASK_STOPPED, AR_UNRUNNABLE_FIRST_BLOCKS);
    if (promotable) {
        sc_order(run, rsc, TASK_DEMOTED, rsc, TASK_STOP, AR_ORDERED);
        sc_order(run, rsc, TASK_RUNNING, rsc, TASK_PROMOTE, AR_UNRUNNABLE_FIRST_BLOCKS);
    }
    if (rsc->clone->ordered)
        sc_sort(rsc->children.at, rsc->children.n, sc_compare_number, NULL);
    for (int i = 0; i < rsc->children.n; i++) {
        struct resource *instance = rsc->children.at[i];
        sc_internal_constraints(run, instance);
        sc_order(run, rsc, TASK_START, instance, TASK_START,
                 AR_UNRUNNABLE_FIRST_BLOCKS | AR_THEN_IMPLIES_FIRST_GRAPHED);
        sc_order(run, instance, TASK_START, rsc, TASK_RUNNING, AR_FIRST_IMPLIES_THEN_GRAPHED);
        sc_order(run, rsc, TASK_STOP, instance, TASK_STOP, AR_THEN_IMPLIES_FIRST_GRAPHED);
        sc_order(run, instance, TASK_STOP, rsc, TASK_STOPPED, AR_FIRST_IMPLIES_THEN_GRAPHED);
        for (int j = i + 1; rsc->clone->ordered && j < rsc->children.n; j++) {
            sc_order(run, instance, TASK_START, rsc->children.at[j], TASK_START, AR_ORDERED);
            sc_order(run, rsc->children.at[j], TASK_STOP, instance, TASK_STOP, AR_ORDERED);
        }
    }
    if (promotable)
        sc_order_promotable(run, rsc);
}

int sc_max_per_node(const struct resource *rsc)
{
    if (rsc->kind == KIND_CLONE)
        return sc_top(rsc)->clone->node_max;
    return rsc->kind == KIND_BUNDLE ? rsc->bundle->per_host : 1;
}

static bool can_interleave(const struct colocation *colocation)
{
    return colocation->dependent->kind > KIND_GROUP &&
           sc_true(sc_attr(&colocation->dependent->meta, "interleave")) &&
           sc_max_per_node(colocation->dependent) == sc_max_per_node(colocation->primary);
}

/* A colocation with a clone: with its promoted instance; with the instance on the same node; or anywhere
 * that it has an instance. */
int sc_clone_apply_colocation(struct run *run, struct resource *dependent, const struct resource *primary,
                              const struct colocation *colocation)
{
    int delta = 0;

    if (primary->flags & RSC_UNASSIGNED)
        return 0;
    if ((primary->flags & RSC_PROMOTABLE) && colocation->primary_role != ROLE_UNKNOWN) {
        if (dependent->flags & RSC_UNASSIGNED) {
            sc_follow_promotable(run, primary, dependent, colocation);
            return 0;
        }
        if (colocation->dependent_role == ROLE_PROMOTED)
            return sc_promotable_priority(run, primary, dependent, colocation);
    }
    if (can_interleave(colocation)) {
        struct resource *instance =
            sc_compatible_instance(run, dependent, primary, ROLE_UNKNOWN, false, NULL);
        if (instance != NULL)
            return sc_apply_colocation(run, dependent, instance, colocation, true);
        if (colocation->score >= SC_INFINITY)
            sc_assign_to(run, dependent, NULL, true, true);
        return 0;
    }
    if (colocation->score >= SC_INFINITY) {
        struct nodes nodes = {0};
        for (int i = 0; i < primary->children.n; i++) {
            struct node *chosen = sc_location(primary->children.at[i], LOC_ASSIGNED);
            if (chosen != NULL && !sc_flag_below(primary->children.at[i], RSC_BLOCKED, true))
                SC_PUSH(run, &nodes, chosen);
        }
        sc_intersect(run, dependent, &nodes, NULL, primary, colocation);
        return 0;
    }
    for (int i = 0; i < primary->children.n; i++)
        delta =
            sc_add(delta, sc_apply_colocation(run, dependent, primary->children.at[i], colocation, false));
    return delta;
}

/* --- probes --- */

static bool probed_on(const struct resource *rsc, const struct node *node)
{
    for (int i = 0; i < rsc->children.n; i++)
        if (probed_on(rsc->children.at[i], node))
            return true;
    return rsc->children.n == 0 && sc_placement(&rsc->probed, node) != NULL;
}

/* One probe finds any instance of an anonymous clone: that of the one known or to be there. */
static bool probe_anonymous(struct run *run, struct resource *clone, struct node *node)
{
    struct resource *child = NULL;

    for (int i = 0; i < clone->children.n && child == NULL; i++)
        if (probed_on(clone->children.at[i], node))
            child = clone->children.at[i];
    for (int i = 0; i < clone->children.n && child == NULL; i++)
        if (sc_location(clone->children.at[i], LOC_ASSIGNED) == node)
            child = clone->children.at[i];
    if (child == NULL)
        child = clone->children.at[0];
    return sc_create_probe(run, child, node);
}

bool sc_clone_probe(struct run *run, struct resource *rsc, struct node *node)
{
    if (rsc->flags & RSC_EXCLUSIVE_PROBES) {
        struct placement *placement = sc_placement(&rsc->allowed, node);
        if (placement == NULL || placement->probe != PROBE_EXCLUSIVE) {
            if (placement != NULL)
                placement->present = false;
            return false;
        }
    }
    sc_sort(rsc->children.at, rsc->children.n, sc_compare_number, NULL);
    if (!(rsc->flags & RSC_UNIQUE))
        return probe_anonymous(run, rsc, node);
    bool any = false;
    for (int i = 0; i < rsc->children.n; i++)
        any = sc_create_probe(run, rsc->children.at[i], node) || any;
    return any;
}
