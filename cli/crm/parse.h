/* parse.h - the crm shell's configure language, read into elements of the CIB.
 *
 * The grammar is that of the crm shell as Pacemaker's and SUSE's documentation have it (doc/crm-grammar.md
 * is our reading of it).  The parser knows nothing of any CIB: what a statement leaves open (ids, where a
 * group's members are) is filled in when it is applied (apply.h). */
#ifndef HF_CLI_CRM_PARSE_H
#define HF_CLI_CRM_PARSE_H

#include <libxml/tree.h>

#include "cli/crm/lex.h"

/* How a statement's element meets the CIB. */
enum crm_merge {
    CRM_OBJECT, /* stands for itself, by its id (a node: or by its name) */
    CRM_SET,    /* nvpairs that join the set of that id, or the section's first one */
    CRM_WHOLE,  /* the whole section: fencing_topology */
    CRM_OP,     /* an operation that joins a resource: monitor */
};

struct crm_statement {
    enum crm_merge merge;
    const char *section; /* "resources", "constraints", ...: the child of <configuration> it belongs to */
    /* Ids that were not given are missing.  A member of a group, clone or bundle is <member id=>; a
     * reference by $id-ref may name the resource instead of its set. The statement's own. */
    xmlNode *element;
    char *target; /* CRM_OP: the resource */
    int line, column;
};

struct crm_statements {
    struct crm_statement *statement;
    size_t count, capacity;
};

/* Reads one statement. HF_USAGE: "line L, column C: found 'x', expected one of ...". */
struct hf_error *crm_parse_words(const struct crm_words *words,
                                 struct crm_statement *statement) HF_MUST_CHECK;
/* Reads a text of any number of statements; on error statements is empty. */
struct hf_error *crm_parse(const char *text, size_t length, struct crm_statements *statements) HF_MUST_CHECK;
void crm_statement_free(struct crm_statement *statement);
void crm_statements_free(struct crm_statements *statements);

/* The statements' first words, NULL-terminated, for help and completion. */
const char *const *crm_statement_names(void);
/* The keywords that may follow in a statement that begins with name, NULL-terminated; NULL if unknown. */
const char *const *crm_statement_keywords(const char *name);
/* The section of <configuration> that an element of this name belongs to, or NULL. */
const char *crm_section_of(const char *element_name);
/* The candidate nearest to word by edit distance, if near enough to be a slip, or NULL. */
const char *crm_near_miss(const char *word, const char *const *candidate, size_t count);

#endif
