/* test_schema.c - the grammar of the CIB: what it takes, what it refuses and in which words.
 *
 * Accepted: schema-full.xml beside this file, and all 570 inputs of Pacemaker's regression suite that
 * are at hand (HOLDFAST_SHARED, by default ../shared beside the source tree).  None of them is refused:
 * of those that still declare a vocabulary before 3.0 (pacemaker-1.3, 2.5 to 2.10; ten cases) each happens
 * to use only words that 3.9 has too.
 *
 * Refused: schema-full.xml broken in every place in every way of the tables below, which were written by hand
 * from the documentation and not from the grammar; each time the message must name place and expectation.
 * Last, random damage to the 570 inputs, where libxml2's verdict and our own walk must agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <malloc.h>

#include "daemon/cib/schema-explain.h"
#include "daemon/cib/schema-text.h"
#include "daemon/cib/schema.h"
#include "lib/buf.h"
#include "lib/xml.h"

static struct cib_schema *schema;
static struct cib_schema_table *table;

static char *source_path(const char *name)
{
    const char *top = getenv("srcdir");

    return hf_asprintf("%s/%s", top != NULL ? top : ".", name);
}

static xmlDoc *load(const char *path)
{
    xmlDoc *document;
    struct hf_error *error = hf_xml_parse_file(path, 64 << 20, &document);

    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
    return document;
}

static xmlDoc *load_full(void)
{
    HF_CLEANUP(hf_freep) char *path = source_path("tests/unit/schema-full.xml");

    return load(path);
}

/* The message, NULL if accepted; the caller frees.  Also asserts that libxml2 and the walk agree. */
static char *check(const xmlNode *element)
{
    struct cib_candidates candidates = cib_schema_candidates(table, element);
    struct hf_error *error = cib_schema_check(schema, element, "test");
    struct hf_error *walked = cib_schema_explain(table, &candidates, element, "test");
    char *message = error != NULL ? hf_strdup(hf_error_text(error)) : NULL;

    if ((error == NULL) != (walked == NULL)) {
        char *text = hf_xml_text(element, true);

        print_message("%.4000s\n", text);
        free(text);
        fail_msg("libxml2: %s; walk: %s", error != NULL ? message : "valid",
                 walked != NULL ? hf_error_text(walked) : "valid");
    }
    if (error != NULL)
        assert_int_equal(hf_error_kind(error), HF_REFUSED);
    hf_error_free(error);
    hf_error_free(walked);
    return message;
}

static void assert_accepted(const xmlNode *element, const char *what)
{
    char *message = check(element);

    if (message != NULL)
        fail_msg("%s: %s", what, message);
}

/* Refused, with each of the texts (up to NULL) in the message. */
static void assert_refused(const xmlNode *element, const char *what, ...)
{
    char *message = check(element);
    const char *text;
    va_list texts;

    if (message == NULL)
        fail_msg("%s: accepted", what);
    va_start(texts, what);
    while ((text = va_arg(texts, const char *)) != NULL)
        if (strstr(message, text) == NULL)
            fail_msg("%s: '%s' does not say '%s'", what, message, text);
    va_end(texts);
    free(message);
}

/* --- every element, broken --- */

/* Attributes that an element cannot do without where it has them ("a@b": only beside b, "a-b": only where
 * b is not), and those that do not take any value. */
