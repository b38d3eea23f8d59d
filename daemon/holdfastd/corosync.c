/* corosync.c - see corosync.h. */
#include "daemon/holdfastd/corosync.h"

#include <corosync/cmap.h>
#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/log.h"

#define GROUP_NAME "holdfast"
#define MS_TO_NS(ms) ((uint64_t)(ms)*1000000)

enum {
    RECONNECT_MS = 500,
    SEND_RETRY_MS = 1,
    DEFAULT_TOKEN_MS = 3000,
    QUORUM_WAIT_MS = 3000, /* libquorum silent for so long after a change: not quorate */
};

/* Something libcpg said, kept until it is known how it stands with quorum; or a message to be sent. */
struct item {
    struct item *next;
    uint32_t node, pid;
    struct corosync_member *members; /* members, joined, left behind each other; NULL for a message */
    int n_members, n_joined, n_left;
    size_t length;
    char bytes[];
};

struct queue {
    struct item *first, **last;
    size_t bytes;
};

struct corosync {
    qb_loop_t *loop;
    struct corosync_handlers on;
    bool connected;
    uint32_t self;

    cpg_handle_t cpg;
    quorum_handle_t quorum;
    cmap_handle_t cmap;
    cmap_track_handle_t track;
    int cpg_fd, quorum_fd, cmap_fd;
    qb_loop_timer_handle reconnect, send_retry, quorum_wait;

    struct queue held;    /* said by libcpg, not handed on yet */
    struct queue out;     /* to be sent */
    bool ring_changing;   /* libcpg told of machines, its ring callback is to come */
    uint64_t group_ring;  /* of libcpg's last ring callback */
    uint64_t quorum_ring; /* of libquorum's last word */
    bool quorate;         /* libquorum's last word */
    bool told_quorate;    /* what the daemon was told last */
    uint64_t told_ring;
    uint32_t heard[COROSYNC_NODES_MAX]; /* the machines of the ring */
    int n_heard;
    bool closing;
};

static void try_connect(void *data);
static void disconnect(struct corosync *link, const char *why);

/* --- queues --- */

static void queue_init(struct queue *queue)
{
    *queue = (struct queue){.last = &queue->first};
}

static void queue_add(struct queue *queue, struct item *item)
{
    *queue->last = item;
    queue->last = &item->next;
    queue->bytes += item->length;
}

static struct item *queue_take(struct queue *queue)
{
    struct item *item = queue->first;

    if (item == NULL)
        return NULL;
    queue->first = item->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    queue->bytes -= item->length;
    return item;
}

static void item_free(struct item *item)
{
    if (item != NULL)
        free(item->members);
    free(item);
}

static void queue_clear(struct queue *queue)
{
    for (struct item *item; (item = queue_take(queue)) != NULL;)
        item_free(item);
}

static struct item *message_item(uint32_t node, uint32_t pid, const void *bytes, size_t length)
{
    struct item *item = hf_calloc(1, sizeof(*item) + length);

    item->node = node;
    item->pid = pid;
    item->length = length;
    memcpy(item->bytes, bytes, length);
    return item;
}

/* --- handing on --- */

static bool settled(const struct corosync *link)
{
    return !link->connected || (!link->ring_changing && link->group_ring == link->quorum_ring);
}

static void hand_on(struct corosync *link, const struct item *item)
{
    if (item->members == NULL) {
        link->on.message(link->on.context, item->node, item->pid, item->bytes, item->length);
        return;
    }

    struct corosync_view view = {
        .members = item->members,
        .n_members = item->n_members,
        .joined = item->members + item->n_members,
        .n_joined = item->n_joined,
        .left = item->members + item->n_members + item->n_joined,
        .n_left = item->n_left,
        .quorate = link->quorate,
        .ring = link->quorum_ring,
    };

    link->told_quorate = view.quorate;
    link->told_ring = view.ring;
    link->on.view(link->on.context, &view);
}

