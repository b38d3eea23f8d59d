/* test_guard_process.c - the real holdfast-guard with three real lock servers, in a network namespace, told
 * by the real client what to do and watched from the other end of the cable every millisecond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <qb/qbloop.h>

#include "daemon/guard/client.h"
#include "daemon/guard/gate.h"
#include "daemon/guard/report.h"
#include "tests/guard/netlab.h"

#define MS INT64_C(1000000)
#define TOLERANCE (20 * MS)
#define LOCK "vip/web"

enum { SERVERS = 3 };

static char work[64], top[1024];
static pid_t servers[SERVERS], guard;

/* What the client was told. */
struct news {
    qb_loop_t *loop;
    struct guard_client *client;
    unsigned attached, detached, owned, lost, refused;
    uint64_t token;
    int64_t lost_at;
    bool same;
    bool owned_then; /* when it was attached */
    char text[GUARD_TEXT_MAX + 1];
};

static void on_attached(void *context, bool same)
{
    struct news *news = context;

    news->attached++;
    news->same = same;
    news->owned_then = guard_client_owns(news->client, LOCK, NULL);
}

static void on_detached(void *context, const char *why)
{
    ((struct news *)context)->detached++;
}

static void on_owned(void *context, const char *lock, uint64_t token)
{
    struct news *news = context;

    if (strcmp(lock, LOCK) != 0)
        return;
    news->owned++;
    news->token = token;
}

static void on_lost(void *context, const char *lock, uint64_t token)
{
    struct news *news = context;

    if (strcmp(lock, LOCK) != 0)
        return;
    news->lost++;
    news->lost_at = netlab_now();
}

static void on_refused(void *context, const char *text)
{
    struct news *news = context;

    news->refused++;
    guard_copy(news->text, sizeof(news->text), text);
}

static const struct guard_client_hooks hooks = {.attached = on_attached,
                                                .detached = on_detached,
                                                .owned = on_owned,
                                                .lost = on_lost,
                                                .refused = on_refused};

static void open_client_at(struct news *news, const char *socket)
{
    const struct guard_client_settings settings = {.socket = socket};

    *news = (struct news){.loop = qb_loop_create()};
    news->client = guard_client_new(news->loop, &settings, &hooks, news);
}

static void open_client(struct news *news)
{
    open_client_at(news, NULL);
}

static void close_client(struct news *news)
{
    guard_client_free(news->client);
    qb_loop_destroy(news->loop);
    news->client = NULL;
}

static void stop_loop(void *data)
{
    qb_loop_stop(data);
}

/* Lets the client's loop run. */
static void spin(struct news *news, int ms)
{
    qb_loop_timer_handle timer;

    qb_loop_timer_add(news->loop, QB_LOOP_LOW, (uint64_t)ms * 1000000, news->loop, stop_loop, &timer);
    qb_loop_run(news->loop);
}

/* Until a counter has reached a number; fails after ms. */
static void spin_until(struct news *news, const unsigned *counter, unsigned number, int ms)
{
    for (int waited = 0; waited < ms && *counter < number; waited += 10)
        spin(news, 10);
    if (*counter < number)
        fail_msg("waited %d ms in vain", ms);
}

/* --- processes --- */

static pid_t start(const char *program, const char *option, const char *config, const char *log)
{
    pid_t pid = fork();

    if (pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fd, 1);
        dup2(fd, 2);
        execl(program, program, option, config, "-f", NULL);
        _exit(127);
    }
    return pid;
}

static void write_file(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void write_file(const char *path, const char *format, ...)
{
    FILE *file = fopen(path, "w");
    va_list arguments;

    assert_non_null(file);
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    fclose(file);
}

static char *in_work(const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, 128, "%s/%s", work, name);
    return path;
}

static void start_server(int i)
{
    char name[32], log[32], program[1100];

    snprintf(name, sizeof(name), "arbiter%d.conf", i);
    snprintf(log, sizeof(log), "arbiter%d.log", i);
    snprintf(program, sizeof(program), "%s/holdfast-arbiterd", top);
    servers[i] = start(program, "-c", in_work(name), in_work(log));
}

