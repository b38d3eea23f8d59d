/* child.c - starting another program; see child.h. */
#include "lib/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_pair(int pair[2])
{
    close_one(&pair[0]);
    close_one(&pair[1]);
}

/* Everything that a daemon changed for itself and a program does not expect. */
static void reset_process(void)
{
    const struct sched_param parameters = {0};
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP)
            signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (sched_getscheduler(0) != SCHED_OTHER)
        sched_setscheduler(0, SCHED_OTHER, &parameters);
    setpriority(PRIO_PROCESS, 0, 0);
    umask(026); /* as Pacemaker's daemons have it */
}

/* Puts input, output and errors at 0, 1 and 2; they may be anything above 2 themselves. */
static bool redirect(int input, int output, int errors)
{
    return dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
           dup2(errors, STDERR_FILENO) >= 0;
}

/* In the child: becomes the program, or tells why not through report. Only async-signal-safe calls. */
static void __attribute__((noreturn))
become(const struct hf_child_spec *spec, int input, int output, int errors, int report)
{
    setpgid(0, 0);
    reset_process();
    if (redirect(input, output, errors) && chdir(spec->directory == NULL ? "/" : spec->directory) == 0) {
        /* Whatever was opened without CLOEXEC is not the program's business either. */
        close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
        execve(spec->path, spec->argv, spec->environment == NULL ? environ : spec->environment);
    }

    int error = errno;
    ssize_t ignored = write(report, &error, sizeof(error));

    (void)ignored;
    _exit(127);
}

/* A pipe whose ends are above 2, so that redirect() cannot step on them. */
static int open_pipe(int pair[2], int flags)
{
    if (pipe2(pair, O_CLOEXEC | flags) != 0) {
        pair[0] = pair[1] = -1;
        return errno;
    }
    for (int i = 0; i < 2; i++) {
        if (pair[i] > STDERR_FILENO)
            continue;

        int higher = fcntl(pair[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        int error = errno;

        if (higher < 0) {
            close_pair(pair);
            return error;
        }
        close(pair[i]);
        pair[i] = higher;
    }
    return 0;
}

/* /dev/null, above 2 as well. */
static int open_null(int flags)
{
    int low = open("/dev/null", flags | O_CLOEXEC);
    int high = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;

    close_one(&low);
    errno = error;
    return high;
}

/* A file in memory with the text in it, read from its start; a pipe would have to be fed. Above 2. */
static int open_text(const char *text)
{
    size_t length = strlen(text), done = 0;
    int low = memfd_create("input", MFD_CLOEXEC);
    int high = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;

    close_one(&low);
    while (high >= 0 && done < length) {
        ssize_t written = pwrite(high, text + done, length - done, (off_t)done);

        if (written > 0) {
            done += (size_t)written;
        } else if (errno != EINTR) {
            error = errno;
            close_one(&high);
        }
    }
    errno = error;
    return high;
}

/* Waits for the exec to happen (the pipe closes) or to fail (an errno value comes through it). */
static int read_report(int report)
{
    int error = 0;
    ssize_t length;

    do
        length = read(report, &error, sizeof(error));
    while (length < 0 && errno == EINTR);
    return length == sizeof(error) ? error : 0;
}

static void reap_failed(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* Forks and executes; the descriptors stay the caller's. */
static int launch(const struct hf_child_spec *spec, int input, int output, int errors, pid_t *pid, int *pidfd)
{
    int report[2];
    int error = open_pipe(report, 0);

    if (error != 0)
        return error;
    *pid = fork();
    if (*pid == 0)
        become(spec, input, output, errors, report[1]);
    if (*pid < 0)
        error = errno;
    close_one(&report[1]);
    if (error == 0) {
        setpgid(*pid, *pid);
        error = read_report(report[0]);
        if (error == 0 && (*pidfd = pidfd_open(*pid, 0)) < 0) {
            error = errno;
            kill(-*pid, SIGKILL);
        }
        if (error != 0)
            reap_failed(*pid);
    }
    close_one(&report[0]);
    return error;
}

int hf_child_start(const struct hf_child_spec *spec, struct hf_child *child)
{
    int output[2] = {-1, -1}, errors[2] = {-1, -1};
    int input = spec->input != NULL ? open_text(spec->input) : open_null(O_RDONLY);
    int error = input < 0 ? errno : 0;

    *child = (struct hf_child){.pid = -1, .pidfd = -1, .output = -1, .errors = -1};
    if (error == 0)
        error = open_pipe(output, 0);
    if (error == 0)
        error = open_pipe(errors, 0);
    if (error == 0)
        error = launch(spec, input, output[1], errors[1], &child->pid, &child->pidfd);
    if (error == 0) {
        /* Only our ends: programs do not expect a stdout that does not wait. */
        fcntl(output[0], F_SETFL, O_NONBLOCK);
        fcntl(errors[0], F_SETFL, O_NONBLOCK);
        child->output = output[0];
        child->errors = errors[0];
        output[0] = errors[0] = -1;
    }
    close_one(&input);
    close_pair(output);
    close_pair(errors);
    return error;
}

void hf_child_signal(const struct hf_child *child, int number)
{
    kill(-child->pid, number);
}

bool hf_child_reap(const struct hf_child *child, int *status)
{
    pid_t pid;

    do
        pid = waitpid(child->pid, status, WNOHANG);
    while (pid < 0 && errno == EINTR);
    if (pid < 0)
        *status = 0; /* somebody else reaped it; its status is lost */
    return pid != 0;
}

int hf_child_detach(const char *path, char *const *argv)
{
    const struct hf_child_spec spec = {.path = path, .argv = argv};
    int report[2];
    int error = open_pipe(report, 0);

    if (error != 0)
        return error;

    pid_t pid = fork();

    if (pid == 0) {
        /* The middle one: its child becomes init's as soon as it exits. */
        int null = open_null(O_RDWR);
        pid_t second = null < 0 || setsid() < 0 ? -1 : fork();

        if (second == 0)
            become(&spec, null, null, null, report[1]);
        error = errno;
        if (second < 0 && write(report[1], &error, sizeof(error)) < 0)
            _exit(1);
        _exit(0);
    }
    error = pid < 0 ? errno : 0;
    close_one(&report[1]);
    if (error == 0) {
        reap_failed(pid);
        error = read_report(report[0]);
    }
    close_one(&report[0]);
    return error;
}
