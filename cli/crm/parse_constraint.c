/* parse_constraint.c - location, colocation, order and rsc_ticket, with resource sets (see parser.h). */
#include "cli/crm/parser.h"

#include <string.h>
#include <strings.h>

static const char *const booleans[] = {"true", "false", NULL};

/* --- resource sets --- */

/* What stands behind a resource's ':' in this kind of constraint. */
enum suffix { ROLE, ACTION };

static const char *suffix_name(enum suffix suffix)
{
    return suffix == ROLE ? "role" : "action";
}

static void split(const char *text, char **id, const char **suffix)
{
    const char *colon = strchr(text, ':');

    *id = colon != NULL ? hf_strndup(text, (size_t)(colon - text)) : hf_strdup(text);
    *suffix = colon != NULL ? colon + 1 : NULL;
}

/* "RESOURCE[:ROLE]" or "RESOURCE[:ACTION]"; *value is canonical, or NULL. */
static bool resource(struct crm_parser *parser, enum suffix kind, char **id, const char **value)
{
    const struct crm_word *word = crm_any(parser, kind == ROLE ? "RESOURCE[:ROLE]" : "RESOURCE[:ACTION]");
    const char *suffix;

    *id = NULL;
    if (word == NULL)
        return false;
    split(word->text, id, &suffix);
    *value = suffix == NULL ? NULL : crm_canonical(suffix, kind == ROLE ? crm_roles : crm_actions);
    if (!crm_is_id(*id))
        return crm_wrong(parser, word, "found '%.60s', expected a resource's id", word->text);
    if (suffix == NULL || *value != NULL)
        return true;
    return crm_wrong(parser, word, "found %s '%.60s' for resource %s, expected one of %s", suffix_name(kind),
                     suffix, *id,
                     kind == ROLE ? "Started, Stopped, Promoted, Unpromoted, Master, Slave"
                                  : "start, stop, promote, demote");
}

/* sequential=, require-all=, action=, role=, ordering= within brackets. */
static bool set_attribute(struct crm_parser *parser, xmlNode *set)
{
    static const char *const keys[] = {"sequential", "require-all", "action", "role",
                                       "ordering",   "score",       "kind",   NULL};

    for (size_t i = 0; keys[i] != NULL; i++) {
        const struct crm_word *word = crm_peek(parser);
        const char *value = crm_pair(parser, keys[i]);

        if (value == NULL)
            continue;
        if (i < 2 && crm_canonical(value, booleans) == NULL)
            return crm_wrong(parser, word, "found '%.60s', expected %s=true or %s=false", word->text, keys[i],
                             keys[i]);
        hf_xml_set(set, keys[i], value);
        return true;
    }
    return false;
}

static void expect_set_attributes(struct crm_parser *parser)
{
    crm_expect(parser, "sequential=", true);
    crm_expect(parser, "require-all=", true);
}

/* Adds the resource here to *set; another suffix than the set has begins a new one. */
static bool set_member(struct crm_parser *parser, enum suffix kind, xmlNode *constraint, xmlNode **set)
{
    HF_CLEANUP(hf_freep) char *id = NULL;
    const char *value, *now;

    if (!resource(parser, kind, &id, &value))
        return false;
    now = *set != NULL ? hf_xml_get(*set, suffix_name(kind)) : NULL;
    if (*set == NULL || (hf_xml_child(*set, NULL) != NULL &&
                         strcmp(now != NULL ? now : "", value != NULL ? value : "") != 0)) {
        xmlNode *old = *set;

        *set = hf_xml_add(constraint, "resource_set");
        hf_xml_set(*set, "sequential", old != NULL ? hf_xml_get(old, "sequential") : NULL);
        hf_xml_set(*set, "require-all", old != NULL ? hf_xml_get(old, "require-all") : NULL);
    }
    hf_xml_set(*set, suffix_name(kind), value);
    hf_xml_set(hf_xml_add(*set, "resource_ref"), "id", id);
    return true;
}

/* What a bracket says of its sets, unless it was said within. */
static void set_defaults(xmlNode *first, const xmlNode *last, char open)
{
    HF_CLEANUP(hf_freep)
    char *sequential = hf_strdup(hf_xml_get_or(last, "sequential", open == '{' ? NULL : "false"));
    HF_CLEANUP(hf_freep)
    char *all = hf_strdup(hf_xml_get_or(last, "require-all", open == '[' ? "false" : NULL));

    for (xmlNode *set = first; set != NULL; set = hf_xml_next(set, "resource_set")) {
        hf_xml_set(set, "sequential", sequential);
        hf_xml_set(set, "require-all", all);
    }
}

