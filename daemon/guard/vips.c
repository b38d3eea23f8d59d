/* vips.c - see vips.h. */
#include "daemon/guard/vips.h"

#include <stdio.h>
#include <string.h>

#include "lib/log.h"

#define MS INT64_C(1000000)
#define NEVER INT64_MAX

enum { ANNOUNCE_TIMES = 4 }; /* announcements of one arrival */

/* After an arrival, ms: switches that were busy, and neighbours that were asleep. */
static const int announce_at[ANNOUNCE_TIMES] = {0, 100, 500, 2000};

struct vip_interface {
    struct vip_interface *next;
    char name[GUARD_INTERFACE_MAX + 1];
    unsigned vips;
    struct network_interface found; /* ifindex 0: there is none */
    bool attached;
    char fault[GUARD_TEXT_MAX + 1];
};

/* NULL clears it. */
static void set_fault(struct vip *vip, struct hf_error *error)
{
    if (error != NULL && strcmp(vip->fault, hf_error_text(error)) != 0)
        hf_error_log("VIP %s: %s", vip->order.id, hf_error_text(error));
    guard_copy(vip->fault, sizeof(vip->fault), hf_error_text(error));
    hf_error_free(error);
}

static void announce(struct vips *vips, struct vip *vip)
{
    vip->announced++;
    set_fault(vip, network_announce(vips->network, &vip->interface->found, &vip->order.address));
}

/* Sees to it that the address is there; and announces it, if it was not. */
static void assign(struct vips *vips, struct vip *vip, int64_t now)
{
    const struct guard_vip *order = &vip->order;
    bool before = vip->assigned, added;
    struct hf_error *error;

    if (!(order->flags & GUARD_VIP_ASSIGN) || vip->interface->found.ifindex == 0)
        return;
    vip->assigned = true;
    error =
        network_assign(vips->network, vip->interface->found.ifindex, &order->address, order->prefix, &added);
    set_fault(vip, error);
    if (vip->fault[0] != '\0' || (before && !added))
        return;
    vip->announced = ANNOUNCE_TIMES;
    if (!before && (order->flags & GUARD_VIP_ROUTED))
        return; /* its router announces it */
    if (before)
        hf_warn("VIP %s: somebody took the address off %s; putting it back", order->id, order->interface);
    vip->announced = 0;
    vip->assigned_at = now;
    announce(vips, vip);
    vips->announce_at = 0;
}

/* True if the address is certainly not on the interface. */
static bool unassign(struct vips *vips, struct vip *vip)
{
    const struct guard_vip *order = &vip->order;

    if (!(order->flags & GUARD_VIP_ASSIGN) || !vip->assigned)
        return true;
    if (vip->interface->found.ifindex != 0)
        set_fault(vip, network_unassign(vips->network, vip->interface->found.ifindex, &order->address,
                                        order->prefix));
    vip->assigned = vip->fault[0] != '\0';
    return !vip->assigned;
}

static struct vip_interface *use_interface(struct vips *vips, const char *name)
{
    struct vip_interface *interface = vips->interfaces;

    while (interface != NULL && strcmp(interface->name, name) != 0)
        interface = interface->next;
    if (interface == NULL) {
        interface = hf_calloc(1, sizeof(*interface));
        guard_copy(interface->name, sizeof(interface->name), name);
        interface->next = vips->interfaces;
        vips->interfaces = interface;
    }
    interface->vips++;
    return interface;
}

static void unuse_interface(struct vips *vips, struct vip_interface *interface)
{
    struct vip_interface **link = &vips->interfaces;

    if (--interface->vips > 0)
        return;
    if (interface->found.ifindex != 0) {
        struct hf_error *error HF_CLEANUP(hf_error_freep) = gate_detach(vips->gate, interface->found.ifindex);

        if (error != NULL)
            hf_error_log("%s: %s", interface->name, hf_error_text(error));
    }
    while (*link != interface)
        link = &(*link)->next;
    *link = interface->next;
    free(interface);
}

static void interface_fault(struct vip_interface *interface, const char *text)
{
    if (strcmp(interface->fault, text) == 0)
        return;
    guard_copy(interface->fault, sizeof(interface->fault), text);
    if (text[0] != '\0')
        hf_warn("%s: %s", interface->name, interface->fault);
}

/* The address went with the interface. */
static void forget_assigned(struct vips *vips, const struct vip_interface *interface)
{
    for (struct vip *vip = vips->first; vip != NULL; vip = vip->next)
        if (vip->interface == interface)
            vip->assigned = false;
}

