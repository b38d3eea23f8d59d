/* main.c - which of the commands it is called as, and what they share; see compat.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/runner/compat/compat.h"

enum { CALL_MS = 30000 };

int compat_fail(const struct compat *compat, int code, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", compat->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return code;
}

int compat_fail_error(const struct compat *compat, struct hf_error *error)
{
    static const int codes[] = {
        [HF_OK] = COMPAT_OK,           [HF_FAILED] = COMPAT_ERROR,        [HF_USAGE] = COMPAT_USAGE,
        [HF_REFUSED] = COMPAT_NO_SUCH, [HF_NO_QUORUM] = COMPAT_NO_QUORUM, [HF_TIMED_OUT] = COMPAT_TIMEOUT,
        [HF_CONFLICT] = COMPAT_ERROR,
    };
    int code = codes[hf_error_kind(error)];

    if (compat->control == NULL)
        code = COMPAT_DISCONNECTED;
    fprintf(stderr, "%s: %s\n", compat->name, hf_error_text(error));
    hf_error_free(error);
    return code;
}

struct hf_error *compat_call(struct compat *compat, const char *request, xmlDoc **reply)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *unwanted = NULL;
    const char *name = getenv("HOLDFAST_CONTROL");
    struct hf_error *error = NULL;

    if (compat->control == NULL)
        error = hf_control_connect_to(name == NULL ? HF_CONTROL_NAME : name, &compat->control);
    if (error == NULL)
        error = hf_control_call(compat->control, request, CALL_MS, reply == NULL ? &unwanted : reply);
    return error;
}

struct hf_error *compat_cib(struct compat *compat, xmlNode **root)
{
    struct hf_error *error = NULL;

    if (compat->cib == NULL)
        error = compat_call(compat, "<query what=\"cib\"/>", &compat->cib);
    if (error != NULL)
        return error;
    *root = hf_xml_child(xmlDocGetRootElement(compat->cib), "cib");
    return *root == NULL ? hf_error_new(HF_FAILED, "the daemon's answer has no <cib>") : NULL;
}

struct hf_error *compat_node(struct compat *compat, xmlDoc **reply, xmlNode **node)
{
    struct hf_error *error = compat_call(compat, "<query what=\"node\"/>", reply);

    if (error != NULL)
        return error;
    *node = hf_xml_child(xmlDocGetRootElement(*reply), "node");
    return *node == NULL ? hf_error_new(HF_FAILED, "the daemon's answer has no <node>") : NULL;
}

struct hf_error *compat_local_name(struct compat *compat, char **name)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    const char *here = getenv("OCF_RESKEY_CRM_meta_on_node");
    xmlNode *node;

    if (here != NULL && here[0] != '\0') {
        *name = hf_strdup(here);
        return NULL;
    }

    struct hf_error *error = compat_node(compat, &reply, &node);

    if (error == NULL)
        *name = hf_strdup(hf_xml_get_or(node, "name", ""));
    return error;
}

const char *compat_value(const xmlNode *parent, const char *set, const char *name, xmlNode **pair)
{
    if (pair != NULL)
        *pair = NULL;
    if (parent == NULL)
        return NULL;
    HF_XML_EACH (one, parent, set) {
        HF_XML_EACH (candidate, one, "nvpair") {
            if (strcmp(hf_xml_get_or(candidate, "name", ""), name) != 0)
                continue;
            if (pair != NULL)
                *pair = candidate;
            return hf_xml_get_or(candidate, "value", "");
        }
    }
    return NULL;
}

static xmlNode *find_by_uname(xmlNode *parent, const char *element, const char *name)
{
    if (parent == NULL)
        return NULL;
    HF_XML_EACH (one, parent, element)
        if (strcmp(hf_xml_get_or(one, "uname", ""), name) == 0)
            return one;
    return NULL;
}

xmlNode *compat_find_node(xmlNode *root, const char *name)
{
    xmlNode *configuration = hf_xml_child(root, "configuration");

    return find_by_uname(configuration == NULL ? NULL : hf_xml_child(configuration, "nodes"), "node", name);
}

xmlNode *compat_find_state(xmlNode *root, const char *name)
{
    return find_by_uname(hf_xml_child(root, "status"), "node_state", name);
}

/* Agents let crm_mon show a file, which is what `cibadmin -Q` prints: that needs no daemon of its own. */
static int run_mon(struct compat *compat, int argc, char **argv)
{
    static const char own[] = "/usr/sbin/crm_mon";

    execv(own, argv);
    return compat_fail(compat, COMPAT_DISCONNECTED, "there is no %s, expected that of pacemaker-cli-utils",
                       own);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(struct compat *compat, int argc, char **argv);
    } commands[] = {
        {"crm_node", compat_run_node},        {"crm_attribute", compat_run_attribute},
        {"crm_master", compat_run_attribute}, {"crm_standby", compat_run_attribute},
        {"attrd_updater", compat_run_attrd},  {"crm_resource", compat_run_resource},
        {"cibadmin", compat_run_cibadmin},    {"crm_mon", run_mon},
    };
    const char *slash = strrchr(argv[0], '/');
    struct compat compat = {.name = slash == NULL ? argv[0] : slash + 1};

    hf_xml_init();
    for (size_t i = 0; i < HF_ARRAY_LENGTH(commands); i++) {
        if (strcmp(commands[i].name, compat.name) != 0)
            continue;

        int code = commands[i].run(&compat, argc, argv);

        hf_control_close(compat.control);
        xmlFreeDoc(compat.cib);
        return code;
    }
    fprintf(stderr,
            "%s: expected to be called as crm_node, crm_attribute, crm_master, crm_standby, attrd_updater, "
            "crm_resource, cibadmin or crm_mon\n",
            compat.name);
    return COMPAT_USAGE;
}
