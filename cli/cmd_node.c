/* cmd_node.c - `holdfast node`: taking nodes out of use and back, and their attributes. */
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/status.h"
#include "lib/xml.h"

/* The node named in argv[at], or this machine if it is none; the caller's. */
static char *node_argument(int argc, char **argv, int at)
{
    char name[256] = "localhost";

    if (argc > at)
        return hf_strdup(argv[at]);
    gethostname(name, sizeof(name) - 1);
    return hf_strdup(name);
}

/* A transient attribute, which lasts until the node restarts; value NULL removes it. */
static struct hf_error *set_transient(struct session *session, const char *node, const char *name,
                                      const char *value)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    struct hf_buf request = {0};
    struct hf_error *error;

    hf_buf_puts(&request, "<attribute node=\"");
    hf_buf_xml(&request, node);
    hf_buf_puts(&request, "\" name=\"");
    hf_buf_xml(&request, name);
    if (value != NULL) {
        hf_buf_puts(&request, "\" value=\"");
        hf_buf_xml(&request, value);
    }
    hf_buf_puts(&request, "\" lifetime=\"reboot\"/>");
    error = session_call(session, hf_buf_text(&request), SESSION_CALL_MS, &reply);
    hf_buf_free(&request);
    if (error == NULL && session->wait_ms >= 0)
        error = session_settle(session, session->wait_ms);
    return error;
}

static struct hf_error *set_mode(struct session *session, int argc, char **argv, const char *name, bool on)
{
    bool lifetime_alone = argc == 2 && (strcmp(argv[1], "reboot") == 0 || strcmp(argv[1], "forever") == 0);
    HF_CLEANUP(hf_freep) char *node = node_argument(lifetime_alone ? 1 : argc, argv, 1);
    const char *lifetime = lifetime_alone ? argv[1] : argc > 2 ? argv[2] : "forever";

    if (strcmp(lifetime, "reboot") != 0 && strcmp(lifetime, "forever") != 0)
        return hf_error_new(HF_USAGE, "found '%s', expected reboot or forever", lifetime);
    if (strcmp(lifetime, "reboot") == 0)
        return set_transient(session, node, name, on ? "on" : NULL);
    return change_attribute(session, node, true, "instance_attributes", name, on ? "on" : NULL);
}

static struct hf_error *run_standby(struct session *session, int argc, char **argv)
{
    return set_mode(session, argc, argv, "standby", true);
}

static struct hf_error *run_maintenance(struct session *session, int argc, char **argv)
{
    return set_mode(session, argc, argv, "maintenance", true);
}

/* The node's part of the status; NULL: none. */
static const xmlNode *find_state(const xmlDoc *cib, const char *name)
{
    const xmlNode *status = hf_xml_child(xmlDocGetRootElement((xmlDoc *)cib), "status");

    HF_XML_EACH (state, status, "node_state")
        if (strcmp(hf_xml_get_or(state, "uname", ""), name) == 0)
            return state;
    return NULL;
}

/* Whether the status section has this transient attribute for the node. */
static bool has_transient(const xmlDoc *cib, const char *node, const char *name)
{
    const xmlNode *attributes = hf_xml_child(find_state(cib, node), "transient_attributes");

    return crm_attribute(attributes, "instance_attributes", name) != NULL;
}

/* Ends a mode, whether it was to last for ever or until the restart. */
static struct hf_error *end_mode(struct session *session, int argc, char **argv, const char *name)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    HF_CLEANUP(hf_freep) char *node = node_argument(argc, argv, 1);
    struct hf_error *error = change_attribute(session, node, true, "instance_attributes", name, NULL);

    if (error == NULL && session->file == NULL)
        error = session_cib(session, &cib);
    if (error == NULL && cib != NULL && has_transient(cib, node, name))
        error = set_transient(session, node, name, NULL);
    return error;
}

static struct hf_error *run_online(struct session *session, int argc, char **argv)
{
    return end_mode(session, argc, argv, "standby");
}

