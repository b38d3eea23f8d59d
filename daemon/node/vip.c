/* vip.c - the VIPs that the guard moves by itself, and how the cluster follows.
 *
 * A VIP is a promotable resource whose agent only tells the guard what to do; the guard makes it MASTER or
 * BACKUP at VRRP's speed, when an operation asks for it and also by itself (a fast move).  A fast move is
 * adopted: it is written into this node's history as the promotion or demotion that it was, with the term of
 * the VIP's lock, so that the scheduler finds the instance promoted where it is.  It is no failure.
 *
 * A promotion without a lock (by quorum, or lock=none) gets one more than the highest term that this node
 * sees in the status: all see the same status in the same order, so whoever recorded a promotion after
 * another's has the higher term.  That is the right one, since who still speaks corrects his history at once
 * when he loses the VIP, and only who does not speak any more (a daemon or a guard that is gone) leaves an
 * old promotion there.
 *
 * What the guard says and what the agent's operations return reach this node by two sockets, in no order.
 * So nothing is compared while an operation is under way, nor for SETTLE_MS after it; after that, if guard
 * and history still differ, the guard is right.  A monitor that judged the other role than the one it was
 * started for is not a failure either: it is dropped if the guard says the same as it, and kept for
 * SETTLE_MS if not.
 *
 * What a VIP tracks by track_attribute is looked at by its agent's monitor.  When an attribute of this node
 * changes, the monitors have a turn at once (attributes_changed).
 *
 * The other way round, the coordinator tells each node which chances its instances have (vip_distribute),
 * and their guards make VRRP priorities of it. */
#include <stdio.h>

#include "daemon/node/private.h"
#include "daemon/sched/history.h"

enum {
    SETTLE_MS = 200,       /* the guard's news and an agent's result differ by no more */
    GUARD_LIMIT_MS = 2000, /* this node's state is not published before the guard spoke, for so long */
    MOVE_LIMIT_MS = 1000,  /* a VIP that one node lost may be taken by another meanwhile */
    CONTESTED_MS = 10000,  /* a VIP is called contested for so long after the last sign of it */
    PRIORITY_BEST = 250,   /* of the node where the scheduler wants the VIP most */
    PRIORITY_STEP = 10,
    RANKS = 24, /* further ones share the last priority */
};

/* What the history says of an instance. */
enum recorded { RECORDED_UNSURE, RECORDED_UNPROMOTED, RECORDED_PROMOTED };

struct vip {
    char *resource;
    bool there;          /* the guard has it */
    bool promoted;       /* the guard's word */
    bool taken;          /* another node is known to have it */
    uint64_t token;      /* of the lock, 0 without one */
    uint64_t promotions; /* the guard's count */
    uint64_t own_term;   /* of the present promotion without a lock; 0: it has none yet */
    uint64_t term_said;  /* the last that was added to a promotion */
    uint64_t last_call;  /* of the operation that was recorded last */
    int64_t settle_at;   /* ms */
    int priority;        /* as the coordinator said; -1: it has not */
    int rank;
    uint64_t contested; /* the guard's counter */
    int64_t contested_until;
    char *line; /* what status shows of it, as the guard says */
    char *said; /* what of that is in the CIB */
};

/* A monitor's result that speaks of another role than the guard: one of the two is late. */
struct doubt {
    int64_t until;
    struct runner_result result;
};

/* A VIP that a node lost by itself, and that another may be about to take. */
struct moving {
    int64_t until;
    char *resource;
};

/* What the coordinator has told a node. */
struct told {
    uint32_t node;
    char *resource;
    int priority, rank;
};

struct vips {
    bool expected; /* there is a guard to be heard */
    bool attached;
    int64_t wait_until; /* ms: until then the guard is waited for; 0: it is not waited for any more */
    bool look;          /* something changed: guard and history have to be compared */
    struct vip *list;
    size_t n, capacity;
    struct doubt *doubts;
    size_t n_doubts, doubts_capacity;
    struct moving *moving;
    size_t n_moving, moving_capacity;
    struct told *told;
    size_t n_told, told_capacity;
    char *attributes; /* of this node, as they were last; NULL: not known yet */
};

bool vip_is(const char *class, const char *provider, const char *type)
{
    return strcmp(class, "ocf") == 0 && provider != NULL && strcmp(provider, "holdfast") == 0 &&
           strcmp(type, "VIP") == 0;
}

