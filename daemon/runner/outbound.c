/* outbound.c - frames that wait for their turn; see outbound.h. */
#include "daemon/runner/outbound.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct outbound_frame {
    struct outbound_frame *next;
    size_t length;
    char bytes[];
};

struct hf_error *outbound_add(struct outbound *outbound, const struct runner_frame *frame)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    struct hf_error *error = runner_encode(frame, &buf);

    if (error != NULL)
        return error;

    struct outbound_frame *waiting = hf_calloc(1, sizeof(*waiting) + buf.length);

    waiting->length = buf.length;
    memcpy(waiting->bytes, buf.data, buf.length);
    if (outbound->first == NULL)
        outbound->first = waiting;
    else
        outbound->last->next = waiting;
    outbound->last = waiting;
    return NULL;
}

bool outbound_empty(const struct outbound *outbound)
{
    return outbound->first == NULL;
}

static void drop_first(struct outbound *outbound)
{
    struct outbound_frame *first = outbound->first;

    outbound->first = first->next;
    free(first);
}

void outbound_clear(struct outbound *outbound)
{
    while (outbound->first != NULL)
        drop_first(outbound);
}

void outbound_join(struct outbound *outbound, struct outbound *more)
{
    if (more->first == NULL)
        return;
    if (outbound->first == NULL)
        outbound->first = more->first;
    else
        outbound->last->next = more->first;
    outbound->last = more->last;
    *more = (struct outbound){0};
}

enum outbound_state outbound_flush(struct outbound *outbound, int fd)
{
    while (outbound->first != NULL) {
        const struct outbound_frame *frame = outbound->first;

        if (send(fd, frame->bytes, frame->length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            drop_first(outbound);
        else if (errno == EAGAIN || errno == ENOBUFS)
            return OUTBOUND_FULL;
        else if (errno != EINTR)
            return OUTBOUND_BROKEN;
    }
    return OUTBOUND_SENT;
}
