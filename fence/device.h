/* device.h - a fence device: whom it can fence, and with which words its agent is told to.
 *
 * Pure: a mapping from the parameters of a <primitive class="stonith"> (Pacemaker Explained, "Special
 * Instance Attributes for Fencing Resources") and the agent's metadata to what is written on the agent's
 * standard input (fence-agents API, FenceAgentAPI.md: "key=value" lines).  config.h finds the devices in a
 * configuration, request.h decides when to use them. */
#ifndef FENCE_DEVICE_H
#define FENCE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

enum fence_action {
    FENCE_OFF,
    FENCE_ON,
    FENCE_REBOOT,
    FENCE_STATUS,
    FENCE_LIST,
    FENCE_MONITOR,
    FENCE_METADATA,
    FENCE_N_ACTIONS,
};

/* "off", "on", ... */
const char *fence_action_name(enum fence_action action);
/* False if it is none of these names. */
bool fence_action_parse(const char *name, enum fence_action *action);

/* How it is found out whether the device can fence a node (pcmk_host_check). */
enum fence_host_check {
    FENCE_CHECK_STATIC, /* it is in pcmk_host_list or pcmk_host_map */
    FENCE_CHECK_LIST,   /* the agent's "list" names it */
    FENCE_CHECK_STATUS, /* the agent's "status" knows it */
    FENCE_CHECK_NONE,   /* it can */
};

struct fence_pair {
    char *name;
    char *value;
};

/* How one action is called: pcmk_ACTION_action, _timeout, _retries. */
struct fence_command {
    char *name;
    int64_t timeout_ms; /* of all attempts together; 0: the request's */
    int attempts;       /* at most so many within the timeout, 1 or more */
};

/* What the agent's metadata says. */
struct fence_abilities {
    bool known;                    /* the metadata has been read */
    bool actions[FENCE_N_ACTIONS]; /* supported */
    bool has_port, has_plug;       /* parameters that name a target */
    bool unfences;                 /* "on" is automatic: nodes must be unfenced */
    bool on_target;                /* "on" must run on the target itself */
};

struct fence_device {
    char *id;
    char *agent;              /* fence_NAME, no path */
    struct fence_pair *pairs; /* all instance attributes, pcmk_* too, in order of configuration */
    size_t n_pairs;
    char *host_argument; /* pcmk_host_argument or NULL */
    bool check_given;    /* pcmk_host_check is configured */
    enum fence_host_check check;
    struct fence_pair *hosts; /* of pcmk_host_list and pcmk_host_map: node and port (value NULL: its name) */
    size_t n_hosts;
    int64_t delay_base_ms;     /* pcmk_delay_base, for nodes that are not in delays */
    struct fence_pair *delays; /* pcmk_delay_base given by node */
    size_t n_delays;
    int64_t delay_max_ms;
    int action_limit; /* at once; -1: no limit */
    int priority;     /* higher is tried first */
    bool unfencing;   /* meta provides=unfencing */
    struct fence_command commands[FENCE_N_ACTIONS];
    struct fence_abilities abilities;
};

/* Makes a device; pairs (with NULL value: not there) are copied.  HF_REFUSED names a pcmk_* parameter with a
 * wrong value, or an agent whose name is none. */
struct hf_error *fence_device_new(const char *id, const char *agent, const struct fence_pair *pairs,
                                  size_t n_pairs, struct fence_device **device) HF_MUST_CHECK;
void fence_device_free(struct fence_device *device);

/* Reads what `action=metadata` printed. HF_REFUSED if it is not metadata; the abilities are then those of an
 * agent that can do anything and names its target with "port". */
struct hf_error *fence_device_read_metadata(struct fence_device *device, const char *text,
                                            size_t length) HF_MUST_CHECK;

/* The check that applies, from pcmk_host_check, the other parameters and the metadata.
 * list_failed: "list" was tried and did not work. */
enum fence_host_check fence_device_check(const struct fence_device *device, bool list_failed);
/* FENCE_CHECK_STATIC: is node among the configured ones? */
bool fence_device_lists(const struct fence_device *device, const char *node);
/* FENCE_CHECK_LIST: is node (or its port) among those in the output of "list"? */
bool fence_device_listed(const struct fence_device *device, const char *node, const char *output);

/* The action that is really sent: "off" for a "reboot" that the agent cannot do. */
enum fence_action fence_device_effective(const struct fence_device *device, enum fence_action action);

/* The agent's parameter that names the target: configured, or what the metadata has; NULL for none. */
const char *fence_device_target_parameter(const struct fence_device *device);
/* Appends what the agent reads: configured parameters, action, and the target (node; NULL: for none) as
 * nodename and, where there is a parameter for it, as the port that pcmk_host_map says. Who writes this need
 * not know the agent's metadata: parameter is fence_device_target_parameter() of somebody who does. */
void fence_device_input(const struct fence_device *device, enum fence_action action, const char *node,
                        const char *parameter, struct hf_buf *input);

/* ms before the device may be used against node; random: any number (it picks between base and max). */
int64_t fence_device_delay(const struct fence_device *device, const char *node, uint64_t random);

/* "10", "10s", "1500ms", "2min", "1h", "1d", ISO 8601 "PT1M30S": in ms. False if it is none of these. */
bool fence_parse_time(const char *text, int64_t *ms);

#endif
