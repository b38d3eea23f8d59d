/* util.c - strings, numbers, scores, attribute lists and name tables for the scheduler's files. */
#include "daemon/sched/model.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <strings.h>

void *sc_grow(struct run *run, void *old, int *capacity, size_t size)
{
    int bigger = *capacity == 0 ? 4 : *capacity * 2;
    void *fresh = hf_arena_alloc(run->arena, (size_t)bigger * size);

    if (*capacity > 0)
        memcpy(fresh, old, (size_t)*capacity * size);
    *capacity = bigger;
    return fresh;
}

bool sc_eq(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool sc_ieq(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcasecmp(a, b) == 0);
}

bool sc_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool sc_true(const char *text)
{
    bool value = false;
    return hf_parse_bool(text, &value) && value;
}

/* strtoll(), which histories are full of work for: end is text where there is no number. */
int64_t sc_number(const char *text, const char **end)
{
    int64_t value = 0;
    const char *at = text;

    while (*at >= '0' && *at <= '9' && at - text < 18)
        value = 10 * value + (*at++ - '0');
    if (at == text || (*at >= '0' && *at <= '9')) /* a sign, white space or a very large number */
        value = strtoll(text, (char **)&at, 10);
    *end = at;
    return value;
}

/* A number at the start of text; what follows it is ignored, as Pacemaker does. */
bool sc_long(const char *text, int64_t *value)
{
    const char *end;

    if (text == NULL)
        return false;
    int64_t number = sc_number(text, &end);
    if (end == text)
        return false;
    *value = number;
    return true;
}

/* A number of at least minimum, or missing if there is none. */
int sc_int(const char *text, int missing, int minimum)
{
    int64_t value;

    if (!sc_long(text, &value))
        return missing;
    if (value < minimum)
        return minimum;
    return value > INT_MAX ? INT_MAX : (int)value;
}

int64_t sc_xml_long(const xmlNode *element, const char *name, int64_t missing)
{
    int64_t value;
    return sc_long(sc_get(element, name), &value) ? value : missing;
}

/* "10", "10s", "500ms", "2min", "1h", "P1DT2H": milliseconds. */
bool sc_interval(const char *text, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t multiplier, divisor;
    } units[] = {{"", 1000, 1},     {"s", 1000, 1},    {"sec", 1000, 1},  {"ms", 1, 1},
                 {"msec", 1, 1},    {"us", 1, 1000},   {"usec", 1, 1000}, {"m", 60000, 1},
                 {"min", 60000, 1}, {"h", 3600000, 1}, {"hr", 3600000, 1}};
    char *end = NULL;

    *ms = 0;
    if (text == NULL)
        return true;
    while (isspace((unsigned char)*text))
        text++;
    if (*text == 'P') {
        int64_t seconds;
        if (!sc_duration_parse(text, &seconds) || seconds < 0)
            return false;
        *ms = seconds > UINT_MAX / 1000 ? UINT_MAX : seconds * 1000;
        return true;
    }
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || number < 0)
        return false;
    while (isdigit((unsigned char)*end) || *end == '.')
        end++;
    while (isspace((unsigned char)*end))
        end++;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(units); i++) {
        size_t length = strcspn(end, " \t\n");
        if (strlen(units[i].unit) == length && strncasecmp(end, units[i].unit, length) == 0) {
            *ms = number > INT64_MAX / units[i].multiplier ? INT64_MAX
                                                           : number * units[i].multiplier / units[i].divisor;
            if (*ms > UINT_MAX)
                *ms = UINT_MAX;
            return true;
        }
    }
    return false;
}

int64_t sc_interval_or(const char *text, int64_t missing)
{
    int64_t ms;
    return text != NULL && sc_interval(text, &ms) ? ms : missing;
}

/* Milliseconds to seconds, rounded, but never to nothing. */
int64_t sc_seconds(int64_t ms)
{
    if (ms == 0)
        return 0;
    return ms < 1000 ? 1 : (ms + 500) / 1000;
}

