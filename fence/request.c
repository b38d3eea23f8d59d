/* request.c - see request.h: the life of an operation. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "fence/state.h"

/* --- orders --- */

struct fence_update *fencing_emit(struct fencing *fencing, enum fence_order order)
{
    struct fence_update *update;

    hf_grow(&fencing->updates, &fencing->updates_capacity, fencing->n_updates + 1, sizeof *fencing->updates);
    update = &fencing->updates[fencing->n_updates++];
    *update = (struct fence_update){.order = order};
    return update;
}

static const char *keep(struct fencing *fencing, const char *text)
{
    return text != NULL ? hf_arena_strdup(fencing->arena, text) : NULL;
}

uint64_t fencing_order_run(struct fencing *fencing, enum run_kind kind, struct device_state *state,
                           enum fence_action action, const struct operation *operation, const char *node,
                           int64_t timeout_ms)
{
    const char *target = operation != NULL ? operation->record->target : NULL;
    struct fence_update *update = fencing_emit(fencing, FENCE_RUN);
    struct run *run = hf_calloc(1, sizeof *run);

    *run = (struct run){.id = ++fencing->next_run,
                        .kind = kind,
                        .device = hf_strdup(state->device->id),
                        .node = hf_strdup(node),
                        .operation = operation != NULL ? operation->record->id : 0,
                        .deadline = fencing->now + timeout_ms + RESULT_GRACE_MS};
    fencing->runs = hf_realloc(fencing->runs, fencing->n_runs + 1, sizeof(struct run *));
    fencing->runs[fencing->n_runs++] = run;
    if (kind != RUN_METADATA)
        state->running++;
    update->run = run->id;
    update->node = keep(fencing, node);
    update->device = keep(fencing, state->device->id);
    update->action = action;
    update->target = keep(fencing, target);
    update->parameter = keep(fencing, fence_device_target_parameter(state->device));
    update->timeout_ms = timeout_ms;
    return run->id;
}

static void emit_verdict(struct fencing *fencing, uint64_t request, const char *target,
                         enum fence_action action, bool done, const char *reason,
                         const struct fence_record *record)
{
    struct fence_update *update = fencing_emit(fencing, FENCE_VERDICT);

    update->request = request;
    update->target = keep(fencing, target);
    update->action = action;
    update->done = done;
    update->reason = keep(fencing, reason);
    update->record = record;
}

/* --- finding --- */

struct device_state *fencing_device(struct fencing *fencing, const char *id)
{
    for (size_t i = 0; fencing->config != NULL && i < fencing->config->n_devices; i++)
        if (strcmp(fencing->devices[i].device->id, id) == 0)
            return &fencing->devices[i];
    return NULL;
}

bool fencing_is_member(const struct fencing *fencing, const char *node)
{
    for (size_t i = 0; i < fencing->n_members; i++)
        if (strcasecmp(fencing->members[i], node) == 0)
            return true;
    return false;
}

static bool is_target(const struct operation *operation, const char *node)
{
    return strcasecmp(operation->record->target, node) == 0;
}

static const char *current_device(const struct operation *operation)
{
    return operation->levels[operation->level].devices[operation->step];
}

/* What is sent to the current device: a reboot by several is off first, then on. */
static enum fence_action current_action(const struct operation *operation, const struct fence_device *device)
{
    enum fence_action action = operation->record->action;

    if (operation->turning_on)
        return FENCE_ON;
    if (action == FENCE_REBOOT && operation->levels[operation->level].n_devices > 1)
        return FENCE_OFF;
    return fence_device_effective(device, action);
}

/* --- runs --- */

static void free_run(struct run *run)
{
    free(run->device);
    free(run->node);
    free(run);
}

/* Takes a run out of the list; its device has a place free. */
static void end_run(struct fencing *fencing, size_t index)
{
    struct run *run = fencing->runs[index];
    struct device_state *state = fencing_device(fencing, run->device);

    if (state != NULL && run->kind != RUN_METADATA && state->running > 0)
        state->running--;
    if (state != NULL && state->list_run == run->id)
        state->list_run = 0;
    fencing->runs[index] = fencing->runs[--fencing->n_runs];
    free_run(run);
}

