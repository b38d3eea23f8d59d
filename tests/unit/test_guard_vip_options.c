/* test_guard_vip_options.c - the parameters of ocf:holdfast:VIP: what they mean, and what is refused with
 * which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/guard/vip_options.h"

enum { WORDS = 8 };

static struct hf_error *parse(const char *const *words, struct vip_options *options)
{
    char *copies[WORDS];
    int count = 0;
    struct hf_error *error;

    while (count < WORDS && words[count] != NULL) {
        copies[count] = hf_strdup(words[count]);
        count++;
    }
    error = vip_options_parse("web", copies, count, options);
    while (count > 0)
        free(copies[--count]);
    return error;
}

static struct vip_options parsed(const char *const *words)
{
    struct vip_options options;
    struct hf_error *error = parse(words, &options);

    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
    return options;
}

#define PARSED(...) parsed((const char *const[]){__VA_ARGS__, NULL})

static void is_address(const struct gate_address *address, const char *expected)
{
    char text[46];

    guard_address_text(address, text);
    assert_string_equal(text, expected);
}

static void one_address_is_enough(void **state)
{
    struct vip_options options = PARSED("ip=192.0.2.7/24");
    const struct guard_router *router = &options.router;

    assert_string_equal(router->id, "web");
    assert_string_equal(router->lock, "vip/web");
    assert_string_equal(router->interface, "");
    assert_int_equal(router->version, 3);
    assert_int_equal(router->vrid, 0);
    assert_int_equal(router->interval_us, 100000);
    assert_int_equal(router->min_ttl, 255);
    assert_int_equal(router->announce_count, 5);
    assert_int_equal(router->flags, ROUTER_PREEMPT | ROUTER_PSEUDO_HEADER);
    assert_int_equal(router->address_count, 1);
    assert_int_equal(router->addresses[0].prefix, 24);
    assert_true(options.prefix_given[0]);
}

static void netmasks(void **state)
{
    struct vip_options options =
        PARSED("ip=192.0.2.7, 192.0.2.8/32 2001:db8::7/64", "cidr_netmask=255.255.255.0");

    assert_int_equal(options.router.address_count, 3);
    assert_int_equal(options.router.addresses[0].prefix, 24);
    assert_int_equal(options.router.addresses[1].prefix, 32);
    assert_int_equal(options.router.addresses[2].prefix, 64);
    options = PARSED("ip=192.0.2.7 2001:db8::7");
    assert_int_equal(options.router.addresses[0].prefix, 32);
    assert_int_equal(options.router.addresses[1].prefix, 128);
    assert_false(options.prefix_given[0] || options.prefix_given[1]);
}

static void every_parameter_arrives(void **state)
{
    struct vip_options options = PARSED("ip=192.0.2.7", "nic=eth1", "vrid=51", "version=2", "advert_int=2",
                                        "auth_pass=secret", "lock=none", "preempt=no");
    struct guard_router *router = &options.router;

    assert_string_equal(router->interface, "eth1");
    assert_int_equal(router->vrid, 51);
    assert_int_equal(router->version, 2);
    assert_int_equal(router->interval_us, 2000000);
    assert_string_equal(router->password, "secret");
    assert_string_equal(router->lock, "");
    assert_int_equal(router->flags & ROUTER_PREEMPT, 0);
    options = PARSED("ip=192.0.2.7", "sync_group=gate", "preempt_delay=1.5", "priority=0", "use_vmac=true",
                     "local_clients=1", "checksum=plain", "min_ttl=254");
    assert_string_equal(router->lock, "vip/gate");
    assert_string_equal(router->group, "gate");
    assert_int_equal(router->preempt_delay_ms, 1500);
    assert_int_equal(router->priority, 0);
    assert_int_equal(router->flags, ROUTER_PREEMPT | ROUTER_VMAC | ROUTER_CLIENTS);
    assert_int_equal(router->min_ttl, 254);
    options = PARSED("ip=192.0.2.7", "garp_master_repeat=3", "garp_interval=0.05", "garp_master_delay=2",
                     "garp_master_refresh=0", "garp_master_refresh_repeat=2", "advert_int=50ms");
    assert_int_equal(router->announce_count, 3);
    assert_int_equal(router->announce_spacing_ms, 50);
    assert_int_equal(router->announce_again_ms, 2000);
    assert_int_equal(router->refresh_ms, 0);
    assert_int_equal(router->refresh_count, 2);
    assert_int_equal(router->interval_us, 50000);
    options = PARSED("ip=192.0.2.7", "unicast_peer=192.0.2.2 192.0.2.3", "unicast_src_ip=192.0.2.1",
                     "track_interface=eth1 eth2:-20", "track_script=/bin/true a b; weight=30 /bin/false",
                     "track_attribute=disk-ok uplink:-40");
    assert_int_equal(router->peer_count, 2);
    is_address(&router->peers[1], "192.0.2.3");
    assert_true(router->has_source4);
    is_address(&router->source4, "192.0.2.1");
    assert_int_equal(router->track_count, 6);
    assert_string_equal(router->tracks[0].name, "eth1");
    assert_int_equal(router->tracks[1].weight, -20);
    assert_string_equal(router->tracks[2].name, "script-1");
    assert_int_equal(router->tracks[2].weight, 0);
    assert_string_equal(router->tracks[3].name, "script-2");
    assert_int_equal(router->tracks[3].weight, 30);
    assert_string_equal(router->tracks[4].name, "attribute-disk-ok");
    assert_int_equal(router->tracks[4].kind, ROUTER_TRACK_SCRIPT);
    assert_int_equal(router->tracks[4].weight, 0);
    assert_string_equal(router->tracks[5].name, "attribute-uplink");
    assert_int_equal(router->tracks[5].weight, -40);
}

static void routes_and_rules(void **state)
{
    struct vip_options options = PARSED(
        "ip=192.0.2.7", "virtual_routes=default via 192.0.2.254 table 7; 198.51.100.0/24 dev eth1 metric 5",
        "virtual_rules=from 192.0.2.7/32 to 10.0.0.0/8 table 7 priority 70");
    const struct guard_router *router = &options.router;

    assert_int_equal(router->route_count, 2);
    is_address(&router->routes[0].destination.address, "0.0.0.0");
    assert_int_equal(router->routes[0].destination.prefix, 0);
    is_address(&router->routes[0].gateway, "192.0.2.254");
    assert_int_equal(router->routes[0].table, 7);
    assert_string_equal(router->routes[1].interface, "eth1");
    assert_int_equal(router->routes[1].metric, 5);
    assert_int_equal(router->rule_count, 1);
    assert_int_equal(router->rules[0].to.prefix, 8);
    assert_int_equal(router->rules[0].priority, 70);
}

static void what_is_refused_says_what_was_expected(void **state)
{
    static const struct {
        const char *words[3];
        const char *expected;
    } wrong[] = {
        {{"vrid=5"}, "ip: expected at least one address"},
        {{"ip=192.0.2.300"}, "ip: expected addresses"},
        {{"ip=192.0.2.7/33"}, "0 to 32 bits"},
        {{"ip=2001:db8::7/129"}, "0 to 128 bits"},
        {{"ip=192.0.2.7 192.0.2.7"}, "twice"},
        {{"ip=192.0.2.7", "cidr_netmask=255.0.255.0"}, "cidr_netmask: expected"},
        {{"ip=192.0.2.7", "nic=a/b"}, "nic: expected"},
        {{"ip=192.0.2.7", "vrid=0"}, "vrid: expected a number from 1 to 255"},
        {{"ip=192.0.2.7", "vrid=x"}, "found 'x'"},
        {{"ip=192.0.2.7", "version=4"}, "version: expected"},
        {{"ip=192.0.2.7", "advert_int=0.005"}, "steps of 0.01"},
        {{"ip=192.0.2.7", "version=2", "advert_int=0.5"}, "whole seconds"},
        {{"ip=2001:db8::7", "version=2"}, "no IPv6"},
        {{"ip=192.0.2.7", "auth_pass=123456789"}, "at most 8"},
        {{"ip=192.0.2.7", "auth_pass=secret"}, "version 2's"},
        {{"ip=192.0.2.7", "lock=maybe"}, "auto or none"},
        {{"ip=192.0.2.7", "preempt=maybe"}, "true or false"},
        {{"ip=192.0.2.7", "checksum=good"}, "pseudo"},
        {{"ip=192.0.2.7", "garp_master_delay=soon"}, "a time such as"},
        {{"ip=192.0.2.7", "unicast_peer=2001:db8::2"}, "none of the addresses'"},
        {{"ip=192.0.2.7", "track_interface=eth1:999"}, "-253 to 253"},
        {{"ip=192.0.2.7", "track_script=true"}, "absolute paths"},
        {{"ip=192.0.2.7", "virtual_routes=default"}, "default via"},
        {{"ip=192.0.2.7", "virtual_routes=10.0.0.0/8 over there"}, "via, dev"},
        {{"ip=192.0.2.7", "virtual_rules=table 7"}, "a from or a to"},
        {{"ip=192.0.2.7", "virtual_rules=from 10.0.0.1"}, "routing table"},
        {{"ip=192.0.2.7", "ipp=3"}, "no such parameter"},
        {{"ip=192.0.2.7", "what"}, "NAME=VALUE"},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(wrong); i++) {
        struct vip_options options;
        struct hf_error *error = parse(wrong[i].words, &options);

        if (error == NULL)
            fail_msg("'%s' is accepted", wrong[i].words[1]);
        if (strstr(hf_error_text(error), wrong[i].expected) == NULL)
            fail_msg("'%s' does not say '%s'", hf_error_text(error), wrong[i].expected);
        hf_error_free(error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address_is_enough),
        cmocka_unit_test(netmasks),
        cmocka_unit_test(every_parameter_arrives),
        cmocka_unit_test(routes_and_rules),
        cmocka_unit_test(what_is_refused_says_what_was_expected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
