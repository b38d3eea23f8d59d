/* world.c - see world.h. */
#include "tests/sim/world.h"

#include <string.h>

#include "lib/buf.h"

enum {
    DETECT_MIN = 20, /* ms until a broken ring is noticed */
    DETECT_MAX = 300,
    RESERVE = 32 * 1024, /* bytes that a full disk still has for its log */
};

/* --- what is on its way --- */

struct item {
    bool view;
    uint64_t ring;     /* by which it came */
    uint64_t position; /* in the ring's order; messages only */
    cib_member sender;
    struct hf_buf bytes; /* the message; the members for a view */
    int64_t at;          /* when it is delivered, or goes out */
    enum cib_quorum quorum;
};

/* A queue of items. */
struct queue {
    struct item *list;
    size_t head, count, capacity;
};

struct write {
    uint64_t ticket;
    struct hf_buf bytes;
    bool snapshot;
};

struct disk {
    uint64_t serial;
    struct hf_buf snapshot, log, old_snapshot; /* durable; old_snapshot: before the last, for the mutation */
    bool unsynced;                             /* the last snapshot is not really there */
    struct write *writes;                      /* waiting, in order */
    size_t n_writes, c_writes;
    size_t in_progress; /* how many of them are being written now */
    int64_t done_at;
    int64_t slow;
    bool full, gap, was_full;
    size_t reserve_left;
};

struct machine {
    bool on, frozen;
    void *process;
    cib_member member;
    unsigned restarts;
    struct queue inbox, outbox;
    int64_t inbox_last, outbox_last;
    uint64_t ring;                      /* 0: not in the group yet */
    uint64_t delivered, delivered_ring; /* position in which ring up to which it got */
    bool exiting;
    int64_t quorum_at; /* when it hears about quorum, 0: it knows */
    cib_member view[WORLD_NODES];
    size_t n_view;
    struct disk disk;
};

struct ring {
    uint64_t id, position;
    int64_t frozen_until; /* broken: nothing is ordered before this */
};

struct world {
    unsigned n;
    uint64_t seed;
    int64_t now;
    const struct world_program *program;
    void *context;
    struct machine machines[WORLD_NODES];
    unsigned side[WORLD_NODES];
    struct ring rings[WORLD_NODES]; /* each member knows its ring by id */
    uint64_t next_ring;
    int64_t reform_at; /* INT64_MAX: the rings are as they should be */
    unsigned witness;
    uint32_t term;
    bool unsynced;
    unsigned steps; /* percent of views that come in two steps */
    struct cib_digest trace;
};

uint64_t world_random(struct world *world, uint64_t limit)
{
    uint64_t z = world->seed += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return limit == 0 ? 0 : z % limit;
}

bool world_chance(struct world *world, unsigned percent)
{
    return world_random(world, 100) < percent;
}

void world_note(struct world *world, uint64_t what)
{
    world->trace = cib_digest_pair(world->trace, (struct cib_digest){what, (uint64_t)world->now});
}

struct cib_digest world_trace(const struct world *world)
{
    return world->trace;
}

int64_t world_now(const struct world *world)
{
    return world->now;
}

unsigned world_size(const struct world *world)
{
    return world->n;
}

/* --- queues --- */

static struct item *queue_first(struct queue *queue)
{
    return queue->head < queue->count ? &queue->list[queue->head] : NULL;
}

static struct item *queue_push(struct queue *queue)
{
    if (queue->head == queue->count)
        queue->head = queue->count = 0;
    hf_grow(&queue->list, &queue->capacity, queue->count + 1, sizeof(*queue->list));
    queue->list[queue->count] = (struct item){0};
    return &queue->list[queue->count++];
}

static void queue_clear(struct queue *queue)
{
    for (size_t i = queue->head; i < queue->count; i++)
        hf_buf_free(&queue->list[i].bytes);
    queue->head = queue->count = 0;
}

/* --- quorum --- */

