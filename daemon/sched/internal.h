/* internal.h - what the files of daemon/sched/ offer one another; included by model.h.
 *
 * Functions stand under the file that has them, where each is explained. */
#ifndef HF_SCHED_INTERNAL_H
#define HF_SCHED_INTERNAL_H

#include "daemon/sched/model.h"

/* A moment in the calendar of a UTC offset. */
struct calendar {
    int64_t year;
    int month, day, hour, minute, second, yearday, weekday;
    int64_t weekyear;
    int week;
};

/* What a rule is asked about. */
struct rule_input {
    struct run *run;
    const struct attrs *node_attrs, *rsc_params, *rsc_meta;
    const char *class_, *provider, *type, *op_name;
    int64_t op_interval_ms;
    const char *pattern_text; /* what rsc-pattern matched, with its sub-expressions */
    const regmatch_t *matches;
    int n_matches;
    int64_t next_change; /* out: when the answer changes by itself, 0 for never */
    int depth;
};

/* The identity of an action among those of its resource. */
struct op_key {
    enum task task;
    const char *name;
    int64_t interval_ms;
    const char *text; /* when the key is not NAME_INTERVAL: notifications */
};

enum digest_result { DIGEST_MATCH, DIGEST_UNKNOWN, DIGEST_MISMATCH, DIGEST_RESTART };

struct digest {
    enum digest_result result;
    const char *all, *secure, *restart, *restart_list;
    bool want_restart, op_params;
    const struct node *node;
    struct digest *next;
};

enum { FC_EFFECTIVE = 1, FC_LAUNCHED = 2 };
enum { LOC_CURRENT = 1, LOC_PENDING = 2, LOC_ASSIGNED = 4 };
enum { SELECT_ACTIVE = 1, SELECT_NONNEGATIVE = 2, SELECT_THIS_WITH = 4 };
enum coloc_affects { COLOC_NOTHING, COLOC_ROLE, COLOC_LOCATION };

static inline const char *sc_value(const xmlAttr *attr)
{
    return attr->children == NULL || attr->children->content == NULL ? ""
                                                                     : (const char *)attr->children->content;
}

/* What the attribute of that name says, NULL: it is not there. */
static inline const char *sc_op_says(const struct past_op *op, enum op_field field)
{
    return op->is[field] == NULL ? NULL : sc_value(op->is[field]);
}

/* hf_xml_get() where it is much of the work: the names differ in their first letters, and a call of strcmp()
 * for each costs more than looking at these. */
static inline const char *sc_get(const xmlNode *element, const char *name)
{
    for (const xmlAttr *attr = element == NULL ? NULL : element->properties; attr != NULL;
         attr = attr->next) {
        const char *own = (const char *)attr->name;
        size_t i = 0;
        while (own[i] == name[i] && name[i] != '\0')
            i++;
        if (own[i] != name[i])
            continue;
        return sc_value(attr);
    }
    return NULL;
}

/* --- actions.c --- */
xmlNode *sc_op_entry(const struct resource *rsc, const char *name, int64_t interval_ms, bool disabled_too);
struct op_config *sc_op_config(struct run *run, struct resource *rsc, enum task task, const char *name,
                               int64_t interval_ms);
const char *sc_action_meta(const struct action *action, const char *name);
struct actions sc_find_actions(struct run *run, const struct resource *rsc, struct op_key key,
                               struct node *node, bool exact);
struct action *sc_find_action(const struct resource *rsc, struct op_key key, struct node *node);
struct action *sc_first_action(const struct resource *rsc, enum task task, const struct node *node);
struct action *sc_action_keyed(struct run *run, struct resource *rsc, struct op_key key, enum task task,
                               const char *name, struct node *node, bool optional);
struct op_key sc_key(enum task task);
struct action *sc_action(struct run *run, struct resource *rsc, enum task task, struct node *node,
                         bool optional);
struct action *sc_action_named(struct run *run, struct resource *rsc, const char *name, int64_t interval_ms,
                               struct node *node, bool optional);
