/* index.h - which element of the configuration has an id, and what refers to it.
 *
 * Ids, node ids, ACL users and node names are four name spaces, as in Pacemaker's schema (a remote node and
 * its resource bear the same id).  The index knows both ends: an element that defines a name, and elements
 * whose attributes refer to it.  While a change is being made it notes which names were touched, so that
 * one check at the end finds every reference that leads nowhere, in whatever order things came and went.
 * Private to daemon/cib/. */
#ifndef CIB_INDEX_H
#define CIB_INDEX_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "lib/error.h"

struct cib_index;

struct cib_index *cib_index_new(void);
void cib_index_free(struct cib_index *index);

/* Enters an element and all below it. HF_REFUSED if an id is there already (then nothing was entered). */
struct hf_error *cib_index_add(struct cib_index *index, xmlNode *element) HF_MUST_CHECK;
/* Takes an element and all below it out. */
void cib_index_remove(struct cib_index *index, xmlNode *element);
/* The same for the element alone, around a change of its attributes. */
struct hf_error *cib_index_add_one(struct cib_index *index, xmlNode *element) HF_MUST_CHECK;
void cib_index_remove_one(struct cib_index *index, xmlNode *element);

/* The element with this id, of any name space, or NULL. */
xmlNode *cib_index_find(const struct cib_index *index, const char *id);
/* Checks all references that touch what changed since the last cib_index_forget(): each must lead to an
 * element of the kind it wants. */
struct hf_error *cib_index_check(const struct cib_index *index) HF_MUST_CHECK;
/* Begins a new change. */
void cib_index_forget(struct cib_index *index);
/* How many names are defined and referred to (for verification). */
void cib_index_count(const struct cib_index *index, size_t *defined, size_t *referred);

#endif
