/* test_fence_request.c - the fencing machine, told as stories: events in, and the orders that must come out.
 *
 * Each order is one line: "run ACTION TARGET with DEVICE on NODE", "verdict REQUEST done|failed: REASON",
 * "record TARGET success|failed DEVICE", "forget DEVICE", "answer yes|no". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <inttypes.h>

#include "fence/request.h"
#include "lib/xml.h"

/* --- the vocabulary --- */

struct story {
    struct fencing *fencing;
    int64_t now;
    struct hf_buf orders; /* of the last event */
    uint64_t last_run;
    int64_t last_timeout;
    char *last_input;
    struct fence_config *config; /* of a node that runs agents: its own copy */
    unsigned announced;          /* operations whose beginning was told */
};

/* What the node that was told to would write to its agent. */
static char *input_of(const struct story *story, const struct fence_update *update)
{
    struct hf_buf input = {0};
    const struct fence_device *device = fence_config_device(story->config, update->device);

    assert_non_null(device);
    fence_device_input(device, update->action, update->target, update->parameter, &input);
    return hf_buf_take(&input);
}

/* An agent that can do everything and is asked nothing, but where host lists say otherwise. */
static const char can_all[] =
    "<resource-agent><parameters><parameter name='port'/></parameters><actions><action name='on'/>"
    "<action name='off'/><action name='reboot'/></actions></resource-agent>";

static void put_order(struct story *story, const struct fence_update *update)
{
    struct hf_buf *out = &story->orders;

    switch (update->order) {
    case FENCE_RUN:
        story->last_run = update->run;
        story->last_timeout = update->timeout_ms;
        free(story->last_input);
        story->last_input = story->config != NULL ? input_of(story, update) : NULL;
        hf_buf_printf(out, "run %s %s with %s on %s\n", fence_action_name(update->action),
                      update->target != NULL ? update->target : "-", update->device, update->node);
        break;
    case FENCE_FORGET:
        hf_buf_printf(out, "forget %s\n", update->device);
        break;
    case FENCE_VERDICT:
        hf_buf_printf(out, "verdict %" PRIu64 " %s%s%s\n", update->request, update->done ? "done" : "failed",
                      update->reason != NULL ? ": " : "", update->reason != NULL ? update->reason : "");
        break;
    case FENCE_ANSWER:
        hf_buf_printf(out, "answer %s%s%s\n", update->done ? "yes" : "no", update->reason != NULL ? ": " : "",
                      update->reason != NULL ? update->reason : "");
        break;
    case FENCE_RECORD:
        if (update->record->outcome == FENCE_PENDING) {
            story->announced++;
            break;
        }
        hf_buf_printf(out, "record %s %s %s\n", update->record->target,
                      update->record->outcome == FENCE_SUCCESS ? "success" : "failed",
                      update->record->device != NULL ? update->record->device : "-");
        break;
    }
}

static void happen(struct story *story, struct fence_event event)
{
    struct fence_updates updates;

    event.now = story->now;
    event.wall = 1700000000 + story->now / 1000;
    hf_buf_reset(&story->orders);
    updates = fencing_step(story->fencing, &event);
    for (size_t i = 0; i < updates.count; i++)
        put_order(story, &updates.item[i]);
    fence_updates_free(&updates);
}

#define EXPECT(story, text) assert_string_equal(hf_buf_text(&(story)->orders), (text))

static void result(struct story *story, uint64_t run, int exit_status, const char *output)
{
    happen(story, (struct fence_event){.type = FENCE_RESULT,
                                       .run = run,
                                       .exit_status = exit_status,
                                       .output = output,
                                       .reason = exit_status != 0 ? "no answer\nfrom the device" : NULL});
}

/* The last agent that was run ends. */
static void ends(struct story *story, int exit_status)
{
    result(story, story->last_run, exit_status, "");
}

static void request(struct story *story, uint64_t number, enum fence_action action, const char *target)
{
    happen(story,
           (struct fence_event){
               .type = FENCE_REQUEST, .request = number, .action = action, .target = target, .origin = "dc"});
}

static void pass(struct story *story, int64_t ms)
{
    story->now += ms;
    happen(story, (struct fence_event){.type = FENCE_TICK});
}

static void members(struct story *story, const char *a, const char *b, const char *c)
{
    const char *names[] = {a, b, c};

    happen(story, (struct fence_event){
                      .type = FENCE_MEMBERS, .members = names, .n_members = 1 + (b != NULL) + (c != NULL)});
}

static void right(struct story *story, bool yes)
{
    happen(story, (struct fence_event){.type = FENCE_RIGHT, .right = yes});
}

/* resources: <primitive>s, then other sections of <configuration>. Metadata is answered with text. */
static void configure(struct story *story, const char *sections, const char *text)
{
    HF_CLEANUP(hf_freep) char *xml = hf_asprintf("<configuration>%s</configuration>", sections);
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf problems = {0};
    uint64_t first = story->last_run + 1;

    assert_null(hf_xml_parse(xml, strlen(xml), "test", &document));
    fence_config_free(story->config);
    story->config = fence_config_read(xmlDocGetRootElement(document), NULL, NULL, NULL);
    happen(story, (struct fence_event){
                      .type = FENCE_CONFIGURE,
                      .config = fence_config_read(xmlDocGetRootElement(document), NULL, NULL, &problems)});
    assert_string_equal(hf_buf_text(&problems), "");
    for (uint64_t run = first, last = story->last_run; text != NULL && run <= last; run++)
        result(story, run, 0, text);
}

