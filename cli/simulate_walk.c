/* simulate_walk.c - pretends to do what the scheduler decided: the same walk of the graph as the
 * coordinator's. */
#include <stdio.h>
#include <string.h>

#include "cli/simulate_run.h"
#include "daemon/sched/digest.h"
#include "daemon/sched/history.h"
#include "daemon/transition/transition.h"
#include "lib/xml.h"

struct walk {
    struct simulation *s;
    struct simulate_round *round;
    xmlNode *cib;
    struct transition *transition;
};

static const char *history_name(const struct walk *w, const struct graph_resource *rsc)
{
    const struct sched_output *output = w->round->decision;

    if (rsc->long_id != NULL && !sched_knows_resource(output, rsc->id) &&
        sched_knows_resource(output, rsc->long_id))
        return rsc->long_id;
    return rsc->id;
}

static bool is_wanted(const struct simulate_op *op, const struct graph_action *action, const char *name)
{
    if (op->what_if && strcmp(op->task, "monitor") == 0)
        return false; /* it is taken to have failed before */
    return (strcmp(op->resource, name) == 0 || strcmp(op->resource, action->resource->id) == 0) &&
           strcmp(op->task, action->task) == 0 &&
           (op->interval_ms < 0 || op->interval_ms == action->interval_ms) &&
           strcmp(op->node, action->node_name) == 0;
}

static void fail(struct walk *w, const struct graph_action *action, struct simulate_op *op)
{
    const char *offset = sched_graph(w->round->decision)->failed_start_offset;
    bool infinity =
        strcmp(op->task, "stop") == 0 || (strcmp(op->task, "start") == 0 && strcmp(offset, "INFINITY") == 0);
    struct simulate_notes notes = {0};

    op->interval_ms = action->interval_ms;
    hf_buf_printf(&w->s->out, "Pretending action %d failed with rc=%d\n", action->id, op->rc);
    simulate_failcount(w->cib, action->node_name, op, infinity, w->s->recorded, &notes);
    for (int i = 0; i < notes.n; i++)
        simulate_note_text(&notes.at[i], &w->s->out);
    simulate_notes_free(&notes);
    if (op->what_if)
        w->round->went_wrong = true;
}

/* The exit code with which the command line wants this operation to fail. */
static bool wanted_failure(struct walk *w, const struct graph_action *action, const char *name, int *rc)
{
    const struct simulate_list *list = &w->s->options->changes.op_fail;

    for (int i = 0; i < list->n; i++) {
        struct simulate_op op;
        struct hf_error *error = simulate_op_parse(list->at[i], &op);
        if (error != NULL) {
            hf_error_free(error); /* was checked before */
            continue;
        }
        bool match = is_wanted(&op, action, name);
        if (match) {
            w->s->fired[i] = true;
            *rc = op.rc;
            fail(w, action, &op);
        }
        simulate_op_free(&op);
        if (match)
            return true;
    }
    return false;
}

static int pretend_operation(struct walk *w, struct simulate_step *step)
{
    const struct graph_action *action = step->action;
    const char *name = history_name(w, action->resource);
    struct hf_buf *out = &w->s->out;
    char digest[SCHED_DIGEST_SIZE];

    step->resource = hf_strdup(name);
    hf_buf_printf(out, "  * Resource action: %-15s %s", name, action->task);
    if (strcmp(action->task, "delete") == 0) {
        hf_buf_printf(out, " on %s\n", action->node_name);
        return action->target_rc;
    }
    if (action->interval_ms != 0)
        hf_buf_printf(out, "=%lld", (long long)action->interval_ms);
    hf_buf_printf(out, " on %s\n", action->node_name);
    struct history_op op = {.resource = action->resource,
                            .history_name = name,
                            .task = action->task,
                            .interval_ms = action->interval_ms,
                            .node_name = action->node_name,
                            .node_id = action->node_id,
                            .parent_id = action->router_node == NULL ? NULL : action->node_name,
                            .rc = action->target_rc,
                            .target_rc = action->target_rc,
                            .run = w->s->recorded,
                            .changed = w->s->recorded,
                            .exit_reason = "User-injected result",
                            .migrate_source = graph_attr_get(action, "CRM_meta_migrate_source"),
                            .migrate_target = graph_attr_get(action, "CRM_meta_migrate_target"),
                            .feature_set = graph_attr_get(action, "crm_feature_set"),
                            .digest = digest};
    if (strcmp(action->task, "notify") == 0)
        op.notify_key = action->key;
    sched_digest_action(action, digest);
    step->failed = wanted_failure(w, action, name, &op.rc);
    if (step->failed) {
        struct transition_event abort = {.type = TRANSITION_ABORT,
                                         .priority = TRANSITION_INFINITY,
                                         .then = TRANSITION_RESTART,
                                         .reason = "an operation failed"};
        transition_step(w->transition, &abort);
    }
    history_record(w->cib, &op);
    return op.rc;
}

