/* test_cli_merge.c - two changes of one configuration: together where they can be, a conflict where they
 * meet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/crm/edit.h"
#include "cli/crm/print.h"
#include "cli/merge.h"
#include "lib/xml.h"

#define BASE                                                                                                 \
    "node n1\nnode n2\nprimitive a ocf:pacemaker:Dummy params x=1 op monitor interval=10s\n"                 \
    "primitive b ocf:pacemaker:Dummy\nprimitive c ocf:pacemaker:Dummy\ngroup g b c\nlocation l a 5: n1\n"    \
    "property p=1 q=2\n"

/* BASE with statements put in, and at last with the objects of "-ID" taken out. */
static xmlDoc *changed(const char *text)
{
    xmlDoc *document = xmlNewDoc((const xmlChar *)"1.0");
    struct crm_statements statements;
    struct crm_edit edit;
    const char *minus = strchr(text, '-') != NULL && (text[0] == '-' || strstr(text, "\n-") != NULL)
                            ? strrchr(text, '-')
                            : NULL;
    HF_CLEANUP(hf_freep)
    char *added = hf_strndup(text, minus != NULL ? (size_t)(minus - text) : strlen(text));
    const char *texts[] = {BASE, added};

    xmlDocSetRootElement(document, xmlNewNode(NULL, (const xmlChar *)"configuration"));
    crm_edit_begin(&edit, xmlDocGetRootElement(document));
    for (size_t i = 0; i < HF_ARRAY_LENGTH(texts); i++) {
        assert_null(crm_parse(texts[i], strlen(texts[i]), &statements));
        assert_null(crm_edit_apply_all(&edit, &statements, CRM_UPDATE));
        crm_statements_free(&statements);
    }
    if (minus != NULL)
        assert_null(crm_edit_delete(&edit, &(char *){(char *)minus + 1}, 1));
    assert_null(crm_edit_finish(&edit));
    crm_edit_end(&edit);
    return document;
}

static const struct {
    const char *ours, *theirs;
    const char *both;     /* what makes the expected result of BASE; NULL: a conflict */
    const char *conflict; /* what the error names */
} table[] = {
    {"", "", "", NULL},
    {"primitive a ocf:pacemaker:Dummy params x=2 op monitor interval=10s", "",
     "primitive a ocf:pacemaker:Dummy params x=2 op monitor interval=10s", NULL},
    {"", "primitive d ocf:pacemaker:Dummy", "primitive d ocf:pacemaker:Dummy", NULL},
    /* two objects */
    {"primitive d ocf:pacemaker:Dummy", "location l a 7: n1",
     "primitive d ocf:pacemaker:Dummy\nlocation l a 7: n1", NULL},
    {"-l", "property q=4", "property q=4\n-l", NULL},
    /* two parts of one object */
    {"primitive a ocf:pacemaker:Dummy params x=2 op monitor interval=10s",
     "primitive a ocf:pacemaker:Dummy params x=1 op monitor interval=10s timeout=5s",
     "primitive a ocf:pacemaker:Dummy params x=2 op monitor interval=10s timeout=5s", NULL},
    {"property p=3", "property q=4", "property p=3 q=4", NULL},
    {"property r=1", "property q=4", "property q=4 r=1", NULL},
    /* the same twice */
    {"property p=3", "property p=3", "property p=3", NULL},
    {"primitive d ocf:pacemaker:Dummy", "primitive d ocf:pacemaker:Dummy", "primitive d ocf:pacemaker:Dummy",
     NULL},
    {"-l", "-l", "-l", NULL},
    /* they meet */
    {"property p=3", "property p=4", NULL, "cluster_property_set"},
    {"location l a 7: n1", "location l a 8: n1", NULL, "rsc_location l"},
    {"-l", "location l a 8: n1", NULL, "rsc_location l"},
    {"location l a 8: n1", "-l", NULL, "rsc_location l"},
    {"primitive d ocf:pacemaker:Dummy", "primitive d ocf:heartbeat:Dummy", NULL, "primitive d"},
    {"group g c b", "group g b c meta priority=3", NULL, "group g"},
};

static void each_of_the_table(void **state)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(table); i++) {
        HF_CLEANUP(hf_xml_doc_freep)
        xmlDoc *before = changed(""), *after = changed(table[i].ours), *now = changed(table[i].theirs);
        HF_CLEANUP(hf_xml_doc_freep) xmlDoc *both = NULL;
        struct hf_buf is = {0}, wanted = {0};
        struct hf_error *error = merge_configuration(xmlDocGetRootElement(before),
                                                     xmlDocGetRootElement(after), xmlDocGetRootElement(now));

        if (table[i].both == NULL) {
            assert_int_equal(hf_error_kind(error), HF_CONFLICT);
            if (strstr(hf_error_text(error), table[i].conflict) == NULL)
                fail_msg("%s / %s: %s", table[i].ours, table[i].theirs, hf_error_text(error));
            hf_error_free(error);
            continue;
        }
        if (error != NULL)
            fail_msg("%s / %s: %s", table[i].ours, table[i].theirs, hf_error_text(error));
        crm_print_configuration(&is, xmlDocGetRootElement(now));
        both = changed(table[i].both);
        crm_print_configuration(&wanted, xmlDocGetRootElement(both));
        assert_string_equal(is.data, wanted.data);
        hf_buf_free(&is);
        hf_buf_free(&wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_of_the_table)};

    hf_xml_init();
    return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
