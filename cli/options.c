/* options.c - see options.h. The options and their types are those of Pacemaker's documentation. */
#include "cli/options.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/crm/parse.h"
#include "lib/buf.h"
#include "lib/xml.h"

enum type { BOOLEAN, INTEGER, SCORE, TIME, SIGNED_TIME, PERCENTAGE, CHOICE, TEXT };

struct option {
    const char *name;
    enum type type;
    const char *choice; /* separated by '|' */
};

static const struct option cluster_options[] = {
    {"no-quorum-policy", CHOICE, "stop|freeze|ignore|demote|suicide|fence"},
    {"symmetric-cluster", BOOLEAN, NULL},
    {"maintenance-mode", BOOLEAN, NULL},
    {"start-failure-is-fatal", BOOLEAN, NULL},
    {"enable-startup-probes", BOOLEAN, NULL},
    {"stonith-enabled", BOOLEAN, NULL},
    {"fencing-enabled", BOOLEAN, NULL},
    {"stonith-action", CHOICE, "reboot|off|poweroff"},
    {"fencing-action", CHOICE, "reboot|off|poweroff"},
    {"stonith-timeout", TIME, NULL},
    {"fencing-timeout", TIME, NULL},
    {"stonith-max-attempts", SCORE, NULL},
    {"fencing-max-attempts", SCORE, NULL},
    {"stonith-watchdog-timeout", SIGNED_TIME, NULL},
    {"fencing-watchdog-timeout", SIGNED_TIME, NULL},
    {"concurrent-fencing", BOOLEAN, NULL},
    {"startup-fencing", BOOLEAN, NULL},
    {"fence-reaction", CHOICE, "stop|panic"},
    {"fencing-reaction", CHOICE, "stop|panic"},
    {"priority-fencing-delay", TIME, NULL},
    {"node-pending-timeout", TIME, NULL},
    {"cluster-delay", TIME, NULL},
    {"cluster-recheck-interval", TIME, NULL},
    {"dc-deadtime", TIME, NULL},
    {"election-timeout", TIME, NULL},
    {"shutdown-escalation", TIME, NULL},
    {"join-integration-timeout", TIME, NULL},
    {"join-finalization-timeout", TIME, NULL},
    {"transition-delay", TIME, NULL},
    {"fence-remote-without-quorum", BOOLEAN, NULL},
    {"shutdown-lock", BOOLEAN, NULL},
    {"shutdown-lock-limit", TIME, NULL},
    {"batch-limit", INTEGER, NULL},
    {"migration-limit", INTEGER, NULL},
    {"node-action-limit", INTEGER, NULL},
    {"load-threshold", PERCENTAGE, NULL},
    {"remove-after-stop", BOOLEAN, NULL},
    {"stop-all-resources", BOOLEAN, NULL},
    {"stop-orphan-resources", BOOLEAN, NULL},
    {"stop-orphan-actions", BOOLEAN, NULL},
    {"stop-removed-resources", BOOLEAN, NULL},
    {"cancel-removed-actions", BOOLEAN, NULL},
    {"pe-error-series-max", INTEGER, NULL},
    {"pe-warn-series-max", INTEGER, NULL},
    {"pe-input-series-max", INTEGER, NULL},
    {"placement-strategy", CHOICE, "default|utilization|minimal|balanced"},
    {"node-health-strategy", CHOICE, "none|migrate-on-red|only-green|progressive|custom"},
    {"node-health-base", SCORE, NULL},
    {"node-health-green", SCORE, NULL},
    {"node-health-yellow", SCORE, NULL},
    {"node-health-red", SCORE, NULL},
    {"enable-acl", BOOLEAN, NULL},
    {"have-watchdog", BOOLEAN, NULL},
    {"cluster-name", TEXT, NULL},
    {"cluster-infrastructure", TEXT, NULL},
    {"dc-version", TEXT, NULL},
    {"last-lrm-refresh", TEXT, NULL},
};

