/* test_table.c - the lock table, rule by rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arbiter/table.h"

#define MS INT64_C(1000000)

/* A table, the time, what came out last, and what is on its disk. */
struct world {
    struct table *table;
    int64_t now;
    struct table_updates updates;
    uint64_t ticket; /* the last one given out */
    struct record disk[64];
    size_t records;
    uint64_t incarnation;
};

static void perform(struct world *w)
{
    for (size_t i = 0; i < w->updates.count; i++) {
        const struct table_update *update = &w->updates.items[i];

        if (update->action != TABLE_PERSIST)
            continue;
        assert_true(update->ticket > w->ticket);
        w->ticket = update->ticket;
        w->disk[w->records++] = update->record;
    }
}

static void step(struct world *w, struct table_event event)
{
    event.now = w->now;
    table_updates_reset(&w->updates);
    table_step(w->table, &event, &w->updates);
    perform(w);
}

static void start(struct world *w)
{
    struct table_config config = {.incarnation = ++w->incarnation, .now = w->now, .max_hold_ms = 2000};

    table_free(w->table);
    w->table = table_new(&config);
    w->ticket = 0;
}

static void begin(struct world *w)
{
    *w = (struct world){.now = 1000 * MS};
    start(w);
    step(w, (struct table_event){.type = TABLE_TEACH, .cluster = "c", .fresh = true});
}

/* The process starts anew with what is durable. */
static void restart(struct world *w)
{
    start(w);
    for (size_t i = 0; i < w->records; i++)
        step(w, (struct table_event){.type = TABLE_RESTORE, .record = &w->disk[i]});
}

static void end(struct world *w)
{
    table_free(w->table);
    table_updates_free(&w->updates);
}

/* Node nK speaks over connection K, in a session with number 10 + K unless said otherwise. */
static void frame(struct world *w, int node, const uint8_t *bytes, size_t length)
{
    char name[8];

    snprintf(name, sizeof(name), "n%d", node);
    step(w, (struct table_event){.type = TABLE_FRAME,
                                 .conn = (uint32_t)node,
                                 .cluster = "c",
                                 .node = name,
                                 .bytes = bytes,
                                 .length = length});
}

static void hello_as(struct world *w, int node, uint64_t session, uint8_t boot)
{
    struct frame hello = {.type = FRAME_HELLO, .session = session, .seq = 1};
    uint8_t bytes[FRAME_MAX];

    memset(hello.boot, boot, sizeof(hello.boot));
    frame(w, node, bytes, frame_encode(&hello, bytes));
}

static void hello(struct world *w, int node)
{
    hello_as(w, node, (uint64_t)(10 + node), (uint8_t)node);
}

static void ask_for(struct world *w, int node, enum frame_op op, uint64_t term, uint32_t lease_ms,
                    const char *successor)
{
    struct frame_item item = {
        .op = (uint8_t)op, .term = term, .lease_ms = lease_ms, .drain_ms = 100, .lock = "k"};
    struct frame_writer writer;

    strcpy(item.node, successor);
    frame_begin(&writer, FRAME_REQUEST, (uint64_t)(10 + node), 5);
    frame_add(&writer, &item);
    frame(w, node, writer.bytes, writer.length);
}

static void ask(struct world *w, int node, enum frame_op op, uint64_t term, const char *successor)
{
    ask_for(w, node, op, term, 300, successor);
}

/* Whether the record of this step may wait for the next. */
static bool is_lazy(const struct world *w)
{
    for (size_t i = 0; i < w->updates.count; i++)
        if (w->updates.items[i].action == TABLE_PERSIST)
            return w->updates.items[i].lazy;
    return false;
}

/* The one answer to a node in what came out last; 0 if there is none. */
static enum frame_answer answered(struct world *w, int node, struct frame_item *result)
{
    static struct frame_item items[FRAME_ITEMS_MAX];
    enum frame_answer answer = 0;

