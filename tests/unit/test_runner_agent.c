/* test_runner_agent.c - unit tests of daemon/runner/agent.c and capture.c: how agents are called, what their
 * exits mean, what is kept of what they print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "daemon/runner/agent.h"
#include "daemon/runner/capture.h"

static const struct runner_places places = {.ocf_root = "/ocf",
                                            .init_dir = "/init",
                                            .systemd = "/helper",
                                            .fence = "/fence",
                                            .compat_dir = "/compat"};

static const char *variable(const struct runner_command *command, const char *name)
{
    const char *value = NULL;
    size_t length = strlen(name);

    for (size_t i = 0; command->environment[i] != NULL; i++) {
        if (strncmp(command->environment[i], name, length) == 0 && command->environment[i][length] == '=') {
            assert_null(value); /* never twice */
            value = command->environment[i] + length + 1;
        }
    }
    return value;
}

static struct runner_call call_of(const char *class, const char *provider, const char *type,
                                  const char *operation)
{
    return (struct runner_call){.id = 1,
                                .resource = (char *)"web:0",
                                .operation = (char *)operation,
                                .class = (char *)class,
                                .provider = (char *)provider,
                                .type = (char *)type};
}

static void ocf_agents_get_their_environment(void **state)
{
    char *const base[] = {(char *)"PATH=/bin",
                          (char *)"HOME=/root",
                          (char *)"OCF_RESKEY_ip=leaked",
                          (char *)"OCF_ROOT=/not",
                          (char *)"NOTIFY_SOCKET=/run",
                          (char *)"odd",
                          (char *)"LISTEN_FDS=3",
                          NULL};
    struct runner_param params[] = {{(char *)"ip", (char *)"10.0.0.1 = x"},
                                    {(char *)"CRM_meta_timeout", (char *)"20000"},
                                    {(char *)"OCF_CHECK_LEVEL", (char *)"10"},
                                    {(char *)"ip", (char *)"10.0.0.2"}};
    struct runner_call call = call_of("ocf", "heartbeat", "IPaddr2", "monitor");
    struct runner_command command;

    call.params = params;
    call.param_count = HF_ARRAY_LENGTH(params);
    assert_null(runner_command_make(&call, RUNNER_OCF, &places, base, &command));
    assert_string_equal(command.path, "/ocf/resource.d/heartbeat/IPaddr2");
    assert_string_equal(command.argv[0], "/ocf/resource.d/heartbeat/IPaddr2");
    assert_string_equal(command.argv[1], "monitor");
    assert_null(command.argv[2]);
    assert_string_equal(variable(&command, "OCF_RESKEY_ip"), "10.0.0.2");
    assert_string_equal(variable(&command, "OCF_RESKEY_CRM_meta_timeout"), "20000");
    assert_string_equal(variable(&command, "OCF_CHECK_LEVEL"), "10");
    assert_null(variable(&command, "OCF_RESKEY_OCF_CHECK_LEVEL"));
    assert_string_equal(variable(&command, "OCF_ROOT"), "/ocf");
    assert_string_equal(variable(&command, "OCF_RA_VERSION_MAJOR"), "1");
    assert_string_equal(variable(&command, "OCF_RA_VERSION_MINOR"), "1");
    assert_string_equal(variable(&command, "OCF_EXIT_REASON_PREFIX"), "ocf-exit-reason:");
    assert_string_equal(variable(&command, "OCF_RESOURCE_INSTANCE"), "web:0");
    assert_string_equal(variable(&command, "OCF_RESOURCE_TYPE"), "IPaddr2");
    assert_string_equal(variable(&command, "OCF_RESOURCE_PROVIDER"), "heartbeat");
    assert_string_equal(variable(&command, "PATH"), "/compat:/bin");
    assert_string_equal(variable(&command, "HA_SBIN_DIR"), "/compat");
    assert_string_equal(variable(&command, "HOME"), "/root");
    assert_string_equal(variable(&command, "HA_logfacility"), "daemon");
    assert_string_equal(variable(&command, "LC_ALL"), "C");
    assert_null(variable(&command, "NOTIFY_SOCKET"));
    assert_null(variable(&command, "LISTEN_FDS"));
    runner_command_clear(&command);
}

