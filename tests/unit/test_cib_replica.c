/* test_cib_replica.c - stories of a few nodes with replicas in a simulated world, told step by step.
 *
 * Random faults are tests/sim/sim's business; here are the cases that have a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "daemon/cib/message.h"
#include "lib/xml.h"
#include "tests/sim/member.h"

struct story {
    struct world *world;
    struct ledger ledger;
};

static struct story *tell(unsigned nodes, unsigned broken)
{
    struct story *story = hf_calloc(1, sizeof(*story));

    story->ledger.broken = broken;
    story->ledger.print = getenv("STORY_PRINT") != NULL;
    story->world = world_new(nodes, 42, &member_program, &story->ledger);
    return story;
}

#define START(node) world_start(story->world, node)
#define KILL(node) world_kill(story->world, node)
#define FREEZE(node) world_freeze(story->world, node)
#define THAW(node) world_thaw(story->world, node)
#define ELAPSE(ms) world_elapse(story->world, ms)
#define CUT(...) world_cut(story->world, (const unsigned[WORLD_NODES]){__VA_ARGS__})
#define HEAL() world_heal(story->world)
#define SUBMIT(node) member_submit(story->world, node, false, 0)
#define REPLICA(node) member_replica(world_process(story->world, node))

static void start_all(struct story *story)
{
    for (unsigned node = 0; node < world_size(story->world); node++)
        START(node);
    assert_true(world_until(story->world, members_settled, NULL, 5000));
}

static void settle(struct story *story)
{
    if (!world_until(story->world, members_settled, NULL, 20000))
        fail_msg("the cluster does not come to rest");
    members_check(story->world, &story->ledger);
}

static void nothing_wrong(struct story *story)
{
    if (story->ledger.wrong.length > 0)
        fail_msg("%s", hf_buf_text(&story->ledger.wrong));
}

static void end(struct story *story)
{
    world_free(story->world);
    ledger_free(&story->ledger);
    free(story);
}

static enum outcome outcome(const struct story *story, size_t entry)
{
    return story->ledger.list[entry].outcome;
}

static bool has(struct story *story, unsigned node, size_t entry)
{
    return cib_document_find(cib_replica_document(REPLICA(node)), story->ledger.list[entry].token) != NULL;
}

/* --- answers --- */

static void test_done_means_on_every_disk(void **state)
{
    struct story *story = tell(3, 0);
    size_t change;

    start_all(story);
    world_disk_slow(story->world, 2, 1500);
    change = SUBMIT(0);
    ELAPSE(5);
    assert_int_equal(outcome(story, change), OUTCOME_PENDING);
    assert_true(has(story, 0, change)); /* everybody has it in memory by then; that is not enough */
    ELAPSE(1600);
    assert_int_equal(outcome(story, change), OUTCOME_DONE);
    for (unsigned node = 0; node < 3; node++)
        assert_true(world_disk_has(story->world, node, story->ledger.list[change].token));
    nothing_wrong(story);
    end(story);
}

static void test_refusal_has_a_reason(void **state)
{
    struct story *story = tell(2, 0);
    size_t change;

    start_all(story);
    change = SUBMIT(0);
    ELAPSE(100);
    assert_int_equal(outcome(story, change), OUTCOME_DONE);
    member_submit(story->world, 0, true, change);
    ELAPSE(100);
    change = member_submit(story->world, 1, true, change);
    ELAPSE(100);
    assert_int_equal(outcome(story, change), OUTCOME_NOT_DONE);
    assert_int_equal(story->ledger.list[change].kind, HF_REFUSED);
    end(story);
}

static void test_silent_member_is_unknown_not_done(void **state)
{
    struct story *story = tell(3, 0);
    size_t change;

    start_all(story);
    FREEZE(2);
    change = SUBMIT(0);
    ELAPSE(1900);
    assert_int_equal(outcome(story, change), OUTCOME_PENDING);
    ELAPSE(200);
    assert_int_equal(outcome(story, change), OUTCOME_UNKNOWN);
    assert_int_equal(story->ledger.expelled, 1); /* the DC reported it, and its shell expelled it */
    /* The others go on without it, although the group still lists it. */
    change = SUBMIT(1);
    ELAPSE(500);
    assert_int_equal(outcome(story, change), OUTCOME_DONE);
    assert_true(has(story, 0, change));
    /* It wakes up, hears that it was expelled, and comes back as somebody else. */
    THAW(2);
    ELAPSE(200);
    assert_false(world_is_on(story->world, 2));
    START(2);
    settle(story);
    assert_true(has(story, 2, change));
    nothing_wrong(story);
    end(story);
}

