/* xml_build.h - how the parser's elements lie in memory.
 *
 * Reading a large CIB is mostly waiting for memory: an attribute is looked for along the list of its element.
 * libxml2 makes each attribute, then its value; here all attributes of an element are made first, one behind
 * the other, then all values, so that a search for a name does not walk over the values. */
#ifndef HF_XML_BUILD_H
#define HF_XML_BUILD_H

#include <libxml/xmlstring.h>

/* For startElementNs of libxml2's SAX2 handler; makes the tree that xmlSAX2StartElementNs() makes (libxml2's
 * parameters: SAX2.h).  What is rare in a CIB (namespaces, entities, defaults) is left to that function. */
void hf_xml_begin_element(void *parser, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                          int namespaces, const xmlChar **namespace, int attributes, int defaulted,
                          const xmlChar **attribute);

#endif