/* Does what the action says to the CIB; returns the exit code. */
static int pretend(struct walk *w, struct simulate_step *step)
{
    const struct graph_action *action = step->action;
    struct hf_buf *out = &w->s->out;

    switch (action->kind) {
    case GRAPH_PSEUDO:
        hf_buf_printf(out, "  * Pseudo action:   %s", action->key);
        if (action->node_name != NULL)
            hf_buf_printf(out, " on %s", action->node_name);
        hf_buf_putc(out, '\n');
        return 0;
    case GRAPH_RSC_OP:
        return pretend_operation(w, step);
    case GRAPH_EVENT:
        hf_buf_printf(out, "  * Cluster action:  %s", action->task);
        if (action->resource != NULL)
            hf_buf_printf(out, " for %s", action->resource->id);
        hf_buf_printf(out, " on %s\n", action->node_name);
        return action->target_rc;
    case GRAPH_FENCE: {
        const char *how = graph_attr_get(action, "CRM_meta_stonith_action");
        hf_buf_printf(out, "  * Fencing %s (%s)\n", action->node_name, how == NULL ? "reboot" : how);
        if (how == NULL || strcmp(how, "on") != 0)
            simulate_node_gone(w->cib, action->node_name);
        return action->target_rc;
    }
    }
    return 0;
}

/* The actions that may be done next, and where the walk is among them. */
struct agenda {
    const struct sched_graph *graph;
    bool *dispatched, *done;
    int at;
};

/* A pseudo action counts as done once it is dispatched; here it has its turn like the others. */
static bool inputs_done(const struct agenda *agenda, const struct graph_action *action)
{
    for (int i = 0; i < action->n_inputs; i++)
        if (!agenda->done[action->inputs[i]])
            return false;
    return true;
}

/* The next one in the graph's order, from the beginning again after the last: crm_simulate's order. */
static int next_ready(struct agenda *agenda)
{
    const struct sched_graph *graph = agenda->graph;

    for (int i = 0; i < graph->n_actions; i++) {
        int index = (agenda->at + i) % graph->n_actions;
        if (agenda->dispatched[index] && !agenda->done[index] &&
            inputs_done(agenda, &graph->actions[index])) {
            agenda->done[index] = true;
            agenda->at = index + 1;
            return index;
        }
    }
    return -1;
}

static void step_through(struct walk *w)
{
    struct transition_event event = {.type = TRANSITION_START};
    const struct sched_graph *graph = sched_graph(w->round->decision);
    size_t most = (size_t)graph->n_actions + 1;
    struct agenda agenda = {graph, hf_calloc(most, sizeof(bool)), hf_calloc(most, sizeof(bool)), 0};

    w->round->steps = hf_calloc(most, sizeof(*w->round->steps));
    for (;;) {
        struct transition_update update = transition_step(w->transition, &event);
        for (int i = 0; i < update.n_dispatch; i++)
            agenda.dispatched[update.dispatch[i] - graph->actions] = true;
        int index = next_ready(&agenda);
        if (index < 0)
            break;
        struct simulate_step *step = &w->round->steps[w->round->n_steps++];
        step->action = &graph->actions[index];
        event = (struct transition_event){.type = TRANSITION_RESULT, .action = step->action->id};
        event.rc = step->rc = pretend(w, step);
    }
    free(agenda.dispatched);
    free(agenda.done);
}

void simulate_walk(struct simulation *s, struct simulate_round *round)
{
    struct walk w = {.s = s, .round = round, .cib = xmlDocGetRootElement(s->cib)};
    struct sched_graph graph = *sched_graph(round->decision);

    /* What is only pretended takes no time: there are never two at once that limits could keep apart. */
    graph.batch_limit = 0;
    graph.migration_limit = -1;
    w.transition = transition_new(&graph);
    step_through(&w);
    struct transition_counts counts = transition_counts(w.transition);
    transition_free(w.transition);
    if (counts.failed == 0 && counts.waiting > 0)
        fputs("Transition failed: terminated\nAn invalid transition was produced\n", stderr);
}
