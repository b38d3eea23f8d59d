/* controller.c - what the coordinator does besides its own part: marks lost members, counts failures, runs
 * the scheduler and walks the transition.
 *
 * There is one loop: something changed (controller_want), the scheduler runs, its graph is walked, results
 * come in through the status; whatever was not foreseen by the graph in hand ends its walk and asks for the
 * next run.  Nothing of this is kept elsewhere: a new coordinator starts from the CIB. */
#include <stdio.h>

#include "daemon/node/private.h"

enum {
    GAP_MS = 30,           /* between two runs, so that a burst of changes costs one */
    AWAY_GRACE_MS = 10000, /* a daemon may be gone this long while its machine is there */
    JOIN_LIMIT_MS = 20000,
    NODES_RETRY_MS = 2000,
    FENCE_RETRY_MS = 2000,
    INFINITY_SCORE = 1000000,
    PATIENCE = 3, /* plans in a row that were outdated when they came */
    JOURNAL_MAX = 4 * 1024 * 1024,
    RECHECK_MS = 15 * 60 * 1000, /* cluster-recheck-interval */
    FENCE_ATTEMPTS = 10,         /* stonith-max-attempts */
};

static void walk(struct node *node, const struct transition_event *event);

/* --- wanting a run --- */

void controller_want(struct node *node, const char *why)
{
    struct controller *controller = &node->controller;

    if (!controller->active)
        return;
    controller->outdated = true;
    controller->not_before = 0; /* what happened need not wait for a fencing that failed */
    if (!controller->wanted) {
        controller->wanted = true;
        free(controller->why);
        controller->why = hf_strdup(why);
    }
    if (controller->walk != NULL) {
        struct transition_event event = {
            .type = TRANSITION_ABORT,
            .now = node->now,
            .priority = TRANSITION_INFINITY,
            .then = TRANSITION_RESTART,
            .reason = why,
        };

        walk(node, &event);
    }
}

static void drop_plan(struct controller *controller)
{
    transition_free(controller->walk);
    controller->walk = NULL;
    sched_output_free(controller->plan);
    controller->plan = NULL;
}

void controller_activate(struct node *node, bool active)
{
    struct controller *controller = &node->controller;
    bool now_active = active && node->is_dc && cib_replica_in_sync(node->replica);

    if (now_active == controller->active)
        return;
    drop_plan(controller);
    controller->active = now_active;
    controller->planning = false;
    controller->mirrored = false;
    controller->discarded = 0;
    controller->wanted = false;
    controller->nodes_written = false;
    controller->marking = false;
    controller->join_by = 0;
    controller->n_waiters = 0;
    controller->n_awaited = 0;
    vip_forget_told(node);
    if (now_active) {
        fencing_take_over(node);
        controller_want(node, "a new coordinator");
    }
}

/* --- members --- */

static void remember_away(struct node *node, uint32_t id, int64_t grace)
{
    struct controller *controller = &node->controller;

    for (size_t i = 0; i < controller->n_away; i++)
        if (controller->away[i].id == id)
            return;
    hf_grow(&controller->away, &controller->away_capacity, controller->n_away + 1, sizeof(*controller->away));
    controller->away[controller->n_away++] = (struct away){.id = id, .deadline = node->now + grace};
}

static void forget_away(struct node *node, uint32_t id)
{
    struct controller *controller = &node->controller;

    for (size_t i = 0; i < controller->n_away; i++)
        if (controller->away[i].id == id)
            controller->away[i--] = controller->away[--controller->n_away];
}

static bool clean_leave(const struct node *node, uint32_t id)
{
    char text[12];
    const xmlNode *state =
        cib_document_node_state(cib_replica_document(node->replica), node_id_text(id, text));

    return strcmp(hf_xml_get_or(state, "expected", ""), "down") == 0;
}

/* Without fencing, only time makes sure that a machine that is not heard has stopped: it has noticed that it
 * lost the lock, or the quorum, and either obeyed or was reset by its watchdog. */
static void wait_for_takeover(struct node *node, int64_t ms)
{
    if (node->controller.takeover_at < node->now + ms)
        node->controller.takeover_at = node->now + ms;
}

/* Whether a configured node is not here, and did not leave in good order. */
static bool is_missing_any(const struct node *node)
{
    for (size_t i = 0; i < node->n_names; i++)
        if (!node_is_member(node, node->names[i].id) && !clean_leave(node, node->names[i].id))
            return true;
    return false;
}

/* Whoever had the lock before may have lost it just now, and not have stopped yet what it ran. */
void controller_lock_gained(struct node *node)
{
    if (is_missing_any(node))
        wait_for_takeover(node, node->lock.drain_ms);
}

/* Every member notes who left; who coordinates in the new view acts on it (mark_lost). */
void controller_view(struct node *node, const struct node_event *event)
{
    for (int i = 0; i < event->view.n_left; i++) {
        const struct node_member *left = &event->view.left[i];

        if (node_is_member(node, left->id))
            continue; /* another run of its daemon is there already */
        node_log(node, LOG_NOTICE, "%s left: %s", node_name(node, left->id),
                 left->machine_lost ? "its machine is not heard any more" : "its daemon ended");
        if (left->machine_lost)
            vip_hint(node, node_name(node, left->id), false);
        if (left->machine_lost && node->lock.configured && !clean_leave(node, left->id))
            wait_for_takeover(node, (int64_t)node->lock.lease_ms + node->lock.drain_ms);
        if (left->machine_lost || clean_leave(node, left->id))
            forget_away(node, left->id);
        else
            remember_away(node, left->id, AWAY_GRACE_MS);
    }
    for (int i = 0; i < event->view.n_members; i++)
        forget_away(node, event->view.members[i].id);
    /* What a machine runs that was up before this daemon is known only to its own daemon. */
    for (int i = 0; !node->controller.seen_view && i < event->view.machines; i++)
        if (!node_is_member(node, event->view.heard[i]))
            remember_away(node, event->view.heard[i], AWAY_GRACE_MS);
    vip_forget_told(node);
    node->controller.seen_view = true;
    node->controller.marking = false;
    node->controller.outdated = true;
}

