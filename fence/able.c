/* able.c - which devices can fence a node, and in which order they are to be tried; see request.h. */
#include "fence/state.h"

#include <string.h>
#include <strings.h>

/* --- devices and what is known of them --- */

static void free_state(struct device_state *state)
{
    free(state->list);
    free(state->list_reason);
}

void fencing_free_devices(struct fencing *fencing)
{
    for (size_t i = 0; fencing->config != NULL && i < fencing->config->n_devices; i++)
        free_state(&fencing->devices[i]);
    free(fencing->devices);
    fencing->devices = NULL;
    fence_config_free(fencing->config);
    fencing->config = NULL;
}

/* What another device with the same agent already told. */
static void borrow_abilities(struct device_state *state, const struct fence_config *config,
                             const struct device_state *states, size_t count)
{
    for (size_t i = 0; config != NULL && i < count; i++)
        if (states[i].metadata_known && strcmp(states[i].device->agent, state->device->agent) == 0) {
            state->device->abilities = states[i].device->abilities;
            state->metadata_known = states[i].device->abilities.known;
            return;
        }
}

static bool metadata_under_way(const struct fencing *fencing, const char *agent)
{
    for (size_t i = 0; i < fencing->n_runs; i++) {
        const struct fence_device *device;

        if (fencing->runs[i]->kind != RUN_METADATA)
            continue;
        device = fence_config_device(fencing->config, fencing->runs[i]->device);
        if (device != NULL && strcmp(device->agent, agent) == 0)
            return true;
    }
    return false;
}

static void ask_metadata(struct fencing *fencing, struct device_state *state)
{
    int64_t timeout = state->device->commands[FENCE_METADATA].timeout_ms;

    if (!state->metadata_known && !metadata_under_way(fencing, state->device->agent))
        fencing_order_run(fencing, RUN_METADATA, state, FENCE_METADATA, NULL, fencing->node,
                          timeout > 0 ? timeout : METADATA_TIMEOUT_MS);
}

/* Agents under way still count against their device. */
static int count_running(const struct fencing *fencing, const char *device)
{
    int running = 0;

    for (size_t i = 0; i < fencing->n_runs; i++)
        running += fencing->runs[i]->kind != RUN_METADATA && strcmp(fencing->runs[i]->device, device) == 0;
    return running;
}

void fencing_configure(struct fencing *fencing, struct fence_config *config)
{
    struct fence_config *old = fencing->config;
    struct device_state *states = hf_calloc(config->n_devices + 1, sizeof *states);
    struct device_state *old_states = fencing->devices;
    size_t n_old = old != NULL ? old->n_devices : 0;

    for (size_t i = 0; i < config->n_devices; i++) {
        states[i].device = config->devices[i];
        states[i].running = count_running(fencing, config->devices[i]->id);
        borrow_abilities(&states[i], old, old_states, n_old);
    }
    fencing->config = config;
    fencing->devices = states;
    for (size_t i = 0; i < n_old; i++)
        free_state(&old_states[i]);
    free(old_states);
    fence_config_free(old);
    for (size_t i = 0; i < config->n_devices; i++)
        ask_metadata(fencing, &states[i]);
}

/* --- learning --- */

static void learn_metadata(struct fencing *fencing, const struct fence_device *asked,
                           const struct fence_event *result)
{
    const char *output = result->output != NULL ? result->output : "";

    for (size_t i = 0; i < fencing->config->n_devices; i++) {
        struct device_state *state = &fencing->devices[i];

        if (strcmp(state->device->agent, asked->agent) != 0)
            continue;
        state->metadata_known = true;
        if (result->exit_status == 0)
            hf_error_free(fence_device_read_metadata(state->device, output, strlen(output)));
    }
}

/* A copy, or NULL if there is nothing in it. */
static char *first_line(const char *text)
{
    size_t length;

    if (text == NULL)
        return NULL;
    text += strspn(text, " \t\r\n");
    length = strcspn(text, "\r\n");
    return length > 0 ? hf_strndup(text, length < 200 ? length : 200) : NULL;
}

static void learn_list(struct fencing *fencing, struct device_state *state, const struct fence_event *result)
{
    free(state->list);
    free(state->list_reason);
    state->list_run = 0;
    state->list_failed = result->exit_status != 0;
    state->list = hf_strdup(result->output != NULL ? result->output : "");
    state->list_reason = state->list_failed ? first_line(result->reason) : NULL;
    state->list_at = fencing->now;
}

