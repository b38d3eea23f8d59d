/* attribute.c - crm_attribute, crm_master, crm_standby and attrd_updater: node attributes and cluster
 * properties. See compat.h. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "daemon/runner/compat/compat.h"

enum place { PLACE_STATUS, PLACE_NODES, PLACE_CRM_CONFIG };

struct request {
    enum { QUERY, UPDATE, DELETE } what;
    enum place place;
    char *node; /* owned; NULL for PLACE_CRM_CONFIG */
    char *name; /* owned */
    const char *value;
    const char *missing; /* what to print if there is no such attribute */
    bool quiet, utilization;
};

static const char *const place_names[] = {"status", "nodes", "crm_config"};

static void request_clear(struct request *request)
{
    free(request->node);
    free(request->name);
}

/* --- what is asked for --- */

/* The set's element name and its parent for what a request is about. */
static xmlNode *parent_of(xmlNode *root, const struct request *request, const char **set)
{
    xmlNode *configuration = hf_xml_child(root, "configuration");

    *set = request->utilization ? "utilization" : "instance_attributes";
    if (request->place == PLACE_NODES)
        return compat_find_node(root, request->node);
    if (request->place == PLACE_CRM_CONFIG) {
        *set = "cluster_property_set";
        return configuration == NULL ? NULL : hf_xml_child(configuration, "crm_config");
    }

    xmlNode *state = compat_find_state(root, request->node);

    return state == NULL ? NULL : hf_xml_child(state, "transient_attributes");
}

static struct hf_error *look_up(struct compat *compat, const struct request *request, const char **value,
                                xmlNode **pair)
{
    xmlNode *root;
    const char *set;
    struct hf_error *error = compat_cib(compat, &root);

    if (error != NULL)
        return error;

    const xmlNode *parent = parent_of(root, request, &set);

    *value = compat_value(parent, set, request->name, pair);
    return NULL;
}

static int query(struct compat *compat, const struct request *request)
{
    const char *value;
    struct hf_error *error = look_up(compat, request, &value, NULL);

    if (error != NULL)
        return compat_fail_error(compat, error);
    if (value == NULL && request->missing == NULL)
        return compat_fail(compat, COMPAT_NO_SUCH, "Error performing operation: No such device or address");
    if (value == NULL)
        value = request->missing;
    if (request->quiet)
        printf("%s\n", value);
    else
        printf("scope=%s  name=%s value=%s\n", place_names[request->place], request->name, value);
    return COMPAT_OK;
}

/* --- changes --- */

static void put(struct hf_buf *buf, const char *name, const char *value)
{
    hf_buf_printf(buf, " %s=\"", name);
    hf_buf_xml(buf, value);
    hf_buf_putc(buf, '"');
}

/* A node attribute; the daemon knows where it goes. */
static struct hf_error *change_attribute(struct compat *compat, const struct request *request)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};

    hf_buf_puts(&buf, "<attribute");
    put(&buf, "node", request->node);
    put(&buf, "name", request->name);
    if (request->what == UPDATE)
        put(&buf, "value", request->value);
    put(&buf, "lifetime", request->place == PLACE_STATUS ? "reboot" : "forever");
    hf_buf_puts(&buf, "/>");
    return compat_call(compat, hf_buf_text(&buf), NULL);
}

/* The operation that makes, changes or removes an nvpair of the configuration; parent_id: where a set of that
 * kind goes, set: the set that is there, or NULL. */