    for (size_t i = 0; i < w->updates.count; i++) {
        const struct table_update *update = &w->updates.items[i];
        struct frame head;

        if (update->action != TABLE_SEND || update->conn != (uint32_t)node)
            continue;
        assert_null(
            frame_decode((uint8_t *)w->updates.bytes.data + update->offset, update->length, &head, items));
        if (head.type != FRAME_REPLY || head.items == 0)
            continue;
        assert_int_equal(answer, 0);
        answer = items[0].op;
        if (result != NULL)
            *result = items[0];
    }
    return answer;
}

static bool dropped(const struct world *w, int node)
{
    for (size_t i = 0; i < w->updates.count; i++)
        if (w->updates.items[i].action == TABLE_DROP && w->updates.items[i].conn == (uint32_t)node)
            return true;
    return false;
}

static size_t persists(const struct world *w)
{
    size_t count = 0;

    for (size_t i = 0; i < w->updates.count; i++)
        count += w->updates.items[i].action == TABLE_PERSIST;
    return count;
}

static void durable(struct world *w)
{
    step(w, (struct table_event){.type = TABLE_PERSISTED, .ticket = w->ticket});
}

static void owned_by_n1(struct world *w)
{
    begin(w);
    hello(w, 1);
    hello(w, 2);
    ask(w, 1, FRAME_ACQUIRE, 1, "");
    durable(w);
    assert_int_equal(answered(w, 1, NULL), FRAME_GRANTED);
}

/* Found by tests/locksim with seed 49288: the first holder's release came while the next one's grant was on
 * its way to the disk, and was written down behind it.  After a restart the lock was free. */
static void a_late_release_does_not_undo_the_next_grant(void **state)
{
    struct world w;

    owned_by_n1(&w);
    hello(&w, 3);
    w.now += 400 * MS;
    ask(&w, 2, FRAME_ACQUIRE, 2, "");
    ask(&w, 1, FRAME_RELEASE, 1, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_RELEASED);
    durable(&w);
    restart(&w);
    hello(&w, 2);
    hello(&w, 3);
    ask(&w, 3, FRAME_ACQUIRE, 3, "");
    assert_int_equal(answered(&w, 3, NULL), FRAME_HELD);
    ask(&w, 2, FRAME_RENEW, 2, "");
    assert_int_equal(answered(&w, 2, NULL), FRAME_RENEWED);
    end(&w);
}

static void a_grant_waits_for_the_disk_and_a_renewal_does_not(void **state)
{
    struct world w;
    struct frame_item item;

    begin(&w);
    hello(&w, 1);
    hello(&w, 2);
    ask(&w, 1, FRAME_ACQUIRE, 1, "");
    assert_int_equal(answered(&w, 1, NULL), 0);
    assert_int_equal(w.disk[w.records - 1].term, 1);
    assert_string_equal(w.disk[w.records - 1].node, "n1");
    ask(&w, 2, FRAME_ACQUIRE, 2, ""); /* on its way to the disk is held */
    assert_int_equal(answered(&w, 2, &item), FRAME_HELD);
    assert_string_equal(item.node, "n1");
    durable(&w);
    assert_int_equal(answered(&w, 1, &item), FRAME_GRANTED);
    assert_int_equal(item.remaining_ms, 400);
    ask(&w, 1, FRAME_RENEW, 1, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_RENEWED);
    assert_int_equal(persists(&w), 0);
    end(&w);
}

static void a_lock_is_free_after_lease_and_drain(void **state)
{
    struct world w;

    owned_by_n1(&w);
    ask(&w, 2, FRAME_WAIT, 0, "");
    assert_int_equal(answered(&w, 2, NULL), FRAME_HELD);
    w.now += 399 * MS;
    ask(&w, 2, FRAME_ACQUIRE, 2, "");
    assert_int_equal(answered(&w, 2, NULL), FRAME_HELD);
    assert_true(table_deadline(w.table) == w.now + 1 * MS);
    w.now += 1 * MS;
    step(&w, (struct table_event){.type = TABLE_TICK});
    assert_int_equal(answered(&w, 2, NULL), FRAME_FREE);
    ask(&w, 2, FRAME_ACQUIRE, 1, ""); /* the holder's term is not enough */
    assert_int_equal(answered(&w, 2, NULL), FRAME_OLD_TERM);
    ask(&w, 2, FRAME_ACQUIRE, 2, "");
    durable(&w);
    assert_int_equal(answered(&w, 2, NULL), FRAME_GRANTED);
    ask(&w, 1, FRAME_RENEW, 1, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_NOT_YOURS);
    end(&w);
}

