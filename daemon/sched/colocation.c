/* colocation.c - rsc_colocation: reads it, and lets one resource's place speak for another's.
 *
 * The dependent goes where the primary is.  While a resource is assigned, mandatory colocations come before
 * optional ones; what depends on it has a say through the scores it has for nodes, scaled by the
 * constraint's score, and so on along the chain. */
#include "daemon/sched/model.h"

#include "daemon/sched/constraints.h"

/* --- reading --- */

static bool is_promotable_clone(const struct resource *rsc)
{
    return rsc->kind == KIND_CLONE && (rsc->flags & RSC_PROMOTABLE);
}

/* Higher priority first, then larger kinds, promotable clones before others, then by name. */
static int compare(const struct resource *a, const struct resource *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind > b->kind ? -1 : 1;
    if (is_promotable_clone(a) != is_promotable_clone(b))
        return is_promotable_clone(a) ? -1 : 1;
    return strcmp(a->id, b->id);
}

static void insert_sorted(struct run *run, struct colocations *list, struct colocation *colocation,
                          bool by_dependent)
{
    const struct resource *rsc = by_dependent ? colocation->dependent : colocation->primary;
    int at = 0;

    while (at < list->n && compare(rsc, by_dependent ? list->at[at]->dependent : list->at[at]->primary) > 0)
        at++;
    SC_PUSH(run, list, colocation);
    memmove(&list->at[at + 1], &list->at[at], (size_t)(list->n - 1 - at) * sizeof(*list->at));
    list->at[at] = colocation;
}

/* Where one may not be, the other must be stopped before it gets there. */
static void order_apart(struct run *run, struct resource *first, enum role first_role, struct resource *then,
                        enum role then_role)
{
    enum task first_tasks[2] = {TASK_STOP}, then_tasks[2] = {TASK_START};

    if (first_role == ROLE_PROMOTED)
        first_tasks[0] = TASK_DEMOTE;
    else if (first_role == ROLE_UNPROMOTED)
        first_tasks[1] = TASK_PROMOTE;
    if (then_role == ROLE_PROMOTED)
        then_tasks[0] = TASK_PROMOTE;
    else if (then_role == ROLE_UNPROMOTED)
        then_tasks[1] = TASK_DEMOTE;
    for (int f = 0; f < 2 && first_tasks[f] != TASK_NONE; f++)
        for (int t = 0; t < 2 && then_tasks[t] != TASK_NONE; t++)
            sc_order(run, first, first_tasks[f], then, then_tasks[t], AR_IF_REQUIRED_ON_SAME_NODE);
}

void sc_colocation_new(struct run *run, const char *id, const char *attribute, int score,
                       struct resource *dependent, struct resource *primary, const char *dependent_role,
                       const char *primary_role, unsigned flags)
{
    enum role role, with_role;

    if (dependent == NULL || primary == NULL || score == 0 ||
        !sc_constraint_role(run, id, dependent_role, &role) ||
        !sc_constraint_role(run, id, primary_role, &with_role))
        return;
    struct colocation *colocation = HF_ARENA_NEW(run->arena, struct colocation);
    *colocation = (struct colocation){.id = id,
                                      .dependent = dependent,
                                      .primary = primary,
                                      .score = score,
                                      .dependent_role = role,
                                      .primary_role = with_role,
                                      .attribute = sc_eq(attribute, "#uname") ? NULL : attribute,
                                      .flags = flags};
    insert_sorted(run, &dependent->this_with, colocation, false);
    insert_sorted(run, &primary->with_this, colocation, true);
    if (score <= -SC_INFINITY) {
        order_apart(run, dependent, role, primary, with_role);
        order_apart(run, primary, with_role, dependent, role);
    }
}

/* Whether the dependent may move the primary: as the constraint says, else if the dependent is critical. */
static unsigned explicit_flags(const struct resource *dependent, const char *influence)
{
    bool value;

    if (!hf_parse_bool(influence, &value))
        value = dependent->flags & RSC_CRITICAL;
    return COLOC_EXPLICIT | (value ? COLOC_INFLUENCE : 0);
}

static bool sequential(const xmlNode *set)
{
    bool value;
    return !hf_parse_bool(hf_xml_get(set, "sequential"), &value) || value;
}

