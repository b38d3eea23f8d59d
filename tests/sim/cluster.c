/* cluster.c - see cluster.h. */
#include "tests/sim/cluster.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/node/message.h"
#include "daemon/node/node.h"
#include "daemon/node/planner.h"
#include "lib/xml.h"

enum { WALL = 1700000000, FENCE_MS = 40, PLAN_MS = 8, NEWS_MS = 25, CLIENT = 1, LOCKS = 8 };

#define LOCK_PREFIX "rsc/"

/* What a machine has besides its daemon and its disk. */
struct machine {
    struct sim_agents *agents; /* NULL while it is off */
    int64_t restart_at;        /* of its daemon; INT64_MAX: no */
    unsigned crashes;
    unsigned shots;   /* how often it was switched off by an agent */
    bool guarded;     /* its daemon said last that something needs the watchdog */
    int64_t fed_at;   /* the watchdog */
    char *attributes; /* what its daemon asked to keep; it ends with the machine */
    struct cluster *cluster;
};

/* The lock of a resource.  Who wants it is the guard's to know, which outlives the daemon. */
struct sim_lock {
    char name[64];
    int holder; /* -1: nobody */
    uint64_t token;
    int64_t free_at, known_at; /* when its holder hears of it */
    bool wanted[WORLD_NODES], barred[WORLD_NODES];
    int64_t astray[WORLD_NODES]; /* since when the resource runs there without it; 0: it does not */
};

/* An order to a fence agent that is under way. */
struct shot {
    struct shot *next;
    int64_t ordered, due, told; /* when it acts, and when it says so */
    bool acted, failed;
    unsigned from;
    cib_member member; /* of the daemon that wants to know */
    uint64_t run;
    uint32_t requester;
    char *agent, *input;
};

struct cluster {
    struct cluster_options options;
    struct world *world;
    struct machine machines[WORLD_NODES];
    struct sim_vips *vips;
    struct shot *shots;
    struct sim_lock locks[LOCKS];
    size_t n_locks;
    unsigned resets;
    bool fencing_broken;
    unsigned start_percent, stop_percent;
    struct hf_buf wrong;
    unsigned starts, stops, monitors, promotes, demotes; /* calls to agents */
    unsigned hurries;                                    /* of their monitors */
    unsigned side[WORLD_NODES];                          /* of the partition */
    bool wants_lock[WORLD_NODES];                        /* the guard was told to get `cluster` */
    int64_t lock_passes_at;                              /* to another that wants it; 0: it stays */
    char *last_shot;                                     /* the input of the last agent that acted */
    int64_t last_shot_at;
    bool answered; /* to cluster_request() */
    enum hf_error_kind answer;
};

/* A daemon. */
struct process {
    struct cluster *cluster;
    struct world *world;
    unsigned number;
    cib_member self;
    struct node *node;
    cib_member members[WORLD_NODES];
    size_t n_members;
    int n_heard; /* machines */
    struct planner *planner;
    struct planner_job *job; /* NULL: the scheduler does not run */
    int64_t planned_at;      /* when it is through */
    bool listing, ending, quorate;
    bool told_lock, owns_lock;
    uint64_t told_locks; /* what NODE_OWN_LOCKS said last */
    uint64_t routers;    /* the version of the guard's news that was told last */
    int64_t routers_at;  /* when the next is told; 0: there is none */
};

static void step(struct process *process, struct node_event *event);

static unsigned number_of(cib_member member)
{
    return cib_member_node(member) - 1;
}

/* --- what must be true --- */

static int where_at_least(const struct cluster *cluster, const char *resource, enum sim_state state)
{
    int where = -1;

    for (unsigned i = 0; i < cluster->options.nodes; i++) {
        if (sim_agents_state(cluster->machines[i].agents, resource) < state)
            continue;
        if (where != -1)
            return -2;
        where = (int)i;
    }
    return where;
}

int cluster_where(const struct cluster *cluster, const char *resource)
{
    return where_at_least(cluster, resource, SIM_STARTED);
}

int cluster_promoted(const struct cluster *cluster, const char *resource)
{
    return where_at_least(cluster, resource, SIM_PROMOTED);
}

const char *cluster_runs_with(const struct cluster *cluster, unsigned node, const char *resource)
{
    return sim_agents_runs_with(cluster->machines[node].agents, resource);
}

/* A resource may outlive its lock for as long as the servers add to the lease. */
static void watch_lock(struct cluster *cluster, struct sim_lock *lock)
{
    const char *resource = lock->name + strlen(LOCK_PREFIX);
    int64_t now = world_now(cluster->world);

    for (unsigned i = 0; i < cluster->options.nodes; i++) {
        if (lock->holder == (int)i ||
            sim_agents_state(cluster->machines[i].agents, resource) == SIM_STOPPED) {
            lock->astray[i] = 0;
            continue;
        }
        if (lock->astray[i] == 0)
            lock->astray[i] = now;
        if (now - lock->astray[i] > cluster->options.drain_ms && cluster->wrong.length < 4096)
            hf_buf_printf(&cluster->wrong, "%" PRId64 ": %s runs on n%u without its lock\n", now, resource,
                          i + 1);
    }
}

static void watch(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->n_locks; i++)
        watch_lock(cluster, &cluster->locks[i]);
    for (size_t i = 0; cluster->options.always && cluster->options.resources[i] != NULL; i++)
        if (cluster_where(cluster, cluster->options.resources[i]) == -2 && cluster->wrong.length < 4096)
            hf_buf_printf(&cluster->wrong, "%" PRId64 ": %s is active on two machines\n",
                          world_now(cluster->world), cluster->options.resources[i]);
    for (size_t i = 0; cluster->vips != NULL && cluster->options.vips[i] != NULL; i++)
        if (sim_vips_where(cluster->vips, cluster->options.vips[i]) == -2 && cluster->wrong.length < 4096)
            hf_buf_printf(&cluster->wrong, "%" PRId64 ": %s is promoted on two machines\n",
                          world_now(cluster->world), cluster->options.vips[i]);
}

