/* test_cib_document.c - the CIB document: changes, refusals, references, status, digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/cib/document.h"
#include "lib/wire.h"
#include "lib/xml.h"

/* Applies text as a <change>; the error is the caller's. */
static struct hf_error *change(struct cib_document *document, const char *text)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *xml = NULL;
    struct hf_error *error = hf_xml_parse(text, strlen(text), "test", &xml);

    assert_null(error);
    return cib_document_change(document, xmlDocGetRootElement(xml));
}

static void must(struct cib_document *document, const char *text)
{
    struct hf_error *error = change(document, text);

    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
    assert_true(cib_document_verify(document, NULL));
}

/* The change fails with this kind and these words, and nothing is different afterwards. */
static void refused(struct cib_document *document, const char *text, enum hf_error_kind kind,
                    const char *words)
{
    HF_CLEANUP(hf_freep) char *before = hf_xml_text(cib_document_root(document), false);
    struct cib_digest digest = cib_document_configuration_digest(document);
    struct hf_error *error = change(document, text);
    HF_CLEANUP(hf_freep) char *after = hf_xml_text(cib_document_root(document), false);
    HF_CLEANUP(hf_buf_free) struct hf_buf said = {0};

    assert_non_null(error);
    assert_int_equal(hf_error_kind(error), kind);
    if (strstr(hf_error_text(error), words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", hf_error_text(error), words);
    assert_string_equal(before, after);
    assert_true(cib_digest_equal(digest, cib_document_configuration_digest(document)));
    if (!cib_document_verify(document, &said))
        fail_msg("%s", hf_buf_text(&said));
    hf_error_free(error);
}

static struct cib_document *sample(void)
{
    struct cib_document *document = cib_document_new(NULL);

    must(document,
         "<change>"
         "<create into='nodes'><node id='1' uname='n1'/></create>"
         "<create into='nodes'><node id='2' uname='n2'/></create>"
         "<create into='resources'><primitive id='vip' class='ocf' provider='heartbeat' type='IPaddr2'>"
         "<instance_attributes id='vip-ia'><nvpair id='vip-ip' name='ip' value='10.0.0.1'/>"
         "</instance_attributes></primitive></create>"
         "<create into='resources'><primitive id='web' class='ocf' provider='heartbeat' type='Dummy'/>"
         "</create>"
         "<create into='constraints'><rsc_order id='o' first='vip' then='web'/></create>"
         "</change>");
    return document;
}

static void test_versions(void **state)
{
    struct cib_document *document = sample();
    char text[CIB_VERSION_TEXT];

    assert_string_equal(cib_version_text(cib_document_version(document), text), "0.1.0");
    must(document,
         "<change expect='0.1'><set id='vip-ip'><attr name='value' value='10.0.0.2'/></set></change>");
    assert_string_equal(hf_xml_get(cib_document_root(document), "epoch"), "2");
    assert_string_equal(hf_xml_get(cib_document_find(document, "vip-ip"), "value"), "10.0.0.2");
    refused(document, "<change expect='0.1'><delete id='o'/></change>", HF_CONFLICT,
            "version 0.2, expected 0.1");
    cib_document_free(document);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *text;
        enum hf_error_kind kind;
        const char *words;
    } cases[] = {
        {"<change/>", HF_USAGE, "empty"},
        {"<chance/>", HF_USAGE, "expected <change>"},
        {"<change><destroy id='vip'/></change>", HF_USAGE, "<destroy>, expected create"},
        {"<change><delete/></change>", HF_USAGE, "expects an attribute \"id\""},
        {"<change><delete id='vip' force='1'/></change>", HF_USAGE, "no attribute \"force\""},
        {"<change><delete id='none'/></change>", HF_REFUSED, "no element with this id"},
        {"<change><delete id='vip'/></change>", HF_REFUSED, "\"vip\" cannot be removed: rsc_order \"o\""},
        {"<change><create into='resources'/></change>", HF_USAGE, "exactly one element"},
        {"<change><create into='nowhere'><primitive id='x'/></create></change>", HF_REFUSED, "nowhere"},
        {"<change><create into='resources'><rsc_order id='x'/></create></change>", HF_REFUSED,
         "rsc_order does not belong into resources"},
        {"<change><create into='resources'><primitive id='vip'/></create></change>", HF_REFUSED,
         "id=\"vip\", which a primitive has already"},
        {"<change><create into='resources'><group id='g'><primitive id='p'/><primitive id='p'/></group>"
         "</create></change>",
         HF_REFUSED, "id=\"p\""},
        {"<change><create into='constraints'><rsc_order id='x' first='vip' then='wep'/></create></change>",
         HF_REFUSED, "then=\"wep\" does not exist, expected the id of a resource"},
        {"<change><create into='constraints'><rsc_order id='x' first='vip' then='vip-ip'/></create></change>",
         HF_REFUSED, "is a nvpair, expected the id of a resource"},
        {"<change><create into='constraints'><rsc_location id='x' rsc='vip' node='n3' "
         "score='1'/></create></change>",
         HF_REFUSED, "node=\"n3\" does not exist, expected the name of a node"},
        {"<change><create into='resources'><primitive id='x' template='vip'/></create></change>", HF_REFUSED,
         "expected the id of a template"},
        {"<change><create into='tags'><tag id='t'><obj_ref id='none'/></tag></create></change>", HF_REFUSED,
         "id=\"none\" does not exist"},
        {"<change><create into='fencing-topology'><fencing-level id='l' target='n1' index='1' "
         "devices='vip,f2'/>"
         "</create></change>",
         HF_REFUSED, "devices=\"f2\" does not exist"},
        {"<change><create into='resources'><primitive id='x'>text</primitive></create></change>", HF_REFUSED,
         "contains text"},
        {"<change><create into='resources'><primitive id='x' xmlns='urn:x'/></create></change>", HF_REFUSED,
         "namespace"},
        {"<change><set id='vip'><attr name='a b' value='x'/></set></change>", HF_USAGE,
         "name of an attribute"},
        {"<change><set id='vip'><attr name='id' value='web'/></set></change>", HF_REFUSED, "id=\"web\""},
        {"<change><set id='vip'><attr name='id' value='vap'/></set></change>", HF_REFUSED,
         "cannot be removed"},
        {"<change><replace><primitive id='none'/></replace></change>", HF_REFUSED, "no element with this id"},
        {"<change><load><cib/></load></change>", HF_USAGE, "expected <configuration>"},
        {"<change><load><configuration><things/></configuration></load></change>", HF_REFUSED, "things"},
        {"<change><create into='resources' before='o'><primitive id='x'/></create></change>", HF_REFUSED,
         "not inside"},
        /* All or nothing: the first operations are good. */
        {"<change><delete id='o'/><delete id='web'/><set id='vip-ip'><attr name='value' value='x'/></set>"
         "<create into='alerts'><alert id='a' path='/x'/></create><delete id='web'/></change>",
         HF_REFUSED, "no element"},
    };
    struct cib_document *document = sample();

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++)
        refused(document, cases[i].text, cases[i].kind, cases[i].words);
    cib_document_free(document);
}

