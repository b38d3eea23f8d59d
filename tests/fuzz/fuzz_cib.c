/* fuzz_cib.c - libFuzzer target: whatever the group, the disk or a node's executor says, a replica stays
 * sound.
 *
 * The first byte chooses what the rest is: messages to one of two replicas that talk to each other, a status
 * update, a <change>, a snapshot, or a log.  `tests/fuzz/all 60 cib` builds and runs it.
 *
 * A message is: sender, type, a length and so many bytes; magic, version and the tag of the view are put
 * before it, since nothing with another tag gets far. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cib/message.h"
#include "daemon/cib/replica.h"
#include "lib/xml.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    hf_xml_init();
    return 0;
}

static void check(const struct cib_document *document)
{
    if (!cib_document_verify(document, NULL))
        abort();
}

static struct cib_document *sample(void)
{
    static const char text[] =
        "<cib epoch='3'><configuration><crm_config/><nodes><node id='1' "
        "uname='n1'/></nodes><resources><primitive "
        "id='a'><operations><op id='o' name='monitor' interval='1s'/></operations></primitive><group id='g'>"
        "<primitive id='b'/></group></resources><constraints><rsc_order id='c' first='a' "
        "then='g'/></constraints>"
        "</configuration><status><node_state id='1' uname='n1'/></status></cib>";
    struct cib_document *document;

    if (cib_document_parse(NULL, text, strlen(text), "sample", true, &document) != NULL)
        abort();
    return document;
}

/* --- replicas --- */

struct pair {
    struct cib_replica *replicas[2];
    cib_member members[2];
    uint64_t tag;
    unsigned budget; /* steps left */
};

static void step(struct pair *pair, unsigned node, const struct cib_event *event);

static void deliver(struct pair *pair, cib_member sender, const void *bytes, size_t length)
{
    for (unsigned node = 0; node < 2; node++) {
        struct cib_event event = {.type = CIB_EVENT_MESSAGE, .now = 5, .sender = sender};

        event.bytes = bytes;
        event.length = length;
        step(pair, node, &event);
    }
}

static void step(struct pair *pair, unsigned node, const struct cib_event *event)
{
    struct cib_updates updates = {0};

    if (pair->budget == 0)
        return;
    pair->budget--;
    cib_replica_step(pair->replicas[node], event, &updates);
    check(cib_replica_document(pair->replicas[node]));
    for (size_t i = 0; i < updates.count; i++) {
        struct cib_update *update = &updates.list[i];
        struct cib_message message;

        if (update->type == CIB_UPDATE_PERSIST)
            step(pair, node,
                 &(struct cib_event){.type = CIB_EVENT_PERSISTED, .now = 5, .ticket = update->ticket});
        if (update->type != CIB_UPDATE_MULTICAST)
            continue;
        /* What a replica sends it must be able to read. */
        hf_error_free(cib_get_message(update->bytes.data, update->bytes.length, &message));
        pair->tag = message.tag;
        deliver(pair, pair->members[node], update->bytes.data, update->bytes.length);
    }
    cib_updates_free(&updates);
}

static void fuzz_messages(const uint8_t *data, size_t size)
{
    struct hf_reader reader = hf_reader(data, size);
    struct pair pair = {.budget = 2000};
    struct cib_event view = {
        .type = CIB_EVENT_VIEW, .now = 1, .n_members = 2, .ring = 1, .quorum = CIB_QUORUM_YES};

    for (unsigned node = 0; node < 2; node++) {
        struct cib_saved saved = {.document = sample()};
        struct cib_replica_options options = {.self = cib_member_make(node + 1, 1), .node_name = "n"};

        pair.members[node] = options.self;
        pair.replicas[node] = cib_replica_new(&options, &saved);
    }
    view.members = pair.members;
    for (unsigned node = 0; node < 2; node++)
        step(&pair, node, &view);
    while (!reader.failed && reader.left > 0) {
        unsigned sender = hf_get_u8(&reader), type = hf_get_u8(&reader);
        size_t length = hf_get_u16(&reader);
        HF_CLEANUP(hf_buf_free) struct hf_buf message = {0};

        length = length > reader.left ? reader.left : length;
        hf_put_u16(&message, 0x4846);
        hf_put_u8(&message, CIB_PROTOCOL);
        hf_put_u8(&message, (uint8_t)(type % 10));
        hf_put_u64(&message, pair.tag);
        hf_buf_add(&message, reader.at, length);
        reader.at += length;
        reader.left -= length;
        deliver(&pair, pair.members[sender % 2], message.data, message.length);
        for (unsigned node = 0; node < 2; node++)
            step(&pair, node, &(struct cib_event){.type = CIB_EVENT_TICK, .now = 5 + (sender & 0xf0) * 100});
    }
    for (unsigned node = 0; node < 2; node++)
        cib_replica_free(pair.replicas[node]);
}

/* --- the rest --- */

static void fuzz_status(const uint8_t *data, size_t size)
{
    struct cib_document *document = sample();

    for (int i = 0; i < 2; i++) {
        hf_error_free(cib_document_status_update(document, data, size));
        check(document);
    }
    free(cib_status_update_node(data, size));
    cib_document_free(document);
}

static void fuzz_change(const uint8_t *data, size_t size)
{
    struct cib_document *document = sample();
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *xml = NULL;
    HF_CLEANUP(hf_error_freep) struct hf_error *error = hf_xml_parse((const char *)data, size, "fuzz", &xml);

    if (error == NULL) {
        struct cib_digest before = cib_document_configuration_digest(document);
        HF_CLEANUP(hf_error_freep)
        struct hf_error *refused = cib_document_change(document, xmlDocGetRootElement(xml));

        check(document);
        if (refused != NULL && !cib_digest_equal(before, cib_document_configuration_digest(document)))
            abort();
    }
    cib_document_free(document);
}

static void fuzz_snapshot(const uint8_t *data, size_t size)
{
    struct cib_saved saved;
    struct cib_document *document = NULL;

    hf_error_free(cib_log_get_snapshot(NULL, (const char *)data, size, "fuzz", &saved));
    cib_saved_free(&saved);
    hf_error_free(cib_document_parse(NULL, (const char *)data, size, "fuzz", false, &document));
    if (document != NULL)
        check(document);
    cib_document_free(document);
}

/* The log's header and the batch around the bytes are made right, so that the records are what is fuzzed. */
static void fuzz_log(const uint8_t *data, size_t size)
{
    struct cib_saved saved = {.document = sample()};
    HF_CLEANUP(hf_buf_free) struct hf_buf snapshot = {0}, log = {0};
    struct cib_log_result result;

    cib_log_put_snapshot(&snapshot, saved.document, 1);
    hf_error_free(cib_log_put_header(&log, 1, snapshot.data, snapshot.length));
    cib_log_put_batch(&log, 1, log.length, data, size);
    result = cib_log_replay(1, log.data, log.length, "fuzz", &saved, NULL, NULL);
    hf_error_free(result.why);
    check(saved.document);
    result = cib_log_replay(1, (const char *)data, size, "fuzz", &saved, NULL, NULL);
    hf_error_free(result.why);
    cib_saved_free(&saved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const targets[])(const uint8_t *, size_t) = {fuzz_messages, fuzz_status, fuzz_change,
                                                               fuzz_snapshot, fuzz_log};

    if (size > 0)
        targets[data[0] % HF_ARRAY_LENGTH(targets)](data + 1, size - 1);
    return 0;
}
