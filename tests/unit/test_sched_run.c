/* test_sched_run.c - whole runs of the scheduler over small clusters, told as stories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "daemon/sched/digest.h"
#include "daemon/sched/history.h"
#include "daemon/sched/sched.h"
#include "lib/xml.h"

static const char head[] =
    "<cib validate-with='pacemaker-3.9' crm_feature_set='3.16.1' epoch='1' num_updates='0' admin_epoch='0'"
    " have-quorum='1' dc-uuid='1'><configuration><crm_config><cluster_property_set id='o'>"
    "<nvpair id='o-f' name='stonith-enabled' value='false'/></cluster_property_set></crm_config>"
    "<nodes><node id='1' uname='n1'/><node id='2' uname='n2'/></nodes><resources>";
static const char middle[] = "</resources><constraints>";
static const char tail[] =
    "</constraints></configuration><status>"
    "<node_state id='1' uname='n1' in_ccm='true' crmd='online' join='member' expected='member'/>"
    "<node_state id='2' uname='n2' in_ccm='true' crmd='online' join='member' expected='member'/>"
    "</status></cib>";

static const char dummy[] = "<primitive id='web' class='ocf' provider='pacemaker' type='Dummy'/>";
static const struct graph_resource web = {"web", NULL, "ocf", "pacemaker", "Dummy"};

static xmlDoc *cluster(const char *resources, const char *constraints)
{
    char text[8192];
    xmlDoc *cib = NULL;

    snprintf(text, sizeof(text), "%s%s%s%s%s", head, resources, middle, constraints, tail);
    assert_null(hf_xml_parse(text, strlen(text), "test", &cib));
    return cib;
}

static void add(xmlNode *parent, const char *text)
{
    xmlNode *list = NULL;

    assert_int_equal(xmlParseInNodeContext(parent, text, (int)strlen(text), 0, &list), XML_ERR_OK);
    assert_non_null(xmlAddChild(parent, list));
}

static struct sched_output *run(xmlDoc *cib)
{
    struct sched_input input = {.now = 1700000000, .transition_id = 1, .show_scores = true};
    struct sched_output *output = NULL;

    assert_null(sched_run(cib, &input, &output));
    return output;
}

static void happened(xmlDoc *cib, const char *task, const char *node, const char *id, int rc)
{
    char digest[SCHED_DIGEST_SIZE];
    struct history_op op = {.resource = &web,
                            .task = task,
                            .node_name = node,
                            .node_id = id,
                            .rc = rc,
                            .run = 1699999000,
                            .changed = 1699999000,
                            .digest = digest};

    sched_digest_all(NULL, 0, digest);
    history_record(xmlDocGetRootElement(cib), &op);
}

static const struct graph_action *find(const struct sched_output *output, const char *key, const char *node)
{
    const struct sched_graph *graph = sched_graph(output);

    for (int i = 0; i < graph->n_actions; i++)
        if (strcmp(graph->actions[i].key, key) == 0 &&
            (node == NULL || strcmp(graph->actions[i].node_name, node) == 0))
            return &graph->actions[i];
    return NULL;
}

static void what_is_no_cib_is_refused(void **state)
{
    xmlDoc *doc = NULL;
    struct sched_output *output = NULL;
    struct sched_input input = {.now = 1};
    (void)state;

    assert_null(hf_xml_parse("<config/>", 9, "test", &doc));
    struct hf_error *error = sched_run(doc, &input, &output);
    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    assert_null(output);
    hf_error_free(error);
    xmlFreeDoc(doc);
}

static void probes_come_before_the_start(void **state)
{
    xmlDoc *cib = cluster(dummy, "");
    struct sched_output *output = run(cib);
    const struct graph_action *start = find(output, "web_start_0", NULL);
    (void)state;

    assert_non_null(find(output, "web_monitor_0", "n1"));
    assert_non_null(find(output, "web_monitor_0", "n2"));
    assert_non_null(start);
    assert_true(start->n_inputs > 0);
    assert_int_equal(find(output, "web_monitor_0", "n1")->target_rc, 7);
    sched_output_free(output);
    xmlFreeDoc(cib);
}

static void a_location_constraint_chooses_the_node(void **state)
{
    xmlDoc *cib = cluster(dummy, "<rsc_location id='l' rsc='web' node='n2' score='10'/>");
    struct sched_output *output = run(cib);
    (void)state;

    assert_string_equal(find(output, "web_start_0", NULL)->node_name, "n2");
    sched_output_free(output);
    xmlFreeDoc(cib);
}

static void what_runs_as_wanted_is_left_alone(void **state)
{
    xmlDoc *cib = cluster(dummy, "");
    (void)state;

    happened(cib, "monitor", "n2", "2", 7);
    happened(cib, "start", "n1", "1", 0);
    struct sched_output *output = run(cib);
    assert_int_equal(sched_graph(output)->n_actions, 0);
    const struct status_model *model = sched_status(output);
    assert_int_equal(model->n_resources, 1);
    assert_string_equal(model->resources[0].node, "n1");
    assert_int_equal(model->resources[0].role, STATUS_STARTED);
    sched_output_free(output);
    xmlFreeDoc(cib);
}

static void the_output_outlives_the_cib(void **state)
{
    xmlDoc *cib = cluster(dummy, "<rsc_location id='l' rsc='web' node='n2' score='10'/>");
    struct sched_output *output = run(cib);
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    (void)state;

    xmlFreeDoc(cib);
    assert_string_equal(find(output, "web_start_0", NULL)->resource->type, "Dummy");
    sched_print_status(output, STATUS_SIMULATE, "", &text);
    sched_print_summary(output, "", &text);
    graph_to_xml(sched_graph(output), &text);
    assert_non_null(strstr(hf_buf_text(&text), "Start      web     (    n2 )"));
    sched_output_free(output);
}

static void explain_names_the_constraint(void **state)
{
    xmlDoc *cib = cluster(dummy, "<rsc_location id='never-n1' rsc='web' node='n1' score='-INFINITY'/>");
    struct sched_output *output = run(cib);
    int count = 0;
    struct sched_reason *reasons = sched_explain(output, "web", "n1", &count);
    (void)state;

    assert_true(count > 0);
    assert_string_equal(reasons[0].id, "never-n1");
    assert_int_equal(reasons[0].score, -1000000);
    free(reasons);
    sched_output_free(output);
    xmlFreeDoc(cib);
}

static void old_shapes_are_understood(void **state)
{
    xmlDoc *cib =
        cluster("<master id='ms'><primitive id='web' class='ocf' provider='pacemaker' type='Stateful'/>"
                "</master>",
                "");
    struct sched_output *output = run(cib);
    (void)state;

    assert_int_equal(sched_status(output)->resources[0].kind, STATUS_CLONE);
    assert_true(sched_status(output)->resources[0].promotable);
    sched_output_free(output);
    xmlFreeDoc(cib);
}

static void promoted(xmlDoc *cib, const char *node, const char *id, uint64_t term)
{
    char digest[SCHED_DIGEST_SIZE];
    struct history_op op = {.resource = &web,
                            .task = "promote",
                            .node_name = node,
                            .node_id = id,
                            .run = 1699999100,
                            .changed = 1699999100,
                            .term = term,
                            .moved = true,
                            .digest = digest};

    sched_digest_all(NULL, 0, digest);
    happened(cib, "start", node, id, 0);
    history_record(xmlDocGetRootElement(cib), &op);
}

/* Both say that they have the VIP: who took its lock later is right, in whichever order they say so. */
static void the_newer_lock_is_right(void **state)
{
    static const char vip[] =
        "<clone id='c'><meta_attributes id='m'><nvpair id='m1' name='promotable' value='true'/>"
        "</meta_attributes><primitive id='web' class='ocf' provider='pacemaker' type='Dummy'/></clone>";
    static const char prefers[] = "<rsc_location id='l' rsc='c' role='Promoted' node='n1' score='1'/>"
                                  "<rsc_location id='k' rsc='c' role='Promoted' node='n2' score='1'/>";

    for (unsigned older = 1; older <= 2; older++) {
        xmlDoc *cib = cluster(vip, prefers);
        struct sched_output *output;
        const struct sched_promotion *list;
        int count;

        promoted(cib, "n1", "1", older == 1 ? 5 : 6);
        promoted(cib, "n2", "2", older == 1 ? 6 : 0);
        output = run(cib);
        assert_null(find(output, "web_demote_0", NULL));
        assert_null(find(output, "web_promote_0", NULL));
        list = sched_promotions(output, &count);
        assert_int_equal(count, 2);
        assert_string_equal(list[0].resource, "web");
        assert_string_equal(list[0].node, older == 1 ? "n2" : "n1");
        assert_true(list[0].promoted && list[0].active && list[1].active);
        assert_false(list[1].promoted);
        sched_output_free(output);
        xmlFreeDoc(cib);
    }
}