static pid_t start_guard_with(const char *config)
{
    char program[1100];

    snprintf(program, sizeof(program), "%s/holdfast-guard", top);
    return start(program, "--config", in_work(config), in_work("guard.log"));
}

static void start_guard(void)
{
    guard = start_guard_with("guard.conf");
}

static void end_process(pid_t pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

static void end_guard(int number)
{
    if (guard == 0)
        return;
    kill(guard, number);
    kill(guard, SIGCONT);
    waitpid(guard, NULL, 0);
    guard = 0;
}

static int start_all(void **state)
{
    char *cwd = getcwd(top, sizeof(top));

    assert_non_null(cwd);
    strcpy(work, "/run/test_guard.XXXXXX");
    assert_non_null(mkdtemp(work));
    mkdir(in_work("keys"), 0700);
    netlab_run("./holdfast-arbiterd lock-key new web %s/keys/web.key >/dev/null", work);
    for (int i = 0; i < SERVERS; i++) {
        char name[32];

        snprintf(name, sizeof(name), "state%d", i);
        mkdir(in_work(name), 0700);
        snprintf(name, sizeof(name), "arbiter%d.conf", i);
        write_file(in_work(name),
                   "[server]\nlisten = 127.0.0.%d:7433\nstate = %s/state%d\nkeys = %s/keys\n"
                   "status-socket = %s/arbiter%d.sock\nmax-hold = 1s\n",
                   i + 1, work, i, work, work, i);
        start_server(i);
    }
    write_file(in_work("guard.conf"),
               "[guard]\ncluster = web\nnode = node1\nserver = 127.0.0.1\nserver = 127.0.0.2\n"
               "server = 127.0.0.3\nkey = %s/keys/web.key\nlease = 300ms\n",
               work);
    write_file(in_work("long.conf"),
               "[guard]\ncluster = web\nnode = node1\nserver = 127.0.0.1\nserver = 127.0.0.2\n"
               "server = 127.0.0.3\nkey = %s/keys/web.key\nlease = 1s\n",
               work);
    start_guard();
    return 0;
}

static int end_all(void **state)
{
    end_guard(SIGTERM);
    for (int i = 0; i < SERVERS; i++) {
        kill(servers[i], SIGKILL);
        waitpid(servers[i], NULL, 0);
    }
    return 0;
}

/* --- orders --- */

static void order_vips(struct news *news)
{
    static const char *const addresses[] = {NETLAB_VIP4, NETLAB_VIP6};

    for (int i = 0; i < 2; i++) {
        struct guard_vip vip = {.lock = LOCK, .interface = "v0", .flags = GUARD_VIP_ASSIGN};

        snprintf(vip.id, sizeof(vip.id), "web%d", i);
        assert_null(guard_address_parse(addresses[i], &vip.address));
        vip.prefix = i == 0 ? 32 : 128;
        assert_null(guard_client_vip(news->client, &vip));
    }
}

static void order_all(struct news *news)
{
    const struct guard_want want = {.lock = LOCK};

    order_vips(news);
    assert_null(guard_client_want(news->client, &want));
}

static bool answered_within(int ms)
{
    uint64_t before[NETLAB_QUESTIONS];

    for (int i = 0; i < NETLAB_QUESTIONS; i++)
        before[i] = netlab_count((enum netlab_question)i);
    for (int waited = 0; waited < ms; waited += 5) {
        bool all = true;

        netlab_sleep(5);
        for (int i = ASK_ARP; i < ASK_OTHER; i++)
            all = all && netlab_count((enum netlab_question)i) > before[i];
        if (all)
            return true;
    }
    return false;
}

static int64_t last_answer(void)
{
    int64_t last = 0;

    for (int i = ASK_ARP; i < ASK_OTHER; i++)
        if (netlab_last((enum netlab_question)i) > last)
            last = netlab_last((enum netlab_question)i);
    return last;
}

static bool address_there(const char *address)
{
    return netlab_try("ip addr show dev v0 | grep -q ' %s/'", address);
}

static int64_t deadline_in_kernel(void)
{
    struct gate *gate = gate_open(NULL);
    struct gate_address address;
    struct gate_entry entry = {0};

    assert_int_equal(gate_mode(gate), GATE_KERNEL);
    assert_null(guard_address_parse(NETLAB_VIP4, &address));
    gate_look(gate, &address, &entry);
    gate_close(gate);
    return (int64_t)entry.deadline;
}

/* --- the story --- */

static struct news holdfastd;

/* A VIP is configured: shut at once, open and announced with the lock. */
static void test_own(void **state)
{
    netlab_run("ip addr del " NETLAB_VIP4 "/32 dev v0; ip -6 addr del " NETLAB_VIP6 "/128 dev v0");
    open_client(&holdfastd);
    order_vips(&holdfastd);
    spin_until(&holdfastd, &holdfastd.attached, 1, 5000);
    spin(&holdfastd, 100);
    assert_int_equal(guard_client_status(holdfastd.client)->vip_count, 2);
    assert_true(guard_client_status(holdfastd.client)->gate.kernel);
    assert_true(guard_client_status(holdfastd.client)->vips[0].protected);
    assert_int_equal(deadline_in_kernel(), 0);
    order_all(&holdfastd);
    spin_until(&holdfastd, &holdfastd.owned, 1, 10000);
    assert_true(guard_client_owns(holdfastd.client, LOCK, NULL));
    assert_true(answered_within(3000));
    assert_true(address_there(NETLAB_VIP4) && address_there(NETLAB_VIP6));
}

/* Not less than the other address of the same node, which no lease has a say in: the machine may be busy. */
static void check_no_gap(void)
{
    assert_true(netlab_gap(ASK_ARP) < netlab_gap(ASK_OTHER) + 60 * MS);
}

/* The lease is renewed for as long as all is well: never a moment without an answer. */
static void test_keep(void **state)
{
    netlab_reset_gaps();
    spin(&holdfastd, 2000);
    printf("    longest time without an answer in two seconds of renewals: %lld us\n",
           (long long)netlab_gap(ASK_ARP) / 1000);
    check_no_gap();
    assert_int_equal(holdfastd.lost, 0);
    /* A server less is no matter. */
    kill(servers[0], SIGKILL);
    waitpid(servers[0], NULL, 0);
    spin(&holdfastd, 1000);
    assert_int_equal(holdfastd.lost, 0);
    assert_string_equal(guard_client_status(holdfastd.client)->servers[0].name, "127.0.0.1");
    assert_false(guard_client_status(holdfastd.client)->servers[0].up);
    assert_non_null(strstr(guard_client_status(holdfastd.client)->servers[0].reason, "Connection refused"));
    start_server(0);
    spin(&holdfastd, 1500);
    assert_true(guard_client_status(holdfastd.client)->servers[0].up);
    assert_int_equal(holdfastd.lost, 0);
}

/* holdfastd is busy for several leases, and reads nothing: it has lost nothing by that. */
static void test_holdfastd_busy(void **state)
{
    unsigned lost = holdfastd.lost, owned = holdfastd.owned;

    for (int i = 0; i < 3; i++) {
        netlab_sleep(900);
        spin(&holdfastd, 50);
        assert_true(guard_client_owns(holdfastd.client, LOCK, NULL));
    }
    assert_int_equal(holdfastd.lost, lost);
    assert_int_equal(holdfastd.owned, owned);
}

/* holdfastd dies and comes back: nothing happens to the VIP, and it learns all that it had ordered, whether
 * or not it orders the same before it has reached the guard. */
static void restart_holdfastd(bool orders)
{
    uint64_t token = holdfastd.token;

    netlab_reset_gaps();
    close_client(&holdfastd);
    netlab_sleep(500);
    open_client(&holdfastd);
    if (orders)
        order_all(&holdfastd);
    spin_until(&holdfastd, &holdfastd.attached, 1, 3000);
    assert_true(holdfastd.owned_then); /* or what has a lock would be stopped for want of it */
    spin(&holdfastd, 50);
    assert_int_equal(guard_client_status(holdfastd.client)->vip_count, 2);
    assert_int_equal(guard_client_status(holdfastd.client)->lock_count, 1);
    assert_int_equal(holdfastd.owned, 1);
    assert_int_equal(holdfastd.token, token);
    check_no_gap();
}

static void test_holdfastd_restarts(void **state)
{
    restart_holdfastd(false);
    restart_holdfastd(true);
}

/* The guard is killed and started again within its lease: the lock stays, and so do the answers. */
static void test_guard_restarts(void **state)
{
    int kept = 0;

    for (int round = 0; round < 5; round++) {
        uint64_t token = holdfastd.token;
        unsigned attached = holdfastd.attached, lost = holdfastd.lost, owned = holdfastd.owned;

        netlab_reset_gaps();
        end_guard(SIGKILL);
        start_guard();
        spin_until(&holdfastd, &holdfastd.attached, attached + 1, 5000);
        assert_true(holdfastd.same);
        for (int waited = 0; waited < 5000 && !guard_client_owns(holdfastd.client, LOCK, NULL); waited += 10)
            spin(&holdfastd, 10);
        assert_true(guard_client_owns(holdfastd.client, LOCK, NULL));
        assert_true(answered_within(3000));
        spin_until(&holdfastd, &holdfastd.owned, owned + 1, 5000);
        kept += holdfastd.lost == lost;
        printf("    guard killed and started: longest time without an answer %lld us, lock %s, token %llu\n",
               (long long)netlab_gap(ASK_ARP) / 1000, holdfastd.lost == lost ? "kept" : "lost for a moment",
               (unsigned long long)holdfastd.token);
        assert_true(holdfastd.token > token);
        spin(&holdfastd, 300);
    }
    assert_true(kept > 0); /* a busy machine may be too slow for one, not for all */
}

static void spin_until_owned(void)
{
    for (int waited = 0; waited < 10000 && !guard_client_owns(holdfastd.client, LOCK, NULL); waited += 10)
        spin(&holdfastd, 10);
    assert_true(guard_client_owns(holdfastd.client, LOCK, NULL));
}

/* A guard that is configured for a shorter lease takes over a gate that is open for longer than its next bid
 * would be held for: it shuts it earlier. */
static void test_shorter_lease(void **state)
{
    unsigned attached = holdfastd.attached;
    int64_t left = 0;

    end_guard(SIGKILL);
    guard = start_guard_with("long.conf");
    spin_until(&holdfastd, &holdfastd.attached, attached + 1, 5000);
    for (int waited = 0; waited < 10000 && left < 600 * MS; waited += 10) {
        spin(&holdfastd, 10);
        left = deadline_in_kernel() - netlab_now();
    }
    assert_true(left > 600 * MS);
    for (int i = 0; i < SERVERS; i++)
        kill(servers[i], SIGSTOP);
    end_guard(SIGKILL);
    start_guard();
    spin_until(&holdfastd, &holdfastd.attached, attached + 2, 5000);
    left = deadline_in_kernel() - netlab_now();
    for (int i = 0; i < SERVERS; i++)
        kill(servers[i], SIGCONT);
    assert_true(left <= 270 * MS);
    spin_until_owned();
    spin(&holdfastd, 500);
    assert_true(answered_within(3000));
}

/* The guard is stopped: silence by the kernel's deadline, and holdfastd knows it from the clock. */
static void test_guard_stopped(void **state)
{
    unsigned lost = holdfastd.lost, owned = holdfastd.owned;
    int64_t stopped = netlab_now(), deadline;

    kill(guard, SIGSTOP);
    deadline = deadline_in_kernel();
    spin_until(&holdfastd, &holdfastd.lost, lost + 1, 3000);
    netlab_sleep(200);
    printf("    guard stopped: silent %lld ms later (%+lld us from its deadline), holdfastd told after %lld "
           "ms\n",
           (long long)(last_answer() - stopped) / MS, (long long)(last_answer() - deadline) / 1000,
           (long long)(holdfastd.lost_at - stopped) / MS);
    assert_true(last_answer() < deadline + TOLERANCE);
    assert_false(guard_client_owns(holdfastd.client, LOCK, NULL));
    kill(guard, SIGCONT);
    spin_until(&holdfastd, &holdfastd.owned, owned + 1, 10000);
    assert_true(answered_within(3000));
}

/* No majority: the lock is lost, the address goes; it comes back with the servers. */
static void test_servers_stopped(void **state)
{
    unsigned lost = holdfastd.lost, owned = holdfastd.owned;
    uint64_t token = holdfastd.token;

    kill(servers[1], SIGSTOP);
    kill(servers[2], SIGSTOP);
    spin_until(&holdfastd, &holdfastd.lost, lost + 1, 3000);
    netlab_sleep(30);
    assert_false(answered_within(100));
    spin(&holdfastd, 50);
    assert_false(address_there(NETLAB_VIP4));
    kill(servers[1], SIGCONT);
    kill(servers[2], SIGCONT);
    spin_until(&holdfastd, &holdfastd.owned, owned + 1, 10000);
    assert_true(holdfastd.token > token);
    assert_true(answered_within(3000));
}

/* The interface goes and comes back as another: gate and address are there again. */
static void test_interface_comes_back(void **state)
{
    netlab_cable();
    spin(&holdfastd, 100);
    assert_true(netlab_try("tc filter show dev v0 egress | grep -q 'pref 1 '"));
    assert_true(guard_client_status(holdfastd.client)->vips[0].protected);
    assert_true(answered_within(3000));
    netlab_run("ip addr del " NETLAB_VIP4 "/32 dev v0");
    spin(&holdfastd, 100);
    assert_true(address_there(NETLAB_VIP4));
    netlab_run("ip link set v0 down && ip link set v0 name elsewhere && ip link set elsewhere up");
    spin(&holdfastd, 100);
    assert_false(guard_client_status(holdfastd.client)->vips[0].protected);
    assert_string_equal(guard_client_status(holdfastd.client)->vips[0].fault,
                        "there is no such network interface");
    netlab_run("ip link set elsewhere down && ip link set elsewhere name v0 && ip link set v0 up");
    spin(&holdfastd, 100);
    assert_true(guard_client_status(holdfastd.client)->vips[0].protected);
    assert_string_equal(guard_client_status(holdfastd.client)->vips[0].fault, "");
    assert_true(netlab_try("tc qdisc del dev v0 clsact"));
    spin(&holdfastd, 100);
    assert_true(netlab_try("tc filter show dev v0 egress | grep -q 'pref 1 '"));
    assert_int_equal(guard_client_owns(holdfastd.client, LOCK, NULL), 1);
    netlab_cable(); /* with all that "down" took away */
    spin(&holdfastd, 200);
    assert_true(answered_within(3000));
}

/* A guard that may not use BPF says so, and takes the address away itself when the lease ends. */
/* Whether a system call of the kinds traced below is one that may be made while a lock is owned, lost and
 * got: to the gate, or on a socket, or on a file where no disk is: /run, where this test has the log, too. */
static bool is_hot(const char *call)
{
    static const char *const in_memory[] = {"<socket:", "<TCP",         "<UDP",   "<UNIX",   "<NETLINK",
                                            "<PACKET",  "<anon_inode:", "<pipe:", "\"/run/", "</run/"};

    if (strncmp(call, "bpf(", 4) == 0)
        return true;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(in_memory); i++)
        if (strstr(call, in_memory[i]) != NULL)
            return true;
    return false;
}