#define DEVICE(id, parameters)                                                                               \
    "<primitive id='" id "' class='stonith' type='fence_" id "'><instance_attributes id='" id                \
    "-p'>" parameters "</instance_attributes></primitive>"
#define P(name, value) "<nvpair name='" name "' value='" value "'/>"
#define RESOURCES(devices) "<resources>" devices "</resources>"
#define LEVEL(target, index, devices)                                                                        \
    "<fencing-level id='l" target index "' target='" target "' index='" index "' devices='" devices "'/>"

/* This node is n1; n2 has just died; n1 may fence. */
static struct story begin(const char *sections)
{
    struct story story = {.fencing = fencing_new("n1", 1), .now = 1000};

    members(&story, "n1", "n3", NULL);
    right(&story, true);
    configure(&story, sections, can_all);
    return story;
}

static void end(struct story *story)
{
    fencing_free(story->fencing);
    fence_config_free(story->config);
    hf_buf_free(&story->orders);
    free(story->last_input);
}

/* --- the stories --- */

static void a_dead_node_is_fenced(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("apc", P("pcmk_host_map", "n2:7"))));

    request(&s, 11, FENCE_REBOOT, "n2");
    EXPECT(&s, "run reboot n2 with apc on n1\n");
    assert_string_equal(s.last_input, "action=reboot\nnodename=n2\nport=7\n");
    assert_int_equal(s.last_timeout, 60000);
    assert_int_equal(fencing_history(s.fencing, 0)->outcome, FENCE_PENDING);
    assert_int_equal(s.announced, 1);
    ends(&s, 0);
    assert_int_equal(s.announced, 1);
    EXPECT(&s, "verdict 11 done\nrecord n2 success apc\n");
    assert_int_equal(fencing_deadline(s.fencing), INT64_MAX);
    ends(&s, 0);
    EXPECT(&s, "");
    end(&s);
}

static void without_a_device_it_says_so(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("apc", P("pcmk_host_list", "n3"))));

    request(&s, 1, FENCE_OFF, "n2");
    EXPECT(&s,
           "verdict 1 failed: there is no fence device that can do 'off' to node 'n2'\nrecord n2 failed -\n");
    assert_int_equal(fencing_failures(s.fencing, "n2"), 1);
    request(&s, 2, FENCE_STATUS, "n2");
    EXPECT(&s, "verdict 2 failed: malformed request: expected a node's name and off, on or reboot\n");
    end(&s);
}

static void requests_for_one_target_are_one_operation(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("apc", P("pcmk_host_list", "n2"))));

    request(&s, 1, FENCE_REBOOT, "n2");
    request(&s, 2, FENCE_REBOOT, "N2");
    EXPECT(&s, "");
    request(&s, 3, FENCE_OFF, "n2");
    EXPECT(&s, "");
    ends(&s, 0);
    EXPECT(&s, "run off n2 with apc on n1\n"
               "verdict 1 done\n"
               "verdict 2 done\n"
               "record n2 success apc\n");
    assert_int_equal(fencing_history(s.fencing, 1)->merged, 2);
    ends(&s, 0);
    EXPECT(&s, "verdict 3 done\nrecord n2 success apc\n");
    end(&s);
}

static void what_was_just_done_is_not_done_again(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("apc", P("pcmk_host_list", "n2"))));
    struct fence_event again = {
        .type = FENCE_REQUEST, .request = 2, .action = FENCE_OFF, .target = "n2", .tolerance_ms = 5000};

    request(&s, 1, FENCE_OFF, "n2");
    ends(&s, 0);
    s.now += 4000;
    happen(&s, again);
    EXPECT(&s, "verdict 2 done: it was done shortly before\n");
    s.now += 2000;
    happen(&s, again);
    EXPECT(&s, "run off n2 with apc on n1\n");
    end(&s);
}

static void a_failed_attempt_is_repeated_by_another_member(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("apc", P("pcmk_host_list", "n2") P("pcmk_off_retries", "4"))));

    request(&s, 1, FENCE_OFF, "n2");
    s.now += 10000;
    ends(&s, 1);
    EXPECT(&s, "run off n2 with apc on n3\n");
    assert_int_equal(s.last_timeout, 50000);
    ends(&s, 1);
    EXPECT(&s, "run off n2 with apc on n1\n");
    members(&s, "n1", NULL, NULL);
    ends(&s, 1);
    EXPECT(&s, "");
    assert_int_equal(fencing_deadline(s.fencing), s.now + 1000);
    pass(&s, 1000);
    EXPECT(&s, "run off n2 with apc on n1\n");
    ends(&s, 1);
    EXPECT(&s, "verdict 1 failed: apc: failed on n1: no answer\nrecord n2 failed -\n");
    end(&s);
}

