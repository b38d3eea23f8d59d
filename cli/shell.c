/* shell.c - see shell.h. */
#include "cli/shell.h"

#include <errno.h>
#include <histedit.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/complete.h"
#include "cli/statements.h"
#include "lib/xml.h"

struct shell {
    struct session *session;
    const struct command_area *level;
    bool quit;
    int code; /* of the last command, or of the first that failed in a batch */
    EditLine *line;
    History *history;
    char *history_file;
    char prompt[192];
};

/* --- levels --- */

static void enter(struct shell *shell, const struct command_area *level)
{
    shell->level = level;
    if (level == &area_configure)
        session_collect(shell->session);
}

static void report(struct shell *shell, struct hf_error *error)
{
    if (error == NULL)
        return;
    command_print_error(shell->session, error);
    shell->code = (int)hf_error_kind(error);
    hf_error_free(error);
}

static void commit(struct shell *shell)
{
    bool changed;
    struct hf_error *error;

    shell->session->origin = "configure commit";
    error = session_commit(shell->session, &changed);
    shell->session->origin = NULL;
    shell->code = 0;
    report(shell, error);
    if (error == NULL && shell->session->interactive)
        printf("%s\n", changed ? "committed" : "nothing to commit");
}

/* Leaves a level; changes not yet committed are asked about, or committed where nobody can be asked. */
static void leave(struct shell *shell)
{
    if (shell->level == &area_configure && session_pending_count(shell->session) > 0) {
        if (!shell->session->interactive || ask_yes(shell->session, "There are changes; commit them?"))
            commit(shell);
        if (shell->code != 0)
            return;
    }
    if (shell->level == &area_configure)
        session_stop_collecting(shell->session);
    shell->level = &area_main;
}

/* Words of the shell itself; false if it is none of them. */
static bool shell_word(struct shell *shell, const char *word)
{
    if (strcmp(word, "quit") == 0 || strcmp(word, "exit") == 0 || strcmp(word, "bye") == 0) {
        leave(shell);
        shell->quit = shell->code == 0 || !shell->session->interactive;
    } else if (strcmp(word, "up") == 0 || strcmp(word, "end") == 0 || strcmp(word, "..") == 0 ||
               strcmp(word, "cd") == 0) {
        leave(shell);
    } else if (shell->level == &area_configure && strcmp(word, "commit") == 0) {
        commit(shell);
    } else if (shell->level == &area_configure &&
               (strcmp(word, "refresh") == 0 || strcmp(word, "reset") == 0)) {
        session_discard(shell->session);
        session_collect(shell->session);
    } else if (strcmp(word, "ls") == 0) {
        shell->code = command_run(shell->session, &area_main, shell->level == &area_main ? 1 : 2,
                                  (char *[]){(char *)"help", (char *)shell->level->name, NULL});
    } else if (command_area_named(word) != NULL) {
        leave(shell);
        if (shell->code == 0)
            enter(shell, command_area_named(word));
    } else {
        return false;
    }
    return true;
}

/* --- one line --- */

static bool is_statement(const struct shell *shell, const struct crm_words *words)
{
    const struct command *command =
        shell->level == &area_configure ? command_named(&area_configure, words->word[0].text) : NULL;

    return command != NULL && command->completion == COMPLETE_STATEMENT;
}

static bool asks_for_help(const struct crm_words *words)
{
    const struct crm_word *last = &words->word[words->count - 1];

    return !last->quoted && strcmp(last->text, "--help") == 0;
}

/* A statement keeps its quoting, so it goes past the argument vector. */
static void run_statement(struct shell *shell, struct crm_words *words, const char *raw)
{
    char *remembered[] = {(char *)"configure", (char *)"statement", (char *)raw, NULL};
    struct hf_error *error = statements_change_words(shell->session, words, raw);

    if (error == NULL)
        session_remember(shell->session, shell_replay_statement, 3, remembered);
    shell->code = 0;
    report(shell, error);
}

/* Puts the whole word in the place of an abbreviation; false if it could be several. */
static bool expand(struct shell *shell, struct crm_word *word)
{
    struct hf_error *error = NULL;
    const char *whole = word->quoted ? word->text : command_expand(shell->level, word->text, &error);

    report(shell, error);
    if (whole == NULL)
        return false;
    if (whole != word->text) {
        free(word->text);
        word->text = hf_strdup(whole);
    }
    return true;
}

static void run_words(struct shell *shell, struct crm_words *words, const char *raw)
{
    char **argv;

    if (words->count == 1 && shell_word(shell, words->word[0].text))
        return;
    if (words->count == 2 && strcmp(words->word[0].text, "cd") == 0 &&
        (strcmp(words->word[1].text, "..") == 0 || command_area_named(words->word[1].text) != NULL)) {
        shell_word(shell, words->word[1].text);
        return;
    }
    if (words->count == 2 && shell->level == &area_configure && strcmp(words->word[0].text, "commit") == 0 &&
        strcmp(words->word[1].text, "force") == 0) {
        commit(shell); /* what others changed meanwhile stays in any case, as far as it is something else */
        return;
    }
    if (!expand(shell, &words->word[0]) || (words->count == 1 && shell_word(shell, words->word[0].text)))
        return;
    if (is_statement(shell, words) && !asks_for_help(words)) {
        run_statement(shell, words, raw);
        return;
    }
    argv = hf_calloc(words->count + 1, sizeof(*argv));
    for (size_t i = 0; i < words->count; i++)
        argv[i] = words->word[i].text;
    shell->code = command_run(shell->session, shell->level, (int)words->count, argv);
    free(argv);
}

struct hf_error *shell_replay_statement(struct session *session, int count, char **words)
{
    return command_named(&area_configure, words[1])->run(session, count - 1, words + 1);
}

