/* store.c - see store.h.
 *
 * The order of the system calls is what makes it safe: a new pair is written log first (synced), then the
 * snapshot under a temporary name (synced), then renamed, then the directory is synced.  So a snapshot under
 * its name is whole and has its log, or it was damaged later. */
#include "daemon/cib/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/xml.h"

enum {
    FILE_LIMIT = 512 << 20, /* bytes of a file that is read */
    OLD_PAIRS = 16,         /* pairs kept before the current one at most */
    NAME_SIZE = 64,
};

/* A snapshot on disk. */
struct pair {
    uint64_t serial, epoch;
};

struct cib_store {
    char *directory;
    const struct cib_schema *schema;
    size_t reserve, revisions;
    int directory_fd, lock_fd, log_fd;
    struct pair *pairs; /* ascending; the last is the current one */
    size_t n_pairs, c_pairs;
    uint64_t log_end, allocated; /* bytes of the current log */
    bool gap;                    /* an append failed: only a snapshot may follow */
};

static uint64_t current(const struct cib_store *store)
{
    return store->n_pairs == 0 ? 0 : store->pairs[store->n_pairs - 1].serial;
}

static const char *name_of(char name[NAME_SIZE], const char *kind, uint64_t serial)
{
    snprintf(name, NAME_SIZE, "%s.%" PRIu64, kind, serial);
    return name;
}

static struct hf_error *failed(const struct cib_store *store, int number, const char *what, const char *name)
{
    return hf_error_errno(number, "cannot %s %s/%s", what, store->directory, name);
}

/* --- files --- */

static struct hf_error *read_file(const struct cib_store *store, const char *name, struct hf_buf *text)
{
    int fd = openat(store->directory_fd, name, O_RDONLY | O_CLOEXEC);
    struct hf_error *error = NULL;
    char chunk[65536];
    ssize_t got = 0;

    if (fd < 0)
        return failed(store, errno, "open", name);
    while (text->length <= FILE_LIMIT && (got = read(fd, chunk, sizeof(chunk))) > 0)
        hf_buf_add(text, chunk, (size_t)got);
    if (got < 0)
        error = failed(store, errno, "read", name);
    else if (text->length > FILE_LIMIT)
        error = hf_error_new(HF_REFUSED, "%s/%s: damaged: larger than any file of this kind",
                             store->directory, name);
    close(fd);
    return error;
}

static struct hf_error *write_all(const struct cib_store *store, int fd, const char *name, const char *bytes,
                                  size_t length, uint64_t offset)
{
    while (length > 0) {
        ssize_t written = pwrite(fd, bytes, length, (off_t)offset);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return failed(store, written < 0 ? errno : ENOSPC, "write", name);
        bytes += written;
        length -= (size_t)written;
        offset += (size_t)written;
    }
    return NULL;
}

