/* op_digest.c - whether an operation was done with today's parameters.
 *
 * The history has fingerprints of the parameters that each operation was called with (digest.h); a different
 * one today means that the resource was reconfigured.  The fingerprint of an operation is the same on every
 * node unless rules are involved, so it is computed once. */
#include "daemon/sched/model.h"

#include "daemon/sched/digest.h"

/* All that the agent would be called with. */
static void collect(struct run *run, struct resource *rsc, const struct op_config *config,
                    const struct node *node, struct attrs *into, bool *op_params)
{
    const char *host = sc_remote_name(run, rsc);
    const struct attrs *params = sc_params(run, rsc, node);

    if (host != NULL)
        sc_attr_set(run, into, "addr", host);
    for (int i = 0; i < params->n; i++)
        if (params->at[i].value != NULL)
            sc_attr_default(run, into, params->at[i].name, params->at[i].value);
    if (config->has_params) {
        struct rule_input rule = {.run = run, .node_attrs = node == NULL ? NULL : &node->attrs};
        struct attrs own = {0};
        sc_read_sets(config->entry, "instance_attributes", NULL, &rule, &own);
        *op_params = own.n > 0;
        for (int i = 0; i < own.n; i++)
            if (own.at[i].value != NULL)
                sc_attr_default(run, into, own.at[i].name, own.at[i].value);
    }
}

/* The parameters; the timeout of a recurring operation is one. */
static int filter(const struct attrs *attrs, const struct op_config *config, struct graph_attr *out)
{
    int n = 0;

    for (int i = 0; i < attrs->n; i++)
        if (!sc_prefix(attrs->at[i].name, "CRM_meta_"))
            out[n++] = (struct graph_attr){attrs->at[i].name, attrs->at[i].value};
    if (config->interval_ms > 0)
        out[n++] = (struct graph_attr){"CRM_meta_timeout", sc_attr(&config->meta, "timeout")};
    return n;
}

static const char *keep(struct run *run, const char text[SCHED_DIGEST_SIZE])
{
    return hf_arena_strdup(run->arena, text);
}

struct prepared {
    struct graph_attr *attrs;
    int n;
    bool op_params;
};

static struct prepared prepare(struct run *run, struct resource *rsc, const struct op_config *config,
                               const struct node *node)
{
    struct attrs all = {0};
    struct prepared prepared = {0};

    collect(run, rsc, config, node, &all, &prepared.op_params);
    prepared.attrs = hf_arena_alloc(run->arena, (size_t)(all.n + 1) * sizeof(*prepared.attrs));
    prepared.n = filter(&all, config, prepared.attrs);
    return prepared;
}

/* The fingerprint of all parameters.  Most operations of most resources have none but the timeout: theirs is
 * the same as the last such one's. */
static const char *digest_all(struct run *run, const struct prepared *prepared)
{
    struct common_digest *common = &run->common_digests[prepared->n > 0];
    bool few =
        prepared->n == 0 || (prepared->n == 1 && strcmp(prepared->attrs[0].name, "CRM_meta_timeout") == 0);
    const char *value = prepared->n > 0 ? prepared->attrs[0].value : NULL;
    char text[SCHED_DIGEST_SIZE];

    if (few && common->digest != NULL && sc_eq(common->timeout, value))
        return common->digest;
    sched_digest_all(prepared->attrs, prepared->n, text);
    const char *digest = keep(run, text);
    if (few)
        *common = (struct common_digest){value, digest};
    return digest;
}

static struct digest *cached(struct run *run, struct resource *rsc, struct op_config *config,
                             const struct node *node, const char *restart_list, bool want_restart)
{
    sc_params(run, rsc, NULL);
    bool per_node = rsc->params_have_rules || config->has_params || sc_needs_remote_name(run, rsc);
    for (struct digest *digest = config->digests; digest != NULL; digest = digest->next)
        if ((!per_node || digest->node == node) && digest->want_restart == want_restart &&
            sc_eq(digest->restart_list, restart_list))
            return digest;
    struct digest *digest = HF_ARENA_NEW(run->arena, struct digest);
    struct prepared prepared = prepare(run, rsc, config, node);
    char text[SCHED_DIGEST_SIZE];
    digest->all = digest_all(run, &prepared);
    digest->node = node;
    digest->op_params = prepared.op_params;
    digest->restart_list = restart_list;
    digest->want_restart = want_restart;
    if (want_restart && restart_list != NULL) {
        sched_digest_list(prepared.attrs, prepared.n, restart_list, true, text);
        digest->restart = keep(run, text);
    } else if (want_restart) {
        digest->restart = digest->all;
    }
    digest->next = config->digests;
    config->digests = digest;
    return digest;
}

