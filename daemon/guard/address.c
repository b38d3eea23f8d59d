/* address.c - see address.h. */
#include "daemon/guard/address.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

bool guard_address_is_ipv4(const struct gate_address *address)
{
    return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

struct hf_error *guard_address_parse(const char *text, struct gate_address *address)
{
    memcpy(address->bytes, mapped, sizeof(mapped));
    if (inet_pton(AF_INET, text, &address->bytes[12]) == 1)
        return NULL;
    if (inet_pton(AF_INET6, text, address->bytes) == 1 && !guard_address_is_ipv4(address))
        return NULL;
    return hf_error_new(HF_USAGE, "'%s' is no address; expected one such as 192.0.2.7 or 2001:db8::7", text);
}

void guard_address_text(const struct gate_address *address, char text[46])
{
    if (guard_address_is_ipv4(address))
        inet_ntop(AF_INET, &address->bytes[12], text, 46);
    else
        inet_ntop(AF_INET6, address->bytes, text, 46);
}

bool guard_address_equal(const struct gate_address *a, const struct gate_address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

struct vrrp_address guard_address_to_vrrp(const struct gate_address *address)
{
    struct vrrp_address result = {.family = guard_address_is_ipv4(address) ? VRRP_IPV4 : VRRP_IPV6};

    if (result.family == VRRP_IPV4)
        memcpy(result.bytes, &address->bytes[12], 4);
    else
        memcpy(result.bytes, address->bytes, 16);
    return result;
}

struct gate_address guard_address_from_vrrp(const struct vrrp_address *address)
{
    struct gate_address result;

    if (address->family == VRRP_IPV6) {
        memcpy(result.bytes, address->bytes, 16);
        return result;
    }
    memcpy(result.bytes, mapped, sizeof(mapped));
    memcpy(&result.bytes[12], address->bytes, 4);
    return result;
}
