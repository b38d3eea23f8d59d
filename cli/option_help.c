/* option_help.c - what the cluster's options mean and are if nobody sets them (see options.h). */
#include <string.h>

#include "cli/options.h"
#include "lib/alloc.h"

#define NO_USE "No effect here: "

static const struct option_help texts[] = {
    {"no-quorum-policy", NULL, "stop", "What a partition without quorum does with its resources"},
    {"symmetric-cluster", NULL, "true",
     "Whether resources may run where no location constraint says anything"},
    {"maintenance-mode", NULL, "false",
     "Leave everything as it is: nothing is started, stopped or monitored"},
    {"start-failure-is-fatal", NULL, "true", "Whether one failed start keeps a resource away from the node"},
    {"enable-startup-probes", NULL, "true", "Whether a node that joins is asked what runs on it already"},
    {"stonith-enabled", "fencing-enabled", "true",
     "Whether nodes that are lost or fail to stop are fenced before their resources are recovered"},
    {"stonith-action", "fencing-action", "reboot", "What fencing does to a node"},
    {"stonith-timeout", "fencing-timeout", "60s", "How long one fence action may take"},
    {"stonith-max-attempts", "fencing-max-attempts", "10",
     "After so many failures in a row fencing is tried again only when something changes"},
    {"stonith-watchdog-timeout", "fencing-watchdog-timeout", "0",
     "A lost node counts as stopped by its own watchdog after this time; 0: never"},
    {"concurrent-fencing", NULL, "true", "Whether several nodes may be fenced at the same time"},
    {"startup-fencing", NULL, "true", "Whether nodes that were never seen are fenced, too"},
    {"fence-reaction", "fencing-reaction", NULL, NO_USE "a node without quorum follows no-quorum-policy"},
    {"priority-fencing-delay", NULL, "0",
     "Time by which fencing the node with the more important resources waits"},
    {"node-pending-timeout", NULL, "0",
     "A node that is a member of corosync's group but has not joined is fenced after this time; 0: never"},
    {"cluster-delay", NULL, "60s", "Time that an order to another node may take beyond the action's own"},
    {"cluster-recheck-interval", NULL, "15min", "How often the policy is run although nothing happened"},
    {"dc-deadtime", NULL, NULL, NO_USE "the oldest member coordinates, without an election"},
    {"election-timeout", NULL, NULL, NO_USE "the oldest member coordinates, without an election"},
    {"shutdown-escalation", NULL, NULL, NO_USE "a node that is to leave is given 20 minutes"},
    {"join-integration-timeout", NULL, NULL, NO_USE "members join in corosync's order"},
    {"join-finalization-timeout", NULL, NULL, NO_USE "members join in corosync's order"},
    {"transition-delay", NULL, NULL, NO_USE "the policy is run when something happened"},
    {"fence-remote-without-quorum", NULL, "false",
     "Whether a partition without quorum may fence remote nodes"},
    {"shutdown-lock", NULL, "false",
     "Whether resources wait for a node that was shut down, rather than move"},
    {"shutdown-lock-limit", NULL, "0", "How long they wait; 0: until it is back"},
    {"batch-limit", NULL, "0", "How many actions may run in the cluster at the same time; 0: no limit"},
    {"migration-limit", NULL, "-1", "How many live migrations a node may take part in at once; -1: no limit"},
    {"node-action-limit", NULL, NULL, NO_USE "batch-limit bounds the actions of the cluster"},
    {"load-threshold", NULL, NULL, NO_USE "actions are not held back by load"},
    {"remove-after-stop", NULL, NULL, NO_USE "what is deleted is forgotten once it has stopped"},
    {"stop-all-resources", NULL, "false", "Stop everything, and start nothing"},
    {"stop-orphan-resources", "stop-removed-resources", "true",
     "Whether resources that are no longer configured are stopped"},
    {"stop-orphan-actions", "cancel-removed-actions", "true",
     "Whether recurring actions that are no longer configured are cancelled"},
    {"pe-error-series-max", NULL, NULL, NO_USE "the scheduler's inputs are not kept"},
    {"pe-warn-series-max", NULL, NULL, NO_USE "the scheduler's inputs are not kept"},
    {"pe-input-series-max", NULL, NULL, NO_USE "the scheduler's inputs are not kept"},
    {"placement-strategy", NULL, "default",
     "How the utilization of resources and nodes decides where they run"},
    {"node-health-strategy", NULL, "none", "What a node's health attributes (#health-...) do to its scores"},
    {"node-health-base", NULL, "0", "The score that every node begins with (strategy progressive)"},
    {"node-health-green", NULL, "0", "What the word green means as a score"},
    {"node-health-yellow", NULL, "0", "What the word yellow means as a score"},
    {"node-health-red", NULL, "-INFINITY", "What the word red means as a score"},
    {"enable-acl", NULL, NULL, NO_USE "root and the group haclient may do everything, others nothing"},
    {"have-watchdog", NULL, "false", "Whether nodes have a watchdog; what set up the cluster says so"},
    {"cluster-name", NULL, NULL, "The cluster's name; set by the cluster, from corosync.conf"},
    {"cluster-infrastructure", NULL, NULL, "What the membership comes from; set by the cluster"},
    {"dc-version", NULL, NULL, "The coordinator's version; set by the cluster"},
    {"last-lrm-refresh", NULL, NULL, "When somebody last asked for all to be looked at; set by older tools"},
};

const struct option_help *option_help(const char *name)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(texts); i++)
        if (strcmp(texts[i].name, name) == 0 ||
            (texts[i].other_name != NULL && strcmp(texts[i].other_name, name) == 0))
            return &texts[i];
    return NULL;
}
