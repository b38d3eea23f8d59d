/* test_vrrp_router.c - the VRRP state machine against RFC 9568 section 6.4 and RFC 3768 section 6.4, line by
 * line, and what DESIGN section 5 adds: the right to be master. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/vrrp/group.h"
#include "daemon/vrrp/router.h"
#include "lib/alloc.h"

enum { SECOND = 1000000, START = 1000 * SECOND };

static struct vrrp_address address(const char *text)
{
    struct vrrp_address result;

    assert_true(vrrp_address_parse(text, &result));
    return result;
}

static struct vrrp_config config_v3(uint8_t priority)
{
    struct vrrp_config config = {.version = 3,
                                 .family = VRRP_IPV4,
                                 .vrid = 10,
                                 .priority = priority,
                                 .interval_us = SECOND,
                                 .preempt = true,
                                 .min_ttl = 255,
                                 .primary = address("10.0.0.5"),
                                 .count = 1,
                                 .addresses = {address("10.0.0.1")},
                                 .announce = {.count = 5, .contest_us = 3 * SECOND}};

    return config;
}

/* One router and its clock. */
struct story {
    struct vrrp_router router;
    struct vrrp_update last;
    int64_t now;
};

static void step(struct story *story, struct vrrp_event event)
{
    event.now = story->now;
    story->last = vrrp_step(&story->router, &event);
}

static struct story begin(const struct vrrp_config *config)
{
    struct story story = {.now = START};
    struct hf_error *error = vrrp_config_check(config);

    assert_null(error);
    vrrp_init(&story.router, config);
    step(&story, (struct vrrp_event){.type = VRRP_STARTUP});
    return story;
}

static void hear_at(struct story *story, uint8_t priority, const char *source, uint32_t interval_us)
{
    struct vrrp_advert advert = {.version = story->router.config.version,
                                 .family = story->router.config.family,
                                 .vrid = story->router.config.vrid,
                                 .priority = priority,
                                 .interval_us = interval_us,
                                 .count = 1,
                                 .addresses = {address("10.0.0.1")}};

    step(story, (struct vrrp_event){.type = VRRP_HEARD, .advert = &advert, .source = address(source)});
}

static void hear(struct story *story, uint8_t priority, const char *source)
{
    hear_at(story, priority, source, SECOND);
}

static void right(struct story *story, bool may)
{
    step(story, (struct vrrp_event){.type = VRRP_RIGHT, .may_be_master = may});
}

/* The next deadline is so many microseconds away; goes there. */
static void elapse(struct story *story, int64_t us)
{
    assert_int_equal(vrrp_deadline(&story->router) - story->now, us);
    story->now += us;
    step(story, (struct vrrp_event){.type = VRRP_TICK});
}

static void is(const struct story *story, enum vrrp_state state)
{
    assert_string_equal(vrrp_state_text(story->router.state), vrrp_state_text(state));
}

static void did_nothing(const struct story *story)
{
    const struct vrrp_update *last = &story->last;

    assert_false(last->start_serving || last->stop_serving || last->send_advert || last->bid || last->ready);
    assert_int_equal(last->announce, 0);
}

/* --- section 6.1: timers --- */

static void timers_are_the_rfcs(void **state)
{
    /* Skew_Time = ((256 - Priority) * Active_Adver_Interval) / 256; in version 2 (256 - Priority) / 256 s. */
    static const struct {
        uint8_t version, priority;
        uint32_t interval, skew, down;
    } table[] = {
        {3, 100, 1000000, 609375, 3609375},    {3, 254, 1000000, 7812, 3007812},
        {3, 255, 1000000, 3906, 3003906},      {3, 1, 1000000, 996093, 3996093},
        {3, 100, 10000, 6093, 36093},          {3, 200, 100000, 21875, 321875},
        {3, 1, 40950000, 40790039, 163640039}, {2, 100, 1000000, 609375, 3609375},
        {2, 100, 10000000, 609375, 30609375},  {2, 254, 255000000, 7812, 765007812},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(table); i++) {
        assert_int_equal(vrrp_skew_us(table[i].version, table[i].priority, table[i].interval), table[i].skew);
        assert_int_equal(vrrp_master_down_us(table[i].version, table[i].priority, table[i].interval),
                         table[i].down);
    }
}

/* --- section 6.4.1: Initialize --- */

static void startup_as_owner_is_master_at_once(void **state)
{
    struct vrrp_config config = config_v3(255);
    struct story story = begin(&config);

    is(&story, VRRP_MASTER);
    assert_true(story.last.send_advert && story.last.start_serving && !story.last.stop_serving);
    assert_int_equal(story.last.advert_priority, 255);
    assert_int_equal(story.last.announce, 5);
    assert_int_equal(story.last.reason, VRRP_WHY_OWNER);
    elapse(&story, SECOND);
    assert_true(story.last.send_advert);
}

static void startup_otherwise_is_backup(void **state)
{
    struct vrrp_config config = config_v3(100);
    struct story story = begin(&config);

    is(&story, VRRP_BACKUP);
    did_nothing(&story);
    /* Active_Down_Timer with our own interval until a master is heard. */
    assert_int_equal(vrrp_deadline(&story.router), START + 3609375);
    step(&story, (struct vrrp_event){.type = VRRP_STARTUP}); /* again: nothing */
    did_nothing(&story);
}

