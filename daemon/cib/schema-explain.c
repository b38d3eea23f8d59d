/* schema-explain.c - see schema-explain.h. */
#include "daemon/cib/schema-explain.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/xml.h"

enum {
    SLOTS_MAX = 48,    /* different attributes and children of one element */
    SHOWN_MAX = 80,    /* bytes of a value that a message shows */
    DISCRIMINATOR = 16 /* what a fitting fixed value weighs against other attributes */
};

/* Which attributes and children an element may have and how many of each are there. */
struct slot {
    const char *name;
    bool attribute;
    const char *value;   /* of the attribute that is there */
    const xmlNode *last; /* the last child of this name */
};

struct place {
    const struct cib_schema_table *table;
    const struct cib_pattern *pattern; /* of kind CIB_PATTERN_ELEMENT */
    const xmlNode *element;
    const char *source;
    struct slot slots[SLOTS_MAX];
    size_t count;
    bool open; /* anything goes */
};

/* What is left of an element while its pattern is walked. */
struct bag {
    uint32_t left[SLOTS_MAX];
};

/* How well a part of the pattern fits. */
struct fit {
    uint64_t used;                     /* attributes and children it took, weighted */
    uint32_t lacking;                  /* how many it wanted in vain */
    const struct cib_pattern *missing; /* the first of those */
};

static struct hf_error *explain_element(const struct cib_schema_table *table,
                                        const struct cib_pattern *pattern, const xmlNode *element,
                                        const char *source);

/* --- words --- */

/* At most SHOWN_MAX bytes of text, ended at a whole UTF-8 character, control characters as blanks. */
static void put_shown(struct hf_buf *buf, const char *text)
{
    size_t length = strlen(text), shown = length;

    if (length > SHOWN_MAX)
        for (shown = SHOWN_MAX; shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80; shown--)
            ;
    for (size_t i = 0; i < shown; i++)
        hf_buf_putc(buf, (unsigned char)text[i] < ' ' ? ' ' : text[i]);
    if (shown < length)
        hf_buf_puts(buf, "...");
}

/* <op id='x'>, or with its name where it has no id. */
static void put_element(struct hf_buf *buf, const xmlNode *element)
{
    static const char *const keys[] = {"id", "id-ref", "name", "uname"};

    hf_buf_puts(buf, "<");
    put_shown(buf, (const char *)element->name);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(keys); i++) {
        const char *value = hf_xml_get(element, keys[i]);

        if (value == NULL)
            continue;
        hf_buf_printf(buf, " %s='", keys[i]);
        put_shown(buf, value);
        hf_buf_puts(buf, "'");
        break;
    }
    hf_buf_puts(buf, ">");
}

/* A list of words under construction: "a, b or c". */
struct words {
    const char *item[SLOTS_MAX];
    size_t count;
};

static void add_word(struct words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->item[i], word) == 0)
            return;
    if (words->count < SLOTS_MAX)
        words->item[words->count++] = word;
}

static void put_words(struct hf_buf *buf, const struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (i > 0)
            hf_buf_puts(buf, i + 1 == words->count ? " or " : ", ");
        hf_buf_puts(buf, words->item[i]);
    }
}

/* What values a pattern takes, in words; nothing for free text. */
static void value_words(const struct cib_pattern *pattern, struct words *words)
{
    if (pattern->kind == CIB_PATTERN_REF)
        value_words(pattern->target, words);
    else if (pattern->kind == CIB_PATTERN_VALUE)
        add_word(words, pattern->text);
    else if (pattern->kind == CIB_PATTERN_DATA)
        add_word(words, pattern->is != NULL ? pattern->is : pattern->name);
    else
        for (const struct cib_pattern *part = pattern->parts; part != NULL; part = part->next)
            value_words(part, words);
}

static struct hf_error *refuse(const struct place *place, const xmlNode *at, const char *found,
                               const struct words *expected)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    long line = xmlGetLineNo(at);

    hf_buf_puts(&text, place->source);
    if (line > 0)
        hf_buf_printf(&text, ":%ld", line);
    hf_buf_printf(&text, ": %s ", found);
    put_element(&text, place->element);
    if (expected != NULL && expected->count > 0) {
        hf_buf_puts(&text, ": expected ");
        put_words(&text, expected);
    }
    return hf_error_new(HF_REFUSED, "%s", hf_buf_text(&text));
}

