/* upgrade.c - brings an old configuration into today's shape, on a copy.
 *
 * Most of what changed its name since schema 3.0 is understood where it is read.  Here are the changes of
 * shape, and the names of before 3.0, which mean nothing in a newer configuration (validate-with).
 *
 * Before 3.0: cluster options with underscores; cluster options that were defaults of resources and
 * operations; what an operation requires, and its options among its parameters.  Before 4.0: <master>; ping
 * nodes; agents of upstart and nagios, and rkt's containers, which nothing runs any more. */
#include "daemon/sched/model.h"

enum { BEFORE_3 = 1, BEFORE_4 = 2 };

/* A name that changed: to what, and in which section it stands now.  No new name: it means nothing any more.
 */
struct moved {
    const char *name, *section, *now;
};

static const struct moved moved_options[] = {
    {"cluster_recheck_interval", NULL, "cluster-recheck-interval"},
    {"no_quorum_policy", NULL, "no-quorum-policy"},
    {"startup_fencing", NULL, "startup-fencing"},
    {"stonith_action", NULL, "stonith-action"},
    {"stonith_enabled", NULL, "stonith-enabled"},
    {"stop_orphan_actions", NULL, "stop-orphan-actions"},
    {"stop_orphan_resources", NULL, "stop-orphan-resources"},
    {"symmetric_cluster", NULL, "symmetric-cluster"},
    {"transition_idle_timeout", NULL, "cluster-delay"},
    {"default-migration-threshold", NULL, NULL},
    {"default_migration_threshold", NULL, NULL},
    {"default-resource-stickiness", "rsc_defaults", "resource-stickiness"},
    {"default_resource_stickiness", "rsc_defaults", "resource-stickiness"},
    {"default-resource-failure-stickiness", "rsc_defaults", "migration-threshold"},
    {"default_resource_failure_stickiness", "rsc_defaults", "migration-threshold"},
    {"is-managed-default", "rsc_defaults", "is-managed"},
    {"is_managed_default", "rsc_defaults", "is-managed"},
    {"default-action-timeout", "op_defaults", "timeout"},
    {"default_action_timeout", "op_defaults", "timeout"},
};

static const struct moved moved_parameters[] = {
    {"pcmk_list_cmd", NULL, "pcmk_list_action"},     {"pcmk_monitor_cmd", NULL, "pcmk_monitor_action"},
    {"pcmk_off_cmd", NULL, "pcmk_off_action"},       {"pcmk_on_cmd", NULL, "pcmk_on_action"},
    {"pcmk_reboot_cmd", NULL, "pcmk_reboot_action"}, {"pcmk_status_cmd", NULL, "pcmk_status_action"},
};

/* Options of an operation that could stand among its parameters. */
static const char *const op_options[] = {
    "interval-origin", "start-delay", "enabled", "on-fail", "record-pending", "role", "timeout",
};

static const struct moved *find_moved(const struct moved *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (sc_eq(name, table[i].name))
            return &table[i];
    return NULL;
}

/* The value under the new name; NULL if it means nothing there.  A failure stickiness is a threshold only
 * where it forbade the node at once. */
static const char *value_now(const struct moved *moved, const char *value)
{
    if (sc_eq(moved->now, "migration-threshold"))
        return sc_eq(value, "-INFINITY") ? "1" : NULL;
    return value;
}

/* Whether a block without a rule has the pair already. */
static bool has_pair(const xmlNode *parent, const char *block, const char *name)
{
    HF_XML_EACH (set, parent, block) {
        if (hf_xml_child(set, "rule") != NULL)
            continue;
        HF_XML_EACH (pair, set, "nvpair")
            if (sc_eq(hf_xml_get(pair, "name"), name))
                return true;
    }
    return false;
}

