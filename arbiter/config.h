/* config.h - the configuration file of a lock server, /etc/holdfast/arbiter.conf.
 *
 *     [server]
 *     listen = 0.0.0.0:7433
 *     [cluster web]
 *     max-hold = 3s
 *
 * `#' begins a comment.  Unknown sections, options and bad values are refused with file and line. */
#ifndef ARBITER_CONFIG_H
#define ARBITER_CONFIG_H

#include "arbiter/frame.h"

enum { ARBITER_LISTEN_MAX = 16, ARBITER_PORT = 7433 };

struct arbiter_cluster_config {
    char name[FRAME_NAME_MAX + 1];
    uint32_t max_hold_ms;
};

struct arbiter_config {
    char *listen[ARBITER_LISTEN_MAX]; /* HOST:PORT, [HOST]:PORT or *:PORT */
    unsigned listen_count;
    char *state_dir;   /* the records */
    char *key_dir;     /* lock keys, *.key */
    char *certificate; /* of this server; NULL: PSK only */
    char *private_key;
    char *ca; /* who may sign nodes' certificates; NULL: PSK only */
    char *status_socket;
    uint32_t max_hold_ms; /* longest lease + drain */
    uint32_t min_lease_ms;
    uint32_t handshake_ms; /* from connect to HELLO */
    uint32_t frame_ms;     /* from the first to the last byte of a frame */
    uint32_t idle_ms;      /* from frame to frame */
    uint32_t connections;  /* in all */
    uint32_t connections_per_address;
    uint32_t connections_per_cluster;
    uint32_t half_open; /* before their HELLO */
    uint32_t locks_per_cluster;
    struct arbiter_cluster_config *clusters;
    size_t cluster_count;
};

/* Defaults, for whatever the file does not say. */
void arbiter_config_init(struct arbiter_config *config);
/* Reads path over the defaults; source of errors with file:line. */
struct hf_error *arbiter_config_read(const char *path, struct arbiter_config *config) HF_MUST_CHECK;
/* The same for text, named source in errors. */
struct hf_error *arbiter_config_parse(const char *text, const char *source,
                                      struct arbiter_config *config) HF_MUST_CHECK;
void arbiter_config_free(struct arbiter_config *config);

/* This cluster's longest hold, ms. */
uint32_t arbiter_config_max_hold(const struct arbiter_config *config, const char *cluster);

/* Takes HOST:PORT, [HOST]:PORT, HOST or *:PORT apart; host is "" for *.  False if it is none. */
bool arbiter_address_parse(const char *text, char host[256], char port[8]);

#endif
