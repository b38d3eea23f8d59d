/* table.c - see table.h. */
#include "arbiter/table.h"

#include <assert.h>
#include <string.h>

#include "daemon/lease/mutant.h"

enum { NODES_MAX = 64, NOBODY = -1, NO_CONN = -1 };

#define NS_PER_MS INT64_C(1000000)
#define TERM_MAX (UINT64_C(1) << 62) /* no node counts so far; a bid above it is malice */

struct node {
    char name[FRAME_NAME_MAX + 1];
    uint8_t boot[FRAME_BOOT_BYTES];
    uint64_t session;
    int64_t conn; /* or NO_CONN */
};

/* A grant that waits for its record to be durable. */
struct pending {
    bool active;
    bool cancelled; /* released before it was granted */
    bool over_own;  /* the holder on record asks for a higher term */
    uint64_t ticket;
    uint64_t term;
    int node;
    uint8_t boot[FRAME_BOOT_BYTES];
    uint32_t lease_ms, drain_ms;
    uint64_t session; /* who gets the answer */
    uint32_t seq;
};

struct lock {
    struct lock *next;
    struct lock *next_pending; /* in the table's list, in the order of tickets */
    struct cluster *cluster;
    char name[FRAME_NAME_MAX + 1];
    uint64_t term;
    int holder; /* index of the node, or NOBODY */
    uint8_t boot[FRAME_BOOT_BYTES];
    uint32_t lease_ms, drain_ms;
    int64_t expiry;
    struct pending pending;
    uint64_t waiting; /* a bit for each node */
    int reserved;     /* the successor that a RELEASE named, or NOBODY */
    int64_t reserved_until;
    int64_t due; /* in the heap */
    size_t heap; /* position + 1, or 0 */
};

struct cluster {
    struct cluster *next;
    char name[FRAME_NAME_MAX + 1];
    bool known;       /* the term to start from is known: from the disk, or taught */
    bool recorded;    /* and that is on the disk (or on its way); never before ready_at, so that a server
                       * which restarts while it waits has to wait again */
    bool granted;     /* a lock of it has been granted, here, at some time */
    int64_t ready_at; /* grants nothing before */
    uint64_t floor;   /* new locks start at this term */
    uint32_t max_hold_ms;
    struct node *nodes;
    int node_count;
    struct lock *locks;
    unsigned lock_count;
};

/* What a connection said in its HELLO. */
struct conn {
    struct cluster *cluster; /* NULL before HELLO */
    int node;
};

struct table {
    struct table_config config;
    struct cluster **buckets;
    size_t bucket_count, cluster_count;
    struct conn *conns;
    size_t conn_capacity;
    struct lock **heap;
    size_t heap_count, heap_capacity;
    uint64_t tickets;
    struct lock *pending_first, *pending_last;
    struct frame_item items[FRAME_ITEMS_MAX]; /* of the frame being read */
};

/* --- updates --- */

static struct table_update *add_update(struct table_updates *updates, enum table_action action)
{
    hf_grow(&updates->items, &updates->capacity, updates->count + 1, sizeof(*updates->items));
    updates->items[updates->count] = (struct table_update){.action = action};
    return &updates->items[updates->count++];
}

void table_updates_reset(struct table_updates *updates)
{
    updates->count = 0;
    hf_buf_reset(&updates->bytes);
}

void table_updates_free(struct table_updates *updates)
{
    free(updates->items);
    hf_buf_free(&updates->bytes);
    *updates = (struct table_updates){0};
}

static void send_bytes(struct table_updates *updates, uint32_t conn, const uint8_t *bytes, size_t length)
{
    struct table_update *update = add_update(updates, TABLE_SEND);

    update->conn = conn;
    update->offset = updates->bytes.length;
    update->length = length;
    hf_buf_add(&updates->bytes, bytes, length);
}

static void send_frame(struct table_updates *updates, uint32_t conn, const struct frame *frame)
{
    uint8_t bytes[FRAME_MAX];
    size_t length = frame_encode(frame, bytes);

    send_bytes(updates, conn, bytes, length);
}

static void drop(struct table_updates *updates, uint32_t conn, uint64_t session, enum frame_goodbye reason)
{
    struct frame frame = {.type = FRAME_GOODBYE, .session = session, .reason = (uint8_t)reason};
    struct table_update *update;

    send_frame(updates, conn, &frame);
    update = add_update(updates, TABLE_DROP);
    update->conn = conn;
    update->reason = reason;
}

/* --- the heap of locks by the time at which somebody is to be told --- */

static void heap_place(struct table *table, size_t at, struct lock *lock)
{
    table->heap[at] = lock;
    lock->heap = at + 1;
}

static void heap_up(struct table *table, size_t at)
{
    struct lock *lock = table->heap[at];

    while (at > 0 && table->heap[(at - 1) / 2]->due > lock->due) {
        heap_place(table, at, table->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_place(table, at, lock);
}

static void heap_down(struct table *table, size_t at)
{
    struct lock *lock = table->heap[at];

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= table->heap_count)
            break;
        if (child + 1 < table->heap_count && table->heap[child + 1]->due < table->heap[child]->due)
            child++;
        if (table->heap[child]->due >= lock->due)
            break;
        heap_place(table, at, table->heap[child]);
        at = child;
    }
    heap_place(table, at, lock);
}