/* The same with the DC: the next in seniority reports it. */
static void test_silent_coordinator(void **state)
{
    struct story *story = tell(3, 0);
    size_t change;
    unsigned dc, other;

    start_all(story);
    dc = cib_member_node(cib_replica_dc(REPLICA(0))) - 1;
    other = (dc + 1) % 3;
    FREEZE(dc);
    change = SUBMIT(other);
    ELAPSE(3000);
    assert_int_equal(outcome(story, change), OUTCOME_UNKNOWN);
    change = SUBMIT(other);
    ELAPSE(500);
    assert_int_equal(outcome(story, change), OUTCOME_DONE);
    assert_int_not_equal(cib_replica_dc(REPLICA(other)), 0);
    assert_int_not_equal(cib_member_node(cib_replica_dc(REPLICA(other))) - 1, dc);
    end(story);
}

/* A member falls silent just as a view begins: there is no seniority yet, and somebody must act all the same.
 * Then the one who should act falls silent too: the others do not wait for it forever. */
static void test_silent_in_an_exchange(void **state)
{
    struct story *story = tell(5, 0);
    size_t change;

    start_all(story);
    FREEZE(3);
    KILL(4);
    ELAPSE(3500);
    assert_true(cib_replica_open(REPLICA(0)));
    change = SUBMIT(1);
    ELAPSE(100);
    assert_int_equal(outcome(story, change), OUTCOME_DONE);
    FREEZE(1);
    FREEZE(0);
    ELAPSE(12000);
    assert_false(cib_replica_open(REPLICA(2))); /* one of five may decide nothing */
    assert_false(cib_replica_quorate(REPLICA(2)));
    end(story);
}

/* Nothing happens at all, and still it is noticed that somebody is gone. */
static void test_silence_at_rest(void **state)
{
    struct story *story = tell(3, 0);

    start_all(story);
    ELAPSE(10000);
    assert_int_equal(story->ledger.expelled, 0);
    FREEZE(cib_member_node(cib_replica_dc(REPLICA(0))) - 1);
    ELAPSE(6000);
    assert_int_equal(story->ledger.expelled, 1);
    end(story);
}

/* Who was stopped himself does not take the others' messages, which he has not read yet, for silence. */
static void test_stopped_process_blames_nobody(void **state)
{
    for (int stop = 1000; stop < 20000; stop += 1700) {
        struct story *story = tell(3, 0);

        start_all(story);
        SUBMIT(0);
        for (unsigned node = 0; node < 3; node++)
            FREEZE(node);
        ELAPSE(stop);
        for (unsigned node = 0; node < 3; node++)
            THAW(node);
        ELAPSE(3000);
        assert_int_equal(story->ledger.expelled, 0);
        settle(story);
        end(story);
    }
}

/* --- partitions --- */

static void test_minority_refuses_and_never_wins(void **state)
{
    struct story *story = tell(3, 0);
    size_t minority, majority, before;

    start_all(story);
    before = SUBMIT(2);
    ELAPSE(50);
    CUT(0, 0, 1);
    ELAPSE(1000);
    minority = SUBMIT(2);
    majority = SUBMIT(0);
    ELAPSE(300);
    assert_int_equal(outcome(story, before), OUTCOME_DONE);
    assert_int_equal(outcome(story, minority), OUTCOME_NOT_DONE);
    assert_int_equal(story->ledger.list[minority].kind, HF_NO_QUORUM);
    assert_int_equal(outcome(story, majority), OUTCOME_DONE);
    /* However much the minority's status moves: it is not the better lineage. */
    ELAPSE(3000);
    HEAL();
    ELAPSE(500);
    settle(story);
    assert_true(has(story, 2, majority));
    assert_false(has(story, 0, minority));
    nothing_wrong(story);
    end(story);
}

