/* request.c - the local clients' requests: out to the group, back in agreed order, answered.  See replica.h.
 *
 * A request is queued until it may be sent, flies until it is delivered, and waits until everybody has it.
 * What flies when an exchange begins is queued again under its old sequence number: whoever had it delivered
 * before knows it by that.  An answer is never a guess: success, a refusal, or "the outcome is unknown". */
#include <inttypes.h>
#include <string.h>

#include "daemon/cib/replica-private.h"

enum {
    CHANGE_LIMIT = 9 << 20, /* bytes of one <change> */
    FRAGMENT = 48 * 1024,
    ROOM = CIB_MESSAGE_LIMIT - CIB_MESSAGE_HEAD,
};

/* --- lists --- */

static size_t list_length(const struct request_list *list)
{
    return list->count - list->head;
}

static struct request *list_first(struct request_list *list)
{
    return list->head < list->count ? &list->list[list->head] : NULL;
}

static void list_push(struct request_list *list, struct request *request)
{
    if (list->head == list->count) {
        list->head = list->count = 0;
    } else if (list->head > 64 && list->head > list->count / 2) {
        memmove(list->list, list->list + list->head, list_length(list) * sizeof(*list->list));
        list->count -= list->head;
        list->head = 0;
    }
    hf_grow(&list->list, &list->capacity, list->count + 1, sizeof(*list->list));
    list->list[list->count++] = *request;
    *request = (struct request){0};
}

static struct request list_shift(struct request_list *list)
{
    return list->list[list->head++];
}

static void list_free(struct request_list *list)
{
    for (size_t i = list->head; i < list->count; i++)
        hf_buf_free(&list->list[i].body);
    free(list->list);
    *list = (struct request_list){0};
}

void cib_request_free_all(struct cib_replica *replica)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(replica->queued); i++) {
        list_free(&replica->queued[i]);
        list_free(&replica->flying[i]);
    }
    list_free(&replica->waiting);
}

bool cib_request_idle(const struct cib_replica *replica)
{
    size_t count = list_length(&replica->waiting);

    for (size_t i = 0; i < HF_ARRAY_LENGTH(replica->queued); i++)
        count += list_length(&replica->queued[i]) + list_length(&replica->flying[i]);
    return count == 0;
}

/* --- answers --- */

void cib_request_answer(struct cib_replica *replica, struct request *request, struct hf_error *error)
{
    struct cib_update *update;

    hf_buf_free(&request->body);
    if (request->client == 0) {
        hf_error_free(error);
        return;
    }
    update = cib_tell(replica, CIB_UPDATE_ANSWER);
    update->client = request->client;
    update->error = error;
    update->version = request->version;
    request->client = 0;
}

static struct hf_error *unknown(const char *why)
{
    return hf_error_new(HF_TIMED_OUT, "%s: whether this was done is unknown", why);
}

void cib_request_wait(struct cib_replica *replica, struct request *request)
{
    hf_buf_free(&request->body);
    list_push(&replica->waiting, request);
}

/* Takes out of waiting what verdict() has an answer for. */
typedef bool verdict(const struct cib_replica *replica, const struct request *request, const void *context,
                     struct hf_error **error);

static void judge(struct cib_replica *replica, struct request_list *list, verdict *decide,
                  const void *context)
{
    size_t kept = list->head;

    for (size_t i = list->head; i < list->count; i++) {
        struct hf_error *error = NULL;

        if (decide(replica, &list->list[i], context, &error))
            cib_request_answer(replica, &list->list[i], error);
        else if (kept++ != i)
            list->list[kept - 1] = list->list[i];
    }
    list->count = kept;
}

static bool everybody_has(const struct cib_replica *replica, const struct request *request,
                          const void *context, struct hf_error **error)
{
    bool may = request->kind == CIB_REQUEST_STATUS || (replica->quorate && replica->open) ||
               (replica->broken & CIB_BROKEN_MINORITY) != 0;

    return may && request->index <= *(const uint64_t *)context;
}

void cib_request_settle(struct cib_replica *replica)
{
    uint64_t all;

    if (replica->phase != PHASE_ACTIVE || !replica->synced || list_length(&replica->waiting) == 0)
        return;
    all = cib_apply_everywhere(replica);
    judge(replica, &replica->waiting, everybody_has, &all);
}

struct loss {
    const char *why;
    bool changes_only;
};

static bool is_lost(const struct cib_replica *replica, const struct request *request, const void *context,
                    struct hf_error **error)
{
    const struct loss *loss = context;

    if (loss->changes_only && request->kind != CIB_REQUEST_CHANGE)
        return false;
    if (request->client != 0)
        *error = unknown(loss->why);
    return true;
}

void cib_request_lost(struct cib_replica *replica, const char *why, bool changes_only)
{
    struct loss loss = {why, changes_only};

    judge(replica, &replica->waiting, is_lost, &loss);
}

/* --- coming in --- */

