/* vip_options.c - see vip_options.h. */
#include "daemon/guard/vip_options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/vrrp/router.h"

enum { VALUE_MAX = 4096 };

struct parser {
    struct vip_options *options;
    char advert_int[64], lock[64], netmask[64]; /* kept until all the others are known */
};

typedef struct hf_error *take_function(struct parser *parser, const char *name, char *value);

/* --- words --- */

/* The next word of a list, or NULL; *rest goes on behind it. */
static char *next_word(char **rest, const char *separators)
{
    char *word = *rest + strspn(*rest, separators);
    size_t length = strcspn(word, separators);

    if (length == 0)
        return NULL;
    *rest = word + length;
    if (**rest != '\0')
        *(*rest)++ = '\0';
    return word;
}

/* The next part of a list, without blanks before it; those with nothing else in them are passed over. */
static char *next_part(char **rest)
{
    char *part = next_word(rest, ";\n");

    while (part != NULL && part[strspn(part, " \t")] == '\0')
        part = next_word(rest, ";\n");
    return part == NULL ? NULL : part + strspn(part, " \t");
}

static bool parse_number(const char *text, long least, long most, long *number)
{
    char *end;

    if (!isdigit((unsigned char)text[0]) && text[0] != '-')
        return false;
    errno = 0;
    *number = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' && *number >= least && *number <= most;
}

/* "100ms", "0.1", "2s", "1min" to microseconds. */
static bool parse_time(const char *text, uint64_t *us)
{
    char *end;
    double number;

    if (!isdigit((unsigned char)text[0]))
        return false;
    number = strtod(text, &end);
    if (strcmp(end, "ms") == 0)
        number *= 1000;
    else if (*end == '\0' || strcmp(end, "s") == 0)
        number *= 1000000;
    else if (strcmp(end, "min") == 0)
        number *= 60000000;
    else
        return false;
    if (!(number >= 0 && number <= 4e9))
        return false;
    *us = (uint64_t)(number + 0.5);
    return true;
}

static struct hf_error *expected(const char *name, const char *what, const char *value)
{
    return hf_error_new(HF_REFUSED, "%s: expected %s, found '%s'", name, what, value);
}

static struct hf_error *too_many(const char *name, int most, const char *what)
{
    return hf_error_new(HF_REFUSED, "%s: expected at most %d %s", name, most, what);
}

/* --- addresses --- */

static struct hf_error *parse_address(const char *name, const char *text, struct gate_address *address)
{
    struct hf_error *error = guard_address_parse(text, address);

    if (error == NULL)
        return NULL;
    hf_error_free(error);
    return expected(name, "addresses such as 192.0.2.7 or 2001:db8::7", text);
}

/* "24" or "255.255.255.0" */
static bool parse_prefix(const char *text, bool ipv4, uint8_t *prefix)
{
    struct in_addr mask;
    long number;

    if (parse_number(text, 0, ipv4 ? 32 : 128, &number)) {
        *prefix = (uint8_t)number;
        return true;
    }
    if (!ipv4 || strchr(text, '.') == NULL || inet_pton(AF_INET, text, &mask) != 1)
        return false;

    uint32_t bits = ntohl(mask.s_addr);

    *prefix = bits == 0 ? 0 : (uint8_t)(32 - __builtin_ctz(bits));
    return *prefix == 0 || bits == ~UINT32_C(0) << (32 - *prefix);
}

/* ADDRESS[/PREFIX]; *given: it had one. Without, the prefix is the address' length. */
static struct hf_error *parse_prefixed(const char *name, char *text, struct router_address *result,
                                       bool *given)
{
    char *slash = strchr(text, '/');
    struct hf_error *error;

    if (slash != NULL)
        *slash++ = '\0';
    error = parse_address(name, text, &result->address);
    if (error != NULL)
        return error;

    bool ipv4 = guard_address_is_ipv4(&result->address);

    *given = slash != NULL;
    result->prefix = ipv4 ? 32 : 128;
    if (slash != NULL && !parse_prefix(slash, ipv4, &result->prefix))
        return expected(name, ipv4 ? "a netmask of 0 to 32 bits" : "a prefix of 0 to 128 bits", slash);
    return NULL;
}

