/* lex.c - see lex.h. */
#include "cli/crm/lex.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "lib/buf.h"

void crm_lexer_init(struct crm_lexer *lexer, const char *text, size_t length)
{
    *lexer = (struct crm_lexer){.at = text, .end = text + length, .line = 1, .column = 1};
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        lexer->at += 3; /* a byte order mark, which some editors write */
}

static bool at_end(const struct crm_lexer *lexer)
{
    return lexer->at >= lexer->end;
}

static char peek(const struct crm_lexer *lexer, size_t ahead)
{
    return (size_t)(lexer->end - lexer->at) > ahead ? lexer->at[ahead] : '\0';
}

/* Takes one byte and keeps the place: continuation bytes of UTF-8 have no column of their own. */
static char take(struct crm_lexer *lexer)
{
    char c = *lexer->at++;

    if (c == '\n') {
        lexer->line++;
        lexer->column = 1;
    } else if (((unsigned char)c & 0xc0) != 0x80) {
        lexer->column++;
    }
    return c;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* The bytes of a backslash at the end of a line, with its line end; 0 if there is none here. */
static size_t continuation(const struct crm_lexer *lexer)
{
    size_t n = 1;

    if (peek(lexer, 0) != '\\')
        return 0;
    while (is_blank(peek(lexer, n)))
        n++;
    if (peek(lexer, n) == '\n')
        return n + 1;
    return lexer->at + n >= lexer->end ? n : 0;
}

static void skip(struct crm_lexer *lexer, size_t count)
{
    while (count-- > 0)
        take(lexer);
}

static void skip_blanks(struct crm_lexer *lexer)
{
    for (;;) {
        size_t joined = continuation(lexer);

        if (joined > 0)
            skip(lexer, joined);
        else if (!at_end(lexer) && is_blank(*lexer->at))
            take(lexer);
        else
            return;
    }
}

/* Empty lines and comments before a statement. */
static void skip_to_statement(struct crm_lexer *lexer)
{
    for (;;) {
        skip_blanks(lexer);
        if (at_end(lexer))
            return;
        if (*lexer->at == '#') {
            while (!at_end(lexer) && *lexer->at != '\n')
                take(lexer);
        } else if (*lexer->at != '\n') {
            return;
        }
        if (!at_end(lexer))
            take(lexer);
    }
}

static struct crm_word *add_word(struct crm_words *words, int line, int column)
{
    struct crm_word *word;

    hf_grow(&words->word, &words->capacity, words->count + 1, sizeof(*words->word));
    word = &words->word[words->count++];
    *word = (struct crm_word){.equals = SIZE_MAX, .line = line, .column = column};
    return word;
}

/* From a quote to its partner.  Within double quotes a backslash protects only '"' and itself. */
static struct hf_error *lex_quoted(struct crm_lexer *lexer, struct hf_buf *text)
{
    int line = lexer->line, column = lexer->column;
    char quote = take(lexer);

    while (!at_end(lexer) && *lexer->at != quote) {
        if (quote == '"' && *lexer->at == '\\' && (peek(lexer, 1) == '"' || peek(lexer, 1) == '\\'))
            take(lexer);
        hf_buf_putc(text, take(lexer));
    }
    if (at_end(lexer))
        return hf_error_new(HF_USAGE, "line %d, column %d: this %c quote is not closed, expected another %c",
                            line, column, quote, quote);
    take(lexer);
    return NULL;
}

static struct hf_error *lex_word(struct crm_lexer *lexer, struct crm_words *words)
{
    struct crm_word *word = add_word(words, lexer->line, lexer->column);
    struct hf_buf text = {0};
    struct hf_error *error = NULL;

    word->quoted = *lexer->at == '"' || *lexer->at == '\'' || *lexer->at == '\\';
    while (error == NULL && !at_end(lexer) && !is_blank(*lexer->at) && *lexer->at != '\n' &&
           continuation(lexer) == 0) {
        if (*lexer->at == '"' || *lexer->at == '\'') {
            error = lex_quoted(lexer, &text);
            continue;
        }
        if (*lexer->at == '\\' && peek(lexer, 1) != '\0')
            take(lexer);
        else if (*lexer->at == '=' && word->equals == SIZE_MAX)
            word->equals = text.length;
        hf_buf_putc(&text, take(lexer));
    }
    word->text = hf_buf_take(&text);
    return error;
}

/* What follows `xml`, to the end of the statement; a backslash at a line's end only joins lines. */
static void lex_raw(struct crm_lexer *lexer, struct crm_words *words)
{
    struct hf_buf text = {0};
    struct crm_word *word = add_word(words, lexer->line, lexer->column);

    word->quoted = true;
    while (!at_end(lexer) && *lexer->at != '\n') {
        size_t joined = continuation(lexer);

        if (joined > 0) {
            skip(lexer, joined);
            hf_buf_putc(&text, '\n');
        } else {
            hf_buf_putc(&text, take(lexer));
        }
    }
    word->text = hf_buf_take(&text);
}

/* The length of the UTF-8 sequence at bytes, 0 if it is not a valid one of a character that XML allows. */
static size_t sequence(const unsigned char *bytes, size_t left)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xc2 ? 0 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    unsigned code;

    if (length == 1)
        return bytes[0] >= 0x20 || bytes[0] == '\t' || bytes[0] == '\n' || bytes[0] == '\r' ? 1 : 0;
    if (length == 0 || length > left || bytes[0] > 0xf4)
        return 0;
    code = bytes[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3f);
    }
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || code == 0xfffe ||
        code == 0xffff)
        return 0;
    return length;
}

