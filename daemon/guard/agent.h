/* agent.h - an agent's half of the guard's socket: one order after the other, each waited for.
 *
 * For short-lived programs that resource agents call: blocking, with a time limit for each call. */
#ifndef GUARD_AGENT_H
#define GUARD_AGENT_H

#include "daemon/guard/protocol.h"

struct guard_agent;

/* Connects to the guard at socket (NULL: GUARD_SOCKET), trying again while there is none, and reads what it
 * knows of routers.  HF_FAILED, with what to do, if there is none within timeout_ms. */
struct hf_error *guard_agent_open(const char *socket, int timeout_ms,
                                  struct guard_agent **agent) HF_MUST_CHECK;
/* What was ordered stays. NULL is fine. */
void guard_agent_close(struct guard_agent *agent);

/* Gives an order (ROUTER_ADD to ROUTER_TRACK) and waits for its answer.  *refusal: why not, the caller's;
 * NULL if it is done.  HF_FAILED if there is no answer in time, or the guard ended meanwhile. */
struct hf_error *guard_agent_order(struct guard_agent *agent, const struct guard_frame *order, int timeout_ms,
                                   char **refusal) HF_MUST_CHECK;

/* What the guard said of a router when it was connected; NULL if it has no such router.  Borrowed. */
const struct guard_router_state *guard_agent_router(const struct guard_agent *agent, const char *id);
/* What is wrong with its addresses (one could not be put on its interface, a gate could not be opened), "" if
 * nothing. Borrowed. */
const char *guard_agent_address_fault(const struct guard_agent *agent, const char *id);
/* All of them; *count is how many.  Borrowed. */
const struct guard_router_state *guard_agent_routers(const struct guard_agent *agent, size_t *count);

#endif