/* No fork and no disk, whatever happens to the lock: as the kernel sees it. */
static void test_no_fork_no_disk(void **state)
{
    unsigned lost = holdfastd.lost, owned = holdfastd.owned, gated = 0, calls = 0, cold = 0;
    char command[512], line[4096];
    FILE *trace;

    if (system("command -v strace >/dev/null") != 0) {
        printf("    skipped: strace is not installed\n");
        skip();
    }
    snprintf(command, sizeof(command),
             "exec strace -y -qq -o %s -p %d -e "
             "trace=%%file,%%process,bpf,read,write,pread64,pwrite64,readv,writev,"
             "fsync,fdatasync,sync,syncfs,sync_file_range,fallocate,ftruncate,io_submit,io_uring_enter 2>%s",
             in_work("trace"), (int)guard, in_work("strace"));
    pid_t tracer = fork();

    if (tracer == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
    }
    spin(&holdfastd, 2000);
    kill(servers[1], SIGSTOP);
    kill(servers[2], SIGSTOP);
    spin_until(&holdfastd, &holdfastd.lost, lost + 1, 5000);
    spin(&holdfastd, 500);
    kill(servers[1], SIGCONT);
    kill(servers[2], SIGCONT);
    spin_until(&holdfastd, &holdfastd.owned, owned + 1, 20000);
    spin(&holdfastd, 500);
    kill(tracer, SIGINT);
    waitpid(tracer, NULL, 0);
    trace = fopen(in_work("trace"), "r");
    assert_non_null(trace);
    while (fgets(line, sizeof(line), trace) != NULL) {
        calls++;
        gated += strncmp(line, "bpf(", 4) == 0;
        if (is_hot(line) || strncmp(line, "---", 3) == 0) /* that is a signal */
            continue;
        printf("    on the hot path: %s", line);
        cold++;
    }
    fclose(trace);
    printf("    %u reads, writes and calls of the gate (%u), none a fork or on a disk\n", calls, gated);
    assert_true(gated > 10 && calls > 2 * gated);
    assert_int_equal(cold, 0);
}

