/* guard.h - holdfastd's side of the guard: locks that the node wants, what is owned, the VIPs, the watchdog's
 * heartbeat.
 *
 * A thin shell around daemon/guard/client.h: what the guard says becomes node events, what the node wants
 * becomes orders.  Where guard.conf names no lock servers there are no locks. */
#ifndef HF_HOLDFASTD_GUARD_H
#define HF_HOLDFASTD_GUARD_H

#include <qb/qbloop.h>

#include "daemon/node/node.h"

struct guard_side;

/* config: the guard's file, which need not be there.  step gets NODE_LOCK, NODE_OWN_LOCKS and NODE_ROUTERS
 * events from guard_side_start() on: the first at once, so that nobody takes a node with lock servers for one
 * without. */
struct guard_side *guard_side_open(qb_loop_t *loop, const char *config,
                                   void (*step)(void *context, struct node_event *event), void *context);
/* Once there is a node. */
void guard_side_start(struct guard_side *side);
/* NULL is fine, here and below. */
void guard_side_close(struct guard_side *side);

void guard_side_want(struct guard_side *side, const char *lock, uint32_t rank);
void guard_side_unwant(struct guard_side *side, const char *lock);
/* What node.h's effects NODE_ROUTER_PRIORITY, NODE_QUORATE and NODE_HINT say. */
void guard_side_priority(struct guard_side *side, const char *vip, unsigned priority, unsigned rank);
void guard_side_quorum(struct guard_side *side, bool quorate, uint32_t notice_ms);
void guard_side_hint(struct guard_side *side, const char *node, bool fenced);
/* To be said after each step; what is new goes to the guard at once. */
void guard_side_duty(struct guard_side *side, struct node_duty duty);

#endif
