/* log.h - what the CIB looks like on disk: encoding and decoding only, no file operation (store.c has them).
 *
 * A snapshot is one text line (format version, check sum, generation, length, digest) and the XML of the
 * configuration.  A log is a header that names the state it continues, and batches; a batch is what was
 * written between two syncs: length, check sum and records, each holding one accepted change with the version
 * and digest that it leads to.  A batch counts whole or not at all.  A bad batch with nothing good behind it
 * is a torn tail, which nobody was promised; one with a good batch behind it was on disk once and is damage.
 * Zeros at the end are space reserved ahead.  Pure. */
#ifndef CIB_LOG_H
#define CIB_LOG_H

#include "daemon/cib/document.h"

/* Orders states: what a minority did never has the higher generation. */
struct cib_lineage {
    uint64_t generation; /* term of the lock "cluster" << 32 | how often a quorate view began */
    struct cib_version version;
};

int cib_lineage_compare(const struct cib_lineage *one, const struct cib_lineage *other);

/* A document as it is on disk. */
struct cib_saved {
    struct cib_document *document;
    uint64_t generation;
};

void cib_saved_free(struct cib_saved *saved);

enum cib_record_type {
    CIB_RECORD_CHANGE = 1,     /* a configuration change */
    CIB_RECORD_GENERATION = 2, /* a quorate view began: the generation alone */
};

struct cib_record {
    enum cib_record_type type;
    struct cib_lineage lineage; /* after it */
    struct cib_digest digest;   /* of the configuration after it */
    int64_t time;               /* of the request, seconds since 1970 */
    const char *origin, *user;  /* who asked; may be NULL */
    const char *change;         /* text of <change>; length bytes */
    size_t length;
};

/* One change of the configuration that the disk knows. */
struct cib_revision {
    uint64_t number; /* the epoch */
    int64_t time;    /* seconds since 1970, 0 if unknown */
    struct cib_version version;
    char *origin, *user;
    size_t size; /* bytes of the change's text; of the configuration for a snapshot */
};

/* Appends one record. Several may follow each other; they go to disk in a batch. */
void cib_log_put_record(struct hf_buf *buf, const struct cib_record *record);
/* Appends a whole snapshot of the document's configuration. */
void cib_log_put_snapshot(struct hf_buf *buf, const struct cib_document *document, uint64_t generation);
/* Appends the header of log number serial, which continues a snapshot. HF_REFUSED if snapshot is none. */
struct hf_error *cib_log_put_header(struct hf_buf *buf, uint64_t serial, const void *snapshot,
                                    size_t length) HF_MUST_CHECK;
/* Appends a batch of records that is to be written at this offset of log number serial. */
void cib_log_put_batch(struct hf_buf *buf, uint64_t serial, uint64_t offset, const void *records,
                       size_t length);

/* Verifies and reads a whole snapshot; source names it in errors. HF_REFUSED if it is damaged. */
struct hf_error *cib_log_get_snapshot(const struct cib_schema *schema, const char *bytes, size_t length,
                                      const char *source, struct cib_saved *saved) HF_MUST_CHECK;

/* The epoch that a snapshot's first bytes say, unverified; false if they are none. */
bool cib_log_peek(const char *bytes, size_t length, uint64_t *epoch);

enum cib_log_end {
    CIB_LOG_WHOLE,   /* everything was read */
    CIB_LOG_TORN,    /* the last batch is cut off or garbled, nothing readable behind it */
    CIB_LOG_DAMAGED, /* a batch in the middle is garbled, or something does not lead where it says */
};

/* Sees each record of a log as it is replayed; borrowed. Returning false ends the replay (CIB_LOG_WHOLE). */
typedef bool cib_log_visitor(void *context, const struct cib_record *record,
                             const struct cib_document *document);

/* What a replay found. */
struct cib_log_result {
    enum cib_log_end end;
    size_t good;          /* bytes of the log that were replayed */
    struct hf_error *why; /* for TORN and DAMAGED; the caller's */
};

/* Replays log number serial over saved, verifying that it continues it, and each record's version and digest.
 * visitor may be NULL.  After CIB_LOG_DAMAGED saved may be half changed: load it anew and replay the good
 * part. */
struct cib_log_result cib_log_replay(uint64_t serial, const char *bytes, size_t length, const char *source,
                                     struct cib_saved *saved, cib_log_visitor *visitor, void *context);

#endif