/* --- section 6.4.2: Backup --- */

static void backup_takes_over_after_silence(void **state)
{
    struct vrrp_config config = config_v3(100);
    struct story story = begin(&config);

    story.now += 3609374;
    step(&story, (struct vrrp_event){.type = VRRP_TICK});
    is(&story, VRRP_BACKUP);
    elapse(&story, 1);
    is(&story, VRRP_MASTER);
    assert_true(story.last.start_serving && story.last.send_advert);
    assert_int_equal(story.last.advert_priority, 100);
    assert_int_equal(story.last.announce, 5);
    assert_int_equal(story.last.reason, VRRP_WHY_SILENCE);
}

static void backup_shuts_down_silently(void **state)
{
    struct vrrp_config config = config_v3(100);
    struct story story = begin(&config);

    step(&story, (struct vrrp_event){.type = VRRP_SHUTDOWN});
    is(&story, VRRP_INITIALIZE);
    did_nothing(&story);
    assert_int_equal(vrrp_deadline(&story.router), INT64_MAX);
}

static void backup_and_a_resigning_master(void **state)
{
    struct vrrp_config config = config_v3(100);
    struct story story = begin(&config);

    hear(&story, 200, "10.0.0.9");
    story.now += SECOND / 2;
    hear(&story, 0, "10.0.0.9");
    did_nothing(&story);
    elapse(&story, 609375); /* Skew_Time */
    is(&story, VRRP_MASTER);
    assert_int_equal(story.last.reason, VRRP_WHY_RESIGNED);
}

static void backup_and_a_better_master(void **state)
{
    struct vrrp_config config = config_v3(100);
    static const uint8_t better[] = {100, 101, 255};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(better); i++) {
        struct story story = begin(&config);

        story.now += 2 * SECOND;
        hear(&story, better[i], "10.0.0.9");
        did_nothing(&story);
        assert_int_equal(vrrp_deadline(&story.router) - story.now, 3609375);
    }
}

static void backup_learns_the_masters_interval(void **state)
{
    struct vrrp_config config = config_v3(100);
    struct story story = begin(&config);

    hear_at(&story, 200, "10.0.0.9", 100000);
    assert_int_equal(vrrp_deadline(&story.router) - story.now, 360937);
    hear_at(&story, 0, "10.0.0.9", 100000);
    elapse(&story, 60937);
    is(&story, VRRP_MASTER);
    elapse(&story, SECOND); /* but advertises with its own */
    assert_true(story.last.send_advert);
}

static void backup_preempts_a_lesser_master(void **state)
{
    struct vrrp_config config = config_v3(100);
    struct story story = begin(&config);

    for (int i = 0; i < 3; i++) {
        story.now += SECOND;
        hear(&story, 99, "10.0.0.9");
        did_nothing(&story);
    }
    elapse(&story, 609375);
    is(&story, VRRP_MASTER);
}

static void backup_without_preempt_leaves_a_lesser_master_alone(void **state)
{
    struct vrrp_config config = config_v3(100);

    config.preempt = false;

    struct story story = begin(&config);

    for (int i = 0; i < 10; i++) {
        story.now += SECOND;
        hear(&story, 1, "10.0.0.9");
        assert_int_equal(vrrp_deadline(&story.router) - story.now, 3609375);
    }
    is(&story, VRRP_BACKUP);
    elapse(&story, 3609375);
    is(&story, VRRP_MASTER);
}

static void preempt_delay_is_waited_for(void **state)
{
    struct vrrp_config config = config_v3(100);

    config.preempt_delay_us = 5 * SECOND;

    struct story story = begin(&config);
    int heard = 0;

    for (; story.router.state == VRRP_BACKUP && heard < 30; heard++) {
        story.now += SECOND;
        while (vrrp_deadline(&story.router) <= story.now)
            step(&story, (struct vrrp_event){.type = VRRP_TICK});
        if (story.router.state == VRRP_BACKUP)
            hear(&story, 50, "10.0.0.9");
    }
    is(&story, VRRP_MASTER);
    /* Left alone for 5 s (heard at 1..5 s), the last of these restarted the timer: 5 + 3.6 s. */
    assert_int_equal(heard, 9);
}

/* --- section 6.4.3: Active --- */

static struct story master_of(const struct vrrp_config *config)
{
    struct story story = begin(config);

    story.now = vrrp_deadline(&story.router);
    step(&story, (struct vrrp_event){.type = VRRP_TICK});
    is(&story, VRRP_MASTER);
    return story;
}

static struct story master(void)
{
    struct vrrp_config config = config_v3(100);

    return master_of(&config);
}

static void master_shuts_down_with_priority_zero(void **state)
{
    struct story story = master();

    step(&story, (struct vrrp_event){.type = VRRP_SHUTDOWN});
    is(&story, VRRP_INITIALIZE);
    assert_true(story.last.stop_serving && story.last.send_advert && !story.last.start_serving);
    assert_int_equal(story.last.advert_priority, 0);
    assert_int_equal(vrrp_deadline(&story.router), INT64_MAX);
    assert_int_equal(story.router.counters.resignations_sent, 1);
}

