/* recurring.c - monitors: which must run for the role that a resource gets, and which must be cancelled. */
#include "daemon/sched/model.h"

struct recurring {
    const char *name;
    int64_t interval_ms;
    enum role role; /* unknown: for any running role but promoted */
};

/* Two operations of one name and interval cannot be told apart, so neither is run. */
static bool is_duplicate(const struct resource *rsc, const char *name, int64_t interval_ms)
{
    int n = 0;

    HF_XML_EACH (op, rsc->ops, "op") {
        int64_t ms;
        sc_interval(hf_xml_get(op, "interval"), &ms);
        n += ms == interval_ms && sc_eq(hf_xml_get(op, "name"), name) && hf_xml_get(op, "id") != NULL;
    }
    return n > 1;
}

static bool cannot_recur(enum task task)
{
    return task == TASK_STOP || task == TASK_START || task == TASK_DEMOTE || task == TASK_PROMOTE ||
           task == TASK_RELOAD || task == TASK_MIGRATE_TO || task == TASK_MIGRATE_FROM;
}

static bool read_recurring(struct run *run, const struct resource *rsc, const xmlNode *op,
                           struct recurring *out)
{
    const char *role = hf_xml_get(op, "role");

    sc_interval(hf_xml_get(op, "interval"), &out->interval_ms);
    out->name = hf_xml_get(op, "name");
    if (out->interval_ms == 0 || out->name == NULL || hf_xml_get(op, "id") == NULL)
        return false;
    if (cannot_recur(sc_task_parse(out->name))) {
        sc_warn(run, "%s: %s cannot recur; its interval is ignored", rsc->id, out->name);
        return false;
    }
    out->role = sc_role_parse(role);
    if (role != NULL && out->role == ROLE_UNKNOWN) {
        sc_warn(run, "%s: operation %s has role \"%s\", which is none", rsc->id, out->name, role);
        return false;
    }
    return sc_op_entry(rsc, out->name, out->interval_ms, false) != NULL;
}

static struct op_key key_of(const struct recurring *op)
{
    return (struct op_key){.task = sc_task_parse(op->name), .name = op->name, .interval_ms = op->interval_ms};
}

/* Cancels a recurring operation; the action of that key becomes the cancel. */
struct action *sc_cancel(struct run *run, struct resource *rsc, const char *name, int64_t interval_ms,
                         struct node *node)
{
    struct op_key key = {.task = sc_task_parse(name), .name = name, .interval_ms = interval_ms};
    struct action *cancel = sc_action_keyed(run, rsc, key, TASK_CANCEL, "cancel", node, false);

    cancel->task = TASK_CANCEL;
    cancel->name = "cancel";
    cancel->cancel_task = sc_keep(run, name);
    sc_attr_set(run, &cancel->meta, "operation", name);
    sc_attr_set(run, &cancel->meta, "interval", sc_decimal(run, interval_ms));
    return cancel;
}

/* The same because of what the history says. */
void sc_schedule_cancel(struct run *run, struct resource *rsc, const xmlNode *op, struct node *node)
{
    const char *call = hf_xml_get(op, "call-id");
    struct action *cancel =
        sc_cancel(run, rsc, hf_xml_get(op, "operation"), sc_xml_long(op, "interval", 0), node);
    struct ordering ordering = {
        .flags = AR_ORDERED, .first_rsc = rsc, .first_task = TASK_STOP, .then_rsc = rsc, .then = cancel};

    if (call != NULL)
        sc_attr_set(run, &cancel->meta, "call-id", call);
    sc_ordering(run, ordering);
}

/* It runs already and nothing makes it start anew. */
static bool runs_already(struct run *run, struct resource *rsc, struct node *node, const struct recurring *op,
                         struct action *start)
{
    if (node == NULL || !(sc_action_flags(start, NULL) & ACT_OPTIONAL))
        return false;
    struct actions found = sc_find_actions(run, rsc, key_of(op), node, true);
    for (int i = 0; i < found.n; i++)
        if (found.at[i]->flags & ACT_RESCHEDULE)
            return false;
    return found.n > 0;
}

