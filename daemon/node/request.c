/* request.c - answers the requests of the control socket (doc/control.md).
 *
 * Reading is answered from this node's copy of the CIB; a change goes through the replica, which answers
 * when every member has it; `settle` is a question to the coordinator. */
#include "daemon/node/private.h"

enum { SETTLE_DEFAULT_MS = 60000, CONFIRM_MS = 10000, FENCE_MS = 120000 };

struct request {
    const char *name;
    const char *attributes; /* those it may have, space-separated */
    bool has_children;
    void (*handle)(struct node *node, uint64_t client, const xmlNode *request, const char *text,
                   size_t length);
};

/* --- query --- */

static void query_cib(struct node *node, uint64_t client)
{
    const struct cib_document *document = cib_replica_document(node->replica);
    HF_CLEANUP(hf_freep) char *text = NULL;
    char version[CIB_VERSION_TEXT];
    HF_CLEANUP(hf_freep)
    char *attribute =
        hf_asprintf("version=\"%s\"", cib_version_text(cib_document_version(document), version));

    text = hf_xml_text(cib_document_root(document), false);
    node_reply(node, client, NULL, attribute, text);
}

static void query_node(struct node *node, uint64_t client)
{
    struct hf_buf text = {0};
    size_t count;
    const cib_member *members = cib_replica_members(node->replica, &count);
    cib_member dc = cib_replica_dc(node->replica);

    hf_buf_printf(&text, "<node id=\"%" PRIu32 "\" name=\"", node->self);
    hf_buf_xml(&text, node_name(node, node->self));
    hf_buf_puts(&text, "\" dc=\"");
    hf_buf_xml(&text, dc == 0 ? "" : node_name(node, cib_member_node(dc)));
    hf_buf_printf(&text, "\" quorate=\"%s\" joined=\"%s\" runner=\"%s\" leaving=\"%s\"",
                  cib_replica_quorate(node->replica) ? "true" : "false",
                  cib_replica_in_sync(node->replica) ? "true" : "false",
                  node->executor.attached ? "true" : "false", node->leaving ? "true" : "false");
    if (node->is_dc)
        hf_buf_printf(&text, " settled=\"%s\" transition=\"%d\"", node_settled(node) ? "true" : "false",
                      node->controller.number);
    hf_buf_puts(&text, " cluster=\"");
    hf_buf_xml(&text, node->cluster == NULL ? "" : node->cluster);
    hf_buf_puts(&text, "\" version=\"" HF_VERSION "\">");
    for (size_t i = 0; i < count; i++) {
        uint32_t id = cib_member_node(members[i]);

        hf_buf_printf(&text, "<member id=\"%" PRIu32 "\" name=\"", id);
        hf_buf_xml(&text, node_name(node, id));
        hf_buf_printf(&text, "\" uptime-order=\"%zu\" joined=\"%s\"/>", i + 1,
                      cib_replica_member_in_sync(node->replica, members[i]) ? "true" : "false");
    }
    hf_buf_puts(&text, "</node>");
    node_reply(node, client, NULL, NULL, hf_buf_text(&text));
    hf_buf_free(&text);
}

static void handle_query(struct node *node, uint64_t client, const xmlNode *request, const char *text,
                         size_t length)
{
    const char *what = hf_xml_get_or(request, "what", "");

    if (strcmp(what, "cib") == 0)
        query_cib(node, client);
    else if (strcmp(what, "node") == 0)
        query_node(node, client);
    else
        node_reply(node, client,
                   hf_error_new(HF_USAGE, "query of '%s', expected cib, node, revisions or revision", what),
                   NULL, NULL);
}

/* --- changes --- */

static void client_change(struct node *node, uint64_t client, const char *change, size_t length,
                          const char *origin)
{
    struct hf_error *error = quorum_may_change(node);

    if (error != NULL)
        node_reply(node, client, error, NULL, NULL);
    else
        node_change(node, client, change, length, origin);
}

