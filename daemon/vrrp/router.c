/* router.c - the VRRP state machine; see router.h. Section numbers are RFC 9568's. */
#include "daemon/vrrp/router.h"

#include <string.h>

static const int64_t NEVER = INT64_MAX;

enum {
    CONTENDER_ANNOUNCE_US = 100000, /* at most so often is a contender answered with an announcement */
    OWNER = 255,                    /* section 5.2.4 */
};

/* --- configuration --- */

struct vrrp_announce_plan vrrp_announce_default(uint32_t interval_us)
{
    return (struct vrrp_announce_plan){.count = 5,
                                       .again_us = 5000000,
                                       .refresh_us = 60000000,
                                       .refresh_count = 1,
                                       .contest_us = 3 * interval_us};
}

static struct hf_error *check_interval(const struct vrrp_config *config)
{
    uint32_t us = config->interval_us;

    if (config->version == 2 && (us < 1000000 || us > 255000000 || us % 1000000 != 0))
        return hf_error_new(HF_REFUSED,
                            "advertisement interval of %u us: version 2 expects whole seconds, 1 to 255", us);
    if (config->version == 3 && (us < 10000 || us > 40950000 || us % 10000 != 0))
        return hf_error_new(
            HF_REFUSED,
            "advertisement interval of %u us: version 3 expects 10 ms to 40.95 s in steps of 10 ms", us);
    return NULL;
}

static struct hf_error *check_addresses(const struct vrrp_config *config)
{
    char text[64];

    if (config->count == 0 || config->count > VRRP_ADDRESSES_MAX)
        return hf_error_new(HF_REFUSED, "%u addresses: expected 1 to %d", config->count, VRRP_ADDRESSES_MAX);
    for (unsigned i = 0; i < config->count; i++)
        if (config->addresses[i].family != config->family)
            return hf_error_new(HF_REFUSED, "address %s: expected only IPv%d addresses",
                                vrrp_address_text(&config->addresses[i], text), (int)config->family);
    if (config->primary.family != config->family)
        return hf_error_new(HF_REFUSED, "own address %s: expected an IPv%d address",
                            vrrp_address_text(&config->primary, text), (int)config->family);
    for (unsigned i = 0; i < config->peer_count; i++)
        if (config->peers[i].family != config->family)
            return hf_error_new(HF_REFUSED, "peer %s: expected an IPv%d address",
                                vrrp_address_text(&config->peers[i], text), (int)config->family);
    return NULL;
}

struct hf_error *vrrp_config_check(const struct vrrp_config *config)
{
    if (config->version != 2 && config->version != 3)
        return hf_error_new(HF_REFUSED, "VRRP version %u: expected 2 or 3", config->version);
    if (config->version == 2 && config->family != VRRP_IPV4)
        return hf_error_new(HF_REFUSED, "VRRP version 2 with IPv6 addresses: expected version 3");
    if (config->vrid == 0)
        return hf_error_new(HF_REFUSED, "virtual router id 0: expected 1 to 255");
    if (config->priority == 0)
        return hf_error_new(HF_REFUSED, "priority 0: expected 1 to 254, or 255 for the addresses' owner");
    if (config->auth_type > 1 || (config->auth_type != 0 && config->version != 2))
        return hf_error_new(HF_REFUSED,
                            "authentication type %u: expected none, or with version 2 a password (1)",
                            config->auth_type);
    if (config->peer_count > VRRP_PEERS_MAX)
        return hf_error_new(HF_REFUSED, "%u unicast peers: expected at most %d", config->peer_count,
                            VRRP_PEERS_MAX);

    struct hf_error *error = check_interval(config);

    return error != NULL ? error : check_addresses(config);
}

void vrrp_init(struct vrrp_router *router, const struct vrrp_config *config)
{
    *router = (struct vrrp_router){.config = *config,
                                   .state = VRRP_INITIALIZE,
                                   .priority = config->priority,
                                   .master_interval = config->interval_us,
                                   .advert_at = NEVER,
                                   .master_down_at = NEVER,
                                   .burst_at = NEVER,
                                   .second_burst_at = NEVER,
                                   .refresh_at = NEVER,
                                   .quiet_at = NEVER,
                                   .has_right = config->right == VRRP_RIGHT_NONE,
                                   .fit = true};
}

