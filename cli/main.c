/* main.c - the program `holdfast`: a command from the arguments, or the shell. */
#include <string.h>
#include <unistd.h>

#include "cli/complete.h"
#include "cli/shadow.h"
#include "cli/shell.h"
#include "lib/xml.h"

/* For the shell of the operating system: the line so far, its candidates one per line.  Ends the session. */
static int print_completions(struct session *session, const char *line)
{
    struct completion found = complete_line(session, &area_main, line);

    for (size_t i = 0; i < found.count; i++)
        puts(found.candidate[i]);
    completion_free(&found);
    session_free(session);
    return 0;
}

/* The area that a word stands for, if a shell is what it opens. */
static const struct command_area *area_named(const char *word)
{
    struct hf_error *error;
    const char *whole = command_expand(&area_main, word, &error);
    const struct command_area *area = whole != NULL ? command_area_named(whole) : NULL;

    hf_error_free(error);
    return area != NULL && area->alone == NULL ? area : NULL;
}

/* "holdfast", "holdfast --json", "holdfast configure": no command, so a shell or a batch. */
static const struct command_area *shell_level(struct session *session, int argc, char **argv,
                                              const char **shadow)
{
    const struct command_area *level = &area_main;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            session->json = true;
        } else if (strcmp(argv[i], "--force") == 0) {
            session->force = true;
        } else if (strcmp(argv[i], "--file") == 0 && i + 1 < argc) {
            session->file = argv[++i];
        } else if (strncmp(argv[i], "--file=", 7) == 0) {
            session->file = argv[i] + 7;
        } else if (strcmp(argv[i], "--cib") == 0 && i + 1 < argc) {
            *shadow = argv[++i];
        } else if (strncmp(argv[i], "--cib=", 6) == 0) {
            *shadow = argv[i] + 6;
        } else if (strcmp(argv[i], "--wait") == 0) {
            session->wait_ms = 120000;
        } else if (strncmp(argv[i], "--wait=", 7) == 0 && parse_duration(argv[i] + 7, &session->wait_ms)) {
            continue;
        } else if (level == &area_main && area_named(argv[i]) != NULL) {
            level = area_named(argv[i]);
        } else {
            return NULL;
        }
    }
    session->home = session->live = session->file;
    return level;
}

int main(int argc, char **argv)
{
    const char *file = getenv("CIB_file");
    const char *named = getenv("CIB_shadow"), *shadow = named != NULL && *named != '\0' ? named : NULL;
    const struct command_area *level;
    struct session session, plain;
    struct hf_error *error = NULL;
    int code;

    hf_xml_init();
    session_init(&session);
    session.file = session.home = session.live = file != NULL && *file != '\0' ? file : NULL;
    session.interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    plain = session;
    if (argc == 3 && strcmp(argv[1], "--complete") == 0)
        return print_completions(&session, argv[2]);
    if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "--help") == 0))
        argv[1] += 2;
    level = shell_level(&session, argc, argv, &shadow);
    if (level == NULL)
        session = plain;
    session.once = level == NULL;
    if (shadow != NULL)
        error = shadow_use(&session, shadow);
    if (error != NULL) {
        command_print_error(&session, error);
        code = (int)hf_error_kind(error);
        hf_error_free(error);
    } else if (level != NULL) {
        code = shell_run(&session, level);
    } else {
        code = command_run(&session, &area_main, argc - 1, argv + 1);
    }
    session_free(&session);
    return code;
}