static struct vip *find(const struct node *node, const char *resource)
{
    for (size_t i = 0; i < node->vips->n; i++)
        if (strcmp(node->vips->list[i].resource, resource) == 0)
            return &node->vips->list[i];
    return NULL;
}

static struct vip *ensure(struct node *node, const char *resource)
{
    struct vips *vips = node->vips;
    struct vip *vip = find(node, resource);

    if (vip != NULL)
        return vip;
    hf_grow(&vips->list, &vips->capacity, vips->n + 1, sizeof(*vips->list));
    vip = &vips->list[vips->n++];
    *vip = (struct vip){.resource = hf_strdup(resource), .priority = -1};
    return vip;
}

/* --- what the history says --- */

static uint64_t number(const xmlNode *op, const char *attribute)
{
    int64_t value = 0;

    hf_parse_int64(hf_xml_get_or(op, attribute, ""), &value);
    return value > 0 ? (uint64_t)value : 0;
}

/* An operation under way, a failed one and a stopped resource say nothing that the guard could correct. */
static enum recorded recorded(const xmlNode *op)
{
    const char *task = hf_xml_get_or(op, "operation", "");
    int64_t rc = -1, status = -1;

    if (op == NULL || !hf_parse_int64(hf_xml_get_or(op, "rc-code", ""), &rc) ||
        !hf_parse_int64(hf_xml_get_or(op, "op-status", ""), &status) || status != RUNNER_DONE)
        return RECORDED_UNSURE;
    if (strcmp(task, "monitor") == 0)
        return rc == RUNNER_OCF_OK                 ? RECORDED_UNPROMOTED
               : rc == RUNNER_OCF_RUNNING_PROMOTED ? RECORDED_PROMOTED
                                                   : RECORDED_UNSURE;
    if (rc != RUNNER_OCF_OK)
        return RECORDED_UNSURE;
    if (strcmp(task, "promote") == 0)
        return RECORDED_PROMOTED;
    return strcmp(task, "start") == 0 || strcmp(task, "demote") == 0 ? RECORDED_UNPROMOTED : RECORDED_UNSURE;
}

/* The operation that brings the history in line with the guard, or NULL. */
static const char *correction(const struct vip *vip, const xmlNode *op)
{
    enum recorded role = recorded(op);

    if (role == RECORDED_UNSURE)
        return NULL;
    if (vip->promoted)
        return role == RECORDED_UNPROMOTED ? "promote" : NULL;
    return role == RECORDED_PROMOTED ? "demote" : NULL;
}

static uint64_t highest_term(const struct node *node, const char *resource)
{
    const xmlNode *status = cib_document_status(cib_replica_document(node->replica));
    uint64_t highest = 0;

    HF_XML_EACH (state, status, "node_state") {
        const xmlNode *last = history_last(history_resource(state, resource));
        uint64_t term = last == NULL ? 0 : number(last, HISTORY_TERM);

        highest = term > highest ? term : highest;
    }
    return highest;
}

/* Of the promotion that the guard speaks of. */
static uint64_t term_of(const struct node *node, struct vip *vip)
{
    if (!vip->promoted)
        return 0;
    if (vip->token > 0)
        return vip->token;
    if (vip->own_term == 0)
        vip->own_term = highest_term(node, vip->resource) + 1;
    return vip->own_term;
}

/* The promotion was recorded before the guard said by which term, or the guard has a newer one meanwhile. */
static bool lacks_term(const struct node *node, struct vip *vip, const xmlNode *op)
{
    return vip->there && vip->promoted && recorded(op) == RECORDED_PROMOTED &&
           term_of(node, vip) > number(op, HISTORY_TERM);
}

static const xmlNode *history_of(const struct node *node, const char *resource)
{
    char id[12];
    const xmlNode *state =
        cib_document_node_state(cib_replica_document(node->replica), node_id_text(node->self, id));

    return history_resource(state, resource);
}

/* --- fast moves --- */

/* What watched the old role ends; the next transition starts what watches the new one. */
static void cancel_monitors(struct node *node, const xmlNode *lrm_resource)
{
    HF_XML_EACH (op, lrm_resource, "lrm_rsc_op") {
        uint64_t interval = number(op, "interval");
        struct node_effect *effect;

        if (interval == 0 || strcmp(hf_xml_get_or(op, "op-status", ""), "-1") == 0)
            continue;
        effect = node_effect_add(node, NODE_CANCEL);
        effect->resource = hf_strdup(hf_xml_get_or(lrm_resource, "id", ""));
        effect->operation = hf_strdup(hf_xml_get_or(op, "operation", ""));
        effect->interval_ms = (uint32_t)interval;
    }
}

