/* key.c - see key.h. */
#include "arbiter/key.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sha256.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"

enum { FILE_MAX = 4096 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_read(const char *text, uint8_t secret[LOCK_KEY_BYTES])
{
    if (strlen(text) != 2 * LOCK_KEY_BYTES)
        return false;
    for (size_t i = 0; i < LOCK_KEY_BYTES; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        secret[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* The id: the beginning of a hash that is used for nothing else. */
static void name_key(struct lock_key *key)
{
    static const char label[] = "holdfast lock key id";
    uint8_t input[sizeof(label) + LOCK_KEY_BYTES];
    char digest[SHA256_DIGEST_STRING_LENGTH];

    memcpy(input, label, sizeof(label));
    memcpy(input + sizeof(label), key->secret, LOCK_KEY_BYTES);
    SHA256Data(input, sizeof(input), digest);
    snprintf(key->id, sizeof(key->id), "%.*s", LOCK_KEY_ID, digest);
    explicit_bzero(input, sizeof(input));
}

static struct hf_error *read_line(struct lock_keys *keys, char *line, const char *path, int number)
{
    char *word = strtok_r(line, " \t\r", &line), *value = strtok_r(NULL, " \t\r", &line);

    if (word == NULL || word[0] == '#')
        return NULL;
    if (value == NULL || strtok_r(NULL, " \t\r", &line) != NULL)
        return hf_error_new(HF_REFUSED, "%s:%d: expected `cluster NAME' or `key HEX'", path, number);
    if (strcmp(word, "cluster") == 0) {
        if (!frame_name_ok(value) || keys->cluster[0] != '\0')
            return hf_error_new(HF_REFUSED,
                                "%s:%d: expected one cluster name of at most %d letters, digits or ._-:@/",
                                path, number, FRAME_NAME_MAX);
        strcpy(keys->cluster, value);
        return NULL;
    }
    if (strcmp(word, "key") != 0)
        return hf_error_new(HF_REFUSED, "%s:%d: expected `cluster' or `key', found `%s'", path, number, word);
    if (keys->count == LOCK_KEYS_MAX)
        return hf_error_new(HF_REFUSED, "%s:%d: more than %d keys", path, number, LOCK_KEYS_MAX);
    if (!hex_read(value, keys->keys[keys->count].secret))
        return hf_error_new(HF_REFUSED, "%s:%d: expected a key of %d hexadecimal digits", path, number,
                            2 * LOCK_KEY_BYTES);
    name_key(&keys->keys[keys->count++]);
    return NULL;
}

/* Reads the file into text (of FILE_MAX + 1 bytes) after looking at who may read it. */
static struct hf_error *slurp(const char *path, char *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    ssize_t got;

    if (fd < 0)
        return hf_error_errno(errno, "cannot read lock key %s", path);
    if (fstat(fd, &st) == 0 && (st.st_mode & 0007) != 0) {
        close(fd);
        return hf_error_new(HF_REFUSED, "lock key %s may be read by everyone: chmod o= it, and make new keys",
                            path);
    }
    got = read(fd, text, FILE_MAX + 1);
    close(fd);
    if (got < 0)
        return hf_error_errno(errno, "cannot read lock key %s", path);
    if (got > FILE_MAX)
        return hf_error_new(HF_REFUSED, "%s is longer than %d bytes: not a lock key", path, FILE_MAX);
    text[got] = '\0';
    return NULL;
}

struct hf_error *lock_keys_read(const char *path, struct lock_keys *keys)
{
    char text[FILE_MAX + 2], *rest = text, *line;
    struct hf_error *error = slurp(path, text);

    memset(keys, 0, sizeof(*keys));
    if (error != NULL)
        return error;
    for (int number = 1; error == NULL && (line = strsep(&rest, "\n")) != NULL; number++)
        error = read_line(keys, line, path, number);
    explicit_bzero(text, sizeof(text));
    if (error == NULL && (keys->cluster[0] == '\0' || keys->count == 0))
        error =
            hf_error_new(HF_REFUSED, "%s: expected a line `cluster NAME' and at least one `key HEX'", path);
    return error;
}

const struct lock_key *lock_keys_find(const struct lock_keys *keys, const char *id)
{
    for (unsigned i = 0; i < keys->count; i++)
        if (strcmp(keys->keys[i].id, id) == 0)
            return &keys->keys[i];
    return NULL;
}

static struct hf_error *write_whole(int fd, const struct hf_buf *text, const char *path)
{
    size_t done = 0;

    while (done < text->length) {
        ssize_t wrote = write(fd, text->data + done, text->length - done);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return hf_error_errno(errno, "cannot write %s", path);
        done += (size_t)wrote;
    }
    return fsync(fd) != 0 ? hf_error_errno(errno, "cannot write %s", path) : NULL;
}

/* Writes the keys to path; a file that is there is replaced whole, keeping its owner and mode. */
static struct hf_error *write_keys(const char *path, const struct lock_keys *keys, bool replace)
{
    char *name HF_CLEANUP(hf_freep) = replace ? hf_asprintf("%s.new", path) : hf_strdup(path);
    struct hf_buf text = {0};
    struct hf_error *error;
    struct stat st;
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 && errno == EEXIST)
        return hf_error_new(HF_REFUSED, "%s is there already", name);
    if (fd < 0)
        return hf_error_errno(errno, "cannot create %s", name);
    if (replace && stat(path, &st) == 0 &&
        (fchown(fd, st.st_uid, st.st_gid) != 0 || fchmod(fd, st.st_mode & 07770) != 0)) {
        error = hf_error_errno(errno, "cannot give %s the owner of %s", name, path);
    } else {
        hf_buf_printf(
            &text,
            "# Holdfast lock key: keep it secret; copy it to the cluster's nodes and lock servers.\n"
            "# Nodes use the first key, servers accept all of them.\ncluster %s\n",
            keys->cluster);
        for (unsigned i = 0; i < keys->count; i++) {
            hf_buf_puts(&text, "key ");
            for (size_t k = 0; k < LOCK_KEY_BYTES; k++)
                hf_buf_printf(&text, "%02x", keys->keys[i].secret[k]);
            hf_buf_putc(&text, '\n');
        }
        error = write_whole(fd, &text, name);
        explicit_bzero(text.data, text.length);
    }
    hf_buf_free(&text);
    close(fd);
    if (error == NULL && replace && rename(name, path) != 0)
        error = hf_error_errno(errno, "cannot replace %s", path);
    if (error != NULL)
        unlink(name);
    return error;
}

static void random_key(struct lock_key *key)
{
    if (getentropy(key->secret, LOCK_KEY_BYTES) != 0)
        abort(); /* a key that can be guessed is worse than none */
    name_key(key);
}

struct hf_error *lock_key_new(const char *path, const char *cluster)
{
    struct lock_keys keys = {.count = 1};
    struct hf_error *error;

    if (!frame_name_ok(cluster))
        return hf_error_new(HF_REFUSED, "cluster name `%s': expected 1 to %d letters, digits or ._-:@/",
                            cluster, FRAME_NAME_MAX);
    strcpy(keys.cluster, cluster);
    random_key(&keys.keys[0]);
    error = write_keys(path, &keys, false);
    explicit_bzero(&keys, sizeof(keys));
    return error;
}

struct hf_error *lock_key_add(const char *path)
{
    struct lock_keys keys;
    struct hf_error *error = lock_keys_read(path, &keys);

    if (error == NULL && keys.count == LOCK_KEYS_MAX)
        error = hf_error_new(HF_REFUSED, "%s has %d keys already: drop old ones first", path, LOCK_KEYS_MAX);
    if (error == NULL) {
        random_key(&keys.keys[keys.count++]);
        error = write_keys(path, &keys, true);
    }
    explicit_bzero(&keys, sizeof(keys));
    return error;
}

struct hf_error *lock_key_use(const char *path)
{
    struct lock_keys keys;
    struct hf_error *error = lock_keys_read(path, &keys);

    if (error == NULL && keys.count < 2)
        error = hf_error_new(HF_REFUSED, "%s has one key only: add one first", path);
    if (error == NULL) {
        struct lock_key last = keys.keys[keys.count - 1];

        memmove(&keys.keys[1], &keys.keys[0], (keys.count - 1) * sizeof(keys.keys[0]));
        keys.keys[0] = last;
        error = write_keys(path, &keys, true);
        explicit_bzero(&last, sizeof(last));
    }
    explicit_bzero(&keys, sizeof(keys));
    return error;
}

struct hf_error *lock_key_prune(const char *path)
{
    struct lock_keys keys;
    struct hf_error *error = lock_keys_read(path, &keys);

    if (error == NULL) {
        keys.count = 1;
        error = write_keys(path, &keys, true);
    }
    explicit_bzero(&keys, sizeof(keys));
    return error;
}

void lock_identity_write(char identity[LOCK_IDENTITY_MAX + 1], const char *cluster, const char *node,
                         const char *key_id)
{
    snprintf(identity, LOCK_IDENTITY_MAX + 1, "hf1 %s %s %s", cluster, node, key_id);
}

bool lock_identity_read(const char *identity, size_t length, char cluster[FRAME_NAME_MAX + 1],
                        char node[FRAME_NAME_MAX + 1], char key_id[LOCK_KEY_ID + 1])
{
    char text[LOCK_IDENTITY_MAX + 1], end;

    if (length > LOCK_IDENTITY_MAX || memchr(identity, '\0', length) != NULL)
        return false;
    memcpy(text, identity, length);
    text[length] = '\0';
    if (sscanf(text, "hf1 %63s %63s %16[0-9a-f]%c", cluster, node, key_id, &end) != 3)
        return false;
    return frame_name_ok(cluster) && frame_name_ok(node) && strlen(key_id) == LOCK_KEY_ID;
}
