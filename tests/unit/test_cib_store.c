/* test_cib_store.c - the CIB on a real disk: snapshot and log, torn and damaged files, revisions, no space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include "daemon/cib/store.h"
#include "lib/xml.h"

/* A directory, the store in it, and the document as a node would have it in memory. */
struct fixture {
    char directory[64];
    struct cib_store *store;
    struct cib_saved saved;
    struct hf_buf said;
};

static void ok(struct hf_error *error)
{
    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
}

static void open_store(struct fixture *fixture)
{
    struct cib_store_options options = {.directory = fixture->directory, .reserve = 4096};

    hf_buf_reset(&fixture->said);
    ok(cib_store_open(&options, &fixture->store, &fixture->saved, &fixture->said));
    assert_true(cib_document_verify(fixture->saved.document, NULL));
}

static void close_store(struct fixture *fixture)
{
    cib_store_close(fixture->store);
    fixture->store = NULL;
    cib_saved_free(&fixture->saved);
}

static void reopen(struct fixture *fixture)
{
    close_store(fixture);
    open_store(fixture);
}

static int setup(void **state)
{
    struct fixture *fixture = hf_calloc(1, sizeof(*fixture));

    strcpy(fixture->directory, "/tmp/test_cib_store.XXXXXX");
    if (mkdtemp(fixture->directory) == NULL)
        return -1;
    open_store(fixture);
    *state = fixture;
    return 0;
}

static void each_file(const struct fixture *fixture, void (*call)(const char *path))
{
    DIR *directory = opendir(fixture->directory);
    struct dirent *entry;

    while ((entry = readdir(directory)) != NULL) {
        HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/%s", fixture->directory, entry->d_name);

        if (entry->d_name[0] != '.')
            call(path);
    }
    closedir(directory);
}

static void remove_file(const char *path)
{
    unlink(path);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    close_store(fixture);
    each_file(fixture, remove_file);
    rmdir(fixture->directory);
    hf_buf_free(&fixture->said);
    free(fixture);
    return 0;
}

/* Makes a change in memory and its record; size: bytes of a description. */
static void make_change(struct fixture *fixture, unsigned number, size_t size, struct hf_buf *records)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *xml = NULL;
    struct cib_record record = {
        .type = CIB_RECORD_CHANGE, .time = 1000 + number, .origin = "test", .user = "root"};

    hf_buf_printf(&text, "<change><create into='resources'><primitive id='p%u' description='", number);
    while (size-- > 0)
        hf_buf_putc(&text, 'x');
    hf_buf_puts(&text, "'/></create></change>");
    ok(hf_xml_parse(text.data, text.length, "test", &xml));
    ok(cib_document_change(fixture->saved.document, xmlDocGetRootElement(xml)));
    record.lineage.generation = fixture->saved.generation;
    record.lineage.version = cib_document_version(fixture->saved.document);
    record.digest = cib_document_configuration_digest(fixture->saved.document);
    record.change = text.data;
    record.length = text.length;
    cib_log_put_record(records, &record);
}

static void change(struct fixture *fixture, unsigned number)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf records = {0};
    bool low;

    make_change(fixture, number, 10, &records);
    ok(cib_store_append(fixture->store, records.data, records.length, &low));
    assert_false(low);
}

static void snapshot(struct fixture *fixture)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    bool low;

    cib_log_put_snapshot(&bytes, fixture->saved.document, fixture->saved.generation);
    ok(cib_store_snapshot(fixture->store, bytes.data, bytes.length, &low));
}

static void expect_epoch(const struct fixture *fixture, uint64_t epoch)
{
    assert_int_equal(cib_document_version(fixture->saved.document).epoch, epoch);
}

