/* notify.c - notifications: instances of a clone with notify=true are told before and after others start,
 * stop, are promoted or demoted.
 *
 * Around each such step of the clone are four pseudo actions: pre, confirmed-pre, post, confirmed-post; the
 * notify operations of the instances hang between them.  Agents get who does what in notify_* variables. */
#include "daemon/sched/model.h"

struct entry {
    const struct resource *rsc;
    const struct node *node;
};

struct entries {
    struct entry *at;
    int n, capacity;
};

struct notification {
    enum task task;
    struct action *pre, *pre_done, *post, *post_done;
    struct entries active, inactive, start, stop, demote, promote, promoted, unpromoted;
    struct table *allowed;
    struct attrs keys;
};

/* --- pseudo actions --- */

static struct action *new_pseudo(struct run *run, struct resource *rsc, const struct action *about,
                                 enum task task, const char *type)
{
    struct op_key key = {.task = task, .name = sc_task_name(task)};
    key.text = hf_arena_printf(run->arena, "%s_%s_notify_%s_0", rsc->id, type, about->name);
    struct action *notify =
        sc_action_keyed(run, rsc, key, task, sc_task_name(task), NULL, about->flags & ACT_OPTIONAL);
    notify->flags |= ACT_PSEUDO;
    notify->notify_type = type;
    notify->notify_task = about->name;
    sc_attr_set(run, &notify->meta, "notify_key_type", type);
    sc_attr_set(run, &notify->meta, "notify_key_operation", about->name);
    return notify;
}

static void set_type(struct run *run, struct action *action, const char *type, enum task task)
{
    sc_attr_set(run, &action->meta, "notify_type", type);
    sc_attr_set(run, &action->meta, "notify_operation", sc_task_name(task));
}

static void runnable_like(struct action *action, const struct action *other)
{
    action->flags = (action->flags & ~(unsigned)ACT_RUNNABLE) | (other->flags & ACT_RUNNABLE);
}

/* The four around action and its completed form; either may be NULL. */
static struct notification *new_notification(struct run *run, struct resource *rsc, enum task task,
                                             struct action *action, struct action *complete)
{
    if (!(rsc->flags & RSC_NOTIFY))
        return NULL;
    struct notification *n = HF_ARENA_NEW(run->arena, struct notification);
    n->task = task;
    if (action != NULL) {
        n->pre = new_pseudo(run, rsc, action, TASK_NOTIFY, "pre");
        n->pre->flags |= ACT_RUNNABLE;
        set_type(run, n->pre, "pre", task);
        n->pre_done = new_pseudo(run, rsc, action, TASK_NOTIFIED, "confirmed-pre");
        n->pre_done->flags |= ACT_RUNNABLE;
        set_type(run, n->pre_done, "pre", task);
        sc_order_actions(run, n->pre, n->pre_done, AR_ORDERED);
        sc_order_actions(run, n->pre_done, action, AR_ORDERED);
    }
    if (complete != NULL) {
        n->post = new_pseudo(run, rsc, complete, TASK_NOTIFY, "post");
        n->post->priority = SC_INFINITY;
        runnable_like(n->post, complete);
        set_type(run, n->post, "post", task);
        n->post_done = new_pseudo(run, rsc, complete, TASK_NOTIFIED, "confirmed-post");
        n->post_done->priority = SC_INFINITY;
        runnable_like(n->post_done, complete);
        set_type(run, n->post_done, "post", task);
        sc_order_actions(run, complete, n->post, AR_FIRST_IMPLIES_THEN);
        sc_order_actions(run, n->post, n->post_done, AR_FIRST_IMPLIES_THEN);
    }
    if (action != NULL && complete != NULL)
        sc_order_actions(run, n->pre_done, n->post, AR_ORDERED);
    return n;
}

/* For the starts and stops of a clone: stops are over before starts are announced. */
void sc_notify_clone(struct run *run, struct resource *clone, struct action *start, struct action *started,
                     struct action *stop, struct action *stopped)
{
    struct clone_data *data = clone->clone;

    if (data->start_notify == NULL)
        data->start_notify = new_notification(run, clone, TASK_START, start, started);
    if (data->stop_notify != NULL)
        return;
    data->stop_notify = new_notification(run, clone, TASK_STOP, stop, stopped);
    if (data->start_notify != NULL && data->stop_notify != NULL)
        sc_order_actions(run, data->stop_notify->post_done, data->start_notify->pre, AR_ORDERED);
}