static struct hf_error *check_change(const struct cib_replica *replica, size_t length)
{
    bool no = replica->local_quorum == CIB_QUORUM_NO ||
              (replica->phase == PHASE_ACTIVE && replica->agreed && !replica->quorate);

    if (length > CHANGE_LIMIT)
        return hf_error_new(HF_REFUSED, "the request has %zu bytes, expected at most %d", length,
                            CHANGE_LIMIT);
    if (no && (replica->broken & CIB_BROKEN_MINORITY) == 0)
        return hf_error_new(HF_NO_QUORUM,
                            "this partition has no quorum: the configuration cannot be changed");
    if (replica->phase == PHASE_ACTIVE && cib_apply_blocked(replica) != NULL)
        return hf_error_new(HF_REFUSED,
                            "the disk of node %" PRIu32 " is full: the configuration cannot be changed",
                            cib_member_node(cib_apply_blocked(replica)->member));
    return NULL;
}

void cib_request_submit(struct cib_replica *replica, const struct cib_event *event)
{
    struct request request = {.client = event->client, .submitted = replica->now};
    struct hf_error *error = NULL;

    request.kind = event->type == CIB_EVENT_CHANGE ? CIB_REQUEST_CHANGE : CIB_REQUEST_STATUS;
    if (replica->expelled)
        error = hf_error_new(HF_FAILED, "this node was expelled from the group");
    else if (request.kind == CIB_REQUEST_CHANGE)
        error = check_change(replica, event->length);
    else if (event->length > CHANGE_LIMIT)
        error = hf_error_new(HF_REFUSED, "the status update has %zu bytes, expected at most %d",
                             event->length, CHANGE_LIMIT);
    if (error != NULL) {
        cib_request_answer(replica, &request, error);
        return;
    }
    if (request.kind == CIB_REQUEST_CHANGE) {
        struct cib_request_change change = {.time = event->time,
                                            .origin = (char *)event->origin,
                                            .user = (char *)event->user,
                                            .text = event->bytes,
                                            .length = event->length};

        cib_put_change(&request.body, &change);
    } else {
        hf_buf_add(&request.body, event->bytes, event->length);
    }
    list_push(&replica->queued[request.kind], &request);
}

/* --- going out --- */

static bool may_send(const struct cib_replica *replica, enum cib_request_kind kind)
{
    if (kind == CIB_REQUEST_STATUS || (replica->broken & CIB_BROKEN_MINORITY) != 0)
        return true;
    return replica->open && replica->local_quorum != CIB_QUORUM_NO && cib_apply_blocked(replica) == NULL;
}

static bool is_large(const struct request *request)
{
    return request->body.length + CIB_REQUEST_HEAD > ROOM;
}

static void number(struct cib_replica *replica, struct request *request)
{
    if (request->sequence == 0)
        request->sequence = ++replica->next_sequence;
}

/* The next part of a large request; true when it was the last. */
static bool send_fragment(struct cib_replica *replica, struct request *request)
{
    size_t left = request->body.length - request->sent;
    struct cib_message message = {.type = CIB_FRAGMENT, .tag = replica->tag, .kind = request->kind};

    number(replica, request);
    message.sequence = request->sequence;
    message.total = (uint32_t)request->body.length;
    message.offset = (uint32_t)request->sent;
    message.bytes = request->body.data + request->sent;
    message.length = left < FRAGMENT ? left : FRAGMENT;
    cib_multicast(replica, &message);
    request->sent += message.length;
    return request->sent == request->body.length;
}

/* Adds what fits of one kind to a batch. */
static void fill_batch(struct cib_replica *replica, struct hf_buf *batch, enum cib_request_kind kind)
{
    struct request_list *queue = &replica->queued[kind];

    while (list_first(queue) != NULL && !is_large(list_first(queue))) {
        struct request *first = list_first(queue);
        struct cib_request request = {.kind = kind};
        struct request moved;

        if (batch->length + CIB_REQUEST_HEAD + first->body.length > CIB_MESSAGE_LIMIT)
            return;
        number(replica, first);
        request.sequence = first->sequence;
        request.body = first->body.data;
        request.length = first->body.length;
        cib_put_request(batch, &request);
        moved = list_shift(queue);
        list_push(&replica->flying[kind], &moved);
    }
}

static bool send_batch(struct cib_replica *replica)
{
    struct cib_message message = {.type = CIB_BATCH, .tag = replica->tag};
    struct hf_buf batch = {0};

    cib_put_message(&batch, &message);
    for (int kind = CIB_REQUEST_STATUS; kind >= CIB_REQUEST_CHANGE; kind--)
        if (may_send(replica, kind))
            fill_batch(replica, &batch, kind);
    if (batch.length == CIB_MESSAGE_HEAD) {
        hf_buf_free(&batch);
        return false;
    }
    cib_tell(replica, CIB_UPDATE_MULTICAST)->bytes = batch;
    return true;
}