/* A number, +-INFINITY, or red / yellow / green by the node-health options. */
bool sc_score(const struct run *run, const char *text, int *score)
{
    int64_t value;

    if (text == NULL)
        return false;
    if (strcmp(text, "INFINITY") == 0 || strcmp(text, "+INFINITY") == 0)
        *score = SC_INFINITY;
    else if (strcmp(text, "-INFINITY") == 0)
        *score = -SC_INFINITY;
    else if (strcasecmp(text, "red") == 0)
        *score = run->score_red;
    else if (strcasecmp(text, "yellow") == 0)
        *score = run->score_yellow;
    else if (strcasecmp(text, "green") == 0)
        *score = run->score_green;
    else if (!sc_long(text, &value))
        return false;
    else
        *score = value > SC_INFINITY ? SC_INFINITY : value < -SC_INFINITY ? -SC_INFINITY : (int)value;
    return true;
}

int sc_score_or(const struct run *run, const char *text, int missing)
{
    int score = missing;
    sc_score(run, text, &score);
    return score;
}

/* -INFINITY wins over INFINITY, which wins over any number. */
int sc_add(int a, int b)
{
    if (a <= -SC_INFINITY || b <= -SC_INFINITY)
        return -SC_INFINITY;
    if (a >= SC_INFINITY || b >= SC_INFINITY)
        return SC_INFINITY;
    int sum = a + b;
    return sum >= SC_INFINITY ? SC_INFINITY : sum <= -SC_INFINITY ? -SC_INFINITY : sum;
}

/* The number as text; without printf(), as large clusters want tens of thousands. */
const char *sc_decimal(struct run *run, int64_t number)
{
    char digits[24], *at = digits + sizeof(digits) - 1;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    *at = '\0';
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--at = '-';
    return hf_arena_strdup(run->arena, at);
}

const char *sc_score_text(struct run *run, int score)
{
    if (score >= SC_INFINITY)
        return "INFINITY";
    if (score <= -SC_INFINITY)
        return "-INFINITY";
    return sc_decimal(run, score);
}

/* Version-like comparison of dotted numbers. */
int sc_compare_versions(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b ? 0 : a == NULL ? -1 : 1;
    while (*a != '\0' || *b != '\0') {
        char *end;
        long x = strtol(a, &end, 10);
        a = *end == '.' ? end + 1 : end == a ? "" : end;
        long y = strtol(b, &end, 10);
        b = *end == '.' ? end + 1 : end == b ? "" : end;
        if (x != y)
            return x < y ? -1 : 1;
        if (!isdigit((unsigned char)*a) && !isdigit((unsigned char)*b))
            return 0;
    }
    return 0;
}

/* Case-insensitive, with runs of digits compared as numbers: node2 before node10. */
int sc_natural_compare(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            char *end_a, *end_b;
            long x = strtol(a, &end_a, 10), y = strtol(b, &end_b, 10);
            if (x != y)
                return x < y ? -1 : 1;
            if (end_a - a != end_b - b)
                return end_a - a < end_b - b ? -1 : 1;
            a = end_a;
            b = end_b;
        } else {
            int x = tolower((unsigned char)*a++), y = tolower((unsigned char)*b++);
            if (x != y)
                return x < y ? -1 : 1;
        }
    }
    return *a == *b ? 0 : *a == '\0' ? -1 : 1;
}

enum role sc_role_parse(const char *text)
{
    if (sc_ieq(text, "Stopped"))
        return ROLE_STOPPED;
    if (sc_ieq(text, "Started"))
        return ROLE_STARTED;
    if (sc_ieq(text, "Unpromoted") || sc_ieq(text, "Slave"))
        return ROLE_UNPROMOTED;
    if (sc_ieq(text, "Promoted") || sc_ieq(text, "Master"))
        return ROLE_PROMOTED;
    return ROLE_UNKNOWN;
}

const char *sc_role_text(enum role role)
{
    static const char *const names[] = {"Unknown", "Stopped", "Started", "Unpromoted", "Promoted"};
    return names[role];
}

/* --- names --- */

static uint64_t hash_text(const char *text)
{
    uint64_t hash = 1469598103934665603u;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return hash;
}

static struct name_slot *names_slot(const struct names *names, const char *name)
{
    unsigned mask = (unsigned)names->size - 1;
    for (unsigned i = (unsigned)hash_text(name) & mask;; i = (i + 1) & mask)
        if (names->slots[i].name == NULL || strcmp(names->slots[i].name, name) == 0)
            return &names->slots[i];
}

void *sc_names_get(const struct names *names, const char *name)
{
    if (names->size == 0 || name == NULL)
        return NULL;
    return names_slot(names, name)->value;
}

