/* test_runner_protocol.c - unit tests of daemon/runner/protocol.c: every frame there and back, every limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/runner/protocol.h"

static struct runner_call sample_call(void)
{
    struct runner_call call = {.id = 42,
                               .resource = hf_strdup("web"),
                               .operation = hf_strdup("monitor"),
                               .interval_ms = 10000,
                               .timeout_ms = 20000,
                               .start_delay_ms = 5,
                               .expected_rc = -1,
                               .class = hf_strdup("ocf"),
                               .provider = hf_strdup("heartbeat"),
                               .type = hf_strdup("Dummy"),
                               .userdata = hf_memdup("a\0b", 3),
                               .userdata_length = 3};

    runner_call_param(&call, "state", "/run/x y=z");
    runner_call_param(&call, "empty", "");
    return call;
}

static struct runner_result sample_result(void)
{
    return (struct runner_result){.sequence = 1ULL << 40,
                                  .call_id = 42,
                                  .resource = hf_strdup("web"),
                                  .operation = hf_strdup("start"),
                                  .expected_rc = 0,
                                  .class = hf_strdup("ocf"),
                                  .provider = hf_strdup("heartbeat"),
                                  .type = hf_strdup("Dummy"),
                                  .rc = 193,
                                  .status = RUNNER_PENDING,
                                  .history = RUNNER_INFLIGHT,
                                  .reason = hf_strdup("because"),
                                  .output = hf_strdup("line\nline\n"),
                                  .start_time = 1700000000,
                                  .rc_change_time = 1700000001,
                                  .exec_ms = 12,
                                  .queue_ms = 3,
                                  .userdata = hf_memdup("u", 1),
                                  .userdata_length = 1};
}

/* Encodes and decodes; the frame given is cleared. */
static struct runner_frame there_and_back(struct runner_frame frame)
{
    struct hf_buf buf = {0};
    struct runner_frame back;

    assert_null(runner_encode(&frame, &buf));
    assert_null(runner_decode(buf.data, buf.length, &back));
    /* Cut anywhere it is refused, and nothing leaks or is read beyond the end. */
    for (size_t length = 0; length < buf.length; length++) {
        struct runner_frame cut;
        void *exact = hf_memdup(buf.data, length == 0 ? 1 : length);

        HF_CLEANUP(hf_error_freep) struct hf_error *error = runner_decode(exact, length, &cut);
        assert_int_equal(hf_error_kind(error), HF_REFUSED);
        free(exact);
    }
    hf_buf_putc(&buf, 'x');
    {
        struct runner_frame longer;
        HF_CLEANUP(hf_error_freep) struct hf_error *error = runner_decode(buf.data, buf.length, &longer);
        assert_int_equal(hf_error_kind(error), HF_REFUSED);
    }
    hf_buf_free(&buf);
    runner_frame_clear(&frame);
    return back;
}

static void run_there_and_back(void **state)
{
    struct runner_frame back =
        there_and_back((struct runner_frame){.type = RUNNER_RUN, .call = sample_call()});

    assert_int_equal(back.type, RUNNER_RUN);
    assert_int_equal(back.call.id, 42);
    assert_string_equal(back.call.resource, "web");
    assert_string_equal(back.call.operation, "monitor");
    assert_int_equal(back.call.interval_ms, 10000);
    assert_int_equal(back.call.timeout_ms, 20000);
    assert_int_equal(back.call.start_delay_ms, 5);
    assert_int_equal(back.call.expected_rc, -1);
    assert_string_equal(back.call.class, "ocf");
    assert_string_equal(back.call.provider, "heartbeat");
    assert_string_equal(back.call.type, "Dummy");
    assert_int_equal(back.call.param_count, 2);
    assert_string_equal(back.call.params[0].name, "state");
    assert_string_equal(back.call.params[0].value, "/run/x y=z");
    assert_string_equal(back.call.params[1].value, "");
    assert_int_equal(back.call.userdata_length, 3);
    assert_memory_equal(back.call.userdata, "a\0b", 3);

    struct runner_call copy;

    runner_call_copy(&copy, &back.call);
    runner_frame_clear(&back);
    assert_string_equal(copy.params[0].name, "state");
    assert_memory_equal(copy.userdata, "a\0b", 3);
    runner_call_clear(&copy);
}

static void result_there_and_back(void **state)
{
    struct runner_frame back =
        there_and_back((struct runner_frame){.type = RUNNER_HISTORY, .result = sample_result()});

    assert_int_equal(back.result.sequence, 1ULL << 40);
    assert_int_equal(back.result.call_id, 42);
    assert_int_equal(back.result.rc, 193);
    assert_int_equal(back.result.status, RUNNER_PENDING);
    assert_int_equal(back.result.history, RUNNER_INFLIGHT);
    assert_string_equal(back.result.reason, "because");
    assert_string_equal(back.result.output, "line\nline\n");
    assert_int_equal(back.result.start_time, 1700000000);
    assert_int_equal(back.result.rc_change_time, 1700000001);
    assert_int_equal(back.result.exec_ms, 12);
    assert_int_equal(back.result.queue_ms, 3);
    assert_memory_equal(back.result.userdata, "u", 1);
    runner_frame_clear(&back);
}

