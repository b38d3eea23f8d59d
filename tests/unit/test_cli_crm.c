/* test_cli_crm.c - the crm language: text to XML, errors with their places, edits of a configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/crm/edit.h"
#include "cli/crm/print.h"
#include "lib/xml.h"

/* --- text to XML, before ids are given --- */

static const struct {
    const char *text, *xml;
} readings[] = {
    {"primitive p Dummy", "<primitive id=\"p\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"/>"},
    {"primitive p ocf:pacemaker:Dummy",
     "<primitive id=\"p\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"/>"},
    {"PRIMITIVE p systemd:nginx.service", "<primitive id=\"p\" class=\"systemd\" type=\"nginx.service\"/>"},
    {"primitive p systemd:getty@tty1", "<primitive id=\"p\" class=\"systemd\" type=\"getty@tty1\"/>"},
    {"primitive p stonith:fence_ipmilan", "<primitive id=\"p\" class=\"stonith\" type=\"fence_ipmilan\"/>"},
    {"primitive p @t a=1",
     "<primitive id=\"p\" template=\"t\"><instance_attributes><nvpair name=\"a\" value=\"1\"/>"
     "</instance_attributes></primitive>"},
    {"primitive p Dummy params a=\"x y\" b='q\"r' c=d\\ e meta target-role=Stopped",
     "<primitive id=\"p\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"><instance_attributes>"
     "<nvpair name=\"a\" value=\"x y\"/><nvpair name=\"b\" value=\"q&quot;r\"/><nvpair name=\"c\" value=\"d "
     "e\"/>"
     "</instance_attributes><meta_attributes><nvpair name=\"target-role\" "
     "value=\"Stopped\"/></meta_attributes>"
     "</primitive>"},
    {"primitive p Dummy \\\n\tparams $id=set 3: rule #uname eq node1 a=b \\\n  utilization cpu=2",
     "<primitive id=\"p\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"><instance_attributes "
     "id=\"set\" score=\"3\">"
     "<rule score=\"INFINITY\"><expression attribute=\"#uname\" operation=\"eq\" value=\"node1\"/></rule>"
     "<nvpair name=\"a\" value=\"b\"/></instance_attributes><utilization><nvpair name=\"cpu\" value=\"2\"/>"
     "</utilization></primitive>"},
    {"primitive p Dummy op monitor interval=10s timeout=20s role=Promoted OCF_CHECK_LEVEL=10 op start "
     "timeout=1m",
     "<primitive id=\"p\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"><operations>"
     "<op name=\"monitor\" interval=\"10s\" timeout=\"20s\" role=\"Promoted\"><instance_attributes>"
     "<nvpair name=\"OCF_CHECK_LEVEL\" value=\"10\"/></instance_attributes></op>"
     "<op name=\"start\" timeout=\"1m\" interval=\"0\"/></operations></primitive>"},
    {"primitive p Dummy op start op_params intrval=1 op_meta 2: rule #ra-version version:gt 1.0 timeout=120s",
     "<primitive id=\"p\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"><operations><op name=\"start\" "
     "interval=\"0\"><instance_attributes><nvpair name=\"intrval\" value=\"1\"/></instance_attributes>"
     "<meta_attributes score=\"2\"><rule score=\"INFINITY\"><expression attribute=\"#ra-version\" "
     "operation=\"gt\" "
     "type=\"version\" value=\"1.0\"/></rule><nvpair name=\"timeout\" value=\"120s\"/></meta_attributes></op>"
     "</operations></primitive>"},
    {"primitive p Dummy params $vip:ip=1.2.3.4 @other @a:b operations $id-ref=x",
     "<primitive id=\"p\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"><instance_attributes>"
     "<nvpair id=\"vip\" name=\"ip\" value=\"1.2.3.4\"/><nvpair id-ref=\"other\"/><nvpair id-ref=\"a\" "
     "name=\"b\"/>"
     "</instance_attributes><operations id-ref=\"x\"/></primitive>"},
    {"primitive p Dummy params $id-ref=q description=\"what it is\"",
     "<primitive id=\"p\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\" description=\"what it is\">"
     "<instance_attributes id-ref=\"q\"/></primitive>"},
    {"primitive p Dummy params meta a=1 utilization",
     "<primitive id=\"p\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"><meta_attributes><nvpair "
     "name=\"a\" "
     "value=\"1\"/></meta_attributes></primitive>"},
    {"fencing_topology", "<fencing-topology/>"},
    {"fencing_topology pill power,ups n1: ipmi",
     "<fencing-topology><fencing-level target-pattern=\".*\" index=\"1\" devices=\"pill\"/>"
     "<fencing-level target-pattern=\".*\" index=\"2\" devices=\"power,ups\"/>"
     "<fencing-level target=\"n1\" index=\"1\" devices=\"ipmi\"/></fencing-topology>"},
    {"rsc_ticket t T: _rsc_set_ a", "<rsc_ticket id=\"t\" ticket=\"T\"><resource_set><resource_ref id=\"a\"/>"
                                    "</resource_set></rsc_ticket>"},
    {"group g a b \"meta\" meta ordered=false", "<group id=\"g\"><meta_attributes><nvpair name=\"ordered\" "
                                                "value=\"false\"/></meta_attributes><member id=\"a\"/>"
                                                "<member id=\"b\"/><member id=\"meta\"/></group>"},
    {"ms m r meta master-max=1 notify=true",
     "<clone id=\"m\"><meta_attributes><nvpair name=\"promoted-max\" value=\"1\"/><nvpair name=\"notify\" "
     "value=\"true\"/><nvpair name=\"promotable\" value=\"true\"/></meta_attributes><member "
     "id=\"r\"/></clone>"},
    {"bundle b docker image=i replicas=3 network ip-range-start=10.0.0.1 port-mapping port=80 "
     "storage storage-mapping target-dir=/a source-dir=/b options=rw primitive x",
     "<bundle id=\"b\"><docker image=\"i\" replicas=\"3\"/><network "
     "ip-range-start=\"10.0.0.1\"><port-mapping "
     "port=\"80\"/></network><storage><storage-mapping target-dir=\"/a\" source-dir=\"/b\" "
     "options=\"rw\"/></storage>"
     "<member id=\"x\"/></bundle>"},
    {"location l r 100: n1", "<rsc_location id=\"l\" rsc=\"r\" score=\"100\" node=\"n1\"/>"},
    {"location l r resource-discovery=never role=master -inf: n1",
     "<rsc_location id=\"l\" rsc=\"r\" resource-discovery=\"never\" role=\"Master\" score=\"-INFINITY\" "
     "node=\"n1\"/>"},
    {"location l /web.*/ 5: n1", "<rsc_location id=\"l\" rsc-pattern=\"web.*\" score=\"5\" node=\"n1\"/>"},
    {"location l { a b } inf: n1",
     "<rsc_location id=\"l\" score=\"INFINITY\" node=\"n1\"><resource_set><resource_ref "
     "id=\"a\"/><resource_ref id=\"b\"/>"
     "</resource_set></rsc_location>"},
    {"location l r rule 50: #uname eq n1 rule $role=Promoted pingd: defined pingd",
     "<rsc_location id=\"l\" rsc=\"r\"><rule score=\"50\"><expression attribute=\"#uname\" operation=\"eq\" "
     "value=\"n1\"/></rule><rule role=\"Promoted\" score-attribute=\"pingd\"><expression "
     "operation=\"defined\" "
     "attribute=\"pingd\"/></rule></rsc_location>"},
    {"location l r rule -inf: not_defined pingd or pingd number:lte 0",
     "<rsc_location id=\"l\" rsc=\"r\"><rule score=\"-INFINITY\" boolean-op=\"or\"><expression "
     "operation=\"not_defined\" attribute=\"pingd\"/><expression attribute=\"pingd\" operation=\"lte\" "
     "type=\"number\" "
     "value=\"0\"/></rule></rsc_location>"},
    {"location l r rule 1: date in start=2020-01-01 end=2021-01-01 and date spec hours=9-17 weekdays=1-5",
     "<rsc_location id=\"l\" rsc=\"r\"><rule score=\"1\"><date_expression operation=\"in_range\" "
     "start=\"2020-01-01\" "
     "end=\"2021-01-01\"/><date_expression operation=\"date_spec\"><date_spec hours=\"9-17\" "
     "weekdays=\"1-5\"/>"
     "</date_expression></rule></rsc_location>"},
    {"location l r rule 1: date in start=2020 hours=4 and date gt 2019",
     "<rsc_location id=\"l\" rsc=\"r\"><rule score=\"1\"><date_expression operation=\"in_range\" "
     "start=\"2020\">"
     "<duration hours=\"4\"/></date_expression><date_expression operation=\"gt\" "
     "start=\"2019\"/></rule></rsc_location>"},
    {"colocation c inf: a b:Promoted",
     "<rsc_colocation id=\"c\" score=\"INFINITY\" rsc=\"a\" with-rsc=\"b\" with-rsc-role=\"Promoted\"/>"},
    {"collocation c -5: a b node-attribute=rack",
     "<rsc_colocation id=\"c\" score=\"-5\" rsc=\"a\" with-rsc=\"b\" node-attribute=\"rack\"/>"},
    {"colocation c 1: A ( B C ) [ D E ] F:Slave",
     "<rsc_colocation id=\"c\" score=\"1\"><resource_set><resource_ref "
     "id=\"A\"/></resource_set><resource_set "
     "sequential=\"false\"><resource_ref id=\"B\"/><resource_ref id=\"C\"/></resource_set><resource_set "
     "sequential=\"false\" require-all=\"false\"><resource_ref id=\"D\"/><resource_ref "
     "id=\"E\"/></resource_set>"
     "<resource_set role=\"Slave\"><resource_ref id=\"F\"/></resource_set></rsc_colocation>"},
    {"order o Mandatory: a:start b:promote symmetrical=false",
     "<rsc_order id=\"o\" kind=\"Mandatory\" first=\"a\" first-action=\"start\" then=\"b\" "
     "then-action=\"promote\" "
     "symmetrical=\"false\"/>"},
    {"order o inf: a b", "<rsc_order id=\"o\" kind=\"Mandatory\" first=\"a\" then=\"b\"/>"},
    {"order o 0: a b", "<rsc_order id=\"o\" kind=\"Optional\" first=\"a\" then=\"b\"/>"},
    {"order o serialize: A B:stop C:stop [ D sequential=true ]",
     "<rsc_order id=\"o\" kind=\"Serialize\"><resource_set><resource_ref "
     "id=\"A\"/></resource_set><resource_set "
     "action=\"stop\"><resource_ref id=\"B\"/><resource_ref id=\"C\"/></resource_set><resource_set "
     "sequential=\"true\" require-all=\"false\"><resource_ref id=\"D\"/></resource_set></rsc_order>"},
    {"rsc_ticket t ticketA: a:Promoted loss-policy=fence",
     "<rsc_ticket id=\"t\" ticket=\"ticketA\" rsc=\"a\" rsc-role=\"Promoted\" loss-policy=\"fence\"/>"},
    {"rsc_ticket t ticketA: a b",
     "<rsc_ticket id=\"t\" ticket=\"ticketA\"><resource_set><resource_ref id=\"a\"/>"
     "<resource_ref id=\"b\"/></resource_set></rsc_ticket>"},
    {"node 17: n1:member attributes standby=on utilization cpu=4",
     "<node id=\"17\" uname=\"n1\" type=\"member\"><instance_attributes><nvpair name=\"standby\" "
     "value=\"on\"/>"
     "</instance_attributes><utilization><nvpair name=\"cpu\" value=\"4\"/></utilization></node>"},
    {"node $id=\"17\" n1", "<node id=\"17\" uname=\"n1\"/>"},
    {"property no-quorum-policy=ignore stonith-enabled=false",
     "<cluster_property_set><nvpair name=\"no-quorum-policy\" value=\"ignore\"/><nvpair "
     "name=\"stonith-enabled\" "
     "value=\"false\"/></cluster_property_set>"},
    {"property my-set: rule date spec years=2014 a=b",
     "<cluster_property_set id=\"my-set\"><rule score=\"INFINITY\"><date_expression operation=\"date_spec\">"
     "<date_spec years=\"2014\"/></date_expression></rule><nvpair name=\"a\" "
     "value=\"b\"/></cluster_property_set>"},
    {"rsc_defaults resource-stickiness=100",
     "<meta_attributes><nvpair name=\"resource-stickiness\" value=\"100\"/></meta_attributes>"},
    {"op_defaults rule op name=monitor interval=10s timeout=5s",
     "<meta_attributes><rule score=\"INFINITY\"><op_expression name=\"monitor\" interval=\"10s\"/></rule>"
     "<nvpair name=\"timeout\" value=\"5s\"/></meta_attributes>"},
    {"tag web: a b", "<tag id=\"web\"><obj_ref id=\"a\"/><obj_ref id=\"b\"/></tag>"},
    {"tag web a", "<tag id=\"web\"><obj_ref id=\"a\"/></tag>"},
    {"fencing_topology n1: a b,c attr:rack=1 d pattern:g.* e",
     "<fencing-topology><fencing-level target=\"n1\" index=\"1\" devices=\"a\"/><fencing-level target=\"n1\" "
     "index=\"2\" devices=\"b,c\"/><fencing-level target-attribute=\"rack\" target-value=\"1\" index=\"1\" "
     "devices=\"d\"/><fencing-level target-pattern=\"g.*\" index=\"1\" devices=\"e\"/></fencing-topology>"},
    {"alert a /x.sh select attributes { p q } fencing meta timeout=60s to { /var/log/x attributes k=v }",
     "<alert id=\"a\" path=\"/x.sh\"><select><select_attributes><attribute name=\"p\"/><attribute "
     "name=\"q\"/>"
     "</select_attributes><select_fencing/></select><meta_attributes><nvpair name=\"timeout\" value=\"60s\"/>"
     "</meta_attributes><recipient value=\"/var/log/x\"><instance_attributes><nvpair name=\"k\" value=\"v\"/>"
     "</instance_attributes></recipient></alert>"},
    {"role r write meta:app1:target-role read ref:app1 attribute:x deny xpath:\"//a b\"",
     "<acl_role id=\"r\"><acl_permission kind=\"write\" xpath=\"//primitive[@id='app1']/meta_attributes/"
     "nvpair[@name='target-role']\"/><acl_permission kind=\"read\" xpath=\"//*[@id='app1'][@x]\"/>"
     "<acl_permission kind=\"deny\" xpath=\"//a b\"/></acl_role>"},
    {"role r read cib read node attribute:uname deny tag:primitive ref:db attribute:type read tag:op "
     "attribute:name",
     "<acl_role id=\"r\"><acl_permission kind=\"read\" xpath=\"/cib\"/>"
     "<acl_permission kind=\"read\" xpath=\"//nodes/node[@uname]\"/>"
     "<acl_permission kind=\"deny\" xpath=\"//primitive[@id='db'][@type]\"/>"
     "<acl_permission kind=\"read\" object-type=\"op\" attribute=\"name\"/></acl_role>"},
    {"user joe role:r write meta:app1:target-role deny xpath:/cib",
     "<acl_target id=\"joe\"><role id=\"r\"/><acl_permission kind=\"write\" "
     "xpath=\"//primitive[@id='app1']/meta_attributes/nvpair[@name='target-role']\"/>"
     "<acl_permission kind=\"deny\" xpath=\"/cib\"/></acl_target>"},
    {"user joe role:r role:s", "<acl_target id=\"joe\"><role id=\"r\"/><role id=\"s\"/></acl_target>"},
    {"acl_group g r", "<acl_group id=\"g\"><role id=\"r\"/></acl_group>"},
    {"monitor web:Promoted 10s:20s",
     "<op name=\"monitor\" role=\"Promoted\" interval=\"10s\" timeout=\"20s\"/>"},
    {"xml <tag id=\"t\"> \\\n <obj_ref id=\"a\"/> \\\n</tag>", "<tag id=\"t\"><obj_ref id=\"a\"/></tag>"},
};

static void text_becomes_xml(void **state)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(readings); i++) {
        HF_CLEANUP(hf_xml_doc_freep) xmlDoc *wanted = NULL;
        struct crm_statements read;
        struct hf_error *error = crm_parse(readings[i].text, strlen(readings[i].text), &read);

        if (error != NULL)
            fail_msg("%s\n%s", readings[i].text, hf_error_text(error));
        assert_int_equal(read.count, 1);
        assert_null(hf_xml_parse(readings[i].xml, strlen(readings[i].xml), "table", &wanted));
        if (!crm_same(read.statement[0].element, xmlDocGetRootElement(wanted), true, NULL)) {
            HF_CLEANUP(hf_freep) char *got = hf_xml_text(read.statement[0].element, false);

            fail_msg("%s\n  gives    %s\n  expected %s", readings[i].text, got, readings[i].xml);
        }
        crm_statements_free(&read);
    }
}

