/* unpack_history.c - the operation history of a node: what ran there, how it ended, what that means.
 *
 * The entries of a resource are taken in the order in which they happened; each changes the role that the
 * resource is thought to have, and a failed one what must be done about it (on-fail). */
#include "daemon/sched/history.h"
#include "daemon/sched/model.h"

#include <stdio.h>
#include <stdlib.h>

struct event {
    struct run *run;
    struct resource *rsc;
    struct node *node;
    const struct past_op *op;
    const char *id, *key, *name;
    enum task task;
    int64_t interval_ms;
    bool probe, masked; /* masked: a probe that only says that the agent cannot work there */
    int expected, rc;
    enum exec_status status;
};

/* --- records --- */

static void record_failure(struct event *event)
{
    struct run *run = event->run;

    if (!event->node->online)
        return;
    for (int i = 0; i < run->failed.n; i++)
        if (run->failed.at[i].node == event->node && sc_eq(run->failed.at[i].key, event->key))
            return;
    struct failed_op failed = {event->op->xml, sc_keep(run, event->key), event->node, event->rsc->id};
    SC_PUSH(run, &run->failed, failed);
}

static void set_active(struct resource *rsc)
{
    rsc->orig_role = (sc_top(rsc)->flags & RSC_PROMOTABLE) ? ROLE_UNPROMOTED : ROLE_STARTED;
}

static void mark_failed(struct resource *rsc)
{
    rsc->flags |= RSC_FAILED | RSC_STOP_IF_FAILED;
}

/* --- migration --- */

/* The rule: an operation counts only if it is the one of its kind in the history.  Our reading: with two,
 * such as a probe and a monitor for role Stopped, it is not said which one tells how things are, so that the
 * resource is rather taken to be where the migration left it, and stopped there. */
static const xmlNode *find_op(struct event *event, const char *operation, const char *node_name,
                              const char *peer_attr, const char *peer, int target_rc)
{
    const xmlNode *history = sc_history_of(event->run, sc_node_find(event->run, node_name), event->rsc->id);
    const xmlNode *found = NULL;

    HF_XML_EACH (op, history, "lrm_rsc_op") {
        if (!sc_eq(sc_get(op, "operation"), operation) ||
            (peer_attr != NULL && !sc_eq(sc_get(op, peer_attr), peer)))
            continue;
        if (found != NULL)
            return NULL;
        found = op;
    }
    if (found != NULL && target_rc >= 0 &&
        (sc_xml_long(found, "rc-code", OCF_ERROR) != target_rc ||
         sc_xml_long(found, "op-status", EXEC_ERROR) != EXEC_DONE))
        return NULL;
    return found;
}

/* Nothing is known of the resource on that node (or only that nothing is known). */
static bool unknown_on(struct event *event, const char *node_name)
{
    const xmlNode *history = sc_history_of(event->run, sc_node_find(event->run, node_name), event->rsc->id);

    HF_XML_EACH (op, history, "lrm_rsc_op")
        if (sc_get(op, "rc-code") != NULL && sc_xml_long(op, "rc-code", 0) != OCF_UNKNOWN)
            return false;
    return true;
}

static bool state_op_after(struct event *event, const char *node_name, const xmlNode *than)
{
    const xmlNode *history = sc_history_of(event->run, sc_node_find(event->run, node_name), event->rsc->id);

    HF_XML_EACH (op, history, "lrm_rsc_op") {
        const char *task = sc_get(op, "operation");
        if (op != than &&
            (sc_eq(task, "start") || sc_eq(task, "stop") || sc_eq(task, "migrate_to") ||
             sc_eq(task, "migrate_from")) &&
            sc_compare_ops(event->run, op, than) > 0)
            return true;
    }
    return false;
}

static bool newer_state(struct event *event, const char *node_name, const xmlNode *to, const xmlNode *from)
{
    const xmlNode *op = from != NULL ? from : to;

    if (op != to && to != NULL && sc_ieq(node_name, sc_get(op, "migrate_source")))
        op = to;
    if (state_op_after(event, node_name, op))
        return true;
    const xmlNode *monitor = find_op(event, "monitor", node_name, NULL, NULL, OCF_NOT_RUNNING);
    return monitor != NULL && sc_compare_ops(event->run, monitor, op) > 0;
}

static bool migration_nodes(struct event *event, bool at_source, const char **source, const char **target)
{
    *source = sc_get(event->op->xml, "migrate_source");
    *target = sc_get(event->op->xml, "migrate_target");
    return *source != NULL && *target != NULL && sc_ieq(at_source ? *source : *target, event->node->name);
}

static void add_dangling(struct event *event)
{
    SC_PUSH(event->run, &event->rsc->dangling_sources, event->node);
}

/* A migrate_to succeeded: the resource is on the target if migrate_from succeeded there (then the source
 * still has to be stopped); if that is not known yet, it is in between. */