static void master_advertises_every_interval(void **state)
{
    struct story story = master();

    for (int i = 0; i < 5; i++) {
        elapse(&story, SECOND);
        assert_true(story.last.send_advert);
        assert_int_equal(story.last.advert_priority, 100);
    }
    /* Asleep for a minute: one advert, not sixty. */
    story.now += 60 * SECOND;
    step(&story, (struct vrrp_event){.type = VRRP_TICK});
    assert_true(story.last.send_advert);
    assert_int_equal(vrrp_deadline(&story.router) - story.now, SECOND);
}

static void master_answers_a_resignation(void **state)
{
    struct story story = master();

    story.now += SECOND / 4;
    hear(&story, 0, "10.0.0.9");
    is(&story, VRRP_MASTER);
    assert_true(story.last.send_advert);
    assert_int_equal(vrrp_deadline(&story.router) - story.now, SECOND);
}

static void master_yields_or_not(void **state)
{
    static const struct {
        uint8_t priority;
        const char *source;
        bool yields;
    } table[] = {
        {101, "10.0.0.4", true},  {255, "10.0.0.4", true}, {100, "10.0.0.6", true}, {100, "10.0.1.1", true},
        {100, "10.0.0.4", false}, {99, "10.0.0.6", false}, {1, "10.0.0.9", false},  {100, "9.0.0.200", false},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(table); i++) {
        struct story story = master();

        story.now += SECOND / 2;
        hear_at(&story, table[i].priority, table[i].source, 2 * SECOND);
        is(&story, table[i].yields ? VRRP_BACKUP : VRRP_MASTER);
        assert_int_equal(story.last.stop_serving, table[i].yields);
        /* Section 6.4.3: to a lesser one it asserts itself at once. Ours also lets a better one know that
         * there were two: with its own priority, which resigns nothing. */
        assert_true(story.last.send_advert);
        assert_int_equal(story.last.advert_priority, 100);
        if (table[i].yields)
            assert_int_equal(vrrp_deadline(&story.router) - story.now, 6 * SECOND + 1218750);
        else
            assert_int_equal(story.router.advert_at - story.now, SECOND);
    }
}

static void version_2_keeps_its_own_interval(void **state)
{
    struct vrrp_config config = config_v3(100);

    config.version = 2;
    config.interval_us = 2 * SECOND;

    struct story story = master_of(&config);

    hear_at(&story, 200, "10.0.0.9", 2 * SECOND);
    is(&story, VRRP_BACKUP);
    assert_int_equal(vrrp_deadline(&story.router) - story.now, 6 * SECOND + 609375);
}

static void a_contested_master_announces_again_once_it_is_quiet(void **state)
{
    struct story story = master();

    /* A lesser one advertises for a while: each is answered, the hosts are told at most ten times a second.
     */
    for (int i = 0; i < 5; i++) {
        story.now += 60000;
        hear(&story, 50, "10.0.0.9");
        assert_true(story.last.send_advert);
        assert_int_equal(story.last.announce, i % 2 == 0 ? 0 : 1);
    }
    for (int i = 0; i < 2; i++) {
        elapse(&story, SECOND);
        assert_int_equal(story.last.announce, 0);
    }
    elapse(&story, SECOND);
    assert_int_equal(story.last.announce, 5);
    assert_int_equal(story.router.counters.contested, 5);
    elapse(&story, SECOND);
    assert_int_equal(story.last.announce, 0);
}

static void bursts_are_spaced_repeated_and_refreshed(void **state)
{
    struct vrrp_config config = config_v3(100);
    struct story story;
    int64_t began;
    int announced = 0;

    config.announce = (struct vrrp_announce_plan){.count = 3,
                                                  .spacing_us = 100000,
                                                  .again_us = 5 * SECOND,
                                                  .refresh_us = 60 * SECOND,
                                                  .refresh_count = 2,
                                                  .contest_us = SECOND};
    story = master_of(&config);
    began = story.now;
    assert_int_equal(story.last.announce, 1);
    elapse(&story, 100000);
    assert_int_equal(story.last.announce, 1);
    elapse(&story, 100000);
    assert_int_equal(story.last.announce, 1);
    elapse(&story, 800000); /* the advert */
    assert_int_equal(story.last.announce, 0);
    while (story.now < began + 130 * SECOND) {
        story.now = vrrp_deadline(&story.router);
        step(&story, (struct vrrp_event){.type = VRRP_TICK});
        announced += story.last.announce;
    }
    assert_int_equal(announced, 3 + 2 + 2); /* at 5 s; at 60 and 120 s */
    step(&story, (struct vrrp_event){.type = VRRP_REFRESH});
    assert_int_equal(story.last.announce, 1);
}

/* --- the right to be master --- */

static void without_quorum_nobody_is_master(void **state)
{
    struct vrrp_config config = config_v3(100);

    config.right = VRRP_RIGHT_QUORUM;

    struct story story = begin(&config);

    for (int i = 0; i < 5; i++) {
        story.now = vrrp_deadline(&story.router);
        step(&story, (struct vrrp_event){.type = VRRP_TICK});
        is(&story, VRRP_BACKUP);
        assert_true(story.last.bid && !story.last.send_advert && !story.last.start_serving);
    }
    /* With it: first listen, then the election of the RFC. */
    right(&story, true);
    did_nothing(&story);
    elapse(&story, 3609375);
    is(&story, VRRP_MASTER);
    hear(&story, 200, "10.0.0.9");
    is(&story, VRRP_BACKUP);
    elapse(&story, 3609375);
    is(&story, VRRP_MASTER);
    right(&story, false);
    is(&story, VRRP_BACKUP);
    assert_true(story.last.stop_serving);
    /* What was lost may be another's already: no word of ours must disturb it. */
    assert_false(story.last.send_advert);
    assert_int_equal(story.last.reason, VRRP_WHY_RIGHT_LOST);
}