/* --- errors --- */

static const struct {
    const char *text, *error; /* what the message must begin with */
} mistakes[] = {
    {"primitve p Dummy", "line 1, column 1: found 'primitve', expected one of primitive, group, "},
    {"primitive", "line 1, column 10: found the end of the statement, expected the new resource's id"},
    {"primitive 1p Dummy",
     "line 1, column 11: found '1p', expected the new resource's id: an id begins with"},
    {"primitive p", "line 1, column 12: found the end of the statement, expected one of @TEMPLATE, an agent"},
    {"primitive p ofc:heartbeat:Dummy",
     "line 1, column 13: found class 'ofc', expected one of ocf, stonith, systemd, "
     "service, lsb, upstart, nagios; did you mean 'ocf'?"},
    {"primitive p Dummy parms a=b",
     "line 1, column 19: found 'parms', expected one of description=, params, meta, "
     "utilization, operations, op; did you mean 'params'?"},
    {"primitive p Dummy params x",
     "line 1, column 26: found 'x', expected one of $id=, $id-ref=, SCORE:, rule, NAME=VALUE, "},
    {"primitive p Dummy \\\n\tparams a=b \\\n\top monitor intervl=10s",
     "line 3, column 13: found 'intervl=10s', did you mean 'interval='? (a parameter of that name goes "
     "behind"},
    {"primitive p Dummy \\\n  op", "line 2, column 5: found the end of the statement, expected an operation"},
    {"primitive \xc3\xa4p Dummy parms", "line 1, column 20: found 'parms'"},
    {"group g", "line 1, column 8: found the end of the statement, expected a primitive's id"},
    {"clone c a b", "line 1, column 11: found 'b', expected one of description=, meta, params"},
    {"location l r n1",
     "line 1, column 14: found 'n1', expected one of role=, resource-discovery=, SCORE: NODE, rule"},
    {"location l r 10: n1 rol=Master", "line 1, column 21: found 'rol=Master', expected one of role=, "
                                       "resource-discovery=; did you mean 'role='?"},
    {"location l r ten: n1",
     "line 1, column 14: found 'ten:', expected a score: a whole number, inf or -inf"},
    {"location l r rule 5: #uname equals n1",
     "line 1, column 29: found 'equals', expected one of lt, gt, lte, gte, eq, ne"},
    {"location l r rule 5: a eq 1 and b eq 2 or c eq 3",
     "line 1, column 40: found 'or' after 'and': one rule joins"},
    {"location l r rule 5: date spec huors=9",
     "line 1, column 32: found 'huors=9', expected one of hours, monthdays, "},
    {"location l { } 5: n", "line 1, column 14: found '}', expected at least one resource in the set"},
    {"colocation c a b", "line 1, column 14: found 'a', expected SCORE:"},
    {"colocation c inf: a", "line 1, column 20: found the end of the statement, expected RESOURCE[:ROLE]"},
    {"colocation c inf: a:Mster b",
     "line 1, column 19: found role 'Mster' for resource a, expected one of Started, "},
    {"colocation c inf: ( a b",
     "line 1, column 24: found the end of the statement, expected one of sequential=, "
     "require-all=, ), RESOURCE[:ROLE]"},
    {"order o Mandatry: a b",
     "line 1, column 9: found 'Mandatry:', expected one of Mandatory:, Optional:, Serialize:; "
     "did you mean 'Mandatory:'?"},
    {"order o a:strat b",
     "line 1, column 9: found action 'strat' for resource a, expected one of start, stop, "},
    {"order o a b symetrical=false",
     "line 1, column 13: found 'symetrical=false', expected one of symmetrical, "
     "require-all, kind, description; did you mean 'symmetrical'?"},
    {"rsc_ticket t ticket a", "line 1, column 14: found 'ticket', expected TICKET:"},
    {"rsc_ticket t ticket: a loss-policy=exlpode",
     "line 1, column 24: found loss-policy 'exlpode', expected one of"},
    {"node n1:membre", "line 1, column 6: found node type 'membre', expected one of member, remote, ping"},
    {"property",
     "line 1, column 9: found the end of the statement, expected one of SET-ID:, $id=, $id-ref=, "},
    {"property a b", "line 1, column 10: found 'a', expected one of "},
    {"tag t:", "line 1, column 7: found the end of the statement, expected a resource's id"},
    {"fencing_topology n1:", "line 1, column 21: found the end of the statement, expected "},
    {"fencing_topology n1: a , b",
     "line 1, column 24: found ',', expected DEVICE[,DEVICE...] without blanks"},
    {"role r allow x", "line 1, column 8: found 'allow', expected one of read, write, deny"},
    {"xml <primitive", "line 1, column 5: xml:1: not well-formed XML: "},
    {"xml <nvpair id=\"x\"/>", "line 1, column 5: found element <nvpair>, expected one of primitive, "},
    {"xml <primitive class=\"ocf\"/>", "line 1, column 5: element <primitive> has no id"},
    {"primitive p Dummy params a=\"b", "line 1, column 28: this \" quote is not closed, expected another \""},
    {"primitive p Dummy\nfoo", "line 2, column 1: found 'foo', expected one of primitive"},
    {"# nothing\n\nprimitive p Dummy \\\n  # x=1",
     "line 4, column 3: found '#', expected one of description="},
    {"primitive p Dummy params a=\x01", "line 1, column 28: found byte 0x01, expected text in UTF-8"},
    {"primitive p Dummy params a=\xff", "line 1, column 28: found byte 0xff, expected text in UTF-8"},
};