static void heap_remove(struct table *table, struct lock *lock)
{
    size_t at = lock->heap;
    struct lock *last;

    if (at == 0)
        return;
    lock->heap = 0;
    last = table->heap[--table->heap_count];
    if (last == lock)
        return;
    heap_place(table, at - 1, last);
    heap_up(table, at - 1);
    heap_down(table, last->heap - 1);
}

static void heap_set(struct table *table, struct lock *lock, int64_t due)
{
    lock->due = due;
    if (lock->heap == 0) {
        hf_grow(&table->heap, &table->heap_capacity, table->heap_count + 1, sizeof(*table->heap));
        heap_place(table, table->heap_count++, lock);
    }
    heap_up(table, lock->heap - 1);
    heap_down(table, lock->heap - 1);
}

/* --- finding things --- */

static size_t hash(const char *name)
{
    uint64_t value = UINT64_C(14695981039346656037);

    for (; *name != '\0'; name++)
        value = (value ^ (uint8_t)*name) * UINT64_C(1099511628211);
    return (size_t)(value ^ value >> 32);
}

static void rehash(struct table *table, size_t count)
{
    struct cluster **buckets = hf_calloc(count, sizeof(struct cluster *));

    for (size_t i = 0; i < table->bucket_count; i++) {
        for (struct cluster *cluster = table->buckets[i], *next; cluster != NULL; cluster = next) {
            size_t at = hash(cluster->name) & (count - 1);

            next = cluster->next;
            cluster->next = buckets[at];
            buckets[at] = cluster;
        }
    }
    free(table->buckets);
    table->buckets = buckets;
    table->bucket_count = count;
}

static struct cluster *find_cluster(const struct table *table, const char *name)
{
    struct cluster *cluster = table->buckets[hash(name) & (table->bucket_count - 1)];

    while (cluster != NULL && strcmp(cluster->name, name) != 0)
        cluster = cluster->next;
    return cluster;
}

/* The cluster, made without a record if it was not there: so one that lost its record and one that was
 * never here are the same, and both wait. */
static struct cluster *get_cluster(struct table *table, const char *name, uint32_t max_hold_ms)
{
    struct cluster *cluster = find_cluster(table, name);
    size_t at;

    if (cluster == NULL) {
        if (table->cluster_count >= table->bucket_count)
            rehash(table, table->bucket_count * 2);
        at = hash(name) & (table->bucket_count - 1);
        cluster = hf_calloc(1, sizeof(*cluster));
        strcpy(cluster->name, name);
        cluster->next = table->buckets[at];
        table->buckets[at] = cluster;
        table->cluster_count++;
        cluster->max_hold_ms = table->config.max_hold_ms;
        cluster->ready_at =
            table->config.now + (max_hold_ms > 0 ? max_hold_ms : cluster->max_hold_ms) * NS_PER_MS;
    }
    if (max_hold_ms > 0)
        cluster->max_hold_ms = max_hold_ms;
    return cluster;
}

static int find_node(const struct cluster *cluster, const char *name)
{
    for (int i = 0; i < cluster->node_count; i++)
        if (strcmp(cluster->nodes[i].name, name) == 0)
            return i;
    return NOBODY;
}

/* Whether any lock still speaks of this node. */
static bool node_in_use(const struct cluster *cluster, int node)
{
    for (const struct lock *lock = cluster->locks; lock != NULL; lock = lock->next)
        if (lock->holder == node || lock->reserved == node || (lock->waiting >> node & 1) != 0 ||
            (lock->pending.active && lock->pending.node == node))
            return true;
    return cluster->nodes[node].conn != NO_CONN;
}

/* The node's index, made if need be (in place of one that is gone when there are too many), or NOBODY. */
static int get_node(const struct table *table, struct cluster *cluster, const char *name)
{
    int node = find_node(cluster, name);

    if (node != NOBODY)
        return node;
    node = cluster->node_count;
    if (node >= (int)table->config.nodes_per_cluster) {
        for (node = 0; node < cluster->node_count && node_in_use(cluster, node); node++)
            ;
        if (node == cluster->node_count)
            return NOBODY;
    } else {
        cluster->nodes = hf_realloc(cluster->nodes, (size_t)node + 1, sizeof(*cluster->nodes));
        cluster->node_count++;
    }
    memset(&cluster->nodes[node], 0, sizeof(cluster->nodes[node]));
    strcpy(cluster->nodes[node].name, name);
    cluster->nodes[node].conn = NO_CONN;
    return node;
}

static struct lock *find_lock(const struct cluster *cluster, const char *name)
{
    struct lock *lock = cluster->locks;

    while (lock != NULL && strcmp(lock->name, name) != 0)
        lock = lock->next;
    return lock;
}

static bool held(const struct lock *lock, int64_t now)
{
    return lock->pending.active || (lock->holder != NOBODY && now < lock->expiry);
}

static struct lock *add_lock(struct cluster *cluster, const char *name)
{
    struct lock *lock = hf_calloc(1, sizeof(*lock));

    strcpy(lock->name, name);
    lock->cluster = cluster;
    lock->term = cluster->floor;
    lock->holder = lock->reserved = NOBODY;
    lock->next = cluster->locks;
    cluster->locks = lock;
    cluster->lock_count++;
    return lock;
}

