/* command.c - see command.h: options, dispatch, errors and what several commands share. */
#include "cli/command.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/foreign.h"
#include "cli/shadow.h"
#include "lib/xml.h"

const struct command_area *const *command_areas(size_t *count)
{
    static const struct command_area *const areas[] = {
        &area_main,    &area_configure, &area_resource, &area_node,       &area_cluster,
        &area_fence,   &area_ra,        &area_arbiter,  &area_lock_key,   &area_cib,
        &area_history, &area_corosync,  &area_site,     &area_maintenance};

    *count = HF_ARRAY_LENGTH(areas);
    return areas;
}

const struct command_area *command_area_named(const char *name)
{
    size_t count;
    const struct command_area *const *area = command_areas(&count);

    for (size_t i = 1; i < count; i++)
        if (strcmp(area[i]->name, name) == 0)
            return area[i];
    return NULL;
}

const struct command *command_named(const struct command_area *area, const char *name)
{
    for (size_t i = 0; i < area->count; i++)
        if (strcmp(area->command[i].name, name) == 0)
            return &area->command[i];
    return NULL;
}

/* --- abbreviations --- */

struct matches {
    const char *word[64];
    command_function *run[64];
    size_t count;
};

static void match(struct matches *matches, const char *begin, const char *word, command_function *run)
{
    if (strncmp(word, begin, strlen(begin)) != 0 || matches->count == HF_ARRAY_LENGTH(matches->word))
        return;
    for (size_t i = 0; i < matches->count; i++)
        if (run != NULL && matches->run[i] == run && strcmp(begin, word) != 0)
            return; /* two words for one thing */
    matches->word[matches->count] = word;
    matches->run[matches->count++] = run;
}

static void match_area(struct matches *matches, const char *begin, const struct command_area *area)
{
    for (size_t i = 0; i < area->count; i++) /* statements share their function */
        match(matches, begin, area->command[i].name,
              area->command[i].completion == COMPLETE_STATEMENT ? NULL : area->command[i].run);
}

static bool is_whole_word(const struct command_area *level, const char *word)
{
    return command_named(level, word) != NULL || command_named(&area_main, word) != NULL ||
           command_area_named(word) != NULL || foreign_word(level->name, word) != NULL ||
           foreign_word("", word) != NULL;
}

const char *command_expand(const struct command_area *level, const char *word, struct hf_error **error)
{
    struct matches matches = {.count = 0};
    struct hf_buf list = {0};
    size_t areas;
    const struct command_area *const *area = command_areas(&areas);

    *error = NULL;
    if (is_whole_word(level, word) || strlen(word) < 2)
        return word;
    match_area(&matches, word, level);
    if (matches.count == 0 || level == &area_main) {
        for (size_t i = 1; i < areas; i++)
            match(&matches, word, area[i]->name, NULL);
        if (level != &area_main)
            match_area(&matches, word, &area_main);
    }
    if (matches.count <= 1)
        return matches.count == 1 ? matches.word[0] : word;
    for (size_t i = 0; i < matches.count; i++)
        hf_buf_printf(&list, "%s%s", i > 0 ? ", " : "", matches.word[i]);
    *error = hf_error_new(HF_USAGE, "'%s' could be several commands: %s", word, hf_buf_text(&list));
    hf_buf_free(&list);
    return NULL;
}

struct hf_error *command_unknown(const struct command_area *area, const char *word)
{
    const char *candidate[128];
    size_t count = 0, areas;
    const struct command_area *const *each = command_areas(&areas);
    const char *near, *instead = foreign_word(area->name, word);

