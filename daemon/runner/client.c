/* client.c - holdfastd's half of the runner's socket; see client.h.
 *
 * States: detached (a timer tries again), greeting (connected, HELLO sent), attached (the runner's HELLO has
 * come).  After a reconnection to the same runner a LIST of our own comes first: a call that is neither in it
 * nor among the results that come before it was lost on the way. */
#include "daemon/runner/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/runner/outbound.h"
#include "lib/child.h"
#include "lib/log.h"
#include "lib/socket.h"

enum {
    RETRY_MIN_MS = 20,
    RETRY_MAX_MS = 1000,
    START_EVERY = 8, /* tries between two attempts to start a runner */
};

/* What was asked for and has not been answered for good. */
struct asked {
    bool cancel;             /* a CANCEL; else a RUN */
    bool doubtful;           /* sent over a connection that was lost since */
    bool reported;           /* a recurring one: its first result is known */
    struct runner_call call; /* without parameters */
};

struct runner_client {
    qb_loop_t *loop;
    const struct runner_client_hooks *hooks;
    void *context;
    char *socket_path;
    char *program; /* "": none */
    bool observer;
    int fd; /* -1: detached */
    bool greeted, checking, wants_to_write;
    uint64_t instance; /* of the runner that we knew last; 0: none */
    struct outbound outbound;
    struct asked *asked;
    size_t asked_count, asked_capacity;
    unsigned lists_wanted; /* asked for while detached */
    qb_loop_timer_handle timer;
    bool timer_set;
    int retry_ms;
    unsigned tries; /* since the last connection */
    char frame[RUNNER_FRAME_MAX + 1];
};

static int32_t socket_event(int32_t fd, int32_t revents, void *data);
static void retry_later(struct runner_client *client);

/* --- what is unanswered --- */

static void asked_drop(struct runner_client *client, size_t index)
{
    runner_call_clear(&client->asked[index].call);
    client->asked_count--;
    memmove(client->asked + index, client->asked + index + 1,
            (client->asked_count - index) * sizeof(*client->asked));
}

static void asked_add(struct runner_client *client, bool cancel, const struct runner_call *call)
{
    struct runner_call bare = *call;

    bare.params = NULL;
    bare.param_count = 0;
    hf_grow(&client->asked, &client->asked_capacity, client->asked_count + 1, sizeof(*client->asked));

    struct asked *asked = &client->asked[client->asked_count++];

    *asked = (struct asked){.cancel = cancel};
    runner_call_copy(&asked->call, &bare);
}

static bool same_recurring(const struct runner_call *call, const char *resource, const char *operation,
                           uint32_t interval_ms)
{
    return call->interval_ms == interval_ms && strcmp(call->resource, resource) == 0 &&
           strcmp(call->operation, operation) == 0;
}

/* Strikes off what this result is the last word on. */
static void asked_answered(struct runner_client *client, const struct runner_result *result)
{
    bool over = result->status == RUNNER_CANCELLED || result->status == RUNNER_INVALID;
    bool cancel_answered = false;

    for (size_t i = 0; i < client->asked_count;) {
        struct asked *asked = &client->asked[i];
        bool strike;

        if (asked->cancel)
            strike = over && !cancel_answered &&
                     same_recurring(&asked->call, result->resource, result->operation, result->interval_ms);
        else
            strike = asked->call.id == result->call_id && (result->interval_ms == 0 || over);
        asked->reported = asked->reported || (!asked->cancel && asked->call.id == result->call_id);
        cancel_answered = cancel_answered || (strike && asked->cancel);
        if (strike)
            asked_drop(client, i);
        else
            i++;
    }
}

/* Recurring operations that have said how it is end with their runner, and nobody waits for them: that is no
 * news of the resource. */
static void drop_reported(struct runner_client *client)
{
    for (size_t i = client->asked_count; i-- > 0;)
        if (client->asked[i].doubtful && client->asked[i].reported)
            asked_drop(client, i);
}

/* Tells that the first unanswered call that was lost with its runner is lost, and strikes it off. False if
 * there is none. One at a time, because the hook may ask for more. */
