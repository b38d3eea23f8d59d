/* main.c - holdfast-guard: the process around engine.c.  Sockets, signals, real time, and its own status.
 *
 * After the start it opens no file but the orders (under /run), resolves no name and starts no process; its
 * memory is locked, its log is written by a thread of its own, so that neither a full disk nor a stuck syslog
 * holds a lease up. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/guard/clear.h"
#include "daemon/guard/config.h"
#include "daemon/guard/control.h"
#include "daemon/guard/engine.h"
#include "daemon/guard/link.h"
#include "daemon/guard/loop.h"
#include "daemon/guard/report.h"
#include "daemon/guard/sockets.h"
#include "lib/log.h"
#include "lib/program.h"
#include "lib/socket.h"

#define NAME "holdfast-guard"
#define CLOCK_EVERY_NS INT64_C(1000000000)
#define LOG_STACK_BYTES 262144 /* qb_log formats a line of at most 4 KiB */

struct server_link {
    struct guard *guard;
    unsigned index;
    struct link *link;
    int fd; /* what the loop watches; -1: nothing */
    uint32_t events;
    bool reconnect; /* asked for while its handlers run */
};

struct guard {
    struct guard_config config;
    struct loop *loop;
    struct gate *gate;
    struct network *network;
    struct watchdog *watchdog;
    struct engine *engine;
    struct control *control;
    struct sockets *sockets;
    struct tls_client *tls, *tls_before; /* handshakes may still use the one before */
    struct server_link links[GUARD_SERVERS_MAX];
    uint8_t boot[FRAME_BOOT_BYTES];
    int signals;
    int64_t clock_at; /* when the clocks are compared next */
    bool ending, retiring;
};

/* --- links --- */

/* Watches what the link wants to be watched, whichever socket it has now. */
static void follow_link(struct server_link *at)
{
    struct loop *loop = at->guard->loop;
    int fd = link_fd(at->link);
    uint32_t events = fd < 0 ? 0 : link_events(at->link);

    if (at->fd >= 0 && at->fd != fd)
        loop_unwatch(loop, at->fd);
    at->fd = fd;
    at->events = events;
}

static void on_link(void *context, uint32_t events);

static void step_link(struct server_link *at, uint32_t ready)
{
    int before = at->fd;

    link_step(at->link, loop_now(), ready);
    if (at->reconnect)
        link_reconnect(at->link, loop_now());
    at->reconnect = false;
    follow_link(at);
    /* A new socket may have got the old one's number: it is watched anew in any case. */
    if (at->fd >= 0)
        loop_watch(at->guard->loop, at->fd, at->events, on_link, at);
    else if (before >= 0)
        loop_unwatch(at->guard->loop, before);
    if (!link_is_up(at->link))
        engine_link_why(at->guard->engine, at->index, link_why(at->link));
}

static void on_link(void *context, uint32_t events)
{
    step_link(context, events);
}

static void on_link_up(void *context)
{
    struct server_link *at = context;

    engine_link_up(at->guard->engine, at->index, loop_now());
}

static void on_link_down(void *context, const char *why)
{
    struct server_link *at = context;

    engine_link_down(at->guard->engine, at->index, why, loop_now());
}

static void on_link_frame(void *context, const uint8_t *bytes, size_t length)
{
    struct server_link *at = context;

    engine_link_frame(at->guard->engine, at->index, bytes, length, loop_now());
}

static uint64_t random_number(void)
{
    uint64_t number = (uint64_t)loop_now() ^ (uint64_t)getpid() << 32;

    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        number ^= (uint64_t)(uintptr_t)&number;
    return number;
}

static struct hf_error *open_tls(struct guard *guard, struct tls_client **tls)
{
    const struct tls_client_config config = {.cluster = guard->config.cluster,
                                             .node = guard->config.node,
                                             .key_file = guard->config.key,
                                             .certificate = guard->config.certificate,
                                             .private_key = guard->config.private_key,
                                             .ca = guard->config.ca};

    return tls_client_new(&config, tls);
}

static struct hf_error *open_links(struct guard *guard)
{
    static const struct link_handler handler = {
        .up = on_link_up, .down = on_link_down, .frame = on_link_frame};
    struct hf_error *error = guard->config.server_count == 0 ? NULL : open_tls(guard, &guard->tls);

    for (unsigned i = 0; i < guard->config.server_count && error == NULL; i++) {
        struct server_link *at = &guard->links[i];
        const struct link_config config = {.server = guard->config.servers[i].address,
                                           .server_name = guard->config.servers[i].name,
                                           .seed = random_number(),
                                           .handler = &handler,
                                           .context = at};

        *at = (struct server_link){.guard = guard, .index = i, .fd = -1};
        error = link_new(guard->tls, &config, &at->link);
    }
    return error;
}