uint8_t vrrp_effective_priority(uint8_t base, const struct vrrp_track *tracks, size_t count, bool *fit)
{
    int priority = base;

    *fit = true;
    for (size_t i = 0; i < count; i++) {
        if (tracks[i].weight == 0 && !tracks[i].up)
            *fit = false;
        if ((tracks[i].weight > 0) == tracks[i].up)
            priority += tracks[i].weight;
    }
    if (base == OWNER)
        return OWNER;
    return (uint8_t)(priority < 1 ? 1 : priority > 254 ? 254 : priority);
}

/* --- timers (section 6.1; RFC 3768 section 6.1) --- */

uint32_t vrrp_skew_us(uint8_t version, uint8_t priority, uint32_t interval_us)
{
    /* Version 2 has it in seconds, whatever the interval is. */
    uint64_t unit = version == 2 ? 1000000 : interval_us;

    return (uint32_t)((256 - priority) * unit / 256);
}

uint32_t vrrp_master_down_us(uint8_t version, uint8_t priority, uint32_t interval_us)
{
    return 3 * interval_us + vrrp_skew_us(version, priority, interval_us);
}

static int64_t skew(const struct vrrp_router *router)
{
    return vrrp_skew_us(router->config.version, router->priority, router->master_interval);
}

/* How long silence must last. Under quorum a master that was cut off may go on, unheard, until it notices;
 * the last advert that was heard is up to an interval older than the cut. */
static int64_t master_down(const struct vrrp_router *router)
{
    int64_t silence = vrrp_master_down_us(router->config.version, router->priority, router->master_interval);
    int64_t unnoticed = (int64_t)router->config.right_lost_within_us + router->master_interval + skew(router);

    return router->config.right == VRRP_RIGHT_QUORUM && unnoticed > silence ? unnoticed : silence;
}

static void earlier(int64_t *deadline, int64_t candidate)
{
    if (candidate < *deadline)
        *deadline = candidate;
}

int64_t vrrp_deadline(const struct vrrp_router *router)
{
    int64_t deadline = router->advert_at;

    earlier(&deadline, router->master_down_at);
    earlier(&deadline, router->burst_at);
    earlier(&deadline, router->second_burst_at);
    earlier(&deadline, router->refresh_at);
    earlier(&deadline, router->quiet_at);
    return deadline;
}

/* --- announcements --- */

/* Begins a burst; what goes out at once is added to the update. */
static void burst(struct vrrp_router *router, uint8_t count, int64_t now, struct vrrp_update *update)
{
    const struct vrrp_announce_plan *plan = &router->config.announce;

    if (count == 0)
        return;
    if (plan->spacing_us == 0) {
        update->announce =
            (uint8_t)(update->announce > UINT8_MAX - count ? UINT8_MAX : update->announce + count);
        return;
    }
    update->announce++;
    router->burst_left = count - 1;
    router->burst_at = count > 1 ? now + plan->spacing_us : NEVER;
}

static void no_announcements(struct vrrp_router *router)
{
    router->burst_left = 0;
    router->burst_at = router->second_burst_at = router->refresh_at = router->quiet_at = NEVER;
}

static void announce_as_master(struct vrrp_router *router, int64_t now, struct vrrp_update *update)
{
    const struct vrrp_announce_plan *plan = &router->config.announce;

    burst(router, plan->count, now, update);
    router->second_burst_at = plan->again_us == 0 ? NEVER : now + plan->again_us;
    router->refresh_at = plan->refresh_us == 0 ? NEVER : now + plan->refresh_us;
    router->quiet_at = NEVER;
}

static void announce_tick(struct vrrp_router *router, int64_t now, struct vrrp_update *update)
{
    const struct vrrp_announce_plan *plan = &router->config.announce;

    if (router->burst_at <= now) {
        update->announce++;
        router->burst_left--;
        router->burst_at = router->burst_left == 0 ? NEVER : now + plan->spacing_us;
    }
    if (router->second_burst_at <= now) {
        router->second_burst_at = NEVER;
        burst(router, plan->count, now, update);
    }
    if (router->quiet_at <= now) {
        router->quiet_at = NEVER;
        burst(router, plan->count, now, update);
    }
    if (router->refresh_at <= now) {
        router->refresh_at = now + plan->refresh_us;
        burst(router, plan->refresh_count, now, update);
    }
}

/* --- states --- */