static void test_user_space_only(void **state)
{
    struct news other;
    struct guard_vip vip = {
        .id = "own", .lock = "vip/own", .interface = "v0", .prefix = 32, .flags = GUARD_VIP_ASSIGN};
    const struct guard_want want = {.lock = "vip/own"};
    char socket[128];

    write_file(in_work("other.conf"),
               "[guard]\ncluster = web\nnode = node2\nserver = 127.0.0.1\nserver = 127.0.0.2\n"
               "server = 127.0.0.3\nkey = %s/keys/web.key\nlease = 300ms\n"
               "pins = %s/pins\nsocket = %s/other.sock\norders = %s/other.orders\n",
               work, work, work, work);

    pid_t pid = start_guard_with("other.conf");

    snprintf(socket, sizeof(socket), "%s/other.sock", work);
    open_client_at(&other, socket);
    assert_null(guard_address_parse("10.9.0.9", &vip.address));
    assert_null(guard_client_vip(other.client, &vip));
    assert_null(guard_client_want(other.client, &want));
    spin_until(&other, &other.attached, 1, 5000);
    assert_false(guard_client_status(other.client)->gate.kernel);
    assert_non_null(strstr(guard_client_status(other.client)->gate.reason, "not on a BPF filesystem"));
    for (int waited = 0; waited < 10000 && !guard_client_owns(other.client, "vip/own", NULL); waited += 10)
        spin(&other, 10);
    assert_true(guard_client_owns(other.client, "vip/own", NULL));
    spin(&other, 20);
    assert_true(address_there("10.9.0.9"));
    assert_false(guard_client_status(other.client)->vips[0].protected);
    assert_true(
        netlab_try("./holdfast-guard --status --socket %s | grep -q 'gate: user space only (.*BPF'", socket));
    kill(servers[1], SIGSTOP);
    kill(servers[2], SIGSTOP);
    for (int waited = 0; waited < 3000 && address_there("10.9.0.9"); waited += 10)
        spin(&other, 10);
    assert_false(address_there("10.9.0.9"));
    kill(servers[1], SIGCONT);
    kill(servers[2], SIGCONT);
    close_client(&other);
    end_process(pid);
    spin(&holdfastd, 500);
    for (int waited = 0; waited < 10000 && !guard_client_owns(holdfastd.client, LOCK, NULL); waited += 10)
        spin(&holdfastd, 10);
}

