/* agents.c - see agents.h. */
#include "cli/agents.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/crm/parse.h"
#include "cli/program.h"
#include "lib/buf.h"
#include "lib/child.h"
#include "lib/xml.h"

static const char *ocf_root(void)
{
    const char *root = getenv("OCF_ROOT");

    return root != NULL && *root != '\0' ? root : HF_OCF_ROOT;
}

char *agent_text(const struct agent_name *name)
{
    return hf_asprintf("%s:%s%s%s", name->class, name->provider != NULL ? name->provider : "",
                       name->provider != NULL ? ":" : "", name->type);
}

struct agent_name agent_split(char *text)
{
    char *first = strchr(text, ':'), *second;
    struct agent_name name = {.class = "ocf", .provider = "heartbeat", .type = text};

    if (first == NULL)
        return name;
    *first++ = '\0';
    name.class = text;
    name.type = first;
    name.provider = NULL;
    if (strcmp(text, "ocf") != 0)
        return name;
    second = strchr(first, ':');
    name.provider = "heartbeat";
    if (second != NULL) {
        *second++ = '\0';
        name.provider = first;
        name.type = second;
    }
    return name;
}

/* --- where agents are --- */

static bool is_program(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 && S_ISREG(file.st_mode) && access(path, X_OK) == 0;
}

static bool exists(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0;
}

static const char *const unit_folders[] = {"/etc/systemd/system", "/run/systemd/system",
                                           "/usr/local/lib/systemd/system", "/lib/systemd/system",
                                           "/usr/lib/systemd/system"};

/* The unit's file; an instance ("getty@tty1") is found by its template. */
static char *find_unit(const char *type)
{
    HF_CLEANUP(hf_freep)
    char *unit = strchr(type, '.') != NULL ? hf_strdup(type) : hf_asprintf("%s.service", type);
    const char *at = strchr(unit, '@'), *suffix = strrchr(unit, '.');
    HF_CLEANUP(hf_freep)
    char *template =
        at != NULL && suffix > at ? hf_asprintf("%.*s@%s", (int)(at - unit), unit, suffix) : NULL;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(unit_folders); i++) {
        char *path = hf_asprintf("%s/%s", unit_folders[i], unit);

        if (exists(path))
            return path;
        free(path);
        if (template == NULL)
            continue;
        path = hf_asprintf("%s/%s", unit_folders[i], template);
        if (exists(path))
            return path;
        free(path);
    }
    return NULL;
}

static struct hf_error *find_program(const char *folder, const char *type, const char *what, char **path)
{
    struct hf_error *error;

    *path = hf_asprintf("%s/%s", folder, type);
    if (strchr(type, '/') == NULL && is_program(*path))
        return NULL;
    error = hf_error_new(HF_REFUSED, "agent %s is not installed on this machine, expected the program %s",
                         what, *path);
    free(*path);
    *path = NULL;
    return error;
}

struct hf_error *agent_find(const struct agent_name *name, char **path)
{
    HF_CLEANUP(hf_freep) char *what = agent_text(name);
    HF_CLEANUP(hf_freep) char *folder = hf_asprintf("%s/resource.d/%s", ocf_root(), name->provider);

    *path = NULL;
    if (strcmp(name->class, "ocf") == 0)
        return find_program(folder, name->type, what, path);
    if (strcmp(name->class, "stonith") == 0)
        return find_program("/usr/sbin", name->type, what, path);
    if (strcmp(name->class, "lsb") == 0)
        return find_program("/etc/init.d", name->type, what, path);
    if (strcmp(name->class, "systemd") == 0 || strcmp(name->class, "service") == 0) {
        /* Of class service a script comes before a unit, as where it is run (daemon/runner/agent.h). */
        if (strcmp(name->class, "service") == 0) {
            struct hf_error *none = find_program("/etc/init.d", name->type, what, path);

            if (none == NULL)
                return NULL;
            hf_error_free(none);
        }
        *path = find_unit(name->type);
        if (*path != NULL)
            return NULL;
        return hf_error_new(HF_REFUSED,
                            "agent %s is not installed on this machine, expected %sthe systemd unit %s%s",
                            what, strcmp(name->class, "service") == 0 ? "a script in /etc/init.d or " : "",
                            name->type, strchr(name->type, '.') != NULL ? "" : ".service");
    }
    return hf_error_new(HF_REFUSED,
                        "agents of class '%s' are not run here, expected one of ocf, stonith, lsb, systemd, "
                        "service",
                        name->class);
}

