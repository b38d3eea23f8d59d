/* test_runner_queue.c - stories of the agent runner's queue: what runs when, and what is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/runner/queue.h"

/* A queue under a clock of its own, and what it wanted in the last step as text ("start web monitor 1"). */
struct story {
    struct runner_queue *queue;
    int64_t now;
    uint64_t last_id;
    char wanted[512];
    uint64_t read; /* results before this have been looked at */
};

static int setup(void **state)
{
    struct story *story = hf_calloc(1, sizeof(*story));

    story->queue = runner_queue_new();
    *state = story;
    return 0;
}

static int teardown(void **state)
{
    struct story *story = *state;

    runner_queue_free(story->queue);
    free(story);
    return 0;
}

static void step(struct story *story, struct runner_event event)
{
    static const char *const names[] = {"start", "term", "kill"};

    event.now = story->now;
    event.wall = 1000000 + story->now / 1000;

    struct runner_update update = runner_queue_step(story->queue, &event);
    size_t length = 0;

    story->wanted[0] = '\0';
    for (size_t i = 0; i < update.count; i++) {
        const struct runner_todo *todo = &update.todo[i];

        length += (size_t)snprintf(story->wanted + length, sizeof(story->wanted) - length, "%s%s %llu",
                                   i == 0 ? "" : ", ", names[todo->type], (unsigned long long)todo->run);
        if (todo->type == RUNNER_START)
            length += (size_t)snprintf(story->wanted + length, sizeof(story->wanted) - length, " %s %s",
                                       todo->call->resource, todo->call->operation);
    }
}

static void ask_for(struct story *story, const char *resource, const char *operation, uint32_t interval_ms,
                    uint32_t timeout_ms, uint32_t delay_ms, int expected)
{
    char userdata[32];
    struct runner_call call = {.id = ++story->last_id,
                               .resource = (char *)resource,
                               .operation = (char *)operation,
                               .interval_ms = interval_ms,
                               .timeout_ms = timeout_ms,
                               .start_delay_ms = delay_ms,
                               .expected_rc = expected,
                               .class = (char *)"ocf",
                               .provider = (char *)"heartbeat",
                               .type = (char *)"Dummy",
                               .userdata = userdata};

    call.userdata_length =
        (size_t)snprintf(userdata, sizeof(userdata), "data %llu", (unsigned long long)call.id);
    step(story, (struct runner_event){.type = RUNNER_ASKED, .call = &call});
}

static void ask(struct story *story, const char *resource, const char *operation, uint32_t interval_ms)
{
    ask_for(story, resource, operation, interval_ms, 20000, 0, -1);
}

static void end_with(struct story *story, uint64_t run, int rc, const char *reason)
{
    step(story,
         (struct runner_event){
             .type = RUNNER_ENDED,
             .run = run,
             .end = {.rc = rc, .status = RUNNER_DONE, .reason = reason, .output = "words of the agent\n"}});
}

static void end(struct story *story, uint64_t run, int rc)
{
    end_with(story, run, rc, "");
}

static void cancel(struct story *story, const char *resource, const char *operation, uint32_t interval_ms)
{
    step(story, (struct runner_event){.type = RUNNER_UNASKED,
                                      .resource = resource,
                                      .operation = operation,
                                      .interval_ms = interval_ms});
}

/* Goes to the next deadline, which must be this many ms away. */
static void elapse(struct story *story, int64_t ms)
{
    assert_int_equal(runner_queue_deadline(story->queue), story->now + ms);
    story->now += ms;
    step(story, (struct runner_event){.type = RUNNER_TICK});
}

#define WANTED(story, text) assert_string_equal((story)->wanted, text)

/* The next result; it must be this one. */
static const struct runner_result *told(struct story *story, uint64_t id, enum runner_status status, int rc)
{
    const struct runner_result *result = runner_queue_outbox(story->queue, story->read);

    assert_non_null(result);
    assert_int_equal(result->call_id, id);
    assert_int_equal(result->status, status);
    assert_int_equal(result->rc, rc);
    story->read = result->sequence;
    return result;
}

static void told_nothing(struct story *story)
{
    assert_null(runner_queue_outbox(story->queue, story->read));
}

struct listing {
    char text[1024];
    size_t length;
};