/* Why a lock server is of no use is said in words. */
static void test_wrong_key(void **state)
{
    char socket[128];
    bool said = false;

    netlab_run("./holdfast-arbiterd lock-key new web %s/wrong.key >/dev/null", work);
    write_file(in_work("wrong.conf"),
               "[guard]\ncluster = web\nnode = node3\nserver = 127.0.0.1\nkey = %s/wrong.key\n"
               "socket = %s/wrong.sock\norders = %s/wrong.orders\npins = %s/pins\n",
               work, work, work, work);

    pid_t pid = start_guard_with("wrong.conf");

    snprintf(socket, sizeof(socket), "%s/wrong.sock", work);
    for (int waited = 0; waited < 5000 && !said; waited += 100) {
        netlab_sleep(100);
        said = netlab_try(
            "./holdfast-guard --status --socket %s 2>/dev/null | grep -q 'server.*: not reachable.*key'",
            socket);
    }
    assert_true(said);
    end_process(pid);
}

/* Whether a line of /proc/PID/status says more than nothing. */
static bool has_some(pid_t pid, const char *what)
{
    return netlab_try("grep -qE '^%s:\\s+[1-9]' /proc/%d/status", what, (int)pid);
}

/* Nothing waits for its turn on a busy machine, and nothing has to come from a disk. */
static void test_real_time(void **state)
{
    struct sched_param parameters;

    assert_int_equal(sched_getscheduler(guard), SCHED_RR | SCHED_RESET_ON_FORK);
    assert_int_equal(sched_getparam(guard, &parameters), 0);
    assert_true(parameters.sched_priority > 0);
#ifdef __SANITIZE_ADDRESS__
    puts("    locked memory is not looked at: the sanitizer takes mlockall() away");
#else
    assert_true(has_some(guard, "VmLck"));
#endif
    assert_false(has_some(guard, "VmSwap"));
}

