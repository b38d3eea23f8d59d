/* xml_build.c - see xml_build.h. */
#include "lib/xml_build.h"

#include <libxml/SAX2.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <string.h>

/* What the parser says of an attribute. */
enum { NAME, PREFIX, URI, VALUE, VALUE_END, FIELDS };

/* A value that is in the input as it is has the quote behind it; what was composed ends with a NUL. */
static bool is_plain(const xmlChar *const *attribute)
{
    return attribute[PREFIX] == NULL && *attribute[VALUE_END] != '\0';
}

static bool all_plain(const xmlParserCtxt *parser, const xmlChar **attribute, int count)
{
    if (!parser->dictNames || parser->replaceEntities || parser->validate)
        return false;
    for (int i = 0; i < count; i++)
        if (!is_plain(&attribute[i * FIELDS]))
            return false;
    return true;
}

static xmlAttr *add_attribute(xmlNode *element, xmlAttr *last, const xmlChar *name)
{
    xmlAttr *made = xmlMalloc(sizeof(*made));

    if (made == NULL)
        return NULL;
    *made = (xmlAttr){.type = XML_ATTRIBUTE_NODE, .name = name, .parent = element, .prev = last};
    made->doc = element->doc;
    if (last == NULL)
        element->properties = made;
    else
        last->next = made;
    return made;
}

/* A short value is in the node, in fields that only elements use, as libxml2 has it with XML_PARSE_COMPACT.
 */
static xmlChar *place_value(xmlNode *text, const xmlChar *value, size_t length)
{
    xmlChar *place = (xmlChar *)&text->properties;

    if (length >= sizeof(text->properties) + sizeof(text->nsDef))
        place = xmlMalloc(length + 1);
    if (place == NULL)
        return NULL;
    memcpy(place, value, length);
    place[length] = '\0';
    return place;
}

static bool add_value(xmlAttr *attribute, const xmlChar *value, size_t length, unsigned short line)
{
    xmlNode *text = xmlMalloc(sizeof(*text));

    if (text == NULL)
        return false;
    *text = (xmlNode){
        .type = XML_TEXT_NODE, .name = xmlStringText, .parent = (xmlNode *)attribute, .doc = attribute->doc};
    text->line = line;
    text->content = place_value(text, value, length);
    attribute->children = attribute->last = text;
    return text->content != NULL;
}

static bool add_attributes(xmlNode *element, const xmlChar **attribute, int count)
{
    xmlAttr *made = NULL;

    for (int i = 0; i < count; i++) {
        made = add_attribute(element, made, attribute[i * FIELDS + NAME]);
        if (made == NULL)
            return false;
    }
    made = element->properties;
    for (int i = 0; i < count; i++, made = made->next) {
        const xmlChar **is = &attribute[i * FIELDS];

        if (!add_value(made, is[VALUE], (size_t)(is[VALUE_END] - is[VALUE]), element->line))
            return false;
    }
    return true;
}

void hf_xml_begin_element(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                          int namespaces, const xmlChar **namespace, int attributes, int defaulted,
                          const xmlChar **attribute)
{
    xmlParserCtxt *parser = context;

    if (defaulted > 0 || namespaces > 0 || prefix != NULL || !all_plain(parser, attribute, attributes)) {
        xmlSAX2StartElementNs(parser, name, prefix, uri, namespaces, namespace, attributes, defaulted,
                              attribute);
        return;
    }

    const xmlNode *before = parser->node;

    xmlSAX2StartElementNs(parser, name, prefix, uri, 0, NULL, 0, 0, NULL);
    if (parser->node == before) /* it complained of the depth, or of memory */
        return;
    if (!add_attributes(parser->node, attribute, attributes)) {
        parser->wellFormed = 0;
        xmlStopParser(parser);
    }
}
