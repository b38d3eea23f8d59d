/* replica-private.h - what the parts of a replica share.
 *
 * replica.c   events, timers, the public face
 * exchange.c  views, HELLO, who wins, seniority, state transfer
 * apply.c     what is delivered in agreed order: requests, quorum, acknowledgements; the disk
 * watch.c     who has been silent for how long
 * request.c   the local clients' requests on their way out and their answers */
#ifndef CIB_REPLICA_PRIVATE_H
#define CIB_REPLICA_PRIVATE_H

#include "daemon/cib/message.h"

enum {
    SEND_WINDOW = 2,       /* own request messages on their way at a time */
    STATE_WINDOW = 4,      /* own chunks on their way at a time */
    DIGEST_WINDOW = 4096,  /* entries whose digests are remembered */
    SENDER_LIMIT = 256,    /* members whose last request is remembered */
    PROBE_INTERVAL = 1000, /* ms between looks whether the disk has room again */
};

enum phase {
    PHASE_NONE,     /* no view yet, or expelled */
    PHASE_EXCHANGE, /* waiting for everybody's HELLO */
    PHASE_ACTIVE,
};

/* A member of the view. */
struct peer {
    cib_member member;
    bool heard;      /* its HELLO for this tag */
    size_t heard_at; /* the how-manieth HELLO it was */
    struct cib_hello hello;
    bool in_sync;
    bool full;         /* its disk takes no more */
    unsigned reported; /* how often, as unresponsive */
    uint64_t acked;    /* entries it has (and has on disk) */
    int64_t since;     /* since when it owes something, 0: it does not */
    int64_t spoke;     /* when it was heard last */
    struct part {
        struct hf_buf bytes;
        uint64_t sequence;
    } parts[3]; /* by kind: a request that is coming in fragments */
};

/* The last requests of a member that were delivered: what comes again is known. Replicated state. */
struct sender {
    cib_member member;
    uint64_t last[3]; /* by request kind */
};

/* A request of a local client. */
struct request {
    enum cib_request_kind kind;
    uint64_t client;   /* 0: nobody waits */
    uint64_t sequence; /* 0: not sent yet */
    struct hf_buf body;
    size_t sent; /* bytes of it sent in fragments */
    int64_t submitted;
    /* once applied */
    uint64_t index;
    struct cib_version version;
};

/* Requests in order; head is the index of the first. */
struct request_list {
    struct request *list;
    size_t head, count, capacity; /* count includes what is before head */
};

/* An entry that must be on disk before it is acknowledged. */
struct unwritten {
    uint64_t index, ticket; /* ticket 0: to be covered by the next snapshot */
};

/* A message that a joiner keeps until it has the state. */
struct delayed {
    cib_member sender;
    struct hf_buf bytes;
};

struct cib_replica {
    cib_member self;
    char *node_name;
    int64_t ack_limit;
    size_t snapshot_after;
    unsigned broken;
    unsigned applied_changes; /* for CIB_BROKEN_APPLY */

    /* the replicated state */
    struct cib_document *document;
    uint64_t generation;
    uint64_t index; /* entries applied */
    struct sender *senders;
    size_t n_senders, c_senders;
    struct cib_digest digests[DIGEST_WINDOW]; /* after entry i, at i % DIGEST_WINDOW */
    uint64_t digests_from;                    /* the first entry whose digest is there */

    /* the view */
    enum phase phase;
    bool synced, expelled;
    bool active;   /* was in sync since the process started */
    uint64_t line; /* tag under which it was */
    uint64_t tag;
    struct peer *peers;
    size_t n_peers;
    size_t n_heard;
    struct cib_member_list gone; /* in the group, but expelled */
    struct cib_member_list seniority;
    cib_member told_dc; /* the last CIB_UPDATE_DC */
    bool told_sync;
    bool spoilt; /* this member's state is known to be wrong */

    /* quorum: what the shell says, what the group agreed on */
    enum cib_quorum local_quorum;
    uint32_t local_term, said_term;
    unsigned local_spare, spare;    /* what the shell says; what the group agreed on */
    bool quorate, open, agreed;     /* agreed: under this tag the DC has spoken */
    uint64_t open_index;            /* the entry that all must have for it to be open */
    bool said_quorum, said_quorate; /* DC: what was multicast under this tag */

    /* state transfer */
    struct hf_buf state; /* DC: to be sent; joiner: received so far */
    size_t state_sent, state_windowed;
    int64_t resync_at; /* 0: no resync to be asked for */
    struct delayed *delayed;
    size_t n_delayed, c_delayed;

    /* requests */
    struct request_list queued[3]; /* by kind: to be sent */
    struct request_list flying[3]; /* sent, not delivered */
    struct request_list waiting;   /* applied, to be answered */
    uint64_t next_sequence;
    unsigned window; /* own request messages not delivered */

    /* disk */
    struct hf_buf records; /* to be persisted at the end of the step */
    bool want_snapshot;
    uint64_t next_ticket;
    struct unwritten *unwritten; /* from first_unwritten to n_unwritten */
    size_t first_unwritten, n_unwritten, c_unwritten;
    size_t log_bytes;
    bool disk_low, disk_failed, probing;
    int64_t probe_at;
    uint64_t probe_ticket; /* of the last probe */

