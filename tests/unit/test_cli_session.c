/* test_cli_session.c - commands against a daemon: a server process with the real control socket and the real
 * CIB document.  It can be told to let somebody else be faster, to lack quorum, and not to settle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <qb/qbloop.h>

#include "cli/command.h"
#include "cli/shell.h"
#include "cli/statements.h"
#include "daemon/cib/document.h"
#include "lib/log.h"
#include "lib/xml.h"
#include "tests/unit/served.h"

/* --- the server --- */

struct server {
    struct hf_control_server *control;
    struct cib_document *document;
    int64_t rivals; /* how many changes somebody else makes first, one before each of ours */
    int64_t made;
    bool quorum, settles, dies;
};

static void put_error(struct hf_buf *reply, struct hf_error *error)
{
    hf_buf_printf(reply, "<reply status=\"%s\" message=\"", hf_error_kind_name(hf_error_kind(error)));
    hf_buf_xml(reply, hf_error_text(error));
    hf_buf_puts(reply, "\"/>");
    hf_error_free(error);
}

/* Somebody else sets the priority of resource b. */
static void rival(struct server *server)
{
    HF_CLEANUP(hf_freep)
    char *text =
        hf_asprintf("<change><set id=\"b\"><attr name=\"description\" value=\"rival %d\"/></set></change>",
                    (int)++server->made);
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *change = NULL;

    if (hf_xml_parse(text, strlen(text), "rival", &change) != NULL ||
        cib_document_change(server->document, xmlDocGetRootElement(change)) != NULL)
        _exit(3);
}

static void do_change(struct server *server, const xmlNode *change, struct hf_buf *reply)
{
    struct hf_error *error;
    char version[CIB_VERSION_TEXT];

    if (server->rivals > 0) {
        server->rivals--;
        rival(server);
    }
    error = server->quorum ? cib_document_change(server->document, change)
                           : hf_error_new(HF_NO_QUORUM, "this partition has no quorum");
    if (server->dies)
        _exit(0);
    if (error != NULL)
        put_error(reply, error);
    else
        hf_buf_printf(reply, "<reply status=\"ok\" version=\"%s\"/>",
                      cib_version_text(cib_document_version(server->document), version));
}

/* <test rivals= quorum= settles= dies=/> tells the server how to be. */
static void be(struct server *server, const xmlNode *request)
{
    server->rivals = 0;
    hf_parse_int64(hf_xml_get(request, "rivals"), &server->rivals);
    hf_parse_bool(hf_xml_get(request, "quorum"), &server->quorum);
    hf_parse_bool(hf_xml_get(request, "settles"), &server->settles);
    hf_parse_bool(hf_xml_get(request, "dies"), &server->dies);
}

static void serve(void *context, uint64_t client, const char *user, const char *text, size_t length)
{
    struct server *server = context;
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf reply = {0};
    struct hf_error *error = hf_xml_parse(text, length, "request", &document);
    const xmlNode *request = xmlDocGetRootElement(document);

    if (error != NULL) {
        put_error(&reply, error);
    } else if (hf_xml_is(request, "query")) {
        HF_CLEANUP(hf_freep) char *cib = hf_xml_text(cib_document_root(server->document), false);

        hf_buf_printf(&reply, "<reply status=\"ok\">%s</reply>", cib);
    } else if (hf_xml_is(request, "change")) {
        do_change(server, request, &reply);
    } else if (hf_xml_is(request, "settle") && !server->settles) {
        put_error(&reply, hf_error_new(HF_TIMED_OUT, "1 action is pending: start of a on n1"));
    } else {
        if (hf_xml_is(request, "test"))
            be(server, request);
        hf_buf_puts(&reply, "<reply status=\"ok\"/>");
    }
    hf_control_reply(server->control, client, hf_buf_text(&reply), reply.length);
}

static const char start[] =
    "<cib admin_epoch=\"0\" epoch=\"5\" num_updates=\"0\"><configuration><crm_config/><nodes/><resources>"
    "<primitive id=\"a\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"/>"
    "<primitive id=\"b\" class=\"ocf\" provider=\"pacemaker\" "
    "type=\"Dummy\"/></resources><constraints/></configuration>"
    "<status/></cib>";

