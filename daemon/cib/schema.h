/* schema.h - is this XML acceptable as a part of a CIB, and if not: where, what, and what was expected.
 *
 * The grammar is our own RELAX NG under cib-schema/ (Pacemaker's CIB vocabulary, schema 3.9 and the option
 * names of 4.x), compiled into the program, so nothing is read from disk.  The verdict is libxml2's; when it
 * is "no", schema-explain.c walks the same grammar to find the place and the expectation, because libxml2's
 * own messages name neither.  Only the grammar is checked here: unique ids and references that lead
 * somewhere are the document's business (document.h). */
#ifndef CIB_SCHEMA_H
#define CIB_SCHEMA_H

#include <libxml/tree.h>

#include "lib/error.h"

/* The grammar, with what was compiled of it so far.  Not for use by two threads at once. */
struct cib_schema;

/* Reads the built-in grammar.  Nothing is compiled before it is first needed. */
struct cib_schema *cib_schema_new(void) __attribute__((returns_nonnull));
/* NULL is fine. */
void cib_schema_free(struct cib_schema *schema);
/* For HF_CLEANUP. */
void cib_schema_freep(struct cib_schema **schema);

/* Checks one element and all within it: a whole <cib>, its <configuration>, or any element that may stand
 * inside (primitive, group, rsc_order, cluster_property_set, nvpair, node, ...), so that a small change
 * costs only what it changes.  An element that sits in a tree is held to the rules of its place there (an
 * <nvpair> in a <cluster_property_set> is a cluster option); the ancestors themselves are not checked.  An
 * element without a parent may be anything that its name stands for somewhere in a CIB.
 *
 * source names the origin in the message ("/etc/cluster.xml", "request").  HF_REFUSED carries source, line,
 * element, what was found and what was expected.  The tree is left as it was. */
struct hf_error *cib_schema_check(const struct cib_schema *schema, const xmlNode *element,
                                  const char *source) HF_MUST_CHECK;

#endif
