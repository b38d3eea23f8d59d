/* parse.c - see parse.h: the words of a statement, its errors, and which statement it is. */
#include "cli/crm/parser.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/buf.h"

const char *const crm_roles[] = {"Stopped", "Started", "Promoted", "Unpromoted", "Master", "Slave", NULL};
const char *const crm_actions[] = {"start", "stop", "promote", "demote", NULL};

/* --- near misses --- */

enum { NEAR_MAX = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance with transpositions, case ignored; words longer than NEAR_MAX are far from everything. */
static size_t distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    size_t row[3][NEAR_MAX + 1];

    if (la > NEAR_MAX || lb > NEAR_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= lb; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);

            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
                cb == tolower((unsigned char)a[i - 2]))
                now[j] = least(now[j], before[j - 2] + 1);
        }
    }
    return row[la % 3][lb];
}

const char *crm_near_miss(const char *word, const char *const *candidate, size_t count)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;

    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(candidate[i]);
        size_t allowed = length < 3 ? 0 : length < 6 ? 1 : 2;
        size_t found = distance(word, candidate[i]);

        if (found <= allowed && found < best_distance) {
            best = candidate[i];
            best_distance = found;
        }
    }
    return best;
}

/* --- words --- */

const struct crm_word *crm_peek(const struct crm_parser *parser)
{
    return parser->at < parser->words->count ? &parser->words->word[parser->at] : NULL;
}

bool crm_more(const struct crm_parser *parser)
{
    return crm_peek(parser) != NULL;
}

void crm_expect(struct crm_parser *parser, const char *text, bool literal)
{
    if (parser->expected_at != parser->at) {
        parser->expected_count = 0;
        parser->expected_at = parser->at;
    }
    for (size_t i = 0; i < parser->expected_count; i++)
        if (strcmp(parser->expected[i], text) == 0)
            return;
    if (parser->expected_count == CRM_EXPECTED_MAX)
        return;
    parser->expected[parser->expected_count] = text;
    parser->literal[parser->expected_count++] = literal;
}

bool crm_at_keyword(const struct crm_parser *parser, const char *keyword)
{
    const struct crm_word *word = crm_peek(parser);

    return word != NULL && !word->quoted && strcasecmp(word->text, keyword) == 0;
}

bool crm_keyword(struct crm_parser *parser, const char *keyword)
{
    if (crm_at_keyword(parser, keyword)) {
        parser->at++;
        return true;
    }
    crm_expect(parser, keyword, true);
    return false;
}

bool crm_wrong(struct crm_parser *parser, const struct crm_word *word, const char *format, ...)
{
    HF_CLEANUP(hf_freep) char *message = NULL;
    va_list arguments;
    int line, column;

    if (parser->error != NULL)
        return false;
    if (word == NULL)
        word = crm_peek(parser);
    line = word != NULL ? word->line : parser->words->end_line;
    column = word != NULL ? word->column : parser->words->end_column;
    va_start(arguments, format);
    message = hf_vasprintf(format, arguments);
    va_end(arguments);
    parser->error = hf_error_new(HF_USAGE, "line %d, column %d: %s", line, column, message);
    return false;
}

/* What the user most likely meant by word, among the literals expected here ("start" fits "strat=5"). */
static const char *nearest_expected(const struct crm_parser *parser, const char *word)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    HF_CLEANUP(hf_freep) char *key = hf_strndup(word, strcspn(word, "="));

    for (size_t i = 0; i < parser->expected_count; i++) {
        HF_CLEANUP(hf_freep) char *literal = hf_strdup(parser->expected[i]);
        const char *const candidate[] = {literal};
        size_t far;

        literal[strcspn(literal, "=")] = '\0';
        if (!parser->literal[i] || crm_near_miss(key, candidate, 1) == NULL)
            continue;
        far = distance(key, literal);
        if (far >= best_distance)
            continue;
        best = parser->expected[i];
        best_distance = far;
    }
    return best;
}

