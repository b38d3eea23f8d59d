/* router_set.h - routers that move together (one lock, or one group): their members, one for each router and
 * address family, are one sync group of the state machine.  A step of it is performed at once: gates, routes
 * and rules, adverts, announcements. */
#ifndef GUARD_ROUTER_SET_H
#define GUARD_ROUTER_SET_H

#include "daemon/guard/routers-private.h"

/* Which set an order belongs to: its lock, group or id. */
const char *router_set_key(const struct guard_router *order);
/* Borrowed, or NULL. */
struct router_set *router_set_find(struct routers *routers, const char *key);
/* The set of an order; made if there is none, without members until router_set_collect(). */
struct router_set *router_set_use(struct routers *routers, const struct guard_router *order);
/* Frees a set that no router is in any more, and wants its lock no longer. */
void router_set_drop(struct routers *routers, struct router_set *set, int64_t now);
/* Its members anew, after a router came or before one (without; NULL for none) goes. */
void router_set_collect(struct routers *routers, struct router_set *set, const struct router *without);
/* The place of a half, which is in it. */
size_t router_set_member(const struct router_set *set, const struct router_half *half);
/* Any of it is. */
bool router_set_is_master(const struct router_set *set);

/* An event for one member, and through the group for all; event.now is filled in. */
void router_set_step(struct routers *routers, struct router_set *set, size_t member, struct vrrp_event event,
                     int64_t now);
/* An event for every member. */
void router_set_step_all(struct routers *routers, struct router_set *set, struct vrrp_event event,
                         int64_t now);
/* An event for one member alone, without its group: for those that come and go while the others serve. */
void router_set_step_alone(struct routers *routers, struct router_set *set, size_t member,
                           struct vrrp_event event, int64_t now);
/* Routes and rules of one router are there, or gone. */
void router_follow(struct routers *routers, struct router *router, bool serve);

#endif
