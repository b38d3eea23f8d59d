/* main.c - holdfastd: the shell around a node (daemon/node/node.h).
 *
 * Everything that the daemon decides is decided by node_step().  This file turns what corosync, the control
 * socket, the agent runner, the disk and the clock say into events, and carries out the effects. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/cib/schema.h"
#include "daemon/holdfastd/attributes.h"
#include "daemon/holdfastd/corosync.h"
#include "daemon/holdfastd/disk.h"
#include "daemon/holdfastd/guard.h"
#include "daemon/holdfastd/plans.h"
#include "daemon/holdfastd/vote.h"
#include "daemon/node/node.h"
#include "daemon/runner/client.h"
#include "fence/runner.h"
#include "lib/buf.h"
#include "lib/control.h"
#include "lib/log.h"
#include "lib/program.h"
#include "lib/xml.h"
#include "lib/zone.h"

#define NAME "holdfastd"

struct options {
    bool foreground, verbose;
    const char *log_file;
    const char *state_directory;
    const char *runner;       /* program; NULL: the installed one */
    const char *guard_config; /* the guard's file: where it is, there are lock servers */
};

struct daemon {
    struct options options;
    qb_loop_t *loop;
    struct corosync *corosync;
    struct hf_control_server *control;
    struct runner_client *runner;
    struct fence_runner *fences;
    struct vote *vote; /* NULL until there is a node */
    struct guard_side *guard;
    struct cib_schema *schema;
    struct cib_store *store;
    struct cib_saved saved; /* until the node takes it */
    struct disk *disk;
    struct plans *plans;
    struct node *node; /* NULL until corosync said who we are */
    qb_loop_timer_handle timer;
    int64_t timer_at;
    struct runner_result *history; /* what runner_client_list() has brought so far */
    size_t n_history, history_capacity;
    int exit_status;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- events and effects --- */

static void step(struct daemon *daemon, struct node_event *event);

static void on_timer(void *data)
{
    struct daemon *daemon = data;
    struct node_event event = {.type = NODE_TICK};

    daemon->timer = 0;
    daemon->timer_at = INT64_MAX;
    step(daemon, &event);
}

static void arm_timer(struct daemon *daemon)
{
    int64_t deadline = node_deadline(daemon->node);
    int64_t left = deadline - now_ms();

    if (deadline == daemon->timer_at && (daemon->timer != 0 || deadline == INT64_MAX))
        return;
    if (daemon->timer != 0)
        qb_loop_timer_del(daemon->loop, daemon->timer);
    daemon->timer = 0;
    daemon->timer_at = deadline;
    if (deadline == INT64_MAX)
        return;
    qb_loop_timer_add(daemon->loop, QB_LOOP_HIGH, left > 0 ? (uint64_t)left * 1000000 : 0, daemon, on_timer,
                      &daemon->timer);
}

/* The runner refuses only what breaks its limits. */
static void complain(struct hf_error *error)
{
    if (error != NULL)
        hf_error_log("agent runner: %s", hf_error_text(error));
    hf_error_free(error);
}

static void leave(struct daemon *daemon, int status)
{
    daemon->exit_status = status;
    qb_loop_stop(daemon->loop);
}

/* Runs are numbered by the coordinator that wants them; there may have been several coordinators. */
static uint64_t fence_key(const struct node_effect *effect)
{
    return effect->client << 32 | (uint32_t)effect->ticket;
}

static void perform(struct daemon *daemon, const struct node_effect *effect)
{
    switch (effect->type) {
    case NODE_SEND:
        corosync_send(daemon->corosync, effect->bytes, effect->length);
        break;
    case NODE_STORE:
        disk_store(daemon->disk, effect->ticket, effect->snapshot, effect->bytes, effect->length);
        break;
    case NODE_REPLY:
        hf_control_reply(daemon->control, effect->client, effect->bytes, effect->length);
        break;
    case NODE_RUN:
        complain(runner_client_run(daemon->runner, effect->call));
        break;
    case NODE_CANCEL:
        complain(
            runner_client_cancel(daemon->runner, effect->resource, effect->operation, effect->interval_ms));
        break;
    case NODE_FORGET:
        complain(runner_client_forget(daemon->runner, effect->resource));
        break;
    case NODE_HURRY:
        complain(runner_client_hurry(daemon->runner, effect->resource));
        break;
    case NODE_LIST:
        daemon->n_history = 0;
        runner_client_list(daemon->runner);
        break;
    case NODE_ACK:
        runner_client_ack(daemon->runner, effect->ticket);
        break;
    case NODE_WANT_LOCK:
        guard_side_want(daemon->guard, effect->resource, effect->interval_ms);
        break;
    case NODE_UNWANT_LOCK:
        guard_side_unwant(daemon->guard, effect->resource);
        break;
    case NODE_ROUTER_PRIORITY:
        guard_side_priority(daemon->guard, effect->resource, (unsigned)effect->level, effect->interval_ms);
        break;
    case NODE_QUORATE:
        guard_side_quorum(daemon->guard, effect->level != 0, corosync_notice_ms(daemon->corosync));
        break;
    case NODE_HINT:
        guard_side_hint(daemon->guard, effect->resource, effect->level != 0);
        break;
    case NODE_FENCE:
        fence_runner_run(daemon->fences, fence_key(effect), effect->resource, effect->bytes,
                         effect->interval_ms);
        break;
    case NODE_FENCE_FORGET:
        fence_runner_forget(daemon->fences, fence_key(effect));
        break;
    case NODE_PLAN:
        plans_order(daemon->plans, effect->job);
        break;
    case NODE_LOG:
        hf_log((uint8_t)effect->level, "%s", effect->bytes);
        break;
    case NODE_REMEMBER:
        attributes_keep(effect->bytes);
        break;
    case NODE_EXIT:
        leave(daemon, effect->level);
        break;
    }
}

static void step(struct daemon *daemon, struct node_event *event)
{
    size_t count;

    if (daemon->node == NULL)
        return;
    event->now = now_ms();
    event->wall = time(NULL);
    event->utc_offset = hf_utc_offset(event->wall);

    const struct node_effect *effects = node_step(daemon->node, event, &count);

    for (size_t i = 0; i < count; i++)
        perform(daemon, &effects[i]);
    guard_side_duty(daemon->guard, node_duty(daemon->node));
    vote_refresh(daemon->vote);
    arm_timer(daemon);
}

/* --- corosync --- */

static void make_uuid(char text[37])
{
    unsigned char bytes[16];
    size_t at = 0;

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        abort();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    for (size_t i = 0; i < sizeof(bytes); i++)
        at += (size_t)sprintf(text + at, "%02x%s", bytes[i], i == 3 || i == 5 || i == 7 || i == 9 ? "-" : "");
}

static const struct runner_client_hooks runner_hooks;

static bool holds_lock(void *context, const uint32_t *nodes, size_t count)
{
    return node_lock_among(((struct daemon *)context)->node, nodes, count);
}

static void on_guard(void *context, struct node_event *event)
{
    step(context, event);
}

/* Corosync said who this node is: from now on there is a node. */
static void make_node(struct daemon *daemon, const struct corosync_node *nodes, int count)
{
    struct node_config config = {.self = corosync_self(daemon->corosync), .pid = (uint32_t)getpid()};
    struct runner_client_settings settings = {.program = daemon->options.runner};
    char host[256] = "";

    gethostname(host, sizeof(host) - 1);
    config.name = host;
    for (int i = 0; i < count; i++)
        if (nodes[i].id == config.self)
            config.name = nodes[i].name;
    make_uuid(config.uuid);
    config.attributes = attributes_load();
    hf_notice("this node is %s (id %" PRIu32 ")", config.name, config.self);
    daemon->node = node_new(&config, &daemon->saved);
    daemon->runner = runner_client_new(daemon->loop, &settings, &runner_hooks, daemon);
    daemon->guard = guard_side_open(daemon->loop, daemon->options.guard_config, on_guard, daemon);
    guard_side_start(daemon->guard);
    daemon->vote = vote_open(daemon->loop, holds_lock, daemon);
}

static void on_nodes(void *context, const struct corosync_node *nodes, int count, const char *cluster)
{
    struct daemon *daemon = context;
    struct node_name names[COROSYNC_NODES_MAX];
    struct node_event event = {.type = NODE_NAMES};

    if (daemon->node == NULL)
        make_node(daemon, nodes, count);
    for (int i = 0; i < count; i++)
        names[i] = (struct node_name){nodes[i].id, nodes[i].name};
    event.names.names = names;
    event.names.count = count;
    event.names.cluster = cluster;
    step(daemon, &event);
}

static struct node_member *members_of(const struct corosync_member *from, int count)
{
    struct node_member *members = hf_calloc((size_t)count, sizeof(*members));

