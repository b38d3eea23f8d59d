/* test_guard_config.c - the guard's configuration: what is right is taken, what is wrong is named with its
 * line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/guard/config.h"

#define GOOD "[guard]\ncluster = web\nnode = node1\nserver = 192.0.2.1\nkey = /etc/holdfast/lock.key\n"

static void test_whole(void **state)
{
    struct guard_config config;

    guard_config_init(&config);

    struct hf_error *error =
        guard_config_parse("# the guard\n[guard]\n cluster=web # a name\nnode = node1\n"
                           "server = 192.0.2.1\nserver = 192.0.2.2:7000   two.example\n"
                           "server = [2001:db8::3]:7433\n"
                           "key = /etc/holdfast/lock.key\nlease = 300ms\ndrain = 5s\n"
                           "watchdog = /dev/watchdog\nwatchdog-timeout = 1min\npriority = 0",
                           "test", &config);

    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
    assert_string_equal(config.cluster, "web");
    assert_string_equal(config.node, "node1");
    assert_int_equal(config.server_count, 3);
    assert_string_equal(config.servers[0].address, "192.0.2.1");
    assert_null(config.servers[0].name);
    assert_string_equal(config.servers[1].address, "192.0.2.2:7000");
    assert_string_equal(config.servers[1].name, "two.example");
    assert_string_equal(config.servers[2].address, "[2001:db8::3]:7433");
    assert_string_equal(config.key, "/etc/holdfast/lock.key");
    assert_int_equal(config.lease_ms, 300);
    assert_int_equal(config.drain_ms, 5000);
    assert_string_equal(config.watchdog, "/dev/watchdog");
    assert_int_equal(config.watchdog_ms, 60000);
    assert_int_equal(config.priority, 0);
    guard_config_free(&config);
}

static void test_defaults(void **state)
{
    struct guard_config config;

    guard_config_init(&config);
    assert_null(guard_config_parse(GOOD, "test", &config));
    assert_int_equal(config.lease_ms, 1000);
    assert_int_equal(config.drain_ms, 0);
    assert_null(config.watchdog);
    assert_int_equal(config.priority, 20);
    assert_string_equal(config.socket, GUARD_SOCKET);
    assert_string_equal(config.orders, HF_RUNDIR "/guard.orders");
    guard_config_free(&config);
}

static void test_wrong(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"cluster = web\n", "f:1: expected '[guard]' before"},
        {"\n[server]\n", "f:2: unknown section '[server]'; expected [guard]"},
        {"[guard]\ncluster web\n", "f:2: expected 'option = value'"},
        {"[guard]\nclustre = web\n", "f:2: unknown option 'clustre'; expected one of cluster, "},
        {"[guard]\ncluster =\n", "f:2: cluster: expected a value"},
        {"[guard]\ncluster = a b\n", "f:2: cluster: expected 1 to 63 letters"},
        {"[guard]\ncluster = a\ncluster = b\n", "f:3: cluster: it was set before"},
        {"[guard]\nlease = 5\n", "f:2: lease: expected a duration from 100 to 60000 ms"},
        {"[guard]\nlease = 99999999999s\n", "f:2: lease: expected a duration"},
        {"[guard]\nlease = 300 ms\n", "f:2: lease: expected a duration"},
        {"[guard]\nlease = -300ms\n", "f:2: lease: expected a duration"},
        {"[guard]\npriority = 100\n", "f:2: priority: expected a number from 0 to 99"},
        {"[guard]\npriority = 2s\n", "f:2: priority: expected a number"},
        {"[guard]\nkey = lock.key\n", "f:2: key: expected an absolute path"},
        {"[guard]\nserver = a b c\n", "f:2: server: expected ADDRESS[:PORT] [NAME]"},
        {"[guard]\nserver = a\nserver = a\n", "f:3: server: a is there twice"},
        {"[guard]\nserver = a\nnode = n\nkey = /k\n", "f: cluster is missing"},
        {"[guard]\ncluster = c\nserver = a\nserver = b\nnode = n\nkey = /k\n", "expected an odd number"},
        {"[guard]\ncluster = c\nserver = a\nnode = n\n", "key is missing"},
        {GOOD "ca = /c\n", "exclude each other"},
        {"[guard]\ncluster = c\nserver = a\nnode = n\nca = /c\n", "go together"},
        {"[guard]\nserver = 1\nserver = 2\nserver = 3\nserver = 4\nserver = 5\nserver = 6\nserver = 7\n"
         "server = 8\nserver = 9\nserver = 10\n",
         "f:11: server: there are more than 9"},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++) {
        struct guard_config config;

        guard_config_init(&config);

        struct hf_error *error = guard_config_parse(cases[i].text, "f", &config);

        assert_int_equal(hf_error_kind(error), HF_REFUSED);
        if (strstr(hf_error_text(error), cases[i].expected) == NULL)
            fail_msg("'%s' does not say '%s'", hf_error_text(error), cases[i].expected);
        hf_error_free(error);
        guard_config_free(&config);
    }
}

/* Any text at all: an answer, and no memory lost (a sanitizer sees that). */
static void test_torn(void **state)
{
    static const char text[] = GOOD "server = 192.0.2.2 two\nserver = 192.0.2.3\nlease = 300ms\n[guard]\n";

    for (size_t cut = 0; cut < sizeof(text); cut++)
        for (int change = 0; change < 3; change++) {
            static const char instead[] = {'=', '\n', (char)0xff};
            struct guard_config config;
            char *copy = hf_strdup(text);

            copy[cut == sizeof(text) - 1 ? 0 : cut] = instead[change];
            guard_config_init(&config);
            hf_error_free(guard_config_parse(copy, "f", &config));
            guard_config_free(&config);
            free(copy);
        }
}

static void test_no_file(void **state)
{
    struct guard_config config;

    guard_config_init(&config);

    struct hf_error *error = guard_config_read("/no/such/file", &config);

    assert_int_equal(hf_error_kind(error), HF_FAILED);
    assert_non_null(strstr(hf_error_text(error), "/no/such/file"));
    hf_error_free(error);
    guard_config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole), cmocka_unit_test(test_defaults), cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_torn),  cmocka_unit_test(test_no_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