static struct table_update *persist_later(struct table *table, struct table_updates *updates,
                                          const struct record *record)
{
    struct table_update *update = add_update(updates, TABLE_PERSIST);

    update->ticket = ++table->tickets;
    update->record = *record;
    update->lazy = true;
    return update;
}

static uint64_t persist(struct table *table, struct table_updates *updates, const struct record *record)
{
    struct table_update *update = persist_later(table, updates, record);

    update->lazy = false;
    return update->ticket;
}

static void persist_cluster(struct table *table, struct cluster *cluster, struct table_updates *updates)
{
    struct record record = {.kind = RECORD_CLUSTER, .term = cluster->floor, .granted = cluster->granted};

    strcpy(record.cluster, cluster->name);
    persist(table, updates, &record);
    cluster->recorded = true;
}

/* Nothing is written for locks that were asked about and never granted: who asks about many fills no disk. */
static void raise_floor(struct table *table, struct cluster *cluster, uint64_t term,
                        struct table_updates *updates)
{
    if (term <= cluster->floor)
        return;
    cluster->floor = term;
    if (cluster->recorded)
        persist_cluster(table, cluster, updates);
}

/* Forgets one lock that nobody holds or waits for.  The cluster's floor keeps its term. */
static bool evict_lock(struct table *table, struct cluster *cluster, int64_t now,
                       struct table_updates *updates)
{
    for (struct lock **at = &cluster->locks; *at != NULL; at = &(*at)->next) {
        struct lock *lock = *at;

        if (held(lock, now) || lock->waiting != 0 || lock->heap != 0)
            continue;
        *at = lock->next;
        cluster->lock_count--;
        raise_floor(table, cluster, lock->term, updates);
        free(lock);
        return true;
    }
    return false;
}

/* The lock, made if need be; NULL if the cluster has too many. */
static struct lock *get_lock(struct table *table, struct cluster *cluster, const char *name, int64_t now,
                             struct table_updates *updates)
{
    struct lock *lock = find_lock(cluster, name);

    if (lock != NULL)
        return lock;
    if (cluster->lock_count >= table->config.locks_per_cluster && !evict_lock(table, cluster, now, updates))
        return NULL;
    return add_lock(cluster, name);
}

static uint64_t top_of(const struct cluster *cluster)
{
    uint64_t top = cluster->floor;

    for (const struct lock *lock = cluster->locks; lock != NULL; lock = lock->next)
        if (lock->term > top)
            top = lock->term;
    return top;
}

/* --- answers --- */

