/* schema-table.c - see schema-table.h. */
#include "daemon/cib/schema-table.h"

#include <assert.h>
#include <libxml/parser.h>
#include <libxml/xmlregexp.h>
#include <libxml/xmlschemastypes.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/xml.h"

#define XSD_NAMESPACE "http://www.w3.org/2001/XMLSchema"

struct definition {
    const char *name;
    struct cib_pattern content; /* a group */
    struct definition *next;
};

struct cib_schema_table {
    struct hf_arena *arena;
    struct definition *definitions;
};

static const struct {
    const char *tag;
    enum cib_pattern_kind kind;
} kinds[] = {
    {"group", CIB_PATTERN_GROUP},
    {"interleave", CIB_PATTERN_GROUP},
    {"choice", CIB_PATTERN_CHOICE},
    {"optional", CIB_PATTERN_OPTIONAL},
    {"zeroOrMore", CIB_PATTERN_MANY},
    {"oneOrMore", CIB_PATTERN_SOME},
    {"ref", CIB_PATTERN_REF},
    {"element", CIB_PATTERN_ELEMENT},
    {"attribute", CIB_PATTERN_ATTRIBUTE},
    {"value", CIB_PATTERN_VALUE},
    {"data", CIB_PATTERN_DATA},
    {"text", CIB_PATTERN_TEXT},
    {"empty", CIB_PATTERN_EMPTY},
};

static const char *copy_attribute(struct cib_schema_table *table, const xmlNode *node, const char *name)
{
    const char *value = hf_xml_get(node, name);

    return value != NULL ? hf_arena_strdup(table->arena, value) : NULL;
}

static const char *copy_content(struct cib_schema_table *table, const xmlNode *node)
{
    xmlChar *content = xmlNodeGetContent(node);
    const char *copy = hf_arena_strdup(table->arena, (const char *)content);

    xmlFree(content);
    return copy;
}

static enum cib_pattern_kind kind_of(const xmlNode *node)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(kinds); i++)
        if (hf_xml_is(node, kinds[i].tag))
            return kinds[i].kind;
    abort(); /* a part of RELAX NG that our grammar does not use */
}

static void read_parts(struct cib_schema_table *table, const xmlNode *parent, struct cib_pattern *pattern);
static struct cib_pattern *read_pattern(struct cib_schema_table *table, const xmlNode *node);

/* An <attribute> with a choice of names: a choice of attributes. */
static struct cib_pattern *read_named_attributes(struct cib_schema_table *table, const xmlNode *node,
                                                 const xmlNode *names)
{
    struct cib_pattern *choice = HF_ARENA_NEW(table->arena, struct cib_pattern);

    struct cib_pattern **end = &choice->parts;

    choice->kind = CIB_PATTERN_CHOICE;
    HF_XML_EACH (name, names, "name") {
        struct cib_pattern *attribute = HF_ARENA_NEW(table->arena, struct cib_pattern);

        attribute->kind = CIB_PATTERN_ATTRIBUTE;
        attribute->name = copy_content(table, name);
        attribute->parts = read_pattern(table, hf_xml_next(names, NULL));
        *end = attribute;
        end = &attribute->next;
    }
    return choice;
}

static struct cib_pattern *read_pattern(struct cib_schema_table *table, const xmlNode *node)
{
    const xmlNode *names = hf_xml_is(node, "attribute") ? hf_xml_child(node, "choice") : NULL;
    struct cib_pattern *pattern;

    if (names != NULL && hf_xml_child(names, "name") != NULL)
        return read_named_attributes(table, node, names);
    pattern = HF_ARENA_NEW(table->arena, struct cib_pattern);

    pattern->kind = kind_of(node);
    pattern->is = copy_attribute(table, node, "is");
    pattern->name = copy_attribute(table, node, pattern->kind == CIB_PATTERN_DATA ? "type" : "name");
    if (pattern->kind == CIB_PATTERN_VALUE)
        pattern->text = copy_content(table, node);
    else
        read_parts(table, node, pattern);
    return pattern;
}

/* Appends the patterns inside parent; <param> and <except> of <data> go where cib_pattern_kind says. */
static void read_parts(struct cib_schema_table *table, const xmlNode *parent, struct cib_pattern *pattern)
{
    struct cib_pattern **end = &pattern->parts;

    while (*end != NULL)
        end = &(*end)->next;
    HF_XML_EACH_ANY (child, parent) {
        if (hf_xml_is(child, "param")) {
            pattern->text = copy_content(table, child);
        } else if (hf_xml_is(child, "except")) {
            read_parts(table, child, pattern);
        } else if (!hf_xml_is(child, "anyName")) {
            *end = read_pattern(table, child);
            end = &(*end)->next;
        }
    }
}

static const struct definition *find_definition(const struct cib_schema_table *table, const char *name)
{
    for (const struct definition *d = table->definitions; d != NULL; d = d->next)
        if (strcmp(d->name, name) == 0)
            return d;
    return NULL;
}

/* Points references at what they name, and tells elements which definition they are. */
static void resolve(const struct cib_schema_table *table, struct cib_pattern *pattern, const char *define)
{
    if (pattern->kind == CIB_PATTERN_REF) {
        const struct definition *definition = find_definition(table, pattern->name);

        assert(definition != NULL);
        pattern->target = &definition->content;
    }
    if (pattern->kind == CIB_PATTERN_ELEMENT)
        pattern->define = define;
    for (struct cib_pattern *part = pattern->parts; part != NULL; part = part->next)
        resolve(table, part, define);
}

