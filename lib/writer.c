/* writer.c - see writer.h. */
#include "lib/writer.h"

#include <inttypes.h>

enum { DEPTH_MAX = 32, INDENT = 2 };

struct level {
    bool list, used;
};

struct hf_writer {
    enum hf_writer_format format;
    struct hf_buf text;
    struct level level[DEPTH_MAX]; /* JSON: level[0] is the outermost object */
    int depth;                     /* levels open, besides level[0] */
};

struct hf_writer *hf_writer_new(enum hf_writer_format format)
{
    struct hf_writer *writer = hf_calloc(1, sizeof(*writer));

    writer->format = format;
    return writer;
}

void hf_writer_free(struct hf_writer *writer)
{
    if (writer == NULL)
        return;
    hf_buf_free(&writer->text);
    free(writer);
}

bool hf_writer_is_json(const struct hf_writer *writer)
{
    return writer->format == HF_WRITER_JSON;
}

bool hf_writer_is_empty(const struct hf_writer *writer)
{
    return writer->text.length == 0;
}

static void put_json_string(struct hf_buf *text, const char *value)
{
    hf_buf_putc(text, '"');
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;

        if (c == '"' || c == '\\')
            hf_buf_printf(text, "\\%c", c);
        else if (c == '\n')
            hf_buf_puts(text, "\\n");
        else if (c == '\t')
            hf_buf_puts(text, "\\t");
        else if (c < 0x20 || c == 0x7f)
            hf_buf_printf(text, "\\u%04x", c);
        else
            hf_buf_putc(text, *value);
    }
    hf_buf_putc(text, '"');
}

/* What stands before a JSON value: comma, line end, indent, key. */
static void begin_value(struct hf_writer *writer, const char *key)
{
    struct level *level = &writer->level[writer->depth];

    if (writer->text.length == 0)
        hf_buf_putc(&writer->text, '{');
    hf_buf_puts(&writer->text, level->used ? ",\n" : "\n");
    level->used = true;
    hf_buf_printf(&writer->text, "%*s", (writer->depth + 1) * INDENT, "");
    if (level->list || key == NULL)
        return;
    put_json_string(&writer->text, key);
    hf_buf_puts(&writer->text, ": ");
}

static void begin_level(struct hf_writer *writer, const char *key, bool list)
{
    if (writer->format != HF_WRITER_JSON)
        return;
    if (writer->depth + 1 == DEPTH_MAX)
        abort();
    begin_value(writer, key);
    hf_buf_putc(&writer->text, list ? '[' : '{');
    writer->level[++writer->depth] = (struct level){.list = list};
}

void hf_write_object(struct hf_writer *writer, const char *key)
{
    begin_level(writer, key, false);
}

void hf_write_list(struct hf_writer *writer, const char *key)
{
    begin_level(writer, key, true);
}

void hf_write_answer(struct hf_writer *writer)
{
    if (writer->format == HF_WRITER_JSON && writer->text.length == 0)
        hf_buf_putc(&writer->text, '{');
}

void hf_write_end(struct hf_writer *writer)
{
    const struct level *level = &writer->level[writer->depth];

    if (writer->format != HF_WRITER_JSON)
        return;
    if (writer->depth == 0)
        abort();
    writer->depth--;
    if (level->used)
        hf_buf_printf(&writer->text, "\n%*s", (writer->depth + 1) * INDENT, "");
    hf_buf_putc(&writer->text, level->list ? ']' : '}');
}

void hf_write_string(struct hf_writer *writer, const char *key, const char *label, const char *value)
{
    if (writer->format == HF_WRITER_JSON) {
        begin_value(writer, key);
        if (value != NULL)
            put_json_string(&writer->text, value);
        else
            hf_buf_puts(&writer->text, "null");
    } else if (label != NULL) {
        hf_buf_printf(&writer->text, "%s: %s\n", label, value != NULL ? value : "-");
    }
}

void hf_write_int(struct hf_writer *writer, const char *key, const char *label, int64_t value)
{
    if (writer->format == HF_WRITER_JSON) {
        begin_value(writer, key);
        hf_buf_printf(&writer->text, "%" PRId64, value);
    } else if (label != NULL) {
        hf_buf_printf(&writer->text, "%s: %" PRId64 "\n", label, value);
    }
}

void hf_write_bool(struct hf_writer *writer, const char *key, const char *label, bool value)
{
    if (writer->format == HF_WRITER_JSON) {
        begin_value(writer, key);
        hf_buf_puts(&writer->text, value ? "true" : "false");
    } else if (label != NULL) {
        hf_buf_printf(&writer->text, "%s: %s\n", label, value ? "yes" : "no");
    }
}

void hf_write_line(struct hf_writer *writer, const char *format, ...)
{
    va_list arguments;
    char *line;

    if (writer->format != HF_WRITER_TEXT)
        return;
    va_start(arguments, format);
    line = hf_vasprintf(format, arguments);
    va_end(arguments);
    hf_buf_puts(&writer->text, line);
    hf_buf_putc(&writer->text, '\n');
    free(line);
}

void hf_write_raw(struct hf_writer *writer, const char *text)
{
    if (writer->format == HF_WRITER_TEXT)
        hf_buf_puts(&writer->text, text);
}

char *hf_writer_finish(struct hf_writer *writer)
{
    while (writer->format == HF_WRITER_JSON && writer->depth > 0)
        hf_write_end(writer);
    if (writer->format == HF_WRITER_JSON)
        hf_buf_puts(&writer->text, writer->text.length == 0 ? "{}\n"
                                   : writer->level[0].used  ? "\n}\n"
                                                            : "}\n");
    writer->level[0] = (struct level){0};
    return hf_buf_take(&writer->text);
}
