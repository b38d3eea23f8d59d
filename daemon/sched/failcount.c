/* failcount.c - how often a resource failed on a node.
 *
 * Counts are node attributes, fail-count-RESOURCE#OPERATION_INTERVAL, beside last-failure-... with the time.
 * They are read once for each node.  The form of before 1.1.17, without the operation, is none since 3.0. */
#include "daemon/sched/model.h"

#define COUNT_PREFIX "fail-count-"
#define TIME_PREFIX "last-failure-"

/* OPERATION_INTERVAL in RESOURCE#OPERATION_INTERVAL, or NULL. */
static const char *counted_operation(const char *rest)
{
    const char *hash = strrchr(rest, '#');
    const char *interval = hash == NULL ? NULL : strrchr(hash, '_');

    if (interval == NULL || interval == hash + 1 || interval[1] == '\0' ||
        strspn(interval + 1, "0123456789") != strlen(interval + 1))
        return NULL;
    return hash + 1;
}

static struct failcount *failcount_slot(struct run *run, struct node *node, const char *rest)
{
    const char *operation = counted_operation(rest);
    const char *id =
        operation == NULL ? NULL : hf_arena_strndup(run->arena, rest, (size_t)(operation - 1 - rest));

    if (operation == NULL)
        return NULL;
    for (int i = 0; i < node->failcounts.n; i++)
        if (sc_eq(node->failcounts.at[i].resource, id) && sc_eq(node->failcounts.at[i].operation, operation))
            return &node->failcounts.at[i];
    struct failcount fresh = {.resource = id, .length = sc_base_length(id), .operation = operation};
    SC_PUSH(run, &node->failcounts, fresh);
    return &node->failcounts.at[node->failcounts.n - 1];
}

static void read_failcounts(struct run *run, struct node *node)
{
    node->failcounts_known = true;
    for (int i = 0; i < node->attrs.n; i++) {
        const char *name = node->attrs.at[i].name, *value = node->attrs.at[i].value;
        int64_t when;
        if (value == NULL)
            continue;
        if (sc_prefix(name, COUNT_PREFIX)) {
            struct failcount *slot = failcount_slot(run, node, name + strlen(COUNT_PREFIX));
            if (slot != NULL)
                slot->count = sc_add(slot->count, sc_score_or(run, value, 0));
        } else if (sc_prefix(name, TIME_PREFIX) && sc_long(value, &when)) {
            struct failcount *slot = failcount_slot(run, node, name + strlen(TIME_PREFIX));
            if (slot != NULL)
                slot->last_failure = when > slot->last_failure ? when : slot->last_failure;
        }
    }
}

/* Whether the configured op with on-fail=block is what failed. */
static bool is_blocked_failure(struct run *run, const char *base, const xmlNode *op, const xmlNode *history)
{
    const char *id = sc_get(history, "id");
    int64_t ms;

    sc_interval(sc_get(op, "interval"), &ms);
    if (ms != sc_xml_long(history, "interval", 0) ||
        !sc_ieq(sc_get(op, "name"), sc_get(history, "operation")))
        return false;
    if (sc_ieq(id, hf_arena_printf(run->arena, "%s_last_failure_0", base)))
        return true;
    return sc_ieq(id, hf_arena_printf(run->arena, "%s_%s_%lld", base, sc_get(op, "name"), (long long)ms)) &&
           sc_xml_long(history, "rc-code", 0) != sc_target_rc(sc_get(history, "transition-key"));
}

/* A failure with on-fail=block never expires by itself. */
static bool blocks_expiry(struct run *run, struct resource *rsc, const struct node *node,
                          const xmlNode *history)
{
    const char *base = sc_base_name(run, rsc->id);

    HF_XML_EACH (op, rsc->ops, "op") {
        if (!sc_eq(sc_get(op, "on-fail"), "block"))
            continue;
        if (history != NULL) {
            if (is_blocked_failure(run, base, op, history))
                return true;
            continue;
        }
        const xmlNode *found = sc_history_of(run, node, base);
        HF_XML_EACH (entry, found, "lrm_rsc_op")
            if (is_blocked_failure(run, base, op, entry))
                return true;
    }
    return false;
}

/* Failures of rsc on node.  effective: expired ones do not count; launched: those of guests inside count.
 * history: the entry that asks, or NULL.  *last_failure may be NULL. */
int sc_failcount(struct run *run, struct node *node, struct resource *rsc, int64_t *last_failure,
                 unsigned flags, const xmlNode *history)
{
    int count = 0;
    int64_t last = 0;
    const char *name = rsc->history_id != NULL ? rsc->history_id : rsc->id;
    size_t base = sc_base_length(name);

    if (!node->failcounts_known)
        read_failcounts(run, node);
    for (int i = 0; i < node->failcounts.n; i++) {
        const struct failcount *slot = &node->failcounts.at[i];
        bool match = (rsc->flags & RSC_UNIQUE)
                         ? sc_eq(slot->resource, name)
                         : slot->length == base && strncmp(slot->resource, name, base) == 0;
        if (!match)
            continue;
        count = sc_add(count, slot->count);
        last = slot->last_failure > last ? slot->last_failure : last;
    }
    if (count > 0 && rsc->failure_expiration_ms > 0 && blocks_expiry(run, rsc, node, history))
        rsc->failure_expiration_ms = 0;
    if ((flags & FC_EFFECTIVE) && count > 0 && last > 0 && rsc->failure_expiration_ms > 0 &&
        run->now > last + sc_seconds(rsc->failure_expiration_ms))
        count = 0;
    if ((flags & FC_LAUNCHED) && !sc_is_bundled(rsc)) {
        for (int i = 0; i < rsc->launched.n; i++) {
            int64_t inner = 0;
            count += sc_failcount(run, node, rsc->launched.at[i], &inner, flags, history);
            last = inner > last ? inner : last;
        }
    }
    if (last_failure != NULL)
        *last_failure = count > 0 ? last : 0;
    return count;
}

/* Whether rsc failed so often on node that it may not run there; *banned is what may not: the instance, or
 * for an anonymous clone all of it. */
bool sc_threshold_reached(struct run *run, struct resource *rsc, struct node *node, struct resource **banned)
{
    if (rsc->ban_after_failures == 0 || (rsc->flags & RSC_IGNORE_FAILURE))
        return false;
    int count = sc_failcount(run, node, rsc, NULL, FC_EFFECTIVE | FC_LAUNCHED, NULL);
    if (count <= 0 || rsc->ban_after_failures > count)
        return false;
    if (banned != NULL)
        *banned = (rsc->flags & RSC_UNIQUE) ? rsc : sc_top(rsc);
    return true;
}