/* Runs every statement of a text; in a batch the first error ends it. */
static void run_text(struct shell *shell, const char *text, size_t length)
{
    struct crm_words words = {0};
    struct crm_lexer lexer;
    bool more = true;

    crm_lexer_init(&lexer, text, length);
    while (more && !shell->quit) {
        const char *begin = lexer.at;
        HF_CLEANUP(hf_freep) char *raw = NULL;
        struct hf_error *error = crm_lex(&lexer, &words, &more);
        int line = words.count > 0 ? words.word[0].line : 0;

        if (error != NULL) {
            report(shell, error);
            break;
        }
        if (!more)
            break;
        raw = hf_strndup(begin, (size_t)(lexer.at - begin));
        shell->code = 0;
        run_words(shell, &words, raw);
        if (shell->code != 0 && !shell->session->interactive) {
            fprintf(stderr, "holdfast: stopped at line %d; %s\n", line,
                    session_pending_count(shell->session) > 0 ? "changes collected before it were not made"
                                                              : "later lines were not run");
            break;
        }
    }
    crm_words_free(&words);
}

/* --- a batch --- */

static int run_batch(struct shell *shell)
{
    HF_CLEANUP(hf_freep) char *text = NULL;
    size_t length;
    struct hf_error *error = session_read_text("-", SESSION_TEXT_LIMIT, &text, &length);

    report(shell, error);
    if (error != NULL)
        return shell->code;
    run_text(shell, text, length);
    if (shell->code == 0)
        leave(shell);
    session_stop_collecting(shell->session);
    return shell->code;
}

/* --- a terminal --- */

static char *prompt(EditLine *line)
{
    struct shell *shell;

    el_get(line, EL_CLIENTDATA, &shell);
    snprintf(shell->prompt, sizeof(shell->prompt), "holdfast%s%.100s%s%s%s%s> ",
             shell->session->shadow != NULL ? "(" : "",
             shell->session->shadow != NULL ? shell->session->shadow : "",
             shell->session->shadow != NULL ? ")" : "", shell->level->name[0] != '\0' ? " " : "",
             shell->level->name, session_pending_count(shell->session) > 0 ? "*" : "");
    return shell->prompt;
}

static unsigned char on_tab(EditLine *line, int key)
{
    const LineInfo *info = el_line(line);
    HF_CLEANUP(hf_freep) char *before = hf_strndup(info->buffer, (size_t)(info->cursor - info->buffer));
    struct shell *shell;
    struct completion found;
    unsigned char result = CC_ERROR;

    el_get(line, EL_CLIENTDATA, &shell);
    found = complete_line(shell->session, shell->level, before);
    if (found.insert != NULL && *found.insert != '\0') {
        el_insertstr(line, found.insert);
        result = CC_REFRESH;
    } else if (found.count > 1) {
        printf("\n");
        for (size_t i = 0; i < found.count; i++)
            printf("%s%s", found.candidate[i], i + 1 < found.count ? "  " : "\n");
        result = CC_REDISPLAY;
    }
    completion_free(&found);
    return result;
}

static void open_terminal(struct shell *shell)
{
    const char *home = getenv("HOME");
    HistEvent event;

    shell->line = el_init("holdfast", stdin, stdout, stderr);
    shell->history = history_init();
    history(shell->history, &event, H_SETSIZE, 1000);
    el_set(shell->line, EL_CLIENTDATA, shell);
    el_set(shell->line, EL_PROMPT, prompt);
    el_set(shell->line, EL_EDITOR, "emacs");
    el_set(shell->line, EL_SIGNAL, 1);
    el_set(shell->line, EL_HIST, history, shell->history);
    el_set(shell->line, EL_ADDFN, "complete", "Complete the word", on_tab);
    el_set(shell->line, EL_BIND, "^I", "complete", NULL);
    el_source(shell->line, NULL);
    if (home == NULL)
        return;
    shell->history_file = hf_asprintf("%s/.holdfast_history", home);
    history(shell->history, &event, H_LOAD, shell->history_file);
}

static void close_terminal(struct shell *shell)
{
    HistEvent event;

    if (shell->history_file != NULL) {
        mode_t mask = umask(077);

        history(shell->history, &event, H_SAVE, shell->history_file);
        umask(mask);
    }
    free(shell->history_file);
    history_end(shell->history);
    el_end(shell->line);
}

/* Reads lines until one does not end in a backslash. */
static bool read_statement(struct shell *shell, struct hf_buf *text)
{
    const char *read;
    int count;

    hf_buf_reset(text);
    while ((read = el_gets(shell->line, &count)) != NULL && count > 0) {
        size_t length = (size_t)count;

        hf_buf_add(text, read, length);
        while (length > 0 && strchr("\n\r \t", read[length - 1]) != NULL)
            length--;
        if (length == 0 || read[length - 1] != '\\')
            return true;
    }
    return text->length > 0;
}

static int run_terminal(struct shell *shell)
{
    struct hf_buf text = {0};
    HistEvent event;

    open_terminal(shell);
    while (!shell->quit) {
        if (!read_statement(shell, &text)) {
            printf("\n");
            shell->code = 0;
            leave(shell);
            break;
        }
        if (text.length > 1)
            history(shell->history, &event, H_ENTER, text.data);
        run_text(shell, hf_buf_text(&text), text.length);
    }
    close_terminal(shell);
    hf_buf_free(&text);
    session_stop_collecting(shell->session);
    return shell->code;
}

int shell_run(struct session *session, const struct command_area *level)
{
    struct shell shell = {.session = session};

    enter(&shell, level);
    return session->interactive ? run_terminal(&shell) : run_batch(&shell);
}