static void server_process(const char *name, int ready)
{
    struct server server = {.quorum = true, .settles = true};
    qb_loop_t *loop = qb_loop_create();

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    hf_log_open("test_cli_session", true, false);
    alarm(60);
    if (cib_document_parse(NULL, start, strlen(start), "start", false, &server.document) != NULL ||
        hf_control_listen(loop, name, serve, &server, &server.control) != NULL)
        _exit(1);
    (void)!write(ready, "r", 1);
    qb_loop_run(loop);
    _exit(0);
}

/* --- fixture --- */

struct fixture {
    char name[64];
    pid_t server;
    struct session session;
};

static int open_fixture(void **state)
{
    struct fixture *fixture = hf_calloc(1, sizeof(*fixture));

    snprintf(fixture->name, sizeof(fixture->name), "holdfast-cli-test-%d", (int)getpid());
    fixture->server = served_start(fixture->name, server_process);
    session_init(&fixture->session);
    fixture->session.socket = fixture->name;
    fixture->session.force = true; /* no agents here */
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;

    session_free(&fixture->session);
    kill(fixture->server, SIGKILL);
    waitpid(fixture->server, NULL, 0);
    free(fixture);
    return 0;
}

static void tell(struct fixture *fixture, const char *request)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *reply = NULL;

    assert_null(session_call(&fixture->session, request, 5000, &reply));
}

/* Runs a command line (words separated by blanks) as the program would; its error. */
static struct hf_error *run(struct fixture *fixture, const char *line)
{
    HF_CLEANUP(hf_freep) char *copy = hf_strdup(line);
    char *argv[32], *rest = copy, *word;
    struct hf_error *error;
    int argc = 0;

    while ((word = strsep(&rest, " ")) != NULL)
        argv[argc++] = word;
    argv[argc] = NULL;
    error = command_dispatch(&fixture->session, &area_main, argc, argv);
    hf_writer_free(fixture->session.writer);
    fixture->session.writer = NULL;
    return error;
}

static void expect_kind(struct hf_error *error, enum hf_error_kind kind)
{
    if (hf_error_kind(error) != kind)
        fail_msg("%s: %s, expected %s", hf_error_kind_name(hf_error_kind(error)), hf_error_text(error),
                 hf_error_kind_name(kind));
    hf_error_free(error);
}

static char *attribute_of(struct fixture *fixture, const char *id, const char *name)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    const xmlNode *resource;

    assert_null(session_cib(&fixture->session, &cib));
    resource = hf_xml_child_by_id(
        hf_xml_child(hf_xml_child(xmlDocGetRootElement(cib), "configuration"), "resources"), NULL, id);
    return resource == NULL                   ? NULL
           : strcmp(name, "description") == 0 ? hf_strdup(hf_xml_get(resource, name))
                                              : hf_strdup(crm_attribute(resource, "meta_attributes", name));
}

static void expect_attribute(struct fixture *fixture, const char *id, const char *name, const char *value)
{
    HF_CLEANUP(hf_freep) char *found = attribute_of(fixture, id, name);

    if (value == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, value);
}

/* --- tests --- */

static void cleanup_wants_something_known(void **state)
{
    struct fixture *fixture = *state;

    expect_kind(run(fixture, "resource cleanup"), HF_OK);
    expect_kind(run(fixture, "resource cleanup a"), HF_OK);
    expect_kind(run(fixture, "resource cleanup nobody"), HF_REFUSED);
    expect_kind(run(fixture, "resource refresh a nowhere"), HF_REFUSED);
}

static void a_change_is_made(void **state)
{
    struct fixture *fixture = *state;

    expect_kind(run(fixture, "resource stop a"), HF_OK);
    expect_attribute(fixture, "a", "target-role", "Stopped");
}

/* Somebody is faster three times: the edit is made again, and both changes are there. */
static void a_conflict_is_retried(void **state)
{
    struct fixture *fixture = *state;

    tell(fixture, "<test rivals=\"3\"/>");
    expect_kind(run(fixture, "resource stop b"), HF_OK);
    expect_attribute(fixture, "b", "target-role", "Stopped");
    expect_attribute(fixture, "b", "description", "rival 3");
}

