/* disk.h - the thread in which the daemon waits for its disk.
 *
 * Shell.  The CIB's store (daemon/cib/store.h) blocks; a slow disk must not stop the daemon from answering
 * corosync.  Jobs are done in their order by one thread, appends that wait together become one write, and
 * what came of them is told on the loop. */
#ifndef HF_DISK_H
#define HF_DISK_H

#include <qb/qbloop.h>

#include "daemon/cib/store.h"

struct disk;

struct disk_handlers {
    void *context;
    /* Everything up to ticket is on disk; low: there is no room for more. Or, with failure not NULL, ticket
     * and what followed it is not. */
    void (*stored)(void *context, uint64_t ticket, bool low, const char *failure);
    /* The answer to disk_query(): text is <revision> elements or a <configuration>; or error (borrowed). */
    void (*answered)(void *context, uint64_t client, const char *text, const struct hf_error *error);
};

/* The store is used by the thread alone from now on, until disk_stop(). */
struct disk *disk_start(qb_loop_t *loop, struct cib_store *store, const struct disk_handlers *handlers);
/* Finishes what waits, then ends the thread. */
void disk_stop(struct disk *disk);
/* Bytes are copied. */
void disk_store(struct disk *disk, uint64_t ticket, bool snapshot, const void *bytes, size_t length);
/* The list of revisions (number 0) or one of them. */
void disk_query(struct disk *disk, uint64_t client, uint64_t number);

#endif
