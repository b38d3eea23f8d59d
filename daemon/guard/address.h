/* address.h - IPv4 and IPv6 addresses as the guard and its gate have them: 16 bytes, IPv4 mapped into IPv6.
 */
#ifndef GUARD_ADDRESS_H
#define GUARD_ADDRESS_H

#include <stdbool.h>

#include "daemon/guard/gate_map.h"
#include "daemon/vrrp/packet.h"
#include "lib/error.h"

/* "192.0.2.7" or "2001:db8::7" to an address; HF_USAGE with what was expected. */
struct hf_error *guard_address_parse(const char *text, struct gate_address *address) HF_MUST_CHECK;
/* As text; INET6_ADDRSTRLEN bytes. */
void guard_address_text(const struct gate_address *address, char text[46]);
bool guard_address_is_ipv4(const struct gate_address *address);
bool guard_address_equal(const struct gate_address *a, const struct gate_address *b);

/* To and from what the VRRP state machine has, which names the family. */
struct vrrp_address guard_address_to_vrrp(const struct gate_address *address);
struct gate_address guard_address_from_vrrp(const struct vrrp_address *address);

#endif
