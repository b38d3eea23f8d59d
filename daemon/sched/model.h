/* model.h - what one scheduler run works on: nodes, resources, constraints, actions.
 *
 * Internal to daemon/sched/.  Everything is made in the run's arena and dies with it.  Functions shared
 * between the files here have the prefix sc_.  Nodes have dense indices, so that "the scores of a resource"
 * is an array (struct table) and not a map; actions hang on their resource, so that a search looks at the
 * few of one resource only; names are compared once, when the CIB is read.
 *
 * The run goes through these stages, each in files of its own: upgrade.c brings an old document up to date;
 * unpack_*.c read configuration and status; constraints, location, colocation, order, tickets read the
 * constraints; assign.c gives each resource a node; *_create_actions make the actions; apply_order.c lets
 * the orderings change what is required and possible; graph_build.c writes down what remains. */
#ifndef HF_SCHED_MODEL_H
#define HF_SCHED_MODEL_H

#include <libxml/tree.h>
#include <regex.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "daemon/sched/sched.h"
#include "lib/arena.h"
#include "lib/xml.h"

enum {
    SC_INFINITY = 1000000,
    SC_INFINITY_HACK = -100 * SC_INFINITY, /* "must not become negative" marker while scores are merged */
    SC_DEFAULT_TIMEOUT_MS = 20000,
};

enum role { ROLE_UNKNOWN, ROLE_STOPPED, ROLE_STARTED, ROLE_UNPROMOTED, ROLE_PROMOTED };
enum kind { KIND_PRIMITIVE, KIND_GROUP, KIND_CLONE, KIND_BUNDLE };

/* What an action does.  Those with a completed form (stop, stopped) come in pairs, in this order. */
enum task {
    TASK_NONE,
    TASK_MONITOR,
    TASK_STOP,
    TASK_STOPPED,
    TASK_START,
    TASK_RUNNING,
    TASK_NOTIFY,
    TASK_NOTIFIED,
    TASK_PROMOTE,
    TASK_PROMOTED,
    TASK_DEMOTE,
    TASK_DEMOTED,
    TASK_SHUTDOWN,
    TASK_FENCE,
    TASK_MIGRATE_TO,
    TASK_MIGRATE_FROM,
    TASK_CANCEL,
    TASK_RELOAD,
    TASK_DELETE,
    TASK_LRM_DELETE,
    TASK_CLEAR_FAILCOUNT,
    TASK_MAINTENANCE_NODES,
    TASK_OTHER, /* compare the names */
};

/* --- small containers --- */

struct attr {
    const char *name;
    const char *value;
};

/* Names and values, in the order of their first setting; searched linearly while small, by hash above. */
struct attrs {
    struct attr *at;
    int n, capacity;
    int *hash; /* NULL while small */
    int hash_size;
};

/* What a resource thinks of a node. */
struct placement {
    int score;
    int count;     /* instances here, while clones are assigned */
    uint8_t probe; /* enum probe_mode */
    bool present;  /* the node is in this table at all */
};
enum probe_mode { PROBE_ALWAYS, PROBE_NEVER, PROBE_EXCLUSIVE };

/* Indexed by node->index; nodes beyond n are absent. */
struct table {
    struct placement *at;
    int n;
};

struct nodes {
    struct node **at;
    int n, capacity;
};

struct resources {
    struct resource **at;
    int n, capacity;
};

/* Appends item to a struct with members at, n, capacity; memory comes from run's arena. */
#define SC_PUSH(run_, list_, item_)                                                                          \
    do {                                                                                                     \
        if ((list_)->n == (list_)->capacity)                                                                 \
            (list_)->at = sc_grow((run_), (list_)->at, &(list_)->capacity, sizeof(*(list_)->at));            \
        (list_)->at[(list_)->n++] = (item_);                                                                 \
    } while (0)

struct name_slot {
    const char *name;
    void *value;
};

/* An open hash of names; grows by doubling. */
struct names {
    struct name_slot *slots;
    int n, size;
};

/* --- nodes --- */

struct failcount {
    const char *resource;  /* as written in the attribute: base name or instance */
    size_t length;         /* of the base name in resource, without ":N" */
    const char *operation; /* "monitor_10000", NULL for the old form without operation */
    int count;
    int64_t last_failure;
};

struct sc_xml_list {
    xmlNode **at;
    int n, capacity;
};

/* --- what nodes did --- */

