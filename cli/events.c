/* events.c - see events.h. */
#include "cli/events.h"

#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/logline.h"
#include "cli/program.h"
#include "lib/xml.h"
#include "lib/zone.h"

enum { LOG_TAIL = 32 * 1024 * 1024, JOURNAL_MS = 60000 };

const char *event_source_name(enum event_source source)
{
    static const char *const names[] = {"configuration", "operation", "fencing", "log"};

    return names[source];
}

void events_free(struct events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        free(events->event[i].node);
        free(events->event[i].resource);
        free(events->event[i].level);
        free(events->event[i].text);
    }
    free(events->event);
    *events = (struct events){0};
}

static int by_time(const void *a, const void *b)
{
    const struct event *left = a, *right = b;

    return left->time_ms != right->time_ms ? (left->time_ms < right->time_ms ? -1 : 1)
                                           : (int)left->source - (int)right->source;
}

void events_sort(struct events *events)
{
    if (events->count > 0)
        qsort(events->event, events->count, sizeof(*events->event), by_time);
}

/* text is taken over. */
static void add(struct events *events, enum event_source source, int64_t time_ms, const char *node,
                const char *resource, const char *level, char *text)
{
    int64_t seconds = time_ms / 1000;

    if (time_ms <= 0 || seconds < events->since || (events->until > 0 && seconds > events->until)) {
        free(text);
        return;
    }
    hf_grow(&events->event, &events->capacity, events->count + 1, sizeof(*events->event));
    events->event[events->count++] = (struct event){.time_ms = time_ms,
                                                    .source = source,
                                                    .node = hf_strdup(node),
                                                    .resource = hf_strdup(resource),
                                                    .level = hf_strdup(level),
                                                    .text = text};
}

static int64_t number_of(const xmlNode *element, const char *attribute)
{
    int64_t number = 0;

    hf_parse_int64(hf_xml_get(element, attribute), &number);
    return number;
}

void events_add_revisions(struct events *events, const xmlNode *reply)
{
    HF_XML_EACH (revision, reply, "revision")
        add(events, EVENT_REVISION, number_of(revision, "time") * 1000, NULL, NULL, NULL,
            hf_asprintf("revision %s by %s: %s", hf_xml_get_or(revision, "number", "?"),
                        hf_xml_get_or(revision, "user", "?"), hf_xml_get_or(revision, "origin", "?")));
}

static void add_operation(struct events *events, const char *node, const char *resource, const xmlNode *op)
{
    int64_t interval = number_of(op, "interval"), rc = number_of(op, "rc-code"),
            status = number_of(op, "op-status");
    const char *reason = hf_xml_get_or(op, "exit-reason", "");
    struct hf_buf text = {0};

    hf_buf_printf(&text, "%s of %s on %s", hf_xml_get_or(op, "operation", "?"), resource, node);
    if (interval > 0)
        hf_buf_printf(&text, ", every %" PRId64 " ms", interval);
    if (status < 0)
        hf_buf_puts(&text, ": begun");
    else
        hf_buf_printf(&text, ": exit code %" PRId64 "%s, %" PRId64 " ms", rc, status > 1 ? ", not done" : "",
                      number_of(op, "exec-time"));
    hf_buf_printf(&text, "%s%s", *reason != '\0' ? ": " : "", reason);
    add(events, EVENT_OPERATION, number_of(op, "last-rc-change") * 1000, node, resource, NULL,
        hf_buf_take(&text));
}

void events_add_operations(struct events *events, const xmlDoc *cib)
{
    HF_XML_EACH (state, hf_xml_child(xmlDocGetRootElement((xmlDoc *)cib), "status"), "node_state")
        HF_XML_EACH (resource, hf_xml_child(hf_xml_child(state, "lrm"), "lrm_resources"), "lrm_resource")
            HF_XML_EACH (op, resource, "lrm_rsc_op")
                add_operation(events, hf_xml_get_or(state, "uname", hf_xml_get_or(state, "id", "?")),
                              hf_xml_get_or(resource, "id", "?"), op);
}

void events_add_fencing(struct events *events, const xmlDoc *cib)
{
    HF_XML_EACH (event,
                 hf_xml_child(hf_xml_child(xmlDocGetRootElement((xmlDoc *)cib), "status"), "fence-history"),
                 "fence-event")
        add(events, EVENT_FENCING, number_of(event, "time") * 1000, hf_xml_get(event, "target"), NULL, NULL,
            hf_asprintf("%s of %s: %s, asked for by %s%s%s", hf_xml_get_or(event, "action", "?"),
                        hf_xml_get_or(event, "target", "?"), hf_xml_get_or(event, "state", "?"),
                        hf_xml_get_or(event, "origin", "?"), hf_xml_get(event, "reason") != NULL ? ": " : "",
                        hf_xml_get_or(event, "reason", "")));
}

