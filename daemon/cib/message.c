/* message.c - see message.h. */
#include "daemon/cib/message.h"

#include <string.h>

enum { MAGIC = 0x4846 }; /* "HF" */

static void put_members(struct hf_buf *buf, const struct cib_member_list *members)
{
    hf_put_u16(buf, (uint16_t)members->count);
    for (size_t i = 0; i < members->count; i++)
        hf_put_u64(buf, members->list[i]);
}

static void get_members(struct hf_reader *reader, struct cib_member_list *members)
{
    size_t count = hf_get_u16(reader);

    members->count = 0;
    if (count > CIB_MEMBER_LIMIT)
        reader->failed = true;
    while (!reader->failed && members->count < count)
        members->list[members->count++] = hf_get_u64(reader);
}

static void put_hello(struct hf_buf *buf, const struct cib_hello *hello)
{
    hf_put_u8(buf, hello->active);
    hf_put_u64(buf, hello->line);
    hf_put_u64(buf, hello->index);
    hf_put_u64(buf, hello->lineage.generation);
    hf_put_u64(buf, hello->lineage.version.admin_epoch);
    hf_put_u64(buf, hello->lineage.version.epoch);
    hf_put_u64(buf, hello->lineage.version.num_updates);
    cib_put_digest(buf, hello->configuration);
    cib_put_digest(buf, hello->status);
    put_members(buf, &hello->seniority);
    put_members(buf, &hello->expelled);
}

static void get_hello(struct hf_reader *reader, struct cib_hello *hello)
{
    hello->active = hf_get_u8(reader) != 0;
    hello->line = hf_get_u64(reader);
    hello->index = hf_get_u64(reader);
    hello->lineage.generation = hf_get_u64(reader);
    hello->lineage.version.admin_epoch = hf_get_u64(reader);
    hello->lineage.version.epoch = hf_get_u64(reader);
    hello->lineage.version.num_updates = hf_get_u64(reader);
    hello->configuration = cib_get_digest(reader);
    hello->status = cib_get_digest(reader);
    get_members(reader, &hello->seniority);
    get_members(reader, &hello->expelled);
}

void cib_put_message(struct hf_buf *buf, const struct cib_message *message)
{
    hf_put_u16(buf, MAGIC);
    hf_put_u8(buf, CIB_PROTOCOL);
    hf_put_u8(buf, (uint8_t)message->type);
    hf_put_u64(buf, message->tag);
    switch (message->type) {
    case CIB_HELLO:
        put_hello(buf, &message->hello);
        return;
    case CIB_BATCH:
        return;
    case CIB_FRAGMENT:
        hf_put_u64(buf, message->sequence);
        hf_put_u8(buf, (uint8_t)message->kind);
        /* fall through */
    case CIB_STATE:
        hf_put_u32(buf, message->total);
        hf_put_u32(buf, message->offset);
        hf_put_bytes(buf, message->bytes, message->length);
        return;
    case CIB_ACK:
        hf_put_u64(buf, message->index);
        cib_put_digest(buf, message->digest);
        hf_put_u8(buf, message->full);
        return;
    case CIB_QUORUM:
        hf_put_u8(buf, message->quorate);
        hf_put_u32(buf, message->term);
        hf_put_u16(buf, message->spare);
        return;
    case CIB_EXPEL:
    case CIB_RESYNC:
        hf_put_u64(buf, message->member);
        return;
    }
}

static bool is_kind(unsigned kind)
{
    return kind == CIB_REQUEST_CHANGE || kind == CIB_REQUEST_STATUS;
}

/* The part of something larger; empty and overlong parts are malformed. */
static void get_part(struct hf_reader *reader, struct cib_message *message, uint32_t limit)
{
    message->total = hf_get_u32(reader);
    message->offset = hf_get_u32(reader);
    message->bytes = hf_get_bytes(reader, &message->length);
    if (message->total > limit || message->length == 0 || message->offset > message->total ||
        message->length > message->total - message->offset)
        reader->failed = true;
}

static void get_body(struct hf_reader *reader, struct cib_message *message)
{
    switch (message->type) {
    case CIB_HELLO:
        get_hello(reader, &message->hello);
        return;
    case CIB_BATCH:
        message->requests = *reader;
        *reader = hf_reader(NULL, 0);
        return;
    case CIB_FRAGMENT:
        message->sequence = hf_get_u64(reader);
        message->kind = hf_get_u8(reader);
        if (!is_kind(message->kind))
            reader->failed = true;
        get_part(reader, message, CIB_REQUEST_LIMIT);
        return;
    case CIB_STATE:
        get_part(reader, message, CIB_STATE_LIMIT);
        return;
    case CIB_ACK:
        message->index = hf_get_u64(reader);
        message->digest = cib_get_digest(reader);
        message->full = hf_get_u8(reader) != 0;
        return;
    case CIB_QUORUM:
        message->quorate = hf_get_u8(reader) != 0;
        message->term = hf_get_u32(reader);
        message->spare = hf_get_u16(reader);
        return;
    case CIB_EXPEL:
    case CIB_RESYNC:
        message->member = hf_get_u64(reader);
        return;
    }
    reader->failed = true;
}

struct hf_error *cib_get_message(const void *bytes, size_t length, struct cib_message *message)
{
    struct hf_reader reader = hf_reader(bytes, length);
    unsigned magic = hf_get_u16(&reader), version = hf_get_u8(&reader);

    message->type = hf_get_u8(&reader);
    message->tag = hf_get_u64(&reader);
    if (reader.failed || magic != MAGIC)
        return hf_error_new(HF_USAGE, "not a message of Holdfast's");
    if (version != CIB_PROTOCOL)
        return hf_error_new(HF_USAGE, "protocol version %u, expected %d", version, CIB_PROTOCOL);
    get_body(&reader, message);
    if (!hf_reader_done(&reader))
        return hf_error_new(HF_USAGE, "malformed message of type %d", (int)message->type);
    return NULL;
}

void cib_put_request(struct hf_buf *buf, const struct cib_request *request)
{
    hf_put_u64(buf, request->sequence);
    hf_put_u8(buf, (uint8_t)request->kind);
    hf_put_bytes(buf, request->body, request->length);
}

bool cib_get_request(struct hf_reader *requests, struct cib_request *request)
{
    if (requests->failed || requests->left == 0)
        return false;
    request->sequence = hf_get_u64(requests);
    request->kind = hf_get_u8(requests);
    request->body = hf_get_bytes(requests, &request->length);
    if (!is_kind(request->kind))
        requests->failed = true;
    return !requests->failed;
}

void cib_put_change(struct hf_buf *buf, const struct cib_request_change *change)
{
    hf_put_u64(buf, (uint64_t)change->time);
    hf_put_string(buf, change->origin);
    hf_put_string(buf, change->user);
    hf_put_bytes(buf, change->text, change->length);
}

bool cib_get_change(const void *body, size_t length, struct cib_request_change *change)
{
    struct hf_reader reader = hf_reader(body, length);

    *change = (struct cib_request_change){0};
    change->time = (int64_t)hf_get_u64(&reader);
    change->origin = hf_get_string(&reader);
    change->user = hf_get_string(&reader);
    change->text = hf_get_bytes(&reader, &change->length);
    if (hf_reader_done(&reader))
        return true;
    cib_request_change_free(change);
    return false;
}

void cib_request_change_free(struct cib_request_change *change)
{
    free(change->origin);
    free(change->user);
    *change = (struct cib_request_change){0};
}
