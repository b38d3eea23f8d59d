/* print_status.c - the cluster's state as text, in the words and shapes of crm_mon. */
#include <strings.h>

#include "daemon/sched/model.h"

struct printer {
    const struct status_model *model;
    unsigned flags;
    const char *prefix;
    struct hf_buf *out;
    int depth;
    int utc_offset; /* seconds, for the times shown */
};

static void line(struct printer *p, const char *text)
{
    hf_buf_printf(p->out, "%s%*s* %s\n", p->prefix, p->depth * 2, "", text);
}

static HF_PRINTF(2, 3) void linef(struct printer *p, const char *format, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    line(p, text);
    free(text);
}

/* --- nodes --- */

static void display_name(const struct printer *p, const struct status_node *node, struct hf_buf *out)
{
    hf_buf_puts(out, node->name);
    if (!(p->flags & STATUS_SHOW_DETAIL))
        return;
    if (node->type == STATUS_NODE_GUEST)
        hf_buf_printf(out, "@%s", node->host == NULL ? "" : node->host);
    if (strcasecmp(node->name, node->id) != 0)
        hf_buf_printf(out, " (%s)", node->id);
}

static bool has_own_line(const struct status_node *node)
{
    return node->unclean || node->pending || (node->standby_onfail && node->online) || node->standby ||
           node->maintenance || node->health <= 0;
}

static void print_node(struct printer *p, const struct status_node *node)
{
    static const char *const kinds[] = {"Node", "RemoteNode", "GuestNode"};
    HF_CLEANUP(hf_buf_free) struct hf_buf name = {0};

    display_name(p, node, &name);
    linef(p, "%s %s: %s%s", kinds[node->type], hf_buf_text(&name), node->state,
          node->health < 0    ? " (health is RED)"
          : node->health == 0 ? " (health is YELLOW)"
                              : "");
}

static void print_nodes_of(struct printer *p, const char *title, enum status_node_type type, bool online)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf names = {0};

    for (int i = 0; i < p->model->n_nodes; i++) {
        const struct status_node *node = &p->model->nodes[i];
        if (has_own_line(node) || node->type != type || node->online != online)
            continue;
        hf_buf_putc(&names, ' ');
        display_name(p, node, &names);
    }
    if (names.length > 0)
        linef(p, "%s: [%s ]", title, hf_buf_text(&names));
}

static void print_nodes(struct printer *p)
{
    if (p->model->n_nodes == 0)
        return;
    line(p, "Node List:");
    p->depth++;
    for (int i = 0; i < p->model->n_nodes; i++)
        if (has_own_line(&p->model->nodes[i]))
            print_node(p, &p->model->nodes[i]);
    print_nodes_of(p, "Online", STATUS_NODE_CLUSTER, true);
    print_nodes_of(p, "OFFLINE", STATUS_NODE_CLUSTER, false);
    print_nodes_of(p, "RemoteOnline", STATUS_NODE_REMOTE, true);
    print_nodes_of(p, "RemoteOFFLINE", STATUS_NODE_REMOTE, false);
    print_nodes_of(p, "GuestOnline", STATUS_NODE_GUEST, true);
    p->depth--;
}

/* --- primitives --- */

/* The word for an operation that is under way; monitors are only mentioned beside the role. */
static const char *transitional(const char *pending)
{
    static const char *const words[][2] = {
        {"start", "Starting"},         {"stop", "Stopping"},     {"migrate_to", "Migrating"},
        {"migrate_from", "Migrating"}, {"promote", "Promoting"}, {"demote", "Demoting"},
    };

    for (size_t i = 0; pending != NULL && i < HF_ARRAY_LENGTH(words); i++)
        if (strcmp(pending, words[i][0]) == 0)
            return words[i][1];
    return NULL;
}

static void add_flag(struct hf_buf *flags, const char *flag)
{
    hf_buf_printf(flags, "%s%s", flags->length == 0 ? " (" : ", ", flag);
}

