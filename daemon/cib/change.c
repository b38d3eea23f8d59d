/* change.c - <change>: the operations of doc/control.md on a document's configuration.
 *
 * The operations are done in order with what each finds; references, schema and size are checked once, at the
 * end, on what was touched.  See document.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cib/document-private.h"
#include "daemon/cib/schema.h"
#include "lib/xml.h"

/* The sections of a configuration and what may stand in them. */
static const struct section {
    const char *name;
    const char *children[6];
} sections[] = {
    {"crm_config", {"cluster_property_set"}},
    {"nodes", {"node"}},
    {"resources", {"primitive", "group", "clone", "master", "bundle", "template"}},
    {"constraints", {"rsc_location", "rsc_colocation", "rsc_order", "rsc_ticket"}},
    {"rsc_defaults", {"meta_attributes"}},
    {"op_defaults", {"meta_attributes"}},
    {"tags", {"tag"}},
    {"acls", {"acl_target", "acl_group", "acl_role", "acl_user"}},
    {"alerts", {"alert"}},
    {"fencing-topology", {"fencing-level"}},
};

static const char section_names[] = "crm_config, nodes, resources, constraints, rsc_defaults, op_defaults, "
                                    "tags, acls, alerts or fencing-topology";

/* A change being made. */
struct making {
    struct cib_document *document;
    xmlNode **touched; /* elements to be validated with what is around them */
    size_t n_touched, c_touched;
};

static void touch(struct making *making, xmlNode *element)
{
    hf_grow(&making->touched, &making->c_touched, making->n_touched + 1, sizeof(*making->touched));
    making->touched[making->n_touched++] = element;
}

static const struct section *find_section(const char *name)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(sections); i++)
        if (strcmp(sections[i].name, name) == 0)
            return &sections[i];
    return NULL;
}

static struct hf_error *check_place(const xmlNode *parent, const xmlNode *element)
{
    const struct section *section = find_section((const char *)parent->name);
    HF_CLEANUP(hf_buf_free) struct hf_buf expected = {0};

    for (size_t i = 0; section != NULL && i < HF_ARRAY_LENGTH(section->children); i++) {
        if (section->children[i] == NULL)
            break;
        if (hf_xml_is(element, section->children[i]))
            return NULL;
        hf_buf_printf(&expected, "%s%s", i == 0 ? "" : ", ", section->children[i]);
    }
    if (section == NULL)
        return NULL; /* the schema knows */
    return hf_error_new(HF_REFUSED, "line %ld: %s does not belong into %s; expected one of: %s",
                        xmlGetLineNo(element), (const char *)element->name, section->name,
                        hf_buf_text(&expected));
}

/* An operation's attributes: refuses others than the known ones (names ends with NULL). */
static struct hf_error *check_attributes(const xmlNode *operation, const char *const *names)
{
    for (const xmlAttr *attribute = operation->properties; attribute != NULL; attribute = attribute->next) {
        const char *const *name = names;

        while (*name != NULL && strcmp(*name, (const char *)attribute->name) != 0)
            name++;
        if (*name == NULL)
            return hf_error_new(HF_USAGE, "line %ld: <%s> has no attribute \"%s\"", xmlGetLineNo(operation),
                                (const char *)operation->name, (const char *)attribute->name);
    }
    return NULL;
}

/* The one element inside an operation. */
static struct hf_error *only_child(const xmlNode *operation, xmlNode **child)
{
    *child = hf_xml_child(operation, NULL);
    if (*child == NULL || hf_xml_next(*child, NULL) != NULL)
        return hf_error_new(HF_USAGE, "line %ld: <%s> expects exactly one element inside",
                            xmlGetLineNo(operation), (const char *)operation->name);
    return NULL;
}