static const struct option meta_options[] = {
    {"priority", SCORE, NULL},
    {"target-role", CHOICE, "Started|Stopped|Promoted|Unpromoted|Master|Slave"},
    {"is-managed", BOOLEAN, NULL},
    {"maintenance", BOOLEAN, NULL},
    {"resource-stickiness", SCORE, NULL},
    {"requires", CHOICE, "nothing|quorum|fencing|unfencing|lease"},
    {"migration-threshold", SCORE, NULL},
    {"failure-timeout", TIME, NULL},
    {"multiple-active", CHOICE, "block|stop_only|stop_start|stop_unexpected"},
    {"allow-migrate", BOOLEAN, NULL},
    {"allow-unhealthy-nodes", BOOLEAN, NULL},
    {"critical", BOOLEAN, NULL},
    {"container-attribute-target", TEXT, NULL},
    {"remote-node", TEXT, NULL},
    {"remote-addr", TEXT, NULL},
    {"remote-port", TEXT, NULL},
    {"remote-connect-timeout", TIME, NULL},
    {"remote-allow-migrate", BOOLEAN, NULL},
    {"clone-max", INTEGER, NULL},
    {"clone-min", INTEGER, NULL},
    {"clone-node-max", INTEGER, NULL},
    {"promoted-max", INTEGER, NULL},
    {"promoted-node-max", INTEGER, NULL},
    {"master-max", INTEGER, NULL},
    {"master-node-max", INTEGER, NULL},
    {"notify", BOOLEAN, NULL},
    {"globally-unique", BOOLEAN, NULL},
    {"ordered", BOOLEAN, NULL},
    {"interleave", BOOLEAN, NULL},
    {"promotable", BOOLEAN, NULL},
    {"container", TEXT, NULL},
    {"restart-type", CHOICE, "ignore|restart"},
};

static const struct option operation_options[] = {
    {"interval", TIME, NULL},
    {"timeout", TIME, NULL},
    {"start-delay", TIME, NULL},
    {"interval-origin", TEXT, NULL},
    {"on-fail", CHOICE, "ignore|block|demote|stop|restart|standby|fence|restart-container"},
    {"role", CHOICE, "Started|Stopped|Promoted|Unpromoted|Master|Slave"},
    {"enabled", BOOLEAN, NULL},
    {"record-pending", BOOLEAN, NULL},
    {"requires", TEXT, NULL},
};

static const char *const kinds[] = {"cluster option", "meta attribute", "operation attribute"};

static const struct option *table(enum option_kind kind, size_t *count)
{
    switch (kind) {
    case OPTION_CLUSTER:
        *count = HF_ARRAY_LENGTH(cluster_options);
        return cluster_options;
    case OPTION_META:
        *count = HF_ARRAY_LENGTH(meta_options);
        return meta_options;
    case OPTION_OPERATION:
        break;
    }
    *count = HF_ARRAY_LENGTH(operation_options);
    return operation_options;
}

const char *option_name(enum option_kind kind, size_t n)
{
    size_t count;
    const struct option *options = table(kind, &count);

    return n < count ? options[n].name : NULL;
}

/* --- values --- */

static bool is_number(const char *text)
{
    text += *text == '-' || *text == '+';
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Pacemaker takes a fraction, and drops it. */
static bool is_score(const char *text)
{
    const char *number = text + (*text == '-' || *text == '+');
    size_t whole = strspn(number, "0123456789");

    if (whole > 0 && number[whole] == '.' &&
        number[whole + 1 + strspn(number + whole + 1, "0123456789")] == '\0')
        return true;

    return is_number(text) || strcasecmp(number, "INFINITY") == 0 || strcasecmp(number, "inf") == 0 ||
           strcmp(text, "red") == 0 || strcmp(text, "yellow") == 0 || strcmp(text, "green") == 0;
}

/* Times are counted in milliseconds, in 32 bits: more than 49 days would be taken for less. */
static const int64_t LONGEST_MS = UINT32_MAX;

enum time_kind { NO_TIME, TOO_LONG, NEGATIVE, FINE };

/* A number with a unit, or an ISO 8601 duration. */
static enum time_kind read_time(const char *text)
{
    static const struct {
        const char *name;
        int64_t ms; /* of a thousand */
    } units[] = {{"", 1000000},     {"s", 1000000},    {"sec", 1000000},  {"ms", 1000},
                 {"msec", 1000},    {"us", 1},         {"usec", 1},       {"m", 60000000},
                 {"min", 60000000}, {"h", 3600000000}, {"hr", 3600000000}};
    bool negative = *text == '-';
    int64_t number = 0;
    size_t digits;

    if (*text == 'P')
        return text[1] != '\0' && text[strspn(text, "PYMWDTHS0123456789.,")] == '\0' ? FINE : NO_TIME;
    text += *text == '-' || *text == '+';
    digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits && number <= LONGEST_MS * 1000; i++)
        number = number * 10 + (text[i] - '0');
    text += digits;
    text += strspn(text, " ");
    for (size_t i = 0; i < HF_ARRAY_LENGTH(units) && digits > 0; i++)
        if (strcasecmp(text, units[i].name) == 0)
            return number > LONGEST_MS * 1000 / units[i].ms ? TOO_LONG
                   : negative && number > 0                 ? NEGATIVE
                                                            : FINE;
    return NO_TIME;
}

static bool is_choice(const char *text, const char *choice)
{
    size_t length = strlen(text);

    while (true) {
        size_t own = strcspn(choice, "|");

        if (own == length && strncasecmp(choice, text, length) == 0)
            return true;
        if (choice[own] == '\0')
            return false;
        choice += own + 1;
    }
}