static void migrate_to_succeeded(struct event *event)
{
    struct run *run = event->run;
    struct resource *rsc = event->rsc;
    const char *source, *target;
    int64_t from_rc = OCF_OK, from_status = EXEC_PENDING;

    if (!migration_nodes(event, true, &source, &target))
        return;
    bool source_newer = state_op_after(event, source, event->op->xml);
    const xmlNode *from = find_op(event, "migrate_from", target, "migrate_source", source, -1);
    if (from != NULL) {
        if (source_newer)
            return;
        from_rc = sc_xml_long(from, "rc-code", from_rc);
        from_status = sc_xml_long(from, "op-status", from_status);
    }
    bool target_newer = newer_state(event, target, event->op->xml, from);
    if (source_newer && target_newer)
        return;
    if (from_rc == OCF_OK && from_status == EXEC_DONE) {
        rsc->orig_role = ROLE_STOPPED;
        add_dangling(event);
        return;
    }
    rsc->orig_role = ROLE_STARTED;
    struct node *target_node = sc_node_find(run, target);
    bool on_target = !target_newer && target_node != NULL && target_node->online;
    if (from_status != EXEC_PENDING) {
        if (on_target) {
            sc_add_running(run, rsc, target_node, true);
        } else {
            mark_failed(rsc);
            rsc->flags &= ~(unsigned)RSC_MIGRATABLE;
        }
        return;
    }
    if (target_node != NULL && target_node->online && unknown_on(event, target))
        return; /* the target was not reached yet: probe it */
    if (on_target) {
        struct node *source_node = sc_node_find(run, source);
        sc_add_running(run, rsc, target_node, false);
        if (source_node != NULL && source_node->online) {
            rsc->migration_target = target_node;
            rsc->migration_source = source_node;
        }
    } else if (!source_newer) {
        mark_failed(rsc);
        rsc->flags &= ~(unsigned)RSC_MIGRATABLE;
    }
}

static void migrate_to_failed(struct event *event)
{
    const char *source, *target;

    if (!migration_nodes(event, true, &source, &target))
        return;
    event->rsc->orig_role = ROLE_STARTED;
    const xmlNode *from = find_op(event, "migrate_from", target, "migrate_source", source, OCF_OK);
    if (!unknown_on(event, target) && !newer_state(event, target, event->op->xml, from)) {
        struct node *node = sc_node_find(event->run, target);
        if (node != NULL && node->online)
            sc_add_running(event->run, event->rsc, node, false);
    } else if (!state_op_after(event, source, event->op->xml)) {
        add_dangling(event);
    }
}

static void migrate_from_failed(struct event *event)
{
    const char *source, *target;

    if (!migration_nodes(event, false, &source, &target))
        return;
    event->rsc->orig_role = ROLE_STARTED;
    const xmlNode *to = find_op(event, "migrate_to", source, "migrate_target", target, OCF_OK);
    if (!unknown_on(event, source) && !newer_state(event, source, to, event->op->xml)) {
        struct node *node = sc_node_find(event->run, source);
        if (node != NULL && node->online)
            sc_add_running(event->run, event->rsc, node, true);
    }
}

/* --- expiry --- */

static bool keep_failure(struct event *event)
{
    if (event->rsc->remote_reconnect_ms == 0 || !event->run->fencing_enabled || event->interval_ms == 0 ||
        event->task != TASK_MONITOR)
        return false;
    const struct node *remote = sc_node_find(event->run, event->rsc->id);
    return remote != NULL && !remote->remote_fenced; /* the remote node must be fenced first */
}

static bool params_changed(struct event *event)
{
    if (event->task != TASK_START && event->task != TASK_MONITOR)
        return false;
    if (sc_needs_remote_name(event->run, event->rsc)) {
        struct param_check check = {event->op, event->rsc, event->node, false};
        SC_PUSH(event->run, &event->run->param_checks, check);
        return false;
    }
    const struct digest *digest = sc_op_digest(event->run, event->rsc, event->op, event->node);
    return digest->result != DIGEST_UNKNOWN && digest->result != DIGEST_MATCH;
}

static bool is_plain_result(int rc)
{
    return rc == OCF_OK || rc == OCF_NOT_RUNNING || rc == OCF_PROMOTED || rc == OCF_DEGRADED ||
           rc == OCF_DEGRADED_PROMOTED;
}

static void clear_failures(struct event *event, const char *reason)
{
    struct action *clear = sc_clear_failcount(event->run, event->rsc, event->node, reason);
    struct node *remote = event->run->fencing_enabled && event->rsc->remote_reconnect_ms > 0
                              ? sc_node_find(event->run, event->rsc->id)
                              : NULL;
    if (remote != NULL)
        sc_order_actions(event->run, sc_fence_op(event->run, remote, NULL, true, NULL, false), clear,
                         AR_FIRST_IMPLIES_THEN);
}

/* Whether the failure is older than failure-timeout; forgets it if so. */
static bool check_expiry(struct event *event)
{
    struct run *run = event->run;
    struct resource *rsc = event->rsc;
    size_t length = strlen(event->id);
    bool last_failure = length >= 15 && strcmp(event->id + length - 15, "_last_failure_0") == 0;
    int64_t expiration = sc_seconds(rsc->failure_expiration_ms), when, last = 0;
    bool expired = false;
    int unexpired = 0;
    const char *reason = NULL;

    if (event->status == EXEC_NOT_INSTALLED)
        return false;
    if (expiration > 0 && sc_long(sc_get(event->op->xml, "last-rc-change"), &when)) {
        expired = run->now >= when + expiration && !keep_failure(event);
        unexpired = sc_failcount(run, event->node, rsc, &last, FC_EFFECTIVE, event->op->xml);
        last += expiration + 1;
        if (unexpired > 0 && run->now < last)
            sc_recheck(run, last);
    }
    if (expired) {
        if (sc_failcount(run, event->node, rsc, NULL, 0, event->op->xml) != 0) {
            if (unexpired == 0)
                reason = "it expired";
            else
                expired = false;
        } else if (last_failure && rsc->remote_reconnect_ms > 0) {
            reason = "reconnect interval is set";
        }
    }
    if (!expired && last_failure && params_changed(event))
        reason = "resource parameters have changed";
    if (reason != NULL)
        clear_failures(event, reason);
    if (expired && event->interval_ms == 0 && event->task == TASK_MONITOR && is_plain_result(event->rc))
        expired = false; /* what a probe found stays true */
    return expired;
}