bool world_quorate(const struct world *world, const cib_member *members, size_t count)
{
    bool witness = false;

    for (size_t i = 0; i < count; i++)
        witness |= cib_member_node(members[i]) == world->witness + 1;
    return 2 * count > world->n || (2 * count == world->n && witness);
}

unsigned world_spare(const struct world *world, size_t count)
{
    return 2 * count > world->n ? (unsigned)count - world->n / 2 - 1 : 0;
}

uint32_t world_term(const struct world *world)
{
    return world->n % 2 == 0 ? world->term : 0;
}

static enum cib_quorum quorum_of(const struct world *world, const struct machine *machine)
{
    return world_quorate(world, machine->view, machine->n_view) ? CIB_QUORUM_YES : CIB_QUORUM_NO;
}

/* --- the group --- */

static struct ring *find_ring(struct world *world, uint64_t id)
{
    for (size_t i = 0; i < WORLD_NODES; i++)
        if (id != 0 && world->rings[i].id == id)
            return &world->rings[i];
    return NULL;
}

static struct ring *new_ring(struct world *world)
{
    struct ring *ring = NULL;

    for (size_t i = 0; i < WORLD_NODES && ring == NULL; i++) {
        bool used = false;

        for (unsigned node = 0; node < world->n; node++)
            used |= world->rings[i].id != 0 && world->machines[node].ring == world->rings[i].id;
        if (!used)
            ring = &world->rings[i];
    }
    if (ring == NULL)
        abort();
    *ring = (struct ring){.id = ++world->next_ring};
    return ring;
}

void world_multicast(struct world *world, unsigned node, const void *bytes, size_t length)
{
    struct machine *machine = &world->machines[node];
    struct item *item = queue_push(&machine->outbox);
    int64_t at = world->now + (int64_t)world_random(world, 2);

    item->sender = machine->member;
    hf_buf_add(&item->bytes, bytes, length);
    machine->outbox_last = item->at = at > machine->outbox_last ? at : machine->outbox_last;
}

static void enqueue(struct world *world, struct machine *machine, const struct item *model)
{
    struct item *item = queue_push(&machine->inbox);
    int64_t at = world->now + (int64_t)world_random(world, 3);

    *item = *model;
    item->bytes = (struct hf_buf){0};
    hf_buf_add(&item->bytes, model->bytes.data, model->bytes.length);
    machine->inbox_last = item->at = at > machine->inbox_last ? at : machine->inbox_last;
}

/* The ring orders the next message of this node: all members will deliver it. */
static void send_out(struct world *world, struct machine *machine)
{
    struct item *item = queue_first(&machine->outbox);
    struct ring *ring = find_ring(world, machine->ring);

    item->ring = ring->id;
    item->position = ++ring->position;
    for (unsigned node = 0; node < world->n; node++)
        if (world->machines[node].on && world->machines[node].ring == ring->id)
            enqueue(world, &world->machines[node], item);
    hf_buf_free(&item->bytes);
    machine->outbox.head++;
}

static bool together(const struct world *world, unsigned one, unsigned other)
{
    return world->side[one] == world->side[other];
}

/* Own messages that this side will not deliver in the old view go out again in the next. */
static void take_back(struct machine *machine, struct queue *back)
{
    for (size_t i = machine->outbox.head; i < machine->outbox.count; i++)
        *queue_push(back) = machine->outbox.list[i];
    free(machine->outbox.list);
    machine->outbox = *back;
}

/* Cuts an inbox at a position of the old ring. */
static void cut_inbox(struct world *world, struct machine *machine, uint64_t position)
{
    struct queue kept = {0}, back = {0};

    for (size_t i = machine->inbox.head; i < machine->inbox.count; i++) {
        struct item *item = &machine->inbox.list[i];

        if (item->view || item->ring != machine->ring || item->position <= position)
            *queue_push(&kept) = *item;
        else if (item->sender == machine->member)
            *queue_push(&back) = *item;
        else
            hf_buf_free(&item->bytes);
    }
    free(machine->inbox.list);
    machine->inbox = kept;
    take_back(machine, &back);
}

/* How far it got in the ring that it is in. */
static uint64_t position_of(const struct machine *machine)
{
    return machine->delivered_ring == machine->ring ? machine->delivered : 0;
}

