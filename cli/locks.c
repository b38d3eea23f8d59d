/* locks.c - see locks.h. */
#include "cli/locks.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/guard/report.h"

#define MS INT64_C(1000000)

enum { GUARD_ANSWERS_MS = 2000, CLOCK_SHOWN_S = 24 * 3600 };

/* --- lock servers --- */

static void write_server(struct hf_writer *writer, const struct guard_server *server, int64_t now)
{
    int64_t silent = server->last_heard > 0 ? (now - server->last_heard) / MS : -1;

    hf_write_object(writer, NULL);
    hf_write_string(writer, "address", NULL, server->name);
    hf_write_bool(writer, "up", NULL, server->up);
    hf_write_int(writer, "silent-ms", NULL, silent);
    hf_write_string(writer, "problem", NULL, server->reason);
    hf_write_end(writer);
    if (server->reason[0] != '\0')
        hf_write_line(writer, "  * Lock server %s %s: %s", server->name,
                      server->up ? "does not grant" : "DOWN", server->reason);
    else if (!server->up)
        hf_write_line(writer, "  * Lock server %s DOWN", server->name);
}

static void write_servers(struct hf_writer *writer, const struct guard_status *status, int64_t now)
{
    struct hf_buf up HF_CLEANUP(hf_buf_free) = {0};
    size_t count = 0;

    for (size_t i = 0; i < status->server_count; i++) {
        const struct guard_server *server = &status->servers[i];

        if (!server->up)
            continue;
        count++;
        hf_buf_printf(&up, " %s", server->name);
    }
    if (status->server_count == 0)
        hf_write_line(writer, "  * Lock servers: none are configured; quorum is the right to an address");
    else
        hf_write_line(writer, "  * Lock servers: %zu of %zu answer: [%s ]%s", count, status->server_count,
                      hf_buf_text(&up),
                      count * 2 > status->server_count ? "" : " - NOT ENOUGH to hold or get a lock");
    hf_write_list(writer, "servers");
    for (size_t i = 0; i < status->server_count; i++)
        write_server(writer, &status->servers[i], now);
    hf_write_end(writer);
}

/* --- locks and addresses --- */

static void line_lock(struct hf_writer *writer, const struct guard_lock *lock, bool owned, int64_t now)
{
    if (owned)
        hf_write_line(writer, "  * Lock %s: owned here, term %llu, %lld ms left", lock->want.lock,
                      (unsigned long long)lock->token, (long long)((lock->until - now) / MS));
    else if (lock->holder[0] != '\0')
        hf_write_line(writer, "  * Lock %s: held by %s", lock->want.lock, lock->holder);
    else
        hf_write_line(writer, "  * Lock %s: not owned here (%s)", lock->want.lock,
                      guard_lock_state_name(lock->state));
}

static void write_lock(struct hf_writer *writer, const struct guard_lock *lock, int64_t now)
{
    bool owned = (lock->state == GUARD_OWNING || lock->state == GUARD_CLOSING) && now < lock->until;

    hf_write_object(writer, NULL);
    hf_write_string(writer, "lock", NULL, lock->want.lock);
    hf_write_string(writer, "state", NULL, guard_lock_state_name(lock->state));
    hf_write_bool(writer, "owned", NULL, owned);
    hf_write_int(writer, "term", NULL, (int64_t)lock->token);
    hf_write_int(writer, "left-ms", NULL, owned ? (lock->until - now) / MS : 0);
    hf_write_string(writer, "holder", NULL, lock->holder);
    hf_write_end(writer);
    line_lock(writer, lock, owned, now);
}

static void write_vip(struct hf_writer *writer, const struct guard_vip_state *vip, int64_t now)
{
    char address[46];

    guard_address_text(&vip->vip.address, address);
    hf_write_object(writer, NULL);
    hf_write_string(writer, "id", NULL, vip->vip.id);
    hf_write_string(writer, "address", NULL, address);
    hf_write_string(writer, "interface", NULL, vip->vip.interface);
    hf_write_string(writer, "lock", NULL, vip->vip.lock);
    hf_write_bool(writer, "open", NULL, vip->until > now);
    hf_write_bool(writer, "protected", NULL, vip->protected);
    hf_write_string(writer, "problem", NULL, vip->fault);
    hf_write_end(writer);
    hf_write_line(writer, "  * Address %s on %s (%s): %s%s%s%s", address, vip->vip.interface, vip->vip.id,
                  vip->until > now ? "open" : "shut", vip->protected ? "" : ", NOT protected by the kernel",
                  vip->fault[0] != '\0' ? ": " : "", vip->fault);
}