/* Keeps the value of a name that is already there unless replace. name must outlive the table. */
void sc_names_put(struct run *run, struct names *names, const char *name, void *value, bool replace)
{
    if (2 * (names->n + 1) > names->size) {
        struct names bigger = {.size = names->size == 0 ? 16 : names->size * 2};
        bigger.slots = hf_arena_alloc(run->arena, (size_t)bigger.size * sizeof(*bigger.slots));
        for (int i = 0; i < names->size; i++)
            if (names->slots[i].name != NULL)
                *names_slot(&bigger, names->slots[i].name) = names->slots[i];
        bigger.n = names->n;
        *names = bigger;
    }
    struct name_slot *slot = names_slot(names, name);
    if (slot->name == NULL) {
        names->n++;
        slot->name = name;
        slot->value = value;
    } else if (replace) {
        slot->value = value;
    }
}

/* --- attributes --- */

enum { ATTRS_SMALL = 12 };

/* A copy of text that lives as long as the run; one for each distinct text.  NULL stays NULL. */
const char *sc_keep(struct run *run, const char *text)
{
    if (text == NULL)
        return NULL;
    const char *known = sc_names_get(&run->strings, text);
    if (known == NULL) {
        known = hf_arena_strdup(run->arena, text);
        sc_names_put(run, &run->strings, known, (void *)known, false);
    }
    return known;
}

static int *attrs_slot(const struct attrs *attrs, const char *name)
{
    unsigned mask = (unsigned)attrs->hash_size - 1;
    for (unsigned i = (unsigned)hash_text(name) & mask;; i = (i + 1) & mask)
        if (attrs->hash[i] == 0 || strcmp(attrs->at[attrs->hash[i] - 1].name, name) == 0)
            return &attrs->hash[i];
}

static int attrs_find(const struct attrs *attrs, const char *name)
{
    if (attrs->hash != NULL)
        return *attrs_slot(attrs, name) - 1;
    for (int i = 0; i < attrs->n; i++)
        if (attrs->at[i].name[0] == name[0] && strcmp(attrs->at[i].name, name) == 0)
            return i;
    return -1;
}

const char *sc_attr(const struct attrs *attrs, const char *name)
{
    int i = attrs_find(attrs, name);
    return i < 0 ? NULL : attrs->at[i].value;
}

static void attrs_rehash(struct run *run, struct attrs *attrs)
{
    if (attrs->n <= ATTRS_SMALL || attrs->n * 2 < attrs->hash_size)
        return;
    attrs->hash_size = attrs->hash_size == 0 ? 64 : attrs->hash_size * 2;
    attrs->hash = hf_arena_alloc(run->arena, (size_t)attrs->hash_size * sizeof(int));
    for (int i = 0; i < attrs->n; i++)
        *attrs_slot(attrs, attrs->at[i].name) = i + 1;
}

/* name and value must outlive the run's arena or be in it. A NULL value keeps the name, for removal. */
void sc_attr_set(struct run *run, struct attrs *attrs, const char *name, const char *value)
{
    int i = attrs_find(attrs, name);

    value = sc_keep(run, value);
    if (i >= 0) {
        attrs->at[i].value = value;
        return;
    }
    struct attr attr = {sc_keep(run, name), value};
    SC_PUSH(run, attrs, attr);
    if (attrs->hash != NULL)
        *attrs_slot(attrs, name) = attrs->n;
    attrs_rehash(run, attrs);
}

void sc_attr_default(struct run *run, struct attrs *attrs, const char *name, const char *value)
{
    if (sc_attr(attrs, name) == NULL)
        sc_attr_set(run, attrs, name, value);
}

/* --- operation keys --- */

static const char *const task_names[] = {
    [TASK_NONE] = "no_action",
    [TASK_MONITOR] = "monitor",
    [TASK_STOP] = "stop",
    [TASK_STOPPED] = "stopped",
    [TASK_START] = "start",
    [TASK_RUNNING] = "running",
    [TASK_NOTIFY] = "notify",
    [TASK_NOTIFIED] = "notified",
    [TASK_PROMOTE] = "promote",
    [TASK_PROMOTED] = "promoted",
    [TASK_DEMOTE] = "demote",
    [TASK_DEMOTED] = "demoted",
    [TASK_SHUTDOWN] = "do_shutdown",
    [TASK_FENCE] = "stonith",
    [TASK_MIGRATE_TO] = "migrate_to",
    [TASK_MIGRATE_FROM] = "migrate_from",
    [TASK_CANCEL] = "cancel",
    [TASK_RELOAD] = "reload-agent",
    [TASK_DELETE] = "delete",
    [TASK_LRM_DELETE] = "lrm_delete",
    [TASK_CLEAR_FAILCOUNT] = "clear_failcount",
    [TASK_MAINTENANCE_NODES] = "maintenance_nodes",
};

