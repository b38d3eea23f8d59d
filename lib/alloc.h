/* alloc.h - memory that is there or ends the program.
 *
 * Out of memory is not an error that a cluster manager can handle better than by dying: the node fails
 * over.  So these never return NULL, and nobody checks them.  HF_CLEANUP gives a local its destructor. */
#ifndef HF_ALLOC_H
#define HF_ALLOC_H

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#define HF_CLEANUP(destroy) __attribute__((cleanup(destroy)))
#define HF_PRINTF(text_, first_) __attribute__((format(printf, text_, first_)))
#define HF_MUST_CHECK __attribute__((warn_unused_result))
#define HF_ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Zeroed memory for count elements of size bytes; the caller frees. */
void *hf_calloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
/* realloc() for count elements of size bytes that cannot fail or overflow. */
void *hf_realloc(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
/* Copies; NULL gives NULL.  The caller frees. */
char *hf_strdup(const char *text);
char *hf_strndup(const char *text, size_t length);
void *hf_memdup(const void *data, size_t length);
/* A formatted string; the caller frees. */
char *hf_asprintf(const char *format, ...) HF_PRINTF(1, 2) __attribute__((returns_nonnull));
char *hf_vasprintf(const char *format, va_list arguments) HF_PRINTF(1, 0) __attribute__((returns_nonnull));

/* Gives *array (of *capacity elements of size bytes) room for wanted elements, doubling. */
void hf_grow(void *array, size_t *capacity, size_t wanted, size_t size);

/* For HF_CLEANUP: frees what a pointer variable points to. */
void hf_freep(void *pointer_to_pointer);

/* Hands the value of a cleaned-up local over to the caller, leaving NULL behind. */
#define HF_STEAL(pointer)                                                                                    \
    ({                                                                                                       \
        __typeof__(pointer) stolen_ = (pointer);                                                             \
        (pointer) = NULL;                                                                                    \
        stolen_;                                                                                             \
    })

#endif