static void hand_on_held(struct corosync *link)
{
    struct item *item;

    while (settled(link) && (item = queue_take(&link->held)) != NULL) {
        hand_on(link, item);
        item_free(item);
    }
    if (settled(link) && link->connected &&
        (link->told_quorate != link->quorate || link->told_ring != link->quorum_ring)) {
        link->told_quorate = link->quorate;
        link->told_ring = link->quorum_ring;
        link->on.quorum(link->on.context, link->quorate, link->quorum_ring);
    }
}

static void quorum_is_silent(void *data)
{
    struct corosync *link = data;

    link->quorum_wait = 0;
    if (settled(link))
        return;
    hf_warn("corosync: no word about quorum for %d ms after a change of members: not quorate",
            QUORUM_WAIT_MS);
    link->quorate = false;
    link->ring_changing = false;
    link->quorum_ring = link->group_ring;
    hand_on_held(link);
}

static void hold(struct corosync *link, struct item *item)
{
    queue_add(&link->held, item);
    hand_on_held(link);
    if (!settled(link) && link->quorum_wait == 0)
        qb_loop_timer_add(link->loop, QB_LOOP_HIGH, MS_TO_NS(QUORUM_WAIT_MS), link, quorum_is_silent,
                          &link->quorum_wait);
}

/* --- libcpg --- */

static struct corosync *link_of_cpg(cpg_handle_t handle)
{
    void *context = NULL;

    cpg_context_get(handle, &context);
    return context;
}

static void on_deliver(cpg_handle_t handle, const struct cpg_name *group, uint32_t node, uint32_t pid,
                       void *bytes, size_t length)
{
    hold(link_of_cpg(handle), message_item(node, pid, bytes, length));
}

static void copy_members(struct corosync_member *to, const struct cpg_address *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool machine = from[i].reason == CPG_REASON_NODEDOWN || from[i].reason == CPG_REASON_NODEUP;

        to[i] = (struct corosync_member){from[i].nodeid, from[i].pid,
                                         machine ? COROSYNC_LEFT_MACHINE : COROSYNC_LEFT_PROCESS};
    }
}

static void on_confchg(cpg_handle_t handle, const struct cpg_name *group, const struct cpg_address *members,
                       size_t n_members, const struct cpg_address *left, size_t n_left,
                       const struct cpg_address *joined, size_t n_joined)
{
    struct corosync *link = link_of_cpg(handle);
    struct item *item = hf_calloc(1, sizeof(*item));

    item->members = hf_calloc(n_members + n_joined + n_left, sizeof(*item->members));
    item->n_members = (int)n_members;
    item->n_joined = (int)n_joined;
    item->n_left = (int)n_left;
    copy_members(item->members, members, n_members);
    copy_members(item->members + n_members, joined, n_joined);
    copy_members(item->members + n_members + n_joined, left, n_left);
    for (int i = (int)n_members; i < (int)(n_members + n_joined + n_left); i++)
        if (item->members[i].left == COROSYNC_LEFT_MACHINE)
            link->ring_changing = true;
    hold(link, item);
}

static void on_ring(cpg_handle_t handle, struct cpg_ring_id ring, uint32_t count, const uint32_t *nodes)
{
    struct corosync *link = link_of_cpg(handle);

    link->n_heard = (int)(count < COROSYNC_NODES_MAX ? count : COROSYNC_NODES_MAX);
    memcpy(link->heard, nodes, (size_t)link->n_heard * sizeof(nodes[0]));
    link->group_ring = ring.seq;
    link->ring_changing = false;
    hand_on_held(link);
}

static int32_t cpg_ready(int32_t fd, int32_t events, void *data)
{
    struct corosync *link = data;

    if ((events & (POLLHUP | POLLNVAL | POLLERR)) != 0 || cpg_dispatch(link->cpg, CS_DISPATCH_ALL) != CS_OK) {
        if (!link->closing)
            disconnect(link, "the connection to corosync (cpg) was lost");
        return -1;
    }
    return 0;
}

/* --- libquorum --- */

