/* control_client.c - the client's side of control.h. */
#include <errno.h>
#include <qb/qbipcc.h>
#include <string.h>
#include <time.h>

#include "lib/control_frame.h"
#include "lib/xml.h"

struct hf_control {
    qb_ipcc_connection_t *connection;
    uint32_t calls;
};

struct hf_error *hf_control_connect(struct hf_control **control)
{
    return hf_control_connect_to(HF_CONTROL_NAME, control);
}

struct hf_error *hf_control_connect_to(const char *name, struct hf_control **control)
{
    qb_ipcc_connection_t *connection = qb_ipcc_connect(name, HF_CONTROL_FRAME);

    *control = NULL;
    if (connection == NULL && (errno == EACCES || errno == EPERM))
        return hf_error_new(HF_REFUSED,
                            "not allowed to speak to holdfastd: be root or a member of group haclient");
    if (connection == NULL && (errno == ECONNREFUSED || errno == ENOENT || errno == ENOTCONN))
        return hf_error_new(HF_FAILED, "holdfastd is not running on this machine: start it with "
                                       "'systemctl start holdfastd'");
    if (connection == NULL)
        return hf_error_errno(errno, "cannot reach holdfastd on this machine");
    *control = hf_calloc(1, sizeof(**control));
    (*control)->connection = connection;
    return NULL;
}

void hf_control_close(struct hf_control *control)
{
    if (control == NULL)
        return;
    qb_ipcc_disconnect(control->connection);
    free(control);
}

void hf_control_closep(struct hf_control **control)
{
    hf_control_close(*control);
    *control = NULL;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct hf_error *unknown_outcome(int timeout_ms)
{
    return hf_error_new(
        HF_TIMED_OUT, "no answer from holdfastd within %d ms: whether the request was carried out is unknown",
        timeout_ms);
}

static struct hf_error *send_request(struct hf_control *control, const char *request, int64_t deadline,
                                     int timeout_ms)
{
    size_t total = strlen(request);

    if (total == 0 || total > HF_CONTROL_LIMIT)
        return hf_error_new(HF_REFUSED, "a request of %zu bytes, expected 1 to %d bytes", total,
                            HF_CONTROL_LIMIT);
    control->calls++;
    for (size_t offset = 0; offset < total;) {
        size_t length = total - offset < CONTROL_PART_BYTES ? total - offset : CONTROL_PART_BYTES;
        struct control_request head = {
            .qb = {.id = CONTROL_PART, .size = (int32_t)(sizeof(head) + length)},
            .part = {control->calls, (uint32_t)total, (uint32_t)offset, (uint32_t)length},
        };
        struct iovec parts[] = {{&head, sizeof(head)}, {(char *)request + offset, length}};
        ssize_t sent = qb_ipcc_sendv(control->connection, parts, 2);

        if (sent >= 0) {
            offset += length;
            continue;
        }
        if (sent != -EAGAIN)
            return hf_error_errno((int)-sent, "cannot send to holdfastd");
        if (now_ms() >= deadline)
            return offset == 0 ? hf_error_new(HF_TIMED_OUT, "holdfastd takes no requests")
                               : unknown_outcome(timeout_ms);
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    return NULL;
}

/* libqb looks whether the server is still there only when a wait is over: so wait in slices. */
static int32_t slice_ms(int64_t left)
{
    return left > 200 ? 200 : left > 0 ? (int32_t)left : 0;
}

/* Puts the parts of one reply together. */
static struct hf_error *receive_reply(struct hf_control *control, int64_t deadline, int timeout_ms,
                                      char **text, size_t *total)
{
    HF_CLEANUP(hf_freep) struct control_reply *reply = hf_calloc(1, HF_CONTROL_FRAME);
    size_t have = 0;

    *text = NULL;
    do {
        int64_t left = deadline - now_ms();
        ssize_t got = qb_ipcc_recv(control->connection, reply, HF_CONTROL_FRAME, slice_ms(left));

        if ((got == -EAGAIN || got == -ETIMEDOUT) && left <= 0)
            return unknown_outcome(timeout_ms);
        if (got == -EAGAIN || got == -ETIMEDOUT)
            continue;
        if (got < 0)
            return hf_error_new(HF_TIMED_OUT,
                                "holdfastd went away before it answered (%s): whether the "
                                "request was carried out is unknown",
                                strerror((int)-got));
        if ((size_t)got < sizeof(*reply) || reply->part.length > (size_t)got - sizeof(*reply))
            return hf_error_new(HF_FAILED, "holdfastd sent a malformed reply");
        if (reply->part.call != control->calls)
            continue; /* the rest of a reply that was given up on */
        if (*text == NULL) {
            *total = reply->part.total;
            *text = hf_calloc(*total + 1, 1);
        }
        if (reply->part.offset != have || reply->part.total != *total || reply->part.length > *total - have)
            return hf_error_new(HF_FAILED, "holdfastd sent the parts of a reply out of order");
        memcpy(*text + have, reply->bytes, reply->part.length);
        have += reply->part.length;
    } while (*text == NULL || have < *total);
    return NULL;
}

struct hf_error *hf_control_call(struct hf_control *control, const char *request, int timeout_ms,
                                 xmlDoc **reply)
{
    int64_t deadline = now_ms() + timeout_ms;
    HF_CLEANUP(hf_freep) char *text = NULL;
    size_t total = 0;
    struct hf_error *error = send_request(control, request, deadline, timeout_ms);

    *reply = NULL;
    if (error == NULL)
        error = receive_reply(control, deadline, timeout_ms, &text, &total);
    if (error != NULL)
        return error;
    error = hf_xml_parse(text, total, "holdfastd's reply", reply);
    if (error != NULL)
        return error;

    const xmlNode *root = xmlDocGetRootElement(*reply);
    enum hf_error_kind kind = hf_error_kind_parse(hf_xml_get(root, "status"));

    if (kind == HF_OK)
        return NULL;
    error = hf_error_new(kind, "%s", hf_xml_get_or(root, "message", "holdfastd gave no reason"));
    hf_xml_doc_freep(reply);
    return error;
}
