/* routers.c - see routers.h: all routers of a guard together, their beginning and end, time, and what follows
 * from every event.  routers-private.h says what else there is. */
#include "daemon/guard/routers.h"

#include <stdio.h>

#include "daemon/guard/router_links.h"
#include "daemon/guard/router_make.h"
#include "daemon/guard/router_news.h"
#include "daemon/guard/router_pending.h"
#include "daemon/guard/router_right.h"
#include "daemon/guard/router_set.h"
#include "lib/log.h"

struct router *router_find(const struct routers *routers, const char *id)
{
    struct router *router = routers->routers;

    while (router != NULL && strcmp(router->order.id, id) != 0)
        router = router->next;
    return router;
}

bool router_is_master(const struct router *router)
{
    for (unsigned i = 0; i < router->half_count; i++)
        if (router->halves[i].vrrp.state != VRRP_MASTER)
            return false;
    return true;
}

void router_vip_id(const struct router *router, unsigned index, char id[GUARD_NAME_MAX + 1])
{
    snprintf(id, GUARD_NAME_MAX + 1, "%.58s/%u", router->order.id, (index + 1) % 100);
}

struct routers *routers_new(bool locks, const char *cluster, const struct routers_hooks *hooks, void *context)
{
    struct routers *routers = hf_calloc(1, sizeof(*routers));

    routers->locks = locks;
    routers->cluster = hf_strdup(cluster);
    routers->hooks = hooks;
    routers->context = context;
    return routers;
}

void routers_free(struct routers *routers)
{
    if (routers == NULL)
        return;
    while (routers->routers != NULL) {
        struct router *router = routers->routers;

        routers->routers = router->next;
        free(router);
    }
    while (routers->sets != NULL) {
        struct router_set *set = routers->sets;

        set->wanted = false;
        router_set_drop(routers, set, 0);
    }
    routers_forget_pending(routers);
    routers_forget_links(routers);
    free(routers->cluster);
    free(routers);
}

void routers_take_up(struct routers *routers, const struct guard_router *order, int64_t now)
{
    char *refusal HF_CLEANUP(hf_freep) = router_add(routers, order, true, now);
    struct router *router = router_find(routers, order->id);
    struct router_set *set;

    if (refusal != NULL)
        hf_error_log("cannot take up: %s", refusal);
    if (router == NULL)
        return;
    set = router->set;
    if (set->right == VRRP_RIGHT_LOCK)
        return;
    /* What was open goes on: until its time is over nobody else could take over. */
    int64_t until = routers->hooks->open_until(routers->context, set->gate);

    if (until <= now)
        return;
    set->open_until = until;
    if (set->right == VRRP_RIGHT_QUORUM && routers->quorate_until < until) {
        routers->quorate_until = until;
        router_set_tell_right(routers, set, true, now);
    }
    router_set_step_all(
        routers, set, (struct vrrp_event){.type = VRRP_FOLLOW, .follow = VRRP_MASTER, .ordered = true}, now);
}

void routers_collect(const struct routers *routers, struct orders *orders)
{
    for (const struct router *router = routers->routers; router != NULL; router = router->next) {
        struct guard_router order = router->order;

        if (router->removing)
            continue;
        if (router->given_priority >= 0)
            order.priority = (uint8_t)router->given_priority;
        order.flags |= router->promoted ? ROUTER_PROMOTED : 0;
        order.flags |= router->stands_back ? ROUTER_STANDS_BACK : 0;
        orders_add_router(orders, &order);
    }
}

void routers_needs(const struct routers *routers,
                   void (*need)(void *context, const char *interface, enum vrrp_family family), void *context)
{
    for (const struct router *router = routers->routers; router != NULL; router = router->next) {
        for (unsigned i = 0; i < router->half_count; i++) {
            const struct router_half *half = &router->halves[i];

            need(context, router->order.interface, half->vrrp.config.family);
            if (strcmp(half->interface, router->order.interface) != 0)
                need(context, half->interface, half->vrrp.config.family);
        }
    }
}

void routers_tick(struct routers *routers, int64_t now)
{
    bool noticed = routers->quorate_until != 0 && !routers_quorate(routers, now);

    routers_check_lapse(routers, now);
    routers->unsettled = routers->unsettled || now >= routers_pending_deadline(routers);
    if (noticed)
        routers->quorate_until = 0;
    for (struct router_set *set = routers->sets; set != NULL; set = set->next) {
        if (noticed && set->right == VRRP_RIGHT_QUORUM)
            router_set_tell_right(routers, set, false, now);
        for (size_t i = 0; i < set->count; i++)
            if (vrrp_deadline(set->members[i]) <= now / US)
                router_set_step(routers, set, i, (struct vrrp_event){.type = VRRP_TICK}, now);
    }
}

int64_t routers_deadline(const struct routers *routers)
{
    int64_t deadline = routers_pending_deadline(routers);

    if (routers->quorate_until != 0 && routers->quorate_until < deadline)
        deadline = routers->quorate_until;

    for (const struct router_set *set = routers->sets; set != NULL; set = set->next) {
        for (size_t i = 0; i < set->count; i++) {
            int64_t one = vrrp_deadline(set->members[i]);

            if (one < NEVER / US && one * US < deadline)
                deadline = one * US;
        }
    }
    return deadline;
}

/* Routers that were removed, as soon as they have given everything up. */
static void finish_removals(struct routers *routers, int64_t now)
{
    for (struct router *router = routers->routers, *next; router != NULL; router = next) {
        next = router->next;
        if (!router->removing || router->set->owned || router->set->lost || router->set->handing_over)
            continue;
        for (unsigned i = 0; i < router->half_count; i++)
            router_set_step(routers, router->set, router_set_member(router->set, &router->halves[i]),
                            (struct vrrp_event){.type = VRRP_SHUTDOWN}, now);
        router_end(routers, router, now);
        routers->hooks->save(routers->context);
    }
}

bool routers_settle(struct routers *routers, int64_t now)
{
    if (!routers->unsettled)
        return false;
    routers->unsettled = false;
    for (struct router_set *set = routers->sets; set != NULL; set = set->next)
        router_set_settle(routers, set, now);
    finish_removals(routers, now);
    routers_resolve(routers, now);
    routers_tell_news(routers, now);
    return true;
}
