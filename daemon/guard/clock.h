/* clock.h - notices that the machine's wall clock was set.
 *
 * Pure.  The wall clock (CLOCK_REALTIME) and the time since the boot (CLOCK_BOOTTIME) go on at the same rate,
 * also while it is being slewed; somebody who sets the wall clock makes it jump against the other. No lease
 * depends on the wall clock.  Certificates, rules with dates, and the order of the logs of two nodes do, so a
 * jump is shown. */
#ifndef GUARD_CLOCK_H
#define GUARD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock_watch {
    bool known;
    int64_t offset; /* wall minus boot, ns */
};

/* How far the wall clock was set since the last look, ns; 0 if it was not.  boot, wall: now, ns. */
int64_t clock_watch_look(struct clock_watch *watch, int64_t boot, int64_t wall);

#endif
