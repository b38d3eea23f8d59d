/* agent.c - how agents are called; see agent.h. */
#include "daemon/runner/agent.h"

#include <errno.h>
#include <string.h>

#include "lib/buf.h"

struct runner_places runner_places_default(void)
{
    return (struct runner_places){.ocf_root = HF_OCF_ROOT,
                                  .init_dir = "/etc/init.d",
                                  .systemd = HF_LIBEXECDIR "/holdfast-systemd",
                                  .fence = HF_LIBEXECDIR "/fence-device",
                                  .compat_dir = HF_LIBEXECDIR "/compat"};
}

enum runner_class runner_class_parse(const char *name)
{
    static const char *const names[] = {"ocf", "lsb", "service", "systemd", "stonith"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++)
        if (strcmp(names[i], name) == 0)
            return (enum runner_class)i;
    return RUNNER_CLASS_UNKNOWN;
}

enum runner_class runner_class_resolve(enum runner_class class, bool script_exists)
{
    if (class != RUNNER_SERVICE)
        return class;
    return script_exists ? RUNNER_LSB : RUNNER_SYSTEMD;
}

char *runner_script_path(const struct runner_places *places, const char *type)
{
    /* As Pacemaker does, an absolute path is taken as it is. */
    return type[0] == '/' ? hf_strdup(type) : hf_asprintf("%s/%s", places->init_dir, type);
}

/* --- the environment --- */

struct environment {
    char **entries;
    size_t count, capacity;
};

/* Sets a variable, replacing one of the same name. */
static void environment_set(struct environment *environment, const char *name, const char *value)
{
    size_t length = strlen(name);
    char *entry = hf_asprintf("%s=%s", name, value);

    for (size_t i = 0; i < environment->count; i++) {
        if (strncmp(environment->entries[i], entry, length + 1) == 0) {
            free(environment->entries[i]);
            environment->entries[i] = entry;
            return;
        }
    }
    hf_grow(&environment->entries, &environment->capacity, environment->count + 2,
            sizeof(*environment->entries));
    environment->entries[environment->count++] = entry;
    environment->entries[environment->count] = NULL;
}

/* Variables that belong to the runner itself, or that would leak from whoever started it into an agent. */
static bool inherited(const char *entry)
{
    static const char *const not [] = {"OCF_",           "NOTIFY_SOCKET=",  "LISTEN_",  "WATCHDOG_",
                                       "INVOCATION_ID=", "JOURNAL_STREAM=", "MAINPID=", "MEMORY_PRESSURE_"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(not ); i++)
        if (strncmp(entry, not [i], strlen(not [i])) == 0)
            return false;
    return strchr(entry, '=') != NULL && entry[0] != '=';
}

static void set_path(struct environment *environment, const struct runner_places *places)
{
    const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    for (size_t i = 0; i < environment->count; i++)
        if (strncmp(environment->entries[i], "PATH=", 5) == 0 && environment->entries[i][5] != '\0')
            path = environment->entries[i] + 5;

    char *full =
        places->compat_dir == NULL ? hf_strdup(path) : hf_asprintf("%s:%s", places->compat_dir, path);

    environment_set(environment, "PATH", full);
    free(full);
}

/* What ocf-shellfuncs and agents expect from the cluster stack, and what Pacemaker's executor sets. */
static void set_stack(struct environment *environment)
{
    static const char *const stack[][2] = {
        {"HA_cluster_type", "corosync"},
        {"HA_quorum_type", "corosync"},
        {"HA_logfacility", "daemon"},
        {"HA_LOGFACILITY", "daemon"},
        {"HA_debug", "0"},
        {"PCMK_cluster_type", "corosync"},
        {"PCMK_quorum_type", "corosync"},
        {"PCMK_logfacility", "daemon"},
        {"PCMK_debug", "0"},
        {"PCMK_service", "pacemaker-execd"},
        {"LC_ALL", "C"}, /* agents read what other programs print */
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(stack); i++)
        environment_set(environment, stack[i][0], stack[i][1]);
}

static void set_ocf(struct environment *environment, const struct runner_call *call,
                    const struct runner_places *places)
{
    for (size_t i = 0; i < call->param_count; i++) {
        const struct runner_param *param = &call->params[i];
        /* The one parameter that the API passes without prefix. */
        bool plain = strcmp(param->name, "OCF_CHECK_LEVEL") == 0;
        char *name;

        if (strcmp(param->name, "CRM_meta_op_target_rc") == 0)
            continue; /* the cluster's own */
        name = hf_asprintf("%s%s", plain ? "" : "OCF_RESKEY_", param->name);

        environment_set(environment, name, param->value);
        free(name);
    }
    /* Most agents call crm_attribute and the like not on their PATH but in this folder. */
    if (places->compat_dir != NULL)
        environment_set(environment, "HA_SBIN_DIR", places->compat_dir);
    environment_set(environment, "OCF_RA_VERSION_MAJOR", "1");
    environment_set(environment, "OCF_RA_VERSION_MINOR", "1");
    environment_set(environment, "OCF_ROOT", places->ocf_root);
    environment_set(environment, "OCF_EXIT_REASON_PREFIX", "ocf-exit-reason:");
    environment_set(environment, "OCF_OUTPUT_FORMAT", "text");
    environment_set(environment, "OCF_RESOURCE_INSTANCE", call->resource);
    environment_set(environment, "OCF_RESOURCE_TYPE", call->type);
    environment_set(environment, "OCF_RESOURCE_PROVIDER", call->provider);
}

