/* server.c - see server.h: the loop, the table and the disk. */
#include "arbiter/server.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "arbiter/server-private.h"
#include "lib/log.h"

enum {
    EVENTS_PER_TURN = 256,
    HANDSHAKES_PER_TURN = 8,
    BACKLOG = 4096,
    OTHER_FILES = 64, /* besides connections */
    LAZY_MS = 20,     /* a release is written no later; the successor's bid comes before that */
};

int64_t server_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void server_watch(int epoll_fd, int fd, uint32_t events, enum watch kind, uint32_t number)
{
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)kind << 32 | number};

    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        abort(); /* only for want of memory */
}

/* --- the disk --- */

static void queue_record(struct server *server, const struct table_update *update)
{
    hf_grow(&server->queue, &server->queue_capacity, server->queued + 1, sizeof(*server->queue));
    hf_grow(&server->tickets, &server->ticket_capacity, server->queued + 1, sizeof(*server->tickets));
    int64_t at = server_now() + (update->lazy ? LAZY_MS * NS_PER_MS : 0);

    if (server->queued == 0 || at < server->submit_at)
        server->submit_at = at;
    server->queue[server->queued] = update->record;
    server->tickets[server->queued++] = update->ticket;
}

/* Hands what has gathered to the writer, as one batch. */
static void submit(struct server *server)
{
    struct record *snapshot HF_CLEANUP(hf_freep) = NULL;
    bool replaces = store_wants_snapshot(server->store);
    size_t count = 0;

    if (store_busy(server->store) || server->queued == 0 || server_now() < server->submit_at)
        return;
    if (replaces)
        table_snapshot(server->table, &snapshot, &count);
    store_submit(server->store, replaces, snapshot, count, server->queue, server->queued);
    hf_grow(&server->writing, &server->writing_capacity, server->queued, sizeof(*server->writing));
    memcpy(server->writing, server->tickets, server->queued * sizeof(*server->writing));
    server->writing_count = server->queued;
    server->queued = 0;
}

static void say_disk(struct server *server, bool durable, char *why)
{
    if (!durable && !server->disk_failed)
        hf_error_log("no lock is granted while the record cannot be written: %s", why);
    if (durable && server->disk_failed)
        hf_notice("the record can be written again");
    if (!durable && !server->disk_failed)
        server->disk_failed_at = server_now();
    server->disk_failed = !durable;
    free(server->disk_error);
    server->disk_error = why;
}

static void disk_done(struct server *server)
{
    bool durable;
    char *why;
    struct table_event event = {.type = TABLE_PERSISTED};
    size_t count = server->writing_count;

    if (!store_done(server->store, &durable, &why))
        return;
    say_disk(server, durable, why);
    server->syncs++;
    server->grants_synced += count;
    event.now = server_now();
    server->writing_count = 0;
    if (durable) {
        event.ticket = server->writing[count - 1];
        server_step(server, &event);
        return;
    }
    event.type = TABLE_DISK_FAILED;
    for (size_t i = 0; i < count; i++) {
        event.ticket = server->writing[i];
        server_step(server, &event);
    }
}

/* --- the table --- */

static enum refusal cause_of(enum frame_goodbye reason)
{
    switch (reason) {
    case FRAME_BYE_SESSION:
        return REFUSED_SESSION;
    case FRAME_BYE_BAD_FRAME:
        return REFUSED_BAD_FRAME;
    case FRAME_BYE_LIMIT:
        return REFUSED_NODE_LIMIT;
    case FRAME_BYE_REPLACED:
        break;
    }
    return REFUSED_NOTHING;
}

/* Doing what the table said may end connections, which the table is told while it is done: those updates
 * come behind the others. */
void server_step(struct server *server, const struct table_event *event)
{
    struct table_updates *updates = &server->updates;

    table_step(server->table, event, updates);
    if (server->performing)
        return;
    server->performing = true;
    for (size_t i = 0; i < updates->count; i++) {
        const struct table_update *update = &updates->items[i];

        switch (update->action) {
        case TABLE_SEND:
            conn_send(server, update->conn, (const uint8_t *)updates->bytes.data + update->offset,
                      update->length);
            break;
        case TABLE_PERSIST:
            queue_record(server, update);
            break;
        case TABLE_DROP:
            conn_close(server, update->conn, cause_of(update->reason));
            break;
        }
    }
    table_updates_reset(updates);
    server->performing = false;
}

/* --- start --- */

