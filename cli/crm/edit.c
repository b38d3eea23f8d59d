/* edit.c - see edit.h. */
#include "cli/crm/edit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/crm/print.h"
#include "lib/buf.h"
#include "lib/xml.h"

/* --- the index --- */

static void index_add(xmlHashTable *index, xmlNode *element)
{
    const char *id = hf_xml_get(element, "id");

    if (id != NULL && !crm_id_is_elsewhere((const char *)element->name))
        xmlHashUpdateEntry(index, (const xmlChar *)id, element, NULL);
    HF_XML_EACH_ANY (child, element)
        index_add(index, child);
}

static void index_remove(xmlHashTable *index, xmlNode *element)
{
    const char *id = hf_xml_get(element, "id");

    if (id != NULL && xmlHashLookup(index, (const xmlChar *)id) == element)
        xmlHashRemoveEntry(index, (const xmlChar *)id, NULL);
    HF_XML_EACH_ANY (child, element)
        index_remove(index, child);
}

static xmlNode *lookup(const xmlHashTable *index, const char *id)
{
    return index == NULL || id == NULL ? NULL : xmlHashLookup((xmlHashTable *)index, (const xmlChar *)id);
}

void crm_edit_begin(struct crm_edit *edit, xmlNode *configuration)
{
    *edit = (struct crm_edit){.configuration = configuration, .index = xmlHashCreate(256)};
    index_add(edit->index, configuration);
}

void crm_edit_begin_anew(struct crm_edit *edit, xmlNode *configuration)
{
    static const char *const sections[] = {"crm_config", "nodes", "resources", "constraints"};
    xmlNode *child;

    *edit = (struct crm_edit){.configuration = configuration, .index = xmlHashCreate(256)};
    edit->previous = xmlDocCopyNode(configuration, NULL, 1);
    edit->previous_index = xmlHashCreate(256);
    index_add(edit->previous_index, edit->previous);
    while ((child = configuration->children) != NULL) {
        xmlUnlinkNode(child);
        xmlFreeNode(child);
    }
    for (size_t i = 0; i < HF_ARRAY_LENGTH(sections); i++)
        hf_xml_add(configuration, sections[i]);
}

void crm_edit_keep_section(struct crm_edit *edit, const char *section)
{
    const xmlNode *old = edit->previous != NULL ? hf_xml_child(edit->previous, section) : NULL;
    xmlNode *now = hf_xml_child(edit->configuration, section), *copy;

    if (old == NULL)
        return;
    copy = xmlDocCopyNode((xmlNode *)old, edit->configuration->doc, 1);
    if (now != NULL) {
        index_remove(edit->index, now);
        xmlReplaceNode(now, copy);
        xmlFreeNode(now);
    } else {
        xmlAddChild(edit->configuration, copy);
    }
    index_add(edit->index, copy);
}

void crm_edit_end(struct crm_edit *edit)
{
    xmlHashFree(edit->index, NULL);
    xmlHashFree(edit->previous_index, NULL);
    xmlFreeNode(edit->previous);
    *edit = (struct crm_edit){0};
}

static xmlNode *node_by_name(const xmlNode *configuration, const char *name)
{
    HF_XML_EACH (node, hf_xml_child(configuration, "nodes"), "node")
        if (strcmp(hf_xml_get_or(node, "uname", ""), name) == 0)
            return node;
    return NULL;
}

xmlNode *crm_edit_find(const struct crm_edit *edit, const char *id)
{
    xmlNode *found = lookup(edit->index, id);

    return found != NULL ? found : node_by_name(edit->configuration, id);
}

xmlNode *crm_object_of(xmlNode *element)
{
    while (element != NULL && !crm_is_resource(element) &&
           !(element->parent != NULL && element->parent->parent != NULL &&
             hf_xml_is(element->parent->parent, "configuration")))
        element = element->parent;
    return element;
}

/* "primitive web", for messages. */
static char *describe(const xmlNode *element)
{
    return hf_asprintf("%s %s", (const char *)element->name,
                       hf_xml_is(element, "node") ? hf_xml_get_or(element, "uname", "")
                                                  : hf_xml_get_or(element, "id", ""));
}

/* --- putting an element into the configuration --- */

/* Refuses ids in element that something outside it has already. */
static struct hf_error *check_new_ids(const struct crm_edit *edit, const xmlNode *element)
{
    const char *id = hf_xml_get(element, "id");
    const xmlNode *other = crm_id_is_elsewhere((const char *)element->name) ? NULL : lookup(edit->index, id);

    if (other != NULL) {
        HF_CLEANUP(hf_freep) char *owner = describe(crm_object_of((xmlNode *)other));

        return hf_error_new(HF_REFUSED, "id '%s' is already used by %s, expected a new id", id, owner);
    }
    HF_XML_EACH_ANY (child, element) {
        struct hf_error *error = check_new_ids(edit, child);

        if (error != NULL)
            return error;
    }
    return NULL;
}

