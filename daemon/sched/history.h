/* history.h - reads and writes a node's operation history (<lrm>) and transient attributes in a CIB.
 *
 * Used by the daemon when an operation ends and by simulate when it pretends that one did, so that both
 * leave the same trace.  Pure: works on the document it is given. */
#ifndef HF_SCHED_HISTORY_H
#define HF_SCHED_HISTORY_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/sched/graph.h"

/* One finished (or pending, or injected) operation. */
struct history_op {
    const struct graph_resource *resource;
    const char *history_name; /* the name that the history knows it by, NULL: resource->id */
    const char *notify_key;   /* of a notify operation: its key, db_post_notify_start_0 */
    const char *migrate_source, *migrate_target;
    const char *task;
    int64_t interval_ms;
    const char *node_name, *node_id;
    const char *parent_id; /* remote or guest: the same as node_id; else NULL */
    int rc;                /* OCF exit code */
    int status;            /* -1 pending, 0 done, 2 timed out, 4 error, ... */
    int target_rc;
    int call_id;
    int64_t run, changed; /* epoch seconds of start and of the last change of the result */
    int64_t exec_ms, queue_ms;
    const char *exit_reason;      /* NULL or text */
    const char *transition_key;   /* ACTION:TRANSITION:TARGET_RC:UUID */
    const char *transition_magic; /* STATUS:RC;KEY; NULL: composed */
    const char *feature_set;      /* crm_feature_set */
    const char *digest, *restart_digest, *restart_list, *secure_digest, *secure_list; /* or NULL */
    uint64_t term;  /* a promotion by a lock: the lock's term; 0: none */
    bool moved;     /* not an operation of an agent: the guard changed the role by itself */
    bool runs_with; /* the digests are of the parameters that the resource was started with, not of this
                       operation */
};

/* The attributes of <lrm_rsc_op> that Pacemaker does not have. */
#define HISTORY_TERM "lock-term" /* of the lock by which the resource was promoted */
#define HISTORY_MOVED "moved-by" /* HISTORY_GUARD: the guard, and no agent was called */
#define HISTORY_GUARD "guard"
#define HISTORY_DIGESTS                                                                                      \
    "digests-of" /* HISTORY_START: a change of role, which keeps the digests of the start */
#define HISTORY_START "start"

/* Makes sure that node has a <node_state> and returns it. */
xmlNode *history_node_state(xmlNode *cib, const char *node_id, const char *node_name, bool remote);
/* What node_state (or NULL) says of a resource; NULL: nothing. */
const xmlNode *history_resource(const xmlNode *node_state, const char *resource);
/* Its last operation that was not recurring; NULL: none (or lrm_resource is NULL). */
const xmlNode *history_last(const xmlNode *lrm_resource);
/* Records one operation in <status>: the entry is made or replaced as Pacemaker's executor would (one entry
 * per task and interval, failures beside it as rsc_last_failure_0). Returns the <lrm_rsc_op>. */
xmlNode *history_record(xmlNode *cib, const struct history_op *op);
/* Sets (NULL removes) a transient attribute of a node. */
void history_attribute(xmlNode *cib, const char *node_id, const char *node_name, const char *name,
                       const char *value);

#endif
