/* control.c - see control.h.  A client that does not read what it is told is dropped: it comes back and is
 * told everything anew. */
#include "daemon/guard/control.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/socket.h"

enum {
    PEERS_MAX = 256,
    SEND_BUFFER = 8 * 1024 * 1024, /* bytes that may wait for a client: all news at once fit */
    READS_AT_ONCE = 64,            /* frames of one client before others have their turn */
};

struct peer {
    struct peer *next;
    struct control *control;
    int fd;
    uint64_t number; /* for answers that come later */
    bool greeted;
    enum guard_client_kind kind;
    bool broken; /* to be closed at the next safe moment */
};

struct control {
    struct loop *loop;
    const struct control_hooks *hooks;
    void *context;
    char *path;
    int lock, listener;
    uint64_t instance;
    struct peer *peers;
    unsigned peer_count;
    uint64_t last_number;
    bool reading;  /* a peer's frames are being taken: broken peers go afterwards */
    bool dropping; /* they are going */
};

/* --- peers --- */

static void say(struct peer *peer, const struct guard_frame *frame)
{
    struct hf_buf bytes HF_CLEANUP(hf_buf_free) = {0};
    struct hf_error *error HF_CLEANUP(hf_error_freep) = NULL;

    if (peer->broken)
        return;
    error = guard_encode(frame, &bytes);
    if (error != NULL) {
        hf_error_log("%s", hf_error_text(error));
        return;
    }
    if (send(peer->fd, bytes.data, bytes.length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        peer->broken = true;
}

static void say_to(void *to, const struct guard_frame *frame)
{
    say(to, frame);
}

static void owner_left(struct control *control)
{
    for (const struct peer *peer = control->peers; peer != NULL; peer = peer->next)
        if (peer->greeted && !peer->broken && peer->kind == GUARD_OWNER)
            return; /* another one took over */
    hf_notice("holdfastd is no longer connected; its orders stay");
    control->hooks->owner(control->context, false);
}

static struct peer *take_broken(struct control *control)
{
    struct peer **link = &control->peers, *peer;

    while ((peer = *link) != NULL && !peer->broken)
        link = &peer->next;
    if (peer != NULL)
        *link = peer->next;
    return peer;
}

/* That the owner left is news for the others, one of which may break by it: so each is looked for from the
 * beginning, and by one walk at a time. */
static void drop_broken(struct control *control)
{
    struct peer *peer;

    if (control->dropping)
        return;
    control->dropping = true;
    while ((peer = take_broken(control)) != NULL) {
        loop_unwatch(control->loop, peer->fd);
        close(peer->fd);
        control->peer_count--;
        if (peer->greeted && peer->kind == GUARD_OWNER)
            owner_left(control);
        free(peer);
    }
    control->dropping = false;
}

void control_tell(struct control *control, const struct guard_frame *frame)
{
    for (struct peer *peer = control->peers; peer != NULL; peer = peer->next)
        if (peer->greeted)
            say(peer, frame);
    if (!control->reading)
        drop_broken(control);
}

void control_answer(struct control *control, uint64_t asker, const struct guard_answer *answer)
{
    for (struct peer *peer = control->peers; peer != NULL; peer = peer->next)
        if (peer->number == asker)
            say(peer, &(struct guard_frame){.type = GUARD_ANSWER, .answer = *answer});
    if (!control->reading)
        drop_broken(control);
}

static void greet(struct peer *peer, const struct guard_frame *hello)
{
    struct control *control = peer->control;

    bool owner = hello->kind == GUARD_OWNER;

    for (struct peer *other = control->peers; other != NULL && owner; other = other->next)
        if (other != peer && other->greeted && other->kind == GUARD_OWNER) {
            hf_notice("another holdfastd (process %u) takes over", hello->pid);
            other->broken = true;
        }
    if (owner)
        hf_notice("holdfastd (process %u) is connected", hello->pid);
    peer->greeted = true;
    peer->kind = hello->kind;
    if (owner)
        control->hooks->owner(control->context, true);
    say(peer, &(struct guard_frame){.type = GUARD_HELLO,
                                    .instance = control->instance,
                                    .kind = GUARD_OWNER,
                                    .pid = (uint32_t)getpid()});
    control->hooks->describe(control->context, say_to, peer);
    say(peer, &(struct guard_frame){.type = GUARD_SYNCED});
}

static bool is_agents(enum guard_frame_type type)
{
    return type >= GUARD_ROUTER_ADD && type <= GUARD_ROUTER_TRACK;
}

static void take_frame(struct peer *peer, const struct guard_frame *frame)
{
    struct guard_frame answer = {.type = GUARD_REFUSED};

    if (!peer->greeted && frame->type == GUARD_HELLO) {
        greet(peer, frame);
        return;
    }
    if (!peer->greeted || peer->kind != (is_agents(frame->type) ? GUARD_AGENT : GUARD_OWNER)) {
        hf_warn("a client sent a frame of type %u, which is not its to send; closing its connection",
                (unsigned)frame->type);
        peer->broken = true;
        return;
    }
    if (peer->kind == GUARD_AGENT) {
        peer->control->hooks->agent(peer->control->context, peer->number, frame);
        return;
    }

    char *refusal HF_CLEANUP(hf_freep) = peer->control->hooks->order(peer->control->context, frame);

    if (refusal == NULL)
        return;
    hf_warn("%s", refusal);
    guard_copy(answer.text, sizeof(answer.text), refusal);
    say(peer, &answer);
}

static void on_peer(void *context, uint32_t events)
{
    struct peer *peer = context;
    struct control *control = peer->control;
    uint8_t bytes[GUARD_FRAME_MAX + 1];

    control->reading = true;
    for (int i = 0; i < READS_AT_ONCE && !peer->broken; i++) {
        struct guard_frame frame;
        ssize_t length = recv(peer->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (length <= 0) {
            peer->broken = true;
            break;
        }

        struct hf_error *error HF_CLEANUP(hf_error_freep) = guard_decode(bytes, (size_t)length, &frame);

        if (error == NULL) {
            take_frame(peer, &frame);
        } else {
            hf_warn("%s; closing the connection", hf_error_text(error));
            peer->broken = true;
        }
    }
    control->reading = false;
    drop_broken(control);
}

/* --- the listener --- */

static bool is_root(int fd)
{
    struct ucred who;
    socklen_t length = sizeof(who);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0 && who.uid == geteuid();
}

static void on_listener(void *context, uint32_t events)
{
    struct control *control = context;
    int fd = accept4(control->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return;
    if (control->peer_count >= PEERS_MAX || !is_root(fd)) {
        hf_warn("a client was refused: %s",
                control->peer_count >= PEERS_MAX ? "too many connections" : "not root");
        close(fd);
        return;
    }
    hf_socket_send_buffer(fd, SEND_BUFFER);

    struct peer *peer = hf_calloc(1, sizeof(*peer));

    *peer =
        (struct peer){.next = control->peers, .control = control, .fd = fd, .number = ++control->last_number};
    control->peers = peer;
    control->peer_count++;
    loop_watch(control->loop, fd, EPOLLIN, on_peer, peer);
}

static uint64_t new_instance(void)
{
    return (uint64_t)loop_now() << 16 ^ (uint64_t)getpid();
}

/* One guard a machine: also one that is stopped still has the claim. */
static struct hf_error *open_socket(struct control *control)
{
    bool taken;
    struct hf_error *error = hf_socket_claim(control->path, &control->lock, &taken);

    if (error == NULL && taken)
        error = hf_error_new(HF_REFUSED, "another guard serves %s (it may be stopped, but it is there)",
                             control->path);
    return error != NULL
               ? error
               : hf_socket_listen(control->path, SOCK_SEQPACKET, 0600, PEERS_MAX, &control->listener);
}

struct hf_error *control_new(struct loop *loop, const char *path, const struct control_hooks *hooks,
                             void *context, struct control **result)
{
    struct control *control = hf_calloc(1, sizeof(*control));

    *control = (struct control){.loop = loop,
                                .hooks = hooks,
                                .context = context,
                                .path = hf_strdup(path),
                                .lock = -1,
                                .listener = -1,
                                .instance = new_instance()};

    struct hf_error *error = open_socket(control);

    if (error != NULL) {
        control_free(control);
        return error;
    }
    loop_watch(loop, control->listener, EPOLLIN, on_listener, control);
    *result = control;
    return NULL;
}

void control_free(struct control *control)
{
    if (control == NULL)
        return;
    for (struct peer *peer = control->peers; peer != NULL; peer = peer->next)
        peer->broken = true;
    drop_broken(control);
    if (control->listener >= 0) {
        loop_unwatch(control->loop, control->listener);
        close(control->listener);
        unlink(control->path);
    }
    if (control->lock >= 0)
        close(control->lock);
    free(control->path);
    free(control);
}
