/* client.c - holdfastd's half of the guard's socket; see client.h.
 *
 * A connection that cannot take a frame is closed and made anew: what both sides know is brought together
 * again after each HELLO, so nothing has to be queued here. */
#include "daemon/guard/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/socket.h"

enum {
    RETRY_MIN_MS = 20,
    RETRY_MAX_MS = 1000,
    SEND_BUFFER = 2 * 1024 * 1024, /* bytes; all orders at once fit */
    READS_AT_ONCE = 256,
};

struct ownership {
    char lock[GUARD_NAME_MAX + 1];
    uint64_t token;
    int64_t until;
    bool carried; /* an earlier life of the guard owned it: the lease goes on, and the next one takes it up */
};

/* A lock or VIP that was taken back before the guard was first reached: not adopted. */
enum dropped_kind { DROPPED_LOCK, DROPPED_VIP };

struct dropped {
    enum dropped_kind kind;
    char name[GUARD_NAME_MAX + 1];
};

struct guard_client {
    qb_loop_t *loop;
    const struct guard_client_hooks *hooks;
    void *context;
    char *socket_path;
    bool observer;
    int fd; /* -1: not connected */
    bool synced, ever_synced;
    uint64_t instance, incoming_instance; /* of the guard: another one was started in between */
    uint32_t retry_ms;
    qb_loop_timer_handle retry, lapse;
    bool retry_set, lapse_set;
    /* what is ordered */
    struct guard_want *wants;
    size_t want_count;
    uint32_t serial; /* of the last one that is new */
    struct guard_vip *vips;
    size_t vip_count;
    struct dropped *dropped;
    size_t dropped_count;
    struct guard_router_priority *priorities;
    size_t priority_count;
    struct guard_quorum quorum;
    bool quorum_known;
    /* what the guard said: status is shown, incoming is being filled until SYNCED */
    struct guard_status status, incoming;
    struct ownership *owned;
    size_t owned_count;
};

