/* queue.c - what the agent runner runs when; see queue.h.
 *
 * An operation is in one of four states:
 *
 *   SLEEPING --due--> WAITING --its turn--> RUNNING --ended--> SLEEPING (recurring) or gone
 *                                              |--late or cancelled--> STOPPING --ended--> the same
 *
 * Resources are few hundreds on a node, so they are a sorted array and the next deadline is found by
 * looking at each. */
#include "daemon/runner/queue.h"

#include <string.h>

enum operation_state { SLEEPING, WAITING, RUNNING, STOPPING };

struct operation {
    struct runner_call call;
    struct runner_call successor; /* came while this one ran: takes its place at the end (id 0: none) */
    enum operation_state state;
    bool late, cancelled, silent; /* why it is STOPPING; silent: nobody wants to hear of it */
    bool hurried;                 /* recurring, and it ran when it was to: once more, at once */
    int64_t due;                  /* SLEEPING: turn; RUNNING: timeout; STOPPING: SIGKILL */
    int64_t asked_at, started_at; /* ms */
    int64_t wall_start;           /* s */
    uint64_t run;
    bool reported; /* the last_ values below are what the owner was told */
    int last_rc;
    enum runner_status last_status;
    char *last_reason;
    int64_t rc_change; /* s */
};

struct resource {
    char *id;
    struct operation **operations; /* in the order in which they were asked for or became due */
    size_t operation_count, operation_capacity;
    struct runner_result *history; /* one per operation and interval */
    size_t history_count, history_capacity;
    struct runner_result failure; /* resource NULL: none */
};

struct runner_queue {
    struct resource **resources; /* sorted by id */
    size_t resource_count, resource_capacity;
    struct runner_result *outbox; /* by sequence */
    size_t outbox_count, outbox_capacity;
    uint64_t last_sequence, last_run;
    bool shutdown;
    struct runner_todo *todo;
    size_t todo_count, todo_capacity;
};

/* --- making and freeing --- */

struct runner_queue *runner_queue_new(void)
{
    return hf_calloc(1, sizeof(struct runner_queue));
}

static void operation_free(struct operation *operation)
{
    runner_call_clear(&operation->call);
    runner_call_clear(&operation->successor);
    free(operation->last_reason);
    free(operation);
}

static void resource_free(struct resource *resource)
{
    for (size_t i = 0; i < resource->operation_count; i++)
        operation_free(resource->operations[i]);
    free(resource->operations);
    for (size_t i = 0; i < resource->history_count; i++)
        runner_result_clear(&resource->history[i]);
    free(resource->history);
    runner_result_clear(&resource->failure);
    free(resource->id);
    free(resource);
}

void runner_queue_free(struct runner_queue *queue)
{
    if (queue == NULL)
        return;
    for (size_t i = 0; i < queue->resource_count; i++)
        resource_free(queue->resources[i]);
    free(queue->resources);
    for (size_t i = 0; i < queue->outbox_count; i++)
        runner_result_clear(&queue->outbox[i]);
    free(queue->outbox);
    free(queue->todo);
    free(queue);
}

/* --- finding --- */