static struct hf_error *find_by(const struct making *making, const xmlNode *operation, const char *attribute,
                                xmlNode **found)
{
    const char *id = hf_xml_get(operation, attribute);

    if (id == NULL)
        return hf_error_new(HF_USAGE, "line %ld: <%s> expects an attribute \"%s\"", xmlGetLineNo(operation),
                            (const char *)operation->name, attribute);
    *found = cib_index_find(making->document->index, id);
    if (*found == NULL)
        return hf_error_new(HF_REFUSED, "line %ld: %s: %s=\"%s\": there is no element with this id",
                            xmlGetLineNo(operation), (const char *)operation->name, attribute, id);
    return NULL;
}

static struct hf_error *find_parent(struct making *making, const xmlNode *operation, xmlNode **parent)
{
    const char *into = hf_xml_get_or(operation, "into", "");
    const struct section *section = find_section(into);

    if (section != NULL) {
        *parent = cib_tree_ensure(making->document, making->document->configuration, into, NULL);
        return NULL;
    }
    *parent = *into == '\0' ? NULL : cib_index_find(making->document->index, into);
    if (*parent != NULL)
        return NULL;
    return hf_error_new(HF_REFUSED,
                        "line %ld: create: into=\"%s\" does not exist; expected the id of an element, or %s",
                        xmlGetLineNo(operation), into, section_names);
}

/* Where to insert: *before is NULL for the end. */
static struct hf_error *find_place(struct making *making, const xmlNode *operation, const xmlNode *parent,
                                   xmlNode **before)
{
    const char *attribute = hf_xml_get(operation, "before") != NULL ? "before" : "after";
    struct hf_error *error;
    xmlNode *sibling;

    *before = NULL;
    if (hf_xml_get(operation, attribute) == NULL)
        return NULL;
    if (hf_xml_get(operation, "before") != NULL && hf_xml_get(operation, "after") != NULL)
        return hf_error_new(HF_USAGE, "line %ld: create: expected before or after, not both",
                            xmlGetLineNo(operation));
    error = find_by(making, operation, attribute, &sibling);
    if (error != NULL)
        return error;
    if (sibling->parent != parent)
        return hf_error_new(HF_REFUSED, "line %ld: create: %s=\"%s\" is not inside \"%s\"",
                            xmlGetLineNo(operation), attribute, hf_xml_get(operation, attribute),
                            hf_xml_get(operation, "into"));
    *before = strcmp(attribute, "before") == 0 ? sibling : hf_xml_next(sibling, NULL);
    return NULL;
}

/* Attaches a copy of foreign. */
static struct hf_error *insert(struct making *making, const xmlNode *foreign, xmlNode *parent,
                               xmlNode *before)
{
    struct hf_error *error;
    xmlNode *element;

    error = cib_tree_copy(making->document, foreign, &element);
    if (error != NULL)
        return error;
    error = cib_tree_attach(making->document, element, parent, before);
    if (error != NULL)
        cib_tree_free(element);
    else
        touch(making, element);
    return error;
}

static struct hf_error *do_create(struct making *making, const xmlNode *operation)
{
    static const char *const known[] = {"into", "before", "after", NULL};
    struct hf_error *error = check_attributes(operation, known);
    xmlNode *foreign, *parent, *before;

    if (error == NULL)
        error = only_child(operation, &foreign);
    if (error == NULL)
        error = find_parent(making, operation, &parent);
    if (error == NULL)
        error = find_place(making, operation, parent, &before);
    if (error == NULL)
        error = check_place(parent, foreign);
    return error != NULL ? error : insert(making, foreign, parent, before);
}

static struct hf_error *do_replace(struct making *making, const xmlNode *operation)
{
    static const char *const known[] = {NULL};
    struct hf_error *error = check_attributes(operation, known);
    xmlNode *foreign, *old, *parent, *before;

    if (error == NULL)
        error = only_child(operation, &foreign);
    if (error == NULL)
        error = find_by(making, foreign, "id", &old);
    if (error == NULL)
        error = check_place(old->parent, foreign);
    if (error != NULL)
        return error;
    parent = old->parent;
    before = old->next;
    cib_tree_detach(making->document, old);
    return insert(making, foreign, parent, before);
}

