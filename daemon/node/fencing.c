/* fencing.c - joins the fencing machine (fence/request.h) to the node: who asks, who runs the agent, and what
 * the CIB says afterwards.
 *
 * The machine lives on the coordinator.  An agent runs where the machine says, which may be another member:
 * its order and result then travel as messages.  A node that was fenced is dead until it joins again: its
 * history and transient attributes go, and it is expected to be down. */
#include "daemon/node/private.h"

static void perform(struct node *node, const struct fence_updates *updates);
static void put_record(struct node *node, const struct fence_record *record);
static void mark_fenced(struct node *node, const char *target, enum fence_action action);

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static void step(struct node *node, struct fence_event *event)
{
    event->now = node->now;
    event->wall = node->wall;

    struct fence_updates updates = fencing_step(node->fencing, event);

    perform(node, &updates);
    fence_updates_free(&updates);
}

/* --- what the machine must know --- */

static void tell_members(struct node *node)
{
    HF_CLEANUP(hf_freep) const char **names = hf_calloc(node->n_members, sizeof(*names));
    struct fence_event event = {.type = FENCE_MEMBERS, .members = names, .n_members = node->n_members};

    for (size_t i = 0; i < node->n_members; i++)
        names[i] = node_name(node, node->members[i].id);
    step(node, &event);
}

/* Rules are the scheduler's; it is asked only if there is one. */
struct rules {
    struct node *node;
    struct sched_output *run;
};

static bool set_applies(void *context, const xmlNode *set)
{
    struct rules *rules = context;
    struct node *node = rules->node;
    struct sched_input input = {.now = node->wall, .utc_offset = node->utc_offset, .status_only = true};

    node->fencing_ruled = true;
    if (rules->run == NULL)
        hf_error_free(sched_run(node_cib(node)->doc, &input, &rules->run));
    return rules->run != NULL && sched_set_applies(rules->run, set, node_name(node, node->self));
}

/* What this node's copy of the CIB says now, for an agent that runs here. */
static struct fence_config *read_config(struct node *node, struct hf_buf *problems)
{
    struct rules rules = {.node = node};
    struct fence_config *config = fence_config_read(
        cib_document_configuration(cib_replica_document(node->replica)), set_applies, &rules, problems);

    sched_output_free(rules.run);
    return config;
}

void fencing_refresh(struct node *node)
{
    struct fence_event right = {.type = FENCE_RIGHT,
                                .right =
                                    cib_replica_agreed(node->replica) && cib_replica_quorate(node->replica)};
    struct fence_event configure = {.type = FENCE_CONFIGURE};
    struct hf_buf problems = {0};

    if (node->fencing_configured && !node->fencing_ruled) {
        step(node, &right);
        return;
    }
    node->fencing_configured = true;
    node->fencing_ruled = false;
    configure.config = read_config(node, &problems);
    if (problems.length > 0)
        node_log(node, LOG_WARNING, "fencing: %s", hf_buf_text(&problems));
    hf_buf_free(&problems);
    step(node, &configure);
    tell_members(node);
    step(node, &right);
}

/* --- requests --- */

/* Those of operators are apart from the transitions', whose numbers are small. */
#define OPERATOR (UINT64_C(1) << 63)
/* Numbers of records that are not the machine's begin here. */
#define FOREIGN (UINT64_C(1) << 32)

static const char *meta(const struct graph_action *action, const char *name)
{
    HF_CLEANUP(hf_freep) char *full = hf_asprintf("CRM_meta_%s", name);

    return graph_attr_get(action, full);
}

/* Hands a request of the transition to the machine. */
static void begin_request(struct node *node, const struct held_request *request)
{
    struct fence_event event = {.type = FENCE_REQUEST,
                                .request = request->request,
                                .target = request->target,
                                .action = request->action,
                                .delay_ms = request->delay_ms,
                                .origin = node_name(node, node->self)};

    fencing_refresh(node);
    node_log(node, LOG_WARNING, "fencing %s (%s)", request->target, fence_action_name(request->action));
    step(node, &event);
}

/* Whether an agent runs here that will decide about the target, for a coordinator that is gone. */
static bool is_under_way(const struct node *node, const char *target)
{
    for (size_t i = 0; i < node->n_foreign; i++)
        if (strcmp(node->foreign[i].target, target) == 0 && !node_is_member(node, node->foreign[i].requester))
            return true;
    return false;
}

