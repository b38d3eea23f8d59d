/* transition.c - see transition.h.
 *
 * Each action counts the inputs that are not confirmed yet; at none it enters a heap ordered by its place in
 * the graph.  So a step costs what it dispatches, not the size of the graph. */
#include "daemon/transition/transition.h"

#include <string.h>

struct item {
    enum transition_action_state state;
    int waiting; /* inputs that are not confirmed */
    int64_t deadline;
    const int *dependents; /* indices of those that have this one as an input */
    int n_dependents;
};

struct indices {
    int *at;
    int n, capacity;
};

struct transition {
    const struct sched_graph *graph;
    struct item *items;
    int *dependents;      /* storage of all items[].dependents */
    struct indices ready; /* a heap, the smallest index first */
    struct indices held;  /* ready, but a limit or the abort keeps them */
    struct indices executing;
    struct graph_by_id {
        int id, index;
    } * by_id; /* sorted */
    const struct graph_action **dispatch, **failed;
    int n_dispatch, n_failed;
    bool started;
    int abort_priority;
    enum transition_then then;
    char *reason;
    struct transition_counts counts;
};

/* --- indices --- */

static void push(struct indices *list, int value)
{
    if (list->n == list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        list->at = hf_realloc(list->at, (size_t)list->capacity, sizeof(*list->at));
    }
    list->at[list->n++] = value;
}

static void heap_push(struct indices *heap, int value)
{
    push(heap, value);
    for (int i = heap->n - 1; i > 0 && heap->at[(i - 1) / 2] > heap->at[i]; i = (i - 1) / 2) {
        int other = heap->at[i];
        heap->at[i] = heap->at[(i - 1) / 2];
        heap->at[(i - 1) / 2] = other;
    }
}

static int heap_pop(struct indices *heap)
{
    int top = heap->at[0], i = 0;

    heap->at[0] = heap->at[--heap->n];
    for (;;) {
        int least = i;
        for (int child = 2 * i + 1; child <= 2 * i + 2 && child < heap->n; child++)
            if (heap->at[child] < heap->at[least])
                least = child;
        if (least == i)
            return top;
        int other = heap->at[i];
        heap->at[i] = heap->at[least];
        heap->at[least] = other;
        i = least;
    }
}

static void remove_value(struct indices *list, int value)
{
    for (int i = 0; i < list->n; i++)
        if (list->at[i] == value) {
            list->at[i] = list->at[--list->n];
            return;
        }
}

/* --- making --- */

