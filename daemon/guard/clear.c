/* clear.c - see clear.h. */
#include "daemon/guard/clear.h"

#include <errno.h>
#include <unistd.h>

#include "daemon/guard/gate.h"
#include "daemon/guard/network.h"
#include "daemon/guard/orders.h"
#include "daemon/guard/routers.h"
#include "lib/socket.h"

static struct hf_error *clear_address(struct network *network, const char *interface,
                                      const struct gate_address *address, uint8_t prefix)
{
    struct network_interface found;

    if (!network_find(network, interface, &found))
        return NULL;
    return network_unassign(network, found.ifindex, address, prefix);
}

/* Those with the virtual MAC address go with their macvlan interface. */
static struct hf_error *clear_router(struct network *network, const struct guard_router *router)
{
    struct network_interface found;
    struct hf_error *error = NULL;

    if (router->flags & ROUTER_VMAC && !network_find(network, router->interface, &found))
        return NULL;
    for (int family = VRRP_IPV4; family <= VRRP_IPV6 && router->flags & ROUTER_VMAC; family += 2) {
        char name[GUARD_INTERFACE_MAX + 1];

        routers_macvlan_name(found.ifindex, router->vrid, (enum vrrp_family)family, name);
        if (error == NULL)
            error = network_macvlan_remove(network, name);
    }
    for (unsigned i = 0; i < router->address_count && error == NULL; i++)
        error = clear_address(network, router->interface, &router->addresses[i].address,
                              router->addresses[i].prefix);
    return error;
}

/* The addresses that it put on interfaces: once their gates are open they would answer. */
static struct hf_error *clear_orders(struct network *network, const struct orders *orders)
{
    struct hf_error *error = NULL;

    for (size_t i = 0; i < orders->vip_count && error == NULL; i++)
        if (orders->vips[i].flags & GUARD_VIP_ASSIGN)
            error = clear_address(network, orders->vips[i].interface, &orders->vips[i].address,
                                  orders->vips[i].prefix);
    for (size_t i = 0; i < orders->router_count && error == NULL; i++)
        error = clear_router(network, &orders->routers[i]);
    return error;
}

static struct hf_error *clear_addresses(const struct guard_config *config)
{
    uint8_t boot[ORDERS_BOOT_BYTES];
    struct orders orders = {0};
    struct network *network = NULL;
    struct hf_error *error = orders_boot(boot);

    if (error == NULL)
        error = network_new(&network);
    if (error == NULL)
        error = orders_load(config->orders, boot, &orders);
    if (error == NULL)
        error = clear_orders(network, &orders);
    orders_clear(&orders);
    network_free(network);
    return error;
}

static struct hf_error *clear_gates(struct gate *gate)
{
    struct gate_address *vips HF_CLEANUP(hf_freep) = NULL;
    size_t count = gate_list(gate, &vips);
    struct hf_error *error = gate_detach_all(gate);

    for (size_t i = 0; i < count && error == NULL; i++)
        error = gate_disarm(gate, &vips[i]);
    return error;
}

static struct hf_error *clear_claimed(const struct guard_config *config)
{
    struct gate *gate = gate_open(config->pins);
    struct hf_error *error = NULL;

    if (gate_mode(gate) == GATE_USER_SPACE)
        error = hf_error_new(HF_FAILED, "no gate in the kernel: %s", gate_reason(gate));
    if (error == NULL)
        error = clear_addresses(config);
    if (error == NULL)
        error = clear_gates(gate);
    gate_close(gate);
    if (error == NULL && unlink(config->orders) != 0 && errno != ENOENT)
        error = hf_error_errno(errno, "cannot remove %s", config->orders);
    return error;
}

struct hf_error *clear_all(const struct guard_config *config)
{
    struct hf_error *error;
    bool taken;
    int claim;

    hf_make_folder_of(config->socket);
    error = hf_socket_claim(config->socket, &claim, &taken);
    if (error == NULL && taken)
        error = hf_error_new(HF_REFUSED, "a guard serves %s (it may be stopped, but it is there)",
                             config->socket);
    if (error != NULL)
        return error;
    error = clear_claimed(config);
    close(claim);
    return error;
}
