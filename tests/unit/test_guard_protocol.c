/* test_guard_protocol.c - frames of the guard's socket: what is said arrives, what is malformed is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/guard/protocol.h"

static struct gate_address address(const char *text)
{
    struct gate_address result;
    struct hf_error *error = guard_address_parse(text, &result);

    assert_null(error);
    return result;
}

/* A router with every member at a value of its own. */
static struct guard_router example_router(void)
{
    struct guard_router router = {
        .id = "web",
        .lock = "vip/gateway",
        .group = "gateway",
        .interface = "eth0.10",
        .version = 3,
        .vrid = 51,
        .priority = 150,
        .flags = ROUTER_FLAGS,
        .min_ttl = 254,
        .interval_us = 100000,
        .preempt_delay_ms = 5,
        .announce_count = 6,
        .refresh_count = 7,
        .announce_spacing_ms = 8,
        .announce_again_ms = 9,
        .refresh_ms = 10,
        .has_source4 = true,
        .has_source6 = true,
        .source4 = address("192.0.2.1"),
        .source6 = address("fe80::1"),
        .address_count = 2,
        .addresses = {{address("192.0.2.7"), 24}, {address("2001:db8::7"), 64}},
        .peer_count = 2,
        .peers = {address("192.0.2.2"), address("fe80::2")},
        .track_count = 2,
        .tracks = {{ROUTER_TRACK_INTERFACE, "eth1", -20}, {ROUTER_TRACK_SCRIPT, "chk", 253}},
        .route_count = 1,
        .routes = {{{address("0.0.0.0"), 0},
                    true,
                    true,
                    address("192.0.2.254"),
                    address("192.0.2.7"),
                    11,
                    12,
                    "eth1"}},
        .rule_count = 1,
        .rules = {{true, true, {address("192.0.2.7"), 32}, {address("198.51.100.0"), 24}, 13, 14}},
    };

    return router;
}

static struct guard_router_state example_router_state(void)
{
    return (struct guard_router_state){
        .id = "web",
        .lock = "vip/web",
        .interface = "eth0",
        .gone = true,
        .state = ROUTER_FAULT,
        .right = ROUTER_RIGHT_LOCK,
        .has_right = true,
        .promoted = true,
        .stands_back = true,
        .vrid_chosen = true,
        .version = 3,
        .vrid = 7,
        .priority = 8,
        .address_count = 1,
        .track_weight = -17,
        .addresses = {{address("192.0.2.7"), 24}},
        .token = 9,
        .changes = 10,
        .since = INT64_MAX - 2,
        .master_heard = true,
        .master = address("192.0.2.2"),
        .master_priority = 11,
        .sent = 12,
        .heard = 13,
        .refused = 14,
        .contested = 15,
        .became_master = 16,
        .refusal = "a wrong checksum",
        .reason = "the master was silent",
        .fault = "no carrier",
    };
}

