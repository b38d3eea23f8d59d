/* probes.c - one-time monitors that find out what is running where the state is not known. */
#include "daemon/sched/model.h"

bool sc_is_failed_remote(const struct node *node);

/* The container of a guest node that is going to stop (or to be restarted elsewhere). */
static bool guest_will_stop(const struct node *node)
{
    const struct resource *container = node->connection->launcher;
    return node->remote_reset || node->unclean || (container->flags & RSC_FAILED) ||
           container->next_role == ROLE_STOPPED ||
           (container->orig_role > ROLE_STOPPED && container->assigned != NULL &&
            !sc_nodes_have(&container->active, container->assigned));
}

/* What starts in the guest waits until it is known where the container is. */
static void probe_then_start(struct run *run, struct resource *container, struct resource *rsc)
{
    if (container->assigned != NULL && sc_placement(&container->probed, container->assigned) == NULL)
        sc_order(run, container, TASK_MONITOR, rsc, TASK_START, AR_ORDERED);
}

/* No probe where it makes no sense: inside containers, where the state is known, where discovery is off. */
static bool wants_probe(struct run *run, struct resource *rsc, struct node *node)
{
    struct resource *top = sc_top(rsc);
    const struct placement *allowed = sc_placement(&rsc->allowed, node);

    if ((rsc->launcher != NULL && !(rsc->flags & RSC_REMOTE_CONNECTION)) || (rsc->flags & RSC_REMOVED) ||
        sc_placement(&rsc->probed, node) != NULL)
        return false;
    if (((rsc->flags | top->flags) & RSC_EXCLUSIVE_PROBES) &&
        (allowed == NULL || allowed->probe != PROBE_EXCLUSIVE))
        return false;
    if ((allowed != NULL ? allowed->probe : node->base.probe) == PROBE_NEVER)
        return false;
    if (!sc_is_guest(node))
        return true;
    struct resource *container = node->connection->launcher;
    if (container->orig_role == ROLE_STOPPED) {
        probe_then_start(run, container, top);
        return false;
    }
    if (guest_will_stop(node)) {
        sc_order(run, container, TASK_STOP, top, TASK_START, AR_ORDERED);
        return false;
    }
    return true;
}

static bool probe_primitive(struct run *run, struct resource *rsc, struct node *node)
{
    struct resource *then = sc_top(rsc)->kind == KIND_CLONE ? sc_top(rsc) : rsc;
    unsigned flags = AR_ORDERED;

    if (!wants_probe(run, rsc, node))
        return false;
    struct action *probe = sc_action(run, rsc, TASK_MONITOR, node, false);
    probe->flags &= ~(unsigned)ACT_OPTIONAL;
    sc_order_vs_unfencing(run, rsc, node, probe, AR_ORDERED);
    if (!sc_nodes_have(&rsc->active, node))
        sc_attr_set(run, &probe->meta, "op_target_rc", "7");
    else if (rsc->orig_role == ROLE_PROMOTED)
        sc_attr_set(run, &probe->meta, "op_target_rc", "8");
    if (!(probe->flags & ACT_RUNNABLE) && then->active.n == 0)
        flags |= AR_UNRUNNABLE_FIRST_BLOCKS;
    struct ordering ordering = {
        .flags = flags, .first_rsc = rsc, .first = probe, .then_rsc = then, .then_task = TASK_START};
    sc_ordering(run, ordering);
    ordering.flags = AR_ORDERED;
    ordering.then_task = TASK_RELOAD;
    sc_ordering(run, ordering);
    return true;
}

/* Probes rsc on node if its state there is not known; true if anything is to be probed. */
bool sc_create_probe(struct run *run, struct resource *rsc, struct node *node)
{
    bool any = false;

    if (rsc->kind == KIND_CLONE)
        return sc_clone_probe(run, rsc, node);
    if (rsc->kind == KIND_BUNDLE)
        return sc_bundle_probe(run, rsc, node);
    if (node->remote && ((rsc->flags & (RSC_FENCE_DEVICE | RSC_REMOTE_CONNECTION)) ||
                         (sc_is_guest(node) && sc_contained_guest(run, rsc) != NULL)))
        return false;
    for (int i = 0; i < rsc->children.n; i++)
        any = sc_create_probe(run, rsc->children.at[i], node) || any;
    return rsc->children.n > 0 ? any : probe_primitive(run, rsc, node);
}

