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

static const char *score_words(struct run *run, int score)
{
    if (score >= SC_INFINITY)
        return "must";
    if (score <= -SC_INFINITY)
        return "must not";
    return hf_arena_printf(run->arena, "should%s (%d)", score < 0 ? " not" : "", score);
}

/* Where the primary goes changes what the dependent thinks of node. */
void sc_note_with(struct run *run, const struct resource *dependent, const struct node *node, int score,
                  const struct resource *primary, const struct colocation *colocation)
{
    const char *where = primary->assigned != NULL
                            ? hf_arena_printf(run->arena, "goes to %s", primary->assigned->name)
                            : "runs nowhere";
    const char *what = "be where";

    if (!run->input->show_scores)
        return;
    if (colocation->attribute != NULL)
        what = hf_arena_printf(run->arena, "have the same %s as", colocation->attribute);
    sc_note(run, dependent, node, score,
            hf_arena_printf(run->arena, "it %s %s %s is, which %s", score_words(run, colocation->score), what,
                            primary->id, where),
            colocation->id);
}

/* Where the primary is counts for, or against, the promotion of an instance on node. */
void sc_note_promotion_with(struct run *run, const struct resource *instance, const struct node *node,
                            int score, const struct colocation *colocation)
{
    if (!run->input->show_scores)
        return;
    sc_note(run, instance, node, score,
            hf_arena_printf(run->arena, "it %s be promoted where %s is, which is %s",
                            score_words(run, colocation->score), colocation->primary->id,
                            (score > 0) == (colocation->score > 0) ? "here" : "not here"),
            colocation->id);
}

/* What the dependent thinks of node has weight for its primary: it would be dragged along. */
void sc_note_drags(struct run *run, const struct resource *primary, const struct node *node, int score,
                   const struct resource *dependent, const struct colocation *colocation)
{
    if (!run->input->show_scores)
        return;
    sc_note(run, primary, node, score,
            hf_arena_printf(run->arena, "%s, which %s be with it, would %s", dependent->id,
                            score_words(run, colocation->score),
                            score > 0 ? "rather be here" : "rather not be here"),
            colocation->id);
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
