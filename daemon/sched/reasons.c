/* reasons.c - keeps a record of why scores are what they are, for `simulate -s` and `explain`.
 *
 * Only if the caller asked for it (show_scores): the record is larger than the decision. */
#include "daemon/sched/model.h"

void sc_note(struct run *run, const struct resource *rsc, const struct node *node, int score,
             const char *cause, const char *id)
{
    if (!run->input->show_scores)
        return;
    struct sched_reason reason = {.resource = rsc->id,
                                  .node = node == NULL ? NULL : node->name,
                                  .score = score,
                                  .cause = cause,
                                  .id = id};
    SC_PUSH(run, &run->reasons, reason);
}

void sc_note_colocation(struct run *run, const struct resource *rsc, const struct node *node, int score,
                        const struct resource *other, const struct colocation *colocation)
{
    if (!run->input->show_scores)
        return;
    sc_note(run, rsc, node, score,
            hf_arena_printf(run->arena, "colocation %s with %s", colocation->id, other->id), colocation->id);
}

/* The scores that rsc, and all in it, give to the nodes just before one is chosen.  stage says which decision
 * that is, in the words of crm_simulate -s, which scripts look for. */
void sc_note_scores(struct run *run, const struct resource *rsc, const char *stage)
{
    if (!run->input->show_scores || (rsc->flags & RSC_REMOVED))
        return;
    for (int i = 0; i < run->by_name.n; i++) {
        const struct placement *placement = sc_placement(&rsc->allowed, run->by_name.at[i]);
        if (placement == NULL)
            continue;
        struct sched_score score = {.kind = SCHED_ALLOCATION,
                                    .stage = stage,
                                    .resource = rsc->id,
                                    .node = run->by_name.at[i]->name,
                                    .score = placement->score};
        SC_PUSH(run, &run->scores, score);
    }
    for (int i = 0; i < rsc->children.n; i++)
        sc_note_scores(run, rsc->children.at[i], stage);
}

void sc_note_promotion(struct run *run, const struct resource *instance, const struct node *where)
{
    if (!run->input->show_scores)
        return;
    struct sched_score score = {.kind = SCHED_PROMOTION,
                                .resource = instance->id,
                                .node = where == NULL ? NULL : where->name,
                                .score = instance->promotion_priority};
    SC_PUSH(run, &run->scores, score);
}

/* --- explain --- */

struct reasons {
    struct sched_reason *at;
    int n, capacity;
};

static void add_reason(struct reasons *list, struct sched_reason reason)
{
    if (list->n == list->capacity) {
        list->capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
        list->at = hf_realloc(list->at, (size_t)list->capacity, sizeof(*list->at));
    }
    list->at[list->n++] = reason;
}

/* rsc itself or what is in it or what it is in. */
static bool concerns(const struct run *run, const char *name, const struct resource *rsc)
{
    const struct resource *other = sc_names_get(&run->rsc_by_id, name);
    return other == rsc || (other != NULL && (sc_is_ancestor(rsc, other) || sc_is_ancestor(other, rsc)));
}

static void explain_failures(struct run *run, struct resource *rsc, const char *node, struct reasons *list)
{
    for (int i = 0; i < run->by_name.n; i++) {
        struct node *there = run->by_name.at[i];
        if (node != NULL && strcmp(node, there->name) != 0)
            continue;
        int failures = sc_failcount(run, there, rsc, NULL, FC_EFFECTIVE, NULL);
        if (failures <= 0)
            continue;
        bool banned = rsc->ban_after_failures > 0 && failures >= rsc->ban_after_failures;
        struct sched_reason reason = {
            .resource = rsc->id, .node = there->name, .score = banned ? -SC_INFINITY : 0};
        reason.cause = hf_arena_printf(run->arena, "failed there %s times%s", sc_score_text(run, failures),
                                       banned ? ", and migration-threshold allows no more" : "");
        reason.remedy =
            hf_arena_printf(run->arena, "holdfast resource cleanup %s %s", rsc->xml_id, there->name);
        add_reason(list, reason);
    }
    for (int i = 0; i < rsc->children.n; i++)
        explain_failures(run, rsc->children.at[i], node, list);
}

