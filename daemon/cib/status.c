/* status.c - status updates: their encoding and their effect on <status>.  See document.h.
 *
 * An update is a version octet and operations, each an octet and strings (lib/wire.h).  Status has no schema:
 * it is written by the nodes themselves; what cannot be a name or an attribute is refused all the same. */
#include <inttypes.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cib/document-private.h"
#include "lib/wire.h"
#include "lib/xml.h"

enum { STATUS_FORMAT = 1, ATTRIBUTES_LIMIT = 256, FENCING_LIMIT = 100 /* fencing operations remembered */ };

enum operation {
    OP_REPLACE_NODE = 1,
    OP_REMOVE_NODE = 2,
    OP_SET_NODE = 3,
    OP_PUT_HISTORY = 4,
    OP_REMOVE_HISTORY = 5,
    OP_SET_ATTRIBUTE = 6,
    OP_SET_TICKET = 7,
    OP_PUT_FENCING = 8,
    OP_REMOVE_FENCING = 9,
};

/* --- writing --- */

static void begin(struct hf_buf *buf, enum operation operation)
{
    if (buf->length == 0)
        hf_put_u8(buf, STATUS_FORMAT);
    hf_put_u8(buf, (uint8_t)operation);
}

/* A string that may be missing. */
static void put_optional(struct hf_buf *buf, const char *text)
{
    hf_put_u8(buf, text != NULL);
    if (text != NULL)
        hf_put_string(buf, text);
}

static void put_attributes(struct hf_buf *buf, const xmlNode *element)
{
    uint16_t count = 0;

    for (const xmlAttr *attribute = element->properties; attribute != NULL; attribute = attribute->next)
        count++;
    hf_put_u16(buf, count);
    for (const xmlAttr *attribute = element->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;

        hf_put_string(buf, name);
        hf_put_string(buf, hf_xml_get_or(element, name, ""));
    }
}

void cib_status_replace_node(struct hf_buf *buf, const xmlNode *node_state)
{
    HF_CLEANUP(hf_freep) char *text = hf_xml_text(node_state, false);

    begin(buf, OP_REPLACE_NODE);
    hf_put_string(buf, hf_xml_get_or(node_state, "id", ""));
    hf_put_string(buf, text);
}

void cib_status_remove_node(struct hf_buf *buf, const char *node_id)
{
    begin(buf, OP_REMOVE_NODE);
    hf_put_string(buf, node_id);
}

void cib_status_set_node(struct hf_buf *buf, const char *node_id, const char *name, const char *value)
{
    begin(buf, OP_SET_NODE);
    hf_put_string(buf, node_id);
    hf_put_string(buf, name);
    put_optional(buf, value);
}

void cib_status_put_history(struct hf_buf *buf, const char *node_id,
                            const struct cib_history_resource *resource, const xmlNode *lrm_rsc_op)
{
    begin(buf, OP_PUT_HISTORY);
    hf_put_string(buf, node_id);
    hf_put_string(buf, resource->id);
    put_optional(buf, resource->class);
    put_optional(buf, resource->provider);
    put_optional(buf, resource->type);
    put_optional(buf, resource->container);
    put_attributes(buf, lrm_rsc_op);
}

void cib_status_remove_history(struct hf_buf *buf, const char *node_id, const char *resource,
                               const char *operation)
{
    begin(buf, OP_REMOVE_HISTORY);
    hf_put_string(buf, node_id);
    put_optional(buf, resource);
    put_optional(buf, operation);
}

void cib_status_set_attribute(struct hf_buf *buf, const char *node_id, const char *name, const char *value)
{
    begin(buf, OP_SET_ATTRIBUTE);
    hf_put_string(buf, node_id);
    hf_put_string(buf, name);
    put_optional(buf, value);
}

void cib_status_set_ticket(struct hf_buf *buf, const char *ticket, const char *name, const char *value)
{
    begin(buf, OP_SET_TICKET);
    hf_put_string(buf, ticket);
    hf_put_string(buf, name);
    put_optional(buf, value);
}

void cib_status_put_fencing(struct hf_buf *buf, const xmlNode *fence_event)
{
    begin(buf, OP_PUT_FENCING);
    hf_put_string(buf, hf_xml_get_or(fence_event, "id", ""));
    put_attributes(buf, fence_event);
}

void cib_status_remove_fencing(struct hf_buf *buf, const char *target)
{
    begin(buf, OP_REMOVE_FENCING);
    hf_put_string(buf, target == NULL ? "" : target);
}

/* --- reading and doing --- */