static struct hf_error *do_set(struct making *making, const xmlNode *operation)
{
    static const char *const known[] = {"id", NULL}, *const known_attr[] = {"name", "value", NULL};
    struct hf_error *error = check_attributes(operation, known);
    xmlNode *element;

    if (error == NULL)
        error = find_by(making, operation, "id", &element);
    if (error != NULL)
        return error;
    HF_XML_EACH_ANY (attr, operation) {
        const char *name = hf_xml_get_or(attr, "name", "");

        if (!hf_xml_is(attr, "attr"))
            return hf_error_new(HF_USAGE, "line %ld: <set> contains <%s>, expected <attr name= value=/>",
                                xmlGetLineNo(attr), (const char *)attr->name);
        error = check_attributes(attr, known_attr);
        if (error != NULL)
            return error;
        if (xmlValidateNCName((const xmlChar *)name, 0) != 0)
            return hf_error_new(HF_USAGE,
                                "line %ld: <attr> has name=\"%s\", expected the name of an attribute",
                                xmlGetLineNo(attr), name);
        error = cib_tree_set(making->document, element, name, hf_xml_get(attr, "value"));
        if (error != NULL)
            return error;
    }
    touch(making, element);
    return NULL;
}

static struct hf_error *do_delete(struct making *making, const xmlNode *operation)
{
    static const char *const known[] = {"id", NULL};
    struct hf_error *error = check_attributes(operation, known);
    xmlNode *element;

    if (error == NULL)
        error = find_by(making, operation, "id", &element);
    if (error != NULL)
        return error;
    touch(making, element->parent);
    cib_tree_detach(making->document, element);
    return NULL;
}

static struct hf_error *check_sections(const xmlNode *configuration)
{
    HF_XML_EACH_ANY (section, configuration) {
        if (find_section((const char *)section->name) == NULL)
            return hf_error_new(HF_REFUSED, "line %ld: configuration contains %s, expected %s",
                                xmlGetLineNo(section), (const char *)section->name, section_names);
        HF_XML_EACH_ANY (child, section) {
            struct hf_error *error = check_place(section, child);

            if (error != NULL)
                return error;
        }
    }
    return NULL;
}

static struct hf_error *do_load(struct making *making, const xmlNode *operation)
{
    static const char *const known[] = {NULL};
    struct cib_document *document = making->document;
    struct hf_error *error = check_attributes(operation, known);
    xmlNode *foreign, *copy, *child;

    if (error == NULL)
        error = only_child(operation, &foreign);
    if (error != NULL)
        return error;
    if (!hf_xml_is(foreign, "configuration"))
        return hf_error_new(HF_USAGE, "line %ld: <load> contains <%s>, expected <configuration>",
                            xmlGetLineNo(foreign), (const char *)foreign->name);
    error = check_sections(foreign);
    if (error == NULL)
        error = cib_tree_copy(document, foreign, &copy);
    if (error != NULL)
        return error;
    /* The sections move over one by one: <configuration> itself stays, and can be undone in parts. */
    while ((child = hf_xml_child(document->configuration, NULL)) != NULL)
        cib_tree_detach(document, child);
    while (error == NULL && (child = hf_xml_child(copy, NULL)) != NULL) {
        xmlUnlinkNode(child);
        error = cib_tree_attach(document, child, document->configuration, NULL);
        if (error != NULL)
            cib_tree_free(child);
    }
    cib_tree_free(copy);
    touch(making, document->configuration);
    return error;
}

static const struct operation {
    const char *name;
    struct hf_error *(*run)(struct making *making, const xmlNode *operation);
} operations[] = {
    {"create", do_create}, {"replace", do_replace}, {"set", do_set}, {"delete", do_delete}, {"load", do_load},
};

static struct hf_error *run(struct making *making, const xmlNode *change)
{
    size_t count = 0;