static void lsb_scripts_are_asked_for_their_status(void **state)
{
    char *const base[] = {NULL};
    struct runner_param params[] = {{(char *)"x", (char *)"y"}};
    struct runner_call call = call_of("lsb", "", "haproxy", "monitor");
    struct runner_command command;

    call.params = params;
    call.param_count = 1;
    assert_null(runner_command_make(&call, RUNNER_LSB, &places, base, &command));
    assert_string_equal(command.path, "/init/haproxy");
    assert_string_equal(command.argv[1], "status");
    /* No parameters for them, but a PATH even where there was none. */
    assert_null(variable(&command, "OCF_RESKEY_x"));
    assert_string_equal(variable(&command, "PATH"),
                        "/compat:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    runner_command_clear(&command);
    call.type = (char *)"/opt/odd/script";
    call.operation = (char *)"start";
    assert_null(runner_command_make(&call, RUNNER_LSB, &places, base, &command));
    assert_string_equal(command.path, "/opt/odd/script");
    assert_string_equal(command.argv[1], "start");
    runner_command_clear(&command);
}

static void systemd_units_go_to_the_helper(void **state)
{
    char *const base[] = {NULL};
    struct runner_call call = call_of("systemd", "", "getty@tty1", "monitor");
    struct runner_command command;

    assert_null(runner_command_make(&call, RUNNER_SYSTEMD, &places, base, &command));
    assert_string_equal(command.path, "/helper");
    assert_string_equal(command.argv[1], "monitor");
    assert_string_equal(command.argv[2], "getty@tty1");
    assert_null(command.argv[3]);
    runner_command_clear(&command);
}

static void fence_devices_go_to_their_helper(void **state)
{
    char *const base[] = {NULL};
    struct runner_call call = call_of("stonith", "", "fence_ipmilan", "monitor");
    struct runner_command command;
    bool parameter = false;

    runner_call_param(&call, "ip", "10.0.0.9");
    assert_null(runner_command_make(&call, RUNNER_STONITH, &places, base, &command));
    assert_string_equal(command.path, "/fence");
    assert_string_equal(command.argv[1], "monitor");
    assert_string_equal(command.argv[2], "fence_ipmilan");
    for (size_t i = 0; command.environment[i] != NULL; i++)
        parameter |= strcmp(command.environment[i], "OCF_RESKEY_ip=10.0.0.9") == 0;
    assert_true(parameter);
    runner_command_clear(&command);
    for (size_t i = 0; i < call.param_count; i++) {
        free(call.params[i].name);
        free(call.params[i].value);
    }
    free(call.params);
}

static void names_that_name_nothing_are_refused(void **state)
{
    static const char *const bad[][3] = {
        {"ocf", "", "Dummy"},    {"ocf", "heartbeat", ""},        {"ocf", "../../tmp", "x"},
        {"ocf", "..", "x"},      {"ocf", "heartbeat", "../evil"}, {"lsb", "", "a/b"},
        {"systemd", "", "../x"}, {"systemd", "", "--help"},       {"stonith", "", "../fence_x"},
        {"upstart", "", "x"}};
    char *const base[] = {NULL};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(bad); i++) {
        struct runner_call call = call_of(bad[i][0], bad[i][1], bad[i][2], "start");
        struct runner_command command;
        HF_CLEANUP(hf_error_freep)
        struct hf_error *error =
            runner_command_make(&call, runner_class_parse(bad[i][0]), &places, base, &command);

        assert_int_equal(hf_error_kind(error), HF_USAGE);
    }
}

