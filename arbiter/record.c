/* record.c - see record.h. */
#include "arbiter/record.h"

#include <string.h>

#include "lib/wire.h"

enum { BATCH_HEADER = 20, BATCH_MAX = 64 * 1024 * 1024 };

static const char magic[4] = {'H', 'F', 'L', 'K'};

/* CRC-32 (IEEE 802.3), four bits at a time. */
static uint32_t crc32_of(uint32_t crc, const uint8_t *bytes, size_t length)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };

    crc = ~crc;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static void put_record(struct hf_buf *out, const struct record *record)
{
    hf_put_u8(out, (uint8_t)record->kind);
    hf_put_string(out, record->cluster);
    hf_put_u64(out, record->term);
    hf_put_u8(out, record->granted);
    if (record->kind == RECORD_LOCK) {
        hf_put_string(out, record->lock);
        hf_put_string(out, record->node);
        hf_buf_add(out, record->boot, FRAME_BOOT_BYTES);
        hf_put_u32(out, record->lease_ms);
        hf_put_u32(out, record->drain_ms);
    }
}

void record_batch(struct hf_buf *out, uint64_t number, const struct record *records, size_t count)
{
    size_t start = out->length;
    struct hf_buf body HF_CLEANUP(hf_buf_free) = {0};

    hf_put_u64(&body, number);
    for (size_t i = 0; i < count; i++)
        put_record(&body, &records[i]);
    hf_buf_add(out, magic, sizeof(magic));
    hf_put_u32(out, (uint32_t)(body.length - 8));
    hf_buf_add(out, body.data, 8);
    hf_put_u32(out, crc32_of(0, (const uint8_t *)body.data, body.length));
    hf_buf_add(out, body.data + 8, body.length - 8);
    if (out->length - start > BATCH_MAX)
        abort();
}

static void get_name(struct hf_reader *reader, char name[FRAME_NAME_MAX + 1], bool may_be_empty)
{
    size_t length;
    const void *bytes = hf_get_bytes(reader, &length);

    name[0] = '\0';
    if (reader->failed || length > FRAME_NAME_MAX) {
        reader->failed = true;
        return;
    }
    if (length > 0)
        memcpy(name, bytes, length);
    name[length] = '\0';
    if (length == 0 ? !may_be_empty : strlen(name) != length || !frame_name_ok(name))
        reader->failed = true;
}

static void get_record(struct hf_reader *reader, struct record *record)
{
    memset(record, 0, sizeof(*record));
    record->kind = hf_get_u8(reader);
    if (record->kind != RECORD_CLUSTER && record->kind != RECORD_LOCK)
        reader->failed = true;
    get_name(reader, record->cluster, false);
    record->term = hf_get_u64(reader);
    record->granted = hf_get_u8(reader) != 0;
    if (record->kind != RECORD_LOCK)
        return;
    get_name(reader, record->lock, false);
    get_name(reader, record->node, true);
    for (size_t i = 0; i < FRAME_BOOT_BYTES; i++)
        record->boot[i] = hf_get_u8(reader);
    record->lease_ms = hf_get_u32(reader);
    record->drain_ms = hf_get_u32(reader);
}

/* The length of the whole batch at the start of these bytes, or 0 if there is none. */
static size_t batch_here(const uint8_t *bytes, size_t length, uint64_t *number)
{
    struct hf_reader reader = hf_reader(bytes, length);
    uint8_t numbered[8];
    uint32_t body, crc;

    if (length < BATCH_HEADER || memcmp(bytes, magic, sizeof(magic)) != 0)
        return 0;
    hf_get_u32(&reader);
    body = hf_get_u32(&reader);
    memcpy(numbered, reader.at, sizeof(numbered));
    *number = hf_get_u64(&reader);
    crc = hf_get_u32(&reader);
    if (body > reader.left)
        return 0;
    if (crc32_of(crc32_of(0, numbered, 8), reader.at, body) != crc)
        return 0;
    return BATCH_HEADER + body;
}

/* Whether a whole batch with a number above after begins anywhere in these bytes. */
static bool later_batch(const uint8_t *bytes, size_t length, uint64_t after)
{
    for (size_t at = 0; at + BATCH_HEADER <= length; at++) {
        const uint8_t *found = memmem(bytes + at, length - at, magic, sizeof(magic));
        uint64_t number;

        if (found == NULL)
            return false;
        at = (size_t)(found - bytes);
        if (batch_here(found, length - at, &number) > 0 && number > after)
            return true;
    }
    return false;
}

struct hf_error *record_read(const void *data, size_t length, record_visit *visit, void *context,
                             struct record_file *file)
{
    const uint8_t *bytes = data;
    uint64_t number;
    size_t size;

    *file = (struct record_file){0};
    while ((size = batch_here(bytes + file->good, length - file->good, &number)) > 0) {
        struct hf_reader reader = hf_reader(bytes + file->good + BATCH_HEADER, size - BATCH_HEADER);

        if (number <= file->number)
            return hf_error_new(HF_REFUSED, "lock record: batch %llu at byte %zu follows batch %llu",
                                (unsigned long long)number, file->good, (unsigned long long)file->number);
        while (reader.left > 0) {
            struct record record;

            get_record(&reader, &record);
            if (reader.failed)
                return hf_error_new(HF_REFUSED, "lock record: batch at byte %zu holds no valid record",
                                    file->good);
            visit(context, &record);
        }
        file->good += size;
        file->number = number;
    }
    file->torn = file->good < length;
    if (file->torn && later_batch(bytes + file->good, length - file->good, file->number))
        return hf_error_new(HF_REFUSED, "lock record: damaged at byte %zu, with whole batches after it",
                            file->good);
    return NULL;
}
