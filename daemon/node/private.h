/* private.h - what the parts of a node share; nobody outside daemon/node/ includes it.
 *
 * node.c joins the parts and collects effects; executor.c carries out actions and publishes this node's
 * status; controller.c is the coordinator's work; request.c answers the control socket. */
#ifndef HF_NODE_PRIVATE_H
#define HF_NODE_PRIVATE_H

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "daemon/cib/replica.h"
#include "daemon/node/agents.h"
#include "daemon/node/message.h"
#include "daemon/node/node.h"
#include "daemon/node/planner.h"
#include "daemon/sched/sched.h"
#include "daemon/transition/transition.h"
#include "fence/request.h"
#include "lib/buf.h"
#include "lib/xml.h"

/* Handles that the replica gives back in answers: the control socket's clients are below these. */
enum { TICKET_BIT_RESULT = 62, TICKET_BIT_OWN = 63 };
#define TICKET_RESULT (UINT64_C(1) << TICKET_BIT_RESULT) /* | sequence of the runner's result */
#define TICKET_OWN (UINT64_C(1) << TICKET_BIT_OWN)       /* | enum own_ticket */
enum own_ticket { OWN_NODES = 1, OWN_FAREWELL = 2, OWN_MARK = 3, OWN_STATE = 4 };

/* A transient attribute: the node is in maintenance because its daemon was gone, and nobody else wanted that.
 */
#define NODE_LEFT_ALONE "left-alone"

#define NODE_FEATURE_SET "3.19.0"

struct known_node {
    uint32_t id;
    char *name;
};

struct waiter {
    uint32_t from; /* node that asked */
    uint64_t ticket;
};

/* A member that the coordinator has to hear of before it answers a waiter. */
struct awaited {
    uint32_t member;
    struct waiter waiter;
};

/* What a client asked and the coordinator must answer. */
struct question {
    enum node_message_kind kind; /* NODE_MESSAGE_SETTLE, CONFIRM or SHOOT */
    uint64_t client;
    int64_t deadline;
    char *target; /* CONFIRM: the node that is said to be down; SHOOT: the one to fence */
    int32_t action;
    cib_member asked; /* the coordinator */
};

/* A fencing operation of this coordinator that is under way, and where it stands in the CIB. */
struct fencing_record {
    uint64_t number; /* in the fencing machine */
    char *id;
    int64_t attempts; /* this one, and those before it that failed in the same way */
};

/* A fence agent that runs here for another coordinator, and decides about its target. */
struct foreign_run {
    uint32_t requester;
    uint64_t ticket;
    char *target, *device;
    enum fence_action action;
};

/* A request for the fencing machine that waits for the end of such a run. */
struct held_request {
    uint64_t request;
    char *target;
    enum fence_action action;
    int64_t delay_ms;
};

/* An operator who wants a node fenced, and waits for the verdict. */
struct shooter {
    uint64_t request; /* in the fencing machine */
    struct waiter waiter;
};

/* How a resource stands to a lock of its own; travels with each of its operations. */
struct lease_terms {
    bool leased;         /* requires=lease */
    bool promoted;       /* an instance of a promotable clone: the lock is for the promoted role */
    bool everywhere;     /* of an anonymous clone: may run on several nodes */
    uint32_t timeout_ms; /* of the operation */
    struct node_pair *params;
    uint32_t n_params;
};

/* The environment of agents has it as OCF_RESKEY_CRM_meta_lease_token. */
#define LEASE_TOKEN_PARAM "CRM_meta_lease_token"

/* A recurring operation that the coordinator wants cancelled. */
struct cancelling {
    char *resource, *operation, *key;
    uint32_t interval_ms;
};

/* A member whose daemon is gone while its machine is still there. */
struct away {
    uint32_t id;
    int64_t deadline; /* then it counts as failed */
    bool given_up;
};

