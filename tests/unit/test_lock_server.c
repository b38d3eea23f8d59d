/* test_lock_server.c - the real lock server on loopback, with friendly and hostile clients.
 *
 * Friendly ones are the real holder (daemon/lease/) over the real connection (daemon/guard/link.c); hostile
 * ones are sockets.  Each test starts its own server in a directory of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "arbiter/command.h"
#include "arbiter/key.h"
#include "daemon/guard/link.h"
#include "daemon/lease/lease.h"

#define MS INT64_C(1000000)

enum { LEASE_MS = 1000 };

struct fixture {
    char dir[64];
    int port;
    pid_t pid;
};

/* A node: its holder and its connection. */
struct peer {
    struct lease *lease;
    struct link *link;
    struct tls_client *tls;
    bool owns;
    unsigned lost, ups, downs;
    uint64_t token;
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void ok(struct hf_error *error)
{
    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
}

static const char *path_of(const struct fixture *f, const char *name)
{
    static char paths[4][128];
    static unsigned turn;
    char *path = paths[turn++ % 4];

    snprintf(path, 128, "%s/%s", f->dir, name);
    return path;
}

/* --- the server --- */

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static const char *program(void)
{
    return access("./holdfast-arbiterd", X_OK) == 0 ? "./holdfast-arbiterd" : "../../holdfast-arbiterd";
}

static bool answers(const struct fixture *f)
{
    FILE *nowhere = fopen("/dev/null", "w");
    struct hf_error *error HF_CLEANUP(hf_error_freep) = arbiter_status(path_of(f, "status"), true, nowhere);

    fclose(nowhere);
    return error == NULL;
}

static void launch_server(struct fixture *f)
{
    f->pid = fork();
    if (f->pid == 0) {
        int log = open(path_of(f, "log"), O_WRONLY | O_CREAT | O_APPEND, 0600);

        dup2(log, STDERR_FILENO);
        dup2(log, STDOUT_FILENO);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing is left behind by a test that fails */
        execl(program(), "holdfast-arbiterd", "-c", path_of(f, "conf"), "-f", (char *)NULL);
        _exit(127);
    }
}

static void await_server(const struct fixture *f)
{
    for (int i = 0; i < 3000 && !answers(f); i++)
        usleep(10000);
    assert_true(answers(f));
}

static void start_server(struct fixture *f)
{
    launch_server(f);
    await_server(f);
}

static void stop_server(struct fixture *f, int number)
{
    if (f->pid <= 0)
        return;
    kill(f->pid, number);
    waitpid(f->pid, NULL, 0);
    f->pid = 0;
    unlink(path_of(f, "status"));
}

static void configure(struct fixture *f, const char *more)
{
    FILE *file = fopen(path_of(f, "conf"), "w");

    fprintf(file,
            "[server]\nlisten = 127.0.0.1:%d\nstate = %s/state\nkeys = %s/keys\nstatus-socket = %s/status\n"
            "handshake-timeout = 1s\nmax-hold = 2s\n%s\n",
            f->port, f->dir, f->dir, f->dir, more);
    fclose(file);
}

static void operator_says(const struct fixture *f, const char *word, const char *cluster)
{
    char *arguments[] = {(char *)word, (char *)cluster, "--socket", (char *)path_of(f, "status"), NULL};

    assert_int_equal(arbiter_command(4, arguments), 0);
}

static void set_up(struct fixture *f, const char *more)
{
    *f = (struct fixture){.dir = "/tmp/test-lock-server.XXXXXX", .port = free_port()};
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(mkdir(path_of(f, "keys"), 0700), 0);
    ok(lock_key_new(path_of(f, "keys/web.key"), "web"));
    configure(f, more);
    start_server(f);
    operator_says(f, "new", "web");
}

static void tear_down(struct fixture *f)
{
    char command[128];

    stop_server(f, SIGTERM);
    snprintf(command, sizeof(command), "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
}

static char *status_of(const struct fixture *f)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    ok(arbiter_status(path_of(f, "status"), true, out));
    fclose(out);
    return text;
}

/* How often somebody was refused for this cause. */
static unsigned refused(const struct fixture *f, const char *cause)
{
    char *text HF_CLEANUP(hf_freep) = status_of(f), *key HF_CLEANUP(hf_freep) = hf_asprintf("\"%s\":", cause);
    const char *found = strstr(text, key);

    return found == NULL ? 0 : (unsigned)strtoul(found + strlen(key), NULL, 10);
}

/* --- friendly clients --- */

static void step(struct peer *peer, struct lease_event event)
{
    struct lease_updates updates = {0};

    event.now = now_ns();
    lease_step(peer->lease, &event, &updates);
    for (size_t i = 0; i < updates.count; i++) {
        const struct lease_update *update = &updates.items[i];

        if (update->action == LEASE_SEND)
            link_send(peer->link, event.now, (uint8_t *)updates.bytes.data + update->offset, update->length);
        else if (update->action == LEASE_OWNED)
            peer->owns = true, peer->token = update->token;
        else if (update->action == LEASE_LOST)
            peer->owns = false, peer->lost++;
        else if (update->action == LEASE_RECONNECT)
            link_reconnect(peer->link, event.now);
        else if (update->action == LEASE_CLOSE_GATE && update->verify)
            step(peer, (struct lease_event){.type = LEASE_GATE_CLOSED, .lock = update->lock});
    }
    lease_updates_free(&updates);
}

static void on_up(void *context)
{
    ((struct peer *)context)->ups++;
    step(context, (struct lease_event){.type = LEASE_LINK_UP});
}

static void on_down(void *context, const char *why)
{
    ((struct peer *)context)->downs++;
    step(context, (struct lease_event){.type = LEASE_LINK_DOWN});
}

static void on_frame(void *context, const uint8_t *bytes, size_t length)
{
    step(context, (struct lease_event){.type = LEASE_FRAME, .bytes = bytes, .length = length});
}

static const struct link_handler handler = {.up = on_up, .down = on_down, .frame = on_frame};

static void join_with(const struct fixture *f, struct peer *peer, const struct tls_client_config *tls,
                      uint8_t boot)
{
    struct lease_config config = {.servers = 1, .lease_ms = LEASE_MS, .now = now_ns(), .open_until = 1};
    struct link_config link = {.seed = boot, .handler = &handler, .context = peer};
    char server[32];

    snprintf(server, sizeof(server), "127.0.0.1:%d", f->port);
    link.server = server;
    link.server_name = tls->key_file == NULL ? "lockserver" : NULL;
    memset(config.boot, boot, sizeof(config.boot));
    *peer = (struct peer){.lease = lease_new(&config)};
    ok(tls_client_new(tls, &peer->tls));
    ok(link_new(peer->tls, &link, &peer->link));
    step(peer, (struct lease_event){.type = LEASE_WANT, .lock = "cluster"});
}

static void join(const struct fixture *f, struct peer *peer, const char *node, uint8_t boot)
{
    struct tls_client_config tls = {.cluster = "web", .node = node, .key_file = path_of(f, "keys/web.key")};

    join_with(f, peer, &tls, boot);
}

static void leave(struct peer *peer)
{
    link_free(peer->link);
    tls_client_free(peer->tls);
    lease_free(peer->lease);
    *peer = (struct peer){0};
}

/* Lets the peers run until done() says so of the first, or the time is over; returns what done() said. */
static bool run(struct peer *peers, size_t count, bool (*done)(const struct peer *), int ms)
{
    int64_t until = now_ns() + ms * MS;

    while (now_ns() < until && (done == NULL || !done(&peers[0]))) {
        struct pollfd fds[4];
        int64_t now;

        for (size_t i = 0; i < count; i++)
            fds[i] =
                (struct pollfd){.fd = link_fd(peers[i].link), .events = (short)link_events(peers[i].link)};
        poll(fds, count, 2);
        for (size_t i = 0; i < count; i++) {
            now = now_ns();
            if (fds[i].revents != 0 || link_deadline(peers[i].link) <= now)
                link_step(peers[i].link, now, (uint32_t)fds[i].revents);
            if (lease_deadline(peers[i].lease) <= now)
                step(&peers[i], (struct lease_event){.type = LEASE_TICK});
        }
    }
    return done != NULL && done(&peers[0]);
}

static bool owning(const struct peer *peer)
{
    return peer->owns;
}

static bool losing(const struct peer *peer)
{
    return peer->lost > 0;
}

static bool told_expired(const struct peer *peer)
{
    return strstr(link_why(peer->link), "expired") != NULL;
}

/* --- hostile clients --- */

static int dial(const struct fixture *f)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)f->port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Milliseconds until the other end closes, at most limit. */
static int closed_after(int fd, int limit)
{
    int64_t begin = now_ns();
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    char byte[512];

    for (;;) {
        int left = limit - (int)((now_ns() - begin) / MS);

        if (left <= 0 || poll(&poller, 1, left) == 0)
            return limit;
        if (read(fd, byte, sizeof(byte)) <= 0)
            return (int)((now_ns() - begin) / MS);
    }
}

