/* edit.h - statements of the crm language put into a <configuration>.
 *
 * An edit works on a private copy of a configuration, keeps an index of its ids, and refuses what would
 * break it: an id used twice, a member that does not exist or belongs to another container, a reference
 * that leads nowhere.  When it is finished the copy is what the user asked for; changes.h says how it
 * differs from the original. */
#ifndef HF_CLI_CRM_EDIT_H
#define HF_CLI_CRM_EDIT_H

#include "cli/crm/ids.h"
#include "cli/crm/parse.h"

enum crm_mode {
    CRM_CREATE, /* what exists already is refused */
    CRM_UPDATE, /* what exists already is replaced */
};

struct crm_edit {
    xmlNode *configuration; /* borrowed, edited in place */
    xmlHashTable *index;    /* id -> its element in configuration */
    /* What this configuration replaces, for the ids to keep; owned with its index, both may be NULL. */
    xmlNode *previous;
    xmlHashTable *previous_index;
    bool force; /* delete: take what refers to it along */
};

/* configuration: a <configuration> element, edited in place. */
void crm_edit_begin(struct crm_edit *edit, xmlNode *configuration);
/* The same on an emptied configuration: everything is to be written anew, ids that stay are kept. */
void crm_edit_begin_anew(struct crm_edit *edit, xmlNode *configuration);
void crm_edit_end(struct crm_edit *edit);
/* Brings a section back as it was before an edit that writes everything anew. */
void crm_edit_keep_section(struct crm_edit *edit, const char *section);

/* Applies one statement; its element is used up.  HF_REFUSED with the reason; then nothing has changed. */
struct hf_error *crm_edit_apply(struct crm_edit *edit, struct crm_statement *statement,
                                enum crm_mode mode) HF_MUST_CHECK;
/* The same for all of them; errors name the line. */
struct hf_error *crm_edit_apply_all(struct crm_edit *edit, struct crm_statements *statements,
                                    enum crm_mode mode) HF_MUST_CHECK;
/* Deletes objects by id (nodes also by name), in any order.  A container's members stay. */
struct hf_error *crm_edit_delete(struct crm_edit *edit, char *const *ids, size_t count) HF_MUST_CHECK;
struct hf_error *crm_edit_rename(struct crm_edit *edit, const char *from, const char *to) HF_MUST_CHECK;
/* Resolves $id-ref= and checks that every reference leads somewhere.  To be called once at the end. */
struct hf_error *crm_edit_finish(struct crm_edit *edit) HF_MUST_CHECK;

/* The element with this id, or the node of this name; NULL if there is none. */
xmlNode *crm_edit_find(const struct crm_edit *edit, const char *id);
/* The object (child of a section) or resource that element is part of. */
xmlNode *crm_object_of(xmlNode *element);

/* Sets name to value in the first attribute set of this kind (made if there is none) of an object; value
 * NULL removes.  Returns whether that changed anything. */
bool crm_edit_set_attribute(struct crm_edit *edit, xmlNode *object, const char *set, const char *name,
                            const char *value);
/* The operation of a primitive; made if there is none. interval NULL: the first of this name, or a new one
 * with interval 0. */
xmlNode *crm_edit_operation(struct crm_edit *edit, xmlNode *primitive, const char *name,
                            const char *interval);
/* The value in the object's own sets without rules, or NULL. */
const char *crm_attribute(const xmlNode *object, const char *set, const char *name);

#endif
