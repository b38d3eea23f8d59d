/* region.c - see region.h. */
#include "lib/region.h"

#include <libxml/xmlmemory.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const size_t range = (size_t)1 << 35; /* 32 GiB of addresses, not of memory */
static const size_t step = (size_t)1 << 21;  /* a huge page of x86 */
struct returned {
    struct returned *next;
    size_t size;
};

/* libxml2's functions have no context to carry this. */
static struct {
    unsigned char *begin, *next, *ready, *end; /* taken up to next, there up to ready */
    unsigned char *used;                       /* behind this nothing was ever taken: zeros */
    struct returned *returned;                 /* blocks */
} region;

static bool is_ours(const void *piece)
{
    return (const unsigned char *)piece >= region.begin && (const unsigned char *)piece < region.end;
}

/* Makes the range usable up to wanted.  What the kernel does not fault in at once it does page by page. */
static bool extend(const unsigned char *wanted)
{
    size_t more = ((size_t)(wanted - region.ready) + step - 1) / step * step;

    if (more > (size_t)(region.end - region.ready))
        return false;
    madvise(region.ready, more, MADV_POPULATE_WRITE);
    region.ready += more;
    return true;
}

/* size bytes from piece on, or NULL if they are not to be had. */
static void *take_at(unsigned char *piece, size_t size)
{
    if (size > range || (piece + size > region.ready && !extend(piece + size)))
        return NULL;
    region.next = piece + size;
    if (region.used < region.next)
        region.used = region.next;
    return piece;
}

/* --- libxml2's pieces: the size stands before each, for realloc() --- */

static size_t *size_of(void *piece)
{
    return (size_t *)piece - 1;
}

static void *take(size_t size)
{
    unsigned char *piece = region.next + sizeof(size_t);

    size = (size + sizeof(size_t) - 1) / sizeof(size_t) * sizeof(size_t);
    if (take_at(piece, size) == NULL)
        return NULL;
    *size_of(piece) = size;
    return piece;
}

/* Only the last piece is really given back: the parser's buffers come and go like this. */
static void give_back(void *piece)
{
    if (!is_ours(piece))
        free(piece);
    else if ((unsigned char *)piece + *size_of(piece) == region.next)
        region.next = (unsigned char *)size_of(piece);
}

static void *resize(void *piece, size_t size)
{
    void *larger;

    if (piece != NULL && !is_ours(piece))
        return realloc(piece, size);
    if (piece != NULL && size <= *size_of(piece))
        return piece;
    larger = take(size);
    if (larger != NULL && piece != NULL)
        memcpy(larger, piece, *size_of(piece));
    return larger;
}

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *piece = take(size);

    return piece != NULL ? memcpy(piece, text, size) : NULL;
}

/* --- blocks of arenas --- */

void *hf_region_block(size_t size)
{
    const size_t alignment = _Alignof(max_align_t);
    struct returned *block;

    for (struct returned **at = &region.returned; (block = *at) != NULL; at = &block->next) {
        if (block->size != size)
            continue;
        *at = block->next;
        return memset(block, 0, size);
    }
    if (region.begin == NULL)
        return NULL;
    return take_at(region.used + (alignment - (uintptr_t)region.used % alignment) % alignment, size);
}

bool hf_region_return(void *piece, size_t size)
{
    struct returned *block = piece;

    if (!is_ours(piece))
        return false;
    *block = (struct returned){region.returned, size};
    region.returned = block;
    return true;
}

bool hf_region_begin(void)
{
#ifdef __SANITIZE_ADDRESS__
    return false;
#endif
    if (region.begin != NULL)
        return true;

    unsigned char *got =
        mmap(NULL, range + step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (got == MAP_FAILED)
        return false;
    region.begin = got + (step - (uintptr_t)got % step) % step;
    region.next = region.ready = region.used = region.begin;
    region.end = region.begin + range;
    madvise(region.begin, range, MADV_HUGEPAGE);
    return xmlMemSetup(give_back, take, resize, copy) == 0;
}
