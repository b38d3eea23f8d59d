/* logline.c - see logline.h. */
#include "cli/logline.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Days from 1970-01-01 to a day of the civil calendar (Hinnant's algorithm). */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t era;
    int64_t of_era, of_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    of_era = year - era * 400;
    of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t year_of(int64_t seconds)
{
    int64_t year = 1970 + seconds / 31556952; /* near enough, then corrected */

    while (days_from_civil(year + 1, 1, 1) * 86400 <= seconds)
        year++;
    while (days_from_civil(year, 1, 1) * 86400 > seconds)
        year--;
    return year;
}

/* What is left of a line. */
struct rest {
    const char *at, *end;
};

static bool digits(struct rest *rest, int count, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++) {
        if (rest->at == rest->end || !isdigit((unsigned char)*rest->at))
            return false;
        *number = *number * 10 + (*rest->at++ - '0');
    }
    return true;
}

static bool take(struct rest *rest, char c)
{
    if (rest->at == rest->end || *rest->at != c)
        return false;
    rest->at++;
    return true;
}

/* ".301..." as milliseconds; nothing is 0. */
static int fraction(struct rest *rest)
{
    int ms = 0, scale = 100;

    if (!take(rest, '.'))
        return 0;
    for (; rest->at < rest->end && isdigit((unsigned char)*rest->at); rest->at++, scale /= 10)
        ms += (*rest->at - '0') * scale;
    return ms;
}

static bool clock_time(struct rest *rest, int64_t *seconds, int *ms)
{
    int hour, minute, second;

    if (!digits(rest, 2, &hour) || !take(rest, ':') || !digits(rest, 2, &minute) || !take(rest, ':') ||
        !digits(rest, 2, &second) || hour > 23 || minute > 59 || second > 60)
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    *ms = fraction(rest);
    return true;
}

/* "+01:00", "Z" or nothing, which is local time. */
static int64_t zone(struct rest *rest, int32_t utc_offset)
{
    struct rest at = *rest;
    int hour, minute, sign = take(&at, '-') ? -1 : take(&at, '+') ? 1 : 0;

    if (take(rest, 'Z'))
        return 0;
    if (sign == 0 || !digits(&at, 2, &hour) || (take(&at, ':'), !digits(&at, 2, &minute)))
        return utc_offset;
    *rest = at;
    return sign * (hour * 3600 + minute * 60);
}

static bool iso_time(struct rest *rest, int32_t utc_offset, int64_t *time_ms)
{
    struct rest at = *rest;
    int year, month, day, ms;
    int64_t seconds;

    if (!digits(&at, 4, &year) || !take(&at, '-') || !digits(&at, 2, &month) || !take(&at, '-') ||
        !digits(&at, 2, &day) || month < 1 || month > 12 || day < 1 || day > 31 ||
        (!take(&at, 'T') && !take(&at, ' ')) || !clock_time(&at, &seconds, &ms))
        return false;
    seconds += days_from_civil(year, month, day) * 86400 - zone(&at, utc_offset);
    *time_ms = seconds * 1000 + ms;
    *rest = at;
    return true;
}

static bool epoch_time(struct rest *rest, int64_t *time_ms)
{
    struct rest at = *rest;
    int64_t seconds = 0;
    int count = 0;

    for (; at.at < at.end && isdigit((unsigned char)*at.at) && count < 12; at.at++, count++)
        seconds = seconds * 10 + (*at.at - '0');
    if (count < 9 || at.at == at.end || *at.at != '.')
        return false;
    *time_ms = seconds * 1000 + fraction(&at);
    *rest = at;
    return true;
}

