/* replica.c - see replica.h: events in, updates out; who owes an answer since when. */
#include "daemon/cib/replica.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/cib/replica-private.h"

enum { DEFAULT_ACK_LIMIT = 2000, DEFAULT_SNAPSHOT_AFTER = 4 << 20 };

/* --- updates --- */

void cib_updates_clear(struct cib_updates *updates)
{
    for (size_t i = 0; i < updates->count; i++) {
        hf_buf_free(&updates->list[i].bytes);
        hf_error_free(updates->list[i].error);
        free(updates->list[i].text);
    }
    updates->count = 0;
}

void cib_updates_free(struct cib_updates *updates)
{
    cib_updates_clear(updates);
    free(updates->list);
    *updates = (struct cib_updates){0};
}

struct cib_update *cib_tell(struct cib_replica *replica, enum cib_update_type type)
{
    struct cib_updates *out = replica->out;

    hf_grow(&out->list, &out->capacity, out->count + 1, sizeof(*out->list));
    out->list[out->count] = (struct cib_update){.type = type};
    return &out->list[out->count++];
}

void cib_multicast(struct cib_replica *replica, const struct cib_message *message)
{
    cib_put_message(&cib_tell(replica, CIB_UPDATE_MULTICAST)->bytes, message);
}

void cib_protocol_error(struct cib_replica *replica, cib_member sender, const char *text)
{
    struct cib_update *update = cib_tell(replica, CIB_UPDATE_PROTOCOL);

    update->member = sender;
    update->text = hf_strdup(text);
}

/* --- making --- */

struct cib_replica *cib_replica_new(const struct cib_replica_options *options, struct cib_saved *saved)
{
    struct cib_replica *replica = hf_calloc(1, sizeof(*replica));

    replica->self = options->self;
    replica->node_name = hf_strdup(options->node_name);
    replica->ack_limit = options->ack_limit > 0 ? options->ack_limit : DEFAULT_ACK_LIMIT;
    replica->snapshot_after = options->snapshot_after > 0 ? options->snapshot_after : DEFAULT_SNAPSHOT_AFTER;
    replica->broken = options->broken;
    replica->index = 1; /* so that what is before an entry always has a number */
    replica->document = HF_STEAL(saved->document);
    replica->generation = saved->generation;
    return replica;
}

void cib_replica_free(struct cib_replica *replica)
{
    if (replica == NULL)
        return;
    cib_exchange_free(replica);
    cib_request_free_all(replica);
    cib_document_free(replica->document);
    hf_buf_free(&replica->records);
    free(replica->senders);
    free(replica->unwritten);
    free(replica->node_name);
    free(replica);
}

/* --- messages --- */

static void deliver_fragment(struct cib_replica *replica, struct peer *peer,
                             const struct cib_message *message)
{
    struct part *part = &peer->parts[message->kind];

    if (message->offset == 0) {
        hf_buf_reset(&part->bytes);
        part->sequence = message->sequence;
    }
    if (part->sequence != message->sequence || part->bytes.length != message->offset) {
        cib_protocol_error(replica, peer->member, "a fragment of a request is missing");
        return;
    }
    hf_buf_add(&part->bytes, message->bytes, message->length);
    if (part->bytes.length == message->total) {
        struct cib_request request = {message->sequence, message->kind, part->bytes.data, part->bytes.length};

        cib_apply_request(replica, peer->member, &request);
        hf_buf_free(&part->bytes);
    }
}

/* What only a member that is in sync can handle. */
static void deliver_ordered(struct cib_replica *replica, struct peer *peer, struct cib_message *message)
{
    struct cib_request request;

    if ((message->type == CIB_BATCH || message->type == CIB_FRAGMENT) && peer->member == replica->self &&
        replica->window > 0)
        replica->window--;
    switch (message->type) {
    case CIB_BATCH:
        while (cib_get_request(&message->requests, &request))
            cib_apply_request(replica, peer->member, &request);
        if (message->requests.failed)
            cib_protocol_error(replica, peer->member, "malformed request in a batch");
        return;
    case CIB_FRAGMENT:
        deliver_fragment(replica, peer, message);
        return;
    case CIB_ACK:
        cib_apply_ack(replica, peer->member, message);
        return;
    case CIB_QUORUM:
        cib_apply_quorum(replica, peer->member, message);
        return;
    default:
        return;
    }
}

void cib_deliver(struct cib_replica *replica, cib_member sender, const void *bytes, size_t length)
{
    struct cib_message message;
    struct hf_error *error = cib_get_message(bytes, length, &message);
    struct peer *peer = cib_peer(replica, sender);

    if (error != NULL) {
        cib_protocol_error(replica, sender, hf_error_text(error));
        hf_error_free(error);
        return;
    }
    if (peer == NULL || message.tag != replica->tag || replica->phase == PHASE_NONE)
        return;
    cib_watch_heard(replica, peer);
    switch (message.type) {
    case CIB_HELLO:
        cib_exchange_hello(replica, sender, &message.hello);
        return;
    case CIB_EXPEL:
        cib_exchange_expel(replica, sender, message.member);
        return;
    case CIB_RESYNC:
        cib_exchange_resync(replica, sender, message.member);
        return;
    case CIB_STATE:
        cib_exchange_state(replica, sender, &message);
        return;
    default:
        break;
    }
    if (replica->phase != PHASE_ACTIVE)
        return;
    if (replica->synced)
        deliver_ordered(replica, peer, &message);
    else
        cib_exchange_delay(replica, sender, bytes, length);
}

