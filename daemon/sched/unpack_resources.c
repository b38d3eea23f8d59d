/* unpack_resources.c - <resources>: primitives, groups, clones and templates (bundles: unpack_bundle.c).
 *
 * A meta attribute is looked for in this order: the element's own sets, its parents' sets, rsc_defaults,
 * and what its parent ended up with.  An instance of a clone is a resource of its own, named NAME:N. */
#include "daemon/sched/model.h"

#include <stdio.h>

/* --- names --- */

struct resource *sc_rsc_find(const struct run *run, const char *id)
{
    if (id == NULL)
        return NULL;
    struct resource *rsc = sc_names_get(&run->rsc_by_id, id);
    return rsc != NULL ? rsc : sc_names_get(&run->rsc_by_history, id);
}

/* A resource as a constraint names it: history names of instances mean their clone. */
struct resource *sc_constraint_rsc(const struct run *run, const char *id)
{
    struct resource *rsc = sc_rsc_find(run, id);
    if (rsc != NULL && !sc_eq(rsc->id, id))
        rsc = sc_top(rsc);
    return rsc;
}

void sc_history_id(struct run *run, struct resource *rsc, const char *id)
{
    rsc->history_id = id = sc_keep(run, id);
    if (id != NULL)
        sc_names_put(run, &run->rsc_by_history, id, rsc, false);
}

/* --- relatives --- */

/* The outermost resource above rsc, a bundle not counted. */
struct resource *sc_top(const struct resource *rsc)
{
    while (rsc->parent != NULL && rsc->parent->kind != KIND_BUNDLE)
        rsc = rsc->parent;
    return (struct resource *)rsc;
}

struct resource *sc_bundle_of(const struct resource *rsc)
{
    while (rsc != NULL && rsc->kind != KIND_BUNDLE)
        rsc = rsc->parent;
    return (struct resource *)rsc;
}

bool sc_is_bundled(const struct resource *rsc)
{
    return sc_bundle_of(rsc) != NULL;
}

bool sc_is_ancestor(const struct resource *ancestor, const struct resource *rsc)
{
    while (rsc != NULL && (rsc = rsc->parent) != NULL)
        if (rsc == ancestor)
            return true;
    return false;
}

bool sc_is_anonymous_clone(const struct resource *rsc)
{
    return rsc != NULL && rsc->kind == KIND_CLONE && !(rsc->flags & RSC_UNIQUE);
}

/* The name to show: instances of anonymous clones go by the configured name. */
const char *sc_printable_id(const struct resource *rsc)
{
    return (rsc->flags & RSC_UNIQUE) ? rsc->id : rsc->xml_id;
}

struct resource *sc_contained_guest(const struct run *run, const struct resource *rsc)
{
    if (!run->have_remote_nodes)
        return NULL;
    for (int i = 0; i < rsc->launched.n; i++)
        if (rsc->launched.at[i]->flags & RSC_REMOTE_CONNECTION)
            return rsc->launched.at[i];
    return NULL;
}

/* --- attributes --- */

static void collect_params(struct run *run, const struct resource *rsc, struct rule_input *rule,
                           struct attrs *into, bool *rules)
{
    for (; rsc != NULL; rsc = rsc->parent)
        *rules |= sc_read_sets(rsc->xml, "instance_attributes", NULL, rule, into);
}

/* The agent's parameters on node (NULL: nowhere in particular). They differ between nodes only if a rule
 * is involved. */
struct attrs *sc_params(struct run *run, struct resource *rsc, const struct node *node)
{
    if (rsc->params_checked && !rsc->params_have_rules)
        node = NULL;
    for (struct params_on_node *params = rsc->params; params != NULL; params = params->next)
        if (params->node == node)
            return &params->attrs;
    struct params_on_node *fresh = HF_ARENA_NEW(run->arena, struct params_on_node);
    struct rule_input rule = {.run = run, .node_attrs = node == NULL ? NULL : &node->attrs};
    bool rules = false;
    collect_params(run, rsc, &rule, &fresh->attrs, &rules);
    rsc->params_checked = true;
    rsc->params_have_rules = rules;
    fresh->node = rules ? (struct node *)node : NULL;
    fresh->next = rsc->params;
    rsc->params = fresh;
    return &fresh->attrs;
}

