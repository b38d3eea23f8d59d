/* parse_resource.c - primitive, rsc_template, group, clone, ms, bundle and monitor (see parser.h). */
#include "cli/crm/parser.h"

#include <string.h>
#include <strings.h>

static const char *const classes[] = {"ocf", "stonith", "systemd", "service",
                                      "lsb", "upstart", "nagios",  NULL};

/* "[class:[provider:]]type"; without a class it is ocf, without a provider heartbeat. */
static bool agent(struct crm_parser *parser, xmlNode *resource)
{
    const struct crm_word *word = crm_any(parser, "an agent ([class:[provider:]]type)");
    HF_CLEANUP(hf_freep) char *first = NULL, *second = NULL;
    const char *class = NULL, *provider = NULL, *type, *colon, *near;

    if (word == NULL)
        return false;
    type = word->text;
    if ((colon = strchr(type, ':')) != NULL) {
        first = hf_strndup(type, (size_t)(colon - type));
        class = crm_canonical(first, classes);
        if (class == NULL) {
            near = crm_near_miss(first, classes, HF_ARRAY_LENGTH(classes) - 1);
            return crm_wrong(parser, word,
                             "found class '%.60s', expected one of ocf, stonith, systemd, service, lsb, "
                             "upstart, nagios%s%s%s",
                             first, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                             near != NULL ? "'?" : "");
        }
        type = colon + 1;
    }
    if ((class == NULL || strcmp(class, "ocf") == 0) && (colon = strchr(type, ':')) != NULL) {
        second = hf_strndup(type, (size_t)(colon - type));
        provider = second;
        type = colon + 1;
    }
    if (class == NULL || strcmp(class, "ocf") == 0) {
        class = "ocf";
        provider = provider != NULL ? provider : "heartbeat";
    }
    if (*type == '\0' || (provider != NULL && *provider == '\0'))
        return crm_wrong(parser, word, "found '%.60s', expected class:provider:type with no part empty",
                         word->text);
    hf_xml_set(resource, "class", class);
    hf_xml_set(resource, "provider", provider);
    hf_xml_set(resource, "type", type);
    return true;
}

static bool description(struct crm_parser *parser, xmlNode *element)
{
    const char *text = crm_pair(parser, "description");

    if (text != NULL)
        hf_xml_set(element, "description", text);
    else
        crm_expect(parser, "description=", true);
    return text != NULL;
}

/* Everything behind a primitive's or template's agent. */
static bool resource_body(struct crm_parser *parser, xmlNode *resource)
{
    static const struct crm_set_name sets[] = {{"params", "instance_attributes"},
                                               {"meta", "meta_attributes"},
                                               {"utilization", "utilization"},
                                               {NULL, NULL}};
    bool first = true;
    size_t before;

    do {
        before = parser->at;
        if (description(parser, resource))
            continue;
        if (!crm_attribute_sets(parser, resource, sets, first ? "instance_attributes" : NULL) ||
            !crm_operations(parser, resource))
            return false;
        first = false;
    } while (parser->at > before);
    return true;
}

bool crm_parse_primitive(struct crm_parser *parser, struct crm_statement *statement)
{
    const char *id = crm_id(parser, "the new resource's id");
    const struct crm_word *word;

    if (id == NULL)
        return false;
    statement->element = xmlNewNode(NULL, (const xmlChar *)"primitive");
    hf_xml_set(statement->element, "id", id);
    word = crm_peek(parser);
    if (word != NULL && !word->quoted && word->text[0] == '@') {
        if (!crm_is_id(word->text + 1))
            return crm_wrong(parser, word, "found '%.60s', expected @TEMPLATE", word->text);
        hf_xml_set(statement->element, "template", word->text + 1);
        parser->at++;
    } else {
        crm_expect(parser, "@TEMPLATE", false);
        if (!agent(parser, statement->element))
            return false;
    }
    return resource_body(parser, statement->element);
}

bool crm_parse_template(struct crm_parser *parser, struct crm_statement *statement)
{
    const char *id = crm_id(parser, "the new template's id");

    if (id == NULL)
        return false;
    statement->element = xmlNewNode(NULL, (const xmlChar *)"template");
    hf_xml_set(statement->element, "id", id);
    return agent(parser, statement->element) && resource_body(parser, statement->element);
}

