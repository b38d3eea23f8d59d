/* ids.c - see ids.h. */
#include "cli/crm/ids.h"

#include <ctype.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/xml.h"

static const char *name_of(const xmlNode *node)
{
    return (const char *)node->name;
}

static bool listed(const char *name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

bool crm_id_is_elsewhere(const char *name)
{
    static const char *const elsewhere[] = {"resource_ref", "obj_ref", "role", "role_ref",
                                            "member",       "node",    NULL};

    return listed(name, elsewhere);
}

bool crm_id_is_silent(const char *name)
{
    static const char *const silent[] = {"nvpair",         "op",
                                         "expression",     "date_expression",
                                         "date_spec",      "duration",
                                         "resource_set",   "fencing-level",
                                         "rsc_expression", "op_expression",
                                         "attribute",      NULL};

    return listed(name, silent);
}

/* An empty one of these has to be written by its id. */
static const char *const attribute_lists[] = {"instance_attributes", "meta_attributes", "utilization", NULL};

/* Elements whose id the schema wants. */
static bool needs_id(const xmlNode *element)
{
    static const char *const named[] = {"cluster_property_set",
                                        "instance_attributes",
                                        "meta_attributes",
                                        "utilization",
                                        "nvpair",
                                        "op",
                                        "rule",
                                        "expression",
                                        "date_expression",
                                        "date_spec",
                                        "duration",
                                        "resource_set",
                                        "fencing-level",
                                        "rsc_expression",
                                        "op_expression",
                                        "attribute",
                                        "acl_permission",
                                        "recipient",
                                        "port-mapping",
                                        "storage-mapping",
                                        NULL};

    if (hf_xml_get(element, "id-ref") != NULL)
        return false;
    return listed(name_of(element), named);
}

bool crm_is_id(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    if (!isalpha(*c) && *c != '_' && *c < 0x80)
        return false;
    for (; *c != '\0'; c++)
        if (*c < 0x80 && !isalnum(*c) && strchr("._-", *c) == NULL)
            return false;
    return true;
}

/* --- sets of ids --- */

crm_id_set *crm_id_set_new(void)
{
    return xmlHashCreate(64);
}

void crm_id_set_free(crm_id_set *ids)
{
    xmlHashFree(ids, NULL);
}

static void add_id(crm_id_set *ids, const char *id)
{
    if (id != NULL && xmlHashLookup(ids, (const xmlChar *)id) == NULL)
        xmlHashAddEntry(ids, (const xmlChar *)id, ids);
}

bool crm_id_set_has(const crm_id_set *ids, const char *id)
{
    return id != NULL && ids != NULL && xmlHashLookup((crm_id_set *)ids, (const xmlChar *)id) != NULL;
}

void crm_id_set_collect(crm_id_set *ids, const xmlNode *element)
{
    if (!crm_id_is_elsewhere(name_of(element)))
        add_id(ids, hf_xml_get(element, "id"));
    HF_XML_EACH_ANY (child, element)
        crm_id_set_collect(ids, child);
}

void crm_id_set_references(crm_id_set *ids, const xmlNode *element)
{
    add_id(ids, hf_xml_get(element, "id-ref"));
    if (strcmp(name_of(element), "acl_permission") == 0)
        add_id(ids, hf_xml_get(element, "reference"));
    HF_XML_EACH_ANY (child, element)
        crm_id_set_references(ids, child);
}

/* --- naming --- */

/* Text with what an id cannot have replaced by '_'. */
static void put_clean(struct hf_buf *id, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        hf_buf_putc(id, isalnum(c) || c >= 0x80 || strchr("._-", c) != NULL ? *text : '_');
    }
}

/* The part of an element's id that follows its parent's. */
static void put_own_part(struct hf_buf *id, const xmlNode *element)
{
    const char *name = name_of(element);

    if (strcmp(name, "nvpair") == 0)
        put_clean(id, hf_xml_get_or(element, "name", "nvpair"));
    else if (strcmp(name, "op") == 0)
        hf_buf_printf(id, "%s-%s", hf_xml_get_or(element, "name", "op"),
                      hf_xml_get_or(element, "interval", "0"));
    else if (strcmp(name, "acl_permission") == 0)
        hf_buf_puts(id, hf_xml_get_or(element, "kind", "permission"));
    else if (strcmp(name, "resource_set") == 0)
        hf_buf_puts(id, "set");
    else if (strcmp(name, "rule") != 0 && strstr(name, "expression") != NULL)
        hf_buf_puts(id, "expression");
    else if (strcmp(name, "attribute") == 0)
        put_clean(id, hf_xml_get_or(element, "name", "attribute"));
    else
        hf_buf_puts(id, name);
}