struct cib_schema_table *cib_schema_table_new(const char *text, size_t length)
{
    struct cib_schema_table *table = hf_calloc(1, sizeof *table);
    xmlDoc *document = xmlReadMemory(text, (int)length, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS);

    if (document == NULL)
        abort();
    table->arena = hf_arena_new();
    HF_XML_EACH (define, xmlDocGetRootElement(document), "define") {
        struct definition *definition = HF_ARENA_NEW(table->arena, struct definition);

        definition->name = copy_attribute(table, define, "name");
        definition->content.kind = CIB_PATTERN_GROUP;
        read_parts(table, define, &definition->content);
        definition->next = table->definitions;
        table->definitions = definition;
    }
    xmlFreeDoc(document);
    for (struct definition *d = table->definitions; d != NULL; d = d->next)
        resolve(table, &d->content, d->name);
    return table;
}

void cib_schema_table_free(struct cib_schema_table *table)
{
    if (table == NULL)
        return;
    hf_arena_free(table->arena);
    free(table);
}

static void add_candidate(struct cib_candidates *candidates, const struct cib_pattern *element)
{
    for (size_t i = 0; i < candidates->count; i++)
        if (candidates->item[i] == element)
            return;
    assert(candidates->count < CIB_CANDIDATES_MAX);
    candidates->item[candidates->count++] = element;
}

void cib_pattern_elements(const struct cib_pattern *content, const char *name,
                          struct cib_candidates *candidates)
{
    for (const struct cib_pattern *part = content->parts; part != NULL; part = part->next) {
        if (part->kind == CIB_PATTERN_REF)
            cib_pattern_elements(part->target, name, candidates);
        else if (part->kind == CIB_PATTERN_ELEMENT) {
            if (part->name == NULL || strcmp(part->name, name) == 0)
                add_candidate(candidates, part);
        } else if (part->kind != CIB_PATTERN_ATTRIBUTE)
            cib_pattern_elements(part, name, candidates);
    }
}

/* What an element of this name may be somewhere in a CIB. */
static struct cib_candidates candidates_anywhere(const struct cib_schema_table *table, const char *name)
{
    struct cib_candidates candidates = {.count = 0};

    for (const struct definition *d = table->definitions; d != NULL; d = d->next) {
        const struct cib_pattern *element = d->content.parts;

        if (element != NULL && element->kind == CIB_PATTERN_ELEMENT && element->name != NULL &&
            strcmp(element->name, name) == 0)
            add_candidate(&candidates, element);
    }
    return candidates;
}

struct cib_candidates cib_schema_candidates(const struct cib_schema_table *table, const xmlNode *element)
{
    const char *name = (const char *)element->name;
    struct cib_candidates above = {.count = 0}, found = {.count = 0};

    if (element->parent != NULL && element->parent->type == XML_ELEMENT_NODE)
        above = cib_schema_candidates(table, element->parent);
    if (above.count == 0)
        return candidates_anywhere(table, name);
    for (size_t i = 0; i < above.count; i++)
        cib_pattern_elements(above.item[i], name, &found);
    return found;
}

/* True if a and b are the same but for white space around and between their words. */
static bool same_token(const char *a, const char *b)
{
    static const char space[] = " \t\r\n";

    for (;;) {
        size_t word_a, word_b;

        a += strspn(a, space);
        b += strspn(b, space);
        word_a = strcspn(a, space);
        word_b = strcspn(b, space);
        if (word_a != word_b || memcmp(a, b, word_a) != 0)
            return false;
        if (word_a == 0)
            return true;
        a += word_a;
        b += word_b;
    }
}

static bool matches_expression(const char *expression, const char *text)
{
    xmlRegexp *regexp = xmlRegexpCompile((const xmlChar *)expression);
    int result;

    if (regexp == NULL)
        abort();
    result = xmlRegexpExec(regexp, (const xmlChar *)text);
    xmlRegFreeRegexp(regexp);
    return result == 1;
}

static bool data_accepts(const struct cib_pattern *data, const char *text)
{
    xmlSchemaType *type =
        xmlSchemaGetPredefinedType((const xmlChar *)data->name, (const xmlChar *)XSD_NAMESPACE);

    if (type == NULL)
        abort();
    if (xmlSchemaValPredefTypeNode(type, (const xmlChar *)text, NULL, NULL) != 0)
        return false;
    if (data->text != NULL && !matches_expression(data->text, text))
        return false;
    for (const struct cib_pattern *part = data->parts; part != NULL; part = part->next)
        for (const struct cib_pattern *value = part->parts; value != NULL; value = value->next)
            if (same_token(value->text, text))
                return false;
    return true;
}

static bool value_accepts(const struct cib_pattern *pattern, const char *text)
{
    if (pattern->kind == CIB_PATTERN_TEXT)
        return true;
    if (pattern->kind == CIB_PATTERN_VALUE)
        return same_token(pattern->text, text);
    if (pattern->kind == CIB_PATTERN_DATA)
        return data_accepts(pattern, text);
    if (pattern->kind == CIB_PATTERN_REF)
        return value_accepts(pattern->target, text);
    for (const struct cib_pattern *part = pattern->parts; part != NULL; part = part->next)
        if (value_accepts(part, text))
            return true;
    return false;
}

bool cib_pattern_accepts(const struct cib_pattern *attribute, const char *text)
{
    return value_accepts(attribute->parts, text);
}