/* A TLS connection as node of the cluster, blocking, for sending bytes of one's own. */
static SSL *dial_tls(const struct fixture *f, struct tls_client **tls, const char *node, int *fd)
{
    struct tls_client_config config = {
        .cluster = "web", .node = node, .key_file = path_of(f, "keys/web.key")};
    SSL *ssl;

    ok(tls_client_new(&config, tls));
    *fd = dial(f);
    ssl = tls_client_connect(*tls, *fd, "");
    assert_int_equal(SSL_connect(ssl), 1);
    return ssl;
}

static void hang_up(SSL *ssl, struct tls_client *tls, int fd)
{
    SSL_free(ssl);
    close(fd);
    tls_client_free(tls);
}

static void say_hello(SSL *ssl)
{
    struct frame hello = {.type = FRAME_HELLO, .session = 1, .seq = 1};
    uint8_t bytes[FRAME_MAX];
    size_t length = frame_encode(&hello, bytes);

    assert_int_equal(SSL_write(ssl, bytes, (int)length), length);
    assert_true(SSL_read(ssl, bytes, FRAME_MAX) >= FRAME_HEADER);
    assert_int_equal(bytes[3], FRAME_WELCOME);
}

/* --- tests --- */

static void a_lock_is_owned_renewed_and_handed_over(void **state)
{
    struct fixture f;
    struct peer peers[2];
    uint64_t first;

    set_up(&f, "");
    join(&f, &peers[0], "n1", 1);
    assert_true(run(peers, 1, owning, 3000));
    join(&f, &peers[1], "n2", 2);
    run(peers, 2, NULL, 2500);
    assert_true(peers[0].owns && peers[0].lost == 0 && !peers[1].owns);
    first = peers[0].token;
    step(&peers[0], (struct lease_event){.type = LEASE_HANDOVER, .lock = "cluster", .successor = "n2"});
    run(peers, 2, NULL, 200);
    assert_true(peers[1].owns && !peers[0].owns);
    assert_true(peers[1].token > first);
    leave(&peers[0]);
    leave(&peers[1]);
    tear_down(&f);
}

