/* arena.h - memory for one run, freed whole.
 *
 * For work such as a scheduler run, which makes thousands of small objects that all end together. */
#ifndef HF_ARENA_H
#define HF_ARENA_H

#include "lib/alloc.h"

struct hf_arena;

struct hf_arena *hf_arena_new(void);
/* Frees everything that came from the arena; NULL is fine. */
void hf_arena_free(struct hf_arena *arena);
/* Zeroed, aligned for any type, never NULL. */
void *hf_arena_alloc(struct hf_arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
char *hf_arena_strdup(struct hf_arena *arena, const char *text);
char *hf_arena_strndup(struct hf_arena *arena, const char *text, size_t length);
/* The parts, one behind the other. */
char *hf_arena_join(struct hf_arena *arena, const char *const *parts, size_t count);
char *hf_arena_printf(struct hf_arena *arena, const char *format, ...) HF_PRINTF(2, 3);
/* Bytes taken from the system. */
size_t hf_arena_size(const struct hf_arena *arena);

#define HF_ARENA_NEW(arena, type) ((type *)hf_arena_alloc((arena), sizeof(type)))

#endif