const char *cluster_shot(const struct cluster *cluster)
{
    return cluster->last_shot == NULL ? "" : cluster->last_shot;
}

int64_t cluster_shot_at(const struct cluster *cluster)
{
    return cluster->last_shot_at;
}

const xmlNode *cluster_cib(const struct cluster *cluster, unsigned node)
{
    const struct process *process = world_process(cluster->world, node);

    return process == NULL ? NULL : cib_document_root(cib_replica_document(node_replica(process->node)));
}

const char *cluster_wrong(const struct cluster *cluster)
{
    return hf_buf_text(&cluster->wrong);
}

unsigned cluster_count(const struct cluster *cluster, const char *operation)
{
    return strcmp(operation, "start") == 0     ? cluster->starts
           : strcmp(operation, "stop") == 0    ? cluster->stops
           : strcmp(operation, "promote") == 0 ? cluster->promotes
           : strcmp(operation, "demote") == 0  ? cluster->demotes
           : strcmp(operation, "hurry") == 0   ? cluster->hurries
                                               : cluster->monitors;
}

/* --- locks of resources --- */

static struct sim_lock *get_lock(struct cluster *cluster, const char *name)
{
    struct sim_lock *lock = cluster->locks;

    for (size_t i = 0; i < cluster->n_locks; i++, lock++)
        if (strcmp(lock->name, name) == 0)
            return lock;
    if (cluster->n_locks == LOCKS)
        abort();
    cluster->n_locks++;
    *lock = (struct sim_lock){.holder = -1};
    snprintf(lock->name, sizeof(lock->name), "%s", name);
    return lock;
}

static void want_lock(struct cluster *cluster, unsigned node, const char *name, bool wanted)
{
    struct sim_lock *lock = get_lock(cluster, name);

    lock->wanted[node] = wanted;
    if (!wanted && lock->holder == (int)node) {
        lock->holder = -1;
        lock->free_at = world_now(cluster->world);
    }
}

enum { PASSING_MS = 60 }; /* at most: a record on disks, and messages */

static void give_up_lock(struct process *process)
{
    struct cluster *cluster = process->cluster;

    cluster->wants_lock[process->number] = false;
    if (world_witness(cluster->world) == process->number)
        cluster->lock_passes_at =
            world_now(cluster->world) + (int64_t)world_random(cluster->world, PASSING_MS);
}

/* The lock `cluster` that was given up goes to another that wants it, if there is one. */
static void pass_lock(struct cluster *cluster)
{
    if (cluster->lock_passes_at == 0 || world_now(cluster->world) < cluster->lock_passes_at)
        return;
    cluster->lock_passes_at = 0;
    if (cluster->wants_lock[world_witness(cluster->world)])
        return;
    for (unsigned i = 0; i < cluster->options.nodes; i++)
        if (cluster->wants_lock[i] && world_is_on(cluster->world, i))
            world_move_witness(cluster->world, i);
}

/* Whether the node reaches the lock servers: those are where the witness is. */
static bool may_hold(const struct cluster *cluster, const struct sim_lock *lock, unsigned node)
{
    return cluster->machines[node].agents != NULL && lock->wanted[node] && !lock->barred[node] &&
           cluster->side[node] == cluster->side[world_witness(cluster->world)];
}

static void move_locks(struct cluster *cluster)
{
    int64_t now = world_now(cluster->world);

    for (struct sim_lock *lock = cluster->locks; lock < cluster->locks + cluster->n_locks; lock++) {
        if (lock->holder >= 0 && !may_hold(cluster, lock, (unsigned)lock->holder)) {
            lock->holder = -1;
            lock->free_at = now + cluster->options.drain_ms;
        }
        for (unsigned i = 0; i < cluster->options.nodes && lock->holder < 0 && now >= lock->free_at; i++)
            if (may_hold(cluster, lock, i)) {
                lock->holder = (int)i;
                lock->token++;
                lock->known_at = now + (int64_t)world_random(cluster->world, PASSING_MS);
            }
    }
}

static void tell_own_locks(struct process *process)
{
    struct cluster *cluster = process->cluster;
    struct node_own_lock list[LOCKS];
    char holders[LOCKS][16];
    struct node_event event = {.type = NODE_OWN_LOCKS, .own_locks = {list, 0}};
    uint64_t sum = 1;

    for (size_t i = 0; i < cluster->n_locks; i++) {
        const struct sim_lock *lock = &cluster->locks[i];
        bool owned = lock->holder == (int)process->number && lock->known_at <= world_now(cluster->world);
        struct node_own_lock *item = &list[event.own_locks.count];

        sum = sum * 31 + lock->wanted[process->number] + 2 * owned + 4 * (lock->token + 1) +
              64 * (uint64_t)(lock->holder + 1);
        if (!lock->wanted[process->number])
            continue;
        snprintf(holders[i], sizeof(holders[i]), lock->holder < 0 || owned ? "" : "n%d", lock->holder + 1);
        *item = (struct node_own_lock){lock->name, owned, owned ? lock->token : 0, holders[i]};
        event.own_locks.count++;
    }
    if (process->told_locks == sum)
        return;
    process->told_locks = sum;
    step(process, &event);
}

