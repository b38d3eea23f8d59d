/* key.h - lock keys: what a cluster's nodes and its lock servers share, so that TLS can tell who is who.
 *
 * A key file names one cluster and holds one to LOCK_KEYS_MAX keys.  A server accepts all of them; a node
 * uses the first.  So a key is changed without losing a lease: add the new one everywhere, make it the first
 * on the nodes, then drop the old one everywhere.
 *
 *     # Holdfast lock key ...
 *     cluster web
 *     key 64 hexadecimal digits
 *
 * The identity that TLS carries (and authenticates) is "hf1 CLUSTER NODE KEYID"; the key id says which of
 * the keys, and nothing about it. */
#ifndef ARBITER_KEY_H
#define ARBITER_KEY_H

#include "arbiter/frame.h"

enum {
    LOCK_KEY_BYTES = 32,
    LOCK_KEYS_MAX = 8,
    LOCK_KEY_ID = 16,                                                   /* hexadecimal digits */
    LOCK_IDENTITY_MAX = 3 + 1 + 2 * (FRAME_NAME_MAX + 1) + LOCK_KEY_ID, /* without the NUL */
};

struct lock_key {
    uint8_t secret[LOCK_KEY_BYTES];
    char id[LOCK_KEY_ID + 1];
};

struct lock_keys {
    char cluster[FRAME_NAME_MAX + 1];
    unsigned count;
    struct lock_key keys[LOCK_KEYS_MAX];
};

/* Reads a key file.  HF_FAILED if it cannot be read, HF_REFUSED with file and line if it is not one, or if
 * others than its owner and group may read it. */
struct hf_error *lock_keys_read(const char *path, struct lock_keys *keys) HF_MUST_CHECK;

/* The key with this id, or NULL. */
const struct lock_key *lock_keys_find(const struct lock_keys *keys, const char *id);

/* Makes a new file (mode 0600) with one new key.  HF_REFUSED if the file is there already. */
struct hf_error *lock_key_new(const char *path, const char *cluster) HF_MUST_CHECK;
/* Adds a new key at the end: accepted, not yet used. */
struct hf_error *lock_key_add(const char *path) HF_MUST_CHECK;
/* Makes the last key the first: used from now on. */
struct hf_error *lock_key_use(const char *path) HF_MUST_CHECK;
/* Drops all but the first. */
struct hf_error *lock_key_prune(const char *path) HF_MUST_CHECK;

/* Writes "hf1 CLUSTER NODE KEYID". */
void lock_identity_write(char identity[LOCK_IDENTITY_MAX + 1], const char *cluster, const char *node,
                         const char *key_id);
/* Takes one apart; false if it is none. */
bool lock_identity_read(const char *identity, size_t length, char cluster[FRAME_NAME_MAX + 1],
                        char node[FRAME_NAME_MAX + 1], char key_id[LOCK_KEY_ID + 1]);

#endif
