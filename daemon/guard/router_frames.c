/* router_frames.c - see router_frames.h. */
#include "daemon/guard/router_frames.h"

#include <string.h>

/* --- what is acceptable --- */

bool guard_name_ok(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:@/");

    return length > 0 && length <= ROUTER_NAME_MAX && name[length] == '\0';
}

bool guard_interface_ok(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length > ROUTER_INTERFACE_MAX || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (; *name != '\0'; name++)
        if (*name == '/' || *name == ':' || (unsigned char)*name <= ' ' || (unsigned char)*name >= 127)
            return false;
    return true;
}

static bool prefix_ok(const struct router_address *address)
{
    return address->prefix <= (guard_address_is_ipv4(&address->address) ? 32 : 128);
}

static bool has_family(const struct guard_router *router, bool ipv4)
{
    for (unsigned i = 0; i < router->address_count; i++)
        if (guard_address_is_ipv4(&router->addresses[i].address) == ipv4)
            return true;
    return false;
}

static bool has_peer(const struct guard_router *router, bool ipv4)
{
    for (unsigned i = 0; i < router->peer_count; i++)
        if (guard_address_is_ipv4(&router->peers[i]) == ipv4)
            return true;
    return false;
}

static const char *addresses_fault(const struct guard_router *router)
{
    if (router->address_count == 0 || router->address_count > ROUTER_ADDRESSES_MAX)
        return "a router has 1 to 32 addresses";
    for (unsigned i = 0; i < router->address_count; i++) {
        if (!prefix_ok(&router->addresses[i]))
            return "an address' prefix is 0 to 32 bits for IPv4, 0 to 128 for IPv6";
        for (unsigned j = 0; j < i; j++)
            if (guard_address_equal(&router->addresses[i].address, &router->addresses[j].address))
                return "an address is there twice";
    }
    if (router->version == 2 && has_family(router, false))
        return "VRRP version 2 has no IPv6: expected version 3 for these addresses";
    return NULL;
}

static const char *peers_fault(const struct guard_router *router)
{
    if (router->peer_count > ROUTER_PEERS_MAX)
        return "a router has at most 32 unicast peers";
    for (unsigned i = 0; i < router->peer_count; i++)
        if (!has_family(router, guard_address_is_ipv4(&router->peers[i])))
            return "a unicast peer's family is none of the addresses'";
    for (int ipv4 = 0; ipv4 < 2 && router->peer_count > 0; ipv4++)
        if (has_family(router, ipv4) && !has_peer(router, ipv4))
            return "with unicast peers, each family of addresses needs a peer of its family";
    if (router->has_source4 && !guard_address_is_ipv4(&router->source4))
        return "the IPv4 source address is none";
    if (router->has_source6 && guard_address_is_ipv4(&router->source6))
        return "the IPv6 source address is none";
    return NULL;
}

static const char *tracks_fault(const struct guard_router *router)
{
    if (router->track_count > ROUTER_TRACKS_MAX)
        return "a router tracks at most 16 interfaces, scripts and attributes";
    for (unsigned i = 0; i < router->track_count; i++) {
        const struct router_track *track = &router->tracks[i];

        if ((unsigned)track->kind > ROUTER_TRACK_SCRIPT)
            return "what is tracked is an interface or a script";
        if (track->kind == ROUTER_TRACK_INTERFACE ? !guard_interface_ok(track->name)
                                                  : !guard_name_ok(track->name))
            return "what is tracked needs the name of an interface, or a script's name of " GUARD_NAME_RULE;
        if (track->weight < -253 || track->weight > 253)
            return "a tracked thing's weight is -253 to 253";
    }
    return NULL;
}