/* Writes the guard's word into the history, if that says something else: into scratch, or (NULL) into the
 * CIB. */
static void adopt(struct node *node, struct vip *vip, const xmlNode *lrm_resource, xmlDoc *scratch)
{
    const xmlNode *op = history_last(lrm_resource);
    const char *task = vip->there ? correction(vip, op) : NULL;

    if (op == NULL || number(op, "call-id") < vip->last_call)
        return;
    if (scratch == NULL && lacks_term(node, vip, op) && term_of(node, vip) > vip->term_said) {
        vip->term_said = term_of(node, vip);
        executor_record_term(node, lrm_resource, op, vip->term_said);
    }
    if (task == NULL)
        return;
    if (vip->promoted)
        node_log(node, LOG_NOTICE, "%s: the guard promoted it by itself, term %" PRIu64, vip->resource,
                 term_of(node, vip));
    else
        node_log(node, LOG_NOTICE, "%s: the guard demoted it by itself", vip->resource);
    cancel_monitors(node, lrm_resource);
    executor_record_move(node, lrm_resource, op, task, scratch);
}

/* What has only just ended may not be in the guard's news yet.  A promotion without a term counts for nothing
 * where another has one, so it does no harm until then. */
static bool may_be_news(const struct node *node, const struct vip *vip, const xmlNode *op)
{
    return !vip->promoted && (int64_t)number(op, "last-rc-change") >= node->wall - 1;
}

void vip_adopt_into(struct node *node, xmlDoc *scratch)
{
    struct vips *vips = node->vips;
    const xmlNode *status = hf_xml_child(xmlDocGetRootElement(scratch), "status");
    const xmlNode *state = hf_xml_child(status, "node_state");

    for (size_t i = 0; i < vips->n; i++) {
        struct vip *vip = &vips->list[i];
        const xmlNode *entry = history_resource(state, vip->resource);
        const xmlNode *op = history_last(entry);

        vip->term_said = 0;
        vip->last_call = op == NULL ? 0 : number(op, "call-id");
        vip->settle_at = node->now + SETTLE_MS;
        if (op != NULL && !may_be_news(node, vip, op))
            adopt(node, vip, entry, scratch);
    }
}

void vip_not_promoted(struct node *node, const char *resource)
{
    const xmlNode *entry = history_of(node, resource);

    if (entry != NULL)
        executor_record_move(node, entry, history_last(entry), "demote", NULL);
}

static void compare(struct node *node)
{
    struct vips *vips = node->vips;

    vips->look = false;
    if (!vips->attached || !node->executor.published || !cib_replica_in_sync(node->replica))
        return;
    for (size_t i = 0; i < vips->n; i++) {
        const xmlNode *entry;

        if (!vips->list[i].there || vips->list[i].settle_at > node->now)
            continue;
        entry = history_of(node, vips->list[i].resource);
        if (entry != NULL)
            adopt(node, &vips->list[i], entry, NULL);
    }
}

/* --- the guard's news --- */

static void take_contested(struct vip *vip, const struct node_router *router, int64_t now)
{
    if (vip->there && router->contested > vip->contested)
        vip->contested_until = now + CONTESTED_MS;
    vip->contested = router->contested;
}

static char *line_of(const struct node_router *router)
{
    return hf_asprintf("state=%s right=%s%s vrid=%u priority=%u term=%" PRIu64 " interface=%s fault=%s",
                       router->state, router->right, router->has_right ? "" : "-missing", router->vrid,
                       router->priority, router->token, router->interface, router->fault);
}

static void order_priority(struct node *node, const struct vip *vip)
{
    struct node_effect *effect;

    if (vip->priority < 0 || !vip->there)
        return;
    effect = node_effect_add(node, NODE_ROUTER_PRIORITY);
    effect->resource = hf_strdup(vip->resource);
    effect->level = vip->priority;
    effect->interval_ms = (uint32_t)vip->rank;
}

