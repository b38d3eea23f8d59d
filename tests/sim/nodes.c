/* nodes.c - stories and random runs of whole clusters in the simulated world (cluster.h).
 *
 *     nodes [--seed N] [--runs N] [--story NAME] [--print]
 *
 * Without --seed: the stories (or one), then so many random runs.  A failing run prints its seed, and the
 * command that repeats it.  Each run is made twice, and must leave the same trace. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xml.h"
#include "tests/sim/cluster.h"

static const char *const exclusive[] = {"r1", "r2", "r3", "a", "b", NULL};

#define PRIMITIVE(id)                                                                                        \
    "<primitive id='" id "' class='ocf' provider='heartbeat' type='Dummy'><operations>"                      \
    "<op id='" id "-m' name='monitor' interval='100ms' timeout='20s'/></operations></primitive>"

#define RESOURCES                                                                                            \
    "<create into='resources'>" PRIMITIVE("r1") "</create><create into='resources'>" PRIMITIVE(              \
        "r2") "</create><create into='resources'>" PRIMITIVE("r3") "</create><create "                       \
                                                                   "into='resources'><group "                \
                                                                   "id='g'>" PRIMITIVE("a") PRIMITIVE(       \
                                                                       "b") "</group></create>"              \
                                                                            "<create "                       \
                                                                            "into='resources'><clone "       \
                                                                            "id='c'>" PRIMITIVE(             \
                                                                                "d") "</clone></create>"

static const char with_fencing[] =
    "<change><create into='crm_config'><cluster_property_set id='options'>"
    "<nvpair id='o1' name='stonith-enabled' value='true'/><nvpair id='o2' name='no-quorum-policy' "
    "value='stop'/>"
    "</cluster_property_set></create><create into='rsc_defaults'><meta_attributes id='defaults'>"
    "<nvpair id='d1' name='resource-stickiness' value='100'/></meta_attributes></create>" RESOURCES
    "<create into='resources'><primitive id='power' class='stonith' type='fence_sim'><instance_attributes "
    "id='pi'>"
    "<nvpair id='p1' name='pcmk_host_list' value='n1 n2 n3 n4 "
    "n5'/><nvpair id='p2' name='password' value='" SIM_SECRET
    "'/></instance_attributes></primitive></create></change>";

static const char without_fencing[] =
    "<change><create into='crm_config'><cluster_property_set id='options'>"
    "<nvpair id='o1' name='stonith-enabled' value='false'/><nvpair id='o2' "
    "name='no-quorum-policy' value='stop'/>"
    "</cluster_property_set></create><create into='rsc_defaults'><meta_attributes id='defaults'>"
    "<nvpair id='d1' name='resource-stickiness' value='100'/></meta_attributes></create>" RESOURCES
    "</change>";

/* An address that the guards move by themselves; nothing speaks for one node or the other. */
static const char *const vips[] = {"vip", NULL};

static const char with_vip[] =
    "<change><create into='crm_config'><cluster_property_set id='options'>"
    "<nvpair id='o1' name='stonith-enabled' value='false'/></cluster_property_set></create>"
    "<create into='resources'><clone id='vip-clone'><meta_attributes id='vm'>"
    "<nvpair id='vm1' name='promotable' value='true'/></meta_attributes>"
    "<primitive id='vip' class='ocf' provider='holdfast' type='VIP'><operations>"
    "<op id='vip-p' name='monitor' interval='100ms' timeout='20s' role='Promoted'/>"
    "<op id='vip-u' name='monitor' interval='110ms' timeout='20s' role='Unpromoted'/>"
    "<op id='vip-g' name='promote' interval='0' timeout='60s'/></operations></primitive></clone></create>"
    "<create into='constraints'><rsc_location id='may' rsc='vip-clone'>"
    "<rule id='may-rule' role='Promoted' score='10'>"
    "<expression id='may-e' attribute='#uname' operation='defined'/></rule></rsc_location></create>"
    "<create into='constraints'><rsc_location id='go' rsc='vip-clone' role='Promoted' score='0' "
    "node='n1'/></create>"
    "</change>";

static bool print;

/* --- telling what is wrong --- */

struct report {
    unsigned passed, failed;
    const char *story;
    bool bad;
};

static void expect(struct report *report, bool holds, const char *what)
{
    if (holds)
        return;
    printf("%s: expected that %s\n", report->story, what);
    report->bad = true;
}

static void expect_one_each(struct report *report, struct cluster *cluster)
{
    char what[64];

    for (size_t i = 0; exclusive[i] != NULL; i++) {
        snprintf(what, sizeof(what), "%s is active on one machine (is: %d)", exclusive[i],
                 cluster_where(cluster, exclusive[i]));
        expect(report, cluster_where(cluster, exclusive[i]) >= 0, what);
    }
}

static void expect_settled(struct report *report, struct cluster *cluster)
{
    expect(report, cluster_settle(cluster, 120000), "the cluster comes to rest");
    if (cluster_wrong(cluster)[0] != '\0') {
        printf("%s: %s", report->story, cluster_wrong(cluster));
        report->bad = true;
    }
}

static struct cluster *make(unsigned nodes, uint64_t seed, bool fencing)
{
    struct cluster_options options = {
        .nodes = nodes,
        .seed = seed,
        .configuration = fencing ? with_fencing : without_fencing,
        .resources = exclusive,
        .always = fencing,
        .print = print,
    };

    return cluster_new(&options);
}

/* Two nodes and a lock, no fencing. */
static struct cluster *make_with_lock(uint64_t seed)
{
    struct cluster_options options = {
        .nodes = 2,
        .seed = seed,
        .configuration = without_fencing,
        .resources = exclusive,
        .always = true,
        .locks = true,
        .lease_ms = 300,
        .drain_ms = 3000,
        .plan_ms = seed % 3 == 0 ? 40 : 1,
        .print = print,
    };

    return cluster_new(&options);
}

/* --- stories --- */

static void everything_starts_once(struct report *report)
{
    struct cluster *cluster = make(3, 1, false);

    expect_settled(report, cluster);
    expect_one_each(report, cluster);
    expect(report, cluster_where(cluster, "d") == -2, "a clone runs everywhere");
    expect(report, cluster_where(cluster, "a") == cluster_where(cluster, "b"), "a group stays together");
    cluster_free(cluster);
}

static void a_daemon_that_crashes_moves_nothing(struct report *report)
{
    for (unsigned node = 0; node < 2; node++) {
        struct cluster *cluster = make(2, 2, false);

        expect_settled(report, cluster);

        unsigned starts = cluster_count(cluster, "start"), stops = cluster_count(cluster, "stop");

        cluster_crash(cluster, node, 300);
        expect_settled(report, cluster);
        expect(report, cluster_count(cluster, "start") == starts, "nothing is started");
        expect(report, cluster_count(cluster, "stop") == stops, "nothing is stopped");
        expect_one_each(report, cluster);
        cluster_free(cluster);
    }
}

static void both_daemons_that_crash_move_nothing(struct report *report)
{
    struct cluster *cluster = make(2, 3, false);

    expect_settled(report, cluster);

    unsigned starts = cluster_count(cluster, "start"), stops = cluster_count(cluster, "stop");

    cluster_crash(cluster, 0, 300);
    cluster_crash(cluster, 1, 900);
    expect_settled(report, cluster);
    expect(report, cluster_count(cluster, "start") == starts, "nothing is started");
    expect(report, cluster_count(cluster, "stop") == stops, "nothing is stopped");
    cluster_free(cluster);
}

static void a_dead_machine_is_replaced(struct report *report)
{
    for (unsigned node = 0; node < 3; node++) {
        struct cluster *cluster = make(3, 4 + node, false);

        expect_settled(report, cluster);
        cluster_power_off(cluster, node);
        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        cluster_power_on(cluster, node);
        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        cluster_free(cluster);
    }
}

static void a_failed_resource_is_restarted_where_it_was(struct report *report)
{
    struct cluster *cluster = make(2, 7, false);

    expect_settled(report, cluster);

    int where = cluster_where(cluster, "r1");

    cluster_break(cluster, (unsigned)where, "r1");
    cluster_elapse(cluster, 300);
    expect_settled(report, cluster);
    expect(report, cluster_where(cluster, "r1") == where, "r1 is back where it was");
    cluster_free(cluster);
}

/* How often the resource's monitor failed on node, as the CIB has it; 0: it is not counted. */
static int64_t failures(const struct cluster *cluster, int node, const char *resource)
{
    HF_CLEANUP(hf_freep) char *name = hf_asprintf("fail-count-%s#monitor_100", resource);
    HF_CLEANUP(hf_freep) char *uname = hf_asprintf("n%d", node + 1);
    int64_t count = 0;

    HF_XML_EACH (state, hf_xml_child(cluster_cib(cluster, 0), "status"), "node_state")
        HF_XML_EACH (set, hf_xml_child(state, "transient_attributes"), "instance_attributes")
            HF_XML_EACH (pair, set, "nvpair")
                if (strcmp(hf_xml_get_or(state, "uname", ""), uname) == 0 &&
                    strcmp(hf_xml_get_or(pair, "name", ""), name) == 0)
                    hf_parse_int64(hf_xml_get(pair, "value"), &count);
    return count;
}

/* A resource that failed as often as it may moves, and may come back after failure-timeout. */
static void a_failure_is_forgotten_after_its_time(struct report *report)
{
    static const char change[] =
        "<change><create into='rsc_defaults'><meta_attributes id='forget'>"
        "<nvpair id='forget-1' name='migration-threshold' value='1'/><nvpair id='forget-2' "
        "name='failure-timeout' value='40s'/></meta_attributes></create></change>";
    struct cluster *cluster = make(2, 9, false);

    expect_settled(report, cluster);
    expect(report, cluster_request(cluster, 0, change, 5000) == HF_OK, "the change is accepted");
    expect_settled(report, cluster);

    int where = cluster_where(cluster, "r1");

    cluster_break(cluster, (unsigned)where, "r1");
    cluster_elapse(cluster, 300);
    expect_settled(report, cluster);
    expect(report, cluster_where(cluster, "r1") == 1 - where, "r1 moved");
    expect(report, failures(cluster, where, "r1") == 1, "the failure is counted");
    cluster_elapse(cluster, 30000);
    expect(report, failures(cluster, where, "r1") == 1, "it is before its time is over");
    cluster_elapse(cluster, 15000);
    expect(report, failures(cluster, where, "r1") == 0, "and not after, with nobody having asked");
    cluster_free(cluster);
}

