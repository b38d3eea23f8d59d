/* agents.c - see agents.h. */
#include "tests/sim/agents.h"

#include <string.h>

#include "lib/alloc.h"

enum { LONGEST_MS = 30, AGAIN_MS = 3, WALL = 1700000000 };

struct resource {
    struct resource *next;
    char *id;
    enum sim_state state;
    bool sick;
    int64_t busy_until; /* of the operation under way */
    char *runs_with;    /* see agents.h */
};

/* One operation: waiting or running (not done), or recurring between two runs. */
struct operation {
    struct operation *next;
    struct runner_call call;
    int64_t due;    /* when it ends, or runs next */
    int64_t end;    /* when it is late; 0: never */
    bool recurring; /* has run at least once */
    int32_t last_rc;
};

/* One result: in the history, and to be told until it is acknowledged. */
struct told {
    struct told *next;
    struct runner_result result;
    bool told, acked, history, failure;
};

struct sim_agents {
    uint64_t random, sequence;
    int64_t now; /* of the last call that said */
    unsigned start_percent, stop_percent;
    sim_agent *agent;
    void *context;
    struct resource *resources;
    struct operation *operations;
    struct told *results, **results_end;
};

struct sim_agents *sim_agents_new(uint64_t seed)
{
    struct sim_agents *agents = hf_calloc(1, sizeof(*agents));

    agents->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    agents->results_end = &agents->results;
    return agents;
}

void sim_agents_hook(struct sim_agents *agents, sim_agent *agent, void *context)
{
    agents->agent = agent;
    agents->context = context;
}

static uint64_t below(struct sim_agents *agents, uint64_t limit)
{
    agents->random ^= agents->random << 13;
    agents->random ^= agents->random >> 7;
    agents->random ^= agents->random << 17;
    return agents->random % limit;
}

void sim_agents_forget_all(struct sim_agents *agents)
{
    for (struct operation *operation; (operation = agents->operations) != NULL;) {
        agents->operations = operation->next;
        runner_call_clear(&operation->call);
        free(operation);
    }
    for (struct told *told; (told = agents->results) != NULL;) {
        agents->results = told->next;
        runner_result_clear(&told->result);
        free(told);
    }
    agents->results_end = &agents->results;
}

void sim_agents_free(struct sim_agents *agents)
{
    if (agents == NULL)
        return;
    sim_agents_forget_all(agents);
    for (struct resource *resource; (resource = agents->resources) != NULL;) {
        agents->resources = resource->next;
        free(resource->id);
        free(resource->runs_with);
        free(resource);
    }
    free(agents);
}

static struct resource *known(const struct sim_agents *agents, const char *id)
{
    struct resource *resource = agents == NULL ? NULL : agents->resources;

    while (resource != NULL && strcmp(resource->id, id) != 0)
        resource = resource->next;
    return resource;
}

static struct resource *find(struct sim_agents *agents, const char *id)
{
    struct resource *resource = known(agents, id);

    if (resource != NULL)
        return resource;
    resource = hf_calloc(1, sizeof(*resource));
    resource->id = hf_strdup(id);
    resource->next = agents->resources;
    agents->resources = resource;
    return resource;
}

enum sim_state sim_agents_state(const struct sim_agents *agents, const char *id)
{
    const struct resource *resource = known(agents, id);

    return resource == NULL ? SIM_STOPPED : resource->state;
}

const char *sim_agents_runs_with(const struct sim_agents *agents, const char *id)
{
    const struct resource *resource = known(agents, id);

    return resource == NULL ? NULL : resource->runs_with;
}

void sim_agents_break(struct sim_agents *agents, const char *id)
{
    find(agents, id)->state = SIM_STOPPED;
}

void sim_agents_sicken(struct sim_agents *agents, const char *id)
{
    find(agents, id)->sick = true;
}

void sim_agents_failures(struct sim_agents *agents, unsigned start_percent, unsigned stop_percent)
{
    agents->start_percent = start_percent;
    agents->stop_percent = stop_percent;
}

/* --- results --- */

static bool same_place(const struct runner_result *one, const struct runner_result *other)
{
    return strcmp(one->resource, other->resource) == 0 && one->interval_ms == other->interval_ms &&
           strcmp(one->operation, other->operation) == 0;
}

static bool is_failure(const struct runner_result *result)
{
    return result->status > RUNNER_DONE ||
           (result->status == RUNNER_DONE && result->rc != result->expected_rc);
}

/* The runner keeps the last result of each operation, and each resource's last failure. */
static void add_result(struct sim_agents *agents, const struct runner_call *call, int32_t rc,
                       enum runner_status status)
{
    struct told *told = hf_calloc(1, sizeof(*told));
    struct runner_result result = runner_call_result(call, rc, status, WALL + agents->now / 1000);

