/* cmd_history.c - `holdfast history`: what happened to a resource, to a node, in a transition, and when. */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/crm/print.h"
#include "cli/events.h"
#include "cli/logline.h"
#include "lib/xml.h"
#include "lib/zone.h"

static struct hf_error *run_revisions(struct session *session, int argc, char **argv)
{
    return command_named(&area_configure, "history")->run(session, argc, argv);
}

/* --- gathering --- */

/* Takes since=TIME and until=TIME out of the arguments. */
static struct hf_error *take_period(int *argc, char **argv, struct events *events)
{
    int64_t now = time(NULL);
    int kept = 0;

    for (int i = 0; i < *argc; i++) {
        bool since = strncmp(argv[i], "since=", 6) == 0, until = strncmp(argv[i], "until=", 6) == 0;

        if (!since && !until) {
            argv[kept++] = argv[i];
            continue;
        }
        if (!log_time_parse(argv[i] + 6, now, hf_utc_offset(now), since ? &events->since : &events->until))
            return hf_error_new(HF_USAGE,
                                "found '%s', expected a time: 10m, 2h or 1d ago, 16:40, 2026-11-20, "
                                "'2026-11-20 16:40', @SECONDS",
                                argv[i]);
    }
    *argc = kept;
    argv[kept] = NULL;
    return NULL;
}

static char *this_machine(void)
{
    char name[256] = "localhost";

    gethostname(name, sizeof(name) - 1);
    return hf_strdup(name);
}

/* Everything in the period, oldest first; *where as events_add_log() has it. A daemon that does not answer
 * leaves its part out, with a warning: the log may tell why. */
static struct hf_error *gather(struct session *session, struct events *events, xmlDoc **cib, char **where)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    HF_CLEANUP(hf_freep) char *here = this_machine();
    struct hf_error *error = session_cib(session, cib);

    *where = NULL;
    if (error == NULL && session->file == NULL)
        error = session_call(session, "<query what=\"revisions\"/>", SESSION_CALL_MS, &reply);
    if (error != NULL && session->file != NULL)
        return error;
    if (error != NULL)
        fprintf(stderr, "holdfast: warning: only the log is shown: %s\n", hf_error_text(error));
    hf_error_free(error);
    if (reply != NULL)
        events_add_revisions(events, xmlDocGetRootElement(reply));
    if (*cib != NULL) {
        events_add_operations(events, *cib);
        events_add_fencing(events, *cib);
    }
    error = session->file == NULL ? events_add_log(events, here, where) : NULL;
    events_sort(events);
    return error;
}

/* --- printing --- */

static void write_event(struct hf_writer *writer, const struct event *event)
{
    time_t seconds = (time_t)(event->time_ms / 1000);
    char when[64] = "?";
    struct tm parts;

    if (localtime_r(&seconds, &parts) != NULL)
        strftime(when, sizeof(when), "%F %T", &parts);
    hf_write_object(writer, NULL);
    hf_write_int(writer, "time-ms", NULL, event->time_ms);
    hf_write_string(writer, "source", NULL, event_source_name(event->source));
    hf_write_string(writer, "node", NULL, event->node);
    hf_write_string(writer, "resource", NULL, event->resource);
    hf_write_string(writer, "level", NULL, event->level);
    hf_write_string(writer, "text", NULL, event->text);
    hf_write_end(writer);
    hf_write_line(writer, "%s.%03d %-13s %-8s %s", when, (int)(event->time_ms % 1000),
                  event_source_name(event->source), event->node != NULL ? event->node : "-", event->text);
}

typedef bool event_filter(const struct event *event, const void *context);

static struct hf_error *write_events(struct session *session, int argc, char **argv, event_filter *filter,
                                     const void *context)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    HF_CLEANUP(hf_freep) char *where = NULL;
    struct events events = {0};
    struct hf_error *error = take_period(&argc, argv, &events);

    if (error == NULL)
        error = gather(session, &events, &cib, &where);
    hf_write_list(session->writer, "events");
    for (size_t i = 0; i < events.count && error == NULL; i++)
        if (filter(&events.event[i], context))
            write_event(session->writer, &events.event[i]);
    hf_write_end(session->writer);
    events_free(&events);
    return error;
}

/* --- info --- */