struct controller {
    bool active;
    bool wanted;        /* the scheduler must run */
    int64_t not_before; /* ms: after a fencing that failed, unless something else happens */
    int64_t last_run;   /* ms */
    int64_t recheck_at; /* epoch seconds, 0: none */
    int number;         /* of the last transition */
    int drained;        /* the transition after which end_lock() had its answer */
    struct sched_output *plan;
    struct transition *walk;
    int depth;           /* of steps of the walk within each other */
    bool over;           /* a step said that the walk has ended */
    char *why;           /* what the pending or current run is for */
    char *warned;        /* the scheduler's warnings that were logged last */
    int64_t join_by;     /* ms: until then members may be late with their state; 0: none is */
    bool seen_view;      /* since this daemon began */
    int64_t takeover_at; /* ms: until then what a lost machine ran may run there still */
    struct away *away;
    size_t n_away, away_capacity;
    struct waiter *waiters;
    size_t n_waiters, waiters_capacity;
    struct awaited *awaited;
    size_t n_awaited, awaited_capacity;
    bool marking;          /* lost members are being marked: not applied yet */
    bool gave_up;          /* fencing failed so often that its next failure is no reason to run again */
    bool planning;         /* the scheduler runs, for the transition called number */
    bool outdated;         /* something happened since that began */
    int discarded;         /* plans in a row that were outdated */
    bool mirrored;         /* the planner's copy is the CIB as it was when the journal began */
    struct hf_buf journal; /* what happened to the CIB since the last run (planner.h) */
    bool nodes_written;
    int64_t nodes_retry;
};

struct executor {
    bool attached;  /* to the agent runner */
    bool listing;   /* its history was asked for: results wait in late, or an old history would undo them */
    bool published; /* this node's status is in the CIB of the present view */
    bool known;     /* ... and was delivered there: what is asked for before that was decided without it */
    struct agents agents; /* what is known of their meta-data */
    uint64_t calls;       /* the last call id given */
    struct runner_result *late;
    size_t n_late, late_capacity;
    struct cancelling *cancelling;
    size_t n_cancelling, cancelling_capacity;
    xmlDoc
        *attributes; /* this node's <transient_attributes> as they last were while it was a member; or NULL */
    char *kept;      /* the text of the last NODE_REMEMBER; NULL: there was none */
};

struct vips;

struct lock_holder {
    uint32_t id;
    bool configured, owned;
    uint64_t token;
};

/* An event for the replica that came up while its updates were carried out. */
struct pending_event {
    struct pending_event *next;
    struct cib_event event;
    char bytes[];
};

struct node {
    struct node_config config;
    int64_t now, wall;
    int utc_offset;
    struct node_effect *effects;
    size_t n_effects, effects_capacity;

    uint32_t self;
    struct known_node *names;
    size_t n_names;
    char *cluster;
    struct node_member *members; /* without those that were expelled */
    size_t n_members;
    cib_member *expelled; /* the group may list them still */
    size_t n_expelled, expelled_capacity;
    bool corosync_quorate, lock_votes;
    struct node_lock lock;       /* what this node holds */
    struct lock_holder *holders; /* what the members said they hold */
    size_t n_holders, holders_capacity;
    bool lock_wanted;
    bool was_quorate;    /* as quorum_note() saw it last */
    int64_t quorum_left; /* ms: when quorum was lost, or not agreed on yet; 0: it was never there, or is */
    size_t lock_rank;
    int machines;
    uint32_t *heard; /* these machines, by node id */

    struct cib_replica *replica;
    bool stepping; /* the replica: what comes up meanwhile waits in waiting */
    struct pending_event *waiting, **waiting_end;
    const char *asker; /* the user whose request is being handled, borrowed; NULL: none */
    bool is_dc;
    cib_member dc;    /* who coordinated last */
    int quorum_said;  /* what was logged last: 1 yes, -1 no, 0 nothing */
    bool leaving;     /* asked to leave in good order */
    bool farewell;    /* everything is stopped: saying so, then gone */
    int64_t leave_by; /* ms: leaves even if not told to */

    struct controller controller;
    struct executor executor;
    struct leases *leases;
    struct vips *vips;
    struct question *questions;
    size_t n_questions, questions_capacity;
    struct waiter *settles; /* the coordinator was asked for these: it is to hear that this node is done */
    size_t n_settles, settles_capacity;
    struct fencing *fencing;
    bool fencing_configured;  /* the machine has the present configuration */
    bool fencing_ruled;       /* that depends on rules, hence on the time and on attributes */
    struct waiter confirming; /* who is to be told whether a confirmation was believed */
    struct shooter *shooters;
    size_t n_shooters, shooters_capacity;
    uint64_t shots; /* asked for by operators so far */
    struct foreign_run *foreign;
    size_t n_foreign, foreign_capacity;
    struct held_request *held;
    size_t n_held, held_capacity;
    struct fencing_record *records;
    size_t n_records, records_capacity;
};