/* New keys or certificates, without losing a connection. */
static void reload_keys(struct guard *guard)
{
    struct tls_client *tls;
    struct hf_error *error HF_CLEANUP(hf_error_freep) = NULL;

    if (guard->config.server_count == 0)
        return;
    error = open_tls(guard, &tls);
    if (error != NULL) {
        hf_error_log("the old keys stay in use: %s", hf_error_text(error));
        return;
    }
    for (unsigned i = 0; i < guard->config.server_count; i++)
        link_set_tls(guard->links[i].link, tls);
    tls_client_free(guard->tls_before);
    guard->tls_before = guard->tls;
    guard->tls = tls;
    hf_notice("keys read anew, for the connections to come");
}

/* --- the engine's hooks --- */

static void on_send(void *context, unsigned server, const void *bytes, size_t length)
{
    struct guard *guard = context;
    struct server_link *at = &guard->links[server];

    link_send(at->link, loop_now(), bytes, length);
    follow_link(at);
    if (at->fd >= 0)
        loop_watch(guard->loop, at->fd, at->events, on_link, at);
}

static void on_reconnect(void *context, unsigned server)
{
    struct guard *guard = context;

    guard->links[server].reconnect = true;
}

static void on_tell(void *context, const struct guard_frame *frame)
{
    struct guard *guard = context;

    if (guard->control != NULL)
        control_tell(guard->control, frame);
}

static void on_save(void *context, const struct orders *orders)
{
    struct guard *guard = context;
    struct hf_error *error HF_CLEANUP(hf_error_freep) =
        orders_save(guard->config.orders, orders, guard->boot);

    if (error != NULL)
        hf_error_log("%s", hf_error_text(error));
}

static void on_answer(void *context, uint64_t asker, const struct guard_answer *answer)
{
    struct guard *guard = context;

    if (guard->control != NULL)
        control_answer(guard->control, asker, answer);
}

static void on_need(void *context, const char *interface, enum vrrp_family family)
{
    const struct guard *guard = context;
    struct network_interface found;
    struct hf_error *error HF_CLEANUP(hf_error_freep) = NULL;

    if (network_find(guard->network, interface, &found))
        error = sockets_need(guard->sockets, interface, found.ifindex, family);
    if (error != NULL)
        hf_error_log("%s", hf_error_text(error));
}

static void on_listen(void *context)
{
    struct guard *guard = context;

    if (guard->engine == NULL)
        return; /* it is being made; open_engine() does this then */
    sockets_begin(guard->sockets);
    engine_needs(guard->engine, on_need, guard);
    sockets_end(guard->sockets);
}

static struct hf_error *on_advert(void *context, const char *interface, const struct vrrp_address *source,
                                  const struct vrrp_address *destination, const void *bytes, size_t length)
{
    const struct guard *guard = context;

    return sockets_send(guard->sockets, interface, source, destination, bytes, length);
}

static void on_packet(void *context, const char *interface, const struct vrrp_received *received)
{
    const struct guard *guard = context;

    engine_packet(guard->engine, interface, received, loop_now());
}

static const struct engine_hooks engine_hooks = {.send = on_send,
                                                 .reconnect = on_reconnect,
                                                 .tell = on_tell,
                                                 .save = on_save,
                                                 .answer = on_answer,
                                                 .listen = on_listen,
                                                 .advert = on_advert};

/* --- the control socket's hooks --- */

static char *on_order(void *context, const struct guard_frame *frame)
{
    struct guard *guard = context;

    return engine_order(guard->engine, frame, loop_now());
}

static void on_owner(void *context, bool present)
{
    struct guard *guard = context;

    engine_attended(guard->engine, present, loop_now());
}

static void on_agent(void *context, uint64_t asker, const struct guard_frame *frame)
{
    struct guard *guard = context;

    engine_agent(guard->engine, asker, frame, loop_now());
}

static void on_describe(void *context, void (*take)(void *to, const struct guard_frame *frame), void *to)
{
    struct guard *guard = context;

    engine_describe(guard->engine, take, to);
}

static const struct control_hooks control_hooks = {
    .order = on_order, .owner = on_owner, .agent = on_agent, .describe = on_describe};

/* --- signals and the network --- */

static void on_network(void *context, uint32_t events)
{
    struct guard *guard = context;

    network_drain(guard->network);
    engine_network_changed(guard->engine, loop_now());
}

