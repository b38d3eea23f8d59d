/* watchdog.h - /dev/watchdog: the hardware that resets this machine when nobody feeds it.
 *
 * watchdog_judge() is the decision, pure; the rest is the device.  The guard feeds it only while something
 * here needs it and holdfastd's last word still holds: its heartbeat is fresh and every lock that was lost
 * has been followed (all it covered has stopped).  A node whose holdfastd hangs, or cannot stop what lost its
 * lock, is reset; the other nodes wait for the lock's drain, which must be longer than the device's timeout.
 * The device is a path that takes bytes: a FIFO or file does for tests, without the ioctls. */
#ifndef GUARD_WATCHDOG_H
#define GUARD_WATCHDOG_H

#include "daemon/guard/protocol.h"

struct watchdog_facts {
    int64_t now;
    struct guard_alive alive; /* the last heartbeat; limit_ms 0: there was none */
    int64_t alive_at;         /* when it came */
    uint64_t losses;          /* what alive.obeyed has to reach */
    const char *gates;        /* what is not as ordered with the gates; NULL: all is well */
};

enum watchdog_verdict { WATCHDOG_NOT_NEEDED, WATCHDOG_FEED, WATCHDOG_STARVE };

/* reason: why it is starved, in words; "" otherwise. */
enum watchdog_verdict watchdog_judge(const struct watchdog_facts *facts, char reason[GUARD_TEXT_MAX + 1]);
/* When the verdict changes by time alone; INT64_MAX for never. */
int64_t watchdog_expiry(const struct watchdog_facts *facts);

struct watchdog;

/* path: the device, NULL for none. timeout_ms: what it is set to (whole seconds, rounded up).  Nothing is
 * opened yet.  Never NULL. */
struct watchdog *watchdog_new(const char *path, uint32_t timeout_ms);
/* Feeds it, and opens (thereby starts) it before.  HF_FAILED if there is no such device; it is tried again
 * with the next call. */
struct hf_error *watchdog_feed(struct watchdog *watchdog) HF_MUST_CHECK;
/* Whether the device runs already, though not by this process: a guard before left it running. False if the
 * kernel does not say. */
bool watchdog_left_running(const struct watchdog *watchdog);
/* Whether the magic close would stop it, as far as the kernel says; false if it does not say (many kernels
 * are built with nowayout).  True if it does not run. */
bool watchdog_can_stop(const struct watchdog *watchdog);
/* Stops it with the magic close, if it is open.  HF_FAILED if that may not have worked: then it runs on, and
 * the machine is reset if no guard comes back. */
struct hf_error *watchdog_stop(struct watchdog *watchdog) HF_MUST_CHECK;
/* Leaves an open device running. NULL is fine. */
void watchdog_free(struct watchdog *watchdog);

/* Whether there is a device to feed at all, and whether this process has it open. */
bool watchdog_configured(const struct watchdog *watchdog);
bool watchdog_running(const struct watchdog *watchdog);
/* The device's own, once it is open; what was asked for before. ms */
uint32_t watchdog_timeout(const struct watchdog *watchdog);

#endif
