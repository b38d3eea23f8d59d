/* status.h - the cluster as a person or program wants to see it: nodes, resources, failures.
 *
 * A walkable copy of what the scheduler made of the CIB's status section, so that JSON and text say the same
 * thing.  Everything belongs to the struct sched_output it came from. */
#ifndef HF_SCHED_STATUS_H
#define HF_SCHED_STATUS_H

#include <stdbool.h>
#include <stdint.h>

enum status_node_type { STATUS_NODE_CLUSTER, STATUS_NODE_REMOTE, STATUS_NODE_GUEST };

struct status_node {
    const char *name;
    const char *id;
    enum status_node_type type;
    bool online;
    bool unclean; /* must be fenced before anything of it can run elsewhere */
    bool pending; /* joining */
    bool standby;
    bool standby_onfail; /* put into standby by an operation's on-fail */
    bool maintenance;
    bool shutdown; /* asked to leave */
    bool is_dc;
    int health; /* 1 green, 0 yellow, -1 red */
    bool expected_up;
    const char *feature_set; /* of a member that is up: "" if it does not say; else NULL */
    const char *host;        /* guests: the node whose container it is */
    const char *launcher;    /* guests: the resource that runs them */
    int n_resources;         /* that run on it */
    const char *state;       /* crm_mon's words: "online", "OFFLINE", "UNCLEAN (offline)", "standby"... */
};

/* A replica is one container of a bundle with what belongs to it: its children are the address, the
 * resource inside, the container and the connection, as far as there are any. */
enum status_resource_kind { STATUS_PRIMITIVE, STATUS_GROUP, STATUS_CLONE, STATUS_BUNDLE, STATUS_REPLICA };
enum status_role { STATUS_STOPPED, STATUS_STARTED, STATUS_UNPROMOTED, STATUS_PROMOTED };

/* Nodes without an instance of an anonymous clone, by the reason: "Stopped", "Stopped (Not installed)". */
struct status_stopped {
    const char *why;
    const char *nodes; /* "n1 n2" */
};

struct status_resource {
    const char *id;    /* with :N for an instance of a unique clone */
    const char *agent; /* "ocf:heartbeat:Dummy", NULL for collectives */
    enum status_resource_kind kind;
    enum status_role role;   /* strongest of all its instances for a collective */
    const char *target_role; /* as configured, NULL if not */
    bool active;
    bool failed;
    bool blocked;
    bool managed;
    bool maintenance;
    bool removed; /* no longer in the configuration */
    bool unique;
    bool promotable;
    bool disabled;      /* target-role says Stopped (or keeps it unpromoted) */
    bool implicit;      /* made by another resource (the connection of a guest node): not listed */
    bool partly_active; /* collectives: on some nodes or in some members */
    bool failure_ignored;
    const char *state;         /* role in crm_mon's words: "Started", "Unpromoted", "Stopped" */
    const char *pending;       /* the operation that runs now (start, monitor, ...), or NULL */
    const char *probe_failure; /* stopped, and a probe said why it cannot run there: "Not installed" */
    const char *node;          /* where it is, will be, or must stay; or NULL */
    bool node_unclean;         /* that node is offline and must be fenced */
    const char *description;
    const char *child;   /* clones: the id of what is cloned */
    int instances_max;   /* clones: how many there may be */
    const char *image;   /* bundles */
    const char *address; /* replicas: the IP address or NULL */
    const struct status_stopped *stopped;
    int n_stopped;
    const char *const *nodes; /* names of where it is active */
    int n_nodes;
    const char *locked_to; /* the node that a shutdown lock ties it to, or NULL */
    const struct status_resource *children;
    int n_children;
};

struct status_failure {
    const char *resource;
    const char *operation; /* monitor */
    int64_t interval_ms;
    const char *node;
    int rc;                  /* OCF exit code */
    const char *rc_text;     /* "not running" */
    int status;              /* -1 pending, 0 done, 1 cancelled, 2 timed out, 4 error... */
    const char *status_text; /* "complete", "Timed Out", ... */
    const char *exit_reason; /* may be "" */
    int call_id;
    const char *key; /* "db_monitor_10000" */
    bool key_is_id;  /* an old history, that knows no key but the entry's id */
    bool reasonless; /* the history has no exit reason, not even an empty one */
    bool timed;      /* the history says how long it waited and ran */
    int64_t queue_ms;
    int64_t last_change; /* epoch seconds, 0 unknown */
    int64_t exec_ms;
};

struct status_ban {
    const char *constraint;
    const char *resource;
    const char *node;
    int score;
    bool promoted_only;
};

struct status_ticket {
    const char *id;
    bool granted;
    bool standby;
    int64_t last_granted; /* epoch seconds, 0 never */
};

struct status_model {
    bool have_quorum;
    bool maintenance_mode;
    bool fencing_enabled;
    const char *no_quorum_policy;
    bool stop_all;     /* stop-all-resources */
    const char *dc;    /* name of the coordinator, or NULL */
    const char *stack; /* cluster-infrastructure */
    const struct status_node *nodes;
    int n_nodes;
    const struct status_resource *resources;
    int n_resources;
    const struct status_failure *failures;
    int n_failures;
    const struct status_ban *bans;
    int n_bans;
    const struct status_ticket *tickets;
    int n_tickets;
    int n_resources_total, n_disabled, n_blocked; /* instances, as crm_mon counts */
};

#endif
