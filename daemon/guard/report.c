/* report.c - see report.h. */
#include "daemon/guard/report.h"

#include <qb/qbloop.h>
#include <string.h>
#include <time.h>

#define MS INT64_C(1000000)

/* --- asking --- */

struct question {
    qb_loop_t *loop;
    bool answered;
};

static void on_attached(void *context, bool same)
{
    struct question *question = context;

    question->answered = true;
    qb_loop_stop(question->loop);
}

static void on_timeout(void *data)
{
    struct question *question = data;

    qb_loop_stop(question->loop);
}

void guard_status_clear(struct guard_status *status)
{
    free(status->locks);
    free(status->vips);
    free(status->routers);
    *status = (struct guard_status){0};
}

static void status_copy(struct guard_status *copy, const struct guard_status *status)
{
    *copy = *status;
    copy->locks = hf_calloc(status->lock_count + 1, sizeof(*copy->locks));
    copy->vips = hf_calloc(status->vip_count + 1, sizeof(*copy->vips));
    copy->routers = hf_calloc(status->router_count + 1, sizeof(*copy->routers));
    for (size_t i = 0; i < status->router_count; i++)
        copy->routers[i] = status->routers[i];
    for (size_t i = 0; i < status->lock_count; i++)
        copy->locks[i] = status->locks[i];
    for (size_t i = 0; i < status->vip_count; i++)
        copy->vips[i] = status->vips[i];
}

struct hf_error *guard_ask(const char *socket, int timeout_ms, struct guard_status *status)
{
    static const struct guard_client_hooks hooks = {.attached = on_attached};
    const struct guard_client_settings settings = {.socket = socket, .observer = true};
    struct question question = {.loop = qb_loop_create()};
    struct guard_client *client = guard_client_new(question.loop, &settings, &hooks, &question);
    qb_loop_timer_handle timer;

    *status = (struct guard_status){0};
    qb_loop_timer_add(question.loop, QB_LOOP_MED, (uint64_t)timeout_ms * MS, &question, on_timeout, &timer);
    qb_loop_run(question.loop);
    if (question.answered) {
        status_copy(status, guard_client_status(client));
        qb_loop_timer_del(question.loop, timer);
    }
    guard_client_free(client);
    qb_loop_destroy(question.loop);
    if (question.answered)
        return NULL;
    return hf_error_new(HF_FAILED,
                        "holdfast-guard did not answer at %s within %d ms: is it running (systemctl status "
                        "holdfast-guard), and are you root?",
                        socket == NULL ? GUARD_SOCKET : socket, timeout_ms);
}

/* --- text --- */

static bool owned(const struct guard_lock *lock, int64_t now)
{
    return (lock->state == GUARD_OWNING || lock->state == GUARD_CLOSING) && now < lock->until;
}

static void text_lock(struct hf_buf *buf, const struct guard_lock *lock, int64_t now)
{
    hf_buf_printf(buf, "lock %s: %s", lock->want.lock, guard_lock_state_name(lock->state));
    if (owned(lock, now))
        hf_buf_printf(buf, ", token %llu, %lld ms left", (unsigned long long)lock->token,
                      (long long)((lock->until - now) / MS));
    if (lock->state == GUARD_WAITING && lock->holder[0] != '\0')
        hf_buf_printf(buf, ", held by %s", lock->holder);
    if (lock->state == GUARD_WAITING && lock->not_before > now)
        hf_buf_printf(buf, ", bids again in %lld ms", (long long)((lock->not_before - now) / MS));
    hf_buf_putc(buf, '\n');
}

static void text_vip(struct hf_buf *buf, const struct guard_vip_state *vip, int64_t now)
{
    char address[46];

    guard_address_text(&vip->vip.address, address);
    hf_buf_printf(buf, "vip %s: %s/%u on %s, gate %s", vip->vip.id, address, vip->vip.prefix,
                  vip->vip.interface, vip->until > now ? "open" : "shut");
    if (!vip->protected)
        hf_buf_puts(buf, ", NOT protected by the kernel");
    if (vip->fault[0] != '\0')
        hf_buf_printf(buf, ": %s", vip->fault);
    hf_buf_putc(buf, '\n');
}