bool crm_unexpected(struct crm_parser *parser)
{
    struct hf_buf text = {0};
    const struct crm_word *word = crm_peek(parser);
    const char *near = NULL;

    if (parser->error != NULL)
        return false;
    if (word == NULL)
        hf_buf_puts(&text, "found the end of the statement");
    else
        hf_buf_printf(&text, "found '%.60s'", word->text);
    if (parser->expected_at != parser->at || parser->expected_count == 0)
        hf_buf_puts(&text, ", expected the end of the statement");
    else
        hf_buf_puts(&text, parser->expected_count > 1 ? ", expected one of " : ", expected ");
    for (size_t i = 0; parser->expected_at == parser->at && i < parser->expected_count; i++)
        hf_buf_printf(&text, "%s%s", i > 0 ? ", " : "", parser->expected[i]);
    if (word != NULL && parser->expected_at == parser->at)
        near = nearest_expected(parser, word->text);
    if (near != NULL)
        hf_buf_printf(&text, "; did you mean '%s'?", near);
    crm_wrong(parser, NULL, "%s", hf_buf_text(&text));
    hf_buf_free(&text);
    return false;
}

const struct crm_word *crm_any(struct crm_parser *parser, const char *description)
{
    const struct crm_word *word = crm_peek(parser);

    if (word != NULL && (word->equals == SIZE_MAX || word->quoted)) {
        parser->at++;
        return word;
    }
    crm_expect(parser, description, false);
    crm_unexpected(parser);
    return NULL;
}

const char *crm_id(struct crm_parser *parser, const char *description)
{
    const struct crm_word *word = crm_any(parser, description);

    if (word == NULL)
        return NULL;
    if (crm_is_id(word->text))
        return word->text;
    crm_wrong(parser, word,
              "found '%.60s', expected %s: an id begins with a letter or '_' and goes on with "
              "letters, digits, '.', '-' and '_'",
              word->text, description);
    return NULL;
}

const char *crm_pair(struct crm_parser *parser, const char *key)
{
    const struct crm_word *word = crm_peek(parser);
    size_t length = strlen(key);

    if (word != NULL && !word->quoted && word->equals != SIZE_MAX) {
        const char *name = word->text;
        size_t name_length = word->equals;

        if (key[0] != '$' && name[0] == '$') {
            name++;
            name_length--;
        }
        if (name_length == length && strncasecmp(name, key, length) == 0) {
            parser->at++;
            return word->text + word->equals + 1;
        }
    }
    return NULL;
}

bool crm_label(struct crm_parser *parser, const char *description, char **text)
{
    const struct crm_word *word = crm_peek(parser);
    size_t length = word != NULL ? strlen(word->text) : 0;

    *text = NULL;
    if (length > 1 && !word->quoted && word->equals == SIZE_MAX && word->text[length - 1] == ':') {
        *text = hf_strndup(word->text, length - 1);
        parser->at++;
        return true;
    }
    crm_expect(parser, description, false);
    return false;
}

const char *crm_canonical(const char *text, const char *const *values)
{
    for (; *values != NULL; values++)
        if (strcasecmp(text, *values) == 0)
            return *values;
    return NULL;
}

bool crm_set_role(struct crm_parser *parser, xmlNode *element, const struct crm_word *word, const char *value)
{
    const char *role = crm_canonical(value, crm_roles);

    if (role == NULL)
        return crm_wrong(parser, word,
                         "found role '%.60s', expected one of Started, Stopped, Promoted, Unpromoted, "
                         "Master, Slave",
                         value);
    hf_xml_set(element, "role", role);
    return true;
}

char *crm_score(const char *text)
{
    const char *sign = *text == '-' ? "-" : *text == '+' ? "+" : "";
    const char *number = text + strlen(sign);

    if (strcasecmp(number, "inf") == 0 || strcasecmp(number, "infinity") == 0)
        return hf_asprintf("%sINFINITY", sign);
    if (*sign == '\0' && strcasecmp(number, "mandatory") == 0)
        return hf_strdup("INFINITY");
    if (*sign == '\0' && strcasecmp(number, "advisory") == 0)
        return hf_strdup("0");
    if (*number == '\0' || number[strspn(number, "0123456789")] != '\0')
        return NULL;
    return hf_strdup(text);
}

