/* apply.c - what is delivered in agreed order, and the disk.  See replica.h and doc/cib.md.
 *
 * Everything that decides here (quorate, open, a full disk somewhere, duplicates) came by message in agreed
 * order, so that every member decides the same. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cib/replica-private.h"
#include "lib/xml.h"

struct cib_digest cib_apply_digest(const struct cib_document *document)
{
    struct cib_version version = cib_document_version(document);
    struct cib_digest numbers = cib_digest_pair((struct cib_digest){version.admin_epoch, version.epoch},
                                                (struct cib_digest){version.num_updates, 0});

    return cib_digest_pair(
        cib_digest_pair(cib_document_configuration_digest(document), cib_document_status_digest(document)),
        numbers);
}

struct sender *cib_apply_sender(struct cib_replica *replica, cib_member member)
{
    struct sender *sender;

    for (size_t i = 0; i < replica->n_senders; i++)
        if (replica->senders[i].member == member)
            return &replica->senders[i];
    if (replica->n_senders == SENDER_LIMIT) {
        replica->n_senders--;
        memmove(replica->senders, replica->senders + 1, replica->n_senders * sizeof(*sender));
    }
    hf_grow(&replica->senders, &replica->c_senders, replica->n_senders + 1, sizeof(*sender));
    sender = &replica->senders[replica->n_senders++];
    *sender = (struct sender){.member = member};
    return sender;
}

static unsigned count_full(const struct cib_replica *replica)
{
    unsigned count = 0;

    for (size_t i = 0; i < replica->n_peers; i++)
        count += replica->peers[i].full;
    return count;
}

const struct peer *cib_apply_blocked(const struct cib_replica *replica)
{
    if (count_full(replica) <= replica->spare)
        return NULL;
    for (size_t i = 0; i < replica->n_peers; i++)
        if (replica->peers[i].full)
            return &replica->peers[i];
    return NULL;
}

/* The disks that are full need not have it, as long as the others are a quorum by themselves. */
uint64_t cib_apply_everywhere(const struct cib_replica *replica)
{
    bool without_full = count_full(replica) <= replica->spare;
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i < replica->n_peers; i++) {
        const struct peer *peer = &replica->peers[i];

        if (peer->acked < least && !(peer->full && without_full))
            least = peer->acked;
    }
    return least;
}

/* --- entries --- */

static void push_unwritten(struct cib_replica *replica)
{
    if (replica->first_unwritten == replica->n_unwritten)
        replica->first_unwritten = replica->n_unwritten = 0;
    hf_grow(&replica->unwritten, &replica->c_unwritten, replica->n_unwritten + 1,
            sizeof(*replica->unwritten));
    replica->unwritten[replica->n_unwritten++] = (struct unwritten){.index = replica->index};
}

void cib_apply_entry(struct cib_replica *replica, bool written)
{
    replica->index++;
    replica->digests[replica->index % DIGEST_WINDOW] = cib_apply_digest(replica->document);
    if (replica->index - replica->digests_from >= DIGEST_WINDOW)
        replica->digests_from = replica->index - DIGEST_WINDOW + 1;
    if (written)
        push_unwritten(replica);
}

static void put_record(struct cib_replica *replica, enum cib_record_type type,
                       const struct cib_request_change *change)
{
    struct cib_record record = {
        .type = type,
        .lineage = {replica->generation, cib_document_version(replica->document)},
        .digest = cib_document_configuration_digest(replica->document),
    };

    record.lineage.version.num_updates = 0;
    if (change != NULL) {
        record.time = change->time;
        record.origin = change->origin;
        record.user = change->user;
        record.change = change->text;
        record.length = change->length;
    }
    cib_log_put_record(&replica->records, &record);
}

/* A fault for the simulation: something slips into this member's document. */
static void spoil(struct cib_replica *replica)
{
    static const char text[] = "<change><create into='tags'><tag id='spoilt'/></create></change>";
    struct cib_version version = cib_document_version(replica->document);
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *xml = NULL;

    if (++replica->applied_changes % 50 != 0)
        return;
    hf_error_free(hf_xml_parse(text, strlen(text), "fault", &xml));
    hf_error_free(cib_document_replay(replica->document, xmlDocGetRootElement(xml)));
    cib_document_set_version(replica->document, version);
}

static struct hf_error *apply_change(struct cib_replica *replica, const struct cib_request *request)
{
    struct cib_request_change change;
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *xml = NULL;
    struct cib_update *update;
    struct hf_error *error;

