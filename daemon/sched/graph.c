/* graph.c - reads and writes transition graphs as text. */
#include "daemon/sched/graph.h"

#include <string.h>

const char *graph_attr_get(const struct graph_action *action, const char *name)
{
    int low = 0, high = action->n_attrs;

    while (low < high) {
        int middle = (low + high) / 2, order = strcmp(action->attrs[middle].name, name);
        if (order == 0)
            return action->attrs[middle].value;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* --- XML --- */

static void attribute(struct hf_buf *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    hf_buf_printf(out, " %s=\"", name);
    hf_buf_xml(out, value);
    hf_buf_putc(out, '"');
}

static const char *element(const struct graph_action *action)
{
    static const char *const names[] = {"pseudo_event", "rsc_op", "crm_event", "crm_event"};
    return names[action->kind];
}

static void open_action(struct hf_buf *out, const struct graph_action *action)
{
    hf_buf_printf(out, "<%s id=\"%d\"", element(action), action->id);
    if (action->kind == GRAPH_EVENT && strcmp(action->task, "lrm_delete") == 0)
        attribute(out, "mode", "cib");
    attribute(out, "operation", action->task);
    attribute(out, "operation_key", action->key);
    attribute(out, "internal_operation_key", action->internal_key);
    attribute(out, "on_node", action->node_name);
    attribute(out, "on_node_uuid", action->node_id);
    attribute(out, "router_node", action->router_node);
}

static void write_resource(struct hf_buf *out, const struct graph_resource *resource)
{
    hf_buf_puts(out, "        <primitive");
    attribute(out, "id", resource->id);
    attribute(out, "long-id", resource->long_id);
    attribute(out, "class", resource->class_);
    attribute(out, "provider", resource->provider);
    attribute(out, "type", resource->type);
    hf_buf_puts(out, "/>\n");
}

static void write_node_lists(struct hf_buf *out, const struct graph_action *action)
{
    if (action->n_downed > 0) {
        hf_buf_puts(out, "        <downed>\n");
        for (int i = 0; i < action->n_downed; i++) {
            hf_buf_puts(out, "          <node");
            attribute(out, "id", action->downed[i]);
            hf_buf_puts(out, "/>\n");
        }
        hf_buf_puts(out, "        </downed>\n");
    }
    if (action->n_maintenance == 0)
        return;
    hf_buf_puts(out, "        <maintenance>\n");
    for (int i = 0; i + 1 < action->n_maintenance; i += 2) {
        hf_buf_puts(out, "          <node");
        attribute(out, "id", action->maintenance[i]);
        attribute(out, "node_in_maintenance", action->maintenance[i + 1]);
        hf_buf_puts(out, "/>\n");
    }
    hf_buf_puts(out, "        </maintenance>\n");
}

static bool is_xml_name(const char *name)
{
    if (strchr("0123456789-.", *name) != NULL)
        return false;
    for (const char *c = name; *c != '\0'; c++)
        if (strchr(" \t\n\r\"'<>&=/#$%()*+,;?@[]^`{|}~!\\:", *c) != NULL)
            return false;
    return true;
}

/* What cannot be the name of an XML attribute becomes an element. */
static void write_attributes(struct hf_buf *out, const struct graph_action *action)
{
    bool others = false;

    hf_buf_puts(out, "        <attributes");
    for (int i = 0; i < action->n_attrs; i++) {
        if (is_xml_name(action->attrs[i].name))
            attribute(out, action->attrs[i].name, action->attrs[i].value);
        else
            others = true;
    }
    hf_buf_puts(out, others ? ">\n" : "/>\n");
    for (int i = 0; others && i < action->n_attrs; i++)
        if (!is_xml_name(action->attrs[i].name)) {
            hf_buf_puts(out, "          <param");
            attribute(out, "name", action->attrs[i].name);
            attribute(out, "value", action->attrs[i].value);
            hf_buf_puts(out, "/>\n");
        }
    if (others)
        hf_buf_puts(out, "        </attributes>\n");
}

static void write_action(struct hf_buf *out, const struct graph_action *action)
{
    hf_buf_puts(out, "      ");
    open_action(out, action);
    if (action->shutdown_lock > 0)
        hf_buf_printf(out, " shutdown-lock=\"%lld\"", (long long)action->shutdown_lock);
    hf_buf_puts(out, ">\n");
    if (action->resource != NULL)
        write_resource(out, action->resource);
    write_attributes(out, action);
    write_node_lists(out, action);
    hf_buf_printf(out, "      </%s>\n", element(action));
}

static void write_synapse(struct hf_buf *out, const struct sched_graph *graph, int index)
{
    const struct graph_action *action = &graph->actions[index];

    hf_buf_printf(out, "  <synapse id=\"%d\"", index);
    if (action->priority > 0)
        hf_buf_printf(out, " priority=\"%d\"", action->priority);
    hf_buf_puts(out, ">\n    <action_set>\n");
    write_action(out, action);
    hf_buf_puts(out, "    </action_set>\n");
    hf_buf_puts(out, action->n_inputs == 0 ? "    <inputs/>\n" : "    <inputs>\n");
    for (int i = 0; i < action->n_inputs; i++) {
        hf_buf_puts(out, "      <trigger>\n        ");
        open_action(out, &graph->actions[action->inputs[i]]);
        hf_buf_puts(out, "/>\n      </trigger>\n");
    }
    if (action->n_inputs > 0)
        hf_buf_puts(out, "    </inputs>\n");
    hf_buf_puts(out, "  </synapse>\n");
}

void graph_to_xml(const struct sched_graph *graph, struct hf_buf *out)
{
    hf_buf_puts(out, "<transition_graph");
    attribute(out, "cluster-delay", graph->cluster_delay);
    attribute(out, "fencing-timeout", graph->fencing_timeout);
    attribute(out, "failed-stop-offset", graph->failed_stop_offset);
    attribute(out, "failed-start-offset", graph->failed_start_offset);
    hf_buf_printf(out, " batch-limit=\"%d\"", graph->batch_limit);
    if (graph->migration_limit > 0)
        hf_buf_printf(out, " migration-limit=\"%d\"", graph->migration_limit);
    if (graph->recheck_by > 0)
        hf_buf_printf(out, " recheck-by=\"%lld\"", (long long)graph->recheck_by);
    hf_buf_printf(out, " transition_id=\"%d\">\n", graph->id);
    for (int i = 0; i < graph->n_actions; i++)
        write_synapse(out, graph, i);
    hf_buf_puts(out, "</transition_graph>\n");
}