static void standby_empties_a_node(struct report *report)
{
    struct cluster *cluster = make(2, 8, false);

    expect_settled(report, cluster);
    expect(report,
           cluster_request(cluster, 1, "<attribute node='n1' name='standby' value='on' lifetime='forever'/>",
                           5000) == HF_OK,
           "standby is accepted");
    expect_settled(report, cluster);
    for (size_t i = 0; exclusive[i] != NULL; i++)
        expect(report, cluster_where(cluster, exclusive[i]) == 1, "everything is on the other node");
    expect(report,
           cluster_request(cluster, 1, "<attribute node='n1' name='standby' lifetime='forever'/>", 5000) ==
               HF_OK,
           "online is accepted");
    expect_settled(report, cluster);
    expect_one_each(report, cluster);
    cluster_free(cluster);
}

/* Nothing is left on the node, and all runs elsewhere. */
static void expect_empty(struct report *report, struct cluster *cluster, unsigned node)
{
    expect_settled(report, cluster);
    for (size_t i = 0; exclusive[i] != NULL; i++)
        expect(report, cluster_runs_with(cluster, node, exclusive[i]) == NULL, "nothing runs on the node");
    expect(report, cluster_runs_with(cluster, node, "d") == NULL, "nor does an instance of a clone");
    expect_one_each(report, cluster);
}

/* A cluster at rest in which a failed monitor of r1 is followed by what on_fail says. */
static struct cluster *make_on_fail(struct report *report, uint64_t seed, const char *on_fail, bool fencing)
{
    struct cluster *cluster = make(3, seed, fencing);
    HF_CLEANUP(hf_freep)
    char *change =
        hf_asprintf("<change><set id='r1-m'><attr name='on-fail' value='%s'/></set></change>", on_fail);

    expect_settled(report, cluster);
    expect(report, cluster_request(cluster, 0, change, 5000) == HF_OK, "on-fail is accepted");
    expect_settled(report, cluster);
    return cluster;
}

/* The monitor of r1 fails; where it ran. */
static unsigned fail_r1(struct cluster *cluster)
{
    unsigned where = (unsigned)cluster_where(cluster, "r1");

    cluster_sicken(cluster, where, "r1");
    cluster_elapse(cluster, 300);
    return where;
}

/* The node is as one in standby until somebody says that all is well, whichever daemon ends meanwhile. */
static void on_fail_standby_empties_the_node(struct report *report)
{
    for (uint64_t seed = 600; seed < 606; seed++) {
        struct cluster *cluster = make_on_fail(report, seed, "standby", seed % 2 == 0);
        unsigned where = fail_r1(cluster);

        expect_empty(report, cluster, where);
        cluster_crash(cluster, where, 300);
        expect_empty(report, cluster, where);
        cluster_crash(cluster, 0, 300);
        expect_empty(report, cluster, where);
        expect(report, cluster_request(cluster, 1, "<cleanup resource='r1'/>", 5000) == HF_OK,
               "cleanup is accepted");
        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        expect(report, cluster_runs_with(cluster, where, "d") != NULL, "the node is used again");
        cluster_free(cluster);
    }
}

static void on_fail_standby_ends_with_the_failure(struct report *report)
{
    static const char change[] =
        "<change><create into='r1'><meta_attributes id='forget'><nvpair id='forget-1' "
        "name='failure-timeout' value='40s'/></meta_attributes></create></change>";
    struct cluster *cluster = make_on_fail(report, 610, "standby", false);
    unsigned where;

    expect(report, cluster_request(cluster, 0, change, 5000) == HF_OK, "the change is accepted");
    expect_settled(report, cluster);
    where = fail_r1(cluster);
    expect_empty(report, cluster, where);
    cluster_elapse(cluster, 45000);
    expect_settled(report, cluster);
    expect(report, cluster_runs_with(cluster, where, "d") != NULL, "the node is used again");
    cluster_free(cluster);
}

static void on_fail_stop_leaves_it_stopped(struct report *report)
{
    for (uint64_t seed = 620; seed < 626; seed++) {
        struct cluster *cluster = make_on_fail(report, seed, "stop", seed % 2 == 0);
        unsigned where = fail_r1(cluster);

        for (int round = 0; round < 3; round++) {
            expect_settled(report, cluster);
            expect(report, cluster_where(cluster, "r1") == -1, "r1 is stopped and stays so");
            expect(report, cluster_where(cluster, "r2") >= 0, "others go on");
            cluster_crash(cluster, round == 0 ? where : 0, 300);
        }
        expect_settled(report, cluster);
        expect(report, cluster_request(cluster, 2, "<cleanup resource='r1'/>", 5000) == HF_OK,
               "cleanup is accepted");
        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        cluster_free(cluster);
    }
}

/* Who asks for a cleanup and then waits finds it done, whoever had to do it. */
static void settled_means_what_was_asked_before_is_done(struct report *report)
{
    for (uint64_t seed = 660; seed < 690; seed++) {
        struct cluster *cluster = make_on_fail(report, seed, "stop", false);
        unsigned asked = (unsigned)(seed % 3);

        expect(report,
               cluster_request(cluster, 0,
                               "<attribute node='n1' name='standby' value='on' lifetime='forever'/>",
                               5000) == HF_OK,
               "the coordinator is in standby");
        expect_settled(report, cluster);
        fail_r1(cluster);
        expect_settled(report, cluster);
        expect(report, cluster_request(cluster, asked, "<cleanup resource='r1'/>", 5000) == HF_OK,
               "cleanup is accepted");
        expect(report, cluster_request(cluster, asked, "<settle timeout='60000'/>", 60000) == HF_OK,
               "the cluster settles");
        expect(report, cluster_where(cluster, "r1") >= 0, "r1 runs again");
        cluster_free(cluster);
    }
}

static void on_fail_ignore_changes_nothing(struct report *report)
{
    for (uint64_t seed = 630; seed < 636; seed++) {
        struct cluster *cluster = make_on_fail(report, seed, "ignore", seed % 2 == 0);
        unsigned starts = cluster_count(cluster, "start"), stops = cluster_count(cluster, "stop");
        unsigned where = fail_r1(cluster);

        expect_settled(report, cluster);
        cluster_crash(cluster, where, 300);
        expect_settled(report, cluster);
        cluster_crash(cluster, 0, 300);
        expect_settled(report, cluster);
        expect(report, cluster_count(cluster, "start") == starts, "nothing is started");
        expect(report, cluster_count(cluster, "stop") == stops, "nothing is stopped");
        expect(report, cluster_where(cluster, "r1") == (int)where, "r1 is where it was");
        cluster_free(cluster);
    }
}

static void on_fail_fence_takes_the_machine(struct report *report)
{
    for (uint64_t seed = 640; seed < 646; seed++) {
        struct cluster *cluster = make_on_fail(report, seed, "fence", true);
        unsigned where = fail_r1(cluster);

        expect_settled(report, cluster);
        expect(report, cluster_shots(cluster, where) == 1, "the machine is switched off once");
        expect(report, cluster_where(cluster, "r1") != (int)where, "r1 runs elsewhere");
        expect_one_each(report, cluster);
        cluster_power_on(cluster, where);
        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        expect(report, cluster_shots(cluster, where) == 1, "and is used again without another shot");
        expect(report, cluster_runs_with(cluster, where, "d") != NULL, "by the clone");
        cluster_free(cluster);
    }
}

/* A promoted instance that fails is demoted and promoted again, and is not stopped for it. */
static void on_fail_demote_stops_nothing(struct report *report)
{
    static const char change[] =
        "<change><create into='resources'><clone id='pc'><meta_attributes id='pm'><nvpair id='pm1' "
        "name='promotable' value='true'/></meta_attributes><primitive id='p' class='ocf' "
        "provider='heartbeat' "
        "type='Stateful'><operations><op id='p-p' name='monitor' interval='100ms' timeout='20s' "
        "role='Promoted' "
        "on-fail='demote'/><op id='p-u' name='monitor' interval='110ms' timeout='20s' role='Unpromoted'/>"
        "</operations></primitive></clone></create>"
        "<create into='constraints'><rsc_location id='may' rsc='pc'><rule id='may-rule' role='Promoted' "
        "score='10'><expression id='may-e' attribute='#uname' operation='defined'/></rule></rsc_location>"
        "</create><create into='constraints'><rsc_location id='go' rsc='pc' role='Promoted' score='5' "
        "node='n2'/></create></change>";

    for (uint64_t seed = 650; seed < 656; seed++) {
        struct cluster *cluster = make(3, seed, seed % 2 == 0);
        unsigned stops, starts, demotes, promotes;

        expect_settled(report, cluster);
        expect(report, cluster_request(cluster, 0, change, 5000) == HF_OK, "the clone is accepted");
        expect_settled(report, cluster);
        expect(report, cluster_promoted(cluster, "p") == 1, "the instance on n2 is promoted");
        starts = cluster_count(cluster, "start");
        stops = cluster_count(cluster, "stop");
        demotes = cluster_count(cluster, "demote");
        promotes = cluster_count(cluster, "promote");
        cluster_sicken(cluster, 1, "p");
        cluster_elapse(cluster, 300);
        expect_settled(report, cluster);
        expect(report, cluster_promoted(cluster, "p") == 1, "it is promoted again where it was");
        expect(report, cluster_count(cluster, "demote") == demotes + 1, "it was demoted once");
        expect(report, cluster_count(cluster, "promote") == promotes + 1, "and promoted once");
        expect(report, cluster_count(cluster, "start") == starts, "nothing is started");
        expect(report, cluster_count(cluster, "stop") == stops, "nothing is stopped");
        cluster_free(cluster);
    }
}

/* A probe that finds something running is a failure in the runner's memory, and stays there after what it
 * found was stopped. */
static void what_was_found_running_and_stopped_stays_stopped(struct report *report)
{
    struct cluster *cluster = make(2, 31, false);
    unsigned starts, stops;

    expect_settled(report, cluster);
    cluster_kill(cluster, 0, 300);
    expect_settled(report, cluster);
    expect_one_each(report, cluster);
    expect(report,
           cluster_request(cluster, 1, "<attribute node='n1' name='standby' value='on' lifetime='forever'/>",
                           5000) == HF_OK,
           "standby is accepted");
    expect_settled(report, cluster);
    starts = cluster_count(cluster, "start");
    stops = cluster_count(cluster, "stop");
    cluster_crash(cluster, 0, 300);
    expect_settled(report, cluster);
    expect(report, cluster_count(cluster, "start") == starts, "nothing is started again");
    expect(report, cluster_count(cluster, "stop") == stops, "nothing is stopped again");
    cluster_free(cluster);
}