static uint32_t ms_until(int64_t then, int64_t now)
{
    int64_t ms = (then - now + NS_PER_MS - 1) / NS_PER_MS;

    return ms <= 0 ? 0 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

/* Collects the answers to one request. */
struct answers {
    struct frame_writer writer;
    struct table_updates *updates;
    uint32_t conn;
    uint64_t session;
    uint32_t seq;
};

static void answers_begin(struct answers *answers, struct table_updates *updates, uint32_t conn,
                          uint64_t session, uint32_t seq)
{
    answers->updates = updates;
    answers->conn = conn;
    answers->session = session;
    answers->seq = seq;
    frame_begin(&answers->writer, FRAME_REPLY, session, seq);
}

static void answers_send(struct answers *answers)
{
    send_bytes(answers->updates, answers->conn, answers->writer.bytes, answers->writer.length);
}

static void answer(struct answers *answers, const struct lock *lock, enum frame_answer what,
                   uint32_t remaining_ms, int node)
{
    struct frame_item item = {.op = (uint8_t)what, .term = lock->term, .remaining_ms = remaining_ms};

    strcpy(item.lock, lock->name);
    if (node != NOBODY)
        strcpy(item.node, lock->cluster->nodes[node].name);
    item.lease_ms = lock->lease_ms;
    if (!frame_add(&answers->writer, &item)) {
        answers_send(answers);
        frame_begin(&answers->writer, FRAME_REPLY, answers->session, answers->seq);
        frame_add(&answers->writer, &item);
    }
}

/* One unasked or late answer about one lock to a node, if it has a connection. */
static void tell(struct table_updates *updates, const struct lock *lock, int node, uint32_t seq,
                 enum frame_answer what, uint32_t remaining_ms, int64_t session)
{
    const struct node *to = &lock->cluster->nodes[node];
    struct answers answers;

    if (to->conn == NO_CONN || (session >= 0 && to->session != (uint64_t)session))
        return;
    answers_begin(&answers, updates, (uint32_t)to->conn, to->session, seq);
    answer(&answers, lock, what, remaining_ms, what == FRAME_FREE ? lock->reserved : node);
    answers_send(&answers);
}

/* --- the rules --- */

static int64_t hold_of(const struct lock *lock)
{
    return (lock->lease_ms + (int64_t)lock->drain_ms) * NS_PER_MS;
}

/* The holder's record is this node's in this boot: also when its time has passed but nobody came. */
static bool is_own(const struct lock *lock, int node)
{
    return lock->holder == node && memcmp(lock->boot, lock->cluster->nodes[node].boot, FRAME_BOOT_BYTES) == 0;
}

static bool pending_is_own(const struct lock *lock, int node)
{
    return lock->pending.active && lock->pending.node == node &&
           memcmp(lock->pending.boot, lock->cluster->nodes[node].boot, FRAME_BOOT_BYTES) == 0;
}

/* Tells those who wait that the lock is free, the named successor at once and the others when its
 * reservation ends; or sets the time at which to look again. */
static void wake_waiters(struct table *table, struct lock *lock, int64_t now, struct table_updates *updates)
{
    if (lock->reserved != NOBODY && now >= lock->reserved_until)
        lock->reserved = NOBODY;
    if (lock->waiting == 0) {
        heap_remove(table, lock);
        return;
    }
    if (lock->pending.active) { /* PERSISTED will bring us back */
        heap_remove(table, lock);
        return;
    }
    if (held(lock, now) || now < lock->cluster->ready_at || !lock->cluster->known) {
        int64_t due = lock->holder == NOBODY || lock->expiry <= now ? lock->cluster->ready_at : lock->expiry;

        if (due > now)
            heap_set(table, lock, due);
        else
            heap_remove(table, lock);
        return;
    }
    for (int node = 0; node < lock->cluster->node_count; node++) {
        if ((lock->waiting >> node & 1) == 0 || (lock->reserved != NOBODY && lock->reserved != node))
            continue;
        lock->waiting &= ~(UINT64_C(1) << node);
        tell(updates, lock, node, 0, FRAME_FREE, 0, -1);
    }
    if (lock->waiting != 0)
        heap_set(table, lock, lock->reserved_until);
    else
        heap_remove(table, lock);
}

/* Of one holder no grant ends before an earlier one: what it opened by that may be open until then, also if
 * it asks for less now (its configuration was changed) and never hears the answer. */
static void grant(struct lock *lock, int64_t now)
{
    int64_t expiry = now + hold_of(lock);

    if (expiry > lock->expiry)
        lock->expiry = expiry;
    lock->reserved = NOBODY;
}

static void pending_add(struct table *table, struct lock *lock)
{
    lock->next_pending = NULL;
    if (table->pending_last != NULL)
        table->pending_last->next_pending = lock;
    else
        table->pending_first = lock;
    table->pending_last = lock;
}

/* Why this ACQUIRE is refused, or FRAME_GRANTED. */
static enum frame_answer judge(const struct table *table, const struct lock *lock, int node,
                               const struct frame_item *item, int64_t now)
{
    const struct cluster *cluster = lock->cluster;
    bool own = is_own(lock, node);

    if ((!cluster->known || now < cluster->ready_at) && !HF_MUTANT(MUTANT_AMNESIA_GRANTS))
        return FRAME_NOT_READY;
    if (item->lease_ms < table->config.min_lease_ms || item->lease_ms > cluster->max_hold_ms ||
        item->drain_ms > cluster->max_hold_ms - item->lease_ms || item->term > TERM_MAX)
        return FRAME_LIMIT;
    if (lock->pending.active || (held(lock, now) && !own) ||
        (lock->reserved != NOBODY && lock->reserved != node && now < lock->reserved_until))
        return FRAME_HELD;
    if (item->term < lock->term || (item->term == lock->term && !own))
        return FRAME_OLD_TERM;
    if (item->term == lock->term && (item->lease_ms != lock->lease_ms || item->drain_ms != lock->drain_ms))
        return FRAME_OLD_TERM; /* another length needs another record, and so another term */
    return FRAME_GRANTED;
}

static void start_pending(struct table *table, struct lock *lock, int node, const struct frame_item *item,
                          struct answers *answers)
{
    struct record record = {
        .kind = RECORD_LOCK, .term = item->term, .lease_ms = item->lease_ms, .drain_ms = item->drain_ms};
    struct pending *pending = &lock->pending;

    lock->cluster->granted = true;
    if (!lock->cluster->recorded)
        persist_cluster(table, lock->cluster, answers->updates);
    strcpy(record.cluster, lock->cluster->name);
    strcpy(record.lock, lock->name);
    strcpy(record.node, lock->cluster->nodes[node].name);
    memcpy(record.boot, lock->cluster->nodes[node].boot, FRAME_BOOT_BYTES);
    *pending = (struct pending){.active = true,
                                .over_own = is_own(lock, node),
                                .term = item->term,
                                .node = node,
                                .lease_ms = item->lease_ms,
                                .drain_ms = item->drain_ms,
                                .session = answers->session,
                                .seq = answers->seq};
    memcpy(pending->boot, record.boot, FRAME_BOOT_BYTES);
    pending->ticket = persist(table, answers->updates, &record);
    pending_add(table, lock);
}

static uint32_t remaining_ms(const struct lock *lock, int64_t now)
{
    if (lock->pending.active)
        return lock->pending.lease_ms;
    if (lock->holder != NOBODY && now < lock->expiry)
        return ms_until(lock->expiry, now);
    if (lock->reserved != NOBODY && now < lock->reserved_until)
        return ms_until(lock->reserved_until, now);
    return ms_until(lock->cluster->ready_at, now);
}

/* Who stands in the way. */
static int holder_of(const struct lock *lock, int64_t now)
{
    if (lock->pending.active)
        return lock->pending.node;
    if (held(lock, now))
        return lock->holder;
    return lock->reserved;
}

static void acquire(struct table *table, struct lock *lock, int node, const struct frame_item *item,
                    int64_t now, struct answers *answers)
{
    enum frame_answer verdict;

    if (pending_is_own(lock, node) && item->term == lock->pending.term && !lock->pending.cancelled) {
        lock->pending.seq = answers->seq; /* asked again while the disk works: one answer will do */
        lock->pending.session = answers->session;
        return;
    }
    verdict = judge(table, lock, node, item, now);
    if (verdict != FRAME_GRANTED) {
        answer(answers, lock, verdict, remaining_ms(lock, now), holder_of(lock, now));
        return;
    }
    if (item->term == lock->term && is_own(lock, node)) {
        grant(lock, now);
        answer(answers, lock, FRAME_GRANTED, ms_until(lock->expiry, now), node);
        return;
    }
    start_pending(table, lock, node, item, answers);
    if (HF_MUTANT(MUTANT_GRANT_BEFORE_DISK)) {
        struct lock early = *lock;

        early.term = item->term;
        early.lease_ms = item->lease_ms;
        tell(answers->updates, &early, node, answers->seq, FRAME_GRANTED, item->lease_ms, -1);
    }
}

static void renew(struct lock *lock, int node, const struct frame_item *item, int64_t now,
                  struct answers *answers)
{
    /* Late, and another's grant is on its way to the disk: that one counts from when it is written. */
    bool overtaken =
        lock->pending.active && !pending_is_own(lock, node) && !HF_MUTANT(MUTANT_RENEW_WHILE_WRITING);

    if (!is_own(lock, node) || item->term != lock->term || overtaken) {
        answer(answers, lock, FRAME_NOT_YOURS, remaining_ms(lock, now), holder_of(lock, now));
        return;
    }
    grant(lock, now);
    answer(answers, lock, FRAME_RENEWED, ms_until(lock->expiry, now), node);
}

static void probe(struct table *table, struct lock *lock, int node, bool wait, int64_t now,
                  struct answers *answers)
{
    bool reserved = lock->reserved != NOBODY && lock->reserved != node && now < lock->reserved_until;
    bool ready = lock->cluster->known && now >= lock->cluster->ready_at;

    /* Its own it may take at any time. */
    if (ready && (is_own(lock, node) ? !lock->pending.active : !held(lock, now) && !reserved)) {
        answer(answers, lock, FRAME_FREE, 0,
               lock->reserved == node && now < lock->reserved_until ? node : NOBODY);
        return;
    }
    answer(answers, lock, ready ? FRAME_HELD : FRAME_NOT_READY, remaining_ms(lock, now),
           holder_of(lock, now));
    if (!wait)
        return;
    lock->waiting |= UINT64_C(1) << node;
    wake_waiters(table, lock, now, answers->updates);
}

/* Writes down that nobody holds it, without waiting: until that is durable a restart waits for nothing. */
static void persist_free(struct table *table, const struct lock *lock, struct table_updates *updates)
{
    struct record record = {
        .kind = RECORD_LOCK, .term = lock->term, .lease_ms = lock->lease_ms, .drain_ms = lock->drain_ms};

    strcpy(record.cluster, lock->cluster->name);
    strcpy(record.lock, lock->name);
    persist_later(table, updates, &record);
}

static void release(struct table *table, struct lock *lock, int node, const struct frame_item *item,
                    int64_t now, struct answers *answers)
{
    bool any_term = HF_MUTANT(MUTANT_RELEASE_ANY_TERM);

    if (pending_is_own(lock, node) && (item->term == lock->pending.term || any_term)) {
        lock->pending.cancelled = true;
        answer(answers, lock, FRAME_RELEASED, 0, NOBODY);
        return;
    }
    if (!is_own(lock, node) || (item->term != lock->term && !any_term)) {
        answer(answers, lock, FRAME_NOT_YOURS, remaining_ms(lock, now), holder_of(lock, now));
        return;
    }
    lock->holder = NOBODY;
    if (item->node[0] != '\0' && (lock->reserved = find_node(lock->cluster, item->node)) != NOBODY)
        lock->reserved_until = now + lock->lease_ms * NS_PER_MS / 2;
    /* Another's grant that is on its way to the disk already has the last word there. */
    if (!lock->pending.active)
        persist_free(table, lock, answers->updates);
    answer(answers, lock, FRAME_RELEASED, 0, NOBODY);
    wake_waiters(table, lock, now, answers->updates);
}

/* --- frames --- */

static void send_welcome(const struct table *table, const struct cluster *cluster, uint32_t conn,
                         uint64_t session, uint32_t seq, int64_t now, struct table_updates *updates)
{
    struct frame frame = {.type = FRAME_WELCOME,
                          .session = session,
                          .seq = seq,
                          .incarnation = table->config.incarnation,
                          .top = top_of(cluster),
                          .ready_ms = ms_until(cluster->ready_at, now),
                          .max_hold_ms = cluster->max_hold_ms,
                          .known = cluster->known,
                          .granted = cluster->granted};

    send_frame(updates, conn, &frame);
}

/* HELLO: identity comes from TLS (in the event), the boot and the session from the frame. */
static void hello(struct table *table, const struct table_event *event, const struct frame *frame,
                  struct table_updates *updates)
{
    struct cluster *cluster = get_cluster(table, event->cluster, event->max_hold_ms);
    int index = get_node(table, cluster, event->node);
    struct node *node;
    struct conn *conn;

    if (index == NOBODY) {
        drop(updates, event->conn, frame->session, FRAME_BYE_LIMIT);
        return;
    }
    node = &cluster->nodes[index];
    if (memcmp(node->boot, frame->boot, FRAME_BOOT_BYTES) == 0 && frame->session < node->session) {
        drop(updates, event->conn, frame->session, FRAME_BYE_SESSION); /* a late copy of an old one */
        return;
    }
    if (node->conn != NO_CONN && node->conn != event->conn) {
        table->conns[node->conn].cluster = NULL;
        drop(updates, (uint32_t)node->conn, node->session, FRAME_BYE_REPLACED);
    }
    conn = &table->conns[event->conn];
    if (conn->cluster != NULL && (conn->cluster != cluster || conn->node != index))
        conn->cluster->nodes[conn->node].conn = NO_CONN;
    node->conn = event->conn;
    node->session = frame->session;
    memcpy(node->boot, frame->boot, FRAME_BOOT_BYTES);
    conn->cluster = cluster;
    conn->node = index;
    send_welcome(table, cluster, event->conn, frame->session, frame->seq, event->now, updates);
}

static void request(struct table *table, const struct table_event *event, const struct frame *frame,
                    struct table_updates *updates)
{
    const struct conn *conn = &table->conns[event->conn];
    struct cluster *cluster = conn->cluster;
    struct answers answers;

    if (cluster->known && !cluster->recorded && event->now >= cluster->ready_at)
        persist_cluster(table, cluster, updates);
    answers_begin(&answers, updates, event->conn, frame->session, frame->seq);
    for (unsigned i = 0; i < frame->items; i++) {
        const struct frame_item *item = &table->items[i];
        struct lock *lock = get_lock(table, cluster, item->lock, event->now, updates);

        if (lock == NULL) {
            struct lock none = {.cluster = cluster};

            strcpy(none.name, item->lock);
            answer(&answers, &none, FRAME_LIMIT, 0, NOBODY);
            continue;
        }
        switch ((enum frame_op)item->op) {
        case FRAME_ACQUIRE:
            acquire(table, lock, conn->node, item, event->now, &answers);
            break;
        case FRAME_RENEW:
            renew(lock, conn->node, item, event->now, &answers);
            break;
        case FRAME_PROBE:
        case FRAME_WAIT:
            probe(table, lock, conn->node, item->op == FRAME_WAIT, event->now, &answers);
            break;
        case FRAME_RELEASE:
            release(table, lock, conn->node, item, event->now, &answers);
            break;
        }
    }
    if (frame_count(&answers.writer) > 0 || frame->items == 0)
        answers_send(&answers);
}

/* The cluster starts at this term.  It is written down when the waiting is over: at the latest, and in
 * the order of the file, before the first grant. */
static void learn(struct table *table, struct cluster *cluster, uint64_t floor, int64_t now,
                  struct table_updates *updates)
{
    if (cluster->known)
        return;
    cluster->known = true;
    if (floor > cluster->floor)
        cluster->floor = floor;
    for (struct lock *lock = cluster->locks; lock != NULL; lock = lock->next)
        if (lock->term < cluster->floor)
            lock->term = cluster->floor;
    if (now >= cluster->ready_at)
        persist_cluster(table, cluster, updates);
}

static void teach(struct table *table, const struct table_event *event, const struct frame *frame,
                  struct table_updates *updates)
{
    struct cluster *cluster = table->conns[event->conn].cluster;

    if (frame->incarnation == table->config.incarnation && frame->top <= TERM_MAX)
        learn(table, cluster, frame->top, event->now, updates);
    send_welcome(table, cluster, event->conn, frame->session, frame->seq, event->now, updates);
}

static void take_frame(struct table *table, const struct table_event *event, struct table_updates *updates)
{
    struct frame frame;
    struct hf_error *error = frame_decode(event->bytes, event->length, &frame, table->items);
    const struct conn *conn;
    size_t old = table->conn_capacity;

    if (error != NULL) {
        hf_error_free(error);
        drop(updates, event->conn, 0, FRAME_BYE_BAD_FRAME);
        return;
    }
    hf_grow(&table->conns, &table->conn_capacity, (size_t)event->conn + 1, sizeof(*table->conns));
    memset(table->conns + old, 0, (table->conn_capacity - old) * sizeof(*table->conns));
    conn = &table->conns[event->conn];
    if (frame.type == FRAME_HELLO) {
        hello(table, event, &frame, updates);
        return;
    }
    if (conn->cluster == NULL || conn->cluster->nodes[conn->node].session != frame.session) {
        drop(updates, event->conn, frame.session, FRAME_BYE_SESSION);
        return;
    }
    if (frame.type == FRAME_REQUEST)
        request(table, event, &frame, updates);
    else if (frame.type == FRAME_TEACH)
        teach(table, event, &frame, updates);
    else
        drop(updates, event->conn, frame.session, FRAME_BYE_BAD_FRAME);
}

/* A closed connection ends a session and frees nothing. */
static void closed(struct table *table, uint32_t number)
{
    struct conn *conn;

    if (number >= table->conn_capacity || (conn = &table->conns[number])->cluster == NULL)
        return;
    conn->cluster->nodes[conn->node].conn = NO_CONN;
    if (HF_MUTANT(MUTANT_FIN_FREES))
        for (struct lock *lock = conn->cluster->locks; lock != NULL; lock = lock->next)
            if (lock->holder == conn->node)
                lock->holder = NOBODY;
    conn->cluster = NULL;
}

/* --- the disk's answers --- */

static void finish_pending(struct lock *lock, int64_t now, struct table_updates *updates)
{
    struct pending *pending = &lock->pending;

    lock->term = pending->term;
    lock->lease_ms = pending->lease_ms;
    lock->drain_ms = pending->drain_ms;
    pending->active = false;
    if (pending->cancelled) {
        lock->holder = NOBODY;
        return;
    }
    if (!pending->over_own)
        lock->expiry = now;
    lock->holder = pending->node;
    memcpy(lock->boot, pending->boot, FRAME_BOOT_BYTES);
    grant(lock, now);
    tell(updates, lock, pending->node, pending->seq, FRAME_GRANTED, ms_until(lock->expiry, now),
         (int64_t)pending->session);
}

static struct lock *pending_pop(struct table *table)
{
    struct lock *lock = table->pending_first;

    table->pending_first = lock->next_pending;
    if (table->pending_first == NULL)
        table->pending_last = NULL;
    lock->next_pending = NULL;
    return lock;
}

static void persisted(struct table *table, uint64_t ticket, int64_t now, struct table_updates *updates)
{
    while (table->pending_first != NULL && table->pending_first->pending.ticket <= ticket) {
        struct lock *lock = pending_pop(table);
        bool cancelled = lock->pending.cancelled;

        finish_pending(lock, now, updates);
        if (cancelled)
            persist_free(table, lock, updates);
        wake_waiters(table, lock, now, updates);
    }
}

/* The grant is refused.  What was durable before may stand, or this record: a write that failed is on the
 * disk, or not.  So whoever held the lock before, and let its time pass, may not renew now: after a restart
 * the record that failed may speak for another. */
static void fail_pending(struct lock *lock, struct table_updates *updates)
{
    struct pending *pending = &lock->pending;

    pending->active = false;
    if (!pending->over_own && !HF_MUTANT(MUTANT_RENEW_AFTER_FAILURE))
        lock->holder = NOBODY;
    tell(updates, lock, pending->node, pending->seq, FRAME_DISK, 0, (int64_t)pending->session);
}

static void disk_failed(struct table *table, uint64_t ticket, int64_t now, struct table_updates *updates)
{
    struct lock *before = NULL;

    for (struct lock *lock = table->pending_first; lock != NULL; before = lock, lock = lock->next_pending) {
        if (lock->pending.ticket != ticket)
            continue;
        if (before != NULL)
            before->next_pending = lock->next_pending;
        else
            table->pending_first = lock->next_pending;
        if (table->pending_last == lock)
            table->pending_last = before;
        fail_pending(lock, updates);
        wake_waiters(table, lock, now, updates);
        return;
    }
}

/* --- start --- */

static void restore(struct table *table, const struct record *record)
{
    struct cluster *cluster = get_cluster(table, record->cluster, 0);
    struct lock *lock;

    if (record->kind == RECORD_CLUSTER) {
        if (!cluster->known)
            cluster->ready_at = table->config.now;
        cluster->known = cluster->recorded = true;
        cluster->granted = cluster->granted || record->granted;
        cluster->floor = HF_MUTANT(MUTANT_TERM_LOST) ? 0 : record->term;
        return;
    }
    if (record->lease_ms > 0) /* else it was asked for, and never granted */
        cluster->granted = true;
    lock = find_lock(cluster, record->lock);
    if (lock == NULL)
        lock = add_lock(cluster, record->lock);
    lock->term = HF_MUTANT(MUTANT_TERM_LOST) ? 0 : record->term;
    lock->lease_ms = record->lease_ms;
    lock->drain_ms = record->drain_ms;
    lock->holder = record->node[0] == '\0' ? NOBODY : get_node(table, cluster, record->node);
    memcpy(lock->boot, record->boot, FRAME_BOOT_BYTES);
    lock->expiry = table->config.now + hold_of(lock);
    if (record->node[0] != '\0' && lock->holder == NOBODY && cluster->ready_at < lock->expiry)
        cluster->ready_at = lock->expiry; /* no room to remember this holder: wait for all of them */
    if (HF_MUTANT(MUTANT_RESTART_FORGETS))
        lock->holder = NOBODY;
}

/* --- the surface --- */

struct table *table_new(const struct table_config *config)
{
    struct table *table = hf_calloc(1, sizeof(*table));

    table->config = *config;
    if (table->config.min_lease_ms == 0)
        table->config.min_lease_ms = 50;
    if (table->config.max_hold_ms == 0)
        table->config.max_hold_ms = 60000;
    if (table->config.locks_per_cluster == 0)
        table->config.locks_per_cluster = 256;
    if (table->config.nodes_per_cluster == 0 || table->config.nodes_per_cluster > NODES_MAX)
        table->config.nodes_per_cluster = NODES_MAX;
    rehash(table, 16);
    return table;
}

static void free_cluster(struct cluster *cluster)
{
    for (struct lock *lock = cluster->locks, *next; lock != NULL; lock = next) {
        next = lock->next;
        free(lock);
    }
    free(cluster->nodes);
    free(cluster);
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->bucket_count; i++) {
        for (struct cluster *cluster = table->buckets[i], *next; cluster != NULL; cluster = next) {
            next = cluster->next;
            free_cluster(cluster);
        }
    }
    free(table->buckets);
    free(table->conns);
    free(table->heap);
    free(table);
}

