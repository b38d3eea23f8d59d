/* lease.c - see lease.h. */
#include "daemon/lease/lease.h"

#include <assert.h>
#include <string.h>

#include "daemon/lease/mutant.h"

enum { SENT_RING = 256 }; /* frames to one server whose answers may still come */

#define NS_PER_MS INT64_C(1000000)
#define NEVER INT64_MAX
/* Frames are numbered from here, so that a number which overflows after years is nothing that happens only
 * then. */
#define FIRST_SEQ (UINT32_MAX - 40)
/* How long a bid waits for disks, in leases. */
#define BID_LEASES 4

#define HOLD_DOWN_MAX (INT64_C(60000) * NS_PER_MS)

enum bid { BID_NONE, BID_ASKED, BID_GRANTED, BID_DENIED };

/* One lock as one server has it. */
struct view {
    uint64_t seen;       /* the server's term */
    uint64_t term;       /* of our grant; 0 for none */
    uint64_t asked_term; /* of our last ACQUIRE; 0 when given back */
    int64_t until;       /* our grant counts until then; 0 for none */
    bool renewable;      /* the server has our grant: RENEW, not ACQUIRE */
    enum bid bid;
    uint32_t min_seq; /* answers to what was asked before are ignored */
    int64_t free_at;  /* when it is (or was) free, as far as it said; NEVER if it did not */
    bool kept;        /* and it is kept for us: a planned handover */
    char holder[FRAME_NAME_MAX + 1];
};

struct lock {
    struct lock *next;
    char name[FRAME_NAME_MAX + 1];
    enum lease_state state;
    bool wanted;
    unsigned rank;
    uint32_t drain_ms;                  /* of the present term */
    uint32_t next_drain_ms;             /* of the next */
    char successor[FRAME_NAME_MAX + 1]; /* CLOSING: for RELEASE; may be "" */
    uint64_t token;                     /* OWNING, CLOSING: ours */
    uint64_t bid_term;                  /* BIDDING */
    uint64_t top_asked; /* the highest term of any ACQUIRE: a RELEASE of it may still be under way, so that
                         * no bid may use it again */
    int64_t bid_until;  /* BIDDING: given back if not won by then, or asked for again */
    int64_t bid_end;    /* BIDDING: given back in any case */
    int64_t deadline;   /* OWNING, CLOSING: what the gate was told */
    int64_t owned_since;
    int64_t next_ask;      /* OWNING, CLOSING: RENEW; WAITING: WAIT */
    int64_t not_before;    /* no bid before */
    int64_t urgent_before; /* nor, if one is urged, before this: not_before without the hold-down */
    int64_t backoff;       /* ns, for the next lost bid */
    int64_t hold_down;     /* ns, of the last loss */
    struct view views[LEASE_SERVERS_MAX];
};

struct server {
    bool up;       /* connected */
    bool welcomed; /* in this session */
    uint64_t session;
    uint32_t seq; /* of the last frame sent; not reset by a new session; never 0 */
    int64_t sent[SENT_RING];
    int64_t last_heard;
    int64_t next_beat;  /* something is sent by then */
    int64_t next_hello; /* until it is welcomed */
    /* from WELCOME */
    bool known, granted;
    uint64_t incarnation, top;
    int64_t welcome_sent;  /* when the HELLO was sent that the last WELCOME answered */
    int64_t unknown_since; /* when we first heard that this incarnation has no record */
    int64_t ready_at;
    enum frame_answer refusal;
    bool writing; /* a REQUEST is being put together in out */
    struct frame_writer out;
};

struct lease {
    struct lease_config config;
    unsigned majority;
    int64_t usable; /* ns of a lease that we use */
    int64_t renew;  /* ns */
    uint64_t random;
    uint64_t last_session;
    int64_t open_until;   /* what an earlier process of this boot opened may be open until then */
    int64_t refreshed_at; /* when all servers were asked for their terms */
    struct server servers[LEASE_SERVERS_MAX];
    struct lock *locks;
    struct frame_item items[FRAME_ITEMS_MAX];
};

/* One step's surroundings. */
struct step {
    struct lease *lease;
    int64_t now;
    struct lease_updates *updates;
};

const char *lease_state_name(enum lease_state state)
{
    switch (state) {
#define LEASE_STATE_NAME(name, word)                                                                         \
    case name:                                                                                               \
        return word;
        LEASE_STATES(LEASE_STATE_NAME)
#undef LEASE_STATE_NAME
    }
    return "unknown";
}

/* --- updates --- */

void lease_updates_reset(struct lease_updates *updates)
{
    updates->count = 0;
    hf_buf_reset(&updates->bytes);
}

