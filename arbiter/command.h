/* command.h - the commands about lock servers and lock keys, as `holdfast-arbiterd COMMAND' and the
 * command line of the nodes (`holdfast arbiter ...', `holdfast lock-key ...') run them. */
#ifndef ARBITER_COMMAND_H
#define ARBITER_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/error.h"

/* Prints the status of the lock server on this machine, for people or as one JSON object.
 * socket_path: NULL for the usual one. */
struct hf_error *arbiter_status(const char *socket_path, bool json, FILE *out) HF_MUST_CHECK;

/* `status [--json] [--socket PATH]', `teach CLUSTER TERM', `new CLUSTER': prints, and returns the exit
 * status.  argv[0] is the first of these words. */
int arbiter_command(int argc, char **argv);

/* `new CLUSTER FILE', `add FILE', `use FILE', `prune FILE': the same for lock keys. */
int lock_key_command(int argc, char **argv);

#endif