    if (instead == NULL)
        instead = foreign_word("", word);
    if (instead != NULL)
        return hf_error_new(HF_USAGE, "there is no '%s%s%s' here: %s", area->name,
                            area->name[0] != '\0' ? " " : "", word, instead);
    for (size_t i = 0; i < area->count && count < HF_ARRAY_LENGTH(candidate); i++)
        candidate[count++] = area->command[i].name;
    for (size_t i = 1; area == &area_main && i < areas && count < HF_ARRAY_LENGTH(candidate); i++)
        candidate[count++] = each[i]->name;
    near = crm_near_miss(word, candidate, count);
    if (near != NULL)
        return hf_error_new(HF_USAGE, "'%s' is not a command%s%s; did you mean '%s'?", word,
                            area->name[0] != '\0' ? " of " : "", area->name, near);
    return hf_error_new(HF_USAGE, "'%s' is not a command%s%s; 'holdfast help%s%s' lists them", word,
                        area->name[0] != '\0' ? " of " : "", area->name, area->name[0] != '\0' ? " " : "",
                        area->name);
}

/* --- options --- */

bool parse_duration(const char *text, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 1000},   {"ms", 1},      {"s", 1000},   {"sec", 1000},
                 {"m", 60000}, {"min", 60000}, {"h", 3600000}};
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    if (end == text || errno != 0 || number < 0 || number > 10000000)
        return false;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(units); i++) {
        if (strcmp(end, units[i].unit) != 0)
            continue;
        *ms = number * units[i].ms;
        return true;
    }
    return false;
}

/* Takes one option at argv[at]; *used is how many words it was (0: none of ours). */
static struct hf_error *take_option(struct session *session, int argc, char **argv, int at, int *used)
{
    const char *word = argv[at];

    *used = 1;
    if (strcmp(word, "--json") == 0) {
        session->json = true;
    } else if (strcmp(word, "--force") == 0) {
        session->force = true;
    } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        session->help = true;
    } else if (strcmp(word, "--wait") == 0) {
        session->wait_ms = 120000;
    } else if (strncmp(word, "--wait=", 7) == 0) {
        if (!parse_duration(word + 7, &session->wait_ms))
            return hf_error_new(HF_USAGE, "found '%s', expected --wait=SECONDS", word);
    } else if (strcmp(word, "--cib") == 0) {
        if (at + 1 == argc)
            return hf_error_new(HF_USAGE, "--cib has no name, expected --cib NAME ('cib list' lists them)");
        *used = 2;
        session->borrowed = true;
        return shadow_use(session, argv[at + 1]);
    } else if (strncmp(word, "--cib=", 6) == 0) {
        session->borrowed = true;
        return shadow_use(session, word + 6);
    } else if (strcmp(word, "--file") == 0) {
        if (at + 1 == argc)
            return hf_error_new(HF_USAGE, "--file has no file, expected --file FILE");
        session->file = argv[at + 1];
        *used = 2;
    } else if (strncmp(word, "--file=", 7) == 0) {
        session->file = word + 7;
    } else {
        *used = 0;
    }
    return NULL;
}

/* Takes the options out of argv, up to "--" or a command that takes all as it is.  After a wrong one it goes
 * on:
 * --json may stand behind it, and says how the error is to be told. */
static struct hf_error *take_options(struct session *session, int *argc, char **argv)
{
    const struct command *command = NULL;
    struct hf_error *first = NULL;
    int kept = 0;
    bool done = false;

    for (int i = 0; i < *argc;) {
        struct hf_error *error;
        int used = 0;

        if (!done && strcmp(argv[i], "--") == 0) {
            done = true;
            i++;
            continue;
        }
        error = done ? NULL : take_option(session, *argc, argv, i, &used);
        if (first == NULL)
            first = error;
        else
            hf_error_free(error);
        i += used;
        if (used > 0)
            continue;
        argv[kept++] = argv[i++];
        if (kept == 1 && (command = command_named(&area_main, argv[0])) != NULL &&
            (command->flags & COMMAND_RAW) != 0)
            done = true;
    }
    *argc = kept;
    argv[kept] = NULL;
    return first;
}

/* --- dispatch --- */