static void handle_change(struct node *node, uint64_t client, const xmlNode *request, const char *text,
                          size_t length)
{
    client_change(node, client, text, length, hf_xml_get(request, "origin"));
}

static struct hf_error *find_node(struct node *node, const xmlNode *request, uint32_t *id)
{
    const char *name = hf_xml_get(request, "node");

    *id = name == NULL ? node->self : node_id_by_name(node, name);
    if (*id == 0)
        return hf_error_new(HF_REFUSED, "there is no node '%s'", name);
    return NULL;
}

static void set_forever(struct node *node, uint64_t client, uint32_t id, const char *name, const char *value)
{
    struct hf_buf change = {0};
    char number[12];
    const xmlNode *element = cib_document_find(cib_replica_document(node->replica), node_id_text(id, number));
    const xmlNode *set = hf_xml_child(element, "instance_attributes");
    HF_CLEANUP(hf_freep) char *set_id = hf_asprintf("nodes-%s", number);
    HF_CLEANUP(hf_freep) char *pair_id = hf_asprintf("%s-%s", hf_xml_get_or(set, "id", set_id), name);
    const xmlNode *pair = NULL;

    HF_XML_EACH (candidate, set, "nvpair")
        if (strcmp(hf_xml_get_or(candidate, "name", ""), name) == 0)
            pair = candidate;
    hf_buf_puts(&change, "<change origin=\"attribute\">");
    if (value == NULL && pair != NULL) {
        hf_buf_puts(&change, "<delete id=\"");
        hf_buf_xml(&change, hf_xml_get_or(pair, "id", ""));
        hf_buf_puts(&change, "\"/>");
    } else if (value != NULL && pair != NULL) {
        hf_buf_puts(&change, "<set id=\"");
        hf_buf_xml(&change, hf_xml_get_or(pair, "id", ""));
        hf_buf_puts(&change, "\"><attr name=\"value\" value=\"");
        hf_buf_xml(&change, value);
        hf_buf_puts(&change, "\"/></set>");
    } else if (value != NULL) {
        hf_buf_printf(&change, "<create into=\"%s\">",
                      set == NULL ? number : hf_xml_get_or(set, "id", set_id));
        if (set == NULL)
            hf_buf_printf(&change, "<instance_attributes id=\"%s\">", set_id);
        hf_buf_puts(&change, "<nvpair id=\"");
        hf_buf_xml(&change, pair_id);
        hf_buf_puts(&change, "\" name=\"");
        hf_buf_xml(&change, name);
        hf_buf_puts(&change, "\" value=\"");
        hf_buf_xml(&change, value);
        hf_buf_printf(&change, "\"/>%s</create>", set == NULL ? "</instance_attributes>" : "");
    }
    hf_buf_puts(&change, "</change>");
    if (value == NULL && pair == NULL)
        node_reply(node, client, NULL, NULL, NULL);
    else
        client_change(node, client, hf_buf_text(&change), change.length, "attribute");
    hf_buf_free(&change);
}

/* Agents say at each monitor what they said before.  Each write is a reason to decide anew, and to give up
 * what is just being done; so what is so already is not written, unless another write of this node is under
 * way, which may be of the same. */
static bool is_so_already(const struct node *node, const char *id, const char *name, const char *value)
{
    const xmlNode *state = cib_document_node_state(cib_replica_document(node->replica), id);
    const char *now =
        hf_xml_get(executor_attribute(hf_xml_child(state, "transient_attributes"), name), "value");

    return cib_replica_in_sync(node->replica) && cib_replica_idle(node->replica) &&
           (now == NULL || value == NULL ? now == value : strcmp(now, value) == 0);
}

