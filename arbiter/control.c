/* control.c - the status socket of a lock server: a line in, text out, closed.
 *
 *     status text | status json     what it has; see arbiter/command.h for who prints it
 *     teach CLUSTER TERM            the cluster goes on from TERM (after all records were lost)
 *     new CLUSTER                   the cluster is new: no lock of it was ever granted, do not wait
 *
 * The answer begins with a line `ok' or `error TEXT'. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "arbiter/server-private.h"
#include "lib/log.h"
#include "lib/socket.h"

enum { ADMIN_MS = 5000 };

struct hf_error *control_listen(struct server *server)
{
    struct hf_error *error;

    /* The state directory is locked: nobody else is listening there. */
    error = hf_socket_listen(server->config->status_socket, SOCK_STREAM, 0660, ADMINS, &server->control_fd);
    if (error != NULL)
        return hf_error_wrap(error, "status-socket");
    server_watch(server->epoll_fd, server->control_fd, EPOLLIN, WATCH_CONTROL, 0);
    return NULL;
}

static void end(struct admin *admin)
{
    if (admin->fd >= 0)
        close(admin->fd);
    hf_buf_free(&admin->reply);
    *admin = (struct admin){.fd = -1};
}

void control_close(struct server *server)
{
    for (int i = 0; i < ADMINS; i++)
        end(&server->admins[i]);
    if (server->control_fd < 0)
        return;
    close(server->control_fd);
    unlink(server->config->status_socket);
}

