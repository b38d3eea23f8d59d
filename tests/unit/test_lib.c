/* test_lib.c - unit tests of lib/: errors, buffers, arena, wire encoding, XML access, sockets, command lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/error.h"
#include "lib/ini.h"
#include "lib/program.h"
#include "lib/region.h"
#include "lib/socket.h"
#include "lib/wire.h"
#include "lib/xml.h"

static void error_keeps_kind_and_gains_context(void **state)
{
    struct hf_error *error = hf_error_new(HF_REFUSED, "no resource '%s'", "web");

    error = hf_error_wrap(error, "order '%s'", "o1");
    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    assert_string_equal(hf_error_text(error), "order 'o1': no resource 'web'");
    hf_error_free(error);
    assert_null(hf_error_wrap(NULL, "nothing"));
    assert_int_equal(hf_error_kind(NULL), HF_OK);
    for (int kind = HF_OK; kind <= HF_CONFLICT; kind++)
        assert_int_equal(hf_error_kind_parse(hf_error_kind_name(kind)), kind);
}

static void buf_escapes_xml(void **state)
{
    struct hf_buf buf = {0};

    assert_string_equal(hf_buf_text(&buf), "");
    hf_buf_printf(&buf, "%d ", 7);
    hf_buf_xml(&buf, "<a&\"'>\n\001");
    assert_string_equal(hf_buf_text(&buf), "7 &lt;a&amp;&quot;&apos;&gt;&#10;?");
    hf_buf_free(&buf);
}

static void arena_memory_is_zeroed_and_aligned(void **state)
{
    struct hf_arena *arena = hf_arena_new();

    for (size_t size = 1; size < 5000; size += 7) {
        unsigned char *memory = hf_arena_alloc(arena, size);

        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, size);
    }
    assert_string_equal(hf_arena_printf(arena, "%s-%d", "x", 1), "x-1");
    hf_arena_free(arena);
}

static void wire_round_trip_and_short_frames(void **state)
{
    struct hf_buf buf = {0};

    hf_put_u8(&buf, 200);
    hf_put_u16(&buf, 40000);
    hf_put_u32(&buf, 4000000000u);
    hf_put_u64(&buf, UINT64_MAX - 1);
    hf_put_string(&buf, "lease");
    for (size_t length = 0; length <= buf.length; length++) {
        struct hf_reader reader = hf_reader(buf.data, length);
        uint8_t a = hf_get_u8(&reader);
        uint16_t b = hf_get_u16(&reader);
        uint32_t c = hf_get_u32(&reader);
        uint64_t d = hf_get_u64(&reader);
        HF_CLEANUP(hf_freep) char *e = hf_get_string(&reader);

        assert_int_equal(hf_reader_done(&reader), length == buf.length);
        if (length < buf.length)
            continue;
        assert_int_equal(a, 200);
        assert_int_equal(b, 40000);
        assert_int_equal(c, 4000000000u);
        assert_true(d == UINT64_MAX - 1);
        assert_string_equal(e, "lease");
    }
    hf_buf_free(&buf);
}

static void xml_says_where_it_is_broken(void **state)
{
    static const char text[] = "<cib>\n<nodes>\n</cib>";
    xmlDoc *document;
    struct hf_error *error = hf_xml_parse(text, strlen(text), "cib.xml", &document);

    assert_non_null(error);
    assert_null(document);
    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    assert_non_null(strstr(hf_error_text(error), "cib.xml:3: not well-formed XML"));
    hf_error_free(error);
    /* the first error is told, not the last */
    error = hf_xml_parse("<a><b>\n<c></d>\n</b></a>", 23, "cib.xml", &document);
    assert_non_null(strstr(hf_error_text(error), "cib.xml:2: not well-formed XML"));
    hf_error_free(error);
}

static void xml_refuses_document_types(void **state)
{
    static const char text[] = "<!DOCTYPE a [<!ENTITY b SYSTEM '/etc/passwd'>]><a>&b;</a>";
    xmlDoc *document;
    struct hf_error *error = hf_xml_parse(text, strlen(text), "request", &document);

    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    assert_null(document);
    hf_error_free(error);
}

