/* world.h - a simulated world for nodes of a cluster: one clock, a closed process group, disks, faults.
 *
 * Everything that happens comes from one seed: the same seed gives the same run.  A node is a machine with a
 * disk that survives; on it runs a program (struct world_program), which gets events and calls
 * world_multicast() and world_write().  The group keeps corosync's promises and no more: all members that
 * stay together deliver the same messages in the same order before a change of view; what was on its way when
 * a ring broke may have reached one side and not the other, and is then delivered to its sender's side in the
 * next view.
 *
 * Tests speak in verbs: world_start(), world_kill(), world_freeze(), world_thaw(), world_cut(), world_heal(),
 * world_elapse(), world_disk_slow(), world_disk_full(). */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/cib/digest.h"
#include "daemon/cib/replica.h"

enum { WORLD_NODES = 8 };

struct world;

enum world_event_type {
    WORLD_VIEW,         /* members, n_members, ring, quorum, term */
    WORLD_QUORUM,       /* quorum, term */
    WORLD_MESSAGE,      /* sender, bytes, length */
    WORLD_WRITTEN,      /* ticket, low */
    WORLD_WRITE_FAILED, /* ticket */
    WORLD_TICK,         /* the deadline that the program asked for has come */
};

struct world_event {
    enum world_event_type type;
    int64_t now; /* ms */
    const cib_member *members;
    size_t n_members;
    uint64_t ring;
    enum cib_quorum quorum;
    uint32_t term;
    cib_member sender;
    const void *bytes;
    size_t length;
    uint64_t ticket;
    bool low;
};

/* What runs on a node. */
struct world_program {
    /* Begins on this node, as this member; may read its disk by world_disk_load(). */
    void *(*start)(void *context, struct world *world, unsigned node, cib_member member);
    /* The process is gone: frees it. */
    void (*stop)(void *process);
    void (*event)(void *process, const struct world_event *event);
    /* When WORLD_TICK must come, ms; INT64_MAX: not needed. */
    int64_t (*deadline)(const void *process);
};

/* nodes are numbered from 0; all are off at first. */
struct world *world_new(unsigned nodes, uint64_t seed, const struct world_program *program, void *context);
void world_free(struct world *world);

int64_t world_now(const struct world *world);
unsigned world_size(const struct world *world);
/* A number below limit, from the world's seed. */
uint64_t world_random(struct world *world, uint64_t limit);
bool world_chance(struct world *world, unsigned percent);
/* The digest of everything that happened so far. */
struct cib_digest world_trace(const struct world *world);
/* Adds to the trace. */
void world_note(struct world *world, uint64_t what);

/* --- verbs --- */

/* Power on; fine if it is on. */
void world_start(struct world *world, unsigned node);
/* Power off: the process and what its disk had not synced are gone. */
void world_kill(struct world *world, unsigned node);
/* Ends the process and lets the machine run: the others hear of it at once. Its disk keeps what was written.
 */
void world_exit(struct world *world, unsigned node);
/* The same as soon as the event that is being handled is over: for a process about itself. */
void world_exit_later(struct world *world, unsigned node);
/* SIGSTOP and SIGCONT of the process: it stays in the group, and does nothing. */
void world_freeze(struct world *world, unsigned node);
void world_thaw(struct world *world, unsigned node);
/* side[i] says on which side of the partition node i is. */
void world_cut(struct world *world, const unsigned *side);
void world_heal(struct world *world);
/* Runs for so many ms. */
void world_elapse(struct world *world, int64_t ms);
/* Runs until the condition holds, at most so many ms; whether it does. */
bool world_until(struct world *world, bool (*condition)(struct world *, void *), void *context, int64_t ms);
/* How long a write may take, ms (0: as usual). */
void world_disk_slow(struct world *world, unsigned node, int64_t ms);
void world_disk_full(struct world *world, unsigned node, bool full);
/* The disk loses snapshots that were reported written (a mutation that must be found). */
void world_disk_unsynced(struct world *world, bool unsynced);
/* So many percent of changes of membership come as two views at once: who left, then who joined. */
void world_views_in_steps(struct world *world, unsigned percent);
/* Who breaks a tie between halves; only ever moved within a half or majority that is settled. */
void world_move_witness(struct world *world, unsigned node);

/* --- for programs --- */

/* Sends to the group as this process. */
void world_multicast(struct world *world, unsigned node, const void *bytes, size_t length);
/* Writes records, or a snapshot; WORLD_WRITTEN follows. */
void world_write(struct world *world, unsigned node, uint64_t ticket, const void *bytes, size_t length,
                 bool snapshot);
/* Reads what is on the disk, as cib_store_open() would. */
struct hf_error *world_disk_load(struct world *world, unsigned node, struct cib_saved *saved) HF_MUST_CHECK;

/* --- for those who watch --- */

bool world_is_on(const struct world *world, unsigned node);
bool world_is_frozen(const struct world *world, unsigned node);
/* The process, or NULL. */
void *world_process(const struct world *world, unsigned node);
/* Whether so many of these nodes may decide together. */
bool world_quorate(const struct world *world, const cib_member *members, size_t count);
/* How many of them may be missing and the rest may decide still. */
unsigned world_spare(const struct world *world, size_t count);
uint32_t world_term(const struct world *world);
/* Who breaks a tie, on or not. */
unsigned world_witness(const struct world *world);
/* Whether the disk is full, or has been and did not catch up since. */
bool world_disk_was_full(const struct world *world, unsigned node);
/* Whether these bytes are somewhere in what is safely on the node's disk. */
bool world_disk_has(const struct world *world, unsigned node, const char *text);

#endif
