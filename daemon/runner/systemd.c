/* systemd.c - holdfast-systemd: a systemd unit as a resource (classes systemd and service).
 *
 *   holdfast-systemd ACTION UNIT
 *
 * The agent runner executes it like any agent, so a timeout, a kill and the exit reason work the same way;
 * it alone links libsystemd.  As in Pacemaker, a start puts a drop-in beside the unit, so that systemd
 * neither restarts the service by itself nor stops it at shutdown before the cluster did, and both start and
 * stop end only once the unit has settled. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "daemon/runner/protocol.h"
#include "lib/alloc.h"

#define MANAGER "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"

static const char drop_in[] = "[Unit]\n"
                              "Description=Cluster Controlled %s\n"
                              "Before=holdfastd.service holdfast-runner.service\n"
                              "\n"
                              "[Service]\n"
                              "Restart=no\n";

static const char meta_data[] = "<?xml version=\"1.0\"?>\n"
                                "<resource-agent name=\"%s\" version=\"1.0\">\n"
                                "  <version>1.1</version>\n"
                                "  <longdesc lang=\"en\">The systemd unit %s.</longdesc>\n"
                                "  <shortdesc lang=\"en\">systemd unit %s</shortdesc>\n"
                                "  <parameters/>\n"
                                "  <actions>\n"
                                "    <action name=\"start\" timeout=\"100s\"/>\n"
                                "    <action name=\"stop\" timeout=\"100s\"/>\n"
                                "    <action name=\"status\" timeout=\"100s\"/>\n"
                                "    <action name=\"monitor\" timeout=\"100s\" interval=\"60s\"/>\n"
                                "    <action name=\"meta-data\" timeout=\"5s\"/>\n"
                                "  </actions>\n"
                                "</resource-agent>\n";

/* A job of systemd's that is waited for. */
struct job {
    char *path;
    char *result; /* NULL until it was removed */
};

/* Says why and gives the code to exit with. */
static int complain(int code, const char *what, const char *why)
{
    fprintf(stderr, "ocf-exit-reason:%s: %s\n", what, why);
    return code;
}

static int bus_failure(const char *what, const sd_bus_error *error, int number)
{
    const char *why =
        sd_bus_error_is_set(error) && error->message != NULL ? error->message : strerror(-number);

    if (sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit") ||
        sd_bus_error_has_name(error, "org.freedesktop.systemd1.LoadFailed"))
        return complain(RUNNER_OCF_NOT_INSTALLED, what, why);
    if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED) || number == -EACCES)
        return complain(RUNNER_OCF_INSUFFICIENT_PRIV, what, why);
    return complain(RUNNER_OCF_ERROR, what, why);
}

/* The unit's full name: a .service unless it says otherwise. The caller frees. */
static char *unit_name(const char *agent)
{
    static const char *const suffixes[] = {".service", ".socket", ".mount",     ".timer", ".path",
                                           ".target",  ".slice",  ".automount", ".scope", ".swap"};
    const char *dot = strrchr(agent, '.');

    for (size_t i = 0; dot != NULL && i < HF_ARRAY_LENGTH(suffixes); i++)
        if (strcmp(dot, suffixes[i]) == 0)
            return hf_strdup(agent);
    return hf_asprintf("%s.service", agent);
}

/* --- the drop-in --- */

static const char *unit_root(void)
{
    const char *root = getenv("HOLDFAST_SYSTEMD_RUN");

    return root == NULL ? "/run/systemd/system" : root;
}

static void reload(sd_bus *bus)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;

    /* Without it the drop-in counts later; the start itself does not depend on it. */
    if (sd_bus_call_method(bus, MANAGER, "Reload", &error, NULL, "") < 0)
        fprintf(stderr, "systemd did not reload: %s\n", error.message);
    sd_bus_error_free(&error);
}

static void put_drop_in(sd_bus *bus, const char *unit)
{
    HF_CLEANUP(hf_freep) char *folder = hf_asprintf("%s/%s.d", unit_root(), unit);
    HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/50-holdfast.conf", folder);

    if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
        fprintf(stderr, "%s: %s\n", folder, strerror(errno));
        return;
    }

    FILE *file = fopen(path, "w");

    if (file == NULL || fprintf(file, drop_in, unit) < 0)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    if (file != NULL)
        fclose(file);
    reload(bus);
}

static void remove_drop_in(sd_bus *bus, const char *unit)
{
    HF_CLEANUP(hf_freep) char *folder = hf_asprintf("%s/%s.d", unit_root(), unit);
    HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/50-holdfast.conf", folder);

    if (unlink(path) != 0)
        return;
    if (rmdir(folder) != 0 && errno != ENOTEMPTY && errno != EEXIST)
        fprintf(stderr, "%s: %s\n", folder, strerror(errno));
    reload(bus);
}

/* --- the unit's state --- */

/* ActiveState of the unit in *state (the caller's). 0 or an exit code. */
static int active_state(sd_bus *bus, const char *unit, char **state)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    const char *path;
    int code = 0;
    int number = sd_bus_call_method(bus, MANAGER, "LoadUnit", &error, &reply, "s", unit);

    if (number >= 0)
        number = sd_bus_message_read(reply, "o", &path);
    if (number >= 0)
        number = sd_bus_get_property_string(bus, "org.freedesktop.systemd1", path,
                                            "org.freedesktop.systemd1.Unit", "ActiveState", &error, state);
    if (number < 0)
        code = bus_failure(unit, &error, number);
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
    return code;
}

