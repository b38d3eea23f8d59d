/* print.c - see print.h. */
#include "cli/crm/print.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "cli/crm/parse.h"
#include "lib/xml.h"

/* Takes back what was added since the text had this length. */
static void cut_back(struct hf_buf *text, size_t length)
{
    text->length = length;
    if (text->data != NULL)
        text->data[length] = '\0';
}

/* --- words --- */

static const char *const reserved[] = {"params",      "meta",
                                       "utilization", "operations",
                                       "op",          "op_params",
                                       "op_meta",     "rule",
                                       "and",         "or",
                                       "date",        "defined",
                                       "not_defined", "attributes",
                                       "select",      "to",
                                       "nodes",       "fencing",
                                       "resources",   "docker",
                                       "podman",      "rkt",
                                       "network",     "port-mapping",
                                       "storage",     "storage-mapping",
                                       "primitive",   "read",
                                       "write",       "deny",
                                       "xml",         "rsc",
                                       "lt",          "gt",
                                       "in",          "spec",
                                       "in_range",    "date_spec"};

static bool is_reserved(const char *word)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(reserved); i++)
        if (strcasecmp(word, reserved[i]) == 0)
            return true;
    return false;
}

static void put_quoted(struct hf_buf *text, const char *word)
{
    hf_buf_putc(text, '"');
    for (; *word != '\0'; word++) {
        if (*word == '"' || *word == '\\')
            hf_buf_putc(text, '\\');
        hf_buf_putc(text, *word);
    }
    hf_buf_putc(text, '"');
}

/* Whether text can stand unquoted with these characters besides letters, digits and non-ASCII. */
static bool is_plain(const char *text, const char *allowed)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x80 && !isalnum(c) && strchr(allowed, c) == NULL)
            return false;
    }
    return true;
}

void crm_print_word(struct hf_buf *text, const char *word)
{
    size_t length = strlen(word);

    if (is_plain(word, "_.:/#%+,-*^~!?<>|&;$@") && !is_reserved(word) && strchr("$@/", word[0]) == NULL &&
        word[length - 1] != ':')
        hf_buf_puts(text, word);
    else
        put_quoted(text, word);
}

void crm_print_pair(struct hf_buf *text, const char *name, const char *value)
{
    if (is_plain(name, "_.:/#%+,-") && name[0] != '$')
        hf_buf_puts(text, name);
    else
        put_quoted(text, name);
    hf_buf_putc(text, '=');
    if (is_plain(value, "_.:/#%+,-*^~!?<>|&;$@=()[]{}`"))
        hf_buf_puts(text, value);
    else
        put_quoted(text, value);
}

static void put_attribute(struct hf_buf *text, const xmlNode *element, const char *attribute)
{
    const char *value = hf_xml_get(element, attribute);

    if (value == NULL)
        return;
    hf_buf_putc(text, ' ');
    crm_print_pair(text, attribute, value);
}

static void put_score(struct hf_buf *text, const char *score)
{
    const char *sign = score[0] == '-' || score[0] == '+' ? score + 1 : score;

    if (strcmp(sign, "INFINITY") == 0)
        hf_buf_printf(text, "%.*sinf:", (int)(sign - score), score);
    else
        hf_buf_printf(text, "%s:", score);
}

static void new_line(struct hf_buf *text)
{
    hf_buf_puts(text, " \\\n\t");
}

static void put_label(struct hf_buf *text, const char *keyword, const xmlNode *element)
{
    hf_buf_printf(text, "%s ", keyword);
    crm_print_word(text, hf_xml_get_or(element, "id", ""));
}

/* --- rules --- */

static void put_date(struct hf_buf *text, const xmlNode *date)
{
    const char *operation = hf_xml_get_or(date, "operation", "");
    bool spec = strcmp(operation, "date_spec") == 0, in = strcmp(operation, "in_range") == 0;

    hf_buf_printf(text, " date %s", spec ? "spec" : in ? "in" : operation);
    if (!spec && !in) {
        hf_buf_putc(text, ' ');
        crm_print_word(text, hf_xml_get_or(date, strcmp(operation, "lt") == 0 ? "end" : "start", ""));
        return;
    }
    put_attribute(text, date, "start");
    put_attribute(text, date, "end");
    HF_XML_EACH_ANY (part, date)
        for (const xmlAttr *attribute = part->properties; attribute != NULL; attribute = attribute->next)
            if (strcmp((const char *)attribute->name, "id") != 0)
                put_attribute(text, part, (const char *)attribute->name);
}