static const struct expectation {
    const char *element, *needed, *typed;
} expectations[] = {
    {"cib", "admin_epoch epoch num_updates",
     "admin_epoch epoch num_updates have-quorum no-quorum-panic remote-tls-port remote-clear-port "
     "validate-with"},
    {"cluster_property_set", "id id-ref", "id id-ref score"},
    {"meta_attributes", "id id-ref", "id id-ref score"},
    {"instance_attributes", "id id-ref", "id id-ref score"},
    {"utilization", "id id-ref", "id id-ref score"},
    {"nvpair", "id id-ref name@id", "id id-ref"},
    {"rule", "id id-ref", "id id-ref boolean-op score"},
    {"expression", "id attribute operation", "id operation type value-source"},
    {"rsc_expression", "id", "id"},
    {"op_expression", "id name", "id"},
    {"date_expression", "id operation start-end end-start", "id operation"},
    {"duration", "id", "id"},
    {"date_spec", "id", "id"},
    {"node", "id uname", "type score"},
    {"template", "id class type", "id class"},
    {"primitive", "id class type provider template", "id class template"},
    {"operations", "", "id id-ref"},
    {"op", "id name interval", "id enabled record-pending role on-fail"},
    {"group", "id", "id"},
    {"clone", "id", "id"},
    {"master", "id", "id"},
    {"bundle", "id", "id"},
    {"podman", "image", "replicas replicas-per-host promoted-max masters"},
    {"docker", "image", "replicas replicas-per-host promoted-max masters"},
    {"rkt", "image", "replicas replicas-per-host promoted-max masters"},
    {"network", "", "control-port host-netmask add-host"},
    {"port-mapping", "id port range", "id port internal-port range"},
    {"storage-mapping", "id target-dir source-dir source-dir-root", "id"},
    {"rsc_location", "id rsc rsc-pattern node score", "id rsc role score resource-discovery"},
    {"resource_set", "id id-ref", "id id-ref sequential require-all ordering action role score kind"},
    {"resource_ref", "id", "id"},
    {"rsc_colocation", "id rsc with-rsc", "id rsc with-rsc rsc-role with-rsc-role score"},
    {"rsc_order", "id first then",
     "id first then first-action then-action kind symmetrical require-all score"},
    {"rsc_ticket", "id rsc ticket", "id rsc rsc-role loss-policy"},
    {"tag", "id", "id"},
    {"obj_ref", "id", ""},
    {"acl_target", "id", ""},
    {"acl_group", "id", "id"},
    {"acl_role", "id", "id"},
    {"role", "id", "id"},
    {"acl_permission", "id kind xpath reference object-type", "id kind reference"},
    {"alert", "id path", "id"},
    {"recipient", "id value", "id"},
    {"attribute", "id name", "id"},
    {"fencing-level", "id target target-pattern target-attribute target-value index devices",
     "id index devices"},
};

/* Elements of which there is one at most where they are. */
static const char singles[] =
    " configuration status crm_config rsc_defaults op_defaults nodes resources constraints tags acls alerts "
    "fencing-topology operations podman docker rkt network storage select select_nodes select_fencing "
    "select_resources select_attributes date_spec duration lifetime ";

/* Elements without which the one around them makes no sense (child of parent). */
static const char *const indispensable[][2] = {
    {"configuration", "cib"},
    {"crm_config", "configuration"},
    {"nodes", "configuration"},
    {"resources", "configuration"},
    {"constraints", "configuration"},
    {"primitive", "group"},
    {"group", "clone"},
    {"primitive", "master"},
    {"podman", "bundle"},
    {"docker", "bundle"},
    {"rkt", "bundle"},
    {"resource_ref", "resource_set"},
    {"obj_ref", "tag"},
    {"rule", "lifetime"},
    {"date_spec", "date_expression"},
    {"resource_set", "rsc_location"},
    {"resource_set", "rsc_colocation"},
    {"resource_set", "rsc_order"},
    {"resource_set", "rsc_ticket"},
    {"op_expression", "rule"},
    {"rule", "rsc_location"},
};

static bool listed(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static const struct expectation *expected_of(const xmlNode *element)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(expectations); i++)
        if (hf_xml_is(element, expectations[i].element))
            return &expectations[i];
    return NULL;
}

static bool is_needed(const xmlNode *element, const char *attribute)
{
    const struct expectation *expectation = expected_of(element);
    static const char *const others[] = {"id", "start", "end"};

    if (expectation == NULL)
        return false;
    if (listed(expectation->needed, attribute))
        return true;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(others); i++) {
        HF_CLEANUP(hf_freep) char *beside = hf_asprintf("%s@%s", attribute, others[i]);
        HF_CLEANUP(hf_freep) char *without = hf_asprintf("%s-%s", attribute, others[i]);
        bool there = hf_xml_get(element, others[i]) != NULL;

        if ((there && listed(expectation->needed, beside)) ||
            (!there && listed(expectation->needed, without)))
            return true;
    }
    return false;
}