static struct hf_error *take_ip(struct parser *parser, const char *name, char *value)
{
    struct guard_router *router = &parser->options->router;
    char *word;

    while ((word = next_word(&value, " ,\t\n")) != NULL) {
        struct hf_error *error;

        if (router->address_count == ROUTER_ADDRESSES_MAX)
            return too_many(name, ROUTER_ADDRESSES_MAX, "addresses");
        error = parse_prefixed(name, word, &router->addresses[router->address_count],
                               &parser->options->prefix_given[router->address_count]);
        if (error != NULL)
            return error;
        router->address_count++;
    }
    return NULL;
}

static struct hf_error *take_peers(struct parser *parser, const char *name, char *value)
{
    struct guard_router *router = &parser->options->router;
    char *word;

    while ((word = next_word(&value, " ,\t\n")) != NULL) {
        struct hf_error *error;

        if (router->peer_count == ROUTER_PEERS_MAX)
            return too_many(name, ROUTER_PEERS_MAX, "addresses");
        error = parse_address(name, word, &router->peers[router->peer_count]);
        if (error != NULL)
            return error;
        router->peer_count++;
    }
    return NULL;
}

static struct hf_error *take_source(struct parser *parser, const char *name, char *value)
{
    struct guard_router *router = &parser->options->router;
    char *word;

    while ((word = next_word(&value, " ,\t\n")) != NULL) {
        struct gate_address address;
        struct hf_error *error = parse_address(name, word, &address);

        if (error != NULL)
            return error;
        if (guard_address_is_ipv4(&address)) {
            router->has_source4 = true;
            router->source4 = address;
        } else {
            router->has_source6 = true;
            router->source6 = address;
        }
    }
    return NULL;
}

/* --- simple ones --- */

static struct hf_error *take_netmask(struct parser *parser, const char *name, char *value)
{
    guard_copy(parser->netmask, sizeof(parser->netmask), value);
    return NULL;
}

static struct hf_error *take_advert_int(struct parser *parser, const char *name, char *value)
{
    guard_copy(parser->advert_int, sizeof(parser->advert_int), value);
    return NULL;
}

static struct hf_error *take_lock(struct parser *parser, const char *name, char *value)
{
    if (strcmp(value, "none") != 0 && strcmp(value, "auto") != 0)
        return expected(name, "auto or none", value);
    guard_copy(parser->lock, sizeof(parser->lock), value);
    return NULL;
}

static struct hf_error *take_nic(struct parser *parser, const char *name, char *value)
{
    struct guard_router *router = &parser->options->router;

    if (!guard_interface_ok(value))
        return expected(name, "the name of a network interface, at most 15 characters", value);
    guard_copy(router->interface, sizeof(router->interface), value);
    return NULL;
}

static struct hf_error *take_group(struct parser *parser, const char *name, char *value)
{
    struct guard_router *router = &parser->options->router;

    if (!guard_name_ok(value) || strlen(value) > ROUTER_ID_MAX)
        return expected(name, "1 to 58 letters, digits and . _ - : @ /", value);
    guard_copy(router->group, sizeof(router->group), value);
    return NULL;
}

static struct hf_error *take_password(struct parser *parser, const char *name, char *value)
{
    if (strlen(value) > ROUTER_PASSWORD_MAX)
        return hf_error_new(HF_REFUSED, "%s: expected a password of at most %d characters", name,
                            ROUTER_PASSWORD_MAX);
    guard_copy(parser->options->router.password, sizeof(parser->options->router.password), value);
    return NULL;
}

static struct hf_error *take_checksum(struct parser *parser, const char *name, char *value)
{
    struct guard_router *router = &parser->options->router;

    if (strcmp(value, "plain") == 0)
        router->flags &= (uint8_t)~ROUTER_PSEUDO_HEADER;
    else if (strcmp(value, "pseudo") != 0)
        return expected(name, "pseudo (RFC 5798) or plain (RFC 9568)", value);
    return NULL;
}

