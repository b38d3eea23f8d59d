/* location.c - rsc_location: how much a resource likes or dislikes a node, and whether it is probed there. */
#include "daemon/sched/model.h"

#include "daemon/sched/constraints.h"

/* A preference of rsc; node may be NULL and the nodes added later. */
struct location *sc_location_new(struct run *run, const char *id, struct resource *rsc, int score,
                                 const char *discovery, struct node *node)
{
    struct location *location = HF_ARENA_NEW(run->arena, struct location);

    location->id = sc_keep(run, id);
    location->resource = rsc;
    if (sc_ieq(discovery, "never")) {
        location->probe = PROBE_NEVER;
    } else if (sc_ieq(discovery, "exclusive")) {
        location->probe = PROBE_EXCLUSIVE;
        rsc->flags |= RSC_EXCLUSIVE_PROBES;
    }
    if (node != NULL) {
        struct location_node entry = {node, score};
        SC_PUSH(run, &location->nodes, entry);
    }
    SC_PUSH(run, &run->locations, location);
    SC_PUSH(run, &rsc->locations, location);
    return location;
}

static bool location_role(struct run *run, const char *id, const char *text, enum role *role)
{
    if (!sc_constraint_role(run, id, text, role))
        return false;
    if (*role == ROLE_UNPROMOTED) /* whatever is not stopped is at least that */
        *role = ROLE_UNKNOWN;
    return true;
}

/* The score of a node by its attribute. */
static bool attribute_score(struct run *run, const struct resource *rsc, const struct node *node,
                            const char *attribute, int *score)
{
    const char *target = sc_attr(&rsc->meta, "container-attribute-target");
    const char *value = sc_node_attr(node, attribute, target, false);
    return value != NULL && *value != '\0' && sc_score(run, value, score);
}

static void unpack_rule(struct run *run, const xmlNode *xml, xmlNode *rule, struct resource *rsc,
                        struct rule_input *input)
{
    rule = sc_deref(run, rule);
    const char *id = rule == NULL ? NULL : hf_xml_get(rule, "id");
    enum role role;
    int score = 0;

    if (id == NULL || !location_role(run, id, hf_xml_get(rule, "role"), &role))
        return;
    const char *attribute = sc_rule_expand(input, hf_xml_get(rule, "score-attribute"));
    if (attribute == NULL && !sc_score(run, hf_xml_get(rule, "score"), &score)) {
        sc_warn(run, "rule %s has neither a score nor a score-attribute; ignored", id);
        return;
    }
    struct location *location = sc_location_new(run, id, rsc, 0, hf_xml_get(xml, "resource-discovery"), NULL);
    location->role_filter = role;
    for (int i = 0; i < run->by_name.n; i++) {
        struct node *node = run->by_name.at[i];
        input->node_attrs = &node->attrs;
        input->rsc_params = sc_params(run, rsc, node);
        if (!sc_rule_matches(rule, input) || !sc_in_lifetime(run, xml, node))
            continue;
        if (attribute != NULL && !attribute_score(run, rsc, node, attribute, &score))
            continue;
        struct location_node entry = {node, score};
        SC_PUSH(run, &location->nodes, entry);
    }
    if (input->next_change != 0)
        sc_recheck(run, input->next_change);
}

/* The constraint for one resource; role and score from a set win over its own. */
static void unpack_for(struct run *run, xmlNode *xml, struct resource *rsc, const char *role_text,
                       const char *score_text, struct rule_input *input)
{
    const char *id = hf_xml_get(xml, "id"), *node_name = hf_xml_get(xml, "node");
    enum role role;
    int score;

    if (score_text == NULL)
        score_text = hf_xml_get(xml, "score");
    if (node_name == NULL || score_text == NULL) {
        input->rsc_meta = &rsc->meta;
        HF_XML_EACH (rule, xml, "rule")
            unpack_rule(run, xml, rule, rsc, input);
        return;
    }
    struct node *node = sc_node_find(run, node_name);
    if (node == NULL)
        return;
    if (!sc_score(run, score_text, &score)) {
        sc_warn(run, "constraint %s: \"%s\" is no score", id, score_text);
        return;
    }
    if (!location_role(run, id, role_text != NULL ? role_text : hf_xml_get(xml, "role"), &role) ||
        !sc_in_lifetime(run, xml, node))
        return;
    struct location *location =
        sc_location_new(run, id, rsc, score, hf_xml_get(xml, "resource-discovery"), node);
    location->role_filter = role;
}

