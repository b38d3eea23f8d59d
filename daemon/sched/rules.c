/* rules.c - evaluates <rule> and reads sets of <nvpair>.
 *
 * A rule says whether its parent applies: date, node attribute, resource and operation expressions, joined
 * by and / or.  Sets are read in the order of their score, highest first, and the first value of a name
 * wins; so a set with a failing rule simply does not take part. */
#include "daemon/sched/model.h"

#include <ctype.h>
#include <strings.h>

/* Remembers the earliest future time at which an expression may turn. */
static void note_change(struct rule_input *input, int64_t when)
{
    if (when > input->run->now && (input->next_change == 0 || when < input->next_change))
        input->next_change = when;
}

/* "3", "3-5", "3-", "-5": whether value is in it. */
static bool in_range(const char *range, int64_t value)
{
    char *end;

    if (range == NULL)
        return true;
    if (*range == '-')
        return value <= strtoll(range + 1, NULL, 10);
    long long low = strtoll(range, &end, 10);
    if (end == range)
        return false;
    if (*end == '\0')
        return value == low;
    if (*end != '-')
        return false;
    return value >= low && (end[1] == '\0' || value <= strtoll(end + 1, NULL, 10));
}

static bool date_spec_matches(const xmlNode *spec, const struct rule_input *input)
{
    struct calendar c;

    sc_calendar(input->run->now, input->run->input->utc_offset, &c);
    return in_range(hf_xml_get(spec, "years"), c.year) && in_range(hf_xml_get(spec, "months"), c.month) &&
           in_range(hf_xml_get(spec, "monthdays"), c.day) && in_range(hf_xml_get(spec, "hours"), c.hour) &&
           in_range(hf_xml_get(spec, "minutes"), c.minute) &&
           in_range(hf_xml_get(spec, "seconds"), c.second) &&
           in_range(hf_xml_get(spec, "yeardays"), c.yearday) &&
           in_range(hf_xml_get(spec, "weekyears"), c.weekyear) &&
           in_range(hf_xml_get(spec, "weeks"), c.week) && in_range(hf_xml_get(spec, "weekdays"), c.weekday);
}

/* The time that attribute name holds; false if it is there but is no time. */
static bool time_attr(const xmlNode *element, const char *name, const struct rule_input *input, bool *given,
                      int64_t *when)
{
    const char *text = hf_xml_get(element, name);
    *given = text != NULL;
    return text == NULL || sc_time_parse(text, input->run->now, input->run->input->utc_offset, when);
}

/* So many of one unit; more than fit into 32 bits are none. */
static int64_t units(const xmlNode *duration, const char *name)
{
    int64_t number = sc_xml_long(duration, name, 0);
    return number >= INT32_MIN && number <= INT32_MAX ? number : 0;
}

static int64_t add_duration(const xmlNode *duration, int64_t start, int utc_offset)
{
    int64_t days = units(duration, "weeks") * 7 + units(duration, "days");
    int64_t seconds =
        units(duration, "hours") * 3600 + units(duration, "minutes") * 60 + units(duration, "seconds");
    return sc_time_add(start, utc_offset, units(duration, "years"), units(duration, "months"), days, seconds);
}

static bool in_date_range(const xmlNode *expression, struct rule_input *input)
{
    bool has_start, has_end;
    int64_t start = 0, end = 0, now = input->run->now;

    if (!time_attr(expression, "start", input, &has_start, &start) ||
        !time_attr(expression, "end", input, &has_end, &end))
        return false;
    if (!has_start && !has_end)
        return false;
    const xmlNode *duration = hf_xml_child(expression, "duration");
    if (!has_end && duration != NULL) {
        end = add_duration(duration, start, input->run->input->utc_offset);
        has_end = true;
    }
    if (has_start && now < start) {
        note_change(input, start);
        return false;
    }
    if (has_end) {
        if (now > end)
            return false;
        note_change(input, end + 1);
    }
    return true;
}

