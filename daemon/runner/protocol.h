/* protocol.h - what is said on the runner's socket (HF_RUNDIR "/runner.sock").
 *
 * The agent runner (main.c) is a small process of its own that runs every resource agent, so that holdfastd
 * may end and come back while actions run.  Both speak frames over a SOCK_SEQPACKET unix socket that only
 * root may open: one frame a packet, encoded with lib/wire.h, at most RUNNER_FRAME_MAX bytes.
 *
 * A connection begins with HELLO from both sides.  Its instance number tells the client whether this is
 * still the runner that it knew.  One client is the owner; a second owner's HELLO takes over from the first
 * (a restarted holdfastd need not wait until the kernel noticed).  An observer may only LIST.
 *
 * After HELLO the runner sends every RESULT that no owner acknowledged yet, in the order of their sequence
 * numbers, then new ones as they come; ACK n says that n and everything before it is safe.  For each RUN
 * there is at least one RESULT with its call id; for each CANCEL exactly one RESULT with status
 * RUNNER_CANCELLED (call id 0 if there was nothing to cancel) or RUNNER_INVALID.  A RUN that changes the
 * resource's state (any operation without interval except monitor, notify, meta-data and validate-all)
 * first cancels the resource's recurring operations, as Pacemaker's controller does, with one CANCELLED
 * RESULT for each.  A second RUN of the same recurring operation replaces the first (and runs at once).
 *
 * Malformed frames end the connection; nothing else is affected. */
#ifndef HF_RUNNER_PROTOCOL_H
#define HF_RUNNER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

#define RUNNER_SOCKET HF_RUNDIR "/runner.sock"

enum {
    RUNNER_PROTOCOL_VERSION = 1,
    RUNNER_FRAME_MAX = 128 * 1024, /* bytes of one frame */
    RUNNER_USERDATA_MAX = 16 * 1024,
    RUNNER_PARAMS_MAX = 1024,      /* pairs */
    RUNNER_NAME_MAX = 1024,        /* bytes of an id, operation, class, provider or type */
    RUNNER_REASON_MAX = 512,       /* bytes of an exit reason that are kept */
    RUNNER_OUTPUT_MAX = 4096,      /* bytes of an action's output that are kept: its end */
    RUNNER_OUTPUT_LONG = 64 * 1024 /* the same for meta-data, of which nothing may be missing */
};

/* Exit codes of the OCF resource agent API 1.1, and the two that Pacemaker adds. */
enum runner_ocf {
    RUNNER_OCF_OK = 0,
    RUNNER_OCF_ERROR = 1,
    RUNNER_OCF_INVALID_PARAM = 2,
    RUNNER_OCF_UNIMPLEMENTED = 3,
    RUNNER_OCF_INSUFFICIENT_PRIV = 4,
    RUNNER_OCF_NOT_INSTALLED = 5,
    RUNNER_OCF_NOT_CONFIGURED = 6,
    RUNNER_OCF_NOT_RUNNING = 7,
    RUNNER_OCF_RUNNING_PROMOTED = 8,
    RUNNER_OCF_FAILED_PROMOTED = 9,
    RUNNER_OCF_DEGRADED = 190,
    RUNNER_OCF_DEGRADED_PROMOTED = 191,
    RUNNER_OCF_PENDING = 193,
};

/* What became of an operation: the numbers that Pacemaker writes as op-status. */
enum runner_status {
    RUNNER_PENDING = -1,
    RUNNER_DONE = 0,          /* the agent exited; rc says how */
    RUNNER_CANCELLED = 1,     /* somebody asked for it */
    RUNNER_TIMEOUT = 2,       /* killed for being late */
    RUNNER_NOT_SUPPORTED = 3, /* the class cannot do this operation */
    RUNNER_ERROR = 4,         /* could not be run, or was killed by a signal */
    RUNNER_ERROR_HARD = 5,
    RUNNER_ERROR_FATAL = 6,
    RUNNER_NOT_INSTALLED = 7, /* no such agent here */
    RUNNER_NOT_CONNECTED = 8, /* the runner was lost while it ran (client.h says so, not the runner) */
    RUNNER_INVALID = 9,       /* cannot be done now: limits, shutdown */
};

struct runner_param {
    char *name;
    char *value;
};