/* Compares a history entry with the configuration.  The result is valid until the next call. */
const struct digest *sc_op_digest_for(struct run *run, struct resource *rsc, const char *task,
                                      const struct past_op *op, const struct node *node)
{
    int64_t interval = op->interval_ms;
    const char *all = sc_op_says(op, OP_DIGEST), *restart = sc_op_says(op, OP_RESTART_DIGEST);
    const char *list = restart != NULL ? sc_get(op->xml, "op-force-restart") : NULL;
    struct op_config *config = sc_op_config(run, rsc, sc_task_parse(task), task, interval);
    struct digest *digest = cached(run, rsc, config, node, list, restart != NULL);

    for (int i = 0; i < run->expired_ops.n; i++)
        if (run->expired_ops.at[i] == op->xml) {
            digest->result = DIGEST_RESTART;
            return digest;
        }
    bool op_restart = interval == 0 && digest->op_params;
    if (!sc_eq(digest->restart, restart))
        digest->result = DIGEST_RESTART;
    else if (all == NULL)
        digest->result = DIGEST_UNKNOWN;
    else if (strcmp(all, digest->all) != 0)
        digest->result = op_restart ? DIGEST_RESTART : DIGEST_MISMATCH;
    else
        digest->result = DIGEST_MATCH;
    return digest;
}

static bool is_fencer_param(const char *name)
{
    return sc_prefix(name, "pcmk_") || strcmp(name, "provides") == 0 || strcmp(name, "stonith-timeout") == 0;
}

static void drop_fencer_params(struct prepared *prepared)
{
    int n = 0;

    for (int i = 0; i < prepared->n; i++)
        if (!is_fencer_param(prepared->attrs[i].name))
            prepared->attrs[n++] = prepared->attrs[i];
    prepared->n = n;
}

/* Whether what changed are only parameters that may be masked in this copy of the configuration. */
bool sc_only_secrets_changed(struct run *run, struct resource *rsc, const char *task, const xmlNode *op,
                             const struct node *node)
{
    const char *recorded = sc_get(op, "op-secure-digest"), *list = sc_get(op, "op-secure-params");
    const char *version = hf_xml_get_or(op, "crm_feature_set", "");
    char text[SCHED_DIGEST_SIZE];

    if (!run->input->sanitized || recorded == NULL)
        return false;
    bool old = sc_compare_versions(version, "3.16.0") < 0;
    int64_t interval = sc_xml_long(op, "interval", 0);
    struct op_config config = *sc_op_config(run, rsc, sc_task_parse(task), task, interval);
    if (old) { /* then, only the resource's own parameters counted */
        config.has_params = false;
        config.interval_ms = 0;
    }
    struct prepared prepared = prepare(run, rsc, &config, node);
    if (old && sc_eq(rsc->class_, "stonith"))
        drop_fencer_params(&prepared);
    sched_digest_list(prepared.attrs, prepared.n, list != NULL ? list : "", false, text);
    return strcmp(text, recorded) == 0;
}

const struct digest *sc_op_digest(struct run *run, struct resource *rsc, const struct past_op *op,
                                  const struct node *node)
{
    return sc_op_digest_for(run, rsc, sc_op_says(op, OP_TASK), op, node);
}

/* "DEVICE:AGENT:DIGEST" somewhere in what the node had when it was unfenced. */
static bool was_unfenced_with(struct run *run, const struct resource *device, const char *digest,
                              const char *summary)
{
    return digest != NULL && summary != NULL &&
           strstr(summary, hf_arena_printf(run->arena, "%s:%s:%s", device->id, device->type, digest)) != NULL;
}

/* The fingerprints of a fence device, and whether node was unfenced with these. */
const struct digest *sc_fencing_digest(struct run *run, struct resource *device, struct node *node)
{
    struct digest *digest = HF_ARENA_NEW(run->arena, struct digest);
    struct op_config *config = sc_op_config(run, device, TASK_OTHER, "stonith-on", 0);
    struct prepared prepared = prepare(run, device, config, node);
    const char *version = hf_xml_get(run->cib, "crm_feature_set");
    char text[SCHED_DIGEST_SIZE];

    sched_digest_all(prepared.attrs, prepared.n, text);
    digest->all = keep(run, text);
    if (version != NULL && sc_compare_versions(version, "3.16.0") < 0)
        drop_fencer_params(&prepared);
    sched_digest_list(prepared.attrs, prepared.n, "passwd password user", false, text);
    digest->secure = keep(run, text);
    const char *known = sc_attr(&node->attrs, "#digests-all");
    if (known == NULL)
        digest->result = DIGEST_UNKNOWN;
    else if (was_unfenced_with(run, device, digest->all, known) ||
             was_unfenced_with(run, device, digest->secure, sc_attr(&node->attrs, "#digests-secure")))
        digest->result = DIGEST_MATCH;
    else
        digest->result = DIGEST_MISMATCH;
    return digest;
}