static void test_references_within_one_change(void **state)
{
    struct cib_document *document = sample();

    /* Whatever the order: what refers may come before what it refers to, and go after it. */
    must(document,
         "<change><create into='constraints'><rsc_colocation id='c' rsc='new' with-rsc='vip'/></create>"
         "<create into='resources'><primitive id='new'/></create></change>");
    must(document, "<change><delete id='new'/><delete id='c'/></change>");
    /* A resource keeps its references when it is replaced, also by another kind of resource. */
    must(document, "<change><replace><group id='web'><primitive id='web1'/></group></replace></change>");
    must(document, "<change><delete id='o'/><delete id='vip'/></change>");
    assert_null(cib_document_find(document, "vip-ip"));
    cib_document_free(document);
}

static void test_node_names(void **state)
{
    struct cib_document *document = sample();

    must(document,
         "<change><create into='constraints'><rsc_location id='l' rsc='vip' node='n1' score='1'/></create>"
         "</change>");
    refused(document, "<change><delete id='1'/></change>", HF_REFUSED, "\"n1\" cannot be removed");
    /* A remote node bears the id of its resource: another name space. */
    must(document, "<change><create into='resources'><primitive id='r1' class='ocf' provider='pacemaker' "
                   "type='remote'/></create>"
                   "<create into='nodes'><node id='r1' type='remote' uname='r1'/></create>"
                   "<create into='constraints'><rsc_location id='l2' rsc='vip' node='r1' score='1'/></create>"
                   "<create into='resources'><bundle id='b'/></create>"
                   "<create into='constraints'><rsc_location id='l3' rsc='vip' node='b-0' "
                   "score='1'/></create></change>");
    cib_document_free(document);
}