/* What has a lock starts under it, and is told its token. */
static void check_token(struct process *process, const struct runner_call *call)
{
    struct cluster *cluster = process->cluster;
    const char *token = NULL;

    if (strcmp(call->operation, "start") != 0)
        return;
    for (size_t i = 0; i < call->param_count; i++)
        if (strcmp(call->params[i].name, "CRM_meta_lease_token") == 0)
            token = call->params[i].value;
    for (size_t i = 0; i < cluster->n_locks; i++) {
        const struct sim_lock *lock = &cluster->locks[i];

        if (strcmp(lock->name + strlen(LOCK_PREFIX), call->resource) != 0)
            continue;
        if (token == NULL || lock->holder != (int)process->number || strtoull(token, NULL, 10) != lock->token)
            hf_buf_printf(&cluster->wrong,
                          "%" PRId64 ": %s is started on n%u with token %s, and the lock is n%d's, "
                          "token %" PRIu64 "\n",
                          world_now(cluster->world), call->resource, process->number + 1,
                          token == NULL ? "none" : token, lock->holder + 1, lock->token);
    }
}

/* --- effects --- */

static void count_call(struct cluster *cluster, const struct runner_call *call)
{
    cluster->starts += strcmp(call->operation, "start") == 0;
    cluster->stops += strcmp(call->operation, "stop") == 0;
    cluster->monitors += strcmp(call->operation, "monitor") == 0;
    cluster->promotes += strcmp(call->operation, "promote") == 0;
    cluster->demotes += strcmp(call->operation, "demote") == 0;
}

static void reply(struct cluster *cluster, const struct node_effect *effect)
{
    xmlDoc *document = NULL;
    struct hf_error *error = hf_xml_parse(effect->bytes, effect->length, "reply", &document);

    if (error != NULL) {
        hf_buf_printf(&cluster->wrong, "a reply that is no XML: %s\n", effect->bytes);
        hf_error_free(error);
        return;
    }
    cluster->answered = true;
    cluster->answer = hf_error_kind_parse(hf_xml_get(xmlDocGetRootElement(document), "status"));
    if (cluster->options.print)
        printf("%6" PRId64 " reply: %s\n", world_now(cluster->world), effect->bytes);
    xmlFreeDoc(document);
}

static void shoot(struct process *process, const struct node_effect *effect)
{
    struct shot *shot = hf_calloc(1, sizeof(*shot));

    shot->ordered = world_now(process->world);
    shot->due = shot->ordered + 1 + (int64_t)world_random(process->world, FENCE_MS);
    shot->told =
        shot->due + (int64_t)world_random(process->world, world_chance(process->world, 30) ? 800 : 2);
    shot->from = process->number;
    shot->member = process->self;
    shot->run = effect->ticket;
    shot->requester = (uint32_t)effect->client;
    shot->agent = hf_strdup(effect->resource);
    shot->input = hf_strdup(effect->bytes);
    shot->next = process->cluster->shots;
    process->cluster->shots = shot;
}

/* Runs what is under way to its end; a thread that is to begin another job has ended the one before. */
static void run_planner(struct process *process, struct planner_result *result)
{
    planner_run(process->planner, process->job, result);
    planner_job_free(process->job);
    process->job = NULL;
}

/* A run takes some milliseconds, and now and then half a second. */
static void plan(struct process *process, const struct planner_job *job)
{
    struct planner_result late;
    int64_t duration;

    if (process->job != NULL) {
        run_planner(process, &late);
        planner_result_clear(&late);
    }
    process->job = planner_job_copy(job);
    duration = process->cluster->options.plan_ms;
    if (duration == 0)
        duration = (int64_t)world_random(process->world, world_chance(process->world, 5) ? 500 : PLAN_MS);
    process->planned_at = world_now(process->world) + duration;
}

/* What is on the wire to run a fence agent must not hold its password. */
static void watch_message(struct cluster *cluster, const struct node_effect *effect)
{
    enum { KIND_AT = 1 };
    static const char secret[] = SIM_SECRET;

    if (effect->length > KIND_AT && effect->bytes[KIND_AT] != NODE_MESSAGE_REPLICA &&
        effect->bytes[KIND_AT] != NODE_MESSAGE_ACTION &&
        memmem(effect->bytes, effect->length, secret, strlen(secret)) != NULL)
        hf_buf_printf(&cluster->wrong, "%" PRId64 ": a password is in a message of kind %d\n",
                      world_now(cluster->world), effect->bytes[KIND_AT]);
}

static void perform(struct process *process, const struct node_effect *effect)
{
    struct cluster *cluster = process->cluster;
    struct sim_agents *agents = cluster->machines[process->number].agents;
    int64_t now = world_now(process->world);

    switch (effect->type) {
    case NODE_SEND:
        watch_message(cluster, effect);
        world_multicast(process->world, process->number, effect->bytes, effect->length);
        break;
    case NODE_STORE:
        world_write(process->world, process->number, effect->ticket, effect->bytes, effect->length,
                    effect->snapshot);
        break;
    case NODE_REPLY:
        reply(cluster, effect);
        break;
    case NODE_RUN:
        count_call(cluster, effect->call);
        check_token(process, effect->call);
        sim_agents_run(agents, effect->call, now);
        break;
    case NODE_CANCEL:
        sim_agents_cancel(agents, effect->resource, effect->operation, effect->interval_ms, now);
        break;
    case NODE_FORGET:
        sim_agents_forget(agents, effect->resource);
        break;
    case NODE_HURRY:
        cluster->hurries++;
        sim_agents_hurry(agents, effect->resource, now);
        break;
    case NODE_LIST:
        process->listing = true;
        break;
    case NODE_ACK:
        sim_agents_ack(agents, effect->ticket);
        break;
    case NODE_FENCE:
        shoot(process, effect);
        break;
    case NODE_ROUTER_PRIORITY:
        if (cluster->vips != NULL)
            sim_vips_priority(cluster->vips, process->number, effect->resource, effect->level,
                              (int)effect->interval_ms);
        break;
    case NODE_QUORATE:
    case NODE_HINT:
        break;
    case NODE_WANT_LOCK:
        if (strcmp(effect->resource, NODE_CLUSTER_LOCK) == 0)
            cluster->wants_lock[process->number] = true;
        else
            want_lock(cluster, process->number, effect->resource, true);
        break;
    case NODE_UNWANT_LOCK:
        if (strcmp(effect->resource, NODE_CLUSTER_LOCK) == 0)
            give_up_lock(process);
        else
            want_lock(cluster, process->number, effect->resource, false);
        break;
    case NODE_FENCE_FORGET:
        break;
    case NODE_PLAN:
        plan(process, effect->job);
        break;
    case NODE_LOG:
        if (cluster->options.print)
            printf("%6" PRId64 " n%u: %s\n", now, process->number + 1, effect->bytes);
        break;
    case NODE_REMEMBER:
        free(cluster->machines[process->number].attributes);
        cluster->machines[process->number].attributes = hf_strdup(effect->bytes);
        break;
    case NODE_EXIT:
        process->ending = true;
        cluster->machines[process->number].restart_at = effect->level == 0 ? INT64_MAX : now + 300;
        world_exit_later(process->world, process->number);
        break;
    }
}

