/* exchange.c - who has what, who wins, and how the others get it.  See replica.h and doc/cib.md.
 *
 * A view (or an expulsion, or a request to resync) starts an exchange under a new tag.  Every member says
 * HELLO; when all have, each decides the same from the same HELLOs: the best lineage wins, those who share
 * exactly that state are in sync, the first of them in seniority is the DC and sends its state to the others.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/cib/replica-private.h"
#include "lib/xml.h"

struct peer *cib_peer(struct cib_replica *replica, cib_member member)
{
    for (size_t i = 0; i < replica->n_peers; i++)
        if (replica->peers[i].member == member)
            return &replica->peers[i];
    return NULL;
}

static bool list_has(const struct cib_member_list *members, cib_member member)
{
    for (size_t i = 0; i < members->count; i++)
        if (members->list[i] == member)
            return true;
    return false;
}

static void list_add(struct cib_member_list *members, cib_member member)
{
    if (!list_has(members, member) && members->count < CIB_MEMBER_LIMIT)
        members->list[members->count++] = member;
}

bool cib_is_gone(const struct cib_replica *replica, cib_member member)
{
    return list_has(&replica->gone, member);
}

/* This member's state is not the group's. */
static void lose(struct cib_replica *replica, const char *why)
{
    cib_request_lost(replica, why, false);
    if (replica->told_sync)
        cib_tell(replica, CIB_UPDATE_OUT_OF_SYNC);
    replica->told_sync = replica->synced = replica->active = false;
    replica->line = 0;
}

/* --- beginning --- */

static void free_parts(struct peer *peer)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(peer->parts); i++)
        hf_buf_free(&peer->parts[i].bytes);
}

static void free_peers(struct cib_replica *replica)
{
    for (size_t i = 0; i < replica->n_peers; i++)
        free_parts(&replica->peers[i]);
    free(replica->peers);
    replica->peers = NULL;
    replica->n_peers = 0;
}

static void free_delayed(struct cib_replica *replica)
{
    for (size_t i = 0; i < replica->n_delayed; i++)
        hf_buf_free(&replica->delayed[i].bytes);
    replica->n_delayed = 0;
}

static void drop_peer(struct cib_replica *replica, struct peer *peer)
{
    free_parts(peer);
    *peer = replica->peers[--replica->n_peers];
    if (replica->n_peers > 0)
        memset(&replica->peers[replica->n_peers], 0, sizeof(*peer));
}

static void say_hello(struct cib_replica *replica)
{
    struct cib_message message = {.type = CIB_HELLO, .tag = replica->tag};
    struct cib_hello *hello = &message.hello;

    hello->active = replica->active;
    hello->line = replica->line;
    hello->index = replica->index;
    if (!replica->spoilt) { /* who diverged loses against everybody */
        hello->lineage.generation = replica->generation;
        hello->lineage.version = cib_document_version(replica->document);
    }
    hello->configuration = cib_document_configuration_digest(replica->document);
    hello->status = cib_document_status_digest(replica->document);
    hello->seniority = replica->seniority;
    if (!replica->active || hello->seniority.count == 0)
        hello->seniority = (struct cib_member_list){.list = {replica->self}, .count = 1};
    hello->expelled = replica->gone;
    cib_multicast(replica, &message);
}

/* Everybody starts anew under this tag; peers are those of the view. */
static void begin(struct cib_replica *replica, uint64_t tag)
{
    if (replica->phase == PHASE_ACTIVE && replica->synced) {
        replica->active = true;
        replica->line = replica->tag;
    }
    replica->tag = tag;
    replica->phase = PHASE_EXCHANGE;
    replica->n_heard = 0;
    replica->quorate = replica->open = false;
    replica->spare = 0;
    replica->agreed = replica->said_quorum = replica->said_any = replica->ack_flying = false;
    replica->resync_at = 0;
    hf_buf_free(&replica->state);
    replica->state_sent = replica->state_windowed = 0;
    free_delayed(replica);
    for (size_t i = 0; i < replica->n_peers; i++) {
        struct peer *peer = &replica->peers[i];

        free_parts(peer);
        *peer = (struct peer){.member = peer->member, .since = replica->now, .spoke = replica->now};
    }
    cib_request_recall(replica);
    if (replica->told_dc != 0)
        cib_tell(replica, CIB_UPDATE_DC)->member = 0;
    replica->told_dc = 0;
    say_hello(replica);
}

