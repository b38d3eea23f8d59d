/* locksim.c - runs the simulation of world.h over many seeds.
 *
 *     locksim [--runs N] [--from SEED]     N runs (5,000); the first failing seed is printed, exit 1
 *     locksim --seed SEED                  that one run, told event by event
 *     locksim-mutants [--runs N]           each broken variant of daemon/lease/mutant.h must be found
 *
 * The program is built twice: once from the objects that are installed, once with HF_MUTANTS. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/lease/mutant.h"
#include "lib/alloc.h"
#include "tests/locksim/world.h"

#ifdef HF_MUTANTS
enum hf_mutant hf_mutant = MUTANT_NONE;
enum { DEFAULT_RUNS = 40000 }; /* at most, for each variant */
#else
enum { DEFAULT_RUNS = 5000 }; /* for `make check'; tests/locksim/run takes more */
#endif

enum { REPEAT_EVERY = 1000 }; /* every so many seeds one is run twice: same seed, same run */

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#ifndef HF_MUTANTS
static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Of all runs, in leases. */
struct times {
    double *of;
    size_t count;
};

static void times_free(struct times *times)
{
    free(times->of);
}

static void add_time(struct times *times, double time)
{
    times->of[times->count++] = time;
}

static void say_times(const char *what, struct times *times)
{
    size_t count = times->count;

    if (count == 0)
        return;
    qsort(times->of, count, sizeof(double), by_size);
    printf("locksim: %s, in leases: median %.2f, p99 %.2f, worst %.2f (%zu runs)\n", what,
           times->of[count / 2], times->of[count * 99 / 100], times->of[count - 1], count);
}

static int campaign(uint64_t first, uint64_t runs)
{
    struct times usual HF_CLEANUP(times_free) = {.of = hf_calloc(runs, sizeof(double))};
    struct times slow HF_CLEANUP(times_free) = {.of = hf_calloc(runs, sizeof(double))};
    uint64_t owners = 0, faults = 0, relearned = 0, operators = 0;

    for (uint64_t seed = first; seed < first + runs; seed++) {
        struct world_result result, again;

        world_run(seed, false, &result);
        if (result.failed) {
            printf("locksim: seed %" PRIu64 " FAILED %s\n", seed, result.why);
            printf("locksim: tell it with: locksim --seed %" PRIu64 "\n", seed);
            return 1;
        }
        owners += result.owners;
        operators += result.operators;
        faults += result.faults;
        relearned += result.grants_after_loss;
        if (result.failover > 0)
            add_time(result.slow_disks ? &slow : &usual, (double)result.failover / (double)result.lease);
        if (seed % REPEAT_EVERY != 0)
            continue;
        world_run(seed, false, &again);
        if (again.digest != result.digest) {
            printf("locksim: seed %" PRIu64 " FAILED: two runs of it differ\n", seed);
            return 1;
        }
    }
    printf("locksim: %" PRIu64 " runs, %" PRIu64 " faults, %" PRIu64 " changes of owner, %" PRIu64
           " servers back after losing their disk, %" PRIu64
           " new clusters that the operator had to help; never two owners\n",
           runs, faults, owners, relearned, operators);
    say_times("power off to next owner", &usual);
    say_times("the same with slow disks", &slow);
    printf("locksim: %.1f s of CPU\n", cpu_seconds());
    return 0;
}

static int hunt(uint64_t first, uint64_t runs)
{
    return campaign(first, runs);
}
#else

static const char *const mutant_names[MUTANTS] = {
    [MUTANT_NONE] = "none",
    [MUTANT_RESTART_FORGETS] = "server forgets leases at restart",
    [MUTANT_FIN_FREES] = "FIN frees",
    [MUTANT_NO_MARGIN] = "no drift margin",
    [MUTANT_FROM_RECEIPT] = "lease counted from receipt",
    [MUTANT_USER_GATE] = "user-space gate only with a paused node",
    [MUTANT_TERM_LOST] = "term lost at restart",
    [MUTANT_REPLY_AFTER_RELEASE] = "reply accepted after release",
    [MUTANT_RELEASE_ANY_TERM] = "RELEASE without term",
    [MUTANT_GRANT_BEFORE_DISK] = "grant answered before it is durable",
    [MUTANT_AMNESIA_GRANTS] = "a server grants at once after losing its disk",
    [MUTANT_MINORITY] = "one grant of three is enough",
    [MUTANT_RENEW_WHILE_WRITING] = "a late renewal while another's grant is being written",
    [MUTANT_RENEW_AFTER_FAILURE] =
        "a late renewal after another's grant failed, and is on the disk all the same",
};

/* Runs seeds from first on; returns the first that was unsafe, or 0. */
static uint64_t run_many(uint64_t first, uint64_t runs, struct world_result *last)
{
    for (uint64_t seed = first; seed < first + runs; seed++) {
        world_run(seed, false, last);
        if (last->unsafe)
            return seed;
    }
    return 0;
}

static int hunt(uint64_t first, uint64_t runs)
{
    int missed = 0;

    for (hf_mutant = MUTANT_NONE + 1; hf_mutant < MUTANTS; hf_mutant++) {
        struct world_result result;
        uint64_t seed = run_many(first, runs, &result);

        if (seed == 0) {
            printf("locksim: NOT FOUND in %" PRIu64 " runs: %s\n", runs, mutant_names[hf_mutant]);
            missed++;
            continue;
        }
        printf("locksim: found after %6" PRIu64 " runs: %s (%s)\n", seed - first + 1, mutant_names[hf_mutant],
               result.why);
    }
    hf_mutant = MUTANT_NONE;
    printf("locksim: %d of %d broken variants found, %.1f s of CPU\n", MUTANTS - 1 - missed, MUTANTS - 1,
           cpu_seconds());
    return missed > 0;
}
#endif

static int usage(void)
{
    fprintf(stderr, "usage: locksim [--runs N] [--from SEED] | --seed SEED [--mutant N]\n");
    return 2;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, runs = DEFAULT_RUNS, seed = 0;

    for (int i = 1; i < argc; i++) {
        if (i + 1 == argc)
            return usage();
        if (strcmp(argv[i], "--runs") == 0)
            runs = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--from") == 0)
            first = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[++i], NULL, 10);
#ifdef HF_MUTANTS
        else if (strcmp(argv[i], "--mutant") == 0)
            hf_mutant = (enum hf_mutant)strtoul(argv[++i], NULL, 10);
#endif
        else
            return usage();
    }
    if (seed > 0) {
        struct world_result result;

        world_run(seed, true, &result);
        printf("locksim: seed %" PRIu64 " %s %s\n", seed, result.failed ? "FAILED" : "passed", result.why);
        return result.failed;
    }
    return hunt(first, runs);
}