/* The machine of a daemon that is away may go, too: then nothing of it is to be waited for. */
void controller_machines(struct node *node)
{
    struct controller *controller = &node->controller;

    for (size_t i = 0; i < controller->n_away; i++) {
        uint32_t id = controller->away[i].id;

        if (node_is_heard(node, id))
            continue;
        node_log(node, LOG_NOTICE, "%s: its machine is not heard any more", node_name(node, id));
        vip_hint(node, node_name(node, id), false);
        if (node->lock.configured && !clean_leave(node, id))
            wait_for_takeover(node, (int64_t)node->lock.lease_ms + node->lock.drain_ms);
        controller->away[i--] = controller->away[--controller->n_away];
        controller_want(node, "a machine is not heard any more");
    }
}

void controller_expelled(struct node *node, uint32_t id)
{
    remember_away(node, id, 0);
    controller_want(node, "a member was expelled");
}

static const struct away *find_away(const struct node *node, uint32_t id)
{
    for (size_t i = 0; i < node->controller.n_away; i++)
        if (node->controller.away[i].id == id)
            return &node->controller.away[i];
    return NULL;
}

void controller_confirm(struct node *node, uint32_t from, const struct node_message *message)
{
    struct node_message refusal = {
        .kind = NODE_MESSAGE_SETTLED,
        .to = from,
        .ticket = message->ticket,
        .rc = HF_REFUSED,
        .text = "its machine is still heard, only its daemon is gone",
    };

    if (!node->controller.active)
        return;
    if (node_is_heard(node, node_id_by_name(node, message->text))) {
        node_send(node, &refusal);
        return;
    }
    node->confirming = (struct waiter){from, message->ticket};
    fencing_confirm(node, message->text);
}

void controller_shoot(struct node *node, uint32_t from, const struct node_message *message)
{
    if (node->controller.active)
        fencing_shoot(node, from, message);
}

void controller_drop_transient(struct node *node, const char *id, struct hf_buf *update)
{
    const xmlNode *state = cib_document_node_state(cib_replica_document(node->replica), id);

    HF_XML_EACH (set, hf_xml_child(state, "transient_attributes"), "instance_attributes") {
        HF_XML_EACH (pair, set, "nvpair")
            cib_status_set_attribute(update, id, hf_xml_get_or(pair, "name", ""), NULL);
    }
}

static void mark_machine_lost(struct node *node, const xmlNode *state, const char *id, struct hf_buf *update)
{
    cib_status_set_node(update, id, "in_ccm", "false");
    cib_status_set_node(update, id, "crmd", "offline");
    cib_status_set_node(update, id, "join", "down");
    controller_drop_transient(node, id, update);
    node_log(node, LOG_NOTICE, "%s is marked as lost", hf_xml_get_or(state, "uname", id));
}

/* Its machine is there, its daemon did not come back: with fencing, that is a failed node.  Without, what
 * runs there goes on running, so that starting it elsewhere would run it twice: the node is left alone. */
static void give_up_on(struct node *node, const char *name, const char *id, struct hf_buf *update)
{
    if (node_fencing_enabled(node)) {
        node_log(node, LOG_ERR, "%s: its daemon did not come back: it will be fenced", name);
        cib_status_set_node(update, id, "crmd", "offline");
        cib_status_set_node(update, id, "join", "down");
    } else {
        node_log(node, LOG_ERR,
                 "%s: its daemon did not come back, and without fencing nothing of it can be taken over: "
                 "its resources are left alone until the daemon runs again",
                 name);
        cib_status_set_attribute(update, id, "maintenance", "true");
        cib_status_set_attribute(update, id, NODE_LEFT_ALONE, "true");
    }
}

/* Brings the status of nodes that are not members in line with what the group sees. */
static void mark_lost(struct node *node)
{
    const xmlNode *status = cib_document_status(cib_replica_document(node->replica));
    struct hf_buf update = {0};

    if (node->controller.marking)
        return;
    HF_XML_EACH (state, status, "node_state") {
        const char *id = hf_xml_get_or(state, "id", "");
        int64_t number;

        if (!hf_parse_int64(id, &number) || node_is_member(node, (uint32_t)number) ||
            strcmp(hf_xml_get_or(state, "in_ccm", "false"), "true") != 0)
            continue;

        struct away *away = (struct away *)find_away(node, (uint32_t)number);

        if (away == NULL) {
            mark_machine_lost(node, state, id, &update);
        } else if (away->deadline <= node->now && !away->given_up) {
            away->given_up = true;
            give_up_on(node, hf_xml_get_or(state, "uname", id), id, &update);
        }
    }
    node->controller.marking = update.length > 0;
    node_status_update(node, &update, TICKET_OWN | OWN_MARK);
}