static void tick(struct table *table, int64_t now, struct table_updates *updates)
{
    while (table->heap_count > 0 && table->heap[0]->due <= now)
        wake_waiters(table, table->heap[0], now, updates);
}

void table_step(struct table *table, const struct table_event *event, struct table_updates *updates)
{
    struct cluster *cluster;

    switch (event->type) {
    case TABLE_TICK:
        break;
    case TABLE_RESTORE:
        restore(table, event->record);
        return;
    case TABLE_FRAME:
        take_frame(table, event, updates);
        break;
    case TABLE_CLOSED:
        closed(table, event->conn);
        break;
    case TABLE_PERSISTED:
        persisted(table, event->ticket, event->now, updates);
        break;
    case TABLE_DISK_FAILED:
        disk_failed(table, event->ticket, event->now, updates);
        break;
    case TABLE_TEACH:
        cluster = get_cluster(table, event->cluster, event->max_hold_ms);
        if (event->fresh)
            cluster->ready_at = event->now;
        learn(table, cluster, event->term, event->now, updates);
        break;
    }
    tick(table, event->now, updates);
}

int64_t table_deadline(const struct table *table)
{
    return table->heap_count > 0 ? table->heap[0]->due : INT64_MAX;
}

void table_snapshot(const struct table *table, struct record **records, size_t *count)
{
    size_t capacity = 0;

    *records = NULL;
    *count = 0;
    for (size_t i = 0; i < table->bucket_count; i++) {
        for (const struct cluster *cluster = table->buckets[i]; cluster != NULL; cluster = cluster->next) {
            struct record *record;

            if (!cluster->recorded)
                continue;
            hf_grow(records, &capacity, *count + 1 + cluster->lock_count, sizeof(**records));
            record = &(*records)[(*count)++];
            *record =
                (struct record){.kind = RECORD_CLUSTER, .term = cluster->floor, .granted = cluster->granted};
            strcpy(record->cluster, cluster->name);
            for (const struct lock *lock = cluster->locks; lock != NULL; lock = lock->next) {
                record = &(*records)[(*count)++];
                *record = (struct record){.kind = RECORD_LOCK,
                                          .term = lock->term,
                                          .lease_ms = lock->lease_ms,
                                          .drain_ms = lock->drain_ms};
                strcpy(record->cluster, cluster->name);
                strcpy(record->lock, lock->name);
                if (lock->holder != NOBODY)
                    strcpy(record->node, cluster->nodes[lock->holder].name);
                memcpy(record->boot, lock->boot, FRAME_BOOT_BYTES);
            }
        }
    }
}