/* Brings the gate back to where it belongs. */
static void check_interface(struct vips *vips, struct vip_interface *interface)
{
    struct network_interface found;
    struct gate *gate = vips->gate;

    if (!network_find(vips->network, interface->name, &found)) {
        if (interface->found.ifindex != 0)
            forget_assigned(vips, interface);
        interface->found = found;
        interface->attached = false;
        interface_fault(interface, "there is no such network interface");
        return;
    }
    if (interface->found.ifindex != 0 && interface->found.ifindex != found.ifindex)
        forget_assigned(vips, interface);
    if (interface->attached && interface->found.ifindex == found.ifindex &&
        gate_attached(gate, found.ifindex)) {
        interface->found = found;
        return;
    }
    if (interface->attached && interface->found.ifindex == found.ifindex)
        hf_warn("%s: somebody took the gate off; putting it back", interface->name);
    interface->found = found;
    if (gate_mode(gate) == GATE_USER_SPACE) {
        interface_fault(interface, "");
        return;
    }

    struct hf_error *error HF_CLEANUP(hf_error_freep) = gate_attach(gate, found.ifindex, found.link_type);

    interface->attached = error == NULL;
    interface_fault(interface, hf_error_text(error));
}

static struct hf_error *arm(struct gate *gate, const struct guard_vip *order)
{
    return gate_arm(gate, &order->address, order->flags & GUARD_VIP_CLIENTS ? GATE_CLIENTS : 0);
}

/* The kernel's entry is what it was told, or shut. */
static void check_entry(struct vips *vips, struct vip *vip)
{
    struct gate *gate = vips->gate;
    struct gate_entry entry;
    struct hf_error *error = NULL;

    if (gate_mode(gate) == GATE_USER_SPACE)
        return;
    if (!gate_look(gate, &vip->order.address, &entry)) {
        hf_warn("VIP %s: somebody took it out of the gate; putting it back", vip->order.id);
        error = arm(gate, &vip->order);
        if (error == NULL)
            error = gate_open_until(gate, &vip->order.address, vip->until);
    } else if (entry.deadline > (uint64_t)vip->until) {
        hf_warn("VIP %s: its gate was open for longer than its lock; shutting it", vip->order.id);
        error = gate_open_until(gate, &vip->order.address, vip->until);
    }
    if (error == NULL)
        return;
    snprintf(vips->fault, sizeof(vips->fault), "VIP %s: %.150s", vip->order.id, hf_error_text(error));
    set_fault(vip, error);
}

struct vip *vips_find(const struct vips *vips, const char *id)
{
    for (struct vip *vip = vips->first; vip != NULL; vip = vip->next)
        if (strcmp(vip->order.id, id) == 0)
            return vip;
    return NULL;
}

struct vip *vips_find_address(const struct vips *vips, const struct gate_address *address)
{
    for (struct vip *vip = vips->first; vip != NULL; vip = vip->next)
        if (guard_address_equal(&vip->order.address, address))
            return vip;
    return NULL;
}

struct vip *vips_add(struct vips *vips, struct vip **lock, const struct guard_vip *order, int64_t until)
{
    struct vip *vip = hf_calloc(1, sizeof(*vip));

    vip->order = *order;
    vip->until = until;
    vip->interface = use_interface(vips, order->interface);
    vip->next = vips->first;
    vips->first = vip;
    vip->other = *lock;
    *lock = vip;
    vips->count++;
    set_fault(vip, arm(vips->gate, order));
    if (vip->interface->found.ifindex == 0 || !vip->interface->attached)
        check_interface(vips, vip->interface);
    return vip;
}

struct vip *vips_take_up(struct vips *vips, struct vip **lock, const struct guard_vip *order)
{
    struct gate_entry entry = {0};
    struct vip *vip;

    gate_look(vips->gate, &order->address, &entry);
    vip = vips_add(vips, lock, order, (int64_t)entry.deadline);
    vip->assigned = (order->flags & GUARD_VIP_ASSIGN) != 0;
    return vip;
}

