/* keyring.c - see keyring.h. */
#include "arbiter/keyring.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

struct entry {
    struct entry *next;
    struct lock_keys keys; /* count 0: none now */
    uint32_t connections;
    bool seen; /* in this load */
};

struct keyring {
    struct entry **buckets;
    size_t bucket_count, entries, with_keys;
};

static size_t hash(const char *name)
{
    uint64_t value = UINT64_C(14695981039346656037);

    for (; *name != '\0'; name++)
        value = (value ^ (uint8_t)*name) * UINT64_C(1099511628211);
    return (size_t)(value ^ value >> 32);
}

struct keyring *keyring_new(void)
{
    struct keyring *ring = hf_calloc(1, sizeof(*ring));

    ring->bucket_count = 64;
    ring->buckets = hf_calloc(ring->bucket_count, sizeof(struct entry *));
    return ring;
}

void keyring_free(struct keyring *ring)
{
    if (ring == NULL)
        return;
    for (size_t i = 0; i < ring->bucket_count; i++) {
        for (struct entry *entry = ring->buckets[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            explicit_bzero(entry, sizeof(*entry));
            free(entry);
        }
    }
    free(ring->buckets);
    free(ring);
}

static void grow(struct keyring *ring)
{
    size_t count = ring->bucket_count * 2;
    struct entry **buckets = hf_calloc(count, sizeof(struct entry *));

    for (size_t i = 0; i < ring->bucket_count; i++) {
        for (struct entry *entry = ring->buckets[i], *next; entry != NULL; entry = next) {
            struct entry **at = &buckets[hash(entry->keys.cluster) & (count - 1)];

            next = entry->next;
            entry->next = *at;
            *at = entry;
        }
    }
    free(ring->buckets);
    ring->buckets = buckets;
    ring->bucket_count = count;
}

static struct entry *find(const struct keyring *ring, const char *cluster)
{
    struct entry *entry = ring->buckets[hash(cluster) & (ring->bucket_count - 1)];

    while (entry != NULL && strcmp(entry->keys.cluster, cluster) != 0)
        entry = entry->next;
    return entry;
}

static struct entry *get(struct keyring *ring, const char *cluster)
{
    struct entry *entry = find(ring, cluster), **at;

    if (entry != NULL)
        return entry;
    if (ring->entries++ >= ring->bucket_count)
        grow(ring);
    entry = hf_calloc(1, sizeof(*entry));
    strcpy(entry->keys.cluster, cluster);
    at = &ring->buckets[hash(cluster) & (ring->bucket_count - 1)];
    entry->next = *at;
    *at = entry;
    return entry;
}

static void load_file(struct keyring *ring, const char *path, keyring_complain *complain, void *context)
{
    struct lock_keys keys;
    struct hf_error *error HF_CLEANUP(hf_error_freep) = lock_keys_read(path, &keys);
    struct entry *entry;

    if (error != NULL) {
        complain(context, hf_error_text(error));
        return;
    }
    entry = get(ring, keys.cluster);
    if (entry->seen) {
        char *text HF_CLEANUP(hf_freep) =
            hf_asprintf("%s: cluster %s has another key file here, this one is not used", path, keys.cluster);

        complain(context, text);
    } else {
        entry->keys = keys;
        entry->seen = true;
        ring->with_keys++;
    }
    explicit_bzero(&keys, sizeof(keys));
}

struct hf_error *keyring_load(struct keyring *ring, const char *dir, keyring_complain *complain,
                              void *context)
{
    DIR *directory = opendir(dir);
    struct dirent *file;

    if (directory == NULL)
        return hf_error_errno(errno, "cannot read the lock keys in %s", dir);
    ring->with_keys = 0;
    for (size_t i = 0; i < ring->bucket_count; i++)
        for (struct entry *entry = ring->buckets[i]; entry != NULL; entry = entry->next)
            entry->seen = false;
    while ((file = readdir(directory)) != NULL) {
        size_t length = strlen(file->d_name);

        if (length > 4 && file->d_name[0] != '.' && strcmp(file->d_name + length - 4, ".key") == 0) {
            char *path HF_CLEANUP(hf_freep) = hf_asprintf("%s/%s", dir, file->d_name);

            load_file(ring, path, complain, context);
        }
    }
    closedir(directory);
    for (size_t i = 0; i < ring->bucket_count; i++)
        for (struct entry *entry = ring->buckets[i]; entry != NULL; entry = entry->next)
            if (!entry->seen)
                entry->keys.count = 0;
    return NULL;
}

size_t keyring_count(const struct keyring *ring)
{
    return ring->with_keys;
}

const struct lock_keys *keyring_find(const struct keyring *ring, const char *cluster)
{
    const struct entry *entry = find(ring, cluster);

    return entry != NULL && entry->keys.count > 0 ? &entry->keys : NULL;
}

uint32_t *keyring_connections(struct keyring *ring, const char *cluster)
{
    return &get(ring, cluster)->connections;
}
