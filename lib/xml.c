/* xml.c - see xml.h. */
#include "lib/xml.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlsave.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/xml_build.h"

void hf_xml_init(void)
{
    LIBXML_TEST_VERSION
    xmlInitParser();
}

/* The first error is the cause; what libxml2 finds after it (and keeps as the last) only follows from it. */
struct first_error {
    int line;
    char *message;
};

static void note_error(void *context, xmlErrorPtr found)
{
    struct first_error *first = ((xmlParserCtxt *)context)->_private;

    if (first->message != NULL || found->message == NULL || found->level < XML_ERR_ERROR)
        return;
    first->line = found->line;
    first->message = hf_strndup(found->message, strcspn(found->message, "\n"));
}

static struct hf_error *refuse(const struct first_error *first, const char *source)
{
    if (first->message == NULL)
        return hf_error_new(HF_REFUSED, "%s: not well-formed XML", source);
    return hf_error_new(HF_REFUSED, "%s:%d: not well-formed XML: %s", source, first->line, first->message);
}

/* Without a DTD no attribute is an XML id; libxml2 is not to look at each for that. */
static void begin_document(void *context)
{
    xmlSAX2StartDocument(context);
    ((xmlParserCtxt *)context)->loadsubset |= XML_SKIP_IDS;
}

/* Where a document's bytes come from: memory, or the file behind fd. */
struct input {
    const char *name;
    const char *bytes;
    size_t length; /* in memory, or read so far */
    int fd;
    size_t limit; /* of the file, bytes */
    int error;    /* of reading it, errno */
};

static int read_more(void *context, char *buffer, int size)
{
    struct input *input = context;
    ssize_t got = read(input->fd, buffer, (size_t)size);

    if (got < 0)
        input->error = errno;
    else
        input->length += (size_t)got;
    return got < 0 || input->length > input->limit ? -1 : (int)got;
}

static xmlDoc *read_document(xmlParserCtxt *parser, struct input *input)
{
    static const int options = XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_COMPACT | XML_PARSE_NOERROR |
                               XML_PARSE_NOWARNING | XML_PARSE_NOCDATA;

    return input->bytes != NULL
               ? xmlCtxtReadMemory(parser, input->bytes, (int)input->length, NULL, NULL, options)
               : xmlCtxtReadIO(parser, read_more, NULL, input, NULL, NULL, options);
}

/* What is wrong with what was read; the parser's own complaint comes last, as it may only be about a part. */
static struct hf_error *judge(const xmlParserCtxt *parser, const xmlDoc *parsed, const struct input *input,
                              bool doctype)
{
    if (input->error != 0)
        return hf_error_errno(input->error, "cannot read %s", input->name);
    if (input->bytes == NULL && input->length > input->limit)
        return hf_error_new(HF_REFUSED, "%s: larger than the limit of %zu bytes", input->name, input->limit);
    if (input->length == 0)
        return hf_error_new(HF_REFUSED, "%s: empty, expected an XML document", input->name);
    if (parsed == NULL || !parser->wellFormed || xmlDocGetRootElement(parsed) == NULL)
        return refuse(parser->_private, input->name);
    if (!doctype && parsed->intSubset != NULL)
        return hf_error_new(HF_REFUSED, "%s: has a document type declaration, expected plain elements",
                            input->name);
    return NULL;
}

static struct hf_error *parse(struct input *input, bool doctype, xmlDoc **document)
{
    struct first_error first = {0};
    struct hf_error *error;
    xmlParserCtxt *parser;

    *document = NULL;
    if (input->length > INT32_MAX)
        return hf_error_new(HF_REFUSED, "%s: larger than 2 GiB", input->name);
    parser = xmlNewParserCtxt();
    if (parser == NULL)
        return hf_error_new(HF_FAILED, "%s: cannot make an XML parser", input->name);
    parser->_private = &first;
    parser->sax->serror = note_error;
    parser->sax->startDocument = begin_document;
    parser->sax->startElementNs = hf_xml_begin_element;

    xmlDoc *parsed = read_document(parser, input);

    error = judge(parser, parsed, input, doctype);
    if (error != NULL)
        xmlFreeDoc(parsed);
    else
        *document = parsed;
    xmlFreeParserCtxt(parser);
    free(first.message);
    return error;
}

struct hf_error *hf_xml_parse(const char *bytes, size_t length, const char *source, xmlDoc **document)
{
    return parse(&(struct input){.name = source, .bytes = bytes != NULL ? bytes : "", .length = length},
                 false, document);
}

struct hf_error *hf_xml_parse_metadata(const char *bytes, size_t length, const char *source,
                                       xmlDoc **document)
{
    return parse(&(struct input){.name = source, .bytes = bytes != NULL ? bytes : "", .length = length}, true,
                 document);
}

