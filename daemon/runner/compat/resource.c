/* resource.c - crm_resource: where a resource runs, and its parameters. See compat.h. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "daemon/runner/compat/compat.h"

struct options {
    int command; /* the option's letter */
    const char *resource;
    const char *name;  /* of a parameter */
    const char *value; /* to set */
    const char *node;
    const char *set; /* the element that parameters are in */
    bool quiet;
};

static bool is_resource(const xmlNode *element)
{
    static const char *const names[] = {"primitive", "group", "clone", "master", "bundle"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++)
        if (hf_xml_is(element, names[i]))
            return true;
    return false;
}

/* The resource of this id, at any depth, or NULL. */
static xmlNode *find_resource(xmlNode *parent, const char *id)
{
    HF_XML_EACH_ANY (child, parent) {
        if (!is_resource(child))
            continue;
        if (strcmp(hf_xml_get_or(child, "id", ""), id) == 0)
            return child;

        xmlNode *below = find_resource(child, id);

        if (below != NULL)
            return below;
    }
    return NULL;
}

static xmlNode *resources_of(xmlNode *root)
{
    xmlNode *configuration = hf_xml_child(root, "configuration");

    return configuration == NULL ? NULL : hf_xml_child(configuration, "resources");
}

/* --- where it runs --- */

/* Whether this history is of an instance of the resource: "web", or "web:3". */
static bool history_of(const xmlNode *history, const char *resource)
{
    const char *id = hf_xml_get_or(history, "id", "");
    size_t length = strlen(resource);

    return strncmp(id, resource, length) == 0 && (id[length] == '\0' || id[length] == ':');
}

struct role {
    long newest; /* call id */
    bool active, promoted;
};

/* What one completed operation says, if it is the newest so far. */
static void take_operation(const xmlNode *op, struct role *role)
{
    long call = strtol(hf_xml_get_or(op, "call-id", "-1"), NULL, 10);
    const char *operation = hf_xml_get_or(op, "operation", "");
    const char *rc = hf_xml_get_or(op, "rc-code", "");
    bool good = strcmp(rc, "0") == 0 || strcmp(rc, "190") == 0;
    bool promoted = strcmp(rc, "8") == 0 || strcmp(rc, "191") == 0;

    if (call < role->newest || strcmp(hf_xml_get_or(op, "op-status", "0"), "0") != 0)
        return;
    if (strcmp(operation, "stop") == 0 && good)
        *role = (struct role){.newest = call};
    else if (strcmp(operation, "monitor") == 0 && (good || promoted || strcmp(rc, "7") == 0))
        *role = (struct role){
            .newest = call, .active = good || promoted, .promoted = promoted || (good && role->promoted)};
    else if (good && strcmp(operation, "promote") == 0)
        *role = (struct role){.newest = call, .active = true, .promoted = true};
    else if (good && (strcmp(operation, "start") == 0 || strcmp(operation, "demote") == 0 ||
                      strcmp(operation, "migrate_from") == 0))
        *role = (struct role){.newest = call, .active = true};
}

static long call_id(const xmlNode *op)
{
    return strtol(hf_xml_get_or(op, "call-id", "-1"), NULL, 10);
}

/* Operations in the order of their call ids, each looked at once; histories are short. */
static struct role role_of(const xmlNode *history)
{
    struct role role = {.newest = -1};
    long done = -1;

    while (true) {
        const xmlNode *next = NULL;

        HF_XML_EACH (op, history, "lrm_rsc_op")
            if (call_id(op) > done && (next == NULL || call_id(op) < call_id(next)))
                next = op;
        if (next == NULL)
            return role;
        done = call_id(next);
        take_operation(next, &role);
    }
}

