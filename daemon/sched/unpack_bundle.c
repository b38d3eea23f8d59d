/* unpack_bundle.c - <bundle>: what it implies as ordinary resources.
 *
 * Each replica has a container (docker or podman), an address if the bundle has a range of them, and, if
 * there is a primitive inside, a connection that makes the container a node, and that node's instance of
 * the primitive. */
#include "daemon/sched/model.h"

#include <ctype.h>
#include <stdio.h>

#define BUNDLE_KEY "/etc/pacemaker/authkey"
#define BUNDLE_LOGS "/var/log/pacemaker/bundles"
#define REMOTED "/usr/sbin/pacemaker-remoted"
#define REMOTE_PORT "3121"

struct bundle_data *sc_bundle_data(const struct resource *rsc)
{
    return sc_bundle_of(rsc)->bundle;
}

/* What runs inside a replica's container, or NULL. */
struct resource *sc_in_container(const struct resource *container)
{
    const struct resource *bundle = sc_bundle_of(container);
    for (int i = 0; bundle != NULL && i < bundle->bundle->replicas.n; i++)
        if (bundle->bundle->replicas.at[i]->container == container)
            return bundle->bundle->replicas.at[i]->child;
    return NULL;
}

struct replica *sc_replica_of_remote(const struct resource *remote)
{
    const struct resource *bundle = sc_bundle_of(remote);
    for (int i = 0; bundle != NULL && i < bundle->bundle->replicas.n; i++)
        if (bundle->bundle->replicas.at[i]->remote == remote)
            return bundle->bundle->replicas.at[i];
    return NULL;
}

/* A connection whose address is the host that the container ends up on. */
bool sc_needs_remote_name(struct run *run, struct resource *rsc)
{
    return rsc != NULL && (rsc->flags & RSC_REMOTE_CONNECTION) &&
           sc_ieq(sc_attr(sc_params(run, rsc, NULL), "addr"), "#uname");
}

const char *sc_remote_name(struct run *run, struct resource *rsc)
{
    const struct replica *replica = sc_needs_remote_name(run, rsc) ? sc_replica_of_remote(rsc) : NULL;
    if (replica == NULL)
        return NULL;
    const struct node *node = replica->container->assigned;
    if (node == NULL)
        node = sc_current(replica->container);
    return node == NULL ? NULL : node->name;
}