static char *get_optional(struct hf_reader *reader)
{
    return hf_get_u8(reader) == 0 ? NULL : hf_get_string(reader);
}

/* Anything that hf_get_string() and get_optional() gave may be NULL; reader.failed says whether it must not
 * be. */
static struct hf_error *malformed(const char *what)
{
    return hf_error_new(HF_USAGE, "malformed status update: %s", what);
}

static struct hf_error *check_name_value(const char *name, const char *value)
{
    if (xmlValidateNCName((const xmlChar *)name, 0) != 0)
        return malformed("not the name of an attribute");
    if (value != NULL && !cib_is_value(value))
        return malformed("a value that XML cannot hold");
    return NULL;
}

static xmlNode *find_state(const struct cib_document *document, const char *node_id)
{
    return hf_xml_child_by_id(document->status, "node_state", node_id);
}

static struct hf_error *ensure_state(struct cib_document *document, const char *node_id, xmlNode **state)
{
    if (*node_id == '\0' || !cib_is_value(node_id))
        return malformed("not a node id");
    *state = cib_tree_ensure(document, document->status, "node_state", node_id);
    return NULL;
}

static struct hf_error *set_optional(struct cib_document *document, xmlNode *element, const char *name,
                                     const char *value)
{
    const char *now = hf_xml_get(element, name);

    if ((value == NULL && now == NULL) || (value != NULL && now != NULL && strcmp(value, now) == 0))
        return NULL;
    return cib_tree_set(document, element, name, value);
}

static struct hf_error *replace_node(struct cib_document *document, struct hf_reader *reader,
                                     const char *node_id)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *xml = NULL;
    xmlNode *old = find_state(document, node_id), *before = NULL, *element;
    size_t length;
    const char *text = hf_get_bytes(reader, &length);
    struct hf_error *error;

    if (reader->failed)
        return malformed("cut off");
    error = hf_xml_parse(text, length, "status update", &xml);
    if (error != NULL)
        return error;
    element = xmlDocGetRootElement(xml);
    if (!hf_xml_is(element, "node_state") || strcmp(hf_xml_get_or(element, "id", ""), node_id) != 0)
        return malformed("not the node_state that it says");
    error = cib_tree_copy(document, element, &element);
    if (error != NULL)
        return error;
    if (old != NULL) {
        before = old->next;
        cib_tree_detach(document, old);
    }
    return cib_tree_attach(document, element, document->status, before);
}

static struct hf_error *remove_node(struct cib_document *document, struct hf_reader *reader,
                                    const char *node_id)
{
    xmlNode *old = find_state(document, node_id);

    if (old != NULL)
        cib_tree_detach(document, old);
    return NULL;
}

static struct hf_error *set_node(struct cib_document *document, struct hf_reader *reader, const char *node_id)
{
    HF_CLEANUP(hf_freep) char *name = hf_get_string(reader);
    HF_CLEANUP(hf_freep) char *value = get_optional(reader);
    struct hf_error *error;
    xmlNode *state;

    if (reader->failed)
        return malformed("cut off");
    if (strcmp(name, "id") == 0)
        return malformed("the id of a node_state cannot be set");
    error = check_name_value(name, value);
    if (error == NULL)
        error = ensure_state(document, node_id, &state);
    return error != NULL ? error : set_optional(document, state, name, value);
}

/* An unattached element from the message. */
static struct hf_error *read_element(struct cib_document *document, struct hf_reader *reader,
                                     const char *kind, xmlNode **element)
{
    HF_CLEANUP(hf_xml_node_freep)
    xmlNode *made = xmlNewDocNode(document->xml, NULL, BAD_CAST kind, NULL);
    unsigned count = hf_get_u16(reader);
    struct hf_error *error = NULL;

    if (count > ATTRIBUTES_LIMIT)
        return malformed("too many attributes");
    for (unsigned i = 0; error == NULL && i < count; i++) {
        HF_CLEANUP(hf_freep) char *name = hf_get_string(reader);
        HF_CLEANUP(hf_freep) char *value = hf_get_string(reader);

        if (reader->failed)
            return malformed("cut off");
        error = check_name_value(name, value);
        if (error == NULL)
            hf_xml_set(made, name, value);
    }
    if (error == NULL && hf_xml_get(made, "id") == NULL)
        error = malformed("an element without id");
    return error != NULL ? error : cib_tree_copy(document, made, element);
}

