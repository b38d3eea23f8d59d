/* router_frames.h - the part of the guard's protocol (protocol.h) that is about virtual routers: the VIPs
 * that VRRP moves.
 *
 * A router is ordered by an agent (ROUTER_ADD) and lives until ROUTER_REMOVE; the guard keeps it over its own
 * restart, and holdfastd's list of orders does not touch it.  It begins as BACKUP and stands back: it bids
 * for nothing until it is told to be MASTER (ROUTER_PROMOTE) or another node is heard as MASTER.  From then
 * on it takes over by itself whenever the master falls silent, resigns or loses the right; after
 * ROUTER_DEMOTE it stands back again in the same way.
 *
 * A router with a lock needs the lock to be MASTER (where the guard has no lock servers: quorum, as holdfastd
 * says by QUORUM); one without is plain VRRP.  Routers with the same lock, or else the same group, move
 * together. */
#ifndef GUARD_ROUTER_FRAMES_H
#define GUARD_ROUTER_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/guard/address.h"
#include "lib/buf.h"
#include "lib/error.h"
#include "lib/wire.h"

enum {
    ROUTER_ID_MAX = 58, /* bytes of a router's id: "vip/" and "/32" fit beside it into a name */
    ROUTER_NAME_MAX = 63,
    ROUTER_INTERFACE_MAX = 15,
    ROUTER_SENTENCE_MAX = 255,
    ROUTER_ADDRESSES_MAX = 32,
    ROUTER_PEERS_MAX = 32,
    ROUTER_TRACKS_MAX = 16,
    ROUTER_ROUTES_MAX = 16,
    ROUTER_RULES_MAX = 16,
    ROUTER_PASSWORD_MAX = 8,
};

struct router_address {
    struct gate_address address;
    uint8_t prefix; /* bits; of the IPv4 address itself, where it is one */
};

enum router_track_kind {
    ROUTER_TRACK_INTERFACE, /* up: it exists, is up and has a carrier */
    ROUTER_TRACK_SCRIPT,    /* up: as ROUTER_TRACK said last; up until it says something */
};

/* As vrrp_effective_priority() has it: weight 0 is needed to serve, above 0 is added while up, below 0 while
 * down. */
struct router_track {
    enum router_track_kind kind;
    char name[ROUTER_NAME_MAX + 1];
    int16_t weight; /* -253 to 253 */
};

/* A route that is there while this node is MASTER. */
struct router_route {
    struct router_address destination; /* prefix 0: the default route of the address' family */
    bool has_gateway, has_source;
    struct gate_address gateway;
    struct gate_address source;
    uint32_t table;                           /* 0: main */
    uint32_t metric;                          /* 0: the kernel's default */
    char interface[ROUTER_INTERFACE_MAX + 1]; /* "": the router's */
};

/* A routing rule that is there while this node is MASTER. */
struct router_rule {
    bool has_from, has_to;
    struct router_address from;
    struct router_address to;
    uint32_t table;
    uint32_t priority; /* 0: the kernel chooses */
};

enum router_flag {
    ROUTER_PREEMPT = 1,       /* plain VRRP: take over from a master of lower priority */
    ROUTER_VMAC = 2,          /* addresses on a macvlan interface with the virtual router's MAC */
    ROUTER_CLIENTS = 4,       /* GUARD_VIP_CLIENTS of each address */
    ROUTER_PSEUDO_HEADER = 8, /* version 3, IPv4: send the checksum of RFC 5798, as keepalived does */
    ROUTER_PROMOTED = 16,     /* only in the guard's file of orders: it was told to be MASTER */
    ROUTER_STANDS_BACK = 32,  /* only there, too */
    ROUTER_FLAGS = 63,
};

/* An order: take part as a virtual router. */
struct guard_router {
    char id[ROUTER_NAME_MAX + 1];    /* the resource's, at most ROUTER_ID_MAX bytes */
    char lock[ROUTER_NAME_MAX + 1];  /* "vip/<id>", or "vip/<group>" for all of a group; "": none */
    char group[ROUTER_NAME_MAX + 1]; /* sync group; "" for none */
    char interface[ROUTER_INTERFACE_MAX + 1];
    uint8_t version;      /* 2 or 3 */
    uint8_t vrid;         /* 0: chosen from the cluster's name and the id, and another if it is taken */
    uint8_t priority;     /* until ROUTER_PRIORITY says otherwise; 0: never by itself */
    uint8_t flags;        /* enum router_flag */
    uint8_t min_ttl;      /* 255; less for unicast peers behind a router */
    uint32_t interval_us; /* version 2: whole seconds; version 3: 10 ms to 40.95 s */
    uint32_t preempt_delay_ms;
    char password[ROUTER_PASSWORD_MAX + 1]; /* version 2, in the clear; "" for none */
    uint8_t announce_count;                 /* gratuitous ARP or unsolicited NA of each burst */
    uint8_t refresh_count;
    uint32_t announce_spacing_ms;
    uint32_t announce_again_ms; /* the second burst; 0 for none */
    uint32_t refresh_ms;        /* 0 for never */
    bool has_source4, has_source6;
    struct gate_address
        source4; /* our own address in adverts, if the interface has it; else one that it has */
    struct gate_address source6;
    uint8_t address_count; /* at least 1 */
    struct router_address addresses[ROUTER_ADDRESSES_MAX];
    uint8_t peer_count; /* unicast peers, maybe this node, too; none: multicast. Each family has its own */
    struct gate_address peers[ROUTER_PEERS_MAX];
    uint8_t track_count;
    struct router_track tracks[ROUTER_TRACKS_MAX];
    uint8_t route_count;
    struct router_route routes[ROUTER_ROUTES_MAX];
    uint8_t rule_count;
    struct router_rule rules[ROUTER_RULES_MAX];
};