static void mistakes_are_placed(void **state)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(mistakes); i++) {
        struct crm_statements read;
        struct hf_error *error = crm_parse(mistakes[i].text, strlen(mistakes[i].text), &read);

        if (error == NULL)
            fail_msg("accepted: %s", mistakes[i].text);
        if (strncmp(hf_error_text(error), mistakes[i].error, strlen(mistakes[i].error)) != 0)
            fail_msg("%s\n  says     %s\n  expected %s", mistakes[i].text, hf_error_text(error),
                     mistakes[i].error);
        assert_int_equal(hf_error_kind(error), HF_USAGE);
        assert_int_equal(read.count, 0);
        hf_error_free(error);
    }
}

/* --- edits --- */

struct fixture {
    xmlDoc *document;
    struct crm_edit edit;
};

static void open_fixture(struct fixture *fixture, const char *xml)
{
    assert_null(hf_xml_parse(xml, strlen(xml), "fixture", &fixture->document));
    crm_edit_begin(&fixture->edit, xmlDocGetRootElement(fixture->document));
}

static void close_fixture(struct fixture *fixture)
{
    crm_edit_end(&fixture->edit);
    xmlFreeDoc(fixture->document);
}

static struct hf_error *apply(struct fixture *fixture, const char *text, enum crm_mode mode)
{
    struct crm_statements statements;
    struct hf_error *error = crm_parse(text, strlen(text), &statements);

