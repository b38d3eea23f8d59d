/* sim.c - many runs of a simulated cluster under random faults; each is decided by its seed alone.
 *
 *     tests/sim/sim [--seed N] [--runs N] [--broken NAME] [--verbose | --print]
 *
 * Runs seeds N, N+1, ... .  A seed that finds something wrong prints what, and the command that repeats it;
 * the exit status is then 1.  Each 50th seed is run twice, and its traces compared.  --broken runs a variant
 * of the code that is wrong on purpose, which must be found: then the exit status is 0 if some seed found it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/xml.h"
#include "tests/sim/member.h"

struct options {
    uint64_t seed, runs;
    bool verbose, print;
    const struct variant *variant;
};

static const struct variant {
    const char *name;
    unsigned broken;
    bool unsynced; /* the disk's snapshots are not synced */
    bool survives; /* a fault that must do no harm, not a bug */
} variants[] = {
    {"none", 0, false, true},
    {"early-answer", CIB_BROKEN_EARLY_ANSWER, false, false},
    {"minority", CIB_BROKEN_MINORITY, false, false},
    {"no-digest", CIB_BROKEN_NO_DIGEST | CIB_BROKEN_APPLY, false, false},
    {"no-promise", CIB_BROKEN_NO_PROMISE, false, false},
    {"unsynced-snapshot", 0, true, false},
    {"wrong-apply", CIB_BROKEN_APPLY, false, true},
};

/* --- faults --- */

static void cut_somewhere(struct world *world)
{
    unsigned side[WORLD_NODES] = {0};
    unsigned sides = 2 + (unsigned)world_random(world, 2);

    for (unsigned node = 0; node < world_size(world); node++)
        side[node] = (unsigned)world_random(world, sides);
    world_cut(world, side);
}

/* The tie-breaker moves only within a cluster that has nothing open, as a lock's holder would hand it over.
 */
static void move_witness(struct world *world)
{
    if (members_settled(world, NULL))
        world_move_witness(world, (unsigned)world_random(world, world_size(world)));
}

static void start_one(struct world *world, unsigned node)
{
    if (!world_is_on(world, node))
        world_start(world, node);
}

static void fault(struct world *world)
{
    unsigned node = (unsigned)world_random(world, world_size(world));

    switch (world_random(world, 12)) {
    case 0:
        world_kill(world, node);
        return;
    case 1:
        world_exit(world, node);
        return;
    case 2:
    case 3:
    case 4:
        start_one(world, node);
        return;
    case 5:
        cut_somewhere(world);
        return;
    case 6:
        world_heal(world);
        return;
    case 7:
        if (world_is_on(world, node))
            world_freeze(world, node);
        return;
    case 8:
        world_thaw(world, node);
        return;
    case 9:
        world_disk_slow(world, node, world_chance(world, 50) ? 0 : 1 << world_random(world, 12));
        return;
    case 10:
        world_disk_full(world, node, world_chance(world, 30));
        return;
    default:
        move_witness(world);
        return;
    }
}

static bool any_open(struct world *world, void *context)
{
    for (unsigned node = 0; node < world_size(world); node++)
        if (world_is_on(world, node) && cib_replica_quorate(member_replica(world_process(world, node))) &&
            cib_replica_generation(member_replica(world_process(world, node))) > *(uint64_t *)context)
            return true;
    return false;
}

static uint64_t highest_generation(struct world *world)
{
    uint64_t highest = 0;

    for (unsigned node = 0; node < world_size(world); node++)
        if (world_is_on(world, node)) {
            uint64_t generation = cib_replica_generation(member_replica(world_process(world, node)));

            highest = generation > highest ? generation : highest;
        }
    return highest;
}

/* Short, long, or until just after a quorate view began, when a fault is most awkward. */
static void wait_a_while(struct world *world)
{
    uint64_t generation = highest_generation(world);

    if (world_chance(world, 25)) {
        world_until(world, any_open, &generation, 1000);
        world_elapse(world, (int64_t)world_random(world, 8));
        return;
    }
    world_elapse(world, 1 + (int64_t)world_random(world, world_chance(world, 15) ? 4000 : 300));
}