void vips_remove(struct vips *vips, struct vip **lock, struct vip *vip, bool keep_armed)
{
    struct hf_error *error HF_CLEANUP(hf_error_freep) = NULL;
    struct vip **link = &vips->first;

    if (!unassign(vips, vip)) {
        hf_error_log("VIP %s is kept shut: its address is still on %s", vip->order.id, vip->order.interface);
        keep_armed = true;
    }
    while (*link != vip)
        link = &(*link)->next;
    *link = vip->next;
    while (*lock != vip)
        lock = &(*lock)->other;
    *lock = vip->other;
    vips->count--;
    if (!keep_armed)
        error = gate_disarm(vips->gate, &vip->order.address);
    if (error != NULL)
        hf_error_log("VIP %s: %s", vip->order.id, hf_error_text(error));
    unuse_interface(vips, vip->interface);
    free(vip);
}

void vips_open(struct vips *vips, struct vip *vip, int64_t deadline, int64_t now)
{
    struct hf_error *error = gate_open_until(vips->gate, &vip->order.address, deadline);

    if (error != NULL) {
        set_fault(vip, error);
        return;
    }
    vip->until = deadline;
    if (!vip->assigned || vip->fault[0] != '\0')
        assign(vips, vip, now);
}

bool vips_shut(struct vips *vips, struct vip *vip)
{
    struct hf_error *error = gate_shut(vips->gate, &vip->order.address);
    bool in_kernel = gate_mode(vips->gate) == GATE_KERNEL, shut = error == NULL;
    bool gated = vip->interface->attached || vip->interface->found.ifindex == 0;

    if (error != NULL)
        set_fault(vip, error);
    else
        vip->until = 0;

    bool gone = unassign(vips, vip);

    if (in_kernel && shut && gated)
        return true;
    return gone && (vip->order.flags & GUARD_VIP_ASSIGN) != 0;
}

void vips_check(struct vips *vips, int64_t now)
{
    vips->fault[0] = '\0';
    for (struct vip_interface *interface = vips->interfaces; interface != NULL; interface = interface->next)
        check_interface(vips, interface);
    for (struct vip *vip = vips->first; vip != NULL; vip = vip->next) {
        check_entry(vips, vip);
        if (vip->until > now)
            assign(vips, vip, now);
        else if (vip->assigned)
            unassign(vips, vip);
    }
}

void vips_announce(struct vips *vips, struct vip *vip, unsigned times, int64_t now)
{
    for (unsigned i = 0; vip->until > now && i < times; i++)
        set_fault(vip, network_announce(vips->network, &vip->interface->found, &vip->order.address));
}

void vips_announce_due(struct vips *vips, int64_t now)
{
    vips->announce_at = NEVER;
    for (struct vip *vip = vips->first; vip != NULL; vip = vip->next) {
        int64_t at;

        if (!vip->assigned || vip->until <= now || vip->announced >= ANNOUNCE_TIMES)
            continue;
        at = vip->assigned_at + announce_at[vip->announced] * MS;
        if (at <= now) {
            announce(vips, vip);
            if (vip->announced == ANNOUNCE_TIMES)
                continue;
            at = vip->assigned_at + announce_at[vip->announced] * MS;
        }
        if (at < vips->announce_at)
            vips->announce_at = at;
    }
}

void vips_say_stale(const struct vips *vips)
{
    struct gate_address *addresses HF_CLEANUP(hf_freep) = NULL;
    size_t count = gate_list(vips->gate, &addresses);
    char text[46];

    for (size_t i = 0; i < count; i++) {
        if (vips_find_address(vips, &addresses[i]) != NULL)
            continue;
        guard_address_text(&addresses[i], text);
        hf_warn(
            "the gate keeps %s shut, which no order names; `holdfast-guard --clear' (while no guard runs) "
            "opens it",
            text);
    }
}

const char *vip_fault(const struct vip *vip)
{
    return vip->interface->fault[0] != '\0' ? vip->interface->fault : vip->fault;
}

struct guard_vip_state vip_report(const struct vips *vips, const struct vip *vip)
{
    struct guard_vip_state report = {.vip = vip->order, .until = vip->until};

    report.protected = gate_mode(vips->gate) == GATE_KERNEL && vip->interface->attached;
    guard_copy(report.fault, sizeof(report.fault), vip_fault(vip));
    return report;
}

void vips_init(struct vips *vips, struct gate *gate, struct network *network)
{
    *vips = (struct vips){.gate = gate, .network = network, .announce_at = NEVER};
}

void vips_free(struct vips *vips)
{
    while (vips->first != NULL) {
        struct vip *vip = vips->first;

        vips->first = vip->next;
        free(vip);
    }
    while (vips->interfaces != NULL) {
        struct vip_interface *interface = vips->interfaces;

        vips->interfaces = interface->next;
        free(interface);
    }
}
