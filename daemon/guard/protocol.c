/* protocol.c - frames of the guard's socket; see protocol.h. */
#include "daemon/guard/protocol.h"

#include <assert.h>
#include <net/if.h>
#include <string.h>

#include "lib/wire.h"

static_assert(GUARD_INTERFACE_MAX == IF_NAMESIZE - 1, "an interface's name has its size from the kernel");
static_assert((int)ROUTER_INTERFACE_MAX == (int)GUARD_INTERFACE_MAX &&
                  (int)ROUTER_NAME_MAX == (int)GUARD_NAME_MAX &&
                  (int)ROUTER_SENTENCE_MAX == (int)GUARD_TEXT_MAX,
              "names and sentences are the same everywhere");

void guard_copy(char *to, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (length >= size) {
        length = size - 1;
        /* Not in the middle of a character. */
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(to, text, length);
    to[length] = '\0';
}

/* --- what is acceptable --- */

static const char *want_fault(const struct guard_want *want)
{
    return guard_name_ok(want->lock) ? NULL : "a lock's name has to be " GUARD_NAME_RULE;
}

static const char *vip_fault(const struct guard_vip *vip)
{
    if (!guard_name_ok(vip->id))
        return "a VIP's id has to be " GUARD_NAME_RULE;
    if (!guard_name_ok(vip->lock))
        return "a VIP needs the name of a lock, " GUARD_NAME_RULE;
    if (!guard_interface_ok(vip->interface))
        return "a VIP needs the name of a network interface, 1 to 15 printable characters without / and :";
    if (vip->prefix > (guard_address_is_ipv4(&vip->address) ? 32 : 128))
        return "a VIP's prefix is 0 to 32 bits for IPv4, 0 to 128 for IPv6";
    if ((vip->flags & ~GUARD_VIP_FLAGS) != 0)
        return "a VIP has an unknown flag";
    return NULL;
}

static const char *state_fault(const struct guard_frame *frame)
{
    switch (frame->type) {
    case GUARD_ROUTER:
        return guard_router_state_fault(&frame->router_state);
    case GUARD_LOCK:
        if ((unsigned)frame->lock.state > GUARD_CLOSING)
            return "a lock's state is none of 0 to 4";
        if (frame->lock.holder[0] != '\0' && !guard_name_ok(frame->lock.holder))
            return "a lock's holder has to be " GUARD_NAME_RULE;
        return want_fault(&frame->lock.want);
    case GUARD_TIMES:
        for (unsigned i = 0; i < frame->times.count; i++)
            if (!guard_name_ok(frame->times.items[i].lock))
                return "a lock's name has to be " GUARD_NAME_RULE;
        return NULL;
    case GUARD_VIP:
        return vip_fault(&frame->vip_state.vip);
    case GUARD_SERVER:
        return frame->server.index < GUARD_SERVERS_MAX ? NULL : "a server's number is 0 to 8";
    case GUARD_WATCHDOG:
        return (unsigned)frame->watchdog.mode <= GUARD_WATCHDOG_STARVED
                   ? NULL
                   : "a watchdog's mode is none of 0 to 4";
    default:
        return NULL;
    }
}

/* Frames about routers, then news. */
static const char *router_frame_fault(const struct guard_frame *frame)
{
    switch (frame->type) {
    case GUARD_ROUTER_ADD:
        return guard_router_fault(&frame->router);
    case GUARD_ROUTER_PRIORITY:
        if (!guard_name_ok(frame->router_priority.id))
            return "a router's id has to be " GUARD_NAME_RULE;
        if (frame->router_priority.priority > 254 || frame->router_priority.rank > 31)
            return "a router's priority is 0 to 254, its rank 0 to 31";
        return NULL;
    case GUARD_HINT:
        return guard_name_ok(frame->hint.node) ? NULL : "a node's name has to be " GUARD_NAME_RULE;
    case GUARD_ROUTER_REMOVE:
    case GUARD_ROUTER_PROMOTE:
    case GUARD_ROUTER_DEMOTE:
    case GUARD_ROUTER_TRACK:
        return guard_router_order_fault(&frame->router_order);
    default:
        return state_fault(frame);
    }
}

/* What is wrong with a frame, or NULL: the same rules for what is sent and what is received. */
static const char *frame_fault(const struct guard_frame *frame)
{
    switch (frame->type) {
    case GUARD_HELLO:
        return (unsigned)frame->kind <= GUARD_AGENT ? NULL : "a client is none of 0 to 2";
    case GUARD_WANT:
        return want_fault(&frame->want);
    case GUARD_RELEASE:
        if (frame->release.node[0] != '\0' && !guard_name_ok(frame->release.node))
            return "a node's name has to be " GUARD_NAME_RULE;
        /* fall through */
    case GUARD_UNWANT:
        return guard_name_ok(frame->release.lock) ? NULL : "a lock's name has to be " GUARD_NAME_RULE;
    case GUARD_VIP_ADD:
        if (frame->vip.flags & GUARD_VIP_ROUTED)
            return "a VIP of a router is ordered with the router";
        return vip_fault(&frame->vip);
    case GUARD_VIP_REMOVE:
        return guard_name_ok(frame->vip.id) ? NULL : "a VIP's id has to be " GUARD_NAME_RULE;
    case GUARD_ALIVE:
        return frame->alive.limit_ms > 0 ? NULL : "a heartbeat's limit is more than 0 ms";
    default:
        return router_frame_fault(frame);
    }
}

/* --- encoding --- */

static void put_want(struct hf_buf *buf, const struct guard_want *want)
{
    hf_put_string(buf, want->lock);
    hf_put_u32(buf, want->rank);
    hf_put_u32(buf, want->drain_ms);
    hf_put_u32(buf, want->serial);
}

static void put_address(struct hf_buf *buf, const struct gate_address *address)
{
    hf_buf_add(buf, address->bytes, sizeof(address->bytes));
}

static void put_vip(struct hf_buf *buf, const struct guard_vip *vip)
{
    hf_put_string(buf, vip->id);
    hf_put_string(buf, vip->lock);
    hf_put_string(buf, vip->interface);
    put_address(buf, &vip->address);
    hf_put_u8(buf, vip->prefix);
    hf_put_u8(buf, vip->flags);
}

static void put_lock(struct hf_buf *buf, const struct guard_lock *lock)
{
    put_want(buf, &lock->want);
    hf_put_u8(buf, lock->wanted);
    hf_put_u8(buf, (uint8_t)lock->state);
    hf_put_u64(buf, lock->token);
    hf_put_u64(buf, (uint64_t)lock->until);
    hf_put_u64(buf, (uint64_t)lock->not_before);
    hf_put_u64(buf, lock->losses);
    hf_put_string(buf, lock->holder);
}

static void put_server(struct hf_buf *buf, const struct guard_server *server)
{
    hf_put_u8(buf, server->index);
    hf_put_u8(buf, server->up);
    hf_put_u8(buf, server->known);
    hf_put_u64(buf, (uint64_t)server->last_heard);
    hf_put_u64(buf, (uint64_t)server->ready_at);
    hf_put_string(buf, server->name);
    hf_put_string(buf, server->reason);
}

static void put_state(struct hf_buf *buf, const struct guard_frame *frame)
{
    switch (frame->type) {
    case GUARD_ROUTER:
        guard_put_router_state(buf, &frame->router_state);
        break;
    case GUARD_ANSWER:
        hf_put_u32(buf, frame->answer.serial);
        hf_put_u8(buf, frame->answer.done);
        hf_put_string(buf, frame->answer.text);
        break;
    case GUARD_LOCK:
        put_lock(buf, &frame->lock);
        break;
    case GUARD_TIMES:
        hf_put_u8(buf, frame->times.count);
        for (unsigned i = 0; i < frame->times.count; i++) {
            hf_put_string(buf, frame->times.items[i].lock);
            hf_put_u64(buf, (uint64_t)frame->times.items[i].until);
        }
        break;
    case GUARD_VIP:
        put_vip(buf, &frame->vip_state.vip);
        hf_put_u8(buf, frame->vip_state.gone);
        hf_put_u8(buf, frame->vip_state.protected);
        hf_put_u64(buf, (uint64_t)frame->vip_state.until);
        hf_put_string(buf, frame->vip_state.fault);
        break;
    case GUARD_SERVER:
        put_server(buf, &frame->server);
        break;
    case GUARD_GATE:
        hf_put_u8(buf, frame->gate.kernel);
        hf_put_string(buf, frame->gate.reason);
        break;
    case GUARD_WATCHDOG:
        hf_put_u8(buf, (uint8_t)frame->watchdog.mode);
        hf_put_u32(buf, frame->watchdog.timeout_ms);
        hf_put_string(buf, frame->watchdog.reason);
        break;
    case GUARD_CLOCK:
        hf_put_u64(buf, (uint64_t)frame->clock.at);
        hf_put_u64(buf, (uint64_t)frame->clock.step);
        break;
    case GUARD_REFUSED:
        hf_put_string(buf, frame->text);
        break;
    default:
        break;
    }
}

/* Frames about routers, then news. */
static void put_router_frame(struct hf_buf *buf, const struct guard_frame *frame)
{
    switch (frame->type) {
    case GUARD_ROUTER_ADD:
        hf_put_u32(buf, frame->serial);
        guard_put_router(buf, &frame->router);
        break;
    case GUARD_ROUTER_PRIORITY:
        hf_put_string(buf, frame->router_priority.id);
        hf_put_u8(buf, frame->router_priority.priority);
        hf_put_u8(buf, frame->router_priority.rank);
        break;
    case GUARD_QUORUM:
        hf_put_u8(buf, frame->quorum.quorate);
        hf_put_u32(buf, frame->quorum.notice_ms);
        break;
    case GUARD_HINT:
        hf_put_string(buf, frame->hint.node);
        hf_put_u8(buf, frame->hint.fenced);
        break;
    case GUARD_ROUTER_REMOVE:
    case GUARD_ROUTER_PROMOTE:
    case GUARD_ROUTER_DEMOTE:
    case GUARD_ROUTER_TRACK:
        hf_put_u32(buf, frame->serial);
        guard_put_router_order(buf, &frame->router_order);
        break;
    default:
        put_state(buf, frame);
        break;
    }
}

static void put_body(struct hf_buf *buf, const struct guard_frame *frame)
{
    switch (frame->type) {
    case GUARD_HELLO:
        hf_put_u64(buf, frame->instance);
        hf_put_u8(buf, (uint8_t)frame->kind);
        hf_put_u32(buf, frame->pid);
        break;
    case GUARD_WANT:
        put_want(buf, &frame->want);
        break;
    case GUARD_RELEASE:
        hf_put_string(buf, frame->release.node);
        /* fall through */
    case GUARD_UNWANT:
        hf_put_string(buf, frame->release.lock);
        break;
    case GUARD_VIP_ADD:
        put_vip(buf, &frame->vip);
        break;
    case GUARD_VIP_REMOVE:
        hf_put_string(buf, frame->vip.id);
        break;
    case GUARD_ALIVE:
        hf_put_u8(buf, frame->alive.needed);
        hf_put_u32(buf, frame->alive.limit_ms);
        hf_put_u8(buf, frame->alive.late);
        hf_put_u64(buf, frame->alive.obeyed);
        break;
    default:
        put_router_frame(buf, frame);
        break;
    }
}

struct hf_error *guard_encode(const struct guard_frame *frame, struct hf_buf *buf)
{
    const char *fault = frame_fault(frame);

    if (fault != NULL)
        return hf_error_new(HF_REFUSED, "not said to the guard: %s", fault);
    hf_put_u8(buf, GUARD_PROTOCOL_VERSION);
    hf_put_u8(buf, (uint8_t)frame->type);
    put_body(buf, frame);
    return NULL;
}

/* --- decoding --- */

static void get_want(struct hf_reader *reader, struct guard_want *want)
{
    guard_get_text(reader, want->lock, sizeof(want->lock));
    want->rank = hf_get_u32(reader);
    want->drain_ms = hf_get_u32(reader);
    want->serial = hf_get_u32(reader);
}

static void get_vip(struct hf_reader *reader, struct guard_vip *vip)
{
    guard_get_text(reader, vip->id, sizeof(vip->id));
    guard_get_text(reader, vip->lock, sizeof(vip->lock));
    guard_get_text(reader, vip->interface, sizeof(vip->interface));
    for (size_t i = 0; i < sizeof(vip->address.bytes); i++)
        vip->address.bytes[i] = hf_get_u8(reader);
    vip->prefix = hf_get_u8(reader);
    vip->flags = hf_get_u8(reader);
}

static void get_lock(struct hf_reader *reader, struct guard_lock *lock)
{
    get_want(reader, &lock->want);
    lock->wanted = guard_get_bool(reader);
    lock->state = (enum guard_lock_state)hf_get_u8(reader);
    lock->token = hf_get_u64(reader);
    lock->until = (int64_t)hf_get_u64(reader);
    lock->not_before = (int64_t)hf_get_u64(reader);
    lock->losses = hf_get_u64(reader);
    guard_get_text(reader, lock->holder, sizeof(lock->holder));
}

static void get_server(struct hf_reader *reader, struct guard_server *server)
{
    server->index = hf_get_u8(reader);
    server->up = guard_get_bool(reader);
    server->known = guard_get_bool(reader);
    server->last_heard = (int64_t)hf_get_u64(reader);
    server->ready_at = (int64_t)hf_get_u64(reader);
    guard_get_text(reader, server->name, sizeof(server->name));
    guard_get_text(reader, server->reason, sizeof(server->reason));
}

static void get_times(struct hf_reader *reader, struct guard_frame *frame)
{
    frame->times.count = hf_get_u8(reader);
    if (frame->times.count > GUARD_TIMES_MAX)
        reader->failed = true;
    for (unsigned i = 0; i < frame->times.count && !reader->failed; i++) {
        guard_get_text(reader, frame->times.items[i].lock, sizeof(frame->times.items[i].lock));
        frame->times.items[i].until = (int64_t)hf_get_u64(reader);
    }
}

/* False if the type is unknown. */
static bool get_state(struct hf_reader *reader, struct guard_frame *frame)
{
    switch (frame->type) {
    case GUARD_ROUTER:
        guard_get_router_state(reader, &frame->router_state);
        return true;
    case GUARD_ANSWER:
        frame->answer.serial = hf_get_u32(reader);
        frame->answer.done = guard_get_bool(reader);
        guard_get_text(reader, frame->answer.text, sizeof(frame->answer.text));
        return true;
    case GUARD_LOCK:
        get_lock(reader, &frame->lock);
        return true;
    case GUARD_TIMES:
        get_times(reader, frame);
        return true;
    case GUARD_VIP:
        get_vip(reader, &frame->vip_state.vip);
        frame->vip_state.gone = guard_get_bool(reader);
        frame->vip_state.protected = guard_get_bool(reader);
        frame->vip_state.until = (int64_t)hf_get_u64(reader);
        guard_get_text(reader, frame->vip_state.fault, sizeof(frame->vip_state.fault));
        return true;
    case GUARD_SERVER:
        get_server(reader, &frame->server);
        return true;
    case GUARD_GATE:
        frame->gate.kernel = guard_get_bool(reader);
        guard_get_text(reader, frame->gate.reason, sizeof(frame->gate.reason));
        return true;
    case GUARD_WATCHDOG:
        frame->watchdog.mode = (enum guard_watchdog_mode)hf_get_u8(reader);
        frame->watchdog.timeout_ms = hf_get_u32(reader);
        guard_get_text(reader, frame->watchdog.reason, sizeof(frame->watchdog.reason));
        return true;
    case GUARD_CLOCK:
        frame->clock.at = (int64_t)hf_get_u64(reader);
        frame->clock.step = (int64_t)hf_get_u64(reader);
        return true;
    case GUARD_REFUSED:
        guard_get_text(reader, frame->text, sizeof(frame->text));
        return true;
    case GUARD_SYNCED:
        return true;
    default:
        return false;
    }
}

/* Frames about routers, then news. */
static bool get_router_frame(struct hf_reader *reader, struct guard_frame *frame)
{
    switch (frame->type) {
    case GUARD_ROUTER_ADD:
        frame->serial = hf_get_u32(reader);
        guard_get_router(reader, &frame->router);
        return true;
    case GUARD_ROUTER_PRIORITY:
        guard_get_text(reader, frame->router_priority.id, sizeof(frame->router_priority.id));
        frame->router_priority.priority = hf_get_u8(reader);
        frame->router_priority.rank = hf_get_u8(reader);
        return true;
    case GUARD_QUORUM:
        frame->quorum.quorate = guard_get_bool(reader);
        frame->quorum.notice_ms = hf_get_u32(reader);
        return true;
    case GUARD_HINT:
        guard_get_text(reader, frame->hint.node, sizeof(frame->hint.node));
        frame->hint.fenced = guard_get_bool(reader);
        return true;
    case GUARD_ROUTER_REMOVE:
    case GUARD_ROUTER_PROMOTE:
    case GUARD_ROUTER_DEMOTE:
    case GUARD_ROUTER_TRACK:
        frame->serial = hf_get_u32(reader);
        guard_get_router_order(reader, &frame->router_order);
        return true;
    default:
        return get_state(reader, frame);
    }
}

static bool get_body(struct hf_reader *reader, struct guard_frame *frame)
{
    switch (frame->type) {
    case GUARD_HELLO:
        frame->instance = hf_get_u64(reader);
        frame->kind = (enum guard_client_kind)hf_get_u8(reader);
        frame->pid = hf_get_u32(reader);
        return true;
    case GUARD_WANT:
        get_want(reader, &frame->want);
        return true;
    case GUARD_RELEASE:
        guard_get_text(reader, frame->release.node, sizeof(frame->release.node));
        /* fall through */
    case GUARD_UNWANT:
        guard_get_text(reader, frame->release.lock, sizeof(frame->release.lock));
        return true;
    case GUARD_VIP_ADD:
        get_vip(reader, &frame->vip);
        return true;
    case GUARD_VIP_REMOVE:
        guard_get_text(reader, frame->vip.id, sizeof(frame->vip.id));
        return true;
    case GUARD_ALIVE:
        frame->alive.needed = guard_get_bool(reader);
        frame->alive.limit_ms = hf_get_u32(reader);
        frame->alive.late = guard_get_bool(reader);
        frame->alive.obeyed = hf_get_u64(reader);
        return true;
    default:
        return get_router_frame(reader, frame);
    }
}

struct hf_error *guard_decode(const void *bytes, size_t length, struct guard_frame *frame)
{
    struct hf_reader reader = hf_reader(bytes, length);

    memset(frame, 0, sizeof(*frame));
    if (length > GUARD_FRAME_MAX)
        return hf_error_new(HF_REFUSED, "guard frame of %zu bytes, the limit is %d", length, GUARD_FRAME_MAX);

    unsigned version = hf_get_u8(&reader);

    if (reader.failed || version != GUARD_PROTOCOL_VERSION)
        return hf_error_new(HF_REFUSED, "guard frame of protocol version %u, expected %d", version,
                            GUARD_PROTOCOL_VERSION);
    frame->type = (enum guard_frame_type)hf_get_u8(&reader);
    if (!get_body(&reader, frame))
        return hf_error_new(HF_REFUSED, "guard frame of unknown type %u", (unsigned)frame->type);
    if (!hf_reader_done(&reader))
        return hf_error_new(HF_REFUSED, "guard frame of type %u is not made as it should be (%zu bytes)",
                            (unsigned)frame->type, length);

    const char *fault = frame_fault(frame);

    return fault == NULL ? NULL : hf_error_new(HF_REFUSED, "guard frame refused: %s", fault);
}

/* --- words --- */

const char *guard_lock_state_name(enum guard_lock_state state)
{
    static const char *const names[] = {"idle", "waiting", "bidding", "owning", "closing"};

    return (unsigned)state < HF_ARRAY_LENGTH(names) ? names[state] : "unknown";
}

const char *guard_watchdog_mode_name(enum guard_watchdog_mode mode)
{
    switch (mode) {
#define GUARD_WATCHDOG_NAME(name, word)                                                                      \
    case name:                                                                                               \
        return word;
        GUARD_WATCHDOG_STATES(GUARD_WATCHDOG_NAME)
#undef GUARD_WATCHDOG_NAME
    }
    return "unknown";
}
