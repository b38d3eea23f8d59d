/* fuzz_crm.c - libFuzzer target: any bytes are statements or an error with a place; what could be applied is
 * printed as text that gives the same configuration again, and the operations for it are well-formed.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. -I/usr/include/libxml2 \
 *         tests/fuzz/fuzz_crm.c cli/crm/[a-z]*.c cli/changes.c lib/alloc.c lib/buf.c lib/error.c lib/xml*.c \
 *         -lxml2 -o fuzz_crm
 *     ./fuzz_crm -max_total_time=60 -dict=tests/fuzz/crm.dict CORPUS */
#include <stdint.h>
#include <string.h>

#include "cli/changes.h"
#include "cli/crm/edit.h"
#include "cli/crm/print.h"
#include "lib/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static xmlDoc *empty(void)
{
    xmlDoc *document = xmlNewDoc((const xmlChar *)"1.0");

    xmlDocSetRootElement(document, xmlNewNode(NULL, (const xmlChar *)"configuration"));
    return document;
}

/* Applies what can be applied; a refused statement must leave everything as it was. */
static void apply(xmlNode *configuration, struct crm_statements *statements)
{
    struct crm_edit edit;

    crm_edit_begin_anew(&edit, configuration);
    for (size_t i = 0; i < statements->count; i++) {
        HF_CLEANUP(hf_freep) char *before = hf_xml_text(configuration, false);
        HF_CLEANUP(hf_error_freep)
        struct hf_error *error =
            crm_edit_apply(&edit, &statements->statement[i], i % 2 ? CRM_UPDATE : CRM_CREATE);
        HF_CLEANUP(hf_freep) char *after = hf_xml_text(configuration, false);

        if (error != NULL && strcmp(before, after) != 0)
            __builtin_trap();
    }
    crm_edit_end(&edit);
}

/* Printed and read back; false if something refuses it (a dangling reference, an id twice). */
static bool read_back(const char *text, size_t length, xmlNode *into)
{
    struct crm_statements statements;
    struct crm_edit edit;
    struct hf_error *error = crm_parse(text, length, &statements);
    bool read;

    if (error != NULL)
        __builtin_trap(); /* what we print we can read */
    crm_edit_begin_anew(&edit, into);
    error = crm_edit_apply_all(&edit, &statements, CRM_CREATE);
    crm_edit_end(&edit);
    crm_statements_free(&statements);
    read = error == NULL;
    hf_error_free(error);
    return read;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *first = empty(), *second = empty();
    struct hf_buf text = {0}, again = {0}, operations = {0};
    struct crm_statements statements;
    struct hf_error *error = crm_parse((const char *)data, size, &statements);

    if (error != NULL) {
        if (strncmp(hf_error_text(error), "line ", 5) != 0)
            __builtin_trap();
        hf_error_free(error);
        return 0;
    }
    apply(xmlDocGetRootElement(first), &statements);
    crm_statements_free(&statements);
    crm_print_configuration(&text, xmlDocGetRootElement(first));
    if (read_back(hf_buf_text(&text), text.length, xmlDocGetRootElement(second))) {
        crm_print_configuration(&again, xmlDocGetRootElement(second));
        if (strcmp(hf_buf_text(&text), hf_buf_text(&again)) != 0)
            __builtin_trap();
    }
    changes_between(xmlDocGetRootElement(second), xmlDocGetRootElement(first), &operations);
    hf_buf_free(&text);
    hf_buf_free(&again);
    hf_buf_free(&operations);
    return 0;
}
