/* node_details.c - what is remembered of a node beside its state: attributes and failures, for `simulate -A
 * -c`.
 *
 * Not part of the model of status.h: a daemon that only wants the state should not pay for it. */
#include "daemon/sched/model.h"

/* Attributes that the cluster keeps for itself begin like this. */
static bool is_internal(const char *name)
{
    static const char *const prefixes[] = {"fail-count-", "last-failure-", "shutdown",
                                           "terminate",   "standby",       "#"};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(prefixes); i++)
        if (sc_prefix(name, prefixes[i]))
            return true;
    return false;
}

static int count_words(const char *text)
{
    int n = 0;

    while (text != NULL && *text != '\0') {
        text += strspn(text, " ");
        n += *text != '\0';
        text += strcspn(text, " ");
    }
    return n;
}

/* A ping resource that runs here and keeps this attribute expects one multiplier for each host it pings. */
static void look_for_ping(struct run *run, const struct node *node, struct sched_attribute *attribute)
{
    for (int i = 0; i < node->running.n; i++) {
        struct resource *rsc = node->running.at[i];
        if (!sc_ieq(rsc->type, "ping") && !sc_ieq(rsc->type, "pingd"))
            continue;
        const struct attrs *params = sc_params(run, rsc, node);
        const char *name = sc_attr(params, "name"), *multiplier = sc_attr(params, "multiplier");
        int64_t each;
        if (!sc_ieq(name == NULL ? "pingd" : name, attribute->name))
            continue;
        if (multiplier == NULL || !sc_long(multiplier, &each))
            each = 1; /* the agent's default */
        attribute->is_ping = true;
        attribute->expected = (int)(count_words(sc_attr(params, "host_list")) * each);
        return;
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sched_attribute *)a)->name, ((const struct sched_attribute *)b)->name);
}

const struct sched_attribute *sched_attributes(struct sched_output *output, const char *name, int *count)
{
    struct run *run = &output->run;
    const struct node *node = sc_node_find(run, name);
    struct {
        struct sched_attribute *at;
        int n, capacity;
    } list = {0};

    *count = 0;
    if (node == NULL || !node->online)
        return NULL;
    for (int i = 0; i < node->attrs.n; i++) {
        struct sched_attribute attribute = {.name = node->attrs.at[i].name, .value = node->attrs.at[i].value};
        if (attribute.value == NULL || is_internal(attribute.name))
            continue;
        look_for_ping(run, node, &attribute);
        SC_PUSH(run, &list, attribute);
    }
    if (list.n > 0)
        qsort(list.at, (size_t)list.n, sizeof(*list.at), by_name);
    *count = list.n;
    return list.at;
}

const struct sched_failcount *sched_failcounts(struct sched_output *output, const char *name, int *count)
{
    struct run *run = &output->run;
    struct node *node = sc_node_find(run, name);
    struct {
        struct sched_failcount *at;
        int n, capacity;
    } list = {0};

    *count = 0;
    if (node == NULL || !node->online || node->state == NULL)
        return NULL;
    const xmlNode *histories = hf_xml_child(hf_xml_child(node->state, "lrm"), "lrm_resources");
    HF_XML_EACH (history, histories, "lrm_resource") {
        const char *id = sc_keep(run, hf_xml_get_or(history, "id", ""));
        struct resource *rsc = sc_names_get(&run->rsc_by_id, id);
        struct sched_failcount failcount = {.resource = id};
        if (rsc == NULL)
            rsc = sc_names_get(&run->rsc_by_history, id);
        if (rsc == NULL)
            continue;
        failcount.threshold = rsc->ban_after_failures;
        failcount.count = sc_failcount(run, node, rsc, &failcount.last, 0, NULL);
        if (failcount.count > 0)
            SC_PUSH(run, &list, failcount);
    }
    *count = list.n;
    return list.at;
}