static void endless_conflict_is_said(void **state)
{
    struct fixture *fixture = *state;

    tell(fixture, "<test rivals=\"1000\"/>");
    expect_kind(run(fixture, "resource stop b"), HF_CONFLICT);
    expect_attribute(fixture, "b", "target-role", NULL);
}

static void no_quorum_is_said(void **state)
{
    struct fixture *fixture = *state;

    tell(fixture, "<test quorum=\"no\"/>");
    expect_kind(run(fixture, "resource stop a"), HF_NO_QUORUM);
}

static void waiting(void **state)
{
    struct fixture *fixture = *state;

    expect_kind(run(fixture, "--wait=5 resource stop a"), HF_OK);
    tell(fixture, "<test settles=\"no\"/>");
    expect_kind(run(fixture, "--wait=5 resource start a"), HF_TIMED_OUT);
    expect_attribute(fixture, "a", "target-role", "Started");
    fixture->session.wait_ms = -1;
    expect_kind(run(fixture, "resource stop a"), HF_OK);
    expect_kind(run(fixture, "cluster settle"), HF_TIMED_OUT);
}

static void restart_restores(void **state)
{
    struct fixture *fixture = *state;

    expect_kind(run(fixture, "resource restart a"), HF_OK);
    expect_attribute(fixture, "a", "target-role", NULL);
    fixture->session.wait_ms = -1;
    expect_kind(run(fixture, "resource stop a"), HF_OK);
    expect_kind(run(fixture, "resource restart a"), HF_REFUSED);
    expect_kind(run(fixture, "resource start a"), HF_OK);
    tell(fixture, "<test settles=\"no\"/>");
    expect_kind(run(fixture, "resource restart a"), HF_TIMED_OUT);
    expect_attribute(fixture, "a", "target-role", "Started");
}

static struct hf_error *statement(struct session *session, const char *text)
{
    char *argv[] = {(char *)"statement", (char *)text, NULL};
    char *words[] = {(char *)"configure", (char *)"statement", (char *)text, NULL};
    struct hf_error *error = command_named(&area_configure, "statement")->run(session, 2, argv);

    if (error == NULL)
        session_remember(session, shell_replay_statement, 3, words);
    return error;
}

/* Two statements collected by the shell arrive as one change, also when somebody was faster. */
static void collected_changes_are_one(void **state)
{
    struct fixture *fixture = *state;
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *cib = NULL;
    bool changed;

    session_collect(&fixture->session);
    expect_kind(statement(&fixture->session, "primitive c ocf:pacemaker:Dummy"), HF_OK);
    expect_kind(statement(&fixture->session, "group g b c"), HF_OK);
    expect_kind(statement(&fixture->session, "group h nobody"), HF_REFUSED);
    assert_int_equal(session_pending_count(&fixture->session), 2);
    tell(fixture, "<test rivals=\"1\"/>");
    expect_kind(session_commit(&fixture->session, &changed), HF_OK);
    assert_true(changed);
    session_stop_collecting(&fixture->session);
    assert_null(session_cib(&fixture->session, &cib));
    assert_string_equal(hf_xml_get(xmlDocGetRootElement(cib), "epoch"), "7"); /* the rival's and ours */
    expect_kind(run(fixture, "configure show g"), HF_OK);
}

/* What can no longer be done after somebody else's change is named, and nothing of it is done. */
static void impossible_replay_is_a_conflict(void **state)
{
    struct fixture *fixture = *state;
    struct session other;
    char *argv[] = {(char *)"configure", (char *)"delete", (char *)"b", NULL};
    struct hf_error *error;
    bool changed;

    session_collect(&fixture->session);
    expect_kind(statement(&fixture->session, "primitive c ocf:pacemaker:Dummy"), HF_OK);
    expect_kind(statement(&fixture->session, "group g b c"), HF_OK);
    session_init(&other);
    other.socket = fixture->name;
    expect_kind(command_dispatch(&other, &area_main, 3, argv), HF_OK);
    session_free(&other);
    error = session_commit(&fixture->session, &changed);
    assert_false(changed);
    assert_non_null(strstr(hf_error_text(error), "resource 'b' does not exist"));
    expect_kind(error, HF_CONFLICT);
    session_stop_collecting(&fixture->session);
    expect_kind(run(fixture, "configure show c"), HF_REFUSED);
}

