/* test_lock_frame.c - frames and records of the lock protocol: what is written is read back, and nothing
 * else is accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arbiter/frame.h"
#include "arbiter/record.h"

static struct frame_item items[FRAME_ITEMS_MAX];

static void decode_ok(const uint8_t *bytes, size_t length, struct frame *frame)
{
    struct hf_error *error HF_CLEANUP(hf_error_freep) = frame_decode(bytes, length, frame, items);

    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
}

static void assert_refused(const uint8_t *bytes, size_t length)
{
    struct frame frame;
    struct hf_error *error HF_CLEANUP(hf_error_freep) = frame_decode(bytes, length, &frame, items);

    assert_int_equal(hf_error_kind(error), HF_REFUSED);
}

static void simple_frames_come_back(void **state)
{
    static const enum frame_type types[] = {FRAME_HELLO, FRAME_TEACH, FRAME_WELCOME, FRAME_GOODBYE};
    uint8_t bytes[FRAME_MAX];

    for (size_t i = 0; i < HF_ARRAY_LENGTH(types); i++) {
        struct frame in = {.type = types[i], .seq = 77, .session = UINT64_C(0x123456789abcdef0)};
        struct frame out;
        size_t length;

        if (types[i] == FRAME_HELLO)
            memset(in.boot, 0xa5, sizeof(in.boot));
        if (types[i] == FRAME_TEACH || types[i] == FRAME_WELCOME) {
            in.incarnation = UINT64_MAX;
            in.top = 42;
        }
        if (types[i] == FRAME_WELCOME) {
            in.ready_ms = 1000;
            in.max_hold_ms = 60000;
            in.known = true;
        }
        if (types[i] == FRAME_GOODBYE)
            in.reason = FRAME_BYE_LIMIT;
        length = frame_encode(&in, bytes);
        assert_int_equal(frame_size(bytes, length), length);
        assert_int_equal(frame_size(bytes, 1), 0);
        decode_ok(bytes, length, &out);
        assert_memory_equal(&in, &out, sizeof(in));
        for (size_t cut = 0; cut < length; cut++)
            assert_refused(bytes, cut);
        bytes[1] = (uint8_t)(length + 1);
        bytes[length] = 0;
        assert_refused(bytes, length + 1);
    }
}

static void items_come_back_and_are_bounded(void **state)
{
    struct frame_writer writer;
    struct frame frame;
    unsigned count = 0;

    for (unsigned op = FRAME_ACQUIRE; op <= FRAME_RELEASE; op++) {
        struct frame_item item = {.op = (uint8_t)op, .term = 9, .lease_ms = 300, .drain_ms = 5};

        frame_begin(&writer, FRAME_REQUEST, 1, 2);
        strcpy(item.lock, "vip/web");
        strcpy(item.node, op == FRAME_RELEASE ? "n2" : "");
        for (count = 0; frame_add(&writer, &item); count++)
            ;
        assert_in_range(writer.length, FRAME_MAX - 40, FRAME_MAX);
        decode_ok(writer.bytes, writer.length, &frame);
        assert_int_equal(frame.items, count);
        assert_int_equal(frame_count(&writer), count);
        for (unsigned i = 0; i < count; i++) {
            assert_string_equal(items[i].lock, "vip/web");
            assert_string_equal(items[i].node, item.node);
            assert_int_equal(items[i].op, op);
            assert_int_equal(items[i].term, op == FRAME_PROBE || op == FRAME_WAIT ? 0 : 9);
            assert_int_equal(items[i].lease_ms, op == FRAME_ACQUIRE ? 300 : 0);
        }
        for (size_t cut = 0; cut < writer.length; cut++)
            assert_refused(writer.bytes, cut);
    }
    for (unsigned op = FRAME_GRANTED; op <= FRAME_ANSWER_LAST; op++) {
        struct frame_item item = {
            .op = (uint8_t)op, .term = UINT64_MAX, .lease_ms = 300, .remaining_ms = 299, .node = "n1"};

        frame_begin(&writer, FRAME_REPLY, 1, 0);
        memset(item.lock, 'x', FRAME_NAME_MAX);
        while (frame_add(&writer, &item))
            ;
        decode_ok(writer.bytes, writer.length, &frame);
        assert_true(frame.items >= 5);
        assert_int_equal(items[0].remaining_ms, 299);
        assert_string_equal(items[4].lock, item.lock);
        assert_string_not_equal(frame_answer_name(op), "unknown");
    }
}

static void bad_frames_are_refused(void **state)
{
    struct frame_item item = {.op = FRAME_PROBE, .lock = "a"};
    struct frame_writer writer;
    uint8_t header[4] = {0, 16, FRAME_VERSION, FRAME_REQUEST};

    frame_begin(&writer, FRAME_REQUEST, 1, 2);
    assert_true(frame_add(&writer, &item));
    writer.bytes[FRAME_HEADER + 3] = ' '; /* a name with a blank */
    assert_refused(writer.bytes, writer.length);
    writer.bytes[FRAME_HEADER + 3] = '\0';
    assert_refused(writer.bytes, writer.length);
    writer.bytes[FRAME_HEADER + 3] = 'a';
    writer.bytes[FRAME_HEADER + 1] = 200; /* no such operation */
    assert_refused(writer.bytes, writer.length);
    writer.bytes[3] = 99; /* no such type */
    assert_refused(writer.bytes, writer.length);
    header[1] = FRAME_HEADER - 1;
    assert_int_equal(frame_size(header, 4), -1);
    header[0] = 2, header[1] = 1; /* 513 */
    assert_int_equal(frame_size(header, 4), -1);
    header[1] = 0; /* 512 */
    assert_int_equal(frame_size(header, 4), FRAME_MAX);
    header[2] = 'G'; /* plaintext of another protocol */
    assert_int_equal(frame_size(header, 3), -1);
}