static void add_flags(const struct printer *p, const struct status_resource *rsc, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf flags = {0};
    enum role target = sc_role_parse(rsc->target_role);

    if (rsc->node_unclean)
        add_flag(&flags, "UNCLEAN");
    if (rsc->locked_to != NULL && rsc->node != NULL && strcmp(rsc->locked_to, rsc->node) == 0)
        add_flag(&flags, "LOCKED");
    if ((p->flags & STATUS_SHOW_PENDING) && rsc->pending != NULL && strcmp(rsc->pending, "monitor") == 0)
        add_flag(&flags, "Monitoring");
    if (target == ROLE_STOPPED) {
        add_flag(&flags, "disabled");
    } else if (target == ROLE_UNPROMOTED && rsc->disabled) {
        add_flag(&flags, "target-role:");
        hf_buf_puts(&flags, rsc->target_role);
    }
    if (rsc->blocked)
        add_flag(&flags, "blocked");
    else if (rsc->maintenance)
        add_flag(&flags, "maintenance");
    else if (!rsc->managed)
        add_flag(&flags, "unmanaged");
    if (rsc->failure_ignored)
        add_flag(&flags, "failure ignored");
    if (flags.length > 0)
        hf_buf_printf(out, "%s)", hf_buf_text(&flags));
}

static void print_primitive(struct printer *p, const struct status_resource *rsc)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    const char *word = (p->flags & STATUS_SHOW_PENDING) ? transitional(rsc->pending) : NULL;

    if (rsc->implicit && !(p->flags & STATUS_SHOW_DETAIL))
        return;
    hf_buf_puts(&text, rsc->id);
    if (rsc->kind == STATUS_REPLICA && rsc->address != NULL)
        hf_buf_printf(&text, " (%s)", rsc->address);
    hf_buf_printf(&text, "\t(%s):\t", rsc->agent);
    if (rsc->removed)
        hf_buf_puts(&text, " ORPHANED");
    if (rsc->failed)
        hf_buf_printf(&text, " FAILED%s", rsc->role == STATUS_PROMOTED ? " Promoted" : "");
    else
        hf_buf_printf(&text, " %s", word != NULL ? word : rsc->state);
    if (rsc->node != NULL)
        hf_buf_printf(&text, " %s", rsc->node);
    if (rsc->probe_failure != NULL)
        hf_buf_printf(&text, " (%s) ", rsc->probe_failure);
    add_flags(p, rsc, &text);
    if (rsc->n_nodes > 1) {
        if (rsc->description != NULL)
            hf_buf_printf(&text, " (%s)", rsc->description);
        hf_buf_puts(&text, " [");
        for (int i = 0; i < rsc->n_nodes; i++)
            hf_buf_printf(&text, " %s", rsc->nodes[i]);
        hf_buf_puts(&text, " ]");
    }
    line(p, hf_buf_text(&text));
}

/* --- collectives --- */

static void print_resource(struct printer *p, const struct status_resource *rsc);

static void add_word(struct hf_buf *words, const char *word)
{
    hf_buf_printf(words, "%s%s", words->length == 0 ? "" : ", ", word);
}

static void add_state_words(struct hf_buf *words, const struct status_resource *rsc)
{
    if (rsc->disabled)
        add_word(words, "disabled");
    if (rsc->maintenance)
        add_word(words, "maintenance");
    else if (!rsc->managed)
        add_word(words, "unmanaged");
}

static void print_header(struct printer *p, const char *title, const struct hf_buf *words)
{
    if (words->length > 0)
        linef(p, "%s (%s):", title, hf_buf_text(words));
    else
        linef(p, "%s:", title);
}

static void print_group(struct printer *p, const struct status_resource *rsc)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf words = {0}, title = {0};
    int inactive = 0;

    for (int i = 0; i < rsc->n_children; i++)
        inactive += !rsc->children[i].active;
    if (!rsc->active && rsc->partly_active && !(p->flags & STATUS_SHOW_INACTIVE))
        hf_buf_printf(&words, "%d member%s inactive", inactive, inactive == 1 ? "" : "s");
    add_state_words(&words, rsc);
    hf_buf_printf(&title, "Resource Group: %s", rsc->id);
    print_header(p, hf_buf_text(&title), &words);
    p->depth++;
    for (int i = 0; i < rsc->n_children; i++)
        if (rsc->children[i].partly_active || (p->flags & STATUS_SHOW_INACTIVE))
            print_resource(p, &rsc->children[i]);
    p->depth--;
}

static bool any_below(const struct status_resource *rsc, bool (*has)(const struct status_resource *))
{
    if (has(rsc))
        return true;
    for (int i = 0; i < rsc->n_children; i++)
        if (any_below(&rsc->children[i], has))
            return true;
    return false;
}

