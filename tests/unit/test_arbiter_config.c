/* test_arbiter_config.c - a lock server's configuration and key files: what is right is read, what is wrong
 * is said with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "arbiter/config.h"
#include "arbiter/key.h"

static void a_whole_file_is_read(void **state)
{
    struct arbiter_config config;

    arbiter_config_init(&config);
    assert_null(
        arbiter_config_parse("# comment\n[server]\nlisten = *:1 # here\nlisten = [::1]:2\n max-hold = 3s \n"
                             "frame-timeout=100\n[cluster web]\nmax-hold = 1min\n[cluster db]\n",
                             "x", &config));
    assert_int_equal(config.listen_count, 2);
    assert_int_equal(config.max_hold_ms, 3000);
    assert_int_equal(config.frame_ms, 100);
    assert_int_equal(arbiter_config_max_hold(&config, "web"), 60000);
    assert_int_equal(arbiter_config_max_hold(&config, "db"), 3000);
    assert_int_equal(arbiter_config_max_hold(&config, "other"), 3000);
    arbiter_config_free(&config);
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
    static const struct {
        const char *text, *where;
    } cases[] = {
        {"listen = *:1\n", "x:1: expected [server]"},
        {"[server]\nbogus = 1\n", "x:2: [server] has no option `bogus'"},
        {"[server]\n\nlisten = nowhere:99999\n", "x:3: listen: expected"},
        {"[server]\nmax-hold = 3 parsecs\n", "x:2: max-hold: expected a duration from 100 to"},
        {"[server]\nmax-hold = 99999999999999999999\n", "x:2: max-hold"},
        {"[server]\nconnections = 0\n", "x:2: connections: expected a number"},
        {"[server]\nconnections = 5s\n", "x:2: connections: expected a number"},
        {"[server]\nlisten\n", "x:2: expected OPTION = VALUE"},
        {"[server]\nlisten =\n", "x:2: listen: expected a value"},
        {"[servers]\n", "x:1: expected [server] or [cluster NAME], found [servers]"},
        {"[cluster a b]\n", "x:1: cluster name"},
        {"[cluster web]\n[cluster web]\n", "x:2: [cluster web] is there twice"},
        {"[cluster web]\nlisten = *:1\n", "x:2: [cluster web] has no option"},
        {"[server]\nca = /x\n", "x: ca needs certificate"},
        {"[server]\ncertificate = /x\n", "x: certificate and private-key go together"},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++) {
        struct arbiter_config config;
        struct hf_error *error;

        arbiter_config_init(&config);
        error = arbiter_config_parse(cases[i].text, "x", &config);
        assert_int_equal(hf_error_kind(error), HF_REFUSED);
        if (strncmp(hf_error_text(error), cases[i].where, strlen(cases[i].where)) != 0)
            fail_msg("expected `%s', got `%s'", cases[i].where, hf_error_text(error));
        hf_error_free(error);
        arbiter_config_free(&config);
    }
}

static void addresses_are_taken_apart(void **state)
{
    char host[256], port[8];

    assert_true(arbiter_address_parse("10.0.0.1", host, port));
    assert_string_equal(port, "7433");
    assert_true(arbiter_address_parse("[fe80::1]:99", host, port));
    assert_string_equal(host, "fe80::1");
    assert_string_equal(port, "99");
    assert_true(arbiter_address_parse("fe80::1", host, port));
    assert_string_equal(host, "fe80::1");
    assert_true(arbiter_address_parse("*:1", host, port));
    assert_string_equal(host, "");
    assert_false(arbiter_address_parse("", host, port));
    assert_false(arbiter_address_parse("a:0", host, port));
    assert_false(arbiter_address_parse("[a", host, port));
    assert_false(arbiter_address_parse("a:x", host, port));
}

static void expect_key_error(const char *path, const char *text, mode_t mode, const char *what)
{
    struct lock_keys keys;
    struct hf_error *error;
    FILE *file = fopen(path, "w");

    fputs(text, file);
    fclose(file);
    chmod(path, mode);
    error = lock_keys_read(path, &keys);
    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    if (strstr(hf_error_text(error), what) == NULL)
        fail_msg("expected `%s', got `%s'", what, hf_error_text(error));
    hf_error_free(error);
}

static void keys_are_made_rolled_and_checked(void **state)
{
    char dir[] = "/tmp/test-lock-key.XXXXXX", path[64];
    struct lock_keys first, keys;
    struct hf_error *error;
    struct stat st;

    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/k", dir);
    assert_null(lock_key_new(path, "web"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    error = lock_key_new(path, "web");
    assert_int_equal(hf_error_kind(error), HF_REFUSED); /* no key is overwritten */
    hf_error_free(error);
    assert_null(lock_keys_read(path, &first));
    assert_string_equal(first.cluster, "web");
    error = lock_key_use(path);
    assert_int_equal(hf_error_kind(error), HF_REFUSED); /* there is no other yet */
    hf_error_free(error);
    assert_null(lock_key_add(path));
    assert_null(lock_keys_read(path, &keys));
    assert_int_equal(keys.count, 2);
    assert_string_equal(keys.keys[0].id, first.keys[0].id);
    assert_null(lock_key_use(path));
    assert_null(lock_keys_read(path, &keys));
    assert_string_equal(keys.keys[1].id, first.keys[0].id);
    assert_non_null(lock_keys_find(&keys, first.keys[0].id));
    assert_null(lock_key_prune(path));
    assert_null(lock_keys_read(path, &keys));
    assert_null(lock_keys_find(&keys, first.keys[0].id));
    expect_key_error(path, "cluster web\nkey 12\n", 0600, "k:2: expected a key of 64");
    expect_key_error(path, "cluster web\ncluster web\n", 0600, "k:2: expected one cluster");
    expect_key_error(path, "cluster web\n", 0600, "at least one");
    expect_key_error(path, "clusters web\n", 0600, "k:1: expected `cluster' or `key'");
    expect_key_error(path, "cluster web\n", 0644, "may be read by everyone");
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_is_read),
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(keys_are_made_rolled_and_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