static struct hf_error *run_ready(struct session *session, int argc, char **argv)
{
    return end_mode(session, argc, argv, "maintenance");
}

/* --- attributes --- */

static const xmlNode *find_node(const xmlDoc *cib, const char *name)
{
    const xmlNode *configuration = hf_xml_child(xmlDocGetRootElement((xmlDoc *)cib), "configuration");

    HF_XML_EACH (node, hf_xml_child(configuration, "nodes"), "node")
        if (strcmp(hf_xml_get_or(node, "uname", ""), name) == 0)
            return node;
    return NULL;
}

static struct hf_error *show_attribute(struct session *session, const char *name, const char *set,
                                       const char *attribute)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    const xmlNode *node;
    bool found = false;

    if (error != NULL)
        return error;
    node = find_node(cib, name);
    if (node == NULL)
        return hf_error_new(HF_REFUSED, "node '%s' does not exist, expected the name of a node", name);
    hf_write_answer(session->writer);
    HF_XML_EACH (each, node, set)
        HF_XML_EACH (pair, each, "nvpair") {
            if (attribute != NULL && strcmp(attribute, hf_xml_get_or(pair, "name", "")) != 0)
                continue;
            found = true;
            hf_write_string(session->writer, hf_xml_get_or(pair, "name", ""), NULL,
                            hf_xml_get(pair, "value"));
            hf_write_line(session->writer, "%s=%s", hf_xml_get_or(pair, "name", ""),
                          hf_xml_get_or(pair, "value", ""));
        }
    if (attribute != NULL && !found)
        return hf_error_new(HF_REFUSED, "node '%s' has no '%s'", name, attribute);
    return NULL;
}

/* What a node forgets when it restarts. */
static struct hf_error *show_transient(struct session *session, const char *node, const char *name)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    bool found = false;

    if (error != NULL)
        return error;
    if (find_node(cib, node) == NULL)
        return hf_error_new(HF_REFUSED, "node '%s' does not exist, expected the name of a node", node);
    hf_write_answer(session->writer);
    HF_XML_EACH (set, hf_xml_child(find_state(cib, node), "transient_attributes"), "instance_attributes")
        HF_XML_EACH (pair, set, "nvpair") {
            const char *own = hf_xml_get_or(pair, "name", "");

            if (name != NULL && strcmp(name, own) != 0)
                continue;
            found = true;
            hf_write_string(session->writer, own, NULL, hf_xml_get(pair, "value"));
            hf_write_line(session->writer, "%s=%s", own, hf_xml_get_or(pair, "value", ""));
        }
    return name == NULL || found ? NULL : hf_error_new(HF_REFUSED, "node '%s' has no '%s'", node, name);
}

static struct hf_error *run_status_attribute(struct session *session, int argc, char **argv)
{
    if (argc == 2 || (argc <= 4 && strcmp(argv[2], "show") == 0))
        return show_transient(session, argv[1], argc == 4 ? argv[3] : NULL);
    if (argc == 5 && strcmp(argv[2], "set") == 0)
        return set_transient(session, argv[1], argv[3], argv[4]);
    if (argc == 4 && strcmp(argv[2], "delete") == 0)
        return set_transient(session, argv[1], argv[3], NULL);
    return command_wrong_action(argc, argv, "NODE show [NAME] | set NAME VALUE | delete NAME");
}

static struct hf_error *run_attribute(struct session *session, int argc, char **argv)
{
    const char *set = strcmp(argv[0], "utilization") == 0 ? "utilization" : "instance_attributes";

