/* planner.h - runs the scheduler beside the node: on a copy of the CIB that follows the node's.
 *
 * Pure: no thread, clock or socket.  A run over thousands of resources takes a good part of a second, in
 * which the node must go on acknowledging changes.  So the node does not run the scheduler; it makes a job of
 * it (struct planner_job), and its shell hands that to a planner where it likes: holdfastd in a thread, the
 * simulation some milliseconds later.  The node may have changed by the time the result is there; it then
 * throws the result away.
 *
 * A job has what was applied to the node's CIB since the job before, so that it costs what changed.  Jobs
 * must be run in the order in which they were made, each once. */
#ifndef HF_NODE_PLANNER_H
#define HF_NODE_PLANNER_H

#include "daemon/cib/document.h"
#include "daemon/sched/sched.h"
#include "lib/buf.h"

struct planner;

struct planner_job {
    uint64_t number;
    struct sched_input input;
    struct hf_buf journal;                   /* planner_journal_*() */
    struct cib_digest configuration, status; /* that the copy must have then */
};

struct planner_result {
    uint64_t number;
    struct sched_output *plan; /* NULL if there is an error, or the copy is wrong */
    struct hf_error *error;
    bool lost; /* the copy is not the node's CIB: the next job must have the whole of it */
};

/* What happened to the CIB, in this order.  The whole of it begins a journal anew. */
void planner_journal_whole(struct hf_buf *journal, const xmlNode *cib);
/* text: of an accepted <change>. */
void planner_journal_change(struct hf_buf *journal, const void *text, size_t length);
/* bytes: of an accepted status update. */
void planner_journal_status(struct hf_buf *journal, const void *bytes, size_t length);
/* The attributes of <cib>. */
void planner_journal_root(struct hf_buf *journal, const xmlNode *cib);

struct planner *planner_new(void) __attribute__((returns_nonnull));
/* NULL is fine. */
void planner_free(struct planner *planner);
/* The result is the caller's: planner_result_clear(), or taken from it. */
void planner_run(struct planner *planner, const struct planner_job *job, struct planner_result *result);

struct planner_job *planner_job_copy(const struct planner_job *job) __attribute__((returns_nonnull));
void planner_job_free(struct planner_job *job);
void planner_result_clear(struct planner_result *result);

#endif