    if (!cib_get_change(request->body, request->length, &change))
        return hf_error_new(HF_USAGE, "malformed request");
    error = hf_xml_parse(change.text, change.length, "request", &xml);
    if (error == NULL)
        error = cib_document_change(replica->document, xmlDocGetRootElement(xml));
    if (error == NULL) {
        cib_document_set_origin(replica->document, change.time, change.origin, change.user);
        put_record(replica, CIB_RECORD_CHANGE, &change);
        if ((replica->broken & CIB_BROKEN_APPLY) != 0)
            spoil(replica);
        cib_apply_entry(replica, true);
        update = cib_tell(replica, CIB_UPDATE_APPLIED);
        update->configuration = true;
        hf_buf_add(&update->bytes, change.text, change.length);
    }
    cib_request_change_free(&change);
    return error;
}

static struct hf_error *apply_status(struct cib_replica *replica, const struct cib_request *request)
{
    struct hf_error *error = cib_document_status_update(replica->document, request->body, request->length);
    struct cib_update *update;

    if (error != NULL)
        return error;
    cib_apply_entry(replica, false);
    update = cib_tell(replica, CIB_UPDATE_APPLIED);
    update->status = true;
    hf_buf_add(&update->bytes, request->body, request->length);
    update->text = cib_status_update_node(request->body, request->length);
    return NULL;
}

static struct hf_error *apply(struct cib_replica *replica, const struct cib_request *request)
{
    const struct peer *full;

    if (request->kind == CIB_REQUEST_STATUS)
        return apply_status(replica, request);
    if (!replica->quorate && (replica->broken & CIB_BROKEN_MINORITY) == 0)
        return hf_error_new(HF_NO_QUORUM,
                            "this partition has no quorum: the configuration cannot be changed");
    full = cib_apply_blocked(replica);
    if (full != NULL)
        return hf_error_new(HF_REFUSED,
                            "the disk of node %" PRIu32 " is full: the configuration cannot be changed",
                            cib_member_node(full->member));
    return apply_change(replica, request);
}

void cib_apply_request(struct cib_replica *replica, cib_member sender, const struct cib_request *request)
{
    uint64_t *last = &cib_apply_sender(replica, sender)->last[request->kind];
    struct request mine = {0};
    bool own =
        sender == replica->self && cib_request_landed(replica, request->kind, request->sequence, &mine);
    struct hf_error *error = NULL;

    if (request->sequence <= *last) {
        error =
            hf_error_new(HF_TIMED_OUT, "the group changed while this was on its way: the outcome is unknown");
    } else if (request->kind == CIB_REQUEST_CHANGE && replica->quorate && !replica->open) {
        /* A new generation is not on disk everywhere yet: not now, and the same for everybody. */
        if (own)
            cib_request_again(replica, &mine);
        return;
    } else {
        *last = request->sequence;
        error = apply(replica, request);
    }
    if (!own) {
        hf_error_free(error);
        return;
    }
    mine.index = replica->index;
    mine.version = cib_document_version(replica->document);
    if (error != NULL || mine.client == 0 || (replica->broken & CIB_BROKEN_EARLY_ANSWER) != 0)
        cib_request_answer(replica, &mine, error);
    else
        cib_request_wait(replica, &mine);
}

/* --- quorum --- */

static uint64_t next_generation(uint64_t generation, uint32_t term)
{
    return term > generation >> 32 ? (uint64_t)term << 32 | 1 : generation + 1;
}

void cib_say_quorum(struct cib_replica *replica)
{
    struct cib_message message = {.type = CIB_QUORUM, .tag = replica->tag};
    bool quorate = replica->local_quorum == CIB_QUORUM_YES;

    if (cib_dc(replica) != replica->self || !replica->synced || replica->local_quorum == CIB_QUORUM_UNKNOWN)
        return;
    if (replica->said_quorum && replica->said_quorate == quorate &&
        (!quorate || replica->local_term <= replica->said_term))
        return;
    replica->said_quorum = true;
    replica->said_quorate = message.quorate = quorate;
    replica->said_term = message.term = replica->local_term;
    message.spare = (uint16_t)(replica->local_spare < UINT16_MAX ? replica->local_spare : UINT16_MAX);
    cib_multicast(replica, &message);
}

