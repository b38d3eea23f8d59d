/* corosync.h - the daemon's link to corosync: group membership, ordered messages, quorum, node names.
 *
 * Shell.  libcpg, libquorum and libcmap are three sockets that tell of one event at different times: after
 * a machine is lost, libcpg may speak before libquorum does.  A minority that acted on the old quorum for
 * those milliseconds would acknowledge what a majority never sees, so this link holds back everything that
 * libcpg says after a change of the ring until libquorum has spoken about the same ring, and hands both on
 * as one view.
 *
 * When corosync dies, the node is a group of its own, without quorum, whose messages
 * come back to itself: the same policy (no-quorum-policy) then applies as in any lost partition, by the same
 * code.  The link tries to get back to corosync for as long as the daemon runs. */
#ifndef HF_COROSYNC_H
#define HF_COROSYNC_H

#include <qb/qbloop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COROSYNC_NODES_MAX = 128 };

/* Why a member left. */
enum corosync_left { COROSYNC_LEFT_PROCESS, COROSYNC_LEFT_MACHINE };

struct corosync_member {
    uint32_t node;           /* corosync's nodeid */
    uint32_t pid;            /* of the daemon there: another pid is another incarnation */
    enum corosync_left left; /* for members that left */
};

struct corosync_view {
    const struct corosync_member *members, *joined, *left;
    int n_members, n_joined, n_left;
    bool quorate;
    uint64_t ring; /* sequence number of corosync's ring; grows with each change of machines */
};

struct corosync_node {
    uint32_t id;
    char name[256];
};

/* All are called from the loop, never from inside corosync_send(). */
struct corosync_handlers {
    void *context;
    void (*view)(void *context, const struct corosync_view *view);
    /* Quorum changed without a change of members. */
    void (*quorum)(void *context, bool quorate, uint64_t ring);
    void (*message)(void *context, uint32_t node, uint32_t pid, const void *bytes, size_t length);
    /* The configured nodes, at the start and whenever corosync's configuration changes. */
    void (*nodes)(void *context, const struct corosync_node *nodes, int count, const char *cluster_name);
};

struct corosync;

/* Nothing is called before corosync was reached for the first time: until then this node does not even know
 * its own id.  nodes() comes first. */
struct corosync *corosync_open(qb_loop_t *loop, const struct corosync_handlers *handlers);
void corosync_close(struct corosync *link);
/* This node's id, 0 before corosync was reached. */
uint32_t corosync_self(const struct corosync *link);
/* Whether corosync is there. */
bool corosync_connected(const struct corosync *link);
/* The longest time that corosync takes to notice that a machine is lost, ms: its token and consensus
 * timeouts. */
uint32_t corosync_notice_ms(const struct corosync *link);
/* Sends to all members, this one included, in the agreed order; kept and retried while corosync is busy. */
void corosync_send(struct corosync *link, const void *bytes, size_t length);
/* Bytes that wait to be sent: the caller stops taking new work above a limit of its own. */
size_t corosync_backlog(const struct corosync *link);
/* The machines that are heard, this one included; borrowed. */
const uint32_t *corosync_heard(const struct corosync *link, int *count);

#endif