static void cancel_for_other_role(struct run *run, struct resource *rsc, struct node *node,
                                  const struct recurring *op)
{
    struct action *cancel = sc_cancel(run, rsc, op->name, op->interval_ms, node);
    enum task after = TASK_NONE;

    if (rsc->orig_role == ROLE_PROMOTED)
        after = TASK_DEMOTE;
    else if (rsc->orig_role >= ROLE_STARTED)
        after = rsc->next_role == ROLE_PROMOTED  ? TASK_PROMOTE
                : rsc->next_role == ROLE_STOPPED ? TASK_STOP
                                                 : TASK_NONE;
    if (after == TASK_NONE)
        return;
    struct ordering ordering = {.flags = AR_UNRUNNABLE_FIRST_BLOCKS,
                                .first_rsc = rsc,
                                .first = cancel,
                                .then_rsc = rsc,
                                .then_task = after};
    sc_ordering(run, ordering);
}

static void order_monitor(struct run *run, struct resource *rsc, enum task after, struct action *monitor,
                          unsigned flags)
{
    struct ordering ordering = {.flags = flags, .first_rsc = rsc, .first_task = after, .then = monitor};
    if (after == TASK_RELOAD && sc_first_action(rsc, TASK_RELOAD, NULL) == NULL)
        return;
    sc_ordering(run, ordering);
}

static void for_active(struct run *run, struct resource *rsc, struct action *start, struct node *node,
                       const struct recurring *op)
{
    bool optional = runs_already(run, rsc, node, op, start), matches;

    if (op->role == ROLE_STOPPED)
        return;
    if (op->role == ROLE_UNKNOWN)
        matches = rsc->next_role != ROLE_PROMOTED;
    else
        matches = rsc->next_role == op->role;
    if (!matches) {
        if (optional)
            cancel_for_other_role(run, rsc, node, op);
        return;
    }
    struct action *monitor = sc_action_named(run, rsc, op->name, op->interval_ms, node, optional);
    if (!(start->flags & ACT_RUNNABLE) || node == NULL || !node->online || node->unclean)
        monitor->flags &= ~(unsigned)ACT_RUNNABLE;
    if (rsc->next_role == ROLE_PROMOTED)
        sc_expect(run, monitor, 8);
    if (node != NULL && !(rsc->flags & RSC_MANAGED))
        return;
    unsigned needs = AR_FIRST_IMPLIES_THEN | AR_UNRUNNABLE_FIRST_BLOCKS;
    order_monitor(run, rsc, TASK_START, monitor, needs);
    order_monitor(run, rsc, TASK_RELOAD, monitor, needs);
    if (rsc->next_role == ROLE_PROMOTED)
        order_monitor(run, rsc, TASK_PROMOTE, monitor, AR_ORDERED | AR_UNRUNNABLE_FIRST_BLOCKS);
    else if (rsc->orig_role == ROLE_PROMOTED)
        order_monitor(run, rsc, TASK_DEMOTE, monitor, AR_ORDERED | AR_UNRUNNABLE_FIRST_BLOCKS);
}

/* A monitor for role Stopped makes sense no more on the node that gets the resource. */
static void cancel_if_running(struct run *run, struct resource *rsc, struct node *node,
                              const struct recurring *op)
{
    if (sc_find_actions(run, rsc, key_of(op), node, true).n == 0)
        return;
    struct action *cancel = sc_cancel(run, rsc, op->name, op->interval_ms, node);
    if (rsc->next_role != ROLE_STARTED && rsc->next_role != ROLE_UNPROMOTED)
        return;
    struct ordering ordering = {.flags = AR_UNRUNNABLE_FIRST_BLOCKS,
                                .first_rsc = rsc,
                                .first = cancel,
                                .then_rsc = rsc,
                                .then_task = TASK_START};
    sc_ordering(run, ordering);
}