static void break_attribute(xmlNode *element, const char *name)
{
    const struct expectation *expectation = expected_of(element);
    HF_CLEANUP(hf_freep) char *value = hf_strdup(hf_xml_get(element, name));
    HF_CLEANUP(hf_freep)
    char *what = hf_asprintf("line %ld: %s of %s", xmlGetLineNo(element), name, element->name);
    HF_CLEANUP(hf_freep) char *place = hf_asprintf("test:%ld: ", xmlGetLineNo(element));
    HF_CLEANUP(hf_freep) char *bad = hf_asprintf("value '?no such' of %s in <%s", name, element->name);

    hf_xml_set(element, name, NULL);
    if (is_needed(element, name))
        assert_refused(element, what, place, (const char *)element->name, NULL);
    else
        assert_accepted(element, what);
    hf_xml_set(element, name, "?no such");
    if (expectation != NULL && listed(expectation->typed, name))
        assert_refused(element, what, place, bad, ": expected ", NULL);
    else
        assert_accepted(element, what);
    hf_xml_set(element, name, value);
}

static void break_attributes(xmlNode *element)
{
    struct {
        char *name;
    } names[32];
    size_t count = 0;

    for (const xmlAttr *a = element->properties; a != NULL; a = a->next) {
        assert_true(count < HF_ARRAY_LENGTH(names));
        names[count++].name = hf_strdup((const char *)a->name);
    }
    for (size_t i = 0; i < count; i++) {
        break_attribute(element, names[i].name);
        free(names[i].name);
    }
    hf_xml_set(element, "bogus", "1");
    assert_refused(element, "unknown attribute", "attribute 'bogus' not allowed in <",
                   (const char *)element->name, ": expected ", NULL);
    hf_xml_set(element, "bogus", NULL);
    assert_accepted(element, "restored");
}

static bool is_set_with_id(const xmlNode *element)
{
    return (hf_xml_is(element, "cluster_property_set") || hf_xml_is(element, "meta_attributes") ||
            hf_xml_is(element, "instance_attributes") || hf_xml_is(element, "utilization")) &&
           hf_xml_get(element, "id") != NULL;
}

static void break_content(xmlNode *element)
{
    xmlNode *bogus = hf_xml_add(element, "bogus"), *pair, *text;

    assert_refused(element, "unknown child", "element <bogus> not allowed in <", (const char *)element->name,
                   ": expected ", NULL);
    hf_xml_remove(bogus);
    pair = hf_xml_add(element, "nvpair");
    hf_xml_set(pair, "id", "extra");
    hf_xml_set(pair, "name", "extra");
    if (is_set_with_id(element))
        assert_accepted(element, "another nvpair");
    else
        assert_refused(element, "foreign child", "nvpair", (const char *)element->name, NULL);
    hf_xml_remove(pair);
    text = xmlNewText((const xmlChar *)"loose words");
    xmlAddChild(element, text);
    assert_refused(element, "text", "text 'loose words' not allowed in <", (const char *)element->name, NULL);
    xmlUnlinkNode(text);
    xmlFreeNode(text);
}

static void break_place(xmlNode *element)
{
    xmlNode *parent = element->parent, *copy;
    HF_CLEANUP(hf_freep) char *name = hf_strdup((const char *)element->name);

    if (listed(singles, name)) {
        copy = xmlCopyNode(element, 1);
        xmlAddNextSibling(element, copy);
        assert_refused(parent, name, name, (const char *)parent->name, NULL);
        hf_xml_remove(copy);
    }
    xmlNodeSetName(element, (const xmlChar *)"bogus");
    assert_refused(parent, name, "element <bogus", "> not allowed in <", (const char *)parent->name,
                   ": expected ", NULL);
    assert_refused(element, name, "element <bogus", "> not allowed in <", (const char *)parent->name, NULL);
    xmlNodeSetName(element, (const xmlChar *)name);
}

