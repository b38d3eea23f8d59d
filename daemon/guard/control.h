/* control.h - the guard's end of its control socket (protocol.h): lets root in, takes orders, tells the news.
 */
#ifndef GUARD_CONTROL_H
#define GUARD_CONTROL_H

#include "daemon/guard/loop.h"
#include "daemon/guard/protocol.h"

struct control;

struct control_hooks {
    /* An order of the owner; the answer is why it cannot be followed (the server frees it), or NULL. */
    char *(*order)(void *context, const struct guard_frame *frame);
    /* The owner has come, or is gone. */
    void (*owner)(void *context, bool present);
    /* An order of an agent, to be answered by control_answer() now or later. */
    void (*agent)(void *context, uint64_t asker, const struct guard_frame *frame);
    /* Everything there is to know, by take(to, frame) for each. */
    void (*describe)(void *context, void (*take)(void *to, const struct guard_frame *frame), void *to);
};

/* Listens at path, in place of a socket that nobody serves any more. HF_REFUSED if another guard does. */
struct hf_error *control_new(struct loop *loop, const char *path, const struct control_hooks *hooks,
                             void *context, struct control **control) HF_MUST_CHECK;
/* Closes all connections, and removes the socket. NULL is fine. */
void control_free(struct control *control);

/* News for every client that was greeted. */
void control_tell(struct control *control, const struct guard_frame *frame);
/* Tells an agent what became of its order; one that is gone is fine. */
void control_answer(struct control *control, uint64_t asker, const struct guard_answer *answer);

#endif