static void emit_forget(struct fencing *fencing, const struct run *run)
{
    struct fence_update *update = fencing_emit(fencing, FENCE_FORGET);

    update->run = run->id;
    update->node = keep(fencing, run->node);
    update->device = keep(fencing, run->device);
}

static void forget_runs_of(struct fencing *fencing, uint64_t operation)
{
    for (size_t i = fencing->n_runs; i-- > 0;)
        if (fencing->runs[i]->operation == operation) {
            emit_forget(fencing, fencing->runs[i]);
            end_run(fencing, i);
        }
}

/* --- the end of an operation --- */

static void answer(struct fencing *fencing, struct operation *operation, bool done, const char *reason)
{
    const struct fence_record *record = operation->record;

    for (size_t i = 0; i < operation->n_requests && !operation->answered; i++)
        emit_verdict(fencing, operation->requests[i], record->target, record->action, done, reason, record);
    operation->answered = true;
}

static void free_operation(struct operation *operation)
{
    fencing_free_plan(operation);
    for (size_t i = 0; i < operation->n_asked; i++) {
        free(operation->asked[i].device);
        free(operation->asked[i].reason);
    }
    free(operation->asked);
    free(operation->requests);
    hf_buf_free(&operation->failures);
    free(operation);
}

/* Answers, records and frees it. */
static void finish(struct fencing *fencing, struct operation *operation, bool success, const char *device,
                   const char *node, const char *reason)
{
    HF_CLEANUP(hf_freep) char *kept_device = hf_strdup(device);
    HF_CLEANUP(hf_freep) char *kept_node = hf_strdup(node);
    HF_CLEANUP(hf_freep) char *kept_reason = hf_strdup(reason);

    answer(fencing, operation, success, kept_reason);
    forget_runs_of(fencing, operation->record->id);
    fencing_close_record(fencing, operation->record, success, kept_device, kept_node, kept_reason);
    for (size_t i = 0; i < fencing->n_operations; i++) {
        if (fencing->operations[i] != operation)
            continue;
        fencing->n_operations--;
        memmove(&fencing->operations[i], &fencing->operations[i + 1],
                (fencing->n_operations - i) * sizeof(struct operation *));
        break;
    }
    free_operation(operation);
}

static void note_failure(struct operation *operation, const char *device, const char *what)
{
    if (operation->failures.length > 0)
        hf_buf_puts(&operation->failures, "; ");
    hf_buf_printf(&operation->failures, "%s: %s", device, what);
}

/* --- going on --- */

enum going { GOES_ON, STAYS, ENDED };

static enum going next_level(struct operation *operation)
{
    operation->level++;
    operation->step = operation->done = 0;
    operation->phase = PHASE_CHOOSING;
    return GOES_ON;
}

static enum going fail_operation(struct fencing *fencing, struct operation *operation)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf reason = {0};

    if (operation->failures.length > 0) {
        hf_buf_puts(&reason, hf_buf_text(&operation->failures));
    } else {
        hf_buf_printf(&reason, "there is no fence device that can do '%s' to node '%s'",
                      fence_action_name(operation->record->action), operation->record->target);
        fencing_put_hints(fencing, operation, &reason);
    }
    finish(fencing, operation, false, NULL, NULL, hf_buf_text(&reason));
    return ENDED;
}

/* All devices of the level have been gone through. */
static enum going end_level(struct fencing *fencing, struct operation *operation, const char *device,
                            const char *node)
{
    struct plan_level *level = &operation->levels[operation->level];
    const char *notes = operation->failures.length > 0 ? hf_buf_text(&operation->failures) : NULL;

    if (operation->done == 0 && !operation->turning_on)
        return next_level(operation); /* a lenient level of which no device could */
    if (operation->record->action == FENCE_REBOOT && level->n_devices > 1 && !operation->turning_on) {
        answer(fencing, operation, true, notes);
        operation->turning_on = true;
        operation->step = 0;
        operation->phase = PHASE_CHOOSING;
        return GOES_ON;
    }
    finish(fencing, operation, true, device, node, notes);
    return ENDED;
}

