/* store.c - see store.h. */
#include "arbiter/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A batch has room for its records, and a file for those of 10,000 clusters with all their locks. */
enum { FILE_MAX = 1024 * 1024 * 1024, COMPACT_ABOVE = 1024 * 1024, RECORDS_PER_BATCH = 65536 };

struct store {
    char *dir, *path, *new_path;
    int dir_fd, fd, lock_fd, event_fd;
    uint64_t number;      /* of the last batch */
    size_t size;          /* bytes in the file that are durable */
    size_t snapshot_size; /* bytes of the last snapshot */
    bool must_snapshot;
    bool busy, running;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    /* under the mutex */
    bool has_job, stop;
    bool job_replaces;
    struct hf_buf job;
    struct hf_error *result;
};

/* Writes all of it at offset.  A short write is an error: the disk is full. */
static struct hf_error *write_at(int fd, const struct hf_buf *data, size_t offset, const char *path)
{
    size_t done = 0;

    while (done < data->length) {
        ssize_t wrote = pwrite(fd, data->data + done, data->length - done, (off_t)(offset + done));

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return hf_error_errno(wrote < 0 ? errno : ENOSPC, "cannot write %s", path);
        done += (size_t)wrote;
    }
    return NULL;
}

static struct hf_error *append(struct store *store)
{
    struct hf_error *error = write_at(store->fd, &store->job, store->size, store->path);

    if (error == NULL && fdatasync(store->fd) != 0)
        error = hf_error_errno(errno, "cannot sync %s", store->path);
    if (error == NULL)
        store->size += store->job.length;
    return error;
}

/* A new file takes the place of the old one only when it is whole and durable. */
static struct hf_error *replace(struct store *store)
{
    int fd = open(store->new_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct hf_error *error;

    if (fd < 0)
        return hf_error_errno(errno, "cannot create %s", store->new_path);
    error = write_at(fd, &store->job, 0, store->new_path);
    if (error == NULL && fsync(fd) != 0)
        error = hf_error_errno(errno, "cannot sync %s", store->new_path);
    if (error == NULL && rename(store->new_path, store->path) != 0)
        error = hf_error_errno(errno, "cannot rename %s", store->new_path);
    if (error == NULL && fsync(store->dir_fd) != 0)
        error = hf_error_errno(errno, "cannot sync %s", store->dir);
    if (error != NULL) {
        close(fd);
        unlink(store->new_path);
        return error;
    }
    if (store->fd >= 0)
        close(store->fd);
    store->fd = fd;
    store->size = store->snapshot_size = store->job.length;
    return NULL;
}

static void *writer(void *context)
{
    struct store *store = context;
    const uint64_t one = 1;

    pthread_mutex_lock(&store->mutex);
    for (;;) {
        struct hf_error *error;

        while (!store->has_job && !store->stop)
            pthread_cond_wait(&store->wake, &store->mutex);
        if (!store->has_job)
            break;
        pthread_mutex_unlock(&store->mutex);
        error = store->job_replaces ? replace(store) : append(store);
        pthread_mutex_lock(&store->mutex);
        store->result = error;
        store->has_job = false;
        if (write(store->event_fd, &one, sizeof(one)) < 0)
            abort(); /* an eventfd that cannot count to one */
    }
    pthread_mutex_unlock(&store->mutex);
    return NULL;
}

static struct hf_error *read_file(int fd, const char *path, struct hf_buf *text)
{
    char block[65536];
    ssize_t got;

    while ((got = read(fd, block, sizeof(block))) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return hf_error_errno(errno, "cannot read %s", path);
        hf_buf_add(text, block, (size_t)got);
        if (text->length > FILE_MAX)
            return hf_error_new(HF_REFUSED, "%s is longer than %d bytes", path, FILE_MAX);
    }
    return NULL;
}

static struct hf_error *set_aside(struct store *store, const struct hf_error *damage, char **notice)
{
    for (int i = 1; i < 1000; i++) {
        char *name HF_CLEANUP(hf_freep) = hf_asprintf("%s.damaged-%d", store->path, i);

        if (link(store->path, name) != 0) {
            if (errno == EEXIST)
                continue;
            return hf_error_errno(errno, "cannot set aside the damaged %s", store->path);
        }
        if (unlink(store->path) != 0)
            return hf_error_errno(errno, "cannot set aside the damaged %s", store->path);
        *notice = hf_asprintf("%s; it is kept as %s, and this server starts without its record",
                              hf_error_text(damage), name);
        return NULL;
    }
    return hf_error_new(HF_FAILED, "too many damaged files beside %s: look at them and move them away",
                        store->path);
}

/* A process that was killed while it wrote may have left what the kernel has and the disk has not.  Nothing
 * is granted on the strength of what a loss of power would take back. */
static struct hf_error *make_durable(const struct store *store)
{
    if (fsync(store->fd) != 0)
        return hf_error_errno(errno, "cannot sync %s", store->path);
    if (fsync(store->dir_fd) != 0)
        return hf_error_errno(errno, "cannot sync %s", store->dir);
    return NULL;
}

static void visit_nothing(void *context, const struct record *record)
{
}

/* Reads what is there.  Records are given out only if the file as a whole is good. */
static struct hf_error *load(struct store *store, record_visit *visit, void *context, char **notice)
{
    struct hf_buf text HF_CLEANUP(hf_buf_free) = {0};
    struct hf_error *damage HF_CLEANUP(hf_error_freep) = NULL;
    struct hf_error *error;
    struct record_file file;

