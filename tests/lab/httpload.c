/* httpload.c - asks an HTTP server at a steady rate, whatever becomes of the requests; a test tool of the
 * lab.
 *
 *     lab-httpload ADDRESS PORT RATE SECONDS
 *
 * Begins RATE requests a second, each on a connection of its own, and waits for none of them to begin the
 * next, so that one that hangs hides nothing.  At the end (or at SIGTERM) it prints
 *
 *     requests N ok N reset N refused N silent N late N worst-ms N in-flight N
 *
 * reset: the connection was there and broke, or the answer was none; refused: it was not accepted; silent: no
 * answer within five seconds; late: answered, after more than 50 ms; in-flight: the most at any time.  The
 * requests of the last five seconds are waited for. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUESTS_MAX = 60000, PATIENCE_MS = 5000, LATE_MS = 50, ANSWER_MAX = 256 };

static const char question[] = "GET / HTTP/1.0\r\nHost: lab\r\n\r\n";

struct request {
    int fd; /* -1: not in use */
    bool asked;
    int64_t began; /* ns */
    size_t length;
    char answer[ANSWER_MAX];
};

struct load {
    int epoll;
    struct sockaddr_in server;
    struct request *requests;
    unsigned first, count; /* a ring: the oldest, and how many since (some may be over) */
    unsigned begun, ok, reset, refused, silent, late, open, open_most;
    double worst_ms;
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
    ended = 1;
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "lab-httpload: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void end_request(struct load *load, struct request *request)
{
    close(request->fd);
    request->fd = -1;
    load->open--;
}

static void begin_request(struct load *load)
{
    struct request *request = &load->requests[(load->first + load->count) % REQUESTS_MAX];
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = request};

    if (load->count == REQUESTS_MAX) {
        errno = ENOBUFS;
        fail("requests in flight");
    }
    *request = (struct request){.began = now_ns()};
    request->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (request->fd < 0)
        fail("socket");
    load->count++;
    load->begun++;
    load->open_most = ++load->open > load->open_most ? load->open : load->open_most;
    if (connect(request->fd, (struct sockaddr *)&load->server, sizeof(load->server)) < 0 &&
        errno != EINPROGRESS) {
        load->refused++;
        end_request(load, request);
        return;
    }
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, request->fd, &event) < 0)
        fail("epoll_ctl");
}

static void judge(struct load *load, struct request *request)
{
    double ms = (double)(now_ns() - request->began) / 1e6;
    bool good = request->length > 12 && memcmp(request->answer, "HTTP/", 5) == 0 &&
                memcmp(request->answer + 8, " 200", 4) == 0;

    load->ok += good;
    load->reset += !good;
    load->late += good && ms > LATE_MS;
    load->worst_ms = good && ms > load->worst_ms ? ms : load->worst_ms;
    end_request(load, request);
}

static void on_event(struct load *load, struct request *request)
{
    char more[4096];
    ssize_t got;

    if (request->fd < 0)
        return;
    if (!request->asked) {
        if (send(request->fd, question, sizeof(question) - 1, MSG_NOSIGNAL) < 0) {
            if (errno == EAGAIN || errno == ENOTCONN)
                return;
            load->refused++;
            end_request(load, request);
            return;
        }
        request->asked = true;
    }
    while ((got = recv(request->fd, more, sizeof(more), 0)) > 0) {
        size_t room = ANSWER_MAX - request->length, taken = (size_t)got < room ? (size_t)got : room;

        memcpy(request->answer + request->length, more, taken);
        request->length += taken;
    }
    if (got == 0) {
        judge(load, request);
    } else if (errno != EAGAIN) {
        load->reset++;
        end_request(load, request);
    }
}

/* The oldest that are over leave the ring; what has waited too long is given up. */
static void sweep(struct load *load, int64_t now)
{
    while (load->count > 0) {
        struct request *request = &load->requests[load->first];

        if (request->fd >= 0 && now - request->began < (int64_t)PATIENCE_MS * 1000000)
            return;
        if (request->fd >= 0) {
            load->silent++;
            end_request(load, request);
        }
        load->first = (load->first + 1) % REQUESTS_MAX;
        load->count--;
    }
}

static void run(struct load *load, double rate, double seconds)
{
    int64_t start = now_ns(), period = (int64_t)(1e9 / rate), next = start;
    int64_t end = start + (int64_t)(seconds * 1e9);
    struct epoll_event events[256];

    for (int64_t now = start; (now < end && !ended) || load->count > 0; now = now_ns()) {
        bool more = now < end && !ended;

        for (; more && next <= now; next += period)
            begin_request(load);

        int64_t wait = more ? next - now_ns() : 10000000;
        int n = epoll_wait(load->epoll, events, 256, wait > 0 ? (int)((wait + 999999) / 1000000) : 0);

        for (int i = 0; i < n; i++)
            on_event(load, events[i].data.ptr);
        sweep(load, now_ns());
    }
}

int main(int argc, char **argv)
{
    struct load load = {.server = {.sin_family = AF_INET}};
    struct sigaction action = {.sa_handler = on_signal};
    struct rlimit files = {REQUESTS_MAX, REQUESTS_MAX};
    double rate = argc == 5 ? strtod(argv[3], NULL) : 0, seconds = argc == 5 ? strtod(argv[4], NULL) : 0;

    if (rate <= 0 || rate > REQUESTS_MAX / 10.0 || seconds <= 0 ||
        inet_pton(AF_INET, argv[1], &load.server.sin_addr) != 1) {
        fprintf(stderr, "usage: lab-httpload ADDRESS PORT RATE SECONDS (RATE at most %d)\n",
                REQUESTS_MAX / 10);
        return 2;
    }
    load.server.sin_port = htons((uint16_t)strtol(argv[2], NULL, 10));
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    setrlimit(RLIMIT_NOFILE, &files);
    load.requests = calloc(REQUESTS_MAX, sizeof(*load.requests));
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load.requests == NULL || load.epoll < 0)
        fail("setting up");
    run(&load, rate, seconds);
    printf("requests %u ok %u reset %u refused %u silent %u late %u worst-ms %.0f in-flight %u\n", load.begun,
           load.ok, load.reset, load.refused, load.silent, load.late, load.worst_ms, load.open_most);
    close(load.epoll);
    free(load.requests);
    return 0;
}
