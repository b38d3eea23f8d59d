/* status.h - the state of the cluster, read from a CIB by the scheduler and written for people and programs.
 *
 * The text has crm_mon's shape; JSON has the whole status model (daemon/sched/status.h). */
#ifndef HF_CLI_STATUS_H
#define HF_CLI_STATUS_H

#include <libxml/tree.h>

#include "daemon/sched/status.h"
#include "lib/error.h"
#include "lib/writer.h"

/* Cluster summary, nodes, resources, failed actions. */
struct hf_error *status_write(struct hf_writer *writer, const xmlDoc *cib) HF_MUST_CHECK;
/* Only the resources; id: only that one and what is in it (HF_REFUSED if there is none), or NULL. */
struct hf_error *status_write_resources(struct hf_writer *writer, const xmlDoc *cib,
                                        const char *id) HF_MUST_CHECK;
/* Only the nodes, or the one of this name. */
struct hf_error *status_write_nodes(struct hf_writer *writer, const xmlDoc *cib,
                                    const char *name) HF_MUST_CHECK;
/* The model as members of the object that is open. */
void status_write_model(struct hf_writer *writer, const struct status_model *model);
/* What was fenced, newest first; target: only that node, or NULL for all. */
struct hf_error *status_write_fencing(struct hf_writer *writer, const xmlDoc *cib,
                                      const char *target) HF_MUST_CHECK;
/* The names of the nodes where a resource is active: the array and its strings are the caller's. */
struct hf_error *status_locate(const xmlDoc *cib, const char *id, bool promoted, char ***nodes,
                               int *count) HF_MUST_CHECK;

#endif