static struct hf_error *check_arguments(const struct session *session, const struct command *command,
                                        const struct command_area *area, int count)
{
    if ((command->flags & COMMAND_CLUSTER) != 0 && session->file != NULL)
        return hf_error_new(HF_USAGE, "'%s%s%s' needs a running cluster, but --file (or CIB_file) names %s",
                            area->name, area->name[0] != '\0' ? " " : "", command->name, session->file);
    if (count >= command->least && (command->most < 0 || count <= command->most))
        return NULL;
    return hf_error_new(HF_USAGE, "'%s%s%s' has %d argument%s, expected: %s%s%s %s", area->name,
                        area->name[0] != '\0' ? " " : "", command->name, count, count == 1 ? "" : "s",
                        area->name, area->name[0] != '\0' ? " " : "", command->name, command->arguments);
}

static struct hf_error *replay_configure(struct session *session, int count, char **words)
{
    const struct command *command = count > 1 ? command_named(command_area_named(words[0]), words[1]) : NULL;

    return command != NULL ? command->run(session, count - 1, words + 1)
                           : hf_error_new(HF_FAILED, "cannot repeat '%s'", count > 0 ? words[0] : "");
}

/* --help: of a command, of an area (command NULL), or of the program. */
static struct hf_error *run_help(struct session *session, const struct command_area *area,
                                 const struct command *command)
{
    char *argv[4] = {(char *)"help"};
    int argc = 1;

    if (area->name[0] != '\0')
        argv[argc++] = (char *)area->name;
    if (command != NULL)
        argv[argc++] = (char *)command->name;
    return command_named(&area_main, "help")->run(session, argc, argv);
}

static struct hf_error *run_command(struct session *session, const struct command_area *area,
                                    const struct command *command, int argc, char **argv)
{
    struct hf_buf origin = {0};
    struct hf_error *error;

    if (session->help && (argc == 1 || (command->flags & COMMAND_HELPS) == 0))
        return run_help(session, area, command);
    error = check_arguments(session, command, area, argc - 1);
    if (error != NULL)
        return error;
    hf_buf_printf(&origin, "%s", area->name);
    for (int i = 0; i < argc; i++)
        hf_buf_printf(&origin, "%s%s", origin.length > 0 ? " " : "", argv[i]);
    session->origin = hf_buf_text(&origin);
    error = command->run(session, argc, argv);
    session->origin = NULL;
    hf_buf_free(&origin);
    if (error == NULL && session_is_collecting(session) && (command->flags & COMMAND_COLLECTS) != 0) {
        char **words = hf_calloc((size_t)argc + 1, sizeof(*words));

        words[0] = (char *)area->name;
        memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
        session_remember(session, replay_configure, argc + 1, words);
        free(words);
    }
    return error;
}

static struct hf_error *expand(const struct command_area *level, char **word)
{
    struct hf_error *error;
    const char *whole = command_expand(level, *word, &error);

    if (whole != NULL)
        *word = (char *)whole;
    return error;
}

/* Behind an area's name: only what is in it, or another area. */
static struct hf_error *expand_in(const struct command_area *area, char **word)
{
    struct hf_error *error = NULL;
    const char *whole = command_area_named(*word) != NULL ? *word : command_expand(area, *word, &error);

    if (whole != NULL && command_named(area, whole) != NULL)
        *word = (char *)whole;
    return error;
}

