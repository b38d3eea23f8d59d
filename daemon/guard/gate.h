/* gate.h - the gate: what keeps a VIP silent except while this node owns its lock.
 *
 * A map in the kernel gives each VIP an absolute deadline; programs on tc ingress and egress of its
 * interfaces (gate.bpf.c, by packet.h's rules) drop everything to and from a VIP whose deadline has passed.
 * Map and programs stay when the guard dies: a guard that is stopped, killed or starved changes nothing about
 * when the gate shuts, and the next one takes them over by gate_open() without a gap.
 *
 * Where the kernel or the permissions do not allow this, the gate says why and is GATE_USER_SPACE: it then
 * protects nothing, and gate_arm() and all others do nothing and succeed, except gate_attach().
 *
 * One process at a time may use a directory of pins. */
#ifndef GUARD_GATE_H
#define GUARD_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/guard/gate_map.h"
#include "lib/error.h"

#define GATE_PINS "/sys/fs/bpf/holdfast"

struct gate;

enum gate_mode { GATE_KERNEL, GATE_USER_SPACE };

/* Loads the programs and takes over the map pinned in the directory pins (NULL: GATE_PINS), or makes both.
 * Mounts /sys/fs/bpf where the directory is below it and nothing is mounted.  Never NULL. */
struct gate *gate_open(const char *pins);
/* Leaves map and programs at work; NULL is fine. */
void gate_close(struct gate *gate);

/* Whether it is in the kernel.  It stays as gate_open() found it. */
enum gate_mode gate_mode(const struct gate *gate);
/* Why it is GATE_USER_SPACE, and what to do; "" if it is not. Borrowed. */
const char *gate_reason(const struct gate *gate);

/* From now on the address is a VIP, and shut unless it was one before: then its deadline holds. */
struct hf_error *gate_arm(struct gate *gate, const struct gate_address *vip, uint32_t flags) HF_MUST_CHECK;
/* The address is a VIP no longer: open.  The map is removed with its last VIP. */
struct hf_error *gate_disarm(struct gate *gate, const struct gate_address *vip) HF_MUST_CHECK;
/* It may be open until deadline (CLOCK_BOOTTIME, ns), also if that has passed.  HF_FAILED if it is not armed.
 */
struct hf_error *gate_open_until(struct gate *gate, const struct gate_address *vip,
                                 int64_t deadline) HF_MUST_CHECK;
/* Shut now, and read back to be sure. */
struct hf_error *gate_shut(struct gate *gate, const struct gate_address *vip) HF_MUST_CHECK;
/* The kernel's entry; false if the address is no VIP. */
bool gate_look(const struct gate *gate, const struct gate_address *vip, struct gate_entry *entry);
/* The VIPs of the kernel's map, the caller's to free; also those that an earlier guard armed. */
size_t gate_list(const struct gate *gate, struct gate_address **vips);

/* Puts the programs on an interface, in front of all other filters; replaces those of an earlier guard.
 * link_type: ARPHRD_..., which decides whether frames begin with an Ethernet header.  HF_FAILED says what
 * is in the way. */
struct hf_error *gate_attach(struct gate *gate, int ifindex, unsigned link_type) HF_MUST_CHECK;
/* Whether this gate's programs are on it, both ways. */
bool gate_attached(const struct gate *gate, int ifindex);
/* Takes them away, also those of an earlier guard; and the clsact qdisc, if the gate put it there and
 * nobody else uses it.  An interface that is gone is fine. */
struct hf_error *gate_detach(struct gate *gate, int ifindex) HF_MUST_CHECK;
/* The same for every interface of this network namespace. */
struct hf_error *gate_detach_all(struct gate *gate) HF_MUST_CHECK;

#endif
