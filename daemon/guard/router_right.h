/* router_right.h - who may be MASTER: a set's lock or quorum, whether it may take over by itself, and how it
 * gives the right up. */
#ifndef GUARD_ROUTER_RIGHT_H
#define GUARD_ROUTER_RIGHT_H

#include "daemon/guard/routers-private.h"

/* This node is quorate; after a restart, until quorum is heard of: it was, as its open gates say. */
bool routers_quorate(const struct routers *routers, int64_t now);
/* Sets whose gate has shut by itself, because this process or machine slept, are BACKUP: others may have
 * taken over. */
void routers_check_lapse(struct routers *routers, int64_t now);

/* It takes over when nobody else serves. */
bool router_by_itself(const struct router *router);
/* All of the set can serve as they should. */
bool router_set_is_sound(const struct routers *routers, const struct router_set *set);
/* The right was got or lost. */
void router_set_tell_right(struct routers *routers, struct router_set *set, bool right, int64_t now);
/* An ordered end of serving: the lock to node ("": to whoever comes), or a resignation. */
void router_set_leave_master(struct routers *routers, struct router_set *set, const char *node, int64_t now);
/* What follows from any event: a lock got or lost is followed, and wanted as long as the set may take over.
 */
void router_set_settle(struct routers *routers, struct router_set *set, int64_t now);

#endif
