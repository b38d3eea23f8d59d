/* vips.h - the guards of simulated machines and the locks of their VIPs.
 *
 * Stands where holdfast-guard, the lock servers and VRRP stand: a lock is granted to one node at a time, at a
 * term that rises with each grant; its holder counts a lease that ends before the servers'; a guard becomes
 * MASTER by itself when the lock is free, and BACKUP when its lease runs out.  The rules are those of
 * daemon/guard/router_frames.h.  A guard outlives its node's daemon and dies with the machine.  Pure: the
 * clock comes in. */
#ifndef SIM_VIPS_H
#define SIM_VIPS_H

#include <stdbool.h>
#include <stdint.h>

struct sim_vips;

/* ids: the VIPs, NULL at the end; borrowed. */
struct sim_vips *sim_vips_new(const char *const *ids, unsigned nodes, uint64_t seed);
void sim_vips_free(struct sim_vips *vips);

/* --- what happens to machines --- */

void sim_vips_power(struct sim_vips *vips, unsigned node, bool on);
/* Whether the guard of node reaches the lock servers. */
void sim_vips_reach(struct sim_vips *vips, unsigned node, bool reaches);
/* Leases end, free locks are taken; to be called every millisecond. */
void sim_vips_step(struct sim_vips *vips, int64_t now);

/* --- orders --- */

enum { SIM_VIPS_LATER = -2 };
/* What the agent's operation returns, or SIM_VIPS_LATER. successor: of a demotion, or NULL. */
int32_t sim_vips_act(struct sim_vips *vips, unsigned node, const char *id, const char *operation,
                     const char *successor, int64_t now);
void sim_vips_priority(struct sim_vips *vips, unsigned node, const char *id, int priority, int rank);

/* --- for those who watch --- */

struct sim_vip_view {
    const char *id;
    bool there, promoted, taken;
    uint64_t token, promotions;
    int priority;
};
/* The count of VIPs; what the guard of node says of the nth. */
unsigned sim_vips_count(const struct sim_vips *vips);
struct sim_vip_view sim_vips_view(const struct sim_vips *vips, unsigned node, unsigned nth);
/* Changes whenever the guard of node has news. */
uint64_t sim_vips_version(const struct sim_vips *vips, unsigned node);
/* The node where the VIP is, -1 for none, -2 for several. */
int sim_vips_where(const struct sim_vips *vips, const char *id);

#endif
