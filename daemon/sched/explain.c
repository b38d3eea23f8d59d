/* explain.c - why a resource is or is not on a node, in plain words, with the command that changes it.
 *
 * A lookup: what weighs was noted where it was decided (reasons.c); here the notes become sentences, beside
 * what the state itself says (a node in standby, a failure with its time, a resource that is not managed). */
#include <stdlib.h>

#include "daemon/sched/model.h"

struct reasons {
    struct sched_reason *at;
    int n, capacity;
};

static void add(struct reasons *list, struct sched_reason reason)
{
    if (list->n == list->capacity) {
        list->capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
        list->at = hf_realloc(list->at, (size_t)list->capacity, sizeof(*list->at));
    }
    list->at[list->n++] = reason;
}

static bool is_asked(const char *node, const struct node *there)
{
    return node == NULL || strcmp(node, there->name) == 0;
}

/* rsc itself or what is in it or what it is in. */
static bool concerns(const struct run *run, const char *name, const struct resource *rsc)
{
    const struct resource *other = sc_names_get(&run->rsc_by_id, name);
    return other == rsc || (other != NULL && (sc_is_ancestor(rsc, other) || sc_is_ancestor(other, rsc)));
}

/* --- failures --- */

/* "monitor: Not running (it went away)" of the last failure that is in the history, or NULL. */
static const char *last_failure(struct run *run, const struct resource *rsc, const struct node *node)
{
    const struct status_failure *found = NULL;
    const char *id = rsc->history_id != NULL ? rsc->history_id : rsc->id;

    for (int i = 0; i < run->model.n_failures; i++) {
        const struct status_failure *failure = &run->model.failures[i];
        if (sc_eq(failure->resource, id) && sc_eq(failure->node, node->name) &&
            (found == NULL || failure->last_change >= found->last_change))
            found = failure;
    }
    if (found == NULL)
        return NULL;
    return hf_arena_printf(run->arena, "%s: %s%s%s%s", found->operation, found->rc_text,
                           *found->exit_reason != '\0' ? " (" : "", found->exit_reason,
                           *found->exit_reason != '\0' ? ")" : "");
}

static const char *failure_words(struct run *run, const struct resource *rsc, const struct node *node,
                                 int count, int64_t last, bool banned)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    const char *how = last_failure(run, rsc, node);

    if (count >= SC_INFINITY)
        hf_buf_puts(&text, "it failed there for good");
    else
        hf_buf_printf(&text, "it failed there %d time%s", count, count == 1 ? "" : "s");
    if (last > 0)
        hf_buf_printf(&text, ", last at %s", sc_time_text(run, last));
    if (how != NULL)
        hf_buf_printf(&text, ", %s", how);
    if (banned && count >= SC_INFINITY)
        hf_buf_puts(&text, "; it is not tried there again");
    else if (banned)
        hf_buf_printf(&text, "; migration-threshold is %d", rsc->ban_after_failures);
    else if (rsc->ban_after_failures > 0 && rsc->ban_after_failures < SC_INFINITY)
        hf_buf_printf(&text, "; it may until there are %d", rsc->ban_after_failures);
    if (banned && last > 0 && rsc->failure_expiration_ms > 0)
        hf_buf_printf(&text, "; forgotten at %s (failure-timeout)",
                      sc_time_text(run, last + sc_seconds(rsc->failure_expiration_ms) + 1));
    return hf_arena_strdup(run->arena, hf_buf_text(&text));
}

static void explain_failures(struct run *run, struct resource *rsc, const char *node, struct reasons *list)
{
    for (int i = 0; i < rsc->children.n; i++)
        explain_failures(run, rsc->children.at[i], node, list);
    for (int i = 0; rsc->children.n == 0 && i < run->by_name.n; i++) {
        struct node *there = run->by_name.at[i];
        int64_t last = 0;
        int count = is_asked(node, there) ? sc_failcount(run, there, rsc, &last, FC_EFFECTIVE, NULL) : 0;
        if (count <= 0)
            continue;
        bool banned = sc_threshold_reached(run, rsc, there, NULL);
        struct sched_reason reason = {.resource = rsc->id,
                                      .node = there->name,
                                      .score = banned ? -SC_INFINITY : 0,
                                      .cause = failure_words(run, rsc, there, count, last, banned),
                                      .remedy = hf_arena_printf(run->arena, "holdfast resource cleanup %s %s",
                                                                rsc->xml_id, there->name)};
        add(list, reason);
    }
}