/* --- what a result means --- */

/* A stop that failed without fencing, or something that no retry can help: hands off. */
static void block_if_unrecoverable(struct event *event)
{
    if (event->task != TASK_STOP || sc_can_fence(event->run, event->node))
        return;
    event->rsc->flags = (event->rsc->flags | RSC_BLOCKED) & ~(unsigned)RSC_MANAGED;
}

static void remap_not_running(struct event *event, enum on_fail *on_fail)
{
    if (!event->probe && event->expected != event->rc && (event->rsc->flags & RSC_MANAGED))
        return;
    event->status = EXEC_DONE;
    event->rsc->orig_role = ROLE_STOPPED;
    *on_fail = FAIL_IGNORE;
    event->rsc->next_role = ROLE_UNKNOWN;
}

/* Turns exit code and status into what they mean for this resource. */
static void remap(struct event *event, enum on_fail *on_fail, bool expired)
{
    int original = event->rc;

    if (event->rc == OCF_DEGRADED)
        event->rc = OCF_OK;
    else if (event->rc == OCF_DEGRADED_PROMOTED)
        event->rc = OCF_PROMOTED;
    if (event->rc != original && !expired && (!event->node->shutdown || event->node->online))
        record_failure(event);
    if (event->masked) {
        event->status = EXEC_DONE;
        event->rc = OCF_NOT_RUNNING;
    }
    if (event->status == EXEC_NO_FENCE_DEVICE || event->status == EXEC_NO_SECRETS)
        event->status = EXEC_ERROR_HARD;
    if (event->status != EXEC_DONE && event->status != EXEC_ERROR)
        return;
    event->status = event->expected >= 0 && event->rc == event->expected ? EXEC_DONE : EXEC_ERROR;
    switch (event->rc) {
    case OCF_OK:
        if (event->probe && event->expected == OCF_NOT_RUNNING)
            event->status = EXEC_DONE;
        break;
    case OCF_NOT_RUNNING:
        remap_not_running(event, on_fail);
        break;
    case OCF_PROMOTED:
        if (event->probe && event->rc != event->expected)
            event->status = EXEC_DONE;
        if (!expired || event->rc == event->expected)
            event->rsc->orig_role = ROLE_PROMOTED;
        break;
    case OCF_FAILED_PROMOTED:
        if (!expired)
            event->rsc->orig_role = ROLE_PROMOTED;
        event->status = EXEC_ERROR;
        break;
    case OCF_NOT_CONFIGURED:
        event->status = EXEC_ERROR_FATAL;
        break;
    case OCF_UNIMPLEMENTED:
        if (event->interval_ms > 0) {
            event->status = EXEC_NOT_SUPPORTED;
            break;
        } /* else like the next */
        /* fall through */
    case OCF_NOT_INSTALLED:
    case OCF_INVALID_PARAM:
    case OCF_PRIVILEGES:
        if (!expired)
            block_if_unrecoverable(event);
        event->status = EXEC_ERROR_HARD;
        break;
    default:
        if (event->status == EXEC_DONE)
            event->status = EXEC_ERROR;
        break;
    }
}

static void forget_failure(struct event *event, enum on_fail *on_fail)
{
    switch (*on_fail) {
    case FAIL_STOP:
    case FAIL_BAN:
    case FAIL_STANDBY:
    case FAIL_FENCE:
        break;
    case FAIL_RESET_REMOTE:
        if (event->rsc->remote_reconnect_ms > 0)
            break;
        /* fall through */
    default:
        *on_fail = FAIL_IGNORE;
        event->rsc->next_role = ROLE_UNKNOWN;
    }
}

/* The operation did what it should, with exit code rc. */
static void succeeded(struct event *event, int rc, const struct past_op *last_failure, enum on_fail *on_fail)
{
    struct resource *rsc = event->rsc;
    bool clears = false;

    if (rc == OCF_NOT_INSTALLED || event->masked) {
        rsc->orig_role = ROLE_STOPPED;
    } else if (rc == OCF_NOT_RUNNING) {
        clears = true;
    } else if (event->task == TASK_MONITOR) {
        clears = last_failure != NULL && sc_eq(event->key, sc_past_op_key(last_failure));
        if (rsc->orig_role < ROLE_STARTED)
            set_active(rsc);
    } else if (event->task == TASK_START || event->task == TASK_MIGRATE_FROM) {
        rsc->orig_role = ROLE_STARTED;
        clears = true;
    } else if (event->task == TASK_STOP) {
        rsc->orig_role = ROLE_STOPPED;
        clears = true;
    } else if (event->task == TASK_PROMOTE) {
        rsc->orig_role = ROLE_PROMOTED;
        rsc->promoted_term = sc_xml_long(event->op->xml, HISTORY_TERM, 0);
        clears = true;
    } else if (event->task == TASK_DEMOTE) {
        clears = *on_fail == FAIL_DEMOTE;
        rsc->orig_role = ROLE_UNPROMOTED;
    } else if (event->task == TASK_MIGRATE_TO) {
        migrate_to_succeeded(event);
    } else if (rsc->orig_role < ROLE_STARTED) {
        set_active(rsc);
    }
    if (clears)
        forget_failure(event, on_fail);
}