static void merge_absent(struct run *run, struct attrs *into, const struct attrs *from)
{
    for (int i = 0; i < from->n; i++)
        if (from->at[i].value != NULL && !sc_ieq(from->at[i].value, "#default"))
            sc_attr_default(run, into, from->at[i].name, from->at[i].value);
}

static void collect_meta(struct run *run, struct resource *rsc)
{
    struct rule_input rule = {
        .run = run, .class_ = rsc->class_, .provider = rsc->provider, .type = rsc->type};

    for (const xmlAttr *attr = rsc->xml->properties; attr != NULL; attr = attr->next)
        if (attr->children != NULL)
            sc_attr_default(run, &rsc->meta, (const char *)attr->name, (const char *)attr->children->content);
    sc_read_sets(rsc->xml, "meta_attributes", NULL, &rule, &rsc->meta);
    if (rsc->parent != NULL) {
        struct attrs above = {0};
        for (const struct resource *parent = rsc->parent; parent != NULL; parent = parent->parent)
            sc_read_sets(parent->xml, "meta_attributes", NULL, &rule, &above);
        merge_absent(run, &rsc->meta, &above);
    }
    sc_read_sets(run->rsc_defaults, "meta_attributes", NULL, &rule, &rsc->meta);
    if (rsc->parent != NULL)
        merge_absent(run, &rsc->meta, &rsc->parent->meta);
}

/* --- templates --- */

static const char *op_identity(struct run *run, const xmlNode *op)
{
    const char *role = hf_xml_get(op, "role");
    enum role parsed = sc_role_parse(role);
    if (role == NULL || parsed == ROLE_STARTED || parsed == ROLE_UNPROMOTED)
        role = "Unknown";
    return hf_arena_printf(run->arena, "%s-%s", hf_xml_get_or(op, "name", ""), role);
}

/* Operations of the template that the resource does not have itself. */
static void merge_operations(struct run *run, xmlNode *own, xmlNode *from_template)
{
    struct names have = {0};

    HF_XML_EACH_ANY (op, own)
        sc_names_put(run, &have, op_identity(run, op), op, false);
    HF_XML_EACH_ANY (op, from_template)
        if (sc_names_get(&have, op_identity(run, op)) == NULL)
            xmlAddChild(own, xmlDocCopyNode(op, own->doc, 1));
    hf_xml_remove(from_template);
}

/* The element with its template merged in: a copy, or xml itself if it has none. NULL: bad template. */
static xmlNode *apply_template(struct run *run, xmlNode *xml)
{
    const char *name = hf_xml_get(xml, "template"), *id = hf_xml_get(xml, "id");

    if (name == NULL)
        return xml;
    xmlNode *original = sc_names_get(&run->template_xml, name);
    if (original == NULL || sc_eq(name, id)) {
        sc_warn(run, "resource %s: there is no template %s; ignored", id, name);
        return NULL;
    }
    xmlNode *copy = xmlDocCopyNode(original, run->scratch, 1);
    xmlNodeSetName(copy, xml->name);
    hf_xml_set(copy, "id", id);
    xmlAddChild(xmlDocGetRootElement(run->scratch), copy);
    xmlNode *template_ops = hf_xml_child(copy, "operations"), *own_ops = NULL;
    HF_XML_EACH_ANY (child, xml) {
        xmlNode *added = xmlAddChild(copy, xmlDocCopyNode(child, run->scratch, 1));
        if (own_ops == NULL && hf_xml_is(added, "operations"))
            own_ops = added;
    }
    if (template_ops != NULL && own_ops != NULL)
        merge_operations(run, own_ops, template_ops);
    sc_idrefs_add(run, &run->templates, name, id);
    return copy;
}

/* --- one resource --- */

/* What must be there before the resource may be started: nothing, quorum, fencing, unfencing.  A lease comes
 * on top of what is asked for by default, and is the node's to get (daemon/node/leases.c). */
