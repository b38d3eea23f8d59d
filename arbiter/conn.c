/* conn.c - the connections of a lock server: accept, handshake, frames in and out, limits. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "arbiter/server-private.h"
#include "lib/log.h"

enum { ACCEPTS_PER_TURN = 8, READ_BYTES = 4 * FRAME_MAX, OUTPUT_MAX = 16 * FRAME_MAX };

#define SILENCE (INT64_C(250) * NS_PER_MS)     /* so long may a newcomer say nothing while others wait */
#define LOG_EVERY (INT64_C(10000) * NS_PER_MS) /* a refusal of one kind is logged at most so often */

#define ACCEPT_AGAIN (INT64_C(100) * NS_PER_MS) /* after there was no file, or no memory, for a newcomer */

/* --- lists and limits --- */

static void list_remove(struct server *server, struct conn *conn)
{
    struct conn_list *list = &server->lists[conn->limit];

    *(conn->before != NULL ? &conn->before->after : &list->first) = conn->after;
    *(conn->after != NULL ? &conn->after->before : &list->last) = conn->before;
    list->count--;
}

static void list_append(struct server *server, struct conn *conn, enum limit limit)
{
    const uint32_t limits[LIMITS] = {
        [LIMIT_HANDSHAKE] = server->config->handshake_ms,
        [LIMIT_FRAME] = server->config->frame_ms,
        [LIMIT_IDLE] = server->config->idle_ms,
    };
    struct conn_list *list = &server->lists[limit];

    conn->limit = (uint8_t)limit;
    conn->deadline = server_now() + limits[limit] * NS_PER_MS;
    conn->before = list->last;
    conn->after = NULL;
    *(list->last != NULL ? &list->last->after : &list->first) = conn;
    list->last = conn;
    list->count++;
}

static void set_limit(struct server *server, struct conn *conn, enum limit limit)
{
    list_remove(server, conn);
    list_append(server, conn, limit);
}

int64_t conn_deadline(const struct server *server)
{
    int64_t deadline = INT64_MAX;

    for (int i = 0; i < LIMITS; i++)
        if (server->lists[i].first != NULL && server->lists[i].first->deadline < deadline)
            deadline = server->lists[i].first->deadline;
    return deadline;
}

void conn_expire(struct server *server, int64_t now)
{
    static const enum refusal causes[LIMITS] = {
        [LIMIT_HANDSHAKE] = REFUSED_HANDSHAKE_TIMEOUT,
        [LIMIT_FRAME] = REFUSED_FRAME_TIMEOUT,
        [LIMIT_IDLE] = REFUSED_IDLE,
    };

    for (int i = 0; i < LIMITS; i++)
        while (server->lists[i].first != NULL && server->lists[i].first->deadline <= now)
            conn_close(server, server->lists[i].first->number, causes[i]);
}

/* --- addresses --- */

static void address_bytes(const struct sockaddr_storage *peer, uint8_t bytes[16])
{
    memset(bytes, 0, 16);
    if (peer->ss_family == AF_INET6)
        memcpy(bytes, &((const struct sockaddr_in6 *)peer)->sin6_addr, 16);
    else
        memcpy(bytes + 12, &((const struct sockaddr_in *)peer)->sin_addr, 4);
}

static void address_text(const uint8_t bytes[16], char text[64])
{
    static const uint8_t zero[12], mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    if (memcmp(bytes, zero, 12) == 0 || memcmp(bytes, mapped, 12) == 0)
        inet_ntop(AF_INET, bytes + 12, text, 64);
    else
        inet_ntop(AF_INET6, bytes, text, 64);
}

static struct address **address_slot(struct server *server, const uint8_t bytes[16])
{
    uint32_t value = 2166136261;
    struct address **at;

    for (int i = 0; i < 16; i++)
        value = (value ^ bytes[i]) * 16777619;
    at = &server->addresses[(value ^ value >> 16) % ADDRESS_BUCKETS];
    while (*at != NULL && memcmp((*at)->bytes, bytes, 16) != 0)
        at = &(*at)->next;
    return at;
}

static void address_leave(struct server *server, struct address *address)
{
    struct address **at;

    if (--address->count > 0)
        return;
    at = address_slot(server, address->bytes);
    *at = address->next;
    free(address);
}

/* --- refusals --- */

static void refuse(struct server *server, enum refusal cause, const uint8_t address[16],
                   const struct tls_peer *peer)
{
    int64_t now = server_now();

    server->refused[cause]++;
    address_text(address, server->refused_from[cause]);
    if (server->refused_at[cause] != 0 && now - server->refused_at[cause] < LOG_EVERY)
        return;
    server->refused_at[cause] = now;
    hf_warn("refused %s%s%s%s%s: %s (%llu so far)", server->refused_from[cause],
            peer->cluster[0] != '\0' ? ", who says to be " : "", peer->cluster,
            peer->cluster[0] != '\0' ? "/" : "", peer->node, refusal_text(cause),
            (unsigned long long)server->refused[cause]);
}

