/* store.h - the directory in which a node keeps its CIB; the only part of daemon/cib/ that touches the disk.
 *
 * Files: cib.N, a snapshot; log.N, what came after it; LOCK.  The current pair has the highest N; older pairs
 * are kept as far as the bound on revisions asks, and the one before the current always, so that a damaged
 * snapshot is rebuilt from its predecessor.  A damaged file is renamed to cib.damaged.K or log.damaged.K and
 * never half read.  Space for the log is reserved ahead, so that a full disk is seen before a change is
 * accepted.  All functions block: call those that write from one worker thread; they touch nothing but the
 * store, so let them not run at the same time.  The bytes come from daemon/cib/replica.h and are those of
 * daemon/cib/log.h. */
#ifndef CIB_STORE_H
#define CIB_STORE_H

#include "daemon/cib/log.h"

struct cib_store;

enum {
    CIB_STORE_RESERVE = 256 * 1024, /* bytes reserved ahead in the log, default */
    CIB_STORE_REVISIONS = 100,      /* revisions kept, default */
};

struct cib_store_options {
    const char *directory; /* made if missing, mode 0750 */
    const struct cib_schema *schema;
    size_t reserve;   /* 0: CIB_STORE_RESERVE */
    size_t revisions; /* 0: CIB_STORE_REVISIONS */
};

/* Opens the directory (one process at a time), verifies and reads the newest state that can be had.  said
 * gets one line for each thing an operator should know (torn tail cut, file set aside and its name, older
 * state used).  Nothing there yet is an empty document.  HF_FAILED if the directory cannot be used. */
struct hf_error *cib_store_open(const struct cib_store_options *options, struct cib_store **store,
                                struct cib_saved *saved, struct hf_buf *said) HF_MUST_CHECK;
/* NULL is fine. */
void cib_store_close(struct cib_store *store);

/* Appends records and waits until they are on disk; length 0 only renews the reserve.  The bytes of several
 * CIB_UPDATE_PERSIST may be put together, in order, into one append.  *low: the disk has no room for more
 * (the append itself succeeded).  After an error nothing of it counts as written, and the store takes no more
 * until the next snapshot, so that no gap can come about. */
struct hf_error *cib_store_append(struct cib_store *store, const void *bytes, size_t length,
                                  bool *low) HF_MUST_CHECK;
/* Writes a snapshot, makes it the current one (atomic rename, directory synced) and begins its log. On error
 * the pair before stays current. */
struct hf_error *cib_store_snapshot(struct cib_store *store, const void *bytes, size_t length,
                                    bool *low) HF_MUST_CHECK;

/* The revisions that the disk knows, newest first; free with cib_revisions_free(). Reads only. */
struct hf_error *cib_store_revisions(struct cib_store *store, struct cib_revision **revisions,
                                     size_t *count) HF_MUST_CHECK;
void cib_revisions_free(struct cib_revision *revisions, size_t count);
/* The CIB as it was at a revision; HF_REFUSED saying which there are if it is unknown. */
struct hf_error *cib_store_revision(struct cib_store *store, uint64_t number,
                                    struct cib_document **document) HF_MUST_CHECK;

#endif
