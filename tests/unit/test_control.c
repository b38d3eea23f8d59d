/* test_control.c - the control socket of lib/control.h, with a real server process and real clients:
 * small and large messages, late answers, refusals, and clients that break the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <qb/qbipcc.h>

#include "lib/buf.h"
#include "lib/control_frame.h"
#include "lib/log.h"
#include "lib/xml.h"
#include "tests/unit/served.h"

struct echo {
    struct hf_control_server *server;
    qb_loop_t *loop;
    uint64_t late;
};

static void answer_late(void *data)
{
    struct echo *echo = data;

    hf_control_reply(echo->server, echo->late, "<reply status='ok' late='1'/>", 29);
}

/* Answers <size n=/> with n bytes and who asked, <late/> after 50 ms, <refuse/> with a refusal, <mute/>
 * never. */
static void serve(void *context, uint64_t client, const char *user, const char *request, size_t length)
{
    struct echo *echo = context;
    struct hf_buf reply = {0};
    unsigned size = 0;
    qb_loop_timer_handle timer;

    if (strncmp(request, "<late", 5) == 0) {
        echo->late = client;
        qb_loop_timer_add(echo->loop, QB_LOOP_MED, 50000000, echo, answer_late, &timer);
        return;
    }
    if (strncmp(request, "<mute", 5) == 0)
        return;
    if (strncmp(request, "<refuse", 7) == 0)
        hf_buf_puts(&reply, "<reply status='refused' message='expected tea'/>");
    else if (sscanf(request, "<size n='%u'", &size) == 1) {
        hf_buf_printf(&reply, "<reply status='ok' got='%zu' user='%s' text='", length, user);
        for (unsigned i = 0; i < size; i++)
            hf_buf_putc(&reply, "abcdefghij"[i % 10]);
        hf_buf_puts(&reply, "'/>");
    }
    hf_control_reply(echo->server, client, hf_buf_text(&reply), reply.length);
    hf_buf_free(&reply);
}

static void server_process(const char *name, int ready)
{
    struct echo echo = {.loop = qb_loop_create()};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    hf_log_open("test_control", true, false);

    struct hf_error *error = hf_control_listen(echo.loop, name, serve, &echo, &echo.server);

    if (error != NULL) {
        fprintf(stderr, "%s\n", hf_error_text(error));
        _exit(1);
    }
    (void)!write(ready, "r", 1);
    alarm(60);
    qb_loop_run(echo.loop);
    _exit(0);
}

struct fixture {
    char name[64];
    pid_t server;
};

static int start(void **state)
{
    struct fixture *fixture = hf_calloc(1, sizeof(*fixture));

    snprintf(fixture->name, sizeof(fixture->name), "hf-test-%d", (int)getpid());
    fixture->server = served_start(fixture->name, server_process);
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;

    kill(fixture->server, SIGKILL);
    waitpid(fixture->server, NULL, 0);
    free(fixture);
    return 0;
}

static struct hf_control *client(void **state)
{
    struct fixture *fixture = *state;
    struct hf_control *control;

    assert_null(hf_control_connect_to(fixture->name, &control));
    return control;
}

static void messages_of_every_size_arrive(void **state)
{
    struct hf_control *control = client(state);
    static const unsigned sizes[] = {1, 1000, CONTROL_PART_BYTES, CONTROL_PART_BYTES + 1, 3000000};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(sizes); i++) {
        struct hf_buf request = {0};
        xmlDoc *reply;

        hf_buf_printf(&request, "<size n='%u'/>", sizes[i]);
        for (unsigned pad = 0; pad < sizes[i]; pad++)
            hf_buf_putc(&request, ' ');
        assert_null(hf_control_call(control, hf_buf_text(&request), 10000, &reply));

        const xmlNode *root = xmlDocGetRootElement(reply);
        int64_t got;

        assert_true(hf_parse_int64(hf_xml_get(root, "got"), &got));
        assert_int_equal(got, request.length);
        assert_int_equal(strlen(hf_xml_get(root, "text")), sizes[i]);
        xmlFreeDoc(reply);
        hf_buf_free(&request);
    }
    hf_control_close(control);
}