/* An id may hold letters, digits, '-', '_' and '.'. */
static const char *clean_id(struct run *run, const char *id)
{
    char *clean = hf_arena_strdup(run->arena, id);
    for (char *c = clean; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_' && *c != '.')
            *c = '.';
    return clean;
}

static const char *next_ip(struct run *run, const char *last)
{
    unsigned a, b, c, d;
    if (last == NULL || sscanf(last, "%u.%u.%u.%u", &a, &b, &c, &d) != 4 || c > 253)
        return NULL;
    if (d > 253) {
        c++;
        d = 1;
    } else {
        d++;
    }
    return hf_arena_printf(run->arena, "%u.%u.%u.%u", a, b, c, d);
}

static void allocate_ip(struct run *run, struct bundle_data *data, const char *prefix,
                        struct replica *replica, struct hf_buf *options)
{
    if (data->ip_start == NULL)
        return;
    replica->ip_address = data->ip_last == NULL ? data->ip_start : next_ip(run, data->ip_last);
    data->ip_last = replica->ip_address;
    if (data->add_host)
        hf_buf_printf(options, " --add-host=%s-%d:%s", prefix, replica->offset, replica->ip_address);
    else
        hf_buf_printf(options, " --hosts-entry=%s=%s-%d", replica->ip_address, prefix, replica->offset);
}

static xmlNode *new_primitive(struct run *run, const char *id, const char *type)
{
    xmlNode *xml = hf_xml_add(xmlDocGetRootElement(run->scratch), "primitive");
    hf_xml_set(xml, "id", id);
    hf_xml_set(xml, "class", "ocf");
    hf_xml_set(xml, "provider", "heartbeat");
    hf_xml_set(xml, "type", type);
    return xml;
}

static bool create_ip(struct run *run, struct resource *bundle, struct replica *replica)
{
    struct bundle_data *data = bundle->bundle;

    if (data->ip_start == NULL)
        return true;
    const char *id = clean_id(run, hf_arena_printf(run->arena, "%s-ip-%s", bundle->id, replica->ip_address));
    xmlNode *xml = new_primitive(run, id, "IPaddr2");
    xmlNode *set = hf_xml_add(xml, "instance_attributes");
    hf_xml_setf(set, "id", "%s-attributes-%d", bundle->id, replica->offset);
    sc_add_nvpair(set, "ip", replica->ip_address);
    if (data->interface != NULL)
        sc_add_nvpair(set, "nic", data->interface);
    sc_add_nvpair(set, "cidr_netmask", data->netmask != NULL ? data->netmask : "32");
    sc_add_op(hf_xml_add(xml, "operations"), id, "monitor", "60s", NULL);
    replica->ip = sc_unpack_resource(run, xml, bundle, NULL);
    if (replica->ip != NULL)
        SC_PUSH(run, &bundle->children, replica->ip);
    return replica->ip != NULL;
}

static void container_options(const struct resource *bundle, const struct replica *replica,
                              struct hf_buf *out, struct hf_buf *directories)
{
    const struct bundle_data *data = bundle->bundle;

    if (sc_eq(data->agent, "docker"))
        hf_buf_puts(out, " --restart=no");
    if (data->ip_start != NULL)
        hf_buf_printf(out, " -h %s-%d", bundle->id, replica->offset);
    hf_buf_puts(out, " -e PCMK_stderr=1");
    if (data->network != NULL)
        hf_buf_printf(out, " --net=%s", data->network);
    hf_buf_printf(out, " -e PCMK_remote_port=%s",
                  data->control_port != NULL ? data->control_port : REMOTE_PORT);
    for (int i = 0; i < data->mounts.n; i++) {
        const struct bundle_mount *mount = &data->mounts.at[i];
        hf_buf_printf(out, " -v %s", mount->source);
        if (mount->subdir) {
            hf_buf_printf(out, "/%s-%d", bundle->id, replica->offset);
            hf_buf_printf(directories, "%s%s/%s-%d", directories->length > 0 ? "," : "", mount->source,
                          bundle->id, replica->offset);
        }
        hf_buf_printf(out, ":%s", mount->target);
        if (mount->options != NULL)
            hf_buf_printf(out, ":%s", mount->options);
    }
    for (int i = 0; i < data->ports.n; i++) {
        const struct bundle_port *port = &data->ports.at[i];
        if (replica->ip_address != NULL)
            hf_buf_printf(out, " -p %s:%s:%s", replica->ip_address, port->source, port->target);
        else if (!sc_eq(data->network, "host"))
            hf_buf_printf(out, " -p %s:%s", port->source, port->target);
    }
    if (data->launcher_options != NULL)
        hf_buf_printf(out, " %s", data->launcher_options);
    if (data->host_options != NULL)
        hf_buf_printf(out, " %s", data->host_options);
}

static bool create_container(struct run *run, struct resource *bundle, struct replica *replica)
{
    struct bundle_data *data = bundle->bundle;
    HF_CLEANUP(hf_buf_free) struct hf_buf options = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf directories = {0};
    const char *id =
        clean_id(run, hf_arena_printf(run->arena, "%s-%s-%d", bundle->id, data->agent, replica->offset));
    xmlNode *xml = new_primitive(run, id, data->agent);
    xmlNode *set = hf_xml_add(xml, "instance_attributes");

    hf_xml_setf(set, "id", "%s-attributes-%d", bundle->id, replica->offset);
    sc_add_nvpair(set, "image", data->image);
    sc_add_nvpair(set, "allow_pull", "true");
    sc_add_nvpair(set, "force_kill", "false");
    sc_add_nvpair(set, "reuse", "false");
    container_options(bundle, replica, &options, &directories);
    sc_add_nvpair(set, "run_opts", hf_buf_text(&options));
    sc_add_nvpair(set, "mount_points", hf_buf_text(&directories));
    if (data->run_command != NULL)
        sc_add_nvpair(set, "run_cmd", data->run_command);
    else if (replica->child != NULL)
        sc_add_nvpair(set, "run_cmd", REMOTED);
    sc_add_nvpair(set, "monitor_cmd", "/bin/true");
    sc_add_op(hf_xml_add(xml, "operations"), id, "monitor", "60s", NULL);
    replica->container = sc_unpack_resource(run, xml, bundle, NULL);
    if (replica->container == NULL)
        return false;
    SC_PUSH(run, &bundle->bundle->containers, replica->container);
    replica->container->flags |= RSC_REPLICA_CONTAINER;
    SC_PUSH(run, &bundle->children, replica->container);
    return true;
}

static bool valid_network(struct bundle_data *data)
{
    if (data->ip_start != NULL)
        return true;
    if (data->control_port == NULL)
        return false;
    data->per_host = 1; /* several on a host would want the same port */
    return true;
}

static void disallow_node(struct resource *rsc, const struct node *node)
{
    struct placement *placement = sc_placement(&rsc->allowed, node);
    if (placement != NULL) {
        placement->score = -SC_INFINITY;
        placement->probe = PROBE_NEVER;
    }
    for (int i = 0; i < rsc->children.n; i++)
        disallow_node(rsc->children.at[i], node);
}

static struct node *replica_node(struct run *run, const char *name)
{
    struct node *node = sc_node_find(run, name);

    if (node == NULL)
        node = sc_node_new(run, name, name, true, -SC_INFINITY);
    else
        node->base.score = -SC_INFINITY;
    node->base.probe = PROBE_NEVER;
    for (int i = 0; i < run->resources.n; i++)
        disallow_node(run->resources.at[i], node);
    return node;
}

static bool create_remote(struct run *run, struct resource *bundle, struct replica *replica)
{
    struct bundle_data *data = bundle->bundle;

    if (replica->child == NULL || !valid_network(data))
        return true;
    const char *id = hf_arena_printf(run->arena, "%s-%d", bundle->id, replica->offset);
    if (sc_rsc_find(run, id) != NULL)
        id = hf_arena_printf(run->arena, "pcmk-internal-%s-remote-%d", replica->child->id, replica->offset);
    xmlNode *xml = sc_remote_xml(run, id, replica->container->id, NULL, NULL, NULL,
                                 replica->ip_address != NULL ? replica->ip_address : "#uname",
                                 data->control_port != NULL ? data->control_port : REMOTE_PORT);
    struct node *node = replica->node = replica_node(run, id);
    struct resource *child = replica->child;
    struct placement there = {.score = 500, .probe = PROBE_EXCLUSIVE, .present = true};
    child->allowed = (struct table){0};
    sc_table_add(run, &child->allowed, node, &there);
    there.score = -SC_INFINITY;
    struct placement *above = sc_placement(&child->parent->allowed, node);
    if (above != NULL)
        *above = there;
    else
        sc_table_add(run, &child->parent->allowed, node, &there);
    replica->remote = sc_unpack_resource(run, xml, bundle, NULL);
    if (replica->remote == NULL)
        return false;
    for (int i = 0; i < replica->remote->allowed.n; i++)
        if (replica->remote->allowed.at[i].present && run->nodes.at[i]->remote)
            replica->remote->allowed.at[i].score = -SC_INFINITY;
    node->connection = replica->remote;
    replica->remote->launcher = replica->container;
    sc_attr_set(run, &node->attrs, "#kind", "container");
    SC_PUSH(run, &bundle->children, replica->remote);
    return true;
}

static bool create_replica(struct run *run, struct resource *bundle, struct replica *replica)
{
    if (!create_container(run, bundle, replica) || !create_ip(run, bundle, replica) ||
        !create_remote(run, bundle, replica))
        return false;
    if (replica->child != NULL && replica->ip_address != NULL)
        sc_attr_set(run, &replica->child->meta, "external-ip", replica->ip_address);
    if (replica->remote != NULL)
        replica->remote->flags |= RSC_NESTING_ALLOWED;
    if (replica->child != NULL) { /* the container is what takes up room */
        replica->container->utilization = replica->child->utilization;
        replica->child->utilization = (struct attrs){0};
    }
    return true;
}

static void unpack_network(struct run *run, struct bundle_data *data, const xmlNode *xml)
{
    data->ip_start = sc_keep(run, hf_xml_get(xml, "ip-range-start"));
    data->netmask = sc_keep(run, hf_xml_get(xml, "host-netmask"));
    data->interface = sc_keep(run, hf_xml_get(xml, "host-interface"));
    data->control_port = sc_keep(run, hf_xml_get(xml, "control-port"));
    if (!hf_parse_bool(hf_xml_get(xml, "add-host"), &data->add_host))
        data->add_host = true;
    HF_XML_EACH (mapping, xml, "port-mapping") {
        struct bundle_port port = {hf_xml_get(mapping, "port"), hf_xml_get(mapping, "internal-port")};
        if (port.source == NULL) {
            port.source = hf_xml_get(mapping, "range");
            port.target = NULL;
        }
        if (port.source == NULL || *port.source == '\0')
            continue;
        if (port.target == NULL)
            port.target = port.source;
        SC_PUSH(run, &data->ports, port);
    }
}

/* Returns whether /var/log is mapped already. */
static bool unpack_storage(struct run *run, struct bundle_data *data, const xmlNode *xml)
{
    bool logs = false;

    HF_XML_EACH (mapping, xml, "storage-mapping") {
        struct bundle_mount mount = {hf_xml_get(mapping, "source-dir"), hf_xml_get(mapping, "target-dir"),
                                     hf_xml_get(mapping, "options"), false};
        if (mount.source == NULL) {
            mount.source = hf_xml_get(mapping, "source-dir-root");
            mount.subdir = true;
        }
        if (mount.source == NULL || mount.target == NULL)
            continue;
        SC_PUSH(run, &data->mounts, mount);
        logs = logs || strcmp(mount.target, "/var/log") == 0;
    }
    return logs;
}

/* The clone that the replicas' primitives are instances of. */
static xmlNode *child_clone_xml(struct run *run, const struct resource *bundle, xmlNode *primitive)
{
    const struct bundle_data *data = bundle->bundle;
    xmlNode *clone = hf_xml_add(xmlDocGetRootElement(run->scratch), "clone");

    hf_xml_setf(clone, "id", "%s-%s", bundle->id, data->promoted_max > 0 ? "master" : "clone");
    xmlNode *set = hf_xml_add(clone, "meta_attributes");
    hf_xml_setf(set, "id", "%s-clone-meta", bundle->id);
    sc_add_nvpair(set, "ordered", "true");
    sc_add_nvpair(set, "clone-max", sc_decimal(run, data->n_replicas));
    sc_add_nvpair(set, "clone-node-max", sc_decimal(run, data->per_host));
    sc_add_nvpair(set, "globally-unique", data->per_host > 1 ? "true" : "false");
    if (data->promoted_max > 0) {
        sc_add_nvpair(set, "promotable", "true");
        sc_add_nvpair(set, "promoted-max", sc_decimal(run, data->promoted_max));
    }
    xmlAddChild(clone, xmlDocCopyNode(primitive, run->scratch, 1));
    return clone;
}

static void add_own_mounts(struct run *run, struct bundle_data *data, bool have_logs)
{
    struct bundle_mount key = {BUNDLE_KEY, BUNDLE_KEY, NULL, false},
                        logs = {BUNDLE_LOGS, "/var/log", NULL, true};
    const char *number = data->control_port != NULL ? data->control_port : REMOTE_PORT;
    struct bundle_port port = {number, number};

    SC_PUSH(run, &data->mounts, key);
    if (!have_logs)
        SC_PUSH(run, &data->mounts, logs);
    SC_PUSH(run, &data->ports, port);
}

static void add_replicas(struct run *run, struct resource *bundle)
{
    struct bundle_data *data = bundle->bundle;
    HF_CLEANUP(hf_buf_free) struct hf_buf options = {0};
    const char *target = NULL;
    int n = data->child != NULL ? data->child->children.n : data->n_replicas;

    for (int i = 0; i < n; i++) {
        struct replica *replica = HF_ARENA_NEW(run->arena, struct replica);
        replica->offset = i;
        if (data->child != NULL) {
            replica->child = data->child->children.at[i];
            replica->child->flags |= RSC_EXCLUSIVE_PROBES;
            if (replica->child->flags & RSC_NOTIFY)
                data->child->flags |= RSC_NOTIFY;
            target = sc_attr(&replica->child->meta, "container-attribute-target");
        }
        allocate_ip(run, data, bundle->id, replica, &options);
        SC_PUSH(run, &data->replicas, replica);
    }
    data->host_options = hf_arena_strdup(run->arena, hf_buf_text(&options));
    if (target != NULL) {
        sc_attr_set(run, &bundle->meta, "container-attribute-target", target);
        sc_attr_set(run, &data->child->meta, "container-attribute-target", target);
    }
}

static bool unpack_container(struct run *run, struct resource *rsc)
{
    struct bundle_data *data = rsc->bundle;
    const xmlNode *xml = NULL;

    if ((xml = hf_xml_child(rsc->xml, "docker")) != NULL)
        data->agent = "docker";
    else if ((xml = hf_xml_child(rsc->xml, "podman")) != NULL)
        data->agent = "podman";
    else {
        sc_warn(run, "bundle %s has neither <docker> nor <podman>; ignored", rsc->id);
        return false;
    }
    const char *promoted = hf_xml_get(xml, "promoted-max");
    data->promoted_max = sc_int(promoted != NULL ? promoted : hf_xml_get(xml, "masters"), 0, 0);
    data->n_replicas =
        sc_int(hf_xml_get(xml, "replicas"), data->promoted_max > 0 ? data->promoted_max : 1, 1);
    data->per_host = sc_int(hf_xml_get(xml, "replicas-per-host"), 1, 1);
    if (data->per_host == 1)
        rsc->flags &= ~(unsigned)RSC_UNIQUE;
    data->run_command = hf_xml_get(xml, "run-command");
    data->launcher_options = hf_xml_get(xml, "options");
    data->image = sc_keep(run, hf_xml_get_or(xml, "image", ""));
    data->network = hf_xml_get(xml, "network");
    return true;
}

bool sc_unpack_bundle(struct run *run, struct resource *rsc)
{
    struct bundle_data *data = rsc->bundle = HF_ARENA_NEW(run->arena, struct bundle_data);

    if (!unpack_container(run, rsc))
        return false;
    const xmlNode *network = hf_xml_child(rsc->xml, "network");
    if (network != NULL)
        unpack_network(run, data, network);
    bool have_logs = unpack_storage(run, data, hf_xml_child(rsc->xml, "storage"));
    xmlNode *primitive = hf_xml_child(rsc->xml, "primitive");
    if (primitive != NULL) {
        if (!valid_network(data)) {
            sc_warn(run, "bundle %s: a primitive inside needs ip-range-start or control-port; ignored",
                    rsc->id);
            return false;
        }
        data->child = sc_unpack_resource(run, child_clone_xml(run, rsc, primitive), rsc, NULL);
        if (data->child == NULL)
            return false;
        add_own_mounts(run, data, have_logs);
    }
    add_replicas(run, rsc);
    for (int i = 0; i < data->replicas.n; i++)
        if (!create_replica(run, rsc, data->replicas.at[i]))
            return false;
    if (data->child != NULL)
        SC_PUSH(run, &rsc->children, data->child);
    return true;
}
