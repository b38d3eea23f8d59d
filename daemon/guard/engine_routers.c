/* engine_routers.c - what the routers ask for (routers.h): locks, VIPs and their gates, the network, clients.
 */
#include "daemon/guard/engine-private.h"

#include "lib/log.h"

static char *routers_want(void *context, const char *name, unsigned rank, int64_t now)
{
    struct guard_want want = {.rank = rank};
    char *refusal;

    guard_copy(want.lock, sizeof(want.lock), name);
    refusal = engine_want(context, &want, now);
    if (refusal == NULL)
        engine_find_lock(context, name)->routed = true;
    return refusal;
}

static void routers_unwant(void *context, const char *name, int64_t now)
{
    engine_unwant(context, name, now);
}

static void routers_hand_over(void *context, const char *name, const char *node, int64_t now)
{
    free(engine_hand_over(context, name, node, now));
}

static void routers_urge(void *context, const char *name, int64_t now)
{
    engine_step(context, &(struct lease_event){.type = LEASE_URGE, .now = now, .lock = name});
}

static const char *routers_holder(void *context, const char *name)
{
    const struct engine *engine = context;
    struct lease_lock_status status = {.holder = ""};

    if (engine->lease != NULL)
        lease_lock_status(engine->lease, name, &status);
    return status.holder;
}

static char *routers_protect(void *context, const struct guard_vip *vip, bool again, int64_t now)
{
    struct engine *engine = context;

    if (!again || vips_find(&engine->vips, vip->id) != NULL ||
        vips_find_address(&engine->vips, &vip->address) != NULL)
        return engine_protect(engine, vip, now);
    engine_take_up_vip(engine, vip, now);
    return NULL;
}

static void routers_unprotect(void *context, const char *id)
{
    engine_unprotect(context, id);
}

static const char *routers_vip_fault(void *context, const char *id)
{
    const struct engine *engine = context;
    const struct vip *vip = vips_find(&engine->vips, id);

    return vip == NULL ? "" : vip_fault(vip);
}

static void routers_announce(void *context, const char *id, unsigned times, int64_t now)
{
    struct engine *engine = context;
    struct vip *vip = vips_find(&engine->vips, id);

    if (vip != NULL)
        vips_announce(&engine->vips, vip, times, now);
}

static void routers_open(void *context, const char *name, int64_t deadline, int64_t now)
{
    struct lock *lock = engine_find_lock(context, name);

    if (lock != NULL)
        engine_open_lock(context, lock, deadline, now);
}

static void routers_shut(void *context, const char *name)
{
    struct lock *lock = engine_find_lock(context, name);

    if (lock != NULL)
        engine_shut_lock(context, lock);
}

static int64_t routers_open_until(void *context, const char *name)
{
    const struct lock *lock = engine_find_lock(context, name);
    int64_t until = 0;

    for (const struct vip *vip = lock == NULL ? NULL : lock->vips; vip != NULL; vip = vip->other)
        if (vip->until > until)
            until = vip->until;
    return until;
}

static void routers_look(void *context, const char *interface, struct routers_link *link)
{
    const struct engine *engine = context;
    struct network_interface found;

    *link = (struct routers_link){0};
    if (!network_find(engine->config.network, interface, &found))
        return;
    link->ifindex = found.ifindex;
    link->up = found.up;
    link->carrier = found.carrier;
    link->count = network_addresses(interface, link->addresses, ROUTERS_LINK_ADDRESSES);
}

static void say_error(const char *router, struct hf_error *error)
{
    if (error != NULL)
        hf_error_log("router %s: %s", router, hf_error_text(error));
    hf_error_free(error);
}

/* Rules and routes of a router; the last that came is the first to go. */
static void routers_follow(void *context, const struct guard_router *router, bool serve)
{
    const struct engine *engine = context;
    struct network *network = engine->config.network;
    struct network_interface found = {0};

    for (unsigned i = 0; i < router->route_count; i++) {
        const struct router_route *route = &router->routes[serve ? i : router->route_count - 1u - i];
        const char *name = route->interface[0] != '\0' ? route->interface : router->interface;

        if (network_find(network, name, &found))
            say_error(router->id, network_route(network, serve, found.ifindex, route));
    }
    for (unsigned i = 0; i < router->rule_count; i++)
        say_error(router->id, network_rule(network, serve, &router->rules[i]));
}

static struct hf_error *routers_macvlan(void *context, const char *parent, const char *name,
                                        const uint8_t mac[6], bool add)
{
    const struct engine *engine = context;
    struct network_interface found;

    if (!add)
        return network_macvlan_remove(engine->config.network, name);
    if (!network_find(engine->config.network, parent, &found))
        return hf_error_new(HF_FAILED, "there is no network interface %s", parent);
    return network_macvlan_add(engine->config.network, found.ifindex, name, mac);
}

static void routers_listen(void *context)
{
    const struct engine *engine = context;

    engine->hooks->listen(engine->context);
}

static struct hf_error *routers_send(void *context, const char *interface, const struct vrrp_address *source,
                                     const struct vrrp_address *destination, const void *bytes, size_t length)
{
    const struct engine *engine = context;

    return engine->hooks->advert(engine->context, interface, source, destination, bytes, length);
}

static void routers_tell(void *context, const struct guard_frame *frame)
{
    engine_tell(context, frame);
}

static void routers_answer(void *context, uint64_t asker, const struct guard_answer *answer)
{
    const struct engine *engine = context;

    engine->hooks->answer(engine->context, asker, answer);
}

static void routers_save(void *context)
{
    engine_save(context);
}

const struct routers_hooks engine_routers_hooks = {
    .want = routers_want,
    .unwant = routers_unwant,
    .hand_over = routers_hand_over,
    .urge = routers_urge,
    .holder = routers_holder,
    .protect = routers_protect,
    .unprotect = routers_unprotect,
    .vip_fault = routers_vip_fault,
    .announce = routers_announce,
    .open = routers_open,
    .shut = routers_shut,
    .open_until = routers_open_until,
    .look = routers_look,
    .follow = routers_follow,
    .macvlan = routers_macvlan,
    .listen = routers_listen,
    .send = routers_send,
    .tell = routers_tell,
    .answer = routers_answer,
    .save = routers_save,
};