/* --- running one --- */

/* Resource agents take the action as an argument, fence agents on standard input. */
static struct hf_error *ask_metadata(const char *path, bool fence, struct hf_buf *output)
{
    char *argv[] = {(char *)path, fence ? NULL : (char *)"meta-data", NULL};
    HF_CLEANUP(hf_freep) char *root = hf_asprintf("OCF_ROOT=%s", ocf_root());
    char *environment[] = {root,
                           (char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                           (char *)"LC_ALL=C",
                           (char *)"OCF_RESOURCE_INSTANCE=meta-data",
                           (char *)"OCF_RA_VERSION_MAJOR=1",
                           (char *)"OCF_RA_VERSION_MINOR=1",
                           NULL};
    struct hf_child_spec spec = {
        .path = path,
        .argv = argv,
        .environment = environment,
        .input = fence ? "action=metadata\n" : NULL,
    };
    struct program_result result;
    struct hf_error *error = hf_error_wrap(program_run(&spec, AGENT_TIME_MS, AGENT_OUTPUT_LIMIT, &result),
                                           "asked for its meta-data");

    if (error == NULL && result.code != 0) {
        const char *words = hf_buf_text(&result.errors);

        error = hf_error_new(HF_REFUSED, "ended with exit code %d when asked for its meta-data%s%.*s",
                             result.code, *words != '\0' ? ", saying: " : "",
                             strcspn(words, "\n") < 200 ? (int)strcspn(words, "\n") : 200, words);
    }
    if (error == NULL) {
        *output = result.output;
        result.output = (struct hf_buf){0};
    }
    program_result_free(&result);
    return error;
}

/* --- meta-data --- */

static struct hf_error *check_shape(const xmlDoc *metadata)
{
    const xmlNode *root = xmlDocGetRootElement((xmlDoc *)metadata);
    const xmlNode *actions = hf_xml_child(root, "actions");

    if (!hf_xml_is(root, "resource-agent"))
        return hf_error_new(HF_REFUSED,
                            "printed broken meta-data: the root is <%s>, expected <resource-agent>",
                            (const char *)root->name);
    HF_XML_EACH (parameter, hf_xml_child(root, "parameters"), "parameter")
        if (hf_xml_get(parameter, "name") == NULL)
            return hf_error_new(HF_REFUSED,
                                "printed broken meta-data: line %ld: a <parameter> without a name",
                                xmlGetLineNo(parameter));
    if (hf_xml_child(actions, "action") == NULL)
        return hf_error_new(
            HF_REFUSED, "printed broken meta-data: no <action> in <actions>, expected at least start, stop "
                        "and monitor");
    return NULL;
}

struct hf_error *agent_metadata(const struct agent_name *name, xmlDoc **metadata)
{
    HF_CLEANUP(hf_freep) char *path = NULL, *what = agent_text(name);
    HF_CLEANUP(hf_buf_free) struct hf_buf output = {0};
    struct hf_error *error = agent_find(name, &path);

    *metadata = NULL;
    if (error != NULL)
        return error;
    if (strcmp(name->class, "ocf") != 0 && strcmp(name->class, "stonith") != 0)
        return NULL;
    error = ask_metadata(path, strcmp(name->class, "stonith") == 0, &output);
    if (error == NULL && output.length == 0)
        error = hf_error_new(HF_REFUSED, "printed no meta-data");
    if (error == NULL)
        error = hf_error_wrap(hf_xml_parse_metadata(output.data, output.length, "meta-data", metadata),
                              "printed broken meta-data");
    if (error == NULL)
        error = check_shape(*metadata);
    if (error == NULL)
        return NULL;
    hf_xml_doc_freep(metadata);
    return hf_error_wrap(error, "agent %s", what);
}

/* --- parameters --- */

static const char *exit_text(int code)
{
    static const char *const texts[] = {"ok",
                                        "error",
                                        "invalid parameter",
                                        "unimplemented feature",
                                        "insufficient privileges",
                                        "not installed",
                                        "not configured"};

    return code >= 0 && code < (int)HF_ARRAY_LENGTH(texts) ? texts[code] : "unexpected";
}

static struct hf_error *ask_validation(const char *path, char *const *environment)
{
    char *argv[] = {(char *)path, (char *)"validate-all", NULL};
    struct hf_child_spec spec = {.path = path, .argv = argv, .environment = environment};
    struct program_result result;
    struct hf_error *error = program_run(&spec, AGENT_TIME_MS, AGENT_OUTPUT_LIMIT, &result);