static int64_t boottime(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- what the guard said --- */

static void status_clear(struct guard_status *status)
{
    free(status->locks);
    free(status->vips);
    free(status->routers);
    *status = (struct guard_status){0};
}

static struct guard_lock *status_lock(const struct guard_status *status, const char *name)
{
    for (size_t i = 0; i < status->lock_count; i++)
        if (strcmp(status->locks[i].want.lock, name) == 0)
            return &status->locks[i];
    return NULL;
}

static struct guard_vip_state *status_vip(const struct guard_status *status, const char *id)
{
    for (size_t i = 0; i < status->vip_count; i++)
        if (strcmp(status->vips[i].vip.id, id) == 0)
            return &status->vips[i];
    return NULL;
}

static void status_set_lock(struct guard_status *status, const struct guard_lock *lock)
{
    struct guard_lock *known = status_lock(status, lock->want.lock);

    if (!lock->wanted && lock->state == GUARD_IDLE) {
        if (known != NULL)
            *known = status->locks[--status->lock_count];
        return;
    }
    if (known == NULL) {
        status->locks = hf_realloc(status->locks, status->lock_count + 1, sizeof(*status->locks));
        known = &status->locks[status->lock_count++];
    }
    *known = *lock;
}

static void status_set_vip(struct guard_status *status, const struct guard_vip_state *vip)
{
    struct guard_vip_state *known = status_vip(status, vip->vip.id);

    if (vip->gone) {
        if (known != NULL)
            *known = status->vips[--status->vip_count];
        return;
    }
    if (known == NULL) {
        status->vips = hf_realloc(status->vips, status->vip_count + 1, sizeof(*status->vips));
        known = &status->vips[status->vip_count++];
    }
    *known = *vip;
}

static struct guard_router_state *status_router(const struct guard_status *status, const char *id)
{
    for (size_t i = 0; i < status->router_count; i++)
        if (strcmp(status->routers[i].id, id) == 0)
            return &status->routers[i];
    return NULL;
}

static void status_set_router(struct guard_status *status, const struct guard_router_state *router)
{
    struct guard_router_state *known = status_router(status, router->id);

    if (router->gone) {
        if (known != NULL)
            *known = status->routers[--status->router_count];
        return;
    }
    if (known == NULL) {
        status->routers = hf_realloc(status->routers, status->router_count + 1, sizeof(*status->routers));
        known = &status->routers[status->router_count++];
    }
    *known = *router;
}

static void status_set_server(struct guard_status *status, const struct guard_server *server)
{
    if (server->index >= status->server_count)
        status->server_count = (size_t)server->index + 1;
    status->servers[server->index] = *server;
}

static void status_set_times(struct guard_status *status, const struct guard_frame *frame)
{
    for (unsigned i = 0; i < frame->times.count; i++) {
        struct guard_lock *lock = status_lock(status, frame->times.items[i].lock);

        if (lock != NULL)
            lock->until = frame->times.items[i].until;
    }
}

/* --- ownership --- */

static struct guard_want *find_want(const struct guard_client *client, const char *lock)
{
    for (size_t i = 0; i < client->want_count; i++)
        if (strcmp(client->wants[i].lock, lock) == 0)
            return &client->wants[i];
    return NULL;
}

/* What is being given up is owned no more, though nobody else gets it yet.  Nor is what the guard says of
 * before it was told to give the lock up, and then to get it anew. */
static bool lock_owned(const struct guard_client *client, const struct guard_lock *lock, int64_t now)
{
    const struct guard_want *want = find_want(client, lock->want.lock);

    return lock->state == GUARD_OWNING && now < lock->until &&
           (client->observer || (want != NULL && want->serial == lock->want.serial));
}

static void lapse(void *data);
static int32_t on_readable(int32_t fd, int32_t events, void *data);

/* One timer for the lease that ends first; it looks again if that was extended meanwhile. */
static void arm_lapse(struct guard_client *client)
{
    int64_t now = boottime(), first = INT64_MAX;

    for (size_t i = 0; i < client->owned_count; i++)
        if (client->owned[i].until < first)
            first = client->owned[i].until;
    if (client->lapse_set || first == INT64_MAX)
        return;
    client->lapse_set =
        qb_loop_timer_add(client->loop, QB_LOOP_HIGH, first > now ? (uint64_t)(first - now) : 0, client,
                          lapse, &client->lapse) == 0;
}

static struct ownership *find_owned(struct ownership *list, size_t count, const char *lock)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].lock, lock) == 0)
            return &list[i];
    return NULL;
}

/* What is owned now, into owned (as long as both lists). restarted: another guard than before speaks. */
static size_t collect_owned(const struct guard_client *client, bool restarted, struct ownership *owned)
{
    int64_t now = boottime();
    size_t count = 0;

    for (size_t i = 0; i < client->status.lock_count; i++) {
        const struct guard_lock *lock = &client->status.locks[i];

        if (!lock_owned(client, lock, now))
            continue;
        guard_copy(owned[count].lock, sizeof(owned[count].lock), lock->want.lock);
        owned[count].token = lock->token;
        owned[count++].until = lock->until;
    }
    for (size_t i = 0; i < client->owned_count; i++) {
        const struct ownership *before = &client->owned[i];
        const struct guard_lock *lock = status_lock(&client->status, before->lock);

        if (now >= before->until || !(restarted || before->carried) || lock == NULL || !lock->wanted ||
            find_owned(owned, count, before->lock) != NULL)
            continue;
        owned[count] = *before;
        owned[count++].carried = true;
    }
    return count;
}

/* What was owned before guard_client_owns() began to say what is owned now. */
struct change {
    struct ownership *before;
    size_t count;
};

static struct change take_ownership(struct guard_client *client, bool restarted)
{
    struct change change = {client->owned, client->owned_count};
    struct ownership *owned = hf_calloc(client->status.lock_count + change.count + 1, sizeof(*owned));

    client->owned_count = collect_owned(client, restarted, owned);
    client->owned = owned;
    arm_lapse(client);
    return change;
}

