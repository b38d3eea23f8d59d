/* message.h - the messages between the members of the replicated CIB, as bytes and as structs.
 *
 * Each begins with a magic number, the protocol version, its type and the tag of the view (or of the
 * restarted exchange within a view) for which it was sent: a message with another tag is not for now.
 * Decoding takes bytes from anywhere and never reads beyond them; what a decoded message points to are those
 * bytes. The layout is described in doc/cib.md.  Private to daemon/cib/. */
#ifndef CIB_MESSAGE_H
#define CIB_MESSAGE_H

#include "daemon/cib/replica.h"
#include "lib/wire.h"

enum {
    CIB_PROTOCOL = 1,
    CIB_MESSAGE_HEAD = 12,        /* bytes before the body */
    CIB_REQUEST_LIMIT = 12 << 20, /* bytes of one request */
    CIB_STATE_LIMIT = 64 << 20,   /* bytes of a transferred state */
    CIB_MEMBER_LIMIT = 256,       /* members in one message */
};

enum cib_message_type {
    CIB_HELLO = 1,    /* what the sender has */
    CIB_BATCH = 2,    /* whole requests */
    CIB_FRAGMENT = 3, /* part of one request that is too large for a batch */
    CIB_ACK = 4,      /* how far the sender's disk is */
    CIB_QUORUM = 5,   /* the DC says whether this view may decide */
    CIB_STATE = 6,    /* a chunk of the state, for those who are not in sync */
    CIB_EXPEL = 7,    /* go on without a member */
    CIB_RESYNC = 8,   /* a member's state is to be replaced by the DC's */
};

enum cib_request_kind { CIB_REQUEST_CHANGE = 1, CIB_REQUEST_STATUS = 2 };

/* Members in some order. */
struct cib_member_list {
    cib_member list[CIB_MEMBER_LIMIT];
    size_t count;
};

struct cib_hello {
    bool active;    /* was in sync in view line */
    uint64_t line;  /* tag of the view in which it last was in sync, 0: none since it started */
    uint64_t index; /* entries applied */
    struct cib_lineage lineage;
    struct cib_digest configuration, status;
    struct cib_member_list seniority; /* as in view line; the sender alone if there was none */
    struct cib_member_list expelled;  /* members of the group that it goes on without */
};

struct cib_message {
    enum cib_message_type type;
    uint64_t tag;
    struct cib_hello hello;    /* HELLO */
    struct hf_reader requests; /* BATCH: cib_get_request() until empty */
    /* FRAGMENT, STATE */
    uint64_t sequence;
    enum cib_request_kind kind;
    uint32_t total, offset;
    const void *bytes;
    size_t length;
    /* ACK */
    uint64_t index;
    struct cib_digest digest;
    bool full;
    /* QUORUM */
    bool quorate;
    uint32_t term;
    uint16_t spare;
    /* EXPEL, RESYNC */
    cib_member member;
};

struct cib_request {
    uint64_t sequence;
    enum cib_request_kind kind;
    const void *body;
    size_t length;
};

/* The body of a configuration change. */
struct cib_request_change {
    int64_t time;
    char *origin, *user; /* owned */
    const char *text;
    size_t length;
};

/* Appends head and body; for FRAGMENT and STATE with bytes. BATCH gets its requests from cib_put_request().
 */
void cib_put_message(struct hf_buf *buf, const struct cib_message *message);
/* HF_USAGE if it is none. */
struct hf_error *cib_get_message(const void *bytes, size_t length, struct cib_message *message) HF_MUST_CHECK;

enum { CIB_REQUEST_HEAD = 13 }; /* bytes that cib_put_request() adds */
void cib_put_request(struct hf_buf *buf, const struct cib_request *request);
/* The next request of a batch, false at its end or if it is cut off (requests->failed). */
bool cib_get_request(struct hf_reader *requests, struct cib_request *request);

void cib_put_change(struct hf_buf *buf, const struct cib_request_change *change);
/* False if it is none. Free with cib_request_change_free(). */
bool cib_get_change(const void *body, size_t length, struct cib_request_change *change);
void cib_request_change_free(struct cib_request_change *change);

#endif
