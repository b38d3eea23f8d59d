/* world.c - see world.h. */
#include "tests/locksim/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arbiter/table.h"
#include "daemon/lease/lease.h"
#include "daemon/lease/mutant.h"
#include "tests/locksim/gate.h"

#define MS INT64_C(1000000)
#define NEVER INT64_MAX

enum { NODES_MAX = 3, SERVERS_MAX = 5, HOSTS_MAX = 5, LOCKS = 2, CONNS_MAX = 4096 };

static const char *const lock_names[LOCKS] = {"cluster", "vip/web"};
static const char *const node_names[NODES_MAX] = {"n1", "n2", "n3"};

enum event_kind {
    EV_TO_SERVER, /* a frame */
    EV_TO_NODE,
    EV_SERVER_CLOSED, /* the server's end of a connection learns that it is closed */
    EV_NODE_CLOSED,
    EV_CONNECT, /* node a tries server b */
    EV_COMMIT,  /* server a's disk is done */
    EV_FAULT,
    EV_UNDO,        /* fault a, on b and c, is over */
    EV_SECOND,      /* the second half of fault a, on b and c */
    EV_GATE_CLOSED, /* node a has verified that lock b's gate is closed */
};

struct event {
    int64_t time;
    uint64_t order;
    enum event_kind kind;
    int a, b, c;
    uint64_t life; /* of the process that it is for */
    uint32_t conn;
    uint16_t length;
    uint8_t *bytes;
};

struct host {
    bool up;
    int64_t base, since; /* the clock read base at true time since */
    int64_t ppm;         /* and runs at this rate */
};

struct gate {
    bool open;        /* for the gate that user space has to close */
    int64_t deadline; /* node's clock */
    int64_t drained;  /* node's clock: what the gate does not cover has stopped */
};

struct node {
    int host;
    struct lease *lease; /* NULL: the process is dead */
    uint64_t life;
    uint8_t boot[FRAME_BOOT_BYTES];
    int64_t paused_until;         /* true time; 0 if it runs */
    struct lease_updates updates; /* of the last step; not yet performed if deferred */
    bool deferred;
    int64_t conn[SERVERS_MAX]; /* or -1 */
    struct gate gates[LOCKS];
    bool owns[LOCKS];
};

struct server {
    int host;
    struct table *table; /* NULL: dead */
    uint64_t life;
    int64_t paused_until;
    struct table_updates updates;
    struct hf_buf disk;    /* what survives */
    struct hf_buf writing; /* the batch that the disk is at */
    uint64_t writing_ticket, writing_first;
    struct record *queue;
    uint64_t *queue_tickets;
    size_t queued, queue_capacity, ticket_capacity;
    uint64_t batch;
    bool busy, must_snapshot;
    bool full; /* writes fail */
    int64_t latency;
    bool lost; /* since its last loss of disk it has not granted */
};

struct conn {
    int node, server;
    uint64_t node_life, server_life;
    bool at_node, at_server; /* open there */
};

struct link {
    bool cut[2];      /* node to server, server to node */
    unsigned loss;    /* per mille */
    int64_t delay[2]; /* up to */
};

struct world {
    uint64_t random;
    bool verbose;
    int64_t now; /* true time, ns */
    uint64_t order, lives;
    struct event *heap;
    size_t heap_count, heap_capacity;
    struct host hosts[HOSTS_MAX];
    int host_count;
    struct node nodes[NODES_MAX];
    int node_count;
    struct server servers[SERVERS_MAX];
    int server_count;
    struct conn conns[CONNS_MAX];
    uint32_t conn_count;
    struct link links[NODES_MAX][SERVERS_MAX];
    unsigned duplicate; /* per mille */
    uint32_t lease_ms, drain_ms[LOCKS];
    uint64_t top_token[LOCKS];
    int locks;
    bool quiet;
    int faults_left, last_node, last_server;
    struct world_result *result;
};

/* --- chance, time, telling --- */

