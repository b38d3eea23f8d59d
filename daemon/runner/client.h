/* client.h - holdfastd's half of the runner's socket, on a qb_loop.
 *
 * The client connects, starts the runner where there is none (as the unit holdfast-runner.service under
 * systemd, otherwise as a process of its own session, so that it outlives its starter), and connects again
 * when the connection is lost.  Calls made meanwhile wait and are sent once it stands.
 *
 * It remembers what was asked and not yet answered.  If the runner itself was lost (another instance
 * answers), each of these is answered here with status RUNNER_NOT_CONNECTED and sequence 0.  Recurring
 * operations that have reported once end without a word: the new runner's history does not have them. */
#ifndef HF_RUNNER_CLIENT_H
#define HF_RUNNER_CLIENT_H

#include <qb/qbloop.h>

#include "daemon/runner/protocol.h"

struct runner_client;

/* Everything is borrowed for the time of the call, in which any function here except
 * runner_client_free() may be called. */
struct runner_client_hooks {
    /* A runner has been reached. same: it is the instance that this client knew before (false the first
     * time). Unacknowledged results follow by themselves; call runner_client_list() for the history. */
    void (*attached)(void *context, bool same);
    /* The connection was lost; it is being made again. May be NULL. */
    void (*detached)(void *context);
    /* A result; runner_client_ack(result->sequence) once it is safe (not for sequence 0). */
    void (*result)(void *context, const struct runner_result *result);
    /* Answers to runner_client_list(): entries, then the end. May be NULL if it is never called. */
    void (*history)(void *context, const struct runner_result *entry);
    void (*history_end)(void *context);
};

struct runner_client_settings {
    const char *socket;  /* NULL: RUNNER_SOCKET */
    const char *program; /* what to start; NULL: HF_SBINDIR "/holdfast-runner"; "": start nothing */
    bool observer;       /* only lists */
};

/* Begins to connect; everything else is told through the hooks (a const table that must outlive it). */
struct runner_client *runner_client_new(qb_loop_t *loop, const struct runner_client_settings *settings,
                                        const struct runner_client_hooks *hooks, void *context);
/* The runner goes on without it. NULL is fine. */
void runner_client_free(struct runner_client *client);

/* call is copied. HF_REFUSED (and nothing is sent) if it breaks a limit of protocol.h. */
struct hf_error *runner_client_run(struct runner_client *client,
                                   const struct runner_call *call) HF_MUST_CHECK;
struct hf_error *runner_client_cancel(struct runner_client *client, const char *resource,
                                      const char *operation, uint32_t interval_ms) HF_MUST_CHECK;
struct hf_error *runner_client_forget(struct runner_client *client, const char *resource) HF_MUST_CHECK;
/* Its recurring operations run now, and then after their interval again: what they look at has changed. */
struct hf_error *runner_client_hurry(struct runner_client *client, const char *resource) HF_MUST_CHECK;
/* Asks for the history; a list asked for while there is no connection is asked for once there is one. */
void runner_client_list(struct runner_client *client);
/* This result and all before it are safe. */
void runner_client_ack(struct runner_client *client, uint64_t sequence);
/* Whether a runner is attached now. */
bool runner_client_attached(const struct runner_client *client);

#endif