    result.sequence = ++agents->sequence;
    runner_result_copy(&told->result, &result);
    told->history = status == RUNNER_DONE && strcmp(call->operation, "meta-data") != 0;
    told->failure = told->history && is_failure(&result);
    for (struct told *old = agents->results; told->history && old != NULL; old = old->next) {
        if (same_place(&old->result, &told->result))
            old->history = false;
        if (told->failure && strcmp(old->result.resource, told->result.resource) == 0)
            old->failure = false;
    }
    *agents->results_end = told;
    agents->results_end = &told->next;
}

void sim_agents_ack(struct sim_agents *agents, uint64_t sequence)
{
    for (struct told *told = agents->results; told != NULL; told = told->next)
        if (told->result.sequence <= sequence)
            told->acked = true;
}

void sim_agents_attach(struct sim_agents *agents)
{
    for (struct told *told = agents->results; told != NULL; told = told->next)
        told->told = told->acked;
}

/* What is under way is part of the history, too. */
static struct runner_result pending_result(const struct operation *operation, int64_t now)
{
    struct runner_result result =
        runner_call_result(&operation->call, RUNNER_OCF_PENDING, RUNNER_PENDING, WALL + now / 1000);

    result.history = RUNNER_INFLIGHT;
    return result;
}

struct runner_result *sim_agents_history(struct sim_agents *agents, size_t *count)
{
    struct runner_result *list = NULL;
    size_t capacity = 0;

    *count = 0;
    for (struct told *told = agents->results; told != NULL; told = told->next) {
        if (!told->history)
            continue;
        hf_grow(&list, &capacity, *count + 1, sizeof(*list));
        list[(*count)++] = told->result;
    }
    for (struct told *told = agents->results; told != NULL; told = told->next) {
        if (!told->failure)
            continue;
        hf_grow(&list, &capacity, *count + 1, sizeof(*list));
        list[*count] = told->result;
        list[(*count)++].history = RUNNER_FAILURE;
    }
    for (struct operation *at = agents->operations; at != NULL; at = at->next) {
        if (at->recurring || strcmp(at->call.operation, "meta-data") == 0)
            continue;
        hf_grow(&list, &capacity, *count + 1, sizeof(*list));
        list[(*count)++] = pending_result(at, agents->now);
    }
    return list;
}

/* --- operations --- */

static void drop_operation(struct sim_agents *agents, struct operation *operation)
{
    for (struct operation **at = &agents->operations; *at != NULL; at = &(*at)->next) {
        if (*at == operation) {
            *at = operation->next;
            break;
        }
    }
    runner_call_clear(&operation->call);
    free(operation);
}

void sim_agents_cancel(struct sim_agents *agents, const char *resource, const char *operation,
                       uint32_t interval_ms, int64_t now)
{
    struct runner_call nothing = {.resource = (char *)resource,
                                  .operation = (char *)operation,
                                  .interval_ms = interval_ms,
                                  .class = "",
                                  .provider = "",
                                  .type = ""};

    for (struct operation *at = agents->operations; at != NULL; at = at->next) {
        if (at->call.interval_ms != interval_ms || strcmp(at->call.resource, resource) != 0 ||
            strcmp(at->call.operation, operation) != 0)
            continue;
        add_result(agents, &at->call, 0, RUNNER_CANCELLED);
        for (struct told *old = agents->results; old != NULL; old = old->next)
            if (old->result.interval_ms == interval_ms && strcmp(old->result.resource, resource) == 0)
                old->history = false;
        drop_operation(agents, at);
        return;
    }
    add_result(agents, &nothing, 0, RUNNER_CANCELLED);
}

void sim_agents_forget(struct sim_agents *agents, const char *resource)
{
    for (struct operation *at = agents->operations, *next; at != NULL; at = next) {
        next = at->next;
        if (at->call.interval_ms > 0 && strcmp(at->call.resource, resource) == 0)
            drop_operation(agents, at);
    }
    for (struct told *told = agents->results; told != NULL; told = told->next)
        if (strcmp(told->result.resource, resource) == 0)
            told->history = told->failure = false;
}

void sim_agents_hurry(struct sim_agents *agents, const char *resource, int64_t now)
{
    for (struct operation *at = agents->operations; at != NULL; at = at->next)
        if (at->recurring && strcmp(at->call.resource, resource) == 0)
            at->due = now;
}

static bool changes_state(const struct runner_call *call)
{
    return call->interval_ms == 0 && strcmp(call->operation, "monitor") != 0 &&
           strcmp(call->operation, "notify") != 0 && strcmp(call->operation, "meta-data") != 0;
}

void sim_agents_run(struct sim_agents *agents, const struct runner_call *call, int64_t now)
{
    struct operation *operation = hf_calloc(1, sizeof(*operation));
    struct resource *resource = find(agents, call->resource);

    for (struct operation *at = agents->operations, *next; changes_state(call) && at != NULL; at = next) {
        next = at->next;
        if (at->call.interval_ms > 0 && strcmp(at->call.resource, call->resource) == 0)
            sim_agents_cancel(agents, call->resource, at->call.operation, at->call.interval_ms, now);
    }
    if (resource->busy_until < now)
        resource->busy_until = now;
    resource->busy_until += 1 + (int64_t)below(agents, LONGEST_MS);
    runner_call_copy(&operation->call, call);
    operation->due = resource->busy_until;
    operation->end = call->timeout_ms == 0 ? 0 : operation->due + call->timeout_ms;
    operation->next = agents->operations;
    agents->operations = operation;
}

