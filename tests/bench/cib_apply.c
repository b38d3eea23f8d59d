/* cib_apply.c - how fast one node applies changes, and what a change costs three replicas together.
 *
 *     tests/bench/cib_apply [SECONDS]
 *
 * Prints lines "what: N changes/s (U us each)".  The replicas talk by a queue in memory, and their disks
 * answer at once: what is measured is the CPU time of everything but corosync and the disk. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/cib/replica.h"
#include "daemon/cib/schema.h"
#include "lib/xml.h"

enum { NODES = 3, CLIENTS = 64 };

static double cpu(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(struct hf_error *error)
{
    if (error == NULL)
        return;
    fprintf(stderr, "%s\n", hf_error_text(error));
    exit(1);
}

static void put_resource(struct hf_buf *text, unsigned number)
{
    hf_buf_printf(
        text,
        "<create into='resources'><primitive id='r%u' class='ocf' provider='heartbeat' type='Dummy'>"
        "<instance_attributes id='r%u-ia'><nvpair id='r%u-state' name='state' value='/run/r%u'/>"
        "<nvpair id='r%u-fake' name='fake' value='x'/></instance_attributes>"
        "<operations><op id='r%u-monitor' name='monitor' interval='10s' timeout='20s'/></operations>"
        "</primitive></create>",
        number, number, number, number, number, number);
}

static void put_change(struct hf_buf *text, unsigned number, unsigned value)
{
    hf_buf_reset(text);
    hf_buf_printf(text, "<change><set id='r%u-fake'><attr name='value' value='v%u'/></set></change>", number,
                  value);
}

static struct hf_error *apply(struct cib_document *document, const struct hf_buf *text)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *xml = NULL;
    struct hf_error *error = hf_xml_parse(text->data, text->length, "bench", &xml);

    return error != NULL ? error : cib_document_change(document, xmlDocGetRootElement(xml));
}

static struct cib_document *with_resources(const struct cib_schema *schema, unsigned resources)
{
    struct cib_document *document = cib_document_new(schema);
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    hf_buf_puts(&text, "<change>");
    for (unsigned i = 0; i < resources; i++)
        put_resource(&text, i);
    hf_buf_puts(&text, "</change>");
    must(apply(document, &text));
    return document;
}

static void report(const char *what, unsigned count, double seconds)
{
    printf("%-52s %8.0f changes/s (%.1f us each)\n", what, count / seconds, seconds / count * 1e6);
}

static void bench_apply(const struct cib_schema *schema, unsigned resources, double seconds)
{
    struct cib_document *document = with_resources(schema, resources);
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_freep)
    char *what =
        hf_asprintf("apply, %u resources, %s", resources, schema == NULL ? "no schema" : "with schema");
    double start = cpu(), now = start;
    unsigned count = 0;

    while ((now = cpu()) < start + seconds)
        for (int i = 0; i < 100; i++, count++) {
            put_change(&text, count % resources, count);
            must(apply(document, &text));
        }
    report(what, count, now - start);
    cib_document_free(document);
}

/* --- three replicas --- */

struct packet {
    cib_member sender;
    struct hf_buf bytes;
};

struct cluster {
    struct cib_replica *replicas[NODES];
    cib_member members[NODES];
    struct packet *queue;
    size_t head, count, capacity;
    unsigned done, next;
    unsigned resources;
};

static void step(struct cluster *cluster, unsigned node, const struct cib_event *event);

static void submit(struct cluster *cluster, unsigned client)
{
    struct cib_event event = {.type = CIB_EVENT_CHANGE, .now = 1, .client = client + 1, .origin = "bench"};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    cluster->next++;
    put_change(&text, cluster->next % cluster->resources, cluster->next);
    event.bytes = text.data;
    event.length = text.length;
    step(cluster, client % NODES, &event);
}

