/* router_links.h - what routers have to do with interfaces: whether they can serve there, which address is
 * theirs to send from, what is tracked, and interfaces with the virtual MAC address. */
#ifndef GUARD_ROUTER_LINKS_H
#define GUARD_ROUTER_LINKS_H

#include "daemon/guard/routers-private.h"

/* An interface as it is, asked for once until routers_forget_links(): many routers share one. Borrowed until
 * then. */
const struct routers_link *router_look(struct routers *routers, const char *interface);
/* An event begins (or all ends): what was seen may be no longer true. */
void routers_forget_links(struct routers *routers);

/* Looks at interface and tracked things: fit, sound, fault; *priority: the one in use. */
void router_judge(struct routers *routers, struct router *router, uint8_t *priority);
/* Judges a router, and tells the state machine. */
void router_check(struct routers *routers, struct router *router, int64_t now);
/* Where the addresses of a family are: the interface, or the one with the virtual MAC address on it, which is
 * made or removed.  Returns why not, the caller's, or NULL. */
char *router_place_half(struct routers *routers, struct router *router, struct router_half *half, bool add);

#endif
