/* fencing.c - joins the fencing machine (fence/request.h) to the node: who asks, who runs the agent, and what
 * the CIB says afterwards.
 *
 * The machine lives on the coordinator.  An agent runs where the machine says, which may be another member:
 * its order and result then travel as messages.  A node that was fenced is dead until it joins again: its
 * history and transient attributes go, and it is expected to be down. */
#include "daemon/node/private.h"

static void perform(struct node *node, const struct fence_updates *updates);

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

void fencing_refresh(struct node *node)
{
    struct fence_event right = {.type = FENCE_RIGHT,
                                .right =
                                    cib_replica_agreed(node->replica) && cib_replica_quorate(node->replica)};
    struct fence_event configure = {.type = FENCE_CONFIGURE};
    struct hf_buf problems = {0};

    if (node->fencing_configured) {
        step(node, &right);
        return;
    }
    node->fencing_configured = true;
    configure.config = fence_config_read(cib_document_configuration(cib_replica_document(node->replica)),
                                         NULL, NULL, &problems);
    if (problems.length > 0)
        node_log(node, LOG_WARNING, "fencing: %s", hf_buf_text(&problems));
    hf_buf_free(&problems);
    step(node, &configure);
    tell_members(node);
    step(node, &right);
}

/* --- requests --- */

void fencing_request(struct node *node, const struct graph_action *action, uint64_t request)
{
    const char *what = graph_attr_get(action, "stonith_action");
    struct fence_event event = {.type = FENCE_REQUEST,
                                .request = request,
                                .target = action->node_name,
                                .origin = node_name(node, node->self)};

    if (what == NULL || !fence_action_parse(what, &event.action))
        event.action = FENCE_REBOOT;
    fencing_refresh(node);
    node_log(node, LOG_WARNING, "fencing %s (%s)", action->node_name, fence_action_name(event.action));
    step(node, &event);
}

void fencing_confirm(struct node *node, const char *target)
{
    struct fence_event event = {.type = FENCE_CONFIRM, .target = target, .origin = "operator"};

    fencing_refresh(node);
    step(node, &event);
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
        struct node_message message = {.kind = NODE_MESSAGE_FENCED,
                                       .to = result->requester,
                                       .ticket = result->run,
                                       .rc = result->exit_status,
                                       .status = result->timed_out,
                                       .text = (char *)(result->output == NULL ? "" : result->output),
                                       .key = (char *)(result->reason == NULL ? "" : result->reason)};

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

void fencing_run_for(struct node *node, uint32_t requester, const struct node_message *message)
{
    struct node_effect *effect = node_effect_add(node, message->rc == 0 ? NODE_FENCE : NODE_FENCE_FORGET);

    effect->ticket = message->ticket;
    effect->client = requester;
    effect->resource = hf_strdup(message->key);
    effect->bytes = hf_strdup(message->text);
    effect->length = strlen(message->text);
    effect->interval_ms = (uint32_t)message->status;
}

/* --- what the machine wants --- */

static void run_agent(struct node *node, const struct fence_update *update, bool forget)
{
    struct node_message message = {
        .kind = NODE_MESSAGE_FENCE,
        .to = node_id_by_name(node, update->node),
        .ticket = update->run,
        .rc = forget,
        .status = (int32_t)update->timeout_ms,
        .key = (char *)(forget ? "" : update->agent),
        .text = (char *)(forget ? "" : update->input),
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

static void verdict(struct node *node, const struct fence_update *update)
{
    node_log(node, update->done ? LOG_NOTICE : LOG_ERR, "fencing %s (%s): %s%s%s", update->target,
             fence_action_name(update->action), update->done ? "done" : "failed",
             update->reason != NULL ? ": " : "", update->reason != NULL ? update->reason : "");
    if (update->done)
        mark_fenced(node, update->target, update->action);
    controller_fenced(node, update->request, update->done);
}

static void answer(struct node *node, const struct fence_update *update)
{
    struct node_message message = {
        .kind = NODE_MESSAGE_SETTLED,
        .to = node->confirming.from,
        .ticket = node->confirming.ticket,
        .rc = update->done ? HF_OK : HF_REFUSED,
        .text = (char *)(update->reason == NULL ? "" : update->reason),
    };

    if (update->done)
        mark_fenced(node, update->target, FENCE_OFF);
    node_send(node, &message);
}

static void perform(struct node *node, const struct fence_updates *updates)
{
    for (size_t i = 0; i < updates->count; i++) {
        const struct fence_update *update = &updates->item[i];

        switch (update->order) {
        case FENCE_RUN:
            run_agent(node, update, false);
            break;
        case FENCE_FORGET:
            run_agent(node, update, true);
            break;
        case FENCE_VERDICT:
            verdict(node, update);
            break;
        case FENCE_ANSWER:
            answer(node, update);
            break;
        case FENCE_RECORD:
            node_log(node, LOG_NOTICE, "fencing history: %s of %s %s",
                     fence_action_name(update->record->action), update->record->target,
                     update->record->outcome == FENCE_SUCCESS ? "succeeded" : "failed");
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