/* A sequential set of those to be apart: each from all before it. */
static void set_apart(struct run *run, const xmlNode *set, int score, const char *influence)
{
    const char *role = hf_xml_get(set, "role"), *id = hf_xml_get(set, "id");

    HF_XML_EACH (ref, set, "resource_ref") {
        struct resource *rsc = sc_ref_rsc(run, ref);
        if (rsc == NULL)
            return;
        HF_XML_EACH (other_ref, set, "resource_ref") {
            if (sc_eq(hf_xml_get(other_ref, "id"), rsc->id))
                break;
            sc_colocation_new(run, id, NULL, score, rsc, sc_constraint_rsc(run, hf_xml_get(other_ref, "id")),
                              role, role, explicit_flags(rsc, influence));
        }
    }
}

static void unpack_set(struct run *run, const xmlNode *set, int score, const char *influence)
{
    const char *role = hf_xml_get(set, "role"), *id = hf_xml_get(set, "id");
    const char *text = hf_xml_get(set, "score"), *ordering = hf_xml_get(set, "ordering");
    bool with_previous = ordering == NULL || sc_ieq(ordering, "group");
    struct resource *previous = NULL;

    if ((text != NULL && !sc_score(run, text, &score)) || score == 0 || !sequential(set))
        return;
    if (score < 0) {
        set_apart(run, set, score, influence);
        return;
    }
    HF_XML_EACH (ref, set, "resource_ref") {
        struct resource *rsc = sc_ref_rsc(run, ref);
        if (rsc == NULL)
            return;
        if (previous != NULL && with_previous)
            sc_colocation_new(run, id, NULL, score, rsc, previous, role, role,
                              explicit_flags(rsc, influence));
        else if (previous != NULL)
            sc_colocation_new(run, id, NULL, score, previous, rsc, role, role,
                              explicit_flags(rsc, influence));
        previous = rsc;
    }
}

/* The members of a set that stand for it towards another: all, or one if it is sequential (none, if just that
 * one does not exist). */
static void representatives(struct run *run, const xmlNode *set, bool last, struct resources *list)
{
    const xmlNode *one = NULL;

    HF_XML_EACH (ref, set, "resource_ref") {
        if (one == NULL || last)
            one = ref;
        if (sequential(set))
            continue;
        struct resource *rsc = sc_constraint_rsc(run, hf_xml_get(ref, "id"));
        if (rsc != NULL)
            SC_PUSH(run, list, rsc);
    }
    struct resource *rsc =
        one != NULL && sequential(set) ? sc_constraint_rsc(run, hf_xml_get(one, "id")) : NULL;
    if (rsc != NULL)
        SC_PUSH(run, list, rsc);
}

static void colocate_sets(struct run *run, const char *id, const xmlNode *set1, const xmlNode *set2,
                          int score, const char *influence)
{
    struct resources dependents = {0}, primaries = {0};

    representatives(run, set1, false, &dependents);
    representatives(run, set2, true, &primaries);
    for (int d = 0; d < dependents.n; d++)
        for (int p = 0; p < primaries.n; p++)
            sc_colocation_new(run, id, NULL, score, dependents.at[d], primaries.at[p],
                              hf_xml_get(set1, "role"), hf_xml_get(set2, "role"),
                              explicit_flags(dependents.at[d], influence));
}

void sc_unpack_colocation(struct run *run, xmlNode *xml)
{
    const char *id = hf_xml_get(xml, "id"), *text = hf_xml_get(xml, "score");
    const char *influence = hf_xml_get(xml, "influence");
    const xmlNode *last = NULL;
    int score = 0;

    if (text != NULL && !sc_score(run, text, &score)) {
        sc_warn(run, "constraint %s: \"%s\" is no score", id, text);
        return;
    }
    if (!sc_in_lifetime(run, xml, NULL))
        return;
    HF_XML_EACH (child, xml, "resource_set") {
        const xmlNode *set = sc_deref(run, child);
        if (set == NULL)
            return;
        unpack_set(run, set, score, influence);
        if (last != NULL)
            colocate_sets(run, id, last, set, score, influence);
        last = set;
    }
    if (last != NULL)
        return;
    struct resource *dependent = sc_constraint_rsc(run, hf_xml_get(xml, "rsc"));
    struct resource *primary = sc_constraint_rsc(run, hf_xml_get(xml, "with-rsc"));
    if (dependent == NULL || primary == NULL) {
        sc_warn(run, "constraint %s: there is no resource %s", id,
                hf_xml_get_or(xml, dependent == NULL ? "rsc" : "with-rsc", "given"));
        return;
    }
    sc_colocation_new(run, id, hf_xml_get(xml, "node-attribute"), score, dependent, primary,
                      hf_xml_get(xml, "rsc-role"), hf_xml_get(xml, "with-rsc-role"),
                      explicit_flags(dependent, influence));
}