/* The lrm_resource, made with all above it, its description brought up to date. */
static struct hf_error *ensure_resource(struct cib_document *document, xmlNode *state, const char *node_id,
                                        char *const fields[5], xmlNode **resource)
{
    static const char *const names[] = {"id", "class", "provider", "type", "container"};
    struct hf_error *error = NULL;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++)
        if (fields[i] != NULL && !cib_is_value(fields[i]))
            return malformed("a value that XML cannot hold");
    *resource = xmlHashLookup2(document->history, BAD_CAST node_id, BAD_CAST fields[0]);
    if (*resource == NULL) {
        xmlNode *lrm = cib_tree_ensure(document, state, "lrm", NULL);

        error = set_optional(document, lrm, "id", node_id);
        *resource = cib_tree_ensure(document, cib_tree_ensure(document, lrm, "lrm_resources", NULL),
                                    "lrm_resource", fields[0]);
    }
    for (size_t i = 1; error == NULL && i < HF_ARRAY_LENGTH(names); i++)
        error = set_optional(document, *resource, names[i], fields[i]);
    return error;
}

static struct hf_error *put_history(struct cib_document *document, struct hf_reader *reader,
                                    const char *node_id)
{
    HF_CLEANUP(hf_freep) char *id = hf_get_string(reader);
    HF_CLEANUP(hf_freep) char *class = get_optional(reader);
    HF_CLEANUP(hf_freep) char *provider = get_optional(reader);
    HF_CLEANUP(hf_freep) char *type = get_optional(reader);
    HF_CLEANUP(hf_freep) char *container = get_optional(reader);
    char *const fields[] = {id, class, provider, type, container};
    xmlNode *state, *resource, *element = NULL, *old, *before = NULL;
    struct hf_error *error;

    if (reader->failed)
        return malformed("cut off");
    if (*id == '\0')
        return malformed("a resource without id");
    error = ensure_state(document, node_id, &state);
    if (error == NULL)
        error = read_element(document, reader, "lrm_rsc_op", &element);
    if (error != NULL)
        return error;
    error = ensure_resource(document, state, node_id, fields, &resource);
    if (error != NULL) {
        cib_tree_free(element);
        return error;
    }
    old = hf_xml_child_by_id(resource, "lrm_rsc_op", hf_xml_get(element, "id"));
    if (old != NULL) {
        before = old->next;
        cib_tree_detach(document, old);
    }
    return cib_tree_attach(document, element, resource, before);
}

static struct hf_error *remove_history(struct cib_document *document, struct hf_reader *reader,
                                       const char *node_id)
{
    HF_CLEANUP(hf_freep) char *resource = get_optional(reader);
    HF_CLEANUP(hf_freep) char *operation = get_optional(reader);
    xmlNode *found;

    if (reader->failed)
        return malformed("cut off");
    if (resource == NULL) {
        xmlNode *state = find_state(document, node_id);

        found = state == NULL ? NULL : hf_xml_child(state, "lrm");
    } else {
        found = xmlHashLookup2(document->history, BAD_CAST node_id, BAD_CAST resource);
    }
    if (found != NULL && resource != NULL && operation != NULL)
        found = hf_xml_child_by_id(found, "lrm_rsc_op", operation);
    if (found != NULL)
        cib_tree_detach(document, found);
    return NULL;
}

static struct hf_error *set_attribute(struct cib_document *document, struct hf_reader *reader,
                                      const char *node_id)
{
    HF_CLEANUP(hf_freep) char *name = hf_get_string(reader);
    HF_CLEANUP(hf_freep) char *value = get_optional(reader);
    HF_CLEANUP(hf_freep) char *set_id = NULL;
    HF_CLEANUP(hf_freep) char *pair_id = NULL;
    xmlNode *state, *set, *pair;
    struct hf_error *error;

    if (reader->failed)
        return malformed("cut off");
    if (*name == '\0' || !cib_is_value(name) || (value != NULL && !cib_is_value(value)))
        return malformed("a value that XML cannot hold");
    error = ensure_state(document, node_id, &state);
    if (error != NULL)
        return error;
    set_id = hf_asprintf("status-%s", node_id);
    pair_id = hf_asprintf("status-%s-%s", node_id, name);
    set = cib_tree_ensure(document, state, "transient_attributes", NULL);
    error = set_optional(document, set, "id", node_id);
    if (error != NULL)
        return error;
    set = cib_tree_ensure(document, set, "instance_attributes", set_id);
    pair = hf_xml_child_by_id(set, "nvpair", pair_id);
    if (value == NULL) {
        if (pair != NULL)
            cib_tree_detach(document, pair);
        return NULL;
    }
    pair = cib_tree_ensure(document, set, "nvpair", pair_id);
    error = set_optional(document, pair, "name", name);
    return error != NULL ? error : set_optional(document, pair, "value", value);
}