static void check_open(struct cib_replica *replica)
{
    bool before = replica->open;

    if (!replica->quorate || replica->open)
        return;
    replica->open = cib_apply_everywhere(replica) >= replica->open_index ||
                    (replica->broken & CIB_BROKEN_NO_PROMISE) != 0;
    if (replica->open != before)
        cib_tell(replica, CIB_UPDATE_QUORUM)->quorate = true;
}

void cib_apply_quorum(struct cib_replica *replica, cib_member sender, const struct cib_message *message)
{
    bool quorate = message->quorate;
    char text[16];

    if (sender != cib_dc(replica)) {
        cib_protocol_error(replica, sender, "speaks of quorum without being the coordinator");
        return;
    }
    replica->agreed = true;
    replica->quorate = quorate;
    replica->spare = message->spare;
    replica->open = false;
    cib_document_set_root(replica->document, "have-quorum", quorate ? "1" : "0");
    snprintf(text, sizeof(text), "%" PRIu32, cib_member_node(sender));
    cib_document_set_root(replica->document, "dc-uuid", text);
    if (quorate) {
        replica->generation = next_generation(replica->generation, message->term);
        put_record(replica, CIB_RECORD_GENERATION, NULL);
    }
    cib_apply_entry(replica, quorate);
    replica->open_index = replica->index;
    if (!quorate) {
        cib_request_lost(replica, "this partition lost quorum", true);
        cib_tell(replica, CIB_UPDATE_QUORUM)->quorate = false;
    }
    check_open(replica);
}

/* --- acknowledgements --- */

static bool has_other_digest(const struct cib_replica *replica, const struct cib_message *message)
{
    if ((replica->broken & CIB_BROKEN_NO_DIGEST) != 0 ||
        cib_digest_equal(message->digest, (struct cib_digest){0}))
        return false;
    return message->index >= replica->digests_from && message->index <= replica->index &&
           !cib_digest_equal(message->digest, replica->digests[message->index % DIGEST_WINDOW]);
}

/* The DC is right by definition. The one who differs sees it from the DC's acknowledgements; the DC tells it
 * too. */
static bool compare(struct cib_replica *replica, struct peer *peer, const struct cib_message *message)
{
    HF_CLEANUP(hf_freep) char *where = NULL;
    struct cib_message resync = {.type = CIB_RESYNC, .tag = replica->tag, .member = peer->member};
    struct cib_update *update;

    if (peer->member == replica->self || !has_other_digest(replica, message))
        return true;
    where = hf_asprintf("digests differ after entry %" PRIu64, message->index);
    if (peer->member == cib_dc(replica)) {
        cib_exchange_lost(replica, where);
        return false;
    }
    if (cib_dc(replica) != replica->self)
        return true;
    update = cib_tell(replica, CIB_UPDATE_DIVERGED);
    update->member = peer->member;
    update->text = HF_STEAL(where);
    cib_multicast(replica, &resync);
    return true;
}

void cib_apply_ack(struct cib_replica *replica, cib_member sender, const struct cib_message *message)
{
    struct peer *peer = cib_peer(replica, sender);

    if (message->index > replica->index) {
        cib_protocol_error(replica, sender, "acknowledges what was not sent");
        return;
    }
    if (sender == replica->self)
        replica->ack_flying = false;
    if (!compare(replica, peer, message))
        return;
    if (!peer->in_sync) {
        peer->in_sync = true;
        cib_tell(replica, CIB_UPDATE_MEMBER)->member = sender;
    }
    if (message->index > peer->acked) {
        peer->acked = message->index;
        peer->since = peer->reported = 0;
    }
    peer->full = message->full;
    check_open(replica);
}

/* The last entry up to which everything is on disk. */
static uint64_t durable(const struct cib_replica *replica)
{
    return replica->first_unwritten == replica->n_unwritten
               ? replica->index
               : replica->unwritten[replica->first_unwritten].index - 1;
}

void cib_say_ack(struct cib_replica *replica)
{
    struct cib_message message = {.type = CIB_ACK, .tag = replica->tag, .index = durable(replica)};

    message.full = replica->disk_low || replica->disk_failed;
    if (replica->phase != PHASE_ACTIVE || !replica->synced || replica->ack_flying)
        return;
    if (replica->said_any && message.index == replica->said_index && message.full == replica->said_full &&
        replica->now < cib_watch_ping_at(replica))
        return;
    if (message.index >= replica->digests_from)
        message.digest = replica->digests[message.index % DIGEST_WINDOW];
    else if (!replica->said_any && !message.full)
        return; /* what it was given is not on its disk yet */
    replica->said_any = replica->ack_flying = true;
    replica->said_index = message.index;
    replica->said_at = replica->now;
    replica->said_full = message.full;
    cib_multicast(replica, &message);
}