/* What a member runs is known once it has put its state into the CIB. */
static bool all_published(const struct node *node)
{
    for (size_t i = 0; i < node->n_members; i++) {
        char id[12];
        const xmlNode *state = cib_document_node_state(cib_replica_document(node->replica),
                                                       node_id_text(node->members[i].id, id));

        if (strcmp(hf_xml_get_or(state, "join", ""), "member") != 0 ||
            strcmp(hf_xml_get_or(state, "crmd", ""), "online") != 0)
            return false;
    }
    return true;
}

/* Members get so long to do that; then the others go on without knowing. */
static void watch_joining(struct node *node)
{
    struct controller *controller = &node->controller;

    if (all_published(node))
        controller->join_by = 0;
    else if (controller->join_by == 0)
        controller->join_by = node->now + JOIN_LIMIT_MS;
}

/* What has no quorum stops at once, and waits for nothing. */
static bool awaiting_takeover(const struct node *node)
{
    uint32_t term;

    return node->controller.takeover_at > node->now && !node_fencing_enabled(node) &&
           quorum_now(node, &term) == CIB_QUORUM_YES && is_missing_any(node);
}

/* A configuration that was loaded need not name all nodes.  One that is not in it would be taken for gone,
 * and what runs there would be started elsewhere: whoever is here, or may run something still, must be in it.
 */
static bool must_be_configured(const struct node *node, uint32_t id)
{
    char text[12];
    const xmlNode *state =
        cib_document_node_state(cib_replica_document(node->replica), node_id_text(id, text));

    return node_is_member(node, id) || strcmp(hf_xml_get_or(state, "in_ccm", ""), "true") == 0 ||
           (state != NULL && node_fencing_enabled(node) && !clean_leave(node, id));
}

static bool misses_nodes(const struct node *node)
{
    const xmlNode *nodes =
        hf_xml_child(cib_document_configuration(cib_replica_document(node->replica)), "nodes");
    char id[12];

    for (size_t i = 0; i < node->n_names; i++)
        if (hf_xml_child_by_id(nodes, "node", node_id_text(node->names[i].id, id)) == NULL &&
            must_be_configured(node, node->names[i].id))
            return true;
    return false;
}

/* Whether nothing may be decided yet: the group has not agreed on quorum, a member's state is not known, a
 * daemon is expected back, a lost machine may still run what it ran, the lock is on its way to a member, or a
 * node is not configured that must be. */
static bool holding(const struct node *node)
{
    const struct controller *controller = &node->controller;

    if (cib_replica_quorate(node->replica) && misses_nodes(node)) /* without quorum nothing can be written */
        return true;
    if (!cib_replica_agreed(node->replica) || controller->marking || controller->join_by > node->now ||
        awaiting_takeover(node) || vip_moving_until(node) > node->now || quorum_grace(node) != INT64_MAX)
        return true;
    for (size_t i = 0; i < controller->n_away; i++)
        if (!controller->away[i].given_up && controller->away[i].deadline > node->now)
            return true;
    return false;
}

/* --- <nodes> --- */

static void put_property(struct hf_buf *change, const xmlNode *set, const char *name, const char *value)
{
    HF_XML_EACH (pair, set, "nvpair")
        if (strcmp(hf_xml_get_or(pair, "name", ""), name) == 0)
            return;
    hf_buf_printf(change, "<nvpair id=\"cib-bootstrap-options-%s\" name=\"%s\" value=\"", name, name);
    hf_buf_xml(change, value);
    hf_buf_puts(change, "\"/>");
}

static void put_properties(struct node *node, const xmlNode *configuration, struct hf_buf *change)
{
    const xmlNode *set = hf_xml_child_by_id(hf_xml_child(configuration, "crm_config"), "cluster_property_set",
                                            "cib-bootstrap-options");
    struct hf_buf pairs = {0};

    if (set == NULL) {
        put_property(&pairs, set, "cluster-infrastructure", "corosync");
        put_property(&pairs, set, "cluster-name", node->cluster == NULL ? "" : node->cluster);
        hf_buf_printf(change,
                      "<create into=\"crm_config\"><cluster_property_set id=\"cib-bootstrap-options\">%s"
                      "</cluster_property_set></create>",
                      hf_buf_text(&pairs));
    }
    hf_buf_free(&pairs);
}

/* The nodes that corosync is configured with are written into the configuration, also before they were ever
 * seen, so that constraints may name them. */
static void write_nodes(struct node *node)
{
    const xmlNode *configuration = cib_document_configuration(cib_replica_document(node->replica));
    const xmlNode *nodes = hf_xml_child(configuration, "nodes");
    struct hf_buf change = {0};
    char id[12];
    size_t head;

    if (node->controller.nodes_written || node->controller.nodes_retry > node->now ||
        !cib_replica_open(node->replica))
        return;
    hf_buf_puts(&change, "<change origin=\"members\">");
    head = change.length;
    put_properties(node, configuration, &change);
    for (size_t i = 0; i < node->n_names; i++) {
        const char *text = node_id_text(node->names[i].id, id);

        if (hf_xml_child_by_id(nodes, "node", text) != NULL)
            continue;
        hf_buf_printf(&change, "<create into=\"nodes\"><node id=\"%s\" uname=\"", text);
        hf_buf_xml(&change, node->names[i].name);
        hf_buf_puts(&change, "\"/></create>");
    }
    node->controller.nodes_written = true;
    if (change.length > head) {
        hf_buf_puts(&change, "</change>");
        node_change(node, TICKET_OWN | OWN_NODES, hf_buf_text(&change), change.length, "members");
    }
    hf_buf_free(&change);
}