enum exec_status {
    EXEC_UNKNOWN = -2,
    EXEC_PENDING = -1,
    EXEC_DONE = 0,
    EXEC_CANCELLED = 1,
    EXEC_TIMEOUT = 2,
    EXEC_NOT_SUPPORTED = 3,
    EXEC_ERROR = 4,
    EXEC_ERROR_HARD = 5,
    EXEC_ERROR_FATAL = 6,
    EXEC_NOT_INSTALLED = 7,
    EXEC_NOT_CONNECTED = 8,
    EXEC_INVALID = 9,
    EXEC_NO_FENCE_DEVICE = 10,
    EXEC_NO_SECRETS = 11,
};

enum ocf {
    OCF_OK = 0,
    OCF_ERROR = 1,
    OCF_INVALID_PARAM = 2,
    OCF_UNIMPLEMENTED = 3,
    OCF_PRIVILEGES = 4,
    OCF_NOT_INSTALLED = 5,
    OCF_NOT_CONFIGURED = 6,
    OCF_NOT_RUNNING = 7,
    OCF_PROMOTED = 8,
    OCF_FAILED_PROMOTED = 9,
    OCF_DEGRADED = 190,
    OCF_DEGRADED_PROMOTED = 191,
    OCF_UNKNOWN = 193,
};

/* The attributes of an <lrm_rsc_op> that are looked at in each. */
enum op_field {
    OP_ID,
    OP_KEY,
    OP_TASK,
    OP_NODE,
    OP_CALL,
    OP_RC,
    OP_STATUS,
    OP_INTERVAL,
    OP_TRANSITION,
    OP_DIGEST,
    OP_RESTART_DIGEST,
    OP_FIELDS
};

enum { OP_LAYOUT = 32 };

/* An operation in a history, read once: in a large cluster most of the time of a decision is waiting for the
 * memory in which the entries are. */
struct past_op {
    const xmlNode *xml;
    const xmlAttr *is[OP_FIELDS]; /* NULL: not there; see sc_op_says() */
    int64_t interval_ms, call;    /* 0 and -1 if it does not say */
    enum task task;
};

/* What a node did with one resource. */
struct history {
    const xmlNode *entry; /* its <lrm_resource> */
    const char *id;       /* what that calls the resource, may be NULL */
    struct past_op *ops;  /* oldest first */
    int n;
    int start, stop; /* where in it the last start (or what implies one) and the last stop are; -1: none */
    const struct resource *agent_of; /* this resource has the agent that the entry names; NULL: not known */
};

struct histories {
    struct history *at;
    int n, capacity;
};

struct node {
    int index; /* in every struct table */
    const char *id, *name;
    bool remote; /* remote or guest node */
    struct placement base;
    bool online, standby, standby_onfail, pending, unclean, shutdown, maintenance;
    bool seen; /* has a node_state */
    bool expected_up, probes_allowed, unpacked;
    bool remote_reset; /* connection to be stopped and started */
    bool remote_fenced, remote_maintenance;
    bool failcounts_known;
    int priority;
    int num_resources; /* assigned here */
    struct attrs attrs, utilization;
    struct resources running;    /* primitives active here */
    struct resource *connection; /* of a remote node: its connection resource */
    struct {
        struct failcount *at;
        int n, capacity;
    } failcounts;
    const xmlNode *state;       /* its node_state in status */
    struct histories histories; /* what that says of resources */
    bool histories_known;
    struct names history; /* lrm_resource by id */
    bool history_known;
};

/* --- constraints --- */

struct location {
    const char *id;
    struct resource *resource;
    enum role role_filter;
    enum probe_mode probe;
    struct {
        struct location_node {
            struct node *node;
            int score;
        } * at;
        int n, capacity;
    } nodes;
};

enum { COLOC_INFLUENCE = 1, COLOC_EXPLICIT = 2 };

struct colocation {
    const char *id;
    struct resource *dependent, *primary;
    int score;
    enum role dependent_role, primary_role;
    const char *attribute; /* node attribute; NULL for the node itself */
    unsigned flags;
};

struct colocations {
    struct colocation **at;
    int n, capacity;
};