static void put_pair_change(struct hf_buf *buf, const struct request *request, const char *parent_id,
                            const char *element, const xmlNode *set, const xmlNode *pair)
{
    HF_CLEANUP(hf_freep)
    char *set_id =
        set != NULL ? hf_strdup(hf_xml_get_or(set, "id", "")) : hf_asprintf("%s-%s", parent_id, element);

    if (pair != NULL && request->what == DELETE) {
        hf_buf_puts(buf, "<delete");
        put(buf, "id", hf_xml_get_or(pair, "id", ""));
        hf_buf_puts(buf, "/>");
        return;
    }
    if (pair != NULL) {
        hf_buf_puts(buf, "<set");
        put(buf, "id", hf_xml_get_or(pair, "id", ""));
        hf_buf_puts(buf, "><attr name=\"value\"");
        put(buf, "value", request->value);
        hf_buf_puts(buf, "/></set>");
        return;
    }
    hf_buf_puts(buf, "<create");
    put(buf, "into", set != NULL ? set_id : parent_id);
    hf_buf_puts(buf, ">");
    if (set == NULL) {
        hf_buf_printf(buf, "<%s", element);
        put(buf, "id", set_id);
        hf_buf_puts(buf, ">");
    }

    HF_CLEANUP(hf_freep) char *pair_id = hf_asprintf("%s-%s", set_id, request->name);

    hf_buf_puts(buf, "<nvpair");
    put(buf, "id", pair_id);
    put(buf, "name", request->name);
    put(buf, "value", request->value);
    hf_buf_puts(buf, "/>");
    if (set == NULL)
        hf_buf_printf(buf, "</%s>", element);
    hf_buf_puts(buf, "</create>");
}

/* A cluster property, or a node's utilization. */
static struct hf_error *change_configuration(struct compat *compat, const struct request *request)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    xmlNode *root, *pair;
    const char *element;
    struct hf_error *error = compat_cib(compat, &root);

    if (error != NULL)
        return error;

    xmlNode *parent = parent_of(root, request, &element);

    if (parent == NULL && request->place == PLACE_NODES)
        return hf_error_new(HF_REFUSED, "there is no node '%s'", request->node);
    compat_value(parent, element, request->name, &pair);
    if (pair == NULL && request->what == DELETE)
        return NULL;

    const char *into = request->place == PLACE_NODES ? hf_xml_get_or(parent, "id", "") : "crm_config";

    hf_buf_puts(&buf, "<change");
    put(&buf, "origin", compat->name);
    hf_buf_puts(&buf, ">");
    put_pair_change(&buf, request, into, element, parent == NULL ? NULL : hf_xml_child(parent, element),
                    pair);
    hf_buf_puts(&buf, "</change>");
    return compat_call(compat, hf_buf_text(&buf), NULL);
}

static int perform(struct compat *compat, const struct request *request)
{
    struct hf_error *error;

    if (request->what == QUERY)
        return query(compat, request);
    if (request->place == PLACE_CRM_CONFIG || request->utilization)
        error = change_configuration(compat, request);
    else
        error = change_attribute(compat, request);
    return error == NULL ? COMPAT_OK : compat_fail_error(compat, error);
}

/* --- crm_attribute, crm_master, crm_standby --- */

/* "reboot", "forever", or a section's name. False for anything else. */
static bool parse_place(const char *text, enum place *place)
{
    static const struct {
        const char *word;
        enum place place;
    } words[] = {{"reboot", PLACE_STATUS}, {"status", PLACE_STATUS}, {"forever", PLACE_NODES},
                 {"nodes", PLACE_NODES},   {"node", PLACE_NODES},    {"crm_config", PLACE_CRM_CONFIG},
                 {"state", PLACE_STATUS}};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(words); i++) {
        if (strcmp(words[i].word, text) == 0) {
            *place = words[i].place;
            return true;
        }
    }
    return false;
}

struct options {
    struct request request;
    const char *resource; /* for promotion scores */
    bool promotion, placed, acted;
};

static void score_of(struct options *options, const char *resource)
{
    options->promotion = true;
    if (resource != NULL)
        options->resource = resource;
}