static bool syslog_time(struct rest *rest, int64_t now, int32_t utc_offset, int64_t *time_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct rest at = *rest;
    const char *found;
    char name[4] = {0};
    int64_t seconds, local = now + utc_offset, day_start;
    int day, ms;

    if (at.end - at.at < 4)
        return false;
    memcpy(name, at.at, 3);
    found = strstr(months, name);
    if (found == NULL || (found - months) % 3 != 0)
        return false;
    at.at += 3;
    if (!take(&at, ' '))
        return false;
    if (!digits(&at, take(&at, ' ') ? 1 : 2, &day) || day < 1 || day > 31 || !take(&at, ' ') ||
        !clock_time(&at, &seconds, &ms))
        return false;
    day_start = days_from_civil(year_of(local), (int)(found - months) / 3 + 1, day) * 86400;
    if (day_start > local + 86400) /* it was last year */
        day_start = days_from_civil(year_of(local) - 1, (int)(found - months) / 3 + 1, day) * 86400;
    *time_ms = (day_start + seconds - utc_offset) * 1000 + ms;
    *rest = at;
    return true;
}

/* Copies bytes up to end into a text of limited size. */
static void copy(char *into, size_t size, const char *from, const char *end)
{
    size_t length = (size_t)(end - from) < size - 1 ? (size_t)(end - from) : size - 1;

    memcpy(into, from, length);
    into[length] = '\0';
}

bool log_line_parse(const char *line, size_t length, int64_t now, int32_t utc_offset, struct log_line *parsed)
{
    struct rest rest = {line, line + length};
    const char *bracket, *begin, *closing, *colon;

    *parsed = (struct log_line){0};
    if (!iso_time(&rest, utc_offset, &parsed->time_ms) && !epoch_time(&rest, &parsed->time_ms) &&
        !syslog_time(&rest, now, utc_offset, &parsed->time_ms))
        return false;
    bracket = memchr(rest.at, '[', (size_t)(rest.end - rest.at));
    closing = bracket != NULL ? memchr(bracket, ']', (size_t)(rest.end - bracket)) : NULL;
    colon = closing != NULL ? memchr(closing, ':', (size_t)(rest.end - closing)) : NULL;
    if (colon == NULL || colon - closing > 10)
        return false;
    for (begin = bracket; begin > rest.at && begin[-1] != ' ';)
        begin--;
    copy(parsed->program, sizeof(parsed->program), begin, bracket);
    if (colon > closing + 1)
        copy(parsed->level, sizeof(parsed->level), closing + 2, colon);
    for (colon++; colon < rest.end && *colon == ' ';)
        colon++;
    parsed->text = colon;
    parsed->length = (size_t)(rest.end - colon);
    return true;
}

bool log_time_parse(const char *text, int64_t now, int32_t utc_offset, int64_t *seconds)
{
    int64_t local = now + utc_offset, today = (local - local % 86400), number, ms;
    int year, month, day, hour, minute, second = 0, used = 0;
    char unit = '\0';

    if (sscanf(text, "@%" SCNd64 "%n", &number, &used) == 1 && text[used] == '\0') {
        *seconds = number;
        return true;
    }
    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) == 3 && month >= 1 && month <= 12 &&
        day >= 1 && day <= 31) {
        today = days_from_civil(year, month, day) * 86400;
        text += used;
        if (*text == '\0') {
            *seconds = today - utc_offset;
            return true;
        }
        if (*text != ' ' && *text != 'T')
            return false;
        text++;
    } else if (sscanf(text, "%" SCNd64 "%c%n", &number, &unit, &used) == 2 && text[used] == '\0') {
        ms = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? 86400 : 0;
        *seconds = now - number * ms;
        return ms != 0 && number >= 0 && number < 100000000;
    }
    used = 0;
    if (sscanf(text, "%2d:%2d%n", &hour, &minute, &used) != 2 || hour > 23 || minute > 59 || hour < 0 ||
        minute < 0)
        return false;
    text += used;
    used = 0;
    if (*text == ':' && (sscanf(text, ":%2d%n", &second, &used) != 1 || second < 0 || second > 60))
        return false;
    *seconds = today + hour * 3600 + minute * 60 + second - utc_offset;
    return text[used] == '\0';
}
