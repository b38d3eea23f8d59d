/* router_make.c - see router_make.h. */
#include "daemon/guard/router_make.h"

#include "daemon/guard/router_links.h"
#include "daemon/guard/router_right.h"
#include "daemon/guard/router_set.h"

uint8_t routers_choose_vrid(const char *cluster, const char *id, unsigned attempt)
{
    const char *texts[] = {cluster, "/", id};
    uint32_t hash = 2166136261u;

    /* FNV-1a */
    for (size_t i = 0; i < HF_ARRAY_LENGTH(texts); i++)
        for (const char *c = texts[i]; *c != '\0'; c++)
            hash = (hash ^ (unsigned char)*c) * 16777619u;
    return (uint8_t)(1 + (hash + attempt * 101) % 255);
}

const struct router *router_vrid_taken(const struct routers *routers, const struct guard_router *order,
                                       uint8_t vrid)
{
    for (const struct router *other = routers->routers; other != NULL; other = other->next)
        if (other->vrid == vrid && strcmp(other->order.id, order->id) != 0 &&
            strcmp(other->order.interface, order->interface) == 0)
            return other;
    return NULL;
}

static struct vrrp_config configure(const struct routers *routers, const struct router *router,
                                    enum vrrp_family family)
{
    const struct guard_router *order = &router->order;
    struct vrrp_config config = {
        .version = order->version,
        .family = family,
        .vrid = router->vrid,
        .priority = 1, /* until router_judge() says which */
        .interval_us = order->interval_us,
        .right = router->set->right,
        .right_lost_within_us = routers->quorum.notice_ms * 1000,
        .preempt = (order->flags & ROUTER_PREEMPT) != 0,
        .preempt_delay_us = order->preempt_delay_ms * 1000,
        .auth_type = order->password[0] != '\0',
        .checksum = order->flags & ROUTER_PSEUDO_HEADER ? VRRP_CHECKSUM_PSEUDO : VRRP_CHECKSUM_PLAIN,
        .min_ttl = order->min_ttl,
        .primary = {.family = family},
        .announce = {.count = order->announce_count,
                     .spacing_us = order->announce_spacing_ms * 1000,
                     .again_us = order->announce_again_ms * 1000,
                     .refresh_us = order->refresh_ms * 1000,
                     .refresh_count = order->refresh_count,
                     .contest_us = 3 * order->interval_us},
    };

    memcpy(config.auth, order->password, strlen(order->password));
    for (unsigned i = 0; i < order->address_count; i++)
        if (guard_address_is_ipv4(&order->addresses[i].address) == (family == VRRP_IPV4))
            config.addresses[config.count++] = guard_address_to_vrrp(&order->addresses[i].address);
    for (unsigned i = 0; i < order->peer_count; i++)
        if (guard_address_is_ipv4(&order->peers[i]) == (family == VRRP_IPV4))
            config.peers[config.peer_count++] = guard_address_to_vrrp(&order->peers[i]);
    return config;
}

static bool has_family(const struct guard_router *order, enum vrrp_family family)
{
    for (unsigned i = 0; i < order->address_count; i++)
        if (guard_address_is_ipv4(&order->addresses[i].address) == (family == VRRP_IPV4))
            return true;
    return false;
}

static char *make_halves(struct routers *routers, struct router *router)
{
    static const enum vrrp_family families[] = {VRRP_IPV4, VRRP_IPV6};
    char *refusal = NULL;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(families) && refusal == NULL; i++) {
        struct router_half *half = &router->halves[router->half_count];
        struct vrrp_config config;

        if (!has_family(&router->order, families[i]))
            continue;
        config = configure(routers, router, families[i]);

        struct hf_error *error HF_CLEANUP(hf_error_freep) = vrrp_config_check(&config);

        if (error != NULL)
            return hf_strdup(hf_error_text(error));
        half->router = router;
        vrrp_init(&half->vrrp, &config);
        router->half_count++;
        refusal = router_place_half(routers, router, half, true);
    }
    return refusal;
}

static void unprotect(struct routers *routers, struct router *router, unsigned count)
{
    char id[GUARD_NAME_MAX + 1];

    for (unsigned i = 0; i < count; i++) {
        router_vip_id(router, i, id);
        routers->hooks->unprotect(routers->context, id);
    }
}

/* A gate for each address. */
static char *protect(struct routers *routers, struct router *router, bool take_up, int64_t now)
{
    const struct guard_router *order = &router->order;
    char *refusal = NULL;
    unsigned i;

    for (i = 0; i < order->address_count && refusal == NULL; i++) {
        enum vrrp_family family = guard_address_is_ipv4(&order->addresses[i].address) ? VRRP_IPV4 : VRRP_IPV6;
        const struct router_half *half =
            &router->halves[router->halves[0].vrrp.config.family == family ? 0 : 1];
        struct guard_vip vip = {.address = order->addresses[i].address,
                                .prefix = order->addresses[i].prefix,
                                .flags = GUARD_VIP_ASSIGN | GUARD_VIP_ROUTED};

        if (order->flags & ROUTER_CLIENTS)
            vip.flags |= GUARD_VIP_CLIENTS;
        router_vip_id(router, i, vip.id);
        guard_copy(vip.lock, sizeof(vip.lock), router->set->gate);
        guard_copy(vip.interface, sizeof(vip.interface), half->interface);
        refusal = routers->hooks->protect(routers->context, &vip, take_up, now);
    }
    if (refusal != NULL)
        unprotect(routers, router, i - 1);
    return refusal;
}