static struct hf_error *listen_on(struct server *server, const char *where)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct hf_error *error = NULL;
    struct addrinfo *found;
    char host[256], port[8];
    int failed, fd, one = 1;

    if (!arbiter_address_parse(where, host, port))
        return hf_error_new(HF_REFUSED, "listen: `%s' is no address", where);
    failed = getaddrinfo(host[0] != '\0' ? host : "::", port, &hints, &found);
    if (failed != 0)
        return hf_error_new(HF_FAILED, "listen: cannot resolve `%s': %s", where, gai_strerror(failed));
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        error = hf_error_errno(errno, "cannot listen on %s", where);
        if (fd >= 0)
            close(fd);
    } else {
        server_watch(server->handshake_fd, fd, EPOLLIN, WATCH_LISTENER, server->listener_count);
        server->listeners[server->listener_count++] = fd;
    }
    freeaddrinfo(found);
    return error;
}

static struct hf_error *listen_all(struct server *server)
{
    struct hf_error *error = NULL;

    if (server->config->listen_count == 0)
        return listen_on(server, "*:7433");
    for (unsigned i = 0; error == NULL && i < server->config->listen_count; i++)
        error = listen_on(server, server->config->listen[i]);
    return error;
}

static void restore(void *context, const struct record *record)
{
    struct server *server = context;

    table_step(server->table, &(struct table_event){.type = TABLE_RESTORE, .record = record},
               &server->updates);
}

static void complain(void *context, const char *text)
{
    hf_error_log("%s", text);
}

static const struct lock_keys *find_keys(void *context, const char *cluster)
{
    const struct server *server = context;

    return keyring_find(server->keys, cluster);
}

static struct hf_error *load_tls(struct server *server)
{
    const struct arbiter_config *config = server->config;
    struct tls_server *tls;
    struct hf_error *error =
        tls_server_new(config->certificate, config->private_key, config->ca, find_keys, server, &tls);

    if (error != NULL)
        return error;
    tls_server_free(server->tls); /* connections keep their own hold on it */
    server->tls = tls;
    return NULL;
}

/* The table's time begins when no other process can grant from this record any more. */
static void make_table(struct server *server)
{
    const struct arbiter_config *config = server->config;
    struct table_config table = {.max_hold_ms = config->max_hold_ms,
                                 .min_lease_ms = config->min_lease_ms,
                                 .locks_per_cluster = config->locks_per_cluster};

    if (getrandom(&table.incarnation, sizeof(table.incarnation), 0) != sizeof(table.incarnation))
        abort();
    server->started = table.now = server_now();
    server->table = table_new(&table);
}

static struct hf_error *open_store(struct server *server)
{
    char *notice = NULL;
    struct hf_error *error = store_open(server->config->state_dir, &server->store);

    if (error != NULL)
        return error;
    make_table(server);
    error = store_load(server->store, restore, server, &notice);
    if (notice != NULL)
        hf_error_log("%s", notice);
    free(notice);
    if (error == NULL) {
        if (store_wants_snapshot(server->store))
            hf_warn("no record in %s: each cluster waits for its longest hold, and for a node (or the "
                    "operator) to say from which term to go on",
                    server->config->state_dir);
        server_watch(server->epoll_fd, store_fd(server->store), EPOLLIN, WATCH_STORE, 0);
    }
    return error;
}

/* A process may have as many files open as the configuration lets connections in. */
static void raise_file_limit(struct server *server)
{
    rlim_t wanted = server->config->connections + OTHER_FILES;
    struct rlimit limit, more;

    server->room = server->config->connections;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    more = limit;
    more.rlim_cur = wanted;
    if (more.rlim_max < wanted)
        more.rlim_max = wanted;
    if (setrlimit(RLIMIT_NOFILE, &more) == 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    server->room = limit.rlim_max > OTHER_FILES ? (uint32_t)(limit.rlim_max - OTHER_FILES) : 0;
    hf_warn("only %lu files may be open: not all of %u connections will find room (LimitNOFILE=)",
            (unsigned long)limit.rlim_max, server->config->connections);
}

static void watch_signals(struct server *server)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error of write(), like a full disk */
    server->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (server->signal_fd < 0)
        abort();
    server_watch(server->epoll_fd, server->signal_fd, EPOLLIN, WATCH_SIGNAL, 0);
}

struct hf_error *server_new(const struct arbiter_config *config, struct server **result)
{
    struct server *server = hf_calloc(1, sizeof(*server));
    struct hf_error *error;