static void test_order_and_places(void **state)
{
    struct cib_document *document = sample();
    const xmlNode *resources;

    must(document, "<change><create into='resources' before='vip'><primitive id='a'/></create>"
                   "<create into='resources' after='vip'><primitive id='b'/></create>"
                   "<create into='resources'><primitive id='c'/></create></change>");
    resources = hf_xml_child(cib_document_configuration(document), "resources");

    const char *const expected[] = {"a", "vip", "b", "web", "c"};
    size_t i = 0;

    HF_XML_EACH_ANY (resource, resources)
        assert_string_equal(hf_xml_get(resource, "id"), expected[i++]);
    assert_int_equal(i, HF_ARRAY_LENGTH(expected));
    cib_document_free(document);
}

static void test_load(void **state)
{
    struct cib_document *document = sample();

    must(document,
         "<change><load><configuration><crm_config/><nodes/><resources><primitive id='only'/></resources>"
         "<constraints/></configuration></load></change>");
    assert_null(cib_document_find(document, "vip"));
    assert_non_null(cib_document_find(document, "only"));
    refused(document,
            "<change><load><configuration><resources><primitive id='x'/><primitive id='x'/></resources>"
            "</configuration></load></change>",
            HF_REFUSED, "id=\"x\"");
    cib_document_free(document);
}

static void test_size_limit(void **state)
{
    struct cib_document *document = sample();
    HF_CLEANUP(hf_buf_free) struct hf_buf big = {0};

    hf_buf_puts(&big, "<change>");
    for (int i = 0; i < 100000; i++)
        hf_buf_printf(&big,
                      "<create into='resources'><primitive id='p%d' class='ocf' provider='heartbeat' "
                      "type='Dummy' description='a resource that is one of very many'/></create>",
                      i);
    hf_buf_puts(&big, "</change>");
    refused(document, big.data, HF_REFUSED, "expected at most 8388608");
    cib_document_free(document);
}

/* --- status --- */

static void update(struct cib_document *document, struct hf_buf *buf)
{
    struct hf_error *error = cib_document_status_update(document, buf->data, buf->length);

    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
    assert_true(cib_document_verify(document, NULL));
    hf_buf_reset(buf);
}

static xmlNode *parse(const char *text, xmlDoc **xml)
{
    struct hf_error *error = hf_xml_parse(text, strlen(text), "test", xml);

    assert_null(error);
    return xmlDocGetRootElement(*xml);
}

