/* node.c - see node.h: joins the parts, and turns the replica's updates into effects. */
#include "daemon/node/node.h"

#include <stdio.h>

#include "daemon/node/private.h"

enum { LEAVE_LIMIT_MS = 20 * 60 * 1000 /* Pacemaker's shutdown-escalation */ };

/* --- effects --- */

struct node_effect *node_effect_add(struct node *node, enum node_effect_type type)
{
    hf_grow(&node->effects, &node->effects_capacity, node->n_effects + 1, sizeof(*node->effects));

    struct node_effect *effect = &node->effects[node->n_effects++];

    *effect = (struct node_effect){.type = type};
    return effect;
}

static void effects_clear(struct node *node)
{
    for (size_t i = 0; i < node->n_effects; i++) {
        struct node_effect *effect = &node->effects[i];

        free(effect->bytes);
        free(effect->resource);
        free(effect->operation);
        if (effect->call != NULL)
            runner_call_clear(effect->call);
        free(effect->call);
        planner_job_free(effect->job);
    }
    node->n_effects = 0;
}

static void effect_take(struct node_effect *effect, struct hf_buf *buf)
{
    effect->length = buf->length;
    effect->bytes = hf_buf_take(buf);
}

void node_log(struct node *node, int level, const char *format, ...)
{
    struct node_effect *effect = node_effect_add(node, NODE_LOG);
    va_list arguments;

    va_start(arguments, format);
    effect->bytes = hf_vasprintf(format, arguments);
    va_end(arguments);
    effect->length = strlen(effect->bytes);
    effect->level = level;
}

void node_send(struct node *node, const struct node_message *message)
{
    struct hf_buf bytes = {0};

    node_message_encode(message, &bytes);
    effect_take(node_effect_add(node, NODE_SEND), &bytes);
}

void node_reply(struct node *node, uint64_t client, struct hf_error *error, const char *attributes,
                const char *payload)
{
    struct hf_buf reply = {0};

    hf_buf_printf(&reply, "<reply status=\"%s\"", hf_error_kind_name(hf_error_kind(error)));
    if (error != NULL) {
        hf_buf_puts(&reply, " message=\"");
        hf_buf_xml(&reply, hf_error_text(error));
        hf_buf_puts(&reply, "\"");
    }
    if (attributes != NULL)
        hf_buf_printf(&reply, " %s", attributes);
    if (payload != NULL)
        hf_buf_printf(&reply, ">%s</reply>", payload);
    else
        hf_buf_puts(&reply, "/>");
    hf_error_free(error);

    struct node_effect *effect = node_effect_add(node, NODE_REPLY);

    effect->client = client;
    effect_take(effect, &reply);
}

/* --- names --- */

const char *node_id_text(uint32_t id, char text[12])
{
    snprintf(text, 12, "%" PRIu32, id);
    return text;
}

const char *node_name(struct node *node, uint32_t id)
{
    for (size_t i = 0; i < node->n_names; i++)
        if (node->names[i].id == id)
            return node->names[i].name;
    return "(unknown node)";
}

uint32_t node_id_by_name(const struct node *node, const char *name)
{
    for (size_t i = 0; i < node->n_names; i++)
        if (strcmp(node->names[i].name, name) == 0)
            return node->names[i].id;
    return 0;
}

bool node_is_heard(const struct node *node, uint32_t id)
{
    for (int i = 0; i < node->machines; i++)
        if (node->heard[i] == id)
            return true;
    return node_is_member(node, id);
}

bool node_is_member(const struct node *node, uint32_t id)
{
    for (size_t i = 0; i < node->n_members; i++)
        if (node->members[i].id == id)
            return true;
    return false;
}

const xmlNode *node_cib(const struct node *node)
{
    return cib_document_root(cib_replica_document(node->replica));
}

const char *node_property(const struct node *node, const char *name, const char *missing)
{
    const xmlNode *options =
        hf_xml_child(cib_document_configuration(cib_replica_document(node->replica)), "crm_config");

    HF_XML_EACH (set, options, "cluster_property_set") {
        HF_XML_EACH (pair, set, "nvpair")
            if (strcmp(hf_xml_get_or(pair, "name", ""), name) == 0)
                return hf_xml_get_or(pair, "value", missing);
    }
    return missing;
}

