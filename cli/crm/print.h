/* print.h - elements of the CIB as text in the crm language.
 *
 * What is printed is read back and compared before it is handed out: where the language cannot say all
 * that an element holds, the element appears as "xml <...>" instead, so nothing is ever lost silently. */
#ifndef HF_CLI_CRM_PRINT_H
#define HF_CLI_CRM_PRINT_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "cli/crm/ids.h"
#include "lib/buf.h"

/* Adds one object (a child of resources, constraints, nodes, tags, alerts or acls; a property set; a
 * child of rsc_defaults or op_defaults; or the fencing-topology element) as one statement, ending in a
 * line end.  Resources inside a group, clone or bundle are only named.  significant: see crm_imply(). */
void crm_print(struct hf_buf *text, const xmlNode *element, const crm_id_set *significant);
/* Adds a resource with the resources inside it before it, as it must be typed. */
void crm_print_resource(struct hf_buf *text, const xmlNode *resource, const crm_id_set *significant);
/* Adds a whole <configuration>. Returns how many statements had to be "xml". */
size_t crm_print_configuration(struct hf_buf *text, const xmlNode *configuration);
/* Adds one word as the language has to write it: quoted if it must be. */
void crm_print_word(struct hf_buf *text, const char *word);
void crm_print_pair(struct hf_buf *text, const char *name, const char *value);
/* A copy of a resource with each resource inside it replaced by <member id=>; the caller's. */
xmlNode *crm_flatten(const xmlNode *element);
/* Whether elements of this name are resources (primitive, group, clone, master, bundle). */
bool crm_is_resource(const xmlNode *element);

#endif
