/* schema.c - see schema.h.  Compiles for each kind of element the part of the grammar that it needs. */
#include "daemon/cib/schema.h"

#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/xmlschemastypes.h>
#include <string.h>

#include "daemon/cib/schema-explain.h"
#include "daemon/cib/schema-table.h"
#include "daemon/cib/schema-text.h"
#include "lib/buf.h"
#include "lib/xml.h"

/* One compiled part: starts at any of the definitions in key. */
struct compiled {
    char *key; /* names of definitions, each followed by a space */
    xmlRelaxNG *grammar;
    struct compiled *next;
};

struct cache {
    struct compiled *first;
};

struct cib_schema {
    struct cib_schema_table *table;
    struct cache *cache; /* grows while the schema is const */
};

struct cib_schema *cib_schema_new(void)
{
    struct cib_schema *schema = hf_calloc(1, sizeof *schema);

    schema->table = cib_schema_table_new(cib_schema_text, cib_schema_text_length);
    schema->cache = hf_calloc(1, sizeof *schema->cache);
    return schema;
}

void cib_schema_free(struct cib_schema *schema)
{
    if (schema == NULL)
        return;
    while (schema->cache->first != NULL) {
        struct compiled *compiled = schema->cache->first;

        schema->cache->first = compiled->next;
        xmlRelaxNGFree(compiled->grammar);
        free(compiled->key);
        free(compiled);
    }
    free(schema->cache);
    cib_schema_table_free(schema->table);
    free(schema);
}

void cib_schema_freep(struct cib_schema **schema)
{
    cib_schema_free(*schema);
    *schema = NULL;
}

/* --- compiling --- */

static void ignore_error(void *context, xmlError *error)
{
}

static xmlNode *find_define(xmlNode *grammar, const char *name)
{
    HF_XML_EACH (define, grammar, "define")
        if (strcmp(hf_xml_get_or(define, "name", ""), name) == 0)
            return define;
    return NULL;
}

/* Moves the definition called name, and all that it refers to, from one grammar into another. */
static void move_define(xmlNode *from, xmlNode *to, const char *name);

static void move_referenced(xmlNode *from, xmlNode *to, const xmlNode *content)
{
    HF_XML_EACH_ANY (child, content) {
        if (hf_xml_is(child, "ref"))
            move_define(from, to, hf_xml_get_or(child, "name", ""));
        else
            move_referenced(from, to, child);
    }
}

static void move_define(xmlNode *from, xmlNode *to, const char *name)
{
    xmlNode *define = find_define(from, name);

    if (define == NULL)
        return; /* it has been moved already */
    xmlUnlinkNode(define);
    xmlAddChild(to, define);
    move_referenced(from, to, define);
}

/* The part of the grammar that checks an element held to any of candidates, as a document. */
static xmlDoc *cut_grammar(const struct cib_candidates *candidates)
{
    xmlDoc *document = xmlReadMemory(cib_schema_text, (int)cib_schema_text_length, NULL, NULL,
                                     XML_PARSE_NONET | XML_PARSE_NOBLANKS);
    xmlNode *whole = xmlDocGetRootElement(document);
    xmlNode *part = xmlCopyNode(whole, 2); /* with namespaces and attributes, without content */
    xmlNode *choice = hf_xml_add(hf_xml_add(part, "start"), "choice");

    xmlDocSetRootElement(document, part);
    for (size_t i = 0; i < candidates->count; i++) {
        xmlNode *ref = hf_xml_add(choice, "ref");

        hf_xml_set(ref, "name", candidates->item[i]->define);
        move_define(whole, part, candidates->item[i]->define);
    }
    xmlReconciliateNs(document, part);
    xmlFreeNode(whole);
    return document;
}

static xmlRelaxNG *compile(const struct cib_candidates *candidates)
{
    xmlDoc *document = cut_grammar(candidates);
    xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewDocParserCtxt(document);
    xmlRelaxNG *grammar;

    xmlRelaxNGSetParserStructuredErrors(parser, ignore_error, NULL);
    grammar = xmlRelaxNGParse(parser);
    xmlRelaxNGFreeParserCtxt(parser);
    xmlFreeDoc(document);
    if (grammar == NULL)
        abort(); /* the built-in grammar is wrong */
    return grammar;
}

static xmlRelaxNG *compiled_for(struct cache *cache, const struct cib_candidates *candidates)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf key = {0};
    struct compiled *compiled;

    for (size_t i = 0; i < candidates->count; i++)
        hf_buf_printf(&key, "%s ", candidates->item[i]->define);
    for (compiled = cache->first; compiled != NULL; compiled = compiled->next)
        if (strcmp(compiled->key, hf_buf_text(&key)) == 0)
            return compiled->grammar;
    compiled = hf_calloc(1, sizeof *compiled);
    compiled->key = hf_buf_take(&key);
    compiled->grammar = compile(candidates);
    compiled->next = cache->first;
    cache->first = compiled;
    return compiled->grammar;
}

