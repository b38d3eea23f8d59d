/* control_server.c - the daemon's side of control.h.
 *
 * libqb carries single messages; this file puts the parts of a request together and cuts a reply into
 * parts, which wait in the client's queue when it reads more slowly than the daemon writes.  A client that
 * breaks the rules is disconnected: it can cost one connection and HF_CONTROL_LIMIT bytes, no more. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <qb/qbipcs.h>
#include <stddef.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/control_frame.h"
#include "lib/log.h"

enum {
    RETRY_NS = 1000000,   /* a full ring is tried again after this */
    GIVE_UP_TRIES = 10000 /* a client that reads nothing for this many tries is disconnected */
};

struct client {
    struct client *next;
    struct hf_control_server *server;
    qb_ipcs_connection_t *connection;
    char *user;
    uint64_t handle;          /* of the request being served, 0 if none */
    struct control_part part; /* of the request being received */
    struct hf_buf request;
    char *reply; /* being sent */
    size_t reply_length, reply_sent;
    int tries;
    qb_loop_timer_handle retry;
    bool leaving; /* drop_client() was called */
};

struct hf_control_server {
    qb_loop_t *loop;
    qb_ipcs_service_t *service;
    hf_control_handler *handler;
    void *context;
    struct client *clients;
    uint64_t handles;
};

static char *user_name(uid_t uid)
{
    const struct passwd *user = getpwuid(uid);

    return user != NULL ? hf_strdup(user->pw_name) : hf_asprintf("%u", (unsigned)uid);
}

static bool in_group(uid_t uid, gid_t gid)
{
    const struct group *group = getgrnam("haclient");
    const struct passwd *user;
    gid_t groups[256];
    int count = HF_ARRAY_LENGTH(groups);

    if (group == NULL)
        return false;

    gid_t wanted = group->gr_gid;

    if (gid == wanted)
        return true;
    user = getpwuid(uid);
    if (user == NULL || getgrouplist(user->pw_name, gid, groups, &count) < 0)
        return false;
    for (int i = 0; i < count; i++)
        if (groups[i] == wanted)
            return true;
    return false;
}

static int32_t on_accept(qb_ipcs_connection_t *connection, uid_t uid, gid_t gid)
{
    struct hf_control_server *server = qb_ipcs_connection_service_context_get(connection);
    struct client *client;

    if (uid != 0 && !in_group(uid, gid)) {
        hf_warn("control: refused user %u: not root and not in group haclient", (unsigned)uid);
        return -EACCES;
    }
    qb_ipcs_connection_auth_set(connection, uid, gid, 0600);
    client = hf_calloc(1, sizeof(*client));
    client->server = server;
    client->connection = connection;
    client->user = user_name(uid);
    client->next = server->clients;
    server->clients = client;
    qb_ipcs_context_set(connection, client);
    return 0;
}

static int32_t on_closed(qb_ipcs_connection_t *connection)
{
    return 0;
}

static void on_destroyed(qb_ipcs_connection_t *connection)
{
    struct client *client = qb_ipcs_context_get(connection);

    if (client == NULL)
        return;
    for (struct client **at = &client->server->clients; *at != NULL; at = &(*at)->next) {
        if (*at == client) {
            *at = client->next;
            break;
        }
    }
    if (client->retry != 0)
        qb_loop_timer_del(client->server->loop, client->retry);
    hf_buf_free(&client->request);
    free(client->reply);
    free(client->user);
    free(client);
    qb_ipcs_context_set(connection, NULL);
}

static void disconnect(void *data)
{
    qb_ipcs_connection_t *connection = data;

    qb_ipcs_disconnect(connection);
    qb_ipcs_connection_unref(connection);
}

/* Disconnects a client, but not while libqb is still busy with its message: libqb frees the connection under
 * its own feet when it is disconnected from within the callback. */
static void drop_client(struct client *client)
{
    if (client->leaving)
        return;
    client->leaving = true;
    qb_ipcs_connection_ref(client->connection);
    if (qb_loop_job_add(client->server->loop, QB_LOOP_HIGH, client->connection, disconnect) != 0)
        qb_ipcs_connection_unref(client->connection);
}

/* NULL if the part may be added to what is there, else what is wrong with it. */
static const char *part_fault(const struct client *client, const struct control_request *request, size_t size)
{
    const struct control_part *part = &request->part;

    if (size < sizeof(*request) || size > HF_CONTROL_FRAME)
        return "a message of impossible size";
    if (request->qb.id != CONTROL_PART)
        return "a message of unknown type";
    if (part->length == 0 || part->length != size - sizeof(*request))
        return "a part whose length is wrong";
    if (part->total == 0 || part->total > HF_CONTROL_LIMIT)
        return "a request above the limit";
    if (client->handle != 0)
        return "a request before the last one was answered";
    if (part->offset != client->request.length || part->length > part->total - part->offset)
        return "a part out of order";
    if (part->offset > 0 && (part->call != client->part.call || part->total != client->part.total))
        return "a part of another request";
    return NULL;
}