struct hf_error *hf_xml_parse_file(const char *path, size_t limit, xmlDoc **document)
{
    struct input input = {.name = path, .limit = limit, .fd = open(path, O_RDONLY | O_CLOEXEC)};
    struct hf_error *error;

    *document = NULL;
    if (input.fd < 0)
        return hf_error_errno(errno, "cannot open %s", path);
    error = parse(&input, false, document);
    close(input.fd);
    return error;
}

/* Most names that are looked at are not the one that is looked for, and differ in the first letter. */
static bool is_name(const xmlChar *own, const char *name)
{
    return (char)own[0] == name[0] && strcmp((const char *)own, name) == 0;
}

const char *hf_xml_get(const xmlNode *element, const char *name)
{
    if (element == NULL || element->type != XML_ELEMENT_NODE)
        return NULL;
    for (const xmlAttr *attribute = element->properties; attribute != NULL; attribute = attribute->next) {
        if (!is_name(attribute->name, name))
            continue;
        if (attribute->children == NULL || attribute->children->content == NULL)
            return "";
        return (const char *)attribute->children->content;
    }
    return NULL;
}

const char *hf_xml_get_or(const xmlNode *element, const char *name, const char *missing)
{
    const char *value = hf_xml_get(element, name);

    return value == NULL ? missing : value;
}

void hf_xml_set(xmlNode *element, const char *name, const char *value)
{
    if (value == NULL)
        xmlUnsetProp(element, (const xmlChar *)name);
    else
        xmlSetProp(element, (const xmlChar *)name, (const xmlChar *)value);
}

void hf_xml_setf(xmlNode *element, const char *name, const char *format, ...)
{
    va_list arguments;
    HF_CLEANUP(hf_freep) char *value = NULL;

    va_start(arguments, format);
    value = hf_vasprintf(format, arguments);
    va_end(arguments);
    hf_xml_set(element, name, value);
}

bool hf_xml_is(const xmlNode *node, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE && is_name(node->name, name);
}

static xmlNode *first_from(xmlNode *node, const char *name)
{
    for (; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE && (name == NULL || hf_xml_is(node, name)))
            return node;
    return NULL;
}

xmlNode *hf_xml_child(const xmlNode *parent, const char *name)
{
    return parent == NULL ? NULL : first_from(parent->children, name);
}

xmlNode *hf_xml_next(const xmlNode *element, const char *name)
{
    return first_from(element->next, name);
}

xmlNode *hf_xml_child_by_id(const xmlNode *parent, const char *name, const char *id)
{
    HF_XML_EACH (child, parent, name) {
        const char *own = hf_xml_get(child, "id");

        if (own != NULL && strcmp(own, id) == 0)
            return child;
    }
    return NULL;
}

xmlNode *hf_xml_add(xmlNode *parent, const char *name)
{
    return xmlNewChild(parent, NULL, (const xmlChar *)name, NULL);
}

xmlNode *hf_xml_ensure(xmlNode *parent, const char *name)
{
    xmlNode *child = hf_xml_child(parent, name);

    return child != NULL ? child : hf_xml_add(parent, name);
}

void hf_xml_remove(xmlNode *element)
{
    if (element == NULL)
        return;
    xmlUnlinkNode(element);
    xmlFreeNode(element);
}

char *hf_xml_text(const xmlNode *element, bool pretty)
{
    xmlBuffer *buffer = xmlBufferCreate();
    xmlSaveCtxt *save = xmlSaveToBuffer(buffer, "UTF-8", XML_SAVE_NO_DECL | (pretty ? XML_SAVE_FORMAT : 0));

    xmlSaveTree(save, (xmlNode *)element);
    xmlSaveClose(save);

    char *text = hf_strndup((const char *)xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer));

    xmlBufferFree(buffer);
    return text;
}

void hf_xml_doc_freep(xmlDoc **document)
{
    xmlFreeDoc(*document);
    *document = NULL;
}

void hf_xml_node_freep(xmlNode **node)
{
    xmlFreeNode(*node);
    *node = NULL;
}

bool hf_parse_bool(const char *text, bool *value)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true},   {"on", true},   {"yes", true}, {"y", true},  {"1", true},
                 {"false", false}, {"off", false}, {"no", false}, {"n", false}, {"0", false}};

    for (size_t i = 0; text != NULL && i < HF_ARRAY_LENGTH(words); i++) {
        if (strcasecmp(text, words[i].word) == 0) {
            *value = words[i].value;
            return true;
        }
    }
    return false;
}

bool hf_parse_int64(const char *text, int64_t *value)
{
    char *end;

    if (text == NULL || *text == '\0')
        return false;
    errno = 0;

    intmax_t number = strtoimax(text, &end, 10);

    if (errno != 0 || *end != '\0')
        return false;
    *value = number;
    return true;
}
