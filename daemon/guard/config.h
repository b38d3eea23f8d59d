/* config.h - the guard's configuration file, /etc/holdfast/guard.conf.
 *
 *     [guard]
 *     cluster = web
 *     node = node1                      # default: the host's name
 *     server = 192.0.2.1                # a lock server; an odd number of them, the same on all nodes
 *     server = 192.0.2.2:7433
 *     server = 192.0.2.3 arbiter.example
 *     key = /etc/holdfast/lock.key      # or certificate, private-key and ca
 *     lease = 300ms
 *
 * `#' begins a comment.  Unknown sections and options and bad values are refused with file and line. */
#ifndef GUARD_CONFIG_H
#define GUARD_CONFIG_H

#include "daemon/guard/protocol.h"

#define GUARD_CONFIG HF_SYSCONFDIR "/holdfast/guard.conf"

struct guard_config {
    char *cluster;
    char *node;
    struct {
        char *address;
        char *name; /* whom its certificate names; NULL: the address */
    } servers[GUARD_SERVERS_MAX];
    unsigned server_count;
    char *key;
    char *certificate;
    char *private_key;
    char *ca;
    uint32_t lease_ms;
    uint32_t drain_ms;
    char *watchdog; /* NULL: none */
    uint32_t watchdog_ms;
    uint32_t priority; /* of SCHED_RR; 0: ordinary scheduling */
    char *socket;
    char *orders; /* the file of orders */
    char *pins;
};

/* Defaults, for whatever the file does not say. */
void guard_config_init(struct guard_config *config);
/* Reads path over the defaults.  HF_FAILED if it cannot be read, HF_REFUSED with file and line for what it
 * says. */
struct hf_error *guard_config_read(const char *path, struct guard_config *config) HF_MUST_CHECK;
/* The same for text, named source in errors. */
struct hf_error *guard_config_parse(const char *text, const char *source,
                                    struct guard_config *config) HF_MUST_CHECK;
/* Frees what is in it. */
void guard_config_free(struct guard_config *config);

#endif
