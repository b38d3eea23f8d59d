/* changes.c - see changes.h. */
#include "cli/changes.h"

#include <libxml/hash.h>
#include <string.h>

#include "cli/crm/ids.h"
#include "cli/crm/print.h"
#include "lib/xml.h"

/* Operations are collected by kind: what goes must go before what comes takes its id. */
struct diff {
    const xmlNode *before, *after; /* the configurations */
    struct hf_buf deletes, replaces, sets, creates;
    xmlHashTable *before_index, *after_index; /* key_of() -> the element */
    bool impossible;                          /* only <load> will do */
};

static void put_element(struct hf_buf *buf, const xmlNode *element)
{
    HF_CLEANUP(hf_freep) char *text = hf_xml_text(element, false);

    hf_buf_puts(buf, text);
}

static const char *id_of(const xmlNode *element)
{
    return crm_id_is_elsewhere((const char *)element->name) && !hf_xml_is(element, "node")
               ? NULL
               : hf_xml_get(element, "id");
}

/* What an element is found by in an index, NULL if it has no id: nodes have ids of their own kind. */
static char *key_of(const xmlNode *element)
{
    const char *id = id_of(element);

    return id == NULL ? NULL : hf_asprintf("%s%s", hf_xml_is(element, "node") ? "node/" : "", id);
}

static void index_all(xmlHashTable *index, xmlNode *element)
{
    HF_CLEANUP(hf_freep) char *key = key_of(element);

    if (key != NULL)
        xmlHashAddEntry(index, (const xmlChar *)key, element);
    HF_XML_EACH_ANY (child, element)
        index_all(index, child);
}

static xmlNode *look_up(xmlHashTable *index, const xmlNode *element)
{
    HF_CLEANUP(hf_freep) char *key = key_of(element);

    return key != NULL ? xmlHashLookup(index, (const xmlChar *)key) : NULL;
}

/* The child of parent (of the other configuration, whose index this is) that stands for element. */
static xmlNode *counterpart(xmlHashTable *index, const xmlNode *parent, const xmlNode *element)
{
    xmlNode *found;

    if (id_of(element) == NULL)
        return hf_xml_child(parent, (const char *)element->name);
    found = look_up(index, element);
    return found != NULL && found->parent == parent && hf_xml_is(found, (const char *)element->name) ? found
                                                                                                     : NULL;
}

static xmlNode *was(const struct diff *diff, const xmlNode *parent, const xmlNode *element)
{
    return counterpart(diff->before_index, parent, element);
}

static xmlNode *becomes(const struct diff *diff, const xmlNode *parent, const xmlNode *element)
{
    return counterpart(diff->after_index, parent, element);
}

/* --- attributes --- */

static bool same_value(const xmlNode *a, const xmlNode *b, const char *name)
{
    const char *left = hf_xml_get(a, name), *right = hf_xml_get(b, name);

    return left != NULL && right != NULL && strcmp(left, right) == 0;
}

static void put_set(struct diff *diff, const xmlNode *before, const xmlNode *after)
{
    struct hf_buf attributes = {0};

    for (const xmlAttr *attribute = after->properties; attribute != NULL; attribute = attribute->next) {
        if (same_value(before, after, (const char *)attribute->name))
            continue;
        hf_buf_printf(&attributes, "<attr name=\"%s\" value=\"", (const char *)attribute->name);
        hf_buf_xml(&attributes, hf_xml_get(after, (const char *)attribute->name));
        hf_buf_puts(&attributes, "\"/>");
    }
    for (const xmlAttr *attribute = before->properties; attribute != NULL; attribute = attribute->next)
        if (hf_xml_get(after, (const char *)attribute->name) == NULL)
            hf_buf_printf(&attributes, "<attr name=\"%s\"/>", (const char *)attribute->name);
    if (attributes.length > 0) {
        hf_buf_puts(&diff->sets, "<set id=\"");
        hf_buf_xml(&diff->sets, hf_xml_get(after, "id"));
        hf_buf_printf(&diff->sets, "\">%s</set>", hf_buf_text(&attributes));
    }
    hf_buf_free(&attributes);
}

static bool attributes_differ(const xmlNode *before, const xmlNode *after)
{
    size_t count = 0;

    for (const xmlAttr *attribute = after->properties; attribute != NULL;
         attribute = attribute->next, count++)
        if (!same_value(before, after, (const char *)attribute->name))
            return true;
    for (const xmlAttr *attribute = before->properties; attribute != NULL; attribute = attribute->next)
        count--;
    return count != 0;
}

