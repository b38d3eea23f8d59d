/* promotable.c - which instances of a promotable clone are promoted.
 *
 * Agents say how much they want it (node attributes master-RESOURCE); location and colocation constraints
 * with a role add to that; the best promoted-max instances are promoted. */
#include "daemon/sched/model.h"

/* --- scores --- */

static struct resource *find_on(struct resource *rsc, const char *name, const struct node *node)
{
    if ((strcmp(rsc->id, name) == 0 || strcmp(rsc->xml_id, name) == 0) && sc_nodes_have(&rsc->active, node))
        return rsc;
    for (int i = 0; i < rsc->children.n; i++) {
        struct resource *found = find_on(rsc->children.at[i], name, node);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static bool known_on(struct resource *clone, const char *name, const struct node *node)
{
    for (int i = 0; i < clone->children.n; i++) {
        const struct resource *child = sc_find_in_instance(clone->children.at[i], name);
        if (child != NULL && sc_placement(&child->probed, node) != NULL)
            return true;
    }
    return false;
}

static bool allowed_on(const struct resource *rsc, const struct node *node)
{
    const struct placement *placement = sc_placement(&rsc->allowed, node);
    return placement != NULL && placement->score >= 0;
}

/* A score left by an instance counts for one that is there, or could be now that the state is known. */
static bool score_applies(struct run *run, struct resource *rsc, const struct node *node)
{
    const char *name = sc_base_name(run, rsc->id);
    struct resource *top = sc_top(rsc), *active = NULL;

    if (!(rsc->flags & RSC_UNIQUE)) {
        for (int i = 0; i < top->children.n && active == NULL; i++)
            active = find_on(top->children.at[i], name, node);
        if (active == rsc || (active == NULL && known_on(top, name, node)))
            return allowed_on(rsc, node);
    }
    bool any_probed = false;
    for (int i = 0; i < rsc->probed.n && !any_probed; i++)
        any_probed = rsc->probed.at[i].present;
    if ((rsc->active.n == 0 && !any_probed) || sc_placement(&rsc->probed, node) != NULL ||
        sc_nodes_have(&rsc->active, node))
        return allowed_on(rsc, node);
    return false;
}

static const char *attribute_of(struct run *run, const struct resource *rsc, const struct node *node,
                                const char *name)
{
    return sc_node_attr(node, hf_arena_printf(run->arena, "master-%s", name),
                        sc_attr(&rsc->meta, "container-attribute-target"), !(rsc->flags & RSC_UNASSIGNED));
}

/* The promotion score of rsc on node; *is_default stays true if there is none. */
static int promotion_score(struct run *run, struct resource *rsc, const struct node *node, bool *is_default)
{
    int score = 0;

    if (rsc->children.n > 0) {
        for (int i = 0; i < rsc->children.n; i++)
            score += promotion_score(run, rsc->children.at[i], node, is_default);
        return score;
    }
    if (!score_applies(run, rsc, node))
        return 0;
    const char *value = attribute_of(run, rsc, node, rsc->history_id != NULL ? rsc->history_id : rsc->id);
    if (value == NULL && !(rsc->flags & RSC_UNIQUE))
        value = attribute_of(run, rsc, node, sc_base_name(run, rsc->id));
    if (value == NULL)
        return 0;
    *is_default = false;
    return sc_score_or(run, value, 0);
}

/* Instances are placed where they would like to be promoted. */
void sc_add_promotion_scores(struct run *run, struct resource *rsc)
{
    bool ignored = true;

    if (rsc->clone->promotion_added)
        return;
    rsc->clone->promotion_added = true;
    for (int i = 0; i < rsc->children.n; i++) {
        struct resource *child = rsc->children.at[i];
        for (int n = 0; n < child->allowed.n; n++) {
            struct placement *placement = &child->allowed.at[n];
            if (!placement->present || !sc_available(run, run->nodes.at[n], NULL, false))
                continue;
            int score = promotion_score(run, child, run->nodes.at[n], &ignored);
            if (score > 0) {
                placement->score = sc_add(placement->score, score);
                if (run->input->show_scores)
                    sc_note(run, child, run->nodes.at[n], score, "promotion score", NULL);
            }
            if (score > child->priority)
                child->priority = score;
        }
    }
}

/* --- roles --- */

static void current_unpromoted(struct resource *rsc)
{
    if (rsc->orig_role == ROLE_STARTED)
        rsc->orig_role = ROLE_UNPROMOTED;
    for (int i = 0; i < rsc->children.n; i++)
        current_unpromoted(rsc->children.at[i]);
}

static void next_unpromoted(struct run *run, struct resource *rsc)
{
    struct nodes there = {0};

    sc_locations(run, rsc, LOC_ASSIGNED, &there);
    rsc->next_role = there.n == 0 ? ROLE_STOPPED : ROLE_UNPROMOTED;
    for (int i = 0; i < rsc->children.n; i++)
        next_unpromoted(run, rsc->children.at[i]);
}

static void next_promoted(struct resource *rsc)
{
    if (rsc->next_role == ROLE_UNKNOWN)
        rsc->next_role = ROLE_PROMOTED;
    for (int i = 0; i < rsc->children.n; i++)
        next_promoted(rsc->children.at[i]);
}

static void apply_promoted_locations(struct run *run, struct resource *child, const struct resource *of,
                                     const struct node *chosen)
{
    for (int i = of->locations.n - 1; i >= 0; i--) {
        const struct location *location = of->locations.at[i];
        for (int n = location->nodes.n - 1; location->role_filter == ROLE_PROMOTED && n >= 0; n--)
            if (location->nodes.at[n].node == chosen) {
                child->priority = sc_add(child->priority, location->nodes.at[n].score);
                sc_note(run, child, chosen, location->nodes.at[n].score, "location", location->id);
                break;
            }
    }
}

/* What it is worth to what runs elsewhere to stay there. */
static int stickiness_elsewhere(const struct resource *rsc, const struct node *node)
{
    int sum = 0;

    if (rsc->children.n == 0)
        return rsc->active.n == 0 || sc_nodes_have(&rsc->active, node) ? 0 : rsc->stickiness;
    for (int i = 0; i < rsc->children.n; i++)
        sum = sc_add(sum, stickiness_elsewhere(rsc->children.at[i], node));
    return sum;
}

/* Who was promoted by a lock keeps it as others keep their place: its own stickiness speaks for it.  What is
 * to be beside it follows: after a move by the guard it still runs on the former node, and must not call it
 * back; there it speaks twice, for the place of an instance and for its promotion. */
static int lock_stickiness(struct run *run, const struct resource *instance, struct resource *clone,
                           const struct node *node)
{
    struct colocations list = sc_with_this(run, clone);
    int sum = instance->stickiness;

    for (int i = 0; i < list.n; i++)
        if (list.at[i]->primary_role == ROLE_PROMOTED && list.at[i]->score > 0)
            sum = sc_add(sum, 2 * stickiness_elsewhere(list.at[i]->dependent, node));
    return sum;
}

static void set_priority(struct run *run, struct resource *instance, struct resource *clone)
{
    bool is_default = true;

    if (sc_role(instance, true) == ROLE_STARTED)
        current_unpromoted(instance);
    struct node *chosen = sc_location(instance, LOC_ASSIGNED);
    if (chosen == NULL)
        return;
    enum role next = sc_role(instance, false);
    switch (next) {
    case ROLE_STARTED:
    case ROLE_UNKNOWN:
        instance->priority = promotion_score(run, instance, chosen, &is_default);
        if (is_default)
            instance->priority = -1; /* wants no promotion */
        break;
    case ROLE_UNPROMOTED:
    case ROLE_STOPPED:
        instance->priority = -SC_INFINITY;
        break;
    case ROLE_PROMOTED:
        break;
    }
    apply_promoted_locations(run, instance, instance, chosen);
    apply_promoted_locations(run, instance, clone, chosen);
    struct colocations list = sc_this_with(run, instance);
    for (int i = 0; i < list.n; i++) {
        int added = sc_apply_colocation(run, instance, list.at[i]->primary, list.at[i], true);
        if (added != 0)
            sc_note_promotion_with(run, instance, chosen, added, list.at[i]);
    }
    if (instance->orig_role == ROLE_PROMOTED && instance->promoted_term > 0 && instance->priority >= 0 &&
        sc_nodes_have(&instance->active, chosen))
        instance->priority = sc_add(instance->priority, lock_stickiness(run, instance, clone, chosen));
    instance->promotion_priority = next == ROLE_PROMOTED ? SC_INFINITY : instance->priority;
}

static int by_promotion(const void *a, const void *b, void *context)
{
    const struct resource *x = a, *y = b;

    if (x->promotion_priority != y->promotion_priority)
        return x->promotion_priority > y->promotion_priority ? -1 : 1;
    enum role role_x = sc_role(x, true), role_y = sc_role(y, true);
    if (role_x != role_y)
        return role_x > role_y ? -1 : 1;
    return sc_compare_instances(a, b, context);
}

/* Colocations with the promoted role weigh in, through the clone's own scores. */
static void sort_instances(struct run *run, struct resource *clone)
{
    if (clone->clone->promotion_constrained)
        return;
    clone->clone->promotion_constrained = true;
    clone->flags |= RSC_UPDATING;
    for (int i = 0; i < clone->children.n; i++) {
        const struct resource *child = clone->children.at[i];
        const struct node *chosen = sc_location(child, LOC_ASSIGNED);
        struct placement *placement =
            child->promotion_priority < 0 || chosen == NULL ? NULL : sc_placement(&clone->allowed, chosen);
        if (placement != NULL)
            placement->score = sc_add(child->promotion_priority, placement->score);
    }
    struct colocations list = sc_with_this(run, clone);
    for (int i = 0; i < list.n; i++) {
        bool have = true;
        if (list.at[i]->primary_role == ROLE_PROMOTED && sc_has_influence(list.at[i], NULL))
            sc_add_colocated_scores(run, list.at[i]->dependent, clone, &clone->allowed, &have, list.at[i],
                                    (float)list.at[i]->score / (float)SC_INFINITY,
                                    SELECT_ACTIVE | SELECT_NONNEGATIVE);
    }
    sc_require_promotion_tickets(run, clone);
    for (int i = 0; i < clone->children.n; i++) {
        struct resource *child = clone->children.at[i];
        const struct node *chosen = sc_location(child, LOC_ASSIGNED);
        const struct placement *placement = chosen == NULL ? NULL : sc_placement(&clone->allowed, chosen);
        if (!(child->flags & RSC_MANAGED) && child->next_role == ROLE_PROMOTED)
            child->promotion_priority = SC_INFINITY;
        else if (chosen == NULL)
            child->promotion_priority = -SC_INFINITY;
        else if (child->promotion_priority >=
                 0) /* without a placement it is there only because it is unmanaged */
            child->promotion_priority = placement == NULL ? -SC_INFINITY : placement->score;
    }
    sc_sort(clone->children.at, clone->children.n, by_promotion, run);
    clone->flags &= ~(unsigned)RSC_UPDATING;
}

/* The clone's entry for the node where rsc can be promoted, or NULL. */
static struct placement *promotable_on(struct run *run, const struct resource *rsc)
{
    for (int i = 0; i < rsc->children.n; i++)
        if (promotable_on(run, rsc->children.at[i]) == NULL)
            return NULL;
    struct node *node = sc_location(rsc, LOC_ASSIGNED);
    bool managed = rsc->flags & RSC_MANAGED;
    if (node == NULL)
        return NULL;
    if (!managed ? sc_role(rsc, true) != ROLE_PROMOTED
                 : rsc->priority < 0 || !sc_available(run, node, NULL, true))
        return NULL;
    struct resource *top = sc_top(rsc);
    struct placement *placement = sc_placement(&top->allowed, node);
    if (placement != NULL && managed && placement->count >= top->clone->promoted_node_max)
        return NULL;
    return placement;
}

static void note_candidate(struct run *run, const struct resource *instance)
{
    struct sched_promotion promotion = {
        .resource = (instance->flags & RSC_UNIQUE) ? instance->id : instance->xml_id,
        .class_ = instance->class_,
        .provider = instance->provider,
        .type = instance->type,
        .score = instance->promotion_priority,
        .promoted = instance->next_role == ROLE_PROMOTED,
    };

    if (instance->children.n > 0 || instance->assigned == NULL)
        return;
    promotion.node = instance->assigned->name;
    promotion.active = sc_nodes_have(&instance->active, instance->assigned);
    SC_PUSH(run, &run->promotions, promotion);
}

static void set_role(struct run *run, struct resource *instance, int *promoted)
{
    struct resource *top = sc_top(instance);
    struct placement *chosen = NULL;

    sc_note_promotion(run, instance, sc_location(instance, LOC_ASSIGNED));
    if (instance->promotion_priority >= 0 &&
        (*promoted < top->clone->promoted_max || !(top->flags & RSC_MANAGED)))
        chosen = promotable_on(run, instance);
    if (chosen == NULL ||
        (instance->orig_role < ROLE_PROMOTED && !run->quorate && run->no_quorum_policy == QUORUM_FREEZE)) {
        next_unpromoted(run, instance);
        return;
    }
    chosen->count++;
    next_promoted(instance);
    ++*promoted;
}

void sc_set_instance_roles(struct run *run, struct resource *rsc)
{
    int promoted = 0;

    for (int i = 0; i < rsc->allowed.n; i++)
        rsc->allowed.at[i].count = 0;
    for (int i = 0; i < rsc->children.n; i++)
        set_priority(run, rsc->children.at[i], rsc);
    sort_instances(run, rsc);
    for (int i = 0; i < rsc->children.n; i++)
        set_role(run, rsc->children.at[i], &promoted);
    for (int i = 0; i < rsc->children.n; i++)
        note_candidate(run, rsc->children.at[i]);
}

/* --- actions and orderings --- */

static void role_changes(const struct resource *rsc, bool *demoting, bool *promoting)
{
    for (int i = 0; i < rsc->children.n; i++)
        role_changes(rsc->children.at[i], demoting, promoting);
    for (const struct action *action = rsc->actions; rsc->children.n == 0 && action != NULL;
         action = action->next_of_rsc) {
        if (action->flags & ACT_OPTIONAL)
            continue;
        *demoting = *demoting || action->task == TASK_DEMOTE;
        *promoting = *promoting || action->task == TASK_PROMOTE;
    }
}

void sc_create_promotable_actions(struct run *run, struct resource *clone)
{
    bool promoting = false, demoting = false;

    for (int i = 0; i < clone->children.n; i++) {
        sc_create_actions(run, clone->children.at[i]);
        role_changes(clone->children.at[i], &demoting, &promoting);
    }
    sc_notify_promotable(run, clone, promoting, demoting);
    for (int i = 0; i < clone->children.n; i++)
        clone->children.at[i]->priority = clone->priority;
}

/* Demote, stop, start, promote: of the whole in this order. */
void sc_order_restart(struct run *run, struct resource *rsc)
{
    sc_order(run, rsc, TASK_STOPPED, rsc, TASK_START, AR_ORDERED);
    sc_order(run, rsc, TASK_STOPPED, rsc, TASK_PROMOTE, AR_ORDERED);
    sc_order(run, rsc, TASK_DEMOTED, rsc, TASK_STOP, AR_ORDERED);
    sc_order(run, rsc, TASK_DEMOTED, rsc, TASK_START, AR_ORDERED);
    sc_order(run, rsc, TASK_DEMOTED, rsc, TASK_PROMOTE, AR_ORDERED);
    sc_order(run, rsc, TASK_RUNNING, rsc, TASK_PROMOTE, AR_ORDERED);
    sc_order(run, rsc, TASK_DEMOTE, rsc, TASK_DEMOTED, AR_ORDERED);
}

void sc_order_promotable(struct run *run, struct resource *clone)
{
    struct resource *previous = NULL;

    sc_order_restart(run, clone);
    for (int i = 0; i < clone->children.n; i++) {
        struct resource *instance = clone->children.at[i];
        sc_order(run, instance, TASK_DEMOTE, instance, TASK_PROMOTE, AR_ORDERED);
        sc_order(run, clone, TASK_PROMOTE, instance, TASK_PROMOTE, AR_ORDERED);
        sc_order(run, instance, TASK_PROMOTE, clone, TASK_PROMOTED, AR_ORDERED);
        sc_order(run, clone, TASK_DEMOTE, instance, TASK_DEMOTE, AR_THEN_IMPLIES_FIRST_GRAPHED);
        sc_order(run, instance, TASK_DEMOTE, clone, TASK_DEMOTED, AR_FIRST_IMPLIES_THEN_GRAPHED);
        if (previous != NULL && clone->clone->ordered) {
            sc_order(run, previous, TASK_PROMOTE, instance, TASK_PROMOTE, AR_ORDERED);
            sc_order(run, instance, TASK_DEMOTE, previous, TASK_DEMOTE, AR_ORDERED);
        }
        previous = instance;
    }
}

/* --- colocation with a promoted role --- */

/* A dependent that has no place yet goes where instances in that role are. */
void sc_follow_promotable(struct run *run, const struct resource *primary, struct resource *dependent,
                          const struct colocation *colocation)
{
    struct nodes affected = {0};
    struct table scores = {0};

    for (int i = 0; i < primary->children.n; i++) {
        struct resource *instance = primary->children.at[i];
        struct node *node = sc_location(instance, LOC_ASSIGNED);
        if (node == NULL || sc_role(instance, false) != colocation->primary_role)
            continue;
        const char *value = sc_colocation_value(node, colocation->attribute, primary);
        for (int n = 0; colocation->score < SC_INFINITY && n < dependent->allowed.n; n++) {
            struct placement *placement = &dependent->allowed.at[n];
            if (placement->present &&
                sc_ieq(value, sc_colocation_value(run->nodes.at[n], colocation->attribute, dependent)))
                placement->score = sc_add(placement->score, colocation->score);
        }
        SC_PUSH(run, &affected, node);
        const struct resource *leaf = instance->children.n > 0 ? instance->children.at[0] : instance;
        const struct placement *there = sc_placement(&leaf->allowed, node);
        if (!(leaf->flags & RSC_MANAGED))
            there = &node->base; /* it stays where it is, whatever its scores are */
        if (there != NULL)
            *sc_table_add(run, &scores, node, NULL) = *there;
    }
    if (colocation->score >= SC_INFINITY &&
        (colocation->dependent_role != ROLE_PROMOTED || colocation->primary_role != ROLE_PROMOTED))
        sc_intersect(run, dependent, &affected, &scores, primary, colocation);
}

/* An instance that has a place is more (or less) likely to be promoted there. */
int sc_promotable_priority(struct run *run, const struct resource *primary, struct resource *dependent,
                           const struct colocation *colocation)
{
    if (sc_compatible_instance(run, dependent, primary, colocation->primary_role, false,
                               colocation->attribute) != NULL) {
        dependent->priority = sc_add(dependent->priority, colocation->score);
        return colocation->score;
    }
    if (colocation->score >= SC_INFINITY) {
        dependent->priority = -SC_INFINITY;
        return -SC_INFINITY;
    }
    return 0;
}