static void expect_said(const struct fixture *fixture, const char *words)
{
    if (strstr(hf_buf_text(&fixture->said), words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", hf_buf_text(&fixture->said), words);
}

static char *path_of(const struct fixture *fixture, const char *name)
{
    return hf_asprintf("%s/%s", fixture->directory, name);
}

static void cut_file(const struct fixture *fixture, const char *name, off_t less)
{
    HF_CLEANUP(hf_freep) char *path = path_of(fixture, name);
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(truncate(path, status.st_size - less), 0);
}

/* Overwrites one byte with another value. */
static void spoil_file(const struct fixture *fixture, const char *name, off_t at)
{
    HF_CLEANUP(hf_freep) char *path = path_of(fixture, name);
    int fd = open(path, O_RDWR);
    char byte;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x40;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static bool exists(const struct fixture *fixture, const char *name)
{
    HF_CLEANUP(hf_freep) char *path = path_of(fixture, name);

    return access(path, F_OK) == 0;
}

/* Where the last batch ends: reserved zeros follow. */
static off_t log_end(const struct fixture *fixture, const char *name)
{
    HF_CLEANUP(hf_freep) char *path = path_of(fixture, name);
    int fd = open(path, O_RDONLY);
    off_t end = lseek(fd, 0, SEEK_END);
    char byte = 0;

    while (end > 0 && pread(fd, &byte, 1, end - 1) == 1 && byte == 0)
        end--;
    close(fd);
    return end;
}

static void test_survives_reopening(void **state)
{
    struct fixture *fixture = *state;
    struct cib_record generation = {.type = CIB_RECORD_GENERATION};
    HF_CLEANUP(hf_buf_free) struct hf_buf records = {0};
    struct cib_digest digest;
    bool low;

    expect_epoch(fixture, 0);
    for (unsigned i = 1; i <= 20; i++)
        change(fixture, i);
    generation.lineage.generation = 7;
    generation.lineage.version = cib_document_version(fixture->saved.document);
    generation.digest = cib_document_configuration_digest(fixture->saved.document);
    cib_log_put_record(&records, &generation);
    make_change(fixture, 21, 10, &records);
    ok(cib_store_append(fixture->store, records.data, records.length, &low));
    digest = cib_document_configuration_digest(fixture->saved.document);
    reopen(fixture);
    expect_epoch(fixture, 21);
    assert_string_equal(hf_buf_text(&fixture->said), "");
    assert_true(cib_digest_equal(digest, cib_document_configuration_digest(fixture->saved.document)));
    snapshot(fixture);
    change(fixture, 22);
    reopen(fixture);
    expect_epoch(fixture, 22);
    assert_string_equal(hf_buf_text(&fixture->said), "");
}

static void test_one_process_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct cib_store_options options = {.directory = fixture->directory};
    struct cib_store *second;
    struct cib_saved saved;
    struct hf_error *error = cib_store_open(&options, &second, &saved, &fixture->said);

    assert_non_null(error);
    assert_non_null(strstr(hf_error_text(error), "in use by another process"));
    hf_error_free(error);
}

/* Cut at every byte of the last batch: the state before it comes back, it is said, and changes go on. */
static void test_torn_tail(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned i = 1; i <= 3; i++)
        change(fixture, i);
    for (off_t less = 1; less < 150; less += 7) {
        uint64_t epoch = cib_document_version(fixture->saved.document).epoch;
        HF_CLEANUP(hf_freep) char *path = path_of(fixture, "log.1");

        change(fixture, (unsigned)epoch + 1);
        assert_int_equal(truncate(path, log_end(fixture, "log.1") - less), 0);
        reopen(fixture);
        expect_epoch(fixture, epoch);
        expect_said(fixture, "cut off");
        change(fixture, (unsigned)epoch + 1);
        reopen(fixture);
        expect_epoch(fixture, epoch + 1);
        assert_string_equal(hf_buf_text(&fixture->said), "");
    }
}

/* A byte of the last batch is wrong, as after a power cut in the middle of a write: a torn tail too. */
static void test_garbled_tail(void **state)
{
    struct fixture *fixture = *state;

    change(fixture, 1);
    change(fixture, 2);
    spoil_file(fixture, "log.1", log_end(fixture, "log.1") - 20);
    reopen(fixture);
    expect_epoch(fixture, 1);
    expect_said(fixture, "cut off");
    assert_false(exists(fixture, "log.damaged.1"));
}

/* A byte in the middle is wrong: what followed was on disk once, so this is damage, and must be said. */
static void test_damaged_log(void **state)
{
    struct fixture *fixture = *state;
    off_t end;

    change(fixture, 1);
    end = log_end(fixture, "log.1");
    for (unsigned i = 2; i <= 5; i++)
        change(fixture, i);
    spoil_file(fixture, "log.1", end + 40);
    reopen(fixture);
    expect_epoch(fixture, 1);
    expect_said(fixture, "set aside as");
    expect_said(fixture, "log.damaged.1");
    assert_true(exists(fixture, "log.damaged.1"));
    change(fixture, 2);
    reopen(fixture);
    expect_epoch(fixture, 2);
    assert_string_equal(hf_buf_text(&fixture->said), "");
}

static void test_damaged_header(void **state)
{
    struct fixture *fixture = *state;

    change(fixture, 1);
    snapshot(fixture);
    change(fixture, 2);
    spoil_file(fixture, "log.2", 10);
    reopen(fixture);
    expect_epoch(fixture, 1);
    expect_said(fixture, "log.damaged.1");
}

/* The snapshot is damaged: it is rebuilt from the one before and both logs; nothing is lost. */
static void test_damaged_snapshot(void **state)
{
    struct fixture *fixture = *state;

    change(fixture, 1);
    change(fixture, 2);
    snapshot(fixture);
    change(fixture, 3);
    spoil_file(fixture, "cib.2", 200);
    reopen(fixture);
    expect_epoch(fixture, 3);
    expect_said(fixture, "cib.damaged.1");
    assert_true(exists(fixture, "cib.damaged.1"));
    change(fixture, 4);
    reopen(fixture);
    expect_epoch(fixture, 4);
    assert_string_equal(hf_buf_text(&fixture->said), "");
}

static void test_truncated_snapshot(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned i = 1; i <= 2; i++) {
        change(fixture, i);
        snapshot(fixture);
    }
    cut_file(fixture, "cib.3", 1);
    reopen(fixture);
    expect_epoch(fixture, 2);
    expect_said(fixture, "cib.damaged.1");
}