static bool is_indispensable(const xmlNode *element)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(indispensable); i++)
        if (hf_xml_is(element, indispensable[i][0]) && hf_xml_is(element->parent, indispensable[i][1]))
            return true;
    return false;
}

/* Takes out all children of this name (or alternatives in a rule) at once. */
static void break_by_removal(xmlNode *parent)
{
    bool refused = false;
    xmlNode *copy = xmlCopyNode(parent, 1), *holder = parent->parent;

    HF_XML_EACH_ANY (child, parent)
        refused |= is_indispensable(child);
    if (refused) {
        xmlNode *next;

        xmlReplaceNode(parent, copy);
        for (xmlNode *child = hf_xml_child(copy, NULL); child != NULL; child = next) {
            next = hf_xml_next(child, NULL);
            hf_xml_remove(child);
        }
        assert_refused(copy, "emptied", " missing in <", (const char *)copy->name, NULL);
        xmlReplaceNode(copy, parent);
    }
    assert_ptr_equal(parent->parent, holder);
    xmlFreeNode(copy);
}

static size_t break_everything(xmlNode *element)
{
    size_t count = 1;

    break_attributes(element);
    break_content(element);
    if (element->parent->type == XML_ELEMENT_NODE)
        break_place(element);
    break_by_removal(element);
    HF_XML_EACH_ANY (child, element)
        if (!hf_xml_is(child, "node_state") && !hf_xml_is(child, "tickets"))
            count += break_everything(child);
    return count;
}

static void every_break_is_refused_with_place_and_expectation(void **state)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = load_full();
    xmlNode *root = xmlDocGetRootElement(document);

    assert_accepted(root, "schema-full.xml");
    assert_true(break_everything(root) > 140);
    assert_accepted(root, "schema-full.xml, restored");
}

/* Every definition and every attribute of the grammar occurs in schema-full.xml, so that nothing escapes
 * the test above. */
static void collect(const xmlNode *element, struct hf_buf *seen)
{
    struct cib_candidates candidates = cib_schema_candidates(table, element);

    for (size_t i = 0; i < candidates.count; i++) {
        hf_buf_printf(seen, " %s ", candidates.item[i]->define);
        for (const xmlAttr *a = element->properties; a != NULL; a = a->next)
            hf_buf_printf(seen, " %s/%s ", candidates.item[i]->define, (const char *)a->name);
    }
    HF_XML_EACH_ANY (child, element)
        collect(child, seen);
}

static void assert_seen(const char *seen, const char *define, const char *attribute)
{
    HF_CLEANUP(hf_freep)
    char *word = attribute != NULL ? hf_asprintf(" %s/%s ", define, attribute) : hf_asprintf(" %s ", define);

    if (strstr(seen, word) == NULL)
        fail_msg("schema-full.xml lacks%s", word);
}

/* Also those that several elements share, or that are named in a choice. */
static void assert_names_occur(const xmlNode *pattern, const char *text)
{
    HF_XML_EACH_ANY (part, pattern) {
        const char *name = hf_xml_is(part, "attribute") ? hf_xml_get(part, "name")
                           : hf_xml_is(part, "name")    ? (const char *)part->children->content
                                                        : NULL;

        if (name != NULL) {
            HF_CLEANUP(hf_freep) char *word = hf_asprintf(" %s=\"", name);

            if (strstr(text, word) == NULL)
                fail_msg("schema-full.xml lacks%s", word);
        }
        assert_names_occur(part, text);
    }
}

static void full_example_is_full(void **state)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = load_full();
    HF_CLEANUP(hf_xml_doc_freep)
    xmlDoc *grammar = xmlReadMemory(cib_schema_text, (int)cib_schema_text_length, NULL, NULL, 0);
    HF_CLEANUP(hf_buf_free) struct hf_buf seen = {0};
    HF_CLEANUP(hf_freep) char *text = hf_xml_text(xmlDocGetRootElement(document), false);
    size_t count = 0;

    collect(xmlDocGetRootElement(document), &seen);
    HF_XML_EACH (define, xmlDocGetRootElement(grammar), "define") {
        const char *name = hf_xml_get(define, "name");

        if (strncmp(name, "e.", 2) != 0)
            continue;
        count++;
        assert_seen(hf_buf_text(&seen), name, NULL);
        for (xmlNode *at = hf_xml_child(define, "element")->children; at != NULL; at = at->next)
            if (hf_xml_is(at, "attribute") && hf_xml_get(at, "name") != NULL)
                assert_seen(hf_buf_text(&seen), name, hf_xml_get(at, "name"));
    }
    assert_true(count > 60);
    assert_names_occur(xmlDocGetRootElement(grammar), text);
}