/* A number into a member of one byte. */
static struct hf_error *take_byte(const char *name, const char *value, long least, long most, uint8_t *member)
{
    long number;

    if (!parse_number(value, least, most, &number))
        return hf_error_new(HF_REFUSED, "%s: expected a number from %ld to %ld, found '%s'", name, least,
                            most, value);
    *member = (uint8_t)number;
    return NULL;
}

static struct hf_error *take_milliseconds(const char *name, const char *value, uint32_t *member)
{
    uint64_t us;

    if (!parse_time(value, &us))
        return expected(name, "a time such as 5, 0.5 or 100ms (seconds without a unit)", value);
    *member = (uint32_t)(us / 1000);
    return NULL;
}

static struct hf_error *take_flag(const char *name, const char *value, uint8_t flag, uint8_t *flags)
{
    static const char *const yes[] = {"true", "yes", "on", "1", "y"}, *const no[] = {"false", "no", "off",
                                                                                     "0", "n"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(yes); i++) {
        if (strcasecmp(value, yes[i]) == 0) {
            *flags |= flag;
            return NULL;
        }
        if (strcasecmp(value, no[i]) == 0) {
            *flags &= (uint8_t)~flag;
            return NULL;
        }
    }
    return expected(name, "true or false", value);
}

#define ROUTER(parser) (&(parser)->options->router)
#define TAKE_BYTE(function, least, most, member)                                                             \
    static struct hf_error *function(struct parser *parser, const char *name, char *value)                   \
    {                                                                                                        \
        return take_byte(name, value, least, most, &ROUTER(parser)->member);                                 \
    }
#define TAKE_TIME(function, member)                                                                          \
    static struct hf_error *function(struct parser *parser, const char *name, char *value)                   \
    {                                                                                                        \
        return take_milliseconds(name, value, &ROUTER(parser)->member);                                      \
    }
#define TAKE_FLAG(function, flag)                                                                            \
    static struct hf_error *function(struct parser *parser, const char *name, char *value)                   \
    {                                                                                                        \
        return take_flag(name, value, flag, &ROUTER(parser)->flags);                                         \
    }

TAKE_BYTE(take_vrid, 1, 255, vrid)
TAKE_BYTE(take_version, 2, 3, version)
TAKE_BYTE(take_priority, 0, 254, priority)
TAKE_BYTE(take_min_ttl, 1, 255, min_ttl)
TAKE_BYTE(take_repeat, 1, 255, announce_count)
TAKE_BYTE(take_refresh_repeat, 0, 255, refresh_count)
TAKE_TIME(take_preempt_delay, preempt_delay_ms)
TAKE_TIME(take_garp_interval, announce_spacing_ms)
TAKE_TIME(take_garp_delay, announce_again_ms)
TAKE_TIME(take_garp_refresh, refresh_ms)
TAKE_FLAG(take_preempt, ROUTER_PREEMPT)
TAKE_FLAG(take_vmac, ROUTER_VMAC)
TAKE_FLAG(take_clients, ROUTER_CLIENTS)

/* --- tracked things --- */

static struct router_track *add_track(struct guard_router *router)
{
    return router->track_count == ROUTER_TRACKS_MAX ? NULL : &router->tracks[router->track_count++];
}

static struct hf_error *parse_weight(const char *name, const char *text, int16_t *weight)
{
    long number;

    if (!parse_number(text, -253, 253, &number))
        return expected(name, "a weight of -253 to 253", text);
    *weight = (int16_t)number;
    return NULL;
}

