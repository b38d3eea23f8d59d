/* ini.h - configuration files of sections and options:
 *
 *     # a comment, to the end of its line
 *     [section]
 *     option = value
 *
 * Reads lines and numbers; which sections and options there are is its user's business. */
#ifndef HF_INI_H
#define HF_INI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

enum { HF_INI_LINE_MAX = 1024 /* bytes of a line */ };

/* What a line says: section (name NULL), or an option with its value, which is not empty; without blanks
 * around them. */
struct hf_ini_line {
    char *section, *name, *value;
};

/* Takes one line; the error it returns gets "SOURCE:LINE: " in front. */
typedef struct hf_error *hf_ini_taker(void *context, const struct hf_ini_line *line);

/* Hands the lines of text that say something to take, up to the first error; source names the text.
 * expected: what a line that is neither should have been, for the error. */
struct hf_error *hf_ini_parse(const char *text, const char *source, const char *expected, hf_ini_taker *take,
                              void *context) HF_MUST_CHECK;
/* Reads a file of at most limit bytes; *text is the caller's.  HF_REFUSED if it is longer or no text. */
struct hf_error *hf_ini_read(const char *path, size_t limit, char **text) HF_MUST_CHECK;

/* A whole number; of a duration with an optional unit ms (which is meant without one), s or min, in ms. False
 * if it is none, or not from least to most. */
bool hf_ini_number(const char *text, bool duration, uint32_t least, uint32_t most, uint32_t *value);

#endif
