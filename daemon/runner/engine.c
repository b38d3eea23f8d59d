/* engine.c - the queue at work; see engine.h. */
#include "daemon/runner/engine.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "daemon/runner/process.h"
#include "lib/log.h"

/* An agent that could not be started: its end is an event of its own, after the one that asked for it. */
struct stillborn {
    uint64_t run;
    struct runner_end end;
    char *reason;
};

struct runner_engine {
    qb_loop_t *loop;
    struct runner_places places;
    struct runner_queue *queue;
    struct runner_process **processes;
    size_t process_count, process_capacity;
    struct stillborn *stillborn;
    size_t stillborn_count, stillborn_capacity;
    qb_loop_timer_handle timer;
    int64_t timer_at; /* INT64_MAX: not set */
    uint64_t logged;  /* sequence of the last result that the log has */
    void (*changed)(void *context);
    void *context;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct runner_engine *runner_engine_new(qb_loop_t *loop, const struct runner_places *places,
                                        void (*changed)(void *context), void *context)
{
    struct runner_engine *engine = hf_calloc(1, sizeof(*engine));

    engine->loop = loop;
    engine->places = *places;
    engine->queue = runner_queue_new();
    engine->timer_at = INT64_MAX;
    engine->changed = changed;
    engine->context = context;
    return engine;
}

void runner_engine_free(struct runner_engine *engine)
{
    if (engine == NULL)
        return;
    for (size_t i = 0; i < engine->process_count; i++)
        runner_process_free(engine->processes[i]);
    free(engine->processes);
    free(engine->stillborn);
    if (engine->timer_at != INT64_MAX)
        qb_loop_timer_del(engine->loop, engine->timer);
    runner_queue_free(engine->queue);
    free(engine);
}

const struct runner_queue *runner_engine_queue(const struct runner_engine *engine)
{
    return engine->queue;
}

/* --- performing --- */

static void process_done(void *context, uint64_t run, const struct runner_end *end)
{
    struct runner_engine *engine = context;

    for (size_t i = 0; i < engine->process_count; i++) {
        if (runner_process_run(engine->processes[i]) == run) {
            engine->processes[i] = engine->processes[--engine->process_count];
            break;
        }
    }
    runner_engine_event(engine, (struct runner_event){.type = RUNNER_ENDED, .run = run, .end = *end});
}

static void start(struct runner_engine *engine, const struct runner_todo *todo)
{
    struct runner_end end;
    char *reason;
    struct runner_process *process = runner_process_start(engine->loop, &engine->places, todo->run,
                                                          todo->call, process_done, engine, &end, &reason);

    hf_debug("%s: %s begins", todo->call->resource, todo->call->operation);
    if (process != NULL) {
        hf_grow(&engine->processes, &engine->process_capacity, engine->process_count + 1,
                sizeof(*engine->processes));
        engine->processes[engine->process_count++] = process;
        return;
    }
    hf_grow(&engine->stillborn, &engine->stillborn_capacity, engine->stillborn_count + 1,
            sizeof(*engine->stillborn));
    engine->stillborn[engine->stillborn_count++] =
        (struct stillborn){.run = todo->run, .end = end, .reason = reason};
}

static void signal_run(struct runner_engine *engine, uint64_t run, int number)
{
    for (size_t i = 0; i < engine->process_count; i++)
        if (runner_process_run(engine->processes[i]) == run)
            runner_process_signal(engine->processes[i], number);
}

static void step(struct runner_engine *engine, struct runner_event *event)
{
    event->now = now_ms();
    event->wall = time(NULL);

    struct runner_update update = runner_queue_step(engine->queue, event);

    for (size_t i = 0; i < update.count; i++) {
        const struct runner_todo *todo = &update.todo[i];

        switch (todo->type) {
        case RUNNER_START:
            start(engine, todo);
            break;
        case RUNNER_TERM:
            signal_run(engine, todo->run, SIGTERM);
            break;
        case RUNNER_KILL:
            signal_run(engine, todo->run, SIGKILL);
            break;
        }
    }
}

static void timer_fired(void *data)
{
    struct runner_engine *engine = data;

    engine->timer_at = INT64_MAX;
    runner_engine_event(engine, (struct runner_event){.type = RUNNER_TICK});
}

static void set_timer(struct runner_engine *engine)
{
    int64_t deadline = runner_queue_deadline(engine->queue);
    int64_t left = deadline - now_ms();

    if (deadline == engine->timer_at)
        return;
    if (engine->timer_at != INT64_MAX)
        qb_loop_timer_del(engine->loop, engine->timer);
    engine->timer_at = INT64_MAX;
    if (deadline == INT64_MAX)
        return;
    /* One more so that the clock has reached the deadline when it fires. */
    left = left < 0 ? 0 : left + 1;
    if (qb_loop_timer_add(engine->loop, QB_LOOP_MED, (uint64_t)left * 1000000, engine, timer_fired,
                          &engine->timer) == 0)
        engine->timer_at = deadline;
    else
        hf_error_log("no timer for the next operation: out of memory");
}

/* What the owner will be told, the log is told too. */
static void log_results(struct runner_engine *engine)
{
    const struct runner_result *result;

    while ((result = runner_queue_outbox(engine->queue, engine->logged)) != NULL) {
        int expected = result->expected_rc < 0 ? RUNNER_OCF_OK : result->expected_rc;
        bool good =
            result->status == RUNNER_CANCELLED || (result->status == RUNNER_DONE && result->rc == expected);

        hf_log(good ? LOG_INFO : LOG_WARNING, "%s: %s every %u ms: %s, rc %d (%s) after %u ms%s%s",
               result->resource, result->operation, result->interval_ms, runner_status_text(result->status),
               result->rc, runner_ocf_text(result->rc), result->exec_ms,
               result->reason[0] == '\0' ? "" : ": ", result->reason);
        engine->logged = result->sequence;
    }
}

void runner_engine_event(struct runner_engine *engine, struct runner_event event)
{
    step(engine, &event);
    while (engine->stillborn_count > 0) {
        struct stillborn one = engine->stillborn[--engine->stillborn_count];
        struct runner_event end = {.type = RUNNER_ENDED, .run = one.run, .end = one.end};

        step(engine, &end);
        free(one.reason);
    }
    log_results(engine);
    set_timer(engine);
    engine->changed(engine->context);
}