    if (error == NULL)
        error = crm_edit_apply_all(&fixture->edit, &statements, mode);
    if (error == NULL)
        error = crm_edit_finish(&fixture->edit);
    crm_statements_free(&statements);
    return error;
}

static void expect_text(struct fixture *fixture, const char *wanted)
{
    struct hf_buf text = {0};

    crm_print_configuration(&text, fixture->edit.configuration);
    assert_string_equal(hf_buf_text(&text), wanted);
    hf_buf_free(&text);
}

static void expect_refusal(struct hf_error *error, const char *wanted)
{
    assert_non_null(error);
    assert_string_equal(hf_error_text(error), wanted);
    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    hf_error_free(error);
}

#define EMPTY "<configuration><crm_config/><nodes/><resources/><constraints/></configuration>"
#define THREE "primitive a Dummy\nprimitive b Dummy\nprimitive c Dummy\n"
#define A "primitive a ocf:heartbeat:Dummy\n"
#define B "primitive b ocf:heartbeat:Dummy\n"
#define C "primitive c ocf:heartbeat:Dummy\n"

static void ids_are_made(void **state)
{
    struct fixture fixture;
    HF_CLEANUP(hf_freep) char *text = NULL;

    open_fixture(&fixture, EMPTY);
    assert_null(apply(&fixture,
                      "primitive a Dummy params x=1 params y=2 op monitor interval=10s OCF=1\n"
                      "location l a rule 1: #uname eq n or #uname eq m",
                      CRM_CREATE));
    text = hf_xml_text(hf_xml_child(fixture.edit.configuration, "resources"), false);
    assert_string_equal(
        text,
        "<resources><primitive id=\"a\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\">"
        "<instance_attributes id=\"a-instance_attributes\"><nvpair name=\"x\" value=\"1\" "
        "id=\"a-instance_attributes-x\"/></instance_attributes><instance_attributes "
        "id=\"a-instance_attributes-0\"><nvpair name=\"y\" value=\"2\" id=\"a-instance_attributes-0-y\"/>"
        "</instance_attributes><operations><op name=\"monitor\" interval=\"10s\" id=\"a-monitor-10s\">"
        "<instance_attributes id=\"a-monitor-10s-instance_attributes\"><nvpair name=\"OCF\" value=\"1\" "
        "id=\"a-monitor-10s-instance_attributes-OCF\"/></instance_attributes></op></operations></primitive>"
        "</resources>");
    free(text);
    text = hf_xml_text(hf_xml_child(fixture.edit.configuration, "constraints"), false);
    assert_non_null(strstr(text, "id=\"l-rule-expression-0\""));
    close_fixture(&fixture);
}