bool node_fencing_enabled(const struct node *node)
{
    bool enabled = true;

    hf_parse_bool(node_property(node, "stonith-enabled", NULL), &enabled);
    hf_parse_bool(node_property(node, "fencing-enabled", NULL), &enabled);
    return enabled;
}

static void take_names(struct node *node, const struct node_event *event)
{
    struct known_node *names = hf_calloc((size_t)event->names.count, sizeof(*names));

    for (int i = 0; i < event->names.count; i++)
        names[i] = (struct known_node){event->names.names[i].id, hf_strdup(event->names.names[i].name)};
    for (size_t i = 0; i < node->n_names; i++)
        free(node->names[i].name);
    free(node->names);
    node->names = names;
    node->n_names = (size_t)event->names.count;
    free(node->cluster);
    node->cluster = hf_strdup(event->names.cluster);
    node->controller.nodes_written = false;
    executor_publish(node);
}

/* --- the replica's updates --- */

/* The others need not wait for the lock: nothing runs here any more. */
static void leave(struct node *node)
{
    if (node->lock_wanted)
        node_effect_add(node, NODE_UNWANT_LOCK)->resource = hf_strdup(NODE_CLUSTER_LOCK);
    node->lock_wanted = false;
    executor_forget_attributes(node);
    node_effect_add(node, NODE_EXIT);
}

static void answer(struct node *node, struct cib_update *update)
{
    char version[CIB_VERSION_TEXT];
    HF_CLEANUP(hf_freep) char *attribute = NULL;

    if ((update->client & TICKET_OWN) != 0) {
        if (update->client == (TICKET_OWN | OWN_FAREWELL))
            leave(node);
        else if (update->client == (TICKET_OWN | OWN_NODES) && update->error != NULL)
            controller_nodes_refused(node);
        else if (update->client == (TICKET_OWN | OWN_MARK))
            node->controller.marking = false;
        else if (update->client == (TICKET_OWN | OWN_STATE))
            node->executor.known = true;
        return;
    }
    if ((update->client & TICKET_RESULT) != 0) {
        node_effect_add(node, NODE_ACK)->ticket = update->client & ~TICKET_RESULT;
        return;
    }
    if (update->error == NULL)
        attribute = hf_asprintf("version=\"%s\"", cib_version_text(update->version, version));
    node_reply(node, update->client, HF_STEAL(update->error), attribute, NULL);
}

/* A coordinator marks a lost node; if the node is back before that mark is delivered, it stands there as lost
 * although it is not, and must say so again. */
static void contradict(struct node *node, const char *about)
{
    char id[12];
    const xmlNode *state;

    if (!node->executor.published || node->farewell || about == NULL ||
        strcmp(about, node_id_text(node->self, id)) != 0)
        return;
    state = cib_document_node_state(cib_replica_document(node->replica), id);
    if (state == NULL || strcmp(hf_xml_get_or(state, "join", ""), "member") == 0)
        return;
    node_log(node, LOG_NOTICE, "the status calls this node lost, which it is not: publishing it again");
    node->executor.published = false;
    executor_publish(node);
}

static void applied(struct node *node, const struct cib_update *update)
{
    controller_applied(node, update);
    if (update->configuration)
        node->fencing_configured = false;
    if (update->configuration)
        controller_want(node, "the configuration changed");
    if (update->configuration || update->status)
        vip_applied(node);
    if (update->status && update->bytes.length > 0)
        controller_status_applied(node, update->bytes.data, update->bytes.length);
    if (update->status) {
        executor_status_applied(node);
        contradict(node, update->text);
    }
}

/* Who coordinates is no part of the replicated state, but everybody looks for it in <cib>. */
static void show_coordinator(struct node *node)
{
    cib_member dc = cib_replica_dc(node->replica);
    char id[12];

    cib_replica_set_root(node->replica, "dc-uuid", dc == 0 ? NULL : node_id_text(cib_member_node(dc), id));
}

static void in_sync(struct node *node, const struct cib_update *update)
{
    node_log(node, LOG_NOTICE, "in sync with the group%s",
             update->replaced ? ": took over another member's state" : "");
    show_coordinator(node);
    if (update->replaced)
        controller_replaced(node);
    node->executor.published = node->executor.known = false;
    executor_publish(node);
    controller_want(node, "the members are in sync");
}