    server->config = config;
    server->accepting = true;
    server->control_fd = -1;
    for (int i = 0; i < ADMINS; i++)
        server->admins[i].fd = -1;
    server->keys = keyring_new();
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    server->handshake_fd = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll_fd < 0 || server->handshake_fd < 0)
        abort();
    server_watch(server->epoll_fd, server->handshake_fd, EPOLLIN, WATCH_HANDSHAKES, 0);
    raise_file_limit(server);
    watch_signals(server);
    error = keyring_load(server->keys, config->key_dir, complain, NULL);
    if (error == NULL)
        error = load_tls(server);
    if (error == NULL)
        error = open_store(server);
    if (error == NULL)
        error = control_listen(server);
    if (error == NULL)
        error = listen_all(server);
    if (error != NULL) {
        server_free(server);
        return error;
    }
    *result = server;
    return NULL;
}

void server_free(struct server *server)
{
    if (server == NULL)
        return;
    conn_close_all(server);
    control_close(server);
    for (unsigned i = 0; i < server->listener_count; i++)
        close(server->listeners[i]);
    store_close(server->store);
    close(server->signal_fd);
    close(server->handshake_fd);
    close(server->epoll_fd);
    tls_server_free(server->tls);
    keyring_free(server->keys);
    table_free(server->table);
    table_updates_free(&server->updates);
    free(server->conns);
    free(server->free_numbers);
    free(server->queue);
    free(server->tickets);
    free(server->writing);
    free(server->disk_error);
    free(server);
}

/* --- the loop --- */

static void reload(struct server *server)
{
    struct hf_error *error = keyring_load(server->keys, server->config->key_dir, complain, NULL);

    if (error == NULL)
        error = load_tls(server);
    if (error != NULL)
        hf_error_log("nothing new is used: %s", hf_error_text(error));
    else
        hf_notice("read keys and certificates anew: keys for %zu clusters", keyring_count(server->keys));
    hf_error_free(error);
    conn_recheck_keys(server);
}

static void take_signals(struct server *server)
{
    struct signalfd_siginfo info;

    while (read(server->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGHUP)
            reload(server);
        else
            server->stopping = true;
    }
}

/* A few of those who are new; the rest waits for the next turn. */
static void serve_newcomers(struct server *server)
{
    struct epoll_event events[HANDSHAKES_PER_TURN];
    int count = epoll_wait(server->handshake_fd, events, HANDSHAKES_PER_TURN, 0);

    for (int i = 0; i < count; i++) {
        uint32_t number = (uint32_t)events[i].data.u64;

        if (events[i].data.u64 >> 32 == WATCH_LISTENER)
            conn_accept(server, server->listeners[number]);
        else
            conn_handshake(server, number);
    }
}

/* Serves what is ready; newcomers come last. */
static void serve(struct server *server, const struct epoll_event *events, int count)
{
    bool newcomers = false;

    for (int i = 0; i < count; i++) {
        uint32_t number = (uint32_t)events[i].data.u64;

        switch ((enum watch)(events[i].data.u64 >> 32)) {
        case WATCH_CONN:
            conn_ready(server, number, events[i].events);
            break;
        case WATCH_HANDSHAKES:
            newcomers = true;
            break;
        case WATCH_STORE:
            disk_done(server);
            break;
        case WATCH_SIGNAL:
            take_signals(server);
            break;
        case WATCH_CONTROL:
            control_accept(server);
            break;
        case WATCH_ADMIN:
            control_ready(server, number);
            break;
        case WATCH_LISTENER: /* in the other set */
            break;
        }
    }
    if (newcomers)
        serve_newcomers(server);
}

static int wait_ms(const struct server *server, int64_t now)
{
    int64_t deadline = table_deadline(server->table), limit = conn_deadline(server);

    if (limit < deadline)
        deadline = limit;
    if (server->queued > 0 && !store_busy(server->store) && server->submit_at < deadline)
        deadline = server->submit_at;
    for (int i = 0; i < ADMINS; i++)
        if (server->admins[i].fd >= 0 && server->admins[i].deadline < deadline)
            deadline = server->admins[i].deadline;
    if (!server->accepting && deadline > now + 50 * NS_PER_MS)
        deadline = now + 50 * NS_PER_MS;
    if (deadline == INT64_MAX)
        return -1;
    if (deadline <= now)
        return 0;
    return (int)((deadline - now + NS_PER_MS - 1) / NS_PER_MS);
}

void server_run(struct server *server)
{
    struct epoll_event events[EVENTS_PER_TURN];

    while (!server->stopping) {
        int count = epoll_wait(server->epoll_fd, events, EVENTS_PER_TURN, wait_ms(server, server_now()));
        int64_t now;

        if (count < 0 && errno != EINTR)
            abort();
        serve(server, events, count);
        now = server_now();
        conn_expire(server, now);
        conn_admit(server, now);
        control_expire(server, now);
        if (table_deadline(server->table) <= now)
            server_step(server, &(struct table_event){.type = TABLE_TICK, .now = now});
        submit(server);
    }
}