/* What on-fail says, or its default for this operation. */
static enum on_fail parse_on_fail(struct event *event, const char *value)
{
    struct resource *rsc = event->rsc;
    bool fencing = event->run->fencing_enabled, given = true;
    enum on_fail on_fail = FAIL_IGNORE;

    if (sc_ieq(value, "block"))
        on_fail = FAIL_BLOCK;
    else if (sc_ieq(value, "fence"))
        on_fail = fencing ? FAIL_FENCE : FAIL_STOP;
    else if (sc_ieq(value, "standby"))
        on_fail = FAIL_STANDBY;
    else if (sc_ieq(value, "ignore") || sc_ieq(value, "nothing"))
        on_fail = FAIL_IGNORE;
    else if (sc_ieq(value, "migrate"))
        on_fail = FAIL_BAN;
    else if (sc_ieq(value, "stop"))
        on_fail = FAIL_STOP;
    else if (sc_ieq(value, "restart"))
        on_fail = FAIL_RESTART;
    else if (sc_ieq(value, "restart-container") && rsc->launcher != NULL)
        on_fail = FAIL_RESTART_CONTAINER;
    else if (sc_ieq(value, "demote"))
        on_fail = FAIL_DEMOTE;
    else
        given = false;
    bool reset = (rsc->flags & RSC_REMOTE_CONNECTION) &&
                 sc_is_remote_node(sc_node_find(event->run, rsc->id)) && !event->probe &&
                 event->task != TASK_START;
    if (reset && !(rsc->flags & RSC_MANAGED))
        given = false;
    if (given)
        return on_fail;
    if (rsc->launcher != NULL)
        return FAIL_RESTART_CONTAINER;
    if (reset)
        return (rsc->flags & RSC_MANAGED) ? FAIL_RESET_REMOTE : FAIL_STOP;
    if (event->task == TASK_STOP)
        return fencing ? FAIL_FENCE : FAIL_BLOCK;
    return FAIL_RESTART;
}

static void failure_handling(struct event *event, enum on_fail *on_fail, enum role *fail_role)
{
    const struct op_config *config =
        sc_op_config(event->run, event->rsc, event->task, event->name, event->interval_ms);

    *on_fail = parse_on_fail(event, sc_attr(&config->meta, "on-fail"));
    if (*on_fail == FAIL_STOP || (*on_fail == FAIL_RESET_REMOTE && event->rsc->remote_reconnect_ms > 0))
        *fail_role = ROLE_STOPPED;
    else
        *fail_role = event->task == TASK_PROMOTE ? ROLE_UNPROMOTED : ROLE_STARTED;
}

static void demote_failed(struct event *event, enum on_fail configured)
{
    if (configured == FAIL_BLOCK) {
        event->rsc->orig_role = ROLE_PROMOTED;
        event->rsc->next_role = ROLE_STOPPED;
    } else {
        event->rsc->orig_role = event->rc == OCF_NOT_RUNNING ? ROLE_STOPPED : ROLE_UNPROMOTED;
    }
}

static void failed(struct event *event, enum on_fail configured, enum role fail_role,
                   const struct past_op **last_failure, enum on_fail *on_fail)
{
    struct resource *rsc = event->rsc;

    *last_failure = event->op;
    if (event->run->symmetric || event->rc != OCF_NOT_INSTALLED)
        record_failure(event);
    if (*on_fail < configured)
        *on_fail = configured;
    if (event->task == TASK_STOP)
        sc_score_node(event->run, rsc, event->node, -SC_INFINITY, "__stop_fail__");
    else if (event->task == TASK_MIGRATE_TO)
        migrate_to_failed(event);
    else if (event->task == TASK_MIGRATE_FROM)
        migrate_from_failed(event);
    else if (event->task == TASK_PROMOTE)
        rsc->orig_role = ROLE_PROMOTED;
    else if (event->task == TASK_DEMOTE)
        demote_failed(event, configured);
    if (event->probe && event->rc == OCF_NOT_INSTALLED)
        rsc->orig_role = ROLE_STOPPED;
    else if (rsc->orig_role < ROLE_STARTED)
        set_active(rsc);
    if (fail_role != ROLE_STARTED && rsc->next_role < fail_role)
        rsc->next_role = fail_role;
    if (fail_role == ROLE_STOPPED)
        sc_ban_from_all(event->run, rsc);
}

static bool failure_is_newer(const struct event *event, const struct past_op *last_failure)
{
    int64_t mine, theirs;

    if (last_failure == NULL || !sc_eq(event->name, sc_op_says(last_failure, OP_TASK)) ||
        last_failure->interval_ms != event->interval_ms)
        return false;
    return sc_long(sc_get(event->op->xml, "last-rc-change"), &mine) &&
           sc_long(sc_get(last_failure->xml, "last-rc-change"), &theirs) && theirs >= mine;
}

