/* report.c - holdfast-runner --call and --list; see report.h. */
#include "daemon/runner/report.h"

#include <qb/qbloop.h>
#include <stdio.h>
#include <string.h>

#include "daemon/runner/client.h"
#include "daemon/runner/engine.h"
#include "lib/log.h"

static void json_string(struct hf_buf *buf, const char *text)
{
    hf_buf_putc(buf, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            hf_buf_printf(buf, "\\%c", *c);
        else if (*c == '\n')
            hf_buf_puts(buf, "\\n");
        else if ((unsigned char)*c < 0x20)
            hf_buf_printf(buf, "\\u%04x", (unsigned)(unsigned char)*c);
        else
            hf_buf_putc(buf, *c);
    }
    hf_buf_putc(buf, '"');
}

static void json_member(struct hf_buf *buf, const char *name, const char *value)
{
    hf_buf_printf(buf, ", \"%s\": ", name);
    json_string(buf, value);
}

void runner_result_json(struct hf_buf *buf, const struct runner_result *result)
{
    static const char *const kinds[] = {"last", "failure", "in-flight"};

    hf_buf_puts(buf, "{\"resource\": ");
    json_string(buf, result->resource);
    json_member(buf, "operation", result->operation);
    hf_buf_printf(buf, ", \"interval_ms\": %u", result->interval_ms);
    json_member(buf, "class", result->class);
    json_member(buf, "provider", result->provider);
    json_member(buf, "type", result->type);
    json_member(buf, "kind", kinds[result->history]);
    hf_buf_printf(buf, ", \"call_id\": %llu", (unsigned long long)result->call_id);
    json_member(buf, "status", runner_status_text(result->status));
    hf_buf_printf(buf, ", \"rc\": %d", result->rc);
    json_member(buf, "rc_text", runner_ocf_text(result->rc));
    json_member(buf, "exit_reason", result->reason);
    json_member(buf, "output", result->output);
    hf_buf_printf(buf, ", \"start_time\": %lld, \"rc_change_time\": %lld", (long long)result->start_time,
                  (long long)result->rc_change_time);
    hf_buf_printf(buf, ", \"exec_ms\": %u, \"queue_ms\": %u}", result->exec_ms, result->queue_ms);
}

static void print_json(const struct runner_result *result)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};

    runner_result_json(&buf, result);
    printf("%s\n", hf_buf_text(&buf));
}

/* --- one call --- */

struct once {
    qb_loop_t *loop;
    struct runner_engine *engine;
    int code;
};

static bool good(const struct runner_result *result)
{
    if (result->status != RUNNER_DONE)
        return false;
    switch (result->rc) {
    case RUNNER_OCF_OK:
    case RUNNER_OCF_RUNNING_PROMOTED:
    case RUNNER_OCF_DEGRADED:
    case RUNNER_OCF_DEGRADED_PROMOTED:
        return true;
    case RUNNER_OCF_NOT_RUNNING:
        return strcmp(result->operation, "monitor") == 0;
    default:
        return false;
    }
}

static void once_changed(void *context)
{
    struct once *once = context;
    const struct runner_result *result = runner_queue_outbox(runner_engine_queue(once->engine), 0);

    if (result == NULL)
        return;
    print_json(result);
    once->code = good(result) ? HF_OK : HF_FAILED;
    qb_loop_stop(once->loop);
}

/* Splits CLASS[:PROVIDER]:TYPE. False if it is none. */
static bool parse_agent(const char *text, struct runner_call *call)
{
    const char *first = strchr(text, ':');
    const char *second = first == NULL ? NULL : strchr(first + 1, ':');

    if (first == NULL || first == text)
        return false;
    call->class = hf_strndup(text, (size_t)(first - text));
    /* A systemd unit's name may have colons of its own. */
    if (strcmp(call->class, "ocf") != 0)
        second = NULL;
    else if (second == NULL)
        return false;
    call->provider = second == NULL ? hf_strdup("") : hf_strndup(first + 1, (size_t)(second - first - 1));
    call->type = hf_strdup(second == NULL ? first + 1 : second + 1);
    return call->type[0] != '\0';
}

