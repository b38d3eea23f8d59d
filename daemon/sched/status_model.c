/* status_model.c - copies what the status section says into the model of status.h. */
#include <strings.h>

#include "daemon/sched/model.h"

/* --- nodes --- */

static const char *node_state(const struct node *node)
{
    if (node->unclean)
        return node->online ? "UNCLEAN (online)" : node->pending ? "UNCLEAN (pending)" : "UNCLEAN (offline)";
    if (node->pending)
        return "pending";
    if (node->standby_onfail && node->online)
        return "standby (on-fail)";
    if (node->standby) {
        if (!node->online)
            return "OFFLINE (standby)";
        return node->running.n == 0 ? "standby" : "standby (with active resources)";
    }
    if (node->maintenance)
        return node->online ? "maintenance" : "OFFLINE (maintenance)";
    return node->online ? "online" : "OFFLINE";
}

static void fill_node(const struct run *run, struct status_node *out, const struct node *node)
{
    const struct node *host = NULL;

    out->name = node->name;
    out->id = node->id;
    out->type = sc_is_guest(node) ? STATUS_NODE_GUEST
                : node->remote    ? STATUS_NODE_REMOTE
                                  : STATUS_NODE_CLUSTER;
    out->online = node->online;
    out->unclean = node->unclean;
    out->pending = node->pending;
    out->standby = node->standby;
    out->standby_onfail = node->standby_onfail;
    out->maintenance = node->maintenance;
    out->shutdown = node->shutdown;
    out->is_dc = node == run->dc;
    out->health = sc_node_health(run, node);
    out->n_resources = node->running.n;
    out->state = node_state(node);
    if (sc_is_guest(node))
        host = sc_current(node->connection->launcher);
    out->host = host == NULL ? NULL : host->name;
    out->launcher = sc_is_guest(node) ? node->connection->launcher->id : NULL;
    out->expected_up = node->expected_up;
    if (node->online && node->expected_up && !node->remote) {
        out->feature_set = sc_attr(&node->attrs, "#feature-set");
        if (out->feature_set == NULL)
            out->feature_set = "";
    }
}

/* --- resources --- */

static const char *rc_text(int rc)
{
    static const struct {
        int rc;
        const char *text;
    } texts[] = {
        {0, "OK"},
        {1, "Error occurred"},
        {2, "Invalid parameter"},
        {3, "Unimplemented"},
        {4, "Insufficient privileges"},
        {5, "Not installed"},
        {6, "Not configured"},
        {7, "Not running"},
        {8, "Promoted"},
        {9, "Failed in promoted role"},
        {124, "Timeout occurred"},
        {190, "Service is active but might fail soon"},
        {191, "Service is promoted but might fail soon"},
        {193, "No exit status available"},
    };

    for (size_t i = 0; i < HF_ARRAY_LENGTH(texts); i++)
        if (texts[i].rc == rc)
            return texts[i].text;
    return rc > 128 && rc < 255 ? "Interrupted by signal" : "Unknown exit status";
}

/* Why a probe of rsc on node (NULL: none in particular) could say nothing but "not running".  Entries that do
 * not say where they are from, as older releases wrote them, do not count: so it is in Pacemaker. */
static const char *failed_probe(struct run *run, const struct resource *rsc, const struct node *node)
{
    const struct resource *top = sc_top(rsc);
    const char *id = top->kind == KIND_CLONE ? hf_xml_get_or(top->clone->child_xml, "id", "") : rsc->id;

    for (int i = 0; i < run->failed.n; i++) {
        const struct failed_op *failed = &run->failed.at[i];
        const char *resource, *operation, *on_node = hf_xml_get(failed->xml, "on_node");
        int64_t interval;
        if (on_node != NULL && (node == NULL || sc_ieq(on_node, node->name)) &&
            sc_masked_probe(failed->xml) &&
            sc_key_parse(run, failed->key, &resource, &operation, &interval) && sc_eq(resource, id))
            return rc_text((int)sc_xml_long(failed->xml, "rc-code", 0));
    }
    return NULL;
}

static enum role shown_role(const struct resource *rsc)
{
    return rsc->orig_role == ROLE_STARTED && (sc_top(rsc)->flags & RSC_PROMOTABLE) ? ROLE_UNPROMOTED
                                                                                   : rsc->orig_role;
}

static enum status_role status_role(enum role role)
{
    return role == ROLE_PROMOTED     ? STATUS_PROMOTED
           : role == ROLE_UNPROMOTED ? STATUS_UNPROMOTED
           : role == ROLE_STARTED    ? STATUS_STARTED
                                     : STATUS_STOPPED;
}