static void on_quorum(quorum_handle_t handle, uint32_t quorate, struct quorum_ring_id ring, uint32_t count,
                      const uint32_t *nodes)
{
    const void *context = NULL;

    quorum_context_get(handle, &context);

    struct corosync *link = (struct corosync *)context;

    link->quorate = quorate != 0;
    link->quorum_ring = ring.seq;
    if (link->quorum_wait != 0) {
        qb_loop_timer_del(link->loop, link->quorum_wait);
        link->quorum_wait = 0;
    }
    hand_on_held(link);
}

static int32_t quorum_ready(int32_t fd, int32_t events, void *data)
{
    struct corosync *link = data;

    if ((events & (POLLHUP | POLLNVAL | POLLERR)) != 0 ||
        quorum_dispatch(link->quorum, CS_DISPATCH_ALL) != CS_OK) {
        if (!link->closing)
            disconnect(link, "the connection to corosync (quorum) was lost");
        return -1;
    }
    return 0;
}

/* --- libcmap: the names of the nodes --- */

static void read_nodes(struct corosync *link)
{
    struct corosync_node nodes[COROSYNC_NODES_MAX];
    int count = 0;
    char *cluster_name = NULL;

    cmap_get_string(link->cmap, "totem.cluster_name", &cluster_name);
    for (int i = 0; i < COROSYNC_NODES_MAX; i++) {
        char key[CMAP_KEYNAME_MAXLEN + 1];
        char *name = NULL;
        uint32_t id;

        snprintf(key, sizeof(key), "nodelist.node.%d.nodeid", i);
        if (cmap_get_uint32(link->cmap, key, &id) != CS_OK)
            continue;
        snprintf(key, sizeof(key), "nodelist.node.%d.name", i);
        if (cmap_get_string(link->cmap, key, &name) != CS_OK) {
            snprintf(key, sizeof(key), "nodelist.node.%d.ring0_addr", i);
            if (cmap_get_string(link->cmap, key, &name) != CS_OK)
                continue;
        }
        nodes[count].id = id;
        snprintf(nodes[count].name, sizeof(nodes[count].name), "%s", name);
        count++;
        free(name);
    }
    link->on.nodes(link->on.context, nodes, count, cluster_name != NULL ? cluster_name : "");
    free(cluster_name);
}

uint32_t corosync_notice_ms(const struct corosync *link)
{
    uint32_t token = DEFAULT_TOKEN_MS, consensus = 0;

    if (link->cmap == 0 || cmap_get_uint32(link->cmap, "runtime.config.totem.token", &token) != CS_OK)
        token = DEFAULT_TOKEN_MS;
    if (link->cmap == 0 || cmap_get_uint32(link->cmap, "runtime.config.totem.consensus", &consensus) != CS_OK)
        consensus = token + token / 5;
    return token + consensus;
}

static void on_cmap_change(cmap_handle_t handle, cmap_track_handle_t track, int32_t event, const char *key,
                           struct cmap_notify_value new_value, struct cmap_notify_value old_value, void *data)
{
    read_nodes(data);
}

static int32_t cmap_ready(int32_t fd, int32_t events, void *data)
{
    struct corosync *link = data;

    if ((events & (POLLHUP | POLLNVAL | POLLERR)) != 0 ||
        cmap_dispatch(link->cmap, CS_DISPATCH_ALL) != CS_OK) {
        if (!link->closing)
            disconnect(link, "the connection to corosync (cmap) was lost");
        return -1;
    }
    return 0;
}

/* --- connecting --- */

/* The group of one that a node without corosync is. */
static void be_alone(struct corosync *link)
{
    struct item *item = hf_calloc(1, sizeof(*item));

    item->members = hf_calloc(1, sizeof(*item->members));
    item->members[0] = (struct corosync_member){.node = link->self, .pid = (uint32_t)getpid()};
    item->n_members = 1;
    link->quorate = false;
    link->quorum_ring = link->group_ring;
    hand_on(link, item);
    item_free(item);
}