/* What stands between brackets, the opening one taken. */
static bool bracket_set(struct crm_parser *parser, enum suffix kind, xmlNode *constraint, char open,
                        char close)
{
    const char name[] = {close, '\0'};
    xmlNode *set = hf_xml_add(constraint, "resource_set"), *first = set;

    while (!crm_at_keyword(parser, name)) {
        if (set_attribute(parser, set))
            continue;
        if (parser->error != NULL)
            return false;
        if (hf_xml_child(first, NULL) != NULL) {
            expect_set_attributes(parser);
            crm_expect(parser, open == '(' ? ")" : open == '[' ? "]" : "}", true);
        }
        if (!set_member(parser, kind, constraint, &set))
            return false;
    }
    if (hf_xml_child(first, NULL) == NULL)
        return crm_wrong(parser, NULL, "found '%s', expected at least one resource in the set", name);
    parser->at++;
    set_defaults(first, set, open);
    return true;
}

/* Options that end a constraint, such as symmetrical=. */
static bool option(struct crm_parser *parser, xmlNode *constraint, const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        const char *value = crm_pair(parser, *keys);

        if (value == NULL) {
            crm_expect(parser, *keys, true);
            continue;
        }
        hf_xml_set(constraint, *keys, value);
        return true;
    }
    return false;
}

static bool is_bracket(const struct crm_word *word)
{
    return !word->quoted && (strcmp(word->text, "(") == 0 || strcmp(word->text, "[") == 0);
}

/* How many bare resources stand here and whether nothing but options follows them. */
static size_t bare_resources(const struct crm_parser *parser, bool *alone)
{
    size_t at = parser->at;

    while (at < parser->words->count && parser->words->word[at].equals == SIZE_MAX &&
           !is_bracket(&parser->words->word[at]))
        at++;
    *alone = at == parser->words->count || !is_bracket(&parser->words->word[at]);
    return at - parser->at;
}

/* Any number of sets, bare or in brackets, then options. */
static bool resource_sets(struct crm_parser *parser, enum suffix kind, xmlNode *constraint,
                          const char *const *options)
{
    xmlNode *bare = NULL;

    while (crm_more(parser)) {
        if (crm_keyword(parser, "(") || crm_keyword(parser, "[")) {
            char open = parser->words->word[parser->at - 1].text[0];

            bare = NULL;
            if (!bracket_set(parser, kind, constraint, open, open == '(' ? ')' : ']'))
                return false;
            continue;
        }
        if (option(parser, constraint, options))
            continue;
        if (!set_member(parser, kind, constraint, &bare))
            return false;
    }
    if (hf_xml_child(constraint, "resource_set") != NULL)
        return true;
    crm_expect(parser, kind == ROLE ? "RESOURCE[:ROLE]" : "RESOURCE[:ACTION]", false);
    return crm_unexpected(parser);
}

/* One side of a constraint that has no sets. */
static bool simple_side(struct crm_parser *parser, enum suffix kind, xmlNode *constraint,
                        const char *attribute)
{
    HF_CLEANUP(hf_freep) char *id = NULL;
    const char *value;

    if (!resource(parser, kind, &id, &value))
        return false;
    hf_xml_set(constraint, attribute, id);
    if (value != NULL) {
        HF_CLEANUP(hf_freep) char *name = hf_asprintf("%s-%s", attribute, suffix_name(kind));

        hf_xml_set(constraint, name, value);
    }
    return true;
}

/* The resources of a constraint: sides if there are just that many, else sets; then options. */
static bool sides_or_sets(struct crm_parser *parser, enum suffix kind, xmlNode *constraint,
                          const char *const *sides, const char *const *options)
{
    size_t wanted = 0;
    bool alone;

    while (sides[wanted] != NULL)
        wanted++;
    while (option(parser, constraint, options))
        continue;
    if (crm_at_keyword(parser, "_rsc_set_")) { /* the crm shell's mark that sets follow */
        parser->at++;
        return resource_sets(parser, kind, constraint, options);
    }
    if (bare_resources(parser, &alone) != wanted || !alone)
        if (bare_resources(parser, &alone) > wanted || !alone || wanted == 1)
            return resource_sets(parser, kind, constraint, options);
    for (size_t i = 0; i < wanted; i++)
        if (!simple_side(parser, kind, constraint, sides[i]))
            return false;
    while (option(parser, constraint, options))
        continue;
    return true;
}

