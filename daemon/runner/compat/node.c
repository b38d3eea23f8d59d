/* node.c - crm_node: who am I, who is here; and cibadmin's query. See compat.h. */
#include <getopt.h>
#include <libxml/xpath.h>
#include <stdio.h>
#include <string.h>

#include "daemon/runner/compat/compat.h"

static void print_members(xmlNode *node, bool as_list)
{
    HF_XML_EACH (member, node, "member") {
        if (as_list)
            printf("%s %s member\n", hf_xml_get_or(member, "id", ""), hf_xml_get_or(member, "name", ""));
        else
            printf("%s ", hf_xml_get_or(member, "name", ""));
    }
    if (!as_list)
        printf("\n");
}

/* The configured nodes that are no members, as `crm_node -l` has them. */
static struct hf_error *print_lost(struct compat *compat, xmlNode *self)
{
    xmlNode *root;
    struct hf_error *error = compat_cib(compat, &root);
    xmlNode *configuration = error == NULL ? hf_xml_child(root, "configuration") : NULL;
    xmlNode *nodes = configuration == NULL ? NULL : hf_xml_child(configuration, "nodes");

    if (nodes == NULL)
        return error;
    HF_XML_EACH (node, nodes, "node") {
        bool member = false;

        HF_XML_EACH (one, self, "member")
            member = member || strcmp(hf_xml_get_or(one, "name", ""), hf_xml_get_or(node, "uname", "")) == 0;
        if (!member)
            printf("%s %s lost\n", hf_xml_get_or(node, "id", ""), hf_xml_get_or(node, "uname", ""));
    }
    return NULL;
}

static int print_name_of(const struct compat *compat, xmlNode *self, const char *id)
{
    HF_XML_EACH (member, self, "member") {
        if (strcmp(hf_xml_get_or(member, "id", ""), id) == 0) {
            printf("%s\n", hf_xml_get_or(member, "name", ""));
            return COMPAT_OK;
        }
    }
    return compat_fail(compat, COMPAT_NO_SUCH, "no member of the cluster has the id %s", id);
}

static int answer(struct compat *compat, xmlNode *self, int command, const char *id)
{
    struct hf_error *error = NULL;

    switch (command) {
    case 'n':
        printf("%s\n", hf_xml_get_or(self, "name", ""));
        break;
    case 'i':
        printf("%s\n", hf_xml_get_or(self, "id", ""));
        break;
    case 'q':
        printf("%d\n", strcmp(hf_xml_get_or(self, "quorate", ""), "true") == 0);
        break;
    case 'p':
        print_members(self, false);
        break;
    case 'l':
        print_members(self, true);
        error = print_lost(compat, self);
        break;
    default:
        return print_name_of(compat, self, id);
    }
    return error == NULL ? COMPAT_OK : compat_fail_error(compat, error);
}

int compat_run_node(struct compat *compat, int argc, char **argv)
{
    static const struct option known[] = {
        {"name", no_argument, NULL, 'n'},     {"cluster-id", no_argument, NULL, 'i'},
        {"list", no_argument, NULL, 'l'},     {"partition", no_argument, NULL, 'p'},
        {"quorum", no_argument, NULL, 'q'},   {"name-for-id", required_argument, NULL, 'N'},
        {"quiet", no_argument, NULL, 'Q'},    {"verbose", no_argument, NULL, 'V'},
        {"corosync", no_argument, NULL, 'C'}, {NULL, 0, NULL, 0},
    };
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    const char *id = NULL;
    int command = 0, option;
    xmlNode *self;

    while ((option = getopt_long(argc, argv, "nilpqN:QVC", known, NULL)) != -1) {
        if (option == '?')
            return COMPAT_USAGE;
        if (option == 'N')
            id = optarg;
        if (strchr("QVC", option) == NULL)
            command = option;
    }
    if (command == 0)
        return compat_fail(compat, COMPAT_USAGE, "expected one of -n, -i, -l, -p, -q, -N ID");

    struct hf_error *error = compat_node(compat, &reply, &self);

    return error == NULL ? answer(compat, self, command, id) : compat_fail_error(compat, error);
}

/* --- cibadmin --- */

static int print_xpath(const struct compat *compat, const char *path)
{
    xmlXPathContext *context = xmlXPathNewContext(compat->cib);
    /* The daemon's reply is around the CIB: paths are the CIB's own. */
    HF_CLEANUP(hf_freep)
    char *full = strncmp(path, "//", 2) == 0 ? hf_strdup(path) : hf_asprintf("/reply%s", path);
    xmlXPathObject *found = xmlXPathEvalExpression((const xmlChar *)full, context);
    int count = found == NULL || found->nodesetval == NULL ? 0 : found->nodesetval->nodeNr;

    if (count > 1)
        printf("<xpath-query>\n");
    for (int i = 0; i < count; i++) {
        HF_CLEANUP(hf_freep) char *text = hf_xml_text(found->nodesetval->nodeTab[i], true);

        printf("%s\n", text);
    }
    if (count > 1)
        printf("</xpath-query>\n");
    xmlXPathFreeObject(found);
    xmlXPathFreeContext(context);
    return count > 0 ? COMPAT_OK : compat_fail(compat, COMPAT_NO_SUCH, "nothing is at %s", path);
}

static int print_section(const struct compat *compat, xmlNode *root, const char *section)
{
    xmlNode *configuration = hf_xml_child(root, "configuration");
    xmlNode *found = hf_xml_child(root, section);

    if (found == NULL && configuration != NULL)
        found = hf_xml_child(configuration, section);
    if (strcmp(section, "all") == 0 || strcmp(section, "cib") == 0)
        found = root;
    if (found == NULL)
        return compat_fail(compat, COMPAT_NO_SUCH, "the CIB has no section '%s'", section);

    HF_CLEANUP(hf_freep) char *text = hf_xml_text(found, true);

    printf("%s\n", text);
    return COMPAT_OK;
}

int compat_run_cibadmin(struct compat *compat, int argc, char **argv)
{
    static const struct option known[] = {
        {"query", no_argument, NULL, 'Q'},
        {"scope", required_argument, NULL, 'o'},
        {"obj_type", required_argument, NULL, 'o'},
        {"xpath", required_argument, NULL, 'A'},
        {"local", no_argument, NULL, 'l'},
        {"verbose", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    const char *section = "all", *path = NULL;
    bool query = false;
    int option;
    xmlNode *root;

    while ((option = getopt_long(argc, argv, "Qo:A:lV", known, NULL)) != -1) {
        if (option == '?')
            return compat_fail(compat, COMPAT_USAGE,
                               "only queries are done here; `holdfast configure` changes");
        query = query || option == 'Q';
        if (option == 'o')
            section = optarg;
        if (option == 'A')
            path = optarg;
    }
    if (!query)
        return compat_fail(compat, COMPAT_USAGE, "expected -Q: only queries are done here");

    struct hf_error *error = compat_cib(compat, &root);

    if (error != NULL)
        return compat_fail_error(compat, error);
    return path != NULL ? print_xpath(compat, path) : print_section(compat, root, section);
}
