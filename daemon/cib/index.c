/* index.c - see index.h. */
#include "daemon/cib/index.h"

#include <libxml/hash.h>
#include <string.h>

#include "lib/xml.h"

/* Name spaces. */
#define SPACE_ID "id"
#define SPACE_NODE "node"
#define SPACE_USER "acl_target"
#define SPACE_NAME "name"

/* What a reference must lead to. */
enum want { WANT_ANY, WANT_RESOURCE, WANT_TEMPLATE, WANT_ROLE, WANT_SAME, WANT_NODE };

static const char *const want_text[] = {
    [WANT_ANY] = "the id of an element",
    [WANT_RESOURCE] = "the id of a resource, template or tag",
    [WANT_TEMPLATE] = "the id of a template",
    [WANT_ROLE] = "the id of an acl_role",
    [WANT_SAME] = "the id of an element of the same name",
    [WANT_NODE] = "the name of a node",
};

/* The attributes that refer. */
static const struct reference {
    const char *element; /* NULL: any */
    const char *attribute;
    enum want want;
    bool list; /* several, separated by commas */
} references[] = {
    {"rsc_location", "rsc", WANT_RESOURCE, false},
    {"rsc_location", "node", WANT_NODE, false},
    {"rsc_colocation", "rsc", WANT_RESOURCE, false},
    {"rsc_colocation", "with-rsc", WANT_RESOURCE, false},
    {"rsc_order", "first", WANT_RESOURCE, false},
    {"rsc_order", "then", WANT_RESOURCE, false},
    {"rsc_ticket", "rsc", WANT_RESOURCE, false},
    {"resource_ref", "id", WANT_RESOURCE, false},
    {"obj_ref", "id", WANT_ANY, false},
    {"primitive", "template", WANT_TEMPLATE, false},
    {"role", "id", WANT_ROLE, false},
    {"acl_permission", "reference", WANT_ANY, false},
    {"fencing-level", "devices", WANT_RESOURCE, true},
    {NULL, "id-ref", WANT_SAME, false},
};

struct use {
    const xmlNode *element;
    const struct reference *reference;
};

struct entry {
    xmlNode **definers;
    size_t n_definers, c_definers;
    struct use *uses;
    size_t n_uses, c_uses;
};

struct touched {
    char *name;
    const char *space;
    bool lost;
};

struct cib_index {
    xmlHashTable *entries;
    struct touched *touched;
    size_t n_touched, c_touched;
};

static void free_entry(void *payload, const xmlChar *name)
{
    struct entry *entry = payload;

    free(entry->definers);
    free(entry->uses);
    free(entry);
}

struct cib_index *cib_index_new(void)
{
    struct cib_index *index = hf_calloc(1, sizeof(*index));

    index->entries = xmlHashCreate(256);
    if (index->entries == NULL)
        abort();
    return index;
}

void cib_index_forget(struct cib_index *index)
{
    for (size_t i = 0; i < index->n_touched; i++)
        free(index->touched[i].name);
    index->n_touched = 0;
}

void cib_index_free(struct cib_index *index)
{
    if (index == NULL)
        return;
    cib_index_forget(index);
    free(index->touched);
    xmlHashFree(index->entries, free_entry);
    free(index);
}

static struct entry *lookup(const struct cib_index *index, const char *name, const char *space)
{
    return xmlHashLookup2(index->entries, (const xmlChar *)name, (const xmlChar *)space);
}

static struct entry *ensure(struct cib_index *index, const char *name, const char *space)
{
    struct entry *entry = lookup(index, name, space);

    if (entry != NULL)
        return entry;
    entry = hf_calloc(1, sizeof(*entry));
    if (xmlHashAddEntry2(index->entries, (const xmlChar *)name, (const xmlChar *)space, entry) != 0)
        abort();
    return entry;
}

static void drop_if_empty(struct cib_index *index, struct entry *entry, const char *name, const char *space)
{
    if (entry->n_definers == 0 && entry->n_uses == 0)
        xmlHashRemoveEntry2(index->entries, (const xmlChar *)name, (const xmlChar *)space, free_entry);
}

static void touch(struct cib_index *index, const char *name, const char *space, bool lost)
{
    hf_grow(&index->touched, &index->c_touched, index->n_touched + 1, sizeof(*index->touched));
    index->touched[index->n_touched++] = (struct touched){hf_strdup(name), space, lost};
}

/* --- what an element defines --- */

static const char *own_space(const xmlNode *element)
{
    if (hf_xml_is(element, "resource_ref") || hf_xml_is(element, "obj_ref") || hf_xml_is(element, "role"))
        return NULL;
    if (hf_xml_is(element, "node"))
        return SPACE_NODE;
    return hf_xml_is(element, "acl_target") ? SPACE_USER : SPACE_ID;
}

