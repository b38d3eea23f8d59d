/* document.c - see document.h: the tree, its marks, taking back, parsing; change.c and status.c do the rest.
 */
#include "daemon/cib/document.h"

#include <inttypes.h>
#include <stdio.h>
#include <libxml/parser.h>
#include <string.h>
#include <time.h>

#include "daemon/cib/document-private.h"
#include "daemon/cib/schema.h"
#include "lib/xml.h"

int cib_version_compare(struct cib_version one, struct cib_version other)
{
    if (one.admin_epoch != other.admin_epoch)
        return one.admin_epoch < other.admin_epoch ? -1 : 1;
    if (one.epoch != other.epoch)
        return one.epoch < other.epoch ? -1 : 1;
    if (one.num_updates != other.num_updates)
        return one.num_updates < other.num_updates ? -1 : 1;
    return 0;
}

const char *cib_version_text(struct cib_version version, char text[CIB_VERSION_TEXT])
{
    snprintf(text, CIB_VERSION_TEXT, "%" PRIu64 ".%" PRIu64 ".%" PRIu64, version.admin_epoch, version.epoch,
             version.num_updates);
    return text;
}

/* --- marks: digest and size, kept on each element --- */

static struct cib_digest whole(const xmlNode *element)
{
    return element == NULL ? (struct cib_digest){0} : cib_mark(element)->whole;
}

/* The sum over the pairs that an element makes with its neighbours. */
static struct cib_digest pairs(const xmlNode *element)
{
    return cib_digest_add(cib_digest_pair(whole(element->prev), whole(element)),
                          cib_digest_pair(whole(element), whole(element->next)));
}

/* What its neighbours would make without it. */
static struct cib_digest gap(const xmlNode *element)
{
    if (element->prev == NULL && element->next == NULL)
        return (struct cib_digest){0};
    return cib_digest_pair(whole(element->prev), whole(element->next));
}

static size_t attribute_size(const char *name, const char *value)
{
    return strlen(name) + strlen(value) + 4;
}

static bool is_section_root(const xmlNode *element)
{
    return element->parent == NULL || element->parent->_private == NULL;
}

/* Carries a change of an element's attributes or children up. */
static void settle(xmlNode *element)
{
    for (;;) {
        struct cib_mark *mark = cib_mark(element);
        struct cib_digest now =
            cib_digest_element((const char *)element->name, mark->attributes, mark->children);
        struct cib_mark *above;

        if (is_section_root(element)) {
            mark->whole = now;
            return;
        }
        above = cib_mark(element->parent);
        above->children = cib_digest_sub(above->children, pairs(element));
        mark->whole = now;
        above->children = cib_digest_add(above->children, pairs(element));
        element = element->parent;
    }
}

static void resize(xmlNode *element, size_t less, size_t more)
{
    for (; element != NULL && element->_private != NULL; element = element->parent)
        cib_mark(element)->bytes = cib_mark(element)->bytes - less + more;
}

/* Marks an element whose children are marked. */
static void mark_one(xmlNode *element)
{
    struct cib_mark *mark = hf_calloc(1, sizeof(*mark));
    const xmlNode *last = NULL;

    mark->own = 2 * strlen((const char *)element->name) + 5;
    for (const xmlAttr *attribute = element->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;
        const char *value = hf_xml_get_or(element, name, "");

        mark->attributes = cib_digest_add(mark->attributes, cib_digest_attribute(name, value));
        mark->own += attribute_size(name, value);
    }
    mark->bytes = mark->own;
    HF_XML_EACH_ANY (child, element) {
        mark->children =
            cib_digest_add(mark->children, cib_digest_pair(whole(child->prev), cib_mark(child)->whole));
        mark->bytes += cib_mark(child)->bytes;
        last = child;
    }
    if (last != NULL)
        mark->children = cib_digest_add(mark->children, cib_digest_pair(whole(last), (struct cib_digest){0}));
    mark->whole = cib_digest_element((const char *)element->name, mark->attributes, mark->children);
    element->_private = mark;
}

static bool is_blank(const xmlNode *text)
{
    const char *content = text->content == NULL ? "" : (const char *)text->content;

    return strspn(content, " \t\r\n") == strlen(content);
}