/* The index serves crm_name() as the set of ids in use; what it adds gets its element afterwards. */
static void name_and_index(struct crm_edit *edit, xmlNode *element, const char *base)
{
    index_add(edit->index, element);
    crm_name(element, edit->index, base);
    index_add(edit->index, element);
}

static bool may_contain(const xmlNode *container, const xmlNode *member)
{
    if (hf_xml_is(container, "clone") || hf_xml_is(container, "master"))
        return hf_xml_is(member, "primitive") || hf_xml_is(member, "group");
    return hf_xml_is(member, "primitive");
}

static struct hf_error *member_error(const xmlNode *container, const char *format, ...) HF_PRINTF(2, 3);

static struct hf_error *member_error(const xmlNode *container, const char *format, ...)
{
    HF_CLEANUP(hf_freep) char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    message = hf_vasprintf(format, arguments);
    va_end(arguments);
    return hf_error_new(HF_REFUSED, "%s %s: %s", (const char *)container->name,
                        hf_xml_get_or(container, "id", ""), message);
}

/* Whether the resource that a <member> names can come into its container, which takes the place of old. */
static struct hf_error *check_member(const struct crm_edit *edit, const xmlNode *container,
                                     const xmlNode *member, const xmlNode *old)
{
    const char *id = hf_xml_get_or(member, "id", "");
    const xmlNode *resource = lookup(edit->index, id);

    if (strcmp(id, hf_xml_get_or(container, "id", "")) == 0)
        return member_error(container, "'%s' would contain itself, expected another id", id);
    if (resource == NULL || !crm_is_resource(resource))
        return member_error(container, "resource '%s' does not exist, expected the id of a primitive", id);
    if (!may_contain(container, resource))
        return member_error(container, "'%s' is a %s, expected the id of a %s", id,
                            (const char *)resource->name,
                            hf_xml_is(container, "clone") ? "primitive or group" : "primitive");
    for (const xmlNode *other = hf_xml_next(member, "member"); other != NULL;
         other = hf_xml_next(other, "member"))
        if (strcmp(hf_xml_get_or(other, "id", ""), id) == 0)
            return member_error(container, "'%s' is named twice", id);
    if (crm_is_resource(resource->parent) && resource->parent != old) {
        HF_CLEANUP(hf_freep) char *owner = describe(resource->parent);

        return member_error(container, "'%s' is already in %s", id, owner);
    }
    return NULL;
}

static struct hf_error *check_members(const struct crm_edit *edit, const xmlNode *container,
                                      const xmlNode *old)
{
    HF_XML_EACH (member, container, "member") {
        struct hf_error *error = check_member(edit, container, member, old);

        if (error != NULL)
            return error;
    }
    return NULL;
}

/* Puts each resource that a <member> names into its place. */
static void take_members(const struct crm_edit *edit, xmlNode *container)
{
    xmlNode *next;

    for (xmlNode *member = hf_xml_child(container, "member"); member != NULL; member = next) {
        xmlNode *resource = lookup(edit->index, hf_xml_get_or(member, "id", ""));

        next = hf_xml_next(member, "member");
        xmlUnlinkNode(resource);
        xmlReplaceNode(member, resource);
        xmlFreeNode(member);
    }
}

/* Members that the new form of a container no longer names go beside it. */
static void release_members(xmlNode *container, xmlNode *behind)
{
    xmlNode *next;

    for (xmlNode *child = hf_xml_child(container, NULL); child != NULL; child = next) {
        next = hf_xml_next(child, NULL);
        if (!crm_is_resource(child))
            continue;
        xmlUnlinkNode(child);
        xmlAddNextSibling(behind, child);
        behind = child;
    }
}

static xmlNode *section_of(struct crm_edit *edit, const char *name)
{
    return hf_xml_ensure(edit->configuration, name);
}

static bool has_members(const xmlNode *element)
{
    return hf_xml_child(element, "member") != NULL;
}

/* What stands in this element's place now: a node by its name, all else by its id. */
static xmlNode *existing(const struct crm_edit *edit, const xmlNode *element)
{
    if (hf_xml_is(element, "node"))
        return node_by_name(edit->configuration, hf_xml_get_or(element, "uname", ""));
    return lookup(edit->index, hf_xml_get(element, "id"));
}

static xmlNode *previous_of(const struct crm_edit *edit, const xmlNode *element)
{
    if (edit->previous != NULL && hf_xml_is(element, "node"))
        return node_by_name(edit->previous, hf_xml_get_or(element, "uname", ""));
    return lookup(edit->previous_index, hf_xml_get(element, "id"));
}