static void explain_nodes(struct run *run, const struct resource *rsc, const char *node, struct reasons *list)
{
    for (int i = 0; i < run->by_name.n; i++) {
        const struct node *there = run->by_name.at[i];
        const char *cause = NULL, *remedy = NULL;
        if (node != NULL && strcmp(node, there->name) != 0)
            continue;
        if (there->unclean) {
            cause = "the node must be fenced first";
        } else if (!there->online) {
            cause = "the node is offline";
        } else if (there->standby) {
            cause = "the node is in standby";
            remedy = hf_arena_printf(run->arena, "holdfast node online %s", there->name);
        } else if (there->maintenance) {
            cause = "the node is in maintenance";
            remedy = hf_arena_printf(run->arena, "holdfast node ready %s", there->name);
        } else if (there->shutdown) {
            cause = "the node is shutting down";
        }
        if (cause == NULL)
            continue;
        struct sched_reason reason = {rsc->id, there->name, -SC_INFINITY, cause, NULL, remedy};
        add_reason(list, reason);
    }
}

static void explain_resource(struct run *run, const struct resource *rsc, struct reasons *list)
{
    struct sched_reason reason = {.resource = rsc->id, .score = -SC_INFINITY};

    if (rsc->flags & RSC_BLOCKED) {
        reason.cause = "a failure blocks it: it is left as it is until it is cleaned up";
        reason.remedy = hf_arena_printf(run->arena, "holdfast resource cleanup %s", rsc->xml_id);
        add_reason(list, reason);
    } else if (!(rsc->flags & RSC_MANAGED)) {
        reason.score = 0;
        reason.cause = (rsc->flags & RSC_MAINTENANCE) ? "it is in maintenance: nothing is done to it"
                                                      : "it is not managed: nothing is done to it";
        reason.remedy = hf_arena_printf(run->arena, "holdfast resource manage %s", rsc->xml_id);
        add_reason(list, reason);
    }
    if (sc_role_parse(sc_attr(&rsc->meta, "target-role")) == ROLE_STOPPED) {
        reason.score = -SC_INFINITY;
        reason.cause = "its target-role is Stopped";
        reason.remedy = hf_arena_printf(run->arena, "holdfast resource start %s", rsc->xml_id);
        add_reason(list, reason);
    }
    if (!run->quorate && run->no_quorum_policy == QUORUM_STOP) {
        reason.score = -SC_INFINITY;
        reason.cause = "this partition has no quorum";
        reason.remedy = NULL;
        add_reason(list, reason);
    }
    if (run->fencing_enabled && !run->have_fencing) {
        reason.score = 0;
        reason.cause = "fencing is enabled but no fence device is configured: nothing is started";
        reason.remedy = NULL;
        add_reason(list, reason);
    }
}

/* Why its actions cannot be done: an ordering waits for something that cannot happen. */
static void explain_actions(struct run *run, const struct resource *rsc, const char *node,
                            struct reasons *list)
{
    for (const struct action *action = rsc->actions; action != NULL; action = action->next_of_rsc) {
        const char *where = action->node == NULL ? NULL : action->node->name;
        if (action->reason == NULL || (action->flags & ACT_OPTIONAL) ||
            (node != NULL && where != NULL && strcmp(node, where) != 0))
            continue;
        struct sched_reason reason = {.resource = rsc->id, .node = where};
        reason.score = (action->flags & ACT_RUNNABLE) ? 0 : -SC_INFINITY;
        reason.cause =
            hf_arena_printf(run->arena, "%s%s: %s", action->name,
                            (action->flags & ACT_RUNNABLE) ? "" : " is not possible", action->reason);
        add_reason(list, reason);
    }
    for (int i = 0; i < rsc->children.n; i++)
        explain_actions(run, rsc->children.at[i], node, list);
}

static int by_weight(const void *a, const void *b)
{
    const struct sched_reason *x = a, *y = b;
    int weight_x = x->score < 0 ? -x->score : x->score, weight_y = y->score < 0 ? -y->score : y->score;

    if (weight_x != weight_y)
        return weight_x > weight_y ? -1 : 1;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return strcmp(x->cause, y->cause);
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
    explain_resource(run, rsc, &list);
    explain_nodes(run, rsc, node, &list);
    explain_failures(run, rsc, node, &list);
    explain_actions(run, rsc, node, &list);
    for (int i = 0; i < run->reasons.n; i++) {
        const struct sched_reason *reason = &run->reasons.at[i];
        if ((node == NULL || reason->node == NULL || strcmp(reason->node, node) == 0) &&
            concerns(run, reason->resource, rsc))
            add_reason(&list, *reason);
    }
    if (list.n > 0)
        qsort(list.at, (size_t)list.n, sizeof(*list.at), by_weight);
    *count = without_repetitions(list.at, list.n);
    return list.at;
}
