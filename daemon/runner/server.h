/* server.h - the runner's socket: who is connected, and what they are told (protocol.h). */
#ifndef HF_RUNNER_SERVER_H
#define HF_RUNNER_SERVER_H

#include <qb/qbloop.h>

#include "daemon/runner/agent.h"
#include "lib/error.h"

struct runner_server;

/* Listens on the socket at path (its folder is made if need be), for root, or whoever runs this, alone.
 * *taken is set, and *server NULL without an error, if another runner serves this path. */
struct hf_error *runner_server_new(qb_loop_t *loop, const char *path, const struct runner_places *places,
                                   struct runner_server **server, bool *taken) HF_MUST_CHECK;
/* Begins nothing new; the loop is stopped once what runs has ended and its results were taken. */
void runner_server_shutdown(struct runner_server *server);
/* NULL is fine. */
void runner_server_free(struct runner_server *server);

#endif