static void a_node_that_leaves_is_drained_first(struct report *report)
{
    for (unsigned node = 0; node < 2; node++) {
        struct cluster *cluster = make(2, 9 + node, false);
        char request[64];

        expect_settled(report, cluster);
        snprintf(request, sizeof(request), "<shutdown node='n%u'/>", node + 1);
        expect(report, cluster_request(cluster, 0, request, 5000) == HF_OK, "the request is accepted");
        expect_settled(report, cluster);
        expect(report, !world_is_on(cluster_world(cluster), node), "its daemon has ended");
        for (size_t i = 0; exclusive[i] != NULL; i++)
            expect(report, cluster_where(cluster, exclusive[i]) == (int)!node,
                   "everything is on the other node");
        cluster_power_on(cluster, node);
        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        cluster_free(cluster);
    }
}

/* Without fencing what a daemon left behind runs on as long as its machine does, and no longer. */
static void a_machine_that_dies_after_its_daemon_is_replaced(struct report *report)
{
    for (int64_t between = 500; between < 30000; between += 14000) {
        struct cluster *cluster = make(3, 20 + (uint64_t)between, false);
        int where;

        expect_settled(report, cluster);
        where = cluster_where(cluster, "r1");
        cluster_crash(cluster, (unsigned)where, 1000000);
        cluster_elapse(cluster, between);
        expect(report, cluster_where(cluster, "r1") == where, "r1 runs on");
        cluster_power_off(cluster, (unsigned)where);
        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        cluster_free(cluster);
    }
}

static void one_node_starts_alone(struct report *report)
{
    struct cluster *cluster = make(2, 11, false);

    expect_settled(report, cluster);
    cluster_power_off(cluster, 0);
    cluster_power_off(cluster, 1);
    world_elapse(cluster_world(cluster), 1000);
    world_move_witness(cluster_world(cluster), 1);
    cluster_power_on(cluster, 1);
    expect_settled(report, cluster);
    expect_one_each(report, cluster);
    cluster_free(cluster);
}

static void a_minority_is_fenced_before_anything_moves(struct report *report)
{
    struct cluster *cluster = make(3, 12, true);
    static const unsigned side[] = {0, 1, 1};

    expect_settled(report, cluster);
    cluster_cut(cluster, side);
    cluster_elapse(cluster, 5000);
    cluster_heal(cluster);
    for (unsigned i = 0; i < 3; i++)
        cluster_power_on(cluster, i);
    expect_settled(report, cluster);
    expect_one_each(report, cluster);
    cluster_free(cluster);
}

static void a_coordinator_may_die_at_any_moment(struct report *report)
{
    for (int64_t delay = 0; delay < 200; delay += 7) {
        struct cluster *cluster = make(3, 100 + (uint64_t)delay, true);

        cluster_elapse(cluster, delay);
        cluster_power_off(cluster, 0);
        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        cluster_free(cluster);
    }
}

static void failing_agents_come_to_rest(struct report *report)
{
    for (uint64_t seed = 200; seed < 210; seed++) {
        struct cluster *cluster = make(3, seed, true);

        expect_settled(report, cluster);
        cluster_failures(cluster, 30, 10);
        for (int i = 0; i < 6; i++) {
            cluster_break(cluster, (unsigned)i % 3, exclusive[i % 5]);
            cluster_elapse(cluster, 400);
        }
        cluster_failures(cluster, 0, 0);
        for (int round = 0; round < 2; round++) { /* what failed to stop may still be fenced in the first */
            for (unsigned i = 0; i < 3; i++)
                cluster_power_on(cluster, i);
            expect_settled(report, cluster);
        }
        expect(report, cluster_request(cluster, 0, "<cleanup/>", 5000) == HF_OK, "cleanup is accepted");
        for (unsigned i = 0; i < 3; i++)
            cluster_power_on(cluster, i);
        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        cluster_free(cluster);
    }
}

/* Two nodes and a lock, no fencing: the part with the lock must not start what the other part has not stopped
 * yet, however late that notices. */
static void a_lost_node_has_time_to_stop(struct report *report)
{
    static const unsigned side[] = {0, 1};

    for (uint64_t seed = 300; seed < 320; seed++) {
        struct cluster *cluster = make_with_lock(seed);

        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        cluster_cut(cluster, side);
        cluster_elapse(cluster, 10000);
        for (size_t i = 0; exclusive[i] != NULL; i++)
            expect(report, cluster_where(cluster, exclusive[i]) == (int)world_witness(cluster_world(cluster)),
                   "everything is where the lock is");
        cluster_heal(cluster);
        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        cluster_free(cluster);
    }
}

/* Four nodes, and the one with the lock is cut off: it has too few machines to use it, and the others cannot
 * go on while it keeps it. */
static void a_lock_that_is_of_no_use_is_given_up(struct report *report)
{
    for (uint64_t seed = 340; seed < 360; seed++) {
        struct cluster_options options = {
            .nodes = 4,
            .seed = seed,
            .configuration = seed % 2 == 0 ? with_fencing : without_fencing,
            .resources = exclusive,
            .always = true,
            .locks = true,
            .majority = true,
            .lease_ms = 300,
            .drain_ms = 3000,
            .print = print,
        };
        struct cluster *cluster = cluster_new(&options);
        unsigned owner = world_witness(cluster_world(cluster)), side[WORLD_NODES] = {0};

        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        side[owner] = 1;
        cluster_cut(cluster, side);
        cluster_elapse(cluster, 20000);
        for (size_t i = 0; exclusive[i] != NULL; i++)
            expect(report,
                   cluster_where(cluster, exclusive[i]) >= 0 &&
                       cluster_where(cluster, exclusive[i]) != (int)owner,
                   "everything runs where most machines are");
        cluster_heal(cluster);
        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        cluster_free(cluster);
    }
}

/* The owner of the lock dies or leaves; what the other runs goes on while the lock is on its way. */
static void who_is_left_goes_on(struct report *report)
{
    for (uint64_t seed = 3200; seed < 3300; seed++) {
        struct cluster *cluster = make_with_lock(seed);
        unsigned owner = world_witness(cluster_world(cluster)), stops;
        char request[96];

        snprintf(request, sizeof(request),
                 "<attribute node='n%u' name='standby' value='on' lifetime='forever'/>", owner + 1);
        expect(report, cluster_request(cluster, 0, request, 5000) == HF_OK, "standby is accepted");
        expect_settled(report, cluster);
        stops = cluster_count(cluster, "stop");
        if (seed % 2 == 0) {
            cluster_power_off(cluster, owner);
            cluster_elapse(cluster, 5 * (int64_t)(seed - 3200));
            world_move_witness(cluster_world(cluster), !owner);
        } else { /* its daemon leaves, and gives the lock up */
            cluster_request(cluster, owner, "<shutdown/>", 5000);
        }
        expect_settled(report, cluster);
        expect(report, cluster_count(cluster, "stop") == stops, "nothing was stopped");
        for (size_t i = 0; exclusive[i] != NULL; i++)
            expect(report, cluster_where(cluster, exclusive[i]) == !owner, "everything is where it was");
        cluster_free(cluster);
    }
}

/* Its resources were left alone while it was gone, and no longer. */
static void a_daemon_that_comes_back_late_is_used_again(struct report *report)
{
    struct cluster *cluster = make(3, 13, false);

    expect_settled(report, cluster);
    cluster_crash(cluster, 0, 15000);
    cluster_elapse(cluster, 16000);
    expect_settled(report, cluster);
    cluster_power_off(cluster, 1);
    cluster_power_off(cluster, 2);
    cluster_elapse(cluster, 1000);
    cluster_power_on(cluster, 1);
    cluster_power_on(cluster, 2);
    expect_settled(report, cluster);
    for (unsigned i = 1; i < 3; i++) {
        char request[96];

        snprintf(request, sizeof(request),
                 "<attribute node='n%u' name='standby' value='on' lifetime='forever'/>", i + 1);
        expect(report, cluster_request(cluster, 0, request, 5000) == HF_OK, "standby is accepted");
    }
    expect_settled(report, cluster);
    for (size_t i = 0; exclusive[i] != NULL; i++)
        expect(report, cluster_where(cluster, exclusive[i]) == 0, "everything is on the first node");
    cluster_free(cluster);
}

/* --- stories of resources with a lock of their own --- */

static const char with_lease[] =
    "<change><create into='crm_config'><cluster_property_set id='options'>"
    "<nvpair id='o1' name='stonith-enabled' value='false'/><nvpair id='o2' name='no-quorum-policy' "
    "value='stop'/></cluster_property_set></create>"
    "<create into='rsc_defaults'><meta_attributes id='defaults'>"
    "<nvpair id='d1' name='resource-stickiness' value='100'/></meta_attributes></create>"
    "<create into='resources'><primitive id='r1' class='ocf' provider='heartbeat' type='Dummy'>"
    "<meta_attributes id='r1-meta'><nvpair id='r1-requires' name='requires' value='lease'/></meta_attributes>"
    "<operations><op id='r1-s' name='start' interval='0' timeout='5s'/>"
    "<op id='r1-m' name='monitor' interval='100ms' "
    "timeout='20s'/></operations></primitive></create></change>";

static const char *const leased[] = {"r1", NULL};

static struct cluster *make_leased(uint64_t seed)
{
    struct cluster_options options = {
        .nodes = 2,
        .seed = seed,
        .configuration = with_lease,
        .resources = leased,
        .always = true,
        .locks = true,
        .lease_ms = 300,
        .drain_ms = 3000,
        .watchdog_ms = 1500,
        .print = print,
    };

    return cluster_new(&options);
}

static void expect_leased(struct report *report, struct cluster *cluster)
{
    int where;

    expect_settled(report, cluster);
    where = cluster_where(cluster, "r1");
    expect(report, where >= 0, "it runs");
    expect(report, where == cluster_holder(cluster, "r1"), "it runs where its lock is");
}

/* Whether a text is somewhere in the status that the node has. */
static bool status_has(struct cluster *cluster, unsigned node, const char *text)
{
    HF_CLEANUP(hf_freep) char *cib = hf_xml_text(cluster_cib(cluster, node), false);

    return strstr(cib, text) != NULL;
}

