/* device.c - see device.h. */
#include "fence/device.h"

#include <ctype.h>
#include <libxml/tree.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "lib/xml.h"

static const char *const action_names[FENCE_N_ACTIONS] = {
    [FENCE_OFF] = "off",           [FENCE_ON] = "on",     [FENCE_REBOOT] = "reboot",
    [FENCE_STATUS] = "status",     [FENCE_LIST] = "list", [FENCE_MONITOR] = "monitor",
    [FENCE_METADATA] = "metadata",
};

enum { DEFAULT_ATTEMPTS = 2 };

static const char separators[] = " \t\r\n,;";

const char *fence_action_name(enum fence_action action)
{
    return action_names[action];
}

bool fence_action_parse(const char *name, enum fence_action *action)
{
    for (size_t i = 0; i < FENCE_N_ACTIONS; i++)
        if (name != NULL && strcmp(name, action_names[i]) == 0) {
            *action = (enum fence_action)i;
            return true;
        }
    return false;
}

/* --- times --- */

static const struct {
    const char *unit;
    int64_t ms;
} units[] = {
    {"", 1000},        {"s", 1000},    {"sec", 1000},  {"ms", 1},       {"msec", 1},
    {"m", 60000},      {"min", 60000}, {"h", 3600000}, {"hr", 3600000}, {"d", 86400000},
    {"day", 86400000}, {"us", 0},      {"usec", 0},
};

/* Digits at *text, at most what can be multiplied by a day without harm. */
static bool parse_digits(const char **text, int64_t *value)
{
    if (!isdigit((unsigned char)**text))
        return false;
    for (*value = 0; isdigit((unsigned char)**text); (*text)++)
        if ((*value = *value * 10 + (**text - '0')) > INT32_MAX)
            return false;
    return true;
}

/* "P1DT2H3M4S": weeks to seconds, in this order of the standard, which is not enforced. */
static bool parse_iso(const char *text, int64_t *ms)
{
    bool time = false, any = false;

    for (*ms = 0; *text != '\0'; text++) {
        int64_t value;

        if (*text == 'T') {
            time = true;
            continue;
        }
        if (!parse_digits(&text, &value))
            return false;
        if (!time && *text == 'W')
            *ms += value * 7 * 86400000;
        else if (!time && *text == 'D')
            *ms += value * 86400000;
        else if (time && *text == 'H')
            *ms += value * 3600000;
        else if (time && *text == 'M')
            *ms += value * 60000;
        else if (time && *text == 'S')
            *ms += value * 1000;
        else
            return false;
        any = true;
    }
    return any;
}

bool fence_parse_time(const char *text, int64_t *ms)
{
    int64_t value, result;

    if (text == NULL)
        return false;
    text += strspn(text, " \t");
    if (*text == 'P') {
        if (!parse_iso(text + 1, &result))
            return false;
        *ms = result;
        return true;
    }
    if (!parse_digits(&text, &value))
        return false;
    text += strspn(text, " \t");
    for (size_t i = 0; i < HF_ARRAY_LENGTH(units); i++) {
        if (strcasecmp(text, units[i].unit) != 0)
            continue;
        *ms = units[i].ms > 0 ? value * units[i].ms : value / 1000;
        return true;
    }
    return false;
}

/* --- parameters --- */

static const char *get(const struct fence_device *device, const char *name)
{
    for (size_t i = 0; i < device->n_pairs; i++)
        if (strcmp(device->pairs[i].name, name) == 0)
            return device->pairs[i].value;
    return NULL;
}

static struct hf_error *bad_value(const struct fence_device *device, const char *name, const char *expected)
{
    return hf_error_new(HF_REFUSED, "fence device '%s': value '%s' of %s: expected %s", device->id,
                        get(device, name), name, expected);
}

static void add_pair(struct fence_pair **pairs, size_t *count, char *name, char *value)
{
    *pairs = hf_realloc(*pairs, *count + 1, sizeof **pairs);
    (*pairs)[(*count)++] = (struct fence_pair){.name = name, .value = value};
}

static void free_pairs(struct fence_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(pairs[i].name);
        free(pairs[i].value);
    }
    free(pairs);
}

/* The value of "node1:VALUE;node2:VALUE" at *text, up to an unescaped separator; a backslash makes any
 * character part of the value.  Commas separate values of one node, so they do not end it. */
static char *map_value(const char **text)
{
    struct hf_buf value = {0};

    while (**text != '\0' && strchr(" \t\r\n;", **text) == NULL) {
        if (**text == '\\' && (*text)[1] != '\0')
            (*text)++;
        hf_buf_putc(&value, **text);
        (*text)++;
    }
    return hf_buf_take(&value);
}

