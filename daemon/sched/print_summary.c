/* print_summary.c - "Transition Summary": what happens to each resource and node, a line each. */
#include "daemon/sched/model.h"

struct summary {
    struct run *run;
    const char *prefix;
    struct hf_buf *out;
    int id_width, detail_width; /* columns grow as longer entries come */
    bool any;
};

static bool runnable(const struct action *action)
{
    return action != NULL && (action->flags & ACT_RUNNABLE);
}

static bool required(const struct action *action)
{
    return action != NULL && !(action->flags & ACT_OPTIONAL);
}

/* From where to where, with roles if they matter: "n1 -> n2", "Unpromoted -> Promoted n1". */
static const char *details(struct run *run, const struct resource *rsc, const struct node *from,
                           const struct node *to, enum role old)
{
    bool roles = old > ROLE_STARTED || rsc->next_role > ROLE_UNPROMOTED, same_role = old == rsc->next_role;
    const char *was = sc_role_text(old), *is = sc_role_text(rsc->next_role);

    if (from == NULL && roles)
        return hf_arena_printf(run->arena, "%s -> %s %s", was, is, to->name);
    if (from == NULL)
        return to->name;
    if (to == NULL || (same_role && from == to))
        return roles ? hf_arena_printf(run->arena, "%s %s", was, from->name) : from->name;
    if (same_role && roles)
        return hf_arena_printf(run->arena, "%s -> %s %s", from->name, to->name, was);
    if (same_role)
        return hf_arena_printf(run->arena, "%s -> %s", from->name, to->name);
    if (from == to)
        return hf_arena_printf(run->arena, "%s -> %s %s", was, is, from->name);
    return hf_arena_printf(run->arena, "%s %s -> %s %s", was, from->name, is, to->name);
}

/* One line; action is what is done, source (NULL: the same) what it is done for. */
static void item(struct summary *s, const char *change, const struct resource *rsc, const struct node *from,
                 const struct node *to, const struct action *action, const struct action *source,
                 enum role old)
{
    const char *text = details(s->run, rsc, from, to, old);
    int id_length = (int)strlen(rsc->id), length = (int)strlen(text);

