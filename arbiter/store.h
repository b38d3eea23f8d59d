/* store.h - a lock server's records on its disk, written by a thread of its own.
 *
 * One job at a time: while the thread writes and syncs one, the shell collects the next, so that many
 * grants share one fdatasync.  The calling thread never touches the disk after store_open(). */
#ifndef ARBITER_STORE_H
#define ARBITER_STORE_H

#include "arbiter/record.h"

struct store;

/* Makes DIR if it is not there, and makes sure that no other process has it open: whatever that one granted,
 * it granted before this returned. */
struct hf_error *store_open(const char *dir, struct store **store) HF_MUST_CHECK;
/* Opens (or, if there is none, prepares to create) DIR/records and reads it: visit is called for each record,
 * all of which are durable then.  A file that is damaged is set aside as DIR/records.damaged-N and said in
 * *notice (the caller's, NULL if there is nothing to say); the server then starts like one that lost its
 * disk. */
struct hf_error *store_load(struct store *store, record_visit *visit, void *context,
                            char **notice) HF_MUST_CHECK;
/* Waits for the job that is being written.  NULL is fine. */
void store_close(struct store *store);

/* Becomes readable when a job is done. */
int store_fd(const struct store *store);
bool store_busy(const struct store *store);
/* Whether the next job must begin with a snapshot: a job failed, there is no file, or it has grown. */
bool store_wants_snapshot(const struct store *store);

/* Starts a job: with replaces, a new file with snapshot and then records takes the place of the old one;
 * else records are appended.  Not while busy. */
void store_submit(struct store *store, bool replaces, const struct record *snapshot, size_t snapshot_count,
                  const struct record *records, size_t count);

/* After store_fd() became readable: true if the job is done, with whether it is durable.  *why is why not:
 * the caller's, NULL if it is. */
bool store_done(struct store *store, bool *durable, char **why);

#endif
