/* leases.c - what runs here, which of it has a lock of its own, and what must not outlive a lock.
 *
 * A resource with `requires=lease' has the lock rsc/ID.  It is started (in a promotable clone: promoted) once
 * this node owns the lock, and its agent gets the lock's token; it is stopped (demoted) at once when the lock
 * is lost, whatever the coordinator does; and the lock is given up when it has stopped.  The guard keeps the
 * orders and the agent runner the histories, so that a restarted daemon finds out what it had: nothing is
 * stopped because this process ended.
 *
 * After each event the state is compared with what it should be (leases_settle()); nothing depends on the
 * order in which the guard, the runner and the coordinator speak. */
#include <stdio.h>

#include "arbiter/frame.h"
#include "daemon/node/private.h"

#define LOCK_PREFIX "rsc/"

enum {
    STOP_AT_LEAST_MS = 60000,     /* for a stop that no transition has given a timeout */
    PARAMS_BYTES_MAX = 12 * 1024, /* they travel with each call, within the runner's limit */
};

/* A resource that was seen here. */
struct tenant {
    struct tenant *next;
    char *resource, *class_, *provider, *type;
    uint64_t ordered_id; /* the last call that the runner got */
    uint64_t state_id;   /* the last of those that say or change whether it is active */
    bool active;         /* it runs here, or may */
    struct lease_terms terms;
    bool using;                  /* what its lock is for runs here, or may */
    bool ordered;                /* the guard was told to get the lock */
    bool yielding;               /* it was told to stop because the lock was lost */
    struct node_action *waiting; /* to be run once the lock is owned */
    int64_t wait_until;
};

struct own_lock {
    char *name, *holder;
    bool owned, dismissed;
    uint64_t token;
};

struct leases {
    struct tenant *tenants;
    struct own_lock *locks; /* as the guard said last */
    size_t n_locks;
    bool known;       /* the guard has spoken, or what it owned has run out since */
    bool surveyed;    /* the runner's history was seen */
    bool was_quorate; /* since this daemon began */
};

static struct tenant *find(const struct node *node, const char *resource)
{
    for (struct tenant *tenant = node->leases->tenants; tenant != NULL; tenant = tenant->next)
        if (strcmp(tenant->resource, resource) == 0)
            return tenant;
    return NULL;
}

static struct tenant *get(struct node *node, const char *resource, const char *class_, const char *provider,
                          const char *type)
{
    struct tenant *tenant = find(node, resource);

    if (tenant != NULL)
        return tenant;
    tenant = hf_calloc(1, sizeof(*tenant));
    tenant->resource = hf_strdup(resource);
    tenant->class_ = hf_strdup(class_);
    tenant->provider = hf_strdup(provider);
    tenant->type = hf_strdup(type);
    tenant->next = node->leases->tenants;
    node->leases->tenants = tenant;
    return tenant;
}

static struct own_lock *lock_of(const struct node *node, const char *resource)
{
    for (size_t i = 0; i < node->leases->n_locks; i++)
        if (strcmp(node->leases->locks[i].name + strlen(LOCK_PREFIX), resource) == 0)
            return &node->leases->locks[i];
    return NULL;
}

static bool owns(const struct node *node, const struct tenant *tenant)
{
    const struct own_lock *lock = lock_of(node, tenant->resource);

    return lock != NULL && lock->owned;
}

/* --- terms --- */

static const char *param(const struct node_action *action, const char *name)
{
    const char *value = node_action_param(action, name);

    return value == NULL ? "" : value;
}

static bool is_param_true(const struct node_action *action, const char *name)
{
    bool value = false;

    hf_parse_bool(param(action, name), &value);
    return value;
}

/* What a stop needs that no transition orders: the agent's parameters, and what makes these terms. */
static bool is_kept(const struct node_pair *pair)
{
    return strncmp(pair->name, "CRM_meta_", strlen("CRM_meta_")) != 0 ||
           strcmp(pair->name, "CRM_meta_requires") == 0 || strcmp(pair->name, "CRM_meta_promoted_max") == 0;
}

