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

/* Tells it the highest term that a cluster has reached (decimal), or that a cluster never had a lock: what it
 * cannot know when it lost its disk. HF_USAGE if one of them is no name or number. */
struct hf_error *arbiter_teach(const char *socket_path, const char *cluster, const char *term) HF_MUST_CHECK;
struct hf_error *arbiter_new_cluster(const char *socket_path, const char *cluster) HF_MUST_CHECK;

/* `status [--json] [--socket PATH]', `teach CLUSTER TERM', `new CLUSTER': prints, and returns the exit
 * status.  argv[0] is the first of these words. */
int arbiter_command(int argc, char **argv);

/* `new CLUSTER FILE', `add FILE', `use FILE', `prune FILE': the same for lock keys. */
int lock_key_command(int argc, char **argv);

#endif