/* The place of id in the sorted array; *found says whether it is there. */
static size_t resource_index(const struct runner_queue *queue, const char *id, bool *found)
{
    size_t low = 0, high = queue->resource_count;

    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(queue->resources[middle]->id, id);

        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct resource *resource_find(const struct runner_queue *queue, const char *id)
{
    bool found;
    size_t index = resource_index(queue, id, &found);

    return found ? queue->resources[index] : NULL;
}

static struct resource *resource_ensure(struct runner_queue *queue, const char *id)
{
    bool found;
    size_t index = resource_index(queue, id, &found);

    if (found)
        return queue->resources[index];
    hf_grow(&queue->resources, &queue->resource_capacity, queue->resource_count + 1,
            sizeof(*queue->resources));
    memmove(queue->resources + index + 1, queue->resources + index,
            (queue->resource_count - index) * sizeof(*queue->resources));
    queue->resource_count++;
    queue->resources[index] = hf_calloc(1, sizeof(struct resource));
    queue->resources[index]->id = hf_strdup(id);
    return queue->resources[index];
}

static void resource_drop_if_empty(struct runner_queue *queue, struct resource *resource)
{
    bool found;
    size_t index = resource_index(queue, resource->id, &found);

    if (resource->operation_count > 0 || resource->history_count > 0 || resource->failure.resource != NULL)
        return;
    queue->resource_count--;
    memmove(queue->resources + index, queue->resources + index + 1,
            (queue->resource_count - index) * sizeof(*queue->resources));
    resource_free(resource);
}

static bool same_operation(const struct runner_call *call, const char *operation, uint32_t interval_ms)
{
    return call->interval_ms == interval_ms && strcmp(call->operation, operation) == 0;
}

/* The operation of that name and interval that is not on its way out, or NULL. */
static struct operation *operation_find(const struct resource *resource, const char *name,
                                        uint32_t interval_ms)
{
    for (size_t i = 0; i < resource->operation_count; i++) {
        struct operation *operation = resource->operations[i];

        if (!operation->cancelled && same_operation(&operation->call, name, interval_ms))
            return operation;
    }
    return NULL;
}

static bool operation_active(const struct operation *operation)
{
    return operation->state == RUNNING || operation->state == STOPPING;
}

static void operation_append(struct resource *resource, struct operation *operation)
{
    hf_grow(&resource->operations, &resource->operation_capacity, resource->operation_count + 1,
            sizeof(*resource->operations));
    resource->operations[resource->operation_count++] = operation;
}

static void operation_unlink(struct resource *resource, struct operation *operation)
{
    size_t i = 0;

    while (resource->operations[i] != operation)
        i++;
    resource->operation_count--;
    memmove(resource->operations + i, resource->operations + i + 1,
            (resource->operation_count - i) * sizeof(*resource->operations));
}

/* --- results --- */

static void todo_add(struct runner_queue *queue, enum runner_todo_type type, struct operation *operation)
{
    hf_grow(&queue->todo, &queue->todo_capacity, queue->todo_count + 1, sizeof(*queue->todo));
    queue->todo[queue->todo_count++] = (struct runner_todo){
        .type = type, .run = operation->run, .call = type == RUNNER_START ? &operation->call : NULL};
}

/* Makes room in a full outbox: the oldest result of a recurring operation of which there is a later one.
 * Nothing is dropped if each is the last word on something. */
static void outbox_squeeze(struct runner_queue *queue)
{
    for (size_t i = 0; i < queue->outbox_count; i++) {
        const struct runner_result *old = &queue->outbox[i];

        for (size_t j = i + 1; old->interval_ms > 0 && j < queue->outbox_count; j++) {
            const struct runner_result *newer = &queue->outbox[j];

            if (newer->interval_ms != old->interval_ms || newer->call_id != old->call_id ||
                strcmp(newer->resource, old->resource) != 0 || strcmp(newer->operation, old->operation) != 0)
                continue;
            runner_result_clear(&queue->outbox[i]);
            queue->outbox_count--;
            memmove(queue->outbox + i, queue->outbox + i + 1,
                    (queue->outbox_count - i) * sizeof(*queue->outbox));
            return;
        }
    }
}

/* Takes over *result. */
static void outbox_add(struct runner_queue *queue, struct runner_result *result)
{
    if (queue->outbox_count >= RUNNER_OUTBOX_MAX)
        outbox_squeeze(queue);
    hf_grow(&queue->outbox, &queue->outbox_capacity, queue->outbox_count + 1, sizeof(*queue->outbox));
    result->sequence = ++queue->last_sequence;
    queue->outbox[queue->outbox_count++] = *result;
    *result = (struct runner_result){0};
}

static void outbox_ack(struct runner_queue *queue, uint64_t sequence)
{
    size_t safe = 0;

    while (safe < queue->outbox_count && queue->outbox[safe].sequence <= sequence)
        runner_result_clear(&queue->outbox[safe++]);
    if (safe == 0)
        return; /* there may be no list yet */
    queue->outbox_count -= safe;
    memmove(queue->outbox, queue->outbox + safe, queue->outbox_count * sizeof(*queue->outbox));
}

const struct runner_result *runner_queue_outbox(const struct runner_queue *queue, uint64_t after)
{
    size_t low = 0, high = queue->outbox_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (queue->outbox[middle].sequence <= after)
            low = middle + 1;
        else
            high = middle;
    }
    return low < queue->outbox_count ? &queue->outbox[low] : NULL;
}

