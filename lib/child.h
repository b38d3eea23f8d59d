/* child.h - starting another program, and knowing when it ends.
 *
 * The child gets a process group of its own, default signals, stdin from /dev/null or
 * a given text, stdout and stderr as pipes, and no other descriptor.  A failure to execute it is known at
 * once, as an errno value, not from an exit status.  Its end is seen on a pidfd, so no SIGCHLD handler is
 * needed. */
#ifndef HF_CHILD_H
#define HF_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/alloc.h"

struct hf_child_spec {
    const char *path;
    char *const *argv;
    char *const *environment; /* NULL: this process's */
    const char *directory;    /* NULL: "/" */
    const char *input;        /* what it reads on stdin; NULL: nothing (/dev/null) */
};

struct hf_child {
    pid_t pid;  /* also its process group */
    int pidfd;  /* readable once it ended; the caller's to close */
    int output; /* its stdout and stderr, non-blocking; the caller's to close */
    int errors;
};

/* Starts the program. Returns 0, or the errno value of what failed (then nothing is left behind). */
int hf_child_start(const struct hf_child_spec *spec, struct hf_child *child) HF_MUST_CHECK;
/* Sends a signal to the whole process group; only while the child has not been reaped. */
void hf_child_signal(const struct hf_child *child, int number);
/* Reaps a child that ended: its wait status in *status. False if it has not ended yet. */
bool hf_child_reap(const struct hf_child *child, int *status);

/* Starts a program that must outlive this one: own session, child of init, output to /dev/null.
 * Returns 0 or an errno value. */
int hf_child_detach(const char *path, char *const *argv) HF_MUST_CHECK;

#endif
