/* merge.c - see merge.h.
 *
 * One walk over the three trees.  Where an element is as it was in one of the two descendants, the other one
 * is right; otherwise its attributes and children are looked at one by one. */
#include "cli/merge.h"

#include <string.h>

#include "cli/crm/ids.h"
#include "lib/xml.h"

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same(const xmlNode *a, const xmlNode *b)
{
    return a == NULL || b == NULL ? a == b : crm_same(a, b, true, NULL);
}

static bool is_counterpart(const xmlNode *a, const xmlNode *b)
{
    return hf_xml_is(a, (const char *)b->name) && same_text(hf_xml_get(a, "id"), hf_xml_get(b, "id"));
}

/* The child of parent (NULL: none) that stands for element. */
static xmlNode *counterpart(const xmlNode *parent, const xmlNode *element)
{
    HF_XML_EACH_ANY (child, parent)
        if (is_counterpart(child, element))
            return child;
    return NULL;
}

/* The object around an element, as a person calls it. */
static struct hf_error *conflict(const xmlNode *element)
{
    const xmlNode *named = element;

    while (named->parent != NULL && named->parent->parent != NULL &&
           !hf_xml_is(named->parent->parent, "configuration") && !hf_xml_is(named, "configuration"))
        named = named->parent;
    return hf_error_new(HF_CONFLICT,
                        "somebody else changed %s%s%s meanwhile: nothing was changed; look at it again and "
                        "repeat what is still wanted",
                        (const char *)named->name, hf_xml_get(named, "id") != NULL ? " " : "",
                        hf_xml_get_or(named, "id", ""));
}

static void become(xmlNode *element, const xmlNode *other)
{
    xmlReplaceNode(element, xmlDocCopyNode((xmlNode *)other, element->doc, 1));
    xmlFreeNode(element);
}

/* --- attributes --- */

static struct hf_error *merge_attribute(const xmlNode *before, const xmlNode *after, xmlNode *now,
                                        const char *name)
{
    const char *was = hf_xml_get(before, name), *wanted = hf_xml_get(after, name),
               *is = hf_xml_get(now, name);

    if (same_text(was, wanted) || same_text(wanted, is))
        return NULL;
    if (!same_text(was, is))
        return conflict(now);
    hf_xml_set(now, name, wanted);
    return NULL;
}

static struct hf_error *merge_attributes(const xmlNode *before, const xmlNode *after, xmlNode *now)
{
    struct hf_error *error = NULL;

    for (const xmlAttr *each = after->properties; each != NULL && error == NULL; each = each->next)
        error = merge_attribute(before, after, now, (const char *)each->name);
    for (const xmlAttr *each = before->properties; each != NULL && error == NULL; each = each->next)
        error = merge_attribute(before, after, now, (const char *)each->name);
    return error;
}

/* --- children --- */

/* Whether children can be told apart, so that they can be followed. */
static bool is_distinct(const xmlNode *parent)
{
    HF_XML_EACH_ANY (child, parent)
        if (counterpart(parent, child) != child)
            return false;
    return true;
}

/* Whether the children that are in both stand in the same order. */
static bool same_order(const xmlNode *before, const xmlNode *after)
{
    const xmlNode *at = hf_xml_child(before, NULL);

    HF_XML_EACH_ANY (child, after) {
        const xmlNode *old = counterpart(before, child);

        if (old == NULL)
            continue;
        while (at != NULL && at != old)
            at = hf_xml_next(at, NULL);
        if (at == NULL)
            return false;
    }
    return true;
}

/* Puts a copy of a new child behind the nearest one before it that is there, or first. */
static void add_child(xmlNode *now, const xmlNode *child)
{
    xmlNode *copy = xmlDocCopyNode((xmlNode *)child, now->doc, 1), *beside = NULL;

    for (const xmlNode *each = child->prev; each != NULL && beside == NULL; each = each->prev)
        if (each->type == XML_ELEMENT_NODE)
            beside = counterpart(now, each);
    if (beside != NULL)
        xmlAddNextSibling(beside, copy);
    else if (now->children != NULL)
        xmlAddPrevSibling(now->children, copy);
    else
        xmlAddChild(now, copy);
}

static struct hf_error *merge_element(const xmlNode *before, const xmlNode *after, xmlNode *now);

static struct hf_error *remove_children(const xmlNode *before, const xmlNode *after, xmlNode *now)
{
    HF_XML_EACH_ANY (child, before) {
        xmlNode *present = counterpart(now, child);

        if (counterpart(after, child) != NULL || present == NULL)
            continue;
        if (!same(child, present))
            return conflict(present);
        hf_xml_remove(present);
    }
    return NULL;
}

static struct hf_error *merge_children(const xmlNode *before, const xmlNode *after, xmlNode *now)
{
    struct hf_error *error = remove_children(before, after, now);

    HF_XML_EACH_ANY (child, after) {
        const xmlNode *old = counterpart(before, child);
        xmlNode *present = counterpart(now, child);

        if (error != NULL)
            return error;
        if (present != NULL && old != NULL)
            error = merge_element(old, child, present);
        else if (present != NULL)
            error = same(child, present) ? NULL : conflict(present);
        else if (old == NULL)
            add_child(now, child);
        else if (!same(old, child))
            error = conflict(child); /* changed here, deleted there */
    }
    return error;
}

static struct hf_error *merge_element(const xmlNode *before, const xmlNode *after, xmlNode *now)
{
    struct hf_error *error;

    if (same(before, after) || same(after, now))
        return NULL;
    if (same(before, now)) {
        become(now, after);
        return NULL;
    }
    if (!is_distinct(before) || !is_distinct(after) || !is_distinct(now) || !same_order(before, after) ||
        !same_order(before, now))
        return conflict(now);
    error = merge_attributes(before, after, now);
    return error != NULL ? error : merge_children(before, after, now);
}

struct hf_error *merge_configuration(const xmlNode *before, const xmlNode *after, xmlNode *now)
{
    struct hf_error *error = NULL;

    /* Not merge_element(): now must stay where it is. */
    HF_XML_EACH_ANY (section, before) {
        xmlNode *present = counterpart(now, section);
        const xmlNode *wanted = counterpart(after, section);

        if (error != NULL || same(section, wanted))
            continue;
        if (present == NULL || (wanted == NULL && !same(section, present)))
            error = conflict(section);
        else if (wanted == NULL)
            hf_xml_remove(present);
        else
            error = merge_element(section, wanted, present);
    }
    HF_XML_EACH_ANY (section, after) {
        xmlNode *present = counterpart(now, section);

        if (error != NULL || counterpart(before, section) != NULL)
            continue;
        if (present == NULL)
            xmlAddChild(now, xmlDocCopyNode(section, now->doc, 1));
        else
            error = merge_children(NULL, section, present);
    }
    return error;
}