/* A master that was cut off goes on until it notices: nobody takes over before. */
static void under_quorum_silence_must_outlast_its_loss(void **state)
{
    struct vrrp_config config = config_v3(100);

    config.right = VRRP_RIGHT_QUORUM;
    config.interval_us = SECOND / 10;
    config.right_lost_within_us = 2 * SECOND;

    struct story story = begin(&config);

    right(&story, true);
    hear_at(&story, 200, "10.0.0.9", SECOND / 10);
    assert_int_equal(vrrp_deadline(&story.router) - story.now, 2100000 + 60937);
    /* Unless it said itself that it is none any more. */
    hear_at(&story, 0, "10.0.0.9", SECOND / 10);
    elapse(&story, 60937);
    is(&story, VRRP_MASTER);
}

static void an_owner_without_the_right_is_no_master(void **state)
{
    struct vrrp_config config = config_v3(255);

    config.right = VRRP_RIGHT_LOCK;

    struct story story = begin(&config);

    is(&story, VRRP_BACKUP);
    assert_true(story.last.bid && !story.last.start_serving);
    config.right = VRRP_RIGHT_QUORUM;
    story = begin(&config);
    did_nothing(&story);
    right(&story, true);
    is(&story, VRRP_BACKUP); /* and it listens, like everybody */
    for (int i = 0; i < 10; i++) {
        story.now += SECOND;
        hear(&story, 100, "10.0.0.9");
    }
    is(&story, VRRP_BACKUP);
}

static void the_lock_makes_the_master(void **state)
{
    struct vrrp_config config = config_v3(100);

    config.right = VRRP_RIGHT_LOCK;

    struct story story = begin(&config);

    did_nothing(&story);
    /* A master lives: of whatever priority, it is no reason to bid. */
    for (int i = 0; i < 10; i++) {
        story.now += SECOND;
        hear(&story, 1, "10.0.0.9");
        did_nothing(&story);
    }
    elapse(&story, 3609375);
    is(&story, VRRP_BACKUP);
    assert_true(story.last.bid);
    assert_int_equal(story.last.reason, VRRP_WHY_SILENCE);
    elapse(&story, 1609375); /* still silent: again */
    assert_true(story.last.bid);
    right(&story, true);
    is(&story, VRRP_MASTER);
    assert_true(story.last.start_serving && story.last.send_advert);
    assert_int_equal(story.last.announce, 5);
    assert_int_equal(story.last.reason, VRRP_WHY_RIGHT_GAINED);
    /* Who has the lock does not yield to an advert, whoever sends it. */
    hear(&story, 255, "10.0.0.9");
    is(&story, VRRP_MASTER);
    assert_true(story.last.send_advert && !story.last.stop_serving);
    right(&story, true); /* renewed: nothing new */
    did_nothing(&story);
    right(&story, false);
    is(&story, VRRP_BACKUP);
    assert_true(story.last.stop_serving && !story.last.send_advert);
    assert_int_equal(vrrp_deadline(&story.router) - story.now, 3609375);
    right(&story, true);
    is(&story, VRRP_MASTER);
}

static void a_resignation_is_a_hint_to_bid(void **state)
{
    struct vrrp_config config = config_v3(100);

    config.right = VRRP_RIGHT_LOCK;

    struct story story = begin(&config);

    hear(&story, 200, "10.0.0.9");
    hear(&story, 0, "10.0.0.9");
    assert_true(story.last.bid && !story.last.start_serving);
    assert_int_equal(story.last.reason, VRRP_WHY_RESIGNED);
    elapse(&story, 1609375); /* nothing came of it: again */
    assert_true(story.last.bid);
}

static void passive(struct story *story, bool on)
{
    step(story, (struct vrrp_event){.type = VRRP_PASSIVE, .passive = on});
}

/* It neither bids nor takes over by itself, whatever happens; the lock, once it has it, it does not refuse.
 */
static void a_passive_router_waits_to_be_told(void **state)
{
    static const enum vrrp_right rights[] = {VRRP_RIGHT_NONE, VRRP_RIGHT_QUORUM, VRRP_RIGHT_LOCK};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(rights); i++) {
        struct vrrp_config config = config_v3(100);

        config.right = rights[i];

        struct story story = begin(&config);

        passive(&story, true);
        if (rights[i] == VRRP_RIGHT_QUORUM)
            right(&story, true);
        for (int round = 0; round < 3; round++) {
            elapse(&story, 3609375);
            did_nothing(&story);
        }
        hear(&story, 0, "10.0.0.9");
        did_nothing(&story);
        step(&story, (struct vrrp_event){.type = VRRP_URGE});
        did_nothing(&story);
        is(&story, VRRP_BACKUP);
        passive(&story, false);
        story.now = vrrp_deadline(&story.router);
        step(&story, (struct vrrp_event){.type = VRRP_TICK});
        assert_true(rights[i] == VRRP_RIGHT_LOCK ? story.last.bid : story.last.start_serving);
        passive(&story, true);
        right(&story, true);
        is(&story, VRRP_MASTER);
    }
}