static void adopt_from(xmlNode *element, const xmlNode *old)
{
    xmlNode *flat;

    if (old == NULL || !hf_xml_is(old, (const char *)element->name))
        return;
    flat = crm_flatten(old);
    crm_adopt(element, flat);
    xmlFreeNode(flat);
}

static struct hf_error *check_place(const struct crm_statement *statement, const xmlNode *old,
                                    enum crm_mode mode)
{
    HF_CLEANUP(hf_freep) char *name = old != NULL ? describe(old) : NULL;

    if (old == NULL)
        return NULL;
    if (mode == CRM_CREATE)
        return hf_error_new(HF_REFUSED,
                            "%s exists already, expected a new id ('configure load update' or 'configure "
                            "edit' replace objects)",
                            name);
    if (crm_object_of((xmlNode *)old) != old || strcmp(hf_xml_get_or(old, "id", ""), "") == 0 ||
        crm_section_of((const char *)old->name) == NULL ||
        strcmp(crm_section_of((const char *)old->name), statement->section) != 0)
        return hf_error_new(HF_REFUSED, "id '%s' is already used by a %s, expected another id",
                            hf_xml_get_or(old, "id", ""), (const char *)old->name);
    return NULL;
}

/* Takes an element out of the index; the members that its new form may take stay. */
static void unindex_old(struct crm_edit *edit, xmlNode *old, bool members)
{
    index_remove(edit->index, old);
    HF_XML_EACH_ANY (child, old)
        if (members && crm_is_resource(child))
            index_add(edit->index, child);
}

/* --- sets of options --- */

static const char *default_set_id(const char *section)
{
    return strcmp(section, "crm_config") == 0     ? "cib-bootstrap-options"
           : strcmp(section, "rsc_defaults") == 0 ? "rsc-options"
                                                  : "op-options";
}

static xmlNode *pair_named(const xmlNode *set, const char *name)
{
    HF_XML_EACH (pair, set, "nvpair")
        if (name != NULL && strcmp(hf_xml_get_or(pair, "name", ""), name) == 0)
            return pair;
    return NULL;
}

/* The set a statement means: the named one, or the first without a rule if the statement has no rule. */
static xmlNode *target_set(struct crm_edit *edit, xmlNode *section, const xmlNode *set)
{
    const char *id = hf_xml_get(set, "id");

    if (id != NULL)
        return hf_xml_child_by_id(section, (const char *)set->name, id);
    if (hf_xml_child(set, "rule") != NULL || hf_xml_get(set, "score") != NULL ||
        hf_xml_get(set, "id-ref") != NULL)
        return NULL;
    HF_XML_EACH (candidate, section, (const char *)set->name)
        if (hf_xml_child(candidate, "rule") == NULL && hf_xml_get(candidate, "id-ref") == NULL)
            return candidate;
    return NULL;
}

/* The names of a set's nvpairs become those of the statement; others of the old set stay. */
static void merge_sets(xmlNode *set, const xmlNode *old)
{
    size_t at = 0;

    if (hf_xml_get(set, "score") == NULL)
        hf_xml_set(set, "score", hf_xml_get(old, "score"));
    HF_XML_EACH_ANY (child, old) {
        const char *name = hf_xml_get(child, "name");
        xmlNode *mine = hf_xml_is(child, "nvpair") ? pair_named(set, name) : NULL, *copy;

        if (hf_xml_is(child, "rule") && hf_xml_child(set, "rule") != NULL)
            continue;
        if (mine != NULL) {
            xmlUnlinkNode(mine);
            copy = mine;
        } else {
            copy = xmlDocCopyNode((xmlNode *)child, set->doc, 1);
        }
        /* Keep the old set's order; what is new follows. */
        xmlNode *first = hf_xml_child(set, NULL);

        for (size_t i = 0; i < at && first != NULL; i++)
            first = hf_xml_next(first, NULL);
        if (first != NULL)
            xmlAddPrevSibling(first, copy);
        else
            xmlAddChild(set, copy);
        at++;
    }
}

/* --- nodes that are there already --- */

static xmlNode *set_without_rule(const xmlNode *element, const char *name)
{
    HF_XML_EACH (set, element, name)
        if (hf_xml_child(set, "rule") == NULL && hf_xml_get(set, "id-ref") == NULL)
            return set;
    return NULL;
}

/* Nodes come into the configuration by themselves: who writes `node NAME attributes ...` means one that is
 * there.  What it says joins what the node has. */
static struct hf_error *join_node(xmlNode *element, const xmlNode *old)
{
    const char *id = hf_xml_get(element, "id"), *known = hf_xml_get_or(old, "id", "");

