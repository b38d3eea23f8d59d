/* link.c - see link.h. */
#include "daemon/guard/link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arbiter/config.h"

#define NS_PER_MS INT64_C(1000000)

enum {
    ATTEMPT_MS = 1000,   /* connect and handshake */
    PAUSE_FIRST_MS = 20, /* after a failure, doubling */
    PAUSE_LAST_MS = 1000,
    INPUT_MAX = 4 * FRAME_MAX,
    OUTPUT_MAX = 64 * FRAME_MAX, /* 64 frames: what a node with a thousand locks sends at once */
};

enum state { DOWN, CONNECTING, HANDSHAKING, UP };

struct link {
    struct tls_client *tls;
    struct link_handler handler;
    void *context;
    char *server, *server_name;
    struct sockaddr_storage address;
    socklen_t address_length;
    enum state state;
    int fd;
    SSL *ssl;
    int64_t deadline; /* DOWN: next attempt; CONNECTING, HANDSHAKING: give up */
    int64_t pause;
    uint64_t random;
    bool want_write;
    bool heard;     /* a frame came: a server that refuses us says so only after our end of the handshake */
    uint8_t *input; /* while connected */
    size_t input_length;
    uint8_t *output;
    size_t output_length;
    char *why;
    uint64_t generation; /* of the socket: a handler may have replaced it */
};

static uint64_t next_random(struct link *link)
{
    uint64_t z = link->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

struct hf_error *link_new(struct tls_client *tls, const struct link_config *config, struct link **result)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found;
    struct link *link;
    char host[256], port[8];

    if (!arbiter_address_parse(config->server, host, port) || host[0] == '\0' ||
        getaddrinfo(host, port, &hints, &found) != 0)
        return hf_error_new(HF_REFUSED, "lock server `%s': expected an IP address, with or without :PORT",
                            config->server);
    link = hf_calloc(1, sizeof(*link));
    memcpy(&link->address, found->ai_addr, found->ai_addrlen);
    link->address_length = found->ai_addrlen;
    freeaddrinfo(found);
    link->tls = tls;
    link->handler = *config->handler;
    link->context = config->context;
    link->server = hf_strdup(config->server);
    link->server_name = hf_strdup(config->server_name != NULL ? config->server_name : host);
    link->random = config->seed;
    link->fd = -1;
    link->why = hf_asprintf("lock server %s has not been tried yet", config->server);
    *result = link;
    return NULL;
}

static void close_socket(struct link *link)
{
    if (link->ssl != NULL && link->state == UP)
        SSL_shutdown(link->ssl);
    SSL_free(link->ssl);
    ERR_clear_error();
    link->ssl = NULL;
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    link->state = DOWN;
    free(link->input);
    free(link->output);
    link->input = link->output = NULL;
    link->want_write = false;
    link->input_length = link->output_length = 0;
    link->generation++;
}

void link_free(struct link *link)
{
    if (link == NULL)
        return;
    close_socket(link);
    free(link->server);
    free(link->server_name);
    free(link->why);
    free(link);
}

/* The connection is gone; the next attempt comes after a pause, so that a server which restarts is not
 * asked by everyone at once.  why is taken over. */
static void fail(struct link *link, int64_t now, char *why)
{
    bool was_up = link->state == UP;

    close_socket(link);
    free(link->why);
    link->why = why;
    link->pause = (was_up && link->heard) || link->pause == 0 ? PAUSE_FIRST_MS * NS_PER_MS : link->pause * 2;
    if (link->pause > PAUSE_LAST_MS * NS_PER_MS)
        link->pause = PAUSE_LAST_MS * NS_PER_MS;
    link->deadline = now + link->pause / 2 + (int64_t)(next_random(link) % (uint64_t)(link->pause / 2));
    if (was_up)
        link->handler.down(link->context, link->why);
}

static void fail_errno(struct link *link, int64_t now, int number)
{
    fail(link, now,
         hf_asprintf("lock server %s cannot be reached: %s: %s", link->server, strerror(number),
                     number == ECONNREFUSED ? "start holdfast-arbiterd there"
                                            : "check that machine and the network to it"));
}

/* --- connecting --- */

static void handshake(struct link *link, int64_t now)
{
    int result, why;

    ERR_clear_error();
    result = SSL_connect(link->ssl);
    if (result == 1) {
        link->state = UP;
        link->input = hf_calloc(1, INPUT_MAX);
        link->want_write = false;
        link->heard = false;
        link->handler.up(link->context);
        return;
    }
    why = SSL_get_error(link->ssl, result);
    link->want_write = why == SSL_ERROR_WANT_WRITE;
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
        fail(link, now, tls_client_explain(link->tls, link->ssl, link->server));
}

static void start_handshake(struct link *link, int64_t now)
{
    link->state = HANDSHAKING;
    link->ssl = tls_client_connect(link->tls, link->fd, link->server_name);
    handshake(link, now);
}

static void start(struct link *link, int64_t now)
{
    const int one = 1;

    link->fd = socket(link->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->fd < 0) {
        fail_errno(link, now, errno);
        return;
    }
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    link->deadline = now + ATTEMPT_MS * NS_PER_MS;
    link->state = CONNECTING;
    link->want_write = true;
    if (connect(link->fd, (struct sockaddr *)&link->address, link->address_length) == 0)
        start_handshake(link, now);
    else if (errno != EINPROGRESS)
        fail_errno(link, now, errno);
}