/* A new file with these bytes, on disk; left open for *fd unless that is NULL. */
static struct hf_error *write_file(const struct cib_store *store, const char *name,
                                   const struct hf_buf *bytes, uint64_t reserve, int *fd)
{
    int made = openat(store->directory_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    struct hf_error *error;
    int number = 0;

    if (made < 0)
        return failed(store, errno, "make", name);
    error = write_all(store, made, name, bytes->data, bytes->length, 0);
    if (error == NULL && reserve > 0)
        number = posix_fallocate(made, 0, (off_t)(bytes->length + reserve));
    if (error == NULL && number != 0)
        error = failed(store, number, "reserve space for", name);
    if (error == NULL && fsync(made) != 0)
        error = failed(store, errno, "sync", name);
    if (error != NULL || fd == NULL)
        close(made);
    else
        *fd = made;
    if (error != NULL)
        unlinkat(store->directory_fd, name, 0);
    return error;
}

static struct hf_error *sync_directory(const struct cib_store *store)
{
    return fsync(store->directory_fd) == 0 ? NULL : failed(store, errno, "sync", "");
}

/* Renames a damaged file to one that says so, and says so. */
static void set_aside(const struct cib_store *store, const char *name, const char *kind, const char *why,
                      struct hf_buf *said)
{
    char aside[NAME_SIZE];
    struct stat status;

    for (unsigned i = 1;; i++) {
        snprintf(aside, sizeof(aside), "%s.damaged.%u", kind, i);
        if (fstatat(store->directory_fd, aside, &status, 0) != 0)
            break;
    }
    if (renameat(store->directory_fd, name, store->directory_fd, aside) != 0) {
        hf_buf_printf(said, "%s; it could not be renamed: %s\n", why, strerror(errno));
        return;
    }
    hf_buf_printf(said, "%s; it was set aside as %s/%s\n", why, store->directory, aside);
}

/* --- which pairs there are --- */

static bool serial_of(const char *name, const char *kind, uint64_t *serial)
{
    size_t length = strlen(kind);
    int64_t number;

    if (strncmp(name, kind, length) != 0 || name[length] != '.' ||
        !hf_parse_int64(name + length + 1, &number) || number <= 0)
        return false;
    *serial = (uint64_t)number;
    return true;
}

static int compare_pairs(const void *one, const void *other)
{
    const struct pair *a = one, *b = other;

    return a->serial < b->serial ? -1 : a->serial > b->serial;
}

static void add_pair(struct cib_store *store, uint64_t serial, uint64_t epoch)
{
    hf_grow(&store->pairs, &store->c_pairs, store->n_pairs + 1, sizeof(*store->pairs));
    store->pairs[store->n_pairs++] = (struct pair){serial, epoch};
}

static uint64_t peek_epoch(const struct cib_store *store, const char *name)
{
    char head[256] = "";
    int fd = openat(store->directory_fd, name, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, head, sizeof(head));
    uint64_t epoch = 0;

    if (fd >= 0)
        close(fd);
    if (got <= 0 || !cib_log_peek(head, (size_t)got, &epoch))
        return 0;
    return epoch;
}

/* *highest: the largest serial that any file bears. */
static struct hf_error *list_pairs(struct cib_store *store, uint64_t *highest)
{
    int fd = openat(store->directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    uint64_t serial;

    if (directory == NULL)
        return failed(store, errno, "list", "");
    *highest = 0;
    while ((entry = readdir(directory)) != NULL) {
        bool snapshot = serial_of(entry->d_name, "cib", &serial);

        if (snapshot)
            add_pair(store, serial, peek_epoch(store, entry->d_name));
        if ((snapshot || serial_of(entry->d_name, "log", &serial)) && serial > *highest)
            *highest = serial;
        if (strcmp(entry->d_name, "cib.tmp") == 0)
            unlinkat(store->directory_fd, entry->d_name, 0);
    }
    closedir(directory);
    if (store->n_pairs > 1)
        qsort(store->pairs, store->n_pairs, sizeof(*store->pairs), compare_pairs);
    return NULL;
}

/* --- loading --- */

static struct hf_error *load_snapshot(const struct cib_store *store, uint64_t serial, struct cib_saved *saved)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char name[NAME_SIZE];
    struct hf_error *error = read_file(store, name_of(name, "cib", serial), &text);
    HF_CLEANUP(hf_freep) char *source = hf_asprintf("%s/%s", store->directory, name);

    if (error == NULL)
        error = cib_log_get_snapshot(store->schema, text.data, text.length, source, saved);
    return error;
}

static struct cib_log_result replay_log(const struct cib_store *store, uint64_t serial, size_t limit,
                                        struct cib_saved *saved, cib_log_visitor *visitor, void *context)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char name[NAME_SIZE];
    struct hf_error *error = read_file(store, name_of(name, "log", serial), &text);
    HF_CLEANUP(hf_freep) char *source = hf_asprintf("%s/%s", store->directory, name);

    if (error != NULL)
        return (struct cib_log_result){.end = CIB_LOG_DAMAGED, .why = error};
    return cib_log_replay(serial, hf_buf_text(&text), text.length < limit ? text.length : limit, source,
                          saved, visitor, context);
}

