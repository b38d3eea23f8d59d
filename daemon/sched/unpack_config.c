/* unpack_config.c - cluster options (crm_config), tags and tickets' state.
 *
 * An option may be written by its present or any of its former names; the first value found wins in that
 * order, so that a document of any age means the same. */
#include "daemon/sched/model.h"

/* Present name, former names (present first), default. */
static const struct option {
    const char *name;
    const char *former[3];
    const char *missing;
} options[] = {
    {"no-quorum-policy", {NULL}, "stop"},
    {"symmetric-cluster", {NULL}, "true"},
    {"maintenance-mode", {NULL}, "false"},
    {"start-failure-is-fatal", {NULL}, "true"},
    {"enable-startup-probes", {NULL}, "true"},
    {"fencing-enabled", {"stonith-enabled"}, "true"},
    {"fencing-action", {"stonith-action"}, "reboot"},
    {"fencing-timeout", {"stonith-timeout"}, "60s"},
    {"have-watchdog", {NULL}, "false"},
    {"concurrent-fencing", {NULL}, "true"},
    {"startup-fencing", {NULL}, "true"},
    {"priority-fencing-delay", {NULL}, "0"},
    {"node-pending-timeout", {NULL}, "0"},
    {"fence-remote-without-quorum", {NULL}, "false"},
    {"cluster-delay", {NULL}, "60s"},
    {"batch-limit", {NULL}, "0"},
    {"migration-limit", {NULL}, "-1"},
    {"stop-all-resources", {NULL}, "false"},
    {"stop-removed-resources", {"stop-orphan-resources"}, "true"},
    {"cancel-removed-actions", {"stop-orphan-actions"}, "true"},
    {"shutdown-lock", {NULL}, "false"},
    {"shutdown-lock-limit", {NULL}, "0"},
    {"node-health-strategy", {NULL}, "none"},
    {"node-health-base", {NULL}, "0"},
    {"node-health-green", {NULL}, "0"},
    {"node-health-yellow", {NULL}, "0"},
    {"node-health-red", {NULL}, "-INFINITY"},
    {"placement-strategy", {NULL}, "default"},
};

const char *sc_option(const struct run *run, const char *name)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(options); i++) {
        const struct option *option = &options[i];
        if (strcmp(option->name, name) != 0)
            continue;
        const char *value = sc_attr(&run->options, name);
        for (size_t f = 0; value == NULL && f < HF_ARRAY_LENGTH(option->former) && option->former[f]; f++)
            value = sc_attr(&run->options, option->former[f]);
        return value != NULL ? value : option->missing;
    }
    return sc_attr(&run->options, name);
}

