/* iso8601.c - dates, times and durations as ISO 8601 writes them, and calendar arithmetic.
 *
 * A time is epoch seconds; text without a zone is in the run's own (input->utc_offset). */
#include "daemon/sched/model.h"

#include <ctype.h>
#include <stdio.h>

static bool leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void sc_calendar(int64_t epoch, int utc_offset, struct calendar *c)
{
    int64_t local = epoch + utc_offset;
    int64_t days = local / 86400, rest = local % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    c->hour = (int)(rest / 3600);
    c->minute = (int)(rest / 60 % 60);
    c->second = (int)(rest % 60);
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t mp = (5 * of_year + 2) / 153;
    c->day = (int)(of_year - (153 * mp + 2) / 5 + 1);
    c->month = (int)(mp < 10 ? mp + 3 : mp - 9);
    c->year = year_of_era + era * 400 + (c->month <= 2);
    c->yearday = (int)(days - days_from_civil(c->year, 1, 1)) + 1;
    c->weekday = (int)((days % 7 + 10) % 7) + 1; /* Monday is 1; 1970-01-01 was a Thursday */
    int64_t thursday = days - c->weekday + 4;
    struct calendar t = {.year = c->year};
    t.year = c->year + (thursday >= days_from_civil(c->year + 1, 1, 1)) -
             (thursday < days_from_civil(c->year, 1, 1));
    c->weekyear = t.year;
    c->week = (int)((thursday - days_from_civil(t.year, 1, 1)) / 7) + 1;
}

static int64_t from_calendar(const struct calendar *c, int utc_offset)
{
    return days_from_civil(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 + c->second -
           utc_offset;
}

/* Exactly n digits. */
static bool digits(const char **at, int n, int *value)
{
    *value = 0;
    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)(*at)[i]))
            return false;
        *value = *value * 10 + ((*at)[i] - '0');
    }
    *at += n;
    return true;
}

/* At most n digits, and one at least; how many there were. */
static int some_digits(const char **at, int n, int *value)
{
    int found = 0;

    for (*value = 0; found < n && isdigit((unsigned char)**at); found++)
        *value = *value * 10 + (*(*at)++ - '0');
    return found;
}

static bool week_date(const char **at, int year, int64_t *days)
{
    int week, day;

    if (!digits(at, 2, &week))
        return false;
    if (**at == '-')
        (*at)++;
    if (!digits(at, 1, &day) || week < 1 || week > 53 || day < 1 || day > 7)
        return false;
    int64_t january4 = days_from_civil(year, 1, 4);
    int64_t monday = january4 - ((january4 % 7 + 10) % 7);
    *days = monday + (week - 1) * 7 + day - 1;
    return true;
}

static bool year_date(int year, int day, int64_t *days)
{
    *days = days_from_civil(year, 1, 1) + day - 1;
    return day >= 1 && day <= (leap(year) ? 366 : 365);
}

static bool month_date(int year, int month, int day, int64_t *days)
{
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return false;
    *days = days_from_civil(year, month, day);
    return true;
}

/* YYYY-MM-DD, YYYYMMDD, YYYY-DDD, YYYYDDD, YYYY-Www-D, YYYYWwwD.  Between dashes leading zeros may be
 * missing; a single number behind the year is a day of it, as Pacemaker has it. */
static bool parse_date(const char **at, int64_t *days)
{
    int year, first, second;

    if (!digits(at, 4, &year))
        return false;
    bool dashed = **at == '-';
    if (dashed)
        (*at)++;
    if (**at == 'W') {
        (*at)++;
        return week_date(at, year, days);
    }
    int length = some_digits(at, 4, &first);
    if (dashed && length > 0 && length <= 2 && **at == '-') {
        (*at)++;
        return some_digits(at, 2, &second) > 0 && month_date(year, first, second, days);
    }
    if (length == 3 || (dashed && length > 0 && length < 3))
        return year_date(year, first, days);
    return length == 4 && month_date(year, first / 100, first % 100, days);
}

/* HH[:MM[:SS[.fraction]]], with or without colons; before and between them leading zeros may be missing. */
static bool parse_clock(const char **at, int *seconds)
{
    int hour, minute = 0, second = 0;

    if (some_digits(at, 2, &hour) == 0 || hour > 24)
        return false;
    if (**at == ':')
        (*at)++;
    if (isdigit((unsigned char)**at) && (some_digits(at, 2, &minute) == 0 || minute > 59))
        return false;
    if (**at == ':')
        (*at)++;
    if (isdigit((unsigned char)**at) && (some_digits(at, 2, &second) == 0 || second > 60))
        return false;
    if (**at == '.' || **at == ',')
        for ((*at)++; isdigit((unsigned char)**at); (*at)++)
            ;
    *seconds = hour * 3600 + minute * 60 + second;
    return *seconds <= 86400;
}

