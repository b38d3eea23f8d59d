/* schema-table.h - the grammar as a table of patterns, for those who have to look into it.
 *
 * libxml2 compiles RELAX NG into something that can only say yes or no.  schema.c needs to know which
 * definitions an element may be held to, and schema-explain.c what was expected at a place; both read it
 * here.  The table relies on the conventions that cib-schema/cib.rng states. */
#ifndef CIB_SCHEMA_TABLE_H
#define CIB_SCHEMA_TABLE_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "lib/alloc.h"

enum cib_pattern_kind {
    CIB_PATTERN_GROUP, /* all of the parts, in any order (our grammar knows no order) */
    CIB_PATTERN_CHOICE,
    CIB_PATTERN_OPTIONAL,
    CIB_PATTERN_MANY,      /* any number */
    CIB_PATTERN_SOME,      /* one or more */
    CIB_PATTERN_REF,       /* target */
    CIB_PATTERN_ELEMENT,   /* name, content in parts; a NULL name stands for any */
    CIB_PATTERN_ATTRIBUTE, /* name, value in parts; a NULL name stands for any */
    CIB_PATTERN_VALUE,     /* text */
    CIB_PATTERN_DATA,      /* type in name, regular expression in text, excepted values in parts */
    CIB_PATTERN_TEXT,
    CIB_PATTERN_EMPTY,
};

struct cib_pattern {
    enum cib_pattern_kind kind;
    const char *name;
    const char *text;
    const char *is;     /* hf:is, the words for what is expected, or NULL */
    const char *define; /* of an element: the name of its definition */
    const struct cib_pattern *target;
    struct cib_pattern *parts; /* the first; the others follow by next */
    struct cib_pattern *next;
};

struct cib_schema_table;

enum { CIB_CANDIDATES_MAX = 8 };

/* The definitions that one element may be held to. */
struct cib_candidates {
    const struct cib_pattern *item[CIB_CANDIDATES_MAX];
    size_t count;
};

/* Reads the text of one <grammar>; it is part of the program, so a grammar that breaks the conventions
 * aborts. */
struct cib_schema_table *cib_schema_table_new(const char *text, size_t length)
    __attribute__((returns_nonnull));
/* NULL is fine. */
void cib_schema_table_free(struct cib_schema_table *table);

/* Adds every element of this name that may stand directly in content (not inside another element). */
void cib_pattern_elements(const struct cib_pattern *content, const char *name,
                          struct cib_candidates *candidates);

/* What element may be: by its name and its ancestors, as far up as they belong to a CIB; none if it may not
 * stand where it is, or nowhere. */
struct cib_candidates cib_schema_candidates(const struct cib_schema_table *table, const xmlNode *element);

/* True if text is acceptable for an attribute's pattern. */
bool cib_pattern_accepts(const struct cib_pattern *attribute, const char *text);

#endif
