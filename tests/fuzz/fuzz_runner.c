/* fuzz_runner.c - libFuzzer target: any bytes on the agent runner's socket are a frame or refused, what is a
 * frame is written again as the same bytes, and a queue fed with frames keeps its rules.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -DHF_RUNDIR='""' -I. \
 *         tests/fuzz/fuzz_runner.c daemon/runner/protocol.c daemon/runner/queue.c \
 *         lib/alloc.c lib/buf.c lib/error.c lib/wire.c -o fuzz_runner
 *     ./fuzz_runner -max_len=4096 -max_total_time=60
 *
 * The input is a row of frames, each behind one byte that is its length times four. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/runner/queue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void written_again(const uint8_t *bytes, size_t length, const struct runner_frame *frame)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    struct hf_error *error = runner_encode(frame, &buf);

    /* A boolean may be any byte but 0: the one thing that does not come back as it was. */
    if (error != NULL || buf.length != length ||
        (frame->type != RUNNER_HELLO && memcmp(buf.data, bytes, length) != 0))
        abort();
}

static void step(struct runner_queue *queue, struct runner_event event, uint64_t *running)
{
    struct runner_update update = runner_queue_step(queue, &event);

    for (size_t i = 0; i < update.count; i++)
        if (update.todo[i].type == RUNNER_START)
            *running = update.todo[i].run;
}

static void feed(struct runner_queue *queue, const struct runner_frame *frame, int64_t *now,
                 uint64_t *running)
{
    struct runner_event event = {.now = ++*now,
                                 .call = &frame->call,
                                 .resource = frame->resource,
                                 .operation = frame->operation,
                                 .interval_ms = frame->interval_ms,
                                 .sequence = frame->sequence};

    if (frame->type == RUNNER_RUN)
        event.type = RUNNER_ASKED;
    else if (frame->type == RUNNER_CANCEL)
        event.type = RUNNER_UNASKED;
    else if (frame->type == RUNNER_FORGET)
        event.type = RUNNER_FORGOTTEN;
    else if (frame->type == RUNNER_HURRY)
        event.type = RUNNER_HURRIED;
    else if (frame->type == RUNNER_ACK)
        event.type = RUNNER_ACKED;
    else
        event.type = RUNNER_TICK;
    step(queue, event, running);
    if (*running % 2 == 1)
        step(queue,
             (struct runner_event){.type = RUNNER_ENDED,
                                   .now = ++*now,
                                   .run = *running,
                                   .end = {.rc = (int)(*now % 10), .reason = "", .output = "out"}},
             running);
    if (frame->type == RUNNER_LIST && runner_queue_deadline(queue) != INT64_MAX) {
        *now = runner_queue_deadline(queue) > *now ? runner_queue_deadline(queue) : *now;
        step(queue, (struct runner_event){.type = RUNNER_TICK, .now = *now}, running);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct runner_queue *queue = runner_queue_new();
    int64_t now = 0;
    uint64_t running = 0;

    while (size > 1) {
        size_t length = (size_t)data[0] * 4 < size - 1 ? (size_t)data[0] * 4 : size - 1;
        uint8_t *bytes = hf_memdup(data + 1, length == 0 ? 1 : length);
        struct runner_frame frame;
        struct hf_error *error = runner_decode(bytes, length, &frame);

        if (error == NULL) {
            written_again(bytes, length, &frame);
            feed(queue, &frame, &now, &running);
            runner_frame_clear(&frame);
        }
        hf_error_free(error);
        free(bytes);
        data += 1 + length;
        size -= 1 + length;
    }
    runner_queue_free(queue);
    return 0;
}