static const char *agent_text(struct run *run, const struct resource *rsc)
{
    const char *class =
        rsc->class_ == NULL ? "unknown" : rsc->class_; /* an orphan whose history does not say */
    const char *type = rsc->type == NULL ? "unknown" : rsc->type;

    if (rsc->provider != NULL && sc_ieq(class, "ocf"))
        return hf_arena_printf(run->arena, "%s:%s:%s", class, rsc->provider, type);
    return hf_arena_printf(run->arena, "%s:%s", class, type);
}

static void fill_primitive(struct run *run, struct status_resource *out, const struct resource *rsc,
                           const struct node *node)
{
    enum role role = shown_role(rsc);

    out->kind = STATUS_PRIMITIVE;
    out->agent = agent_text(run, rsc);
    out->role = status_role(role);
    out->state = sc_role_text(role);
    out->pending = rsc->pending_task;
    if (node == NULL)
        node = rsc->lock_node;
    const char **names = hf_arena_alloc(run->arena, (size_t)(rsc->active.n + 1) * sizeof(*names));
    for (int i = 0; i < rsc->active.n; i++)
        names[i] = rsc->active.at[i]->name;
    out->nodes = names;
    out->n_nodes = rsc->active.n;
    if (node != NULL && out->n_nodes <= 1) {
        out->node = node->name;
        out->node_unclean = !node->online && node->unclean;
    } else {
        node = NULL;
    }
    if (role == ROLE_STOPPED)
        out->probe_failure = failed_probe(run, rsc, node);
    if (rsc->lock_node != NULL)
        out->locked_to = rsc->lock_node->name;
}

static void fill_common(struct run *run, struct status_resource *out, const struct resource *rsc)
{
    out->id = sc_printable_id(rsc);
    out->target_role = sc_attr(&rsc->meta, "target-role");
    if (out->target_role == NULL && rsc->kind == KIND_CLONE && rsc->children.n > 0)
        out->target_role = sc_attr(&rsc->children.at[0]->meta, "target-role"); /* any instance will do */
    out->active = sc_active(rsc, true);
    out->partly_active = sc_active(rsc, false);
    out->failed = rsc->flags & RSC_FAILED;
    out->blocked = rsc->flags & RSC_BLOCKED;
    out->managed = rsc->flags & RSC_MANAGED;
    out->maintenance = rsc->flags & RSC_MAINTENANCE;
    out->removed = rsc->flags & RSC_REMOVED;
    out->unique = rsc->flags & RSC_UNIQUE;
    out->promotable = rsc->flags & RSC_PROMOTABLE;
    out->disabled = sc_is_disabled(rsc);
    out->implicit = sc_true(sc_attr(&rsc->meta, "internal_rsc"));
    out->failure_ignored = rsc->flags & RSC_IGNORE_FAILURE;
    out->description = sc_keep(run, hf_xml_get(rsc->xml, "description"));
}

struct stopped_node {
    const char *why;
    const struct node *node;
};

static int by_why(const void *a, const void *b)
{
    const struct stopped_node *x = a, *y = b;
    int order = strcmp(x->why, y->why);
    return order != 0 ? order : sc_natural_compare(x->node->name, y->node->name);
}

/* The nodes on which an anonymous clone could have an instance and has none. */
static void fill_stopped(struct run *run, struct status_resource *out, const struct resource *rsc)
{
    struct {
        struct stopped_node *at;
        int n, capacity;
    } list = {0};
    struct {
        struct status_stopped *at;
        int n, capacity;
    } groups = {0};
    bool disabled = sc_role_parse(out->target_role) == ROLE_STOPPED;
    const struct table *where = &rsc->probed;

    /* A failure that bans it somewhere has made the list of all candidates already. */
    for (int i = 0; i < rsc->allowed.n; i++)
        if (rsc->allowed.at[i].present)
            where = &rsc->allowed;
    for (int i = 0; i < run->by_name.n; i++) {
        const struct node *node = run->by_name.at[i];
        if (sc_placement(where, node) == NULL || sc_nodes_have(&rsc->active, node))
            continue;
        const char *failure = failed_probe(run, rsc, node);
        struct stopped_node stopped = {disabled ? "Stopped (disabled)" : "Stopped", node};
        if (failure != NULL)
            stopped.why = hf_arena_printf(run->arena, "Stopped (%s)", failure);
        SC_PUSH(run, &list, stopped);
    }
    if (list.n > 0)
        qsort(list.at, (size_t)list.n, sizeof(*list.at), by_why);
    for (int i = 0; i < list.n; i++) {
        struct status_stopped *last = groups.n == 0 ? NULL : &groups.at[groups.n - 1];
        struct status_stopped group = {list.at[i].why, list.at[i].node->name};
        if (last != NULL && strcmp(last->why, group.why) == 0)
            last->nodes = hf_arena_printf(run->arena, "%s %s", last->nodes, group.nodes);
        else
            SC_PUSH(run, &groups, group);
    }
    out->stopped = groups.at;
    out->n_stopped = groups.n;
}