    if (id != NULL && strcmp(id, known) != 0)
        return hf_error_new(HF_REFUSED, "node %s has the id '%s', expected that or none",
                            hf_xml_get_or(old, "uname", ""), known);
    if (hf_xml_get(element, "type") != NULL &&
        strcmp(hf_xml_get(element, "type"), hf_xml_get_or(old, "type", "member")) != 0)
        return hf_error_new(HF_REFUSED, "node %s is of type %s, expected that or none",
                            hf_xml_get_or(old, "uname", ""), hf_xml_get_or(old, "type", "member"));
    for (const xmlAttr *attribute = old->properties; attribute != NULL; attribute = attribute->next)
        if (hf_xml_get(element, (const char *)attribute->name) == NULL)
            hf_xml_set(element, (const char *)attribute->name,
                       hf_xml_get(old, (const char *)attribute->name));
    HF_XML_EACH_ANY (child, old) {
        const char *kind = (const char *)child->name;
        xmlNode *mine = child == set_without_rule(old, kind) ? set_without_rule(element, kind) : NULL;

        if (mine == NULL) {
            xmlAddChild(element, xmlDocCopyNode((xmlNode *)child, element->doc, 1));
            continue;
        }
        hf_xml_set(mine, "id", hf_xml_get(child, "id"));
        merge_sets(mine, child);
    }
    return NULL;
}

static bool says_more_than_a_name(const xmlNode *element)
{
    return hf_xml_child(element, NULL) != NULL || hf_xml_get(element, "description") != NULL;
}

/* --- objects --- */

static struct hf_error *apply_object(struct crm_edit *edit, struct crm_statement *statement,
                                     enum crm_mode mode)
{
    xmlNode *element = statement->element, *old = existing(edit, element), *section;
    bool joins =
        mode == CRM_CREATE && old != NULL && hf_xml_is(element, "node") && says_more_than_a_name(element);
    struct hf_error *error = joins ? join_node(element, old) : check_place(statement, old, mode);
    bool members = has_members(element);

    if (error == NULL)
        error = check_members(edit, element, old);
    if (error != NULL)
        return error;
    adopt_from(element, old != NULL ? old : previous_of(edit, element));
    if (hf_xml_is(element, "node") && hf_xml_get(element, "id") == NULL)
        hf_xml_set(element, "id", hf_xml_get(element, "uname"));
    if (old != NULL)
        unindex_old(edit, old, members);
    error = check_new_ids(edit, element);
    if (error != NULL) {
        if (old != NULL)
            index_add(edit->index, old);
        return error;
    }
    section = section_of(edit, statement->section);
    statement->element = NULL;
    if (old != NULL)
        xmlAddPrevSibling(old, element);
    else
        xmlAddChild(section, element);
    take_members(edit, element);
    if (old != NULL) {
        if (members)
            release_members(old, element);
        hf_xml_remove(old);
    }
    name_and_index(edit, element, NULL);
    return NULL;
}

/* --- sets of options, applied --- */

static struct hf_error *apply_set(struct crm_edit *edit, struct crm_statement *statement)
{
    xmlNode *set = statement->element, *section = section_of(edit, statement->section);
    xmlNode *old = target_set(edit, section, set), *before;
    const char *base = default_set_id(statement->section);
    struct hf_error *error;

    if (old == NULL && hf_xml_get(set, "id") == NULL && hf_xml_get(set, "id-ref") == NULL)
        hf_xml_set(set, "id", lookup(edit->index, base) == NULL ? base : NULL);
    before = old != NULL ? old : lookup(edit->previous_index, hf_xml_get(set, "id"));
    if (old != NULL && hf_xml_get(set, "id") == NULL)
        hf_xml_set(set, "id", hf_xml_get(old, "id"));
    if (old != NULL)
        merge_sets(set, old);
    adopt_from(set, before);
    if (old != NULL)
        index_remove(edit->index, old);
    error = check_new_ids(edit, set);
    if (error != NULL)
        return error;
    statement->element = NULL;
    if (old != NULL) {
        xmlAddPrevSibling(old, set);
        hf_xml_remove(old);
    } else {
        xmlAddChild(section, set);
    }
    name_and_index(edit, set, base);
    return NULL;
}

/* --- whole sections, operations --- */

static struct hf_error *apply_whole(struct crm_edit *edit, struct crm_statement *statement)
{
    xmlNode *element = statement->element, *old = hf_xml_child(edit->configuration, statement->section);
    struct hf_error *error;

    if (old != NULL) {
        crm_adopt(element, old);
        index_remove(edit->index, old);
    } else if (edit->previous != NULL && hf_xml_child(edit->previous, statement->section) != NULL) {
        crm_adopt(element, hf_xml_child(edit->previous, statement->section));
    }
    error = check_new_ids(edit, element);
    if (error != NULL)
        return error;
    if (hf_xml_child(element, NULL) == NULL) { /* an empty section is as good as none */
        hf_xml_remove(old);
        return NULL;
    }
    statement->element = NULL;
    if (old != NULL) {
        xmlAddPrevSibling(old, element);
        hf_xml_remove(old);
    } else {
        xmlAddChild(edit->configuration, element);
    }
    name_and_index(edit, element, NULL);
    return NULL;
}

