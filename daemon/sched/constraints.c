/* constraints.c - reads <constraints>, and what all kinds of them share: tags, templates and sets.
 *
 * A constraint may name a tag or template instead of a resource; it then means a set of all that refer to
 * it.  Such a constraint is rewritten on a private copy before its kind sees it. */
#include "daemon/sched/model.h"

#include "daemon/sched/constraints.h"

/* The resources behind a tag or template, or NULL. */
static const struct idrefs *find_tag(const struct run *run, const char *id)
{
    const struct idrefs *refs = sc_idrefs_find(run->templates, id);
    return refs != NULL ? refs : sc_idrefs_find(run->tags, id);
}

static void add_ref(xmlNode *set, const char *id)
{
    hf_xml_set(hf_xml_add(set, "resource_ref"), "id", id);
}

static bool expand_set(struct run *run, xmlNode *set, bool *changed)
{
    struct sc_xml_list old = {0};

    HF_XML_EACH (ref, set, "resource_ref")
        SC_PUSH(run, &old, ref);
    for (int i = 0; i < old.n; i++) {
        const char *id = hf_xml_get(old.at[i], "id");
        if (sc_constraint_rsc(run, id) != NULL)
            continue;
        const struct idrefs *tag = id == NULL ? NULL : find_tag(run, id);
        if (tag == NULL) {
            sc_warn(run, "a resource_set refers to %s, which does not exist", id == NULL ? "nothing" : id);
            return false;
        }
        xmlNode *last = old.at[i];
        for (int r = 0; r < tag->refs.n; r++) {
            xmlNode *ref = xmlNewDocNode(last->doc, NULL, BAD_CAST "resource_ref", NULL);
            hf_xml_set(ref, "id", tag->refs.at[r]);
            last = xmlAddNextSibling(last, ref);
        }
        hf_xml_remove(old.at[i]);
        *changed = true;
    }
    return true;
}

static xmlNode *scratch_copy(struct run *run, const xmlNode *xml)
{
    return xmlAddChild(xmlDocGetRootElement(run->scratch), xmlDocCopyNode((xmlNode *)xml, run->scratch, 1));
}

/* The constraint with the tags in its sets expanded; itself if there are none. */
static xmlNode *expand_sets(struct run *run, xmlNode *xml)
{
    bool any_tag = false;

    HF_XML_EACH (set, xml, "resource_set")
        HF_XML_EACH (ref, set, "resource_ref")
            any_tag = any_tag || sc_constraint_rsc(run, hf_xml_get(ref, "id")) == NULL;
    if (!any_tag)
        return xml;
    xmlNode *copy = scratch_copy(run, xml);
    HF_XML_EACH (set, copy, "resource_set")
        if (!expand_set(run, set, &any_tag))
            return xml;
    return copy;
}

enum attr_expansion { ATTR_BAD, ATTR_PLAIN, ATTR_SET };

/* Turns attribute attr, which may name a tag, into a resource_set; a plain resource only if all_to_set.
 * role_attr: the attribute that becomes the set's set_attr. */
static enum attr_expansion attr_to_set(struct run *run, xmlNode *xml, const char *attr, bool all_to_set,
                                       const char *role_attr, const char *set_attr)
{
    const char *id = hf_xml_get(xml, attr);

    if (id == NULL)
        return ATTR_PLAIN;
    const struct resource *rsc = sc_constraint_rsc(run, id);
    const struct idrefs *tag = rsc == NULL ? find_tag(run, id) : NULL;
    if (rsc == NULL && tag == NULL) {
        sc_warn(run, "constraint %s: %s is neither a resource nor a tag nor a template",
                hf_xml_get_or(xml, "id", ""), id);
        return ATTR_BAD;
    }
    if (tag == NULL && !all_to_set)
        return ATTR_PLAIN;
    xmlNode *set = hf_xml_add(xml, "resource_set");
    hf_xml_set(set, "id", id);
    if (tag == NULL) {
        add_ref(set, id);
    } else {
        for (int i = 0; i < tag->refs.n; i++)
            add_ref(set, tag->refs.at[i]);
        hf_xml_set(set, "sequential", "false");
    }
    const char *role = role_attr == NULL ? NULL : hf_xml_get(xml, role_attr);
    if (role != NULL) {
        hf_xml_set(set, set_attr, role);
        hf_xml_set(xml, role_attr, NULL);
    }
    hf_xml_set(xml, attr, NULL);
    return ATTR_SET;
}

static bool names_tag(const struct run *run, const char *id)
{
    return id != NULL && sc_constraint_rsc(run, id) == NULL;
}