static void step(struct process *process, struct node_event *event)
{
    size_t count;

    if (process->ending)
        return;
    event->now = world_now(process->world);
    event->wall = WALL + event->now / 1000;

    const struct node_effect *effects = node_step(process->node, event, &count);

    for (size_t i = 0; i < count; i++)
        perform(process, &effects[i]);
    watch(process->cluster);
}

static void tell_history(struct process *process)
{
    struct node_event event = {.type = NODE_RUNNER_HISTORY};
    size_t count;
    struct runner_result *entries =
        sim_agents_history(process->cluster->machines[process->number].agents, &count);

    process->listing = false;
    event.history.entries = entries;
    event.history.count = count;
    step(process, &event);
    free(entries);
}

static void tell_plan(struct process *process)
{
    struct planner_result result;
    struct node_event event = {.type = NODE_PLANNED, .planned = &result};

    if (process->job == NULL || process->planned_at > world_now(process->world))
        return;
    run_planner(process, &result);
    if (process->ending)
        planner_result_clear(&result);
    else
        step(process, &event);
}

/* What the agents and the scheduler have to tell, and what the clock has. */
static void catch_up(struct process *process)
{
    struct sim_agents *agents = process->cluster->machines[process->number].agents;
    const struct runner_result *result;

    if (process->listing)
        tell_history(process);
    tell_plan(process);
    while (!process->ending && (result = sim_agents_next(agents, world_now(process->world))) != NULL) {
        struct runner_result copy;
        struct node_event event = {.type = NODE_RESULT};

        runner_result_copy(&copy, result);
        event.result = &copy;
        step(process, &event);
        runner_result_clear(&copy);
    }
}

/* --- the program --- */

static xmlDoc *kept_attributes(const struct machine *machine)
{
    const char *text = machine->attributes;
    xmlDoc *document = NULL;

    if (text != NULL && *text != '\0')
        hf_error_free(hf_xml_parse(text, strlen(text), "attributes", &document));
    return document;
}

static void *start(void *context, struct world *world, unsigned number, cib_member self)
{
    struct cluster *cluster = context;
    struct process *process = hf_calloc(1, sizeof(*process));
    struct node_config config = {.self = cib_member_node(self), .pid = (uint32_t)self};
    struct node_name names[WORLD_NODES];
    char texts[WORLD_NODES][16];
    struct cib_saved saved = {0};
    struct node_event event = {.type = NODE_NAMES};
    struct hf_error *error = world_disk_load(world, number, &saved);

    if (error != NULL) {
        hf_buf_printf(&cluster->wrong, "the disk of node %u cannot be read: %s\n", number,
                      hf_error_text(error));
        hf_error_free(error);
    }
    for (unsigned i = 0; i < cluster->options.nodes; i++) {
        snprintf(texts[i], sizeof(texts[i]), "n%u", i + 1);
        names[i] = (struct node_name){i + 1, texts[i]};
    }
    config.name = texts[number];
    snprintf(config.uuid, sizeof(config.uuid), "%02" PRIx32 "%06" PRIx32 "-0000-4000-8000-000000000000",
             cib_member_node(self) & 0xff, (uint32_t)self & 0xffffff);
    process->cluster = cluster;
    process->world = world;
    process->number = number;
    process->self = self;
    config.attributes = kept_attributes(&cluster->machines[number]);
    process->node = node_new(&config, &saved);
    process->planner = planner_new();
    event.names.names = names;
    event.names.count = (int)cluster->options.nodes;
    event.names.cluster = "sim";
    step(process, &event);
    if (cluster->vips != NULL) {
        event = (struct node_event){.type = NODE_ROUTERS, .routers = {.expected = true}};
        step(process, &event);
        process->routers_at = world_now(world) + 1 + (int64_t)world_random(world, NEWS_MS);
    }
    event = (struct node_event){.type = NODE_RUNNER_THERE};
    sim_agents_attach(cluster->machines[number].agents);
    step(process, &event);
    return process;
}

static void stop(void *data)
{
    struct process *process = data;

    node_free(process->node);
    planner_job_free(process->job);
    planner_free(process->planner);
    free(process);
}

