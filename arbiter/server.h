/* server.h - the lock server's shell: sockets, TLS, timers and the disk around the pure table.
 *
 * One thread runs everything but the disk (store.h).  Connections that are established come before those
 * that still shake hands, a few of which are served in every turn: a thousand clients that come at once, or
 * a hostile one, cost the others nothing.  What a peer can make the server keep is bounded: connections in
 * all, of an address, of a cluster and before their HELLO; bytes of an unfinished frame and of answers that
 * are not taken; time for handshake, frame and silence. */
#ifndef ARBITER_SERVER_H
#define ARBITER_SERVER_H

#include "arbiter/config.h"

struct server;

/* Reads the records and the keys, and listens.  config must stay. */
struct hf_error *server_new(const struct arbiter_config *config, struct server **server) HF_MUST_CHECK;
/* Serves until SIGTERM or SIGINT; SIGHUP reads keys and certificates anew. */
void server_run(struct server *server);
void server_free(struct server *server);

#endif
