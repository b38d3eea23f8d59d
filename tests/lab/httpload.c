/* httpload.c - asks an HTTP server at a steady rate, whatever becomes of the requests; a test tool of the
 * lab.
 *
 *     lab-httpload ADDRESS PORT RATE SECONDS
 *
 * Begins RATE requests a second, each on a connection of its own, and waits for none of them to begin the
 * next, so that one that hangs hides nothing.  The first line says when all of this began, in seconds of the
 * epoch.  Each request that failed or was late is a line: "WHAT BEGAN ENDED", in ms from then.  At the end
 * (or at SIGTERM) it prints
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
#include <unistd.h>

#include "tests/lab/tool.h"

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
    int64_t start; /* ns */
    struct sockaddr_in server;
    struct request *requests;
    unsigned first, count; /* a ring: the oldest, and how many since (some may be over) */
    unsigned begun, ok, reset, refused, silent, late, open, open_most;
    double worst_ms;
};

static void say(const struct load *load, const struct request *request, const char *what)
{
    printf("%s %.3f %.3f\n", what, (double)(request->began - load->start) / 1e6,
           (double)(tool_now_ns() - load->start) / 1e6);
}

static void end_request(struct load *load, struct request *request)
{
    close(request->fd);
    request->fd = -1;
    load->open--;
}

static void fail_request(struct load *load, struct request *request, unsigned *count, const char *what)
{
    ++*count;
    say(load, request, what);
    end_request(load, request);
}

static void begin_request(struct load *load)
{
    struct request *request = &load->requests[(load->first + load->count) % REQUESTS_MAX];
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = request};

    if (load->count == REQUESTS_MAX) {
        errno = ENOBUFS;
        tool_fail("requests in flight");
    }
    *request = (struct request){.began = tool_now_ns()};
    request->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (request->fd < 0)
        tool_fail("socket");
    load->count++;
    load->begun++;
    load->open_most = ++load->open > load->open_most ? load->open : load->open_most;
    if (connect(request->fd, (struct sockaddr *)&load->server, sizeof(load->server)) < 0 &&
        errno != EINPROGRESS) {
        fail_request(load, request, &load->refused, "refused");
        return;
    }
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, request->fd, &event) < 0)
        tool_fail("epoll_ctl");
}

static void judge(struct load *load, struct request *request)
{
    double ms = (double)(tool_now_ns() - request->began) / 1e6;
    bool good = request->length > 12 && memcmp(request->answer, "HTTP/", 5) == 0 &&
                memcmp(request->answer + 8, " 200", 4) == 0;

    if (!good) {
        fail_request(load, request, &load->reset, "reset");
        return;
    }
    load->ok++;
    load->worst_ms = ms > load->worst_ms ? ms : load->worst_ms;
    if (ms > LATE_MS) {
        load->late++;
        say(load, request, "late");
    }
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
            fail_request(load, request, &load->refused, "refused");
            return;
        }
        request->asked = true;
    }
    while ((got = recv(request->fd, more, sizeof(more), 0)) > 0) {
        size_t room = ANSWER_MAX - request->length, taken = (size_t)got < room ? (size_t)got : room;

        memcpy(request->answer + request->length, more, taken);
        request->length += taken;
    }
    if (got == 0)
        judge(load, request);
    else if (errno != EAGAIN)
        fail_request(load, request, &load->reset, "reset");
}

/* The oldest that are over leave the ring; what has waited too long is given up. */
static void sweep(struct load *load, int64_t now)
{
    while (load->count > 0) {
        struct request *request = &load->requests[load->first];

        if (request->fd >= 0 && now - request->began < (int64_t)PATIENCE_MS * 1000000)
            return;
        if (request->fd >= 0)
            fail_request(load, request, &load->silent, "silent");
        load->first = (load->first + 1) % REQUESTS_MAX;
        load->count--;
    }
}

static void run(struct load *load, double rate, double seconds)
{
    int64_t start = load->start = tool_begin(), period = (int64_t)(1e9 / rate), next = start;
    int64_t end = start + (int64_t)(seconds * 1e9);
    struct epoll_event events[256];
    bool more = true;

    for (int64_t now = start; more || load->count > 0; now = tool_now_ns()) {
        more = now < end && tool_signal() == 0;

        for (; more && next <= now; next += period)
            begin_request(load);

        int64_t wait = more ? next - tool_now_ns() : 10000000;
        int n = epoll_wait(load->epoll, events, 256, wait > 0 ? (int)((wait + 999999) / 1000000) : 0);

        for (int i = 0; i < n; i++)
            on_event(load, events[i].data.ptr);
        sweep(load, tool_now_ns());
    }
}

int main(int argc, char **argv)
{
    struct load load = {.server = {.sin_family = AF_INET}};
    struct rlimit files = {REQUESTS_MAX, REQUESTS_MAX};
    double rate = argc == 5 ? strtod(argv[3], NULL) : 0, seconds = argc == 5 ? strtod(argv[4], NULL) : 0;

    if (rate <= 0 || rate > REQUESTS_MAX / 10.0 || seconds <= 0 ||
        inet_pton(AF_INET, argv[1], &load.server.sin_addr) != 1) {
        fprintf(stderr, "usage: lab-httpload ADDRESS PORT RATE SECONDS (RATE at most %d)\n",
                REQUESTS_MAX / 10);
        return 2;
    }
    load.server.sin_port = htons((uint16_t)strtol(argv[2], NULL, 10));
    tool_note_signal(SIGTERM);
    tool_note_signal(SIGINT);
    setrlimit(RLIMIT_NOFILE, &files);
    load.requests = calloc(REQUESTS_MAX, sizeof(*load.requests));
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load.requests == NULL || load.epoll < 0)
        tool_fail("setting up");
    run(&load, rate, seconds);
    printf("requests %u ok %u reset %u refused %u silent %u late %u worst-ms %.0f in-flight %u\n", load.begun,
           load.ok, load.reset, load.refused, load.silent, load.late, load.worst_ms, load.open_most);
    close(load.epoll);
    free(load.requests);
    return 0;
}