/* Adds a pair to a block of its own, behind the others: what stands there by its own name wins. */
static void add_pair(xmlNode *parent, const char *block, const char *name, const char *value)
{
    HF_CLEANUP(hf_freep)
    char *id = hf_asprintf("%s-moved", hf_xml_get_or(parent, "id", (const char *)parent->name));
    xmlNode *set = hf_xml_child_by_id(parent, block, id);

    if (value == NULL || has_pair(parent, block, name))
        return;
    if (set == NULL) {
        set = hf_xml_add(parent, block);
        hf_xml_set(set, "id", id);
        hf_xml_set(set, "score", "-INFINITY");
    }
    sc_add_nvpair(set, name, value);
}

static bool is_resource(const xmlNode *element)
{
    return hf_xml_is(element, "primitive") || hf_xml_is(element, "group") || hf_xml_is(element, "clone") ||
           hf_xml_is(element, "master") || hf_xml_is(element, "bundle");
}

/* Renames the pairs of a block; those that belong elsewhere go to a section of configuration. */
static void move_pairs(xmlNode *configuration, xmlNode *set, const struct moved *table, size_t count)
{
    xmlNode *next = NULL;

    for (xmlNode *pair = hf_xml_child(set, "nvpair"); pair != NULL; pair = next) {
        const struct moved *moved = find_moved(table, count, hf_xml_get(pair, "name"));
        next = hf_xml_next(pair, "nvpair");
        if (moved == NULL)
            continue;
        const char *value = value_now(moved, hf_xml_get(pair, "value"));
        if (moved->section != NULL)
            add_pair(hf_xml_ensure(configuration, moved->section), "meta_attributes", moved->now, value);
        if (moved->section != NULL || moved->now == NULL || value == NULL) {
            hf_xml_remove(pair);
        } else {
            hf_xml_set(pair, "name", moved->now);
            if (value != hf_xml_get(pair, "value"))
                hf_xml_set(pair, "value", value);
        }
    }
}

/* --- before 3.0 --- */

/* What start or promotion required, the resource requires; what others did has no meaning. */
static void move_requires(xmlNode *resource, const xmlNode *op, const char *value)
{
    if (sc_eq(hf_xml_get(op, "name"), "start") || sc_eq(hf_xml_get(op, "name"), "promote"))
        add_pair(resource, "meta_attributes", "requires", value);
}

static bool is_op_option(const char *name)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(op_options); i++)
        if (sc_eq(name, op_options[i]))
            return true;
    return false;
}

static void move_op_pairs(xmlNode *resource, xmlNode *op, const char *block)
{
    HF_XML_EACH (set, op, block) {
        xmlNode *next = NULL;
        for (xmlNode *pair = hf_xml_child(set, "nvpair"); pair != NULL; pair = next) {
            const char *name = hf_xml_get(pair, "name"), *value = hf_xml_get(pair, "value");
            next = hf_xml_next(pair, "nvpair");
            if (sc_eq(name, "requires"))
                move_requires(resource, op, value);
            else if (sc_eq(block, "instance_attributes") && is_op_option(name))
                add_pair(op, "meta_attributes", name, value);
            else
                continue;
            hf_xml_remove(pair);
        }
    }
}

static void upgrade_operations(xmlNode *resource)
{
    HF_XML_EACH (op, hf_xml_child(resource, "operations"), "op") {
        move_requires(resource, op, hf_xml_get(op, "requires"));
        hf_xml_set(op, "requires", NULL);
        move_op_pairs(resource, op, "meta_attributes");
        move_op_pairs(resource, op, "instance_attributes");
    }
}

static void upgrade_to_3(xmlNode *configuration, xmlNode *parent)
{
    HF_XML_EACH_ANY (child, parent) {
        HF_XML_EACH (set, child, "instance_attributes")
            move_pairs(configuration, set, moved_parameters, HF_ARRAY_LENGTH(moved_parameters));
        upgrade_operations(child);
        if (is_resource(child) && !hf_xml_is(child, "primitive"))
            upgrade_to_3(configuration, child);
    }
}

static void move_options(xmlNode *configuration)
{
    HF_XML_EACH (set, hf_xml_child(configuration, "crm_config"), "cluster_property_set")
        move_pairs(configuration, set, moved_options, HF_ARRAY_LENGTH(moved_options));
}

