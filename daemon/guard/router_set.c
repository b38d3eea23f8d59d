/* router_set.c - see router_set.h. */
#include "daemon/guard/router_set.h"

#include <stdio.h>

#include "daemon/guard/router_adverts.h"
#include "daemon/vrrp/group.h"
#include "lib/log.h"

/* Of the time in which nobody can take over, the gate stays open for so many tenths. */
enum { OPEN_TENTHS = 9 };

const char *router_set_key(const struct guard_router *order)
{
    return order->lock[0] != '\0' ? order->lock : order->group[0] != '\0' ? order->group : order->id;
}

struct router_set *router_set_find(struct routers *routers, const char *key)
{
    struct router_set *set = routers->sets;

    while (set != NULL && strcmp(set->key, key) != 0)
        set = set->next;
    return set;
}

struct router_set *router_set_use(struct routers *routers, const struct guard_router *order)
{
    struct router_set *set = router_set_find(routers, router_set_key(order));

    if (set != NULL)
        return set;
    set = hf_calloc(1, sizeof(*set));
    guard_copy(set->key, sizeof(set->key), router_set_key(order));
    set->right = order->lock[0] == '\0' ? VRRP_RIGHT_NONE
                 : routers->locks       ? VRRP_RIGHT_LOCK
                                        : VRRP_RIGHT_QUORUM;
    /* A gate without a lock must not hang on a lock that happens to have its name. */
    if (set->right == VRRP_RIGHT_NONE)
        snprintf(set->gate, sizeof(set->gate), "none/%.58s", set->key);
    else
        guard_copy(set->gate, sizeof(set->gate), set->key);
    set->next = routers->sets;
    routers->sets = set;
    return set;
}

void router_set_drop(struct routers *routers, struct router_set *set, int64_t now)
{
    struct router_set **link = &routers->sets;

    if (set->wanted)
        routers->hooks->unwant(routers->context, set->gate, now);
    while (*link != set)
        link = &(*link)->next;
    *link = set->next;
    free(set->halves);
    free(set->members);
    free(set->updates);
    free(set);
}

void router_set_collect(struct routers *routers, struct router_set *set, const struct router *without)
{
    size_t count = 0;

    for (const struct router *router = routers->routers; router != NULL; router = router->next)
        if (router->set == set && router != without)
            count += router->half_count;
    set->halves = hf_realloc(set->halves, count + 1, sizeof(struct router_half *));
    set->members = hf_realloc(set->members, count + 1, sizeof(struct vrrp_router *));
    set->updates = hf_realloc(set->updates, count + 1, sizeof(*set->updates));
    set->count = 0;
    for (struct router *router = routers->routers; router != NULL; router = router->next) {
        for (unsigned i = 0; router->set == set && router != without && i < router->half_count; i++) {
            set->halves[set->count] = &router->halves[i];
            set->members[set->count++] = &router->halves[i].vrrp;
        }
    }
    for (size_t i = 0; i < set->count; i++)
        set->members[i]->config.grouped = set->count > 1;
}

size_t router_set_member(const struct router_set *set, const struct router_half *half)
{
    size_t i = 0;

    while (set->halves[i] != half)
        i++;
    return i;
}

bool router_set_is_master(const struct router_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->members[i]->state == VRRP_MASTER)
            return true;
    return false;
}

/* How long a gate without a lease may stay open after an advert. */
static int64_t hold_ns(const struct routers *routers, const struct router_set *set)
{
    int64_t shortest = NEVER, notice = (int64_t)routers->quorum.notice_ms * MS;

    for (size_t i = 0; i < set->count; i++) {
        int64_t silence = 3 * (int64_t)set->members[i]->config.interval_us * US;

        if (set->right == VRRP_RIGHT_QUORUM && notice > silence)
            silence = notice;
        if (silence < shortest)
            shortest = silence;
    }
    return shortest / 10 * OPEN_TENTHS;
}