/* --- single sentences --- */

static const struct {
    const char *xml, *message; /* NULL: accepted */
} sentences[] = {
    {"<op id='x' name='monitor'/>", "test:1: attribute 'interval' missing in <op id='x'>"},
    {"<rsc_order id='o1' first='a' then='b' kind='foo'/>",
     "test:1: value 'foo' of kind in <rsc_order id='o1'>: expected Optional, Mandatory or Serialize"},
    {"<resources><primitiv id='a'/></resources>", "test:1: element <primitiv id='a'> not allowed in "
                                                  "<resources>: expected primitive, group, clone, bundle, "
                                                  "template or master"},
    {"<rsc_order id='o' first='a' then='b' kind='Optional' score='0'/>",
     "test:1: attribute 'score' not allowed together with kind='Optional' in <rsc_order id='o'>"},
    {"<rsc_location id='l' node='a' score='1'/>",
     "test:1: attribute 'rsc', attribute 'rsc-pattern' or <resource_set> missing in <rsc_location id='l'>"},
    {"<rsc_location id='l' rsc='a' node='a' score='high'/>",
     "test:1: value 'high' of score in <rsc_location id='l'>: expected a whole number, INFINITY, +INFINITY "
     "or "
     "-INFINITY"},
    {"<rsc_location id='l' rsc='a'/>", "test:1: attribute 'node' or <rule> missing in <rsc_location id='l'>"},
    {"<primitive id='p'/>",
     "test:1: attribute 'class' or attribute 'template' missing in <primitive id='p'>"},
    {"<primitive id='p' class='ocf' type='IPaddr2'/>",
     "test:1: attribute 'provider' missing in <primitive id='p'>"},
    {"<primitive id='p' class='lsb' provider='x' type='a'/>",
     "test:1: attribute 'provider' not allowed together with class='lsb' in <primitive id='p'>"},
    {"<primitive id='p' class='ofc' provider='heartbeat' type='IPaddr2'/>",
     "test:1: value 'ofc' of class in <primitive id='p'>: expected ocf, stonith, systemd, service, lsb, "
     "upstart, nagios or heartbeat"},
    {"<primitive id='p' class='lsb' type='a' template='t'/>",
     "test:1: attribute 'template' not allowed together with class='lsb' in <primitive id='p'>"},
    {"<group id='g'/>", "test:1: <primitive> missing in <group id='g'>"},
    {"<clone id='c'><primitive id='a' class='lsb' type='a'/>\n<primitive id='b' class='lsb' "
     "type='b'/></clone>",
     "test:2: more <primitive> than the one allowed in <clone id='c'>"},
    {"<clone id='c'><primitive id='a' class='lsb' type='a'/>\n<group id='g'><primitive id='b' class='lsb' "
     "type='b'/></group></clone>",
     "test:2: element <group> not allowed together with <primitive> in <clone id='c'>"},
    {"<date_expression id='d' operation='gt' end='2026-01-01'/>",
     "test:1: attribute 'start' missing in <date_expression id='d'>"},
    {"<date_expression id='d' operation='date_spec'/>",
     "test:1: <date_spec> missing in <date_expression id='d'>"},
    {"<cluster_property_set id='s'><nvpair id='n' name='stonith_enabled' "
     "value='false'/></cluster_property_set>",
     "test:1: value 'stonith_enabled' of name in <nvpair id='n'>: expected the present name of a cluster "
     "option, such as stonith-enabled, no-quorum-policy or symmetric-cluster (this spelling was dropped "
     "before Pacemaker 2.0)"},
    {"<meta_attributes id='m' id-ref='n'/>",
     "test:1: attribute 'id' not allowed together with id-ref='n' in <meta_attributes id='m'>"},
    {"<primitive id='1p' class='lsb' type='a'/>",
     "test:1: value '1p' of id in <primitive id='1p'>: expected an XML name"},
    {"<fencing-level id='f' target='a' index='0' devices='x'/>",
     "test:1: value '0' of index in <fencing-level id='f'>: expected a whole number, 1 or more"},
    {"<fencing-level id='f' target='a' index='1' devices='x, y'/>",
     "test:1: value 'x, y' of devices in <fencing-level id='f'>: expected ids separated by commas, without "
     "spaces"},
    {"<cib admin_epoch='-1' epoch='0' num_updates='0'/>",
     "test:1: value '-1' of admin_epoch in <cib>: expected a whole number, 0 or more"},
    {"<cib admin_epoch='0' epoch='0' num_updates='0' validate-with='pacemaker-9000.x'><configuration/></cib>",
     "test:1: value 'pacemaker-9000.x' of validate-with in <cib>: expected pacemaker-N, pacemaker-N.N or "
     "none"},
    {"<configuration/>", "test:1: <crm_config> missing in <configuration>"},
    {"<select_nodes>x</select_nodes>", "test:1: text 'x' not allowed in <select_nodes>"},
    {"<web/>", "test:1: element <web> is not part of a CIB: expected cib, configuration or an element of the "
               "configuration"},
    {"<x:primitive xmlns:x='urn:x' id='a'/>", ""},
    {"<resources xmlns:x='urn:x'><x:primitive id='a' class='lsb' type='a'/></resources>", ""},
    {"<op id='x' name='monitor' xmlns:x='urn:x' x:interval='1'/>", ""},
    {"<op id='x' name='monitor' interval='10s' role='Slave'/>", NULL},
    {"<op id='x' name='monitor' interval='10s'><!-- often -->\n</op>", NULL},
    {"<primitive class='lsb' type='a' id='p'><utilization id='u'/><operations/><meta_attributes id='m'/>"
     "</primitive>",
     NULL},
    {"<cluster_property_set id='s'><nvpair id='n' name='site_wide_flag' value='x'/></cluster_property_set>",
     NULL},
    {"<nvpair id='n' name='stonith_enabled' value='false'/>", NULL},
    {"<rsc_location id='l' rsc='a'><lifetime><rule id-ref='x'/></lifetime><rule id-ref='y'/></rsc_location>",
     NULL},
};

