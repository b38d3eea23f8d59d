/* cmd_cluster.c - `holdfast cluster`: the membership as the daemon of this machine sees it. */
#include <string.h>

#include "cli/command.h"
#include "lib/xml.h"

static bool is_true(const xmlNode *element, const char *attribute)
{
    bool value = false;

    hf_parse_bool(hf_xml_get(element, attribute), &value);
    return value;
}

static struct hf_error *run_status(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    struct hf_error *error = session_call(session, "<query what=\"node\"/>", SESSION_CALL_MS, &reply);
    struct hf_writer *writer = session->writer;
    const xmlNode *node;

    if (error != NULL)
        return error;
    node = hf_xml_child(xmlDocGetRootElement(reply), "node");
    if (node == NULL)
        return hf_error_new(HF_FAILED, "holdfastd's answer has no <node>");
    hf_write_string(writer, "node", "Node", hf_xml_get(node, "name"));
    hf_write_string(writer, "id", "Id", hf_xml_get(node, "id"));
    hf_write_string(writer, "version", "Version", hf_xml_get(node, "version"));
    hf_write_string(writer, "dc", "Coordinator", hf_xml_get(node, "dc"));
    hf_write_bool(writer, "quorate", "Quorate", is_true(node, "quorate"));
    hf_write_bool(writer, "joined", "Joined", is_true(node, "joined"));
    hf_write_bool(writer, "settled", "Settled", is_true(node, "settled"));
    hf_write_string(writer, "transition", "Transition", hf_xml_get_or(node, "transition", "-"));
    hf_write_list(writer, "members");
    HF_XML_EACH (member, node, "member") {
        hf_write_object(writer, NULL);
        hf_write_string(writer, "id", NULL, hf_xml_get(member, "id"));
        hf_write_string(writer, "name", NULL, hf_xml_get(member, "name"));
        hf_write_string(writer, "uptime-order", NULL, hf_xml_get(member, "uptime-order"));
        hf_write_end(writer);
        hf_write_line(writer, "Member: %s (%s)", hf_xml_get_or(member, "name", "?"),
                      hf_xml_get_or(member, "id", "?"));
    }
    hf_write_end(writer);
    return NULL;
}

static struct hf_error *run_settle(struct session *session, int argc, char **argv)
{
    return session_settle(session, session->wait_ms >= 0 ? session->wait_ms : 120000);
}

static const struct command commands[] = {
    {"status", "", "Print membership, quorum and coordinator", run_status, 0, 0, COMMAND_CLUSTER,
     COMPLETE_NOTHING},
    {"settle", "", "Wait until the cluster has nothing left to do (--wait=SECONDS)", run_settle, 0, 0,
     COMMAND_CLUSTER, COMPLETE_NOTHING},
};

const struct command_area area_cluster = {"cluster", "The membership", commands, HF_ARRAY_LENGTH(commands)};