/* A snapshot that came from another member does not continue the log before it: then the state before is
 * used. */
static void test_damaged_foreign_snapshot(void **state)
{
    struct fixture *fixture = *state;
    HF_CLEANUP(hf_buf_free) struct hf_buf unwritten = {0};

    change(fixture, 1);
    make_change(fixture, 2, 10, &unwritten);
    snapshot(fixture);
    change(fixture, 3);
    spoil_file(fixture, "cib.2", 200);
    reopen(fixture);
    expect_epoch(fixture, 1);
    expect_said(fixture, "cib.damaged.1");
    expect_said(fixture, "log.damaged.1");
}

static void test_nothing_readable(void **state)
{
    struct fixture *fixture = *state;

    change(fixture, 1);
    spoil_file(fixture, "cib.1", 3);
    reopen(fixture);
    expect_epoch(fixture, 0);
    expect_said(fixture, "beginning with an empty configuration");
    change(fixture, 1);
    reopen(fixture);
    expect_epoch(fixture, 1);
}

static void test_missing_log(void **state)
{
    struct fixture *fixture = *state;
    HF_CLEANUP(hf_freep) char *path = path_of(fixture, "log.2");

    change(fixture, 1);
    snapshot(fixture);
    unlink(path);
    reopen(fixture);
    expect_epoch(fixture, 1);
    expect_said(fixture, "cannot open");
    change(fixture, 2);
}

/* --- no space: a limit on the size of files stands for a full disk --- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_no_space(void **state)
{
    struct fixture *fixture = *state;
    HF_CLEANUP(hf_buf_free) struct hf_buf records = {0}, bytes = {0};
    struct hf_error *error;
    bool low = false;
    unsigned number = 1;

    change(fixture, number++);
    limit_files(8192);
    /* First it is said in time, while there is still room for what is on its way. */
    while (!low) {
        hf_buf_reset(&records);
        make_change(fixture, number++, 100, &records);
        ok(cib_store_append(fixture->store, records.data, records.length, &low));
        assert_in_range(number, 0, 1000);
    }
    hf_buf_reset(&records);
    make_change(fixture, number, 20000, &records);
    error = cib_store_append(fixture->store, records.data, records.length, &low);
    assert_int_equal(hf_error_kind(error), HF_FAILED);
    hf_error_free(error);
    /* No gap can come about: small records are not taken either now. */
    error = cib_store_append(fixture->store, records.data, 100, &low);
    assert_non_null(strstr(hf_error_text(error), "until the next snapshot"));
    hf_error_free(error);
    cib_log_put_snapshot(&bytes, fixture->saved.document, 0);
    error = cib_store_snapshot(fixture->store, bytes.data, bytes.length, &low);
    assert_int_equal(hf_error_kind(error), HF_FAILED);
    hf_error_free(error);
    /* Space again. */
    limit_files(RLIM_INFINITY);
    ok(cib_store_snapshot(fixture->store, bytes.data, bytes.length, &low));
    change(fixture, number + 1);
    reopen(fixture);
    expect_epoch(fixture, number + 1);
    assert_string_equal(hf_buf_text(&fixture->said), "");
}

/* The same, and the node stops while the disk is full: what was acknowledged is there. */
static void test_stop_while_full(void **state)
{
    struct fixture *fixture = *state;
    HF_CLEANUP(hf_buf_free) struct hf_buf records = {0};
    struct hf_error *error;
    bool low;

    change(fixture, 1);
    limit_files(8192);
    make_change(fixture, 2, 20000, &records);
    error = cib_store_append(fixture->store, records.data, records.length, &low);
    assert_int_equal(hf_error_kind(error), HF_FAILED);
    hf_error_free(error);
    reopen(fixture);
    limit_files(RLIM_INFINITY);
    expect_epoch(fixture, 1);
    change(fixture, 2);
}