static struct hf_error *check_plain(const xmlNode *element)
{
    const char *name = (const char *)element->name;

    if (element->ns != NULL || element->nsDef != NULL)
        return hf_error_new(HF_REFUSED, "line %ld: %s has an XML namespace, expected none",
                            xmlGetLineNo(element), name);
    for (const xmlAttr *attribute = element->properties; attribute != NULL; attribute = attribute->next) {
        if (attribute->ns != NULL)
            return hf_error_new(HF_REFUSED, "line %ld: %s: attribute %s has an XML namespace, expected none",
                                xmlGetLineNo(element), name, (const char *)attribute->name);
        if (attribute->children != NULL &&
            (attribute->children->next != NULL || attribute->children->type != XML_TEXT_NODE))
            return hf_error_new(HF_REFUSED, "line %ld: %s: attribute %s has an entity, expected plain text",
                                xmlGetLineNo(element), name, (const char *)attribute->name);
    }
    return NULL;
}

/* Leaves elements only, and marks them. */
static struct hf_error *adopt(xmlNode *element)
{
    struct hf_error *error = check_plain(element);
    xmlNode *next;

    for (xmlNode *child = element->children; error == NULL && child != NULL; child = next) {
        next = child->next;
        if (child->type == XML_ELEMENT_NODE) {
            error = adopt(child);
            continue;
        }
        if (child->type != XML_COMMENT_NODE && !is_blank(child))
            return hf_error_new(HF_REFUSED, "line %ld: %s contains text, expected only elements",
                                xmlGetLineNo(element), (const char *)element->name);
        xmlUnlinkNode(child);
        xmlFreeNode(child);
    }
    if (error == NULL)
        mark_one(element);
    return error;
}

static void unmark(xmlNode *element)
{
    for (xmlNode *child = element->children; child != NULL; child = child->next)
        if (child->type == XML_ELEMENT_NODE)
            unmark(child);
    free(element->_private);
    element->_private = NULL;
}

void cib_tree_free(xmlNode *element)
{
    if (element == NULL)
        return;
    unmark(element);
    xmlFreeNode(element);
}

struct hf_error *cib_tree_copy(struct cib_document *document, const xmlNode *foreign, xmlNode **element)
{
    struct hf_error *error;

    /* An element alone in its copy, so that no namespace of its surroundings is looked for. */
    *element = xmlDocCopyNode((xmlNode *)foreign, document->xml, 1);
    if (*element == NULL)
        abort();
    error = adopt(*element);
    if (error != NULL) {
        cib_tree_free(*element);
        *element = NULL;
    }
    return error;
}

xmlNode *cib_tree_new(struct cib_document *document, const char *name)
{
    xmlNode *element = xmlNewDocNode(document->xml, NULL, (const xmlChar *)name, NULL);

    if (element == NULL)
        abort();
    mark_one(element);
    return element;
}

/* --- the three ways in which the tree changes --- */

static struct cib_undo *remember(struct cib_document *document, enum cib_undo_type type, xmlNode *element)
{
    struct cib_undo *undo;

    hf_grow(&document->undo, &document->c_undo, document->n_undo + 1, sizeof(*document->undo));
    undo = &document->undo[document->n_undo++];
    *undo = (struct cib_undo){.type = type, .element = element};
    return undo;
}

static bool is_configuration(const struct cib_document *document, const xmlNode *element)
{
    while (element != NULL && element != document->configuration)
        element = element->parent;
    return element != NULL;
}

/* Keeps the index of lrm_resource elements: calls itself for what may hold one. */
static void index_history(struct cib_document *document, xmlNode *element, const char *node_id, bool enter)
{
    static const char *const holders[] = {"node_state", "lrm", "lrm_resources"};

    if (hf_xml_is(element, "lrm_resource")) {
        const xmlChar *resource = (const xmlChar *)hf_xml_get_or(element, "id", "");

        if (enter)
            xmlHashUpdateEntry2(document->history, (const xmlChar *)node_id, resource, element, NULL);
        else
            xmlHashRemoveEntry2(document->history, (const xmlChar *)node_id, resource, NULL);
        return;
    }
    for (size_t i = 0; i < HF_ARRAY_LENGTH(holders); i++)
        if (hf_xml_is(element, holders[i]))
            HF_XML_EACH_ANY (child, element)
                index_history(document, child, node_id, enter);
}

