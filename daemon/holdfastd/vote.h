/* vote.h - tells votequorum who has the lock `cluster', as the vote of a quorum device.
 *
 * One way only: nothing here is asked by Holdfast.  Where corosync.conf has a quorum device of model
 * `holdfast', each node casts the device's vote while its partition has the lock, so that corosync's own
 * quorum, and whatever asks it (corosync-quorumtool, dlm, another program on libquorum), is that of Holdfast.
 * corosync holds a change of its membership back until the device has voted on it; the answer is given at
 * once, from what the members said last. */
#ifndef HF_HOLDFASTD_VOTE_H
#define HF_HOLDFASTD_VOTE_H

#include <qb/qbloop.h>
#include <stdbool.h>
#include <stdint.h>

struct vote;

/* holds: whether one of these nodes has the lock, as far as is known.  Looks for corosync, and for such a
 * device in its configuration, from now on. */
struct vote *vote_open(qb_loop_t *loop, bool (*holds)(void *context, const uint32_t *nodes, size_t count),
                       void *context);
/* Whether corosync.conf has such a device. NULL is fine, here and below. */
bool vote_is_cast(const struct vote *vote);
/* The answer of holds() may have changed. */
void vote_refresh(struct vote *vote);
void vote_close(struct vote *vote);

#endif