/* --- children --- */

/* The objects that are in both stand in the same order. */
static bool same_order(const struct diff *diff, const xmlNode *before, const xmlNode *after)
{
    const xmlNode *at = hf_xml_child(before, NULL);

    HF_XML_EACH_ANY (child, after) {
        const xmlNode *old = was(diff, before, child);

        if (old == NULL)
            continue;
        while (at != NULL && at != old)
            at = hf_xml_next(at, NULL);
        if (at == NULL)
            return false;
    }
    return true;
}

/* Whether each child has an id of its own, those in both stand in the same order, and no resource comes or
 * goes (it may come from elsewhere).  Only then can single children be created and deleted. */
static bool children_are_comparable(const struct diff *diff, const xmlNode *before, const xmlNode *after)
{
    HF_XML_EACH_ANY (child, after)
        if (id_of(child) == NULL || (crm_is_resource(child) && was(diff, before, child) == NULL))
            return false;
    HF_XML_EACH_ANY (child, before)
        if (id_of(child) == NULL || (crm_is_resource(child) && becomes(diff, after, child) == NULL))
            return false;
    return same_order(diff, before, after);
}

/* Creates element behind the one before it. into: an id, or a section's name; old: its parent as it was. */
static void put_create(struct diff *diff, const xmlNode *element, const char *into, const xmlNode *old)
{
    const xmlNode *sibling = element->prev;
    const char *side = "after";

    while (sibling != NULL && sibling->type != XML_ELEMENT_NODE)
        sibling = sibling->prev;
    if (sibling == NULL && old != NULL) {
        /* The first: before the next one that is there already. */
        side = "before";
        for (sibling = hf_xml_next(element, NULL); sibling != NULL; sibling = hf_xml_next(sibling, NULL))
            if (was(diff, old, sibling) != NULL)
                break;
    }
    hf_buf_puts(&diff->creates, "<create into=\"");
    hf_buf_xml(&diff->creates, into);
    hf_buf_putc(&diff->creates, '"');
    if (sibling != NULL && id_of(sibling) != NULL) {
        hf_buf_printf(&diff->creates, " %s=\"", side);
        hf_buf_xml(&diff->creates, id_of(sibling));
        hf_buf_putc(&diff->creates, '"');
    }
    hf_buf_putc(&diff->creates, '>');
    put_element(&diff->creates, element);
    hf_buf_puts(&diff->creates, "</create>");
}

static void put_delete(struct diff *diff, const xmlNode *element)
{
    hf_buf_puts(&diff->deletes, "<delete id=\"");
    hf_buf_xml(&diff->deletes, id_of(element));
    hf_buf_puts(&diff->deletes, "\"/>");
}

static void put_replace(struct diff *diff, const xmlNode *element)
{
    hf_buf_puts(&diff->replaces, "<replace>");
    put_element(&diff->replaces, element);
    hf_buf_puts(&diff->replaces, "</replace>");
}

/* Whether a difference below can be told by operations on the children alone. */
static bool is_reachable(const struct diff *diff, const xmlNode *before, const xmlNode *after)
{
    if (crm_same(before, after, true, NULL))
        return true;
    if (attributes_differ(before, after) && id_of(after) == NULL)
        return false;
    if (id_of(after) != NULL)
        return true;
    /* An element without an id (<operations>): its children must be the same ones. */
    if (!children_are_comparable(diff, before, after))
        return false;
    HF_XML_EACH_ANY (child, after)
        if (was(diff, before, child) == NULL)
            return false;
    HF_XML_EACH_ANY (child, before)
        if (becomes(diff, after, child) == NULL)
            return false;
    return true;
}

/* Children that may be taken one by one: all have ids, or those without are reachable. */
static bool can_descend(const struct diff *diff, const xmlNode *before, const xmlNode *after)
{
    const xmlNode *left = hf_xml_child(before, NULL), *right = hf_xml_child(after, NULL);

    if (children_are_comparable(diff, before, after))
        return true;
    for (; left != NULL && right != NULL; left = hf_xml_next(left, NULL), right = hf_xml_next(right, NULL)) {
        const char *mine = id_of(left), *theirs = id_of(right);

        if (strcmp((const char *)left->name, (const char *)right->name) != 0 ||
            strcmp(mine != NULL ? mine : "", theirs != NULL ? theirs : "") != 0 ||
            !is_reachable(diff, left, right))
            return false;
    }
    return left == NULL && right == NULL;
}