    if (argc == 2 || (argc <= 4 && strcmp(argv[2], "show") == 0))
        return show_attribute(session, argv[1], set, argc == 4 ? argv[3] : NULL);
    if (argc == 6 && strcmp(argv[2], "set") == 0 && strcmp(argv[5], "reboot") == 0 && argv[0][0] == 'a')
        return set_transient(session, argv[1], argv[3], argv[4]);
    if (argc == 5 && strcmp(argv[2], "set") == 0) {
        struct hf_error *error =
            argv[0][0] == 'u' && !session->force ? option_check_utilization(argv[3], argv[4]) : NULL;

        return error != NULL ? hf_error_wrap(error, "refused (--force overrides)")
                             : change_attribute(session, argv[1], true, set, argv[3], argv[4]);
    }
    if (argc == 4 && strcmp(argv[2], "delete") == 0)
        return remove_attribute(session, argv[1], true, set, argv[3]);
    return command_wrong_action(argc, argv,
                                argv[0][0] == 'a' ? "NODE show [NAME] | set NAME VALUE [reboot] | delete NAME"
                                                  : "NODE show [NAME] | set NAME VALUE | delete NAME");
}

/* --- show, list --- */

static struct hf_error *run_show(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);

    return error != NULL ? error : status_write_nodes(session->writer, cib, argc > 1 ? argv[1] : NULL);
}

static struct hf_error *run_list(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);

    if (error != NULL)
        return error;
    hf_write_list(session->writer, "nodes");
    HF_XML_EACH (node, hf_xml_child(hf_xml_child(xmlDocGetRootElement(cib), "configuration"), "nodes"),
                 "node") {
        hf_write_object(session->writer, NULL);
        hf_write_string(session->writer, "name", NULL, hf_xml_get(node, "uname"));
        hf_write_string(session->writer, "id", NULL, hf_xml_get(node, "id"));
        hf_write_string(session->writer, "type", NULL, hf_xml_get_or(node, "type", "member"));
        hf_write_end(session->writer);
        hf_write_line(session->writer, "%s", hf_xml_get_or(node, "uname", ""));
    }
    hf_write_end(session->writer);
    return NULL;
}

/* The address or name by which a node is reached: a remote node's resource says a server, others have their
 * name. */
static const char *server_of(const xmlNode *configuration, const char *name)
{
    struct crm_edit look;
    const xmlNode *resource;
    const char *server = NULL;

    crm_edit_begin(&look, (xmlNode *)configuration);
    resource = crm_edit_find(&look, name);
    if (resource != NULL && hf_xml_is(resource, "primitive"))
        server = crm_attribute(resource, "instance_attributes", "server");
    crm_edit_end(&look);
    return server != NULL ? server : name;
}

static struct hf_error *run_server(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    const xmlNode *configuration = hf_xml_child(xmlDocGetRootElement(cib), "configuration");

    for (int i = 1; i < argc && error == NULL; i++)
        if (find_node(cib, argv[i]) == NULL)
            error =
                hf_error_new(HF_REFUSED, "node '%s' does not exist, expected the name of a node", argv[i]);
    if (error != NULL)
        return error;
    hf_write_list(session->writer, "servers");
    HF_XML_EACH (node, hf_xml_child(configuration, "nodes"), "node") {
        const char *name = hf_xml_get_or(node, "uname", "");
        bool meant = argc == 1;

        for (int i = 1; i < argc; i++)
            meant = meant || strcmp(argv[i], name) == 0;
        if (!meant)
            continue;
        hf_write_object(session->writer, NULL);
        hf_write_string(session->writer, "node", NULL, name);
        hf_write_string(session->writer, "server", NULL, server_of(configuration, name));
        hf_write_end(session->writer);
        hf_write_line(session->writer, "%s", server_of(configuration, name));
    }
    hf_write_end(session->writer);
    return NULL;
}

/* --- shutdown, delete --- */

static struct hf_error *run_shutdown(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    struct hf_buf request = {0};
    struct hf_error *error;

    hf_buf_puts(&request, "<shutdown");
    if (argc > 1) {
        hf_buf_puts(&request, " node=\"");
        hf_buf_xml(&request, argv[1]);
        hf_buf_putc(&request, '"');
    }
    hf_buf_puts(&request, "/>");
    error = session_call(session, hf_buf_text(&request),
                         session->wait_ms > SESSION_CALL_MS ? session->wait_ms : SESSION_CALL_MS, &reply);
    hf_buf_free(&request);
    return error;
}

