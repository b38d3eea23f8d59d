/* session.h - what a command works on: the cluster through holdfastd, or a CIB in a file.
 *
 * Commands never see which of the two it is.  They read the CIB, and they change its configuration by an
 * editor function; the session turns the edit into one change that names the version it was made from, and
 * makes it again on the newer version if somebody was faster.  While the shell collects changes, edits go
 * to a working copy and are sent together at commit. */
#ifndef HF_CLI_SESSION_H
#define HF_CLI_SESSION_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/crm/edit.h"
#include "lib/control.h"
#include "lib/writer.h"

enum {
    SESSION_FILE_LIMIT = 64 * 1024 * 1024, /* bytes of a CIB file */
    SESSION_TEXT_LIMIT = 8 * 1024 * 1024,  /* bytes of any other file that a user names */
    SESSION_CALL_MS = 30000,               /* how long to wait for an ordinary answer */
    SESSION_RETRIES = 10,                  /* edits made again because somebody was faster */
};

struct cib_schema;
struct session_pending; /* private: the shell's working copy */

struct session {
    struct hf_writer *writer;   /* what the command prints */
    const char *file;           /* the CIB file, or NULL for the cluster */
    const char *home;           /* what file is for each command that does not say another */
    const char *live;           /* what it was when the program began */
    char *shadow, *shadow_file; /* the shadow CIB in use, and its file (shadow.h); owned, or NULL */
    bool borrowed;              /* that one was named for this command only */
    bool json, force;
    bool help;          /* --help: what the command is for, instead of it */
    bool once;          /* the program ends with this command */
    bool interactive;   /* a person at a terminal: questions may be asked */
    int64_t wait_ms;    /* how long to wait for the cluster to settle after a change; -1: not at all */
    const char *origin; /* what the change is for, for the history: the command's words */

    const char *socket; /* another name than the daemon's usual one; NULL */
    struct hf_control *control;
    struct cib_schema *schema;
    struct session_pending *pending;
};

/* writer format by json; everything else zero. */
void session_init(struct session *session);
void session_free(struct session *session);

/* The grammar of the CIB; the session's. */
const struct cib_schema *session_schema(struct session *session);

/* The whole <cib>, the caller's. In the shell's configure level with the changes not yet committed. */
struct hf_error *session_cib(struct session *session, xmlDoc **cib) HF_MUST_CHECK;
/* The same without them. */
struct hf_error *session_fresh(struct session *session, xmlDoc **cib) HF_MUST_CHECK;
/* One request to the daemon. HF_USAGE if this session works on a file. */
struct hf_error *session_call(struct session *session, const char *request, int64_t timeout_ms,
                              xmlDoc **reply) HF_MUST_CHECK;

/* Makes one edit; may be called again on a newer configuration. */
typedef struct hf_error *session_editor(struct crm_edit *edit, void *context);

struct session_edit {
    session_editor *editor;
    void *context;
    bool anew; /* the editor writes the whole configuration anew */
    /* The CIB that the user had before their eyes, borrowed, or NULL: the editor works on that, and what
     * it changes there is changed in the newest one. HF_CONFLICT if somebody else changed the same
     * meanwhile. */
    const xmlDoc *seen;
};

/* Makes the changes that lead from one <configuration> to another, on the newest one.  HF_CONFLICT if
 * somebody else changed the same meanwhile. */
struct hf_error *session_change_step(struct session *session, const xmlNode *before, const xmlNode *after,
                                     bool *changed) HF_MUST_CHECK;
/* *changed (may be NULL): whether there was anything to change. */
struct hf_error *session_change(struct session *session, const struct session_edit *edit,
                                bool *changed) HF_MUST_CHECK;
/* The operations that an edit comes to, without doing them; the caller's, NULL if there are none. */
struct hf_error *session_plan(struct session *session, const struct session_edit *edit,
                              char **operations) HF_MUST_CHECK;
/* Waits until the cluster has nothing left to do, at most wait_ms; nothing for a file. */
struct hf_error *session_settle(struct session *session, int64_t wait_ms) HF_MUST_CHECK;

/* --- collecting changes (the shell) --- */

/* From now on edits are collected. */
void session_collect(struct session *session);
bool session_is_collecting(const struct session *session);
/* The CIB that the collected edits were made on, the caller's; as session_cib() if none was made. */
struct hf_error *session_base(struct session *session, xmlDoc **cib) HF_MUST_CHECK;
/* How many edits wait. */
size_t session_pending_count(const struct session *session);
/* Sends what was collected as one change; on HF_CONFLICT what can no longer be done is named. */
struct hf_error *session_commit(struct session *session, bool *changed) HF_MUST_CHECK;
/* Forgets what was collected and goes on collecting. */
void session_discard(struct session *session);
/* Stops collecting; what was not committed is lost. */
void session_stop_collecting(struct session *session);
/* A collected edit must be repeatable: it is kept as text, and run by this function when needed. */
typedef struct hf_error *session_replayer(struct session *session, int count, char **words);
void session_remember(struct session *session, session_replayer *replayer, int count, char **words);

/* A file that the user names ("-": standard input), at most limit bytes; the caller's. HF_REFUSED above. */
struct hf_error *session_read_text(const char *path, size_t limit, char **text, size_t *length) HF_MUST_CHECK;
/* Writes a file as a whole or not at all. "-" is standard output. */
struct hf_error *session_write_text(const char *path, const char *text) HF_MUST_CHECK;

#endif
