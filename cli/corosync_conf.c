/* corosync_conf.c - see corosync_conf.h. */
#include "cli/corosync_conf.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"

enum line_kind { LINE_OTHER, LINE_BLANK, LINE_BEGIN, LINE_END, LINE_KEY };

/* A walk over the lines, with the path of the section that each is in. */
struct walk {
    const char *next; /* the line after this one */
    const char *line; /* this one, and its length without the line end */
    size_t length;
    int number;
    enum line_kind kind;
    char *name;        /* of the section that begins, or of the key */
    const char *value; /* of the key, within the line */
    size_t value_length;
    char *path; /* of the section around, "" outside of all */
};

static void walk_end(struct walk *walk)
{
    free(walk->name);
    free(walk->path);
}

static void enter(struct walk *walk)
{
    char *path = hf_asprintf("%s%s%s", walk->path, *walk->path != '\0' ? "." : "", walk->name);

    free(walk->path);
    walk->path = path;
}

static void leave(struct walk *walk)
{
    char *dot = strrchr(walk->path, '.');

    *(dot != NULL ? dot : walk->path) = '\0';
}

static const char *skip(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r", *at) != NULL)
        at++;
    return at;
}

static const char *trim(const char *begin, const char *end)
{
    while (end > begin && strchr(" \t\r", end[-1]) != NULL)
        end--;
    return end;
}

static void classify(struct walk *walk)
{
    const char *end = trim(walk->line, walk->line + walk->length), *begin = skip(walk->line, end), *mark;

    walk->kind = LINE_OTHER;
    if (begin == end || *begin == '#') {
        walk->kind = LINE_BLANK;
    } else if (end[-1] == '{') {
        walk->kind = LINE_BEGIN;
        walk->name = hf_strndup(begin, (size_t)(trim(begin, end - 1) - begin));
    } else if (*begin == '}' && end == begin + 1) {
        walk->kind = LINE_END;
    } else if ((mark = memchr(begin, ':', (size_t)(end - begin))) != NULL) {
        walk->kind = LINE_KEY;
        walk->name = hf_strndup(begin, (size_t)(trim(begin, mark) - begin));
        walk->value = skip(mark + 1, end);
        walk->value_length = (size_t)(end - walk->value);
    }
}

/* The next line; false at the end. walk begins as {.next = text}. */
static bool step(struct walk *walk)
{
    if (walk->path == NULL)
        walk->path = hf_strdup("");
    if (walk->kind == LINE_BEGIN && walk->line != NULL)
        enter(walk);
    free(walk->name);
    walk->name = NULL;
    if (*walk->next == '\0')
        return false;
    walk->line = walk->next;
    walk->length = strcspn(walk->line, "\n");
    walk->next = walk->line + walk->length + (walk->line[walk->length] == '\n');
    walk->number++;
    classify(walk);
    return true;
}

static bool is_at(const struct walk *walk, const char *path)
{
    size_t length = strlen(walk->path);

    if (*walk->path == '\0')
        return strcmp(path, walk->name) == 0;
    return strncmp(path, walk->path, length) == 0 && path[length] == '.' &&
           strcmp(path + length + 1, walk->name) == 0;
}

struct hf_error *corosync_conf_check(const char *text)
{
    struct walk walk = {.next = text};
    struct hf_error *error = NULL;

    while (error == NULL && step(&walk)) {
        if (walk.kind == LINE_OTHER)
            error = hf_error_new(HF_REFUSED,
                                 "line %d: found '%.*s', expected NAME { or NAME: VALUE or } or a comment",
                                 walk.number, (int)walk.length, walk.line);
        else if (walk.kind == LINE_END && *walk.path == '\0')
            error = hf_error_new(HF_REFUSED, "line %d: found '}', but no section is open", walk.number);
        else if (walk.kind == LINE_END)
            leave(&walk);
    }
    if (error == NULL && *walk.path != '\0')
        error = hf_error_new(HF_REFUSED, "the section %s is not ended, expected a line with '}'", walk.path);
    walk_end(&walk);
    return error;
}

char *corosync_conf_get(const char *text, const char *path, int index)
{
    struct walk walk = {.next = text};
    char *value = NULL;

    while (value == NULL && step(&walk)) {
        if (walk.kind == LINE_END)
            leave(&walk);
        else if (walk.kind == LINE_KEY && is_at(&walk, path) && index-- == 0)
            value = hf_strndup(walk.value, walk.value_length);
    }
    walk_end(&walk);
    return value;
}

struct hf_error *corosync_conf_set(const char *text, const char *path, const char *value, int index,
                                   char **result)
{
    HF_CLEANUP(hf_freep) char *old = corosync_conf_get(text, path, index);
    const char *dot = strrchr(path, '.');
    HF_CLEANUP(hf_freep) char *section = hf_strndup(path, dot != NULL ? (size_t)(dot - path) : 0);
    struct walk walk = {.next = text};
    struct hf_buf changed = {0};
    int keys = index, sections = index;
    bool done = false;

    while (step(&walk)) {
        if (old != NULL && walk.kind == LINE_KEY && is_at(&walk, path) && keys-- == 0) {
            hf_buf_printf(&changed, "%.*s%s\n", (int)(walk.value - walk.line), walk.line, value);
            done = true;
            continue;
        }
        if (old == NULL && dot != NULL && walk.kind == LINE_END && strcmp(walk.path, section) == 0 &&
            sections-- == 0) {
            hf_buf_printf(&changed, "%*s%s: %s\n", 4 * (1 + (int)(strchr(section, '.') != NULL)), "", dot + 1,
                          value);
            done = true;
        }
        if (walk.kind == LINE_END)
            leave(&walk);
        hf_buf_printf(&changed, "%.*s\n", (int)walk.length, walk.line);
    }
    walk_end(&walk);
    *result = hf_buf_take(&changed);
    if (done)
        return NULL;
    hf_freep(result);
    return hf_error_new(HF_REFUSED, "there is no section '%s' (number %d), expected one to set '%s' in",
                        section, index, path);
}
