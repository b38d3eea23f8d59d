/* upgrade.c - brings an old configuration into today's shape, on a copy.
 *
 * Most of what changed its name since schema 1.0 is understood where it is read.  Here are the changes of
 * shape: <master> became a promotable clone, and cluster options that were defaults of resources and
 * operations moved to <rsc_defaults> and <op_defaults>; "requires" moved from the start operation to the
 * resource. */
#include "daemon/sched/model.h"

/* Where the old cluster option went. */
static const struct moved {
    const char *option, *section, *name;
} moved_options[] = {
    {"default-resource-stickiness", "rsc_defaults", "resource-stickiness"},
    {"default_resource_stickiness", "rsc_defaults", "resource-stickiness"},
    {"default-migration-threshold", "rsc_defaults", "migration-threshold"},
    {"is-managed-default", "rsc_defaults", "is-managed"},
    {"is_managed_default", "rsc_defaults", "is-managed"},
    {"default-action-timeout", "op_defaults", "timeout"},
    {"default_action_timeout", "op_defaults", "timeout"},
};

static const struct moved *find_moved(const char *name)
{
    for (size_t i = 0; i < HF_ARRAY_LENGTH(moved_options); i++)
        if (sc_eq(name, moved_options[i].option))
            return &moved_options[i];
    return NULL;
}

static bool has_old_resource(const xmlNode *parent)
{
    HF_XML_EACH_ANY (child, parent) {
        if (hf_xml_is(child, "master"))
            return true;
        HF_XML_EACH (op, hf_xml_child(child, "operations"), "op")
            if (hf_xml_get(op, "requires") != NULL)
                return true;
        if ((hf_xml_is(child, "group") || hf_xml_is(child, "clone") || hf_xml_is(child, "bundle")) &&
            has_old_resource(child))
            return true;
    }
    return false;
}

static bool is_old(const xmlNode *configuration)
{
    HF_XML_EACH (set, hf_xml_child(configuration, "crm_config"), "cluster_property_set") {
        HF_XML_EACH (pair, set, "nvpair")
            if (find_moved(hf_xml_get(pair, "name")) != NULL)
                return true;
    }
    return has_old_resource(hf_xml_child(configuration, "resources"));
}

static void add_default(xmlNode *configuration, const struct moved *moved, const char *value)
{
    xmlNode *section = hf_xml_ensure(configuration, moved->section);
    xmlNode *set = hf_xml_child_by_id(section, "meta_attributes", "moved-options");

    if (value == NULL)
        return;
    if (set == NULL) {
        set = hf_xml_add(section, "meta_attributes");
        hf_xml_set(set, "id", "moved-options");
        hf_xml_set(set, "score", "-INFINITY"); /* what stands there by its own name wins */
    }
    sc_add_nvpair(set, moved->name, value);
}

static void move_options(xmlNode *configuration)
{
    HF_XML_EACH (set, hf_xml_child(configuration, "crm_config"), "cluster_property_set") {
        xmlNode *next = NULL;
        for (xmlNode *pair = hf_xml_child(set, "nvpair"); pair != NULL; pair = next) {
            const struct moved *moved = find_moved(hf_xml_get(pair, "name"));
            next = hf_xml_next(pair, "nvpair");
            if (moved != NULL) {
                add_default(configuration, moved, hf_xml_get(pair, "value"));
                hf_xml_remove(pair);
            }
        }
    }
}

static void add_meta(xmlNode *resource, const char *name, const char *value)
{
    xmlNode *set = hf_xml_child(resource, "meta_attributes");

    if (set == NULL) {
        set = hf_xml_add(resource, "meta_attributes");
        hf_xml_setf(set, "id", "%s-moved", hf_xml_get_or(resource, "id", ""));
    }
    HF_XML_EACH (pair, set, "nvpair")
        if (sc_eq(hf_xml_get(pair, "name"), name))
            return;
    sc_add_nvpair(set, name, value);
}

static void upgrade_resources(xmlNode *parent)
{
    HF_XML_EACH_ANY (child, parent) {
        if (hf_xml_is(child, "master")) {
            xmlNodeSetName(child, (const xmlChar *)"clone");
            add_meta(child, "promotable", "true");
        }
        HF_XML_EACH (op, hf_xml_child(child, "operations"), "op") {
            if (sc_eq(hf_xml_get(op, "name"), "start") && hf_xml_get(op, "requires") != NULL)
                add_meta(child, "requires", hf_xml_get(op, "requires"));
            hf_xml_set(op, "requires", NULL);
        }
        if (hf_xml_is(child, "group") || hf_xml_is(child, "clone") || hf_xml_is(child, "bundle"))
            upgrade_resources(child);
    }
}

/* A copy of cib in today's shape, or NULL if it has that already. */
xmlDoc *sc_upgrade(const xmlDoc *cib)
{
    const xmlNode *root = xmlDocGetRootElement(cib);

    if (!is_old(hf_xml_child(root, "configuration")))
        return NULL;
    xmlDoc *copy = xmlCopyDoc((xmlDoc *)cib, 1);
    xmlNode *configuration = copy == NULL ? NULL : hf_xml_child(xmlDocGetRootElement(copy), "configuration");
    if (configuration == NULL)
        abort(); /* out of memory: it was there in the original */
    move_options(configuration);
    upgrade_resources(hf_xml_child(configuration, "resources"));
    return copy;
}