    HF_XML_EACH_ANY (element, change) {
        const struct operation *operation = operations, *end = operations + HF_ARRAY_LENGTH(operations);
        struct hf_error *error;

        while (operation < end && !hf_xml_is(element, operation->name))
            operation++;
        if (operation == end)
            return hf_error_new(
                HF_USAGE, "line %ld: <change> contains <%s>, expected create, replace, set, delete or load",
                xmlGetLineNo(element), (const char *)element->name);
        error = operation->run(making, element);
        if (error != NULL)
            return error;
        count++;
    }
    if (count == 0)
        return hf_error_new(HF_USAGE, "<change> is empty, expected create, replace, set, delete or load");
    return NULL;
}

/* What must be validated for a touched element: the child of a section that holds it, the whole
 * configuration, or nothing (it went away, or is a section, which may hold any of its children). */
static xmlNode *validated(const struct cib_document *document, xmlNode *element)
{
    if (element == document->configuration)
        return element;
    while (element->parent != NULL && element->parent->parent != NULL &&
           element->parent->parent != document->configuration)
        element = element->parent;
    if (element->parent == NULL || element->parent->parent != document->configuration)
        return NULL;
    return element;
}

static struct hf_error *validate(struct making *making)
{
    const struct cib_schema *schema = making->document->schema;
    struct hf_error *error = NULL;
    size_t count = 0;

    if (schema == NULL)
        return NULL;
    for (size_t i = 0; i < making->n_touched; i++) {
        xmlNode *element = validated(making->document, making->touched[i]);

        if (element == NULL || cib_mark(element)->pending)
            continue;
        cib_mark(element)->pending = true;
        making->touched[count++] = element;
    }
    for (size_t i = 0; i < count; i++) {
        cib_mark(making->touched[i])->pending = false;
        if (error == NULL)
            error = cib_schema_check(schema, making->touched[i], "request");
    }
    return error;
}

static struct hf_error *check_size(const struct cib_document *document)
{
    if (cib_document_size(document) <= CIB_CONFIGURATION_LIMIT)
        return NULL;
    return hf_error_new(HF_REFUSED, "the configuration would have %zu bytes, expected at most %d",
                        cib_document_size(document), CIB_CONFIGURATION_LIMIT);
}

static struct hf_error *check_expected(const struct cib_document *document, const xmlNode *change)
{
    static const char *const known[] = {"expect", "origin", NULL};
    const char *expected = hf_xml_get(change, "expect");
    char found[CIB_VERSION_TEXT];
    struct hf_error *error;

    if (!hf_xml_is(change, "change"))
        return hf_error_new(HF_USAGE, "<%s>, expected <change>", (const char *)change->name);
    error = check_attributes(change, known);
    if (error != NULL || expected == NULL)
        return error;
    snprintf(found, sizeof(found), "%" PRIu64 ".%" PRIu64, document->version.admin_epoch,
             document->version.epoch);
    if (strcmp(expected, found) == 0)
        return NULL;
    return hf_error_new(HF_CONFLICT,
                        "the configuration has version %s, expected %s: somebody changed it first", found,
                        expected);
}

static struct hf_error *apply(struct cib_document *document, const xmlNode *change, bool checked)
{
    struct making making = {.document = document};
    struct hf_error *error = checked ? check_expected(document, change) : NULL;

    cib_index_forget(document->index);
    if (error == NULL)
        error = run(&making, change);
    if (error == NULL && checked)
        error = check_size(document);
    if (error == NULL && checked)
        error = cib_index_check(document->index);
    if (error == NULL && checked)
        error = validate(&making);
    free(making.touched);
    if (error != NULL) {
        cib_tree_rollback(document);
        return error;
    }
    cib_tree_commit(document);
    document->version.epoch++;
    document->version.num_updates = 0;
    cib_document_show_version(document);
    return NULL;
}

struct hf_error *cib_document_change(struct cib_document *document, const xmlNode *change)
{
    return apply(document, change, true);
}

struct hf_error *cib_document_replay(struct cib_document *document, const xmlNode *change)
{
    return apply(document, change, false);
}