static void on_signal(void *context, uint32_t events)
{
    struct guard *guard = context;
    struct signalfd_siginfo info;

    if (read(guard->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    switch (info.ssi_signo) {
    case SIGHUP:
        reload_keys(guard);
        break;
    case SIGINT:
        hf_notice("ending, and giving all locks up");
        guard->retiring = true;
        engine_retire(guard->engine, loop_now());
        break;
    default:
        hf_notice("ending; locks run out unless the next guard takes them up");
        guard->ending = true;
        break;
    }
}

static sigset_t our_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

/* --- start and end --- */

/* Real time, and nothing of it ever on a disk. What is not allowed is said, and done without. */
static void become_real_time(const struct guard_config *config)
{
    const struct sched_param parameters = {.sched_priority = (int)config->priority};
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

    mallopt(M_TRIM_THRESHOLD, -1);
    mallopt(M_MMAP_MAX, 0);
    setrlimit(RLIMIT_MEMLOCK, &unlimited);
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        hf_warn("cannot lock the guard's memory (%s): a slow disk may delay it", strerror(errno));
    if (config->priority > 0 && sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) != 0)
        hf_warn("cannot have real-time priority %u (%s): a busy machine may lose its locks", config->priority,
                strerror(errno));
}

static void open_engine(struct guard *guard)
{
    const struct guard_config *config = &guard->config;
    struct engine_config setup = {.lease = {.servers = config->server_count,
                                            .lease_ms = config->lease_ms,
                                            .drain_ms = config->drain_ms,
                                            .seed = random_number()},
                                  .cluster = config->cluster,
                                  .gate = guard->gate,
                                  .network = guard->network,
                                  .watchdog = guard->watchdog};
    struct orders orders;
    struct hf_error *error HF_CLEANUP(hf_error_freep) = orders_load(config->orders, guard->boot, &orders);

    if (error != NULL) {
        /* holdfastd gives its orders again; gates without one stay shut. */
        char *aside HF_CLEANUP(hf_freep) = hf_asprintf("%s.damaged", config->orders);

        rename(config->orders, aside);
        hf_error_log("%s; set aside as %s", hf_error_text(error), aside);
    }
    memcpy(setup.lease.boot, guard->boot, sizeof(guard->boot));
    for (unsigned i = 0; i < config->server_count; i++)
        setup.servers[i] = config->servers[i].address;
    guard->engine = engine_new(&setup, &engine_hooks, guard, &orders, loop_now());
    on_listen(guard);
    orders_clear(&orders);
}

/* The control socket comes first: its lock is what keeps two guards from using one gate. */
static struct hf_error *open_guard(struct guard *guard)
{
    const sigset_t signals = our_signals();
    struct hf_error *error = orders_boot(guard->boot);

    if (error == NULL)
        error = loop_new(&guard->loop);
    if (error == NULL)
        error = control_new(guard->loop, guard->config.socket, &control_hooks, guard, &guard->control);
    if (error == NULL)
        error = network_new(&guard->network);
    if (error == NULL)
        error = open_links(guard);
    if (error != NULL)
        return error;
    guard->gate = gate_open(guard->config.pins);
    if (gate_mode(guard->gate) == GATE_USER_SPACE)
        hf_warn("gate: user space only: %s", gate_reason(guard->gate));
    guard->watchdog = watchdog_new(guard->config.watchdog, guard->config.watchdog_ms);
    guard->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (guard->signals < 0)
        return hf_error_errno(errno, "cannot wait for signals");
    guard->sockets = sockets_new(guard->loop, on_packet, guard);
    loop_watch(guard->loop, guard->signals, EPOLLIN, on_signal, guard);
    loop_watch(guard->loop, network_fd(guard->network), EPOLLIN, on_network, guard);
    open_engine(guard);
    return NULL;
}

static void close_guard(struct guard *guard)
{
    control_free(guard->control);
    guard->control = NULL;
    for (unsigned i = 0; i < GUARD_SERVERS_MAX; i++)
        link_free(guard->links[i].link);
    engine_free(guard->engine);
    tls_client_free(guard->tls);
    tls_client_free(guard->tls_before);
    watchdog_free(guard->watchdog);
    gate_close(guard->gate);
    network_free(guard->network);
    sockets_free(guard->sockets);
    loop_free(guard->loop);
}

static int64_t next_deadline(const struct guard *guard)
{
    int64_t deadline = engine_deadline(guard->engine);

    for (unsigned i = 0; i < guard->config.server_count; i++)
        if (link_deadline(guard->links[i].link) < deadline)
            deadline = link_deadline(guard->links[i].link);
    return deadline;
}

/* The engine ticks once a second and more often, so that this need not ask for a time of its own. */
static void look_at_clock(struct guard *guard, int64_t now)
{
    struct timespec wall;

    if (now < guard->clock_at)
        return;
    guard->clock_at = now + CLOCK_EVERY_NS;
    clock_gettime(CLOCK_REALTIME, &wall);
    engine_clock(guard->engine, loop_now(), (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec);
}

static void run(struct guard *guard)
{
    while (!guard->ending && !(guard->retiring && engine_retired(guard->engine))) {
        int64_t now;

        loop_once(guard->loop, next_deadline(guard));
        now = loop_now();
        if (now >= engine_deadline(guard->engine))
            engine_tick(guard->engine, now);
        look_at_clock(guard, now);
        for (unsigned i = 0; i < guard->config.server_count; i++)
            if (guard->links[i].reconnect || now >= link_deadline(guard->links[i].link))
                step_link(&guard->links[i], 0);
    }
}

static int serve(struct guard *guard)
{
    struct hf_error *error;

    hf_make_folder_of(guard->config.socket);
    error = open_guard(guard);
    if (error != NULL) {
        close_guard(guard);
        return hf_daemon_fail(NAME, error);
    }
    become_real_time(&guard->config);
    hf_notice("guarding node %s of cluster %s", guard->config.node, guard->config.cluster);
    for (unsigned i = 0; i < guard->config.server_count; i++)
        step_link(&guard->links[i], 0);
    run(guard);
    close_guard(guard);
    hf_notice("ended");
    return 0;
}

/* --- the command line --- */

struct options {
    const char *config;
    const char *socket;
    bool check, status, json, clear, foreground, verbose;
};

static const char usage_text[] =
    "usage: holdfast-guard [--config FILE] [--foreground] [--verbose]\n"
    "       holdfast-guard --check [--config FILE]      read the configuration and stop\n"
    "       holdfast-guard --status [--json] [--socket PATH]\n"
    "       holdfast-guard --clear                      open all gates that an ended guard left shut\n"
    "       holdfast-guard --version\n";

/* The exit code to end with, or -1 to go on. */
static int parse_options(int argc, char **argv, struct options *options)
{
    const struct hf_option known[] = {
        {.name = "config", .letter = 'c', .text = &options->config},
        {.name = "socket", .text = &options->socket},
        {.name = "check", .letter = 't', .flag = &options->check},
        {.name = "status", .letter = 's', .flag = &options->status},
        {.name = "json", .flag = &options->json},
        {.name = "clear", .flag = &options->clear},
        {.name = "foreground", .letter = 'f', .flag = &options->foreground},
        {.name = "verbose", .letter = 'v', .flag = &options->verbose},
    };
    const struct hf_program program = {
        .name = NAME, .usage = usage_text, .options = known, .option_count = HF_ARRAY_LENGTH(known)};

    return hf_program_options(&program, argc, argv);
}

static int print_status(const struct options *options)
{
    struct guard_status status;
    char *text HF_CLEANUP(hf_freep) = NULL;
    struct hf_error *error = guard_ask(options->socket, 2000, &status);

    if (error != NULL)
        return hf_program_fail(NAME, error);
    text = guard_report(&status, options->json);
    fputs(text, stdout);
    guard_status_clear(&status);
    return 0;
}

/* All of a stack is in locked memory, and the default is 8 MB. */
static void keep_stacks_small(void)
{
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, LOG_STACK_BYTES) != 0 ||
        pthread_setattr_default_np(&attributes) != 0)
        hf_warn("the thread that writes log lines gets a stack of the usual size");
    pthread_attr_destroy(&attributes);
}

/* Log lines are written by a thread without real-time priority; signals are none of its business. */
static void open_log(const struct options *options)
{
    const sigset_t signals = our_signals();

    sigprocmask(SIG_BLOCK, &signals, NULL);
    hf_daemon_begin(NAME, options->foreground, options->verbose);
    qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_THREADED, QB_TRUE);
    keep_stacks_small();
    if (qb_log_thread_start() != 0)
        hf_warn("log lines are written by the guard itself: a stuck syslog may delay it");
}

int main(int argc, char **argv)
{
    struct options options = {.config = GUARD_CONFIG};
    struct guard guard = {.signals = -1};
    int code = parse_options(argc, argv, &options);

    if (code >= 0)
        return code;
    if (options.status)
        return print_status(&options);
    guard_config_init(&guard.config);

    struct hf_error *error = guard_config_read(options.config, &guard.config);

    if (error != NULL || options.check) {
        code = hf_program_fail(NAME, error);
    } else if (options.clear) {
        code = hf_program_fail(NAME, clear_all(&guard.config));
    } else {
        open_log(&options);
        code = serve(&guard);
        hf_log_close();
    }
    guard_config_free(&guard.config);
    return code;
}