static bool print_places(xmlNode *root, const struct options *options, const char *primitive)
{
    bool found = false;

    HF_XML_EACH (state, hf_xml_child(root, "status"), "node_state") {
        xmlNode *lrm = hf_xml_child(state, "lrm");
        xmlNode *histories = lrm == NULL ? NULL : hf_xml_child(lrm, "lrm_resources");
        const char *node = hf_xml_get_or(state, "uname", "");

        if (histories == NULL || strcmp(hf_xml_get_or(state, "crmd", "online"), "offline") == 0)
            continue;
        HF_XML_EACH (history, histories, "lrm_resource") {
            if (!history_of(history, primitive))
                continue;

            struct role role = role_of(history);

            if (role.active && options->quiet)
                printf("%s\n", node);
            else if (role.active)
                printf("resource %s is running on: %s%s\n", options->resource, node,
                       role.promoted ? " Promoted" : "");
            found = found || role.active;
        }
    }
    return found;
}

/* Every primitive in it (itself, if it is one). */
static bool print_all_places(xmlNode *root, const struct options *options, xmlNode *resource)
{
    bool found = false;

    if (hf_xml_is(resource, "primitive"))
        return print_places(root, options, hf_xml_get_or(resource, "id", ""));
    HF_XML_EACH_ANY (child, resource)
        if (is_resource(child))
            found = print_all_places(root, options, child) || found;
    return found;
}

/* --- parameters --- */

static void put(struct hf_buf *buf, const char *name, const char *value)
{
    hf_buf_printf(buf, " %s=\"", name);
    hf_buf_xml(buf, value);
    hf_buf_putc(buf, '"');
}

/* A new nvpair, in the set that is there or in one that is made. */
static void put_create(struct hf_buf *buf, const struct options *options, const xmlNode *set)
{
    HF_CLEANUP(hf_freep)
    char *set_id = set != NULL ? hf_strdup(hf_xml_get_or(set, "id", ""))
                               : hf_asprintf("%s-%s", options->resource, options->set);
    HF_CLEANUP(hf_freep) char *pair_id = hf_asprintf("%s-%s", set_id, options->name);

    hf_buf_puts(buf, "<create");
    put(buf, "into", set != NULL ? set_id : options->resource);
    hf_buf_puts(buf, ">");
    if (set == NULL) {
        hf_buf_printf(buf, "<%s", options->set);
        put(buf, "id", set_id);
        hf_buf_puts(buf, ">");
    }
    hf_buf_puts(buf, "<nvpair");
    put(buf, "id", pair_id);
    put(buf, "name", options->name);
    put(buf, "value", options->value);
    hf_buf_puts(buf, "/>");
    if (set == NULL)
        hf_buf_printf(buf, "</%s>", options->set);
    hf_buf_puts(buf, "</create>");
}

static struct hf_error *change(struct compat *compat, const struct options *options, xmlNode *resource)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    xmlNode *pair;

    compat_value(resource, options->set, options->name, &pair);
    if (pair == NULL && options->command == 'd')
        return NULL;
    hf_buf_puts(&buf, "<change");
    put(&buf, "origin", compat->name);
    hf_buf_puts(&buf, ">");
    if (pair == NULL) {
        put_create(&buf, options, hf_xml_child(resource, options->set));
    } else if (options->command == 'd') {
        hf_buf_puts(&buf, "<delete");
        put(&buf, "id", hf_xml_get_or(pair, "id", ""));
        hf_buf_puts(&buf, "/>");
    } else {
        hf_buf_puts(&buf, "<set");
        put(&buf, "id", hf_xml_get_or(pair, "id", ""));
        hf_buf_puts(&buf, "><attr name=\"value\"");
        put(&buf, "value", options->value);
        hf_buf_puts(&buf, "/></set>");
    }
    hf_buf_puts(&buf, "</change>");
    return compat_call(compat, hf_buf_text(&buf), NULL);
}

static struct hf_error *clean_up(struct compat *compat, const struct options *options)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};

    hf_buf_puts(&buf, "<cleanup");
    if (options->resource != NULL)
        put(&buf, "resource", options->resource);
    if (options->node != NULL)
        put(&buf, "node", options->node);
    if (options->command == 'R')
        put(&buf, "refresh", "true");
    hf_buf_puts(&buf, "/>");
    return compat_call(compat, hf_buf_text(&buf), NULL);
}

/* --- commands --- */

static void list_ids(xmlNode *parent)
{
    HF_XML_EACH_ANY (child, parent) {
        if (hf_xml_is(child, "primitive"))
            printf("%s\n", hf_xml_get_or(child, "id", ""));
        else if (is_resource(child))
            list_ids(child);
    }
}