/* Orders that cannot be followed are refused in words. */
static void test_refusals(void **state)
{
    struct guard_vip vip = {.id = "other", .lock = LOCK, .interface = "v0", .prefix = 32};

    assert_null(guard_address_parse(NETLAB_VIP4, &vip.address));
    assert_null(guard_client_vip(holdfastd.client, &vip));
    spin_until(&holdfastd, &holdfastd.refused, 1, 3000);
    assert_non_null(strstr(holdfastd.text, "belongs to VIP web0"));
    guard_client_vip_remove(holdfastd.client, "other");
    assert_null(guard_client_release(holdfastd.client, "nothing", NULL));
    spin_until(&holdfastd, &holdfastd.refused, 2, 3000);
    assert_non_null(strstr(holdfastd.text, "does not own it"));

    struct hf_error *error = guard_client_release(holdfastd.client, "bad name", NULL);

    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    hf_error_free(error);
}

static void test_status(void **state)
{
    struct guard_status status;
    char *text;
    struct hf_error *error = guard_ask(NULL, 3000, &status);

    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
    text = guard_report(&status, false);
    assert_non_null(strstr(text, "gate: kernel\n"));
    assert_non_null(strstr(text, "lock vip/web: owning, token "));
    assert_non_null(strstr(text, "vip web0: 10.9.0.7/32 on v0, gate open\n"));
    assert_non_null(strstr(text, "server 127.0.0.3: answers"));
    assert_non_null(strstr(text, "watchdog: off\n"));
    guard_status_clear(&status);
    free(text);
    assert_true(netlab_try("./holdfast-guard --status --json | python3 -c 'import json, sys; "
                           "s = json.load(sys.stdin); assert s[\"locks\"][0][\"owned\"] is True; "
                           "assert s[\"vips\"][1][\"protected\"] is True'"));
    /* A second guard does not start beside the first. */
    assert_true(
        netlab_try("./holdfast-guard --config %s/guard.conf 2>&1 | grep -q 'another guard serves'", work));
    /* Nor does one take its gates away. */
    assert_true(
        netlab_try("./holdfast-guard --clear --config %s/guard.conf 2>&1 | grep -q 'a guard serves'", work));
    assert_true(answered_within(3000));
}