static const char *routes_fault(const struct guard_router *router)
{
    if (router->route_count > ROUTER_ROUTES_MAX || router->rule_count > ROUTER_RULES_MAX)
        return "a router has at most 16 routes and 16 rules";
    for (unsigned i = 0; i < router->route_count; i++) {
        const struct router_route *route = &router->routes[i];
        bool ipv4 = guard_address_is_ipv4(&route->destination.address);

        if (!prefix_ok(&route->destination))
            return "a route's prefix is 0 to 32 bits for IPv4, 0 to 128 for IPv6";
        if ((route->has_gateway && guard_address_is_ipv4(&route->gateway) != ipv4) ||
            (route->has_source && guard_address_is_ipv4(&route->source) != ipv4))
            return "a route's destination, gateway and source are of one family";
        if (route->interface[0] != '\0' && !guard_interface_ok(route->interface))
            return "a route's interface has no acceptable name";
    }
    for (unsigned i = 0; i < router->rule_count; i++) {
        const struct router_rule *rule = &router->rules[i];

        if (!rule->has_from && !rule->has_to)
            return "a rule needs a from or a to";
        if ((rule->has_from && !prefix_ok(&rule->from)) || (rule->has_to && !prefix_ok(&rule->to)))
            return "a rule's prefix is 0 to 32 bits for IPv4, 0 to 128 for IPv6";
        if (rule->has_from && rule->has_to &&
            guard_address_is_ipv4(&rule->from.address) != guard_address_is_ipv4(&rule->to.address))
            return "a rule's from and to are of one family";
        if (rule->table == 0)
            return "a rule needs a routing table, 1 or above";
    }
    return NULL;
}

static const char *timing_fault(const struct guard_router *router)
{
    uint32_t us = router->interval_us;

    if (router->version != 2 && router->version != 3)
        return "the version of VRRP is 2 or 3";
    if (router->version == 2 && (us < 1000000 || us > 255000000 || us % 1000000 != 0))
        return "version 2 has an advertisement interval of whole seconds, 1 to 255";
    if (router->version == 3 && (us < 10000 || us > 40950000 || us % 10000 != 0))
        return "version 3 has an advertisement interval of 10 ms to 40.95 s in steps of 10 ms";
    if (router->password[0] != '\0' && router->version != 2)
        return "a password is version 2's";
    if (router->announce_count == 0)
        return "a burst of announcements has at least one";
    return NULL;
}

const char *guard_router_fault(const struct guard_router *router)
{
    const char *fault;

    if (!guard_name_ok(router->id) || strlen(router->id) > ROUTER_ID_MAX)
        return "a router's id has to be 1 to 58 letters, digits and . _ - : @ /";
    if (router->lock[0] != '\0' && !guard_name_ok(router->lock))
        return "a lock's name has to be " GUARD_NAME_RULE;
    if (router->lock[0] != '\0' && strncmp(router->lock, "vip/", 4) != 0)
        return "a router's lock is vip/ and its name or its group's: others are not the gate's to open";
    if (router->group[0] != '\0' && !guard_name_ok(router->group))
        return "a sync group's name has to be " GUARD_NAME_RULE;
    if (!guard_interface_ok(router->interface))
        return "a router needs the name of a network interface, 1 to 15 printable characters without / and :";
    if (router->priority > 254)
        return "a router's priority is 1 to 254, or 0 for never by itself";
    if ((router->flags & ~ROUTER_FLAGS) != 0)
        return "a router has an unknown flag";
    if ((fault = timing_fault(router)) != NULL || (fault = addresses_fault(router)) != NULL ||
        (fault = peers_fault(router)) != NULL || (fault = tracks_fault(router)) != NULL)
        return fault;
    return routes_fault(router);
}

const char *guard_router_order_fault(const struct guard_router_order *order)
{
    if (!guard_name_ok(order->id))
        return "a router's id has to be " GUARD_NAME_RULE;
    if (order->node[0] != '\0' && !guard_name_ok(order->node))
        return "a node's name has to be " GUARD_NAME_RULE;
    if (order->track[0] != '\0' && !guard_name_ok(order->track))
        return "a script's name has to be " GUARD_NAME_RULE;
    return NULL;
}

const char *guard_router_state_fault(const struct guard_router_state *state)
{
    if (!guard_name_ok(state->id))
        return "a router's id has to be " GUARD_NAME_RULE;
    if (state->lock[0] != '\0' && !guard_name_ok(state->lock))
        return "a lock's name has to be " GUARD_NAME_RULE;
    if (!guard_interface_ok(state->interface))
        return "a router needs the name of a network interface";
    if ((unsigned)state->state > ROUTER_FAULT)
        return "a router's state is none of 0 to 3";
    if ((unsigned)state->right > ROUTER_RIGHT_LOCK)
        return "a router's right is none of 0 to 2";
    if (state->address_count > ROUTER_ADDRESSES_MAX)
        return "a router has 1 to 32 addresses";
    return NULL;
}

