/* member.c - see member.h. */
#include "tests/sim/member.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/xml.h"

enum { LARGE = 100 * 1024 }; /* bytes of a request that needs fragments */

struct member {
    struct world *world;
    struct ledger *ledger;
    unsigned node;
    cib_member self;
    struct cib_replica *replica;
    struct cib_updates updates;
    cib_member view[WORLD_NODES], gone[WORLD_NODES];
    size_t n_view, n_gone;
    int64_t client_at, quorum_at;
    unsigned waiting;     /* clients that wait for an answer */
    bool must_put_status; /* after the updates being performed */
    cib_member must_expel;
};

void ledger_free(struct ledger *ledger)
{
    free(ledger->list);
    hf_buf_free(&ledger->wrong);
    *ledger = (struct ledger){0};
}

struct cib_replica *member_replica(void *process)
{
    return ((struct member *)process)->replica;
}

static bool is_gone(const struct member *member, cib_member other)
{
    for (size_t i = 0; i < member->n_gone; i++)
        if (member->gone[i] == other)
            return true;
    return false;
}

static size_t present(const struct member *member, cib_member list[WORLD_NODES])
{
    size_t count = 0;

    for (size_t i = 0; i < member->n_view; i++)
        if (!is_gone(member, member->view[i]))
            list[count++] = member->view[i];
    return count;
}

static void step(struct member *member, const struct cib_event *event);

/* --- clients --- */

static void add_entry(struct ledger *ledger, const struct entry *entry)
{
    hf_grow(&ledger->list, &ledger->capacity, ledger->count + 1, sizeof(*ledger->list));
    ledger->list[ledger->count++] = *entry;
}

static void submit(struct member *member, bool remove, size_t creator)
{
    struct ledger *ledger = member->ledger;
    struct entry entry = {.node = member->node, .removes = remove, .creator = creator};
    struct cib_event event = {.type = CIB_EVENT_CHANGE, .now = world_now(member->world), .origin = "sim"};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    event.client = ledger->count + 1;
    if (remove)
        memcpy(entry.token, ledger->list[creator].token, sizeof(entry.token));
    else
        snprintf(entry.token, sizeof(entry.token), "t%zuend", ledger->count);
    if (remove) {
        hf_buf_printf(&text, "<change><delete id='%s'/></change>", entry.token);
    } else {
        hf_buf_printf(&text, "<change><create into='resources'><primitive id='%s' class='ocf'", entry.token);
        if (ledger->large > 0 && world_chance(member->world, 5)) {
            ledger->large--;
            hf_buf_puts(&text, " description='");
            for (int i = 0; i < LARGE / 10; i++)
                hf_buf_puts(&text, "0123456789");
            hf_buf_putc(&text, '\'');
        }
        hf_buf_puts(&text, "/></create></change>");
    }
    event.bytes = text.data;
    event.length = text.length;
    add_entry(ledger, &entry);
    member->waiting++;
    step(member, &event);
}

/* An entry of this node's that can be deleted: done, and not deleted yet. */
static bool find_removable(struct member *member, size_t *creator)
{
    struct ledger *ledger = member->ledger;

    if (ledger->count == 0 || !world_chance(member->world, 25))
        return false;
    *creator = world_random(member->world, ledger->count);
    if (ledger->list[*creator].removes || ledger->list[*creator].outcome != OUTCOME_DONE)
        return false;
    for (size_t i = *creator + 1; i < ledger->count; i++)
        if (ledger->list[i].removes && ledger->list[i].creator == *creator)
            return false;
    return true;
}

size_t member_submit(struct world *world, unsigned node, bool remove, size_t creator)
{
    struct member *member = world_process(world, node);

    submit(member, remove, creator);
    return member->ledger->count - 1;
}

static void put_status(struct member *member)
{
    struct cib_event event = {.type = CIB_EVENT_STATUS, .now = world_now(member->world)};
    HF_CLEANUP(hf_buf_free) struct hf_buf update = {0};
    char id[16], value[32];

    snprintf(id, sizeof(id), "%u", member->node + 1);
    snprintf(value, sizeof(value), "%" PRId64, event.now);
    cib_status_set_node(&update, id, "uname", id);
    cib_status_set_attribute(&update, id, "seen", value);
    event.bytes = update.data;
    event.length = update.length;
    step(member, &event);
}

static void run_client(struct member *member)
{
    struct ledger *ledger = member->ledger;
    size_t creator = 0;

    member->client_at =
        world_now(member->world) + 1 + (int64_t)world_random(member->world, (uint64_t)ledger->pause);
    if (world_chance(member->world, 20))
        put_status(member);
    if (member->waiting < ledger->clients) {
        bool remove = find_removable(member, &creator);

        submit(member, remove, creator);
    }
}