static void no_attempt_begins_after_the_time_is_over(void **state)
{
    struct story s = begin(RESOURCES(
        DEVICE("apc", P("pcmk_host_list", "n2") P("pcmk_off_retries", "9") P("pcmk_off_timeout", "20s"))));

    request(&s, 1, FENCE_OFF, "n2");
    assert_int_equal(s.last_timeout, 20000);
    s.now += 19500;
    happen(&s, (struct fence_event){
                   .type = FENCE_RESULT, .run = s.last_run, .exit_status = 1, .timed_out = true});
    EXPECT(&s, "verdict 1 failed: apc: timed out on n1\nrecord n2 failed -\n");
    end(&s);
}

static void a_result_that_never_comes_is_given_up(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("apc", P("pcmk_host_list", "n2"))));

    request(&s, 1, FENCE_OFF, "n2");
    assert_int_equal(fencing_deadline(s.fencing), s.now + 65000);
    pass(&s, 64999);
    EXPECT(&s, "");
    pass(&s, 1);
    EXPECT(&s, "forget apc\nverdict 1 failed: apc: timed out on n1\nrecord n2 failed -\n");
    end(&s);
}

static void a_member_that_leaves_takes_its_attempt_along(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("apc", P("pcmk_host_list", "n1"))));

    request(&s, 1, FENCE_OFF, "n1");
    EXPECT(&s, "run off n1 with apc on n3\n");
    members(&s, "n1", NULL, NULL);
    EXPECT(&s, "forget apc\nrun off n1 with apc on n1\n");
    end(&s);
}

static void levels_are_tried_in_turn_and_need_all_their_devices(void **state)
{
    struct story s = begin(RESOURCES(
        DEVICE("ipmi", P("pcmk_host_list", "n2") P("pcmk_off_retries", "1"))
            DEVICE("psu1", P("pcmk_host_list", "n2"))
                DEVICE("psu2", P("pcmk_host_list", "n2") P("pcmk_off_retries", "1"))
                    DEVICE("last", P("pcmk_host_list", "n2"))) "<fencing-topology>" LEVEL("n2", "1", "ipmi")
                               LEVEL("n2", "2", "psu1,psu2") LEVEL("n2", "3", "last") "</fencing-topology>");

    request(&s, 1, FENCE_OFF, "n2");
    EXPECT(&s, "run off n2 with ipmi on n1\n");
    ends(&s, 1);
    EXPECT(&s, "run off n2 with psu1 on n1\n");
    ends(&s, 0);
    EXPECT(&s, "run off n2 with psu2 on n1\n");
    ends(&s, 1);
    EXPECT(&s, "run off n2 with last on n1\n");
    ends(&s, 0);
    EXPECT(&s, "verdict 1 done: ipmi: failed on n1: no answer; psu2: failed on n1: no answer\n"
               "record n2 success last\n");
    end(&s);
}

static void reboot_by_two_devices_is_off_off_on_on(void **state)
{
    struct story s = begin(RESOURCES(
        DEVICE("psu1", P("pcmk_host_list", "n2") P("pcmk_reboot_timeout", "7s") P("pcmk_off_timeout", "9s"))
            DEVICE("psu2", P("pcmk_host_list", "n2")
                               P("pcmk_on_retries",
                                 "1"))) "<fencing-topology>" LEVEL("n2", "1",
                                                                   "psu1,psu2") "</fencing-topology>");

    request(&s, 1, FENCE_REBOOT, "n2");
    EXPECT(&s, "run off n2 with psu1 on n1\n");
    assert_int_equal(s.last_timeout, 9000);
    ends(&s, 0);
    EXPECT(&s, "run off n2 with psu2 on n1\n");
    ends(&s, 0);
    EXPECT(&s, "run on n2 with psu1 on n1\n"
               "verdict 1 done\n");
    request(&s, 2, FENCE_REBOOT, "n2"); /* it may have come back and failed again: a new operation */
    EXPECT(&s, "");
    ends(&s, 0);
    EXPECT(&s, "run on n2 with psu2 on n1\n");
    ends(&s, 1);
    EXPECT(&s, "run off n2 with psu1 on n1\n"
               "record n2 success psu2\n");
    assert_string_equal(fencing_history(s.fencing, 1)->reason, "psu2: failed on n1: no answer");
    end(&s);
}

static void an_agent_without_reboot_is_told_off(void **state)
{
    static const char only_off[] = "<resource-agent><actions><action name='off'/></actions></resource-agent>";
    struct story s = {.fencing = fencing_new("n1", 1), .now = 5};

    members(&s, "n1", NULL, NULL);
    right(&s, true);
    configure(&s, RESOURCES(DEVICE("fabric", P("pcmk_host_list", "n2"))), only_off);
    request(&s, 1, FENCE_REBOOT, "n2");
    EXPECT(&s, "run off n2 with fabric on n1\n");
    request(&s, 2, FENCE_ON, "n3");
    EXPECT(&s,
           "verdict 2 failed: there is no fence device that can do 'on' to node 'n3'\nrecord n3 failed -\n");
    end(&s);
}

