/* program.c - see program.h. */
#include "cli/program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes what can be read now; false at the end of the stream. */
static bool drain(int fd, struct hf_buf *into, size_t limit)
{
    char chunk[8192];
    ssize_t got = read(fd, chunk, sizeof(chunk));

    if (got > 0 && into->length <= limit)
        hf_buf_add(into, chunk, (size_t)got);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Reads output and errors until the child has ended. */
static struct hf_error *collect(const struct hf_child *child, int64_t limit_ms, size_t limit,
                                struct program_result *result, int *status)
{
    struct pollfd fds[] = {{.fd = child->output, .events = POLLIN},
                           {.fd = child->errors, .events = POLLIN},
                           {.fd = child->pidfd, .events = POLLIN}};
    int64_t deadline = now_ms() + limit_ms;

    while (result->output.length <= limit) {
        int64_t left = deadline - now_ms();

        if (left <= 0)
            return hf_error_new(HF_REFUSED, "did not end within %d s", (int)(limit_ms / 1000));
        if (poll(fds, HF_ARRAY_LENGTH(fds), (int)left) < 0 && errno != EINTR)
            return hf_error_errno(errno, "cannot wait for it");
        if (fds[0].revents != 0 && !drain(child->output, &result->output, limit))
            fds[0].fd = -1;
        if (fds[1].revents != 0 && !drain(child->errors, &result->errors, limit))
            fds[1].fd = -1;
        if (fds[2].revents != 0 && hf_child_reap(child, status)) {
            while (drain(child->output, &result->output, limit) && errno != EAGAIN &&
                   result->output.length <= limit)
                continue;
            return NULL;
        }
        errno = 0;
    }
    return hf_error_new(HF_REFUSED, "printed more than %zu bytes", limit);
}

struct hf_error *program_run(const struct hf_child_spec *spec, int64_t limit_ms, size_t limit,
                             struct program_result *result)
{
    struct hf_error *error;
    struct hf_child child;
    int status = 0, number = hf_child_start(spec, &child);

    *result = (struct program_result){0};
    if (number != 0)
        return hf_error_new(HF_REFUSED, "cannot be run: %s", strerror(number));
    error = collect(&child, limit_ms, limit, result, &status);
    if (error != NULL) {
        hf_child_signal(&child, SIGKILL);
        while (!hf_child_reap(&child, &status))
            poll(&(struct pollfd){.fd = child.pidfd, .events = POLLIN}, 1, 1000);
    }
    close(child.pidfd);
    close(child.output);
    close(child.errors);
    result->code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return error;
}

void program_result_free(struct program_result *result)
{
    hf_buf_free(&result->output);
    hf_buf_free(&result->errors);
}

char *program_find(const char *name)
{
    static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                          "/usr/bin",        "/sbin",          "/bin"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(folders); i++) {
        char *path = hf_asprintf("%s/%s", folders[i], name);

        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

struct hf_error *program_call(char *const *argv, const char *input, int64_t limit_ms, struct hf_buf *output)
{
    enum { LIMIT = 64 * 1024 * 1024 };
    HF_CLEANUP(hf_freep) char *path = program_find(argv[0]);
    struct hf_child_spec spec = {.path = path, .argv = argv, .input = input};
    struct program_result result;
    struct hf_error *error;

    if (path == NULL)
        return hf_error_new(HF_FAILED, "the program %s is not installed on this machine", argv[0]);
    error = program_run(&spec, limit_ms, LIMIT, &result);
    if (error == NULL && result.code != 0) {
        const char *words =
            result.errors.length > 0 ? hf_buf_text(&result.errors) : hf_buf_text(&result.output);

        error = hf_error_new(HF_FAILED, "ended with exit code %d%s%.*s", result.code,
                             *words != '\0' ? ", saying: " : "", (int)strcspn(words, "\n"), words);
    }
    if (error == NULL && output != NULL) {
        *output = result.output;
        result.output = (struct hf_buf){0};
    }
    program_result_free(&result);
    return hf_error_wrap(error, "%s", argv[0]);
}