/* What is not there yet must be known as such: a guard takes a VIP that it has no priority for as forbidden.
 */
static void an_instance_to_be_started_is_not_active(void **state)
{
    static const char vip[] =
        "<clone id='c'><meta_attributes id='m'><nvpair id='m1' name='promotable' value='true'/>"
        "</meta_attributes><primitive id='web' class='ocf' provider='pacemaker' type='Dummy'/></clone>";
    xmlDoc *cib = cluster(vip, "");
    struct sched_output *output = run(cib);
    const struct sched_promotion *list;
    int count;

    list = sched_promotions(output, &count);
    assert_int_equal(count, 2);
    for (int i = 0; i < count; i++)
        assert_true(!list[i].active && !list[i].promoted && list[i].score < 0);
    sched_output_free(output);
    xmlFreeDoc(cib);
}

/* What is to run beside it is still on the former node, and would rather stay. */
static void what_is_beside_a_vip_follows_it(void **state)
{
    static const char resources[] =
        "<clone id='c'><meta_attributes id='m'><nvpair id='m1' name='promotable' value='true'/>"
        "</meta_attributes><primitive id='web' class='ocf' provider='pacemaker' type='Dummy'/></clone>"
        "<group id='g'><meta_attributes id='gm'><nvpair id='gm1' name='resource-stickiness' value='100'/>"
        "</meta_attributes><primitive id='a' class='ocf' provider='pacemaker' type='Dummy'/>"
        "<primitive id='b' class='ocf' provider='pacemaker' type='Dummy'/></group>";
    static const char constraints[] = "<rsc_location id='l' rsc='c' role='Promoted' node='n1' score='1'/>"
                                      "<rsc_location id='k' rsc='c' role='Promoted' node='n2' score='1'/>"
                                      "<rsc_colocation id='x' score='INFINITY' rsc='g' with-rsc='c' "
                                      "with-rsc-role='Promoted'/>";
    static const struct graph_resource members[] = {{"a", NULL, "ocf", "pacemaker", "Dummy"},
                                                    {"b", NULL, "ocf", "pacemaker", "Dummy"}};
    xmlDoc *cib = cluster(resources, constraints);
    struct sched_output *output;

    happened(cib, "start", "n1", "1", 0);
    promoted(cib, "n2", "2", 6);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(members); i++) {
        char digest[SCHED_DIGEST_SIZE];
        struct history_op op = {.resource = &members[i],
                                .task = "start",
                                .node_name = "n1",
                                .node_id = "1",
                                .run = 1699999000,
                                .changed = 1699999000,
                                .digest = digest};

        sched_digest_all(NULL, 0, digest);
        history_record(xmlDocGetRootElement(cib), &op);
    }
    output = run(cib);
    assert_null(find(output, "web_demote_0", NULL));
    assert_non_null(find(output, "a_stop_0", "n1"));
    assert_non_null(find(output, "b_start_0", "n2"));
    sched_output_free(output);
    xmlFreeDoc(cib);
}

