/* test_cli_roundtrip.c - whatever a CIB holds, the crm language can carry it there and back.
 *
 * Over every configuration of the shared scheduler cases: text printed from a CIB, read into an empty one,
 * gives the same configuration (silent ids aside); printed again it is the same text, read again the same
 * XML to the last id; and read over the original it is the original.  Run with a file's path as argument,
 * the program prints that CIB's text instead. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/crm/edit.h"
#include "cli/crm/print.h"
#include "lib/xml.h"

static char *cases;

static xmlNode *empty_configuration(xmlDoc **document)
{
    *document = xmlNewDoc((const xmlChar *)"1.0");
    xmlDocSetRootElement(*document, xmlNewNode(NULL, (const xmlChar *)"configuration"));
    return xmlDocGetRootElement(*document);
}

/* Reads text over configuration, which is emptied first but lends its ids if keep. */
static struct hf_error *read_into(xmlNode *configuration, const char *text)
{
    struct crm_statements statements;
    struct crm_edit edit;
    struct hf_error *error = crm_parse(text, strlen(text), &statements);

    if (error != NULL)
        return error;
    crm_edit_begin_anew(&edit, configuration);
    error = crm_edit_apply_all(&edit, &statements, CRM_CREATE);
    if (error == NULL)
        error = crm_edit_finish(&edit);
    crm_edit_end(&edit);
    crm_statements_free(&statements);
    return error;
}

/* Section by section, whatever their order; a missing section is as good as an empty one. */
static bool same_configuration(const xmlNode *a, const xmlNode *b, bool exact, const crm_id_set *significant,
                               const char **where)
{
    HF_XML_EACH_ANY (section, a) {
        const xmlNode *other = hf_xml_child(b, (const char *)section->name);

        *where = (const char *)section->name;
        if (other == NULL ? hf_xml_child(section, NULL) != NULL
                          : !crm_same(section, other, exact, significant))
            return false;
    }
    return true;
}

/* What goes wrong with one configuration, NULL if nothing; the caller's. */
static char *round_trip(const xmlNode *original, size_t *xml)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *first = NULL, *second = NULL;
    struct hf_buf text = {0}, again = {0};
    xmlNode *one = empty_configuration(&first), *two = empty_configuration(&second);
    crm_id_set *significant = crm_id_set_new();
    struct hf_error *error;
    const char *where = "";
    char *wrong = NULL;

    crm_id_set_references(significant, original);
    *xml = crm_print_configuration(&text, original);
    if ((error = read_into(one, hf_buf_text(&text))) != NULL)
        wrong = hf_asprintf("its text is refused: %s", hf_error_text(error));
    else if (!same_configuration(original, one, false, significant, &where) ||
             !same_configuration(one, original, false, significant, &where))
        wrong = hf_asprintf("its text means another configuration (%s)", where);
    crm_print_configuration(&again, one);
    if (wrong == NULL && strcmp(hf_buf_text(&text), hf_buf_text(&again)) != 0)
        wrong = hf_asprintf("printed again, the text is another");
    if (wrong == NULL && (error = read_into(two, hf_buf_text(&again))) != NULL)
        wrong = hf_asprintf("its second text is refused: %s", hf_error_text(error));
    if (wrong == NULL && !same_configuration(one, two, true, NULL, &where))
        wrong = hf_asprintf("read again, the XML is another (%s)", where);
    xmlFreeNode(xmlDocSetRootElement(second, xmlDocCopyNode((xmlNode *)original, second, 1)));
    if (wrong == NULL && (error = read_into(xmlDocGetRootElement(second), hf_buf_text(&text))) != NULL)
        wrong = hf_asprintf("its text is refused over the original: %s", hf_error_text(error));
    if (wrong == NULL && !same_configuration(original, xmlDocGetRootElement(second), true, NULL, &where))
        wrong = hf_asprintf("read over the original, it is changed (%s)", where);
    hf_error_free(error);
    crm_id_set_free(significant);
    hf_buf_free(&text);
    hf_buf_free(&again);
    return wrong;
}

static const xmlNode *configuration_of(const char *path, xmlDoc **document)
{
    struct hf_error *error = hf_xml_parse_file(path, 64 * 1024 * 1024, document);

    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
    return hf_xml_child(xmlDocGetRootElement(*document), "configuration");
}

static void every_case(void **state)
{
    HF_CLEANUP(hf_freep) char *folder = hf_asprintf("%s/xml", cases);
    DIR *directory = opendir(folder);
    size_t count = 0, wrong = 0, xml = 0;

    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
        HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/%s", folder, entry->d_name), *why = NULL;
        size_t own_xml = 0;

        if (strstr(entry->d_name, ".xml") == NULL)
            continue;
        why = round_trip(configuration_of(path, &document), &own_xml);
        count++;
        xml += own_xml;
        if (why != NULL)
            print_error("%s: %s\n", entry->d_name, why);
        wrong += why != NULL;
    }
    closedir(directory);
    print_message("%zu configurations, %zu statements had to be xml\n", count, xml);
    assert_int_equal(wrong, 0);
    assert_true(count >= 500);
    assert_true(xml <= 5);
}

static int print_one(const char *path)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    struct hf_buf text = {0};

    crm_print_configuration(&text, configuration_of(path, &document));
    fputs(hf_buf_text(&text), stdout);
    hf_buf_free(&text);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case)};
    const char *shared = getenv("HOLDFAST_SHARED"), *source = getenv("srcdir");
    HF_CLEANUP(hf_freep) char *probe = NULL;
    FILE *file;
    int failed;

    hf_xml_init();
    if (argc > 1)
        return print_one(argv[1]);
    cases = shared != NULL ? hf_asprintf("%s/scheduler-cases", shared)
                           : hf_asprintf("%s/../shared/scheduler-cases", source != NULL ? source : ".");
    probe = hf_asprintf("%s/classes.tsv", cases);
    if ((file = fopen(probe, "r")) == NULL) {
        printf("SKIPPED: no scheduler cases at %s (HOLDFAST_SHARED says where they are)\n", cases);
        free(cases);
        return 77;
    }
    fclose(file);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(cases);
    return failed;
}