static void unpack_requires(struct run *run, struct resource *rsc)
{
    const char *value = sc_attr(&rsc->meta, "requires");
    bool device = rsc->flags & RSC_FENCE_DEVICE;

    if (value != NULL && !sc_ieq(value, "nothing") && !sc_ieq(value, "quorum") && !sc_ieq(value, "fencing") &&
        !sc_ieq(value, "unfencing") && !sc_ieq(value, "lease")) {
        sc_warn(run, "resource %s: requires=\"%s\" is none of nothing, quorum, fencing, unfencing, lease",
                rsc->id, value);
        value = NULL;
    }
    if (sc_ieq(value, "lease")) {
        rsc->flags &= ~(unsigned)RSC_MIGRATABLE; /* its lock cannot be on two nodes */
        value = NULL;
    }
    if (value == NULL) {
        if (device || (rsc->kind == KIND_PRIMITIVE && sc_xml_is_remote(rsc->xml)))
            value = "quorum";
        else if (run->enable_unfencing)
            value = "unfencing";
        else if (run->fencing_enabled)
            value = "fencing";
        else
            value = run->no_quorum_policy == QUORUM_IGNORE ? "nothing" : "quorum";
    }
    if (sc_ieq(value, "unfencing") && (device || !run->fencing_enabled))
        value = "quorum";
    if (sc_ieq(value, "quorum"))
        rsc->flags |= RSC_NEEDS_QUORUM;
    else if (sc_ieq(value, "fencing"))
        rsc->flags |= RSC_NEEDS_FENCING;
    else if (sc_ieq(value, "unfencing"))
        rsc->flags |= RSC_NEEDS_FENCING | RSC_NEEDS_UNFENCING;
}

/* target-role as a limit: Stopped, or Unpromoted for a promotable clone. */
bool sc_target_role(const struct resource *rsc, enum role *role)
{
    const char *value = sc_attr(&rsc->meta, "target-role");
    enum role wanted = sc_role_parse(value);

    if (wanted == ROLE_UNKNOWN || wanted == ROLE_STARTED)
        return false;
    if (wanted > ROLE_STARTED && (!(sc_top(rsc)->flags & RSC_PROMOTABLE) || wanted > ROLE_UNPROMOTED))
        return false;
    *role = wanted;
    return true;
}

bool sc_is_disabled(const struct resource *rsc)
{
    enum role role = sc_role_parse(sc_attr(&rsc->meta, "target-role"));
    return role == ROLE_STOPPED || (role == ROLE_UNPROMOTED && (sc_top(rsc)->flags & RSC_PROMOTABLE));
}

static void unpack_uniqueness(struct resource *rsc)
{
    const char *unique = sc_attr(&rsc->meta, "globally-unique");

    if (sc_top(rsc)->kind != KIND_CLONE) {
        rsc->flags |= RSC_UNIQUE;
        return;
    }
    if (unique != NULL ? sc_true(unique) : sc_int(sc_attr(&rsc->meta, "clone-node-max"), 1, 0) > 1)
        rsc->flags |= RSC_UNIQUE;
    if (sc_true(sc_attr(&rsc->meta, "promotable")))
        rsc->flags |= RSC_PROMOTABLE;
}

static void unpack_flags(struct run *run, struct resource *rsc, bool remote_node)
{
    const struct attrs *meta = &rsc->meta;
    const char *value = sc_attr(meta, "critical");

    rsc->flags |= RSC_UNASSIGNED;
    if (!run->maintenance_mode)
        rsc->flags |= RSC_MANAGED;
    if (value == NULL || sc_true(value))
        rsc->flags |= RSC_CRITICAL;
    if (sc_true(sc_attr(meta, "notify")))
        rsc->flags |= RSC_NOTIFY;
    value = sc_attr(meta, "allow-migrate");
    if (value != NULL ? sc_true(value) : remote_node)
        rsc->flags |= RSC_MIGRATABLE;
    value = sc_attr(meta, "is-managed");
    if (value != NULL && !sc_ieq(value, "default"))
        rsc->flags = sc_true(value) ? rsc->flags | RSC_MANAGED : rsc->flags & ~(unsigned)RSC_MANAGED;
    if (run->maintenance_mode || sc_true(sc_attr(meta, "maintenance"))) {
        rsc->flags &= ~(unsigned)RSC_MANAGED;
        rsc->flags |= RSC_MAINTENANCE;
    }
    unpack_uniqueness(rsc);
    if (sc_ieq(rsc->class_, "stonith")) {
        run->have_fencing = true;
        rsc->flags |= RSC_FENCE_DEVICE;
    }
}