/* --- parts --- */

void guard_get_text(struct hf_reader *reader, char *to, size_t size)
{
    size_t length;
    const void *bytes = hf_get_bytes(reader, &length);

    if (length >= size || (length > 0 && memchr(bytes, '\0', length) != NULL)) {
        reader->failed = true;
        length = 0;
    }
    if (length > 0)
        memcpy(to, bytes, length);
    to[length] = '\0';
}

bool guard_get_bool(struct hf_reader *reader)
{
    uint8_t value = hf_get_u8(reader);

    if (value > 1)
        reader->failed = true;
    return value == 1;
}

/* How many of something follow; more than there may be fails. */
static uint8_t get_count(struct hf_reader *reader, unsigned most)
{
    uint8_t count = hf_get_u8(reader);

    if (count > most)
        reader->failed = true;
    return reader->failed ? 0 : count;
}

static void put_address(struct hf_buf *buf, const struct gate_address *address)
{
    hf_buf_add(buf, address->bytes, sizeof(address->bytes));
}

static void get_address(struct hf_reader *reader, struct gate_address *address)
{
    for (size_t i = 0; i < sizeof(address->bytes); i++)
        address->bytes[i] = hf_get_u8(reader);
}

/* One that may be missing: the flag, and the address if it is set. */
static void put_optional(struct hf_buf *buf, bool has, const struct gate_address *address)
{
    hf_put_u8(buf, has);
    if (has)
        put_address(buf, address);
}

static void get_optional(struct hf_reader *reader, bool *has, struct gate_address *address)
{
    *has = guard_get_bool(reader);
    if (*has)
        get_address(reader, address);
}

static void put_prefixed(struct hf_buf *buf, const struct router_address *address)
{
    put_address(buf, &address->address);
    hf_put_u8(buf, address->prefix);
}

static void get_prefixed(struct hf_reader *reader, struct router_address *address)
{
    get_address(reader, &address->address);
    address->prefix = hf_get_u8(reader);
}

static void put_addresses(struct hf_buf *buf, const struct router_address *addresses, uint8_t count)
{
    hf_put_u8(buf, count);
    for (unsigned i = 0; i < count; i++)
        put_prefixed(buf, &addresses[i]);
}

static uint8_t get_addresses(struct hf_reader *reader, struct router_address *addresses)
{
    uint8_t count = get_count(reader, ROUTER_ADDRESSES_MAX);

    for (unsigned i = 0; i < count; i++)
        get_prefixed(reader, &addresses[i]);
    return count;
}

/* --- the order --- */

static void put_route(struct hf_buf *buf, const struct router_route *route)
{
    put_prefixed(buf, &route->destination);
    put_optional(buf, route->has_gateway, &route->gateway);
    put_optional(buf, route->has_source, &route->source);
    hf_put_u32(buf, route->table);
    hf_put_u32(buf, route->metric);
    hf_put_string(buf, route->interface);
}

static void get_route(struct hf_reader *reader, struct router_route *route)
{
    get_prefixed(reader, &route->destination);
    get_optional(reader, &route->has_gateway, &route->gateway);
    get_optional(reader, &route->has_source, &route->source);
    route->table = hf_get_u32(reader);
    route->metric = hf_get_u32(reader);
    guard_get_text(reader, route->interface, sizeof(route->interface));
}

static void put_rule(struct hf_buf *buf, const struct router_rule *rule)
{
    hf_put_u8(buf, rule->has_from);
    if (rule->has_from)
        put_prefixed(buf, &rule->from);
    hf_put_u8(buf, rule->has_to);
    if (rule->has_to)
        put_prefixed(buf, &rule->to);
    hf_put_u32(buf, rule->table);
    hf_put_u32(buf, rule->priority);
}

static void get_rule(struct hf_reader *reader, struct router_rule *rule)
{
    rule->has_from = guard_get_bool(reader);
    if (rule->has_from)
        get_prefixed(reader, &rule->from);
    rule->has_to = guard_get_bool(reader);
    if (rule->has_to)
        get_prefixed(reader, &rule->to);
    rule->table = hf_get_u32(reader);
    rule->priority = hf_get_u32(reader);
}