/* --- nodes --- */

static struct sched_reason node_reason(struct run *run, const struct node *node)
{
    struct sched_reason reason = {.node = node->name, .score = -SC_INFINITY};

    if (node->unclean) {
        reason.cause = "the node's state is not known: it must be fenced first";
        reason.remedy = hf_arena_printf(run->arena, "holdfast node clearstate %s (if it is down for certain)",
                                        node->name);
    } else if (node->pending) { /* it counts as in standby, too */
        reason.cause = "the node is joining";
    } else if (!node->online) {
        reason.cause = "the node is offline";
    } else if (node->standby_onfail) {
        reason.cause = "the node is in standby, because an operation failed there (on-fail=standby)";
        reason.remedy = "holdfast resource cleanup";
    } else if (node->standby) {
        reason.cause = "the node is in standby";
        reason.remedy = hf_arena_printf(run->arena, "holdfast node online %s", node->name);
    } else if (node->maintenance) {
        reason.cause = "the node is in maintenance: nothing is done there";
        reason.remedy = hf_arena_printf(run->arena, "holdfast node ready %s", node->name);
    } else if (node->shutdown) {
        reason.cause = "the node is shutting down";
    } else if (sc_node_health(run, node) < 0) {
        reason.score = 0; /* how much that weighs is a note of its own */
        reason.cause = hf_arena_printf(run->arena, "the node's health is red (node-health-strategy=%s)",
                                       sc_option(run, "node-health-strategy"));
        reason.remedy = hf_arena_printf(run->arena, "holdfast node status-attr %s show", node->name);
    }
    return reason;
}

static void explain_nodes(struct run *run, const struct resource *rsc, const char *node, struct reasons *list)
{
    for (int i = 0; i < run->by_name.n; i++) {
        struct sched_reason reason = node_reason(run, run->by_name.at[i]);
        reason.resource = rsc->id;
        if (reason.cause != NULL && is_asked(node, run->by_name.at[i]))
            add(list, reason);
    }
}

/* --- the resource itself --- */

static bool on_maintenance_node(const struct resource *rsc)
{
    for (int i = 0; i < rsc->active.n; i++)
        if (rsc->active.at[i]->maintenance)
            return true;
    return false;
}

/* Why it is left as it is; the first that applies, from what is wide to what is narrow. */
static struct sched_reason unmanaged(struct run *run, const struct resource *rsc)
{
    struct sched_reason reason = {.resource = rsc->id};
    const char *managed = sc_attr(&rsc->meta, "is-managed"), *alone = sc_attr(&rsc->meta, "maintenance");
    bool value;

    if (run->maintenance_mode) {
        reason.cause = "the cluster is in maintenance (maintenance-mode): nothing is done to any resource";
        reason.remedy = "holdfast configure property maintenance-mode=false";
    } else if (hf_parse_bool(alone, &value) && value) {
        reason.cause = "it is in maintenance: nothing is done to it, not even monitoring";
        reason.remedy = hf_arena_printf(run->arena, "holdfast resource maintenance %s off", rsc->xml_id);
    } else if (hf_parse_bool(managed, &value) && !value) {
        reason.cause = "it is not managed (is-managed=false): it is watched, but not started or stopped";
        reason.remedy = hf_arena_printf(run->arena, "holdfast resource manage %s", rsc->xml_id);
    } else if (rsc->flags & RSC_BLOCKED) {
        reason.cause = "a failure blocks it: it is left as it is until that is cleaned up";
        reason.remedy = hf_arena_printf(run->arena, "holdfast resource cleanup %s", rsc->xml_id);
    } else if (run->fencing_enabled && !run->have_fencing) {
        reason.cause =
            "fencing is enabled but there is no fence device: nothing is started or stopped anywhere";
        reason.remedy =
            "holdfast configure primitive ID stonith:AGENT ... (or property stonith-enabled=false)";
    } else if (on_maintenance_node(rsc)) {
        reason.cause = "it is on a node in maintenance: nothing is done to it";
    } else if (rsc->children.n == 0) {
        reason.cause = "it is not managed: nothing is done to it";
        reason.remedy = hf_arena_printf(run->arena, "holdfast resource manage %s", rsc->xml_id);
    }
    return reason;
}