static bool tell_one_lost(struct runner_client *client)
{
    for (size_t i = 0; i < client->asked_count; i++) {
        if (!client->asked[i].doubtful)
            continue;

        struct runner_call call = client->asked[i].call;
        const struct runner_result result = {.call_id = client->asked[i].cancel ? 0 : call.id,
                                             .resource = call.resource,
                                             .operation = call.operation,
                                             .interval_ms = call.interval_ms,
                                             .expected_rc = call.expected_rc,
                                             .class = call.class,
                                             .provider = call.provider,
                                             .type = call.type,
                                             .rc = RUNNER_OCF_ERROR,
                                             .status = RUNNER_NOT_CONNECTED,
                                             .reason = (char *)"the agent runner was lost while it ran this",
                                             .output = (char *)"",
                                             .userdata = call.userdata,
                                             .userdata_length = call.userdata_length};

        client->asked[i].call = (struct runner_call){0};
        asked_drop(client, i);
        client->hooks->result(client->context, &result);
        runner_call_clear(&call);
        return true;
    }
    return false;
}

/* What the hook asks for meanwhile is not doubtful: this ends. */
static void tell_lost(struct runner_client *client)
{
    drop_reported(client);
    while (tell_one_lost(client))
        continue;
}

/* --- sending --- */

static void flush(struct runner_client *client)
{
    if (!client->greeted)
        return;

    /* A broken connection is noticed by reading. */
    bool full = outbound_flush(&client->outbound, client->fd) == OUTBOUND_FULL;

    if (full == client->wants_to_write)
        return;
    client->wants_to_write = full;
    qb_loop_poll_mod(client->loop, QB_LOOP_MED, client->fd, POLLIN | (full ? POLLOUT : 0), client,
                     socket_event);
}

static struct hf_error *send_frame(struct runner_client *client, const struct runner_frame *frame)
{
    struct hf_error *error = outbound_add(&client->outbound, frame);

    if (error == NULL)
        flush(client);
    return error;
}

struct hf_error *runner_client_run(struct runner_client *client, const struct runner_call *call)
{
    /* Encoding reads only, so the caller's strings can be lent to the frame. */
    const struct runner_frame frame = {.type = RUNNER_RUN, .call = *call};
    struct hf_error *error = send_frame(client, &frame);

    if (error != NULL)
        return hf_error_wrap(error, "%s of %s", call->operation, call->resource);
    for (size_t i = 0; call->interval_ms > 0 && i < client->asked_count; i++) {
        const struct asked *asked = &client->asked[i];

        if (asked->cancel ||
            !same_recurring(&asked->call, call->resource, call->operation, call->interval_ms))
            continue;
        asked_drop(client, i);
        break;
    }
    asked_add(client, false, call);
    return NULL;
}

struct hf_error *runner_client_cancel(struct runner_client *client, const char *resource,
                                      const char *operation, uint32_t interval_ms)
{
    const struct runner_frame frame = {.type = RUNNER_CANCEL,
                                       .resource = (char *)resource,
                                       .operation = (char *)operation,
                                       .interval_ms = interval_ms};
    const struct runner_call call = {.resource = (char *)resource,
                                     .operation = (char *)operation,
                                     .interval_ms = interval_ms,
                                     .expected_rc = -1,
                                     .class = (char *)"",
                                     .provider = (char *)"",
                                     .type = (char *)""};
    struct hf_error *error = send_frame(client, &frame);

    if (error == NULL)
        asked_add(client, true, &call);
    return error;
}

struct hf_error *runner_client_forget(struct runner_client *client, const char *resource)
{
    const struct runner_frame frame = {.type = RUNNER_FORGET, .resource = (char *)resource};
    struct hf_error *error = send_frame(client, &frame);

    for (size_t i = client->asked_count; error == NULL && i-- > 0;)
        if (!client->asked[i].cancel && client->asked[i].call.interval_ms > 0 &&
            strcmp(client->asked[i].call.resource, resource) == 0)
            asked_drop(client, i);
    return error;
}

struct hf_error *runner_client_hurry(struct runner_client *client, const char *resource)
{
    const struct runner_frame frame = {.type = RUNNER_HURRY, .resource = (char *)resource};

    return send_frame(client, &frame);
}

static void send_or_die(struct runner_client *client, const struct runner_frame *frame)
{
    struct hf_error *error = send_frame(client, frame);

    /* Frames without content cannot break a limit. */
    if (error != NULL)
        abort();
}

