/* parse_attributes.c - attribute lists, rules and operations of the crm language (see parser.h). */
#include "cli/crm/parser.h"

#include <regex.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* --- name=value --- */

/* "@id" or "@id:name": the value is that of another nvpair. */
static bool reference_pair(struct crm_parser *parser, xmlNode *set)
{
    const struct crm_word *word = crm_peek(parser);
    HF_CLEANUP(hf_freep) char *id = NULL;
    const char *colon;
    xmlNode *pair;

    if (word->quoted || word->text[0] != '@' || word->equals != SIZE_MAX || word->text[1] == '\0')
        return false;
    colon = strchr(word->text, ':');
    id = colon != NULL ? hf_strndup(word->text + 1, (size_t)(colon - word->text - 1))
                       : hf_strdup(word->text + 1);
    if (!crm_is_id(id))
        return crm_wrong(parser, word, "found '%.60s', expected @ID or @ID:NAME", word->text);
    pair = hf_xml_add(set, "nvpair");
    hf_xml_set(pair, "id-ref", id);
    if (colon != NULL)
        hf_xml_set(pair, "name", colon + 1);
    parser->at++;
    return true;
}

bool crm_nvpair(struct crm_parser *parser, xmlNode *set)
{
    const struct crm_word *word = crm_peek(parser);
    HF_CLEANUP(hf_freep) char *name = NULL;
    xmlNode *pair;
    char *rest;

    if (word == NULL || parser->error != NULL)
        return false;
    if (reference_pair(parser, set))
        return true;
    if (parser->error != NULL || word->equals == SIZE_MAX || word->equals == 0)
        return false;
    name = hf_strndup(word->text, word->equals);
    rest = name;
    pair = hf_xml_add(set, "nvpair");
    if (!word->quoted && name[0] == '$') {
        char *colon = strchr(name, ':');

        rest = colon != NULL ? colon + 1 : name + 1;
        if (colon != NULL)
            *colon = '\0';
        if (!crm_is_id(name + 1) || *rest == '\0')
            return crm_wrong(parser, word, "found '%.60s', expected $ID:NAME=VALUE or $NAME=VALUE",
                             word->text);
        hf_xml_set(pair, "id", name + 1);
    }
    hf_xml_set(pair, "name", rest);
    hf_xml_set(pair, "value", word->text + word->equals + 1);
    parser->at++;
    return true;
}

/* A score followed by ':' (only a number or infinity; a name is something else's). */
static bool score_label(struct crm_parser *parser, xmlNode *element)
{
    HF_CLEANUP(hf_freep) char *label = NULL, *score = NULL;

    if (!crm_label(parser, "SCORE:", &label))
        return false;
    score = crm_score(label);
    if (score == NULL) {
        parser->at--;
        return false;
    }
    hf_xml_set(element, "score", score);
    return true;
}

/* $id=X sets the element's id, $id-ref=X makes it a reference (and ends its list). */
static bool id_spec(struct crm_parser *parser, xmlNode *element, bool *is_reference)
{
    const struct crm_word *word = crm_peek(parser);
    const char *id = crm_pair(parser, "$id"), *reference = id == NULL ? crm_pair(parser, "$id-ref") : NULL;

    *is_reference = reference != NULL;
    if (id == NULL && reference == NULL) {
        crm_expect(parser, "$id=", true);
        crm_expect(parser, "$id-ref=", true);
        return true;
    }
    if (!crm_is_id(id != NULL ? id : reference))
        return crm_wrong(parser, word, "found '%.60s', expected an id behind the '='", word->text);
    hf_xml_set(element, id != NULL ? "id" : "id-ref", id != NULL ? id : reference);
    return true;
}

bool crm_attribute_list(struct crm_parser *parser, xmlNode *set)
{
    bool is_reference;
    int rules;

    if (!id_spec(parser, set, &is_reference))
        return false;
    if (is_reference)
        return true;
    score_label(parser, set);
    if (!crm_rules(parser, set, &rules))
        return false;
    while (crm_nvpair(parser, set))
        continue;
    if (parser->error != NULL)
        return false;
    crm_expect(parser, "NAME=VALUE", false);
    if (hf_xml_child(set, "nvpair") == NULL && rules == 0 && hf_xml_get(set, "id") == NULL)
        return crm_unexpected(parser);
    return true;
}

bool crm_starts_set(const struct crm_parser *parser, const struct crm_set_name *names)
{
    for (; names->keyword != NULL; names++)
        if (crm_at_keyword(parser, names->keyword))
            return true;
    return false;
}

