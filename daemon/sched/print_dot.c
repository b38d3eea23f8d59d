/* print_dot.c - the decision as a drawing for Graphviz.
 *
 * Green and bold: in the graph.  Red and dashed: wanted, but cannot be done.  With all also blue: possible
 * but not needed; red with a purple name: of a resource that is not managed.  Pseudo actions have orange
 * names. */
#include "daemon/sched/model.h"

/* An instance of an anonymous clone goes by the name that the history has for it. */
static const char *key_of(struct run *run, const struct action *action)
{
    const char *id = action->rsc == NULL ? NULL : action->rsc->history_id;

    if (id != NULL && action->notify_type != NULL)
        return hf_arena_printf(run->arena, "%s_%s_notify_%s_0", id, action->notify_type, action->notify_task);
    if (id != NULL)
        return hf_arena_printf(run->arena, "%s_%s_%lld", id, action->key_name,
                               (long long)action->interval_ms);
    if (action->task == TASK_FENCE) {
        const char *how = sc_attr(&action->meta, "stonith_action");
        return hf_arena_printf(run->arena, "%s '%s'", action->name, how == NULL ? "reboot" : how);
    }
    return action->rsc == NULL && action->node != NULL ? action->name : action->key;
}

static void write_name(struct run *run, const struct action *action, bool ids, struct hf_buf *out)
{
    hf_buf_putc(out, '"');
    if (action->task == TASK_CANCEL)
        hf_buf_puts(out, "Cancel ");
    for (const char *c = key_of(run, action); *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            hf_buf_putc(out, '\\');
        hf_buf_putc(out, *c);
    }
    if (action->node != NULL)
        hf_buf_printf(out, " %s", action->node->name);
    if (ids)
        hf_buf_printf(out, " (%d)", action->id);
    hf_buf_putc(out, '"');
}

static bool unmanaged(const struct action *action)
{
    return action->rsc != NULL && !(action->rsc->flags & RSC_MANAGED);
}

static bool drawn(const struct action *action, bool all)
{
    return all || (action->flags & ACT_ADDED) || (!unmanaged(action) && !(action->flags & ACT_OPTIONAL));
}

static void draw_action(struct run *run, const struct action *action, bool ids, struct hf_buf *out)
{
    const char *color = (action->flags & ACT_ADDED)                            ? "green"
                        : !unmanaged(action) && (action->flags & ACT_OPTIONAL) ? "blue"
                                                                               : "red";
    const char *font = !(action->flags & ACT_ADDED) && unmanaged(action) ? "purple"
                       : (action->flags & ACT_PSEUDO)                    ? "orange"
                                                                         : "black";

    write_name(run, action, ids, out);
    hf_buf_printf(out, " [ style=%s color=\"%s\" fontcolor=\"%s\"]\n",
                  (action->flags & ACT_ADDED) ? "bold" : "dashed", color, font);
}

static void draw_inputs(struct run *run, const struct action *action, bool all, bool ids, struct hf_buf *out)
{
    for (const struct edge *input = action->before.first; input != NULL; input = input->next) {
        bool both =
            drawn(input->action, all) && drawn(action, all) && input->flags != AR_IF_ON_SAME_NODE_OR_TARGET;
        if (!input->graphed && (input->flags == AR_NONE || (!all && !both)))
            continue;
        write_name(run, input->action, ids, out);
        hf_buf_puts(out, " -> ");
        write_name(run, action, ids, out);
        hf_buf_printf(out, " [ style = %s]\n", input->graphed ? "bold" : "dashed");
    }
}

void sched_print_dot(const struct sched_output *output, bool all, bool ids, struct hf_buf *out)
{
    struct run *run = &((struct sched_output *)output)->run;

    hf_buf_puts(out, " digraph \"g\" {\n");
    for (int i = 0; i < run->actions.n; i++)
        if (drawn(run->actions.at[i], all))
            draw_action(run, run->actions.at[i], ids, out);
    for (int i = 0; i < run->actions.n; i++)
        draw_inputs(run, run->actions.at[i], all, ids, out);
    hf_buf_puts(out, "}\n");
}
