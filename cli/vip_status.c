/* vip_status.c - see vip_status.h. */
#include "cli/vip_status.h"

#include <stdio.h>
#include <string.h>

#include "daemon/node/node.h"
#include "lib/alloc.h"
#include "lib/buf.h"
#include "lib/xml.h"

/* How a node stands to a VIP: what its guard said last. Each text is the caller's. */
struct standing {
    const char *node;
    char *contested, *state, *right, *vrid, *priority, *term, *interface, *fault;
};

static char *value_of(const char *line, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = line; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, name, length) != 0 || at[length] != '=')
            continue;
        at += length + 1;
        return strcmp(name, "fault") == 0 ? hf_strdup(at) : hf_strndup(at, strcspn(at, " "));
    }
    return hf_strdup("");
}

static struct standing standing_of(const char *node, const char *line)
{
    return (struct standing){
        .node = node,
        .contested = value_of(line, "contested"),
        .state = value_of(line, "state"),
        .right = value_of(line, "right"),
        .vrid = value_of(line, "vrid"),
        .priority = value_of(line, "priority"),
        .term = value_of(line, "term"),
        .interface = value_of(line, "interface"),
        .fault = value_of(line, "fault"),
    };
}

static void standing_clear(struct standing *standing)
{
    char *texts[] = {standing->contested, standing->state, standing->right,     standing->vrid,
                     standing->priority,  standing->term,  standing->interface, standing->fault};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(texts); i++)
        free(texts[i]);
}

/* What the node's transient attributes say of the VIP, or NULL. */
static const char *line_of(const xmlNode *state, const char *id)
{
    HF_CLEANUP(hf_freep) char *name = hf_asprintf(NODE_VIP_ATTRIBUTE "%s", id);

    HF_XML_EACH (set, hf_xml_child(state, "transient_attributes"), "instance_attributes") {
        HF_XML_EACH (pair, set, "nvpair")
            if (strcmp(hf_xml_get_or(pair, "name", ""), name) == 0)
                return hf_xml_get(pair, "value");
    }
    return NULL;
}

static const char *parameter_of(const xmlNode *primitive, const char *name)
{
    HF_XML_EACH (set, primitive, "instance_attributes") {
        HF_XML_EACH (pair, set, "nvpair")
            if (strcmp(hf_xml_get_or(pair, "name", ""), name) == 0)
                return hf_xml_get(pair, "value");
    }
    return NULL;
}

static bool is_vip(const xmlNode *element)
{
    return hf_xml_is(element, "primitive") && strcmp(hf_xml_get_or(element, "class", ""), "ocf") == 0 &&
           strcmp(hf_xml_get_or(element, "provider", ""), "holdfast") == 0 &&
           strcmp(hf_xml_get_or(element, "type", ""), "VIP") == 0;
}

/* "lock", "quorum", "none"; the guard adds -missing where it has not got it. */
static void plain_right(const struct standing *standing, char right[16], bool *missing)
{
    size_t length = strcspn(standing->right, "-");

    snprintf(right, 16, "%.*s", (int)length, standing->right);
    *missing = standing->right[length] != '\0';
}

static void write_standing(struct hf_writer *writer, const struct standing *standing)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf line = {0};
    bool master = strcmp(standing->state, "MASTER") == 0, contested = strcmp(standing->contested, "yes") == 0;
    bool missing;
    char right[16];
    int64_t priority = 0, term = 0;

    plain_right(standing, right, &missing);
    hf_parse_int64(standing->priority, &priority);
    hf_parse_int64(standing->term, &term);
    hf_write_object(writer, NULL);
    hf_write_string(writer, "node", NULL, standing->node);
    hf_write_string(writer, "state", NULL, standing->state);
    hf_write_int(writer, "priority", NULL, priority);
    hf_write_string(writer, "right", NULL, right);
    hf_write_bool(writer, "has-right", NULL, !missing);
    hf_write_int(writer, "term", NULL, term);
    hf_write_string(writer, "interface", NULL, standing->interface);
    hf_write_bool(writer, "contested", NULL, contested);
    hf_write_string(writer, "fault", NULL, standing->fault);
    hf_write_end(writer);
    hf_buf_printf(&line, "    * %s: %s on %s, priority %s", standing->node, standing->state,
                  standing->interface, standing->priority);
    if (priority == 0)
        hf_buf_puts(&line, " (does not take it by itself)");
    if (master && missing)
        hf_buf_printf(&line, ", WITHOUT the right to it (%s)", right);
    if (contested)
        hf_buf_puts(&line, ", CONTESTED: another router advertises it, too");
    if (standing->fault[0] != '\0')
        hf_buf_printf(&line, ", FAULT: %s", standing->fault);
    hf_write_line(writer, "%s", hf_buf_text(&line));
}