static uint64_t chance(struct world *w)
{
    uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 to below - 1. */
static int64_t pick(struct world *w, int64_t below)
{
    return (int64_t)(chance(w) % (uint64_t)below);
}

static int64_t local_now(const struct world *w, int host)
{
    const struct host *h = &w->hosts[host];

    return h->base + (w->now - h->since) * h->ppm / 1000000;
}

/* The true time at which a host's clock reads local. */
static int64_t true_time(const struct world *w, int host, int64_t local)
{
    const struct host *h = &w->hosts[host];
    int64_t wait;

    if (local == NEVER)
        return NEVER;
    wait = local - local_now(w, host);
    return wait <= 0 ? w->now : w->now + wait * 1000000 / h->ppm + 1;
}

static void digest(struct world *w, uint64_t value)
{
    w->result->digest = (w->result->digest ^ value) * UINT64_C(1099511628211);
}

static void say(struct world *w, const char *format, ...)
{
    va_list arguments;

    if (!w->verbose)
        return;
    printf("%10.3f ms  ", (double)w->now / 1e6);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

/* safety: the protocol did what it must never do; else it did not do in time what it should. */
static void fail(struct world *w, bool safety, const char *format, ...)
{
    va_list arguments;
    int length;

    if (w->result->failed)
        return;
    w->result->failed = true;
    w->result->unsafe = safety;
    length = snprintf(w->result->why, sizeof(w->result->why), "at %.3f ms: ", (double)w->now / 1e6);
    va_start(arguments, format);
    vsnprintf(w->result->why + length, sizeof(w->result->why) - (size_t)length, format, arguments);
    va_end(arguments);
    say(w, "VIOLATION %s", w->result->why);
}

/* --- the queue of events --- */

static bool before(const struct event *a, const struct event *b)
{
    return a->time < b->time || (a->time == b->time && a->order < b->order);
}

static void push(struct world *w, struct event event)
{
    size_t at = w->heap_count++;

    hf_grow(&w->heap, &w->heap_capacity, w->heap_count, sizeof(*w->heap));
    event.order = ++w->order;
    while (at > 0 && before(&event, &w->heap[(at - 1) / 2])) {
        w->heap[at] = w->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    w->heap[at] = event;
}

static struct event pop(struct world *w)
{
    struct event first = w->heap[0], last = w->heap[--w->heap_count];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= w->heap_count)
            break;
        if (child + 1 < w->heap_count && before(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (!before(&w->heap[child], &last))
            break;
        w->heap[at] = w->heap[child];
        at = child;
    }
    w->heap[at] = last;
    return first;
}

/* --- the network --- */

/* A node reaches the server on its own machine whatever the network does. */
static bool is_local(const struct world *w, int node, int server)
{
    return w->nodes[node].host == w->servers[server].host;
}

static int64_t delay_of(struct world *w, int node, int server, bool to_server)
{
    int64_t delay = is_local(w, node, server) ? 50000 : w->links[node][server].delay[to_server ? 0 : 1];

    return 20000 + pick(w, delay);
}

static bool passes(struct world *w, int node, int server, bool to_server)
{
    const struct link *link = &w->links[node][server];

    if (is_local(w, node, server))
        return true;
    return !link->cut[to_server ? 0 : 1] && pick(w, 1000) >= link->loss;
}

/* Sends a frame (or, without bytes, the news that the connection is closed) over a connection. */
static void transmit(struct world *w, uint32_t number, bool to_server, const uint8_t *bytes, size_t length)
{
    const struct conn *conn = &w->conns[number];
    int copies = 1;

    if (pick(w, 1000) < w->duplicate)
        copies = 2;
    for (; copies > 0; copies--) {
        struct event event = {.conn = number, .length = (uint16_t)length};

        if (!passes(w, conn->node, conn->server, to_server))
            continue;
        if (bytes != NULL) {
            event.bytes = hf_memdup(bytes, length);
            event.kind = to_server ? EV_TO_SERVER : EV_TO_NODE;
        } else {
            event.kind = to_server ? EV_SERVER_CLOSED : EV_NODE_CLOSED;
        }
        event.time = w->now + delay_of(w, conn->node, conn->server, to_server);
        push(w, event);
    }
}

static void schedule_connect(struct world *w, int node, int server)
{
    push(w, (struct event){.kind = EV_CONNECT,
                           .time = w->now + (1 + pick(w, 30)) * MS,
                           .a = node,
                           .b = server,
                           .life = w->nodes[node].life});
}

/* --- the gate, and what is checked --- */

static bool gate_is_open(const struct world *w, int node, int lock)
{
    const struct gate *gate = &w->nodes[node].gates[lock];
    int64_t now = local_now(w, w->nodes[node].host);

    if (!w->hosts[w->nodes[node].host].up)
        return false;
    if (HF_MUTANT(MUTANT_USER_GATE))
        return gate->open;
    return locksim_answers(now, gate->deadline) || now < gate->drained;
}

static void check_gates(struct world *w, int opener, int lock)
{
    for (int other = 0; other < w->node_count; other++)
        if (other != opener && gate_is_open(w, other, lock) && gate_is_open(w, opener, lock))
            fail(w, true,
                 "two open gates for %s: %s opens, %s is open until its clock reads %.3f ms (now %.3f)",
                 lock_names[lock], node_names[opener], node_names[other],
                 (double)w->nodes[other].gates[lock].deadline / 1e6,
                 (double)local_now(w, w->nodes[other].host) / 1e6);
}

static int lock_index(const char *name)
{
    return strcmp(name, lock_names[0]) == 0 ? 0 : 1;
}

/* The token is judged when the holder decides; what a stopped process says later is late, not wrong: its
 * deadline has passed, and the token is there to show that. */
static void decided(struct world *w, int node)
{
    for (size_t i = 0; i < w->nodes[node].updates.count; i++) {
        const struct lease_update *update = &w->nodes[node].updates.items[i];
        int lock;

        if (update->action != LEASE_OWNED)
            continue;
        lock = lock_index(update->lock);
        say(w, "%s OWNS %s token %" PRIu64, node_names[node], update->lock, update->token);
        if (update->token <= w->top_token[lock])
            fail(w, true, "%s owns %s with token %" PRIu64 ", there was %" PRIu64 " before", node_names[node],
                 update->lock, update->token, w->top_token[lock]);
        w->top_token[lock] = update->token;
        w->result->owners++;
    }
}

static void open_gate(struct world *w, int node, const struct lease_update *update)
{
    int lock = lock_index(update->lock);
    struct gate *gate = &w->nodes[node].gates[lock];

    gate->open = true;
    gate->deadline = update->deadline;
    gate->drained = update->deadline + w->drain_ms[lock] * MS / 10 * 9;
    check_gates(w, node, lock);
}

static void close_gate(struct world *w, int node, const struct lease_update *update)
{
    int lock = lock_index(update->lock);
    struct gate *gate = &w->nodes[node].gates[lock];

    gate->open = false;
    gate->deadline = 0;
    if (update->verify)
        push(w, (struct event){.kind = EV_GATE_CLOSED,
                               .time = w->now + pick(w, 5) * MS,
                               .a = node,
                               .b = lock,
                               .life = w->nodes[node].life});
}

/* --- nodes --- */

static void drop_at_node(struct world *w, int node, int server, bool tell)
{
    int64_t number = w->nodes[node].conn[server];

    if (number < 0)
        return;
    w->nodes[node].conn[server] = -1;
    w->conns[number].at_node = false;
    if (tell)
        transmit(w, (uint32_t)number, true, NULL, 0);
}

static void perform_node(struct world *w, int index)
{
    struct node *node = &w->nodes[index];

    node->deferred = false;
    for (size_t i = 0; i < node->updates.count; i++) {
        const struct lease_update *update = &node->updates.items[i];

        switch (update->action) {
        case LEASE_SEND:
            if (node->conn[update->server] >= 0)
                transmit(w, (uint32_t)node->conn[update->server], true,
                         (const uint8_t *)node->updates.bytes.data + update->offset, update->length);
            break;
        case LEASE_OPEN_GATE:
            open_gate(w, index, update);
            break;
        case LEASE_CLOSE_GATE:
            close_gate(w, index, update);
            break;
        case LEASE_OWNED:
            node->owns[lock_index(update->lock)] = true;
            break;
        case LEASE_LOST:
            say(w, "%s lost %s (%d)", node_names[index], update->lock, (int)update->loss);
            node->owns[lock_index(update->lock)] = false;
            if (update->loss == LEASE_GIVEN_UP)
                node->gates[lock_index(update->lock)].drained = 0;
            break;
        case LEASE_RECONNECT:
            if (node->conn[update->server] >= 0) {
                drop_at_node(w, index, (int)update->server, true);
                schedule_connect(w, index, (int)update->server);
            }
            break;
        }
    }
    lease_updates_reset(&node->updates);
}

/* Gives an event to a node's process, which may be stopped between deciding and doing. */
static void step_node(struct world *w, int index, struct lease_event event)
{
    struct node *node = &w->nodes[index];

    event.now = local_now(w, node->host);
    digest(w, (uint64_t)event.type << 56 ^ (uint64_t)index << 48 ^ (uint64_t)w->now);
    lease_step(node->lease, &event, &node->updates);
    decided(w, index);
    if (!w->quiet && node->updates.count > 0 && pick(w, 2000) == 0) {
        node->paused_until = w->now + (1 + pick(w, 2 * w->lease_ms)) * MS;
        node->deferred = true;
        say(w, "%s is stopped between deciding and doing", node_names[index]);
        return;
    }
    perform_node(w, index);
}

static bool node_runs(const struct world *w, int node)
{
    return w->nodes[node].lease != NULL && w->nodes[node].paused_until == 0;
}

static void start_node(struct world *w, int index)
{
    struct node *node = &w->nodes[index];
    struct lease_config config = {.servers = (unsigned)w->server_count,
                                  .lease_ms = w->lease_ms,
                                  .drain_ms = w->drain_ms[0],
                                  .seed = chance(w),
                                  .now = local_now(w, node->host)};

    if (node->lease != NULL || !w->hosts[node->host].up)
        return;
    memcpy(config.boot, node->boot, sizeof(config.boot));
    node->life = ++w->lives;
    node->lease = lease_new(&config);
    node->paused_until = 0;
    node->deferred = false;
    for (int i = 0; i < w->server_count; i++) {
        node->conn[i] = -1;
        schedule_connect(w, index, i);
    }
    for (int i = 0; i < w->locks; i++)
        step_node(w, index,
                  (struct lease_event){.type = LEASE_WANT,
                                       .lock = lock_names[i],
                                       .rank = (unsigned)((index + i) % w->node_count),
                                       .drain_ms = w->drain_ms[i]});
    say(w, "%s starts", node_names[index]);
}

/* The process dies; the kernel keeps the gate, and closes the connections. */
static void kill_node(struct world *w, int index, bool power)
{
    struct node *node = &w->nodes[index];

    if (node->lease == NULL)
        return;
    lease_updates_reset(&node->updates);
    for (int i = 0; i < w->server_count; i++)
        drop_at_node(w, index, i, !power);
    lease_free(node->lease);
    node->lease = NULL;
    node->paused_until = 0;
    node->deferred = false;
    memset(node->owns, 0, sizeof(node->owns));
    say(w, "%s is killed", node_names[index]);
}

/* --- servers --- */

static void start_commit(struct world *w, int index);

static void perform_server(struct world *w, int index)
{
    struct server *server = &w->servers[index];

    for (size_t i = 0; i < server->updates.count; i++) {
        const struct table_update *update = &server->updates.items[i];
        struct conn *conn = &w->conns[update->conn];

        switch (update->action) {
        case TABLE_SEND:
            if (conn->at_server)
                transmit(w, update->conn, false, (const uint8_t *)server->updates.bytes.data + update->offset,
                         update->length);
            break;
        case TABLE_PERSIST:
            hf_grow(&server->queue, &server->queue_capacity, server->queued + 1, sizeof(*server->queue));
            hf_grow(&server->queue_tickets, &server->ticket_capacity, server->queued + 1, sizeof(uint64_t));
            server->queue[server->queued] = update->record;
            server->queue_tickets[server->queued++] = update->ticket;
            break;
        case TABLE_DROP:
            if (conn->at_server) {
                conn->at_server = false;
                transmit(w, update->conn, false, NULL, 0);
            }
            break;
        }
    }
    table_updates_reset(&server->updates);
    start_commit(w, index);
}

static void step_server(struct world *w, int index, struct table_event event)
{
    struct server *server = &w->servers[index];

    event.now = local_now(w, server->host);
    digest(w, (uint64_t)event.type << 56 ^ (uint64_t)(index + 8) << 48 ^ (uint64_t)w->now);
    table_step(server->table, &event, &server->updates);
    perform_server(w, index);
}

static void note_known(void *context, const struct table_cluster_status *status)
{
    *(bool *)context = status->known && status->ready == 0;
}

/* The disk takes what is queued, as one batch; the rest waits. */
static void start_commit(struct world *w, int index)
{
    struct server *server = &w->servers[index];

    if (server->busy || server->queued == 0)
        return;
    server->busy = true;
    hf_buf_reset(&server->writing);
    server->batch++;
    if (server->must_snapshot) {
        struct record *records HF_CLEANUP(hf_freep) = NULL;
        size_t count;

        table_snapshot(server->table, &records, &count);
        record_batch(&server->writing, server->batch, records, count);
        server->batch++;
    }
    record_batch(&server->writing, server->batch, server->queue, server->queued);
    server->writing_first = server->queue_tickets[0];
    server->writing_ticket = server->queue_tickets[server->queued - 1];
    server->queued = 0;
    push(w, (struct event){.kind = EV_COMMIT,
                           .time = w->now + 100000 + pick(w, server->latency),
                           .a = index,
                           .life = server->life});
}

/* What the disk was at, and will not say that it has: it has it in full, in part, or not.  A new file has
 * taken the place of the old one, or not. */
static void leave_unsaid(struct world *w, int index)
{
    struct server *server = &w->servers[index];
    int64_t length = (int64_t)server->writing.length;

    if (server->must_snapshot) {
        if (pick(w, 2) == 0)
            return;
        hf_buf_reset(&server->disk);
    } else if (pick(w, 2) == 0) {
        length = pick(w, length);
    }
    hf_buf_add(&server->disk, server->writing.data, (size_t)length);
}

static void commit_done(struct world *w, int index)
{
    struct server *server = &w->servers[index];
    uint64_t first = server->writing_first, last = server->writing_ticket;
    bool known = false;

    server->busy = false;
    if (server->full) {
        leave_unsaid(w, index);
        server->must_snapshot = true;
        for (uint64_t ticket = first; ticket <= last; ticket++)
            step_server(w, index, (struct table_event){.type = TABLE_DISK_FAILED, .ticket = ticket});
        return;
    }
    if (server->must_snapshot)
        hf_buf_reset(&server->disk);
    server->must_snapshot = false;
    hf_buf_add(&server->disk, server->writing.data, server->writing.length);
    step_server(w, index, (struct table_event){.type = TABLE_PERSISTED, .ticket = last});
    if (server->lost) {
        table_walk(server->table, local_now(w, server->host), note_known, NULL, &known);
        if (known)
            w->result->grants_after_loss++;
        server->lost = !known;
    }
}

static void restore(void *context, const struct record *record)
{
    struct server *server = context;
    struct table_event event = {.type = TABLE_RESTORE, .record = record};

    table_step(server->table, &event, &server->updates);
}

static void start_server(struct world *w, int index)
{
    struct server *server = &w->servers[index];
    struct table_config config = {.incarnation = chance(w), .now = local_now(w, server->host)};
    struct record_file file;
    struct hf_error *error;

    if (server->table != NULL || !w->hosts[server->host].up)
        return;
    config.max_hold_ms = w->lease_ms + 500;
    server->life = ++w->lives;
    server->table = table_new(&config);
    server->paused_until = 0;
    server->busy = server->must_snapshot = false;
    server->queued = 0;
    error = record_read(server->disk.data, server->disk.length, restore, server, &file);
    if (error != NULL)
        fail(w, false, "server %d cannot read its record: %s", index, hf_error_text(error));
    hf_error_free(error);
    server->disk.length = file.good;
    server->batch = file.number;
    say(w, "server %d starts with %zu bytes", index, file.good);
}

/* The process dies.  What it was writing is on the disk in full, in part, or not. */
static void kill_server(struct world *w, int index, bool power)
{
    struct server *server = &w->servers[index];

    if (server->table == NULL)
        return;
    if (server->busy)
        leave_unsaid(w, index);
    for (uint32_t i = 0; i < w->conn_count; i++) {
        struct conn *conn = &w->conns[i];

        if (conn->server != index || !conn->at_server)
            continue;
        conn->at_server = false;
        if (!power)
            transmit(w, i, false, NULL, 0);
    }
    table_updates_reset(&server->updates);
    table_free(server->table);
    server->table = NULL;
    server->paused_until = 0;
    say(w, "server %d is killed", index);
}

static bool server_runs(const struct world *w, int server)
{
    return w->servers[server].table != NULL && w->servers[server].paused_until == 0;
}

/* --- machines --- */

static void power_off(struct world *w, int host)
{
    if (!w->hosts[host].up)
        return;
    say(w, "host %d: power off", host);
    for (int i = 0; i < w->node_count; i++)
        if (w->nodes[i].host == host)
            kill_node(w, i, true);
    for (int i = 0; i < w->server_count; i++)
        if (w->servers[i].host == host)
            kill_server(w, i, true);
    w->hosts[host].up = false;
}

static void power_on(struct world *w, int host)
{
    if (w->hosts[host].up)
        return;
    say(w, "host %d: power on", host);
    w->hosts[host].up = true;
    w->hosts[host].since = w->now; /* CLOCK_BOOTTIME starts anew */
    w->hosts[host].base = 1 + pick(w, 1000) * MS;
    for (int i = 0; i < w->server_count; i++)
        if (w->servers[i].host == host)
            start_server(w, i);
    for (int i = 0; i < w->node_count; i++) {
        if (w->nodes[i].host != host)
            continue;
        for (size_t b = 0; b < FRAME_BOOT_BYTES; b++)
            w->nodes[i].boot[b] = (uint8_t)chance(w);
        memset(w->nodes[i].gates, 0, sizeof(w->nodes[i].gates));
        start_node(w, i);
    }
}

/* --- faults --- */

enum fault {
    FAULT_CUT,
    FAULT_CUT_ONE_WAY,
    FAULT_ISOLATE,
    FAULT_LOSS,
    FAULT_SLOW_NET,
    FAULT_RESET,
    FAULT_KILL_NODE,
    FAULT_PAUSE_NODE,
    FAULT_POWER,
    FAULT_KILL_SERVER,
    FAULT_KILL_ALL_SERVERS,
    FAULT_PAUSE_SERVER,
    FAULT_DISK_LOST,
    FAULT_DISK_FULL,
    FAULT_SLOW_DISK,
    FAULT_CLOCK,
    FAULT_HANDOVER,
    FAULT_UNWANT,
    /* Faults that come in pairs, aimed where it hurts. */
    FAULT_LAG_THEN_MUTE,       /* answers to a node are late, then its requests are lost */
    FAULT_LATE_RELEASE,        /* requests of a node are late, and it hands over */
    FAULT_CUT_THEN_DISK_LOST,  /* a node loses one server, another server its disk */
    FAULT_SLOW_DISK_THEN_KILL, /* all disks are slow, then all servers are killed */
    FAULT_LATE_RENEWAL,        /* disks are slow, a node's requests are lost, then late; then it is stopped */
    FAULT_FAILED_WRITE, /* a server that the owner does not reach fails to write another's grant; the owner
                         * reaches it again and another server no more; then it is killed */
    FAULTS,
};

static void new_rate(struct world *w, int host)
{
    struct host *h = &w->hosts[host];
    int64_t now = local_now(w, host);

    h->base = now;
    h->since = w->now;
    switch (pick(w, 4)) {
    case 0:
        h->ppm = 950000;
        break;
    case 1:
        h->ppm = 1050000;
        break;
    default:
        h->ppm = 950000 + pick(w, 100001);
        break;
    }
}

/* Whether every other server would still have its record after a restart: one loss at a time is what the
 * protocol promises to stand. */
static void note_cluster(void *context, const struct record *record)
{
    if (record->kind == RECORD_CLUSTER)
        *(bool *)context = true;
}

static bool knows_cluster(struct world *w, int server)
{
    const struct hf_buf *disk = &w->servers[server].disk;
    struct record_file file;
    bool known = false;

    hf_error_free(record_read(disk->data, disk->length, note_cluster, &known, &file));
    return known;
}

static bool others_intact(struct world *w, int except)
{
    for (int i = 0; i < w->server_count; i++)
        if (i != except && !knows_cluster(w, i))
            return false;
    return true;
}

static void cut(struct world *w, int node, int server, int ways, bool yes)
{
    if (ways & 1)
        w->links[node][server].cut[0] = yes;
    if (ways & 2)
        w->links[node][server].cut[1] = yes;
}

static void fault_on_network(struct world *w, enum fault fault, int node, int server)
{
    switch (fault) {
    case FAULT_CUT:
        cut(w, node, server, 3, true);
        break;
    case FAULT_CUT_ONE_WAY:
        cut(w, node, server, 1 + (int)pick(w, 2), true);
        break;
    case FAULT_ISOLATE:
        for (int i = 0; i < w->server_count; i++)
            cut(w, node, i, 3, true);
        for (int i = 0; i < w->node_count; i++)
            for (int k = 0; k < w->server_count; k++)
                if (w->servers[k].host == w->nodes[node].host)
                    cut(w, i, k, 3, true);
        break;
    case FAULT_LOSS:
        w->links[node][server].loss = (unsigned)(50 + pick(w, 700));
        break;
    case FAULT_SLOW_NET:
        w->links[node][server].delay[pick(w, 2)] = (1 + pick(w, 2 * w->lease_ms)) * MS;
        break;
    default:
        drop_at_node(w, node, server, true);
        if (w->nodes[node].lease != NULL) {
            if (node_runs(w, node))
                step_node(w, node, (struct lease_event){.type = LEASE_LINK_DOWN, .server = (unsigned)server});
            schedule_connect(w, node, server);
        }
        break;
    }
}

static void fault_on_server(struct world *w, enum fault fault, int index, int64_t until)
{
    struct server *server = &w->servers[index];

    switch (fault) {
    case FAULT_KILL_SERVER:
        kill_server(w, index, false);
        break;
    case FAULT_KILL_ALL_SERVERS:
        for (int i = 0; i < w->server_count; i++)
            kill_server(w, i, false);
        break;
    case FAULT_PAUSE_SERVER:
        if (server->table != NULL)
            server->paused_until = until;
        break;
    case FAULT_DISK_LOST:
        if (!others_intact(w, index))
            break;
        kill_server(w, index, false);
        hf_buf_reset(&server->disk);
        server->lost = true;
        say(w, "server %d: disk lost", index);
        break;
    case FAULT_DISK_FULL:
        server->full = true;
        break;
    default:
        server->latency = (1 + pick(w, w->lease_ms)) * MS;
        break;
    }
}

static void fault_on_node(struct world *w, enum fault fault, int node, int64_t until)
{
    struct lease_event event = {.lock = lock_names[pick(w, w->locks)]};

    switch (fault) {
    case FAULT_KILL_NODE:
        kill_node(w, node, false);
        break;
    case FAULT_PAUSE_NODE:
        if (w->nodes[node].lease != NULL)
            w->nodes[node].paused_until = until;
        break;
    case FAULT_POWER:
        power_off(w, w->nodes[node].host);
        break;
    case FAULT_HANDOVER:
    case FAULT_UNWANT:
        if (!node_runs(w, node))
            break;
        event.type = fault == FAULT_HANDOVER ? LEASE_HANDOVER : LEASE_UNWANT;
        event.successor = pick(w, 2) == 0 ? node_names[pick(w, w->node_count)] : NULL;
        step_node(w, node, event);
        break;
    default:
        new_rate(w, (int)pick(w, w->host_count));
        break;
    }
}

static void all_links_of(struct world *w, int node, int way, int64_t delay, bool cut)
{
    for (int i = 0; i < w->server_count; i++) {
        w->links[node][i].delay[way] = delay;
        w->links[node][i].cut[way] = cut;
    }
}

static void all_disks(struct world *w, int64_t latency)
{
    for (int i = 0; i < w->server_count; i++)
        w->servers[i].latency = latency;
}

/* Of what the other servers say, nothing reaches the other nodes: they go by what they heard last. */
static void all_others_answers(struct world *w, int node, int server, bool lost)
{
    for (int i = 0; i < w->node_count; i++)
        for (int k = 0; k < w->server_count; k++)
            if (i != node && k != server)
                cut(w, i, k, 2, lost);
}

/* The first half of a fault that comes in two. */
static void first_half(struct world *w, enum fault fault, int node, int server)
{
    int64_t lease = w->lease_ms * MS;

    switch (fault) {
    case FAULT_LAG_THEN_MUTE:
        all_links_of(w, node, 1, lease / 2, false);
        break;
    case FAULT_LATE_RELEASE:
        all_links_of(w, node, 0, 3 * lease, false);
        fault_on_node(w, FAULT_HANDOVER, node, 0);
        break;
    case FAULT_CUT_THEN_DISK_LOST:
        cut(w, node, server, 3, true);
        break;
    case FAULT_LATE_RENEWAL:
        all_links_of(w, node, 0, 2 * MS, true);
        all_disks(w, lease / 2);
        break;
    case FAULT_FAILED_WRITE:
        w->servers[server].full = true;
        cut(w, node, server, 1, true);
        all_others_answers(w, node, server, true);
        break;
    default:
        all_disks(w, lease);
        break;
    }
    push(w,
         (struct event){.kind = EV_SECOND,
                        .time = w->now + lease / 4 + pick(w, fault == FAULT_LATE_RENEWAL ? lease / 8 : lease),
                        .a = (int)fault,
                        .b = node,
                        .c = server});
}

static void second_half(struct world *w, enum fault fault, int node, int server)
{
    int64_t lease = w->lease_ms * MS;

    say(w, "second half of fault %d on node %s, server %d", (int)fault, node_names[node], server);
    switch (fault) {
    case FAULT_LAG_THEN_MUTE:
        all_links_of(w, node, 0, 2 * MS, true);
        break;
    case FAULT_LATE_RELEASE:
        all_links_of(w, node, 0, 2 * MS, false);
        break;
    case FAULT_CUT_THEN_DISK_LOST:
        server = (server + 1 + (int)pick(w, w->server_count - 1)) % w->server_count;
        fault_on_server(w, FAULT_DISK_LOST, server, 0);
        start_server(w, server);
        break;
    case FAULT_LATE_RENEWAL:
        if (!w->links[node][server].cut[0]) {
            fault_on_node(w, FAULT_PAUSE_NODE, node, w->now + lease / 3 + pick(w, lease / 2));
            break;
        }
        all_links_of(w, node, 0, lease * 3 / 4, false);
        push(w, (struct event){.kind = EV_SECOND,
                               .time = w->now + lease / 4 + pick(w, lease / 8),
                               .a = (int)fault,
                               .b = node,
                               .c = server});
        break;
    case FAULT_FAILED_WRITE:
        if (!w->links[node][server].cut[0]) {
            w->servers[server].full = false;
            kill_server(w, server, false);
            start_server(w, server);
            break;
        }
        all_others_answers(w, node, server, false);
        cut(w, node, server, 1, false);
        cut(w, node, (server + 1) % w->server_count, 3, true);
        push(w, (struct event){.kind = EV_SECOND,
                               .time = w->now + lease * 3 / 4 + pick(w, lease / 4),
                               .a = (int)fault,
                               .b = node,
                               .c = server});
        break;
    default:
        all_disks(w, MS);
        for (int i = 0; i < w->server_count; i++) {
            kill_server(w, i, false);
            start_server(w, i);
        }
        break;
    }
}

static void start_fault(struct world *w)
{
    enum fault fault = (enum fault)pick(w, FAULTS);
    bool again = pick(w, 2) == 0; /* trouble seldom comes alone */
    int node = again ? w->last_node : (int)pick(w, w->node_count);
    int server = again ? w->last_server : (int)pick(w, w->server_count);
    int64_t length = (1 + pick(w, pick(w, 3) == 0 ? 3 * w->lease_ms : w->lease_ms / 2)) * MS;

    if (fault >= FAULT_LAG_THEN_MUTE || pick(w, 4) == 0)
        for (int i = 0; i < w->node_count; i++)
            if (w->nodes[i].owns[0])
                node = i;
    w->result->faults++;
    w->last_node = node;
    w->last_server = server;
    if (fault == FAULT_KILL_ALL_SERVERS)
        length = (1 + pick(w, 50)) * MS;
    say(w, "fault %d on node %s, server %d, for %.0f ms", (int)fault, node_names[node], server,
        (double)length / 1e6);
    if (fault >= FAULT_LAG_THEN_MUTE) {
        length += 3 * w->lease_ms * MS;
        first_half(w, fault, node, server);
    } else if (fault <= FAULT_RESET)
        fault_on_network(w, fault, node, server);
    else if (fault >= FAULT_KILL_SERVER && fault <= FAULT_SLOW_DISK)
        fault_on_server(w, fault, server, w->now + length);
    else
        fault_on_node(w, fault, node, w->now + length);
    push(w,
         (struct event){.kind = EV_UNDO, .time = w->now + length, .a = (int)fault, .b = node, .c = server});
    if (--w->faults_left > 0)
        push(w, (struct event){.kind = EV_FAULT, .time = w->now + (1 + pick(w, w->lease_ms)) * MS});
}

static void undo_links(struct world *w, int node, int server)
{
    for (int i = 0; i < w->node_count; i++)
        for (int k = 0; k < w->server_count; k++)
            if (i == node || k == server || w->servers[k].host == w->nodes[node].host)
                w->links[i][k] = (struct link){.delay = {2 * MS, 2 * MS}};
}

static void want_all(struct world *w, int node)
{
    for (int i = 0; i < w->locks && node_runs(w, node); i++)
        step_node(w, node,
                  (struct lease_event){.type = LEASE_WANT,
                                       .lock = lock_names[i],
                                       .rank = (unsigned)((node + i) % w->node_count),
                                       .drain_ms = w->drain_ms[i]});
}

static void undo_fault(struct world *w, enum fault fault, int node, int server)
{
    if (fault <= FAULT_RESET || fault >= FAULT_LAG_THEN_MUTE)
        undo_links(w, node, server);
    else if (fault == FAULT_KILL_NODE)
        start_node(w, node);
    else if (fault == FAULT_POWER)
        power_on(w, w->nodes[node].host);
    else if (fault == FAULT_KILL_SERVER || fault == FAULT_DISK_LOST)
        start_server(w, server);
    else if (fault == FAULT_KILL_ALL_SERVERS)
        for (int i = 0; i < w->server_count; i++)
            start_server(w, i);
    else if (fault == FAULT_DISK_FULL)
        w->servers[server].full = false;
    else if (fault == FAULT_SLOW_DISK)
        w->servers[server].latency = MS;
    else if (fault == FAULT_UNWANT)
        want_all(w, node);
    if (fault == FAULT_LATE_RENEWAL)
        all_disks(w, MS);
    else if (fault == FAULT_FAILED_WRITE)
        w->servers[server].full = false;
}

/* --- events --- */

/* A stopped process gets what came for it when it goes on. */
static bool postponed(struct world *w, struct event *event, int64_t paused_until)
{
    if (paused_until == 0)
        return false;
    event->time = paused_until;
    push(w, *event);
    event->bytes = NULL;
    return true;
}

static void frame_at_server(struct world *w, struct event *event)
{
    struct conn *conn = &w->conns[event->conn];
    struct server *server = &w->servers[conn->server];

    if (!conn->at_server || server->table == NULL || postponed(w, event, server->paused_until))
        return;
    step_server(w, conn->server,
                (struct table_event){.type = TABLE_FRAME,
                                     .conn = event->conn,
                                     .cluster = "c1",
                                     .node = node_names[conn->node],
                                     .bytes = event->bytes,
                                     .length = event->length});
}

static void frame_at_node(struct world *w, struct event *event)
{
    struct conn *conn = &w->conns[event->conn];
    struct node *node = &w->nodes[conn->node];

    if (!conn->at_node || node->lease == NULL || node->conn[conn->server] != event->conn ||
        postponed(w, event, node->paused_until))
        return;
    step_node(w, conn->node,
              (struct lease_event){.type = LEASE_FRAME,
                                   .server = (unsigned)conn->server,
                                   .bytes = event->bytes,
                                   .length = event->length});
}

static void closed_at_server(struct world *w, struct event *event)
{
    struct conn *conn = &w->conns[event->conn];
    struct server *server = &w->servers[conn->server];

    if (!conn->at_server || server->table == NULL || postponed(w, event, server->paused_until))
        return;
    conn->at_server = false;
    step_server(w, conn->server, (struct table_event){.type = TABLE_CLOSED, .conn = event->conn});
}

static void closed_at_node(struct world *w, struct event *event)
{
    struct conn *conn = &w->conns[event->conn];
    struct node *node = &w->nodes[conn->node];

    if (!conn->at_node || node->lease == NULL || node->conn[conn->server] != event->conn ||
        postponed(w, event, node->paused_until))
        return;
    drop_at_node(w, conn->node, conn->server, false);
    step_node(w, conn->node, (struct lease_event){.type = LEASE_LINK_DOWN, .server = (unsigned)conn->server});
    schedule_connect(w, conn->node, conn->server);
}

static void try_connect(struct world *w, struct event *event)
{
    struct node *node = &w->nodes[event->a];
    struct server *server = &w->servers[event->b];
    uint32_t number = w->conn_count;

    if (node->lease == NULL || node->life != event->life || node->conn[event->b] >= 0 ||
        postponed(w, event, node->paused_until))
        return;
    if (!server_runs(w, event->b) || !passes(w, event->a, event->b, true) ||
        !passes(w, event->a, event->b, false) || number == CONNS_MAX) {
        schedule_connect(w, event->a, event->b);
        return;
    }
    w->conn_count++;
    w->conns[number] = (struct conn){.node = event->a,
                                     .server = event->b,
                                     .at_node = true,
                                     .at_server = true,
                                     .server_life = server->life,
                                     .node_life = node->life};
    node->conn[event->b] = number;
    step_node(w, event->a, (struct lease_event){.type = LEASE_LINK_UP, .server = (unsigned)event->b});
}

static void gate_closed(struct world *w, struct event *event)
{
    struct node *node = &w->nodes[event->a];

    if (node->lease == NULL || node->life != event->life || postponed(w, event, node->paused_until))
        return;
    node->gates[event->b].drained = 0;
    step_node(w, event->a, (struct lease_event){.type = LEASE_GATE_CLOSED, .lock = lock_names[event->b]});
}

static void handle(struct world *w, struct event *event)
{
    switch (event->kind) {
    case EV_TO_SERVER:
        frame_at_server(w, event);
        break;
    case EV_TO_NODE:
        frame_at_node(w, event);
        break;
    case EV_SERVER_CLOSED:
        closed_at_server(w, event);
        break;
    case EV_NODE_CLOSED:
        closed_at_node(w, event);
        break;
    case EV_CONNECT:
        try_connect(w, event);
        break;
    case EV_COMMIT:
        if (w->servers[event->a].table != NULL && w->servers[event->a].life == event->life &&
            !postponed(w, event, w->servers[event->a].paused_until))
            commit_done(w, event->a);
        break;
    case EV_FAULT:
        if (!w->quiet)
            start_fault(w);
        break;
    case EV_UNDO:
        if (!w->quiet)
            undo_fault(w, (enum fault)event->a, event->b, event->c);
        break;
    case EV_SECOND:
        if (!w->quiet)
            second_half(w, (enum fault)event->a, event->b, event->c);
        break;
    case EV_GATE_CLOSED:
        gate_closed(w, event);
        break;
    }
    free(event->bytes);
}

/* --- running --- */

static void resume(struct world *w)
{
    for (int i = 0; i < w->node_count; i++)
        if (w->nodes[i].paused_until > 0 && w->nodes[i].paused_until <= w->now) {
            w->nodes[i].paused_until = 0;
            if (w->nodes[i].deferred)
                perform_node(w, i);
        }
    for (int i = 0; i < w->server_count; i++)
        if (w->servers[i].paused_until <= w->now)
            w->servers[i].paused_until = 0;
}

/* The earliest time at which something happens by itself. */
static int64_t next_time(struct world *w)
{
    int64_t next = w->heap_count > 0 ? w->heap[0].time : NEVER;

    for (int i = 0; i < w->node_count; i++) {
        int64_t time = NEVER;

        if (node_runs(w, i))
            time = true_time(w, w->nodes[i].host, lease_deadline(w->nodes[i].lease));
        else if (w->nodes[i].lease != NULL)
            time = w->nodes[i].paused_until;
        next = time < next ? time : next;
    }
    for (int i = 0; i < w->server_count; i++) {
        int64_t time = NEVER;

        if (server_runs(w, i))
            time = true_time(w, w->servers[i].host, table_deadline(w->servers[i].table));
        else if (w->servers[i].table != NULL)
            time = w->servers[i].paused_until;
        next = time < next ? time : next;
    }
    return next;
}

static void tick_all(struct world *w)
{
    for (int i = 0; i < w->node_count; i++)
        if (node_runs(w, i) && lease_deadline(w->nodes[i].lease) <= local_now(w, w->nodes[i].host))
            step_node(w, i, (struct lease_event){.type = LEASE_TICK});
    for (int i = 0; i < w->server_count; i++)
        if (server_runs(w, i) && table_deadline(w->servers[i].table) <= local_now(w, w->servers[i].host))
            step_server(w, i, (struct table_event){.type = TABLE_TICK});
}

/* Until the true time until, or until a lock has an owner whose gate is open (for lock >= 0). */
static void run_until(struct world *w, int64_t until, int lock)
{
    unsigned stuck = 0;

    while (!w->result->failed) {
        int64_t next = next_time(w);

        for (int i = 0; lock >= 0 && i < w->node_count; i++)
            if (w->nodes[i].owns[lock] && gate_is_open(w, i, lock))
                return;
        if (next > until) {
            w->now = until;
            return;
        }
        stuck = next > w->now ? 0 : stuck + 1;
        if (stuck > 100000)
            fail(w, false, "time stands still");
        w->now = next;
        resume(w);
        while (w->heap_count > 0 && w->heap[0].time <= w->now && !w->result->failed) {
            struct event event = pop(w);

            handle(w, &event);
        }
        tick_all(w);
    }
}

static void set_up(struct world *w)
{
    static const uint32_t leases[] = {300, 300, 1000};

    w->node_count = 2 + (int)pick(w, 2);
    w->server_count = pick(w, 4) == 0 ? 5 : 3;
    w->host_count = w->server_count;
    w->locks = 1 + (int)pick(w, LOCKS);
    w->lease_ms = leases[pick(w, 3)];
    w->drain_ms[0] = pick(w, 2) == 0 ? 0 : 200;
    w->duplicate = pick(w, 2) == 0 ? 0 : 50;
    for (int i = 0; i < w->host_count; i++) {
        w->hosts[i] = (struct host){.up = true, .base = 1 + pick(w, 5000) * MS, .ppm = 1000000};
        new_rate(w, i);
    }
    for (int i = 0; i < w->server_count; i++) {
        w->servers[i].host = i;
        w->servers[i].latency = MS;
        w->servers[i].lost = false;
    }
    if (pick(w, 4) > 0) /* else a new cluster, which the nodes have to introduce */
        for (int i = 0; i < w->server_count; i++) {
            struct record record = {.kind = RECORD_CLUSTER, .cluster = "c1"};

            record_batch(&w->servers[i].disk, 1, &record, 1);
        }
    for (int i = 0; i < w->node_count; i++) {
        w->nodes[i].host = i;
        for (size_t b = 0; b < FRAME_BOOT_BYTES; b++)
            w->nodes[i].boot[b] = (uint8_t)chance(w);
        for (int k = 0; k < w->server_count; k++)
            w->links[i][k] = (struct link){.delay = {2 * MS, 2 * MS}};
    }
    for (int i = 0; i < w->server_count; i++)
        start_server(w, i);
    for (int i = 0; i < w->node_count; i++)
        start_node(w, i);
}

/* Ends all faults; the clocks keep their rates. */
static void calm(struct world *w)
{
    w->quiet = true;
    say(w, "all faults are over");
    for (int i = 0; i < w->node_count; i++)
        for (int k = 0; k < w->server_count; k++)
            w->links[i][k] = (struct link){.delay = {2 * MS, 2 * MS}};
    for (int i = 0; i < w->node_count; i++)
        if (w->nodes[i].paused_until > 0)
            w->nodes[i].paused_until = w->now;
    for (int i = 0; i < w->server_count; i++) {
        if (w->servers[i].paused_until > 0)
            w->servers[i].paused_until = w->now;
        w->servers[i].full = false;
        w->servers[i].latency = MS;
    }
    resume(w);
    for (int i = 0; i < w->host_count; i++)
        power_on(w, i);
    for (int i = 0; i < w->server_count; i++)
        start_server(w, i);
    for (int i = 0; i < w->node_count; i++) {
        start_node(w, i);
        want_all(w, i);
    }
}

/* The true time after which at least one node that is up is no longer held down. */
static int64_t may_bid_at(struct world *w, int lock)
{
    int64_t earliest = NEVER;

    for (int i = 0; i < w->node_count; i++) {
        struct lease_lock_status status;
        int64_t time;

        if (w->nodes[i].lease == NULL || !lease_lock_status(w->nodes[i].lease, lock_names[lock], &status))
            continue;
        time = true_time(w, w->nodes[i].host, status.not_before);
        earliest = time < earliest ? time : earliest;
    }
    return earliest;
}

static int owner_of(const struct world *w, int lock)
{
    for (int i = 0; i < w->node_count; i++)
        if (w->nodes[i].owns[lock] && gate_is_open(w, i, lock))
            return i;
    return -1;
}

/* A new cluster whose servers failed while it was introduced may be left with less than a majority that
 * knows it, which is the same as two lost disks: then, and only then, the operator has to say the term. */
static void operator_teaches(struct world *w)
{
    int known = 0;

    for (int i = 0; i < w->server_count; i++)
        known += knows_cluster(w, i);
    if (known > w->server_count / 2)
        return;
    w->result->operators++;
    say(w, "the operator teaches");
    for (int i = 0; i < w->server_count && !w->result->failed; i++)
        step_server(w, i,
                    (struct table_event){
                        .type = TABLE_TEACH, .cluster = "c1", .term = w->top_token[0] + w->top_token[1]});
}

static void show_cluster(void *context, const struct table_cluster_status *status)
{
    say(context, "    known %d ready in %.3f ms top %" PRIu64 " connected %u", status->known,
        (double)status->ready / 1e6, status->top, status->connected);
}

static void show_lock(void *context, const struct table_lock_status *status)
{
    say(context, "    %s held by '%s' at term %" PRIu64 " for %.3f ms, %u waiting", status->lock,
        status->holder, status->term, (double)status->remaining / 1e6, status->waiting);
}

/* What everybody thinks, for whoever looks into a failure. */
static void show(struct world *w)
{
    for (int i = 0; i < w->server_count; i++) {
        say(w, "server %d: %s", i, w->servers[i].table == NULL ? "down" : "up");
        if (w->servers[i].table != NULL)
            table_walk(w->servers[i].table, local_now(w, w->servers[i].host), show_cluster, show_lock, w);
    }
    for (int i = 0; i < w->node_count; i++) {
        say(w, "%s: %s", node_names[i], w->nodes[i].lease == NULL ? "down" : "up");
        for (int k = 0; k < w->server_count && w->nodes[i].lease != NULL; k++) {
            struct lease_server_status server;

            lease_server_status(w->nodes[i].lease, (unsigned)k, &server);
            say(w, "    server %d: up %d known %d refusal %d", k, server.up, server.known,
                (int)server.refusal);
        }
        for (int k = 0; k < w->locks && w->nodes[i].lease != NULL; k++) {
            struct lease_lock_status lock;

            lease_lock_status(w->nodes[i].lease, lock_names[k], &lock);
            say(w, "    %s: %s, not before %.3f ms, holder '%s'", lock_names[k], lease_state_name(lock.state),
                (double)(lock.not_before - local_now(w, w->nodes[i].host)) / 1e6, lock.holder);
        }
    }
}

static void check_liveness(struct world *w)
{
    int64_t lease = w->lease_ms * MS, off;
    int owner;

    for (int i = 0; i < w->locks && !w->result->failed; i++) {
        run_until(w, may_bid_at(w, i) + 10 * lease + 1000 * MS, i);
        if (!w->result->failed && owner_of(w, i) < 0) {
            operator_teaches(w);
            run_until(w, w->now + 10 * lease, i);
        }
        if (owner_of(w, i) < 0)
            fail(w, false, "no owner of %s although all faults are over", lock_names[i]);
    }
    run_until(w, w->now + 2 * lease, -1);
    if (w->result->failed || (owner = owner_of(w, 0)) < 0)
        return;
    w->result->slow_disks = pick(w, 2) == 0;
    for (int i = 0; w->result->slow_disks && i < w->server_count; i++)
        w->servers[i].latency = lease * 9 / 10; /* and less, at random */
    off = w->now;
    power_off(w, w->nodes[owner].host);
    run_until(w, may_bid_at(w, 0) + 6 * lease + 2 * w->drain_ms[0] * MS, 0);
    if (owner_of(w, 0) < 0)
        fail(w, false, "nobody took %s over from %s", lock_names[0], node_names[owner]);
    w->result->failover = w->now - off;
}

static void clean_up(struct world *w)
{
    for (int i = 0; i < w->node_count; i++) {
        lease_free(w->nodes[i].lease);
        lease_updates_free(&w->nodes[i].updates);
    }
    for (int i = 0; i < w->server_count; i++) {
        table_free(w->servers[i].table);
        table_updates_free(&w->servers[i].updates);
        hf_buf_free(&w->servers[i].disk);
        hf_buf_free(&w->servers[i].writing);
        free(w->servers[i].queue);
        free(w->servers[i].queue_tickets);
    }
    for (size_t i = 0; i < w->heap_count; i++)
        free(w->heap[i].bytes);
    free(w->heap);
    free(w);
}

void world_run(uint64_t seed, bool verbose, struct world_result *result)
{
    struct world *w = hf_calloc(1, sizeof(*w));

    *result = (struct world_result){.digest = UINT64_C(14695981039346656037)};
    w->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    w->verbose = verbose;
    w->result = result;
    set_up(w);
    result->lease = w->lease_ms * MS;
    w->faults_left = 1 + (int)pick(w, 10);
    push(w, (struct event){.kind = EV_FAULT, .time = (1 + pick(w, 2 * w->lease_ms)) * MS});
    run_until(w, (2 + pick(w, 6)) * w->lease_ms * MS, -1);
    if (!result->failed) {
        calm(w);
        check_liveness(w);
    }
    if (result->failed && verbose)
        show(w);
    clean_up(w);
}