/* What a load has found so far. */
struct loading {
    struct cib_store *store;
    struct cib_saved *saved;
    struct hf_buf *said;
    uint64_t base, last; /* the snapshot that was good; the last log that may continue it */
    size_t good;         /* bytes of the last log that were replayed */
    bool clean;          /* the current log can be continued after its good bytes */
};

/* Finds the newest good snapshot; the others are set aside. */
static struct hf_error *load_base(struct loading *loading)
{
    struct cib_store *store = loading->store;
    char name[NAME_SIZE];

    loading->last = current(store);
    for (; store->n_pairs > 0; store->n_pairs--) {
        struct hf_error *error = load_snapshot(store, current(store), loading->saved);

        if (error == NULL) {
            loading->base = current(store);
            return NULL;
        }
        if (hf_error_kind(error) != HF_REFUSED)
            return error;
        loading->clean = false;
        set_aside(store, name_of(name, "cib", current(store)), "cib", hf_error_text(error), loading->said);
        hf_error_free(error);
    }
    return NULL;
}

/* The state before the bad part of a log: everything again from the snapshot on, since a damaged log leaves a
 * half-changed document behind. */
static struct hf_error *load_again(struct loading *loading, uint64_t bad)
{
    struct hf_error *error;

    cib_saved_free(loading->saved);
    error = load_snapshot(loading->store, loading->base, loading->saved);
    for (uint64_t serial = loading->base; error == NULL && serial <= bad; serial++) {
        size_t limit = serial == bad ? loading->good : SIZE_MAX;
        struct cib_log_result result = {.end = CIB_LOG_WHOLE};

        if (limit > 0)
            result = replay_log(loading->store, serial, limit, loading->saved, NULL, NULL);
        if (result.end == CIB_LOG_DAMAGED)
            error = result.why;
        else
            hf_error_free(result.why);
    }
    return error;
}

static struct hf_error *load_logs(struct loading *loading)
{
    struct cib_store *store = loading->store;
    char name[NAME_SIZE];

    for (uint64_t serial = loading->base; serial <= loading->last; serial++) {
        struct cib_log_result result = replay_log(store, serial, SIZE_MAX, loading->saved, NULL, NULL);
        struct hf_error *error = NULL;

        loading->good = result.good;
        if (result.end == CIB_LOG_TORN)
            hf_buf_printf(loading->said, "%s: that part was acknowledged to nobody and is cut\n",
                          hf_error_text(result.why));
        if (result.end == CIB_LOG_DAMAGED) {
            loading->clean = false;
            error = load_again(loading, serial);
            set_aside(store, name_of(name, "log", serial), "log", hf_error_text(result.why), loading->said);
            hf_buf_printf(loading->said, "what followed %zu bytes of %s/%s is lost here\n", result.good,
                          store->directory, name);
            loading->last = serial;
        }
        hf_error_free(result.why);
        if (error != NULL)
            return error;
    }
    return NULL;
}

/* --- the current log --- */

/* Reserves space behind the end of the log; false if there is none. */
static bool reserve(struct cib_store *store, uint64_t wanted)
{
    if (wanted <= store->allocated)
        return true;
    if (posix_fallocate(store->log_fd, 0, (off_t)wanted) != 0)
        return false;
    store->allocated = wanted;
    return true;
}

static struct hf_error *continue_log(struct cib_store *store, size_t good)
{
    char name[NAME_SIZE];

    store->log_fd = openat(store->directory_fd, name_of(name, "log", current(store)), O_RDWR | O_CLOEXEC);
    if (store->log_fd < 0)
        return failed(store, errno, "open", name);
    if (ftruncate(store->log_fd, (off_t)good) != 0 || fsync(store->log_fd) != 0)
        return failed(store, errno, "cut", name);
    store->log_end = store->allocated = good;
    (void)reserve(store, good + store->reserve); /* if not, the first append says so */
    return NULL;
}