static bool is_peculiar(const struct status_resource *rsc)
{
    return rsc->removed || !rsc->managed || rsc->failed;
}

/* The one node that an instance is on, or NULL. */
static const struct status_node *only_node(const struct printer *p, const struct status_resource *instance)
{
    for (int i = 0; instance->n_nodes == 1 && i < p->model->n_nodes; i++)
        if (strcmp(p->model->nodes[i].name, instance->nodes[0]) == 0)
            return &p->model->nodes[i];
    return NULL;
}

enum instance_shape { INSTANCE_LINE, INSTANCE_PROMOTED, INSTANCE_STARTED, INSTANCE_STOPPED };

/* Whether an instance needs a line of its own or is just a node in a list. */
static enum instance_shape instance_shape(const struct printer *p, const struct status_resource *clone,
                                          const struct status_resource *instance)
{
    if (p->flags & STATUS_SHOW_DETAIL)
        return INSTANCE_LINE;
    if (clone->unique)
        return instance->partly_active || !clone->removed ? INSTANCE_LINE : INSTANCE_STOPPED;
    if ((p->flags & STATUS_SHOW_PENDING) && instance->pending != NULL &&
        strcmp(instance->pending, "probe") != 0)
        return INSTANCE_LINE;
    if (!instance->partly_active)
        return INSTANCE_STOPPED;
    if (any_below(instance, is_peculiar) || !instance->active)
        return INSTANCE_LINE;
    const struct status_node *node = only_node(p, instance);
    if (node == NULL || (!node->online && node->unclean))
        return INSTANCE_LINE;
    return instance->role == STATUS_PROMOTED ? INSTANCE_PROMOTED : INSTANCE_STARTED;
}

static int by_name(const void *a, const void *b)
{
    return sc_natural_compare(*(const char *const *)a, *(const char *const *)b);
}

/* Prints "title: [ n1 n2 ]" for the instances of one shape; returns how many there are. */
static int print_list(struct printer *p, const struct status_resource *clone, enum instance_shape shape,
                      const char *title)
{
    const char **names = hf_calloc((size_t)clone->n_children + 1, sizeof(*names));
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    int n = 0;

    for (int i = 0; i < clone->n_children; i++)
        if (instance_shape(p, clone, &clone->children[i]) == shape)
            names[n++] = clone->children[i].nodes[0];
    qsort(names, (size_t)n, sizeof(*names), by_name);
    for (int i = 0; i < n; i++)
        hf_buf_printf(&text, " %s", names[i]);
    if (n > 0)
        linef(p, "%s: [%s ]", title, hf_buf_text(&text));
    free(names);
    return n;
}

static void print_clone(struct printer *p, const struct status_resource *rsc)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf words = {0}, title = {0};
    enum role target = sc_role_parse(rsc->target_role);
    int listed;

    if (rsc->promotable)
        add_word(&words, "promotable");
    if (rsc->unique)
        add_word(&words, "unique");
    add_state_words(&words, rsc);
    hf_buf_printf(&title, "Clone Set: %s [%s]", rsc->id, rsc->child);
    print_header(p, hf_buf_text(&title), &words);
    p->depth++;
    for (int i = 0; i < rsc->n_children; i++)
        if (instance_shape(p, rsc, &rsc->children[i]) == INSTANCE_LINE)
            print_resource(p, &rsc->children[i]);
    if (!(p->flags & STATUS_SHOW_DETAIL)) {
        listed = print_list(p, rsc, INSTANCE_PROMOTED, "Promoted");
        listed += print_list(p, rsc, INSTANCE_STARTED,
                             !rsc->promotable            ? "Started"
                             : target == ROLE_UNPROMOTED ? "Unpromoted (target-role)"
                                                         : "Unpromoted");
        for (int i = 0;
             (p->flags & STATUS_SHOW_INACTIVE) && rsc->instances_max > listed && i < rsc->n_stopped; i++)
            linef(p, "%s: [ %s ]", rsc->stopped[i].why, rsc->stopped[i].nodes);
    }
    p->depth--;
}

