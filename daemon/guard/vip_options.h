/* vip_options.h - the parameters of ocf:holdfast:VIP, as NAME=VALUE words, to a router's order.
 *
 * Pure: what depends on this machine's interfaces (nic, netmask, if they are not given) is left open and said
 * so. Names are those that users of IPaddr2 and keepalived know; each error says what was expected. */
#ifndef GUARD_VIP_OPTIONS_H
#define GUARD_VIP_OPTIONS_H

#include "daemon/guard/protocol.h"

struct vip_options {
    struct guard_router router;
    bool prefix_given[ROUTER_ADDRESSES_MAX]; /* of each address; the others' prefix is open */
};

/* id: the resource's.  words: count of NAME=VALUE; an empty value is as if it were not there.  HF_REFUSED,
 * with the parameter's name and what was expected.  The interface is "" if nic is not given. */
struct hf_error *vip_options_parse(const char *id, char *const *words, int count,
                                   struct vip_options *options) HF_MUST_CHECK;

#endif