static void repair(struct world *world)
{
    world_heal(world);
    for (unsigned node = 0; node < world_size(world); node++) {
        world_thaw(world, node);
        world_disk_slow(world, node, 0);
        world_disk_full(world, node, false);
        start_one(world, node);
    }
}

/* --- one run --- */

static bool all_on(struct world *world)
{
    for (unsigned node = 0; node < world_size(world); node++)
        if (!world_is_on(world, node))
            return false;
    return true;
}

/* Why a cluster is not at rest. */
static void describe(struct world *world, struct ledger *ledger)
{
    char text[CIB_VERSION_TEXT];

    hf_buf_printf(&ledger->wrong, "%" PRId64 ": the cluster does not come to rest\n", world_now(world));
    for (unsigned node = 0; node < world_size(world); node++) {
        const struct cib_replica *replica =
            world_is_on(world, node) ? member_replica(world_process(world, node)) : NULL;

        if (replica == NULL)
            hf_buf_printf(&ledger->wrong, "  node %u: off\n", node);
        else
            hf_buf_printf(
                &ledger->wrong, "  node %u: %s, %s, %s, DC %u, version %s, generation %" PRIx64 "\n", node,
                cib_replica_in_sync(replica) ? "in sync" : "not in sync",
                cib_replica_open(replica) ? "open" : "not open",
                cib_replica_idle(replica) ? "idle" : "not idle", cib_member_node(cib_replica_dc(replica)),
                cib_version_text(cib_document_version(cib_replica_document(replica)), text),
                cib_replica_generation(replica));
    }
}

/* Everything is well again: the cluster comes to rest, and takes changes on all nodes. */
static void come_to_rest(struct world *world, struct ledger *ledger)
{
    size_t last[WORLD_NODES];

    ledger->pause = 0;
    for (int round = 0; round < 5; round++) {
        repair(world);
        world_elapse(world, 1000);
        if (world_until(world, members_settled, NULL, 20000) && all_on(world))
            break;
    }
    if (!members_settled(world, NULL)) {
        describe(world, ledger);
        return;
    }
    members_check(world, ledger);
    for (unsigned node = 0; node < world_size(world); node++)
        last[node] = member_submit(world, node, false, 0);
    world_elapse(world, 500);
    for (unsigned node = 0; node < world_size(world); node++)
        if (ledger->list[last[node]].outcome != OUTCOME_DONE)
            hf_buf_printf(&ledger->wrong, "at rest: node %u takes no change\n", node);
    if (world_until(world, members_settled, NULL, 5000))
        members_check(world, ledger);
    else
        describe(world, ledger);
}

/* True if nothing was wrong. */
static bool run(uint64_t seed, const struct options *options, struct cib_digest *trace, struct ledger *ledger)
{
    unsigned nodes = 2 + (unsigned)(seed % 4);
    struct world *world;
    bool well;

    *ledger = (struct ledger){.pause = 60,
                              .clients = 2,
                              .fence = true,
                              .print = options->print,
                              .broken = options->variant->broken};
    world = world_new(nodes, seed, &member_program, ledger);
    world_views_in_steps(world, 30);
    world_disk_unsynced(world, options->variant->unsynced);
    if (options->variant->broken != 0 || options->variant->unsynced)
        ledger->clients = 3;
    ledger->pause =
        10 + (int64_t)world_random(world, options->variant->survives && world_chance(world, 80) ? 400 : 50);
    ledger->large = world_chance(world, 5) ? 3 : 0;
    for (unsigned node = 0; node < nodes; node++)
        if (world_chance(world, 80))
            world_start(world, node);
    for (uint64_t faults = world_random(world, 16); faults > 0; faults--) {
        wait_a_while(world);
        fault(world);
    }
    come_to_rest(world, ledger);
    *trace = world_trace(world);
    well = ledger->wrong.length == 0;
    world_free(world);
    return well;
}

static bool run_twice(uint64_t seed, const struct options *options, struct cib_digest trace)
{
    struct ledger ledger;
    struct cib_digest again;

    (void)run(seed, options, &again, &ledger);
    ledger_free(&ledger);
    if (cib_digest_equal(trace, again))
        return true;
    printf("seed %" PRIu64 ": two runs differ: something depends on more than the seed\n", seed);
    return false;
}