static void take_router(struct node *node, const struct node_router *router, bool again)
{
    struct vip *vip = ensure(node, router->resource);
    bool was_there = vip->there;

    if (router->promoted && router->token > 0 && router->token < vip->token)
        return; /* of a lock that was lost since */
    if (!router->promoted || !vip->promoted || router->promotions != vip->promotions)
        vip->own_term = 0;
    vip->promotions = router->promotions;
    take_contested(vip, router, node->now);
    vip->there = true;
    vip->promoted = router->promoted;
    vip->taken = router->taken;
    if (router->promoted)
        vip->token = router->token;
    free(vip->line);
    vip->line = line_of(router);
    if (!was_there || again)
        order_priority(node, vip);
}

static bool is_listed(const struct node_router *list, size_t count, const char *resource)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].resource, resource) == 0)
            return true;
    return false;
}

void vip_routers(struct node *node, const struct node_event *event)
{
    struct vips *vips = node->vips;
    const struct node_router *list = event->routers.list;
    size_t count = event->routers.count;
    bool again = event->routers.attached && !vips->attached;

    if (event->routers.expected && !vips->expected)
        vips->wait_until = node->now + GUARD_LIMIT_MS;
    vips->expected = event->routers.expected;
    vips->attached = event->routers.attached;
    if (!vips->attached)
        return; /* what it said holds: who else takes a VIP has a newer lock */
    if (again)
        vip_quorum(node);
    for (size_t i = 0; i < vips->n; i++) {
        struct vip *vip = &vips->list[i];

        if (is_listed(list, count, vip->resource))
            continue;
        vip->there = vip->promoted = false;
        free(vip->line);
        vip->line = NULL;
    }
    for (size_t i = 0; i < count; i++)
        take_router(node, &list[i], again);
    vips->wait_until = 0;
    vips->look = true;
    executor_publish(node);
}

bool vip_guard_awaited(const struct node *node)
{
    return node->vips->expected && !node->vips->attached && node->vips->wait_until > node->now;
}

/* --- operations of agents --- */

void vip_quorum(struct node *node)
{
    node_effect_add(node, NODE_QUORATE)->level = node->corosync_quorate;
}

void vip_hint(struct node *node, const char *name, bool fenced)
{
    struct node_effect *effect = node_effect_add(node, NODE_HINT);

    effect->resource = hf_strdup(name);
    effect->level = fenced;
}

void vip_recorded(struct node *node, const char *resource, uint64_t call_id)
{
    struct vip *vip = find(node, resource);

    if (vip == NULL)
        return;
    vip->last_call = call_id;
    vip->settle_at = node->now + SETTLE_MS;
}

uint64_t vip_term(const struct node *node, const char *resource, const char *task)
{
    struct vip *vip = find(node, resource);

    return vip == NULL || strcmp(task, "promote") != 0 ? 0 : term_of(node, vip);
}

/* The role that a monitor's exit code speaks of: 1 promoted, 0 not, -1 none of these. */
static int role_of(int32_t rc)
{
    switch (rc) {
    case RUNNER_OCF_OK:
    case RUNNER_OCF_DEGRADED:
        return 0;
    case RUNNER_OCF_RUNNING_PROMOTED:
    case RUNNER_OCF_DEGRADED_PROMOTED:
        return 1;
    default:
        return -1;
    }
}

/* Whether the monitor found the role that it was not started for. */
static bool finds_other_role(const struct runner_result *result)
{
    int found = role_of(result->rc), wanted = role_of(result->expected_rc);

    return result->interval_ms > 0 && strcmp(result->operation, "monitor") == 0 &&
           result->status == RUNNER_DONE && found >= 0 && wanted >= 0 && found != wanted;
}

static void keep_in_doubt(struct node *node, const struct runner_result *result)
{
    struct vips *vips = node->vips;

    hf_grow(&vips->doubts, &vips->doubts_capacity, vips->n_doubts + 1, sizeof(*vips->doubts));
    vips->doubts[vips->n_doubts].until = node->now + SETTLE_MS;
    runner_result_copy(&vips->doubts[vips->n_doubts++].result, result);
}

