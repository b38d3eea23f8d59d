/* routers.c - see routers.h. */
#include "daemon/guard/routers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/vrrp/group.h"
#include "lib/log.h"

#define MS INT64_C(1000000)
#define US INT64_C(1000)
#define NEVER INT64_MAX

enum {
    UNFIT_RANK = 32,       /* the place in the queue of a node that cannot serve as it should ... */
    UNFIT_OTHER_RANK = 40, /* ... and of one that did not serve before either */
    PATIENCE_MS = 1000,    /* of a promotion while another router is MASTER, where no lock says who will be */
    OPEN_TENTHS = 9,       /* of the time in which nobody can take over, the gate stays open */
    VRID_ATTEMPTS = 32,
};

struct router;

/* One router's half: its addresses of one family. */
struct half {
    struct router *router;
    struct vrrp_router vrrp;
    char interface[GUARD_INTERFACE_MAX + 1]; /* where its addresses are */
};

struct router {
    struct router *next;
    struct set *set;
    struct guard_router order;
    struct half halves[2];
    unsigned half_count;
    bool promoted, stands_back;
    int given_priority; /* the owner's; -1: it has said nothing */
    unsigned rank;
    bool script_down[ROUTER_TRACKS_MAX];
    uint8_t vrid;
    unsigned vrid_attempt;
    bool fit;       /* it can serve */
    bool sound;     /* it can serve as it should: carrier, tracked things */
    bool following; /* its routes and rules are there */
    bool removing;  /* once the lock is given up */
    char fault[GUARD_TEXT_MAX + 1];
    char warning[GUARD_TEXT_MAX + 1]; /* what others do wrong */
    char refusal[GUARD_TEXT_MAX + 1];
    const char *reason;
    bool master_heard;
    struct vrrp_address master;
    uint8_t master_priority;
    uint64_t changes;
    int64_t since;
    struct guard_router_state told;
};

/* Routers that move together. */
struct set {
    struct set *next;
    char key[GUARD_NAME_MAX + 1];
    char gate[GUARD_NAME_MAX + 1]; /* the lock that its VIPs' gates hang on */
    enum vrrp_right right;
    struct half **halves;
    struct vrrp_router **members; /* the same ones */
    struct vrrp_update *updates;
    size_t count;
    bool wanted;
    unsigned wanted_rank;
    bool owned;                  /* the lock is */
    bool gained, lost, given_up; /* what routers_lock() said, not yet followed */
    bool handing_over;
    bool served_unsound; /* it was MASTER when it became unsound */
    uint64_t token;
    int64_t open_until; /* without a lease: what the gate was told */
};

/* What an interface looked like when it was last asked for in one event: many routers share one. */
struct seen_link {
    struct seen_link *next;
    char name[GUARD_INTERFACE_MAX + 1];
    struct routers_link link;
};

/* An order that is answered later. */
struct pending {
    struct pending *next;
    uint64_t asker;
    uint32_t serial;
    enum guard_frame_type type;
    char id[GUARD_NAME_MAX + 1];
    int64_t until, begun;
    bool overtaken; /* another router is MASTER, and stays so */
};

struct routers {
    bool locks;
    char *cluster;
    const struct routers_hooks *hooks;
    void *context;
    struct router *routers;
    struct set *sets;
    struct pending *pending;
    struct seen_link *seen;
    unsigned count;
    struct guard_quorum quorum;
    int64_t
        quorate_until; /* after a restart: until what the life before knew runs out; NEVER: as quorum says */
    bool unsettled;
};

/* --- addresses --- */

static bool is_ipv4(const struct gate_address *address)
{
    return guard_address_is_ipv4(address);
}

static struct vrrp_address to_vrrp(const struct gate_address *address)
{
    struct vrrp_address result = {.family = is_ipv4(address) ? VRRP_IPV4 : VRRP_IPV6};

    memcpy(result.bytes, is_ipv4(address) ? &address->bytes[12] : address->bytes,
           result.family == VRRP_IPV4 ? 4 : 16);
    return result;
}

static struct gate_address from_vrrp(const struct vrrp_address *address)
{
    struct gate_address result = {.bytes = {[10] = 0xff, [11] = 0xff}};

    if (address->family == VRRP_IPV4)
        memcpy(&result.bytes[12], address->bytes, 4);
    else
        memcpy(result.bytes, address->bytes, 16);
    return result;
}