enum relation {
    AR_NONE = 0,
    AR_ORDERED = 1 << 0,
    AR_IF_FIRST_UNMIGRATABLE = 1 << 1,
    AR_THEN_IMPLIES_FIRST = 1 << 4,
    AR_FIRST_IMPLIES_THEN = 1 << 5,
    AR_PROMOTED_THEN_IMPLIES_FIRST = 1 << 6,
    AR_UNMIGRATABLE_THEN_BLOCKS = 1 << 7,
    AR_UNRUNNABLE_FIRST_BLOCKS = 1 << 8,
    AR_FIRST_ELSE_THEN = 1 << 9,
    AR_FIRST_IMPLIES_SAME_NODE_THEN = 1 << 10,
    AR_NESTED_REMOTE_PROBE = 1 << 11,
    AR_INTERMEDIATE_STOP = 1 << 12,
    AR_SERIALIZE = 1 << 14,
    AR_IF_ON_SAME_NODE = 1 << 15,
    AR_THEN_IMPLIES_FIRST_GRAPHED = 1 << 16,
    AR_FIRST_IMPLIES_THEN_GRAPHED = 1 << 17,
    AR_ASYMMETRIC = 1 << 20,
    AR_IF_ON_SAME_NODE_OR_TARGET = 1 << 21,
    AR_MIN_RUNNABLE = 1 << 22,
    AR_IF_REQUIRED_ON_SAME_NODE = 1 << 23,
    AR_GUEST_ALLOWED = 1 << 24,
    AR_THEN_CANCELS_FIRST = 1 << 25,
};

/* "first, then then": each side is an action, or the (one-time) operation task of a resource. */
struct ordering {
    unsigned flags;
    struct resource *first_rsc, *then_rsc;
    struct action *first, *then;
    enum task first_task, then_task;
};

enum loss_policy { LOSS_STOP, LOSS_DEMOTE, LOSS_FENCE, LOSS_FREEZE };

struct ticket {
    const char *id;
    bool granted, standby;
    int64_t last_granted; /* -1 never */
    struct attrs state;
};

struct ticket_constraint {
    const char *id;
    struct ticket *ticket;
    enum role role;
    enum loss_policy loss;
};

/* --- actions --- */

enum on_fail {
    FAIL_IGNORE,
    FAIL_DEMOTE,
    FAIL_RESTART,
    FAIL_RESET_REMOTE,
    FAIL_RESTART_CONTAINER,
    FAIL_BAN,
    FAIL_BLOCK,
    FAIL_STOP,
    FAIL_STANDBY,
    FAIL_FENCE,
};

enum needs { NEEDS_NOTHING, NEEDS_QUORUM, NEEDS_FENCING };

enum action_flag {
    ACT_PSEUDO = 1 << 0,
    ACT_RUNNABLE = 1 << 1,
    ACT_OPTIONAL = 1 << 2,
    ACT_ALWAYS_IN_GRAPH = 1 << 3,
    ACT_MIGRATABLE = 1 << 7,
    ACT_ADDED = 1 << 8,
    ACT_MIGRATION_ABORT = 1 << 11,
    ACT_RESCHEDULE = 1 << 13,
    ACT_LOOP = 1 << 14,
    ACT_DEDUPLICATED = 1 << 15,
    ACT_ON_DC = 1 << 16,
};

/* An operation as configured: shared by all actions of that kind of one resource. */
struct op_config {
    enum task task;
    const char *name;
    int64_t interval_ms;
    xmlNode *entry; /* <op>, or NULL */
    struct attrs meta;
    bool has_params; /* the entry has instance attributes */
    struct digest *digests;
    struct op_config *next;
};

struct edge {
    struct action *action;
    unsigned flags;
    bool graphed;
    struct edge *next;
    struct edge *twin; /* the same edge seen from the other end */
};

struct edges {
    struct edge *first; /* newest first */
    int n;
};

struct action {
    int id;
    unsigned flags;
    int priority;
    enum task task;
    enum task key_task;   /* the task in the key: that of the operation which a cancel is about */
    const char *name;     /* of the operation */
    const char *key_name; /* of the operation in the key */
    const char *key;      /* unique among the actions of a node: db_monitor_10000 */
    int64_t interval_ms;
    struct resource *rsc;
    struct node *node;
    struct op_config *op; /* NULL without resource */
    struct attrs meta;    /* what this action adds to op->meta */
    enum needs needs;
    const char *reason;
    const char *cancel_task; /* of TASK_CANCEL: the name of what is cancelled */
    const char *notify_type; /* of notify actions: "pre", "confirmed-pre"... as in the key */
    const char *notify_task;
    int required_before, runnable_before;
    struct edges before, after;
    struct action *next_of_rsc; /* older action of the same resource */
    struct action *next_of_key; /* the same, of those with the same key_task */
    unsigned visit;
    int graph_index; /* in the graph, -1 if not there */
};

struct actions {
    struct action **at;
    int n, capacity;
};