/* Whether a list with no keyword begins here: name=value, $id=, @ref, a score or a rule. */
static bool starts_list(const struct crm_parser *parser)
{
    const struct crm_word *word = crm_peek(parser);

    if (word == NULL)
        return false;
    return word->equals != SIZE_MAX || crm_at_keyword(parser, "rule") ||
           (!word->quoted && word->text[0] == '@' && word->text[1] != '\0');
}

static bool label_here(const struct crm_parser *parser)
{
    const struct crm_word *word = crm_peek(parser);
    size_t length = word != NULL ? strlen(word->text) : 0;

    return length > 1 && !word->quoted && word->text[length - 1] == ':';
}

static void expect_list(struct crm_parser *parser)
{
    crm_expect(parser, "$id=", true);
    crm_expect(parser, "$id-ref=", true);
    crm_expect(parser, "SCORE:", false);
    crm_expect(parser, "rule", true);
    crm_expect(parser, "NAME=VALUE", false);
}

/* A list behind its keyword; one that says nothing (the crm shell prints such) leaves nothing behind. */
static bool keyword_list(struct crm_parser *parser, xmlNode *set)
{
    if (starts_list(parser) || label_here(parser))
        return crm_attribute_list(parser, set);
    expect_list(parser);
    hf_xml_remove(set);
    return true;
}

bool crm_attribute_sets(struct crm_parser *parser, xmlNode *element, const struct crm_set_name *names,
                        const char *implicit)
{
    const struct crm_set_name *name = NULL;

    if (implicit != NULL && !crm_starts_set(parser, names) && starts_list(parser) &&
        !crm_attribute_list(parser, hf_xml_add(element, implicit)))
        return false;
    do {
        for (name = names; name->keyword != NULL; name++)
            if (crm_keyword(parser, name->keyword))
                break;
        if (name->keyword != NULL && !keyword_list(parser, hf_xml_add(element, name->element)))
            return false;
    } while (name->keyword != NULL);
    return parser->error == NULL;
}

/* --- rules --- */

static const char *const date_attributes[] = {"hours",   "monthdays", "weekdays", "yearsdays", "yeardays",
                                              "months",  "weeks",     "years",    "weekyears", "moon",
                                              "seconds", "minutes",   "days",     NULL};

/* Takes KEY=VALUE for each of keys into attributes of element; *count is how many. */
static void attribute_pairs(struct crm_parser *parser, xmlNode *element, const char *const *keys, int *count)
{
    bool found = true;

    *count = 0;
    while (found) {
        found = false;
        for (size_t i = 0; keys[i] != NULL && !found; i++) {
            const char *value = crm_pair(parser, keys[i]);

            if (value == NULL)
                continue;
            hf_xml_set(element, keys[i], value);
            (*count)++;
            found = true;
        }
    }
    for (size_t i = 0; keys[i] != NULL; i++)
        if (hf_xml_get(element, keys[i]) == NULL)
            crm_expect(parser, keys[i], true);
}

static bool date_range(struct crm_parser *parser, xmlNode *date)
{
    static const char *const ends[] = {"start", "end", NULL};
    int bounds, parts;
    xmlNode *duration;

    attribute_pairs(parser, date, ends, &bounds);
    duration = hf_xml_add(date, "duration");
    attribute_pairs(parser, duration, date_attributes, &parts);
    if (parts == 0)
        hf_xml_remove(duration);
    if (bounds == 0)
        return crm_wrong(parser, NULL,
                         "'date in' has neither start= nor end=, expected start=TIME and one of "
                         "end=TIME or a duration (hours=, days=, ...)");
    return true;
}

static bool date_expression(struct crm_parser *parser, xmlNode *rule)
{
    xmlNode *date = hf_xml_add(rule, "date_expression");
    const struct crm_word *value;
    int count;

    if (crm_keyword(parser, "lt") || crm_keyword(parser, "gt")) {
        bool before = strcasecmp(parser->words->word[parser->at - 1].text, "lt") == 0;

        hf_xml_set(date, "operation", before ? "lt" : "gt");
        if ((value = crm_any(parser, "a time")) == NULL)
            return false;
        hf_xml_set(date, before ? "end" : "start", value->text);
        return true;
    }
    if (crm_keyword(parser, "in") || crm_keyword(parser, "in_range")) {
        hf_xml_set(date, "operation", "in_range");
        return date_range(parser, date);
    }
    if (!crm_keyword(parser, "spec") && !crm_keyword(parser, "date_spec"))
        return crm_unexpected(parser);
    hf_xml_set(date, "operation", "date_spec");
    attribute_pairs(parser, hf_xml_add(date, "date_spec"), date_attributes, &count);
    return count > 0 || crm_unexpected(parser);
}

