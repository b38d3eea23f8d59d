/* router_orders.c - what agents and the owner order (routers.h: routers_agent(), routers_owner()): each order
 * is checked, noted and followed as far as that goes at once. */
#include "daemon/guard/router_links.h"
#include "daemon/guard/router_make.h"
#include "daemon/guard/router_pending.h"
#include "daemon/guard/router_right.h"
#include "daemon/guard/router_set.h"

static bool same_order(const struct guard_router *a, const struct guard_router *b)
{
    struct hf_buf first HF_CLEANUP(hf_buf_free) = {0}, second HF_CLEANUP(hf_buf_free) = {0};
    struct guard_router with = *a;

    /* The owner's priority is in place of it in the file of orders. */
    with.priority = b->priority;
    guard_put_router(&first, &with);
    guard_put_router(&second, b);
    return first.length == second.length && memcmp(first.data, second.data, first.length) == 0;
}

static void order_add(struct routers *routers, uint64_t asker, const struct guard_frame *frame, int64_t now)
{
    const struct guard_router *order = &frame->router;
    struct router *known = router_find(routers, order->id);
    char *refusal HF_CLEANUP(hf_freep) = NULL;

    if (known != NULL && same_order(&known->order, order)) {
        router_answer(routers, asker, frame->serial, true, "");
        return;
    }
    if (known != NULL && (router_set_is_master(known->set) || known->set->owned)) {
        refusal = hf_asprintf(
            "router %s is MASTER: expected it to be demoted or stopped before it is changed", order->id);
    } else {
        refusal = known == NULL ? router_add(routers, order, false, now)
                                : router_change(routers, known, order, now);
    }
    routers->hooks->save(routers->context);
    router_answer(routers, asker, frame->serial, refusal == NULL, refusal == NULL ? "" : refusal);
}

static bool alone_in_set(const struct routers *routers, const struct router *router)
{
    for (const struct router *other = routers->routers; other != NULL; other = other->next)
        if (other != router && other->set == router->set && !other->removing)
            return false;
    return true;
}

static void order_remove(struct routers *routers, struct router *router, uint64_t asker,
                         const struct guard_frame *frame, int64_t now)
{
    struct router_set *set = router->set;

    if (!alone_in_set(routers, router)) {
        for (unsigned i = 0; i < router->half_count; i++)
            router_set_step_alone(routers, set, router_set_member(set, &router->halves[i]),
                                  (struct vrrp_event){.type = VRRP_SHUTDOWN}, now);
        router_end(routers, router, now);
        router_answer(routers, asker, frame->serial, true, "");
        return;
    }
    router->removing = true;
    router->promoted = false;
    router_set_leave_master(routers, set, frame->router_order.node, now);
    router_answer_later(routers, asker, frame, NEVER, now);
}

static void order_promote(struct routers *routers, struct router *router, uint64_t asker,
                          const struct guard_frame *frame, int64_t now)
{
    router->promoted = true;
    router->stands_back = false;
    routers->unsettled = true;
    routers->hooks->save(routers->context);
    if (router_is_master(router))
        router_set_step_all(routers, router->set, (struct vrrp_event){.type = VRRP_REFRESH}, now);
    else if (router->set->right == VRRP_RIGHT_LOCK && router->set->wanted)
        routers->hooks->urge(routers->context, router->set->gate, now);
    if (frame->router_order.wait_ms == 0)
        router_answer(routers, asker, frame->serial, true, "");
    else
        router_answer_later(routers, asker, frame, now + (int64_t)frame->router_order.wait_ms * MS, now);
}

static void order_demote(struct routers *routers, struct router *router, uint64_t asker,
                         const struct guard_frame *frame, int64_t now)
{
    struct router_set *set = router->set;

    for (struct router *one = routers->routers; one != NULL; one = one->next) {
        if (one->set != set)
            continue;
        one->promoted = false;
        one->stands_back = true;
    }
    routers->unsettled = true;
    routers->hooks->save(routers->context);
    router_set_leave_master(routers, set, frame->router_order.node, now);
    router_answer_later(routers, asker, frame, NEVER, now);
}

