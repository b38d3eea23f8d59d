/* constraints.h - constraints and fencing topologies that are in the language and can have no effect, or a
 * fatal one. */
#ifndef HF_CLI_CONSTRAINTS_H
#define HF_CLI_CONSTRAINTS_H

#include "cli/crm/edit.h"
#include "lib/error.h"

/* HF_REFUSED for a constraint that names what is in a clone (the scheduler knows the clone only), or one that
 * ties a resource to itself or to what contains it. */
struct hf_error *constraint_check(const struct crm_edit *edit, const xmlNode *constraint) HF_MUST_CHECK;

/* HF_REFUSED for a fencing topology that names a primitive which is no fence device. */
struct hf_error *topology_check(const struct crm_edit *edit, const xmlNode *topology) HF_MUST_CHECK;

#endif