bool crm_is_text(const char *text)
{
    size_t left = strlen(text), length;

    for (; left > 0; text += length, left -= length)
        if ((length = sequence((const unsigned char *)text, left)) == 0)
            return false;
    return true;
}

/* Words end up in XML: refuse, before lexing a statement, bytes that cannot. */
static struct hf_error *check_bytes(const struct crm_lexer *lexer)
{
    struct crm_lexer at = *lexer;

    while (!at_end(&at)) {
        size_t length = sequence((const unsigned char *)at.at, (size_t)(at.end - at.at));

        if (length == 0)
            return hf_error_new(HF_USAGE, "line %d, column %d: found byte 0x%02x, expected text in UTF-8",
                                at.line, at.column, (unsigned char)*at.at);
        skip(&at, length);
    }
    return NULL;
}

struct hf_error *crm_lex(struct crm_lexer *lexer, struct crm_words *words, bool *more)
{
    struct hf_error *error = NULL;

    crm_words_free(words);
    *more = false;
    if (lexer->line == 1 && lexer->column == 1) {
        if ((size_t)(lexer->end - lexer->at) > CRM_TEXT_LIMIT)
            return hf_error_new(HF_REFUSED, "the text is larger than the limit of %zu bytes", CRM_TEXT_LIMIT);
        error = check_bytes(lexer);
    }
    if (error == NULL)
        skip_to_statement(lexer);
    while (error == NULL && !at_end(lexer) && *lexer->at != '\n') {
        if (words->count == 1 && !words->word[0].quoted && strcmp(words->word[0].text, "xml") == 0)
            lex_raw(lexer, words);
        else
            error = lex_word(lexer, words);
        words->end_line = lexer->line;
        words->end_column = lexer->column;
        skip_blanks(lexer);
    }
    *more = words->count > 0;
    return error;
}

static int characters(const char *text)
{
    int count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

void crm_words_from_arguments(struct crm_words *words, int count, char *const *argument)
{
    int column = 1;

    crm_words_free(words);
    words->raw_quotes = true;
    for (int i = 0; i < count; i++) {
        struct crm_word *word = add_word(words, 1, column);
        const char *equals = strchr(argument[i], '=');

        word->text = hf_strdup(argument[i]);
        if (equals != NULL)
            word->equals = (size_t)(equals - argument[i]);
        column += characters(argument[i]) + 1;
    }
    words->end_line = 1;
    words->end_column = column > 1 ? column - 1 : 1;
}

void crm_words_free(struct crm_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->word[i].text);
    free(words->word);
    *words = (struct crm_words){0};
}
