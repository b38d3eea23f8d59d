/* agent.c - see agent.h. */
#include "daemon/guard/agent.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/socket.h"

enum { RETRY_MS = 50 };

struct guard_agent {
    int fd;
    uint32_t serial;
    struct guard_router_state *routers;
    size_t count;
    struct guard_vip_state *vips;
    size_t vip_count;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Forgets what was said, too. */
static void disconnect(struct guard_agent *agent)
{
    if (agent->fd >= 0)
        close(agent->fd);
    agent->fd = -1;
    free(agent->routers);
    free(agent->vips);
    agent->routers = NULL;
    agent->vips = NULL;
    agent->count = agent->vip_count = 0;
}

void guard_agent_close(struct guard_agent *agent)
{
    if (agent == NULL)
        return;
    disconnect(agent);
    free(agent);
}

/* The next frame before the clock says until. */
static struct hf_error *receive(struct guard_agent *agent, int64_t until, struct guard_frame *frame)
{
    uint8_t bytes[GUARD_FRAME_MAX + 1];
    struct pollfd wait = {.fd = agent->fd, .events = POLLIN};
    int64_t left = until - now_ms();
    ssize_t length;
    int ready;

    do
        ready = poll(&wait, 1, left > 0 ? (int)left : 0);
    while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return hf_error_new(HF_FAILED, "holdfast-guard did not answer in time");
    length = recv(agent->fd, bytes, sizeof(bytes), 0);
    if (length <= 0)
        return hf_error_new(HF_FAILED, "holdfast-guard ended, or closed the connection");
    return guard_decode(bytes, (size_t)length, frame);
}

static struct hf_error *transmit(const struct guard_agent *agent, const struct guard_frame *frame)
{
    struct hf_buf bytes HF_CLEANUP(hf_buf_free) = {0};
    struct hf_error *error = guard_encode(frame, &bytes);

    if (error == NULL && send(agent->fd, bytes.data, bytes.length, MSG_NOSIGNAL) < 0)
        error = hf_error_errno(errno, "cannot speak with holdfast-guard");
    return error;
}

static void keep(struct guard_agent *agent, const struct guard_router_state *router)
{
    agent->routers = hf_realloc(agent->routers, agent->count + 1, sizeof(*agent->routers));
    agent->routers[agent->count++] = *router;
}

static void keep_vip(struct guard_agent *agent, const struct guard_vip_state *vip)
{
    agent->vips = hf_realloc(agent->vips, agent->vip_count + 1, sizeof(*agent->vips));
    agent->vips[agent->vip_count++] = *vip;
}

static struct hf_error *greet(struct guard_agent *agent, int64_t until)
{
    const struct guard_frame hello = {.type = GUARD_HELLO, .kind = GUARD_AGENT, .pid = (uint32_t)getpid()};
    struct guard_frame frame = {0};
    struct hf_error *error = transmit(agent, &hello);

    while (error == NULL && frame.type != GUARD_SYNCED) {
        error = receive(agent, until, &frame);
        if (error == NULL && frame.type == GUARD_ROUTER)
            keep(agent, &frame.router_state);
        if (error == NULL && frame.type == GUARD_VIP)
            keep_vip(agent, &frame.vip_state);
    }
    return error;
}

static struct hf_error *no_guard(const char *path)
{
    return hf_error_new(
        HF_FAILED,
        "there is no holdfast-guard at %s: is it running (systemctl status holdfast-guard), and "
        "are you root?",
        path);
}

struct hf_error *guard_agent_open(const char *socket, int timeout_ms, struct guard_agent **result)
{
    const char *path = socket == NULL ? GUARD_SOCKET : socket;
    const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
    struct guard_agent *agent = hf_calloc(1, sizeof(*agent));
    int64_t until = now_ms() + timeout_ms;
    struct hf_error *error = NULL;

    agent->fd = -1;
    /* One that ends while it greets, or has no room, is tried again, too. */
    do {
        hf_error_free(error);
        hf_error_free(hf_socket_connect(path, SOCK_SEQPACKET, 0, &agent->fd));
        error = agent->fd >= 0 ? greet(agent, until) : no_guard(path);
        if (error == NULL || now_ms() >= until)
            break;
        disconnect(agent);
        nanosleep(&pause, NULL);
    } while (true);
    if (error != NULL) {
        guard_agent_close(agent);
        return error;
    }
    *result = agent;
    return NULL;
}

struct hf_error *guard_agent_order(struct guard_agent *agent, const struct guard_frame *order, int timeout_ms,
                                   char **refusal)
{
    struct guard_frame sent = *order, frame = {0};
    int64_t until = now_ms() + timeout_ms;
    struct hf_error *error;

    *refusal = NULL;
    sent.serial = ++agent->serial;
    error = transmit(agent, &sent);
    while (error == NULL) {
        error = receive(agent, until, &frame);
        if (error == NULL && frame.type == GUARD_ANSWER && frame.answer.serial == sent.serial)
            break;
    }
    if (error == NULL && !frame.answer.done)
        *refusal = hf_strdup(frame.answer.text);
    return error;
}

const struct guard_router_state *guard_agent_router(const struct guard_agent *agent, const char *id)
{
    for (size_t i = 0; i < agent->count; i++)
        if (strcmp(agent->routers[i].id, id) == 0)
            return &agent->routers[i];
    return NULL;
}

const struct guard_router_state *guard_agent_routers(const struct guard_agent *agent, size_t *count)
{
    *count = agent->count;
    return agent->routers;
}

const char *guard_agent_address_fault(const struct guard_agent *agent, const char *id)
{
    size_t length = strlen(id);

    /* A router's VIPs are named after it: ID/1, ID/2... */
    for (size_t i = 0; i < agent->vip_count; i++) {
        const struct guard_vip_state *vip = &agent->vips[i];

        if ((vip->vip.flags & GUARD_VIP_ROUTED) && strncmp(vip->vip.id, id, length) == 0 &&
            vip->vip.id[length] == '/' && vip->fault[0] != '\0')
            return vip->fault;
    }
    return "";
}
