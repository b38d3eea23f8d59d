/* document.h - the CIB: a libxml2 tree with an index of its ids, its versions and its digest.
 *
 * A document changes only through the functions here.  Each is all or nothing: it works on the touched
 * elements and takes back what it did when it fails, so a change costs what it touches, not what the
 * document holds.  The same sequence of changes gives the same document and the same digest on every
 * node.  Ids are unique within <configuration>; whatever refers to an id or a node's name is indexed, so
 * that nothing dangling comes in and nothing that is referred to goes.  Pure: no clock, file or socket. */
#ifndef CIB_DOCUMENT_H
#define CIB_DOCUMENT_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/cib/digest.h"
#include "lib/error.h"

enum {
    CIB_CONFIGURATION_LIMIT = 8 * 1024 * 1024, /* bytes of <configuration> as text */
    CIB_STATUS_LIMIT = 32 * 1024 * 1024,       /* bytes of <status> as text */
    CIB_VERSION_TEXT = 64,                     /* bytes of cib_version_text()'s buffer */
};

struct cib_schema;   /* daemon/cib/schema.h */
struct cib_document; /* private */

/* Pacemaker's three numbers: the operator's, one per configuration change, one per status update. */
struct cib_version {
    uint64_t admin_epoch, epoch, num_updates;
};

/* <0, 0, >0 as one is older than, the same as or newer than the other. */
int cib_version_compare(struct cib_version one, struct cib_version other);
/* "ADMIN_EPOCH.EPOCH.NUM_UPDATES" into text, which is returned. */
const char *cib_version_text(struct cib_version version, char text[CIB_VERSION_TEXT]);

/* An empty CIB, version 0.0.0. schema may be NULL (nothing is validated); it must outlive the document. */
struct cib_document *cib_document_new(const struct cib_schema *schema);
/* A CIB from text: <cib>, or <configuration> alone. source names it in errors. Ids must be unique;
 * references and schema are checked only if strict (what a node itself wrote was checked before). */
struct hf_error *cib_document_parse(const struct cib_schema *schema, const char *text, size_t length,
                                    const char *source, bool strict,
                                    struct cib_document **document) HF_MUST_CHECK;
/* NULL is fine. */
void cib_document_free(struct cib_document *document);
void cib_document_freep(struct cib_document **document);

/* Reading.  The elements belong to the document and are good until its next change. */
const xmlNode *cib_document_root(const struct cib_document *document);          /* <cib> */
const xmlNode *cib_document_configuration(const struct cib_document *document); /* <configuration> */
const xmlNode *cib_document_status(const struct cib_document *document);        /* <status> */
/* The element of the configuration with this id, or NULL. */
const xmlNode *cib_document_find(const struct cib_document *document, const char *id);
/* The <node_state> with this id, or NULL. */
const xmlNode *cib_document_node_state(const struct cib_document *document, const char *node_id);
struct cib_version cib_document_version(const struct cib_document *document);
struct cib_digest cib_document_configuration_digest(const struct cib_document *document);
struct cib_digest cib_document_status_digest(const struct cib_document *document);
/* Both, the slow way, for tests and verification: false if the maintained digests, sizes or indexes
 * disagree with the tree; said (may be NULL) gets which. */
bool cib_document_verify(const struct cib_document *document, struct hf_buf *said);
/* Bytes of <configuration> as text. */
size_t cib_document_size(const struct cib_document *document);

/* The schema that it was made with. */
const struct cib_schema *cib_document_schema(const struct cib_document *document);

/* Attributes of <cib> outside versions and digests (have-quorum, dc-uuid, ...); a value that XML cannot
 * hold is as none. */
void cib_document_set_root(struct cib_document *document, const char *name, const char *value);
/* The same for who changed the configuration last and when (seconds since 1970). */
void cib_document_set_origin(struct cib_document *document, int64_t when, const char *origin,
                             const char *user);
/* Only for the one who restores a document from disk or from another member. */
void cib_document_set_version(struct cib_document *document, struct cib_version version);

