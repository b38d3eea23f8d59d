/* changes.h - what to ask of the cluster so that one configuration becomes another.
 *
 * Compares two <configuration>s and writes the operations of doc/control.md that lead from the first to the
 * second: as small as the difference is, so that the history reads well and little is validated again.
 * Where elements changed places in a way the operations cannot follow, it is one <load>. */
#ifndef HF_CLI_CHANGES_H
#define HF_CLI_CHANGES_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "lib/buf.h"

/* Appends the operations; false (and nothing appended) if the configurations are the same. */
bool changes_between(const xmlNode *before, const xmlNode *after, struct hf_buf *operations);

#endif