static struct hf_error *run_info(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    HF_CLEANUP(hf_freep) char *where = NULL;
    struct events events = {0};
    size_t counts[4] = {0};
    int64_t first[4] = {0};
    struct hf_error *error = gather(session, &events, &cib, &where);

    for (size_t i = events.count; i > 0; i--) {
        counts[events.event[i - 1].source]++;
        first[events.event[i - 1].source] = events.event[i - 1].time_ms;
    }
    hf_write_string(session->writer, "log", "Log",
                    where != NULL ? where : "none found (HOLDFAST_LOG names files)");
    hf_write_list(session->writer, "sources");
    for (size_t i = 0; i < HF_ARRAY_LENGTH(counts); i++) {
        time_t seconds = (time_t)(first[i] / 1000);
        char when[64] = "-";
        struct tm parts;

        if (counts[i] > 0 && localtime_r(&seconds, &parts) != NULL)
            strftime(when, sizeof(when), "%F %T", &parts);
        hf_write_object(session->writer, NULL);
        hf_write_string(session->writer, "source", NULL, event_source_name((enum event_source)i));
        hf_write_int(session->writer, "events", NULL, (int64_t)counts[i]);
        hf_write_int(session->writer, "first-ms", NULL, first[i]);
        hf_write_end(session->writer);
        hf_write_line(session->writer, "%-14s %6zu since %s", event_source_name((enum event_source)i),
                      counts[i], when);
    }
    hf_write_end(session->writer);
    events_free(&events);
    return error;
}

/* --- events, log --- */

/* What an operator would want to know of: no line of the daily round. */
static bool is_important(const struct event *event, const void *context)
{
    return event->source != EVENT_LOG ||
           (strcmp(event->level, "info") != 0 && strcmp(event->level, "debug") != 0 &&
            strcmp(event->level, "trace") != 0) ||
           strstr(event->text, "holdfastd: transition ") != NULL;
}

static struct hf_error *run_events(struct session *session, int argc, char **argv)
{
    return write_events(session, argc, argv, is_important, NULL);
}

static bool is_log(const struct event *event, const void *context)
{
    return event->source == EVENT_LOG;
}

static struct hf_error *run_log(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_freep) char *here = this_machine();

    for (int i = 1; i < argc; i++)
        if (strchr(argv[i], '=') == NULL && strcmp(argv[i], here) != 0)
            return hf_error_new(
                HF_REFUSED,
                "this is %s, and only its own log can be read here: run 'holdfast history log' on %s", here,
                argv[i]);
    return write_events(session, argc, argv, is_log, NULL);
}

/* --- resource --- */

struct name_list {
    char **name;
    size_t count, capacity;
};

static void add_name(struct name_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->name[i], name) == 0)
            return;
    hf_grow(&list->name, &list->capacity, list->count + 1, sizeof(*list->name));
    list->name[list->count++] = hf_strdup(name);
}

static void free_names(struct name_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->name[i]);
    free(list->name);
}

/* The resources whose ids match, with all that is in them. */
static bool add_resources(struct name_list *list, const xmlNode *parent, const char *pattern, bool all)
{
    bool found = false;

    HF_XML_EACH_ANY (resource, parent) {
        bool meant = all || fnmatch(pattern, hf_xml_get_or(resource, "id", ""), 0) == 0;

        if (!crm_is_resource(resource))
            continue;
        if (meant)
            add_name(list, hf_xml_get_or(resource, "id", ""));
        found |= add_resources(list, resource, pattern, meant) || meant;
    }
    return found;
}

static bool concerns_resources(const struct event *event, const void *context)
{
    const struct name_list *list = context;

    for (size_t i = 0; i < list->count; i++)
        if (event_mentions(event->text, list->name[i]))
            return true;
    return false;
}

static struct hf_error *run_resource(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct name_list list = {0};
    struct hf_error *error = session_cib(session, &cib);
    const xmlNode *configuration = hf_xml_child(xmlDocGetRootElement(cib), "configuration");

    for (int i = 1; i < argc && error == NULL; i++) {
        if (strncmp(argv[i], "since=", 6) == 0 || strncmp(argv[i], "until=", 6) == 0 ||
            add_resources(&list, hf_xml_child(configuration, "resources"), argv[i], false))
            continue;
        if (strpbrk(argv[i], "*?[") != NULL)
            error = hf_error_new(HF_REFUSED, "no resource is called like '%s'", argv[i]);
        else
            add_name(&list, argv[i]); /* it may have been deleted: the log and the revisions know */
    }
    if (error == NULL && list.count == 0)
        error = hf_error_new(HF_USAGE, "no resource is named, expected: history resource RESOURCE...");
    if (error == NULL)
        error = write_events(session, argc, argv, concerns_resources, &list);
    free_names(&list);
    return error;
}

/* --- node --- */

/* What is about the node itself; what ran on it is told by `resource operations`. */
static bool concerns_nodes(const struct event *event, const void *context)
{
    const struct name_list *list = context;

    for (size_t i = 0; i < list->count; i++)
        if (event->source != EVENT_OPERATION && event_mentions(event->text, list->name[i]) &&
            is_important(event, NULL))
            return true;
    return false;
}

