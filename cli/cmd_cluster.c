/* cmd_cluster.c - `holdfast cluster`: the membership as the daemon of this machine sees it, its health, and
 * the services of this machine. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/program.h"
#include "cli/status.h"
#include "daemon/sched/sched.h"
#include "lib/xml.h"

static bool is_true(const xmlNode *element, const char *attribute)
{
    bool value = false;

    hf_parse_bool(hf_xml_get(element, attribute), &value);
    return value;
}

static struct hf_error *run_status(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    struct hf_error *error = session_call(session, "<query what=\"node\"/>", SESSION_CALL_MS, &reply);
    struct hf_writer *writer = session->writer;
    const xmlNode *node;

    if (error != NULL)
        return error;
    node = hf_xml_child(xmlDocGetRootElement(reply), "node");
    if (node == NULL)
        return hf_error_new(HF_FAILED, "holdfastd's answer has no <node>");
    hf_write_string(writer, "node", "Node", hf_xml_get(node, "name"));
    hf_write_string(writer, "id", "Id", hf_xml_get(node, "id"));
    hf_write_string(writer, "version", "Version", hf_xml_get(node, "version"));
    hf_write_string(writer, "dc", "Coordinator", hf_xml_get(node, "dc"));
    hf_write_bool(writer, "quorate", "Quorate", is_true(node, "quorate"));
    hf_write_bool(writer, "joined", "Joined", is_true(node, "joined"));
    hf_write_bool(writer, "settled", "Settled", is_true(node, "settled"));
    hf_write_string(writer, "transition", "Transition", hf_xml_get_or(node, "transition", "-"));
    hf_write_list(writer, "members");
    HF_XML_EACH (member, node, "member") {
        hf_write_object(writer, NULL);
        hf_write_string(writer, "id", NULL, hf_xml_get(member, "id"));
        hf_write_string(writer, "name", NULL, hf_xml_get(member, "name"));
        hf_write_string(writer, "uptime-order", NULL, hf_xml_get(member, "uptime-order"));
        hf_write_end(writer);
        hf_write_line(writer, "Member: %s (%s)", hf_xml_get_or(member, "name", "?"),
                      hf_xml_get_or(member, "id", "?"));
    }
    hf_write_end(writer);
    return NULL;
}

static struct hf_error *run_settle(struct session *session, int argc, char **argv)
{
    return session_settle(session, session->wait_ms >= 0 ? session->wait_ms : 120000);
}

/* --- health --- */

struct checks {
    struct hf_writer *writer;
    int bad;
};

static void check(struct checks *checks, bool good, const char *what, const char *detail)
{
    hf_write_object(checks->writer, NULL);
    hf_write_string(checks->writer, "check", NULL, what);
    hf_write_bool(checks->writer, "good", NULL, good);
    hf_write_string(checks->writer, "detail", NULL, detail);
    hf_write_end(checks->writer);
    hf_write_line(checks->writer, "%-4s %s%s%s", good ? "ok" : "BAD", what, *detail != '\0' ? ": " : "",
                  detail);
    checks->bad += !good;
}

static void check_members(struct checks *checks, const struct status_model *model)
{
    struct hf_buf away = {0};

    for (int i = 0; i < model->n_nodes; i++)
        if (!model->nodes[i].online || model->nodes[i].unclean)
            hf_buf_printf(&away, "%s%s is %s", away.length > 0 ? ", " : "", model->nodes[i].name,
                          model->nodes[i].state);
    check(checks, away.length == 0, "all nodes are online", hf_buf_text(&away));
    hf_buf_free(&away);
}

static void list_stopped(struct hf_buf *list, const struct status_resource *resources, int count)
{
    for (int i = 0; i < count; i++) {
        const struct status_resource *resource = &resources[i];

        if (resource->n_children == 0 && !resource->removed && !resource->disabled &&
            (!resource->active || resource->failed || resource->blocked))
            hf_buf_printf(list, "%s%s", list->length > 0 ? ", " : "", resource->id);
        list_stopped(list, resource->children, resource->n_children);
    }
}

