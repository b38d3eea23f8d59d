/* migration.c - live migration: migrate_to on the source, migrate_from on the target, instead of a restart.
 */
#include "daemon/sched/model.h"

bool sc_can_migrate(const struct resource *rsc, const struct node *current)
{
    return (rsc->flags & RSC_MIGRATABLE) && (rsc->flags & RSC_MANAGED) &&
           !(rsc->flags & (RSC_FAILED | RSC_START_PENDING)) && current != NULL && !current->unclean &&
           rsc->assigned != NULL && !rsc->assigned->unclean;
}

static void add_nodes(struct run *run, struct action *action, const struct node *source,
                      const struct node *target)
{
    sc_attr_set(run, &action->meta, "migrate_source", source->name);
    sc_attr_set(run, &action->meta, "migrate_target", target->name);
}

/* The stop at the source remains; the start becomes a pseudo action, unless the migration turns out to be
 * impossible. */
void sc_create_migration(struct run *run, struct resource *rsc, struct node *current)
{
    bool under_way = rsc->migration_target != NULL;
    struct action *start = sc_action(run, rsc, TASK_START, rsc->assigned, true);
    struct action *stop = sc_action(run, rsc, TASK_STOP, current, true);
    struct action *to = under_way ? NULL : sc_action(run, rsc, TASK_MIGRATE_TO, current, true);
    struct action *from = sc_action(run, rsc, TASK_MIGRATE_FROM, rsc->assigned, true);

    start->flags |= ACT_MIGRATABLE | ACT_PSEUDO;
    stop->flags |= ACT_MIGRATABLE;
    from->flags |= ACT_MIGRATABLE;
    if (to != NULL) {
        to->flags |= ACT_MIGRATABLE;
        to->needs = start->needs;
        sc_order(run, rsc, TASK_MONITOR, rsc, TASK_MIGRATE_TO, AR_ORDERED);
        sc_order(run, rsc, TASK_MIGRATE_TO, rsc, TASK_MIGRATE_FROM, AR_ORDERED | AR_UNMIGRATABLE_THEN_BLOCKS);
    } else {
        from->needs = start->needs;
        sc_order(run, rsc, TASK_MONITOR, rsc, TASK_MIGRATE_FROM, AR_ORDERED);
    }
    sc_order(run, rsc, TASK_MIGRATE_FROM, rsc, TASK_STOP, AR_ORDERED | AR_UNMIGRATABLE_THEN_BLOCKS);
    sc_order(run, rsc, TASK_MIGRATE_FROM, rsc, TASK_START,
             AR_ORDERED | AR_UNMIGRATABLE_THEN_BLOCKS | AR_FIRST_ELSE_THEN);
    if (to != NULL) {
        add_nodes(run, to, current, rsc->assigned);
        if (!(rsc->flags & RSC_REMOTE_CONNECTION))
            sc_attr_set(run, &to->meta, "record-pending", "true");
    }
    add_nodes(run, from, current, rsc->assigned);
}

static void order_also(struct run *run, const struct ordering *as, enum task first, enum task then,
                       unsigned flags)
{
    sc_order(run, as->first_rsc, first, as->then_rsc, then, flags);
}

/* An ordering of starts or stops holds for the migrations that take their place. */
void sc_order_migration(struct run *run, const struct ordering *ordering)
{
    const struct resource *first = ordering->first_rsc, *then = ordering->then_rsc;

    if (first == NULL || then == NULL || first == then || sc_is_ancestor(first, then) ||
        sc_is_ancestor(then, first))
        return;
    bool first_can = first->flags & RSC_MIGRATABLE, then_can = then->flags & RSC_MIGRATABLE;
    if (!then_can)
        return;
    enum task first_task = ordering->first != NULL ? ordering->first->task : ordering->first_task;
    enum task then_task = ordering->then != NULL ? ordering->then->task : ordering->then_task;
    unsigned unless_both = AR_ORDERED | (first_can ? AR_IF_FIRST_UNMIGRATABLE : 0);
    bool under_way = then->migration_target != NULL;

    if (first_task == TASK_START && then_task == TASK_START) {
        if (first_can)
            order_also(run, ordering, TASK_MIGRATE_FROM, TASK_MIGRATE_TO, AR_ORDERED);
        order_also(run, ordering, TASK_START, TASK_MIGRATE_TO, unless_both);
    } else if (first_task == TASK_STOP && then_task == TASK_STOP) {
        order_also(run, ordering, TASK_STOP, TASK_MIGRATE_TO, unless_both);
        if (under_way)
            order_also(run, ordering, TASK_STOP, TASK_MIGRATE_FROM, unless_both);
    } else if (first_task == TASK_PROMOTE && then_task == TASK_START) {
        order_also(run, ordering, TASK_PROMOTE, TASK_MIGRATE_TO, AR_ORDERED);
    } else if (first_task == TASK_DEMOTE && then_task == TASK_STOP) {
        order_also(run, ordering, TASK_DEMOTE, TASK_MIGRATE_TO, AR_ORDERED);
        if (under_way)
            order_also(run, ordering, TASK_DEMOTE, TASK_MIGRATE_FROM, AR_ORDERED);
    }
}