static void sentences_are_as_written(void **state)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(sentences); i++) {
        HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
        struct hf_error *error = hf_xml_parse(sentences[i].xml, strlen(sentences[i].xml), "test", &document);
        char *message;

        assert_null(error);
        message = check(xmlDocGetRootElement(document));
        if (sentences[i].message == NULL) {
            if (message != NULL)
                fail_msg("%s: %s", sentences[i].xml, message);
        } else {
            if (message == NULL)
                fail_msg("%s: accepted", sentences[i].xml);
            if (sentences[i].message[0] != '\0')
                assert_string_equal(message, sentences[i].message);
        }
        free(message);
    }
}

/* The place decides: the same pair is an option, a meta attribute of an operation, or free. */
static void element_is_held_to_the_rules_of_its_place(void **state)
{
    static const char text[] =
        "<change><create><cluster_property_set id='s'><nvpair id='a' name='stonith_enabled' value='1'/>"
        "</cluster_property_set></create><create><op id='o' name='start' interval='0'><meta_attributes "
        "id='m'>"
        "<nvpair id='b' name='requires' value='quorum'/></meta_attributes></op></create></change>";
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    xmlNode *create, *set, *op;

    assert_null(hf_xml_parse(text, sizeof text - 1, "test", &document));
    create = hf_xml_child(xmlDocGetRootElement(document), "create");
    set = hf_xml_child(create, NULL);
    op = hf_xml_child(hf_xml_next(create, NULL), NULL);
    assert_refused(set, "set", "stonith_enabled", NULL);
    assert_refused(hf_xml_child(set, NULL), "option", "stonith_enabled", NULL);
    assert_refused(hf_xml_child(hf_xml_child(op, NULL), NULL), "op meta", "'requires' of name", NULL);
    assert_refused(create, "wrapper", "is not part of a CIB", NULL);
}

