/* test_guard_orders.c - the file of the guard's orders: kept whole, or refused; of another boot, none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/guard/orders.h"

static const uint8_t boot[ORDERS_BOOT_BYTES] = "this boot......",
                     other_boot[ORDERS_BOOT_BYTES] = "another boot...";

static struct orders example(void)
{
    struct orders orders = {.alive = {.needed = true, .limit_ms = 3000, .obeyed = 7}, .top = 41};
    struct guard_vip vip = {.id = "web", .lock = "vip/web", .interface = "eth0", .prefix = 24, .flags = 2};

    assert_null(guard_address_parse("192.0.2.7", &vip.address));
    orders_add_want(&orders, &(struct guard_want){.lock = "cluster", .rank = 1, .drain_ms = 9000});
    orders_add_want(&orders, &(struct guard_want){.lock = "vip/web"});
    orders_add_vip(&orders, &vip);
    return orders;
}

static void check_same(const struct orders *a, const struct orders *b)
{
    assert_int_equal(a->want_count, b->want_count);
    assert_int_equal(a->vip_count, b->vip_count);
    for (size_t i = 0; i < a->want_count; i++) {
        assert_string_equal(a->wants[i].lock, b->wants[i].lock);
        assert_int_equal(a->wants[i].rank, b->wants[i].rank);
        assert_int_equal(a->wants[i].drain_ms, b->wants[i].drain_ms);
    }
    for (size_t i = 0; i < a->vip_count; i++)
        assert_memory_equal(&a->vips[i], &b->vips[i], sizeof(a->vips[i]));
    assert_int_equal(a->alive.needed, b->alive.needed);
    assert_int_equal(a->alive.limit_ms, b->alive.limit_ms);
    assert_int_equal(a->top, b->top);
}

static void test_round_trip(void **state)
{
    struct orders orders = example(), again, none = {0};
    struct hf_buf bytes = {0};

    orders_encode(&orders, boot, &bytes);
    assert_null(orders_decode(bytes.data, bytes.length, boot, &again));
    check_same(&orders, &again);
    orders_clear(&again);
    assert_null(orders_decode(bytes.data, bytes.length, other_boot, &again));
    check_same(&none, &again);
    orders_clear(&again);
    orders_clear(&orders);
    hf_buf_free(&bytes);
}

/* Cut anywhere but between two orders it is refused; between two, what is there is right. */
static void test_cut(void **state)
{
    struct orders orders = example();
    struct hf_buf bytes = {0};
    size_t refused = 0;

    orders_encode(&orders, boot, &bytes);
    for (size_t length = 0; length < bytes.length; length++) {
        void *exact = hf_memdup(bytes.data, length == 0 ? 1 : length);
        struct orders again;
        struct hf_error *error = orders_decode(exact, length, boot, &again);

        if (error != NULL) {
            assert_int_equal(hf_error_kind(error), HF_REFUSED);
            assert_int_equal(again.want_count + again.vip_count, 0);
            refused++;
        }
        hf_error_free(error);
        orders_clear(&again);
        free(exact);
    }
    assert_true(refused >= bytes.length - 5);
    orders_clear(&orders);
    hf_buf_free(&bytes);
}

static void test_damaged(void **state)
{
    struct orders orders = example(), again;
    struct hf_buf bytes = {0};

    orders_encode(&orders, boot, &bytes);
    for (size_t at = 0; at < bytes.length; at++)
        for (int bit = 0; bit < 8; bit++) {
            bytes.data[at] = (char)(bytes.data[at] ^ 1 << bit);
            hf_error_free(orders_decode(bytes.data, bytes.length, boot, &again));
            orders_clear(&again);
            bytes.data[at] = (char)(bytes.data[at] ^ 1 << bit);
        }
    orders_clear(&orders);
    hf_buf_free(&bytes);
}

static void test_file(void **state)
{
    char directory[] = "/tmp/test_guard_orders.XXXXXX", path[64];
    struct orders orders = example(), again;
    struct stat info;

    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/orders", directory);
    assert_null(orders_load(path, boot, &again)); /* no file: no orders */
    assert_int_equal(again.want_count, 0);
    for (int i = 0; i < 2; i++) {
        assert_null(orders_save(path, &orders, boot));
        assert_null(orders_load(path, boot, &again));
        check_same(&orders, &again);
        orders_clear(&again);
    }
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(truncate(path, info.st_size - 1), 0);

    struct hf_error *error = orders_load(path, boot, &again);

    assert_non_null(strstr(hf_error_text(error), path));
    hf_error_free(error);
    unlink(path);
    rmdir(directory);
    error = orders_save(path, &orders, boot);
    assert_int_equal(hf_error_kind(error), HF_FAILED);
    hf_error_free(error);
    orders_clear(&orders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