void sc_schedule_probes(struct run *run)
{
    for (int n = 0; n < run->by_name.n; n++) {
        struct node *node = run->by_name.at[n];
        if (!node->online) {
            if (sc_is_failed_remote(node))
                sc_fence_node(run, node, "the connection is unrecoverable", false);
            continue;
        }
        if (node->unclean || !node->probes_allowed)
            continue;
        for (int i = 0; i < run->resources.n; i++)
            sc_create_probe(run, run->resources.at[i], node);
    }
}

/* --- probes and what depends on the probed resource --- */

/* A probe that cannot be done keeps the instances of its clone from starting. */
static void block_starts(struct run *run, struct action *probe, const struct edge *edge)
{
    const struct action *after = edge->action;

    if (after->rsc == NULL || after->rsc->kind <= KIND_GROUP || (probe->flags & ACT_RUNNABLE) ||
        (edge->flags & AR_UNRUNNABLE_FIRST_BLOCKS) || sc_top(probe->rsc) != after->rsc ||
        after->task != TASK_START)
        return;
    for (struct edge *then = after->after.first; then != NULL; then = then->next) {
        const struct resource *rsc = then->action->rsc;
        if (rsc != NULL && rsc->active.n == 0 && sc_top(rsc) == after->rsc &&
            then->action->task == TASK_START)
            sc_order_actions(run, probe, then->action, AR_ORDERED | AR_UNRUNNABLE_FIRST_BLOCKS);
    }
}

static void collect_stops(struct run *run, const struct resource *probed, const struct action *after,
                          struct actions *found)
{
    struct actions stops = {0};

    if (after->rsc == NULL || after->rsc->kind != KIND_PRIMITIVE || after->rsc == probed)
        return;
    if (after->task == TASK_START)
        stops = sc_find_actions(run, after->rsc, sc_key(TASK_STOP), NULL, false);
    else if (after->task == TASK_PROMOTE)
        stops = sc_find_actions(run, after->rsc, sc_key(TASK_DEMOTE), NULL, false);
    for (int i = 0; i < stops.n; i++)
        if (!(stops.at[i]->flags & ACT_PSEUDO))
            SC_PUSH(run, found, stops.at[i]);
}

/* Whether the chain goes on from after along edge although edge does not imply anything: from a collective
 * into its members, of an interleaved clone only into the one that matches. */
static bool chain_enters(const struct resource *probed, const struct action *after, const struct edge *edge,
                         bool interleave, const struct resource *compatible)
{
    const struct resource *next = edge->action->rsc;

    if (edge->flags & AR_FIRST_IMPLIES_THEN)
        return true;
    if (after->rsc == NULL || after->rsc->kind < KIND_GROUP || probed->parent == after->rsc || next == NULL)
        return false;
    if (next->kind > KIND_GROUP || after->rsc != next->parent)
        return false;
    return after->rsc->kind <= KIND_GROUP || !interleave || (compatible != NULL && compatible == next);
}

/* All stops that a restart of the probed resource would bring about: they wait for its probes. */
static void follow_chain(struct run *run, const struct resource *probed, struct action *after,
                         struct actions *found)
{
    bool interleave = false;
    const struct resource *compatible = NULL;

    if (after->visit == run->visit)
        return;
    after->visit = run->visit;
    collect_stops(run, probed, after, found);
    if (after->rsc != NULL && after->rsc->kind > KIND_GROUP) {
        interleave = sc_true(sc_attr(&after->rsc->meta, "interleave"));
        if (interleave)
            compatible = sc_compatible_instance(run, probed, after->rsc, ROLE_UNKNOWN, false, NULL);
    }
    for (struct edge *edge = after->after.first; edge != NULL; edge = edge->next)
        if (chain_enters(probed, after, edge, interleave, compatible))
            follow_chain(run, probed, edge->action, found);
}

