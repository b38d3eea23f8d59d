/* parser.h - what the parts of the crm parser share; private to cli/crm/.
 *
 * A parser walks the words of one statement.  Each question it asks of a word and gets "no" for is noted,
 * so that when a word fits nothing, the error can list all that would have fitted there and the nearest.
 * Functions return false once an error is set; the first error stays. */
#ifndef HF_CLI_CRM_PARSER_H
#define HF_CLI_CRM_PARSER_H

#include "cli/crm/ids.h"
#include "cli/crm/parse.h"
#include "lib/xml.h"

enum { CRM_EXPECTED_MAX = 48 };

struct crm_parser {
    const struct crm_words *words;
    size_t at;
    struct hf_error *error;
    /* What would have fitted at word expected_at; literals can be a near miss, descriptions cannot. */
    const char *expected[CRM_EXPECTED_MAX];
    bool literal[CRM_EXPECTED_MAX];
    size_t expected_count, expected_at;
};

/* --- parse.c: words --- */

/* The word here, NULL at the end. */
const struct crm_word *crm_peek(const struct crm_parser *parser);
bool crm_more(const struct crm_parser *parser);
/* Notes that literal (or a description such as "a node's name") would have fitted here. */
void crm_expect(struct crm_parser *parser, const char *text, bool literal);
/* If the word here is this unquoted keyword (any case), takes it. */
bool crm_keyword(struct crm_parser *parser, const char *keyword);
/* Whether the word here is this keyword, without taking or noting it. */
bool crm_at_keyword(const struct crm_parser *parser, const char *keyword);
/* Takes any word that is not NAME=VALUE; NULL and an error at the end. */
const struct crm_word *crm_any(struct crm_parser *parser, const char *description);
/* The same, and it must be able to be an id in XML. */
const char *crm_id(struct crm_parser *parser, const char *description);
/* If the word here is KEY=VALUE with this key (any case; a leading '$' is optional), takes it. */
const char *crm_pair(struct crm_parser *parser, const char *key);
/* If the word here ends in an unquoted ':', takes it; *text (the caller's) is without the colon. */
bool crm_label(struct crm_parser *parser, const char *description, char **text);
/* Sets "found 'x', expected one of ..." for the word here. Returns false. */
bool crm_unexpected(struct crm_parser *parser);
/* Sets an error about word (NULL: the one here or the end). Returns false. */
bool crm_wrong(struct crm_parser *parser, const struct crm_word *word, const char *format, ...)
    HF_PRINTF(3, 4);
/* The member of values (NULL-terminated) that text is, in its canonical case, or NULL. */
const char *crm_canonical(const char *text, const char *const *values);
/* Sets element's role to value, which was found at word; or an error, and returns false. */
bool crm_set_role(struct crm_parser *parser, xmlNode *element, const struct crm_word *word,
                  const char *value);
/* A copy of a score in the CIB's spelling (inf -> INFINITY), NULL if text is none; the caller's. */
char *crm_score(const char *text);

extern const char *const crm_roles[], *const crm_actions[];

/* --- parse_attributes.c: attribute sets, rules, operations --- */

struct crm_set_name {
    const char *keyword, *element;
};

/* Reads any number of "KEYWORD attribute-list"; implicit names the element for a list with no keyword, as
 * the first thing, or NULL. stop: further keywords that may follow (NULL-terminated), only for messages. */
bool crm_attribute_sets(struct crm_parser *parser, xmlNode *element, const struct crm_set_name *names,
                        const char *implicit);
/* One list: [$id=] [score:] [rule...] name=value... | $id-ref=. */
bool crm_attribute_list(struct crm_parser *parser, xmlNode *set);
/* Adds any number of rules to element; *count says how many. */
bool crm_rules(struct crm_parser *parser, xmlNode *element, int *count);
bool crm_operations(struct crm_parser *parser, xmlNode *element);
bool crm_starts_set(const struct crm_parser *parser, const struct crm_set_name *names);
/* If the word here is NAME=VALUE, adds an nvpair to set. */
bool crm_nvpair(struct crm_parser *parser, xmlNode *set);

/* --- one function per statement, the keyword already taken; false on error --- */

typedef bool crm_statement_parser(struct crm_parser *parser, struct crm_statement *statement);

crm_statement_parser crm_parse_primitive, crm_parse_template, crm_parse_group, crm_parse_clone, crm_parse_ms,
    crm_parse_bundle, crm_parse_monitor;
crm_statement_parser crm_parse_location, crm_parse_colocation, crm_parse_order, crm_parse_ticket;
crm_statement_parser crm_parse_node, crm_parse_property, crm_parse_rsc_defaults, crm_parse_op_defaults,
    crm_parse_tag, crm_parse_topology, crm_parse_xml;
crm_statement_parser crm_parse_alert, crm_parse_role, crm_parse_acl_target, crm_parse_acl_group,
    crm_parse_user;

#endif