static void list_one(void *context, const struct runner_result *entry)
{
    static const char *const kinds[] = {"", "failure ", "inflight "};
    struct listing *listing = context;

    listing->length +=
        (size_t)snprintf(listing->text + listing->length, sizeof(listing->text) - listing->length,
                         "%s%s%s %s_%u=%d", listing->length == 0 ? "" : "; ", kinds[entry->history],
                         entry->resource, entry->operation, entry->interval_ms, entry->rc);
}

#define HISTORY(story, expected)                                                                             \
    do {                                                                                                     \
        struct listing listing = {.length = 0};                                                              \
        runner_queue_history((story)->queue, list_one, &listing);                                            \
        assert_string_equal(listing.text, expected);                                                         \
    } while (0)

static void one_at_a_time_per_resource_in_order(void **state)
{
    struct story *story = *state;

    ask(story, "web", "monitor", 0);
    WANTED(story, "start 1 web monitor");
    ask(story, "web", "start", 0);
    WANTED(story, "");
    ask(story, "db", "start", 0);
    WANTED(story, "start 2 db start");
    ask(story, "web", "notify", 0);
    WANTED(story, "");
    HISTORY(story, "inflight db start_0=193; inflight web monitor_0=193; inflight web start_0=193; "
                   "inflight web notify_0=193");
    story->now += 30;
    end(story, 1, 7);
    WANTED(story, "start 3 web start");

    const struct runner_result *result = told(story, 1, RUNNER_DONE, 7);

    assert_int_equal(result->exec_ms, 30);
    assert_int_equal(result->queue_ms, 0);
    assert_string_equal(result->output, "words of the agent\n");
    assert_int_equal(result->userdata_length, 6);
    assert_memory_equal(result->userdata, "data 1", 6);
    story->now += 500;
    end(story, 3, 0);
    WANTED(story, "start 4 web notify");
    result = told(story, 2, RUNNER_DONE, 0);
    assert_int_equal(result->exec_ms, 500);
    assert_int_equal(result->queue_ms, 30);
    end(story, 4, 0);
    end(story, 2, 0);
    told(story, 4, RUNNER_DONE, 0);
    told(story, 3, RUNNER_DONE, 0);
    told_nothing(story);
    assert_true(runner_queue_idle(story->queue));
    /* A notify leaves no trace; the probe expected 0 (-1) and found 7. */
    HISTORY(story, "db start_0=0; web monitor_0=7; web start_0=0; failure web monitor_0=7");
}

static void late_gets_term_then_kill_and_is_a_timeout(void **state)
{
    struct story *story = *state;

    ask(story, "web", "start", 0);
    elapse(story, 20000);
    WANTED(story, "term 1");
    told_nothing(story);
    elapse(story, RUNNER_GRACE_MS);
    WANTED(story, "kill 1");
    elapse(story, RUNNER_GRACE_MS);
    WANTED(story, "kill 1");
    /* Whatever it exits with then. */
    end_with(story, 1, 0, "waiting for the disk");

    const struct runner_result *result = told(story, 1, RUNNER_TIMEOUT, RUNNER_OCF_ERROR);

    assert_string_equal(result->reason,
                        "start of web did not complete within 20000 ms: waiting for the disk");
    assert_int_equal(result->exec_ms, 30000);
    HISTORY(story, "web start_0=1; failure web start_0=1");
    assert_int_equal(runner_queue_deadline(story->queue), INT64_MAX);
}

static void no_timeout_means_no_limit(void **state)
{
    struct story *story = *state;

    ask_for(story, "web", "start", 0, 0, 0, 0);
    WANTED(story, "start 1 web start");
    assert_int_equal(runner_queue_deadline(story->queue), INT64_MAX);
}