/* The id of the node_state that an attached element is in (the outermost one: it is by that that the index
 * knows). */
static const char *state_of(const struct cib_document *document, const xmlNode *element)
{
    while (element != NULL && element->parent != document->status)
        element = element->parent;
    return hf_xml_is(element, "node_state") ? hf_xml_get(element, "id") : NULL;
}

static struct hf_error *enter(struct cib_document *document, xmlNode *element, const xmlNode *parent)
{
    if (is_configuration(document, parent))
        return cib_index_add(document->index, element);
    if (state_of(document, element) != NULL)
        index_history(document, element, state_of(document, element), true);
    return NULL;
}

static void leave(struct cib_document *document, xmlNode *element)
{
    if (is_configuration(document, element))
        cib_index_remove(document->index, element);
    else if (state_of(document, element) != NULL)
        index_history(document, element, state_of(document, element), false);
}

static void link_in(xmlNode *element, xmlNode *parent, xmlNode *before)
{
    struct cib_mark *above = cib_mark(parent);

    if (before != NULL)
        xmlAddPrevSibling(before, element);
    else
        xmlAddChild(parent, element);
    above->children = cib_digest_add(cib_digest_sub(above->children, gap(element)), pairs(element));
    resize(parent, 0, cib_mark(element)->bytes);
    settle(parent);
}

static void link_out(xmlNode *element)
{
    xmlNode *parent = element->parent;
    struct cib_mark *above = cib_mark(parent);

    above->children = cib_digest_add(cib_digest_sub(above->children, pairs(element)), gap(element));
    xmlUnlinkNode(element);
    resize(parent, cib_mark(element)->bytes, 0);
    settle(parent);
}

struct hf_error *cib_tree_attach(struct cib_document *document, xmlNode *element, xmlNode *parent,
                                 xmlNode *before)
{
    struct hf_error *error;

    link_in(element, parent, before);
    error = enter(document, element, parent);
    if (error != NULL)
        link_out(element);
    else
        remember(document, CIB_UNDO_ATTACH, element);
    return error;
}

void cib_tree_detach(struct cib_document *document, xmlNode *element)
{
    struct cib_undo *undo = remember(document, CIB_UNDO_DETACH, element);

    undo->parent = element->parent;
    undo->before = element->next;
    leave(document, element);
    link_out(element);
}

static void set_marked(xmlNode *element, const char *name, const char *value)
{
    struct cib_mark *mark = cib_mark(element);
    const char *old = hf_xml_get(element, name);
    size_t less = old == NULL ? 0 : attribute_size(name, old);
    size_t more = value == NULL ? 0 : attribute_size(name, value);

    if (old != NULL)
        mark->attributes = cib_digest_sub(mark->attributes, cib_digest_attribute(name, old));
    if (value != NULL)
        mark->attributes = cib_digest_add(mark->attributes, cib_digest_attribute(name, value));
    hf_xml_set(element, name, value);
    mark->own = mark->own - less + more;
    resize(element, less, more);
    settle(element);
}

struct hf_error *cib_tree_set(struct cib_document *document, xmlNode *element, const char *name,
                              const char *value)
{
    bool indexed = is_configuration(document, element);
    HF_CLEANUP(hf_freep) char *old = hf_strdup(hf_xml_get(element, name));
    struct hf_error *error = NULL;
    struct cib_undo *undo;

    if (indexed)
        cib_index_remove_one(document->index, element);
    set_marked(element, name, value);
    if (indexed)
        error = cib_index_add_one(document->index, element);
    if (error != NULL) {
        set_marked(element, name, old);
        hf_error_free(cib_index_add_one(document->index, element));
        return error;
    }
    undo = remember(document, CIB_UNDO_SET, element);
    undo->name = hf_strdup(name);
    undo->value = HF_STEAL(old);
    return NULL;
}

