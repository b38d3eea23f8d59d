/* served.h - a control socket's server in a process of its own, for the tests of its clients. */
#ifndef HF_TEST_SERVED_H
#define HF_TEST_SERVED_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* Forks; the child runs process(), which writes a byte to ready once it listens on name, and does not return.
 * Gives the child's pid once that byte is there. */
static inline pid_t served_start(const char *name, void (*process)(const char *name, int ready))
{
    int ready[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        process(name, ready[1]);
        _exit(1);
    }
    assert_true(pid > 0);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

#endif
