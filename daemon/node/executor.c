/* executor.c - carries out actions on this node and keeps its part of the CIB's status true.
 *
 * Agents run in the agent runner, which outlives the daemon and remembers what ran last.  So this node's
 * status can be written anew whenever it is lost: after a restart of the daemon, and when another member's
 * state was taken over.  Everything that the status must say about an operation and that the runner does not
 * know by itself travels with the call as userdata. */
#include <stdio.h>

#include "daemon/node/private.h"
#include "daemon/sched/digest.h"
#include "daemon/sched/history.h"
#include "lib/wire.h"

enum { USERDATA_VERSION = 3, METADATA_TIMEOUT_MS = 30000 };

/* The agent runner queues by resource; a question about an agent belongs to none. */
#define METADATA_RESOURCE "meta-data of "

/* What travels with a call; each text may be "". */
struct userdata {
    char *key; /* transition key */
    char *digest;
    char *restart_list, *restart_digest; /* see agents.h; "" if the agent cannot reload */
    char *secure_list, *secure_digest;
    bool runs_with; /* the digests are those of the start, see history.h */
    bool no_record;
    struct lease_terms terms;
};

static void put_terms(struct hf_buf *out, const struct lease_terms *terms)
{
    hf_put_u8(out, terms->leased);
    hf_put_u8(out, terms->promoted);
    hf_put_u8(out, terms->everywhere);
    hf_put_u32(out, terms->timeout_ms);
    node_pairs_put(out, terms->params, terms->n_params);
}

static void get_terms(struct hf_reader *in, struct lease_terms *terms)
{
    terms->leased = hf_get_u8(in) != 0;
    terms->promoted = hf_get_u8(in) != 0;
    terms->everywhere = hf_get_u8(in) != 0;
    terms->timeout_ms = hf_get_u32(in);
    terms->params = node_pairs_get(in, &terms->n_params);
}

static void userdata_encode(const struct userdata *data, struct hf_buf *out)
{
    hf_put_u8(out, USERDATA_VERSION);
    hf_put_string(out, data->key);
    hf_put_string(out, data->digest);
    hf_put_string(out, data->restart_list);
    hf_put_string(out, data->restart_digest);
    hf_put_string(out, data->secure_list);
    hf_put_string(out, data->secure_digest);
    hf_put_u8(out, data->runs_with);
    hf_put_u8(out, data->no_record);
    put_terms(out, &data->terms);
}

static void userdata_clear(struct userdata *data)
{
    free(data->key);
    free(data->digest);
    free(data->restart_list);
    free(data->restart_digest);
    free(data->secure_list);
    free(data->secure_digest);
    lease_terms_clear(&data->terms);
    *data = (struct userdata){0};
}

/* Leaves everything NULL if it is none of ours. */
static void userdata_decode(const struct runner_result *result, struct userdata *data)
{
    struct hf_reader in = hf_reader(result->userdata, result->userdata_length);
    uint8_t version = hf_get_u8(&in);

    data->key = hf_get_string(&in);
    data->digest = hf_get_string(&in);
    data->restart_list = hf_get_string(&in);
    data->restart_digest = hf_get_string(&in);
    data->secure_list = hf_get_string(&in);
    data->secure_digest = hf_get_string(&in);
    data->runs_with = hf_get_u8(&in) != 0;
    data->no_record = hf_get_u8(&in) != 0;
    get_terms(&in, &data->terms);
    if (version != USERDATA_VERSION || !hf_reader_done(&in))
        userdata_clear(data);
}

