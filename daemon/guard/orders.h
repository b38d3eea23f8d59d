/* orders.h - what holdfastd and agents ordered, as the guard keeps it for its next life.
 *
 * The file lies under /run, beside the gate's pins in /sys/fs/bpf: both end with the boot.  It is written
 * when an order changes, never when a lease is renewed. */
#ifndef GUARD_ORDERS_H
#define GUARD_ORDERS_H

#include "daemon/guard/protocol.h"

enum { ORDERS_BOOT_BYTES = 16, ORDERS_FILE_MAX = 2 * 1024 * 1024 };

struct orders {
    struct guard_want *wants;
    size_t want_count;
    struct guard_vip *vips;
    size_t vip_count;
    struct guard_router *routers; /* of agents, with how each stands in its flags */
    size_t router_count;
    struct guard_alive alive; /* the last heartbeat; limit_ms 0 for none */
    uint64_t top;             /* the highest token that was ever owned */
};

/* This boot's id, which the kernel says; HF_FAILED if it does not. */
struct hf_error *orders_boot(uint8_t boot[ORDERS_BOOT_BYTES]) HF_MUST_CHECK;

/* Frees what is in it, and leaves it empty. */
void orders_clear(struct orders *orders);
/* Adds a copy. */
void orders_add_want(struct orders *orders, const struct guard_want *want);
void orders_add_vip(struct orders *orders, const struct guard_vip *vip);
void orders_add_router(struct orders *orders, const struct guard_router *router);

/* Appends the file's bytes.  boot: this boot's id; orders of another boot are none. */
void orders_encode(const struct orders *orders, const uint8_t boot[ORDERS_BOOT_BYTES], struct hf_buf *buf);
/* HF_REFUSED, with orders empty, if it is no file of orders; empty and NULL if it is another boot's. */
struct hf_error *orders_decode(const void *bytes, size_t length, const uint8_t boot[ORDERS_BOOT_BYTES],
                               struct orders *orders) HF_MUST_CHECK;

/* Written beside and renamed, so that a reader finds the old file or the new one. */
struct hf_error *orders_save(const char *path, const struct orders *orders,
                             const uint8_t boot[ORDERS_BOOT_BYTES]) HF_MUST_CHECK;
/* No file is no orders. */
struct hf_error *orders_load(const char *path, const uint8_t boot[ORDERS_BOOT_BYTES],
                             struct orders *orders) HF_MUST_CHECK;

#endif