/* Corosync counts machines, whether or not a daemon runs on them. */
static int machines_with(const struct process *process, uint32_t heard[WORLD_NODES], bool *quorate)
{
    const struct cluster *cluster = process->cluster;
    cib_member machines[WORLD_NODES];
    size_t count = 0;

    for (unsigned i = 0; i < cluster->options.nodes; i++)
        if (cluster->machines[i].agents != NULL && cluster->side[i] == cluster->side[process->number])
            machines[count] = cib_member_make(i + 1, 0), heard[count++] = i + 1;
    *quorate = cluster->options.locks && !cluster->options.majority
                   ? true
                   : world_quorate(cluster->world, machines, count);
    return (int)count;
}

static bool has(const cib_member *list, size_t count, uint32_t node)
{
    for (size_t i = 0; i < count; i++)
        if (cib_member_node(list[i]) == node)
            return true;
    return false;
}

static void take_view(struct process *process, const struct world_event *world_event)
{
    struct node_event event = {.type = NODE_VIEW};
    uint32_t heard[WORLD_NODES];
    struct node_member members[WORLD_NODES], joined[WORLD_NODES], left[WORLD_NODES];
    int n_left = 0;

    for (size_t i = 0; i < world_event->n_members; i++)
        members[i] = (struct node_member){cib_member_node(world_event->members[i]),
                                          (uint32_t)world_event->members[i], false};
    for (size_t i = 0; i < process->n_members; i++) {
        unsigned number = number_of(process->members[i]);

        /* A daemon that ended on a machine that runs; a daemon that runs and is not a member is cut off. */
        if (!has(world_event->members, world_event->n_members, number + 1))
            left[n_left++] = (struct node_member){number + 1, (uint32_t)process->members[i],
                                                  process->cluster->machines[number].agents == NULL ||
                                                      world_is_on(process->world, number)};
    }
    memcpy(process->members, world_event->members, world_event->n_members * sizeof(*process->members));
    process->n_members = world_event->n_members;
    event.view.members = members;
    event.view.n_members = (int)world_event->n_members;
    event.view.joined = joined;
    event.view.left = left;
    event.view.n_left = n_left;
    event.view.heard = heard;
    event.view.machines = machines_with(process, heard, &process->quorate);
    process->n_heard = event.view.machines;
    event.view.quorate = process->quorate;
    event.view.ring = world_event->ring;
    step(process, &event);
}

static void look_at_quorum(struct process *process)
{
    struct node_event event = {.type = NODE_QUORUM};
    uint32_t heard[WORLD_NODES];
    bool quorate;

    event.view.heard = heard;
    event.view.machines = machines_with(process, heard, &quorate);
    if ((quorate == process->quorate && event.view.machines == process->n_heard) || process->n_members == 0)
        return;
    process->n_heard = event.view.machines;
    process->quorate = event.view.quorate = quorate;
    step(process, &event);
}

/* The world's witness has the lock, wherever it is cut off from. */
static void look_at_lock(struct process *process)
{
    const struct cluster *cluster = process->cluster;
    struct node_lock lock = {
        .configured = true, .lease_ms = cluster->options.lease_ms, .drain_ms = cluster->options.drain_ms};
    struct node_event event = {.type = NODE_LOCK};

    if (!cluster->options.locks)
        return;
    lock.owned = world_witness(cluster->world) == process->number && cluster->wants_lock[process->number];
    lock.token = lock.owned ? world_term(cluster->world) : 0;
    if (process->told_lock && process->owns_lock == lock.owned)
        return;
    process->told_lock = true;
    process->owns_lock = lock.owned;
    event.lock = &lock;
    step(process, &event);
}

static void tell_routers(struct process *process)
{
    struct sim_vips *vips = process->cluster->vips;
    struct node_router list[8] = {{0}};
    bool by_quorum = process->cluster->options.vips_by_quorum;
    struct node_event event = {.type = NODE_ROUTERS};

    for (unsigned i = 0; i < sim_vips_count(vips); i++) {
        struct sim_vip_view view = sim_vips_view(vips, process->number, i);

        if (!view.there)
            continue;
        list[event.routers.count++] = (struct node_router){
            .resource = view.id,
            .promoted = view.promoted,
            .taken = view.taken,
            .token = by_quorum ? 0 : view.token,
            .promotions = view.promotions,
            .priority = (uint8_t)view.priority,
            .has_right = view.promoted,
            .state = view.promoted ? "MASTER" : "BACKUP",
            .right = by_quorum ? "quorum" : "lock",
            .interface = "eth0",
            .fault = "",
        };
    }
    event.routers.expected = event.routers.attached = true;
    event.routers.list = list;
    process->routers = sim_vips_version(vips, process->number);
    process->routers_at = 0;
    step(process, &event);
}

/* The guard's news comes a while after the event, and not in step with what agents return. */
static void look_at_routers(struct process *process)
{
    const struct cluster *cluster = process->cluster;
    int64_t now = world_now(cluster->world);

    if (cluster->vips == NULL || process->ending)
        return;
    if (process->routers_at == 0 && process->routers != sim_vips_version(cluster->vips, process->number))
        process->routers_at = now + 1 + (int64_t)world_random(cluster->world, NEWS_MS);
    if (process->routers_at != 0 && process->routers_at <= now)
        tell_routers(process);
}

/* The agent of a VIP asks the guard of its machine. */
static int32_t vip_agent(void *context, const struct runner_call *call, int64_t now)
{
    struct machine *machine = context;
    struct cluster *cluster = machine->cluster;
    const char *successor = NULL;

    if (strcmp(call->type, "VIP") != 0 || strcmp(call->operation, "meta-data") == 0)
        return SIM_AGENT_PLAIN;
    for (size_t i = 0; i < call->param_count; i++)
        if (strcmp(call->params[i].name, "CRM_meta_notify_promote_uname") == 0)
            successor = call->params[i].value;
    return sim_vips_act(cluster->vips, (unsigned)(machine - cluster->machines), call->resource,
                        call->operation, successor, now);
}