void fencing_request(struct node *node, const struct graph_action *action, uint64_t request)
{
    const char *what = meta(action, "stonith_action"), *delay = meta(action, "priority_fencing_delay");
    struct held_request held = {.request = request, .target = (char *)action->node_name};
    int64_t seconds = 0;

    if (what == NULL || !fence_action_parse(what, &held.action))
        held.action = FENCE_REBOOT;
    if (delay != NULL && hf_parse_int64(delay, &seconds) && seconds > 0)
        held.delay_ms = seconds * 1000;
    if (held.action == FENCE_ON || !is_under_way(node, action->node_name)) {
        begin_request(node, &held);
        return;
    }
    node_log(node, LOG_NOTICE, "%s is being fenced already, by order of the coordinator that was lost",
             action->node_name);
    held.target = hf_strdup(held.target);
    hf_grow(&node->held, &node->held_capacity, node->n_held + 1, sizeof(*node->held));
    node->held[node->n_held++] = held;
}

void fencing_shoot(struct node *node, uint32_t from, const struct node_message *message)
{
    HF_CLEANUP(hf_freep) char *origin = hf_asprintf("operator on %s", node_name(node, from));
    struct fence_event event = {.type = FENCE_REQUEST,
                                .request = OPERATOR | ++node->shots,
                                .target = message->text,
                                .action = (enum fence_action)message->rc,
                                .origin = origin};

    hf_grow(&node->shooters, &node->shooters_capacity, node->n_shooters + 1, sizeof(*node->shooters));
    node->shooters[node->n_shooters++] = (struct shooter){event.request, {from, message->ticket}};
    fencing_refresh(node);
    node_log(node, LOG_WARNING, "fencing %s (%s), asked for by the %s", message->text,
             fence_action_name(event.action), origin);
    step(node, &event);
}

void fencing_confirm(struct node *node, const char *target)
{
    HF_CLEANUP(hf_freep) char *origin = hf_asprintf("operator on %s", node_name(node, node->confirming.from));
    struct fence_event event = {.type = FENCE_CONFIRM, .target = target, .origin = origin};

    fencing_refresh(node);
    step(node, &event);
}

/* --- agents that run here for another coordinator --- */

static void add_foreign(struct node *node, uint32_t requester, const struct node_message *order)
{
    if (requester == node->self || !order->fencing.decides)
        return;
    hf_grow(&node->foreign, &node->foreign_capacity, node->n_foreign + 1, sizeof(*node->foreign));
    node->foreign[node->n_foreign++] = (struct foreign_run){
        .requester = requester,
        .ticket = order->ticket,
        .target = hf_strdup(order->fencing.target),
        .device = hf_strdup(order->fencing.device),
        .action = (enum fence_action)order->fencing.action,
    };
}

/* Takes one out of the list; false if there is none. */
static bool take_foreign(struct node *node, uint32_t requester, uint64_t ticket, struct foreign_run *run)
{
    for (size_t i = 0; i < node->n_foreign; i++) {
        if (node->foreign[i].requester != requester || node->foreign[i].ticket != ticket)
            continue;
        *run = node->foreign[i];
        node->foreign[i] = node->foreign[--node->n_foreign];
        return true;
    }
    return false;
}

static void foreign_clear(struct foreign_run *run)
{
    free(run->target);
    free(run->device);
}

/* What waited for the end of a run on target: is done with it, or begins now. */
static void release_held(struct node *node, const char *target, bool done)
{
    for (size_t i = 0; i < node->n_held;) {
        struct held_request held = node->held[i];

        if (strcmp(held.target, target) != 0) {
            i++;
            continue;
        }
        memmove(&node->held[i], &node->held[i + 1], (--node->n_held - i) * sizeof(held));
        if (done)
            controller_fenced(node, held.request, true, 0);
        else
            begin_request(node, &held);
        free(held.target);
    }
}

/* An agent ended whose coordinator is gone, perhaps because it was the target: then nobody else knows that
 * the target is fenced, and it would be fenced a second time. */