static struct hf_error *apply_op(struct crm_edit *edit, struct crm_statement *statement)
{
    xmlNode *resource = lookup(edit->index, statement->target), *operations, *op = statement->element;

    if (resource == NULL || (!hf_xml_is(resource, "primitive") && !hf_xml_is(resource, "template")))
        return hf_error_new(HF_REFUSED, "monitor: '%s' %s%s, expected the id of a primitive",
                            statement->target, resource == NULL ? "does not exist" : "is a ",
                            resource == NULL ? "" : (const char *)resource->name);
    operations = hf_xml_ensure(resource, "operations");
    HF_XML_EACH (other, operations, "op")
        if (strcmp(hf_xml_get_or(other, "name", ""), "monitor") == 0 &&
            strcmp(hf_xml_get_or(other, "interval", ""), hf_xml_get_or(op, "interval", "")) == 0 &&
            strcmp(hf_xml_get_or(other, "role", ""), hf_xml_get_or(op, "role", "")) == 0)
            return hf_error_new(HF_REFUSED,
                                "monitor: '%s' has a monitor with interval %s already, expected another "
                                "interval",
                                statement->target, hf_xml_get_or(op, "interval", ""));
    statement->element = NULL;
    xmlAddChild(operations, op);
    name_and_index(edit, op, statement->target);
    return NULL;
}

/* A user's own rules become a role of their own, which the user is given: the CIB has no others. */
static struct hf_error *apply_rules(struct crm_edit *edit, xmlNode *target, enum crm_mode mode)
{
    HF_CLEANUP(hf_freep) char *id = hf_asprintf("%s-rules", hf_xml_get_or(target, "id", ""));
    struct crm_statement role = {
        .merge = CRM_OBJECT, .section = "acls", .element = xmlNewNode(NULL, (const xmlChar *)"acl_role")};
    struct hf_error *error;
    xmlNode *rule;

    hf_xml_set(role.element, "id", id);
    while ((rule = hf_xml_child(target, "acl_permission")) != NULL) {
        xmlUnlinkNode(rule);
        xmlAddChild(role.element, rule);
    }
    hf_xml_set(hf_xml_add(target, "role"), "id", id);
    error = apply_object(edit, &role, mode);
    crm_statement_free(&role);
    return error;
}

struct hf_error *crm_edit_apply(struct crm_edit *edit, struct crm_statement *statement, enum crm_mode mode)
{
    struct hf_error *error;

    switch (statement->merge) {
    case CRM_SET:
        return apply_set(edit, statement);
    case CRM_WHOLE:
        return apply_whole(edit, statement);
    case CRM_OP:
        return apply_op(edit, statement);
    case CRM_OBJECT:
        break;
    }
    if (hf_xml_is(statement->element, "acl_target") &&
        hf_xml_child(statement->element, "acl_permission") != NULL) {
        error = apply_rules(edit, statement->element, mode);
        if (error != NULL)
            return error;
    }
    return apply_object(edit, statement, mode);
}

/* --- containers that are written before their members --- */

/* Which statements are still to be applied, and the number (from 1) of each by its id. */
struct agenda {
    const struct crm_statements *statements;
    bool *done;
    xmlHashTable *numbers;
};

static void agenda_begin(struct agenda *agenda, const struct crm_statements *statements)
{
    *agenda = (struct agenda){.statements = statements,
                              .done = hf_calloc(statements->count + 1, sizeof(bool)),
                              .numbers = xmlHashCreate(64)};
    for (size_t i = 0; i < statements->count; i++) {
        const char *id = hf_xml_get(statements->statement[i].element, "id");

        if (statements->statement[i].merge == CRM_OBJECT && id != NULL)
            xmlHashAddEntry(agenda->numbers, (const xmlChar *)id, (void *)(uintptr_t)(i + 1));
    }
}

static void agenda_end(struct agenda *agenda)
{
    free(agenda->done);
    xmlHashFree(agenda->numbers, NULL);
}

static bool waits_for_member(const struct agenda *agenda, size_t at)
{
    HF_XML_EACH (member, agenda->statements->statement[at].element, "member") {
        uintptr_t number =
            (uintptr_t)xmlHashLookup(agenda->numbers, (const xmlChar *)hf_xml_get_or(member, "id", ""));

        if (number > 0 && number - 1 != at && !agenda->done[number - 1])
            return true;
    }
    return false;
}

/* In the order in which they are written, but for containers that have to wait.  Those that wait for each
 * other are refused by the first of them. */