static struct hf_error *parse_call(const struct runner_one_call *one, struct runner_call *call)
{
    if (one->count < 2 || !parse_agent(one->arguments[0], call))
        return hf_error_new(HF_USAGE,
                            "--call: expected ocf:PROVIDER:TYPE, lsb:NAME, service:NAME or systemd:NAME, "
                            "then the action, then NAME=VALUE parameters");
    call->id = 1;
    call->resource = hf_strdup(one->resource);
    call->operation = hf_strdup(one->arguments[1]);
    call->timeout_ms = one->timeout_ms;
    call->expected_rc = -1;
    for (int i = 2; i < one->count; i++) {
        const char *equals = strchr(one->arguments[i], '=');

        if (equals == NULL || equals == one->arguments[i])
            return hf_error_new(HF_USAGE, "'%s': expected NAME=VALUE", one->arguments[i]);

        HF_CLEANUP(hf_freep)
        char *name = hf_strndup(one->arguments[i], (size_t)(equals - one->arguments[i]));

        runner_call_param(call, name, equals + 1);
    }
    return NULL;
}

int runner_call_once(const struct runner_one_call *one, const struct runner_places *places)
{
    struct runner_call call = {0};
    struct hf_error *error = parse_call(one, &call);

    if (error != NULL) {
        fprintf(stderr, "holdfast-runner: %s\n", hf_error_text(error));
        hf_error_free(error);
        runner_call_clear(&call);
        return HF_USAGE;
    }

    struct once once = {.loop = qb_loop_create(), .code = HF_FAILED};

    once.engine = runner_engine_new(once.loop, places, once_changed, &once);
    runner_engine_event(once.engine, (struct runner_event){.type = RUNNER_ASKED, .call = &call});
    if (runner_queue_outbox(runner_engine_queue(once.engine), 0) == NULL)
        qb_loop_run(once.loop);
    runner_engine_free(once.engine);
    qb_loop_destroy(once.loop);
    runner_call_clear(&call);
    return once.code;
}

/* --- the list --- */

struct lister {
    qb_loop_t *loop;
    struct runner_client *client;
    bool complete;
};

static void list_attached(void *context, bool same)
{
    struct lister *lister = context;

    runner_client_list(lister->client);
}

static void list_detached(void *context)
{
    struct lister *lister = context;

    qb_loop_stop(lister->loop);
}

static void list_result(void *context, const struct runner_result *result)
{
}

static void list_entry(void *context, const struct runner_result *entry)
{
    print_json(entry);
}

static void list_end(void *context)
{
    struct lister *lister = context;

    lister->complete = true;
    qb_loop_stop(lister->loop);
}

static void list_late(void *data)
{
    qb_loop_stop(data);
}

int runner_list(const char *socket)
{
    static const struct runner_client_hooks hooks = {.attached = list_attached,
                                                     .detached = list_detached,
                                                     .result = list_result,
                                                     .history = list_entry,
                                                     .history_end = list_end};
    const struct runner_client_settings settings = {.socket = socket, .program = "", .observer = true};
    struct lister lister = {.loop = qb_loop_create()};
    qb_loop_timer_handle timer;

    lister.client = runner_client_new(lister.loop, &settings, &hooks, &lister);
    qb_loop_timer_add(lister.loop, QB_LOOP_LOW, 3000 * 1000000ULL, lister.loop, list_late, &timer);
    qb_loop_run(lister.loop);
    runner_client_free(lister.client);
    qb_loop_destroy(lister.loop);
    if (lister.complete)
        return HF_OK;
    fprintf(stderr, "holdfast-runner: no agent runner answers at %s\n", socket);
    return HF_FAILED;
}