/* --- before 4.0 --- */

static bool is_gone_class(const char *class)
{
    return sc_ieq(class, "upstart") || sc_ieq(class, "nagios");
}

/* Whether nothing runs such a resource any more: by its class, its template's, or that of all its members. */
static bool is_gone(const xmlNode *resources, const xmlNode *resource)
{
    bool any = false;

    if (hf_xml_is(resource, "bundle"))
        return hf_xml_child(resource, "rkt") != NULL;
    if (hf_xml_is(resource, "primitive") || hf_xml_is(resource, "template")) {
        const char *template = hf_xml_get(resource, "template");
        const xmlNode *source =
            template == NULL ? resource : hf_xml_child_by_id(resources, "template", template);
        return source != NULL && is_gone_class(hf_xml_get(source, "class"));
    }
    HF_XML_EACH_ANY (child, resource) {
        if (!hf_xml_is(child, "primitive") && !hf_xml_is(child, "group"))
            continue;
        if (!is_gone(resources, child))
            return false;
        any = true;
    }
    return any;
}

static void make_promotable(xmlNode *resource)
{
    xmlNode *set = hf_xml_add(resource, "meta_attributes");

    xmlNodeSetName(resource, (const xmlChar *)"clone");
    hf_xml_setf(set, "id", "%s-promotable", hf_xml_get_or(resource, "id", ""));
    hf_xml_set(set, "score", "INFINITY"); /* whatever else is said */
    sc_add_nvpair(set, "promotable", "true");
}