static void without_topology_devices_go_by_priority(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("a", P("pcmk_off_retries", "1"))
                                         DEVICE("b", P("priority", "5") P("pcmk_off_retries", "1"))
                                             DEVICE("c", P("pcmk_host_list", "n3") P("priority", "9"))));

    request(&s, 1, FENCE_OFF, "n2");
    EXPECT(&s, "run off n2 with b on n1\n");
    ends(&s, 1);
    EXPECT(&s, "run off n2 with a on n1\n");
    ends(&s, 0);
    EXPECT(&s, "verdict 1 done: b: failed on n1: no answer\nrecord n2 success a\n");
    end(&s);
}

static void delays_are_served_once_and_only_if_wanted(void **state)
{
    struct story s = begin(RESOURCES(
        DEVICE("a", P("pcmk_host_list", "n2") P("pcmk_delay_base", "n2:3s") P("pcmk_off_retries", "1"))
            DEVICE("b", P("pcmk_host_list", "n2") P("pcmk_delay_base", "7s"))));

    happen(&s,
           (struct fence_event){
               .type = FENCE_REQUEST, .request = 1, .action = FENCE_OFF, .target = "n2", .delay_ms = 2000});
    EXPECT(&s, "");
    assert_int_equal(fencing_deadline(s.fencing), s.now + 5000);
    pass(&s, 4999);
    EXPECT(&s, "");
    pass(&s, 1);
    EXPECT(&s, "run off n2 with a on n1\n");
    ends(&s, 1);
    EXPECT(&s, "run off n2 with b on n1\n");
    ends(&s, 0);
    happen(&s, (struct fence_event){
                   .type = FENCE_REQUEST, .request = 2, .action = FENCE_OFF, .target = "n2", .delay_ms = -1});
    EXPECT(&s, "run off n2 with a on n1\n");
    end(&s);
}

/* ms from the start of the story to the shot; 0 if it was fired at once. */
static int64_t chosen_delay(const struct story *story)
{
    return story->orders.length > 0 ? 0 : fencing_deadline(story->fencing);
}

/* Two nodes that lost each other, with pcmk_delay_max: they do not choose the same moment. */
static void random_delays_differ_between_nodes(void **state)
{
    int different = 0;

    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct story a = {.fencing = fencing_new("n1", seed)},
                     b = {.fencing = fencing_new("n2", seed + 1000)};
        const char *sections = RESOURCES(DEVICE("a", P("pcmk_delay_max", "10s")));

        right(&a, true);
        right(&b, true);
        configure(&a, sections, can_all);
        configure(&b, sections, can_all);
        request(&a, 1, FENCE_OFF, "n2");
        request(&b, 1, FENCE_OFF, "n1");
        assert_true(chosen_delay(&a) < 10000);
        different += llabs(chosen_delay(&a) - chosen_delay(&b)) > 200;
        end(&a);
        end(&b);
    }
    assert_true(different > 40);
}

static void nothing_is_fired_without_the_right(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("apc", P("pcmk_host_list", "n2"))));

    right(&s, false);
    request(&s, 1, FENCE_OFF, "n2");
    EXPECT(&s, "");
    pass(&s, 30000);
    EXPECT(&s, "");
    right(&s, true);
    EXPECT(&s, "run off n2 with apc on n1\n");
    ends(&s, 0);
    right(&s, false);
    request(&s, 2, FENCE_OFF, "n2");
    assert_int_equal(fencing_deadline(s.fencing), s.now + 60000);
    pass(&s, 60000);
    EXPECT(&s, "verdict 2 failed: this partition may not fence: it has neither the lock nor quorum\n"
               "record n2 failed -\n");
    end(&s);
}

/* The right goes while the delay runs, and while an agent runs: no further agent is started. */
static void losing_the_right_stops_what_has_not_begun(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("apc", P("pcmk_host_list", "n2") P("pcmk_delay_base", "5s"))));

    request(&s, 1, FENCE_OFF, "n2");
    right(&s, false);
    pass(&s, 6000);
    EXPECT(&s, "");
    right(&s, true);
    EXPECT(&s, "run off n2 with apc on n1\n");
    right(&s, false);
    ends(&s, 1);
    EXPECT(&s, "");
    end(&s);
}

static void one_device_does_one_thing_at_a_time(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("apc", P("pcmk_host_list", "n2 n4")) DEVICE(
        "free", P("pcmk_host_list", "n5 n6") P("pcmk_action_limit", "-1"))));
    uint64_t first;

    request(&s, 1, FENCE_OFF, "n2");
    first = s.last_run;
    request(&s, 2, FENCE_OFF, "n4");
    EXPECT(&s, "");
    request(&s, 3, FENCE_OFF, "n5");
    EXPECT(&s, "run off n5 with free on n1\n");
    request(&s, 4, FENCE_OFF, "n6");
    EXPECT(&s, "run off n6 with free on n1\n");
    result(&s, first, 0, "");
    EXPECT(&s, "run off n4 with apc on n1\n"
               "verdict 1 done\n"
               "record n2 success apc\n");
    end(&s);
}

