/* sched.h - the scheduler: CIB and time in, transition graph, scores and reasons out.
 *
 * A pure function.  No clock, file, socket or global; everything of one run is in one arena which goes with
 * sched_output_free().  Policy is Pacemaker's, as its documentation and recorded cases have it; the CIB may
 * be in any schema version (old option names and shapes are brought up to date on a private copy). */
#ifndef HF_SCHED_SCHED_H
#define HF_SCHED_SCHED_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/sched/graph.h"
#include "daemon/sched/status.h"
#include "lib/buf.h"
#include "lib/error.h"

struct sched_input {
    int64_t now;           /* epoch seconds; must be given */
    int utc_offset;        /* seconds east of UTC: for date specifications and times without a zone */
    int transition_id;     /* the number that the graph gets */
    bool status_only;      /* unpack and stop: no decisions, an empty graph; for `holdfast status` */
    bool sanitized;        /* secrets may be masked: a change in these alone is none; for simulate */
    bool show_utilization; /* the text has capacities and remainders */
    bool show_scores;      /* record scores and reasons (costs time and memory) */
};

enum sched_score_kind {
    SCHED_ALLOCATION,  /* what a resource thinks of a node, at one stage of the decision */
    SCHED_PROMOTION,   /* how much an instance is to be promoted */
    SCHED_CAPACITY,    /* what a node has: all of it ("Original") or what is left ("Remaining") */
    SCHED_UTILIZATION, /* what a resource takes of the node it goes to */
};

/* One line of `simulate -s -U`. */
struct sched_score {
    enum sched_score_kind kind;
    const char *stage;    /* where it was noted, in crm_simulate's words: "pcmk__clone_assign", "Original" */
    const char *resource; /* instance name; NULL for a capacity */
    const char *node;     /* NULL: the instance is nowhere */
    int score;            /* of the first two kinds; INFINITY is 1000000 */
    const struct graph_attr *amounts; /* of the other two */
    int n_amounts;
};

/* An instance of a promotable clone and its chances, on the node that it is assigned to. */
struct sched_promotion {
    const char *resource;                 /* as the history and its agent know it */
    const char *class_, *provider, *type; /* provider may be NULL */
    const char *node;
    int score;     /* negative: it must not be promoted there now */
    bool promoted; /* it is to be */
    bool active;   /* it is there already */
};

/* One cause behind a decision. */
struct sched_reason {
    const char *resource;
    const char *node;   /* NULL: for all nodes */
    int score;          /* what it contributes, +-1000000 for must and must not */
    const char *cause;  /* plain words: "constraint loc-1 prefers n1", "failed there 3 times, ..." */
    const char *id;     /* the id of the XML element behind it, or NULL */
    const char *remedy; /* the holdfast command that changes it, or NULL */
};

/* What happens to a resource or node: one line of the "Transition Summary". */
struct sched_change {
    const char *what; /* crm_simulate's word: "Start", "Stop", "Move", "Restart", "Fence", "Shutdown"... */
    const char *resource;         /* NULL: it is about a node */
    const char *from, *to;        /* nodes; NULL for none.  About a node: to is its name */
    const char *role, *next_role; /* "Started", "Promoted"... */
    bool show_roles;              /* the roles matter: a promotable resource */
    const char *how;              /* of fencing: "reboot", "off", "on" */
    const char *launcher;         /* of a guest node: the resource that runs it */
    const char *reason;           /* or NULL */
    bool blocked;                 /* wanted, but cannot be done */
};

/* A node attribute that somebody but the cluster itself has set. */
struct sched_attribute {
    const char *name, *value;
    bool is_ping; /* a running ping resource keeps it, and expects this much */
    int expected;
};

/* A resource that failed on a node and is not cleaned up. */
struct sched_failcount {
    const char *resource; /* as the history calls it */
    int threshold;        /* so many keep it away from the node; INFINITY is 1000000 */
    int count;
    int64_t last; /* epoch seconds, 0 unknown */
};

struct sched_output;

/* Runs the policy over cib (root <cib>, not changed).  HF_REFUSED if it is no CIB at all; what is wrong with
 * single elements is reported through sched_warnings() and the element is left out, as Pacemaker does. */