/* --- which constraints concern a resource --- */

static void add_list(struct run *run, struct colocations *list, const struct colocations *more,
                     bool by_dependent, bool explicit_only)
{
    if (list->n == 0 && !explicit_only) {
        for (int i = 0; i < more->n; i++)
            SC_PUSH(run, list, more->at[i]);
        return;
    }
    for (int i = 0; i < more->n; i++)
        if (!explicit_only || (more->at[i]->flags & COLOC_EXPLICIT))
            insert_sorted(run, list, more->at[i], by_dependent);
}

/* Those of rsc itself or a relative of it that count for orig; with: others with this one. */
static void collect(struct run *run, const struct resource *rsc, const struct resource *orig, bool with,
                    struct colocations *list);

static void collect_group(struct run *run, const struct resource *rsc, const struct resource *orig, bool with,
                          struct colocations *list)
{
    const struct resource *first = rsc->children.at[0], *last = rsc->children.at[rsc->children.n - 1];
    const struct resource *speaker = with ? last : first;

    if (orig == rsc || orig == speaker) {
        add_list(run, list, with ? &rsc->with_this : &rsc->this_with, with, false);
        if (rsc->parent != NULL)
            collect(run, rsc->parent, orig, with, list);
        for (int i = 0; i < rsc->children.n && rsc->group_colocated; i++)
            if (rsc->children.at[i] != orig)
                collect(run, rsc->children.at[i], orig, with, list);
        return;
    }
    if (with)
        return;
    /* If an earlier member is unmanaged, the chain is broken: the group's own mandatory ones count here. */
    for (int i = 0; i < rsc->children.n && rsc->children.at[i] != orig; i++) {
        if (rsc->children.at[i]->flags & RSC_MANAGED)
            continue;
        for (int c = 0; c < rsc->this_with.n; c++)
            if (rsc->this_with.at[c]->score == SC_INFINITY)
                insert_sorted(run, list, rsc->this_with.at[c], false);
        return;
    }
}

static void collect_bundle(struct run *run, const struct resource *rsc, const struct resource *orig,
                           bool with, struct colocations *list)
{
    const struct colocations *own = with ? &rsc->with_this : &rsc->this_with;
    const struct resource *child = rsc->bundle->child;

    if (orig == rsc || (orig->flags & RSC_REPLICA_CONTAINER)) {
        add_list(run, list, own, with, false);
        return;
    }
    if (child == NULL || !(child->flags & RSC_PROMOTABLE) || sc_top(orig) != child)
        return;
    /* What is inside matters for promotion only, once the containers have their places. */
    if (orig == child ? child->clone->promotion_constrained : !(orig->flags & RSC_UNASSIGNED))
        add_list(run, list, own, with, false);
}

static void collect(struct run *run, const struct resource *rsc, const struct resource *orig, bool with,
                    struct colocations *list)
{
    const struct colocations *own = with ? &rsc->with_this : &rsc->this_with;

    switch (rsc->kind) {
    case KIND_PRIMITIVE:
        add_list(run, list, own, with, rsc != orig);
        if (rsc == orig && rsc->parent != NULL)
            collect(run, rsc->parent, orig, with, list);
        break;
    case KIND_GROUP:
        collect_group(run, rsc, orig, with, list);
        break;
    case KIND_CLONE:
        add_list(run, list, own, with, false);
        if (rsc->parent != NULL)
            collect(run, rsc->parent, orig, with, list);
        break;
    case KIND_BUNDLE:
        collect_bundle(run, rsc, orig, with, list);
        break;
    }
}