static void handle_attribute(struct node *node, uint64_t client, const xmlNode *request, const char *text,
                             size_t length)
{
    const char *name = hf_xml_get(request, "name");
    const char *value = hf_xml_get(request, "value");
    const char *lifetime = hf_xml_get_or(request, "lifetime", "reboot");
    struct hf_buf update = {0};
    char number[12];
    uint32_t id;
    struct hf_error *error = find_node(node, request, &id);

    if (error == NULL && (name == NULL || name[0] == '\0'))
        error = hf_error_new(HF_USAGE, "<attribute> without a name");
    if (error == NULL && strcmp(lifetime, "reboot") != 0 && strcmp(lifetime, "forever") != 0)
        error = hf_error_new(HF_USAGE, "lifetime '%s', expected reboot or forever", lifetime);
    if (error != NULL) {
        node_reply(node, client, error, NULL, NULL);
        return;
    }
    if (strcmp(lifetime, "forever") == 0) {
        set_forever(node, client, id, name, value);
        return;
    }
    if (is_so_already(node, node_id_text(id, number), name, value)) {
        node_reply(node, client, NULL, NULL, NULL);
        return;
    }
    cib_status_set_attribute(&update, number, name, value);
    node_status_update(node, &update, client);
}

static void handle_cleanup(struct node *node, uint64_t client, const xmlNode *request, const char *text,
                           size_t length)
{
    const char *refresh = hf_xml_get_or(request, "refresh", "false");
    struct node_message message = {.kind = NODE_MESSAGE_CLEANUP,
                                   .text = (char *)hf_xml_get_or(request, "resource", "")};
    struct hf_error *error = NULL;

    if (!hf_parse_bool(refresh, &message.refresh))
        error = hf_error_new(HF_USAGE, "refresh '%s', expected true or false", refresh);
    if (error == NULL && hf_xml_get(request, "node") != NULL)
        error = find_node(node, request, &message.to);
    if (error == NULL && message.to != 0 && !node_is_member(node, message.to))
        error = hf_error_new(HF_REFUSED, "node '%s' is not a member of the cluster now",
                             hf_xml_get(request, "node"));
    if (error == NULL && !cib_replica_in_sync(node->replica))
        error = hf_error_new(HF_NO_QUORUM, "this node is not in sync with the cluster yet");
    if (error == NULL)
        node_send(node, &message);
    node_reply(node, client, error, NULL, NULL);
}

static void handle_shutdown(struct node *node, uint64_t client, const xmlNode *request, const char *text,
                            size_t length)
{
    struct hf_buf update = {0};
    HF_CLEANUP(hf_freep) char *when = hf_asprintf("%" PRId64, node->wall);
    char number[12];
    uint32_t id;
    struct hf_error *error = find_node(node, request, &id);

    if (error == NULL && !node_is_member(node, id))
        error = hf_error_new(HF_REFUSED, "node '%s' is not a member of the cluster now", node_name(node, id));
    if (error != NULL) {
        node_reply(node, client, error, NULL, NULL);
        return;
    }
    cib_status_set_attribute(&update, node_id_text(id, number), "shutdown", when);
    node_status_update(node, &update, client);
}

/* --- questions to the coordinator --- */

static void ask(struct node *node, struct question *question)
{
    cib_member dc = cib_replica_dc(node->replica);
    struct node_message message = {
        .kind = question->kind,
        .to = cib_member_node(dc),
        .ticket = question->client,
        .rc = question->action,
        .text = question->target,
    };

    if (dc == 0)
        return;
    question->asked = dc;
    node_send(node, &message);
}

/* What question points to is taken over. */
static void add_question(struct node *node, const struct question *question, int64_t timeout)
{
    hf_grow(&node->questions, &node->questions_capacity, node->n_questions + 1, sizeof(*node->questions));

    struct question *added = &node->questions[node->n_questions++];

    *added = *question;
    added->deadline = node->now + timeout;
    ask(node, added);
}

static void drop_question(struct node *node, size_t i)
{
    free(node->questions[i].target);
    node->questions[i] = node->questions[--node->n_questions];
}