/* NAME[:WEIGHT]... */
static struct hf_error *take_tracked(struct parser *parser, const char *name, char *value,
                                     enum router_track_kind kind, const char *prefix,
                                     bool (*ok)(const char *), const char *what)
{
    char *word;

    while ((word = next_word(&value, " ,\t\n")) != NULL) {
        struct router_track *track = add_track(ROUTER(parser));
        char *colon = strrchr(word, ':');
        struct hf_error *error = NULL;

        if (track == NULL)
            return too_many(name, ROUTER_TRACKS_MAX, "tracked things");
        if (colon != NULL) {
            *colon = '\0';
            error = parse_weight(name, colon + 1, &track->weight);
        }
        if (error != NULL)
            return error;
        if (!ok(word) || strlen(prefix) + strlen(word) >= sizeof(track->name))
            return expected(name, what, word);
        track->kind = kind;
        snprintf(track->name, sizeof(track->name), "%s%s", prefix, word);
    }
    return NULL;
}

static struct hf_error *take_track_interface(struct parser *parser, const char *name, char *value)
{
    return take_tracked(parser, name, value, ROUTER_TRACK_INTERFACE, "", guard_interface_ok,
                        "names of network interfaces, each with :WEIGHT or without");
}

/* To the guard each is a script, whose outcome the agent tells. */
static struct hf_error *take_track_attribute(struct parser *parser, const char *name, char *value)
{
    return take_tracked(parser, name, value, ROUTER_TRACK_SCRIPT, "attribute-", guard_name_ok,
                        "names of node attributes, each with :WEIGHT or without");
}

/* [weight=N] COMMAND; ...: the n-th is known as script-n; the agent runs them. */
static struct hf_error *take_track_script(struct parser *parser, const char *name, char *value)
{
    unsigned number = 0;
    char *part;

    while ((part = next_part(&value)) != NULL) {
        struct router_track *track = add_track(ROUTER(parser));
        struct hf_error *error = NULL;

        if (track == NULL)
            return too_many(name, ROUTER_TRACKS_MAX, "tracked things");
        track->kind = ROUTER_TRACK_SCRIPT;
        snprintf(track->name, sizeof(track->name), "script-%u", ++number);
        if (strncmp(part, "weight=", 7) == 0) {
            char *weight = next_word(&part, " \t");

            error = parse_weight(name, weight + 7, &track->weight);
            part += strspn(part, " \t");
        }
        if (error != NULL)
            return error;
        if (*part != '/')
            return expected(name, "commands with absolute paths, separated by ;", part);
    }
    return NULL;
}

/* --- routes and rules --- */

static struct hf_error *parse_table(const char *name, const char *text, uint32_t *member)
{
    long number;

    if (text == NULL || !parse_number(text, 1, INT32_MAX, &number))
        return expected(name, "a number of 1 or above", text == NULL ? "" : text);
    *member = (uint32_t)number;
    return NULL;
}

static struct hf_error *optional_address(const char *name, const char *text, bool *has,
                                         struct gate_address *address)
{
    *has = true;
    return parse_address(name, text == NULL ? "" : text, address);
}

/* What follows the destination: via ADDRESS, dev NIC, src ADDRESS, table N, metric N. */
static struct hf_error *parse_route_words(const char *name, char *rest, struct router_route *route)
{
    char *key;

    while ((key = next_word(&rest, " \t")) != NULL) {
        char *value = next_word(&rest, " \t");
        struct hf_error *error = NULL;

        if (strcmp(key, "via") == 0)
            error = optional_address(name, value, &route->has_gateway, &route->gateway);
        else if (strcmp(key, "src") == 0)
            error = optional_address(name, value, &route->has_source, &route->source);
        else if (strcmp(key, "table") == 0)
            error = parse_table(name, value, &route->table);
        else if (strcmp(key, "metric") == 0)
            error = parse_table(name, value, &route->metric);
        else if (strcmp(key, "dev") == 0 && value != NULL && guard_interface_ok(value))
            guard_copy(route->interface, sizeof(route->interface), value);
        else
            error = expected(name, "via, dev, src, table or metric, each with a value", key);
        if (error != NULL)
            return error;
    }
    return NULL;
}

static struct hf_error *parse_route(const char *name, char *text, struct router_route *route)
{
    char *destination = next_word(&text, " \t");
    struct hf_error *error;
    bool given, standard = strcmp(destination, "default") == 0;

