/* xml.h - reading and writing libxml2 trees without its sharp edges.
 *
 * Parsing takes bytes from anywhere: no network, no external entities, no DTD, bounded depth (libxml2's
 * own limit), and an error that names the source, the line and what libxml2 found. */
#ifndef HF_XML_H
#define HF_XML_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

/* Must be called once before any other function here, by main(). */
void hf_xml_init(void);

/* Parses length bytes; source is the name used in errors ("/var/lib/.../cib.xml", "request").
 * *document is the caller's, to be freed with xmlFreeDoc(). HF_REFUSED if it is not well-formed. */
struct hf_error *hf_xml_parse(const char *bytes, size_t length, const char *source,
                              xmlDoc **document) HF_MUST_CHECK;
/* The same for an agent's meta-data, which customarily names a document type; that is not read. */
struct hf_error *hf_xml_parse_metadata(const char *bytes, size_t length, const char *source,
                                       xmlDoc **document) HF_MUST_CHECK;
/* hf_xml_parse() for a file; HF_FAILED if it cannot be read, HF_REFUSED above limit bytes. */
struct hf_error *hf_xml_parse_file(const char *path, size_t limit, xmlDoc **document) HF_MUST_CHECK;

/* The attribute's value, borrowed until the attribute changes, or NULL. */
const char *hf_xml_get(const xmlNode *element, const char *name);
/* The same with a default. */
const char *hf_xml_get_or(const xmlNode *element, const char *name, const char *missing);
/* value NULL removes. */
void hf_xml_set(xmlNode *element, const char *name, const char *value);
void hf_xml_setf(xmlNode *element, const char *name, const char *format, ...) HF_PRINTF(3, 4);
bool hf_xml_is(const xmlNode *node, const char *name);

/* The first child element with this name (any element for NULL), or NULL; and the next sibling like it. */
xmlNode *hf_xml_child(const xmlNode *parent, const char *name);
xmlNode *hf_xml_next(const xmlNode *element, const char *name);
/* The child element of this name with this id, or NULL; name may be NULL. */
xmlNode *hf_xml_child_by_id(const xmlNode *parent, const char *name, const char *id);
/* The child element with this name, made if there is none. */
xmlNode *hf_xml_ensure(xmlNode *parent, const char *name);
/* Appends a new empty element. */
xmlNode *hf_xml_add(xmlNode *parent, const char *name);
/* Unlinks and frees; NULL is fine. */
void hf_xml_remove(xmlNode *element);

#define HF_XML_EACH(child, parent, name)                                                                     \
    for (xmlNode *child = hf_xml_child((parent), (name)); child != NULL; child = hf_xml_next(child, (name)))
#define HF_XML_EACH_ANY(child, parent) HF_XML_EACH (child, parent, NULL)

/* For whoever goes through many elements in the order in which they were parsed: tells the processor to fetch
 * what lies behind this one, as much as an <lrm_rsc_op> takes.  Only a hint. */
static inline void hf_xml_fetch_ahead(const xmlNode *element)
{
    enum { AHEAD = 4096, BYTES = 3456, LINE = 64 };

    for (uintptr_t at = (uintptr_t)element + AHEAD, end = at + BYTES; at < end; at += LINE)
        __builtin_prefetch((const void *)at);
}

/* The element as text, without a declaration; indented if pretty.  The caller frees. */
char *hf_xml_text(const xmlNode *element, bool pretty);

/* For HF_CLEANUP. */
void hf_xml_doc_freep(xmlDoc **document);
void hf_xml_node_freep(xmlNode **node);

/* Reads Pacemaker's spellings of a boolean (true on yes y 1 / false off no n 0, any case).  False if the
 * text is none of them or NULL; *value is then untouched. */
bool hf_parse_bool(const char *text, bool *value);
/* A whole decimal number, nothing behind it. */
bool hf_parse_int64(const char *text, int64_t *value);

#endif
