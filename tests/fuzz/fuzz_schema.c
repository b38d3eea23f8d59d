/* fuzz_schema.c - libFuzzer target: any well-formed XML is accepted or refused with a reason, libxml2 and
 * our own walk of the grammar agree on which, and the document is afterwards as it was.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. -I/usr/include/libxml2 \
 *         tests/fuzz/fuzz_schema.c daemon/cib/schema*.c BUILD/cib-schema/schema-text.c \
 *         lib/alloc.c lib/arena.c lib/buf.c lib/error.c lib/xml*.c -lxml2 -o fuzz_schema
 *     ./fuzz_schema -max_total_time=60 CORPUS tests/unit     (schema-full.xml is a good seed) */
#include <stdint.h>
#include <string.h>

#include "daemon/cib/schema-explain.h"
#include "daemon/cib/schema-text.h"
#include "daemon/cib/schema.h"
#include "lib/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(cib_schema_freep) struct cib_schema *schema = NULL;
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    HF_CLEANUP(hf_error_freep)
    struct hf_error *parsed = hf_xml_parse((const char *)data, size, "fuzz", &document);

    if (parsed != NULL)
        return 0;

    const xmlNode *root = xmlDocGetRootElement(document);
    struct cib_schema_table *table = cib_schema_table_new(cib_schema_text, cib_schema_text_length);
    struct cib_candidates candidates = cib_schema_candidates(table, root);

    schema = cib_schema_new();

    HF_CLEANUP(hf_freep) char *before = hf_xml_text(root, false);
    HF_CLEANUP(hf_error_freep) struct hf_error *error = cib_schema_check(schema, root, "fuzz");
    HF_CLEANUP(hf_error_freep) struct hf_error *walked = cib_schema_explain(table, &candidates, root, "fuzz");
    HF_CLEANUP(hf_freep) char *after = hf_xml_text(root, false);

    cib_schema_table_free(table);
    if ((error == NULL) != (walked == NULL) || strcmp(before, after) != 0)
        abort();
    return 0;
}
