/* test_writer.c - lib/writer.h: one walk as text and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/writer.h"

static void walk(struct hf_writer *writer)
{
    hf_write_line(writer, "Nodes: %d", 2);
    hf_write_string(writer, "dc", "DC", "n1");
    hf_write_string(writer, "secret", NULL, NULL);
    hf_write_list(writer, "nodes");
    for (int i = 1; i <= 2; i++) {
        hf_write_object(writer, NULL);
        hf_write_int(writer, "id", NULL, i);
        hf_write_bool(writer, "up", "up", i == 1);
        hf_write_end(writer);
    }
    hf_write_end(writer);
    hf_write_list(writer, "none");
    hf_write_end(writer);
    hf_write_object(writer, "nothing");
    hf_write_end(writer);
    hf_write_list(writer, "words");
    hf_write_string(writer, NULL, NULL, "a \"b\" \\ \n\t\x01 \xc3\xa9");
    hf_write_string(writer, NULL, NULL, "");
}

static void expect(enum hf_writer_format format, const char *wanted)
{
    struct hf_writer *writer = hf_writer_new(format);
    char *text;

    assert_true(hf_writer_is_empty(writer));
    assert_int_equal(hf_writer_is_json(writer), format == HF_WRITER_JSON);
    walk(writer);
    text = hf_writer_finish(writer);
    assert_string_equal(text, wanted);
    free(text);
    hf_writer_free(writer);
}

static void as_text(void **state)
{
    expect(HF_WRITER_TEXT, "Nodes: 2\nDC: n1\nup: yes\nup: no\n");
}

/* Lists and objects left open are ended. */
static void as_json(void **state)
{
    expect(HF_WRITER_JSON,
           "{\n  \"dc\": \"n1\",\n  \"secret\": null,\n  \"nodes\": [\n    {\n      \"id\": 1,\n"
           "      \"up\": true\n    },\n    {\n      \"id\": 2,\n      \"up\": false\n    }\n  ],\n"
           "  \"none\": [],\n  \"nothing\": {},\n  \"words\": [\n"
           "    \"a \\\"b\\\" \\\\ \\n\\t\\u0001 \xc3\xa9\",\n    \"\"\n  ]\n}\n");
}

static void nothing_is_an_object(void **state)
{
    struct hf_writer *writer = hf_writer_new(HF_WRITER_JSON);
    char *text = hf_writer_finish(writer);

    assert_string_equal(text, "{}\n");
    free(text);
    hf_writer_free(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_text),
        cmocka_unit_test(as_json),
        cmocka_unit_test(nothing_is_an_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