struct hf_error *cib_store_append(struct cib_store *store, const void *bytes, size_t length, bool *low)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf batch = {0};
    struct hf_error *error = NULL;
    char name[NAME_SIZE];

    name_of(name, "log", current(store));
    *low = false;
    if (store->gap)
        return hf_error_new(HF_FAILED, "%s/%s takes nothing until the next snapshot, after a failed write",
                            store->directory, name);
    if (length > 0) {
        cib_log_put_batch(&batch, current(store), store->log_end, bytes, length);
        if (!reserve(store, store->log_end + batch.length))
            error = failed(store, ENOSPC, "write", name);
        if (error == NULL)
            error = write_all(store, store->log_fd, name, batch.data, batch.length, store->log_end);
        if (error == NULL && fdatasync(store->log_fd) != 0)
            error = failed(store, errno, "sync", name);
    }
    if (error != NULL) {
        store->gap = true;
        if (ftruncate(store->log_fd, (off_t)store->log_end) == 0)
            store->allocated = store->log_end;
        return error;
    }
    store->log_end += batch.length;
    if (store->allocated < store->log_end + store->reserve / 2)
        *low = !reserve(store, store->log_end + store->reserve);
    return NULL;
}

/* Removes the pairs that no revision needs; the one before the current is always kept. */
static void prune(struct cib_store *store)
{
    uint64_t newest = store->pairs[store->n_pairs - 1].epoch;
    char name[NAME_SIZE];
    size_t drop = 0;

    while (store->n_pairs - drop > 2 &&
           (store->n_pairs - drop > OLD_PAIRS || store->pairs[drop + 1].epoch + store->revisions <= newest))
        drop++;
    for (size_t i = 0; i < drop; i++) {
        unlinkat(store->directory_fd, name_of(name, "cib", store->pairs[i].serial), 0);
        unlinkat(store->directory_fd, name_of(name, "log", store->pairs[i].serial), 0);
    }
    store->n_pairs -= drop;
    memmove(store->pairs, store->pairs + drop, store->n_pairs * sizeof(*store->pairs));
}

/* The new pair is on disk under its names, or not there. */
static struct hf_error *write_pair(struct cib_store *store, uint64_t serial, const struct hf_buf *snapshot,
                                   const struct hf_buf *header, int *log_fd)
{
    char log[NAME_SIZE], cib[NAME_SIZE];
    struct hf_error *error;

    name_of(log, "log", serial);
    name_of(cib, "cib", serial);
    error = write_file(store, log, header, store->reserve, log_fd);
    if (error != NULL)
        return error;
    error = write_file(store, "cib.tmp", snapshot, 0, NULL);
    if (error == NULL && renameat(store->directory_fd, "cib.tmp", store->directory_fd, cib) != 0)
        error = failed(store, errno, "rename cib.tmp to", cib);
    if (error == NULL)
        error = sync_directory(store);
    if (error != NULL) {
        close(*log_fd);
        unlinkat(store->directory_fd, "cib.tmp", 0);
        unlinkat(store->directory_fd, cib, 0);
        unlinkat(store->directory_fd, log, 0);
    }
    return error;
}

static struct hf_error *write_snapshot(struct cib_store *store, uint64_t serial, const void *bytes,
                                       size_t length)
{
    struct hf_buf snapshot = {.data = (char *)bytes, .length = length};
    HF_CLEANUP(hf_buf_free) struct hf_buf header = {0};
    struct hf_error *error = cib_log_put_header(&header, serial, bytes, length);
    uint64_t epoch = 0;
    int log_fd = -1;

    if (error == NULL)
        error = write_pair(store, serial, &snapshot, &header, &log_fd);
    if (error != NULL)
        return error;
    if (store->log_fd >= 0)
        close(store->log_fd);
    store->log_fd = log_fd;
    store->log_end = header.length;
    store->allocated = header.length + store->reserve;
    store->gap = false;
    (void)cib_log_peek(bytes, length, &epoch);
    add_pair(store, serial, epoch);
    prune(store);
    return NULL;
}

