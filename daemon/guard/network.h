/* network.h - interfaces, addresses and announcements by rtnetlink: what the guard does to the network beside
 * its gate.  Everything here is a system call that returns at once: no name service, no waiting. */
#ifndef GUARD_NETWORK_H
#define GUARD_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/guard/gate_map.h"
#include "daemon/guard/router_frames.h"
#include "lib/error.h"

struct network;

struct network_interface {
    int ifindex;
    unsigned link_type; /* ARPHRD_... */
    bool up;
    bool carrier;
    uint8_t mac[6]; /* of ARPHRD_ETHER */
};

/* Opens the netlink and packet sockets.  *network is the caller's; HF_FAILED says which could not be. */
struct hf_error *network_new(struct network **network) HF_MUST_CHECK;
/* Leaves addresses, routes, rules and interfaces as they are. NULL is fine. */
void network_free(struct network *network);

/* Readable when an interface, its addresses, qdiscs or filters changed. */
int network_fd(const struct network *network);
/* Reads all that is there. */
void network_drain(struct network *network);

/* False if there is no interface of this name. */
bool network_find(struct network *network, const char *name, struct network_interface *interface);

/* The addresses that an interface has, at most max of them into addresses; returns how many. */
size_t network_addresses(const char *name, struct gate_address *addresses, size_t max);

/* Puts an address on an interface, without duplicate address detection (the lock has decided already); one
 * that is there stays. */
struct hf_error *network_assign(struct network *network, int ifindex, const struct gate_address *address,
                                uint8_t prefix, bool *added) HF_MUST_CHECK;
/* Takes it away; one that is not there is fine. */
struct hf_error *network_unassign(struct network *network, int ifindex, const struct gate_address *address,
                                  uint8_t prefix) HF_MUST_CHECK;
/* Tells the neighbours where the address is now: gratuitous ARP (request and reply, RFC 5227 3), or an
 * unsolicited neighbour advertisement (RFC 4861 7.2.6).  Nothing on an interface that is no Ethernet. */
struct hf_error *network_announce(struct network *network, const struct network_interface *interface,
                                  const struct gate_address *address) HF_MUST_CHECK;

/* Adds a route (in place of one with the same destination, table and metric) or removes it; one that is not
 * there is fine. ifindex: of the interface that it leads through. */
struct hf_error *network_route(struct network *network, bool add, int ifindex,
                               const struct router_route *route) HF_MUST_CHECK;
/* Adds or removes a routing rule; one that is there, or is not, is fine. */
struct hf_error *network_rule(struct network *network, bool add,
                              const struct router_rule *rule) HF_MUST_CHECK;
/* Makes a macvlan interface with this MAC address on interface parent, and sets it up, or removes it. One
 * that is there already (and is one) is used. */
struct hf_error *network_macvlan_add(struct network *network, int parent, const char *name,
                                     const uint8_t mac[6]) HF_MUST_CHECK;
struct hf_error *network_macvlan_remove(struct network *network, const char *name) HF_MUST_CHECK;

#endif