struct hf_error *command_dispatch(struct session *session, const struct command_area *level, int argc,
                                  char **argv)
{
    const struct command_area *area = level;
    const struct command *command;
    struct hf_error *error = take_options(session, &argc, argv);

    for (int i = 0; i < argc && error == NULL; i++)
        if (!crm_is_text(argv[i]))
            error = hf_error_new(HF_USAGE, "word %d of the command is not text in UTF-8", i + 1);
    if (error != NULL)
        return error;
    if (session->writer == NULL)
        session->writer = hf_writer_new(session->json ? HF_WRITER_JSON : HF_WRITER_TEXT);
    if (argc == 0 && session->help)
        return run_help(session, level, NULL);
    if (argc == 0)
        return hf_error_new(HF_USAGE, "no command, expected one of those that 'holdfast help' lists");
    error = expand(level, &argv[0]);
    if (error != NULL)
        return error;
    command = command_named(area, argv[0]);
    if (command == NULL && area != &area_main)
        command = command_named(area = &area_main, argv[0]);
    /* An area, or two: "configure ra info" is "ra info". */
    for (int depth = 0; depth < 2 && command == NULL && command_area_named(argv[0]) != NULL; depth++) {
        area = command_area_named(argv[0]);
        if (argc == 1 && session->help)
            return run_help(session, area, NULL);
        if (argc == 1 && area->alone == NULL)
            return hf_error_new(HF_USAGE,
                                "'%s' has no command, expected one of those that 'holdfast help %s' lists",
                                area->name, area->name);
        if (argc == 1) {
            command = command_named(area, area->alone);
            break;
        }
        argv++;
        argc--;
        error = expand_in(area, &argv[0]);
        if (error != NULL)
            return error;
        command = command_named(area, argv[0]);
    }
    if (command == NULL && area == &area_configure && argc == 1 && strpbrk(argv[0], " \t\n") != NULL) {
        char *statement[] = {(char *)"statement", argv[0], NULL}; /* a whole statement as one argument */

        return run_command(session, area, command_named(area, "statement"), 2, statement);
    }
    if (command == NULL)
        return command_unknown(area == &area_main ? level : area, argv[0]);
    return run_command(session, area, command, argc, argv);
}

struct hf_error *command_flush(struct session *session)
{
    HF_CLEANUP(hf_freep) char *text = NULL;
    struct hf_error *error = NULL;

    if (session->writer == NULL)
        return NULL;
    if (!hf_writer_is_empty(session->writer)) {
        text = hf_writer_finish(session->writer);
        error = session_write_text("-", text);
    }
    hf_writer_free(session->writer);
    session->writer = NULL;
    return error;
}

void command_print_error(struct session *session, const struct hf_error *error)
{
    if (session->json) {
        HF_CLEANUP(hf_freep) char *text = NULL;
        struct hf_writer *writer = hf_writer_new(HF_WRITER_JSON);

        hf_write_string(writer, "status", NULL, hf_error_kind_name(hf_error_kind(error)));
        hf_write_string(writer, "message", NULL, hf_error_text(error));
        text = hf_writer_finish(writer);
        hf_writer_free(writer);
        hf_error_free(session_write_text("-", text));
    }
    fprintf(stderr, "holdfast: %s\n", hf_error_text(error));
}

int command_run(struct session *session, const struct command_area *level, int argc, char **argv)
{
    bool json = session->json, force = session->force;
    int64_t wait_ms = session->wait_ms;
    HF_CLEANUP(hf_freep) char *shadow = hf_strdup(session->shadow);
    struct hf_error *error = command_dispatch(session, level, argc, argv);
    enum hf_error_kind kind;

    if (error != NULL) {
        /* What a failed command began to write is not an answer; as text it may explain. */
        if (session->json) {
            hf_writer_free(session->writer);
            session->writer = NULL;
        } else {
            hf_error_free(command_flush(session));
        }
        command_print_error(session, error);
    } else if ((error = command_flush(session)) != NULL) {
        command_print_error(session, error);
    }
    kind = hf_error_kind(error);
    hf_error_free(error);
    session->json = json;
    session->force = force;
    session->help = false;
    session->wait_ms = wait_ms;
    session->file = session->home;
    if (session->borrowed)
        hf_error_free(shadow_use(session, shadow)); /* as it was: it can be gone, then the cluster is meant */
    session->borrowed = false;
    return (int)kind;
}

/* --- shared --- */

struct hf_error *attribute_editor(struct crm_edit *edit, void *context)
{
    struct attribute_edit *wanted = context;
    xmlNode *object = NULL;

