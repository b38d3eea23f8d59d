/* test_guard_watchdog.c - when the watchdog is fed, and what is written to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/guard/clock.h"
#include "daemon/guard/watchdog.h"

#define MS INT64_C(1000000)

static void check(struct watchdog_facts facts, enum watchdog_verdict verdict, const char *expected)
{
    char reason[GUARD_TEXT_MAX + 1];

    assert_int_equal(watchdog_judge(&facts, reason), verdict);
    if (strstr(reason, expected) == NULL)
        fail_msg("'%s' does not say '%s'", reason, expected);
    if (expected[0] == '\0')
        assert_string_equal(reason, "");
}

static void test_judge(void **state)
{
    struct watchdog_facts facts = {.now = 10000 * MS, .alive_at = 9000 * MS, .losses = 3};

    check(facts, WATCHDOG_NOT_NEEDED, ""); /* never heard of holdfastd: nothing runs */
    facts.alive = (struct guard_alive){.needed = false, .limit_ms = 10, .obeyed = 0};
    check(facts, WATCHDOG_NOT_NEEDED, ""); /* silent, but nothing ran when it last spoke */
    facts.alive = (struct guard_alive){.needed = true, .limit_ms = 1001, .obeyed = 3};
    check(facts, WATCHDOG_FEED, "");
    assert_true(watchdog_expiry(&facts) == 10001 * MS);
    facts.alive.limit_ms = 1000;
    check(facts, WATCHDOG_STARVE, "not been heard for more than its 1000 ms");
    facts.alive.limit_ms = 5000;
    facts.alive.obeyed = 2;
    check(facts, WATCHDOG_STARVE, "a lock was lost");
    facts.alive.obeyed = 4;
    facts.alive.late = true;
    check(facts, WATCHDOG_STARVE, "has not stopped yet");
    facts.alive.late = false;
    facts.gates = "VIP web: broken";
    check(facts, WATCHDOG_STARVE, "a gate is not as ordered: VIP web: broken");
    facts.gates = NULL;
    check(facts, WATCHDOG_FEED, "");
}

static void test_clock(void **state)
{
    struct clock_watch watch = {0};
    const int64_t day = 86400000 * MS;

    assert_true(clock_watch_look(&watch, 5 * MS, day) == 0); /* nothing to compare with */
    assert_true(clock_watch_look(&watch, 1005 * MS, day + 1000 * MS) == 0);
    assert_true(clock_watch_look(&watch, 2005 * MS, day + 2499 * MS) == 0); /* slow looks */
    assert_true(clock_watch_look(&watch, 3005 * MS, 3499 * MS) == -day);
    assert_true(clock_watch_look(&watch, 4005 * MS, 4499 * MS) == 0);
    assert_true(clock_watch_look(&watch, 5005 * MS, 5999 * MS) == 500 * MS);
    assert_true(clock_watch_look(&watch, 500000 * MS, 500994 * MS) == 0); /* the machine slept */
}

/* The device is a FIFO here. */
static char directory[] = "/tmp/test_guard_watchdog.XXXXXX", path[64];
static int reader;

static int setup(void **state)
{
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/watchdog", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    reader = open(path, O_RDONLY | O_NONBLOCK);
    return reader < 0;
}

static int teardown(void **state)
{
    close(reader);
    unlink(path);
    rmdir(directory);
    return 0;
}

static void check_written(const char *expected)
{
    char bytes[64];
    ssize_t length = read(reader, bytes, sizeof(bytes));

    if (length < 0)
        length = 0;
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(bytes, expected, strlen(expected));
}

static void test_device(void **state)
{
    struct watchdog *watchdog = watchdog_new(path, 5000);

    assert_true(watchdog_configured(watchdog));
    assert_false(watchdog_running(watchdog));
    assert_int_equal(watchdog_timeout(watchdog), 5000);
    check_written("");
    assert_null(watchdog_stop(watchdog)); /* not running: nothing to stop */
    check_written("");
    assert_null(watchdog_feed(watchdog));
    assert_true(watchdog_running(watchdog));
    check_written("\1");
    assert_null(watchdog_feed(watchdog));
    assert_null(watchdog_feed(watchdog));
    check_written("\1\1");
    assert_null(watchdog_stop(watchdog)); /* the magic close */
    check_written("V");
    assert_false(watchdog_running(watchdog));
    assert_null(watchdog_feed(watchdog)); /* and again */
    check_written("\1");
    watchdog_free(watchdog); /* left running: no magic */
    check_written("");
}

static void test_missing(void **state)
{
    struct watchdog *watchdog = watchdog_new("/no/such/watchdog", 5000);
    struct hf_error *error = watchdog_feed(watchdog);

    assert_int_equal(hf_error_kind(error), HF_FAILED);
    assert_non_null(strstr(hf_error_text(error), "/no/such/watchdog"));
    hf_error_free(error);
    assert_false(watchdog_running(watchdog));
    watchdog_free(watchdog);
    watchdog = watchdog_new(NULL, 5000);
    assert_false(watchdog_configured(watchdog));
    assert_null(watchdog_feed(watchdog));
    assert_null(watchdog_stop(watchdog));
    watchdog_free(watchdog);
    watchdog_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_clock),
        cmocka_unit_test_setup_teardown(test_device, setup, teardown),
        cmocka_unit_test(test_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
