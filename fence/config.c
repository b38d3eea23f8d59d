/* config.c - see config.h. */
#include "fence/config.h"

#include <regex.h>
#include <string.h>
#include <strings.h>

#include "lib/xml.h"

enum { DEFAULT_TIMEOUT_MS = 60000, INFINITE = 1000000, DEPTH_MAX = 16 };

struct reader {
    const xmlNode *configuration;
    fence_set_applies *applies;
    void *context;
    struct hf_buf *problems;
    struct fence_config *config;
};

/* Names and values found so far, borrowed from the tree; the first of a name counts. */
struct values {
    struct fence_pair *item;
    size_t count;
};

static void problem(const struct reader *reader, struct hf_error *error)
{
    if (error != NULL && reader->problems != NULL)
        hf_buf_printf(reader->problems, "%s\n", hf_error_text(error));
    hf_error_free(error);
}

static const char *value_of(const struct values *values, const char *name)
{
    for (size_t i = 0; i < values->count; i++)
        if (strcmp(values->item[i].name, name) == 0)
            return values->item[i].value;
    return NULL;
}

static void add_value(struct values *values, const char *name, const char *value)
{
    values->item = hf_realloc(values->item, values->count + 1, sizeof *values->item);
    values->item[values->count++] = (struct fence_pair){.name = (char *)name, .value = (char *)value};
}