static void a_late_renewal_is_good_if_nobody_came(void **state)
{
    struct world w;

    owned_by_n1(&w);
    w.now += 5000 * MS;
    ask(&w, 1, FRAME_RENEW, 1, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_RENEWED);
    end(&w);
}

/* The disk is at another's grant: whoever held it before has come too late, or two would have it. */
static void a_late_renewal_is_none_while_anothers_grant_is_written(void **state)
{
    struct world w;
    struct frame_item item;

    owned_by_n1(&w);
    w.now += 400 * MS;
    ask(&w, 2, FRAME_ACQUIRE, 2, "");
    ask(&w, 1, FRAME_RENEW, 1, "");
    assert_int_equal(answered(&w, 1, &item), FRAME_NOT_YOURS);
    assert_string_equal(item.node, "n2");
    durable(&w);
    assert_int_equal(answered(&w, 2, NULL), FRAME_GRANTED);
    end(&w);
}

/* Its own grant at a higher term, asked for but not yet answered, is no reason to lose the one that it has.
 */
static void a_renewal_is_good_while_the_holders_next_grant_is_written(void **state)
{
    struct world w;

    owned_by_n1(&w);
    ask(&w, 1, FRAME_ACQUIRE, 2, "");
    ask(&w, 1, FRAME_RENEW, 1, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_RENEWED);
    durable(&w);
    assert_int_equal(answered(&w, 1, NULL), FRAME_GRANTED);
    end(&w);
}

/* The answer may be lost: what it opened by its earlier grant is open until that one's end. */
static void a_shorter_lease_does_not_end_before_the_longer_one(void **state)
{
    struct world w;

    owned_by_n1(&w); /* for 400 ms */
    ask_for(&w, 1, FRAME_ACQUIRE, 2, 100, "");
    durable(&w);
    assert_int_equal(answered(&w, 1, NULL), FRAME_GRANTED);
    w.now += 100 * MS;
    ask(&w, 1, FRAME_RENEW, 2, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_RENEWED);
    w.now += 299 * MS;
    ask(&w, 2, FRAME_ACQUIRE, 3, "");
    assert_int_equal(answered(&w, 2, NULL), FRAME_HELD);
    w.now += 1 * MS;
    ask_for(&w, 2, FRAME_ACQUIRE, 3, 100, "");
    durable(&w);
    assert_int_equal(answered(&w, 2, NULL), FRAME_GRANTED);
    w.now += 200 * MS; /* the new holder's own time */
    ask(&w, 1, FRAME_ACQUIRE, 4, "");
    durable(&w);
    assert_int_equal(answered(&w, 1, NULL), FRAME_GRANTED);
    end(&w);
}

static void nothing_but_release_and_time_frees(void **state)
{
    struct world w;

    owned_by_n1(&w);
    step(&w, (struct table_event){.type = TABLE_CLOSED, .conn = 1});
    ask(&w, 2, FRAME_ACQUIRE, 2, "");
    assert_int_equal(answered(&w, 2, NULL), FRAME_HELD);
    hello_as(&w, 1, 11, 99); /* the same node after a reboot is somebody else */
    ask(&w, 1, FRAME_ACQUIRE, 2, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_HELD);
    hello_as(&w, 1, 11, 1); /* its process started anew is not */
    ask(&w, 1, FRAME_ACQUIRE, 2, "");
    durable(&w);
    assert_int_equal(answered(&w, 1, NULL), FRAME_GRANTED);
    end(&w);
}