/* One option of crm_attribute's. 0, or the code to exit with. */
static int take_option(struct compat *compat, struct options *options, int option)
{
    struct request *request = &options->request;

    switch (option) {
    case 'n':
        free(request->name);
        request->name = hf_strdup(optarg);
        break;
    case 'N':
    case 'U':
        free(request->node);
        request->node = hf_strdup(optarg);
        break;
    case 'v':
        request->what = UPDATE;
        request->value = optarg;
        options->acted = true;
        break;
    case 'G':
        if (!options->acted)
            request->what = QUERY;
        options->acted = true;
        break;
    case 'D':
        request->what = DELETE;
        options->acted = true;
        break;
    case 'l':
    case 't':
        options->placed = true;
        if (!parse_place(optarg, &request->place))
            return compat_fail(compat, COMPAT_USAGE,
                               "'%s': expected reboot, forever, nodes, status or crm_config", optarg);
        break;
    case 'd':
        request->missing = optarg;
        break;
    case 'p':
        score_of(options, optarg);
        break;
    case 'r':
        score_of(options, optarg);
        break;
    case 'z':
        request->utilization = true;
        break;
    case 'q':
        request->quiet = true;
        break;
    case '?':
        return COMPAT_USAGE;
    }
    return 0;
}

static int parse_attribute(struct compat *compat, int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"name", required_argument, NULL, 'n'},       {"attr-name", required_argument, NULL, 'n'},
        {"node", required_argument, NULL, 'N'},       {"node-uname", required_argument, NULL, 'N'},
        {"uname", required_argument, NULL, 'N'},      {"update", required_argument, NULL, 'v'},
        {"attr-value", required_argument, NULL, 'v'}, {"query", no_argument, NULL, 'G'},
        {"get-value", no_argument, NULL, 'G'},        {"delete", no_argument, NULL, 'D'},
        {"delete-attr", no_argument, NULL, 'D'},      {"lifetime", required_argument, NULL, 'l'},
        {"type", required_argument, NULL, 't'},       {"default", required_argument, NULL, 'd'},
        {"promotion", optional_argument, NULL, 'p'},  {"resource", required_argument, NULL, 'r'},
        {"utilization", no_argument, NULL, 'z'},      {"quiet", no_argument, NULL, 'q'},
        {"id", required_argument, NULL, 'i'},         {"set-name", required_argument, NULL, 's'},
        {"verbose", no_argument, NULL, 'V'},          {NULL, 0, NULL, 0},
    };
    int option, code = 0;

    while (code == 0 &&
           (option = getopt_long(argc, argv, "n:N:U:v:GDl:t:d:p::r:zqQi:s:V!", known, NULL)) != -1)
        code = take_option(compat, options, option == 'Q' ? 'q' : option);
    /* A bare value is accepted where Pacemaker accepts it. */
    if (code == 0 && optind < argc && !options->acted) {
        options->request.what = UPDATE;
        options->request.value = argv[optind];
    }
    return code;
}

static int complete(struct compat *compat, struct options *options)
{
    struct request *request = &options->request;
    const char *resource = options->resource != NULL ? options->resource : getenv("OCF_RESOURCE_INSTANCE");

    if (options->promotion) {
        if (resource == NULL)
            return compat_fail(compat, COMPAT_USAGE, "no resource: expected one, or OCF_RESOURCE_INSTANCE");
        free(request->name);
        request->name = hf_asprintf("master-%s", resource);
        if (!options->placed)
            request->place = PLACE_STATUS;
    } else if (!options->placed) {
        /* As Pacemaker has it: a node's attribute lasts, and without a node it is the cluster's. */
        request->place = request->node == NULL && !request->utilization ? PLACE_CRM_CONFIG : PLACE_NODES;
    }
    if (request->name == NULL)
        return compat_fail(compat, COMPAT_USAGE, "no attribute: expected --name NAME");
    if (request->place == PLACE_CRM_CONFIG || request->node != NULL)
        return 0;

    struct hf_error *error = compat_local_name(compat, &request->node);

    return error == NULL ? 0 : compat_fail_error(compat, error);
}

int compat_run_attribute(struct compat *compat, int argc, char **argv)
{
    struct options options = {.request = {.what = QUERY}};

    if (strcmp(compat->name, "crm_master") == 0)
        options.promotion = true;
    if (strcmp(compat->name, "crm_standby") == 0) {
        options.request.name = hf_strdup("standby");
        options.request.place = PLACE_NODES;
        options.request.missing = "off";
        options.placed = true;
    }

    int code = parse_attribute(compat, argc, argv, &options);

    if (code == 0)
        code = complete(compat, &options);
    if (code == 0)
        code = perform(compat, &options.request);
    request_clear(&options.request);
    return code;
}

