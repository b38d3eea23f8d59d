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

/* The scores that rsc, and all in it, give to the nodes just before one is chosen. */
void sc_note_scores(struct run *run, const struct resource *rsc)
{
    if (!run->input->show_scores || (rsc->flags & RSC_REMOVED))
        return;
    for (int i = 0; i < run->by_name.n; i++) {
        const struct placement *placement = sc_placement(&rsc->allowed, run->by_name.at[i]);
        if (placement == NULL)
            continue;
        struct sched_score score = {rsc->id, run->by_name.at[i]->name, placement->score, false};
        SC_PUSH(run, &run->scores, score);
    }
    for (int i = 0; i < rsc->children.n; i++)
        sc_note_scores(run, rsc->children.at[i]);
}

void sc_note_promotion(struct run *run, const struct resource *instance)
{
    if (!run->input->show_scores)
        return;
    struct sched_score score = {instance->id, instance->assigned == NULL ? "none" : instance->assigned->name,
                                instance->promotion_priority, true};
    SC_PUSH(run, &run->scores, score);
}