static void coordinator(struct node *node, cib_member member)
{
    bool is_dc = member != 0 && cib_member_node(member) == node->self;

    if (member != 0 && member != node->dc)
        node_log(node, LOG_NOTICE, "%s coordinates", node_name(node, cib_member_node(member)));
    if (member != 0)
        node->dc = member;
    show_coordinator(node);
    if (is_dc != node->is_dc) {
        node->is_dc = is_dc;
        controller_activate(node, is_dc);
    }
    request_ask_again(node);
}

/* Each view agrees anew; only another answer than before is news. */
static void quorum_agreed(struct node *node, bool quorate)
{
    int said = quorate ? 1 : -1;

    if (node->quorum_said == said)
        return;
    node->quorum_said = said;
    quorum_note(node);
    node_log(node, LOG_NOTICE, "this partition has %squorum", quorate ? "" : "no ");
    controller_want(node, quorate ? "quorum was gained" : "quorum was lost");
}

static void replica_step(struct node *node, struct cib_event *event);

static void unresponsive(struct node *node, const struct cib_update *update)
{
    struct cib_event expel = {.type = CIB_EVENT_EXPEL, .member = update->member};

    node_log(node, LOG_ERR, "%s does not acknowledge changes in time and counts as failed",
             node_name(node, cib_member_node(update->member)));
    if (update->act)
        replica_step(node, &expel);
}

static bool is_expelled(const struct node *node, cib_member member)
{
    for (size_t i = 0; i < node->n_expelled; i++)
        if (node->expelled[i] == member)
            return true;
    return false;
}

static void drop_expelled(struct node *node)
{
    size_t kept = 0;

    for (size_t i = 0; i < node->n_members; i++)
        if (!is_expelled(node, cib_member_make(node->members[i].id, node->members[i].pid)))
            node->members[kept++] = node->members[i];
    node->n_members = kept;
}

static void expelled(struct node *node, cib_member member)
{
    uint32_t id = cib_member_node(member);

    if (id == node->self) {
        node_log(node, LOG_CRIT, "this node was expelled for not answering in time: starting again");
        node_effect_add(node, NODE_EXIT)->level = 1;
        return;
    }
    node_log(node, LOG_ERR, "%s was expelled from the group", node_name(node, id));
    hf_grow(&node->expelled, &node->expelled_capacity, node->n_expelled + 1, sizeof(*node->expelled));
    node->expelled[node->n_expelled++] = member;
    drop_expelled(node);
    controller_expelled(node, id);
}

static void perform_update(struct node *node, struct cib_update *update)
{
    struct hf_buf head = {0};
    const char *who = node_name(node, cib_member_node(update->member));

    switch (update->type) {
    case CIB_UPDATE_MULTICAST:
        node_message_replica_head(&head);
        hf_buf_add(&head, update->bytes.data, update->bytes.length);
        effect_take(node_effect_add(node, NODE_SEND), &head);
        break;
    case CIB_UPDATE_PERSIST: {
        struct node_effect *effect = node_effect_add(node, NODE_STORE);

        effect->ticket = update->ticket;
        effect->snapshot = update->snapshot;
        effect_take(effect, &update->bytes);
        break;
    }
    case CIB_UPDATE_ANSWER:
        answer(node, update);
        break;
    case CIB_UPDATE_APPLIED:
        applied(node, update);
        break;
    case CIB_UPDATE_IN_SYNC:
        in_sync(node, update);
        break;
    case CIB_UPDATE_OUT_OF_SYNC:
        node->executor.published = node->executor.known = false;
        node->is_dc = false;
        controller_activate(node, false);
        break;
    case CIB_UPDATE_DC:
        coordinator(node, update->member);
        break;
    case CIB_UPDATE_QUORUM:
        quorum_agreed(node, update->quorate);
        break;
    case CIB_UPDATE_MEMBER:
        node_log(node, LOG_INFO, "%s is in sync", who);
        break;
    case CIB_UPDATE_UNRESPONSIVE:
        unresponsive(node, update);
        break;
    case CIB_UPDATE_DIVERGED:
        node_log(node, LOG_CRIT, "%s has a state that is not the group's and takes it over: %s", who,
                 update->text);
        break;
    case CIB_UPDATE_EXPELLED:
        expelled(node, update->member);
        break;
    case CIB_UPDATE_PROTOCOL:
        node_log(node, LOG_WARNING, "%s sent what cannot be understood: %s", who, update->text);
        break;
    }
}

