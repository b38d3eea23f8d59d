/* guardctl.c - holdfastd's part with the guard, by hand: a test tool.
 *
 *     guardctl [--socket PATH] ORDER... [once]
 *
 *     want LOCK RANK DRAIN-MS                         vip ID LOCK INTERFACE ADDRESS PREFIX FLAGS
 *     release LOCK NODE (- for whoever comes)
 *     alive LIMIT-MS PERIOD-MS (0: says once that nothing is needed)
 *     priority ROUTER PRIORITY RANK                   quorum 0|1 NOTICE-MS
 *     hint NODE 0|1 (1: fenced)
 *
 * Gives the orders, then prints what it is told, each line with CLOCK_BOOTTIME in ms, until it is killed;
 * with `once' it ends when the guard has them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/guard/client.h"

struct tool {
    qb_loop_t *loop;
    struct guard_client *client;
    struct guard_alive alive;
    uint32_t period_ms;
    bool once;
    const char *release, *successor;
    const char *hint;
    bool fenced;
};

static void say(const char *what, const char *lock, unsigned long long token)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    printf("%lld %s %s %llu\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, what, lock, token);
    fflush(stdout);
}

static void must(struct hf_error *error)
{
    if (error == NULL)
        return;
    fprintf(stderr, "guardctl: %s\n", hf_error_text(error));
    exit(1);
}

static void stop(void *data)
{
    qb_loop_stop(data);
}

static void beat(void *data)
{
    struct tool *tool = data;
    qb_loop_timer_handle timer;

    tool->alive.obeyed = guard_client_losses(tool->client);
    guard_client_alive(tool->client, &tool->alive);
    if (tool->period_ms > 0)
        qb_loop_timer_add(tool->loop, QB_LOOP_MED, (uint64_t)tool->period_ms * 1000000, tool, beat, &timer);
}

static void on_attached(void *context, bool same)
{
    struct tool *tool = context;
    qb_loop_timer_handle timer;

    say("attached", same ? "again" : "first", 0);
    if (tool->alive.limit_ms > 0 && !same)
        beat(tool);
    if (tool->release != NULL)
        must(guard_client_release(tool->client, tool->release, tool->successor));
    if (tool->hint != NULL)
        guard_client_hint(tool->client, tool->hint, tool->fenced);
    if (tool->once)
        qb_loop_timer_add(tool->loop, QB_LOOP_LOW, 100000000, tool->loop, stop, &timer);
}

static void on_detached(void *context, const char *why)
{
    say("detached", why, 0);
}

static void on_owned(void *context, const char *lock, uint64_t token)
{
    say("owned", lock, token);
}

static void on_lost(void *context, const char *lock, uint64_t token)
{
    say("lost", lock, token);
}

static void on_refused(void *context, const char *text)
{
    say("refused", text, 0);
}

/* One order from the front of the words; how many it took, 0 if it is none. */
static int take_order(struct tool *tool, int count, char **words)
{
    if (count >= 4 && strcmp(words[0], "want") == 0) {
        struct guard_want want = {.rank = (uint32_t)atoi(words[2]), .drain_ms = (uint32_t)atoi(words[3])};

        guard_copy(want.lock, sizeof(want.lock), words[1]);
        must(guard_client_want(tool->client, &want));
        return 4;
    }
    if (count >= 7 && strcmp(words[0], "vip") == 0) {
        struct guard_vip vip = {.prefix = (uint8_t)atoi(words[5]), .flags = (uint8_t)atoi(words[6])};

        guard_copy(vip.id, sizeof(vip.id), words[1]);
        guard_copy(vip.lock, sizeof(vip.lock), words[2]);
        guard_copy(vip.interface, sizeof(vip.interface), words[3]);
        must(guard_address_parse(words[4], &vip.address));
        must(guard_client_vip(tool->client, &vip));
        return 7;
    }
    if (count >= 4 && strcmp(words[0], "priority") == 0) {
        struct guard_router_priority priority = {.priority = (uint8_t)atoi(words[2]),
                                                 .rank = (uint8_t)atoi(words[3])};

        guard_copy(priority.id, sizeof(priority.id), words[1]);
        must(guard_client_priority(tool->client, &priority));
        return 4;
    }
    if (count >= 3 && strcmp(words[0], "quorum") == 0) {
        guard_client_quorum(tool->client, &(struct guard_quorum){.quorate = atoi(words[1]) != 0,
                                                                 .notice_ms = (uint32_t)atoi(words[2])});
        return 3;
    }
    if (count >= 3 && strcmp(words[0], "hint") == 0) {
        tool->hint = words[1];
        tool->fenced = atoi(words[2]) != 0;
        return 3;
    }
    if (count >= 3 && strcmp(words[0], "release") == 0) {
        tool->release = words[1];
        tool->successor = strcmp(words[2], "-") == 0 ? NULL : words[2];
        return 3;
    }
    if (count >= 3 && strcmp(words[0], "alive") == 0) {
        tool->alive.limit_ms = (uint32_t)atoi(words[1]);
        tool->period_ms = (uint32_t)atoi(words[2]);
        tool->alive.needed = tool->period_ms > 0;
        return 3;
    }
    if (strcmp(words[0], "once") == 0) {
        tool->once = true;
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct guard_client_hooks hooks = {.attached = on_attached,
                                                    .detached = on_detached,
                                                    .owned = on_owned,
                                                    .lost = on_lost,
                                                    .refused = on_refused};
    struct guard_client_settings settings = {0};
    struct tool tool = {.loop = qb_loop_create()};
    int at = 1;

    if (argc > 2 && strcmp(argv[1], "--socket") == 0) {
        settings.socket = argv[2];
        at = 3;
    }
    tool.client = guard_client_new(tool.loop, &settings, &hooks, &tool);
    while (at < argc) {
        int taken = take_order(&tool, argc - at, argv + at);

        if (taken == 0) {
            fprintf(stderr, "guardctl: '%s' is no order\n", argv[at]);
            return 2;
        }
        at += taken;
    }
    qb_loop_run(tool.loop);
    guard_client_free(tool.client);
    qb_loop_destroy(tool.loop);
    return 0;
}