static void a_known_death_need_not_be_waited_for(void **state)
{
    struct vrrp_config config = config_v3(100);
    struct story story = begin(&config);

    hear(&story, 200, "10.0.0.9");
    step(&story, (struct vrrp_event){.type = VRRP_URGE});
    elapse(&story, 1609375); /* a living one would have been heard by now */
    is(&story, VRRP_MASTER);
    story = begin(&config);
    hear(&story, 200, "10.0.0.9");
    step(&story, (struct vrrp_event){.type = VRRP_URGE});
    story.now += SECOND;
    hear(&story, 200, "10.0.0.9");
    assert_int_equal(vrrp_deadline(&story.router) - story.now, 3609375);
    config.right = VRRP_RIGHT_LOCK;
    story = begin(&config);
    hear(&story, 200, "10.0.0.9");
    step(&story, (struct vrrp_event){.type = VRRP_URGE});
    assert_true(story.last.bid);
    assert_int_equal(story.last.reason, VRRP_WHY_URGED);
}

/* A master that slept past its adverts listens first; under quorum for the whole silence. */
static void a_master_that_slept_listens_first(void **state)
{
    struct story story = master();
    struct vrrp_config config = config_v3(100);

    step(&story, (struct vrrp_event){.type = VRRP_LAPSED});
    is(&story, VRRP_BACKUP);
    assert_true(story.last.stop_serving && !story.last.send_advert);
    elapse(&story, 1609375);
    is(&story, VRRP_MASTER);
    config.right = VRRP_RIGHT_QUORUM;
    story = begin(&config);
    right(&story, true);
    elapse(&story, 3609375);
    is(&story, VRRP_MASTER);
    step(&story, (struct vrrp_event){.type = VRRP_LAPSED});
    is(&story, VRRP_BACKUP);
    elapse(&story, 3609375);
    is(&story, VRRP_MASTER);
}

static void a_planned_step_down_resigns(void **state)
{
    struct story story = master();

    step(&story, (struct vrrp_event){.type = VRRP_FOLLOW, .follow = VRRP_BACKUP});
    is(&story, VRRP_BACKUP);
    assert_true(story.last.stop_serving && story.last.send_advert);
    assert_int_equal(story.last.advert_priority, 0);
    assert_int_equal(vrrp_deadline(&story.router) - story.now, 3609375);
}

static void the_lock_is_kept_in_mind_through_a_fault(void **state)
{
    struct vrrp_config config = config_v3(100);

    config.right = VRRP_RIGHT_LOCK;

    struct story story = begin(&config);

    right(&story, true);
    is(&story, VRRP_MASTER);
    step(&story, (struct vrrp_event){.type = VRRP_FIT, .fit = false});
    is(&story, VRRP_FAULT);
    assert_true(story.last.stop_serving && story.last.send_advert);
    assert_int_equal(story.last.advert_priority, 0);
    hear(&story, 50, "10.0.0.9");
    did_nothing(&story);
    assert_int_equal(vrrp_deadline(&story.router), INT64_MAX);
    step(&story, (struct vrrp_event){.type = VRRP_FIT, .fit = true});
    is(&story, VRRP_MASTER);
    step(&story, (struct vrrp_event){.type = VRRP_FIT, .fit = false});
    right(&story, false);
    step(&story, (struct vrrp_event){.type = VRRP_FIT, .fit = true});
    is(&story, VRRP_BACKUP);
}

static void an_unfit_router_waits(void **state)
{
    struct vrrp_config config = config_v3(255);
    struct story story = {.now = START};

    vrrp_init(&story.router, &config);
    step(&story, (struct vrrp_event){.type = VRRP_FIT, .fit = false});
    step(&story, (struct vrrp_event){.type = VRRP_STARTUP});
    is(&story, VRRP_FAULT);
    did_nothing(&story);
    step(&story, (struct vrrp_event){.type = VRRP_FIT, .fit = true});
    is(&story, VRRP_MASTER);
}

/* --- priorities --- */

static void priorities_follow_what_is_tracked(void **state)
{
    bool fit;
    struct vrrp_track tracks[] = {
        {.weight = 20, .up = true}, {.weight = -30, .up = true}, {.weight = 0, .up = true}};

    assert_int_equal(vrrp_effective_priority(100, tracks, 3, &fit), 120);
    assert_true(fit);
    tracks[0].up = false;
    assert_int_equal(vrrp_effective_priority(100, tracks, 3, &fit), 100);
    tracks[1].up = false;
    assert_int_equal(vrrp_effective_priority(100, tracks, 3, &fit), 70);
    assert_int_equal(vrrp_effective_priority(10, tracks, 3, &fit), 1);
    assert_int_equal(vrrp_effective_priority(255, tracks, 3, &fit), 255);
    assert_true(fit);
    tracks[2].up = false;
    vrrp_effective_priority(100, tracks, 3, &fit);
    assert_false(fit);
    tracks[0] = (struct vrrp_track){.weight = 250, .up = true};
    assert_int_equal(vrrp_effective_priority(100, tracks, 1, &fit), 254);
}