/* The current device is done with. */
static enum going end_device(struct fencing *fencing, struct operation *operation, bool success,
                             const char *device, const char *node)
{
    if (!success && !operation->turning_on && !operation->levels[operation->level].lenient)
        return next_level(operation);
    if (!success && !operation->turning_on && operation->levels[operation->level].n_devices > 1)
        return next_level(operation); /* unfencing wants all that can */
    operation->done += success;
    operation->step++;
    operation->phase = PHASE_CHOOSING;
    if (operation->step >= operation->levels[operation->level].n_devices)
        return end_level(fencing, operation, device, node);
    return GOES_ON;
}

/* Passes over a device that cannot fence the target. */
static enum going pass_over(struct fencing *fencing, struct operation *operation, const char *device,
                            const char *why)
{
    if (operation->turning_on)
        return end_device(fencing, operation, false, device, NULL);
    if (!operation->levels[operation->level].lenient) {
        note_failure(operation, device, why);
        return next_level(operation);
    }
    operation->step++;
    if (operation->step >= operation->levels[operation->level].n_devices)
        return end_level(fencing, operation, NULL, NULL);
    return GOES_ON;
}

static int64_t delay_of(struct fencing *fencing, struct operation *operation,
                        const struct fence_device *device)
{
    int64_t delay = operation->delay_ms;

    if (operation->delayed || operation->record->action == FENCE_ON || delay < 0)
        return 0;
    /* splitmix64: any generator does, as long as nodes differ. */
    fencing->random += 0x9e3779b97f4a7c15u;

    uint64_t mixed = fencing->random;

    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return delay + (device != NULL
                        ? fence_device_delay(device, operation->record->target, mixed ^ (mixed >> 31))
                        : 0);
}

static enum going make_ready(struct fencing *fencing, struct operation *operation,
                             const struct fence_device *device)
{
    operation->ready_at = fencing->now + delay_of(fencing, operation, device);
    if (device == NULL)
        operation->ready_at += fencing->config->watchdog_timeout_ms;
    operation->delayed = true;
    operation->attempt = 0;
    operation->until = 0;
    operation->right_by = 0;
    operation->phase = PHASE_READY;
    return GOES_ON;
}

static enum going choose(struct fencing *fencing, struct operation *operation)
{
    const char *device;
    struct device_state *state;

    if (operation->levels == NULL && !fencing_plan(fencing, operation))
        return STAYS;
    if (operation->level >= operation->n_levels)
        return fail_operation(fencing, operation);
    if (operation->levels[operation->level].n_devices == 0)
        return next_level(operation);
    device = current_device(operation);
    if (strcmp(device, FENCE_WATCHDOG) == 0 && fencing->config->watchdog_timeout_ms > 0)
        return operation->turning_on ? pass_over(fencing, operation, device, "cannot turn on")
                                     : make_ready(fencing, operation, NULL);
    state = fencing_device(fencing, device);
    if (state == NULL)
        return pass_over(fencing, operation, device, "there is no such fence device");
    switch (fencing_ability(fencing, operation, state)) {
    case ABILITY_YES:
        break;
    case ABILITY_NO:
        return pass_over(fencing, operation, device, "cannot fence this node");
    default:
        return STAYS;
    }
    if (!state->device->abilities.actions[current_action(operation, state->device)])
        return pass_over(fencing, operation, device, "its agent has no such action");
    return make_ready(fencing, operation, state->device);
}

/* Where the attempt runs: here first, unless this node is the target; then the other members in turn; on the
 * target itself only if the agent says so or nobody else is left. NULL: nowhere now. */
static const char *executor(const struct fencing *fencing, const struct operation *operation,
                            const struct fence_device *device, enum fence_action action)
{
    const char *target = operation->record->target;
    size_t others = 0, wanted;

    if (action == FENCE_ON && device->abilities.on_target)
        return fencing_is_member(fencing, target) ? target : NULL;
    for (size_t i = 0; i < fencing->n_members; i++)
        others +=
            !is_target(operation, fencing->members[i]) && strcasecmp(fencing->members[i], fencing->node) != 0;
    wanted = (size_t)operation->attempt;
    if (!is_target(operation, fencing->node)) {
        wanted %= others + 1;
        if (wanted == 0)
            return fencing->node;
        wanted--;
    } else if (others == 0) {
        return fencing->node;
    } else {
        wanted %= others;
    }
    for (size_t i = 0; i < fencing->n_members; i++)
        if (!is_target(operation, fencing->members[i]) &&
            strcasecmp(fencing->members[i], fencing->node) != 0 && wanted-- == 0)
            return fencing->members[i];
    return fencing->node;
}

