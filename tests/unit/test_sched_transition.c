/* test_sched_transition.c - the engine that walks a transition graph. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "daemon/transition/transition.h"

/* A graph of up to eight actions, 1.. as ids; inputs are indices. */
struct story {
    struct sched_graph graph;
    struct graph_action actions[8];
    int inputs[8][8];
    struct transition *walk;
    struct transition_update last;
    int64_t now;
    char said[512]; /* what was dispatched, as "start:n1 stop:n2 " */
};

static struct graph_action *act(struct story *s, enum graph_kind kind, const char *task, const char *node)
{
    struct graph_action *action = &s->actions[s->graph.n_actions];

    action->id = ++s->graph.n_actions;
    action->kind = kind;
    action->task = task;
    action->node_name = node;
    action->timeout_ms = 20000;
    action->inputs = s->inputs[action->id - 1];
    s->graph.actions = s->actions;
    s->graph.migration_limit = -1;
    s->graph.cluster_delay_ms = 60000;
    return action;
}

static void after(struct story *s, struct graph_action *action, const struct graph_action *input)
{
    s->inputs[action->id - 1][action->n_inputs++] = input->id - 1;
}

static void step(struct story *s, struct transition_event event)
{
    event.now = s->now;
    s->last = transition_step(s->walk, &event);
    s->said[0] = '\0';
    for (int i = 0; i < s->last.n_dispatch; i++) {
        const struct graph_action *action = s->last.dispatch[i];
        size_t at = strlen(s->said);
        snprintf(s->said + at, sizeof(s->said) - at, "%s:%s ", action->task,
                 action->node_name == NULL ? "-" : action->node_name);
    }
}

static void begin(struct story *s)
{
    s->walk = transition_new(&s->graph);
    step(s, (struct transition_event){.type = TRANSITION_START});
}

static void result(struct story *s, const struct graph_action *action, int rc)
{
    step(s, (struct transition_event){.type = TRANSITION_RESULT, .action = action->id, .rc = rc});
}

static void an_empty_graph_is_done(void **state)
{
    struct story s = {0};
    (void)state;

    begin(&s);
    assert_true(s.last.ended);
    assert_int_equal(s.last.then, TRANSITION_DONE);
    transition_free(s.walk);
}

static void actions_wait_for_their_inputs(void **state)
{
    struct story s = {0};
    struct graph_action *stop = act(&s, GRAPH_RSC_OP, "stop", "n1");
    struct graph_action *stopped = act(&s, GRAPH_PSEUDO, "stopped", NULL);
    struct graph_action *start = act(&s, GRAPH_RSC_OP, "start", "n2");
    (void)state;

    after(&s, stopped, stop);
    after(&s, start, stopped);
    begin(&s);
    assert_string_equal(s.said, "stop:n1 ");
    assert_false(s.last.ended);
    result(&s, stop, 0);
    assert_string_equal(s.said, "stopped:- start:n2 ");
    result(&s, start, 0);
    assert_true(s.last.ended);
    assert_int_equal(s.last.then, TRANSITION_DONE);
    assert_int_equal(transition_counts(s.walk).confirmed, 3);
    transition_free(s.walk);
}

static void what_waits_for_a_failed_action_does_not_happen(void **state)
{
    struct story s = {0};
    struct graph_action *stop = act(&s, GRAPH_RSC_OP, "stop", "n1");
    struct graph_action *other = act(&s, GRAPH_RSC_OP, "monitor", "n3");
    struct graph_action *start = act(&s, GRAPH_RSC_OP, "start", "n2");
    (void)state;

    after(&s, start, stop);
    begin(&s);
    result(&s, stop, 1);
    assert_int_equal(s.last.n_failed, 1);
    assert_string_equal(s.said, "");
    assert_false(s.last.ended); /* the monitor still runs */
    result(&s, other, 0);
    assert_true(s.last.ended);
    assert_int_equal(s.last.then, TRANSITION_RESTART);
    assert_int_equal(transition_state(s.walk, start->id), TRANSITION_WAITING);
    transition_free(s.walk);
}

static void an_expected_exit_code_is_a_success(void **state)
{
    struct story s = {0};
    struct graph_action *probe = act(&s, GRAPH_RSC_OP, "monitor", "n1");
    (void)state;

    probe->target_rc = 7;
    begin(&s);
    result(&s, probe, 7);
    assert_int_equal(transition_state(s.walk, probe->id), TRANSITION_CONFIRMED);
    transition_free(s.walk);
}

static void an_abort_drops_what_has_a_lower_priority(void **state)
{
    struct story s = {0};
    struct graph_action *first = act(&s, GRAPH_RSC_OP, "stop", "n1");
    struct graph_action *low = act(&s, GRAPH_RSC_OP, "start", "n2");
    struct graph_action *high = act(&s, GRAPH_RSC_OP, "start", "n3");
    (void)state;

    after(&s, low, first);
    after(&s, high, first);
    high->priority = 100;
    begin(&s);
    step(&s, (struct transition_event){
                 .type = TRANSITION_ABORT, .priority = 50, .then = TRANSITION_RESTART, .reason = "config"});
    result(&s, first, 0);
    assert_string_equal(s.said, "start:n3 ");
    result(&s, high, 0);
    assert_true(s.last.ended);
    assert_int_equal(s.last.then, TRANSITION_RESTART);
    assert_string_equal(s.last.reason, "config");
    assert_int_equal(transition_state(s.walk, low->id), TRANSITION_WAITING);
    transition_free(s.walk);
}