void controller_nodes_refused(struct node *node)
{
    node->controller.nodes_written = false;
    node->controller.nodes_retry = node->now + NODES_RETRY_MS;
}

/* --- failures --- */

static int64_t failcount_now(const xmlNode *state, const char *name)
{
    const xmlNode *pair = executor_attribute(hf_xml_child(state, "transient_attributes"), name);
    int64_t value = 0;

    if (strcmp(hf_xml_get_or(pair, "value", ""), "INFINITY") == 0)
        return INFINITY_SCORE;
    hf_parse_int64(hf_xml_get(pair, "value"), &value);
    return value;
}

/* The failcount after one more failure of this operation; Pacemaker's rule: a failed stop, and by default a
 * failed start, counts as infinitely many; a failed probe or notification does not count. */
static bool next_failcount(const struct node *node, const char *task, int64_t interval, int64_t now,
                           int64_t *next)
{
    const struct sched_graph *graph =
        node->controller.plan == NULL ? NULL : sched_graph(node->controller.plan);
    const char *offset = NULL;

    if (interval == 0 && strcmp(task, "start") == 0)
        offset = graph == NULL ? "INFINITY" : graph->failed_start_offset;
    else if (interval == 0 && strcmp(task, "stop") == 0)
        offset = graph == NULL ? "INFINITY" : graph->failed_stop_offset;
    else if (interval == 0 && strcmp(task, "promote") != 0 && strcmp(task, "demote") != 0)
        return false;
    *next = offset != NULL && strcmp(offset, "INFINITY") == 0 ? INFINITY_SCORE : now + 1;
    if (*next > INFINITY_SCORE)
        *next = INFINITY_SCORE;
    return true;
}

/* An instance of an anonymous clone is counted under the clone's resource, as it is recorded. */
static void count_failure(struct node *node, const char *node_id, const char *resource, const xmlNode *op)
{
    const xmlNode *state = cib_document_node_state(cib_replica_document(node->replica), node_id);
    const char *task = hf_xml_get_or(op, "operation", "");
    struct hf_buf update = {0};
    int64_t interval = 0, next;
    HF_CLEANUP(hf_freep) char *when = hf_asprintf("%" PRId64, node->wall);
    HF_CLEANUP(hf_freep) char *count_name = NULL;
    HF_CLEANUP(hf_freep) char *last_name = NULL;
    HF_CLEANUP(hf_freep) char *value = NULL;

    hf_parse_int64(hf_xml_get(op, "interval"), &interval);
    count_name = hf_asprintf("fail-count-%s#%s_%" PRId64, resource, task, interval);
    last_name = hf_asprintf("last-failure-%s#%s_%" PRId64, resource, task, interval);
    if (!next_failcount(node, task, interval, failcount_now(state, count_name), &next))
        return;
    value = next == INFINITY_SCORE ? hf_strdup("INFINITY") : hf_asprintf("%" PRId64, next);
    cib_status_set_attribute(&update, node_id, count_name, value);
    cib_status_set_attribute(&update, node_id, last_name, when);
    node_status_update(node, &update, 0);
}

/* --- results --- */

static bool is_mine(const struct node *node, const struct node_key *key)
{
    const struct controller *controller = &node->controller;

    return controller->walk != NULL && strcmp(key->uuid, node->config.uuid) == 0 &&
           key->transition == sched_graph(controller->plan)->id &&
           transition_state(controller->walk, key->action) == TRANSITION_EXECUTING;
}

static void operation_seen(struct node *node, const char *node_id, const char *resource, const xmlNode *op)
{
    struct node_key key;
    int64_t rc = 0, status = 0;

    if (!node_key_parse(hf_xml_get(op, "transition-key"), &key) ||
        !hf_parse_int64(hf_xml_get(op, "rc-code"), &rc) ||
        !hf_parse_int64(hf_xml_get(op, "op-status"), &status) || status == RUNNER_PENDING)
        return;
    vip_move_seen(node, resource, op);
    if (status > 0 || rc != key.target_rc)
        count_failure(node, node_id, resource, op);
    if (!is_mine(node, &key)) {
        controller_want(node, "the result of an operation that is not of the present transition");
        return;
    }

    struct transition_event event = {.type = TRANSITION_RESULT,
                                     .now = node->now,
                                     .action = key.action,
                                     .rc = (int)rc,
                                     .status = (int)status};

    walk(node, &event);
}

static void history_seen(struct node *node, const struct cib_status_seen *seen)
{
    size_t length = strlen(seen->name);
    static const char copy[] = "_last_failure_0";

    /* A failed one-time operation is recorded twice; the copy says nothing new. */
    if (length > sizeof(copy) - 1 && strcmp(seen->name + length - (sizeof(copy) - 1), copy) == 0 &&
        strcmp(hf_xml_get_or(seen->entry, "interval", "0"), "0") == 0)
        return;
    operation_seen(node, seen->node_id, seen->resource, seen->entry);
}

static void status_seen(void *context, const struct cib_status_seen *seen)
{
    struct node *node = context;

    switch (seen->kind) {
    case CIB_STATUS_HISTORY:
        if (seen->name != NULL)
            history_seen(node, seen);
        break;
    case CIB_STATUS_HISTORY_REMOVED:
        /* One operation goes when it is cancelled, which is a step of a transition or follows one. */
        if (seen->name == NULL)
            controller_want(node, "the history of a resource was removed");
        break;
    case CIB_STATUS_NODE:
        controller_want(node, "the state of a node changed");
        break;
    case CIB_STATUS_ATTRIBUTE:
        if (strncmp(seen->name, NODE_VIP_ATTRIBUTE, strlen(NODE_VIP_ATTRIBUTE)) == 0)
            break; /* for people */
        controller_want(node, "an attribute of a node changed");
        break;
    case CIB_STATUS_TICKET:
        controller_want(node, "a ticket changed");
        break;
    case CIB_STATUS_FENCING: /* it is only told: what a fencing did is in the node's state */
        break;
    }
}