struct colocations sc_this_with(struct run *run, const struct resource *rsc)
{
    struct colocations list = {0};
    if (rsc->parent == NULL && rsc->kind != KIND_GROUP)
        return rsc->this_with;
    collect(run, rsc, rsc, false, &list);
    return list;
}

struct colocations sc_with_this(struct run *run, const struct resource *rsc)
{
    struct colocations list = {0};
    if (rsc->parent == NULL && rsc->kind != KIND_GROUP)
        return rsc->with_this;
    collect(run, rsc, rsc, true, &list);
    return list;
}

/* --- effects --- */

/* Without influence, a dependent has no say once the primary runs. */
bool sc_has_influence(const struct colocation *colocation, const struct resource *rsc)
{
    if (rsc == NULL)
        rsc = colocation->primary;
    if ((colocation->dependent->flags & RSC_NESTING_ALLOWED) && !(rsc->flags & RSC_FAILED) &&
        rsc->active.n == 1)
        return false;
    return (colocation->flags & COLOC_INFLUENCE) || rsc->active.n == 0;
}

/* Whose attributes count for rsc on this node: in a bundle, and where the configuration says so, the host's.
 */
static const char *attribute_target(const struct node *node, const struct resource *rsc)
{
    if (rsc == NULL)
        return NULL;
    if (sc_is_bundle_node(node) && sc_is_bundled(rsc) && sc_top(rsc) == sc_bundle_of(rsc)->bundle->child)
        return "host";
    return sc_attr(&rsc->meta, "container-attribute-target");
}

/* The node itself, or the one that hosts it if that is what counts. */
static const struct node *place(const struct node *node, const struct resource *rsc)
{
    if (node == NULL || !sc_is_guest(node) || !sc_ieq(attribute_target(node, rsc), "host"))
        return node;
    return node->connection->launcher->assigned;
}

/* The value of the colocation's attribute; the node's name for NULL. */
const char *sc_colocation_value(const struct node *node, const char *attribute, const struct resource *rsc)
{
    if (node == NULL)
        return NULL;
    if (attribute != NULL)
        return sc_node_attr(node, attribute, attribute_target(node, rsc), true);
    const struct node *there = place(node, rsc);
    return there == NULL ? NULL : there->name;
}

static bool same_place(const struct node *a, const struct resource *rsc_a, const struct node *b,
                       const struct resource *rsc_b, const char *attribute)
{
    if (attribute == NULL)
        return place(a, rsc_a) == place(b, rsc_b);
    return sc_ieq(sc_colocation_value(a, attribute, rsc_a), sc_colocation_value(b, attribute, rsc_b));
}

/* Roles of a container are those of what runs in it. */
static const struct resource *role_resource(const struct resource *rsc)
{
    const struct resource *inside = (rsc->flags & RSC_REPLICA_CONTAINER) ? sc_in_container(rsc) : NULL;
    return inside != NULL ? inside : rsc;
}

enum coloc_affects sc_colocation_affects(const struct resource *dependent, const struct resource *primary,
                                         const struct colocation *colocation, bool preview)
{
    if (!preview && (primary->flags & RSC_UNASSIGNED))
        return COLOC_NOTHING;
    const struct resource *dep = role_resource(dependent), *prim = role_resource(primary);
    if (colocation->dependent_role >= ROLE_UNPROMOTED && dep->parent != NULL &&
        (dep->parent->flags & RSC_PROMOTABLE) && !(dep->flags & RSC_UNASSIGNED))
        return COLOC_ROLE;
    if (!preview && !(dependent->flags & RSC_UNASSIGNED))
        return COLOC_NOTHING;
    if (colocation->dependent_role != ROLE_UNKNOWN && colocation->dependent_role != dep->next_role)
        return COLOC_NOTHING;
    if (colocation->primary_role != ROLE_UNKNOWN && colocation->primary_role != prim->next_role)
        return COLOC_NOTHING;
    return COLOC_LOCATION;
}

