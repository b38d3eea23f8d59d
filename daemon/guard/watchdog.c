/* watchdog.c - see watchdog.h. */
#include "daemon/guard/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MS INT64_C(1000000)

int64_t watchdog_expiry(const struct watchdog_facts *facts)
{
    if (!facts->alive.needed || facts->alive.limit_ms == 0)
        return INT64_MAX;
    return facts->alive_at + facts->alive.limit_ms * MS;
}

enum watchdog_verdict watchdog_judge(const struct watchdog_facts *facts, char reason[GUARD_TEXT_MAX + 1])
{
    enum { SIZE = GUARD_TEXT_MAX + 1 };

    reason[0] = '\0';
    if (!facts->alive.needed || facts->alive.limit_ms == 0)
        return WATCHDOG_NOT_NEEDED;
    if (facts->now >= watchdog_expiry(facts)) {
        snprintf(reason, SIZE, "holdfastd has not been heard for more than its %u ms", facts->alive.limit_ms);
        return WATCHDOG_STARVE;
    }
    if (facts->alive.obeyed < facts->losses) {
        snprintf(reason, SIZE, "a lock was lost, and holdfastd has not said that all it covered has stopped");
        return WATCHDOG_STARVE;
    }
    if (facts->gates != NULL) {
        snprintf(reason, SIZE, "a gate is not as ordered: %.200s", facts->gates);
        return WATCHDOG_STARVE;
    }
    return WATCHDOG_FEED;
}

struct watchdog {
    char *path;
    int fd;
    uint32_t timeout_ms;
    bool is_device; /* it knows a watchdog's ioctls */
    bool magic;     /* 'V' stops it */
};

struct watchdog *watchdog_new(const char *path, uint32_t timeout_ms)
{
    struct watchdog *watchdog = hf_calloc(1, sizeof(*watchdog));

    watchdog->path = hf_strdup(path);
    watchdog->fd = -1;
    watchdog->timeout_ms = timeout_ms;
    return watchdog;
}

/* Opening starts the device. */
static struct hf_error *start(struct watchdog *watchdog)
{
    struct watchdog_info info;
    int seconds = (int)((watchdog->timeout_ms + 999) / 1000);

    watchdog->fd = open(watchdog->path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    if (watchdog->fd < 0)
        return hf_error_errno(errno, "cannot open the watchdog %s", watchdog->path);
    watchdog->is_device = ioctl(watchdog->fd, WDIOC_GETSUPPORT, &info) == 0;
    watchdog->magic = !watchdog->is_device || (info.options & WDIOF_MAGICCLOSE) != 0;
    if (!watchdog->is_device)
        return NULL;
    if (ioctl(watchdog->fd, WDIOC_SETTIMEOUT, &seconds) != 0 &&
        ioctl(watchdog->fd, WDIOC_GETTIMEOUT, &seconds) != 0)
        return NULL; /* it does not tell: what was asked for is as good a guess as any */
    watchdog->timeout_ms = (uint32_t)seconds * 1000;
    return NULL;
}

struct hf_error *watchdog_feed(struct watchdog *watchdog)
{
    struct hf_error *error = NULL;

    if (watchdog->path == NULL)
        return NULL;
    if (watchdog->fd < 0)
        error = start(watchdog);
    if (error == NULL && write(watchdog->fd, "\1", 1) != 1)
        error = hf_error_errno(errno, "cannot feed the watchdog %s", watchdog->path);
    return error;
}

struct hf_error *watchdog_stop(struct watchdog *watchdog)
{
    bool stopped;

    if (watchdog->fd < 0)
        return NULL;
    stopped = write(watchdog->fd, "V", 1) == 1 && watchdog->magic;
    close(watchdog->fd);
    watchdog->fd = -1;
    if (stopped)
        return NULL;
    return hf_error_new(HF_FAILED,
                        "the watchdog %s cannot be stopped (nowayout): the machine will be reset "
                        "unless a guard feeds it within %u ms",
                        watchdog->path, watchdog->timeout_ms);
}

void watchdog_free(struct watchdog *watchdog)
{
    if (watchdog == NULL)
        return;
    if (watchdog->fd >= 0)
        close(watchdog->fd);
    free(watchdog->path);
    free(watchdog);
}

bool watchdog_configured(const struct watchdog *watchdog)
{
    return watchdog->path != NULL;
}

bool watchdog_running(const struct watchdog *watchdog)
{
    return watchdog->fd >= 0;
}

uint32_t watchdog_timeout(const struct watchdog *watchdog)
{
    return watchdog->timeout_ms;
}