void controller_status_applied(struct node *node, const void *update, size_t length)
{
    if (node->controller.active)
        cib_status_update_each(update, length, status_seen, node);
}

void controller_done(struct node *node, const struct node_message *message)
{
    struct node_key key;

    if (!node->controller.active || !node_key_parse(message->key, &key) || !is_mine(node, &key))
        return;

    struct transition_event event = {.type = TRANSITION_RESULT,
                                     .now = node->now,
                                     .action = key.action,
                                     .rc = message->rc,
                                     .status = message->status};

    walk(node, &event);
}

/* --- doing --- */

static void finish(struct node *node, const struct graph_action *action, int rc, int status)
{
    struct transition_event event = {
        .type = TRANSITION_RESULT, .now = node->now, .action = action->id, .rc = rc, .status = status};

    walk(node, &event);
}

/* A VIP that is demoted here to be promoted there is handed over: its agent is told by the variable that it
 * would have with notify=true. */
static void name_successor(struct node *node, const struct graph_action *action, struct node_action *out)
{
    static const char name[] = "CRM_meta_notify_promote_uname";
    const char *successor = NULL;

    if (action->resource != NULL && strcmp(action->task, "demote") == 0 &&
        node_action_param(out, name) == NULL)
        successor = vip_successor(node->controller.plan, action->resource, action->node_name);
    if (successor == NULL)
        return;
    out->params = hf_realloc(out->params, out->n_params + 1, sizeof(*out->params));
    out->params[out->n_params++] = (struct node_pair){hf_strdup(name), hf_strdup(successor)};
}

static void fill_action(struct node *node, const struct graph_action *action, struct node_action *out)
{
    struct node_key key = {action->id, sched_graph(node->controller.plan)->id, action->target_rc, ""};
    const struct graph_resource *resource = action->resource;

    snprintf(key.uuid, sizeof(key.uuid), "%s", node->config.uuid);
    *out = (struct node_action){
        .key = node_key_make(&key),
        .task = hf_strdup(action->task),
        .operation = hf_strdup(action->key),
        .resource = hf_strdup(resource == NULL ? "" : resource->id),
        .class_ = hf_strdup(resource == NULL ? "" : resource->class_),
        .provider = hf_strdup(resource == NULL || resource->provider == NULL ? "" : resource->provider),
        .type = hf_strdup(resource == NULL ? "" : resource->type),
        .interval_ms = (uint32_t)action->interval_ms,
        .timeout_ms = (uint32_t)action->timeout_ms,
        .start_delay_ms = (uint32_t)action->start_delay_ms,
        .target_rc = action->target_rc,
        .no_record = action->no_record,
        .params = hf_calloc((size_t)action->n_attrs, sizeof(*out->params)),
        .n_params = (uint32_t)action->n_attrs,
    };
    for (int i = 0; i < action->n_attrs; i++) {
        out->params[i].name = hf_strdup(action->attrs[i].name);
        out->params[i].value = hf_strdup(action->attrs[i].value);
    }
    name_successor(node, action, out);
}

static void send_action(struct node *node, const struct graph_action *action, uint32_t to)
{
    struct node_message message = {.kind = NODE_MESSAGE_ACTION, .to = to};

    fill_action(node, action, &message.action);
    node_log(node, LOG_INFO, "%s on %s", action->key, action->node_name);
    if (to == node->self)
        executor_perform(node, &message.action);
    else
        node_send(node, &message);
    node_action_clear(&message.action);
}

static void clear_failcount(struct node *node, const struct graph_action *action)
{
    const xmlNode *state = cib_document_node_state(cib_replica_document(node->replica), action->node_id);
    struct hf_buf update = {0};
    size_t length = strlen(action->resource->id);

    HF_XML_EACH (set, hf_xml_child(state, "transient_attributes"), "instance_attributes") {
        HF_XML_EACH (pair, set, "nvpair") {
            const char *name = hf_xml_get_or(pair, "name", "");
            size_t prefix = strncmp(name, "fail-count-", 11) == 0     ? 11
                            : strncmp(name, "last-failure-", 13) == 0 ? 13
                                                                      : 0;

            if (prefix > 0 && strncmp(name + prefix, action->resource->id, length) == 0 &&
                name[prefix + length] == '#')
                cib_status_set_attribute(&update, action->node_id, name, NULL);
        }
    }
    node_status_update(node, &update, 0);
    finish(node, action, 0, RUNNER_DONE);
}

static bool too_many(const struct node *node, int failures)
{
    const char *given = node_property(node, "fencing-max-attempts", NULL);
    int64_t most = FENCE_ATTEMPTS;

    if (given == NULL)
        given = node_property(node, "stonith-max-attempts", NULL);
    if (given != NULL && strcmp(given, "INFINITY") == 0)
        return false;
    hf_parse_int64(given, &most);
    return failures >= most;
}

