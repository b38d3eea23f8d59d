/* config.h - the fencing part of a configuration: devices, topology, nodes, options.
 *
 * Pure: reads <configuration>.  Templates and id-refs of sets are followed; of several sets the one with the
 * higher score counts first, and of several values for one name the first. */
#ifndef FENCE_CONFIG_H
#define FENCE_CONFIG_H

#include <libxml/tree.h>

#include "fence/device.h"

enum { FENCE_LEVEL_MAX = 9 };

/* <fencing-level>: all devices together make one attempt. */
struct fence_level {
    char *id;
    int index;       /* 1 to FENCE_LEVEL_MAX, lower first */
    char *target;    /* a node's name, */
    char *pattern;   /* or a regular expression for names, */
    char *attribute; /* or a node attribute */
    char *value;     /* and its value */
    char **devices;  /* ids, in order */
    size_t n_devices;
};

struct fence_node {
    char *name;
    struct fence_pair *attributes;
    size_t n_attributes;
};

struct fence_config {
    struct fence_device **devices;
    size_t n_devices;
    struct fence_level *levels; /* by index */
    size_t n_levels;
    struct fence_node *nodes;
    size_t n_nodes;
    bool enabled;                /* stonith-enabled / fencing-enabled */
    int64_t timeout_ms;          /* stonith-timeout / fencing-timeout */
    bool concurrent;             /* concurrent-fencing: several targets at once */
    int64_t watchdog_timeout_ms; /* stonith-watchdog-timeout: a node without it is dead after this; 0: no */
};

/* Tells whether a set of attributes counts now: the owner of rules knows (NULL: sets with a <rule> do not).
 */
typedef bool fence_set_applies(void *context, const xmlNode *set);

/* configuration is borrowed. Devices that cannot be used are left out; problems, if not NULL, gets one line
 * for each. Stopped or not: a fence device may be used unless its target-role is Stopped. */
struct fence_config *fence_config_read(const xmlNode *configuration, fence_set_applies *applies,
                                       void *context, struct hf_buf *problems)
    __attribute__((returns_nonnull));
void fence_config_free(struct fence_config *config);

struct fence_device *fence_config_device(const struct fence_config *config, const char *id);
/* True if the level is for this node. */
bool fence_level_matches(const struct fence_config *config, const struct fence_level *level,
                         const char *node);

#endif