struct hf_error *crm_edit_apply_all(struct crm_edit *edit, struct crm_statements *statements,
                                    enum crm_mode mode)
{
    struct agenda agenda;
    struct hf_error *error = NULL;
    size_t left = statements->count, before;
    bool wait = true;

    agenda_begin(&agenda, statements);
    while (left > 0 && error == NULL) {
        before = left;
        for (size_t i = 0; i < statements->count && error == NULL; i++) {
            int line = statements->statement[i].line;

            if (agenda.done[i] || (wait && waits_for_member(&agenda, i)))
                continue;
            error = crm_edit_apply(edit, &statements->statement[i], mode);
            agenda.done[i] = true;
            left--;
            if (line > 0)
                error = hf_error_wrap(error, "line %d", line);
        }
        wait = left < before;
    }
    agenda_end(&agenda);
    return error;
}

/* --- references --- */

/* Attributes that hold the id of a resource (or tag), by element. */
static const struct {
    const char *element, *attribute;
} references[] = {
    {"rsc_location", "rsc"},         {"rsc_colocation", "rsc"}, {"rsc_colocation", "with-rsc"},
    {"rsc_order", "first"},          {"rsc_order", "then"},     {"rsc_ticket", "rsc"},
    {"resource_ref", "id"},          {"primitive", "template"}, {"obj_ref", "id"},
    {"acl_permission", "reference"},
};

static struct hf_error *dangling(const xmlNode *element, const char *attribute, const char *id)
{
    HF_CLEANUP(hf_freep) char *owner = describe(crm_object_of((xmlNode *)element));

    return hf_error_new(HF_REFUSED, "%s: %s '%s' does not exist, expected the id of something that does",
                        owner, attribute, id);
}

/* $id-ref may name the object whose set is meant. */
static struct hf_error *resolve_id_ref(struct crm_edit *edit, xmlNode *element)
{
    const char *id = hf_xml_get(element, "id-ref");
    xmlNode *target = lookup(edit->index, id), *set;

    if (target == NULL)
        return dangling(element, "id-ref", id);
    if (hf_xml_is(target, (const char *)element->name))
        return NULL;
    set = hf_xml_child(target, (const char *)element->name);
    if (set != NULL && hf_xml_get(set, "id") == NULL && hf_xml_is(set, "operations")) {
        hf_xml_setf(set, "id", "%s-operations", id);
        index_add(edit->index, set);
    }
    if (set == NULL || hf_xml_get(set, "id") == NULL)
        return hf_error_new(HF_REFUSED, "id-ref '%s' names a %s, expected a %s or an object that has one", id,
                            (const char *)target->name, (const char *)element->name);
    hf_xml_set(element, "id-ref", hf_xml_get(set, "id"));
    return NULL;
}

static struct hf_error *check_references(struct crm_edit *edit, xmlNode *element)
{
    struct hf_error *error = NULL;

    if (hf_xml_get(element, "id-ref") != NULL)
        error = resolve_id_ref(edit, element);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(references) && error == NULL; i++) {
        const char *id = hf_xml_get(element, references[i].attribute);

        if (id != NULL && hf_xml_is(element, references[i].element) && crm_edit_find(edit, id) == NULL)
            error = dangling(element, references[i].attribute, id);
    }
    HF_XML_EACH_ANY (child, element) {
        if (error != NULL)
            break;
        error = check_references(edit, child);
    }
    return error;
}

struct hf_error *crm_edit_finish(struct crm_edit *edit)
{
    return check_references(edit, edit->configuration);
}

/* --- delete --- */

