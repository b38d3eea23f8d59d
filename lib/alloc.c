/* alloc.c - see alloc.h. */
#include "lib/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void *checked(void *memory)
{
    if (memory == NULL) {
        fputs("holdfast: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *hf_calloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *hf_realloc(void *old, size_t count, size_t size)
{
    return checked(reallocarray(old, count ? count : 1, size ? size : 1));
}

char *hf_strdup(const char *text)
{
    return text == NULL ? NULL : checked(strdup(text));
}

char *hf_strndup(const char *text, size_t length)
{
    return text == NULL ? NULL : checked(strndup(text, length));
}

void *hf_memdup(const void *data, size_t length)
{
    void *copy = hf_calloc(length, 1);

    if (length > 0)
        memcpy(copy, data, length);
    return copy;
}

char *hf_vasprintf(const char *format, va_list arguments)
{
    char *text = NULL;

    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    return checked(text);
}

char *hf_asprintf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *text = hf_vasprintf(format, arguments);
    va_end(arguments);
    return text;
}

void hf_grow(void *array, size_t *capacity, size_t wanted, size_t size)
{
    void **pointer = array;
    size_t room = *capacity ? *capacity : 8;

    if (wanted <= *capacity)
        return;
    while (room < wanted)
        room *= 2;
    *pointer = hf_realloc(*pointer, room, size);
    *capacity = room;
}

void hf_freep(void *pointer_to_pointer)
{
    void **pointer = pointer_to_pointer;

    free(*pointer);
    *pointer = NULL;
}
