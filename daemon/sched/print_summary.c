/* print_summary.c - "Transition Summary": what happens to each resource and node, a line each. */
#include "daemon/sched/model.h"

static bool runnable(const struct action *action)
{
    return action != NULL && (action->flags & ACT_RUNNABLE);
}

static bool required(const struct action *action)
{
    return action != NULL && !(action->flags & ACT_OPTIONAL);
}

/* action is what is done, source (NULL: the same) what it is done for. */
static void item(struct run *run, const char *change, const struct resource *rsc, const struct node *from,
                 const struct node *to, const struct action *action, const struct action *source,
                 enum role old)
{
    if (source == NULL)
        source = action;
    struct sched_change line = {.what = change,
                                .resource = rsc->id,
                                .from = from == NULL ? NULL : from->name,
                                .to = to == NULL ? NULL : to->name,
                                .role = sc_role_text(old),
                                .next_role = sc_role_text(rsc->next_role),
                                .show_roles = old > ROLE_STARTED || rsc->next_role > ROLE_UNPROMOTED,
                                .reason = source == NULL ? NULL : source->reason,
                                .blocked = !runnable(action)};
    SC_PUSH(run, &run->changes, line);
}

struct found {
    struct action *start, *stop, *promote, *demote, *migrate;
};

static struct found find(struct resource *rsc, struct node *from, struct node *to)
{
    struct found found = {.start = sc_find_action(rsc, sc_key(TASK_START), to)};

    found.stop = sc_find_action(rsc, sc_key(TASK_STOP), runnable(found.start) ? from : NULL);
    if (found.stop == NULL && (rsc->flags & RSC_STOP_UNEXPECTED))
        found.stop = sc_find_action(rsc, sc_key(TASK_STOP), NULL);
    found.promote = sc_find_action(rsc, sc_key(TASK_PROMOTE), to);
    found.demote = sc_find_action(rsc, sc_key(TASK_DEMOTE), to);
    found.migrate = sc_find_action(rsc, sc_key(TASK_MIGRATE_FROM), to);
    return found;
}

/* The role stays: the resource moves, restarts, reloads, or nothing happens. */
static void same_role(struct run *run, const struct resource *rsc, struct node *from, struct node *to,
                      const struct found *found, enum role old)
{
    bool moving = from != NULL && to != NULL && from != to, failed = rsc->flags & RSC_FAILED;

    if (from != NULL && runnable(found->migrate))
        item(run, "Migrate", rsc, from, to, found->start, NULL, old);
    else if (rsc->flags & RSC_RELOAD)
        item(run, "Reload", rsc, from, to, found->start, NULL, old);
    else if (!required(found->start)) {
        if (required(found->demote) && required(found->promote))
            item(run, "Re-promote", rsc, from, to, found->promote, found->demote, old);
    } else if (!runnable(found->start))
        item(run, "Stop", rsc, from, NULL, found->stop,
             found->stop == NULL || found->stop->reason == NULL ? found->start : found->stop, old);
    else if (moving)
        item(run, failed ? "Recover" : "Move", rsc, from, to, found->stop, NULL, old);
    else if (failed)
        item(run, "Recover", rsc, from, NULL, found->stop, NULL, old);
    else
        item(run, "Restart", rsc, from, to, found->start, NULL, old);
}

static void stops(struct run *run, struct resource *rsc, struct action *start, enum role old)
{
    const struct action *source = start;

    for (int i = 0; i < rsc->active.n; i++) {
        struct action *stop = sc_find_action(rsc, sc_key(TASK_STOP), rsc->active.at[i]);
        source = stop != NULL && stop->reason != NULL ? stop : start;
        item(run, "Stop", rsc, rsc->active.at[i], NULL, stop, source, old);
    }
}

