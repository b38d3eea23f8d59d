/* record.h - what a lock server writes to disk before it grants, and how it is read back.
 *
 * Pure: bytes in, bytes out; arbiter/store.c does the writing.  The file is a sequence of batches.  A batch
 * is written with one write and is either whole (its CRC-32 and its number say so) or was torn: a batch
 * that was torn was never acknowledged, so a torn tail is cut off and nothing is lost.  Damage that is
 * followed by a later whole batch is no tear: the file is then refused, and the server starts as one that
 * lost its disk.
 *
 *     "HFLK" | length u32 | number u64 | crc32 u32 | records ...
 */
#ifndef ARBITER_RECORD_H
#define ARBITER_RECORD_H

#include "arbiter/frame.h"
#include "lib/buf.h"

enum record_kind {
    RECORD_CLUSTER = 1, /* the server knows this cluster; no lock of it starts below term */
    RECORD_LOCK = 2,    /* the last term and holder of one lock */
};

struct record {
    enum record_kind kind;
    uint64_t term;
    bool granted;      /* CLUSTER: a lock of it has been granted */
    uint32_t lease_ms; /* LOCK: what was granted */
    uint32_t drain_ms; /* LOCK */
    uint8_t boot[FRAME_BOOT_BYTES];
    char cluster[FRAME_NAME_MAX + 1];
    char lock[FRAME_NAME_MAX + 1];
    char node[FRAME_NAME_MAX + 1]; /* LOCK: the holder, or "" for none */
};

/* Appends one batch holding these records. */
void record_batch(struct hf_buf *out, uint64_t number, const struct record *records, size_t count);

/* Gets each record in the order of writing; a later record of the same thing replaces the earlier. */
typedef void record_visit(void *context, const struct record *record);

struct record_file {
    size_t good;     /* bytes up to the end of the last whole batch: cut the file here */
    uint64_t number; /* of the last whole batch, 0 for none */
    bool torn;       /* something after good was cut off */
};

/* Reads a whole file.  HF_REFUSED for damage that is not a torn tail; visit may have been called then. */
struct hf_error *record_read(const void *bytes, size_t length, record_visit *visit, void *context,
                             struct record_file *file) HF_MUST_CHECK;

#endif
