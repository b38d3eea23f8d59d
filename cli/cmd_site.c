/* cmd_site.c - `holdfast site`: tickets, by which clusters at several sites share who runs what; and
 * `holdfast maintenance`: the whole cluster, or a resource, left alone. */
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "lib/xml.h"

/* --- tickets --- */

static const xmlNode *find_ticket(const xmlDoc *cib, const char *id)
{
    return hf_xml_child_by_id(
        hf_xml_child(hf_xml_child(xmlDocGetRootElement((xmlDoc *)cib), "status"), "tickets"), "ticket_state",
        id);
}

static struct hf_error *change_ticket(struct session *session, const char *id, const char *name,
                                      const char *value)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf request = {0};
    struct hf_error *error;

    hf_buf_puts(&request, "<ticket id=\"");
    hf_buf_xml(&request, id);
    hf_buf_printf(&request, "\" %s=\"%s\"/>", name, value);
    error = session_call(session, hf_buf_text(&request), SESSION_CALL_MS, &reply);
    return error == NULL && session->wait_ms >= 0 ? session_settle(session, session->wait_ms) : error;
}

static void write_ticket(struct hf_writer *writer, const xmlNode *ticket, const char *id)
{
    bool granted = false, standby = false;
    int64_t since = 0;
    char when[64] = "never";
    struct tm parts;
    time_t at;

    hf_parse_bool(hf_xml_get(ticket, "granted"), &granted);
    hf_parse_bool(hf_xml_get(ticket, "standby"), &standby);
    hf_parse_int64(hf_xml_get(ticket, "last-granted"), &since);
    at = (time_t)since;
    if (since > 0 && localtime_r(&at, &parts) != NULL)
        strftime(when, sizeof(when), "%F %T", &parts);
    hf_write_string(writer, "ticket", NULL, id);
    hf_write_bool(writer, "granted", NULL, granted);
    hf_write_bool(writer, "standby", NULL, standby);
    hf_write_int(writer, "last-granted", NULL, since);
    hf_write_line(writer, "%s is %s%s, last granted: %s", id, granted ? "granted" : "revoked",
                  standby ? ", in standby" : "", when);
}

static struct hf_error *show_ticket(struct session *session, const char *id, bool time_only)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);
    const xmlNode *ticket = error == NULL ? find_ticket(cib, id) : NULL;

    if (error == NULL && ticket == NULL)
        error = hf_error_new(HF_REFUSED, "ticket '%s' is not known: it was never granted here", id);
    if (error != NULL)
        return error;
    if (!time_only) {
        write_ticket(session->writer, ticket, id);
        return NULL;
    }
    hf_write_string(session->writer, "last-granted", NULL, hf_xml_get_or(ticket, "last-granted", "0"));
    hf_write_line(session->writer, "%s", hf_xml_get_or(ticket, "last-granted", "0"));
    return NULL;
}

static struct hf_error *run_ticket(struct session *session, int argc, char **argv)
{
    static const struct {
        const char *word, *name, *value;
    } changes[] = {{"grant", "granted", "true"},
                   {"revoke", "granted", "false"},
                   {"standby", "standby", "true"},
                   {"activate", "standby", "false"},
                   {"delete", "forget", "true"}};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(changes); i++)
        if (strcmp(argv[1], changes[i].word) == 0)
            return change_ticket(session, argv[2], changes[i].name, changes[i].value);
    if (strcmp(argv[1], "show") == 0 || strcmp(argv[1], "time") == 0)
        return show_ticket(session, argv[2], strcmp(argv[1], "time") == 0);
    return hf_error_new(HF_USAGE,
                        "found '%s', expected one of grant, revoke, standby, activate, show, time, delete",
                        argv[1]);
}

struct hf_error *run_tickets(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);

    if (error != NULL)
        return error;
    hf_write_list(session->writer, "tickets");
    HF_XML_EACH (ticket, hf_xml_child(hf_xml_child(xmlDocGetRootElement(cib), "status"), "tickets"),
                 "ticket_state") {
        hf_write_object(session->writer, NULL);
        write_ticket(session->writer, ticket, hf_xml_get_or(ticket, "id", "?"));
        hf_write_end(session->writer);
    }
    hf_write_end(session->writer);
    return NULL;
}

static const struct command commands[] = {
    {"ticket", "grant|revoke|standby|activate|show|time|delete TICKET",
     "Grant a ticket to this cluster, take it away, or print what is known of it", run_ticket, 2, 2, 0,
     COMPLETE_NOTHING},
    {"list", "", "List the tickets that this cluster knows of", run_tickets, 0, 0, 0, COMPLETE_NOTHING},
};

const struct command_area area_site = {"site", "Tickets of clusters at several sites", commands,
                                       HF_ARRAY_LENGTH(commands), NULL};

/* --- maintenance --- */

static struct hf_error *mode_editor(struct crm_edit *edit, void *context)
{
    HF_CLEANUP(hf_freep) char *text = hf_asprintf("property maintenance-mode=%s", (const char *)context);
    struct crm_statements statements;
    struct hf_error *error = crm_parse(text, strlen(text), &statements);

    if (error == NULL)
        error = crm_edit_apply_all(edit, &statements, CRM_UPDATE);
    crm_statements_free(&statements);
    return error;
}

static struct hf_error *set_maintenance(struct session *session, int argc, char **argv, const char *value)
{
    struct session_edit edit = {.editor = mode_editor, .context = (void *)value};

    return argc > 1 ? change_attribute(session, argv[1], false, "meta_attributes", "maintenance", value)
                    : session_change(session, &edit, NULL);
}

static struct hf_error *run_on(struct session *session, int argc, char **argv)
{
    return set_maintenance(session, argc, argv, "true");
}

static struct hf_error *run_off(struct session *session, int argc, char **argv)
{
    return set_maintenance(session, argc, argv, "false");
}

static const struct command maintenance_commands[] = {
    {"on", "[RESOURCE]", "Leave all resources alone, or one: nothing is started, stopped or watched", run_on,
     0, 1, COMMAND_COLLECTS, COMPLETE_RESOURCES},
    {"off", "[RESOURCE]", "End that", run_off, 0, 1, COMMAND_COLLECTS, COMPLETE_RESOURCES},
};

const struct command_area area_maintenance = {"maintenance", "The whole cluster, or a resource, left alone",
                                              maintenance_commands, HF_ARRAY_LENGTH(maintenance_commands),
                                              NULL};