static const char *expected_values(const struct option *option)
{
    switch (option->type) {
    case BOOLEAN:
        return "true or false";
    case INTEGER:
        return "a whole number";
    case SCORE:
        return "a whole number, INFINITY or -INFINITY";
    case TIME:
    case SIGNED_TIME:
        return "a time, such as 30s, 5min or PT1H";
    case PERCENTAGE:
        return "a percentage";
    case CHOICE:
        return option->choice;
    case TEXT:
        break;
    }
    return "any text";
}

static bool is_value(const struct option *option, const char *value)
{
    bool ignored;
    size_t length = strlen(value);

    if (strcmp(value, "#default") == 0)
        return true;
    switch (option->type) {
    case BOOLEAN:
        return hf_parse_bool(value, &ignored);
    case INTEGER:
        return is_number(value);
    case SCORE:
        return is_score(value);
    case TIME:
        return read_time(value) == FINE;
    case SIGNED_TIME:
        return read_time(value) == FINE || read_time(value) == NEGATIVE;
    case PERCENTAGE:
        return length > 1 && value[length - 1] == '%' && strspn(value, "0123456789") == length - 1;
    case CHOICE:
        return is_choice(value, option->choice);
    case TEXT:
        break;
    }
    return true;
}

const char *option_values(enum option_kind kind, const char *name)
{
    size_t count;
    const struct option *options = table(kind, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(options[i].name, name) == 0)
            return expected_values(&options[i]);
    return NULL;
}

/* What is expected in place of this value. */
static const char *expected_instead(const struct option *option, const char *value)
{
    if (option->type == TIME || option->type == SIGNED_TIME) {
        enum time_kind kind = read_time(value);

        if (kind == TOO_LONG)
            return "no more than 49 days";
        if (kind == NEGATIVE)
            return "no less than 0";
    }
    return expected_values(option);
}

static struct hf_error *wrong_option(const char *what, const struct option *option, const char *value)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf list = {0};

    for (const char *expected = expected_instead(option, value); *expected != '\0'; expected++)
        hf_buf_puts(&list, *expected == '|' ? ", " : (const char[]){*expected, '\0'});
    return hf_error_new(HF_REFUSED, "%s %s: found '%.60s', expected %s%s", what, option->name, value,
                        option->type == CHOICE ? "one of " : "", hf_buf_text(&list));
}

struct hf_error *option_check(enum option_kind kind, const char *name, const char *value)
{
    const char *names[128], *near;
    size_t count;
    const struct option *options = table(kind, &count);

    for (size_t i = 0; i < count; i++) {
        names[i] = options[i].name;
        if (strcmp(options[i].name, name) != 0)
            continue;
        return value == NULL || is_value(&options[i], value) ? NULL
                                                             : wrong_option(kinds[kind], &options[i], value);
    }
    near = crm_near_miss(name, names, count);
    if (near == NULL)
        return NULL;
    return hf_error_new(HF_REFUSED, "there is no %s '%s'; did you mean '%s'?", kinds[kind], name, near);
}

struct hf_error *option_check_utilization(const char *name, const char *value)
{
    return value == NULL || is_number(value)
               ? NULL
               : hf_error_new(HF_REFUSED, "utilization %.60s: found '%.60s', expected a whole number", name,
                              value);
}

/* --- elements --- */

static struct hf_error *check_utilization(const xmlNode *object)
{
    struct hf_error *error = NULL;

    HF_XML_EACH (set, object, "utilization")
        HF_XML_EACH (pair, set, "nvpair")
            if (error == NULL)
                error = option_check_utilization(hf_xml_get_or(pair, "name", ""), hf_xml_get(pair, "value"));
    return error;
}

static struct hf_error *check_set(const xmlNode *set, enum option_kind kind)
{
    HF_XML_EACH (pair, set, "nvpair") {
        const char *name = hf_xml_get(pair, "name");
        struct hf_error *error = name != NULL ? option_check(kind, name, hf_xml_get(pair, "value")) : NULL;

        if (error != NULL)
            return error;
    }
    return NULL;
}

/* A slip in an operation's name would make an operation that nobody asks for; and only these recur. */
static struct hf_error *check_operation_name(const xmlNode *op)
{
    static const char *const names[] = {"monitor",      "start",        "stop",     "promote",      "demote",
                                        "notify",       "migrate_to",   "status",   "migrate_from", "reload",
                                        "reload-agent", "validate-all", "meta-data"};
    static const char *const once[] = {"start", "stop", "promote", "demote", "migrate_to", "migrate_from"};
    const char *name = hf_xml_get_or(op, "name", ""), *interval = hf_xml_get_or(op, "interval", "0");
    const char *near = crm_near_miss(name, names, HF_ARRAY_LENGTH(names));

