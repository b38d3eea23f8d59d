/* state.c - where resources are and in what role: simple questions about primitives and collectives. */
#include "daemon/sched/model.h"

/* Active on every member (all) or on any. */
bool sc_active(const struct resource *rsc, bool all)
{
    if (rsc->kind == KIND_BUNDLE) {
        for (int i = 0; i < rsc->bundle->replicas.n; i++) {
            const struct replica *replica = rsc->bundle->replicas.at[i];
            const struct resource *parts[] = {replica->ip, replica->child, replica->container,
                                              replica->remote};
            for (size_t p = 0; p < HF_ARRAY_LENGTH(parts); p++)
                if (parts[p] != NULL && sc_active(parts[p], all) != all)
                    return !all;
        }
        return all;
    }
    if (rsc->kind == KIND_PRIMITIVE) {
        for (int i = 0; i < rsc->active.n; i++)
            if (rsc->active.at[i]->unclean || rsc->active.at[i]->online || !(rsc->flags & RSC_MANAGED))
                return true;
        return false;
    }
    bool any = false, every = true;
    for (int i = 0; i < rsc->children.n; i++) {
        bool active = sc_active(rsc->children.at[i], all);
        any = any || active;
        every = every && active;
    }
    return all && rsc->kind == KIND_CLONE ? every : any && (!all || every);
}

/* The role now, or after the transition; of a collective the strongest in it. */
enum role sc_role(const struct resource *rsc, bool current)
{
    enum role role = ROLE_UNKNOWN;

    if (rsc->kind == KIND_BUNDLE)
        return ROLE_UNKNOWN;
    if (rsc->kind == KIND_PRIMITIVE)
        return current ? rsc->orig_role : rsc->next_role;
    for (int i = 0; i < rsc->children.n; i++) {
        enum role other = sc_role(rsc->children.at[i], current);
        role = other > role ? other : role;
    }
    return role;
}

static void add_once(struct run *run, struct nodes *list, struct node *node)
{
    if (!sc_nodes_have(list, node))
        SC_PUSH(run, list, node);
}

/* All nodes where rsc is (what: LOC_...), each once. */
void sc_locations(struct run *run, const struct resource *rsc, unsigned what, struct nodes *list)
{
    for (int i = 0; i < rsc->children.n; i++)
        sc_locations(run, rsc->children.at[i], what, list);
    if (rsc->children.n > 0)
        return;
    if (what & LOC_CURRENT)
        for (int i = 0; i < rsc->active.n; i++)
            add_once(run, list, rsc->active.at[i]);
    if ((what & LOC_PENDING) && rsc->pending_node != NULL)
        add_once(run, list, rsc->pending_node);
    if ((what & LOC_ASSIGNED) && rsc->assigned != NULL)
        add_once(run, list, rsc->assigned);
}

static void only_location(const struct resource *rsc, unsigned what, struct node **found, int *count)
{

    if (rsc->children.n > 0) {
        for (int i = 0; i < rsc->children.n && *count < 2; i++)
            only_location(rsc->children.at[i], what, found, count);
        return;
    }
    for (int i = 0; (what & LOC_CURRENT) && i < rsc->active.n; i++)
        if (*found != rsc->active.at[i]) {
            *found = rsc->active.at[i];
            ++*count;
        }
    if ((what & LOC_PENDING) && rsc->pending_node != NULL && *found != rsc->pending_node) {
        *found = rsc->pending_node;
        ++*count;
    }
    if ((what & LOC_ASSIGNED) && rsc->assigned != NULL && *found != rsc->assigned) {
        *found = rsc->assigned;
        ++*count;
    }
}

/* The node where rsc is, if that is one only. */
struct node *sc_location(const struct resource *rsc, unsigned what)
{
    struct node *found = NULL;
    int count = 0;

    only_location(rsc, what, &found, &count);
    return count == 1 ? found : NULL;
}