/* What of the old ring the members of a new one deliver before the view: all the same. */
static void flush(struct world *world, const unsigned *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct machine *machine = &world->machines[members[i]];
        struct ring *ring = find_ring(world, machine->ring);
        uint64_t least = 0, cut;
        bool first = true;

        if (ring == NULL)
            continue;
        for (size_t j = 0; j < count; j++) {
            struct machine *other = &world->machines[members[j]];

            if (other->ring != ring->id)
                continue;
            first &= j >= i;
            if (position_of(other) > least)
                least = position_of(other);
        }
        if (!first)
            continue;
        cut = least + world_random(world, ring->position - least + 1);
        for (size_t j = 0; j < count; j++)
            if (world->machines[members[j]].ring == ring->id)
                cut_inbox(world, &world->machines[members[j]], cut);
    }
}

/* First a view in which only those are who were together before, as when leaving and joining are told apart.
 */
static void form_leavers(struct world *world, const unsigned *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct machine *machine = &world->machines[members[i]];
        struct item view = {.view = true, .ring = ++world->next_ring, .quorum = CIB_QUORUM_UNKNOWN};
        bool first = machine->ring != 0;

        for (size_t j = 0; j < i; j++)
            first &= world->machines[members[j]].ring != machine->ring;
        if (!first)
            continue;
        for (size_t j = 0; j < count; j++)
            if (world->machines[members[j]].ring == machine->ring)
                hf_buf_add(&view.bytes, &world->machines[members[j]].member, sizeof(cib_member));
        for (size_t j = 0; j < count; j++)
            if (world->machines[members[j]].ring == machine->ring)
                enqueue(world, &world->machines[members[j]], &view);
        hf_buf_free(&view.bytes);
    }
}

static void form(struct world *world, const unsigned *members, size_t count)
{
    struct ring *ring;
    struct item view = {.view = true};
    bool know = world_chance(world, 50);

    flush(world, members, count);
    if (world->steps > 0 && world_chance(world, world->steps))
        form_leavers(world, members, count);
    for (size_t i = 0; i < count; i++)
        hf_buf_add(&view.bytes, &world->machines[members[i]].member, sizeof(cib_member));
    for (size_t i = 0; i < count; i++)
        world->machines[members[i]].ring = 0;
    ring = new_ring(world);
    view.ring = ring->id;
    view.quorum =
        world_quorate(world, (const cib_member *)view.bytes.data, count) ? CIB_QUORUM_YES : CIB_QUORUM_NO;
    if (!know)
        view.quorum = CIB_QUORUM_UNKNOWN;
    for (size_t i = 0; i < count; i++) {
        world->machines[members[i]].ring = ring->id;
        enqueue(world, &world->machines[members[i]], &view);
    }
    hf_buf_free(&view.bytes);
}

/* Whether a ring has exactly these members. */
static bool is_formed(const struct world *world, const unsigned *members, size_t count)
{
    uint64_t ring = world->machines[members[0]].ring;
    size_t in = 0;

    for (size_t i = 0; i < count; i++)
        if (world->machines[members[i]].ring != ring || ring == 0)
            return false;
    for (unsigned node = 0; node < world->n; node++)
        in += world->machines[node].ring == ring;
    return in == count;
}

/* The machines that are on and hear each other. */
struct party {
    unsigned members[WORLD_NODES];
    size_t count;
    bool formed;
};

static size_t find_parties(const struct world *world, struct party parties[WORLD_NODES])
{
    bool seen[WORLD_NODES] = {false};
    size_t count = 0;

    for (unsigned node = 0; node < world->n; node++) {
        struct party *party = &parties[count];

        if (seen[node] || !world->machines[node].on)
            continue;
        party->count = 0;
        for (unsigned other = node; other < world->n; other++)
            if (world->machines[other].on && together(world, node, other)) {
                seen[other] = true;
                party->members[party->count++] = other;
            }
        count++;
    }
    return count;
}