static bool date_matches(const xmlNode *expression, struct rule_input *input)
{
    const char *operation = hf_xml_get(expression, "operation");
    bool given;
    int64_t when = 0;

    if (operation == NULL || sc_ieq(operation, "in_range"))
        return in_date_range(expression, input);
    if (sc_ieq(operation, "date_spec")) {
        const xmlNode *spec = hf_xml_child(expression, "date_spec");
        return spec != NULL && date_spec_matches(spec, input);
    }
    if (sc_ieq(operation, "gt")) {
        if (!time_attr(expression, "start", input, &given, &when) || !given)
            return false;
        if (input->run->now > when)
            return true;
        note_change(input, when + 1);
        return false;
    }
    if (sc_ieq(operation, "lt")) {
        if (!time_attr(expression, "end", input, &given, &when) || !given)
            return false;
        if (input->run->now >= when)
            return false;
        note_change(input, when);
        return true;
    }
    return false;
}

/* %0 to %9 stand for what the parentheses of a resource pattern matched. */
static const char *expand_submatches(struct rule_input *input, const char *text)
{
    if (text == NULL || input->pattern_text == NULL || strchr(text, '%') == NULL)
        return text;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != '%' || !isdigit((unsigned char)at[1])) {
            hf_buf_putc(&out, *at);
            continue;
        }
        int n = *++at - '0';
        if (n < input->n_matches && input->matches[n].rm_so >= 0)
            hf_buf_add(&out, input->pattern_text + input->matches[n].rm_so,
                       (size_t)(input->matches[n].rm_eo - input->matches[n].rm_so));
    }
    return hf_arena_strdup(input->run->arena, hf_buf_text(&out));
}

const char *sc_rule_expand(struct rule_input *input, const char *text)
{
    return expand_submatches(input, text);
}

static int compare_typed(const char *a, const char *b, const char *type)
{
    int64_t x, y;

    if (b == NULL)
        return a == NULL ? 0 : 1;
    if (a == NULL)
        return -1;
    if (sc_ieq(type, "version"))
        return sc_compare_versions(a, b);
    if (sc_ieq(type, "integer") && sc_long(a, &x) && sc_long(b, &y))
        return x < y ? -1 : x > y;
    if (sc_ieq(type, "number")) {
        char *end_a, *end_b;
        double p = strtod(a, &end_a), q = strtod(b, &end_b);
        if (end_a != a && end_b != b)
            return p < q ? -1 : p > q;
    }
    return strcasecmp(a, b);
}

static bool attribute_matches(const xmlNode *expression, struct rule_input *input)
{
    const char *name = expand_submatches(input, hf_xml_get(expression, "attribute"));
    const char *operation = hf_xml_get(expression, "operation");
    const char *value = hf_xml_get(expression, "value");
    const char *source = hf_xml_get(expression, "value-source");
    const char *type = hf_xml_get(expression, "type");

    if (name == NULL || operation == NULL)
        return false;
    const char *actual = input->node_attrs == NULL ? NULL : sc_attr(input->node_attrs, name);
    if (sc_ieq(operation, "defined"))
        return actual != NULL;
    if (sc_ieq(operation, "not_defined"))
        return actual == NULL;
    if (value == NULL)
        return false;
    if (sc_ieq(source, "param"))
        value = input->rsc_params == NULL ? NULL : sc_attr(input->rsc_params, value);
    else if (sc_ieq(source, "meta"))
        value = input->rsc_meta == NULL ? NULL : sc_attr(input->rsc_meta, value);
    bool relational = !sc_ieq(operation, "eq") && !sc_ieq(operation, "ne");
    if (type == NULL && relational)
        type = (actual != NULL && strchr(actual, '.')) || (value != NULL && strchr(value, '.')) ? "number"
                                                                                                : "integer";
    int difference = compare_typed(actual, value, type);
    if (!relational)
        return sc_ieq(operation, "eq") ? difference == 0 : difference != 0;
    if (actual == NULL || value == NULL)
        return false;
    if (sc_ieq(operation, "lt"))
        return difference < 0;
    if (sc_ieq(operation, "lte"))
        return difference <= 0;
    if (sc_ieq(operation, "gt"))
        return difference > 0;
    return sc_ieq(operation, "gte") && difference >= 0;
}

static bool unset_or_same(const char *wanted, const char *have)
{
    return wanted == NULL || sc_eq(wanted, have);
}

