/* buf.c - see buf.h. */
#include "lib/buf.h"

#include <stdio.h>
#include <string.h>

static void room(struct hf_buf *buf, size_t more)
{
    hf_grow(&buf->data, &buf->capacity, buf->length + more + 1, 1);
}

void hf_buf_add(struct hf_buf *buf, const void *bytes, size_t length)
{
    room(buf, length);
    if (length > 0)
        memcpy(buf->data + buf->length, bytes, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

void hf_buf_puts(struct hf_buf *buf, const char *text)
{
    hf_buf_add(buf, text, strlen(text));
}

void hf_buf_putc(struct hf_buf *buf, char c)
{
    hf_buf_add(buf, &c, 1);
}

void hf_buf_printf(struct hf_buf *buf, const char *format, ...)
{
    va_list arguments, again;

    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        room(buf, (size_t)length);
        vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
        buf->length += (size_t)length;
    }
    va_end(again);
}

void hf_buf_xml(struct hf_buf *buf, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        switch (*c) {
        case '<':
            hf_buf_puts(buf, "&lt;");
            break;
        case '>':
            hf_buf_puts(buf, "&gt;");
            break;
        case '&':
            hf_buf_puts(buf, "&amp;");
            break;
        case '"':
            hf_buf_puts(buf, "&quot;");
            break;
        case '\'':
            hf_buf_puts(buf, "&apos;");
            break;
        case '\t':
        case '\n':
        case '\r':
            hf_buf_printf(buf, "&#%d;", *c);
            break;
        default:
            /* Other control characters cannot be written in XML 1.0 at all. */
            hf_buf_putc(buf, (unsigned char)*c < 0x20 ? '?' : *c);
        }
    }
}

void hf_buf_reset(struct hf_buf *buf)
{
    buf->length = 0;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

const char *hf_buf_text(const struct hf_buf *buf)
{
    return buf->data == NULL ? "" : buf->data;
}

char *hf_buf_take(struct hf_buf *buf)
{
    room(buf, 0);
    buf->data[buf->length] = '\0';

    char *text = buf->data;

    *buf = (struct hf_buf){0};
    return text;
}

void hf_buf_free(struct hf_buf *buf)
{
    free(buf->data);
    *buf = (struct hf_buf){0};
}