static void perform(struct cluster *cluster, unsigned node, struct cib_update *update, unsigned *answered)
{
    struct packet *packet;

    if (update->type == CIB_UPDATE_MULTICAST) {
        hf_grow(&cluster->queue, &cluster->capacity, cluster->count + 1, sizeof(*cluster->queue));
        packet = &cluster->queue[cluster->count++];
        *packet = (struct packet){cluster->members[node], update->bytes};
        update->bytes = (struct hf_buf){0};
    } else if (update->type == CIB_UPDATE_ANSWER) {
        must(HF_STEAL(update->error));
        cluster->done++;
        answered[update->client - 1]++;
    }
}

static void step(struct cluster *cluster, unsigned node, const struct cib_event *event)
{
    struct cib_updates updates = {0};
    unsigned answered[CLIENTS] = {0};
    uint64_t ticket = 0;

    cib_replica_step(cluster->replicas[node], event, &updates);
    for (size_t i = 0; i < updates.count; i++) {
        perform(cluster, node, &updates.list[i], answered);
        if (updates.list[i].type == CIB_UPDATE_PERSIST)
            ticket = updates.list[i].ticket;
    }
    cib_updates_free(&updates);
    if (ticket != 0)
        step(cluster, node, &(struct cib_event){.type = CIB_EVENT_PERSISTED, .now = 1, .ticket = ticket});
    for (unsigned client = 0; client < CLIENTS; client++)
        for (; answered[client] > 0; answered[client]--)
            submit(cluster, client);
}

static void deliver(struct cluster *cluster)
{
    struct packet packet;

    if (cluster->head == cluster->count) {
        cluster->head = cluster->count = 0;
        return;
    }
    packet = cluster->queue[cluster->head++];
    for (unsigned node = 0; node < NODES; node++) {
        struct cib_event event = {.type = CIB_EVENT_MESSAGE, .now = 1, .sender = packet.sender};

        event.bytes = packet.bytes.data;
        event.length = packet.bytes.length;
        step(cluster, node, &event);
    }
    hf_buf_free(&packet.bytes);
}

static void bench_cluster(const struct cib_schema *schema, unsigned resources, double seconds)
{
    struct cluster cluster = {.resources = resources};
    struct cib_event view = {
        .type = CIB_EVENT_VIEW, .now = 1, .n_members = NODES, .ring = 1, .quorum = CIB_QUORUM_YES};
    HF_CLEANUP(hf_freep) char *what = NULL;
    double start, now;
    unsigned before;

    for (unsigned node = 0; node < NODES; node++) {
        struct cib_saved saved = {.document = with_resources(schema, resources)};
        struct cib_replica_options options = {.self = cib_member_make(node + 1, 1), .node_name = "n"};

        cluster.members[node] = options.self;
        cluster.replicas[node] = cib_replica_new(&options, &saved);
    }
    view.members = cluster.members;
    for (unsigned node = 0; node < NODES; node++)
        step(&cluster, node, &view);
    for (unsigned client = 0; client < CLIENTS; client++)
        submit(&cluster, client);
    for (int i = 0; i < 100; i++)
        deliver(&cluster);
    before = cluster.done;
    start = cpu();
    while ((now = cpu()) < start + seconds)
        for (int i = 0; i < 50; i++)
            deliver(&cluster);
    what = hf_asprintf("3 replicas, 64 clients, %u resources, %s", resources,
                       schema == NULL ? "no schema" : "with schema");
    report(what, cluster.done - before, now - start);
    for (unsigned node = 0; node < NODES; node++)
        cib_replica_free(cluster.replicas[node]);
    for (size_t i = cluster.head; i < cluster.count; i++)
        hf_buf_free(&cluster.queue[i].bytes);
    free(cluster.queue);
}

int main(int argc, char **argv)
{
    static const unsigned sizes[] = {100, 1000};
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    struct cib_schema *schema;

    hf_xml_init();
    schema = cib_schema_new();
    for (size_t i = 0; i < HF_ARRAY_LENGTH(sizes); i++) {
        bench_apply(NULL, sizes[i], seconds);
        bench_apply(schema, sizes[i], seconds);
        bench_cluster(NULL, sizes[i], seconds);
        bench_cluster(schema, sizes[i], seconds);
    }
    cib_schema_free(schema);
    return 0;
}