static void print_bundle(struct printer *p, const struct status_resource *rsc)
{
    linef(p, "Container bundle%s: %s [%s]%s%s:", rsc->n_children > 1 ? " set" : "", rsc->id, rsc->image,
          rsc->unique ? " (unique)" : "",
          rsc->maintenance ? " (maintenance)"
          : !rsc->managed  ? " (unmanaged)"
                           : "");
    p->depth++;
    for (int i = 0; i < rsc->n_children; i++) {
        const struct status_resource *replica = &rsc->children[i];
        if (!(p->flags & STATUS_SHOW_DETAIL)) {
            print_primitive(p, replica);
            continue;
        }
        if (rsc->n_children > 1)
            linef(p, "Replica[%d]", i);
        p->depth++;
        for (int part = 0; part < replica->n_children; part++)
            print_resource(p, &replica->children[part]);
        p->depth--;
    }
    p->depth--;
}

static void print_resource(struct printer *p, const struct status_resource *rsc)
{
    switch (rsc->kind) {
    case STATUS_PRIMITIVE:
    case STATUS_REPLICA:
        print_primitive(p, rsc);
        break;
    case STATUS_GROUP:
        print_group(p, rsc);
        break;
    case STATUS_CLONE:
        print_clone(p, rsc);
        break;
    case STATUS_BUNDLE:
        print_bundle(p, rsc);
        break;
    }
}

static void print_resources(struct printer *p)
{
    bool all = p->flags & STATUS_SHOW_INACTIVE;
    struct hf_buf *out = p->out, list = {0};

    p->out = &list;
    p->depth++;
    for (int i = 0; i < p->model->n_resources; i++) {
        const struct status_resource *rsc = &p->model->resources[i];
        if ((rsc->removed && !rsc->active) || (!all && !rsc->partly_active))
            continue;
        print_resource(p, rsc);
    }
    if (list.length == 0)
        line(p, all ? "No resources" : "No active resources");
    p->depth--;
    p->out = out;
    line(p, all ? "Full List of Resources:" : "Active Resources:");
    hf_buf_add(out, hf_buf_text(&list), list.length);
    hf_buf_free(&list);
}

/* --- failures --- */

/* Seconds as people and ctime() write them: "Thu Jun  1 08:20:47 2017". */
static void add_ctime(const struct printer *p, int64_t when, struct hf_buf *out)
{
    static const char days[][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct calendar c;

    sc_calendar(when, p->utc_offset, &c);
    hf_buf_printf(out, "%s %s %2d %02d:%02d:%02d %lld", days[c.weekday - 1], months[c.month - 1], c.day,
                  c.hour, c.minute, c.second, (long long)c.year);
}

static void print_technical(struct printer *p, const struct status_failure *failure)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    hf_buf_printf(&text, "%s on %s '%s' (%d): call=%d, status='%s'", failure->key, failure->node,
                  failure->rc_text, failure->rc, failure->call_id,
                  failure->status == 0 ? "Done" : failure->status_text);
    if (*failure->exit_reason != '\0')
        hf_buf_printf(&text, ", exitreason='%s'", failure->exit_reason);
    if (failure->last_change > 0) {
        hf_buf_puts(&text, ", last-rc-change='");
        add_ctime(p, failure->last_change, &text);
        hf_buf_putc(&text, '\'');
    }
    if (failure->timed)
        hf_buf_printf(&text, ", queued=%lldms, exec=%lldms", (long long)failure->queue_ms,
                      (long long)failure->exec_ms);
    line(p, hf_buf_text(&text));
}

static void print_failure(struct printer *p, const struct status_failure *failure)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    const char *operation = failure->operation;

    if (strcmp(operation, "monitor") == 0 && failure->interval_ms == 0)
        operation = "probe";
    hf_buf_printf(&text, "%s ", failure->resource);
    if (failure->interval_ms != 0)
        hf_buf_printf(&text, "%gs-interval ", (double)failure->interval_ms / 1000);
    hf_buf_printf(&text, "%s on %s ", operation, failure->node);
    if (failure->status == 0)
        hf_buf_printf(&text, "returned '%s'", failure->rc_text);
    else
        hf_buf_printf(&text, "could not be executed (%s", failure->status_text);
    if (*failure->exit_reason != '\0')
        hf_buf_printf(&text, failure->status == 0 ? " (%s)" : ": %s", failure->exit_reason);
    if (failure->status != 0)
        hf_buf_putc(&text, ')');
    if (failure->last_change > 0) {
        struct calendar c;
        sc_calendar(failure->last_change, 0, &c);
        hf_buf_printf(&text, " at %04lld-%02d-%02d %02d:%02d:%02dZ", (long long)c.year, c.month, c.day,
                      c.hour, c.minute, c.second);
    }
    if (failure->exec_ms > 0)
        hf_buf_printf(&text, " after %gs", (double)failure->exec_ms / 1000);
    line(p, hf_buf_text(&text));
}