static void check_resources(struct checks *checks, const struct status_model *model)
{
    struct hf_buf failed = {0}, stopped = {0};

    for (int i = 0; i < model->n_failures; i++)
        hf_buf_printf(&failed, "%s%s of %s on %s", i > 0 ? ", " : "", model->failures[i].operation,
                      model->failures[i].resource, model->failures[i].node);
    check(checks, failed.length == 0, "no operation failed", hf_buf_text(&failed));
    list_stopped(&stopped, model->resources, model->n_resources);
    check(checks, stopped.length == 0, "everything that is to run does", hf_buf_text(&stopped));
    check(checks, !model->maintenance_mode, "the cluster is not in maintenance", "");
    check(checks, model->fencing_enabled, "fencing is enabled",
          model->fencing_enabled ? "" : "without it a lost node that is only cut off goes on for a while");
    hf_buf_free(&failed);
    hf_buf_free(&stopped);
}

static void check_warnings(struct checks *checks, const struct sched_output *output)
{
    int count;
    const char *const *warnings = sched_warnings(output, &count);
    struct hf_buf text = {0};

    for (int i = 0; i < count; i++)
        hf_buf_printf(&text, "%s%s", i > 0 ? "; " : "", warnings[i]);
    check(checks, count == 0, "the scheduler doubts nothing", hf_buf_text(&text));
    hf_buf_free(&text);
}

static struct hf_error *run_health(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct checks checks = {.writer = session->writer};
    struct sched_input input = {.now = (int64_t)time(NULL)};
    struct sched_output *output;
    struct hf_error *error = session_cib(session, &cib);

    if (error == NULL)
        error = sched_run(cib, &input, &output);
    if (error != NULL)
        return error;
    hf_write_list(session->writer, "checks");
    check(&checks, sched_status(output)->have_quorum, "the cluster has quorum", "");
    check_members(&checks, sched_status(output));
    check_resources(&checks, sched_status(output));
    check_warnings(&checks, output);
    hf_write_end(session->writer);
    hf_write_bool(session->writer, "healthy", NULL, checks.bad == 0);
    sched_output_free(output);
    return NULL;
}

/* --- this machine's services --- */

enum { SERVICE_MS = 31 * 60 * 1000, START_MS = 60000 };

static struct hf_error *systemctl(const char *verb)
{
    static char *const services[] = {(char *)"holdfastd", (char *)"holdfast-runner", (char *)"corosync"};
    char *argv[] = {(char *)"systemctl", (char *)verb, services[0], NULL, NULL, NULL};

    if (access("/run/systemd/system", F_OK) != 0)
        return hf_error_new(HF_FAILED,
                            "systemd does not run this machine: %s holdfastd as it was set up here", verb);
    /* holdfastd's unit brings the others along; what is taken away is named. */
    if (strcmp(verb, "start") != 0) {
        argv[3] = services[1];
        argv[4] = services[2];
    }
    return program_call(argv, NULL, SERVICE_MS, NULL);
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Asks until the daemon answers that it is in sync with the others; HF_TIMED_OUT with the last answer. */
static struct hf_error *wait_joined(struct session *session, int64_t limit_ms)
{
    for (int64_t waited = 0;; waited += 200) {
        HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
        struct hf_error *error = session_call(session, "<query what=\"node\"/>", SESSION_CALL_MS, &reply),
                        *late;

        if (error == NULL && is_true(hf_xml_child(xmlDocGetRootElement(reply), "node"), "joined"))
            return NULL;
        if (waited < limit_ms) {
            hf_error_free(error);
            pause_ms(200);
            continue;
        }
        late =
            hf_error_new(HF_TIMED_OUT, "the node has not joined: %s",
                         error != NULL ? hf_error_text(error) : "its daemon is not in sync with the others");
        hf_error_free(error);
        return late;
    }
}

static struct hf_error *run_wait(struct session *session, int argc, char **argv)
{
    int64_t limit_ms = session->wait_ms >= 0 ? session->wait_ms : START_MS;