static void send_advert(struct vrrp_router *router, uint8_t priority, struct vrrp_update *update)
{
    update->send_advert = true;
    update->advert_priority = priority;
    router->counters.sent++;
    router->counters.resignations_sent += priority == 0;
}

static void enter_master(struct vrrp_router *router, int64_t now, enum vrrp_reason reason,
                         struct vrrp_update *update)
{
    router->state = VRRP_MASTER;
    router->ready = false;
    router->master_down_at = NEVER;
    router->preempt_at = 0;
    router->announced_at = now;
    router->counters.became_master++;
    update->start_serving = true;
    update->reason = reason;
    send_advert(router, router->priority, update);
    router->advert_at = now + router->config.interval_us;
    announce_as_master(router, now, update);
}

/* Whatever the state is, nothing is served and nothing runs afterwards. */
static void leave(struct vrrp_router *router, enum vrrp_state state, enum vrrp_reason reason,
                  struct vrrp_update *update)
{
    if (router->state == VRRP_MASTER) {
        update->stop_serving = true;
        router->counters.left_master++;
    }
    router->state = state;
    router->ready = false;
    router->advert_at = router->master_down_at = NEVER;
    router->preempt_at = 0;
    no_announcements(router);
    update->reason = reason;
}

static void enter_backup(struct vrrp_router *router, int64_t now, enum vrrp_reason reason,
                         struct vrrp_update *update)
{
    leave(router, VRRP_BACKUP, reason, update);
    router->resigned = false;
    router->master_down_at = now + master_down(router);
}

/* Asks for the right, and again if nothing comes of it. */
static void bid(struct vrrp_router *router, int64_t now, enum vrrp_reason reason, struct vrrp_update *update)
{
    update->bid = true;
    update->reason = reason;
    router->counters.bids++;
    router->master_down_at = now + router->master_interval + skew(router);
}

/* Nobody else is master any more: be it, or ask whether one may. */
static void take_over(struct vrrp_router *router, int64_t now, enum vrrp_reason reason,
                      struct vrrp_update *update)
{
    if (router->passive && !(router->has_right && router->config.right == VRRP_RIGHT_LOCK)) {
        router->master_down_at = now + master_down(router);
    } else if (!router->has_right) {
        bid(router, now, reason, update);
    } else if (router->config.grouped) {
        router->ready = true;
        router->master_down_at = NEVER;
        update->ready = true;
        update->reason = reason;
    } else {
        enter_master(router, now, reason, update);
    }
}

/* Section 6.4.1. */
static void startup(struct vrrp_router *router, int64_t now, struct vrrp_update *update)
{
    router->master_interval = router->config.interval_us;
    if (!router->fit) {
        leave(router, VRRP_FAULT, VRRP_WHY_UNFIT, update);
        return;
    }
    enter_backup(router, now, VRRP_WHY_STARTED, update);
    if (router->priority == OWNER && router->config.right != VRRP_RIGHT_QUORUM)
        take_over(router, now, VRRP_WHY_OWNER, update);
    else if (router->has_right && router->config.right == VRRP_RIGHT_LOCK)
        take_over(router, now, VRRP_WHY_RIGHT_GAINED, update);
}

/* Sections 6.4.2 and 6.4.3, Shutdown; also for FAULT. */
static void resign(struct vrrp_router *router, enum vrrp_state state, enum vrrp_reason reason,
                   struct vrrp_update *update)
{
    bool was_master = router->state == VRRP_MASTER;

    leave(router, state, reason, update);
    if (was_master)
        send_advert(router, 0, update);
}

static void restart_master_down(struct vrrp_router *router, int64_t now)
{
    router->master_down_at = now + master_down(router);
    router->ready = false;
}

/* Whether a master of lower priority is left alone for now (Preempt_Mode, and its delay). */
static bool leave_alone(struct vrrp_router *router, int64_t now)
{
    if (!router->config.preempt || router->config.right != VRRP_RIGHT_NONE)
        return true;
    if (router->preempt_at == 0)
        router->preempt_at = now + router->config.preempt_delay_us;
    return now < router->preempt_at;
}

/* Section 6.4.2, ADVERTISEMENT received. */
static void heard_as_backup(struct vrrp_router *router, const struct vrrp_event *event,
                            struct vrrp_update *update)
{
    const struct vrrp_advert *advert = event->advert;

