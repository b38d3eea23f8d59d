/* router_links.c - see router_links.h. */
#include "daemon/guard/router_links.h"

#include <stdio.h>

#include "daemon/guard/router_right.h"
#include "daemon/guard/router_set.h"
#include "lib/log.h"

/* What an interface looked like when it was last asked for in one event. */
struct router_link {
    struct router_link *next;
    char name[GUARD_INTERFACE_MAX + 1];
    struct routers_link link;
};

static bool is_link_local(const struct gate_address *address)
{
    return !guard_address_is_ipv4(address) && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

static bool is_virtual(const struct routers *routers, const struct gate_address *address)
{
    for (const struct router *router = routers->routers; router != NULL; router = router->next)
        for (unsigned i = 0; i < router->order.address_count; i++)
            if (guard_address_equal(&router->order.addresses[i].address, address))
                return true;
    return false;
}

void routers_forget_links(struct routers *routers)
{
    while (routers->seen != NULL) {
        struct router_link *seen = routers->seen;

        routers->seen = seen->next;
        free(seen);
    }
}

const struct routers_link *router_look(struct routers *routers, const char *interface)
{
    struct router_link *seen = routers->seen;

    while (seen != NULL && strcmp(seen->name, interface) != 0)
        seen = seen->next;
    if (seen == NULL) {
        seen = hf_calloc(1, sizeof(*seen));
        guard_copy(seen->name, sizeof(seen->name), interface);
        routers->hooks->look(routers->context, interface, &seen->link);
        seen->next = routers->seen;
        routers->seen = seen;
    }
    return &seen->link;
}

static struct vrrp_track track_of(struct routers *routers, const struct router *router, unsigned index)
{
    const struct router_track *track = &router->order.tracks[index];
    struct vrrp_track result = {.weight = track->weight, .up = !router->script_down[index]};

    if (track->kind == ROUTER_TRACK_INTERFACE) {
        const struct routers_link *link = router_look(routers, track->name);

        result.up = link->ifindex != 0 && link->up && link->carrier;
    }
    return result;
}

/* The priority in use; *down: the first weightless thing that is down, or NULL. */
static uint8_t effective_priority(struct routers *routers, struct router *router, const char **down)
{
    struct vrrp_track tracks[ROUTER_TRACKS_MAX];
    int base = router->given_priority > 0 ? router->given_priority : router->order.priority;
    bool fit;

    *down = NULL;
    router->track_weight = 0;
    for (unsigned i = 0; i < router->order.track_count; i++) {
        tracks[i] = track_of(routers, router, i);
        if (tracks[i].weight == 0 && !tracks[i].up && *down == NULL)
            *down = router->order.tracks[i].name;
        if ((tracks[i].weight > 0) == tracks[i].up)
            router->track_weight += tracks[i].weight;
    }
    return vrrp_effective_priority((uint8_t)(base < 1 ? 1 : base), tracks, router->order.track_count, &fit);
}

/* Our own address for a family: the one that was ordered, or the interface's that fits the peers. */
static bool find_primary(const struct routers *routers, const struct router *router,
                         const struct routers_link *link, enum vrrp_family family,
                         struct vrrp_address *primary)
{
    const struct guard_router *order = &router->order;
    bool local = family == VRRP_IPV6;

    const struct gate_address *source = family == VRRP_IPV4  ? (order->has_source4 ? &order->source4 : NULL)
                                        : order->has_source6 ? &order->source6
                                                             : NULL;

    for (size_t i = 0; i < link->count && source != NULL; i++) {
        if (!guard_address_equal(source, &link->addresses[i]))
            continue;
        *primary = guard_address_to_vrrp(source);
        return true;
    }
    for (unsigned i = 0; i < order->peer_count; i++)
        if (!guard_address_is_ipv4(&order->peers[i]) && !is_link_local(&order->peers[i]))
            local = false;
    for (size_t i = 0; i < link->count; i++) {
        const struct gate_address *address = &link->addresses[i];

        if (guard_address_is_ipv4(address) != (family == VRRP_IPV4) || is_link_local(address) != local ||
            is_virtual(routers, address))
            continue;
        *primary = guard_address_to_vrrp(address);
        return true;
    }
    return false;
}

static void set_fault(struct router *router, const char *format, ...) HF_PRINTF(2, 3);
static void set_fault(struct router *router, const char *format, ...)
{
    char text[GUARD_TEXT_MAX + 1];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (text[0] != '\0' && strcmp(text, router->fault) != 0)
        hf_warn("router %s: %s", router->order.id, text);
    guard_copy(router->fault, sizeof(router->fault), text);
}

void router_judge(struct routers *routers, struct router *router, uint8_t *priority)
{
    const char *interface = router->order.interface, *down;
    const struct routers_link *link = router_look(routers, interface);

    *priority = effective_priority(routers, router, &down);
    router->sound = link->ifindex != 0 && link->up && link->carrier && down == NULL;
    router->fit = link->ifindex != 0 && link->up;
    for (unsigned i = 0; i < router->half_count && router->fit; i++) {
        struct vrrp_config *config = &router->halves[i].vrrp.config;

        if (!find_primary(routers, router, link, config->family, &config->primary)) {
            router->fit = false;
            set_fault(router, "%s has no IPv%d address of its own to send adverts from%s", interface,
                      (int)config->family, config->family == VRRP_IPV6 ? " (a link-local one)" : "");
            return;
        }
    }
    if (link->ifindex == 0)
        set_fault(router, "there is no network interface %s", interface);
    else if (!link->up)
        set_fault(router, "%s is down", interface);
    else if (!link->carrier)
        set_fault(router, "%s has no carrier", interface);
    else if (down != NULL)
        set_fault(router, "%s, which is tracked, is down", down);
    else
        set_fault(router, "%s", "");
    if (router->set->right != VRRP_RIGHT_LOCK)
        router->fit = router->fit && router->sound;
}

void router_check(struct routers *routers, struct router *router, int64_t now)
{
    struct router_set *set = router->set;
    bool was_sound = router_set_is_sound(routers, set);
    uint8_t priority;

    router_judge(routers, router, &priority);
    for (unsigned i = 0; i < router->half_count; i++) {
        struct router_half *half = &router->halves[i];
        size_t member = router_set_member(set, half);

        if (half->vrrp.priority != priority)
            router_set_step(routers, set, member,
                            (struct vrrp_event){.type = VRRP_PRIORITY, .priority = priority}, now);
        if (half->vrrp.fit != router->fit)
            router_set_step(routers, set, member, (struct vrrp_event){.type = VRRP_FIT, .fit = router->fit},
                            now);
    }
    if (was_sound == router_set_is_sound(routers, set))
        return;
    routers->unsettled = true;
    set->served_unsound = was_sound && router_set_is_master(set);
    if (!set->served_unsound || set->right != VRRP_RIGHT_LOCK || !set->owned || set->handing_over)
        return;
    /* Another one may be sound.  If none is, this one bids again when they had their chance. */
    hf_notice("router %s: offers its lock to others: %s", router->order.id, router->fault);
    set->handing_over = true;
    routers->hooks->hand_over(routers->context, set->gate, "", now);
}

void routers_macvlan_name(int ifindex, uint8_t vrid, enum vrrp_family family,
                          char name[GUARD_INTERFACE_MAX + 1])
{
    snprintf(name, GUARD_INTERFACE_MAX + 1, "hf%d.%u.%d", ifindex % 100000, vrid, (int)family);
}

char *router_place_half(struct routers *routers, struct router *router, struct router_half *half, bool add)
{
    const struct guard_router *order = &router->order;
    enum vrrp_family family = half->vrrp.config.family;
    uint8_t mac[VRRP_MAC_LENGTH];

    if (!(order->flags & ROUTER_VMAC)) {
        guard_copy(half->interface, sizeof(half->interface), order->interface);
        return NULL;
    }
    if (half->interface[0] == '\0')
        routers_macvlan_name(router_look(routers, order->interface)->ifindex, router->vrid, family,
                             half->interface);
    vrrp_virtual_mac(family, router->vrid, mac);

    struct hf_error *error HF_CLEANUP(hf_error_freep) =
        routers->hooks->macvlan(routers->context, order->interface, half->interface, mac, add);

    return error == NULL ? NULL : hf_strdup(hf_error_text(error));
}

/* An interface that came back has no macvlan on it any more. */
static void restore_macvlans(struct routers *routers, struct router *router)
{
    for (unsigned i = 0; i < router->half_count && (router->order.flags & ROUTER_VMAC); i++)
        if (router_look(routers, router->halves[i].interface)->ifindex == 0)
            free(router_place_half(routers, router, &router->halves[i], true));
}

void routers_network(struct routers *routers, int64_t now)
{
    routers_forget_links(routers);
    for (struct router *router = routers->routers; router != NULL; router = router->next)
        restore_macvlans(routers, router);
    routers->hooks->listen(routers->context);
    for (struct router *router = routers->routers; router != NULL; router = router->next)
        router_check(routers, router, now);
}
