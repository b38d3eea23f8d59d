/* group.h - sync groups: virtual routers that are MASTER together or not at all.
 *
 * Pure.  For the two families of one VIP, and for the inside and outside addresses of one gateway.  A group
 * becomes MASTER once every member would: its Master_Down_Timer has fired (or it owns the addresses, or got
 * the lock), it is fit and has the right.  It leaves as soon as one member must.  So one half of the members
 * being deaf does not make two masters of the other half. */
#ifndef HF_VRRP_GROUP_H
#define HF_VRRP_GROUP_H

#include "daemon/vrrp/router.h"

struct vrrp_group {
    struct vrrp_router **members; /* the caller's; config.grouped is set in each */
    size_t count;
};

/* The event for one member, or with VRRP_GROUP_ALL for each of them.  updates: one for each member, what the
 * shell must do for it; do all stop_serving first, then the rest in order. */
#define VRRP_GROUP_ALL SIZE_MAX
void vrrp_group_step(struct vrrp_group *group, size_t member, const struct vrrp_event *event,
                     struct vrrp_update *updates);
/* The earliest deadline of all members. */
int64_t vrrp_group_deadline(const struct vrrp_group *group);

#endif