static void xml_access(void **state)
{
    static const char text[] = "<a x='1'><b id='p'/><c id='p'/><b id='q' y=''/></a>";
    xmlDoc *document;
    int count = 0;

    assert_null(hf_xml_parse(text, strlen(text), "text", &document));

    xmlNode *root = xmlDocGetRootElement(document);

    assert_string_equal(hf_xml_get(root, "x"), "1");
    assert_null(hf_xml_get(root, "y"));
    HF_XML_EACH (b, root, "b")
        count++;
    assert_int_equal(count, 2);
    assert_string_equal(hf_xml_get(hf_xml_child_by_id(root, NULL, "q"), "y"), "");
    hf_xml_remove(hf_xml_child_by_id(root, "b", "p"));
    hf_xml_setf(root, "x", "%d", 2);

    HF_CLEANUP(hf_freep) char *out = hf_xml_text(root, false);

    assert_string_equal(out, "<a x=\"2\"><c id=\"p\"/><b id=\"q\" y=\"\"/></a>");
    xmlFreeDoc(document);
}

/* Node by node as libxml2 itself makes it, values, lines and links. */
static void assert_same_tree(const xmlNode *ours, const xmlNode *theirs)
{
    for (; theirs != NULL; ours = ours->next, theirs = theirs->next) {
        assert_non_null(ours);
        assert_int_equal(ours->type, theirs->type);
        assert_string_equal(ours->name, theirs->name);
        assert_true((ours->parent == NULL) == (theirs->parent == NULL));
        assert_true(ours->prev == NULL || ours->prev->next == ours);
        assert_true(ours->next == NULL || ours->next->prev == ours);
        assert_true(ours->parent == NULL || ours->parent->children == NULL || ours->prev != NULL ||
                    ours->parent->children == ours || ours->type == XML_ATTRIBUTE_NODE);
        if (ours->type == XML_TEXT_NODE || ours->type == XML_COMMENT_NODE)
            assert_string_equal(ours->content, theirs->content);
        assert_same_tree(ours->children, theirs->children);
        if (ours->type != XML_ELEMENT_NODE)
            continue;
        assert_int_equal(xmlGetLineNo(ours), xmlGetLineNo(theirs));
        assert_true((ours->ns == NULL) == (theirs->ns == NULL));
        assert_same_tree((const xmlNode *)ours->properties, (const xmlNode *)theirs->properties);
    }
    assert_null(ours);
}

static void xml_attributes_are_what_libxml2_makes(void **state)
{
    static const char text[] =
        "<?xml version='1.0'?>\n"
        "<a xmlns:n='urn:n' n:x='1' y='2'><!-- a comment -->\n"
        "<b/><b id=''/><b\n id = 'p'\n z='fifteen bytes..'/>\n"
        "<b fifteen='123456789012345' sixteen='1234567890123456' z=''>text</b>"
        "<b entity='a &lt; b &amp; c' z='\xc3\xa4' line='one\ntwo&#10;three' plain='p'/>"
        "<n:b m='1'/><b long='0123456789 0123456789 0123456789 0123456789 0123456789'/>\n"
        "</a>";
    xmlDoc *ours, *theirs = xmlReadMemory(text, sizeof(text) - 1, NULL, NULL, XML_PARSE_NOBLANKS);

    assert_null(hf_xml_parse(text, sizeof(text) - 1, "text", &ours));
    assert_same_tree(ours->children, theirs->children);
    HF_XML_EACH (b, xmlDocGetRootElement(ours), "b") { /* and they are changed and go like those */
        hf_xml_set(b, "z", "another value, which is longer than the one before");
        hf_xml_set(b, "id", NULL);
        hf_xml_set(b, "new", "n");
        assert_string_equal(hf_xml_get(b, "new"), "n");
    }
    xmlFreeDoc(ours);
    xmlFreeDoc(theirs);
    (void)state;
}

/* --- region.h: the last test, as there is no way back --- */

