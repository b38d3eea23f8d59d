/* bundle.c - bundles: containers first, then their addresses and connections, then what runs inside. */
#include "daemon/sched/model.h"

/* --- assigning --- */

static void assign_replica(struct run *run, struct replica *replica, struct node *prefer, bool stop_if_fail)
{
    struct resource *child = replica->child;

    if (replica->ip != NULL)
        sc_assign(run, replica->ip, prefer, stop_if_fail);
    struct node *host = replica->container->assigned;
    if (replica->remote != NULL) {
        if (host != NULL && host->remote) /* a container on a remote node: beside that node's connection */
            sc_colocation_new(run, "#replica-remote-with-host-remote", NULL, SC_INFINITY, replica->remote,
                              host->connection, NULL, NULL, COLOC_INFLUENCE);
        sc_assign(run, replica->remote, prefer, stop_if_fail);
    }
    if (child == NULL)
        return;
    for (int i = 0; i < child->allowed.n; i++) {
        struct placement *placement = &child->allowed.at[i];
        if (!placement->present)
            continue;
        if (run->nodes.at[i] != replica->node)
            placement->score = -SC_INFINITY;
        else if (!sc_threshold_reached(run, child, run->nodes.at[i], NULL))
            placement->score = SC_INFINITY;
    }
    child->parent->flags |= RSC_ASSIGNING;
    sc_assign(run, child, replica->node, stop_if_fail);
    child->parent->flags &= ~(unsigned)RSC_ASSIGNING;
}

static bool is_replica_node(const struct bundle_data *data, const struct node *node)
{
    for (int i = 0; i < data->replicas.n; i++)
        if (data->replicas.at[i]->node == node)
            return true;
    return false;
}

struct node *sc_assign_bundle(struct run *run, struct resource *rsc, struct node *prefer, bool stop_if_fail)
{
    struct bundle_data *data = rsc->bundle;
    struct resources containers = {0}; /* the bundle's own list keeps its order, also while this is nested */

    for (int i = 0; i < data->containers.n; i++)
        SC_PUSH(run, &containers, data->containers.at[i]);
    rsc->flags |= RSC_ASSIGNING;
    sc_note_scores(run, rsc, "pcmk__bundle_assign");
    sc_sort(containers.at, containers.n, sc_compare_instances, run);
    sc_assign_instances(run, rsc, &containers, data->n_replicas, data->per_host);
    for (int i = 0; i < data->replicas.n; i++)
        assign_replica(run, data->replicas.at[i], prefer, stop_if_fail);
    if (data->child != NULL) {
        struct table *allowed = &data->child->allowed;
        for (int i = 0; i < allowed->n; i++)
            if (allowed->at[i].present)
                allowed->at[i].score = is_replica_node(data, run->nodes.at[i]) ? 0 : -SC_INFINITY;
        sc_assign(run, data->child, prefer, stop_if_fail);
    }
    rsc->flags &= ~(unsigned)(RSC_ASSIGNING | RSC_UNASSIGNED);
    return NULL;
}

/* --- actions --- */

void sc_create_bundle_actions(struct run *run, struct resource *rsc)
{
    struct bundle_data *data = rsc->bundle;

    for (int i = 0; i < data->replicas.n; i++) {
        struct replica *replica = data->replicas.at[i];
        if (replica->ip != NULL)
            sc_create_actions(run, replica->ip);
        sc_create_actions(run, replica->container);
        if (replica->remote != NULL)
            sc_create_actions(run, replica->remote);
    }
    struct resources containers = sc_instances(rsc);
    sc_create_instance_actions(run, rsc, &containers);
    if (data->child == NULL)
        return;
    sc_create_actions(run, data->child);
    if (data->child->flags & RSC_PROMOTABLE) {
        sc_pseudo(run, rsc, TASK_PROMOTE, true, true);
        sc_pseudo(run, rsc, TASK_PROMOTED, true, true)->priority = SC_INFINITY;
        sc_pseudo(run, rsc, TASK_DEMOTE, true, true);
        sc_pseudo(run, rsc, TASK_DEMOTED, true, true)->priority = SC_INFINITY;
    }
}