/* --- disk --- */

/* Everything that has no ticket yet gets this one. */
static void assign(struct cib_replica *replica, uint64_t ticket)
{
    for (size_t i = replica->n_unwritten; i-- > replica->first_unwritten;) {
        if (replica->unwritten[i].ticket != 0)
            return;
        replica->unwritten[i].ticket = ticket;
    }
}

/* Hands the contents over, leaving an empty buffer. */
static struct hf_buf take(struct hf_buf *buf)
{
    struct hf_buf taken = *buf;

    *buf = (struct hf_buf){0};
    return taken;
}

static uint64_t persist(struct cib_replica *replica, struct hf_buf bytes, bool snapshot)
{
    struct cib_update *update = cib_tell(replica, CIB_UPDATE_PERSIST);

    update->ticket = ++replica->next_ticket;
    update->bytes = bytes;
    update->snapshot = snapshot;
    return update->ticket;
}

static uint64_t persist_snapshot(struct cib_replica *replica)
{
    struct hf_buf bytes = {0};
    uint64_t ticket;

    cib_log_put_snapshot(&bytes, replica->document, replica->generation);
    ticket = persist(replica, bytes, true);
    assign(replica, ticket);
    replica->want_snapshot = false;
    replica->log_bytes = 0;
    return ticket;
}

void cib_disk_installed(struct cib_replica *replica, bool written)
{
    written |= replica->first_unwritten != replica->n_unwritten || replica->disk_failed;
    hf_buf_reset(&replica->records);
    replica->first_unwritten = replica->n_unwritten = 0;
    if (!written)
        return;
    push_unwritten(replica);
    replica->want_snapshot = true;
}

void cib_disk_flush(struct cib_replica *replica)
{
    if (replica->disk_failed) { /* the next snapshot will have it */
        hf_buf_reset(&replica->records);
        return;
    }
    if (replica->want_snapshot) {
        hf_buf_reset(&replica->records);
        persist_snapshot(replica);
        return;
    }
    if (replica->records.length == 0)
        return;
    replica->log_bytes += replica->records.length;
    assign(replica, persist(replica, take(&replica->records), false));
    replica->want_snapshot = replica->log_bytes > replica->snapshot_after;
}

void cib_disk_done(struct cib_replica *replica, uint64_t ticket, bool low)
{
    while (replica->first_unwritten < replica->n_unwritten) {
        const struct unwritten *first = &replica->unwritten[replica->first_unwritten];

        if (first->ticket == 0 || first->ticket > ticket)
            break;
        replica->first_unwritten++;
    }
    if (low && !replica->disk_low)
        replica->probe_at = replica->now + PROBE_INTERVAL;
    replica->disk_low = low;
    if (!replica->probing || ticket < replica->probe_ticket)
        return;
    replica->probing = false;
    replica->probe_at = replica->now + PROBE_INTERVAL;
    if (replica->disk_failed)
        replica->want_snapshot |= replica->n_unwritten > replica->first_unwritten;
    replica->disk_failed = false;
}

void cib_disk_failed(struct cib_replica *replica, uint64_t ticket)
{
    if (ticket < replica->probe_ticket)
        return; /* the snapshot that is on its way covers it */
    replica->disk_failed = true;
    replica->probing = false;
    replica->probe_at = replica->now + PROBE_INTERVAL;
    for (size_t i = replica->first_unwritten; i < replica->n_unwritten; i++)
        if (replica->unwritten[i].ticket >= ticket)
            replica->unwritten[i].ticket = 0;
}

void cib_disk_tick(struct cib_replica *replica)
{
    if ((!replica->disk_low && !replica->disk_failed) || replica->probing || replica->now < replica->probe_at)
        return;
    replica->probing = true;
    replica->probe_ticket =
        replica->disk_failed ? persist_snapshot(replica) : persist(replica, (struct hf_buf){0}, false);
}

int64_t cib_disk_deadline(const struct cib_replica *replica)
{
    return (replica->disk_low || replica->disk_failed) && !replica->probing ? replica->probe_at : INT64_MAX;
}
