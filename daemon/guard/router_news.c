/* router_news.c - see router_news.h. */
#include "daemon/guard/router_news.h"

#include "daemon/guard/router_right.h"

static enum router_state state_of(const struct router *router)
{
    enum router_state state = router_is_master(router) ? ROUTER_MASTER : ROUTER_BACKUP;

    for (unsigned i = 0; i < router->half_count; i++) {
        if (router->halves[i].vrrp.state == VRRP_FAULT)
            return ROUTER_FAULT;
        if (router->halves[i].vrrp.state == VRRP_INITIALIZE)
            state = ROUTER_INIT;
    }
    return state;
}

static void add_counters(struct guard_router_state *state, const struct vrrp_counters *counters)
{
    state->sent += counters->sent;
    state->heard += counters->heard;
    state->contested += counters->contested;
    state->became_master += counters->became_master;
    for (unsigned i = 1; i < VRRP_REFUSALS; i++)
        if (i != VRRP_OWN_PACKET)
            state->refused += counters->refused[i];
}

/* What is wrong: with itself, its addresses, others. */
static void report_fault(const struct routers *routers, const struct router *router,
                         struct guard_router_state *state)
{
    char id[GUARD_NAME_MAX + 1];

    guard_copy(state->fault, sizeof(state->fault), router->fault);
    for (unsigned i = 0; i < router->order.address_count && state->fault[0] == '\0'; i++) {
        router_vip_id(router, i, id);
        guard_copy(state->fault, sizeof(state->fault), routers->hooks->vip_fault(routers->context, id));
    }
    if (state->fault[0] == '\0')
        guard_copy(state->fault, sizeof(state->fault), router->warning);
}

static struct guard_router_state report(const struct routers *routers, const struct router *router)
{
    const struct router_set *set = router->set;
    struct guard_router_state state = {.state = state_of(router),
                                       .right = (enum router_right)set->right,
                                       .has_right = router->halves[0].vrrp.has_right,
                                       .promoted = router->promoted,
                                       .stands_back = router->stands_back,
                                       .vrid_chosen = router->order.vrid == 0,
                                       .version = router->order.version,
                                       .vrid = router->vrid,
                                       .priority = router_by_itself(router) || router_is_master(router)
                                                       ? router->halves[0].vrrp.priority
                                                       : 0,
                                       .track_weight = (int16_t)router->track_weight,
                                       .address_count = router->order.address_count,
                                       .changes = router->changes,
                                       .since = router->since,
                                       .master_heard = router->master_heard,
                                       .master_priority = router->master_priority};

    memcpy(state.addresses, router->order.addresses, sizeof(state.addresses));
    guard_copy(state.id, sizeof(state.id), router->order.id);
    guard_copy(state.lock, sizeof(state.lock), router->order.lock);
    guard_copy(state.interface, sizeof(state.interface), router->order.interface);
    guard_copy(state.refusal, sizeof(state.refusal), router->refusal);
    guard_copy(state.reason, sizeof(state.reason), router->reason);
    if (router->master_heard)
        state.master = guard_address_from_vrrp(&router->master);
    if (state.state == ROUTER_MASTER && set->right == VRRP_RIGHT_LOCK)
        state.token = set->token;
    for (unsigned i = 0; i < router->half_count; i++)
        add_counters(&state, &router->halves[i].vrrp.counters);
    report_fault(routers, router, &state);
    return state;
}

static bool same_report(const struct guard_router_state *a, const struct guard_router_state *b)
{
    return a->id[0] == b->id[0] && a->state == b->state && a->has_right == b->has_right &&
           a->promoted == b->promoted && a->stands_back == b->stands_back && a->vrid == b->vrid &&
           a->priority == b->priority && a->track_weight == b->track_weight && a->token == b->token &&
           a->master_heard == b->master_heard && guard_address_equal(&a->master, &b->master) &&
           a->master_priority == b->master_priority && strcmp(a->fault, b->fault) == 0;
}

void routers_tell_news(struct routers *routers, int64_t now)
{
    for (struct router *router = routers->routers; router != NULL; router = router->next) {
        struct guard_router_state state = report(routers, router);

        if (router->told.id[0] != '\0' && state.state != router->told.state) {
            router->since = state.since = now;
            state.changes = ++router->changes;
        }
        if (same_report(&state, &router->told))
            continue;
        router->told = state;
        routers->hooks->tell(routers->context,
                             &(struct guard_frame){.type = GUARD_ROUTER, .router_state = state});
    }
}

void routers_describe(const struct routers *routers,
                      void (*take)(void *context, const struct guard_frame *frame), void *context)
{
    for (const struct router *router = routers->routers; router != NULL; router = router->next)
        take(context, &(struct guard_frame){.type = GUARD_ROUTER, .router_state = report(routers, router)});
}
