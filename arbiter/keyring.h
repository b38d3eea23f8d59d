/* keyring.h - the clusters that a lock server serves, their keys, and how many connections each has. */
#ifndef ARBITER_KEYRING_H
#define ARBITER_KEYRING_H

#include "arbiter/key.h"

struct keyring;

struct keyring *keyring_new(void);
void keyring_free(struct keyring *ring);

/* Reads every DIR/NAME.key anew; files that are bad or name a cluster that another file has named are
 * left out and told to complain(), once each.  HF_FAILED, with nothing changed, if the directory cannot be
 * read. */
typedef void keyring_complain(void *context, const char *text);
struct hf_error *keyring_load(struct keyring *ring, const char *dir, keyring_complain *complain,
                              void *context) HF_MUST_CHECK;

/* How many clusters have keys. */
size_t keyring_count(const struct keyring *ring);
/* A cluster's keys, or NULL; borrowed until the next keyring_load(). */
const struct lock_keys *keyring_find(const struct keyring *ring, const char *cluster);

/* The cluster's counter of connections, made if it has none; stays where it is. */
uint32_t *keyring_connections(struct keyring *ring, const char *cluster);

#endif