/* A result for a call, without times. The caller's. */
static struct runner_result result_of(const struct runner_call *call, int rc, enum runner_status status,
                                      const char *reason)
{
    return (struct runner_result){
        .call_id = call->id,
        .resource = hf_strdup(call->resource),
        .operation = hf_strdup(call->operation),
        .interval_ms = call->interval_ms,
        .expected_rc = call->expected_rc,
        .class = hf_strdup(call->class),
        .provider = hf_strdup(call->provider),
        .type = hf_strdup(call->type),
        .rc = rc,
        .status = status,
        .reason = hf_strdup(reason),
        .output = hf_strdup(""),
        .userdata = call->userdata_length == 0 ? NULL : hf_memdup(call->userdata, call->userdata_length),
        .userdata_length = call->userdata_length};
}

static void report_simply(struct runner_queue *queue, const struct runner_call *call, int64_t wall, int rc,
                          enum runner_status status, const char *reason)
{
    struct runner_result result = result_of(call, rc, status, reason);

    result.start_time = result.rc_change_time = wall;
    outbox_add(queue, &result);
}

/* --- history --- */

static bool result_failed(const struct runner_result *result)
{
    int expected = result->expected_rc < 0 ? RUNNER_OCF_OK : result->expected_rc;
    int rc = result->rc;

    if (result->status != RUNNER_DONE)
        return result->status != RUNNER_CANCELLED && result->status != RUNNER_PENDING;
    /* Degraded is a success that comes with a warning. */
    if (rc == RUNNER_OCF_DEGRADED)
        rc = RUNNER_OCF_OK;
    else if (rc == RUNNER_OCF_DEGRADED_PROMOTED)
        rc = RUNNER_OCF_RUNNING_PROMOTED;
    return rc != expected;
}

static void history_drop(struct resource *resource, const char *operation, uint32_t interval_ms)
{
    for (size_t i = 0; i < resource->history_count; i++) {
        struct runner_result *entry = &resource->history[i];

        if (entry->interval_ms != interval_ms || strcmp(entry->operation, operation) != 0)
            continue;
        runner_result_clear(entry);
        resource->history_count--;
        memmove(entry, entry + 1, (resource->history_count - i) * sizeof(*entry));
        return;
    }
}

/* Operations that say nothing about the resource's state leave no trace. */
static bool history_wants(const char *operation)
{
    return strcmp(operation, "notify") != 0 && strcmp(operation, "meta-data") != 0 &&
           strcmp(operation, "validate-all") != 0;
}

static void history_note(struct resource *resource, const struct runner_result *result)
{
    bool failed = result_failed(result);

    if (!history_wants(result->operation))
        return;
    history_drop(resource, result->operation, result->interval_ms);
    hf_grow(&resource->history, &resource->history_capacity, resource->history_count + 1,
            sizeof(*resource->history));

    struct runner_result *entry = &resource->history[resource->history_count++];

    runner_result_copy(entry, result);
    entry->sequence = 0;
    entry->history = RUNNER_LAST;
    if (!failed) {
        /* What a healthy agent said is not worth the memory. */
        free(entry->output);
        entry->output = hf_strdup("");
        return;
    }
    runner_result_clear(&resource->failure);
    runner_result_copy(&resource->failure, entry);
    resource->failure.history = RUNNER_FAILURE;
}

void runner_queue_history(const struct runner_queue *queue,
                          void (*each)(void *context, const struct runner_result *entry), void *context)
{
    for (size_t i = 0; i < queue->resource_count; i++) {
        const struct resource *resource = queue->resources[i];

        for (size_t j = 0; j < resource->history_count; j++)
            each(context, &resource->history[j]);
        if (resource->failure.resource != NULL)
            each(context, &resource->failure);
        for (size_t j = 0; j < resource->operation_count; j++) {
            const struct operation *operation = resource->operations[j];

            /* A recurring operation that has been heard of is in the history above. */
            if (operation->cancelled || (operation->call.interval_ms > 0 && operation->reported))
                continue;

            struct runner_result entry = result_of(&operation->call, RUNNER_OCF_PENDING, RUNNER_PENDING, "");

            entry.history = RUNNER_INFLIGHT;
            if (operation_active(operation))
                entry.start_time = entry.rc_change_time = operation->wall_start;
            each(context, &entry);
            runner_result_clear(&entry);
        }
    }
}

/* --- steps --- */