static void a_new_priority_counts_from_the_next_advert(void **state)
{
    struct story story = master();

    step(&story, (struct vrrp_event){.type = VRRP_PRIORITY, .priority = 40});
    did_nothing(&story);
    elapse(&story, SECOND);
    assert_int_equal(story.last.advert_priority, 40);
    hear(&story, 50, "10.0.0.4");
    is(&story, VRRP_BACKUP);
    /* A higher one brings the take-over nearer, a lower one does not put it off. */
    step(&story, (struct vrrp_event){.type = VRRP_PRIORITY, .priority = 240});
    assert_int_equal(vrrp_deadline(&story.router) - story.now, 3 * SECOND + 62500);
    step(&story, (struct vrrp_event){.type = VRRP_PRIORITY, .priority = 10});
    assert_int_equal(vrrp_deadline(&story.router) - story.now, 3 * SECOND + 62500);
}

/* --- section 7.1: what is heeded --- */

static enum vrrp_refusal check_with(struct vrrp_router *router, const struct vrrp_advert *advert,
                                    const char *source, int ttl)
{
    uint8_t bytes[VRRP_PACKET_MAX];
    struct vrrp_advert back;
    struct vrrp_received received = {
        .source = address(source), .destination = vrrp_group_address(advert->family), .ttl = ttl};

    received.length = vrrp_encode(advert, &received.source, &received.destination, bytes);
    received.bytes = bytes;
    return vrrp_check(router, &received, &back);
}

static void refusals_are_named_and_counted(void **state)
{
    struct vrrp_config config = config_v3(100);
    struct vrrp_router router;
    struct vrrp_advert good, changed;

    config.version = 2;
    config.auth_type = 1;
    memcpy(config.auth, "secret", 6);
    vrrp_init(&router, &config);
    good = vrrp_own_advert(&router, 100);
    assert_int_equal(check_with(&router, &good, "10.0.0.9", 255), VRRP_ACCEPTED);
    assert_int_equal(check_with(&router, &good, "10.0.0.9", 254), VRRP_BAD_TTL);
    assert_int_equal(check_with(&router, &good, "10.0.0.5", 255), VRRP_OWN_PACKET);
    changed = good;
    changed.vrid = 11;
    assert_int_equal(check_with(&router, &changed, "10.0.0.9", 255), VRRP_BAD_VRID);
    changed = good;
    changed.auth_type = 0;
    assert_int_equal(check_with(&router, &changed, "10.0.0.9", 255), VRRP_BAD_AUTH_TYPE);
    changed = good;
    changed.auth[0] = 'S';
    assert_int_equal(check_with(&router, &changed, "10.0.0.9", 255), VRRP_BAD_AUTH_DATA);
    changed = good;
    changed.interval_us = 2 * SECOND;
    assert_int_equal(check_with(&router, &changed, "10.0.0.9", 255), VRRP_BAD_INTERVAL);
    changed = good;
    changed.version = 3;
    assert_int_equal(check_with(&router, &changed, "10.0.0.9", 255), VRRP_BAD_VERSION);
    changed = (struct vrrp_advert){
        .version = 3, .family = VRRP_IPV6, .vrid = 10, .priority = 1, .interval_us = SECOND, .count = 1};
    changed.addresses[0] = address("fe80::1");
    assert_int_equal(check_with(&router, &changed, "fe80::9", 255), VRRP_BAD_FAMILY);
    for (int i = 0; i < VRRP_REFUSALS; i++) {
        static const bool seen[VRRP_REFUSALS] = {
            [VRRP_ACCEPTED] = true,     [VRRP_BAD_TTL] = true,       [VRRP_OWN_PACKET] = true,
            [VRRP_BAD_VRID] = true,     [VRRP_BAD_AUTH_TYPE] = true, [VRRP_BAD_AUTH_DATA] = true,
            [VRRP_BAD_INTERVAL] = true, [VRRP_BAD_VERSION] = true,   [VRRP_BAD_FAMILY] = true};

        assert_int_equal(router.counters.refused[i], seen[i] ? 1 : 0);
    }
}

static void mismatches_are_counted_but_heeded(void **state)
{
    struct vrrp_config config = config_v3(100);
    struct vrrp_router router;
    struct vrrp_advert advert;

    config.count = 2;
    config.addresses[1] = address("10.0.0.2");
    vrrp_init(&router, &config);
    advert = vrrp_own_advert(&router, 100);
    assert_int_equal(check_with(&router, &advert, "10.0.0.9", 255), VRRP_ACCEPTED);
    advert.addresses[0] = address("10.0.0.2"); /* another order is the same list */
    advert.addresses[1] = address("10.0.0.1");
    assert_int_equal(check_with(&router, &advert, "10.0.0.9", 255), VRRP_ACCEPTED);
    assert_int_equal(router.counters.address_mismatches, 0);
    advert.addresses[1] = address("10.0.0.3");
    assert_int_equal(check_with(&router, &advert, "10.0.0.9", 255), VRRP_ACCEPTED);
    advert.count = 1;
    advert.interval_us = 2 * SECOND;
    assert_int_equal(check_with(&router, &advert, "10.0.0.9", 255), VRRP_ACCEPTED);
    assert_int_equal(router.counters.address_mismatches, 2);
    assert_int_equal(router.counters.interval_mismatches, 1);
}