static void a_region_holds_documents_and_arenas(void **state)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    xmlDoc *before, *large;
    int count = 0;

    assert_null(hf_xml_parse("<a x='1'/>", 10, "text", &before));
    if (!hf_region_begin())
        print_message("no region here: a sanitizer watches, or addresses are limited\n");
    hf_xml_set(xmlDocGetRootElement(before), "x", "what libxml2 had from before grows and goes");
    xmlFreeDoc(before);

    arena_memory_is_zeroed_and_aligned(state);
    arena_memory_is_zeroed_and_aligned(state); /* in the blocks of the other */
    xml_access(state);

    hf_buf_puts(&text, "<all>");
    for (int i = 0; i < 50000; i++)
        hf_buf_printf(&text, "<one id='n%d' note='longer than what fits beside a node: %d'/>", i, i);
    hf_buf_puts(&text, "</all>");
    assert_null(hf_xml_parse(hf_buf_text(&text), text.length, "text", &large));
    arena_memory_is_zeroed_and_aligned(state);
    HF_XML_EACH (one, xmlDocGetRootElement(large), "one") {
        char id[16], note[64];

        snprintf(id, sizeof(id), "n%d", count);
        snprintf(note, sizeof(note), "longer than what fits beside a node: %d", count++);
        assert_string_equal(hf_xml_get(one, "id"), id);
        assert_string_equal(hf_xml_get(one, "note"), note);
    }
    assert_int_equal(count, 50000);
    xmlFreeDoc(large);
}

/* --- ini.h --- */

static struct hf_error *note_line(void *context, const struct hf_ini_line *line)
{
    struct hf_buf *seen = context;

    if (line->section != NULL)
        hf_buf_printf(seen, "[%s]", line->section);
    else
        hf_buf_printf(seen, "%s=%s;", line->name, line->value);
    return line->name != NULL && strcmp(line->name, "bad") == 0 ? hf_error_new(HF_REFUSED, "not this") : NULL;
}

static void ini_lines_are_taken_apart(void **state)
{
    static const struct {
        const char *text, *seen, *error;
    } cases[] = {
        {"", "", ""},
        {"# nothing\n\n  \t\n", "", ""},
        {"[ a b ]\n x = 1 # one\ny=2 = 3", "[a b]x=1;y=2 = 3;", ""},
        {"x = 1\r\n", "x=1;", ""},
        {"x = 1\nbad = 2\ny = 3", "x=1;bad=2;", "f:2: not this"},
        {"x =", "", "f:1: x: expected a value"},
        {"[a", "", "f:1: expected this, found '[a'"},
        {"\nrabbit\n", "", "f:2: expected this, found 'rabbit'"},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf seen = {0};
        struct hf_error *error = hf_ini_parse(cases[i].text, "f", "this", note_line, &seen);

        assert_string_equal(hf_buf_text(&seen), cases[i].seen);
        assert_string_equal(error == NULL ? "" : hf_error_text(error), cases[i].error);
        hf_error_free(error);
    }
}

static void ini_numbers_have_units_and_bounds(void **state)
{
    static const struct {
        const char *text;
        bool duration, is;
        uint32_t value;
    } cases[] = {
        {"7", false, true, 7},           {"7s", false, false, 0},   {"7", true, true, 7},
        {"7ms", true, true, 7},          {"7s", true, true, 7000},  {"1min", true, true, 60000},
        {"2h", true, false, 0},          {"", true, false, 0},      {"-1", false, false, 0},
        {" 1", false, false, 0},         {"70000", true, false, 0}, {"99999999999999999999", true, false, 0},
        {"4294967295s", true, false, 0},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++) {
        uint32_t value = 0;

        assert_int_equal(hf_ini_number(cases[i].text, cases[i].duration, 1, 60000, &value), cases[i].is);
        assert_int_equal(value, cases[i].value);
    }
}

static void expect_error(struct hf_error *error, enum hf_error_kind kind)
{
    assert_int_equal(hf_error_kind(error), kind);
    hf_error_free(error);
}

static void sockets_have_one_server(void **state)
{
    char folder[] = "/tmp/holdfast-lib-XXXXXX";
    int claim, other, listener, client;
    struct stat st;
    bool taken;

    assert_non_null(mkdtemp(folder));

    char *path HF_CLEANUP(hf_freep) = hf_asprintf("%s/below/socket", folder);
    char *lock HF_CLEANUP(hf_freep) = hf_asprintf("%s.lock", path);
    char *below HF_CLEANUP(hf_freep) = hf_asprintf("%s/below", folder);

    hf_make_folder_of(path);
    assert_null(hf_socket_claim(path, &claim, &taken));
    assert_false(taken);
    assert_null(hf_socket_claim(path, &other, &taken));
    assert_true(taken);
    assert_int_equal(other, -1);

    expect_error(hf_socket_connect(path, SOCK_SEQPACKET, 0, &client), HF_FAILED);
    assert_int_equal(client, -1);
    assert_null(hf_socket_listen(path, SOCK_SEQPACKET, 0600, 4, &listener));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_null(hf_socket_connect(path, SOCK_SEQPACKET | SOCK_NONBLOCK, 100000, &client));
    close(client);
    close(listener);
    /* What is left there is no hindrance. */
    assert_null(hf_socket_listen(path, SOCK_SEQPACKET, 0660, 4, &listener));
    assert_null(hf_socket_connect(path, SOCK_SEQPACKET, 0, &client));
    close(client);
    close(listener);
    close(claim);
    assert_null(hf_socket_claim(path, &claim, &taken));
    assert_false(taken);
    close(claim);
    unlink(path);
    unlink(lock);
    rmdir(below);
    rmdir(folder);
}