/* Tells what is owned now and was not, and the other way round. A hook may change it once more. */
static void tell_ownership(struct guard_client *client, struct change change)
{
    size_t count = client->owned_count;
    struct ownership *owned HF_CLEANUP(hf_freep) = hf_memdup(client->owned, (count + 1) * sizeof(*owned));
    struct ownership *before HF_CLEANUP(hf_freep) = change.before;

    for (size_t i = 0; i < change.count; i++)
        if (client->hooks->lost != NULL && find_owned(owned, count, before[i].lock) == NULL)
            client->hooks->lost(client->context, before[i].lock, before[i].token);
    for (size_t i = 0; i < count; i++) {
        const struct ownership *known = find_owned(before, change.count, owned[i].lock);

        if (client->hooks->owned != NULL && (known == NULL || known->token != owned[i].token))
            client->hooks->owned(client->context, owned[i].lock, owned[i].token);
    }
}

static void settle_ownership(struct guard_client *client, bool restarted)
{
    tell_ownership(client, take_ownership(client, restarted));
}

/* Leases that go on; one that had run out here before it was heard is owned again. */
static void extend_owned(struct guard_client *client, const struct guard_frame *frame)
{
    bool missing = false;

    for (unsigned i = 0; i < frame->times.count && client->synced; i++) {
        struct ownership *owned = find_owned(client->owned, client->owned_count, frame->times.items[i].lock);

        if (owned != NULL)
            owned->until = frame->times.items[i].until;
        else
            missing = true;
    }
    if (missing)
        settle_ownership(client, false);
}

static void lapse(void *data)
{
    struct guard_client *client = data;

    client->lapse_set = false;
    /* This daemon may have been busy for a while: what the guard said meanwhile comes first. */
    if (client->fd >= 0)
        on_readable(client->fd, POLLIN, client);
    settle_ownership(client, false);
    arm_lapse(client);
}

/* --- the connection --- */

static void try_now(void *data);

static void retry_later(struct guard_client *client)
{
    if (client->retry_set)
        return;
    client->retry_set = qb_loop_timer_add(client->loop, QB_LOOP_MED, (uint64_t)client->retry_ms * 1000000,
                                          client, try_now, &client->retry) == 0;
    client->retry_ms = client->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : client->retry_ms * 2;
}

static void disconnect(struct guard_client *client, const char *why)
{
    bool was_synced = client->synced;

    if (client->fd < 0)
        return;
    qb_loop_poll_del(client->loop, client->fd);
    close(client->fd);
    client->fd = -1;
    client->synced = false;
    client->status.attached = false;
    status_clear(&client->incoming);
    retry_later(client);
    if (was_synced && client->hooks->detached != NULL)
        client->hooks->detached(client->context, why);
}

