/* test_cli_corosync_conf.c - reading and changing a corosync.conf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/corosync_conf.h"

static const char text[] = "# ours\n"
                           "totem {\n"
                           "    version: 2\n"
                           "    cluster_name:   lab\n"
                           "    interface {\n"
                           "        linknumber: 0\n"
                           "    }\n"
                           "}\n"
                           "nodelist {\n"
                           "  node {\n"
                           "    nodeid: 1\n"
                           "    ring0_addr: fd77::1\n"
                           "  }\n"
                           "  node {\n"
                           "    nodeid: 2\n"
                           "  }\n"
                           "}\n";

static void expect_get(const char *from, const char *path, int index, const char *value)
{
    char *found = corosync_conf_get(from, path, index);

    if (value == NULL)
        assert_null(found);
    else
        assert_string_equal(found, value);
    free(found);
}

static void values_are_found(void **state)
{
    expect_get(text, "totem.cluster_name", 0, "lab");
    expect_get(text, "totem.interface.linknumber", 0, "0");
    expect_get(text, "nodelist.node.nodeid", 0, "1");
    expect_get(text, "nodelist.node.nodeid", 1, "2");
    expect_get(text, "nodelist.node.nodeid", 2, NULL);
    expect_get(text, "nodelist.node.ring0_addr", 0, "fd77::1"); /* colons in the value */
    expect_get(text, "totem.linknumber", 0, NULL);
    expect_get(text, "cluster_name", 0, NULL);
    expect_get(text, "totem", 0, NULL);
    expect_get("", "totem.version", 0, NULL);
}

static void values_are_set(void **state)
{
    static const struct {
        const char *path, *value;
        int index;
        int line; /* that differs, from 1; 0: refused */
        const char *now;
    } table[] = {
        {"totem.cluster_name", "b", 0, 4, "    cluster_name:   b"},
        {"nodelist.node.nodeid", "7", 1, 15, "    nodeid: 7"},
        {"totem.token", "300", 0, 8, "    token: 300"},
        {"totem.interface.mcastport", "5405", 0, 7, "        mcastport: 5405"},
        {"nodelist.node.name", "n2", 1, 16, "        name: n2"},
        {"quorum.two_node", "1", 0, 0, NULL},
        {"nodelist.node.name", "n3", 2, 0, NULL},
        {"token", "1", 0, 0, NULL},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(table); i++) {
        char *result, *line;
        struct hf_error *error =
            corosync_conf_set(text, table[i].path, table[i].value, table[i].index, &result);

        assert_int_equal(hf_error_kind(error), table[i].line == 0 ? HF_REFUSED : HF_OK);
        hf_error_free(error);
        if (table[i].line == 0)
            continue;
        error = corosync_conf_check(result);
        assert_null(error);
        line = result;
        for (int n = 1; n < table[i].line; n++)
            line = strchr(line, '\n') + 1;
        line[strcspn(line, "\n")] = '\0';
        assert_string_equal(line, table[i].now);
        free(result);
    }
}

static void nonsense_is_refused(void **state)
{
    static const char *const wrong[] = {"totem {\n", "}\n", "totem {\nwhat is this\n}\n", "a {\nb {\n}\n"};

    assert_null(corosync_conf_check(text));
    for (size_t i = 0; i < HF_ARRAY_LENGTH(wrong); i++) {
        struct hf_error *error = corosync_conf_check(wrong[i]);

        assert_int_equal(hf_error_kind(error), HF_REFUSED);
        hf_error_free(error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_are_found), cmocka_unit_test(values_are_set),
                                       cmocka_unit_test(nonsense_is_refused)};

    return cmocka_run_group_tests_name("corosync_conf", tests, NULL, NULL);
}
