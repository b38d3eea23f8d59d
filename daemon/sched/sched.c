/* sched.c - one run of the scheduler from end to end, and what can be asked of its output. */
#include "daemon/sched/sched.h"

#include <limits.h>

#include "daemon/sched/model.h"
#include "lib/error.h"

static void count_instances(struct run *run, const struct resource *rsc)
{
    for (int i = 0; i < rsc->children.n; i++)
        count_instances(run, rsc->children.at[i]);
    if (rsc->kind == KIND_BUNDLE)
        return; /* Pacemaker counts none of its parts */
    if (rsc->children.n > 0 || ((rsc->flags & RSC_REMOVED) && rsc->orig_role <= ROLE_STOPPED))
        return;
    run->n_instances++;
    run->n_disabled += sc_is_disabled(rsc);
    run->n_blocked += (rsc->flags & RSC_BLOCKED) != 0;
}

static void unpack(struct run *run)
{
    run->config = hf_xml_child(run->cib, "configuration");
    run->status = hf_xml_child(run->cib, "status");
    run->crm_config = hf_xml_child(run->config, "crm_config");
    run->rsc_defaults = hf_xml_child(run->config, "rsc_defaults");
    run->op_defaults = hf_xml_child(run->config, "op_defaults");
    sc_unpack_config(run);
    sc_unpack_nodes(run);
    sc_unpack_resources(run);
    sc_unpack_tags(run);
    sc_unpack_tickets(run);
    sc_unpack_status(run);
    for (int i = 0; i < run->resources.n; i++)
        count_instances(run, run->resources.at[i]);
}

static void decide(struct run *run)
{
    sc_apply_health(run);
    sc_unpack_constraints(run);
    sc_apply_criteria(run);
    for (int i = 0; i < run->resources.n; i++)
        sc_internal_constraints(run, run->resources.at[i]);
    sc_handle_config_changes(run);
    sc_assign_resources(run);
    sc_do_param_checks(run);
    if (run->probe_resources)
        sc_schedule_probes(run);
    sc_clear_removed_failures(run);
    for (int i = 0; i < run->resources.n; i++)
        sc_create_actions(run, run->resources.at[i]);
    sc_order_remote_actions(run);
    sc_schedule_fencing(run);
    sc_apply_orderings(run);
    sc_build_graph(run);
}

static void init(struct run *run, struct hf_arena *arena, const xmlDoc *cib, const struct sched_input *input)
{
    struct sched_input *copy = HF_ARENA_NEW(arena, struct sched_input);

    *copy = *input;
    run->arena = arena;
    run->input = copy;
    run->now = input->now;
    run->own_doc = sc_upgrade(cib);
    run->doc = run->own_doc != NULL ? run->own_doc : (xmlDoc *)cib;
    run->cib = xmlDocGetRootElement(run->doc);
    run->scratch = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *root =
        run->scratch == NULL ? NULL : xmlNewDocNode(run->scratch, NULL, (const xmlChar *)"made", NULL);
    if (root == NULL)
        abort();
    xmlDocSetRootElement(run->scratch, root);
}

struct hf_error *sched_run(const xmlDoc *cib, const struct sched_input *input, struct sched_output **output)
{
    *output = NULL;
    if (cib == NULL || !hf_xml_is(xmlDocGetRootElement(cib), "cib"))
        return hf_error_new(HF_REFUSED, "not a CIB: the root element is not <cib>");
    struct hf_arena *arena = hf_arena_new();
    struct sched_output *out = HF_ARENA_NEW(arena, struct sched_output);
    struct run *run = &out->run;
    init(run, arena, cib, input);
    unpack(run);
    sc_build_model(run);
    if (!input->status_only)
        decide(run);
    *output = out;
    return NULL;
}

void sched_output_free(struct sched_output *output)
{
    if (output == NULL)
        return;
    xmlFreeDoc(output->run.scratch);
    xmlFreeDoc(output->run.own_doc);
    hf_arena_free(output->run.arena);
}

const struct sched_graph *sched_graph(const struct sched_output *output)
{
    return &output->run.graph;
}

const struct status_model *sched_status(const struct sched_output *output)
{
    return &output->run.model;
}

const struct sched_score *sched_scores(const struct sched_output *output, int *count)
{
    *count = output->run.scores.n;
    return output->run.scores.at;
}

const struct sched_promotion *sched_promotions(const struct sched_output *output, int *count)
{
    *count = output->run.promotions.n;
    return output->run.promotions.at;
}

int64_t sched_next_recheck(const struct sched_output *output)
{
    return output->run.recheck_by;
}

const char *const *sched_warnings(const struct sched_output *output, int *count)
{
    *count = output->run.warnings.n;
    return output->run.warnings.at;
}

size_t sched_memory(const struct sched_output *output)
{
    return hf_arena_size(output->run.arena);
}

static bool is_known_as(const struct resource *rsc, const char *id)
{
    if (sc_eq(rsc->history_id, id))
        return true;
    for (int i = 0; i < rsc->children.n; i++)
        if (is_known_as(rsc->children.at[i], id))
            return true;
    return false;
}

bool sched_knows_resource(const struct sched_output *output, const char *id)
{
    struct resource *rsc = sc_names_get(&output->run.rsc_by_history, id);

    /* An instance may have got another name since, from a later node's history. */
    return sc_names_get(&output->run.rsc_by_id, id) != NULL || (rsc != NULL && is_known_as(sc_top(rsc), id));
}

bool sched_parse_interval(const char *text, int64_t *ms)
{
    return sc_interval(text, ms);
}

bool sched_set_applies(struct sched_output *output, const xmlNode *set, const char *name)
{
    const struct node *node = sc_node_find(&output->run, name);
    struct rule_input input = {.run = &output->run, .node_attrs = node == NULL ? NULL : &node->attrs};
    xmlNode *rule = hf_xml_child(set, "rule");

    return rule == NULL || sc_rule_matches(rule, &input);
}

bool sched_parse_time(const char *text, int64_t now, int64_t *epoch)
{
    return sc_time_parse(text, now, 0, epoch);
}
