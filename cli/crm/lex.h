/* lex.h - the words of the crm shell's language.
 *
 * A text is cut into statements: a statement ends at the end of its line unless the line ends in a
 * backslash.  Words are separated by white space and quoted as in a POSIX shell; a '#' begins a comment
 * only where a statement would begin (elsewhere it is part of a word: #uname).  The rest of a statement
 * that begins with `xml` is one word, taken as it stands.  Every word keeps its place, for errors. */
#ifndef HF_CLI_CRM_LEX_H
#define HF_CLI_CRM_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

/* More than this in one text is refused (bytes). */
#define CRM_TEXT_LIMIT ((size_t)8 * 1024 * 1024)

struct crm_word {
    char *text;    /* without quotes and escapes */
    size_t equals; /* where in text the first unquoted '=' is; SIZE_MAX if there is none */
    bool quoted;   /* begins with a quote or escape: never a keyword, bracket or reference */
    int line;      /* from 1 */
    int column;    /* from 1, in characters */
};

struct crm_words {
    struct crm_word *word;
    size_t count, capacity;
    int end_line, end_column; /* just behind the last word, for "found the end of the line" */
    bool raw_quotes;          /* the words come from an argument vector */
};

struct crm_lexer {
    const char *at, *end;
    int line, column;
};

void crm_lexer_init(struct crm_lexer *lexer, const char *text, size_t length);
/* Takes the next statement into words (emptied first). *more is false at the end of the text.
 * HF_USAGE, with line and column, for an unfinished quote, a NUL or bytes that are not UTF-8. */
struct hf_error *crm_lex(struct crm_lexer *lexer, struct crm_words *words, bool *more) HF_MUST_CHECK;
/* Words that were split by somebody else (a shell); columns are those of the arguments joined by blanks. */
void crm_words_from_arguments(struct crm_words *words, int count, char *const *argument);
/* Whether a text can be in XML: UTF-8, without control characters. */
bool crm_is_text(const char *text);
void crm_words_free(struct crm_words *words);

#endif
