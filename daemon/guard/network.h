/* network.h - interfaces, addresses and announcements by rtnetlink: what the guard does to the network beside
 * its gate.  Everything here is a system call that returns at once: no name service, no waiting. */
#ifndef GUARD_NETWORK_H
#define GUARD_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/guard/gate_map.h"
#include "lib/error.h"

struct network;

struct network_interface {
    int ifindex;
    unsigned link_type; /* ARPHRD_... */
    bool up;
    uint8_t mac[6]; /* of ARPHRD_ETHER */
};

struct hf_error *network_new(struct network **network) HF_MUST_CHECK;
void network_free(struct network *network);

/* Readable when an interface, its addresses, qdiscs or filters changed. */
int network_fd(const struct network *network);
/* Reads all that is there. */
void network_drain(struct network *network);

/* False if there is no interface of this name. */
bool network_find(struct network *network, const char *name, struct network_interface *interface);

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

#endif