static void ids_are_kept(void **state)
{
    struct fixture fixture;
    HF_CLEANUP(hf_freep) char *text = NULL;

    open_fixture(&fixture,
                 "<configuration><crm_config/><nodes/><resources><primitive id=\"a\" class=\"ocf\" "
                 "provider=\"heartbeat\" type=\"Dummy\"><instance_attributes id=\"odd\"><nvpair id=\"n1\" "
                 "name=\"x\" value=\"1\"/></instance_attributes></primitive></resources><constraints/>"
                 "</configuration>");
    assert_null(apply(&fixture, "primitive a Dummy params x=2 y=3", CRM_UPDATE));
    text = hf_xml_text(hf_xml_child(fixture.edit.configuration, "resources"), false);
    assert_string_equal(
        text, "<resources><primitive id=\"a\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\">"
              "<instance_attributes id=\"odd\"><nvpair name=\"x\" value=\"2\" id=\"n1\"/><nvpair "
              "name=\"y\" value=\"3\" id=\"odd-y\"/></instance_attributes></primitive></resources>");
    close_fixture(&fixture);
}

static void groups_take_and_release(void **state)
{
    struct fixture fixture;

    open_fixture(&fixture, EMPTY);
    assert_null(apply(&fixture, THREE "group g b a\n", CRM_CREATE));
    expect_text(&fixture, C B A "group g b a\n");
    assert_null(apply(&fixture, "group g c a", CRM_UPDATE));
    expect_text(&fixture, C A "group g c a\n" B);
    expect_refusal(apply(&fixture, "group h c", CRM_CREATE), "line 1: group h: 'c' is already in group g");
    close_fixture(&fixture);
}