/* Reads a map of nodes; an entry must have both halves. */
static bool parse_map(const char *text, struct fence_pair **pairs, size_t *count)
{
    while (*(text += strspn(text, separators)) != '\0') {
        size_t length = strcspn(text, ":=; \t\r\n,");
        char *name, *value;

        if (length == 0 || (text[length] != ':' && text[length] != '='))
            return false;
        name = hf_strndup(text, length);
        text += length + 1;
        value = map_value(&text);
        add_pair(pairs, count, name, value);
        if (*value == '\0')
            return false;
    }
    return true;
}

static struct hf_error *read_hosts(struct fence_device *device)
{
    const char *list = get(device, "pcmk_host_list"), *map = get(device, "pcmk_host_map");

    if (map != NULL && !parse_map(map, &device->hosts, &device->n_hosts))
        return bad_value(device, "pcmk_host_map", "node:port pairs separated by semicolons");
    while (list != NULL && *(list += strspn(list, separators)) != '\0') {
        size_t length = strcspn(list, separators);

        add_pair(&device->hosts, &device->n_hosts, hf_strndup(list, length), NULL);
        list += length;
    }
    return NULL;
}

static struct hf_error *read_check(struct fence_device *device)
{
    static const char *const names[] = {
        [FENCE_CHECK_STATIC] = "static-list",
        [FENCE_CHECK_LIST] = "dynamic-list",
        [FENCE_CHECK_STATUS] = "status",
        [FENCE_CHECK_NONE] = "none",
    };
    const char *value = get(device, "pcmk_host_check");

    if (value == NULL)
        return NULL;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++)
        if (strcasecmp(value, names[i]) == 0) {
            device->check_given = true;
            device->check = (enum fence_host_check)i;
            if (device->check == FENCE_CHECK_STATIC && device->n_hosts == 0)
                return hf_error_new(HF_REFUSED,
                                    "fence device '%s': pcmk_host_check=static-list: expected pcmk_host_list "
                                    "or pcmk_host_map as well",
                                    device->id);
            return NULL;
        }
    return bad_value(device, "pcmk_host_check", "static-list, dynamic-list, status or none");
}

static struct hf_error *read_delays(struct fence_device *device)
{
    static const char expected[] = "a time such as 5s, or node:time pairs separated by semicolons";
    const char *base = get(device, "pcmk_delay_base"), *max = get(device, "pcmk_delay_max");
    int64_t ms;

    if (max != NULL && !fence_parse_time(max, &device->delay_max_ms))
        return bad_value(device, "pcmk_delay_max", "a time such as 5s");
    if (base == NULL || fence_parse_time(base, &device->delay_base_ms))
        return NULL;
    if (!parse_map(base, &device->delays, &device->n_delays))
        return bad_value(device, "pcmk_delay_base", expected);
    for (size_t i = 0; i < device->n_delays; i++)
        if (!fence_parse_time(device->delays[i].value, &ms))
            return bad_value(device, "pcmk_delay_base", expected);
    return NULL;
}

static struct hf_error *read_int(const struct fence_device *device, const char *name, int least, int *number)
{
    const char *value = get(device, name);
    int64_t parsed;

    if (value == NULL)
        return NULL;
    if (!hf_parse_int64(value, &parsed) || parsed < least || parsed > INT_MAX)
        return bad_value(device, name, least < 0 ? "a whole number" : "a whole number, 0 or more");
    *number = (int)parsed;
    return NULL;
}

static struct hf_error *read_command(struct fence_device *device, enum fence_action action)
{
    struct fence_command *command = &device->commands[action];
    HF_CLEANUP(hf_freep) char *name = hf_asprintf("pcmk_%s_action", action_names[action]);
    HF_CLEANUP(hf_freep) char *timeout = hf_asprintf("pcmk_%s_timeout", action_names[action]);
    HF_CLEANUP(hf_freep) char *retries = hf_asprintf("pcmk_%s_retries", action_names[action]);
    const char *given = get(device, name);
    struct hf_error *error;

    command->name = hf_strdup(given != NULL && *given != '\0' ? given : action_names[action]);
    command->attempts = DEFAULT_ATTEMPTS;
    if (get(device, timeout) != NULL && !fence_parse_time(get(device, timeout), &command->timeout_ms))
        return bad_value(device, timeout, "a time such as 60s");
    error = read_int(device, retries, 0, &command->attempts);
    if (command->attempts < 1)
        command->attempts = 1;
    return error;
}