static void unpack_numbers(struct run *run, struct resource *rsc, bool remote_node)
{
    const char *value = sc_attr(&rsc->meta, "multiple-active");

    rsc->priority = sc_score_or(run, sc_attr(&rsc->meta, "priority"), 0);
    rsc->multiply = sc_ieq(value, "stop_only")         ? MULTI_STOP
                    : sc_ieq(value, "block")           ? MULTI_BLOCK
                    : sc_ieq(value, "stop_unexpected") ? MULTI_UNEXPECTED
                                                       : MULTI_RESTART;
    rsc->stickiness = sc_score_or(run, sc_attr(&rsc->meta, "resource-stickiness"), 0);
    rsc->ban_after_failures = sc_score_or(run, sc_attr(&rsc->meta, "migration-threshold"), SC_INFINITY);
    if (rsc->ban_after_failures < 0)
        rsc->ban_after_failures = SC_INFINITY;
    rsc->failure_expiration_ms = sc_interval_or(sc_attr(&rsc->meta, "failure-timeout"), 0);
    if (remote_node) {
        value = sc_attr(sc_params(run, rsc, NULL), "reconnect_interval");
        if (value != NULL) {
            rsc->remote_reconnect_ms = sc_interval_or(value, 0);
            rsc->failure_expiration_ms = rsc->remote_reconnect_ms;
        }
    }
}

static bool unpack_group(struct run *run, struct resource *rsc, const char *clone)
{
    bool value;

    rsc->group_ordered = !hf_parse_bool(sc_attr(&rsc->meta, "ordered"), &value) || value;
    rsc->group_colocated = !hf_parse_bool(sc_attr(&rsc->meta, "collocated"), &value) || value;
    HF_XML_EACH (xml, rsc->xml, "primitive") {
        struct resource *member = sc_unpack_resource(run, xml, rsc, clone);
        if (member != NULL)
            SC_PUSH(run, &rsc->children, member);
    }
    if (rsc->children.n == 0)
        sc_warn(run, "group %s has no usable members; ignored", rsc->id);
    return rsc->children.n > 0;
}

void sc_flags_recursive(struct resource *rsc, unsigned set, unsigned clear)
{
    rsc->flags = (rsc->flags | set) & ~clear;
    for (int i = 0; i < rsc->children.n; i++)
        sc_flags_recursive(rsc->children.at[i], set, clear);
}

/* One more instance; beyond clone-max it is one that must go. */
struct resource *sc_clone_child(struct run *run, struct resource *clone)
{
    struct clone_data *data = clone->clone;
    bool removed = data->total >= data->max;
    struct resource *child = sc_unpack_resource(run, data->child_xml, clone, sc_decimal(run, data->total));

    if (child == NULL)
        return NULL;
    data->total++;
    SC_PUSH(run, &clone->children, child);
    if (removed)
        sc_flags_recursive(child, RSC_REMOVED, 0);
    sc_attr_set(run, &child->meta, "clone-max", sc_decimal(run, data->max));
    return child;
}

static const char *meta_alias(const struct resource *rsc, const char *name, const char *former)
{
    const char *value = sc_attr(&rsc->meta, name);
    return value != NULL ? value : sc_attr(&rsc->meta, former);
}

static bool unpack_clone(struct run *run, struct resource *rsc)
{
    struct clone_data *data = rsc->clone = HF_ARENA_NEW(run->arena, struct clone_data);
    int nodes = run->nodes.n > 1 ? run->nodes.n : 1;

    if (rsc->flags & RSC_PROMOTABLE) {
        data->promoted_max = sc_int(meta_alias(rsc, "promoted-max", "master-max"), 1, 0);
        data->promoted_node_max = sc_int(meta_alias(rsc, "promoted-node-max", "master-node-max"), 1, 0);
    }
    data->node_max = sc_int(sc_attr(&rsc->meta, "clone-node-max"), 1, 0);
    data->max = sc_int(sc_attr(&rsc->meta, "clone-max"), nodes, 0);
    data->ordered = sc_true(sc_attr(&rsc->meta, "ordered"));
    if (!(rsc->flags & RSC_UNIQUE) && data->node_max > 1)
        data->node_max = 1;
    HF_XML_EACH_ANY (child, rsc->xml) {
        if (hf_xml_is(child, "primitive") || hf_xml_is(child, "group")) {
            data->child_xml = child;
            break;
        }
    }
    if (data->child_xml == NULL) {
        sc_warn(run, "clone %s has neither a primitive nor a group; ignored", rsc->id);
        return false;
    }
    sc_attr_default(run, &rsc->meta, "resource-stickiness", "1");
    sc_attr_set(run, &rsc->meta, "globally-unique", (rsc->flags & RSC_UNIQUE) ? "true" : "false");
    for (int i = 0; i < (data->max > 0 ? data->max : 1); i++)
        if (sc_clone_child(run, rsc) == NULL)
            return false;
    return true;
}

