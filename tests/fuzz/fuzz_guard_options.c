/* fuzz_guard_options.c - libFuzzer target: parameters of ocf:holdfast:VIP, a line each, are refused with a
 * reason or make an order that the guard accepts and that is the same after it was sent. */
#include <stdlib.h>
#include <string.h>

#include "daemon/guard/vip_options.h"

enum { WORDS_MAX = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_order(struct vip_options *options)
{
    struct guard_frame sent = {.type = GUARD_ROUTER_ADD, .router = options->router}, received;
    struct hf_buf bytes = {0}, again = {0};

    if (sent.router.interface[0] == '\0')
        strcpy(sent.router.interface, "eth0");
    if (guard_encode(&sent, &bytes) != NULL || guard_decode(bytes.data, bytes.length, &received) != NULL ||
        guard_encode(&received, &again) != NULL || again.length != bytes.length ||
        memcmp(again.data, bytes.data, bytes.length) != 0)
        abort();
    hf_buf_free(&bytes);
    hf_buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = hf_strndup((const char *)data, size), *words[WORDS_MAX];
    struct vip_options options;
    struct hf_error *error;
    int count = 0;

    for (char *word = strtok(text, "\n"); word != NULL && count < WORDS_MAX; word = strtok(NULL, "\n"))
        words[count++] = word;
    error = vip_options_parse("web", words, count, &options);
    if (error == NULL)
        check_order(&options);
    else if (hf_error_text(error)[0] == '\0')
        abort();
    hf_error_free(error);
    free(text);
    return 0;
}