struct hf_error *cib_store_snapshot(struct cib_store *store, const void *bytes, size_t length, bool *low)
{
    *low = false;
    return write_snapshot(store, current(store) + 1, bytes, length);
}

/* --- opening --- */

static struct hf_error *begin_anew(struct cib_store *store, uint64_t serial, const struct cib_saved *saved)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf snapshot = {0};

    cib_log_put_snapshot(&snapshot, saved->document, saved->generation);
    return write_snapshot(store, serial, snapshot.data, snapshot.length);
}

static struct hf_error *open_directory(struct cib_store *store)
{
    if (mkdir(store->directory, 0750) != 0 && errno != EEXIST)
        return hf_error_errno(errno, "cannot make %s", store->directory);
    store->directory_fd = open(store->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->directory_fd < 0)
        return hf_error_errno(errno, "cannot open %s", store->directory);
    store->lock_fd = openat(store->directory_fd, "LOCK", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (store->lock_fd < 0)
        return failed(store, errno, "open", "LOCK");
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return hf_error_new(HF_FAILED, "%s is in use by another process", store->directory);
    return NULL;
}

static struct hf_error *load(struct loading *loading)
{
    struct cib_store *store = loading->store;
    uint64_t highest = 0;
    struct hf_error *error = list_pairs(store, &highest);

    if (error == NULL)
        error = load_base(loading);
    if (error == NULL && loading->base > 0)
        error = load_logs(loading);
    if (error != NULL)
        return error;
    if (loading->base == 0)
        loading->saved->document = cib_document_new(store->schema);
    if (loading->base == 0 && highest > 0)
        hf_buf_printf(loading->said, "%s: nothing readable is left, beginning with an empty configuration\n",
                      store->directory);
    if (loading->base > 0 && loading->clean)
        return continue_log(store, loading->good);
    return begin_anew(store, highest + 1, loading->saved);
}

struct hf_error *cib_store_open(const struct cib_store_options *options, struct cib_store **store,
                                struct cib_saved *saved, struct hf_buf *said)
{
    struct cib_store *made = hf_calloc(1, sizeof(*made));
    struct loading loading = {.store = made, .saved = saved, .said = said, .clean = true};
    struct hf_error *error;

    *store = NULL;
    *saved = (struct cib_saved){0};
    made->directory = hf_strdup(options->directory);
    made->schema = options->schema;
    made->reserve = options->reserve > 0 ? options->reserve : CIB_STORE_RESERVE;
    made->revisions = options->revisions > 0 ? options->revisions : CIB_STORE_REVISIONS;
    made->directory_fd = made->lock_fd = made->log_fd = -1;
    error = open_directory(made);
    if (error == NULL)
        error = load(&loading);
    if (error != NULL) {
        cib_saved_free(saved);
        cib_store_close(made);
        return error;
    }
    *store = made;
    return NULL;
}

void cib_store_close(struct cib_store *store)
{
    if (store == NULL)
        return;
    if (store->log_fd >= 0)
        close(store->log_fd);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    if (store->directory_fd >= 0)
        close(store->directory_fd);
    free(store->pairs);
    free(store->directory);
    free(store);
}

/* --- revisions --- */

struct listing {
    struct cib_revision *list;
    struct cib_digest *digests;
    size_t count, capacity, digest_capacity;
};

static void free_revision(struct cib_revision *revision)
{
    free(revision->origin);
    free(revision->user);
}

void cib_revisions_free(struct cib_revision *revisions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free_revision(&revisions[i]);
    free(revisions);
}

static void add_revision(struct listing *listing, const struct cib_revision *revision,
                         struct cib_digest digest)
{
    size_t wanted = listing->count + 1, capacity = listing->capacity;