/* --- resources --- */

enum rsc_flag {
    RSC_REMOVED = 1 << 0,
    RSC_MANAGED = 1 << 1,
    RSC_BLOCKED = 1 << 2,
    RSC_REMOVED_LAUNCHED = 1 << 3,
    RSC_NOTIFY = 1 << 4,
    RSC_UNIQUE = 1 << 5,
    RSC_FENCE_DEVICE = 1 << 6,
    RSC_PROMOTABLE = 1 << 7,
    RSC_UNASSIGNED = 1 << 8,
    RSC_ASSIGNING = 1 << 9,
    RSC_UPDATING = 1 << 10,
    RSC_RESTARTING = 1 << 11,
    RSC_STOP_IF_FAILED = 1 << 12,
    RSC_RELOAD = 1 << 13,
    RSC_NESTING_ALLOWED = 1 << 14,
    RSC_CRITICAL = 1 << 15,
    RSC_FAILED = 1 << 16,
    RSC_REMOTE_CONNECTION = 1 << 18,
    RSC_START_PENDING = 1 << 19,
    RSC_EXCLUSIVE_PROBES = 1 << 20,
    RSC_STOP_UNEXPECTED = 1 << 22,
    RSC_MIGRATABLE = 1 << 23,
    RSC_IGNORE_FAILURE = 1 << 24,
    RSC_REPLICA_CONTAINER = 1 << 25,
    RSC_MAINTENANCE = 1 << 26,
    RSC_NEEDS_QUORUM = 1 << 28,
    RSC_NEEDS_FENCING = 1 << 29,
    RSC_NEEDS_UNFENCING = 1 << 30,
};

enum multiply_active { MULTI_RESTART, MULTI_STOP, MULTI_BLOCK, MULTI_UNEXPECTED };

struct notification;

struct clone_data {
    int max, node_max, promoted_max, promoted_node_max;
    int total;
    bool ordered;
    bool promotion_added, promotion_constrained;
    struct notification *stop_notify, *start_notify, *demote_notify, *promote_notify;
    xmlNode *child_xml;
};

struct replica {
    int offset;
    const char *ip_address;
    struct node *node;
    struct resource *ip, *child, *container, *remote;
};

struct bundle_data {
    int promoted_max, n_replicas, per_host;
    const char *agent, *image, *network, *run_command, *launcher_options;
    const char *ip_start, *ip_last, *netmask, *interface, *control_port;
    bool add_host;
    const char *host_options;
    struct {
        struct bundle_mount {
            const char *source, *target, *options;
            bool subdir;
        } * at;
        int n, capacity;
    } mounts;
    struct {
        struct bundle_port {
            const char *source, *target;
        } * at;
        int n, capacity;
    } ports;
    struct resource *child; /* the clone around the primitive, or NULL */
    struct {
        struct replica **at;
        int n, capacity;
    } replicas;
    struct resources containers; /* those of the replicas */
};

struct params_on_node {
    struct node *node; /* NULL: without one */
    struct attrs attrs;
    struct params_on_node *next;
};

struct resource {
    int index;
    enum kind kind;
    const char *id;         /* instance name */
    const char *xml_id;     /* as in the configuration */
    const char *history_id; /* what the status section calls it, NULL if the same as id */
    const char *class_, *provider, *type;
    unsigned flags;
    xmlNode *xml; /* template merged in */
    xmlNode *ops; /* <operations> or NULL */
    struct attrs meta, utilization;
    struct resource *parent;
    struct resource *top; /* the outermost collective, or the resource within a bundle */
    struct resources children;
    struct clone_data *clone;
    struct bundle_data *bundle;
    bool group_ordered, group_colocated;
    int priority, promotion_priority, stickiness;
    int ban_after_failures;
    int64_t failure_expiration_ms, remote_reconnect_ms;
    enum role orig_role, next_role;
    int64_t promoted_term; /* of the lock by which it is promoted, 0: none */
    enum multiply_active multiply;
    struct resource *launcher; /* the container that this runs in */
    struct resources launched;
    struct table allowed;
    struct table probed; /* nodes where the state is known */
    struct nodes active;
    struct node *assigned;
    struct node *migration_source, *migration_target; /* of a migration under way */
    struct nodes dangling_sources;
    struct colocations this_with, with_this;
    struct {
        struct location **at;
        int n, capacity;
    } locations;
    struct {
        struct ticket_constraint **at;
        int n, capacity;
    } tickets;
    struct action *actions;                    /* newest first, linked by next_of_rsc */
    struct action *actions_of[TASK_OTHER + 1]; /* by key_task, newest first, linked by next_of_key */
    struct op_config *op_configs;
    struct params_on_node *params;
    const char *pending_task;
    struct node *pending_node;
    struct node *lock_node;
    int64_t lock_time;
    bool params_have_rules, params_checked;
    const struct graph_resource *graph;
    bool blocks_known, blocks; /* an operation has on-fail=block */
};

