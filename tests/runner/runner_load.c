/* runner_load.c - gives a runner many resources to monitor, for measurements.
 *
 *   runner_load SOCKET COUNT INTERVAL-MS SECONDS PARAMETERS
 *
 * Starts COUNT resources of ocf:heartbeat:Dummy with that many parameters of 40 bytes and 200 bytes of user
 * data each, monitors them every INTERVAL-MS, and ends after SECONDS; what it began goes on.  Prints how many
 * results came and how many of them were not as expected. */
#include <qb/qbloop.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/runner/client.h"

struct load {
    qb_loop_t *loop;
    struct runner_client *client;
    int count, parameters;
    uint32_t interval_ms;
    uint64_t last_id;
    unsigned results, bad;
};

static void ask(struct load *load, int number, const char *operation, uint32_t interval_ms, int expected)
{
    char userdata[200] = "user data";
    struct runner_call call = {.id = ++load->last_id,
                               .resource = hf_asprintf("resource-%d", number),
                               .operation = hf_strdup(operation),
                               .interval_ms = interval_ms,
                               .timeout_ms = 20000,
                               .expected_rc = expected,
                               .class = hf_strdup("ocf"),
                               .provider = hf_strdup("heartbeat"),
                               .type = hf_strdup("Dummy"),
                               .userdata = hf_memdup(userdata, sizeof(userdata)),
                               .userdata_length = sizeof(userdata)};

    for (int i = 0; i < load->parameters; i++) {
        char *name = hf_asprintf("CRM_meta_parameter_%d", i);

        runner_call_param(&call, name, "a value of about twenty b");
        free(name);
    }

    struct hf_error *error = runner_client_run(load->client, &call);

    if (error != NULL)
        fprintf(stderr, "%s\n", hf_error_text(error));
    hf_error_free(error);
    runner_call_clear(&call);
}

static void on_attached(void *context, bool same)
{
    struct load *load = context;

    for (int i = 0; !same && i < load->count; i++) {
        ask(load, i, "monitor", 0, RUNNER_OCF_NOT_RUNNING);
        ask(load, i, "start", 0, RUNNER_OCF_OK);
        ask(load, i, "monitor", load->interval_ms, RUNNER_OCF_OK);
    }
}

static void on_result(void *context, const struct runner_result *result)
{
    struct load *load = context;

    load->results++;
    load->bad += result->status != RUNNER_DONE || result->rc != result->expected_rc;
    runner_client_ack(load->client, result->sequence);
}

static void on_end(void *data)
{
    qb_loop_stop(data);
}

int main(int argc, char **argv)
{
    static const struct runner_client_hooks hooks = {.attached = on_attached, .result = on_result};

    if (argc != 6)
        return HF_USAGE;

    struct load load = {.loop = qb_loop_create(),
                        .count = atoi(argv[2]),
                        .interval_ms = (uint32_t)atoi(argv[3]),
                        .parameters = atoi(argv[5])};
    const struct runner_client_settings settings = {.socket = argv[1], .program = ""};
    qb_loop_timer_handle timer;

    load.client = runner_client_new(load.loop, &settings, &hooks, &load);
    qb_loop_timer_add(load.loop, QB_LOOP_LOW, (uint64_t)atoi(argv[4]) * 1000000000, load.loop, on_end,
                      &timer);
    qb_loop_run(load.loop);
    printf("%u results, %u bad\n", load.results, load.bad);
    runner_client_free(load.client);
    qb_loop_destroy(load.loop);
    return load.bad == 0 && load.results == 3U * (unsigned)load.count ? HF_OK : HF_FAILED;
}