/* --- node.c --- */

struct node_effect *node_effect_add(struct node *node, enum node_effect_type type);
void node_log(struct node *node, int level, const char *format, ...) HF_PRINTF(3, 4);
void node_send(struct node *node, const struct node_message *message);
/* A reply to a client; error NULL is success with payload (XML text or NULL) and attributes. Takes error. */
void node_reply(struct node *node, uint64_t client, struct hf_error *error, const char *attributes,
                const char *payload);
/* Brings a status update to the group; client 0 wants no answer. Empties update. */
void node_status_update(struct node *node, struct hf_buf *update, uint64_t client);
/* Brings a configuration change to the group. */
void node_change(struct node *node, uint64_t client, const char *change, size_t length, const char *origin);
/* "n1", or "node 7" for an id without a name; borrowed. */
const char *node_name(struct node *node, uint32_t id);
uint32_t node_id_by_name(const struct node *node, const char *name);
bool node_is_member(const struct node *node, uint32_t id);
/* Whether its machine is there, with a daemon or without. */
bool node_is_heard(const struct node *node, uint32_t id);
/* The id in decimal, as the CIB writes it, into text. */
const char *node_id_text(uint32_t id, char text[12]);
const xmlNode *node_cib(const struct node *node);
/* Tells the replica what quorum_now() has become. */
void node_quorum_changed(struct node *node);
/* Says good-bye and leaves; everything here is stopped. */
void node_farewell(struct node *node);
/* A cluster option's value; borrowed. */
const char *node_property(const struct node *node, const char *name, const char *missing);
bool node_fencing_enabled(const struct node *node);

/* --- executor.c --- */

void executor_attached(struct node *node);
void executor_detached(struct node *node);
/* Sees to it that this node's whole status gets into the CIB, as soon as that is possible. */
void executor_publish(struct node *node);
/* The nvpair with this name among <transient_attributes>, or NULL. */
const xmlNode *executor_attribute(const xmlNode *attributes, const char *name);
/* The status has changed. */
void executor_status_applied(struct node *node);
/* The runner's history, for that. */
void executor_history(struct node *node, const struct runner_result *entries, size_t count);
void executor_perform(struct node *node, const struct node_action *action);
void executor_result(struct node *node, const struct runner_result *result);
/* Hands an action to the runner. */
void executor_run(struct node *node, const struct node_action *action);
/* Says in the CIB that an action is under way. */
void executor_announce(struct node *node, const struct node_action *action);
/* Ends an action that was not run as failed, for this reason. */
void executor_fail(struct node *node, const struct node_action *action, const char *reason);
void executor_cleanup(struct node *node, const char *resource, bool refresh);
/* A result that vip_judge() kept until it could be judged. */
void executor_judged(struct node *node, const struct runner_result *result);
/* Writes into the history that the guard did task by itself; lrm_resource is the resource's history and last
 * its last operation. Into scratch, or (NULL) into the CIB. */
void executor_record_move(struct node *node, const xmlNode *lrm_resource, const xmlNode *last,
                          const char *task, xmlDoc *scratch);
/* Adds the lock's term to the promotion that was recorded last. */
void executor_record_term(struct node *node, const xmlNode *lrm_resource, const xmlNode *last, uint64_t term);
/* What the daemon's earlier incarnation remembered; taken over, NULL is fine. */
void executor_take_attributes(struct node *node, xmlDoc *attributes);
/* The node leaves, and its transient attributes end with that. */
void executor_forget_attributes(struct node *node);
void executor_free(struct node *node);

/* --- controller.c --- */