void controller_fenced(struct node *node, uint64_t request, bool done, int failures)
{
    struct controller *controller = &node->controller;
    struct transition_event event = {
        .type = TRANSITION_RESULT,
        .now = node->now,
        .action = (int)(request & UINT32_MAX),
        .rc = done ? 0 : 1,
        .status = done ? RUNNER_DONE : RUNNER_ERROR,
    };

    if (!done)
        controller->not_before = node->now + FENCE_RETRY_MS;
    if (!done && too_many(node, failures)) {
        node_log(node, LOG_ERR,
                 "fencing failed %d times in a row (stonith-max-attempts): it is tried again when something "
                 "changes, or after cluster-recheck-interval",
                 failures);
        controller->gave_up = true;
    }
    if (controller->walk == NULL || (request >> 32) != (uint32_t)controller->number ||
        transition_state(controller->walk, event.action) != TRANSITION_EXECUTING)
        return;
    walk(node, &event);
}

static void perform_event(struct node *node, const struct graph_action *action, uint32_t to)
{
    struct node_message message = {.kind = NODE_MESSAGE_EXIT, .to = to};

    if (strcmp(action->task, "clear_failcount") == 0) {
        clear_failcount(node, action);
    } else if (strcmp(action->task, "lrm_delete") == 0) {
        send_action(node, action, to);
    } else if (strcmp(action->task, "do_shutdown") == 0) {
        /* The node's own good-bye changes its state, which ends this transition. */
        node_send(node, &message);
        finish(node, action, 0, RUNNER_DONE);
    } else {
        node_log(node, LOG_WARNING, "the transition asks for '%s', which is not done here", action->task);
        finish(node, action, 0, RUNNER_DONE);
    }
}

static void perform(struct node *node, const struct graph_action *action)
{
    const char *id = action->router_node != NULL ? NULL : action->node_id;
    int64_t to = 0;

    if (action->kind == GRAPH_PSEUDO)
        return;
    if (action->router_node != NULL)
        to = node_id_by_name(node, action->router_node);
    else
        hf_parse_int64(id, &to);
    if (action->kind == GRAPH_FENCE) {
        fencing_request(node, action, (uint64_t)node->controller.number << 32 | (uint32_t)action->id);
        return;
    }
    if (!node_is_member(node, (uint32_t)to)) {
        node_log(node, LOG_WARNING, "%s cannot be done: %s is not a member", action->key, action->node_name);
        finish(node, action, RUNNER_OCF_ERROR, RUNNER_NOT_CONNECTED);
        return;
    }
    if (action->kind == GRAPH_RSC_OP)
        send_action(node, action, (uint32_t)to);
    else
        perform_event(node, action, (uint32_t)to);
}

static void ended(struct node *node, const struct transition_update *update)
{
    struct controller *controller = &node->controller;
    struct transition_counts counts = transition_counts(controller->walk);

    node_log(node, LOG_NOTICE, "transition %d: %d of %d actions done, %d failed%s%s", controller->number,
             counts.confirmed, counts.total, counts.failed,
             update->reason != NULL ? ", given up because " : "",
             update->reason != NULL ? update->reason : "");
    if (update->then == TRANSITION_RESTART && !controller->gave_up)
        controller->wanted = true;
    controller->gave_up = false;
    transition_free(controller->walk);
    controller->walk = NULL;
}

/* Steps the walk and does what it says.  Doing may end an action at once, which comes back here: the walk is
 * therefore only ended when the outermost step is through. */
static void walk(struct node *node, const struct transition_event *event)
{
    struct controller *controller = &node->controller;
    struct transition_update update = transition_step(controller->walk, event);
    int count = update.n_dispatch;
    HF_CLEANUP(hf_freep)
    const struct graph_action **dispatch =
        hf_memdup(update.dispatch, (size_t)count * sizeof(*update.dispatch));

    for (int i = 0; i < update.n_failed; i++)
        node_log(node, LOG_WARNING, "%s on %s failed", update.failed[i]->key,
                 update.failed[i]->node_name == NULL ? "no node" : update.failed[i]->node_name);
    controller->depth++;
    for (int i = 0; i < count; i++)
        perform(node, dispatch[i]);
    controller->depth--;
    if (update.ended)
        controller->over = true;
    if (controller->depth == 0 && controller->over) {
        struct transition_event last = {.type = TRANSITION_TICK, .now = node->now};

        update = transition_step(controller->walk, &last);
        controller->over = false;
        if (update.ended)
            ended(node, &update);
    }
}

/* --- running the scheduler --- */

static void log_warnings(struct node *node)
{
    struct controller *controller = &node->controller;
    struct hf_buf all = {0};
    int count;
    const char *const *warnings = sched_warnings(controller->plan, &count);

    for (int i = 0; i < count; i++)
        hf_buf_printf(&all, "%s\n", warnings[i]);
    if (controller->warned == NULL || strcmp(controller->warned, hf_buf_text(&all)) != 0)
        for (int i = 0; i < count; i++)
            node_log(node, LOG_WARNING, "configuration: %s", warnings[i]);
    free(controller->warned);
    controller->warned = hf_buf_take(&all);
}

/* When to run again even if nothing happens: when the scheduler says, and now and then for what it cannot
 * foresee (date specifications), and for fencing that was given up. */
static int64_t next_recheck(const struct node *node)
{
    int64_t said = sched_next_recheck(node->controller.plan), interval = RECHECK_MS, regular;
    const char *given = node_property(node, "cluster-recheck-interval", NULL);

    if (given != NULL && !sched_parse_interval(given, &interval))
        interval = RECHECK_MS;
    regular = interval <= 0 ? 0 : node->wall + (interval + 999) / 1000;
    return said == 0 || (regular != 0 && regular < said) ? regular : said;
}

