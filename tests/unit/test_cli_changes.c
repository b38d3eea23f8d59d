/* test_cli_changes.c - the operations that the command line asks for lead exactly where it meant to go.
 *
 * A table of small edits says which operations they come to.  Then, over the shared scheduler cases, random
 * edits (and whole other configurations) are turned into a change, the daemon's own code applies it, and the
 * result must be the configuration that was wanted. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/changes.h"
#include "cli/crm/edit.h"
#include "cli/crm/print.h"
#include "daemon/cib/document.h"
#include "lib/xml.h"

#define START                                                                                                \
    "primitive a ocf:pacemaker:Dummy params x=1 op monitor interval=10s\nprimitive b ocf:pacemaker:Dummy\n"  \
    "primitive c ocf:pacemaker:Dummy\ngroup g b c\ntag t: a g\nproperty p=1 q=2\n"

static xmlDoc *configuration_from(const char *text)
{
    xmlDoc *document = xmlNewDoc((const xmlChar *)"1.0");
    struct crm_statements statements;
    struct crm_edit edit;

    xmlDocSetRootElement(document, xmlNewNode(NULL, (const xmlChar *)"configuration"));
    assert_null(crm_parse(text, strlen(text), &statements));
    crm_edit_begin_anew(&edit, xmlDocGetRootElement(document));
    assert_null(crm_edit_apply_all(&edit, &statements, CRM_CREATE));
    assert_null(crm_edit_finish(&edit));
    crm_edit_end(&edit);
    crm_statements_free(&statements);
    return document;
}

/* Applies what changes_between() says with the daemon's code; NULL if that gives after, else what went wrong.
 */
static char *apply_and_compare(const xmlNode *before, const xmlNode *after)
{
    HF_CLEANUP(hf_freep) char *text = hf_xml_text(before, false);
    HF_CLEANUP(cib_document_freep) struct cib_document *document = NULL;
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *change = NULL;
    struct hf_buf request = {0};
    struct hf_error *error = cib_document_parse(NULL, text, strlen(text), "before", false, &document);
    char *wrong = NULL;

    hf_buf_puts(&request, "<change>");
    if (error == NULL && !changes_between(before, after, &request)) {
        hf_buf_free(&request);
        return crm_same(before, after, true, NULL) ? NULL : hf_strdup("a difference was not seen");
    }
    hf_buf_puts(&request, "</change>");
    if (error == NULL)
        error = hf_xml_parse(request.data, request.length, "change", &change);
    if (error == NULL)
        error = cib_document_change(document, xmlDocGetRootElement(change));
    if (error != NULL && strstr(hf_error_text(error), "does not exist") != NULL) {
        /* A reference that was dangling in the case already: not this test's. */
        hf_error_free(error);
        hf_buf_free(&request);
        return NULL;
    }
    if (error != NULL) {
        wrong = hf_asprintf("%s\n%s", hf_error_text(error), request.data);
        hf_error_free(error);
    } else {
        HF_XML_EACH_ANY (section, after) {
            const xmlNode *got =
                hf_xml_child(cib_document_configuration(document), (const char *)section->name);

            if (wrong == NULL &&
                (got == NULL ? hf_xml_child(section, NULL) != NULL : !crm_same(section, got, true, NULL)))
                wrong = hf_asprintf("%s is another than wanted after\n%s", (const char *)section->name,
                                    request.data);
        }
    }
    hf_buf_free(&request);
    return wrong;
}