static void one_target_at_a_time_if_so_configured(void **state)
{
    struct story s =
        begin("<crm_config><cluster_property_set id='o'>" P("concurrent-fencing", "false")
                  P("stonith-timeout", "33s") "</cluster_property_set></crm_config>" RESOURCES(
                      DEVICE("a", P("pcmk_host_list", "n2")) DEVICE("b", P("pcmk_host_list", "n4"))));

    request(&s, 1, FENCE_OFF, "n2");
    assert_int_equal(s.last_timeout, 33000);
    request(&s, 2, FENCE_OFF, "n4");
    EXPECT(&s, "");
    ends(&s, 0);
    EXPECT(&s, "run off n4 with b on n1\n"
               "verdict 1 done\n"
               "record n2 success a\n");
    end(&s);
}

static const char with_list[] = "<resource-agent><actions><action name='off'/><action name='list'/>"
                                "<action name='status'/></actions></resource-agent>";

static void the_device_is_asked_for_its_list(void **state)
{
    struct story s = {.fencing = fencing_new("n1", 1), .now = 5};

    right(&s, true);
    configure(&s, RESOURCES(DEVICE("pdu", P("ip", "10.0.0.1"))), with_list);
    request(&s, 1, FENCE_OFF, "n2");
    EXPECT(&s, "run list - with pdu on n1\n");
    request(&s, 2, FENCE_OFF, "n4"); /* the same list serves both */
    EXPECT(&s, "");
    result(&s, s.last_run, 0, "n1,\nn2,\n");
    EXPECT(&s,
           "run off n2 with pdu on n1\n"
           "verdict 2 failed: there is no fence device that can do 'off' to node 'n4'\nrecord n4 failed -\n");
    ends(&s, 0);
    s.now += 59000;
    request(&s, 3, FENCE_OFF, "n1");
    EXPECT(&s, "run off n1 with pdu on n1\n");
    ends(&s, 0);
    s.now += 61000;
    request(&s, 4, FENCE_OFF, "n1");
    EXPECT(&s, "run list - with pdu on n1\n");
    end(&s);
}

static void where_list_fails_status_is_asked(void **state)
{
    struct story s = {.fencing = fencing_new("n1", 1), .now = 5};

    right(&s, true);
    configure(&s, RESOURCES(DEVICE("pdu", P("ip", "10.0.0.1"))), with_list);
    request(&s, 1, FENCE_OFF, "n2");
    ends(&s, 1);
    EXPECT(&s, "run status n2 with pdu on n1\n");
    ends(&s, 2);
    EXPECT(&s, "run off n2 with pdu on n1\n");
    ends(&s, 0);
    request(&s, 2, FENCE_OFF, "n4");
    EXPECT(&s, "run status n4 with pdu on n1\n");
    ends(&s, 1);
    EXPECT(&s,
           "verdict 2 failed: there is no fence device that can do 'off' to node 'n4'; pdu: list: no answer; "
           "pdu: status: no answer\nrecord n4 failed -\n");
    end(&s);
}

/* A slow device must not hold up one that is ready and comes first. */
static void only_the_devices_before_it_are_waited_for(void **state)
{
    struct story s = {.fencing = fencing_new("n1", 1), .now = 5};

    right(&s, true);
    configure(&s, RESOURCES(DEVICE("good", P("pcmk_host_list", "n2") P("priority", "1")) DEVICE("slow", "")),
              with_list);
    request(&s, 1, FENCE_OFF, "n2");
    EXPECT(&s, "run list - with slow on n1\nrun off n2 with good on n1\n");
    ends(&s, 0);
    EXPECT(&s, "verdict 1 done\nrecord n2 success good\n");
    end(&s);
}

static void a_request_waits_for_metadata_and_goes_on_without(void **state)
{
    struct story s = {.fencing = fencing_new("n1", 1), .now = 5};

    right(&s, true);
    configure(&s, RESOURCES(DEVICE("apc", P("pcmk_host_list", "n2"))), NULL);
    EXPECT(&s, "run metadata - with apc on n1\n");
    request(&s, 1, FENCE_REBOOT, "n2");
    EXPECT(&s, "");
    ends(&s, 1);
    EXPECT(&s, "run reboot n2 with apc on n1\n");
    assert_string_equal(s.last_input, "action=reboot\nnodename=n2\nport=n2\n");
    end(&s);
}

static void configuration_may_change_under_way(void **state)
{
    struct story s =
        begin(RESOURCES(DEVICE("a", P("pcmk_host_list", "n2")) DEVICE("b", P("pcmk_host_list", "n2"))));

    request(&s, 1, FENCE_OFF, "n2");
    EXPECT(&s, "run off n2 with a on n1\n");
    configure(&s, RESOURCES(DEVICE("b", P("pcmk_host_list", "n2"))), NULL);
    EXPECT(&s, ""); /* the metadata of b is still known */
    ends(&s, 1);
    EXPECT(&s, "run off n2 with b on n1\n");
    configure(&s, "", NULL);
    ends(&s, 0);
    EXPECT(&s, "verdict 1 done: a: failed on n1: no answer\nrecord n2 success b\n");
    end(&s);
}

