/* simulate_change.h - the "what if" of simulate: changes of a CIB's status before the scheduler runs. */
#ifndef HF_CLI_SIMULATE_CHANGE_H
#define HF_CLI_SIMULATE_CHANGE_H

#include <libxml/tree.h>
#include <stdint.h>

#include "daemon/sched/sched.h"
#include "lib/buf.h"
#include "lib/error.h"

/* Each field is a list of arguments of one flag. */
struct simulate_list {
    const char **at;
    int n;
};

struct simulate_changes {
    struct simulate_list node_up, node_down, node_fail, node_standby;
    struct simulate_list ticket_grant, ticket_revoke, ticket_standby, ticket_activate;
    struct simulate_list op_inject, op_fail;
    const char *quorum, *watchdog;
};

/* RESOURCE_TASK_INTERVAL@NODE=RC */
struct simulate_op {
    char *resource, *task, *node;
    int64_t interval_ms;
    int rc;
};

struct hf_error *simulate_op_parse(const char *text, struct simulate_op *op) HF_MUST_CHECK;
void simulate_op_free(struct simulate_op *op);

bool simulate_changes_any(const struct simulate_changes *changes);
/* Applies them to cib, and says in out what was done. now is the time that goes into the history. */
struct hf_error *simulate_change(xmlDoc *cib, const struct simulate_changes *changes, int64_t now,
                                 struct hf_buf *out) HF_MUST_CHECK;
/* A node's state as after it was fenced or shut down: its history and transient attributes are gone. */
void simulate_node_gone(xmlNode *cib, const char *node);
/* Counts one more failure of an operation (infinity: for ever). */
void simulate_failcount(xmlNode *cib, const char *node, const struct simulate_op *op, bool infinity,
                        int64_t now, struct hf_buf *out);

#endif