static void put_expression(struct hf_buf *text, const xmlNode *expression)
{
    const char *operation = hf_xml_get_or(expression, "operation", "");
    const char *type = hf_xml_get(expression, "type"), *source = hf_xml_get(expression, "value-source");

    hf_buf_putc(text, ' ');
    if (strstr(operation, "defined") != NULL) {
        hf_buf_printf(text, "%s ", operation);
        crm_print_word(text, hf_xml_get_or(expression, "attribute", ""));
        return;
    }
    crm_print_word(text, hf_xml_get_or(expression, "attribute", ""));
    hf_buf_printf(text, " %s%s%s ", type != NULL ? type : "", type != NULL ? ":" : "", operation);
    if (source != NULL)
        hf_buf_printf(text, "%s{%s}", source, hf_xml_get_or(expression, "value", ""));
    else
        crm_print_word(text, hf_xml_get_or(expression, "value", ""));
}

static void put_kind_expression(struct hf_buf *text, const xmlNode *expression, const char *keyword)
{
    hf_buf_printf(text, " %s", keyword);
    for (const xmlAttr *attribute = expression->properties; attribute != NULL; attribute = attribute->next)
        if (strcmp((const char *)attribute->name, "id") != 0)
            put_attribute(text, expression, (const char *)attribute->name);
}

static void put_rule(struct hf_buf *text, const xmlNode *rule)
{
    const char *score = hf_xml_get(rule, "score"), *attribute = hf_xml_get(rule, "score-attribute");
    const char *role = hf_xml_get(rule, "role"), *id = hf_xml_get(rule, "id"),
               *reference = hf_xml_get(rule, "id-ref");
    bool first = true;

    hf_buf_puts(text, "rule");
    if (reference != NULL) {
        hf_buf_printf(text, " $id-ref=%s", reference);
        return;
    }
    if (id != NULL)
        hf_buf_printf(text, " $id=%s", id);
    if (role != NULL)
        hf_buf_printf(text, " $role=%s", role);
    if (score != NULL || attribute != NULL) {
        hf_buf_putc(text, ' ');
        if (score != NULL)
            put_score(text, score);
        else
            hf_buf_printf(text, "%s:", attribute);
    }
    HF_XML_EACH_ANY (expression, rule) {
        if (!first)
            hf_buf_printf(text, " %s", hf_xml_get_or(rule, "boolean-op", "and"));
        first = false;
        if (hf_xml_is(expression, "date_expression"))
            put_date(text, expression);
        else if (hf_xml_is(expression, "rsc_expression"))
            put_kind_expression(text, expression, "rsc");
        else if (hf_xml_is(expression, "op_expression"))
            put_kind_expression(text, expression, "op");
        else
            put_expression(text, expression);
    }
}

/* --- attribute lists --- */

static void put_nvpair(struct hf_buf *text, const xmlNode *pair)
{
    const char *reference = hf_xml_get(pair, "id-ref"), *name = hf_xml_get(pair, "name"),
               *id = hf_xml_get(pair, "id");

    if (reference != NULL) {
        hf_buf_printf(text, "@%s%s%s", reference, name != NULL ? ":" : "", name != NULL ? name : "");
        return;
    }
    if (id != NULL)
        hf_buf_printf(text, "$%s:", id);
    crm_print_pair(text, name != NULL ? name : "", hf_xml_get_or(pair, "value", ""));
}

/* A list without its keyword; labelled: its id was already written as "ID:". */
static void put_list(struct hf_buf *text, const xmlNode *set, bool labelled)
{
    const char *id = hf_xml_get(set, "id"), *reference = hf_xml_get(set, "id-ref"),
               *score = hf_xml_get(set, "score");

    if (reference != NULL) {
        hf_buf_printf(text, " $id-ref=%s", reference);
        return;
    }
    if (id != NULL && !labelled)
        hf_buf_printf(text, " $id=%s", id);
    if (score != NULL) {
        hf_buf_putc(text, ' ');
        put_score(text, score);
    }
    HF_XML_EACH (rule, set, "rule") {
        hf_buf_putc(text, ' ');
        put_rule(text, rule);
    }
    HF_XML_EACH (pair, set, "nvpair") {
        if (labelled)
            new_line(text);
        else
            hf_buf_putc(text, ' ');
        put_nvpair(text, pair);
    }
}