void leases_terms(const struct node_action *action, struct lease_terms *terms)
{
    *terms = (struct lease_terms){
        .leased = strcmp(param(action, "CRM_meta_requires"), "lease") == 0,
        .promoted = *param(action, "CRM_meta_promoted_max") != '\0',
        .everywhere = *param(action, "CRM_meta_clone_max") != '\0' &&
                      *param(action, "CRM_meta_promoted_max") == '\0' &&
                      !is_param_true(action, "CRM_meta_globally_unique"),
        .timeout_ms = action->timeout_ms,
    };
    if (!terms->leased || action->interval_ms > 0)
        return;
    terms->params = hf_calloc(action->n_params, sizeof(*terms->params));
    for (uint32_t i = 0; i < action->n_params; i++)
        if (is_kept(&action->params[i]))
            terms->params[terms->n_params++] =
                (struct node_pair){hf_strdup(action->params[i].name), hf_strdup(action->params[i].value)};
}

void lease_terms_clear(struct lease_terms *terms)
{
    node_pairs_free(terms->params, terms->n_params);
    *terms = (struct lease_terms){0};
}

/* A recurring operation does not say the parameters, so it teaches nothing new. */
static void learn(struct tenant *tenant, uint32_t interval_ms, struct lease_terms *terms)
{
    if (interval_ms > 0 || (tenant->using && tenant->terms.leased && !terms->leased)) {
        lease_terms_clear(terms);
        return;
    }
    lease_terms_clear(&tenant->terms);
    tenant->terms = *terms;
    *terms = (struct lease_terms){0};
}

/* --- what runs here --- */

static bool starts(const char *operation)
{
    return strcmp(operation, "start") == 0 || strcmp(operation, "migrate_from") == 0;
}

/* The operation by which a resource comes to need its lock. */
static bool gains(const struct lease_terms *terms, const char *operation)
{
    return terms->promoted ? strcmp(operation, "promote") == 0 : starts(operation);
}

static bool changes_state(const char *operation, uint32_t interval_ms)
{
    static const char *const others[] = {"notify", "meta-data", "validate-all", "reload", "reload-agent"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(others); i++)
        if (strcmp(operation, others[i]) == 0)
            return false;
    return interval_ms == 0;
}

static void note_order(struct tenant *tenant, const char *operation)
{
    tenant->active = tenant->active || starts(operation) || strcmp(operation, "promote") == 0;
    tenant->using = tenant->using || gains(&tenant->terms, operation);
}

static void note_inactive(struct tenant *tenant)
{
    tenant->active = tenant->using = tenant->yielding = false;
}

/* What a finished operation says; failures say nothing: the resource may be in any state. */
static void note_end(struct tenant *tenant, const struct runner_result *result)
{
    bool monitor = strcmp(result->operation, "monitor") == 0;

    if (result->status != RUNNER_DONE)
        return;
    if ((strcmp(result->operation, "stop") == 0 && result->rc == RUNNER_OCF_OK) ||
        (monitor && result->rc == RUNNER_OCF_NOT_RUNNING)) {
        note_inactive(tenant);
    } else if (strcmp(result->operation, "demote") == 0 && result->rc == RUNNER_OCF_OK) {
        if (tenant->terms.promoted)
            tenant->using = tenant->yielding = false;
    } else if (monitor && (result->rc == RUNNER_OCF_OK || result->rc == RUNNER_OCF_DEGRADED)) {
        tenant->active = true;
        tenant->using = !tenant->terms.promoted;
    } else if (monitor &&
               (result->rc == RUNNER_OCF_RUNNING_PROMOTED || result->rc == RUNNER_OCF_FAILED_PROMOTED ||
                result->rc == RUNNER_OCF_DEGRADED_PROMOTED)) {
        tenant->active = tenant->using = true;
    }
}

static void note(struct tenant *tenant, const struct runner_result *result)
{
    if (result->call_id < tenant->state_id)
        return; /* overtaken by a later order */
    if (changes_state(result->operation, result->interval_ms)) {
        tenant->state_id = result->call_id;
        note_order(tenant, result->operation);
    }
    note_end(tenant, result);
}

void leases_result(struct node *node, const struct runner_result *result, struct lease_terms *terms)
{
    struct tenant *tenant = find(node, result->resource);

    if (tenant == NULL || result->call_id > tenant->ordered_id) {
        lease_terms_clear(terms); /* it never ran */
        return;
    }
    learn(tenant, result->interval_ms, terms);
    note(tenant, result);
    leases_settle(node);
}

