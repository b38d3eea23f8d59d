/* constraints.h - what the files that read constraints share (constraints.c and one file for each kind). */
#ifndef HF_SCHED_CONSTRAINTS_H
#define HF_SCHED_CONSTRAINTS_H

#include "daemon/sched/model.h"

bool sc_in_lifetime(struct run *run, const xmlNode *xml, const struct node *node);
bool sc_constraint_role(struct run *run, const char *id, const char *text, enum role *role);
struct resource *sc_ref_rsc(struct run *run, const xmlNode *ref);
void sc_unpack_order(struct run *run, xmlNode *xml);
void sc_unpack_colocation(struct run *run, xmlNode *xml);
void sc_unpack_location(struct run *run, xmlNode *xml);
void sc_unpack_ticket_constraint(struct run *run, xmlNode *xml);

#endif