/* --- the log --- */

/* The lines of our own programs and of corosync. */
static void add_lines(struct events *events, const char *node, const char *text, size_t length)
{
    int64_t now = time(NULL);
    int32_t offset = hf_utc_offset(now);

    for (const char *line = text, *end = text + length; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t size = (size_t)((stop != NULL ? stop : end) - line);
        struct log_line parsed;

        if (log_line_parse(line, size, now, offset, &parsed) &&
            (strncmp(parsed.program, "holdfast", 8) == 0 || strcmp(parsed.program, "corosync") == 0))
            add(events, EVENT_LOG, parsed.time_ms, node, NULL, parsed.level,
                hf_asprintf("%s: %.*s", parsed.program, (int)parsed.length, parsed.text));
        line += size + 1;
    }
}

static bool add_file(struct events *events, const char *node, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct hf_buf text = {0};
    char chunk[65536];
    struct stat file;
    ssize_t got;

    if (fd < 0)
        return false;
    if (fstat(fd, &file) == 0 && file.st_size > LOG_TAIL)
        lseek(fd, file.st_size - LOG_TAIL, SEEK_SET);
    while ((got = read(fd, chunk, sizeof(chunk))) > 0 && text.length <= LOG_TAIL)
        hf_buf_add(&text, chunk, (size_t)got);
    close(fd);
    if (got >= 0)
        add_lines(events, node, hf_buf_text(&text), text.length);
    hf_buf_free(&text);
    return got >= 0;
}

/* Files by patterns; *where gets their names. */
static void add_files(struct events *events, const char *node, const char *patterns, struct hf_buf *where)
{
    HF_CLEANUP(hf_freep) char *copy = hf_strdup(patterns);
    char *rest = copy, *pattern;

    while ((pattern = strsep(&rest, ":")) != NULL) {
        glob_t found;

        if (glob(pattern, 0, NULL, &found) != 0)
            continue;
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (add_file(events, node, found.gl_pathv[i]))
                hf_buf_printf(where, "%s%s", where->length > 0 ? ", " : "", found.gl_pathv[i]);
        globfree(&found);
    }
}

static struct hf_error *add_journal(struct events *events, const char *node)
{
    HF_CLEANUP(hf_freep) char *since = hf_asprintf("--since=@%" PRId64, events->since);
    char *argv[] = {(char *)"journalctl",
                    (char *)"--no-pager",
                    (char *)"-q",
                    (char *)"-o",
                    (char *)"short-unix",
                    (char *)"-n",
                    (char *)"100000",
                    since,
                    (char *)"-t",
                    (char *)"holdfastd",
                    (char *)"-t",
                    (char *)"holdfast-guard",
                    (char *)"-t",
                    (char *)"holdfast-runner",
                    (char *)"-t",
                    (char *)"corosync",
                    NULL};
    HF_CLEANUP(hf_buf_free) struct hf_buf output = {0};
    struct hf_error *error = program_call(argv, NULL, JOURNAL_MS, &output);

    if (error == NULL)
        add_lines(events, node, hf_buf_text(&output), output.length);
    return error;
}

struct hf_error *events_add_log(struct events *events, const char *node, char **where)
{
    const char *named = getenv("HOLDFAST_LOG");
    struct hf_buf files = {0};

    *where = NULL;
    if ((named == NULL || *named == '\0') && access("/run/systemd/journal", F_OK) == 0) {
        *where = hf_strdup("the journal");
        return add_journal(events, node);
    }
    add_files(events, node,
              named != NULL && *named != '\0' ? named
                                              : "/var/log/holdfast/*.log:/var/log/syslog:/var/log/messages",
              &files);
    if (files.length > 0)
        *where = hf_buf_take(&files);
    hf_buf_free(&files);
    return NULL;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

bool event_mentions(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = text; length > 0 && (at = strstr(at, word)) != NULL; at++) {
        char after = at[length];

        /* A dot ends a sentence; a number behind ':' is an instance of a clone; "_start_0" is an operation's
         * key. */
        if ((at == text || !is_word(at[-1])) &&
            (!is_word(after) || after == '_' || (after == '.' && !is_word(at[length + 1]))))
            return true;
    }
    return false;
}