static void unicast_peers_and_owners(void **state)
{
    struct vrrp_config config = config_v3(100);
    struct vrrp_router router;
    struct vrrp_advert advert;

    config.peer_count = 2;
    config.peers[0] = address("10.0.0.8");
    config.peers[1] = address("10.9.0.8");
    config.min_ttl = 60;
    vrrp_init(&router, &config);
    advert = vrrp_own_advert(&router, 100);
    assert_int_equal(check_with(&router, &advert, "10.9.0.8", 60), VRRP_ACCEPTED);
    assert_int_equal(check_with(&router, &advert, "10.9.0.8", 59), VRRP_BAD_TTL);
    assert_int_equal(check_with(&router, &advert, "10.0.0.9", 255), VRRP_BAD_SOURCE);
    config = config_v3(255);
    vrrp_init(&router, &config);
    assert_int_equal(check_with(&router, &advert, "10.0.0.9", 255), VRRP_WE_ARE_OWNER);
}

static void a_wrong_configuration_says_what_was_expected(void **state)
{
    static const struct {
        size_t offset;
        uint32_t value;
        size_t size;
        const char *says;
    } table[] = {
        {offsetof(struct vrrp_config, version), 4, 1, "expected 2 or 3"},
        {offsetof(struct vrrp_config, vrid), 0, 1, "expected 1 to 255"},
        {offsetof(struct vrrp_config, priority), 0, 1, "expected 1 to 254"},
        {offsetof(struct vrrp_config, interval_us), 5000, 4, "expected 10 ms|expects 10 ms"},
        {offsetof(struct vrrp_config, interval_us), 41000000, 4, "expects 10 ms"},
        {offsetof(struct vrrp_config, interval_us), 1000001, 4, "expects 10 ms"},
        {offsetof(struct vrrp_config, auth_type), 1, 1, "with version 2"},
        {offsetof(struct vrrp_config, count), 0, 1, "expected 1 to 32"},
        {offsetof(struct vrrp_config, peer_count), 33, 1, "at most 32"},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(table); i++) {
        struct vrrp_config config = config_v3(100);
        const char *says = strrchr(table[i].says, '|');

        memcpy((char *)&config + table[i].offset, &table[i].value, table[i].size);
        HF_CLEANUP(hf_error_freep) struct hf_error *error = vrrp_config_check(&config);
        assert_int_equal(hf_error_kind(error), HF_REFUSED);
        assert_non_null(strstr(hf_error_text(error), says == NULL ? table[i].says : says + 1));
    }

    struct vrrp_config config = config_v3(100);

    config.version = 2;
    config.interval_us = 100000;
    {
        HF_CLEANUP(hf_error_freep) struct hf_error *error = vrrp_config_check(&config);
        assert_non_null(strstr(hf_error_text(error), "whole seconds"));
    }
    config = config_v3(100);
    config.addresses[0] = address("fe80::1");
    HF_CLEANUP(hf_error_freep) struct hf_error *error = vrrp_config_check(&config);
    assert_non_null(strstr(hf_error_text(error), "address fe80::1: expected only IPv4"));
}

/* --- sync groups --- */

struct pair {
    struct vrrp_router routers[2];
    struct vrrp_router *members[2];
    struct vrrp_group group;
    struct vrrp_update updates[2];
    int64_t now;
};

static void pair_step(struct pair *pair, size_t member, struct vrrp_event event)
{
    event.now = pair->now;
    vrrp_group_step(&pair->group, member, &event, pair->updates);
}

static void pair_begin(struct pair *pair, enum vrrp_right kind)
{
    struct vrrp_config config = config_v3(100);

    *pair = (struct pair){.now = START};
    config.right = kind;
    config.grouped = true;
    for (size_t i = 0; i < 2; i++) {
        config.vrid = (uint8_t)(10 + i);
        vrrp_init(&pair->routers[i], &config);
        pair->members[i] = &pair->routers[i];
    }
    pair->group = (struct vrrp_group){.members = pair->members, .count = 2};
    pair_step(pair, VRRP_GROUP_ALL, (struct vrrp_event){.type = VRRP_STARTUP});
}

static void pair_hear(struct pair *pair, size_t member, uint8_t priority)
{
    struct vrrp_advert advert = {.version = 3,
                                 .family = VRRP_IPV4,
                                 .vrid = pair->routers[member].config.vrid,
                                 .priority = priority,
                                 .interval_us = SECOND,
                                 .count = 1};

    pair_step(pair, member,
              (struct vrrp_event){.type = VRRP_HEARD, .advert = &advert, .source = address("10.0.0.9")});
}

static void pair_is(const struct pair *pair, enum vrrp_state first, enum vrrp_state second)
{
    assert_string_equal(vrrp_state_text(pair->routers[0].state), vrrp_state_text(first));
    assert_string_equal(vrrp_state_text(pair->routers[1].state), vrrp_state_text(second));
}

static void pair_elapse(struct pair *pair)
{
    pair->now = vrrp_group_deadline(&pair->group);
    pair_step(pair, VRRP_GROUP_ALL, (struct vrrp_event){.type = VRRP_TICK});
}