static void pending(struct event *event, const struct past_op *last_failure)
{
    struct resource *rsc = event->rsc;

    if (failure_is_newer(event, last_failure))
        return;
    if (event->task == TASK_START) {
        rsc->flags |= RSC_START_PENDING;
        set_active(rsc);
    } else if (event->task == TASK_PROMOTE) {
        rsc->orig_role = ROLE_PROMOTED;
    } else if (event->task == TASK_MIGRATE_TO && event->node->unclean) {
        struct node *target = sc_node_find(event->run, sc_get(event->op->xml, "migrate_target"));
        if (target != NULL)
            sc_action(event->run, rsc, TASK_STOP, target, false);
    }
    if (rsc->pending_task == NULL && (event->task != TASK_MONITOR || event->interval_ms > 0)) {
        rsc->pending_task = sc_keep(event->run, event->name);
        rsc->pending_node = event->node;
    }
}

/* Handles an expired result; true if nothing more is to be done about it. */
static bool expired_result(struct event *event, int original_rc)
{
    if (event->masked && original_rc != event->expected) {
        if (event->rsc->orig_role <= ROLE_STOPPED)
            event->rsc->orig_role = ROLE_UNKNOWN;
        return true;
    }
    if (event->rc == event->expected)
        return false;
    if (event->interval_ms == 0)
        return true;
    if (event->node->online && !event->node->unclean) {
        SC_PUSH(event->run, &event->run->expired_ops, event->op->xml);
        return true;
    }
    return false;
}

static bool read_event(struct event *event)
{
    int64_t status, rc;

    event->id = sc_op_says(event->op, OP_ID);
    event->name = sc_op_says(event->op, OP_TASK);
    if (event->id == NULL || event->name == NULL)
        return false;
    event->task = event->op->task;
    event->interval_ms = event->op->interval_ms;
    event->probe = event->task == TASK_MONITOR && event->interval_ms == 0;
    switch (event->task) {
    case TASK_MONITOR:
    case TASK_START:
    case TASK_STOP:
    case TASK_PROMOTE:
    case TASK_DEMOTE:
    case TASK_MIGRATE_TO:
    case TASK_MIGRATE_FROM:
        break;
    default:
        if (!sc_eq(event->name, "asyncmon"))
            return false;
    }
    if (!sc_long(sc_op_says(event->op, OP_STATUS), &status) || status < EXEC_PENDING ||
        status > EXEC_NO_SECRETS || status == EXEC_CANCELLED || !sc_long(sc_op_says(event->op, OP_RC), &rc) ||
        rc < 0 || rc > 255)
        return false;
    event->status = (enum exec_status)status;
    event->rc = (int)rc;
    event->masked = event->probe && !sc_is_bundled(event->rsc) && sc_masks_probe(rc, status);
    event->expected = sc_target_rc(sc_op_says(event->op, OP_TRANSITION));
    event->key = sc_past_op_key(event->op);
    return true;
}

static void mask_probe(struct event *event, const struct past_op *last_failure, enum on_fail *on_fail)
{
    struct resource *banned = (event->rsc->flags & RSC_UNIQUE) ? event->rsc : sc_top(event->rsc);

    succeeded(event, event->expected, last_failure, on_fail);
    record_failure(event);
    sc_score_node(event->run, banned, event->node, -SC_INFINITY, "masked-probe-failure");
}

static void handle_failure(struct event *event, const struct past_op **last_failure, enum on_fail *on_fail)
{
    struct resource *top = (event->rsc->flags & RSC_UNIQUE) ? event->rsc : sc_top(event->rsc);
    enum on_fail configured;
    enum role fail_role;

    failure_handling(event, &configured, &fail_role);
    if (configured == FAIL_IGNORE || (configured == FAIL_RESTART_CONTAINER && event->task == TASK_STOP)) {
        succeeded(event, event->expected, *last_failure, on_fail);
        event->rsc->flags |= RSC_IGNORE_FAILURE;
        record_failure(event);
        if (configured == FAIL_RESTART_CONTAINER && *on_fail <= FAIL_RESTART)
            *on_fail = configured;
        return;
    }
    failed(event, configured, fail_role, last_failure, on_fail);
    if (event->status == EXEC_ERROR_HARD)
        sc_score_node(event->run, top, event->node, -SC_INFINITY, "hard-error");
    else if (event->status == EXEC_ERROR_FATAL)
        sc_score_all(event->run, top, -SC_INFINITY, "fatal-error");
}

static void not_installed(struct event *event, const struct past_op **last_failure, enum on_fail *on_fail)
{
    struct resource *top = (event->rsc->flags & RSC_UNIQUE) ? event->rsc : sc_top(event->rsc);
    enum on_fail configured;
    enum role fail_role;

    failure_handling(event, &configured, &fail_role);
    if (configured == FAIL_IGNORE)
        *on_fail = FAIL_BAN;
    sc_score_node(event->run, top, event->node, -SC_INFINITY, "hard-error");
    failed(event, configured, fail_role, last_failure, on_fail);
}

