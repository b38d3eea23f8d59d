/* protocol.h - what is said on the guard's socket (HF_RUNDIR "/guard.sock").
 *
 * holdfastd tells the guard what to hold and what to protect; the guard tells holdfastd what it owns and in
 * what state everything is.  Frames of lib/wire.h's encoding over a SOCK_SEQPACKET unix socket that only
 * root may open: one frame a packet, at most GUARD_FRAME_MAX bytes.
 *
 * A connection begins with HELLO from both sides.  The guard then sends everything it knows (LOCK, VIP,
 * ROUTER, SERVER, GATE, WATCHDOG frames) and SYNCED; after that, each of them again when it changes.  An
 * owner (holdfastd) gives orders, a later owner's HELLO takes over from an earlier one; agents, of which
 * there may be several, give orders about routers (router_frames.h), each of which is answered; an observer
 * only reads.  The guard keeps its orders when who gave them goes and over its own restart, so either may end
 * and come back: client.h brings what holdfastd and the guard know together again.
 *
 * A malformed frame ends the connection; an order that cannot be followed is answered by REFUSED.  Nothing
 * else is affected by either.  Times are CLOCK_BOOTTIME, ns. */
#ifndef GUARD_PROTOCOL_H
#define GUARD_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/guard/address.h"
#include "daemon/guard/router_frames.h"
#include "lib/buf.h"
#include "lib/error.h"

#define GUARD_SOCKET HF_RUNDIR "/guard.sock"
#define GUARD_DRAIN_DEFAULT UINT32_MAX /* of guard_want: what guard.conf says */

enum {
    GUARD_PROTOCOL_VERSION = 1,
    GUARD_FRAME_MAX = 8192,   /* bytes of one frame */
    GUARD_NAME_MAX = 63,      /* bytes of a lock, node, resource or VIP id: letters, digits and . _ - : @ / */
    GUARD_INTERFACE_MAX = 15, /* bytes, as the kernel has it */
    GUARD_TEXT_MAX = 255,     /* bytes of a sentence; longer ones are cut */
    GUARD_LOCKS_MAX = 256,    /* what a lock server allows a cluster */
    GUARD_SERVERS_MAX = 9,
    GUARD_TIMES_MAX = 64, /* locks in one TIMES frame */
};

/* The numbers are part of the protocol. */
enum guard_frame_type {
    GUARD_HELLO = 1,      /* both ways */
    GUARD_WANT = 2,       /* to the guard: want; again to change rank or drain */
    GUARD_UNWANT = 3,     /* lock (all but its VIPs has stopped already) */
    GUARD_RELEASE = 4,    /* lock, node: hand it over to node ("": whoever comes), and stay in the queue */
    GUARD_VIP_ADD = 5,    /* vip; again to change it */
    GUARD_VIP_REMOVE = 6, /* id in vip.id */
    GUARD_ALIVE = 7,      /* alive */
    /* From agents: each has a serial number, and is answered by ANSWER with the same. */
    GUARD_ROUTER_ADD = 8,      /* router; again to change it */
    GUARD_ROUTER_REMOVE = 9,   /* router_order: resigns first, if it is MASTER */
    GUARD_ROUTER_PROMOTE = 10, /* router_order: be MASTER as soon as it has the right; if it is, announce its
                                * addresses again */
    GUARD_ROUTER_DEMOTE = 11,  /* router_order: close the gate, hand the lock over, resign, stand back */
    GUARD_ROUTER_TRACK = 12,   /* router_order: whether a tracked script succeeds */
    /* From the owner. */
    GUARD_ROUTER_PRIORITY = 13, /* router_priority */
    GUARD_QUORUM = 14,          /* quorum */
    GUARD_HINT = 15,            /* hint */
    GUARD_LOCK = 65,            /* from the guard: lock */
    GUARD_TIMES = 66,           /* times: leases that were extended */
    GUARD_VIP = 67,             /* vip_state; gone if it is no longer known */
    GUARD_SERVER = 68,
    GUARD_GATE = 69,
    GUARD_WATCHDOG = 70,
    GUARD_SYNCED = 71,
    GUARD_REFUSED = 72, /* text */
    GUARD_ROUTER = 73,  /* router_state */
    GUARD_ANSWER = 74,  /* answer */
    GUARD_CLOCK = 75,   /* clock */
};