/* An editor of the user's in which somebody else changes resource b first; SCRIPT does the user's part. */
static struct hf_error *edit_while_another_changes(struct fixture *fixture, const char *script)
{
    HF_CLEANUP(hf_freep)
    char *editor = hf_asprintf("sh -c '%s \"$0\"'", script);
    struct hf_error *error;

    tell(fixture, "<test rivals=\"1\"/>");
    setenv("EDITOR", editor, 1);
    error = run(fixture, "configure edit");
    unsetenv("EDITOR");
    return error;
}

/* What somebody else changed while the editor was open stays; the same place twice is a conflict. */
static void an_edit_does_not_undo_others(void **state)
{
    struct fixture *fixture = *state;

    expect_kind(edit_while_another_changes(fixture, "sed -i \"s/^primitive a .*/& meta priority=3/\""),
                HF_OK);
    expect_attribute(fixture, "a", "priority", "3");
    expect_attribute(fixture, "b", "description", "rival 1");
    expect_kind(edit_while_another_changes(fixture, "sed -i \"s/rival 1/mine/\""), HF_CONFLICT);
    expect_attribute(fixture, "b", "description", "rival 2");
    expect_kind(edit_while_another_changes(fixture, "sed -i \"/^primitive b/,/rival/d\""), HF_CONFLICT);
    expect_attribute(fixture, "b", "description", "rival 3");
}

/* The same in the shell, where the edit waits for commit. */
static void a_collected_edit_is_not_lost(void **state)
{
    struct fixture *fixture = *state;
    bool changed;

    session_collect(&fixture->session);
    expect_kind(edit_while_another_changes(fixture, "sed -i \"s/^primitive a .*/& meta priority=3/\""),
                HF_OK);
    expect_kind(session_commit(&fixture->session, &changed), HF_OK);
    assert_true(changed);
    session_discard(&fixture->session);
    session_collect(&fixture->session);
    expect_kind(edit_while_another_changes(fixture, "sed -i \"s/rival 1/mine/\""), HF_OK);
    expect_kind(session_commit(&fixture->session, &changed), HF_CONFLICT);
    session_stop_collecting(&fixture->session);
    expect_attribute(fixture, "a", "priority", "3");
    expect_attribute(fixture, "b", "description", "rival 2");
}

static void silence_is_an_unknown_outcome(void **state)
{
    struct fixture *fixture = *state;

    tell(fixture, "<test dies=\"yes\"/>");
    expect_kind(run(fixture, "resource stop a"), HF_TIMED_OUT);
    expect_kind(run(fixture, "resource stop a"), HF_FAILED); /* nobody is there now */
}

static void no_daemon_is_said(void **state)
{
    struct session session;
    char *argv[] = {(char *)"configure", (char *)"show", NULL};
    struct hf_error *error;

    session_init(&session);
    session.socket = "holdfast-nobody-listens-here";
    error = command_dispatch(&session, &area_main, 2, argv);
    assert_non_null(strstr(hf_error_text(error), "holdfastd is not running"));
    expect_kind(error, HF_FAILED);
    session_free(&session);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_change_is_made),
        WITH_SERVER(a_conflict_is_retried),
        WITH_SERVER(endless_conflict_is_said),
        WITH_SERVER(no_quorum_is_said),
        WITH_SERVER(waiting),
        WITH_SERVER(restart_restores),
        WITH_SERVER(cleanup_wants_something_known),
        WITH_SERVER(collected_changes_are_one),
        WITH_SERVER(impossible_replay_is_a_conflict),
        WITH_SERVER(an_edit_does_not_undo_others),
        WITH_SERVER(a_collected_edit_is_not_lost),
        WITH_SERVER(silence_is_an_unknown_outcome),
        cmocka_unit_test(no_daemon_is_said),
    };

    hf_xml_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
