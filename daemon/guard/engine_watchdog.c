/* engine_watchdog.c - when the watchdog is fed: watchdog.h decides, this does it and says so. */
#include "daemon/guard/engine-private.h"

#include "lib/log.h"

static void set_watchdog(struct engine *engine, enum guard_watchdog_mode mode, const char *reason)
{
    struct guard_watchdog report = {.mode = mode, .timeout_ms = watchdog_timeout(engine->config.watchdog)};

    guard_copy(report.reason, sizeof(report.reason), reason);
    if (report.mode == engine->watchdog.mode && report.timeout_ms == engine->watchdog.timeout_ms &&
        strcmp(report.reason, engine->watchdog.reason) == 0)
        return;
    if (mode == GUARD_WATCHDOG_STARVED)
        hf_error_log("the watchdog is not fed, this machine will be reset within %u ms: %s",
                     report.timeout_ms, reason);
    else if (mode == GUARD_WATCHDOG_MISSING)
        hf_warn("no watchdog: %s", reason);
    else
        hf_notice("watchdog: %s", guard_watchdog_mode_name(mode));
    engine->watchdog = report;
    engine_tell(engine, &(struct guard_frame){.type = GUARD_WATCHDOG, .watchdog = report});
}

/* Feeds it four times in its timeout, and at once after it was starved. */
static void feed_watchdog(struct engine *engine, int64_t now, int64_t expiry, const char *reason)
{
    struct watchdog *watchdog = engine->config.watchdog;
    int64_t period = watchdog_timeout(watchdog) / 4 * MS;

    if (engine->watchdog.mode == GUARD_WATCHDOG_STARVED || engine->watchdog.mode == GUARD_WATCHDOG_IDLE ||
        now >= engine->fed_at + period) {
        struct hf_error *error HF_CLEANUP(hf_error_freep) = watchdog_feed(watchdog);

        engine->fed_at = now;
        if (error == NULL)
            set_watchdog(engine, GUARD_WATCHDOG_FED, reason);
        else
            set_watchdog(engine, GUARD_WATCHDOG_MISSING, hf_error_text(error));
    }
    engine->feed_at = engine->fed_at + period < expiry ? engine->fed_at + period : expiry;
}

void engine_mind_watchdog(struct engine *engine, int64_t now)
{
    struct watchdog *watchdog = engine->config.watchdog;
    const struct watchdog_facts facts = {.now = now,
                                         .alive = engine->alive,
                                         .alive_at = engine->alive_at,
                                         .losses = engine->losses,
                                         .gates = engine->vips.fault[0] == '\0' ? NULL : engine->vips.fault};
    char reason[GUARD_TEXT_MAX + 1];

    engine->feed_at = NEVER;
    if (!watchdog_configured(watchdog)) {
        set_watchdog(engine, GUARD_WATCHDOG_OFF, "");
        return;
    }
    switch (watchdog_judge(&facts, reason)) {
    case WATCHDOG_NOT_NEEDED:
        if (watchdog_can_stop(watchdog)) {
            struct hf_error *error HF_CLEANUP(hf_error_freep) = watchdog_stop(watchdog);

            set_watchdog(engine, GUARD_WATCHDOG_IDLE, hf_error_text(error));
        } else {
            feed_watchdog(engine, now, NEVER, "nothing needs it, but the kernel does not let it be stopped");
        }
        return;
    case WATCHDOG_FEED:
        feed_watchdog(engine, now, watchdog_expiry(&facts), "");
        return;
    case WATCHDOG_STARVE:
        if (watchdog_running(watchdog))
            set_watchdog(engine, GUARD_WATCHDOG_STARVED, reason);
        return;
    }
}

void engine_leave_watchdog(struct engine *engine)
{
    struct watchdog *watchdog = engine->config.watchdog;
    struct hf_error *error HF_CLEANUP(hf_error_freep) = NULL;

    if (!engine->alive.needed)
        error = watchdog_stop(watchdog);
    if (error != NULL)
        hf_warn("%s", hf_error_text(error));
    else if (watchdog_running(watchdog))
        hf_warn(
            "the watchdog runs on: this machine will be reset within %u ms unless the next guard feeds it",
            watchdog_timeout(watchdog));
}