struct node_edit {
    char *name;
    bool force;
};

static struct hf_error *delete_editor(struct crm_edit *edit, void *context)
{
    const struct node_edit *wanted = context;
    xmlNode *found = crm_edit_find(edit, wanted->name);

    if (!hf_xml_is(found, "node"))
        return hf_error_new(HF_REFUSED, "node '%s' does not exist, expected the name of a node",
                            wanted->name);
    edit->force = wanted->force;
    return crm_edit_delete(edit, &(char *){wanted->name}, 1);
}

static struct hf_error *run_delete(struct session *session, int argc, char **argv)
{
    struct node_edit wanted = {.name = argv[1], .force = session->force};
    struct session_edit edit = {.editor = delete_editor, .context = &wanted};
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session->file == NULL ? session_cib(session, &cib) : NULL;

    if (error == NULL && cib != NULL &&
        strcmp(hf_xml_get_or(find_state(cib, argv[1]), "in_ccm", ""), "true") == 0)
        error = hf_error_new(
            HF_REFUSED, "node '%s' is in the cluster, expected one that is gone: stop holdfastd there first",
            argv[1]);
    return error != NULL ? error : session_change(session, &edit, NULL);
}

static const struct command commands[] = {
    {"standby", "[NODE] [reboot|forever]", "Move everything off a node", run_standby, 0, 2, COMMAND_COLLECTS,
     COMPLETE_NODES},
    {"online", "[NODE]", "Let a node run resources again", run_online, 0, 1, COMMAND_COLLECTS,
     COMPLETE_NODES},
    {"maintenance", "[NODE] [reboot|forever]", "Leave everything on a node alone", run_maintenance, 0, 2,
     COMMAND_COLLECTS, COMPLETE_NODES},
    {"ready", "[NODE]", "End a node's maintenance", run_ready, 0, 1, COMMAND_COLLECTS, COMPLETE_NODES},
    {"show", "[NODE]", "Print the state of nodes", run_show, 0, 1, 0, COMPLETE_NODES},
    {"status", "[NODE]", "The older word for show", run_show, 0, 1, 0, COMPLETE_NODES},
    {"server", "[NODE...]", "Print by which name or address nodes are reached", run_server, 0, -1, 0,
     COMPLETE_NODES},
    {"list", "", "List the nodes that are configured", run_list, 0, 0, 0, COMPLETE_NOTHING},
    {"attribute", "NODE [show [NAME] | set NAME VALUE [reboot] | delete NAME]", "A node's attributes",
     run_attribute, 1, 5, COMMAND_COLLECTS, COMPLETE_NODES},
    {"status-attr", "NODE [show [NAME] | set NAME VALUE | delete NAME]",
     "A node's attributes that go when it restarts", run_status_attribute, 1, 4, 0, COMPLETE_NODES},
    {"utilization", "NODE [show [NAME] | set NAME VALUE | delete NAME]", "What a node has to offer",
     run_attribute, 1, 4, COMMAND_COLLECTS, COMPLETE_NODES},
    {"shutdown", "[NODE]", "Drain a node and stop its daemon", run_shutdown, 0, 1, COMMAND_CLUSTER,
     COMPLETE_NODES},
    {"fence", "NODE [reboot|off|on]", "Fence a node now", run_fence, 1, 2, COMMAND_CLUSTER, COMPLETE_NODES},
    {"clearstate", "NODE", "Vouch that a node which is not heard is down", run_confirm, 1, 1, COMMAND_CLUSTER,
     COMPLETE_NODES},
    {"delete", "NODE", "Take a node that is gone for good out of the configuration", run_delete, 1, 1,
     COMMAND_COLLECTS, COMPLETE_NODES},
};

const struct command_area area_node = {"node", "Take nodes out of use and back", commands,
                                       HF_ARRAY_LENGTH(commands), NULL};