static void unlink_router(struct routers *routers, struct router *router)
{
    struct router **link = &routers->routers;

    while (*link != router)
        link = &(*link)->next;
    *link = router->next;
    routers->count--;
}

void router_end(struct routers *routers, struct router *router, int64_t now)
{
    struct router_set *set = router->set;
    struct guard_frame frame = {.type = GUARD_ROUTER, .router_state = router->told};

    router_follow(routers, router, false);
    unprotect(routers, router, router->order.address_count);
    for (unsigned i = 0; i < router->half_count; i++)
        if (router->order.flags & ROUTER_VMAC)
            free(router_place_half(routers, router, &router->halves[i], false));
    router_set_collect(routers, set, router);
    unlink_router(routers, router);
    if (set->count == 0)
        router_set_drop(routers, set, now);
    frame.router_state.gone = true;
    if (frame.router_state.id[0] != '\0')
        routers->hooks->tell(routers->context, &frame);
    free(router);
    routers->hooks->listen(routers->context);
    routers->unsettled = true;
}

/* The state machines begin: as BACKUP, or with a set that serves already. */
static void begin(struct routers *routers, struct router *router, int64_t now)
{
    struct router_set *set = router->set;
    bool serves = router_set_is_master(set);
    uint8_t priority;

    router_set_collect(routers, set, NULL);
    router_judge(routers, router, &priority);
    for (unsigned i = 0; i < router->half_count; i++) {
        size_t member = router_set_member(set, &router->halves[i]);
        bool right =
            set->right == VRRP_RIGHT_LOCK ? set->owned && !set->gained : routers_quorate(routers, now);

        router_set_step_alone(routers, set, member,
                              (struct vrrp_event){.type = VRRP_PRIORITY, .priority = priority}, now);
        router_set_step_alone(routers, set, member, (struct vrrp_event){.type = VRRP_FIT, .fit = router->fit},
                              now);
        router_set_step_alone(routers, set, member,
                              (struct vrrp_event){.type = VRRP_PASSIVE, .passive = true}, now);
        router_set_step_alone(routers, set, member, (struct vrrp_event){.type = VRRP_STARTUP}, now);
        if (right)
            router_set_step_alone(routers, set, member,
                                  (struct vrrp_event){.type = VRRP_RIGHT, .may_be_master = true}, now);
        if (serves)
            router_set_step_alone(
                routers, set, member,
                (struct vrrp_event){.type = VRRP_FOLLOW, .follow = VRRP_MASTER, .ordered = true}, now);
    }
}

char *router_add(struct routers *routers, const struct guard_router *order, bool take_up, int64_t now)
{
    const struct router *taken = order->vrid == 0 ? NULL : router_vrid_taken(routers, order, order->vrid);
    const struct router_set *known = router_set_find(routers, router_set_key(order));
    struct router *router;
    char *refusal;

    if (routers->count >= ROUTERS_MAX)
        return hf_asprintf("router %s: a guard has at most %d", order->id, ROUTERS_MAX);
    if (taken != NULL)
        return hf_asprintf(
            "router %s: VRID %u on %s is router %s's already; expected another one, or none to "
            "have one chosen",
            order->id, order->vrid, order->interface, taken->order.id);
    if (known != NULL && (known->right == VRRP_RIGHT_NONE) != (order->lock[0] == '\0'))
        return hf_asprintf("router %s: its group %s has routers with a lock and without; expected one or the "
                           "other",
                           order->id, known->key);
    router = hf_calloc(1, sizeof(*router));
    router->order = *order;
    router->order.flags &= (uint8_t) ~(ROUTER_PROMOTED | ROUTER_STANDS_BACK);
    router->given_priority = -1;
    router->reason = "it was started";
    router->since = now;
    router->vrid = order->vrid;
    while (router->vrid == 0 || (order->vrid == 0 && router_vrid_taken(routers, order, router->vrid) != NULL))
        router->vrid = routers_choose_vrid(routers->cluster, order->id, router->vrid_attempt++);
    router->set = router_set_use(routers, order);
    router->next = routers->routers;
    routers->routers = router;
    routers->count++;
    router->promoted = take_up && (order->flags & ROUTER_PROMOTED);
    router->stands_back = !take_up || (order->flags & ROUTER_STANDS_BACK);
    refusal = make_halves(routers, router);
    if (refusal == NULL)
        refusal = protect(routers, router, take_up, now);
    if (refusal != NULL) {
        router->order.address_count = 0; /* none is protected */
        router_end(routers, router, now);
        return refusal;
    }
    routers->hooks->listen(routers->context);
    begin(routers, router, now);
    routers->unsettled = true;
    return NULL;
}

char *router_change(struct routers *routers, struct router *router, const struct guard_router *order,
                    int64_t now)
{
    const struct guard_router before = router->order;
    bool stands_back = router->stands_back;
    int given_priority = router->given_priority;
    unsigned rank = router->rank;
    char *refusal;

    router_end(routers, router, now);
    refusal = router_add(routers, order, false, now);
    if (refusal != NULL)
        free(router_add(routers, &before, false, now));
    router = router_find(routers, order->id);
    if (router != NULL) {
        router->stands_back = stands_back;
        router->given_priority = given_priority;
        router->rank = rank;
    }
    return refusal;
}