static void a_lost_lock_stops_its_resource_at_once(struct report *report)
{
    for (uint64_t seed = 400; seed < 410; seed++) {
        struct cluster *cluster = make_leased(seed);

        expect_leased(report, cluster);

        unsigned where = (unsigned)cluster_where(cluster, "r1");

        cluster_bar(cluster, where, "r1", true);
        cluster_elapse(cluster, 50);
        expect(report, cluster_where(cluster, "r1") == -1, "it has stopped 50 ms later");
        cluster_bar(cluster, where, "r1", false);
        expect_leased(report, cluster);
        expect(report, cluster_resets(cluster) == 0, "no machine was reset");
        cluster_free(cluster);
    }
}

static void a_lock_that_is_not_granted_fails_the_start(struct report *report)
{
    struct cluster *cluster = make_leased(420);

    expect_leased(report, cluster);
    cluster_bar(cluster, 0, "r1", true);
    cluster_bar(cluster, 1, "r1", true);
    cluster_elapse(cluster, 12000);
    expect(report, cluster_where(cluster, "r1") == -1, "it runs nowhere");
    expect(report, status_has(cluster, 0, "does not own the lock rsc/r1: it was not granted within"),
           "the status says why");
    cluster_bar(cluster, 0, "r1", false);
    cluster_bar(cluster, 1, "r1", false);
    expect(report, cluster_request(cluster, 0, "<cleanup/>", 5000) == HF_OK, "cleanup is accepted");
    expect_leased(report, cluster);
    cluster_free(cluster);
}

/* It ended unseen, and is looked at again: the lock goes with the news, and the start waits for another one.
 */
static void what_was_given_up_is_waited_for(struct report *report)
{
    for (uint64_t seed = 440; seed < 480; seed++) {
        struct cluster *cluster = make_leased(seed);

        expect_leased(report, cluster);
        cluster_break(cluster, (unsigned)cluster_where(cluster, "r1"), "r1");
        expect(report, cluster_request(cluster, 0, "<cleanup refresh='true'/>", 5000) == HF_OK,
               "the cleanup is accepted");
        expect_leased(report, cluster);
        cluster_free(cluster);
    }
}

static void a_restarted_daemon_keeps_the_lock(struct report *report)
{
    for (uint64_t seed = 430; seed < 440; seed++) {
        struct cluster *cluster = make_leased(seed);

        expect_leased(report, cluster);

        unsigned starts = cluster_count(cluster, "start"), stops = cluster_count(cluster, "stop");
        unsigned where = (unsigned)cluster_where(cluster, "r1");

        cluster_crash(cluster, where, 700);
        expect_leased(report, cluster);
        expect(report, cluster_count(cluster, "start") == starts && cluster_count(cluster, "stop") == stops,
               "nothing is started or stopped");
        expect(report, cluster_resets(cluster) == 0, "no machine was reset");

        cluster_crash(cluster, where, 700); /* the lock is lost while no daemon is there */
        cluster_bar(cluster, where, "r1", true);
        cluster_elapse(cluster, 1400);
        expect(report, cluster_where(cluster, "r1") != (int)where, "what lost it meanwhile has stopped");
        cluster_bar(cluster, where, "r1", false);
        expect_leased(report, cluster);
        cluster_free(cluster);
    }
}

static void a_move_takes_the_lock_along(struct report *report)
{
    struct cluster *cluster = make_leased(450);

    expect_leased(report, cluster);
    for (unsigned round = 0; round < 4; round++) {
        int where = cluster_where(cluster, "r1");
        char request[96];

        snprintf(request, sizeof(request),
                 "<attribute node='n%d' name='standby' value='on' lifetime='forever'/>", where + 1);
        expect(report, cluster_request(cluster, 0, request, 5000) == HF_OK, "standby is accepted");
        expect_leased(report, cluster);
        expect(report, cluster_where(cluster, "r1") == !where, "it is on the other node");
        snprintf(request, sizeof(request), "<attribute node='n%d' name='standby' lifetime='forever'/>",
                 where + 1);
        expect(report, cluster_request(cluster, 0, request, 5000) == HF_OK, "online is accepted");
        expect_leased(report, cluster);
    }
    cluster_free(cluster);
}

/* --- stories of the watchdog --- */

static void what_cannot_stop_is_reset(struct report *report)
{
    static const unsigned side[] = {0, 1};

    for (uint64_t seed = 460; seed < 470; seed++) {
        struct cluster *cluster = make_leased(seed);

        expect_leased(report, cluster);
        cluster_failures(cluster, 0, 100);

        int where = cluster_where(cluster, "r1");

        if (where == (int)world_witness(cluster_world(cluster)))
            cluster_bar(cluster, (unsigned)where, "r1", true);
        else
            cluster_cut(cluster, side);
        cluster_elapse(cluster, 2500);
        expect(report, cluster_resets(cluster) == 1, "the machine was reset");
        expect(report, cluster_where(cluster, "r1") != where, "it does not run there any more");
        cluster_failures(cluster, 0, 0);
        cluster_bar(cluster, (unsigned)where, "r1", false);
        cluster_heal(cluster);
        cluster_power_on(cluster, (unsigned)where);
        expect_leased(report, cluster);
        cluster_elapse(cluster, 5000);
        expect(report, cluster_resets(cluster) == 1, "it is not reset again");
        cluster_free(cluster);
    }
}

/* A daemon that hangs or does not come back, where something must not outlive a lock. */
static void a_dead_daemon_costs_the_machine(struct report *report)
{
    struct cluster *cluster = make_leased(470);

    expect_leased(report, cluster);

    unsigned where = (unsigned)cluster_where(cluster, "r1");

    cluster_crash(cluster, !where, 60000);
    cluster_elapse(cluster, 4000);
    expect(report, cluster_resets(cluster) == 0, "not where nothing runs");
    cluster_crash(cluster, where, 60000);
    cluster_elapse(cluster, 4000);
    expect(report, cluster_resets(cluster) == 1, "where something runs, the machine is reset");
    cluster_free(cluster);
}

static void a_node_that_starts_is_not_reset(struct report *report)
{
    static const unsigned side[] = {0, 1};
    struct cluster *cluster = make_leased(480);
    unsigned alone = !world_witness(cluster_world(cluster));

    expect_leased(report, cluster);
    cluster_power_off(cluster, alone);
    cluster_elapse(cluster, 1000);
    cluster_cut(cluster, side);
    cluster_power_on(cluster, alone); /* without quorum */
    cluster_elapse(cluster, 10000);
    expect(report, cluster_resets(cluster) == 0, "nothing runs there: it is not reset");
    cluster_heal(cluster);
    expect_leased(report, cluster);
    cluster_free(cluster);
}

/* --- a VIP that the guards move --- */

/* With odd seeds quorum is the right to it, and there is no lock that orders its moves. */
static struct cluster *make_vip(struct report *report, unsigned nodes, uint64_t seed)
{
    struct cluster_options options = {
        .nodes = nodes,
        .seed = seed,
        .configuration = with_vip,
        .resources = vips + 1, /* none */
        .vips = vips,
        .vips_by_quorum = seed % 2 != 0,
        .print = print,
    };
    struct cluster *cluster = cluster_new(&options);

    expect_settled(report, cluster);
    expect(report, sim_vips_where(cluster_vips(cluster), "vip") >= 0, "the VIP is on one node at first");
    return cluster;
}

static unsigned vip_owner(struct cluster *cluster)
{
    int where = sim_vips_where(cluster_vips(cluster), "vip");

    return where < 0 ? 0 : (unsigned)where;
}

static void expect_followed(struct report *report, struct cluster *cluster)
{
    cluster_settle(cluster, 120000);
    cluster_elapse(cluster, 300); /* what a node is not sure of yet */
    expect(report, cluster_settle(cluster, 120000), "the cluster comes to rest");
    expect(report, sim_vips_where(cluster_vips(cluster), "vip") >= 0, "the VIP is on one node");
    cluster_check_vips(cluster);
    expect_settled(report, cluster);
}

/* The other guard takes over before the cluster has done anything; the cluster finds it done. */
static void a_vip_is_there_before_the_cluster_acts(struct report *report)
{
    for (uint64_t seed = 400; seed < 420; seed++) {
        struct cluster *cluster = make_vip(report, 3 + (unsigned)(seed % 2), seed);
        unsigned promotes = cluster_count(cluster, "promote"), owner = vip_owner(cluster), next;

        cluster_power_off(cluster, owner);
        cluster_elapse(cluster, 350);
        next = vip_owner(cluster);
        expect(report, sim_vips_where(cluster_vips(cluster), "vip") >= 0 && next != owner,
               "another guard has it within a lease");
        expect_followed(report, cluster);
        expect(report, vip_owner(cluster) == next, "it stays where it went");
        expect(report, cluster_count(cluster, "promote") <= promotes + 1, "it is promoted at most once more");
        cluster_power_on(cluster, owner);
        expect_followed(report, cluster);
        expect(report, vip_owner(cluster) == next, "it does not go back");
        cluster_free(cluster);
    }
}

/* Its owner lives, and only loses the lock. */
static void a_vip_leaves_an_owner_that_lives(struct report *report)
{
    for (uint64_t seed = 430; seed < 470; seed++) {
        struct cluster *cluster = make_vip(report, 2 + (unsigned)(seed % 3), seed);
        unsigned promotes = cluster_count(cluster, "promote"), demotes = cluster_count(cluster, "demote");
        unsigned owner = vip_owner(cluster), next;

        cluster_reach(cluster, owner, false);
        cluster_elapse(cluster, 500);
        next = vip_owner(cluster);
        expect(report, next != owner, "another guard has it");
        cluster_reach(cluster, owner, true);
        expect_followed(report, cluster);
        expect(report, vip_owner(cluster) == next, "it stays where it went");
        expect(report, cluster_count(cluster, "promote") == promotes, "nothing is promoted");
        expect(report, cluster_count(cluster, "demote") == demotes, "nothing is demoted");
        cluster_free(cluster);
    }
}

