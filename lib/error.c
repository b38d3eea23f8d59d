/* error.c - see error.h. */
#include "lib/error.h"

#include <string.h>

struct hf_error {
    enum hf_error_kind kind;
    char *text;
};

static const char *const names[] = {
    [HF_OK] = "ok",
    [HF_FAILED] = "failed",
    [HF_USAGE] = "usage",
    [HF_REFUSED] = "refused",
    [HF_NO_QUORUM] = "no-quorum",
    [HF_TIMED_OUT] = "timed-out",
    [HF_CONFLICT] = "conflict",
};

static struct hf_error *make(enum hf_error_kind kind, char *text)
{
    struct hf_error *error = hf_calloc(1, sizeof(*error));

    error->kind = kind;
    error->text = text;
    return error;
}

struct hf_error *hf_error_new(enum hf_error_kind kind, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *text = hf_vasprintf(format, arguments);
    va_end(arguments);
    return make(kind, text);
}

struct hf_error *hf_error_errno(int number, const char *format, ...)
{
    va_list arguments;
    HF_CLEANUP(hf_freep) char *text = NULL;

    va_start(arguments, format);
    text = hf_vasprintf(format, arguments);
    va_end(arguments);
    return make(HF_FAILED, hf_asprintf("%s: %s", text, strerror(number)));
}

struct hf_error *hf_error_wrap(struct hf_error *error, const char *format, ...)
{
    va_list arguments;
    HF_CLEANUP(hf_freep) char *text = NULL;
    HF_CLEANUP(hf_freep) char *old = NULL;

    if (error == NULL)
        return NULL;
    va_start(arguments, format);
    text = hf_vasprintf(format, arguments);
    va_end(arguments);
    old = error->text;
    error->text = hf_asprintf("%s: %s", text, old);
    return error;
}

enum hf_error_kind hf_error_kind(const struct hf_error *error)
{
    return error == NULL ? HF_OK : error->kind;
}

const char *hf_error_text(const struct hf_error *error)
{
    return error == NULL ? "" : error->text;
}

void hf_error_free(struct hf_error *error)
{
    if (error == NULL)
        return;
    free(error->text);
    free(error);
}

void hf_error_freep(struct hf_error **error)
{
    hf_error_free(*error);
    *error = NULL;
}

const char *hf_error_kind_name(enum hf_error_kind kind)
{
    return kind < HF_ARRAY_LENGTH(names) ? names[kind] : "failed";
}

enum hf_error_kind hf_error_kind_parse(const char *name)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++)
        if (name != NULL && strcmp(name, names[i]) == 0)
            return (enum hf_error_kind)i;
    return HF_FAILED;
}
