/* digest.h - the fingerprints of an operation's parameters, as Pacemaker records them in lrm_rsc_op.
 *
 * A changed fingerprint is how the scheduler sees that a resource was reconfigured: op-digest over all
 * parameters (restart), op-force-restart over those that need a restart (the others reload), op-secure over
 * those that are not private (for a CIB with the secrets removed).  A fingerprint is the MD5 of
 * <parameters name="value" .../> with the attributes sorted by name. */
#ifndef HF_SCHED_DIGEST_H
#define HF_SCHED_DIGEST_H

#include "daemon/sched/graph.h"

enum { SCHED_DIGEST_SIZE = 33 }; /* 32 hex digits and NUL */

/* All of attrs that are agent parameters (no CRM_meta_* except the operation's own timeout, no pcmk_* of
 * fence devices that only the fencer reads). */
void sched_digest_all(const struct graph_attr *attrs, int count, char digest[SCHED_DIGEST_SIZE]);
/* The same of what an action of the graph is called with; the timeout is only part of a recurring one's. */
void sched_digest_action(const struct graph_action *action, char digest[SCHED_DIGEST_SIZE]);
/* Only (keep) or all but (!keep) those named in the space-separated list. */
void sched_digest_list(const struct graph_attr *attrs, int count, const char *list, bool keep,
                       char digest[SCHED_DIGEST_SIZE]);
/* MD5 of bytes, hex. */
void sched_md5(const void *bytes, size_t length, char digest[SCHED_DIGEST_SIZE]);

#endif
