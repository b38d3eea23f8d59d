/* fuzz_lock.c - the lock protocol's foreign bytes: frames into table and holder, records, TLS identities,
 * key files' and configuration's text.  Built and run by tests/fuzz/lock. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arbiter/config.h"
#include "arbiter/key.h"
#include "arbiter/record.h"
#include "arbiter/table.h"
#include "daemon/lease/lease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void see_record(void *context, const struct record *record)
{
    if (record->cluster[0] == '\0' || record->term == UINT64_MAX - 1)
        ++*(unsigned *)context;
}

/* The first bytes say hello, so that the frames behind them are looked at; time passes with each. */
static void fuzz_table(const uint8_t *data, size_t size)
{
    struct table_config config = {.now = 1, .max_hold_ms = 1000};
    struct table *table = table_new(&config);
    struct table_updates updates = {0};
    struct frame hello = {.type = FRAME_HELLO, .session = 1, .seq = 1};
    uint8_t bytes[FRAME_MAX];
    struct table_event event = {.type = TABLE_TEACH, .now = 2, .cluster = "c", .node = "n1", .fresh = true};
    uint64_t ticket = 0;

    table_step(table, &event, &updates);
    event.type = TABLE_FRAME;
    event.bytes = bytes;
    event.length = frame_encode(&hello, bytes);
    table_step(table, &event, &updates);
    while (size > 0) {
        int length = frame_size(data, size);

        if (length <= 0 || (size_t)length > size)
            break;
        event = (struct table_event){.type = TABLE_FRAME,
                                     .now = event.now + 40000000,
                                     .conn = data[4] & 3,
                                     .cluster = "c",
                                     .node = (data[5] & 1) != 0 ? "n1" : "n2",
                                     .bytes = data,
                                     .length = (size_t)length};
        table_step(table, &event, &updates);
        for (size_t i = 0; i < updates.count; i++)
            if (updates.items[i].action == TABLE_PERSIST)
                ticket = updates.items[i].ticket;
        table_updates_reset(&updates);
        event.type = (data[6] & 7) == 7 ? TABLE_DISK_FAILED : TABLE_PERSISTED;
        event.ticket = ticket;
        table_step(table, &event, &updates);
        data += length;
        size -= (size_t)length;
    }
    table_updates_free(&updates);
    table_free(table);
}

/* The answers of a server, as the holder sees them. */
static void fuzz_lease(const uint8_t *data, size_t size)
{
    struct lease_config config = {.servers = 3, .lease_ms = 300, .now = 1, .seed = 1};
    struct lease *lease = lease_new(&config);
    struct lease_updates updates = {0};
    struct lease_event event = {.type = LEASE_WANT, .now = 2, .lock = "a"};

    lease_step(lease, &event, &updates);
    for (unsigned i = 0; i < 3; i++) {
        event = (struct lease_event){.type = LEASE_LINK_UP, .now = 3, .server = i};
        lease_step(lease, &event, &updates);
    }
    while (size > 0) {
        int length = frame_size(data, size);
        struct lease_update last = {0};

        if (length <= 0 || (size_t)length > size)
            break;
        event = (struct lease_event){.type = LEASE_FRAME,
                                     .now = event.now + 7000000,
                                     .server = data[5] % 3,
                                     .bytes = data,
                                     .length = (size_t)length};
        lease_step(lease, &event, &updates);
        for (size_t i = 0; i < updates.count; i++)
            last = updates.items[i];
        if (last.action == LEASE_RECONNECT && updates.count > 0) {
            event.type = LEASE_LINK_UP;
            lease_step(lease, &event, &updates);
        }
        lease_updates_reset(&updates);
        data += length;
        size -= (size_t)length;
    }
    lease_updates_free(&updates);
    lease_free(lease);
}

static void fuzz_text(const uint8_t *data, size_t size)
{
    char *text HF_CLEANUP(hf_freep) = hf_strndup((const char *)data, size);
    char cluster[FRAME_NAME_MAX + 1], node[FRAME_NAME_MAX + 1], id[LOCK_KEY_ID + 1], host[256], port[8];
    struct arbiter_config config;

    if (lock_identity_read((const char *)data, size, cluster, node, id) && !frame_name_ok(cluster))
        abort();
    if (arbiter_address_parse(text, host, port) && strlen(port) > 5)
        abort();
    arbiter_config_init(&config);
    hf_error_free(arbiter_config_parse(text, "input", &config));
    arbiter_config_free(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record_file file;
    unsigned odd = 0;

    if (size == 0)
        return 0;
    switch (data[0] % 4) {
    case 0:
        fuzz_table(data + 1, size - 1);
        break;
    case 1:
        fuzz_lease(data + 1, size - 1);
        break;
    case 2:
        hf_error_free(record_read(data + 1, size - 1, see_record, &odd, &file));
        if (file.good > size - 1)
            abort();
        break;
    default:
        fuzz_text(data + 1, size - 1);
        break;
    }
    return 0;
}
