/* unpack_nodes.c - nodes and their attributes: cluster nodes from <nodes>, remote nodes from resources of
 * ocf:pacemaker:remote, guest nodes from the meta attribute remote-node. */
#include "daemon/sched/model.h"

#include <strings.h>

struct node *sc_node_find(const struct run *run, const char *name)
{
    if (name == NULL)
        return NULL;
    struct node *node = sc_names_get(&run->node_names, name);
    if (node != NULL)
        return node;
    for (int i = 0; i < run->by_name.n; i++) /* names are compared without case */
        if (strcasecmp(run->by_name.at[i]->name, name) == 0)
            return run->by_name.at[i];
    return NULL;
}

struct node *sc_node_by_id(const struct run *run, const char *id)
{
    if (id == NULL)
        return NULL;
    struct node *node = sc_names_get(&run->node_ids, id);
    for (int i = 0; node == NULL && i < run->by_name.n; i++)
        if (sc_ieq(run->by_name.at[i]->id, id))
            node = run->by_name.at[i];
    return node;
}

bool sc_is_guest(const struct node *node)
{
    return node != NULL && node->remote && node->connection != NULL && node->connection->launcher != NULL;
}

bool sc_is_remote_node(const struct node *node) /* a remote node that is no guest */
{
    return node != NULL && node->remote && (node->connection == NULL || node->connection->launcher == NULL);
}

bool sc_is_bundle_node(const struct node *node)
{
    return sc_is_guest(node) && sc_is_bundled(node->connection);
}

struct node *sc_node_new(struct run *run, const char *id, const char *name, bool remote, int score)
{
    struct node *node = HF_ARENA_NEW(run->arena, struct node);
    int at = run->by_name.n;

    node->index = run->nodes.n;
    node->id = sc_keep(run, id);
    node->name = sc_keep(run, name);
    node->remote = remote;
    node->base.score = score;
    node->base.present = true;
    node->probes_allowed = true;
    if (remote)
        run->have_remote_nodes = true;
    sc_attr_set(run, &node->attrs, "#kind", remote ? "remote" : "cluster");
    SC_PUSH(run, &run->nodes, node);
    SC_PUSH(run, &run->by_name, node);
    while (at > 0 && sc_natural_compare(run->by_name.at[at - 1]->name, name) >= 0) {
        run->by_name.at[at] = run->by_name.at[at - 1];
        at--;
    }
    run->by_name.at[at] = node;
    sc_names_put(run, &run->node_ids, id, node, false);
    sc_names_put(run, &run->node_names, name, node, false);
    return node;
}

/* Reads attribute sets below element into node; overwrite: they win over what is known. */
void sc_node_attrs(struct run *run, struct node *node, const xmlNode *element, bool overwrite)
{
    struct rule_input rule = {.run = run};
    const char *cluster_name = sc_attr(&run->options, "cluster-name");

    sc_attr_set(run, &node->attrs, "#uname", node->name);
    sc_attr_set(run, &node->attrs, "#id", node->id);
    if (run->dc == NULL && sc_ieq(node->id, hf_xml_get(run->cib, "dc-uuid")))
        run->dc = node;
    sc_attr_set(run, &node->attrs, "#is_dc", node == run->dc ? "true" : "false");
    if (cluster_name != NULL)
        sc_attr_set(run, &node->attrs, "#cluster-name", cluster_name);
    if (overwrite) {
        struct attrs fresh = {0};
        sc_read_sets(element, "instance_attributes", NULL, &rule, &fresh);
        for (int i = 0; i < fresh.n; i++)
            if (fresh.at[i].value != NULL)
                sc_attr_set(run, &node->attrs, fresh.at[i].name, fresh.at[i].value);
    } else {
        sc_read_sets(element, "instance_attributes", NULL, &rule, &node->attrs);
    }
    sc_read_sets(element, "utilization", NULL, &rule, &node->utilization);
    if (sc_attr(&node->attrs, "#site-name") == NULL) {
        const char *site = sc_attr(&node->attrs, "site-name");
        if (site != NULL)
            sc_attr_set(run, &node->attrs, "#site-name", site);
        else if (cluster_name != NULL)
            sc_attr_set(run, &node->attrs, "#site-name", cluster_name);
    }
}