/* The name by which constraints know a node: of a cluster node, a remote node or a guest node. */
static const char *node_name(const xmlNode *element)
{
    if (hf_xml_is(element, "node"))
        return hf_xml_get(element, "uname");
    if (hf_xml_is(element, "nvpair") && strcmp(hf_xml_get_or(element, "name", ""), "remote-node") == 0)
        return hf_xml_get(element, "value");
    if (hf_xml_is(element, "primitive") && strcmp(hf_xml_get_or(element, "class", ""), "ocf") == 0 &&
        strcmp(hf_xml_get_or(element, "type", ""), "remote") == 0)
        return hf_xml_get(element, "id");
    return NULL;
}

static void define(struct cib_index *index, xmlNode *element, const char *name, const char *space)
{
    struct entry *entry = ensure(index, name, space);

    hf_grow(&entry->definers, &entry->c_definers, entry->n_definers + 1, sizeof(*entry->definers));
    entry->definers[entry->n_definers++] = element;
    touch(index, name, space, false);
}

static void undefine(struct cib_index *index, const xmlNode *element, const char *name, const char *space)
{
    struct entry *entry = lookup(index, name, space);

    for (size_t i = 0; entry != NULL && i < entry->n_definers; i++) {
        if (entry->definers[i] != element)
            continue;
        entry->definers[i] = entry->definers[--entry->n_definers];
        touch(index, name, space, true);
        drop_if_empty(index, entry, name, space);
        return;
    }
}

/* --- what an element refers to --- */

typedef void each_use(struct cib_index *index, const xmlNode *element, const struct reference *reference,
                      const char *name);

static void add_use(struct cib_index *index, const xmlNode *element, const struct reference *reference,
                    const char *name)
{
    const char *space = reference->want == WANT_NODE ? SPACE_NAME : SPACE_ID;
    struct entry *entry = ensure(index, name, space);

    hf_grow(&entry->uses, &entry->c_uses, entry->n_uses + 1, sizeof(*entry->uses));
    entry->uses[entry->n_uses++] = (struct use){element, reference};
    touch(index, name, space, false);
}

static void remove_use(struct cib_index *index, const xmlNode *element, const struct reference *reference,
                       const char *name)
{
    const char *space = reference->want == WANT_NODE ? SPACE_NAME : SPACE_ID;
    struct entry *entry = lookup(index, name, space);

    for (size_t i = 0; entry != NULL && i < entry->n_uses; i++) {
        if (entry->uses[i].element != element || entry->uses[i].reference != reference)
            continue;
        entry->uses[i] = entry->uses[--entry->n_uses];
        drop_if_empty(index, entry, name, space);
        return;
    }
}

static void for_uses(struct cib_index *index, const xmlNode *element, each_use *call)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(references); i++) {
        const struct reference *reference = &references[i];
        const char *value = hf_xml_get(element, reference->attribute);

        if (value == NULL || (reference->element != NULL && !hf_xml_is(element, reference->element)))
            continue;
        if (!reference->list) {
            call(index, element, reference, value);
            continue;
        }
        HF_CLEANUP(hf_freep) char *copy = hf_strdup(value);
        char *rest = NULL;

        for (char *one = strtok_r(copy, ", ", &rest); one != NULL; one = strtok_r(NULL, ", ", &rest))
            call(index, element, reference, one);
    }
}

/* --- entering and taking out --- */

static struct hf_error *refuse_duplicate(const xmlNode *element, const char *id, const xmlNode *other)
{
    return hf_error_new(HF_REFUSED, "line %ld: %s has id=\"%s\", which a %s has already; expected a new id",
                        xmlGetLineNo(element), (const char *)element->name, id, (const char *)other->name);
}

struct hf_error *cib_index_add_one(struct cib_index *index, xmlNode *element)
{
    const char *space = own_space(element);
    const char *id = space == NULL ? NULL : hf_xml_get(element, "id");
    const char *name = node_name(element);

    if (id != NULL) {
        struct entry *entry = lookup(index, id, space);

        if (entry != NULL && entry->n_definers > 0)
            return refuse_duplicate(element, id, entry->definers[0]);
        define(index, element, id, space);
    }
    if (name != NULL)
        define(index, element, name, SPACE_NAME);
    for_uses(index, element, add_use);
    return NULL;
}

void cib_index_remove_one(struct cib_index *index, xmlNode *element)
{
    const char *space = own_space(element);
    const char *id = space == NULL ? NULL : hf_xml_get(element, "id");
    const char *name = node_name(element);

    if (id != NULL)
        undefine(index, element, id, space);
    if (name != NULL)
        undefine(index, element, name, SPACE_NAME);
    for_uses(index, element, remove_use);
}

struct hf_error *cib_index_add(struct cib_index *index, xmlNode *element)
{
    struct hf_error *error = cib_index_add_one(index, element);
    xmlNode *failed;