/* Two forms of one element, which has an id (or is reachable without). */
static void diff_element(struct diff *diff, const xmlNode *before, const xmlNode *after)
{
    if (crm_same(before, after, true, NULL))
        return;
    if (!can_descend(diff, before, after)) {
        put_replace(diff, after);
        return;
    }
    if (id_of(after) != NULL)
        put_set(diff, before, after);
    HF_XML_EACH_ANY (child, before)
        if (id_of(child) != NULL && becomes(diff, after, child) == NULL)
            put_delete(diff, child);
    HF_XML_EACH_ANY (child, after) {
        const xmlNode *old = was(diff, before, child);

        if (old != NULL)
            diff_element(diff, old, child);
        else
            put_create(diff, child, id_of(after), before);
    }
}

/* --- sections --- */

/* Whether a resource goes from one container into another: both would have to be replaced at once. */
static bool changes_container(const struct diff *diff, const xmlNode *parent)
{
    HF_XML_EACH_ANY (child, parent) {
        const xmlNode *now = crm_is_resource(child) ? look_up(diff->after_index, child) : NULL;

        if (now != NULL && crm_is_resource(parent) && crm_is_resource(now->parent) &&
            strcmp(hf_xml_get_or(parent, "id", ""), hf_xml_get_or(now->parent, "id", "")) != 0)
            return true;
        if (crm_is_resource(child) && changes_container(diff, child))
            return true;
    }
    return false;
}

static void diff_section(struct diff *diff, const char *name)
{
    const xmlNode *before = hf_xml_child(diff->before, name), *after = hf_xml_child(diff->after, name);

    if ((before != NULL && before->properties != NULL) || (after != NULL && after->properties != NULL) ||
        !same_order(diff, before, after) ||
        (strcmp(name, "resources") == 0 && changes_container(diff, before))) {
        diff->impossible = before == NULL || after == NULL || !crm_same(before, after, true, NULL);
        return;
    }
    HF_XML_EACH_ANY (child, before)
        if (becomes(diff, after, child) == NULL)
            put_delete(diff, child);
    HF_XML_EACH_ANY (child, after) {
        const xmlNode *old = before != NULL ? was(diff, before, child) : NULL;

        if (old != NULL)
            diff_element(diff, old, child);
        else
            put_create(diff, child, name, before);
    }
}

/* Whether all of the configuration's objects have ids, as far as operations need them. */
static bool sections_are_known(const xmlNode *configuration)
{
    static const char *const known[] = {"crm_config",   "nodes",           "resources", "constraints",
                                        "rsc_defaults", "op_defaults",     "tags",      "acls",
                                        "alerts",       "fencing-topology"};

    HF_XML_EACH_ANY (section, configuration) {
        bool found = false;

        for (size_t i = 0; i < HF_ARRAY_LENGTH(known); i++)
            found = found || hf_xml_is(section, known[i]);
        if (!found)
            return false;
        HF_XML_EACH_ANY (child, section)
            if (id_of(child) == NULL)
                return false;
    }
    return true;
}

bool changes_between(const xmlNode *before, const xmlNode *after, struct hf_buf *operations)
{
    static const char *const sections[] = {"crm_config", "rsc_defaults", "op_defaults",      "nodes",
                                           "resources",  "constraints",  "fencing-topology", "tags",
                                           "alerts",     "acls"};
    struct diff diff = {.before = before,
                        .after = after,
                        .before_index = xmlHashCreate(1024),
                        .after_index = xmlHashCreate(1024)};
    struct hf_buf *parts[] = {&diff.deletes, &diff.replaces, &diff.sets, &diff.creates};
    size_t length = operations->length;

    index_all(diff.before_index, (xmlNode *)before);
    index_all(diff.after_index, (xmlNode *)after);
    diff.impossible = !sections_are_known(before) || !sections_are_known(after);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(sections) && !diff.impossible; i++)
        diff_section(&diff, sections[i]);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(parts); i++) {
        if (!diff.impossible)
            hf_buf_puts(operations, hf_buf_text(parts[i]));
        hf_buf_free(parts[i]);
    }
    if (diff.impossible && !crm_same(before, after, true, NULL)) {
        hf_buf_puts(operations, "<load>");
        put_element(operations, after);
        hf_buf_puts(operations, "</load>");
    }
    xmlHashFree(diff.before_index, NULL);
    xmlHashFree(diff.after_index, NULL);
    return operations->length > length;
}