/* --- the slots of an element --- */

static struct slot *find_slot(struct place *place, bool attribute, const char *name)
{
    for (size_t i = 0; i < place->count; i++)
        if (place->slots[i].attribute == attribute && strcmp(place->slots[i].name, name) == 0)
            return &place->slots[i];
    return NULL;
}

static size_t slot_index(const struct place *place, const struct cib_pattern *pattern)
{
    bool attribute = pattern->kind == CIB_PATTERN_ATTRIBUTE;

    for (size_t i = 0; i < place->count; i++)
        if (place->slots[i].attribute == attribute && strcmp(place->slots[i].name, pattern->name) == 0)
            return i;
    abort(); /* add_slots() walked the same pattern */
}

static void add_slots(struct place *place, const struct cib_pattern *content)
{
    for (const struct cib_pattern *part = content->parts; part != NULL; part = part->next) {
        if (part->kind == CIB_PATTERN_REF) {
            add_slots(place, part->target);
        } else if (part->kind == CIB_PATTERN_ELEMENT || part->kind == CIB_PATTERN_ATTRIBUTE) {
            bool attribute = part->kind == CIB_PATTERN_ATTRIBUTE;

            if (part->name == NULL) {
                place->open = true;
            } else if (find_slot(place, attribute, part->name) == NULL) {
                assert(place->count < SLOTS_MAX);
                place->slots[place->count++] = (struct slot){.name = part->name, .attribute = attribute};
            }
        } else {
            add_slots(place, part);
        }
        if (place->open)
            return;
    }
}

static struct words slot_names(const struct place *place, bool attribute)
{
    struct words words = {.count = 0};

    for (size_t i = 0; i < place->count; i++)
        if (place->slots[i].attribute == attribute)
            add_word(&words, place->slots[i].name);
    if (words.count == 0)
        add_word(&words, attribute ? "no attributes" : "no elements inside");
    return words;
}

/* Looks for patterns of one attribute within content: adds what they take to words, and returns whether one
 * of them takes value. */
static bool attribute_takes(const struct cib_pattern *content, const char *name, const char *value,
                            struct words *words)
{
    bool takes = false;

    for (const struct cib_pattern *part = content->parts; part != NULL; part = part->next) {
        if (part->kind == CIB_PATTERN_REF) {
            takes |= attribute_takes(part->target, name, value, words);
        } else if (part->kind == CIB_PATTERN_ATTRIBUTE) {
            if (strcmp(part->name, name) != 0)
                continue;
            takes |= cib_pattern_accepts(part, value);
            value_words(part, words);
        } else if (part->kind != CIB_PATTERN_ELEMENT) {
            takes |= attribute_takes(part, name, value, words);
        }
    }
    return takes;
}

static struct hf_error *refuse_value(const struct place *place, const struct slot *slot,
                                     const struct words *expected)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf found = {0};

    hf_buf_puts(&found, "value '");
    put_shown(&found, slot->value);
    hf_buf_printf(&found, "' of %s in", slot->name);
    return refuse(place, place->element, hf_buf_text(&found), expected);
}

static struct hf_error *check_attribute(struct place *place, struct bag *bag, const xmlAttr *attribute)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf found = {0};
    const char *name = (const char *)attribute->name;
    struct slot *slot = attribute->ns == NULL ? find_slot(place, true, name) : NULL;
    struct words words = {.count = 0};

    if (slot == NULL) {
        words = slot_names(place, true);
        hf_buf_puts(&found, "attribute '");
        put_shown(&found, name);
        hf_buf_puts(&found, "' not allowed in");
        return refuse(place, place->element, hf_buf_text(&found), &words);
    }
    slot->value = hf_xml_get(place->element, name);
    bag->left[slot - place->slots] = 1;
    if (attribute_takes(place->pattern, name, slot->value, &words))
        return NULL;
    return refuse_value(place, slot, &words);
}

static bool is_blank(const xmlNode *text)
{
    return text->content == NULL || text->content[strspn((const char *)text->content, " \t\r\n")] == '\0';
}

