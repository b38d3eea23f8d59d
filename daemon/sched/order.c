/* order.c - rsc_order: reads it into orderings; apply_order.c applies them. */
#include "daemon/sched/model.h"

#include "daemon/sched/constraints.h"

enum order_kind { KIND_OPTIONAL, KIND_MANDATORY, KIND_SERIALIZE };
enum symmetry { ASYMMETRIC, SYMMETRIC, INVERSE };

void sc_ordering(struct run *run, struct ordering ordering)
{
    if (ordering.first != NULL) {
        if (ordering.first_rsc == NULL)
            ordering.first_rsc = ordering.first->rsc;
        if (ordering.first_task == TASK_NONE)
            ordering.first_task = ordering.first->key_task;
    }
    if (ordering.then != NULL) {
        if (ordering.then_rsc == NULL)
            ordering.then_rsc = ordering.then->rsc;
        if (ordering.then_task == TASK_NONE)
            ordering.then_task = ordering.then->key_task;
    }
    SC_PUSH(run, &run->orderings, ordering);
    sc_order_migration(run, &ordering);
}

/* Operation first_task of one resource before then_task of another. */
void sc_order(struct run *run, struct resource *first, enum task first_task, struct resource *then,
              enum task then_task, unsigned flags)
{
    if (first == NULL || then == NULL)
        return;
    struct ordering ordering = {.flags = flags,
                                .first_rsc = first,
                                .first_task = first_task,
                                .then_rsc = then,
                                .then_task = then_task};
    sc_ordering(run, ordering);
}

static enum task invert(enum task task)
{
    switch (task) {
    case TASK_START:
        return TASK_STOP;
    case TASK_STOP:
        return TASK_START;
    case TASK_PROMOTE:
        return TASK_DEMOTE;
    case TASK_DEMOTE:
        return TASK_PROMOTE;
    case TASK_PROMOTED:
        return TASK_DEMOTED;
    case TASK_DEMOTED:
        return TASK_PROMOTED;
    case TASK_RUNNING:
        return TASK_STOPPED;
    case TASK_STOPPED:
        return TASK_RUNNING;
    default:
        return TASK_NONE;
    }
}

static enum order_kind kind_of(struct run *run, const xmlNode *xml)
{
    const char *kind = hf_xml_get(xml, "kind"), *score = hf_xml_get(xml, "score");

    if (kind == NULL)
        return score != NULL && sc_score_or(run, score, 0) == 0 ? KIND_OPTIONAL : KIND_MANDATORY;
    if (sc_eq(kind, "Optional"))
        return KIND_OPTIONAL;
    if (sc_eq(kind, "Serialize"))
        return KIND_SERIALIZE;
    if (!sc_eq(kind, "Mandatory"))
        sc_warn(run, "constraint %s: kind \"%s\" is none of Optional, Mandatory, Serialize",
                hf_xml_get_or(xml, "id", ""), kind);
    return KIND_MANDATORY;
}

static enum symmetry symmetry_of(struct run *run, const xmlNode *xml, enum order_kind parent_kind,
                                 const char *parent_symmetrical)
{
    enum order_kind kind = parent_kind;
    bool symmetrical;

    if (hf_xml_get(xml, "kind") != NULL || hf_xml_get(xml, "score") != NULL)
        kind = kind_of(run, xml);
    if (hf_parse_bool(hf_xml_get(xml, "symmetrical"), &symmetrical) ||
        hf_parse_bool(parent_symmetrical, &symmetrical))
        return symmetrical && kind != KIND_SERIALIZE ? SYMMETRIC : ASYMMETRIC;
    return kind == KIND_SERIALIZE ? ASYMMETRIC : SYMMETRIC;
}

static unsigned flags_for(enum order_kind kind, enum task first, enum symmetry symmetry)
{
    if (kind == KIND_OPTIONAL)
        return AR_ORDERED;
    if (kind == KIND_SERIALIZE)
        return AR_SERIALIZE;
    if (symmetry == ASYMMETRIC)
        return AR_ORDERED | AR_ASYMMETRIC;
    if (symmetry == INVERSE)
        return AR_ORDERED | AR_THEN_IMPLIES_FIRST;
    bool up = first == TASK_START || first == TASK_PROMOTE;
    return AR_ORDERED | AR_FIRST_IMPLIES_THEN | (up ? AR_UNRUNNABLE_FIRST_BLOCKS : 0);
}