/* What a monitor says now is worth more than what it said before and was not believed. */
static void drop_doubts(struct node *node, const struct runner_result *newer)
{
    struct vips *vips = node->vips;
    size_t kept = 0;

    for (size_t i = 0; i < vips->n_doubts; i++) {
        struct runner_result *old = &vips->doubts[i].result;

        if (old->interval_ms == newer->interval_ms && strcmp(old->resource, newer->resource) == 0 &&
            strcmp(old->operation, newer->operation) == 0)
            runner_result_clear(old);
        else
            vips->doubts[kept++] = vips->doubts[i];
    }
    vips->n_doubts = kept;
}

enum vip_verdict vip_judge(struct node *node, const struct runner_result *result, bool again)
{
    const struct vip *vip = find(node, result->resource);

    if (!again)
        drop_doubts(node, result);
    if (vip != NULL && finds_other_role(result) && result->call_id < vip->last_call)
        return VIP_OUTDATED;
    if (vip == NULL || !vip->there || !node->vips->attached)
        return VIP_RECORD;
    if (strcmp(result->operation, "promote") == 0 && vip->taken && !vip->promoted &&
        (result->status == RUNNER_TIMEOUT || (result->status == RUNNER_DONE && result->rc != RUNNER_OCF_OK)))
        return VIP_LOST_RACE;
    if (!finds_other_role(result))
        return VIP_RECORD;
    if (role_of(result->rc) == vip->promoted)
        return VIP_OUTDATED;
    if (again)
        return VIP_RECORD;
    keep_in_doubt(node, result);
    return VIP_WAIT;
}

bool vip_monitors_anew(const struct node *node, const struct runner_result *result)
{
    HF_CLEANUP(hf_freep)
    char *id = hf_asprintf("%s_%s_%" PRIu32, result->resource, result->operation, result->interval_ms);
    const xmlNode *entry = history_of(node, result->resource);
    const xmlNode *op = entry == NULL ? NULL : hf_xml_child_by_id(entry, "lrm_rsc_op", id);

    return op != NULL && number(op, "call-id") > result->call_id;
}

/* The runner remembers the last failure for ever: if it is one of these, it was none. */
bool vip_judge_history(struct node *node, const struct runner_result *result)
{
    const struct vip *vip = find(node, result->resource);

    if (!vip_is(result->class, result->provider, result->type) || !finds_other_role(result))
        return true;
    if (result->history == RUNNER_FAILURE)
        return false;
    if (vip == NULL || !vip->there)
        return true;
    keep_in_doubt(node, result);
    return false;
}

static void resolve_doubts(struct node *node)
{
    struct vips *vips = node->vips;

    for (size_t i = 0; i < vips->n_doubts;) {
        struct doubt doubt = vips->doubts[i];

        if (doubt.until > node->now) {
            i++;
            continue;
        }
        memmove(vips->doubts + i, vips->doubts + i + 1, (--vips->n_doubts - i) * sizeof(*vips->doubts));
        executor_judged(node, &doubt.result);
        runner_result_clear(&doubt.result);
    }
}

/* --- what status shows --- */

static void publish_lines(struct node *node)
{
    struct vips *vips = node->vips;
    struct hf_buf update = {0};
    char id[12];

    if (!node->executor.published || !cib_replica_in_sync(node->replica))
        return;
    node_id_text(node->self, id);
    for (size_t i = 0; i < vips->n; i++) {
        struct vip *vip = &vips->list[i];
        HF_CLEANUP(hf_freep) char *name = hf_asprintf(NODE_VIP_ATTRIBUTE "%s", vip->resource);
        HF_CLEANUP(hf_freep)
        char *line =
            vip->line == NULL
                ? NULL
                : hf_asprintf("contested=%s %s", vip->contested_until > node->now ? "yes" : "no", vip->line);

        if ((line == NULL && vip->said == NULL) ||
            (line != NULL && vip->said != NULL && strcmp(line, vip->said) == 0))
            continue;
        cib_status_set_attribute(&update, id, name, line);
        free(vip->said);
        vip->said = HF_STEAL(line);
    }
    node_status_update(node, &update, 0);
}

void vip_publish_again(struct node *node)
{
    for (size_t i = 0; i < node->vips->n; i++) {
        free(node->vips->list[i].said);
        node->vips->list[i].said = NULL;
    }
    node->vips->look = true;
}

/* --- priorities --- */

void vip_priority(struct node *node, const struct node_message *message)
{
    struct vip *vip = ensure(node, message->text);

    if (vip->priority == message->rc && vip->rank == message->status)
        return;
    vip->priority = message->rc;
    vip->rank = message->status;
    order_priority(node, vip);
}

