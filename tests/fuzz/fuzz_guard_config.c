/* fuzz_guard_config.c - libFuzzer target: any text is a configuration of the guard or refused with a reason,
 * and any bytes are a file of its orders or refused.  Run by tests/fuzz/guard. */
#include <stdlib.h>
#include <string.h>

#include "daemon/guard/config.h"
#include "daemon/guard/orders.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct hf_error *error)
{
    if (error != NULL && (hf_error_kind(error) != HF_REFUSED || hf_error_text(error)[0] == '\0'))
        abort();
    hf_error_free(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t boot[ORDERS_BOOT_BYTES];
    struct guard_config config;
    struct orders orders;
    char *text = hf_strndup((const char *)data, size);
    struct hf_error *error;

    guard_config_init(&config);
    check(guard_config_parse(text, "fuzz", &config));
    guard_config_free(&config);
    free(text);
    error = orders_decode(data, size, boot, &orders);
    if (error != NULL && orders.want_count + orders.vip_count > 0)
        abort();
    check(error);
    orders_clear(&orders);
    return 0;
}