/* Makes the promote and demote pseudo actions of a promotable clone, with their notifications. */
void sc_notify_promotable(struct run *run, struct resource *clone, bool promoting, bool demoting)
{
    struct clone_data *data = clone->clone;
    struct action *action = sc_pseudo(run, clone, TASK_PROMOTE, !promoting, true);
    struct action *complete = sc_pseudo(run, clone, TASK_PROMOTED, !promoting, true);

    complete->priority = SC_INFINITY;
    if (data->promote_notify == NULL)
        data->promote_notify = new_notification(run, clone, TASK_PROMOTE, action, complete);
    action = sc_pseudo(run, clone, TASK_DEMOTE, !demoting, true);
    complete = sc_pseudo(run, clone, TASK_DEMOTED, !demoting, true);
    complete->priority = SC_INFINITY;
    if (data->demote_notify != NULL)
        return;
    data->demote_notify = new_notification(run, clone, TASK_DEMOTE, action, complete);
    if (data->promote_notify == NULL)
        return;
    sc_order_actions(run, data->stop_notify->post_done, data->promote_notify->pre, AR_ORDERED);
    sc_order_actions(run, data->start_notify->post_done, data->promote_notify->pre, AR_ORDERED);
    sc_order_actions(run, data->demote_notify->post_done, data->promote_notify->pre, AR_ORDERED);
    sc_order_actions(run, data->demote_notify->post_done, data->start_notify->pre, AR_ORDERED);
    sc_order_actions(run, data->demote_notify->post_done, data->stop_notify->pre, AR_ORDERED);
}

/* --- who does what --- */

static void collect_actions(struct run *run, const struct resource *rsc, struct notification *n)
{
    for (struct action *op = rsc->actions; op != NULL; op = op->next_of_rsc) {
        struct entry entry = {rsc, op->node};
        if ((op->flags & ACT_OPTIONAL) || op->node == NULL)
            continue;
        if (!(op->task == TASK_STOP && op->node->unclean) && !(op->flags & ACT_RUNNABLE))
            continue;
        if (op->task == TASK_START)
            SC_PUSH(run, &n->start, entry);
        else if (op->task == TASK_STOP)
            SC_PUSH(run, &n->stop, entry);
        else if (op->task == TASK_PROMOTE)
            SC_PUSH(run, &n->promote, entry);
        else if (op->task == TASK_DEMOTE)
            SC_PUSH(run, &n->demote, entry);
    }
}

static void collect(struct run *run, struct resource *rsc, bool activity, struct notification *n)
{
    struct entry entry = {rsc, rsc->active.n > 0 ? rsc->active.at[0] : NULL};

    if (n->allowed == NULL)
        n->allowed = &rsc->allowed;
    for (int i = 0; i < rsc->children.n; i++)
        collect(run, rsc->children.at[i], activity, n);
    if (rsc->children.n > 0)
        return;
    switch (rsc->orig_role) {
    case ROLE_STOPPED:
        SC_PUSH(run, &n->inactive, entry);
        break;
    case ROLE_STARTED:
        SC_PUSH(run, &n->active, entry);
        break;
    case ROLE_UNPROMOTED:
        SC_PUSH(run, &n->unpromoted, entry);
        SC_PUSH(run, &n->active, entry);
        break;
    case ROLE_PROMOTED:
        SC_PUSH(run, &n->promoted, entry);
        SC_PUSH(run, &n->active, entry);
        break;
    default:
        break;
    }
    if (activity)
        collect_actions(run, rsc, n);
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int result = strcmp(x->rsc->id, y->rsc->id);
    if (result != 0 || x->node == NULL || y->node == NULL)
        return result != 0 ? result : (x->node == NULL) - (y->node == NULL);
    return strcmp(x->node->id, y->node->id);
}

static const char *or_space(struct run *run, const struct hf_buf *buf)
{
    return buf->length == 0 ? " " : hf_arena_strdup(run->arena, buf->data);
}