static bool is_vip(const struct sched_promotion *promotion)
{
    return vip_is(promotion->class_, promotion->provider, promotion->type);
}

static void tell(struct node *node, const struct sched_promotion *promotion, int priority, int rank)
{
    struct vips *vips = node->vips;
    struct told *told = NULL;
    uint32_t to = node_id_by_name(node, promotion->node);
    struct node_message message = {.kind = NODE_MESSAGE_PRIORITY,
                                   .to = to,
                                   .text = (char *)promotion->resource,
                                   .rc = priority,
                                   .status = rank};

    for (size_t i = 0; i < vips->n_told && told == NULL; i++)
        if (vips->told[i].node == to && strcmp(vips->told[i].resource, promotion->resource) == 0)
            told = &vips->told[i];
    if (told == NULL) {
        hf_grow(&vips->told, &vips->told_capacity, vips->n_told + 1, sizeof(*vips->told));
        told = &vips->told[vips->n_told++];
        *told = (struct told){.node = to, .resource = hf_strdup(promotion->resource), .priority = -1};
    }
    if (told->priority == priority && told->rank == rank)
        return;
    told->priority = priority;
    told->rank = rank;
    node_send(node, &message);
}

void vip_distribute(struct node *node, const struct sched_output *plan)
{
    int count, rank = 0;
    const struct sched_promotion *list = sched_promotions(plan, &count);

    for (int i = 0; i < count; i++) {
        int place;

        if (!is_vip(&list[i]))
            continue;
        rank = i > 0 && strcmp(list[i - 1].resource, list[i].resource) == 0 ? rank + 1 : 0;
        place = rank < RANKS ? rank : RANKS - 1;
        /* Before it is started it may have no score yet, and 0 would be an order to stay away. */
        if (!list[i].active && list[i].score < 0)
            continue;
        tell(node, &list[i], list[i].score < 0 ? 0 : PRIORITY_BEST - place * PRIORITY_STEP, place);
    }
}

void vip_forget_told(struct node *node)
{
    for (size_t i = 0; i < node->vips->n_told; i++)
        free(node->vips->told[i].resource);
    node->vips->n_told = 0;
}

const char *vip_successor(const struct sched_output *plan, const struct graph_resource *resource,
                          const char *from)
{
    int count;
    const struct sched_promotion *list = sched_promotions(plan, &count);

    for (int i = 0; i < count; i++)
        if (is_vip(&list[i]) && list[i].promoted && strcmp(list[i].resource, resource->id) == 0 &&
            strcmp(list[i].node, from) != 0)
            return list[i].node;
    return NULL;
}

/* --- the coordinator, while a VIP moves --- */

static bool is_promoted_somewhere(const struct node *node, const char *resource)
{
    const xmlNode *status = cib_document_status(cib_replica_document(node->replica));

    HF_XML_EACH (state, status, "node_state") {
        if (recorded(history_last(history_resource(state, resource))) == RECORDED_PROMOTED &&
            strcmp(hf_xml_get_or(state, "crmd", ""), "online") == 0)
            return true;
    }
    return false;
}

void vip_move_seen(struct node *node, const char *resource, const xmlNode *op)
{
    struct vips *vips = node->vips;
    bool promoted = recorded(op) == RECORDED_PROMOTED;

    for (size_t i = 0; i < vips->n_moving; i++) {
        if (strcmp(vips->moving[i].resource, resource) != 0)
            continue;
        free(vips->moving[i].resource);
        vips->moving[i] = vips->moving[--vips->n_moving];
        break;
    }
    if (promoted || hf_xml_get(op, HISTORY_MOVED) == NULL || is_promoted_somewhere(node, resource))
        return;
    hf_grow(&vips->moving, &vips->moving_capacity, vips->n_moving + 1, sizeof(*vips->moving));
    vips->moving[vips->n_moving++] =
        (struct moving){.until = node->now + MOVE_LIMIT_MS, .resource = hf_strdup(resource)};
}

int64_t vip_moving_until(const struct node *node)
{
    int64_t until = 0;

    for (size_t i = 0; i < node->vips->n_moving; i++)
        if (node->vips->moving[i].until > until)
            until = node->vips->moving[i].until;
    return until;
}

/* --- what VIPs track --- */

