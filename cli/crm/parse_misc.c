/* parse_misc.c - node, property, rsc_defaults, op_defaults, tag, fencing_topology, xml (see parser.h). */
#include "cli/crm/parser.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* --- node [ID:|$id=ID] NAME[:TYPE] ... --- */

static bool node_name(struct crm_parser *parser, xmlNode *node)
{
    static const char *const types[] = {"member", "remote", "ping", "normal", NULL};
    const struct crm_word *word = crm_any(parser, "a node's name");
    HF_CLEANUP(hf_freep) char *name = NULL;
    const char *colon, *type;

    if (word == NULL)
        return false;
    colon = strchr(word->text, ':');
    name = colon != NULL ? hf_strndup(word->text, (size_t)(colon - word->text)) : hf_strdup(word->text);
    if (*name == '\0')
        return crm_wrong(parser, word, "found '%.60s', expected a node's name", word->text);
    hf_xml_set(node, "uname", name);
    if (colon == NULL)
        return true;
    type = crm_canonical(colon + 1, types);
    if (type == NULL)
        return crm_wrong(parser, word, "found node type '%.60s', expected one of member, remote, ping",
                         colon + 1);
    hf_xml_set(node, "type", strcmp(type, "normal") == 0 ? "member" : type);
    return true;
}

/* What may be said of a node, in any order. */
static bool node_lists(struct crm_parser *parser, xmlNode *node)
{
    static const struct crm_set_name sets[] = {
        {"attributes", "instance_attributes"}, {"utilization", "utilization"}, {NULL, NULL}};
    const char *text;
    size_t before;

    do {
        before = parser->at;
        if ((text = crm_pair(parser, "description")) != NULL)
            hf_xml_set(node, "description", text);
        else if (!crm_attribute_sets(parser, node, sets, NULL))
            return false;
    } while (parser->at > before);
    crm_expect(parser, "description=", true);
    return true;
}

bool crm_parse_node(struct crm_parser *parser, struct crm_statement *statement)
{
    HF_CLEANUP(hf_freep) char *label = NULL;
    const char *id;

    statement->element = xmlNewNode(NULL, (const xmlChar *)"node");
    if ((id = crm_pair(parser, "$id")) == NULL && crm_label(parser, "ID:", &label)) {
        id = label;
        if (!crm_more(parser) || crm_at_keyword(parser, "attributes") ||
            crm_at_keyword(parser, "utilization")) {
            hf_xml_set(statement->element, "uname", label); /* NAME: with nothing but a list behind it */
            return node_lists(parser, statement->element);
        }
    }
    hf_xml_set(statement->element, "id", id);
    return node_name(parser, statement->element) && node_lists(parser, statement->element);
}

/* --- property, rsc_defaults, op_defaults --- */

/* "ID:" before the list stands for $id=ID. */
static bool defaults_set(struct crm_parser *parser, struct crm_statement *statement, const char *element)
{
    HF_CLEANUP(hf_freep) char *label = NULL, *score = NULL;

    statement->element = xmlNewNode(NULL, (const xmlChar *)element);
    if (crm_label(parser, "SET-ID:", &label)) {
        score = crm_score(label);
        if (score != NULL)
            parser->at--;
        else if (crm_is_id(label))
            hf_xml_set(statement->element, "id", label);
        else
            return crm_wrong(parser, &parser->words->word[parser->at - 1],
                             "found '%.60s', expected a set's id", label);
        if (score == NULL && !crm_more(parser))
            return true;
    }
    return crm_attribute_list(parser, statement->element);
}

bool crm_parse_property(struct crm_parser *parser, struct crm_statement *statement)
{
    return defaults_set(parser, statement, "cluster_property_set");
}

bool crm_parse_rsc_defaults(struct crm_parser *parser, struct crm_statement *statement)
{
    return defaults_set(parser, statement, "meta_attributes");
}

bool crm_parse_op_defaults(struct crm_parser *parser, struct crm_statement *statement)
{
    return defaults_set(parser, statement, "meta_attributes");
}

/* --- tag NAME[:] ID... --- */

bool crm_parse_tag(struct crm_parser *parser, struct crm_statement *statement)
{
    HF_CLEANUP(hf_freep) char *label = NULL;
    const char *id;

    if (crm_label(parser, "the new tag's id", &label) && !crm_is_id(label))
        return crm_wrong(parser, &parser->words->word[parser->at - 1], "found '%.60s', expected a tag's id",
                         label);
    id = label != NULL ? label : crm_id(parser, "the new tag's id");
    if (id == NULL)
        return false;
    statement->element = xmlNewNode(NULL, (const xmlChar *)"tag");
    hf_xml_set(statement->element, "id", id);
    do {
        if ((id = crm_id(parser, "a resource's id")) == NULL)
            return false;
        hf_xml_set(hf_xml_add(statement->element, "obj_ref"), "id", id);
    } while (crm_more(parser));
    return true;
}

/* --- fencing_topology [TARGET] DEVICES... --- */

struct target {
    char *node, *attribute, *value, *pattern; /* all NULL: none is named, which is every node */
};

/* What the CIB has for every node, also for those that are yet to come. */
#define EVERY_NODE ".*"

