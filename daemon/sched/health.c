/* health.c - node health: attributes "#health-*" turned into scores, by the node-health-strategy. */
#include "daemon/sched/model.h"

enum { HEALTH_NONE, HEALTH_NO_RED, HEALTH_ONLY_GREEN, HEALTH_PROGRESSIVE, HEALTH_CUSTOM };

void sc_unpack_health(struct run *run)
{
    static const char *const names[] = {"none", "migrate-on-red", "only-green", "progressive", "custom"};
    const char *strategy = sc_option(run, "node-health-strategy");

    run->health_strategy = HEALTH_NONE;
    for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++)
        if (sc_ieq(strategy, names[i]))
            run->health_strategy = (int)i;
    switch (run->health_strategy) {
    case HEALTH_NONE:
        break;
    case HEALTH_NO_RED:
        run->score_red = -SC_INFINITY;
        break;
    case HEALTH_ONLY_GREEN:
        run->score_red = run->score_yellow = -SC_INFINITY;
        break;
    default: {
        int red = sc_score_or(run, sc_option(run, "node-health-red"), -SC_INFINITY);
        int yellow = sc_score_or(run, sc_option(run, "node-health-yellow"), 0);
        int green = sc_score_or(run, sc_option(run, "node-health-green"), 0);
        run->score_red = red;
        run->score_yellow = yellow;
        run->score_green = green;
        break;
    }
    }
}

/* 1 green, 0 yellow, -1 red. */
int sc_node_health(const struct run *run, const struct node *node)
{
    int health = 1, score;

    if (run->health_strategy == HEALTH_NONE)
        return 1;
    for (int i = 0; i < node->attrs.n; i++) {
        const char *value = node->attrs.at[i].value;
        if (!sc_prefix(node->attrs.at[i].name, "#health") || value == NULL)
            continue;
        if (sc_ieq(value, "red"))
            return -1;
        if (sc_ieq(value, "yellow")) {
            health = 0;
            continue;
        }
        if (!sc_score(run, value, &score))
            continue;
        if (score <= run->score_red)
            return -1;
        if (score <= run->score_yellow && run->score_yellow != run->score_green)
            health = 0;
    }
    return health;
}

/* Each node's health is a location preference of every resource; what may live on unhealthy nodes
 * (allow-unhealthy-nodes) does not see a negative one. */
void sc_apply_health(struct run *run)
{
    if (run->health_strategy == HEALTH_NONE)
        return;
    int base = run->health_strategy == HEALTH_PROGRESSIVE
                   ? sc_score_or(run, sc_option(run, "node-health-base"), 0)
                   : 0;
    for (int n = 0; n < run->by_name.n; n++) {
        struct node *node = run->by_name.at[n];
        int health = base, score;
        for (int i = 0; i < node->attrs.n; i++)
            if (sc_prefix(node->attrs.at[i].name, "#health") &&
                sc_score(run, node->attrs.at[i].value, &score))
                health = sc_add(score, health);
        if (health == 0)
            continue;
        for (int r = 0; r < run->resources.n; r++) {
            struct resource *rsc = run->resources.at[r];
            if (health > 0 || !sc_true(sc_attr(&rsc->meta, "allow-unhealthy-nodes")))
                sc_location_new(run, sc_option(run, "node-health-strategy"), rsc, health, NULL, node);
        }
    }
}