static void make_anonymous(struct run *run, struct resource *rsc)
{
    rsc->flags &= ~(unsigned)RSC_UNIQUE;
    sc_attr_set(run, &rsc->meta, "globally-unique", "false");
    for (int i = 0; i < rsc->children.n; i++)
        make_anonymous(run, rsc->children.at[i]);
}

/* Only OCF agents can be promoted, and only OCF and fence agents can tell their instances apart. */
static bool unpack_primitive(struct run *run, struct resource *rsc)
{
    struct resource *top = sc_top(rsc);
    bool ocf = sc_ieq(rsc->class_, "ocf");

    if (!ocf && !(rsc->flags & RSC_FENCE_DEVICE) && (rsc->flags & RSC_UNIQUE) && top->kind == KIND_CLONE) {
        sc_warn(run, "%s: %s resources cannot be globally unique; taken as anonymous", rsc->id, rsc->class_);
        top->clone->node_max = 1;
        if (top->clone->max > run->nodes.n)
            top->clone->max = run->nodes.n;
        make_anonymous(run, top);
        make_anonymous(run, rsc);
    }
    if (!ocf && (top->flags & RSC_PROMOTABLE)) {
        sc_warn(run, "%s: %s resources cannot be promotable; ignored", rsc->id, rsc->class_);
        return false;
    }
    return true;
}

static bool unpack_kind(struct run *run, struct resource *rsc, const char *clone)
{
    switch (rsc->kind) {
    case KIND_PRIMITIVE:
        return unpack_primitive(run, rsc);
    case KIND_GROUP:
        return unpack_group(run, rsc, clone);
    case KIND_CLONE:
        return unpack_clone(run, rsc);
    case KIND_BUNDLE:
        return sc_unpack_bundle(run, rsc);
    }
    return false;
}

static bool kind_of(const xmlNode *xml, enum kind *kind)
{
    if (hf_xml_is(xml, "primitive"))
        *kind = KIND_PRIMITIVE;
    else if (hf_xml_is(xml, "group"))
        *kind = KIND_GROUP;
    else if (hf_xml_is(xml, "clone"))
        *kind = KIND_CLONE;
    else if (hf_xml_is(xml, "bundle"))
        *kind = KIND_BUNDLE;
    else
        return false;
    return true;
}

/* Reads one resource with all below it. clone: number of the instance, or NULL. NULL if it is unusable. */
struct resource *sc_unpack_resource(struct run *run, xmlNode *xml, struct resource *parent, const char *clone)
{
    const char *id = hf_xml_get(xml, "id");
    enum kind kind;

    hf_xml_fetch_ahead(xml);
    if (id == NULL || !kind_of(xml, &kind)) {
        sc_warn(run, "<%s> is no resource or has no id; ignored", (const char *)xml->name);
        return NULL;
    }
    if ((xml = apply_template(run, xml)) == NULL)
        return NULL;
    struct resource *rsc = HF_ARENA_NEW(run->arena, struct resource);
    rsc->index = run->n_resources++;
    rsc->kind = kind;
    rsc->xml = xml;
    rsc->xml_id = id = sc_keep(run, id);
    rsc->parent = parent;
    rsc->class_ = sc_keep(run, hf_xml_get(xml, "class"));
    rsc->provider = sc_keep(run, hf_xml_get(xml, "provider"));
    rsc->type = sc_keep(run, hf_xml_get(xml, "type"));
    rsc->ops = sc_deref(run, hf_xml_child(xml, "operations"));
    rsc->orig_role = ROLE_STOPPED;
    rsc->id = clone != NULL ? hf_arena_printf(run->arena, "%s:%s", id, clone) : id;
    if (clone != NULL)
        sc_attr_set(run, &rsc->meta, "clone", clone);
    collect_meta(run, rsc);