static void unpack_op(struct run *run, struct resource *rsc, struct node *node, const struct past_op *op,
                      const struct past_op **last_failure, enum on_fail *on_fail)
{
    struct event event = {.run = run, .rsc = rsc, .node = node, .op = op};

    if (!read_event(&event))
        return;
    bool expired = check_expiry(&event);
    int original_rc = event.rc;
    remap(&event, on_fail, expired);
    if (expired && expired_result(&event, original_rc))
        return;
    if (event.masked) {
        mask_probe(&event, *last_failure, on_fail);
        return;
    }
    switch (event.status) {
    case EXEC_PENDING:
        pending(&event, *last_failure);
        return;
    case EXEC_DONE:
        succeeded(&event, event.rc, *last_failure, on_fail);
        return;
    case EXEC_NOT_INSTALLED:
        not_installed(&event, last_failure, on_fail);
        return;
    case EXEC_NOT_CONNECTED:
        if (node->remote && node->connection != NULL && (node->connection->flags & RSC_MANAGED))
            mark_failed(node->connection);
        break;
    default:
        break;
    }
    handle_failure(&event, last_failure, on_fail);
}

/* --- the state of one resource on one node --- */

static void mark_probed(struct run *run, struct resource *rsc, struct node *node)
{
    if (rsc->orig_role == ROLE_UNKNOWN)
        return;
    for (struct resource *at = rsc; at != NULL; at = at->parent) {
        sc_table_add(run, &at->probed, node, NULL);
        if (at->flags & RSC_UNIQUE)
            break;
    }
}

/* Something active on a node that is down: that node must be fenced, or its connection restarted. */
static void active_on_lost_node(struct run *run, struct resource *rsc, struct node *node)
{
    if (sc_is_guest(node)) {
        mark_failed(rsc);
        sc_fence_node(run, node, hf_arena_printf(run->arena, "%s is thought to be active there", rsc->id),
                      false);
        return;
    }
    if (!run->fencing_enabled)
        return;
    const char *reason = hf_arena_printf(run->arena, "%s is thought to be active there", rsc->id);
    if (sc_is_remote_node(node) && node->connection != NULL && !(node->connection->flags & RSC_FAILED)) {
        node->seen = false;
        reason = hf_arena_printf(run->arena,
                                 "%s is active there (fencing will be revoked if remote connection can be "
                                 "re-established elsewhere)",
                                 rsc->id);
    }
    sc_fence_node(run, node, reason, false);
}

static void stop_active(struct run *run, struct resource *rsc, struct node *node, bool active)
{
    if (active)
        sc_action(run, rsc, TASK_STOP, node, false);
}

static void reset_remote(struct run *run, struct resource *rsc, struct node *node, bool active)
{
    mark_failed(rsc);
    if (run->fencing_enabled) {
        struct node *remote = (rsc->flags & RSC_REMOTE_CONNECTION) ? sc_node_find(run, rsc->id) : NULL;
        if (remote != NULL && sc_is_remote_node(remote) && !remote->remote_fenced)
            sc_fence_node(run, remote, "remote connection is unrecoverable", false);
    }
    stop_active(run, rsc, node, active);
    if (rsc->remote_reconnect_ms > 0)
        rsc->next_role = ROLE_STOPPED;
}

static void restart_container(struct run *run, struct resource *rsc, struct node *node, bool active)
{
    mark_failed(rsc);
    if (rsc->launcher != NULL && sc_is_bundled(rsc))
        SC_PUSH(run, &run->stop_needed, rsc->launcher);
    else if (rsc->launcher != NULL)
        sc_action(run, rsc->launcher, TASK_STOP, node, false);
    else
        stop_active(run, rsc, node, active);
}

/* Does what on-fail asks for. */
static void apply_on_fail(struct run *run, struct resource *rsc, struct node *node, enum on_fail on_fail,
                          bool active)
{
    switch (on_fail) {
    case FAIL_IGNORE:
        break;
    case FAIL_DEMOTE:
        rsc->flags |= RSC_FAILED;
        sc_action(run, rsc, TASK_DEMOTE, node, false);
        break;
    case FAIL_FENCE:
        sc_fence_node(run, node, hf_arena_printf(run->arena, "%s failed there", rsc->id), false);
        break;
    case FAIL_STANDBY:
        node->standby = node->standby_onfail = true;
        break;
    case FAIL_BLOCK:
        rsc->flags = (rsc->flags | RSC_BLOCKED) & ~(unsigned)RSC_MANAGED;
        break;
    case FAIL_BAN:
        sc_score_node(run, rsc, node, -SC_INFINITY, "__action_migration_auto__");
        break;
    case FAIL_STOP:
        rsc->next_role = ROLE_STOPPED;
        break;
    case FAIL_RESTART:
        if (active) {
            mark_failed(rsc);
            stop_active(run, rsc, node, true);
        }
        break;
    case FAIL_RESTART_CONTAINER:
        restart_container(run, rsc, node, active);
        break;
    case FAIL_RESET_REMOTE:
        reset_remote(run, rsc, node, active);
        break;
    }
}