/* The primary's place changes the dependent's scores; an optional one may not leave it nowhere. */
static void affect_scores(struct run *run, struct resource *dependent, const struct resource *primary,
                          const struct colocation *colocation)
{
    int score = colocation->score;
    bool mandatory = score <= -SC_INFINITY || score >= SC_INFINITY;

    if (primary->assigned == NULL && score < 0)
        return;
    struct table work = sc_table_copy(run, &dependent->allowed);
    for (int i = 0; i < work.n; i++) {
        struct placement *placement = &work.at[i];
        if (!placement->present)
            continue;
        int before = placement->score;
        if (primary->assigned == NULL)
            placement->score = sc_add(-score, placement->score);
        else if (!same_place(run->nodes.at[i], dependent, primary->assigned, primary, colocation->attribute))
            placement->score = score >= SC_INFINITY ? -SC_INFINITY : placement->score;
        else if (score < SC_INFINITY)
            placement->score = sc_add(score, placement->score);
        if (before != placement->score && run->input->show_scores)
            sc_note_with(run, dependent, run->nodes.at[i], placement->score - before, primary, colocation);
    }
    if (mandatory || sc_any_available(run, &work))
        dependent->allowed = work;
}

/* The same for the dependent's promotion priority; returns what was added. */
static int affect_priority(struct resource *dependent, const struct resource *primary,
                           const struct colocation *colocation)
{
    int factor = 1;

    if (dependent->assigned == NULL)
        return 0;
    if (primary->assigned != NULL && colocation->primary_role != ROLE_UNKNOWN &&
        colocation->primary_role != role_resource(primary)->next_role)
        return 0;
    if (!same_place(dependent->assigned, dependent, primary->assigned, primary, colocation->attribute)) {
        if (colocation->score != SC_INFINITY || colocation->dependent_role != ROLE_PROMOTED)
            return 0;
        factor = -1;
    } else if (colocation->dependent_role == ROLE_UNPROMOTED) {
        factor = -1;
    }
    dependent->priority = sc_add(factor * colocation->score, dependent->priority);
    return factor * colocation->score;
}

static int primitive_apply(struct run *run, struct resource *dependent, const struct resource *primary,
                           const struct colocation *colocation)
{
    switch (sc_colocation_affects(dependent, primary, colocation, false)) {
    case COLOC_ROLE:
        return affect_priority(dependent, primary, colocation);
    case COLOC_LOCATION:
        affect_scores(run, dependent, primary, colocation);
        return 0;
    default:
        return 0;
    }
}

/* A group as dependent is led by its first member; uncolocated members each follow an optional one. */
static int group_as_dependent(struct run *run, struct resource *dependent, const struct resource *primary,
                              const struct colocation *colocation)
{
    int delta = 0;

    if (dependent->group_colocated) {
        delta = sc_apply_colocation(run, dependent->children.at[0], primary, colocation, true);
    } else {
        if (colocation->score >= SC_INFINITY)
            return 0;
        for (int i = 0; i < dependent->children.n; i++)
            delta = sc_add(delta,
                           sc_apply_colocation(run, dependent->children.at[i], primary, colocation, false));
    }
    if (delta != 0)
        dependent->priority = sc_add(delta, dependent->priority);
    return delta;
}

/* With a group: with its last member if that is mandatory (then all of it is there), else with its first. */
static int group_as_primary(struct run *run, struct resource *dependent, const struct resource *primary,
                            const struct colocation *colocation)
{
    int delta = 0;

    if (primary->flags & RSC_UNASSIGNED)
        return 0;
    if (primary->group_colocated) {
        int which = colocation->score >= SC_INFINITY ? primary->children.n - 1 : 0;
        return sc_apply_colocation(run, dependent, primary->children.at[which], colocation, false);
    }
    if (colocation->score >= SC_INFINITY)
        return 0;
    for (int i = 0; i < primary->children.n; i++)
        delta =
            sc_add(delta, sc_apply_colocation(run, dependent, primary->children.at[i], colocation, false));
    return delta;
}

/* Applies a colocation; for_dependent: the dependent's kind decides how, else the primary's does.  Returns
 * what it added to a promotion priority. */