    bool remote = sc_xml_is_remote(xml), guest = remote && sc_attr(&rsc->meta, "container") != NULL;
    if (remote)
        rsc->flags |= RSC_REMOTE_CONNECTION;
    unpack_flags(run, rsc, remote && !guest);
    unpack_numbers(run, rsc, remote && !guest);
    unpack_requires(run, rsc);
    sc_target_role(rsc, &rsc->next_role);
    if (!unpack_kind(run, rsc, clone))
        return NULL;
    if (run->symmetric || guest)
        sc_score_all(run, rsc, 0, run->symmetric ? "symmetric_default" : "remote_connection_default");
    struct rule_input rule = {.run = run};
    sc_read_sets(xml, "utilization", NULL, &rule, &rsc->utilization);
    sc_names_put(run, &run->rsc_by_id, rsc->id, rsc, false);
    return rsc;
}

/* --- guest nodes --- */

static xmlNode *add_nvpair(xmlNode *set, const char *name, const char *value)
{
    xmlNode *pair = hf_xml_add(set, "nvpair");
    hf_xml_setf(pair, "id", "%s-%s", hf_xml_get_or(set, "id", "nvpair"), name);
    hf_xml_set(pair, "name", name);
    hf_xml_set(pair, "value", value);
    return pair;
}

static void add_op(xmlNode *ops, const char *prefix, const char *name, const char *interval,
                   const char *timeout)
{
    xmlNode *op = hf_xml_add(ops, "op");
    hf_xml_setf(op, "id", "%s-%s-%s", prefix, name, interval);
    hf_xml_set(op, "interval", interval);
    hf_xml_set(op, "name", name);
    hf_xml_set(op, "timeout", timeout);
}

/* The connection resource that a guest or bundle implies, as XML. */
xmlNode *sc_remote_xml(struct run *run, const char *name, const char *container, const char *migrate,
                       const char *managed, const char *start_timeout, const char *address, const char *port)
{
    xmlNode *remote = hf_xml_add(xmlDocGetRootElement(run->scratch), "primitive");
    hf_xml_set(remote, "id", name);
    hf_xml_set(remote, "class", "ocf");
    hf_xml_set(remote, "provider", "pacemaker");
    hf_xml_set(remote, "type", "remote");
    xmlNode *set = hf_xml_add(remote, "meta_attributes");
    hf_xml_setf(set, "id", "%s-meta_attributes", name);
    add_nvpair(set, "internal_rsc", "true");
    if (container != NULL)
        add_nvpair(set, "container", container);
    if (migrate != NULL)
        add_nvpair(set, "allow-migrate", migrate);
    if (managed != NULL)
        add_nvpair(set, "is-managed", managed);
    if (address != NULL || port != NULL) {
        set = hf_xml_add(remote, "instance_attributes");
        hf_xml_setf(set, "id", "%s-instance_attributes", name);
        if (address != NULL)
            add_nvpair(set, "addr", address);
        if (port != NULL)
            add_nvpair(set, "port", port);
    }
    xmlNode *ops = hf_xml_add(remote, "operations");
    add_op(ops, name, "monitor", "30s", "30s");
    if (start_timeout != NULL)
        add_op(ops, name, "start", "0", start_timeout);
    return remote;
}

void sc_add_nvpair(xmlNode *set, const char *name, const char *value)
{
    add_nvpair(set, name, value);
}

void sc_add_op(xmlNode *ops, const char *prefix, const char *name, const char *interval, const char *timeout)
{
    add_op(ops, prefix, name, interval, timeout);
}

static xmlNode *guest_of(struct run *run, const xmlNode *xml)
{
    const char *name = NULL, *address = NULL, *port = NULL, *timeout = "60s", *migrate = NULL,
               *managed = NULL;

    HF_XML_EACH (set, xml, "meta_attributes") {
        HF_XML_EACH (pair, set, "nvpair") {
            const char *key = hf_xml_get(pair, "name"), *value = hf_xml_get(pair, "value");
            if (sc_eq(key, "remote-node"))
                name = value;
            else if (sc_eq(key, "remote-addr"))
                address = value;
            else if (sc_eq(key, "remote-port"))
                port = value;
            else if (sc_eq(key, "remote-connect-timeout"))
                timeout = value;
            else if (sc_eq(key, "remote-allow-migrate"))
                migrate = value;
            else if (sc_eq(key, "is-managed"))
                managed = value;
        }
    }
    if (name == NULL)
        return NULL;
    return sc_remote_xml(run, name, hf_xml_get(xml, "id"), migrate, managed, timeout, address, port);
}