static void begin_next(struct runner_queue *queue, struct resource *resource,
                       const struct runner_event *event)
{
    struct operation *next = NULL;

    for (size_t i = 0; i < resource->operation_count; i++) {
        struct operation *operation = resource->operations[i];

        if (operation_active(operation))
            return;
        if (next == NULL && operation->state == WAITING)
            next = operation;
    }
    if (next == NULL)
        return;
    next->state = RUNNING;
    next->run = ++queue->last_run;
    next->started_at = event->now;
    next->wall_start = event->wall;
    next->due = next->call.timeout_ms == 0 ? INT64_MAX : event->now + next->call.timeout_ms;
    todo_add(queue, RUNNER_START, next);
}

/* Ends a running operation: TERM now, KILL later. */
static void stop_running(struct runner_queue *queue, struct operation *operation, int64_t now)
{
    if (operation->state == RUNNING) {
        todo_add(queue, RUNNER_TERM, operation);
        operation->state = STOPPING;
        operation->due = now + RUNNER_GRACE_MS;
    }
}

/* Takes an operation away; what runs of it is ended first, and its result told (unless silent) then. */
static void cancel(struct runner_queue *queue, struct resource *resource, struct operation *operation,
                   bool silent, const struct runner_event *event)
{
    history_drop(resource, operation->call.operation, operation->call.interval_ms);
    operation->cancelled = true;
    operation->silent = silent;
    if (operation_active(operation)) {
        stop_running(queue, operation, event->now);
        return;
    }
    if (!silent)
        report_simply(queue, &operation->call, event->wall, RUNNER_OCF_OK, RUNNER_CANCELLED, "");
    operation_unlink(resource, operation);
    operation_free(operation);
}

static void cancel_recurring(struct runner_queue *queue, struct resource *resource, bool silent,
                             const struct runner_event *event)
{
    for (size_t i = resource->operation_count; i-- > 0;) {
        struct operation *operation = resource->operations[i];

        if (operation->call.interval_ms > 0 && !operation->cancelled)
            cancel(queue, resource, operation, silent, event);
        else if (operation->call.interval_ms > 0)
            operation->silent = operation->silent || silent;
    }
}

/* The same recurring operation again: the new call takes the old one's place and has its turn now. */
static void replace(struct resource *resource, struct operation *operation, const struct runner_call *call,
                    int64_t now)
{
    if (operation_active(operation)) {
        runner_call_clear(&operation->successor);
        runner_call_copy(&operation->successor, call);
        return;
    }
    runner_call_clear(&operation->call);
    runner_call_copy(&operation->call, call);
    operation->reported = false;
    if (operation->state == SLEEPING) {
        operation_unlink(resource, operation);
        operation_append(resource, operation);
        operation->state = WAITING;
        operation->asked_at = now;
    }
}

/* Whether a call changes the state that recurring operations watch. */
static bool changes_state(const struct runner_call *call)
{
    return call->interval_ms == 0 && strcmp(call->operation, "monitor") != 0 &&
           history_wants(call->operation);
}

static void asked(struct runner_queue *queue, const struct runner_event *event)
{
    const struct runner_call *call = event->call;

    if (queue->shutdown) {
        report_simply(queue, call, event->wall, RUNNER_OCF_ERROR, RUNNER_INVALID,
                      "the agent runner is shutting down");
        return;
    }

    struct resource *resource = resource_ensure(queue, call->resource);

    if (changes_state(call))
        cancel_recurring(queue, resource, false, event);

    struct operation *same =
        call->interval_ms == 0 ? NULL : operation_find(resource, call->operation, call->interval_ms);

    if (same != NULL) {
        replace(resource, same, call, event->now);
    } else if (resource->operation_count >= RUNNER_OPERATIONS_MAX) {
        report_simply(queue, call, event->wall, RUNNER_OCF_ERROR, RUNNER_INVALID,
                      "256 operations of this resource are waiting already");
    } else {
        struct operation *operation = hf_calloc(1, sizeof(*operation));

        runner_call_copy(&operation->call, call);
        operation->state = call->start_delay_ms > 0 ? SLEEPING : WAITING;
        operation->due = event->now + call->start_delay_ms;
        operation->asked_at = event->now;
        operation_append(resource, operation);
    }
    begin_next(queue, resource, event);
}