/* The first of BASE, BASE-0, BASE-1, ... that is free; the caller's. */
static char *free_id(const crm_id_set *ids, const char *base)
{
    char *id = hf_strdup(base);

    for (int i = 0; crm_id_set_has(ids, id); i++) {
        free(id);
        id = hf_asprintf("%s-%d", base, i);
    }
    return id;
}

static char *default_id(const xmlNode *element, const char *parent)
{
    struct hf_buf id = {0}, clean = {0};

    if (strcmp(name_of(element), "fencing-level") == 0) {
        const char *target = hf_xml_get(element, "target");

        target = target != NULL ? target : hf_xml_get(element, "target-pattern");
        target = target != NULL ? target : hf_xml_get_or(element, "target-value", "all");
        hf_buf_printf(&id, "fl-%s-%s", target, hf_xml_get_or(element, "index", "1"));
    } else {
        if (parent != NULL)
            hf_buf_printf(&id, "%s-", parent);
        put_own_part(&id, element);
    }
    put_clean(&clean, hf_buf_text(&id));
    if (!isalpha((unsigned char)clean.data[0]) && clean.data[0] != '_' &&
        (unsigned char)clean.data[0] < 0x80) {
        hf_buf_reset(&id);
        hf_buf_printf(&id, "id-%s", clean.data);
        hf_buf_free(&clean);
        return hf_buf_take(&id);
    }
    hf_buf_free(&id);
    return hf_buf_take(&clean);
}

void crm_name(xmlNode *element, crm_id_set *ids, const char *base)
{
    const char *own;

    if (hf_xml_get(element, "id") == NULL && needs_id(element)) {
        HF_CLEANUP(hf_freep) char *wanted = default_id(element, base);
        HF_CLEANUP(hf_freep) char *id = free_id(ids, wanted);

        hf_xml_set(element, "id", id);
        add_id(ids, id);
    }
    /* The language names a node by its name and numbers it only in the CIB. */
    own = strcmp(name_of(element), "node") == 0 ? hf_xml_get(element, "uname") : hf_xml_get(element, "id");
    if (strcmp(name_of(element), "operations") == 0)
        own = base;
    HF_XML_EACH_ANY (child, element)
        crm_name(child, ids, own != NULL ? own : base);
}

void crm_imply(xmlNode *element, crm_id_set *ids, const char *base, const crm_id_set *significant)
{
    HF_CLEANUP(hf_freep) char *actual = hf_strdup(hf_xml_get(element, "id"));
    const char *own = strcmp(name_of(element), "node") == 0 ? hf_xml_get(element, "uname") : actual;

    if (actual != NULL && needs_id(element)) {
        HF_CLEANUP(hf_freep) char *wanted = default_id(element, base);
        HF_CLEANUP(hf_freep) char *given = free_id(ids, wanted);
        bool empty_list = hf_xml_child(element, NULL) == NULL && listed(name_of(element), attribute_lists);
        bool implied = !empty_list && (strcmp(given, actual) == 0 || (crm_id_is_silent(name_of(element)) &&
                                                                      !crm_id_set_has(significant, actual)));

        if (implied)
            hf_xml_set(element, "id", NULL);
        add_id(ids, implied ? given : actual);
    }
    if (strcmp(name_of(element), "operations") == 0)
        own = base;
    HF_XML_EACH_ANY (child, element)
        crm_imply(child, ids, own != NULL ? own : base, significant);
}

/* --- counterparts --- */

static bool same_attribute(const xmlNode *a, const xmlNode *b, const char *name)
{
    return strcmp(hf_xml_get_or(a, name, ""), hf_xml_get_or(b, name, "")) == 0;
}