/* Whether element's own attributes refer to id. */
static bool refers(const xmlNode *element, const char *id)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(references); i++)
        if (hf_xml_is(element, references[i].element) &&
            strcmp(hf_xml_get_or(element, references[i].attribute, ""), id) == 0)
            return true;
    if (hf_xml_is(element, "fencing-level")) {
        const char *devices = hf_xml_get_or(element, "devices", "");
        size_t length = strlen(id);

        for (const char *at = devices; (at = strstr(at, id)) != NULL; at++)
            if ((at == devices || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
                return true;
    }
    return strcmp(hf_xml_get_or(element, "id-ref", ""), id) == 0;
}

/* Whether element refers to the object: to a node by its name, to all else by id. */
static bool refers_to(const xmlNode *element, const xmlNode *object)
{
    if (!hf_xml_is(object, "node"))
        return refers(element, hf_xml_get_or(object, "id", ""));
    return hf_xml_is(element, "rsc_location") &&
           strcmp(hf_xml_get_or(element, "node", ""), hf_xml_get_or(object, "uname", "")) == 0;
}

/* The first element that refers to the object, outside the object itself. */
static xmlNode *referrer(xmlNode *element, const xmlNode *object)
{
    if (element == object)
        return NULL;
    if (refers_to(element, object))
        return element;
    HF_XML_EACH_ANY (child, element) {
        xmlNode *found = referrer(child, object);

        if (found != NULL)
            return found;
    }
    return NULL;
}

static void drop(struct crm_edit *edit, xmlNode *element)
{
    xmlNode *section = element->parent;

    index_remove(edit->index, element);
    hf_xml_remove(element);
    if (hf_xml_is(section, "fencing-topology") && hf_xml_child(section, NULL) == NULL)
        hf_xml_remove(section);
}

/* Takes the reference to a deleted object away, and what makes no sense without it. */
static void drop_reference(struct crm_edit *edit, xmlNode *found)
{
    xmlNode *parent = found->parent;

    if (hf_xml_is(found, "resource_ref") || hf_xml_is(found, "obj_ref")) {
        bool alone = hf_xml_child(parent, (const char *)found->name) == found &&
                     hf_xml_next(found, (const char *)found->name) == NULL;

        if (!alone) {
            hf_xml_remove(found);
            return;
        }
        found = parent;
        if (hf_xml_is(found, "resource_set") && (hf_xml_child(found->parent, "resource_set") != found ||
                                                 hf_xml_next(found, "resource_set") != NULL)) {
            drop(edit, found);
            return;
        }
    }
    drop(edit, hf_xml_is(found, "fencing-level") || hf_xml_get(found, "id-ref") != NULL ||
                       hf_xml_is(found, "acl_permission")
                   ? found
                   : crm_object_of(found));
}

static bool listed(char *const *ids, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (id != NULL && strcmp(ids[i], id) == 0)
            return true;
    return false;
}

/* What refers to the object: gone if it is to be deleted too or if forced, else a refusal. */
static struct hf_error *clear_references(struct crm_edit *edit, xmlNode *object, char *const *ids,
                                         size_t count)
{
    HF_CLEANUP(hf_freep) char *name = describe(object);
    xmlNode *found;

    while ((found = referrer(edit->configuration, object)) != NULL) {
        xmlNode *owner = crm_object_of(found);
        HF_CLEANUP(hf_freep) char *who = describe(owner);

        if (listed(ids, count, hf_xml_get(owner, "id")))
            drop(edit, owner);
        else if (edit->force && !hf_xml_is(owner, "primitive"))
            drop_reference(edit, found);
        else
            return hf_error_new(HF_REFUSED,
                                "%s is referred to by %s, expected that to be deleted with it (--force "
                                "does)",
                                name, who);
    }
    return NULL;
}

static struct hf_error *delete_one(struct crm_edit *edit, xmlNode *object, char *const *ids, size_t count)
{
    xmlNode *parent = object->parent;
    struct hf_error *error = clear_references(edit, object, ids, count);
    bool alone;

    if (error != NULL)
        return error;
    release_members(object, object);
    alone = crm_is_resource(parent);
    HF_XML_EACH_ANY (sibling, parent)
        alone = alone && (sibling == object || !crm_is_resource(sibling));
    if (alone && !hf_xml_is(parent, "bundle")) {
        HF_CLEANUP(hf_freep) char *name = describe(object), *owner = describe(parent);

        if (!edit->force && !listed(ids, count, hf_xml_get(parent, "id")))
            return hf_error_new(HF_REFUSED,
                                "%s is the only member of %s, expected that to be deleted with it (--force "
                                "does)",
                                name, owner);
        drop(edit, object);
        return delete_one(edit, parent, ids, count);
    }
    drop(edit, object);
    return NULL;
}

struct hf_error *crm_edit_delete(struct crm_edit *edit, char *const *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        xmlNode *found = crm_edit_find(edit, ids[i]);

        if (found == NULL)
            return hf_error_new(HF_REFUSED, "'%s' does not exist, expected the id of an object", ids[i]);
        if (crm_object_of(found) != found)
            return hf_error_new(HF_REFUSED, "'%s' is a part (%s) of '%s', expected the id of an object",
                                ids[i], (const char *)found->name,
                                hf_xml_get_or(crm_object_of(found), "id", ""));
    }
    for (size_t i = 0; i < count; i++) {
        xmlNode *found = crm_edit_find(edit, ids[i]); /* NULL if it went with another one */
        struct hf_error *error = found != NULL ? delete_one(edit, found, ids, count) : NULL;

        if (error != NULL)
            return error;
    }
    return NULL;
}

/* --- rename --- */

static void rename_device(xmlNode *level, const char *from, const char *to)
{
    HF_CLEANUP(hf_freep) char *devices = hf_strdup(hf_xml_get_or(level, "devices", ""));
    struct hf_buf text = {0};
    char *rest = devices;

    for (char *device; (device = strsep(&rest, ",")) != NULL;)
        hf_buf_printf(&text, "%s%s", text.length > 0 ? "," : "", strcmp(device, from) == 0 ? to : device);
    hf_xml_set(level, "devices", hf_buf_text(&text));
    hf_buf_free(&text);
}

