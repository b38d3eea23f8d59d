/* test_node_message.c - unit tests of daemon/node/message.h: every kind survives the wire, nothing that is
 * cut short or garbled is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/node/message.h"
#include "lib/wire.h"

static struct node_pair params[] = {{"ip", "10.0.0.1"}, {"CRM_meta_timeout", "20000"}};

static const struct node_message samples[] = {
    {.kind = NODE_MESSAGE_ACTION,
     .to = 2,
     .action = {.key = "4:7:0:u",
                .task = "start",
                .operation = "ip_start_0",
                .resource = "ip",
                .class_ = "ocf",
                .provider = "heartbeat",
                .type = "IPaddr2",
                .timeout_ms = 20000,
                .target_rc = 7,
                .no_record = true,
                .params = params,
                .n_params = 2}},
    {.kind = NODE_MESSAGE_DONE, .to = 1, .key = "1:2:0:u", .rc = 5, .status = -1, .text = "why"},
    {.kind = NODE_MESSAGE_CLEANUP, .text = "db", .refresh = true},
    {.kind = NODE_MESSAGE_SETTLE, .to = 3, .ticket = UINT64_MAX},
    {.kind = NODE_MESSAGE_SETTLED, .to = 3, .ticket = 9, .rc = 0, .text = ""},
    {.kind = NODE_MESSAGE_EXIT, .to = 3},
    {.kind = NODE_MESSAGE_FENCE,
     .to = 3,
     .ticket = 7,
     .fencing = {.device = "ipmi",
                 .action = 2,
                 .target = "n2",
                 .parameter = "port",
                 .decides = true,
                 .timeout_ms = 60000}},
    {.kind = NODE_MESSAGE_FENCE,
     .to = 3,
     .ticket = 7,
     .fencing = {.forget = true, .device = "", .target = "", .parameter = ""}},
    {.kind = NODE_MESSAGE_SHOOT, .to = 1, .ticket = 9, .rc = 1, .text = "n2"},
    {.kind = NODE_MESSAGE_FENCED, .to = 1, .ticket = 7, .rc = 1, .status = 1, .text = "", .key = "no answer"},
    {.kind = NODE_MESSAGE_LOCK, .ticket = 41, .rc = 1, .status = 1},
    {.kind = NODE_MESSAGE_DRAINED},
    {.kind = NODE_MESSAGE_CAUGHT_UP, .to = 1, .ticket = 9, .rc = 3},
    {.kind = NODE_MESSAGE_PRIORITY, .to = 2, .text = "vip", .rc = 240, .status = 1},
    {.kind = NODE_MESSAGE_HINT, .text = "n2", .rc = 1},
    {.kind = NODE_MESSAGE_CONFIRM, .to = 1, .ticket = 8, .text = "n2"},
    {.kind = NODE_MESSAGE_REPLICA, .bytes = "abc", .length = 3},
};

static void every_kind_survives_the_wire(void **state)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(samples); i++) {
        struct hf_buf first = {0}, second = {0};
        struct node_message message;

        node_message_encode(&samples[i], &first);
        assert_null(node_message_decode(first.data, first.length, &message));
        assert_int_equal(message.kind, samples[i].kind);
        node_message_encode(&message, &second);
        assert_int_equal(first.length, second.length);
        assert_memory_equal(first.data, second.data, first.length);
        node_message_clear(&message);
        hf_buf_free(&first);
        hf_buf_free(&second);
    }
}

static void nothing_cut_short_or_too_long_is_taken(void **state)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(samples); i++) {
        struct hf_buf bytes = {0};

        if (samples[i].kind == NODE_MESSAGE_REPLICA)
            continue; /* its bytes are judged by the replica */
        node_message_encode(&samples[i], &bytes);
        hf_put_u8(&bytes, 0);
        for (size_t length = 0; length <= bytes.length; length++) {
            struct node_message message;
            struct hf_error *error;

            if (length == bytes.length - 1)
                continue;
            error = node_message_decode(bytes.data, length, &message);
            assert_int_equal(hf_error_kind(error), HF_REFUSED);
            hf_error_free(error);
        }
        hf_buf_free(&bytes);
    }
}

static void a_count_that_the_bytes_cannot_hold_is_refused(void **state)
{
    struct hf_buf bytes = {0};
    struct node_message message = {.kind = NODE_MESSAGE_ACTION};
    struct hf_error *error;

    node_message_encode(&message, &bytes);
    memset(bytes.data + bytes.length - 4, 0xff, 4);
    error = node_message_decode(bytes.data, bytes.length, &message);
    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    hf_error_free(error);
    hf_buf_free(&bytes);
}

static void transition_keys(void **state)
{
    struct node_key key;
    HF_CLEANUP(hf_freep) char *text = NULL;
    static const char *const wrong[] = {
        "", "1:2:3", "1:2:3:", "x:2:3:u", "1:2:3:aa zz", "1:2:3:12345678-1234-1234-1234-1234567890123"};

    assert_true(node_key_parse("12:34:7:3e0d9a52-6d1c-4d1a-9a5e-0123456789ab", &key));
    assert_int_equal(key.action, 12);
    assert_int_equal(key.transition, 34);
    assert_int_equal(key.target_rc, 7);
    text = node_key_make(&key);
    assert_string_equal(text, "12:34:7:3e0d9a52-6d1c-4d1a-9a5e-0123456789ab");
    for (size_t i = 0; i < HF_ARRAY_LENGTH(wrong); i++)
        assert_false(node_key_parse(wrong[i], &key));
    assert_false(node_key_parse(NULL, &key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_survives_the_wire),
        cmocka_unit_test(nothing_cut_short_or_too_long_is_taken),
        cmocka_unit_test(a_count_that_the_bytes_cannot_hold_is_refused),
        cmocka_unit_test(transition_keys),
    };

    return cmocka_run_group_tests_name("node messages", tests, NULL, NULL);
}
