/* loop.c - see loop.h. */
#include "daemon/guard/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 32 };

struct watch {
    struct watch *next;
    int fd; /* -1: no longer watched; freed when no event can name it any more */
    loop_handler *handler;
    void *context;
};

struct loop {
    int epoll, timer;
    int64_t armed; /* what the timer is set to */
    struct watch *watches;
    struct watch timer_watch;
};

int64_t loop_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void on_timer(void *context, uint32_t events)
{
    struct loop *loop = context;
    uint64_t count;

    if (read(loop->timer, &count, sizeof(count)) > 0)
        loop->armed = INT64_MAX;
}

struct hf_error *loop_new(struct loop **result)
{
    struct loop *loop = hf_calloc(1, sizeof(*loop));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &loop->timer_watch};

    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    loop->armed = INT64_MAX;
    loop->timer_watch = (struct watch){.fd = loop->timer, .handler = on_timer, .context = loop};
    if (loop->epoll < 0 || loop->timer < 0 ||
        epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->timer, &event) != 0) {
        struct hf_error *error = hf_error_errno(errno, "cannot make an event loop");

        loop_free(loop);
        return error;
    }
    *result = loop;
    return NULL;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    while (loop->watches != NULL) {
        struct watch *watch = loop->watches;

        loop->watches = watch->next;
        free(watch);
    }
    if (loop->timer >= 0)
        close(loop->timer);
    if (loop->epoll >= 0)
        close(loop->epoll);
    free(loop);
}

void loop_watch(struct loop *loop, int fd, uint32_t events, loop_handler *handler, void *context)
{
    struct watch *watch = loop->watches;
    struct epoll_event event = {.events = events};

    while (watch != NULL && watch->fd != fd)
        watch = watch->next;
    event.data.ptr = watch;
    if (watch != NULL) {
        watch->handler = handler;
        watch->context = context;
        if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
            return;
    } else {
        watch = hf_calloc(1, sizeof(*watch));
        *watch = (struct watch){.next = loop->watches, .fd = fd, .handler = handler, .context = context};
        loop->watches = watch;
    }
    event.data.ptr = watch;
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        abort(); /* no descriptor, or no memory */
}

void loop_unwatch(struct loop *loop, int fd)
{
    for (struct watch *watch = loop->watches; watch != NULL; watch = watch->next)
        if (watch->fd == fd) {
            epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
            watch->fd = -1;
        }
}

static void sweep(struct loop *loop)
{
    struct watch **link = &loop->watches;

    while (*link != NULL) {
        struct watch *watch = *link;

        if (watch->fd >= 0) {
            link = &watch->next;
            continue;
        }
        *link = watch->next;
        free(watch);
    }
}

static void arm(struct loop *loop, int64_t deadline)
{
    struct itimerspec spec = {0};

    if (deadline == loop->armed)
        return;
    if (deadline != INT64_MAX) {
        if (deadline < 1)
            deadline = 1; /* zero would disarm it */
        spec.it_value.tv_sec = deadline / 1000000000;
        spec.it_value.tv_nsec = deadline % 1000000000;
    }
    if (timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &spec, NULL) == 0)
        loop->armed = deadline;
}

void loop_once(struct loop *loop, int64_t deadline)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count;

    arm(loop, deadline);
    count = epoll_wait(loop->epoll, events, EVENTS_AT_ONCE, -1);
    for (int i = 0; i < count; i++) {
        const struct watch *watch = events[i].data.ptr;

        if (watch->fd >= 0)
            watch->handler(watch->context, events[i].events);
    }
    sweep(loop);
}
