/* vote.c - see vote.h. */
#include "daemon/holdfastd/vote.h"

#include <corosync/cmap.h>
#include <corosync/votequorum.h>
#include <poll.h>
#include <string.h>

#include "daemon/holdfastd/corosync.h"
#include "lib/alloc.h"
#include "lib/log.h"

#define MODEL "holdfast"
#define MS UINT64_C(1000000)

enum {
    TRY_AGAIN_MS = 1000,
    TIMEOUT_MS = 10000, /* quorum.device.timeout, unless corosync.conf says otherwise */
    POLLS_IN_TIMEOUT = 4,
};

struct vote {
    qb_loop_t *loop;
    bool (*holds)(void *context, const uint32_t *nodes, size_t count);
    void *context;
    bool connected, cast;
    votequorum_handle_t handle;
    int fd;
    uint32_t timeout_ms;
    qb_loop_timer_handle timer;
    bool asked; /* the ring is known */
    votequorum_ring_id_t ring;
    uint32_t nodes[COROSYNC_NODES_MAX];
    size_t n_nodes;
};

static void on_timer(void *data);

static void later(struct vote *vote, uint64_t ms)
{
    if (vote->timer != 0)
        qb_loop_timer_del(vote->loop, vote->timer);
    vote->timer = 0;
    qb_loop_timer_add(vote->loop, QB_LOOP_HIGH, ms * MS, vote, on_timer, &vote->timer);
}

static void disconnect(struct vote *vote)
{
    if (!vote->connected)
        return;
    qb_loop_poll_del(vote->loop, vote->fd);
    votequorum_finalize(vote->handle);
    vote->connected = vote->asked = false;
}

/* The vote counts for quorum.device.timeout, and is given again before. */
static void say(struct vote *vote)
{
    cs_error_t result;

    if (!vote->connected || !vote->asked)
        return;
    result = votequorum_qdevice_poll(vote->handle, MODEL, vote->cast, vote->ring);
    if (result == CS_ERR_MESSAGE_ERROR)
        return; /* the ring is another already: we are asked about that next */
    if (result != CS_OK) {
        hf_warn("corosync does not take the lock's vote (votequorum: error %d)", (int)result);
        disconnect(vote);
    }
}

static void on_nodes(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring, uint32_t count,
                     uint32_t nodes[])
{
    struct vote *vote = NULL;
    void *from = NULL;

    if (votequorum_context_get(handle, &from) != CS_OK || from == NULL)
        return;
    vote = from;
    vote->ring = ring;
    vote->asked = true;
    vote->n_nodes = count < COROSYNC_NODES_MAX ? count : COROSYNC_NODES_MAX;
    memcpy(vote->nodes, nodes, vote->n_nodes * sizeof(*nodes));
    vote->cast = vote->holds(vote->context, vote->nodes, vote->n_nodes);
    say(vote);
}

static int32_t on_ready(int32_t fd, int32_t events, void *data)
{
    struct vote *vote = data;

    if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0 ||
        votequorum_dispatch(vote->handle, CS_DISPATCH_ALL) != CS_OK) {
        disconnect(vote);
        later(vote, TRY_AGAIN_MS);
    }
    return 0;
}

/* Whether corosync.conf wants this; sets timeout_ms. */
static bool is_wanted(struct vote *vote)
{
    cmap_handle_t cmap;
    char *model = NULL;
    bool wanted;

    if (cmap_initialize(&cmap) != CS_OK)
        return false;
    wanted = cmap_get_string(cmap, "quorum.device.model", &model) == CS_OK && strcmp(model, MODEL) == 0;
    if (cmap_get_uint32(cmap, "quorum.device.timeout", &vote->timeout_ms) != CS_OK || vote->timeout_ms == 0)
        vote->timeout_ms = TIMEOUT_MS;
    free(model);
    cmap_finalize(cmap);
    return wanted;
}

static void try_connect(struct vote *vote)
{
    votequorum_callbacks_t callbacks = {.votequorum_nodelist_notify_fn = on_nodes};

    if (!is_wanted(vote) || votequorum_initialize(&vote->handle, &callbacks) != CS_OK)
        return;
    if (votequorum_context_set(vote->handle, vote) != CS_OK ||
        votequorum_fd_get(vote->handle, &vote->fd) != CS_OK ||
        votequorum_qdevice_register(vote->handle, MODEL) != CS_OK ||
        qb_loop_poll_add(vote->loop, QB_LOOP_HIGH, vote->fd, POLLIN, vote, on_ready) != 0) {
        hf_warn("corosync does not accept the quorum device '%s' (see the log of corosync)", MODEL);
        votequorum_finalize(vote->handle);
        return;
    }
    vote->connected = true;
    hf_notice("the lock 'cluster' is told to votequorum as the quorum device '%s'", MODEL);
    if (votequorum_trackstart(vote->handle, 0, CS_TRACK_CURRENT | CS_TRACK_CHANGES) != CS_OK)
        disconnect(vote);
}

static void on_timer(void *data)
{
    struct vote *vote = data;

    vote->timer = 0;
    if (!vote->connected)
        try_connect(vote);
    else
        say(vote);
    later(vote, vote->connected ? vote->timeout_ms / POLLS_IN_TIMEOUT : TRY_AGAIN_MS);
}

/* --- for the daemon --- */

struct vote *vote_open(qb_loop_t *loop, bool (*holds)(void *context, const uint32_t *nodes, size_t count),
                       void *context)
{
    struct vote *vote = hf_calloc(1, sizeof(*vote));

    *vote = (struct vote){.loop = loop, .holds = holds, .context = context};
    later(vote, 0);
    return vote;
}

bool vote_is_cast(const struct vote *vote)
{
    return vote != NULL && vote->connected;
}

void vote_refresh(struct vote *vote)
{
    bool cast;

    if (vote == NULL || !vote->asked)
        return;
    cast = vote->holds(vote->context, vote->nodes, vote->n_nodes);
    if (cast == vote->cast)
        return;
    vote->cast = cast;
    say(vote);
}

void vote_close(struct vote *vote)
{
    if (vote == NULL)
        return;
    if (vote->timer != 0)
        qb_loop_timer_del(vote->loop, vote->timer);
    disconnect(vote);
    free(vote);
}