const char *sc_task_name(enum task task)
{
    return task == TASK_OTHER ? "other" : task_names[task];
}

enum task sc_task_parse(const char *name)
{
    if (name == NULL)
        return TASK_NONE;
    for (int task = TASK_MONITOR; task < TASK_OTHER; task++)
        if (name[0] == task_names[task][0] && strcmp(name, task_names[task]) == 0)
            return (enum task)task;
    return TASK_OTHER;
}

/* Splits RESOURCE_OPERATION_INTERVAL; the names go to the arena. False if key is none. */
bool sc_key_parse(struct run *run, const char *key, const char **resource, const char **operation,
                  int64_t *interval_ms)
{
    static const char *const long_names[] = {"migrate_to", "migrate_from"};
    size_t length = key == NULL ? 0 : strlen(key);

    if (length < 5)
        return false;
    size_t interval_at = length - 2;
    while (interval_at > 2 && key[interval_at] != '_')
        interval_at--;
    if (interval_at == 2 || !isdigit((unsigned char)key[interval_at + 1]))
        return false;
    size_t action_at = 0;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(long_names); i++) {
        size_t n = strlen(long_names[i]);
        if (interval_at > n + 1 && key[interval_at - n - 1] == '_' &&
            strncmp(key + interval_at - n, long_names[i], n) == 0)
            action_at = interval_at - n - 1;
    }
    if (action_at == 0) {
        action_at = interval_at - 2;
        while (action_at > 0 && key[action_at] != '_')
            action_at--;
        if (action_at == 0)
            return false;
    }
    if (resource != NULL)
        *resource = hf_arena_strndup(run->arena, key, action_at);
    if (operation != NULL)
        *operation = hf_arena_strndup(run->arena, key + action_at + 1, interval_at - action_at - 1);
    if (interval_ms != NULL)
        *interval_ms = strtoll(key + interval_at + 1, NULL, 10);
    return true;
}

/* Length of an instance name without ":N". */
size_t sc_base_length(const char *id)
{
    size_t length = strlen(id), i = length;
    while (i > 0 && isdigit((unsigned char)id[i - 1]))
        i--;
    return i < length && i > 1 && id[i - 1] == ':' ? i - 1 : length;
}

const char *sc_base_name(struct run *run, const char *id)
{
    size_t length = sc_base_length(id);
    return id[length] == '\0' ? id : hf_arena_strndup(run->arena, id, length);
}

/* --- ids --- */

static void collect_ids(struct run *run, xmlNode *element)
{
    const char *id = sc_get(element, "id");
    if (id != NULL)
        sc_names_put(run, &run->ids, hf_arena_printf(run->arena, "%s %s", (const char *)element->name, id),
                     element, false);
    HF_XML_EACH_ANY (child, element)
        collect_ids(run, child);
}

/* The element itself, or the one of the same name that its id-ref means; NULL if there is none. */
xmlNode *sc_deref(struct run *run, xmlNode *element)
{
    const char *ref = element == NULL ? NULL : sc_get(element, "id-ref");
    if (ref == NULL)
        return element;
    if (!run->ids_known) {
        run->ids_known = true;
        if (run->config != NULL)
            collect_ids(run, run->config);
    }
    return sc_names_get(&run->ids, hf_arena_printf(run->arena, "%s %s", (const char *)element->name, ref));
}

void sc_warn(struct run *run, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    HF_CLEANUP(hf_freep) char *text = hf_vasprintf(format, arguments);
    va_end(arguments);
    SC_PUSH(run, &run->warnings, hf_arena_strdup(run->arena, text));
}

/* Notes that the decision may change at time when. */
void sc_recheck(struct run *run, int64_t when)
{
    if (when > run->now && (run->recheck_by == 0 || when < run->recheck_by))
        run->recheck_by = when;
}