static bool begin(struct crm_parser *parser, struct crm_statement *statement, const char *name)
{
    const char *id = crm_id(parser, "the new constraint's id");

    if (id == NULL)
        return false;
    statement->element = xmlNewNode(NULL, (const xmlChar *)name);
    hf_xml_set(statement->element, "id", id);
    return true;
}

/* --- location --- */

static bool located(struct crm_parser *parser, xmlNode *location)
{
    const struct crm_word *word = crm_peek(parser);
    size_t length = word != NULL ? strlen(word->text) : 0;
    const char *id;

    if (crm_keyword(parser, "{")) {
        xmlNode *bare = NULL;

        while (!crm_at_keyword(parser, "}")) {
            crm_expect(parser, "}", true);
            if (crm_keyword(parser, "(") || crm_keyword(parser, "[")) {
                char open = parser->words->word[parser->at - 1].text[0];

                bare = NULL;
                if (!bracket_set(parser, ROLE, location, open, open == '(' ? ')' : ']'))
                    return false;
            } else if (bare != NULL && set_attribute(parser, bare)) {
                continue;
            } else if (parser->error != NULL || !set_member(parser, ROLE, location, &bare)) {
                return false;
            }
        }
        if (hf_xml_child(location, "resource_set") == NULL)
            return crm_wrong(parser, NULL, "found '}', expected at least one resource in the set");
        parser->at++;
        return true;
    }
    if (word != NULL && !word->quoted && length > 2 && word->text[0] == '/' &&
        word->text[length - 1] == '/') {
        hf_xml_setf(location, "rsc-pattern", "%.*s", (int)(length - 2), word->text + 1);
        parser->at++;
        return true;
    }
    id = crm_id(parser, "a resource's id, /PATTERN/ or { RESOURCES }");
    if (id != NULL)
        hf_xml_set(location, "rsc", id);
    return id != NULL;
}

static bool location_options(struct crm_parser *parser, xmlNode *location)
{
    static const char *const discoveries[] = {"always", "never", "exclusive", NULL};
    const struct crm_word *word;
    const char *value;
    bool found = true;

    while (found) {
        found = false;
        word = crm_peek(parser);
        if ((value = crm_pair(parser, "role")) != NULL) {
            if (!crm_set_role(parser, location, word, value))
                return false;
            found = true;
        } else if ((value = crm_pair(parser, "resource-discovery")) != NULL) {
            if (crm_canonical(value, discoveries) == NULL)
                return crm_wrong(parser, word,
                                 "found resource-discovery '%.60s', expected one of always, never, "
                                 "exclusive",
                                 value);
            hf_xml_set(location, "resource-discovery", crm_canonical(value, discoveries));
            found = true;
        } else if ((value = crm_pair(parser, "description")) != NULL) {
            hf_xml_set(location, "description", value);
            found = true;
        }
    }
    crm_expect(parser, "role=", true);
    crm_expect(parser, "resource-discovery=", true);
    return true;
}

bool crm_parse_location(struct crm_parser *parser, struct crm_statement *statement)
{
    HF_CLEANUP(hf_freep) char *label = NULL, *score = NULL;
    const struct crm_word *word;
    int rules;

    if (!begin(parser, statement, "rsc_location") || !located(parser, statement->element) ||
        !location_options(parser, statement->element))
        return false;
    word = crm_peek(parser);
    if (crm_label(parser, "SCORE: NODE", &label)) {
        if ((score = crm_score(label)) == NULL)
            return crm_wrong(parser, word, "found '%.60s', expected a score: a whole number, inf or -inf",
                             word->text);
        if ((word = crm_any(parser, "a node's name")) == NULL)
            return false;
        hf_xml_set(statement->element, "score", score);
        hf_xml_set(statement->element, "node", word->text);
        return location_options(parser, statement->element);
    }
    if (!crm_rules(parser, statement->element, &rules))
        return false;
    return rules > 0 || crm_unexpected(parser);
}