/* far's connection is no longer configured and failed on n1, but is left alone: its recovery will not be
 * done. */
static void probes_do_not_wait_for_a_start_that_will_not_be(void **state)
{
    static const char connection[] =
        "<lrm id='1'><lrm_resources><lrm_resource id='far' class='ocf' provider='pacemaker' type='remote'>"
        "<lrm_rsc_op id='far_last_0' operation_key='far_start_0' operation='start' crm_feature_set='3.16.1'"
        " transition-key='5:1:0:x' transition-magic='0:0;5:1:0:x' on_node='n1' call-id='5' rc-code='0'"
        " op-status='0' interval='0'/>"
        "<lrm_rsc_op id='far_monitor_30000' operation_key='far_monitor_30000' operation='monitor'"
        " crm_feature_set='3.16.1' transition-key='6:1:0:x' transition-magic='0:1;6:1:0:x' on_node='n1'"
        " call-id='6' rc-code='1' op-status='0' interval='30000'/>"
        "</lrm_resource></lrm_resources></lrm>";
    static const char keep[] = "<nvpair id='o-r' name='stop-orphan-resources' value='false'/>";
    static const char far[] = "<node id='far' uname='far' type='remote'/>";
    xmlDoc *cib = cluster(dummy, "");
    xmlNode *configuration = hf_xml_child(xmlDocGetRootElement(cib), "configuration");
    xmlNode *options = hf_xml_child(hf_xml_child(configuration, "crm_config"), "cluster_property_set");
    xmlNode *node = hf_xml_child(hf_xml_child(xmlDocGetRootElement(cib), "status"), "node_state");
    (void)state;

    add(options, keep);
    add(hf_xml_child(configuration, "nodes"), far);
    add(node, connection);
    struct sched_output *output = run(cib);
    assert_null(find(output, "far_start_0", NULL));
    assert_false(find(output, "web_monitor_0", "far")->blocked);
    assert_false(find(output, "web_start_0", NULL)->blocked);
    sched_output_free(output);
    xmlFreeDoc(cib);
}