void leases_history(struct node *node, const struct runner_result *entry, struct lease_terms *terms)
{
    struct tenant *tenant = get(node, entry->resource, entry->class, entry->provider, entry->type);

    if (entry->call_id > tenant->ordered_id)
        tenant->ordered_id = entry->call_id;
    learn(tenant, entry->interval_ms, terms);
    note(tenant, entry);
}

void leases_surveyed(struct node *node)
{
    node->leases->surveyed = true;
    leases_settle(node);
}

/* Nobody may use what action borrows from the tenant after this. */
void leases_ran(struct node *node, const struct node_action *action, uint64_t call_id)
{
    struct tenant *tenant = get(node, action->resource, action->class_, action->provider, action->type);
    struct lease_terms terms;

    leases_terms(action, &terms);
    learn(tenant, action->interval_ms, &terms);
    tenant->ordered_id = call_id;
    if (changes_state(action->task, action->interval_ms)) {
        tenant->state_id = call_id;
        note_order(tenant, action->task);
    }
}

/* --- waiting for a lock --- */

static struct node_action *copy_action(const struct node_action *action)
{
    struct node_action *copy = hf_memdup(action, sizeof(*action));

    copy->key = hf_strdup(action->key);
    copy->task = hf_strdup(action->task);
    copy->operation = hf_strdup(action->operation);
    copy->resource = hf_strdup(action->resource);
    copy->class_ = hf_strdup(action->class_);
    copy->provider = hf_strdup(action->provider);
    copy->type = hf_strdup(action->type);
    copy->params = node_pairs_copy(action->params, action->n_params);
    return copy;
}

static struct node_action *stop_waiting(struct tenant *tenant)
{
    struct node_action *action = tenant->waiting;

    tenant->waiting = NULL;
    return action;
}

static void drop_action(struct node_action *action)
{
    node_action_clear(action);
    free(action);
}

/* Why such a resource cannot have a lock, the caller's; NULL if it can. */
static char *obstacle(const struct node *node, const struct node_action *action,
                      const struct lease_terms *terms)
{
    HF_CLEANUP(hf_freep) char *name = hf_asprintf(LOCK_PREFIX "%s", action->resource);
    size_t size = 0;

    for (uint32_t i = 0; i < terms->n_params; i++)
        size += strlen(terms->params[i].name) + strlen(terms->params[i].value) + 8;
    if (!node->lock.configured)
        return hf_asprintf("it has requires=lease, and this node knows no lock servers: expected "
                           "/etc/holdfast/guard.conf, see holdfast-guard(8)");
    if (terms->everywhere)
        return hf_asprintf("it has requires=lease, and runs on several nodes: expected a resource that is no "
                           "clone, or a promotable or globally unique one");
    if (!frame_name_ok(name))
        return hf_asprintf(
            "it has requires=lease, and its id cannot name a lock: expected at most %zu letters, "
            "digits and . _ - : @ /",
            FRAME_NAME_MAX - strlen(LOCK_PREFIX));
    if (size > PARAMS_BYTES_MAX)
        return hf_asprintf("it has requires=lease, and its parameters are %zu bytes: expected at most %d",
                           size, PARAMS_BYTES_MAX);
    return NULL;
}

static void give_up_waiting(struct node *node, struct tenant *tenant, const char *why)
{
    struct node_action *action = stop_waiting(tenant);
    const struct own_lock *lock = lock_of(node, tenant->resource);
    HF_CLEANUP(hf_freep)
    char *reason = hf_asprintf(
        "it was not run, because this node does not own the lock " LOCK_PREFIX "%s: %s%s%s", tenant->resource,
        why, lock != NULL && lock->holder[0] != '\0' ? ", and it is held by " : "",
        lock != NULL ? lock->holder : "");

    executor_fail(node, action, reason);
    drop_action(action);
}

/* The agent gets what is left of the time. */
static void go(struct node *node, struct tenant *tenant)
{
    struct node_action *action = stop_waiting(tenant);

    if (action->timeout_ms > 0)
        action->timeout_ms = (uint32_t)(tenant->wait_until - node->now);
    executor_run(node, action);
    drop_action(action);
}

