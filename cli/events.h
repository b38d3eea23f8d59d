/* events.h - what happened in the cluster, from all that still knows of it: the revisions of the
 * configuration, what the nodes remember of operations, the history of fencing, and this machine's log.
 *
 * Nothing here is kept for itself: an operation's history has the last of each kind, the log what the machine
 * keeps. */
#ifndef HF_CLI_EVENTS_H
#define HF_CLI_EVENTS_H

#include <libxml/tree.h>
#include <regex.h>

#include "lib/buf.h"
#include "lib/error.h"

enum event_source { EVENT_REVISION, EVENT_OPERATION, EVENT_FENCING, EVENT_LOG };

struct event {
    int64_t time_ms; /* since 1970 */
    enum event_source source;
    char *node;     /* where; NULL: it concerns all, or is not known */
    char *resource; /* for EVENT_OPERATION, or NULL */
    char *level;    /* for EVENT_LOG; "" if the line does not say */
    char *text;
};

struct events {
    struct event *event;
    size_t count, capacity;
    int64_t since, until; /* seconds; what is outside is not taken. until 0: no end */
};

void events_free(struct events *events);
/* Oldest first. */
void events_sort(struct events *events);
const char *event_source_name(enum event_source source);

/* reply: of <query what="revisions"/>; cib: the whole CIB. */
void events_add_revisions(struct events *events, const xmlNode *reply);
void events_add_operations(struct events *events, const xmlDoc *cib);
void events_add_fencing(struct events *events, const xmlDoc *cib);
/* This machine's log: the journal's, or the files that HOLDFAST_LOG names (separated by ':'), or those in the
 * usual places. *where says which, the caller's; NULL if there is none. */
struct hf_error *events_add_log(struct events *events, const char *node, char **where) HF_MUST_CHECK;

/* Whether word stands in text as a word of its own. */
bool event_mentions(const char *text, const char *word);

#endif