/* Waits until the unit is neither on its way up nor down; the runner's timeout bounds it. */
static int settled_state(sd_bus *bus, const char *unit, char **state)
{
    while (true) {
        int code = active_state(bus, unit, state);

        if (code != 0 || (strcmp(*state, "activating") != 0 && strcmp(*state, "deactivating") != 0))
            return code;
        free(*state);
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
}

static bool is_active(const char *state)
{
    return strcmp(state, "active") == 0 || strcmp(state, "reloading") == 0;
}

static int monitor(sd_bus *bus, const char *unit)
{
    HF_CLEANUP(hf_freep) char *state = NULL;
    int code = settled_state(bus, unit, &state);

    if (code != 0)
        return code;
    return is_active(state) ? RUNNER_OCF_OK : RUNNER_OCF_NOT_RUNNING;
}

/* --- jobs --- */

static int job_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
    struct job *job = data;
    const char *path, *unit, *result;
    uint32_t id;

    if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0)
        return 0;
    if (job->result == NULL && strcmp(job->path, path) == 0)
        job->result = hf_strdup(result);
    return 0;
}

/* Begins a job ("StartUnit", "StopUnit") and waits for its end.  0 if it was done, or an exit code. */
static int run_job(sd_bus *bus, const char *method, const char *unit, struct job *job)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    const char *path;
    int number = sd_bus_match_signal(bus, NULL, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                     "org.freedesktop.systemd1.Manager", "JobRemoved", job_removed, job);

    if (number >= 0)
        number = sd_bus_call_method(bus, MANAGER, "Subscribe", &error, NULL, "");
    if (number >= 0)
        number = sd_bus_call_method(bus, MANAGER, method, &error, &reply, "ss", unit, "replace");
    if (number >= 0)
        number = sd_bus_message_read(reply, "o", &path);
    if (number >= 0)
        job->path = hf_strdup(path);
    sd_bus_message_unref(reply);
    /* Signals that came meanwhile are kept by the library until they are processed, here. */
    while (number >= 0 && job->result == NULL) {
        number = sd_bus_process(bus, NULL);
        if (number == 0)
            number = sd_bus_wait(bus, UINT64_MAX);
    }

    int code = 0;

    /* What is not there is stopped. */
    if (number < 0 && strcmp(method, "StopUnit") == 0 &&
        sd_bus_error_has_name(&error, "org.freedesktop.systemd1.NoSuchUnit"))
        job->result = hf_strdup("done");
    else if (number < 0)
        code = bus_failure(unit, &error, number);
    if (code == 0 && strcmp(job->result, "done") != 0)
        code = complain(RUNNER_OCF_ERROR, unit, job->result);
    sd_bus_error_free(&error);
    return code;
}

static int start(sd_bus *bus, const char *unit, struct job *job)
{
    put_drop_in(bus, unit);

    int code = run_job(bus, "StartUnit", unit, job);

    if (code != 0)
        return code;

    HF_CLEANUP(hf_freep) char *state = NULL;

    code = settled_state(bus, unit, &state);
    if (code != 0)
        return code;
    return is_active(state) ? RUNNER_OCF_OK : complain(RUNNER_OCF_ERROR, unit, state);
}

static int stop(sd_bus *bus, const char *unit, struct job *job)
{
    remove_drop_in(bus, unit);

    int code = run_job(bus, "StopUnit", unit, job);

    if (code != 0)
        return code;
    code = monitor(bus, unit);
    return code == RUNNER_OCF_NOT_RUNNING ? RUNNER_OCF_OK
           : code == RUNNER_OCF_OK        ? complain(RUNNER_OCF_ERROR, unit, "is still active")
                                          : code;
}

static int act(const char *action, const char *unit)
{
    sd_bus *bus = NULL;
    struct job job = {0};
    int number = sd_bus_open_system(&bus);
    int code;

    if (number < 0)
        return complain(RUNNER_OCF_NOT_INSTALLED, "no systemd to speak with on this machine",
                        strerror(-number));
    if (strcmp(action, "start") == 0)
        code = start(bus, unit, &job);
    else if (strcmp(action, "stop") == 0)
        code = stop(bus, unit, &job);
    else
        code = monitor(bus, unit);
    sd_bus_flush_close_unref(bus);
    free(job.path);
    free(job.result);
    return code;
}

int main(int argc, char **argv)
{
    static const char *const actions[] = {"start", "stop", "monitor", "status"};

    if (argc != 3) {
        fprintf(stderr, "usage: holdfast-systemd ACTION UNIT\n");
        return RUNNER_OCF_INVALID_PARAM;
    }

    HF_CLEANUP(hf_freep) char *unit = unit_name(argv[2]);

    if (strcmp(argv[1], "meta-data") == 0) {
        printf(meta_data, unit, unit, unit);
        return 0;
    }
    for (size_t i = 0; i < HF_ARRAY_LENGTH(actions); i++)
        if (strcmp(argv[1], actions[i]) == 0)
            return act(argv[1], unit);
    return complain(RUNNER_OCF_UNIMPLEMENTED, argv[1], "a systemd unit can start, stop and monitor");
}