/* Looks at one more node for sc_active_node(); false if no more need to be looked at. */
static bool count_active(const struct resource *rsc, struct node *node, struct node **active, int *all,
                         int *clean)
{
    bool go_on = all != NULL || clean != NULL, happy = node->online && !node->unclean;

    if (all != NULL)
        ++*all;
    if (clean != NULL && happy)
        ++*clean;
    if (rsc->migration_source != NULL) {
        if (node == rsc->migration_source)
            *active = node;
        else
            go_on = true;
    } else if (!(rsc->flags & RSC_NEEDS_FENCING)) {
        if (happy && (*active == NULL || !(*active)->online || (*active)->unclean))
            *active = node;
        else
            go_on = true;
    }
    if (*active == NULL)
        *active = node;
    return go_on;
}

/* The node that rsc counts as being on: the source of a migration, a clean node where fencing is not
 * needed, else the first.  all and clean (may be NULL) get the numbers of nodes. */
struct node *sc_active_node(const struct resource *rsc, int *all, int *clean)
{
    struct node *active = NULL;

    if (all != NULL)
        *all = 0;
    if (clean != NULL)
        *clean = 0;
    if (rsc == NULL)
        return NULL;
    if (rsc->kind == KIND_BUNDLE) {
        struct node *seen[64];
        int n_seen = 0;
        for (int r = 0; r < rsc->bundle->replicas.n; r++) {
            const struct resource *container = rsc->bundle->replicas.at[r]->container;
            for (int i = 0; i < container->active.n; i++) {
                bool known = false;
                for (int s = 0; s < n_seen; s++)
                    known = known || seen[s] == container->active.at[i];
                if (known || n_seen == (int)HF_ARRAY_LENGTH(seen))
                    continue;
                seen[n_seen++] = container->active.at[i];
                if (!count_active(rsc, container->active.at[i], &active, all, clean))
                    return active;
            }
        }
        return active;
    }
    for (int i = 0; i < rsc->active.n; i++)
        if (!count_active(rsc, rsc->active.at[i], &active, all, clean))
            break;
    return active;
}

struct node *sc_current(const struct resource *rsc)
{
    return sc_active_node(rsc, NULL, NULL);
}

/* Whether a flag is set on rsc or anything below it (any), or on all of it. */
bool sc_flag_below(const struct resource *rsc, unsigned flag, bool any)
{
    if (!!(rsc->flags & flag) == any)
        return any;
    for (int i = 0; i < rsc->children.n; i++)
        if (sc_flag_below(rsc->children.at[i], flag, any) == any)
            return any;
    return !any;
}

/* --- scores --- */

/* Adds score to what rsc and all below it think of node. */
void sc_score_node(struct run *run, struct resource *rsc, struct node *node, int score, const char *why)
{
    bool is_default = sc_ieq(why, "symmetric_default");

    if (is_default && ((rsc->flags & RSC_EXCLUSIVE_PROBES) || node->base.probe == PROBE_NEVER))
        return;
    for (int i = 0; i < rsc->children.n; i++)
        sc_score_node(run, rsc->children.at[i], node, score, why);
    struct placement *placement = sc_table_add(run, &rsc->allowed, node, NULL);
    placement->score = sc_add(placement->score, score);
    if (score != 0 && run->input->show_scores)
        sc_note(run, rsc, node, score, why, NULL);
}

/* The same for all nodes. */
void sc_score_all(struct run *run, struct resource *rsc, int score, const char *why)
{
    for (int i = 0; i < run->by_name.n; i++)
        sc_score_node(run, rsc, run->by_name.at[i], score, why);
    if (score == -SC_INFINITY)
        rsc->assigned = NULL;
}

/* --- activity --- */

static void add_priority(struct resource *rsc, struct node *node, bool failed)
{
    if (rsc->priority == 0 || failed)
        return;
    int priority = rsc->priority + (rsc->orig_role == ROLE_PROMOTED);
    node->priority += priority;
    if (sc_is_guest(node)) {
        struct nodes *hosts = &node->connection->launcher->active;
        for (int i = 0; i < hosts->n; i++)
            hosts->at[i]->priority += priority;
    }
}

