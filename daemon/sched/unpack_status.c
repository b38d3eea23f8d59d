/* unpack_status.c - <status>: which nodes are up, and in what state.
 *
 * What ran where is in unpack_history.c.  Histories are read until nothing new becomes readable, as a guest's
 * can be read only once its host's has shown that the guest runs. */
#include "daemon/sched/model.h"

#include <stdlib.h>

/* When the node became a member: -1 unknown, 0 it is not, else a time. */
static int64_t member_since(const struct run *run, const xmlNode *state)
{
    const char *text = hf_xml_get(state, "in_ccm");
    bool is_member;
    int64_t when;

    if (text == NULL)
        return -1;
    if (hf_parse_bool(text, &is_member))
        return is_member ? run->now : 0;
    return sc_long(text, &when) && when >= 0 ? when : -1;
}

/* When the node joined the process group: 0 it did not, else a time. */
static int64_t online_since(const xmlNode *state)
{
    const char *text = hf_xml_get(state, "crmd");
    int64_t when;

    if (text == NULL || sc_ieq(text, "offline"))
        return 0;
    if (sc_ieq(text, "online"))
        return 1;
    return sc_long(text, &when) && when > 0 ? when : 0;
}

static bool terminate_requested(const struct node *node)
{
    const char *value = sc_attr(&node->attrs, "terminate");
    bool flag;
    int64_t number;

    if (hf_parse_bool(value, &flag))
        return flag;
    return sc_long(value, &number) && number > 0;
}

bool sc_shutdown_requested(const struct node *node)
{
    const char *value = sc_attr(&node->attrs, "shutdown");
    return value != NULL && strcmp(value, "0") != 0;
}

static bool online_without_fencing(struct run *run, const xmlNode *state, struct node *node)
{
    if (member_since(run, state) <= 0)
        return false;
    if (online_since(state) > 0)
        return sc_ieq(hf_xml_get(state, "join"), "member");
    if (node->expected_up)
        sc_fence_node(run, node, "peer is unexpectedly down", false);
    return false;
}

static bool pending_too_long(struct run *run, int64_t member, int64_t online)
{
    if (run->node_pending_ms == 0 || member <= 0 || online > 0)
        return false;
    int64_t limit = member + sc_seconds(run->node_pending_ms);
    if (run->now >= limit)
        return true;
    sc_recheck(run, limit);
    return false;
}

static void set_pending(struct node *node)
{
    node->standby = true;
    node->pending = true;
}

/* With fencing, a node that is neither cleanly up nor cleanly down is fenced. */
static bool online_with_fencing(struct run *run, const xmlNode *state, struct node *node)
{
    const char *join = hf_xml_get(state, "join"), *expected = hf_xml_get(state, "expected");
    int64_t member = member_since(run, state), online = online_since(state);

    if (node->shutdown)
        return online > 0;
    if (member < 0) {
        sc_fence_node(run, node, "peer has not been seen by the cluster", false);
        return false;
    }
    if (sc_eq(join, "nack")) {
        sc_fence_node(run, node, "peer failed Pacemaker membership criteria", false);
    } else if (terminate_requested(node)) {
        if (member <= 0 && online <= 0 && sc_eq(join, "down"))
            return false;
        sc_fence_node(run, node, "fencing was requested", false);
    } else if (expected == NULL || sc_eq(expected, "down")) {
        if (pending_too_long(run, member, online))
            sc_fence_node(run, node, "peer pending timed out on joining the process group", false);
        else if (member > 0 || online > 0)
            set_pending(node);
    } else if (member <= 0) {
        sc_fence_node(run, node, "peer is no longer part of the cluster", true);
    } else if (online <= 0) {
        sc_fence_node(run, node, "peer process is no longer available", false);
    } else if (sc_eq(join, "pending") || sc_eq(join, "down")) {
        set_pending(node);
    } else if (!sc_eq(join, "member")) {
        sc_fence_node(run, node, "peer was in an unknown state", false);
    }
    return member > 0;
}

static void node_online(struct run *run, const xmlNode *state, struct node *node)
{
    node->shutdown = sc_shutdown_requested(node);
    if (!node->shutdown && sc_ieq(hf_xml_get(state, "expected"), "member"))
        node->expected_up = true;
    bool online = run->fencing_enabled ? online_with_fencing(run, state, node)
                                       : online_without_fencing(run, state, node);
    if (online)
        node->online = true;
    if (!online || node->shutdown)
        node->base.score = -SC_INFINITY;
}