static enum task task_attr(const xmlNode *xml, const char *name, enum task missing)
{
    const char *text = hf_xml_get(xml, name);
    return text == NULL ? missing : sc_task_parse(text);
}

/* How many instances of a clone must have done it: clone-min, or one with require-all=false. 0: the clone. */
static int minimum_instances(const struct resource *rsc, const xmlNode *xml)
{
    const char *minimum = sc_attr(&rsc->meta, "clone-min");
    bool all;

    if (rsc->kind != KIND_CLONE)
        return 0;
    if (minimum != NULL)
        return sc_int(minimum, 0, 0);
    return hf_parse_bool(hf_xml_get(xml, "require-all"), &all) && !all ? 1 : 0;
}

/* Through a pseudo action that can happen once enough instances can. */
static void order_minimum(struct run *run, const char *id, struct resource *first, enum task first_task,
                          struct resource *then, enum task then_task, unsigned flags, int minimum)
{
    struct action *met = sc_pseudo_global(run, hf_arena_printf(run->arena, "clone-one-or-more:%s", id));

    met->required_before = minimum;
    for (int i = 0; i < first->children.n; i++) {
        struct ordering each = {.flags = AR_MIN_RUNNABLE | AR_FIRST_IMPLIES_THEN_GRAPHED,
                                .first_rsc = first->children.at[i],
                                .first_task = first_task,
                                .then = met};
        sc_ordering(run, each);
    }
    struct ordering last = {
        .flags = flags | AR_UNRUNNABLE_FIRST_BLOCKS, .first = met, .then_rsc = then, .then_task = then_task};
    sc_ordering(run, last);
}

static void unpack_simple(struct run *run, const xmlNode *xml)
{
    const char *id = hf_xml_get(xml, "id");
    struct resource *first = sc_constraint_rsc(run, hf_xml_get(xml, "first"));
    struct resource *then = sc_constraint_rsc(run, hf_xml_get(xml, "then"));

    if (first == NULL || then == NULL) {
        sc_warn(run, "constraint %s: there is no resource %s", id,
                hf_xml_get_or(xml, first == NULL ? "first" : "then", "given"));
        return;
    }
    enum task first_task = task_attr(xml, "first-action", TASK_START);
    enum task then_task = task_attr(xml, "then-action", first_task);
    enum order_kind kind = kind_of(run, xml);
    enum symmetry symmetry = symmetry_of(run, xml, kind, NULL);
    unsigned flags = flags_for(kind, first_task, symmetry);
    int minimum = minimum_instances(first, xml);
    if (minimum > 0)
        order_minimum(run, id, first, first_task, then, then_task, flags, minimum);
    else
        sc_order(run, first, first_task, then, then_task, flags);
    if (symmetry == SYMMETRIC && invert(first_task) != TASK_NONE && invert(then_task) != TASK_NONE)
        sc_order(run, then, invert(then_task), first, invert(first_task),
                 flags_for(kind, invert(first_task), INVERSE));
}

/* --- sets --- */

static bool collect_refs(struct run *run, const xmlNode *set, struct resources *list)
{
    HF_XML_EACH (ref, set, "resource_ref") {
        struct resource *rsc = sc_ref_rsc(run, ref);
        if (rsc == NULL)
            return false;
        SC_PUSH(run, list, rsc);
    }
    return true;
}