    hf_grow(&listing->list, &capacity, wanted, sizeof(*listing->list));
    hf_grow(&listing->digests, &listing->digest_capacity, wanted, sizeof(*listing->digests));
    listing->capacity = capacity;
    listing->list[listing->count] = *revision;
    listing->digests[listing->count++] = digest;
}

/* A snapshot is a revision that is known already, unless another partition's state was taken over: then what
 * was here before from that number on is no more. */
static void add_base(struct listing *listing, const struct cib_document *document)
{
    struct cib_revision revision = {.version = cib_document_version(document),
                                    .size = cib_document_size(document)};
    struct cib_digest digest = cib_document_configuration_digest(document);

    revision.number = revision.version.epoch;
    while (listing->count > 0) {
        const struct cib_revision *last = &listing->list[listing->count - 1];

        if (last->number < revision.number)
            break;
        if (last->number == revision.number && cib_digest_equal(listing->digests[listing->count - 1], digest))
            return;
        free_revision(&listing->list[--listing->count]);
    }
    add_revision(listing, &revision, digest);
}

static bool add_record(void *context, const struct cib_record *record, const struct cib_document *document)
{
    struct cib_revision revision = {.number = record->lineage.version.epoch,
                                    .time = record->time,
                                    .version = record->lineage.version,
                                    .size = record->length};

    if (record->type != CIB_RECORD_CHANGE)
        return true;
    revision.origin = hf_strdup(record->origin);
    revision.user = hf_strdup(record->user);
    add_revision(context, &revision, record->digest);
    return true;
}

struct hf_error *cib_store_revisions(struct cib_store *store, struct cib_revision **revisions, size_t *count)
{
    struct listing listing = {0};
    size_t surplus;

    for (size_t i = 0; i < store->n_pairs; i++) {
        struct cib_saved saved = {0};
        struct hf_error *error = load_snapshot(store, store->pairs[i].serial, &saved);

        if (error == NULL) {
            add_base(&listing, saved.document);
            hf_error_free(
                replay_log(store, store->pairs[i].serial, SIZE_MAX, &saved, add_record, &listing).why);
        }
        hf_error_free(error); /* an unreadable old pair has no revisions */
        cib_saved_free(&saved);
    }
    surplus = listing.count > store->revisions ? listing.count - store->revisions : 0;
    for (size_t i = 0; i < surplus; i++)
        free_revision(&listing.list[i]);
    *count = listing.count - surplus;
    *revisions = hf_calloc(*count + 1, sizeof(**revisions));
    for (size_t i = 0; i < *count; i++)
        (*revisions)[i] = listing.list[listing.count - 1 - i];
    free(listing.list);
    free(listing.digests);
    return NULL;
}

static bool stop_at(void *context, const struct cib_record *record, const struct cib_document *document)
{
    return cib_document_version(document).epoch < *(const uint64_t *)context;
}

static struct hf_error *no_revision(struct cib_store *store, uint64_t number)
{
    struct cib_revision *revisions;
    size_t count;
    struct hf_error *error = cib_store_revisions(store, &revisions, &count);

    if (error != NULL)
        return error;
    if (count == 0)
        error = hf_error_new(HF_REFUSED, "there is no revision %" PRIu64 ", nor any other", number);
    else
        error = hf_error_new(HF_REFUSED, "there is no revision %" PRIu64 ", expected %" PRIu64 " to %" PRIu64,
                             number, revisions[count - 1].number, revisions[0].number);
    cib_revisions_free(revisions, count);
    return error;
}

struct hf_error *cib_store_revision(struct cib_store *store, uint64_t number, struct cib_document **document)
{
    *document = NULL;
    for (size_t i = store->n_pairs; i-- > 0;) {
        struct cib_saved saved = {0};

        if (store->pairs[i].epoch > number)
            continue;

        struct hf_error *error = load_snapshot(store, store->pairs[i].serial, &saved);

        if (error != NULL)
            return error;
        if (cib_document_version(saved.document).epoch < number)
            hf_error_free(replay_log(store, store->pairs[i].serial, SIZE_MAX, &saved, stop_at, &number).why);
        if (cib_document_version(saved.document).epoch == number) {
            *document = HF_STEAL(saved.document);
            return NULL;
        }
        cib_saved_free(&saved);
        break;
    }
    return no_revision(store, number);
}