static void on_event(void *data, const struct world_event *world_event)
{
    struct process *process = data;
    struct node_event event = {0};

    switch (world_event->type) {
    case WORLD_VIEW:
        take_view(process, world_event);
        break;
    case WORLD_QUORUM: /* the world counts daemons; see machines_with() */
        break;
    case WORLD_MESSAGE:
        event.type = NODE_MESSAGE;
        event.message.from = cib_member_node(world_event->sender);
        event.message.pid = (uint32_t)world_event->sender;
        event.message.bytes = world_event->bytes;
        event.message.length = world_event->length;
        step(process, &event);
        break;
    case WORLD_WRITTEN:
    case WORLD_WRITE_FAILED:
        event.type = NODE_STORED;
        event.stored.ticket = world_event->ticket;
        event.stored.low = world_event->low;
        event.stored.failure = world_event->type == WORLD_WRITTEN ? NULL : "the simulated disk failed";
        step(process, &event);
        break;
    case WORLD_TICK:
        event.type = NODE_TICK;
        step(process, &event);
        break;
    }
    look_at_lock(process);
    if (process->cluster->options.locks)
        tell_own_locks(process);
    catch_up(process);
}

static int64_t deadline(const void *data)
{
    const struct process *process = data;
    int64_t node = node_deadline(process->node);
    int64_t agents = sim_agents_deadline(process->cluster->machines[process->number].agents);

    if (process->ending)
        return INT64_MAX;
    if (process->listing)
        return 0;
    if (process->job != NULL && process->planned_at < node)
        node = process->planned_at;
    return node < agents ? node : agents;
}

static const struct world_program program = {start, stop, on_event, deadline};

/* --- verbs --- */

struct world *cluster_world(struct cluster *cluster)
{
    return cluster->world;
}

void cluster_power_on(struct cluster *cluster, unsigned node)
{
    struct machine *machine = &cluster->machines[node];

    if (machine->agents == NULL) {
        machine->agents = sim_agents_new(cluster->options.seed * 31 + node + 1000 * ++machine->crashes);
        sim_agents_failures(machine->agents, cluster->start_percent, cluster->stop_percent);
        if (cluster->vips != NULL) {
            machine->cluster = cluster;
            sim_agents_hook(machine->agents, vip_agent, machine);
            sim_vips_power(cluster->vips, node, true);
        }
    }
    machine->restart_at = INT64_MAX;
    world_start(cluster->world, node);
}

void cluster_power_off(struct cluster *cluster, unsigned node)
{
    struct machine *machine = &cluster->machines[node];

    world_kill(cluster->world, node);
    sim_agents_free(machine->agents);
    machine->agents = NULL;
    free(machine->attributes);
    machine->attributes = NULL;
    machine->restart_at = INT64_MAX;
    machine->guarded = false;
    for (size_t i = 0; i < cluster->n_locks; i++)
        cluster->locks[i].wanted[node] = false;
    if (cluster->vips != NULL)
        sim_vips_power(cluster->vips, node, false);
}

void cluster_crash(struct cluster *cluster, unsigned node, int64_t ms)
{
    if (cluster->machines[node].agents == NULL)
        return;
    world_exit(cluster->world, node);
    cluster->machines[node].restart_at = world_now(cluster->world) + ms;
}

void cluster_kill(struct cluster *cluster, unsigned node, int64_t ms)
{
    if (cluster->machines[node].agents != NULL)
        sim_agents_forget_all(cluster->machines[node].agents);
    cluster_crash(cluster, node, ms);
}

void cluster_break_fencing(struct cluster *cluster, bool broken)
{
    cluster->fencing_broken = broken;
}

void cluster_spoil_planner(struct cluster *cluster, unsigned node)
{
    struct process *process = world_process(cluster->world, node);

    if (process == NULL)
        return;
    planner_free(process->planner);
    process->planner = planner_new();
}

void cluster_cut(struct cluster *cluster, const unsigned *side)
{
    memcpy(cluster->side, side, cluster->options.nodes * sizeof(*side));
    world_cut(cluster->world, side);
}

void cluster_heal(struct cluster *cluster)
{
    memset(cluster->side, 0, sizeof(cluster->side));
    world_heal(cluster->world);
}

/* The machine that a fence agent was told to cut off. */
static int target_of(const char *input)
{
    const char *line = strstr(input, "nodename=n");

    return line == NULL ? -1 : atoi(line + strlen("nodename=n")) - 1;
}

/* The agent does what it was told. */
static void hit(struct cluster *cluster, struct shot *shot)
{
    int target = target_of(shot->input);
    bool off = strstr(shot->input, "action=off") != NULL || strstr(shot->input, "action=reboot") != NULL;

    shot->acted = true;
    shot->failed = cluster->fencing_broken && target >= 0;
    if (shot->failed || target < 0 || target >= (int)cluster->options.nodes) {
        shot->told = shot->due;
        return;
    }
    free(cluster->last_shot);
    cluster->last_shot = hf_strdup(shot->input);
    cluster->last_shot_at = shot->ordered;
    cluster->machines[target].shots += off;
    if (off)
        cluster_power_off(cluster, (unsigned)target);
}

/* And says so, if the daemon that called it is there still. */
static void tell_shot(struct cluster *cluster, const struct shot *shot)
{
    struct process *process = world_process(cluster->world, shot->from);
    struct node_fence_result result = {
        .run = shot->run, .requester = shot->requester, .output = "", .reason = ""};
    struct node_event event = {.type = NODE_FENCED, .fenced = &result};

    if (shot->failed)
        result.exit_status = 1;
    if (strstr(shot->input, "action=metadata") != NULL)
        result.output =
            "<resource-agent name='fence_sim'><parameters><parameter name='port'/></parameters><actions>"
            "<action name='off'/><action name='reboot'/><action name='on'/><action name='status'/>"
            "<action name='monitor'/></actions></resource-agent>";
    if (process == NULL || process->self != shot->member)
        return;
    step(process, &event);
    catch_up(process);
}

