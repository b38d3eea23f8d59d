/* arbiter.c - loads one lock server: 5,000 clusters of two nodes, a renewal every 250 ms each.
 *
 *     arbiter SERVER-PROGRAM [--clusters N] [--lease MS] [--seconds N]
 *
 * Starts the server on loopback with keys of its own, and plays all nodes with the real holder
 * (daemon/lease/) and the real connections (daemon/guard/link.c) in this process: the first node of each
 * cluster owns its lock and renews it, the second waits for it and asks as often.  Prints the server's CPU
 * and memory and how long renewals took; asserts nothing about time.  Exits with 1 if a lock is lost. */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arbiter/key.h"
#include "daemon/guard/link.h"
#include "daemon/lease/lease.h"

#define MS INT64_C(1000000)

enum { AT_ONCE = 64 /* connections being made */ };

struct node {
    struct bench *bench;
    struct lease *lease;
    struct link *link;
    struct tls_client *tls;
    int64_t asked; /* when the request was sent whose answer is awaited, or 0 */
    int64_t deadline;
    int fd; /* watched */
    uint32_t events;
    bool owns, up, first;
};

struct bench {
    char dir[64];
    pid_t server;
    int port;
    unsigned clusters;
    uint32_t lease_ms;
    struct node *nodes;
    unsigned count, started, up, owners, lost;
    int epoll_fd;
    struct lease_updates updates;
    bool measuring;
    uint32_t *latencies; /* us */
    size_t latency_count, latency_capacity;
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void die(struct hf_error *error)
{
    if (error == NULL)
        return;
    fprintf(stderr, "arbiter: %s\n", hf_error_text(error));
    exit(2);
}

static void watch(struct node *node)
{
    int fd = link_fd(node->link);
    struct epoll_event event = {.events = link_events(node->link), .data.ptr = node};

    if (fd == node->fd && event.events == node->events)
        return;
    if (fd >= 0 &&
        epoll_ctl(node->bench->epoll_fd, fd == node->fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0 &&
        errno == ENOENT)
        epoll_ctl(node->bench->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    node->fd = fd;
    node->events = event.events;
}

static void step(struct node *node, struct lease_event event)
{
    struct bench *bench = node->bench;
    struct lease_updates updates = bench->updates;

    bench->updates = (struct lease_updates){0};
    event.now = now_ns();
    lease_step(node->lease, &event, &updates);
    for (size_t i = 0; i < updates.count; i++) {
        const struct lease_update *update = &updates.items[i];

        if (update->action == LEASE_SEND) {
            node->asked = event.now;
            link_send(node->link, event.now, (uint8_t *)updates.bytes.data + update->offset, update->length);
        } else if (update->action == LEASE_OWNED) {
            node->owns = true;
            bench->owners++;
        } else if (update->action == LEASE_LOST) {
            node->owns = false;
            bench->owners--;
            bench->lost++;
        } else if (update->action == LEASE_RECONNECT) {
            link_reconnect(node->link, event.now);
        }
    }
    node->deadline = lease_deadline(node->lease);
    lease_updates_reset(&updates);
    lease_updates_free(&bench->updates);
    bench->updates = updates;
}

static void on_up(void *context)
{
    struct node *node = context;

    node->up = true;
    node->bench->up++;
    step(node, (struct lease_event){.type = LEASE_LINK_UP});
}

static void on_down(void *context, const char *why)
{
    struct node *node = context;

    if (node->up)
        node->bench->up--;
    node->up = false;
    step(node, (struct lease_event){.type = LEASE_LINK_DOWN});
}

static void on_frame(void *context, const uint8_t *bytes, size_t length)
{
    struct node *node = context;
    struct bench *bench = node->bench;

    if (bench->measuring && node->asked != 0) {
        hf_grow(&bench->latencies, &bench->latency_capacity, bench->latency_count + 1, sizeof(uint32_t));
        bench->latencies[bench->latency_count++] = (uint32_t)((now_ns() - node->asked) / 1000);
    }
    node->asked = 0;
    step(node, (struct lease_event){.type = LEASE_FRAME, .bytes = bytes, .length = length});
}

static const struct link_handler handler = {.up = on_up, .down = on_down, .frame = on_frame};

static void add_node(struct bench *bench, unsigned index)
{
    struct node *node = &bench->nodes[index];
    char cluster[32], name[8], file[128], server[32];
    struct lease_config config = {
        .servers = 1, .lease_ms = bench->lease_ms, .seed = index, .now = now_ns(), .open_until = 1};
    struct tls_client_config tls = {.cluster = cluster, .node = name, .key_file = file};
    struct link_config link = {.server = server, .seed = index, .handler = &handler, .context = node};

    snprintf(cluster, sizeof(cluster), "c%u", index / 2);
    snprintf(name, sizeof(name), "n%u", index % 2 + 1);
    snprintf(file, sizeof(file), "%s/keys/%s.key", bench->dir, cluster);
    snprintf(server, sizeof(server), "127.0.0.1:%d", bench->port);
    memcpy(config.boot, &index, sizeof(index));
    node->bench = bench;
    node->fd = -1;
    node->first = index % 2 == 0;
    node->lease = lease_new(&config);
    node->deadline = INT64_MAX;
    die(tls_client_new(&tls, &node->tls));
    die(link_new(node->tls, &link, &node->link));
    step(node, (struct lease_event){.type = LEASE_WANT, .lock = "cluster", .rank = index % 2});
    bench->started++;
}

static void run_until(struct bench *bench, int64_t until)
{
    struct epoll_event events[512];
    int64_t last_scan = 0;

    while (now_ns() < until) {
        int count = epoll_wait(bench->epoll_fd, events, 512, 1);
        int64_t now;

        for (int i = 0; i < count; i++) {
            struct node *node = events[i].data.ptr;

            link_step(node->link, now_ns(), events[i].events);
            watch(node);
        }
        now = now_ns();
        if (count == 512 || now - last_scan < 4 * MS) /* answers first: nobody is silent who has spoken */
            continue;
        last_scan = now;
        for (int i = 0; i < 8 && bench->started < bench->count && bench->started - bench->up < AT_ONCE; i++)
            add_node(bench, bench->started);
        for (unsigned i = 0; i < bench->started; i++) {
            struct node *node = &bench->nodes[i];

            if (node->deadline <= now)
                step(node, (struct lease_event){.type = LEASE_TICK});
            if (link_deadline(node->link) <= now)
                link_step(node->link, now, 0);
            watch(node);
        }
    }
}

/* --- the server --- */

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&address, length) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        die(hf_error_errno(errno, "cannot find a port"));
    close(fd);
    return ntohs(address.sin_port);
}

static void start_server(struct bench *bench, const char *program)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/keys", bench->dir);
    mkdir(path, 0700);
    for (unsigned i = 0; i < bench->clusters; i++) {
        char cluster[32];

        snprintf(cluster, sizeof(cluster), "c%u", i);
        snprintf(path, sizeof(path), "%s/keys/%s.key", bench->dir, cluster);
        die(lock_key_new(path, cluster));
    }
    bench->port = free_port();
    snprintf(path, sizeof(path), "%s/conf", bench->dir);
    file = fopen(path, "w");
    fprintf(file,
            "[server]\nlisten = 127.0.0.1:%d\nstate = %s/state\nkeys = %s/keys\nstatus-socket = %s/status\n"
            "connections = 20000\nconnections-per-address = 20000\nmax-hold = %ums\n",
            bench->port, bench->dir, bench->dir, bench->dir, bench->lease_ms);
    fclose(file);
    bench->server = fork();
    if (bench->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(program, program, "-c", path, "-f", (char *)NULL);
        _exit(127);
    }
    usleep(1500000); /* it reads its keys, and the longest hold passes */
}