static bool same_address(const struct gate_address *a, const struct gate_address *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static bool is_link_local(const struct gate_address *address)
{
    return !is_ipv4(address) && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

static void forget_links(struct routers *routers)
{
    while (routers->seen != NULL) {
        struct seen_link *seen = routers->seen;

        routers->seen = seen->next;
        free(seen);
    }
}

static const struct routers_link *look(struct routers *routers, const char *interface)
{
    struct seen_link *seen = routers->seen;

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

static bool is_virtual(const struct routers *routers, const struct gate_address *address)
{
    for (const struct router *router = routers->routers; router != NULL; router = router->next)
        for (unsigned i = 0; i < router->order.address_count; i++)
            if (same_address(&router->order.addresses[i].address, address))
                return true;
    return false;
}

/* --- finding --- */

static struct router *find_router(const struct routers *routers, const char *id)
{
    struct router *router = routers->routers;

    while (router != NULL && strcmp(router->order.id, id) != 0)
        router = router->next;
    return router;
}

static bool is_master(const struct router *router)
{
    for (unsigned i = 0; i < router->half_count; i++)
        if (router->halves[i].vrrp.state != VRRP_MASTER)
            return false;
    return true;
}

static bool set_is_master(const struct set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->members[i]->state == VRRP_MASTER)
            return true;
    return false;
}

static const char *set_key(const struct guard_router *order)
{
    return order->lock[0] != '\0' ? order->lock : order->group[0] != '\0' ? order->group : order->id;
}

/* The name of the VIP that is the index-th address of a router. */
static void vip_id(const struct router *router, unsigned index, char id[GUARD_NAME_MAX + 1])
{
    snprintf(id, GUARD_NAME_MAX + 1, "%.58s/%u", router->order.id, (index + 1) % 100);
}

/* --- what a set does --- */

static int64_t hold_ns(const struct routers *routers, const struct set *set)
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

static void open_set(struct routers *routers, struct set *set, int64_t now)
{
    int64_t until = now + hold_ns(routers, set);

    if (set->right == VRRP_RIGHT_LOCK)
        return;
    if (set->right == VRRP_RIGHT_QUORUM && until > routers->quorate_until)
        until = routers->quorate_until;
    set->open_until = until;
    routers->hooks->open(routers->context, set->gate, until, now);
}

static void follow(struct routers *routers, struct router *router, bool serve)
{
    if (router->following == serve || router->order.route_count + router->order.rule_count == 0)
        return;
    router->following = serve;
    routers->hooks->follow(routers->context, &router->order, serve);
}

static void send_advert(struct routers *routers, struct half *half, uint8_t priority)
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

static void announce(struct routers *routers, const struct half *half, unsigned times, int64_t now)
{
    const struct router *router = half->router;
    char id[GUARD_NAME_MAX + 1];

    for (unsigned i = 0; i < router->order.address_count; i++) {
        if (is_ipv4(&router->order.addresses[i].address) != (half->vrrp.config.family == VRRP_IPV4))
            continue;
        vip_id(router, i, id);
        routers->hooks->announce(routers->context, id, times, now);
    }
}

static void say_state(struct router *router, const struct half *half, enum vrrp_reason reason)
{
    router->reason = vrrp_reason_text(reason);
    hf_notice("router %s (VRID %u, IPv%d): %s: %s", router->order.id, router->vrid,
              (int)half->vrrp.config.family, vrrp_state_text(half->vrrp.state), router->reason);
}

/* What one member wants done, but for stopping. */
static void perform(struct routers *routers, struct set *set, size_t member, const struct vrrp_update *update,
                    int64_t now)
{
    struct half *half = set->halves[member];

    if (update->start_serving || update->stop_serving || half->vrrp.state == VRRP_FAULT) {
        if (update->reason != VRRP_WHY_NONE)
            say_state(half->router, half, update->reason);
    }
    if (update->start_serving) {
        open_set(routers, set, now);
        follow(routers, half->router, true);
    }
    if (update->send_advert) {
        if (update->advert_priority > 0)
            open_set(routers, set, now);
        send_advert(routers, half, update->advert_priority);
    }
    if (update->announce > 0)
        announce(routers, half, update->announce, now);
    if (update->bid && set->right == VRRP_RIGHT_LOCK && set->wanted)
        routers->hooks->urge(routers->context, set->gate, now);
    if (update->start_serving || update->stop_serving || update->bid)
        routers->unsettled = true;
}

/* All gates first: a group is silent before any of it says so. */
static void perform_all(struct routers *routers, struct set *set, int64_t now)
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
            follow(routers, set->halves[i]->router, false);
    for (size_t i = 0; i < set->count; i++)
        perform(routers, set, i, &set->updates[i], now);
}

static void step(struct routers *routers, struct set *set, size_t member, struct vrrp_event event,
                 int64_t now)
{
    struct vrrp_group group = {.members = set->members, .count = set->count};

    event.now = now / US;
    vrrp_group_step(&group, member, &event, set->updates);
    perform_all(routers, set, now);
}

static void step_all(struct routers *routers, struct set *set, struct vrrp_event event, int64_t now)
{
    step(routers, set, VRRP_GROUP_ALL, event, now);
}

/* One member alone, without its group: for those that come and go while the others serve. */
static void step_alone(struct routers *routers, struct set *set, size_t member, struct vrrp_event event,
                       int64_t now)
{
    struct vrrp_update update;

    event.now = now / US;
    update = vrrp_step(set->members[member], &event);
    perform(routers, set, member, &update, now);
}

static bool quorate(const struct routers *routers, int64_t now)
{
    return now < routers->quorate_until;
}

/* Our gate has shut by itself, because this process or machine slept: others may have taken over. */
static void check_lapse(struct routers *routers, int64_t now)
{
    for (struct set *set = routers->sets; set != NULL; set = set->next) {
        if (set->right == VRRP_RIGHT_LOCK || set->open_until == 0 || now < set->open_until)
            continue;
        set->open_until = 0;
        if (set_is_master(set))
            step_all(routers, set, (struct vrrp_event){.type = VRRP_LAPSED}, now);
    }
}

/* --- who may take over by itself --- */

static bool by_itself(const struct router *router)
{
    int priority = router->given_priority >= 0 ? router->given_priority : router->order.priority;

    return router->promoted || (!router->stands_back && priority != 0);
}

static bool eligible(const struct routers *routers, const struct set *set)
{
    bool any = false, all = true, promoted = false, fit = true;

    for (const struct router *router = routers->routers; router != NULL; router = router->next) {
        if (router->set != set || router->removing)
            continue;
        any = true;
        all = all && by_itself(router);
        promoted = promoted || router->promoted;
        fit = fit && router->fit;
    }
    return any && (all || promoted) && fit;
}

static bool sound(const struct routers *routers, const struct set *set)
{
    for (const struct router *router = routers->routers; router != NULL; router = router->next)
        if (router->set == set && !router->sound)
            return false;
    return true;
}

static unsigned rank_of(const struct routers *routers, const struct set *set)
{
    unsigned rank = 0;

    if (!sound(routers, set))
        return set->served_unsound ? UNFIT_RANK : UNFIT_OTHER_RANK;
    for (const struct router *router = routers->routers; router != NULL; router = router->next) {
        if (router->set == set && router->promoted)
            return 0;
        if (router->set == set && router->rank > rank)
            rank = router->rank;
    }
    return rank;
}

/* --- interfaces, priorities --- */

static struct vrrp_track track_of(struct routers *routers, const struct router *router, unsigned index)
{
    const struct router_track *track = &router->order.tracks[index];
    struct vrrp_track result = {.weight = track->weight, .up = !router->script_down[index]};

    if (track->kind == ROUTER_TRACK_INTERFACE) {
        const struct routers_link *link = look(routers, track->name);

        result.up = link->ifindex != 0 && link->up && link->carrier;
    }
    return result;
}

/* The priority in use; *down: the first weightless thing that is down, or NULL. */
static uint8_t effective_priority(struct routers *routers, const struct router *router, const char **down)
{
    struct vrrp_track tracks[ROUTER_TRACKS_MAX];
    int base = router->given_priority > 0 ? router->given_priority : router->order.priority;
    bool fit;

    *down = NULL;
    for (unsigned i = 0; i < router->order.track_count; i++) {
        tracks[i] = track_of(routers, router, i);
        if (tracks[i].weight == 0 && !tracks[i].up && *down == NULL)
            *down = router->order.tracks[i].name;
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
        if (!same_address(source, &link->addresses[i]))
            continue;
        *primary = to_vrrp(source);
        return true;
    }
    for (unsigned i = 0; i < order->peer_count; i++)
        if (!is_ipv4(&order->peers[i]) && !is_link_local(&order->peers[i]))
            local = false;
    for (size_t i = 0; i < link->count; i++) {
        const struct gate_address *address = &link->addresses[i];

        if (is_ipv4(address) != (family == VRRP_IPV4) || is_link_local(address) != local ||
            is_virtual(routers, address))
            continue;
        *primary = to_vrrp(address);
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

/* Looks at interface and tracked things: fit, sound, and what is wrong. */
static void judge(struct routers *routers, struct router *router, uint8_t *priority)
{
    const char *interface = router->order.interface, *down;
    const struct routers_link *link = look(routers, interface);

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

static size_t member_of(const struct set *set, const struct half *half)
{
    size_t i = 0;

    while (set->halves[i] != half)
        i++;
    return i;
}

/* Judges a router, and tells the state machine. */
static void check_router(struct routers *routers, struct router *router, int64_t now)
{
    struct set *set = router->set;
    bool was_sound = sound(routers, set);
    uint8_t priority;

    judge(routers, router, &priority);
    for (unsigned i = 0; i < router->half_count; i++) {
        struct half *half = &router->halves[i];
        size_t member = member_of(set, half);

        if (half->vrrp.priority != priority)
            step(routers, set, member, (struct vrrp_event){.type = VRRP_PRIORITY, .priority = priority}, now);
        if (half->vrrp.fit != router->fit)
            step(routers, set, member, (struct vrrp_event){.type = VRRP_FIT, .fit = router->fit}, now);
    }
    if (was_sound == sound(routers, set))
        return;
    routers->unsettled = true;
    set->served_unsound = was_sound && set_is_master(set);
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

/* Where the addresses of a family are: the interface, or the one with the virtual MAC address on it. */
static char *place_half(struct routers *routers, struct router *router, struct half *half, bool add)
{
    const struct guard_router *order = &router->order;
    enum vrrp_family family = half->vrrp.config.family;
    uint8_t mac[VRRP_MAC_LENGTH];

    if (!(order->flags & ROUTER_VMAC)) {
        guard_copy(half->interface, sizeof(half->interface), order->interface);
        return NULL;
    }
    if (half->interface[0] == '\0')
        routers_macvlan_name(look(routers, order->interface)->ifindex, router->vrid, family, half->interface);
    vrrp_virtual_mac(family, router->vrid, mac);

    struct hf_error *error HF_CLEANUP(hf_error_freep) =
        routers->hooks->macvlan(routers->context, order->interface, half->interface, mac, add);

    return error == NULL ? NULL : hf_strdup(hf_error_text(error));
}

/* An interface that came back has no macvlan on it any more. */
static void restore_macvlans(struct routers *routers, struct router *router)
{
    for (unsigned i = 0; i < router->half_count && (router->order.flags & ROUTER_VMAC); i++)
        if (look(routers, router->halves[i].interface)->ifindex == 0)
            free(place_half(routers, router, &router->halves[i], true));
}

void routers_network(struct routers *routers, int64_t now)
{
    forget_links(routers);
    for (struct router *router = routers->routers; router != NULL; router = router->next)
        restore_macvlans(routers, router);
    routers->hooks->listen(routers->context);
    for (struct router *router = routers->routers; router != NULL; router = router->next)
        check_router(routers, router, now);
}

/* --- making routers --- */

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

/* Another router of this guard with the same VRID where it matters, or NULL. */
static const struct router *vrid_taken(const struct routers *routers, const struct guard_router *order,
                                       uint8_t vrid)
{
    for (const struct router *other = routers->routers; other != NULL; other = other->next)
        if (other->vrid == vrid && strcmp(other->order.id, order->id) != 0 &&
            strcmp(other->order.interface, order->interface) == 0)
            return other;
    return NULL;
}

static struct set *find_set(struct routers *routers, const char *key)
{
    struct set *set = routers->sets;

    while (set != NULL && strcmp(set->key, key) != 0)
        set = set->next;
    return set;
}

static struct set *use_set(struct routers *routers, const struct guard_router *order)
{
    struct set *set = find_set(routers, set_key(order));

    if (set != NULL)
        return set;
    set = hf_calloc(1, sizeof(*set));
    guard_copy(set->key, sizeof(set->key), set_key(order));
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

static void drop_set(struct routers *routers, struct set *set, int64_t now)
{
    struct set **link = &routers->sets;

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

/* The members of a set, after a router came or before one goes. */
static void collect_members(struct routers *routers, struct set *set, const struct router *without)
{
    size_t count = 0;

    for (const struct router *router = routers->routers; router != NULL; router = router->next)
        if (router->set == set && router != without)
            count += router->half_count;
    set->halves = hf_realloc(set->halves, count + 1, sizeof(struct half *));
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

static struct vrrp_config configure(const struct routers *routers, const struct router *router,
                                    enum vrrp_family family, uint8_t priority)
{
    const struct guard_router *order = &router->order;
    struct vrrp_config config = {
        .version = order->version,
        .family = family,
        .vrid = router->vrid,
        .priority = priority,
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
        if (is_ipv4(&order->addresses[i].address) == (family == VRRP_IPV4))
            config.addresses[config.count++] = to_vrrp(&order->addresses[i].address);
    for (unsigned i = 0; i < order->peer_count; i++)
        if (is_ipv4(&order->peers[i]) == (family == VRRP_IPV4))
            config.peers[config.peer_count++] = to_vrrp(&order->peers[i]);
    return config;
}

static bool has_family(const struct guard_router *order, enum vrrp_family family)
{
    for (unsigned i = 0; i < order->address_count; i++)
        if (is_ipv4(&order->addresses[i].address) == (family == VRRP_IPV4))
            return true;
    return false;
}

static char *make_halves(struct routers *routers, struct router *router)
{
    static const enum vrrp_family families[] = {VRRP_IPV4, VRRP_IPV6};
    char *refusal = NULL;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(families) && refusal == NULL; i++) {
        struct half *half = &router->halves[router->half_count];
        struct vrrp_config config;

        if (!has_family(&router->order, families[i]))
            continue;
        config = configure(routers, router, families[i], 1);

        struct hf_error *error HF_CLEANUP(hf_error_freep) = vrrp_config_check(&config);

        if (error != NULL)
            return hf_strdup(hf_error_text(error));
        half->router = router;
        vrrp_init(&half->vrrp, &config);
        router->half_count++;
        refusal = place_half(routers, router, half, true);
    }
    return refusal;
}

static void unprotect(struct routers *routers, struct router *router, unsigned count)
{
    char id[GUARD_NAME_MAX + 1];

    for (unsigned i = 0; i < count; i++) {
        vip_id(router, i, id);
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
        enum vrrp_family family = is_ipv4(&order->addresses[i].address) ? VRRP_IPV4 : VRRP_IPV6;
        const struct half *half = &router->halves[router->halves[0].vrrp.config.family == family ? 0 : 1];
        struct guard_vip vip = {.address = order->addresses[i].address,
                                .prefix = order->addresses[i].prefix,
                                .flags = GUARD_VIP_ASSIGN | GUARD_VIP_ROUTED};

        if (order->flags & ROUTER_CLIENTS)
            vip.flags |= GUARD_VIP_CLIENTS;
        vip_id(router, i, vip.id);
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

/* Ends a router that serves no longer. */
static void forget(struct routers *routers, struct router *router, int64_t now)
{
    struct set *set = router->set;
    struct guard_frame frame = {.type = GUARD_ROUTER, .router_state = router->told};

    follow(routers, router, false);
    unprotect(routers, router, router->order.address_count);
    for (unsigned i = 0; i < router->half_count; i++)
        if (router->order.flags & ROUTER_VMAC)
            free(place_half(routers, router, &router->halves[i], false));
    collect_members(routers, set, router);
    unlink_router(routers, router);
    if (set->count == 0)
        drop_set(routers, set, now);
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
    struct set *set = router->set;
    bool serves = set_is_master(set);
    uint8_t priority;

    collect_members(routers, set, NULL);
    judge(routers, router, &priority);
    for (unsigned i = 0; i < router->half_count; i++) {
        size_t member = member_of(set, &router->halves[i]);
        bool right = set->right == VRRP_RIGHT_LOCK ? set->owned && !set->gained : quorate(routers, now);

        step_alone(routers, set, member, (struct vrrp_event){.type = VRRP_PRIORITY, .priority = priority},
                   now);
        step_alone(routers, set, member, (struct vrrp_event){.type = VRRP_FIT, .fit = router->fit}, now);
        step_alone(routers, set, member, (struct vrrp_event){.type = VRRP_PASSIVE, .passive = true}, now);
        step_alone(routers, set, member, (struct vrrp_event){.type = VRRP_STARTUP}, now);
        if (right)
            step_alone(routers, set, member, (struct vrrp_event){.type = VRRP_RIGHT, .may_be_master = true},
                       now);
        if (serves)
            step_alone(routers, set, member,
                       (struct vrrp_event){.type = VRRP_FOLLOW, .follow = VRRP_MASTER, .ordered = true}, now);
    }
}

/* Why there can be no such router, or NULL: then it is there. */
static char *add_router(struct routers *routers, const struct guard_router *order, bool take_up, int64_t now)
{
    const struct router *taken = order->vrid == 0 ? NULL : vrid_taken(routers, order, order->vrid);
    const struct set *known = find_set(routers, set_key(order));
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
    while (router->vrid == 0 || (order->vrid == 0 && vrid_taken(routers, order, router->vrid) != NULL))
        router->vrid = routers_choose_vrid(routers->cluster, order->id, router->vrid_attempt++);
    router->set = use_set(routers, order);
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
        forget(routers, router, now);
        return refusal;
    }
    routers->hooks->listen(routers->context);
    begin(routers, router, now);
    routers->unsettled = true;
    return NULL;
}

/* --- orders of agents --- */

static void answer(struct routers *routers, uint64_t asker, uint32_t serial, bool done, const char *text)
{
    struct guard_answer frame = {.serial = serial, .done = done};

    guard_copy(frame.text, sizeof(frame.text), text);
    if (!done)
        hf_warn("%s", frame.text);
    routers->hooks->answer(routers->context, asker, &frame);
}

static void answer_later(struct routers *routers, uint64_t asker, const struct guard_frame *frame,
                         int64_t until, int64_t now)
{
    struct pending *pending = hf_calloc(1, sizeof(*pending));

    *pending = (struct pending){.next = routers->pending,
                                .asker = asker,
                                .serial = frame->serial,
                                .type = frame->type,
                                .until = until,
                                .begun = now};
    guard_copy(pending->id, sizeof(pending->id), frame->router_order.id);
    routers->pending = pending;
    routers->unsettled = true;
}

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

/* Another order for one that is there and does not serve: it goes on as it was told, or as it was. */
static char *change_router(struct routers *routers, struct router *router, const struct guard_router *order,
                           int64_t now)
{
    const struct guard_router before = router->order;
    bool stands_back = router->stands_back;
    int given_priority = router->given_priority;
    unsigned rank = router->rank;
    char *refusal;

    forget(routers, router, now);
    refusal = add_router(routers, order, false, now);
    if (refusal != NULL)
        free(add_router(routers, &before, false, now));
    router = find_router(routers, order->id);
    if (router != NULL) {
        router->stands_back = stands_back;
        router->given_priority = given_priority;
        router->rank = rank;
    }
    return refusal;
}

static void order_add(struct routers *routers, uint64_t asker, const struct guard_frame *frame, int64_t now)
{
    const struct guard_router *order = &frame->router;
    struct router *known = find_router(routers, order->id);
    char *refusal HF_CLEANUP(hf_freep) = NULL;

    if (known != NULL && same_order(&known->order, order)) {
        answer(routers, asker, frame->serial, true, "");
        return;
    }
    if (known != NULL && (set_is_master(known->set) || known->set->owned)) {
        refusal = hf_asprintf(
            "router %s is MASTER: expected it to be demoted or stopped before it is changed", order->id);
    } else {
        refusal = known == NULL ? add_router(routers, order, false, now)
                                : change_router(routers, known, order, now);
    }
    routers->hooks->save(routers->context);
    answer(routers, asker, frame->serial, refusal == NULL, refusal == NULL ? "" : refusal);
}

static void leave_master(struct routers *routers, struct set *set, const char *node, int64_t now)
{
    if (set->right == VRRP_RIGHT_LOCK && set->owned) {
        set->handing_over = true;
        routers->hooks->hand_over(routers->context, set->gate, node, now);
    } else if (set_is_master(set)) {
        step_all(routers, set,
                 (struct vrrp_event){.type = VRRP_FOLLOW, .follow = VRRP_BACKUP, .ordered = true}, now);
    }
}

void routers_retire(struct routers *routers, int64_t now)
{
    for (struct set *set = routers->sets; set != NULL; set = set->next)
        if (set->right != VRRP_RIGHT_LOCK)
            leave_master(routers, set, "", now);
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
    struct set *set = router->set;

    if (!alone_in_set(routers, router)) {
        for (unsigned i = 0; i < router->half_count; i++)
            step_alone(routers, set, member_of(set, &router->halves[i]),
                       (struct vrrp_event){.type = VRRP_SHUTDOWN}, now);
        forget(routers, router, now);
        answer(routers, asker, frame->serial, true, "");
        return;
    }
    router->removing = true;
    router->promoted = false;
    leave_master(routers, set, frame->router_order.node, now);
    answer_later(routers, asker, frame, NEVER, now);
}

static void order_promote(struct routers *routers, struct router *router, uint64_t asker,
                          const struct guard_frame *frame, int64_t now)
{
    router->promoted = true;
    router->stands_back = false;
    routers->unsettled = true;
    routers->hooks->save(routers->context);
    if (is_master(router))
        step_all(routers, router->set, (struct vrrp_event){.type = VRRP_REFRESH}, now);
    else if (router->set->right == VRRP_RIGHT_LOCK && router->set->wanted)
        routers->hooks->urge(routers->context, router->set->gate, now);
    if (frame->router_order.wait_ms == 0)
        answer(routers, asker, frame->serial, true, "");
    else
        answer_later(routers, asker, frame, now + (int64_t)frame->router_order.wait_ms * MS, now);
}

static void order_demote(struct routers *routers, struct router *router, uint64_t asker,
                         const struct guard_frame *frame, int64_t now)
{
    struct set *set = router->set;

    for (struct router *one = routers->routers; one != NULL; one = one->next) {
        if (one->set != set)
            continue;
        one->promoted = false;
        one->stands_back = true;
    }
    routers->unsettled = true;
    routers->hooks->save(routers->context);
    leave_master(routers, set, frame->router_order.node, now);
    answer_later(routers, asker, frame, NEVER, now);
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
        check_router(routers, router, now);
        return NULL;
    }
    return hf_asprintf("router %s tracks no script %s", router->order.id, order->track);
}

void routers_agent(struct routers *routers, uint64_t asker, const struct guard_frame *frame, int64_t now)
{
    struct router *router;
    char *refusal HF_CLEANUP(hf_freep) = NULL;

    forget_links(routers);
    if (frame->type == GUARD_ROUTER_ADD) {
        order_add(routers, asker, frame, now);
        return;
    }
    router = find_router(routers, frame->router_order.id);
    if (router == NULL || router->removing) {
        bool fine = frame->type == GUARD_ROUTER_REMOVE && router == NULL;

        refusal = hf_asprintf("there is no router %s here", frame->router_order.id);
        answer(routers, asker, frame->serial, fine, fine ? "" : refusal);
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
        answer(routers, asker, frame->serial, refusal == NULL, refusal == NULL ? "" : refusal);
        break;
    }
}

/* --- orders of the owner --- */

static void order_priority(struct routers *routers, const struct guard_router_priority *priority, int64_t now)
{
    struct router *router = find_router(routers, priority->id);

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
    check_router(routers, router, now);
    routers->unsettled = true;
}

static void tell_right(struct routers *routers, struct set *set, bool right, int64_t now)
{
    step_all(routers, set, (struct vrrp_event){.type = VRRP_RIGHT, .may_be_master = right}, now);
}

static void order_quorum(struct routers *routers, const struct guard_quorum *quorum, int64_t now)
{
    routers->quorum = *quorum;
    routers->quorate_until = quorum->quorate ? NEVER : 0;
    for (struct set *set = routers->sets; set != NULL; set = set->next) {
        if (set->right != VRRP_RIGHT_QUORUM)
            continue;
        for (size_t i = 0; i < set->count; i++)
            set->members[i]->config.right_lost_within_us = quorum->notice_ms * 1000;
        tell_right(routers, set, quorum->quorate, now);
    }
    routers->unsettled = true;
}

static void order_hint(struct routers *routers, const struct guard_hint *hint, int64_t now)
{
    for (struct set *set = routers->sets; set != NULL; set = set->next)
        if (set->right == VRRP_RIGHT_LOCK || hint->fenced)
            step_all(routers, set, (struct vrrp_event){.type = VRRP_URGE}, now);
}

void routers_owner(struct routers *routers, const struct guard_frame *frame, int64_t now)
{
    forget_links(routers);
    if (frame->type == GUARD_ROUTER_PRIORITY)
        order_priority(routers, &frame->router_priority, now);
    else if (frame->type == GUARD_QUORUM)
        order_quorum(routers, &frame->quorum, now);
    else if (frame->type == GUARD_HINT)
        order_hint(routers, &frame->hint, now);
}

/* --- locks --- */

void routers_lock(struct routers *routers, const char *lock, bool owned, uint64_t token, bool given_up)
{
    struct set *set = find_set(routers, lock);

    if (set == NULL || set->right != VRRP_RIGHT_LOCK)
        return;
    set->owned = owned;
    set->token = token;
    set->gained = owned;
    set->lost = set->lost || !owned;
    set->given_up = given_up;
    routers->unsettled = true;
}

static void follow_lock(struct routers *routers, struct set *set, int64_t now)
{
    if (set->lost) {
        set->lost = set->handing_over = false;
        /* The gate was shut before the lock was released: a successor need not wait for our silence. */
        if (set->given_up && set_is_master(set))
            step_all(routers, set,
                     (struct vrrp_event){.type = VRRP_FOLLOW, .follow = VRRP_BACKUP, .ordered = true}, now);
        tell_right(routers, set, false, now);
    }
    if (set->gained) {
        set->gained = false;
        set->served_unsound = set->served_unsound && !sound(routers, set);
        tell_right(routers, set, true, now);
    }
}

static void settle_set(struct routers *routers, struct set *set, int64_t now)
{
    bool may = eligible(routers, set);
    unsigned rank = rank_of(routers, set);

    if (set->right == VRRP_RIGHT_LOCK)
        follow_lock(routers, set, now);
    for (size_t i = 0; i < set->count; i++)
        if (set->members[i]->passive == may)
            step_alone(routers, set, i, (struct vrrp_event){.type = VRRP_PASSIVE, .passive = !may}, now);
    if (set->right != VRRP_RIGHT_LOCK)
        return;
    if (set->owned && !set->handing_over && !set_is_master(set)) {
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

/* --- packets --- */

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
    while (vrid == router->vrid || vrid_taken(routers, &router->order, vrid) != NULL)
        vrid = routers_choose_vrid(routers->cluster, router->order.id, router->vrid_attempt++);
    warn(router, received, "uses VRID %u on %s for other addresses", router->vrid, router->order.interface);
    use_vrid(routers, router, vrid);
}

/* A line for the first and for every doubling of one kind of refusal. */
static void refuse(struct routers *routers, struct half *half, const struct vrrp_received *received,
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

/* An agent waits for it to become MASTER. */
static bool is_promoting(const struct routers *routers, const struct router *router)
{
    for (const struct pending *pending = routers->pending; pending != NULL; pending = pending->next)
        if (pending->type == GUARD_ROUTER_PROMOTE && strcmp(pending->id, router->order.id) == 0)
            return true;
    return false;
}

/* Another router advertises itself.  Without a lock nothing makes it give way to a promotion here: the coordinator
 * is told soon, so that it can demote the one that was faster. */
static void mark_overtaken(struct routers *routers, const struct router *router, int64_t now)
{
    int64_t patience = PATIENCE_MS * MS + (int64_t)router->order.preempt_delay_ms * MS;

    if (router->set->right == VRRP_RIGHT_LOCK || set_is_master(router->set))
        return;
    for (struct pending *pending = routers->pending; pending != NULL; pending = pending->next)
        if (pending->type == GUARD_ROUTER_PROMOTE && strcmp(pending->id, router->order.id) == 0 &&
            now - pending->begun >= patience) {
            pending->overtaken = true;
            routers->unsettled = true;
        }
}

static void hear(struct routers *routers, struct half *half, const struct vrrp_received *received,
                 const struct vrrp_advert *advert, int64_t now)
{
    struct router *router = half->router;
    bool news = !router->master_heard || !vrrp_address_equal(&router->master, &received->source) ||
                router->master_priority != advert->priority;

    router->master_heard = true;
    router->master = received->source;
    router->master_priority = advert->priority;
    routers->unsettled = routers->unsettled || news;
    step(routers, router->set, member_of(router->set, half),
         (struct vrrp_event){.type = VRRP_HEARD, .advert = advert, .source = received->source}, now);
    if (advert->priority == 0 || set_is_master(router->set))
        return;
    mark_overtaken(routers, router, now);
    /* Another one serves: we are what it can fall back on, and no longer the one who was told to. */
    if (router->stands_back || (router->promoted && !is_promoting(routers, router))) {
        router->stands_back = router->promoted = false;
        routers->unsettled = true;
        routers->hooks->save(routers->context);
    }
}

static void take_packet(struct routers *routers, struct half *half, const struct vrrp_received *received,
                        int64_t now)
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
        if (ours && router->order.vrid == 0 && !(router->order.flags & ROUTER_VMAC) && !is_master(router))
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
static bool is_interface_of(const struct half *half, const char *interface)
{
    return strcmp(half->router->order.interface, interface) == 0 || strcmp(half->interface, interface) == 0;
}

void routers_packet(struct routers *routers, const char *interface, const struct vrrp_received *received,
                    int64_t now)
{
    check_lapse(routers, now);
    for (struct router *router = routers->routers; router != NULL; router = router->next)
        for (unsigned i = 0; i < router->half_count; i++)
            if (router->halves[i].vrrp.config.family == received->source.family &&
                is_interface_of(&router->halves[i], interface))
                take_packet(routers, &router->halves[i], received, now);
}

/* --- time --- */

void routers_tick(struct routers *routers, int64_t now)
{
    bool noticed = routers->quorate_until != 0 && !quorate(routers, now);

    check_lapse(routers, now);
    for (const struct pending *pending = routers->pending; pending != NULL; pending = pending->next)
        routers->unsettled = routers->unsettled || now >= pending->until;
    if (noticed)
        routers->quorate_until = 0;
    for (struct set *set = routers->sets; set != NULL; set = set->next) {
        if (noticed && set->right == VRRP_RIGHT_QUORUM)
            tell_right(routers, set, false, now);
        for (size_t i = 0; i < set->count; i++)
            if (vrrp_deadline(set->members[i]) <= now / US)
                step(routers, set, i, (struct vrrp_event){.type = VRRP_TICK}, now);
    }
}

int64_t routers_deadline(const struct routers *routers)
{
    int64_t deadline = routers->quorate_until == 0 ? NEVER : routers->quorate_until;

    for (const struct set *set = routers->sets; set != NULL; set = set->next) {
        for (size_t i = 0; i < set->count; i++) {
            int64_t one = vrrp_deadline(set->members[i]);

            if (one < NEVER / US && one * US < deadline)
                deadline = one * US;
        }
    }
    for (const struct pending *pending = routers->pending; pending != NULL; pending = pending->next)
        if (pending->until < deadline)
            deadline = pending->until;
    return deadline;
}

/* --- news --- */

static enum router_state state_of(const struct router *router)
{
    enum router_state state = is_master(router) ? ROUTER_MASTER : ROUTER_BACKUP;

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
        vip_id(router, i, id);
        guard_copy(state->fault, sizeof(state->fault), routers->hooks->vip_fault(routers->context, id));
    }
    if (state->fault[0] == '\0')
        guard_copy(state->fault, sizeof(state->fault), router->warning);
}

static struct guard_router_state report(const struct routers *routers, const struct router *router)
{
    const struct set *set = router->set;
    struct guard_router_state state = {
        .state = state_of(router),
        .right = (enum router_right)set->right,
        .has_right = router->halves[0].vrrp.has_right,
        .promoted = router->promoted,
        .stands_back = router->stands_back,
        .vrid_chosen = router->order.vrid == 0,
        .version = router->order.version,
        .vrid = router->vrid,
        .priority = by_itself(router) || is_master(router) ? router->halves[0].vrrp.priority : 0,
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
        state.master = from_vrrp(&router->master);
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
           a->priority == b->priority && a->token == b->token && a->master_heard == b->master_heard &&
           same_address(&a->master, &b->master) && a->master_priority == b->master_priority &&
           strcmp(a->fault, b->fault) == 0;
}

static void tell_news(struct routers *routers, int64_t now)
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

void routers_needs(const struct routers *routers,
                   void (*need)(void *context, const char *interface, enum vrrp_family family), void *context)
{
    for (const struct router *router = routers->routers; router != NULL; router = router->next) {
        for (unsigned i = 0; i < router->half_count; i++) {
            const struct half *half = &router->halves[i];

            need(context, router->order.interface, half->vrrp.config.family);
            if (strcmp(half->interface, router->order.interface) != 0)
                need(context, half->interface, half->vrrp.config.family);
        }
    }
}

/* --- answers that came later --- */

static char *why_not_master(const struct routers *routers, const struct router *router)
{
    const struct set *set = router->set;
    const char *holder =
        set->right == VRRP_RIGHT_LOCK ? routers->hooks->holder(routers->context, set->gate) : "";
    char address[64];

    if (router->fault[0] != '\0')
        return hf_asprintf("router %s is not MASTER yet: %s", router->order.id, router->fault);
    if (set->right == VRRP_RIGHT_LOCK)
        return hf_asprintf("router %s is not MASTER yet: it has not got the lock %s%s%s", router->order.id,
                           set->gate, holder[0] == '\0' ? "" : ", which is held by ", holder);
    if (!router->halves[0].vrrp.has_right)
        return hf_asprintf("router %s is not MASTER: this node is not quorate", router->order.id);
    if (router->master_heard && router->master_priority > 0)
        return hf_asprintf("router %s is not MASTER: %s is, with priority %u", router->order.id,
                           vrrp_address_text(&router->master, address), router->master_priority);
    return hf_asprintf("router %s is not MASTER yet", router->order.id);
}

/* True if it was answered. */
static bool resolve(struct routers *routers, const struct pending *pending, int64_t now)
{
    struct router *router = find_router(routers, pending->id);
    bool done = false;

    if (pending->type == GUARD_ROUTER_REMOVE)
        done = router == NULL;
    else if (router == NULL || router->removing) {
        answer(routers, pending->asker, pending->serial, pending->type == GUARD_ROUTER_DEMOTE,
               "the router was removed meanwhile");
        return true;
    } else if (pending->type == GUARD_ROUTER_PROMOTE)
        done = is_master(router);
    else
        done = !set_is_master(router->set) && !router->set->owned && !router->set->handing_over;
    if (done) {
        answer(routers, pending->asker, pending->serial, true, "");
        return true;
    }
    if (now < pending->until && !pending->overtaken)
        return false;

    char *why HF_CLEANUP(hf_freep) = router == NULL ? hf_strdup("") : why_not_master(routers, router);

    answer(routers, pending->asker, pending->serial, false, why);
    return true;
}

static void resolve_all(struct routers *routers, int64_t now)
{
    struct pending **link = &routers->pending;

    while (*link != NULL) {
        struct pending *pending = *link;

        if (!resolve(routers, pending, now)) {
            link = &pending->next;
            continue;
        }
        *link = pending->next;
        free(pending);
    }
}

/* Routers that were removed, as soon as they have given everything up. */
static void finish_removals(struct routers *routers, int64_t now)
{
    for (struct router *router = routers->routers, *next; router != NULL; router = next) {
        next = router->next;
        if (!router->removing || router->set->owned || router->set->lost || router->set->handing_over)
            continue;
        for (unsigned i = 0; i < router->half_count; i++)
            step(routers, router->set, member_of(router->set, &router->halves[i]),
                 (struct vrrp_event){.type = VRRP_SHUTDOWN}, now);
        forget(routers, router, now);
        routers->hooks->save(routers->context);
    }
}

bool routers_settle(struct routers *routers, int64_t now)
{
    if (!routers->unsettled)
        return false;
    routers->unsettled = false;
    for (struct set *set = routers->sets; set != NULL; set = set->next)
        settle_set(routers, set, now);
    finish_removals(routers, now);
    resolve_all(routers, now);
    tell_news(routers, now);
    return true;
}

/* --- life --- */

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
        struct set *set = routers->sets;

        set->wanted = false;
        drop_set(routers, set, 0);
    }
    while (routers->pending != NULL) {
        struct pending *pending = routers->pending;

        routers->pending = pending->next;
        free(pending);
    }
    forget_links(routers);
    free(routers->cluster);
    free(routers);
}

void routers_take_up(struct routers *routers, const struct guard_router *order, int64_t now)
{
    char *refusal HF_CLEANUP(hf_freep) = add_router(routers, order, true, now);
    struct router *router = find_router(routers, order->id);
    struct set *set;

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
        tell_right(routers, set, true, now);
    }
    step_all(routers, set, (struct vrrp_event){.type = VRRP_FOLLOW, .follow = VRRP_MASTER, .ordered = true},
             now);
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