unsigned cluster_shots(const struct cluster *cluster, unsigned node)
{
    return cluster->machines[node].shots;
}

/* The guard's watchdog: fed while the daemon is heard and nothing is late. */
static void mind_watchdog(struct cluster *cluster, unsigned number)
{
    struct machine *machine = &cluster->machines[number];
    struct process *process = world_process(cluster->world, number);
    struct node_duty duty = {0};
    int64_t now = world_now(cluster->world);

    if (cluster->options.watchdog_ms == 0 || machine->agents == NULL)
        return;
    if (process != NULL && !process->ending && !world_is_frozen(cluster->world, number))
        duty = node_duty(process->node);
    if (duty.known)
        machine->guarded = duty.needed;
    if (!machine->guarded || (duty.known && !duty.late))
        machine->fed_at = now;
    if (now - machine->fed_at < cluster->options.watchdog_ms)
        return;
    if (cluster->options.print)
        printf("%6" PRId64 " n%u: reset by its watchdog\n", now, number + 1);
    cluster->resets++;
    cluster_power_off(cluster, number);
}

/* What happens outside of the nodes: fence agents, restarts of daemons, lock servers, watchdogs. */
static void outside(struct cluster *cluster)
{
    int64_t now = world_now(cluster->world);

    for (struct shot **at = &cluster->shots; *at != NULL;) {
        struct shot *shot = *at;

        if (shot->due <= now && !shot->acted)
            hit(cluster, shot);
        if (!shot->acted || shot->told > now) {
            at = &shot->next;
            continue;
        }
        *at = shot->next;
        tell_shot(cluster, shot);
        free(shot->agent);
        free(shot->input);
        free(shot);
        at = &cluster->shots;
    }
    move_locks(cluster);
    pass_lock(cluster);
    if (cluster->vips != NULL)
        sim_vips_step(cluster->vips, now);
    for (unsigned i = 0; i < cluster->options.nodes; i++) {
        struct machine *machine = &cluster->machines[i];
        struct process *process = world_process(cluster->world, i);

        mind_watchdog(cluster, i);
        if (process != NULL && world_process(cluster->world, i) == process) {
            look_at_quorum(process);
            if (cluster->options.locks && !world_is_frozen(cluster->world, i))
                tell_own_locks(process);
        }
        if (world_process(cluster->world, i) != NULL)
            look_at_routers(world_process(cluster->world, i));
        if (machine->agents != NULL && machine->restart_at <= now) {
            machine->restart_at = INT64_MAX;
            world_start(cluster->world, i);
        }
    }
    watch(cluster);
}

void cluster_elapse(struct cluster *cluster, int64_t ms)
{
    for (int64_t end = world_now(cluster->world) + ms; world_now(cluster->world) < end;) {
        world_elapse(cluster->world, 1);
        outside(cluster);
    }
}

static bool settled(struct cluster *cluster)
{
    bool coordinated = false;
    size_t on = 0;

    if (cluster->shots != NULL)
        return false;
    for (unsigned i = 0; i < cluster->options.nodes; i++) {
        struct process *process = world_process(cluster->world, i);

        if (cluster->machines[i].restart_at != INT64_MAX)
            return false;
        on += process != NULL;
    }
    for (unsigned i = 0; i < cluster->options.nodes; i++) {
        struct process *process = world_process(cluster->world, i);

        if (process == NULL)
            continue;
        if (process->n_members != on || !cib_replica_in_sync(node_replica(process->node)) || process->listing)
            return false;
        coordinated |= node_settled(process->node);
    }
    return coordinated;
}

bool cluster_settle(struct cluster *cluster, int64_t ms)
{
    int calm = 0;

    for (int64_t end = world_now(cluster->world) + ms; world_now(cluster->world) < end;) {
        cluster_elapse(cluster, 5);
        calm = settled(cluster) ? calm + 1 : 0;
        if (calm == 20)
            return true;
    }
    return false;
}

enum hf_error_kind cluster_request(struct cluster *cluster, unsigned number, const char *request, int64_t ms)
{
    struct process *process = world_process(cluster->world, number);
    struct node_event event = {.type = NODE_REQUEST};

    if (process == NULL)
        return HF_FAILED;
    cluster->answered = false;
    event.request.client = CLIENT;
    event.request.text = request;
    event.request.length = strlen(request);
    step(process, &event);
    for (int64_t end = world_now(cluster->world) + ms; !cluster->answered && world_now(cluster->world) < end;)
        cluster_elapse(cluster, 1);
    return cluster->answered ? cluster->answer : HF_TIMED_OUT;
}

void cluster_reach(struct cluster *cluster, unsigned node, bool reaches)
{
    sim_vips_reach(cluster->vips, node, reaches);
}

const struct sim_vips *cluster_vips(const struct cluster *cluster)
{
    return cluster->vips;
}

/* What is watched is the role that it has. */
static void check_monitors(struct cluster *cluster, const xmlNode *entry, unsigned number, bool promoted)
{
    unsigned count = 0;

    HF_XML_EACH (op, entry, "lrm_rsc_op") {
        if (strcmp(hf_xml_get_or(op, "interval", "0"), "0") == 0)
            continue;
        count++;
        if (strcmp(hf_xml_get_or(op, "rc-code", ""), promoted ? "8" : "0") != 0)
            hf_buf_printf(&cluster->wrong, "%" PRId64 ": n%u has %s with exit code %s\n",
                          world_now(cluster->world), number + 1, hf_xml_get_or(op, "id", ""),
                          hf_xml_get_or(op, "rc-code", ""));
    }
    if (entry != NULL && count > 1)
        hf_buf_printf(&cluster->wrong, "%" PRId64 ": n%u has %u monitors\n", world_now(cluster->world),
                      number + 1, count);
}

