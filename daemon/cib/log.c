/* log.c - see log.h. */
#include "daemon/cib/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/wire.h"
#include "lib/xml.h"

enum {
    LOG_FORMAT = 1,
    HEADER_MAGIC = 0x48464c47, /* "HFLG" */
    BATCH_MAGIC = 0x48464254,  /* "HFBT" */
    BATCH_HEAD = 16,           /* magic, length, check */
};

static const char snapshot_word[] = "holdfast-cib 1 ";

int cib_lineage_compare(const struct cib_lineage *one, const struct cib_lineage *other)
{
    if (one->generation != other->generation)
        return one->generation < other->generation ? -1 : 1;
    return cib_version_compare(one->version, other->version);
}

void cib_saved_free(struct cib_saved *saved)
{
    cib_document_free(saved->document);
    *saved = (struct cib_saved){0};
}

/* --- writing --- */

static void put_version(struct hf_buf *buf, struct cib_version version)
{
    hf_put_u64(buf, version.admin_epoch);
    hf_put_u64(buf, version.epoch);
}

static struct cib_version get_version(struct hf_reader *reader)
{
    struct cib_version version = {0};

    version.admin_epoch = hf_get_u64(reader);
    version.epoch = hf_get_u64(reader);
    return version;
}

void cib_log_put_record(struct hf_buf *buf, const struct cib_record *record)
{
    hf_put_u8(buf, (uint8_t)record->type);
    hf_put_u64(buf, record->lineage.generation);
    put_version(buf, record->lineage.version);
    cib_put_digest(buf, record->digest);
    hf_put_u64(buf, (uint64_t)record->time);
    hf_put_string(buf, record->origin);
    hf_put_string(buf, record->user);
    hf_put_bytes(buf, record->change, record->length);
}

/* <cib> with its attributes and the configuration, without status. */
static void put_configuration(struct hf_buf *buf, const struct cib_document *document)
{
    const xmlNode *root = cib_document_root(document);
    HF_CLEANUP(hf_freep) char *configuration = hf_xml_text(cib_document_configuration(document), false);

    hf_buf_puts(buf, "<cib");
    for (const xmlAttr *attribute = root->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;
        const char *value = strcmp(name, "num_updates") == 0 ? "0" : hf_xml_get_or(root, name, "");

        hf_buf_printf(buf, " %s=\"", name);
        hf_buf_xml(buf, value);
        hf_buf_putc(buf, '"');
    }
    hf_buf_putc(buf, '>');
    hf_buf_puts(buf, configuration);
    hf_buf_puts(buf, "</cib>\n");
}

void cib_log_put_snapshot(struct hf_buf *buf, const struct cib_document *document, uint64_t generation)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf xml = {0}, rest = {0};
    char text[CIB_DIGEST_TEXT];

    put_configuration(&xml, document);
    hf_buf_printf(&rest, "%" PRIu64 " %" PRIu64 " %zu %s\n", generation, cib_document_version(document).epoch,
                  xml.length, cib_digest_text(cib_document_configuration_digest(document), text));
    hf_buf_add(&rest, xml.data, xml.length);
    hf_buf_printf(buf, "%s%s ", snapshot_word,
                  cib_digest_text(cib_digest_bytes(rest.data, rest.length), text));
    hf_buf_add(buf, rest.data, rest.length);
}

static struct cib_digest batch_check(uint64_t serial, uint64_t offset, const void *records, size_t length)
{
    return cib_digest_pair((struct cib_digest){serial, offset}, cib_digest_bytes(records, length));
}

void cib_log_put_batch(struct hf_buf *buf, uint64_t serial, uint64_t offset, const void *records,
                       size_t length)
{
    hf_put_u32(buf, BATCH_MAGIC);
    hf_put_u32(buf, (uint32_t)length);
    hf_put_u64(buf, batch_check(serial, offset, records, length).a);
    hf_buf_add(buf, records, length);
}

/* --- snapshot --- */

struct snapshot_head {
    uint64_t generation, epoch;
    struct cib_digest digest; /* of the configuration */
    const char *xml;
    size_t length;
};

static struct hf_error *damaged(const char *source, const char *what)
{
    return hf_error_new(HF_REFUSED, "%s: damaged: %s", source, what);
}

/* Verifies the check sum, so whatever it covers is as it was written. */
static struct hf_error *read_head(const char *bytes, size_t length, const char *source,
                                  struct snapshot_head *head)
{
    size_t word = strlen(snapshot_word);
    char digest[CIB_DIGEST_TEXT] = "";
    const char *rest, *line;
    struct cib_digest check;