static void new_role(struct run *run, struct resource *rsc, struct node *from, struct node *to,
                     const struct found *found, enum role old)
{
    bool moving = from != NULL && to != NULL && from != to;
    unsigned recover = RSC_FAILED | RSC_STOP_IF_FAILED;

    if (found->stop != NULL &&
        (rsc->next_role == ROLE_STOPPED || (found->start != NULL && !runnable(found->start))))
        stops(run, rsc, found->start, old);
    else if (found->stop != NULL && (rsc->flags & recover) == recover)
        item(run, "Recover", rsc, from, to, found->stop, found->start, old);
    else if (moving)
        item(run, "Move", rsc, from, to, found->stop, NULL, old);
    else if (rsc->flags & RSC_RELOAD)
        item(run, "Reload", rsc, from, to, found->start, NULL, old);
    else if (required(found->stop))
        item(run, "Restart", rsc, from, to, found->start, NULL, old);
    else if (old == ROLE_PROMOTED)
        item(run, "Demote", rsc, from, to, found->demote, NULL, old);
    else if (rsc->next_role == ROLE_PROMOTED)
        item(run, "Promote", rsc, from, to, found->promote, NULL, old);
    else if (old == ROLE_STOPPED && rsc->next_role > ROLE_STOPPED)
        item(run, "Start", rsc, from, to, found->start, NULL, old);
}

static void primitive(struct run *run, struct resource *rsc)
{
    struct node *from = rsc->active.n > 0 ? sc_current(rsc) : NULL, *to = rsc->assigned;
    enum role old = rsc->active.n > 0 && rsc->orig_role == ROLE_STOPPED ? ROLE_STARTED : rsc->orig_role;

    if ((from == NULL && ((rsc->flags & RSC_REMOVED) || to == NULL)) || !(rsc->flags & RSC_MANAGED))
        return;
    struct found found = find(rsc, from, to);
    if (old == rsc->next_role)
        same_role(run, rsc, from, to, &found, old);
    else
        new_role(run, rsc, from, to, &found, old);
}

static void resource(struct run *run, struct resource *rsc)
{
    if (rsc->kind == KIND_BUNDLE) {
        for (int i = 0; i < rsc->bundle->replicas.n; i++) {
            const struct replica *replica = rsc->bundle->replicas.at[i];
            struct resource *parts[] = {replica->ip, replica->container, replica->remote, replica->child};
            for (size_t p = 0; p < HF_ARRAY_LENGTH(parts); p++)
                if (parts[p] != NULL)
                    resource(run, parts[p]);
        }
    } else if (rsc->children.n > 0) {
        for (int i = 0; i < rsc->children.n; i++)
            resource(run, rsc->children.at[i]);
    } else {
        primitive(run, rsc);
    }
}

static void node_action(struct run *run, const struct action *action)
{
    if (action->rsc != NULL || (action->flags & ACT_OPTIONAL) || action->node == NULL ||
        action->reason == NULL || (action->task != TASK_SHUTDOWN && action->task != TASK_FENCE))
        return;
    struct sched_change line = {.what = action->task == TASK_FENCE ? "Fence" : "Shutdown",
                                .to = action->node->name,
                                .reason = action->reason};
    if (action->task == TASK_FENCE)
        line.how = sc_attr(&action->meta, "stonith_action");
    if (sc_is_guest(action->node))
        line.launcher = action->node->connection->launcher->id;
    SC_PUSH(run, &run->changes, line);
}

const struct sched_change *sched_changes(struct sched_output *output, int *count)
{
    struct run *run = &output->run;

    if (!run->changes_known) {
        for (int i = run->actions.n - 1; i >= 0; i--)
            node_action(run, run->actions.at[i]);
        for (int i = 0; i < run->resources.n; i++)
            resource(run, run->resources.at[i]);
    }
    run->changes_known = true;
    *count = run->changes.n;
    return run->changes.at;
}

/* --- as text --- */

struct columns {
    int id, details;
};