/* --- coming and going --- */

static struct conn *find(const struct server *server, uint32_t number)
{
    return number < server->conn_capacity ? server->conns[number] : NULL;
}

static uint32_t take_number(struct server *server)
{
    size_t old = server->conn_capacity;

    if (server->free_count > 0)
        return server->free_numbers[--server->free_count];
    hf_grow(&server->conns, &server->conn_capacity, server->conn_count + 1, sizeof(*server->conns));
    memset(server->conns + old, 0, (server->conn_capacity - old) * sizeof(*server->conns));
    hf_grow(&server->free_numbers, &server->free_capacity, server->conn_capacity, sizeof(uint32_t));
    for (size_t i = server->conn_capacity; i > old + 1; i--)
        server->free_numbers[server->free_count++] = (uint32_t)i - 1;
    return (uint32_t)old;
}

void conn_close(struct server *server, uint32_t number, enum refusal cause)
{
    struct conn *conn = find(server, number);
    char unread[4 * FRAME_MAX];
    int reads = 0;

    if (conn == NULL || conn->closing)
        return;
    conn->closing = true;
    if (cause != REFUSED_NOTHING)
        refuse(server, cause, conn->address->bytes, &conn->peer);
    list_remove(server, conn);
    server_step(server, &(struct table_event){.type = TABLE_CLOSED, .now = server_now(), .conn = number});
    if (conn->established)
        SSL_shutdown(conn->ssl);
    SSL_free(conn->ssl);
    ERR_clear_error();
    shutdown(conn->fd,
             SHUT_WR); /* closing with bytes unread would be a reset, which may overtake our last words */
    while (recv(conn->fd, unread, sizeof(unread), MSG_DONTWAIT) == sizeof(unread) && ++reads < 4)
        ;
    close(conn->fd);
    address_leave(server, conn->address);
    if (conn->cluster_count != NULL)
        --*conn->cluster_count;
    free(conn->partial);
    free(conn->output);
    free(conn);
    server->conns[number] = NULL;
    server->free_numbers[server->free_count++] = number;
    server->conn_count--;
}

void conn_close_all(struct server *server)
{
    for (size_t i = 0; i < server->conn_capacity; i++)
        conn_close(server, (uint32_t)i, REFUSED_NOTHING);
}

void conn_recheck_keys(struct server *server)
{
    for (size_t i = 0; i < server->conn_capacity; i++) {
        const struct conn *conn = server->conns[i];
        const struct lock_keys *keys;

        if (conn == NULL || !conn->established || !conn->peer.by_key)
            continue;
        keys = keyring_find(server->keys, conn->peer.cluster);
        if (keys == NULL || lock_keys_find(keys, conn->peer.key_id) == NULL)
            conn_close(server, (uint32_t)i, REFUSED_NOTHING);
    }
}

static void add(struct server *server, int fd, const uint8_t address[16])
{
    struct conn *conn = hf_calloc(1, sizeof(*conn));
    struct address **at = address_slot(server, address);
    const int one = 1;

    if (*at == NULL) {
        *at = hf_calloc(1, sizeof(**at));
        memcpy((*at)->bytes, address, 16);
    }
    (*at)->count++;
    conn->address = *at;
    conn->fd = fd;
    conn->number = take_number(server);
    server->conns[conn->number] = conn;
    server->conn_count++;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    conn->ssl = tls_server_accept(server->tls, fd, &conn->peer);
    list_append(server, conn, LIMIT_HANDSHAKE);
    server_watch(server->handshake_fd, fd, EPOLLIN | EPOLLRDHUP, WATCH_CONN, conn->number);
}

static enum refusal may_come(struct server *server, const uint8_t address[16])
{
    struct address *known = *address_slot(server, address);

    if (server->conn_count >= server->room)
        return REFUSED_SERVER_LIMIT;
    if (known != NULL && known->count >= server->config->connections_per_address)
        return REFUSED_ADDRESS_LIMIT;
    return REFUSED_NOTHING;
}

void conn_accept(struct server *server, int listener)
{
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t length = sizeof(peer);
        uint8_t address[16];
        enum refusal cause;
        int fd = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
                server->accept_at = server_now() + ACCEPT_AGAIN;
            return;
        }
        address_bytes(&peer, address);
        cause = may_come(server, address);
        if (cause != REFUSED_NOTHING) {
            refuse(server, cause, address, &(struct tls_peer){0});
            close(fd);
            continue;
        }
        add(server, fd, address);
    }
}