struct action *sc_pseudo(struct run *run, struct resource *rsc, enum task task, bool optional, bool runnable);
struct action *sc_pseudo_global(struct run *run, const char *name);
void sc_expect(struct run *run, struct action *action, int rc);
void sc_reason(struct run *run, struct action *action, const char *reason, bool overwrite);
struct action *sc_clear_failcount(struct run *run, struct resource *rsc, struct node *node,
                                  const char *reason);
bool sc_order_actions(struct run *run, struct action *first, struct action *then, unsigned flags);

/* --- apply_order.c --- */
struct resources sc_instances(const struct resource *rsc);
unsigned sc_action_flags(struct action *action, const struct node *node);
void sc_update_for_orderings(struct run *run, struct action *then);
bool sc_has_loop(const struct action *init, const struct action *action, struct edge *input);
void sc_apply_orderings(struct run *run);

/* --- assign.c --- */
void sc_apply_criteria(struct run *run);
int sc_compare_nodes(const struct run *run, const struct node *a, const struct placement *pa,
                     const struct node *b, const struct placement *pb, const struct node *preferred);
struct nodes sc_sorted_nodes(struct run *run, const struct table *table, const struct node *preferred);
void sc_unassign(struct run *run, struct resource *rsc);
bool sc_assign_to(struct run *run, struct resource *rsc, struct node *node, bool force, bool stop_if_fail);
struct node *sc_assign(struct run *run, struct resource *rsc, struct node *prefer, bool stop_if_fail);
void sc_assign_resources(struct run *run);

/* --- bundle.c --- */
struct node *sc_assign_bundle(struct run *run, struct resource *rsc, struct node *prefer, bool stop_if_fail);
void sc_create_bundle_actions(struct run *run, struct resource *rsc);
void sc_bundle_constraints(struct run *run, struct resource *rsc);
int sc_bundle_apply_colocation(struct run *run, struct resource *dependent, const struct resource *primary,
                               const struct colocation *colocation);
bool sc_bundle_probe(struct run *run, struct resource *rsc, struct node *node);

/* --- clone.c --- */
struct node *sc_assign_clone(struct run *run, struct resource *rsc, struct node *prefer, bool stop_if_fail);
void sc_clone_constraints(struct run *run, struct resource *rsc);
int sc_max_per_node(const struct resource *rsc);
int sc_clone_apply_colocation(struct run *run, struct resource *dependent, const struct resource *primary,
                              const struct colocation *colocation);
bool sc_clone_probe(struct run *run, struct resource *rsc, struct node *node);

/* --- colocation.c --- */
void sc_colocation_new(struct run *run, const char *id, const char *attribute, int score,
                       struct resource *dependent, struct resource *primary, const char *dependent_role,
                       const char *primary_role, unsigned flags);
void sc_unpack_colocation(struct run *run, xmlNode *xml);
struct colocations sc_this_with(struct run *run, const struct resource *rsc);
struct colocations sc_with_this(struct run *run, const struct resource *rsc);
bool sc_has_influence(const struct colocation *colocation, const struct resource *rsc);
const char *sc_colocation_value(const struct node *node, const char *attribute, const struct resource *rsc);
enum coloc_affects sc_colocation_affects(const struct resource *dependent, const struct resource *primary,
                                         const struct colocation *colocation, bool preview);
int sc_apply_colocation(struct run *run, struct resource *dependent, const struct resource *primary,
                        const struct colocation *colocation, bool for_dependent);
void sc_intersect(struct run *run, struct resource *dependent, const struct nodes *nodes,
                  const struct table *scores, const struct resource *primary,
                  const struct colocation *colocation);
void sc_add_colocated_scores(struct run *run, struct resource *source, const struct resource *target,
                             struct table *nodes, bool *have, const struct colocation *colocation,
                             float factor, unsigned flags);
void sc_add_dependent_scores(struct run *run, const struct colocation *colocation, struct resource *primary);
void sc_block_dependents(struct run *run, struct action *action);
void sc_colocated_resources(struct run *run, struct resource *rsc, const struct resource *orig,
                            struct resources *list);