static void replica_step_now(struct node *node, struct cib_event *event)
{
    struct cib_updates updates = {0};

    event->now = node->now;
    cib_replica_step(node->replica, event, &updates);
    for (size_t i = 0; i < updates.count; i++)
        perform_update(node, &updates.list[i]);
    cib_updates_free(&updates);
}

static void replica_step_later(struct node *node, const struct cib_event *event)
{
    struct pending_event *pending = hf_calloc(1, sizeof(*pending) + event->length);

    pending->event = *event;
    if (event->length > 0)
        memcpy(pending->bytes, event->bytes, event->length);
    pending->event.bytes = pending->bytes;
    *node->waiting_end = pending;
    node->waiting_end = &pending->next;
}

/* Steps the replica. What its updates lead to must not overtake them, so it waits until they are done. */
static void replica_step(struct node *node, struct cib_event *event)
{
    struct pending_event *pending;

    if (node->stepping) {
        replica_step_later(node, event);
        return;
    }
    node->stepping = true;
    replica_step_now(node, event);
    while ((pending = node->waiting) != NULL) {
        node->waiting = pending->next;
        if (node->waiting == NULL)
            node->waiting_end = &node->waiting;
        replica_step_now(node, &pending->event);
        free(pending);
    }
    node->stepping = false;
}

void node_status_update(struct node *node, struct hf_buf *update, uint64_t client)
{
    struct cib_event event = {
        .type = CIB_EVENT_STATUS, .bytes = update->data, .length = update->length, .client = client};

    if (update->length > 0)
        replica_step(node, &event);
    hf_buf_free(update);
}

void node_change(struct node *node, uint64_t client, const char *change, size_t length, const char *origin)
{
    struct cib_event event = {
        .type = CIB_EVENT_CHANGE,
        .bytes = change,
        .length = length,
        .client = client,
        .origin = origin,
        .user = node->asker == NULL ? "root" : node->asker,
        .time = node->wall,
    };

    replica_step(node, &event);
}

/* --- events --- */

/* Two views of one ring differ in their members' processes, so the ring's number alone does not name a
 * view. All members see the same members at the same place in the order, hence compute the same name. */
static uint64_t view_name(const struct node_event *event)
{
    uint64_t name = UINT64_C(14695981039346656037);

    for (int i = 0; i < event->view.n_members; i++) {
        uint64_t sum = cib_member_make(event->view.members[i].id, event->view.members[i].pid);

        sum ^= sum >> 31;
        name += sum * UINT64_C(0x9e3779b97f4a7c15);
    }
    return event->view.ring << 32 | (uint32_t)(name ^ name >> 32);
}

static void take_machines(struct node *node, const struct node_event *event)
{
    free(node->heard);
    node->heard = hf_memdup(event->view.heard, (size_t)event->view.machines * sizeof(*node->heard));
    node->machines = event->view.machines;
    node->corosync_quorate = event->view.quorate;
    node->lock_votes = event->view.lock_votes;
}

static void take_view(struct node *node, const struct node_event *event)
{
    HF_CLEANUP(hf_freep) cib_member *members = hf_calloc((size_t)event->view.n_members, sizeof(*members));
    struct cib_event view = {
        .type = CIB_EVENT_VIEW,
        .members = members,
        .n_members = (size_t)event->view.n_members,
        .ring = view_name(event),
    };

    for (int i = 0; i < event->view.n_members; i++)
        members[i] = cib_member_make(event->view.members[i].id, event->view.members[i].pid);
    free(node->members);
    node->members = hf_memdup(event->view.members, (size_t)event->view.n_members * sizeof(*node->members));
    node->n_members = (size_t)event->view.n_members;
    drop_expelled(node);
    take_machines(node, event);
    node->fencing_configured = false;
    vip_quorum(node);
    controller_view(node, event);
    quorum_note(node);
    view.quorum = quorum_now(node, &view.term);
    view.spare = quorum_spare(node);
    replica_step(node, &view);
    quorum_view(node);
    request_ask_again(node);
}

void node_quorum_changed(struct node *node)
{
    struct cib_event event = {.type = CIB_EVENT_QUORUM};

    quorum_note(node);
    event.quorum = quorum_now(node, &event.term);
    event.spare = quorum_spare(node);
    replica_step(node, &event);
}