void lease_updates_free(struct lease_updates *updates)
{
    free(updates->items);
    hf_buf_free(&updates->bytes);
    *updates = (struct lease_updates){0};
}

static struct lease_update *add_update(const struct step *step, enum lease_action action)
{
    struct lease_updates *updates = step->updates;

    hf_grow(&updates->items, &updates->capacity, updates->count + 1, sizeof(*updates->items));
    updates->items[updates->count] = (struct lease_update){.action = action};
    return &updates->items[updates->count++];
}

static void send_bytes(const struct step *step, unsigned server, const uint8_t *bytes, size_t length)
{
    struct lease_update *update = add_update(step, LEASE_SEND);

    update->server = server;
    update->offset = step->updates->bytes.length;
    update->length = length;
    hf_buf_add(&step->updates->bytes, bytes, length);
    step->lease->servers[server].next_beat = step->now + step->lease->renew;
}

static uint64_t next_random(struct lease *lease)
{
    uint64_t z = lease->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* --- asking --- */

static uint32_t next_seq(const struct step *step, struct server *server)
{
    if (++server->seq == 0)
        server->seq = 1;
    server->sent[server->seq % SENT_RING] = step->now;
    return server->seq;
}

static void flush(const struct step *step, unsigned index)
{
    struct server *server = &step->lease->servers[index];

    if (!server->writing)
        return;
    server->writing = false;
    send_bytes(step, index, server->out.bytes, server->out.length);
}

static void begin_request(const struct step *step, struct server *server)
{
    uint32_t seq = next_seq(step, server);

    frame_begin(&server->out, FRAME_REQUEST, server->session, seq);
    server->writing = true;
}

/* Adds a request about a lock to what this step sends to a server. */
static void ask(const struct step *step, unsigned index, const struct lock *lock, enum frame_op op,
                uint64_t term, const char *successor)
{
    struct server *server = &step->lease->servers[index];
    struct frame_item item = {.op = (uint8_t)op,
                              .term = term,
                              .lease_ms = step->lease->config.lease_ms,
                              .drain_ms = lock->drain_ms};

    if (!server->up)
        return;
    strcpy(item.lock, lock->name);
    if (successor != NULL)
        strcpy(item.node, successor);
    if (!server->writing)
        begin_request(step, server);
    if (!frame_add(&server->out, &item)) {
        flush(step, index);
        begin_request(step, server);
        frame_add(&server->out, &item);
    }
}

static void send_simple(const struct step *step, unsigned index, struct frame *frame)
{
    struct server *server = &step->lease->servers[index];
    uint8_t bytes[FRAME_MAX];
    size_t length;

    flush(step, index); /* so that frames leave in the order of their seq */
    frame->session = server->session;
    frame->seq = next_seq(step, server);
    length = frame_encode(frame, bytes);
    send_bytes(step, index, bytes, length);
}

static void send_hello(const struct step *step, unsigned index)
{
    struct frame frame = {.type = FRAME_HELLO};

    memcpy(frame.boot, step->lease->config.boot, FRAME_BOOT_BYTES);
    step->lease->servers[index].next_hello = step->now + step->lease->renew;
    send_simple(step, index, &frame);
}

/* --- the time until which a majority counts --- */

static void sort(int64_t *times, unsigned count)
{
    for (unsigned i = 1; i < count; i++)
        for (unsigned k = i; k > 0 && times[k] > times[k - 1]; k--) {
            int64_t other = times[k];

            times[k] = times[k - 1];
            times[k - 1] = other;
        }
}

/* With grants at exactly term (a bid), or at term and above (an owner: a server that joins late may have
 * seen higher terms).  A bid must be won at one term, so that the majority which stored it makes every
 * later owner's term higher. */
static int64_t majority_until(const struct lease *lease, const struct lock *lock, uint64_t term, bool exact)
{
    int64_t times[LEASE_SERVERS_MAX] = {0};
    unsigned majority = HF_MUTANT(MUTANT_MINORITY) ? 1 : lease->majority;

    for (unsigned i = 0; i < lease->config.servers; i++) {
        const struct view *view = &lock->views[i];

        times[i] = view->term == term || (!exact && view->term > term) ? view->until : 0;
    }
    sort(times, lease->config.servers);
    return times[majority - 1];
}

/* When a majority of the servers that we reach is free for us, as far as they said. */
static int64_t majority_free(const struct lease *lease, const struct lock *lock)
{
    int64_t times[LEASE_SERVERS_MAX] = {0};

    for (unsigned i = 0; i < lease->config.servers; i++)
        times[i] = lease->servers[i].welcomed ? lock->views[i].free_at : NEVER;
    sort(times, lease->config.servers); /* falling: the majority-th smallest is this one */
    return times[lease->config.servers - lease->majority];
}

/* --- what a lock does --- */

/* Gives back everything that was granted or is being asked for; or, if something may still be open on the
 * strength of it, lets it lapse without a word.  Answers to what was asked before, and in the same frame,
 * no longer count. */
static void release_all(const struct step *step, struct lock *lock, bool say, const char *successor)
{
    for (unsigned i = 0; i < step->lease->config.servers; i++) {
        struct view *view = &lock->views[i];
        struct server *server = &step->lease->servers[i];

        if (say && view->renewable && view->term != view->asked_term)
            ask(step, i, lock, FRAME_RELEASE, view->term, successor);
        if (say && view->asked_term != 0)
            ask(step, i, lock, FRAME_RELEASE, view->asked_term, successor);
        flush(step, i);
        if (view->renewable || view->bid == BID_GRANTED)
            view->free_at = step->now;
        view->until = 0;
        view->renewable = false;
        view->bid = BID_NONE;
        if (HF_MUTANT(MUTANT_REPLY_AFTER_RELEASE))
            continue;
        view->term = view->asked_term = 0;
        view->min_seq = server->seq + 1;
    }
}

/* All locks are renewed at the same times, so that they share frames. */
static int64_t next_round(const struct step *step)
{
    const struct lease *lease = step->lease;

    return step->now + lease->renew - (step->now - lease->config.now) % lease->renew;
}

static void become_owner(const struct step *step, struct lock *lock, uint64_t token, int64_t until)
{
    struct lease_update *update;

    lock->state = LEASE_OWNING;
    lock->token = token;
    lock->deadline = until;
    lock->owned_since = step->now;
    lock->next_ask = next_round(step);
    lock->backoff = 0;
    update = add_update(step, LEASE_OPEN_GATE);
    update->lock = lock->name;
    update->deadline = until;
    update->token = token;
    update = add_update(step, LEASE_OWNED);
    update->lock = lock->name;
    update->deadline = until;
    update->token = token;
}

static void lost(const struct step *step, struct lock *lock, enum lease_loss why)
{
    struct lease_update *update = add_update(step, LEASE_LOST);

    update->lock = lock->name;
    update->loss = why;
    lock->state = lock->wanted ? LEASE_WAITING : LEASE_IDLE;
    lock->next_ask = step->now;
}

/* The lease ran out: the gate has closed by itself; keep away for a while, longer each time.  What needs
 * its drain time is not free yet: the servers count that for us, and no new bid may shorten it. */
static void expire(const struct step *step, struct lock *lock)
{
    struct lease_update *update = add_update(step, LEASE_CLOSE_GATE);

    update->lock = lock->name;
    release_all(step, lock, lock->drain_ms == 0 && step->now >= step->lease->open_until, NULL);
    if (step->now - lock->owned_since > HOLD_DOWN_MAX)
        lock->hold_down = 0;
    lock->hold_down = lock->hold_down == 0 ? step->lease->config.lease_ms * NS_PER_MS : lock->hold_down * 2;
    if (lock->hold_down > HOLD_DOWN_MAX)
        lock->hold_down = HOLD_DOWN_MAX;
    lock->not_before = step->now + lock->hold_down;
    if (lock->not_before < step->now + lock->drain_ms * NS_PER_MS)
        lock->not_before = step->now + lock->drain_ms * NS_PER_MS;
    lock->urgent_before = step->now + lock->drain_ms * NS_PER_MS;
    lost(step, lock, LEASE_EXPIRED);
}

static void give_back(const struct step *step, struct lock *lock)
{
    struct lease *lease = step->lease;

    release_all(step, lock, step->now >= lease->open_until, NULL);
    lock->backoff = lock->backoff == 0 ? lease->renew / 2 : lock->backoff * 2;
    if (lock->backoff > lease->config.lease_ms * NS_PER_MS)
        lock->backoff = lease->config.lease_ms * NS_PER_MS;
    lock->not_before = step->now + (int64_t)(next_random(lease) % (uint64_t)lock->backoff);
    lock->urgent_before = lock->not_before;
    lock->state = lock->wanted ? LEASE_WAITING : LEASE_IDLE;
    lock->next_ask = step->now;
}

static void start_bid(const struct step *step, struct lock *lock)
{
    struct lease *lease = step->lease;
    uint64_t term = lock->top_asked > lease->config.floor ? lock->top_asked : lease->config.floor;

    for (unsigned i = 0; i < lease->config.servers; i++)
        if (lock->views[i].seen > term)
            term = lock->views[i].seen;
    lock->bid_term = lock->top_asked = term + 1;
    lock->bid_until = step->now + lease->config.lease_ms * NS_PER_MS / 2;
    lock->bid_end = step->now + BID_LEASES * lease->config.lease_ms * NS_PER_MS;
    lock->state = LEASE_BIDDING;
    lock->drain_ms = lock->next_drain_ms;
    for (unsigned i = 0; i < lease->config.servers; i++) {
        struct view *view = &lock->views[i];

        view->bid = lease->servers[i].up ? BID_ASKED : BID_NONE;
        view->asked_term = lock->bid_term;
        ask(step, i, lock, FRAME_ACQUIRE, lock->bid_term, NULL);
    }
}

/* Asks one server to keep what it granted, or to join in. */
static void renew_at(const struct step *step, struct lock *lock, unsigned index)
{
    struct view *view = &lock->views[index];

    if (view->renewable) {
        ask(step, index, lock, FRAME_RENEW, view->term, NULL);
        return;
    }
    if (view->asked_term < lock->token || view->asked_term <= view->seen)
        view->asked_term = view->seen < lock->token ? lock->token : view->seen + 1;
    if (view->asked_term > lock->top_asked)
        lock->top_asked = view->asked_term;
    ask(step, index, lock, FRAME_ACQUIRE, view->asked_term, NULL);
}

static void ask_at(const struct step *step, struct lock *lock, unsigned index)
{
    if (lock->state == LEASE_OWNING || lock->state == LEASE_CLOSING)
        renew_at(step, lock, index);
    else if (lock->state == LEASE_WAITING)
        ask(step, index, lock, FRAME_WAIT, 0, NULL);
}

static void ask_all(const struct step *step, struct lock *lock)
{
    if (step->now < lock->next_ask)
        return;
    lock->next_ask = next_round(step);
    for (unsigned i = 0; i < step->lease->config.servers; i++)
        ask_at(step, lock, i);
}

/* Whether the servers that granted, or may still, are enough. */
static bool bid_can_win(const struct lease *lease, const struct lock *lock)
{
    unsigned count = 0;

    for (unsigned i = 0; i < lease->config.servers; i++)
        count +=
            lock->views[i].bid == BID_GRANTED || (lock->views[i].bid == BID_ASKED && lease->servers[i].up);
    return count >= lease->majority;
}

/* A planned handover to this node: nobody else bids, so that there is nobody to go before. */
static bool kept_for_us(const struct lease *lease, const struct lock *lock)
{
    unsigned count = 0;

    for (unsigned i = 0; i < lease->config.servers; i++)
        count += lease->servers[i].welcomed && lock->views[i].kept && lock->views[i].free_at != NEVER;
    return count >= lease->majority;
}

/* A hold-down lets others go first.  Where nobody went for a lease, all that are left hold down, and it would
 * only keep everybody waiting. */
static int64_t bid_time(const struct lease *lease, const struct lock *lock)
{
    int64_t free = majority_free(lease, lock), not_before = lock->not_before, left;

    if (free == NEVER)
        return NEVER;
    if (!kept_for_us(lease, lock))
        free += lock->rank * (lease->renew / 8);
    left = free + lease->config.lease_ms * NS_PER_MS;
    if (left < lock->urgent_before)
        left = lock->urgent_before;
    if (not_before > left)
        not_before = left;
    return free > not_before ? free : not_before;
}

/* It can still be won, but a disk is slow: the same is asked again.  The server answers once it is written
 * down, and what it answers counts from when it was asked last.  To give it back and bid anew would ask the
 * slow disk for more. A server that does not answer at all is no server after a lease, which ends a bid that
 * cannot be won without it. */
static bool bid_again(const struct step *step, struct lock *lock)
{
    if (step->now >= lock->bid_end)
        return false;
    lock->bid_until = step->now + step->lease->config.lease_ms * NS_PER_MS / 2;
    for (unsigned i = 0; i < step->lease->config.servers; i++)
        if (lock->views[i].bid == BID_ASKED || lock->views[i].bid == BID_GRANTED)
            ask(step, i, lock, FRAME_ACQUIRE, lock->bid_term, NULL);
    return true;
}

/* Brings one lock to where its views and the time say it is. */
static void settle(const struct step *step, struct lock *lock)
{
    int64_t until;

    switch (lock->state) {
    case LEASE_IDLE:
        break;
    case LEASE_WAITING:
        if (HF_MUTANT(MUTANT_REPLY_AFTER_RELEASE) && lock->token > 0 &&
            (until = majority_until(step->lease, lock, lock->token, false)) > step->now)
            become_owner(step, lock, lock->token, until);
        else if (step->now >= bid_time(step->lease, lock))
            start_bid(step, lock);
        else
            ask_all(step, lock);
        break;
    case LEASE_BIDDING:
        until = majority_until(step->lease, lock, lock->bid_term, true);
        if (until > step->now)
            become_owner(step, lock, lock->bid_term, until);
        else if (!bid_can_win(step->lease, lock) || (step->now >= lock->bid_until && !bid_again(step, lock)))
            give_back(step, lock);
        break;
    case LEASE_OWNING:
    case LEASE_CLOSING:
        until = majority_until(step->lease, lock, lock->token, false);
        if (until <= step->now) {
            expire(step, lock);
            break;
        }
        if (until > lock->deadline) {
            lock->deadline = until;
            if (lock->state == LEASE_OWNING) {
                struct lease_update *update = add_update(step, LEASE_OPEN_GATE);

                update->lock = lock->name;
                update->deadline = until;
                update->token = lock->token;
            }
        }
        ask_all(step, lock);
        break;
    }
}

/* --- answers --- */

static struct lock *find_lock(const struct lease *lease, const char *name)
{
    struct lock *lock = lease->locks;

    while (lock != NULL && strcmp(lock->name, name) != 0)
        lock = lock->next;
    return lock;
}

static int64_t usable_of(const struct lease *lease, uint32_t granted_ms)
{
    int64_t held = (granted_ms < lease->config.lease_ms ? granted_ms : lease->config.lease_ms) * NS_PER_MS;

    return HF_MUTANT(MUTANT_NO_MARGIN) ? held : held / 10 * 9;
}

static void take_grant(const struct step *step, struct view *view, const struct frame_item *item,
                       int64_t sent)
{
    int64_t from = HF_MUTANT(MUTANT_FROM_RECEIPT) ? step->now : sent;
    int64_t until = from + usable_of(step->lease, item->lease_ms);

    view->term = item->term;
    view->renewable = true;
    if (until > view->until)
        view->until = until;
}

static void take_refusal(const struct step *step, struct server *server, struct view *view,
                         const struct frame_item *item)
{
    enum frame_answer answer = item->op;
    int64_t wait = item->remaining_ms * NS_PER_MS;

    if (view->bid == BID_ASKED)
        view->bid = BID_DENIED;
    if (answer == FRAME_NOT_READY || answer == FRAME_DISK || answer == FRAME_LIMIT) {
        server->refusal = answer;
        if (wait < step->lease->renew)
            wait = step->lease->renew;
    }
    view->kept = false;
    view->free_at = step->now + wait;
}

/* Free; with a node named, kept for that one, which is this node: nobody else is told so.  Asked, it may be
 * free for longer than we know: the place in the queue counts from when it was first said. */
static void take_free(const struct step *step, struct view *view, const struct frame_item *item, bool unasked)
{
    if (unasked || view->free_at > step->now)
        view->free_at = step->now;
    view->kept = item->node[0] != '\0';
}

static void take_item(const struct step *step, unsigned index, uint32_t seq, int64_t sent,
                      const struct frame_item *item)
{
    struct server *server = &step->lease->servers[index];
    struct lock *lock = find_lock(step->lease, item->lock);
    struct view *view;
    bool own;

    if (lock == NULL)
        return;
    view = &lock->views[index];
    if (item->term > view->seen)
        view->seen = item->term;
    if (seq == 0) {
        if (item->op == FRAME_FREE)
            take_free(step, view, item, true);
        return;
    }
    if ((int32_t)(seq - view->min_seq) < 0)
        return;
    view->min_seq = seq;
    own = lock->state == LEASE_OWNING || lock->state == LEASE_CLOSING || lock->state == LEASE_BIDDING;
    own = own || HF_MUTANT(MUTANT_REPLY_AFTER_RELEASE);
    switch ((enum frame_answer)item->op) {
    case FRAME_GRANTED:
        if (!own || item->term != view->asked_term)
            return;
        view->bid = BID_GRANTED;
        server->refusal = 0;
        take_grant(step, view, item, sent);
        break;
    case FRAME_RENEWED:
        if (own && item->term == view->term)
            take_grant(step, view, item, sent);
        break;
    case FRAME_NOT_YOURS:
        view->renewable = false; /* what it promised counts until its time; then we ask anew */
        take_refusal(step, server, view, item);
        break;
    case FRAME_HELD:
    case FRAME_OLD_TERM:
    case FRAME_NOT_READY:
    case FRAME_DISK:
    case FRAME_LIMIT:
        take_refusal(step, server, view, item);
        break;
    case FRAME_FREE:
        take_free(step, view, item, false);
        break;
    case FRAME_RELEASED:
        break;
    }
    strcpy(view->holder, item->op == FRAME_FREE ? "" : item->node);
}

/* --- teaching a server that lost its record --- */

/* Since when the last of the servers without a record is known to have none; 0 if all have theirs. */
static int64_t unknown_since(const struct lease *lease)
{
    int64_t since = 0;

    for (unsigned i = 0; i < lease->config.servers; i++) {
        const struct server *server = &lease->servers[i];

        if (server->welcomed && !server->known && server->unknown_since > since)
            since = server->unknown_since;
    }
    return since;
}

/* From when on what a majority says is enough to teach the others.  For a lease after one lost its record, a
 * bid may still be won with what it granted before, at a term that the majority had not heard of. */
static int64_t words_since(const struct lease *lease)
{
    return unknown_since(lease) + lease->config.lease_ms * NS_PER_MS;
}

/* The term from which the servers without a record have to start: the highest that a majority has; or, if all
 * are without (a new cluster, or all is lost), what we were told at the start; or the highest, if none of all
 * ever granted anything.  False if it is not known yet. */
static bool find_floor(const struct lease *lease, uint64_t *floor)
{
    int64_t since = unknown_since(lease), enough = words_since(lease);
    unsigned knowing = 0, unknown = 0, fresh = 0;
    bool granted = false;

    *floor = lease->config.floor;
    for (unsigned i = 0; i < lease->config.servers; i++) {
        const struct server *server = &lease->servers[i];

        if (!server->welcomed || server->welcome_sent < since)
            continue;
        unknown += !server->known;
        if (server->welcome_sent < enough)
            continue;
        fresh++;
        if (!server->known)
            continue;
        knowing++;
        granted = granted || server->granted;
        if (server->top > *floor)
            *floor = server->top;
    }
    return unknown == lease->config.servers || knowing >= lease->majority ||
           (!granted && fresh == lease->config.servers);
}

static void teach(const struct step *step)
{
    struct lease *lease = step->lease;
    uint64_t floor;

    if (!find_floor(lease, &floor))
        return;
    for (unsigned i = 0; i < lease->config.servers; i++) {
        const struct server *server = &lease->servers[i];
        struct frame frame = {.type = FRAME_TEACH, .incarnation = server->incarnation, .top = floor};

        if (server->welcomed && !server->known)
            send_simple(step, i, &frame);
    }
}

static void take_welcome(const struct step *step, unsigned index, const struct frame *frame, int64_t sent)
{
    struct lease *lease = step->lease;
    struct server *server = &lease->servers[index];
    bool news =
        !frame->known && (server->known || !server->welcomed || server->incarnation != frame->incarnation);
    bool first = !server->welcomed;

    if (first || sent > server->welcome_sent)
        server->welcome_sent = sent;
    server->welcomed = true;
    server->known = frame->known;
    server->granted = frame->granted;
    server->incarnation = frame->incarnation;
    server->top = frame->top;
    server->ready_at = step->now + frame->ready_ms * NS_PER_MS;
    if (news) {
        server->unknown_since = step->now;
        for (unsigned i = 0; i < lease->config.servers; i++)
            if (lease->servers[i].up)
                send_hello(step, i);
    }
    if (sent == server->welcome_sent)
        teach(step);
}

static void take_frame(const struct step *step, const struct lease_event *event)
{
    struct lease *lease = step->lease;
    struct server *server = &lease->servers[event->server];
    struct frame frame;
    struct hf_error *error = frame_decode(event->bytes, event->length, &frame, lease->items);
    int64_t sent;

    if (error != NULL || (frame.type == FRAME_GOODBYE && server->up)) {
        hf_error_free(error);
        add_update(step, LEASE_RECONNECT)->server = event->server;
        server->up = server->welcomed = false;
        return;
    }
    if (!server->up || frame.session != server->session)
        return;
    if (frame.seq != 0 && server->seq - frame.seq >= SENT_RING)
        return; /* never asked, or so long ago that nothing can be made of the answer; 0 is a hint, unasked */
    sent = frame.seq == 0 ? step->now : server->sent[frame.seq % SENT_RING];
    server->last_heard = step->now;
    if (frame.type == FRAME_WELCOME)
        take_welcome(step, event->server, &frame, sent);
    for (unsigned i = 0; frame.type == FRAME_REPLY && i < frame.items; i++)
        take_item(step, event->server, frame.seq, sent, &lease->items[i]);
}

/* --- connections --- */

static void link_down(const struct step *step, unsigned index)
{
    struct server *server = &step->lease->servers[index];

    server->up = server->welcomed = false;
    for (struct lock *lock = step->lease->locks; lock != NULL; lock = lock->next) {
        lock->views[index].free_at = NEVER;
        if (lock->views[index].bid == BID_ASKED)
            lock->views[index].bid = BID_DENIED;
    }
}

static void link_up(const struct step *step, unsigned index)
{
    struct lease *lease = step->lease;
    struct server *server = &lease->servers[index];

    link_down(step, index);
    lease->last_session =
        (uint64_t)step->now > lease->last_session ? (uint64_t)step->now : lease->last_session + 1;
    server->session = lease->last_session;
    server->up = true;
    server->last_heard = step->now;
    send_hello(step, index);
    for (struct lock *lock = lease->locks; lock != NULL; lock = lock->next)
        ask_at(step, lock, index);
}

/* Heartbeats, and servers that have fallen silent. */
static void beat(const struct step *step)
{
    struct lease *lease = step->lease;

    for (unsigned i = 0; i < lease->config.servers; i++) {
        struct server *server = &lease->servers[i];

        if (!server->up)
            continue;
        if (step->now - server->last_heard > lease->config.lease_ms * NS_PER_MS) {
            link_down(step, i);
            add_update(step, LEASE_RECONNECT)->server = i;
            continue;
        }
        if (!server->welcomed && step->now >= server->next_hello)
            send_hello(step, i);
        else if (step->now >= server->next_beat && !server->writing)
            begin_request(step, server);
    }
}

/* Servers without a record need fresh words from the others; those have locks to talk about, so that
 * their heartbeats do not do it. */
static void refresh(const struct step *step)
{
    struct lease *lease = step->lease;
    int64_t oldest = NEVER, since = words_since(lease), lasts = lease->config.lease_ms * NS_PER_MS;
    bool due;

    if (unknown_since(lease) == 0)
        return;
    for (unsigned i = 0; i < lease->config.servers; i++) {
        const struct server *server = &lease->servers[i];

        if (server->up && server->welcome_sent < oldest)
            oldest = server->welcome_sent;
    }
    due = oldest < since && step->now >= since && lease->refreshed_at < since;
    if (!due && (step->now - oldest < lasts || step->now - lease->refreshed_at < lasts))
        return;
    lease->refreshed_at = step->now;
    for (unsigned i = 0; i < lease->config.servers; i++)
        if (lease->servers[i].up)
            send_hello(step, i);
}

/* --- wishes --- */

static struct lock *get_lock(struct lease *lease, const char *name)
{
    struct lock *lock = find_lock(lease, name);

    if (lock != NULL)
        return lock;
    assert(frame_name_ok(name));
    lock = hf_calloc(1, sizeof(*lock));
    strcpy(lock->name, name);
    lock->drain_ms = lock->next_drain_ms = lease->config.drain_ms;
    for (unsigned i = 0; i < LEASE_SERVERS_MAX; i++)
        lock->views[i].free_at = NEVER;
    lock->next = lease->locks;
    lease->locks = lock;
    return lock;
}

static void want(const struct step *step, const struct lease_event *event)
{
    struct lock *lock = get_lock(step->lease, event->lock);

    lock->wanted = true;
    lock->rank = event->rank;
    lock->next_drain_ms =
        event->drain_ms == LEASE_DRAIN_DEFAULT ? step->lease->config.drain_ms : event->drain_ms;
    if (lock->state != LEASE_IDLE)
        return;
    lock->state = LEASE_WAITING;
    lock->next_ask = step->now;
    for (unsigned i = 0; i < LEASE_SERVERS_MAX; i++)
        lock->views[i].min_seq = step->lease->servers[i].seq + 1;
}

/* Closes the gate first; RELEASE comes when that is certain. */
static void start_closing(const struct step *step, struct lock *lock, const char *successor)
{
    struct lease_update *update;

    lock->successor[0] = '\0';
    if (successor != NULL && frame_name_ok(successor))
        strcpy(lock->successor, successor);
    if (lock->state == LEASE_CLOSING)
        return;
    lock->state = LEASE_CLOSING;
    update = add_update(step, LEASE_CLOSE_GATE);
    update->lock = lock->name;
    update->verify = true;
}

static void unwant(const struct step *step, struct lock *lock)
{
    lock->wanted = false;
    if (lock->state == LEASE_OWNING)
        start_closing(step, lock, NULL);
    else if (lock->state == LEASE_BIDDING)
        give_back(step, lock);
    else if (lock->state == LEASE_WAITING)
        lock->state = LEASE_IDLE;
}

static void gate_closed(const struct step *step, struct lock *lock)
{
    if (lock->state != LEASE_CLOSING)
        return;
    release_all(step, lock, true, lock->successor);
    lock->not_before = step->now + step->lease->config.lease_ms * NS_PER_MS;
    lock->urgent_before = lock->not_before;
    lost(step, lock, LEASE_GIVEN_UP);
}

/* What is free is asked for now, instead of after the hold-down, which grows to a minute. */
static void urge(const struct step *step, struct lock *lock)
{
    if (lock->state == LEASE_WAITING && lock->urgent_before < lock->not_before)
        lock->not_before = lock->urgent_before;
}

static void take_wish(const struct step *step, const struct lease_event *event)
{
    struct lock *lock;

    if (event->type == LEASE_WANT) {
        want(step, event);
        return;
    }
    lock = find_lock(step->lease, event->lock);
    if (lock == NULL)
        return;
    if (event->type == LEASE_UNWANT)
        unwant(step, lock);
    else if (event->type == LEASE_HANDOVER && lock->state == LEASE_OWNING)
        start_closing(step, lock, event->successor);
    else if (event->type == LEASE_URGE)
        urge(step, lock);
    else if (event->type == LEASE_GATE_CLOSED)
        gate_closed(step, lock);
}

/* --- the surface --- */

struct lease *lease_new(const struct lease_config *config)
{
    struct lease *lease = hf_calloc(1, sizeof(*lease));

    assert(config->servers >= 1 && config->servers <= LEASE_SERVERS_MAX && config->servers % 2 == 1);
    assert(config->lease_ms > 0);
    lease->config = *config;
    lease->majority = config->servers / 2 + 1;
    lease->renew = config->lease_ms * NS_PER_MS / 4;
    lease->random = config->seed;
    for (unsigned i = 0; i < LEASE_SERVERS_MAX; i++)
        lease->servers[i].seq = FIRST_SEQ;
    lease->open_until = config->open_until != 0
                            ? config->open_until
                            : config->now + (config->lease_ms + (int64_t)config->drain_ms) * NS_PER_MS;
    return lease;
}

void lease_free(struct lease *lease)
{
    if (lease == NULL)
        return;
    for (struct lock *lock = lease->locks, *next; lock != NULL; lock = next) {
        next = lock->next;
        free(lock);
    }
    free(lease);
}

void lease_step(struct lease *lease, const struct lease_event *event, struct lease_updates *updates)
{
    struct step step = {.lease = lease, .now = event->now, .updates = updates};

    switch (event->type) {
    case LEASE_TICK:
        break;
    case LEASE_LINK_UP:
        link_up(&step, event->server);
        break;
    case LEASE_LINK_DOWN:
        link_down(&step, event->server);
        break;
    case LEASE_FRAME:
        take_frame(&step, event);
        break;
    case LEASE_WANT:
    case LEASE_UNWANT:
    case LEASE_HANDOVER:
    case LEASE_URGE:
    case LEASE_GATE_CLOSED:
        take_wish(&step, event);
        break;
    }
    for (struct lock *lock = lease->locks; lock != NULL; lock = lock->next)
        settle(&step, lock);
    refresh(&step);
    beat(&step);
    for (unsigned i = 0; i < lease->config.servers; i++)
        flush(&step, i);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t lease_deadline(const struct lease *lease)
{
    int64_t deadline = NEVER;

    for (unsigned i = 0; i < lease->config.servers; i++) {
        const struct server *server = &lease->servers[i];

        if (!server->up)
            continue;
        deadline = earlier(deadline, server->next_beat);
        if (!server->welcomed)
            deadline = earlier(deadline, server->next_hello);
        deadline = earlier(deadline, server->last_heard + lease->config.lease_ms * NS_PER_MS + 1);
    }
    for (const struct lock *lock = lease->locks; lock != NULL; lock = lock->next) {
        if (lock->state == LEASE_WAITING)
            deadline = earlier(deadline, earlier(lock->next_ask, bid_time(lease, lock)));
        else if (lock->state == LEASE_BIDDING)
            deadline = earlier(deadline, lock->bid_until);
        else if (lock->state != LEASE_IDLE)
            deadline = earlier(deadline, earlier(lock->next_ask, lock->deadline));
    }
    return deadline;
}

bool lease_lock_status(const struct lease *lease, const char *name, struct lease_lock_status *status)
{
    const struct lock *lock = find_lock(lease, name);

    *status = (struct lease_lock_status){.holder = ""};
    if (lock == NULL)
        return false;
    status->state = lock->state;
    if (lock->state == LEASE_OWNING || lock->state == LEASE_CLOSING) {
        status->token = lock->token;
        status->majority_until = lock->deadline;
        return true;
    }
    status->not_before = lock->not_before;
    for (unsigned i = 0; i < lease->config.servers; i++)
        if (lease->servers[i].welcomed && lock->views[i].holder[0] != '\0')
            status->holder = lock->views[i].holder;
    return true;
}

void lease_server_status(const struct lease *lease, unsigned index, struct lease_server_status *status)
{
    const struct server *server = &lease->servers[index];

    *status = (struct lease_server_status){.up = server->up && server->welcomed,
                                           .known = server->known,
                                           .last_heard = server->last_heard,
                                           .ready_at = server->ready_at,
                                           .refusal = server->refusal};
}