void runner_client_list(struct runner_client *client)
{
    const struct runner_frame frame = {.type = RUNNER_LIST};

    if (client->greeted)
        send_or_die(client, &frame);
    else
        client->lists_wanted++;
}

void runner_client_ack(struct runner_client *client, uint64_t sequence)
{
    const struct runner_frame frame = {.type = RUNNER_ACK, .sequence = sequence};

    /* Sequences are an instance's own: one that cannot be told now is sent again by the runner anyway. */
    if (sequence != 0 && client->greeted)
        send_or_die(client, &frame);
}

bool runner_client_attached(const struct runner_client *client)
{
    return client->greeted;
}

/* --- receiving --- */

static void greeted(struct runner_client *client, uint64_t instance)
{
    bool same = client->instance == instance;
    struct outbound later = client->outbound;
    const struct runner_frame list = {.type = RUNNER_LIST};

    client->instance = instance;
    client->greeted = true;
    client->tries = 0;
    client->retry_ms = RETRY_MIN_MS;
    if (same) {
        /* Our own list goes before everything else. */
        client->outbound = (struct outbound){0};
        client->checking = true;
        send_or_die(client, &list);
        outbound_join(&client->outbound, &later);
    }
    flush(client);
    client->hooks->attached(client->context, same);
    if (!same)
        tell_lost(client);
    for (; client->lists_wanted > 0; client->lists_wanted--)
        runner_client_list(client);
}

static void note_known(struct runner_client *client, uint64_t call_id)
{
    for (size_t i = 0; i < client->asked_count; i++)
        if (!client->asked[i].cancel && client->asked[i].call.id == call_id)
            client->asked[i].doubtful = false;
}

static struct hf_error *handle(struct runner_client *client, const struct runner_frame *frame)
{
    switch (frame->type) {
    case RUNNER_HELLO:
        if (!client->greeted)
            greeted(client, frame->instance);
        return NULL;
    case RUNNER_RESULT:
        asked_answered(client, &frame->result);
        client->hooks->result(client->context, &frame->result);
        return NULL;
    case RUNNER_HISTORY:
        if (client->checking)
            note_known(client, frame->result.call_id);
        else if (client->hooks->history != NULL)
            client->hooks->history(client->context, &frame->result);
        return NULL;
    case RUNNER_END:
        if (client->checking) {
            client->checking = false;
            tell_lost(client);
        } else if (client->hooks->history_end != NULL) {
            client->hooks->history_end(client->context);
        }
        return NULL;
    default:
        return hf_error_new(HF_REFUSED, "the agent runner sent a frame of type %u, which only clients send",
                            (unsigned)frame->type);
    }
}

/* One packet. False if there is none, or the connection is over (*lost). */
static bool receive(struct runner_client *client, bool *lost)
{
    ssize_t length = recv(client->fd, client->frame, sizeof(client->frame), MSG_DONTWAIT);
    struct runner_frame frame;

    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (length <= 0) {
        *lost = true;
        return false;
    }

    HF_CLEANUP(hf_error_freep) struct hf_error *error = runner_decode(client->frame, (size_t)length, &frame);

    if (error == NULL) {
        error = handle(client, &frame);
        runner_frame_clear(&frame);
    }
    if (error != NULL) {
        hf_error_log("connection to the agent runner ends: %s", hf_error_text(error));
        *lost = true;
    }
    return error == NULL;
}

static void detach(struct runner_client *client)
{
    bool was_attached = client->greeted;

    qb_loop_poll_del(client->loop, client->fd);
    close(client->fd);
    client->fd = -1;
    client->greeted = client->checking = client->wants_to_write = false;
    if (was_attached) {
        /* What had not been sent is lost; tell_lost() will say so. */
        outbound_clear(&client->outbound);
        for (size_t i = 0; i < client->asked_count; i++)
            client->asked[i].doubtful = true;
        hf_notice("the connection to the agent runner was lost");
        if (client->hooks->detached != NULL)
            client->hooks->detached(client->context);
    }
    retry_later(client);
}

