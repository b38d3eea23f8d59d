/* world.h - a simulated cluster for the lock protocol.
 *
 * The real C of the holder (daemon/lease/), of the lock table and of its record and frame encoding
 * (arbiter/) runs under simulated clocks that drift, a network that loses, delays, reorders, repeats and is
 * cut in one direction, disks that are slow, full, torn and lost, and processes that are stopped, killed
 * and restarted.  The gate is the kernel's: it keeps the deadline that it was given when its process does
 * not run, and is gone when its machine is.
 *
 * One seed is one run; the same seed is the same run.  Checked at every step: never two open gates for one
 * lock; fencing tokens only rise.  Checked at the end, when all faults are over: there is an owner, and
 * when its machine is switched off there is another in time. */
#ifndef LOCKSIM_WORLD_H
#define LOCKSIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

struct world_result {
    bool failed;
    bool unsafe;     /* two open gates, or a token that fell; else nobody owned in time */
    char why[256];   /* what was violated, and when */
    uint64_t digest; /* of everything that happened */
    unsigned owners; /* how often a lock got an owner */
    unsigned faults;
    unsigned grants_after_loss; /* how often a server that had lost its disk granted again */
    unsigned operators;         /* how often the operator had to teach the servers their term */
    int64_t failover;           /* ns from the last power-off to the next owner; 0 if there was none */
    bool slow_disks;            /* ... while the disks needed up to 0.9 of the lease */
    int64_t lease;              /* ns, of this run */
};

/* Plays one run.  verbose prints each event. */
void world_run(uint64_t seed, bool verbose, struct world_result *result);

#endif