int sc_apply_colocation(struct run *run, struct resource *dependent, const struct resource *primary,
                        const struct colocation *colocation, bool for_dependent)
{
    if (for_dependent) {
        if (dependent->kind == KIND_GROUP)
            return group_as_dependent(run, dependent, primary, colocation);
        if (dependent->kind == KIND_PRIMITIVE)
            return sc_apply_colocation(run, dependent, primary, colocation, false);
        return 0;
    }
    switch (primary->kind) {
    case KIND_PRIMITIVE:
        return primitive_apply(run, dependent, primary, colocation);
    case KIND_GROUP:
        return group_as_primary(run, dependent, primary, colocation);
    case KIND_CLONE:
        return sc_clone_apply_colocation(run, dependent, primary, colocation);
    case KIND_BUNDLE:
        return sc_bundle_apply_colocation(run, dependent, primary, colocation);
    }
    return 0;
}

/* Bans the dependent from all but these nodes. */
void sc_intersect(struct run *run, struct resource *dependent, const struct nodes *nodes,
                  const struct table *scores, const struct resource *primary,
                  const struct colocation *colocation)
{
    for (int i = 0; i < dependent->allowed.n; i++) {
        struct placement *placement = &dependent->allowed.at[i];
        struct node *node = run->nodes.at[i];
        if (!placement->present)
            continue;
        if (!sc_nodes_have(nodes, node)) {
            if (run->input->show_scores)
                sc_note_with(run, dependent, node, -SC_INFINITY, primary, colocation);
            placement->score = -SC_INFINITY;
        } else if (scores != NULL) {
            const struct placement *there = sc_placement(scores, node);
            placement->score = sc_add(placement->score, there != NULL ? there->score : 0);
        }
    }
}

/* --- what dependents (or primaries) think --- */

/* The best score that rsc has for a node with this value. */
static int best_matching_score(struct run *run, const struct colocation *colocation, struct resource *rsc,
                               const struct table *allowed, const struct node *node,
                               const struct resource *target)
{
    const char *attribute = colocation == NULL ? NULL : colocation->attribute;
    int best = -SC_INFINITY;

    if (attribute == NULL && !run->have_remote_nodes) {
        const struct placement *placement = sc_placement(allowed, node);
        return placement != NULL && placement->score > best && sc_available(run, node, NULL, false)
                   ? placement->score
                   : best;
    }
    const char *value = sc_colocation_value(node, attribute, target);
    for (int i = 0; i < allowed->n; i++)
        if (allowed->at[i].present && allowed->at[i].score > best &&
            sc_available(run, run->nodes.at[i], NULL, false) &&
            sc_ieq(value, sc_colocation_value(run->nodes.at[i], attribute, rsc)))
            best = allowed->at[i].score;
    return best;
}

/* A later member of a group does not have the group's own locations in its scores: add them for this. */
static struct table scores_with_group(struct run *run, const struct colocation *colocation,
                                      struct resource *rsc)
{
    struct table saved = rsc->allowed, merged;

    if (colocation == NULL || rsc != colocation->dependent || !(colocation->flags & COLOC_EXPLICIT) ||
        rsc->parent == NULL || rsc->parent->kind != KIND_GROUP || rsc == rsc->parent->children.at[0])
        return saved;
    rsc->allowed = sc_table_copy(run, &saved);
    for (int i = run->locations.n - 1; i >= 0; i--)
        if (run->locations.at[i]->resource == rsc->parent)
            sc_apply_location(run, rsc, run->locations.at[i]);
    merged = rsc->allowed;
    rsc->allowed = saved;
    return merged;
}

static bool allowed_on_one(const struct resource *rsc)
{
    int n = 0;
    for (int i = 0; i < rsc->allowed.n; i++)
        if (rsc->allowed.at[i].present && rsc->allowed.at[i].score >= 0 && ++n > 1)
            return false;
    return n == 1;
}

