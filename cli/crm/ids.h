/* ids.h - the ids that the CIB needs and the crm language leaves out.
 *
 * Three jobs: naming elements as the crm shell does (RESOURCE-instance_attributes-NAME), taking over the
 * ids an element already had when it is written anew, and comparing elements while ids that mean nothing
 * may differ. */
#ifndef HF_CLI_CRM_IDS_H
#define HF_CLI_CRM_IDS_H

#include <libxml/hash.h>
#include <libxml/tree.h>
#include <stdbool.h>

/* Whether text can be an XML id: a letter or '_', then letters, digits, '.', '-', '_' or non-ASCII. */
bool crm_is_id(const char *text);

/* The ids in use, as keys. */
typedef xmlHashTable crm_id_set;

crm_id_set *crm_id_set_new(void);
void crm_id_set_free(crm_id_set *ids);
/* Adds each id below (and of) element; references (role, obj_ref, resource_ref) are not ids. */
void crm_id_set_collect(crm_id_set *ids, const xmlNode *element);
/* Adds what each id-ref and acl reference below element names. */
void crm_id_set_references(crm_id_set *ids, const xmlNode *element);
bool crm_id_set_has(const crm_id_set *ids, const char *id);

/* Whether the id of such elements is not one of the ids that must be unique: it refers to something else,
 * or it is a node's, which the cluster numbers (a remote node has the id of its resource). */
bool crm_id_is_elsewhere(const char *element_name);
/* Whether the crm language has no place for the id of such an element (nvpair, op, expression, ...). */
bool crm_id_is_silent(const char *element_name);

/* Names every element below (and) element that needs an id and has none, avoiding ids in use (and adding
 * to them). base: the prefix where there is no parent with an id, or NULL. */
void crm_name(xmlNode *element, crm_id_set *ids, const char *base);
/* Takes away, in a copy made for printing, each id that crm_name() would give again and each silent one
 * that is not in significant (may be NULL). ids: as crm_name() would be given, at first empty. */
void crm_imply(xmlNode *element, crm_id_set *ids, const char *base, const crm_id_set *significant);
/* For each element of written without an id, takes the id of its counterpart in old, and the spelling of
 * what is default in both. Both stand for the same object. */
void crm_adopt(xmlNode *written, const xmlNode *old);
/* Whether two elements say the same: attribute order, comments and white space aside, and - unless in
 * significant (may be NULL) - silent ids, spelled-out defaults, empty <operations/>, and whether members
 * stand before or behind their container's sets, rules before or behind nvpairs.  With exact, all of these
 * count. */
bool crm_same(const xmlNode *a, const xmlNode *b, bool exact, const crm_id_set *significant);

#endif