static int32_t on_message(qb_ipcs_connection_t *connection, void *data, size_t size)
{
    struct client *client = qb_ipcs_context_get(connection);
    struct control_request request = {.qb = {.id = 0}};
    const char *fault;

    if (client == NULL || client->leaving)
        return 0;
    /* libqb's ring buffer aligns to four bytes, its own headers ask for eight: look at a copy */
    memcpy(&request, data, size < sizeof(request) ? size : sizeof(request));
    fault = part_fault(client, &request, size);
    if (fault != NULL) {
        hf_warn("control: disconnected a client that sent %s", fault);
        drop_client(client);
        return 0;
    }
    client->part = request.part;
    hf_buf_add(&client->request, (const char *)data + offsetof(struct control_request, bytes),
               request.part.length);
    if (client->request.length < client->part.total)
        return 0;

    struct hf_control_server *server = client->server;
    size_t length = client->request.length;
    HF_CLEANUP(hf_freep) char *text = hf_buf_take(&client->request);

    client->handle = ++server->handles;
    server->handler(server->context, client->handle, client->user, text, length);
    return 0;
}

static void send_some(void *data)
{
    struct client *client = data;

    client->retry = 0;
    while (client->reply_sent < client->reply_length) {
        size_t left = client->reply_length - client->reply_sent;
        size_t length = left < CONTROL_PART_BYTES ? left : CONTROL_PART_BYTES;
        struct control_reply head = {
            .qb = {.id = CONTROL_PART, .size = (int32_t)(sizeof(head) + length)},
            .part = {client->part.call, (uint32_t)client->reply_length, (uint32_t)client->reply_sent,
                     (uint32_t)length},
        };
        struct iovec parts[] = {{&head, sizeof(head)}, {client->reply + client->reply_sent, length}};
        ssize_t sent = qb_ipcs_response_sendv(client->connection, parts, 2);

        if (sent == -EAGAIN && ++client->tries < GIVE_UP_TRIES) {
            qb_loop_timer_add(client->server->loop, QB_LOOP_MED, RETRY_NS, client, send_some, &client->retry);
            return;
        }
        if (sent < 0) {
            hf_info("control: a client went away before it had its answer: %s", strerror((int)-sent));
            drop_client(client);
            return;
        }
        client->reply_sent += length;
        client->tries = 0;
    }
    free(HF_STEAL(client->reply));
    client->handle = 0;
}

void hf_control_reply(struct hf_control_server *server, uint64_t handle, const char *reply, size_t length)
{
    for (struct client *client = server->clients; client != NULL; client = client->next) {
        if (client->handle != handle || client->reply != NULL)
            continue;
        client->reply = hf_memdup(reply, length);
        client->reply_length = length;
        client->reply_sent = 0;
        send_some(client);
        return;
    }
}

/* libqb gives these no context, so they use its default loop, which is the one the daemon runs. */
static int32_t add_job(enum qb_loop_priority priority, void *data, qb_loop_job_dispatch_fn run)
{
    return qb_loop_job_add(NULL, priority, data, run);
}

static int32_t add_poll(enum qb_loop_priority priority, int32_t fd, int32_t events, void *data,
                        qb_ipcs_dispatch_fn_t run)
{
    return qb_loop_poll_add(NULL, priority, fd, events, data, run);
}

static int32_t modify_poll(enum qb_loop_priority priority, int32_t fd, int32_t events, void *data,
                           qb_ipcs_dispatch_fn_t run)
{
    return qb_loop_poll_mod(NULL, priority, fd, events, data, run);
}

static int32_t delete_poll(int32_t fd)
{
    return qb_loop_poll_del(NULL, fd);
}

struct hf_error *hf_control_listen(qb_loop_t *loop, const char *name, hf_control_handler *handler,
                                   void *context, struct hf_control_server **server)
{
    struct qb_ipcs_service_handlers handlers = {
        .connection_accept = on_accept,
        .msg_process = on_message,
        .connection_closed = on_closed,
        .connection_destroyed = on_destroyed,
    };
    struct qb_ipcs_poll_handlers polls = {add_job, add_poll, modify_poll, delete_poll};
    struct hf_control_server *made = hf_calloc(1, sizeof(*made));

    *server = NULL;
    made->loop = loop;
    made->handler = handler;
    made->context = context;
    made->service = qb_ipcs_create(name, 0, QB_IPC_SHM, &handlers);
    if (made->service == NULL) {
        free(made);
        return hf_error_errno(errno, "cannot make the control socket '%s'", name);
    }
    qb_ipcs_service_context_set(made->service, made);
    qb_ipcs_enforce_buffer_size(made->service, HF_CONTROL_FRAME);
    qb_ipcs_poll_handlers_set(made->service, &polls);

    int32_t rc = qb_ipcs_run(made->service);

    if (rc < 0) {
        free(made);
        return hf_error_errno(-rc, "cannot listen on the control socket '%s': is holdfastd running already?",
                              name);
    }
    *server = made;
    return NULL;
}

void hf_control_unlisten(struct hf_control_server *server)
{
    if (server == NULL)
        return;
    qb_ipcs_destroy(server->service);
    free(server);
}