static void put_head(struct hf_buf *buf, const struct guard_router *router)
{
    hf_put_string(buf, router->id);
    hf_put_string(buf, router->lock);
    hf_put_string(buf, router->group);
    hf_put_string(buf, router->interface);
    hf_put_u8(buf, router->version);
    hf_put_u8(buf, router->vrid);
    hf_put_u8(buf, router->priority);
    hf_put_u8(buf, router->flags);
    hf_put_u8(buf, router->min_ttl);
    hf_put_u32(buf, router->interval_us);
    hf_put_u32(buf, router->preempt_delay_ms);
    hf_put_string(buf, router->password);
    hf_put_u8(buf, router->announce_count);
    hf_put_u8(buf, router->refresh_count);
    hf_put_u32(buf, router->announce_spacing_ms);
    hf_put_u32(buf, router->announce_again_ms);
    hf_put_u32(buf, router->refresh_ms);
    put_optional(buf, router->has_source4, &router->source4);
    put_optional(buf, router->has_source6, &router->source6);
}

static void get_head(struct hf_reader *reader, struct guard_router *router)
{
    guard_get_text(reader, router->id, sizeof(router->id));
    guard_get_text(reader, router->lock, sizeof(router->lock));
    guard_get_text(reader, router->group, sizeof(router->group));
    guard_get_text(reader, router->interface, sizeof(router->interface));
    router->version = hf_get_u8(reader);
    router->vrid = hf_get_u8(reader);
    router->priority = hf_get_u8(reader);
    router->flags = hf_get_u8(reader);
    router->min_ttl = hf_get_u8(reader);
    router->interval_us = hf_get_u32(reader);
    router->preempt_delay_ms = hf_get_u32(reader);
    guard_get_text(reader, router->password, sizeof(router->password));
    router->announce_count = hf_get_u8(reader);
    router->refresh_count = hf_get_u8(reader);
    router->announce_spacing_ms = hf_get_u32(reader);
    router->announce_again_ms = hf_get_u32(reader);
    router->refresh_ms = hf_get_u32(reader);
    get_optional(reader, &router->has_source4, &router->source4);
    get_optional(reader, &router->has_source6, &router->source6);
}

void guard_put_router(struct hf_buf *buf, const struct guard_router *router)
{
    put_head(buf, router);
    put_addresses(buf, router->addresses, router->address_count);
    hf_put_u8(buf, router->peer_count);
    for (unsigned i = 0; i < router->peer_count; i++)
        put_address(buf, &router->peers[i]);
    hf_put_u8(buf, router->track_count);
    for (unsigned i = 0; i < router->track_count; i++) {
        hf_put_u8(buf, (uint8_t)router->tracks[i].kind);
        hf_put_string(buf, router->tracks[i].name);
        hf_put_u16(buf, (uint16_t)router->tracks[i].weight);
    }
    hf_put_u8(buf, router->route_count);
    for (unsigned i = 0; i < router->route_count; i++)
        put_route(buf, &router->routes[i]);
    hf_put_u8(buf, router->rule_count);
    for (unsigned i = 0; i < router->rule_count; i++)
        put_rule(buf, &router->rules[i]);
}

void guard_get_router(struct hf_reader *reader, struct guard_router *router)
{
    get_head(reader, router);
    router->address_count = get_addresses(reader, router->addresses);
    router->peer_count = get_count(reader, ROUTER_PEERS_MAX);
    for (unsigned i = 0; i < router->peer_count; i++)
        get_address(reader, &router->peers[i]);
    router->track_count = get_count(reader, ROUTER_TRACKS_MAX);
    for (unsigned i = 0; i < router->track_count; i++) {
        router->tracks[i].kind = (enum router_track_kind)hf_get_u8(reader);
        guard_get_text(reader, router->tracks[i].name, sizeof(router->tracks[i].name));
        router->tracks[i].weight = (int16_t)hf_get_u16(reader);
    }
    router->route_count = get_count(reader, ROUTER_ROUTES_MAX);
    for (unsigned i = 0; i < router->route_count; i++)
        get_route(reader, &router->routes[i]);
    router->rule_count = get_count(reader, ROUTER_RULES_MAX);
    for (unsigned i = 0; i < router->rule_count; i++)
        get_rule(reader, &router->rules[i]);
}