    if (length < word || memcmp(bytes, snapshot_word, word) != 0)
        return damaged(source, "expected a first line that begins with \"holdfast-cib 1\"");
    if (length < word + CIB_DIGEST_TEXT)
        return damaged(source, "cut off in the first line");
    memcpy(digest, bytes + word, CIB_DIGEST_TEXT - 1);
    rest = bytes + word + CIB_DIGEST_TEXT;
    if (!cib_digest_parse(digest, &check) || rest[-1] != ' ' ||
        !cib_digest_equal(check, cib_digest_bytes(rest, length - (size_t)(rest - bytes))))
        return damaged(source, "the check sum does not fit");
    line = memchr(rest, '\n', length - (size_t)(rest - bytes));
    if (line == NULL ||
        sscanf(rest, "%" SCNu64 " %" SCNu64 " %zu %32s", &head->generation, &head->epoch, &head->length,
               digest) != 4 ||
        !cib_digest_parse(digest, &head->digest) || head->length != length - (size_t)(line + 1 - bytes))
        return damaged(source, "the first line is not of this format");
    head->xml = line + 1;
    return NULL;
}

struct hf_error *cib_log_get_snapshot(const struct cib_schema *schema, const char *bytes, size_t length,
                                      const char *source, struct cib_saved *saved)
{
    struct snapshot_head head;
    struct hf_error *error = read_head(bytes, length, source, &head);

    *saved = (struct cib_saved){0};
    if (error == NULL)
        error = cib_document_parse(schema, head.xml, head.length, source, false, &saved->document);
    if (error != NULL)
        return error;
    if (!cib_digest_equal(head.digest, cib_document_configuration_digest(saved->document))) {
        cib_saved_free(saved);
        return damaged(source, "the configuration's digest does not fit");
    }
    saved->generation = head.generation;
    return NULL;
}

struct hf_error *cib_log_put_header(struct hf_buf *buf, uint64_t serial, const void *snapshot, size_t length)
{
    struct snapshot_head head;
    struct hf_error *error = read_head(snapshot, length, "snapshot", &head);
    size_t begin = buf->length;

    if (error != NULL)
        return error;
    hf_put_u32(buf, HEADER_MAGIC);
    hf_put_u32(buf, LOG_FORMAT);
    hf_put_u64(buf, serial);
    hf_put_u64(buf, head.generation);
    cib_put_digest(buf, head.digest);
    cib_put_digest(buf, cib_digest_bytes(buf->data + begin, buf->length - begin));
    return NULL;
}

bool cib_log_peek(const char *bytes, size_t length, uint64_t *epoch)
{
    char line[256] = "";
    uint64_t generation;

    memcpy(line, bytes, length < sizeof(line) - 1 ? length : sizeof(line) - 1);
    return strncmp(line, snapshot_word, strlen(snapshot_word)) == 0 &&
           sscanf(line + strlen(snapshot_word), "%*32s %" SCNu64 " %" SCNu64, &generation, epoch) == 2;
}

/* --- replay --- */

struct replay {
    struct cib_saved *saved;
    const char *source;
    cib_log_visitor *visitor;
    void *context;
    bool ended; /* by the visitor */
};

static struct hf_error *check_header(struct hf_reader *reader, uint64_t serial, const struct replay *replay)
{
    struct cib_digest check = cib_digest_bytes(reader->at, reader->left < 40 ? 0 : 40), base;
    uint32_t magic = hf_get_u32(reader), format = hf_get_u32(reader);
    uint64_t number = hf_get_u64(reader);

    (void)hf_get_u64(reader);
    base = cib_get_digest(reader);
    if (!cib_digest_equal(check, cib_get_digest(reader)) || reader->failed || magic != HEADER_MAGIC)
        return damaged(replay->source, "expected the header of a log");
    if (format != LOG_FORMAT)
        return hf_error_new(HF_REFUSED, "%s: format %" PRIu32 ", expected %d", replay->source, format,
                            LOG_FORMAT);
    if (number != serial ||
        !cib_digest_equal(base, cib_document_configuration_digest(replay->saved->document)))
        return damaged(replay->source, "it does not continue the state before it");
    return NULL;
}