static void long_and_odd_values_are_shown_short(void **state)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *order = xmlNewNode(NULL, (const xmlChar *)"rsc_order");
    HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};
    char *message;

    for (int i = 0; i < 100000; i++)
        hf_buf_puts(&value, i == 3 ? "\n" : "\xc3\xa4");
    xmlDocSetRootElement(document, order);
    hf_xml_set(order, "id", hf_buf_text(&value));
    message = check(order);
    assert_non_null(message);
    assert_true(strlen(message) < 400);
    assert_true(xmlCheckUTF8((const xmlChar *)message));
    assert_null(strchr(message, '\n'));
    free(message);
}

/* Elements with many children are checked in pieces: nothing may slip through, at any position, the tree
 * stays as it was, and the time grows with the size (with its square it would not end here). */
static xmlNode *wide_set(xmlDoc *document, int pairs)
{
    xmlNode *set = xmlNewNode(NULL, (const xmlChar *)"meta_attributes");

    xmlDocSetRootElement(document, set);
    hf_xml_set(set, "id", "wide");
    for (int i = 0; i < pairs; i++) {
        xmlNode *pair = hf_xml_add(set, "nvpair");

        hf_xml_setf(pair, "id", "pair-%d", i);
        hf_xml_set(pair, "name", "x");
    }
    return set;
}

static void wide_elements_are_checked_whole(void **state)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *set = wide_set(document, 300), *rule = NULL;
    HF_CLEANUP(hf_freep) char *before = hf_xml_text(set, false);
    int position = 0;

    assert_accepted(set, "300 pairs");
    HF_XML_EACH_ANY (pair, set) {
        HF_CLEANUP(hf_freep) char *name = hf_asprintf("<nvpair id='pair-%d'>", position++);

        hf_xml_set(pair, "name", NULL);
        assert_refused(set, "one pair without name", "attribute 'name' missing in", name, NULL);
        hf_xml_set(pair, "name", "x");
    }
    for (int i = 1; i <= 4; i++) {
        rule = hf_xml_add(set, "rule");
        hf_xml_set(rule, "id-ref", "elsewhere");
        if (i == 1)
            assert_accepted(set, "one rule");
        else
            assert_refused(set, "more rules", "more <rule> than the one allowed in <meta_attributes", NULL);
    }
    while ((rule = hf_xml_child(set, "rule")) != NULL)
        hf_xml_remove(rule);
    HF_CLEANUP(hf_freep) char *after = hf_xml_text(set, false);

    assert_string_equal(before, after);
    assert_string_equal(hf_xml_get((xmlNode *)set->last, "id"), "pair-299");
    assert_ptr_equal(set->last->prev->next, set->last);
}

static void very_wide_elements_take_no_time(void **state)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *set = wide_set(document, 200000);

    assert_accepted(set, "200,000 pairs");
    hf_xml_set((xmlNode *)set->last, "id", NULL);
    assert_refused(set, "the last pair", "missing in <nvpair", NULL);
}

/* --- Pacemaker's inputs --- */

static char *shared_path(void)
{
    const char *shared = getenv("HOLDFAST_SHARED");

    if (shared != NULL)
        return hf_asprintf("%s/scheduler-cases/xml", shared);
    return source_path("../shared/scheduler-cases/xml");
}

typedef void each_case(const char *name, xmlDoc *document);

/* How many there were; skips the test if there are none here. */
static size_t for_each_case(each_case *visit)
{
    HF_CLEANUP(hf_freep) char *folder = shared_path();
    struct dirent **entries = NULL;
    int found = scandir(folder, &entries, NULL, alphasort);
    size_t count = 0;

    if (found < 0) {
        print_message("no scheduler cases in %s\n", folder);
        skip();
    }
    for (int i = 0; i < found; i++) {
        HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/%s", folder, entries[i]->d_name);
        size_t length = strlen(path);

        if (length > 4 && strcmp(path + length - 4, ".xml") == 0) {
            HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = load(path);

            visit(entries[i]->d_name, document);
            count++;
        }
        free(entries[i]);
    }
    free(entries);
    return count;
}