static void retry_later(struct corosync *link)
{
    qb_loop_timer_add(link->loop, QB_LOOP_LOW, MS_TO_NS(RECONNECT_MS), link, try_connect, &link->reconnect);
}

static void release(struct corosync *link)
{
    if (link->cpg_fd >= 0)
        qb_loop_poll_del(link->loop, link->cpg_fd);
    if (link->quorum_fd >= 0)
        qb_loop_poll_del(link->loop, link->quorum_fd);
    if (link->cmap_fd >= 0)
        qb_loop_poll_del(link->loop, link->cmap_fd);
    link->cpg_fd = link->quorum_fd = link->cmap_fd = -1;
    if (link->cpg != 0)
        cpg_finalize(link->cpg);
    if (link->quorum != 0)
        quorum_finalize(link->quorum);
    if (link->cmap != 0)
        cmap_finalize(link->cmap);
    link->cpg = link->quorum = link->cmap = 0;
}

static void loop_back(void *data);

static void disconnect(struct corosync *link, const char *why)
{
    hf_error_log("corosync: %s: this node is alone and has no quorum until corosync is back", why);
    release(link);
    link->connected = false;
    link->ring_changing = false;
    queue_clear(&link->held);
    if (link->quorum_wait != 0)
        qb_loop_timer_del(link->loop, link->quorum_wait);
    if (link->send_retry != 0)
        qb_loop_timer_del(link->loop, link->send_retry);
    link->quorum_wait = link->send_retry = 0;
    queue_clear(&link->out);
    be_alone(link);
    retry_later(link);
}

/* Each step's error, or NULL if all three connections stand. */
static const char *connect_all(struct corosync *link)
{
    cpg_model_v1_data_t model = {
        .model = CPG_MODEL_V1,
        .cpg_deliver_fn = on_deliver,
        .cpg_confchg_fn = on_confchg,
        .cpg_totem_confchg_fn = on_ring,
        .flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
    };
    quorum_model_v1_data_t quorum_model = {.model = QUORUM_MODEL_V1, .quorum_notify_fn = on_quorum};
    struct cpg_name group = {.length = strlen(GROUP_NAME), .value = GROUP_NAME};
    uint32_t quorum_type = 0;

    if (cmap_initialize(&link->cmap) != CS_OK) {
        link->cmap = 0;
        return "cmap";
    }
    if (cpg_model_initialize(&link->cpg, CPG_MODEL_V1, (cpg_model_data_t *)&model, link) != CS_OK) {
        link->cpg = 0;
        return "cpg";
    }
    if (quorum_model_initialize(&link->quorum, QUORUM_MODEL_V1, (quorum_model_data_t *)&quorum_model,
                                &quorum_type, link) != CS_OK) {
        link->quorum = 0;
        return "quorum";
    }
    if (quorum_type != QUORUM_SET)
        hf_warn("corosync: no quorum provider is configured: expected 'provider: corosync_votequorum'");
    if (cpg_local_get(link->cpg, &link->self) != CS_OK || cpg_fd_get(link->cpg, &link->cpg_fd) != CS_OK ||
        quorum_fd_get(link->quorum, &link->quorum_fd) != CS_OK ||
        cmap_fd_get(link->cmap, &link->cmap_fd) != CS_OK)
        return "descriptors";
    if (quorum_trackstart(link->quorum, CS_TRACK_CHANGES | CS_TRACK_CURRENT) != CS_OK)
        return "quorum tracking";
    if (cmap_track_add(link->cmap, "nodelist.",
                       CMAP_TRACK_ADD | CMAP_TRACK_DELETE | CMAP_TRACK_MODIFY | CMAP_TRACK_PREFIX,
                       on_cmap_change, link, &link->track) != CS_OK)
        return "cmap tracking";
    if (cpg_join(link->cpg, &group) != CS_OK)
        return "joining the group";
    return NULL;
}

