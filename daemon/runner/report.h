/* report.h - what holdfast-runner shows to a person: one action's result, or all that a runner knows. */
#ifndef HF_RUNNER_REPORT_H
#define HF_RUNNER_REPORT_H

#include "daemon/runner/agent.h"

/* The result as one JSON object, without the user data. Appended to buf. */
void runner_result_json(struct hf_buf *buf, const struct runner_result *result);

struct runner_one_call {
    const char *resource;
    uint32_t timeout_ms;
    char *const *arguments; /* CLASS[:PROVIDER]:TYPE ACTION [NAME=VALUE...] */
    int count;
};

/* Runs one action here, prints its result as JSON. The exit code is HF_OK if the agent ran to its end with
 * one that means success (0, 8 or 190, 191) or, for monitor, not running (7); else HF_FAILED or HF_USAGE. */
int runner_call_once(const struct runner_one_call *one, const struct runner_places *places);

/* Prints the history of the runner at the socket, one JSON object a line. */
int runner_list(const char *socket);

#endif
