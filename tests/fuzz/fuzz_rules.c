/* fuzz_rules.c - times, durations, intervals, scores and operation keys from any bytes. */
#include <stddef.h>
#include <stdint.h>

#include "daemon/sched/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = {.arena = hf_arena_new()};
    char *text = hf_arena_strndup(run.arena, (const char *)data, size);
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
    sc_score(&run, text, &score);
    sc_key_parse(&run, text, &resource, &operation, &value);
    sc_natural_compare(text, "node1");
    sc_compare_versions(text, "3.0");
    hf_arena_free(run.arena);
    return 0;
}