static void try_connect(void *data)
{
    struct corosync *link = data;

    link->reconnect = 0;

    const char *failed = connect_all(link);

    if (failed != NULL) {
        hf_debug("corosync: not reachable yet (%s)", failed);
        release(link);
        retry_later(link);
        return;
    }
    hf_notice("corosync: connected, this is node %u", link->self);
    link->connected = true;
    link->ring_changing = true; /* until libcpg's first ring callback */
    queue_clear(&link->out);
    read_nodes(link);
    qb_loop_poll_add(link->loop, QB_LOOP_HIGH, link->cpg_fd, POLLIN, link, cpg_ready);
    qb_loop_poll_add(link->loop, QB_LOOP_HIGH, link->quorum_fd, POLLIN, link, quorum_ready);
    qb_loop_poll_add(link->loop, QB_LOOP_LOW, link->cmap_fd, POLLIN, link, cmap_ready);
}

static void start(void *data)
{
    struct corosync *link = data;

    link->reconnect = 0;
    try_connect(link);
    if (!link->connected)
        hf_warn("corosync: not reachable: this node does nothing until corosync runs");
}

struct corosync *corosync_open(qb_loop_t *loop, const struct corosync_handlers *handlers)
{
    struct corosync *link = hf_calloc(1, sizeof(*link));

    link->loop = loop;
    link->on = *handlers;
    link->cpg_fd = link->quorum_fd = link->cmap_fd = -1;
    queue_init(&link->held);
    queue_init(&link->out);
    qb_loop_timer_add(loop, QB_LOOP_HIGH, 0, link, start, &link->reconnect);
    return link;
}

void corosync_close(struct corosync *link)
{
    if (link == NULL)
        return;
    link->closing = true;
    release(link);
    queue_clear(&link->held);
    queue_clear(&link->out);
    if (link->reconnect != 0)
        qb_loop_timer_del(link->loop, link->reconnect);
    if (link->send_retry != 0)
        qb_loop_timer_del(link->loop, link->send_retry);
    if (link->quorum_wait != 0)
        qb_loop_timer_del(link->loop, link->quorum_wait);
    free(link);
}

uint32_t corosync_self(const struct corosync *link)
{
    return link->self;
}

bool corosync_connected(const struct corosync *link)
{
    return link->connected;
}

size_t corosync_backlog(const struct corosync *link)
{
    return link->out.bytes;
}

const uint32_t *corosync_heard(const struct corosync *link, int *count)
{
    *count = link->connected ? link->n_heard : 1;
    return link->connected ? link->heard : &link->self;
}

/* --- sending --- */

static void loop_back(void *data)
{
    struct corosync *link = data;
    struct item *item;

    link->send_retry = 0;
    while (!link->connected && (item = queue_take(&link->out)) != NULL) {
        link->on.message(link->on.context, link->self, (uint32_t)getpid(), item->bytes, item->length);
        item_free(item);
    }
}

static void send_waiting(void *data)
{
    struct corosync *link = data;

    link->send_retry = 0;
    while (link->out.first != NULL) {
        struct item *item = link->out.first;
        struct iovec part = {item->bytes, item->length};
        cs_error_t rc = cpg_mcast_joined(link->cpg, CPG_TYPE_AGREED, &part, 1);

        if (rc == CS_ERR_TRY_AGAIN) {
            qb_loop_timer_add(link->loop, QB_LOOP_HIGH, MS_TO_NS(SEND_RETRY_MS), link, send_waiting,
                              &link->send_retry);
            return;
        }
        if (rc != CS_OK)
            return; /* the connection is gone: its descriptor says so next */
        item_free(queue_take(&link->out));
    }
}

void corosync_send(struct corosync *link, const void *bytes, size_t length)
{
    queue_add(&link->out, message_item(0, 0, bytes, length));
    if (link->send_retry != 0)
        return;
    if (link->connected)
        send_waiting(link);
    else
        qb_loop_timer_add(link->loop, QB_LOOP_HIGH, 0, link, loop_back, &link->send_retry);
}