/* When too many shake hands, one that has said nothing for a while makes room; else those who come wait in
 * the kernel's queue.  Dropping those who are at it would, with ten thousand nodes coming at once, let none
 * of them finish. */
void conn_admit(struct server *server, int64_t now)
{
    struct conn_list *list = &server->lists[LIMIT_HANDSHAKE];
    int64_t began = server->config->handshake_ms * NS_PER_MS;
    bool room;

    for (struct conn *conn = list->first, *next; conn != NULL && list->count >= server->config->half_open;
         conn = next) {
        next = conn->after;
        if (now < conn->deadline - began + SILENCE)
            break; /* so are those behind it */
        if (!conn->heard)
            conn_close(server, conn->number, REFUSED_HALF_OPEN);
    }
    room = list->count < server->config->half_open && now >= server->accept_at;
    if (room == server->accepting)
        return;
    server->accepting = room;
    for (unsigned i = 0; i < server->listener_count; i++) {
        struct epoll_event watch = {.events = room ? EPOLLIN : 0,
                                    .data.u64 = (uint64_t)WATCH_LISTENER << 32 | i};

        epoll_ctl(server->handshake_fd, EPOLL_CTL_MOD, server->listeners[i], &watch);
    }
}

/* --- the handshake --- */

/* The peer has proved who it is: from here on it is served with the others. */
static void establish(struct server *server, struct conn *conn)
{
    enum refusal cause = tls_server_identify(conn->ssl, &conn->peer);
    uint32_t *count;

    if (cause != REFUSED_NOTHING) {
        conn_close(server, conn->number, cause);
        return;
    }
    count = keyring_connections(server->keys, conn->peer.cluster);
    if (*count >= server->config->connections_per_cluster) {
        conn_close(server, conn->number, REFUSED_CLUSTER_LIMIT);
        return;
    }
    ++*count;
    conn->cluster_count = count;
    conn->established = true;
    epoll_ctl(server->handshake_fd, EPOLL_CTL_DEL, conn->fd, NULL);
    server_watch(server->epoll_fd, conn->fd, EPOLLIN | EPOLLRDHUP, WATCH_CONN, conn->number);
    if (SSL_has_pending(conn->ssl))
        conn_ready(server, conn->number, EPOLLIN);
}

void conn_handshake(struct server *server, uint32_t number)
{
    struct conn *conn = find(server, number);
    struct epoll_event watch = {.events = EPOLLIN | EPOLLRDHUP};
    int result, why;

    if (conn == NULL || conn->established)
        return;
    ERR_clear_error();
    conn->heard = true;
    result = SSL_accept(conn->ssl);
    if (result == 1) {
        establish(server, conn);
        return;
    }
    why = SSL_get_error(conn->ssl, result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        if (why == SSL_ERROR_WANT_WRITE)
            watch.events = EPOLLOUT | EPOLLRDHUP;
        watch.data.u64 = (uint64_t)WATCH_CONN << 32 | number;
        epoll_ctl(server->handshake_fd, EPOLL_CTL_MOD, conn->fd, &watch);
        return;
    }
    conn_close(server, number, tls_server_explain(conn->ssl, &conn->peer));
}

/* --- frames --- */

/* Hands a whole frame to the table; false if the connection did not survive it. */
static bool give(struct server *server, struct conn *conn, const uint8_t *bytes, size_t length)
{
    uint32_t number = conn->number;

    if (bytes[3] == FRAME_HELLO)
        conn->greeted = true;
    server->frames++;
    server_step(server, &(struct table_event){.type = TABLE_FRAME,
                                              .now = server_now(),
                                              .conn = number,
                                              .cluster = conn->peer.cluster,
                                              .node = conn->peer.node,
                                              .max_hold_ms =
                                                  arbiter_config_max_hold(server->config, conn->peer.cluster),
                                              .bytes = bytes,
                                              .length = length});
    return find(server, number) == conn;
}

/* Keeps the beginning of a frame; its time runs from its first byte. */
static void keep(struct server *server, struct conn *conn, const uint8_t *bytes, size_t length)
{
    if (length == 0) {
        free(conn->partial);
        conn->partial = NULL;
        conn->partial_length = 0;
        if (conn->greeted)
            set_limit(server, conn, LIMIT_IDLE);
        return;
    }
    if (conn->partial == NULL) {
        conn->partial = hf_calloc(1, FRAME_MAX);
        if (conn->greeted)
            set_limit(server, conn, LIMIT_FRAME);
    }
    memcpy(conn->partial, bytes, length);
    conn->partial_length = (uint16_t)length;
}

