/* netlab.h - two network namespaces joined by a cable, and a prober at its other end.
 *
 * netlab_up() moves the calling process into namespaces of its own with interface v0; a thread in another
 * namespace holds v1 and speaks raw Ethernet.  Every millisecond it asks each question and notes when, by the
 * kernel's time stamp, an answer came.  Times are CLOCK_BOOTTIME, ns. */
#ifndef TESTS_GUARD_NETLAB_H
#define TESTS_GUARD_NETLAB_H

#include <stdbool.h>
#include <stdint.h>

/* Asked of the VIP; the last one of another address of the same node. */
enum netlab_question { ASK_ARP, ASK_PING, ASK_ND, ASK_PING6, ASK_OTHER, NETLAB_QUESTIONS };

#define NETLAB_VIP4 "10.9.0.7"
#define NETLAB_VIP6 "fd09::7"
#define NETLAB_OTHER4 "10.9.0.8"

/* False if there is no permission for namespaces. */
bool netlab_up(void);
/* (Re)makes the cable and gives v0 its addresses, VIPs included. */
void netlab_cable(void);
/* Runs a command; fails the test if it fails. */
void netlab_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Whether a shell command succeeds. */
bool netlab_try(const char *format, ...) __attribute__((format(printf, 1, 2)));

int64_t netlab_now(void);
void netlab_sleep(int ms);

extern const char *const netlab_names[NETLAB_QUESTIONS];
/* When the last answer came; 0 for never. */
int64_t netlab_last(enum netlab_question question);
/* Answers so far. */
uint64_t netlab_count(enum netlab_question question);
/* The longest time without an answer since netlab_reset_gaps(), ns. */
int64_t netlab_gap(enum netlab_question question);
void netlab_reset_gaps(void);
/* ARP requests from v0's side that asked for the VIP. */
uint64_t netlab_asked(void);

#endif