static void a_failed_probe_says_where_it_was(void **state)
{
    static const struct {
        const char *on_node, *shown;
    } cases[] = {{"on_node='n1'", "Not installed"}, {"", NULL}};
    (void)state;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++) {
        char probe[512];
        xmlDoc *cib = cluster(dummy, "");
        snprintf(
            probe, sizeof(probe),
            "<lrm id='1'><lrm_resources><lrm_resource id='web' class='ocf' provider='pacemaker' type='Dummy'>"
            "<lrm_rsc_op id='web_last_0' operation_key='web_monitor_0' operation='monitor' call-id='1'"
            " transition-key='1:1:7:x' transition-magic='0:5;1:1:7:x' rc-code='5' op-status='0' interval='0' "
            "%s/>"
            "</lrm_resource></lrm_resources></lrm>",
            cases[i].on_node);
        add(hf_xml_child(hf_xml_child(xmlDocGetRootElement(cib), "status"), "node_state"), probe);
        struct sched_output *output = run(cib);
        const char *shown = sched_status(output)->resources[0].probe_failure;
        if (cases[i].shown == NULL)
            assert_null(shown);
        else
            assert_string_equal(shown, cases[i].shown);
        sched_output_free(output);
        xmlFreeDoc(cib);
    }
}

static void two_tags_cannot_be_colocated(void **state)
{
    static const char tags[] =
        "<tags><tag id='a'><obj_ref id='web'/></tag><tag id='b'><obj_ref id='db'/></tag></tags>";
    static const struct {
        const char *constraint, *node; /* where db, which must not be on n1, makes web go */
    } cases[] = {{"<rsc_colocation id='c' rsc='a' with-rsc='db' score='INFINITY'/>", "n2"},
                 {"<rsc_colocation id='c' rsc='a' with-rsc='b' score='INFINITY'/>", "n1"}};
    (void)state;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++) {
        char constraints[512];
        snprintf(constraints, sizeof(constraints),
                 "<rsc_location id='l' rsc='db' node='n1' score='-INFINITY'/>"
                 "<rsc_location id='m' rsc='web' node='n1' score='10'/>%s",
                 cases[i].constraint);
        xmlDoc *cib = cluster("<primitive id='db' class='ocf' provider='pacemaker' type='Dummy'/>"
                              "<primitive id='web' class='ocf' provider='pacemaker' type='Dummy'/>",
                              constraints);
        add(hf_xml_child(xmlDocGetRootElement(cib), "configuration"), tags);
        struct sched_output *output = run(cib);
        assert_string_equal(find(output, "web_start_0", NULL)->node_name, cases[i].node);
        sched_output_free(output);
        xmlFreeDoc(cib);
    }
}