/* --- the run --- */

enum quorum_policy { QUORUM_STOP, QUORUM_FREEZE, QUORUM_IGNORE, QUORUM_DEMOTE, QUORUM_FENCE };

struct failed_op {
    const xmlNode *xml;
    const char *key;
    struct node *node;
    const char *resource; /* instance name */
};

struct idrefs { /* a template or tag and who refers to it */
    const char *id;
    struct {
        const char **at;
        int n, capacity;
    } refs;
    struct idrefs *next;
};

struct param_check {
    const struct past_op *op;
    struct resource *rsc;
    struct node *node;
    bool active; /* else: a last failure */
};

struct run {
    struct hf_arena *arena;
    const struct sched_input *input;
    xmlDoc *doc;     /* what is read: the caller's, or own_doc */
    xmlDoc *own_doc; /* the upgraded copy, or NULL; and where made-up elements live */
    xmlDoc *scratch;
    xmlNode *cib, *config, *status, *crm_config, *rsc_defaults, *op_defaults;
    struct names strings; /* see sc_keep() */
    struct names ids;     /* of elements that are referred to by id-ref, filled on first need */
    bool ids_known;
    int64_t now;
    struct attrs options;
    bool quorate, symmetric, maintenance_mode, fencing_enabled, have_fencing, enable_unfencing;
    bool concurrent_fencing, stop_removed, cancel_removed, stop_all, start_failure_fatal, startup_fencing;
    bool shutdown_lock, probe_resources, have_remote_nodes, fence_remote_no_quorum;
    enum quorum_policy no_quorum_policy;
    const char *fence_action;
    const char *placement_strategy;
    bool placement_default, placement_balanced, placement_minimal;
    int64_t fencing_timeout_ms, priority_fencing_ms, shutdown_lock_ms, node_pending_ms;
    int score_red, score_yellow, score_green;
    int health_strategy;  /* enum in health.c */
    struct nodes nodes;   /* by index */
    struct nodes by_name; /* sorted */
    struct names node_ids, node_names;
    struct node *dc;
    struct resources resources; /* top level, in the order of assignment */
    int n_resources;            /* of all levels */
    struct names rsc_by_id, rsc_by_history;
    struct idrefs *templates, *tags;
    struct names template_xml;
    struct {
        struct location **at;
        int n, capacity;
    } locations;
    struct {
        struct ordering *at;
        int n, capacity;
    } orderings;
    struct names tickets;
    struct {
        struct ticket **at;
        int n, capacity;
    } ticket_list;
    struct actions actions; /* oldest first */
    struct names singletons;
    struct names meta_names; /* CRM_meta_NAME by NAME */
    struct {
        const xmlChar *name;
        int field;
    } op_layout[OP_LAYOUT]; /* which field was at that place in an entry read before */
    int next_action_id;
    unsigned visit;
    struct resources stop_needed;
    struct {
        struct param_check *at;
        int n, capacity;
    } param_checks;
    struct {
        struct failed_op *at;
        int n, capacity;
    } failed;
    struct {
        const xmlNode **at;
        int n, capacity;
    } expired_ops; /* recurring operations whose failure expired: started again */
    int n_instances, n_disabled, n_blocked;
    int64_t recheck_by;
    struct {
        const char **at;
        int n, capacity;
    } warnings;
    struct {
        struct sched_score *at;
        int n, capacity;
    } scores;
    struct {
        struct sched_promotion *at;
        int n, capacity;
    } promotions;
    struct {
        struct sched_change *at;
        int n, capacity;
    } changes;
    bool changes_known;
    struct {
        struct sched_reason *at;
        int n, capacity;
    } reasons;
    struct common_digest {
        const char *timeout, *digest;
    } common_digests[2]; /* without and with a timeout */
    struct sched_graph graph;
    struct {
        struct action **at;
        int n, capacity;
    } graphed; /* in the order of the synapses */
    struct status_model model;
};

struct sched_output {
    struct run run;
};

#include "daemon/sched/internal.h"

#endif
