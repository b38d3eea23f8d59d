/* watch.c - who has been silent for how long.  See replica.h and doc/cib.md.
 *
 * A member owes its HELLO, its acknowledgements, and, when there is nothing to acknowledge, a repeated one
 * twice per limit.  Two things look like the silence of others and are not: that this process itself was
 * stopped (then it sees a deadline that is long past), and that the group delivers nothing at all (then it
 * does not hear itself either).  In both cases everybody gets a new term. */
#include "daemon/cib/replica-private.h"

static int64_t ping_interval(const struct cib_replica *replica)
{
    return replica->ack_limit / 2;
}

static bool works(const struct cib_replica *replica)
{
    return replica->phase == PHASE_ACTIVE && replica->synced;
}

static bool owes(const struct cib_replica *replica, const struct peer *peer)
{
    if (peer->member == replica->self || cib_is_gone(replica, peer->member))
        return false;
    if (replica->phase == PHASE_EXCHANGE)
        return !peer->heard;
    return works(replica) && !peer->full && (!peer->in_sync || peer->acked < replica->index);
}

/* When a peer must be reported, ms; INT64_MAX: it is as it should be. */
static int64_t due(const struct cib_replica *replica, const struct peer *peer)
{
    int64_t term = replica->ack_limit * (peer->reported + 1), at = INT64_MAX;

    if (peer->since != 0)
        at = peer->since + term;
    if (works(replica) && peer->in_sync && peer->member != replica->self &&
        peer->spoke + ping_interval(replica) + term < at)
        at = peer->spoke + ping_interval(replica) + term;
    return at;
}

int64_t cib_watch_deadline(const struct cib_replica *replica)
{
    int64_t deadline = cib_watch_ping_at(replica);

    for (size_t i = 0; i < replica->n_peers; i++)
        if (due(replica, &replica->peers[i]) < deadline)
            deadline = due(replica, &replica->peers[i]);
    return deadline;
}

int64_t cib_watch_ping_at(const struct cib_replica *replica)
{
    if (!works(replica) || !replica->said_any || replica->ack_flying || replica->n_peers < 2)
        return INT64_MAX;
    return replica->said_at + ping_interval(replica);
}

void cib_watch_heard(struct cib_replica *replica, struct peer *peer)
{
    peer->spoke = replica->now;
    if (peer->since == 0)
        peer->reported = 0;
}

void cib_watch_update(struct cib_replica *replica)
{
    for (size_t i = 0; i < replica->n_peers; i++) {
        struct peer *peer = &replica->peers[i];

        if (!owes(replica, peer))
            peer->since = 0;
        else if (peer->since == 0)
            peer->since = replica->now;
    }
}

void cib_watch_stalled(struct cib_replica *replica, int64_t deadline)
{
    if (deadline == INT64_MAX || replica->now - deadline <= replica->ack_limit / 8)
        return;
    cib_watch_renew(replica);
}

void cib_watch_renew(struct cib_replica *replica)
{
    for (size_t i = 0; i < replica->n_peers; i++) {
        struct peer *peer = &replica->peers[i];

        peer->spoke = replica->now;
        if (peer->since != 0)
            peer->since = replica->now;
    }
}

/* What this process says comes back to it. */
static bool hears_itself(struct cib_replica *replica)
{
    const struct peer *self = cib_peer(replica, replica->self);

    if (self == NULL)
        return false;
    if (replica->phase == PHASE_EXCHANGE)
        return self->heard;
    return replica->now - self->spoke < replica->ack_limit;
}

/* The one who expels a silent member: the first in seniority but that one; before there is a seniority, the
 * first who was heard. */
static cib_member avenger(const struct cib_replica *replica, cib_member silent)
{
    const struct peer *first = NULL;

    if (replica->phase == PHASE_ACTIVE)
        return replica->seniority.list[replica->seniority.list[0] == silent && replica->seniority.count > 1];
    for (size_t i = 0; i < replica->n_peers; i++) {
        const struct peer *peer = &replica->peers[i];

        if (peer->heard && (first == NULL || peer->heard_at < first->heard_at))
            first = peer;
    }
    return first == NULL ? 0 : first->member;
}

/* Reported once per limit; from the second time on everybody acts, since the one who should is silent too. */
void cib_watch_tick(struct cib_replica *replica)
{
    for (size_t i = 0; i < replica->n_peers; i++) {
        struct peer *peer = &replica->peers[i];
        struct cib_update *update;

        if (replica->now < due(replica, peer))
            continue;
        if (!hears_itself(replica)) {
            cib_watch_renew(replica);
            return;
        }
        update = cib_tell(replica, CIB_UPDATE_UNRESPONSIVE);
        update->member = peer->member;
        update->act = peer->reported++ > 0 || avenger(replica, peer->member) == replica->self;
    }
}