    if (argc > 1 && !parse_duration(argv[1], &limit_ms))
        return hf_error_new(HF_USAGE, "found '%s', expected a number of seconds", argv[1]);
    return wait_joined(session, limit_ms);
}

static struct hf_error *run_start(struct session *session, int argc, char **argv)
{
    struct hf_error *error = systemctl("start");

    if (error != NULL || session->wait_ms < 0)
        return error;
    error = wait_joined(session, session->wait_ms);
    return error != NULL ? error : session_settle(session, session->wait_ms);
}

static struct hf_error *shut_down(struct session *session, const char *node)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    struct hf_buf request = {0};
    struct hf_error *error;

    hf_buf_puts(&request, "<shutdown node=\"");
    hf_buf_xml(&request, node);
    hf_buf_puts(&request, "\"/>");
    error = session_call(session, hf_buf_text(&request), SESSION_CALL_MS, &reply);
    hf_buf_free(&request);
    return hf_error_wrap(error, "%s", node);
}

/* All members, this one last. */
static struct hf_error *stop_all(struct session *session)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    struct hf_error *error = session_call(session, "<query what=\"node\"/>", SESSION_CALL_MS, &reply);
    const xmlNode *node = hf_xml_child(xmlDocGetRootElement(reply), "node");
    const char *self = hf_xml_get_or(node, "name", "");

    HF_XML_EACH (member, node, "member")
        if (error == NULL && strcmp(hf_xml_get_or(member, "name", ""), self) != 0)
            error = shut_down(session, hf_xml_get_or(member, "name", ""));
    return error != NULL ? error : shut_down(session, self);
}

static struct hf_error *run_stop(struct session *session, int argc, char **argv)
{
    struct hf_error *error = NULL;

    if (argc == 2 && strcmp(argv[1], "--all") == 0)
        return stop_all(session);
    for (int i = 1; i < argc && error == NULL; i++)
        error = shut_down(session, argv[i]);
    return argc > 1 ? error : systemctl("stop");
}

static struct hf_error *run_restart(struct session *session, int argc, char **argv)
{
    struct hf_error *error = systemctl("stop");

    return error != NULL ? error : run_start(session, argc, argv);
}

static struct hf_error *run_enable(struct session *session, int argc, char **argv)
{
    return systemctl("enable");
}

static struct hf_error *run_disable(struct session *session, int argc, char **argv)
{
    return systemctl("disable");
}

static const struct command commands[] = {
    {"status", "", "Print membership, quorum and coordinator", run_status, 0, 0, COMMAND_CLUSTER,
     COMPLETE_NOTHING},
    {"settle", "", "Wait until the cluster has nothing left to do (--wait=SECONDS)", run_settle, 0, 0,
     COMMAND_CLUSTER, COMPLETE_NOTHING},
    {"health", "", "Check quorum, nodes, resources and fencing, and say what is not well", run_health, 0, 0,
     0, COMPLETE_NOTHING},
    {"start", "", "Start the cluster's services on this machine (--wait: until it has joined and settled)",
     run_start, 0, 0, COMMAND_CLUSTER, COMPLETE_NOTHING},
    {"stop", "[--all|NODE...]", "Stop the services of this machine, or drain nodes and stop their daemons",
     run_stop, 0, -1, COMMAND_CLUSTER, COMPLETE_NODES},
    {"restart", "", "Stop the services of this machine and start them again", run_restart, 0, 0,
     COMMAND_CLUSTER, COMPLETE_NOTHING},
    {"enable", "", "Have the services of this machine start at boot", run_enable, 0, 0, COMMAND_CLUSTER,
     COMPLETE_NOTHING},
    {"disable", "", "Not have them start at boot", run_disable, 0, 0, COMMAND_CLUSTER, COMPLETE_NOTHING},
    {"wait_for_startup", "[SECONDS]", "Wait until the daemon of this machine has joined the others", run_wait,
     0, 1, COMMAND_CLUSTER, COMPLETE_NOTHING},
};

const struct command_area area_cluster = {"cluster",
                                          "The membership, its health, and this machine's services", commands,
                                          HF_ARRAY_LENGTH(commands), NULL};