static void reform(struct world *world)
{
    struct party parties[WORLD_NODES];
    size_t count = find_parties(world, parties);

    world->reform_at = INT64_MAX;
    /* First who must form, of all: a party that is left alone in its old ring is not what that ring was. */
    for (size_t i = 0; i < count; i++)
        parties[i].formed = is_formed(world, parties[i].members, parties[i].count);
    for (size_t i = 0; i < count; i++)
        if (!parties[i].formed)
            form(world, parties[i].members, parties[i].count);
    for (unsigned node = 0; node < world->n; node++)
        if (!world->machines[node].on)
            world->machines[node].ring = 0;
}

/* The rings are not what they should be; they find out after a while, and order nothing meanwhile. */
static void disturb(struct world *world, int64_t delay)
{
    int64_t at = world->now + delay;

    if (at > world->reform_at && world->reform_at != INT64_MAX)
        at = world->reform_at;
    world->reform_at = at;
    for (size_t i = 0; i < WORLD_NODES; i++)
        world->rings[i].frozen_until = at;
}

static int64_t detection(struct world *world)
{
    return DETECT_MIN + (int64_t)world_random(world, DETECT_MAX - DETECT_MIN);
}

/* --- the disk --- */

static void free_writes(struct disk *disk)
{
    for (size_t i = 0; i < disk->n_writes; i++)
        hf_buf_free(&disk->writes[i].bytes);
    disk->n_writes = disk->in_progress = 0;
}

static void begin_log(struct disk *disk)
{
    hf_buf_free(&disk->log);
    hf_error_free(cib_log_put_header(&disk->log, disk->serial, disk->snapshot.data, disk->snapshot.length));
}

/* A snapshot, or all records up to the next snapshot, are written at once. */
static void begin_write(struct world *world, struct disk *disk)
{
    if (disk->in_progress > 0 || disk->n_writes == 0)
        return;
    disk->in_progress = 1;
    while (!disk->writes[0].snapshot && disk->in_progress < disk->n_writes &&
           !disk->writes[disk->in_progress].snapshot)
        disk->in_progress++;
    disk->done_at = world->now + (int64_t)world_random(world, disk->slow > 0 ? (uint64_t)disk->slow : 3);
}

void world_write(struct world *world, unsigned node, uint64_t ticket, const void *bytes, size_t length,
                 bool snapshot)
{
    struct disk *disk = &world->machines[node].disk;
    struct write *write;

    hf_grow(&disk->writes, &disk->c_writes, disk->n_writes + 1, sizeof(*disk->writes));
    write = &disk->writes[disk->n_writes++];
    *write = (struct write){.ticket = ticket, .snapshot = snapshot};
    hf_buf_add(&write->bytes, bytes, length);
    begin_write(world, disk);
}

static void encode_batch(const struct disk *disk, struct hf_buf *batch)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf records = {0};

    for (size_t i = 0; i < disk->in_progress; i++)
        hf_buf_add(&records, disk->writes[i].bytes.data, disk->writes[i].bytes.length);
    if (records.length > 0)
        cib_log_put_batch(batch, disk->serial, disk->log.length, records.data, records.length);
}

static bool put_snapshot(struct world *world, struct disk *disk)
{
    if (disk->full)
        return false;
    hf_buf_free(&disk->old_snapshot);
    disk->old_snapshot = disk->snapshot;
    disk->snapshot = disk->writes[0].bytes;
    disk->writes[0].bytes = (struct hf_buf){0};
    disk->serial++;
    disk->gap = false;
    disk->unsynced = world->unsynced;
    begin_log(disk);
    return true;
}

static bool put_records(struct disk *disk)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf batch = {0};

    encode_batch(disk, &batch);
    if (disk->gap || (disk->full && batch.length > disk->reserve_left))
        return false;
    if (disk->full)
        disk->reserve_left -= batch.length;
    hf_buf_add(&disk->log, batch.data, batch.length);
    return true;
}

