/* writer.h - one walk over an object, printed as text or as JSON.
 *
 * A printer is written once: it opens objects and lists, names values, and adds the lines that a person
 * reads.  A text writer prints the lines and the values that have a label; a JSON writer prints the values
 * and no lines.  So both say the same thing, and a new value cannot be forgotten in one of them. */
#ifndef HF_WRITER_H
#define HF_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/buf.h"

struct hf_writer;

enum hf_writer_format { HF_WRITER_TEXT, HF_WRITER_JSON };

/* Collects into memory; hf_writer_finish() hands it out. */
struct hf_writer *hf_writer_new(enum hf_writer_format format);
/* NULL is fine. */
void hf_writer_free(struct hf_writer *writer);
bool hf_writer_is_json(const struct hf_writer *writer);

/* An object or list.  key is its name in the object around it; NULL inside a list. */
void hf_write_object(struct hf_writer *writer, const char *key);
void hf_write_list(struct hf_writer *writer, const char *key);
/* The answer is an object even if nothing comes to be in it: a JSON reader gets "{}" and not nothing. */
void hf_write_answer(struct hf_writer *writer);
/* Ends the innermost one. */
void hf_write_end(struct hf_writer *writer);

/* Values.  label NULL: only in JSON; otherwise text gets a line "LABEL: VALUE".  key NULL inside a list. */
void hf_write_string(struct hf_writer *writer, const char *key, const char *label, const char *value);
void hf_write_int(struct hf_writer *writer, const char *key, const char *label, int64_t value);
void hf_write_bool(struct hf_writer *writer, const char *key, const char *label, bool value);

/* Text only: a line (the line end is added), or text as it is. */
void hf_write_line(struct hf_writer *writer, const char *format, ...) HF_PRINTF(2, 3);
void hf_write_raw(struct hf_writer *writer, const char *text);

/* What was written, whole: open objects are ended, JSON gets its last line end. The caller frees. */
char *hf_writer_finish(struct hf_writer *writer) __attribute__((returns_nonnull));
/* Whether anything was written that JSON or text would show. */
bool hf_writer_is_empty(const struct hf_writer *writer);

#endif