static void fill_resource(struct run *run, struct status_resource *out, const struct resource *rsc);

static void collect_nodes(struct run *run, struct status_resource *out, const struct resource *rsc)
{
    struct nodes nodes = {0};

    sc_locations(run, rsc, LOC_CURRENT, &nodes);
    const char **names = hf_arena_alloc(run->arena, (size_t)(nodes.n + 1) * sizeof(*names));
    for (int i = 0; i < nodes.n; i++)
        names[i] = nodes.at[i]->name;
    out->nodes = names;
    out->n_nodes = nodes.n;
}

static void fill_collective(struct run *run, struct status_resource *out, const struct resource *rsc)
{
    struct status_resource *children =
        hf_arena_alloc(run->arena, (size_t)(rsc->children.n + 1) * sizeof(*children));

    out->kind = rsc->kind == KIND_GROUP ? STATUS_GROUP : STATUS_CLONE;
    out->id = rsc->id;
    for (int i = 0; i < rsc->children.n; i++)
        fill_resource(run, &children[i], rsc->children.at[i]);
    out->children = children;
    out->n_children = rsc->children.n;
    out->role = status_role(sc_role(rsc, true));
    out->state = sc_role_text(sc_role(rsc, true));
    collect_nodes(run, out, rsc);
    if (rsc->kind == KIND_CLONE) {
        out->child = sc_keep(run, hf_xml_get_or(rsc->clone->child_xml, "id", ""));
        out->instances_max = rsc->clone->max;
        if (!out->unique)
            fill_stopped(run, out, rsc);
    }
}

static void fill_replica(struct run *run, struct status_resource *out, const struct replica *replica)
{
    const struct resource *parts[] = {replica->ip, replica->child, replica->container, replica->remote};
    const struct resource *named = replica->remote != NULL ? replica->remote : replica->container;
    const struct resource *shown = replica->child != NULL ? replica->child : replica->container;
    struct status_resource *children = hf_arena_alloc(run->arena, HF_ARRAY_LENGTH(parts) * sizeof(*children));
    int n = 0;

    fill_common(run, out, shown);
    fill_primitive(run, out, shown, sc_current(replica->container));
    out->kind = STATUS_REPLICA;
    out->id = sc_printable_id(named);
    out->implicit = false;
    out->address = replica->ip_address;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(parts); i++)
        if (parts[i] != NULL)
            fill_resource(run, &children[n++], parts[i]);
    out->children = children;
    out->n_children = n;
}

static void fill_bundle(struct run *run, struct status_resource *out, const struct resource *rsc)
{
    int n = rsc->bundle->replicas.n;
    struct status_resource *children = hf_arena_alloc(run->arena, (size_t)(n + 1) * sizeof(*children));

    out->kind = STATUS_BUNDLE;
    out->image = rsc->bundle->image;
    for (int i = 0; i < n; i++) {
        fill_replica(run, &children[i], rsc->bundle->replicas.at[i]);
        if (children[i].role > out->role) {
            out->role = children[i].role;
            out->state = children[i].state;
        }
    }
    out->children = children;
    out->n_children = n;
}

static void fill_resource(struct run *run, struct status_resource *out, const struct resource *rsc)
{
    fill_common(run, out, rsc);
    switch (rsc->kind) {
    case KIND_PRIMITIVE:
        fill_primitive(run, out, rsc, rsc->active.n > 0 ? sc_current(rsc) : rsc->pending_node);
        break;
    case KIND_GROUP:
    case KIND_CLONE:
        fill_collective(run, out, rsc);
        break;
    case KIND_BUNDLE:
        fill_bundle(run, out, rsc);
        break;
    }
}

/* --- failures, bans, tickets --- */

static const char *status_text(int64_t status)
{
    static const char *const texts[] = {"Done",
                                        "Cancelled",
                                        "Timed out",
                                        "Unsupported",
                                        "Error",
                                        "Hard error",
                                        "Fatal error",
                                        "Not installed",
                                        "Internal communication failure",
                                        "Cannot execute now"};

    if (status == -1)
        return "Pending";
    return status >= 0 && status < (int64_t)HF_ARRAY_LENGTH(texts) ? texts[status] : "Unknown status";
}