/* One frame of each type, with every member at a value of its own. */
static size_t examples(struct guard_frame *frames)
{
    const struct guard_want want = {.lock = "vip/web", .rank = 3, .drain_ms = 5000};
    struct guard_vip vip = {.id = "web", .lock = "vip/web", .interface = "eth0.10", .prefix = 24, .flags = 3};
    size_t count = 0;

    vip.address = address("192.0.2.7");
    frames[count++] =
        (struct guard_frame){.type = GUARD_HELLO, .instance = 7, .kind = GUARD_AGENT, .pid = 99};
    frames[count++] = (struct guard_frame){.type = GUARD_WANT, .want = want};
    frames[count++] = (struct guard_frame){.type = GUARD_UNWANT, .release = {.lock = "cluster"}};
    frames[count++] = (struct guard_frame){.type = GUARD_RELEASE, .release = {"vip/web", "node2"}};
    frames[count++] = (struct guard_frame){.type = GUARD_VIP_ADD, .vip = vip};
    frames[count++] = (struct guard_frame){.type = GUARD_VIP_REMOVE, .vip = {.id = "web"}};
    frames[count++] = (struct guard_frame){.type = GUARD_ALIVE, .alive = {true, 3000, true, 12}};
    frames[count++] = (struct guard_frame){
        .type = GUARD_LOCK, .lock = {want, true, GUARD_OWNING, 41, INT64_MAX - 1, 17, 2, "node1"}};
    frames[count] = (struct guard_frame){.type = GUARD_TIMES, .times = {.count = GUARD_TIMES_MAX}};
    for (unsigned i = 0; i < GUARD_TIMES_MAX; i++)
        frames[count].times.items[i] = (struct guard_time){.lock = "vip/web", .until = (int64_t)i << 33};
    count++;
    frames[count++] =
        (struct guard_frame){.type = GUARD_VIP, .vip_state = {vip, true, true, 12345, "no interface"}};
    frames[count++] = (struct guard_frame){
        .type = GUARD_SERVER, .server = {8, true, true, 5, 6, "arbiter.example:7000", "the key is wrong"}};
    frames[count++] = (struct guard_frame){.type = GUARD_GATE, .gate = {true, "why"}};
    frames[count++] =
        (struct guard_frame){.type = GUARD_WATCHDOG, .watchdog = {GUARD_WATCHDOG_STARVED, 5000, "late"}};
    frames[count++] = (struct guard_frame){.type = GUARD_SYNCED};
    frames[count++] = (struct guard_frame){.type = GUARD_REFUSED, .text = "no"};
    frames[count++] =
        (struct guard_frame){.type = GUARD_ROUTER_ADD, .serial = 77, .router = example_router()};
    for (int type = GUARD_ROUTER_REMOVE; type <= GUARD_ROUTER_TRACK; type++)
        frames[count++] = (struct guard_frame){.type = (enum guard_frame_type)type,
                                               .serial = 78,
                                               .router_order = {"web", "node2", "chk", true, 5000}};
    frames[count++] =
        (struct guard_frame){.type = GUARD_ROUTER_PRIORITY, .router_priority = {"web", 254, 31}};
    frames[count++] = (struct guard_frame){.type = GUARD_QUORUM, .quorum = {true, 1500}};
    frames[count++] = (struct guard_frame){.type = GUARD_HINT, .hint = {"node2", true}};
    frames[count++] = (struct guard_frame){.type = GUARD_ROUTER, .router_state = example_router_state()};
    frames[count++] = (struct guard_frame){.type = GUARD_ANSWER, .answer = {79, true, "done"}};
    frames[count++] = (struct guard_frame){.type = GUARD_CLOCK, .clock = {5, -6}};
    return count;
}

static void encode(const struct guard_frame *frame, struct hf_buf *bytes)
{
    hf_buf_reset(bytes);

    struct hf_error *error = guard_encode(frame, bytes);

    if (error != NULL)
        fail_msg("type %u: %s", (unsigned)frame->type, hf_error_text(error));
    assert_true(bytes->length <= GUARD_FRAME_MAX);
}

static bool refused(const void *bytes, size_t length)
{
    struct guard_frame frame;
    struct hf_error *error = guard_decode(bytes, length, &frame);
    bool result = error != NULL && hf_error_kind(error) == HF_REFUSED && hf_error_text(error)[0] != '\0';

    hf_error_free(error);
    return result;
}

static void test_round_trip(void **state)
{
    struct guard_frame frames[32];
    size_t count = examples(frames);
    struct hf_buf bytes = {0}, again = {0};

    for (size_t i = 0; i < count; i++) {
        struct guard_frame frame;

        encode(&frames[i], &bytes);

        struct hf_error *error = guard_decode(bytes.data, bytes.length, &frame);

        if (error != NULL)
            fail_msg("type %u: %s", (unsigned)frames[i].type, hf_error_text(error));
        assert_int_equal(frame.type, frames[i].type);
        encode(&frame, &again);
        assert_int_equal(bytes.length, again.length);
        assert_memory_equal(bytes.data, again.data, bytes.length);
    }
    hf_buf_free(&bytes);
    hf_buf_free(&again);
}

