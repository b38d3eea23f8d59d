/* capture.c - what an agent prints; see capture.h. */
#include "daemon/runner/capture.h"

#include <string.h>

#include "daemon/runner/protocol.h"
#include "lib/buf.h"

static const char prefix[] = RUNNER_REASON_PREFIX;

enum { PREFIX_LENGTH = sizeof(prefix) - 1, RING_MIN = 512 };

void runner_capture_init(struct runner_capture *capture, size_t limit)
{
    *capture = (struct runner_capture){.limit = limit};
}

void runner_capture_clear(struct runner_capture *capture)
{
    free(capture->tail);
    free(capture->reason);
    *capture = (struct runner_capture){0};
}

bool runner_capture_empty(const struct runner_capture *capture)
{
    return capture->length == 0;
}

/* The ring's content in order, at out. */
static void unroll(const struct runner_capture *capture, char *out)
{
    size_t first = capture->capacity - capture->start;

    if (first > capture->length)
        first = capture->length;
    if (capture->length == 0)
        return;
    memcpy(out, capture->tail + capture->start, first);
    memcpy(out + first, capture->tail, capture->length - first);
}

static void make_room(struct runner_capture *capture, size_t wanted)
{
    size_t capacity = capture->capacity == 0 ? RING_MIN : capture->capacity;

    if (wanted > capture->limit)
        wanted = capture->limit;
    while (capacity < wanted)
        capacity *= 2;
    if (capacity > capture->limit)
        capacity = capture->limit;
    if (capacity <= capture->capacity)
        return;

    char *ring = hf_calloc(capacity, 1);

    unroll(capture, ring);
    free(capture->tail);
    capture->tail = ring;
    capture->capacity = capacity;
    capture->start = 0;
}

static void keep(struct runner_capture *capture, const char *bytes, size_t length)
{
    if (length > capture->limit) {
        bytes += length - capture->limit;
        /* Two beginnings make the same tail: one byte more than fits says that something was cut. */
        length = capture->limit;
    }
    make_room(capture, capture->length + length);
    for (size_t i = 0; i < length; i++) {
        size_t at = (capture->start + capture->length) % capture->capacity;

        capture->tail[at] = bytes[i];
        if (capture->length < capture->capacity)
            capture->length++;
        else
            capture->start = (capture->start + 1) % capture->capacity;
    }
}

/* How much of the prefix ends at this byte, given how much ended at the byte before. */
static size_t match(size_t matched, char c)
{
    while (true) {
        if (c == prefix[matched])
            return matched + 1;
        if (matched == 0)
            return 0;
        /* The longest shorter beginning of the prefix that ends here too. */
        size_t shorter = matched - 1;

        while (shorter > 0 && memcmp(prefix, prefix + matched - shorter, shorter) != 0)
            shorter--;
        matched = shorter;
    }
}

static void scan(struct runner_capture *capture, char c)
{
    capture->matched = match(capture->matched, c);
    if (capture->matched == PREFIX_LENGTH) {
        capture->matched = 0;
        capture->in_reason = true;
        capture->reason_length = 0;
        if (capture->reason == NULL)
            capture->reason = hf_calloc(RUNNER_REASON_MAX, 1);
        return;
    }
    if (c == '\n')
        capture->in_reason = false;
    else if (capture->in_reason && capture->reason_length < RUNNER_REASON_MAX)
        capture->reason[capture->reason_length++] = c;
}

void runner_capture_add(struct runner_capture *capture, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        scan(capture, bytes[i]);
    keep(capture, bytes, length);
}

/* The length of the valid UTF-8 sequence of a printable character at text, or 0. */
static size_t utf8_length(const unsigned char *text, size_t left)
{
    size_t length = text[0] < 0x80                      ? 1
                    : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
                    : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                    : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                        : 0;

    if (length == 0 || length > left)
        return 0;
    if (length == 1)
        return (text[0] >= 0x20 && text[0] != 0x7f) || text[0] == '\t' || text[0] == '\n';
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;

    unsigned code = length == 2   ? (text[0] & 0x1fu) << 6 | (text[1] & 0x3fu)
                    : length == 3 ? (text[0] & 0x0fu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu)
                                  : (text[0] & 0x07u) << 18 | (text[1] & 0x3fu) << 12 |
                                        (text[2] & 0x3fu) << 6 | (text[3] & 0x3fu);

    /* Overlong forms, surrogates, beyond Unicode, and the two code points that XML 1.0 cannot carry. */
    if ((length == 3 && code < 0x800) || (length == 4 && code < 0x10000) || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000) || code == 0xfffe || code == 0xffff)
        return 0;
    return length;
}

static char *clean(const char *bytes, size_t length)
{
    struct hf_buf text = {0};
    size_t at = 0;

    while (at < length) {
        size_t good = utf8_length((const unsigned char *)bytes + at, length - at);

        if (good == 0)
            hf_buf_putc(&text, '?');
        else
            hf_buf_add(&text, bytes + at, good);
        at += good == 0 ? 1 : good;
    }
    return hf_buf_take(&text);
}

char *runner_capture_text(const struct runner_capture *capture)
{
    HF_CLEANUP(hf_freep) char *bytes = hf_calloc(capture->length + 1, 1);
    size_t from = 0;

    unroll(capture, bytes);
    if (capture->length == capture->limit) {
        const char *line = memchr(bytes, '\n', capture->length);

        if (line != NULL && line + 1 < bytes + capture->length)
            from = (size_t)(line + 1 - bytes);
    }
    return clean(bytes + from, capture->length - from);
}

char *runner_capture_reason(const struct runner_capture *capture)
{
    size_t length = capture->reason_length;

    if (capture->reason == NULL)
        return hf_strdup("");
    /* Do not cut a character in two. */
    while (length == RUNNER_REASON_MAX && length > 0 && (capture->reason[length - 1] & 0xc0) == 0x80)
        length--;
    if (capture->reason_length == RUNNER_REASON_MAX && length > 0 &&
        (capture->reason[length - 1] & 0x80) != 0)
        length--;
    return clean(capture->reason, length);
}
