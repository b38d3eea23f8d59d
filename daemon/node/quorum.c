/* quorum.c - who may decide: corosync's answer and, where lock servers are configured, the lock `cluster`.
 *
 * Two halves of a two-node cluster are both quorate to corosync; the lock breaks the tie.  A partition is
 * quorate if corosync says so and the holder of the lock is in it.  Each member says what it holds; whoever
 * coordinates puts the group's quorum together (daemon/cib/replica.h announces it in agreed order).  The
 * lock's term orders the CIB's generations: what the side without the lock did never wins. */
#include "daemon/node/private.h"

static struct lock_holder *find_holder(struct node *node, uint32_t id)
{
    for (size_t i = 0; i < node->n_holders; i++)
        if (node->holders[i].id == id)
            return &node->holders[i];
    return NULL;
}

/* The term of the lock if a member holds it, 0 if none does. */
static uint32_t held_term(const struct node *node)
{
    uint64_t term = 0;

    for (size_t i = 0; i < node->n_holders; i++)
        if (node_is_member(node, node->holders[i].id) && node->holders[i].owned &&
            node->holders[i].token > term)
            term = node->holders[i].token;
    return (uint32_t)term;
}

bool node_lock_among(const struct node *node, const uint32_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == node->self && node->lock.owned)
            return true;
        for (size_t h = 0; h < node->n_holders; h++)
            if (node->holders[h].id == ids[i] && ids[i] != node->self && node->holders[h].owned)
                return true;
    }
    return false;
}

/* One member that has lock servers is enough: the others only do not know them yet. */
static bool lock_needed(const struct node *node)
{
    for (size_t i = 0; i < node->n_holders; i++)
        if (node_is_member(node, node->holders[i].id) && node->holders[i].configured)
            return true;
    return node->lock.configured;
}

enum cib_quorum quorum_now(const struct node *node, uint32_t *term)
{
    *term = held_term(node);
    if (!node->corosync_quorate)
        return CIB_QUORUM_NO;
    return lock_needed(node) && *term == 0 ? CIB_QUORUM_NO : CIB_QUORUM_YES;
}

void quorum_note(struct node *node)
{
    uint32_t term;
    bool quorate = quorum_now(node, &term) == CIB_QUORUM_YES, agreed = cib_replica_quorate(node->replica);

    if (quorate && !node->was_quorate && lock_needed(node))
        controller_lock_gained(node);
    if (quorate && agreed)
        node->quorum_left = 0;
    else if (quorate ? node->quorum_left == 0 : node->was_quorate)
        node->quorum_left = node->now; /* quorate: the CIB does not say so yet, which is on its way */
    node->was_quorate = quorate;
}

int64_t quorum_grace(const struct node *node)
{
    int64_t until = node->quorum_left + 2 * (int64_t)node->lock.lease_ms;

    if (node->quorum_left == 0 || (!node->corosync_quorate && !node->lock_votes) || until <= node->now)
        return INT64_MAX;
    return until;
}

unsigned quorum_spare(const struct node *node)
{
    size_t all = node->n_names > node->n_members ? node->n_names : node->n_members, enough = all / 2 + 1;

    return node->n_names > 0 && node->n_members > enough ? (unsigned)(node->n_members - enough) : 0;
}

/* Corosync counts machines, a change is on the disks of members. If members that are not more than half of
 * the machines could acknowledge one, the daemons of the other half, started without them, would not know of
 * it. Of two machines one member is enough all the same: the other's daemon may be down for as long as it
 * takes. */
struct hf_error *quorum_may_change(const struct node *node)
{
    if (!cib_replica_in_sync(node->replica))
        return hf_error_new(HF_NO_QUORUM, "this node is not in sync with the cluster yet");
    if (node->machines > 2 && node->n_members * 2 <= (size_t)node->machines)
        return hf_error_new(HF_NO_QUORUM,
                            "only %zu of %d machines run holdfastd: the configuration cannot be changed",
                            node->n_members, node->machines);
    return NULL;
}

/* The lock cannot make a part quorate that has too few machines for corosync, or none. */
static bool is_lock_useless(const struct node *node)
{
    return node->lock.configured && !node->corosync_quorate && !node->lock_votes;
}

bool quorum_wastes_lock(const struct node *node)
{
    return is_lock_useless(node) && held_term(node) != 0;
}

void quorum_drained(struct node *node)
{
    if (!quorum_wastes_lock(node) || !node->lock_wanted)
        return;
    node_log(node, LOG_NOTICE,
             "giving up the lock 'cluster': corosync has no quorum here, others may have it");
    node->lock_wanted = false;
    node_effect_add(node, NODE_UNWANT_LOCK)->resource = hf_strdup(NODE_CLUSTER_LOCK);
}

/* Everybody to whom it can be of use takes part in the lock; the more senior bids earlier.  Who has it and
 * lost corosync's quorum keeps it until nothing runs here that others would start (quorum_drained()). */
static void want(struct node *node)
{
    size_t count, rank = 0;
    const cib_member *members = cib_replica_members(node->replica, &count);

    if (!node->lock.configured || (is_lock_useless(node) && !node->lock_wanted))
        return;
    while (rank < count && cib_member_node(members[rank]) != node->self)
        rank++;
    if (node->lock_wanted && node->lock_rank == rank)
        return;
    node->lock_wanted = true;
    node->lock_rank = rank;

    struct node_effect *effect = node_effect_add(node, NODE_WANT_LOCK);

    effect->resource = hf_strdup(NODE_CLUSTER_LOCK);
    effect->interval_ms = (uint32_t)rank;
}

static void say(struct node *node)
{
    struct node_message message = {
        .kind = NODE_MESSAGE_LOCK,
        .ticket = node->lock.token,
        .rc = node->lock.owned,
        .status = node->lock.configured,
    };

    if (node->n_members > 0)
        node_send(node, &message);
}

void quorum_lock(struct node *node, const struct node_lock *lock)
{
    if (node->lock.owned != lock->owned && lock->configured)
        node_log(node, LOG_NOTICE,
                 lock->owned ? "the lock 'cluster' is held here, term %" PRIu64
                             : "the lock 'cluster' is not held here any more, term %" PRIu64,
                 lock->token);
    node->lock = *lock;
    want(node);
    say(node);
}

void quorum_view(struct node *node)
{
    want(node);
    if (node->lock.configured)
        say(node);
}

void quorum_heard(struct node *node, uint32_t from, const struct node_message *message)
{
    struct lock_holder *holder = find_holder(node, from);
    uint32_t before, after;
    enum cib_quorum was = quorum_now(node, &before), is;

    if (holder == NULL) {
        hf_grow(&node->holders, &node->holders_capacity, node->n_holders + 1, sizeof(*node->holders));
        holder = &node->holders[node->n_holders++];
    }
    *holder = (struct lock_holder){
        .id = from, .configured = message->status != 0, .owned = message->rc != 0, .token = message->ticket};
    is = quorum_now(node, &after);
    quorum_note(node);
    if (is != was || after != before)
        node_quorum_changed(node);
}
