/* parse_acl.c - alert, role, acl_target, acl_group and user (see parser.h). */
#include "cli/crm/parser.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/buf.h"

/* --- alert --- */

static const struct crm_set_name alert_sets[] = {
    {"attributes", "instance_attributes"}, {"meta", "meta_attributes"}, {NULL, NULL}};

/* select attributes { NAME... } */
static bool select_attributes(struct crm_parser *parser, xmlNode *select)
{
    xmlNode *attributes = hf_xml_add(select, "select_attributes");

    if (!crm_keyword(parser, "{"))
        return true;
    while (!crm_keyword(parser, "}")) {
        const struct crm_word *name = crm_any(parser, "a node attribute");

        if (name == NULL)
            return false;
        hf_xml_set(hf_xml_add(attributes, "attribute"), "name", name->text);
    }
    return true;
}

static bool alert_select(struct crm_parser *parser, xmlNode *alert)
{
    static const struct crm_set_name kinds[] = {{"nodes", "select_nodes"},
                                                {"fencing", "select_fencing"},
                                                {"resources", "select_resources"},
                                                {NULL, NULL}};
    xmlNode *select = hf_xml_add(alert, "select");
    size_t before;

    do {
        before = parser->at;
        for (size_t i = 0; kinds[i].keyword != NULL; i++)
            if (crm_keyword(parser, kinds[i].keyword))
                hf_xml_add(select, kinds[i].element);
        if (crm_keyword(parser, "attributes") && !select_attributes(parser, select))
            return false;
    } while (parser->at > before);
    return hf_xml_child(select, NULL) != NULL || crm_unexpected(parser);
}

static bool alert_recipient(struct crm_parser *parser, xmlNode *alert)
{
    bool braces = crm_keyword(parser, "{");
    xmlNode *recipient = hf_xml_add(alert, "recipient");
    const char *id = crm_pair(parser, "$id"), *text;
    const struct crm_word *value;

    hf_xml_set(recipient, "id", id);
    if ((value = crm_any(parser, "a recipient")) == NULL)
        return false;
    hf_xml_set(recipient, "value", value->text);
    if ((text = crm_pair(parser, "description")) != NULL)
        hf_xml_set(recipient, "description", text);
    if (!crm_attribute_sets(parser, recipient, alert_sets, NULL))
        return false;
    return !braces || crm_keyword(parser, "}") || crm_unexpected(parser);
}

bool crm_parse_alert(struct crm_parser *parser, struct crm_statement *statement)
{
    const char *id = crm_id(parser, "the new alert's id"), *text;
    const struct crm_word *path = id != NULL ? crm_any(parser, "the path of a program") : NULL;
    size_t before;

    if (path == NULL)
        return false;
    statement->element = xmlNewNode(NULL, (const xmlChar *)"alert");
    hf_xml_set(statement->element, "id", id);
    hf_xml_set(statement->element, "path", path->text);
    do {
        before = parser->at;
        if ((text = crm_pair(parser, "description")) != NULL)
            hf_xml_set(statement->element, "description", text);
        else if (!crm_attribute_sets(parser, statement->element, alert_sets, NULL))
            return false;
        else if (crm_keyword(parser, "select") && !alert_select(parser, statement->element))
            return false;
        else if (crm_keyword(parser, "to") && !alert_recipient(parser, statement->element))
            return false;
    } while (parser->at > before);
    return true;
}

/* --- role --- */

/* Words that stand for an XPath: with a resource's or node's name, and with that and an attribute's. */
static const struct {
    const char *word, *alone, *named, *attribute;
} shortcuts[] = {
    {"meta", NULL, "//primitive[@id='%s']/meta_attributes",
     "//primitive[@id='%s']/meta_attributes/nvpair[@name='%s']"},
    {"params", NULL, "//primitive[@id='%s']/instance_attributes",
     "//primitive[@id='%s']/instance_attributes/nvpair[@name='%s']"},
    {"utilization", NULL, "//primitive[@id='%s']/utilization", NULL},
    {"location", NULL, "//rsc_location[@id='cli-prefer-%s' and @rsc='%s']", NULL},
    {"property", "//crm_config/cluster_property_set", "//crm_config/cluster_property_set/nvpair[@name='%s']",
     NULL},
    {"node", "//nodes/node", "//nodes/node[@uname='%s']", NULL},
    {"nodeattr", "//nodes/node/instance_attributes", "//nodes/node/instance_attributes/nvpair[@name='%s']",
     NULL},
    {"nodeutil", "//nodes/node/utilization", "//nodes/node[@uname='%s']/utilization", NULL},
    {"status", "/cib/status", NULL, NULL},
    {"cib", "/cib", NULL, NULL},
};

