/* router_right.c - see router_right.h. */
#include "daemon/guard/router_right.h"

#include "daemon/guard/router_set.h"
#include "lib/log.h"

enum {
    UNFIT_RANK = 32,       /* the place in the queue of a node that cannot serve as it should ... */
    UNFIT_OTHER_RANK = 40, /* ... and of one that did not serve before either */
};

bool routers_quorate(const struct routers *routers, int64_t now)
{
    return now < routers->quorate_until;
}

void router_set_tell_right(struct routers *routers, struct router_set *set, bool right, int64_t now)
{
    router_set_step_all(routers, set, (struct vrrp_event){.type = VRRP_RIGHT, .may_be_master = right}, now);
}

void routers_check_lapse(struct routers *routers, int64_t now)
{
    for (struct router_set *set = routers->sets; set != NULL; set = set->next) {
        if (set->right == VRRP_RIGHT_LOCK || set->open_until == 0 || now < set->open_until)
            continue;
        set->open_until = 0;
        if (router_set_is_master(set))
            router_set_step_all(routers, set, (struct vrrp_event){.type = VRRP_LAPSED}, now);
    }
}

bool router_by_itself(const struct router *router)
{
    int priority = router->given_priority >= 0 ? router->given_priority : router->order.priority;

    return router->promoted || (!router->stands_back && priority != 0);
}

/* The set may take over by itself. */
static bool eligible(const struct routers *routers, const struct router_set *set)
{
    bool any = false, all = true, promoted = false, fit = true;

    for (const struct router *router = routers->routers; router != NULL; router = router->next) {
        if (router->set != set || router->removing)
            continue;
        any = true;
        all = all && router_by_itself(router);
        promoted = promoted || router->promoted;
        fit = fit && router->fit;
    }
    return any && (all || promoted) && fit;
}

bool router_set_is_sound(const struct routers *routers, const struct router_set *set)
{
    for (const struct router *router = routers->routers; router != NULL; router = router->next)
        if (router->set == set && !router->sound)
            return false;
    return true;
}

/* Its place among the nodes that bid for its lock. */
static unsigned rank_of(const struct routers *routers, const struct router_set *set)
{
    unsigned rank = 0;

    if (!router_set_is_sound(routers, set))
        return set->served_unsound ? UNFIT_RANK : UNFIT_OTHER_RANK;
    for (const struct router *router = routers->routers; router != NULL; router = router->next) {
        if (router->set == set && router->promoted)
            return 0;
        if (router->set == set && router->rank > rank)
            rank = router->rank;
    }
    return rank;
}

/* A planned step down, which resigns. */
static void step_down(struct routers *routers, struct router_set *set, int64_t now)
{
    router_set_step_all(
        routers, set, (struct vrrp_event){.type = VRRP_FOLLOW, .follow = VRRP_BACKUP, .ordered = true}, now);
}

void router_set_leave_master(struct routers *routers, struct router_set *set, const char *node, int64_t now)
{
    if (set->right == VRRP_RIGHT_LOCK && set->owned) {
        set->handing_over = true;
        routers->hooks->hand_over(routers->context, set->gate, node, now);
    } else if (router_set_is_master(set)) {
        step_down(routers, set, now);
    }
}

void routers_retire(struct routers *routers, int64_t now)
{
    for (struct router_set *set = routers->sets; set != NULL; set = set->next)
        if (set->right != VRRP_RIGHT_LOCK)
            router_set_leave_master(routers, set, "", now);
}

void routers_lock(struct routers *routers, const char *lock, bool owned, uint64_t token, bool given_up)
{
    struct router_set *set = router_set_find(routers, lock);

    if (set == NULL || set->right != VRRP_RIGHT_LOCK)
        return;
    set->owned = owned;
    set->token = token;
    set->gained = owned;
    set->lost = set->lost || !owned;
    set->given_up = given_up;
    routers->unsettled = true;
}

/* What routers_lock() noted. */
static void follow_lock(struct routers *routers, struct router_set *set, int64_t now)
{
    if (set->lost) {
        set->lost = set->handing_over = false;
        /* The gate was shut before the lock was released: a successor need not wait for our silence. */
        if (set->given_up && router_set_is_master(set))
            step_down(routers, set, now);
        router_set_tell_right(routers, set, false, now);
    }
    if (set->gained) {
        set->gained = false;
        set->served_unsound = set->served_unsound && !router_set_is_sound(routers, set);
        router_set_tell_right(routers, set, true, now);
    }
}

void router_set_settle(struct routers *routers, struct router_set *set, int64_t now)
{
    bool may = eligible(routers, set);
    unsigned rank = rank_of(routers, set);

    if (set->right == VRRP_RIGHT_LOCK)
        follow_lock(routers, set, now);
    for (size_t i = 0; i < set->count; i++)
        if (set->members[i]->passive == may)
            router_set_step_alone(routers, set, i, (struct vrrp_event){.type = VRRP_PASSIVE, .passive = !may},
                                  now);
    if (set->right != VRRP_RIGHT_LOCK)
        return;
    if (set->owned && !set->handing_over && !router_set_is_master(set)) {
        /* It cannot serve: the lock is for somebody who can. */
        set->handing_over = true;
        routers->hooks->hand_over(routers->context, set->gate, "", now);
        routers->unsettled = true;
    } else if (may && (!set->wanted || set->wanted_rank != rank)) {
        char *refusal HF_CLEANUP(hf_freep) = routers->hooks->want(routers->context, set->gate, rank, now);

        if (refusal != NULL)
            hf_warn("%s", refusal);
        set->wanted = refusal == NULL;
        set->wanted_rank = rank;
    } else if (!may && set->wanted && !set->owned) {
        set->wanted = false;
        routers->hooks->unwant(routers->context, set->gate, now);
    }
}