    for (int i = 0; i < count; i++)
        members[i] = (struct node_member){from[i].node, from[i].pid, from[i].left == COROSYNC_LEFT_MACHINE};
    return members;
}

static void on_view(void *context, const struct corosync_view *view)
{
    HF_CLEANUP(hf_freep) struct node_member *members = members_of(view->members, view->n_members);
    HF_CLEANUP(hf_freep) struct node_member *joined = members_of(view->joined, view->n_joined);
    HF_CLEANUP(hf_freep) struct node_member *left = members_of(view->left, view->n_left);
    struct node_event event = {.type = NODE_VIEW};

    event.view.members = members;
    event.view.n_members = view->n_members;
    event.view.joined = joined;
    event.view.n_joined = view->n_joined;
    event.view.left = left;
    event.view.n_left = view->n_left;
    event.view.heard = corosync_heard(((struct daemon *)context)->corosync, &event.view.machines);
    event.view.quorate = view->quorate;
    event.view.lock_votes = vote_is_cast(((struct daemon *)context)->vote);
    event.view.ring = view->ring;
    step(context, &event);
}

static void on_quorum(void *context, bool quorate, uint64_t ring)
{
    struct node_event event = {.type = NODE_QUORUM};

    event.view.heard = corosync_heard(((struct daemon *)context)->corosync, &event.view.machines);
    event.view.quorate = quorate;
    event.view.lock_votes = vote_is_cast(((struct daemon *)context)->vote);
    event.view.ring = ring;
    step(context, &event);
}

static void on_message(void *context, uint32_t from, uint32_t pid, const void *bytes, size_t length)
{
    struct node_event event = {.type = NODE_MESSAGE};

    event.message.from = from;
    event.message.pid = pid;
    event.message.bytes = bytes;
    event.message.length = length;
    step(context, &event);
}

/* --- the disk --- */

static void on_stored(void *context, uint64_t ticket, bool low, const char *failure)
{
    struct node_event event = {.type = NODE_STORED};

    event.stored.ticket = ticket;
    event.stored.low = low;
    event.stored.failure = failure;
    step(context, &event);
}

static void reply(struct daemon *daemon, uint64_t client, const struct hf_error *error, const char *payload)
{
    struct hf_buf text = {0};

    hf_buf_printf(&text, "<reply status=\"%s\"", hf_error_kind_name(hf_error_kind(error)));
    if (error != NULL) {
        hf_buf_puts(&text, " message=\"");
        hf_buf_xml(&text, hf_error_text(error));
        hf_buf_puts(&text, "\"");
    }
    hf_buf_printf(&text, ">%s</reply>", payload);
    hf_control_reply(daemon->control, client, hf_buf_text(&text), text.length);
    hf_buf_free(&text);
}

static void on_answered(void *context, uint64_t client, const char *text, const struct hf_error *error)
{
    reply(context, client, error, error == NULL ? text : "");
}

/* --- the control socket --- */

/* Revisions are on the disk, which the node does not know; true if this was a question about them. */
static bool ask_disk(struct daemon *daemon, uint64_t client, const char *text, size_t length)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    HF_CLEANUP(hf_error_freep) struct hf_error *error = hf_xml_parse(text, length, "request", &document);
    const xmlNode *root = document == NULL ? NULL : xmlDocGetRootElement(document);
    const char *what = hf_xml_get_or(root, "what", "");
    int64_t number = 0;