/* Nobody is there to notice; the daemons find out when they are back. */
static void a_vip_moves_while_daemons_are_away(struct report *report)
{
    for (uint64_t seed = 480; seed < 510; seed++) {
        struct cluster *cluster = make_vip(report, 3, seed);
        unsigned promotes = cluster_count(cluster, "promote"), owner = vip_owner(cluster), next;

        for (unsigned i = 0; i < 3; i++)
            if (seed % 2 == 0 || i == seed % 3)
                cluster_crash(cluster, i, 700 + 100 * (int64_t)i);
        cluster_reach(cluster, owner, false);
        cluster_elapse(cluster, 500);
        next = vip_owner(cluster);
        expect(report, next != owner, "another guard has it");
        expect_followed(report, cluster);
        cluster_reach(cluster, owner, true);
        expect_followed(report, cluster);
        expect(report, vip_owner(cluster) == next, "it stays where it went");
        expect(report, cluster_count(cluster, "promote") == promotes, "nothing is promoted");
        cluster_free(cluster);
    }
}

/* The old owner's status says that it is promoted there, since its daemon is gone for longer than it is
 * waited for; the VIP moves twice meanwhile.  With a lock its term says who is right; without one, who
 * recorded it later. */
static void an_old_promotion_is_not_believed(struct report *report)
{
    for (uint64_t seed = 900; seed < 940; seed++) {
        struct cluster *cluster = make_vip(report, 3, seed);
        unsigned promotes = cluster_count(cluster, "promote"), demotes = cluster_count(cluster, "demote");
        unsigned first = vip_owner(cluster), second, third;

        cluster_crash(cluster, first, 40000);
        cluster_reach(cluster, first, false);
        cluster_elapse(cluster, 500);
        second = vip_owner(cluster);
        expect(report, second != first, "another guard has it");
        if (seed % 4 < 2) {
            cluster_elapse(cluster, 2000);
            cluster_reach(cluster, second, false);
            cluster_elapse(cluster, 500);
            cluster_reach(cluster, second, true);
        }
        third = vip_owner(cluster);
        expect(report, third != first, "the first cannot have it");
        cluster_elapse(cluster, 25000);
        expect(report, vip_owner(cluster) == third, "it is left where it is");
        cluster_reach(cluster, first, true);
        cluster_elapse(cluster, 20000);
        expect_followed(report, cluster);
        expect(report, vip_owner(cluster) == third, "also when the first is back");
        expect(report, cluster_count(cluster, "promote") == promotes, "nothing is promoted");
        expect(report, cluster_count(cluster, "demote") == demotes, "nothing is demoted");
        cluster_free(cluster);
    }
}

/* The coordinator moves it: the lock is handed to the successor, and the VIP is nowhere else in between. */
static void a_vip_is_moved_by_the_coordinator(struct report *report)
{
    for (uint64_t seed = 520; seed < 540; seed++) {
        struct cluster *cluster = make_vip(report, 3, seed);
        unsigned owner = vip_owner(cluster), to = (owner + 1 + (unsigned)(seed % 2)) % 3, hops = 0,
                 last = owner;
        char request[256];

        snprintf(request, sizeof(request),
                 "<change><set id='go'><attr name='node' value='n%u'/><attr name='score' "
                 "value='INFINITY'/></set></change>",
                 to + 1);
        expect(report, cluster_request(cluster, 0, request, 5000) == HF_OK, "the constraint is accepted");
        for (int i = 0; i < 2000; i++) {
            int where = sim_vips_where(cluster_vips(cluster), "vip");

            hops += where >= 0 && (unsigned)where != last;
            last = where >= 0 ? (unsigned)where : last;
            cluster_elapse(cluster, 1);
        }
        expect_followed(report, cluster);
        expect(report, vip_owner(cluster) == to, "it is where it was sent");
        expect(report, hops == 1, "it went there at once");
        snprintf(request, sizeof(request),
                 "<attribute node='n%u' name='standby' value='on' lifetime='forever'/>", to + 1);
        expect(report, cluster_request(cluster, 0, request, 5000) == HF_OK, "standby is accepted");
        expect_followed(report, cluster);
        expect(report, vip_owner(cluster) != to, "it has left the node in standby");
        cluster_free(cluster);
    }
}

/* A change of the parameters restarts each instance, also where an attribute or a guard that moved the VIP
 * ended the transition in between, and where an instance was demoted before. */
static void changed_parameters_reach_every_instance(struct report *report)
{
    for (uint64_t seed = 560; seed < 640; seed++) {
        struct cluster *cluster = make_vip(report, 2 + (unsigned)(seed % 2), seed);
        struct world *world = cluster_world(cluster);
        char request[256], colour[8] = "";

        for (unsigned change = 0; change < 4; change++) {
            unsigned owner = vip_owner(cluster), of = (unsigned)world_random(world, world_size(world));

            snprintf(colour, sizeof(colour), "c%u", change);
            snprintf(request, sizeof(request),
                     change == 0 ? "<change><create into='vip'><instance_attributes id='vi'><nvpair id='vi1' "
                                   "name='" SIM_PARAMETER
                                   "' value='%s'/></instance_attributes></create></change>"
                                 : "<change><set id='vi1'><attr name='value' value='%s'/></set></change>",
                     colour);
            expect(report, cluster_request(cluster, 0, request, 5000) == HF_OK, "the change is accepted");
            cluster_elapse(cluster, (int64_t)world_random(world, 60));
            snprintf(request, sizeof(request),
                     "<attribute node='n%u' name='noise' value='%u' lifetime='reboot'/>", of + 1, change);
            expect(report, cluster_request(cluster, 0, request, 5000) == HF_OK, "the attribute is set");
            if (world_random(world, 2) == 0) {
                cluster_reach(cluster, owner, false);
                cluster_elapse(cluster, (int64_t)world_random(world, 800));
                cluster_reach(cluster, owner, true);
            }
            if (world_random(world, 2) == 0)
                expect_followed(report, cluster);
        }
        expect_followed(report, cluster);
        for (unsigned i = 0; i < world_size(world); i++) {
            const char *with = cluster_runs_with(cluster, i, "vip");

            expect(report, with != NULL && strcmp(with, colour) == 0, "each runs with what is configured");
        }
        cluster_free(cluster);
    }
}

/* A transient attribute, such as a promotion score, as node says it is; "" for none. */
static const char *attribute_of(struct cluster *cluster, unsigned asked, unsigned node, const char *name)
{
    char id[12];
    const xmlNode *status = hf_xml_child(cluster_cib(cluster, asked), "status"), *state;

    snprintf(id, sizeof(id), "%u", node + 1);
    state = hf_xml_child_by_id(status, "node_state", id);
    HF_XML_EACH (set, hf_xml_child(state, "transient_attributes"), "instance_attributes") {
        HF_XML_EACH (pair, set, "nvpair")
            if (strcmp(hf_xml_get_or(pair, "name", ""), name) == 0)
                return hf_xml_get_or(pair, "value", "");
    }
    return "";
}

static void expect_scores(struct report *report, struct cluster *cluster, const char *first)
{
    for (unsigned i = 0; i < 3; i++) {
        expect(report, strcmp(attribute_of(cluster, i, 0, "master-vip"), first) == 0,
               "the score of the first");
        expect(report, strcmp(attribute_of(cluster, i, 1, "master-vip"), "6") == 0, "and of the second");
    }
}

/* Three nodes and a VIP, for which agents of n1 and n2 gave promotion scores. */
static struct cluster *make_scored(struct report *report, uint64_t seed)
{
    static const char *const requests[] = {
        "<attribute node='n1' name='master-vip' value='5' lifetime='reboot'/>",
        "<attribute node='n1' name='gone' value='1' lifetime='reboot'/>",
        "<attribute node='n2' name='master-vip' value='6' lifetime='reboot'/>",
        "<attribute node='n1' name='gone' lifetime='reboot'/>",
    };
    struct cluster *cluster = make_vip(report, 3, seed);

    for (size_t i = 0; i < HF_ARRAY_LENGTH(requests); i++)
        expect(report, cluster_request(cluster, 0, requests[i], 5000) == HF_OK, "the attribute is set");
    expect_followed(report, cluster);
    return cluster;
}

/* They are there at once when it is back, and not after the next monitor. */
static void a_node_that_was_cut_off_keeps_its_attributes(struct report *report)
{
    static const unsigned side[] = {0, 1, 1};

    for (uint64_t seed = 550; seed < 560; seed++) {
        struct cluster *cluster = make_scored(report, seed);

        cluster_cut(cluster, side);
        cluster_elapse(cluster, 3000);
        expect(report, strcmp(attribute_of(cluster, 1, 0, "master-vip"), "") == 0, "a lost node has none");
        cluster_heal(cluster);
        expect_followed(report, cluster);
        expect_scores(report, cluster, "5");
        expect(report, strcmp(attribute_of(cluster, 1, 0, "gone"), "") == 0, "what was removed stays so");
        cluster_power_off(cluster, 0);
        cluster_elapse(cluster, 3000);
        cluster_power_on(cluster, 0);
        expect_followed(report, cluster);
        expect_scores(report, cluster, "");
        cluster_free(cluster);
    }
}

/* Agents say at each monitor what they said before. */
static void what_is_said_again_changes_nothing(struct report *report)
{
    static const struct {
        const char *request;
        bool changes;
    } steps[] = {
        {"<attribute node='n1' name='uplink' lifetime='reboot'/>", false},
        {"<attribute node='n1' name='uplink' value='1' lifetime='reboot'/>", true},
        {"<attribute node='n1' name='uplink' value='1' lifetime='reboot'/>", false},
        {"<attribute node='n2' name='uplink' value='1' lifetime='reboot'/>", true},
        {"<attribute node='n1' name='uplink' value='2' lifetime='reboot'/>", true},
        {"<attribute node='n1' name='uplink' lifetime='reboot'/>", true},
        {"<attribute node='n1' name='uplink' lifetime='reboot'/>", false},
    };

    for (uint64_t seed = 690; seed < 700; seed++) {
        struct cluster *cluster = make_scored(report, seed);

        expect(report, cluster_settle(cluster, 10000), "it settles");
        for (size_t i = 0; i < HF_ARRAY_LENGTH(steps); i++) {
            HF_CLEANUP(hf_freep) char *before = hf_strdup(hf_xml_get(cluster_cib(cluster, 2), "num_updates"));

            expect(report,
                   cluster_request(cluster, (unsigned)(seed + i) % 3, steps[i].request, 5000) == HF_OK,
                   "it is accepted");
            cluster_elapse(cluster, 1000);
            expect(report,
                   (strcmp(before, hf_xml_get(cluster_cib(cluster, 2), "num_updates")) != 0) ==
                       steps[i].changes,
                   steps[i].request);
        }
        cluster_free(cluster);
    }
}