static void a_group_moves_together(void **state)
{
    struct pair pair;

    pair_begin(&pair, VRRP_RIGHT_NONE);
    pair.now += SECOND;
    pair_hear(&pair, 1, 200);
    pair_elapse(&pair); /* the first is deaf, but the second hears a master: no move */
    pair_is(&pair, VRRP_BACKUP, VRRP_BACKUP);
    assert_true(pair.updates[0].ready);
    pair_elapse(&pair);
    pair_is(&pair, VRRP_MASTER, VRRP_MASTER);
    assert_true(pair.updates[0].start_serving && pair.updates[1].start_serving);
    assert_true(pair.updates[0].send_advert && pair.updates[1].send_advert);
    /* One is outranked: both go, and the other says so, lest its peer waits. */
    pair_hear(&pair, 0, 200);
    pair_is(&pair, VRRP_BACKUP, VRRP_BACKUP);
    assert_true(pair.updates[0].stop_serving && pair.updates[1].stop_serving);
    assert_int_equal(pair.updates[0].advert_priority, 100);
    assert_true(pair.updates[1].send_advert);
    assert_int_equal(pair.updates[1].advert_priority, 0);
}

static void a_fault_of_one_stops_all(void **state)
{
    struct pair pair;

    pair_begin(&pair, VRRP_RIGHT_NONE);
    pair_elapse(&pair);
    pair_is(&pair, VRRP_MASTER, VRRP_MASTER);
    pair_step(&pair, 1, (struct vrrp_event){.type = VRRP_FIT, .fit = false});
    pair_is(&pair, VRRP_BACKUP, VRRP_FAULT);
    for (int i = 0; i < 3; i++)
        if (vrrp_group_deadline(&pair.group) != INT64_MAX)
            pair_elapse(&pair);
    pair_is(&pair, VRRP_BACKUP, VRRP_FAULT);
    pair_step(&pair, 1, (struct vrrp_event){.type = VRRP_FIT, .fit = true});
    pair_is(&pair, VRRP_BACKUP, VRRP_BACKUP);
    pair_elapse(&pair);
    pair_is(&pair, VRRP_MASTER, VRRP_MASTER);
}

static void a_group_under_one_lock(void **state)
{
    struct pair pair;

    pair_begin(&pair, VRRP_RIGHT_LOCK);
    pair_elapse(&pair);
    assert_true(pair.updates[0].bid && pair.updates[1].bid);
    pair_step(&pair, VRRP_GROUP_ALL, (struct vrrp_event){.type = VRRP_RIGHT, .may_be_master = true});
    pair_is(&pair, VRRP_MASTER, VRRP_MASTER);
    pair_step(&pair, VRRP_GROUP_ALL, (struct vrrp_event){.type = VRRP_RIGHT, .may_be_master = false});
    pair_is(&pair, VRRP_BACKUP, VRRP_BACKUP);
    assert_true(pair.updates[0].stop_serving && pair.updates[1].stop_serving);
    assert_false(pair.updates[0].start_serving || pair.updates[1].start_serving);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_are_the_rfcs),
        cmocka_unit_test(startup_as_owner_is_master_at_once),
        cmocka_unit_test(startup_otherwise_is_backup),
        cmocka_unit_test(backup_takes_over_after_silence),
        cmocka_unit_test(backup_shuts_down_silently),
        cmocka_unit_test(backup_and_a_resigning_master),
        cmocka_unit_test(backup_and_a_better_master),
        cmocka_unit_test(backup_learns_the_masters_interval),
        cmocka_unit_test(backup_preempts_a_lesser_master),
        cmocka_unit_test(backup_without_preempt_leaves_a_lesser_master_alone),
        cmocka_unit_test(preempt_delay_is_waited_for),
        cmocka_unit_test(master_shuts_down_with_priority_zero),
        cmocka_unit_test(master_advertises_every_interval),
        cmocka_unit_test(master_answers_a_resignation),
        cmocka_unit_test(master_yields_or_not),
        cmocka_unit_test(version_2_keeps_its_own_interval),
        cmocka_unit_test(a_contested_master_announces_again_once_it_is_quiet),
        cmocka_unit_test(bursts_are_spaced_repeated_and_refreshed),
        cmocka_unit_test(without_quorum_nobody_is_master),
        cmocka_unit_test(under_quorum_silence_must_outlast_its_loss),
        cmocka_unit_test(an_owner_without_the_right_is_no_master),
        cmocka_unit_test(the_lock_makes_the_master),
        cmocka_unit_test(a_resignation_is_a_hint_to_bid),
        cmocka_unit_test(a_passive_router_waits_to_be_told),
        cmocka_unit_test(a_known_death_need_not_be_waited_for),
        cmocka_unit_test(a_master_that_slept_listens_first),
        cmocka_unit_test(a_planned_step_down_resigns),
        cmocka_unit_test(the_lock_is_kept_in_mind_through_a_fault),
        cmocka_unit_test(an_unfit_router_waits),
        cmocka_unit_test(priorities_follow_what_is_tracked),
        cmocka_unit_test(a_new_priority_counts_from_the_next_advert),
        cmocka_unit_test(refusals_are_named_and_counted),
        cmocka_unit_test(mismatches_are_counted_but_heeded),
        cmocka_unit_test(unicast_peers_and_owners),
        cmocka_unit_test(a_wrong_configuration_says_what_was_expected),
        cmocka_unit_test(a_group_moves_together),
        cmocka_unit_test(a_fault_of_one_stops_all),
        cmocka_unit_test(a_group_under_one_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