/* --- constraints --- */

static void replica_constraints(struct run *run, struct resource *bundle, struct replica *replica)
{
    struct resource *container = replica->container;

    sc_internal_constraints(run, container);
    sc_order(run, bundle, TASK_START, container, TASK_START,
             AR_UNRUNNABLE_FIRST_BLOCKS | AR_THEN_IMPLIES_FIRST_GRAPHED);
    if (replica->child != NULL)
        sc_order(run, bundle, TASK_STOP, replica->child, TASK_STOP, AR_THEN_IMPLIES_FIRST_GRAPHED);
    sc_order(run, bundle, TASK_STOP, container, TASK_STOP, AR_THEN_IMPLIES_FIRST_GRAPHED);
    sc_order(run, container, TASK_START, bundle, TASK_RUNNING, AR_FIRST_IMPLIES_THEN_GRAPHED);
    sc_order(run, container, TASK_STOP, bundle, TASK_STOPPED, AR_FIRST_IMPLIES_THEN_GRAPHED);
    if (replica->ip != NULL) {
        sc_internal_constraints(run, replica->ip);
        sc_order(run, replica->ip, TASK_START, container, TASK_START,
                 AR_UNRUNNABLE_FIRST_BLOCKS | AR_GUEST_ALLOWED);
        sc_order(run, container, TASK_STOP, replica->ip, TASK_STOP, AR_THEN_IMPLIES_FIRST | AR_GUEST_ALLOWED);
        sc_colocation_new(run, "#ip-with-container", NULL, SC_INFINITY, replica->ip, container, NULL, NULL,
                          COLOC_INFLUENCE);
    }
    if (replica->remote != NULL)
        sc_internal_constraints(run, replica->remote);
}

void sc_bundle_constraints(struct run *run, struct resource *rsc)
{
    struct resource *child = rsc->bundle->child;

    for (int i = 0; i < rsc->bundle->replicas.n; i++)
        replica_constraints(run, rsc, rsc->bundle->replicas.at[i]);
    if (child == NULL)
        return;
    sc_order(run, rsc, TASK_START, child, TASK_START, AR_THEN_IMPLIES_FIRST_GRAPHED);
    sc_order(run, child, TASK_RUNNING, rsc, TASK_RUNNING, AR_FIRST_IMPLIES_THEN_GRAPHED);
    sc_order(run, rsc, TASK_STOP, child, TASK_STOP, AR_THEN_IMPLIES_FIRST_GRAPHED);
    sc_order(run, child, TASK_STOPPED, rsc, TASK_STOPPED, AR_FIRST_IMPLIES_THEN_GRAPHED);
    sc_internal_constraints(run, child);
    if (!(child->flags & RSC_PROMOTABLE))
        return;
    sc_order_restart(run, rsc);
    sc_order(run, rsc, TASK_DEMOTE, child, TASK_DEMOTE, AR_THEN_IMPLIES_FIRST_GRAPHED);
    sc_order(run, child, TASK_DEMOTED, rsc, TASK_DEMOTED, AR_FIRST_IMPLIES_THEN_GRAPHED);
    sc_order(run, rsc, TASK_PROMOTE, child, TASK_PROMOTE, AR_THEN_IMPLIES_FIRST_GRAPHED);
    sc_order(run, child, TASK_PROMOTED, rsc, TASK_PROMOTED, AR_FIRST_IMPLIES_THEN_GRAPHED);
}

/* --- colocation --- */

static const struct node *host_of(const struct node *node)
{
    return sc_is_bundle_node(node) ? sc_location(node->connection->launcher, LOC_ASSIGNED) : node;
}

static struct resource *container_on(const struct resource *bundle, const struct node *node)
{
    for (int i = 0; node != NULL && i < bundle->bundle->replicas.n; i++) {
        struct resource *container = bundle->bundle->replicas.at[i]->container;
        if (sc_instance_matches(container, node, ROLE_UNKNOWN, false, NULL))
            return container;
    }
    return NULL;
}

