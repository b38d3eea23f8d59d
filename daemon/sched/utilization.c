/* utilization.c - capacities of nodes and what resources take of them, for the placement strategies. */
#include "daemon/sched/model.h"

#include <limits.h>

static int number(const char *text)
{
    return sc_int(text, 0, INT_MIN);
}

/* <0 if a has more free capacity than b in more respects. */
int sc_compare_capacities(const struct node *a, const struct node *b)
{
    int result = 0;

    for (int i = 0; i < a->utilization.n; i++) {
        int x = number(a->utilization.at[i].value),
            y = number(sc_attr(&b->utilization, a->utilization.at[i].name));
        result += x > y ? -1 : x < y;
    }
    for (int i = 0; i < b->utilization.n; i++) {
        if (sc_attr(&a->utilization, b->utilization.at[i].name) != NULL)
            continue;
        int y = number(b->utilization.at[i].value);
        result += 0 > y ? -1 : 0 < y;
    }
    return result;
}

static void change(struct run *run, struct attrs *capacity, const struct resource *rsc, int sign)
{
    for (int i = 0; i < rsc->utilization.n; i++) {
        const struct attr *attr = &rsc->utilization.at[i];
        int64_t sum = number(sc_attr(capacity, attr->name)) + (int64_t)sign * number(attr->value);
        sum = sum < INT_MIN ? INT_MIN : sum > INT_MAX ? INT_MAX : sum;
        sc_attr_set(run, capacity, attr->name, sc_decimal(run, sum));
    }
}

void sc_consume_capacity(struct run *run, struct attrs *capacity, const struct resource *rsc)
{
    change(run, capacity, rsc, -1);
}

void sc_release_capacity(struct run *run, struct attrs *capacity, const struct resource *rsc)
{
    change(run, capacity, rsc, 1);
}

static bool enough(const struct node *node, const struct attrs *needed)
{
    for (int i = 0; i < needed->n; i++)
        if (number(needed->at[i].value) > number(sc_attr(&node->utilization, needed->at[i].name)))
            return false;
    return true;
}

/* "no room: it needs cpu=3, and 1 is left"; only for people. */
static const char *shortage(struct run *run, const struct node *node, const struct attrs *needed)
{
    for (int i = 0; run->input->show_scores && i < needed->n; i++) {
        const char *name = needed->at[i].name, *left = sc_attr(&node->utilization, name);
        if (number(needed->at[i].value) > number(left))
            return hf_arena_printf(run->arena,
                                   "there is no room: %s=%s is needed, with what must be with it, "
                                   "and %d is left",
                                   name, needed->at[i].value, (int)number(left));
    }
    return "there is no room";
}

static bool listed(const struct resources *list, const struct resource *rsc)
{
    for (int i = 0; i < list->n; i++)
        if (list->at[i] == rsc)
            return true;
    return false;
}

/* What rsc, not assigned yet, takes; members that all lists anyway are left to it. */
static void add_needs(struct run *run, const struct resource *rsc, const struct resources *all,
                      struct attrs *needed);

static void add_group(struct run *run, const struct resource *rsc, const struct resources *all,
                      struct attrs *needed)
{
    bool whole = rsc->group_colocated || (rsc->parent != NULL && rsc->parent->kind == KIND_CLONE);

    for (int i = 0; i < (whole ? rsc->children.n : 1); i++) {
        const struct resource *member = rsc->children.at[i];
        if ((member->flags & RSC_UNASSIGNED) && !listed(all, member))
            add_needs(run, member, all, needed);
    }
}

static void add_clone(struct run *run, const struct resource *rsc, const struct resources *all,
                      struct attrs *needed)
{
    bool existing = false;

    for (int i = 0; i < rsc->children.n; i++) {
        const struct resource *child = rsc->children.at[i];
        bool member = false;
        if (listed(all, child)) {
            existing = true;
            continue;
        }
        for (int m = 0; m < child->children.n && !member; m++)
            member = listed(all, child->children.at[m]);
        if (member) {
            add_needs(run, child, all, needed);
            existing = true;
        }
    }
    if (!existing && rsc->children.n > 0)
        add_needs(run, rsc->children.at[0], all, needed);
}

static void add_needs(struct run *run, const struct resource *rsc, const struct resources *all,
                      struct attrs *needed)
{
    if (!(rsc->flags & RSC_UNASSIGNED))
        return;
    switch (rsc->kind) {
    case KIND_PRIMITIVE:
        change(run, needed, rsc, 1);
        break;
    case KIND_GROUP:
        add_group(run, rsc, all, needed);
        break;
    case KIND_CLONE:
        add_clone(run, rsc, all, needed);
        break;
    case KIND_BUNDLE:
        if (rsc->bundle->replicas.n > 0)
            add_needs(run, rsc->bundle->replicas.at[0]->container, all, needed);
        break;
    }
}