void controller_activate(struct node *node, bool active);
/* The scheduler must run, because of why; what is under way is given up. */
void controller_want(struct node *node, const char *why);
void controller_view(struct node *node, const struct node_event *event);
/* The machines that are heard changed; the members did not. */
void controller_machines(struct node *node);
void controller_status_applied(struct node *node, const void *update, size_t length);
/* A change or status update was applied to the CIB. */
void controller_applied(struct node *node, const struct cib_update *update);
/* The CIB is another one. */
void controller_replaced(struct node *node);
/* What this node wanted to add to <nodes> was refused. */
void controller_nodes_refused(struct node *node);
/* The scheduler has run. Takes what is in result. */
void controller_planned(struct node *node, struct planner_result *result);
void controller_done(struct node *node, const struct node_message *message);
void controller_settle(struct node *node, uint32_t from, uint64_t ticket);
/* A member has said all that it had to say when that was asked. */
void controller_caught_up(struct node *node, uint32_t member, const struct node_message *message);
/* An operator says that a node is down: believed only if its machine is not heard. */
void controller_confirm(struct node *node, uint32_t from, const struct node_message *message);
/* An operator wants a node fenced. */
void controller_shoot(struct node *node, uint32_t from, const struct node_message *message);
/* A member's daemon is not to be counted on any more, though its machine is there. */
void controller_expelled(struct node *node, uint32_t id);
/* This partition has got the lock: another one had it, perhaps. */
void controller_lock_gained(struct node *node);
/* What became of a fencing that was asked for with this number; failures: in a row, this one too. */
void controller_fenced(struct node *node, uint64_t request, bool done, int failures);
/* Appends to update the removal of a node's transient attributes. */
void controller_drop_transient(struct node *node, const char *id, struct hf_buf *update);
/* Runs what is due; called at the end of every step. */
void controller_run(struct node *node);
int64_t controller_deadline(const struct node *node);
void controller_free(struct node *node);

/* --- fencing.c --- */

/* Tells the machine about configuration, members and the right to fence, as they are now. */
void fencing_refresh(struct node *node);
void fencing_request(struct node *node, const struct graph_action *action, uint64_t request);
/* An operator says that target is down; who is told is node->confirming. */
void fencing_confirm(struct node *node, const char *target);
/* An operator wants target fenced; from waits for the verdict under ticket. */
void fencing_shoot(struct node *node, uint32_t from, const struct node_message *message);
/* This node coordinates now: what its predecessor had under way has no outcome. */
void fencing_take_over(struct node *node);
void fencing_result(struct node *node, const struct node_fence_result *result);
void fencing_remote_result(struct node *node, const struct node_message *message);
/* Runs an agent here (or forgets it), for requester. */
void fencing_run_for(struct node *node, uint32_t requester, const struct node_message *message);
void fencing_tick(struct node *node);
/* Frees what the node has about fencing. */
void fencing_end(struct node *node);

/* --- quorum.c --- */

/* Whether this partition may decide, as far as this node knows; the lock's term. */
enum cib_quorum quorum_now(const struct node *node, uint32_t *term);
/* So many members may be missing and the rest is still more than half of all configured nodes. */
unsigned quorum_spare(const struct node *node);
/* HF_NO_QUORUM if a client's change of the configuration must not be taken here now, whatever corosync says.
 */
struct hf_error *quorum_may_change(const struct node *node);
void quorum_lock(struct node *node, const struct node_lock *lock);
void quorum_view(struct node *node);
/* Whether this part has the lock, and too few machines for corosync to use it. */
bool quorum_wastes_lock(const struct node *node);
/* The coordinator of this part says that nothing runs in it which others would start: if the lock is wasted
 * here, it is given up. */
void quorum_drained(struct node *node);
/* To be called whenever quorum_now() may have changed. */
void quorum_note(struct node *node);
/* Only the lock is missing, and not for long: its last owner may be dead, and then a member gets it soon.
 * INT64_MAX or the time until then, ms. */
int64_t quorum_grace(const struct node *node);
void quorum_heard(struct node *node, uint32_t from, const struct node_message *message);

/* --- leases.c --- */