/* notify_WHAT_resource and notify_WHAT_uname. */
static void add_pair(struct run *run, struct notification *n, const char *what, struct entries *entries,
                     bool nodes)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf names = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf hosts = {0};
    const char *last = NULL;

    if (entries->n > 1)
        qsort(entries->at, (size_t)entries->n, sizeof(*entries->at), compare_entries);
    for (int i = 0; i < entries->n; i++) {
        const struct entry *entry = &entries->at[i];
        if ((nodes && entry->node == NULL) || sc_eq(last, entry->rsc->id))
            continue;
        last = entry->rsc->id;
        hf_buf_printf(&names, "%s%s", names.length > 0 ? " " : "", entry->rsc->id);
        if (nodes)
            hf_buf_printf(&hosts, "%s%s", hosts.length > 0 ? " " : "", entry->node->name);
    }
    sc_attr_set(run, &n->keys, hf_arena_printf(run->arena, "notify_%s_resource", what),
                or_space(run, &names));
    if (nodes)
        sc_attr_set(run, &n->keys, hf_arena_printf(run->arena, "notify_%s_uname", what),
                    or_space(run, &hosts));
}

static void add_node_names(struct run *run, struct notification *n, const struct resource *rsc)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf available = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf all = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf metal = {0};

    for (int i = 0; i < run->by_name.n; i++) {
        const struct node *node = run->by_name.at[i], *host = node;
        if (sc_placement(n->allowed, node) != NULL)
            hf_buf_printf(&available, "%s%s", available.length > 0 ? " " : "", node->name);
        hf_buf_printf(&all, "%s%s", all.length > 0 ? " " : "", node->name);
        if (sc_is_guest(node) && node->connection->launcher->active.n > 0)
            host = sc_current(node->connection->launcher);
        hf_buf_printf(&metal, "%s%s", metal.length > 0 ? " " : "", host->name);
    }
    sc_attr_set(run, &n->keys, "notify_available_uname", or_space(run, &available));
    if (sc_eq(sc_attr(&rsc->meta, "container-attribute-target"), "host"))
        sc_attr_set(run, &n->keys, "notify_all_hosts", or_space(run, &metal));
    sc_attr_set(run, &n->keys, "notify_all_uname", or_space(run, &all));
}

static void require(struct action *action)
{
    if (action != NULL)
        action->flags &= ~(unsigned)ACT_OPTIONAL;
}

static void add_keys(struct run *run, struct resource *rsc, struct notification *n)
{
    bool required = (n->task == TASK_STOP && n->stop.n > 0) || (n->task == TASK_START && n->start.n > 0) ||
                    (n->task == TASK_DEMOTE && n->demote.n > 0) ||
                    (n->task == TASK_PROMOTE && n->promote.n > 0);

    add_pair(run, n, "stop", &n->stop, true);
    add_pair(run, n, "start", &n->start, true);
    add_pair(run, n, "demote", &n->demote, true);
    add_pair(run, n, "promote", &n->promote, true);
    add_pair(run, n, "active", &n->active, true);
    add_pair(run, n, "unpromoted", &n->unpromoted, true);
    add_pair(run, n, "slave", &n->unpromoted, true);
    add_pair(run, n, "promoted", &n->promoted, true);
    add_pair(run, n, "master", &n->promoted, true);
    add_pair(run, n, "inactive", &n->inactive, false);
    add_node_names(run, n, rsc);
    if (!required)
        return;
    require(n->pre);
    require(n->pre_done);
    require(n->post);
    require(n->post_done);
}

static void add_to_meta(struct run *run, const struct notification *n, struct action *action)
{
    for (int i = 0; i < n->keys.n; i++)
        sc_attr_set(run, &action->meta, n->keys.at[i].name, n->keys.at[i].value);
}

/* --- the notify operations --- */

static struct action *notify_instance(struct run *run, struct resource *rsc, struct node *node,
                                      struct action *op, struct action *done, const struct notification *n)
{
    if (op == NULL || done == NULL || !node->online || !(op->flags & ACT_RUNNABLE))
        return NULL;
    const char *type = sc_attr(&op->meta, "notify_type"), *task = sc_attr(&op->meta, "notify_operation");
    struct op_key key = {.task = op->task, .name = op->name};
    key.text = hf_arena_printf(run->arena, "%s_%s_notify_%s_0", rsc->id, type, task);
    struct action *notify =
        sc_action_keyed(run, rsc, key, op->task, op->name, node, op->flags & ACT_OPTIONAL);
    notify->notify_type = type;
    notify->notify_task = task;
    for (int i = 0; i < op->meta.n; i++)
        if (op->meta.at[i].value != NULL)
            sc_attr_default(run, &notify->meta, op->meta.at[i].name, op->meta.at[i].value);
    add_to_meta(run, n, notify);
    sc_order_actions(run, op, notify, AR_ORDERED);
    sc_order_actions(run, notify, done, AR_ORDERED);
    return notify;
}

