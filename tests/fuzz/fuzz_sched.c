/* fuzz_sched.c - the scheduler and the engine on any CIB: bytes that libFuzzer makes.
 *
 * Build: see tests/fuzz/sched. */
#include <stddef.h>
#include <stdint.h>

#include "daemon/sched/sched.h"
#include "daemon/transition/transition.h"
#include "lib/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Confirms whatever is dispatched until nothing is. */
static void walk(const struct sched_graph *graph)
{
    struct transition *transition = transition_new(graph);
    struct transition_event event = {.type = TRANSITION_START};
    struct transition_update update = transition_step(transition, &event);

    while (update.n_dispatch > 0) {
        const struct graph_action *last = update.dispatch[update.n_dispatch - 1];
        event =
            (struct transition_event){.type = TRANSITION_RESULT, .action = last->id, .rc = last->target_rc};
        update = transition_step(transition, &event);
    }
    transition_free(transition);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    xmlDoc *cib = NULL;
    struct sched_input input = {.now = 1700000000, .show_scores = true, .show_utilization = true};
    struct sched_output *output = NULL;
    struct hf_buf text = {0};

    hf_xml_init();
    struct hf_error *error = hf_xml_parse((const char *)data, size, "fuzz", &cib);
    if (error == NULL)
        error = sched_run(cib, &input, &output);
    xmlFreeDoc(cib);
    if (error == NULL) {
        sched_print_status(output, STATUS_SIMULATE | STATUS_SHOW_FAILED, "", &text);
        sched_print_summary(output, "", &text);
        sched_print_dot(output, true, true, &text);
        sched_print_scores(output, "", &text);
        graph_to_xml(sched_graph(output), &text);
        walk(sched_graph(output));
    }
    hf_buf_free(&text);
    sched_output_free(output);
    hf_error_free(error);
    return 0;
}