static void test_members_arrive(void **state)
{
    struct guard_frame frames[32], frame;
    struct hf_buf bytes = {0};

    examples(frames);
    encode(&frames[4], &bytes);
    assert_null(guard_decode(bytes.data, bytes.length, &frame));
    assert_string_equal(frame.vip.id, "web");
    assert_string_equal(frame.vip.lock, "vip/web");
    assert_string_equal(frame.vip.interface, "eth0.10");
    assert_memory_equal(&frame.vip.address, &frames[4].vip.address, 16);
    assert_int_equal(frame.vip.prefix, 24);
    assert_int_equal(frame.vip.flags, GUARD_VIP_CLIENTS | GUARD_VIP_ASSIGN);
    encode(&frames[7], &bytes);
    assert_null(guard_decode(bytes.data, bytes.length, &frame));
    assert_string_equal(frame.lock.want.lock, "vip/web");
    assert_int_equal(frame.lock.want.rank, 3);
    assert_int_equal(frame.lock.want.drain_ms, 5000);
    assert_true(frame.lock.wanted);
    assert_int_equal(frame.lock.state, GUARD_OWNING);
    assert_int_equal(frame.lock.token, 41);
    assert_true(frame.lock.until == INT64_MAX - 1);
    assert_int_equal(frame.lock.not_before, 17);
    assert_int_equal(frame.lock.losses, 2);
    assert_string_equal(frame.lock.holder, "node1");
    hf_buf_free(&bytes);
}

/* Cut anywhere, or longer by a byte, no frame is accepted. */
static void test_cut_and_long(void **state)
{
    struct guard_frame frames[32];
    size_t count = examples(frames);
    struct hf_buf bytes = {0};

    for (size_t i = 0; i < count; i++) {
        encode(&frames[i], &bytes);
        for (size_t length = 0; length < bytes.length; length++) {
            /* A copy of its own size, so that a sanitizer sees what reads beyond. */
            void *exact = hf_memdup(bytes.data, length == 0 ? 1 : length);

            assert_true(refused(exact, length));
            free(exact);
        }
        hf_buf_putc(&bytes, '\0');
        assert_true(refused(bytes.data, bytes.length));
    }
    hf_buf_free(&bytes);
}

static void test_malformed(void **state)
{
    struct guard_frame frame = {.type = GUARD_UNWANT, .release = {.lock = "cluster"}};
    struct hf_buf bytes = {0};
    uint8_t big[GUARD_FRAME_MAX + 1] = {GUARD_PROTOCOL_VERSION, GUARD_SYNCED};

    assert_true(refused(big, sizeof(big)));
    encode(&frame, &bytes);
    bytes.data[0]++; /* another version */
    assert_true(refused(bytes.data, bytes.length));
    bytes.data[0]--;
    bytes.data[1] = 50; /* another type */
    assert_true(refused(bytes.data, bytes.length));
    bytes.data[1] = GUARD_UNWANT;
    bytes.data[8] = ' '; /* not in a name */
    assert_true(refused(bytes.data, bytes.length));
    bytes.data[8] = '\0';
    assert_true(refused(bytes.data, bytes.length));
    bytes.data[8] = 'x';
    assert_false(refused(bytes.data, bytes.length));
    hf_buf_free(&bytes);
}

static void check_not_said(const struct guard_frame *frame, const char *expected)
{
    struct hf_buf bytes = {0};
    struct hf_error *error = guard_encode(frame, &bytes);

    assert_non_null(error);
    if (strstr(hf_error_text(error), expected) == NULL)
        fail_msg("'%s' does not say '%s'", hf_error_text(error), expected);
    assert_int_equal(bytes.length, 0);
    hf_error_free(error);
    hf_buf_free(&bytes);
}

