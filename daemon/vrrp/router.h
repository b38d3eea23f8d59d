/* router.h - the VRRP state machine of one virtual router: one VRID, one address family, one interface.
 *
 * Pure: no clock, socket or allocation.  Events with the time in them go in; what the shell (the guard) must
 * do comes out; vrrp_deadline() says when VRRP_TICK must come next.  RFC 9568 section 6.4 (version 3) and RFC
 * 3768 section 6.4 (version 2); router.c has the section beside each transition.  What RFC 9568 calls Active
 * is MASTER here, as it was in the RFCs before and is in everybody's mouth.
 *
 * Right.  VRRP alone lets two machines own an address whenever they do not hear each other.  So MASTER needs
 * a right besides (DESIGN section 5), and there are three kinds of it:
 *
 *   VRRP_RIGHT_NONE    none is needed: plain VRRP, for a foreign router as peer.
 *   VRRP_RIGHT_QUORUM  a permission: the election of the RFC among those that have it.  Who loses it leaves
 *                      MASTER at once; who gets it listens for a whole Master_Down_Interval first.  A node
 *                      learns late that it lost it, so silence must last longer than that (config.
 *                      right_lost_within_us) before another takes over, and no living master is preempted: it
 *                      may be about to be cut off.  Even so there can be two: for as long as a packet travels
 *                      if two timers end together, and until the loss is noticed if the network breaks in
 *                      the middle of an election.  Only the lock rules that out.
 *   VRRP_RIGHT_LOCK    the lock's lease: it is the election.  Who gets it becomes MASTER at once, whatever is
 *                      advertised; who has it does not yield to an advert; who loses it leaves at once.  What
 *                      VRRP hears only says when to bid for it (update.bid).
 *
 * With the last two, preemption is the scheduler's planned move (VRRP_FOLLOW to VRRP_BACKUP, which resigns),
 * and an address owner listens like everybody.
 *
 * Besides the states of the RFC there is FAULT: Initialize because an interface or a tracked thing is down;
 * the router starts by itself when that is over. */
#ifndef HF_VRRP_ROUTER_H
#define HF_VRRP_ROUTER_H

#include "daemon/vrrp/packet.h"
#include "lib/error.h"

enum { VRRP_PEERS_MAX = 32 };

enum vrrp_right { VRRP_RIGHT_NONE, VRRP_RIGHT_QUORUM, VRRP_RIGHT_LOCK };

/* When addresses are announced (gratuitous ARP, unsolicited NA). Times in microseconds. */
struct vrrp_announce_plan {
    uint8_t count;       /* of each burst */
    uint32_t spacing_us; /* between those of one burst; 0: together */
    uint32_t again_us;   /* a second burst this long after the first; 0: none */
    uint32_t refresh_us; /* a burst of refresh_count each so long while MASTER; 0: none */
    uint8_t refresh_count;
    uint32_t contest_us; /* quiet for so long after somebody else advertised: a burst again */
};

struct vrrp_config {
    uint8_t version; /* 2 or 3 */
    enum vrrp_family family;
    uint8_t vrid;         /* 1 to 255 */
    uint8_t priority;     /* 1 to 254; 255: this machine owns the addresses */
    uint32_t interval_us; /* Advertisement_Interval, as in struct vrrp_advert */
    enum vrrp_right right;
    uint32_t right_lost_within_us; /* VRRP_RIGHT_QUORUM: the longest time until its loss is noticed */
    bool preempt;                  /* Preempt_Mode */
    uint32_t preempt_delay_us;     /* how long a lower-priority master is left alone */
    uint8_t auth_type;             /* version 2: 0 or 1 */
    uint8_t auth[VRRP_AUTH_LENGTH];
    enum vrrp_checksum checksum; /* version 3 over IPv4: what is sent */
    uint8_t min_ttl;             /* 255 as the RFC wants; lower for unicast peers behind a router */
    bool grouped;                /* member of a sync group (group.h): the group decides when to be MASTER */
    struct vrrp_address primary; /* our own address on the interface; for IPv6 link-local */
    uint8_t count;
    struct vrrp_address addresses[VRRP_ADDRESSES_MAX];
    uint8_t peer_count; /* 0: multicast */
    struct vrrp_address peers[VRRP_PEERS_MAX];
    struct vrrp_announce_plan announce;
};

/* A plan as keepalived's users know it: 5, again after 5 s; besides, after a contest once it was quiet for
 * three intervals, and one a minute for hosts that missed them all. */
struct vrrp_announce_plan vrrp_announce_default(uint32_t interval_us);
/* NULL, or what is wrong and what was expected. */
struct hf_error *vrrp_config_check(const struct vrrp_config *config) HF_MUST_CHECK;

enum vrrp_state { VRRP_INITIALIZE, VRRP_BACKUP, VRRP_MASTER, VRRP_FAULT };

enum vrrp_event_type {
    VRRP_STARTUP,  /* section 6.4.1 */
    VRRP_SHUTDOWN, /* section 6.4.2, 6.4.3 */
    VRRP_TICK,     /* vrrp_deadline() is reached */
    VRRP_HEARD,    /* advert, source: one that vrrp_check() accepted */
    VRRP_RIGHT,    /* may_be_master: got or lost */
    VRRP_FIT,      /* fit: interface and tracked things are up; false: to FAULT */
    VRRP_PRIORITY, /* priority: the effective one has changed */
    VRRP_REFRESH,  /* announce the addresses now, if MASTER */
    VRRP_FOLLOW,   /* to the state in follow: VRRP_BACKUP is a planned step down, VRRP_MASTER is group.h's */
    VRRP_PASSIVE,  /* passive: does not bid or take over by itself, until told otherwise */
    VRRP_URGE,     /* the master may be gone: bid now; without a lock, one silent interval is enough */
    VRRP_LAPSED,   /* this process slept past its own adverts: another may be master by now */
};