static void notify_after(struct run *run, struct resource *rsc, struct node *node, struct notification *n)
{
    struct action *notify = notify_instance(run, rsc, node, n->post, n->post_done, n);

    if (notify != NULL)
        notify->priority = SC_INFINITY;
    for (struct action *op = rsc->actions; n->post_done != NULL && op != NULL; op = op->next_of_rsc)
        if (op->interval_ms > 0 && op->task != TASK_CANCEL)
            sc_order_actions(run, n->post_done, op, AR_ORDERED);
}

static void notify_leavers(struct run *run, struct resource *rsc, struct notification *n)
{
    const struct action *stop = sc_first_action(rsc, TASK_STOP, NULL);

    for (int i = 0; i < rsc->active.n; i++) {
        struct node *node = rsc->active.at[i];
        if (stop != NULL && (stop->flags & ACT_PSEUDO) && (node->unclean || node->remote_reset))
            continue; /* fencing is its stop */
        notify_instance(run, rsc, node, n->pre, n->pre_done, n);
        if (n->task == TASK_DEMOTE || stop == NULL || (stop->flags & ACT_OPTIONAL))
            notify_after(run, rsc, node, n);
    }
}

static void notify_joiners(struct run *run, struct resource *rsc, struct notification *n)
{
    const struct action *start = sc_first_action(rsc, TASK_START, NULL);

    if (start != NULL && start->node != NULL && start->node->connection != NULL) {
        const struct action *remote = sc_first_action(start->node->connection, TASK_START, NULL);
        if (remote != NULL && !(remote->flags & ACT_RUNNABLE))
            return;
    }
    if (rsc->assigned == NULL)
        return;
    if (n->task != TASK_START || start == NULL || (start->flags & ACT_OPTIONAL))
        notify_instance(run, rsc, rsc->assigned, n->pre, n->pre_done, n);
    notify_after(run, rsc, rsc->assigned, n);
}

static void create(struct run *run, struct resource *rsc, struct notification *n)
{
    for (int i = 0; i < rsc->children.n; i++)
        create(run, rsc->children.at[i], n);
    if (rsc->children.n > 0)
        return;
    for (struct action *op = rsc->actions; op != NULL; op = op->next_of_rsc)
        if (!(op->flags & ACT_OPTIONAL) && op->node != NULL &&
            (op->task == TASK_START || op->task == TASK_STOP || op->task == TASK_PROMOTE ||
             op->task == TASK_DEMOTE))
            add_to_meta(run, n, op);
    if ((n->task == TASK_START && n->start.n == 0) || (n->task == TASK_PROMOTE && n->promote.n == 0) ||
        (n->task == TASK_DEMOTE && n->demote.n == 0))
        return;
    if (rsc->orig_role != ROLE_STOPPED && (n->task == TASK_STOP || n->task == TASK_DEMOTE))
        notify_leavers(run, rsc, n);
    if (rsc->next_role != ROLE_STOPPED && (n->task == TASK_START || n->task == TASK_PROMOTE))
        notify_joiners(run, rsc, n);
}

static void create_all(struct run *run, struct resource *rsc, struct notification *n)
{
    if (n == NULL)
        return;
    collect(run, rsc, true, n);
    add_keys(run, rsc, n);
    create(run, rsc, n);
}

/* Once it is known what happens, makes the notify operations of a clone. */
void sc_create_notifications(struct run *run, struct resource *clone)
{
    create_all(run, clone, clone->clone->start_notify);
    create_all(run, clone, clone->clone->stop_notify);
    create_all(run, clone, clone->clone->promote_notify);
    create_all(run, clone, clone->clone->demote_notify);
}

/* The other instances are told that fencing has stopped one. */
void sc_notify_after_fencing(struct run *run, struct action *stop, struct resource *rsc,
                             struct action *fencing)
{
    struct notification *n = new_notification(run, rsc, TASK_STOP, NULL, fencing);

    if (n == NULL)
        return;
    collect(run, rsc, false, n);
    sc_attr_set(run, &n->keys, "notify_stop_resource", rsc->id);
    sc_attr_set(run, &n->keys, "notify_stop_uname", stop->node->name);
    create(run, sc_top(rsc), n);
}