xmlNode *cib_tree_ensure(struct cib_document *document, xmlNode *parent, const char *name, const char *id)
{
    xmlNode *element = id == NULL ? hf_xml_child(parent, name) : hf_xml_child_by_id(parent, name, id);

    if (element != NULL)
        return element;
    element = cib_tree_new(document, name);
    if (id != NULL)
        set_marked(element, "id", id);
    if (cib_tree_attach(document, element, parent, NULL) != NULL)
        abort(); /* only ids of the configuration can be in the way */
    return element;
}

static void forget(struct cib_undo *undo)
{
    free(undo->name);
    free(undo->value);
}

void cib_tree_commit(struct cib_document *document)
{
    for (size_t i = document->n_undo; i-- > 0;) {
        struct cib_undo *undo = &document->undo[i];

        if (undo->type == CIB_UNDO_DETACH)
            cib_tree_free(undo->element);
        forget(undo);
    }
    document->n_undo = 0;
    cib_index_forget(document->index);
}

/* What was there before can be there again: an error is a broken invariant. */
static void must(struct hf_error *error)
{
    if (error != NULL)
        abort();
}

static void take_back(struct cib_document *document, struct cib_undo *undo)
{
    xmlNode *element = undo->element;

    switch (undo->type) {
    case CIB_UNDO_ATTACH:
        leave(document, element);
        link_out(element);
        cib_tree_free(element);
        return;
    case CIB_UNDO_DETACH:
        link_in(element, undo->parent, undo->before);
        must(enter(document, element, undo->parent));
        return;
    case CIB_UNDO_SET:
        if (is_configuration(document, element)) {
            cib_index_remove_one(document->index, element);
            set_marked(element, undo->name, undo->value);
            must(cib_index_add_one(document->index, element));
        } else {
            set_marked(element, undo->name, undo->value);
        }
        return;
    }
}

void cib_tree_rollback(struct cib_document *document)
{
    while (document->n_undo > 0) {
        struct cib_undo *undo = &document->undo[--document->n_undo];

        take_back(document, undo);
        forget(undo);
    }
    cib_index_forget(document->index);
}

/* --- making, parsing, reading --- */

static void free_nothing(void *payload, const xmlChar *name)
{
}

static struct cib_document *make(const struct cib_schema *schema)
{
    struct cib_document *document = hf_calloc(1, sizeof(*document));

    document->schema = schema;
    document->xml = xmlNewDoc((const xmlChar *)"1.0");
    document->history = xmlHashCreate(64);
    document->index = cib_index_new();
    if (document->xml == NULL || document->history == NULL)
        abort();
    document->xml->dict = xmlDictCreate(); /* names once, and not once for each attribute */
    if (document->xml->dict == NULL)
        abort();
    document->root = xmlNewDocNode(document->xml, NULL, (const xmlChar *)"cib", NULL);
    xmlDocSetRootElement(document->xml, document->root);
    return document;
}

static xmlNode *add_part(struct cib_document *document, xmlNode *part)
{
    xmlAddChild(document->root, part);
    return part;
}

static const char *const sections[] = {"crm_config", "nodes", "resources", "constraints"};

struct cib_document *cib_document_new(const struct cib_schema *schema)
{
    struct cib_document *document = make(schema);

    cib_document_show_version(document);
    hf_xml_set(document->root, "validate-with", "pacemaker-3.9");
    document->configuration = add_part(document, cib_tree_new(document, "configuration"));
    document->status = add_part(document, cib_tree_new(document, "status"));
    for (size_t i = 0; i < HF_ARRAY_LENGTH(sections); i++)
        must(cib_tree_attach(document, cib_tree_new(document, sections[i]), document->configuration, NULL));
    cib_tree_commit(document);
    return document;
}

static struct hf_error *parse_number(const xmlNode *root, const char *name, const char *source,
                                     uint64_t *value)
{
    const char *text = hf_xml_get_or(root, name, "0");
    int64_t number;

    if (!hf_parse_int64(text, &number) || number < 0)
        return hf_error_new(HF_REFUSED, "%s: <cib> has %s=\"%s\", expected a number", source, name, text);
    *value = (uint64_t)number;
    return NULL;
}