static struct hf_error *replay_change(struct replay *replay, const struct cib_record *record)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *xml = NULL;
    struct hf_error *error = hf_xml_parse(record->change, record->length, replay->source, &xml);

    if (error == NULL)
        error = cib_document_replay(replay->saved->document, xmlDocGetRootElement(xml));
    if (error == NULL)
        cib_document_set_origin(replay->saved->document, record->time, record->origin, record->user);
    return error;
}

static struct hf_error *replay_record(struct replay *replay, const struct cib_record *record)
{
    struct cib_document *document = replay->saved->document;
    struct cib_version version;
    struct hf_error *error = NULL;

    if (record->type == CIB_RECORD_CHANGE)
        error = replay_change(replay, record);
    else if (record->type != CIB_RECORD_GENERATION)
        error = damaged(replay->source, "a record of unknown type");
    if (error != NULL)
        return error;
    version = cib_document_version(document);
    version.num_updates = 0;
    if (cib_version_compare(version, record->lineage.version) != 0 ||
        !cib_digest_equal(record->digest, cib_document_configuration_digest(document)))
        return damaged(replay->source, "a change does not lead to the version and digest that were recorded");
    replay->saved->generation = record->lineage.generation;
    if (replay->visitor != NULL && !replay->visitor(replay->context, record, document))
        replay->ended = true;
    return NULL;
}

static struct hf_error *replay_batch(struct replay *replay, struct hf_reader *reader)
{
    while (reader->left > 0 && !replay->ended) {
        HF_CLEANUP(hf_freep) char *origin = NULL, *user = NULL;
        struct cib_record record = {0};
        struct hf_error *error;

        record.type = hf_get_u8(reader);
        record.lineage.generation = hf_get_u64(reader);
        record.lineage.version = get_version(reader);
        record.digest = cib_get_digest(reader);
        record.time = (int64_t)hf_get_u64(reader);
        record.origin = origin = hf_get_string(reader);
        record.user = user = hf_get_string(reader);
        record.change = hf_get_bytes(reader, &record.length);
        if (reader->failed)
            return damaged(replay->source, "a record is cut off");
        error = replay_record(replay, &record);
        if (error != NULL)
            return error;
    }
    return NULL;
}

/* The records of the batch at offset, or false. */
static bool find_batch(uint64_t serial, const char *bytes, size_t length, size_t offset,
                       struct hf_reader *records)
{
    struct hf_reader reader = hf_reader(bytes + offset, length - offset);
    uint32_t magic = hf_get_u32(&reader), size = hf_get_u32(&reader);
    uint64_t check = hf_get_u64(&reader);

    if (reader.failed || magic != BATCH_MAGIC || size > reader.left ||
        check != batch_check(serial, offset, reader.at, size).a)
        return false;
    *records = hf_reader(reader.at, size);
    return true;
}

static bool all_zero(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != '\0')
            return false;
    return true;
}

static bool good_batch_behind(uint64_t serial, const char *bytes, size_t length, size_t offset)
{
    struct hf_reader records;

    for (size_t at = offset + 1; at + BATCH_HEAD <= length; at++)
        if (bytes[at] == (char)(BATCH_MAGIC >> 24) && find_batch(serial, bytes, length, at, &records))
            return true;
    return false;
}

struct cib_log_result cib_log_replay(uint64_t serial, const char *bytes, size_t length, const char *source,
                                     struct cib_saved *saved, cib_log_visitor *visitor, void *context)
{
    struct replay replay = {.saved = saved, .source = source, .visitor = visitor, .context = context};
    struct cib_log_result result = {.end = CIB_LOG_WHOLE};
    struct hf_reader reader = hf_reader(bytes, length), records;

    result.why = check_header(&reader, serial, &replay);
    if (result.why != NULL) {
        result.end = CIB_LOG_DAMAGED;
        return result;
    }
    result.good = length - reader.left;
    while (!replay.ended && find_batch(serial, bytes, length, result.good, &records)) {
        size_t size = BATCH_HEAD + records.left;

        result.why = replay_batch(&replay, &records);
        if (result.why != NULL) {
            result.end = CIB_LOG_DAMAGED;
            return result;
        }
        result.good += size;
    }
    if (replay.ended || all_zero(bytes + result.good, length - result.good))
        return result;
    result.end = good_batch_behind(serial, bytes, length, result.good) ? CIB_LOG_DAMAGED : CIB_LOG_TORN;
    result.why = result.end == CIB_LOG_DAMAGED
                     ? damaged(source, "a batch in the middle does not fit its check sum")
                     : hf_error_new(HF_REFUSED, "%s: the last write was cut off", source);
    return result;
}
