/* test_cli_logline.c - lines of logs, and times that people type, by tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/logline.h"
#include "lib/alloc.h"

#define NOW 1795192816 /* 2026-11-20 16:40:16 UTC */

static void lines(void **state)
{
    static const struct {
        const char *line;
        int32_t offset;
        int64_t ms; /* -1: no such line */
        const char *program, *level, *text;
    } table[] = {
        {"Nov 20 16:40:16.301 holdfastd[12] info: hello: you", 0, INT64_C(1795192816301), "holdfastd", "info",
         "hello: you"},
        {"Nov 20 16:40:16 n1 holdfastd[12]: hello", 0, INT64_C(1795192816000), "holdfastd", "", "hello"},
        {"Nov 20 17:40:16 n1 holdfastd[12]: hello", 3600, INT64_C(1795192816000), "holdfastd", "", "hello"},
        {"Dec 31 23:59:59 n1 a[1]: x", 0, INT64_C(1767225599000), "a", "", "x"}, /* last year */
        {"Nov  1 00:00:00 n1 a[1]: x", 0, INT64_C(1793491200000), "a", "", "x"},
        {"2026-11-20T16:40:16.301+00:00 n1 holdfastd[12]: hello", 3600, INT64_C(1795192816301), "holdfastd",
         "", "hello"},
        {"2026-11-20T18:40:16.000301+02:00 n1 holdfastd[12]: hello", 0, INT64_C(1795192816000), "holdfastd",
         "", "hello"},
        {"2026-11-20T16:40:16Z n1 holdfastd[12]: hello", 3600, INT64_C(1795192816000), "holdfastd", "",
         "hello"},
        {"2024-02-29T00:00:00Z n1 a[1]: x", 0, INT64_C(1709164800000), "a", "", "x"},
        {"1795192816.301999 n1 holdfast-guard[7]: gate [open]: yes", 0, INT64_C(1795192816301),
         "holdfast-guard", "", "gate [open]: yes"},
        {"", 0, -1, NULL, NULL, NULL},
        {"hello", 0, -1, NULL, NULL, NULL},
        {"Nov 20 16:40:16", 0, -1, NULL, NULL, NULL},
        {"Nov 20 16:40:16 n1 kernel: no number", 0, -1, NULL, NULL, NULL},
        {"Nov 99 16:40:16 n1 a[1]: x", 0, -1, NULL, NULL, NULL},
        {"Nov 20 26:40:16 n1 a[1]: x", 0, -1, NULL, NULL, NULL},
        {"ovN 20 16:40:16 n1 a[1]: x", 0, -1, NULL, NULL, NULL},
        {"2026-13-20T16:40:16Z n1 a[1]: x", 0, -1, NULL, NULL, NULL},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(table); i++) {
        struct log_line line;
        bool found = log_line_parse(table[i].line, strlen(table[i].line), NOW, table[i].offset, &line);

        if (found != (table[i].ms >= 0) || (found && line.time_ms != table[i].ms))
            fail_msg("%s: %s, %lld", table[i].line, found ? "taken" : "not taken", (long long)line.time_ms);
        if (!found)
            continue;
        assert_string_equal(line.program, table[i].program);
        assert_string_equal(line.level, table[i].level);
        assert_int_equal(line.length, strlen(table[i].text));
        assert_memory_equal(line.text, table[i].text, line.length);
    }
}

static void times(void **state)
{
    static const struct {
        const char *text;
        int32_t offset;
        int64_t seconds; /* -1: no time */
    } table[] = {
        {"@17", 0, 17},
        {"2026-11-20", 0, 1795132800},
        {"2026-11-20", 3600, 1795129200},
        {"2026-11-20 16:40", 0, 1795192800},
        {"2026-11-20T16:40:16", 0, 1795192816},
        {"16:40", 0, 1795192800},
        {"17:40:16", 3600, 1795192816},
        {"10m", 0, NOW - 600},
        {"2h", 0, NOW - 7200},
        {"1d", 0, NOW - 86400},
        {"soon", 0, -1},
        {"", 0, -1},
        {"10", 0, -1},
        {"10x", 0, -1},
        {"25:00", 0, -1},
        {"16:40:", 0, -1},
        {"2026-11-20 noon", 0, -1},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(table); i++) {
        int64_t seconds = 0;
        bool found = log_time_parse(table[i].text, NOW, table[i].offset, &seconds);

        if (found != (table[i].seconds >= 0) || (found && seconds != table[i].seconds))
            fail_msg("%s: %s, %lld", table[i].text, found ? "taken" : "not taken", (long long)seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(times)};

    return cmocka_run_group_tests_name("logline", tests, NULL, NULL);
}
