/* loop.h - the guard's event loop: epoll, and one absolute deadline on CLOCK_BOOTTIME.
 *
 * The guard has one thing to do at exact times and few descriptors; a timerfd on the clock that the leases
 * are counted on wakes it, also after the machine slept. */
#ifndef GUARD_LOOP_H
#define GUARD_LOOP_H

#include <stdint.h>

#include "lib/error.h"

struct loop;

typedef void loop_handler(void *context, uint32_t events);

/* *loop is the caller's; HF_FAILED if the kernel has no epoll or timerfd to give. */
struct hf_error *loop_new(struct loop **loop) HF_MUST_CHECK;
/* Closes none of the descriptors that it watches. NULL is fine. */
void loop_free(struct loop *loop);

/* Watches fd for EPOLL... events (0: none but errors); again to change them. */
void loop_watch(struct loop *loop, int fd, uint32_t events, loop_handler *handler, void *context);
/* Before fd is closed. Handlers may call it, for their own fd and for others. */
void loop_unwatch(struct loop *loop, int fd);

/* Waits until a descriptor is ready or deadline (CLOCK_BOOTTIME, ns; INT64_MAX: never) has come, and calls
 * the handlers of what is ready. */
void loop_once(struct loop *loop, int64_t deadline);

/* CLOCK_BOOTTIME, ns */
int64_t loop_now(void);

#endif