    store->fd = open(store->path, O_RDWR | O_CLOEXEC);
    if (store->fd < 0 && errno == ENOENT) {
        store->must_snapshot = true;
        return NULL;
    }
    if (store->fd < 0)
        return hf_error_errno(errno, "cannot open %s", store->path);
    error = read_file(store->fd, store->path, &text);
    if (error != NULL)
        return error;
    damage = record_read(text.data, text.length, visit_nothing, NULL, &file);
    if (damage == NULL && text.length > 0 && file.good == 0)
        damage = hf_error_new(HF_REFUSED, "lock record: no whole batch in %zu bytes", text.length);
    if (damage != NULL) {
        close(store->fd);
        store->fd = -1;
        store->must_snapshot = true;
        return set_aside(store, damage, notice);
    }
    if (file.torn && ftruncate(store->fd, (off_t)file.good) != 0)
        return hf_error_errno(errno, "cannot cut the torn end of %s", store->path);
    error = make_durable(store);
    if (error == NULL)
        error = record_read(text.data, text.length, visit, context, &file);
    if (file.torn && error == NULL)
        *notice = hf_asprintf("%s: cut off %zu bytes that were never acknowledged", store->path,
                              text.length - file.good);
    store->size = store->snapshot_size = file.good;
    store->number = file.number;
    return error;
}

static struct hf_error *lock_dir(struct store *store)
{
    char *name HF_CLEANUP(hf_freep) = hf_asprintf("%s/lock", store->dir);

    if (mkdir(store->dir, 0700) != 0 && errno != EEXIST)
        return hf_error_errno(errno, "cannot make %s", store->dir);
    store->dir_fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->dir_fd < 0)
        return hf_error_errno(errno, "cannot open %s", store->dir);
    store->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0)
        return hf_error_errno(errno, "cannot open %s", name);
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return hf_error_new(HF_FAILED, "another lock server uses %s", store->dir);
    return NULL;
}

/* The thread takes no signals: they are the event loop's. */
static struct hf_error *start_thread(struct store *store)
{
    sigset_t all, old;
    int failed;

    store->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (store->event_fd < 0)
        return hf_error_errno(errno, "cannot make an eventfd");
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    failed = pthread_create(&store->thread, NULL, writer, store);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    store->running = failed == 0;
    return failed != 0 ? hf_error_errno(failed, "cannot start the writer") : NULL;
}

static void free_store(struct store *store)
{
    int fds[] = {store->fd, store->dir_fd, store->lock_fd, store->event_fd};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    hf_buf_free(&store->job);
    hf_error_free(store->result);
    free(store->dir);
    free(store->path);
    free(store->new_path);
    free(store);
}

struct hf_error *store_open(const char *dir, struct store **result)
{
    struct store *store = hf_calloc(1, sizeof(*store));
    struct hf_error *error;

    store->fd = store->dir_fd = store->lock_fd = store->event_fd = -1;
    store->dir = hf_strdup(dir);
    store->path = hf_asprintf("%s/records", dir);
    store->new_path = hf_asprintf("%s/records.new", dir);
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->wake, NULL);
    error = lock_dir(store);
    if (error != NULL) {
        free_store(store);
        return error;
    }
    *result = store;
    return NULL;
}

struct hf_error *store_load(struct store *store, record_visit *visit, void *context, char **notice)
{
    struct hf_error *error;

    *notice = NULL;
    error = load(store, visit, context, notice);
    if (error == NULL)
        error = start_thread(store);
    return error;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    if (store->running) {
        pthread_mutex_lock(&store->mutex);
        store->stop = true;
        pthread_cond_signal(&store->wake);
        pthread_mutex_unlock(&store->mutex);
        pthread_join(store->thread, NULL);
    }
    free_store(store);
}

int store_fd(const struct store *store)
{
    return store->event_fd;
}

bool store_busy(const struct store *store)
{
    return store->busy;
}

bool store_wants_snapshot(const struct store *store)
{
    return store->must_snapshot || (store->size > COMPACT_ABOVE && store->size > 4 * store->snapshot_size);
}

static void add_batches(struct store *store, const struct record *records, size_t count)
{
    for (size_t at = 0; at < count; at += RECORDS_PER_BATCH)
        record_batch(&store->job, ++store->number, records + at,
                     count - at < RECORDS_PER_BATCH ? count - at : RECORDS_PER_BATCH);
}

void store_submit(struct store *store, bool replaces, const struct record *snapshot, size_t snapshot_count,
                  const struct record *records, size_t count)
{
    if (store->busy)
        abort();
    store->busy = true;
    pthread_mutex_lock(&store->mutex);
    hf_buf_reset(&store->job);
    store->job_replaces = replaces || store->fd < 0;
    add_batches(store, snapshot, snapshot_count);
    add_batches(store, records, count);
    store->has_job = true;
    pthread_cond_signal(&store->wake);
    pthread_mutex_unlock(&store->mutex);
}

bool store_done(struct store *store, bool *durable, char **why)
{
    uint64_t count;
    struct hf_error *error;
    bool done;

    if (read(store->event_fd, &count, sizeof(count)) < 0)
        return false;
    pthread_mutex_lock(&store->mutex);
    done = store->busy && !store->has_job;
    error = store->result;
    store->result = NULL;
    pthread_mutex_unlock(&store->mutex);
    if (!done)
        return false;
    store->busy = false;
    *durable = error == NULL;
    *why = error != NULL ? hf_strdup(hf_error_text(error)) : NULL;
    store->must_snapshot = error != NULL;
    hf_error_free(error);
    return true;
}