void control_accept(struct server *server)
{
    int fd = accept4(server->control_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return;
    for (uint32_t i = 0; i < ADMINS; i++) {
        if (server->admins[i].fd >= 0)
            continue;
        server->admins[i].fd = fd;
        server->admins[i].deadline = server_now() + ADMIN_MS * NS_PER_MS;
        server_watch(server->epoll_fd, fd, EPOLLIN, WATCH_ADMIN, i);
        return;
    }
    close(fd);
}

void control_expire(struct server *server, int64_t now)
{
    for (int i = 0; i < ADMINS; i++)
        if (server->admins[i].fd >= 0 && server->admins[i].deadline <= now)
            end(&server->admins[i]);
}

/* --- status --- */

/* The walk that prints, with what it needs to know. */
struct printer {
    struct hf_buf *out;
    bool json;
    bool first_cluster, first_lock;
    bool open; /* JSON: a cluster is open */
};

static void close_cluster(struct printer *printer)
{
    if (printer->json && printer->open)
        hf_buf_puts(printer->out, "]}");
    printer->open = false;
}

static void print_cluster(void *context, const struct table_cluster_status *status)
{
    struct printer *printer = context;

    close_cluster(printer);
    if (printer->json) {
        hf_buf_printf(printer->out,
                      "%s{\"cluster\":\"%s\",\"record\":%s,\"ready_ms\":%" PRId64 ",\"top_term\":%" PRIu64
                      ",\"nodes\":%u,\"connected\":%u,\"locks\":[",
                      printer->first_cluster ? "" : ",", status->cluster, status->known ? "true" : "false",
                      status->ready / NS_PER_MS, status->top, status->nodes, status->connected);
        printer->open = true;
    } else {
        hf_buf_printf(printer->out,
                      "cluster %s: %u of %u nodes connected, %u locks, highest term %" PRIu64 "\n",
                      status->cluster, status->connected, status->nodes, status->locks, status->top);
        if (!status->known)
            hf_buf_puts(printer->out, "    NO RECORD: grants nothing until a node that reaches a majority of "
                                      "the other servers, or the operator (`new', `teach'), says the term\n");
        if (status->ready > 0)
            hf_buf_printf(printer->out, "    waits another %.1f s before it grants\n",
                          (double)status->ready / 1e9);
    }
    printer->first_cluster = false;
    printer->first_lock = true;
}

static void print_lock(void *context, const struct table_lock_status *status)
{
    struct printer *printer = context;

    if (printer->json) {
        hf_buf_printf(printer->out,
                      "%s{\"lock\":\"%s\",\"holder\":\"%s\",\"term\":%" PRIu64 ",\"remaining_ms\":%" PRId64
                      ",\"waiting\":%u,\"connected\":%s}",
                      printer->first_lock ? "" : ",", status->lock, status->holder, status->term,
                      status->remaining / NS_PER_MS, status->waiting, status->connected ? "true" : "false");
        printer->first_lock = false;
        return;
    }
    if (status->holder[0] == '\0')
        hf_buf_printf(printer->out, "    %-24s free, term %" PRIu64, status->lock, status->term);
    else
        hf_buf_printf(printer->out, "    %-24s %s, term %" PRIu64 ", %.3f s left%s", status->lock,
                      status->holder, status->term, (double)status->remaining / 1e9,
                      status->connected ? "" : ", not connected");
    if (status->waiting > 0)
        hf_buf_printf(printer->out, ", %u waiting", status->waiting);
    hf_buf_putc(printer->out, '\n');
}

static void print_head_text(const struct server *server, struct hf_buf *out)
{
    hf_buf_printf(
        out, "lock server: up %.0f s, keys for %zu clusters%s, %zu connections (%zu before their HELLO)\n",
        (double)(server_now() - server->started) / 1e9, keyring_count(server->keys),
        server->config->ca != NULL ? " and certificates" : "", server->conn_count,
        server->lists[LIMIT_HANDSHAKE].count);
    if (server->disk_failed)
        hf_buf_printf(out,
                      "DISK: no lock is granted, because the record cannot be written (for %.0f s): %s\n",
                      (double)(server_now() - server->disk_failed_at) / 1e9, server->disk_error);
    else
        hf_buf_printf(out, "disk: good, %" PRIu64 " records in %" PRIu64 " syncs\n", server->grants_synced,
                      server->syncs);
    for (int i = 1; i < REFUSAL_COUNT; i++)
        if (server->refused[i] > 0)
            hf_buf_printf(out, "refused: %" PRIu64 " %s (%s), last from %s\n", server->refused[i],
                          refusal_name((enum refusal)i), refusal_text((enum refusal)i),
                          server->refused_from[i]);
}

static void json_string(struct hf_buf *out, const char *text)
{
    hf_buf_putc(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            hf_buf_putc(out, '\\');
        if ((unsigned char)*text < 0x20)
            hf_buf_printf(out, "\\u%04x", *text);
        else
            hf_buf_putc(out, *text);
    }
    hf_buf_putc(out, '"');
}

static void print_head_json(const struct server *server, struct hf_buf *out)
{
    const char *comma = "";

    hf_buf_printf(out,
                  "{\"up_ms\":%" PRId64
                  ",\"keys\":%zu,\"certificates\":%s,\"connections\":%zu,\"half_open\":%zu,"
                  "\"frames\":%" PRIu64 ",\"records\":%" PRIu64 ",\"syncs\":%" PRIu64 ",\"disk\":",
                  (server_now() - server->started) / NS_PER_MS, keyring_count(server->keys),
                  server->config->ca != NULL ? "true" : "false", server->conn_count,
                  server->lists[LIMIT_HANDSHAKE].count, server->frames, server->grants_synced, server->syncs);
    json_string(out, server->disk_failed ? server->disk_error : "good");
    hf_buf_puts(out, ",\"refused\":{");
    for (int i = 1; i < REFUSAL_COUNT; i++) {
        if (server->refused[i] == 0)
            continue;
        hf_buf_printf(out, "%s\"%s\":%" PRIu64, comma, refusal_name((enum refusal)i), server->refused[i]);
        comma = ",";
    }
    hf_buf_puts(out, "},\"clusters\":[");
}

static void print_status(const struct server *server, struct hf_buf *out, bool json)
{
    struct printer printer = {.out = out, .json = json, .first_cluster = true};

    hf_buf_puts(out, "ok\n");
    if (json)
        print_head_json(server, out);
    else
        print_head_text(server, out);
    table_walk(server->table, server_now(), print_cluster, print_lock, &printer);
    close_cluster(&printer);
    if (json)
        hf_buf_puts(out, "]}\n");
}

/* --- requests --- */

static void do_teach(struct server *server, const char *cluster, const char *term, struct hf_buf *out)
{
    struct table_event event = {
        .type = TABLE_TEACH, .now = server_now(), .cluster = cluster, .fresh = term == NULL};
    char *end_of_term;

    if (!frame_name_ok(cluster)) {
        hf_buf_puts(out, "error the cluster's name is none\n");
        return;
    }
    if (term != NULL) {
        errno = 0;
        event.term = strtoull(term, &end_of_term, 10);
        if (errno != 0 || *end_of_term != '\0' || term[0] < '0' || term[0] > '9' ||
            event.term > UINT64_C(1) << 62) {
            hf_buf_printf(out, "error expected a term (a number), found `%s'\n", term);
            return;
        }
    }
    if (table_knows(server->table, cluster)) {
        hf_buf_printf(out, "error this server has a record of cluster %s: nothing is changed\n", cluster);
        return;
    }
    event.max_hold_ms = arbiter_config_max_hold(server->config, cluster);
    server_step(server, &event);
    hf_notice("the operator says that cluster %s %s %" PRIu64, cluster,
              event.fresh ? "is new and starts at term" : "goes on from term", event.term);
    hf_buf_puts(out, "ok\n");
}

static void answer_request(struct server *server, struct admin *admin)
{
    char *rest = NULL, *word = strtok_r(admin->request, " \r\n", &rest),
         *first = strtok_r(NULL, " \r\n", &rest), *second = strtok_r(NULL, " \r\n", &rest);

    if (word != NULL && strcmp(word, "status") == 0)
        print_status(server, &admin->reply, first != NULL && strcmp(first, "json") == 0);
    else if (word != NULL && strcmp(word, "teach") == 0 && second != NULL)
        do_teach(server, first, second, &admin->reply);
    else if (word != NULL && strcmp(word, "new") == 0 && first != NULL)
        do_teach(server, first, NULL, &admin->reply);
    else
        hf_buf_puts(&admin->reply, "error expected `status [json]', `teach CLUSTER TERM' or `new CLUSTER'\n");
}

static void send_reply(struct admin *admin)
{
    while (admin->sent < admin->reply.length) {
        ssize_t wrote = write(admin->fd, admin->reply.data + admin->sent, admin->reply.length - admin->sent);

        if (wrote < 0 && errno == EAGAIN)
            return;
        if (wrote <= 0)
            break;
        admin->sent += (size_t)wrote;
        admin->deadline = server_now() + ADMIN_MS * NS_PER_MS;
    }
    end(admin);
}

void control_ready(struct server *server, uint32_t number)
{
    struct admin *admin = &server->admins[number];
    struct epoll_event watch = {.events = EPOLLOUT, .data.u64 = (uint64_t)WATCH_ADMIN << 32 | number};
    size_t room = sizeof(admin->request) - 1 - admin->request_length;
    ssize_t got;

    if (admin->fd < 0)
        return;
    if (admin->reply.length > 0) {
        send_reply(admin);
        return;
    }
    got = read(admin->fd, admin->request + admin->request_length, room);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got > 0)
        admin->request_length += (size_t)got;
    admin->request[admin->request_length] = '\0';
    if (got > 0 && (size_t)got < room && strchr(admin->request, '\n') == NULL)
        return; /* more will come */
    answer_request(server, admin);
    epoll_ctl(server->epoll_fd, EPOLL_CTL_MOD, admin->fd, &watch);
    send_reply(admin);
}