static void target_free(struct target *target)
{
    free(target->node);
    free(target->attribute);
    free(target->value);
    free(target->pattern);
    *target = (struct target){0};
}

/* "NODE:", "attr:NAME=VALUE" or "pattern:REGEX". */
static bool take_target(struct crm_parser *parser, struct target *target)
{
    const struct crm_word *word = crm_peek(parser);
    const char *text = word->text;
    size_t length = strlen(text);

    if (word->quoted)
        return false;
    if (strncasecmp(text, "attr:", 5) == 0 && word->equals != SIZE_MAX && word->equals > 5) {
        target_free(target);
        target->attribute = hf_strndup(text + 5, word->equals - 5);
        target->value = hf_strdup(text + word->equals + 1);
    } else if (strncasecmp(text, "pattern:", 8) == 0 && length > 8) {
        target_free(target);
        target->pattern = hf_strdup(text + 8);
    } else if (length > 1 && text[length - 1] == ':') {
        target_free(target);
        target->node = hf_strndup(text, length - 1);
    } else {
        return false;
    }
    parser->at++;
    return true;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static void add_level(xmlNode *topology, const struct target *target, const char *devices)
{
    bool every = target->node == NULL && target->attribute == NULL && target->pattern == NULL;
    const char *pattern = every ? EVERY_NODE : target->pattern;
    int index = 1;
    xmlNode *level;

    HF_XML_EACH (other, topology, "fencing-level")
        index += same(hf_xml_get(other, "target"), target->node) &&
                 same(hf_xml_get(other, "target-pattern"), pattern) &&
                 same(hf_xml_get(other, "target-attribute"), target->attribute) &&
                 same(hf_xml_get(other, "target-value"), target->value);
    level = hf_xml_add(topology, "fencing-level");
    hf_xml_set(level, "target", target->node);
    hf_xml_set(level, "target-pattern", pattern);
    hf_xml_set(level, "target-attribute", target->attribute);
    hf_xml_set(level, "target-value", target->value);
    hf_xml_setf(level, "index", "%d", index);
    hf_xml_set(level, "devices", devices);
}

static bool devices_are_ids(const char *devices)
{
    while (true) {
        size_t length = strcspn(devices, ",");
        HF_CLEANUP(hf_freep) char *id = hf_strndup(devices, length);

        if (!crm_is_id(id))
            return false;
        if (devices[length] == '\0')
            return true;
        devices += length + 1;
    }
}

bool crm_parse_topology(struct crm_parser *parser, struct crm_statement *statement)
{
    struct target target = {0};
    bool done = false, has_devices = true;

    statement->element = xmlNewNode(NULL, (const xmlChar *)"fencing-topology");
    while (crm_more(parser) && !done) {
        const struct crm_word *word;

        if (take_target(parser, &target)) {
            has_devices = false;
            continue;
        }
        crm_expect(parser, "NODE:", false);
        crm_expect(parser, "attr:NAME=VALUE", false);
        crm_expect(parser, "pattern:REGEX", false);
        if ((word = crm_any(parser, "DEVICE[,DEVICE...]")) == NULL) {
            done = true;
        } else if (!devices_are_ids(word->text)) {
            done = true;
            crm_wrong(parser, word, "found '%.60s', expected DEVICE[,DEVICE...] without blanks", word->text);
        } else {
            add_level(statement->element, &target, word->text);
            has_devices = true;
        }
    }
    target_free(&target);
    /* Nothing at all is the empty topology. */
    if (parser->error == NULL && !has_devices) {
        crm_expect(parser, "DEVICE[,DEVICE...]", false);
        return crm_unexpected(parser);
    }
    return parser->error == NULL;
}

/* --- xml <element .../> --- */

bool crm_parse_xml(struct crm_parser *parser, struct crm_statement *statement)
{
    const struct crm_word *word = crm_peek(parser);
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    HF_CLEANUP(hf_error_freep) struct hf_error *error = NULL;
    xmlNode *root;

    if (word == NULL) {
        crm_expect(parser, "an XML element", false);
        return crm_unexpected(parser);
    }
    error = hf_xml_parse(word->text, strlen(word->text), "xml", &document);
    if (error != NULL)
        return crm_wrong(parser, word, "%s", hf_error_text(error));
    root = xmlDocGetRootElement(document);
    statement->section = crm_section_of((const char *)root->name);
    if (statement->section == NULL)
        return crm_wrong(
            parser, word,
            "found element <%s>, expected one of primitive, group, clone, bundle, template, "
            "rsc_location, rsc_colocation, rsc_order, rsc_ticket, node, cluster_property_set, "
            "rsc_defaults, op_defaults, tag, fencing-topology, alert, acl_role, acl_target, acl_group",
            (const char *)root->name);
    if (strcmp((const char *)root->name, statement->section) == 0)
        statement->merge = CRM_WHOLE;
    else if (hf_xml_get(root, "id") == NULL)
        return crm_wrong(parser, word, "element <%s> has no id", (const char *)root->name);
    statement->element = xmlDocCopyNode(root, NULL, 1);
    parser->at++;
    return true;
}
