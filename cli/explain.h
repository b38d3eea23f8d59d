/* explain.h - why a resource is or is not on a node, for people and programs. */
#ifndef HF_CLI_EXPLAIN_H
#define HF_CLI_EXPLAIN_H

#include <libxml/tree.h>

#include "lib/error.h"
#include "lib/writer.h"

/* what: RESOURCE or RESOURCE@NODE. HF_REFUSED if there is no such resource. */
struct hf_error *explain_write(struct hf_writer *writer, const xmlDoc *cib, const char *what) HF_MUST_CHECK;

/* Says so, and why, if the primitive id is active, and would not get to node (promoted: would not be promoted there): the
 * strongest reasons against that node, and for those where it stays. Nothing if it would. */
struct hf_error *explain_if_held(struct hf_writer *writer, const xmlDoc *cib, const char *id,
                                 const char *node, bool promoted) HF_MUST_CHECK;

#endif
