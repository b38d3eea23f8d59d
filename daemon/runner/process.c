/* process.c - one running agent; see process.h. */
#include "daemon/runner/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/runner/capture.h"
#include "lib/child.h"

struct runner_process {
    qb_loop_t *loop;
    uint64_t run;
    enum runner_class class;
    char *operation;
    struct hf_child child;
    struct runner_capture output, errors;
    bool output_open, errors_open, pidfd_open;
    bool signalled; /* by us: what is left of its group must go with it */
    runner_process_done *done;
    void *context;
};

enum { READS_AT_ONCE = 16 }; /* an agent that prints without end must not starve the others */

/* Reads what there is, at most a few times. False at the end of the stream. */
static bool drain(int fd, struct runner_capture *capture, int reads)
{
    char bytes[4096];

    while (reads-- > 0) {
        ssize_t length = read(fd, bytes, sizeof(bytes));

        if (length > 0)
            runner_capture_add(capture, bytes, (size_t)length);
        else if (length == 0 || (errno != EINTR && errno != EAGAIN))
            return false;
        else if (errno == EAGAIN)
            return true;
    }
    return true;
}

static void close_stream(struct runner_process *process, int *fd, bool *open)
{
    if (*open)
        qb_loop_poll_del(process->loop, *fd);
    *open = false;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void runner_process_free(struct runner_process *process)
{
    if (process == NULL)
        return;
    close_stream(process, &process->child.output, &process->output_open);
    close_stream(process, &process->child.errors, &process->errors_open);
    close_stream(process, &process->child.pidfd, &process->pidfd_open);
    runner_capture_clear(&process->output);
    runner_capture_clear(&process->errors);
    free(process->operation);
    free(process);
}

uint64_t runner_process_run(const struct runner_process *process)
{
    return process->run;
}

void runner_process_signal(struct runner_process *process, int number)
{
    process->signalled = true;
    hf_child_signal(&process->child, number);
}

static int32_t readable(int32_t fd, int32_t revents, void *data)
{
    struct runner_process *process = data;
    bool is_output = fd == process->child.output;

    if (drain(fd, is_output ? &process->output : &process->errors, READS_AT_ONCE))
        return 0;
    if (is_output)
        close_stream(process, &process->child.output, &process->output_open);
    else
        close_stream(process, &process->child.errors, &process->errors_open);
    return 0;
}

static struct runner_end end_of(const struct runner_process *process, int status, char **reason)
{
    /* Only OCF agents (and our own systemd helper) speak of exit reasons. */
    *reason = process->class == RUNNER_LSB ? hf_strdup("") : runner_capture_reason(&process->errors);
    if (!WIFSIGNALED(status))
        return (struct runner_end){
            .rc = runner_exit_code(process->class, process->operation, WEXITSTATUS(status)),
            .status = RUNNER_DONE};
    if (!process->signalled) {
        free(*reason);
        *reason = hf_asprintf("%s was killed by signal %d (%s)", process->operation, WTERMSIG(status),
                              strsignal(WTERMSIG(status)));
    }
    return (struct runner_end){.rc = RUNNER_OCF_ERROR, .status = RUNNER_ERROR};
}

static int32_t ended(int32_t fd, int32_t revents, void *data)
{
    struct runner_process *process = data;
    int status;

    /* Before it is reaped its process group cannot be anybody else's. */
    if (process->signalled)
        hf_child_signal(&process->child, SIGKILL);
    if (!hf_child_reap(&process->child, &status))
        return 0;
    /* What it left in the pipes; a service that it started may hold them open for ever. */
    if (process->output_open)
        drain(process->child.output, &process->output, READS_AT_ONCE);
    if (process->errors_open)
        drain(process->child.errors, &process->errors, READS_AT_ONCE);

    HF_CLEANUP(hf_freep) char *reason = NULL;
    HF_CLEANUP(hf_freep)
    char *output =
        runner_capture_text(runner_capture_empty(&process->errors) ? &process->output : &process->errors);
    struct runner_end end = end_of(process, status, &reason);

    end.reason = reason;
    end.output = output;
    process->done(process->context, process->run, &end);
    runner_process_free(process);
    return 0;
}

/* Fills end for an agent that did not come to run. */
static void refuse(struct runner_end *end, struct runner_refusal refusal, const char *reason)
{
    *end = (struct runner_end){.rc = refusal.rc, .status = refusal.status, .reason = reason, .output = ""};
}

static void watch(struct runner_process *process)
{
    qb_loop_t *loop = process->loop;
    const struct hf_child *child = &process->child;

    process->output_open = qb_loop_poll_add(loop, QB_LOOP_MED, child->output, POLLIN, process, readable) == 0;
    process->errors_open = qb_loop_poll_add(loop, QB_LOOP_MED, child->errors, POLLIN, process, readable) == 0;
    process->pidfd_open = qb_loop_poll_add(loop, QB_LOOP_MED, child->pidfd, POLLIN, process, ended) == 0;
}

struct runner_process *runner_process_start(qb_loop_t *loop, const struct runner_places *places, uint64_t run,
                                            const struct runner_call *call, runner_process_done *done,
                                            void *context, struct runner_end *end, char **reason)
{
    struct runner_command command;
    struct hf_child child;
    enum runner_class class = runner_class_parse(call->class);

    *reason = NULL;
    if (class == RUNNER_SERVICE) {
        HF_CLEANUP(hf_freep) char *script = runner_script_path(places, call->type);

        class = runner_class_resolve(class, access(script, F_OK) == 0);
    }

    struct hf_error *error = runner_command_make(call, class, places, environ, &command);

    if (error != NULL) {
        *reason = hf_strdup(hf_error_text(error));
        refuse(end, runner_exec_failure(ENOENT), *reason);
        hf_error_free(error);
        return NULL;
    }

    const struct hf_child_spec spec = {
        .path = command.path, .argv = command.argv, .environment = command.environment};
    int failure = hf_child_start(&spec, &child);

    if (failure != 0) {
        *reason = hf_asprintf("%s: %s", command.path, strerror(failure));
        refuse(end, runner_exec_failure(failure), *reason);
        runner_command_clear(&command);
        return NULL;
    }
    runner_command_clear(&command);

    struct runner_process *process = hf_calloc(1, sizeof(*process));
    /* Of meta-data nothing may be missing. */
    bool whole = strcmp(call->operation, "meta-data") == 0;

    process->loop = loop;
    process->run = run;
    process->class = class;
    process->operation = hf_strdup(call->operation);
    process->child = child;
    runner_capture_init(&process->output, whole ? RUNNER_OUTPUT_LONG : RUNNER_OUTPUT_MAX);
    runner_capture_init(&process->errors, RUNNER_OUTPUT_MAX);
    process->done = done;
    process->context = context;
    watch(process);
    return process;
}