/* The container on the node where dependent is, or would rather be. */
static struct resource *compatible_container(struct run *run, const struct resource *dependent,
                                             const struct resource *bundle)
{
    const struct node *node = host_of(sc_location(dependent, LOC_ASSIGNED));
    struct resource *found = NULL;

    if (node != NULL)
        return container_on(bundle, node);
    struct nodes nodes = sc_sorted_nodes(run, &dependent->allowed, NULL);
    for (int i = 0; i < nodes.n && found == NULL; i++)
        found = container_on(bundle, host_of(nodes.at[i]));
    return found;
}

int sc_bundle_apply_colocation(struct run *run, struct resource *dependent, const struct resource *primary,
                               const struct colocation *colocation)
{
    struct nodes hosts = {0};
    int delta = 0;

    if (primary->flags & RSC_UNASSIGNED)
        return 0;
    if (colocation->dependent->kind > KIND_GROUP) {
        struct resource *container = compatible_container(run, dependent, primary);
        if (container != NULL)
            return sc_apply_colocation(run, dependent, container, colocation, true);
        if (colocation->score >= SC_INFINITY)
            sc_assign_to(run, dependent, NULL, true, true);
        return 0;
    }
    for (int i = 0; i < primary->bundle->replicas.n; i++) {
        const struct replica *replica = primary->bundle->replicas.at[i];
        if (colocation->score < SC_INFINITY) {
            delta = sc_add(delta, sc_apply_colocation(run, dependent, replica->container, colocation, false));
            continue;
        }
        struct node *chosen = sc_location(replica->container, LOC_ASSIGNED);
        if (chosen == NULL || sc_flag_below(replica->container, RSC_BLOCKED, true) ||
            (colocation->primary_role >= ROLE_PROMOTED &&
             (replica->child == NULL || replica->child->next_role < ROLE_PROMOTED)))
            continue;
        SC_PUSH(run, &hosts, chosen);
    }
    if (colocation->score >= SC_INFINITY)
        sc_intersect(run, dependent, &hosts, NULL, primary, colocation);
    return delta;
}

/* --- probes --- */

/* With one container to a host, none may start there before all of them are known not to be there. */
static void others_wait(struct run *run, struct bundle_data *data, const struct replica *probed)
{
    for (int i = 0; i < data->replicas.n; i++)
        if (data->replicas.at[i] != probed)
            sc_order(run, probed->container, TASK_MONITOR, data->replicas.at[i]->container, TASK_START,
                     AR_ORDERED | AR_IF_ON_SAME_NODE);
}

static struct action *probe_on(const struct resource *rsc, const struct node *node)
{
    for (struct action *action = rsc->actions; action != NULL; action = action->next_of_rsc)
        if (action->key_task == TASK_MONITOR && action->interval_ms == 0 && action->node == node)
            return action;
    return NULL;
}

static bool probe_replica(struct run *run, struct resource *bundle, struct replica *replica,
                          struct node *node)
{
    bool any = false;

    if (replica->ip != NULL)
        any = sc_create_probe(run, replica->ip, node) || any;
    if (replica->child != NULL && node == replica->node)
        any = sc_create_probe(run, replica->child, node) || any;
    if (sc_create_probe(run, replica->container, node)) {
        any = true;
        if (bundle->bundle->per_host == 1)
            others_wait(run, bundle->bundle, replica);
    }
    if (replica->remote != NULL && sc_create_probe(run, replica->remote, node)) {
        struct action *probe = probe_on(replica->remote, node);
        any = true;
        if (probe != NULL) {
            /* Its address may be that of where the container will be. */
            struct ordering ordering = {.flags = AR_NESTED_REMOTE_PROBE,
                                        .first_rsc = replica->container,
                                        .first_task = TASK_START,
                                        .then_rsc = replica->remote,
                                        .then = probe};
            sc_ordering(run, ordering);
        }
    }
    return any;
}

bool sc_bundle_probe(struct run *run, struct resource *rsc, struct node *node)
{
    bool any = false;

    for (int i = 0; i < rsc->bundle->replicas.n; i++)
        any = probe_replica(run, rsc, rsc->bundle->replicas.at[i], node) || any;
    return any;
}