static struct hf_error *parse_root(struct cib_document *document, const xmlNode *root, const char *source)
{
    struct hf_error *error = parse_number(root, "admin_epoch", source, &document->version.admin_epoch);

    if (error == NULL)
        error = parse_number(root, "epoch", source, &document->version.epoch);
    if (error == NULL)
        error = parse_number(root, "num_updates", source, &document->version.num_updates);
    if (error == NULL)
        error = check_plain(root);
    for (const xmlAttr *attribute = root->properties; error == NULL && attribute != NULL;
         attribute = attribute->next) {
        const char *name = (const char *)attribute->name;

        hf_xml_set(document->root, name, hf_xml_get(root, name));
    }
    return error;
}

/* Copies <configuration> or <status> from foreign (NULL: an empty one) and enters it. */
static struct hf_error *parse_part(struct cib_document *document, const xmlNode *foreign, const char *name,
                                   xmlNode **part)
{
    struct hf_error *error = NULL;

    if (foreign == NULL)
        *part = cib_tree_new(document, name);
    else
        error = cib_tree_copy(document, foreign, part);
    if (error != NULL)
        return error;
    add_part(document, *part);
    if (strcmp(name, "configuration") == 0)
        return cib_index_add(document->index, *part);
    HF_XML_EACH (state, *part, "node_state")
        index_history(document, state, hf_xml_get_or(state, "id", ""), true);
    return NULL;
}

static struct hf_error *check_limits(const struct cib_document *document, const char *source)
{
    if (cib_document_size(document) > CIB_CONFIGURATION_LIMIT)
        return hf_error_new(HF_REFUSED, "%s: the configuration has %zu bytes, expected at most %d", source,
                            cib_document_size(document), CIB_CONFIGURATION_LIMIT);
    return NULL;
}

static struct hf_error *parse_document(struct cib_document *document, const xmlNode *root, const char *source,
                                       bool strict)
{
    const xmlNode *configuration = root, *status = NULL;
    struct hf_error *error = NULL;

    if (hf_xml_is(root, "cib")) {
        error = parse_root(document, root, source);
        configuration = hf_xml_child(root, "configuration");
        status = hf_xml_child(root, "status");
    } else if (!hf_xml_is(root, "configuration")) {
        return hf_error_new(HF_REFUSED, "%s:%ld: <%s>, expected <cib> or <configuration>", source,
                            xmlGetLineNo(root), (const char *)root->name);
    }
    if (error == NULL)
        error = parse_part(document, configuration, "configuration", &document->configuration);
    if (error == NULL)
        error = parse_part(document, status, "status", &document->status);
    if (error == NULL)
        error = check_limits(document, source);
    if (error == NULL && strict && document->schema != NULL)
        error = cib_schema_check(document->schema, document->configuration, source);
    if (error == NULL && strict)
        error = cib_index_check(document->index);
    return error;
}

struct hf_error *cib_document_parse(const struct cib_schema *schema, const char *text, size_t length,
                                    const char *source, bool strict, struct cib_document **document)
{
    HF_CLEANUP(cib_document_freep) struct cib_document *made = make(schema);
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *xml = NULL;
    struct hf_error *error = hf_xml_parse(text, length, source, &xml);

    *document = NULL;
    if (error == NULL)
        error = parse_document(made, xmlDocGetRootElement(xml), source, strict);
    if (error != NULL)
        return error;
    cib_index_forget(made->index);
    cib_document_show_version(made);
    *document = HF_STEAL(made);
    return NULL;
}

void cib_document_free(struct cib_document *document)
{
    if (document == NULL)
        return;
    for (xmlNode *part = hf_xml_child(document->root, NULL); part != NULL; part = hf_xml_next(part, NULL))
        unmark(part);
    cib_index_free(document->index);
    xmlHashFree(document->history, free_nothing);
    xmlFreeDoc(document->xml);
    free(document->undo);
    free(document);
}

void cib_document_freep(struct cib_document **document)
{
    cib_document_free(*document);
}

const xmlNode *cib_document_root(const struct cib_document *document)
{
    return document->root;
}

const xmlNode *cib_document_configuration(const struct cib_document *document)
{
    return document->configuration;
}