static bool condition_matches(xmlNode *condition, struct rule_input *input)
{
    if (hf_xml_is(condition, "rule"))
        return sc_rule_matches(condition, input);
    if (hf_xml_is(condition, "expression"))
        return attribute_matches(condition, input);
    if (hf_xml_is(condition, "date_expression"))
        return date_matches(condition, input);
    if (hf_xml_is(condition, "rsc_expression"))
        return unset_or_same(hf_xml_get(condition, "class"), input->class_) &&
               unset_or_same(hf_xml_get(condition, "provider"), input->provider) &&
               unset_or_same(hf_xml_get(condition, "type"), input->type);
    if (hf_xml_is(condition, "op_expression")) {
        const char *interval = hf_xml_get(condition, "interval");
        int64_t ms;
        return sc_eq(hf_xml_get(condition, "name"), input->op_name) && sc_interval(interval, &ms) &&
               (interval == NULL || ms == input->op_interval_ms);
    }
    return false;
}

bool sc_rule_matches(xmlNode *rule, struct rule_input *input)
{
    rule = sc_deref(input->run, rule);
    if (rule == NULL || input->depth > 100)
        return false;
    const char *join = hf_xml_get(rule, "boolean-op");
    bool any = sc_ieq(join, "or"), empty = true;
    if (join != NULL && !any && !sc_ieq(join, "and"))
        return false;
    input->depth++;
    bool result = !any;
    HF_XML_EACH_ANY (condition, rule) {
        empty = false;
        if (condition_matches(condition, input) == any) {
            result = any;
            break;
        }
    }
    input->depth--;
    return empty || result;
}

/* --- sets of name/value pairs --- */

struct block {
    xmlNode *xml;
    int score;
    bool first;
    int position;
};

static int by_score(const void *a, const void *b)
{
    const struct block *x = a, *y = b;
    if (x->first != y->first)
        return x->first ? -1 : 1;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return y->position - x->position; /* of two equals the later one comes first */
}

static void read_block(const xmlNode *block, struct rule_input *input, struct attrs *into)
{
    const xmlNode *pairs = block;
    const xmlNode *nested = hf_xml_child(block, "attributes"); /* very old documents */

    if (nested != NULL)
        pairs = nested;
    HF_XML_EACH (pair, pairs, "nvpair") {
        const char *own_name = hf_xml_get(pair, "name");
        xmlNode *meant = sc_deref(input->run, pair);
        if (meant == NULL)
            continue;
        const char *name = own_name != NULL ? own_name : hf_xml_get(meant, "name");
        const char *value = hf_xml_get(meant, "value");
        if (name == NULL || value == NULL)
            continue;
        if (sc_ieq(value, "#default")) {
            if (sc_attr(into, name) != NULL)
                sc_attr_set(input->run, into, name, NULL);
            continue;
        }
        sc_attr_default(input->run, into, name, value);
    }
}

/* Reads all child sets with this element name; what into has already is kept.
 * first_id is the id of a set that comes before all others.  True if a rule was asked. */
bool sc_read_sets(const xmlNode *parent, const char *element, const char *first_id, struct rule_input *input,
                  struct attrs *into)
{
    struct block few[8], *blocks = few;
    int n = 0;
    bool rules = false;

    if (parent == NULL)
        return false;
    HF_XML_EACH (child, parent, element)
        n++;
    if (n == 0)
        return false;
    if (n > (int)HF_ARRAY_LENGTH(few))
        blocks = hf_arena_alloc(input->run->arena, (size_t)n * sizeof(*blocks));
    n = 0;
    HF_XML_EACH (child, parent, element) {
        xmlNode *block = sc_deref(input->run, child);
        if (block == NULL)
            continue;
        blocks[n] = (struct block){block, sc_score_or(input->run, hf_xml_get(block, "score"), 0),
                                   first_id != NULL && sc_eq(hf_xml_get(block, "id"), first_id), n};
        n++;
    }
    if (n > 1)
        qsort(blocks, (size_t)n, sizeof(*blocks), by_score);
    for (int i = 0; i < n; i++) {
        xmlNode *rule = hf_xml_child(blocks[i].xml, "rule");
        rules = rules || rule != NULL;
        if (rule == NULL || sc_rule_matches(rule, input))
            read_block(blocks[i].xml, input, into);
    }
    if (input->next_change != 0)
        sc_recheck(input->run, input->next_change);
    return rules;
}