static void a_dead_process_frees_nothing_and_comes_back(void **state)
{
    struct fixture f;
    struct peer peers[2];
    int64_t begin;

    set_up(&f, "");
    join(&f, &peers[0], "n1", 1);
    assert_true(run(peers, 1, owning, 3000));
    leave(&peers[0]); /* FIN */
    begin = now_ns();
    join(&f, &peers[0], "n2", 2);
    assert_true(run(peers, 1, owning, 3000));
    assert_true(now_ns() - begin > 700 * MS);
    leave(&peers[0]);
    join(&f, &peers[0], "n2", 2); /* the same boot takes its own up again at once */
    assert_true(run(peers, 1, owning, 500));
    leave(&peers[0]);
    tear_down(&f);
}

static void a_restart_keeps_leases_and_terms(void **state)
{
    struct fixture f;
    struct peer peers[2];
    uint64_t token;
    int64_t begin;

    set_up(&f, "");
    join(&f, &peers[0], "n1", 1);
    assert_true(run(peers, 1, owning, 3000));
    token = peers[0].token;
    stop_server(&f, SIGKILL);
    start_server(&f);
    run(peers, 1, NULL, 1500);
    assert_true(peers[0].owns && peers[0].lost == 0); /* it renewed with the new one */
    stop_server(&f, SIGKILL);
    leave(&peers[0]);
    start_server(&f);
    begin = now_ns();
    join(&f, &peers[1], "n2", 2);
    assert_true(run(&peers[1], 1, owning, 4000));
    assert_true(now_ns() - begin > 800 * MS); /* the holder on record was taken to hold */
    assert_true(peers[1].token > token);
    leave(&peers[1]);
    tear_down(&f);
}