static void a_socket_path_has_a_limit(void **state)
{
    char path[200];
    int fd;

    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    expect_error(hf_socket_listen(path, SOCK_STREAM, 0600, 1, &fd), HF_USAGE);
    assert_int_equal(fd, -1);
    expect_error(hf_socket_connect(path, SOCK_STREAM, 0, &fd), HF_USAGE);
    assert_int_equal(fd, -1);
}

/* What is read from a command line: a flag, a value, the words behind; and the exit code. */
struct line {
    bool loud;
    const char *file;
    int first_word;
};

static int read_line(struct line *line, enum hf_words words, char **argv)
{
    const struct hf_option known[] = {
        {.name = "loud", .letter = 'l', .flag = &line->loud},
        {.name = "file", .text = &line->file},
    };
    const struct hf_program program = {.name = "program",
                                       .usage = "usage: program\n",
                                       .options = known,
                                       .option_count = HF_ARRAY_LENGTH(known),
                                       .words = words};
    int argc = 0, code;

    while (argv[argc] != NULL)
        argc++;
    *line = (struct line){.loud = false};
    optind = 0;
    code = hf_program_options(&program, argc, argv);
    line->first_word = optind;
    return code;
}

#define ARGV(...) ((char *[]){(char *)"program", __VA_ARGS__, NULL})

static void command_lines_are_taken_apart(void **state)
{
    struct line line;

    assert_int_equal(read_line(&line, HF_WORDS_NONE, ARGV("-l", "--file", "x")), -1);
    assert_true(line.loud);
    assert_string_equal(line.file, "x");
    assert_int_equal(read_line(&line, HF_WORDS_NONE, ARGV("--file=y")), -1);
    assert_false(line.loud);
    assert_string_equal(line.file, "y");
    assert_int_equal(read_line(&line, HF_WORDS_NONE, ARGV("--version")), 0);
    assert_int_equal(read_line(&line, HF_WORDS_NONE, ARGV("-h")), 0);
    assert_int_equal(read_line(&line, HF_WORDS_NONE, ARGV("--nonsense")), HF_USAGE);
    assert_int_equal(read_line(&line, HF_WORDS_NONE, ARGV("--file")), HF_USAGE);
    assert_int_equal(read_line(&line, HF_WORDS_NONE, ARGV("word")), HF_USAGE);
}

static void words_and_options_have_their_places(void **state)
{
    struct line line;

    assert_int_equal(read_line(&line, HF_WORDS_AMONG, ARGV("word", "-l")), -1);
    assert_true(line.loud);
    assert_int_equal(line.first_word, 2);
    assert_int_equal(read_line(&line, HF_WORDS_BEHIND, ARGV("--file", "x", "word", "-l")), -1);
    assert_false(line.loud);
    assert_string_equal(line.file, "x");
    assert_int_equal(line.first_word, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_keeps_kind_and_gains_context),
        cmocka_unit_test(buf_escapes_xml),
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
        cmocka_unit_test(wire_round_trip_and_short_frames),
        cmocka_unit_test(xml_says_where_it_is_broken),
        cmocka_unit_test(xml_refuses_document_types),
        cmocka_unit_test(xml_access),
        cmocka_unit_test(xml_attributes_are_what_libxml2_makes),
        cmocka_unit_test(ini_lines_are_taken_apart),
        cmocka_unit_test(ini_numbers_have_units_and_bounds),
        cmocka_unit_test(sockets_have_one_server),
        cmocka_unit_test(a_socket_path_has_a_limit),
        cmocka_unit_test(command_lines_are_taken_apart),
        cmocka_unit_test(words_and_options_have_their_places),
        cmocka_unit_test(a_region_holds_documents_and_arenas),
    };

    hf_xml_init();
    return cmocka_run_group_tests_name("lib", tests, NULL, NULL);
}