static void a_person_is_believed_only_if_the_node_is_silent(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("apc", P("pcmk_host_list", "n2 n3"))));

    request(&s, 1, FENCE_OFF, "n2");
    happen(&s, (struct fence_event){.type = FENCE_CONFIRM, .target = "n3", .origin = "root"});
    EXPECT(&s, "answer no: node 'n3' is still heard: it is not down. Power it off, or fence it\n");
    happen(&s, (struct fence_event){.type = FENCE_CONFIRM, .target = "n1", .origin = "root"});
    EXPECT(&s, "answer no: node 'n1' is still heard: it is not down. Power it off, or fence it\n");
    happen(&s, (struct fence_event){.type = FENCE_CONFIRM, .target = "n2", .origin = "root"});
    EXPECT(&s, "forget apc\n"
               "verdict 1 done: confirmed by hand\n"
               "record n2 success manual\n"
               "answer yes\n");
    assert_string_equal(fencing_history(s.fencing, 0)->node, "root");
    happen(&s, (struct fence_event){.type = FENCE_CONFIRM, .target = "n9", .origin = "root"});
    EXPECT(&s, "record n9 success manual\nanswer yes\n");
    happen(&s, (struct fence_event){.type = FENCE_CONFIRM, .origin = "root"});
    EXPECT(&s, "answer no: expected a node's name\n");
    end(&s);
}

static void unfencing_runs_all_devices_on_the_node_itself(void **state)
{
    static const char scsi[] = "<resource-agent><actions><action name='on' on_target='1' automatic='1'/>"
                               "<action name='off'/></actions></resource-agent>";
    struct story s = {.fencing = fencing_new("n1", 1), .now = 5};

    members(&s, "n1", "n2", NULL);
    right(&s, true);
    configure(&s,
              RESOURCES(DEVICE("disk1", P("pcmk_host_list", "n1 n2"))
                            DEVICE("disk2", P("pcmk_host_list", "n1"))
                                DEVICE("disk3", P("pcmk_host_list", "n2") P("pcmk_on_retries", "1"))),
              scsi);
    assert_true(fencing_unfences(s.fencing, "n2"));
    assert_false(fencing_unfences(s.fencing, "n7"));
    request(&s, 1, FENCE_ON, "n2");
    EXPECT(&s, "run on n2 with disk1 on n2\n");
    ends(&s, 0);
    EXPECT(&s, "run on n2 with disk3 on n2\n");
    ends(&s, 0);
    EXPECT(&s, "verdict 1 done\nrecord n2 success disk3\n");
    request(&s, 2, FENCE_ON, "n2");
    ends(&s, 0);
    ends(&s, 1);
    EXPECT(&s, "verdict 2 failed: disk3: failed on n2: no answer\nrecord n2 failed -\n");
    members(&s, "n1", NULL, NULL);
    request(&s, 3, FENCE_ON, "n2");
    EXPECT(
        &s,
        "verdict 3 failed: disk1: has to run on the node itself, which is not there\nrecord n2 failed -\n");
    end(&s);
}

static void a_watchdog_is_waited_for_where_nothing_else_helps(void **state)
{
    struct story s = begin("<crm_config><cluster_property_set id='o'>" P(
        "stonith-watchdog-timeout",
        "10s") "</cluster_property_set></crm_config>" RESOURCES(DEVICE("apc", P("pcmk_host_list", "n3"))));

    request(&s, 1, FENCE_REBOOT, "n2");
    EXPECT(&s, "");
    pass(&s, 9999);
    EXPECT(&s, "");
    pass(&s, 1);
    EXPECT(&s, "verdict 1 done\nrecord n2 success watchdog\n");
    end(&s);
}

static void history_is_bounded_counted_and_cleared(void **state)
{
    struct story s = begin("");
    HF_CLEANUP(hf_freep) char *text = NULL;
    xmlNode *event;

    for (int i = 0; i < 700; i++)
        request(&s, 1, FENCE_OFF, i % 2 == 0 ? "n2" : "n<4>");
    assert_int_equal(fencing_history_count(s.fencing), 500);
    assert_int_equal(fencing_failures(s.fencing, "n2"), 250);
    fencing_history_clear(s.fencing, "n2");
    assert_int_equal(fencing_history_count(s.fencing), 250);
    happen(&s, (struct fence_event){.type = FENCE_CONFIRM, .target = "n<4>", .origin = "root"});
    assert_int_equal(fencing_failures(s.fencing, "n<4>"), 0);
    fencing_history_clear(s.fencing, NULL);
    assert_int_equal(fencing_history_count(s.fencing), 0);
    happen(&s, (struct fence_event){.type = FENCE_CONFIRM, .target = "n<4>", .origin = "root"});
    event = fence_record_to_xml(fencing_history(s.fencing, 0), "u-1");
    text = hf_xml_text(event, false);
    assert_string_equal(text,
                        "<fence-event id=\"u-1\" action=\"off\" target=\"n&lt;4&gt;\" state=\"success\" "
                        "time=\"1700000001\" origin=\"root\" device=\"manual\" node=\"root\" "
                        "reason=\"confirmed by hand\"/>");
    xmlFreeNode(event);
    end(&s);
}