/* A change was on its way when the ring broke: each side says what it knows, and they agree afterwards. */
static void test_change_on_its_way_when_the_ring_breaks(void **state)
{
    for (int wait = 0; wait < 12; wait++) {
        struct story *story = tell(3, 0);

        start_all(story);
        for (unsigned node = 0; node < 3; node++)
            SUBMIT(node);
        ELAPSE(wait);
        CUT(0, 0, 1);
        ELAPSE(2500);
        HEAL();
        ELAPSE(500);
        settle(story);
        nothing_wrong(story);
        end(story);
    }
}

static void test_both_halves_restart_with_different_states(void **state)
{
    struct story *story = tell(3, 0);
    size_t late;

    start_all(story);
    KILL(0);
    ELAPSE(1000);
    late = SUBMIT(1);
    ELAPSE(300);
    assert_int_equal(outcome(story, late), OUTCOME_DONE);
    KILL(1);
    KILL(2);
    ELAPSE(500);
    /* The one with the old state is up first, and is the oldest; it learns all the same. */
    START(0);
    ELAPSE(1000);
    START(1);
    ELAPSE(1000);
    START(2);
    settle(story);
    assert_true(has(story, 0, late));
    assert_int_equal(cib_member_node(cib_replica_dc(REPLICA(0))) - 1, 1);
    nothing_wrong(story);
    end(story);
}

/* The reason for the promise: what one member wrote in a generation that the other had not on disk yet must
 * not come back against what was acknowledged later in a generation of the same number. */
static void tell_of_a_broken_promise(struct story *story)
{
    start_all(story);
    world_disk_slow(story->world, 1, 60000);
    CUT(0, 0, 1); /* 0 and 1 begin a generation, which 1 has not on disk */
    ELAPSE(500);
    for (int i = 0; i < 5; i++)
        SUBMIT(0);
    ELAPSE(300);
    world_disk_slow(story->world, 1, 0);
    KILL(1);
    CUT(1, 0, 0); /* 1 and 2 begin a generation of the same number */
    ELAPSE(500);
    START(1);
    ELAPSE(1000);
    SUBMIT(2);
    ELAPSE(500);
    HEAL();
    ELAPSE(500);
    settle(story);
}

static void test_generation_is_promised_before_it_is_used(void **state)
{
    struct story *story = tell(3, 0);

    tell_of_a_broken_promise(story);
    nothing_wrong(story);
    end(story);
    /* The variant that opens the view at once loses an acknowledged change here. */
    story = tell(3, CIB_BROKEN_NO_PROMISE);
    tell_of_a_broken_promise(story);
    assert_non_null(strstr(hf_buf_text(&story->ledger.wrong), "is lost, but was said to be done"));
    end(story);
}

/* --- joining --- */

static void submit_many(struct story *story, unsigned node, unsigned count)
{
    story->ledger.large = count;
    for (unsigned i = 0; i < 20 * count; i++) {
        SUBMIT(node);
        ELAPSE(20);
    }
    story->ledger.large = 0;
}

static void test_joiner_gets_the_state_in_chunks(void **state)
{
    struct story *story = tell(3, 0);
    size_t during;

    START(0);
    START(1);
    ELAPSE(1000);
    submit_many(story, 0, 8); /* some hundred KiB */
    assert_in_range(cib_document_size(cib_replica_document(REPLICA(0))), 200000, 2000000);
    START(2);
    ELAPSE(55);
    during = SUBMIT(1);
    settle(story);
    assert_int_equal(outcome(story, during), OUTCOME_DONE);
    assert_true(has(story, 2, during));
    assert_int_equal(story->ledger.unknown, 0);
    nothing_wrong(story);
    end(story);
}

static void test_sender_of_the_state_dies(void **state)
{
    for (int wait = 20; wait < 80; wait += 3) {
        struct story *story = tell(3, 0);
        unsigned dc;

        START(0);
        START(1);
        ELAPSE(1000);
        submit_many(story, 0, 4);
        dc = cib_member_node(cib_replica_dc(REPLICA(0))) - 1;
        START(2);
        ELAPSE(wait);
        KILL(dc);
        ELAPSE(2000);
        assert_true(cib_replica_in_sync(REPLICA(2)));
        assert_true(cib_replica_open(REPLICA(2)));
        START(dc);
        settle(story);
        nothing_wrong(story);
        end(story);
    }
}

/* --- disks --- */