/* Created: it is in the snapshot or in the log.  Deleted: the log says so, or nothing of it is left. */
static bool disk_knows(const struct member *member, unsigned node, const struct entry *entry)
{
    char removal[LEDGER_TOKEN + 16];

    if (!entry->removes)
        return world_disk_has(member->world, node, entry->token);
    snprintf(removal, sizeof(removal), "delete id='%s'", entry->token);
    return world_disk_has(member->world, node, removal) || !world_disk_has(member->world, node, entry->token);
}

/* A change is done only if it is on the disk of every member of the view, and these may decide; but full
 * disks need not have it as long as the others may decide without them. */
static void check_done(struct member *member, const struct entry *entry)
{
    cib_member members[WORLD_NODES];
    size_t count = present(member, members);
    struct ledger *ledger = member->ledger;
    unsigned missing = 0;

    if (2 * count < world_size(member->world))
        hf_buf_printf(&ledger->wrong, "%" PRId64 ": node %u says done to %s with %zu members\n",
                      world_now(member->world), member->node, entry->token, count);
    for (size_t i = 0; i < count; i++) {
        unsigned node = cib_member_node(members[i]) - 1;

        if (disk_knows(member, node, entry))
            continue;
        missing++;
        if (!world_disk_was_full(member->world, node) || missing > world_spare(member->world, count))
            hf_buf_printf(&ledger->wrong,
                          "%" PRId64 ": node %u says done to %s, which node %u has not on disk\n",
                          world_now(member->world), member->node, entry->token, node);
    }
}

static void answered(struct member *member, const struct cib_update *update)
{
    struct ledger *ledger = member->ledger;
    struct entry *entry = &ledger->list[update->client - 1];

    member->waiting--;
    world_note(member->world, update->client << 8 | hf_error_kind(update->error));
    if (entry->outcome != OUTCOME_PENDING)
        hf_buf_printf(&ledger->wrong, "%" PRId64 ": node %u answers twice to %s\n", world_now(member->world),
                      member->node, entry->token);
    switch (hf_error_kind(update->error)) {
    case HF_OK:
        entry->outcome = OUTCOME_DONE;
        ledger->done++;
        check_done(member, entry);
        return;
    case HF_TIMED_OUT:
        entry->outcome = OUTCOME_UNKNOWN;
        ledger->unknown++;
        return;
    case HF_NO_QUORUM:
    case HF_FAILED:
    case HF_REFUSED:
        entry->outcome = OUTCOME_NOT_DONE;
        entry->kind = hf_error_kind(update->error);
        ledger->refused++;
        return;
    default:
        hf_buf_printf(&ledger->wrong, "%" PRId64 ": node %u answers to %s: %s\n", world_now(member->world),
                      member->node, entry->token, hf_error_text(update->error));
    }
}

/* --- performing updates --- */

static void unresponsive(struct member *member, const struct cib_update *update)
{
    unsigned node = cib_member_node(update->member) - 1;

    if (!update->act)
        return;
    member->ledger->expelled++;
    member->must_expel = update->member;
    if (member->ledger->fence && world_chance(member->world, 60))
        world_kill(member->world, node);
}

static void expelled(struct member *member, cib_member other)
{
    if (other == member->self) {
        world_exit_later(member->world, member->node);
        return;
    }
    if (!is_gone(member, other) && member->n_gone < WORLD_NODES)
        member->gone[member->n_gone++] = other;
    member->quorum_at = world_now(member->world) + 1 + (int64_t)world_random(member->world, 20);
}

static void print_update(const struct member *member, const struct cib_update *update)
{
    static const char *const names[] = {"multicast",   "persist",  "answer",  "applied", "in-sync",
                                        "out-of-sync", "dc",       "quorum",  "member",  "unresponsive",
                                        "diverged",    "expelled", "protocol"};

    printf("%6" PRId64 " node %u %-12s member %u ticket %" PRIu64 " client %" PRIu64
           "%s%s%s%s %zu bytes, message type %d: %s %s\n",
           world_now(member->world), member->node, names[update->type], cib_member_node(update->member),
           update->ticket, update->client, update->snapshot ? " snapshot" : "",
           update->configuration ? " configuration" : "", update->replaced ? " replaced" : "",
           update->quorate ? " quorate" : "", update->bytes.length,
           update->type == CIB_UPDATE_MULTICAST ? update->bytes.data[3] : 0, hf_error_text(update->error),
           update->text == NULL ? "" : update->text);
}