struct keyword {
    const char *element, *keyword;
};

static const struct keyword resource_keywords[] = {{"instance_attributes", "params"},
                                                   {"meta_attributes", "meta"},
                                                   {"utilization", "utilization"},
                                                   {NULL, NULL}};
static const struct keyword node_keywords[] = {
    {"instance_attributes", "attributes"}, {"utilization", "utilization"}, {NULL, NULL}};
static const struct keyword op_keywords[] = {
    {"instance_attributes", "op_params"}, {"meta_attributes", "op_meta"}, {NULL, NULL}};
static const struct keyword alert_keywords[] = {
    {"instance_attributes", "attributes"}, {"meta_attributes", "meta"}, {NULL, NULL}};

/* Writes element if it is one of the lists in map. */
static bool put_keyword_list(struct hf_buf *text, const xmlNode *element, const struct keyword *map)
{
    for (; map->element != NULL; map++) {
        if (!hf_xml_is(element, map->element))
            continue;
        hf_buf_puts(text, map->keyword);
        put_list(text, element, false);
        return true;
    }
    return false;
}

static void put_operation(struct hf_buf *text, const xmlNode *op)
{
    static const char *const first[] = {"interval", "timeout", "role", NULL};
    const char *id = hf_xml_get(op, "id");

    hf_buf_puts(text, "op ");
    crm_print_word(text, hf_xml_get_or(op, "name", ""));
    if (id != NULL)
        hf_buf_printf(text, " $id=%s", id);
    for (size_t i = 0; first[i] != NULL; i++)
        put_attribute(text, op, first[i]);
    for (const xmlAttr *attribute = op->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;

        if (strcmp(name, "id") != 0 && strcmp(name, "name") != 0 && strcmp(name, "interval") != 0 &&
            strcmp(name, "timeout") != 0 && strcmp(name, "role") != 0)
            put_attribute(text, op, name);
    }
    HF_XML_EACH_ANY (set, op) {
        hf_buf_putc(text, ' ');
        put_keyword_list(text, set, op_keywords);
    }
}

static void put_operations(struct hf_buf *text, const xmlNode *operations)
{
    const char *id = hf_xml_get(operations, "id"), *reference = hf_xml_get(operations, "id-ref");

    if (id != NULL || reference != NULL) {
        new_line(text);
        hf_buf_printf(text, "operations %s=%s", id != NULL ? "$id" : "$id-ref", id != NULL ? id : reference);
    }
    HF_XML_EACH (op, operations, "op") {
        new_line(text);
        put_operation(text, op);
    }
}

/* --- resources --- */

static void put_description(struct hf_buf *text, const xmlNode *element)
{
    if (hf_xml_get(element, "description") == NULL)
        return;
    new_line(text);
    crm_print_pair(text, "description", hf_xml_get(element, "description"));
}

static void put_primitive(struct hf_buf *text, const xmlNode *resource)
{
    const char *template = hf_xml_get(resource, "template"), *provider = hf_xml_get(resource, "provider");

    put_label(text, hf_xml_is(resource, "template") ? "rsc_template" : "primitive", resource);
    if (template != NULL)
        hf_buf_printf(text, " @%s", template);
    else
        hf_buf_printf(text, " %s:%s%s%s", hf_xml_get_or(resource, "class", ""),
                      provider != NULL ? provider : "", provider != NULL ? ":" : "",
                      hf_xml_get_or(resource, "type", ""));
    put_description(text, resource);
    HF_XML_EACH_ANY (child, resource) {
        if (hf_xml_is(child, "operations")) {
            put_operations(text, child);
            continue;
        }
        new_line(text);
        put_keyword_list(text, child, resource_keywords);
    }
}