static void take_message(struct node *node, const struct node_event *event)
{
    struct node_message message;
    struct hf_error *error = node_message_decode(event->message.bytes, event->message.length, &message);

    if (error != NULL) {
        node_log(node, LOG_WARNING, "%s: %s", node_name(node, event->message.from), hf_error_text(error));
        hf_error_free(error);
        return;
    }
    if (message.kind == NODE_MESSAGE_REPLICA) {
        struct cib_event delivered = {
            .type = CIB_EVENT_MESSAGE,
            .sender = cib_member_make(event->message.from, event->message.pid),
            .bytes = message.bytes,
            .length = message.length,
        };

        replica_step(node, &delivered);
        return;
    }
    if (message.kind == NODE_MESSAGE_SETTLE)
        request_note_settle(node, event->message.from, message.ticket);
    if (message.to == 0 || message.to == node->self) {
        switch (message.kind) {
        case NODE_MESSAGE_ACTION:
            executor_perform(node, &message.action);
            break;
        case NODE_MESSAGE_CLEANUP:
            executor_cleanup(node, message.text, message.refresh);
            break;
        case NODE_MESSAGE_SETTLED:
            request_answered(node, &message);
            break;
        case NODE_MESSAGE_FENCE:
            fencing_run_for(node, event->message.from, &message);
            break;
        case NODE_MESSAGE_FENCED:
            fencing_remote_result(node, &message);
            break;
        case NODE_MESSAGE_LOCK:
            quorum_heard(node, event->message.from, &message);
            break;
        case NODE_MESSAGE_DRAINED:
            quorum_drained(node);
            break;
        case NODE_MESSAGE_PRIORITY:
            vip_priority(node, &message);
            break;
        case NODE_MESSAGE_HINT:
            vip_hint(node, message.text, true);
            break;
        case NODE_MESSAGE_CONFIRM:
            controller_confirm(node, event->message.from, &message);
            break;
        case NODE_MESSAGE_SHOOT:
            controller_shoot(node, event->message.from, &message);
            break;
        case NODE_MESSAGE_EXIT:
            node_farewell(node);
            break;
        case NODE_MESSAGE_DONE:
            controller_done(node, &message);
            break;
        case NODE_MESSAGE_SETTLE:
            controller_settle(node, event->message.from, message.ticket);
            break;
        case NODE_MESSAGE_CAUGHT_UP:
            controller_caught_up(node, event->message.from, &message);
            break;
        case NODE_MESSAGE_REPLICA:
            break;
        }
    }
    node_message_clear(&message);
}

void node_farewell(struct node *node)
{
    struct hf_buf update = {0};
    char id[12];

    if (node->farewell)
        return;
    node->farewell = true;
    node_log(node, LOG_NOTICE, "everything here is stopped: leaving");
    node_id_text(node->self, id);
    cib_status_set_node(&update, id, "crmd", "offline");
    cib_status_set_node(&update, id, "join", "down");
    cib_status_set_node(&update, id, "expected", "down");
    cib_status_set_attribute(&update, id, "shutdown", NULL);
    node_status_update(node, &update, TICKET_OWN | OWN_FAREWELL);
}

static void begin_to_leave(struct node *node)
{
    struct hf_buf update = {0};
    HF_CLEANUP(hf_freep) char *when = hf_asprintf("%" PRId64, node->wall);
    char id[12];

    if (node->leaving) {
        node_log(node, LOG_WARNING,
                 "told to leave a second time: leaving at once, what runs here goes on unattended");
        node_effect_add(node, NODE_EXIT);
        return;
    }
    node->leaving = true;
    node->leave_by = node->now + LEAVE_LIMIT_MS;
    if (!cib_replica_in_sync(node->replica) || !node->executor.attached) {
        node_effect_add(node, NODE_EXIT);
        return;
    }
    node_log(node, LOG_NOTICE, "leaving: resources are moved or stopped first");
    cib_status_set_attribute(&update, node_id_text(node->self, id), "shutdown", when);
    node_status_update(node, &update, 0);
}

static void tick(struct node *node)
{
    struct cib_event event = {.type = CIB_EVENT_TICK};

    if (cib_replica_deadline(node->replica) <= node->now)
        replica_step(node, &event);
    request_tick(node);
    fencing_tick(node);
    leases_settle(node);
    if (node->leaving && node->leave_by <= node->now) {
        node_log(node, LOG_ERR, "leaving: not everything could be stopped in time");
        node->leave_by = INT64_MAX;
        node_effect_add(node, NODE_EXIT)->level = 1;
    }
}