static void unasked(struct runner_queue *queue, const struct runner_event *event)
{
    struct resource *resource = resource_find(queue, event->resource);
    struct operation *operation =
        resource == NULL ? NULL : operation_find(resource, event->operation, event->interval_ms);
    const struct runner_call nothing = {.resource = (char *)event->resource,
                                        .operation = (char *)event->operation,
                                        .interval_ms = event->interval_ms,
                                        .expected_rc = -1,
                                        .class = (char *)"",
                                        .provider = (char *)"",
                                        .type = (char *)""};

    if (operation == NULL) {
        report_simply(queue, &nothing, event->wall, RUNNER_OCF_OK, RUNNER_CANCELLED, "");
    } else if (event->interval_ms == 0 && operation_active(operation)) {
        report_simply(queue, &nothing, event->wall, RUNNER_OCF_ERROR, RUNNER_INVALID,
                      "it is running, and only recurring operations are interrupted");
    } else {
        cancel(queue, resource, operation, false, event);
        resource_drop_if_empty(queue, resource);
    }
}

static void forgotten(struct runner_queue *queue, const struct runner_event *event)
{
    struct resource *resource = resource_find(queue, event->resource);

    if (resource == NULL)
        return;
    cancel_recurring(queue, resource, true, event);
    while (resource->history_count > 0)
        runner_result_clear(&resource->history[--resource->history_count]);
    runner_result_clear(&resource->failure);
    resource_drop_if_empty(queue, resource);
}

/* The result of the run that has just ended. */
static struct runner_result result_of_run(struct operation *operation, const struct runner_event *event)
{
    const struct runner_call *call = &operation->call;
    const struct runner_end *end = &event->end;
    struct runner_result result;

    if (operation->cancelled) {
        result = result_of(call, RUNNER_OCF_OK, RUNNER_CANCELLED, "");
    } else if (operation->late) {
        char *reason =
            hf_asprintf("%s of %s did not complete within %u ms%s%s", call->operation, call->resource,
                        call->timeout_ms, end->reason[0] == '\0' ? "" : ": ", end->reason);

        result = result_of(call, RUNNER_OCF_ERROR, RUNNER_TIMEOUT, reason);
        free(reason);
    } else {
        result = result_of(call, end->rc, end->status, end->reason);
    }
    free(result.output);
    result.output = hf_strdup(end->output);
    if (operation->rc_change == 0 || operation->last_rc != result.rc)
        operation->rc_change = event->wall;
    result.start_time = operation->wall_start;
    result.rc_change_time = operation->rc_change;
    result.exec_ms = (uint32_t)(event->now - operation->started_at);
    result.queue_ms = (uint32_t)(operation->started_at - operation->asked_at);
    return result;
}

/* Whether the owner wants to hear of it; notes that it was told. */
static bool worth_reporting(struct operation *operation, const struct runner_result *result)
{
    bool news = !operation->reported || operation->last_rc != result->rc ||
                operation->last_status != result->status ||
                strcmp(operation->last_reason, result->reason) != 0;

    operation->reported = true;
    operation->last_rc = result->rc;
    operation->last_status = result->status;
    free(operation->last_reason);
    operation->last_reason = hf_strdup(result->reason);
    return news;
}

/* After a run: the next turn of a recurring operation, or its successor's, or its end. */
static void after_run(struct runner_queue *queue, struct resource *resource, struct operation *operation,
                      int64_t now)
{
    bool again = operation->call.interval_ms > 0 && !operation->cancelled && !queue->shutdown;

    operation_unlink(resource, operation);
    if (!again) {
        operation_free(operation);
        return;
    }
    operation->late = false;
    operation->state = SLEEPING;
    operation->due = operation->hurried ? now : now + operation->call.interval_ms;
    operation->hurried = false;
    if (operation->successor.id != 0) {
        runner_call_clear(&operation->call);
        operation->call = operation->successor;
        operation->successor = (struct runner_call){0};
        operation->reported = false;
        operation->state = WAITING;
        operation->asked_at = now;
    }
    operation_append(resource, operation);
}

static bool find_run(struct runner_queue *queue, uint64_t run, struct resource **resource,
                     struct operation **operation)
{
    for (size_t i = 0; i < queue->resource_count; i++) {
        *resource = queue->resources[i];
        for (size_t j = 0; j < (*resource)->operation_count; j++) {
            *operation = (*resource)->operations[j];
            if (operation_active(*operation) && (*operation)->run == run)
                return true;
        }
    }
    return false;
}

static void ended(struct runner_queue *queue, const struct runner_event *event)
{
    struct resource *resource;
    struct operation *operation;

    if (!find_run(queue, event->run, &resource, &operation))
        return;

    struct runner_result result = result_of_run(operation, event);
    bool superseded = operation->successor.id != 0 && !operation->cancelled;

    if (!operation->cancelled && !superseded)
        history_note(resource, &result);
    if (!operation->silent && !superseded && worth_reporting(operation, &result))
        outbox_add(queue, &result);
    runner_result_clear(&result);
    after_run(queue, resource, operation, event->now);
    begin_next(queue, resource, event);
    resource_drop_if_empty(queue, resource);
}