static struct hf_error *read_timeout(const xmlNode *request, int64_t otherwise, int64_t *timeout)
{
    const char *given = hf_xml_get(request, "timeout");

    *timeout = otherwise;
    if (given != NULL && (!hf_parse_int64(given, timeout) || *timeout < 0))
        return hf_error_new(HF_USAGE, "timeout '%s', expected milliseconds", given);
    return NULL;
}

static void handle_settle(struct node *node, uint64_t client, const xmlNode *request, const char *text,
                          size_t length)
{
    int64_t timeout;
    struct hf_error *error = read_timeout(request, SETTLE_DEFAULT_MS, &timeout);

    if (error != NULL)
        node_reply(node, client, error, NULL, NULL);
    else
        add_question(node, &(struct question){.kind = NODE_MESSAGE_SETTLE, .client = client}, timeout);
}

void request_note_settle(struct node *node, uint32_t from, uint64_t ticket)
{
    hf_grow(&node->settles, &node->settles_capacity, node->n_settles + 1, sizeof(*node->settles));
    node->settles[node->n_settles++] = (struct waiter){from, ticket};
}

void request_catch_up(struct node *node)
{
    cib_member dc = cib_replica_dc(node->replica);

    if (node->n_settles == 0 || dc == 0 || (!node->is_dc && !cib_replica_idle(node->replica)))
        return;
    for (size_t i = 0; i < node->n_settles && !node->is_dc; i++) {
        struct node_message message = {.kind = NODE_MESSAGE_CAUGHT_UP,
                                       .to = cib_member_node(dc),
                                       .rc = (int32_t)node->settles[i].from,
                                       .ticket = node->settles[i].ticket};

        node_send(node, &message);
    }
    node->n_settles = 0;
}

static void handle_confirm(struct node *node, uint64_t client, const xmlNode *request, const char *text,
                           size_t length)
{
    uint32_t id = 0;
    struct hf_error *error = NULL;

    if (hf_xml_get(request, "node") == NULL)
        error = hf_error_new(HF_USAGE, "<confirm-off> without a node");
    else
        error = find_node(node, request, &id);
    if (error == NULL && node_is_member(node, id))
        error = hf_error_new(HF_REFUSED, "node '%s' is a member of the cluster now: it is not down",
                             node_name(node, id));
    if (error != NULL)
        node_reply(node, client, error, NULL, NULL);
    else
        add_question(node,
                     &(struct question){.kind = NODE_MESSAGE_CONFIRM,
                                        .client = client,
                                        .target = hf_strdup(node_name(node, id))},
                     CONFIRM_MS);
}

static void handle_fence(struct node *node, uint64_t client, const xmlNode *request, const char *text,
                         size_t length)
{
    const char *how = hf_xml_get_or(request, "action", "reboot");
    enum fence_action action = FENCE_REBOOT;
    int64_t timeout = 0;
    uint32_t id = 0;
    struct hf_error *error = NULL;

    if (hf_xml_get(request, "node") == NULL)
        error = hf_error_new(HF_USAGE, "<fence> without a node");
    else if (!fence_action_parse(how, &action) ||
             (action != FENCE_OFF && action != FENCE_ON && action != FENCE_REBOOT))
        error = hf_error_new(HF_USAGE, "fencing action '%s', expected reboot, off or on", how);
    else
        error = read_timeout(request, FENCE_MS, &timeout);
    if (error == NULL)
        error = find_node(node, request, &id);
    if (error == NULL && !cib_replica_quorate(node->replica))
        error = hf_error_new(HF_NO_QUORUM, "this partition has no quorum: it may not fence");
    if (error != NULL)
        node_reply(node, client, error, NULL, NULL);
    else
        add_question(node,
                     &(struct question){.kind = NODE_MESSAGE_SHOOT,
                                        .client = client,
                                        .target = hf_strdup(node_name(node, id)),
                                        .action = action},
                     timeout);
}