static void settle_foreign(struct node *node, const struct node_fence_result *result)
{
    struct foreign_run run;
    const char *requester = node_name(node, result->requester);
    bool done = result->exit_status == 0 && !result->timed_out;

    if (!take_foreign(node, result->requester, result->run, &run))
        return;
    if (strcmp(run.target, requester) == 0 || !node_is_member(node, result->requester)) {
        HF_CLEANUP(hf_freep) char *origin = hf_asprintf("%s, which was lost", requester);
        struct fence_record record = {
            .id = FOREIGN + ++node->shots,
            .target = run.target,
            .action = run.action,
            .origin = origin,
            .device = run.device,
            .node = (char *)node_name(node, node->self),
            .reason = done ? NULL : (char *)result->reason,
            .wall = node->wall,
            .outcome = done ? FENCE_SUCCESS : FENCE_FAILURE,
        };

        node_log(node, LOG_NOTICE, "fencing %s (%s) for %s: %s", run.target, fence_action_name(run.action),
                 origin, done ? "done" : "failed");
        put_record(node, &record);
        if (done)
            mark_fenced(node, run.target, run.action);
        release_held(node, run.target, done);
    }
    foreign_clear(&run);
}

void fencing_result(struct node *node, const struct node_fence_result *result)
{
    struct fence_event event = {
        .type = FENCE_RESULT,
        .run = result->run,
        .exit_status = result->exit_status,
        .timed_out = result->timed_out,
        .output = result->output,
        .reason = result->reason,
    };

    if (result->requester != node->self) {
        settle_foreign(node, result);

        struct node_message message = {.kind = NODE_MESSAGE_FENCED,
                                       .to = result->requester,
                                       .ticket = result->run,
                                       .rc = result->exit_status,
                                       .status = result->timed_out,
                                       .text = (char *)or_empty(result->output),
                                       .key = (char *)or_empty(result->reason)};

        node_send(node, &message);
        return;
    }
    step(node, &event);
}

void fencing_remote_result(struct node *node, const struct node_message *message)
{
    struct node_fence_result result = {
        .run = message->ticket,
        .requester = node->self,
        .exit_status = message->rc,
        .timed_out = message->status != 0,
        .output = message->text,
        .reason = message->key,
    };

    fencing_result(node, &result);
}

/* The result of an agent that could not even be called. */
static void cannot_run(struct node *node, uint32_t requester, const struct node_message *order)
{
    HF_CLEANUP(hf_freep)
    char *why = hf_asprintf("there is no fence device '%s' that can be used here", order->fencing.device);
    struct node_message message = {.kind = NODE_MESSAGE_FENCED,
                                   .to = requester,
                                   .ticket = order->ticket,
                                   .rc = 1,
                                   .text = "",
                                   .key = why};

    node_send(node, &message);
}

static void run_here(struct node *node, uint32_t requester, const struct node_message *order)
{
    struct fence_config *config = read_config(node, NULL);
    const struct fence_device *device = fence_config_device(config, order->fencing.device);
    const char *target = order->fencing.target, *parameter = order->fencing.parameter;
    struct hf_buf input = {0};
    struct node_effect *effect;

    if (device == NULL || order->fencing.action >= FENCE_N_ACTIONS) {
        cannot_run(node, requester, order);
    } else {
        fence_device_input(device, (enum fence_action)order->fencing.action, *target == '\0' ? NULL : target,
                           *parameter == '\0' ? NULL : parameter, &input);
        effect = node_effect_add(node, NODE_FENCE);
        effect->ticket = order->ticket;
        effect->client = requester;
        effect->resource = hf_strdup(device->agent);
        effect->interval_ms = order->fencing.timeout_ms;
        effect->length = input.length;
        effect->bytes = hf_buf_take(&input);
        add_foreign(node, requester, order);
    }
    fence_config_free(config);
}

void fencing_run_for(struct node *node, uint32_t requester, const struct node_message *order)
{
    struct node_effect *effect;
    struct foreign_run run;

    if (!order->fencing.forget) {
        run_here(node, requester, order);
        return;
    }
    if (take_foreign(node, requester, order->ticket, &run))
        foreign_clear(&run);
    effect = node_effect_add(node, NODE_FENCE_FORGET);
    effect->ticket = order->ticket;
    effect->client = requester;
}

/* --- what the machine wants --- */