static void text_router(struct hf_buf *buf, const struct guard_router_state *router, int64_t now)
{
    char address[46];

    hf_buf_printf(buf, "router %s: %s for %lld s, VRID %u%s on %s, version %u, priority %u, right %s%s",
                  router->id, guard_router_state_name(router->state),
                  (long long)((now - router->since) / MS / 1000), router->vrid,
                  router->vrid_chosen ? " (chosen)" : "", router->interface, router->version,
                  router->priority, guard_router_right_name(router->right),
                  router->right == ROUTER_RIGHT_NONE ? " (nothing but VRRP keeps it from being on two nodes)"
                  : router->has_right                ? ""
                                                     : " (not here)");
    if (router->token != 0)
        hf_buf_printf(buf, ", token %llu", (unsigned long long)router->token);
    if (router->stands_back)
        hf_buf_puts(buf, ", stands back until it is promoted or another is MASTER");
    if (router->master_heard && router->state != ROUTER_MASTER) {
        guard_address_text(&router->master, address);
        hf_buf_printf(buf, ", last heard %s with priority %u", address, router->master_priority);
    }
    hf_buf_printf(buf, "; %llu adverts sent, %llu heard, %llu refused, %llu contested",
                  (unsigned long long)router->sent, (unsigned long long)router->heard,
                  (unsigned long long)router->refused, (unsigned long long)router->contested);
    if (router->refusal[0] != '\0')
        hf_buf_printf(buf, "; last refused %s", router->refusal);
    if (router->fault[0] != '\0')
        hf_buf_printf(buf, ": %s", router->fault);
    hf_buf_putc(buf, '\n');
}

static void text_server(struct hf_buf *buf, const struct guard_server *server, int64_t now)
{
    hf_buf_printf(buf, "server %s: %s", server->name, server->up ? "answers" : "not reachable");
    if (server->last_heard > 0)
        hf_buf_printf(buf, ", heard %lld ms ago", (long long)((now - server->last_heard) / MS));
    if (server->up && server->ready_at > now)
        hf_buf_printf(buf, ", grants in %lld ms", (long long)((server->ready_at - now) / MS));
    if (server->reason[0] != '\0')
        hf_buf_printf(buf, ": %s", server->reason);
    hf_buf_putc(buf, '\n');
}

void guard_report_text(struct hf_buf *buf, const struct guard_status *status, int64_t now)
{
    hf_buf_printf(buf, "guard: process %u\n", status->pid);
    if (status->gate.kernel)
        hf_buf_puts(buf, "gate: kernel\n");
    else
        hf_buf_printf(buf, "gate: user space only (%s)\n", status->gate.reason);
    if (status->clock.at != 0)
        hf_buf_printf(buf, "clock: set %s by %lld ms, %lld s ago\n",
                      status->clock.step > 0 ? "forward" : "back",
                      (long long)((status->clock.step > 0 ? status->clock.step : -status->clock.step) / MS),
                      (long long)((now - status->clock.at) / (1000 * MS)));
    hf_buf_printf(buf, "watchdog: %s", guard_watchdog_mode_name(status->watchdog.mode));
    if (status->watchdog.reason[0] != '\0')
        hf_buf_printf(buf, " (%s)", status->watchdog.reason);
    hf_buf_putc(buf, '\n');
    for (size_t i = 0; i < status->server_count; i++)
        text_server(buf, &status->servers[i], now);
    for (size_t i = 0; i < status->lock_count; i++)
        text_lock(buf, &status->locks[i], now);
    for (size_t i = 0; i < status->vip_count; i++)
        text_vip(buf, &status->vips[i], now);
    for (size_t i = 0; i < status->router_count; i++)
        text_router(buf, &status->routers[i], now);
}

/* --- JSON --- */

