/* graph.h - the transition graph: what the scheduler wants done, and in which order.
 *
 * Made by sched_run(), walked by daemon/transition/, drawn by simulate.  The words are those of Pacemaker's
 * <transition_graph>: an action may be dispatched when all actions in its inputs are confirmed.  The graph
 * and everything in it belongs to the struct sched_output it came from and is constant. */
#ifndef HF_SCHED_GRAPH_H
#define HF_SCHED_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

enum graph_kind {
    GRAPH_PSEUDO, /* nothing to do: confirmed as soon as it is dispatched */
    GRAPH_RSC_OP, /* an operation of a resource agent, on node */
    GRAPH_FENCE,  /* fencing (or unfencing) of node, done by any node ("crm_event" in XML) */
    GRAPH_EVENT, /* other cluster work: task is do_shutdown, clear_failcount, lrm_delete, maintenance_nodes */
};

/* A name and a value: an agent parameter, or "CRM_meta_..." */
struct graph_attr {
    const char *name;
    const char *value;
};

struct graph_resource {
    const char *id;       /* the instance's name in the history: "db:0" for a unique clone, else "db" */
    const char *long_id;  /* "group:db:0", NULL if the same as id */
    const char *class_;   /* ocf, lsb, systemd, service, stonith */
    const char *provider; /* NULL unless class is ocf */
    const char *type;
};

struct graph_action {
    int id; /* as in key="ID:TRANSITION:..."; unique, not dense */
    enum graph_kind kind;
    int priority;             /* of the synapse; higher must not be dropped by a lower abort */
    const char *task;         /* start, stop, monitor, promote, demote, notify, migrate_to, stonith... */
    const char *key;          /* operation key: db_monitor_10000 */
    const char *internal_key; /* the same with the instance's number, or NULL if key has that */
    const char *node_name;    /* where (or whom), NULL for pseudo actions */
    const char *node_id;      /* its uuid */
    const char *router_node;  /* the cluster node that carries it out for a guest or remote node; or NULL */
    const struct graph_resource *resource; /* NULL if not of a resource */
    int64_t interval_ms;                   /* 0 unless recurring */
    int64_t timeout_ms;                    /* of the operation itself; 0 if not bounded */
    int64_t start_delay_ms;                /* wait this long before the agent is called */
    int target_rc;                         /* the exit code that counts as success */
    bool can_fail;                         /* a failure does not fail the transition */
    bool no_record;                        /* result is not recorded in the history */
    bool no_wait;                          /* confirmed as soon as it is dispatched */
    int64_t shutdown_lock;                 /* the resource is tied to the node since then; 0 not */
    const struct graph_attr *attrs;        /* parameters and CRM_meta_*, sorted by name */
    int n_attrs;
    const int *inputs; /* indices into graph->actions, in the order of the XML */
    int n_inputs;
    bool blocked; /* it also waits for something that will not happen, so it must not happen either */
    const char *const *downed; /* uuids of the nodes that this action takes down */
    int n_downed;
    const char *const *maintenance; /* for maintenance_nodes: uuid, "0"/"1" pairs */
    int n_maintenance;
};

struct sched_graph {
    int id; /* transition number, from the input */
    struct graph_action *actions;
    int n_actions;
    const char *cluster_delay;      /* as configured, for graph_to_xml() */
    const char *fencing_timeout;    /* the same */
    int64_t cluster_delay_ms;       /* added to every action's timer */
    int64_t stonith_timeout_ms;     /* of a fencing action */
    int batch_limit;                /* at most so many actions at once; 0 is no limit */
    int migration_limit;            /* at most so many migrations per node; -1 is no limit */
    const char *failed_stop_offset; /* the failcount that a failed stop adds: "INFINITY" or "+1" */
    const char *failed_start_offset;
    int64_t recheck_by; /* epoch seconds of the next decision that time alone changes; 0 none */
};

/* The attribute's value or NULL. */
const char *graph_attr_get(const struct graph_action *action, const char *name);
/* Appends the graph as XML in the shape of Pacemaker's transition files. */
void graph_to_xml(const struct sched_graph *graph, struct hf_buf *out);

#endif
