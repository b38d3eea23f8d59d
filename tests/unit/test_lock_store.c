/* test_lock_store.c - a lock server's records on its disk: who may open them, and what is durable when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "arbiter/store.h"

static unsigned files_synced, dirs_synced;

/* In place of the C library's: counted. */
int fsync(int fd)
{
    struct stat status;

    assert_int_equal(fstat(fd, &status), 0);
    if (S_ISDIR(status.st_mode))
        dirs_synced++;
    else
        files_synced++;
    return (int)syscall(SYS_fsync, fd);
}

struct fixture {
    char dir[32];
    struct store *store;
    unsigned records;
};

static void ok(struct hf_error *error)
{
    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
}

static void see(void *context, const struct record *record)
{
    struct fixture *f = context;

    assert_true(files_synced > 0 && dirs_synced > 0);
    f->records++;
}

static void open_and_load(struct fixture *f)
{
    char *notice;

    files_synced = dirs_synced = f->records = 0;
    ok(store_open(f->dir, &f->store));
    ok(store_load(f->store, see, f, &notice));
    assert_null(notice);
}

static void write_one(struct fixture *f, uint64_t term)
{
    struct record record = {.kind = RECORD_CLUSTER, .cluster = "web", .term = term};
    struct pollfd done = {.fd = store_fd(f->store), .events = POLLIN};
    bool durable;
    char *why;

    store_submit(f->store, store_wants_snapshot(f->store), NULL, 0, &record, 1);
    assert_int_equal(poll(&done, 1, 10000), 1);
    assert_true(store_done(f->store, &durable, &why));
    assert_true(durable);
    assert_null(why);
}

static void set_up(struct fixture *f)
{
    *f = (struct fixture){.dir = "/tmp/test-lock-store.XXXXXX"};
    assert_non_null(mkdtemp(f->dir));
    open_and_load(f);
}

static void tear_down(struct fixture *f)
{
    char command[64];

    store_close(f->store);
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
}

/* Killed between write and sync, a server leaves what only the kernel has.  The next one must not grant on
 * the strength of it: a loss of power would take it back. */
static void what_is_read_is_durable_first(void **state)
{
    struct fixture f;

    set_up(&f);
    assert_true(store_wants_snapshot(f.store));
    write_one(&f, 1);
    write_one(&f, 2);
    store_close(f.store);
    open_and_load(&f);
    assert_int_equal(f.records, 2);
    assert_false(store_wants_snapshot(f.store));
    tear_down(&f);
}

/* All locks of more than a thousand clusters, with the longest names. */
static void a_snapshot_may_be_large(void **state)
{
    enum { MANY = 300000 };
    struct record *records = hf_calloc(MANY, sizeof(*records));
    struct pollfd done = {.events = POLLIN};
    struct fixture f;
    bool durable;
    char *why;

    set_up(&f);
    for (size_t i = 0; i < MANY; i++) {
        records[i] = (struct record){.kind = RECORD_LOCK, .term = i, .lease_ms = 1000};
        memset(records[i].cluster, 'c', FRAME_NAME_MAX);
        memset(records[i].lock, 'l', FRAME_NAME_MAX);
        memset(records[i].node, 'n', FRAME_NAME_MAX);
    }
    done.fd = store_fd(f.store);
    store_submit(f.store, true, records, MANY, records, 1);
    assert_int_equal(poll(&done, 1, 60000), 1);
    assert_true(store_done(f.store, &durable, &why));
    assert_true(durable);
    free(records);
    store_close(f.store);
    open_and_load(&f);
    assert_int_equal(f.records, MANY + 1);
    tear_down(&f);
}

static void one_process_alone_has_it(void **state)
{
    struct fixture f;
    struct store *second;
    struct hf_error *error HF_CLEANUP(hf_error_freep) = NULL;

    set_up(&f);
    error = store_open(f.dir, &second);
    assert_non_null(strstr(hf_error_text(error), "another lock server uses"));
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_durable_first),
        cmocka_unit_test(a_snapshot_may_be_large),
        cmocka_unit_test(one_process_alone_has_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