/* --- time --- */

static void tick(struct cib_replica *replica)
{
    struct cib_message resync = {.type = CIB_RESYNC, .tag = replica->tag, .member = replica->self};

    cib_watch_tick(replica);
    cib_request_tick(replica);
    cib_disk_tick(replica);
    if (replica->resync_at != 0 && replica->now >= replica->resync_at) {
        replica->resync_at = replica->now + PROBE_INTERVAL;
        cib_multicast(replica, &resync);
    }
}

int64_t cib_replica_deadline(const struct cib_replica *replica)
{
    int64_t deadline = cib_request_deadline(replica), disk = cib_disk_deadline(replica),
            watch = cib_watch_deadline(replica);

    if (disk < deadline)
        deadline = disk;
    if (watch < deadline)
        deadline = watch;
    if (replica->resync_at != 0 && replica->resync_at < deadline)
        deadline = replica->resync_at;
    return deadline;
}

/* --- step --- */

static void set_quorum(struct cib_replica *replica, const struct cib_event *event)
{
    replica->local_quorum = event->quorum;
    replica->local_term = event->term;
    replica->local_spare = event->spare;
}

static void expel(struct cib_replica *replica, cib_member member)
{
    struct cib_message message = {.type = CIB_EXPEL, .tag = replica->tag, .member = member};

    if (replica->phase != PHASE_NONE && cib_peer(replica, member) != NULL)
        cib_multicast(replica, &message);
}

static void handle(struct cib_replica *replica, const struct cib_event *event)
{
    switch (event->type) {
    case CIB_EVENT_VIEW:
        cib_exchange_view(replica, event);
        return;
    case CIB_EVENT_QUORUM:
        set_quorum(replica, event);
        return;
    case CIB_EVENT_MESSAGE:
        cib_deliver(replica, event->sender, event->bytes, event->length);
        return;
    case CIB_EVENT_CHANGE:
    case CIB_EVENT_STATUS:
        cib_request_submit(replica, event);
        return;
    case CIB_EVENT_PERSISTED:
        cib_disk_done(replica, event->ticket, event->low);
        return;
    case CIB_EVENT_PERSIST_FAILED:
        cib_disk_failed(replica, event->ticket);
        return;
    case CIB_EVENT_EXPEL:
        expel(replica, event->member);
        return;
    case CIB_EVENT_TICK:
        return;
    }
}

void cib_replica_step(struct cib_replica *replica, const struct cib_event *event, struct cib_updates *updates)
{
    replica->now = event->now;
    replica->out = updates;
    cib_watch_stalled(replica, cib_replica_deadline(replica));
    handle(replica, event);
    if (event->now >= cib_replica_deadline(replica))
        tick(replica);
    cib_say_quorum(replica);
    cib_request_settle(replica);
    cib_request_send(replica);
    cib_disk_flush(replica);
    cib_say_ack(replica);
    cib_watch_update(replica);
    replica->out = NULL;
}

/* --- reading --- */

void cib_replica_set_root(struct cib_replica *replica, const char *name, const char *value)
{
    cib_document_set_root(replica->document, name, value);
}

const struct cib_document *cib_replica_document(const struct cib_replica *replica)
{
    return replica->document;
}

uint64_t cib_replica_generation(const struct cib_replica *replica)
{
    return replica->generation;
}

bool cib_replica_in_sync(const struct cib_replica *replica)
{
    return replica->phase == PHASE_ACTIVE && replica->synced;
}

bool cib_replica_agreed(const struct cib_replica *replica)
{
    return replica->agreed;
}

bool cib_replica_quorate(const struct cib_replica *replica)
{
    return replica->quorate;
}

bool cib_replica_open(const struct cib_replica *replica)
{
    return replica->open;
}

cib_member cib_replica_dc(const struct cib_replica *replica)
{
    return cib_dc(replica);
}

const cib_member *cib_replica_members(const struct cib_replica *replica, size_t *count)
{
    *count = replica->phase == PHASE_ACTIVE ? replica->seniority.count : 0;
    return replica->seniority.list;
}

bool cib_replica_member_in_sync(const struct cib_replica *replica, cib_member member)
{
    for (size_t i = 0; i < replica->n_peers; i++)
        if (replica->peers[i].member == member)
            return replica->phase == PHASE_ACTIVE && replica->peers[i].in_sync;
    return false;
}

bool cib_replica_idle(const struct cib_replica *replica)
{
    if (replica->phase != PHASE_ACTIVE || !replica->synced || !cib_request_idle(replica) ||
        (replica->first_unwritten != replica->n_unwritten && !replica->disk_failed))
        return false;
    for (size_t i = 0; i < replica->n_peers; i++)
        if (!replica->peers[i].in_sync)
            return false;
    return cib_apply_everywhere(replica) >= replica->index;
}