/* --- containers --- */

static const struct crm_set_name container_sets[] = {
    {"meta", "meta_attributes"}, {"params", "instance_attributes"}, {NULL, NULL}};

/* Members stand behind the attribute sets in the CIB. */
static void members_last(xmlNode *container)
{
    xmlNode *next, *last = hf_xml_child(container, "member") != NULL ? container->last : NULL;

    for (xmlNode *child = container->children; child != NULL && last != NULL; child = next) {
        next = child == last ? NULL : child->next;
        if (!hf_xml_is(child, "member"))
            continue;
        xmlUnlinkNode(child);
        xmlAddChild(container, child);
    }
}

static bool container_body(struct crm_parser *parser, xmlNode *element)
{
    size_t before;

    do {
        before = parser->at;
        if (!description(parser, element) && !crm_attribute_sets(parser, element, container_sets, NULL))
            return false;
    } while (parser->at > before);
    members_last(element);
    return true;
}

static bool member(struct crm_parser *parser, xmlNode *container, const char *what)
{
    const char *id = crm_id(parser, what);

    if (id != NULL)
        hf_xml_set(hf_xml_add(container, "member"), "id", id);
    return id != NULL;
}

static bool container(struct crm_parser *parser, struct crm_statement *statement, const char *name,
                      const char *what)
{
    const char *id = crm_id(parser, what);

    if (id == NULL)
        return false;
    statement->element = xmlNewNode(NULL, (const xmlChar *)name);
    hf_xml_set(statement->element, "id", id);
    return true;
}

bool crm_parse_group(struct crm_parser *parser, struct crm_statement *statement)
{
    const struct crm_word *word;

    if (!container(parser, statement, "group", "the new group's id"))
        return false;
    do {
        if (!member(parser, statement->element, "a primitive's id"))
            return false;
        word = crm_peek(parser);
    } while (word != NULL && word->equals == SIZE_MAX && !crm_starts_set(parser, container_sets));
    return container_body(parser, statement->element);
}

bool crm_parse_clone(struct crm_parser *parser, struct crm_statement *statement)
{
    return container(parser, statement, "clone", "the new clone's id") &&
           member(parser, statement->element, "a primitive's or group's id") &&
           container_body(parser, statement->element);
}

/* The names of master/slave resources in today's words. */
static void modernize(xmlNode *meta)
{
    static const struct {
        const char *old, *now;
    } names[] = {{"master-max", "promoted-max"}, {"master-node-max", "promoted-node-max"}};

    HF_XML_EACH (pair, meta, "nvpair")
        for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++)
            if (strcmp(hf_xml_get_or(pair, "name", ""), names[i].old) == 0)
                hf_xml_set(pair, "name", names[i].now);
}

/* A master/slave resource is a promotable clone. */
bool crm_parse_ms(struct crm_parser *parser, struct crm_statement *statement)
{
    xmlNode *meta = NULL, *pair;

    if (!crm_parse_clone(parser, statement))
        return false;
    HF_XML_EACH (set, statement->element, "meta_attributes") {
        modernize(set);
        if (meta == NULL && hf_xml_get(set, "id-ref") == NULL && hf_xml_child(set, "rule") == NULL)
            meta = set;
    }
    if (meta == NULL) {
        meta = hf_xml_add(statement->element, "meta_attributes");
        members_last(statement->element);
    }
    HF_XML_EACH (old, meta, "nvpair")
        if (strcmp(hf_xml_get_or(old, "name", ""), "promotable") == 0)
            return true;
    pair = hf_xml_add(meta, "nvpair");
    hf_xml_set(pair, "name", "promotable");
    hf_xml_set(pair, "value", "true");
    return true;
}

/* --- bundle --- */

static const char *const launcher_keys[] = {"image",        "replicas", "replicas-per-host",
                                            "promoted-max", "masters",  "run-command",
                                            "network",      "options",  NULL};
static const char *const network_keys[] = {"ip-range-start", "control-port", "host-interface",
                                           "host-netmask",   "add-host",     NULL};