/* Three nodes, one full disk: the other two are a quorum with theirs, so they go on. */
static void test_full_disk(void **state)
{
    struct story *story = tell(3, 0);
    size_t change = 0;

    start_all(story);
    world_disk_full(story->world, 1, true);
    for (int i = 0; i < 300; i++) { /* more than its reserve */
        change = SUBMIT(i % 3u);
        ELAPSE(20);
    }
    assert_int_equal(outcome(story, change), OUTCOME_DONE);
    assert_true(has(story, 1, change));
    assert_false(world_disk_has(story->world, 1, story->ledger.list[change].token));
    ELAPSE(5000);
    assert_int_equal(story->ledger.expelled, 0); /* full is not silent */
    world_disk_full(story->world, 1, false);
    ELAPSE(1500);
    assert_true(world_disk_has(story->world, 1, story->ledger.list[change].token));
    settle(story);
    nothing_wrong(story);
    end(story);
}

/* Two full disks of three: nobody may decide without them. */
static void test_full_disks(void **state)
{
    struct story *story = tell(3, 0);
    size_t first, second;

    start_all(story);
    world_disk_full(story->world, 0, true);
    world_disk_full(story->world, 1, true);
    first = SUBMIT(0); /* into the reserve; it is then known that there is no more */
    ELAPSE(200);
    second = SUBMIT(2);
    ELAPSE(200);
    assert_int_equal(outcome(story, first), OUTCOME_DONE);
    assert_int_equal(outcome(story, second), OUTCOME_NOT_DONE);
    assert_int_equal(story->ledger.list[second].kind, HF_REFUSED);
    for (unsigned node = 0; node < 3; node++)
        assert_false(has(story, node, second));
    ELAPSE(5000);
    assert_int_equal(story->ledger.expelled, 0);
    world_disk_full(story->world, 1, false);
    ELAPSE(1500);
    second = SUBMIT(2);
    ELAPSE(200);
    assert_int_equal(outcome(story, second), OUTCOME_DONE);
    world_disk_full(story->world, 0, false);
    ELAPSE(1500);
    settle(story);
    nothing_wrong(story);
    end(story);
}

/* Who joins with a full disk is in sync all the same. */
static void test_joiner_with_a_full_disk(void **state)
{
    struct story *story = tell(3, 0);
    size_t change;

    START(0);
    START(1);
    ELAPSE(1000);
    change = SUBMIT(0);
    ELAPSE(100);
    world_disk_full(story->world, 2, true);
    START(2);
    ELAPSE(5000);
    assert_int_equal(story->ledger.expelled, 0);
    assert_true(cib_replica_in_sync(REPLICA(2)));
    assert_true(has(story, 2, change));
    change = SUBMIT(2);
    ELAPSE(100);
    assert_int_equal(outcome(story, change), OUTCOME_DONE);
    end(story);
}

/* A change that does not fit into the reserve fails on two disks of three: nobody is told that it is done,
 * and the disk has everything once there is space. */
static void test_write_fails(void **state)
{
    struct story *story = tell(3, 0);
    size_t change;

    start_all(story);
    world_disk_full(story->world, 1, true);
    world_disk_full(story->world, 2, true);
    story->ledger.large = 1;
    do {
        change = SUBMIT(0);
        ELAPSE(1);
    } while (story->ledger.large > 0);
    ELAPSE(3000);
    assert_int_not_equal(outcome(story, change), OUTCOME_DONE);
    world_disk_full(story->world, 1, false);
    world_disk_full(story->world, 2, false);
    ELAPSE(3000);
    change = SUBMIT(0);
    ELAPSE(200);
    assert_int_equal(outcome(story, change), OUTCOME_DONE);
    settle(story);
    nothing_wrong(story);
    end(story);
}

static void test_power_cut_of_all(void **state)
{
    struct story *story = tell(3, 0);

    start_all(story);
    for (int round = 0; round < 20; round++) {
        for (unsigned node = 0; node < 3; node++)
            SUBMIT(node);
        ELAPSE(round % 7);
        for (unsigned node = 0; node < 3; node++)
            KILL(node);
        ELAPSE(400);
        for (unsigned node = 0; node < 3; node++)
            START(node);
        settle(story);
    }
    nothing_wrong(story);
    end(story);
}

