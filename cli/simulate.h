/* simulate.h - `holdfast simulate`: what the scheduler would do, and what the cluster would look like then.
 *
 * Takes crm_simulate's flags, and what-ifs beside them.  A frontend for daemon/sched/ and daemon/transition/.
 */
#ifndef HF_CLI_SIMULATE_H
#define HF_CLI_SIMULATE_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "lib/error.h"

/* What simulate asks of the program it is part of. */
struct simulate_host {
    /* Fetches the running cluster's CIB for -L; *cib is the caller's.  NULL: there is no cluster to ask. */
    struct hf_error *(*live)(void *context, xmlDoc **cib);
    void *context; /* for live */
    /* Puts a file of crm statements or XML into a CIB for --change.  NULL: cannot be done. */
    struct hf_error *(*change)(xmlDoc *cib, const char *path);
    bool json; /* the program was told to print JSON */
    bool once; /* the program ends with this command */
};

/* argv[0] is the command's own name.  Prints on stdout; returns an exit code of enum hf_error_kind. */
int cmd_simulate(int argc, char **argv, const struct simulate_host *host);

#endif
