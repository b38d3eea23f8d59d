/* complete.h - what the word being typed could become; for the shell and for bash. */
#ifndef HF_CLI_COMPLETE_H
#define HF_CLI_COMPLETE_H

#include "cli/command.h"

struct completion {
    char **candidate;
    size_t count, capacity;
    char *insert; /* what can be added without a choice, with a blank behind a whole word; NULL: nothing */
};

/* before: the line up to the cursor.  Asks the cluster (or file) for names where they are wanted. */
struct completion complete_line(struct session *session, const struct command_area *level,
                                const char *before);
void completion_free(struct completion *completion);

#endif