/* "[type:]operation"; false without an error set if the word here is none. */
static bool comparison(struct crm_parser *parser, xmlNode *expression)
{
    static const char *const operations[] = {"lt", "gt", "lte", "gte", "eq", "ne", NULL};
    static const char *const types[] = {"string", "version", "number", "integer", NULL};
    const struct crm_word *word = crm_peek(parser);
    const char *colon, *operation, *type = NULL;
    HF_CLEANUP(hf_freep) char *before = NULL;

    for (size_t i = 0; operations[i] != NULL; i++)
        crm_expect(parser, operations[i], true);
    if (word == NULL || word->quoted)
        return false;
    colon = strchr(word->text, ':');
    operation = crm_canonical(colon != NULL ? colon + 1 : word->text, operations);
    if (operation == NULL)
        return false;
    if (colon != NULL) {
        before = hf_strndup(word->text, (size_t)(colon - word->text));
        type = crm_canonical(before, types);
        if (type == NULL)
            return crm_wrong(parser, word,
                             "found type '%.60s', expected one of string, version, number, integer", before);
    }
    hf_xml_set(expression, "operation", operation);
    hf_xml_set(expression, "type", type);
    parser->at++;
    return true;
}

/* A value, or source{value} for value-source. */
static bool expression_value(struct crm_parser *parser, xmlNode *expression)
{
    static const char *const sources[] = {"literal", "param", "meta", NULL};
    const struct crm_word *word = crm_peek(parser);
    const char *open;
    size_t length;

    if (word == NULL) {
        crm_expect(parser, "a value", false);
        return crm_unexpected(parser);
    }
    parser->at++;
    open = strchr(word->text, '{');
    length = strlen(word->text);
    if (open != NULL && !word->quoted && word->text[length - 1] == '}') {
        HF_CLEANUP(hf_freep) char *source = hf_strndup(word->text, (size_t)(open - word->text));
        HF_CLEANUP(hf_freep) char *value = hf_strndup(open + 1, (size_t)(word->text + length - 2 - open));

        if (crm_canonical(source, sources) != NULL) {
            hf_xml_set(expression, "value", value);
            hf_xml_set(expression, "value-source", crm_canonical(source, sources));
            return true;
        }
    }
    hf_xml_set(expression, "value", word->text);
    return true;
}

/* "rsc class=ocf provider=heartbeat type=IPaddr2" and "op name=monitor interval=10s". */
static bool kind_expression(struct crm_parser *parser, xmlNode *rule, const char *name,
                            const char *const *keys)
{
    const struct crm_word *next;
    int count;

    if (!crm_at_keyword(parser, name))
        return false;
    next = parser->at + 1 < parser->words->count ? &parser->words->word[parser->at + 1] : NULL;
    if (next == NULL || next->equals == SIZE_MAX)
        return false;
    parser->at++;
    attribute_pairs(parser, hf_xml_add(rule, strcmp(name, "rsc") == 0 ? "rsc_expression" : "op_expression"),
                    keys, &count);
    if (count == 0)
        crm_unexpected(parser);
    return true;
}

static bool simple_expression(struct crm_parser *parser, xmlNode *rule)
{
    static const char *const resource_keys[] = {"class", "provider", "type", NULL};
    static const char *const operation_keys[] = {"name", "interval", NULL};
    const struct crm_word *word;
    xmlNode *expression;

    if (crm_keyword(parser, "date"))
        return date_expression(parser, rule);
    if (kind_expression(parser, rule, "rsc", resource_keys) ||
        kind_expression(parser, rule, "op", operation_keys))
        return parser->error == NULL;
    if (crm_keyword(parser, "defined") || crm_keyword(parser, "not_defined")) {
        bool defined = strcasecmp(parser->words->word[parser->at - 1].text, "defined") == 0;

        if ((word = crm_any(parser, "a node attribute")) == NULL)
            return false;
        expression = hf_xml_add(rule, "expression");
        hf_xml_set(expression, "operation", defined ? "defined" : "not_defined");
        hf_xml_set(expression, "attribute", word->text);
        return true;
    }
    if ((word = crm_any(parser, "a node attribute")) == NULL)
        return false;
    expression = hf_xml_add(rule, "expression");
    hf_xml_set(expression, "attribute", word->text);
    if (!comparison(parser, expression))
        return parser->error != NULL ? false : crm_unexpected(parser);
    return expression_value(parser, expression);
}

static bool rule_expressions(struct crm_parser *parser, xmlNode *rule)
{
    const char *joined = NULL;

    do {
        const struct crm_word *word;

        if (!simple_expression(parser, rule))
            return false;
        word = crm_peek(parser);
        if (!crm_keyword(parser, "and") && !crm_keyword(parser, "or"))
            return true;
        if (joined != NULL && strcasecmp(joined, word->text) != 0)
            return crm_wrong(parser, word,
                             "found '%s' after '%s': one rule joins its expressions by 'and' or by "
                             "'or', not both",
                             word->text, joined);
        joined = word->text;
        hf_xml_set(rule, "boolean-op", strcasecmp(joined, "or") == 0 ? "or" : NULL);
    } while (true);
}