static void the_strongest_wish_of_several_aborts_counts(void **state)
{
    struct story s = {0};
    (void)state;

    act(&s, GRAPH_RSC_OP, "stop", "n1");
    begin(&s);
    step(&s, (struct transition_event){
                 .type = TRANSITION_ABORT, .priority = TRANSITION_INFINITY, .then = TRANSITION_SHUTDOWN});
    step(&s, (struct transition_event){.type = TRANSITION_ABORT, .priority = 0, .then = TRANSITION_RESTART});
    assert_int_equal(s.last.then, TRANSITION_SHUTDOWN);
    transition_free(s.walk);
}

static void the_batch_limit_holds(void **state)
{
    struct story s = {0};
    struct graph_action *first = act(&s, GRAPH_RSC_OP, "start", "n1");
    (void)state;

    act(&s, GRAPH_RSC_OP, "start", "n2");
    act(&s, GRAPH_RSC_OP, "start", "n3");
    s.graph.batch_limit = 2;
    begin(&s);
    assert_string_equal(s.said, "start:n1 start:n2 ");
    result(&s, first, 0);
    assert_string_equal(s.said, "start:n3 ");
    transition_free(s.walk);
}

static void the_migration_limit_holds_per_node(void **state)
{
    struct story s = {0};
    struct graph_action *first = act(&s, GRAPH_RSC_OP, "migrate_to", "n1");
    (void)state;

    act(&s, GRAPH_RSC_OP, "migrate_to", "n1");
    act(&s, GRAPH_RSC_OP, "migrate_to", "n2");
    s.graph.migration_limit = 1;
    begin(&s);
    assert_string_equal(s.said, "migrate_to:n1 migrate_to:n2 ");
    result(&s, first, 0);
    assert_string_equal(s.said, "migrate_to:n1 ");
    transition_free(s.walk);
}

static void a_timer_runs_from_dispatch(void **state)
{
    struct story s = {.now = 1000};
    struct graph_action *slow = act(&s, GRAPH_RSC_OP, "start", "n1");
    (void)state;

    begin(&s);
    assert_int_equal(transition_deadline(s.walk), 1000 + 20000 + 60000);
    s.now = 80999;
    step(&s, (struct transition_event){.type = TRANSITION_TICK});
    assert_int_equal(s.last.n_failed, 0);
    s.now = 81000;
    step(&s, (struct transition_event){.type = TRANSITION_TICK});
    assert_int_equal(s.last.n_failed, 1);
    assert_true(s.last.ended);
    assert_int_equal(s.last.then, TRANSITION_RESTART);
    result(&s, slow, 0); /* too late: it has failed */
    assert_int_equal(transition_state(s.walk, slow->id), TRANSITION_FAILED);
    assert_int_equal(transition_deadline(s.walk), INT64_MAX);
    transition_free(s.walk);
}

static void an_infinite_priority_happens_despite_failed_inputs(void **state)
{
    struct story s = {0};
    struct graph_action *stop = act(&s, GRAPH_RSC_OP, "stop", "n1");
    struct graph_action *fence = act(&s, GRAPH_FENCE, "stonith", "n1");
    (void)state;

    fence->priority = TRANSITION_INFINITY;
    after(&s, fence, stop);
    begin(&s);
    result(&s, stop, 1);
    assert_string_equal(s.said, "stonith:n1 ");
    transition_free(s.walk);
}

static void what_waits_for_something_outside_never_happens(void **state)
{
    struct story s = {0};
    struct graph_action *start = act(&s, GRAPH_RSC_OP, "start", "n1");
    (void)state;

    start->blocked = true;
    begin(&s);
    assert_string_equal(s.said, "");
    assert_true(s.last.ended);
    assert_int_equal(transition_counts(s.walk).waiting, 1);
    transition_free(s.walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_graph_is_done),
        cmocka_unit_test(actions_wait_for_their_inputs),
        cmocka_unit_test(what_waits_for_a_failed_action_does_not_happen),
        cmocka_unit_test(an_expected_exit_code_is_a_success),
        cmocka_unit_test(an_abort_drops_what_has_a_lower_priority),
        cmocka_unit_test(the_strongest_wish_of_several_aborts_counts),
        cmocka_unit_test(the_batch_limit_holds),
        cmocka_unit_test(the_migration_limit_holds_per_node),
        cmocka_unit_test(a_timer_runs_from_dispatch),
        cmocka_unit_test(an_infinite_priority_happens_despite_failed_inputs),
        cmocka_unit_test(what_waits_for_something_outside_never_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
