/* cmd_fence.c - `holdfast fence`: fencing by hand, and what was fenced. */
#include <inttypes.h>

#include "cli/command.h"
#include "cli/status.h"
#include "lib/xml.h"

enum { FENCE_WAIT_MS = 120000 };

static void put_attribute(struct hf_buf *request, const char *name, const char *value)
{
    if (value == NULL)
        return;
    hf_buf_printf(request, " %s=\"", name);
    hf_buf_xml(request, value);
    hf_buf_putc(request, '"');
}

static struct hf_error *run_history(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    struct hf_error *error = session_cib(session, &cib);

    return error != NULL ? error : status_write_fencing(session->writer, cib, argc > 1 ? argv[1] : NULL);
}

struct hf_error *run_fence(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf request = {0};
    HF_CLEANUP(hf_freep) char *question = hf_asprintf("fence %s?", argv[1]);
    int64_t wait_ms = session->wait_ms > 0 ? session->wait_ms : FENCE_WAIT_MS;

    if (session->interactive && !session->force && !ask_yes(session, question))
        return hf_error_new(HF_REFUSED, "not fenced");
    hf_buf_printf(&request, "<fence timeout=\"%" PRId64 "\"", wait_ms);
    put_attribute(&request, "node", argv[1]);
    put_attribute(&request, "action", argc > 2 ? argv[2] : NULL);
    hf_buf_puts(&request, "/>");
    return session_call(session, hf_buf_text(&request), wait_ms + SESSION_CALL_MS, &reply);
}

struct hf_error *run_confirm(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf request = {0};
    HF_CLEANUP(hf_freep)
    char *question = hf_asprintf("is %s off, or cut off from everything that it shares?", argv[1]);

    if (session->interactive && !session->force && !ask_yes(session, question))
        return hf_error_new(HF_REFUSED, "not confirmed");
    hf_buf_puts(&request, "<confirm-off");
    put_attribute(&request, "node", argv[1]);
    hf_buf_puts(&request, "/>");
    return session_call(session, hf_buf_text(&request), SESSION_CALL_MS, &reply);
}

static struct hf_error *run_clear(struct session *session, int argc, char **argv)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf request = {0};

    hf_buf_puts(&request, "<forget-fencing");
    put_attribute(&request, "node", argc > 1 ? argv[1] : NULL);
    hf_buf_puts(&request, "/>");
    return session_call(session, hf_buf_text(&request), SESSION_CALL_MS, &reply);
}

static const struct command commands[] = {
    {"history", "[NODE]", "Print what was fenced, by whom, and how it ended", run_history, 0, 1, 0,
     COMPLETE_NODES},
    {"node", "NODE [reboot|off|on]", "Fence a node now", run_fence, 1, 2, COMMAND_CLUSTER, COMPLETE_NODES},
    {"confirm", "NODE", "Vouch that a node which is not heard is down", run_confirm, 1, 1, COMMAND_CLUSTER,
     COMPLETE_NODES},
    {"clear", "[NODE]", "Forget what was fenced", run_clear, 0, 1, COMMAND_CLUSTER, COMPLETE_NODES},
};

const struct command_area area_fence = {"fence", "Fencing by hand, and its history", commands,
                                        HF_ARRAY_LENGTH(commands), NULL};