/* The first element outside of going that means that one by its id; NULL: there is none. */
static xmlNode *first_reference(xmlNode *below, const xmlNode *meant, const xmlNode *going)
{
    HF_XML_EACH_ANY (child, below) {
        if (child == going)
            continue;
        if (hf_xml_is(child, (const char *)meant->name) &&
            sc_eq(hf_xml_get(child, "id-ref"), hf_xml_get(meant, "id")))
            return child;
        xmlNode *found = first_reference(child, meant, going);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* What is defined in going and meant elsewhere is defined there from now on. */
static void keep_definitions(xmlNode *configuration, xmlNode *part, const xmlNode *going)
{
    xmlNode *reference = hf_xml_get(part, "id") == NULL ? NULL : first_reference(configuration, part, going);

    if (reference != NULL) {
        for (const xmlAttr *attr = part->properties; attr != NULL; attr = attr->next)
            if (sc_get(reference, (const char *)attr->name) == NULL)
                hf_xml_set(reference, (const char *)attr->name, sc_value(attr));
        hf_xml_set(reference, "id-ref", NULL);
        xmlAddChildList(reference, xmlDocCopyNodeList(part->doc, part->children));
        return;
    }
    HF_XML_EACH_ANY (child, part)
        keep_definitions(configuration, child, going);
}

static void drop(xmlNode *configuration, xmlNode *going)
{
    keep_definitions(configuration, going, going);
    hf_xml_remove(going);
}

/* References to what is gone go too, and so do the constraints of which nothing is left. */
static void drop_references(xmlNode *configuration, const char *id)
{
    static const char *const named[] = {"rsc", "with-rsc", "first", "then"};
    xmlNode *next = NULL;

    for (xmlNode *constraint = hf_xml_child(hf_xml_child(configuration, "constraints"), NULL);
         constraint != NULL; constraint = next) {
        bool empty = false, had_set = hf_xml_child(constraint, "resource_set") != NULL;
        next = hf_xml_next(constraint, NULL);
        for (size_t i = 0; i < HF_ARRAY_LENGTH(named); i++)
            empty |= sc_eq(hf_xml_get(constraint, named[i]), id);
        xmlNode *next_set = NULL;
        for (xmlNode *set = hf_xml_child(constraint, "resource_set"); set != NULL; set = next_set) {
            xmlNode *ref = hf_xml_child_by_id(set, "resource_ref", id);
            next_set = hf_xml_next(set, "resource_set");
            if (ref != NULL)
                hf_xml_remove(ref);
            if (ref != NULL && hf_xml_child(set, "resource_ref") == NULL)
                hf_xml_remove(set);
        }
        if (empty || (had_set && hf_xml_child(constraint, "resource_set") == NULL))
            drop(configuration, constraint);
    }
}

static void upgrade_to_4(xmlNode *configuration, xmlNode *parent)
{
    const xmlNode *resources = hf_xml_child(configuration, "resources");
    xmlNode *next = NULL;

    for (xmlNode *child = hf_xml_child(parent, NULL); child != NULL; child = next) {
        next = hf_xml_next(child, NULL);
        if (!is_resource(child))
            continue;
        bool gone = is_gone(resources, child);
        upgrade_to_4(configuration, child);
        if (gone) {
            drop_references(configuration, hf_xml_get_or(child, "id", ""));
            drop(configuration, child);
        } else if (hf_xml_is(child, "master")) {
            make_promotable(child);
        }
    }
}

/* A ping node is one on which nothing may run, and nothing need be looked for. */
static void upgrade_nodes(xmlNode *configuration)
{
    HF_XML_EACH (node, hf_xml_child(configuration, "nodes"), "node") {
        if (!sc_eq(hf_xml_get(node, "type"), "ping"))
            continue;
        xmlNode *ban = hf_xml_add(hf_xml_ensure(configuration, "constraints"), "rsc_location");
        hf_xml_set(node, "type", "member");
        hf_xml_setf(ban, "id", "ping-node-%s", hf_xml_get_or(node, "id", ""));
        hf_xml_set(ban, "rsc-pattern", ".*");
        hf_xml_set(ban, "node", hf_xml_get(node, "uname"));
        hf_xml_set(ban, "score", "-INFINITY");
        hf_xml_set(ban, "resource-discovery", "never");
    }
}

/* --- the whole --- */

static bool has_old_resource(const xmlNode *parent)
{
    HF_XML_EACH_ANY (child, parent) {
        if (hf_xml_is(child, "master") || hf_xml_child(child, "rkt") != NULL ||
            is_gone_class(hf_xml_get(child, "class")))
            return true;
        if (is_resource(child) && !hf_xml_is(child, "primitive") && has_old_resource(child))
            return true;
    }
    return false;
}

/* Which upgrades the configuration needs. */
static int is_old(const xmlNode *root)
{
    const xmlNode *configuration = hf_xml_child(root, "configuration");
    const char *schema = hf_xml_get_or(root, "validate-with", "");
    int old = 0;

    if (strncmp(schema, "pacemaker-1.", 12) == 0 || strncmp(schema, "pacemaker-2.", 12) == 0)
        old |= BEFORE_3;
    if (has_old_resource(hf_xml_child(configuration, "resources")))
        old |= BEFORE_4;
    HF_XML_EACH (node, hf_xml_child(configuration, "nodes"), "node")
        if (sc_eq(hf_xml_get(node, "type"), "ping"))
            old |= BEFORE_4;
    return old;
}

/* A copy of cib in today's shape, or NULL if it has that already. */
xmlDoc *sc_upgrade(const xmlDoc *cib)
{
    int old = is_old(xmlDocGetRootElement(cib));

    if (old == 0)
        return NULL;
    xmlDoc *copy = xmlCopyDoc((xmlDoc *)cib, 1);
    xmlNode *configuration = copy == NULL ? NULL : hf_xml_child(xmlDocGetRootElement(copy), "configuration");
    if (copy == NULL)
        abort(); /* out of memory */
    if (configuration == NULL)
        return copy;
    if (old & BEFORE_3) {
        move_options(configuration);
        upgrade_to_3(configuration, hf_xml_child(configuration, "resources"));
    }
    upgrade_to_4(configuration, hf_xml_child(configuration, "resources"));
    upgrade_nodes(configuration);
    return copy;
}