struct hf_error *sched_run(const xmlDoc *cib, const struct sched_input *input,
                           struct sched_output **output) HF_MUST_CHECK;
/* NULL is fine. */
void sched_output_free(struct sched_output *output);

const struct sched_graph *sched_graph(const struct sched_output *output);
/* The cluster as the CIB's status section has it (before the transition). */
const struct status_model *sched_status(const struct sched_output *output);
/* In the order of the decisions; empty unless input->show_scores or show_utilization. */
const struct sched_score *sched_scores(const struct sched_output *output, int *count);
/* One clone after the other; of each, the best instance first. */
const struct sched_promotion *sched_promotions(const struct sched_output *output, int *count);
/* In the order of the summary. */
const struct sched_change *sched_changes(struct sched_output *output, int *count);
/* Of an online node, sorted by name; none of another. */
const struct sched_attribute *sched_attributes(struct sched_output *output, const char *node, int *count);
/* Of an online node, in the order of its history. */
const struct sched_failcount *sched_failcounts(struct sched_output *output, const char *node, int *count);
/* Epoch seconds at which to run again even if nothing happens (rules, failure-timeout), 0 for none. */
int64_t sched_next_recheck(const struct sched_output *output);
/* What was wrong with the configuration, in the order found. */
const char *const *sched_warnings(const struct sched_output *output, int *count);
/* Bytes of the run's arena. */
size_t sched_memory(const struct sched_output *output);

/* Reads a time in ISO 8601 (UTC unless it has a zone); "now" is taken for missing parts. */
bool sched_parse_time(const char *text, int64_t now, int64_t *epoch);
/* Reads an interval as the configuration has it: "10", "10s", "1min", ISO 8601. */
bool sched_parse_interval(const char *text, int64_t *ms);

/* Whether the rules of set, an element of the CIB that was run over, let it count on node (a name) at the
 * time of the run; a set without rules counts. For those who read sets that the scheduler has no use for. */
bool sched_set_applies(struct sched_output *output, const xmlNode *set, const char *node);
/* Whether id names a resource, or is what the history calls one. */
bool sched_knows_resource(const struct sched_output *output, const char *id);

/* Why resource (an instance or a collective) is or is not on node (NULL: any), strongest first.  Needs
 * input->show_scores.  The array is the caller's (free()), its contents the output's. */
struct sched_reason *sched_explain(struct sched_output *output, const char *resource, const char *node,
                                   int *count);

/* --- text, in crm_mon's and crm_simulate's shapes --- */

enum {
    STATUS_SHOW_PENDING = 1 << 0,    /* transitional states: "Starting" */
    STATUS_SHOW_INACTIVE = 1 << 1,   /* stopped resources and instances */
    STATUS_SHOW_DETAIL = 1 << 2,     /* every instance on a line of its own, node ids */
    STATUS_SHOW_FAILED = 1 << 3,     /* "Failed Resource Actions" */
    STATUS_SHOW_ATTRIBUTES = 1 << 4, /* "Node Attributes" */
    STATUS_SHOW_FAILCOUNTS = 1 << 5, /* "Migration Summary" */
    STATUS_SHOW_TECHNICAL = 1 << 6,  /* failed actions with their keys and codes */
    STATUS_SIMULATE = STATUS_SHOW_PENDING | STATUS_SHOW_INACTIVE, /* what crm_simulate shows */
};

/* "Node List", "Full List of Resources" and what else is asked for; each line with prefix. */
void sched_print_status(const struct sched_output *output, unsigned flags, const char *prefix,
                        struct hf_buf *out);
/* The lines of "Transition Summary". */
void sched_print_summary(struct sched_output *output, const char *prefix, struct hf_buf *out);
/* The decision as a drawing for Graphviz.  all: also the actions that are not needed or belong to unmanaged
 * resources; ids: each action with its number. */
void sched_print_dot(const struct sched_output *output, bool all, bool ids, struct hf_buf *out);
/* The lines of "Assignment Scores" and "Utilization Information". */
void sched_print_scores(const struct sched_output *output, const char *prefix, struct hf_buf *out);

#endif
