/* server.c - the runner's socket; see server.h. */
#include "daemon/runner/server.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/runner/engine.h"
#include "daemon/runner/outbound.h"
#include "lib/log.h"
#include "lib/socket.h"

enum {
    PEERS_MAX = 16,
    SOCKET_BUFFER = 4 * RUNNER_FRAME_MAX,
    LAST_WORDS_MS = 1000, /* how long a runner that ends waits for its last results to be taken */
};

struct peer {
    struct peer *next;
    struct runner_server *server;
    int fd;
    bool greeted;  /* its HELLO has come */
    uint64_t sent; /* sequence of the last result sent; owner only */
    bool wants_to_write;
    bool broken; /* to be closed at the next safe moment */
    struct outbound outbound;
};

struct runner_server {
    qb_loop_t *loop;
    struct runner_engine *engine;
    char *path;
    int lock, listener;
    uint64_t instance;
    struct peer *peers;
    struct peer *owner;
    size_t peer_count;
    bool ending, leaving;
    char frame[RUNNER_FRAME_MAX + 1];
};

/* --- sending --- */

static void queue_frame(struct peer *peer, const struct runner_frame *frame)
{
    struct hf_error *error = outbound_add(&peer->outbound, frame);

    if (error != NULL)
        hf_error_log("a frame for a client was dropped: %s", hf_error_text(error));
    hf_error_free(error);
}

/* Takes the owner's next result from the outbox into its queue. False if there is none. */
static bool queue_result(struct peer *peer)
{
    const struct runner_result *result;

    if (peer != peer->server->owner)
        return false;
    result = runner_queue_outbox(runner_engine_queue(peer->server->engine), peer->sent);
    if (result == NULL)
        return false;

    /* Shared, not copied: encoding only reads. */
    struct runner_frame frame = {.type = RUNNER_RESULT, .result = *result};

    queue_frame(peer, &frame);
    peer->sent = result->sequence;
    return true;
}

static int32_t peer_event(int32_t fd, int32_t revents, void *data);

static void want_to_write(struct peer *peer, bool wanted)
{
    if (peer->wants_to_write == wanted)
        return;
    peer->wants_to_write = wanted;
    qb_loop_poll_mod(peer->server->loop, QB_LOOP_MED, peer->fd, POLLIN | (wanted ? POLLOUT : 0), peer,
                     peer_event);
}

/* Sends what there is until the socket is full. */
static void flush_peer(struct peer *peer)
{
    enum outbound_state state = OUTBOUND_SENT;

    while (!peer->broken && state == OUTBOUND_SENT &&
           (!outbound_empty(&peer->outbound) || queue_result(peer)))
        state = outbound_flush(&peer->outbound, peer->fd);
    peer->broken = peer->broken || state == OUTBOUND_BROKEN;
    want_to_write(peer, state == OUTBOUND_FULL);
}

/* --- peers --- */

static void peer_free(struct peer *peer)
{
    struct runner_server *server = peer->server;
    struct peer **link = &server->peers;

    while (*link != peer)
        link = &(*link)->next;
    *link = peer->next;
    server->peer_count--;
    if (server->owner == peer)
        server->owner = NULL;
    qb_loop_poll_del(server->loop, peer->fd);
    close(peer->fd);
    outbound_clear(&peer->outbound);
    free(peer);
}

static void drop_broken(struct runner_server *server)
{
    struct peer *next;

    for (struct peer *peer = server->peers; peer != NULL; peer = next) {
        next = peer->next;
        if (peer->broken)
            peer_free(peer);
    }
}

static void last_words(void *data)
{
    qb_loop_stop(data);
}

/* When everything ended: leave, but not before the owner had a moment to take the last results. */
static void leave_if_done(struct runner_server *server)
{
    const struct runner_queue *queue = runner_engine_queue(server->engine);
    qb_loop_timer_handle timer;

    if (!server->ending || !runner_queue_idle(queue))
        return;
    if (server->owner == NULL || runner_queue_outbox(queue, 0) == NULL)
        qb_loop_stop(server->loop);
    else if (!server->leaving)
        server->leaving = qb_loop_timer_add(server->loop, QB_LOOP_MED, LAST_WORDS_MS * 1000000ULL,
                                            server->loop, last_words, &timer) == 0;
}

static void engine_changed(void *context)
{
    struct runner_server *server = context;

    if (server->owner != NULL)
        flush_peer(server->owner);
    leave_if_done(server);
}

static void queue_history(void *context, const struct runner_result *entry)
{
    struct runner_frame frame = {.type = RUNNER_HISTORY, .result = *entry};

    queue_frame(context, &frame);
}

/* --- receiving --- */

static void greet(struct peer *peer, const struct runner_frame *hello)
{
    struct runner_server *server = peer->server;
    struct runner_frame answer = {
        .type = RUNNER_HELLO, .instance = server->instance, .pid = (uint32_t)getpid()};

    peer->greeted = true;
    if (hello->owner) {
        if (server->owner != NULL && server->owner != peer)
            server->owner->broken = true;
        server->owner = peer;
        hf_info("process %u is now in charge", hello->pid);
    }
    queue_frame(peer, &answer);
}

/* What only the owner may ask for. */
static struct hf_error *handle_order(struct runner_server *server, const struct runner_frame *frame)
{
    struct runner_event event = {.resource = frame->resource,
                                 .operation = frame->operation,
                                 .interval_ms = frame->interval_ms,
                                 .sequence = frame->sequence,
                                 .call = &frame->call};