    if (!hf_xml_is(root, "query") || strncmp(what, "revision", 8) != 0)
        return false;
    if (strcmp(what, "revision") == 0 &&
        (!hf_parse_int64(hf_xml_get(root, "number"), &number) || number <= 0)) {
        HF_CLEANUP(hf_error_freep)
        struct hf_error *wrong = hf_error_new(HF_USAGE, "query of a revision: expected its number");

        reply(daemon, client, wrong, "");
        return true;
    }
    disk_query(daemon->disk, client, (uint64_t)number);
    return true;
}

static void on_request(void *context, uint64_t client, const char *user, const char *text, size_t length)
{
    struct daemon *daemon = context;
    struct node_event event = {.type = NODE_REQUEST};

    if (length < 256 && ask_disk(daemon, client, text, length))
        return;
    if (daemon->node == NULL) {
        HF_CLEANUP(hf_error_freep)
        struct hf_error *error =
            hf_error_new(HF_FAILED, "corosync is not running on this machine: start it with "
                                    "'systemctl start corosync'");

        reply(daemon, client, error, "");
        return;
    }
    event.request.client = client;
    event.request.user = user;
    event.request.text = text;
    event.request.length = length;
    step(daemon, &event);
}

/* --- the agent runner --- */

static void on_attached(void *context, bool same)
{
    struct node_event event = {.type = NODE_RUNNER_THERE};

    step(context, &event);
}