static struct hf_error *check_child(struct place *place, struct bag *bag, const xmlNode *child)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf found = {0};
    struct slot *slot;
    struct words words;

    if (child->type == XML_COMMENT_NODE || child->type == XML_PI_NODE)
        return NULL;
    if (child->type != XML_ELEMENT_NODE) {
        if (is_blank(child))
            return NULL;
        hf_buf_puts(&found, "text '");
        put_shown(&found, (const char *)child->content);
        hf_buf_puts(&found, "' not allowed in");
        return refuse(place, child, hf_buf_text(&found), NULL);
    }
    slot = child->ns == NULL ? find_slot(place, false, (const char *)child->name) : NULL;
    if (slot != NULL) {
        slot->last = child;
        bag->left[slot - place->slots]++;
        return NULL;
    }
    words = slot_names(place, false);
    hf_buf_puts(&found, "element ");
    put_element(&found, child);
    hf_buf_puts(&found, " not allowed in");
    return refuse(place, child, hf_buf_text(&found), &words);
}

/* --- fitting the bag to the pattern --- */

static struct fit fit_pattern(const struct place *place, const struct cib_pattern *pattern, struct bag *bag);

static void add_fit(struct fit *sum, struct fit more)
{
    sum->used += more.used;
    sum->lacking += more.lacking;
    if (sum->missing == NULL)
        sum->missing = more.missing;
}

static struct fit fit_parts(const struct place *place, const struct cib_pattern *pattern, struct bag *bag)
{
    struct fit sum = {.used = 0};

    for (const struct cib_pattern *part = pattern->parts; part != NULL; part = part->next)
        add_fit(&sum, fit_pattern(place, part, bag));
    return sum;
}

static struct fit fit_item(const struct place *place, const struct cib_pattern *pattern, struct bag *bag)
{
    size_t i = slot_index(place, pattern);
    bool attribute = pattern->kind == CIB_PATTERN_ATTRIBUTE;

    if (bag->left[i] == 0 || (attribute && !cib_pattern_accepts(pattern, place->slots[i].value)))
        return (struct fit){.lacking = 1, .missing = pattern};
    bag->left[i]--;
    return (struct fit){.used = attribute && pattern->parts->kind == CIB_PATTERN_VALUE ? DISCRIMINATOR : 1};
}

/* The branch that uses most, and of those the one that lacks least. */
static struct fit fit_choice(const struct place *place, const struct cib_pattern *pattern, struct bag *bag)
{
    struct fit best = {.lacking = UINT32_MAX};
    struct bag best_bag = *bag;

    for (const struct cib_pattern *part = pattern->parts; part != NULL; part = part->next) {
        struct bag branch_bag = *bag;
        struct fit fit = fit_pattern(place, part, &branch_bag);

        if (fit.used < best.used || (fit.used == best.used && fit.lacking >= best.lacking))
            continue;
        best = fit;
        best_bag = branch_bag;
    }
    if (best.used == 0 && best.lacking > 0)
        best = (struct fit){.lacking = 1, .missing = pattern};
    *bag = best_bag;
    return best;
}

/* As often as it uses anything. */
static struct fit fit_many(const struct place *place, const struct cib_pattern *pattern, struct bag *bag,
                           bool once)
{
    struct fit sum = {.used = 0};

    do {
        struct bag before = *bag;
        struct fit fit = fit_parts(place, pattern, bag);

        if (fit.used == 0) {
            *bag = before;
            break;
        }
        add_fit(&sum, fit);
    } while (!once && sum.lacking == 0);
    return sum;
}

static struct fit fit_pattern(const struct place *place, const struct cib_pattern *pattern, struct bag *bag)
{
    struct fit fit;