/* --- checking --- */

/* Keeps the first of libxml2's messages, for the case that we cannot say it better. */
static void keep_first(void *context, xmlError *error)
{
    char **message = context;

    if (*message == NULL && error->message != NULL)
        *message = hf_strndup(error->message, strcspn(error->message, "\n"));
}

/* libxml2's verdict on the element.  The validator wants a document with one root: for as long as it looks,
 * the element stands alone in one, and afterwards where it was.  (A copy would cost a large configuration
 * its size once more.) */
static bool is_valid(xmlRelaxNG *grammar, xmlNode *element, char **message)
{
    xmlRelaxNGValidCtxt *validator = xmlRelaxNGNewValidCtxt(grammar);
    xmlDoc *document = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *parent = element->parent, *next = element->next, *prev = element->prev;
    int result;

    document->children = document->last = element;
    element->parent = (xmlNode *)document;
    element->next = element->prev = NULL;
    xmlRelaxNGSetValidStructuredErrors(validator, keep_first, message);
    result = xmlRelaxNGValidateDoc(validator, document);
    element->parent = parent;
    element->next = next;
    element->prev = prev;
    document->children = document->last = NULL;
    xmlFreeDoc(document);
    xmlRelaxNGFreeValidCtxt(validator);
    return result == 0;
}

/* --- wide elements ---
 *
 * libxml2's validator takes time with the square of the number of children in a choice or an interleave
 * (a set of 100,000 pairs: 48 s).  So of an element with many children the third and further of each name are
 * checked one by one and taken out while the whole is checked.  That decides the same, because the
 * grammar knows no order and no number between one and many. */

enum {
    WIDE = 128, /* children from which on it is worth it */
    NAMES = 24, /* different children of one element, where not anything goes */
};

/* Nodes taken out, in this order; each still knows its old neighbours. */
struct taken {
    xmlNode **item;
    size_t count, capacity;
};

static void take_out(struct taken *taken, xmlNode *node)
{
    hf_grow(&taken->item, &taken->capacity, taken->count + 1, sizeof *taken->item);
    taken->item[taken->count++] = node;
    node->prev->next = node->next; /* never the first: two of its name stay before it */
    if (node->next != NULL)
        node->next->prev = node->prev;
    else
        node->parent->last = node->prev;
}

static void put_back(struct taken *taken)
{
    while (taken->count > 0) {
        xmlNode *node = taken->item[--taken->count];

        node->prev->next = node;
        if (node->next != NULL)
            node->next->prev = node;
        else
            node->parent->last = node;
    }
    free(taken->item);
}

/* How often each name was seen among the children of one element. */
struct census {
    const xmlChar *name[NAMES];
    unsigned count[NAMES];
};

static unsigned count_name(struct census *census, const xmlChar *name)
{
    size_t i = 0;

    while (i < NAMES - 1 && census->name[i] != NULL && !xmlStrEqual(census->name[i], name))
        i++;
    census->name[i] = name;
    return ++census->count[i];
}

static bool is_acceptable(const struct cib_schema *schema, xmlNode *element, char **message)
{
    struct cib_candidates candidates = cib_schema_candidates(schema->table, element);

    return candidates.count > 0 && is_valid(compiled_for(schema->cache, &candidates), element, message);
}

/* Checks and takes out what element and all within it have too much of; false if something is wrong. */
static bool narrow(const struct cib_schema *schema, xmlNode *element, struct taken *taken, char **message)
{
    struct census census = {.name = {NULL}};
    xmlNode *next;
    size_t count = 0;

    HF_XML_EACH_ANY (child, element) {
        count++;
        if (child->children != NULL && !narrow(schema, child, taken, message))
            return false;
    }
    if (count < WIDE)
        return true;
    for (xmlNode *child = hf_xml_child(element, NULL); child != NULL; child = next) {
        next = hf_xml_next(child, NULL);
        if (count_name(&census, child->name) <= 2)
            continue;
        if (!is_acceptable(schema, child, message))
            return false;
        take_out(taken, child);
    }
    return true;
}

struct hf_error *cib_schema_check(const struct cib_schema *schema, const xmlNode *element, const char *source)
{
    HF_CLEANUP(hf_freep) char *message = NULL;
    struct taken taken = {.item = NULL};
    xmlNode *root = (xmlNode *)element; /* it will be as it was */
    struct cib_candidates candidates;
    struct hf_error *error;
    bool accepted = narrow(schema, root, &taken, &message) && is_acceptable(schema, root, &message);

    put_back(&taken);
    if (accepted)
        return NULL;
    candidates = cib_schema_candidates(schema->table, element);
    error = cib_schema_explain(schema->table, &candidates, element, source);
    if (error != NULL)
        return error;
    return hf_error_new(HF_REFUSED, "%s:%ld: <%s> is not as the schema wants it: %s", source,
                        xmlGetLineNo(element), (const char *)element->name,
                        message != NULL ? message : "no reason given");
}