static void unpack_pattern(struct run *run, xmlNode *xml, const char *pattern)
{
    bool invert = *pattern == '!';
    regmatch_t matches[10];
    regex_t regex;

    if (regcomp(&regex, pattern + invert, REG_EXTENDED) != 0) {
        sc_warn(run, "constraint %s: \"%s\" is no regular expression", hf_xml_get(xml, "id"), pattern);
        return;
    }
    int n_matches = (int)regex.re_nsub + 1 < 10 ? (int)regex.re_nsub + 1 : 10;
    for (int i = 0; i < run->resources.n; i++) {
        struct resource *rsc = run->resources.at[i];
        bool found = regexec(&regex, rsc->id, (size_t)n_matches, matches, 0) == 0;
        struct rule_input input = {.run = run};
        if (found == invert)
            continue;
        if (found) {
            input.pattern_text = rsc->id;
            input.matches = matches;
            input.n_matches = n_matches;
        }
        unpack_for(run, xml, rsc, NULL, NULL, &input);
    }
    regfree(&regex);
}

void sc_unpack_location(struct run *run, xmlNode *xml)
{
    struct rule_input input = {.run = run};
    bool sets = false;

    HF_XML_EACH (child, xml, "resource_set") {
        xmlNode *set = sc_deref(run, child);
        sets = true;
        if (set == NULL)
            return;
        HF_XML_EACH (ref, set, "resource_ref") {
            struct resource *rsc = sc_ref_rsc(run, ref);
            if (rsc == NULL)
                return;
            unpack_for(run, xml, rsc, hf_xml_get(set, "role"), hf_xml_get(set, "score"), &input);
        }
    }
    if (sets)
        return;
    const char *name = hf_xml_get(xml, "rsc"), *pattern = hf_xml_get(xml, "rsc-pattern");
    struct resource *rsc = sc_constraint_rsc(run, name);
    if (rsc != NULL)
        unpack_for(run, xml, rsc, NULL, NULL, &input);
    else if (name != NULL)
        sc_warn(run, "constraint %s: there is no resource %s", hf_xml_get(xml, "id"), name);
    if (pattern != NULL)
        unpack_pattern(run, xml, pattern);
}

/* --- applying --- */

/* Adds one constraint to what rsc alone thinks of the nodes; zero: only its discovery mode. */
static void apply_to(struct run *run, struct resource *rsc, const struct location *location, bool zero)
{
    if (location->role_filter > ROLE_UNKNOWN && location->role_filter != rsc->next_role)
        return;
    for (int i = location->nodes.n - 1; i >= 0; i--) {
        const struct location_node *entry = &location->nodes.at[i];
        int score = zero ? 0 : entry->score;
        struct placement *allowed = sc_placement(&rsc->allowed, entry->node);
        if (allowed == NULL) {
            struct placement fresh = entry->node->base;
            fresh.score = score;
            allowed = sc_table_add(run, &rsc->allowed, entry->node, &fresh);
        } else {
            allowed->score = sc_add(allowed->score, score);
        }
        if (score != 0 && run->input->show_scores)
            sc_note(run, rsc, entry->node, score, "location", location->id);
        if (allowed->probe < location->probe) {
            if (location->probe == PROBE_EXCLUSIVE)
                rsc->flags |= RSC_EXCLUSIVE_PROBES;
            allowed->probe = (uint8_t)location->probe;
        }
    }
}

static void apply_below(struct run *run, struct resource *rsc, const struct location *location, bool zero);

/* A bundle's location is about its containers and addresses; roles concern what is inside. */
static void apply_to_bundle(struct run *run, struct resource *rsc, struct location *location, bool zero)
{
    for (int i = 0; i < rsc->bundle->replicas.n; i++) {
        struct replica *replica = rsc->bundle->replicas.at[i];
        apply_below(run, replica->container, location, zero);
        if (replica->ip != NULL)
            apply_below(run, replica->ip, location, zero);
    }
    struct resource *child = rsc->bundle->child;
    if (child != NULL &&
        (location->role_filter == ROLE_UNPROMOTED || location->role_filter == ROLE_PROMOTED)) {
        apply_below(run, child, location, zero);
        SC_PUSH(run, &child->locations, location);
    }
}

/* A colocated group's score counts once: for its first member. */
static void apply_below(struct run *run, struct resource *rsc, const struct location *location, bool zero)
{
    apply_to(run, rsc, location, zero);
    switch (rsc->kind) {
    case KIND_PRIMITIVE:
        break;
    case KIND_GROUP:
        for (int i = 0; i < rsc->children.n; i++)
            apply_below(run, rsc->children.at[i], location, zero || (rsc->group_colocated && i > 0));
        break;
    case KIND_CLONE:
        for (int i = 0; i < rsc->children.n; i++)
            apply_below(run, rsc->children.at[i], location, zero);
        break;
    case KIND_BUNDLE:
        apply_to_bundle(run, rsc, (struct location *)location, zero);
        break;
    }
}

void sc_apply_location(struct run *run, struct resource *rsc, const struct location *location)
{
    apply_below(run, rsc, location, false);
}

void sc_apply_locations(struct run *run)
{
    for (int i = run->locations.n - 1; i >= 0; i--)
        sc_apply_location(run, run->locations.at[i]->resource, run->locations.at[i]);
}