    for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++)
        if (strcmp(name, names[i]) == 0)
            near = NULL;
    if (near != NULL)
        return hf_error_new(HF_REFUSED, "there is no operation '%.60s'; did you mean '%s'?", name, near);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(once); i++)
        if (strcmp(name, once[i]) == 0 && strpbrk(interval, "123456789") != NULL)
            return hf_error_new(HF_REFUSED, "op %s: found interval '%.60s', expected 0: it does not recur",
                                name, interval);
    return NULL;
}

/* What the scheduler would not do at this operation: it would take the default. */
static struct hf_error *check_on_fail(const xmlNode *op)
{
    const char *name = hf_xml_get_or(op, "name", ""), *value = hf_xml_get_or(op, "on-fail", ""),
               *role = hf_xml_get_or(op, "role", "");
    bool demote = strcasecmp(value, "demote") == 0;

    if (strcmp(name, "stop") == 0 &&
        (demote || strcasecmp(value, "standby") == 0 || strcasecmp(value, "stop") == 0))
        return hf_error_new(HF_REFUSED, "op stop: found on-fail '%s', expected one of block, fence, ignore",
                            value);
    if (demote && strcmp(name, "promote") != 0 &&
        (strcmp(name, "monitor") != 0 ||
         (strcasecmp(role, "Promoted") != 0 && strcasecmp(role, "Master") != 0)))
        return hf_error_new(
            HF_REFUSED,
            "op %s: found on-fail 'demote', which is only for promote and for monitor with role Promoted",
            name);
    return NULL;
}

static struct hf_error *check_operation(const xmlNode *op)
{
    struct hf_error *wrong = check_operation_name(op);

    if (wrong == NULL)
        wrong = check_on_fail(op);

    if (wrong != NULL)
        return wrong;
    for (const xmlAttr *attribute = op->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;
        struct hf_error *error = NULL;

        if (strcmp(name, "id") != 0 && strcmp(name, "name") != 0 && strcmp(name, "description") != 0)
            error = option_check(OPTION_OPERATION, name, hf_xml_get(op, name));
        if (error != NULL)
            return hf_error_wrap(error, "op %s", hf_xml_get_or(op, "name", ""));
    }
    return NULL;
}

static struct hf_error *check_resource(const xmlNode *resource)
{
    struct hf_error *error = NULL;

    HF_XML_EACH (set, resource, "meta_attributes")
        if (error == NULL)
            error = check_set(set, OPTION_META);
    HF_XML_EACH (op, hf_xml_child(resource, "operations"), "op")
        if (error == NULL)
            error = check_operation(op);
    if (error == NULL)
        error = check_utilization(resource);
    HF_XML_EACH_ANY (child, resource)
        if (error == NULL && crm_section_of((const char *)child->name) != NULL)
            error = check_resource(child);
    return hf_error_wrap(error, "%s %s", (const char *)resource->name, hf_xml_get_or(resource, "id", ""));
}

struct hf_error *option_check_element(const xmlNode *element, const char *section)
{
    if (strcmp(section, "crm_config") == 0)
        return check_set(element, OPTION_CLUSTER);
    if (strcmp(section, "rsc_defaults") == 0)
        return check_set(element, OPTION_META);
    if (strcmp(section, "op_defaults") == 0)
        return check_set(element, OPTION_OPERATION);
    if (hf_xml_is(element, "op"))
        return check_operation(element);
    if (hf_xml_is(element, "node"))
        return hf_error_wrap(check_utilization(element), "node %s", hf_xml_get_or(element, "uname", ""));
    return strcmp(section, "resources") == 0 ? check_resource(element) : NULL;
}

/* --- unknown names --- */

void option_tell_name(enum option_kind kind, const char *name)
{
    if (*name != '$' && option_values(kind, name) == NULL)
        fprintf(stderr, "holdfast: warning: there is no %s '%.60s': it is kept, and has no effect here\n",
                kinds[kind], name);
}

static void tell_unknown(const xmlNode *set, enum option_kind kind)
{
    HF_XML_EACH (pair, set, "nvpair")
        if (hf_xml_get(pair, "name") != NULL)
            option_tell_name(kind, hf_xml_get(pair, "name"));
}

void option_tell_unknown(const xmlNode *element, const char *section)
{
    /* Sets of other names are where agents keep data of their own. */
    bool own = strcmp(hf_xml_get_or(element, "id", "cib-bootstrap-options"), "cib-bootstrap-options") == 0;

    if (strcmp(section, "crm_config") == 0 && own)
        tell_unknown(element, OPTION_CLUSTER);
    else if (strcmp(section, "rsc_defaults") == 0)
        tell_unknown(element, OPTION_META);
    else if (strcmp(section, "op_defaults") == 0)
        tell_unknown(element, OPTION_OPERATION);
    else if (strcmp(section, "resources") == 0)
        HF_XML_EACH (set, element, "meta_attributes")
            tell_unknown(set, OPTION_META);
}