static int64_t timeout_of(const struct fencing *fencing, const struct operation *operation,
                          const struct fence_command *command)
{
    if (command->timeout_ms > 0)
        return command->timeout_ms;
    return operation->timeout_ms > 0 ? operation->timeout_ms : fencing->config->timeout_ms;
}

/* The right to fence is not there (yet): waits for it as long as a device may take. */
static enum going wait_for_right(struct fencing *fencing, struct operation *operation)
{
    if (operation->right_by == 0)
        operation->right_by =
            fencing->now + (operation->timeout_ms > 0 ? operation->timeout_ms : fencing->config->timeout_ms);
    if (fencing->now < operation->right_by)
        return STAYS;
    finish(fencing, operation, false, NULL, NULL,
           "this partition may not fence: it has neither the lock nor quorum");
    return ENDED;
}

static enum going run_agent(struct fencing *fencing, struct operation *operation, struct device_state *state)
{
    enum fence_action action = current_action(operation, state->device);
    const struct fence_command *command = &state->device->commands[action];
    const char *node = executor(fencing, operation, state->device, action);

    if (operation->until == 0)
        operation->until = fencing->now + timeout_of(fencing, operation, command);
    if (operation->until <= fencing->now) {
        note_failure(operation, state->device->id, "had no time left");
        return end_device(fencing, operation, false, state->device->id, NULL);
    }
    if (node == NULL) {
        note_failure(operation, state->device->id, "has to run on the node itself, which is not there");
        return end_device(fencing, operation, false, state->device->id, NULL);
    }
    operation->run = fencing_order_run(fencing, RUN_ACTION, state, action, operation, node,
                                       operation->until - fencing->now);
    fencing->updates[fencing->n_updates - 1].decides =
        operation->levels[operation->level].n_devices == 1 && !operation->turning_on;
    operation->phase = PHASE_RUNNING;
    return STAYS;
}

static enum going go_ahead(struct fencing *fencing, struct operation *operation)
{
    const char *device = current_device(operation);
    struct device_state *state = fencing_device(fencing, device);

    if (!fencing->right && !operation->turning_on)
        return wait_for_right(fencing, operation);
    operation->right_by = 0;
    if (fencing->now < operation->ready_at)
        return STAYS;
    if (strcmp(device, FENCE_WATCHDOG) == 0 && state == NULL)
        return end_device(fencing, operation, true, device, operation->record->target);
    if (state == NULL) {
        note_failure(operation, device, "is not configured any more");
        return end_device(fencing, operation, false, device, NULL);
    }
    if (state->device->action_limit >= 0 && state->running >= state->device->action_limit)
        return STAYS;
    return run_agent(fencing, operation, state);
}

/* Another operation must end first: on the same target, or any if one at a time is configured. */
static bool is_blocked(const struct fencing *fencing, const struct operation *operation)
{
    for (size_t i = 0; i < fencing->n_operations && fencing->operations[i] != operation; i++)
        if (!fencing->config->concurrent || is_target(operation, fencing->operations[i]->record->target))
            return true;
    return false;
}

static enum going advance(struct fencing *fencing, struct operation *operation)
{
    switch (operation->phase) {
    case PHASE_QUEUED:
        if (is_blocked(fencing, operation))
            return STAYS;
        operation->phase = PHASE_CHOOSING;
        return GOES_ON;
    case PHASE_CHOOSING:
        return choose(fencing, operation);
    case PHASE_READY:
        return go_ahead(fencing, operation);
    case PHASE_RUNNING:
        break;
    }
    return STAYS;
}