/* The next server is there before the last one has ended, and is held up: what the last one granted meanwhile
 * is held for its full time from when that one ended.  A key file that is a FIFO holds it up. */
static void a_server_that_waits_for_its_keys_counts_from_later(void **state)
{
    struct fixture f;
    struct peer peers[2];
    char fifo[96];
    pid_t last;
    int64_t begin;
    int fd;

    set_up(&f, "");
    snprintf(fifo, sizeof(fifo), "%s/keys/slow.key", f.dir);
    join(&f, &peers[0], "n1", 1);
    assert_true(run(peers, 1, owning, 3000));
    assert_int_equal(mkfifo(fifo, 0600), 0);
    last = f.pid;
    launch_server(&f);
    while ((fd = open(fifo, O_WRONLY | O_NONBLOCK)) < 0)
        run(peers, 1, NULL, 5); /* until it reads its keys */
    run(peers, 1, NULL, 2 * LEASE_MS);
    assert_true(peers[0].owns && peers[0].lost == 0);
    kill(last, SIGKILL);
    waitpid(last, NULL, 0);
    leave(&peers[0]);
    unlink(path_of(&f, "status"));
    begin = now_ns();
    unlink(fifo);
    close(fd);
    await_server(&f);
    join(&f, &peers[1], "n2", 2);
    assert_true(run(&peers[1], 1, owning, 4000));
    assert_true(now_ns() - begin > 800 * MS);
    leave(&peers[1]);
    tear_down(&f);
}

static void a_lost_record_waits_and_is_taught(void **state)
{
    struct fixture f;
    struct peer peer;
    char command[128];
    int64_t begin;

    set_up(&f, "");
    stop_server(&f, SIGTERM);
    snprintf(command, sizeof(command), "rm -rf %s/state", f.dir);
    assert_int_equal(system(command), 0);
    start_server(&f);
    begin = now_ns();
    join(&f, &peer, "n1", 1); /* with one server, all servers know nothing: it may say so */
    assert_true(run(&peer, 1, owning, 6000));
    assert_true(now_ns() - begin > 1800 * MS);
    leave(&peer);
    tear_down(&f);
}