static bool parse_zone(const char **at, int *offset)
{
    while (**at == ' ')
        (*at)++;
    if (**at == 'Z') {
        (*at)++;
        *offset = 0;
    } else if (**at == '+' || **at == '-') {
        int sign = *(*at)++ == '-' ? -1 : 1, seconds;
        if (!parse_clock(at, &seconds))
            return false;
        *offset = sign * seconds;
    }
    return true;
}

bool sc_time_parse(const char *text, int64_t now, int utc_offset, int64_t *epoch)
{
    int64_t days;
    int seconds = 0, offset = utc_offset;

    if (text == NULL)
        return false;
    while (isspace((unsigned char)*text))
        text++;
    if (strncmp(text, "epoch", 5) == 0) {
        *epoch = 0;
        return true;
    }
    bool bare = *text == 'T'; /* T22:00 and 22:00 */
    text += bare;
    if (bare || (isdigit((unsigned char)text[0]) && text[1] != '\0' && text[2] == ':')) {
        struct calendar today; /* a time of day: today's */
        sc_calendar(now, utc_offset, &today);
        days = days_from_civil(today.year, today.month, today.day);
        if (!parse_clock(&text, &seconds))
            return false;
    } else {
        if (!parse_date(&text, &days))
            return false;
        if (*text == 'T' || *text == ' ') {
            while (*text == 'T' || *text == ' ')
                text++;
            if (*text != '\0' && !parse_clock(&text, &seconds))
                return false;
        }
    }
    if (!parse_zone(&text, &offset))
        return false;
    while (isspace((unsigned char)*text))
        text++;
    if (*text != '\0')
        return false;
    *epoch = days * 86400 + seconds - offset;
    return true;
}

/* Adds calendar units; the day is cut to the length of its month. */
int64_t sc_time_add(int64_t epoch, int utc_offset, int64_t years, int64_t months, int64_t days,
                    int64_t seconds)
{
    struct calendar c;

    sc_calendar(epoch, utc_offset, &c);
    int64_t month = c.year * 12 + c.month - 1 + years * 12 + months;
    c.year = month / 12 - (month % 12 < 0);
    c.month = (int)(month - c.year * 12) + 1;
    if (c.day > month_days(c.year, c.month))
        c.day = month_days(c.year, c.month);
    return from_calendar(&c, utc_offset) + days * 86400 + seconds;
}

/* More is no duration but a slip of the keyboard: 31,000 years, and of a unit so many that they fit. */
#define MOST_SECONDS INT64_C(1000000000000)
#define MOST_UNITS 1000000000L

/* PnYnMnWnDTnHnMnS in seconds; a year has 365 days and a month 30 here. */
bool sc_duration_parse(const char *text, int64_t *seconds)
{
    bool in_time = false;

    if (*text++ != 'P' || *text == '\0')
        return false;
    *seconds = 0;
    while (*text != '\0') {
        if (*text == 'T') {
            in_time = true;
            text++;
            continue;
        }
        char *end;
        long value = strtol(text, &end, 10);
        if (end == text || value > MOST_UNITS || value < -MOST_UNITS)
            return false;
        switch (*end) {
        case 'Y':
            *seconds += value * 365 * 86400L;
            break;
        case 'M':
            *seconds += value * (in_time ? 60 : 30 * 86400L);
            break;
        case 'W':
            *seconds += value * 7 * 86400L;
            break;
        case 'D':
            *seconds += value * 86400L;
            break;
        case 'H':
            *seconds += value * 3600L;
            break;
        case 'S':
            *seconds += value;
            break;
        default:
            return false;
        }
        if (*seconds > MOST_SECONDS || *seconds < -MOST_SECONDS)
            return false;
        text = end + 1;
    }
    return true;
}

/* "2021-03-05 12:30:00Z" in UTC, as crm_mon prints it with TZ=UTC; shape 0: "Fri Mar  5 12:30:00 2021". */
const char *sc_time_text(struct run *run, int64_t epoch)
{
    struct calendar c;
    int offset = run->input->utc_offset;
    sc_calendar(epoch, offset, &c);
    const char *zone = "Z";
    if (offset != 0)
        zone = hf_arena_printf(run->arena, " %c%02d:%02d", offset < 0 ? '-' : '+', abs(offset) / 3600,
                               abs(offset) / 60 % 60);
    return hf_arena_printf(run->arena, "%lld-%02d-%02d %02d:%02d:%02d%s", (long long)c.year, c.month, c.day,
                           c.hour, c.minute, c.second, zone);
}
