/* schema-explain.h - why an element is not acceptable: the place, what was found, what was expected.
 *
 * A walk of the pattern table beside the XML, run only after libxml2 has refused (it is also a second
 * opinion: the tests hold the two against each other).  Because the grammar knows no order among children,
 * what an element holds is a bag of attributes and child names, and the question at each element is which
 * way through its pattern uses up most of the bag. */
#ifndef CIB_SCHEMA_EXPLAIN_H
#define CIB_SCHEMA_EXPLAIN_H

#include <libxml/tree.h>

#include "daemon/cib/schema-table.h"
#include "lib/error.h"

/* The first thing wrong with element (HF_REFUSED), held to the first of candidates unless another fits, or
 * NULL if nothing was found. */
struct hf_error *cib_schema_explain(const struct cib_schema_table *table,
                                    const struct cib_candidates *candidates, const xmlNode *element,
                                    const char *source) HF_MUST_CHECK;

#endif
