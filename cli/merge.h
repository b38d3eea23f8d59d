/* merge.h - two people changed one configuration: their changes together, or where they meet.
 *
 * Pure.  Elements are followed by their ids; what only one of them changed is taken from that one. */
#ifndef HF_CLI_MERGE_H
#define HF_CLI_MERGE_H

#include <libxml/tree.h>

#include "lib/error.h"

/* Makes in now the changes that lead from before to after; all three are <configuration>s.  HF_CONFLICT
 * naming the object if now differs from before in what would be changed; now is then of no use any more. */
struct hf_error *merge_configuration(const xmlNode *before, const xmlNode *after, xmlNode *now) HF_MUST_CHECK;

#endif