static int compare_members(const void *one, const void *other)
{
    cib_member a = *(const cib_member *)one, b = *(const cib_member *)other;

    return a < b ? -1 : a > b;
}

void cib_exchange_view(struct cib_replica *replica, const struct cib_event *event)
{
    size_t count = event->n_members < CIB_MEMBER_LIMIT ? event->n_members : CIB_MEMBER_LIMIT;
    struct cib_member_list sorted = {.count = count}, gone = {.count = 0};
    struct cib_digest tag;

    if (replica->expelled || count == 0)
        return;
    memcpy(sorted.list, event->members, count * sizeof(*sorted.list));
    qsort(sorted.list, count, sizeof(*sorted.list), compare_members);
    tag = cib_digest_pair((struct cib_digest){event->ring, count},
                          cib_digest_bytes(sorted.list, count * sizeof(*sorted.list)));
    for (size_t i = 0; i < replica->gone.count; i++)
        if (list_has(&sorted, replica->gone.list[i]))
            list_add(&gone, replica->gone.list[i]);
    replica->gone = gone;
    free_peers(replica);
    replica->peers = hf_calloc(count, sizeof(*replica->peers));
    for (size_t i = 0; i < count; i++)
        replica->peers[replica->n_peers++].member = sorted.list[i];
    replica->local_quorum = event->quorum;
    replica->local_term = event->term;
    replica->local_spare = event->spare;
    begin(replica, tag.a);
}

static uint64_t next_tag(uint64_t tag, const char *why, cib_member member)
{
    return cib_digest_pair((struct cib_digest){tag, member}, cib_digest_bytes(why, strlen(why))).a;
}

void cib_exchange_expel(struct cib_replica *replica, cib_member sender, cib_member member)
{
    if (member == replica->self) {
        replica->expelled = true;
        replica->phase = PHASE_NONE;
        replica->synced = false;
        cib_request_lost(replica, "this node was expelled from the group", false);
        cib_tell(replica, CIB_UPDATE_EXPELLED)->member = member;
        return;
    }
    if (cib_is_gone(replica, member) || cib_peer(replica, member) == NULL)
        return;
    list_add(&replica->gone, member);
    cib_tell(replica, CIB_UPDATE_EXPELLED)->member = member;
    replica->local_quorum = CIB_QUORUM_UNKNOWN;
    begin(replica, next_tag(replica->tag, "expel", member));
}

void cib_exchange_resync(struct cib_replica *replica, cib_member sender, cib_member member)
{
    if (replica->phase != PHASE_ACTIVE || cib_peer(replica, member) == NULL || member == cib_dc(replica))
        return;
    if (member == replica->self) {
        replica->spoilt = true;
        lose(replica, "this node's state differed from the coordinator's");
    }
    begin(replica, next_tag(replica->tag, "resync", member));
}

void cib_exchange_lost(struct cib_replica *replica, const char *why)
{
    struct cib_message message = {.type = CIB_RESYNC, .tag = replica->tag, .member = replica->self};
    struct cib_update *update = cib_tell(replica, CIB_UPDATE_DIVERGED);

    update->member = replica->self;
    update->text = hf_strdup(why);
    replica->spoilt = true;
    lose(replica, "this node's state differed from the coordinator's");
    cib_multicast(replica, &message);
}

/* --- deciding --- */

/* >0 if one's state is better than other's. */
static int compare_hellos(const struct peer *one, const struct peer *other)
{
    int order = cib_lineage_compare(&one->hello.lineage, &other->hello.lineage);

    if (order == 0)
        order = one->hello.active - other->hello.active;
    if (order == 0)
        order = one->hello.index < other->hello.index ? -1 : one->hello.index > other->hello.index;
    if (order == 0)
        order = one->hello.line < other->hello.line ? -1 : one->hello.line > other->hello.line;
    if (order == 0)
        order = one->member > other->member ? -1 : 1;
    return order;
}