/* Given up and wanted again in one breath, while the guard's news of another lock are on its way: what it had
 * is never taken for what it gets. */
static void test_unwant_and_want(void **state)
{
    const struct guard_want want = {.lock = LOCK, .drain_ms = GUARD_DRAIN_DEFAULT};
    struct guard_want other = want;
    uint64_t token = 0, now = 0;

    for (int i = 0; i < 5; i++) {
        for (int waited = 0; waited < 10000 && !guard_client_owns(holdfastd.client, LOCK, &token);
             waited += 10)
            spin(&holdfastd, 10);
        assert_true(guard_client_owns(holdfastd.client, LOCK, &token));
        unsigned owned = holdfastd.owned;

        snprintf(other.lock, sizeof(other.lock), "rsc/other-%d", i);
        assert_null(guard_client_want(holdfastd.client, &other));
        netlab_sleep(100 + 50 * i); /* what the guard says meanwhile is not read */
        guard_client_unwant(holdfastd.client, other.lock);
        guard_client_unwant(holdfastd.client, LOCK);
        assert_null(guard_client_want(holdfastd.client, &want));
        assert_false(guard_client_owns(holdfastd.client, LOCK, NULL));
        for (int waited = 0; waited < 10000 && !guard_client_owns(holdfastd.client, LOCK, &now); waited++)
            spin(&holdfastd, 1);
        assert_true(now > token);
        assert_int_equal(holdfastd.owned, owned + 1); /* told once */
    }
}