/* web was about to move from n1 to n2; what n2 says of it since then. */
static void only_one_monitor_tells_that_a_migration_is_over(void **state)
{
    static const char source[] =
        "<lrm id='1'><lrm_resources><lrm_resource id='web' class='ocf' provider='pacemaker' type='Dummy'>"
        "<lrm_rsc_op id='web_last_0' operation_key='web_migrate_to_0' operation='migrate_to' call-id='4'"
        " transition-key='1:1:0:x' transition-magic='0:0;1:1:0:x' rc-code='0' op-status='0' interval='0'"
        " on_node='n1' migrate_source='n1' migrate_target='n2' last-rc-change='1699999000'/>"
        "</lrm_resource></lrm_resources></lrm>";
    static const char probe[] =
        "<lrm_rsc_op id='web_last_0' operation_key='web_monitor_0' operation='monitor' call-id='5'"
        " transition-key='5:1:7:x' transition-magic='0:7;5:1:7:x' rc-code='7' op-status='0' interval='0'"
        " on_node='n2' last-rc-change='1699999900'/>";
    static const char monitor[] =
        "<lrm_rsc_op id='web_monitor_30000' operation_key='web_monitor_30000' operation='monitor' call-id='6'"
        " transition-key='6:1:7:x' transition-magic='0:7;6:1:7:x' rc-code='7' op-status='0' interval='30000'"
        " on_node='n2' last-rc-change='1699999900'/>";
    (void)state;

    for (int both = 0; both < 2; both++) {
        xmlDoc *cib = cluster(dummy, "");
        xmlNode *node = hf_xml_child(hf_xml_child(xmlDocGetRootElement(cib), "status"), "node_state");
        char target[2048];
        snprintf(
            target, sizeof(target),
            "<lrm id='2'><lrm_resources><lrm_resource id='web' class='ocf' provider='pacemaker' type='Dummy'>"
            "%s%s</lrm_resource></lrm_resources></lrm>",
            probe, both ? monitor : "");
        add(node, source);
        add(hf_xml_next(node, "node_state"), target);
        struct sched_output *output = run(cib);
        assert_int_equal(sched_status(output)->resources[0].n_nodes, 1 + both);
        sched_output_free(output);
        xmlFreeDoc(cib);
    }
}

/* A bundle with itself, by way of a tag: it is assigned within its own assignment, each time one container
 * less. */
static void a_bundle_beside_itself_is_assigned_to_the_end(void **state)
{
    static const char tags[] = "<tags><tag id='t'><obj_ref id='b'/></tag></tags>";
    static const char running[] =
        "<lrm id='1'><lrm_resources><lrm_resource id='b-docker-0' class='ocf' provider='heartbeat' "
        "type='docker'>"
        "<lrm_rsc_op id='b-docker-0_last_0' operation_key='b-docker-0_start_0' operation='start' call-id='4'"
        " transition-key='1:1:0:x' transition-magic='0:0;1:1:0:x' rc-code='0' op-status='0' interval='0'/>"
        "</lrm_resource></lrm_resources></lrm>";
    static const char line[] = "bundle_assign: b allocation score on n1:";
    xmlDoc *cib = cluster("<bundle id='b'><docker image='i' replicas='2'/></bundle>",
                          "<rsc_colocation id='c' rsc='t' with-rsc='b' score='-INFINITY'/>");
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    int times = 0;
    (void)state;

    add(hf_xml_child(xmlDocGetRootElement(cib), "configuration"), tags);
    add(hf_xml_child(hf_xml_child(xmlDocGetRootElement(cib), "status"), "node_state"), running);
    struct sched_output *output = run(cib);
    sched_print_scores(output, "", &text);
    for (const char *at = hf_buf_text(&text); (at = strstr(at, line)) != NULL; at++)
        times++;
    assert_int_equal(times, 5); /* as Pacemaker does */
    sched_output_free(output);
    xmlFreeDoc(cib);
}

/* What an old configuration says in cluster options counts as what it became; in a newer one it says nothing.
 */
static void defaults_among_the_options_are_of_old_schemas(void **state)
{
    static const struct {
        const char *schema, *option;
        bool starts;
    } cases[] = {
        {"pacemaker-2.10", "<nvpair id='x' name='is-managed-default' value='false'/>", false},
        {"pacemaker-1.2", "<nvpair id='x' name='is_managed_default' value='false'/>", false},
        {"pacemaker-2.10", "<nvpair id='x' name='symmetric_cluster' value='false'/>", false},
        {"pacemaker-3.9", "<nvpair id='x' name='is-managed-default' value='false'/>", true},
        {"pacemaker-3.9", "<nvpair id='x' name='symmetric_cluster' value='false'/>", true},
    };
    (void)state;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++) {
        xmlDoc *cib = cluster(dummy, "");
        xmlNode *root = xmlDocGetRootElement(cib);
        hf_xml_set(root, "validate-with", cases[i].schema);
        add(hf_xml_child(hf_xml_child(hf_xml_child(root, "configuration"), "crm_config"),
                         "cluster_property_set"),
            cases[i].option);
        struct sched_output *output = run(cib);
        assert_int_equal(find(output, "web_start_0", NULL) != NULL, cases[i].starts);
        sched_output_free(output);
        xmlFreeDoc(cib);
    }
}