/* The attributes that tell elements of one name apart besides their order. */
static const char *const *keys_of(const char *name)
{
    static const char *const nvpair[] = {"name", "id-ref", NULL},
                             *const op[] = {"name", "interval", "role", NULL},
                             *const level[] = {"target",       "target-pattern", "target-attribute",
                                               "target-value", "index",          NULL},
                             *const recipient[] = {"value", NULL}, *const port[] = {"port", "range", NULL},
                             *const storage[] = {"target-dir", NULL}, *const none[] = {NULL};

    if (strcmp(name, "nvpair") == 0 || strcmp(name, "attribute") == 0)
        return nvpair;
    if (strcmp(name, "op") == 0)
        return op;
    if (strcmp(name, "fencing-level") == 0)
        return level;
    if (strcmp(name, "recipient") == 0)
        return recipient;
    if (strcmp(name, "port-mapping") == 0)
        return port;
    return strcmp(name, "storage-mapping") == 0 ? storage : none;
}

static bool may_be_counterparts(const xmlNode *a, const xmlNode *b)
{
    const char *id = hf_xml_get(a, "id");

    if (strcmp(name_of(a), name_of(b)) != 0)
        return false;
    if (id != NULL)
        return same_attribute(a, b, "id");
    for (const char *const *key = keys_of(name_of(a)); *key != NULL; key++)
        if (!same_attribute(a, b, *key))
            return false;
    return true;
}

/* Elements that are in the old document only once may have an id that the language does not write. */
static bool adopts_id(const xmlNode *written, const xmlNode *old)
{
    return hf_xml_get(written, "id") == NULL && hf_xml_get(old, "id") != NULL &&
           hf_xml_get(written, "id-ref") == NULL && (needs_id(written) || hf_xml_is(written, "node"));
}

/* What an attribute means when it is missing, for those that the language writes by brackets or not at all.
 */
static const char *meaning_of_nothing(const xmlNode *element, const char *attribute)
{
    if (hf_xml_is(element, "resource_set") &&
        (strcmp(attribute, "sequential") == 0 || strcmp(attribute, "require-all") == 0))
        return "true";
    if (hf_xml_is(element, "rule") && strcmp(attribute, "boolean-op") == 0)
        return "and";
    return NULL;
}

static bool has_several(const xmlNode *rule)
{
    const xmlNode *first = hf_xml_child(rule, NULL);

    return first != NULL && hf_xml_next(first, NULL) != NULL;
}

/* The value of an attribute with what it means if it is missing; NULL if it is missing and means nothing. */
static const char *meant(const xmlNode *element, const char *attribute)
{
    const char *value = hf_xml_get(element, attribute), *nothing = meaning_of_nothing(element, attribute);

    if (hf_xml_is(element, "rule") && nothing != NULL && !has_several(element))
        return nothing;
    return value != NULL ? value : nothing;
}

static void adopt_spelling(xmlNode *written, const xmlNode *old)
{
    static const char *const attributes[] = {"sequential", "require-all", "boolean-op", NULL};

    for (const char *const *name = attributes; *name != NULL; name++) {
        const char *now = meant(written, *name), *before = meant(old, *name);

        if (now != NULL && before != NULL && strcmp(now, before) == 0)
            hf_xml_set(written, *name, hf_xml_get(old, *name));
    }
}

/* Children of two kinds stand in one element, and which kind comes first means nothing: the members of a
 * container beside its attribute sets, the rules of an attribute set beside its nvpairs. */
static bool is_apart(const xmlNode *child)
{
    static const char *const apart[] = {"member", "primitive", "group", "clone", "master", "bundle", NULL};

    if (hf_xml_is(child, "rule"))
        return child->parent != NULL && !hf_xml_is(child->parent, "rsc_location") &&
               !hf_xml_is(child->parent, "rule");
    return listed(name_of(child), apart);
}

static xmlNode *first_of_kind(const xmlNode *parent, bool apart)
{
    xmlNode *child = hf_xml_child(parent, NULL);

    while (child != NULL && is_apart(child) != apart)
        child = hf_xml_next(child, NULL);
    return child;
}