static void refusals(void **state)
{
    static const struct {
        const char *text, *error;
    } table[] = {
        {"primitive a Dummy",
         "line 1: primitive a exists already, expected a new id ('configure load update' or "
         "'configure edit' replace objects)"},
        {"\ngroup h nobody",
         "line 2: group h: resource 'nobody' does not exist, expected the id of a primitive"},
        {"group h c c", "line 1: group h: 'c' is named twice"},
        {"group h g", "line 1: group h: 'g' is a group, expected the id of a primitive"},
        {"location l nobody 1: n",
         "rsc_location l: rsc 'nobody' does not exist, expected the id of something that does"},
        {"order o a nobody",
         "rsc_order o: then 'nobody' does not exist, expected the id of something that does"},
        {"primitive d @t",
         "primitive d: template 't' does not exist, expected the id of something that does"},
        {"primitive d Dummy meta $id-ref=zz",
         "primitive d: id-ref 'zz' does not exist, expected the id of something "
         "that does"},
        {"primitive d Dummy meta $id=c", "line 1: id 'c' is already used by primitive c, expected a new id"},
        {"monitor c 10s\nmonitor c 10s:3s",
         "line 2: monitor: 'c' has a monitor with interval 10s already, expected "
         "another interval"},
        {"monitor g 10s", "line 1: monitor: 'g' is a group, expected the id of a primitive"},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(table); i++) {
        struct fixture fixture;

        open_fixture(&fixture, EMPTY);
        assert_null(apply(&fixture, THREE "group g a b\n", CRM_CREATE));
        expect_refusal(apply(&fixture, table[i].text, CRM_CREATE), table[i].error);
        close_fixture(&fixture);
    }
}

