/* document-private.h - how a document changes, shared by document.c, change.c and status.c.
 *
 * All changes of the tree go through cib_tree_attach(), cib_tree_detach() and cib_tree_set(), which keep the
 * marks (digest, size), the indexes and the list by which everything can be taken back. */
#ifndef CIB_DOCUMENT_PRIVATE_H
#define CIB_DOCUMENT_PRIVATE_H

#include <libxml/hash.h>

#include "daemon/cib/document.h"
#include "daemon/cib/index.h"

/* Hangs on each element (xmlNode._private). */
struct cib_mark {
    struct cib_digest attributes; /* sum over the attributes */
    struct cib_digest children;   /* sum over neighbouring pairs */
    struct cib_digest whole;
    size_t own, bytes; /* as text: the element alone; with all below it */
    bool pending;      /* on the list of what a change must validate */
};

enum cib_undo_type { CIB_UNDO_ATTACH, CIB_UNDO_DETACH, CIB_UNDO_SET };

struct cib_undo {
    enum cib_undo_type type;
    xmlNode *element;
    xmlNode *parent, *before; /* DETACH: where it was */
    char *name, *value;       /* SET: what it was */
};

struct cib_document {
    const struct cib_schema *schema;
    xmlDoc *xml;
    xmlNode *root, *configuration, *status;
    struct cib_version version;
    struct cib_index *index;
    xmlHashTable *history; /* (node id, resource id) -> <lrm_resource> */
    struct cib_undo *undo;
    size_t n_undo, c_undo;
};

static inline struct cib_mark *cib_mark(const xmlNode *element)
{
    return element->_private;
}

/* A marked copy of a foreign element, ready to be attached; comments and blanks are left out. HF_REFUSED for
 * text or namespaces. */
struct hf_error *cib_tree_copy(struct cib_document *document, const xmlNode *foreign,
                               xmlNode **element) HF_MUST_CHECK;
/* A new, empty, marked element, not attached. */
xmlNode *cib_tree_new(struct cib_document *document, const char *name);
/* Frees an element that is not attached. */
void cib_tree_free(xmlNode *element);

/* Puts element under parent, before a child or (NULL) at the end. On error (an id is there already) the
 * element is still the caller's. */
struct hf_error *cib_tree_attach(struct cib_document *document, xmlNode *element, xmlNode *parent,
                                 xmlNode *before) HF_MUST_CHECK;
/* Takes it out; it is kept for undoing. */
void cib_tree_detach(struct cib_document *document, xmlNode *element);
/* value NULL removes. */
struct hf_error *cib_tree_set(struct cib_document *document, xmlNode *element, const char *name,
                              const char *value) HF_MUST_CHECK;
/* The child with this name (and id, unless NULL), made at the end if there is none (status only). */
xmlNode *cib_tree_ensure(struct cib_document *document, xmlNode *parent, const char *name, const char *id);

/* Ends a change: forgets how to undo it, or undoes it. */
void cib_tree_commit(struct cib_document *document);
void cib_tree_rollback(struct cib_document *document);

/* Text that can be an XML attribute's value. */
bool cib_is_value(const char *text);
/* Writes the versions into <cib>. */
void cib_document_show_version(struct cib_document *document);

#endif
