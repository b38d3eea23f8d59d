/* ini.c - see ini.h. */
#include "lib/ini.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"

static char *trim(char *text)
{
    char *end;

    while (isspace((unsigned char)*text))
        text++;
    end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return text;
}

/* Takes a line apart; false if it says nothing. */
static struct hf_error *split(char *line, const char *expected, struct hf_ini_line *out, bool *says)
{
    char *equals;
    size_t length;

    line[strcspn(line, "#")] = '\0';
    line = trim(line);
    length = strlen(line);
    *says = length > 0;
    *out = (struct hf_ini_line){0};
    if (length == 0)
        return NULL;
    if (line[0] == '[') {
        if (line[length - 1] != ']')
            return hf_error_new(HF_REFUSED, "expected %s, found '%s'", expected, line);
        line[length - 1] = '\0';
        out->section = trim(line + 1);
        return NULL;
    }
    equals = strchr(line, '=');
    if (equals == NULL)
        return hf_error_new(HF_REFUSED, "expected %s, found '%s'", expected, line);
    *equals = '\0';
    out->name = trim(line);
    out->value = trim(equals + 1);
    if (out->value[0] == '\0')
        return hf_error_new(HF_REFUSED, "%s: expected a value", out->name);
    return NULL;
}

static struct hf_error *take_line(const char *text, size_t length, const char *expected, hf_ini_taker *take,
                                  void *context)
{
    HF_CLEANUP(hf_freep) char *line = NULL;
    struct hf_ini_line said;
    struct hf_error *error;
    bool says;

    if (length > HF_INI_LINE_MAX)
        return hf_error_new(HF_REFUSED, "a line is longer than %d bytes", HF_INI_LINE_MAX);
    line = hf_strndup(text, length);
    error = split(line, expected, &said, &says);
    return error == NULL && says ? take(context, &said) : error;
}

struct hf_error *hf_ini_parse(const char *text, const char *source, const char *expected, hf_ini_taker *take,
                              void *context)
{
    for (unsigned number = 1; *text != '\0'; number++) {
        size_t length = strcspn(text, "\n");
        struct hf_error *error = take_line(text, length, expected, take, context);

        if (error != NULL)
            return hf_error_wrap(error, "%s:%u", source, number);
        text += length + (text[length] == '\n');
    }
    return NULL;
}

struct hf_error *hf_ini_read(const char *path, size_t limit, char **text)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf read_so_far = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC), number;
    char part[4096];
    ssize_t got;

    if (fd < 0)
        return hf_error_errno(errno, "cannot read %s", path);
    while ((got = read(fd, part, sizeof(part))) > 0 && read_so_far.length <= limit)
        hf_buf_add(&read_so_far, part, (size_t)got);
    number = errno;
    close(fd);
    if (got < 0)
        return hf_error_errno(number, "cannot read %s", path);
    if (read_so_far.length > limit || memchr(hf_buf_text(&read_so_far), '\0', read_so_far.length) != NULL)
        return hf_error_new(HF_REFUSED, "%s is no text file of at most %zu bytes", path, limit);
    *text = hf_strdup(hf_buf_text(&read_so_far));
    return NULL;
}

bool hf_ini_number(const char *text, bool duration, uint32_t least, uint32_t most, uint32_t *value)
{
    unsigned long long number;
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || number > UINT32_MAX)
        return false;
    if (duration && strcmp(end, "s") == 0)
        number *= 1000;
    else if (duration && strcmp(end, "min") == 0)
        number *= 60000;
    else if (*end != '\0' && !(duration && strcmp(end, "ms") == 0))
        return false;
    if (number < least || number > most)
        return false;
    *value = (uint32_t)number;
    return true;
}
