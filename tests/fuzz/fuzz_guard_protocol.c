/* fuzz_guard_protocol.c - libFuzzer target: a frame of the guard's socket is refused with a reason, or means
 * the same when it is encoded again.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -DHF_RUNDIR='"/run"' -I. \
 *         tests/fuzz/fuzz_guard_protocol.c daemon/guard/{address,protocol,router_frames}.c \
 *         lib/{alloc,buf,error,wire}.c -o fuzz_guard_protocol
 *     ./fuzz_guard_protocol -max_total_time=60 -max_len=1024 */
#include <stdlib.h>
#include <string.h>

#include "daemon/guard/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct guard_frame frame;
    struct hf_buf again = {0};
    struct hf_error *error = guard_decode(data, size, &frame);

    if (error != NULL) {
        if (hf_error_text(error)[0] == '\0')
            abort();
    } else {
        error = guard_encode(&frame, &again);
        if (error != NULL || again.length != size || memcmp(again.data, data, size) != 0)
            abort();
    }
    hf_error_free(error);
    hf_buf_free(&again);
    return 0;
}