    if (error != NULL)
        return error;
    for (failed = hf_xml_child(element, NULL); failed != NULL; failed = hf_xml_next(failed, NULL)) {
        error = cib_index_add(index, failed);
        if (error != NULL)
            break;
    }
    if (error == NULL)
        return NULL;
    for (xmlNode *child = hf_xml_child(element, NULL); child != failed; child = hf_xml_next(child, NULL))
        cib_index_remove(index, child);
    cib_index_remove_one(index, element);
    return error;
}

void cib_index_remove(struct cib_index *index, xmlNode *element)
{
    HF_XML_EACH_ANY (child, element)
        cib_index_remove(index, child);
    cib_index_remove_one(index, element);
}

xmlNode *cib_index_find(const struct cib_index *index, const char *id)
{
    static const char *const spaces[] = {SPACE_ID, SPACE_NODE, SPACE_USER};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(spaces); i++) {
        struct entry *entry = lookup(index, id, spaces[i]);

        if (entry != NULL && entry->n_definers > 0)
            return entry->definers[0];
    }
    return NULL;
}

/* --- checking --- */

static bool is_resource(const xmlNode *element)
{
    static const char *const names[] = {"primitive", "group", "clone", "master", "bundle", "template", "tag"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++)
        if (hf_xml_is(element, names[i]))
            return true;
    return false;
}

static bool fits(enum want want, const xmlNode *from, const xmlNode *to)
{
    switch (want) {
    case WANT_ANY:
    case WANT_NODE:
        return true;
    case WANT_RESOURCE:
        return is_resource(to);
    case WANT_TEMPLATE:
        return hf_xml_is(to, "template");
    case WANT_ROLE:
        return hf_xml_is(to, "acl_role");
    case WANT_SAME:
        return strcmp((const char *)from->name, (const char *)to->name) == 0;
    }
    return false;
}

/* A replica of a bundle is a node named BUNDLE-NUMBER. */
static bool is_bundle_node(const struct cib_index *index, const char *name)
{
    const char *dash = strrchr(name, '-');

    if (dash == NULL || dash[1] == '\0' || strspn(dash + 1, "0123456789") != strlen(dash + 1))
        return false;
    HF_CLEANUP(hf_freep) char *bundle = hf_strndup(name, (size_t)(dash - name));

    return hf_xml_is(cib_index_find(index, bundle), "bundle");
}

static struct hf_error *refuse_use(const struct use *use, const struct touched *touched, const xmlNode *found)
{
    const char *who = (const char *)use->element->name;
    const xmlNode *named = use->element;

    while (named != NULL && (hf_xml_get(named, "id") == NULL || own_space(named) == NULL))
        named = named->parent;

    const char *id = hf_xml_get_or(named, "id", "?");

    if (found != NULL)
        return hf_error_new(HF_REFUSED, "%s (in \"%s\"): %s=\"%s\" is a %s, expected %s", who, id,
                            use->reference->attribute, touched->name, (const char *)found->name,
                            want_text[use->reference->want]);
    if (touched->lost)
        return hf_error_new(HF_REFUSED,
                            "\"%s\" cannot be removed: %s \"%s\" refers to it (%s); expected that to be "
                            "removed first or in the same change",
                            touched->name, named == NULL ? who : (const char *)named->name, id,
                            use->reference->attribute);
    return hf_error_new(HF_REFUSED, "line %ld: %s (in \"%s\"): %s=\"%s\" does not exist, expected %s",
                        xmlGetLineNo(use->element), who, id, use->reference->attribute, touched->name,
                        want_text[use->reference->want]);
}

static struct hf_error *check_name(const struct cib_index *index, const struct touched *touched)
{
    const struct entry *entry = lookup(index, touched->name, touched->space);

    for (size_t i = 0; entry != NULL && i < entry->n_uses; i++) {
        const struct use *use = &entry->uses[i];

        if (entry->n_definers == 0) {
            if (use->reference->want != WANT_NODE || !is_bundle_node(index, touched->name))
                return refuse_use(use, touched, NULL);
        } else if (!fits(use->reference->want, use->element, entry->definers[0])) {
            return refuse_use(use, touched, entry->definers[0]);
        }
    }
    return NULL;
}

struct hf_error *cib_index_check(const struct cib_index *index)
{
    for (size_t i = 0; i < index->n_touched; i++) {
        struct hf_error *error = check_name(index, &index->touched[i]);

        if (error != NULL)
            return error;
    }
    return NULL;
}

struct tally {
    size_t defined, referred;
};

static void count_entry(void *payload, void *data, const xmlChar *name)
{
    const struct entry *entry = payload;
    struct tally *tally = data;

    tally->defined += entry->n_definers;
    tally->referred += entry->n_uses;
}

void cib_index_count(const struct cib_index *index, size_t *defined, size_t *referred)
{
    struct tally tally = {0};

    xmlHashScan(index->entries, count_entry, &tally);
    *defined = tally.defined;
    *referred = tally.referred;
}