void guard_put_router_order(struct hf_buf *buf, const struct guard_router_order *order)
{
    hf_put_string(buf, order->id);
    hf_put_string(buf, order->node);
    hf_put_string(buf, order->track);
    hf_put_u8(buf, order->up);
    hf_put_u32(buf, order->wait_ms);
}

void guard_get_router_order(struct hf_reader *reader, struct guard_router_order *order)
{
    guard_get_text(reader, order->id, sizeof(order->id));
    guard_get_text(reader, order->node, sizeof(order->node));
    guard_get_text(reader, order->track, sizeof(order->track));
    order->up = guard_get_bool(reader);
    order->wait_ms = hf_get_u32(reader);
}

/* --- the news --- */

void guard_put_router_state(struct hf_buf *buf, const struct guard_router_state *state)
{
    hf_put_string(buf, state->id);
    hf_put_string(buf, state->lock);
    hf_put_string(buf, state->interface);
    hf_put_u8(buf, state->gone);
    hf_put_u8(buf, (uint8_t)state->state);
    hf_put_u8(buf, (uint8_t)state->right);
    hf_put_u8(buf, state->has_right);
    hf_put_u8(buf, state->promoted);
    hf_put_u8(buf, state->stands_back);
    hf_put_u8(buf, state->vrid_chosen);
    hf_put_u8(buf, state->version);
    hf_put_u8(buf, state->vrid);
    hf_put_u8(buf, state->priority);
    hf_put_u16(buf, (uint16_t)state->track_weight);
    put_addresses(buf, state->addresses, state->address_count);
    hf_put_u64(buf, state->token);
    hf_put_u64(buf, state->changes);
    hf_put_u64(buf, (uint64_t)state->since);
    put_optional(buf, state->master_heard, &state->master);
    hf_put_u8(buf, state->master_priority);
    hf_put_u64(buf, state->sent);
    hf_put_u64(buf, state->heard);
    hf_put_u64(buf, state->refused);
    hf_put_u64(buf, state->contested);
    hf_put_u64(buf, state->became_master);
    hf_put_string(buf, state->refusal);
    hf_put_string(buf, state->reason);
    hf_put_string(buf, state->fault);
}

void guard_get_router_state(struct hf_reader *reader, struct guard_router_state *state)
{
    guard_get_text(reader, state->id, sizeof(state->id));
    guard_get_text(reader, state->lock, sizeof(state->lock));
    guard_get_text(reader, state->interface, sizeof(state->interface));
    state->gone = guard_get_bool(reader);
    state->state = (enum router_state)hf_get_u8(reader);
    state->right = (enum router_right)hf_get_u8(reader);
    state->has_right = guard_get_bool(reader);
    state->promoted = guard_get_bool(reader);
    state->stands_back = guard_get_bool(reader);
    state->vrid_chosen = guard_get_bool(reader);
    state->version = hf_get_u8(reader);
    state->vrid = hf_get_u8(reader);
    state->priority = hf_get_u8(reader);
    state->track_weight = (int16_t)hf_get_u16(reader);
    state->address_count = get_addresses(reader, state->addresses);
    state->token = hf_get_u64(reader);
    state->changes = hf_get_u64(reader);
    state->since = (int64_t)hf_get_u64(reader);
    get_optional(reader, &state->master_heard, &state->master);
    state->master_priority = hf_get_u8(reader);
    state->sent = hf_get_u64(reader);
    state->heard = hf_get_u64(reader);
    state->refused = hf_get_u64(reader);
    state->contested = hf_get_u64(reader);
    state->became_master = hf_get_u64(reader);
    guard_get_text(reader, state->refusal, sizeof(state->refusal));
    guard_get_text(reader, state->reason, sizeof(state->reason));
    guard_get_text(reader, state->fault, sizeof(state->fault));
}

/* --- words --- */

const char *guard_router_state_name(enum router_state state)
{
    static const char *const names[] = {"INIT", "BACKUP", "MASTER", "FAULT"};

    return (unsigned)state < HF_ARRAY_LENGTH(names) ? names[state] : "unknown";
}

const char *guard_router_right_name(enum router_right right)
{
    static const char *const names[] = {"none", "quorum", "lock"};

    return (unsigned)right < HF_ARRAY_LENGTH(names) ? names[right] : "unknown";
}
