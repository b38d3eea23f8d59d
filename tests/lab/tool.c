/* tool.c - see tool.h. */
#include "tests/lab/tool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t noted;

static void on_signal(int number)
{
    noted = number;
}

int64_t tool_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t tool_begin(void)
{
    struct timespec epoch;

    clock_gettime(CLOCK_REALTIME, &epoch);
    printf("began at %lld.%06ld\n", (long long)epoch.tv_sec, epoch.tv_nsec / 1000);
    fflush(stdout);
    return tool_now_ns();
}

void tool_note_signal(int number)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(number, &action, NULL);
}

int tool_signal(void)
{
    return noted;
}

void tool_fail(const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(1);
}