static void finish_write(struct world *world, struct machine *machine)
{
    struct disk *disk = &machine->disk;
    size_t count = disk->in_progress;
    struct world_event event = {.now = world->now, .low = disk->full};
    bool done = disk->writes[0].snapshot ? put_snapshot(world, disk) : put_records(disk);

    event.type = done ? WORLD_WRITTEN : WORLD_WRITE_FAILED;
    event.ticket = disk->writes[done ? count - 1 : 0].ticket;
    if (!done)
        disk->gap = true;
    for (size_t i = 0; i < count; i++)
        hf_buf_free(&disk->writes[i].bytes);
    disk->n_writes -= count;
    memmove(disk->writes, disk->writes + count, disk->n_writes * sizeof(*disk->writes));
    disk->in_progress = 0;
    begin_write(world, disk);
    disk->was_full = disk->full || (disk->was_full && !done);
    world_note(world, event.ticket << 1 | done);
    world->program->event(machine->process, &event);
}

/* Power off in the middle of a write: some of its bytes may be there, perhaps not the right ones. */
static void lose_power(struct world *world, struct disk *disk)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf batch = {0};

    if (disk->in_progress > 0 && !disk->writes[0].snapshot && !disk->gap && !disk->full) {
        encode_batch(disk, &batch);
        batch.length = world_random(world, batch.length + 1);
        for (size_t i = 0; i < batch.length; i++)
            if (world_chance(world, 1))
                batch.data[i] = (char)world_random(world, 256);
        hf_buf_add(&disk->log, batch.data, batch.length);
    }
    if (disk->unsynced && world_chance(world, 50)) {
        hf_buf_free(&disk->snapshot);
        disk->snapshot = disk->old_snapshot;
        disk->old_snapshot = (struct hf_buf){0};
        begin_log(disk);
    }
    free_writes(disk);
}

struct hf_error *world_disk_load(struct world *world, unsigned node, struct cib_saved *saved)
{
    struct disk *disk = &world->machines[node].disk;
    struct cib_log_result result;
    struct hf_error *error;

    if (disk->snapshot.length == 0) {
        *saved = (struct cib_saved){.document = cib_document_new(NULL)};
        cib_log_put_snapshot(&disk->snapshot, saved->document, 0);
        disk->serial = 1;
        begin_log(disk);
        return NULL;
    }
    error = cib_log_get_snapshot(NULL, disk->snapshot.data, disk->snapshot.length, "snapshot", saved);
    if (error != NULL)
        return error;
    result = cib_log_replay(disk->serial, disk->log.data, disk->log.length, "log", saved, NULL, NULL);
    if (result.end == CIB_LOG_DAMAGED) {
        cib_saved_free(saved);
        return result.why;
    }
    hf_error_free(result.why);
    disk->log.length = result.good;
    disk->gap = false;
    return NULL;
}

bool world_disk_has(const struct world *world, unsigned node, const char *text)
{
    const struct disk *disk = &world->machines[node].disk;

    return memmem(disk->log.data, disk->log.length, text, strlen(text)) != NULL ||
           memmem(disk->snapshot.data, disk->snapshot.length, text, strlen(text)) != NULL;
}

bool world_disk_was_full(const struct world *world, unsigned node)
{
    return world->machines[node].disk.was_full;
}

void world_disk_slow(struct world *world, unsigned node, int64_t ms)
{
    world->machines[node].disk.slow = ms;
}

void world_disk_full(struct world *world, unsigned node, bool full)
{
    world->machines[node].disk.full = full;
    world->machines[node].disk.was_full |= full;
    world->machines[node].disk.reserve_left = RESERVE;
}

void world_views_in_steps(struct world *world, unsigned percent)
{
    world->steps = percent;
}

void world_disk_unsynced(struct world *world, bool unsynced)
{
    world->unsynced = unsynced;
}

/* --- machines --- */