/* Takes a plan over and begins to walk it. */
static void adopt(struct node *node, struct sched_output *plan, struct hf_error *error)
{
    struct controller *controller = &node->controller;
    struct transition_event start = {.type = TRANSITION_START, .now = node->now};

    drop_plan(controller);
    controller->plan = plan;
    controller->discarded = 0;
    if (error != NULL) {
        node_log(node, LOG_CRIT, "the scheduler refuses the CIB: %s", hf_error_text(error));
        hf_error_free(error);
        controller->recheck_at = 0;
        return;
    }
    log_warnings(node);
    controller->recheck_at = next_recheck(node);
    node_log(node, LOG_INFO, "transition %d: %d actions, because %s", controller->number,
             sched_graph(controller->plan)->n_actions,
             controller->why == NULL ? "of an abort" : controller->why);
    vip_distribute(node, controller->plan);
    controller->walk = transition_new(sched_graph(controller->plan));
    walk(node, &start);
}

/* Has the shell run the scheduler over what the CIB is now, beside this node (planner.h). */
static void order_plan(struct node *node, const struct sched_input *input)
{
    struct controller *controller = &node->controller;
    struct planner_job *job = hf_calloc(1, sizeof(*job));
    const struct cib_document *document = cib_replica_document(node->replica);

    if (controller->mirrored)
        planner_journal_root(&controller->journal, node_cib(node));
    else
        planner_journal_whole(&controller->journal, node_cib(node));
    controller->mirrored = true;
    controller->planning = true;
    controller->outdated = false;
    job->number = (uint64_t)controller->number;
    job->input = *input;
    job->configuration = cib_document_configuration_digest(document);
    job->status = cib_document_status_digest(document);
    job->journal = controller->journal;
    controller->journal = (struct hf_buf){0};
    node_effect_add(node, NODE_PLAN)->job = job;
}

/* Where changes come faster than plans, every plan would be thrown away: then one is made while all wait. */
static void run(struct node *node)
{
    struct controller *controller = &node->controller;
    struct sched_input input = {
        .now = node->wall, .utc_offset = node->utc_offset, .transition_id = ++controller->number};
    struct sched_output *plan = NULL;
    struct hf_error *error;

    controller->wanted = false;
    controller->last_run = node->now;
    if (controller->discarded < PATIENCE) {
        order_plan(node, &input);
        return;
    }
    error = sched_run(node_cib(node)->doc, &input, &plan);
    adopt(node, plan, error);
}

void controller_planned(struct node *node, struct planner_result *result)
{
    struct controller *controller = &node->controller;

    if (!controller->active || !controller->planning || result->number != (uint64_t)controller->number) {
        planner_result_clear(result); /* this node did not coordinate all the while */
        return;
    }
    controller->planning = false;
    if (result->lost) {
        node_log(node, LOG_ERR, "the scheduler's copy of the CIB was wrong: it gets a new one");
        controller->mirrored = false;
        controller_want(node, "the scheduler had no copy of the CIB");
    } else if (controller->outdated || holding(node)) {
        planner_result_clear(result);
        controller->discarded++;
        controller_want(node, "things changed while the scheduler ran");
    } else {
        adopt(node, HF_STEAL(result->plan), HF_STEAL(result->error));
    }
}

void controller_applied(struct node *node, const struct cib_update *update)
{
    struct controller *controller = &node->controller;

    if (controller->active && update->configuration && misses_nodes(node))
        controller->nodes_written = false;
    if (!controller->active || !controller->mirrored)
        return;
    if (update->configuration)
        planner_journal_change(&controller->journal, update->bytes.data, update->bytes.length);
    else
        planner_journal_status(&controller->journal, update->bytes.data, update->bytes.length);
    if (controller->journal.length > JOURNAL_MAX)
        controller_replaced(node);
}

void controller_replaced(struct node *node)
{
    node->controller.mirrored = false;
    hf_buf_reset(&node->controller.journal);
}

static bool same_waiter(const struct waiter *one, const struct waiter *other)
{
    return one->from == other->from && one->ticket == other->ticket;
}

/* Whether all that members had to say when this was asked has been said. */
static bool heard_of_all(struct node *node, const struct waiter *waiter)
{
    for (size_t i = 0; i < node->controller.n_awaited; i++)
        if (same_waiter(&node->controller.awaited[i].waiter, waiter) &&
            node_is_member(node, node->controller.awaited[i].member))
            return false;
    return true;
}

static void await_nobody(struct controller *controller, const struct waiter *waiter)
{
    for (size_t i = controller->n_awaited; i-- > 0;)
        if (same_waiter(&controller->awaited[i].waiter, waiter))
            controller->awaited[i] = controller->awaited[--controller->n_awaited];
}

static void answer_waiters(struct node *node)
{
    struct controller *controller = &node->controller;
    size_t kept = 0;

    if (controller->n_waiters == 0 || !node_settled(node))
        return;
    for (size_t i = 0; i < controller->n_waiters; i++) {
        struct waiter *waiter = &controller->waiters[i];

        if (!heard_of_all(node, waiter)) {
            controller->waiters[kept++] = *waiter;
            continue;
        }
        await_nobody(controller, waiter);

        struct node_message message = {
            .kind = NODE_MESSAGE_SETTLED, .to = waiter->from, .ticket = waiter->ticket, .text = ""};

        node_send(node, &message);
    }
    controller->n_waiters = kept;
}

