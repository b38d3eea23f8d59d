/* state.h - what request.c, able.c and history.c share: the insides of struct fencing. */
#ifndef FENCE_STATE_H
#define FENCE_STATE_H

#include "fence/request.h"

enum {
    LIST_FRESH_MS = 60000, /* how long an agent's list is believed */
    METADATA_TIMEOUT_MS = 20000,
    RETRY_PAUSE_MS = 1000,  /* before the same member tries again */
    RESULT_GRACE_MS = 5000, /* after an agent's timeout, before its result is given up */
    HISTORY_MAX = 500,      /* ended operations that are kept */
};

/* The pseudo device for nodes that their own watchdog resets. */
#define FENCE_WATCHDOG "watchdog"

/* What is known of a device beyond its configuration. */
struct device_state {
    struct fence_device *device; /* the configuration's */
    bool metadata_known;         /* or tried in vain */
    uint64_t list_run;           /* under way; 0: none */
    char *list;                  /* its last output */
    int64_t list_at;
    bool list_failed;
    char *list_reason; /* why */
    int running;       /* agents under way */
};

enum run_kind { RUN_METADATA, RUN_LIST, RUN_STATUS, RUN_ACTION };

/* An agent under way. */
struct run {
    uint64_t id;
    enum run_kind kind;
    char *device;
    char *node;
    uint64_t operation; /* that it is for; 0: none in particular */
    int64_t deadline;
};

enum ability { ABILITY_UNKNOWN, ABILITY_ASKED, ABILITY_YES, ABILITY_NO };

/* What `status` said about a device and the operation's target. */
struct asked {
    char *device;
    enum ability ability;
    char *reason; /* the agent's, if it did not know the target */
};

/* One level of the plan. */
struct plan_level {
    char **devices;
    size_t n_devices;
    bool lenient; /* devices that cannot fence the target are passed over */
};

enum operation_phase {
    PHASE_QUEUED,   /* another operation goes first */
    PHASE_CHOOSING, /* waits for answers of agents */
    PHASE_READY,    /* has a device; waits for the delay, the right, or its turn with the device */
    PHASE_RUNNING,  /* its agent runs */
};

struct operation {
    struct fence_record *record; /* the history's; holds id, target, action */
    uint64_t *requests;
    size_t n_requests;
    int64_t timeout_ms;
    int64_t delay_ms; /* -1: none at all */
    enum operation_phase phase;
    struct plan_level *levels;
    size_t n_levels, level;
    size_t step;      /* device in the level */
    size_t done;      /* devices of the level that succeeded */
    bool turning_on;  /* second half of a remapped reboot */
    bool answered;    /* the requests have their verdict */
    bool announced;   /* its beginning has been told */
    bool delayed;     /* the delay has been served */
    int attempt;      /* of the current device, from 0 */
    int64_t ready_at; /* not to be run before */
    int64_t until;    /* the device's time ends */
    int64_t right_by; /* the right must have come; 0: not waiting */
    uint64_t run;
    struct asked *asked;
    size_t n_asked;
    struct hf_buf failures; /* why levels failed */
};

struct fencing {
    char *node;
    uint64_t random, next_run, next_record;
    int64_t now, wall;
    struct fence_config *config;
    struct device_state *devices; /* one for each of the configuration's */
    char **members;
    size_t n_members;
    bool right;
    struct operation **operations; /* oldest first */
    size_t n_operations;
    struct run **runs;
    size_t n_runs;
    struct fence_record **history; /* oldest first, pending ones too */
    int64_t *ended;                /* monotonic ms, beside history */
    size_t n_history;
    struct hf_arena *arena; /* of the present step */
    struct fence_update *updates;
    size_t n_updates, updates_capacity;
};

/* --- request.c --- */

struct fence_update *fencing_emit(struct fencing *fencing, enum fence_order order);
/* Orders an agent run; target and operation may be NULL. Returns the run's number. */
uint64_t fencing_order_run(struct fencing *fencing, enum run_kind kind, struct device_state *state,
                           enum fence_action action, const struct operation *operation, const char *node,
                           int64_t timeout_ms);
struct device_state *fencing_device(struct fencing *fencing, const char *id);
bool fencing_is_member(const struct fencing *fencing, const char *node);

/* --- able.c: who can fence whom --- */

/* Takes a configuration over and asks new agents for their metadata. */
void fencing_configure(struct fencing *fencing, struct fence_config *config);
/* Can the device fence the operation's target?  Asks the agent where nothing else tells. */
enum ability fencing_ability(struct fencing *fencing, struct operation *operation,
                             struct device_state *state);
/* Learns from the result of a metadata, list or status run. */
void fencing_learn(struct fencing *fencing, const struct run *run, const struct fence_event *result);
/* Appends what agents said that could not tell whom they can fence: a hint when nobody can. */
void fencing_put_hints(struct fencing *fencing, const struct operation *operation, struct hf_buf *out);
/* Makes the plan: which devices, level by level. False if metadata must come first. */
bool fencing_plan(struct fencing *fencing, struct operation *operation);
void fencing_free_plan(struct operation *operation);
void fencing_free_devices(struct fencing *fencing);

/* --- history.c --- */

struct fence_record *fencing_record(struct fencing *fencing, const char *target, enum fence_action action,
                                    const char *origin);
/* The operation ended: sets the outcome, orders FENCE_RECORD. */
void fencing_close_record(struct fencing *fencing, struct fence_record *record, bool success,
                          const char *device, const char *node, const char *reason);
/* True if the same was done within the last tolerance_ms. */
bool fencing_done_lately(const struct fencing *fencing, const char *target, enum fence_action action,
                         int64_t tolerance_ms);
/* Drops the oldest that ended, if there are too many; not while a step's orders still point at them. */
void fencing_trim_history(struct fencing *fencing);
void fencing_free_history(struct fencing *fencing);

#endif