/* RUN: one operation, once or recurring. Strings are never NULL after decoding. */
struct runner_call {
    uint64_t id; /* the caller's, not 0; comes back with each result */
    char *resource;
    char *operation;         /* "start", "monitor", ... */
    uint32_t interval_ms;    /* 0: once */
    uint32_t timeout_ms;     /* 0: no limit */
    uint32_t start_delay_ms; /* before the first run */
    int32_t expected_rc;     /* what counts as success; -1: unknown, then 0 (for the last failure in LIST) */
    char *class;             /* ocf, lsb, service or systemd */
    char *provider;          /* for ocf, else "" */
    char *type;
    struct runner_param *params; /* name without OCF_RESKEY_ ("ip", "CRM_meta_timeout") */
    size_t param_count;
    void *userdata; /* kept, and returned with each result; NULL if there is none */
    size_t userdata_length;
};

/* Where a result in the answer to LIST comes from. */
enum runner_history {
    RUNNER_LAST = 0,     /* the last completed run of this operation and interval */
    RUNNER_FAILURE = 1,  /* the resource's last failure */
    RUNNER_INFLIGHT = 2, /* waiting or running; status RUNNER_PENDING, rc RUNNER_OCF_PENDING */
};

/* RESULT and HISTORY. Strings are never NULL after decoding. */
struct runner_result {
    uint64_t sequence; /* to be acknowledged; 0 in HISTORY */
    uint64_t call_id;
    char *resource;
    char *operation;
    uint32_t interval_ms;
    int32_t expected_rc;
    char *class;
    char *provider;
    char *type;
    int32_t rc; /* an OCF exit code whatever the class */
    enum runner_status status;
    enum runner_history history; /* HISTORY only */
    char *reason;                /* the last ocf-exit-reason: line, or what went wrong; "" if none */
    char *output;                /* the end of stderr if there was any, else of stdout; cleaned to text */
    int64_t start_time;          /* wall clock, seconds: when it last ran */
    int64_t rc_change_time;      /* wall clock, seconds: when rc last changed */
    uint32_t exec_ms;
    uint32_t queue_ms;
    void *userdata;
    size_t userdata_length;
};

/* The names on the wire; the numbers are part of the protocol. */
enum runner_frame_type {
    RUNNER_HELLO = 1,   /* both ways */
    RUNNER_RUN = 2,     /* to the runner: call */
    RUNNER_CANCEL = 3,  /* resource, operation, interval */
    RUNNER_FORGET = 4,  /* resource: its history and recurring operations, silently */
    RUNNER_LIST = 5,    /* answered by HISTORY frames and one END */
    RUNNER_ACK = 6,     /* sequence */
    RUNNER_RESULT = 7,  /* from the runner: result */
    RUNNER_HISTORY = 8, /* result */
    RUNNER_END = 9,
    RUNNER_HURRY = 10, /* to the runner: resource; its recurring operations have a turn now */
};

struct runner_frame {
    enum runner_frame_type type;
    /* HELLO */
    uint64_t instance; /* of the runner; 0 from a client */
    bool owner;        /* from a client: false is an observer */
    uint32_t pid;
    /* ACK */
    uint64_t sequence;
    /* CANCEL (all three), FORGET and HURRY (resource) */
    char *resource;
    char *operation;
    uint32_t interval_ms;
    struct runner_call call;
    struct runner_result result;
};

/* Appends one frame. HF_REFUSED, with nothing appended, if it would break a limit above. */
struct hf_error *runner_encode(const struct runner_frame *frame, struct hf_buf *buf) HF_MUST_CHECK;
/* Reads exactly one frame of length bytes into *frame, which the caller frees with runner_frame_clear().
 * HF_REFUSED if it is not one: wrong version, unknown type, too long, cut short or over a limit. */
struct hf_error *runner_decode(const void *bytes, size_t length, struct runner_frame *frame) HF_MUST_CHECK;

/* Free what the structure owns, not itself, and leave it empty. */
void runner_frame_clear(struct runner_frame *frame);
void runner_call_clear(struct runner_call *call);
void runner_result_clear(struct runner_result *result);
/* Deep copies into *copy, to be cleared by the caller. */
void runner_call_copy(struct runner_call *copy, const struct runner_call *call);
void runner_result_copy(struct runner_result *copy, const struct runner_result *result);
/* What came of a call at a time (epoch seconds): all that does not follow from the call is empty. Borrows
 * from it. */
struct runner_result runner_call_result(const struct runner_call *call, int32_t rc, enum runner_status status,
                                        int64_t time);
/* Adds a pair (both copied). */
void runner_call_param(struct runner_call *call, const char *name, const char *value);

/* "done", "Timed out", ... for people. */
const char *runner_status_text(enum runner_status status);
/* "ok", "not running", ... for people; "unknown exit code" for others. */
const char *runner_ocf_text(int rc);

#endif