static void release_needs_the_term_and_may_name_a_successor(void **state)
{
    struct world w;
    struct frame_item item;

    owned_by_n1(&w);
    hello(&w, 3);
    ask(&w, 1, FRAME_RELEASE, 7, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_NOT_YOURS);
    ask(&w, 2, FRAME_RELEASE, 1, "");
    assert_int_equal(answered(&w, 2, NULL), FRAME_NOT_YOURS);
    ask(&w, 2, FRAME_WAIT, 0, "");
    ask(&w, 3, FRAME_WAIT, 0, "");
    ask(&w, 1, FRAME_RELEASE, 1, "n3");
    assert_int_equal(answered(&w, 1, NULL), FRAME_RELEASED);
    assert_int_equal(answered(&w, 3, &item), FRAME_FREE);
    assert_string_equal(item.node, "n3"); /* kept for it */
    assert_true(is_lazy(&w));             /* the successor's grant does not wait for two writes */
    assert_int_equal(answered(&w, 2, NULL), 0);
    ask(&w, 2, FRAME_ACQUIRE, 2, "");
    assert_int_equal(answered(&w, 2, &item), FRAME_HELD);
    assert_string_equal(item.node, "n3");
    w.now += 150 * MS; /* half a lease is what the successor has */
    step(&w, (struct table_event){.type = TABLE_TICK});
    assert_int_equal(answered(&w, 2, NULL), FRAME_FREE);
    ask(&w, 1, FRAME_RENEW, 1, ""); /* what came late after the release */
    assert_int_equal(answered(&w, 1, NULL), FRAME_NOT_YOURS);
    ask(&w, 1, FRAME_ACQUIRE, 1, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_OLD_TERM);
    end(&w);
}

static void a_release_overtakes_its_grant(void **state)
{
    struct world w;

    begin(&w);
    hello(&w, 1);
    hello(&w, 2);
    ask(&w, 1, FRAME_ACQUIRE, 1, "");
    ask(&w, 1, FRAME_RELEASE, 1, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_RELEASED);
    durable(&w);
    assert_int_equal(answered(&w, 1, NULL), 0);
    assert_string_equal(w.disk[w.records - 1].node, "");
    ask(&w, 2, FRAME_ACQUIRE, 2, "");
    durable(&w);
    assert_int_equal(answered(&w, 2, NULL), FRAME_GRANTED);
    end(&w);
}

static void a_restart_takes_the_holder_to_hold(void **state)
{
    struct world w;

    owned_by_n1(&w);
    w.now += 399 * MS;
    restart(&w);
    hello(&w, 1);
    hello(&w, 2);
    w.now += 399 * MS;
    ask(&w, 2, FRAME_ACQUIRE, 2, "");
    assert_int_equal(answered(&w, 2, NULL), FRAME_HELD);
    ask(&w, 1, FRAME_RENEW, 1, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_RENEWED);
    w.now += 400 * MS;
    ask(&w, 2, FRAME_ACQUIRE, 1, "");
    assert_int_equal(answered(&w, 2, NULL), FRAME_OLD_TERM);
    end(&w);
}

static void tell_floor(struct world *w, int node, uint64_t incarnation, uint64_t floor)
{
    struct frame teach = {.type = FRAME_TEACH,
                          .session = (uint64_t)(10 + node),
                          .seq = 9,
                          .incarnation = incarnation,
                          .top = floor};
    uint8_t bytes[FRAME_MAX];

    frame(w, node, bytes, frame_encode(&teach, bytes));
}

static void a_lost_disk_waits_and_has_to_be_taught(void **state)
{
    struct world w;

    owned_by_n1(&w);
    w.records = 0;
    restart(&w);
    hello(&w, 1);
    w.now += 2000 * MS;
    ask(&w, 1, FRAME_ACQUIRE, 9, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_NOT_READY); /* waited, not taught */
    tell_floor(&w, 1, w.incarnation - 1, 4);                  /* meant for an earlier life */
    ask(&w, 1, FRAME_ACQUIRE, 9, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_NOT_READY);
    restart(&w);
    hello(&w, 1);
    tell_floor(&w, 1, w.incarnation, 4);
    w.now += 1999 * MS;
    ask(&w, 1, FRAME_ACQUIRE, 9, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_NOT_READY); /* taught, not waited */
    assert_int_equal(w.records, 0);                           /* so a restart waits again */
    w.now += 1 * MS;
    ask(&w, 1, FRAME_ACQUIRE, 4, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_OLD_TERM);
    ask(&w, 1, FRAME_ACQUIRE, 5, "");
    durable(&w);
    assert_int_equal(answered(&w, 1, NULL), FRAME_GRANTED);
    assert_int_equal(w.disk[0].kind, RECORD_CLUSTER);
    end(&w);
}