static void want_node(struct run *run, const char *name)
{
    if (name != NULL && sc_node_find(run, name) == NULL)
        sc_node_new(run, name, name, true, 0);
}

/* Makes the remote nodes known before any resource is read; returns the connections of guests. */
static void unpack_remote_nodes(struct run *run, const xmlNode *resources, struct sc_xml_list *guests)
{
    HF_XML_EACH_ANY (xml, resources) {
        if (sc_xml_is_remote(xml)) {
            want_node(run, hf_xml_get(xml, "id"));
        } else if (hf_xml_is(xml, "primitive")) {
            xmlNode *guest = guest_of(run, xml);
            if (guest != NULL) {
                SC_PUSH(run, guests, guest);
                want_node(run, hf_xml_get(guest, "id"));
            }
        } else if (hf_xml_is(xml, "group")) {
            HF_XML_EACH (member, xml, "primitive") {
                xmlNode *guest = guest_of(run, member);
                if (guest != NULL) {
                    SC_PUSH(run, guests, guest);
                    want_node(run, hf_xml_get(guest, "id"));
                }
            }
        }
    }
}

static void unpack_launcher(struct run *run, struct resource *rsc)
{
    for (int i = 0; i < rsc->children.n; i++)
        unpack_launcher(run, rsc->children.at[i]);
    if (rsc->children.n > 0)
        return;
    const char *id = sc_attr(&rsc->meta, "container");
    if (id == NULL || sc_eq(id, rsc->id))
        return;
    struct resource *launcher = sc_rsc_find(run, id);
    if (launcher == NULL) {
        sc_warn(run, "resource %s: there is no container %s", rsc->id, id);
        return;
    }
    rsc->launcher = launcher;
    SC_PUSH(run, &launcher->launched, rsc);
}

void sc_link_remote(struct run *run, struct resource *rsc)
{
    if (!(rsc->flags & RSC_REMOTE_CONNECTION))
        return;
    struct node *node = sc_node_find(run, rsc->id);
    if (node == NULL)
        return;
    node->connection = rsc;
    if (rsc->launcher == NULL)
        sc_startup_fencing(run, node);
    else
        sc_attr_set(run, &node->attrs, "#kind", "container");
}

/* Stable, highest priority first. */
static void sort_by_priority(struct resources *list)
{
    bool sorted = true;
    for (int i = 1; i < list->n; i++)
        sorted = sorted && list->at[i - 1]->priority >= list->at[i]->priority;
    if (!sorted)
        sc_sort(list->at, list->n, sc_compare_priority, NULL);
}

int sc_compare_priority(const void *a, const void *b, void *context)
{
    const struct resource *x = a, *y = b;
    (void)context;
    return x->priority > y->priority ? -1 : x->priority < y->priority;
}

void sc_unpack_resources(struct run *run)
{
    const xmlNode *resources = hf_xml_child(run->config, "resources");
    struct sc_xml_list guests = {0};

    HF_XML_EACH (xml, resources, "template")
        if (hf_xml_get(xml, "id") != NULL)
            sc_names_put(run, &run->template_xml, hf_xml_get(xml, "id"), xml, false);
    unpack_remote_nodes(run, resources, &guests);
    HF_XML_EACH_ANY (xml, resources) {
        struct resource *rsc = hf_xml_is(xml, "template") ? NULL : sc_unpack_resource(run, xml, NULL, NULL);
        if (rsc != NULL)
            SC_PUSH(run, &run->resources, rsc);
    }
    for (int i = 0; i < guests.n; i++) {
        const char *id = hf_xml_get(guests.at[i], "id");
        struct resource *rsc = sc_names_get(&run->rsc_by_id, id) == NULL
                                   ? sc_unpack_resource(run, guests.at[i], NULL, NULL)
                                   : NULL;
        if (rsc != NULL)
            SC_PUSH(run, &run->resources, rsc);
    }
    for (int i = 0; i < run->resources.n; i++) {
        unpack_launcher(run, run->resources.at[i]);
        sc_link_remote(run, run->resources.at[i]);
    }
    sort_by_priority(&run->resources);
    if (run->fencing_enabled && !run->have_fencing)
        sc_warn(run, "fencing is enabled but no fence device is configured: resources stay as they are");
}