    if (error == NULL && result.code != 0) {
        const char *words =
            result.errors.length > 0 ? hf_buf_text(&result.errors) : hf_buf_text(&result.output);

        error = hf_error_new(HF_REFUSED, "validate-all ended with exit code %d (%s)%s%.*s", result.code,
                             exit_text(result.code), *words != '\0' ? ": " : "", (int)strcspn(words, "\n"),
                             words);
    }
    program_result_free(&result);
    return error;
}

struct hf_error *agent_validate(const struct agent_name *name, const char *resource, char *const *pairs,
                                size_t count)
{
    HF_CLEANUP(hf_freep) char *path = NULL, *what = agent_text(name);
    struct hf_error *error = agent_find(name, &path);
    char **environment;

    if (error == NULL && strcmp(name->class, "ocf") != 0)
        error = hf_error_new(HF_REFUSED, "agents of class '%s' cannot check parameters", name->class);
    if (error != NULL)
        return error;
    environment = hf_calloc(count + 10, sizeof(*environment));
    for (size_t i = 0; i < count; i++)
        environment[i] = hf_asprintf("OCF_RESKEY_%s", pairs[i]);
    environment[count++] = hf_asprintf("OCF_ROOT=%s", ocf_root());
    environment[count++] = hf_strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    environment[count++] = hf_strdup("LC_ALL=C");
    environment[count++] = hf_strdup("OCF_RA_VERSION_MAJOR=1");
    environment[count++] = hf_strdup("OCF_RA_VERSION_MINOR=1");
    environment[count++] = hf_strdup("OCF_CHECK_LEVEL=0");
    environment[count++] = hf_asprintf("OCF_RESOURCE_INSTANCE=%s", resource);
    environment[count++] = hf_asprintf("OCF_RESOURCE_TYPE=%s", name->type);
    environment[count++] = hf_asprintf("OCF_RESOURCE_PROVIDER=%s", name->provider);
    error = ask_validation(path, environment);
    for (size_t i = 0; i < count; i++)
        free(environment[i]);
    free(environment);
    return hf_error_wrap(error, "agent %s", what);
}

/* Parameters that every agent of a class has. */
static bool is_common(const struct agent_name *name, const char *parameter)
{
    static const char *const fencing[] = {"action",   "nodename", "plug",     "port",
                                          "priority", "timeout",  "provides", "stonith-timeout"};

    if (strncmp(parameter, "CRM_meta_", 9) == 0 || parameter[0] == '#')
        return true;
    if (strcmp(name->class, "stonith") != 0)
        return strcmp(parameter, "trace_ra") == 0 || strcmp(parameter, "trace_file") == 0;
    if (strncmp(parameter, "pcmk_", 5) == 0)
        return true;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(fencing); i++)
        if (strcmp(parameter, fencing[i]) == 0)
            return true;
    return false;
}

struct hf_error *agent_check_known(const xmlNode *metadata, const struct agent_name *name,
                                   const char *parameter)
{
    HF_CLEANUP(hf_freep) char *what = agent_text(name);
    const char *candidate[256], *near;
    size_t count = 0;

    if (metadata == NULL || is_common(name, parameter))
        return NULL;
    HF_XML_EACH (known, hf_xml_child(metadata, "parameters"), "parameter") {
        if (strcmp(hf_xml_get_or(known, "name", ""), parameter) == 0)
            return NULL;
        if (count < HF_ARRAY_LENGTH(candidate))
            candidate[count++] = hf_xml_get_or(known, "name", "");
    }
    near = crm_near_miss(parameter, candidate, count);
    if (near != NULL)
        return hf_error_new(HF_REFUSED, "agent %s has no parameter '%s'; did you mean '%s'?", what, parameter,
                            near);
    return hf_error_new(HF_REFUSED,
                        "agent %s has no parameter '%s', expected one of those that 'ra info %s' lists", what,
                        parameter, what);
}