const xmlNode *cib_document_status(const struct cib_document *document)
{
    return document->status;
}

const xmlNode *cib_document_find(const struct cib_document *document, const char *id)
{
    return cib_index_find(document->index, id);
}

const xmlNode *cib_document_node_state(const struct cib_document *document, const char *node_id)
{
    return hf_xml_child_by_id(document->status, "node_state", node_id);
}

struct cib_version cib_document_version(const struct cib_document *document)
{
    return document->version;
}

struct cib_digest cib_document_configuration_digest(const struct cib_document *document)
{
    return cib_mark(document->configuration)->whole;
}

struct cib_digest cib_document_status_digest(const struct cib_document *document)
{
    return cib_mark(document->status)->whole;
}

size_t cib_document_size(const struct cib_document *document)
{
    return cib_mark(document->configuration)->bytes;
}

bool cib_is_value(const char *text)
{
    if (!xmlCheckUTF8((const xmlChar *)text))
        return false;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 && *text != '\t' && *text != '\n' && *text != '\r')
            return false;
    return strstr(text, "\xef\xbf\xbe") == NULL && strstr(text, "\xef\xbf\xbf") == NULL;
}

void cib_document_set_root(struct cib_document *document, const char *name, const char *value)
{
    hf_xml_set(document->root, name, value != NULL && cib_is_value(value) ? value : NULL);
}

void cib_document_set_origin(struct cib_document *document, int64_t when, const char *origin,
                             const char *user)
{
    time_t seconds = (time_t)when;
    char text[64];
    struct tm utc;

    if (gmtime_r(&seconds, &utc) != NULL && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &utc) > 0)
        cib_document_set_root(document, "cib-last-written", text);
    cib_document_set_root(document, "update-client", origin);
    cib_document_set_root(document, "update-user", user);
}

const struct cib_schema *cib_document_schema(const struct cib_document *document)
{
    return document->schema;
}

void cib_document_show_version(struct cib_document *document)
{
    hf_xml_setf(document->root, "admin_epoch", "%" PRIu64, document->version.admin_epoch);
    hf_xml_setf(document->root, "epoch", "%" PRIu64, document->version.epoch);
    hf_xml_setf(document->root, "num_updates", "%" PRIu64, document->version.num_updates);
}

void cib_document_set_version(struct cib_document *document, struct cib_version version)
{
    document->version = version;
    cib_document_show_version(document);
}

/* --- verifying --- */

static size_t tree_size(const xmlNode *element)
{
    size_t size = 2 * strlen((const char *)element->name) + 5;

    for (const xmlAttr *attribute = element->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;

        size += attribute_size(name, hf_xml_get_or(element, name, ""));
    }
    HF_XML_EACH_ANY (child, element)
        size += tree_size(child);
    return size;
}

static bool verify_part(const xmlNode *part, struct hf_buf *said)
{
    bool digest = cib_digest_equal(cib_digest_tree(part), cib_mark(part)->whole);
    bool size = tree_size(part) == cib_mark(part)->bytes;

    if (said != NULL && !digest)
        hf_buf_printf(said, "%s: maintained digest is not the tree's\n", (const char *)part->name);
    if (said != NULL && !size)
        hf_buf_printf(said, "%s: maintained size is not the tree's\n", (const char *)part->name);
    return digest && size;
}

bool cib_document_verify(const struct cib_document *document, struct hf_buf *said)
{
    struct cib_index *fresh = cib_index_new();
    struct hf_error *error = cib_index_add(fresh, document->configuration);
    size_t defined, referred, defined_now, referred_now;
    bool same;

    cib_index_count(fresh, &defined, &referred);
    cib_index_count(document->index, &defined_now, &referred_now);
    same = error == NULL && defined == defined_now && referred == referred_now;
    if (said != NULL && !same)
        hf_buf_printf(said, "index: %zu names and %zu references, expected %zu and %zu %s\n", defined_now,
                      referred_now, defined, referred, hf_error_text(error));
    hf_error_free(error);
    cib_index_free(fresh);
    return verify_part(document->configuration, said) & verify_part(document->status, said) & same;
}