/* Exit codes of "status": 0 the node is on, 2 it is off, anything else: not a node of this device. */
static void learn_status(struct fencing *fencing, const struct run *run, const struct fence_event *result)
{
    bool knows = result->exit_status == 0 || result->exit_status == 2;

    for (size_t i = 0; i < fencing->n_operations; i++) {
        struct operation *operation = fencing->operations[i];

        if (operation->record->id != run->operation)
            continue;
        for (size_t j = 0; j < operation->n_asked; j++)
            if (strcmp(operation->asked[j].device, run->device) == 0) {
                operation->asked[j].ability = knows ? ABILITY_YES : ABILITY_NO;
                operation->asked[j].reason = knows ? NULL : first_line(result->reason);
            }
    }
}

void fencing_learn(struct fencing *fencing, const struct run *run, const struct fence_event *result)
{
    struct device_state *state = fencing_device(fencing, run->device);

    if (run->kind == RUN_STATUS)
        learn_status(fencing, run, result);
    else if (state != NULL && run->kind == RUN_METADATA)
        learn_metadata(fencing, state->device, result);
    else if (state != NULL && run->kind == RUN_LIST && state->list_run == run->id)
        learn_list(fencing, state, result);
}

/* --- asking --- */

static int64_t ask_timeout(const struct fencing *fencing, const struct fence_device *device,
                           enum fence_action action)
{
    int64_t timeout = device->commands[action].timeout_ms;

    return timeout > 0 ? timeout : fencing->config->timeout_ms;
}

static bool is_busy(const struct device_state *state)
{
    return state->device->action_limit >= 0 && state->running >= state->device->action_limit;
}

static enum ability ability_by_list(struct fencing *fencing, const struct operation *operation,
                                    struct device_state *state)
{
    if (state->list_run != 0)
        return ABILITY_ASKED;
    if (state->list != NULL && fencing->now - state->list_at < LIST_FRESH_MS) {
        if (state->list_failed)
            return ABILITY_NO;
        return fence_device_listed(state->device, operation->record->target, state->list) ? ABILITY_YES
                                                                                          : ABILITY_NO;
    }
    if (!is_busy(state))
        state->list_run = fencing_order_run(fencing, RUN_LIST, state, FENCE_LIST, NULL, fencing->node,
                                            ask_timeout(fencing, state->device, FENCE_LIST));
    return ABILITY_ASKED;
}

static enum ability ability_by_status(struct fencing *fencing, struct operation *operation,
                                      struct device_state *state)
{
    for (size_t i = 0; i < operation->n_asked; i++)
        if (strcmp(operation->asked[i].device, state->device->id) == 0)
            return operation->asked[i].ability;
    if (is_busy(state))
        return ABILITY_ASKED;
    operation->asked = hf_realloc(operation->asked, operation->n_asked + 1, sizeof *operation->asked);
    operation->asked[operation->n_asked++] =
        (struct asked){.device = hf_strdup(state->device->id), .ability = ABILITY_ASKED};
    fencing_order_run(fencing, RUN_STATUS, state, FENCE_STATUS, operation, fencing->node,
                      ask_timeout(fencing, state->device, FENCE_STATUS));
    return ABILITY_ASKED;
}

enum ability fencing_ability(struct fencing *fencing, struct operation *operation, struct device_state *state)
{
    const char *target = operation->record->target;

    if (!state->metadata_known) {
        ask_metadata(fencing, state);
        return ABILITY_ASKED;
    }
    switch (fence_device_check(state->device, state->list_failed)) {
    case FENCE_CHECK_STATIC:
        return fence_device_lists(state->device, target) ? ABILITY_YES : ABILITY_NO;
    case FENCE_CHECK_LIST:
        return ability_by_list(fencing, operation, state);
    case FENCE_CHECK_STATUS:
        return ability_by_status(fencing, operation, state);
    case FENCE_CHECK_NONE:
        break;
    }
    return ABILITY_YES;
}

void fencing_put_hints(struct fencing *fencing, const struct operation *operation, struct hf_buf *out)
{
    for (size_t i = 0; i < operation->n_levels; i++)
        for (size_t j = 0; j < operation->levels[i].n_devices; j++) {
            const char *device = operation->levels[i].devices[j];
            const struct device_state *state = fencing_device(fencing, device);

            if (state != NULL && state->list_reason != NULL)
                hf_buf_printf(out, "; %s: list: %s", device, state->list_reason);
        }
    for (size_t i = 0; i < operation->n_asked; i++)
        if (operation->asked[i].reason != NULL)
            hf_buf_printf(out, "; %s: status: %s", operation->asked[i].device, operation->asked[i].reason);
}

