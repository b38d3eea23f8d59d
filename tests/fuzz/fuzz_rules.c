/* fuzz_rules.c - rules, and the times, durations, intervals, scores and operation keys in them, from any
 * bytes.
 *
 * What is well-formed XML is taken as a <rule> and as a set of attributes with rules in it; anything else as
 * each kind of text.  Build: see tests/fuzz/sched. */
#include <stddef.h>
#include <stdint.h>

#include "daemon/sched/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_texts(struct run *run, const char *text)
{
    const char *resource, *operation;
    int64_t value;
    int score;

    if (sc_time_parse(text, 1700000000, 3600, &value)) {
        struct calendar c;
        sc_calendar(value, 0, &c);
        sc_time_add(value, 0, 1, 1, 1, 1);
    }
    sc_duration_parse(text, &value);
    sc_interval(text, &value);
    sc_score(run, text, &score);
    sc_key_parse(run, text, &resource, &operation, &value);
    sc_natural_compare(text, "node1");
    sc_compare_versions(text, "3.0");
}

static void read_rule(struct run *run, xmlDoc *doc)
{
    struct attrs attrs = {0}, found = {0};
    struct rule_input input = {.run = run,
                               .node_attrs = &attrs,
                               .rsc_params = &attrs,
                               .rsc_meta = &attrs,
                               .class_ = "ocf",
                               .provider = "p",
                               .type = "t",
                               .op_name = "monitor",
                               .op_interval_ms = 10000};

    sc_attr_set(run, &attrs, "cpu", "4");
    sc_attr_set(run, &attrs, "a", "1.10");
    sc_attr_set(run, &attrs, "#uname", "n1");
    sc_rule_matches(xmlDocGetRootElement(doc), &input);
    sc_read_sets(xmlDocGetRootElement(doc), "instance_attributes", NULL, &input, &found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sched_input input = {.now = 1700000000};
    struct run run = {.arena = hf_arena_new(), .input = &input, .now = input.now};
    xmlDoc *doc = NULL;

    hf_xml_init();
    struct hf_error *error = hf_xml_parse((const char *)data, size, "fuzz", &doc);
    if (error == NULL)
        read_rule(&run, doc);
    else
        read_texts(&run, hf_arena_strndup(run.arena, (const char *)data, size));
    hf_error_free(error);
    xmlFreeDoc(doc);
    hf_arena_free(run.arena);
    return 0;
}
