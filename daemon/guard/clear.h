/* clear.h - `holdfast-guard --clear': takes away what a guard that ended left in the kernel. */
#ifndef GUARD_CLEAR_H
#define GUARD_CLEAR_H

#include "daemon/guard/config.h"

/* Takes its addresses and macvlan interfaces away, then the gates, then the file of orders.  HF_REFUSED if a
 * guard runs; HF_FAILED if something could not be done: then the gates stay shut. */
struct hf_error *clear_all(const struct guard_config *config) HF_MUST_CHECK;

#endif