static struct hf_error *set_ticket(struct cib_document *document, struct hf_reader *reader,
                                   const char *ticket)
{
    HF_CLEANUP(hf_freep) char *name = hf_get_string(reader);
    HF_CLEANUP(hf_freep) char *value = get_optional(reader);
    xmlNode *state;
    struct hf_error *error;

    if (reader->failed)
        return malformed("cut off");
    if (*ticket == '\0' || !cib_is_value(ticket) || strcmp(name, "id") == 0)
        return malformed("not a ticket");
    error = check_name_value(name, value);
    if (error != NULL)
        return error;
    state = cib_tree_ensure(document, cib_tree_ensure(document, document->status, "tickets", NULL),
                            "ticket_state", ticket);
    error = set_optional(document, state, name, value);
    if (error == NULL && value == NULL && state->properties != NULL && state->properties->next == NULL)
        cib_tree_detach(document, state); /* nothing is known of it but its id */
    return error;
}

/* --- fencing operations --- */

static bool is_pending(const xmlNode *fence_event)
{
    return strcmp(hf_xml_get_or(fence_event, "state", ""), "pending") == 0;
}

/* Makes room for one more: the oldest that ended goes. */
static void forget_fencing(struct cib_document *document, xmlNode *history)
{
    xmlNode *oldest = NULL;
    size_t count = 0;

    HF_XML_EACH (event, history, "fence-event") {
        count++;
        if (oldest == NULL && !is_pending(event))
            oldest = event;
    }
    if (count >= FENCING_LIMIT && oldest != NULL)
        cib_tree_detach(document, oldest);
}

static struct hf_error *put_fencing(struct cib_document *document, struct hf_reader *reader, const char *id)
{
    xmlNode *history, *element = NULL, *old, *before = NULL;
    struct hf_error *error = read_element(document, reader, "fence-event", &element);

    if (error != NULL)
        return error;
    if (*id == '\0' || strcmp(hf_xml_get(element, "id"), id) != 0) {
        cib_tree_free(element);
        return malformed("not the fence-event that it says");
    }
    history = cib_tree_ensure(document, document->status, "fence-history", NULL);
    old = hf_xml_child_by_id(history, "fence-event", id);
    if (old != NULL) {
        before = old->next;
        cib_tree_detach(document, old);
    } else {
        forget_fencing(document, history);
    }
    return cib_tree_attach(document, element, history, before);
}

/* What is under way stays. */
static struct hf_error *remove_fencing(struct cib_document *document, struct hf_reader *reader,
                                       const char *target)
{
    xmlNode *history = hf_xml_child(document->status, "fence-history");

    for (xmlNode *event = history == NULL ? NULL : history->children, *next; event != NULL; event = next) {
        next = event->next;
        if (!is_pending(event) &&
            (*target == '\0' || strcmp(hf_xml_get_or(event, "target", ""), target) == 0))
            cib_tree_detach(document, event);
    }
    return NULL;
}

/* Each operation begins with an id: of the node, ticket or fencing operation; or the target's name. */
static struct hf_error *(*const doers[])(struct cib_document *, struct hf_reader *, const char *) = {
    [OP_REPLACE_NODE] = replace_node,
    [OP_REMOVE_NODE] = remove_node,
    [OP_SET_NODE] = set_node,
    [OP_PUT_HISTORY] = put_history,
    [OP_REMOVE_HISTORY] = remove_history,
    [OP_SET_ATTRIBUTE] = set_attribute,
    [OP_SET_TICKET] = set_ticket,
    [OP_PUT_FENCING] = put_fencing,
    [OP_REMOVE_FENCING] = remove_fencing,
};

static struct hf_error *run(struct cib_document *document, struct hf_reader *reader)
{
    if (hf_get_u8(reader) != STATUS_FORMAT)
        return malformed("unknown format");
    if (reader->left == 0)
        return malformed("empty");
    while (reader->left > 0) {
        unsigned operation = hf_get_u8(reader);
        HF_CLEANUP(hf_freep) char *id = hf_get_string(reader);
        struct hf_error *error;

        if (reader->failed)
            return malformed("cut off");
        if (operation >= HF_ARRAY_LENGTH(doers) || doers[operation] == NULL)
            return malformed("unknown operation");
        error = doers[operation](document, reader, id);
        if (error != NULL)
            return error;
    }
    if (cib_mark(document->status)->bytes > CIB_STATUS_LIMIT)
        return hf_error_new(HF_REFUSED, "the status would have %zu bytes, expected at most %d",
                            cib_mark(document->status)->bytes, CIB_STATUS_LIMIT);
    return NULL;
}

