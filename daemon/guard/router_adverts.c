/* router_adverts.c - see router_adverts.h. */
#include "daemon/guard/router_adverts.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/guard/router_make.h"
#include "daemon/guard/router_pending.h"
#include "daemon/guard/router_right.h"
#include "daemon/guard/router_set.h"
#include "daemon/vrrp/group.h"
#include "lib/log.h"

enum { VRID_ATTEMPTS = 32 }; /* before the others are left to find another one */

void router_send_advert(struct routers *routers, struct router_half *half, uint8_t priority)
{
    const struct vrrp_config *config = &half->vrrp.config;
    const struct vrrp_advert advert = vrrp_own_advert(&half->vrrp, priority);
    const struct vrrp_address group = vrrp_group_address(config->family);
    struct router *router = half->router;
    uint8_t bytes[VRRP_PACKET_MAX];

    for (unsigned i = 0; i < (config->peer_count == 0 ? 1u : config->peer_count); i++) {
        const struct vrrp_address *to = config->peer_count == 0 ? &group : &config->peers[i];

        /* The list is the same on all nodes, so it may name this one. */
        if (vrrp_address_equal(to, &config->primary))
            continue;

        size_t length = vrrp_encode(&advert, &config->primary, to, bytes);
        struct hf_error *error HF_CLEANUP(hf_error_freep) =
            routers->hooks->send(routers->context, half->interface, &config->primary, to, bytes, length);

        if (error != NULL && strcmp(router->warning, hf_error_text(error)) != 0) {
            hf_warn("router %s: %s", router->order.id, hf_error_text(error));
            guard_copy(router->warning, sizeof(router->warning), hf_error_text(error));
        }
    }
}

static bool shares_address(const struct vrrp_config *config, const struct vrrp_advert *advert)
{
    for (unsigned i = 0; i < config->count; i++)
        for (unsigned j = 0; j < advert->count && j < VRRP_ADDRESSES_MAX; j++)
            if (vrrp_address_equal(&config->addresses[i], &advert->addresses[j]))
                return true;
    return false;
}

static void warn(struct router *router, const struct vrrp_received *received, const char *format, ...)
    HF_PRINTF(3, 4);
static void warn(struct router *router, const struct vrrp_received *received, const char *format, ...)
{
    char text[GUARD_TEXT_MAX + 1], source[64];
    int length = snprintf(text, sizeof(text), "%s ", vrrp_address_text(&received->source, source));
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + length, sizeof(text) - (size_t)length, format, arguments);
    va_end(arguments);
    if (strcmp(router->warning, text) == 0)
        return;
    hf_warn("router %s: %s", router->order.id, text);
    guard_copy(router->warning, sizeof(router->warning), text);
}

/* Goes on with another VRID, which all of its halves share; the other nodes follow a master. */
static void use_vrid(struct routers *routers, struct router *router, uint8_t vrid)
{
    hf_notice("router %s: uses VRID %u now", router->order.id, vrid);
    router->vrid = vrid;
    for (unsigned i = 0; i < router->half_count; i++)
        router->halves[i].vrrp.config.vrid = vrid;
    router->warning[0] = '\0';
    routers->unsettled = true;
}

/* Somebody else's virtual router has our VRID: the next one is tried if the choice was ours. */
static void collide(struct routers *routers, struct router *router, const struct vrrp_received *received)
{
    bool chosen = router->order.vrid == 0 && !(router->order.flags & ROUTER_VMAC);
    uint8_t vrid = router->vrid;

    if (!chosen || router->vrid_attempt >= VRID_ATTEMPTS) {
        warn(router, received,
             "uses VRID %u on %s for other addresses: expected a VRID of its own for each VIP", router->vrid,
             router->order.interface);
        return;
    }
    while (vrid == router->vrid || router_vrid_taken(routers, &router->order, vrid) != NULL)
        vrid = routers_choose_vrid(routers->cluster, router->order.id, router->vrid_attempt++);
    warn(router, received, "uses VRID %u on %s for other addresses", router->vrid, router->order.interface);
    use_vrid(routers, router, vrid);
}