/* The probes of a resource mostly have the same successors, so the chain from each is followed only once. */
static void order_restarts(struct run *run, struct resource *rsc)
{
    struct chain {
        struct action *from;
        struct actions stops;
        struct chain *next;
    } *chains = NULL;
    struct actions probes = {0};

    for (int i = 0; i < rsc->children.n; i++)
        order_restarts(run, rsc->children.at[i]);
    if (rsc->kind != KIND_PRIMITIVE)
        return;
    probes = sc_find_actions(run, rsc, sc_key(TASK_MONITOR), NULL, false);
    for (int i = 0; i < probes.n; i++) {
        struct action *probe = probes.at[i];
        for (struct edge *edge = probe->after.first; edge != NULL; edge = edge->next) {
            struct chain *chain = chains;
            block_starts(run, probe, edge);
            if (probe->task != TASK_MONITOR)
                continue;
            while (chain != NULL && chain->from != edge->action)
                chain = chain->next;
            if (chain == NULL) {
                chain = HF_ARENA_NEW(run->arena, struct chain);
                chain->from = edge->action;
                chain->next = chains;
                chains = chain;
                run->visit++;
                follow_chain(run, rsc, edge->action, &chain->stops);
            }
            for (int s = 0; s < chain->stops.n; s++)
                sc_order_actions(run, probe, chain->stops.at[s], AR_ORDERED);
        }
    }
}

static bool needed_before(const struct action *probe, const struct action *then)
{
    if (then->task == TASK_FENCE && probe->node == then->node &&
        sc_ieq(sc_attr(&then->meta, "stonith_action"), "on"))
        return false;
    return then->task != TASK_SHUTDOWN || probe->node == NULL || then->node == NULL ||
           probe->node == then->node;
}

/* What waits for the stop of a resource also waits for the probes that find out whether it runs at all. */
static void as_for_stop(struct run *run, const struct ordering *ordering)
{
    unsigned flags = AR_ORDERED;
    enum task first = ordering->first != NULL ? ordering->first->task : ordering->first_task;
    enum task then_task = ordering->then != NULL ? ordering->then->task : ordering->then_task;
    struct actions thens = {0};

    if (ordering->flags == AR_NONE || ordering->first_rsc == NULL ||
        ordering->first_rsc == ordering->then_rsc || first != TASK_STOP || then_task == TASK_NONE)
        return;
    if (ordering->then_rsc != NULL && ordering->first_rsc->launcher == ordering->then_rsc &&
        then_task == TASK_STOP)
        return; /* a container may be stopped without looking into it */
    flags |= ordering->flags & (AR_IF_FIRST_UNMIGRATABLE | AR_IF_ON_SAME_NODE);
    if (ordering->flags == AR_IF_REQUIRED_ON_SAME_NODE || ordering->flags == AR_IF_ON_SAME_NODE_OR_TARGET)
        flags = ordering->flags;
    struct actions probes = sc_find_actions(run, ordering->first_rsc, sc_key(TASK_MONITOR), NULL, false);
    if (probes.n == 0)
        return;
    if (ordering->then != NULL)
        SC_PUSH(run, &thens, ordering->then);
    else if (ordering->then_rsc != NULL)
        thens = sc_find_actions(run, ordering->then_rsc, sc_key(ordering->then_task), NULL, false);
    for (int p = 0; p < probes.n; p++)
        for (int t = 0; t < thens.n; t++)
            if (needed_before(probes.at[p], thens.at[t]))
                sc_order_actions(run, probes.at[p], thens.at[t], flags);
}

void sc_order_probes(struct run *run)
{
    for (int i = 0; i < run->resources.n; i++)
        order_restarts(run, run->resources.at[i]);
    for (int i = 0; i < run->orderings.n; i++)
        as_for_stop(run, &run->orderings.at[i]);
}