static void advance_all(struct fencing *fencing)
{
    bool changed = fencing->config != NULL;

    while (changed) {
        changed = false;
        for (size_t i = 0; i < fencing->n_operations; i++) {
            struct operation *operation = fencing->operations[i];
            enum going going;

            while ((going = advance(fencing, operation)) == GOES_ON)
                continue;
            if (going == ENDED) {
                changed = true; /* others may have waited for it */
                break;
            }
        }
    }
}

/* --- events --- */

static struct operation *find_operation(struct fencing *fencing, uint64_t id)
{
    for (size_t i = 0; i < fencing->n_operations; i++)
        if (fencing->operations[i]->record->id == id)
            return fencing->operations[i];
    return NULL;
}

/* What went wrong, in words. */
static char *describe_failure(const struct run *run, const struct fence_event *result)
{
    const char *reason = result->reason != NULL ? result->reason : "";
    size_t length;

    reason += strspn(reason, " \t\r\n");
    length = strcspn(reason, "\r\n");
    if (result->timed_out)
        return hf_asprintf("timed out on %s", run->node);
    if (length > 0)
        return hf_asprintf("failed on %s: %.*s", run->node, (int)(length < 200 ? length : 200), reason);
    return hf_asprintf("failed on %s with exit code %d", run->node, result->exit_status);
}

static void action_ended(struct fencing *fencing, struct operation *operation, const struct run *run,
                         const struct fence_event *result)
{
    HF_CLEANUP(hf_freep) char *failure = NULL;
    struct device_state *state = fencing_device(fencing, run->device);
    int64_t left = operation->until - fencing->now;
    int attempts = 1;

    if (result->exit_status == 0 && !result->timed_out) {
        end_device(fencing, operation, true, run->device, run->node);
        return;
    }
    if (state != NULL)
        attempts = state->device->commands[current_action(operation, state->device)].attempts;
    operation->attempt++;
    if (state != NULL && operation->attempt < attempts && left > RETRY_PAUSE_MS) {
        const char *next =
            executor(fencing, operation, state->device, current_action(operation, state->device));
        bool elsewhere = next != NULL && strcasecmp(next, run->node) != 0;

        operation->ready_at = fencing->now + (elsewhere ? 0 : RETRY_PAUSE_MS);
        operation->phase = PHASE_READY;
        return;
    }
    failure = describe_failure(run, result);
    note_failure(operation, run->device, failure);
    end_device(fencing, operation, false, run->device, run->node);
}

/* A result, or what stands for one that will not come. */
static void run_ended(struct fencing *fencing, size_t index, const struct fence_event *result)
{
    struct run run = *fencing->runs[index];
    struct operation *operation;

    run.device = hf_strdup(run.device);
    run.node = hf_strdup(run.node);
    fencing_learn(fencing, &run, result);
    end_run(fencing, index);
    operation = run.kind == RUN_ACTION ? find_operation(fencing, run.operation) : NULL;
    if (operation != NULL && operation->phase == PHASE_RUNNING && operation->run == run.id)
        action_ended(fencing, operation, &run, result);
    free(run.device);
    free(run.node);
}

static void handle_result(struct fencing *fencing, const struct fence_event *event)
{
    for (size_t i = 0; i < fencing->n_runs; i++)
        if (fencing->runs[i]->id == event->run) {
            run_ended(fencing, i, event);
            return;
        }
}

/* Its result will not come. */
static void give_up_run(struct fencing *fencing, size_t index, const struct fence_event *instead)
{
    emit_forget(fencing, fencing->runs[index]);
    run_ended(fencing, index, instead);
}

static void handle_members(struct fencing *fencing, const struct fence_event *event)
{
    const struct fence_event lost = {.exit_status = 1, .reason = "the node left while the agent ran"};

    for (size_t i = 0; i < fencing->n_members; i++)
        free(fencing->members[i]);
    fencing->members = hf_realloc(fencing->members, event->n_members + 1, sizeof(char *));
    fencing->n_members = event->n_members;
    for (size_t i = 0; i < event->n_members; i++)
        fencing->members[i] = hf_strdup(event->members[i]);
    for (size_t i = fencing->n_runs; i-- > 0;)
        if (i < fencing->n_runs && strcasecmp(fencing->runs[i]->node, fencing->node) != 0 &&
            !fencing_is_member(fencing, fencing->runs[i]->node))
            give_up_run(fencing, i, &lost);
}