/* What the agents and this module set themselves is no news to them. */
static bool is_own_attribute(const char *name)
{
    return strncmp(name, NODE_VIP_ATTRIBUTE, strlen(NODE_VIP_ATTRIBUTE)) == 0 ||
           strncmp(name, "master-", strlen("master-")) == 0;
}

static void put_attributes(struct hf_buf *text, const xmlNode *parent)
{
    HF_XML_EACH (set, parent, "instance_attributes") {
        HF_XML_EACH (pair, set, "nvpair") {
            const char *name = hf_xml_get_or(pair, "name", "");

            if (!is_own_attribute(name))
                hf_buf_printf(text, "%s=%s\n", name, hf_xml_get_or(pair, "value", ""));
        }
    }
}

/* Permanent ones, and those that end with the node. */
static char *own_attributes(const struct node *node)
{
    const struct cib_document *document = cib_replica_document(node->replica);
    const xmlNode *nodes = hf_xml_child(cib_document_configuration(document), "nodes");
    struct hf_buf text = {0};
    char id[12];

    put_attributes(&text, hf_xml_child_by_id(nodes, "node", node_id_text(node->self, id)));
    hf_buf_puts(&text, "--\n");
    put_attributes(&text, hf_xml_child(cib_document_node_state(document, id), "transient_attributes"));
    return hf_buf_take(&text);
}

/* The agents look at once, and not at their next monitor's time. */
static void attributes_changed(struct node *node)
{
    struct vips *vips = node->vips;
    char *now, *before = vips->attributes;

    if (!node->executor.attached || !cib_replica_in_sync(node->replica))
        return;
    vips->attributes = now = own_attributes(node);
    if (before != NULL && strcmp(before, now) != 0)
        for (size_t i = 0; i < vips->n; i++)
            if (vips->list[i].there)
                node_effect_add(node, NODE_HURRY)->resource = hf_strdup(vips->list[i].resource);
    free(before);
}

/* --- time --- */

void vip_applied(struct node *node)
{
    node->vips->look = true;
}

void vip_run(struct node *node)
{
    struct vips *vips = node->vips;

    for (size_t i = 0; i < vips->n && !vips->look; i++) {
        struct vip *vip = &vips->list[i];

        vips->look = (vip->settle_at != 0 && vip->settle_at <= node->now) ||
                     (vip->contested_until != 0 && vip->contested_until <= node->now);
    }
    if (vips->wait_until != 0 && vips->wait_until <= node->now) {
        node_log(node, LOG_WARNING, "the guard is not there: going on without what it knows of VIPs");
        vips->wait_until = 0;
        executor_publish(node);
    }
    resolve_doubts(node);
    if (!vips->look)
        return;
    for (size_t i = 0; i < vips->n; i++) {
        if (vips->list[i].settle_at <= node->now)
            vips->list[i].settle_at = 0;
        if (vips->list[i].contested_until <= node->now)
            vips->list[i].contested_until = 0;
    }
    compare(node);
    publish_lines(node);
    attributes_changed(node);
}

static void sooner(int64_t *deadline, int64_t at)
{
    if (at != 0 && at < *deadline)
        *deadline = at;
}

int64_t vip_deadline(const struct node *node)
{
    const struct vips *vips = node->vips;
    int64_t deadline = INT64_MAX;

    sooner(&deadline, vips->wait_until);
    for (size_t i = 0; i < vips->n; i++) {
        sooner(&deadline, vips->list[i].settle_at);
        sooner(&deadline, vips->list[i].contested_until);
    }
    for (size_t i = 0; i < vips->n_doubts; i++)
        sooner(&deadline, vips->doubts[i].until);
    return deadline;
}

void vip_init(struct node *node)
{
    node->vips = hf_calloc(1, sizeof(*node->vips));
}

void vip_free(struct node *node)
{
    struct vips *vips = node->vips;

    for (size_t i = 0; i < vips->n; i++) {
        free(vips->list[i].resource);
        free(vips->list[i].line);
        free(vips->list[i].said);
    }
    for (size_t i = 0; i < vips->n_doubts; i++)
        runner_result_clear(&vips->doubts[i].result);
    for (size_t i = 0; i < vips->n_moving; i++)
        free(vips->moving[i].resource);
    vip_forget_told(node);
    free(vips->list);
    free(vips->doubts);
    free(vips->moving);
    free(vips->told);
    free(vips->attributes);
    free(vips);
}