static void strangers_are_refused_and_counted(void **state)
{
    struct fixture f;
    struct peer peer;
    struct tls_client_config tls = {.cluster = "web", .node = "n1"};
    char byte = 0;
    int fd;

    set_up(&f, "");
    fd = dial(&f);
    assert_int_equal(write(fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    assert_true(closed_after(fd, 2000) < 900);
    close(fd);
    assert_int_equal(refused(&f, "plaintext"), 1);
    ok(lock_key_new(path_of(&f, "other.key"), "web"));
    tls.key_file = path_of(&f, "other.key");
    join_with(&f, &peer, &tls, 1);
    run(&peer, 1, NULL, 300);
    assert_int_equal(peer.ups, 0);
    assert_non_null(strstr(link_why(peer.link), "lock key"));
    leave(&peer);
    assert_true(refused(&f, "wrong-key") >= 1);
    ok(lock_key_new(path_of(&f, "nobody.key"), "nobody"));
    tls.cluster = "nobody";
    tls.key_file = path_of(&f, "nobody.key");
    join_with(&f, &peer, &tls, 1);
    run(&peer, 1, NULL, 300);
    assert_int_equal(peer.ups, 0);
    leave(&peer);
    assert_true(refused(&f, "unknown-cluster") >= 1);
    fd = dial(&f);
    assert_int_equal(write(fd, "\x16\x03\x01\x00\x05", 5), 5);
    assert_int_equal(write(fd, &byte, 1), 1);
    assert_in_range(closed_after(fd, 3000), 0, 1800); /* a slow loris has a second */
    close(fd);
    tear_down(&f);
}

static void a_slow_loris_costs_nobody_a_lease(void **state)
{
    enum { MANY = 600 };
    struct fixture f;
    struct peer peer;
    int fds[MANY];

    set_up(&f, "connections-per-address = 2000\nhalf-open = 64");
    join(&f, &peer, "n1", 1);
    assert_true(run(&peer, 1, owning, 3000));
    for (int i = 0; i < MANY; i++)
        fds[i] = dial(&f);
    run(&peer, 1, NULL, 3000);
    assert_true(peer.owns && peer.lost == 0 && peer.downs == 0);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    assert_true(refused(&f, "half-open-limit") + refused(&f, "handshake-timeout") > 64);
    leave(&peer);
    join(&f, &peer, "n1", 1);
    assert_true(run(&peer, 1, owning, 3000)); /* and newcomers get in */
    leave(&peer);
    tear_down(&f);
}

static void bad_frames_end_their_connection_alone(void **state)
{
    static const uint8_t oversize[] = {0x02, 0x01, 1, 2}, half[] = {0x00, 0x40, 1, 2, 0, 0};
    struct fixture f;
    struct peer peer;
    struct tls_client *tls;
    uint8_t junk[FRAME_HEADER] = {0, FRAME_HEADER, 1, 77};
    SSL *ssl;
    int fd, took;

    set_up(&f, "");
    join(&f, &peer, "n1", 1);
    assert_true(run(&peer, 1, owning, 3000));
    ssl = dial_tls(&f, &tls, "n2", &fd);
    assert_int_equal(SSL_write(ssl, oversize, sizeof(oversize)), sizeof(oversize));
    assert_true(closed_after(fd, 2000) < 500);
    hang_up(ssl, tls, fd);
    ssl = dial_tls(&f, &tls, "n2", &fd);
    assert_int_equal(SSL_write(ssl, junk, sizeof(junk)), sizeof(junk));
    assert_true(closed_after(fd, 2000) < 500);
    hang_up(ssl, tls, fd);
    assert_int_equal(refused(&f, "bad-frame"), 2);
    ssl = dial_tls(&f, &tls, "n2", &fd);
    say_hello(ssl);
    assert_int_equal(SSL_write(ssl, half, sizeof(half)), sizeof(half));
    took = closed_after(fd, 2000);
    assert_in_range(took, 200, 900); /* 250 ms for a frame */
    hang_up(ssl, tls, fd);
    assert_int_equal(refused(&f, "frame-timeout"), 1);
    run(&peer, 1, NULL, 100);
    assert_true(peer.owns && peer.downs == 0);
    leave(&peer);
    tear_down(&f);
}

/* The bytes of one connection, sent again on another, are worth nothing: TLS keeps them apart. */
static void a_replay_is_refused(void **state)
{
    struct fixture f;
    struct tls_client *tls;
    struct tls_client_config config = {.cluster = "web", .node = "n1"};
    uint8_t recorded[8192];
    int fd, length, pair[2];
    SSL *ssl;

    set_up(&f, "");
    config.key_file = path_of(&f, "keys/web.key");
    ok(tls_client_new(&config, &tls));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    ssl = tls_client_connect(tls, pair[0], ""); /* record its first flight, then play it twice */
    SSL_connect(ssl);
    length = (int)read(pair[1], recorded, sizeof(recorded));
    assert_true(length > 100);
    for (int i = 0; i < 2; i++) {
        fd = dial(&f);
        assert_int_equal(write(fd, recorded, (size_t)length), length);
        assert_in_range(closed_after(fd, 3000), 0, 1900); /* an answer, but nobody who could go on from it */
        close(fd);
    }
    SSL_free(ssl);
    tls_client_free(tls);
    close(pair[0]);
    close(pair[1]);
    assert_int_equal(refused(&f, "handshake-timeout"), 2);
    tear_down(&f);
}

static void a_second_session_replaces_the_first(void **state)
{
    struct fixture f;
    struct peer peer;
    struct tls_client *tls[2];
    uint8_t bytes[FRAME_MAX];
    SSL *ssl[2];
    int fd[2], got;

    set_up(&f, "");
    ssl[0] = dial_tls(&f, &tls[0], "n2", &fd[0]);
    say_hello(ssl[0]);
    ssl[1] = dial_tls(&f, &tls[1], "n2", &fd[1]);
    say_hello(ssl[1]);
    got = SSL_read(ssl[0], bytes, sizeof(bytes));
    assert_true(got >= FRAME_HEADER);
    assert_int_equal(bytes[3], FRAME_GOODBYE);
    assert_int_equal(bytes[FRAME_HEADER], FRAME_BYE_REPLACED);
    assert_true(closed_after(fd[0], 1000) < 500);
    hang_up(ssl[0], tls[0], fd[0]);
    hang_up(ssl[1], tls[1], fd[1]);
    join(&f, &peer, "n1", 1); /* a session of somebody else is none of their business */
    assert_true(run(&peer, 1, owning, 3000));
    leave(&peer);
    tear_down(&f);
}

/* A limit on the size of files stands for a full disk: write() fails, and can be made good again. */
static void a_full_disk_refuses_grants_and_says_so(void **state)
{
    struct rlimit none = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    struct fixture f;
    struct peer peers[2];
    char *text;

    set_up(&f, "");
    join(&f, &peers[0], "n1", 1);
    assert_true(run(peers, 1, owning, 3000));
    assert_int_equal(prlimit(f.pid, RLIMIT_FSIZE, &none, NULL), 0);
    step(&peers[0], (struct lease_event){.type = LEASE_WANT, .lock = "vip/a"});
    run(peers, 1, NULL, 1500);
    text = status_of(&f);
    assert_non_null(strstr(text, "cannot "));
    assert_null(strstr(text, "\"lock\":\"vip/a\",\"holder\":\"n1\""));
    free(text);
    assert_int_equal(peers[0].lost, 0); /* a renewal needs no disk */
    assert_int_equal(prlimit(f.pid, RLIMIT_FSIZE, &all, NULL), 0);
    run(peers, 1, NULL, 2500);
    text = status_of(&f);
    assert_non_null(strstr(text, "\"disk\":\"good\""));
    assert_non_null(strstr(text, "\"lock\":\"vip/a\",\"holder\":\"n1\""));
    free(text);
    stop_server(&f, SIGKILL); /* what was written after it is whole */
    start_server(&f);
    text = status_of(&f);
    assert_non_null(strstr(text, "\"lock\":\"vip/a\",\"holder\":\"n1\""));
    free(text);
    leave(&peers[0]);
    tear_down(&f);
}

static void a_key_is_changed_without_losing_a_lease(void **state)
{
    struct fixture f;
    struct peer peer;
    struct tls_client_config config = {.cluster = "web", .node = "n1"};
    struct tls_client *fresh, *old;
    const char *key;

    set_up(&f, "");
    key = path_of(&f, "keys/web.key");
    join(&f, &peer, "n1", 1);
    assert_true(run(&peer, 1, owning, 3000));
    ok(lock_key_add(key));
    kill(f.pid, SIGHUP);
    run(&peer, 1, NULL, 300);
    ok(lock_key_use(key));
    config.key_file = key;
    ok(tls_client_new(&config, &fresh));
    old = peer.tls;
    peer.tls = fresh;
    link_set_tls(peer.link, fresh);
    ok(lock_key_prune(key));
    kill(f.pid, SIGHUP); /* ends the connection that uses the old key */
    run(&peer, 1, NULL, 2000);
    assert_true(peer.owns && peer.lost == 0);
    assert_int_equal(peer.ups, 2);
    tls_client_free(old);
    leave(&peer);
    tear_down(&f);
}

static void limits_hold(void **state)
{
    struct fixture f;
    struct tls_client *tls[4];
    SSL *ssl[4];
    int fd[4];

    set_up(&f, "connections-per-address = 3\nconnections-per-cluster = 2");
    for (int i = 0; i < 2; i++) {
        ssl[i] = dial_tls(&f, &tls[i], i == 0 ? "n1" : "n2", &fd[i]);
        say_hello(ssl[i]);
    }
    ssl[2] = dial_tls(&f, &tls[2], "n3", &fd[2]);
    assert_true(closed_after(fd[2], 1000) < 500);
    assert_int_equal(refused(&f, "cluster-limit"), 1);
    fd[3] = dial(&f);
    close(fd[2]);
    usleep(100000);
    close(fd[3]);
    fd[2] = dial(&f);
    fd[3] = dial(&f);
    assert_true(closed_after(fd[3], 1000) < 500);
    assert_int_equal(refused(&f, "address-limit"), 1);
    for (int i = 0; i < 3; i++) {
        SSL_free(ssl[i]);
        tls_client_free(tls[i]);
    }
    for (int i = 0; i < 4; i++)
        close(fd[i]);
    tear_down(&f);
}

/* Processor time that a process has used, ms. */
static int64_t cpu_of(pid_t pid)
{
    struct timespec used;
    clockid_t clock;

    assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
    assert_int_equal(clock_gettime(clock, &used), 0);
    return used.tv_sec * 1000 + used.tv_nsec / MS;
}

/* Who knocks and cannot be let in for want of a file costs nobody a lease, and the server no time. */
static void without_files_newcomers_wait(void **state)
{
    struct rlimit none = {.rlim_cur = 8, .rlim_max = RLIM_INFINITY}, before;
    struct fixture f;
    struct peer peers[2];
    int64_t used;

    set_up(&f, "");
    join(&f, &peers[0], "n1", 1);
    assert_true(run(peers, 1, owning, 3000));
    assert_int_equal(prlimit(f.pid, RLIMIT_NOFILE, NULL, &before), 0);
    none.rlim_max = before.rlim_max;
    assert_int_equal(prlimit(f.pid, RLIMIT_NOFILE, &none, NULL), 0);
    join(&f, &peers[1], "n2", 2);
    used = cpu_of(f.pid);
    run(peers, 2, NULL, 1500);
    used = cpu_of(f.pid) - used;
    printf("    %lld ms of processor time in 1500 ms\n", (long long)used);
    assert_true(used < 300);
    assert_true(peers[0].owns && peers[0].lost == 0 && peers[0].downs == 0);
    assert_int_equal(peers[1].ups, 0);
    assert_int_equal(prlimit(f.pid, RLIMIT_NOFILE, &before, NULL), 0);
    run(peers, 2, NULL, 2500);
    assert_true(peers[1].ups > 0);
    leave(&peers[0]);
    leave(&peers[1]);
    tear_down(&f);
}

/* --- certificates --- */

static EVP_PKEY *new_key(const char *path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *file = fopen(path, "w");

    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    return key;
}

/* A certificate for name with these subjectAltNames, valid from -2 days for days days. */
static void new_certificate(const char *path, EVP_PKEY *key, const char *name, const char *san, int days,
                            X509 *issuer, EVP_PKEY *issuer_key, X509 **result)
{
    X509 *certificate = X509_new();
    FILE *file = fopen(path, "w");
    X509_EXTENSION *extension;
    X509V3_CTX context;

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long)(now_ns() % 1000000007));
    X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * 86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer != NULL ? issuer : certificate));
    X509_set_pubkey(certificate, key);
    X509V3_set_ctx(&context, issuer != NULL ? issuer : certificate, certificate, NULL, NULL, 0);
    extension =
        X509V3_EXT_conf_nid(NULL, &context, san != NULL ? NID_subject_alt_name : NID_basic_constraints,
                            san != NULL ? san : "critical,CA:TRUE");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate, issuer_key, EVP_sha256());
    PEM_write_X509(file, certificate);
    fclose(file);
    if (result != NULL)
        *result = certificate;
    else
        X509_free(certificate);
}