static void explain_quorum(const struct run *run, const struct resource *rsc, struct reasons *list)
{
    struct sched_reason reason = {.resource = rsc->id, .score = -SC_INFINITY};

    switch (run->no_quorum_policy) {
    case QUORUM_FREEZE:
        reason.score = 0;
        reason.cause = "this partition has no quorum (no-quorum-policy=freeze): what runs stays, nothing is "
                       "started or moved here";
        break;
    case QUORUM_DEMOTE:
        reason.cause = "this partition has no quorum (no-quorum-policy=demote): it is demoted, or stopped";
        break;
    case QUORUM_FENCE:
        reason.cause = "this partition has no quorum (no-quorum-policy=suicide): its nodes are fenced";
        break;
    case QUORUM_IGNORE:
        return;
    default:
        reason.cause = "this partition has no quorum (no-quorum-policy=stop)";
        break;
    }
    if (!run->quorate)
        add(list, reason);
}

static void explain_tickets(struct run *run, const struct resource *rsc, struct reasons *list)
{
    for (int i = 0; i < rsc->tickets.n; i++) {
        const struct ticket_constraint *constraint = rsc->tickets.at[i];
        const struct ticket *ticket = constraint->ticket;
        if (ticket->granted && !ticket->standby)
            continue;
        struct sched_reason reason = {.resource = rsc->id, .score = -SC_INFINITY, .id = constraint->id};
        reason.cause = hf_arena_printf(run->arena, "ticket %s is %s here (constraint %s)", ticket->id,
                                       ticket->granted ? "in standby" : "not granted", constraint->id);
        add(list, reason);
    }
}

static void explain_resource(struct run *run, const struct resource *rsc, struct reasons *list)
{
    struct sched_reason reason = unmanaged(run, rsc);

    if (reason.cause != NULL && (!(rsc->flags & RSC_MANAGED) || (rsc->flags & RSC_BLOCKED)))
        add(list, reason);
    if (run->stop_all) {
        add(list, (struct sched_reason){rsc->id, NULL, -SC_INFINITY,
                                        "all resources are to be stopped "
                                        "(stop-all-resources)",
                                        NULL, "holdfast configure property stop-all-resources=false"});
    }
    if (sc_role_parse(sc_attr(&rsc->meta, "target-role")) == ROLE_STOPPED) {
        reason = (struct sched_reason){.resource = rsc->id, .score = -SC_INFINITY};
        reason.cause = "it is to be stopped (target-role=Stopped)";
        reason.remedy = hf_arena_printf(run->arena, "holdfast resource start %s", rsc->xml_id);
        add(list, reason);
    }
    explain_quorum(run, rsc, list);
    explain_tickets(run, rsc, list);
}

/* --- notes --- */

/* Notes that say what explain_failures() and explain_resource() say better, or what nobody asks for. */
static bool is_said_better(const char *cause)
{
    static const char *const known[] = {
        "__fail_limit__",     "target-role",        "not_managed_default", "__no_ticket__",
        "__ticket_standby__", "__loss_of_ticket__", "symmetric_default",   "__stateful_without_ticket__"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(known); i++)
        if (strcmp(known[i], cause) == 0)
            return true;
    return false;
}

