/* statements.h - statements of the crm language as an edit of the configuration, with a look at the agents.
 *
 * What `configure primitive ...`, `configure load`, `configure edit` and the shell have in common. */
#ifndef HF_CLI_STATEMENTS_H
#define HF_CLI_STATEMENTS_H

#include "cli/session.h"

enum statements_scope {
    STATEMENTS_CREATE,  /* what exists already is refused */
    STATEMENTS_UPDATE,  /* what exists already is replaced, the rest stays */
    STATEMENTS_REPLACE, /* what is not said is gone (but for the nodes, if no node is mentioned) */
};

struct statements_edit {
    struct session *session;
    const struct crm_statements *statements;
    enum statements_scope scope;
    bool foreign; /* came as XML from elsewhere: odd options are warned of, not refused */
    /* With STATEMENTS_UPDATE: objects to be deleted because an editor no longer shows them. */
    char *const *gone;
    size_t n_gone;
    const xmlDoc *seen; /* as in struct session_edit */
};

/* Makes the change; agents are checked unless session->force. */
struct hf_error *statements_change(const struct statements_edit *edit, bool *changed) HF_MUST_CHECK;
/* Reads a text: crm statements, or XML (<cib>, <configuration> or one object) if it begins with '<'. */
bool statements_are_xml(const char *text, size_t length);
struct hf_error *statements_read(const char *text, size_t length, const char *source,
                                 struct crm_statements *statements) HF_MUST_CHECK;
/* What the grammar refused of an XML text is told with the line of that text, not of the change made of it. */
struct hf_error *statements_place_error(struct session *session, const char *text, size_t length,
                                        const char *source, struct hf_error *error) HF_MUST_CHECK;
/* One statement whose words somebody has cut already; raw is its text, for the shell's memory.  An unquoted
 * word --force is not part of it. */
struct hf_error *statements_change_words(struct session *session, struct crm_words *words,
                                         const char *raw) HF_MUST_CHECK;

#endif