/* What a VIP may track: its monitor looks at once, on the node whose attribute it is. */
static void a_changed_attribute_is_looked_at_at_once(struct report *report)
{
    static const struct {
        const char *request, *what;
        unsigned looks;
    } steps[] = {
        {"<attribute node='n1' name='uplink' value='1' lifetime='reboot'/>", "a new one", 1},
        {"<attribute node='n1' name='uplink' value='1' lifetime='reboot'/>", "the same again", 0},
        {"<attribute node='n1' name='uplink' value='0' lifetime='reboot'/>", "another value", 1},
        {"<attribute node='n1' name='master-vip' value='5' lifetime='reboot'/>", "what the agent said", 0},
        {"<attribute node='n1' name='uplink' lifetime='reboot'/>", "no more", 1},
        {"<attribute node='n2' name='uplink' value='1' lifetime='forever'/>", "a permanent one", 1},
        {"<change><create into='crm_config'><cluster_property_set id='p'/></create></change>", "none", 0},
    };

    for (uint64_t seed = 650; seed < 660; seed++) {
        struct cluster *cluster = make_vip(report, 2 + (unsigned)(seed % 2), seed);

        expect_followed(report, cluster);
        for (size_t i = 0; i < HF_ARRAY_LENGTH(steps); i++) {
            unsigned before = cluster_count(cluster, "hurry");

            expect(report, cluster_request(cluster, 0, steps[i].request, 5000) == HF_OK, "it is accepted");
            cluster_elapse(cluster, 1000);
            expect(report, cluster_count(cluster, "hurry") - before == steps[i].looks, steps[i].what);
        }
        expect_followed(report, cluster);
        cluster_free(cluster);
    }
}

/* Neither has the others to ask: its own daemon was restarted while it was cut off, or all were at once. */
static void a_daemon_that_was_restarted_knows_its_attributes(struct report *report)
{
    static const unsigned side[] = {0, 1, 1};

    for (uint64_t seed = 640; seed < 650; seed++) {
        struct cluster *cluster = make_scored(report, seed);

        cluster_cut(cluster, side);
        cluster_elapse(cluster, 1000);
        cluster_crash(cluster, 0, 500);
        cluster_elapse(cluster, 3000);
        cluster_heal(cluster);
        expect_followed(report, cluster);
        expect_scores(report, cluster, "5");
        for (unsigned i = 0; i < 3; i++)
            cluster_crash(cluster, i, 300);
        expect_followed(report, cluster);
        expect_scores(report, cluster, "5");
        expect(report, strcmp(attribute_of(cluster, 1, 0, "gone"), "") == 0, "what was removed stays so");
        cluster_power_off(cluster, 0);
        cluster_elapse(cluster, 3000);
        cluster_power_on(cluster, 0);
        expect_followed(report, cluster);
        expect_scores(report, cluster, "");
        cluster_free(cluster);
    }
}

static void disturb_vip(struct cluster *cluster)
{
    struct world *world = cluster_world(cluster);
    unsigned nodes = world_size(world), node = (unsigned)world_random(world, nodes);
    char request[256];

    switch (world_random(world, 7)) {
    case 0:
        cluster_power_off(cluster, node);
        break;
    case 1:
        cluster_power_on(cluster, node);
        break;
    case 2:
        if (world_is_on(world, node))
            cluster_crash(cluster, node, (int64_t)world_random(world, 2000));
        break;
    case 3:
    case 4:
        cluster_reach(cluster, vip_owner(cluster), false);
        break;
    case 5:
        for (unsigned i = 0; i < nodes; i++)
            cluster_reach(cluster, i, true);
        break;
    case 6:
        snprintf(request, sizeof(request),
                 "<change><set id='go'><attr name='node' value='n%u'/><attr name='score' "
                 "value='100'/></set></change>",
                 node + 1);
        cluster_request(cluster, (unsigned)world_random(world, nodes), request, 100);
        break;
    }
}

static struct cib_digest random_vip_run(struct report *report, uint64_t seed)
{
    struct cluster *cluster = make_vip(report, 2 + (unsigned)(seed % 3), seed);
    struct world *world = cluster_world(cluster);

    for (int i = 0; i < 10; i++) {
        disturb_vip(cluster);
        cluster_elapse(cluster, (int64_t)world_random(world, 1500));
    }
    for (unsigned i = 0; i < world_size(world); i++) {
        cluster_reach(cluster, i, true);
        cluster_power_on(cluster, i);
    }
    expect_followed(report, cluster);

    struct cib_digest trace = world_trace(world);

    cluster_free(cluster);
    return trace;
}

/* Machines whose daemons do not run count for corosync, and know nothing of a change. */
static void a_minority_of_daemons_changes_nothing(struct report *report)
{
    static const struct {
        unsigned nodes, crashed;
        enum hf_error_kind answer;
    } cases[] = {{2, 1, HF_OK}, {3, 1, HF_OK}, {3, 2, HF_NO_QUORUM}, {4, 1, HF_OK}, {4, 2, HF_NO_QUORUM}};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++) {
        struct cluster *cluster = make(cases[i].nodes, 600 + i, false);

        expect_settled(report, cluster);
        for (unsigned node = 0; node < cases[i].crashed; node++)
            cluster_crash(cluster, cases[i].nodes - 1 - node, 6000);
        cluster_elapse(cluster, 1000);
        expect(report,
               cluster_request(
                   cluster, 0,
                   "<change><create into='tags'><tag id='t'><obj_ref id='r1'/></tag></create></change>",
                   2000) == cases[i].answer,
               "a change is taken by most of the machines' daemons, and by no fewer");
        expect(report,
               cluster_request(cluster, 0, "<attribute node='n1' name='x' value='1' lifetime='forever'/>",
                               2000) == cases[i].answer,
               "so is an attribute that lasts");
        expect_settled(report, cluster);
        expect_one_each(report, cluster);
        cluster_free(cluster);
    }
}

/* --- a scheduler that takes its time --- */

static struct cluster *make_slow(uint64_t seed, int64_t plan_ms)
{
    struct cluster_options options = {
        .nodes = 3,
        .seed = seed,
        .configuration = without_fencing,
        .resources = exclusive,
        .plan_ms = plan_ms,
        .print = print,
    };

    return cluster_new(&options);
}

/* Acknowledging does not wait for it, nobody counts as failed, and what it finds is still done. */
static void changes_go_on_while_the_scheduler_runs(struct report *report)
{
    struct cluster *cluster = make_slow(500, 4000);

    expect_settled(report, cluster);
    expect_one_each(report, cluster);
    for (unsigned i = 0; i < 60; i++) {
        HF_CLEANUP(hf_freep)
        char *change = hf_asprintf("<change><create into='constraints'><rsc_location id='l%u' rsc='r1' "
                                   "node='n1' score='%u'/></create></change>",
                                   i, i);

        expect(report, cluster_request(cluster, i % 3, change, 60) == HF_OK, "a change is done in 60 ms");
        cluster_elapse(cluster, 50);
    }
    expect_settled(report, cluster);
    expect(report, cluster_where(cluster, "r1") == 0, "r1 is where it is wanted");
    expect_one_each(report, cluster);
    cluster_free(cluster);
}

/* Every plan is outdated before it is there: all the same the cluster acts. */
static void endless_changes_do_not_stop_the_cluster(struct report *report)
{
    struct cluster *cluster = make_slow(501, 1000);
    int where;

    expect_settled(report, cluster);
    where = cluster_where(cluster, "r1");
    cluster_break(cluster, (unsigned)where, "r1");
    for (unsigned i = 0; i < 60; i++) {
        HF_CLEANUP(hf_freep)
        char *attribute = hf_asprintf("<attribute node='n%u' name='load' value='%u'/>", i % 3 + 1, i);

        expect(report, cluster_request(cluster, i % 3, attribute, 60) == HF_OK, "an attribute is set");
        cluster_elapse(cluster, 200);
    }
    expect(report, cluster_where(cluster, "r1") >= 0, "the failed resource runs again");
    expect_settled(report, cluster);
    expect_one_each(report, cluster);
    cluster_free(cluster);
}

static void a_scheduler_without_its_copy_gets_another(struct report *report)
{
    struct cluster *cluster = make_slow(502, 0);

    expect_settled(report, cluster);
    for (unsigned i = 0; i < 3; i++)
        cluster_spoil_planner(cluster, i);
    cluster_power_off(cluster, 2);
    expect_settled(report, cluster);
    expect_one_each(report, cluster);
    cluster_free(cluster);
}

/* --- fencing --- */

/* The newest <fence-event> that this node has of the target. */
static const char *last_fencing(const struct cluster *cluster, unsigned node, const char *target,
                                const char *attribute)
{
    const xmlNode *root = cluster_cib(cluster, node), *last = NULL;

    HF_XML_EACH (event, hf_xml_child(hf_xml_child(root, "status"), "fence-history"), "fence-event")
        if (strcmp(hf_xml_get_or(event, "target", ""), target) == 0)
            last = event;
    return hf_xml_get_or(last, attribute, "");
}

static bool shot(const struct cluster *cluster, const char *line)
{
    return strstr(cluster_shot(cluster), line) != NULL;
}

/* What the configuration asks for is what the agent is told: the action, and the set of attributes whose rule
 * holds on the node that runs the agent. */
static void an_agent_is_told_what_is_configured(struct report *report)
{
    struct cluster *cluster = make(3, 400, true);
    static const char change[] =
        "<change><create into='options'><nvpair id='o3' name='stonith-action' value='off'/></create>"
        "<create into='power'><instance_attributes id='pr1' score='10'><rule id='rule1' boolean-op='and'>"
        "<expression id='e1' attribute='#uname' operation='eq' value='n1'/></rule>"
        "<nvpair id='pr1-site' name='site' value='one'/></instance_attributes></create>"
        "<create into='power'><instance_attributes id='pr2' score='10'><rule id='rule2' boolean-op='and'>"
        "<expression id='e2' attribute='#uname' operation='ne' value='n1'/></rule>"
        "<nvpair id='pr2-site' name='site' value='two'/></instance_attributes></create></change>";

    expect_settled(report, cluster);
    expect(report, cluster_request(cluster, 0, change, 5000) == HF_OK, "the change is accepted");
    expect_settled(report, cluster);
    cluster_power_off(cluster, 2);
    expect_settled(report, cluster);
    expect(report, shot(cluster, "action=off\n"), "stonith-action is obeyed");
    expect(report, shot(cluster, "site=one\n"), "the set whose rule holds on n1 counts");
    expect(report, !shot(cluster, "site=two\n"), "the other set does not");
    expect(report, shot(cluster, "password=" SIM_SECRET "\n"), "the agent has its password");
    expect_one_each(report, cluster);
    cluster_free(cluster);
}