static void put_container(struct hf_buf *text, const xmlNode *resource)
{
    put_label(text, (const char *)resource->name, resource);
    HF_XML_EACH (member, resource, "member") {
        hf_buf_putc(text, ' ');
        crm_print_word(text, hf_xml_get_or(member, "id", ""));
    }
    put_description(text, resource);
    HF_XML_EACH_ANY (child, resource) {
        if (hf_xml_is(child, "member"))
            continue;
        new_line(text);
        put_keyword_list(text, child, resource_keywords);
    }
}

static void put_all_attributes(struct hf_buf *text, const xmlNode *element)
{
    for (const xmlAttr *attribute = element->properties; attribute != NULL; attribute = attribute->next)
        put_attribute(text, element, (const char *)attribute->name);
}

static void put_bundle(struct hf_buf *text, const xmlNode *bundle)
{
    put_label(text, "bundle", bundle);
    put_description(text, bundle);
    HF_XML_EACH_ANY (child, bundle) {
        new_line(text);
        if (hf_xml_is(child, "member")) {
            hf_buf_puts(text, "primitive ");
            crm_print_word(text, hf_xml_get_or(child, "id", ""));
            continue;
        }
        if (put_keyword_list(text, child, resource_keywords))
            continue;
        hf_buf_puts(text, (const char *)child->name);
        put_all_attributes(text, child);
        HF_XML_EACH_ANY (mapping, child) {
            new_line(text);
            hf_buf_printf(text, "  %s", (const char *)mapping->name);
            put_all_attributes(text, mapping);
        }
    }
}

/* --- constraints --- */

static void put_reference(struct hf_buf *text, const char *id, const char *suffix)
{
    hf_buf_putc(text, ' ');
    crm_print_word(text, id);
    if (suffix != NULL)
        hf_buf_printf(text, ":%s", suffix);
}

static bool says(const xmlNode *set, const char *attribute, const char *value)
{
    return strcmp(hf_xml_get_or(set, attribute, ""), value) == 0;
}

static void put_members(struct hf_buf *text, const xmlNode *set, const char *suffix)
{
    HF_XML_EACH (member, set, "resource_ref")
        put_reference(text, hf_xml_get_or(member, "id", ""), hf_xml_get(set, suffix));
}

/* Attributes of a set that neither brackets nor suffixes say. */
static void put_set_attributes(struct hf_buf *text, const xmlNode *set, const char *suffix, bool brackets)
{
    for (const xmlAttr *attribute = set->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;

        if (strcmp(name, "id") == 0 || strcmp(name, suffix) == 0 || strcmp(name, "sequential") == 0 ||
            strcmp(name, "require-all") == 0)
            continue;
        put_attribute(text, set, name);
    }
    if (brackets && !says(set, "sequential", "false"))
        hf_buf_puts(text, " sequential=true");
}

/* A set can go without brackets if it is in order, wants all, says nothing else, and does not run into the
 * one before it, if that has no brackets either, and the same suffix. */
static bool is_bare(const xmlNode *set, const xmlNode *before, const char *suffix)
{
    for (const xmlAttr *attribute = set->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;

        if (strcmp(name, "id") != 0 && strcmp(name, suffix) != 0 &&
            !((strcmp(name, "sequential") == 0 || strcmp(name, "require-all") == 0) &&
              says(set, name, "true")))
            return false;
    }
    return before == NULL || !says(before, suffix, hf_xml_get_or(set, suffix, ""));
}

/* Whether the sets would, all without brackets, look like the sides of a constraint without sets. */
static bool looks_like_sides(const xmlNode *constraint, const char *suffix, size_t sides)
{
    const xmlNode *before = NULL;
    size_t members = 0;

    HF_XML_EACH (set, constraint, "resource_set") {
        if (!is_bare(set, before, suffix))
            return false;
        HF_XML_EACH (member, set, "resource_ref")
            members++;
        before = set;
    }
    return members <= sides;
}

static void put_sets(struct hf_buf *text, const xmlNode *constraint, const char *suffix, size_t sides)
{
    const xmlNode *before = NULL;
    bool alike = looks_like_sides(constraint, suffix, sides);

    HF_XML_EACH (set, constraint, "resource_set") {
        bool bare = !alike && is_bare(set, before, suffix), any = says(set, "require-all", "false");

        if (!bare)
            hf_buf_puts(text, any ? " [" : " (");
        put_members(text, set, suffix);
        put_set_attributes(text, set, suffix, !bare);
        if (!bare)
            hf_buf_puts(text, any ? " ]" : " )");
        before = bare ? set : NULL;
    }
}