static bool same_state(const struct cib_hello *one, const struct cib_hello *other)
{
    return one->active == other->active && one->line == other->line && one->index == other->index &&
           cib_lineage_compare(&one->lineage, &other->lineage) == 0 &&
           cib_digest_equal(one->configuration, other->configuration) &&
           cib_digest_equal(one->status, other->status);
}

static const struct peer *find_best(const struct cib_replica *replica)
{
    const struct peer *best = &replica->peers[0];

    for (size_t i = 1; i < replica->n_peers; i++)
        if (compare_hellos(&replica->peers[i], best) > 0)
            best = &replica->peers[i];
    return best;
}

static int compare_heard(const void *one, const void *other)
{
    const struct peer *a = *(const struct peer *const *)one, *b = *(const struct peer *const *)other;

    return a->heard_at < b->heard_at ? -1 : a->heard_at > b->heard_at;
}

/* In sync before out of sync; within each, as the best one has it, then as they were heard. */
static void order_seniority(struct cib_replica *replica, const struct cib_member_list *known)
{
    const struct peer *heard[CIB_MEMBER_LIMIT];
    struct cib_member_list all = {.count = 0}, seniority = {.count = 0};

    for (size_t i = 0; i < known->count; i++)
        if (cib_peer(replica, known->list[i]) != NULL)
            list_add(&all, known->list[i]);
    for (size_t i = 0; i < replica->n_peers; i++)
        heard[i] = &replica->peers[i];
    qsort(heard, replica->n_peers, sizeof(*heard), compare_heard);
    for (size_t i = 0; i < replica->n_peers; i++)
        list_add(&all, heard[i]->member);
    for (int synced = 1; synced >= 0; synced--)
        for (size_t i = 0; i < all.count; i++)
            if (cib_peer(replica, all.list[i])->in_sync == synced)
                list_add(&seniority, all.list[i]);
    replica->seniority = seniority;
}

/* --- the state as bytes --- */

enum { STATE_FORMAT = 1 };

static void put_state(struct hf_buf *buf, const struct cib_replica *replica)
{
    HF_CLEANUP(hf_freep) char *text = hf_xml_text(cib_document_root(replica->document), false);

    hf_put_u8(buf, STATE_FORMAT);
    hf_put_u64(buf, replica->generation);
    hf_put_u64(buf, replica->index);
    cib_put_digest(buf, cib_apply_digest(replica->document));
    hf_put_u16(buf, (uint16_t)replica->n_senders);
    for (size_t i = 0; i < replica->n_senders; i++) {
        hf_put_u64(buf, replica->senders[i].member);
        hf_put_u64(buf, replica->senders[i].last[CIB_REQUEST_CHANGE]);
        hf_put_u64(buf, replica->senders[i].last[CIB_REQUEST_STATUS]);
    }
    hf_put_string(buf, text);
}

static void get_senders(struct hf_reader *reader, struct cib_replica *replica)
{
    size_t count = hf_get_u16(reader);

    if (count > SENDER_LIMIT)
        reader->failed = true;
    replica->n_senders = 0;
    for (size_t i = 0; i < count && !reader->failed; i++) {
        cib_member member = hf_get_u64(reader);
        struct sender *sender = cib_apply_sender(replica, member);

        sender->last[CIB_REQUEST_CHANGE] = hf_get_u64(reader);
        sender->last[CIB_REQUEST_STATUS] = hf_get_u64(reader);
    }
}

/* Takes the state over, or leaves everything as it was. */
static struct hf_error *get_state(struct cib_replica *replica, const void *bytes, size_t length)
{
    struct hf_reader reader = hf_reader(bytes, length), senders;
    unsigned format = hf_get_u8(&reader);
    uint64_t generation = hf_get_u64(&reader), index = hf_get_u64(&reader);
    struct cib_digest digest;
    struct cib_document *document;
    struct hf_error *error;
    const char *text;
    size_t size, count;