    if (advert->priority == 0) {
        router->resigned = true;
        router->ready = false;
        router->master_down_at = event->now + skew(router);
        /* Skew_Time orders the candidates; under a lock its servers do. */
        if (router->config.right == VRRP_RIGHT_LOCK)
            take_over(router, event->now, VRRP_WHY_RESIGNED, update);
        return;
    }
    if (advert->priority >= router->priority)
        router->preempt_at = 0;
    else if (!leave_alone(router, event->now))
        return;
    router->resigned = false;
    if (router->config.version == 3)
        router->master_interval = advert->interval_us;
    restart_master_down(router, event->now);
}

/* Somebody else advertises while we are master and stay it: they, and every switch, must hear us (section
 * 6.4.3, lower priority), and every host once they are silent. */
static void answer_contender(struct vrrp_router *router, int64_t now, struct vrrp_update *update)
{
    router->counters.contested++;
    send_advert(router, router->priority, update);
    router->advert_at = now + router->config.interval_us;
    router->quiet_at = now + router->config.announce.contest_us;
    if (now - router->announced_at >= CONTENDER_ANNOUNCE_US) {
        router->announced_at = now;
        update->announce++;
    }
}

static bool outranked(const struct vrrp_router *router, const struct vrrp_event *event)
{
    if (event->advert->priority != router->priority)
        return event->advert->priority > router->priority;
    return vrrp_address_compare(&event->source, &router->config.primary) > 0;
}

/* Section 6.4.3, ADVERTISEMENT received. */
static void heard_as_master(struct vrrp_router *router, const struct vrrp_event *event,
                            struct vrrp_update *update)
{
    if (event->advert->priority == 0) {
        send_advert(router, router->priority, update);
        router->advert_at = event->now + router->config.interval_us;
        return;
    }
    if (router->config.right == VRRP_RIGHT_LOCK || !outranked(router, event)) {
        answer_contender(router, event->now, update);
        return;
    }
    if (router->config.version == 3)
        router->master_interval = event->advert->interval_us;
    enter_backup(router, event->now, VRRP_WHY_OUTRANKED, update);
    /* A parting advert, which the RFC does not ask for: hosts that believe us are put right by the true
     * master only if it learns that there were two of us. It loses every election, so it harms nobody. */
    send_advert(router, router->priority, update);
}

static void heard(struct vrrp_router *router, const struct vrrp_event *event, struct vrrp_update *update)
{
    router->counters.heard++;
    router->counters.resignations_heard += event->advert->priority == 0;
    if (router->state == VRRP_BACKUP)
        heard_as_backup(router, event, update);
    else if (router->state == VRRP_MASTER)
        heard_as_master(router, event, update);
}

static void tick(struct vrrp_router *router, int64_t now, struct vrrp_update *update)
{
    if (router->state == VRRP_BACKUP && router->master_down_at <= now) {
        /* Section 6.4.2, Active_Down_Timer fires. */
        take_over(router, now, router->resigned ? VRRP_WHY_RESIGNED : VRRP_WHY_SILENCE, update);
        return;
    }
    if (router->state != VRRP_MASTER)
        return;
    if (router->advert_at <= now) {
        /* Section 6.4.3, Adver_Timer fires. After a long sleep the missed ones are not caught up on. */
        send_advert(router, router->priority, update);
        router->advert_at = now + router->config.interval_us;
    }
    announce_tick(router, now, update);
}

static void right(struct vrrp_router *router, const struct vrrp_event *event, struct vrrp_update *update)
{
    bool had = router->has_right;

    router->has_right = event->may_be_master || router->config.right == VRRP_RIGHT_NONE;
    if (had == router->has_right)
        return;
    if (had && router->state == VRRP_MASTER) {
        /* No resignation: what is lost may be somebody else's already. Who gives it up says VRRP_SHUTDOWN
         * or follows a planned move. */
        enter_backup(router, event->now, VRRP_WHY_RIGHT_LOST, update);
    } else if (router->state == VRRP_BACKUP) {
        restart_master_down(router, event->now);
        if (router->has_right && router->config.right == VRRP_RIGHT_LOCK)
            take_over(router, event->now, VRRP_WHY_RIGHT_GAINED, update);
    }
}

static void urge(struct vrrp_router *router, int64_t now, struct vrrp_update *update)
{
    if (router->state != VRRP_BACKUP)
        return;
    if (router->config.right == VRRP_RIGHT_LOCK)
        take_over(router, now, VRRP_WHY_URGED, update);
    else
        earlier(&router->master_down_at,
                now + (router->resigned ? 0 : (int64_t)router->master_interval) + skew(router));
}