/* Who speaks, in a client's HELLO. The numbers are part of the protocol. */
enum guard_client_kind { GUARD_OBSERVER, GUARD_OWNER, GUARD_AGENT };

/* An order: take part in a lock. */
struct guard_want {
    char lock[GUARD_NAME_MAX + 1];
    uint32_t rank; /* preference offset: 0 bids first */
    /* What the servers add to the lease for that which no gate covers, or GUARD_DRAIN_DEFAULT.  0 where the
     * gate covers all: another node gets such a lock as soon as the lease is over. */
    uint32_t drain_ms;
    /* The client's, and said again in GUARD_LOCK: what the guard said before it heard that the lock was given
     * up and is wanted anew has an older one. */
    uint32_t serial;
};

enum guard_vip_flag {
    GUARD_VIP_CLIENTS = 1, /* while another node has it, programs of this node may speak with it */
    GUARD_VIP_ASSIGN = 2,  /* the guard puts the address on the interface while it owns the lock */
    GUARD_VIP_ROUTED = 4,  /* it belongs to a router: only the guard says so */
    GUARD_VIP_FLAGS = 7,
};

/* An order: protect an address.  The gate is shut from then on, except while this node owns the lock. */
struct guard_vip {
    char id[GUARD_NAME_MAX + 1];   /* the resource's */
    char lock[GUARD_NAME_MAX + 1]; /* whose lease opens the gate */
    char interface[GUARD_INTERFACE_MAX + 1];
    struct gate_address address;
    uint8_t prefix; /* bits; of the IPv4 address itself, where it is one: 0 to 32 */
    uint8_t flags;  /* enum guard_vip_flag */
};

/* holdfastd's heartbeat for the watchdog. */
struct guard_alive {
    bool needed;       /* something runs here that must not outlive its lock: the watchdog shall guard it */
    uint32_t limit_ms; /* the next heartbeat comes before */
    bool late;         /* something that has to stop here, for want of lock or quorum, has not yet */
    uint64_t obeyed;   /* every loss up to this number (guard_lock.losses) has been followed: all stopped */
};

/* Where a lock stands: the same words as lease.h's states. */
enum guard_lock_state { GUARD_IDLE, GUARD_WAITING, GUARD_BIDDING, GUARD_OWNING, GUARD_CLOSING };

struct guard_lock {
    struct guard_want want;
    bool wanted;
    enum guard_lock_state state;
    uint64_t token;     /* the fencing token; OWNING, CLOSING */
    int64_t until;      /* the node owns it until then unless renewed; OWNING, CLOSING */
    int64_t not_before; /* no bid before */
    uint64_t losses;    /* how often the guard lost a lock that needs draining: for guard_alive.obeyed */
    char holder[GUARD_NAME_MAX + 1]; /* who else has it, as far as is known; "" */
};

struct guard_vip_state {
    struct guard_vip vip;
    bool gone;                      /* it was removed */
    bool protected;                 /* the gate in the kernel covers it on its interface */
    int64_t until;                  /* the gate is open until then; 0 is shut */
    char fault[GUARD_TEXT_MAX + 1]; /* what is wrong, "" if nothing */
};

struct guard_server {
    uint8_t index;
    bool up;                         /* connected and welcomed */
    bool known;                      /* it has its record of this cluster */
    int64_t last_heard;              /* 0: never */
    int64_t ready_at;                /* it grants nothing before */
    char name[GUARD_TEXT_MAX + 1];   /* host:port */
    char reason[GUARD_TEXT_MAX + 1]; /* why it is not up, or grants nothing; "" if all is well */
};