static void handle_tick(struct fencing *fencing)
{
    const struct fence_event late = {.exit_status = 1, .timed_out = true};

    for (size_t i = fencing->n_runs; i-- > 0;)
        if (i < fencing->n_runs && fencing->now >= fencing->runs[i]->deadline)
            give_up_run(fencing, i, &late);
}

static void add_request(struct operation *operation, uint64_t request)
{
    operation->requests = hf_realloc(operation->requests, operation->n_requests + 1, sizeof(uint64_t));
    operation->requests[operation->n_requests++] = request;
    operation->record->merged = (int)operation->n_requests;
}

/* An operation that will answer the request too. */
static struct operation *find_same(struct fencing *fencing, const struct fence_event *event)
{
    for (size_t i = 0; i < fencing->n_operations; i++) {
        struct operation *operation = fencing->operations[i];

        if (is_target(operation, event->target) && operation->record->action == event->action &&
            !operation->answered)
            return operation;
    }
    return NULL;
}

static void handle_request(struct fencing *fencing, const struct fence_event *event)
{
    struct operation *operation;

    if (event->target == NULL || *event->target == '\0' ||
        (event->action != FENCE_OFF && event->action != FENCE_ON && event->action != FENCE_REBOOT)) {
        emit_verdict(fencing, event->request, event->target, event->action, false,
                     "malformed request: expected a node's name and off, on or reboot", NULL);
        return;
    }
    if (fencing_done_lately(fencing, event->target, event->action, event->tolerance_ms)) {
        emit_verdict(fencing, event->request, event->target, event->action, true,
                     "it was done shortly before", NULL);
        return;
    }
    operation = find_same(fencing, event);
    if (operation == NULL) {
        operation = hf_calloc(1, sizeof *operation);
        operation->record = fencing_record(fencing, event->target, event->action, event->origin);
        operation->timeout_ms = event->timeout_ms;
        operation->delay_ms = event->delay_ms;
        fencing->operations =
            hf_realloc(fencing->operations, fencing->n_operations + 1, sizeof(struct operation *));
        fencing->operations[fencing->n_operations++] = operation;
    }
    add_request(operation, event->request);
}

/* A person's word counts for a node that is not heard any more. */
static void handle_confirm(struct fencing *fencing, const struct fence_event *event)
{
    const char *target = event->target != NULL ? event->target : "";
    struct fence_update *update;
    bool pending = false,
         heard = fencing_is_member(fencing, target) || strcasecmp(target, fencing->node) == 0;
    HF_CLEANUP(hf_freep)
    char *reason =
        heard ? hf_asprintf("node '%s' is still heard: it is not down. Power it off, or fence it", target)
              : NULL;

    if (*target == '\0')
        reason = hf_strdup("expected a node's name");
    for (size_t i = 0; reason == NULL && i < fencing->n_operations;) {
        struct operation *operation = fencing->operations[i];

        if (!is_target(operation, target) || operation->record->action == FENCE_ON || operation->answered) {
            i++;
            continue;
        }
        pending = true;
        finish(fencing, operation, true, "manual", event->origin, "confirmed by hand");
    }
    if (reason == NULL && !pending)
        fencing_close_record(fencing, fencing_record(fencing, target, FENCE_OFF, event->origin), true,
                             "manual", event->origin, "confirmed by hand");
    update = fencing_emit(fencing, FENCE_ANSWER);
    update->target = keep(fencing, target);
    update->done = reason == NULL;
    update->reason = keep(fencing, reason);
}

static void handle(struct fencing *fencing, const struct fence_event *event)
{
    switch (event->type) {
    case FENCE_CONFIGURE:
        fencing_configure(fencing, event->config);
        break;
    case FENCE_MEMBERS:
        handle_members(fencing, event);
        break;
    case FENCE_RIGHT:
        fencing->right = event->right;
        break;
    case FENCE_REQUEST:
        handle_request(fencing, event);
        break;
    case FENCE_RESULT:
        handle_result(fencing, event);
        break;
    case FENCE_CONFIRM:
        handle_confirm(fencing, event);
        break;
    case FENCE_TICK:
        handle_tick(fencing);
        break;
    }
}

