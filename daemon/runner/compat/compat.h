/* compat.h - the commands that resource agents expect of a cluster manager, as front-ends of holdfastd.
 *
 * One program with several names, installed in a folder that the agent runner puts first in agents' PATH:
 * crm_node, crm_attribute, crm_master, crm_standby, attrd_updater, crm_resource and cibadmin.  Each takes the
 * options of Pacemaker's command that agents use, prints in its format and ends with its exit codes; what it
 * does not do it refuses by name. (crm_mon is the machine's own, if there is one.) Everything goes over the
 * control socket (lib/control.h, doc/control.md). */
#ifndef HF_RUNNER_COMPAT_H
#define HF_RUNNER_COMPAT_H

#include <stdbool.h>

#include "lib/buf.h"
#include "lib/control.h"
#include "lib/xml.h"

/* Pacemaker's exit codes (crm_exit_t) that agents may look at. */
enum compat_exit {
    COMPAT_OK = 0,
    COMPAT_ERROR = 1,
    COMPAT_USAGE = 64,
    COMPAT_DISCONNECTED = 102, /* no daemon */
    COMPAT_NO_SUCH = 105,      /* no such attribute, resource or node */
    COMPAT_NO_QUORUM = 115,
    COMPAT_TIMEOUT = 124,
};

/* What every command shares. */
struct compat {
    const char *name; /* the command's */
    struct hf_control *control;
    xmlDoc *cib; /* fetched when first asked for */
};

/* Prints "name: message" to standard error and returns code. */
int compat_fail(const struct compat *compat, int code, const char *format, ...) HF_PRINTF(3, 4);
/* The same for an error, which is freed; its kind chooses the code. */
int compat_fail_error(const struct compat *compat, struct hf_error *error);

/* Sends a request; *reply may be NULL if nobody wants it. */
struct hf_error *compat_call(struct compat *compat, const char *request, xmlDoc **reply) HF_MUST_CHECK;
/* The CIB's root, borrowed. */
struct hf_error *compat_cib(struct compat *compat, xmlNode **root) HF_MUST_CHECK;
/* The <node> element of <query what="node"/>; *reply owns it. */
struct hf_error *compat_node(struct compat *compat, xmlDoc **reply, xmlNode **node) HF_MUST_CHECK;
/* The node that an attribute belongs to if none was named: what the agent's environment says, else this
 * machine. The caller frees. */
struct hf_error *compat_local_name(struct compat *compat, char **name) HF_MUST_CHECK;

/* The value of an nvpair of this name in the first set of this element name within parent, borrowed, or NULL;
 * *pair is set to it if pair is not NULL. */
const char *compat_value(const xmlNode *parent, const char *set, const char *name, xmlNode **pair);
/* A node's entry in <nodes>, or its <node_state>, or NULL. */
xmlNode *compat_find_node(xmlNode *root, const char *name);
xmlNode *compat_find_state(xmlNode *root, const char *name);

/* One command: argc and argv as main() got them. */
int compat_run_node(struct compat *compat, int argc, char **argv);
int compat_run_attribute(struct compat *compat, int argc, char **argv);
int compat_run_attrd(struct compat *compat, int argc, char **argv);
int compat_run_resource(struct compat *compat, int argc, char **argv);
int compat_run_cibadmin(struct compat *compat, int argc, char **argv);

#endif