/* The last time that this machine's wall clock was set (clock.h). */
struct guard_clock {
    int64_t at;   /* CLOCK_BOOTTIME, ns; 0: it was not, since the guard began */
    int64_t step; /* forward, ns */
};

struct guard_gate {
    bool kernel; /* false: user space only */
    char reason[GUARD_TEXT_MAX + 1];
};

#define GUARD_WATCHDOG_STATES(X)                                                                             \
    X(GUARD_WATCHDOG_OFF, "off")         /* none is configured */                                            \
    X(GUARD_WATCHDOG_MISSING, "missing") /* configured, and cannot be used */                                \
    X(GUARD_WATCHDOG_IDLE, "idle")       /* nothing here needs it */                                         \
    X(GUARD_WATCHDOG_FED, "fed")                                                                             \
    X(GUARD_WATCHDOG_STARVED, "starved") /* not fed: the machine will be reset */

enum guard_watchdog_mode {
#define GUARD_WATCHDOG_ENUM(name, word) name,
    GUARD_WATCHDOG_STATES(GUARD_WATCHDOG_ENUM)
#undef GUARD_WATCHDOG_ENUM
};

struct guard_watchdog {
    enum guard_watchdog_mode mode;
    uint32_t timeout_ms; /* the device's */
    char reason[GUARD_TEXT_MAX + 1];
};

struct guard_time {
    char lock[GUARD_NAME_MAX + 1];
    int64_t until;
};

/* What became of an agent's order. */
struct guard_answer {
    uint32_t serial;
    bool done;
    char text[GUARD_TEXT_MAX + 1]; /* why not; or what is worth knowing, "" if nothing */
};

/* Which members count depends on the type. */
struct guard_frame {
    enum guard_frame_type type;
    /* HELLO */
    uint64_t instance;           /* of the guard; 0 from a client */
    enum guard_client_kind kind; /* from a client; the guard says GUARD_OWNER */
    uint32_t pid;
    uint32_t serial; /* ROUTER_ADD, _REMOVE, _PROMOTE, _DEMOTE, _TRACK */
    union {
        struct guard_want want;
        struct {
            char lock[GUARD_NAME_MAX + 1];
            char node[GUARD_NAME_MAX + 1];
        } release; /* UNWANT (lock), RELEASE */
        struct guard_vip vip;
        struct guard_alive alive;
        struct guard_lock lock;
        struct {
            uint8_t count;
            struct guard_time items[GUARD_TIMES_MAX];
        } times;
        struct guard_vip_state vip_state;
        struct guard_server server;
        struct guard_gate gate;
        struct guard_watchdog watchdog;
        struct guard_clock clock;
        struct guard_router router;
        struct guard_router_order router_order;
        struct guard_router_priority router_priority;
        struct guard_quorum quorum;
        struct guard_hint hint;
        struct guard_router_state router_state;
        struct guard_answer answer;
        char text[GUARD_TEXT_MAX + 1];
    };
};

/* Appends one frame.  HF_REFUSED, with nothing appended, if a name or number is not as said above. */
struct hf_error *guard_encode(const struct guard_frame *frame, struct hf_buf *buf) HF_MUST_CHECK;
/* Reads exactly one frame of length bytes; it owns nothing.  HF_REFUSED, with what was expected, for
 * anything that guard_encode() cannot have made. */
struct hf_error *guard_decode(const void *bytes, size_t length, struct guard_frame *frame) HF_MUST_CHECK;

/* Copies a name or sentence into a member of size bytes, cut if it is too long. */
void guard_copy(char *to, size_t size, const char *text);

/* "waiting", "owning", ... */
const char *guard_lock_state_name(enum guard_lock_state state);
const char *guard_watchdog_mode_name(enum guard_watchdog_mode mode);

#endif
