/* digest.c - see digest.h. MD5 is a fingerprint here, not a protection. */
#include "daemon/sched/digest.h"

#include <md5.h>
#include <string.h>

void sched_md5(const void *bytes, size_t length, char digest[SCHED_DIGEST_SIZE])
{
    _Static_assert(SCHED_DIGEST_SIZE == MD5_DIGEST_STRING_LENGTH, "in hexadecimal, with the NUL");
    MD5Data(bytes, length, digest);
}

/* Whether name is one of the words of list (words end at any white space). */
static bool listed(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = list; at != NULL && (at = strstr(at, name)) != NULL; at += length) {
        bool starts = at == list || strchr(" \t\n", at[-1]) != NULL;
        bool ends = at[length] == '\0' || strchr(" \t\n", at[length]) != NULL;
        if (starts && ends)
            return true;
    }
    return false;
}

/* Meta-data is not part of what an agent is called with, except the timeout, which agents may read. */
static bool is_parameter(const char *name)
{
    static const char *const skip[] = {"id",           "crm_feature_set",  "op-digest",   "on_node",
                                       "on_node_uuid", "pcmk_external_ip", "op_target_rc"};

    if (strncmp(name, "CRM_meta_", 9) == 0)
        return strcmp(name, "CRM_meta_timeout") == 0;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(skip); i++)
        if (strcmp(name, skip[i]) == 0)
            return false;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct graph_attr *const *)a)->name, (*(const struct graph_attr *const *)b)->name);
}

/* The digest of those attributes for which use() holds; mode -1 leaves out the listed, 1 keeps only them. */
static void digest_of(const struct graph_attr *attrs, int count, const char *list, int mode,
                      char digest[SCHED_DIGEST_SIZE])
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_freep)
    const struct graph_attr **sorted = hf_calloc((size_t)count + 1, sizeof(*sorted));
    int used = 0;

    for (int i = 0; i < count; i++) {
        bool in_list = mode != 0 && listed(list, attrs[i].name);
        if (is_parameter(attrs[i].name) && (mode == 0 || in_list == (mode > 0)))
            sorted[used++] = &attrs[i];
    }
    qsort(sorted, (size_t)used, sizeof(*sorted), by_name);
    hf_buf_puts(&text, " <parameters");
    for (int i = 0; i < used; i++) {
        hf_buf_printf(&text, " %s=\"", sorted[i]->name);
        hf_buf_xml(&text, sorted[i]->value);
        hf_buf_puts(&text, "\"");
    }
    hf_buf_puts(&text, "/>\n");
    sched_md5(text.data, text.length, digest);
}

void sched_digest_all(const struct graph_attr *attrs, int count, char digest[SCHED_DIGEST_SIZE])
{
    digest_of(attrs, count, NULL, 0, digest);
}

void sched_digest_action(const struct graph_action *action, char digest[SCHED_DIGEST_SIZE])
{
    digest_of(action->attrs, action->n_attrs, "CRM_meta_timeout", action->interval_ms == 0 ? -1 : 0, digest);
}

void sched_digest_list(const struct graph_attr *attrs, int count, const char *list, bool keep,
                       char digest[SCHED_DIGEST_SIZE])
{
    digest_of(attrs, count, list, keep ? 1 : -1, digest);
}