/* A line for the first and for every doubling of one kind of refusal. */
static void refuse(struct routers *routers, struct router_half *half, const struct vrrp_received *received,
                   enum vrrp_refusal refusal)
{
    struct router *router = half->router;
    uint64_t count = half->vrrp.counters.refused[refusal];
    char source[64], text[GUARD_TEXT_MAX + 1];

    if (refusal == VRRP_OWN_PACKET)
        return;
    snprintf(text, sizeof(text), "from %s: %s", vrrp_address_text(&received->source, source),
             vrrp_refusal_text(refusal));
    if ((count & (count - 1)) == 0) {
        hf_warn("router %s: advert refused %" PRIu64 " times, %s", router->order.id, count, text);
        routers->unsettled = true;
    }
    guard_copy(router->refusal, sizeof(router->refusal), text);
}

static void hear(struct routers *routers, struct router_half *half, const struct vrrp_received *received,
                 const struct vrrp_advert *advert, int64_t now)
{
    struct router *router = half->router;
    bool news = !router->master_heard || !vrrp_address_equal(&router->master, &received->source) ||
                router->master_priority != advert->priority;

    router->master_heard = true;
    router->master = received->source;
    router->master_priority = advert->priority;
    routers->unsettled = routers->unsettled || news;
    router_set_step(routers, router->set, router_set_member(router->set, half),
                    (struct vrrp_event){.type = VRRP_HEARD, .advert = advert, .source = received->source},
                    now);
    if (advert->priority == 0 || router_set_is_master(router->set))
        return;
    router_mark_overtaken(routers, router, now);
    /* Another one serves: we are what it can fall back on, and no longer the one who was told to. */
    if (router->stands_back || (router->promoted && !router_is_promoting(routers, router))) {
        router->stands_back = router->promoted = false;
        routers->unsettled = true;
        routers->hooks->save(routers->context);
    }
}

static void take_packet(struct routers *routers, struct router_half *half,
                        const struct vrrp_received *received, int64_t now)
{
    struct vrrp_config *config = &half->vrrp.config;
    struct router *router = half->router;
    struct vrrp_advert advert;
    bool well_formed = received->ttl >= config->min_ttl && vrrp_decode(received, &advert) == VRRP_ACCEPTED &&
                       !vrrp_address_equal(&received->source, &config->primary);
    bool ours = well_formed && shares_address(config, &advert);

    if (received->length < 2)
        return;
    if (received->bytes[1] != config->vrid) {
        /* Another node of ours moved to another VRID, because this one is taken. */
        if (ours && router->order.vrid == 0 && !(router->order.flags & ROUTER_VMAC) &&
            !router_is_master(router))
            use_vrid(routers, router, advert.vrid);
        return;
    }
    if (well_formed && !ours) {
        collide(routers, router, received);
        if (config->vrid != received->bytes[1])
            return;
    }

    enum vrrp_refusal refusal = vrrp_check(&half->vrrp, received, &advert);

    if (refusal == VRRP_ACCEPTED)
        hear(routers, half, received, &advert, now);
    else
        refuse(routers, half, received, refusal);
}

/* A frame from the MAC address that a macvlan interface here has, too, comes in by that one alone. */
static bool is_interface_of(const struct router_half *half, const char *interface)
{
    return strcmp(half->router->order.interface, interface) == 0 || strcmp(half->interface, interface) == 0;
}

void routers_packet(struct routers *routers, const char *interface, const struct vrrp_received *received,
                    int64_t now)
{
    routers_check_lapse(routers, now);
    for (struct router *router = routers->routers; router != NULL; router = router->next)
        for (unsigned i = 0; i < router->half_count; i++)
            if (router->halves[i].vrrp.config.family == received->source.family &&
                is_interface_of(&router->halves[i], interface))
                take_packet(routers, &router->halves[i], received, now);
}