/* --- the interface --- */

struct fencing *fencing_new(const char *node, uint64_t seed)
{
    struct fencing *fencing = hf_calloc(1, sizeof *fencing);

    fencing->node = hf_strdup(node);
    fencing->random = seed;
    return fencing;
}

void fencing_free(struct fencing *fencing)
{
    if (fencing == NULL)
        return;
    while (fencing->n_operations > 0)
        free_operation(fencing->operations[--fencing->n_operations]);
    while (fencing->n_runs > 0)
        free_run(fencing->runs[--fencing->n_runs]);
    while (fencing->n_members > 0)
        free(fencing->members[--fencing->n_members]);
    fencing_free_history(fencing);
    fencing_free_devices(fencing);
    free(fencing->operations);
    free(fencing->runs);
    free(fencing->members);
    free(fencing->updates);
    free(fencing->node);
    free(fencing);
}

void fence_updates_free(struct fence_updates *updates)
{
    hf_arena_free(updates->arena);
    *updates = (struct fence_updates){.item = NULL};
}

static const struct fence_record *keep_record(struct fencing *fencing, const struct fence_record *record)
{
    struct fence_record *copy;

    if (record == NULL)
        return NULL;
    copy = HF_ARENA_NEW(fencing->arena, struct fence_record);
    *copy = *record;
    copy->target = (char *)keep(fencing, record->target);
    copy->origin = (char *)keep(fencing, record->origin);
    copy->device = (char *)keep(fencing, record->device);
    copy->node = (char *)keep(fencing, record->node);
    copy->reason = (char *)keep(fencing, record->reason);
    return copy;
}

static bool is_of_a_run(const struct fence_update *update)
{
    return update->order == FENCE_RUN || update->order == FENCE_FORGET;
}

/* The orders of this step, those about runs first. */
static struct fence_updates hand_over(struct fencing *fencing)
{
    struct fence_update *items = hf_arena_alloc(fencing->arena, (fencing->n_updates + 1) * sizeof *items);
    size_t count = 0;

    for (int about_runs = 1; about_runs >= 0; about_runs--)
        for (size_t i = 0; i < fencing->n_updates; i++)
            if (is_of_a_run(&fencing->updates[i]) == about_runs)
                items[count++] = fencing->updates[i];
    return (struct fence_updates){.item = items, .count = count, .arena = HF_STEAL(fencing->arena)};
}

/* What began in this step and did not end in it. */
static void announce(struct fencing *fencing)
{
    for (size_t i = 0; i < fencing->n_operations; i++) {
        if (!fencing->operations[i]->announced)
            fencing_emit(fencing, FENCE_RECORD)->record = fencing->operations[i]->record;
        fencing->operations[i]->announced = true;
    }
}

struct fence_updates fencing_step(struct fencing *fencing, const struct fence_event *event)
{
    fencing->arena = hf_arena_new();
    fencing->n_updates = 0;
    fencing->now = event->now;
    fencing->wall = event->wall;
    handle(fencing, event);
    advance_all(fencing);
    announce(fencing);
    for (size_t i = 0; i < fencing->n_updates; i++)
        fencing->updates[i].record = keep_record(fencing, fencing->updates[i].record);
    fencing_trim_history(fencing);
    return hand_over(fencing);
}

static void earlier(int64_t *deadline, int64_t at)
{
    if (at < *deadline)
        *deadline = at;
}

int64_t fencing_deadline(const struct fencing *fencing)
{
    int64_t deadline = INT64_MAX;

    for (size_t i = 0; i < fencing->n_runs; i++)
        earlier(&deadline, fencing->runs[i]->deadline);
    for (size_t i = 0; i < fencing->n_operations; i++) {
        const struct operation *operation = fencing->operations[i];

        if (operation->phase != PHASE_READY)
            continue;
        if (operation->right_by > 0)
            earlier(&deadline, operation->right_by);
        else if (operation->ready_at > fencing->now)
            earlier(&deadline, operation->ready_at);
    }
    return deadline;
}