static void merge_scores(struct run *run, struct table *nodes, struct resource *source,
                         const struct resource *target, const struct colocation *colocation, float factor,
                         bool only_positive)
{
    struct table allowed = scores_with_group(run, colocation, source);

    for (int i = 0; i < nodes->n; i++) {
        struct placement *placement = &nodes->at[i];
        if (!placement->present)
            continue;
        int score = best_matching_score(run, colocation, source, &allowed, run->nodes.at[i], target);
        /* An anti-colocated dependent that may not be here anyway pulls the primary here only if it is
         * allowed on one node alone and its constraint has influence. */
        if (factor < 0 && score < 0 &&
            (colocation->primary->stickiness >= -score || !sc_has_influence(colocation, NULL) ||
             !allowed_on_one(colocation->dependent)))
            continue;
        if (placement->score == SC_INFINITY_HACK)
            continue;
        float exact = factor * (float)score;
        int delta = (int)(exact < 0 ? (double)exact - 0.5 : (double)exact + 0.5);
        if (delta == 0 && score != 0)
            delta = factor > 0 ? 1 : factor < 0 ? -1 : 0;
        int sum = sc_add(delta, placement->score);
        if (only_positive && sum < 0 && placement->score > 0)
            placement->score = SC_INFINITY_HACK;
        else if (!only_positive || sum >= 0 || placement->score != 0)
            placement->score = sum;
    }
}

static void group_add_scores(struct run *run, struct resource *source, const struct resource *target,
                             struct table *nodes, bool *have, const struct colocation *colocation,
                             float factor, unsigned flags)
{
    if (source->flags & RSC_UPDATING)
        return;
    source->flags |= RSC_UPDATING;
    struct resource *member = source->children.at[*have ? 0 : source->children.n - 1];
    sc_add_colocated_scores(run, member, target, nodes, have, colocation, factor, flags);
    source->flags &= ~(unsigned)RSC_UPDATING;
}

/* Adds to nodes what source and those that depend on it (or, with SELECT_THIS_WITH, those it depends on)
 * think of them.  Without nodes (*have false) starts from source's own scores. */
void sc_add_colocated_scores(struct run *run, struct resource *source, const struct resource *target,
                             struct table *nodes, bool *have, const struct colocation *colocation,
                             float factor, unsigned flags)
{
    struct table work;

    if (source->kind == KIND_GROUP) {
        group_add_scores(run, source, target, nodes, have, colocation, factor, flags);
        return;
    }
    if (source->flags & RSC_UPDATING)
        return;
    source->flags |= RSC_UPDATING;
    if (!*have) {
        work = sc_table_copy(run, &source->allowed);
        target = source;
    } else {
        work = sc_table_copy(run, nodes);
        merge_scores(run, &work, source, target, colocation, factor, flags & SELECT_NONNEGATIVE);
    }
    if (sc_any_available(run, &work)) {
        bool up = flags & SELECT_THIS_WITH, have_work = true;
        struct colocations list = up ? sc_this_with(run, source) : sc_with_this(run, source);
        for (int i = 0; i < list.n; i++) {
            const struct colocation *next = list.at[i];
            float next_factor = factor * (float)next->score / (float)SC_INFINITY;
            if (!up && !sc_has_influence(next, NULL))
                continue;
            sc_add_colocated_scores(run, up ? next->primary : next->dependent, target, &work, &have_work,
                                    next, next_factor, flags | SELECT_ACTIVE);
        }
    } else if (flags & SELECT_ACTIVE) {
        source->flags &= ~(unsigned)RSC_UPDATING;
        return;
    }
    if (flags & SELECT_NONNEGATIVE)
        for (int i = 0; i < work.n; i++)
            if (work.at[i].present && work.at[i].score == SC_INFINITY_HACK)
                work.at[i].score = 1;
    *nodes = work;
    *have = true;
    source->flags &= ~(unsigned)RSC_UPDATING;
}

/* Lets a dependent have its say in where its primary goes. */
void sc_add_dependent_scores(struct run *run, const struct colocation *colocation, struct resource *primary)
{
    float factor = (float)colocation->score / (float)SC_INFINITY;
    unsigned flags = SELECT_ACTIVE | (primary->kind == KIND_CLONE ? SELECT_NONNEGATIVE : 0);
    bool have = true;

    if (!sc_has_influence(colocation, NULL))
        return;
    struct table before = primary->allowed;
    sc_add_colocated_scores(run, colocation->dependent, primary, &primary->allowed, &have, colocation, factor,
                            flags);
    for (int i = 0; run->input->show_scores && i < before.n; i++)
        if (before.at[i].present && before.at[i].score != primary->allowed.at[i].score)
            sc_note_drags(run, primary, run->nodes.at[i], primary->allowed.at[i].score - before.at[i].score,
                          colocation->dependent, colocation);
}