static void fill_failure(struct run *run, struct status_failure *out, const struct failed_op *failed)
{
    const char *resource, *operation;
    int64_t interval;

    if (!sc_key_parse(run, failed->key, &resource, &operation, &interval)) {
        resource = failed->resource;
        operation = sc_keep(run, hf_xml_get_or(failed->xml, "operation", ""));
        interval = sc_xml_long(failed->xml, "interval", 0);
    }
    out->resource = resource;
    out->operation = operation;
    out->interval_ms = interval;
    out->node = failed->node->name;
    out->rc = (int)sc_xml_long(failed->xml, "rc-code", 0);
    out->rc_text = rc_text(out->rc);
    out->status = (int)sc_xml_long(failed->xml, "op-status", 0);
    out->status_text = status_text(out->status);
    out->exit_reason = hf_arena_strdup(run->arena, hf_xml_get_or(failed->xml, "exit-reason", ""));
    out->call_id = (int)sc_xml_long(failed->xml, "call-id", 0);
    out->key = failed->key;
    out->key_is_id = hf_xml_get(failed->xml, "operation_key") == NULL;
    out->reasonless = hf_xml_get(failed->xml, "exit-reason") == NULL;
    out->timed = hf_xml_get(failed->xml, "exec-time") != NULL;
    out->queue_ms = sc_xml_long(failed->xml, "queue-time", 0);
    out->last_change = sc_xml_long(failed->xml, "last-rc-change", 0);
    out->exec_ms = sc_xml_long(failed->xml, "exec-time", 0);
}

static void fill_failures(struct run *run, struct status_model *model)
{
    struct status_failure *out = hf_arena_alloc(run->arena, (size_t)(run->failed.n + 1) * sizeof(*out));

    for (int i = 0; i < run->failed.n; i++)
        fill_failure(run, &out[i], &run->failed.at[i]);
    model->failures = out;
    model->n_failures = run->failed.n;
}

/* Only what says "never on this node" plainly; rules may or may not apply. */
static void fill_bans(struct run *run, struct status_model *model)
{
    struct {
        struct status_ban *at;
        int n, capacity;
    } bans = {0};

    HF_XML_EACH (xml, hf_xml_child(run->config, "constraints"), "rsc_location") {
        int score;
        if (!sc_score(run, hf_xml_get(xml, "score"), &score) || score >= 0 ||
            hf_xml_get(xml, "node") == NULL || hf_xml_get(xml, "rsc") == NULL)
            continue;
        struct status_ban ban = {.constraint = hf_xml_get_or(xml, "id", ""),
                                 .resource = hf_xml_get(xml, "rsc"),
                                 .node = hf_xml_get(xml, "node"),
                                 .score = score,
                                 .promoted_only = sc_role_parse(hf_xml_get(xml, "role")) == ROLE_PROMOTED};
        ban.constraint = hf_arena_strdup(run->arena, ban.constraint);
        ban.resource = hf_arena_strdup(run->arena, ban.resource);
        ban.node = hf_arena_strdup(run->arena, ban.node);
        SC_PUSH(run, &bans, ban);
    }
    model->bans = bans.at;
    model->n_bans = bans.n;
}

static void fill_tickets(struct run *run, struct status_model *model)
{
    struct status_ticket *out = hf_arena_alloc(run->arena, (size_t)(run->ticket_list.n + 1) * sizeof(*out));

    for (int i = 0; i < run->ticket_list.n; i++) {
        const struct ticket *ticket = run->ticket_list.at[i];
        out[i].id = ticket->id;
        out[i].granted = ticket->granted;
        out[i].standby = ticket->standby;
        out[i].last_granted = ticket->last_granted > 0 ? ticket->last_granted : 0;
    }
    model->tickets = out;
    model->n_tickets = run->ticket_list.n;
}

/* --- the whole --- */

void sc_build_model(struct run *run)
{
    struct status_model *model = &run->model;
    struct status_node *nodes = hf_arena_alloc(run->arena, (size_t)(run->by_name.n + 1) * sizeof(*nodes));
    struct status_resource *resources =
        hf_arena_alloc(run->arena, (size_t)(run->resources.n + 1) * sizeof(*resources));

    for (int i = 0; i < run->by_name.n; i++)
        fill_node(run, &nodes[i], run->by_name.at[i]);
    for (int i = 0; i < run->resources.n; i++)
        fill_resource(run, &resources[i], run->resources.at[i]);
    model->nodes = nodes;
    model->n_nodes = run->by_name.n;
    model->resources = resources;
    model->n_resources = run->resources.n;
    model->have_quorum = run->quorate;
    model->maintenance_mode = run->maintenance_mode;
    model->stop_all = run->stop_all;
    model->fencing_enabled = run->fencing_enabled;
    model->no_quorum_policy = sc_option(run, "no-quorum-policy");
    model->stack = sc_attr(&run->options, "cluster-infrastructure");
    model->dc = run->dc == NULL ? NULL : run->dc->name;
    model->n_resources_total = run->n_instances;
    model->n_disabled = run->n_disabled;
    model->n_blocked = run->n_blocked;
    fill_failures(run, model);
    fill_bans(run, model);
    fill_tickets(run, model);
}