/* A configuration that was written elsewhere need not know all the nodes that are here. */
static void who_is_here_stays_in_the_configuration(struct report *report)
{
    struct cluster *cluster = make(3, 405, false);
    const xmlNode *configuration;

    expect_settled(report, cluster);
    expect(report, cluster_request(cluster, 0, "<change><delete id='2'/></change>", 5000) == HF_OK,
           "the change is accepted");
    expect_settled(report, cluster);
    configuration = hf_xml_child(cluster_cib(cluster, 0), "configuration");
    expect(report, hf_xml_child_by_id(hf_xml_child(configuration, "nodes"), "node", "2") != NULL,
           "n2 is a node again");
    expect_one_each(report, cluster);
    cluster_free(cluster);
}

/* Of two halves the one that runs more shoots first. */
static void the_less_important_side_waits(struct report *report)
{
    static const unsigned side[] = {0, 1};

    for (unsigned important = 0; important < 2; important++) {
        struct cluster *cluster = make(2, 410 + important, true);
        HF_CLEANUP(hf_freep)
        char *change = hf_asprintf(
            "<change><create into='options'><nvpair id='o3' name='priority-fencing-delay' value='5'/>"
            "</create><create into='r1'><meta_attributes id='rm'><nvpair id='rm1' name='priority' "
            "value='10'/></meta_attributes></create><create into='constraints'><rsc_location id='l1' "
            "rsc='r1' node='n%u' score='1000'/></create></change>",
            important + 1);
        int64_t cut;

        expect_settled(report, cluster);
        expect(report, cluster_request(cluster, 0, change, 5000) == HF_OK, "the change is accepted");
        expect_settled(report, cluster);
        cut = world_now(cluster_world(cluster));
        world_move_witness(cluster_world(cluster), !important);
        cluster_cut(cluster, side);
        cluster_elapse(cluster, 4000);
        expect(report, cluster_shot_at(cluster) < cut, "the side that runs less waits");
        cluster_elapse(cluster, 4000);
        expect(report, cluster_shot_at(cluster) >= cut + 5000, "and shoots after priority-fencing-delay");
        cluster_free(cluster);
    }
}

static void what_was_fenced_is_known_everywhere(struct report *report)
{
    struct cluster *cluster = make(3, 420, true);

    expect_settled(report, cluster);
    expect(report, cluster_request(cluster, 1, "<fence node='n3' action='off'/>", 5000) == HF_OK,
           "an operator's fencing is done");
    expect_settled(report, cluster);
    expect(report, shot(cluster, "action=off\n") && shot(cluster, "nodename=n3\n"), "n3 is shot");
    expect(report, cluster_request(cluster, 1, "<fence node='n9'/>", 5000) == HF_REFUSED,
           "what does not exist is refused");
    cluster_power_on(cluster, 2);
    expect_settled(report, cluster);
    for (unsigned i = 0; i < 3; i++) {
        expect(report, strcmp(last_fencing(cluster, i, "n3", "state"), "success") == 0, "all know of it");
        expect(report, strcmp(last_fencing(cluster, i, "n3", "origin"), "operator on n2") == 0,
               "and who wanted it");
    }
    cluster_power_off(cluster, 0); /* who coordinated it */
    expect_settled(report, cluster);
    expect(report, strcmp(last_fencing(cluster, 1, "n3", "action"), "off") == 0, "it is known still");
    expect(report, cluster_request(cluster, 1, "<forget-fencing/>", 5000) == HF_OK, "it can be forgotten");
    cluster_elapse(cluster, 100);
    expect(report, *last_fencing(cluster, 2, "n3", "state") == '\0', "by all");
    cluster_free(cluster);
}

/* A resource that is bound to a ticket runs while the ticket is granted and active, and what is forgotten was
 * never granted. */
static void a_ticket_lets_its_resource_run(struct report *report)
{
    struct cluster *cluster = make(3, 421, true);
    static const struct {
        const char *request;
        enum hf_error_kind kind;
        bool runs;
    } step[] = {{"<ticket id='T' standby='true'/>", HF_REFUSED, false},
                {"<ticket id='T'/>", HF_USAGE, false},
                {"<ticket id='T' granted='perhaps'/>", HF_USAGE, false},
                {"<ticket id='T' granted='true'/>", HF_OK, true},
                {"<ticket id='T' standby='true'/>", HF_OK, false},
                {"<ticket id='T' standby='false'/>", HF_OK, true},
                {"<ticket id='T' granted='false'/>", HF_OK, false},
                {"<ticket id='T' granted='true'/>", HF_OK, true},
                {"<ticket id='T' forget='true'/>", HF_OK, false},
                {"<ticket id='T' forget='true'/>", HF_REFUSED, false}};

    expect_settled(report, cluster);
    expect(report,
           cluster_request(cluster, 1,
                           "<change><create into='constraints'><rsc_ticket id='t' rsc='r1' ticket='T'/>"
                           "</create></change>",
                           5000) == HF_OK,
           "the constraint is taken");
    expect(report, cluster_settle(cluster, 60000), "the cluster settles");
    for (size_t i = 0; i < HF_ARRAY_LENGTH(step); i++) {
        expect(report, cluster_request(cluster, 1, step[i].request, 5000) == step[i].kind, step[i].request);
        cluster_elapse(cluster, 1000);
        expect(report, cluster_settle(cluster, 60000), "the cluster settles");
        expect(report, (cluster_where(cluster, "r1") >= 0) == step[i].runs, step[i].request);
    }
    cluster_free(cluster);
}

/* The agent that another member runs outlives the coordinator: its result is not asked for a second time. */
static void a_coordinator_is_fenced_once(struct report *report)
{
    for (uint64_t seed = 440; seed < 460; seed++) {
        struct cluster *cluster = make(seed % 2 == 0 ? 2 : 3, seed, true);

        expect_settled(report, cluster);
        world_move_witness(cluster_world(cluster), 1);
        cluster_request(cluster, 1, "<fence node='n1' action='off'/>", 3000);
        expect_settled(report, cluster);
        expect(report, cluster_shots(cluster, 0) == 1, "n1 is fenced once");
        expect(report, strcmp(last_fencing(cluster, 1, "n1", "state"), "success") == 0, "and that is told");
        expect_one_each(report, cluster);
        cluster_free(cluster);
    }
}

/* Whoever coordinates next does not leave it pending for ever. */
static void a_fencing_whose_coordinator_dies_has_an_end(struct report *report)
{
    for (int64_t delay = 1; delay < 40; delay += 3) {
        struct cluster *cluster = make(3, 430 + (uint64_t)delay, true);

        expect_settled(report, cluster);
        cluster_power_off(cluster, 2);
        for (int i = 0; i < 3000 && *last_fencing(cluster, 0, "n3", "state") == '\0'; i++)
            cluster_elapse(cluster, 1);
        cluster_elapse(cluster, delay);
        cluster_power_off(cluster, 0);
        for (int round = 0; round < 2; round++) {
            for (unsigned i = 0; i < 3; i++)
                cluster_power_on(cluster, i);
            expect_settled(report, cluster);
        }
        HF_XML_EACH (event, hf_xml_child(hf_xml_child(cluster_cib(cluster, 1), "status"), "fence-history"),
                     "fence-event")
            expect(report, strcmp(hf_xml_get_or(event, "state", ""), "pending") != 0, "nothing is pending");
        expect_one_each(report, cluster);
        cluster_free(cluster);
    }
}

static int attempts(const struct cluster *cluster, const char *target)
{
    int64_t count = 1;

    hf_parse_int64(last_fencing(cluster, 0, target, "attempts"), &count);
    return (int)count;
}

/* A device that does not answer is not asked for ever: after some attempts only when something changed, or
 * now and then. */
static void fencing_that_fails_is_given_up_for_a_while(struct report *report)
{
    static const char change[] =
        "<change><create into='options'><nvpair id='o3' name='stonith-max-attempts' value='3'/></create>"
        "<create into='options'><nvpair id='o4' name='cluster-recheck-interval' "
        "value='60s'/></create></change>";
    struct cluster *cluster = make(3, 480, true);

    expect_settled(report, cluster);
    expect(report, cluster_request(cluster, 0, change, 5000) == HF_OK, "the change is accepted");
    expect_settled(report, cluster);
    cluster_break_fencing(cluster, true);
    cluster_power_off(cluster, 2);
    cluster_elapse(cluster, 30000);
    expect(report, attempts(cluster, "n3") == 3, "three attempts are made");
    expect(report, cluster_request(cluster, 0, "<attribute node='n1' name='x' value='1'/>", 5000) == HF_OK,
           "something changes");
    cluster_elapse(cluster, 10000);
    expect(report, attempts(cluster, "n3") == 4, "then there is another");
    cluster_elapse(cluster, 60000);
    expect(report, attempts(cluster, "n3") == 5, "and another after cluster-recheck-interval");
    cluster_break_fencing(cluster, false);
    cluster_elapse(cluster, 65000);
    expect(report, strcmp(last_fencing(cluster, 0, "n3", "state"), "success") == 0, "which may succeed");
    expect_settled(report, cluster);
    expect_one_each(report, cluster);
    cluster_free(cluster);
}

/* While a node cannot be fenced, what is asked for elsewhere is done at once. (Nothing is started before that
 * node is fenced, but what runs can be stopped.) */
static void nothing_else_waits_for_fencing_that_failed(struct report *report)
{
    for (uint64_t seed = 490; seed < 495; seed++) {
        struct cluster *cluster = make(3, seed, true);
        int waited = 0, at = 0;

        expect_settled(report, cluster);
        while (cluster_where(cluster, exclusive[at]) == 2)
            at++;

        HF_CLEANUP(hf_freep)
        char *stop = hf_asprintf("<change><create into='%s'><meta_attributes id='off'><nvpair id='off-1' "
                                 "name='target-role' value='Stopped'/></meta_attributes></create></change>",
                                 exclusive[at]);

        cluster_break_fencing(cluster, true);
        cluster_power_off(cluster, 2);
        for (int i = 0; i < 3000 && strcmp(last_fencing(cluster, 0, "n3", "state"), "failed") != 0; i++)
            cluster_elapse(cluster, 10);
        expect(report, strcmp(last_fencing(cluster, 0, "n3", "state"), "failed") == 0, "fencing fails");
        expect(report, cluster_request(cluster, 0, stop, 5000) == HF_OK, "a resource is to be stopped");
        for (; waited < 1500 && cluster_where(cluster, exclusive[at]) >= 0; waited += 10)
            cluster_elapse(cluster, 10);
        expect(report, waited < 1500, "and is before fencing is tried again");
        cluster_free(cluster);
    }
}