static void put_location(struct hf_buf *text, const xmlNode *location)
{
    const char *pattern = hf_xml_get(location, "rsc-pattern"), *resource = hf_xml_get(location, "rsc");

    put_label(text, "location", location);
    if (pattern != NULL) {
        struct hf_buf word = {0};

        hf_buf_printf(&word, "/%s/", pattern);
        hf_buf_putc(text, ' ');
        if (is_plain(pattern, "_.:/#%+,-*^~!?|$@()[]{}"))
            hf_buf_puts(text, hf_buf_text(&word));
        else
            put_quoted(text, hf_buf_text(&word));
        hf_buf_free(&word);
    } else if (resource != NULL) {
        put_reference(text, resource, NULL);
    } else {
        hf_buf_puts(text, " {");
        put_sets(text, location, "role", 0);
        hf_buf_puts(text, " }");
    }
    put_attribute(text, location, "role");
    put_attribute(text, location, "resource-discovery");
    put_attribute(text, location, "description");
    if (hf_xml_get(location, "node") != NULL) {
        hf_buf_putc(text, ' ');
        put_score(text, hf_xml_get_or(location, "score", ""));
        put_reference(text, hf_xml_get(location, "node"), NULL);
    }
    HF_XML_EACH (rule, location, "rule") {
        new_line(text);
        put_rule(text, rule);
    }
}

static void put_colocation(struct hf_buf *text, const xmlNode *colocation)
{
    put_label(text, "colocation", colocation);
    hf_buf_putc(text, ' ');
    put_score(text, hf_xml_get_or(colocation, "score", ""));
    if (hf_xml_get(colocation, "rsc") != NULL) {
        put_reference(text, hf_xml_get(colocation, "rsc"), hf_xml_get(colocation, "rsc-role"));
        put_reference(text, hf_xml_get_or(colocation, "with-rsc", ""),
                      hf_xml_get(colocation, "with-rsc-role"));
    }
    put_sets(text, colocation, "role", 2);
    put_attribute(text, colocation, "node-attribute");
    put_attribute(text, colocation, "influence");
    put_attribute(text, colocation, "description");
}

static void put_order(struct hf_buf *text, const xmlNode *order)
{
    const char *kind = hf_xml_get(order, "kind");

    put_label(text, "order", order);
    if (kind != NULL)
        hf_buf_printf(text, " %s:", kind);
    if (hf_xml_get(order, "first") != NULL) {
        put_reference(text, hf_xml_get(order, "first"), hf_xml_get(order, "first-action"));
        put_reference(text, hf_xml_get_or(order, "then", ""), hf_xml_get(order, "then-action"));
    }
    put_sets(text, order, "action", 2);
    put_attribute(text, order, "symmetrical");
    put_attribute(text, order, "require-all");
    put_attribute(text, order, "description");
}

static void put_ticket(struct hf_buf *text, const xmlNode *ticket)
{
    put_label(text, "rsc_ticket", ticket);
    hf_buf_printf(text, " %s:", hf_xml_get_or(ticket, "ticket", ""));
    if (hf_xml_get(ticket, "rsc") != NULL)
        put_reference(text, hf_xml_get(ticket, "rsc"), hf_xml_get(ticket, "rsc-role"));
    put_sets(text, ticket, "role", 1);
    put_attribute(text, ticket, "loss-policy");
}

/* --- the rest --- */

static void put_node(struct hf_buf *text, const xmlNode *node)
{
    const char *type = hf_xml_get(node, "type"), *id = hf_xml_get(node, "id");

    hf_buf_puts(text, "node");
    if (id != NULL && strcmp(id, hf_xml_get_or(node, "uname", "")) != 0) {
        hf_buf_putc(text, ' ');
        if (is_plain(id, "_.-"))
            hf_buf_printf(text, "%s:", id);
        else
            crm_print_pair(text, "$id", id);
    }
    hf_buf_putc(text, ' ');
    crm_print_word(text, hf_xml_get_or(node, "uname", ""));
    if (type != NULL)
        hf_buf_printf(text, ":%s", type);
    put_description(text, node);
    HF_XML_EACH_ANY (child, node) {
        new_line(text);
        put_keyword_list(text, child, node_keywords);
    }
}