static const char *note_words(const char *cause)
{
    static const struct {
        const char *cause, *words;
    } known[] = {
        {"stickiness", "it runs there now, and stays by its resource-stickiness"},
        {"shutdown-lock", "it is locked to the node that it ran on when that was shut down (shutdown-lock)"},
        {"collective_limit_reached", "as many instances as there may be run already (clone-max)"},
        {"__stop_fail__", "a stop failed there: it may still be running"},
        {"masked-probe-failure", "a probe found that its agent cannot work there"},
        {"hard-error", "an operation failed there in a way that a repetition does not mend"},
        {"fatal-error", "an operation failed in a way that no node can mend: look at its parameters"},
        {"__removed_do_not_run__", "it is no longer in the configuration"},
        {"promotion score", "its agent asks to be promoted there (promotion score)"},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(known); i++)
        if (strcmp(known[i].cause, cause) == 0)
            return known[i].words;
    return cause;
}

static bool is_health(const char *id)
{
    return sc_eq(id, "migrate-on-red") || sc_eq(id, "only-green") || sc_eq(id, "progressive") ||
           sc_eq(id, "custom");
}

static void location_words(struct run *run, struct sched_reason *reason, const struct resource *rsc)
{
    const char *id = reason->id;

    if (sc_prefix(id, "cli-ban-") || sc_prefix(id, "cli-prefer-") || sc_prefix(id, "cli-standby-")) {
        reason->cause =
            hf_arena_printf(run->arena, "somebody moved it %s (resource move or ban; constraint %s)",
                            reason->score < 0 ? "away from there" : "there", id);
        reason->remedy = hf_arena_printf(run->arena, "holdfast resource clear %s", sc_top(rsc)->xml_id);
        return;
    }
    if (is_health(id)) {
        reason->cause = hf_arena_printf(run->arena, "the node's health (node-health-strategy=%s)", id);
        return;
    }
    reason->cause = hf_arena_printf(run->arena, "location constraint %s says that it %s be there", id,
                                    reason->score >= SC_INFINITY    ? "must"
                                    : reason->score <= -SC_INFINITY ? "must not"
                                    : reason->score > 0             ? "should"
                                                                    : "should not");
    reason->remedy = hf_arena_printf(run->arena, "holdfast configure delete %s", id);
}

static void explain_notes(struct run *run, const struct resource *rsc, const char *node, struct reasons *list)
{
    for (int i = 0; i < run->reasons.n; i++) {
        struct sched_reason reason = run->reasons.at[i];
        if ((node != NULL && reason.node != NULL && strcmp(reason.node, node) != 0) ||
            is_said_better(reason.cause) || !concerns(run, reason.resource, rsc))
            continue;
        const struct resource *other = sc_names_get(&run->rsc_by_id, reason.resource);
        if (strcmp(reason.cause, "location") == 0 && other != NULL) {
            location_words(run, &reason, other);
        } else {
            reason.cause = note_words(reason.cause);
            if (reason.id != NULL && *reason.id != '#')
                reason.remedy = hf_arena_printf(run->arena, "holdfast configure delete %s", reason.id);
        }
        if (strcmp(reason.cause, note_words("hard-error")) == 0 ||
            strcmp(reason.cause, note_words("fatal-error")) == 0 ||
            strcmp(reason.cause, note_words("masked-probe-failure")) == 0)
            reason.remedy = hf_arena_printf(run->arena, "holdfast resource cleanup %s", rsc->xml_id);
        if (strcmp(reason.cause, note_words("stickiness")) == 0)
            reason.remedy = hf_arena_printf(run->arena, "holdfast resource move %s", sc_top(rsc)->xml_id);
        add(list, reason);
    }
}

/* --- actions --- */

/* What the summary says after "due to", as a sentence; NULL for what says nothing new. */
static const char *action_words(struct run *run, const struct action *action)
{
    const char *reason = action->reason;
    size_t length = strlen(reason);

    if (strcmp(reason, "node availability") == 0)
        return NULL;
    if (strcmp(reason, "resource definition change") == 0)
        return (action->flags & ACT_RUNNABLE)
                   ? hf_arena_printf(run->arena, "%s: its parameters are not those that it was started with",
                                     action->name)
                   : NULL;
    if (sc_prefix(reason, "unrunnable ") && length > 17 && strcmp(reason + length - 6, " start") == 0)
        return hf_arena_printf(run->arena, "%s waits for the start of %.*s, which cannot be done",
                               action->name, (int)(length - 17), reason + 11);
    if (sc_prefix(reason, "required "))
        return hf_arena_printf(run->arena, "%s: an ordering goes with %s", action->name, reason + 9);
    return hf_arena_printf(run->arena, "%s%s: %s", action->name,
                           (action->flags & ACT_RUNNABLE) ? "" : " cannot be done", reason);
}