    if (wanted->node) {
        HF_XML_EACH (node, hf_xml_child(edit->configuration, "nodes"), "node")
            if (strcmp(hf_xml_get_or(node, "uname", ""), wanted->id) == 0)
                object = node;
        if (object == NULL)
            return hf_error_new(HF_REFUSED, "node '%s' does not exist, expected the name of a node",
                                wanted->id);
    } else {
        object = crm_edit_find(edit, wanted->id);
        if (object == NULL || (xmlNode *)crm_object_of(object) != object ||
            strcmp(crm_section_of((const char *)object->name) != NULL
                       ? crm_section_of((const char *)object->name)
                       : "",
                   "resources") != 0)
            return hf_error_new(HF_REFUSED, "resource '%s' does not exist, expected the id of a resource",
                                wanted->id);
    }
    wanted->changed = crm_edit_set_attribute(edit, object, wanted->set, wanted->name, wanted->value);
    return NULL;
}

struct hf_error *change_attribute(struct session *session, const char *id, bool node, const char *set,
                                  const char *name, const char *value)
{
    struct attribute_edit wanted = {.id = id, .node = node, .set = set, .name = name, .value = value};
    struct session_edit edit = {.editor = attribute_editor, .context = &wanted};

    return session_change(session, &edit, NULL);
}

struct hf_error *remove_attribute(struct session *session, const char *id, bool node, const char *set,
                                  const char *name)
{
    struct attribute_edit wanted = {.id = id, .node = node, .set = set, .name = name};
    struct session_edit edit = {.editor = attribute_editor, .context = &wanted};
    struct hf_error *error = session_change(session, &edit, NULL);

    if (error == NULL && !wanted.changed)
        hf_write_line(session->writer, "'%s' has no '%s'.", id, name);
    return error;
}

struct hf_error *command_wrong_action(int argc, char **argv, const char *usage)
{
    static const char *const actions[] = {"set", "show", "delete"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(actions); i++)
        if (strcmp(argv[2], actions[i]) == 0)
            return hf_error_new(HF_USAGE, "found %d argument%s behind '%s', expected: %s %s", argc - 3,
                                argc == 4 ? "" : "s", argv[2], argv[0], usage);
    return hf_error_new(HF_USAGE, "found '%s', expected: %s %s", argv[2], argv[0], usage);
}

bool ask_yes(struct session *session, const char *question)
{
    char answer[16];

    if (!session->interactive)
        return false;
    printf("%s [y/n] ", question);
    fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

struct hf_error *edit_possible(const struct session *session)
{
    return session->interactive || getenv("EDITOR") != NULL
               ? NULL
               : hf_error_new(HF_USAGE,
                              "no terminal to edit at and no EDITOR set, expected one, or 'configure save' "
                              "and 'configure load'");
}

struct hf_error *edit_text(struct session *session, const char *text, char **edited, size_t *length)
{
    char path[] = "/tmp/holdfast-edit-XXXXXX";
    const char *editor = getenv("EDITOR") != NULL ? getenv("EDITOR") : "vi";
    HF_CLEANUP(hf_freep) char *command = NULL;
    struct hf_error *error = edit_possible(session);
    int fd, status;

    if (error != NULL)
        return error;
    fd = mkstemp(path);
    if (fd < 0)
        return hf_error_errno(errno, "cannot make a file to edit");
    close(fd);
    error = session_write_text(path, text);
    command = hf_asprintf("%s %s", editor, path);
    if (error == NULL) {
        status = system(command);
        if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            error = hf_error_new(HF_FAILED, "the editor '%s' ended with status %d: nothing was changed",
                                 editor, status == -1 ? -1 : WEXITSTATUS(status));
    }
    if (error == NULL)
        error = session_read_text(path, SESSION_TEXT_LIMIT, edited, length);
    unlink(path);
    return error;
}