static void test_status(void **state)
{
    struct cib_document *document = sample();
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *xml = NULL, *xml2 = NULL;
    xmlNode *op = parse("<lrm_rsc_op id='vip_start_0' operation='start' rc-code='0'/>", &xml);
    struct cib_history_resource resource = {"vip", "ocf", "heartbeat", "IPaddr2", NULL};
    const xmlNode *node;
    HF_CLEANUP(hf_freep) char *text = NULL;
    struct hf_error *error;

    cib_status_set_node(&buf, "1", "uname", "n1");
    cib_status_put_history(&buf, "1", &resource, op);
    hf_xml_set(op, "rc-code", "7");
    cib_status_put_history(&buf, "1", &resource, op);
    hf_xml_set(op, "id", "vip_monitor_0");
    cib_status_put_history(&buf, "1", &resource, op);
    cib_status_set_attribute(&buf, "1", "fail-count-vip", "1");
    cib_status_set_ticket(&buf, "T", "granted", "true");
    update(document, &buf);
    node = cib_document_node_state(document, "1");
    text = hf_xml_text(node, false);
    assert_string_equal(
        text,
        "<node_state id=\"1\" uname=\"n1\"><lrm id=\"1\"><lrm_resources><lrm_resource id=\"vip\" "
        "class=\"ocf\" "
        "provider=\"heartbeat\" type=\"IPaddr2\"><lrm_rsc_op id=\"vip_start_0\" operation=\"start\" "
        "rc-code=\"7\"/>"
        "<lrm_rsc_op id=\"vip_monitor_0\" operation=\"start\" "
        "rc-code=\"7\"/></lrm_resource></lrm_resources></lrm>"
        "<transient_attributes id=\"1\"><instance_attributes id=\"status-1\"><nvpair "
        "id=\"status-1-fail-count-vip\" "
        "name=\"fail-count-vip\" value=\"1\"/></instance_attributes></transient_attributes></node_state>");
    assert_int_equal(cib_document_version(document).num_updates, 1);

    cib_status_remove_history(&buf, "1", "vip", "vip_start_0");
    cib_status_set_attribute(&buf, "1", "fail-count-vip", NULL);
    update(document, &buf);
    cib_status_remove_history(&buf, "1", "vip", NULL);
    cib_status_remove_history(&buf, "1", "vip", NULL);
    update(document, &buf);
    cib_status_put_history(&buf, "1", &resource, op);
    cib_status_remove_history(&buf, "1", NULL, NULL);
    update(document, &buf);
    assert_null(hf_xml_child(cib_document_node_state(document, "1"), "lrm"));

    cib_status_replace_node(&buf,
                            parse("<node_state id='1' uname='x'><lrm id='1'><lrm_resources><lrm_resource "
                                  "id='web'/></lrm_resources></lrm></node_state>",
                                  &xml2));
    update(document, &buf);
    cib_status_put_history(&buf, "1", &(struct cib_history_resource){.id = "web"}, op);
    update(document, &buf);
    cib_status_remove_node(&buf, "1");
    update(document, &buf);
    assert_null(cib_document_node_state(document, "1"));

    /* Half an update changes nothing. */
    cib_status_set_node(&buf, "2", "uname", "n2");
    cib_status_put_history(&buf, "2", &resource, op);
    error = cib_document_status_update(document, buf.data, buf.length - 1);
    assert_int_equal(hf_error_kind(error), HF_USAGE);
    hf_error_free(error);
    assert_null(cib_document_node_state(document, "2"));
    assert_true(cib_document_verify(document, NULL));
    cib_document_free(document);
}

/* A node_state within a node_state must not confuse the index of histories (found by thinking about fuzzing).
 */
static void test_nested_node_state(void **state)
{
    struct cib_document *document = sample();
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *xml = NULL;
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *operation = NULL;

    cib_status_replace_node(&buf,
                            parse("<node_state id='1'><node_state id='2'><lrm><lrm_resources><lrm_resource "
                                  "id='a'/></lrm_resources></lrm></node_state></node_state>",
                                  &xml));
    cib_status_remove_history(&buf, "1", "a", NULL);
    cib_status_put_history(&buf, "1", &(struct cib_history_resource){.id = "a"},
                           parse("<lrm_rsc_op id='x'/>", &operation));
    cib_status_put_history(&buf, "2", &(struct cib_history_resource){.id = "a"},
                           xmlDocGetRootElement(operation));
    update(document, &buf);
    cib_document_free(document);
}

/* --- parsing --- */

