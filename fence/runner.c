/* runner.c - see runner.h. */
#include "fence/runner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/child.h"

enum {
    READS_AT_ONCE = 16, /* an agent that prints without end must not starve the others */
    ERRORS_MAX = 4096,  /* bytes of standard error that are kept: its end */
    KILL_AFTER_MS = 2000,
    NOT_RUN = 256,
};

struct agent {
    struct fence_runner *runner;
    uint64_t run;
    bool started; /* there is a child; otherwise it only waits to be reported */
    bool forgotten, timed_out;
    struct hf_child child;
    bool output_open, errors_open, ended_open, timer_on;
    qb_loop_timer_handle timer;
    struct hf_buf output, errors;
    struct agent *next;
};

struct fence_runner {
    qb_loop_t *loop;
    char *directory;
    fence_runner_done *done;
    void *context;
    struct agent *agents;
};

/* --- the life of one agent --- */

static void close_stream(struct agent *agent, int *fd, bool *open)
{
    if (*open)
        qb_loop_poll_del(agent->runner->loop, *fd);
    *open = false;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void stop_timer(struct agent *agent)
{
    if (agent->timer_on)
        qb_loop_timer_del(agent->runner->loop, agent->timer);
    agent->timer_on = false;
}

static void free_agent(struct agent *agent)
{
    struct agent **at = &agent->runner->agents;

    while (*at != agent)
        at = &(*at)->next;
    *at = agent->next;
    stop_timer(agent);
    close_stream(agent, &agent->child.output, &agent->output_open);
    close_stream(agent, &agent->child.errors, &agent->errors_open);
    close_stream(agent, &agent->child.pidfd, &agent->ended_open);
    hf_buf_free(&agent->output);
    hf_buf_free(&agent->errors);
    free(agent);
}

/* The last line that is not blank, with an end. */
static const char *last_line(struct hf_buf *errors)
{
    char *text = errors->data;

    if (text == NULL)
        return "";
    while (errors->length > 0 && strchr(" \t\r\n", text[errors->length - 1]) != NULL)
        text[--errors->length] = '\0';
    for (size_t i = errors->length; i > 0; i--)
        if (text[i - 1] == '\n' || text[i - 1] == '\r')
            return text + i;
    return text;
}

/* Tells the result and frees the agent. */
static void report(struct agent *agent, int exit_status)
{
    struct fence_runner *runner = agent->runner;
    const struct fence_end end = {.run = agent->run,
                                  .exit_status = exit_status,
                                  .timed_out = agent->timed_out,
                                  .output = hf_buf_text(&agent->output),
                                  .reason = last_line(&agent->errors)};

    if (!agent->forgotten)
        runner->done(runner->context, &end);
    free_agent(agent);
}

/* Reads what there is, at most a few times. False at the end of the stream. */
static bool drain(int fd, struct agent *agent, bool is_output)
{
    char bytes[4096];

    for (int reads = 0; reads < READS_AT_ONCE; reads++) {
        ssize_t length = read(fd, bytes, sizeof bytes);

        if (length == 0 || (length < 0 && errno != EINTR && errno != EAGAIN))
            return false;
        if (length < 0 && errno == EAGAIN)
            return true;
        if (length < 0)
            continue;
        if (is_output && agent->output.length < FENCE_OUTPUT_MAX)
            hf_buf_add(&agent->output, bytes, (size_t)length);
        if (is_output)
            continue;
        hf_buf_add(&agent->errors, bytes, (size_t)length);
        if (agent->errors.length > ERRORS_MAX) {
            size_t extra = agent->errors.length - ERRORS_MAX;

            memmove(agent->errors.data, agent->errors.data + extra, ERRORS_MAX + 1);
            agent->errors.length = ERRORS_MAX;
        }
    }
    return true;
}

static int32_t readable(int32_t fd, int32_t revents, void *data)
{
    struct agent *agent = data;
    bool is_output = fd == agent->child.output;

    if (drain(fd, agent, is_output))
        return 0;
    if (is_output)
        close_stream(agent, &agent->child.output, &agent->output_open);
    else
        close_stream(agent, &agent->child.errors, &agent->errors_open);
    return 0;
}

static int32_t ended(int32_t fd, int32_t revents, void *data)
{
    struct agent *agent = data;
    int status;

    /* What it left running must not go on switching power after its time; before it is reaped its group
     * cannot be anybody else's. */
    if (agent->timed_out || agent->forgotten)
        hf_child_signal(&agent->child, SIGKILL);
    if (!hf_child_reap(&agent->child, &status))
        return 0;
    if (agent->output_open)
        drain(agent->child.output, agent, true);
    if (agent->errors_open)
        drain(agent->child.errors, agent, false);
    report(agent, WIFEXITED(status) ? WEXITSTATUS(status) : NOT_RUN);
    return 0;
}

static void start_timer(struct agent *agent, int64_t ms, qb_loop_timer_dispatch_fn dispatch)
{
    agent->timer_on = qb_loop_timer_add(agent->runner->loop, QB_LOOP_HIGH, (uint64_t)ms * 1000000, agent,
                                        dispatch, &agent->timer) == 0;
}

static void kill_it(void *data)
{
    struct agent *agent = data;

    agent->timer_on = false;
    hf_child_signal(&agent->child, SIGKILL);
}

static void end_it(struct agent *agent)
{
    stop_timer(agent);
    hf_child_signal(&agent->child, SIGTERM);
    start_timer(agent, KILL_AFTER_MS, kill_it);
}

static void time_is_over(void *data)
{
    struct agent *agent = data;

    agent->timer_on = false;
    agent->timed_out = true;
    end_it(agent);
}

/* It never ran: told from the loop, not from within fence_runner_run(). */
static void report_failure(void *data)
{
    struct agent *agent = data;

    agent->timer_on = false;
    report(agent, NOT_RUN);
}

/* --- starting --- */

static int start_in(struct agent *agent, const char *directory, const char *name, const char *input)
{
    HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/%s", directory, name);
    char *argv[] = {path, NULL};
    const struct hf_child_spec spec = {.path = path, .argv = argv, .input = input};
    int error = hf_child_start(&spec, &agent->child);

    if (error != 0)
        hf_buf_printf(&agent->errors, "%s: %s\n", path, strerror(error));
    return error;
}

static int start(struct agent *agent, const char *name, const char *input)
{
    int error;

    if (strchr(name, '/') != NULL) {
        hf_buf_printf(&agent->errors, "'%s' is not the name of a fence agent", name);
        return EINVAL;
    }
    if (agent->runner->directory != NULL)
        return start_in(agent, agent->runner->directory, name, input);
    error = start_in(agent, "/usr/sbin", name, input);
    if (error == ENOENT && strcmp(HF_SBINDIR, "/usr/sbin") != 0)
        error = start_in(agent, HF_SBINDIR, name, input);
    if (error == 0)
        hf_buf_reset(&agent->errors);
    return error;
}

static void watch(struct agent *agent)
{
    qb_loop_t *loop = agent->runner->loop;
    const struct hf_child *child = &agent->child;

    agent->output_open = qb_loop_poll_add(loop, QB_LOOP_MED, child->output, POLLIN, agent, readable) == 0;
    agent->errors_open = qb_loop_poll_add(loop, QB_LOOP_MED, child->errors, POLLIN, agent, readable) == 0;
    agent->ended_open = qb_loop_poll_add(loop, QB_LOOP_MED, child->pidfd, POLLIN, agent, ended) == 0;
}

void fence_runner_run(struct fence_runner *runner, uint64_t run, const char *name, const char *input,
                      int64_t timeout_ms)
{
    struct agent *agent = hf_calloc(1, sizeof *agent);

    agent->runner = runner;
    agent->run = run;
    agent->child = (struct hf_child){.pid = -1, .pidfd = -1, .output = -1, .errors = -1};
    agent->next = runner->agents;
    runner->agents = agent;
    agent->started = start(agent, name, input) == 0;
    if (!agent->started) {
        start_timer(agent, 0, report_failure);
        return;
    }
    watch(agent);
    start_timer(agent, timeout_ms > 0 ? timeout_ms : 1, time_is_over);
}

void fence_runner_forget(struct fence_runner *runner, uint64_t run)
{
    for (struct agent *agent = runner->agents; agent != NULL; agent = agent->next) {
        if (agent->run != run || agent->forgotten)
            continue;
        agent->forgotten = true;
        if (agent->started && !agent->timed_out)
            end_it(agent);
        return;
    }
}

/* --- the runner --- */

struct fence_runner *fence_runner_new(qb_loop_t *loop, const char *directory, fence_runner_done *done,
                                      void *context)
{
    struct fence_runner *runner = hf_calloc(1, sizeof *runner);

    runner->loop = loop;
    runner->directory = hf_strdup(directory);
    runner->done = done;
    runner->context = context;
    return runner;
}

void fence_runner_free(struct fence_runner *runner)
{
    if (runner == NULL)
        return;
    while (runner->agents != NULL) {
        int status;

        if (runner->agents->started) {
            hf_child_signal(&runner->agents->child, SIGKILL);
            (void)hf_child_reap(&runner->agents->child, &status);
        }
        free_agent(runner->agents);
    }
    free(runner->directory);
    free(runner);
}