static void rename_references(xmlNode *element, const char *from, const char *to)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(references); i++)
        if (hf_xml_is(element, references[i].element) &&
            strcmp(hf_xml_get_or(element, references[i].attribute, ""), from) == 0)
            hf_xml_set(element, references[i].attribute, to);
    if (hf_xml_is(element, "fencing-level") && refers(element, from))
        rename_device(element, from, to);
    if (strcmp(hf_xml_get_or(element, "id-ref", ""), from) == 0)
        hf_xml_set(element, "id-ref", to);
    HF_XML_EACH_ANY (child, element)
        rename_references(child, from, to);
}

struct hf_error *crm_edit_rename(struct crm_edit *edit, const char *from, const char *to)
{
    xmlNode *object = lookup(edit->index, from);

    if (object == NULL || crm_object_of(object) != object)
        return hf_error_new(HF_REFUSED, "'%s' does not exist, expected the id of an object", from);
    if (hf_xml_is(object, "node"))
        return hf_error_new(
            HF_REFUSED, "'%s' is a node, which the cluster names, expected the id of another object", from);
    if (!crm_is_id(to))
        return hf_error_new(HF_USAGE,
                            "'%s' cannot be an id: expected a letter or '_', then letters, digits, '.', "
                            "'-' and '_'",
                            to);
    if (lookup(edit->index, to) != NULL)
        return hf_error_new(HF_REFUSED, "id '%s' exists already, expected a new one", to);
    rename_references(edit->configuration, from, to);
    xmlHashRemoveEntry(edit->index, (const xmlChar *)from, NULL);
    hf_xml_set(object, "id", to);
    xmlHashUpdateEntry(edit->index, (const xmlChar *)to, object, NULL);
    return NULL;
}

/* --- single attributes --- */

const char *crm_attribute(const xmlNode *object, const char *set_name, const char *name)
{
    HF_XML_EACH (set, object, set_name) {
        const xmlNode *pair = hf_xml_child(set, "rule") == NULL ? pair_named(set, name) : NULL;

        if (pair != NULL)
            return hf_xml_get(pair, "value");
    }
    return NULL;
}

static bool remove_attribute(struct crm_edit *edit, xmlNode *object, const char *set_name, const char *name)
{
    bool changed = false;
    xmlNode *next;

    for (xmlNode *set = hf_xml_child(object, set_name); set != NULL; set = next) {
        xmlNode *pair;

        next = hf_xml_next(set, set_name);
        while (hf_xml_child(set, "rule") == NULL && (pair = pair_named(set, name)) != NULL) {
            index_remove(edit->index, pair);
            hf_xml_remove(pair);
            changed = true;
        }
        if (changed && hf_xml_child(set, NULL) == NULL && referrer(edit->configuration, set) == NULL) {
            index_remove(edit->index, set);
            hf_xml_remove(set);
        }
    }
    return changed;
}

xmlNode *crm_edit_operation(struct crm_edit *edit, xmlNode *primitive, const char *name, const char *interval)
{
    xmlNode *op;

    HF_XML_EACH (known, hf_xml_child(primitive, "operations"), "op")
        if (strcmp(hf_xml_get_or(known, "name", ""), name) == 0 &&
            (interval == NULL || strcmp(hf_xml_get_or(known, "interval", "0"), interval) == 0))
            return known;
    op = hf_xml_add(hf_xml_ensure(primitive, "operations"), "op");
    hf_xml_set(op, "name", name);
    hf_xml_set(op, "interval", interval == NULL ? "0" : interval);
    name_and_index(edit, op, hf_xml_get(primitive, "id"));
    return op;
}

bool crm_edit_set_attribute(struct crm_edit *edit, xmlNode *object, const char *set_name, const char *name,
                            const char *value)
{
    xmlNode *target = NULL, *pair = NULL;

    if (value == NULL)
        return remove_attribute(edit, object, set_name, name);
    HF_XML_EACH (set, object, set_name) {
        if (hf_xml_child(set, "rule") != NULL || hf_xml_get(set, "id-ref") != NULL)
            continue;
        target = target != NULL ? target : set;
        pair = pair != NULL ? pair : pair_named(set, name);
    }
    if (pair != NULL) {
        bool changed = strcmp(hf_xml_get_or(pair, "value", ""), value) != 0;

        hf_xml_set(pair, "value", value);
        return changed;
    }
    if (target == NULL)
        target = hf_xml_add(object, set_name);
    pair = hf_xml_add(target, "nvpair");
    hf_xml_set(pair, "name", name);
    hf_xml_set(pair, "value", value);
    name_and_index(edit, target,
                   hf_xml_is(object, "node") ? hf_xml_get(object, "uname") : hf_xml_get(object, "id"));
    return true;
}