static void accept_case(const char *name, xmlDoc *document)
{
    xmlNode *root = xmlDocGetRootElement(document);

    assert_accepted(root, name);
    assert_accepted(hf_xml_child(root, "configuration"), name);
}

static void all_cases_are_accepted(void **state)
{
    assert_true(for_each_case(accept_case) >= 570);
}

/* A small generator of numbers, the same for every run. */
static uint32_t random_below(uint64_t *state, uint32_t bound)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*state >> 33) % bound);
}

static xmlNode *random_element(uint64_t *random, xmlNode *root)
{
    xmlNode *at = root;

    for (;;) {
        uint32_t count = 0, chosen;

        HF_XML_EACH_ANY (child, at)
            count++;
        if (count == 0 || (at != root && random_below(random, 3) == 0))
            return at;
        chosen = random_below(random, count);
        HF_XML_EACH_ANY (child, at)
            if (chosen-- == 0) {
                at = child;
                break;
            }
    }
}

static void damage(uint64_t *random, xmlNode *root)
{
    static const char *const names[] = {"id",    "id-ref",    "rsc",   "score",   "kind",
                                        "role",  "name",      "node",  "first",   "template",
                                        "class", "operation", "start", "with-rsc"};
    static const char *const values[] = {
        "ocf", "INFINITY", "true", "12", "a b", "", "Started", "Optional", "gt", "stonith_enabled", "x"};
    xmlNode *victim = random_element(random, root), *other = random_element(random, root);
    const char *name = names[random_below(random, HF_ARRAY_LENGTH(names))];

    switch (random_below(random, 6)) {
    case 0:
        hf_xml_set(victim, name, NULL);
        break;
    case 1:
    case 2:
        hf_xml_set(victim, name, values[random_below(random, HF_ARRAY_LENGTH(values))]);
        break;
    case 3:
        xmlAddChild(other, xmlCopyNode(victim, 1));
        break;
    case 4:
        xmlNodeSetName(victim, other->name);
        break;
    default:
        if (victim != root)
            hf_xml_remove(victim);
    }
}

static uint64_t seed;
static size_t refused, accepted;

static void damage_case(const char *name, xmlDoc *document)
{
    for (int round = 0; round < 12; round++) {
        xmlNode *configuration =
            xmlCopyNode(hf_xml_child(xmlDocGetRootElement(document), "configuration"), 1);
        char *message;

        for (uint32_t i = 0; i <= random_below(&seed, 2); i++)
            damage(&seed, configuration);
        message = check(configuration);
        if (message == NULL) {
            accepted++;
        } else {
            refused++;
            assert_null(strstr(message, "is not as the schema wants it"));
        }
        free(message);
        xmlFreeNode(configuration);
    }
}

static void verdict_and_walk_agree_on_random_damage(void **state)
{
    seed = 1;
    refused = accepted = 0;
    for_each_case(damage_case);
    print_message("%zu refused, %zu still valid\n", refused, accepted);
    assert_true(refused > 1000 && accepted > 500);
}

static int setup(void **state)
{
    hf_xml_init();
    schema = cib_schema_new();
    table = cib_schema_table_new(cib_schema_text, cib_schema_text_length);
    return 0;
}

static int teardown(void **state)
{
    cib_schema_free(schema);
    cib_schema_table_free(table);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_example_is_full),
        cmocka_unit_test(sentences_are_as_written),
        cmocka_unit_test(element_is_held_to_the_rules_of_its_place),
        cmocka_unit_test(long_and_odd_values_are_shown_short),
        cmocka_unit_test(wide_elements_are_checked_whole),
        cmocka_unit_test(very_wide_elements_take_no_time),
        cmocka_unit_test(every_break_is_refused_with_place_and_expectation),
        cmocka_unit_test(all_cases_are_accepted),
        cmocka_unit_test(verdict_and_walk_agree_on_random_damage),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