static const char *const port_keys[] = {"id", "port", "internal-port", "range", NULL};
static const char *const storage_keys[] = {"id",         "source-dir", "source-dir-root",
                                           "target-dir", "options",    NULL};

/* Takes KEY=VALUE of the known keys into attributes. */
static bool known_pairs(struct crm_parser *parser, xmlNode *element, const char *const *keys)
{
    const struct crm_word *word;

    while ((word = crm_peek(parser)) != NULL && word->equals != SIZE_MAX &&
           crm_at_keyword(parser, word->text)) {
        HF_CLEANUP(hf_freep) char *name = hf_strndup(word->text, word->equals);
        const char *known = crm_canonical(name, keys);

        if (known == NULL)
            break;
        hf_xml_set(element, known, word->text + word->equals + 1);
        parser->at++;
    }
    for (; *keys != NULL; keys++)
        crm_expect(parser, *keys, true);
    return true;
}

static bool mappings(struct crm_parser *parser, xmlNode *element, const char *name, const char *const *keys)
{
    while (crm_keyword(parser, name))
        known_pairs(parser, hf_xml_add(element, name), keys);
    return true;
}

static bool bundle_part(struct crm_parser *parser, xmlNode *bundle)
{
    static const char *const launchers[] = {"docker", "podman", "rkt"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(launchers); i++)
        if (crm_keyword(parser, launchers[i]))
            return known_pairs(parser, hf_xml_add(bundle, launchers[i]), launcher_keys);
    if (crm_keyword(parser, "network")) {
        xmlNode *network = hf_xml_ensure(bundle, "network");

        return known_pairs(parser, network, network_keys) &&
               mappings(parser, network, "port-mapping", port_keys);
    }
    if (crm_at_keyword(parser, "port-mapping"))
        return mappings(parser, hf_xml_ensure(bundle, "network"), "port-mapping", port_keys);
    if (crm_keyword(parser, "storage"))
        return mappings(parser, hf_xml_ensure(bundle, "storage"), "storage-mapping", storage_keys);
    if (crm_at_keyword(parser, "storage-mapping"))
        return mappings(parser, hf_xml_ensure(bundle, "storage"), "storage-mapping", storage_keys);
    if (crm_keyword(parser, "primitive"))
        return member(parser, bundle, "a primitive's id");
    return description(parser, bundle) || crm_attribute_sets(parser, bundle, container_sets, NULL);
}

bool crm_parse_bundle(struct crm_parser *parser, struct crm_statement *statement)
{
    size_t before;

    if (!container(parser, statement, "bundle", "the new bundle's id"))
        return false;
    do {
        before = parser->at;
        if (!bundle_part(parser, statement->element))
            return false;
    } while (parser->at > before);
    if (!crm_more(parser) && hf_xml_child(statement->element, "docker") == NULL &&
        hf_xml_child(statement->element, "podman") == NULL && hf_xml_child(statement->element, "rkt") == NULL)
        return crm_unexpected(parser);
    return true;
}

/* --- monitor RSC[:ROLE] INTERVAL[:TIMEOUT] --- */

bool crm_parse_monitor(struct crm_parser *parser, struct crm_statement *statement)
{
    const struct crm_word *resource = crm_any(parser, "RESOURCE[:ROLE]");
    const struct crm_word *times = resource != NULL ? crm_any(parser, "INTERVAL[:TIMEOUT]") : NULL;
    const char *colon;

    if (times == NULL)
        return false;
    statement->element = xmlNewNode(NULL, (const xmlChar *)"op");
    hf_xml_set(statement->element, "name", "monitor");
    colon = strchr(resource->text, ':');
    statement->target =
        hf_strndup(resource->text, colon != NULL ? (size_t)(colon - resource->text) : strlen(resource->text));
    if (colon != NULL && !crm_set_role(parser, statement->element, resource, colon + 1))
        return false;
    colon = strchr(times->text, ':');
    if (colon == NULL) {
        hf_xml_set(statement->element, "interval", times->text);
        return true;
    }
    hf_xml_setf(statement->element, "interval", "%.*s", (int)(colon - times->text), times->text);
    hf_xml_set(statement->element, "timeout", colon + 1);
    return true;
}