bool leases_take(struct node *node, const struct node_action *action)
{
    struct tenant *tenant = find(node, action->resource);
    struct lease_terms terms;
    HF_CLEANUP(hf_freep) char *reason = NULL;
    bool gaining;

    if (action->interval_ms > 0)
        return false;
    if (tenant != NULL && tenant->waiting != NULL && changes_state(action->task, 0))
        give_up_waiting(node, tenant, "something else was ordered meanwhile");
    leases_terms(action, &terms);
    gaining = terms.leased && gains(&terms, action->task);
    if (gaining)
        reason = obstacle(node, action, &terms);
    if (reason != NULL)
        executor_fail(node, action, reason);
    if (gaining && reason == NULL)
        tenant = get(node, action->resource, action->class_, action->provider, action->type);
    if (!gaining || reason != NULL || owns(node, tenant)) {
        lease_terms_clear(&terms);
        return reason != NULL;
    }
    learn(tenant, 0, &terms);
    tenant->waiting = copy_action(action);
    tenant->wait_until = action->timeout_ms == 0 ? INT64_MAX : node->now + action->timeout_ms;
    executor_announce(node, action);
    leases_settle(node);
    return true;
}

bool leases_token(const struct node *node, const char *resource, uint64_t *token)
{
    const struct tenant *tenant = find(node, resource);
    const struct own_lock *lock = lock_of(node, resource);

    if (tenant == NULL || !tenant->terms.leased || lock == NULL || !lock->owned)
        return false;
    *token = lock->token;
    return true;
}

/* --- losing it --- */

/* Stops what the lock was for, now: not when the coordinator comes to it. */
static void yield(struct node *node, struct tenant *tenant)
{
    const struct lease_terms *terms = &tenant->terms;
    const char *task = terms->promoted ? "demote" : "stop";
    struct node_key key = {.target_rc = RUNNER_OCF_OK};
    HF_CLEANUP(hf_freep) char *operation = hf_asprintf("%s_%s_0", tenant->resource, task);
    struct node_action action = {
        .task = (char *)task,
        .operation = operation,
        .resource = tenant->resource,
        .class_ = tenant->class_,
        .provider = tenant->provider,
        .type = tenant->type,
        .timeout_ms = terms->timeout_ms > STOP_AT_LEAST_MS ? terms->timeout_ms : STOP_AT_LEAST_MS,
        .params = terms->params,
        .n_params = terms->n_params,
    };

    snprintf(key.uuid, sizeof(key.uuid), "%s", node->config.uuid);
    action.key = node_key_make(&key);
    node_log(node, LOG_ERR, "%s: this node does not own the lock " LOCK_PREFIX "%s any more: %s at once",
             tenant->resource, tenant->resource, terms->promoted ? "demoting it" : "stopping it");
    tenant->yielding = true;
    executor_run(node, &action);
    free(action.key);
}

/* --- bringing all in line --- */

/* What was given up is not owned, whatever the guard said before it was told so. */
static void order_lock(struct node *node, const char *resource, bool wanted)
{
    struct own_lock *lock = lock_of(node, resource);

    if (lock != NULL && !wanted)
        lock->owned = false;
    struct node_effect *effect = node_effect_add(node, wanted ? NODE_WANT_LOCK : NODE_UNWANT_LOCK);

    effect->resource = hf_asprintf(LOCK_PREFIX "%s", resource);
}

static void settle_tenant(struct node *node, struct tenant *tenant)
{
    bool own = owns(node, tenant);

    if (!tenant->terms.leased && tenant->waiting == NULL && !tenant->ordered)
        return;
    if (tenant->waiting != NULL && own && node->executor.attached)
        go(node, tenant);
    else if (tenant->waiting != NULL && tenant->wait_until <= node->now)
        give_up_waiting(node, tenant, "it was not granted within the operation's timeout");

    bool wanted = tenant->waiting != NULL || tenant->using;

    if (wanted != tenant->ordered)
        order_lock(node, tenant->resource, wanted);
    tenant->ordered = wanted;
    if (own)
        tenant->yielding = false;
    else if (tenant->using && node->leases->known && node->executor.attached && !tenant->yielding)
        yield(node, tenant);
}

static bool is_configured(const struct node *node, const char *resource)
{
    const xmlNode *resources =
        hf_xml_child(cib_document_configuration(cib_replica_document(node->replica)), "resources");
    size_t length = strcspn(resource, ":");

    for (const xmlNode *at = resources; at != NULL;) {
        const char *id = hf_xml_is(at, "primitive") ? hf_xml_get_or(at, "id", "") : "";

        if (strncmp(id, resource, length) == 0 && id[length] == '\0')
            return true;
        if (at->children != NULL) {
            at = at->children;
            continue;
        }
        while (at != resources && at->next == NULL)
            at = at->parent;
        at = at == resources ? NULL : at->next;
    }
    return false;
}