static void test_limits(void **state)
{
    struct guard_frame frame = {.type = GUARD_VIP_ADD,
                                .vip = {.id = "a", .lock = "l", .interface = "eth0", .prefix = 33}};

    frame.vip.address = address("10.0.0.1");
    check_not_said(&frame, "0 to 32 bits");
    frame.vip.prefix = 129;
    frame.vip.address = address("fe80::1");
    check_not_said(&frame, "0 to 128");
    frame.vip.prefix = 128;
    strcpy(frame.vip.interface, "a/b");
    check_not_said(&frame, "interface");
    strcpy(frame.vip.interface, "eth0");
    frame.vip.flags = 0x80;
    check_not_said(&frame, "flag");
    frame = (struct guard_frame){.type = GUARD_WANT};
    check_not_said(&frame, "lock's name");
    frame = (struct guard_frame){.type = GUARD_ALIVE, .alive = {true, 0, false, 0}};
    check_not_said(&frame, "limit");
}

/* Every member of the router's frames is carried: what differs before differs afterwards. */
static void test_router_members_arrive(void **state)
{
    struct guard_frame sent = {.type = GUARD_ROUTER_ADD, .router = example_router()}, frame;
    struct guard_frame news = {.type = GUARD_ROUTER, .router_state = example_router_state()};
    struct hf_buf bytes = {0};

    encode(&sent, &bytes);
    assert_null(guard_decode(bytes.data, bytes.length, &frame));
    assert_memory_equal(frame.router.addresses, sent.router.addresses, sizeof(sent.router.addresses));
    assert_memory_equal(frame.router.peers, sent.router.peers, sizeof(sent.router.peers));
    assert_int_equal(frame.router.tracks[0].weight, -20);
    assert_string_equal(frame.router.tracks[1].name, "chk");
    assert_int_equal(frame.router.interval_us, 100000);
    assert_string_equal(frame.router.group, "gateway");
    assert_memory_equal(&frame.router.routes[0].gateway, &sent.router.routes[0].gateway, 16);
    assert_int_equal(frame.router.routes[0].metric, 12);
    assert_string_equal(frame.router.routes[0].interface, "eth1");
    assert_int_equal(frame.router.rules[0].to.prefix, 24);
    assert_int_equal(frame.router.rules[0].priority, 14);
    encode(&news, &bytes);
    assert_null(guard_decode(bytes.data, bytes.length, &frame));
    assert_int_equal(frame.router_state.token, 9);
    assert_int_equal(frame.router_state.state, ROUTER_FAULT);
    assert_true(frame.router_state.since == INT64_MAX - 2);
    assert_int_equal(frame.router_state.became_master, 16);
    assert_string_equal(frame.router_state.reason, "the master was silent");
    hf_buf_free(&bytes);
}

/* The longest that may be said fits into a frame. */
static void test_router_at_its_largest(void **state)
{
    struct guard_frame frame = {.type = GUARD_ROUTER_ADD, .router = example_router()};
    struct guard_router *router = &frame.router;
    struct hf_buf bytes = {0};

    router->address_count = ROUTER_ADDRESSES_MAX;
    for (unsigned i = 2; i < ROUTER_ADDRESSES_MAX; i++) {
        router->addresses[i] = router->addresses[0];
        router->addresses[i].address.bytes[15] = (uint8_t)(100 + i);
    }
    router->peer_count = ROUTER_PEERS_MAX;
    for (unsigned i = 2; i < ROUTER_PEERS_MAX; i++)
        router->peers[i] = router->peers[0];
    router->track_count = ROUTER_TRACKS_MAX;
    for (unsigned i = 0; i < ROUTER_TRACKS_MAX; i++) {
        router->tracks[i] = (struct router_track){.kind = ROUTER_TRACK_SCRIPT};
        memset(router->tracks[i].name, 'x', ROUTER_NAME_MAX);
    }
    router->route_count = ROUTER_ROUTES_MAX;
    router->rule_count = ROUTER_RULES_MAX;
    for (unsigned i = 1; i < ROUTER_ROUTES_MAX; i++) {
        router->routes[i] = router->routes[0];
        router->rules[i] = router->rules[0];
    }
    encode(&frame, &bytes); /* checks the length */
    hf_buf_free(&bytes);
}