/* Its daemon is gone, its machine is there, and what it ran runs on. */
static void a_node_that_is_heard_is_not_confirmed_down(struct report *report)
{
    struct cluster *cluster = make(3, 470, true);

    expect_settled(report, cluster);
    cluster_crash(cluster, 2, 60000);
    cluster_elapse(cluster, 1000);
    expect(report, cluster_request(cluster, 1, "<confirm-off node='n3'/>", 5000) == HF_REFUSED,
           "the machine of n3 is heard");
    cluster_power_off(cluster, 2);
    cluster_elapse(cluster, 300);
    expect(report, cluster_request(cluster, 1, "<confirm-off node='n3'/>", 5000) == HF_OK,
           "now it is not heard");
    expect(report, strcmp(last_fencing(cluster, 0, "n3", "state"), "success") == 0, "and is recorded");
    expect_settled(report, cluster);
    expect_one_each(report, cluster);
    cluster_free(cluster);
}

/* --- random runs --- */

static void disturb(struct cluster *cluster)
{
    struct world *world = cluster_world(cluster);
    unsigned nodes = world_size(world), node = (unsigned)world_random(world, nodes);
    unsigned side[WORLD_NODES];

    switch (world_random(world, 8)) {
    case 0:
        cluster_power_off(cluster, node);
        break;
    case 1:
    case 2:
        cluster_power_on(cluster, node);
        break;
    case 3:
        if (world_is_on(world, node))
            cluster_crash(cluster, node, (int64_t)world_random(world, 3000));
        break;
    case 4:
        for (unsigned i = 0; i < nodes; i++)
            side[i] = (unsigned)world_random(world, 2);
        cluster_cut(cluster, side);
        break;
    case 5:
        cluster_heal(cluster);
        break;
    case 6:
        cluster_break(cluster, node, exclusive[world_random(world, 5)]);
        break;
    case 7:
        cluster_request(cluster, node, "<cleanup refresh='true'/>", 100);
        break;
    }
}

static struct cib_digest random_run(struct report *report, uint64_t seed)
{
    struct cluster *cluster = make(2 + (unsigned)(seed % 4), seed, true);
    struct world *world = cluster_world(cluster);

    for (int i = 0; i < 12; i++) {
        disturb(cluster);
        cluster_elapse(cluster, (int64_t)world_random(world, 2000));
    }
    cluster_heal(cluster);
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < world_size(world); i++)
            cluster_power_on(cluster, i);
        expect_settled(report, cluster);
    }
    expect_one_each(report, cluster);

    struct cib_digest trace = world_trace(world);

    cluster_free(cluster);
    return trace;
}

/* A resource with a lock, lock servers, no fence device but the watchdog. */
static struct cib_digest random_leased_run(struct report *report, uint64_t seed)
{
    struct cluster *cluster = make_leased(seed);
    struct world *world = cluster_world(cluster);

    for (int i = 0; i < 16; i++) {
        unsigned node = (unsigned)world_random(world, 2);

        if (world_chance(world, 40))
            cluster_bar(cluster, node, "r1", world_chance(world, 50));
        else if (world_chance(world, 10))
            cluster_failures(cluster, 10, (unsigned)world_random(world, 2) * 30);
        else
            disturb(cluster);
        cluster_elapse(cluster, (int64_t)world_random(world, 2500));
    }
    cluster_heal(cluster);
    cluster_failures(cluster, 0, 0);
    for (unsigned i = 0; i < 2; i++)
        cluster_bar(cluster, i, "r1", false);
    for (int round = 0; round < 4; round++) { /* what could not be stopped may be reset late */
        for (unsigned i = 0; i < world_size(world); i++)
            cluster_power_on(cluster, i);
        cluster_elapse(cluster, 4000);
        if (round > 0)
            cluster_request(cluster, 0, "<cleanup/>", 5000);
    }
    expect_leased(report, cluster);

    struct cib_digest trace = world_trace(world);

    cluster_free(cluster);
    return trace;
}

/* The seeds of runs with a VIP begin here. */
enum { VIP_SEEDS = 100000 };

/* Seeds of even thousands are runs with leases. */
static struct cib_digest run_once(struct report *report, uint64_t seed)
{
    if (seed >= VIP_SEEDS)
        return random_vip_run(report, seed);
    return seed / 1000 % 2 == 0 ? random_leased_run(report, seed) : random_run(report, seed);
}

static void run_seed(struct report *report, uint64_t seed)
{
    char name[96];

    snprintf(name, sizeof(name), "seed %" PRIu64 " (repeat: tests/sim/nodes --seed %" PRIu64 " --print)",
             seed, seed);
    report->story = name;
    report->bad = false;

    struct cib_digest one = run_once(report, seed), two = print ? one : run_once(report, seed);

    expect(report, memcmp(&one, &two, sizeof(one)) == 0, "the same seed gives the same run");
    report->failed += report->bad;
    report->passed += !report->bad;
}

static void tell(struct report *report, const char *name, const char *only,
                 void (*story)(struct report *report))
{
    if (only != NULL && strcmp(name, only) != 0)
        return;
    report->story = name;
    report->bad = false;
    story(report);
    printf("%s %s\n", report->bad ? "FAIL" : "ok  ", name);
    fflush(stdout);
    report->failed += report->bad;
    report->passed += !report->bad;
}

#define TELL(story) tell(&report, #story, only, story)

int main(int argc, char **argv)
{
    static const struct option known[] = {{"seed", required_argument, NULL, 's'},
                                          {"runs", required_argument, NULL, 'r'},
                                          {"story", required_argument, NULL, 't'},
                                          {"print", no_argument, NULL, 'p'},
                                          {NULL, 0, NULL, 0}};
    struct report report = {0};
    int64_t seed = -1, runs = 40;
    const char *only = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "s:r:t:p", known, NULL)) != -1) {
        if (option == 'p')
            print = true;
        else if (option == 't')
            only = optarg;
        else if ((option != 's' && option != 'r') || !hf_parse_int64(optarg, option == 's' ? &seed : &runs))
            return 2;
    }
    hf_xml_init();
    if (seed >= 0) {
        run_seed(&report, (uint64_t)seed);
    } else {
        TELL(everything_starts_once);
        TELL(a_daemon_that_crashes_moves_nothing);
        TELL(what_was_found_running_and_stopped_stays_stopped);
        TELL(both_daemons_that_crash_move_nothing);
        TELL(a_dead_machine_is_replaced);
        TELL(a_failed_resource_is_restarted_where_it_was);
        TELL(a_failure_is_forgotten_after_its_time);
        TELL(standby_empties_a_node);
        TELL(on_fail_standby_empties_the_node);
        TELL(on_fail_standby_ends_with_the_failure);
        TELL(on_fail_stop_leaves_it_stopped);
        TELL(settled_means_what_was_asked_before_is_done);
        TELL(on_fail_ignore_changes_nothing);
        TELL(on_fail_fence_takes_the_machine);
        TELL(on_fail_demote_stops_nothing);
        TELL(a_node_that_leaves_is_drained_first);
        TELL(a_machine_that_dies_after_its_daemon_is_replaced);
        TELL(one_node_starts_alone);
        TELL(a_minority_is_fenced_before_anything_moves);
        TELL(a_coordinator_may_die_at_any_moment);
        TELL(failing_agents_come_to_rest);
        TELL(a_lost_node_has_time_to_stop);
        TELL(a_lock_that_is_of_no_use_is_given_up);
        TELL(who_is_left_goes_on);
        TELL(a_daemon_that_comes_back_late_is_used_again);
        TELL(a_lost_lock_stops_its_resource_at_once);
        TELL(a_lock_that_is_not_granted_fails_the_start);
        TELL(what_was_given_up_is_waited_for);
        TELL(a_restarted_daemon_keeps_the_lock);
        TELL(a_move_takes_the_lock_along);
        TELL(what_cannot_stop_is_reset);
        TELL(a_dead_daemon_costs_the_machine);
        TELL(a_node_that_starts_is_not_reset);
        TELL(a_vip_is_there_before_the_cluster_acts);
        TELL(a_vip_leaves_an_owner_that_lives);
        TELL(a_vip_moves_while_daemons_are_away);
        TELL(an_old_promotion_is_not_believed);
        TELL(a_vip_is_moved_by_the_coordinator);
        TELL(changed_parameters_reach_every_instance);
        TELL(a_node_that_was_cut_off_keeps_its_attributes);
        TELL(what_is_said_again_changes_nothing);
        TELL(a_changed_attribute_is_looked_at_at_once);
        TELL(a_daemon_that_was_restarted_knows_its_attributes);
        TELL(a_minority_of_daemons_changes_nothing);
        TELL(changes_go_on_while_the_scheduler_runs);
        TELL(endless_changes_do_not_stop_the_cluster);
        TELL(a_scheduler_without_its_copy_gets_another);
        TELL(an_agent_is_told_what_is_configured);
        TELL(who_is_here_stays_in_the_configuration);
        TELL(the_less_important_side_waits);
        TELL(what_was_fenced_is_known_everywhere);
        TELL(a_ticket_lets_its_resource_run);
        TELL(a_coordinator_is_fenced_once);
        TELL(a_fencing_whose_coordinator_dies_has_an_end);
        TELL(fencing_that_fails_is_given_up_for_a_while);
        TELL(nothing_else_waits_for_fencing_that_failed);
        TELL(a_node_that_is_heard_is_not_confirmed_down);
        for (int64_t i = 0; i < runs && only == NULL; i++)
            run_seed(&report, (i % 2 == 0 ? 1001 : 2000) + (uint64_t)(i / 2 % 1000 + i / 2000 * 2000));
        for (int64_t i = 0; i < runs && only == NULL; i++)
            run_seed(&report, VIP_SEEDS + (uint64_t)i);
    }
    printf("%u passed, %u failed\n", report.passed, report.failed);
    return report.failed > 0;
}