    if (!standard) {
        error = parse_prefixed(name, destination, &route->destination, &given);
        if (error != NULL)
            return error;
    }
    error = parse_route_words(name, text, route);
    if (error != NULL)
        return error;
    /* The family of a default route is its gateway's. */
    if (standard && !route->has_gateway)
        return expected(name, "default via ADDRESS", "default");
    if (standard)
        error = guard_address_parse(guard_address_is_ipv4(&route->gateway) ? "0.0.0.0" : "::",
                                    &route->destination.address);
    return error;
}

static struct hf_error *take_routes(struct parser *parser, const char *name, char *value)
{
    struct guard_router *router = ROUTER(parser);
    char *part;

    while ((part = next_part(&value)) != NULL) {
        struct hf_error *error;

        if (router->route_count == ROUTER_ROUTES_MAX)
            return too_many(name, ROUTER_ROUTES_MAX, "routes");
        error = parse_route(name, part, &router->routes[router->route_count++]);
        if (error != NULL)
            return error;
    }
    return NULL;
}

/* from ADDRESS[/PREFIX], to ADDRESS[/PREFIX], table N, priority N */
static struct hf_error *parse_rule(const char *name, char *rest, struct router_rule *rule)
{
    char *key;
    bool given;

    while ((key = next_word(&rest, " \t")) != NULL) {
        char *value = next_word(&rest, " \t");
        struct hf_error *error;

        if (strcmp(key, "from") == 0 && value != NULL) {
            rule->has_from = true;
            error = parse_prefixed(name, value, &rule->from, &given);
        } else if (strcmp(key, "to") == 0 && value != NULL) {
            rule->has_to = true;
            error = parse_prefixed(name, value, &rule->to, &given);
        } else if (strcmp(key, "table") == 0) {
            error = parse_table(name, value, &rule->table);
        } else if (strcmp(key, "priority") == 0) {
            error = parse_table(name, value, &rule->priority);
        } else {
            error = expected(name, "from, to, table or priority, each with a value", key);
        }
        if (error != NULL)
            return error;
    }
    return NULL;
}

static struct hf_error *take_rules(struct parser *parser, const char *name, char *value)
{
    struct guard_router *router = ROUTER(parser);
    char *part;

    while ((part = next_part(&value)) != NULL) {
        struct hf_error *error;

        if (router->rule_count == ROUTER_RULES_MAX)
            return too_many(name, ROUTER_RULES_MAX, "rules");
        error = parse_rule(name, part, &router->rules[router->rule_count++]);
        if (error != NULL)
            return error;
    }
    return NULL;
}

/* --- the table --- */

static const struct option {
    const char *name;
    take_function *take;
} options_table[] = {
    {"ip", take_ip},
    {"cidr_netmask", take_netmask},
    {"nic", take_nic},
    {"vrid", take_vrid},
    {"version", take_version},
    {"advert_int", take_advert_int},
    {"priority", take_priority},
    {"preempt", take_preempt},
    {"preempt_delay", take_preempt_delay},
    {"lock", take_lock},
    {"sync_group", take_group},
    {"unicast_peer", take_peers},
    {"unicast_src_ip", take_source},
    {"min_ttl", take_min_ttl},
    {"auth_pass", take_password},
    {"checksum", take_checksum},
    {"use_vmac", take_vmac},
    {"local_clients", take_clients},
    {"garp_master_repeat", take_repeat},
    {"garp_interval", take_garp_interval},
    {"garp_master_delay", take_garp_delay},
    {"garp_master_refresh", take_garp_refresh},
    {"garp_master_refresh_repeat", take_refresh_repeat},
    {"track_interface", take_track_interface},
    {"track_script", take_track_script},
    {"track_attribute", take_track_attribute},
    {"virtual_routes", take_routes},
    {"virtual_rules", take_rules},
};

static struct hf_error *take_word(struct parser *parser, const char *word)
{
    size_t length = strcspn(word, "=");
    char value[VALUE_MAX];