/* --- config_changes.c --- */
bool sc_has_agent_of(const struct resource *rsc, const xmlNode *entry);
bool sc_check_op(struct run *run, struct resource *rsc, struct node *node, const struct past_op *op);
void sc_handle_config_changes(struct run *run);
void sc_do_param_checks(struct run *run);
void sc_clear_removed_failures(struct run *run);

/* --- constraints.c --- */
bool sc_in_lifetime(struct run *run, const xmlNode *xml, const struct node *node);
bool sc_constraint_role(struct run *run, const char *id, const char *text, enum role *role);
struct resource *sc_ref_rsc(struct run *run, const xmlNode *ref);
void sc_unpack_constraints(struct run *run);

/* --- failcount.c --- */
int sc_failcount(struct run *run, struct node *node, struct resource *rsc, int64_t *last_failure,
                 unsigned flags, const xmlNode *history);
bool sc_threshold_reached(struct run *run, struct resource *rsc, struct node *node, struct resource **banned);

/* --- fencing.c --- */
bool sc_can_fence(const struct run *run, const struct node *node);
void sc_fence_node(struct run *run, struct node *node, const char *reason, bool priority_delay);
struct action *sc_fence_op(struct run *run, struct node *node, const char *op, bool optional,
                           const char *reason, bool priority_delay);
void sc_trigger_unfencing(struct run *run, struct resource *device, struct node *node, const char *reason,
                          struct action *dependency);
bool sc_unfenced(const struct node *node);
void sc_order_vs_unfencing(struct run *run, struct resource *rsc, struct node *node, struct action *action,
                           unsigned order);
void sc_order_restart_vs_unfence(struct run *run, struct resource *rsc, struct node *node);
void sc_schedule_fencing(struct run *run);

/* --- graph_build.c --- */
bool sc_wants_input(const struct action *action, struct edge *input);
void sc_build_graph(struct run *run);

/* --- health.c --- */
void sc_unpack_health(struct run *run);
int sc_node_health(const struct run *run, const struct node *node);
void sc_apply_health(struct run *run);

/* --- instances.c --- */
int sc_compare_number(const void *a, const void *b, void *context);
int sc_compare_instances(const void *a, const void *b, void *context);
void sc_assign_instances(struct run *run, struct resource *collective, struct resources *instances,
                         int max_total, int max_per_node);
bool sc_instance_matches(const struct resource *instance, const struct node *node, enum role role,
                         bool current, const char *attribute);
struct resource *sc_compatible_instance(struct run *run, const struct resource *match,
                                        const struct resource *rsc, enum role role, bool current,
                                        const char *attribute);
void sc_create_instance_actions(struct run *run, struct resource *collective,
                                const struct resources *instances);

/* --- iso8601.c --- */
void sc_calendar(int64_t epoch, int utc_offset, struct calendar *c);
bool sc_time_parse(const char *text, int64_t now, int utc_offset, int64_t *epoch);
int64_t sc_time_add(int64_t epoch, int utc_offset, int64_t years, int64_t months, int64_t days,
                    int64_t seconds);
bool sc_duration_parse(const char *text, int64_t *seconds);
const char *sc_time_text(struct run *run, int64_t epoch);

/* --- location.c --- */
struct location *sc_location_new(struct run *run, const char *id, struct resource *rsc, int score,
                                 const char *discovery, struct node *node);
void sc_unpack_location(struct run *run, xmlNode *xml);
void sc_apply_location(struct run *run, struct resource *rsc, const struct location *location);
void sc_apply_locations(struct run *run);

/* --- migration.c --- */
bool sc_can_migrate(const struct resource *rsc, const struct node *current);
void sc_create_migration(struct run *run, struct resource *rsc, struct node *current);
void sc_order_migration(struct run *run, const struct ordering *ordering);

/* --- notify.c --- */
void sc_notify_clone(struct run *run, struct resource *clone, struct action *start, struct action *started,
                     struct action *stop, struct action *stopped);
void sc_notify_promotable(struct run *run, struct resource *clone, bool promoting, bool demoting);
void sc_create_notifications(struct run *run, struct resource *clone);
void sc_notify_after_fencing(struct run *run, struct action *stop, struct resource *rsc,
                             struct action *fencing);