static void small_frames_there_and_back(void **state)
{
    struct runner_frame back =
        there_and_back((struct runner_frame){.type = RUNNER_HELLO, .instance = 7, .owner = true, .pid = 99});

    assert_int_equal(back.instance, 7);
    assert_true(back.owner);
    assert_int_equal(back.pid, 99);
    back = there_and_back((struct runner_frame){.type = RUNNER_ACK, .sequence = 8});
    assert_int_equal(back.sequence, 8);
    back = there_and_back((struct runner_frame){.type = RUNNER_CANCEL,
                                                .resource = hf_strdup("r"),
                                                .operation = hf_strdup("monitor"),
                                                .interval_ms = 9});
    assert_string_equal(back.resource, "r");
    assert_string_equal(back.operation, "monitor");
    assert_int_equal(back.interval_ms, 9);
    runner_frame_clear(&back);
    back = there_and_back((struct runner_frame){.type = RUNNER_FORGET, .resource = hf_strdup("r")});
    assert_string_equal(back.resource, "r");
    runner_frame_clear(&back);
    back = there_and_back((struct runner_frame){.type = RUNNER_HURRY, .resource = hf_strdup("r")});
    assert_string_equal(back.resource, "r");
    runner_frame_clear(&back);
    there_and_back((struct runner_frame){.type = RUNNER_LIST});
    there_and_back((struct runner_frame){.type = RUNNER_END});
}

static void refuses(struct runner_frame *frame, const char *why)
{
    struct hf_buf buf = {0};
    HF_CLEANUP(hf_error_freep) struct hf_error *error = runner_encode(frame, &buf);

    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    assert_non_null(strstr(hf_error_text(error), why));
    assert_int_equal(buf.length, 0);
    hf_buf_free(&buf);
}

static void limits_are_kept_when_sending(void **state)
{
    struct runner_frame frame = {.type = RUNNER_RUN, .call = sample_call()};
    char *big = hf_calloc(1, RUNNER_FRAME_MAX + 1);

    memset(big, 'v', RUNNER_FRAME_MAX);
    frame.call.id = 0;
    refuses(&frame, "call id is 0");
    frame.call.id = 1;
    runner_call_param(&frame.call, "big", big);
    refuses(&frame, "limit is 131072");
    frame.call.params[2].name[0] = '=';
    refuses(&frame, "'=' inside");
    free(frame.call.params[2].name);
    frame.call.params[2].name = hf_strdup("ok");
    free(frame.call.params[2].value);
    frame.call.params[2].value = hf_strdup("fine");
    free(frame.call.userdata);
    frame.call.userdata = hf_calloc(1, RUNNER_USERDATA_MAX + 1);
    frame.call.userdata_length = RUNNER_USERDATA_MAX + 1;
    refuses(&frame, "user data");
    frame.call.userdata_length = RUNNER_USERDATA_MAX;
    frame.call.resource[0] = '\0';
    refuses(&frame, "empty");
    frame.call.resource[0] = 'w';

    struct hf_buf buf = {0};

    assert_null(runner_encode(&frame, &buf));
    assert_true(buf.length <= RUNNER_FRAME_MAX);
    hf_buf_free(&buf);
    runner_frame_clear(&frame);
    free(big);
}

static void damaged_frames_are_refused_or_read_never_worse(void **state)
{
    struct runner_frame frame = {.type = RUNNER_RUN, .call = sample_call()};
    struct hf_buf buf = {0};
    int refused = 0;

    assert_null(runner_encode(&frame, &buf));
    for (size_t at = 0; at < buf.length; at++) {
        for (int bit = 0; bit < 8; bit++) {
            struct runner_frame back;

            buf.data[at] ^= (char)(1 << bit);
            HF_CLEANUP(hf_error_freep) struct hf_error *error = runner_decode(buf.data, buf.length, &back);
            refused += error != NULL;
            runner_frame_clear(&back);
            buf.data[at] ^= (char)(1 << bit);
        }
    }
    assert_true(refused > 100);

    struct runner_frame back;

    buf.data[0] = 9;
    HF_CLEANUP(hf_error_freep) struct hf_error *error = runner_decode(buf.data, buf.length, &back);
    assert_non_null(strstr(hf_error_text(error), "version 9, expected 1"));
    hf_buf_free(&buf);
    runner_frame_clear(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_there_and_back),
        cmocka_unit_test(result_there_and_back),
        cmocka_unit_test(small_frames_there_and_back),
        cmocka_unit_test(limits_are_kept_when_sending),
        cmocka_unit_test(damaged_frames_are_refused_or_read_never_worse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