/* The first line: whose it is, and by which right. */
static void write_owner(struct hf_writer *writer, const xmlNode *primitive, const struct standing *list,
                        size_t count)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf owners = {0};
    const char *id = hf_xml_get_or(primitive, "id", ""), *netmask = parameter_of(primitive, "cidr_netmask");
    const char *ip = parameter_of(primitive, "ip");
    char right[16] = "";
    bool missing = false;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].state, "MASTER") == 0)
            hf_buf_printf(&owners, "%s%s", owners.length > 0 ? " " : "", list[i].node);
        plain_right(&list[i], right, &missing);
    }
    hf_write_string(writer, "id", NULL, id);
    hf_write_string(writer, "ip", NULL, ip);
    hf_write_string(writer, "cidr_netmask", NULL, netmask);
    hf_write_string(writer, "owner", NULL, owners.length > 0 ? hf_buf_text(&owners) : NULL);
    hf_write_string(writer, "right", NULL, count > 0 ? right : NULL);
    hf_write_string(writer, "vrid", NULL, count > 0 ? list[0].vrid : NULL);
    hf_write_line(writer, "  * %s (%s%s%s): %s", id, ip == NULL ? "" : ip, netmask != NULL ? "/" : "",
                  netmask != NULL ? netmask : "", owners.length > 0 ? hf_buf_text(&owners) : "nowhere");
    if (count > 0)
        hf_write_line(writer, "    * VRID %s, %s%s", list[0].vrid,
                      strcmp(right, "none") == 0 ? "lock=none: a foreign router may own it, too" : "right: ",
                      strcmp(right, "none") == 0 ? "" : right);
}

static void write_vip(struct hf_writer *writer, const xmlNode *primitive, const xmlNode *status)
{
    struct standing *list = NULL;
    size_t count = 0, capacity = 0;

    HF_XML_EACH (state, status, "node_state") {
        const char *line = line_of(state, hf_xml_get_or(primitive, "id", ""));

        if (line == NULL)
            continue;
        hf_grow(&list, &capacity, count + 1, sizeof(*list));
        list[count++] = standing_of(hf_xml_get_or(state, "uname", ""), line);
    }
    hf_write_object(writer, NULL);
    write_owner(writer, primitive, list, count);
    hf_write_list(writer, "nodes");
    for (size_t i = 0; i < count; i++) {
        write_standing(writer, &list[i]);
        standing_clear(&list[i]);
    }
    hf_write_end(writer);
    hf_write_end(writer);
    free(list);
}

static void write_below(struct hf_writer *writer, const xmlNode *parent, const xmlNode *status, bool *any)
{
    HF_XML_EACH_ANY (child, parent) {
        if (!is_vip(child)) {
            write_below(writer, child, status, any);
            continue;
        }
        if (!*any) {
            hf_write_list(writer, "vips");
            hf_write_line(writer, "%s", "");
            hf_write_line(writer, "VIPs:");
        }
        *any = true;
        write_vip(writer, child, status);
    }
}

void vip_status_write(struct hf_writer *writer, const xmlDoc *cib)
{
    const xmlNode *root = xmlDocGetRootElement((xmlDoc *)cib);
    bool any = false;

    write_below(writer, hf_xml_child(hf_xml_child(root, "configuration"), "resources"),
                hf_xml_child(root, "status"), &any);
    if (any)
        hf_write_end(writer);
}