/* Given up on request: shut and verified before the servers are told. */
static void test_unwant(void **state)
{
    spin(&holdfastd, 100);

    guard_client_unwant(holdfastd.client, LOCK);
    assert_false(guard_client_owns(holdfastd.client, LOCK, NULL));
    for (int waited = 0; waited < 3000 && guard_client_status(holdfastd.client)->lock_count > 0;
         waited += 10) {
        spin(&holdfastd, 10);
        assert_false(guard_client_owns(holdfastd.client, LOCK, NULL));
    }
    assert_int_equal(deadline_in_kernel(), 0);
    netlab_sleep(20);
    assert_false(answered_within(100));
    assert_false(address_there(NETLAB_VIP4));
    spin(&holdfastd, 100);
    assert_int_equal(guard_client_status(holdfastd.client)->lock_count, 0);
    guard_client_vip_remove(holdfastd.client, "web0");
    guard_client_vip_remove(holdfastd.client, "web1");
    spin(&holdfastd, 200);
    assert_int_equal(guard_client_status(holdfastd.client)->vip_count, 0);
    assert_false(netlab_try("tc qdisc show dev v0 | grep -q clsact"));

    struct stat info;

    assert_int_not_equal(stat(GATE_PINS "/vips-1", &info), 0);
    close_client(&holdfastd);
}

/* What an ended guard left behind can be cleared away. */
static void test_clear(void **state)
{
    struct stat info;

    open_client(&holdfastd);
    order_all(&holdfastd);
    spin_until(&holdfastd, &holdfastd.owned, 1, 10000);
    end_guard(SIGTERM);
    close_client(&holdfastd);
    assert_int_equal(stat(GATE_PINS "/vips-1", &info), 0);
    netlab_sleep(400);
    assert_false(answered_within(50)); /* the address is still there, the gate is shut */
    assert_true(address_there(NETLAB_VIP4));
    netlab_run("./holdfast-guard --clear --config %s/guard.conf", work);
    assert_int_not_equal(stat(GATE_PINS "/vips-1", &info), 0);
    /* What the guard had put there does not answer now that its gate is open. */
    assert_false(address_there(NETLAB_VIP4) || address_there(NETLAB_VIP6));
    netlab_run("ip addr add " NETLAB_VIP4 "/32 dev v0; ip -6 addr add " NETLAB_VIP6 "/128 dev v0 nodad");
    assert_true(answered_within(3000));
}

/* No process complained of what a sanitizer finds. */
static void test_logs(void **state)
{
    assert_false(netlab_try("grep -hE 'Sanitizer|runtime error' %s/*.log >&2", work));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_holdfastd_busy),
        cmocka_unit_test(test_holdfastd_restarts),
        cmocka_unit_test(test_guard_restarts),
        cmocka_unit_test(test_shorter_lease),
        cmocka_unit_test(test_guard_stopped),
        cmocka_unit_test(test_servers_stopped),
        cmocka_unit_test(test_no_fork_no_disk),
        cmocka_unit_test(test_interface_comes_back),
        cmocka_unit_test(test_user_space_only),
        cmocka_unit_test(test_wrong_key),
        cmocka_unit_test(test_real_time),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_unwant_and_want),
        cmocka_unit_test(test_unwant),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_logs),
    };

    if (!netlab_up() || mount("tmpfs", "/run", "tmpfs", 0, NULL) != 0) {
        printf("skipped: network namespaces need root\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, start_all, end_all);
}