/* --- divergence --- */

static void test_divergence_is_noticed_and_mended(void **state)
{
    struct story *story = tell(3, CIB_BROKEN_APPLY);

    START(1); /* node 0 is the one that applies wrongly: it must not be the DC, who is right by definition */
    START(2);
    ELAPSE(500);
    START(0);
    ELAPSE(500);
    for (int i = 0; i < 120; i++) {
        SUBMIT(1 + (unsigned)i % 2);
        ELAPSE(10);
    }
    settle(story);
    assert_true(story->ledger.diverged > 0);
    assert_null(cib_document_find(cib_replica_document(REPLICA(0)), "spoilt"));
    nothing_wrong(story);
    end(story);
}

/* --- a replica alone, with messages by hand --- */

static struct cib_replica *alone(struct cib_updates *updates)
{
    struct cib_saved saved = {.document = cib_document_new(NULL)};
    struct cib_replica_options options = {.self = cib_member_make(1, 1), .node_name = "n1"};
    struct cib_replica *replica = cib_replica_new(&options, &saved);
    cib_member members[] = {cib_member_make(1, 1), cib_member_make(2, 1)};
    struct cib_event event = {
        .type = CIB_EVENT_VIEW, .now = 1, .members = members, .n_members = 2, .ring = 1};

    event.quorum = CIB_QUORUM_YES;
    cib_replica_step(replica, &event, updates);
    return replica;
}

static bool told(const struct cib_updates *updates, enum cib_update_type type)
{
    for (size_t i = 0; i < updates->count; i++)
        if (updates->list[i].type == type)
            return true;
    return false;
}

static void test_malformed_messages(void **state)
{
    struct cib_updates updates = {0};
    struct cib_replica *replica = alone(&updates);
    HF_CLEANUP(hf_buf_free) struct hf_buf hello = {0};

    assert_int_equal(updates.list[0].type, CIB_UPDATE_MULTICAST);
    hf_buf_add(&hello, updates.list[0].bytes.data, updates.list[0].bytes.length);
    cib_updates_clear(&updates);
    for (size_t length = 0; length < hello.length; length++) {
        struct cib_event event = {.type = CIB_EVENT_MESSAGE, .now = 2, .sender = cib_member_make(2, 1)};

        event.bytes = hello.data;
        event.length = length;
        cib_replica_step(replica, &event, &updates);
        assert_true(told(&updates, CIB_UPDATE_PROTOCOL));
        cib_updates_clear(&updates);
    }
    hello.data[2] = 77; /* another protocol version */
    cib_replica_step(replica,
                     &(struct cib_event){.type = CIB_EVENT_MESSAGE,
                                         .now = 2,
                                         .sender = cib_member_make(2, 1),
                                         .bytes = hello.data,
                                         .length = hello.length},
                     &updates);
    assert_true(told(&updates, CIB_UPDATE_PROTOCOL));
    assert_non_null(strstr(updates.list[0].text, "protocol version 77, expected 1"));
    cib_updates_free(&updates);
    cib_replica_free(replica);
}

static void test_silent_in_the_exchange(void **state)
{
    struct cib_updates updates = {0}, more = {0};
    struct cib_replica *replica = alone(&updates);
    struct cib_event hello = {.type = CIB_EVENT_MESSAGE, .now = 2, .sender = cib_member_make(1, 1)};

    assert_int_equal(cib_replica_deadline(replica), 2001);
    assert_false(cib_replica_in_sync(replica));
    /* As long as it does not even hear itself, it does not complain about others. */
    cib_replica_step(replica, &(struct cib_event){.type = CIB_EVENT_TICK, .now = 2001}, &more);
    assert_false(told(&more, CIB_UPDATE_UNRESPONSIVE));
    assert_int_equal(cib_replica_deadline(replica), 4001);
    hello.bytes = updates.list[0].bytes.data;
    hello.length = updates.list[0].bytes.length;
    cib_replica_step(replica, &hello, &more);
    cib_replica_step(replica, &(struct cib_event){.type = CIB_EVENT_TICK, .now = 4001}, &more);
    assert_true(told(&more, CIB_UPDATE_UNRESPONSIVE));
    assert_int_equal(more.list[0].member, cib_member_make(2, 1));
    assert_true(more.list[0].act);
    cib_updates_free(&updates);
    cib_updates_free(&more);
    cib_replica_free(replica);
}