static void sets_merge(void **state)
{
    struct fixture fixture;

    open_fixture(&fixture, EMPTY);
    assert_null(apply(&fixture,
                      "property a=1 b=2\nproperty b=3 c=4\nrsc_defaults x=1\nop_defaults timeout=5\n",
                      CRM_CREATE));
    expect_text(
        &fixture,
        "property cib-bootstrap-options: \\\n\ta=1 \\\n\tb=3 \\\n\tc=4\nrsc_defaults rsc-options: \\\n"
        "\tx=1\nop_defaults op-options: \\\n\ttimeout=5\n");
    close_fixture(&fixture);
}

static void references_resolve(void **state)
{
    struct fixture fixture;

    open_fixture(&fixture, EMPTY);
    assert_null(apply(&fixture, "primitive b Dummy meta $id-ref=a\nprimitive a Dummy meta x=1", CRM_CREATE));
    expect_text(&fixture, "primitive b ocf:heartbeat:Dummy \\\n\tmeta $id-ref=a-meta_attributes\n"
                          "primitive a ocf:heartbeat:Dummy \\\n\tmeta x=1\n");
    close_fixture(&fixture);
}

static void deletion(void **state)
{
    static char *const c[] = {"c"}, *const loc_and_c[] = {"l", "c"}, *const a[] = {"a"}, *const g[] = {"g"},
                       *const nobody[] = {"nobody"}, *const part[] = {"c-meta_attributes"};
    struct fixture fixture;

    open_fixture(&fixture, EMPTY);
    assert_null(apply(&fixture, THREE "group g a\nlocation l c 1: n\ntag t: b c\n", CRM_CREATE));
    expect_refusal(crm_edit_delete(&fixture.edit, c, 1),
                   "primitive c is referred to by rsc_location l, expected that to "
                   "be deleted with it (--force does)");
    expect_refusal(crm_edit_delete(&fixture.edit, nobody, 1),
                   "'nobody' does not exist, expected the id of an object");
    expect_refusal(crm_edit_delete(&fixture.edit, a, 1),
                   "primitive a is the only member of group g, expected that to be "
                   "deleted with it (--force does)");
    fixture.edit.force = true;
    assert_null(crm_edit_delete(&fixture.edit, loc_and_c, 2));
    expect_text(&fixture, B A "group g a\ntag t: b\n");
    assert_null(crm_edit_delete(&fixture.edit, g, 1));
    expect_text(&fixture, B A "tag t: b\n");
    assert_null(apply(&fixture, "group g a\nprimitive c Dummy meta x=1", CRM_CREATE));
    expect_refusal(crm_edit_delete(&fixture.edit, part, 1),
                   "'c-meta_attributes' is a part (meta_attributes) of 'c', "
                   "expected the id of an object");
    assert_null(crm_edit_delete(&fixture.edit, a, 1));
    expect_text(&fixture, B "primitive c ocf:heartbeat:Dummy \\\n\tmeta x=1\ntag t: b\n");
    close_fixture(&fixture);
}