struct leases *leases_new(void);
void leases_free(struct leases *leases);
/* What an action says about its resource; to be cleared by the caller. */
void leases_terms(const struct node_action *action, struct lease_terms *terms);
void lease_terms_clear(struct lease_terms *terms);
/* True if the action is taken care of: it waits for its lock, or has failed for want of one. */
bool leases_take(struct node *node, const struct node_action *action);
/* The runner got this call. */
void leases_ran(struct node *node, const struct node_action *action, uint64_t call_id);
/* A result; terms are taken. */
void leases_result(struct node *node, const struct runner_result *result, struct lease_terms *terms);
/* The runner's history, in the order of the calls, and its end. */
void leases_history(struct node *node, const struct runner_result *entry, struct lease_terms *terms);
void leases_surveyed(struct node *node);
/* The token of a resource's lock, if it has one and this node owns it. */
bool leases_token(const struct node *node, const char *resource, uint64_t *token);
void leases_locks(struct node *node, const struct node_own_lock *locks, size_t count);
/* Does what follows from all that is known now. */
void leases_settle(struct node *node);
int64_t leases_deadline(const struct node *node);

/* --- vip.c --- */

/* Whether this is the agent of VIPs; provider may be NULL. */
bool vip_is(const char *class, const char *provider, const char *type);
void vip_init(struct node *node);
void vip_free(struct node *node);
/* The guard's news; expected but not attached: it is being looked for, or was lost. */
void vip_routers(struct node *node, const struct node_event *event);
/* Whether this node's status had better wait for the guard. */
bool vip_guard_awaited(const struct node *node);
/* What corosync says of quorum, to the guard. */
void vip_quorum(struct node *node);
void vip_hint(struct node *node, const char *name, bool fenced);
/* Adopts what the guard did by itself into a status that is being written anew. */
void vip_adopt_into(struct node *node, xmlDoc *scratch);
/* An operation was recorded. */
void vip_recorded(struct node *node, const char *resource, uint64_t call_id);
/* The term that a promotion of the resource here had: its lock's, or without one this node's; 0 for none. */
uint64_t vip_term(const struct node *node, const char *resource, const char *task);

enum vip_verdict {
    VIP_RECORD,    /* a result like any other */
    VIP_OUTDATED,  /* it judged a role that has changed since */
    VIP_WAIT,      /* kept: the guard's word decides, or time */
    VIP_LOST_RACE, /* a promotion that came too late: another node has the VIP */
};
/* again: it was kept already. */
enum vip_verdict vip_judge(struct node *node, const struct runner_result *result, bool again);
/* Whether a monitor of the same name and interval was started since the one that gave this result. */
bool vip_monitors_anew(const struct node *node, const struct runner_result *result);
/* Whether an entry of the runner's history may be published. */
bool vip_judge_history(struct node *node, const struct runner_result *result);
/* The promotion that was under way here has not come about, and that is no failure. */
void vip_not_promoted(struct node *node, const char *resource);
/* The configuration or this node's status was changed. */
void vip_applied(struct node *node);
/* This node's status is being written anew. */
void vip_publish_again(struct node *node);
/* The coordinator's word on a VIP here. */
void vip_priority(struct node *node, const struct node_message *message);
/* Tells the nodes what the plan makes of their VIPs' priorities, as far as it changed. */
void vip_distribute(struct node *node, const struct sched_output *plan);
/* Everything has to be told again. */
void vip_forget_told(struct node *node);
/* The node where the plan wants a VIP that is demoted on node from; NULL if nowhere. */
const char *vip_successor(const struct sched_output *plan, const struct graph_resource *resource,
                          const char *from);
/* The coordinator saw an operation of a resource. */
void vip_move_seen(struct node *node, const char *resource, const xmlNode *op);
/* ms: until then a VIP may be on its way from one node to another by itself. */
int64_t vip_moving_until(const struct node *node);
/* Does what is due; called at the end of every step. */
void vip_run(struct node *node);
int64_t vip_deadline(const struct node *node);

/* --- request.c --- */

void request_handle(struct node *node, uint64_t client, const char *text, size_t length);
void request_answered(struct node *node, const struct node_message *message);
void request_free(struct node *node);
/* Members or the coordinator changed: questions to the old one are asked again. */
void request_ask_again(struct node *node);
void request_tick(struct node *node);
/* Somebody asked the coordinator to tell when the cluster has settled: it must not answer before it knows
 * what this node does about messages that came before. */
void request_note_settle(struct node *node, uint32_t from, uint64_t ticket);
void request_catch_up(struct node *node);
int64_t request_deadline(const struct node *node);

#endif
