/* fake_daemon.c - the control socket of a daemon that keeps a CIB in memory, for tests of its clients.
 *
 *   fake_daemon NAME CIB-FILE
 *
 * Answers <query what="cib"/> from the file and <query what="node"/> as node n1 of n1 and n2.  An <attribute>
 * of lifetime reboot goes into the status section; every other request is printed and answered with ok. */
#include <qb/qbloop.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/control.h"
#include "lib/xml.h"

struct fake {
    struct hf_control_server *server;
    xmlDoc *cib;
};

static xmlNode *find(xmlNode *parent, const char *element, const char *attribute, const char *value)
{
    HF_XML_EACH (child, parent, element)
        if (strcmp(hf_xml_get_or(child, attribute, ""), value) == 0)
            return child;
    return NULL;
}

static void set_transient(struct fake *fake, const xmlNode *request)
{
    xmlNode *status = hf_xml_ensure(xmlDocGetRootElement(fake->cib), "status");
    xmlNode *state = find(status, "node_state", "uname", hf_xml_get_or(request, "node", ""));

    if (state == NULL)
        return;

    xmlNode *set = hf_xml_ensure(hf_xml_ensure(state, "transient_attributes"), "instance_attributes");
    xmlNode *pair = find(set, "nvpair", "name", hf_xml_get_or(request, "name", ""));

    if (hf_xml_get(request, "value") == NULL) {
        hf_xml_remove(pair);
        return;
    }
    if (pair == NULL)
        pair = hf_xml_add(set, "nvpair");
    hf_xml_set(pair, "name", hf_xml_get(request, "name"));
    hf_xml_set(pair, "value", hf_xml_get(request, "value"));
}

static void answer(struct fake *fake, const xmlNode *request, const char *text, struct hf_buf *reply)
{
    const char *what = hf_xml_get_or(request, "what", "");

    hf_buf_puts(reply, "<reply status=\"ok\">");
    if (hf_xml_is(request, "query") && strcmp(what, "cib") == 0) {
        HF_CLEANUP(hf_freep) char *cib = hf_xml_text(xmlDocGetRootElement(fake->cib), false);

        hf_buf_puts(reply, cib);
    } else if (hf_xml_is(request, "query")) {
        hf_buf_puts(reply, "<node name=\"n1\" id=\"1\" dc=\"n1\" quorate=\"true\" joined=\"true\">"
                           "<member id=\"1\" name=\"n1\"/><member id=\"2\" name=\"n2\"/></node>");
    } else if (hf_xml_is(request, "attribute") &&
               strcmp(hf_xml_get_or(request, "lifetime", ""), "reboot") == 0) {
        set_transient(fake, request);
    } else {
        printf("%s\n", text);
        fflush(stdout);
    }
    hf_buf_puts(reply, "</reply>");
}

static void on_request(void *context, uint64_t client, const char *user, const char *request, size_t length)
{
    struct fake *fake = context;
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf reply = {0};
    HF_CLEANUP(hf_error_freep) struct hf_error *error = hf_xml_parse(request, length, "request", &document);

    if (error != NULL)
        hf_buf_puts(&reply, "<reply status=\"usage\" message=\"that is no XML\"/>");
    else
        answer(fake, xmlDocGetRootElement(document), request, &reply);
    hf_control_reply(fake->server, client, reply.data, reply.length);
}

int main(int argc, char **argv)
{
    struct fake fake = {0};
    qb_loop_t *loop = qb_loop_create();

    if (argc != 3)
        return HF_USAGE;
    hf_xml_init();

    struct hf_error *error = hf_xml_parse_file(argv[2], 1024 * 1024, &fake.cib);

    if (error == NULL)
        error = hf_control_listen(loop, argv[1], on_request, &fake, &fake.server);
    if (error != NULL) {
        fprintf(stderr, "%s\n", hf_error_text(error));
        return HF_FAILED;
    }
    printf("ready\n");
    fflush(stdout);
    qb_loop_run(loop);
    return HF_OK;
}