/* Puts up to two words into a pattern's "%s"; what could end the quoted part of an XPath is left out. */
static char *fill(const char *pattern, const char *first, const char *second)
{
    struct hf_buf text = {0};
    const char *word = first;

    for (; *pattern != '\0'; pattern++) {
        if (pattern[0] != '%' || pattern[1] != 's') {
            hf_buf_putc(&text, *pattern);
            continue;
        }
        for (const char *c = word; *c != '\0'; c++)
            if (*c != '\'')
                hf_buf_putc(&text, *c);
        word = second != NULL ? second : first;
        pattern++;
    }
    return hf_buf_take(&text);
}

/* A shortcut's XPath (the caller's), NULL if the word is none. */
static char *shortcut(const char *text)
{
    size_t length = strcspn(text, ":");
    const char *name = text[length] == ':' ? text + length + 1 : NULL;
    const char *attribute = name != NULL ? strchr(name, ':') : NULL;
    HF_CLEANUP(hf_freep) char *first = NULL;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(shortcuts); i++) {
        if (strlen(shortcuts[i].word) != length || strncasecmp(shortcuts[i].word, text, length) != 0)
            continue;
        if (name == NULL)
            return shortcuts[i].alone != NULL ? hf_strdup(shortcuts[i].alone) : NULL;
        if (attribute == NULL)
            return shortcuts[i].named != NULL ? fill(shortcuts[i].named, name, NULL) : NULL;
        first = hf_strndup(name, (size_t)(attribute - name));
        return shortcuts[i].attribute != NULL ? fill(shortcuts[i].attribute, first, attribute + 1) : NULL;
    }
    return NULL;
}

/* One of xpath:, ref:, tag:/type:, attribute: or a shortcut. */
static bool permission_part(struct crm_parser *parser, xmlNode *permission)
{
    static const struct {
        const char *prefix, *attribute;
    } parts[] = {{"xpath:", "xpath"},      {"ref:", "reference"},       {"tag:", "object-type"},
                 {"type:", "object-type"}, {"attribute:", "attribute"}, {"attr:", "attribute"}};
    const struct crm_word *word = crm_peek(parser);
    HF_CLEANUP(hf_freep) char *xpath = NULL;
    const char *text;

    if ((text = crm_pair(parser, "description")) != NULL) {
        hf_xml_set(permission, "description", text);
        return true;
    }
    for (size_t i = 0; i < HF_ARRAY_LENGTH(parts); i++) {
        size_t length = strlen(parts[i].prefix);

        crm_expect(parser, parts[i].prefix, true);
        if (word == NULL || strncasecmp(word->text, parts[i].prefix, length) != 0 ||
            word->text[length] == '\0')
            continue;
        hf_xml_set(permission, parts[i].attribute, word->text + length);
        parser->at++;
        return true;
    }
    for (size_t i = 0; i < HF_ARRAY_LENGTH(shortcuts); i++)
        crm_expect(parser, shortcuts[i].word, true);
    xpath = word != NULL && !word->quoted ? shortcut(word->text) : NULL;
    if (xpath == NULL)
        return false;
    hf_xml_set(permission, "xpath", xpath);
    parser->at++;
    return true;
}

static bool has_no_quote(struct crm_parser *parser, const char *text)
{
    return strchr(text, '\'') == NULL ||
           crm_wrong(parser, NULL, "'%s' cannot stand beside another part, expected a name without a quote",
                     text);
}

/* The CIB takes one of xpath, reference and object-type, and an attribute only with the last: what was said
 * together becomes one XPath that says it. */