/* ROUTER_REMOVE, ROUTER_PROMOTE, ROUTER_DEMOTE, ROUTER_TRACK: what to do with a router that is there. */
struct guard_router_order {
    char id[ROUTER_NAME_MAX + 1];
    char node[ROUTER_NAME_MAX + 1];  /* DEMOTE, REMOVE: the successor, "" for whoever comes */
    char track[ROUTER_NAME_MAX + 1]; /* TRACK: the script */
    bool up;                         /* TRACK */
    uint32_t wait_ms;                /* PROMOTE: answered once it is MASTER, or refused after so long */
};

/* From holdfastd: what the scheduler's scores say. */
struct guard_router_priority {
    char id[ROUTER_NAME_MAX + 1];
    uint8_t priority; /* 1 to 254; 0: it must not become MASTER by itself */
    uint8_t rank; /* 0 to 31: when the lock is free, one that is one further bids a 32nd of the lease later */
};

/* From holdfastd: the right to be MASTER where no lock servers are. */
struct guard_quorum {
    bool quorate;
    uint32_t notice_ms; /* the longest time until a node notices that it lost quorum */
};

/* From holdfastd: a node is gone, so that its VIPs may be free. */
struct guard_hint {
    char node[ROUTER_NAME_MAX + 1];
    bool fenced; /* certainly; false: it left, or is no longer heard */
};

enum router_state { ROUTER_INIT, ROUTER_BACKUP, ROUTER_MASTER, ROUTER_FAULT };
enum router_right { ROUTER_RIGHT_NONE, ROUTER_RIGHT_QUORUM, ROUTER_RIGHT_LOCK };

/* News of a router. */
struct guard_router_state {
    char id[ROUTER_NAME_MAX + 1];
    char lock[ROUTER_NAME_MAX + 1];
    char interface[ROUTER_INTERFACE_MAX + 1];
    bool gone; /* it was removed */
    enum router_state state;
    enum router_right right;
    bool has_right;   /* the lock is held, there is quorum, or none is needed */
    bool promoted;    /* it was told to be MASTER, and not told otherwise since */
    bool stands_back; /* it waits for ROUTER_PROMOTE, or for another master */
    bool vrid_chosen; /* by the guard */
    uint8_t version;
    uint8_t vrid;         /* in use */
    uint8_t priority;     /* in use, after tracks; 0: never by itself */
    int16_t track_weight; /* the sum of the weights that count now */
    uint8_t address_count;
    struct router_address addresses[ROUTER_ADDRESSES_MAX];
    uint64_t token;   /* of the lock, MASTER only: orders the moves of all nodes */
    uint64_t changes; /* how often the state changed since the guard began */
    int64_t since;    /* of the state, CLOCK_BOOTTIME ns */
    bool master_heard;
    struct gate_address master; /* who advertised last */
    uint8_t master_priority;
    uint64_t sent, heard, refused; /* adverts */
    uint64_t contested;            /* adverts of others while we were MASTER */
    uint64_t became_master;
    char refusal[ROUTER_SENTENCE_MAX + 1]; /* why the last one was refused, and from whom; "" */
    char reason[ROUTER_SENTENCE_MAX + 1];  /* why the state is what it is */
    char fault[ROUTER_SENTENCE_MAX + 1];   /* what is wrong, "" if nothing */
};

/* Whether text may name a lock, node, resource or script: letters, digits and . _ - : @ / */
bool guard_name_ok(const char *text);
bool guard_interface_ok(const char *name);
#define GUARD_NAME_RULE "1 to 63 letters, digits and . _ - : @ /"

/* What is wrong with one, as a sentence (static); NULL if nothing. */
const char *guard_router_fault(const struct guard_router *router);
const char *guard_router_order_fault(const struct guard_router_order *order);
const char *guard_router_state_fault(const struct guard_router_state *state);

/* Appends one to a frame, and reads one from it: what is not as it should be fails the reader. */
void guard_put_router(struct hf_buf *buf, const struct guard_router *router);
void guard_get_router(struct hf_reader *reader, struct guard_router *router);
void guard_put_router_order(struct hf_buf *buf, const struct guard_router_order *order);
void guard_get_router_order(struct hf_reader *reader, struct guard_router_order *order);
void guard_put_router_state(struct hf_buf *buf, const struct guard_router_state *state);
void guard_get_router_state(struct hf_reader *reader, struct guard_router_state *state);

/* Strings and booleans as the guard's frames have them: a string into a member of size bytes (a longer one,
 * or one with a NUL inside, fails the reader), and 0 or 1. */
void guard_get_text(struct hf_reader *reader, char *to, size_t size);
bool guard_get_bool(struct hf_reader *reader);

/* "INIT", "BACKUP", "MASTER", "FAULT" */
const char *guard_router_state_name(enum router_state state);
/* "none", "quorum", "lock" */
const char *guard_router_right_name(enum router_right right);

#endif