/* --- statements --- */

#define ATTRIBUTES "$id=", "$id-ref=", "rule"

static const char *const resource_words[] = {"params", "meta",         "utilization", "operations",
                                             "op",     "description=", NULL};
static const char *const clone_words[] = {"meta", "params", "description=", NULL};
static const char *const bundle_words[] = {
    "docker",    "podman", "rkt",          "network", "port-mapping", "storage", "storage-mapping",
    "primitive", "meta",   "description=", NULL};
static const char *const location_words[] = {"rule", "role=", "resource-discovery=", NULL};
static const char *const colocation_words[] = {"node-attribute=", "influence=", NULL};
static const char *const order_words[] = {
    "Mandatory:", "Optional:", "Serialize:", "symmetrical=", "require-all=", NULL};
static const char *const ticket_words[] = {"loss-policy=", NULL};
static const char *const node_words[] = {"attributes", "utilization", "description=", NULL};
static const char *const set_words[] = {ATTRIBUTES, NULL};
static const char *const topology_words[] = {"attr:", "pattern:", NULL};
static const char *const alert_words[] = {"attributes", "meta", "select", "to", "description=", NULL};
static const char *const acl_words[] = {"read", "write", "deny", NULL};
static const char *const no_words[] = {NULL};

/* Which word begins which statement; old_name is understood, not offered. */
static const struct {
    const char *name, *section;
    enum crm_merge merge;
    crm_statement_parser *parse;
    const char *const *keywords;
    bool old_name;
} statements_table[] = {
    {"primitive", "resources", CRM_OBJECT, crm_parse_primitive, resource_words, false},
    {"group", "resources", CRM_OBJECT, crm_parse_group, clone_words, false},
    {"clone", "resources", CRM_OBJECT, crm_parse_clone, clone_words, false},
    {"ms", "resources", CRM_OBJECT, crm_parse_ms, clone_words, false},
    {"master", "resources", CRM_OBJECT, crm_parse_ms, clone_words, true},
    {"bundle", "resources", CRM_OBJECT, crm_parse_bundle, bundle_words, false},
    {"rsc_template", "resources", CRM_OBJECT, crm_parse_template, resource_words, false},
    {"monitor", "resources", CRM_OP, crm_parse_monitor, no_words, false},
    {"location", "constraints", CRM_OBJECT, crm_parse_location, location_words, false},
    {"colocation", "constraints", CRM_OBJECT, crm_parse_colocation, colocation_words, false},
    {"collocation", "constraints", CRM_OBJECT, crm_parse_colocation, colocation_words, true},
    {"order", "constraints", CRM_OBJECT, crm_parse_order, order_words, false},
    {"rsc_ticket", "constraints", CRM_OBJECT, crm_parse_ticket, ticket_words, false},
    {"node", "nodes", CRM_OBJECT, crm_parse_node, node_words, false},
    {"property", "crm_config", CRM_SET, crm_parse_property, set_words, false},
    {"rsc_defaults", "rsc_defaults", CRM_SET, crm_parse_rsc_defaults, set_words, false},
    {"op_defaults", "op_defaults", CRM_SET, crm_parse_op_defaults, set_words, false},
    {"tag", "tags", CRM_OBJECT, crm_parse_tag, no_words, false},
    {"fencing_topology", "fencing-topology", CRM_WHOLE, crm_parse_topology, topology_words, false},
    {"fencing-topology", "fencing-topology", CRM_WHOLE, crm_parse_topology, topology_words, true},
    {"alert", "alerts", CRM_OBJECT, crm_parse_alert, alert_words, false},
    {"role", "acls", CRM_OBJECT, crm_parse_role, acl_words, false},
    {"acl_target", "acls", CRM_OBJECT, crm_parse_acl_target, no_words, false},
    {"acl_group", "acls", CRM_OBJECT, crm_parse_acl_group, no_words, false},
    {"user", "acls", CRM_OBJECT, crm_parse_user, acl_words, true},
    {"xml", NULL, CRM_OBJECT, crm_parse_xml, no_words, false},
};