static void renaming(void **state)
{
    struct fixture fixture;

    open_fixture(&fixture, EMPTY);
    assert_null(apply(&fixture, THREE "order o a ( b c )\nfencing_topology n: a,ab a\nprimitive ab Dummy",
                      CRM_CREATE));
    assert_null(crm_edit_rename(&fixture.edit, "a", "z"));
    expect_text(&fixture, "primitive z ocf:heartbeat:Dummy\n" B C
                          "primitive ab ocf:heartbeat:Dummy\norder o z ( b c )\n"
                          "fencing_topology \\\n\tn: z,ab z\n");
    expect_refusal(crm_edit_rename(&fixture.edit, "z", "b"), "id 'b' exists already, expected a new one");
    close_fixture(&fixture);
}

static void attributes(void **state)
{
    struct fixture fixture;
    xmlNode *a;

    open_fixture(&fixture, EMPTY);
    assert_null(apply(&fixture, "primitive a Dummy", CRM_CREATE));
    a = crm_edit_find(&fixture.edit, "a");
    assert_true(crm_edit_set_attribute(&fixture.edit, a, "meta_attributes", "target-role", "Stopped"));
    assert_false(crm_edit_set_attribute(&fixture.edit, a, "meta_attributes", "target-role", "Stopped"));
    assert_string_equal(crm_attribute(a, "meta_attributes", "target-role"), "Stopped");
    expect_text(&fixture, "primitive a ocf:heartbeat:Dummy \\\n\tmeta target-role=Stopped\n");
    assert_true(crm_edit_set_attribute(&fixture.edit, a, "meta_attributes", "target-role", NULL));
    assert_false(crm_edit_set_attribute(&fixture.edit, a, "meta_attributes", "target-role", NULL));
    expect_text(&fixture, A);
    close_fixture(&fixture);
}

/* What would be misread is quoted. */
static void words_are_quoted(void **state)
{
    static const char *const words[] = {
        "plain",     "two words", "",   "meta", "a\"b\\c",           "x:",  "@t",       "/p/",       "(",
        "line\nend", "a=b",       "#x", "'",    "\xc3\xa9t\xc3\xa9", "$id", "param{x}", "trailing\\"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(words); i++) {
        struct hf_buf text = {0};
        struct crm_lexer lexer;
        struct crm_words read = {0};
        bool more;

        hf_buf_puts(&text, "x ");
        crm_print_word(&text, words[i]);
        hf_buf_putc(&text, ' ');
        crm_print_pair(&text, words[i], words[i]);
        crm_lexer_init(&lexer, text.data, text.length);
        assert_null(crm_lex(&lexer, &read, &more));
        assert_int_equal(read.count, 3);
        assert_string_equal(read.word[1].text, words[i]);
        assert_int_equal(read.word[2].equals, strlen(words[i]));
        assert_string_equal(read.word[2].text + read.word[2].equals + 1, words[i]);
        crm_words_free(&read);
        hf_buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_xml),
        cmocka_unit_test(mistakes_are_placed),
        cmocka_unit_test(ids_are_made),
        cmocka_unit_test(ids_are_kept),
        cmocka_unit_test(groups_take_and_release),
        cmocka_unit_test(refusals),
        cmocka_unit_test(sets_merge),
        cmocka_unit_test(references_resolve),
        cmocka_unit_test(deletion),
        cmocka_unit_test(renaming),
        cmocka_unit_test(attributes),
        cmocka_unit_test(words_are_quoted),
    };

    hf_xml_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