static void after_stops(struct run *run, struct resource *rsc, struct node *node, struct action *monitor)
{
    struct actions stops = sc_find_actions(run, rsc, sc_key(TASK_STOP), node, true);

    for (int i = 0; i < stops.n; i++) {
        struct action *stop = stops.at[i];
        if (!(stop->flags & ACT_OPTIONAL) && !(monitor->flags & ACT_OPTIONAL) && !(rsc->flags & RSC_MANAGED))
            monitor->flags |= ACT_OPTIONAL;
        if (!(stop->flags & ACT_RUNNABLE))
            monitor->flags &= ~(unsigned)ACT_RUNNABLE;
        if (rsc->flags & RSC_MANAGED) {
            struct ordering ordering = {.flags = AR_FIRST_IMPLIES_THEN | AR_UNRUNNABLE_FIRST_BLOCKS,
                                        .first_rsc = rsc,
                                        .first = stop,
                                        .then = monitor};
            sc_ordering(run, ordering);
        }
    }
}

/* Monitors with role Stopped run wherever the resource does not. */
static void for_inactive(struct run *run, struct resource *rsc, struct node *node, const struct recurring *op)
{
    if (op->role != ROLE_STOPPED || !(rsc->flags & RSC_UNIQUE))
        return;
    for (int i = 0; i < run->by_name.n; i++) {
        struct node *stopped = run->by_name.at[i];
        if (stopped == node) {
            cancel_if_running(run, rsc, node, op);
            continue;
        }
        bool optional = sc_find_actions(run, rsc, key_of(op), stopped, true).n > 0;
        struct action *monitor = sc_action_named(run, rsc, op->name, op->interval_ms, stopped, optional);
        sc_expect(run, monitor, 7);
        if (rsc->flags & RSC_MANAGED) {
            struct actions probes = sc_find_actions(run, rsc, sc_key(TASK_MONITOR), stopped, false);
            for (int p = 0; p < probes.n; p++)
                sc_order_actions(run, probes.at[p], monitor, AR_UNRUNNABLE_FIRST_BLOCKS);
        }
        after_stops(run, rsc, stopped, monitor);
        if (!stopped->online || stopped->unclean)
            monitor->flags &= ~(unsigned)ACT_RUNNABLE;
    }
}

void sc_create_recurring(struct run *run, struct resource *rsc)
{
    struct action *start = NULL;

    if (rsc->flags & (RSC_BLOCKED | RSC_MAINTENANCE))
        return;
    /* The rule: what is not managed is not started, and monitors on its node do not wait for a start.  Our
     * reading: this also takes back a start that its recovery asked for, whether or not it has monitors, so
     * that nothing else waits for that start either, such as probes on the node behind an unmanaged
     * connection. */
    if (rsc->assigned != NULL && !rsc->assigned->maintenance &&
        (rsc->next_role != ROLE_STOPPED || !(rsc->flags & RSC_MANAGED)))
        start = sc_action(run, rsc, TASK_START, rsc->assigned, true);
    HF_XML_EACH (xml, rsc->ops, "op") {
        struct recurring op;
        if (!read_recurring(run, rsc, xml, &op))
            continue;
        if (is_duplicate(rsc, op.name, op.interval_ms)) {
            sc_warn(run, "%s: operation %s is configured twice with one interval; ignored", rsc->id, op.name);
            continue;
        }
        if (start != NULL)
            for_active(run, rsc, start, rsc->assigned, &op);
        for_inactive(run, rsc, rsc->assigned, &op);
    }
}

/* The parameters changed: the operation must be started anew. */
void sc_reschedule(struct run *run, struct resource *rsc, const char *name, int64_t interval_ms,
                   struct node *node)
{
    sc_trigger_unfencing(run, rsc, node, "Device parameters changed (reschedule)", NULL);
    sc_action_named(run, rsc, name, interval_ms, node, true)->flags |= ACT_RESCHEDULE;
}