static void run_agent(struct node *node, const struct fence_update *update)
{
    bool forget = update->order == FENCE_FORGET;
    struct node_message message = {
        .kind = NODE_MESSAGE_FENCE,
        .to = node_id_by_name(node, update->node),
        .ticket = update->run,
        .fencing = {.forget = forget,
                    .device = (char *)(forget ? "" : update->device),
                    .action = (uint8_t)update->action,
                    .target = (char *)or_empty(update->target),
                    .parameter = (char *)or_empty(update->parameter),
                    .decides = update->decides,
                    .timeout_ms = (uint32_t)update->timeout_ms},
    };

    if (message.to == node->self)
        fencing_run_for(node, node->self, &message);
    else
        node_send(node, &message);
}

static void mark_fenced(struct node *node, const char *target, enum fence_action action)
{
    struct node_message hint = {.kind = NODE_MESSAGE_HINT, .text = (char *)target, .rc = 1};
    struct hf_buf update = {0};
    char id[12];

    node_id_text(node_id_by_name(node, target), id);
    if (action == FENCE_ON) {
        HF_CLEANUP(hf_freep) char *when = hf_asprintf("%" PRId64, node->wall);

        cib_status_set_attribute(&update, id, "#node-unfenced", when);
    } else {
        node_send(node, &hint);
        controller_drop_transient(node, id, &update);
        cib_status_set_node(&update, id, "in_ccm", "false");
        cib_status_set_node(&update, id, "crmd", "offline");
        cib_status_set_node(&update, id, "join", "down");
        cib_status_set_node(&update, id, "expected", "down");
        cib_status_remove_history(&update, id, NULL, NULL);
    }
    node_status_update(node, &update, 0);
}

static void answer_shooter(struct node *node, const struct fence_update *update)
{
    struct node_message message = {
        .kind = NODE_MESSAGE_SETTLED,
        .rc = update->done ? HF_OK : HF_FAILED,
        .text = (char *)or_empty(update->reason),
    };

    for (size_t i = 0; i < node->n_shooters; i++) {
        if (node->shooters[i].request != update->request)
            continue;
        message.to = node->shooters[i].waiter.from;
        message.ticket = node->shooters[i].waiter.ticket;
        node->shooters[i] = node->shooters[--node->n_shooters];
        node_send(node, &message);
        return;
    }
}

static void verdict(struct node *node, const struct fence_update *update)
{
    node_log(node, update->done ? LOG_NOTICE : LOG_ERR, "fencing %s (%s): %s%s%s", update->target,
             fence_action_name(update->action), update->done ? "done" : "failed",
             update->reason != NULL ? ": " : "", update->reason != NULL ? update->reason : "");
    if (update->done)
        mark_fenced(node, update->target, update->action);
    if ((update->request & OPERATOR) != 0)
        answer_shooter(node, update);
    else
        controller_fenced(node, update->request, update->done,
                          fencing_failures(node->fencing, update->target));
}

static void answer(struct node *node, const struct fence_update *update)
{
    struct node_message message = {
        .kind = NODE_MESSAGE_SETTLED,
        .to = node->confirming.from,
        .ticket = node->confirming.ticket,
        .rc = update->done ? HF_OK : HF_REFUSED,
        .text = (char *)or_empty(update->reason),
    };

    if (update->done)
        mark_fenced(node, update->target, FENCE_OFF);
    node_send(node, &message);
}

/* --- the history, which everybody has --- */

static const xmlNode *fence_history(const struct node *node)
{
    return hf_xml_child(cib_document_status(cib_replica_document(node->replica)), "fence-history");
}

static bool is_same(const xmlNode *event, const char *name, const char *value)
{
    return strcmp(hf_xml_get_or(event, name, ""), value) == 0;
}

/* Operations are numbered anew by each coordinator, hence the daemon's own name in the id. */
static char *record_id(const struct node *node, uint64_t number)
{
    return hf_asprintf("%.8s-%" PRIu64, node->config.uuid, number);
}

/* Whether this daemon wrote it.  One that is pending here may have ended already: the update is on its way.
 */
static bool is_mine(const struct node *node, const xmlNode *event)
{
    enum { NAME_LENGTH = 8 };

    return strncmp(hf_xml_get_or(event, "id", ""), node->config.uuid, NAME_LENGTH) == 0;
}