static void perform(struct member *member, struct cib_update *update)
{
    if (member->ledger->print)
        print_update(member, update);
    switch (update->type) {
    case CIB_UPDATE_MULTICAST:
        if (update->bytes.length > CIB_MESSAGE_LIMIT)
            hf_buf_printf(&member->ledger->wrong, "a message of %zu bytes\n", update->bytes.length);
        world_multicast(member->world, member->node, update->bytes.data, update->bytes.length);
        return;
    case CIB_UPDATE_PERSIST:
        world_write(member->world, member->node, update->ticket, update->bytes.data, update->bytes.length,
                    update->snapshot);
        return;
    case CIB_UPDATE_ANSWER:
        answered(member, update);
        return;
    case CIB_UPDATE_IN_SYNC:
        member->ledger->transfers += update->replaced;
        member->must_put_status = true;
        return;
    case CIB_UPDATE_UNRESPONSIVE:
        unresponsive(member, update);
        return;
    case CIB_UPDATE_EXPELLED:
        expelled(member, update->member);
        return;
    case CIB_UPDATE_DIVERGED:
        member->ledger->diverged++;
        if ((member->ledger->broken & CIB_BROKEN_APPLY) == 0)
            hf_buf_printf(&member->ledger->wrong, "%" PRId64 ": node %u: member %u diverged: %s\n",
                          world_now(member->world), member->node, cib_member_node(update->member),
                          update->text);
        return;
    case CIB_UPDATE_PROTOCOL:
        hf_buf_printf(&member->ledger->wrong, "%" PRId64 ": node %u: member %u: %s\n",
                      world_now(member->world), member->node, cib_member_node(update->member), update->text);
        return;
    default:
        return;
    }
}

/* All updates of a step are performed before the next: a message may not overtake an earlier one. */
static void step(struct member *member, const struct cib_event *event)
{
    struct cib_updates updates = {0};

    cib_replica_step(member->replica, event, &updates);
    for (size_t i = 0; i < updates.count; i++)
        perform(member, &updates.list[i]);
    cib_updates_free(&updates);
    if (member->must_put_status) {
        member->must_put_status = false;
        put_status(member);
    }
    if (member->must_expel != 0) {
        struct cib_event expel = {.type = CIB_EVENT_EXPEL, .now = event->now, .member = member->must_expel};

        member->must_expel = 0;
        step(member, &expel);
    }
}

/* --- the program --- */

static void *start(void *context, struct world *world, unsigned node, cib_member self)
{
    struct ledger *ledger = context;
    struct member *member = hf_calloc(1, sizeof(*member));
    struct cib_replica_options options = {.self = self, .node_name = "node", .snapshot_after = 4096};
    struct cib_saved saved = {0};
    struct hf_error *error = world_disk_load(world, node, &saved);

    if (error != NULL) {
        /* Who applied wrongly and lost power before it was noticed has a log that leads nowhere. */
        if ((ledger->broken & CIB_BROKEN_APPLY) == 0)
            hf_buf_printf(&ledger->wrong, "%" PRId64 ": node %u cannot read its disk: %s\n", world_now(world),
                          node, hf_error_text(error));
        hf_error_free(error);
        saved.document = cib_document_new(NULL);
    }
    options.broken = ledger->broken;
    if ((ledger->broken & CIB_BROKEN_APPLY) != 0 && node != 0)
        options.broken &= ~(unsigned)CIB_BROKEN_APPLY;
    member->world = world;
    member->ledger = ledger;
    member->node = node;
    member->self = self;
    member->replica = cib_replica_new(&options, &saved);
    member->client_at = ledger->pause > 0 ? world_now(world) + (int64_t)world_random(world, 50) : INT64_MAX;
    member->quorum_at = INT64_MAX;
    return member;
}

static void stop(void *process)
{
    struct member *member = process;
    struct ledger *ledger = member->ledger;

    /* Whoever waits for an answer does not know. */
    for (size_t i = 0; i < ledger->count; i++)
        if (ledger->list[i].node == member->node && ledger->list[i].outcome == OUTCOME_PENDING)
            ledger->list[i].outcome = OUTCOME_UNKNOWN;
    cib_replica_free(member->replica);
    cib_updates_free(&member->updates);
    free(member);
}

static void set_view(struct member *member, const struct world_event *event)
{
    memcpy(member->view, event->members, event->n_members * sizeof(*event->members));
    member->n_view = event->n_members;
}

static enum cib_quorum quorum(const struct member *member, enum cib_quorum said)
{
    cib_member members[WORLD_NODES];
    size_t count = present(member, members);

    if (said == CIB_QUORUM_UNKNOWN)
        return said;
    return world_quorate(member->world, members, count) ? CIB_QUORUM_YES : CIB_QUORUM_NO;
}

static unsigned spare(const struct member *member)
{
    cib_member members[WORLD_NODES];

    return world_spare(member->world, present(member, members));
}

static void own_timers(struct member *member)
{
    struct cib_event event = {.type = CIB_EVENT_QUORUM, .now = world_now(member->world)};

    if (member->client_at <= event.now) {
        if (member->ledger->pause == 0)
            member->client_at = INT64_MAX;
        else
            run_client(member);
    }
    if (member->quorum_at <= event.now) {
        member->quorum_at = INT64_MAX;
        event.quorum = quorum(member, CIB_QUORUM_YES);
        event.term = world_term(member->world);
        event.spare = spare(member);
        step(member, &event);
    }
}