static void block_siblings(struct resource *rsc)
{
    struct resource *parent = rsc->parent;

    rsc->flags = (rsc->flags | RSC_BLOCKED) & ~(unsigned)RSC_MANAGED;
    if (parent == NULL || (parent->kind != KIND_GROUP && parent->kind != KIND_BUNDLE) ||
        parent->multiply != MULTI_BLOCK)
        return;
    for (int i = 0; i < parent->children.n; i++) {
        struct resource *child = parent->children.at[i];
        child->flags = (child->flags | RSC_BLOCKED) & ~(unsigned)RSC_MANAGED;
    }
}

static void ban_everywhere(struct run *run, struct resource *rsc)
{
    rsc->allowed = (struct table){0};
    for (int i = 0; i < run->nodes.n; i++)
        sc_table_add(run, &rsc->allowed, run->nodes.at[i], NULL)->score = -SC_INFINITY;
}

static bool multiply_active(const struct resource *rsc)
{
    int count = 0;

    if (rsc->kind != KIND_PRIMITIVE)
        return false;
    if (rsc->flags & RSC_NEEDS_FENCING)
        sc_active_node(rsc, &count, NULL);
    else
        sc_active_node(rsc, NULL, &count);
    return count > 1;
}

/* rsc turned out to be active on node (failed: in a failed state). */
void sc_add_running(struct run *run, struct resource *rsc, struct node *node, bool failed)
{
    if (sc_nodes_have(&rsc->active, node))
        return;
    SC_PUSH(run, &rsc->active, node);
    if (rsc->kind == KIND_PRIMITIVE) {
        SC_PUSH(run, &node->running, rsc);
        add_priority(rsc, node, failed);
        if (node->maintenance)
            rsc->flags = (rsc->flags | RSC_MAINTENANCE) & ~(unsigned)RSC_MANAGED;
    }
    if (!(rsc->flags & RSC_MANAGED)) {
        sc_score_node(run, rsc, node, SC_INFINITY, "not_managed_default");
        for (struct resource *parent = rsc->parent; parent != NULL; parent = parent->parent)
            SC_PUSH(run, &parent->active, node);
        return;
    }
    if (multiply_active(rsc)) {
        if (rsc->multiply == MULTI_STOP)
            ban_everywhere(run, rsc);
        else if (rsc->multiply == MULTI_BLOCK)
            block_siblings(rsc);
    }
    if (rsc->parent != NULL)
        sc_add_running(run, rsc->parent, node, false);
}

void sc_ban_from_all(struct run *run, struct resource *rsc)
{
    if (rsc->parent != NULL && sc_is_anonymous_clone(sc_top(rsc)))
        rsc = sc_top(rsc);
    ban_everywhere(run, rsc);
}

/* --- sorting --- */

static void merge_sort(void **at, int n, int (*compare)(const void *, const void *, void *), void *context,
                       void **merged)
{
    if (n < 2)
        return;
    int half = n / 2, a = 0, b = half, out = 0;
    merge_sort(at, half, compare, context, merged);
    merge_sort(at + half, n - half, compare, context, merged);
    while (a < half && b < n)
        merged[out++] = compare(at[a], at[b], context) <= 0 ? at[a++] : at[b++];
    while (a < half)
        merged[out++] = at[a++];
    while (b < n)
        merged[out++] = at[b++];
    memcpy(at, merged, (size_t)n * sizeof(*merged));
}

/* Stable; compare gets the elements.  Where compare is no order (entries of a history of which nobody can say
 * which was first), what comes out depends on how it is sorted: by merging, the first half being the shorter
 * one, as GLib does for Pacemaker. */
void sc_sort(void *array, int n, int (*compare)(const void *, const void *, void *), void *context)
{
    void *few[32], **merged = few;
    HF_CLEANUP(hf_freep) void **many = NULL;

    if (n > (int)HF_ARRAY_LENGTH(few))
        merged = many = hf_calloc((size_t)n, sizeof(*many));
    merge_sort(array, n, compare, context, merged);
}
