/* frame.h - the frames of the lock protocol, encoded and decoded.
 *
 * Pure.  A frame is at most FRAME_MAX bytes, so that a receiver knows before it reads how much a peer can
 * make it keep.  One frame carries requests (or answers) for many locks of one node.  All numbers are big
 * endian.  doc/protocol.md is the specification; daemon/lease/ speaks the node's half of it, arbiter/table
 * the server's.
 *
 *     0      2         3      4        8             16
 *     +------+---------+------+--------+-------------+---------------
 *     | size | version | type |  seq   |   session   | body ...
 *     +------+---------+------+--------+-------------+---------------
 */
#ifndef ARBITER_FRAME_H
#define ARBITER_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

enum {
    FRAME_VERSION = 1,
    FRAME_MAX = 512,       /* bytes of one frame, header included */
    FRAME_HEADER = 16,     /* bytes */
    FRAME_NAME_MAX = 63,   /* bytes of the name of a cluster, node or lock */
    FRAME_BOOT_BYTES = 16, /* a boot id */
    FRAME_ITEM_MIN = 3,    /* bytes of the smallest item: op, length and one byte of name */
    FRAME_ITEMS_MAX = (FRAME_MAX - FRAME_HEADER - 1) / FRAME_ITEM_MIN,
};

enum frame_type {
    FRAME_HELLO = 1,     /* node: who I am in this boot, and the session that begins */
    FRAME_REQUEST = 2,   /* node: items; none is a heartbeat */
    FRAME_TEACH = 3,     /* node: the term that a server without its record has to start from */
    FRAME_WELCOME = 129, /* server: answers HELLO and TEACH */
    FRAME_REPLY = 130,   /* server: items that answer the request with this seq; seq 0 is unasked */
    FRAME_GOODBYE = 131, /* server: why this connection ends */
};

/* What an item of a REQUEST asks. */
enum frame_op {
    FRAME_ACQUIRE = 1, /* lock, term, lease_ms, drain_ms */
    FRAME_RENEW = 2,   /* lock, term */
    FRAME_PROBE = 3,   /* lock */
    FRAME_WAIT = 4,    /* lock */
    FRAME_RELEASE = 5, /* lock, term, node (the successor or "") */
};

/* What an item of a REPLY says.  All carry lock, the server's term, remaining_ms, lease_ms and node. */
enum frame_answer {
    FRAME_GRANTED = 1,   /* to ACQUIRE */
    FRAME_RENEWED = 2,   /* to RENEW */
    FRAME_HELD = 3,      /* another (node) holds it for another remaining_ms */
    FRAME_OLD_TERM = 4,  /* to ACQUIRE: the term was not above the server's */
    FRAME_NOT_READY = 5, /* the server has no record of this cluster, or waits after a start */
    FRAME_DISK = 6,      /* the server could not make the grant durable */
    FRAME_LIMIT = 7,     /* a limit of the server: lease too long, too many locks */
    FRAME_RELEASED = 8,  /* to RELEASE */
    FRAME_NOT_YOURS = 9, /* to RENEW and RELEASE: not held by the sender at that term */
    FRAME_FREE = 10,     /* nobody holds it: to PROBE and WAIT, and unasked to those who wait */
    FRAME_ANSWER_LAST = FRAME_FREE,
};

/* Why a GOODBYE was said. */
enum frame_goodbye {
    FRAME_BYE_REPLACED = 1, /* a later session of the same node took over */
    FRAME_BYE_SESSION = 2,  /* no or another session: say HELLO first */
    FRAME_BYE_BAD_FRAME = 3,
    FRAME_BYE_LIMIT = 4,
};

struct frame_item {
    uint8_t op; /* enum frame_op or enum frame_answer */
    uint64_t term;
    uint32_t lease_ms;
    uint32_t drain_ms;
    uint32_t remaining_ms;
    char lock[FRAME_NAME_MAX + 1];
    char node[FRAME_NAME_MAX + 1]; /* may be "" */
};

/* Everything but the items; which members count depends on the type. */
struct frame {
    enum frame_type type;
    uint32_t seq;
    uint64_t session;
    uint8_t boot[FRAME_BOOT_BYTES]; /* HELLO */
    uint64_t incarnation;           /* WELCOME, TEACH: one life of the server's process */
    uint64_t top;                   /* WELCOME: the highest term of any lock; TEACH: the floor */
    uint32_t ready_ms;              /* WELCOME: it grants nothing for so long */
    uint32_t max_hold_ms;           /* WELCOME: the longest lease + drain it accepts */
    bool known;                     /* WELCOME: it has its record of this cluster */
    bool granted;                   /* WELCOME: and has granted a lock of it at some time */
    uint8_t reason;                 /* GOODBYE: enum frame_goodbye */
    unsigned items;                 /* REQUEST, REPLY: how many */
};

/* Builds a REQUEST or REPLY item by item. */
struct frame_writer {
    uint8_t bytes[FRAME_MAX];
    size_t length;
};

/* 1 to FRAME_NAME_MAX bytes of letters, digits and . _ - : @ / */
bool frame_name_ok(const char *name);

/* The words used in status and logs. */
const char *frame_answer_name(enum frame_answer answer);
const char *frame_goodbye_name(enum frame_goodbye reason);

/* Writes a frame without items (for REQUEST and REPLY: an empty one); returns its length in bytes. */
size_t frame_encode(const struct frame *frame, uint8_t bytes[FRAME_MAX]);

/* Begins a REQUEST or REPLY. */
void frame_begin(struct frame_writer *writer, enum frame_type type, uint64_t session, uint32_t seq);
/* Adds an item; false, with nothing changed, if it does not fit any more: send and begin anew.  Any single
 * item fits into an empty frame. */
bool frame_add(struct frame_writer *writer, const struct frame_item *item);
/* The number of items so far. */
unsigned frame_count(const struct frame_writer *writer);

/* What the first length bytes of a stream hold.  Returns the size of the frame that begins there, 0 if
 * more bytes are needed to tell, or -1 if no frame can begin so (too long, too short, other version). */
int frame_size(const uint8_t *bytes, size_t length);

/* Reads one whole frame of length bytes into *frame and up to FRAME_ITEMS_MAX items into items.
 * HF_REFUSED, with what was expected, for anything that frame_encode() and frame_add() cannot have made. */
struct hf_error *frame_decode(const uint8_t *bytes, size_t length, struct frame *frame,
                              struct frame_item items[FRAME_ITEMS_MAX]) HF_MUST_CHECK;

#endif