static int64_t next_run(const struct controller *controller)
{
    int64_t next = controller->last_run == 0 ? 0 : controller->last_run + GAP_MS;

    return next > controller->not_before ? next : controller->not_before;
}

/* Whether something runs here that another part would start, too, once it has the lock. */
static bool has_something_running(const struct status_resource *resources, int count)
{
    for (int i = 0; i < count; i++) {
        const struct status_resource *one = &resources[i];

        if (one->n_children > 0 ? has_something_running(one->children, one->n_children)
                                : one->active && (one->managed || one->blocked))
            return true;
    }
    return false;
}

/* Corosync has no quorum here, but the lock is, and while it is nobody else can go on.  With fencing they
 * make sure themselves that nothing runs here before they start it; without, it has to have stopped. */
static void end_lock(struct node *node)
{
    struct controller *controller = &node->controller;
    const struct status_model *status;

    if (!quorum_wastes_lock(node) || controller->plan == NULL || controller->drained == controller->number)
        return;
    status = sched_status(controller->plan);
    if (status->have_quorum)
        return;
    if (!node_fencing_enabled(node)) {
        if (!node_settled(node))
            return;
        if (sched_graph(controller->plan)->n_actions > 0) {
            controller_want(node, "it must be seen whether all has stopped");
            return;
        }
        controller->drained = controller->number;
        if (has_something_running(status->resources, status->n_resources))
            return;
    }
    controller->drained = controller->number;
    node_send(node, &(struct node_message){.kind = NODE_MESSAGE_DRAINED});
}

void controller_run(struct node *node)
{
    struct controller *controller = &node->controller;

    if (!controller->active)
        return;
    if (controller->walk != NULL && transition_deadline(controller->walk) <= node->now) {
        struct transition_event tick = {.type = TRANSITION_TICK, .now = node->now};

        walk(node, &tick);
    }
    mark_lost(node);
    watch_joining(node);
    write_nodes(node);
    if (controller->recheck_at != 0 && controller->recheck_at <= node->wall && controller->walk == NULL) {
        controller->recheck_at = 0;
        controller_want(node, "time has come for a change");
    }
    if (controller->wanted && !controller->planning && controller->walk == NULL && !holding(node) &&
        next_run(controller) <= node->now)
        run(node);
    answer_waiters(node);
    end_lock(node);
}

int64_t controller_deadline(const struct node *node)
{
    const struct controller *controller = &node->controller;
    int64_t deadline = INT64_MAX;

    if (!controller->active)
        return INT64_MAX;
    if (controller->walk != NULL)
        deadline = transition_deadline(controller->walk);
    else if (controller->wanted && !controller->planning && !holding(node))
        deadline = next_run(controller);
    for (size_t i = 0; i < controller->n_away; i++)
        if (!controller->away[i].given_up && controller->away[i].deadline > node->now &&
            controller->away[i].deadline < deadline)
            deadline = controller->away[i].deadline;
    if (controller->join_by > node->now && controller->join_by < deadline)
        deadline = controller->join_by;
    if (controller->takeover_at > node->now && controller->takeover_at < deadline)
        deadline = controller->takeover_at;
    if (vip_moving_until(node) > node->now && vip_moving_until(node) < deadline)
        deadline = vip_moving_until(node);
    if (quorum_grace(node) < deadline)
        deadline = quorum_grace(node);
    if (!controller->nodes_written && controller->nodes_retry > node->now &&
        controller->nodes_retry < deadline)
        deadline = controller->nodes_retry;
    if (controller->recheck_at != 0) {
        int64_t recheck = node->now + (controller->recheck_at - node->wall) * 1000;

        if (recheck < deadline)
            deadline = recheck;
    }
    return deadline;
}

bool node_settled(const struct node *node)
{
    const struct controller *controller = &node->controller;

    if (!controller->active || controller->wanted || controller->planning || controller->walk != NULL ||
        holding(node) || !node->executor.published || !cib_replica_idle(node->replica))
        return false;
    return all_published(node);
}

void controller_settle(struct node *node, uint32_t from, uint64_t ticket)
{
    struct controller *controller = &node->controller;
    struct waiter waiter = {from, ticket};

    if (!controller->active)
        return;
    for (size_t i = 0; i < controller->n_waiters; i++)
        if (same_waiter(&controller->waiters[i], &waiter))
            return;
    for (size_t i = 0; i < node->n_members; i++) {
        if (node->members[i].id == node->self)
            continue;
        hf_grow(&controller->awaited, &controller->awaited_capacity, controller->n_awaited + 1,
                sizeof(*controller->awaited));
        controller->awaited[controller->n_awaited++] = (struct awaited){node->members[i].id, waiter};
    }
    hf_grow(&controller->waiters, &controller->waiters_capacity, controller->n_waiters + 1,
            sizeof(*controller->waiters));
    controller->waiters[controller->n_waiters++] = waiter;
}

void controller_caught_up(struct node *node, uint32_t member, const struct node_message *message)
{
    struct controller *controller = &node->controller;
    struct waiter waiter = {(uint32_t)message->rc, message->ticket};

    for (size_t i = controller->n_awaited; i-- > 0;)
        if (controller->awaited[i].member == member && same_waiter(&controller->awaited[i].waiter, &waiter))
            controller->awaited[i] = controller->awaited[--controller->n_awaited];
}

void controller_free(struct node *node)
{
    struct controller *controller = &node->controller;

    drop_plan(controller);
    hf_buf_free(&controller->journal);
    free(controller->why);
    free(controller->warned);
    free(controller->away);
    free(controller->waiters);
    free(controller->awaited);
}