static void explain_actions(struct run *run, const struct resource *rsc, const char *node,
                            struct reasons *list)
{
    for (const struct action *action = rsc->actions; action != NULL; action = action->next_of_rsc) {
        if (action->reason == NULL || (action->flags & ACT_OPTIONAL) ||
            (action->node != NULL && !is_asked(node, action->node)))
            continue;
        struct sched_reason reason = {.resource = rsc->id,
                                      .node = action->node == NULL ? NULL : action->node->name,
                                      .score = (action->flags & ACT_RUNNABLE) ? 0 : -SC_INFINITY,
                                      .cause = action_words(run, action)};
        if (reason.cause != NULL)
            add(list, reason);
    }
    for (int i = 0; i < rsc->children.n; i++)
        explain_actions(run, rsc->children.at[i], node, list);
}

/* --- all of them --- */

static int weight(int score)
{
    return score < 0 ? -score : score;
}

/* Strongest first; of the same weight what forbids, then what is about all nodes. */
static int by_weight(const void *a, const void *b)
{
    const struct sched_reason *x = a, *y = b;

    if (weight(x->score) != weight(y->score))
        return weight(x->score) > weight(y->score) ? -1 : 1;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    if ((x->node == NULL) != (y->node == NULL))
        return x->node == NULL ? -1 : 1;
    int order = x->node == NULL ? 0 : strcmp(x->node, y->node);
    return order != 0 ? order : strcmp(x->cause, y->cause);
}

static bool same_cause(const struct sched_reason *x, const struct sched_reason *y)
{
    return x->score == y->score && strcmp(x->cause, y->cause) == 0 && sc_eq(x->resource, y->resource);
}

/* What holds on every node is said once for all. */
static void fold_nodes(const struct run *run, struct reasons *list)
{
    for (int i = 0; i < list->n; i++) {
        int n = 0;
        for (int j = i; list->at[i].node != NULL && j < list->n; j++)
            n += list->at[j].node != NULL && same_cause(&list->at[j], &list->at[i]);
        if (n < 2 || n < run->by_name.n)
            continue;
        list->at[i].node = NULL;
        int kept = i + 1;
        for (int j = i + 1; j < list->n; j++)
            if (!same_cause(&list->at[j], &list->at[i]))
                list->at[kept++] = list->at[j];
        list->n = kept;
    }
}

/* The same cause reaches a resource through each of its parts: once is enough. */
static int without_repetitions(struct sched_reason *at, int n)
{
    int kept = 0;

    for (int i = 0; i < n; i++) {
        bool again = kept > 0 && strcmp(at[kept - 1].cause, at[i].cause) == 0 &&
                     at[kept - 1].score == at[i].score && sc_eq(at[kept - 1].node, at[i].node);
        if (!again)
            at[kept++] = at[i];
    }
    return kept;
}

struct sched_reason *sched_explain(struct sched_output *output, const char *resource, const char *node,
                                   int *count)
{
    struct run *run = &output->run;
    struct resource *rsc = sc_names_get(&run->rsc_by_id, resource);
    struct reasons list = {0};

    *count = 0;
    if (rsc == NULL)
        rsc = sc_names_get(&run->rsc_by_history, resource);
    if (rsc == NULL)
        return NULL;
    list.at = hf_calloc(1, sizeof(*list.at)); /* something to free, also where there is nothing to say */
    list.capacity = 1;
    explain_resource(run, rsc, &list);
    explain_nodes(run, rsc, node, &list);
    explain_failures(run, rsc, node, &list);
    explain_notes(run, rsc, node, &list);
    explain_actions(run, rsc, node, &list);
    fold_nodes(run, &list);
    if (list.n > 0)
        qsort(list.at, (size_t)list.n, sizeof(*list.at), by_weight);
    *count = without_repetitions(list.at, list.n);
    return list.at;
}