static void recurring_reports_first_and_changes_only(void **state)
{
    struct story *story = *state;

    ask_for(story, "web", "monitor", 10000, 20000, 0, 0);
    WANTED(story, "start 1 web monitor");
    HISTORY(story, "inflight web monitor_10000=193");
    end(story, 1, 0);
    assert_int_equal(told(story, 1, RUNNER_DONE, 0)->rc_change_time, 1000000);
    for (uint64_t run = 2; run < 5; run++) {
        elapse(story, 10000); /* from the end to the next start */
        story->now += 700;
        end(story, run, 0);
        told_nothing(story);
    }
    elapse(story, 10000);
    end_with(story, 5, 1, "no answer");

    const struct runner_result *result = told(story, 1, RUNNER_DONE, 1);

    assert_int_equal(result->rc_change_time, 1000042);
    assert_string_equal(result->reason, "no answer");
    elapse(story, 10000);
    end_with(story, 6, 1, "no answer");
    told_nothing(story);
    elapse(story, 10000);
    end_with(story, 7, 1, "another reason");
    result = told(story, 1, RUNNER_DONE, 1);
    assert_int_equal(result->rc_change_time, 1000042);
    elapse(story, 10000);
    end(story, 8, 0);
    told(story, 1, RUNNER_DONE, 0);
    told_nothing(story);
    HISTORY(story, "web monitor_10000=0; failure web monitor_10000=1");
}

static void a_timed_out_monitor_goes_on(void **state)
{
    struct story *story = *state;

    ask_for(story, "web", "monitor", 10000, 3000, 0, 0);
    elapse(story, 3000);
    WANTED(story, "term 1");
    end(story, 1, 0);
    told(story, 1, RUNNER_TIMEOUT, 1);
    elapse(story, 10000);
    WANTED(story, "start 2 web monitor");
    end(story, 2, 0);
    told(story, 1, RUNNER_DONE, 0);
}

static void start_delay_is_waited_for(void **state)
{
    struct story *story = *state;

    ask_for(story, "web", "monitor", 10000, 20000, 4000, 0);
    WANTED(story, "");
    HISTORY(story, "inflight web monitor_10000=193");
    ask(story, "web", "notify", 0);
    WANTED(story, "start 1 web notify");
    end(story, 1, 0);
    elapse(story, 4000);
    WANTED(story, "start 2 web monitor");
    end(story, 2, 0);
    elapse(story, 10000);
    WANTED(story, "start 3 web monitor");
}

static void stop_ends_the_monitors_first(void **state)
{
    struct story *story = *state;

    ask(story, "web", "monitor", 10000);
    end(story, 1, 0);
    ask(story, "web", "monitor", 11000);
    WANTED(story, "start 2 web monitor");
    told(story, 1, RUNNER_DONE, 0);
    ask(story, "web", "stop", 0);
    WANTED(story, "term 2"); /* the one that runs; the other just goes */
    told(story, 1, RUNNER_CANCELLED, 0);
    told_nothing(story);
    HISTORY(story, "inflight web stop_0=193");
    elapse(story, RUNNER_GRACE_MS);
    WANTED(story, "kill 2");
    end(story, 2, 1);
    WANTED(story, "start 3 web stop");
    told(story, 2, RUNNER_CANCELLED, 0);
    end(story, 3, 0);
    told(story, 3, RUNNER_DONE, 0);
    HISTORY(story, "web stop_0=0");
    assert_int_equal(runner_queue_deadline(story->queue), INT64_MAX);
}

static void probes_and_notifications_leave_monitors_alone(void **state)
{
    static const char *const harmless[] = {"monitor", "notify", "meta-data", "validate-all"};
    struct story *story = *state;

    ask(story, "web", "monitor", 10000);
    end(story, 1, 0);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(harmless); i++) {
        ask(story, "web", harmless[i], 0);
        end(story, 2 + i, 0);
    }
    elapse(story, 10000);
    WANTED(story, "start 6 web monitor");
}