    digest = cib_get_digest(&reader);
    senders = reader;
    count = hf_get_u16(&reader);
    for (size_t i = 0; i < 3 * count && !reader.failed; i++)
        (void)hf_get_u64(&reader);
    text = hf_get_bytes(&reader, &size);
    if (format != STATE_FORMAT || count > SENDER_LIMIT || !hf_reader_done(&reader))
        return hf_error_new(HF_USAGE, "the state from the coordinator is malformed");
    error = cib_document_parse(cib_document_schema(replica->document), text, size,
                               "state from the coordinator", false, &document);
    if (error == NULL && !cib_digest_equal(digest, cib_apply_digest(document))) {
        cib_document_free(document);
        error = hf_error_new(HF_FAILED, "the state from the coordinator has another digest than it says");
    }
    if (error != NULL)
        return error;
    cib_document_free(replica->document);
    replica->document = document;
    replica->generation = generation;
    replica->index = index;
    get_senders(&senders, replica);
    return NULL;
}

/* --- transfer --- */

static void send_state(struct cib_replica *replica)
{
    while (replica->state_windowed < STATE_WINDOW && replica->state_sent < replica->state.length) {
        size_t left = replica->state.length - replica->state_sent;
        struct cib_message message = {
            .type = CIB_STATE,
            .tag = replica->tag,
            .total = (uint32_t)replica->state.length,
            .offset = (uint32_t)replica->state_sent,
            .bytes = replica->state.data + replica->state_sent,
            .length = left < CIB_CHUNK ? left : CIB_CHUNK,
        };

        cib_multicast(replica, &message);
        replica->state_sent += message.length;
        replica->state_windowed++;
    }
}

/* Process numbers are used again after a boot, and then an earlier process of this number may have sent
 * requests: everybody would take ours for those. Ours go on where those ended. */
static void resume_sequence(struct cib_replica *replica)
{
    for (size_t i = 0; i < replica->n_senders; i++) {
        const struct sender *sender = &replica->senders[i];

        for (size_t kind = 0; sender->member == replica->self && kind < HF_ARRAY_LENGTH(sender->last); kind++)
            if (sender->last[kind] > replica->next_sequence)
                replica->next_sequence = sender->last[kind];
    }
}

static void tell_in_sync(struct cib_replica *replica, bool replaced)
{
    resume_sequence(replica);
    if (!replica->told_sync || replaced)
        cib_tell(replica, CIB_UPDATE_IN_SYNC)->replaced = replaced;
    replica->told_sync = true;
}

static void deliver_delayed(struct cib_replica *replica)
{
    struct delayed *delayed = HF_STEAL(replica->delayed);
    size_t count = replica->n_delayed;

    replica->n_delayed = replica->c_delayed = 0;
    for (size_t i = 0; i < count; i++) {
        cib_deliver(replica, delayed[i].sender, delayed[i].bytes.data, delayed[i].bytes.length);
        hf_buf_free(&delayed[i].bytes);
    }
    free(delayed);
}

static void install(struct cib_replica *replica)
{
    struct cib_digest before = cib_document_configuration_digest(replica->document);
    struct cib_version version = cib_document_version(replica->document), now;
    uint64_t generation = replica->generation;
    struct hf_error *error = get_state(replica, replica->state.data, replica->state.length);

    hf_buf_free(&replica->state);
    if (error != NULL) {
        cib_protocol_error(replica, cib_dc(replica), hf_error_text(error));
        hf_error_free(error);
        replica->resync_at = replica->now + PROBE_INTERVAL;
        return;
    }
    replica->synced = true;
    replica->digests_from = replica->index;
    replica->digests[replica->index % DIGEST_WINDOW] = cib_apply_digest(replica->document);
    now = cib_document_version(replica->document);
    /* What the disk has already need not be written again. */
    cib_disk_installed(replica,
                       replica->spoilt || generation != replica->generation ||
                           version.admin_epoch != now.admin_epoch || version.epoch != now.epoch ||
                           !cib_digest_equal(before, cib_document_configuration_digest(replica->document)));
    replica->spoilt = false;
    tell_in_sync(replica, true);
    deliver_delayed(replica);
}