static int with_resource(struct compat *compat, const struct options *options, xmlNode *root)
{
    xmlNode *resources = resources_of(root);
    xmlNode *resource = resources == NULL ? NULL : find_resource(resources, options->resource);
    struct hf_error *error;

    if (resource == NULL)
        return compat_fail(compat, COMPAT_NO_SUCH, "Resource '%s' not found", options->resource);
    if (options->command == 'W') {
        if (!print_all_places(root, options, resource) && !options->quiet)
            fprintf(stderr, "resource %s is NOT running\n", options->resource);
        return COMPAT_OK;
    }
    if (options->command == 'g') {
        const char *value = compat_value(resource, options->set, options->name, NULL);

        if (value == NULL)
            return compat_fail(compat, COMPAT_NO_SUCH, "Attribute '%s' not found for '%s'", options->name,
                               options->resource);
        printf("%s\n", value);
        return COMPAT_OK;
    }
    if (options->command == 'p' && options->value == NULL)
        return compat_fail(compat, COMPAT_USAGE, "expected --parameter-value VALUE");
    error = change(compat, options, resource);
    return error == NULL ? COMPAT_OK : compat_fail_error(compat, error);
}

static int perform(struct compat *compat, const struct options *options)
{
    struct hf_error *error;
    xmlNode *root;

    if (options->command == 'C' || options->command == 'R') {
        error = clean_up(compat, options);
        return error == NULL ? COMPAT_OK : compat_fail_error(compat, error);
    }
    error = compat_cib(compat, &root);
    if (error != NULL)
        return compat_fail_error(compat, error);
    if (options->command == 'l') {
        xmlNode *resources = resources_of(root);

        if (resources != NULL)
            list_ids(resources);
        return COMPAT_OK;
    }
    if (options->resource == NULL)
        return compat_fail(compat, COMPAT_USAGE, "no resource: expected --resource ID");
    return with_resource(compat, options, root);
}

int compat_run_resource(struct compat *compat, int argc, char **argv)
{
    static const struct option known[] = {
        {"resource", required_argument, NULL, 'r'},
        {"locate", no_argument, NULL, 'W'},
        {"get-parameter", required_argument, NULL, 'g'},
        {"set-parameter", required_argument, NULL, 'p'},
        {"delete-parameter", required_argument, NULL, 'd'},
        {"parameter-value", required_argument, NULL, 'v'},
        {"meta", no_argument, NULL, 'm'},
        {"utilization", no_argument, NULL, 'z'},
        {"list-raw", no_argument, NULL, 'l'},
        {"cleanup", no_argument, NULL, 'C'},
        {"refresh", no_argument, NULL, 'R'},
        {"node", required_argument, NULL, 'N'},
        {"host-uname", required_argument, NULL, 'N'},
        {"quiet", no_argument, NULL, 'Q'},
        {"verbose", no_argument, NULL, 'V'},
        {"force", no_argument, NULL, 'f'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {.set = "instance_attributes"};
    int option;

    while ((option = getopt_long(argc, argv, "r:Wg:p:d:v:mzlCRN:H:QVf", known, NULL)) != -1) {
        if (option == '?')
            return compat_fail(compat, COMPAT_USAGE,
                               "expected -W, -g, -p, -d, -l, -C or -R: `holdfast resource` does the rest");
        if (strchr("WgpdlCR", option) != NULL)
            options.command = option;
        if (strchr("gpd", option) != NULL)
            options.name = optarg;
        if (option == 'r')
            options.resource = optarg;
        else if (option == 'v')
            options.value = optarg;
        else if (option == 'm')
            options.set = "meta_attributes";
        else if (option == 'z')
            options.set = "utilization";
        else if (option == 'N' || option == 'H')
            options.node = optarg;
        options.quiet = options.quiet || option == 'Q';
    }
    if (options.command == 0)
        return compat_fail(compat, COMPAT_USAGE, "expected one of -W, -g, -p, -d, -l, -C, -R");
    return perform(compat, &options);
}