/* The last operation on the same target, if it was the same and failed: the next attempt takes its place, so
 * that a device that does not answer fills the log and not the history. */
static const xmlNode *failed_before(const struct node *node, const struct fence_record *record)
{
    const xmlNode *history = fence_history(node);

    for (const xmlNode *event = history == NULL ? NULL : history->last; event != NULL; event = event->prev) {
        if (!hf_xml_is(event, "fence-event") || !is_same(event, "target", record->target))
            continue;
        return is_mine(node, event) && is_same(event, "state", "failed") &&
                       is_same(event, "origin", record->origin) &&
                       is_same(event, "action", fence_action_name(record->action))
                   ? event
                   : NULL;
    }
    return NULL;
}

static struct fencing_record *begin_record(struct node *node, const struct fence_record *record)
{
    const xmlNode *before = failed_before(node, record);
    struct fencing_record *known;

    hf_grow(&node->records, &node->records_capacity, node->n_records + 1, sizeof(*node->records));
    known = &node->records[node->n_records++];
    *known = (struct fencing_record){.number = record->id};
    if (before != NULL) {
        known->id = hf_strdup(hf_xml_get_or(before, "id", ""));
        hf_parse_int64(hf_xml_get_or(before, "attempts", "1"), &known->attempts);
    } else {
        known->id = record_id(node, record->id);
    }
    known->attempts++;
    return known;
}

static struct fencing_record *find_record(struct node *node, uint64_t number)
{
    for (size_t i = 0; i < node->n_records; i++)
        if (node->records[i].number == number)
            return &node->records[i];
    return NULL;
}

static void put_record(struct node *node, const struct fence_record *record)
{
    struct fencing_record *known = find_record(node, record->id);
    xmlNode *event;
    struct hf_buf update = {0};

    if (known == NULL)
        known = begin_record(node, record);
    event = fence_record_to_xml(record, known->id);
    if (known->attempts > 1) {
        HF_CLEANUP(hf_freep) char *attempts = hf_asprintf("%" PRId64, known->attempts);

        hf_xml_set(event, "attempts", attempts);
    }
    cib_status_put_fencing(&update, event);
    xmlFreeNode(event);
    node_status_update(node, &update, 0);
    if (record->outcome == FENCE_PENDING)
        return;
    known = find_record(node, record->id); /* the list may have been moved */
    free(known->id);
    *known = node->records[--node->n_records];
}

void fencing_take_over(struct node *node)
{
    struct hf_buf update = {0};

    HF_XML_EACH (event, fence_history(node), "fence-event") {
        HF_CLEANUP(hf_xml_node_freep) xmlNode *copy = NULL;

        if (!is_same(event, "state", "pending") || is_mine(node, event))
            continue;
        copy = xmlCopyNode(event, 2);
        hf_xml_set(copy, "state", "failed");
        hf_xml_set(copy, "reason", "the coordinator was lost before it ended: the outcome is unknown");
        cib_status_put_fencing(&update, copy);
    }
    node_status_update(node, &update, 0);
}

static void perform(struct node *node, const struct fence_updates *updates)
{
    for (size_t i = 0; i < updates->count; i++) {
        const struct fence_update *update = &updates->item[i];

        switch (update->order) {
        case FENCE_RUN:
        case FENCE_FORGET:
            run_agent(node, update);
            break;
        case FENCE_VERDICT:
            verdict(node, update);
            break;
        case FENCE_ANSWER:
            answer(node, update);
            break;
        case FENCE_RECORD:
            put_record(node, update->record);
            break;
        }
    }
}

void fencing_tick(struct node *node)
{
    struct fence_event event = {.type = FENCE_TICK};

    if (fencing_deadline(node->fencing) <= node->now)
        step(node, &event);
}

void fencing_end(struct node *node)
{
    fencing_free(node->fencing);
    for (size_t i = 0; i < node->n_records; i++)
        free(node->records[i].id);
    free(node->records);
    free(node->shooters);
    for (size_t i = 0; i < node->n_foreign; i++)
        foreign_clear(&node->foreign[i]);
    free(node->foreign);
    for (size_t i = 0; i < node->n_held; i++)
        free(node->held[i].target);
    free(node->held);
}