/* A constraint about one resource, in attribute rsc. NULL: it is about nothing that exists. */
static xmlNode *expand_one(struct run *run, xmlNode *xml, const char *role_attr)
{
    if (hf_xml_child(xml, "resource_set") != NULL)
        return expand_sets(run, xml);
    if (!names_tag(run, hf_xml_get(xml, "rsc")))
        return xml;
    xmlNode *copy = scratch_copy(run, xml);
    return attr_to_set(run, copy, "rsc", false, role_attr, "role") == ATTR_BAD ? NULL : copy;
}

/* A constraint about two: if either is a tag, both become sets. */
static xmlNode *expand_two(struct run *run, xmlNode *xml, const char *first, const char *first_role,
                           const char *second, const char *second_role, const char *set_attr)
{
    if (hf_xml_child(xml, "resource_set") != NULL)
        return expand_sets(run, xml);
    if (!names_tag(run, hf_xml_get(xml, first)) && !names_tag(run, hf_xml_get(xml, second)))
        return xml;
    xmlNode *copy = scratch_copy(run, xml);
    if (attr_to_set(run, copy, first, true, first_role, set_attr) == ATTR_BAD ||
        attr_to_set(run, copy, second, true, second_role, set_attr) == ATTR_BAD)
        return NULL;
    return copy;
}

/* The rule: a colocation of one tag or template with another is ignored, as it does not say what is to be
 * with what; an order of two is fine. */
static xmlNode *expand_colocation(struct run *run, xmlNode *xml)
{
    if (hf_xml_child(xml, "resource_set") == NULL && names_tag(run, hf_xml_get(xml, "rsc")) &&
        names_tag(run, hf_xml_get(xml, "with-rsc"))) {
        sc_warn(run, "constraint %s is ignored: two tags or templates cannot be colocated",
                hf_xml_get_or(xml, "id", ""));
        return NULL;
    }
    return expand_two(run, xml, "rsc", "rsc-role", "with-rsc", "with-rsc-role", "role");
}

/* Whether the constraint's lifetime (rules; any of them) covers now, on node if one is given. */
bool sc_in_lifetime(struct run *run, const xmlNode *xml, const struct node *node)
{
    const xmlNode *lifetime = hf_xml_child(xml, "lifetime");
    struct rule_input rule = {.run = run, .node_attrs = node == NULL ? NULL : &node->attrs};
    bool any = lifetime == NULL;

    HF_XML_EACH (one, lifetime, "rule")
        any = sc_rule_matches(one, &rule) || any;
    if (rule.next_change != 0)
        sc_recheck(run, rule.next_change);
    return any;
}

/* A role in a constraint; Started means no particular one. False if it is none. */
bool sc_constraint_role(struct run *run, const char *id, const char *text, enum role *role)
{
    *role = sc_role_parse(text);
    if (*role == ROLE_UNKNOWN && text != NULL && !sc_ieq(text, "Unknown")) {
        sc_warn(run, "constraint %s: \"%s\" is no role", id, text);
        return false;
    }
    if (*role == ROLE_STARTED)
        *role = ROLE_UNKNOWN;
    return true;
}

struct resource *sc_ref_rsc(struct run *run, const xmlNode *ref)
{
    struct resource *rsc = sc_constraint_rsc(run, hf_xml_get(ref, "id"));
    if (rsc == NULL)
        sc_warn(run, "a resource_set refers to %s, which does not exist",
                hf_xml_get_or(ref, "id", "nothing"));
    return rsc;
}

void sc_unpack_constraints(struct run *run)
{
    HF_XML_EACH_ANY (xml, hf_xml_child(run->config, "constraints")) {
        xmlNode *expanded = NULL;
        if (hf_xml_get(xml, "id") == NULL) {
            sc_warn(run, "a constraint without id is ignored");
        } else if (hf_xml_is(xml, "rsc_order")) {
            expanded = expand_two(run, xml, "first", "first-action", "then", "then-action", "action");
            if (expanded != NULL)
                sc_unpack_order(run, expanded);
        } else if (hf_xml_is(xml, "rsc_colocation")) {
            expanded = expand_colocation(run, xml);
            if (expanded != NULL)
                sc_unpack_colocation(run, expanded);
        } else if (hf_xml_is(xml, "rsc_location")) {
            expanded = expand_one(run, xml, "role");
            if (expanded != NULL)
                sc_unpack_location(run, expanded);
        } else if (hf_xml_is(xml, "rsc_ticket")) {
            expanded = expand_one(run, xml, "rsc-role");
            if (expanded != NULL)
                sc_unpack_ticket_constraint(run, expanded);
        }
    }
}