static const struct {
    const char *text; /* applied to START with CRM_UPDATE */
    const char *operations;
} table[] = {
    {"primitive a ocf:pacemaker:Dummy params x=1 op monitor interval=10s", NULL},
    {"primitive a ocf:pacemaker:Dummy params x=2 op monitor interval=10s",
     "<set id=\"a-instance_attributes-x\"><attr name=\"value\" value=\"2\"/></set>"},
    {"primitive a ocf:pacemaker:Dummy params x=1 y=2 op monitor interval=10s",
     "<create into=\"a-instance_attributes\" after=\"a-instance_attributes-x\"><nvpair name=\"y\" "
     "value=\"2\" "
     "id=\"a-instance_attributes-y\"/></create>"},
    {"primitive a ocf:pacemaker:Dummy params y=2 op monitor interval=10s",
     "<delete id=\"a-instance_attributes-x\"/><create into=\"a-instance_attributes\"><nvpair name=\"y\" "
     "value=\"2\" "
     "id=\"a-instance_attributes-y\"/></create>"},
    {"primitive a ocf:pacemaker:Dummy params x=1 op monitor interval=10s timeout=5s",
     "<set id=\"a-monitor-10s\"><attr name=\"timeout\" value=\"5s\"/></set>"},
    {"primitive d ocf:pacemaker:Dummy",
     "<create into=\"resources\" after=\"g\"><primitive id=\"d\" class=\"ocf\" "
     "provider=\"pacemaker\" type=\"Dummy\"/></create>"},
    {"location l a 5: n",
     "<create into=\"constraints\"><rsc_location id=\"l\" rsc=\"a\" score=\"5\" node=\"n\"/></create>"},
    {"property q=3 r=4", "<set id=\"cib-bootstrap-options-q\"><attr name=\"value\" "
                         "value=\"3\"/></set><create into=\"cib-bootstrap-options\" "
                         "after=\"cib-bootstrap-options-q\"><nvpair name=\"r\" value=\"4\" "
                         "id=\"cib-bootstrap-options-r\"/></create>"},
    {"rsc_defaults x=1",
     "<create into=\"rsc_defaults\"><meta_attributes id=\"rsc-options\"><nvpair name=\"x\" value=\"1\" "
     "id=\"rsc-options-x\"/></meta_attributes></create>"},
    {"tag t: a b", "<replace><tag id=\"t\"><obj_ref id=\"a\"/><obj_ref id=\"b\"/></tag></replace>"},
};

static void small_edits_are_small(void **state)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(table); i++) {
        HF_CLEANUP(hf_xml_doc_freep)
        xmlDoc *before = configuration_from(START), *after = configuration_from(START);
        struct hf_buf operations = {0};
        struct crm_statements statements;
        struct crm_edit edit;

        assert_null(crm_parse(table[i].text, strlen(table[i].text), &statements));
        crm_edit_begin(&edit, xmlDocGetRootElement(after));
        assert_null(crm_edit_apply_all(&edit, &statements, CRM_UPDATE));
        crm_edit_end(&edit);
        crm_statements_free(&statements);
        assert_int_equal(
            changes_between(xmlDocGetRootElement(before), xmlDocGetRootElement(after), &operations),
            table[i].operations != NULL);
        assert_string_equal(hf_buf_text(&operations), table[i].operations != NULL ? table[i].operations : "");
        hf_buf_free(&operations);
    }
}

