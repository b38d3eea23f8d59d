/* test_sched_time.c - dates, durations and rules as the scheduler reads them; digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "daemon/sched/digest.h"
#include "daemon/sched/model.h"

static int64_t parse(const char *text)
{
    int64_t epoch = -1;
    return sc_time_parse(text, 1000000000, 0, &epoch) ? epoch : -1;
}

static void times_in_many_spellings(void **state)
{
    (void)state;
    assert_int_equal(parse("1970-01-01T00:00:00Z"), 0);
    assert_int_equal(parse("1970-01-01 00:00:01Z"), 1);
    assert_int_equal(parse("2005-020"), 1106179200);
    assert_int_equal(parse("2005-020T12:30"), 1106224200);
    assert_int_equal(parse("20050120T123000Z"), 1106224200);
    assert_int_equal(parse("2005-01-20T14:30:00+02:00"), 1106224200);
    assert_int_equal(parse("2005-W03-4"), 1106179200);
    assert_int_equal(parse("2005W034"), 1106179200);
    assert_int_equal(parse("2005-1-20"), 1106179200);
    assert_int_equal(parse("2005-01-2T12"), 1104667200);
    assert_int_equal(parse("2005-1-20 9:5:1Z"), 1106211901);
    assert_int_equal(parse("2005-20"), 1106179200);
    assert_int_equal(parse("2005020"), 1106179200);
    assert_int_equal(parse("2005-01-20T14:30:00+0200"), 1106224200);
    assert_int_equal(parse("T01:46:40"), 1000000000); /* today */
    assert_int_equal(parse("01:46:41"), 1000000001);
    assert_int_equal(parse("nonsense"), -1);
    assert_int_equal(parse("2005-13-01"), -1);
    assert_int_equal(parse("2005-1-"), -1);
    assert_int_equal(parse("2005-2-30"), -1);
    assert_int_equal(parse("2005-367"), -1);
    assert_int_equal(parse("2005-"), -1);
    assert_int_equal(parse("2005"), -1);
    assert_int_equal(parse("20051"), -1);
}

static void durations(void **state)
{
    int64_t seconds = 0;
    (void)state;

    assert_true(sc_duration_parse("PT1H", &seconds));
    assert_int_equal(seconds, 3600);
    assert_true(sc_duration_parse("P1DT1M", &seconds));
    assert_int_equal(seconds, 86460);
    assert_false(sc_duration_parse("1h", &seconds));
    assert_false(sc_duration_parse("P20273112120Y61M10S", &seconds)); /* more than fits */
    assert_false(sc_duration_parse("PT999999999H999999999H", &seconds));
}

static void intervals(void **state)
{
    int64_t ms = 0;
    (void)state;

    assert_true(sc_interval("10s", &ms));
    assert_int_equal(ms, 10000);
    assert_true(sc_interval("500ms", &ms));
    assert_int_equal(ms, 500);
    assert_true(sc_interval("2min", &ms));
    assert_int_equal(ms, 120000);
    assert_true(sc_interval("7", &ms));
    assert_int_equal(ms, 7000);
    assert_true(sc_interval("P1D", &ms));
    assert_int_equal(ms, 86400000);
}

static void months_end_where_they_end(void **state)
{
    struct calendar c;
    (void)state;

    sc_calendar(sc_time_add(parse("2024-01-31T00:00:00Z"), 0, -2024, -2, 0, 0), 0,
                &c); /* before the year 0 */
    assert_int_equal(c.year, -1);
    assert_int_equal(c.month, 11);
    assert_int_equal(c.day, 30);
    sc_calendar(sc_time_add(parse("2024-01-31T00:00:00Z"), 0, 0, 1, 0, 0), 0, &c);
    assert_int_equal(c.month, 2);
    assert_int_equal(c.day, 29);
    sc_calendar(parse("2026-11-20T10:00:00Z"), 0, &c);
    assert_int_equal(c.weekday, 5);
    assert_int_equal(c.yearday, 324);
}

static void infinities_absorb(void **state)
{
    (void)state;
    assert_int_equal(sc_add(SC_INFINITY, 5), SC_INFINITY);
    assert_int_equal(sc_add(SC_INFINITY, -SC_INFINITY), -SC_INFINITY);
    assert_int_equal(sc_add(999999, 999999), SC_INFINITY);
    assert_int_equal(sc_add(3, 4), 7);
}

static void names_sort_as_people_count(void **state)
{
    (void)state;
    assert_true(sc_natural_compare("node2", "node10") < 0);
    assert_true(sc_natural_compare("a", "b") < 0);
    assert_int_equal(sc_natural_compare("n1", "N1"), 0);
}

/* The digest of no parameters at all is in every Pacemaker history: f2317cad... */
static void digests_are_pacemakers(void **state)
{
    char digest[SCHED_DIGEST_SIZE];
    const struct graph_attr monitor[] = {{"CRM_meta_timeout", "20000"}, {"CRM_meta_name", "monitor"}};
    const struct graph_attr secret[] = {{"user", "joe"}, {"passwd", "x"}};
    char without[SCHED_DIGEST_SIZE];
    (void)state;

    sched_digest_all(NULL, 0, digest);
    assert_string_equal(digest, "f2317cad3d54cec5d7d7aa7d0bf35cf8");
    sched_digest_all(monitor, 2, digest);
    assert_string_equal(digest, "4811cef7f7f94e3a35a70be7916cb2fd");
    struct graph_action action = {.attrs = monitor, .n_attrs = 2};
    sched_digest_action(&action, digest); /* the timeout of what is done once is no parameter */
    assert_string_equal(digest, "f2317cad3d54cec5d7d7aa7d0bf35cf8");
    action.interval_ms = 10000;
    sched_digest_action(&action, digest);
    assert_string_equal(digest, "4811cef7f7f94e3a35a70be7916cb2fd");
    sched_digest_list(secret, 2, " passwd ", false, digest);
    sched_digest_all(secret, 1, without);
    assert_string_equal(digest, without);
}

static int only_w_after_y(const void *a, const void *b, void *context)
{
    (void)context;
    return strcmp(a, "w") == 0 && strcmp(b, "y") == 0   ? 1
           : strcmp(a, "y") == 0 && strcmp(b, "w") == 0 ? -1
                                                        : 0;
}

/* Of entries of a history that cannot be told apart: the order that a merge of halves gives, GLib's. */
static void sorting_merges_halves(void **state)
{
    const char *items[] = {"w", "x", "y", "z"};
    (void)state;

    sc_sort(items, 4, only_w_after_y, NULL);
    assert_string_equal(items[0], "y");
    assert_string_equal(items[1], "w");
    assert_string_equal(items[2], "x");
    assert_string_equal(items[3], "z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_in_many_spellings),    cmocka_unit_test(durations),
        cmocka_unit_test(sorting_merges_halves),      cmocka_unit_test(intervals),
        cmocka_unit_test(months_end_where_they_end),  cmocka_unit_test(infinities_absorb),
        cmocka_unit_test(names_sort_as_people_count), cmocka_unit_test(digests_are_pacemakers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