static void cancel_answers_exactly_once(void **state)
{
    struct story *story = *state;
    const struct runner_result *result;

    cancel(story, "web", "monitor", 10000); /* unknown resource */
    result = told(story, 0, RUNNER_CANCELLED, 0);
    assert_string_equal(result->resource, "web");
    assert_int_equal(result->interval_ms, 10000);
    ask(story, "web", "monitor", 10000);
    cancel(story, "web", "monitor", 10000); /* while it runs */
    WANTED(story, "term 1");
    told_nothing(story);
    cancel(story, "web", "monitor", 10000); /* again: there is nothing left to cancel */
    told(story, 0, RUNNER_CANCELLED, 0);
    end(story, 1, 1);
    told(story, 1, RUNNER_CANCELLED, 0);
    ask(story, "web", "monitor", 10000);
    end(story, 2, 0);
    told(story, 2, RUNNER_DONE, 0);
    cancel(story, "web", "monitor", 10000); /* while it sleeps */
    told(story, 2, RUNNER_CANCELLED, 0);
    HISTORY(story, "");
    ask(story, "web", "start", 0);
    ask_for(story, "web", "monitor", 0, 1000, 60000, 0);
    cancel(story, "web", "start", 0); /* what runs once is not interrupted */
    WANTED(story, "");
    told(story, 0, RUNNER_INVALID, 1);
    cancel(story, "web", "monitor", 0); /* but need not begin */
    told(story, 4, RUNNER_CANCELLED, 0);
    end(story, 3, 0);
    told(story, 3, RUNNER_DONE, 0);
    told_nothing(story);
}

static void the_same_again_replaces_and_runs_now(void **state)
{
    struct story *story = *state;

    ask(story, "web", "monitor", 10000);
    end(story, 1, 0);
    told(story, 1, RUNNER_DONE, 0);
    story->now += 4000;
    ask(story, "web", "monitor", 10000); /* sleeping */
    WANTED(story, "start 2 web monitor");
    end(story, 2, 0);
    told(story, 2, RUNNER_DONE, 0); /* told though nothing changed */
    elapse(story, 10000);
    WANTED(story, "start 3 web monitor");
    ask(story, "web", "monitor", 10000); /* running: what comes of that run is the old call's */
    WANTED(story, "");
    end(story, 3, 7);
    WANTED(story, "start 4 web monitor");
    told_nothing(story);
    end(story, 4, 0);
    assert_memory_equal(told(story, 3, RUNNER_DONE, 0)->userdata, "data 3", 6);
    HISTORY(story, "web monitor_10000=0");
}

static void hurry(struct story *story, const char *resource)
{
    step(story, (struct runner_event){.type = RUNNER_HURRIED, .resource = resource});
}

static void what_is_hurried_runs_now(void **state)
{
    struct story *story = *state;

    ask(story, "web", "monitor", 10000);
    end(story, 1, 0);
    told(story, 1, RUNNER_DONE, 0);
    ask(story, "other", "monitor", 10000);
    end(story, 2, 0);
    told(story, 2, RUNNER_DONE, 0);
    story->now += 4000;
    hurry(story, "nothing");
    hurry(story, "web"); /* sleeping */
    WANTED(story, "start 3 web monitor");
    hurry(story, "web"); /* running: it may have looked already */
    WANTED(story, "");
    end(story, 3, 0);
    told_nothing(story);
    elapse(story, 0);
    WANTED(story, "start 4 web monitor");
    end(story, 4, 7);
    told(story, 1, RUNNER_DONE, 7);
    elapse(story, 6000); /* the other's turn is when it was */
    WANTED(story, "start 5 other monitor");
    end(story, 5, 0);
    elapse(story, 4000); /* as usual, from when it was hurried */
    WANTED(story, "start 6 web monitor");
}

static void forget_is_silent(void **state)
{
    struct story *story = *state;

    ask(story, "web", "start", 0);
    end(story, 1, 1);
    ask(story, "web", "monitor", 10000);
    end(story, 2, 0);
    ask(story, "web", "monitor", 5000);
    told(story, 1, RUNNER_DONE, 1);
    told(story, 2, RUNNER_DONE, 0);
    step(story, (struct runner_event){.type = RUNNER_FORGOTTEN, .resource = "web"});
    WANTED(story, "term 3");
    HISTORY(story, "");
    end(story, 3, 0);
    told_nothing(story);
    HISTORY(story, "");
    assert_int_equal(runner_queue_deadline(story->queue), INT64_MAX);
    step(story, (struct runner_event){.type = RUNNER_FORGOTTEN, .resource = "never seen"});
}