/* property, rsc_defaults and op_defaults: one set, always with its id. */
static void put_set(struct hf_buf *text, const xmlNode *set)
{
    const char *keyword = hf_xml_is(set, "cluster_property_set") ? "property"
                          : set->parent != NULL                  ? (const char *)set->parent->name
                                                                 : "";

    hf_buf_printf(text, "%s %s:", keyword, hf_xml_get_or(set, "id", ""));
    put_list(text, set, true);
}

static void put_tag(struct hf_buf *text, const xmlNode *tag)
{
    hf_buf_printf(text, "tag %s:", hf_xml_get_or(tag, "id", ""));
    HF_XML_EACH (reference, tag, "obj_ref")
        put_reference(text, hf_xml_get_or(reference, "id", ""), NULL);
}

static void put_target(struct hf_buf *text, const xmlNode *level)
{
    const char *node = hf_xml_get(level, "target"), *pattern = hf_xml_get(level, "target-pattern");

    new_line(text);
    if (node != NULL)
        hf_buf_printf(text, "%s:", node);
    else if (pattern != NULL)
        hf_buf_printf(text, "pattern:%s", pattern);
    else
        hf_buf_printf(text, "attr:%s=%s", hf_xml_get_or(level, "target-attribute", ""),
                      hf_xml_get_or(level, "target-value", ""));
}

static bool same_target(const xmlNode *a, const xmlNode *b)
{
    static const char *const keys[] = {"target", "target-pattern", "target-attribute", "target-value"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(keys); i++)
        if (strcmp(hf_xml_get_or(a, keys[i], ""), hf_xml_get_or(b, keys[i], "")) != 0)
            return false;
    return true;
}

static void put_topology(struct hf_buf *text, const xmlNode *topology)
{
    const xmlNode *before = NULL;

    hf_buf_puts(text, "fencing_topology");
    HF_XML_EACH (level, topology, "fencing-level") {
        if (before == NULL || !same_target(before, level))
            put_target(text, level);
        hf_buf_printf(text, " %s", hf_xml_get_or(level, "devices", ""));
        before = level;
    }
}

static void put_select(struct hf_buf *text, const xmlNode *select)
{
    hf_buf_puts(text, "select");
    HF_XML_EACH_ANY (kind, select) {
        hf_buf_printf(text, " %s",
                      strchr((const char *)kind->name, '_') != NULL
                          ? strchr((const char *)kind->name, '_') + 1
                          : (const char *)kind->name);
        if (hf_xml_child(kind, "attribute") == NULL)
            continue;
        hf_buf_puts(text, " {");
        HF_XML_EACH (attribute, kind, "attribute")
            put_reference(text, hf_xml_get_or(attribute, "name", ""), NULL);
        hf_buf_puts(text, " }");
    }
}

static void put_recipient(struct hf_buf *text, const xmlNode *recipient)
{
    const char *id = hf_xml_get(recipient, "id");

    hf_buf_puts(text, "to {");
    if (id != NULL)
        hf_buf_printf(text, " $id=%s", id);
    put_reference(text, hf_xml_get_or(recipient, "value", ""), NULL);
    put_attribute(text, recipient, "description");
    HF_XML_EACH_ANY (set, recipient) {
        hf_buf_putc(text, ' ');
        put_keyword_list(text, set, alert_keywords);
    }
    hf_buf_puts(text, " }");
}

static void put_alert(struct hf_buf *text, const xmlNode *alert)
{
    put_label(text, "alert", alert);
    hf_buf_putc(text, ' ');
    if (is_plain(hf_xml_get_or(alert, "path", ""), "_.:/+,-"))
        hf_buf_puts(text, hf_xml_get(alert, "path"));
    else
        put_quoted(text, hf_xml_get_or(alert, "path", ""));
    put_description(text, alert);
    HF_XML_EACH_ANY (child, alert) {
        new_line(text);
        if (hf_xml_is(child, "select"))
            put_select(text, child);
        else if (hf_xml_is(child, "recipient"))
            put_recipient(text, child);
        else
            put_keyword_list(text, child, alert_keywords);
    }
}