static void late_answers_and_refusals(void **state)
{
    struct hf_control *control = client(state);
    xmlDoc *reply;
    struct hf_error *error;

    assert_null(hf_control_call(control, "<late/>", 5000, &reply));
    assert_string_equal(hf_xml_get(xmlDocGetRootElement(reply), "late"), "1");
    xmlFreeDoc(reply);
    assert_null(hf_control_call(control, "<size n='1'/>", 5000, &reply));
    assert_string_equal(hf_xml_get(xmlDocGetRootElement(reply), "user"), getpwuid(geteuid())->pw_name);
    xmlFreeDoc(reply);
    error = hf_control_call(control, "<refuse/>", 5000, &reply);
    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    assert_string_equal(hf_error_text(error), "expected tea");
    assert_null(reply);
    hf_error_free(error);
    error = hf_control_call(control, "<mute/>", 50, &reply);
    assert_int_equal(hf_error_kind(error), HF_TIMED_OUT);
    hf_error_free(error);
    hf_control_close(control);
}

static void too_large_a_request_is_refused_before_it_is_sent(void **state)
{
    struct hf_control *control = client(state);
    HF_CLEANUP(hf_freep) char *huge = hf_calloc(HF_CONTROL_LIMIT + 2, 1);
    xmlDoc *reply;

    memset(huge, 'x', HF_CONTROL_LIMIT + 1);

    struct hf_error *error = hf_control_call(control, huge, 5000, &reply);

    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    hf_error_free(error);
    hf_control_close(control);
}

static void rule_breakers_cost_one_connection(void **state)
{
    struct fixture *fixture = *state;
    struct hf_control *other = client(state);
    struct {
        struct control_request head;
        char bytes[64];
    } message;
    static const struct {
        int32_t id, size;
        struct control_part part;
    } wrong[] = {
        {CONTROL_PART, 4, {1, 10, 0, 10}},
        {CONTROL_PART, sizeof(message), {1, UINT32_MAX, 0, 64}},
        {CONTROL_PART, sizeof(message), {1, 64, 0, UINT32_MAX}},
        {CONTROL_PART, sizeof(message), {1, 100, 50, 64}},
        {CONTROL_PART, INT32_MAX, {1, 64, 0, 64}},
        {CONTROL_PART, -5, {1, 64, 0, 64}},
        {12345, sizeof(message), {1, 64, 0, 64}},
    };
    xmlDoc *reply;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(wrong); i++) {
        qb_ipcc_connection_t *raw = qb_ipcc_connect(fixture->name, HF_CONTROL_FRAME);
        char answer[256];

        assert_non_null(raw);
        memset(&message, 'x', sizeof(message));
        message.head.qb.id = wrong[i].id;
        message.head.qb.size = wrong[i].size;
        message.head.part = wrong[i].part;
        qb_ipcc_send(raw, &message, sizeof(message));
        assert_true(qb_ipcc_recv(raw, answer, sizeof(answer), 200) < 0);
        qb_ipcc_disconnect(raw);
    }

    /* Half a request, and gone. */
    qb_ipcc_connection_t *half = qb_ipcc_connect(fixture->name, HF_CONTROL_FRAME);

    message.head.qb.id = CONTROL_PART;
    message.head.qb.size = sizeof(message);
    message.head.part = (struct control_part){1, 1000, 0, sizeof(message.bytes)};
    qb_ipcc_send(half, &message, sizeof(message));
    qb_ipcc_disconnect(half);

    assert_null(hf_control_call(other, "<late/>", 5000, &reply));
    xmlFreeDoc(reply);
    hf_control_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_every_size_arrive),
        cmocka_unit_test(late_answers_and_refusals),
        cmocka_unit_test(too_large_a_request_is_refused_before_it_is_sent),
        cmocka_unit_test(rule_breakers_cost_one_connection),
    };

    hf_xml_init();
    return cmocka_run_group_tests_name("control", tests, start, stop);
}
