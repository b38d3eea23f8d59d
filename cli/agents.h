/* agents.h - the agents installed on this machine, and what they say of themselves.
 *
 * A resource agent's meta-data is asked for the way the cluster does it: the agent is run, with a limit on
 * its time and output.  The answer is checked like any foreign input. */
#ifndef HF_CLI_AGENTS_H
#define HF_CLI_AGENTS_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "lib/error.h"

enum {
    AGENT_TIME_MS = 10000,            /* an agent's time for its meta-data */
    AGENT_OUTPUT_LIMIT = 1024 * 1024, /* bytes of meta-data */
};

/* class:provider:type; provider is NULL but for ocf. */
struct agent_name {
    const char *class, *provider, *type;
};

/* The program behind an agent, the caller's; HF_REFUSED saying where it was looked for if it is not there. */
struct hf_error *agent_find(const struct agent_name *name, char **path) HF_MUST_CHECK;
/* Its meta-data (root <resource-agent>), the caller's.  NULL without an error for classes that have none
 * (lsb, systemd, service).  HF_REFUSED saying what is wrong with it. */
struct hf_error *agent_metadata(const struct agent_name *name, xmlDoc **metadata) HF_MUST_CHECK;
/* Has the agent check parameters (NAME=VALUE) on this machine, by its action validate-all: HF_REFUSED with
 * what it says. Only of class ocf. */
struct hf_error *agent_validate(const struct agent_name *name, const char *resource, char *const *pairs,
                                size_t count) HF_MUST_CHECK;
/* Checks the parameters of a primitive (or template) against its agent's meta-data: unknown ones, required
 * ones that are missing.  parameter(context, name) says whether one is set. */
struct hf_error *agent_check_known(const xmlNode *metadata, const struct agent_name *name,
                                   const char *parameter) HF_MUST_CHECK;
struct hf_error *agent_check_required(const xmlNode *metadata, const struct agent_name *name,
                                      bool (*is_set)(const void *context, const char *parameter),
                                      const void *context) HF_MUST_CHECK;
/* "class:provider:type" as text; the caller's. */
char *agent_text(const struct agent_name *name);
/* Splits that; *text is cut up. One word is ocf:heartbeat:WORD. */
struct agent_name agent_split(char *text);

/* The names of what is installed: providers of ocf, or types of a class (and provider). Sorted, ends with
 * NULL; free with agent_list_free(). */
char **agent_providers(void);
char **agent_types(const char *class, const char *provider);
void agent_list_free(char **list);

#endif