/* Nobody was stopped from taking over meanwhile. Plain VRRP listens for one interval (and preempts then, if
 * it may); under quorum the whole silence is needed again. */
static void lapsed(struct vrrp_router *router, int64_t now, struct vrrp_update *update)
{
    if (router->state != VRRP_MASTER || router->config.right == VRRP_RIGHT_LOCK)
        return;
    router->master_interval = router->config.interval_us;
    enter_backup(router, now, VRRP_WHY_LAPSED, update);
    if (router->config.right == VRRP_RIGHT_NONE)
        router->master_down_at = now + router->master_interval + skew(router);
}

static void fit(struct vrrp_router *router, const struct vrrp_event *event, struct vrrp_update *update)
{
    router->fit = event->fit;
    if (!event->fit && (router->state == VRRP_BACKUP || router->state == VRRP_MASTER))
        resign(router, VRRP_FAULT, VRRP_WHY_UNFIT, update);
    else if (event->fit && router->state == VRRP_FAULT)
        startup(router, event->now, update);
}

static void follow(struct vrrp_router *router, const struct vrrp_event *event, struct vrrp_update *update)
{
    enum vrrp_reason reason = event->ordered ? VRRP_WHY_ORDERED : VRRP_WHY_GROUP;

    if (event->follow == VRRP_MASTER && router->state == VRRP_BACKUP && router->has_right) {
        enter_master(router, event->now, reason, update);
    } else if (event->follow == VRRP_BACKUP && router->state == VRRP_MASTER) {
        /* The others of the peer's group should not wait for our silence. */
        enter_backup(router, event->now, reason, update);
        send_advert(router, 0, update);
    }
}

struct vrrp_update vrrp_step(struct vrrp_router *router, const struct vrrp_event *event)
{
    struct vrrp_update update = {0};
    bool running = router->state == VRRP_BACKUP || router->state == VRRP_MASTER;

    switch (event->type) {
    case VRRP_STARTUP:
        if (router->state == VRRP_INITIALIZE)
            startup(router, event->now, &update);
        break;
    case VRRP_SHUTDOWN:
        if (router->state != VRRP_INITIALIZE)
            resign(router, VRRP_INITIALIZE, VRRP_WHY_SHUTDOWN, &update);
        break;
    case VRRP_TICK:
        tick(router, event->now, &update);
        break;
    case VRRP_HEARD:
        heard(router, event, &update);
        break;
    case VRRP_RIGHT:
        right(router, event, &update);
        break;
    case VRRP_FIT:
        fit(router, event, &update);
        break;
    case VRRP_PRIORITY:
        router->priority = event->priority;
        if (router->state == VRRP_BACKUP && router->master_down_at != NEVER)
            earlier(&router->master_down_at, event->now + master_down(router));
        break;
    case VRRP_REFRESH:
        if (router->state == VRRP_MASTER)
            burst(router, router->config.announce.count, event->now, &update);
        break;
    case VRRP_FOLLOW:
        if (running)
            follow(router, event, &update);
        break;
    case VRRP_PASSIVE:
        router->passive = event->passive;
        break;
    case VRRP_URGE:
        urge(router, event->now, &update);
        break;
    case VRRP_LAPSED:
        lapsed(router, event->now, &update);
        break;
    }
    return update;
}

/* --- packets --- */

static bool is_peer(const struct vrrp_config *config, const struct vrrp_address *source)
{
    for (unsigned i = 0; i < config->peer_count; i++)
        if (vrrp_address_equal(&config->peers[i], source))
            return true;
    return config->peer_count == 0;
}

static bool same_addresses(const struct vrrp_config *config, const struct vrrp_advert *advert)
{
    if (advert->count != config->count)
        return false;
    for (unsigned i = 0; i < config->count; i++) {
        bool found = false;

        for (unsigned j = 0; j < advert->count && !found; j++)
            found = vrrp_address_equal(&config->addresses[i], &advert->addresses[j]);
        if (!found)
            return false;
    }
    return true;
}