static const char *given(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static const xmlNode *own_state(const struct node *node)
{
    char id[12];

    return cib_document_node_state(cib_replica_document(node->replica), node_id_text(node->self, id));
}

/* --- results into the status --- */

/* A scratch <cib> with an empty <status>, where the scheduler's history code works. */
static xmlDoc *scratch_new(void)
{
    xmlDoc *scratch = xmlNewDoc((const xmlChar *)"1.0");

    xmlDocSetRootElement(scratch, xmlNewNode(NULL, (const xmlChar *)"cib"));
    hf_xml_add(xmlDocGetRootElement(scratch), "status");
    return scratch;
}

/* The scheduler orders the entries of one recurring operation by the second in which their result changed.
 * A failure in the same second as the success before it must still come after it. */
static int64_t changed_at(const struct node *node, const struct runner_result *result, bool failed)
{
    const xmlNode *entry = history_resource(own_state(node), result->resource);
    HF_CLEANUP(hf_freep)
    char *id = hf_asprintf("%s_%s_%" PRIu32, result->resource, result->operation, result->interval_ms);
    int64_t before = 0;

    if (!failed || result->interval_ms == 0)
        return result->rc_change_time;
    hf_parse_int64(hf_xml_get(hf_xml_child_by_id(entry, "lrm_rsc_op", id), "last-rc-change"), &before);
    return result->rc_change_time > before ? result->rc_change_time : before + 1;
}

static void record(struct node *node, xmlDoc *scratch, const struct runner_result *result,
                   const struct userdata *data)
{
    char id[12];
    struct node_key key = {0};
    struct graph_resource resource = {
        .id = result->resource,
        .class_ = result->class,
        .provider = result->provider[0] == '\0' ? NULL : result->provider,
        .type = result->type,
    };
    struct history_op op = {
        .resource = &resource,
        .task = result->operation,
        .interval_ms = result->interval_ms,
        .node_name = node_name(node, node->self),
        .node_id = node_id_text(node->self, id),
        .rc = result->rc,
        .status = result->status,
        .target_rc = node_key_parse(data->key, &key) ? key.target_rc : result->expected_rc,
        .call_id = (int)result->call_id,
        .run = result->start_time,
        .exec_ms = result->exec_ms,
        .queue_ms = result->queue_ms,
        .exit_reason = result->reason[0] == '\0' ? NULL : result->reason,
        .transition_key = data->key,
        .feature_set = NODE_FEATURE_SET,
        .digest = given(data->digest),
        .restart_list = given(data->restart_list),
        .restart_digest = given(data->restart_digest),
        .secure_list = given(data->secure_list),
        .secure_digest = given(data->secure_digest),
        .runs_with = data->runs_with,
    };

    if (op.interval_ms == 0)
        vip_recorded(node, result->resource, result->call_id);
    if (op.status == RUNNER_DONE && op.rc == 0)
        op.term = vip_term(node, result->resource, result->operation);
    op.changed = changed_at(node, result, op.status > 0 || (op.status == 0 && op.rc != op.target_rc));
    history_record(xmlDocGetRootElement(scratch), &op);
}

static bool is_recorded(const struct runner_result *result, const struct userdata *data)
{
    return given(data->key) != NULL && !data->no_record && strcmp(result->operation, "notify") != 0 &&
           strcmp(result->operation, "meta-data") != 0 && result->status != RUNNER_CANCELLED;
}

/* Appends to update the entries that the scratch document has. */
static void take_entries(const xmlDoc *scratch, const char *node_id, struct hf_buf *update)
{
    const xmlNode *status = hf_xml_child(xmlDocGetRootElement(scratch), "status");
    const xmlNode *lrm = hf_xml_child(hf_xml_child(status, "node_state"), "lrm");

    HF_XML_EACH (entry, hf_xml_child(lrm, "lrm_resources"), "lrm_resource") {
        struct cib_history_resource resource = {
            .id = hf_xml_get(entry, "id"),
            .class = hf_xml_get(entry, "class"),
            .provider = hf_xml_get(entry, "provider"),
            .type = hf_xml_get(entry, "type"),
        };

        HF_XML_EACH (op, entry, "lrm_rsc_op")
            cib_status_put_history(update, node_id, &resource, op);
    }
}

void executor_record_term(struct node *node, const xmlNode *lrm_resource, const xmlNode *last, uint64_t term)
{
    char id[12];
    struct hf_buf update = {0};
    xmlNode *op = xmlCopyNode((xmlNode *)last, 1);
    struct cib_history_resource resource = {
        .id = hf_xml_get(lrm_resource, "id"),
        .class = hf_xml_get(lrm_resource, "class"),
        .provider = hf_xml_get(lrm_resource, "provider"),
        .type = hf_xml_get(lrm_resource, "type"),
    };

    hf_xml_setf(op, HISTORY_TERM, "%" PRIu64, term);
    cib_status_put_history(&update, node_id_text(node->self, id), &resource, op);
    xmlFreeNode(op);
    node_status_update(node, &update, 0);
}

/* No agent was called, so that the parameters are those of the last operation. */
void executor_record_move(struct node *node, const xmlNode *lrm_resource, const xmlNode *last,
                          const char *task, xmlDoc *scratch)
{
    char id[12];
    struct hf_buf update = {0};
    struct node_key key = {.action = 0, .transition = -1, .target_rc = RUNNER_OCF_OK};
    HF_CLEANUP(hf_freep) char *text = NULL;
    xmlNode *before = xmlCopyNode((xmlNode *)last, 1); /* which is about to be overwritten */
    struct graph_resource resource = {
        .id = hf_xml_get(lrm_resource, "id"),
        .class_ = hf_xml_get(lrm_resource, "class"),
        .provider = hf_xml_get(lrm_resource, "provider"),
        .type = hf_xml_get(lrm_resource, "type"),
    };
    struct history_op op = {
        .resource = &resource,
        .task = task,
        .node_name = node_name(node, node->self),
        .node_id = node_id_text(node->self, id),
        .call_id = (int)++node->executor.calls,
        .run = node->wall,
        .changed = node->wall,
        .feature_set = NODE_FEATURE_SET,
        .digest = hf_xml_get(before, "op-digest"),
        .restart_list = hf_xml_get(before, "op-force-restart"),
        .restart_digest = hf_xml_get(before, "op-restart-digest"),
        .secure_list = hf_xml_get(before, "op-secure-params"),
        .secure_digest = hf_xml_get(before, "op-secure-digest"),
        .runs_with = true,
        .term = vip_term(node, resource.id, task),
        .moved = true,
    };
    xmlDoc *own = scratch == NULL ? scratch_new() : NULL;

    snprintf(key.uuid, sizeof(key.uuid), "%s", node->config.uuid);
    text = node_key_make(&key);
    op.transition_key = text;
    vip_recorded(node, resource.id, node->executor.calls);
    history_record(xmlDocGetRootElement(own != NULL ? own : scratch), &op);
    xmlFreeNode(before);
    if (own == NULL)
        return;
    take_entries(own, op.node_id, &update);
    xmlFreeDoc(own);
    node_status_update(node, &update, 0);
}

static void remember_call_id(struct node *node, uint64_t call_id)
{
    if (call_id > node->executor.calls)
        node->executor.calls = call_id;
}

static void send_done(struct node *node, const char *key, int rc, int status, const char *reason)
{
    cib_member dc = cib_replica_dc(node->replica);
    struct node_message message = {
        .kind = NODE_MESSAGE_DONE,
        .to = cib_member_node(dc),
        .key = (char *)key,
        .rc = rc,
        .status = status,
        .text = (char *)(reason == NULL ? "" : reason),
    };

    if (dc != 0)
        node_send(node, &message);
}

/* A recurring operation ended because it was asked to: its entry goes, and whoever asked is told. */
static void cancelled(struct node *node, const struct runner_result *result)
{
    struct executor *executor = &node->executor;
    struct hf_buf update = {0};
    char id[12];
    HF_CLEANUP(hf_freep)
    char *entry = hf_asprintf("%s_%s_%" PRIu32, result->resource, result->operation, result->interval_ms);

    cib_status_remove_history(&update, node_id_text(node->self, id), result->resource, entry);
    node_status_update(node, &update, result->sequence == 0 ? 0 : TICKET_RESULT | result->sequence);
    for (size_t i = 0; i < executor->n_cancelling; i++) {
        struct cancelling *wanted = &executor->cancelling[i];

        if (wanted->interval_ms != result->interval_ms || strcmp(wanted->resource, result->resource) != 0 ||
            strcmp(wanted->operation, result->operation) != 0)
            continue;
        send_done(node, wanted->key, 0, RUNNER_DONE, NULL);
        free(wanted->resource);
        free(wanted->operation);
        free(wanted->key);
        *wanted = executor->cancelling[--executor->n_cancelling];
        return;
    }
}

static void take_metadata(struct node *node, const struct runner_result *result);

static void log_result(struct node *node, const struct runner_result *result)
{
    int level = result->status == RUNNER_DONE && (result->rc == 0 || result->rc == 7 || result->rc == 8)
                    ? LOG_INFO
                    : LOG_WARNING;

    node_log(node, level, "%s of %s: %s, exit code %d (%s)%s%s, %" PRIu32 " ms", result->operation,
             result->resource, runner_status_text(result->status), result->rc, runner_ocf_text(result->rc),
             result->reason[0] != '\0' ? ": " : "", result->reason, result->exec_ms);
}

static void end_result(struct node *node, const struct runner_result *result)
{
    struct userdata data = {0};
    struct hf_buf update = {0};
    char id[12];

    log_result(node, result);
    userdata_decode(result, &data);
    leases_result(node, result, &data.terms);
    if (is_recorded(result, &data)) {
        xmlDoc *scratch = scratch_new();

        record(node, scratch, result, &data);
        take_entries(scratch, node_id_text(node->self, id), &update);
        xmlFreeDoc(scratch);
        node_status_update(node, &update, result->sequence == 0 ? 0 : TICKET_RESULT | result->sequence);
    } else {
        if (given(data.key) != NULL)
            send_done(node, data.key, result->rc, result->status, result->reason);
        if (result->sequence != 0)
            node_effect_add(node, NODE_ACK)->ticket = result->sequence;
    }
    userdata_clear(&data);
}

/* What was carried out, and leaves no result in the CIB. */
static void end_unrecorded(struct node *node, const struct runner_result *result, int rc,
                           enum runner_status status)
{
    struct userdata data = {0};

    userdata_decode(result, &data);
    leases_result(node, result, &data.terms);
    if (given(data.key) != NULL)
        send_done(node, data.key, rc, status, result->reason);
    if (result->sequence != 0)
        node_effect_add(node, NODE_ACK)->ticket = result->sequence;
    userdata_clear(&data);
}

/* A monitor that was started for a role which the VIP has no more. */
static void outdated(struct node *node, const struct runner_result *result)
{
    if (!vip_monitors_anew(node, result)) {
        struct node_effect *effect = node_effect_add(node, NODE_CANCEL);

        effect->resource = hf_strdup(result->resource);
        effect->operation = hf_strdup(result->operation);
        effect->interval_ms = result->interval_ms;
    }
    node_log(node, LOG_INFO, "%s of %s every %" PRIu32 " ms was meant for its former role: it ends",
             result->operation, result->resource, result->interval_ms);
    end_unrecorded(node, result, result->expected_rc, RUNNER_DONE);
}

/* The coordinator learns that the promotion did not happen; it is no failure of the resource. */
static void lost_race(struct node *node, const struct runner_result *result)
{
    node_log(node, LOG_NOTICE, "%s of %s: another node has taken it meanwhile", result->operation,
             result->resource);
    vip_not_promoted(node, result->resource);
    end_unrecorded(node, result, result->rc, result->status);
}

void executor_judged(struct node *node, const struct runner_result *result)
{
    if (vip_judge(node, result, true) == VIP_OUTDATED)
        outdated(node, result);
    else
        end_result(node, result);
}

void executor_result(struct node *node, const struct runner_result *result)
{
    struct executor *executor = &node->executor;

    if (executor->listing ||
        (vip_guard_awaited(node) && vip_is(result->class, result->provider, result->type))) {
        hf_grow(&executor->late, &executor->late_capacity, executor->n_late + 1, sizeof(*executor->late));
        runner_result_copy(&executor->late[executor->n_late++], result);
        return;
    }
    remember_call_id(node, result->call_id);
    if (strncmp(result->resource, METADATA_RESOURCE, strlen(METADATA_RESOURCE)) == 0) {
        take_metadata(node, result);
        return;
    }
    if (result->interval_ms > 0 && result->status == RUNNER_CANCELLED) {
        cancelled(node, result);
        return;
    }
    switch (vip_judge(node, result, false)) {
    case VIP_RECORD:
        end_result(node, result);
        break;
    case VIP_OUTDATED:
        outdated(node, result);
        break;
    case VIP_LOST_RACE:
        lost_race(node, result);
        break;
    case VIP_WAIT:
        break;
    }
}

/* --- the whole status --- */

static void ask_history(struct node *node)
{
    struct executor *executor = &node->executor;

    if (executor->listing || !executor->attached)
        return;
    executor->listing = true;
    node_effect_add(node, NODE_LIST);
}

void executor_attached(struct node *node)
{
    node_log(node, LOG_INFO, "the agent runner is there");
    node->executor.attached = true;
    node->executor.published = false;
    node->executor.listing = false;
    ask_history(node);
}

void executor_detached(struct node *node)
{
    node_log(node, LOG_WARNING,
             "the connection to the agent runner was lost: nothing can be done here until it is back");
    node->executor.attached = false;
}

void executor_publish(struct node *node)
{
    struct executor *executor = &node->executor;

    if (executor->published || node->farewell || vip_guard_awaited(node) || node->n_names == 0 ||
        !cib_replica_in_sync(node->replica))
        return;
    ask_history(node);
}

static void describe_self(struct node *node, xmlNode *state)
{
    hf_xml_set(state, "uname", node_name(node, node->self));
    hf_xml_set(state, "in_ccm", "true");
    hf_xml_set(state, "crmd", "online");
    hf_xml_set(state, "join", "member");
    hf_xml_set(state, "expected", "member");
}

static int by_call(const void *one, const void *other)
{
    const struct runner_result *a = *(const struct runner_result *const *)one,
                               *b = *(const struct runner_result *const *)other;

    return (a->call_id > b->call_id) - (a->call_id < b->call_id);
}

/* The runner's entries in the order in which their calls were made: a resource's last failure comes behind
 * what was done since. The array is the caller's (free()), what it points at borrowed. */
static const struct runner_result **in_order(const struct runner_result *entries, size_t count)
{
    const struct runner_result **order = hf_calloc(count + 1, sizeof(*order));

    for (size_t i = 0; i < count; i++)
        order[i] = &entries[i];
    qsort(order, count, sizeof(*order), by_call);
    return order;
}

/* --- transient attributes --- */

const xmlNode *executor_attribute(const xmlNode *attributes, const char *name)
{
    HF_XML_EACH (set, attributes, "instance_attributes") {
        HF_XML_EACH (pair, set, "nvpair")
            if (strcmp(hf_xml_get_or(pair, "name", ""), name) == 0)
                return pair;
    }
    return NULL;
}

/* The daemon may crash while nobody else has them: the shell keeps them for its next incarnation. */
static void keep(struct node *node, const xmlNode *attributes)
{
    struct executor *executor = &node->executor;
    char *text = attributes == NULL ? hf_strdup("") : hf_xml_text(attributes, false);
    struct node_effect *effect;

    if (executor->kept != NULL && strcmp(executor->kept, text) == 0) {
        free(text);
        return;
    }
    free(executor->kept);
    executor->kept = text;
    effect = node_effect_add(node, NODE_REMEMBER);
    effect->bytes = hf_strdup(text);
    effect->length = strlen(text);
}

void executor_take_attributes(struct node *node, xmlDoc *attributes)
{
    xmlNode *root = attributes == NULL ? NULL : xmlDocGetRootElement(attributes);

    if (root != NULL && hf_xml_is(root, "transient_attributes"))
        node->executor.attributes = attributes;
    else
        xmlFreeDoc(attributes);
}

void executor_forget_attributes(struct node *node)
{
    keep(node, NULL);
}

/* Who lost this node forgets its transient attributes, such as the promotion scores that its agents gave.
 * They end with the node, and it has not ended: it remembers them, and says them again when it is back. */
void executor_status_applied(struct node *node)
{
    struct executor *executor = &node->executor;
    const xmlNode *state = own_state(node), *attributes = hf_xml_child(state, "transient_attributes");

    if (!executor->published || strcmp(hf_xml_get_or(state, "join", ""), "member") != 0)
        return; /* what stands there is another's opinion */
    if (!node->farewell)
        keep(node, attributes);
    xmlFreeDoc(executor->attributes);
    executor->attributes = NULL;
    if (attributes == NULL)
        return;
    executor->attributes = xmlNewDoc(BAD_CAST "1.0");
    xmlDocSetRootElement(executor->attributes,
                         xmlDocCopyNode((xmlNode *)attributes, executor->attributes, 1));
}

/* What the CIB says meanwhile is newer. */
static void put_remembered(struct node *node, const xmlNode *attributes, struct hf_buf *update)
{
    const xmlNode *remembered =
        node->executor.attributes == NULL ? NULL : xmlDocGetRootElement(node->executor.attributes);
    char id[12];

    node_id_text(node->self, id);
    HF_XML_EACH (set, remembered, "instance_attributes") {
        HF_XML_EACH (pair, set, "nvpair") {
            const char *name = hf_xml_get_or(pair, "name", "");

            if (executor_attribute(attributes, name) == NULL)
                cib_status_set_attribute(update, id, name, hf_xml_get(pair, "value"));
        }
    }
}

/* A node_state with everything that the runner knows; transient attributes stay as the CIB has them, or as
 * they were before this node was lost. */
static void put_state(struct node *node, const struct runner_result *entries, size_t count,
                      struct hf_buf *update)
{
    char id[12];
    xmlDoc *scratch = scratch_new();
    xmlNode *root = xmlDocGetRootElement(scratch);
    xmlNode *state =
        history_node_state(root, node_id_text(node->self, id), node_name(node, node->self), false);
    xmlNode *attributes = hf_xml_child(own_state(node), "transient_attributes");
    HF_CLEANUP(hf_freep) const struct runner_result **order = in_order(entries, count);

    describe_self(node, state);
    for (size_t i = 0; i < count; i++) {
        struct userdata data = {0};

        remember_call_id(node, order[i]->call_id);
        userdata_decode(order[i], &data);
        if (is_recorded(order[i], &data) && vip_judge_history(node, order[i]))
            record(node, scratch, order[i], &data);
        userdata_clear(&data);
    }
    vip_adopt_into(node, scratch);
    if (attributes != NULL)
        xmlAddChild(state, xmlDocCopyNode(attributes, scratch, 1));
    vip_publish_again(node);
    cib_status_replace_node(update, state);
    put_remembered(node, attributes, update);
    if (!node->leaving)
        cib_status_set_attribute(update, id, "shutdown", NULL);
    if (executor_attribute(attributes, NODE_LEFT_ALONE) != NULL) {
        cib_status_set_attribute(update, id, "maintenance", NULL);
        cib_status_set_attribute(update, id, NODE_LEFT_ALONE, NULL);
    }
    xmlFreeDoc(scratch);
}

/* What runs here, in the order in which it came to that. */
static void survey(struct node *node, const struct runner_result *entries, size_t count)
{
    HF_CLEANUP(hf_freep) const struct runner_result **order = in_order(entries, count);

    for (size_t i = 0; i < count; i++) {
        struct userdata data = {0};

        remember_call_id(node, order[i]->call_id);
        userdata_decode(order[i], &data);
        if (strncmp(order[i]->resource, METADATA_RESOURCE, strlen(METADATA_RESOURCE)) != 0)
            leases_history(node, order[i], &data.terms);
        userdata_clear(&data);
    }
    leases_surveyed(node);
}

/* What came while the history was under way. */
static void take_late(struct node *node)
{
    struct executor *executor = &node->executor;
    struct runner_result *late = executor->late;
    size_t count = executor->n_late;

    executor->late = NULL;
    executor->n_late = executor->late_capacity = 0;
    for (size_t i = 0; i < count; i++) {
        executor_result(node, &late[i]);
        runner_result_clear(&late[i]);
    }
    free(late);
}

void executor_history(struct node *node, const struct runner_result *entries, size_t count)
{
    struct executor *executor = &node->executor;
    struct hf_buf update = {0};

    if (!executor->listing)
        return;
    executor->listing = false;
    survey(node, entries, count);
    if (cib_replica_in_sync(node->replica) && node->n_names > 0 && !node->farewell &&
        !vip_guard_awaited(node)) {
        executor->published = true;
        executor->known = false;
        put_state(node, entries, count, &update);
        node_status_update(node, &update, TICKET_OWN | OWN_STATE);
    }
    take_late(node);
    executor_publish(node);
}

/* --- actions --- */

void executor_fail(struct node *node, const struct node_action *action, const char *reason)
{
    struct runner_result result = {
        .call_id = ++node->executor.calls,
        .resource = action->resource,
        .operation = action->task,
        .interval_ms = action->interval_ms,
        .expected_rc = action->target_rc,
        .class = action->class_,
        .provider = action->provider,
        .type = action->type,
        .rc = RUNNER_OCF_ERROR,
        .status = RUNNER_ERROR,
        .reason = (char *)reason,
        .output = "",
        .start_time = node->wall,
        .rc_change_time = node->wall,
    };
    struct userdata data = {.key = action->key, .no_record = action->no_record};
    struct hf_buf userdata = {0};

    userdata_encode(&data, &userdata);
    result.userdata = userdata.data;
    result.userdata_length = userdata.length;
    executor_result(node, &result);
    hf_buf_free(&userdata);
}

static void cancel(struct node *node, const struct node_action *action)
{
    struct executor *executor = &node->executor;
    const char *operation = node_action_param(action, "CRM_meta_operation");
    const char *interval = node_action_param(action, "CRM_meta_interval");
    int64_t interval_ms = 0;

    if (operation == NULL || !hf_parse_int64(interval, &interval_ms)) {
        send_done(node, action->key, RUNNER_OCF_ERROR, RUNNER_INVALID,
                  "a cancel without operation and interval");
        return;
    }
    hf_grow(&executor->cancelling, &executor->cancelling_capacity, executor->n_cancelling + 1,
            sizeof(*executor->cancelling));
    executor->cancelling[executor->n_cancelling++] = (struct cancelling){
        .resource = hf_strdup(action->resource),
        .operation = hf_strdup(operation),
        .key = hf_strdup(action->key),
        .interval_ms = (uint32_t)interval_ms,
    };

    struct node_effect *effect = node_effect_add(node, NODE_CANCEL);

    effect->resource = hf_strdup(action->resource);
    effect->operation = hf_strdup(operation);
    effect->interval_ms = (uint32_t)interval_ms;
}

static void forget(struct node *node, const char *resource)
{
    struct hf_buf update = {0};
    char id[12];

    node_effect_add(node, NODE_FORGET)->resource = hf_strdup(resource);
    cib_status_remove_history(&update, node_id_text(node->self, id), resource, NULL);
    node_status_update(node, &update, 0);
}

static int by_name(const void *one, const void *other)
{
    return strcmp(((const struct graph_attr *)one)->name, ((const struct graph_attr *)other)->name);
}

/* The parameters proper; of the meta-data only the timeout of a recurring operation, which is its own. */
static bool is_fingerprinted(const struct node_action *action, const char *name)
{
    if (strncmp(name, "CRM_meta_", strlen("CRM_meta_")) == 0)
        return action->interval_ms > 0 && strcmp(name, "CRM_meta_timeout") == 0;
    return true;
}

/* A change of role leaves a resource with the parameters that it was started with. */
static bool keeps_digests(const struct node *node, const struct node_action *action, struct userdata *data)
{
    const xmlNode *last = history_last(history_resource(own_state(node), action->resource));

    if ((strcmp(action->task, "promote") != 0 && strcmp(action->task, "demote") != 0) ||
        hf_xml_get(last, "op-digest") == NULL)
        return false;
    data->digest = hf_strdup(hf_xml_get(last, "op-digest"));
    data->restart_list = hf_strdup(hf_xml_get_or(last, "op-force-restart", ""));
    data->restart_digest = hf_strdup(hf_xml_get_or(last, "op-restart-digest", ""));
    data->secure_list = hf_strdup(hf_xml_get_or(last, "op-secure-params", ""));
    data->secure_digest = hf_strdup(hf_xml_get_or(last, "op-secure-digest", ""));
    data->runs_with = true;
    return true;
}

/* The fingerprints of the parameters, as the scheduler will want to compare them. */
static void fill_userdata(struct node *node, const struct node_action *action, struct userdata *data)
{
    HF_CLEANUP(hf_freep) struct graph_attr *attrs = hf_calloc(action->n_params, sizeof(*attrs));
    int count = 0;
    char digest[SCHED_DIGEST_SIZE];
    bool asked;
    const struct agent_info *agent =
        agents_get(&node->executor.agents, action->class_, action->provider, action->type, &asked);

    for (uint32_t i = 0; i < action->n_params; i++)
        if (is_fingerprinted(action, action->params[i].name))
            attrs[count++] = (struct graph_attr){action->params[i].name, action->params[i].value};
    qsort(attrs, (size_t)count, sizeof(*attrs), by_name);
    *data = (struct userdata){.key = hf_strdup(action->key), .no_record = action->no_record};
    leases_terms(action, &data->terms);
    if (keeps_digests(node, action, data))
        return;
    sched_digest_all(attrs, count, digest);
    data->digest = hf_strdup(digest);
    if (agent->restart_list != NULL && action->interval_ms == 0) {
        sched_digest_list(attrs, count, agent->restart_list, true, digest);
        data->restart_list = hf_strdup(agent->restart_list);
        data->restart_digest = hf_strdup(digest);
    }
    if (agent->secure_list != NULL) {
        sched_digest_list(attrs, count, agent->secure_list, false, digest);
        data->secure_list = hf_strdup(agent->secure_list);
        data->secure_digest = hf_strdup(digest);
    }
}

static struct runner_call *make_call(struct node *node, const struct node_action *action)
{
    struct runner_call *call = hf_calloc(1, sizeof(*call));
    struct userdata data;
    struct hf_buf userdata = {0};
    uint64_t token;
    char text[24];

    fill_userdata(node, action, &data);
    userdata_encode(&data, &userdata);
    userdata_clear(&data);
    call->id = ++node->executor.calls;
    call->resource = hf_strdup(action->resource);
    call->operation = hf_strdup(action->task);
    call->interval_ms = action->interval_ms;
    call->timeout_ms = action->timeout_ms;
    call->start_delay_ms = action->start_delay_ms;
    call->expected_rc = action->target_rc;
    call->class = hf_strdup(action->class_);
    call->provider = hf_strdup(action->provider);
    call->type = hf_strdup(action->type);
    for (uint32_t i = 0; i < action->n_params; i++)
        runner_call_param(call, action->params[i].name, action->params[i].value);
    if (leases_token(node, action->resource, &token)) {
        snprintf(text, sizeof(text), "%" PRIu64, token);
        runner_call_param(call, LEASE_TOKEN_PARAM, text);
    }
    call->userdata_length = userdata.length;
    call->userdata = hf_buf_take(&userdata);
    return call;
}

/* An agent that is seen for the first time is asked for its meta-data, beside its first operation: that is
 * nearly always a probe, and what is learned is needed at the start. */
static void ask_metadata(struct node *node, const struct node_action *action)
{
    bool asked;
    struct runner_call *call;

    agents_get(&node->executor.agents, action->class_, action->provider, action->type, &asked);
    if (asked || strcmp(action->class_, "ocf") != 0)
        return;
    call = hf_calloc(1, sizeof(*call));
    call->id = ++node->executor.calls;
    call->resource =
        hf_asprintf(METADATA_RESOURCE "%s:%s:%s", action->class_, action->provider, action->type);
    call->operation = hf_strdup("meta-data");
    call->timeout_ms = METADATA_TIMEOUT_MS;
    call->class = hf_strdup(action->class_);
    call->provider = hf_strdup(action->provider);
    call->type = hf_strdup(action->type);
    node_effect_add(node, NODE_RUN)->call = call;
}

static void take_metadata(struct node *node, const struct runner_result *result)
{
    bool asked;
    struct agent_info *info =
        agents_get(&node->executor.agents, result->class, result->provider, result->type, &asked);

    if (!info->known && !agent_info_read(info, result->output, strlen(result->output)))
        node_log(node, LOG_WARNING,
                 "%s:%s:%s gave no meta-data that can be read: its parameters are taken to need a restart",
                 result->class, result->provider, result->type);
    node_effect_add(node, NODE_FORGET)->resource = hf_strdup(result->resource);
    if (result->sequence != 0)
        node_effect_add(node, NODE_ACK)->ticket = result->sequence;
}

/* Says in the CIB that the operation is under way, so that a new coordinator knows. */
static void record_pending(struct node *node, const struct runner_call *call)
{
    struct runner_result pending = runner_call_result(call, RUNNER_OCF_PENDING, RUNNER_PENDING, node->wall);
    struct userdata data = {0};
    struct hf_buf update = {0};
    char id[12];

    userdata_decode(&pending, &data);
    if (is_recorded(&pending, &data)) {
        xmlDoc *scratch = scratch_new();

        record(node, scratch, &pending, &data);
        take_entries(scratch, node_id_text(node->self, id), &update);
        xmlFreeDoc(scratch);
        node_status_update(node, &update, 0);
    }
    userdata_clear(&data);
}

void executor_announce(struct node *node, const struct node_action *action)
{
    struct runner_call *call = make_call(node, action);

    record_pending(node, call);
    runner_call_clear(call);
    free(call);
}

void executor_run(struct node *node, const struct node_action *action)
{
    struct runner_call *call;
    uint64_t id;

    ask_metadata(node, action);
    call = make_call(node, action);
    id = call->id;
    node_effect_add(node, NODE_RUN)->call = call;
    leases_ran(node, action, id);
    record_pending(node, call);
}

void executor_perform(struct node *node, const struct node_action *action)
{
    if (strcmp(action->task, "lrm_delete") == 0 || strcmp(action->task, "delete") == 0) {
        forget(node, action->resource);
        send_done(node, action->key, 0, RUNNER_DONE, NULL);
        return;
    }
    if (!node->executor.known) {
        send_done(node, action->key, RUNNER_OCF_ERROR, RUNNER_NOT_CONNECTED,
                  "it was decided before the state of this node was known");
        return;
    }
    if (!node->executor.attached) {
        executor_fail(node, action, "the agent runner is not there");
        return;
    }
    if (strcmp(action->task, "cancel") == 0) {
        cancel(node, action);
        return;
    }

    if (leases_take(node, action))
        return;
    executor_run(node, action);
    leases_settle(node);
}

/* --- cleanup --- */

static bool has_failed(const xmlNode *entry)
{
    HF_XML_EACH (op, entry, "lrm_rsc_op") {
        struct node_key key;
        int64_t rc, status;

        if (!hf_parse_int64(hf_xml_get(op, "rc-code"), &rc) ||
            !hf_parse_int64(hf_xml_get(op, "op-status"), &status) ||
            !node_key_parse(hf_xml_get(op, "transition-key"), &key))
            continue;
        if (status > 0 || (status == 0 && rc != key.target_rc))
            return true;
    }
    return false;
}

/* Whether name is fail-count-RESOURCE#... or last-failure-RESOURCE#... ("" for any resource). */
static bool is_failure_of(const char *name, const char *resource)
{
    static const char *const prefixes[] = {"fail-count-", "last-failure-"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(prefixes); i++) {
        size_t prefix = strlen(prefixes[i]);
        size_t length = strlen(resource);

        if (strncmp(name, prefixes[i], prefix) != 0)
            continue;
        if (length == 0 ||
            (strncmp(name + prefix, resource, length) == 0 && strchr("#:", name[prefix + length]) != NULL))
            return true;
    }
    return false;
}

/* "db" also means its instances "db:0", "db:1". */
static bool names_resource(const char *wanted, const char *id)
{
    size_t length = strlen(wanted);

    return length == 0 || (strncmp(id, wanted, length) == 0 && (id[length] == '\0' || id[length] == ':'));
}

void executor_cleanup(struct node *node, const char *resource, bool refresh)
{
    struct hf_buf update = {0};
    char id[12];
    const xmlNode *state = own_state(node);
    const xmlNode *lrm = hf_xml_child(hf_xml_child(state, "lrm"), "lrm_resources");

    node_id_text(node->self, id);
    HF_XML_EACH (set, hf_xml_child(state, "transient_attributes"), "instance_attributes") {
        HF_XML_EACH (pair, set, "nvpair")
            if (is_failure_of(hf_xml_get_or(pair, "name", ""), resource))
                cib_status_set_attribute(&update, id, hf_xml_get(pair, "name"), NULL);
    }
    HF_XML_EACH (entry, lrm, "lrm_resource") {
        const char *name = hf_xml_get_or(entry, "id", "");

        if (!names_resource(resource, name) || (!refresh && !has_failed(entry)))
            continue;
        node_effect_add(node, NODE_FORGET)->resource = hf_strdup(name);
        cib_status_remove_history(&update, id, name, NULL);
    }
    if (update.length == 0)
        return;
    node_log(node, LOG_NOTICE, "cleanup: looking again at %s",
             resource[0] == '\0' ? "all resources" : resource);
    node_status_update(node, &update, 0);
}

void executor_free(struct node *node)
{
    struct executor *executor = &node->executor;

    agents_free(&executor->agents);
    xmlFreeDoc(executor->attributes);
    free(executor->kept);
    for (size_t i = 0; i < executor->n_late; i++)
        runner_result_clear(&executor->late[i]);
    free(executor->late);
    for (size_t i = 0; i < executor->n_cancelling; i++) {
        free(executor->cancelling[i].resource);
        free(executor->cancelling[i].operation);
        free(executor->cancelling[i].key);
    }
    free(executor->cancelling);
}