static int32_t monitor_rc(const struct resource *resource)
{
    return resource->state == SIM_STOPPED   ? RUNNER_OCF_NOT_RUNNING
           : resource->sick                 ? RUNNER_OCF_ERROR
           : resource->state == SIM_STARTED ? RUNNER_OCF_OK
                                            : RUNNER_OCF_RUNNING_PROMOTED;
}

/* What the agent does and answers. */
static int32_t act(struct sim_agents *agents, struct resource *resource, const char *operation)
{
    if (strcmp(operation, "start") == 0) {
        if (below(agents, 100) < agents->start_percent)
            return RUNNER_OCF_ERROR;
        if (resource->state == SIM_STOPPED)
            resource->state = SIM_STARTED;
    } else if (strcmp(operation, "stop") == 0) {
        if (below(agents, 100) < agents->stop_percent)
            return RUNNER_OCF_ERROR;
        resource->state = SIM_STOPPED;
        resource->sick = false;
    } else if (strcmp(operation, "promote") == 0) {
        resource->state = SIM_PROMOTED;
    } else if (strcmp(operation, "demote") == 0) {
        resource->state = SIM_STARTED;
        resource->sick = false;
    } else if (strcmp(operation, "monitor") == 0) {
        return monitor_rc(resource);
    }
    return RUNNER_OCF_OK;
}

/* What was ordered for the same resource since waits, too. */
static void postpone(struct sim_agents *agents, struct operation *operation)
{
    for (struct operation *at = agents->operations; at != NULL; at = at->next)
        if (at->call.id >= operation->call.id && strcmp(at->call.resource, operation->call.resource) == 0)
            at->due += AGAIN_MS;
    find(agents, operation->call.resource)->busy_until += AGAIN_MS;
}

static void remember_parameter(struct resource *resource, const struct runner_call *call)
{
    bool starts = strcmp(call->operation, "start") == 0;

    if (!starts && strcmp(call->operation, "stop") != 0)
        return;
    free(resource->runs_with);
    resource->runs_with = starts ? hf_strdup("") : NULL;
    for (size_t i = 0; starts && i < call->param_count; i++) {
        if (strcmp(call->params[i].name, SIM_PARAMETER) != 0)
            continue;
        free(resource->runs_with);
        resource->runs_with = hf_strdup(call->params[i].value);
    }
}

static void end_operation(struct sim_agents *agents, struct operation *operation)
{
    enum runner_status status = RUNNER_DONE;
    int32_t rc = agents->agent == NULL ? SIM_AGENT_PLAIN
                                       : agents->agent(agents->context, &operation->call, operation->due);

    if (rc == SIM_AGENT_LATER) {
        postpone(agents, operation);
        if (operation->end == 0 || operation->due < operation->end)
            return;
        rc = RUNNER_OCF_ERROR;
        status = RUNNER_TIMEOUT;
    } else if (rc == SIM_AGENT_PLAIN) {
        rc = act(agents, find(agents, operation->call.resource), operation->call.operation);
    }
    if (rc == RUNNER_OCF_OK)
        remember_parameter(find(agents, operation->call.resource), &operation->call);
    if (operation->call.interval_ms == 0) {
        add_result(agents, &operation->call, rc, status);
        drop_operation(agents, operation);
        return;
    }
    if (!operation->recurring || rc != operation->last_rc)
        add_result(agents, &operation->call, rc, RUNNER_DONE);
    operation->recurring = true;
    operation->last_rc = rc;
    operation->due += operation->call.interval_ms;
}

/* The operation that is due first: by time, then by call, so that the order is that of the orders. */
static struct operation *first_due(const struct sim_agents *agents)
{
    struct operation *first = NULL;

    for (struct operation *at = agents->operations; at != NULL; at = at->next)
        if (first == NULL || at->due < first->due || (at->due == first->due && at->call.id < first->call.id))
            first = at;
    return first;
}

const struct runner_result *sim_agents_next(struct sim_agents *agents, int64_t now)
{
    struct operation *operation;

    agents->now = now;
    while ((operation = first_due(agents)) != NULL && operation->due <= now)
        end_operation(agents, operation);
    for (struct told *told = agents->results; told != NULL; told = told->next) {
        if (!told->told) {
            told->told = true;
            return &told->result;
        }
    }
    return NULL;
}

int64_t sim_agents_deadline(const struct sim_agents *agents)
{
    const struct operation *operation = first_due(agents);

    for (const struct told *told = agents->results; told != NULL; told = told->next)
        if (!told->told)
            return 0;
    return operation == NULL ? INT64_MAX : operation->due;
}