/* --- blocking --- */

static void block(struct run *run, struct resource *rsc, enum task task, const struct resource *reason)
{
    const char *text = NULL;

    for (struct action *action = rsc->actions; action != NULL; action = action->next_of_rsc) {
        if (!(action->flags & ACT_RUNNABLE) || action->task != task)
            continue;
        if (text == NULL)
            text = hf_arena_printf(run->arena, "colocation with %s", reason->id);
        action->flags &= ~(unsigned)ACT_RUNNABLE;
        sc_reason(run, action, text, false);
        sc_block_dependents(run, action);
        sc_update_for_orderings(run, action);
    }
    for (int i = 0; i < rsc->children.n; i++)
        block(run, rsc->children.at[i], task, reason);
}

/* A start or promote that cannot be done keeps those that must be with it from theirs. */
void sc_block_dependents(struct run *run, struct action *action)
{
    bool start = action->task == TASK_START;

    if ((action->flags & ACT_RUNNABLE) || (!start && action->task != TASK_PROMOTE) || action->rsc == NULL)
        return;
    struct resource *rsc = sc_top(action->rsc);
    if (rsc->parent != NULL)
        rsc = rsc->parent;
    for (int i = 0; i < rsc->children.n; i++) {
        const struct action *other = sc_first_action(rsc->children.at[i], action->task, NULL);
        if (other == NULL || (other->flags & ACT_RUNNABLE))
            return; /* another instance can */
    }
    struct colocations list = sc_with_this(run, rsc);
    for (int i = 0; i < list.n; i++) {
        const struct colocation *colocation = list.at[i];
        if (colocation->score < SC_INFINITY || (!start && colocation->primary_role != ROLE_PROMOTED))
            continue;
        block(run, colocation->dependent,
              colocation->dependent_role == ROLE_PROMOTED ? TASK_PROMOTE : TASK_START, action->rsc);
    }
}

/* --- everything that must be together --- */

static bool listed(const struct resources *list, const struct resource *rsc)
{
    for (int i = 0; i < list->n; i++)
        if (list->at[i] == rsc)
            return true;
    return false;
}

static void colocated_plain(struct run *run, struct resource *rsc, const struct resource *orig,
                            struct resources *list)
{
    if (listed(list, rsc))
        return;
    SC_PUSH(run, list, rsc);
    struct colocations colocations = sc_this_with(run, rsc);
    for (int i = 0; i < colocations.n; i++) {
        const struct colocation *c = colocations.at[i];
        if (c->primary != orig && c->score == SC_INFINITY &&
            sc_colocation_affects(rsc, c->primary, c, true) == COLOC_LOCATION)
            sc_colocated_resources(run, c->primary, orig, list);
    }
    colocations = sc_with_this(run, rsc);
    for (int i = 0; i < colocations.n; i++) {
        const struct colocation *c = colocations.at[i];
        if (c->dependent == orig || (rsc->kind == KIND_CLONE && c->dependent->kind != KIND_CLONE))
            continue;
        if (c->score == SC_INFINITY && sc_colocation_affects(c->dependent, rsc, c, true) == COLOC_LOCATION)
            sc_colocated_resources(run, c->dependent, orig, list);
    }
}

/* Adds rsc and all that mandatory colocations tie to it, for utilization. */
void sc_colocated_resources(struct run *run, struct resource *rsc, const struct resource *orig,
                            struct resources *list)
{
    if (orig == NULL)
        orig = rsc;
    if (rsc->kind != KIND_GROUP) {
        colocated_plain(run, rsc, orig, list);
    } else if (rsc->group_colocated || (rsc->parent != NULL && rsc->parent->kind == KIND_CLONE)) {
        SC_PUSH(run, list, rsc);
        for (int i = 0; i < rsc->children.n; i++)
            sc_colocated_resources(run, rsc->children.at[i], orig, list);
    } else {
        colocated_plain(run, rsc, orig, list);
    }
}