static void stored(struct node *node, const struct node_event *event)
{
    struct cib_event persisted = {
        .type = event->stored.failure == NULL ? CIB_EVENT_PERSISTED : CIB_EVENT_PERSIST_FAILED,
        .ticket = event->stored.ticket,
        .low = event->stored.low,
        .text = event->stored.failure,
    };

    if (event->stored.failure != NULL)
        node_log(node, LOG_CRIT, "the CIB cannot be written to disk: %s", event->stored.failure);
    replica_step(node, &persisted);
}

static void dispatch(struct node *node, const struct node_event *event)
{
    switch (event->type) {
    case NODE_VIEW:
        take_view(node, event);
        break;
    case NODE_QUORUM:
        take_machines(node, event);
        vip_quorum(node);
        controller_machines(node);
        quorum_view(node);
        node_quorum_changed(node);
        break;
    case NODE_NAMES:
        take_names(node, event);
        break;
    case NODE_MESSAGE:
        take_message(node, event);
        break;
    case NODE_REQUEST:
        node->asker = event->request.user;
        request_handle(node, event->request.client, event->request.text, event->request.length);
        node->asker = NULL;
        break;
    case NODE_STORED:
        stored(node, event);
        break;
    case NODE_RUNNER_LOST:
        executor_detached(node);
        break;
    case NODE_RUNNER_THERE:
        executor_attached(node);
        break;
    case NODE_RUNNER_HISTORY:
        executor_history(node, event->history.entries, event->history.count);
        break;
    case NODE_RESULT:
        executor_result(node, event->result);
        break;
    case NODE_LOCK:
        quorum_lock(node, event->lock);
        break;
    case NODE_OWN_LOCKS:
        leases_locks(node, event->own_locks.list, event->own_locks.count);
        break;
    case NODE_ROUTERS:
        vip_routers(node, event);
        break;
    case NODE_FENCED:
        fencing_result(node, event->fenced);
        break;
    case NODE_PLANNED:
        controller_planned(node, event->planned);
        break;
    case NODE_SHUTDOWN:
        begin_to_leave(node);
        break;
    case NODE_TICK:
        tick(node);
        break;
    }
}

const struct node_effect *node_step(struct node *node, const struct node_event *event, size_t *count)
{
    effects_clear(node);
    node->now = event->now;
    node->wall = event->wall;
    node->utc_offset = event->utc_offset;
    dispatch(node, event);
    vip_run(node);
    request_catch_up(node);
    controller_run(node);
    *count = node->n_effects;
    return node->effects;
}

int64_t node_deadline(const struct node *node)
{
    int64_t deadline = cib_replica_deadline(node->replica);
    int64_t others[] = {
        controller_deadline(node), request_deadline(node), fencing_deadline(node->fencing),
        leases_deadline(node),     vip_deadline(node),     node->leaving ? node->leave_by : INT64_MAX};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(others); i++)
        if (others[i] < deadline)
            deadline = others[i];
    return deadline;
}

struct node *node_new(const struct node_config *config, struct cib_saved *saved)
{
    struct node *node = hf_calloc(1, sizeof(*node));
    struct cib_replica_options options = {.self = cib_member_make(config->self, config->pid),
                                          .node_name = config->name};

    node->config = *config;
    node->config.name = hf_strdup(config->name);
    executor_take_attributes(node, config->attributes);
    node->config.attributes = NULL;
    node->waiting_end = &node->waiting;
    node->replica = cib_replica_new(&options, saved);
    node->self = config->self;
    node->leases = leases_new();
    vip_init(node);
    node->fencing = fencing_new(config->name, (uint64_t)config->self << 32 | config->pid);
    return node;
}

const struct cib_replica *node_replica(const struct node *node)
{
    return node->replica;
}

void node_free(struct node *node)
{
    if (node == NULL)
        return;
    effects_clear(node);
    free(node->effects);
    controller_free(node);
    executor_free(node);
    vip_free(node);
    cib_replica_free(node->replica);
    for (size_t i = 0; i < node->n_names; i++)
        free(node->names[i].name);
    free(node->names);
    free(node->cluster);
    free(node->members);
    free(node->expelled);
    free(node->heard);
    free(node->holders);
    request_free(node);
    fencing_end(node);
    leases_free(node->leases);
    free((char *)node->config.name);
    free(node);
}