/* --- op_digest.c --- */
const struct digest *sc_op_digest_for(struct run *run, struct resource *rsc, const char *task,
                                      const struct past_op *op, const struct node *node);
bool sc_only_secrets_changed(struct run *run, struct resource *rsc, const char *task, const xmlNode *op,
                             const struct node *node);
const struct digest *sc_op_digest(struct run *run, struct resource *rsc, const struct past_op *op,
                                  const struct node *node);
const struct digest *sc_fencing_digest(struct run *run, struct resource *device, struct node *node);

/* --- order.c --- */
void sc_ordering(struct run *run, struct ordering ordering);
void sc_order(struct run *run, struct resource *first, enum task first_task, struct resource *then,
              enum task then_task, unsigned flags);
void sc_unpack_order(struct run *run, xmlNode *xml);

/* --- primitive.c --- */
void sc_create_actions(struct run *run, struct resource *rsc);
void sc_internal_constraints(struct run *run, struct resource *rsc);

/* --- probes.c --- */
bool sc_create_probe(struct run *run, struct resource *rsc, struct node *node);
void sc_schedule_probes(struct run *run);
void sc_order_probes(struct run *run);

/* --- promotable.c --- */
void sc_add_promotion_scores(struct run *run, struct resource *rsc);
void sc_set_instance_roles(struct run *run, struct resource *rsc);
void sc_create_promotable_actions(struct run *run, struct resource *clone);
void sc_order_restart(struct run *run, struct resource *rsc);
void sc_order_promotable(struct run *run, struct resource *clone);
void sc_follow_promotable(struct run *run, const struct resource *primary, struct resource *dependent,
                          const struct colocation *colocation);
int sc_promotable_priority(struct run *run, const struct resource *primary, struct resource *dependent,
                           const struct colocation *colocation);

/* --- recurring.c --- */
struct action *sc_cancel(struct run *run, struct resource *rsc, const char *name, int64_t interval_ms,
                         struct node *node);
void sc_schedule_cancel(struct run *run, struct resource *rsc, const xmlNode *op, struct node *node);
void sc_create_recurring(struct run *run, struct resource *rsc);
void sc_reschedule(struct run *run, struct resource *rsc, const char *name, int64_t interval_ms,
                   struct node *node);

/* --- remote.c --- */
bool sc_is_failed_remote(const struct node *node);
void sc_order_remote_actions(struct run *run);
struct node *sc_router(const struct action *action);

/* --- reasons.c --- */
void sc_note(struct run *run, const struct resource *rsc, const struct node *node, int score,
             const char *cause, const char *id);
void sc_note_with(struct run *run, const struct resource *dependent, const struct node *node, int score,
                  const struct resource *primary, const struct colocation *colocation);
void sc_note_promotion_with(struct run *run, const struct resource *instance, const struct node *node,
                            int score, const struct colocation *colocation);
void sc_note_drags(struct run *run, const struct resource *primary, const struct node *node, int score,
                   const struct resource *dependent, const struct colocation *colocation);
void sc_note_scores(struct run *run, const struct resource *rsc, const char *stage);
void sc_note_promotion(struct run *run, const struct resource *instance, const struct node *where);

/* --- rules.c --- */
const char *sc_rule_expand(struct rule_input *input, const char *text);
bool sc_rule_matches(xmlNode *rule, struct rule_input *input);
bool sc_read_sets(const xmlNode *parent, const char *element, const char *first_id, struct rule_input *input,
                  struct attrs *into);

/* --- state.c --- */
bool sc_active(const struct resource *rsc, bool all);
enum role sc_role(const struct resource *rsc, bool current);
void sc_locations(struct run *run, const struct resource *rsc, unsigned what, struct nodes *list);
struct node *sc_location(const struct resource *rsc, unsigned what);
struct node *sc_active_node(const struct resource *rsc, int *all, int *clean);
struct node *sc_current(const struct resource *rsc);
bool sc_flag_below(const struct resource *rsc, unsigned flag, bool any);
void sc_score_node(struct run *run, struct resource *rsc, struct node *node, int score, const char *why);
void sc_score_all(struct run *run, struct resource *rsc, int score, const char *why);
void sc_add_running(struct run *run, struct resource *rsc, struct node *node, bool failed);
void sc_ban_from_all(struct run *run, struct resource *rsc);
void sc_sort(void *array, int n, int (*compare)(const void *, const void *, void *), void *context);