static void tick_operation(struct runner_queue *queue, struct resource *resource, struct operation *operation,
                           int64_t now)
{
    if (operation->due > now)
        return;
    switch (operation->state) {
    case SLEEPING:
        operation_unlink(resource, operation);
        operation_append(resource, operation);
        operation->state = WAITING;
        operation->asked_at = now;
        break;
    case RUNNING:
        operation->late = true;
        stop_running(queue, operation, now);
        break;
    case STOPPING:
        todo_add(queue, RUNNER_KILL, operation);
        operation->due = now + RUNNER_GRACE_MS;
        break;
    case WAITING:
        break;
    }
}

static void tick(struct runner_queue *queue, const struct runner_event *event)
{
    for (size_t i = 0; i < queue->resource_count; i++) {
        struct resource *resource = queue->resources[i];
        /* One that becomes due moves to the end of the array: look at as many as there are, once each. */
        size_t index = 0;

        for (size_t seen = resource->operation_count; seen > 0; seen--) {
            struct operation *operation = resource->operations[index];

            tick_operation(queue, resource, operation, event->now);
            if (resource->operations[index] == operation)
                index++;
        }
        begin_next(queue, resource, event);
    }
}

/* What a monitor looks at has changed: all that have run before have a turn now, and what runs already may
 * have looked before the change. */
static void hurried(struct runner_queue *queue, const struct runner_event *event)
{
    const struct resource *resource = resource_find(queue, event->resource);

    for (size_t i = 0; resource != NULL && i < resource->operation_count; i++) {
        struct operation *operation = resource->operations[i];

        if (operation->call.interval_ms == 0)
            continue;
        operation->hurried = operation_active(operation);
        if (operation->state == SLEEPING && operation->reported)
            operation->due = event->now;
    }
    tick(queue, event);
}

static void begin_shutdown(struct runner_queue *queue, const struct runner_event *event)
{
    queue->shutdown = true;
    for (size_t i = 0; i < queue->resource_count; i++) {
        struct resource *resource = queue->resources[i];

        for (size_t j = resource->operation_count; j-- > 0;) {
            struct operation *operation = resource->operations[j];

            if (operation->call.interval_ms > 0) {
                if (!operation->cancelled)
                    cancel(queue, resource, operation, true, event);
            } else if (!operation_active(operation)) {
                report_simply(queue, &operation->call, event->wall, RUNNER_OCF_ERROR, RUNNER_INVALID,
                              "the agent runner is shutting down");
                operation_unlink(resource, operation);
                operation_free(operation);
            }
        }
    }
}

struct runner_update runner_queue_step(struct runner_queue *queue, const struct runner_event *event)
{
    queue->todo_count = 0;
    switch (event->type) {
    case RUNNER_ASKED:
        asked(queue, event);
        break;
    case RUNNER_UNASKED:
        unasked(queue, event);
        break;
    case RUNNER_FORGOTTEN:
        forgotten(queue, event);
        break;
    case RUNNER_HURRIED:
        hurried(queue, event);
        break;
    case RUNNER_ENDED:
        ended(queue, event);
        break;
    case RUNNER_TICK:
        tick(queue, event);
        break;
    case RUNNER_ACKED:
        outbox_ack(queue, event->sequence);
        break;
    case RUNNER_SHUTDOWN:
        begin_shutdown(queue, event);
        break;
    }
    return (struct runner_update){.todo = queue->todo, .count = queue->todo_count};
}

int64_t runner_queue_deadline(const struct runner_queue *queue)
{
    int64_t deadline = INT64_MAX;

    for (size_t i = 0; i < queue->resource_count; i++) {
        const struct resource *resource = queue->resources[i];

        for (size_t j = 0; j < resource->operation_count; j++) {
            const struct operation *operation = resource->operations[j];

            if (operation->state != WAITING && operation->due < deadline)
                deadline = operation->due;
        }
    }
    return deadline;
}

bool runner_queue_idle(const struct runner_queue *queue)
{
    for (size_t i = 0; i < queue->resource_count; i++)
        for (size_t j = 0; j < queue->resources[i]->operation_count; j++)
            if (operation_active(queue->resources[i]->operations[j]))
                return false;
    return true;
}