/* What start required before 3.0, the resource requires; options among an operation's parameters are its
 * options. */
static void old_operations_are_understood(void **state)
{
    xmlDoc *cib =
        cluster("<bundle id='b'><docker image='i'/><network ip-range-start='192.0.2.1'/>"
                "<primitive id='in' class='ocf' provider='pacemaker' type='Dummy'/></bundle>"
                "<primitive id='web' class='ocf' provider='pacemaker' type='Dummy'><operations>"
                "<op id='s' name='start' interval='0' requires='quorum'><instance_attributes id='s-i'>"
                "<nvpair id='s-t' name='timeout' value='77s'/></instance_attributes></op>"
                "</operations></primitive>",
                "");
    (void)state;

    hf_xml_set(xmlDocGetRootElement(cib), "validate-with", "pacemaker-2.10");
    struct sched_output *output = run(cib);
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    graph_to_xml(sched_graph(output), &text);
    assert_non_null(strstr(hf_buf_text(&text), "CRM_meta_timeout=\"77000\""));
    assert_null(strstr(hf_buf_text(&text), "requires=\"quorum\""));
    sched_output_free(output);
    xmlFreeDoc(cib);
}

/* Before 4.0 there were nodes that only pinged, and agents that nothing runs any more. */
static void ping_nodes_and_agents_of_old_run_nothing(void **state)
{
    xmlDoc *cib = cluster("<primitive id='web' class='ocf' provider='pacemaker' type='Dummy'/>"
                          "<group id='g'><primitive id='old' class='upstart' type='thing'/></group>",
                          "<rsc_location id='l' rsc='web' node='n2' score='10'/>"
                          "<rsc_colocation id='c' rsc='web' with-rsc='g' score='INFINITY'/>");
    xmlNode *nodes = hf_xml_child(hf_xml_child(xmlDocGetRootElement(cib), "configuration"), "nodes");
    (void)state;

    hf_xml_set(hf_xml_child_by_id(nodes, "node", "2"), "type", "ping");
    struct sched_output *output = run(cib);
    assert_string_equal(find(output, "web_start_0", NULL)->node_name, "n1");
    assert_null(find(output, "web_monitor_0", "n2"));
    assert_null(find(output, "old_start_0", NULL));
    assert_null(find(output, "old_monitor_0", NULL));
    sched_output_free(output);
    xmlFreeDoc(cib);
}

/* What goes with such an agent may have been meant elsewhere, too. */
static void what_old_agents_defined_is_kept_where_it_is_meant(void **state)
{
    xmlDoc *cib = cluster(
        "<group id='g'><primitive id='old' class='nagios' type='thing'>"
        "<meta_attributes id='m'><nvpair id='m-t' name='target-role' value='Stopped'/></meta_attributes>"
        "</primitive></group>"
        "<primitive id='off' class='ocf' provider='pacemaker' type='Dummy'>"
        "<meta_attributes id-ref='m'/></primitive>"
        "<primitive id='off2' class='ocf' provider='pacemaker' type='Dummy'>"
        "<meta_attributes id-ref='m'/></primitive>"
        "<primitive id='web' class='ocf' provider='pacemaker' type='Dummy'/>",
        "<rsc_location id='l' rsc='g'><rule id='l-r' score='-INFINITY'>"
        "<expression id='l-e' attribute='#uname' operation='eq' value='n1'/></rule></rsc_location>"
        "<rsc_location id='k' rsc='web'><rule id-ref='l-r'/></rsc_location>");
    struct sched_output *output = run(cib);
    (void)state;

    assert_string_equal(find(output, "web_start_0", NULL)->node_name, "n2");
    assert_null(find(output, "off_start_0", NULL));
    assert_null(find(output, "off2_start_0", NULL));
    sched_output_free(output);
    xmlFreeDoc(cib);
}