static bool option_true(struct run *run, const char *name)
{
    bool value;

    if (hf_parse_bool(sc_option(run, name), &value))
        return value;
    sc_warn(run, "cluster option %s: \"%s\" is not a boolean; using its default", name, sc_option(run, name));
    for (size_t i = 0; i < HF_ARRAY_LENGTH(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return sc_true(options[i].missing);
    return false;
}

static int64_t option_ms(struct run *run, const char *name)
{
    int64_t ms;

    if (sc_interval(sc_option(run, name), &ms))
        return ms;
    sc_warn(run, "cluster option %s: \"%s\" is not a duration; using its default", name,
            sc_option(run, name));
    for (size_t i = 0; i < HF_ARRAY_LENGTH(options); i++)
        if (strcmp(options[i].name, name) == 0)
            return sc_interval_or(options[i].missing, 0);
    return 0;
}

/* What a partition without quorum does. "fence" needs fencing, and that this partition was quorate once. */
static enum quorum_policy quorum_policy(const struct run *run)
{
    const char *value = sc_option(run, "no-quorum-policy");

    if (sc_ieq(value, "ignore"))
        return QUORUM_IGNORE;
    if (sc_ieq(value, "freeze"))
        return QUORUM_FREEZE;
    if (sc_ieq(value, "demote"))
        return QUORUM_DEMOTE;
    if ((sc_ieq(value, "fence") || sc_ieq(value, "suicide")) && run->fencing_enabled &&
        (run->quorate || sc_int(hf_xml_get(run->cib, "no-quorum-panic"), 0, 0) > 0))
        return QUORUM_FENCE;
    return QUORUM_STOP;
}

/* Unfencing takes part if any resource or the defaults say requires or provides = unfencing. */
static bool mentions_unfencing(const xmlNode *element)
{
    HF_XML_EACH_ANY (child, element) {
        if (hf_xml_is(child, "meta_attributes")) {
            HF_XML_EACH (pair, child, "nvpair") {
                const char *name = hf_xml_get(pair, "name");
                if ((sc_eq(name, "provides") || sc_eq(name, "requires")) &&
                    sc_eq(hf_xml_get(pair, "value"), "unfencing"))
                    return true;
            }
        } else if (!hf_xml_is(child, "operations") && !hf_xml_is(child, "instance_attributes") &&
                   mentions_unfencing(child)) {
            return true;
        }
    }
    return false;
}

static void unpack_placement(struct run *run)
{
    run->placement_strategy = sc_option(run, "placement-strategy");
    run->placement_default = sc_ieq(run->placement_strategy, "default");
    run->placement_balanced = sc_ieq(run->placement_strategy, "balanced");
    run->placement_minimal = sc_ieq(run->placement_strategy, "minimal");
    if (!run->placement_default && !run->placement_balanced && !run->placement_minimal &&
        !sc_ieq(run->placement_strategy, "utilization")) {
        sc_warn(run, "placement-strategy: \"%s\" is none of default, utilization, minimal, balanced",
                run->placement_strategy);
        run->placement_default = true;
    }
}

void sc_unpack_config(struct run *run)
{
    struct rule_input rule = {.run = run};

    run->quorate = sc_true(hf_xml_get(run->cib, "have-quorum"));
    sc_read_sets(run->crm_config, "cluster_property_set", "cib-bootstrap-options", &rule, &run->options);
    run->probe_resources = option_true(run, "enable-startup-probes");
    run->have_fencing = option_true(run, "have-watchdog");
    run->enable_unfencing =
        mentions_unfencing(hf_xml_child(run->config, "resources")) || mentions_unfencing(run->rsc_defaults);
    run->fencing_timeout_ms = option_ms(run, "fencing-timeout");
    run->fencing_enabled = option_true(run, "fencing-enabled");
    run->fence_action = sc_option(run, "fencing-action");
    if (sc_eq(run->fence_action, "poweroff"))
        run->fence_action = "off";
    run->concurrent_fencing = option_true(run, "concurrent-fencing");
    run->priority_fencing_ms = option_ms(run, "priority-fencing-delay");
    run->stop_all = option_true(run, "stop-all-resources");
    run->symmetric = option_true(run, "symmetric-cluster");
    run->no_quorum_policy = quorum_policy(run);
    run->stop_removed = option_true(run, "stop-removed-resources");
    run->cancel_removed = option_true(run, "cancel-removed-actions");
    run->maintenance_mode = option_true(run, "maintenance-mode");
    run->start_failure_fatal = option_true(run, "start-failure-is-fatal");
    run->startup_fencing = run->fencing_enabled && option_true(run, "startup-fencing");
    sc_unpack_health(run);
    unpack_placement(run);
    run->shutdown_lock = option_true(run, "shutdown-lock");
    if (run->shutdown_lock)
        run->shutdown_lock_ms = option_ms(run, "shutdown-lock-limit");
    run->node_pending_ms = option_ms(run, "node-pending-timeout");
    run->fence_remote_no_quorum = option_true(run, "fence-remote-without-quorum");
}

struct idrefs *sc_idrefs_find(struct idrefs *list, const char *id)
{
    for (; list != NULL; list = list->next)
        if (sc_eq(list->id, id))
            return list;
    return NULL;
}

void sc_idrefs_add(struct run *run, struct idrefs **list, const char *id, const char *referrer)
{
    struct idrefs *refs = sc_idrefs_find(*list, id);

    if (refs == NULL) {
        refs = HF_ARENA_NEW(run->arena, struct idrefs);
        refs->id = id;
        refs->next = *list;
        *list = refs;
    }
    for (int i = 0; i < refs->refs.n; i++)
        if (sc_eq(refs->refs.at[i], referrer))
            return;
    SC_PUSH(run, &refs->refs, referrer);
}

void sc_unpack_tags(struct run *run)
{
    HF_XML_EACH (tag, hf_xml_child(run->config, "tags"), "tag") {
        HF_XML_EACH (ref, tag, "obj_ref") {
            const char *id = hf_xml_get(tag, "id"), *object = hf_xml_get(ref, "id");
            if (id != NULL && object != NULL)
                sc_idrefs_add(run, &run->tags, id, object);
        }
    }
}

struct ticket *sc_ticket(struct run *run, const char *id, bool create)
{
    struct ticket *ticket = sc_names_get(&run->tickets, id);

    if (ticket == NULL && create && *id != '\0') {
        ticket = HF_ARENA_NEW(run->arena, struct ticket);
        ticket->id = id = sc_keep(run, id);
        ticket->last_granted = -1;
        sc_names_put(run, &run->tickets, id, ticket, false);
        SC_PUSH(run, &run->ticket_list, ticket);
    }
    return ticket;
}

static void unpack_ticket_state(struct run *run, const xmlNode *state)
{
    const char *id = hf_xml_get(state, "id");
    struct ticket *ticket = id == NULL ? NULL : sc_ticket(run, id, true);

    if (ticket == NULL)
        return;
    for (const xmlAttr *attr = state->properties; attr != NULL; attr = attr->next) {
        const char *name = (const char *)attr->name;
        if (strcmp(name, "id") != 0)
            sc_attr_set(run, &ticket->state, name, hf_xml_get(state, name));
    }
    ticket->granted = sc_true(hf_xml_get(state, "granted"));
    ticket->standby = sc_true(hf_xml_get(state, "standby"));
    ticket->last_granted = sc_xml_long(state, "last-granted", ticket->last_granted);
}

void sc_unpack_tickets(struct run *run)
{
    HF_XML_EACH (state, hf_xml_child(run->status, "tickets"), "ticket_state")
        unpack_ticket_state(run, state);
}