static void print_failures(struct printer *p)
{
    if (p->model->n_failures == 0)
        return;
    hf_buf_putc(p->out, '\n');
    line(p, "Failed Resource Actions:");
    p->depth++;
    for (int i = 0; i < p->model->n_failures; i++) {
        if (p->flags & STATUS_SHOW_TECHNICAL)
            print_technical(p, &p->model->failures[i]);
        else
            print_failure(p, &p->model->failures[i]);
    }
    p->depth--;
}

/* --- what is remembered of nodes --- */

static void print_attribute(struct printer *p, const struct sched_attribute *attribute)
{
    int64_t value = 0;

    sc_long(attribute->value, &value);
    if (attribute->is_ping && value <= 0)
        linef(p, "%-32s\t: %-10s\t: Connectivity is lost", attribute->name, attribute->value);
    else if (attribute->is_ping && value < attribute->expected)
        linef(p, "%-32s\t: %-10s\t: Connectivity is degraded (Expected=%d)", attribute->name,
              attribute->value, attribute->expected);
    else
        linef(p, "%-32s\t: %-10s", attribute->name, attribute->value);
}

static void print_attributes(struct printer *p, struct sched_output *output)
{
    bool any = false;

    for (int i = 0; i < p->model->n_nodes; i++) {
        int n;
        const struct sched_attribute *at = sched_attributes(output, p->model->nodes[i].name, &n);
        if (n == 0)
            continue;
        if (!any) {
            hf_buf_putc(p->out, '\n');
            line(p, "Node Attributes:");
        }
        any = true;
        p->depth++;
        linef(p, "Node: %s:", p->model->nodes[i].name);
        p->depth++;
        for (int a = 0; a < n; a++)
            print_attribute(p, &at[a]);
        p->depth -= 2;
    }
}

static void print_failcount(struct printer *p, const struct sched_failcount *failcount)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    hf_buf_printf(&text, "%s: migration-threshold=%d fail-count=%d", failcount->resource,
                  failcount->threshold, failcount->count);
    if (failcount->last > 0) {
        hf_buf_puts(&text, " last-failure='");
        add_ctime(p, failcount->last, &text);
        hf_buf_putc(&text, '\'');
    }
    line(p, hf_buf_text(&text));
}

static void print_failcounts(struct printer *p, struct sched_output *output)
{
    bool online = false;

    for (int i = 0; i < p->model->n_nodes; i++)
        online = online || p->model->nodes[i].online;
    if (!online)
        return;
    hf_buf_putc(p->out, '\n');
    line(p, "Migration Summary:");
    p->depth++;
    for (int i = 0; i < p->model->n_nodes; i++) {
        int n;
        const struct sched_failcount *at = sched_failcounts(output, p->model->nodes[i].name, &n);
        if (n > 0)
            linef(p, "Node: %s:", p->model->nodes[i].name);
        p->depth++;
        for (int f = 0; f < n; f++)
            print_failcount(p, &at[f]);
        p->depth--;
    }
    p->depth--;
}

/* --- the whole --- */

void sched_print_status(const struct sched_output *output, unsigned flags, const char *prefix,
                        struct hf_buf *out)
{
    struct printer p = {&output->run.model, flags, prefix, out, 0, output->run.input->utc_offset};
    /* What is not in the model is looked up when it is asked for, and kept. */
    struct sched_output *lookup = (struct sched_output *)output;

    print_nodes(&p);
    hf_buf_putc(out, '\n');
    print_resources(&p);
    if (flags & STATUS_SHOW_ATTRIBUTES)
        print_attributes(&p, lookup);
    if (flags & STATUS_SHOW_FAILCOUNTS)
        print_failcounts(&p, lookup);
    if (flags & STATUS_SHOW_FAILED)
        print_failures(&p);
}