static void names_are_checked(void **state)
{
    char name[FRAME_NAME_MAX + 2] = {0};

    assert_true(frame_name_ok("vip/web-1.example_a:b@c"));
    assert_false(frame_name_ok(""));
    assert_false(frame_name_ok("a b"));
    assert_false(frame_name_ok("a\n"));
    memset(name, 'n', FRAME_NAME_MAX + 1);
    assert_false(frame_name_ok(name));
    name[FRAME_NAME_MAX] = '\0';
    assert_true(frame_name_ok(name));
}

/* --- records --- */

struct seen {
    unsigned count;
    uint64_t last_term;
};

static void see(void *context, const struct record *record)
{
    struct seen *seen = context;

    seen->count++;
    seen->last_term = record->term;
}

static void add_batch(struct hf_buf *file, uint64_t number, uint64_t term, size_t count)
{
    struct record records[4] = {0};

    for (size_t i = 0; i < count; i++) {
        records[i] = (struct record){
            .kind = i == 0 ? RECORD_CLUSTER : RECORD_LOCK, .term = term, .cluster = "c1", .lock = "cluster"};
        records[i].lock[0] = i == 0 ? '\0' : 'k';
        strcpy(records[i].node, i == 2 ? "n1" : "");
    }
    record_batch(file, number, records, count);
}

static void a_torn_tail_loses_only_itself(void **state)
{
    struct hf_buf file HF_CLEANUP(hf_buf_free) = {0};
    size_t whole;

    add_batch(&file, 1, 10, 2);
    whole = file.length;
    add_batch(&file, 2, 11, 3);
    for (size_t length = 0; length <= file.length; length++) {
        struct seen seen = {0};
        struct record_file result;
        struct hf_error *error = record_read(file.data, length, see, &seen, &result);

        assert_null(error);
        assert_int_equal(result.good, length == file.length ? file.length : length >= whole ? whole : 0);
        assert_int_equal(result.number, length == file.length ? 2 : length >= whole ? 1 : 0);
        assert_int_equal(seen.count, length == file.length ? 5 : length >= whole ? 2 : 0);
        assert_int_equal(result.torn, result.good != length);
    }
}

static void damage_is_not_a_tear(void **state)
{
    struct hf_buf file HF_CLEANUP(hf_buf_free) = {0};
    size_t first;

    add_batch(&file, 1, 10, 2);
    first = file.length;
    add_batch(&file, 2, 11, 3);
    for (size_t at = 0; at < file.length; at++) {
        struct seen seen = {0};
        struct record_file result;
        struct hf_error *error;

        file.data[at] ^= 0x10;
        error = record_read(file.data, file.length, see, &seen, &result);
        if (at < first)
            assert_int_equal(hf_error_kind(error), HF_REFUSED);
        else
            assert_true(error == NULL && result.torn && result.good == first && seen.last_term == 10);
        hf_error_free(error);
        file.data[at] ^= 0x10;
    }
}

static void batches_do_not_go_back(void **state)
{
    struct hf_buf file HF_CLEANUP(hf_buf_free) = {0};
    struct seen seen = {0};
    struct record_file result;
    struct hf_error *error HF_CLEANUP(hf_error_freep) = NULL;

    add_batch(&file, 2, 10, 1);
    add_batch(&file, 2, 11, 1);
    error = record_read(file.data, file.length, see, &seen, &result);
    assert_int_equal(hf_error_kind(error), HF_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_frames_come_back),       cmocka_unit_test(items_come_back_and_are_bounded),
        cmocka_unit_test(bad_frames_are_refused),        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(a_torn_tail_loses_only_itself), cmocka_unit_test(damage_is_not_a_tear),
        cmocka_unit_test(batches_do_not_go_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