    switch (pattern->kind) {
    case CIB_PATTERN_REF:
        return fit_parts(place, pattern->target, bag);
    case CIB_PATTERN_GROUP:
        return fit_parts(place, pattern, bag);
    case CIB_PATTERN_CHOICE:
        return fit_choice(place, pattern, bag);
    case CIB_PATTERN_ELEMENT:
    case CIB_PATTERN_ATTRIBUTE:
        return fit_item(place, pattern, bag);
    case CIB_PATTERN_OPTIONAL:
        return fit_many(place, pattern, bag, true);
    case CIB_PATTERN_SOME:
        fit = fit_parts(place, pattern, bag);
        if (fit.lacking == 0)
            add_fit(&fit, fit_many(place, pattern, bag, false));
        return fit;
    case CIB_PATTERN_MANY:
        return fit_many(place, pattern, bag, false);
    case CIB_PATTERN_VALUE:
    case CIB_PATTERN_DATA:
    case CIB_PATTERN_TEXT:
    case CIB_PATTERN_EMPTY:
        break;
    }
    return (struct fit){.used = 0};
}

/* The things with which a pattern can begin: "attribute 'rsc'", "<resource_set>". */
static void beginnings(const struct cib_pattern *pattern, struct words *words, char **owned, size_t *count)
{
    if (pattern->kind == CIB_PATTERN_REF) {
        beginnings(pattern->target, words, owned, count);
    } else if (pattern->kind == CIB_PATTERN_ATTRIBUTE || pattern->kind == CIB_PATTERN_ELEMENT) {
        if (*count == SLOTS_MAX)
            return;
        owned[*count] = pattern->kind == CIB_PATTERN_ELEMENT ? hf_asprintf("<%s>", pattern->name)
                                                             : hf_asprintf("attribute '%s'", pattern->name);
        add_word(words, owned[(*count)++]);
    } else if (pattern->kind == CIB_PATTERN_CHOICE) {
        for (const struct cib_pattern *part = pattern->parts; part != NULL; part = part->next)
            beginnings(part, words, owned, count);
    } else if (pattern->parts != NULL) {
        beginnings(pattern->parts, words, owned, count);
    }
}

static struct hf_error *refuse_missing(const struct place *place, const struct cib_pattern *missing)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf found = {0};
    struct words words = {.count = 0}, expected = {.count = 0};
    struct hf_error *error;
    char *owned[SLOTS_MAX];
    size_t count = 0;

    if (missing->kind == CIB_PATTERN_ATTRIBUTE) {
        const struct slot *slot = &place->slots[slot_index(place, missing)];

        value_words(missing, &expected);
        if (slot->value != NULL) /* it is there, with a value that goes with something else */
            return refuse_value(place, slot, &expected);
    }
    beginnings(missing, &words, owned, &count);
    put_words(&found, &words);
    hf_buf_puts(&found, " missing in");
    error = refuse(place, place->element, hf_buf_text(&found), &expected);
    for (size_t i = 0; i < count; i++)
        free(owned[i]);
    return error;
}

static bool mentions(const struct place *place, const struct cib_pattern *pattern, size_t slot)
{
    if (pattern->kind == CIB_PATTERN_REF)
        return mentions(place, pattern->target, slot);
    if (pattern->kind == CIB_PATTERN_ATTRIBUTE || pattern->kind == CIB_PATTERN_ELEMENT)
        return slot_index(place, pattern) == slot;
    for (const struct cib_pattern *part = pattern->parts; part != NULL; part = part->next)
        if (mentions(place, part, slot))
            return true;
    return false;
}

/* Something present that excludes what is in slot: they are in different branches of one choice. */
static const struct slot *find_rival(const struct place *place, const struct cib_pattern *content,
                                     size_t slot)
{
    const struct slot *rival = NULL;

    for (const struct cib_pattern *part = content->parts; part != NULL && rival == NULL; part = part->next)
        if (part->kind != CIB_PATTERN_ATTRIBUTE && part->kind != CIB_PATTERN_ELEMENT)
            rival = find_rival(place, part->kind == CIB_PATTERN_REF ? part->target : part, slot);
    if (rival != NULL || content->kind != CIB_PATTERN_CHOICE || !mentions(place, content, slot))
        return rival;
    for (const struct cib_pattern *part = content->parts; part != NULL; part = part->next)
        for (size_t i = 0; i < place->count && !mentions(place, part, slot); i++)
            if ((place->slots[i].value != NULL || place->slots[i].last != NULL) && mentions(place, part, i))
                return &place->slots[i];
    return NULL;
}