static bool welcomed_as_granted(const struct world *w)
{
    static struct frame_item items[FRAME_ITEMS_MAX];
    struct frame head;

    assert_int_equal(w->updates.items[0].action, TABLE_SEND);
    assert_null(frame_decode((uint8_t *)w->updates.bytes.data, w->updates.items[0].length, &head, items));
    assert_int_equal(head.type, FRAME_WELCOME);
    return head.granted;
}

/* A new cluster whose introduction was cut short is introduced by the nodes if nothing was ever granted: what
 * was only asked for is no grant, also when it comes from the disk. */
static void what_was_only_asked_for_was_not_granted(void **state)
{
    struct record *records;
    struct world w;
    size_t count;

    begin(&w);
    hello(&w, 1);
    ask(&w, 1, FRAME_WAIT, 0, "");
    for (int i = 0; i < 2; i++) {
        table_snapshot(w.table, &records, &count);
        assert_int_equal(count, 2);
        memcpy(w.disk, records, count * sizeof(*records));
        w.records = count;
        free(records);
        restart(&w);
        hello(&w, 1);
        assert_int_equal(welcomed_as_granted(&w), i);
        ask(&w, 1, FRAME_ACQUIRE, 1, "");
        durable(&w);
        ask(&w, 1, FRAME_RELEASE, 1, "");
    }
    end(&w);
}

static void a_full_disk_refuses_and_the_old_state_stands(void **state)
{
    struct world w;
    struct record *records = NULL;
    size_t count;

    owned_by_n1(&w);
    ask(&w, 1, FRAME_ACQUIRE, 5, "");
    step(&w, (struct table_event){.type = TABLE_DISK_FAILED, .ticket = w.ticket});
    assert_int_equal(answered(&w, 1, NULL), FRAME_DISK);
    ask(&w, 1, FRAME_RENEW, 1, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_RENEWED);
    table_snapshot(w.table, &records, &count);
    assert_int_equal(count, 2);
    assert_int_equal(records[1].term, 1);
    assert_string_equal(records[1].node, "n1");
    free(records);
    end(&w);
}

/* A write that failed may be on the disk all the same: after a restart n2 would be the holder, and get the
 * lock at once, while n1 counted on a renewal. */
static void a_late_renewal_is_none_after_anothers_grant_failed(void **state)
{
    struct world w;

    owned_by_n1(&w);
    w.now += 400 * MS;
    ask(&w, 2, FRAME_ACQUIRE, 2, "");
    step(&w, (struct table_event){.type = TABLE_DISK_FAILED, .ticket = w.ticket});
    assert_int_equal(answered(&w, 2, NULL), FRAME_DISK);
    ask(&w, 1, FRAME_RENEW, 1, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_NOT_YOURS);
    ask(&w, 1, FRAME_ACQUIRE, 1, "");
    assert_int_equal(answered(&w, 1, NULL), FRAME_OLD_TERM);
    ask(&w, 1, FRAME_ACQUIRE, 2, "");
    durable(&w);
    assert_int_equal(answered(&w, 1, NULL), FRAME_GRANTED);
    end(&w);
}

static void sessions_replace_each_other_forwards_only(void **state)
{
    struct world w;
    struct frame_writer writer;

    owned_by_n1(&w);
    hello_as(&w, 1, 5, 1); /* a late copy of an old one */
    assert_true(dropped(&w, 1));
    hello(&w, 1);
    frame_begin(&writer, FRAME_REQUEST, 77, 3);
    frame(&w, 1, writer.bytes, writer.length); /* of a session that is none */
    assert_true(dropped(&w, 1));
    frame(&w, 1, (const uint8_t *)"junk", 4);
    assert_true(dropped(&w, 1));
    end(&w);
}