static void put_role(struct hf_buf *text, const xmlNode *role)
{
    static const struct {
        const char *attribute, *prefix;
    } parts[] = {
        {"xpath", "xpath:"}, {"object-type", "type:"}, {"reference", "ref:"}, {"attribute", "attribute:"}};

    put_label(text, "role", role);
    put_description(text, role);
    HF_XML_EACH (permission, role, "acl_permission") {
        new_line(text);
        hf_buf_puts(text, hf_xml_get_or(permission, "kind", ""));
        if (hf_xml_get(permission, "id") != NULL)
            hf_buf_printf(text, " $id=%s", hf_xml_get(permission, "id"));
        put_attribute(text, permission, "description");
        for (size_t i = 0; i < HF_ARRAY_LENGTH(parts); i++) {
            struct hf_buf word = {0};

            if (hf_xml_get(permission, parts[i].attribute) == NULL)
                continue;
            hf_buf_printf(&word, "%s%s", parts[i].prefix, hf_xml_get(permission, parts[i].attribute));
            put_reference(text, hf_buf_text(&word), NULL);
            hf_buf_free(&word);
        }
    }
}

static void put_acl_target(struct hf_buf *text, const xmlNode *target)
{
    put_label(text, (const char *)target->name, target);
    HF_XML_EACH (role, target, "role")
        put_reference(text, hf_xml_get_or(role, "id", ""), NULL);
}

/* --- one statement --- */

static const struct {
    const char *element;
    void (*put)(struct hf_buf *text, const xmlNode *element);
} printers[] = {
    {"primitive", put_primitive},
    {"template", put_primitive},
    {"group", put_container},
    {"clone", put_container},
    {"bundle", put_bundle},
    {"rsc_location", put_location},
    {"rsc_colocation", put_colocation},
    {"rsc_order", put_order},
    {"rsc_ticket", put_ticket},
    {"node", put_node},
    {"cluster_property_set", put_set},
    {"meta_attributes", put_set},
    {"tag", put_tag},
    {"fencing-topology", put_topology},
    {"alert", put_alert},
    {"acl_role", put_role},
    {"acl_target", put_acl_target},
    {"acl_group", put_acl_target},
};

bool crm_is_resource(const xmlNode *element)
{
    return hf_xml_is(element, "primitive") || hf_xml_is(element, "group") || hf_xml_is(element, "clone") ||
           hf_xml_is(element, "master") || hf_xml_is(element, "bundle");
}

xmlNode *crm_flatten(const xmlNode *element)
{
    xmlNode *copy = xmlDocCopyNode((xmlNode *)element, NULL, 1);
    xmlNode *next;

    for (xmlNode *child = hf_xml_child(copy, NULL); child != NULL; child = next) {
        next = hf_xml_next(child, NULL);
        if (crm_is_resource(child)) {
            xmlNode *member = xmlNewNode(NULL, (const xmlChar *)"member");

            hf_xml_set(member, "id", hf_xml_get(child, "id"));
            xmlReplaceNode(child, member);
            xmlFreeNode(child);
        }
    }
    return copy;
}

/* Whether the statement, read back, is the element again. */
static bool is_faithful(const char *statement, size_t length, const xmlNode *flat,
                        const crm_id_set *significant)
{
    struct crm_statements read;
    struct hf_error *error = crm_parse(statement, length, &read);
    crm_id_set *ids = NULL;
    bool same = false;

    if (error == NULL && read.count == 1) {
        xmlNode *element = read.statement[0].element;

        ids = crm_id_set_new();
        crm_id_set_collect(ids, element);
        if (hf_xml_is(element, "node") && hf_xml_get(element, "id") == NULL)
            hf_xml_set(element, "id", hf_xml_get(element, "uname"));
        crm_name(element, ids, NULL);
        same = crm_same(element, flat, false, significant);
        crm_id_set_free(ids);
    }
    hf_error_free(error);
    crm_statements_free(&read);
    return same;
}