    if (source == NULL)
        source = action;
    if (id_length > s->id_width)
        s->id_width = id_length + 2;
    if (length > s->detail_width)
        s->detail_width = length;
    const char *reason = source == NULL ? NULL : source->reason;
    hf_buf_printf(s->out, "%s* %-8s   %-*s   ( %*s )", s->prefix, change, s->id_width, rsc->id,
                  s->detail_width, text);
    if (reason != NULL)
        hf_buf_printf(s->out, "  due to %s%s", reason, runnable(action) ? "" : " (blocked)");
    else if (!runnable(action))
        hf_buf_puts(s->out, "  blocked");
    hf_buf_putc(s->out, '\n');
    s->any = true;
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
static void same_role(struct summary *s, const struct resource *rsc, struct node *from, struct node *to,
                      const struct found *found, enum role old)
{
    bool moving = from != NULL && to != NULL && from != to, failed = rsc->flags & RSC_FAILED;

    if (from != NULL && runnable(found->migrate))
        item(s, "Migrate", rsc, from, to, found->start, NULL, old);
    else if (rsc->flags & RSC_RELOAD)
        item(s, "Reload", rsc, from, to, found->start, NULL, old);
    else if (!required(found->start)) {
        if (required(found->demote) && required(found->promote))
            item(s, "Re-promote", rsc, from, to, found->promote, found->demote, old);
    } else if (!runnable(found->start))
        item(s, "Stop", rsc, from, NULL, found->stop,
             found->stop == NULL || found->stop->reason == NULL ? found->start : found->stop, old);
    else if (moving)
        item(s, failed ? "Recover" : "Move", rsc, from, to, found->stop, NULL, old);
    else if (failed)
        item(s, "Recover", rsc, from, NULL, found->stop, NULL, old);
    else
        item(s, "Restart", rsc, from, to, found->start, NULL, old);
}

static void stops(struct summary *s, struct resource *rsc, struct action *start, enum role old)
{
    const struct action *source = start;

    for (int i = 0; i < rsc->active.n; i++) {
        struct action *stop = sc_find_action(rsc, sc_key(TASK_STOP), rsc->active.at[i]);
        source = stop != NULL && stop->reason != NULL ? stop : start;
        item(s, "Stop", rsc, rsc->active.at[i], NULL, stop, source, old);
    }
}

static void new_role(struct summary *s, struct resource *rsc, struct node *from, struct node *to,
                     const struct found *found, enum role old)
{
    bool moving = from != NULL && to != NULL && from != to;
    unsigned recover = RSC_FAILED | RSC_STOP_IF_FAILED;

    if (found->stop != NULL &&
        (rsc->next_role == ROLE_STOPPED || (found->start != NULL && !runnable(found->start))))
        stops(s, rsc, found->start, old);
    else if (found->stop != NULL && (rsc->flags & recover) == recover)
        item(s, "Recover", rsc, from, to, found->stop, found->start, old);
    else if (moving)
        item(s, "Move", rsc, from, to, found->stop, NULL, old);
    else if (rsc->flags & RSC_RELOAD)
        item(s, "Reload", rsc, from, to, found->start, NULL, old);
    else if (required(found->stop))
        item(s, "Restart", rsc, from, to, found->start, NULL, old);
    else if (old == ROLE_PROMOTED)
        item(s, "Demote", rsc, from, to, found->demote, NULL, old);
    else if (rsc->next_role == ROLE_PROMOTED)
        item(s, "Promote", rsc, from, to, found->promote, NULL, old);
    else if (old == ROLE_STOPPED && rsc->next_role > ROLE_STOPPED)
        item(s, "Start", rsc, from, to, found->start, NULL, old);
}

static void primitive(struct summary *s, struct resource *rsc)
{
    struct node *from = rsc->active.n > 0 ? sc_current(rsc) : NULL, *to = rsc->assigned;
    enum role old = rsc->active.n > 0 && rsc->orig_role == ROLE_STOPPED ? ROLE_STARTED : rsc->orig_role;

    if ((from == NULL && ((rsc->flags & RSC_REMOVED) || to == NULL)) || !(rsc->flags & RSC_MANAGED))
        return;
    struct found found = find(rsc, from, to);
    if (old == rsc->next_role)
        same_role(s, rsc, from, to, &found, old);
    else
        new_role(s, rsc, from, to, &found, old);
}

static void resource(struct summary *s, struct resource *rsc)
{
    if (rsc->kind == KIND_BUNDLE) {
        for (int i = 0; i < rsc->bundle->replicas.n; i++) {
            const struct replica *replica = rsc->bundle->replicas.at[i];
            struct resource *parts[] = {replica->ip, replica->container, replica->remote, replica->child};
            for (size_t p = 0; p < HF_ARRAY_LENGTH(parts); p++)
                if (parts[p] != NULL)
                    resource(s, parts[p]);
        }
    } else if (rsc->children.n > 0) {
        for (int i = 0; i < rsc->children.n; i++)
            resource(s, rsc->children.at[i]);
    } else {
        primitive(s, rsc);
    }
}

static void node_action(struct summary *s, const struct action *action)
{
    if (action->rsc != NULL || (action->flags & ACT_OPTIONAL) || action->node == NULL ||
        action->reason == NULL)
        return;
    if (action->task == TASK_SHUTDOWN)
        hf_buf_printf(s->out, "%s* Shutdown %s", s->prefix, action->node->name);
    else if (action->task == TASK_FENCE)
        hf_buf_printf(s->out, "%s* Fence (%s) %s", s->prefix, sc_attr(&action->meta, "stonith_action"),
                      action->node->name);
    else
        return;
    if (sc_is_guest(action->node))
        hf_buf_printf(s->out, " (resource: %s)", action->node->connection->launcher->id);
    hf_buf_printf(s->out, " '%s'\n", action->reason);
    s->any = true;
}

void sched_print_summary(const struct sched_output *output, const char *prefix, struct hf_buf *out)
{
    struct run *run = &((struct sched_output *)output)->run;
    struct summary s = {run, prefix, out, 5, 5, false};

    for (int i = run->actions.n - 1; i >= 0; i--)
        node_action(&s, run->actions.at[i]);
    for (int i = 0; i < run->resources.n; i++)
        resource(&s, run->resources.at[i]);
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
