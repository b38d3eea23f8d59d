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
    struct simulate_list files; /* of --change */
    const char *quorum, *watchdog;
};

/* RESOURCE_TASK_INTERVAL@NODE=RC as crm_simulate has it, or the what-if RESOURCE:TASK@NODE. */
struct simulate_op {
    char *resource, *task, *node;
    int64_t interval_ms; /* -1: any */
    int rc;
    bool what_if; /* what follows from the failure is to be shown too */
};

/* One change that was made, for the printers. */
enum simulate_note_kind {
    NOTE_QUORUM,
    NOTE_WATCHDOG,
    NOTE_NODE,      /* subject: the node; action: Online, Offline, Failing, Standby */
    NOTE_TICKET,    /* subject: the ticket; action: Granting, Revoking, Standby, Activating */
    NOTE_OPERATION, /* subject: the operation that is taken to have failed */
    NOTE_ATTRIBUTE, /* subject: the node */
    NOTE_FILE,      /* subject: where changes of the configuration came from */
};

struct simulate_note {
    enum simulate_note_kind kind;
    const char *action;
    char *subject, *name, *value; /* NULL where the kind has none */
};

struct simulate_notes {
    struct simulate_note *at;
    int n, capacity;
};

struct hf_error *simulate_op_parse(const char *text, struct simulate_op *op) HF_MUST_CHECK;
void simulate_op_free(struct simulate_op *op);

bool simulate_changes_any(const struct simulate_changes *changes);
/* Puts statements of the crm language, or XML, from a file into the configuration of cib. */
typedef struct hf_error *simulate_change_fn(xmlDoc *cib, const char *path);

/* Applies them to cib, and notes what was done. now is the time that goes into the history; file may be NULL
 * where changes.files is empty. */
struct hf_error *simulate_change(xmlDoc *cib, const struct simulate_changes *changes, int64_t now,
                                 simulate_change_fn *file, struct simulate_notes *notes) HF_MUST_CHECK;
/* Appends the note as a line of text, in crm_simulate's words. */
void simulate_note_text(const struct simulate_note *note, struct hf_buf *out);
void simulate_notes_free(struct simulate_notes *notes);
/* A node's state as after it was fenced or shut down: its history and transient attributes are gone. */
void simulate_node_gone(xmlNode *cib, const char *node);
/* Counts one more failure of an operation (infinity: for ever). */
void simulate_failcount(xmlNode *cib, const char *node, const struct simulate_op *op, bool infinity,
                        int64_t now, struct simulate_notes *notes);

#endif