static double server_cpu(const struct bench *bench)
{
    char path[64], text[1024] = {0};
    unsigned long user = 0, system = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)bench->server);
    file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof(text), file) == NULL)
        die(hf_error_new(HF_FAILED, "the server is gone"));
    fclose(file);
    sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static unsigned long server_kb(const struct bench *bench, const char *what)
{
    char path[64], line[256];
    unsigned long value = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)bench->server,
             strcmp(what, "Pss:") == 0 ? "smaps_rollup" : "status");
    file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, what, strlen(what)) == 0)
            value = strtoul(line + strlen(what), NULL, 10);
    if (file != NULL)
        fclose(file);
    return value;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static double percentile(const struct bench *bench, double share)
{
    if (bench->latency_count == 0)
        return 0;
    return bench->latencies[(size_t)((double)(bench->latency_count - 1) * share)] / 1000.0;
}

static int measure(struct bench *bench, int seconds)
{
    int64_t begin, limit = now_ns() + 180 * 1000 * MS;
    double cpu, wall;
    unsigned lost;

    begin = now_ns();
    while ((bench->started < bench->count || bench->up < bench->count || bench->owners < bench->clusters) &&
           now_ns() < limit)
        run_until(bench, now_ns() + 100 * MS);
    printf("ramp-up: %u connections, %u owners in %.1f s, server CPU %.1f s\n", bench->up, bench->owners,
           (double)(now_ns() - begin) / 1e9, server_cpu(bench));
    run_until(bench, now_ns() + 2000 * MS);
    lost = bench->lost;
    bench->measuring = true;
    begin = now_ns();
    cpu = server_cpu(bench);
    run_until(bench, now_ns() + seconds * 1000 * MS);
    cpu = server_cpu(bench) - cpu;
    wall = (double)(now_ns() - begin) / 1e9;
    qsort(bench->latencies, bench->latency_count, sizeof(uint32_t), by_size);
    printf("%u clusters, %u connections, lease %u ms: %.0f requests/s\n", bench->clusters, bench->up,
           bench->lease_ms, (double)bench->latency_count / wall);
    printf("server: %.0f %% of one core, %.1f MB resident (PSS %.1f MB, peak %.1f MB)\n", cpu / wall * 100,
           (double)server_kb(bench, "VmRSS:") / 1024, (double)server_kb(bench, "Pss:") / 1024,
           (double)server_kb(bench, "VmHWM:") / 1024);
    printf("renewal, send to answer (both ends on this machine): median %.2f ms, p99 %.2f ms, p99.9 %.2f ms, "
           "worst %.2f ms\n",
           percentile(bench, 0.5), percentile(bench, 0.99), percentile(bench, 0.999), percentile(bench, 1));
    printf("locks lost meanwhile: %u\n", bench->lost - lost);
    return bench->up < bench->count || bench->lost > lost;
}