/* What the configuration says of a well-formed advert (section 7.1; RFC 3768 section 7.1). */
static enum vrrp_refusal against_config(const struct vrrp_config *config, const struct vrrp_advert *advert)
{
    if (advert->version != config->version)
        return VRRP_BAD_VERSION;
    if (advert->vrid != config->vrid)
        return VRRP_BAD_VRID;
    if (config->version == 2 && advert->auth_type != config->auth_type)
        return VRRP_BAD_AUTH_TYPE;
    if (config->version == 2 && config->auth_type == 1 &&
        memcmp(advert->auth, config->auth, VRRP_AUTH_LENGTH) != 0)
        return VRRP_BAD_AUTH_DATA;
    if (config->version == 2 && advert->interval_us != config->interval_us)
        return VRRP_BAD_INTERVAL;
    return VRRP_ACCEPTED;
}

static enum vrrp_refusal check(const struct vrrp_router *router, const struct vrrp_received *received,
                               struct vrrp_advert *advert)
{
    const struct vrrp_config *config = &router->config;

    if (received->source.family != config->family)
        return VRRP_BAD_FAMILY;
    if (received->ttl < config->min_ttl)
        return VRRP_BAD_TTL;
    if (vrrp_address_equal(&received->source, &config->primary))
        return VRRP_OWN_PACKET;
    if (!is_peer(config, &received->source))
        return VRRP_BAD_SOURCE;

    enum vrrp_refusal refusal = vrrp_decode(received, advert);

    if (refusal == VRRP_ACCEPTED)
        refusal = against_config(config, advert);
    if (refusal == VRRP_ACCEPTED && router->priority == OWNER && config->right == VRRP_RIGHT_NONE)
        refusal = VRRP_WE_ARE_OWNER;
    return refusal;
}

enum vrrp_refusal vrrp_check(struct vrrp_router *router, const struct vrrp_received *received,
                             struct vrrp_advert *advert)
{
    enum vrrp_refusal refusal = check(router, received, advert);

    router->counters.refused[refusal]++;
    if (refusal != VRRP_ACCEPTED)
        return refusal;
    /* A difference in these is somebody's mistake, but to ignore the advert for it would make two masters. */
    router->counters.address_mismatches += !same_addresses(&router->config, advert);
    router->counters.interval_mismatches += advert->interval_us != router->config.interval_us;
    return VRRP_ACCEPTED;
}

struct vrrp_advert vrrp_own_advert(const struct vrrp_router *router, uint8_t priority)
{
    const struct vrrp_config *config = &router->config;
    struct vrrp_advert advert = {.version = config->version,
                                 .family = config->family,
                                 .vrid = config->vrid,
                                 .priority = priority,
                                 .interval_us = config->interval_us,
                                 .auth_type = config->auth_type,
                                 .checksum = config->checksum,
                                 .count = config->count};

    memcpy(advert.auth, config->auth, sizeof(advert.auth));
    memcpy(advert.addresses, config->addresses, config->count * sizeof(advert.addresses[0]));
    return advert;
}

/* --- words --- */

const char *vrrp_state_text(enum vrrp_state state)
{
    static const char *const texts[] = {"INITIALIZE", "BACKUP", "MASTER", "FAULT"};

    return (unsigned)state < HF_ARRAY_LENGTH(texts) ? texts[state] : "unknown";
}

const char *vrrp_reason_text(enum vrrp_reason reason)
{
    static const char *const texts[] = {
        [VRRP_WHY_NONE] = "nothing",
        [VRRP_WHY_STARTED] = "it was started",
        [VRRP_WHY_OWNER] = "this machine owns the addresses",
        [VRRP_WHY_SILENCE] = "the master was silent",
        [VRRP_WHY_RESIGNED] = "the master resigned",
        [VRRP_WHY_OUTRANKED] = "a master of higher priority (or address) was heard",
        [VRRP_WHY_RIGHT_GAINED] = "the right to be master was got",
        [VRRP_WHY_RIGHT_LOST] = "the right to be master was lost",
        [VRRP_WHY_UNFIT] = "an interface or something tracked is down",
        [VRRP_WHY_GROUP] = "the sync group moved",
        [VRRP_WHY_SHUTDOWN] = "it was shut down",
        [VRRP_WHY_URGED] = "the master is gone",
        [VRRP_WHY_ORDERED] = "it was told to",
        [VRRP_WHY_LAPSED] = "its own adverts were overdue: this machine had slept",
    };

    return (unsigned)reason < HF_ARRAY_LENGTH(texts) ? texts[reason] : "unknown";
}