static void on_detached(void *context)
{
    struct node_event event = {.type = NODE_RUNNER_LOST};

    step(context, &event);
}

static void on_result(void *context, const struct runner_result *result)
{
    struct node_event event = {.type = NODE_RESULT};

    event.result = result;
    step(context, &event);
}

static void clear_history(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->n_history; i++)
        runner_result_clear(&daemon->history[i]);
    daemon->n_history = 0;
}

static void on_history(void *context, const struct runner_result *entry)
{
    struct daemon *daemon = context;

    hf_grow(&daemon->history, &daemon->history_capacity, daemon->n_history + 1, sizeof(*daemon->history));
    runner_result_copy(&daemon->history[daemon->n_history++], entry);
}

static void on_history_end(void *context)
{
    struct daemon *daemon = context;
    struct node_event event = {.type = NODE_RUNNER_HISTORY};

    event.history.entries = daemon->history;
    event.history.count = daemon->n_history;
    step(daemon, &event);
    clear_history(daemon);
}

static const struct runner_client_hooks runner_hooks = {
    .attached = on_attached,
    .detached = on_detached,
    .result = on_result,
    .history = on_history,
    .history_end = on_history_end,
};

/* --- fence agents --- */

static void on_fenced(void *context, const struct fence_end *end)
{
    struct node_fence_result result = {
        .run = end->run & UINT32_MAX,
        .requester = (uint32_t)(end->run >> 32),
        .exit_status = end->exit_status,
        .timed_out = end->timed_out,
        .output = end->output,
        .reason = end->reason,
    };
    struct node_event event = {.type = NODE_FENCED};

    event.fenced = &result;
    step(context, &event);
}

/* --- the scheduler --- */

static void on_planned(void *context, struct planner_result *result)
{
    struct node_event event = {.type = NODE_PLANNED};

    event.planned = result;
    step(context, &event);
}

/* --- start and end --- */

static int32_t on_signal(int32_t number, void *data)
{
    struct daemon *daemon = data;
    struct node_event event = {.type = NODE_SHUTDOWN};

    hf_notice("got signal %d", number);
    if (daemon->node == NULL)
        leave(daemon, 0);
    else
        step(daemon, &event);
    return 0;
}

static const char usage_text[] = "usage: holdfastd [-f] [-v] [-l FILE] [-d DIRECTORY] [-r PROGRAM]\n"
                                 "  -f, --foreground       log to standard error instead of syslog\n"
                                 "  -v, --verbose          log debug messages too\n"
                                 "  -l, --log-file FILE    log to FILE too\n"
                                 "  -d, --directory DIR    keep the CIB in DIR [" HF_STATEDIR "]\n"
                                 "  -r, --runner PROGRAM   the agent runner to start where there is none\n"
                                 "  -g, --guard-config FILE  where the guard is configured\n"
                                 "  -V, --version\n"
                                 "holdfastd stays in the foreground; see holdfastd(8).\n";

