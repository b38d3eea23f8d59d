/* cmd_report.c - `holdfast report`: what is known of this cluster and machine, in one file for whoever is to
 * help. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/program.h"
#include "lib/xml.h"

enum { TAR_MS = 120000 };

/* Runs a command of ours into a file of the folder; what cannot be had is said in that file. */
static void add_command(const struct session *session, const char *folder, const char *file, const char *line)
{
    HF_CLEANUP(hf_freep)
    char *path = hf_asprintf("%s/%s", folder, file), *copy = hf_strdup(line), *text = NULL;
    char *argv[16], *rest = copy, *word;
    struct session other;
    struct hf_error *error;
    int argc = 0;

    while ((word = strsep(&rest, " ")) != NULL)
        argv[argc++] = word;
    argv[argc] = NULL;
    session_init(&other);
    other.file = other.home = session->file;
    other.socket = session->socket;
    error = command_dispatch(&other, &area_main, argc, argv);
    if (other.writer != NULL)
        text = hf_writer_finish(other.writer);
    if (error != NULL) {
        char *with = hf_asprintf("%sholdfast %s: %s\n", text != NULL ? text : "", line, hf_error_text(error));

        free(text);
        text = with;
    }
    hf_error_free(error);
    hf_error_free(session_write_text(path, text != NULL ? text : ""));
    session_free(&other);
}

static void add_file(const char *folder, const char *file, const char *from)
{
    HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/%s", folder, file), *text = NULL;
    size_t length;
    struct hf_error *error = session_read_text(from, SESSION_TEXT_LIMIT, &text, &length);

    hf_error_free(session_write_text(path, error == NULL ? text : hf_error_text(error)));
    hf_error_free(error);
}

static struct hf_error *pack(const char *parent, const char *name, const char *target)
{
    char *argv[] = {(char *)"tar", (char *)"-C", (char *)parent, (char *)"-czf", (char *)target,
                    (char *)name,  NULL};

    return program_call(argv, NULL, TAR_MS, NULL);
}

struct hf_error *run_report(struct session *session, int argc, char **argv)
{
    static const struct {
        const char *file, *line;
    } parts[] = {{"status.txt", "status"},
                 {"configuration.crm", "configure show obscure:passw*"},
                 {"membership.txt", "cluster status"},
                 {"health.txt", "cluster health"},
                 {"corosync.txt", "corosync status"},
                 {"revisions.txt", "history revisions"},
                 {"events.txt", "history events"},
                 {"log.txt", "history log"},
                 {"operations.txt", "resource operations"},
                 {"fencing.txt", "fence history"},
                 {"scores.txt", "resource scores"},
                 {"version.txt", "version"}};
    HF_CLEANUP(hf_freep)
    char *here = getcwd(NULL, 0), *folder = NULL,
         *target =
             hf_asprintf("%s%s%s", argv[1][0] == '/' ? "" : here, argv[1][0] == '/' ? "" : "/", argv[1]);
    char parent[] = "/tmp/holdfast-report-XXXXXX";
    char *removal[] = {(char *)"rm", (char *)"-rf", parent, NULL};
    struct hf_error *error;

    if (mkdtemp(parent) == NULL)
        return hf_error_errno(errno, "cannot make a folder in /tmp");
    folder = hf_asprintf("%s/report", parent);
    if (mkdir(folder, 0700) != 0)
        return hf_error_errno(errno, "cannot make %s", folder);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(parts); i++)
        add_command(session, folder, parts[i].file, parts[i].line);
    add_file(folder, "corosync.conf", "/etc/corosync/corosync.conf");
    error = pack(parent, "report", target);
    hf_error_free(program_call(removal, NULL, TAR_MS, NULL));
    if (error == NULL)
        hf_write_line(session->writer,
                      "%s is written. Values of passw* are left out; look through it before you hand it on.",
                      argv[1]);
    return error;
}
