/* agents.h - the agent runner of a simulated machine: what runs there, what is under way, what was reported.
 *
 * Stands where holdfast-runner stands: it outlives the node's daemon and dies with the machine.  Its agents
 * take a few milliseconds, keep one state per resource and can be told to fail.  Pure: the clock comes in,
 * results come out. */
#ifndef SIM_AGENTS_H
#define SIM_AGENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/runner/protocol.h"

struct sim_agents;

enum sim_state { SIM_STOPPED, SIM_STARTED, SIM_PROMOTED };

/* What an agent does that is more than one state: its exit code, SIM_AGENT_LATER if it is to be asked again
 * in a while, or SIM_AGENT_PLAIN if it is an agent like the others. */
enum { SIM_AGENT_PLAIN = -1, SIM_AGENT_LATER = -2 };
typedef int32_t sim_agent(void *context, const struct runner_call *call, int64_t now);

struct sim_agents *sim_agents_new(uint64_t seed);
void sim_agents_hook(struct sim_agents *agents, sim_agent *agent, void *context);
/* The machine's end: everything it ran ends with it. */
void sim_agents_free(struct sim_agents *agents);

/* The runner dies and is started again: it knows of nothing, and what it started runs on. */
void sim_agents_forget_all(struct sim_agents *agents);

/* Orders, as the runner's socket carries them. */
void sim_agents_run(struct sim_agents *agents, const struct runner_call *call, int64_t now);
void sim_agents_cancel(struct sim_agents *agents, const char *resource, const char *operation,
                       uint32_t interval_ms, int64_t now);
void sim_agents_forget(struct sim_agents *agents, const char *resource);
void sim_agents_hurry(struct sim_agents *agents, const char *resource, int64_t now);
void sim_agents_ack(struct sim_agents *agents, uint64_t sequence);
/* A new daemon has attached: what was not acknowledged is told again. */
void sim_agents_attach(struct sim_agents *agents);
/* The whole history; the array is the caller's (free()), what its entries point at borrowed. */
struct runner_result *sim_agents_history(struct sim_agents *agents, size_t *count);

/* Does what is due; the next result to tell, or NULL (borrowed until the next call). */
const struct runner_result *sim_agents_next(struct sim_agents *agents, int64_t now);
int64_t sim_agents_deadline(const struct sim_agents *agents);

/* For those who watch and those who break things. */
enum sim_state sim_agents_state(const struct sim_agents *agents, const char *resource);
/* The parameter SIM_PARAMETER that what is active was started with ("" if it had none); NULL: not active. */
#define SIM_PARAMETER "colour"
const char *sim_agents_runs_with(const struct sim_agents *agents, const char *resource);
/* The resource stops by itself; its next monitor says so. */
void sim_agents_break(struct sim_agents *agents, const char *resource);
/* Its monitors fail, though it runs, until it is stopped or demoted. */
void sim_agents_sicken(struct sim_agents *agents, const char *resource);
/* The share of starts and stops that fail, percent. */
void sim_agents_failures(struct sim_agents *agents, unsigned start_percent, unsigned stop_percent);

#endif