static int32_t socket_event(int32_t fd, int32_t revents, void *data)
{
    struct runner_client *client = data;
    bool lost = false;

    for (int packets = 0; packets < 32 && receive(client, &lost); packets++)
        continue;
    if (lost || ((revents & (POLLHUP | POLLERR)) != 0 && (revents & POLLIN) == 0))
        detach(client);
    else
        flush(client);
    return 0;
}

/* --- connecting --- */

static bool under_systemd(void)
{
    static const char *const units[] = {"/etc/systemd/system", "/run/systemd/system",
                                        "/usr/lib/systemd/system", "/lib/systemd/system"};

    if (access("/run/systemd/system", F_OK) != 0)
        return false;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(units); i++) {
        HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/holdfast-runner.service", units[i]);

        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* A process of our own service would be killed with it by systemd: there the runner is a unit of its own. */
static void start_runner(struct runner_client *client)
{
    char *const systemctl[] = {(char *)"systemctl", (char *)"start", (char *)"--no-block",
                               (char *)"holdfast-runner.service", NULL};
    char *const program[] = {client->program, (char *)"--socket", client->socket_path, NULL};
    int error;

    if (strcmp(client->program, HF_SBINDIR "/holdfast-runner") == 0 && under_systemd())
        error = hf_child_detach("/usr/bin/systemctl", systemctl);
    else
        error = hf_child_detach(client->program, program);
    if (error != 0)
        hf_error_log("the agent runner %s cannot be started: %s", client->program, strerror(error));
}

static bool try_to_connect(struct runner_client *client)
{
    struct hf_buf hello HF_CLEANUP(hf_buf_free) = {0};
    const struct runner_frame frame = {
        .type = RUNNER_HELLO, .owner = !client->observer, .pid = (uint32_t)getpid()};
    struct hf_error *error = runner_encode(&frame, &hello);

    if (error != NULL)
        abort();
    error = hf_socket_connect(client->socket_path, SOCK_SEQPACKET | SOCK_NONBLOCK, 4 * RUNNER_FRAME_MAX,
                              &client->fd);
    hf_error_free(error);
    if (client->fd < 0)
        return false;
    if (send(client->fd, hello.data, hello.length, MSG_NOSIGNAL) >= 0 &&
        qb_loop_poll_add(client->loop, QB_LOOP_MED, client->fd, POLLIN, client, socket_event) == 0)
        return true;
    close(client->fd);
    client->fd = -1;
    return false;
}

static void try_now(void *data)
{
    struct runner_client *client = data;

    client->timer_set = false;
    if (try_to_connect(client))
        return;
    if (client->tries++ % START_EVERY == 0 && client->program[0] != '\0')
        start_runner(client);
    retry_later(client);
}

static void retry_later(struct runner_client *client)
{
    client->timer_set = qb_loop_timer_add(client->loop, QB_LOOP_MED, (uint64_t)client->retry_ms * 1000000,
                                          client, try_now, &client->timer) == 0;
    client->retry_ms = client->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : client->retry_ms * 2;
}

struct runner_client *runner_client_new(qb_loop_t *loop, const struct runner_client_settings *settings,
                                        const struct runner_client_hooks *hooks, void *context)
{
    struct runner_client *client = hf_calloc(1, sizeof(*client));

    client->loop = loop;
    client->hooks = hooks;
    client->context = context;
    client->socket_path = hf_strdup(settings->socket == NULL ? RUNNER_SOCKET : settings->socket);
    client->program =
        hf_strdup(settings->program == NULL ? HF_SBINDIR "/holdfast-runner" : settings->program);
    client->observer = settings->observer;
    client->fd = -1;
    client->retry_ms = RETRY_MIN_MS;
    client->timer_set = qb_loop_timer_add(loop, QB_LOOP_MED, 0, client, try_now, &client->timer) == 0;
    return client;
}

void runner_client_free(struct runner_client *client)
{
    if (client == NULL)
        return;
    if (client->timer_set)
        qb_loop_timer_del(client->loop, client->timer);
    if (client->fd >= 0) {
        qb_loop_poll_del(client->loop, client->fd);
        close(client->fd);
    }
    outbound_clear(&client->outbound);
    while (client->asked_count > 0)
        asked_drop(client, client->asked_count - 1);
    free(client->asked);
    free(client->socket_path);
    free(client->program);
    free(client);
}