void world_start(struct world *world, unsigned node)
{
    struct machine *machine = &world->machines[node];

    if (machine->on)
        return;
    world_note(world, 100 + node);
    machine->on = true;
    machine->frozen = false;
    /* after a boot, process numbers are used again */
    machine->member = cib_member_make(node + 1, 1000 * (node + 1) + ++machine->restarts % 3);
    machine->ring = 0;
    machine->delivered = machine->delivered_ring = 0;
    machine->exiting = false;
    machine->inbox_last = machine->outbox_last = world->now;
    machine->process = world->program->start(world->context, world, node, machine->member);
    disturb(world, (int64_t)world_random(world, 50));
}

static void end_process(struct world *world, unsigned node)
{
    struct machine *machine = &world->machines[node];

    machine->on = false;
    queue_clear(&machine->inbox);
    queue_clear(&machine->outbox);
    machine->quorum_at = 0;
    world->program->stop(machine->process);
    machine->process = NULL;
}

void world_kill(struct world *world, unsigned node)
{
    if (!world->machines[node].on)
        return;
    world_note(world, 200 + node);
    lose_power(world, &world->machines[node].disk);
    end_process(world, node);
    disturb(world, detection(world));
}

void world_exit(struct world *world, unsigned node)
{
    if (!world->machines[node].on)
        return;
    world_note(world, 300 + node);
    free_writes(&world->machines[node].disk);
    end_process(world, node);
    disturb(world, 0);
}

void world_exit_later(struct world *world, unsigned node)
{
    world->machines[node].exiting = true;
}

void world_freeze(struct world *world, unsigned node)
{
    world->machines[node].frozen = true;
}

void world_thaw(struct world *world, unsigned node)
{
    world->machines[node].frozen = false;
}

void world_cut(struct world *world, const unsigned *side)
{
    memcpy(world->side, side, world->n * sizeof(*side));
    world_note(world, 400);
    disturb(world, detection(world));
}

void world_heal(struct world *world)
{
    memset(world->side, 0, sizeof(world->side));
    world_note(world, 500);
    disturb(world, detection(world));
}

unsigned world_witness(const struct world *world)
{
    return world->witness;
}

void world_move_witness(struct world *world, unsigned node)
{
    if (world->witness == node)
        return;
    world->witness = node;
    world->term++;
    for (unsigned i = 0; i < world->n; i++)
        if (world->machines[i].on && world->machines[i].n_view > 0)
            world->machines[i].quorum_at = world->now + 1 + (int64_t)world_random(world, 20);
}

bool world_is_on(const struct world *world, unsigned node)
{
    return world->machines[node].on;
}

bool world_is_frozen(const struct world *world, unsigned node)
{
    return world->machines[node].frozen;
}

void *world_process(const struct world *world, unsigned node)
{
    return world->machines[node].process;
}

/* --- time --- */

struct next {
    int64_t at;
    struct machine *machine;
    enum { NEXT_SEND, NEXT_DELIVER, NEXT_DISK, NEXT_QUORUM, NEXT_TICK, NEXT_REFORM } what;
};

static void consider(struct next *next, int64_t at, struct machine *machine, int what)
{
    if (at < next->at)
        *next = (struct next){at, machine, what};
}

static struct next find_next(struct world *world)
{
    struct next next = {world->reform_at, NULL, NEXT_REFORM};

    for (unsigned node = 0; node < world->n; node++) {
        struct machine *machine = &world->machines[node];
        struct ring *ring = find_ring(world, machine->ring);
        struct item *out = queue_first(&machine->outbox), *in = queue_first(&machine->inbox);

        if (!machine->on)
            continue;
        if (out != NULL && ring != NULL)
            consider(&next, out->at > ring->frozen_until ? out->at : ring->frozen_until, machine, NEXT_SEND);
        if (machine->disk.in_progress > 0 && !machine->frozen)
            consider(&next, machine->disk.done_at, machine, NEXT_DISK);
        if (machine->frozen)
            continue;
        if (in != NULL)
            consider(&next, in->at, machine, NEXT_DELIVER);
        if (machine->quorum_at != 0)
            consider(&next, machine->quorum_at, machine, NEXT_QUORUM);
        consider(&next, world->program->deadline(machine->process), machine, NEXT_TICK);
    }
    return next;
}