/* A failure is counted for an operation: what names none is of before 1.1.17. */
static void failures_are_counted_by_operation(void **state)
{
    static const struct {
        const char *name;
        bool banned;
    } cases[] = {
        {"fail-count-web#monitor_10000", true}, {"fail-count-web", false},
        {"fail-count-web:0#start_0", false},    {"fail-count-web#monitor", false},
        {"fail-count-web#_0", false},
    };
    (void)state;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++) {
        char text[512];
        xmlDoc *cib = cluster(dummy, "<rsc_location id='l' rsc='web' node='n1' score='10'/>");
        snprintf(text, sizeof(text),
                 "<transient_attributes id='1'><instance_attributes id='t'><nvpair id='f' name='%s' "
                 "value='INFINITY'/>"
                 "</instance_attributes></transient_attributes>",
                 cases[i].name);
        add(hf_xml_child_by_id(hf_xml_child(xmlDocGetRootElement(cib), "status"), "node_state", "1"), text);
        struct sched_output *output = run(cib);
        assert_string_equal(find(output, "web_start_0", NULL)->node_name, cases[i].banned ? "n2" : "n1");
        sched_output_free(output);
        xmlFreeDoc(cib);
    }
}

static void an_entry_without_an_operation_says_nothing(void **state)
{
    xmlDoc *cib = cluster(dummy, "<rsc_location id='l' rsc='web' node='n1' score='INFINITY'/>");
    (void)state;

    add(hf_xml_child_by_id(hf_xml_child(xmlDocGetRootElement(cib), "status"), "node_state", "1"),
        "<lrm id='1'><lrm_resources><lrm_resource id='web' class='ocf' provider='pacemaker' type='Dummy'>"
        "<lrm_rsc_op id='s' operation='start' interval='0' rc-code='0' op-status='0' call-id='2'"
        " transition-key='1:1:0:x' transition-magic='0:0;1:1:0:x'/>"
        "<lrm_rsc_op id='m' interval='10000' rc-code='0' op-status='0' call-id='3'"
        " transition-key='2:1:0:x' transition-magic='0:0;2:1:0:x'/>"
        "</lrm_resource></lrm_resources></lrm>");
    struct sched_output *output = run(cib);
    const struct sched_graph *graph = sched_graph(output);
    for (int i = 0; i < graph->n_actions; i++)
        assert_null(strstr(graph->actions[i].key, "null"));
    sched_output_free(output);
    xmlFreeDoc(cib);
}

/* A history may not say of what agent it is. */
static void an_orphan_of_an_unknown_agent_is_shown(void **state)
{
    xmlDoc *cib = cluster("", "");
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    (void)state;

    add(hf_xml_child_by_id(hf_xml_child(xmlDocGetRootElement(cib), "status"), "node_state", "1"),
        "<lrm id='1'><lrm_resources><lrm_resource id='gone'><lrm_rsc_op id='gone_last_0' operation='start' "
        "rc-code='0'"
        " op-status='0' call-id='2'/></lrm_resource></lrm_resources></lrm>");
    struct sched_output *output = run(cib);
    sched_print_status(output, STATUS_SIMULATE, "", &text);
    assert_non_null(strstr(hf_buf_text(&text), "(unknown:unknown)"));
    sched_output_free(output);
    xmlFreeDoc(cib);
}

/* Another agent goes by the name: what is known of the old one is forgotten, unless it is looked for anew
 * anyway. */
static void a_history_is_not_cleaned_where_it_is_probed(void **state)
{
    static const char history[] =
        "<lrm id='%s'><lrm_resources><lrm_resource id='web' class='ocf' provider='heartbeat' type='Dummy'>%s"
        "</lrm_resource></lrm_resources></lrm>";
    static const char probed[] =
        "<lrm_rsc_op id='web_last_0' operation='monitor' operation_key='web_monitor_0' interval='0'"
        " call-id='2' rc-code='7' op-status='0' transition-key='1:1:7:x'"
        " transition-magic='0:7;1:1:7:x'/>";
    static const char nothing[] = "<lrm_rsc_op id='web_last_0'/>";
    (void)state;

    for (int known = 0; known < 2; known++) {
        char text[1024];
        xmlDoc *cib = cluster(dummy, "");
        snprintf(text, sizeof(text), history, "1", known ? probed : nothing);
        add(hf_xml_child_by_id(hf_xml_child(xmlDocGetRootElement(cib), "status"), "node_state", "1"), text);
        struct sched_output *output = run(cib);
        assert_int_equal(find(output, "web_monitor_0", "n1") != NULL, !known);
        assert_int_equal(find(output, "web_delete_0", "n1") != NULL, known);
        sched_output_free(output);
        xmlFreeDoc(cib);
    }
}

