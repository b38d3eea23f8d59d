/* cmd_locks.c - `holdfast arbiter`: the lock server of this machine; `holdfast lock-key`: the keys that nodes
 * and lock servers share. */
#include <stdlib.h>

#include "arbiter/command.h"
#include "arbiter/key.h"
#include "cli/command.h"

/* --- arbiter --- */

static struct hf_error *run_status(struct session *session, int argc, char **argv)
{
    return arbiter_status(argc > 1 ? argv[1] : NULL, session->json, stdout);
}

static struct hf_error *run_teach(struct session *session, int argc, char **argv)
{
    return arbiter_teach(NULL, argv[1], argv[2]);
}

static struct hf_error *run_new_cluster(struct session *session, int argc, char **argv)
{
    return arbiter_new_cluster(NULL, argv[1]);
}

static const struct command arbiter_commands[] = {
    {"status", "[SOCKET]", "Print what the lock server on this machine has granted and refused", run_status,
     0, 1, 0, COMPLETE_FILES},
    {"teach", "CLUSTER TERM", "Tell a lock server that lost its disk the highest term of a cluster",
     run_teach, 2, 2, 0, COMPLETE_NOTHING},
    {"new", "CLUSTER", "Tell a lock server that a cluster never had a lock", run_new_cluster, 1, 1, 0,
     COMPLETE_NOTHING},
};

const struct command_area area_arbiter = {"arbiter", "The lock server on this machine", arbiter_commands,
                                          HF_ARRAY_LENGTH(arbiter_commands), NULL};

/* --- lock-key --- */

static struct hf_error *run_new_key(struct session *session, int argc, char **argv)
{
    return lock_key_new(argv[2], argv[1]);
}

static struct hf_error *run_add(struct session *session, int argc, char **argv)
{
    return lock_key_add(argv[1]);
}

static struct hf_error *run_use(struct session *session, int argc, char **argv)
{
    return lock_key_use(argv[1]);
}

static struct hf_error *run_prune(struct session *session, int argc, char **argv)
{
    return lock_key_prune(argv[1]);
}

static const struct command key_commands[] = {
    {"new", "CLUSTER FILE", "Make the lock key of a cluster", run_new_key, 2, 2, 0, COMPLETE_FILES},
    {"add", "FILE", "Add a key: accepted from now on, not used yet", run_add, 1, 1, 0, COMPLETE_FILES},
    {"use", "FILE", "Make the key that was added last the one in use", run_use, 1, 1, 0, COMPLETE_FILES},
    {"prune", "FILE", "Drop every key but the one in use", run_prune, 1, 1, 0, COMPLETE_FILES},
};

const struct command_area area_lock_key = {"lock-key", "The key of a cluster's locks", key_commands,
                                           HF_ARRAY_LENGTH(key_commands), NULL};
