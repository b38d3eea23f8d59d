/* error.h - the one error type of Holdfast.
 *
 * A function that input or the system can make fail returns struct hf_error *: NULL is success, anything
 * else belongs to the caller and says in one sentence what happened and what was expected.  Answers that
 * are part of the domain (denied, not quorate) are enums of their modules, not errors; broken invariants
 * abort.  The kinds are the exit codes of the command line, so a refusal keeps its meaning from the place
 * where it was found to the shell of the person who asked. */
#ifndef HF_ERROR_H
#define HF_ERROR_H

#include "lib/alloc.h"

enum hf_error_kind {
    HF_OK = 0,
    HF_FAILED = 1,    /* it was tried and went wrong */
    HF_USAGE = 2,     /* the request itself is malformed */
    HF_REFUSED = 3,   /* well-formed, but not acceptable: schema, missing id, limit, permission */
    HF_NO_QUORUM = 4, /* this partition may not decide */
    HF_TIMED_OUT = 5, /* no answer in time: the outcome is unknown */
    HF_CONFLICT = 6,  /* somebody else changed it first */
};

struct hf_error;

struct hf_error *hf_error_new(enum hf_error_kind kind, const char *format, ...) HF_PRINTF(2, 3) HF_MUST_CHECK
    __attribute__((returns_nonnull));
/* HF_FAILED, with the text of errno value number after the message. */
struct hf_error *hf_error_errno(int number, const char *format, ...) HF_PRINTF(2, 3) HF_MUST_CHECK
    __attribute__((returns_nonnull));
/* Puts "message: " before the error's own text and returns it; NULL stays NULL. */
struct hf_error *hf_error_wrap(struct hf_error *error, const char *format, ...) HF_PRINTF(2, 3) HF_MUST_CHECK;

/* NULL is HF_OK. */
enum hf_error_kind hf_error_kind(const struct hf_error *error);
/* Borrowed, valid as long as the error; "" for NULL. */
const char *hf_error_text(const struct hf_error *error);
/* NULL is fine. */
void hf_error_free(struct hf_error *error);
/* For HF_CLEANUP. */
void hf_error_freep(struct hf_error **error);

/* The word for a kind on the wire and in JSON ("ok", "failed", "usage", "refused", "no-quorum",
 * "timed-out", "conflict"), and back; an unknown word is HF_FAILED. */
const char *hf_error_kind_name(enum hf_error_kind kind);
enum hf_error_kind hf_error_kind_parse(const char *name);

#endif