/* --- the whole --- */

static void write_protection(struct hf_writer *writer, const struct guard_status *status)
{
    const struct guard_watchdog *watchdog = &status->watchdog;

    hf_write_string(writer, "gate", NULL, status->gate.kernel ? "kernel" : "user-space");
    hf_write_string(writer, "gate-problem", NULL, status->gate.reason);
    hf_write_string(writer, "watchdog", NULL, guard_watchdog_mode_name(watchdog->mode));
    hf_write_int(writer, "watchdog-timeout-ms", NULL, watchdog->timeout_ms);
    hf_write_string(writer, "watchdog-problem", NULL, watchdog->reason);
    if (status->gate.kernel)
        hf_write_line(writer, "  * Gate: kernel");
    else
        hf_write_line(writer, "  * Gate: user space only: %s", status->gate.reason);
    hf_write_line(writer, "  * Watchdog: %s%s%s", guard_watchdog_mode_name(watchdog->mode),
                  watchdog->reason[0] != '\0' ? ": " : "", watchdog->reason);
}

/* Set by hand, by a time service that jumps, or because the machine was stopped as a whole: worth a look for
 * a day. */
static void write_clock(struct hf_writer *writer, const struct guard_clock *clock, int64_t now)
{
    int64_t ago = (now - clock->at) / (1000 * MS), step = clock->step / MS;

    hf_write_int(writer, "clock-step-ms", NULL, step);
    hf_write_int(writer, "clock-set-seconds-ago", NULL, clock->at == 0 ? -1 : ago);
    if (clock->at == 0 || ago > CLOCK_SHOWN_S)
        return;
    hf_write_line(
        writer,
        "  * Clock: it was set %s by %" PRId64 " ms, %" PRId64
        " s ago. Leases do not depend on it; certificates, "
        "rules with dates and the order of the nodes' logs do: see that the time service (chronyc tracking, "
        "timedatectl) is synchronized on all nodes",
        step > 0 ? "forward" : "back", step > 0 ? step : -step, ago);
}

void locks_write_status(struct hf_writer *writer, const struct guard_status *status, int64_t now)
{
    write_servers(writer, status, now);
    hf_write_list(writer, "locks");
    for (size_t i = 0; i < status->lock_count; i++)
        write_lock(writer, &status->locks[i], now);
    hf_write_end(writer);
    hf_write_list(writer, "addresses");
    for (size_t i = 0; i < status->vip_count; i++)
        write_vip(writer, &status->vips[i], now);
    hf_write_end(writer);
    write_protection(writer, status);
    write_clock(writer, &status->clock, now);
}

void locks_write(struct hf_writer *writer)
{
    struct guard_status status = {0};
    struct hf_error *error HF_CLEANUP(hf_error_freep) = NULL;
    struct timespec now;

    if (access(HF_SYSCONFDIR "/holdfast/guard.conf", F_OK) != 0)
        return;
    error = guard_ask(NULL, GUARD_ANSWERS_MS, &status);
    hf_write_line(writer, "\nLocks (as this machine's guard sees them):");
    hf_write_object(writer, "guard");
    hf_write_bool(writer, "answers", NULL, error == NULL);
    hf_write_string(writer, "problem", NULL, hf_error_text(error));
    clock_gettime(CLOCK_BOOTTIME, &now);
    if (error != NULL)
        hf_write_line(writer, "  * %s", hf_error_text(error));
    else
        locks_write_status(writer, &status, (int64_t)now.tv_sec * 1000 * MS + now.tv_nsec);
    hf_write_end(writer);
    guard_status_clear(&status);
}