static void test_parse(void **state)
{
    static const char text[] =
        "<!-- c --><cib admin_epoch='1' epoch='7' num_updates='3' validate-with='pacemaker-3.9'>\n"
        "  <configuration>\n    <crm_config/><!-- x --><nodes/>\n <resources>\n<primitive "
        "id='a'/></resources>"
        "<constraints/></configuration><status><node_state id='1'/></status></cib>";
    struct cib_document *document, *again;
    struct hf_error *error = cib_document_parse(NULL, text, strlen(text), "t", true, &document);
    HF_CLEANUP(hf_freep) char *written = NULL;

    assert_null(error);
    assert_int_equal(cib_document_version(document).epoch, 7);
    assert_true(cib_document_verify(document, NULL));
    written = hf_xml_text(cib_document_root(document), true);
    error = cib_document_parse(NULL, written, strlen(written), "t", true, &again);
    assert_null(error);
    assert_true(cib_digest_equal(cib_document_configuration_digest(document),
                                 cib_document_configuration_digest(again)));
    assert_true(cib_digest_equal(cib_document_status_digest(document), cib_document_status_digest(again)));
    cib_document_free(document);
    cib_document_free(again);
}

static void test_parse_refusals(void **state)
{
    static const char *const cases[][2] = {
        {"<bib/>", "expected <cib>"},
        {"<cib", "not well-formed"},
        {"<cib epoch='x'/>", "expected a number"},
        {"<cib epoch='-1'/>", "expected a number"},
        {"<configuration><resources><primitive id='a'/><group id='a'/></resources></configuration>",
         "id=\"a\""},
        {"<configuration><constraints><rsc_order id='o' first='a' then='b'/></constraints></configuration>",
         "does not exist"},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++) {
        struct cib_document *document;
        struct hf_error *error =
            cib_document_parse(NULL, cases[i][0], strlen(cases[i][0]), "t", true, &document);

        assert_int_equal(hf_error_kind(error), HF_REFUSED);
        if (strstr(hf_error_text(error), cases[i][1]) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", hf_error_text(error), cases[i][1]);
        assert_null(document);
        hf_error_free(error);
    }
}

/* --- digest --- */

static struct cib_digest digest_of(const char *text)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *xml = NULL;

    return cib_digest_tree(parse(text, &xml));
}

static void test_digest_is_sensitive(void **state)
{
    static const char *const different[] = {
        "<a/>",
        "<b/>",
        "<a x='1'/>",
        "<a x='2'/>",
        "<a y='1'/>",
        "<a><b/></a>",
        "<a><b/><c/></a>",
        "<a><c/><b/></a>",
        "<a><b/><b/></a>",
        "<a><b><c/></b></a>",
        "<a x='1' y='2'/>",
        "<a x='2' y='1'/>",
        "<a x=''/>",
        "<a><b/><b/><b/></a>",
        "<a><b x='1'/></a>",
        "<a x='1'><b/></a>",
    };
    char text[CIB_DIGEST_TEXT];
    struct cib_digest parsed;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(different); i++)
        for (size_t j = 0; j < i; j++)
            assert_false(cib_digest_equal(digest_of(different[i]), digest_of(different[j])));
    assert_true(cib_digest_equal(digest_of("<a x='1' y='2'/>"), digest_of("<a y='2' x='1'/>")));
    cib_digest_text(digest_of("<a/>"), text);
    assert_true(cib_digest_parse(text, &parsed));
    assert_true(cib_digest_equal(parsed, digest_of("<a/>")));
    assert_false(cib_digest_parse("xyz", &parsed));
}

/* Thousands of random changes, many of them refused: the maintained digest, size and index stay those of the
 * tree, and a second document that gets only the accepted ones is the same. */
static unsigned draw(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % below;
}

static void random_operation(struct hf_buf *buf, unsigned *seed)
{
    unsigned id = draw(seed, 12), other = draw(seed, 12);

    switch (draw(seed, 7)) {
    case 0:
        hf_buf_printf(
            buf,
            "<create into='resources'><primitive id='p%u'><meta_attributes id='m%u'/></primitive></create>",
            id, other);
        break;
    case 1:
        hf_buf_printf(buf, "<delete id='p%u'/>", id);
        break;
    case 2:
        hf_buf_printf(buf, "<create into='constraints'><rsc_order id='o%u' first='p%u' then='p%u'/></create>",
                      id, id, other);
        break;
    case 3:
        hf_buf_printf(buf, "<delete id='%c%u'/>", draw(seed, 2) ? 'o' : 'm', id);
        break;
    case 4:
        hf_buf_printf(buf, "<set id='p%u'><attr name='x%u' %s/></set>", id, other % 3,
                      draw(seed, 2) ? "value='v'" : "");
        break;
    case 5:
        hf_buf_printf(buf, "<replace><group id='p%u'><primitive id='p%u'/></group></replace>", id, other);
        break;
    default:
        hf_buf_printf(buf, "<create into='resources' before='p%u'><primitive id='p%u'/></create>", id, other);
    }
}