static void ban_without(struct run *run, struct resource *rsc, const struct attrs *needed)
{
    for (int i = 0; i < run->by_name.n; i++) {
        struct node *node = run->by_name.at[i];
        const struct placement *placement = sc_placement(&rsc->allowed, node);
        if (placement != NULL && sc_available(run, node, placement, false) && !enough(node, needed))
            sc_score_node(run, rsc, node, -SC_INFINITY, shortage(run, node, needed));
    }
}

/* Bans rsc from nodes without room for it and all that must be with it.  If no node has that much, from
 * those without room for itself, and returns the node with the most. */
struct node *sc_ban_insufficient(struct run *run, struct resource *rsc)
{
    struct resources together = {0};
    struct attrs needed = {0};
    struct node *most = NULL;
    bool any = false;

    if (run->placement_default)
        return NULL;
    sc_colocated_resources(run, rsc, NULL, &together);
    if (!listed(&together, rsc))
        SC_PUSH(run, &together, rsc);
    for (int i = together.n - 1; i >= 0; i--)
        add_needs(run, together.at[i], &together, &needed);
    for (int i = 0; i < run->by_name.n; i++) {
        struct node *node = run->by_name.at[i];
        const struct placement *placement = sc_placement(&rsc->allowed, node);
        if (placement == NULL || !sc_available(run, node, placement, false))
            continue;
        any = any || enough(node, &needed);
        if (most == NULL || sc_compare_capacities(node, most) < 0)
            most = node;
    }
    ban_without(run, rsc, any ? &needed : &rsc->utilization);
    return any ? NULL : most;
}

/* --- waiting for room --- */

/* "All that makes room on node has been stopped." */
static struct action *load_stopped(struct run *run, struct node *node)
{
    struct action *action = sc_pseudo_global(run, hf_arena_printf(run->arena, "load_stopped_%s", node->name));

    if (action->node == NULL) {
        action->node = node;
        action->flags &= ~(unsigned)ACT_OPTIONAL;
    }
    return action;
}

void sc_order_utilization(struct run *run, struct resource *rsc, const struct nodes *allowed)
{
    for (int i = 0; i < rsc->active.n; i++) {
        struct ordering before = {.flags = AR_IF_ON_SAME_NODE_OR_TARGET,
                                  .first_rsc = rsc,
                                  .first_task = TASK_STOP,
                                  .then = load_stopped(run, rsc->active.at[i])};
        sc_ordering(run, before);
    }
    for (int i = 0; i < allowed->n; i++) {
        struct ordering after = {.flags = AR_IF_ON_SAME_NODE_OR_TARGET,
                                 .first = load_stopped(run, allowed->at[i]),
                                 .then_rsc = rsc,
                                 .then_task = TASK_START};
        sc_ordering(run, after);
        after.then_task = TASK_MIGRATE_TO;
        sc_ordering(run, after);
    }
}

/* --- for people --- */

/* The amounts are copied: a node's are counted down as resources are assigned to it. */
static void note_amounts(struct run *run, struct sched_score score, const struct attrs *attrs)
{
    struct graph_attr *amounts =
        hf_arena_alloc(run->arena, (size_t)(attrs->n + 1) * sizeof(struct graph_attr));

    for (int i = 0; i < attrs->n; i++)
        if (attrs->at[i].value != NULL)
            amounts[score.n_amounts++] = (struct graph_attr){attrs->at[i].name, attrs->at[i].value};
    score.amounts = amounts;
    SC_PUSH(run, &run->scores, score);
}

void sc_note_capacities(struct run *run, const char *what)
{
    for (int i = 0; run->input->show_utilization && i < run->by_name.n; i++) {
        const struct node *node = run->by_name.at[i];
        struct sched_score score = {.kind = SCHED_CAPACITY, .stage = what, .node = node->name};
        if (!sc_is_bundle_node(node))
            note_amounts(run, score, &node->utilization);
    }
}

void sc_note_utilization(struct run *run, const struct resource *rsc, const struct node *node)
{
    struct sched_score score = {
        .kind = SCHED_UTILIZATION, .stage = "pcmk__assign_resource", .resource = rsc->id, .node = node->name};

    if (run->input->show_utilization)
        note_amounts(run, score, &rsc->utilization);
}
