/* test_worker.c - lib/worker.h with its thread and a real loop: order, joined jobs, and how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/buf.h"
#include "lib/worker.h"

/* Jobs are letters. What was run and what was told are the letters in their order. */
struct letters {
    qb_loop_t *loop;
    struct hf_worker *worker;
    struct hf_buf run, told;
    size_t wanted;          /* the loop ends once so much was told */
    sem_t begun, may_go_on; /* of a job that blocks, which is a capital letter */
    pthread_t told_in, ran_in;
};

struct letter {
    struct hf_job head;
    struct hf_buf text;
};

static unsigned freed;

static void run(void *context, struct hf_job *job)
{
    struct letters *letters = context;
    const char *text = hf_buf_text(&((struct letter *)job)->text);

    if (isupper((unsigned char)text[0])) {
        sem_post(&letters->begun);
        sem_wait(&letters->may_go_on);
    }
    letters->ran_in = pthread_self();
    hf_buf_printf(&letters->run, "%s ", text);
}

static void done(void *context, struct hf_job *job)
{
    struct letters *letters = context;

    letters->told_in = pthread_self();
    hf_buf_printf(&letters->told, "%s ", hf_buf_text(&((struct letter *)job)->text));
    if (letters->told.length >= letters->wanted)
        qb_loop_stop(letters->loop);
}

static void letter_free(struct hf_job *job)
{
    hf_buf_free(&((struct letter *)job)->text);
    free(job);
    freed++;
}

/* Small letters go together. */
static bool join(struct hf_job *job, struct hf_job *next)
{
    struct letter *letter = (struct letter *)job;
    const char *more = hf_buf_text(&((struct letter *)next)->text);

    if (!islower((unsigned char)more[0]) || !islower((unsigned char)hf_buf_text(&letter->text)[0]))
        return false;
    hf_buf_puts(&letter->text, more);
    return true;
}

static const struct hf_worker_hooks plain = {.run = run, .done = done, .free = letter_free};
static const struct hf_worker_hooks joining = {.run = run, .done = done, .free = letter_free, .join = join};

static void add(struct letters *letters, const char *text)
{
    for (; *text != '\0'; text++) {
        struct letter *letter = hf_calloc(1, sizeof(*letter));

        hf_buf_putc(&letter->text, *text);
        hf_worker_add(letters->worker, &letter->head);
    }
}

static struct letters begin(void)
{
    struct letters letters = {.loop = qb_loop_create()};

    sem_init(&letters.begun, 0, 0);
    sem_init(&letters.may_go_on, 0, 0);
    freed = 0;
    return letters;
}

static void end(struct letters *letters)
{
    hf_buf_free(&letters->run);
    hf_buf_free(&letters->told);
    qb_loop_destroy(letters->loop);
    sem_destroy(&letters->begun);
    sem_destroy(&letters->may_go_on);
}

static void jobs_are_done_in_their_order_by_another_thread(void **state)
{
    struct letters letters = begin();

    letters.wanted = strlen("a b c d ");
    letters.worker = hf_worker_start(letters.loop, QB_LOOP_MED, &plain, &letters);
    add(&letters, "abcd");
    qb_loop_run(letters.loop);
    assert_string_equal(hf_buf_text(&letters.told), "a b c d ");
    assert_string_equal(hf_buf_text(&letters.run), "a b c d ");
    assert_true(pthread_equal(letters.told_in, pthread_self()));
    assert_false(pthread_equal(letters.ran_in, pthread_self()));
    hf_worker_stop(letters.worker, false);
    assert_int_equal(freed, 4);
    end(&letters);
}

static void what_waits_is_joined(void **state)
{
    struct letters letters = begin();

    letters.wanted = strlen("A bcd 1 ef ");
    letters.worker = hf_worker_start(letters.loop, QB_LOOP_MED, &joining, &letters);
    add(&letters, "A");
    sem_wait(&letters.begun);
    add(&letters, "bcd1ef");
    sem_post(&letters.may_go_on);
    qb_loop_run(letters.loop);
    assert_string_equal(hf_buf_text(&letters.told), "A bcd 1 ef ");
    hf_worker_stop(letters.worker, false);
    assert_int_equal(freed, 7);
    end(&letters);
}

static void all_that_waits_is_finished_if_asked_for(void **state)
{
    struct letters letters = begin();

    letters.worker = hf_worker_start(letters.loop, QB_LOOP_MED, &plain, &letters);
    add(&letters, "Xyz");
    sem_wait(&letters.begun);
    sem_post(&letters.may_go_on);
    hf_worker_stop(letters.worker, true);
    assert_string_equal(hf_buf_text(&letters.run), "X y z ");
    assert_int_equal(letters.told.length, 0);
    assert_int_equal(freed, 3);
    end(&letters);
}

/* How much of it was done before is left to chance: it is freed and not told either way. */
static void otherwise_it_is_dropped(void **state)
{
    struct letters letters = begin();

    letters.worker = hf_worker_start(letters.loop, QB_LOOP_MED, &plain, &letters);
    add(&letters, "Xyz");
    sem_wait(&letters.begun);
    sem_post(&letters.may_go_on);
    hf_worker_stop(letters.worker, false);
    assert_int_equal(strncmp(hf_buf_text(&letters.run), "X ", 2), 0);
    assert_int_equal(letters.told.length, 0);
    assert_int_equal(freed, 3);
    end(&letters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_done_in_their_order_by_another_thread),
        cmocka_unit_test(what_waits_is_joined),
        cmocka_unit_test(all_that_waits_is_finished_if_asked_for),
        cmocka_unit_test(otherwise_it_is_dropped),
    };

    return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