static void clean_up(struct bench *bench)
{
    char command[128];

    kill(bench->server, SIGTERM);
    waitpid(bench->server, NULL, 0);
    snprintf(command, sizeof(command), "rm -rf %s", bench->dir);
    if (system(command) != 0)
        fprintf(stderr, "could not remove %s\n", bench->dir);
}

int main(int argc, char **argv)
{
    struct bench bench = {.dir = "/tmp/bench-arbiter.XXXXXX", .clusters = 5000, .lease_ms = 1000};
    struct rlimit files = {.rlim_cur = 65536, .rlim_max = 65536};
    int seconds = 20, failed;

    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--clusters") == 0)
            bench.clusters = (unsigned)atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--lease") == 0)
            bench.lease_ms = (uint32_t)atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--seconds") == 0)
            seconds = atoi(argv[i + 1]);
    }
    if (argc < 2 || bench.clusters == 0 || mkdtemp(bench.dir) == NULL) {
        fprintf(stderr, "usage: arbiter SERVER-PROGRAM [--clusters N] [--lease MS] [--seconds N]\n");
        return 2;
    }
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) {
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGPIPE, SIG_IGN);
    bench.count = bench.clusters * 2;
    bench.nodes = hf_calloc(bench.count, sizeof(*bench.nodes));
    bench.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    start_server(&bench, argv[1]);
    failed = measure(&bench, seconds);
    clean_up(&bench);
    return failed;
}