static void handle_forget_fencing(struct node *node, uint64_t client, const xmlNode *request,
                                  const char *text, size_t length)
{
    struct hf_buf update = {0};
    uint32_t id;
    struct hf_error *error = find_node(node, request, &id);

    if (error != NULL) {
        node_reply(node, client, error, NULL, NULL);
        return;
    }
    cib_status_remove_fencing(&update, hf_xml_get(request, "node"));
    node_status_update(node, &update, client);
}

/* --- tickets --- */

static const xmlNode *find_ticket(const struct node *node, const char *id)
{
    const xmlNode *tickets =
        hf_xml_child(cib_document_status(cib_replica_document(node->replica)), "tickets");

    return hf_xml_child_by_id(tickets, "ticket_state", id);
}

/* A ticket is granted or revoked, put in standby or made active, or forgotten with all that is known of
 * it. */
static struct hf_error *ticket_update(const struct node *node, const xmlNode *request, struct hf_buf *update)
{
    const char *id = hf_xml_get_or(request, "id", ""), *granted = hf_xml_get(request, "granted"),
               *standby = hf_xml_get(request, "standby"), *forget = hf_xml_get(request, "forget");
    HF_CLEANUP(hf_freep) char *now = hf_asprintf("%" PRId64, node->wall);
    const xmlNode *ticket = find_ticket(node, id);
    bool grant = false, pause = false, drop = false;

    if (*id == '\0' || (granted != NULL) + (standby != NULL) + (forget != NULL) != 1)
        return hf_error_new(HF_USAGE, "<ticket> wants an id, and one of granted, standby, forget");
    if ((granted != NULL && !hf_parse_bool(granted, &grant)) ||
        (standby != NULL && !hf_parse_bool(standby, &pause)) ||
        (forget != NULL && !hf_parse_bool(forget, &drop)))
        return hf_error_new(HF_USAGE, "<ticket>: expected true or false");
    if (granted != NULL) {
        cib_status_set_ticket(update, id, "granted", grant ? "true" : "false");
        if (grant)
            cib_status_set_ticket(update, id, "last-granted", now);
        return NULL;
    }
    if (ticket == NULL)
        return hf_error_new(HF_REFUSED, "ticket '%s' is not known: it was never granted here", id);
    if (standby != NULL)
        cib_status_set_ticket(update, id, "standby", pause ? "true" : "false");
    for (const xmlAttr *each = ticket->properties; drop && each != NULL; each = each->next)
        if (strcmp((const char *)each->name, "id") != 0)
            cib_status_set_ticket(update, id, (const char *)each->name, NULL);
    return NULL;
}

static void handle_ticket(struct node *node, uint64_t client, const xmlNode *request, const char *text,
                          size_t length)
{
    struct hf_buf update = {0};
    struct hf_error *error = ticket_update(node, request, &update);

    if (error == NULL && !cib_replica_quorate(node->replica))
        error = hf_error_new(HF_NO_QUORUM, "this partition has no quorum");
    if (error != NULL) {
        hf_buf_free(&update);
        node_reply(node, client, error, NULL, NULL);
        return;
    }
    node_status_update(node, &update, client);
}

/* Fencing twice is a second reboot: a new coordinator is not asked to. */
static void answer_unknown(struct node *node, size_t i)
{
    uint64_t client = node->questions[i].client;

    drop_question(node, i);
    node_reply(node, client,
               hf_error_new(HF_TIMED_OUT, "the coordinator was lost meanwhile: the outcome is unknown; "
                                          "'holdfast fence history' has what is known"),
               NULL, NULL);
}

void request_ask_again(struct node *node)
{
    cib_member dc = cib_replica_dc(node->replica);

    for (size_t i = node->n_questions; i-- > 0;) {
        struct question *question = &node->questions[i];

        if (question->kind != NODE_MESSAGE_SHOOT || question->asked == 0)
            ask(node, question);
        else if (dc != 0 && question->asked != dc)
            answer_unknown(node, i);
    }
}

