/* log.h - what the CIB looks like on disk: encoding and decoding only, no file operation (store.c has them).
 *
 * A snapshot is one text line (format version, lineage, digest, length, CRC) and the XML of the
 * configuration.  A log is a header that names the snapshot it continues, and records, each with length and
 * CRC, each holding one accepted change with the version and digest that it leads to.  A record whose
 * CRC does not fit ends the log: it is a torn tail if nothing readable follows.  Pure. */
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

/* Appends the framed record. */
void cib_log_put_record(struct hf_buf *buf, const struct cib_record *record);
/* Appends a whole snapshot of the document's configuration. */
void cib_log_put_snapshot(struct hf_buf *buf, const struct cib_document *document, uint64_t generation);
/* Appends the header of a log that continues the snapshot with this digest. */
void cib_log_put_header(struct hf_buf *buf, uint64_t serial, struct cib_digest base);

/* Verifies and reads a whole snapshot; source names it in errors. HF_REFUSED if it is damaged. */
struct hf_error *cib_log_get_snapshot(const struct cib_schema *schema, const char *bytes, size_t length,
                                      const char *source, struct cib_saved *saved) HF_MUST_CHECK;

enum cib_log_end {
    CIB_LOG_WHOLE,   /* everything was read */
    CIB_LOG_TORN,    /* the last record is cut off or garbled, nothing readable behind it */
    CIB_LOG_DAMAGED, /* a record in the middle is garbled, or does not lead where it says */
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

/* Replays a log over saved, verifying each record's CRC, version and digest. Records that saved already has
 * are passed over.  visitor may be NULL. */
struct cib_log_result cib_log_replay(const char *bytes, size_t length, const char *source,
                                     struct cib_saved *saved, cib_log_visitor *visitor, void *context);

#endif