static bool send_one(struct cib_replica *replica)
{
    for (int kind = CIB_REQUEST_STATUS; kind >= CIB_REQUEST_CHANGE; kind--) {
        struct request *first = list_first(&replica->queued[kind]);

        if (first == NULL || !may_send(replica, kind) || !is_large(first))
            continue;
        if (send_fragment(replica, first)) {
            struct request moved = list_shift(&replica->queued[kind]);

            list_push(&replica->flying[kind], &moved);
        }
        return true;
    }
    return send_batch(replica);
}

void cib_request_send(struct cib_replica *replica)
{
    if (replica->phase != PHASE_ACTIVE || !replica->synced)
        return;
    while (replica->window < SEND_WINDOW && send_one(replica))
        replica->window++;
}

bool cib_request_landed(struct cib_replica *replica, enum cib_request_kind kind, uint64_t sequence,
                        struct request *request)
{
    struct request *first = list_first(&replica->flying[kind]);

    if (first == NULL || first->sequence != sequence)
        return false;
    *request = list_shift(&replica->flying[kind]);
    return true;
}

void cib_request_again(struct cib_replica *replica, struct request *request)
{
    request->sequence = 0;
    request->sent = 0;
    list_push(&replica->queued[request->kind], request);
}

void cib_request_recall(struct cib_replica *replica)
{
    replica->window = 0;
    for (size_t kind = 1; kind < HF_ARRAY_LENGTH(replica->queued); kind++) {
        struct request_list queue = replica->queued[kind];

        replica->queued[kind] = replica->flying[kind];
        replica->flying[kind] = (struct request_list){0};
        while (list_length(&queue) > 0) {
            struct request moved = list_shift(&queue);

            list_push(&replica->queued[kind], &moved);
        }
        free(queue.list);
        for (size_t i = replica->queued[kind].head; i < replica->queued[kind].count; i++)
            replica->queued[kind].list[i].sent = 0;
    }
}

/* --- time --- */

/* Not sent in time: nothing was tried, unless it flew before. */
static bool is_stale(const struct cib_replica *replica, const struct request *request, const void *context,
                     struct hf_error **error)
{
    const struct peer *full = cib_apply_blocked(replica);

    if (replica->now - request->submitted < replica->ack_limit)
        return false;
    if (request->client == 0)
        return false; /* the node's own status: as soon as it can be */
    if (request->sequence != 0)
        *error = unknown("the group changed while this was on its way");
    else if (full != NULL)
        *error = hf_error_new(HF_REFUSED, "the disk of node %" PRIu32 " is full: nothing was changed",
                              cib_member_node(full->member));
    else
        *error = hf_error_new(HF_FAILED, "the group was not ready within %" PRId64 " ms: nothing was changed",
                              replica->ack_limit);
    return true;
}

static bool joiner_on_its_way(const struct cib_replica *replica)
{
    for (size_t i = 0; i < replica->n_peers; i++)
        if (!replica->peers[i].in_sync && replica->peers[i].reported == 0)
            return true;
    return false;
}

static bool is_overdue(const struct cib_replica *replica, const struct request *request, const void *context,
                       struct hf_error **error)
{
    if (replica->now - request->submitted < replica->ack_limit || joiner_on_its_way(replica))
        return false;
    if (request->client != 0)
        *error = unknown("not every member confirmed in time");
    return true;
}

void cib_request_tick(struct cib_replica *replica)
{
    for (size_t kind = 1; kind < HF_ARRAY_LENGTH(replica->queued); kind++) {
        struct request_list *flying = &replica->flying[kind];

        judge(replica, &replica->queued[kind], is_stale, NULL);
        for (size_t i = flying->head; i < flying->count; i++)
            if (flying->list[i].client != 0 &&
                replica->now - flying->list[i].submitted >= replica->ack_limit) {
                struct request copy = flying->list[i];

                /* It stays until it lands; only nobody waits for it any more. */
                flying->list[i].client = 0;
                copy.body = (struct hf_buf){0};
                cib_request_answer(replica, &copy, unknown("the group did not deliver it in time"));
            }
    }
    judge(replica, &replica->waiting, is_overdue, NULL);
}

static int64_t earliest(const struct cib_replica *replica, const struct request_list *list, int64_t deadline)
{
    for (size_t i = list->head; i < list->count; i++) {
        int64_t due = list->list[i].submitted + replica->ack_limit;

        if (list->list[i].client != 0)
            return due < deadline ? due : deadline;
    }
    return deadline;
}

int64_t cib_request_deadline(const struct cib_replica *replica)
{
    int64_t deadline = INT64_MAX;

    for (size_t kind = 1; kind < HF_ARRAY_LENGTH(replica->queued); kind++) {
        deadline = earliest(replica, &replica->queued[kind], deadline);
        deadline = earliest(replica, &replica->flying[kind], deadline);
    }
    return joiner_on_its_way(replica) ? deadline : earliest(replica, &replica->waiting, deadline);
}