static void check_vip(struct cluster *cluster, const xmlNode *state, const char *id)
{
    unsigned number = (unsigned)atoi(hf_xml_get_or(state, "id", "0")) - 1;
    const xmlNode *list = hf_xml_child(hf_xml_child(state, "lrm"), "lrm_resources");
    const xmlNode *entry = hf_xml_child_by_id(list, "lrm_resource", id);
    HF_CLEANUP(hf_freep) char *last = hf_asprintf("%s_last_0", id);
    const xmlNode *op = entry == NULL ? NULL : hf_xml_child_by_id(entry, "lrm_rsc_op", last);
    bool recorded = strcmp(hf_xml_get_or(op, "operation", ""), "promote") == 0 &&
                    strcmp(hf_xml_get_or(op, "rc-code", ""), "0") == 0;

    if (cluster->machines[number].agents == NULL)
        return;
    if (recorded != (sim_vips_where(cluster->vips, id) == (int)number))
        hf_buf_printf(&cluster->wrong, "%" PRId64 ": the CIB says that %s is%s promoted on n%u\n",
                      world_now(cluster->world), id, recorded ? "" : " not", number + 1);
    check_monitors(cluster, entry, number, recorded);
    HF_XML_EACH (set, hf_xml_child(state, "transient_attributes"), "instance_attributes") {
        HF_XML_EACH (pair, set, "nvpair") {
            const char *name = hf_xml_get_or(pair, "name", "");

            if (strncmp(name, "fail-count-", 11) == 0 && strncmp(name + 11, id, strlen(id)) == 0)
                hf_buf_printf(&cluster->wrong, "%" PRId64 ": n%u has %s\n", world_now(cluster->world),
                              number + 1, name);
        }
    }
}

void cluster_check_vips(struct cluster *cluster)
{
    const struct process *process = NULL;
    const xmlNode *status;

    for (unsigned i = 0; i < cluster->options.nodes && process == NULL; i++)
        process = world_process(cluster->world, i);
    if (process == NULL)
        return;
    status = cib_document_status(cib_replica_document(node_replica(process->node)));
    for (size_t i = 0; cluster->options.vips[i] != NULL; i++)
        HF_XML_EACH (state, status, "node_state")
            check_vip(cluster, state, cluster->options.vips[i]);
}

void cluster_break(struct cluster *cluster, unsigned node, const char *resource)
{
    if (cluster->machines[node].agents != NULL)
        sim_agents_break(cluster->machines[node].agents, resource);
}

void cluster_sicken(struct cluster *cluster, unsigned node, const char *resource)
{
    if (cluster->machines[node].agents != NULL)
        sim_agents_sicken(cluster->machines[node].agents, resource);
}

void cluster_bar(struct cluster *cluster, unsigned node, const char *resource, bool barred)
{
    HF_CLEANUP(hf_freep) char *name = hf_asprintf(LOCK_PREFIX "%s", resource);

    get_lock(cluster, name)->barred[node] = barred;
}

int cluster_holder(struct cluster *cluster, const char *resource)
{
    HF_CLEANUP(hf_freep) char *name = hf_asprintf(LOCK_PREFIX "%s", resource);

    return get_lock(cluster, name)->holder;
}

unsigned cluster_resets(const struct cluster *cluster)
{
    return cluster->resets;
}

void cluster_failures(struct cluster *cluster, unsigned start_percent, unsigned stop_percent)
{
    cluster->start_percent = start_percent;
    cluster->stop_percent = stop_percent;
    for (unsigned i = 0; i < cluster->options.nodes; i++)
        if (cluster->machines[i].agents != NULL)
            sim_agents_failures(cluster->machines[i].agents, start_percent, stop_percent);
}

struct cluster *cluster_new(const struct cluster_options *options)
{
    struct cluster *cluster = hf_calloc(1, sizeof(*cluster));

    cluster->options = *options;
    cluster->world = world_new(options->nodes, options->seed, &program, cluster);
    if (options->vips != NULL)
        cluster->vips = sim_vips_new(options->vips, options->nodes, options->seed);
    world_views_in_steps(cluster->world, 30);
    for (unsigned i = 0; i < options->nodes; i++)
        cluster->machines[i].restart_at = INT64_MAX;
    for (unsigned i = 0; i < options->nodes; i++)
        cluster_power_on(cluster, i);
    if (!cluster_settle(cluster, 60000))
        hf_buf_puts(&cluster->wrong, "the cluster did not come up\n");
    if (options->configuration != NULL && cluster_request(cluster, 0, options->configuration, 10000) != HF_OK)
        hf_buf_puts(&cluster->wrong, "the configuration was not accepted\n");
    return cluster;
}

void cluster_free(struct cluster *cluster)
{
    world_free(cluster->world);
    for (unsigned i = 0; i < WORLD_NODES; i++) {
        sim_agents_free(cluster->machines[i].agents);
        free(cluster->machines[i].attributes);
    }
    for (struct shot *shot; (shot = cluster->shots) != NULL;) {
        cluster->shots = shot->next;
        free(shot->agent);
        free(shot->input);
        free(shot);
    }
    sim_vips_free(cluster->vips);
    free(cluster->last_shot);
    hf_buf_free(&cluster->wrong);
    free(cluster);
}