/* Why not, the caller's, or NULL. */
static char *order_track(struct routers *routers, struct router *router,
                         const struct guard_router_order *order, int64_t now)
{
    for (unsigned i = 0; i < router->order.track_count; i++) {
        const struct router_track *track = &router->order.tracks[i];

        if (track->kind != ROUTER_TRACK_SCRIPT || strcmp(track->name, order->track) != 0)
            continue;
        if (router->script_down[i] == !order->up)
            return NULL;
        router->script_down[i] = !order->up;
        router_check(routers, router, now);
        return NULL;
    }
    return hf_asprintf("router %s tracks no script %s", router->order.id, order->track);
}

void routers_agent(struct routers *routers, uint64_t asker, const struct guard_frame *frame, int64_t now)
{
    struct router *router;
    char *refusal HF_CLEANUP(hf_freep) = NULL;

    routers_forget_links(routers);
    if (frame->type == GUARD_ROUTER_ADD) {
        order_add(routers, asker, frame, now);
        return;
    }
    router = router_find(routers, frame->router_order.id);
    if (router == NULL || router->removing) {
        bool fine = frame->type == GUARD_ROUTER_REMOVE && router == NULL;

        refusal = hf_asprintf("there is no router %s here", frame->router_order.id);
        router_answer(routers, asker, frame->serial, fine, fine ? "" : refusal);
        return;
    }
    switch (frame->type) {
    case GUARD_ROUTER_REMOVE:
        order_remove(routers, router, asker, frame, now);
        routers->hooks->save(routers->context);
        break;
    case GUARD_ROUTER_PROMOTE:
        order_promote(routers, router, asker, frame, now);
        break;
    case GUARD_ROUTER_DEMOTE:
        order_demote(routers, router, asker, frame, now);
        break;
    default:
        refusal = order_track(routers, router, &frame->router_order, now);
        router_answer(routers, asker, frame->serial, refusal == NULL, refusal == NULL ? "" : refusal);
        break;
    }
}

static void order_priority(struct routers *routers, const struct guard_router_priority *priority, int64_t now)
{
    struct router *router = router_find(routers, priority->id);

    if (router == NULL)
        return;
    if (router->given_priority == 0 && priority->priority > 0 && router->stands_back) {
        router->stands_back = false;
        routers->hooks->save(routers->context);
    }
    if (router->given_priority != priority->priority) {
        router->given_priority = priority->priority;
        routers->hooks->save(routers->context);
    }
    router->rank = priority->rank;
    router_check(routers, router, now);
    routers->unsettled = true;
}

static void order_quorum(struct routers *routers, const struct guard_quorum *quorum, int64_t now)
{
    routers->quorum = *quorum;
    routers->quorate_until = quorum->quorate ? NEVER : 0;
    for (struct router_set *set = routers->sets; set != NULL; set = set->next) {
        if (set->right != VRRP_RIGHT_QUORUM)
            continue;
        for (size_t i = 0; i < set->count; i++)
            set->members[i]->config.right_lost_within_us = quorum->notice_ms * 1000;
        router_set_tell_right(routers, set, quorum->quorate, now);
    }
    routers->unsettled = true;
}

static void order_hint(struct routers *routers, const struct guard_hint *hint, int64_t now)
{
    for (struct router_set *set = routers->sets; set != NULL; set = set->next)
        if (set->right == VRRP_RIGHT_LOCK || hint->fenced)
            router_set_step_all(routers, set, (struct vrrp_event){.type = VRRP_URGE}, now);
}

void routers_owner(struct routers *routers, const struct guard_frame *frame, int64_t now)
{
    routers_forget_links(routers);
    if (frame->type == GUARD_ROUTER_PRIORITY)
        order_priority(routers, &frame->router_priority, now);
    else if (frame->type == GUARD_QUORUM)
        order_quorum(routers, &frame->quorum, now);
    else if (frame->type == GUARD_HINT)
        order_hint(routers, &frame->hint, now);
}
