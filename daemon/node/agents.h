/* agents.h - what this node knows of its resource agents from their meta-data.
 *
 * Pure.  A changed parameter means a reload where the agent can reload it, a restart otherwise; and some
 * parameters are secret.  Which is which, only the agent's meta-data says (OCF resource agent API 1.1,
 * "reloadable", action reload-agent; before 1.1: "unique", action reload).  It is recorded with each start,
 * so that the scheduler need not know agents. */
#ifndef HF_NODE_AGENTS_H
#define HF_NODE_AGENTS_H

#include <stdbool.h>
#include <stddef.h>

struct agent_info {
    char *class_, *provider, *type;
    bool known;         /* the meta-data has been read */
    char *restart_list; /* " a b ": parameters whose change needs a restart; NULL: the agent cannot reload */
    char *secure_list;  /* " a b ": secret parameters; NULL: none */
};

struct agents {
    struct agent_info *list;
    size_t count, capacity;
};

/* The entry of an agent, made if there is none; *asked tells whether it was there. */
struct agent_info *agents_get(struct agents *agents, const char *class_, const char *provider,
                              const char *type, bool *asked);
/* Reads meta-data into info; false (info is then known to offer nothing) if it is no meta-data. */
bool agent_info_read(struct agent_info *info, const char *text, size_t length);
void agents_free(struct agents *agents);

#endif