/* The exit status, or -1 to go on. */
static int parse_options(int argc, char **argv, struct options *options)
{
    const struct hf_option known[] = {
        {.name = "foreground", .letter = 'f', .flag = &options->foreground},
        {.name = "verbose", .letter = 'v', .flag = &options->verbose},
        {.name = "log-file", .letter = 'l', .text = &options->log_file},
        {.name = "directory", .letter = 'd', .text = &options->state_directory},
        {.name = "runner", .letter = 'r', .text = &options->runner},
        {.name = "guard-config", .letter = 'g', .text = &options->guard_config},
    };
    const struct hf_program program = {
        .name = NAME, .usage = usage_text, .options = known, .option_count = HF_ARRAY_LENGTH(known)};

    *options = (struct options){.state_directory = HF_STATEDIR,
                                .guard_config = HF_SYSCONFDIR "/holdfast/guard.conf"};
    return hf_program_options(&program, argc, argv);
}

static struct hf_error *open_store(struct daemon *daemon)
{
    struct cib_store_options options = {.directory = daemon->options.state_directory,
                                        .schema = daemon->schema};
    struct disk_handlers handlers = {.context = daemon, .stored = on_stored, .answered = on_answered};
    struct hf_buf said = {0};
    struct hf_error *error = cib_store_open(&options, &daemon->store, &daemon->saved, &said);

    for (char *rest = said.data, *line; (line = strsep(&rest, "\n")) != NULL;)
        if (*line != '\0')
            hf_warn("%s", line);
    hf_buf_free(&said);
    if (error == NULL)
        daemon->disk = disk_start(daemon->loop, daemon->store, &handlers);
    return error;
}

static struct hf_error *start(struct daemon *daemon)
{
    struct corosync_handlers handlers = {
        .context = daemon, .view = on_view, .quorum = on_quorum, .message = on_message, .nodes = on_nodes};
    qb_loop_signal_handle handle;
    struct hf_error *error;

    mkdir(HF_RUNDIR, 0755);
    daemon->loop = qb_loop_create();
    daemon->timer_at = INT64_MAX;
    daemon->schema = cib_schema_new();
    daemon->fences = fence_runner_new(daemon->loop, NULL, on_fenced, daemon);
    daemon->plans = plans_start(daemon->loop, on_planned, daemon);
    error = hf_control_listen(daemon->loop, HF_CONTROL_NAME, on_request, daemon, &daemon->control);
    if (error == NULL)
        error = open_store(daemon);
    if (error != NULL)
        return error;
    qb_loop_signal_add(daemon->loop, QB_LOOP_HIGH, SIGTERM, daemon, on_signal, &handle);
    qb_loop_signal_add(daemon->loop, QB_LOOP_HIGH, SIGINT, daemon, on_signal, &handle);
    daemon->corosync = corosync_open(daemon->loop, &handlers);
    return NULL;
}

static void finish(struct daemon *daemon)
{
    corosync_close(daemon->corosync);
    runner_client_free(daemon->runner);
    guard_side_close(daemon->guard);
    vote_close(daemon->vote);
    fence_runner_free(daemon->fences);
    plans_stop(daemon->plans);
    disk_stop(daemon->disk);
    hf_control_unlisten(daemon->control);
    node_free(daemon->node);
    cib_saved_free(&daemon->saved);
    cib_store_close(daemon->store);
    cib_schema_free(daemon->schema);
    clear_history(daemon);
    free(daemon->history);
}

int main(int argc, char **argv)
{
    struct daemon daemon = {0};
    int status = parse_options(argc, argv, &daemon.options);

    if (status >= 0)
        return status;
    hf_xml_init();
    umask(027);
    hf_daemon_begin(NAME, daemon.options.foreground, daemon.options.verbose);
    if (daemon.options.log_file != NULL && !hf_log_to_file(daemon.options.log_file, daemon.options.verbose)) {
        fprintf(stderr, "holdfastd: cannot write %s: %s\n", daemon.options.log_file, strerror(errno));
        return HF_FAILED;
    }

    struct hf_error *error = start(&daemon);

    if (error != NULL) {
        daemon.exit_status = hf_daemon_fail(NAME, error);
    } else {
        hf_notice("holdfastd " HF_VERSION " started");
        qb_loop_run(daemon.loop);
        hf_notice("holdfastd ends");
    }
    finish(&daemon);
    hf_log_close();
    return daemon.exit_status;
}