static bool join_parts(struct crm_parser *parser, xmlNode *permission)
{
    const char *xpath = hf_xml_get(permission, "xpath"), *reference = hf_xml_get(permission, "reference"),
               *type = hf_xml_get(permission, "object-type"),
               *attribute = hf_xml_get(permission, "attribute");
    struct hf_buf joined = {0};

    if ((xpath != NULL) + (reference != NULL) + (type != NULL) + (type == NULL && attribute != NULL) < 2)
        return true;
    if (xpath != NULL && (reference != NULL || type != NULL))
        return crm_wrong(parser, NULL,
                         "an XPath (or shortcut) stands beside ref: or tag:, expected only one of them");
    if (reference != NULL && !has_no_quote(parser, reference))
        return false;
    if (attribute != NULL && !has_no_quote(parser, attribute))
        return false;
    hf_buf_printf(&joined, "%s%s", xpath != NULL ? "" : "//",
                  xpath != NULL  ? xpath
                  : type != NULL ? type
                                 : "*");
    if (reference != NULL)
        hf_buf_printf(&joined, "[@id='%s']", reference);
    if (attribute != NULL)
        hf_buf_printf(&joined, "[@%s]", attribute);
    hf_xml_set(permission, "xpath", hf_buf_text(&joined));
    hf_xml_set(permission, "reference", NULL);
    hf_xml_set(permission, "object-type", NULL);
    hf_xml_set(permission, "attribute", NULL);
    hf_buf_free(&joined);
    return true;
}

/* Any number of rules, each becoming an <acl_permission> of element. */
static bool permissions(struct crm_parser *parser, xmlNode *element)
{
    static const char *const kinds[] = {"read", "write", "deny"};
    const char *text;
    size_t before;

    do {
        before = parser->at;
        for (size_t i = 0; i < HF_ARRAY_LENGTH(kinds); i++) {
            xmlNode *permission;

            if (!crm_keyword(parser, kinds[i]))
                continue;
            permission = hf_xml_add(element, "acl_permission");
            if ((text = crm_pair(parser, "$id")) != NULL)
                hf_xml_set(permission, "id", text);
            hf_xml_set(permission, "kind", kinds[i]);
            while (permission_part(parser, permission))
                continue;
            if (hf_xml_get(permission, "xpath") == NULL && hf_xml_get(permission, "reference") == NULL &&
                hf_xml_get(permission, "object-type") == NULL)
                return crm_unexpected(parser);
            if (!join_parts(parser, permission))
                return false;
        }
    } while (parser->at > before);
    return true;
}

bool crm_parse_role(struct crm_parser *parser, struct crm_statement *statement)
{
    const char *id = crm_id(parser, "the new role's id"), *text;

    if (id == NULL)
        return false;
    statement->element = xmlNewNode(NULL, (const xmlChar *)"acl_role");
    hf_xml_set(statement->element, "id", id);
    if ((text = crm_pair(parser, "description")) != NULL)
        hf_xml_set(statement->element, "description", text);
    if (!permissions(parser, statement->element))
        return false;
    return hf_xml_child(statement->element, NULL) != NULL || crm_unexpected(parser);
}

static bool with_roles(struct crm_parser *parser, struct crm_statement *statement, const char *element)
{
    const char *id = crm_id(parser, "a user's or group's name"), *role;

    if (id == NULL)
        return false;
    statement->element = xmlNewNode(NULL, (const xmlChar *)element);
    hf_xml_set(statement->element, "id", id);
    while (crm_more(parser)) {
        if ((role = crm_id(parser, "a role's id")) == NULL)
            return false;
        hf_xml_set(hf_xml_add(statement->element, "role"), "id", role);
    }
    return true;
}

bool crm_parse_acl_target(struct crm_parser *parser, struct crm_statement *statement)
{
    return with_roles(parser, statement, "acl_target");
}

bool crm_parse_acl_group(struct crm_parser *parser, struct crm_statement *statement)
{
    return with_roles(parser, statement, "acl_group");
}

/* Takes role:ROLE, if that is here. */
static bool user_role(struct crm_parser *parser, xmlNode *target)
{
    const struct crm_word *word = crm_peek(parser);

    crm_expect(parser, "role:ROLE", true);
    if (word == NULL || strncasecmp(word->text, "role:", 5) != 0 || !crm_is_id(word->text + 5))
        return false;
    hf_xml_set(hf_xml_add(target, "role"), "id", word->text + 5);
    parser->at++;
    return true;
}

/* The older word for acl_target: "user NAME role:ROLE...", or with rules of its own: these stay in the
 * element, and become a role when it is applied. */
bool crm_parse_user(struct crm_parser *parser, struct crm_statement *statement)
{
    const char *id = crm_id(parser, "a user's name");

    if (id == NULL)
        return false;
    statement->element = xmlNewNode(NULL, (const xmlChar *)"acl_target");
    hf_xml_set(statement->element, "id", id);
    while (user_role(parser, statement->element))
        continue;
    if (!permissions(parser, statement->element))
        return false;
    return hf_xml_child(statement->element, NULL) != NULL || crm_unexpected(parser);
}