static void json_string(struct hf_buf *buf, const char *name, const char *text)
{
    hf_buf_printf(buf, "\"%s\":\"", name);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            hf_buf_printf(buf, "\\%c", c);
        else if (c < ' ' || c == 127)
            hf_buf_printf(buf, "\\u%04x", c);
        else
            hf_buf_putc(buf, *text);
    }
    hf_buf_putc(buf, '"');
}

/* Time left (or gone, for what lies behind), ms; 0 for never. */
static void json_time(struct hf_buf *buf, const char *name, int64_t time, int64_t now)
{
    hf_buf_printf(buf, ",\"%s\":%lld", name, (long long)(time == 0 ? 0 : (time - now) / MS));
}

static void json_bool(struct hf_buf *buf, const char *name, bool value)
{
    hf_buf_printf(buf, ",\"%s\":%s", name, value ? "true" : "false");
}

static void json_lock(struct hf_buf *buf, const struct guard_lock *lock, int64_t now)
{
    hf_buf_putc(buf, '{');
    json_string(buf, "lock", lock->want.lock);
    hf_buf_putc(buf, ',');
    json_string(buf, "state", guard_lock_state_name(lock->state));
    json_bool(buf, "wanted", lock->wanted);
    json_bool(buf, "owned", owned(lock, now));
    hf_buf_printf(buf, ",\"rank\":%u,\"token\":%llu", lock->want.rank, (unsigned long long)lock->token);
    if (lock->want.drain_ms != GUARD_DRAIN_DEFAULT)
        hf_buf_printf(buf, ",\"drain_ms\":%u", lock->want.drain_ms);
    json_time(buf, "left_ms", lock->until, now);
    hf_buf_putc(buf, ',');
    json_string(buf, "holder", lock->holder);
    hf_buf_putc(buf, '}');
}

static void json_vip(struct hf_buf *buf, const struct guard_vip_state *vip, int64_t now)
{
    char address[46];

    guard_address_text(&vip->vip.address, address);
    hf_buf_putc(buf, '{');
    json_string(buf, "id", vip->vip.id);
    hf_buf_putc(buf, ',');
    json_string(buf, "address", address);
    hf_buf_printf(buf, ",\"prefix\":%u,", vip->vip.prefix);
    json_string(buf, "interface", vip->vip.interface);
    hf_buf_putc(buf, ',');
    json_string(buf, "lock", vip->vip.lock);
    json_bool(buf, "open", vip->until > now);
    json_bool(buf, "protected", vip->protected);
    hf_buf_putc(buf, ',');
    json_string(buf, "fault", vip->fault);
    hf_buf_putc(buf, '}');
}

static void json_number(struct hf_buf *buf, const char *name, uint64_t number)
{
    hf_buf_printf(buf, ",\"%s\":%llu", name, (unsigned long long)number);
}

static void json_addresses(struct hf_buf *buf, const struct guard_router_state *router)
{
    char address[46];

    hf_buf_puts(buf, ",\"addresses\":[");
    for (unsigned i = 0; i < router->address_count; i++) {
        guard_address_text(&router->addresses[i].address, address);
        hf_buf_printf(buf, "%s\"%s/%u\"", i == 0 ? "" : ",", address, router->addresses[i].prefix);
    }
    hf_buf_putc(buf, ']');
}