/* A node that was never seen is fenced first, unless startup-fencing is off. */
void sc_startup_fencing(struct run *run, struct node *node)
{
    if (!node->remote || node->connection != NULL)
        node->unclean = run->startup_fencing;
}

void sc_unpack_nodes(struct run *run)
{
    HF_XML_EACH (xml, hf_xml_child(run->config, "nodes"), "node") {
        const char *id = hf_xml_get(xml, "id"), *name = hf_xml_get(xml, "uname");
        const char *type = hf_xml_get(xml, "type");
        bool remote = sc_ieq(type, "remote");
        if (id == NULL || name == NULL) {
            sc_warn(run, "a node without %s is ignored", id == NULL ? "id" : "uname");
            continue;
        }
        if (type != NULL && !remote && !sc_ieq(type, "member") && !sc_ieq(type, "normal")) {
            sc_warn(run, "node %s: type \"%s\" is neither member nor remote; ignored", name, type);
            continue;
        }
        struct node *node = sc_node_new(run, id, name, remote, sc_score_or(run, hf_xml_get(xml, "score"), 0));
        sc_startup_fencing(run, node);
        sc_node_attrs(run, node, xml, false);
    }
}

bool sc_xml_is_remote(const xmlNode *xml)
{
    return sc_ieq(hf_xml_get(xml, "type"), "remote") && sc_ieq(hf_xml_get(xml, "class"), "ocf") &&
           sc_ieq(hf_xml_get(xml, "provider"), "pacemaker");
}

/* The value of an attribute, node->attrs; of a guest's host if target says so. */
const char *sc_node_attr(const struct node *node, const char *name, const char *target, bool assigned)
{
    if (node == NULL)
        return NULL;
    if (!sc_is_guest(node) || !sc_ieq(target, "host"))
        return sc_attr(&node->attrs, name);
    const struct resource *container = node->connection->launcher;
    const struct node *host = assigned                  ? container->assigned
                              : container->active.n > 0 ? container->active.at[0]
                                                        : NULL;
    return host == NULL ? NULL : sc_attr(&host->attrs, name);
}

/* Whether the node could run something: score is what the resource at hand thinks of it, if that counts. */
bool sc_available(const struct run *run, const struct node *node, const struct placement *placement,
                  bool consider_guest)
{
    (void)run;
    if (node == NULL || !node->online || node->shutdown || node->unclean || node->standby ||
        node->maintenance)
        return false;
    if (placement != NULL && placement->score < 0)
        return false;
    if (consider_guest && sc_is_guest(node) && sc_location(node->connection->launcher, LOC_ASSIGNED) == NULL)
        return false;
    return true;
}

/* --- tables --- */

struct placement *sc_placement(const struct table *table, const struct node *node)
{
    if (node == NULL || node->index >= table->n || !table->at[node->index].present)
        return NULL;
    return &table->at[node->index];
}

struct table sc_table_copy(struct run *run, const struct table *table)
{
    struct table copy = {.n = table->n};
    if (copy.n > 0) {
        copy.at = hf_arena_alloc(run->arena, (size_t)copy.n * sizeof(*copy.at));
        memcpy(copy.at, table->at, (size_t)copy.n * sizeof(*copy.at));
    }
    return copy;
}

/* The node's entry, made from base (the node's own state for NULL) if it is not there. */
struct placement *sc_table_add(struct run *run, struct table *table, const struct node *node,
                               const struct placement *base)
{
    if (node->index >= table->n) {
        int n = run->nodes.n > node->index ? run->nodes.n : node->index + 1;
        struct placement *at = hf_arena_alloc(run->arena, (size_t)n * sizeof(*at));
        if (table->n > 0)
            memcpy(at, table->at, (size_t)table->n * sizeof(*at));
        table->at = at;
        table->n = n;
    }
    struct placement *placement = &table->at[node->index];
    if (!placement->present) {
        *placement = base != NULL ? *base : node->base;
        placement->present = true;
    }
    return placement;
}

bool sc_any_available(const struct run *run, const struct table *table)
{
    for (int i = 0; i < table->n; i++)
        if (table->at[i].present && sc_available(run, run->nodes.at[i], &table->at[i], false))
            return true;
    return false;
}

bool sc_nodes_have(const struct nodes *nodes, const struct node *node)
{
    for (int i = 0; i < nodes->n; i++)
        if (nodes->at[i] == node)
            return true;
    return false;
}
