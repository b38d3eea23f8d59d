/* config_changes.c - what must be done because the configuration of something active changed: restart,
 * reload, cancel or restart a monitor, forget histories of what is gone. */
#include "daemon/sched/history.h"
#include "daemon/sched/model.h"

static void clean_up(struct run *run, struct resource *rsc, struct node *node)
{
    if ((rsc->flags & RSC_FAILED) || node->unclean || !node->online)
        return;
    sc_action(run, rsc, TASK_DELETE, node, false);
    sc_order(run, rsc, TASK_STOP, rsc, TASK_DELETE, AR_ORDERED);
    sc_order(run, rsc, TASK_DELETE, rsc, TASK_START, AR_ORDERED);
    sc_order(run, rsc, TASK_DELETE, rsc, TASK_MONITOR,
             AR_IF_ON_SAME_NODE | AR_THEN_CANCELS_FIRST); /* it is looked at anew */
}

bool sc_has_agent_of(const struct resource *rsc, const xmlNode *entry)
{
    return sc_eq(rsc->type, sc_get(entry, "type")) && sc_eq(rsc->class_, sc_get(entry, "class")) &&
           sc_eq(rsc->provider, sc_get(entry, "provider"));
}

/* Another agent under the same name: the old one is stopped and forgotten first. */
static bool agent_changed(struct run *run, struct resource *rsc, struct node *node,
                          const struct history *history, bool active)
{
    if (history->agent_of == rsc || sc_has_agent_of(rsc, history->entry))
        return false;
    sc_trigger_unfencing(run, rsc, node, "Device definition changed", NULL);
    if (active) {
        sc_action(run, rsc, TASK_STOP, node, false);
        rsc->flags |= RSC_START_PENDING;
    }
    return true;
}

static void force_restart(struct run *run, struct resource *rsc, const char *name, int64_t interval_ms,
                          struct node *node)
{
    struct action *required = sc_action_named(run, rsc, name, interval_ms, NULL, false);
    sc_reason(run, required, "resource definition change", true);
    sc_trigger_unfencing(run, rsc, node, "Device parameters changed", NULL);
}

static void reload(struct run *run, struct resource *rsc, struct node *node)
{
    if (!(rsc->flags & RSC_MANAGED) || (rsc->flags & RSC_FAILED))
        return;
    if (rsc->flags & RSC_START_PENDING) {
        sc_action(run, rsc, TASK_STOP, node, false);
        return;
    }
    rsc->flags |= RSC_RELOAD;
    struct action *action = sc_action(run, rsc, TASK_RELOAD, node, false);
    sc_reason(run, action, "resource definition change", false);
    struct ordering ordering = {.flags = AR_ORDERED | AR_THEN_CANCELS_FIRST,
                                .first = action,
                                .then_rsc = rsc,
                                .then_task = TASK_STOP};
    sc_ordering(run, ordering);
    ordering.then_task = TASK_DEMOTE;
    sc_ordering(run, ordering);
}

/* Our own history of a demoted instance still says what it was started with; Pacemaker's forgets it, and so
 * an instance that was demoted before its parameters changed goes on with the old ones there. */
static bool demoted_since(const struct past_op *op)
{
    return op->task == TASK_DEMOTE && sc_eq(sc_get(op->xml, HISTORY_DIGESTS), HISTORY_START);
}

/* Compares one history entry with the configuration; true if it differs. */
bool sc_check_op(struct run *run, struct resource *rsc, struct node *node, const struct past_op *op)
{
    int64_t interval = op->interval_ms;
    const char *name = sc_op_says(op, OP_TASK);

    if (interval > 0 && sc_op_entry(rsc, name, interval, false) == NULL) {
        if (run->cancel_removed)
            sc_schedule_cancel(run, rsc, op->xml, node);
        return true;
    }
    if (interval == 0 && (op->task == TASK_MONITOR || op->task == TASK_MIGRATE_FROM ||
                          op->task == TASK_PROMOTE || demoted_since(op)))
        name = "start";
    enum digest_result result = sc_op_digest_for(run, rsc, name, op, node)->result;
    if (result != DIGEST_MATCH && sc_only_secrets_changed(run, rsc, name, op->xml, node))
        return false;
    switch (result) {
    case DIGEST_RESTART:
        force_restart(run, rsc, name, interval, node);
        return true;
    case DIGEST_UNKNOWN:
    case DIGEST_MISMATCH:
        if (interval > 0) {
            sc_reschedule(run, rsc, name, interval, node);
        } else if (sc_op_says(op, OP_RESTART_DIGEST) != NULL) {
            sc_trigger_unfencing(run, rsc, node, "Device parameters changed (reload)", NULL);
            reload(run, rsc, node);
        } else {
            force_restart(run, rsc, name, interval, node);
        }
        return true;
    default:
        return false;
    }
}