struct hf_error *cib_document_status_update(struct cib_document *document, const void *bytes, size_t length)
{
    struct hf_reader reader = hf_reader(bytes, length);
    struct hf_error *error = run(document, &reader);

    if (error != NULL) {
        cib_tree_rollback(document);
        return error;
    }
    cib_tree_commit(document);
    document->version.num_updates++;
    cib_document_show_version(document);
    return NULL;
}

/* --- telling what an update is about --- */

/* The <lrm_rsc_op> or <fence-event> of an operation, on its own. */
static xmlNode *read_entry(struct hf_reader *reader, const char *kind)
{
    xmlNode *entry = xmlNewNode(NULL, BAD_CAST kind);
    unsigned count = hf_get_u16(reader);

    for (unsigned i = 0; i < count && !reader->failed; i++) {
        HF_CLEANUP(hf_freep) char *name = hf_get_string(reader);
        HF_CLEANUP(hf_freep) char *value = hf_get_string(reader);

        if (!reader->failed)
            hf_xml_set(entry, name, value);
    }
    return entry;
}

/* Reads the rest of one operation into seen; what it allocates is in *resource, *name and *entry. */
static void read_seen(struct hf_reader *reader, unsigned operation, struct cib_status_seen *seen,
                      char **resource, char **name, xmlNode **entry)
{
    size_t length;

    switch (operation) {
    case OP_REPLACE_NODE:
        hf_get_bytes(reader, &length);
        break;
    case OP_SET_NODE:
    case OP_SET_ATTRIBUTE:
    case OP_SET_TICKET:
        *name = hf_get_string(reader);
        free(get_optional(reader));
        break;
    case OP_PUT_HISTORY:
        *resource = hf_get_string(reader);
        for (int i = 0; i < 4; i++)
            free(get_optional(reader));
        *entry = read_entry(reader, "lrm_rsc_op");
        *name = hf_strdup(hf_xml_get(*entry, "id"));
        break;
    case OP_REMOVE_HISTORY:
        *resource = get_optional(reader);
        *name = get_optional(reader);
        break;
    case OP_PUT_FENCING:
        *entry = read_entry(reader, "fence-event");
        break;
    }
    seen->resource = *resource;
    seen->name = *name;
    seen->entry = *entry;
}

void cib_status_update_each(const void *bytes, size_t length, cib_status_visitor *visitor, void *context)
{
    static const enum cib_status_kind kinds[] = {
        [OP_REPLACE_NODE] = CIB_STATUS_NODE,
        [OP_REMOVE_NODE] = CIB_STATUS_NODE,
        [OP_SET_NODE] = CIB_STATUS_NODE,
        [OP_PUT_HISTORY] = CIB_STATUS_HISTORY,
        [OP_REMOVE_HISTORY] = CIB_STATUS_HISTORY_REMOVED,
        [OP_SET_ATTRIBUTE] = CIB_STATUS_ATTRIBUTE,
        [OP_SET_TICKET] = CIB_STATUS_TICKET,
        [OP_PUT_FENCING] = CIB_STATUS_FENCING,
        [OP_REMOVE_FENCING] = CIB_STATUS_FENCING,
    };
    struct hf_reader reader = hf_reader(bytes, length);

    if (hf_get_u8(&reader) != STATUS_FORMAT)
        return;
    while (reader.left > 0 && !reader.failed) {
        unsigned operation = hf_get_u8(&reader);
        HF_CLEANUP(hf_freep) char *id = hf_get_string(&reader);
        HF_CLEANUP(hf_freep) char *resource = NULL;
        HF_CLEANUP(hf_freep) char *name = NULL;
        HF_CLEANUP(hf_xml_node_freep) xmlNode *entry = NULL;
        struct cib_status_seen seen = {.node_id = id};

        if (operation == 0 || operation >= HF_ARRAY_LENGTH(kinds))
            return;
        seen.kind = kinds[operation];
        read_seen(&reader, operation, &seen, &resource, &name, &entry);
        if (!reader.failed)
            visitor(context, &seen);
    }
}

char *cib_status_update_node(const void *bytes, size_t length)
{
    struct hf_reader reader = hf_reader(bytes, length);
    unsigned operation;

    if (hf_get_u8(&reader) != STATUS_FORMAT)
        return NULL;
    operation = hf_get_u8(&reader);
    return operation >= OP_SET_TICKET ? NULL : hf_get_string(&reader);
}
