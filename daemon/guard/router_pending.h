/* router_pending.h - answers to agents: at once, or once an order was followed or cannot be. */
#ifndef GUARD_ROUTER_PENDING_H
#define GUARD_ROUTER_PENDING_H

#include "daemon/guard/routers-private.h"

/* text: why not, "" if done. */
void router_answer(struct routers *routers, uint64_t asker, uint32_t serial, bool done, const char *text);
/* The order (ROUTER_REMOVE, PROMOTE or DEMOTE) is answered when it is done, or with why it is not at until;
 * NEVER: it will be. */
void router_answer_later(struct routers *routers, uint64_t asker, const struct guard_frame *frame,
                         int64_t until, int64_t now);
/* An agent waits for it to become MASTER. */
bool router_is_promoting(const struct routers *routers, const struct router *router);
/* Another router advertises itself.  Without a lock nothing makes it give way to a promotion here: the
 * coordinator is told soon, so that it can demote the one that was faster. */
void router_mark_overtaken(struct routers *routers, const struct router *router, int64_t now);
/* Answers what can be answered now. */
void routers_resolve(struct routers *routers, int64_t now);
/* When the next one has waited long enough; NEVER if none has to be. */
int64_t routers_pending_deadline(const struct routers *routers);
/* Nobody will be answered any more. */
void routers_forget_pending(struct routers *routers);

#endif