static bool one_rule(struct crm_parser *parser, xmlNode *rule)
{
    HF_CLEANUP(hf_freep) char *label = NULL, *score = NULL;
    const char *role;
    const struct crm_word *word;
    bool is_reference;

    if (!id_spec(parser, rule, &is_reference))
        return false;
    word = crm_peek(parser);
    if ((role = crm_pair(parser, "role")) != NULL && !crm_set_role(parser, rule, word, role))
        return false;
    if (is_reference)
        return true;
    crm_expect(parser, "$role=", true);
    if (crm_label(parser, "SCORE:", &label)) {
        score = crm_score(label);
        hf_xml_set(rule, score != NULL ? "score" : "score-attribute", score != NULL ? score : label);
    } else {
        hf_xml_set(rule, "score", "INFINITY");
    }
    return rule_expressions(parser, rule);
}

bool crm_rules(struct crm_parser *parser, xmlNode *element, int *count)
{
    *count = 0;
    while (crm_keyword(parser, "rule")) {
        if (!one_rule(parser, hf_xml_add(element, "rule")))
            return false;
        (*count)++;
    }
    return parser->error == NULL;
}

/* --- operations --- */

static const char *const op_attributes[] = {
    "interval",    "timeout",         "role",           "on-fail",     "enabled",
    "start-delay", "interval-origin", "record-pending", "description", NULL};

/* The attributes of an op element; what else is written as NAME=VALUE is a parameter of the operation. */
static bool op_pairs(struct crm_parser *parser, xmlNode *op)
{
    xmlNode *parameters = NULL;
    const struct crm_word *word;

    while ((word = crm_peek(parser)) != NULL && word->equals != SIZE_MAX) {
        HF_CLEANUP(hf_freep) char *name = hf_strndup(word->text, word->equals);
        const char *known = word->quoted ? NULL : crm_canonical(name, op_attributes), *near;

        if (known != NULL && hf_xml_get(op, known) != NULL)
            return crm_wrong(parser, word, "'%s' is said twice, expected one value", known);
        if (known != NULL) {
            hf_xml_set(op, known, word->text + word->equals + 1);
            parser->at++;
            continue;
        }
        near = crm_near_miss(name, op_attributes, HF_ARRAY_LENGTH(op_attributes) - 1);
        if (near != NULL && !word->quoted)
            return crm_wrong(parser, word,
                             "found '%.60s', did you mean '%s='? (a parameter of that name goes behind "
                             "'op_params')",
                             word->text, near);
        if (parameters == NULL)
            parameters = hf_xml_add(op, "instance_attributes");
        if (!crm_nvpair(parser, parameters))
            return crm_unexpected(parser);
    }
    return true;
}

static bool operation(struct crm_parser *parser, xmlNode *operations)
{
    static const struct crm_set_name sets[] = {
        {"op_params", "instance_attributes"}, {"op_meta", "meta_attributes"}, {NULL, NULL}};
    const struct crm_word *name = crm_any(parser, "an operation (monitor, start, stop, ...)");
    xmlNode *op;
    const char *id;

    if (name == NULL)
        return false;
    op = hf_xml_add(operations, "op");
    if ((id = crm_pair(parser, "$id")) != NULL)
        hf_xml_set(op, "id", id);
    hf_xml_set(op, "name", name->text);
    if (!op_pairs(parser, op) || !crm_attribute_sets(parser, op, sets, NULL))
        return false;
    for (size_t i = 0; op_attributes[i] != NULL; i++)
        if (hf_xml_get(op, op_attributes[i]) == NULL)
            crm_expect(parser, op_attributes[i], false);
    if (hf_xml_get(op, "interval") == NULL)
        hf_xml_set(op, "interval", "0");
    return true;
}

bool crm_operations(struct crm_parser *parser, xmlNode *element)
{
    xmlNode *operations = NULL;
    bool is_reference = false;

    if (crm_keyword(parser, "operations")) {
        operations = hf_xml_add(element, "operations");
        if (!id_spec(parser, operations, &is_reference))
            return false;
        if (hf_xml_get(operations, "id") == NULL && !is_reference)
            return crm_unexpected(parser);
    }
    while (!is_reference && crm_keyword(parser, "op")) {
        if (operations == NULL)
            operations = hf_xml_ensure(element, "operations");
        if (!operation(parser, operations))
            return false;
    }
    return parser->error == NULL;
}
