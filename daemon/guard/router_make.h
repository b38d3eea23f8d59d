/* router_make.h - a router comes, is changed and goes: its VRID, its halves with their configuration, a gate
 * for each of its addresses. */
#ifndef GUARD_ROUTER_MAKE_H
#define GUARD_ROUTER_MAKE_H

#include "daemon/guard/routers-private.h"

/* Why there can be no such router, the caller's, or NULL: then it is there, as BACKUP or as MASTER with a set
 * that serves already.  take_up: it was there in an earlier life of this guard. */
char *router_add(struct routers *routers, const struct guard_router *order, bool take_up, int64_t now);
/* Another order for one that is there and does not serve: it goes on as it was told, or as it was.  Returns
 * why not, the caller's, or NULL; router is freed either way. */
char *router_change(struct routers *routers, struct router *router, const struct guard_router *order,
                    int64_t now);
/* Ends and frees a router that serves no longer, and its set with the last one. */
void router_end(struct routers *routers, struct router *router, int64_t now);
/* Another router of this guard with the same VRID where it matters; borrowed, or NULL. */
const struct router *router_vrid_taken(const struct routers *routers, const struct guard_router *order,
                                       uint8_t vrid);

#endif
