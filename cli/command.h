/* command.h - the table of commands.
 *
 * A command is its name, what it takes, one sentence, and a function; an area is the commands of one level
 * of the shell ("configure", "resource", ...).  Help, usage errors, completion and the manual's list come
 * from the table.  One file per area; the tables are const. */
#ifndef HF_CLI_COMMAND_H
#define HF_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/session.h"

enum command_flags {
    COMMAND_CLUSTER = 1 << 0,  /* needs holdfastd: refused with --file */
    COMMAND_COLLECTS = 1 << 1, /* an edit: in the shell's configure level it waits for commit */
    COMMAND_RAW = 1 << 2,      /* takes every argument as it is, also ones like --json */
    COMMAND_HELPS = 1 << 3,    /* answers --help behind arguments itself */
};

/* What an argument can be completed to. */
enum command_completion {
    COMPLETE_NOTHING,
    COMPLETE_RESOURCES,
    COMPLETE_NODES,
    COMPLETE_OBJECTS,
    COMPLETE_FILES,
    COMPLETE_STATEMENT,
    COMPLETE_VIP,
    COMPLETE_SHADOWS,
};

/* argv[0] is the command's own word.  NULL is success; HF_USAGE adds the usage to what is printed. */
typedef struct hf_error *command_function(struct session *session, int argc, char **argv);

struct command {
    const char *name;
    const char *arguments; /* "RESOURCE [NODE]" */
    const char *summary;   /* one sentence, no full stop */
    command_function *run;
    int least, most; /* number of arguments; most -1: any */
    unsigned flags;
    enum command_completion completion;
};

struct command_area {
    const char *name; /* "" for the commands that stand alone */
    const char *summary;
    const struct command *command;
    size_t count;
    const char
        *alone; /* the command that is run when the program is given the area's name only; NULL: the shell */
};

extern const struct command_area area_main, area_configure, area_resource, area_node, area_cluster, area_ra,
    area_fence, area_arbiter, area_lock_key, area_cib, area_history, area_corosync, area_site,
    area_maintenance;

/* All areas, area_main first. */
const struct command_area *const *command_areas(size_t *count);
const struct command_area *command_area_named(const char *name);
const struct command *command_named(const struct command_area *area, const char *name);

/* The whole word that an abbreviation stands for at a level: of a command there, of any level's, of an area.
 * The word itself if it is none; NULL and an error if it could be several. */
const char *command_expand(const struct command_area *level, const char *word, struct hf_error **error);

/* Runs a command line: [AREA] COMMAND ARGUMENTS, options anywhere.  level: the shell's, or area_main.
 * Prints what the command writes, and its error on standard error.  Returns its exit code. */
int command_run(struct session *session, const struct command_area *level, int argc, char **argv);
/* The same without printing an error: it is returned. */
struct hf_error *command_dispatch(struct session *session, const struct command_area *level, int argc,
                                  char **argv);
/* Prints what the session's writer holds on standard output, and empties it. */
struct hf_error *command_flush(struct session *session);
void command_print_error(struct session *session, const struct hf_error *error);

/* An error naming the word at fault, with a near miss from the area if there is one. */
struct hf_error *command_unknown(const struct command_area *area, const char *word);

/* --- shared by commands --- */

/* Parts of `resource` that have a file of their own, cmd_inspect.c. */
command_function run_constraints, run_operations, run_scores, run_trace;
/* Parts of `configure` that have a file of their own, cmd_objects.c. */
command_function run_set_value, run_filter, run_validate_all, run_ptest, run_schema, run_upgrade;
command_function run_report; /* cmd_report.c */
/* What somebody should know of a CIB that is valid: options and constraints without effect, the scheduler's
 * doubts. */
struct hf_error *write_warnings(struct hf_writer *writer, const xmlDoc *cib) HF_MUST_CHECK;
command_function run_tickets, run_all_failcounts; /* `site list`, and what `status failcounts` adds */
/* `fence node` and `fence confirm`, which are `node fence` and `node clearstate` too. */
command_function run_fence, run_confirm;

/* Whether a constraint names a resource. */
bool constraint_names(const xmlNode *constraint, const char *id);
/* The configuration, or the objects that are asked for as `configure show` takes them, as statements; the
 * caller's. */
struct hf_error *configure_text(struct session *session, const xmlDoc *cib, char *const *asked, size_t count,
                                char **text) HF_MUST_CHECK;
/* What somebody made of that text takes its place: what is no longer there is deleted. seen: the CIB it was
 * of. */
struct hf_error *configure_apply_text(struct session *session, const xmlDoc *seen, const char *text,
                                      size_t length, char *const *asked, size_t count) HF_MUST_CHECK;
/* What differs between two <configuration>s, as statements. */
void configure_write_differences(struct hf_writer *writer, const xmlNode *before, const xmlNode *after);
/* Sets one of an object's attributes as an edit of its own. set: "meta_attributes", ...; value NULL removes;
 * what: "resource" or "node", for messages. */
struct attribute_edit {
    const char *id, *set, *name, *value;
    bool node;
    bool changed; /* out */
};
session_editor attribute_editor;
/* COMMAND OBJECT ACTION ...: what is wrong with the action, or with the number of its arguments. */
struct hf_error *command_wrong_action(int argc, char **argv, const char *usage) HF_MUST_CHECK;
/* That edit, carried out. Prints nothing. */
struct hf_error *change_attribute(struct session *session, const char *id, bool node, const char *set,
                                  const char *name, const char *value);
/* The same that removes, and tells if there was nothing to remove. */
struct hf_error *remove_attribute(struct session *session, const char *id, bool node, const char *set,
                                  const char *name);
/* HF_USAGE where nobody is there to edit: no terminal, and no EDITOR. */
struct hf_error *edit_possible(const struct session *session) HF_MUST_CHECK;
/* Lets the user's editor work on a text; the result is the caller's. */
struct hf_error *edit_text(struct session *session, const char *text, char **edited,
                           size_t *length) HF_MUST_CHECK;
/* SECONDS, or a number with ms, s, m or h, as milliseconds. */
bool parse_duration(const char *text, int64_t *ms);
/* In a terminal: asks, true for yes.  Elsewhere: false, without asking. */
bool ask_yes(struct session *session, const char *question);

#endif