static void test_random_changes(void **state)
{
    struct cib_document *document = cib_document_new(NULL), *mirror = cib_document_new(NULL);
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0}, said = {0};
    unsigned seed = 7, accepted = 0, rejected = 0;

    for (int round = 0; round < 4000; round++) {
        struct hf_error *error;

        hf_buf_reset(&buf);
        hf_buf_puts(&buf, "<change>");
        for (unsigned i = 1 + draw(&seed, 3); i > 0; i--)
            random_operation(&buf, &seed);
        hf_buf_puts(&buf, "</change>");
        error = change(document, buf.data);
        if (error == NULL) {
            accepted++;
            must(mirror, buf.data);
        } else {
            rejected++;
        }
        hf_error_free(error);
        if (!cib_document_verify(document, &said))
            fail_msg("round %d: %s", round, hf_buf_text(&said));
        assert_true(cib_digest_equal(cib_document_configuration_digest(document),
                                     cib_document_configuration_digest(mirror)));
    }
    assert_in_range(accepted, 300, 4000);
    assert_in_range(rejected, 300, 4000);
    cib_document_free(document);
    cib_document_free(mirror);
}

/* The history of fencing: one element per operation, the last hundred, what is under way never forgotten. */
static void put_fencing(struct cib_document *document, int number, const char *target, const char *state)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    HF_CLEANUP(hf_xml_node_freep) xmlNode *event = xmlNewNode(NULL, BAD_CAST "fence-event");
    HF_CLEANUP(hf_freep) char *id = hf_asprintf("u-%d", number);

    hf_xml_set(event, "id", id);
    hf_xml_set(event, "target", target);
    hf_xml_set(event, "state", state);
    cib_status_put_fencing(&buf, event);
    update(document, &buf);
}

static size_t count_fencing(const struct cib_document *document)
{
    size_t count = 0;

    HF_XML_EACH (event, hf_xml_child(cib_document_status(document), "fence-history"), "fence-event")
        count++;
    return count;
}

static void test_fencing_history(void **state)
{
    struct cib_document *document = cib_document_new(NULL);
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    const xmlNode *history;

    put_fencing(document, 0, "n1", "pending");
    put_fencing(document, 0, "n1", "pending");
    assert_int_equal(count_fencing(document), 1);
    for (int i = 1; i < 150; i++)
        put_fencing(document, i, i % 2 == 0 ? "n1" : "n2", "success");
    assert_int_equal(count_fencing(document), 100);
    history = hf_xml_child(cib_document_status(document), "fence-history");
    assert_non_null(hf_xml_child_by_id(history, "fence-event", "u-0"));
    assert_null(hf_xml_child_by_id(history, "fence-event", "u-50"));
    assert_non_null(hf_xml_child_by_id(history, "fence-event", "u-51"));
    cib_status_remove_fencing(&buf, "n2");
    update(document, &buf);
    assert_int_equal(count_fencing(document), 50);
    cib_status_remove_fencing(&buf, NULL);
    update(document, &buf);
    assert_int_equal(count_fencing(document), 1);
    assert_true(cib_document_verify(document, NULL));
    cib_document_free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_references_within_one_change),
        cmocka_unit_test(test_node_names),
        cmocka_unit_test(test_order_and_places),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_nested_node_state),
        cmocka_unit_test(test_fencing_history),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refusals),
        cmocka_unit_test(test_digest_is_sensitive),
        cmocka_unit_test(test_random_changes),
    };

    hf_xml_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
