/* group.c - sync groups; see group.h. */
#include "daemon/vrrp/group.h"

/* A second step of the same member in one event: what it wants comes after what the first wanted. */
static void merge(struct vrrp_update *into, const struct vrrp_update *more)
{
    into->stop_serving = into->stop_serving || more->stop_serving;
    into->start_serving = (into->start_serving && !more->stop_serving) || more->start_serving;
    into->bid = into->bid || more->bid;
    into->ready = into->ready || more->ready;
    into->announce = more->announce > 0 ? more->announce : into->announce;
    if (more->send_advert) {
        into->send_advert = true;
        into->advert_priority = more->advert_priority;
    }
    /* What moved the group says more than that it moved. */
    if (more->reason != VRRP_WHY_NONE && (more->reason != VRRP_WHY_GROUP || into->reason == VRRP_WHY_NONE))
        into->reason = more->reason;
}

static void step_one(struct vrrp_group *group, size_t member, const struct vrrp_event *event,
                     struct vrrp_update *updates)
{
    struct vrrp_update update = vrrp_step(group->members[member], event);

    merge(&updates[member], &update);
}

static void all_follow(struct vrrp_group *group, enum vrrp_state state, int64_t now,
                       struct vrrp_update *updates)
{
    const struct vrrp_event event = {.type = VRRP_FOLLOW, .now = now, .follow = state};

    for (size_t i = 0; i < group->count; i++)
        step_one(group, i, &event, updates);
}

void vrrp_group_step(struct vrrp_group *group, size_t member, const struct vrrp_event *event,
                     struct vrrp_update *updates)
{
    size_t masters = 0, ready = 0;

    for (size_t i = 0; i < group->count; i++) {
        updates[i] = (struct vrrp_update){0};
        if (member == VRRP_GROUP_ALL || member == i)
            step_one(group, i, event, updates);
    }
    for (size_t i = 0; i < group->count; i++) {
        masters += group->members[i]->state == VRRP_MASTER;
        ready += group->members[i]->state == VRRP_BACKUP && group->members[i]->ready;
    }
    if (masters > 0 && masters < group->count)
        all_follow(group, VRRP_BACKUP, event->now, updates);
    else if (ready == group->count)
        all_follow(group, VRRP_MASTER, event->now, updates);
}

int64_t vrrp_group_deadline(const struct vrrp_group *group)
{
    int64_t deadline = INT64_MAX;

    for (size_t i = 0; i < group->count; i++) {
        int64_t one = vrrp_deadline(group->members[i]);

        if (one < deadline)
            deadline = one;
    }
    return deadline;
}