/* A lock that an earlier daemon ordered, for what is known not to run here any more, or to be no resource. */
static void dismiss(struct node *node, struct own_lock *lock)
{
    const char *resource = lock->name + strlen(LOCK_PREFIX);
    const struct tenant *tenant = find(node, resource);

    if (lock->dismissed || !node->leases->surveyed || !cib_replica_in_sync(node->replica) ||
        (tenant == NULL ? is_configured(node, resource) : tenant->ordered || tenant->using))
        return;
    lock->dismissed = true;
    order_lock(node, resource, false);
}

void leases_settle(struct node *node)
{
    uint32_t term;

    node->leases->was_quorate |= quorum_now(node, &term) == CIB_QUORUM_YES;
    for (struct tenant *tenant = node->leases->tenants; tenant != NULL; tenant = tenant->next)
        settle_tenant(node, tenant);
    for (size_t i = 0; i < node->leases->n_locks; i++)
        dismiss(node, &node->leases->locks[i]);
}

static void forget_locks(struct leases *leases)
{
    for (size_t i = 0; i < leases->n_locks; i++) {
        free(leases->locks[i].name);
        free(leases->locks[i].holder);
    }
    free(leases->locks);
    leases->locks = NULL;
    leases->n_locks = 0;
}

void leases_locks(struct node *node, const struct node_own_lock *locks, size_t count)
{
    struct leases *leases = node->leases;

    forget_locks(leases);
    leases->known = true;
    leases->locks = hf_calloc(count, sizeof(*leases->locks));
    for (size_t i = 0; i < count; i++) {
        if (strncmp(locks[i].name, LOCK_PREFIX, strlen(LOCK_PREFIX)) != 0)
            continue;
        leases->locks[leases->n_locks++] = (struct own_lock){.name = hf_strdup(locks[i].name),
                                                             .holder = hf_strdup(locks[i].holder),
                                                             .owned = locks[i].owned,
                                                             .token = locks[i].token};
    }
    leases_settle(node);
}

int64_t leases_deadline(const struct node *node)
{
    int64_t deadline = INT64_MAX;

    for (const struct tenant *tenant = node->leases->tenants; tenant != NULL; tenant = tenant->next)
        if (tenant->waiting != NULL && tenant->wait_until < deadline)
            deadline = tenant->wait_until;
    return deadline;
}

/* --- what must not outlive a lock --- */

/* An address that the guard's gate shuts by itself may stay; so may what runs on all nodes. */
static bool must_not_stay(const struct tenant *tenant)
{
    bool gated = strcmp(tenant->class_, "ocf") == 0 && strcmp(tenant->provider, "holdfast") == 0 &&
                 strcmp(tenant->type, "VIP") == 0;

    return tenant->active && !tenant->terms.everywhere && !gated && strcmp(tenant->class_, "stonith") != 0;
}

struct node_duty node_duty(const struct node *node)
{
    const struct leases *leases = node->leases;
    struct node_duty duty = {.known = leases->surveyed};
    uint32_t term;
    bool late = quorum_now(node, &term) != CIB_QUORUM_YES && quorum_grace(node) == INT64_MAX;

    if (!leases->surveyed || !leases->was_quorate || !node->lock.configured || node_fencing_enabled(node) ||
        strcmp(node_property(node, "no-quorum-policy", "stop"), "ignore") == 0)
        return duty;
    for (const struct tenant *tenant = leases->tenants; tenant != NULL; tenant = tenant->next) {
        duty.needed = duty.needed || must_not_stay(tenant);
        late = late || (tenant->terms.leased && tenant->using && leases->known && !owns(node, tenant));
    }
    duty.late = duty.needed && late;
    return duty;
}

/* --- life --- */

struct leases *leases_new(void)
{
    return hf_calloc(1, sizeof(struct leases));
}

void leases_free(struct leases *leases)
{
    for (struct tenant *tenant; (tenant = leases->tenants) != NULL;) {
        leases->tenants = tenant->next;
        if (tenant->waiting != NULL)
            drop_action(tenant->waiting);
        lease_terms_clear(&tenant->terms);
        free(tenant->resource);
        free(tenant->class_);
        free(tenant->provider);
        free(tenant->type);
        free(tenant);
    }
    forget_locks(leases);
    free(leases);
}