static void service_is_lsb_where_there_is_a_script(void **state)
{
    assert_int_equal(runner_class_resolve(runner_class_parse("service"), true), RUNNER_LSB);
    assert_int_equal(runner_class_resolve(runner_class_parse("service"), false), RUNNER_SYSTEMD);
    assert_int_equal(runner_class_resolve(runner_class_parse("ocf"), true), RUNNER_OCF);
    assert_int_equal(runner_class_resolve(runner_class_parse("lsb"), false), RUNNER_LSB);
    assert_int_equal(runner_class_resolve(runner_class_parse("systemd"), true), RUNNER_SYSTEMD);
}

static void exit_codes_become_ocf(void **state)
{
    static const struct {
        enum runner_class class;
        const char *operation;
        int exit_status, ocf;
    } table[] = {
        {RUNNER_OCF, "monitor", 0, 0},     {RUNNER_OCF, "monitor", 7, 7},
        {RUNNER_OCF, "monitor", 9, 9},     {RUNNER_OCF, "monitor", 10, 1},
        {RUNNER_OCF, "monitor", 127, 1},   {RUNNER_OCF, "monitor", 190, 190},
        {RUNNER_OCF, "monitor", 191, 191}, {RUNNER_OCF, "monitor", 192, 1},
        {RUNNER_OCF, "start", 255, 1},     {RUNNER_LSB, "monitor", 0, 0},
        {RUNNER_LSB, "monitor", 1, 7},     {RUNNER_LSB, "monitor", 2, 7},
        {RUNNER_LSB, "monitor", 3, 7},     {RUNNER_LSB, "monitor", 4, 1},
        {RUNNER_LSB, "monitor", 7, 1},     {RUNNER_LSB, "status", 3, 7},
        {RUNNER_LSB, "monitor", 150, 5},   {RUNNER_LSB, "monitor", 151, 4},
        {RUNNER_LSB, "start", 3, 3},       {RUNNER_LSB, "stop", 5, 5},
        {RUNNER_LSB, "start", 7, 7},       {RUNNER_LSB, "start", 8, 1},
        {RUNNER_SYSTEMD, "monitor", 7, 7},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(table); i++)
        assert_int_equal(runner_exit_code(table[i].class, table[i].operation, table[i].exit_status),
                         table[i].ocf);
    assert_int_equal(runner_exec_failure(ENOENT).rc, 5);
    assert_int_equal(runner_exec_failure(ENOENT).status, RUNNER_NOT_INSTALLED);
    assert_int_equal(runner_exec_failure(ENOEXEC).status, RUNNER_NOT_INSTALLED);
    assert_int_equal(runner_exec_failure(EACCES).rc, 4);
    assert_int_equal(runner_exec_failure(EACCES).status, RUNNER_ERROR);
    assert_int_equal(runner_exec_failure(EAGAIN).rc, 1);
}

/* Feeds text in pieces of the given size and compares what was kept. */
static void keeps(const char *text, size_t piece, size_t limit, const char *tail, const char *reason)
{
    struct runner_capture capture;
    size_t length = strlen(text);

    runner_capture_init(&capture, limit);
    for (size_t at = 0; at < length; at += piece)
        runner_capture_add(&capture, text + at, length - at < piece ? length - at : piece);

    HF_CLEANUP(hf_freep) char *kept = runner_capture_text(&capture);
    HF_CLEANUP(hf_freep) char *said = runner_capture_reason(&capture);

    assert_string_equal(kept, tail);
    assert_string_equal(said, reason);
    runner_capture_clear(&capture);
}

static void the_last_exit_reason_is_found_in_any_pieces(void **state)
{
    for (size_t piece = 1; piece < 40; piece++) {
        keeps("a\nocf-exit-reason:one\nocf-exit-reason:two words\nb\n", piece, 4096,
              "a\nocf-exit-reason:one\nocf-exit-reason:two words\nb\n", "two words");
        keeps("x ocf-exit-reason:in a line", piece, 4096, "x ocf-exit-reason:in a line", "in a line");
        keeps("ocf-exit-reason:old\nocf-exit-reason:\n", piece, 4096,
              "ocf-exit-reason:old\nocf-exit-reason:\n", "");
        keeps("ocf-exit-reasocf-exit-reason:after a false start\n", piece, 4096,
              "ocf-exit-reasocf-exit-reason:after a false start\n", "after a false start");
        keeps("ocf-exit-reason without colon\n", piece, 4096, "ocf-exit-reason without colon\n", "");
        keeps("", piece, 4096, "", "");
    }
}