void request_answered(struct node *node, const struct node_message *message)
{
    for (size_t i = 0; i < node->n_questions; i++) {
        if (node->questions[i].client != message->ticket)
            continue;
        drop_question(node, i);
        node_reply(node, message->ticket,
                   message->rc == HF_OK ? NULL
                                        : hf_error_new((enum hf_error_kind)message->rc, "%s", message->text),
                   NULL, NULL);
        return;
    }
}

void request_tick(struct node *node)
{
    for (size_t i = 0; i < node->n_questions;) {
        uint64_t client = node->questions[i].client;
        enum node_message_kind kind = node->questions[i].kind;

        if (node->questions[i].deadline > node->now) {
            i++;
            continue;
        }
        drop_question(node, i);
        node_reply(node, client,
                   hf_error_new(HF_TIMED_OUT, "%s",
                                kind == NODE_MESSAGE_CONFIRM ? "the coordinator did not answer"
                                : kind == NODE_MESSAGE_SHOOT ? "the fencing goes on: the outcome is unknown"
                                                             : "the cluster still has work to do"),
                   NULL, NULL);
    }
}

int64_t request_deadline(const struct node *node)
{
    int64_t deadline = INT64_MAX;

    for (size_t i = 0; i < node->n_questions; i++)
        if (node->questions[i].deadline < deadline)
            deadline = node->questions[i].deadline;
    return deadline;
}

void request_free(struct node *node)
{
    while (node->n_questions > 0)
        drop_question(node, 0);
    free(node->questions);
    free(node->settles);
}

/* --- the table --- */

static const struct request requests[] = {
    {"query", "what", false, handle_query},
    {"change", "expect origin", true, handle_change},
    {"cleanup", "resource node refresh", false, handle_cleanup},
    {"attribute", "node name value lifetime", false, handle_attribute},
    {"settle", "timeout", false, handle_settle},
    {"shutdown", "node", false, handle_shutdown},
    {"confirm-off", "node", false, handle_confirm},
    {"fence", "node action timeout", false, handle_fence},
    {"forget-fencing", "node", false, handle_forget_fencing},
    {"ticket", "id granted standby forget", false, handle_ticket},
};

static bool in_list(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static struct hf_error *check(const struct request *request, const xmlNode *root)
{
    for (const xmlAttr *attribute = root->properties; attribute != NULL; attribute = attribute->next)
        if (!in_list(request->attributes, (const char *)attribute->name))
            return hf_error_new(HF_USAGE, "<%s> has no attribute '%s', expected: %s", request->name,
                                attribute->name, request->attributes);
    if (!request->has_children && hf_xml_child(root, NULL) != NULL)
        return hf_error_new(HF_USAGE, "<%s> takes no elements", request->name);
    return NULL;
}

static const struct request *find_request(const char *name)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(requests); i++)
        if (strcmp(requests[i].name, name) == 0)
            return &requests[i];
    return NULL;
}

void request_handle(struct node *node, uint64_t client, const char *text, size_t length)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    struct hf_error *error = hf_xml_parse(text, length, "request", &document);

    if (error != NULL) {
        node_reply(node, client, error, NULL, NULL);
        return;
    }

    const xmlNode *root = xmlDocGetRootElement(document);
    const struct request *request = find_request((const char *)root->name);

    if (request == NULL)
        error = hf_error_new(HF_USAGE,
                             "unknown request <%s>, expected query, change, cleanup, attribute, settle, "
                             "shutdown, confirm-off, fence, forget-fencing or ticket",
                             root->name);
    else
        error = check(request, root);
    if (error != NULL)
        node_reply(node, client, error, NULL, NULL);
    else
        request->handle(node, client, root, text, length);
}