/* Orders the members of one set among each other. */
static bool unpack_set(struct run *run, const xmlNode *set, enum order_kind parent_kind,
                       const char *symmetrical)
{
    enum order_kind kind = hf_xml_get(set, "kind") != NULL ? kind_of(run, set) : parent_kind;
    enum symmetry symmetry = symmetry_of(run, set, parent_kind, symmetrical);
    enum task task = task_attr(set, "action", TASK_START);
    const char *text = hf_xml_get(set, "sequential");
    bool sequential = text == NULL || sc_true(text);
    unsigned flags = flags_for(kind, task, symmetry);
    struct resources list = {0};

    if (!collect_refs(run, set, &list))
        return false;
    for (int i = 0; i < list.n; i++) {
        for (int j = i + 1; kind == KIND_SERIALIZE && j < list.n; j++)
            sc_order(run, list.at[i], task, list.at[j], task, flags);
        if (kind != KIND_SERIALIZE && sequential && i > 0)
            sc_order(run, list.at[i - 1], task, list.at[i], task, flags);
    }
    if (symmetry == ASYMMETRIC)
        return true;
    task = invert(task);
    flags = flags_for(kind, task, INVERSE);
    for (int i = 1; sequential && task != TASK_NONE && i < list.n; i++)
        sc_order(run, list.at[i], task, list.at[i - 1], task, flags);
    return true;
}

/* With require-all=false one member of the first set is enough. */
static void order_any(struct run *run, const xmlNode *set1, const struct resources *first,
                      enum task first_task, const struct resources *then, enum task then_task, unsigned flags)
{
    struct action *any =
        sc_pseudo_global(run, hf_arena_printf(run->arena, "one-or-more:%s", hf_xml_get_or(set1, "id", "")));

    any->required_before = 1;
    for (int i = 0; i < first->n; i++) {
        struct ordering each = {.flags = AR_MIN_RUNNABLE | AR_FIRST_IMPLIES_THEN_GRAPHED,
                                .first_rsc = first->at[i],
                                .first_task = first_task,
                                .then = any};
        sc_ordering(run, each);
    }
    for (int i = 0; i < then->n; i++) {
        struct ordering each = {.flags = flags | AR_UNRUNNABLE_FIRST_BLOCKS,
                                .first = any,
                                .then_rsc = then->at[i],
                                .then_task = then_task};
        sc_ordering(run, each);
    }
}

/* A set that is sequential is spoken for by its end that faces the other set. */
static void narrow(const xmlNode *set, struct resources *list, bool last)
{
    if (!sc_true(hf_xml_get(set, "sequential")) || list->n == 0)
        return;
    list->at[0] = list->at[last ? list->n - 1 : 0];
    list->n = 1;
}

static bool order_sets(struct run *run, const xmlNode *set1, const xmlNode *set2, enum order_kind kind,
                       enum symmetry symmetry)
{
    enum task first_task = task_attr(set1, "action", TASK_START),
              then_task = task_attr(set2, "action", TASK_START);
    struct resources first = {0}, then = {0};
    bool all = true;

    hf_parse_bool(hf_xml_get(set1, "require-all"), &all);
    if (symmetry == INVERSE) {
        first_task = invert(first_task);
        then_task = invert(then_task);
    }
    if (first_task == TASK_STOP || first_task == TASK_DEMOTE)
        all = true;
    if (!collect_refs(run, set1, &first) || !collect_refs(run, set2, &then))
        return false;
    unsigned flags = flags_for(kind, first_task, symmetry);
    if (!all) {
        order_any(run, set1, &first, first_task, &then, then_task, flags);
        return true;
    }
    narrow(set1, &first, symmetry != INVERSE);
    narrow(set2, &then, symmetry == INVERSE);
    for (int i = 0; i < first.n; i++)
        for (int j = 0; j < then.n; j++)
            sc_order(run, first.at[i], first_task, then.at[j], then_task, flags);
    return true;
}

void sc_unpack_order(struct run *run, xmlNode *xml)
{
    enum order_kind kind = kind_of(run, xml);
    enum symmetry symmetry = symmetry_of(run, xml, kind, NULL);
    const xmlNode *last = NULL;

    if (!sc_in_lifetime(run, xml, NULL))
        return;
    HF_XML_EACH (child, xml, "resource_set") {
        const xmlNode *set = sc_deref(run, child);
        if (set == NULL || !unpack_set(run, set, kind, hf_xml_get(xml, "symmetrical")))
            return;
        if (last != NULL && !order_sets(run, last, set, kind, symmetry))
            return;
        if (last != NULL && symmetry == SYMMETRIC && !order_sets(run, set, last, kind, INVERSE))
            return;
        last = set;
    }
    if (last == NULL)
        unpack_simple(run, xml);
}
