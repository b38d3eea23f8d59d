/* agent.h - how an agent is called and what its exit means, for each class, as in Pacemaker 2.1.
 *
 * Pure: facts about the machine come in as arguments.
 *
 *   ocf      ROOT/resource.d/PROVIDER/TYPE OPERATION, parameters in the environment (OCF resource agent
 *            API 1.1, section "API"); its exit code counts as it is
 *   lsb      INIT_DIR/TYPE OPERATION with "monitor" called as "status"; exit codes of LSB 3.1
 *   service  lsb where there is a script of that name, otherwise systemd
 *   systemd  the helper holdfast-systemd OPERATION TYPE, which speaks with systemd over D-Bus and answers
 *            in OCF terms
 *   stonith  the helper fence-device OPERATION TYPE, which calls the fence agent; parameters as for ocf */
#ifndef HF_RUNNER_AGENT_H
#define HF_RUNNER_AGENT_H

#include "daemon/runner/protocol.h"

/* Where things are on this machine. */
struct runner_places {
    const char *ocf_root;   /* "/usr/lib/ocf" */
    const char *init_dir;   /* "/etc/init.d" */
    const char *systemd;    /* the helper's path */
    const char *fence;      /* the helper's path */
    const char *compat_dir; /* put first in PATH; NULL for none */
};

/* The defaults of this build. */
struct runner_places runner_places_default(void);

enum runner_class {
    RUNNER_OCF,
    RUNNER_LSB,
    RUNNER_SERVICE,
    RUNNER_SYSTEMD,
    RUNNER_STONITH,
    RUNNER_CLASS_UNKNOWN
};

enum runner_class runner_class_parse(const char *name);
/* What class service stands for: lsb if the script is there, else systemd. Others are themselves. */
enum runner_class runner_class_resolve(enum runner_class class, bool script_exists);

/* One command to execute. */
struct runner_command {
    char *path;
    char *argv[4];      /* NULL-terminated; strings owned */
    char **environment; /* NULL-terminated; strings owned */
};

/* The path of the lsb script of a type. The caller frees. */
char *runner_script_path(const struct runner_places *places, const char *type);

/* Makes the command of a call. class: resolved; base: the environment to start from ("NAME=value", NULL at
 * the end), whose OCF_ variables and those that systemd meant for the runner itself are left out.
 * HF_USAGE if the call names a class that there is none of, or a provider or type with a '/' inside. */
struct hf_error *runner_command_make(const struct runner_call *call, enum runner_class class,
                                     const struct runner_places *places, char *const base[],
                                     struct runner_command *command) HF_MUST_CHECK;
void runner_command_clear(struct runner_command *command);

/* The OCF code for an exit status of a class. */
int runner_exit_code(enum runner_class class, const char *operation, int exit_status);

/* The OCF code and status for an agent that could not be executed with this errno value. */
struct runner_refusal {
    int rc;
    enum runner_status status;
} runner_exec_failure(int error);

#endif
