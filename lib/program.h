/* program.h - what the mains of the programs share: the command line, and saying why it could not start. */
#ifndef HF_PROGRAM_H
#define HF_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

/* An option, "--name" or "-l": with a flag it takes no value and sets it; with text it takes one, borrowed
 * from argv. */
struct hf_option {
    const char *name;
    char letter; /* 0: it has none */
    bool *flag;
    const char **text;
};

/* What may stand on the command line besides options. */
enum hf_words {
    HF_WORDS_NONE,
    HF_WORDS_AMONG,  /* words, with options before, between and behind them */
    HF_WORDS_BEHIND, /* from the first word on, nothing is an option */
};

struct hf_program {
    const char *name;  /* "holdfast-guard" */
    const char *usage; /* for --help, and after a mistake */
    const struct hf_option *options;
    size_t option_count;
    enum hf_words words;
};

/* Reads the options; the words are argv[optind] and those behind it.  --help (-h) and --version (-V) are
 * known to every program.  Returns the exit code to end with (0, or HF_USAGE with the mistake said), or -1 to
 * go on. */
int hf_program_options(const struct hf_program *program, int argc, char **argv);

/* Says on standard error what went wrong, frees the error, and returns its kind as an exit code; 0 for
 * NULL. */
int hf_program_fail(const char *name, struct hf_error *error);

/* The start of a daemon that serves clients: a write to one that is gone is an error and no signal; the log
 * is open (lib/log.h). */
void hf_daemon_begin(const char *name, bool foreground, bool verbose);
/* A daemon that could not start says why in its log, too.  As hf_program_fail(). */
int hf_daemon_fail(const char *name, struct hf_error *error);

#endif
