/* guard.h - holdfastd's side of the guard: locks that the node wants, what is owned, the watchdog's
 * heartbeat.
 *
 * A thin shell around daemon/guard/client.h: what the guard says becomes node events, what the node wants
 * becomes orders.  Where there is no guard.conf there are no lock servers, and no guard_side. */
#ifndef HF_HOLDFASTD_GUARD_H
#define HF_HOLDFASTD_GUARD_H

#include <qb/qbloop.h>

#include "daemon/node/node.h"

struct guard_side;

/* config: the guard's file; NULL is returned if there is none.  step gets NODE_LOCK and NODE_OWN_LOCKS events
 * from guard_side_start() on: the first at once, so that nobody takes a node with lock servers for one
 * without. */
struct guard_side *guard_side_open(qb_loop_t *loop, const char *config,
                                   void (*step)(void *context, struct node_event *event), void *context);
/* NULL is fine, here and below. */
void guard_side_start(struct guard_side *side);
void guard_side_close(struct guard_side *side);

void guard_side_want(struct guard_side *side, const char *lock, uint32_t rank);
void guard_side_unwant(struct guard_side *side, const char *lock);
/* To be said after each step; what is new goes to the guard at once. */
void guard_side_duty(struct guard_side *side, struct node_duty duty);

#endif