void cib_exchange_state(struct cib_replica *replica, cib_member sender, const struct cib_message *message)
{
    if (replica->phase != PHASE_ACTIVE || sender != cib_dc(replica))
        return;
    for (size_t i = 0; i < replica->n_peers; i++)
        if (!replica->peers[i].in_sync)
            replica->peers[i].since = replica->now; /* it cannot be expected to answer before the end */
    if (sender == replica->self) {
        replica->state_windowed--;
        send_state(replica);
        if (replica->state_windowed == 0)
            hf_buf_free(&replica->state);
        return;
    }
    if (replica->synced || replica->resync_at != 0)
        return;
    if (message->offset != replica->state.length) {
        cib_protocol_error(replica, sender, "a chunk of the state is missing");
        replica->resync_at = replica->now + PROBE_INTERVAL;
        return;
    }
    hf_buf_add(&replica->state, message->bytes, message->length);
    if (replica->state.length == message->total)
        install(replica);
}

void cib_exchange_delay(struct cib_replica *replica, cib_member sender, const void *bytes, size_t length)
{
    struct delayed *delayed;

    hf_grow(&replica->delayed, &replica->c_delayed, replica->n_delayed + 1, sizeof(*replica->delayed));
    delayed = &replica->delayed[replica->n_delayed++];
    *delayed = (struct delayed){.sender = sender};
    hf_buf_add(&delayed->bytes, bytes, length);
}

/* --- all have said HELLO --- */

static void win(struct cib_replica *replica)
{
    replica->synced = replica->active = true;
    replica->digests_from = replica->index;
    replica->digests[replica->index % DIGEST_WINDOW] = cib_apply_digest(replica->document);
    tell_in_sync(replica, false);
}

static void decide(struct cib_replica *replica)
{
    const struct cib_hello best = find_best(replica)->hello;
    bool joiners = false;

    for (size_t i = 0; i < replica->n_peers; i++) {
        struct peer *peer = &replica->peers[i];

        peer->in_sync = same_state(&peer->hello, &best);
        peer->since = 0;
        peer->spoke = replica->now;
        joiners |= !peer->in_sync;
    }
    order_seniority(replica, &best.seniority);
    replica->phase = PHASE_ACTIVE;
    if (cib_peer(replica, replica->self)->in_sync)
        win(replica);
    else
        lose(replica, "another partition's state was taken over");
    replica->told_dc = cib_dc(replica);
    cib_tell(replica, CIB_UPDATE_DC)->member = replica->told_dc;
    for (size_t i = 0; i < replica->n_peers; i++)
        if (replica->peers[i].in_sync)
            cib_tell(replica, CIB_UPDATE_MEMBER)->member = replica->peers[i].member;
    if (joiners && replica->told_dc == replica->self) {
        put_state(&replica->state, replica);
        send_state(replica);
    }
}

/* A joiner hears who was expelled before it came. */
static void learn_gone(struct cib_replica *replica, cib_member member)
{
    if (cib_is_gone(replica, member))
        return;
    list_add(&replica->gone, member);
    if (member == replica->self)
        return;
    replica->local_quorum = CIB_QUORUM_UNKNOWN;
    cib_tell(replica, CIB_UPDATE_EXPELLED)->member = member;
}

void cib_exchange_hello(struct cib_replica *replica, cib_member sender, const struct cib_hello *hello)
{
    struct peer *peer = cib_peer(replica, sender);

    if (replica->phase != PHASE_EXCHANGE || peer == NULL || peer->heard)
        return;
    peer->heard = true;
    peer->heard_at = ++replica->n_heard;
    peer->hello = *hello;
    for (size_t i = 0; i < hello->expelled.count; i++)
        learn_gone(replica, hello->expelled.list[i]);
    /* Only here may those go who are expelled: everybody has heard the same so far. */
    for (size_t i = 0; i < replica->n_peers; i++)
        if (!replica->peers[i].heard && !cib_is_gone(replica, replica->peers[i].member))
            return;
    for (size_t i = replica->n_peers; i-- > 0;)
        if (cib_is_gone(replica, replica->peers[i].member))
            drop_peer(replica, &replica->peers[i]);
    if (cib_peer(replica, replica->self) == NULL)
        cib_exchange_expel(replica, sender, replica->self);
    else
        decide(replica);
}

void cib_exchange_free(struct cib_replica *replica)
{
    free_peers(replica);
    free_delayed(replica);
    free(replica->delayed);
    hf_buf_free(&replica->state);
}