/* False if the connection had to be given up, or there is none. */
static bool say(struct guard_client *client, const struct guard_frame *frame)
{
    struct hf_buf bytes HF_CLEANUP(hf_buf_free) = {0};
    struct hf_error *error HF_CLEANUP(hf_error_freep) = guard_encode(frame, &bytes);

    if (error != NULL || client->fd < 0)
        return false;
    if (send(client->fd, bytes.data, bytes.length, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
        return true;
    disconnect(client, errno == EAGAIN ? "the guard does not read what it is told" : strerror(errno));
    return false;
}

static bool say_want(struct guard_client *client, const struct guard_want *want)
{
    const struct guard_frame frame = {.type = GUARD_WANT, .want = *want};

    return say(client, &frame);
}

static bool say_unwant(struct guard_client *client, const char *lock)
{
    struct guard_frame frame = {.type = GUARD_UNWANT};

    guard_copy(frame.release.lock, sizeof(frame.release.lock), lock);
    return say(client, &frame);
}

static bool say_vip(struct guard_client *client, const struct guard_vip *vip)
{
    const struct guard_frame frame = {.type = GUARD_VIP_ADD, .vip = *vip};

    return say(client, &frame);
}

static bool say_vip_remove(struct guard_client *client, const char *id)
{
    struct guard_frame frame = {.type = GUARD_VIP_REMOVE};

    guard_copy(frame.vip.id, sizeof(frame.vip.id), id);
    return say(client, &frame);
}

/* --- orders --- */

static struct guard_router_priority *find_priority(const struct guard_client *client, const char *id)
{
    for (size_t i = 0; i < client->priority_count; i++)
        if (strcmp(client->priorities[i].id, id) == 0)
            return &client->priorities[i];
    return NULL;
}

static void say_priority(struct guard_client *client, const struct guard_router_priority *priority)
{
    say(client, &(struct guard_frame){.type = GUARD_ROUTER_PRIORITY, .router_priority = *priority});
}

static void say_quorum(struct guard_client *client)
{
    if (client->quorum_known)
        say(client, &(struct guard_frame){.type = GUARD_QUORUM, .quorum = client->quorum});
}

/* A router that was not there before, or not in this life of the guard, has to hear its priority. */
static void follow_router(struct guard_client *client, const struct guard_router_state *router, bool known)
{
    const struct guard_router_priority *priority = find_priority(client, router->id);

    if (!known && !router->gone && priority != NULL && !client->observer)
        say_priority(client, priority);
    if (client->hooks->router != NULL)
        client->hooks->router(client->context, router);
}

static void follow_routers(struct guard_client *client)
{
    size_t count = client->status.router_count;
    struct guard_router_state *all = hf_calloc(count + 1, sizeof(*all)); /* hooks may change the list */

    if (count > 0)
        memcpy(all, client->status.routers, count * sizeof(*all));
    for (size_t i = 0; i < count && client->synced; i++)
        follow_router(client, &all[i], false);
    free(all);
}

static struct guard_vip *find_vip(const struct guard_client *client, const char *id)
{
    for (size_t i = 0; i < client->vip_count; i++)
        if (strcmp(client->vips[i].id, id) == 0)
            return &client->vips[i];
    return NULL;
}

static void keep_want(struct guard_client *client, const struct guard_want *want)
{
    struct guard_want *known = find_want(client, want->lock);

    if (known == NULL) {
        client->wants = hf_realloc(client->wants, client->want_count + 1, sizeof(*client->wants));
        known = &client->wants[client->want_count++];
    }
    *known = *want;
}

static void keep_vip(struct guard_client *client, const struct guard_vip *vip)
{
    struct guard_vip *known = find_vip(client, vip->id);

    if (known == NULL) {
        client->vips = hf_realloc(client->vips, client->vip_count + 1, sizeof(*client->vips));
        known = &client->vips[client->vip_count++];
    }
    *known = *vip;
}

static void drop(struct guard_client *client, enum dropped_kind kind, const char *name)
{
    if (client->ever_synced)
        return;
    client->dropped = hf_realloc(client->dropped, client->dropped_count + 1, sizeof(*client->dropped));
    client->dropped[client->dropped_count] = (struct dropped){.kind = kind};
    guard_copy(client->dropped[client->dropped_count].name, GUARD_NAME_MAX + 1, name);
    client->dropped_count++;
}

static bool is_dropped(const struct guard_client *client, enum dropped_kind kind, const char *name)
{
    for (size_t i = 0; i < client->dropped_count; i++)
        if (client->dropped[i].kind == kind && strcmp(client->dropped[i].name, name) == 0)
            return true;
    return false;
}

/* The first time: what the guard was told by an earlier life of this daemon is still what holds. */
static void adopt(struct guard_client *client)
{
    for (size_t i = 0; i < client->status.lock_count; i++) {
        const struct guard_lock *lock = &client->status.locks[i];
        struct guard_want *want = find_want(client, lock->want.lock);

        if (!lock->wanted || is_dropped(client, DROPPED_LOCK, lock->want.lock))
            continue;
        if (want == NULL)
            keep_want(client, &lock->want);
        else
            want->serial = lock->want.serial; /* it is wanted still, not anew */
    }
    for (size_t i = 0; i < client->status.vip_count; i++) {
        const struct guard_vip *vip = &client->status.vips[i].vip;

        if (!(vip->flags & GUARD_VIP_ROUTED) && find_vip(client, vip->id) == NULL &&
            !is_dropped(client, DROPPED_VIP, vip->id))
            keep_vip(client, vip);
    }
    free(client->dropped);
    client->dropped = NULL;
    client->dropped_count = 0;
}

static bool same_vip(const struct guard_vip *a, const struct guard_vip *b)
{
    return strcmp(a->id, b->id) == 0 && strcmp(a->lock, b->lock) == 0 &&
           strcmp(a->interface, b->interface) == 0 && guard_address_equal(&a->address, &b->address) &&
           a->prefix == b->prefix && a->flags == b->flags;
}

/* Makes the guard's orders the same as ours. */
static void reconcile(struct guard_client *client)
{
    const struct guard_status *status = &client->status;

    for (size_t i = 0; i < status->vip_count; i++)
        if (!(status->vips[i].vip.flags & GUARD_VIP_ROUTED) &&
            find_vip(client, status->vips[i].vip.id) == NULL &&
            !say_vip_remove(client, status->vips[i].vip.id))
            return;
    for (size_t i = 0; i < status->lock_count; i++)
        if (status->locks[i].wanted && find_want(client, status->locks[i].want.lock) == NULL &&
            !say_unwant(client, status->locks[i].want.lock))
            return;
    for (size_t i = 0; i < client->want_count; i++) {
        const struct guard_lock *lock = status_lock(status, client->wants[i].lock);

        if ((lock == NULL || !lock->wanted || lock->want.rank != client->wants[i].rank ||
             lock->want.serial != client->wants[i].serial ||
             lock->want.drain_ms != client->wants[i].drain_ms) &&
            !say_want(client, &client->wants[i]))
            return;
    }
    for (size_t i = 0; i < client->vip_count; i++) {
        const struct guard_vip_state *vip = status_vip(status, client->vips[i].id);

        if ((vip == NULL || !same_vip(&vip->vip, &client->vips[i])) && !say_vip(client, &client->vips[i]))
            return;
    }
}

static void on_synced(struct guard_client *client)
{
    bool same = client->ever_synced, restarted = same && client->instance != client->incoming_instance;
    uint32_t pid = client->incoming.pid;
    struct change change;

    status_clear(&client->status);
    client->status = client->incoming;
    client->status.attached = true;
    client->status.pid = pid;
    client->incoming = (struct guard_status){0};
    client->synced = true;
    client->instance = client->incoming_instance;
    client->retry_ms = RETRY_MIN_MS;
    if (!client->observer && !client->ever_synced)
        adopt(client);
    client->ever_synced = true;
    if (!client->observer) {
        reconcile(client);
        say_quorum(client);
    }
    change = take_ownership(client, restarted); /* before anybody asks what is owned */
    if (client->hooks->attached != NULL)
        client->hooks->attached(client->context, same);
    tell_ownership(client, change);
    follow_routers(client);
}

/* --- frames from the guard --- */

/* False if this is nothing that a guard says. */
static bool take_state(struct guard_client *client, const struct guard_frame *frame)
{
    struct guard_status *status = client->synced ? &client->status : &client->incoming;

    switch (frame->type) {
    case GUARD_LOCK:
        status_set_lock(status, &frame->lock);
        return true;
    case GUARD_VIP:
        status_set_vip(status, &frame->vip_state);
        return true;
    case GUARD_ROUTER:
        status_set_router(status, &frame->router_state);
        return true;
    case GUARD_SERVER:
        status_set_server(status, &frame->server);
        return true;
    case GUARD_GATE:
        status->gate = frame->gate;
        return true;
    case GUARD_WATCHDOG:
        status->watchdog = frame->watchdog;
        return true;
    case GUARD_CLOCK:
        status->clock = frame->clock;
        return true;
    default:
        return false;
    }
}

/* False if this is nothing that a guard says. */
static bool take_frame(struct guard_client *client, const struct guard_frame *frame)
{
    switch (frame->type) {
    case GUARD_HELLO:
        client->incoming.pid = frame->pid;
        client->incoming_instance = frame->instance;
        return true;
    case GUARD_SYNCED:
        if (!client->synced)
            on_synced(client);
        return true;
    case GUARD_TIMES:
        status_set_times(client->synced ? &client->status : &client->incoming, frame);
        extend_owned(client, frame);
        return true;
    case GUARD_REFUSED:
        if (client->hooks->refused != NULL)
            client->hooks->refused(client->context, frame->text);
        return true;
    default:
        break;
    }
    bool known =
        frame->type == GUARD_ROUTER && status_router(&client->status, frame->router_state.id) != NULL;

    if (!take_state(client, frame))
        return false;
    if (client->synced) {
        if (frame->type == GUARD_LOCK)
            settle_ownership(client, false);
        if (frame->type == GUARD_ROUTER)
            follow_router(client, &frame->router_state, known);
        if (client->hooks->changed != NULL)
            client->hooks->changed(client->context);
    }
    return true;
}

static int32_t on_readable(int32_t fd, int32_t events, void *data)
{
    struct guard_client *client = data;
    uint8_t bytes[GUARD_FRAME_MAX + 1];

    for (int i = 0; i < READS_AT_ONCE && client->fd == fd; i++) {
        ssize_t length = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        struct guard_frame frame;

        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            return 0;
        if (length <= 0) {
            disconnect(client, length == 0 ? "the guard closed the connection" : strerror(errno));
            return 0;
        }

        struct hf_error *error HF_CLEANUP(hf_error_freep) = guard_decode(bytes, (size_t)length, &frame);

        if (error != NULL)
            disconnect(client, hf_error_text(error));
        else if (!take_frame(client, &frame))
            disconnect(client, "what answers on the guard's socket is not a guard");
    }
    return 0;
}

static bool try_to_connect(struct guard_client *client)
{
    const struct guard_frame hello = {.type = GUARD_HELLO,
                                      .kind = client->observer ? GUARD_OBSERVER : GUARD_OWNER,
                                      .pid = (uint32_t)getpid()};
    int fd;

    hf_error_free(hf_socket_connect(client->socket_path, SOCK_SEQPACKET | SOCK_NONBLOCK, SEND_BUFFER, &fd));
    if (fd < 0)
        return false;
    if (qb_loop_poll_add(client->loop, QB_LOOP_HIGH, fd, POLLIN, client, on_readable) != 0) {
        close(fd);
        return false;
    }
    client->fd = fd;
    client->synced = false;
    return say(client, &hello) || client->fd >= 0;
}

static void try_now(void *data)
{
    struct guard_client *client = data;

    client->retry_set = false;
    if (client->fd < 0 && !try_to_connect(client))
        retry_later(client);
}

/* --- for holdfastd --- */

struct guard_client *guard_client_new(qb_loop_t *loop, const struct guard_client_settings *settings,
                                      const struct guard_client_hooks *hooks, void *context)
{
    struct guard_client *client = hf_calloc(1, sizeof(*client));

    client->loop = loop;
    client->hooks = hooks;
    client->context = context;
    client->socket_path = hf_strdup(settings->socket == NULL ? GUARD_SOCKET : settings->socket);
    client->observer = settings->observer;
    client->fd = -1;
    client->serial = (uint32_t)(boottime() / 1000000); /* more than an earlier life of this daemon got to */
    client->retry_ms = RETRY_MIN_MS;
    client->retry_set = qb_loop_timer_add(loop, QB_LOOP_MED, 0, client, try_now, &client->retry) == 0;
    return client;
}

void guard_client_free(struct guard_client *client)
{
    if (client == NULL)
        return;
    if (client->retry_set)
        qb_loop_timer_del(client->loop, client->retry);
    if (client->lapse_set)
        qb_loop_timer_del(client->loop, client->lapse);
    if (client->fd >= 0) {
        qb_loop_poll_del(client->loop, client->fd);
        close(client->fd);
    }
    status_clear(&client->status);
    status_clear(&client->incoming);
    free(client->wants);
    free(client->vips);
    free(client->dropped);
    free(client->priorities);
    free(client->owned);
    free(client->socket_path);
    free(client);
}

/* What is wrong with an order, found where all frames are checked. */
static struct hf_error *check_order(const struct guard_frame *frame)
{
    struct hf_buf bytes HF_CLEANUP(hf_buf_free) = {0};

    return guard_encode(frame, &bytes);
}

struct hf_error *guard_client_want(struct guard_client *client, const struct guard_want *want)
{
    struct guard_frame frame = {.type = GUARD_WANT, .want = *want};
    const struct guard_want *known = find_want(client, want->lock);
    struct hf_error *error = check_order(&frame);

    if (error != NULL)
        return error;
    frame.want.serial = known != NULL ? known->serial : ++client->serial;
    keep_want(client, &frame.want);
    if (client->synced)
        say(client, &frame);
    return NULL;
}

struct hf_error *guard_client_vip(struct guard_client *client, const struct guard_vip *vip)
{
    const struct guard_frame frame = {.type = GUARD_VIP_ADD, .vip = *vip};
    struct hf_error *error = check_order(&frame);

    if (error != NULL)
        return error;
    keep_vip(client, vip);
    if (client->synced)
        say(client, &frame);
    return NULL;
}

void guard_client_unwant(struct guard_client *client, const char *lock)
{
    struct guard_want *want = find_want(client, lock);

    struct ownership *owned = find_owned(client->owned, client->owned_count, lock);

    if (want != NULL)
        *want = client->wants[--client->want_count];
    if (owned != NULL)
        *owned = client->owned[--client->owned_count];
    drop(client, DROPPED_LOCK, lock);
    if (client->synced)
        say_unwant(client, lock);
}

void guard_client_vip_remove(struct guard_client *client, const char *id)
{
    struct guard_vip *vip = find_vip(client, id);

    if (vip != NULL)
        *vip = client->vips[--client->vip_count];
    drop(client, DROPPED_VIP, id);
    if (client->synced)
        say_vip_remove(client, id);
}

struct hf_error *guard_client_release(struct guard_client *client, const char *lock, const char *node)
{
    struct guard_frame frame = {.type = GUARD_RELEASE};

    guard_copy(frame.release.lock, sizeof(frame.release.lock), lock);
    guard_copy(frame.release.node, sizeof(frame.release.node), node == NULL ? "" : node);

    struct hf_error *error = check_order(&frame);

    if (error != NULL)
        return error;
    if (!client->synced || !say(client, &frame))
        return hf_error_new(HF_FAILED, "lock %s was not handed over: holdfast-guard is not reachable", lock);
    return NULL;
}

void guard_client_alive(struct guard_client *client, const struct guard_alive *alive)
{
    const struct guard_frame frame = {.type = GUARD_ALIVE, .alive = *alive};

    if (client->synced)
        say(client, &frame);
}

struct hf_error *guard_client_priority(struct guard_client *client,
                                       const struct guard_router_priority *priority)
{
    const struct guard_frame frame = {.type = GUARD_ROUTER_PRIORITY, .router_priority = *priority};
    struct hf_error *error = check_order(&frame);
    struct guard_router_priority *known = find_priority(client, priority->id);

    if (error != NULL)
        return error;
    if (known != NULL && known->priority == priority->priority && known->rank == priority->rank)
        return NULL;
    if (known == NULL) {
        client->priorities =
            hf_realloc(client->priorities, client->priority_count + 1, sizeof(*client->priorities));
        known = &client->priorities[client->priority_count++];
    }
    *known = *priority;
    if (client->synced && status_router(&client->status, priority->id) != NULL)
        say_priority(client, priority);
    return NULL;
}

void guard_client_priority_forget(struct guard_client *client, const char *id)
{
    struct guard_router_priority *known = find_priority(client, id);

    if (known != NULL)
        *known = client->priorities[--client->priority_count];
}

void guard_client_quorum(struct guard_client *client, const struct guard_quorum *quorum)
{
    if (client->quorum_known && client->quorum.quorate == quorum->quorate &&
        client->quorum.notice_ms == quorum->notice_ms)
        return;
    client->quorum = *quorum;
    client->quorum_known = true;
    if (client->synced)
        say_quorum(client);
}

void guard_client_hint(struct guard_client *client, const char *node, bool fenced)
{
    struct guard_frame frame = {.type = GUARD_HINT, .hint = {.fenced = fenced}};

    guard_copy(frame.hint.node, sizeof(frame.hint.node), node);
    if (client->synced)
        say(client, &frame);
}

const struct guard_status *guard_client_status(const struct guard_client *client)
{
    return &client->status;
}

bool guard_client_owns(const struct guard_client *client, const char *lock, uint64_t *token)
{
    const struct ownership *owned = find_owned(client->owned, client->owned_count, lock);

    if (owned == NULL || boottime() >= owned->until)
        return false;
    if (token != NULL)
        *token = owned->token;
    return true;
}

uint64_t guard_client_losses(const struct guard_client *client)
{
    uint64_t losses = 0;

    for (size_t i = 0; i < client->status.lock_count; i++)
        if (client->status.locks[i].losses > losses)
            losses = client->status.locks[i].losses;
    return losses;
}