static struct hf_error *run_node(struct session *session, int argc, char **argv)
{
    struct name_list list = {0};
    struct hf_error *error = NULL;

    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "since=", 6) != 0 && strncmp(argv[i], "until=", 6) != 0)
            add_name(&list, argv[i]);
    error = list.count > 0 ? write_events(session, argc, argv, concerns_nodes, &list)
                           : hf_error_new(HF_USAGE, "no node is named, expected: history node NODE...");
    free_names(&list);
    return error;
}

/* --- transitions --- */

/* "holdfastd: transition N: " -> N, or -1; *rest is what follows. */
static int transition_number(const char *text, const char **rest)
{
    int number, used = 0;

    if (sscanf(text, "holdfastd: transition %d: %n", &number, &used) != 1 || used == 0)
        return -1;
    *rest = text + used;
    return number;
}

static bool is_transition(const struct event *event, const void *context)
{
    const char *rest;

    return event->source == EVENT_LOG && transition_number(event->text, &rest) >= 0;
}

static struct hf_error *run_transitions(struct session *session, int argc, char **argv)
{
    return write_events(session, argc, argv, is_transition, NULL);
}

/* The part of the events between a transition's first and last line. *from is events->count if it is not
 * there. */
static void find_transition(const struct events *events, int wanted, size_t *from, size_t *to)
{
    const char *rest;

    *from = *to = events->count;
    for (size_t i = 0; i < events->count; i++) {
        int number =
            events->event[i].source == EVENT_LOG ? transition_number(events->event[i].text, &rest) : -1;

        if (number < 0 || (wanted >= 0 && number != wanted))
            continue;
        if (strstr(rest, " done") == NULL) {
            *from = i;
            *to = events->count - 1;
        } else if (*from < events->count && *to == events->count - 1) {
            *to = i;
        }
    }
}

static struct hf_error *run_transition(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    HF_CLEANUP(hf_freep) char *where = NULL;
    struct events events = {0};
    int64_t wanted = -1;
    size_t from, to;
    struct hf_error *error = take_period(&argc, argv, &events);

    if (error == NULL && argc > 1 && strcmp(argv[1], "log") == 0) {
        argv++;
        argc--;
    }
    if (error == NULL && argc > 1 && (!hf_parse_int64(argv[1], &wanted) || wanted < 0 || wanted > INT32_MAX))
        error = hf_error_new(HF_USAGE,
                             "found '%s', expected the number of a transition ('history transitions' "
                             "lists them)",
                             argv[1]);
    if (error == NULL)
        error = gather(session, &events, &cib, &where);
    find_transition(&events, (int)wanted, &from, &to);
    if (error == NULL && from == events.count)
        error = hf_error_new(
            HF_REFUSED,
            "the log here (%s) has no such transition: they are in the log of the node that was the "
            "coordinator then",
            where != NULL ? where : "none found");
    hf_write_list(session->writer, "events");
    for (size_t i = from; i <= to && i < events.count && error == NULL; i++)
        write_event(session->writer, &events.event[i]);
    hf_write_end(session->writer);
    events_free(&events);
    return error;
}

static const struct command commands[] = {
    {"revisions", "", "List the revisions of the configuration", run_revisions, 0, 0, COMMAND_CLUSTER,
     COMPLETE_NOTHING},
    {"info", "", "Say what is known of the past, and since when", run_info, 0, 0, 0, COMPLETE_NOTHING},
    {"events", "[since=TIME] [until=TIME]",
     "Print what happened: changes, operations, fencing, and what the log warns of", run_events, 0, 2, 0,
     COMPLETE_NOTHING},
    {"resource", "RESOURCE... [since=TIME] [until=TIME]", "Print what happened to resources", run_resource, 1,
     -1, 0, COMPLETE_RESOURCES},
    {"node", "NODE... [since=TIME] [until=TIME]", "Print what happened to nodes", run_node, 1, -1, 0,
     COMPLETE_NODES},
    {"log", "[since=TIME] [until=TIME]", "Print this machine's log of the cluster", run_log, 0, -1, 0,
     COMPLETE_NOTHING},
    {"transitions", "[since=TIME] [until=TIME]", "List what the coordinator set out to do, and how it ended",
     run_transitions, 0, 2, 0, COMPLETE_NOTHING},
    {"transition", "[NUMBER] [since=TIME] [until=TIME]",
     "Print what happened in a transition; without a number, in the last one", run_transition, 0, 4, 0,
     COMPLETE_NOTHING},
};

const struct command_area area_history = {"history", "What happened, and when", commands,
                                          HF_ARRAY_LENGTH(commands), "revisions"};