static char **make_environment(const struct runner_call *call, enum runner_class class,
                               const struct runner_places *places, char *const base[])
{
    struct environment environment = {0};

    for (size_t i = 0; base[i] != NULL; i++) {
        if (!inherited(base[i]))
            continue;

        const char *equals = strchr(base[i], '=');
        char *name = hf_strndup(base[i], (size_t)(equals - base[i]));

        environment_set(&environment, name, equals + 1);
        free(name);
    }
    set_path(&environment, places);
    set_stack(&environment);
    if (class == RUNNER_OCF || class == RUNNER_STONITH)
        set_ocf(&environment, call, places);
    return environment.entries;
}

/* --- the command --- */

static bool plain_name(const char *name)
{
    return name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, "..") != 0 && strcmp(name, ".") != 0;
}

static struct hf_error *check_names(const struct runner_call *call, enum runner_class class)
{
    switch (class) {
    case RUNNER_OCF:
        if (plain_name(call->provider) && plain_name(call->type))
            return NULL;
        return hf_error_new(HF_USAGE, "ocf:%s:%s names no agent: expected ocf:PROVIDER:TYPE", call->provider,
                            call->type);
    case RUNNER_LSB:
        if (call->type[0] == '/' || plain_name(call->type))
            return NULL;
        return hf_error_new(HF_USAGE, "lsb:%s names no script: expected its file name in /etc/init.d",
                            call->type);
    case RUNNER_SYSTEMD:
        if (plain_name(call->type) && call->type[0] != '-')
            return NULL;
        return hf_error_new(HF_USAGE, "systemd:%s names no unit", call->type);
    case RUNNER_STONITH:
        if (plain_name(call->type) && strncmp(call->type, "fence_", 6) == 0)
            return NULL;
        return hf_error_new(HF_USAGE, "stonith:%s names no fence agent: expected fence_NAME", call->type);
    default:
        return hf_error_new(HF_USAGE,
                            "resource class '%s' is unknown: expected ocf, lsb, service, systemd "
                            "or stonith",
                            call->class);
    }
}

struct hf_error *runner_command_make(const struct runner_call *call, enum runner_class class,
                                     const struct runner_places *places, char *const base[],
                                     struct runner_command *command)
{
    struct hf_error *error = check_names(call, class);
    bool monitor = strcmp(call->operation, "monitor") == 0;

    *command = (struct runner_command){0};
    if (error != NULL)
        return error;
    switch (class) {
    case RUNNER_OCF:
        command->path = hf_asprintf("%s/resource.d/%s/%s", places->ocf_root, call->provider, call->type);
        command->argv[1] = hf_strdup(call->operation);
        break;
    case RUNNER_LSB:
        command->path = runner_script_path(places, call->type);
        command->argv[1] = hf_strdup(monitor ? "status" : call->operation);
        break;
    default:
        command->path = hf_strdup(class == RUNNER_STONITH ? places->fence : places->systemd);
        command->argv[1] = hf_strdup(call->operation);
        command->argv[2] = hf_strdup(call->type);
    }
    command->argv[0] = hf_strdup(command->path);
    command->environment = make_environment(call, class, places, base);
    return NULL;
}

void runner_command_clear(struct runner_command *command)
{
    free(command->path);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(command->argv); i++)
        free(command->argv[i]);
    for (size_t i = 0; command->environment != NULL && command->environment[i] != NULL; i++)
        free(command->environment[i]);
    free(command->environment);
    *command = (struct runner_command){0};
}

/* --- what an exit means --- */

/* LSB 3.1, section "Init Script Actions": status has exit codes of its own; 150 to 199 are the
 * application's, and Pacemaker's reading of the first two is kept. */
static int lsb_exit_code(const char *operation, int exit_status)
{
    if (strcmp(operation, "monitor") != 0 && strcmp(operation, "status") != 0)
        return exit_status >= 0 && exit_status <= RUNNER_OCF_NOT_RUNNING ? exit_status : RUNNER_OCF_ERROR;
    switch (exit_status) {
    case 0:
        return RUNNER_OCF_OK;
    case 1: /* dead, its pid file is there */
    case 2: /* dead, its lock file is there */
    case 3: /* not running */
        return RUNNER_OCF_NOT_RUNNING;
    case 150:
        return RUNNER_OCF_NOT_INSTALLED;
    case 151:
        return RUNNER_OCF_INSUFFICIENT_PRIV;
    default:
        return RUNNER_OCF_ERROR;
    }
}

int runner_exit_code(enum runner_class class, const char *operation, int exit_status)
{
    if (class == RUNNER_LSB)
        return lsb_exit_code(operation, exit_status);
    if (exit_status == RUNNER_OCF_DEGRADED || exit_status == RUNNER_OCF_DEGRADED_PROMOTED)
        return exit_status;
    return exit_status >= 0 && exit_status <= RUNNER_OCF_FAILED_PROMOTED ? exit_status : RUNNER_OCF_ERROR;
}

struct runner_refusal runner_exec_failure(int error)
{
    switch (error) {
    case ENOENT:
    case EISDIR:
    case ENOTDIR:
    case EINVAL:
    case ENOEXEC:
        return (struct runner_refusal){.rc = RUNNER_OCF_NOT_INSTALLED, .status = RUNNER_NOT_INSTALLED};
    case EACCES:
    case EPERM:
        return (struct runner_refusal){.rc = RUNNER_OCF_INSUFFICIENT_PRIV, .status = RUNNER_ERROR};
    default:
        return (struct runner_refusal){.rc = RUNNER_OCF_ERROR, .status = RUNNER_ERROR};
    }
}
