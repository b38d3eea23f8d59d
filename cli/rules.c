/* rules.c - see rules.h. */
#include "cli/rules.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/sched/sched.h"
#include "lib/xml.h"

/* What a part of a date can be. */
static const struct part {
    const char *name;
    long least, most;
} parts[] = {
    {"seconds", 0, 59},     {"minutes", 0, 59},   {"hours", 0, 23},  {"monthdays", 1, 31},
    {"weekdays", 1, 7},     {"yeardays", 1, 366}, {"months", 1, 12}, {"weeks", 1, 53},
    {"weekyears", 0, 9999}, {"years", 0, 9999},   {"moon", 0, 7},
};

static struct hf_error *check_time(const xmlNode *expression, const char *attribute)
{
    const char *text = hf_xml_get(expression, attribute);
    int64_t when;

    if (text == NULL || sched_parse_time(text, (int64_t)time(NULL), &when))
        return NULL;
    return hf_error_new(HF_REFUSED,
                        "date: found '%.60s', expected a time such as 2030-12-31 or '2030-12-31 08:00:00Z'",
                        text);
}

/* "N", "N-M", "N-" or "-M" within the part's bounds. */
static bool is_range(const char *text, const struct part *part)
{
    char *end;
    bool open = *text == '-';
    long first = open ? part->least : strtol(text, &end, 10), last;

    if (!open && end == text)
        return false;
    text = open ? text : end;
    if (*text == '\0')
        return first >= part->least && first <= part->most;
    if (*text++ != '-')
        return false;
    last = *text == '\0' && !open ? part->most : strtol(text, &end, 10);
    if ((*text != '\0' || open) && (end == text || *end != '\0'))
        return false;
    return first >= part->least && first <= last && last <= part->most;
}

static struct hf_error *check_spec(const xmlNode *spec)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(parts); i++) {
        const char *text = hf_xml_get(spec, parts[i].name);

        if (text != NULL && !is_range(text, &parts[i]))
            return hf_error_new(HF_REFUSED,
                                "date: found %s=%.60s, expected a number from %ld to %ld, or a range of them",
                                parts[i].name, text, parts[i].least, parts[i].most);
    }
    return NULL;
}

static struct hf_error *check_duration(const xmlNode *duration)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(parts); i++) {
        const char *text = hf_xml_get(duration, parts[i].name);

        if (text != NULL && (*text == '\0' || text[strspn(text, "0123456789")] != '\0'))
            return hf_error_new(HF_REFUSED, "date: found %s=%.60s, expected a whole number", parts[i].name,
                                text);
    }
    return NULL;
}

static struct hf_error *check_date(const xmlNode *expression)
{
    struct hf_error *error = check_time(expression, "start");

    if (error == NULL)
        error = check_time(expression, "end");
    if (error == NULL)
        error = check_spec(hf_xml_child(expression, "date_spec"));
    return error != NULL ? error : check_duration(hf_xml_child(expression, "duration"));
}

static struct hf_error *check_pattern(const xmlNode *element, const char *attribute)
{
    const char *text = hf_xml_get(element, attribute);
    char why[128];
    regex_t pattern;
    int code = text == NULL ? 0 : regcomp(&pattern, text, REG_EXTENDED | REG_NOSUB);

    if (text == NULL)
        return NULL;
    if (code == 0) {
        regfree(&pattern);
        return NULL;
    }
    regerror(code, &pattern, why, sizeof(why));
    return hf_error_new(HF_REFUSED, "pattern: found '%.60s', expected a regular expression: %s", text, why);
}

static struct hf_error *check_below(const xmlNode *element)
{
    struct hf_error *error = NULL;

    if (hf_xml_is(element, "date_expression"))
        return check_date(element);
    if (hf_xml_is(element, "rsc_location"))
        error = check_pattern(element, "rsc-pattern");
    else if (hf_xml_is(element, "fencing-level"))
        error = check_pattern(element, "target-pattern");
    HF_XML_EACH_ANY (child, element)
        if (error == NULL)
            error = check_below(child);
    return error;
}

struct hf_error *rule_check(const xmlNode *element)
{
    const char *id = hf_xml_get(element, "id");
    struct hf_error *error = check_below(element);

    return id != NULL ? hf_error_wrap(error, "%s", id) : error;
}