static void check_entry(struct run *run, struct resource *rsc, struct node *node, const struct past_op *op)
{
    int64_t interval = op->interval_ms;
    enum task task = op->task;

    if (interval > 0 && ((rsc->flags & RSC_MAINTENANCE) || node->maintenance)) {
        sc_schedule_cancel(run, rsc, op->xml, node);
        return;
    }
    if (interval == 0 && task != TASK_MONITOR && task != TASK_START && task != TASK_PROMOTE &&
        task != TASK_MIGRATE_FROM && !demoted_since(op))
        return;
    if (sc_needs_remote_name(run, rsc)) {
        struct param_check check = {op, rsc, node, true};
        SC_PUSH(run, &run->param_checks, check);
    } else if (sc_check_op(run, rsc, node, op) &&
               sc_failcount(run, node, rsc, NULL, FC_EFFECTIVE, NULL) != 0) {
        sc_clear_failcount(run, rsc, node, "action definition changed");
    }
}

static void check_history(struct run *run, struct resource *rsc, struct node *node,
                          const struct history *history)
{
    if (rsc->flags & RSC_REMOVED) {
        if (!sc_is_anonymous_clone(sc_top(rsc)))
            clean_up(run, rsc, node);
        return;
    }
    if (!sc_nodes_have(&rsc->active, node)) {
        if (agent_changed(run, rsc, node, history, false))
            clean_up(run, rsc, node);
        return;
    }
    if (agent_changed(run, rsc, node, history, true))
        clean_up(run, rsc, node);
    for (int i = history->start >= 0 ? history->start : 0; history->start >= history->stop && i < history->n;
         i++)
        check_entry(run, rsc, node, &history->ops[i]);
}

/* Every primitive that an entry may be about: by its name, or by what the history calls it. */
static void check_matching(struct run *run, struct resource *rsc, struct node *node,
                           const struct history *history)
{
    for (int i = 0; i < rsc->children.n; i++)
        check_matching(run, rsc->children.at[i], node, history);
    if (rsc->kind == KIND_PRIMITIVE && (sc_eq(history->id, rsc->id) || sc_eq(history->id, rsc->history_id)))
        check_history(run, rsc, node, history);
}

static void check_named(struct run *run, struct node *node, const struct history *history)
{
    struct resource *rsc = sc_names_get(&run->rsc_by_id, history->id);
    const struct resource *other = sc_names_get(&run->rsc_by_history, history->id);

    if (other != NULL) /* an anonymous clone: several instances may go by this name */
        check_matching(run, sc_bundle_of(other) != NULL ? sc_bundle_of(other) : sc_top(other), node, history);
    if (rsc != NULL && rsc->kind == KIND_PRIMITIVE && (other == NULL || sc_top(other) != sc_top(rsc)))
        check_history(run, rsc, node, history);
}

void sc_handle_config_changes(struct run *run)
{
    for (int i = 0; i < run->by_name.n; i++) {
        struct node *node = run->by_name.at[i];
        if (node->state == NULL || (!node->maintenance && !sc_available(run, node, NULL, false)))
            continue;
        const struct histories *list = sc_histories(run, node);
        for (int k = 0; k < list->n; k++)
            if (list->at[k].n > 0 && list->at[k].id != NULL)
                check_named(run, node, &list->at[k]);
    }
}

/* Those checks that had to wait until it was known where containers run. */
void sc_do_param_checks(struct run *run)
{
    for (int i = run->param_checks.n - 1; i >= 0; i--) {
        struct param_check *check = &run->param_checks.at[i];
        bool changed;
        if (check->active) {
            changed = sc_check_op(run, check->rsc, check->node, check->op) &&
                      sc_failcount(run, check->node, check->rsc, NULL, FC_EFFECTIVE, NULL) != 0;
        } else {
            enum digest_result result = sc_op_digest(run, check->rsc, check->op, check->node)->result;
            changed = result != DIGEST_UNKNOWN && result != DIGEST_MATCH;
        }
        if (changed)
            sc_clear_failcount(run, check->rsc, check->node, "parameters changed");
    }
}

static void clear_if_removed(struct run *run, struct resource *rsc)
{
    if (!(rsc->flags & RSC_REMOVED))
        return;
    for (int i = 0; i < run->by_name.n; i++) {
        struct node *node = run->by_name.at[i];
        if (!node->online || sc_failcount(run, node, rsc, NULL, FC_EFFECTIVE, NULL) == 0)
            continue;
        struct ordering ordering = {.flags = AR_ORDERED,
                                    .first = sc_clear_failcount(run, rsc, node, "it is removed"),
                                    .then_rsc = rsc,
                                    .then_task = TASK_STOP};
        sc_ordering(run, ordering);
    }
}

/* The failures of what is no longer configured are forgotten. */
void sc_clear_removed_failures(struct run *run)
{
    for (int i = 0; run->stop_removed && i < run->resources.n; i++)
        clear_if_removed(run, run->resources.at[i]);
}