const char *const *crm_statement_names(void)
{
    static const char *const names[] = {"primitive",        "group",        "clone",       "ms",
                                        "bundle",           "rsc_template", "monitor",     "location",
                                        "colocation",       "order",        "rsc_ticket",  "node",
                                        "property",         "rsc_defaults", "op_defaults", "tag",
                                        "fencing_topology", "alert",        "role",        "acl_target",
                                        "acl_group",        "xml",          NULL};

    return names;
}

const char *const *crm_statement_keywords(const char *name)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(statements_table); i++)
        if (strcasecmp(statements_table[i].name, name) == 0)
            return statements_table[i].keywords;
    return NULL;
}

const char *crm_section_of(const char *element)
{
    static const struct {
        const char *element, *section;
    } map[] = {
        {"primitive", "resources"},
        {"group", "resources"},
        {"clone", "resources"},
        {"master", "resources"},
        {"bundle", "resources"},
        {"template", "resources"},
        {"rsc_location", "constraints"},
        {"rsc_colocation", "constraints"},
        {"rsc_order", "constraints"},
        {"rsc_ticket", "constraints"},
        {"node", "nodes"},
        {"cluster_property_set", "crm_config"},
        {"rsc_defaults", "rsc_defaults"},
        {"op_defaults", "op_defaults"},
        {"tag", "tags"},
        {"fencing-topology", "fencing-topology"},
        {"alert", "alerts"},
        {"acl_role", "acls"},
        {"acl_target", "acls"},
        {"acl_group", "acls"},
        {"acl_user", "acls"},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(map); i++)
        if (strcmp(map[i].element, element) == 0)
            return map[i].section;
    return NULL;
}

struct hf_error *crm_parse_words(const struct crm_words *words, struct crm_statement *statement)
{
    struct crm_parser parser = {.words = words, .expected_at = SIZE_MAX};
    const struct crm_word *first = crm_peek(&parser);

    *statement = (struct crm_statement){0};
    for (size_t i = 0; i < HF_ARRAY_LENGTH(statements_table); i++) {
        if (statements_table[i].old_name ? !crm_at_keyword(&parser, statements_table[i].name)
                                         : !crm_keyword(&parser, statements_table[i].name))
            continue;
        parser.at = 1;
        statement->section = statements_table[i].section;
        statement->merge = statements_table[i].merge;
        statement->line = first->line;
        statement->column = first->column;
        if (statements_table[i].parse(&parser, statement) && crm_more(&parser))
            crm_unexpected(&parser);
        break;
    }
    if (parser.at == 0)
        crm_unexpected(&parser);
    if (parser.error != NULL)
        crm_statement_free(statement);
    return parser.error;
}

struct hf_error *crm_parse(const char *text, size_t length, struct crm_statements *statements)
{
    struct crm_lexer lexer;
    struct crm_words words = {0};
    struct hf_error *error;
    bool more;

    *statements = (struct crm_statements){0};
    crm_lexer_init(&lexer, text, length);
    while ((error = crm_lex(&lexer, &words, &more)) == NULL && more) {
        struct crm_statement statement;

        error = crm_parse_words(&words, &statement);
        if (error != NULL)
            break;
        hf_grow(&statements->statement, &statements->capacity, statements->count + 1, sizeof(statement));
        statements->statement[statements->count++] = statement;
    }
    crm_words_free(&words);
    if (error != NULL)
        crm_statements_free(statements);
    return error;
}

void crm_statement_free(struct crm_statement *statement)
{
    xmlFreeNode(statement->element);
    free(statement->target);
    *statement = (struct crm_statement){0};
}

void crm_statements_free(struct crm_statements *statements)
{
    for (size_t i = 0; i < statements->count; i++)
        crm_statement_free(&statements->statement[i]);
    free(statements->statement);
    *statements = (struct crm_statements){0};
}
