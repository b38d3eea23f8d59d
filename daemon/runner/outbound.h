/* outbound.h - frames that wait for their turn on a connection, for both ends of the runner's socket. */
#ifndef HF_RUNNER_OUTBOUND_H
#define HF_RUNNER_OUTBOUND_H

#include "daemon/runner/protocol.h"

struct outbound_frame;

/* Zero-initialised is empty. */
struct outbound {
    struct outbound_frame *first, *last;
};

/* Appends a frame. HF_REFUSED if it breaks a limit. */
struct hf_error *outbound_add(struct outbound *outbound, const struct runner_frame *frame) HF_MUST_CHECK;
bool outbound_empty(const struct outbound *outbound);
void outbound_clear(struct outbound *outbound);
/* Moves all of more behind what is there. */
void outbound_join(struct outbound *outbound, struct outbound *more);

enum outbound_state { OUTBOUND_SENT, OUTBOUND_FULL, OUTBOUND_BROKEN };

/* Sends until all is gone, the socket is full, or it is broken. Never waits. */
enum outbound_state outbound_flush(struct outbound *outbound, int fd);

#endif
