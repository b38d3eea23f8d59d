/* shadow.c - see shadow.h. */
#include "cli/shadow.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/xml.h"

/* The folder, the caller's. */
static struct hf_error *folder(char **path)
{
    const char *given = getenv("CIB_shadow_dir"), *home = getenv("HOME");

    *path = NULL;
    if (given != NULL && *given != '\0')
        *path = hf_strdup(given);
    else if (home != NULL && *home != '\0')
        *path = hf_asprintf("%s/.holdfast/shadow", home);
    return *path != NULL
               ? NULL
               : hf_error_new(HF_FAILED, "no place for shadow CIBs: neither CIB_shadow_dir nor HOME is set");
}

static struct hf_error *check_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    if (length > 0 && length <= 100 && name[length] == '\0' && name[0] != '.' && name[0] != '-' &&
        strcmp(name, "live") != 0)
        return NULL;
    return hf_error_new(HF_USAGE,
                        "found '%s', expected a shadow CIB's name: letters, digits, '.', '-' and '_'", name);
}

static struct hf_error *path_of(const char *name, const char *suffix, char **path)
{
    HF_CLEANUP(hf_freep) char *place = NULL;
    struct hf_error *error = check_name(name);

    *path = NULL;
    if (error == NULL)
        error = folder(&place);
    if (error == NULL)
        *path = hf_asprintf("%s/%s%s", place, name, suffix);
    return error;
}

static struct hf_error *no_shadow(const char *name)
{
    return hf_error_new(
        HF_REFUSED, "shadow CIB '%s' does not exist: 'cib new %s' makes it, 'cib list' lists what there is",
        name, name);
}

struct hf_error *shadow_use(struct session *session, const char *name)
{
    HF_CLEANUP(hf_freep) char *path = NULL;
    bool live = name == NULL || strcmp(name, "live") == 0;
    struct hf_error *error = live ? NULL : path_of(name, ".xml", &path);

    if (error != NULL)
        return error;
    if (session_pending_count(session) > 0)
        return hf_error_new(HF_REFUSED, "changes are not committed yet, expected commit or refresh first");
    if (!live && access(path, F_OK) != 0)
        return no_shadow(name);
    if (session_is_collecting(session))
        session_discard(session);
    free(session->shadow);
    free(session->shadow_file);
    session->shadow = live ? NULL : hf_strdup(name);
    session->shadow_file = HF_STEAL(path);
    session->file = session->home = live ? session->live : session->shadow_file;
    return NULL;
}

static struct hf_error *make_folder(const char *path)
{
    HF_CLEANUP(hf_freep) char *part = hf_strdup(path);

    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return hf_error_errno(errno, "cannot make %s", part);
        *slash = '/';
    }
    return NULL;
}

static struct hf_error *write_cib(const char *path, const xmlDoc *cib)
{
    HF_CLEANUP(hf_freep) char *text = hf_xml_text(xmlDocGetRootElement((xmlDoc *)cib), true);

    return session_write_text(path, text);
}

struct hf_error *shadow_make(const char *name, const xmlDoc *cib, const xmlDoc *base, bool force)
{
    HF_CLEANUP(hf_freep) char *path = NULL, *base_path = NULL;
    struct hf_error *error = path_of(name, ".xml", &path);

    if (error == NULL)
        error = path_of(name, ".base", &base_path);
    if (error == NULL && !force && access(path, F_OK) == 0)
        error = hf_error_new(HF_REFUSED, "shadow CIB '%s' exists already (--force replaces it)", name);
    if (error == NULL)
        error = make_folder(path);
    if (error == NULL)
        error = write_cib(base_path, base);
    return error != NULL ? error : write_cib(path, cib);
}

struct hf_error *shadow_read(const char *name, xmlDoc **cib, xmlDoc **base)
{
    HF_CLEANUP(hf_freep) char *path = NULL, *base_path = NULL;
    struct hf_error *error = path_of(name, ".xml", &path);

    *cib = *base = NULL;
    if (error == NULL && access(path, F_OK) != 0)
        error = no_shadow(name);
    if (error == NULL)
        error = path_of(name, ".base", &base_path);
    if (error == NULL)
        error = hf_xml_parse_file(path, SESSION_FILE_LIMIT, cib);
    if (error == NULL)
        error = hf_xml_parse_file(base_path, SESSION_FILE_LIMIT, base);
    if (error != NULL)
        hf_xml_doc_freep(cib);
    return error;
}

struct hf_error *shadow_delete(const char *name)
{
    HF_CLEANUP(hf_freep) char *path = NULL, *base_path = NULL;
    struct hf_error *error = path_of(name, ".xml", &path);

    if (error == NULL)
        error = path_of(name, ".base", &base_path);
    if (error != NULL)
        return error;
    if (unlink(path) != 0)
        return errno == ENOENT ? no_shadow(name) : hf_error_errno(errno, "cannot remove %s", path);
    unlink(base_path);
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct hf_error *shadow_list(char ***names, size_t *count)
{
    HF_CLEANUP(hf_freep) char *place = NULL;
    struct hf_error *error = folder(&place);
    size_t capacity = 0;
    DIR *directory;

    *names = NULL;
    *count = 0;
    if (error != NULL)
        return error;
    directory = opendir(place);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        size_t length = strlen(entry->d_name);

        if (length < 5 || strcmp(entry->d_name + length - 4, ".xml") != 0)
            continue;
        hf_grow(names, &capacity, *count + 1, sizeof(**names));
        (*names)[(*count)++] = hf_strndup(entry->d_name, length - 4);
    }
    if (directory != NULL)
        closedir(directory);
    if (*count > 0)
        qsort(*names, *count, sizeof(**names), by_name);
    return NULL;
}