/* Takes the frames out of what came; false if the connection is gone. */
static bool take_bytes(struct server *server, struct conn *conn, const uint8_t *bytes, size_t length)
{
    bool first = conn->partial != NULL;

    while (length > 0) {
        int size = frame_size(bytes, length);

        if (size < 0) {
            conn_close(server, conn->number, REFUSED_BAD_FRAME);
            return false;
        }
        if (size == 0 || (size_t)size > length)
            break;
        if (first) { /* what was kept has become a frame: the next one has its own time */
            free(conn->partial);
            conn->partial = NULL;
            first = false;
        }
        if (!give(server, conn, bytes, (size_t)size))
            return false;
        bytes += size;
        length -= (size_t)size;
    }
    keep(server, conn, bytes, length);
    return true;
}

static void read_frames(struct server *server, struct conn *conn)
{
    uint8_t bytes[FRAME_MAX + READ_BYTES];
    size_t have = conn->partial_length;
    int got;

    do {
        if (have > 0)
            memcpy(bytes, conn->partial, have);
        ERR_clear_error();
        got = SSL_read(conn->ssl, bytes + have, READ_BYTES);
        if (got > 0 && !take_bytes(server, conn, bytes, have + (size_t)got))
            return;
        have = conn->partial_length;
    } while (got > 0 && SSL_has_pending(conn->ssl));
    if (got > 0)
        return;
    switch (SSL_get_error(conn->ssl, got)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        if (SSL_has_pending(conn->ssl) && conn->greeted && conn->limit == LIMIT_IDLE)
            set_limit(server, conn, LIMIT_FRAME); /* part of a TLS record is part of a frame */
        break;
    case SSL_ERROR_SSL:
        conn_close(server, conn->number, REFUSED_BAD_FRAME);
        break;
    default:
        conn_close(server, conn->number, REFUSED_NOTHING);
        break;
    }
}

static void watch_output(struct server *server, struct conn *conn, bool wanted)
{
    struct epoll_event watch = {.events = EPOLLIN | EPOLLRDHUP | (wanted ? (uint32_t)EPOLLOUT : 0)};

    watch.data.u64 = (uint64_t)WATCH_CONN << 32 | conn->number;
    epoll_ctl(server->epoll_fd, EPOLL_CTL_MOD, conn->fd, &watch);
}

/* Writes as much as the socket takes; the number of bytes, or -1 if the connection is broken. */
static int write_some(struct conn *conn, const uint8_t *bytes, size_t length)
{
    size_t done = 0;

    while (done < length) {
        int wrote;

        ERR_clear_error();
        wrote = SSL_write(conn->ssl, bytes + done, (int)(length - done));
        if (wrote <= 0) {
            int why = SSL_get_error(conn->ssl, wrote);

            return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? (int)done : -1;
        }
        done += (size_t)wrote;
    }
    return (int)done;
}

void conn_send(struct server *server, uint32_t number, const uint8_t *bytes, size_t length)
{
    struct conn *conn = find(server, number);
    int wrote = 0;

    if (conn == NULL || conn->closing || !conn->established)
        return;
    if (conn->output == NULL)
        wrote = write_some(conn, bytes, length);
    if (wrote < 0) {
        conn_close(server, number, REFUSED_NOTHING);
        return;
    }
    if ((size_t)wrote == length)
        return;
    if (conn->output_length + length - (size_t)wrote > OUTPUT_MAX) {
        conn_close(server, number, REFUSED_SLOW_READER);
        return;
    }
    if (conn->output == NULL) {
        conn->output = hf_calloc(1, OUTPUT_MAX);
        watch_output(server, conn, true);
    }
    memcpy(conn->output + conn->output_length, bytes + wrote, length - (size_t)wrote);
    conn->output_length += (uint32_t)(length - (size_t)wrote);
}

/* The socket takes more: send what was kept. */
static bool flush_output(struct server *server, struct conn *conn)
{
    int wrote = write_some(conn, conn->output, conn->output_length);

    if (wrote < 0) {
        conn_close(server, conn->number, REFUSED_NOTHING);
        return false;
    }
    conn->output_length -= (uint32_t)wrote;
    memmove(conn->output, conn->output + wrote, conn->output_length);
    if (conn->output_length == 0) {
        free(conn->output);
        conn->output = NULL;
        watch_output(server, conn, false);
    }
    return true;
}

void conn_ready(struct server *server, uint32_t number, uint32_t events)
{
    struct conn *conn = find(server, number);

    if (conn == NULL || !conn->established)
        return;
    if ((events & EPOLLOUT) != 0 && conn->output != NULL && !flush_output(server, conn))
        return;
    if ((events & ~(uint32_t)EPOLLOUT) != 0)
        read_frames(server, conn);
}