/* Whoever performs a verdict may step the machine again before it has read the rest. */
static void orders_outlive_later_steps(void **state)
{
    struct story s = begin(RESOURCES(DEVICE("apc", P("pcmk_host_list", "n2"))));
    const struct fence_event end_of_run = {.type = FENCE_RESULT, .now = s.now, .run = 2};
    struct fence_updates updates;

    request(&s, 1, FENCE_OFF, "n2");
    assert_int_equal(s.last_run, 2);
    request(&s, 2, FENCE_REBOOT, "n2");
    updates = fencing_step(s.fencing, &end_of_run);
    for (int i = 0; i < 600; i++)
        happen(&s, (struct fence_event){.type = FENCE_CONFIRM, .target = "n9"});
    fencing_history_clear(s.fencing, NULL);
    assert_int_equal(updates.count, 3);
    assert_int_equal(updates.item[0].order, FENCE_RUN);
    assert_string_equal(updates.item[0].device, "apc");
    assert_string_equal(updates.item[0].parameter, "port");
    assert_int_equal(updates.item[1].order, FENCE_VERDICT);
    assert_string_equal(updates.item[1].target, "n2");
    assert_int_equal(updates.item[2].order, FENCE_RECORD);
    assert_string_equal(updates.item[2].record->device, "apc");
    fence_updates_free(&updates);
    end(&s);
}

/* --- anything in any order --- */

/* Random events: every request gets exactly one verdict, nothing is fired without the right or by the target
 * while others are there, no device does more at once than it may, and the machine comes to rest. */
static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

struct chaos {
    struct story story;
    uint64_t random;
    uint64_t runs[256];
    const char *devices[256];
    size_t n_runs;
    int verdicts[400];
    int requests;
    bool right;
};

static void drop_run(struct chaos *chaos, uint64_t run)
{
    for (size_t i = 0; i < chaos->n_runs; i++)
        if (chaos->runs[i] == run) {
            chaos->runs[i] = chaos->runs[--chaos->n_runs];
            chaos->devices[i] = chaos->devices[chaos->n_runs];
        }
}

static void check_run(struct chaos *chaos, const struct fence_update *update)
{
    static const char *const names[] = {"a", "b", "c"};
    const char *device = NULL;
    int same = 0;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++)
        if (strcmp(update->device, names[i]) == 0)
            device = names[i];
    assert_non_null(device);
    for (size_t i = 0; i < chaos->n_runs; i++)
        same += chaos->devices[i] == device;
    assert_true(update->action == FENCE_METADATA || same == 0);
    assert_true(update->timeout_ms > 0);
    if (update->action == FENCE_OFF || update->action == FENCE_REBOOT) {
        assert_true(chaos->right);
        assert_string_not_equal(update->node, update->target);
    }
    assert_true(chaos->n_runs < HF_ARRAY_LENGTH(chaos->runs));
    chaos->devices[chaos->n_runs] = update->action == FENCE_METADATA ? "metadata" : device;
    chaos->runs[chaos->n_runs++] = update->run;
}

static void chaos_step(struct chaos *chaos, struct fence_event event)
{
    struct fence_updates updates;

    event.now = chaos->story.now;
    updates = fencing_step(chaos->story.fencing, &event);
    for (size_t i = 0; i < updates.count; i++) {
        const struct fence_update *update = &updates.item[i];

        if (update->order == FENCE_RUN)
            check_run(chaos, update);
        else if (update->order == FENCE_FORGET)
            drop_run(chaos, update->run);
        else if (update->order == FENCE_VERDICT)
            chaos->verdicts[update->request]++;
    }
    fence_updates_free(&updates);
}

static void chaos_result(struct chaos *chaos)
{
    static const char *const outputs[] = {can_all, with_list, "n1 n2", "", "<broken"};
    uint64_t run = chaos->runs[next_random(&chaos->random) % chaos->n_runs];

    drop_run(chaos, run);
    chaos_step(chaos, (struct fence_event){.type = FENCE_RESULT,
                                           .run = run,
                                           .exit_status = (int)(next_random(&chaos->random) % 3),
                                           .output = outputs[next_random(&chaos->random) % 5]});
}

static struct fence_config *chaos_config(struct chaos *chaos)
{
    static const char *const texts[] = {
        "<configuration>" RESOURCES(DEVICE("a", "") DEVICE("b", P("pcmk_host_list", "n2 n3"))
                                        DEVICE("c", P("pcmk_delay_max", "3s"))) "</configuration>",
        "<configuration>" RESOURCES(DEVICE("a", "") DEVICE("b", "")
                                        DEVICE("c", "")) "<fencing-topology>" LEVEL("n2", "1", "a,b")
            LEVEL("n2", "2", "c") LEVEL("n3", "1", "c") "</fencing-topology></configuration>",
        "<configuration/>",
    };
    const char *text = texts[next_random(&chaos->random) % 3];
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;

