/* remote.c - what runs on remote and guest nodes depends on their connection. */
#include "daemon/sched/model.h"

enum state {
    CONNECTION_UNKNOWN,
    CONNECTION_ALIVE,
    CONNECTION_RESTING,
    CONNECTION_FAILED,
    CONNECTION_STOPPED
};

static enum state state_of(const struct node *node)
{
    const struct resource *remote = node->connection;
    const struct node *host = sc_current(remote);

    if (remote->next_role == ROLE_STOPPED || remote->assigned == NULL) {
        if (host != NULL && host->unclean)
            return CONNECTION_FAILED;
        if (!(remote->flags & RSC_FAILED))
            return CONNECTION_STOPPED;
        /* Fenced and waiting for the reconnect interval. */
        if (remote->next_role == ROLE_STOPPED && remote->remote_reconnect_ms > 0 && node->remote_fenced &&
            !sc_shutdown_requested(node))
            return CONNECTION_UNKNOWN;
        return CONNECTION_FAILED;
    }
    if (host == NULL)
        return CONNECTION_UNKNOWN;
    if (host->unclean || !host->online)
        return CONNECTION_RESTING; /* will be re-established elsewhere */
    if (remote->active.n > 1 && remote->migration_source != NULL && remote->migration_target != NULL)
        return CONNECTION_RESTING;
    return CONNECTION_ALIVE;
}

bool sc_is_failed_remote(const struct node *node)
{
    return sc_is_remote_node(node) && node->connection != NULL && state_of(node) == CONNECTION_FAILED;
}

static void start_then(struct run *run, struct resource *first, struct action *then, unsigned extra)
{
    struct ordering ordering = {.flags = AR_GUEST_ALLOWED | AR_UNRUNNABLE_FIRST_BLOCKS | extra,
                                .first_rsc = first,
                                .first_task = TASK_START,
                                .then_rsc = then->rsc,
                                .then = then};
    sc_ordering(run, ordering);
}

static void then_stop(struct run *run, struct action *first, struct resource *then, unsigned extra)
{
    struct ordering ordering = {.flags = AR_GUEST_ALLOWED | extra,
                                .first_rsc = first->rsc,
                                .first = first,
                                .then_rsc = then,
                                .then_task = TASK_STOP};
    sc_ordering(run, ordering);
}

static enum task effective_task(const struct action *action)
{
    if (action->task == TASK_MIGRATE_TO || action->task == TASK_MIGRATE_FROM)
        return TASK_STOP; /* both ends need the connection as a stop does */
    return action->task;
}

static void other_on_remote(struct run *run, struct action *action, enum state state)
{
    struct resource *remote = action->node->connection;

    if (action->interval_ms > 0) {
        start_then(run, remote, action, AR_FIRST_IMPLIES_THEN);
        return;
    }
    if (action->task == TASK_MONITOR && state == CONNECTION_FAILED)
        sc_fence_node(run, action->node, "resources are in unknown state and connection is unrecoverable",
                      false);
    if (sc_current(remote) != NULL && state == CONNECTION_STOPPED)
        then_stop(run, action, remote, AR_UNRUNNABLE_FIRST_BLOCKS);
    else
        start_then(run, remote, action, AR_NONE);
}

static void order_on_remote(struct run *run, struct action *action)
{
    struct resource *remote = action->node->connection;
    enum state state = state_of(action->node);

    switch (effective_task(action)) {
    case TASK_START:
    case TASK_PROMOTE:
        start_then(run, remote, action, state == CONNECTION_FAILED ? AR_FIRST_IMPLIES_THEN : AR_NONE);
        break;
    case TASK_STOP:
        if (state == CONNECTION_ALIVE)
            then_stop(run, action, remote, AR_THEN_IMPLIES_FIRST);
        else if (state == CONNECTION_FAILED)
            sc_fence_node(run, action->node, "resources are active but connection is unrecoverable", false);
        else if (remote->next_role == ROLE_STOPPED)
            then_stop(run, action, remote, AR_THEN_IMPLIES_FIRST);
        else
            start_then(run, remote, action, AR_NONE);
        break;
    case TASK_DEMOTE:
        if (state == CONNECTION_RESTING || state == CONNECTION_UNKNOWN)
            start_then(run, remote, action, AR_NONE);
        break;
    default:
        other_on_remote(run, action, state);
    }
}

static void order_on_guest(struct run *run, struct action *action)
{
    struct resource *remote = action->node->connection, *container = remote->launcher;
    bool failed = container->flags & RSC_FAILED;
    enum task task = effective_task(action);

    if (failed)
        sc_fence_node(run, action->node, "container failed", false);
    switch (task) {
    case TASK_START:
    case TASK_PROMOTE:
        start_then(run, container, action, AR_FIRST_IMPLIES_THEN);
        start_then(run, remote, action, AR_NONE);
        break;
    case TASK_STOP:
    case TASK_DEMOTE:
        if (!failed) /* else the stop is implied */
            then_stop(run, action, remote, AR_NONE);
        break;
    default:
        if (action->interval_ms == 0)
            start_then(run, remote, action, AR_NONE);
        else if (task != TASK_OTHER && task != TASK_CANCEL)
            start_then(run, remote, action, AR_FIRST_IMPLIES_THEN);
    }
}

static void order_action(struct run *run, struct action *action)
{
    struct resource *rsc = action->rsc;

    if ((rsc->flags & RSC_REMOTE_CONNECTION) && action->task == TASK_CLEAR_FAILCOUNT) {
        struct ordering ordering = {
            .flags = AR_ORDERED, .first_rsc = rsc, .first = action, .then_rsc = rsc, .then_task = TASK_START};
        sc_ordering(run, ordering);
        return;
    }
    if (action->node == NULL || !action->node->remote || (action->flags & ACT_PSEUDO) ||
        action->node->connection == NULL)
        return;
    if (action->task == TASK_START) {
        for (struct action *stop = rsc->actions; stop != NULL; stop = stop->next_of_rsc) {
            if (stop->node == action->node || stop->task != TASK_STOP)
                continue;
            struct ordering ordering = {.flags = AR_ORDERED,
                                        .first_rsc = action->node->connection,
                                        .first_task = TASK_START,
                                        .then_rsc = rsc,
                                        .then = stop};
            sc_ordering(run, ordering);
        }
    }
    if (action->node->connection->launcher != NULL)
        order_on_guest(run, action);
    else
        order_on_remote(run, action);
}

void sc_order_remote_actions(struct run *run)
{
    for (int i = run->actions.n - 1; run->have_remote_nodes && i >= 0; i--)
        if (run->actions.at[i]->rsc != NULL)
            order_action(run, run->actions.at[i]);
}

/* The cluster node that carries out an action on a remote node: where the connection is, or will be. */
struct node *sc_router(const struct action *action)
{
    if (action->task == TASK_FENCE || action->node == NULL || !action->node->remote ||
        action->node->connection == NULL)
        return NULL;
    const struct resource *remote = action->node->connection;
    struct node *before = sc_current(remote), *after = remote->assigned;
    if (before == NULL || after == NULL || before == after)
        return before != NULL ? before : after;
    enum task task = action->task;
    if (task == TASK_NOTIFY)
        task = sc_task_parse(sc_action_meta(action, "notify_operation"));
    bool moving = remote->launcher == NULL && remote->migration_target != NULL;
    if (!moving && (task == TASK_CANCEL || task == TASK_STOP || task == TASK_DEMOTE ||
                    task == TASK_MIGRATE_FROM || task == TASK_MIGRATE_TO))
        return before;
    return after;
}