/* A lease opens its gates itself. */
static void open_set(struct routers *routers, struct router_set *set, int64_t now)
{
    int64_t until = now + hold_ns(routers, set);

    if (set->right == VRRP_RIGHT_LOCK)
        return;
    if (set->right == VRRP_RIGHT_QUORUM && until > routers->quorate_until)
        until = routers->quorate_until;
    set->open_until = until;
    routers->hooks->open(routers->context, set->gate, until, now);
}

void router_follow(struct routers *routers, struct router *router, bool serve)
{
    if (router->following == serve || router->order.route_count + router->order.rule_count == 0)
        return;
    router->following = serve;
    routers->hooks->follow(routers->context, &router->order, serve);
}

static void announce(struct routers *routers, const struct router_half *half, unsigned times, int64_t now)
{
    const struct router *router = half->router;
    char id[GUARD_NAME_MAX + 1];

    for (unsigned i = 0; i < router->order.address_count; i++) {
        if (guard_address_is_ipv4(&router->order.addresses[i].address) !=
            (half->vrrp.config.family == VRRP_IPV4))
            continue;
        router_vip_id(router, i, id);
        routers->hooks->announce(routers->context, id, times, now);
    }
}

static void say_state(struct router *router, const struct router_half *half, enum vrrp_reason reason)
{
    router->reason = vrrp_reason_text(reason);
    hf_notice("router %s (VRID %u, IPv%d): %s: %s", router->order.id, router->vrid,
              (int)half->vrrp.config.family, vrrp_state_text(half->vrrp.state), router->reason);
}

/* What one member wants done, but for stopping. */
static void perform(struct routers *routers, struct router_set *set, size_t member,
                    const struct vrrp_update *update, int64_t now)
{
    struct router_half *half = set->halves[member];

    if (update->start_serving || update->stop_serving || half->vrrp.state == VRRP_FAULT) {
        if (update->reason != VRRP_WHY_NONE)
            say_state(half->router, half, update->reason);
    }
    if (update->start_serving) {
        open_set(routers, set, now);
        router_follow(routers, half->router, true);
    }
    if (update->send_advert) {
        if (update->advert_priority > 0)
            open_set(routers, set, now);
        router_send_advert(routers, half, update->advert_priority);
    }
    if (update->announce > 0)
        announce(routers, half, update->announce, now);
    if (update->bid && set->right == VRRP_RIGHT_LOCK && set->wanted)
        routers->hooks->urge(routers->context, set->gate, now);
    if (update->start_serving || update->stop_serving || update->bid)
        routers->unsettled = true;
}

/* All gates first: a group is silent before any of it says so. */
static void perform_all(struct routers *routers, struct router_set *set, int64_t now)
{
    bool stop = false;

    for (size_t i = 0; i < set->count; i++)
        stop = stop || set->updates[i].stop_serving;
    if (stop && set->right != VRRP_RIGHT_LOCK) {
        set->open_until = 0;
        routers->hooks->shut(routers->context, set->gate);
    }
    for (size_t i = 0; i < set->count; i++)
        if (set->updates[i].stop_serving)
            router_follow(routers, set->halves[i]->router, false);
    for (size_t i = 0; i < set->count; i++)
        perform(routers, set, i, &set->updates[i], now);
}

void router_set_step(struct routers *routers, struct router_set *set, size_t member, struct vrrp_event event,
                     int64_t now)
{
    struct vrrp_group group = {.members = set->members, .count = set->count};

    event.now = now / US;
    vrrp_group_step(&group, member, &event, set->updates);
    perform_all(routers, set, now);
}

void router_set_step_all(struct routers *routers, struct router_set *set, struct vrrp_event event,
                         int64_t now)
{
    router_set_step(routers, set, VRRP_GROUP_ALL, event, now);
}

void router_set_step_alone(struct routers *routers, struct router_set *set, size_t member,
                           struct vrrp_event event, int64_t now)
{
    struct vrrp_update update;

    event.now = now / US;
    update = vrrp_step(set->members[member], &event);
    perform(routers, set, member, &update, now);
}