struct totals {
    uint64_t done, refused, unknown, transfers, expelled, diverged, wrong;
};

static bool run_seed(uint64_t seed, const struct options *options, struct totals *totals)
{
    struct ledger ledger;
    struct cib_digest trace;
    char text[CIB_DIGEST_TEXT];
    bool well = run(seed, options, &trace, &ledger);

    totals->done += ledger.done;
    totals->refused += ledger.refused;
    totals->unknown += ledger.unknown;
    totals->transfers += ledger.transfers;
    totals->expelled += ledger.expelled;
    totals->diverged += ledger.diverged;
    totals->wrong += !well;
    if (!well && (options->variant->survives || options->verbose))
        printf("seed %" PRIu64 " found:\n%.2000s  again: tests/sim/sim --seed %" PRIu64
               " --runs 1 --broken %s\n",
               seed, hf_buf_text(&ledger.wrong), seed, options->variant->name);
    if (options->verbose)
        printf("seed %" PRIu64 ": trace %s, %" PRIu64 " done, %" PRIu64 " refused, %" PRIu64 " unknown\n",
               seed, cib_digest_text(trace, text), ledger.done, ledger.refused, ledger.unknown);
    ledger_free(&ledger);
    if (seed % 50 == 0 && !run_twice(seed, options, trace))
        totals->wrong += options->variant->survives;
    return well;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    *options = (struct options){.seed = 1, .runs = 1000, .variant = &variants[0]};
    for (int i = 1; i < argc; i++) {
        int64_t number = 0;
        bool has_value = i + 1 < argc;

        if (strcmp(argv[i], "--verbose") == 0 || strcmp(argv[i], "--print") == 0) {
            options->verbose = true;
            options->print = strcmp(argv[i], "--print") == 0;
            continue;
        }
        if (!has_value)
            return false;
        if (strcmp(argv[i], "--broken") == 0) {
            options->variant = NULL;
            for (size_t j = 0; j < HF_ARRAY_LENGTH(variants); j++)
                if (strcmp(variants[j].name, argv[i + 1]) == 0)
                    options->variant = &variants[j];
            if (options->variant == NULL)
                return false;
        } else if (!hf_parse_int64(argv[i + 1], &number) || number < 0) {
            return false;
        } else if (strcmp(argv[i], "--seed") == 0) {
            options->seed = (uint64_t)number;
        } else if (strcmp(argv[i], "--runs") == 0) {
            options->runs = (uint64_t)number;
        } else {
            return false;
        }
        i++;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options options;
    struct totals totals = {0};
    uint64_t seed;

    setvbuf(stdout, NULL, _IOLBF, 0);
    hf_xml_init();
    if (!parse_options(argc, argv, &options)) {
        fprintf(stderr, "usage: sim [--seed N] [--runs N] [--verbose | --print] [--broken none");
        for (size_t i = 1; i < HF_ARRAY_LENGTH(variants); i++)
            fprintf(stderr, "|%s", variants[i].name);
        fprintf(stderr, "]\n");
        return 2;
    }
    for (seed = options.seed; seed < options.seed + options.runs; seed++) {
        run_seed(seed, &options, &totals);
        if (!options.variant->survives && totals.wrong > 0)
            break;
    }
    printf("%s: %" PRIu64 " runs, %" PRIu64 " wrong; changes: %" PRIu64 " done, %" PRIu64 " refused, %" PRIu64
           " unknown; %" PRIu64 " transfers, %" PRIu64 " expulsions, %" PRIu64 " divergences noticed\n",
           options.variant->name, seed - options.seed + (options.variant->survives ? 0 : 1), totals.wrong,
           totals.done, totals.refused, totals.unknown, totals.transfers, totals.expelled, totals.diverged);
    if (!options.variant->survives && totals.wrong == 0)
        printf("%s: was not found\n", options.variant->name);
    return options.variant->survives ? totals.wrong > 0 : totals.wrong == 0;
}