/* --- the plan --- */

static struct plan_level *add_level(struct operation *operation, bool lenient)
{
    operation->levels = hf_realloc(operation->levels, operation->n_levels + 1, sizeof *operation->levels);
    operation->levels[operation->n_levels] = (struct plan_level){.lenient = lenient};
    return &operation->levels[operation->n_levels++];
}

static void add_device(struct plan_level *level, const char *device)
{
    level->devices = hf_realloc(level->devices, level->n_devices + 1, sizeof *level->devices);
    level->devices[level->n_devices++] = hf_strdup(device);
}

void fencing_free_plan(struct operation *operation)
{
    for (size_t i = 0; i < operation->n_levels; i++) {
        for (size_t j = 0; j < operation->levels[i].n_devices; j++)
            free(operation->levels[i].devices[j]);
        free(operation->levels[i].devices);
    }
    free(operation->levels);
    operation->levels = NULL;
    operation->n_levels = 0;
}

/* How closely a level names its targets: by name, by pattern, by attribute. */
static int closeness(const struct fence_level *level)
{
    return level->target != NULL ? 3 : level->pattern != NULL ? 2 : 1;
}

/* The levels that name the target most closely; levels of two kinds are not mixed. */
static void plan_topology(struct fencing *fencing, struct operation *operation)
{
    const struct fence_config *config = fencing->config;
    const char *target = operation->record->target;
    int closest = 0, last = 0;

    for (size_t i = 0; i < config->n_levels; i++)
        if (closeness(&config->levels[i]) > closest &&
            fence_level_matches(config, &config->levels[i], target))
            closest = closeness(&config->levels[i]);
    for (size_t i = 0; i < config->n_levels; i++) {
        const struct fence_level *level = &config->levels[i];
        struct plan_level *planned;

        if (closeness(level) != closest || !fence_level_matches(config, level, target))
            continue;
        planned =
            level->index == last ? &operation->levels[operation->n_levels - 1] : add_level(operation, false);
        last = level->index;
        for (size_t j = 0; j < level->n_devices; j++)
            add_device(planned, level->devices[j]);
    }
}

/* Each device for itself, by priority, else in the order of the configuration. */
static void plan_each(struct fencing *fencing, struct operation *operation)
{
    size_t count = fencing->config->n_devices;
    const struct fence_device **sorted = hf_calloc(count + 1, sizeof(struct fence_device *));

    for (size_t i = 0; i < count; i++) {
        size_t at = i;

        for (; at > 0 && sorted[at - 1]->priority < fencing->config->devices[i]->priority; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = fencing->config->devices[i];
    }
    for (size_t i = 0; i < count; i++)
        add_device(add_level(operation, true), sorted[i]->id);
    free(sorted);
    if (operation->record->action != FENCE_ON && fencing->config->watchdog_timeout_ms > 0)
        add_device(add_level(operation, true), FENCE_WATCHDOG);
}

static bool unfences(const struct fence_device *device)
{
    return device->unfencing || device->abilities.unfences;
}

/* All devices that unfence, together. */
static void plan_unfencing(struct fencing *fencing, struct operation *operation)
{
    struct plan_level *level = NULL;

    for (size_t i = 0; i < fencing->config->n_devices; i++) {
        const struct fence_device *device = fencing->config->devices[i];

        if (!unfences(device))
            continue;
        if (level == NULL)
            level = add_level(operation, true);
        add_device(level, device->id);
    }
}

bool fencing_plan(struct fencing *fencing, struct operation *operation)
{
    if (operation->record->action == FENCE_ON) {
        for (size_t i = 0; i < fencing->config->n_devices; i++)
            if (!fencing->devices[i].metadata_known)
                return false;
        plan_unfencing(fencing, operation);
    } else {
        plan_topology(fencing, operation);
    }
    if (operation->n_levels == 0)
        plan_each(fencing, operation);
    for (size_t i = 0; i < operation->n_levels; i++)
        for (size_t j = 0; j < operation->levels[i].n_devices; j++) {
            struct device_state *state = fencing_device(fencing, operation->levels[i].devices[j]);

            if (state != NULL)
                fencing_ability(fencing, operation, state);
        }
    return true;
}

bool fencing_unfences(const struct fencing *fencing, const char *target)
{
    for (size_t i = 0; fencing->config != NULL && i < fencing->config->n_devices; i++) {
        const struct fence_device *device = fencing->config->devices[i];

        if (unfences(device) && (device->n_hosts == 0 || fence_device_lists(device, target)))
            return true;
    }
    return false;
}