static void deliver_view(struct world *world, struct machine *machine, struct item *item)
{
    struct world_event event = {.type = WORLD_VIEW, .now = world->now, .ring = item->ring};

    machine->n_view = item->bytes.length / sizeof(cib_member);
    memcpy(machine->view, item->bytes.data, item->bytes.length);
    event.members = machine->view;
    event.n_members = machine->n_view;
    event.quorum = item->quorum == CIB_QUORUM_UNKNOWN ? CIB_QUORUM_UNKNOWN : quorum_of(world, machine);
    event.term = world_term(world);
    machine->quorum_at =
        item->quorum == CIB_QUORUM_UNKNOWN ? world->now + 1 + (int64_t)world_random(world, 30) : 0;
    world->program->event(machine->process, &event);
}

static void deliver(struct world *world, struct machine *machine)
{
    struct item item = *queue_first(&machine->inbox);
    struct world_event event = {.type = WORLD_MESSAGE, .now = world->now, .sender = item.sender};

    machine->inbox.head++;
    world_note(world, item.view ? item.ring : cib_digest_bytes(item.bytes.data, item.bytes.length).a);
    if (item.view) {
        deliver_view(world, machine, &item);
    } else {
        machine->delivered = item.position;
        machine->delivered_ring = item.ring;
        event.bytes = item.bytes.data;
        event.length = item.bytes.length;
        world->program->event(machine->process, &event);
    }
    hf_buf_free(&item.bytes);
}

static void say_quorum(struct world *world, struct machine *machine)
{
    struct world_event event = {.type = WORLD_QUORUM, .now = world->now, .term = world_term(world)};

    machine->quorum_at = 0;
    event.quorum = quorum_of(world, machine);
    world->program->event(machine->process, &event);
}

static void happen(struct world *world, const struct next *next)
{
    struct world_event tick = {.type = WORLD_TICK, .now = world->now};

    switch (next->what) {
    case NEXT_SEND:
        send_out(world, next->machine);
        return;
    case NEXT_DELIVER:
        deliver(world, next->machine);
        return;
    case NEXT_DISK:
        finish_write(world, next->machine);
        return;
    case NEXT_QUORUM:
        say_quorum(world, next->machine);
        return;
    case NEXT_TICK:
        world->program->event(next->machine->process, &tick);
        return;
    case NEXT_REFORM:
        reform(world);
        return;
    }
}

/* The next thing that happens until then; false if nothing does. */
static bool advance(struct world *world, int64_t until)
{
    struct next next = find_next(world);

    if (next.at > until) {
        world->now = until;
        return false;
    }
    if (next.at > world->now)
        world->now = next.at;
    happen(world, &next);
    for (unsigned node = 0; node < world->n; node++)
        if (world->machines[node].on && world->machines[node].exiting)
            world_exit(world, node);
    return true;
}

void world_elapse(struct world *world, int64_t ms)
{
    int64_t until = world->now + ms;

    while (advance(world, until))
        ;
}

bool world_until(struct world *world, bool (*condition)(struct world *, void *), void *context, int64_t ms)
{
    int64_t until = world->now + ms;

    while (!condition(world, context))
        if (!advance(world, until))
            return condition(world, context);
    return true;
}

struct world *world_new(unsigned nodes, uint64_t seed, const struct world_program *program, void *context)
{
    struct world *world = hf_calloc(1, sizeof(*world));

    world->n = nodes;
    world->seed = seed;
    world->program = program;
    world->context = context;
    world->reform_at = INT64_MAX;
    world->term = 1;
    world->trace = (struct cib_digest){seed, nodes};
    return world;
}

void world_free(struct world *world)
{
    for (unsigned node = 0; node < world->n; node++) {
        struct machine *machine = &world->machines[node];

        if (machine->on)
            end_process(world, node);
        free_writes(&machine->disk);
        free(machine->disk.writes);
        hf_buf_free(&machine->disk.snapshot);
        hf_buf_free(&machine->disk.old_snapshot);
        hf_buf_free(&machine->disk.log);
        free(machine->inbox.list);
        free(machine->outbox.list);
    }
    free(world);
}
