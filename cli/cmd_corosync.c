/* cmd_corosync.c - `holdfast corosync`: this machine's corosync.conf, and what corosync says of itself. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/corosync_conf.h"
#include "cli/program.h"
#include "lib/xml.h"

enum { TOOL_MS = 30000 };

static const char *conf_path(void)
{
    const char *named = getenv("COROSYNC_MAIN_CONFIG_FILE");

    return named != NULL && *named != '\0' ? named : "/etc/corosync/corosync.conf";
}

static struct hf_error *read_conf(char **text)
{
    size_t length;

    return session_read_text(conf_path(), SESSION_TEXT_LIMIT, text, &length);
}

static void write_lines(struct hf_writer *writer, const char *key, const char *text)
{
    hf_write_list(writer, key);
    while (*text != '\0') {
        HF_CLEANUP(hf_freep) char *line = hf_strndup(text, strcspn(text, "\n"));

        hf_write_string(writer, NULL, NULL, line);
        hf_write_line(writer, "%s", line);
        text += strlen(line) + (text[strlen(line)] == '\n');
    }
    hf_write_end(writer);
}

/* --- the file --- */

static struct hf_error *run_show(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_freep) char *text = NULL;
    struct hf_error *error = read_conf(&text);

    if (error == NULL)
        write_lines(session->writer, "lines", text);
    return error;
}

static struct hf_error *run_get(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_freep) char *text = NULL;
    struct hf_error *error = read_conf(&text);
    int count = 0;

    hf_write_list(session->writer, "values");
    for (char *value; error == NULL && (value = corosync_conf_get(text, argv[1], count)) != NULL; count++) {
        hf_write_string(session->writer, NULL, NULL, value);
        hf_write_line(session->writer, "%s", value);
        free(value);
    }
    hf_write_end(session->writer);
    if (error == NULL && count == 0)
        error = hf_error_new(HF_REFUSED, "%s does not set '%s'", conf_path(), argv[1]);
    return error;
}

static struct hf_error *run_set(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_freep) char *text = NULL, *changed = NULL;
    int64_t index = 0;
    struct hf_error *error = NULL;

    if (argc > 3 && (!hf_parse_int64(argv[3], &index) || index < 0 || index > 1000))
        return hf_error_new(HF_USAGE, "found '%s', expected the number of the entry, from 0", argv[3]);
    if (strpbrk(argv[2], "\n{}") != NULL)
        return hf_error_new(HF_USAGE, "a value cannot hold line ends or brackets");
    error = read_conf(&text);
    if (error == NULL)
        error = corosync_conf_check(text);
    if (error == NULL)
        error = corosync_conf_set(text, argv[1], argv[2], (int)index, &changed);
    if (error == NULL)
        error = session_write_text(conf_path(), changed);
    if (error == NULL)
        hf_write_line(session->writer,
                      "Set in %s of this machine; on the others set it, too, then 'corosync reload'.",
                      conf_path());
    return error;
}

static struct hf_error *run_edit(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_freep) char *text = NULL, *edited = NULL;
    size_t length;
    struct hf_error *error = read_conf(&text);

    if (error == NULL)
        error = edit_text(session, text, &edited, &length);
    if (error != NULL || strcmp(text, edited) == 0)
        return error;
    error = hf_error_wrap(corosync_conf_check(edited), "nothing was changed");
    return error != NULL ? error : session_write_text(conf_path(), edited);
}

/* --- corosync --- */

static struct hf_error *tool(struct session *session, const char *key, const char *program,
                             const char *option)
{
    char *argv[] = {(char *)program, (char *)option, NULL};
    HF_CLEANUP(hf_buf_free) struct hf_buf output = {0};
    struct hf_error *error = program_call(argv, NULL, TOOL_MS, &output);

    if (error == NULL)
        write_lines(session->writer, key, hf_buf_text(&output));
    return error;
}

/* Its exit code says whether there is quorum, which is an answer here and no failure. */
static struct hf_error *quorum_status(struct session *session)
{
    HF_CLEANUP(hf_freep) char *path = program_find("corosync-quorumtool");
    char *argv[] = {(char *)"corosync-quorumtool", (char *)"-s", NULL};
    struct hf_child_spec spec = {.path = path, .argv = argv};
    struct program_result result = {0};
    struct hf_error *error =
        path != NULL
            ? program_run(&spec, TOOL_MS, SESSION_TEXT_LIMIT, &result)
            : hf_error_new(HF_FAILED, "the program corosync-quorumtool is not installed on this machine");

    if (error == NULL && result.output.length == 0)
        error = hf_error_new(HF_FAILED, "corosync-quorumtool: %.*s",
                             (int)strcspn(hf_buf_text(&result.errors), "\n"), hf_buf_text(&result.errors));
    if (error == NULL)
        write_lines(session->writer, "quorum", hf_buf_text(&result.output));
    program_result_free(&result);
    return error;
}

static struct hf_error *run_reload(struct session *session, int argc, char **argv)
{
    return program_call((char *[]){(char *)"corosync-cfgtool", (char *)"-R", NULL}, NULL, TOOL_MS, NULL);
}

static struct hf_error *run_status(struct session *session, int argc, char **argv)
{
    static const struct {
        const char *word, *program, *option;
    } kinds[] = {{"ring", "corosync-cfgtool", "-s"},
                 {"cpg", "corosync-cpgtool", "-e"},
                 {"qdevice", "corosync-qdevice-tool", "-sv"},
                 {"qnetd", "corosync-qnetd-tool", "-lv"}};
    struct hf_error *error;

    if (argc == 1) {
        error = tool(session, "ring", kinds[0].program, kinds[0].option);
        hf_write_line(session->writer, "%s", "");
        return error != NULL ? error : quorum_status(session);
    }
    if (strcmp(argv[1], "quorum") == 0)
        return quorum_status(session);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(kinds); i++)
        if (strcmp(argv[1], kinds[i].word) == 0)
            return tool(session, kinds[i].word, kinds[i].program, kinds[i].option);
    return hf_error_new(HF_USAGE, "found '%s', expected one of ring, quorum, cpg, qdevice, qnetd", argv[1]);
}

static const struct command commands[] = {
    {"show", "", "Print this machine's corosync.conf", run_show, 0, 0, 0, COMPLETE_NOTHING},
    {"get", "PATH", "Print the values of a path, such as totem.cluster_name", run_get, 1, 1, 0,
     COMPLETE_NOTHING},
    {"set", "PATH VALUE [NUMBER]", "Set a value in this machine's corosync.conf", run_set, 2, 3, 0,
     COMPLETE_NOTHING},
    {"edit", "", "Change this machine's corosync.conf in an editor", run_edit, 0, 0, 0, COMPLETE_NOTHING},
    {"reload", "", "Have corosync on all nodes read its file again", run_reload, 0, 0, 0, COMPLETE_NOTHING},
    {"status", "[ring|quorum|cpg|qdevice|qnetd]", "Print the state of the links and the quorum", run_status,
     0, 1, 0, COMPLETE_NOTHING},
};

const struct command_area area_corosync = {"corosync", "The messaging layer below", commands,
                                           HF_ARRAY_LENGTH(commands), NULL};