static void json_router(struct hf_buf *buf, const struct guard_router_state *router, int64_t now)
{
    char address[46] = "";

    if (router->master_heard)
        guard_address_text(&router->master, address);
    hf_buf_putc(buf, '{');
    json_string(buf, "id", router->id);
    hf_buf_putc(buf, ',');
    json_string(buf, "state", guard_router_state_name(router->state));
    hf_buf_putc(buf, ',');
    json_string(buf, "reason", router->reason);
    hf_buf_putc(buf, ',');
    json_string(buf, "interface", router->interface);
    hf_buf_putc(buf, ',');
    json_string(buf, "lock", router->lock);
    hf_buf_putc(buf, ',');
    json_string(buf, "right", guard_router_right_name(router->right));
    json_bool(buf, "has_right", router->has_right);
    json_bool(buf, "promoted", router->promoted);
    json_bool(buf, "stands_back", router->stands_back);
    json_bool(buf, "vrid_chosen", router->vrid_chosen);
    json_number(buf, "version", router->version);
    json_number(buf, "vrid", router->vrid);
    json_number(buf, "priority", router->priority);
    json_number(buf, "token", router->token);
    json_number(buf, "changes", router->changes);
    json_time(buf, "since_ms", router->since, now);
    json_addresses(buf, router);
    hf_buf_putc(buf, ',');
    json_string(buf, "master", address);
    json_number(buf, "master_priority", router->master_priority);
    json_number(buf, "sent", router->sent);
    json_number(buf, "heard", router->heard);
    json_number(buf, "refused", router->refused);
    json_number(buf, "contested", router->contested);
    json_number(buf, "became_master", router->became_master);
    hf_buf_putc(buf, ',');
    json_string(buf, "refusal", router->refusal);
    hf_buf_putc(buf, ',');
    json_string(buf, "fault", router->fault);
    hf_buf_putc(buf, '}');
}

static void json_server(struct hf_buf *buf, const struct guard_server *server, int64_t now)
{
    hf_buf_putc(buf, '{');
    json_string(buf, "server", server->name);
    json_bool(buf, "up", server->up);
    json_bool(buf, "known", server->known);
    json_time(buf, "heard_ms", server->last_heard, now);
    json_time(buf, "ready_ms", server->ready_at > now ? server->ready_at : 0, now);
    hf_buf_putc(buf, ',');
    json_string(buf, "reason", server->reason);
    hf_buf_putc(buf, '}');
}

void guard_report_json(struct hf_buf *buf, const struct guard_status *status, int64_t now)
{
    hf_buf_printf(buf, "{\"pid\":%u,\"gate\":{", status->pid);
    json_string(buf, "mode", status->gate.kernel ? "kernel" : "user space only");
    hf_buf_putc(buf, ',');
    json_string(buf, "reason", status->gate.reason);
    hf_buf_puts(buf, "},\"watchdog\":{");
    json_string(buf, "mode", guard_watchdog_mode_name(status->watchdog.mode));
    hf_buf_printf(buf, ",\"timeout_ms\":%u,", status->watchdog.timeout_ms);
    json_string(buf, "reason", status->watchdog.reason);
    hf_buf_printf(buf, "},\"clock\":{\"step_ms\":%lld", (long long)(status->clock.step / MS));
    json_time(buf, "at_ms", status->clock.at, now);
    hf_buf_puts(buf, "},\"servers\":[");
    for (size_t i = 0; i < status->server_count; i++) {
        hf_buf_puts(buf, i == 0 ? "" : ",");
        json_server(buf, &status->servers[i], now);
    }
    hf_buf_puts(buf, "],\"locks\":[");
    for (size_t i = 0; i < status->lock_count; i++) {
        hf_buf_puts(buf, i == 0 ? "" : ",");
        json_lock(buf, &status->locks[i], now);
    }
    hf_buf_puts(buf, "],\"vips\":[");
    for (size_t i = 0; i < status->vip_count; i++) {
        hf_buf_puts(buf, i == 0 ? "" : ",");
        json_vip(buf, &status->vips[i], now);
    }
    hf_buf_puts(buf, "],\"routers\":[");
    for (size_t i = 0; i < status->router_count; i++) {
        hf_buf_puts(buf, i == 0 ? "" : ",");
        json_router(buf, &status->routers[i], now);
    }
    hf_buf_puts(buf, "]}\n");
}

void guard_report(struct hf_buf *buf, const struct guard_status *status, bool json)
{
    struct timespec time;
    int64_t now;

    clock_gettime(CLOCK_BOOTTIME, &time);
    now = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
    if (json)
        guard_report_json(buf, status, now);
    else
        guard_report_text(buf, status, now);
}