static const xmlNode *find_id(const xmlNode *element, const char *id, int depth)
{
    if (depth > DEPTH_MAX)
        return NULL;
    HF_XML_EACH_ANY (child, element) {
        const xmlNode *found;

        if (strcmp(hf_xml_get_or(child, "id", ""), id) == 0)
            return child;
        found = find_id(child, id, depth + 1);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* The element itself, or the one of the same name that its id-ref means; NULL if there is none. */
static const xmlNode *follow(const struct reader *reader, const xmlNode *element)
{
    const char *reference = hf_xml_get(element, "id-ref");
    const xmlNode *found;

    if (reference == NULL)
        return element;
    found = find_id(reader->configuration, reference, 0);
    return found != NULL && hf_xml_is(found, (const char *)element->name) &&
                   hf_xml_get(found, "id-ref") == NULL
               ? found
               : NULL;
}

static void add_set(const struct reader *reader, const xmlNode *set, struct values *values)
{
    HF_XML_EACH (element, set, "nvpair") {
        const xmlNode *pair = follow(reader, element);
        const char *name = pair == NULL ? NULL : hf_xml_get_or(element, "name", hf_xml_get(pair, "name"));

        if (name != NULL && value_of(values, name) == NULL)
            add_value(values, name, hf_xml_get(pair, "value"));
    }
}

static int64_t score_of(const xmlNode *set)
{
    const char *score = hf_xml_get_or(set, "score", "0");
    int64_t value = 0;

    if (strstr(score, "INFINITY") != NULL)
        return *score == '-' ? -INFINITE : INFINITE;
    hf_parse_int64(score, &value);
    return value;
}

/* Adds the values of the sets called name in element: higher scores first, else in their order; the set
 * with the id in first before all. */
static void add_sets(const struct reader *reader, const xmlNode *element, const char *name, const char *first,
                     struct values *values)
{
    const xmlNode **sets = NULL;
    size_t count = 0, capacity = 0;

    HF_XML_EACH (child, element, name) {
        const xmlNode *set = follow(reader, child);
        bool leads = set != NULL && first != NULL && strcmp(hf_xml_get_or(set, "id", ""), first) == 0;
        size_t at;

        if (set == NULL || (hf_xml_child(set, "rule") != NULL &&
                            (reader->applies == NULL || !reader->applies(reader->context, set))))
            continue;
        hf_grow(&sets, &capacity, count + 1, sizeof *sets);
        for (at = count; at > 0 && (leads || score_of(sets[at - 1]) < score_of(set)); at--)
            sets[at] = sets[at - 1];
        sets[at] = set;
        count++;
    }
    for (size_t i = 0; i < count; i++)
        add_set(reader, sets[i], values);
    free(sets);
}

/* --- devices --- */

static const xmlNode *template_of(const struct reader *reader, const xmlNode *primitive)
{
    const char *id = hf_xml_get(primitive, "template");
    const xmlNode *resources = hf_xml_child(reader->configuration, "resources");

    return id != NULL && resources != NULL ? hf_xml_child_by_id(resources, "template", id) : NULL;
}

static bool is_stopped(const struct reader *reader, const xmlNode *primitive, const xmlNode *template,
                       struct values *meta)
{
    const xmlNode *defaults = hf_xml_child(reader->configuration, "rsc_defaults");
    const char *role;

    add_sets(reader, primitive, "meta_attributes", NULL, meta);
    if (template != NULL)
        add_sets(reader, template, "meta_attributes", NULL, meta);
    if (defaults != NULL)
        add_sets(reader, defaults, "meta_attributes", NULL, meta);
    role = value_of(meta, "target-role");
    return role != NULL && strcasecmp(role, "Stopped") == 0;
}

static void add_device(struct reader *reader, const xmlNode *primitive)
{
    const xmlNode *template = template_of(reader, primitive);
    const xmlNode *kind = template != NULL ? template : primitive;
    struct values meta = {NULL, 0}, parameters = {NULL, 0};
    struct fence_config *config = reader->config;
    struct fence_device *device = NULL;
    const char *provides;

    if (strcmp(hf_xml_get_or(kind, "class", ""), "stonith") != 0)
        return;
    if (!is_stopped(reader, primitive, template, &meta)) {
        add_sets(reader, primitive, "instance_attributes", NULL, &parameters);
        if (template != NULL)
            add_sets(reader, template, "instance_attributes", NULL, &parameters);
        problem(reader, fence_device_new(hf_xml_get_or(primitive, "id", ""), hf_xml_get_or(kind, "type", ""),
                                         parameters.item, parameters.count, &device));
    }
    if (device != NULL) {
        provides = value_of(&meta, "provides");
        device->unfencing = provides != NULL && strcasecmp(provides, "unfencing") == 0;
        config->devices = hf_realloc(config->devices, config->n_devices + 1, sizeof(struct fence_device *));
        config->devices[config->n_devices++] = device;
    }
    free(meta.item);
    free(parameters.item);
}

static void add_devices(struct reader *reader, const xmlNode *parent, int depth)
{
    if (depth > DEPTH_MAX)
        return;
    HF_XML_EACH_ANY (child, parent) {
        if (hf_xml_is(child, "primitive"))
            add_device(reader, child);
        else if (hf_xml_is(child, "group") || hf_xml_is(child, "clone") || hf_xml_is(child, "master"))
            add_devices(reader, child, depth + 1);
    }
}

/* --- topology --- */

static void add_level_devices(struct fence_level *level, const char *list)
{
    while (*(list += strspn(list, " ,")) != '\0') {
        size_t length = strcspn(list, " ,");

        level->devices = hf_realloc(level->devices, level->n_devices + 1, sizeof *level->devices);
        level->devices[level->n_devices++] = hf_strndup(list, length);
        list += length;
    }
}

static void add_level(struct reader *reader, const xmlNode *element)
{
    struct fence_config *config = reader->config;
    struct fence_level level = {.id = hf_strdup(hf_xml_get_or(element, "id", ""))};
    int64_t index = 0;
    size_t at;

    hf_parse_int64(hf_xml_get(element, "index"), &index);
    level.target = hf_strdup(hf_xml_get(element, "target"));
    level.pattern = hf_strdup(hf_xml_get(element, "target-pattern"));
    level.attribute = hf_strdup(hf_xml_get(element, "target-attribute"));
    level.value = hf_strdup(hf_xml_get(element, "target-value"));
    add_level_devices(&level, hf_xml_get_or(element, "devices", ""));
    if (index < 1 || index > FENCE_LEVEL_MAX)
        problem(reader, hf_error_new(HF_REFUSED, "fencing-level '%s': index %s: expected 1 to %d", level.id,
                                     hf_xml_get_or(element, "index", "missing"), FENCE_LEVEL_MAX));
    level.index = index < 1 ? 1 : index > FENCE_LEVEL_MAX ? FENCE_LEVEL_MAX : (int)index;
    config->levels = hf_realloc(config->levels, config->n_levels + 1, sizeof *config->levels);
    for (at = config->n_levels; at > 0 && config->levels[at - 1].index > level.index; at--)
        config->levels[at] = config->levels[at - 1];
    config->levels[at] = level;
    config->n_levels++;
    for (size_t i = 0; i < level.n_devices; i++)
        if (fence_config_device(config, level.devices[i]) == NULL)
            problem(reader, hf_error_new(HF_REFUSED, "fencing-level '%s': there is no fence device '%s'",
                                         level.id, level.devices[i]));
}

/* --- nodes and options --- */

static void add_node(struct reader *reader, const xmlNode *element)
{
    struct fence_config *config = reader->config;
    struct values values = {NULL, 0};
    struct fence_node *node;

    config->nodes = hf_realloc(config->nodes, config->n_nodes + 1, sizeof *config->nodes);
    node = &config->nodes[config->n_nodes++];
    add_sets(reader, element, "instance_attributes", NULL, &values);
    *node = (struct fence_node){.name = hf_strdup(hf_xml_get_or(element, "uname", "")),
                                .attributes = hf_calloc(values.count + 1, sizeof *node->attributes),
                                .n_attributes = values.count};
    for (size_t i = 0; i < values.count; i++) {
        node->attributes[i].name = hf_strdup(values.item[i].name);
        node->attributes[i].value = hf_strdup(values.item[i].value);
    }
    free(values.item);
}

static const char *option(const struct values *values, const char *name, const char *other)
{
    const char *value = value_of(values, name);

    return value != NULL ? value : value_of(values, other);
}

static void read_time(const struct reader *reader, const char *name, const char *value, int64_t *ms)
{
    if (value != NULL && !fence_parse_time(value, ms))
        problem(reader,
                hf_error_new(HF_REFUSED, "value '%s' of %s: expected a time such as 60s", value, name));
}

static void read_options(struct reader *reader)
{
    const xmlNode *crm_config = hf_xml_child(reader->configuration, "crm_config");
    struct fence_config *config = reader->config;
    struct values values = {NULL, 0};

    config->enabled = config->concurrent = true;
    config->timeout_ms = DEFAULT_TIMEOUT_MS;
    if (crm_config != NULL)
        add_sets(reader, crm_config, "cluster_property_set", "cib-bootstrap-options", &values);
    hf_parse_bool(option(&values, "stonith-enabled", "fencing-enabled"), &config->enabled);
    hf_parse_bool(value_of(&values, "concurrent-fencing"), &config->concurrent);
    read_time(reader, "stonith-timeout", option(&values, "stonith-timeout", "fencing-timeout"),
              &config->timeout_ms);
    read_time(reader, "stonith-watchdog-timeout",
              option(&values, "stonith-watchdog-timeout", "fencing-watchdog-timeout"),
              &config->watchdog_timeout_ms);
    free(values.item);
}

/* --- the whole --- */

struct fence_config *fence_config_read(const xmlNode *configuration, fence_set_applies *applies,
                                       void *context, struct hf_buf *problems)
{
    struct fence_config *config = hf_calloc(1, sizeof *config);
    struct reader reader = {configuration, applies, context, problems, config};
    const xmlNode *section;

    read_options(&reader);
    if ((section = hf_xml_child(configuration, "nodes")) != NULL)
        HF_XML_EACH (node, section, "node")
            add_node(&reader, node);
    if ((section = hf_xml_child(configuration, "resources")) != NULL)
        add_devices(&reader, section, 0);
    if ((section = hf_xml_child(configuration, "fencing-topology")) != NULL)
        HF_XML_EACH (level, section, "fencing-level")
            add_level(&reader, level);
    return config;
}

static void free_level(struct fence_level *level)
{
    for (size_t i = 0; i < level->n_devices; i++)
        free(level->devices[i]);
    free(level->devices);
    free(level->id);
    free(level->target);
    free(level->pattern);
    free(level->attribute);
    free(level->value);
}

static void free_node(struct fence_node *node)
{
    for (size_t i = 0; i < node->n_attributes; i++) {
        free(node->attributes[i].name);
        free(node->attributes[i].value);
    }
    free(node->attributes);
    free(node->name);
}

void fence_config_free(struct fence_config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->n_devices; i++)
        fence_device_free(config->devices[i]);
    for (size_t i = 0; i < config->n_levels; i++)
        free_level(&config->levels[i]);
    for (size_t i = 0; i < config->n_nodes; i++)
        free_node(&config->nodes[i]);
    free(config->devices);
    free(config->levels);
    free(config->nodes);
    free(config);
}

struct fence_device *fence_config_device(const struct fence_config *config, const char *id)
{
    for (size_t i = 0; i < config->n_devices; i++)
        if (strcmp(config->devices[i]->id, id) == 0)
            return config->devices[i];
    return NULL;
}

static bool matches_pattern(const char *pattern, const char *node)
{
    regex_t regex;
    bool matches;

    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB | REG_ICASE) != 0)
        return false;
    matches = regexec(&regex, node, 0, NULL, 0) == 0;
    regfree(&regex);
    return matches;
}

static bool has_attribute(const struct fence_config *config, const char *name, const char *attribute,
                          const char *value)
{
    for (size_t i = 0; i < config->n_nodes; i++) {
        const struct fence_node *node = &config->nodes[i];

        if (strcasecmp(node->name, name) != 0)
            continue;
        for (size_t j = 0; j < node->n_attributes; j++)
            if (strcmp(node->attributes[j].name, attribute) == 0 && node->attributes[j].value != NULL)
                return strcmp(node->attributes[j].value, value) == 0;
    }
    return false;
}

bool fence_level_matches(const struct fence_config *config, const struct fence_level *level, const char *node)
{
    if (level->target != NULL)
        return strcasecmp(level->target, node) == 0;
    if (level->pattern != NULL)
        return matches_pattern(level->pattern, node);
    return level->attribute != NULL && level->value != NULL &&
           has_attribute(config, node, level->attribute, level->value);
}