static void connected(struct link *link, int64_t now)
{
    socklen_t length = sizeof(int);
    int number = 0;

    getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &number, &length);
    if (number != 0)
        fail_errno(link, now, number);
    else
        start_handshake(link, now);
}

/* --- frames --- */

static void read_frames(struct link *link, int64_t now);

/* Nothing can be written any more.  What the server said before it closed comes first: it is the reason. */
static void broken(struct link *link, int64_t now)
{
    uint64_t generation = link->generation;

    read_frames(link, now);
    if (link->generation == generation)
        fail(link, now, hf_asprintf("the connection to lock server %s broke", link->server));
}

static void flush(struct link *link, int64_t now)
{
    while (link->output_length > 0) {
        int wrote;

        ERR_clear_error();
        wrote = SSL_write(link->ssl, link->output, (int)link->output_length);
        if (wrote <= 0) {
            int why = SSL_get_error(link->ssl, wrote);

            if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
                broken(link, now);
                return;
            }
            break;
        }
        link->output_length -= (size_t)wrote;
        memmove(link->output, link->output + wrote, link->output_length);
    }
    link->want_write = link->output_length > 0;
}

void link_send(struct link *link, int64_t now, const uint8_t *bytes, size_t length)
{
    if (link->state != UP)
        return;
    if (link->output_length + length > OUTPUT_MAX) {
        fail(link, now, hf_asprintf("lock server %s takes nothing any more", link->server));
        return;
    }
    if (link->output == NULL)
        link->output = hf_calloc(1, OUTPUT_MAX);
    memcpy(link->output + link->output_length, bytes, length);
    link->output_length += length;
    flush(link, now);
}

/* Gives out the frames in the input; false if the connection did not survive it. */
static bool take_frames(struct link *link, int64_t now)
{
    uint64_t generation = link->generation;
    size_t at = 0;

    for (;;) {
        int size = frame_size(link->input + at, link->input_length - at);

        if (size < 0) {
            fail(link, now,
                 hf_asprintf("lock server %s sent what is no frame of this protocol", link->server));
            return false;
        }
        if (size == 0 || (size_t)size > link->input_length - at)
            break;
        if (!link->heard) {
            link->heard = true;
            free(link->why);
            link->why = hf_strdup("");
        }
        link->handler.frame(link->context, link->input + at, (size_t)size);
        if (link->generation != generation)
            return false;
        at += (size_t)size;
    }
    link->input_length -= at;
    memmove(link->input, link->input + at, link->input_length);
    return true;
}

static void read_frames(struct link *link, int64_t now)
{
    int got, why;

    do {
        ERR_clear_error();
        got = SSL_read(link->ssl, link->input + link->input_length, (int)(INPUT_MAX - link->input_length));
        if (got > 0) {
            link->input_length += (size_t)got;
            if (!take_frames(link, now))
                return;
        }
    } while (got > 0 && SSL_has_pending(link->ssl));
    if (got > 0)
        return;
    why = SSL_get_error(link->ssl, got);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return;
    if (why == SSL_ERROR_SSL) /* a server that does not accept us says so after our handshake */
        fail(link, now, tls_client_explain(link->tls, link->ssl, link->server));
    else
        fail(link, now, hf_asprintf("lock server %s closed the connection", link->server));
}

/* --- the surface --- */

int link_fd(const struct link *link)
{
    return link->fd;
}

uint32_t link_events(const struct link *link)
{
    return EPOLLIN | (link->want_write ? (uint32_t)EPOLLOUT : 0);
}

int64_t link_deadline(const struct link *link)
{
    return link->state == UP ? INT64_MAX : link->deadline;
}

bool link_is_up(const struct link *link)
{
    return link->state == UP;
}

const char *link_why(const struct link *link)
{
    return link->why;
}

void link_set_tls(struct link *link, struct tls_client *tls)
{
    link->tls = tls;
}

void link_step(struct link *link, int64_t now, uint32_t ready)
{
    uint64_t generation;

    switch (link->state) {
    case DOWN:
        if (now >= link->deadline)
            start(link, now);
        return;
    case CONNECTING:
        if ((ready & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0)
            connected(link, now);
        break;
    case HANDSHAKING:
        if (ready != 0)
            handshake(link, now);
        break;
    case UP:
        generation = link->generation;
        if ((ready & EPOLLOUT) != 0 && link->output_length > 0)
            flush(link, now);
        if (link->generation == generation && (ready & ~(uint32_t)EPOLLOUT) != 0)
            read_frames(link, now);
        return;
    }
    if ((link->state == CONNECTING || link->state == HANDSHAKING) && now >= link->deadline)
        fail(link, now,
             hf_asprintf(
                 "lock server %s did not answer within %d ms: check that machine and the network to it",
                 link->server, ATTEMPT_MS));
}

void link_reconnect(struct link *link, int64_t now)
{
    if (link->state == DOWN)
        return;
    close_socket(link);
    free(link->why);
    link->why = hf_asprintf("the connection to lock server %s is made anew", link->server);
    link->deadline = now + (1 + (int64_t)(next_random(link) % PAUSE_FIRST_MS)) * NS_PER_MS;
}