static bool try_print(struct hf_buf *text, const xmlNode *element, const crm_id_set *significant)
{
    xmlNode *flat = crm_flatten(element), *bare = crm_flatten(element), *holder = NULL;
    crm_id_set *ids = crm_id_set_new();
    size_t begin = text->length;
    bool done = false;
    bool keeps_id = hf_xml_is(element, "cluster_property_set") || hf_xml_is(element, "meta_attributes");
    HF_CLEANUP(hf_freep) char *id = hf_strdup(hf_xml_get(element, "id"));

    crm_imply(bare, ids, NULL, significant);
    if (keeps_id) {
        hf_xml_set(bare, "id", id);
        if (element->parent != NULL) {
            holder = xmlNewNode(NULL, element->parent->name);
            xmlAddChild(holder, bare);
        }
    }
    for (size_t i = 0; i < HF_ARRAY_LENGTH(printers); i++) {
        if (!hf_xml_is(element, printers[i].element))
            continue;
        printers[i].put(text, bare);
        hf_buf_putc(text, '\n');
        done = is_faithful(text->data + begin, text->length - begin, flat, significant);
    }
    if (!done)
        cut_back(text, begin);
    xmlFreeNode(flat);
    xmlFreeNode(holder != NULL ? holder : bare);
    crm_id_set_free(ids);
    return done;
}

static void put_xml(struct hf_buf *text, const xmlNode *element)
{
    HF_CLEANUP(hf_freep) char *xml = hf_xml_text(element, true);
    size_t length = strlen(xml);

    while (length > 0 && xml[length - 1] == '\n')
        xml[--length] = '\0';
    hf_buf_puts(text, "xml ");
    for (const char *c = xml; *c != '\0'; c++) {
        if (*c == '\n')
            hf_buf_puts(text, " \\");
        hf_buf_putc(text, *c);
    }
    hf_buf_putc(text, '\n');
}

void crm_print(struct hf_buf *text, const xmlNode *element, const crm_id_set *significant)
{
    if (!try_print(text, element, significant))
        put_xml(text, element);
}

void crm_print_resource(struct hf_buf *text, const xmlNode *resource, const crm_id_set *significant)
{
    size_t begin = text->length;

    HF_XML_EACH_ANY (child, resource)
        if (crm_is_resource(child))
            crm_print_resource(text, child, significant);
    if (try_print(text, resource, significant))
        return;
    cut_back(text, begin); /* as XML it brings those inside it along */
    put_xml(text, resource);
}

/* --- a whole configuration --- */

static void print_section(struct hf_buf *text, const xmlNode *section, const crm_id_set *significant)
{
    HF_XML_EACH_ANY (child, section) {
        if (crm_is_resource(child))
            crm_print_resource(text, child, significant);
        else
            crm_print(text, child, significant);
    }
}

/* rsc_defaults and op_defaults: a set of theirs that cannot be written takes its whole section along. */
static void print_defaults(struct hf_buf *text, const xmlNode *section, const crm_id_set *significant)
{
    size_t begin = text->length;

    HF_XML_EACH_ANY (set, section) {
        if (try_print(text, set, significant))
            continue;
        cut_back(text, begin);
        put_xml(text, section);
        return;
    }
}

size_t crm_print_configuration(struct hf_buf *text, const xmlNode *configuration)
{
    static const char *const sections[] = {"nodes",  "resources", "constraints", "tags",
                                           "alerts", "acls",      "crm_config"};
    const xmlNode *topology = hf_xml_child(configuration, "fencing-topology");
    crm_id_set *significant = crm_id_set_new();
    size_t begin = text->length, xml = 0;

    crm_id_set_references(significant, configuration);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(sections); i++) {
        const xmlNode *section = hf_xml_child(configuration, sections[i]);

        if (section != NULL)
            print_section(text, section, significant);
        if (strcmp(sections[i], "constraints") == 0 && hf_xml_child(topology, "fencing-level") != NULL)
            crm_print(text, topology, significant);
    }
    print_defaults(text, hf_xml_child(configuration, "rsc_defaults"), significant);
    print_defaults(text, hf_xml_child(configuration, "op_defaults"), significant);
    crm_id_set_free(significant);
    for (const char *line = hf_buf_text(text) + begin; line != NULL && *line != '\0';
         line = strchr(line, '\n')) {
        line += *line == '\n';
        xml += strncmp(line, "xml ", 4) == 0;
    }
    return xml;
}