    /* acknowledging */
    uint64_t said_index;
    bool said_full, ack_flying, said_any;
    int64_t said_at;

    int64_t now;
    struct cib_updates *out;
};

/* updates */
struct cib_update *cib_tell(struct cib_replica *replica, enum cib_update_type type);
void cib_multicast(struct cib_replica *replica, const struct cib_message *message);
void cib_protocol_error(struct cib_replica *replica, cib_member sender, const char *text);

/* exchange.c */
void cib_exchange_view(struct cib_replica *replica, const struct cib_event *event);
void cib_exchange_hello(struct cib_replica *replica, cib_member sender, const struct cib_hello *hello);
void cib_exchange_expel(struct cib_replica *replica, cib_member sender, cib_member member);
void cib_exchange_resync(struct cib_replica *replica, cib_member sender, cib_member member);
void cib_exchange_state(struct cib_replica *replica, cib_member sender, const struct cib_message *message);
void cib_exchange_delay(struct cib_replica *replica, cib_member sender, const void *bytes, size_t length);
/* This member's state is not the DC's: it acts on nothing more and asks for the DC's. */
void cib_exchange_lost(struct cib_replica *replica, const char *why);
void cib_exchange_free(struct cib_replica *replica);
/* replica.c: one message, decoded and handled. */
void cib_deliver(struct cib_replica *replica, cib_member sender, const void *bytes, size_t length);
struct peer *cib_peer(struct cib_replica *replica, cib_member member);
bool cib_is_gone(const struct cib_replica *replica, cib_member member);
static inline cib_member cib_dc(const struct cib_replica *replica)
{
    return replica->phase == PHASE_ACTIVE && replica->seniority.count > 0 ? replica->seniority.list[0] : 0;
}

/* apply.c */
void cib_apply_request(struct cib_replica *replica, cib_member sender, const struct cib_request *request);
void cib_apply_quorum(struct cib_replica *replica, cib_member sender, const struct cib_message *message);
/* A member with a full disk, if there are so many that the others may not go on without theirs; or NULL. */
const struct peer *cib_apply_blocked(const struct cib_replica *replica);
/* What every member has that must have it. */
uint64_t cib_apply_everywhere(const struct cib_replica *replica);
void cib_apply_ack(struct cib_replica *replica, cib_member sender, const struct cib_message *message);
/* One more entry: remembers its digest; written: it must reach the disk first. */
void cib_apply_entry(struct cib_replica *replica, bool written);
struct cib_digest cib_apply_digest(const struct cib_document *document);
struct sender *cib_apply_sender(struct cib_replica *replica, cib_member member);
/* The state was replaced as a whole; written: it must reach the disk. */
void cib_disk_installed(struct cib_replica *replica, bool written);
void cib_disk_flush(struct cib_replica *replica);
void cib_disk_done(struct cib_replica *replica, uint64_t ticket, bool low);
void cib_disk_failed(struct cib_replica *replica, uint64_t ticket);
void cib_disk_tick(struct cib_replica *replica);
int64_t cib_disk_deadline(const struct cib_replica *replica);
void cib_say_ack(struct cib_replica *replica);
void cib_say_quorum(struct cib_replica *replica);

/* watch.c */
void cib_watch_heard(struct cib_replica *replica, struct peer *peer);
/* At the end of a step: who owes something now. */
void cib_watch_update(struct cib_replica *replica);
/* At the beginning of a step that should have come at deadline at the latest. */
void cib_watch_stalled(struct cib_replica *replica, int64_t deadline);
/* Nobody's silence counts until now. */
void cib_watch_renew(struct cib_replica *replica);
void cib_watch_tick(struct cib_replica *replica);
int64_t cib_watch_deadline(const struct cib_replica *replica);
/* When the last acknowledgement is to be repeated, to be heard of. */
int64_t cib_watch_ping_at(const struct cib_replica *replica);

/* request.c */
void cib_request_submit(struct cib_replica *replica, const struct cib_event *event);
void cib_request_send(struct cib_replica *replica);
/* Delivered: hands over the one that was on its way with this sequence, if there is one. */
bool cib_request_landed(struct cib_replica *replica, enum cib_request_kind kind, uint64_t sequence,
                        struct request *request);
void cib_request_answer(struct cib_replica *replica, struct request *request, struct hf_error *error);
void cib_request_wait(struct cib_replica *replica, struct request *request);
/* To be sent again, as a new one. */
void cib_request_again(struct cib_replica *replica, struct request *request);
/* Answers what everybody has. */
void cib_request_settle(struct cib_replica *replica);
/* A new exchange: what is on its way goes out again later. */
void cib_request_recall(struct cib_replica *replica);
/* What was applied here is not what the group has: nobody knows. */
void cib_request_lost(struct cib_replica *replica, const char *why, bool changes_only);
void cib_request_tick(struct cib_replica *replica);
int64_t cib_request_deadline(const struct cib_replica *replica);
void cib_request_free_all(struct cib_replica *replica);
bool cib_request_idle(const struct cib_replica *replica);

#endif
