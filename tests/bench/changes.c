/* changes.c - how many durable configuration changes a second, and how long one takes.
 *
 *     changes CLIENTS SECONDS [SOCKET]
 *
 * Run on a node: makes one property per client in the configuration, then CLIENTS processes each send one
 * change after the other on an open connection, each with a new value, for SECONDS.  Every answer is a
 * change that is on disk on every member.  Prints one line: changes a second, and the median, 99th
 * percentile and largest latency in microseconds. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/control.h"
#include "lib/xml.h"

enum { TIMEOUT_MS = 10000, SAMPLES_MAX = 200000, CLIENTS_MAX = 256 };

struct results {
    uint32_t count, failed;
    uint32_t us[SAMPLES_MAX];
};

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void fail(struct hf_error *error)
{
    fprintf(stderr, "changes: %s\n", hf_error_text(error));
    exit(1);
}

static void call(struct hf_control *control, const char *request)
{
    xmlDoc *reply = NULL;
    struct hf_error *error = hf_control_call(control, request, TIMEOUT_MS, &reply);

    if (error != NULL)
        fail(error);
    xmlFreeDoc(reply);
}

static void prepare(const char *socket, int clients, bool remove)
{
    struct hf_control *control;
    struct hf_error *error = hf_control_connect_to(socket, &control);
    struct hf_buf change = {0};

    if (error != NULL)
        fail(error);
    hf_buf_puts(&change, "<change origin=\"bench\">");
    for (int i = 0; i < clients; i++) {
        if (remove)
            hf_buf_printf(&change, "<delete id=\"bench-set-%d\"/>", i);
        else
            hf_buf_printf(
                &change,
                "<create into=\"crm_config\"><cluster_property_set id=\"bench-set-%d\">"
                "<nvpair id=\"bench-%d\" name=\"bench-%d\" value=\"0\"/></cluster_property_set></create>",
                i, i, i);
    }
    hf_buf_puts(&change, "</change>");
    call(control, hf_buf_text(&change));
    hf_buf_free(&change);
    hf_control_close(control);
}

static void one_client(const char *socket, int number, int64_t until, struct results *results)
{
    struct hf_control *control;
    struct hf_error *error = hf_control_connect_to(socket, &control);

    if (error != NULL)
        fail(error);
    for (uint32_t value = 1; now_us() < until && results->count < SAMPLES_MAX; value++) {
        char request[256];
        int64_t start = now_us();
        xmlDoc *reply = NULL;

        snprintf(request, sizeof(request),
                 "<change origin=\"bench\"><set id=\"bench-%d\"><attr name=\"value\" "
                 "value=\"%u\"/></set></change>",
                 number, value);
        error = hf_control_call(control, request, TIMEOUT_MS, &reply);
        if (error != NULL) {
            if (results->failed++ == 0)
                fprintf(stderr, "changes: %s\n", hf_error_text(error));
            hf_error_free(error);
            continue;
        }
        results->us[results->count++] = (uint32_t)(now_us() - start);
        xmlFreeDoc(reply);
    }
    hf_control_close(control);
}

static int by_size(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

    return a < b ? -1 : a > b;
}

static void report(struct results *results, int clients, double seconds)
{
    HF_CLEANUP(hf_freep) uint32_t *all = hf_calloc((size_t)clients * SAMPLES_MAX, sizeof(*all));
    size_t count = 0;
    uint32_t failed = 0;

    for (int i = 0; i < clients; i++) {
        memcpy(all + count, results[i].us, results[i].count * sizeof(*all));
        count += results[i].count;
        failed += results[i].failed;
    }
    if (count == 0) {
        fputs("changes: not one change was acknowledged\n", stderr);
        exit(1);
    }
    qsort(all, count, sizeof(*all), by_size);
    printf("clients %d: %.0f changes/s, p50 %u us, p99 %u us, max %u us, %zu done, %u failed\n", clients,
           (double)count / seconds, all[count / 2], all[count * 99 / 100], all[count - 1], count, failed);
}

int main(int argc, char **argv)
{
    int clients = argc > 2 ? atoi(argv[1]) : 0, seconds = argc > 2 ? atoi(argv[2]) : 0;
    const char *socket = argc > 3 ? argv[3] : HF_CONTROL_NAME;
    struct results *results;
    int status, bad = 0;

    if (clients < 1 || clients > CLIENTS_MAX || seconds < 1 || seconds > 600) {
        fprintf(stderr, "usage: changes CLIENTS(1..%d) SECONDS(1..600) [SOCKET]\n", CLIENTS_MAX);
        return 2;
    }
    hf_xml_init();
    results = mmap(NULL, (size_t)clients * sizeof(*results), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (results == MAP_FAILED)
        return 1;
    prepare(socket, clients, false);

    int64_t start = now_us();

    for (int i = 0; i < clients; i++) {
        if (fork() == 0) {
            one_client(socket, i, start + (int64_t)seconds * 1000000, &results[i]);
            _exit(0);
        }
    }
    while (wait(&status) > 0)
        bad += status != 0;
    report(results, clients, (double)(now_us() - start) / 1e6);
    prepare(socket, clients, true);
    return bad > 0;
}