    assert_null(hf_xml_parse(text, strlen(text), "test", &document));
    return fence_config_read(xmlDocGetRootElement(document), NULL, NULL, NULL);
}

static void chaos_event(struct chaos *chaos)
{
    static const char *const targets[] = {"n2", "n3", "n4"};
    static const char *const nodes[] = {"n1", "n2", "n3"};
    static const enum fence_action actions[] = {FENCE_OFF, FENCE_REBOOT, FENCE_ON};
    uint64_t choice = next_random(&chaos->random) % 16;
    const char *target = targets[next_random(&chaos->random) % 3];

    if (choice < 5 && chaos->requests < 400) {
        chaos_step(chaos, (struct fence_event){.type = FENCE_REQUEST,
                                               .request = (uint64_t)chaos->requests++,
                                               .target = target,
                                               .action = actions[next_random(&chaos->random) % 3]});
    } else if (choice < 12 && chaos->n_runs > 0) {
        chaos_result(chaos);
    } else if (choice == 12) {
        chaos_step(chaos, (struct fence_event){.type = FENCE_MEMBERS,
                                               .members = nodes,
                                               .n_members = 1 + next_random(&chaos->random) % 3});
    } else if (choice == 13) {
        chaos->right = next_random(&chaos->random) % 4 != 0;
        chaos_step(chaos, (struct fence_event){.type = FENCE_RIGHT, .right = chaos->right});
    } else if (choice == 14 && next_random(&chaos->random) % 8 == 0) {
        chaos_step(chaos, (struct fence_event){.type = FENCE_CONFIGURE, .config = chaos_config(chaos)});
    } else if (choice == 14) {
        chaos_step(chaos, (struct fence_event){.type = FENCE_CONFIRM, .target = target});
    } else {
        chaos->story.now += (int64_t)(next_random(&chaos->random) % 20000);
        chaos_step(chaos, (struct fence_event){.type = FENCE_TICK});
    }
}

static void every_request_gets_one_verdict(void **state)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct chaos chaos = {
            .story = {.fencing = fencing_new("n1", seed), .now = 1}, .random = seed, .right = true};
        int ticks = 0;

        chaos_step(&chaos, (struct fence_event){.type = FENCE_RIGHT, .right = true});
        chaos_step(&chaos, (struct fence_event){.type = FENCE_CONFIGURE, .config = chaos_config(&chaos)});
        for (int i = 0; i < 400; i++)
            chaos_event(&chaos);
        while (fencing_deadline(chaos.story.fencing) != INT64_MAX) { /* and nothing answers any more */
            chaos.story.now = fencing_deadline(chaos.story.fencing);
            chaos_step(&chaos, (struct fence_event){.type = FENCE_TICK});
            assert_true(++ticks < 5000);
        }
        for (int i = 0; i < chaos.requests; i++)
            if (chaos.verdicts[i] != 1)
                fail_msg("seed %" PRIu64 ": request %d has %d verdicts", seed, i, chaos.verdicts[i]);
        end(&chaos.story);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_node_is_fenced),
        cmocka_unit_test(without_a_device_it_says_so),
        cmocka_unit_test(requests_for_one_target_are_one_operation),
        cmocka_unit_test(what_was_just_done_is_not_done_again),
        cmocka_unit_test(a_failed_attempt_is_repeated_by_another_member),
        cmocka_unit_test(no_attempt_begins_after_the_time_is_over),
        cmocka_unit_test(a_result_that_never_comes_is_given_up),
        cmocka_unit_test(a_member_that_leaves_takes_its_attempt_along),
        cmocka_unit_test(levels_are_tried_in_turn_and_need_all_their_devices),
        cmocka_unit_test(reboot_by_two_devices_is_off_off_on_on),
        cmocka_unit_test(an_agent_without_reboot_is_told_off),
        cmocka_unit_test(without_topology_devices_go_by_priority),
        cmocka_unit_test(delays_are_served_once_and_only_if_wanted),
        cmocka_unit_test(random_delays_differ_between_nodes),
        cmocka_unit_test(nothing_is_fired_without_the_right),
        cmocka_unit_test(losing_the_right_stops_what_has_not_begun),
        cmocka_unit_test(one_device_does_one_thing_at_a_time),
        cmocka_unit_test(one_target_at_a_time_if_so_configured),
        cmocka_unit_test(the_device_is_asked_for_its_list),
        cmocka_unit_test(where_list_fails_status_is_asked),
        cmocka_unit_test(only_the_devices_before_it_are_waited_for),
        cmocka_unit_test(a_request_waits_for_metadata_and_goes_on_without),
        cmocka_unit_test(configuration_may_change_under_way),
        cmocka_unit_test(a_person_is_believed_only_if_the_node_is_silent),
        cmocka_unit_test(unfencing_runs_all_devices_on_the_node_itself),
        cmocka_unit_test(a_watchdog_is_waited_for_where_nothing_else_helps),
        cmocka_unit_test(history_is_bounded_counted_and_cleared),
        cmocka_unit_test(orders_outlive_later_steps),
        cmocka_unit_test(every_request_gets_one_verdict),
    };

    hf_xml_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