/* --- the others --- */

bool crm_parse_colocation(struct crm_parser *parser, struct crm_statement *statement)
{
    static const char *const sides[] = {"rsc", "with-rsc", NULL};
    static const char *const options[] = {"node-attribute", "influence", "description", NULL};
    HF_CLEANUP(hf_freep) char *label = NULL, *score = NULL;
    const struct crm_word *word;

    if (!begin(parser, statement, "rsc_colocation"))
        return false;
    word = crm_peek(parser);
    if (!crm_label(parser, "SCORE:", &label))
        return crm_unexpected(parser);
    if ((score = crm_score(label)) == NULL)
        return crm_wrong(parser, word, "found '%.60s', expected a score: a whole number, inf or -inf",
                         word->text);
    hf_xml_set(statement->element, "score", score);
    return sides_or_sets(parser, ROLE, statement->element, sides, options);
}

/* kind= may stand among the options. */
static bool check_kind(struct crm_parser *parser, xmlNode *order, const char *const *kinds)
{
    const char *said = hf_xml_get(order, "kind");
    size_t at = parser->words->count;

    if (said == NULL)
        return true;
    while (at > 0 && strncasecmp(parser->words->word[at - 1].text, "kind=", 5) != 0)
        at--;
    if (crm_canonical(said, kinds) == NULL)
        return crm_wrong(parser, at > 0 ? &parser->words->word[at - 1] : NULL,
                         "found kind '%.60s', expected one of Mandatory, Optional, Serialize", said);
    hf_xml_set(order, "kind", crm_canonical(said, kinds));
    return true;
}

bool crm_parse_order(struct crm_parser *parser, struct crm_statement *statement)
{
    static const char *const kinds[] = {"Mandatory", "Optional", "Serialize", NULL};
    static const char *const sides[] = {"first", "then", NULL};
    static const char *const options[] = {"symmetrical", "require-all", "kind", "description", NULL};
    HF_CLEANUP(hf_freep) char *label = NULL, *score = NULL;
    const struct crm_word *word;

    if (!begin(parser, statement, "rsc_order"))
        return false;
    for (size_t i = 0; kinds[i] != NULL; i++) {
        static const char *const labels[] = {"Mandatory:", "Optional:", "Serialize:"};

        crm_expect(parser, labels[i], true);
    }
    word = crm_peek(parser);
    if (crm_label(parser, "SCORE:", &label)) {
        const char *kind = crm_canonical(label, kinds), *near;

        score = crm_score(label);
        near = crm_near_miss(label, kinds, 3);
        if (kind == NULL && score == NULL)
            return crm_wrong(parser, word,
                             "found '%.60s', expected one of Mandatory:, Optional:, Serialize:%s%s%s",
                             word->text, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                             near != NULL ? ":'?" : "");
        hf_xml_set(statement->element, "kind",
                   kind != NULL ? kind
                   : strtol(score, NULL, 10) == 0 && score[0] != 'I' && strchr(score, 'I') == NULL
                       ? "Optional"
                       : "Mandatory");
    }
    if (!sides_or_sets(parser, ACTION, statement->element, sides, options))
        return false;
    return check_kind(parser, statement->element, kinds);
}

bool crm_parse_ticket(struct crm_parser *parser, struct crm_statement *statement)
{
    static const char *const policies[] = {"stop", "demote", "fence", "freeze", NULL};
    static const char *const sides[] = {"rsc", NULL};
    static const char *const options[] = {"loss-policy", NULL};
    HF_CLEANUP(hf_freep) char *ticket = NULL;
    const char *policy;

    if (!begin(parser, statement, "rsc_ticket"))
        return false;
    if (!crm_label(parser, "TICKET:", &ticket))
        return crm_unexpected(parser);
    hf_xml_set(statement->element, "ticket", ticket);
    if (!sides_or_sets(parser, ROLE, statement->element, sides, options))
        return false;
    policy = hf_xml_get(statement->element, "loss-policy");
    if (policy != NULL && crm_canonical(policy, policies) == NULL)
        return crm_wrong(parser, &parser->words->word[parser->words->count - 1],
                         "found loss-policy '%.60s', expected one of stop, demote, fence, freeze", policy);
    return true;
}