static void ask_about(struct world *w, int lock, enum frame_op op, uint64_t term, uint32_t lease_ms)
{
    struct frame_item item = {.op = (uint8_t)op, .term = term, .lease_ms = lease_ms};
    struct frame_writer writer;

    snprintf(item.lock, sizeof(item.lock), "lock%d", lock);
    frame_begin(&writer, FRAME_REQUEST, 11, 5);
    frame_add(&writer, &item);
    frame(w, 1, writer.bytes, writer.length);
}

static void limits_are_kept_and_forgotten_locks_keep_their_term(void **state)
{
    struct world w;
    struct frame_item item;

    begin(&w);
    hello(&w, 1);
    ask_about(&w, 0, FRAME_ACQUIRE, 1, 2001);
    assert_int_equal(answered(&w, 1, NULL), FRAME_LIMIT);
    ask_about(&w, 0, FRAME_ACQUIRE, 1, 10);
    assert_int_equal(answered(&w, 1, NULL), FRAME_LIMIT);
    for (int lock = 0; lock < 256; lock++) {
        w.records = 0;
        ask_about(&w, lock, FRAME_ACQUIRE, 41, 300);
        durable(&w);
        assert_int_equal(answered(&w, 1, NULL), FRAME_GRANTED);
    }
    ask_about(&w, 256, FRAME_PROBE, 0, 0);
    assert_int_equal(answered(&w, 1, NULL), FRAME_LIMIT); /* none of them can be forgotten */
    w.now += 300 * MS;
    ask_about(&w, 256, FRAME_ACQUIRE, 41, 300);
    assert_int_equal(answered(&w, 1, &item), FRAME_OLD_TERM); /* one was, and its term is the floor now */
    assert_true(item.term == 41);
    ask_about(&w, 256, FRAME_ACQUIRE, 42, 300);
    durable(&w);
    assert_int_equal(answered(&w, 1, NULL), FRAME_GRANTED);
    end(&w);
}

static void who_asks_about_many_locks_fills_no_disk(void **state)
{
    struct world w;

    begin(&w);
    hello(&w, 1);
    for (int lock = 0; lock < 600; lock++) {
        ask_about(&w, lock, FRAME_PROBE, 0, 0);
        assert_int_equal(answered(&w, 1, NULL), FRAME_FREE);
        assert_int_equal(persists(&w), 0);
    }
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_release_does_not_undo_the_next_grant),
        cmocka_unit_test(a_grant_waits_for_the_disk_and_a_renewal_does_not),
        cmocka_unit_test(a_lock_is_free_after_lease_and_drain),
        cmocka_unit_test(a_late_renewal_is_good_if_nobody_came),
        cmocka_unit_test(a_late_renewal_is_none_while_anothers_grant_is_written),
        cmocka_unit_test(a_renewal_is_good_while_the_holders_next_grant_is_written),
        cmocka_unit_test(a_shorter_lease_does_not_end_before_the_longer_one),
        cmocka_unit_test(nothing_but_release_and_time_frees),
        cmocka_unit_test(release_needs_the_term_and_may_name_a_successor),
        cmocka_unit_test(a_release_overtakes_its_grant),
        cmocka_unit_test(a_restart_takes_the_holder_to_hold),
        cmocka_unit_test(a_lost_disk_waits_and_has_to_be_taught),
        cmocka_unit_test(what_was_only_asked_for_was_not_granted),
        cmocka_unit_test(a_full_disk_refuses_and_the_old_state_stands),
        cmocka_unit_test(a_late_renewal_is_none_after_anothers_grant_failed),
        cmocka_unit_test(sessions_replace_each_other_forwards_only),
        cmocka_unit_test(limits_are_kept_and_forgotten_locks_keep_their_term),
        cmocka_unit_test(who_asks_about_many_locks_fills_no_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