static int by_id(const void *a, const void *b)
{
    const struct graph_by_id *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void link_dependents(struct transition *t)
{
    const struct sched_graph *graph = t->graph;
    int total = 0;

    for (int i = 0; i < graph->n_actions; i++) {
        t->items[i].waiting = graph->actions[i].n_inputs + graph->actions[i].blocked;
        total += graph->actions[i].n_inputs;
        for (int input = 0; input < graph->actions[i].n_inputs; input++)
            t->items[graph->actions[i].inputs[input]].n_dependents++;
    }
    t->dependents = hf_calloc((size_t)total + 1, sizeof(int));
    int at = 0;
    for (int i = 0; i < graph->n_actions; i++) {
        t->items[i].dependents = t->dependents + at;
        at += t->items[i].n_dependents;
        t->items[i].n_dependents = 0;
    }
    for (int i = 0; i < graph->n_actions; i++)
        for (int input = 0; input < graph->actions[i].n_inputs; input++) {
            struct item *before = &t->items[graph->actions[i].inputs[input]];
            ((int *)before->dependents)[before->n_dependents++] = i;
        }
}

struct transition *transition_new(const struct sched_graph *graph)
{
    struct transition *t = hf_calloc(1, sizeof(*t));
    size_t n = (size_t)graph->n_actions + 1;

    t->graph = graph;
    t->items = hf_calloc(n, sizeof(*t->items));
    t->by_id = hf_calloc(n, sizeof(*t->by_id));
    t->dispatch = hf_calloc(n, sizeof(*t->dispatch));
    t->failed = hf_calloc(n, sizeof(*t->failed));
    for (int i = 0; i < graph->n_actions; i++)
        t->by_id[i] = (struct graph_by_id){graph->actions[i].id, i};
    qsort(t->by_id, (size_t)graph->n_actions, sizeof(*t->by_id), by_id);
    link_dependents(t);
    t->counts.total = t->counts.waiting = graph->n_actions;
    return t;
}

void transition_free(struct transition *t)
{
    if (t == NULL)
        return;
    free(t->items);
    free(t->dependents);
    free(t->ready.at);
    free(t->held.at);
    free(t->executing.at);
    free(t->by_id);
    free(t->dispatch);
    free(t->failed);
    free(t->reason);
    free(t);
}

static int find(const struct transition *t, int id)
{
    struct graph_by_id key = {id, 0};
    const struct graph_by_id *found =
        bsearch(&key, t->by_id, (size_t)t->graph->n_actions, sizeof(*t->by_id), by_id);
    return found == NULL ? -1 : found->index;
}

/* --- what happens to actions --- */

static void abort_at(struct transition *t, int priority, enum transition_then then, const char *reason)
{
    if (priority > t->abort_priority || t->reason == NULL) {
        t->abort_priority = priority > t->abort_priority ? priority : t->abort_priority;
        free(t->reason);
        t->reason = hf_strdup(reason == NULL ? "aborted" : reason);
    }
    if (then > t->then)
        t->then = then;
}

static void input_confirmed(struct transition *t, int index)
{
    if (--t->items[index].waiting == 0 && t->items[index].state == TRANSITION_WAITING)
        heap_push(&t->ready, index);
}

static void confirm(struct transition *t, int index)
{
    struct item *item = &t->items[index];

    if (item->state == TRANSITION_EXECUTING) {
        remove_value(&t->executing, index);
        t->counts.executing--;
    } else {
        t->counts.waiting--;
    }
    item->state = TRANSITION_CONFIRMED;
    t->counts.confirmed++;
    for (int i = 0; i < item->n_dependents; i++)
        input_confirmed(t, item->dependents[i]);
}

/* What waits for a failed action does not happen, unless nothing at all may keep it from happening. */
static void fail(struct transition *t, int index, int abort_priority, const char *reason)
{
    struct item *item = &t->items[index];

    remove_value(&t->executing, index);
    t->counts.executing--;
    t->counts.failed++;
    item->state = TRANSITION_FAILED;
    t->failed[t->n_failed++] = &t->graph->actions[index];
    for (int i = 0; i < item->n_dependents; i++)
        if (t->graph->actions[item->dependents[i]].priority >= TRANSITION_INFINITY)
            input_confirmed(t, item->dependents[i]);
    abort_at(t, abort_priority, TRANSITION_RESTART, reason);
}

static void result(struct transition *t, const struct transition_event *event)
{
    int index = find(t, event->action);

    if (index < 0 || t->items[index].state != TRANSITION_EXECUTING || event->status == -1)
        return;
    const struct graph_action *action = &t->graph->actions[index];
    bool good = event->status == 0 && event->rc == action->target_rc;
    /* 190 and 191 are successes with a warning. */
    good = good || (event->status == 0 && event->rc == 190 && action->target_rc == 0) ||
           (event->status == 0 && event->rc == 191 && action->target_rc == 8);
    if (good || action->can_fail)
        confirm(t, index);
    else
        fail(t, index, action->priority < TRANSITION_INFINITY ? action->priority + 1 : TRANSITION_INFINITY,
             "an action failed");
}

static void tick(struct transition *t, int64_t now)
{
    for (int i = 0; i < t->executing.n;) {
        int index = t->executing.at[i];
        if (t->items[index].deadline <= now)
            fail(t, index, TRANSITION_INFINITY, "an action was not heard of in time"); /* shrinks the list */
        else
            i++;
    }
}

/* --- dispatch --- */

static bool is_migration(const struct graph_action *action)
{
    return strcmp(action->task, "migrate_to") == 0 || strcmp(action->task, "migrate_from") == 0;
}

static bool within_migration_limit(const struct transition *t, const struct graph_action *action)
{
    int on_node = 0;

    if (t->graph->migration_limit < 0 || !is_migration(action))
        return true;
    for (int i = 0; i < t->executing.n; i++) {
        const struct graph_action *other = &t->graph->actions[t->executing.at[i]];
        if (is_migration(other) && strcmp(other->node_name, action->node_name) == 0)
            on_node++;
    }
    return on_node < t->graph->migration_limit;
}

static int64_t deadline(const struct transition *t, const struct graph_action *action, int64_t now)
{
    int64_t timeout = action->timeout_ms;

    if (action->kind == GRAPH_FENCE && timeout < t->graph->stonith_timeout_ms)
        timeout = t->graph->stonith_timeout_ms;
    if (timeout <= 0)
        return INT64_MAX;
    return now + timeout + action->start_delay_ms + t->graph->cluster_delay_ms;
}

static void dispatch_ready(struct transition *t, int64_t now)
{
    while (t->ready.n > 0) {
        bool full = t->graph->batch_limit > 0 && t->executing.n >= t->graph->batch_limit;
        if (full)
            return;
        int index = heap_pop(&t->ready);
        const struct graph_action *action = &t->graph->actions[index];
        bool pseudo = action->kind == GRAPH_PSEUDO;
        if ((!pseudo && action->priority < t->abort_priority) || !within_migration_limit(t, action)) {
            push(&t->held, index);
            continue;
        }
        t->dispatch[t->n_dispatch++] = action;
        if (pseudo || action->no_wait) {
            confirm(t, index);
            continue;
        }
        t->items[index].state = TRANSITION_EXECUTING;
        t->items[index].deadline = deadline(t, action, now);
        t->counts.waiting--;
        t->counts.executing++;
        push(&t->executing, index);
    }
}

static void start(struct transition *t)
{
    if (t->started)
        return;
    t->started = true;
    for (int i = 0; i < t->graph->n_actions; i++)
        if (t->items[i].waiting == 0)
            heap_push(&t->ready, i);
}

struct transition_update transition_step(struct transition *t, const struct transition_event *event)
{
    t->n_dispatch = t->n_failed = 0;
    for (int i = 0; i < t->held.n; i++)
        heap_push(&t->ready, t->held.at[i]);
    t->held.n = 0;
    switch (event->type) {
    case TRANSITION_START:
        start(t);
        break;
    case TRANSITION_RESULT:
        result(t, event);
        break;
    case TRANSITION_TICK:
        tick(t, event->now);
        break;
    case TRANSITION_ABORT:
        abort_at(t, event->priority, event->then, event->reason);
        break;
    }
    if (t->started)
        dispatch_ready(t, event->now);
    struct transition_update update = {.dispatch = t->dispatch,
                                       .n_dispatch = t->n_dispatch,
                                       .failed = t->failed,
                                       .n_failed = t->n_failed,
                                       .then = t->then,
                                       .reason = t->reason};
    update.ended = t->counts.executing == 0 && t->started;
    return update;
}

int64_t transition_deadline(const struct transition *t)
{
    int64_t next = INT64_MAX;

    for (int i = 0; i < t->executing.n; i++)
        if (t->items[t->executing.at[i]].deadline < next)
            next = t->items[t->executing.at[i]].deadline;
    return next;
}

enum transition_action_state transition_state(const struct transition *t, int action)
{
    int index = find(t, action);
    return index < 0 ? TRANSITION_WAITING : t->items[index].state;
}

struct transition_counts transition_counts(const struct transition *t)
{
    return t->counts;
}