struct hf_error *agent_check_required(const xmlNode *metadata, const struct agent_name *name,
                                      bool (*is_set)(const void *context, const char *parameter),
                                      const void *context)
{
    HF_CLEANUP(hf_freep) char *what = agent_text(name);

    HF_XML_EACH (parameter, metadata != NULL ? hf_xml_child(metadata, "parameters") : NULL, "parameter") {
        const char *own = hf_xml_get_or(parameter, "name", "");
        const xmlNode *content = hf_xml_child(parameter, "content");
        bool required = false;

        hf_parse_bool(hf_xml_get(parameter, "required"), &required);
        /* A fence agent's "required" is met by the parameter's other name, or given by the cluster. */
        if (!required || *hf_xml_get_or(content, "default", "") != '\0' || is_common(name, own) ||
            is_set(context, own) ||
            (hf_xml_get(parameter, "obsoletes") != NULL &&
             is_set(context, hf_xml_get(parameter, "obsoletes"))))
            continue;
        if (hf_xml_get(parameter, "deprecated") != NULL || strcmp(name->class, "stonith") == 0)
            continue;
        return hf_error_new(HF_REFUSED, "agent %s needs the parameter '%s', which is not set", what, own);
    }
    return NULL;
}

/* --- lists --- */

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct list {
    char **entry;
    size_t count, capacity;
};

static void add(struct list *list, const char *text)
{
    hf_grow(&list->entry, &list->capacity, list->count + 2, sizeof(*list->entry));
    list->entry[list->count++] = hf_strdup(text);
    list->entry[list->count] = NULL;
}

static char **sorted(struct list *list)
{
    size_t kept = 0;

    if (list->entry == NULL)
        return hf_calloc(1, sizeof(*list->entry));
    qsort(list->entry, list->count, sizeof(*list->entry), compare_text);
    for (size_t i = 0; i < list->count; i++) {
        if (kept > 0 && strcmp(list->entry[kept - 1], list->entry[i]) == 0)
            free(list->entry[i]);
        else
            list->entry[kept++] = list->entry[i];
    }
    list->entry[kept] = NULL;
    return list->entry;
}

/* Adds the names in a folder: folders or programs, those that begin with prefix; a suffix is cut off. */
static void add_folder(struct list *list, const char *folder, bool folders, const char *prefix,
                       const char *suffix)
{
    DIR *directory = opendir(folder);

    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/%s", folder, entry->d_name);
        HF_CLEANUP(hf_freep) char *name = hf_strdup(entry->d_name);
        size_t length = strlen(name), cut = strlen(suffix);
        struct stat file;

        if (name[0] == '.' || strncmp(name, prefix, strlen(prefix)) != 0 || stat(path, &file) != 0)
            continue;
        if (cut > 0 && (length <= cut || strcmp(name + length - cut, suffix) != 0))
            continue;
        name[length - cut] = '\0';
        if (folders ? S_ISDIR(file.st_mode)
                    : cut > 0 || (S_ISREG(file.st_mode) && (file.st_mode & 0111) != 0))
            add(list, name);
    }
    if (directory != NULL)
        closedir(directory);
}

char **agent_providers(void)
{
    HF_CLEANUP(hf_freep) char *folder = hf_asprintf("%s/resource.d", ocf_root());
    struct list list = {0};

    add_folder(&list, folder, true, "", "");
    return sorted(&list);
}

char **agent_types(const char *class, const char *provider)
{
    struct list list = {0};

    if (strcmp(class, "ocf") == 0) {
        HF_CLEANUP(hf_freep) char *folder = hf_asprintf("%s/resource.d/%s", ocf_root(), provider);

        add_folder(&list, folder, false, "", "");
    } else if (strcmp(class, "stonith") == 0) {
        add_folder(&list, "/usr/sbin", false, "fence_", "");
    } else if (strcmp(class, "lsb") == 0) {
        add_folder(&list, "/etc/init.d", false, "", "");
    } else {
        for (size_t i = 0; i < HF_ARRAY_LENGTH(unit_folders); i++)
            add_folder(&list, unit_folders[i], false, "", ".service");
        if (strcmp(class, "service") == 0)
            add_folder(&list, "/etc/init.d", false, "", "");
    }
    return sorted(&list);
}

void agent_list_free(char **list)
{
    for (char **entry = list; entry != NULL && *entry != NULL; entry++)
        free(*entry);
    free(list);
}