static int score_of(const struct sched_output *output, const char *resource, const char *node)
{
    int count = 0, found = 1;
    const struct sched_score *scores = sched_scores(output, &count);

    for (int i = 0; i < count; i++)
        if (strcmp(scores[i].resource, resource) == 0 && scores[i].node != NULL &&
            strcmp(scores[i].node, node) == 0)
            found = scores[i].score;
    return found;
}

/* What is not managed stays where it is: what must be with it may be there, although the instance could not
 * start. */
static void an_unmanaged_instance_is_followed_to_its_node(void **state)
{
    xmlDoc *cib = cluster(
        "<clone id='p'><meta_attributes id='p-m'><nvpair id='p-p' name='promotable' value='true'/>"
        "<nvpair id='p-u' name='is-managed' value='false'/></meta_attributes>"
        "<primitive id='s' class='ocf' provider='pacemaker' type='Stateful'/></clone>"
        "<primitive id='web' class='ocf' provider='pacemaker' type='Dummy'/>",
        "<rsc_location id='l' rsc='p' node='n1' score='-INFINITY'/>"
        "<rsc_colocation id='c' rsc='web' with-rsc='p' with-rsc-role='Unpromoted' score='INFINITY'/>");
    (void)state;

    add(hf_xml_child_by_id(hf_xml_child(xmlDocGetRootElement(cib), "status"), "node_state", "1"),
        "<lrm id='1'><lrm_resources><lrm_resource id='s' class='ocf' provider='pacemaker' type='Stateful'>"
        "<lrm_rsc_op id='s_last_failure_0' operation='start' operation_key='s_start_0' interval='0' "
        "call-id='3' rc-code='5'"
        " op-status='0' transition-key='1:1:0:x' "
        "transition-magic='0:5;1:1:0:x'/></lrm_resource></lrm_resources></lrm>");
    struct sched_output *output = run(cib);
    assert_int_equal(score_of(output, "web", "n1"), 0);
    assert_int_equal(score_of(output, "web", "n2"), -1000000);
    sched_output_free(output);
    xmlFreeDoc(cib);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_cib_is_refused),
        cmocka_unit_test(probes_come_before_the_start),
        cmocka_unit_test(a_location_constraint_chooses_the_node),
        cmocka_unit_test(what_runs_as_wanted_is_left_alone),
        cmocka_unit_test(the_output_outlives_the_cib),
        cmocka_unit_test(explain_names_the_constraint),
        cmocka_unit_test(old_shapes_are_understood),
        cmocka_unit_test(the_newer_lock_is_right),
        cmocka_unit_test(what_is_beside_a_vip_follows_it),
        cmocka_unit_test(an_instance_to_be_started_is_not_active),
        cmocka_unit_test(probes_do_not_wait_for_a_start_that_will_not_be),
        cmocka_unit_test(a_failed_probe_says_where_it_was),
        cmocka_unit_test(two_tags_cannot_be_colocated),
        cmocka_unit_test(only_one_monitor_tells_that_a_migration_is_over),
        cmocka_unit_test(a_bundle_beside_itself_is_assigned_to_the_end),
        cmocka_unit_test(defaults_among_the_options_are_of_old_schemas),
        cmocka_unit_test(old_operations_are_understood),
        cmocka_unit_test(ping_nodes_and_agents_of_old_run_nothing),
        cmocka_unit_test(what_old_agents_defined_is_kept_where_it_is_meant),
        cmocka_unit_test(failures_are_counted_by_operation),
        cmocka_unit_test(an_entry_without_an_operation_says_nothing),
        cmocka_unit_test(an_orphan_of_an_unknown_agent_is_shown),
        cmocka_unit_test(a_history_is_not_cleaned_where_it_is_probed),
        cmocka_unit_test(an_unmanaged_instance_is_followed_to_its_node),
    };

    hf_xml_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