/* --- attrd_updater --- */

static void print_attrd(const char *name, const char *node, const char *value)
{
    printf("name=\"%s\" host=\"%s\" value=\"%s\"\n", name, node, value);
}

static int query_everywhere(struct compat *compat, const char *name)
{
    xmlNode *root;
    struct hf_error *error = compat_cib(compat, &root);
    bool found = false;

    if (error != NULL)
        return compat_fail_error(compat, error);
    HF_XML_EACH (state, hf_xml_child(root, "status"), "node_state") {
        const char *value =
            compat_value(hf_xml_child(state, "transient_attributes"), "instance_attributes", name, NULL);

        if (value != NULL)
            print_attrd(name, hf_xml_get_or(state, "uname", ""), value);
        found = found || value != NULL;
    }
    if (found)
        return COMPAT_OK;
    return compat_fail(compat, COMPAT_NO_SUCH, "Could not query value of %s: attribute does not exist", name);
}

static int query_attrd(struct compat *compat, const struct request *request, bool all)
{
    const char *value;

    if (all)
        return query_everywhere(compat, request->name);

    struct hf_error *error = look_up(compat, request, &value, NULL);

    if (error != NULL)
        return compat_fail_error(compat, error);
    if (value == NULL)
        return compat_fail(compat, COMPAT_NO_SUCH, "Could not query value of %s: attribute does not exist",
                           request->name);
    print_attrd(request->name, request->node, value);
    return COMPAT_OK;
}

int compat_run_attrd(struct compat *compat, int argc, char **argv)
{
    static const struct option known[] = {
        {"name", required_argument, NULL, 'n'},
        {"update", required_argument, NULL, 'U'},
        {"update-both", required_argument, NULL, 'B'},
        {"update-delay", no_argument, NULL, 'Y'},
        {"query", no_argument, NULL, 'Q'},
        {"delete", no_argument, NULL, 'D'},
        {"refresh", no_argument, NULL, 'R'},
        {"delay", required_argument, NULL, 'd'},
        {"set", required_argument, NULL, 's'},
        {"node", required_argument, NULL, 'N'},
        {"all", no_argument, NULL, 'A'},
        {"lifetime", required_argument, NULL, 'l'},
        {"private", no_argument, NULL, 'p'},
        {"quiet", no_argument, NULL, 'q'},
        {"section", required_argument, NULL, 'S'},
        {"verbose", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {.request = {.what = UPDATE, .place = PLACE_STATUS}};
    bool all = false, nothing = false;
    int option, code = 0;

    while (code == 0 && (option = getopt_long(argc, argv, "n:U:B:v:YQDRd:s:N:Al:pqS:V", known, NULL)) != -1) {
        if (option == 'Q')
            options.request.what = QUERY;
        else if (option == 'A')
            all = true;
        else if (option == 'Y' || option == 'R')
            nothing = true; /* there is no delay to change and nothing to send again */
        else if (strchr("d:sSpl", option) == NULL)
            code = take_option(compat, &options, strchr("UB", option) != NULL ? 'v' : option);
    }
    if (code == 0 && !nothing && options.request.name == NULL)
        code = compat_fail(compat, COMPAT_USAGE, "no attribute: expected --name NAME");
    if (code == 0 && !nothing && options.request.what == UPDATE && options.request.value == NULL)
        code = compat_fail(compat, COMPAT_USAGE, "expected --update VALUE, --query or --delete");
    if (code != 0 || nothing) {
        request_clear(&options.request);
        return code;
    }
    options.placed = true;
    code = complete(compat, &options);
    if (code == 0)
        code = options.request.what == QUERY ? query_attrd(compat, &options.request, all)
                                             : perform(compat, &options.request);
    request_clear(&options.request);
    return code;
}