static void process_state(struct run *run, struct resource *rsc, struct node *node, enum on_fail on_fail)
{
    bool active = rsc->orig_role > ROLE_STOPPED, was_failed = on_fail != FAIL_IGNORE;

    mark_probed(run, rsc, node);
    if (active && !node->online && !node->maintenance && (rsc->flags & RSC_MANAGED))
        active_on_lost_node(run, rsc, node);
    if (node->unclean)
        on_fail = FAIL_IGNORE; /* fencing takes care of it */
    apply_on_fail(run, rsc, node, on_fail, active);
    if ((rsc->flags & RSC_FAILED) && (rsc->flags & RSC_REMOTE_CONNECTION)) {
        struct node *remote = sc_node_find(run, rsc->id);
        if (remote != NULL && remote->unclean)
            remote->seen = true;
    }
    if (active) {
        sc_add_running(run, rsc, node, was_failed);
        if (on_fail == FAIL_DEMOTE || on_fail == FAIL_BLOCK)
            rsc->flags |= RSC_FAILED;
        else if (on_fail != FAIL_IGNORE)
            mark_failed(rsc);
    } else if (rsc->history_id != NULL && strchr(rsc->history_id, ':') != NULL) {
        sc_history_id(run, rsc, NULL);
    } else {
        struct actions stops = sc_find_actions(run, rsc, sc_key(TASK_STOP), node, false);
        for (int i = 0; i < stops.n; i++)
            stops.at[i]->flags |= ACT_OPTIONAL;
    }
    if (rsc->orig_role == ROLE_STOPPED && rsc->active.n > 0 && rsc->migration_target != NULL &&
        rsc->migration_source == node)
        rsc->orig_role = ROLE_STARTED;
}

/* Recurring operations that run now are known as optional actions. */
static void process_recurring(struct run *run, struct resource *rsc, struct node *node,
                              const struct history *history)
{
    int start = history->start, stop = history->stop;

    for (int i = 0; i < history->n && node->online; i++) {
        const struct past_op *op = &history->ops[i];
        if ((start < stop && i <= stop) || i < start || op->interval_ms == 0 ||
            sc_eq(sc_op_says(op, OP_STATUS), "-1"))
            continue;
        if (sc_op_says(op, OP_TASK) != NULL)
            sc_action_named(run, rsc, sc_op_says(op, OP_TASK), op->interval_ms, node, true);
    }
}

/* --- which resource an entry is about --- */

static xmlNode *fake_xml(struct run *run, const char *id, const xmlNode *entry)
{
    xmlNode *xml = hf_xml_add(xmlDocGetRootElement(run->scratch), "primitive");
    for (const xmlAttr *attr = entry->properties; attr != NULL; attr = attr->next)
        hf_xml_set(xml, (const char *)attr->name, sc_get(entry, (const char *)attr->name));
    hf_xml_set(xml, "id", id);
    return xml;
}

/* A resource that is no longer configured but has a history. */
static struct resource *removed_resource(struct run *run, const char *id, const xmlNode *entry)
{
    struct resource *rsc = sc_unpack_resource(run, fake_xml(run, id, entry), NULL, NULL);

    if (rsc == NULL)
        return NULL;
    if (rsc->flags & RSC_REMOTE_CONNECTION) {
        struct node *node = sc_node_find(run, id);
        if (node == NULL)
            node = sc_node_new(run, id, id, true, 0);
        sc_link_remote(run, rsc);
        node->shutdown = true;
    }
    if (sc_get(entry, "container") != NULL)
        rsc->flags |= RSC_REMOVED_LAUNCHED;
    rsc->flags |= RSC_REMOVED;
    SC_PUSH(run, &run->resources, rsc);
    if (!run->stop_removed)
        rsc->flags &= ~(unsigned)RSC_MANAGED;
    else
        sc_score_all(run, rsc, -SC_INFINITY, "__removed_do_not_run__");
    return rsc;
}

