/* simulate.h - `holdfast simulate`: what the scheduler would do, and what the cluster would look like then.
 *
 * Takes crm_simulate's flags.  A frontend for daemon/sched/ and daemon/transition/. */
#ifndef HF_CLI_SIMULATE_H
#define HF_CLI_SIMULATE_H

#include <libxml/tree.h>

#include "lib/error.h"

/* Fetches the running cluster's CIB for -L; *cib is the caller's. */
typedef struct hf_error *simulate_live_fn(xmlDoc **cib);

/* argv[0] is the command's own name.  Prints on stdout; returns an exit code of enum hf_error_kind.
 * live may be NULL where there is no cluster to ask. */
int cmd_simulate(int argc, char **argv, simulate_live_fn *live);

#endif
