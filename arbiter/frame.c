/* frame.c - see frame.h. */
#include "arbiter/frame.h"

#include <ctype.h>
#include <string.h>

#include "lib/wire.h"

enum { COUNT_AT = FRAME_HEADER }; /* where REQUEST and REPLY keep the number of items */

/* A cursor over a frame being written; the longest item is shorter than the space it checks for. */
struct cursor {
    uint8_t *at;
    size_t left;
    bool full;
};

static void put(struct cursor *cursor, uint64_t value, size_t bytes)
{
    if (cursor->full || cursor->left < bytes) {
        cursor->full = true;
        return;
    }
    for (size_t i = 0; i < bytes; i++)
        cursor->at[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    cursor->at += bytes;
    cursor->left -= bytes;
}

static void put_name(struct cursor *cursor, const char *name)
{
    size_t length = strnlen(name, FRAME_NAME_MAX);

    put(cursor, length, 1);
    if (cursor->full || cursor->left < length) {
        cursor->full = true;
        return;
    }
    memcpy(cursor->at, name, length);
    cursor->at += length;
    cursor->left -= length;
}

static void put_header(struct cursor *cursor, enum frame_type type, uint64_t session, uint32_t seq)
{
    put(cursor, 0, 2);
    put(cursor, FRAME_VERSION, 1);
    put(cursor, type, 1);
    put(cursor, seq, 4);
    put(cursor, session, 8);
}

static void put_size(uint8_t *bytes, size_t length)
{
    bytes[0] = (uint8_t)(length >> 8);
    bytes[1] = (uint8_t)length;
}

static bool name_byte_ok(unsigned char c)
{
    return isalnum(c) || (c != '\0' && strchr("._-:@/", c) != NULL);
}

bool frame_name_ok(const char *name)
{
    size_t length = 0;

    for (; name[length] != '\0'; length++)
        if (length == FRAME_NAME_MAX || !name_byte_ok((unsigned char)name[length]))
            return false;
    return length > 0;
}

const char *frame_answer_name(enum frame_answer answer)
{
    switch (answer) {
    case FRAME_GRANTED:
        return "granted";
    case FRAME_RENEWED:
        return "renewed";
    case FRAME_HELD:
        return "held";
    case FRAME_OLD_TERM:
        return "old-term";
    case FRAME_NOT_READY:
        return "not-ready";
    case FRAME_DISK:
        return "disk";
    case FRAME_LIMIT:
        return "limit";
    case FRAME_RELEASED:
        return "released";
    case FRAME_NOT_YOURS:
        return "not-yours";
    case FRAME_FREE:
        return "free";
    }
    return "unknown";
}

const char *frame_goodbye_name(enum frame_goodbye reason)
{
    switch (reason) {
    case FRAME_BYE_REPLACED:
        return "replaced by a later session of this node";
    case FRAME_BYE_SESSION:
        return "no such session";
    case FRAME_BYE_BAD_FRAME:
        return "bad frame";
    case FRAME_BYE_LIMIT:
        return "limit reached";
    }
    return "unknown reason";
}

size_t frame_encode(const struct frame *frame, uint8_t bytes[FRAME_MAX])
{
    struct cursor cursor = {.at = bytes, .left = FRAME_MAX};

    put_header(&cursor, frame->type, frame->session, frame->seq);
    switch (frame->type) {
    case FRAME_HELLO:
        for (size_t i = 0; i < FRAME_BOOT_BYTES; i++)
            put(&cursor, frame->boot[i], 1);
        break;
    case FRAME_TEACH:
        put(&cursor, frame->incarnation, 8);
        put(&cursor, frame->top, 8);
        break;
    case FRAME_WELCOME:
        put(&cursor, frame->incarnation, 8);
        put(&cursor, frame->top, 8);
        put(&cursor, frame->ready_ms, 4);
        put(&cursor, frame->max_hold_ms, 4);
        put(&cursor, frame->known | frame->granted << 1, 1);
        break;
    case FRAME_GOODBYE:
        put(&cursor, frame->reason, 1);
        break;
    case FRAME_REQUEST:
    case FRAME_REPLY:
        put(&cursor, 0, 1);
        break;
    }
    put_size(bytes, FRAME_MAX - cursor.left);
    return FRAME_MAX - cursor.left;
}

void frame_begin(struct frame_writer *writer, enum frame_type type, uint64_t session, uint32_t seq)
{
    struct frame frame = {.type = type, .session = session, .seq = seq};

    writer->length = frame_encode(&frame, writer->bytes);
}

bool frame_add(struct frame_writer *writer, const struct frame_item *item)
{
    struct cursor cursor = {.at = writer->bytes + writer->length, .left = FRAME_MAX - writer->length};

    put(&cursor, item->op, 1);
    put_name(&cursor, item->lock);
    if (writer->bytes[3] == FRAME_REPLY) {
        put(&cursor, item->term, 8);
        put(&cursor, item->remaining_ms, 4);
        put(&cursor, item->lease_ms, 4);
        put_name(&cursor, item->node);
    } else {
        if (item->op == FRAME_ACQUIRE || item->op == FRAME_RENEW || item->op == FRAME_RELEASE)
            put(&cursor, item->term, 8);
        if (item->op == FRAME_ACQUIRE) {
            put(&cursor, item->lease_ms, 4);
            put(&cursor, item->drain_ms, 4);
        }
        if (item->op == FRAME_RELEASE)
            put_name(&cursor, item->node);
    }
    if (cursor.full)
        return false;
    writer->length = FRAME_MAX - cursor.left;
    put_size(writer->bytes, writer->length);
    writer->bytes[COUNT_AT]++;
    return true;
}

unsigned frame_count(const struct frame_writer *writer)
{
    return writer->bytes[COUNT_AT];
}

int frame_size(const uint8_t *bytes, size_t length)
{
    size_t size;

    if (length >= 3 && bytes[2] != FRAME_VERSION)
        return -1;
    if (length < 2)
        return 0;
    size = (size_t)bytes[0] << 8 | bytes[1];
    if (size < FRAME_HEADER || size > FRAME_MAX)
        return -1;
    return (int)size;
}

/* Reads a length byte and a name; may_be_empty also accepts "". */
static void get_name(struct hf_reader *reader, char name[FRAME_NAME_MAX + 1], bool may_be_empty)
{
    size_t length = hf_get_u8(reader);

    name[0] = '\0';
    if (reader->failed || length > FRAME_NAME_MAX || length > reader->left) {
        reader->failed = true;
        return;
    }
    memcpy(name, reader->at, length);
    name[length] = '\0';
    reader->at += length;
    reader->left -= length;
    if (length == 0 ? !may_be_empty : strlen(name) != length || !frame_name_ok(name))
        reader->failed = true;
}

static void get_item(struct hf_reader *reader, bool reply, struct frame_item *item)
{
    item->op = hf_get_u8(reader);
    if (item->op == 0 || item->op > (reply ? (int)FRAME_ANSWER_LAST : (int)FRAME_RELEASE))
        reader->failed = true;
    get_name(reader, item->lock, false);
    item->term = 0;
    item->remaining_ms = item->lease_ms = item->drain_ms = 0;
    item->node[0] = '\0';
    if (reply) {
        item->term = hf_get_u64(reader);
        item->remaining_ms = hf_get_u32(reader);
        item->lease_ms = hf_get_u32(reader);
        get_name(reader, item->node, true);
        return;
    }
    if (item->op == FRAME_ACQUIRE || item->op == FRAME_RENEW || item->op == FRAME_RELEASE)
        item->term = hf_get_u64(reader);
    if (item->op == FRAME_ACQUIRE) {
        item->lease_ms = hf_get_u32(reader);
        item->drain_ms = hf_get_u32(reader);
    }
    if (item->op == FRAME_RELEASE)
        get_name(reader, item->node, true);
}

/* The body; false for a type that does not exist. */
static bool get_body(struct hf_reader *reader, struct frame *frame, struct frame_item *items)
{
    uint8_t flags;

    switch (frame->type) {
    case FRAME_HELLO:
        for (size_t i = 0; i < FRAME_BOOT_BYTES; i++)
            frame->boot[i] = hf_get_u8(reader);
        return true;
    case FRAME_TEACH:
        frame->incarnation = hf_get_u64(reader);
        frame->top = hf_get_u64(reader);
        return true;
    case FRAME_WELCOME:
        frame->incarnation = hf_get_u64(reader);
        frame->top = hf_get_u64(reader);
        frame->ready_ms = hf_get_u32(reader);
        frame->max_hold_ms = hf_get_u32(reader);
        flags = hf_get_u8(reader);
        frame->known = (flags & 1) != 0;
        frame->granted = (flags & 2) != 0;
        return true;
    case FRAME_GOODBYE:
        frame->reason = hf_get_u8(reader);
        return true;
    case FRAME_REQUEST:
    case FRAME_REPLY:
        frame->items = hf_get_u8(reader);
        if (frame->items > FRAME_ITEMS_MAX)
            reader->failed = true;
        for (unsigned i = 0; i < frame->items && !reader->failed; i++)
            get_item(reader, frame->type == FRAME_REPLY, &items[i]);
        return true;
    }
    return false;
}

struct hf_error *frame_decode(const uint8_t *bytes, size_t length, struct frame *frame,
                              struct frame_item items[FRAME_ITEMS_MAX])
{
    struct hf_reader reader = hf_reader(bytes, length);
    int version;
    size_t size;

    memset(frame, 0, sizeof(*frame));
    size = hf_get_u16(&reader);
    version = hf_get_u8(&reader);
    frame->type = hf_get_u8(&reader);
    frame->seq = hf_get_u32(&reader);
    frame->session = hf_get_u64(&reader);
    if (reader.failed || size != length || length > FRAME_MAX)
        return hf_error_new(HF_REFUSED, "lock frame of %zu bytes says it has %zu; expected %d to %d", length,
                            size, FRAME_HEADER, FRAME_MAX);
    if (version != FRAME_VERSION)
        return hf_error_new(HF_REFUSED, "lock frame has version %d, expected %d", version, FRAME_VERSION);
    if (!get_body(&reader, frame, items))
        return hf_error_new(HF_REFUSED, "lock frame has unknown type %d", (int)frame->type);
    if (!hf_reader_done(&reader))
        return hf_error_new(HF_REFUSED, "lock frame of type %d is %s", (int)frame->type,
                            reader.failed ? "cut short or has a bad name" : "followed by excess bytes");
    return NULL;
}