/* --- random edits --- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static xmlNode *random_object(const xmlNode *configuration, const char *section, uint32_t *seed)
{
    size_t count = 0, pick;
    const xmlNode *parent = hf_xml_child(configuration, section);

    HF_XML_EACH_ANY (each, parent)
        count++;
    pick = count > 0 ? next_random(seed) % count : 0;
    HF_XML_EACH_ANY (each, parent)
        if (pick-- == 0)
            return each;
    return NULL;
}

static void one_edit(struct crm_edit *edit, uint32_t *seed)
{
    static const char *const sections[] = {"resources", "constraints", "crm_config",
                                           "nodes",     "tags",        "fencing-topology"};
    const char *section = sections[next_random(seed) % HF_ARRAY_LENGTH(sections)];
    xmlNode *object = random_object(edit->configuration, section, seed);
    HF_CLEANUP(hf_freep) char *id = object != NULL ? hf_strdup(hf_xml_get(object, "id")) : NULL;
    HF_CLEANUP(hf_freep) char *text = NULL;
    struct crm_statements statements = {0};

    if (object == NULL)
        return;
    switch (next_random(seed) % 5) {
    case 0:
        hf_error_free(crm_edit_delete(edit, &id, 1));
        return;
    case 1:
        if (crm_is_resource(object))
            crm_edit_set_attribute(edit, object, "meta_attributes", "priority", "17");
        return;
    case 2:
        text = hf_asprintf("primitive new%u ocf:pacemaker:Dummy params a=1", next_random(seed) % 1000);
        break;
    case 3:
        if (!crm_is_resource(object))
            return;
        text = hf_asprintf("group newgroup%u %s", next_random(seed) % 1000, id);
        break;
    default:
        if (hf_xml_is(object, "rsc_location"))
            hf_xml_set(object, "score", "4711");
        return;
    }
    assert_null(crm_parse(text, strlen(text), &statements));
    hf_error_free(crm_edit_apply_all(edit, &statements, CRM_CREATE));
    crm_statements_free(&statements);
}

static char *cases;

static xmlDoc *read_case(const char *name)
{
    HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/xml/%s", cases, name);
    xmlDoc *document, *plain = xmlNewDoc((const xmlChar *)"1.0");
    struct hf_error *error = hf_xml_parse_file(path, 64 * 1024 * 1024, &document);

    assert_null(error);
    xmlDocSetRootElement(
        plain, xmlDocCopyNode(hf_xml_child(xmlDocGetRootElement(document), "configuration"), plain, 1));
    xmlFreeDoc(document);
    return plain;
}

static void random_edits_arrive(void **state)
{
    HF_CLEANUP(hf_freep) char *folder = hf_asprintf("%s/xml", cases);
    DIR *directory = opendir(folder);
    xmlDoc *last = NULL;
    size_t count = 0, wrong = 0;

    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        HF_CLEANUP(hf_xml_doc_freep) xmlDoc *after = NULL;
        HF_CLEANUP(hf_freep) char *why = NULL, *other = NULL;
        struct crm_edit edit;
        uint32_t seed = 1;
        xmlDoc *before;

        if (strstr(entry->d_name, ".xml") == NULL)
            continue;
        for (const char *c = entry->d_name; *c != '\0'; c++)
            seed = seed * 31 + (uint32_t)*c;
        before = read_case(entry->d_name);
        after = xmlCopyDoc(before, 1);
        crm_edit_begin(&edit, xmlDocGetRootElement(after));
        for (uint32_t i = 1 + next_random(&seed) % 4; i > 0; i--)
            one_edit(&edit, &seed);
        crm_edit_end(&edit);
        why = apply_and_compare(xmlDocGetRootElement(before), xmlDocGetRootElement(after));
        if (why != NULL)
            print_error("%s: %.2000s\n", entry->d_name, why);
        if (last != NULL)
            other = apply_and_compare(xmlDocGetRootElement(last), xmlDocGetRootElement(before));
        if (other != NULL)
            print_error("to %s: %.300s\n", entry->d_name, other);
        wrong += (why != NULL) + (other != NULL);
        count++;
        xmlFreeDoc(last);
        last = before;
    }
    xmlFreeDoc(last);
    closedir(directory);
    assert_int_equal(wrong, 0);
    assert_true(count >= 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(small_edits_are_small),
                                       cmocka_unit_test(random_edits_arrive)};
    const char *shared = getenv("HOLDFAST_SHARED"), *source = getenv("srcdir");
    HF_CLEANUP(hf_freep) char *probe = NULL;
    bool there;
    int failed;

    hf_xml_init();
    cases = shared != NULL ? hf_asprintf("%s/scheduler-cases", shared)
                           : hf_asprintf("%s/../shared/scheduler-cases", source != NULL ? source : ".");
    probe = hf_asprintf("%s/classes.tsv", cases);
    there = access(probe, R_OK) == 0;
    if (!there)
        printf(
            "SKIPPED: random_edits_arrive: no scheduler cases at %s (HOLDFAST_SHARED says where they are)\n",
            cases);
    failed = _cmocka_run_group_tests("changes", tests, there ? 2 : 1, NULL, NULL);
    free(cases);
    return failed != 0 || there ? failed : 77;
}
