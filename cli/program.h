/* program.h - running another program to its end, with a limit on its time and output. */
#ifndef HF_CLI_PROGRAM_H
#define HF_CLI_PROGRAM_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/child.h"
#include "lib/error.h"

struct program_result {
    struct hf_buf output, errors; /* the caller's: program_result_free() */
    int code;                     /* exit code; 128 + number if a signal ended it */
};

/* HF_REFUSED if it cannot be run, takes longer than limit_ms or prints more than limit bytes: it has ended
 * then, too.  Its own failure is only in result->code. */
struct hf_error *program_run(const struct hf_child_spec *spec, int64_t limit_ms, size_t limit,
                             struct program_result *result) HF_MUST_CHECK;
void program_result_free(struct program_result *result);
/* The path of a program that is in one of the usual folders, the caller's; NULL if it is in none. */
char *program_find(const char *name);
/* program_run() of such a program; its failure is an error that has its words (HF_FAILED).  argv[0] is its
 * name; output may be NULL. */
struct hf_error *program_call(char *const *argv, const char *input, int64_t limit_ms,
                              struct hf_buf *output) HF_MUST_CHECK;

#endif
