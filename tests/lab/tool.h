/* tool.h - what the measuring programs of the lab share: one clock, signals, giving up. */
#pragma once

#include <stdint.h>

/* CLOCK_MONOTONIC, which all machines of a lab have in common. */
int64_t tool_now_ns(void);

/* Prints "began at S", the epoch's seconds at the moment of the returned tool_now_ns(), and flushes: what
 * else is printed counts from there, and whoever waits for the beginning sees it. */
int64_t tool_begin(void);

/* From now on signal number (SIGTERM, ...) is only noted. */
void tool_note_signal(int number);

/* The last signal noted, 0 for none. */
int tool_signal(void);

/* Prints "PROGRAM: what: what errno says" and ends with 1. */
void tool_fail(const char *what) __attribute__((noreturn));