/* Applies <change> (doc/control.md). On success the epoch is one more and num_updates 0. On failure nothing
 * has changed: HF_USAGE for an unknown operation or attribute, HF_CONFLICT if expect is another version,
 * HF_REFUSED naming element, id and what was expected.  change is only read. */
struct hf_error *cib_document_change(struct cib_document *document, const xmlNode *change) HF_MUST_CHECK;
/* The same without schema and references: replays what was accepted before. */
struct hf_error *cib_document_replay(struct cib_document *document, const xmlNode *change) HF_MUST_CHECK;

/* Applies a status update made with the functions below, all or nothing; num_updates is one more.
 * Bytes may come from anywhere: HF_USAGE if they are no update. */
struct hf_error *cib_document_status_update(struct cib_document *document, const void *bytes,
                                            size_t length) HF_MUST_CHECK;
/* The node a status update is about: the id of the node_state in its first operation, the caller's; NULL
 * if there is none. */
char *cib_status_update_node(const void *bytes, size_t length);

/* What one operation of an update is about; borrowed. */
enum cib_status_kind {
    CIB_STATUS_NODE,            /* a node_state or an attribute of it */
    CIB_STATUS_HISTORY,         /* resource, name: id of the lrm_rsc_op that was put, entry: itself */
    CIB_STATUS_HISTORY_REMOVED, /* resource (NULL: all), name (NULL: the whole resource) */
    CIB_STATUS_ATTRIBUTE,       /* name: of a transient attribute */
    CIB_STATUS_TICKET,          /* node_id is the ticket */
    CIB_STATUS_FENCING, /* the history of fencing: entry is the <fence-event>, NULL: some were removed */
};
struct cib_status_seen {
    enum cib_status_kind kind;
    const char *node_id, *resource, *name;
    const xmlNode *entry;
};
typedef void cib_status_visitor(void *context, const struct cib_status_seen *seen);
/* Tells the operations of an update that was applied, in their order, so that who reacts to changes need
 * not look through the whole status, nor takes what a later update made of it for what this one did. */
void cib_status_update_each(const void *bytes, size_t length, cib_status_visitor *visitor, void *context);

/* Operations of a status update, appended to buf in order. */

/* The whole node_state takes the place of the one with its id, or is added. */
void cib_status_replace_node(struct hf_buf *buf, const xmlNode *node_state);
/* Removes a node_state; fine if there is none. */
void cib_status_remove_node(struct hf_buf *buf, const char *node_id);
/* Sets (value NULL: removes) one attribute of the node_state, which is added if there is none. */
void cib_status_set_node(struct hf_buf *buf, const char *node_id, const char *name, const char *value);

/* What an lrm_resource says about its resource; container may be NULL. */
struct cib_history_resource {
    const char *id, *class, *provider, *type, *container;
};
/* Puts an <lrm_rsc_op> into node/resource in the place of the one with its id, or at the end. */
void cib_status_put_history(struct hf_buf *buf, const char *node_id,
                            const struct cib_history_resource *resource, const xmlNode *lrm_rsc_op);
/* Removes one lrm_rsc_op; with operation NULL the lrm_resource; with resource NULL too, all of the node's
 * history.  Fine if there is none. */
void cib_status_remove_history(struct hf_buf *buf, const char *node_id, const char *resource,
                               const char *operation);
/* Sets (value NULL: removes) a transient node attribute (<transient_attributes>). */
void cib_status_set_attribute(struct hf_buf *buf, const char *node_id, const char *name, const char *value);
/* Puts a <fence-event> into <fence-history> in the place of the one with its id, or at the end. The last 100
 * are kept. */
void cib_status_put_fencing(struct hf_buf *buf, const xmlNode *fence_event);
/* Removes those that have ended, of one target or (NULL) of all. */
void cib_status_remove_fencing(struct hf_buf *buf, const char *target);
/* Sets (value NULL: removes) an attribute of <ticket_state id=ticket>; with its last one it goes too. */
void cib_status_set_ticket(struct hf_buf *buf, const char *ticket, const char *name, const char *value);

#endif