static void endless_output_keeps_its_tail_and_the_reason(void **state)
{
    struct runner_capture capture;

    runner_capture_init(&capture, 1000);
    runner_capture_add(&capture, "ocf-exit-reason:early\n", 22);
    for (int i = 0; i < 100000; i++) {
        char line[32];

        runner_capture_add(&capture, line, (size_t)snprintf(line, sizeof(line), "line %d\n", i));
    }

    HF_CLEANUP(hf_freep) char *kept = runner_capture_text(&capture);
    HF_CLEANUP(hf_freep) char *said = runner_capture_reason(&capture);

    assert_string_equal(said, "early");
    assert_true(strlen(kept) <= 1000);
    assert_true(strlen(kept) > 900);
    assert_memory_equal(kept, "line ", 5); /* from a line's start */
    assert_non_null(strstr(kept, "line 99999\n"));
    assert_true(capture.capacity <= 1000);
    runner_capture_clear(&capture);
}

static void a_reason_is_bounded_and_not_cut_inside_a_character(void **state)
{
    struct hf_buf text = {0};
    struct runner_capture capture;

    hf_buf_puts(&text, "ocf-exit-reason:x");
    for (int i = 0; i < 1000; i++)
        hf_buf_puts(&text, "\xc3\xa4");
    runner_capture_init(&capture, 100);
    runner_capture_add(&capture, text.data, text.length);

    HF_CLEANUP(hf_freep) char *said = runner_capture_reason(&capture);

    assert_true(strlen(said) <= RUNNER_REASON_MAX);
    assert_true(strlen(said) > RUNNER_REASON_MAX - 4);
    assert_null(strchr(said, '?'));
    runner_capture_clear(&capture);
    hf_buf_free(&text);
}

static void output_becomes_clean_text(void **state)
{
    keeps("tab\there \001\033[1m \x7f\n", 7, 4096, "tab\there ??[1m ?\n", "");
    keeps("good \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\n", 3, 4096,
          "good \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\n", "");
    keeps("bad \xc3( \xff \xed\xa0\x80 \xc0\xaf \xef\xbf\xbf \xf4\x90\x80\x80 \xe2\x82", 100, 4096,
          "bad ?( ? ??? ?? ??? ???? ??", "");
    keeps("ocf-exit-reason:\x01 odd \xff\n", 100, 4096, "ocf-exit-reason:? odd ?\n", "? odd ?");

    struct runner_capture capture;

    runner_capture_init(&capture, 100);
    runner_capture_add(&capture, "a\0b", 3);

    HF_CLEANUP(hf_freep) char *kept = runner_capture_text(&capture);

    assert_string_equal(kept, "a?b");
    runner_capture_clear(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ocf_agents_get_their_environment),
        cmocka_unit_test(lsb_scripts_are_asked_for_their_status),
        cmocka_unit_test(systemd_units_go_to_the_helper),
        cmocka_unit_test(fence_devices_go_to_their_helper),
        cmocka_unit_test(names_that_name_nothing_are_refused),
        cmocka_unit_test(service_is_lsb_where_there_is_a_script),
        cmocka_unit_test(exit_codes_become_ocf),
        cmocka_unit_test(the_last_exit_reason_is_found_in_any_pieces),
        cmocka_unit_test(endless_output_keeps_its_tail_and_the_reason),
        cmocka_unit_test(a_reason_is_bounded_and_not_cut_inside_a_character),
        cmocka_unit_test(output_becomes_clean_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