/* The agent's name is put behind a directory: it must be a plain one. */
static struct hf_error *check_agent(const struct fence_device *device)
{
    if (strncmp(device->agent, "fence_", 6) == 0 && device->agent[6] != '\0' &&
        strspn(device->agent, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
            strlen(device->agent))
        return NULL;
    return hf_error_new(HF_REFUSED,
                        "fence device '%s': agent '%s': expected the name of a fence agent, fence_...",
                        device->id, device->agent);
}

static struct hf_error *read_parameters(struct fence_device *device)
{
    struct hf_error *error = check_agent(device);

    if (error == NULL)
        error = read_hosts(device);
    if (error == NULL)
        error = read_check(device);
    if (error == NULL)
        error = read_delays(device);
    if (error == NULL)
        error = read_int(device, "pcmk_action_limit", -1, &device->action_limit);
    if (error == NULL)
        error = read_int(device, "priority", INT_MIN, &device->priority);
    for (int action = 0; action < FENCE_N_ACTIONS && error == NULL; action++)
        error = read_command(device, (enum fence_action)action);
    if (error == NULL && device->action_limit == 0)
        error = bad_value(device, "pcmk_action_limit", "a whole number, 1 or more, or -1");
    return error;
}

/* What is assumed of an agent until its metadata says otherwise. */
static void assume_abilities(struct fence_abilities *abilities)
{
    *abilities = (struct fence_abilities){.has_port = true};
    for (int action = 0; action < FENCE_N_ACTIONS; action++)
        abilities->actions[action] = true;
}

struct hf_error *fence_device_new(const char *id, const char *agent, const struct fence_pair *pairs,
                                  size_t n_pairs, struct fence_device **device)
{
    struct fence_device *made = hf_calloc(1, sizeof *made);
    struct hf_error *error;

    made->id = hf_strdup(id);
    made->agent = hf_strdup(agent);
    made->action_limit = 1;
    for (size_t i = 0; i < n_pairs; i++)
        if (pairs[i].value != NULL && get(made, pairs[i].name) == NULL)
            add_pair(&made->pairs, &made->n_pairs, hf_strdup(pairs[i].name), hf_strdup(pairs[i].value));
    made->host_argument = hf_strdup(get(made, "pcmk_host_argument"));
    assume_abilities(&made->abilities);
    error = read_parameters(made);
    *device = made;
    if (error != NULL) {
        fence_device_free(made);
        *device = NULL;
    }
    return error;
}

void fence_device_free(struct fence_device *device)
{
    if (device == NULL)
        return;
    for (int action = 0; action < FENCE_N_ACTIONS; action++)
        free(device->commands[action].name);
    free_pairs(device->pairs, device->n_pairs);
    free_pairs(device->hosts, device->n_hosts);
    free_pairs(device->delays, device->n_delays);
    free(device->host_argument);
    free(device->agent);
    free(device->id);
    free(device);
}

/* --- metadata --- */

static bool is_true(const xmlNode *element, const char *name)
{
    bool value = false;

    hf_parse_bool(hf_xml_get(element, name), &value);
    return value;
}

static void read_actions(const xmlNode *actions, struct fence_abilities *abilities)
{
    HF_XML_EACH (element, actions, "action") {
        const char *name = hf_xml_get_or(element, "name", "");
        enum fence_action action;

        if (!fence_action_parse(name, &action))
            continue;
        abilities->actions[action] = true;
        if (action == FENCE_ON) {
            abilities->unfences = is_true(element, "automatic") || is_true(element, "required");
            abilities->on_target = is_true(element, "on_target");
        }
    }
}

static bool has_parameter(const xmlNode *parameters, const char *name)
{
    HF_XML_EACH (parameter, parameters, "parameter")
        if (strcmp(hf_xml_get_or(parameter, "name", ""), name) == 0)
            return true;
    return false;
}

struct hf_error *fence_device_read_metadata(struct fence_device *device, const char *text, size_t length)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    struct hf_error *error = hf_xml_parse(text, length, device->agent, &document);
    const xmlNode *root, *parameters;