struct vrrp_event {
    enum vrrp_event_type type;
    int64_t now; /* CLOCK_BOOTTIME, microseconds */
    const struct vrrp_advert *advert;
    struct vrrp_address source;
    bool may_be_master;
    bool fit;
    bool passive;
    uint8_t priority;
    enum vrrp_state follow;
    bool ordered; /* FOLLOW: somebody said so; false: the group did */
};

/* Why a state was entered, or a bid should be made. */
enum vrrp_reason {
    VRRP_WHY_NONE,
    VRRP_WHY_STARTED,
    VRRP_WHY_OWNER,     /* address owners are master from the start */
    VRRP_WHY_SILENCE,   /* Master_Down_Timer */
    VRRP_WHY_RESIGNED,  /* the master said so (priority 0), and nobody else spoke up */
    VRRP_WHY_OUTRANKED, /* a higher priority, or the same and a higher address */
    VRRP_WHY_RIGHT_GAINED,
    VRRP_WHY_RIGHT_LOST,
    VRRP_WHY_UNFIT, /* interface or tracked thing down */
    VRRP_WHY_GROUP, /* another one of the sync group */
    VRRP_WHY_SHUTDOWN,
    VRRP_WHY_URGED,  /* somebody knew that the master is gone */
    VRRP_WHY_LAPSED, /* our own adverts were overdue */
    VRRP_WHY_ORDERED,
};

/* In words, for logs: "MASTER", "the master was silent". Static. */
const char *vrrp_state_text(enum vrrp_state state);
const char *vrrp_reason_text(enum vrrp_reason reason);

/* Do these in this order. */
struct vrrp_update {
    bool stop_serving;       /* close the gate, take the addresses away: first of all */
    bool start_serving;      /* put the addresses on, open the gate */
    bool send_advert;        /* vrrp_own_advert() with this priority, to the group or each peer */
    uint8_t advert_priority; /* 0: resigning */
    uint8_t announce;        /* so many gratuitous ARPs or neighbor advertisements for each address */
    bool bid;                /* now is a good time to ask for the right */
    bool ready;              /* grouped only: would become MASTER */
    enum vrrp_reason reason; /* for a change of state or a bid */
};

/* One virtual router. Zero it and call vrrp_init(); look, but change nothing. */
struct vrrp_router {
    struct vrrp_config config;
    enum vrrp_state state;
    uint8_t priority;         /* the effective one: config.priority unless a VRRP_PRIORITY said otherwise */
    uint32_t master_interval; /* Active_Adver_Interval: what the master advertises, us */
    int64_t advert_at;        /* Adver_Timer; INT64_MAX: off. All in us. */
    int64_t master_down_at;   /* Active_Down_Timer (v2: Master_Down_Timer) */
    int64_t preempt_at;       /* when a lower-priority master may be preempted; 0: none was heard */
    int64_t burst_at;         /* the next announcement of a burst */
    uint8_t burst_left;
    int64_t second_burst_at, refresh_at, quiet_at;
    int64_t announced_at; /* the last immediate announcement against a contender */
    bool has_right, fit;
    bool resigned; /* the last master's last word was priority 0 */
    bool ready;    /* grouped: Master_Down_Timer has fired */
    bool passive;
    struct vrrp_counters {
        uint64_t sent, resignations_sent, heard, resignations_heard;
        uint64_t became_master, left_master, contested, bids;
        uint64_t address_mismatches, interval_mismatches; /* heeded all the same, but worth a warning */
        uint64_t refused[VRRP_REFUSALS];
    } counters;
};

/* config is copied; it has passed vrrp_config_check(). */
void vrrp_init(struct vrrp_router *router, const struct vrrp_config *config);
struct vrrp_update vrrp_step(struct vrrp_router *router, const struct vrrp_event *event);
/* When VRRP_TICK must come, us; INT64_MAX: never. */
int64_t vrrp_deadline(const struct vrrp_router *router);

/* Whether a received packet is an advert that this router must heed (section 7.1): VRRP_ACCEPTED with *advert
 * filled, for a VRRP_HEARD, or why not. Counts it either way. */
enum vrrp_refusal vrrp_check(struct vrrp_router *router, const struct vrrp_received *received,
                             struct vrrp_advert *advert);
/* The advert that this router sends now, with this priority. */
struct vrrp_advert vrrp_own_advert(const struct vrrp_router *router, uint8_t priority);

/* Skew_Time and Active_Down_Interval (section 6.1; RFC 3768 section 6.1), us. */
uint32_t vrrp_skew_us(uint8_t version, uint8_t priority, uint32_t interval_us);
uint32_t vrrp_master_down_us(uint8_t version, uint8_t priority, uint32_t interval_us);

/* A tracked interface, script or node attribute. */
struct vrrp_track {
    int16_t weight; /* above 0: added while up; below 0: added while down; 0: FAULT while down */
    bool up;
};

/* The effective priority, within 1 to 254 (255, the owner's, stays), and in *fit whether no weightless one is
 * down. */
uint8_t vrrp_effective_priority(uint8_t base, const struct vrrp_track *tracks, size_t count, bool *fit);

#endif