static void make_certificates(const struct fixture *f)
{
    X509 *ca;
    EVP_PKEY *ca_key = new_key(path_of(f, "ca.key")), *key;

    new_certificate(path_of(f, "ca.pem"), ca_key, "authority", NULL, 30, NULL, ca_key, &ca);
    key = new_key(path_of(f, "server.key"));
    new_certificate(path_of(f, "server.pem"), key, "lockserver", "DNS:lockserver", 30, ca, ca_key, NULL);
    EVP_PKEY_free(key);
    key = new_key(path_of(f, "n1.key"));
    new_certificate(path_of(f, "n1.pem"), key, "n1", "URI:holdfast://web/n1", 30, ca, ca_key, NULL);
    new_certificate(path_of(f, "old.pem"), key, "n1", "URI:holdfast://web/n1", -1, ca, ca_key, NULL);
    new_certificate(path_of(f, "plain.pem"), key, "n1", "DNS:n1", 30, ca, ca_key, NULL);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
    X509_free(ca);
}

static void certificates_name_cluster_and_node(void **state)
{
    struct fixture f;
    struct peer peer;
    struct tls_client_config tls = {.cluster = "web", .node = "n1"};
    char more[512];
    char *text;

    set_up(&f, "");
    stop_server(&f, SIGTERM);
    make_certificates(&f);
    snprintf(more, sizeof(more), "certificate = %s/server.pem\nprivate-key = %s/server.key\nca = %s/ca.pem",
             f.dir, f.dir, f.dir);
    configure(&f, more);
    start_server(&f);
    char *ca HF_CLEANUP(hf_freep) = hf_strdup(path_of(&f, "ca.pem"));
    char *key HF_CLEANUP(hf_freep) = hf_strdup(path_of(&f, "n1.key"));
    tls.ca = ca;
    tls.private_key = key;
    tls.certificate = path_of(&f, "n1.pem");
    join_with(&f, &peer, &tls, 1);
    if (!run(&peer, 1, owning, 3000))
        fail_msg("%s", link_why(peer.link));
    text = status_of(&f);
    assert_non_null(strstr(text, "\"holder\":\"n1\""));
    free(text);
    leave(&peer);
    tls.certificate = path_of(&f, "old.pem");
    join_with(&f, &peer, &tls, 1);
    assert_true(run(&peer, 1, told_expired, 5000));
    assert_true(refused(&f, "certificate-expired") >= 1);
    leave(&peer);
    tls.certificate = path_of(&f, "plain.pem");
    join_with(&f, &peer, &tls, 1);
    run(&peer, 1, NULL, 400);
    assert_true(refused(&f, "no-identity") >= 1);
    assert_false(peer.owns);
    leave(&peer);
    join(&f, &peer, "n1", 1); /* keys go on beside certificates */
    assert_true(run(&peer, 1, owning, 3000));
    assert_false(losing(&peer));
    leave(&peer);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lock_is_owned_renewed_and_handed_over),
        cmocka_unit_test(a_dead_process_frees_nothing_and_comes_back),
        cmocka_unit_test(a_restart_keeps_leases_and_terms),
        cmocka_unit_test(a_server_that_waits_for_its_keys_counts_from_later),
        cmocka_unit_test(a_lost_record_waits_and_is_taught),
        cmocka_unit_test(strangers_are_refused_and_counted),
        cmocka_unit_test(a_slow_loris_costs_nobody_a_lease),
        cmocka_unit_test(bad_frames_end_their_connection_alone),
        cmocka_unit_test(a_replay_is_refused),
        cmocka_unit_test(a_second_session_replaces_the_first),
        cmocka_unit_test(a_full_disk_refuses_grants_and_says_so),
        cmocka_unit_test(a_key_is_changed_without_losing_a_lease),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(without_files_newcomers_wait),
        cmocka_unit_test(certificates_name_cluster_and_node),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