static void test_router_limits(void **state)
{
    static const struct {
        size_t offset;
        uint8_t value;
        const char *expected;
    } bytes[] = {
        {offsetof(struct guard_router, version), 4, "version of VRRP"},
        {offsetof(struct guard_router, version), 2, "whole seconds"},
        {offsetof(struct guard_router, flags), 64, "unknown flag"},
        {offsetof(struct guard_router, priority), 255, "priority"},
        {offsetof(struct guard_router, announce_count), 0, "at least one"},
        {offsetof(struct guard_router, address_count), 0, "1 to 32 addresses"},
        {offsetof(struct guard_router, address_count), 33, "1 to 32 addresses"},
        {offsetof(struct guard_router, peer_count), 33, "32 unicast peers"},
        {offsetof(struct guard_router, peer_count), 1, "peer of its family"},
        {offsetof(struct guard_router, track_count), 17, "at most 16"},
        {offsetof(struct guard_router, route_count), 17, "16 routes"},
        {offsetof(struct guard_router, id), 0, "router's id"},
        {offsetof(struct guard_router, lock), ' ', "lock's name"},
        {offsetof(struct guard_router, group), ' ', "group's name"},
        {offsetof(struct guard_router, interface), '/', "network interface"},
        {offsetof(struct guard_router, password), 'x', "version 2's"},
    };
    struct guard_frame frame = {.type = GUARD_ROUTER_ADD};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(bytes); i++) {
        frame.router = example_router();
        ((uint8_t *)&frame.router)[bytes[i].offset] = bytes[i].value;
        check_not_said(&frame, bytes[i].expected);
    }
    frame.router = example_router();
    guard_copy(frame.router.lock, sizeof(frame.router.lock), "cluster");
    check_not_said(&frame, "vip/");
    frame.router = example_router();
    frame.router.interval_us = 15000;
    check_not_said(&frame, "steps of 10 ms");
    frame.router = example_router();
    frame.router.addresses[1] = frame.router.addresses[0];
    check_not_said(&frame, "twice");
    frame.router = example_router();
    frame.router.addresses[0].prefix = 33;
    check_not_said(&frame, "0 to 32 bits");
    frame.router = example_router();
    frame.router.rules[0].table = 0;
    check_not_said(&frame, "routing table");
    frame.router = example_router();
    memset(frame.router.id, 'x', ROUTER_ID_MAX + 1);
    check_not_said(&frame, "1 to 58");
    frame = (struct guard_frame){.type = GUARD_ROUTER_PRIORITY, .router_priority = {"web", 255, 0}};
    check_not_said(&frame, "0 to 254");
    frame = (struct guard_frame){.type = GUARD_HELLO, .kind = (enum guard_client_kind)3};
    check_not_said(&frame, "0 to 2");
}

static void test_addresses(void **state)
{
    struct gate_address result;
    char text[46];
    static const char *const good[] = {"192.0.2.7", "2001:db8::7", "fe80::1", "0.0.0.0"};
    static const char *const bad[] = {"", "192.0.2", "192.0.2.7/24", "web", "::ffff:1.2.3.4", "1.2.3.4 "};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(good); i++) {
        result = address(good[i]);
        guard_address_text(&result, text);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < HF_ARRAY_LENGTH(bad); i++) {
        struct hf_error *error = guard_address_parse(bad[i], &result);

        assert_int_equal(hf_error_kind(error), HF_USAGE);
        hf_error_free(error);
    }
}

static void test_copy(void **state)
{
    char text[6];

    guard_copy(text, sizeof(text), "abc");
    assert_string_equal(text, "abc");
    guard_copy(text, sizeof(text), "abcdefgh");
    assert_string_equal(text, "abcde");
    guard_copy(text, sizeof(text), "abcd\xc3\xa4"); /* a letter of two bytes is not cut in half */
    assert_string_equal(text, "abcd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_members_arrive),
        cmocka_unit_test(test_cut_and_long),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_router_members_arrive),
        cmocka_unit_test(test_router_at_its_largest),
        cmocka_unit_test(test_router_limits),
        cmocka_unit_test(test_copy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
