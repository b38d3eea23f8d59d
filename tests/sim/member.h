/* member.h - a node that runs a replica of the CIB in a simulated world, with clients, and what must be true
 * of it.
 *
 * The program does what holdfastd's shell does around a replica, and nothing else: events in, updates
 * performed. Clients on each node submit changes one after another; what they were told is kept outside the
 * nodes, in a ledger, and checked against the disks at each answer and against the documents in the end. */
#ifndef SIM_MEMBER_H
#define SIM_MEMBER_H

#include "tests/sim/world.h"

enum { LEDGER_TOKEN = 24 };

enum outcome { OUTCOME_PENDING, OUTCOME_DONE, OUTCOME_NOT_DONE, OUTCOME_UNKNOWN };

/* One request of a client. */
struct entry {
    unsigned node;
    bool removes;             /* deletes the element instead of creating it */
    size_t creator;           /* for removes: the entry that created it */
    char token[LEDGER_TOKEN]; /* id of the element */
    enum outcome outcome;
    enum hf_error_kind kind; /* for NOT_DONE */
};

/* What all clients of a run asked for and were told. */
struct ledger {
    struct entry *list;
    size_t count, capacity;
    int64_t pause;       /* ms between two requests of a client; 0: no clients */
    unsigned clients;    /* per node */
    unsigned large;      /* requests that need fragments, at most */
    unsigned broken;     /* enum cib_broken for all replicas */
    bool print;          /* what the replicas do */
    bool fence;          /* expelled nodes are powered off, usually */
    struct hf_buf wrong; /* what should not have happened, one line each */
    uint64_t done, refused, unknown, transfers, expelled, diverged;
};

void ledger_free(struct ledger *ledger);

/* The program for world_new(); its context is a struct ledger. */
extern const struct world_program member_program;

/* The replica of a process that world_process() gave. */
struct cib_replica *member_replica(void *process);

/* Submits one change on a node now: an index into the ledger. */
size_t member_submit(struct world *world, unsigned node, bool remove, size_t creator);

/* All nodes are on, in sync, agree on DC and document, and nothing waits. */
bool members_settled(struct world *world, void *context);
/* Adds to ledger->wrong what is not as the clients were told. To be called when settled. */
void members_check(struct world *world, struct ledger *ledger);

#endif