/* --- revisions --- */

static void test_revisions(void **state)
{
    struct fixture *fixture = *state;
    struct cib_revision *revisions;
    struct cib_document *document;
    struct hf_error *error;
    size_t count;

    for (unsigned i = 1; i <= 30; i++) {
        change(fixture, i);
        if (i % 10 == 0)
            snapshot(fixture);
    }
    ok(cib_store_revisions(fixture->store, &revisions, &count));
    assert_int_equal(count, 31);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(revisions[i].number, 30 - i);
    assert_string_equal(revisions[0].origin, "test");
    assert_int_equal(revisions[0].time, 1030);
    cib_revisions_free(revisions, count);
    for (unsigned number = 1; number <= 30; number++) {
        char id[16];

        ok(cib_store_revision(fixture->store, number, &document));
        assert_int_equal(cib_document_version(document).epoch, number);
        snprintf(id, sizeof(id), "p%u", number);
        assert_non_null(cib_document_find(document, id));
        snprintf(id, sizeof(id), "p%u", number + 1);
        assert_null(cib_document_find(document, id));
        cib_document_free(document);
    }
    error = cib_store_revision(fixture->store, 77, &document);
    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    assert_non_null(strstr(hf_error_text(error), "expected 0 to 30"));
    hf_error_free(error);
}

static void test_revisions_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct cib_revision *revisions;
    size_t count;

    for (unsigned i = 1; i <= 450; i++) {
        change(fixture, i);
        if (i % 50 == 0)
            snapshot(fixture);
    }
    ok(cib_store_revisions(fixture->store, &revisions, &count));
    assert_int_equal(count, CIB_STORE_REVISIONS);
    assert_int_equal(revisions[0].number, 450);
    cib_revisions_free(revisions, count);
    assert_false(exists(fixture, "cib.3"));
    assert_true(exists(fixture, "cib.9"));
    reopen(fixture);
    expect_epoch(fixture, 450);
}

/* Another partition's state was taken over: its revisions count, not those that were here before. */
static void test_revisions_after_a_takeover(void **state)
{
    struct fixture *fixture = *state;
    struct cib_revision *revisions;
    HF_CLEANUP(hf_buf_free) struct hf_buf unwritten = {0};
    struct cib_version version;
    size_t count;

    for (unsigned i = 1; i <= 5; i++)
        change(fixture, i);
    make_change(fixture, 100, 10, &unwritten);
    version = cib_document_version(fixture->saved.document);
    version.epoch = 3;
    cib_document_set_version(fixture->saved.document, version);
    snapshot(fixture);
    ok(cib_store_revisions(fixture->store, &revisions, &count));
    assert_int_equal(count, 4);
    assert_int_equal(revisions[0].number, 3);
    assert_int_equal(revisions[1].number, 2);
    cib_revisions_free(revisions, count);
}

/* --- encoding --- */

/* Whatever byte of a snapshot is wrong, it is noticed. */
static void test_every_byte_of_a_snapshot(void **state)
{
    struct fixture *fixture = *state;
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};

    change(fixture, 1);
    cib_log_put_snapshot(&bytes, fixture->saved.document, 5);
    for (size_t i = 0; i < bytes.length; i++) {
        struct cib_saved saved;
        struct hf_error *error;

        bytes.data[i] ^= 1;
        error = cib_log_get_snapshot(NULL, bytes.data, bytes.length, "test", &saved);
        assert_int_equal(hf_error_kind(error), HF_REFUSED);
        hf_error_free(error);
        error = cib_log_get_snapshot(NULL, bytes.data, i, "test", &saved);
        assert_int_equal(hf_error_kind(error), HF_REFUSED);
        hf_error_free(error);
        bytes.data[i] ^= 1;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_survives_reopening),
        TEST(test_one_process_at_a_time),
        TEST(test_torn_tail),
        TEST(test_garbled_tail),
        TEST(test_damaged_log),
        TEST(test_damaged_header),
        TEST(test_damaged_snapshot),
        TEST(test_truncated_snapshot),
        TEST(test_damaged_foreign_snapshot),
        TEST(test_nothing_readable),
        TEST(test_missing_log),
        TEST(test_no_space),
        TEST(test_stop_while_full),
        TEST(test_revisions),
        TEST(test_revisions_are_bounded),
        TEST(test_revisions_after_a_takeover),
        TEST(test_every_byte_of_a_snapshot),
    };

    hf_xml_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