static void results_stay_until_acknowledged(void **state)
{
    struct story *story = *state;

    step(story,
         (struct runner_event){.type = RUNNER_ACKED, .sequence = 9}); /* of another run of the daemon */
    for (int i = 0; i < 5; i++) {
        ask(story, "web", "start", 0);
        end(story, story->last_id, 0);
    }
    assert_int_equal(runner_queue_outbox(story->queue, 0)->sequence, 1);
    step(story, (struct runner_event){.type = RUNNER_ACKED, .sequence = 3});
    assert_int_equal(runner_queue_outbox(story->queue, 0)->sequence, 4);
    assert_int_equal(runner_queue_outbox(story->queue, 4)->sequence, 5);
    assert_null(runner_queue_outbox(story->queue, 5));
    step(story, (struct runner_event){.type = RUNNER_ACKED, .sequence = UINT64_MAX});
    assert_null(runner_queue_outbox(story->queue, 0));
    ask(story, "web", "start", 0);
    end(story, story->last_id, 0);
    assert_int_equal(runner_queue_outbox(story->queue, 0)->sequence, 6);
}

static void a_flapping_monitor_does_not_fill_the_memory(void **state)
{
    struct story *story = *state;
    size_t kept = 0;

    ask(story, "db", "start", 0);
    end(story, 1, 0);
    ask(story, "web", "monitor", 1000);
    for (uint64_t run = 2; run < RUNNER_OUTBOX_MAX + 100; run++) {
        end(story, run, run % 2 == 0 ? 0 : 7);
        elapse(story, 1000);
    }
    for (uint64_t after = 0; runner_queue_outbox(story->queue, after) != NULL; kept++)
        after = runner_queue_outbox(story->queue, after)->sequence;
    assert_int_equal(kept, RUNNER_OUTBOX_MAX);
    /* What is the last word on something is not dropped. */
    assert_string_equal(runner_queue_outbox(story->queue, 0)->resource, "db");
    assert_int_equal(runner_queue_outbox(story->queue, 1)->sequence, 101);
}

static void too_many_waiting_is_refused(void **state)
{
    struct story *story = *state;

    for (int i = 0; i < RUNNER_OPERATIONS_MAX; i++)
        ask(story, "web", "notify", 0);
    told_nothing(story);
    ask(story, "web", "notify", 0);
    told(story, RUNNER_OPERATIONS_MAX + 1, RUNNER_INVALID, 1);
}

static void degraded_is_no_failure_and_an_expected_stop_neither(void **state)
{
    struct story *story = *state;

    ask_for(story, "web", "monitor", 10000, 0, 0, 0);
    end(story, 1, RUNNER_OCF_DEGRADED);
    ask_for(story, "db", "monitor", 10000, 0, 0, 8);
    end(story, 2, RUNNER_OCF_DEGRADED_PROMOTED);
    ask_for(story, "ip", "monitor", 0, 0, 0, 7);
    end(story, 3, 7);
    HISTORY(story, "db monitor_10000=191; ip monitor_0=7; web monitor_10000=190");
}

static void shutdown_lets_finish_and_begins_nothing(void **state)
{
    struct story *story = *state;

    ask(story, "web", "start", 0);
    ask(story, "web", "notify", 0);
    ask(story, "db", "monitor", 1000);
    end(story, 2, 0);
    told(story, 3, RUNNER_DONE, 0);
    step(story, (struct runner_event){.type = RUNNER_SHUTDOWN});
    WANTED(story, "");
    told(story, 2, RUNNER_INVALID, 1);
    assert_false(runner_queue_idle(story->queue));
    end(story, 1, 0);
    told(story, 1, RUNNER_DONE, 0);
    assert_true(runner_queue_idle(story->queue));
    assert_int_equal(runner_queue_deadline(story->queue), INT64_MAX);
    ask(story, "web", "start", 0);
    WANTED(story, "");
    told(story, 4, RUNNER_INVALID, 1);
}

static void an_unknown_run_changes_nothing(void **state)
{
    struct story *story = *state;

    end(story, 99, 0);
    WANTED(story, "");
    told_nothing(story);
}

/* A little generator of numbers: the same seed, the same run. */
static uint32_t draw(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(*seed >> 33);
}

/* What runs, and which calls without interval were made. */
struct running {
    bool once[512]; /* by call id */
    uint64_t run[64];
    char resource[64];
    size_t count;
};