/* A remote node is up if its connection is started. */
static void remote_online(struct node *node)
{
    struct resource *rsc = node->connection;

    if (rsc == NULL) {
        node->online = false;
        return;
    }
    struct resource *launcher = rsc->launcher;
    const struct node *host = launcher != NULL && rsc->active.n == 1 ? rsc->active.at[0] : NULL;
    if (rsc->orig_role == ROLE_STARTED) {
        node->online = true;
        if (rsc->next_role == ROLE_STOPPED)
            node->shutdown = true;
    }
    if (launcher != NULL && (launcher->flags & RSC_FAILED)) {
        node->online = false;
        node->remote_reset = true;
    } else if (rsc->flags & RSC_FAILED) {
        node->online = false;
    } else if (rsc->orig_role == ROLE_STOPPED || (launcher != NULL && launcher->orig_role == ROLE_STOPPED)) {
        node->online = false;
        node->remote_reset = false;
    } else if (host != NULL && !host->online && host->unclean) {
        node->online = false;
        node->remote_reset = true;
    }
}

static void remote_attrs(struct run *run, struct node *node, const xmlNode *state)
{
    const char *discovery;

    node->remote_maintenance = sc_int(hf_xml_get(state, "node_in_maintenance"), 0, 0) > 0;
    if (!node->remote_reset) {
        node->unclean = false;
        node->seen = true;
    }
    sc_node_attrs(run, node, hf_xml_child(state, "transient_attributes"), true);
    node->failcounts_known = false;
    node->failcounts.n = 0;
    if (sc_shutdown_requested(node))
        node->shutdown = true;
    if (sc_true(sc_attr(&node->attrs, "standby")))
        node->standby = true;
    if (sc_true(sc_attr(&node->attrs, "maintenance")) ||
        (node->connection != NULL && !(node->connection->flags & RSC_MANAGED)))
        node->maintenance = true;
    discovery = sc_attr(&node->attrs, "resource-discovery-enabled");
    if (discovery != NULL && !sc_true(discovery) && (!sc_is_remote_node(node) || run->fencing_enabled))
        node->probes_allowed = false;
}

static struct node *node_of_state(struct run *run, const xmlNode *state)
{
    struct node *node = sc_node_by_id(run, hf_xml_get(state, "id"));
    return node != NULL ? node : sc_node_find(run, hf_xml_get(state, "uname"));
}

static void unpack_state(struct run *run, const xmlNode *state)
{
    struct node *node = node_of_state(run, state);

    if (node == NULL || hf_xml_get(state, "id") == NULL) {
        sc_warn(run, "status has a state of node %s, which is not configured",
                hf_xml_get_or(state, "uname", "without a name"));
        return;
    }
    if (node->remote) {
        node->remote_fenced = sc_int(hf_xml_get(state, "node_fenced"), 0, 0) > 0;
        return;
    }
    sc_node_attrs(run, node, hf_xml_child(state, "transient_attributes"), true);
    if (sc_true(sc_attr(&node->attrs, "standby")))
        node->standby = true;
    if (sc_true(sc_attr(&node->attrs, "maintenance")))
        node->maintenance = true;
    node->unclean = false;
    node->seen = true;
    node_online(run, state, node);
    if (!run->quorate && node->online && run->no_quorum_policy == QUORUM_FENCE)
        sc_fence_node(run, node, "cluster does not have quorum", false);
}

/* Whether this node's history can be read now. */
static bool history_readable(const struct run *run, const struct node *node, bool all)
{
    if (node->unpacked)
        return false;
    if (all)
        return true;
    if (sc_is_guest(node))
        return node->connection->orig_role == ROLE_STARTED &&
               node->connection->launcher->orig_role == ROLE_STARTED;
    if (node->remote)
        return node->connection != NULL &&
               (run->shutdown_lock || node->connection->orig_role == ROLE_STARTED);
    return run->fencing_enabled || run->shutdown_lock || node->online;
}

/* One pass; true if anything was read. */
static bool unpack_histories(struct run *run, bool all)
{
    bool any = false;

    HF_XML_EACH (state, run->status, "node_state") {
        struct node *node = node_of_state(run, state);
        if (node == NULL || hf_xml_get(state, "uname") == NULL || !history_readable(run, node, all))
            continue;
        if (node->remote) {
            remote_online(node);
            remote_attrs(run, node, state);
        }
        node->unpacked = true;
        sc_unpack_node_history(run, node, state);
        any = true;
    }
    return any;
}

void sc_unpack_status(struct run *run)
{
    HF_XML_EACH (state, run->status, "node_state") {
        struct node *node = node_of_state(run, state);
        if (node != NULL && node->state == NULL)
            node->state = state;
        unpack_state(run, state);
    }
    while (unpack_histories(run, false))
        ;
    unpack_histories(run, run->fencing_enabled);
    for (int i = 0; i < run->resources.n; i++)
        sc_settle_promotions(run->resources.at[i]);
    for (int i = run->stop_needed.n - 1; i >= 0; i--) {
        struct node *node = sc_current(run->stop_needed.at[i]);
        if (node != NULL)
            sc_action(run, run->stop_needed.at[i], TASK_STOP, node, false);
    }
    for (int i = 0; i < run->by_name.n; i++) {
        struct node *node = run->by_name.at[i];
        if (!node->remote)
            continue;
        if (node->shutdown && node->connection != NULL)
            node->connection->next_role = ROLE_STOPPED;
        if (!node->unpacked)
            remote_online(node);
    }
}