    switch (frame->type) {
    case RUNNER_RUN:
        event.type = RUNNER_ASKED;
        break;
    case RUNNER_CANCEL:
        event.type = RUNNER_UNASKED;
        break;
    case RUNNER_FORGET:
        event.type = RUNNER_FORGOTTEN;
        break;
    case RUNNER_HURRY:
        event.type = RUNNER_HURRIED;
        break;
    case RUNNER_ACK:
        event.type = RUNNER_ACKED;
        break;
    default:
        return hf_error_new(HF_REFUSED, "a frame of type %u is none that a client sends",
                            (unsigned)frame->type);
    }
    runner_engine_event(server->engine, event);
    return NULL;
}

static struct hf_error *handle(struct peer *peer, const struct runner_frame *frame)
{
    const struct runner_frame end = {.type = RUNNER_END};

    if (!peer->greeted && frame->type != RUNNER_HELLO)
        return hf_error_new(HF_REFUSED, "a connection begins with HELLO, not with type %u",
                            (unsigned)frame->type);
    if (frame->type == RUNNER_HELLO) {
        greet(peer, frame);
        return NULL;
    }
    if (frame->type == RUNNER_LIST) {
        /* Results first: what is neither among them nor in the list is not known here. */
        while (queue_result(peer))
            continue;
        runner_queue_history(runner_engine_queue(peer->server->engine), queue_history, peer);
        queue_frame(peer, &end);
        return NULL;
    }
    if (peer != peer->server->owner)
        return hf_error_new(HF_REFUSED, "an observer may only list");
    return handle_order(peer->server, frame);
}

/* One packet. False if there is none. */
static bool receive(struct peer *peer)
{
    struct runner_server *server = peer->server;
    ssize_t length = recv(peer->fd, server->frame, sizeof(server->frame), MSG_DONTWAIT);
    struct runner_frame frame;

    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (length <= 0) {
        peer->broken = true;
        return false;
    }

    HF_CLEANUP(hf_error_freep) struct hf_error *error = runner_decode(server->frame, (size_t)length, &frame);

    if (error == NULL) {
        error = handle(peer, &frame);
        runner_frame_clear(&frame);
    }
    if (error != NULL) {
        hf_warn("a client is turned away: %s", hf_error_text(error));
        peer->broken = true;
    }
    return error == NULL;
}

static int32_t peer_event(int32_t fd, int32_t revents, void *data)
{
    struct peer *peer = data;
    struct runner_server *server = peer->server;

    for (int packets = 0; packets < 32 && receive(peer); packets++)
        continue;
    flush_peer(peer);
    if ((revents & (POLLHUP | POLLERR)) != 0 && (revents & POLLIN) == 0)
        peer->broken = true;
    leave_if_done(server);
    drop_broken(server);
    return 0;
}

static int32_t accept_peer(int32_t listener, int32_t revents, void *data)
{
    struct runner_server *server = data;
    struct ucred credentials;
    socklen_t length = sizeof(credentials);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return 0;
    if (server->peer_count >= PEERS_MAX ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0 ||
        (credentials.uid != 0 && credentials.uid != geteuid())) {
        hf_warn("a connection to the agent runner was refused: %s",
                server->peer_count >= PEERS_MAX ? "there are too many" : "it is not root's");
        close(fd);
        return 0;
    }
    hf_socket_send_buffer(fd, SOCKET_BUFFER);

    struct peer *peer = hf_calloc(1, sizeof(*peer));

    peer->server = server;
    peer->fd = fd;
    peer->next = server->peers;
    server->peers = peer;
    server->peer_count++;
    qb_loop_poll_add(server->loop, QB_LOOP_MED, fd, POLLIN, peer, peer_event);
    return 0;
}

/* --- listening --- */

static uint64_t new_instance(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec) << 1 | 1;
}

struct hf_error *runner_server_new(qb_loop_t *loop, const char *path, const struct runner_places *places,
                                   struct runner_server **result, bool *taken)
{
    struct runner_server *server = hf_calloc(1, sizeof(*server));

    *result = NULL;
    *taken = false;
    server->loop = loop;
    server->path = hf_strdup(path);
    server->lock = server->listener = -1;
    server->instance = new_instance();
    server->engine = runner_engine_new(loop, places, engine_changed, server);
    hf_make_folder_of(path);

    struct hf_error *error = hf_socket_claim(path, &server->lock, taken);

    if (error == NULL && !*taken)
        error = hf_socket_listen(path, SOCK_SEQPACKET, 0600, PEERS_MAX, &server->listener);
    if (error == NULL && !*taken &&
        qb_loop_poll_add(loop, QB_LOOP_MED, server->listener, POLLIN, server, accept_peer) != 0)
        error = hf_error_new(HF_FAILED, "cannot watch the socket");
    if (error != NULL || *taken) {
        runner_server_free(server);
        return error;
    }
    *result = server;
    return NULL;
}

void runner_server_shutdown(struct runner_server *server)
{
    server->ending = true;
    runner_engine_event(server->engine, (struct runner_event){.type = RUNNER_SHUTDOWN});
}

void runner_server_free(struct runner_server *server)
{
    if (server == NULL)
        return;
    while (server->peers != NULL)
        peer_free(server->peers);
    if (server->listener >= 0) {
        qb_loop_poll_del(server->loop, server->listener);
        close(server->listener);
        unlink(server->path);
    }
    if (server->lock >= 0)
        close(server->lock);
    runner_engine_free(server->engine);
    free(server->path);
    free(server);
}
