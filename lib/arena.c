/* arena.c - see arena.h. */
#include "lib/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/region.h"

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20, ALIGNMENT = _Alignof(max_align_t) };

struct block {
    struct block *next;
    size_t size, used; /* bytes of the payload */
    _Alignas(max_align_t) unsigned char payload[];
};

struct hf_arena {
    struct block *blocks; /* the first is the one in use */
    size_t total;
};

struct hf_arena *hf_arena_new(void)
{
    return hf_calloc(1, sizeof(struct hf_arena));
}

void hf_arena_free(struct hf_arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->blocks != NULL) {
        struct block *next = arena->blocks->next;

        if (!hf_region_return(arena->blocks, sizeof(*next) + arena->blocks->size))
            free(arena->blocks);
        arena->blocks = next;
    }
    free(arena);
}

void *hf_arena_alloc(struct hf_arena *arena, size_t size)
{
    struct block *block = arena->blocks;

    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (block == NULL || block->size - block->used < size) {
        size_t wanted = block == NULL ? FIRST_BLOCK : block->size * 2;

        if (wanted > LARGEST_BLOCK)
            wanted = LARGEST_BLOCK;
        if (wanted < size)
            wanted = size;
        block = hf_region_block(sizeof(*block) + wanted);
        if (block == NULL)
            block = hf_calloc(1, sizeof(*block) + wanted);
        block->size = wanted;
        block->next = arena->blocks;
        arena->blocks = block;
        arena->total += sizeof(*block) + wanted;
    }

    void *memory = block->payload + block->used;

    block->used += size;
    return memory;
}

char *hf_arena_strndup(struct hf_arena *arena, const char *text, size_t length)
{
    char *copy = hf_arena_alloc(arena, length + 1);

    memcpy(copy, text, length);
    return copy;
}

char *hf_arena_strdup(struct hf_arena *arena, const char *text)
{
    return text == NULL ? NULL : hf_arena_strndup(arena, text, strlen(text));
}

char *hf_arena_join(struct hf_arena *arena, const char *const *parts, size_t count)
{
    size_t length = 0;
    char *text, *end;

    for (size_t i = 0; i < count; i++)
        length += strlen(parts[i]);
    text = end = hf_arena_alloc(arena, length + 1);
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, parts[i]);
    return text;
}

char *hf_arena_printf(struct hf_arena *arena, const char *format, ...)
{
    va_list arguments, again;
    char brief[128]; /* most are: formatted once and copied */

    va_start(arguments, format);
    va_copy(again, arguments);

    int length = vsnprintf(brief, sizeof(brief), format, arguments);
    char *text = hf_arena_alloc(arena, (size_t)length + 1);

    if ((size_t)length < sizeof(brief))
        memcpy(text, brief, (size_t)length + 1);
    else
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

size_t hf_arena_size(const struct hf_arena *arena)
{
    return arena->total;
}
