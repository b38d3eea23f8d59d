/* simulate_run.h - what one call of simulate is asked to do, and what came of it.
 *
 * Private to cli/simulate*.c.  Text is written on the way; XML and JSON are written from struct simulation at
 * the end, so that all three say the same. */
#ifndef HF_CLI_SIMULATE_RUN_H
#define HF_CLI_SIMULATE_RUN_H

#include "cli/simulate_change.h"
#include "daemon/sched/sched.h"
#include "lib/buf.h"

enum simulate_format { SIMULATE_TEXT, SIMULATE_XML, SIMULATE_JSON };

struct simulate_options {
    const char *file, *time, *profile;
    const char *save_input, *save_output, *save_graph, *save_dot;
    const char *output_as, *output_to;
    bool run, simulate, live, pipe, in_place, quiet, verbose;
    bool scores, utilization, attributes, failcounts, all_actions;
    bool text_fancy; /* accepted: text always has that shape */
    enum simulate_format format;
    int repeat;
    struct simulate_changes changes;
};

/* An action that was pretended to be done. */
struct simulate_step {
    const struct graph_action *action; /* of the round's decision */
    char *resource;                    /* what the history calls it; NULL */
    int rc;
    bool failed; /* because the command line wanted it to */
};

/* One decision, and what was done of it. */
struct simulate_round {
    struct sched_output *decision;
    struct simulate_step *steps;
    int n_steps;
    bool went_wrong; /* a what-if made something fail that is to be followed up */
};

struct simulation {
    const struct simulate_options *options;
    xmlDoc *cib;
    int64_t now;           /* for the scheduler */
    int64_t recorded;      /* for what is pretended to happen: never before what is in the CIB */
    const char *effective; /* says where now comes from, or NULL */
    struct hf_buf out;     /* text */
    struct sched_output *before, *after;
    struct simulate_notes notes;
    struct simulate_round *rounds;
    int n_rounds;
    bool *fired; /* for each of changes.op_fail: it was done, and failed */
};

/* Reads the command line.  False: it is wrong, or asked for help or the version; *code is the exit code. */
bool simulate_options_read(int argc, char **argv, struct simulate_options *options, int *code);
void simulate_options_free(struct simulate_options *options);

/* Pretends to do what the round's decision says: the CIB changes as if it had been done. */
void simulate_walk(struct simulation *simulation, struct simulate_round *round);

/* The whole as one document, the caller's; code is what the program will exit with. */
char *simulate_xml(struct simulation *simulation, int argc, char **argv, int code);
char *simulate_json(const struct simulation *simulation);

#endif
