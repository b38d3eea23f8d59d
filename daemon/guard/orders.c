/* orders.c - see orders.h.  The file: a magic number, the boot id, the highest token, and the orders as the
 * frames of protocol.h in which they came. */
#include "daemon/guard/orders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/wire.h"

static const uint32_t magic = 0x48464731; /* HFG1 */

/* "01234567-89ab-..." to 16 bytes. */
struct hf_error *orders_boot(uint8_t boot[ORDERS_BOOT_BYTES])
{
    static const char path[] = "/proc/sys/kernel/random/boot_id";
    char text[64] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC), digits = 0;
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    if (fd >= 0)
        close(fd);
    memset(boot, 0, ORDERS_BOOT_BYTES);
    for (ssize_t i = 0; i < length && digits < 2 * ORDERS_BOOT_BYTES; i++) {
        static const char hex[] = "0123456789abcdef";
        const char *at = text[i] == '\0' ? NULL : strchr(hex, text[i]);

        if (at == NULL)
            continue;
        boot[digits / 2] = (uint8_t)(boot[digits / 2] << 4 | (at - hex));
        digits++;
    }
    return digits == 2 * ORDERS_BOOT_BYTES
               ? NULL
               : hf_error_new(HF_FAILED, "cannot read this boot's id from %s", path);
}

void orders_clear(struct orders *orders)
{
    free(orders->wants);
    free(orders->vips);
    free(orders->routers);
    *orders = (struct orders){0};
}

void orders_add_want(struct orders *orders, const struct guard_want *want)
{
    orders->wants = hf_realloc(orders->wants, orders->want_count + 1, sizeof(*want));
    orders->wants[orders->want_count++] = *want;
}

void orders_add_vip(struct orders *orders, const struct guard_vip *vip)
{
    orders->vips = hf_realloc(orders->vips, orders->vip_count + 1, sizeof(*vip));
    orders->vips[orders->vip_count++] = *vip;
}

void orders_add_router(struct orders *orders, const struct guard_router *router)
{
    orders->routers = hf_realloc(orders->routers, orders->router_count + 1, sizeof(*router));
    orders->routers[orders->router_count++] = *router;
}

static void put_frame(struct hf_buf *buf, const struct guard_frame *frame)
{
    struct hf_buf bytes HF_CLEANUP(hf_buf_free) = {0};
    struct hf_error *error = guard_encode(frame, &bytes);

    if (error != NULL)
        abort(); /* it was accepted by guard_decode() */
    hf_put_bytes(buf, bytes.data, bytes.length);
}

void orders_encode(const struct orders *orders, const uint8_t boot[ORDERS_BOOT_BYTES], struct hf_buf *buf)
{
    hf_put_u32(buf, magic);
    hf_buf_add(buf, boot, ORDERS_BOOT_BYTES);
    hf_put_u64(buf, orders->top);
    for (size_t i = 0; i < orders->want_count; i++)
        put_frame(buf, &(struct guard_frame){.type = GUARD_WANT, .want = orders->wants[i]});
    for (size_t i = 0; i < orders->vip_count; i++)
        put_frame(buf, &(struct guard_frame){.type = GUARD_VIP_ADD, .vip = orders->vips[i]});
    for (size_t i = 0; i < orders->router_count; i++)
        put_frame(buf, &(struct guard_frame){.type = GUARD_ROUTER_ADD, .router = orders->routers[i]});
    if (orders->alive.limit_ms > 0)
        put_frame(buf, &(struct guard_frame){.type = GUARD_ALIVE, .alive = orders->alive});
}

static struct hf_error *take_order(struct orders *orders, const struct guard_frame *frame)
{
    switch (frame->type) {
    case GUARD_WANT:
        orders_add_want(orders, &frame->want);
        return NULL;
    case GUARD_VIP_ADD:
        orders_add_vip(orders, &frame->vip);
        return NULL;
    case GUARD_ROUTER_ADD:
        orders_add_router(orders, &frame->router);
        return NULL;
    case GUARD_ALIVE:
        orders->alive = frame->alive;
        return NULL;
    default:
        return hf_error_new(HF_REFUSED, "a frame of type %u is no order", (unsigned)frame->type);
    }
}

static struct hf_error *decode(const void *bytes, size_t length, const uint8_t boot[ORDERS_BOOT_BYTES],
                               struct orders *orders)
{
    struct hf_reader reader = hf_reader(bytes, length);
    uint8_t of_boot[ORDERS_BOOT_BYTES];
    struct hf_error *error = NULL;

    if (hf_get_u32(&reader) != magic)
        return hf_error_new(HF_REFUSED, "this is no file of the guard's orders, or one of another version");
    for (int i = 0; i < ORDERS_BOOT_BYTES; i++)
        of_boot[i] = hf_get_u8(&reader);
    if (!reader.failed && memcmp(of_boot, boot, ORDERS_BOOT_BYTES) != 0)
        return NULL;
    orders->top = hf_get_u64(&reader);
    while (error == NULL && !reader.failed && reader.left > 0) {
        struct guard_frame frame;
        size_t size;
        const void *part = hf_get_bytes(&reader, &size);

        if (reader.failed)
            break;
        error = guard_decode(part, size, &frame);
        if (error == NULL)
            error = take_order(orders, &frame);
    }
    if (error == NULL && !hf_reader_done(&reader))
        error = hf_error_new(HF_REFUSED, "the file of the guard's orders is cut short");
    return error;
}

struct hf_error *orders_decode(const void *bytes, size_t length, const uint8_t boot[ORDERS_BOOT_BYTES],
                               struct orders *orders)
{
    *orders = (struct orders){0};

    struct hf_error *error = decode(bytes, length, boot, orders);

    if (error != NULL)
        orders_clear(orders);
    return error;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

struct hf_error *orders_save(const char *path, const struct orders *orders,
                             const uint8_t boot[ORDERS_BOOT_BYTES])
{
    struct hf_buf bytes HF_CLEANUP(hf_buf_free) = {0};
    char *beside HF_CLEANUP(hf_freep) = hf_asprintf("%s.new", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return hf_error_errno(errno, "cannot write the guard's orders to %s", beside);
    orders_encode(orders, boot, &bytes);

    bool written = write_all(fd, bytes.data, bytes.length);
    int number = errno;

    close(fd);
    if (written && rename(beside, path) == 0)
        return NULL;
    number = written ? errno : number;
    unlink(beside);
    return hf_error_errno(number, "cannot write the guard's orders to %s", path);
}

struct hf_error *orders_load(const char *path, const uint8_t boot[ORDERS_BOOT_BYTES], struct orders *orders)
{
    struct hf_buf bytes HF_CLEANUP(hf_buf_free) = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char part[4096];
    ssize_t length = 0;

    *orders = (struct orders){0};
    if (fd < 0 && errno == ENOENT)
        return NULL;
    if (fd < 0)
        return hf_error_errno(errno, "cannot read the guard's orders from %s", path);
    while (bytes.length <= ORDERS_FILE_MAX && (length = read(fd, part, sizeof(part))) > 0)
        hf_buf_add(&bytes, part, (size_t)length);

    int number = errno;

    close(fd);
    if (length < 0)
        return hf_error_errno(number, "cannot read the guard's orders from %s", path);
    return hf_error_wrap(orders_decode(bytes.data, bytes.length, boot, orders), "%s", path);
}
