/* cluster.h - whole nodes in a simulated world: the real node (daemon/node), simulated agents and power.
 *
 * The program does what holdfastd's shell does around a node.  Machines' agents outlive their daemons and
 * die with their machines.  What must always be true is checked after every event: with fencing, no resource
 * is active on two machines at any time. */
#ifndef SIM_CLUSTER_H
#define SIM_CLUSTER_H

#include "tests/sim/agents.h"
#include "tests/sim/vips.h"
#include "tests/sim/world.h"

struct cluster;

/* The password of fence devices in these stories: it must not be in messages that order fencing. */
#define SIM_SECRET "not-for-the-wire"

struct cluster_options {
    unsigned nodes;
    uint64_t seed;
    const char *configuration;    /* text of a <change> that is made once the cluster is up; or NULL */
    const char *const *resources; /* ids that may be active on one machine only, NULL at the end */
    const char *const *vips;      /* ids of VIPs, NULL at the end; or NULL: none */
    bool vips_by_quorum;          /* their guards have no lock whose term they could tell */
    bool always;                  /* ... at every moment; else only when settled */
    bool locks;                   /* corosync counts any part as quorate, and who has the lock decides */
    bool majority;                /* ... but only a part with most of the machines */
    uint32_t lease_ms, drain_ms;  /* node.h; lock servers hold a resource's lock for so long, too */
    uint32_t watchdog_ms;         /* 0: there is none */
    int64_t plan_ms;              /* how long each run of the scheduler takes; 0: as it happens */
    bool print;                   /* what the nodes log */
};

struct cluster *cluster_new(const struct cluster_options *options);
void cluster_free(struct cluster *cluster);
struct world *cluster_world(struct cluster *cluster);

/* --- verbs; world.h has those that are not here --- */

void cluster_power_on(struct cluster *cluster, unsigned node);
void cluster_power_off(struct cluster *cluster, unsigned node);
/* The daemon dies and is started again after ms; its agents go on. */
void cluster_crash(struct cluster *cluster, unsigned node, int64_t ms);
/* So does the agent runner, which forgets what it did; what it started runs on. */
void cluster_kill(struct cluster *cluster, unsigned node, int64_t ms);
/* Fence agents fail from now on, or not any more. */
void cluster_break_fencing(struct cluster *cluster, bool broken);
/* The scheduler of the node loses its copy of the CIB. */
void cluster_spoil_planner(struct cluster *cluster, unsigned node);
/* As world_cut() and world_heal(). */
void cluster_cut(struct cluster *cluster, const unsigned *side);
void cluster_heal(struct cluster *cluster);
/* What a client of the node would ask; the reply's status as enum hf_error_kind once it came, within ms. */
enum hf_error_kind cluster_request(struct cluster *cluster, unsigned node, const char *request, int64_t ms);
/* Whether the guard of node reaches the lock servers. */
void cluster_reach(struct cluster *cluster, unsigned node, bool reaches);
void cluster_break(struct cluster *cluster, unsigned node, const char *resource);
/* As sim_agents_sicken(). */
void cluster_sicken(struct cluster *cluster, unsigned node, const char *resource);
void cluster_failures(struct cluster *cluster, unsigned start_percent, unsigned stop_percent);
/* The lock servers grant the lock of this resource to the node no more; what it has is lost. */
void cluster_bar(struct cluster *cluster, unsigned node, const char *resource, bool barred);
/* Runs for ms: the world, its fence agents and the restarts of daemons. */
void cluster_elapse(struct cluster *cluster, int64_t ms);
/* Until nothing is left to do anywhere, at most ms; false if it did not come to that. */
bool cluster_settle(struct cluster *cluster, int64_t ms);

/* --- for those who watch --- */

/* The number of the machine on which the resource is active; -1 for none, -2 for several. */
int cluster_where(const struct cluster *cluster, const char *resource);
/* The same of its promoted instance. */
int cluster_promoted(const struct cluster *cluster, const char *resource);
/* The parameter that the resource runs with on node, see sim_agents_runs_with(). */
const char *cluster_runs_with(const struct cluster *cluster, unsigned node, const char *resource);
/* The guards and locks of the VIPs. */
const struct sim_vips *cluster_vips(const struct cluster *cluster);
/* Whether the CIB of some member says of a VIP what the guards say; adds to wrong what does not agree, and
 * any failure that was counted of it. */
void cluster_check_vips(struct cluster *cluster);
/* How many operations of this name agents were asked for so far; "hurry": how often to look at once. */
unsigned cluster_count(const struct cluster *cluster, const char *operation);
/* Who holds the lock of this resource; -1: nobody. */
int cluster_holder(struct cluster *cluster, const char *resource);
/* How often a watchdog reset a machine. */
unsigned cluster_resets(const struct cluster *cluster);
/* What the last fence agent that does something to a machine read on its standard input; "" if none ran. */
const char *cluster_shot(const struct cluster *cluster);
/* How often an agent switched the machine off. */
unsigned cluster_shots(const struct cluster *cluster, unsigned node);
/* When it ran, ms. */
int64_t cluster_shot_at(const struct cluster *cluster);
/* The CIB as a node that is on has it; NULL if it is off. */
const xmlNode *cluster_cib(const struct cluster *cluster, unsigned node);
/* What should not have happened, one line each; "" if nothing. */
const char *cluster_wrong(const struct cluster *cluster);

#endif