static void put_slot(struct hf_buf *buf, const struct slot *slot)
{
    hf_buf_printf(buf, slot->attribute ? "attribute '%s'" : "element <%s>", slot->name);
}

static struct hf_error *refuse_leftover(const struct place *place, size_t i)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf found = {0};
    const struct slot *slot = &place->slots[i], *rival = find_rival(place, place->pattern, i);
    const xmlNode *at = slot->attribute ? place->element : slot->last;

    if (rival == NULL && !slot->attribute) {
        hf_buf_printf(&found, "more <%s> than the one allowed in", slot->name);
        return refuse(place, at, hf_buf_text(&found), NULL);
    }
    put_slot(&found, slot);
    if (rival != NULL && rival->attribute) {
        hf_buf_printf(&found, " not allowed together with %s='", rival->name);
        put_shown(&found, rival->value);
        hf_buf_puts(&found, "' in");
    } else if (rival != NULL) {
        hf_buf_printf(&found, " not allowed together with <%s> in", rival->name);
    } else {
        hf_buf_puts(&found, " not allowed beside the others of");
    }
    return refuse(place, at, hf_buf_text(&found), NULL);
}

/* --- the walk --- */

static struct hf_error *check_combination(const struct place *place, struct bag *bag)
{
    struct fit fit = fit_parts(place, place->pattern, bag);

    if (fit.missing != NULL)
        return refuse_missing(place, fit.missing);
    for (size_t i = 0; i < place->count; i++)
        if (bag->left[i] > 0)
            return refuse_leftover(place, i);
    return NULL;
}

static struct hf_error *check_inside(const struct place *place)
{
    HF_XML_EACH_ANY (child, place->element) {
        struct cib_candidates candidates = {.count = 0};
        struct hf_error *error;

        cib_pattern_elements(place->pattern, (const char *)child->name, &candidates);
        error = explain_element(place->table, candidates.item[0], child, place->source);
        if (error != NULL)
            return error;
    }
    return NULL;
}

static struct hf_error *explain_element(const struct cib_schema_table *table,
                                        const struct cib_pattern *pattern, const xmlNode *element,
                                        const char *source)
{
    struct place place = {.table = table, .pattern = pattern, .element = element, .source = source};
    struct bag bag = {.left = {0}};
    struct hf_error *error = NULL;

    add_slots(&place, pattern);
    if (place.open)
        return NULL;
    for (const xmlAttr *a = element->properties; a != NULL && error == NULL; a = a->next)
        error = check_attribute(&place, &bag, a);
    for (const xmlNode *child = element->children; child != NULL && error == NULL; child = child->next)
        error = check_child(&place, &bag, child);
    if (error == NULL)
        error = check_combination(&place, &bag);
    if (error == NULL)
        error = check_inside(&place);
    return error;
}

/* An element that may not stand where it is, or nowhere. */
static struct hf_error *refuse_presence(const struct cib_schema_table *table, const xmlNode *element,
                                        const char *source)
{
    struct place place = {.table = table, .element = element->parent, .source = source};
    struct bag bag = {.left = {0}};
    struct cib_candidates above = {.count = 0};

    if (element->parent != NULL && element->parent->type == XML_ELEMENT_NODE)
        above = cib_schema_candidates(table, element->parent);
    if (above.count == 0)
        return hf_error_new(HF_REFUSED,
                            "%s:%ld: element <%s> is not part of a CIB: expected cib, "
                            "configuration or an element of the configuration",
                            source, xmlGetLineNo(element), (const char *)element->name);
    place.pattern = above.item[0];
    add_slots(&place, place.pattern);
    return check_child(&place, &bag, element);
}

struct hf_error *cib_schema_explain(const struct cib_schema_table *table,
                                    const struct cib_candidates *candidates, const xmlNode *element,
                                    const char *source)
{
    struct hf_error *first = NULL;

    if (candidates->count == 0)
        return refuse_presence(table, element, source);
    for (size_t i = 0; i < candidates->count; i++) {
        struct hf_error *error = explain_element(table, candidates->item[i], element, source);

        if (error == NULL) {
            hf_error_free(first);
            return NULL;
        }
        if (first == NULL)
            first = error;
        else
            hf_error_free(error);
    }
    return first;
}