/* --- status_model.c --- */
void sc_build_model(struct run *run);

/* --- tickets.c --- */
void sc_unpack_ticket_constraint(struct run *run, xmlNode *xml);
void sc_require_promotion_tickets(struct run *run, struct resource *rsc);

/* --- unpack_bundle.c --- */
struct bundle_data *sc_bundle_data(const struct resource *rsc);
struct resource *sc_in_container(const struct resource *container);
struct replica *sc_replica_of_remote(const struct resource *remote);
bool sc_needs_remote_name(struct run *run, struct resource *rsc);
const char *sc_remote_name(struct run *run, struct resource *rsc);
bool sc_unpack_bundle(struct run *run, struct resource *rsc);

/* --- unpack_config.c --- */
const char *sc_option(const struct run *run, const char *name);
void sc_unpack_config(struct run *run);
struct idrefs *sc_idrefs_find(struct idrefs *list, const char *id);
void sc_idrefs_add(struct run *run, struct idrefs **list, const char *id, const char *referrer);
void sc_unpack_tags(struct run *run);
struct ticket *sc_ticket(struct run *run, const char *id, bool create);
void sc_unpack_tickets(struct run *run);

/* --- past_op.c --- */
int sc_target_rc(const char *transition_key);
bool sc_masks_probe(int64_t rc, int64_t status);
bool sc_masked_probe(const xmlNode *op);
struct past_op sc_past_op(struct run *run, const xmlNode *entry);
const char *sc_past_op_key(const struct past_op *op);
int sc_compare_ops(struct run *run, const xmlNode *a, const xmlNode *b);
struct history sc_history(struct run *run, const xmlNode *entry);
const xmlNode *sc_history_entries(const xmlNode *state);
const struct histories *sc_histories(struct run *run, const struct node *node);
const xmlNode *sc_history_of(struct run *run, const struct node *node, const char *id);

/* --- unpack_history.c --- */
struct resource *sc_find_in_instance(struct resource *rsc, const char *name);
void sc_settle_promotions(struct resource *rsc);
void sc_unpack_node_history(struct run *run, struct node *node, const xmlNode *state);

/* --- unpack_nodes.c --- */
struct node *sc_node_find(const struct run *run, const char *name);
struct node *sc_node_by_id(const struct run *run, const char *id);
bool sc_is_guest(const struct node *node);
bool sc_is_remote_node(const struct node *node);
bool sc_is_bundle_node(const struct node *node);
struct node *sc_node_new(struct run *run, const char *id, const char *name, bool remote, int score);
void sc_node_attrs(struct run *run, struct node *node, const xmlNode *element, bool overwrite);
void sc_startup_fencing(struct run *run, struct node *node);
void sc_unpack_nodes(struct run *run);
bool sc_xml_is_remote(const xmlNode *xml);
const char *sc_node_attr(const struct node *node, const char *name, const char *target, bool assigned);
bool sc_available(const struct run *run, const struct node *node, const struct placement *placement,
                  bool consider_guest);
struct placement *sc_placement(const struct table *table, const struct node *node);
struct table sc_table_copy(struct run *run, const struct table *table);
struct placement *sc_table_add(struct run *run, struct table *table, const struct node *node,
                               const struct placement *base);
bool sc_any_available(const struct run *run, const struct table *table);
bool sc_nodes_have(const struct nodes *nodes, const struct node *node);

