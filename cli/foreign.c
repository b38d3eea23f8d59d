/* foreign.c - see foreign.h. */
#include "cli/foreign.h"

#include <stddef.h>
#include <string.h>

#include "lib/alloc.h"

#define SETUP "a node is set up by its packages, corosync.conf and guard.conf; see holdfastd(8)"
#define ELSEWHERE                                                                                            \
    "Holdfast opens no connection to a shell on other nodes; use ssh or your configuration management"
#define STATUS_EDIT                                                                                          \
    "the status is what the nodes report and is not edited; 'simulate' takes what-ifs: --node-fail, "        \
    "--node-standby, --op-fail, -u, -d, -q, -g TICKET"
#define TEMPLATES                                                                                            \
    "Holdfast has no templates of configurations; write statements into a file and 'configure load update "  \
    "FILE', or 'configure vip' for an address; rsc_template defines what several primitives share"
#define SCHEDULER_INPUT                                                                                      \
    "the scheduler's inputs are not kept; 'history transition N' has what a transition did, 'configure diff" \
    " REVISION' what changed, and 'simulate' says what would be done now"
#define PERIOD "say since=TIME and until=TIME behind a command of history"
#define WATCHDOG "the watchdog is holdfast-guard's, set in guard.conf; see holdfast-guard(8)"

static const struct {
    const char *area, *word, *instead;
} words[] = {
    {"", "assist", "write the constraints: 'configure colocation ...', 'configure order ...'"},
    {"", "cibstatus", STATUS_EDIT},
    {"", "options", "options are given to each command: --force, --wait, --json; the editor is EDITOR's"},
    {"", "sbd", WATCHDOG},
    {"", "script", TEMPLATES},
    {"", "template", TEMPLATES},
    {"", "bootstrap", SETUP},
    {"", "ui", "the shell is 'holdfast' without a command"},
    {"configure", "cibstatus", STATUS_EDIT},
    {"configure", "assist", "write the constraints: 'configure colocation ...', 'configure order ...'"},
    {"configure", "default-timeouts",
     "say each operation's timeout; 'ra info AGENT' prints what the agent recommends"},
    {"configure", "default_timeouts",
     "say each operation's timeout; 'ra info AGENT' prints what the agent recommends"},
    {"configure", "graph", "'simulate -D FILE' writes the transition for Graphviz"},
    {"configure", "rsctest",
     "'ra validate AGENT NAME=VALUE...' checks parameters here, 'simulate --change FILE' what the cluster "
     "would do, "
     "and a start is tried with 'resource start' and 'resource status'"},
    {"configure", "template", TEMPLATES},
    {"configure", "commit",
     "outside of the shell each command is a change of its own; 'configure <FILE' makes all of a "
     "file as one"},
    {"configure", "refresh", "outside of the shell nothing waits to be committed"},
    {"configure", "up", "it is a word of the shell: 'holdfast' without a command"},
    {"cib", "cibstatus", STATUS_EDIT},
    {"resource", "secret",
     "parameters are read by root and the group haclient only; name a file in the agent's parameter (such as "
     "passwd_script or password_file) for what must not be in the configuration"},
    {"resource", "tune", "'configure set RESOURCE.NAME VALUE'"},
    {"resource", "reprobe", "'resource refresh'"},
    {"node", "server_list", "'node server'"},
    {"node", "rename", "a node has its name from corosync.conf ('corosync edit' on each node)"},
    {"cluster", "init", SETUP},
    {"cluster", "join", SETUP},
    {"cluster", "add", SETUP},
    {"cluster", "remove", "'cluster stop NODE', take it out of corosync.conf, then 'node delete NODE'"},
    {"cluster", "rename",
     "the name is totem.cluster_name in corosync.conf: 'corosync set totem.cluster_name NAME' "
     "on each node, then restart"},
    {"cluster", "geo_init", "tickets are granted by 'site ticket', by hand or by a booth of yours"},
    {"cluster", "geo_join", "tickets are granted by 'site ticket', by hand or by a booth of yours"},
    {"cluster", "geo_init_arbitrator",
     "tickets are granted by 'site ticket', by hand or by a booth of yours"},
    {"cluster", "crash_test", "'node fence NODE' tries fencing; nothing here breaks a node on purpose"},
    {"cluster", "run", ELSEWHERE},
    {"cluster", "copy", ELSEWHERE},
    {"cluster", "diff", ELSEWHERE},
    {"corosync", "push", ELSEWHERE},
    {"corosync", "pull", ELSEWHERE},
    {"corosync", "diff", ELSEWHERE},
    {"corosync", "add-node", "write it with 'corosync edit' on each node, then 'corosync reload'"},
    {"corosync", "del-node", "write it with 'corosync edit' on each node, then 'corosync reload'"},
    {"corosync", "link",
     "links are written in corosync.conf ('corosync edit'); 'corosync status' shows them"},
    {"maintenance", "action",
     "run the agent by hand: OCF_ROOT=/usr/lib/ocf OCF_RESKEY_NAME=VALUE... "
     "/usr/lib/ocf/resource.d/PROVIDER/TYPE ACTION"},
    {"history", "limit", PERIOD},
    {"history", "timeframe", PERIOD},
    {"history", "source", "the log is read where it is: the journal, or the files that HOLDFAST_LOG names"},
    {"history", "session", "use 'report FILE' to keep what is known now"},
    {"history", "setnodes", "'history node NODE' and 'history log' name nodes themselves"},
    {"history", "detail", "say since=TIME and until=TIME; 'history log' has every line"},
    {"history", "exclude", "pipe 'history log' into grep -v"},
    {"history", "refresh", "the log is read anew by each command"},
    {"history", "peinputs", SCHEDULER_INPUT},
    {"history", "graph", SCHEDULER_INPUT},
    {"history", "show", SCHEDULER_INPUT},
    {"history", "diff", SCHEDULER_INPUT},
    {"history", "wdiff", SCHEDULER_INPUT},
};

const char *foreign_word(const char *area, const char *word)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(words); i++)
        if (strcmp(words[i].area, area) == 0 && strcmp(words[i].word, word) == 0)
            return words[i].instead;
    return NULL;
}