/* From where to where, with roles if they matter: "n1 -> n2", "Unpromoted -> Promoted n1". */
static const char *details(struct run *run, const struct sched_change *c)
{
    bool same_role = sc_eq(c->role, c->next_role), same_node = sc_eq(c->from, c->to);

    if (c->from == NULL && c->show_roles)
        return hf_arena_printf(run->arena, "%s -> %s %s", c->role, c->next_role, c->to);
    if (c->from == NULL)
        return c->to;
    if (c->to == NULL || (same_role && same_node))
        return c->show_roles ? hf_arena_printf(run->arena, "%s %s", c->role, c->from) : c->from;
    if (same_role && c->show_roles)
        return hf_arena_printf(run->arena, "%s -> %s %s", c->from, c->to, c->role);
    if (same_role)
        return hf_arena_printf(run->arena, "%s -> %s", c->from, c->to);
    if (same_node)
        return hf_arena_printf(run->arena, "%s -> %s %s", c->role, c->next_role, c->from);
    return hf_arena_printf(run->arena, "%s %s -> %s %s", c->role, c->from, c->next_role, c->to);
}

/* An id that is wider than all before it makes its column two wider than itself, as crm_simulate has it. */
static void widen(struct run *run, const struct sched_change *c, struct columns *columns)
{
    int id = (int)strlen(c->resource), text = (int)strlen(details(run, c));

    if (id > columns->id)
        columns->id = id + 2;
    if (text > columns->details)
        columns->details = text;
}

static void print_resource_change(struct run *run, const struct sched_change *c,
                                  const struct columns *columns, struct hf_buf *out)
{
    hf_buf_printf(out, "* %-8s   %-*s   ( %*s )", c->what, columns->id, c->resource, columns->details,
                  details(run, c));
    if (c->reason != NULL)
        hf_buf_printf(out, "  due to %s%s", c->reason, c->blocked ? " (blocked)" : "");
    else if (c->blocked)
        hf_buf_puts(out, "  blocked");
}

static void print_node_change(const struct sched_change *c, struct hf_buf *out)
{
    if (c->how != NULL)
        hf_buf_printf(out, "* %s (%s) %s", c->what, c->how, c->to);
    else
        hf_buf_printf(out, "* %s %s", c->what, c->to);
    if (c->launcher != NULL)
        hf_buf_printf(out, " (resource: %s)", c->launcher);
    hf_buf_printf(out, " '%s'", c->reason);
}

void sched_print_summary(struct sched_output *output, const char *prefix, struct hf_buf *out)
{
    struct columns columns = {5, 5};
    int n;
    const struct sched_change *change = sched_changes(output, &n);

    for (int i = 0; i < n; i++)
        if (change[i].resource != NULL)
            widen(&output->run, &change[i], &columns);
    for (int i = 0; i < n; i++) {
        hf_buf_puts(out, prefix);
        if (change[i].resource != NULL)
            print_resource_change(&output->run, &change[i], &columns, out);
        else
            print_node_change(&change[i], out);
        hf_buf_putc(out, '\n');
    }
}

/* --- scores --- */

static void print_score(struct run *run, const struct sched_score *score, struct hf_buf *out)
{
    switch (score->kind) {
    case SCHED_ALLOCATION:
        hf_buf_printf(out, "%s: %s allocation score on %s: %s", score->stage, score->resource, score->node,
                      sc_score_text(run, score->score));
        return;
    case SCHED_PROMOTION:
        if (score->node == NULL)
            hf_buf_printf(out, "%s promotion score (inactive): ", score->resource);
        else
            hf_buf_printf(out, "%s promotion score on %s: ", score->resource, score->node);
        hf_buf_puts(out, sc_score_text(run, score->score));
        return;
    case SCHED_CAPACITY:
        hf_buf_printf(out, "%s: %s capacity:", score->stage, score->node);
        break;
    case SCHED_UTILIZATION:
        hf_buf_printf(out, "%s: %s utilization on %s:", score->stage, score->resource, score->node);
        break;
    }
    for (int i = 0; i < score->n_amounts; i++)
        hf_buf_printf(out, " %s=%s", score->amounts[i].name, score->amounts[i].value);
}

void sched_print_scores(const struct sched_output *output, const char *prefix, struct hf_buf *out)
{
    struct run *run = &((struct sched_output *)output)->run;

    for (int i = 0; i < run->scores.n; i++) {
        hf_buf_puts(out, prefix);
        print_score(run, &run->scores.at[i], out);
        hf_buf_putc(out, '\n');
    }
}
