/* watchdog.c - see watchdog.h. */
#include "daemon/guard/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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
    if (facts->alive.late) {
        snprintf(reason, SIZE, "what has to stop here, without lock or quorum, has not stopped yet");
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
    bool can_stop;  /* 'V' stops it */
};

struct watchdog *watchdog_new(const char *path, uint32_t timeout_ms)
{
    struct watchdog *watchdog = hf_calloc(1, sizeof(*watchdog));

    watchdog->path = hf_strdup(path);
    watchdog->fd = -1;
    watchdog->timeout_ms = timeout_ms;
    return watchdog;
}

/* The first character of what sysfs says about a device; '?' if it says nothing. */
static char read_sysfs(const char *device, const char *attribute)
{
    enum { MISC_MAJOR = 10, WATCHDOG_MINOR = 130 };
    char path[128], answer = '?';
    struct stat info;
    int file;

    if (stat(device, &info) != 0 || !S_ISCHR(info.st_mode))
        return answer;
    if (major(info.st_rdev) == MISC_MAJOR && minor(info.st_rdev) == WATCHDOG_MINOR)
        snprintf(path, sizeof(path), "/sys/class/watchdog/watchdog0/%s", attribute);
    else
        snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/%s", major(info.st_rdev), minor(info.st_rdev),
                 attribute);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return answer;
    if (read(file, &answer, 1) != 1)
        answer = '?';
    close(file);
    return answer;
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
    watchdog->can_stop = true;
    if (!watchdog->is_device)
        return NULL;
    watchdog->can_stop =
        (info.options & WDIOF_MAGICCLOSE) != 0 && read_sysfs(watchdog->path, "nowayout") == '0';
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
    stopped = write(watchdog->fd, "V", 1) == 1 && watchdog->can_stop;
    close(watchdog->fd);
    watchdog->fd = -1;
    if (stopped)
        return NULL;
    return hf_error_new(
        HF_FAILED,
        "the watchdog %s may run on (nowayout): then this machine will be reset unless a guard "
        "feeds it within %u ms",
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

bool watchdog_left_running(const struct watchdog *watchdog)
{
    return watchdog->path != NULL && watchdog->fd < 0 && read_sysfs(watchdog->path, "state") == 'a';
}

bool watchdog_can_stop(const struct watchdog *watchdog)
{
    return watchdog->fd < 0 || watchdog->can_stop;
}

bool watchdog_running(const struct watchdog *watchdog)
{
    return watchdog->fd >= 0;
}

uint32_t watchdog_timeout(const struct watchdog *watchdog)
{
    return watchdog->timeout_ms;
}