static void handle(void *process, const struct world_event *event)
{
    static const enum cib_event_type types[] = {
        [WORLD_VIEW] = CIB_EVENT_VIEW,
        [WORLD_QUORUM] = CIB_EVENT_QUORUM,
        [WORLD_MESSAGE] = CIB_EVENT_MESSAGE,
        [WORLD_WRITTEN] = CIB_EVENT_PERSISTED,
        [WORLD_WRITE_FAILED] = CIB_EVENT_PERSIST_FAILED,
        [WORLD_TICK] = CIB_EVENT_TICK,
    };
    struct member *member = process;
    struct cib_event translated = {
        .type = types[event->type],
        .now = event->now,
        .members = event->members,
        .n_members = event->n_members,
        .ring = event->ring,
        .term = event->term,
        .sender = event->sender,
        .bytes = event->bytes,
        .length = event->length,
        .ticket = event->ticket,
        .low = event->low,
        .text = "disk full",
    };

    if (event->type == WORLD_VIEW)
        set_view(member, event);
    translated.quorum = quorum(member, event->quorum);
    translated.spare = spare(member);
    step(member, &translated);
    own_timers(member);
}

static int64_t deadline(const void *process)
{
    const struct member *member = process;
    int64_t at = cib_replica_deadline(member->replica);

    if (member->client_at < at)
        at = member->client_at;
    return member->quorum_at < at ? member->quorum_at : at;
}

const struct world_program member_program = {start, stop, handle, deadline};

/* --- checking --- */

bool members_settled(struct world *world, void *context)
{
    const struct cib_document *first = NULL;
    cib_member dc = 0;

    for (unsigned node = 0; node < world_size(world); node++) {
        struct cib_replica *replica =
            world_is_on(world, node) ? member_replica(world_process(world, node)) : NULL;
        const struct cib_document *document;

        if (replica == NULL || !cib_replica_idle(replica) || !cib_replica_open(replica))
            return false;
        document = cib_replica_document(replica);
        if (first == NULL) {
            first = document;
            dc = cib_replica_dc(replica);
        }
        if (cib_replica_dc(replica) != dc || dc == 0 ||
            cib_version_compare(cib_document_version(first), cib_document_version(document)) != 0)
            return false;
    }
    return true;
}

static void check_documents(struct world *world, struct ledger *ledger)
{
    const struct cib_document *first = cib_replica_document(member_replica(world_process(world, 0)));

    for (unsigned node = 0; node < world_size(world); node++) {
        const struct cib_document *document =
            cib_replica_document(member_replica(world_process(world, node)));

        if (!cib_digest_equal(cib_document_configuration_digest(first),
                              cib_document_configuration_digest(document)) ||
            !cib_digest_equal(cib_document_status_digest(first), cib_document_status_digest(document)))
            hf_buf_printf(&ledger->wrong, "at rest: the documents of nodes 0 and %u differ\n", node);
        if (!cib_document_verify(document, &ledger->wrong))
            hf_buf_printf(&ledger->wrong, "at rest: the document of node %u is not sound\n", node);
    }
}

static void check_entry(const struct cib_document *document, struct ledger *ledger, const struct entry *entry)
{
    bool there = cib_document_find(document, entry->token) != NULL;
    bool may_be_removed = false;

    if (entry->removes) {
        if (entry->outcome == OUTCOME_DONE && there)
            hf_buf_printf(&ledger->wrong, "%s is there, but its removal was said to be done\n", entry->token);
        /* Refused because it was not there would be a lie: nobody else removes it. */
        if (entry->outcome == OUTCOME_NOT_DONE && !there)
            hf_buf_printf(&ledger->wrong, "%s is not there, but its removal was refused\n", entry->token);
        return;
    }
    for (const struct entry *other = ledger->list; other < ledger->list + ledger->count; other++)
        may_be_removed |= other->removes && strcmp(other->token, entry->token) == 0;
    if (entry->outcome == OUTCOME_DONE && !there && !may_be_removed)
        hf_buf_printf(&ledger->wrong, "%s is lost, but was said to be done\n", entry->token);
    if (entry->outcome == OUTCOME_NOT_DONE && there)
        hf_buf_printf(&ledger->wrong, "%s is there, but was refused (%s)\n", entry->token,
                      hf_error_kind_name(entry->kind));
}

void members_check(struct world *world, struct ledger *ledger)
{
    const struct cib_document *document = cib_replica_document(member_replica(world_process(world, 0)));

    check_documents(world, ledger);
    for (size_t i = 0; i < ledger->count; i++)
        check_entry(document, ledger, &ledger->list[i]);
}