static void note_todo(struct story *story, struct running *running)
{
    char *rest = NULL;

    for (char *part = strtok_r(story->wanted, ",", &rest); part != NULL; part = strtok_r(NULL, ",", &rest)) {
        unsigned long long run;
        char resource;

        if (sscanf(part, " start %llu %c", &run, &resource) != 2)
            continue;
        /* Never two of one resource. */
        for (size_t i = 0; i < running->count; i++)
            assert_int_not_equal(running->resource[i], resource);
        running->run[running->count] = run;
        running->resource[running->count++] = resource;
    }
}

static void random_step(struct story *story, struct running *running, uint64_t *seed)
{
    static const char *const resources[] = {"a", "b", "c"};
    static const char *const operations[] = {"monitor", "start", "stop", "notify"};
    const char *resource = resources[draw(seed) % 3];
    const char *operation = operations[draw(seed) % 4];
    uint32_t interval_ms = strcmp(operation, "monitor") == 0 ? draw(seed) % 3 * 700 : 0;

    switch (draw(seed) % 6) {
    case 0:
        ask_for(story, resource, operation, interval_ms, draw(seed) % 2000, draw(seed) % 2 * 300, -1);
        running->once[story->last_id] = interval_ms == 0;
        break;
    case 1:
        cancel(story, resource, operation, interval_ms);
        break;
    case 2:
        if (draw(seed) % 8 == 0)
            step(story, (struct runner_event){.type = RUNNER_FORGOTTEN, .resource = resource});
        else if (draw(seed) % 4 == 0)
            step(story, (struct runner_event){.type = RUNNER_HURRIED, .resource = resource});
        else
            step(story, (struct runner_event){.type = RUNNER_TICK});
        break;
    case 3:
        story->now += draw(seed) % 1000;
        step(story, (struct runner_event){.type = RUNNER_TICK});
        break;
    default:
        if (running->count == 0)
            return;
        size_t which = draw(seed) % running->count;
        uint64_t run = running->run[which];

        running->count--;
        running->run[which] = running->run[running->count];
        running->resource[which] = running->resource[running->count];
        end(story, run, (int)(draw(seed) % 10));
    }
    note_todo(story, running);
}

static void check_answers(struct story *story, const struct running *running)
{
    int answers[512] = {0};
    const struct runner_result *result;

    for (uint64_t after = 0; (result = runner_queue_outbox(story->queue, after)) != NULL;) {
        after = result->sequence;
        answers[result->call_id]++;
    }
    for (uint64_t id = 1; id <= story->last_id; id++)
        if (running->once[id])
            assert_int_equal(answers[id], 1);
}

/* Any order of events: one run per resource at a time, and every call without interval is answered
 * exactly once. */
static void random_orders_keep_the_rules(void **state)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        void *fresh;
        uint64_t random = seed;
        struct running running = {.count = 0};

        setup(&fresh);

        struct story *story = fresh;

        for (int i = 0; i < 400; i++)
            random_step(story, &running, &random);
        step(story, (struct runner_event){.type = RUNNER_SHUTDOWN});
        note_todo(story, &running);
        while (running.count > 0) {
            end(story, running.run[--running.count], 0);
            note_todo(story, &running);
        }
        assert_true(runner_queue_idle(story->queue));
        assert_int_equal(runner_queue_deadline(story->queue), INT64_MAX);
        check_answers(story, &running);
        teardown(&fresh);
    }
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(one_at_a_time_per_resource_in_order),
        STORY(late_gets_term_then_kill_and_is_a_timeout),
        STORY(no_timeout_means_no_limit),
        STORY(recurring_reports_first_and_changes_only),
        STORY(a_timed_out_monitor_goes_on),
        STORY(start_delay_is_waited_for),
        STORY(stop_ends_the_monitors_first),
        STORY(probes_and_notifications_leave_monitors_alone),
        STORY(cancel_answers_exactly_once),
        STORY(the_same_again_replaces_and_runs_now),
        STORY(what_is_hurried_runs_now),
        STORY(forget_is_silent),
        STORY(results_stay_until_acknowledged),
        STORY(a_flapping_monitor_does_not_fill_the_memory),
        STORY(too_many_waiting_is_refused),
        STORY(degraded_is_no_failure_and_an_expected_stop_neither),
        STORY(shutdown_lets_finish_and_begins_nothing),
        STORY(an_unknown_run_changes_nothing),
        cmocka_unit_test(random_orders_keep_the_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