static void test_request_limits(void **state)
{
    struct cib_updates updates = {0};
    struct cib_replica *replica = alone(&updates);
    HF_CLEANUP(hf_freep) char *big = hf_calloc(10, 1 << 20);
    struct cib_event event = {
        .type = CIB_EVENT_CHANGE, .now = 2, .client = 1, .bytes = big, .length = 10 << 20};

    cib_updates_clear(&updates);
    cib_replica_step(replica, &event, &updates);
    assert_int_equal(updates.list[0].type, CIB_UPDATE_ANSWER);
    assert_int_equal(hf_error_kind(updates.list[0].error), HF_REFUSED);
    assert_non_null(strstr(hf_error_text(updates.list[0].error), "expected at most"));
    cib_updates_clear(&updates);
    /* No working group in time: nothing was tried, and that is what is said. */
    event.length = 10;
    cib_replica_step(replica, &event, &updates);
    assert_int_equal(updates.count, 0);
    cib_replica_step(replica, &(struct cib_event){.type = CIB_EVENT_TICK, .now = 2100}, &updates);
    for (size_t i = 0; i < updates.count; i++)
        if (updates.list[i].type == CIB_UPDATE_ANSWER) {
            assert_int_equal(hf_error_kind(updates.list[i].error), HF_FAILED);
            assert_non_null(strstr(hf_error_text(updates.list[i].error), "nothing was changed"));
        }
    assert_true(told(&updates, CIB_UPDATE_ANSWER));
    cib_updates_free(&updates);
    cib_replica_free(replica);
}

static void test_messages_round_trip(void **state)
{
    struct cib_message message = {.type = CIB_HELLO, .tag = 7}, back;
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};

    message.hello.active = true;
    message.hello.lineage.generation = 5;
    message.hello.lineage.version.epoch = 9;
    message.hello.seniority = (struct cib_member_list){.list = {1, 2, 3}, .count = 3};
    cib_put_message(&buf, &message);
    assert_null(cib_get_message(buf.data, buf.length, &back));
    assert_int_equal(back.tag, 7);
    assert_int_equal(back.hello.lineage.version.epoch, 9);
    assert_int_equal(back.hello.seniority.count, 3);
    assert_int_equal(back.hello.seniority.list[2], 3);
    for (enum cib_message_type type = CIB_BATCH; type <= CIB_RESYNC; type++) {
        message =
            (struct cib_message){.type = type, .tag = 1, .kind = CIB_REQUEST_CHANGE, .total = 9, .offset = 3};
        message.bytes = "abc";
        message.length = 3;
        message.index = message.member = 11;
        hf_buf_reset(&buf);
        cib_put_message(&buf, &message);
        assert_null(cib_get_message(buf.data, buf.length, &back));
        assert_int_equal(back.type, type);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_done_means_on_every_disk),
        cmocka_unit_test(test_refusal_has_a_reason),
        cmocka_unit_test(test_silent_member_is_unknown_not_done),
        cmocka_unit_test(test_silent_coordinator),
        cmocka_unit_test(test_silent_in_an_exchange),
        cmocka_unit_test(test_silence_at_rest),
        cmocka_unit_test(test_stopped_process_blames_nobody),
        cmocka_unit_test(test_minority_refuses_and_never_wins),
        cmocka_unit_test(test_change_on_its_way_when_the_ring_breaks),
        cmocka_unit_test(test_both_halves_restart_with_different_states),
        cmocka_unit_test(test_generation_is_promised_before_it_is_used),
        cmocka_unit_test(test_joiner_gets_the_state_in_chunks),
        cmocka_unit_test(test_sender_of_the_state_dies),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_full_disks),
        cmocka_unit_test(test_joiner_with_a_full_disk),
        cmocka_unit_test(test_write_fails),
        cmocka_unit_test(test_power_cut_of_all),
        cmocka_unit_test(test_divergence_is_noticed_and_mended),
        cmocka_unit_test(test_malformed_messages),
        cmocka_unit_test(test_silent_in_the_exchange),
        cmocka_unit_test(test_request_limits),
        cmocka_unit_test(test_messages_round_trip),
    };

    hf_xml_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