/* --- unpack_resources.c --- */
struct resource *sc_rsc_find(const struct run *run, const char *id);
struct resource *sc_constraint_rsc(const struct run *run, const char *id);
void sc_history_id(struct run *run, struct resource *rsc, const char *id);
struct resource *sc_top(const struct resource *rsc);
struct resource *sc_bundle_of(const struct resource *rsc);
bool sc_is_bundled(const struct resource *rsc);
bool sc_is_ancestor(const struct resource *ancestor, const struct resource *rsc);
bool sc_is_anonymous_clone(const struct resource *rsc);
const char *sc_printable_id(const struct resource *rsc);
struct resource *sc_contained_guest(const struct run *run, const struct resource *rsc);
struct attrs *sc_params(struct run *run, struct resource *rsc, const struct node *node);
bool sc_target_role(const struct resource *rsc, enum role *role);
bool sc_is_disabled(const struct resource *rsc);
void sc_flags_recursive(struct resource *rsc, unsigned set, unsigned clear);
struct resource *sc_clone_child(struct run *run, struct resource *clone);
struct resource *sc_unpack_resource(struct run *run, xmlNode *xml, struct resource *parent,
                                    const char *clone);
xmlNode *sc_remote_xml(struct run *run, const char *name, const char *container, const char *migrate,
                       const char *managed, const char *start_timeout, const char *address, const char *port);
void sc_add_nvpair(xmlNode *set, const char *name, const char *value);
void sc_add_op(xmlNode *ops, const char *prefix, const char *name, const char *interval, const char *timeout);
void sc_link_remote(struct run *run, struct resource *rsc);
int sc_compare_priority(const void *a, const void *b, void *context);
void sc_unpack_resources(struct run *run);

/* --- unpack_status.c --- */
bool sc_shutdown_requested(const struct node *node);
void sc_unpack_status(struct run *run);

/* --- upgrade.c --- */
xmlDoc *sc_upgrade(const xmlDoc *cib);

/* --- util.c --- */
void *sc_grow(struct run *run, void *old, int *capacity, size_t size);
bool sc_eq(const char *a, const char *b);
bool sc_ieq(const char *a, const char *b);
bool sc_prefix(const char *text, const char *prefix);
bool sc_true(const char *text);
bool sc_long(const char *text, int64_t *value);
int sc_int(const char *text, int missing, int minimum);
int64_t sc_number(const char *text, const char **end);
int64_t sc_xml_long(const xmlNode *element, const char *name, int64_t missing);
bool sc_interval(const char *text, int64_t *ms);
int64_t sc_interval_or(const char *text, int64_t missing);
int64_t sc_seconds(int64_t ms);
bool sc_score(const struct run *run, const char *text, int *score);
int sc_score_or(const struct run *run, const char *text, int missing);
int sc_add(int a, int b);
const char *sc_decimal(struct run *run, int64_t number);
const char *sc_score_text(struct run *run, int score);
int sc_compare_versions(const char *a, const char *b);
int sc_natural_compare(const char *a, const char *b);
enum role sc_role_parse(const char *text);
const char *sc_role_text(enum role role);
const char *sc_keep(struct run *run, const char *text);
void *sc_names_get(const struct names *names, const char *name);
void sc_names_put(struct run *run, struct names *names, const char *name, void *value, bool replace);
const char *sc_attr(const struct attrs *attrs, const char *name);
void sc_attr_set(struct run *run, struct attrs *attrs, const char *name, const char *value);
void sc_attr_default(struct run *run, struct attrs *attrs, const char *name, const char *value);
const char *sc_task_name(enum task task);
enum task sc_task_parse(const char *name);
bool sc_key_parse(struct run *run, const char *key, const char **resource, const char **operation,
                  int64_t *interval_ms);
size_t sc_base_length(const char *id);
const char *sc_base_name(struct run *run, const char *id);
xmlNode *sc_deref(struct run *run, xmlNode *element);
void sc_warn(struct run *run, const char *format, ...);
void sc_recheck(struct run *run, int64_t when);

/* --- utilization.c --- */
int sc_compare_capacities(const struct node *a, const struct node *b);
void sc_consume_capacity(struct run *run, struct attrs *capacity, const struct resource *rsc);
void sc_release_capacity(struct run *run, struct attrs *capacity, const struct resource *rsc);
struct node *sc_ban_insufficient(struct run *run, struct resource *rsc);
void sc_order_utilization(struct run *run, struct resource *rsc, const struct nodes *allowed);
void sc_note_capacities(struct run *run, const char *what);
void sc_note_utilization(struct run *run, const struct resource *rsc, const struct node *node);

#endif
