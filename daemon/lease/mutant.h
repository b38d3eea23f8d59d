/* mutant.h - the broken variants that the proof has to find.
 *
 * In every program that is installed HF_MUTANT() is the constant false.  tests/locksim builds the lock
 * table and the holder a second time with HF_MUTANTS defined and switches one fault on, to show that the
 * simulation would see it. */
#ifndef LEASE_MUTANT_H
#define LEASE_MUTANT_H

#include <stdbool.h>

enum hf_mutant {
    MUTANT_NONE,
    MUTANT_RESTART_FORGETS,     /* server: leases are forgotten at restart */
    MUTANT_FIN_FREES,           /* server: a closed connection frees its locks */
    MUTANT_NO_MARGIN,           /* holder: uses the whole lease, no room for drift */
    MUTANT_FROM_RECEIPT,        /* holder: counts from when the answer came */
    MUTANT_USER_GATE,           /* gate: closes only when its process runs */
    MUTANT_TERM_LOST,           /* server: the term is lost at restart */
    MUTANT_REPLY_AFTER_RELEASE, /* holder: accepts answers to what was asked before a release */
    MUTANT_RELEASE_ANY_TERM,    /* server: RELEASE does not look at the term */
    MUTANT_GRANT_BEFORE_DISK,   /* server: answers before the record is durable */
    MUTANT_AMNESIA_GRANTS,      /* server: grants at once after losing its disk */
    MUTANT_MINORITY,            /* holder: one grant is enough */
    MUTANT_RENEW_WHILE_WRITING, /* server: renews while another's grant is on its way to the disk */
    MUTANT_RENEW_AFTER_FAILURE, /* server: and after its write failed, though it may be there all the same */
    MUTANTS,
};

#ifdef HF_MUTANTS
extern enum hf_mutant hf_mutant; /* set once by the simulation */
#define HF_MUTANT(which) (hf_mutant == (which))
#else
#define HF_MUTANT(which) false
#endif

#endif