bool table_knows(const struct table *table, const char *name)
{
    const struct cluster *cluster = find_cluster(table, name);

    return cluster != NULL && cluster->known;
}

static void show_cluster(const struct cluster *cluster, int64_t now, table_visit_cluster *visit,
                         void *context)
{
    struct table_cluster_status status = {.cluster = cluster->name,
                                          .known = cluster->known,
                                          .top = top_of(cluster),
                                          .nodes = (unsigned)cluster->node_count,
                                          .locks = cluster->lock_count};

    status.ready = now < cluster->ready_at ? cluster->ready_at - now : 0;
    for (int i = 0; i < cluster->node_count; i++)
        status.connected += cluster->nodes[i].conn != NO_CONN;
    visit(context, &status);
}

static void show_lock(const struct lock *lock, int64_t now, table_visit_lock *visit, void *context)
{
    struct table_lock_status status = {
        .cluster = lock->cluster->name, .lock = lock->name, .holder = "", .term = lock->term};

    if (lock->holder != NOBODY && now < lock->expiry) {
        status.holder = lock->cluster->nodes[lock->holder].name;
        status.remaining = lock->expiry - now;
        status.connected = lock->cluster->nodes[lock->holder].conn != NO_CONN;
    }
    status.waiting = (unsigned)__builtin_popcountll(lock->waiting);
    visit(context, &status);
}

void table_walk(const struct table *table, int64_t now, table_visit_cluster *cluster_visit,
                table_visit_lock *lock_visit, void *context)
{
    for (size_t i = 0; i < table->bucket_count; i++) {
        for (const struct cluster *cluster = table->buckets[i]; cluster != NULL; cluster = cluster->next) {
            if (cluster_visit != NULL)
                show_cluster(cluster, now, cluster_visit, context);
            for (const struct lock *lock = cluster->locks; lock != NULL && lock_visit != NULL;
                 lock = lock->next)
                show_lock(lock, now, lock_visit, context);
        }
    }
}
