/* wire.c - see wire.h. */
#include "lib/wire.h"

#include <string.h>

static void put(struct hf_buf *buf, uint64_t value, int bytes)
{
    unsigned char out[8];

    for (int i = 0; i < bytes; i++)
        out[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
    hf_buf_add(buf, out, (size_t)bytes);
}

void hf_put_u8(struct hf_buf *buf, uint8_t value)
{
    put(buf, value, 1);
}

void hf_put_u16(struct hf_buf *buf, uint16_t value)
{
    put(buf, value, 2);
}

void hf_put_u32(struct hf_buf *buf, uint32_t value)
{
    put(buf, value, 4);
}

void hf_put_u64(struct hf_buf *buf, uint64_t value)
{
    put(buf, value, 8);
}

void hf_put_bytes(struct hf_buf *buf, const void *bytes, size_t length)
{
    hf_put_u32(buf, (uint32_t)length);
    hf_buf_add(buf, bytes, length);
}

void hf_put_string(struct hf_buf *buf, const char *text)
{
    hf_put_bytes(buf, text, text == NULL ? 0 : strlen(text));
}

struct hf_reader hf_reader(const void *bytes, size_t length)
{
    return (struct hf_reader){.at = bytes, .left = length};
}

static uint64_t get(struct hf_reader *reader, size_t bytes)
{
    uint64_t value = 0;

    if (reader->failed || reader->left < bytes) {
        reader->failed = true;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | reader->at[i];
    reader->at += bytes;
    reader->left -= bytes;
    return value;
}

uint8_t hf_get_u8(struct hf_reader *reader)
{
    return (uint8_t)get(reader, 1);
}

uint16_t hf_get_u16(struct hf_reader *reader)
{
    return (uint16_t)get(reader, 2);
}

uint32_t hf_get_u32(struct hf_reader *reader)
{
    return (uint32_t)get(reader, 4);
}

uint64_t hf_get_u64(struct hf_reader *reader)
{
    return get(reader, 8);
}

const void *hf_get_bytes(struct hf_reader *reader, size_t *length)
{
    size_t wanted = hf_get_u32(reader);
    const void *bytes = reader->at;

    *length = 0;
    if (reader->failed || reader->left < wanted) {
        reader->failed = true;
        return NULL;
    }
    reader->at += wanted;
    reader->left -= wanted;
    *length = wanted;
    return bytes;
}

char *hf_get_string(struct hf_reader *reader)
{
    size_t length;
    const char *bytes = hf_get_bytes(reader, &length);

    if (reader->failed)
        return NULL;
    if (length > 0 && memchr(bytes, '\0', length) != NULL) {
        reader->failed = true;
        return NULL;
    }
    return length == 0 ? hf_strdup("") : hf_strndup(bytes, length);
}

bool hf_reader_done(const struct hf_reader *reader)
{
    return !reader->failed && reader->left == 0;
}