/* rsc or the member of it that is (an instance of) the primitive called name. */
struct resource *sc_find_in_instance(struct resource *rsc, const char *name)
{
    if (strcmp(rsc->id, name) == 0 || strcmp(rsc->xml_id, name) == 0)
        return rsc;
    for (int i = 0; i < rsc->children.n; i++) {
        struct resource *found = sc_find_in_instance(rsc->children.at[i], name);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static bool is_universal(const struct run *run, const struct resource *clone)
{
    return clone->kind == KIND_CLONE && clone->clone->max == run->nodes.n;
}

/* The instance of an anonymous clone that a history entry on node belongs to: one known to be there, else an
 * unused one, else a new one. */
static struct resource *anonymous_instance(struct run *run, struct node *node, struct resource *clone,
                                           const char *name)
{
    struct resource *found = NULL, *inactive = NULL;
    bool skip_inactive = false;

    for (int i = 0; i < clone->children.n && found == NULL; i++) {
        struct resource *child = clone->children.at[i];
        struct nodes there = {0};
        sc_locations(run, child, LOC_CURRENT | LOC_PENDING, &there);
        if (there.n > 0) {
            if (there.at[0] != node)
                continue;
            found = sc_find_in_instance(child, name);
            if (found != NULL && found->active.n > 0) {
                skip_inactive = true; /* two instances on one node: the second is too many */
                found = NULL;
            }
        } else if (!skip_inactive && inactive == NULL && !(child->flags & RSC_BLOCKED)) {
            inactive = sc_find_in_instance(child, name);
            if (inactive != NULL && inactive->pending_node != NULL && inactive->pending_node != node)
                inactive = NULL;
        }
    }
    if (found == NULL && !skip_inactive)
        found = inactive;
    if (found != NULL && !(found->flags & RSC_NEEDS_FENCING) && (!node->online || node->unclean) &&
        !sc_is_guest(node) && !is_universal(run, clone))
        found = NULL; /* an instance on a lost node does not use up a place */
    if (found == NULL) {
        struct resource *top = sc_clone_child(run, clone);
        found = top == NULL ? NULL : sc_find_in_instance(top, name);
    }
    return found;
}

static struct resource *find_resource(struct run *run, struct node *node, const char *id)
{
    struct resource *rsc = sc_rsc_find(run, id), *top = NULL;

    if (rsc == NULL) {
        const char *zero = hf_arena_printf(run->arena, "%.*s:0", (int)sc_base_length(id), id);
        rsc = sc_rsc_find(run, zero);
        if (rsc != NULL && (rsc->flags & RSC_UNIQUE))
            rsc = NULL;
        if (rsc != NULL)
            top = sc_top(rsc);
    } else if (rsc->kind != KIND_PRIMITIVE) {
        return NULL;
    } else {
        top = sc_top(rsc);
    }
    if (sc_is_anonymous_clone(top)) {
        if (sc_is_bundled(top)) {
            const struct resource *bundle = sc_bundle_of(top);
            rsc = NULL;
            for (int i = 0; i < bundle->bundle->replicas.n; i++)
                if (bundle->bundle->replicas.at[i]->node == node)
                    rsc = bundle->bundle->replicas.at[i]->child;
        } else {
            rsc = anonymous_instance(run, node, top, sc_base_name(run, id));
        }
    }
    if (rsc != NULL && !sc_eq(id, rsc->id) && !sc_eq(id, rsc->history_id))
        sc_history_id(run, rsc, id);
    return rsc;
}

static void shutdown_lock(struct run *run, const xmlNode *entry, struct resource *rsc, struct node *node)
{
    int64_t since = sc_xml_long(entry, "shutdown-lock", 0);

    if (since == 0)
        return;
    if (run->shutdown_lock_ms > 0 && run->now > since + sc_seconds(run->shutdown_lock_ms)) {
        sc_action(run, rsc, TASK_LRM_DELETE, node, false);
    } else {
        rsc->lock_node = node;
        rsc->lock_time = since;
    }
}

static struct resource *unpack_resource_history(struct run *run, struct node *node,
                                                const struct history *history)
{
    const struct past_op *last_failure = NULL;
    enum on_fail on_fail = FAIL_IGNORE;
    enum role wanted;

    if (history->id == NULL || (!run->shutdown_lock && history->n == 0))
        return NULL;
    struct resource *rsc = find_resource(run, node, history->id);
    if (rsc == NULL)
        rsc = history->n == 0 ? NULL : removed_resource(run, history->id, history->entry);
    if (rsc == NULL)
        return NULL;
    if (run->shutdown_lock)
        shutdown_lock(run, history->entry, rsc, node);
    enum role before = rsc->orig_role;
    rsc->orig_role = ROLE_UNKNOWN;
    for (int i = 0; i < history->n; i++)
        unpack_op(run, rsc, node, &history->ops[i], &last_failure, &on_fail);
    process_recurring(run, rsc, node, history);
    process_state(run, rsc, node, on_fail);
    if (sc_target_role(rsc, &wanted) && (rsc->next_role == ROLE_UNKNOWN || wanted < rsc->next_role))
        rsc->next_role = wanted;
    if (before > rsc->orig_role)
        rsc->orig_role = before;
    return rsc;
}

/* Guests inside a container that is still configured, though the guest itself is not. */
static void link_removed_guests(struct run *run, const struct histories *list)
{
    for (int i = 0; i < list->n; i++) {
        const char *container = sc_get(list->at[i].entry, "container");
        struct resource *launcher = container == NULL ? NULL : sc_rsc_find(run, container);
        struct resource *rsc = launcher == NULL ? NULL : sc_rsc_find(run, list->at[i].id);
        if (rsc == NULL || rsc->launcher != NULL || !(rsc->flags & RSC_REMOVED_LAUNCHED))
            continue;
        rsc->launcher = launcher;
        SC_PUSH(run, &launcher->launched, rsc);
    }
}

/* A lock is held by one node.  Where two say that they promoted an instance, the one with the older term, or
 * without any, has lost it since, and has only not said so yet. */
void sc_settle_promotions(struct resource *rsc)
{
    int64_t newest = 0;

    for (int i = 0; i < rsc->children.n; i++) {
        const struct resource *child = rsc->children.at[i];

        sc_settle_promotions(rsc->children.at[i]);
        if (child->orig_role == ROLE_PROMOTED && child->promoted_term > newest)
            newest = child->promoted_term;
    }
    for (int i = 0; (rsc->flags & RSC_PROMOTABLE) && i < rsc->children.n; i++) {
        struct resource *child = rsc->children.at[i];

        if (child->orig_role == ROLE_PROMOTED && child->promoted_term < newest)
            child->orig_role = ROLE_UNPROMOTED;
    }
}

void sc_unpack_node_history(struct run *run, struct node *node, const xmlNode *state)
{
    struct histories list = {0}; /* each is unpacked while it is in the processor's cache */
    bool removed_guest = false;

    HF_XML_EACH (entry, sc_history_entries(state), "lrm_resource") {
        struct history history = sc_history(run, entry);
        struct resource *rsc = unpack_resource_history(run, node, &history);
        if (rsc != NULL && sc_has_agent_of(rsc, entry))
            history.agent_of = rsc;
        SC_PUSH(run, &list, history);
        if (rsc != NULL && (rsc->flags & RSC_REMOVED_LAUNCHED))
            removed_guest = true;
    }
    if (removed_guest)
        link_removed_guests(run, &list);
    if (state == node->state) {
        node->histories = list;
        node->histories_known = true;
    }
}