/* Puts the two kinds in the order in which they alternate in old; each kind keeps its own order. */
static void adopt_order(xmlNode *written, const xmlNode *old)
{
    xmlNode *done = xmlNewNode(NULL, written->name), *child;

    if (first_of_kind(written, true) == NULL || first_of_kind(written, false) == NULL) {
        xmlFreeNode(done);
        return;
    }
    /* is_apart() asks a rule for its parent, so those that wait stay in written. */
    HF_XML_EACH_ANY (model, old) {
        if ((child = first_of_kind(written, is_apart(model))) == NULL)
            continue;
        xmlUnlinkNode(child);
        xmlAddChild(done, child);
    }
    while ((child = hf_xml_child(written, NULL)) != NULL) {
        xmlUnlinkNode(child);
        xmlAddChild(done, child);
    }
    while ((child = hf_xml_child(done, NULL)) != NULL) {
        xmlUnlinkNode(child);
        xmlAddChild(written, child);
    }
    xmlFreeNode(done);
}

static bool is_empty_operations(const xmlNode *element)
{
    return hf_xml_is(element, "operations") && hf_xml_child(element, NULL) == NULL &&
           element->properties == NULL;
}

/* What the language cannot write: an empty <operations/>. */
static void adopt_empty_operations(xmlNode *written, const xmlNode *old)
{
    const xmlNode *empty = hf_xml_child(old, "operations");
    xmlNode *place = hf_xml_child(written, NULL);

    if (empty == NULL || !is_empty_operations(empty) || hf_xml_child(written, "operations") != NULL)
        return;
    for (const xmlNode *before = hf_xml_child(old, NULL); before != empty && place != NULL;
         before = hf_xml_next(before, NULL))
        place = hf_xml_next(place, NULL);
    if (place != NULL)
        xmlAddPrevSibling(place, xmlNewNode(NULL, (const xmlChar *)"operations"));
    else
        hf_xml_add(written, "operations");
}

enum { ADOPT_WIDTH = 4096 };

void crm_adopt(xmlNode *written, const xmlNode *old)
{
    bool taken[ADOPT_WIDTH] = {false};

    adopt_spelling(written, old);
    adopt_order(written, old);
    adopt_empty_operations(written, old);
    if (adopts_id(written, old))
        hf_xml_set(written, "id", hf_xml_get(old, "id"));
    HF_XML_EACH_ANY (child, written) {
        size_t i = 0;

        HF_XML_EACH_ANY (candidate, old) {
            if (i == ADOPT_WIDTH)
                break;
            if (!taken[i] && may_be_counterparts(child, candidate)) {
                taken[i] = true;
                crm_adopt(child, candidate);
                break;
            }
            i++;
        }
    }
}

/* --- comparing --- */

static bool same_attributes(const xmlNode *a, const xmlNode *b, bool exact, const crm_id_set *significant)
{
    for (const xmlAttr *attribute = a->properties; attribute != NULL; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;
        const char *left = exact ? hf_xml_get(a, name) : meant(a, name);
        const char *right = exact ? hf_xml_get(b, name) : meant(b, name);

        if (strcmp(name, "id") == 0 && !exact && crm_id_is_silent(name_of(a)) &&
            !crm_id_set_has(significant, left) && !crm_id_set_has(significant, right))
            continue;
        if (right == NULL || strcmp(left, right) != 0)
            return false;
    }
    return true;
}

/* The next child that counts: if not exact, only of one kind (is_apart()), and no empty <operations/>. */
static const xmlNode *next_counted(const xmlNode *parent, const xmlNode *child, bool exact, bool apart)
{
    do {
        child = child == NULL ? hf_xml_child(parent, NULL) : hf_xml_next(child, NULL);
    } while (child != NULL && !exact && (is_empty_operations(child) || is_apart(child) != apart));
    return child;
}

static bool same_children(const xmlNode *a, const xmlNode *b, bool exact, bool apart,
                          const crm_id_set *significant)
{
    const xmlNode *left = next_counted(a, NULL, exact, apart), *right = next_counted(b, NULL, exact, apart);

    while (left != NULL && right != NULL && crm_same(left, right, exact, significant)) {
        left = next_counted(a, left, exact, apart);
        right = next_counted(b, right, exact, apart);
    }
    return left == NULL && right == NULL;
}

bool crm_same(const xmlNode *a, const xmlNode *b, bool exact, const crm_id_set *significant)
{
    if (strcmp(name_of(a), name_of(b)) != 0 || !same_attributes(a, b, exact, significant) ||
        !same_attributes(b, a, exact, significant))
        return false;
    return same_children(a, b, exact, false, significant) &&
           (exact || same_children(a, b, exact, true, significant));
}
