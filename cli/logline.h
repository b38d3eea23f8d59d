/* logline.h - one line of a log, as journalctl, syslog or our own daemons write it.
 *
 * Pure.  Understood are the times "1700000000.123456", "2026-11-20T16:40:16.301+00:00" and "Nov 20
 * 16:40:16.301", then the machine's name or nothing, then "program[number]", a priority or nothing, a colon
 * and the text. */
#ifndef HF_CLI_LOGLINE_H
#define HF_CLI_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_line {
    int64_t time_ms; /* since 1970 */
    char program[32];
    char level[8];    /* "" if the line does not say */
    const char *text; /* within the line */
    size_t length;
};

/* line is not NUL-terminated. now: seconds since 1970, for the year that a line does not name; utc_offset:
 * seconds that local time is ahead. False if it is no such line. */
bool log_line_parse(const char *line, size_t length, int64_t now, int32_t utc_offset,
                    struct log_line *parsed);
/* A time as a person types it: "@1700000000", "2026-11-20", "2026-11-20 16:40[:16]", "16:40[:16]" (today), or
 * a span before now: "10m", "2h". Seconds since 1970; false if it is none. */
bool log_time_parse(const char *text, int64_t now, int32_t utc_offset, int64_t *seconds);

#endif