    if (word[length] == '\0')
        return hf_error_new(HF_USAGE, "'%s': expected NAME=VALUE", word);
    if (strlen(word + length + 1) >= sizeof(value))
        return hf_error_new(HF_REFUSED, "%.*s: expected at most %d bytes", (int)length, word, VALUE_MAX - 1);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(options_table); i++) {
        const struct option *option = &options_table[i];

        if (strlen(option->name) != length || strncmp(option->name, word, length) != 0)
            continue;
        strcpy(value, word + length + 1);
        return value[0] == '\0' ? NULL : option->take(parser, option->name, value);
    }
    return hf_error_new(HF_REFUSED, "%.*s: there is no such parameter of a VIP", (int)length, word);
}

/* --- what depends on several --- */

static struct hf_error *set_netmask(struct parser *parser)
{
    struct vip_options *options = parser->options;

    for (unsigned i = 0; i < options->router.address_count && parser->netmask[0] != '\0'; i++) {
        struct router_address *address = &options->router.addresses[i];

        if (options->prefix_given[i])
            continue;
        if (!parse_prefix(parser->netmask, guard_address_is_ipv4(&address->address), &address->prefix))
            return expected("cidr_netmask", "a netmask such as 24 or 255.255.255.0 that fits the addresses",
                            parser->netmask);
        options->prefix_given[i] = true;
    }
    return NULL;
}

static struct hf_error *set_interval(struct parser *parser)
{
    struct guard_router *router = ROUTER(parser);
    bool second = router->version == 2;
    uint64_t us = second ? 1000000 : 100000;

    if (parser->advert_int[0] != '\0' && !parse_time(parser->advert_int, &us))
        us = 0;
    if (second ? us < 1000000 || us > 255000000 || us % 1000000 != 0
               : us < 10000 || us > 40950000 || us % 10000 != 0)
        return expected("advert_int",
                        second ? "whole seconds, 1 to 255, for version 2"
                               : "0.01 to 40.95 seconds in steps of 0.01 for version 3",
                        parser->advert_int);
    router->interval_us = (uint32_t)us;
    return NULL;
}

static void set_lock(struct parser *parser)
{
    struct guard_router *router = ROUTER(parser);

    if (strcmp(parser->lock, "none") != 0)
        snprintf(router->lock, sizeof(router->lock), "vip/%.58s",
                 router->group[0] != '\0' ? router->group : router->id);
}

/* Everything but the interface, which may still be open. */
static struct hf_error *check(const struct guard_router *router)
{
    struct guard_router copy = *router;
    const char *fault;

    if (copy.address_count == 0)
        return hf_error_new(HF_REFUSED, "ip: expected at least one address, such as 192.0.2.7/24");
    if (copy.interface[0] == '\0')
        guard_copy(copy.interface, sizeof(copy.interface), "any");
    fault = guard_router_fault(&copy);
    return fault == NULL ? NULL : hf_error_new(HF_REFUSED, "%s", fault);
}

struct hf_error *vip_options_parse(const char *id, char *const *words, int count, struct vip_options *options)
{
    struct parser parser = {.options = options};
    struct vrrp_announce_plan plan = vrrp_announce_default(100000);
    struct hf_error *error = NULL;

    *options = (struct vip_options){.router = {.version = 3,
                                               .priority = 100,
                                               .flags = ROUTER_PREEMPT | ROUTER_PSEUDO_HEADER,
                                               .min_ttl = 255,
                                               .announce_count = plan.count,
                                               .refresh_count = plan.refresh_count,
                                               .announce_again_ms = plan.again_us / 1000,
                                               .refresh_ms = plan.refresh_us / 1000}};
    guard_copy(options->router.id, sizeof(options->router.id), id);
    for (int i = 0; i < count && error == NULL; i++)
        error = take_word(&parser, words[i]);
    if (error == NULL)
        error = set_netmask(&parser);
    if (error == NULL)
        error = set_interval(&parser);
    if (error != NULL)
        return error;
    set_lock(&parser);
    return check(&options->router);
}