    assume_abilities(&device->abilities);
    if (error != NULL)
        return error;
    root = xmlDocGetRootElement(document);
    if (!hf_xml_is(root, "resource-agent") || hf_xml_child(root, "actions") == NULL)
        return hf_error_new(HF_REFUSED, "%s: metadata: expected <resource-agent> with <actions>",
                            device->agent);
    device->abilities = (struct fence_abilities){.known = true};
    device->abilities.actions[FENCE_METADATA] = true;
    read_actions(hf_xml_child(root, "actions"), &device->abilities);
    parameters = hf_xml_child(root, "parameters");
    if (parameters != NULL) {
        device->abilities.has_port = has_parameter(parameters, "port");
        device->abilities.has_plug = has_parameter(parameters, "plug");
    }
    return NULL;
}

/* --- targets --- */

enum fence_host_check fence_device_check(const struct fence_device *device, bool list_failed)
{
    if (device->check_given)
        return device->check;
    if (device->n_hosts > 0)
        return FENCE_CHECK_STATIC;
    if (!device->abilities.known)
        return FENCE_CHECK_NONE;
    if (device->abilities.actions[FENCE_LIST] && !list_failed)
        return FENCE_CHECK_LIST;
    return device->abilities.actions[FENCE_STATUS] ? FENCE_CHECK_STATUS : FENCE_CHECK_NONE;
}

bool fence_device_lists(const struct fence_device *device, const char *node)
{
    for (size_t i = 0; i < device->n_hosts; i++)
        if (strcasecmp(device->hosts[i].name, node) == 0)
            return true;
    return false;
}

/* What the device calls the node. */
static const char *port_of(const struct fence_device *device, const char *node)
{
    for (size_t i = 0; i < device->n_hosts; i++)
        if (device->hosts[i].value != NULL && strcasecmp(device->hosts[i].name, node) == 0)
            return device->hosts[i].value;
    return node;
}

bool fence_device_listed(const struct fence_device *device, const char *node, const char *output)
{
    const char *port = port_of(device, node);

    while (output != NULL && *(output += strspn(output, separators)) != '\0') {
        size_t length = strcspn(output, separators);

        if (length == strlen(port) && strncasecmp(output, port, length) == 0)
            return true;
        output += length;
    }
    return false;
}

enum fence_action fence_device_effective(const struct fence_device *device, enum fence_action action)
{
    return action == FENCE_REBOOT && !device->abilities.actions[FENCE_REBOOT] ? FENCE_OFF : action;
}

/* --- what the agent reads --- */

const char *fence_device_target_parameter(const struct fence_device *device)
{
    if (device->host_argument != NULL)
        return strcasecmp(device->host_argument, "none") != 0 ? device->host_argument : NULL;
    if (device->abilities.has_port)
        return "port";
    return device->abilities.has_plug ? "plug" : NULL;
}

/* Parameters that are for the cluster, or that it decides itself. */
static bool is_ours(const char *name)
{
    return strncmp(name, "pcmk_", 5) == 0 || strncmp(name, "CRM_meta_", 9) == 0 ||
           strcmp(name, "action") == 0 || strcmp(name, "nodename") == 0 || strcmp(name, "priority") == 0 ||
           strcmp(name, "crm_feature_set") == 0;
}

/* One line; what would end it early is left out. */
static void put_line(struct hf_buf *input, const char *name, const char *value)
{
    hf_buf_puts(input, name);
    hf_buf_putc(input, '=');
    for (; *value != '\0'; value++)
        if (*value != '\n' && *value != '\r')
            hf_buf_putc(input, *value);
    hf_buf_putc(input, '\n');
}

void fence_device_input(const struct fence_device *device, enum fence_action action, const char *node,
                        const char *parameter, struct hf_buf *input)
{
    const char *configured = parameter != NULL ? get(device, parameter) : NULL;
    bool fill =
        node != NULL && parameter != NULL && (configured == NULL || strcmp(configured, "dynamic") == 0);

    put_line(input, "action", device->commands[action].name);
    if (action == FENCE_METADATA)
        return;
    for (size_t i = 0; i < device->n_pairs; i++) {
        const char *name = device->pairs[i].name;

        if (!is_ours(name) && !(fill && strcmp(name, parameter) == 0))
            put_line(input, name, device->pairs[i].value);
    }
    if (node == NULL)
        return;
    put_line(input, "nodename", node);
    if (fill)
        put_line(input, parameter, port_of(device, node));
}

int64_t fence_device_delay(const struct fence_device *device, const char *node, uint64_t random)
{
    int64_t base = device->delay_base_ms, span;

    for (size_t i = 0; i < device->n_delays; i++)
        if (strcasecmp(device->delays[i].name, node) == 0)
            fence_parse_time(device->delays[i].value, &base);
    span = device->delay_max_ms - base;
    return span > 0 ? base + (int64_t)(random % (uint64_t)span) : base;
}
