/* test_vrrp_net.c - two to five real state machines on a simulated network: random faults by seed, and at
 * every instant the promises: under the lock never two that serve, under quorum never two for longer than
 * the loss of quorum goes unnoticed, and once all is healed exactly one master, whom every host believes.
 *
 * The same seed is the same run; a failing one is named. HOLDFAST_SEEDS sets how many are tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/vrrp/router.h"
#include "lib/alloc.h"

enum {
    MS = 1000,
    INTERVAL = 100 * MS,
    NODES_MAX = 5,
    HOST = NODES_MAX,       /* a client on the same network */
    SERVER = NODES_MAX + 1, /* the lock server (a majority of them, seen as one) */
    PLACES = NODES_MAX + 2,
    LEASE = 300 * MS, /* the server's hold; a client uses 0.9 of it, counted from its asking */
    RENEW = LEASE / 4,
    QUORUM_DELAY = 500 * MS, /* until a partition is noticed: longer than Master_Down_Interval */
    LETTERS_MAX = 4096,
};

enum letter_kind { ADVERT, ANNOUNCE, BID, GRANT };

struct letter {
    int64_t at;
    enum letter_kind kind;
    int from, to;
    int64_t sent; /* BID, GRANT: when the asking began */
    uint64_t boot;
    size_t length;
    uint8_t bytes[64];
};

struct node {
    struct vrrp_router router;
    bool up, frozen, serving;
    uint64_t boot;       /* letters to an earlier life are not read */
    int64_t lease_until; /* under the lock: as the kernel's gate has it */
    int64_t renew_at;
    int64_t right_at; /* under quorum: when the news of the partition comes; INT64_MAX: none */
    bool right_next;
};

struct net {
    uint64_t seed;
    enum vrrp_right right;
    int64_t now;
    int count;
    struct node nodes[NODES_MAX];
    bool cut[PLACES][PLACES];
    bool minority[NODES_MAX]; /* under quorum: without it */
    uint32_t refresh_us;      /* of announcements */
    unsigned loss;            /* per mille */
    int lock_holder;          /* -1: none */
    int64_t lock_until;       /* the server's view */
    int believed;             /* whose announcement the host heard last; -1: nobody's */
    struct letter letters[LETTERS_MAX];
    size_t letter_count;
    int64_t two_since;       /* when two began to serve; 0: they do not */
    int64_t overlap_allowed; /* for how long they may */
    char story[64];
};

static uint32_t draw(struct net *net, uint32_t below)
{
    net->seed = net->seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(net->seed >> 33) % below;
}

/* --- letters --- */

static void post(struct net *net, struct letter letter)
{
    if (net->cut[letter.from][letter.to] || draw(net, 1000) < net->loss)
        return;
    if (net->letter_count == LETTERS_MAX)
        fail_msg("%s: the network is full", net->story);
    letter.at = net->now + 100 + draw(net, 2 * MS);
    net->letters[net->letter_count++] = letter;
}

static struct vrrp_address own_address(int node)
{
    return (struct vrrp_address){.family = VRRP_IPV4, .bytes = {10, 0, 0, (uint8_t)(10 + node)}};
}

static void post_advert(struct net *net, int from, uint8_t priority)
{
    struct vrrp_advert advert = vrrp_own_advert(&net->nodes[from].router, priority);
    struct vrrp_address source = own_address(from), group = vrrp_group_address(VRRP_IPV4);
    struct letter letter = {.kind = ADVERT, .from = from};

    letter.length = vrrp_encode(&advert, &source, &group, letter.bytes);
    for (letter.to = 0; letter.to < net->count; letter.to++)
        if (letter.to != from)
            post(net, letter);
}

/* --- what the shell would do --- */

static void ask_for_lock(struct net *net, int node)
{
    post(net, (struct letter){
                  .kind = BID, .from = node, .to = SERVER, .sent = net->now, .boot = net->nodes[node].boot});
}

static void perform(struct net *net, int index, const struct vrrp_update *update)
{
    struct node *node = &net->nodes[index];

    if (update->stop_serving)
        node->serving = false;
    if (update->start_serving)
        node->serving = true;
    if (update->send_advert)
        post_advert(net, index, update->advert_priority);
    for (int i = 0; i < update->announce; i++)
        post(net, (struct letter){.kind = ANNOUNCE, .from = index, .to = HOST});
    if (update->bid && net->right == VRRP_RIGHT_LOCK)
        ask_for_lock(net, index);
}

static void feed(struct net *net, int index, struct vrrp_event event)
{
    event.now = net->now;

    struct vrrp_update update = vrrp_step(&net->nodes[index].router, &event);

    perform(net, index, &update);
}

/* Under quorum: the news that this node is in the majority or not, on its way. */
static void learn_quorum(struct net *net, int index)
{
    if (net->right != VRRP_RIGHT_QUORUM)
        return;

    struct node *node = &net->nodes[index];
    int64_t at = net->now + QUORUM_DELAY / 2 + draw(net, QUORUM_DELAY / 2);

    /* News of the same content that is on its way already is not held up by more of it. */
    if (node->right_at == INT64_MAX || node->right_next == net->minority[index])
        node->right_at = at;
    node->right_next = !net->minority[index];
}

static void boot(struct net *net, int index)
{
    struct node *node = &net->nodes[index];
    struct vrrp_config config = {.version = 3,
                                 .family = VRRP_IPV4,
                                 .vrid = 1,
                                 .priority = (uint8_t)(100 + index * 10),
                                 .interval_us = INTERVAL,
                                 .right = net->right,
                                 .right_lost_within_us = QUORUM_DELAY,
                                 .preempt = true,
                                 .min_ttl = 255,
                                 .primary = own_address(index),
                                 .count = 1,
                                 .addresses = {{.family = VRRP_IPV4, .bytes = {10, 0, 0, 1}}},
                                 .announce = vrrp_announce_default(INTERVAL)};

    *node = (struct node){.up = true, .boot = node->boot + 1, .renew_at = INT64_MAX, .right_at = INT64_MAX};
    config.announce.again_us = 5 * INTERVAL;
    config.announce.refresh_us = net->refresh_us;
    vrrp_init(&node->router, &config);
    feed(net, index, (struct vrrp_event){.type = VRRP_STARTUP});
    learn_quorum(net, index);
}

/* --- delivery --- */

static void deliver_advert(struct net *net, const struct letter *letter)
{
    struct vrrp_advert advert;
    struct vrrp_received received = {.source = own_address(letter->from),
                                     .destination = vrrp_group_address(VRRP_IPV4),
                                     .ttl = 255,
                                     .bytes = letter->bytes,
                                     .length = letter->length};

    assert_int_equal(vrrp_check(&net->nodes[letter->to].router, &received, &advert), VRRP_ACCEPTED);
    feed(net, letter->to,
         (struct vrrp_event){.type = VRRP_HEARD, .advert = &advert, .source = received.source});
}

static void deliver_bid(struct net *net, const struct letter *letter)
{
    if (net->lock_holder != letter->from && net->lock_holder >= 0 && net->now < net->lock_until)
        return; /* denied; the bidder asks again */
    /* A new life of the holder is another holder: it must wait as everybody. */
    if (net->lock_holder == letter->from && net->now < net->lock_until &&
        letter->boot != net->nodes[letter->from].boot)
        return;
    net->lock_holder = letter->from;
    net->lock_until = net->now + LEASE;
    post(net,
         (struct letter){
             .kind = GRANT, .from = SERVER, .to = letter->from, .sent = letter->sent, .boot = letter->boot});
}

static void deliver_grant(struct net *net, const struct letter *letter)
{
    struct node *node = &net->nodes[letter->to];
    int64_t until = letter->sent + LEASE * 9 / 10;

    if (letter->boot != node->boot || until <= net->now)
        return;
    if (until > node->lease_until)
        node->lease_until = until;
    if (node->renew_at == INT64_MAX)
        node->renew_at = net->now + RENEW;
    feed(net, letter->to, (struct vrrp_event){.type = VRRP_RIGHT, .may_be_master = true});
}

static void deliver(struct net *net, const struct letter *letter)
{
    if (letter->kind == ANNOUNCE) {
        net->believed = letter->from;
    } else if (letter->kind == BID) {
        deliver_bid(net, letter);
    } else if (net->nodes[letter->to].up && !net->nodes[letter->to].frozen) {
        if (letter->kind == ADVERT)
            deliver_advert(net, letter);
        else
            deliver_grant(net, letter);
    }
}

/* --- the clock --- */

static int64_t node_deadline(const struct node *node)
{
    int64_t deadline = vrrp_deadline(&node->router);

    if (!node->up || node->frozen)
        return INT64_MAX;
    if (node->renew_at < deadline)
        deadline = node->renew_at;
    if (node->router.has_right && node->lease_until != 0 && node->lease_until < deadline)
        deadline = node->lease_until;
    return node->right_at < deadline ? node->right_at : deadline;
}

static void wake(struct net *net, int index)
{
    struct node *node = &net->nodes[index];

    if (net->right == VRRP_RIGHT_LOCK && node->router.has_right && node->lease_until <= net->now) {
        node->renew_at = INT64_MAX;
        feed(net, index, (struct vrrp_event){.type = VRRP_RIGHT, .may_be_master = false});
    }
    if (node->renew_at <= net->now) {
        node->renew_at = net->now + RENEW;
        ask_for_lock(net, index);
    }
    if (node->right_at <= net->now) {
        node->right_at = INT64_MAX;
        feed(net, index, (struct vrrp_event){.type = VRRP_RIGHT, .may_be_master = node->right_next});
    }
    if (vrrp_deadline(&node->router) <= net->now)
        feed(net, index, (struct vrrp_event){.type = VRRP_TICK});
}

/* What answers for the address: a node that was stopped does, as long as its gate is open. */
static bool answers(const struct net *net, int index)
{
    const struct node *node = &net->nodes[index];

    return node->up && node->serving && (net->right != VRRP_RIGHT_LOCK || net->now < node->lease_until);
}

static int answering(const struct net *net)
{
    int count = 0;

    for (int i = 0; i < net->count; i++)
        count += answers(net, i);
    return count;
}

static void check_now(struct net *net)
{
    bool two = answering(net) > 1;

    if (!two)
        net->two_since = 0;
    else if (net->two_since == 0)
        net->two_since = net->now;
    if (two && net->now - net->two_since > net->overlap_allowed)
        fail_msg("%s: %d serve at %lld us, since %lld", net->story, answering(net), (long long)net->now,
                 (long long)net->two_since);
    for (int i = 0; i < net->count; i++) {
        const struct node *node = &net->nodes[i];

        if (node->serving != (node->router.state == VRRP_MASTER))
            fail_msg("%s: node %d is %s and %s", net->story, i, vrrp_state_text(node->router.state),
                     node->serving ? "serves" : "does not serve");
        if (node->router.state == VRRP_MASTER && !node->router.has_right)
            fail_msg("%s: node %d is MASTER without the right", net->story, i);
    }
}

/* One event, the earliest, if it is before limit. False if there is none. */
static bool happen(struct net *net, int64_t limit)
{
    size_t first = SIZE_MAX;
    int node = -1;
    int64_t at = limit;

    for (size_t i = 0; i < net->letter_count; i++) {
        if (net->letters[i].at < at) {
            at = net->letters[i].at;
            first = i;
        }
    }
    for (int i = 0; i < net->count; i++) {
        if (node_deadline(&net->nodes[i]) < at) {
            at = node_deadline(&net->nodes[i]);
            node = i;
        }
    }
    if (at >= limit)
        return false;
    if (at > net->now)
        net->now = at;
    if (node >= 0) {
        wake(net, node);
    } else {
        struct letter letter = net->letters[first];

        net->letters[first] = net->letters[--net->letter_count];
        deliver(net, &letter);
    }
    check_now(net);
    return true;
}

static void run_for(struct net *net, int64_t us)
{
    int64_t limit = net->now + us;

    for (int events = 0; happen(net, limit); events++)
        if (events > 200000)
            fail_msg("%s: no end of events at %lld us", net->story, (long long)net->now);
    net->now = limit;
}

/* --- faults --- */

static void heal(struct net *net)
{
    memset(net->cut, 0, sizeof(net->cut));
    memset(net->minority, 0, sizeof(net->minority));
    net->loss = 0;
    for (int i = 0; i < net->count; i++) {
        if (!net->nodes[i].up)
            boot(net, i);
        net->nodes[i].frozen = false;
        learn_quorum(net, i);
    }
}

/* Two sides that do not hear each other; under quorum each learns what it is worth. */
static void partition(struct net *net)
{
    unsigned side = draw(net, 1u << net->count);
    int in_side = __builtin_popcount(side);

    for (int i = 0; i < net->count; i++) {
        bool here = (side >> i & 1) != 0;
        int size = here ? in_side : net->count - in_side;

        for (int j = 0; j < net->count; j++)
            net->cut[i][j] = here != ((side >> j & 1) != 0);
        net->minority[i] = size * 2 <= net->count;
        learn_quorum(net, i);
    }
}

static void one_fault(struct net *net)
{
    int node = (int)draw(net, (uint32_t)net->count);
    int other = (int)draw(net, PLACES);

    switch (draw(net, 7)) {
    case 0:
        partition(net);
        break;
    case 1:
        /* One way only, also to or from the host or the lock server. */
        if (net->right != VRRP_RIGHT_QUORUM) {
            net->cut[node][other] = true;
            break;
        }
        /* fall through */
    case 2:
        if (net->nodes[node].up)
            net->nodes[node].up = net->nodes[node].serving = false,
            net->nodes[node].router.state = VRRP_INITIALIZE;
        break;
    case 3:
        if (!net->nodes[node].up)
            boot(net, node);
        break;
    case 4:
        /* Stopped, where the kernel's gate stands for it; thawed by heal(). */
        net->nodes[node].frozen = net->right == VRRP_RIGHT_LOCK;
        break;
    case 5:
        net->loss = draw(net, 300);
        if (net->right == VRRP_RIGHT_QUORUM)
            net->loss = 0;
        break;
    default:
        heal(net);
    }
}

static int only_master(struct net *net)
{
    int master = -1;

    if (answering(net) != 1)
        fail_msg("%s: %d serve after all was healed", net->story, answering(net));
    for (int i = 0; i < net->count; i++)
        if (answers(net, i))
            master = i;
    return master;
}

static void campaign(enum vrrp_right right, int64_t allowed, uint64_t seed)
{
    static struct net net;

    net = (struct net){.seed = seed * 7919 + right,
                       .right = right,
                       .now = 1000 * MS,
                       .lock_holder = -1,
                       .believed = -1,
                       .overlap_allowed = allowed,
                       .refresh_us = 15 * INTERVAL};
    net.count = 2 + (int)draw(&net, NODES_MAX - 1);
    snprintf(net.story, sizeof(net.story), "right %d, seed %llu, %d nodes", right, (unsigned long long)seed,
             net.count);
    for (int i = 0; i < net.count; i++)
        boot(&net, i);
    run_for(&net, 20 * INTERVAL);
    only_master(&net);
    for (int i = 0; i < 12; i++) {
        one_fault(&net);
        run_for(&net, draw(&net, 12 * INTERVAL));
        /* Quorum promises nothing while one change is followed by the next before it was noticed. */
        if (right == VRRP_RIGHT_QUORUM)
            run_for(&net, QUORUM_DELAY + 5 * INTERVAL);
    }
    heal(&net);
    run_for(&net, 40 * INTERVAL);

    int master = only_master(&net);

    /* Plain VRRP: the best one. Otherwise whoever has the right; moving it is the scheduler's. */
    if (right == VRRP_RIGHT_NONE && master != net.count - 1)
        fail_msg("%s: node %d is master, not the one of highest priority", net.story, master);
    if (net.believed != master)
        fail_msg("%s: the host believes node %d, the master is node %d", net.story, net.believed, master);
}

static void seeds(enum vrrp_right right, int64_t allowed)
{
    const char *wanted = getenv("HOLDFAST_SEEDS");
    uint64_t count = wanted == NULL ? 300 : strtoull(wanted, NULL, 10);

    for (uint64_t seed = 1; seed <= count; seed++)
        campaign(right, allowed, seed);
}

static void plain_vrrp_finds_the_best_master_after_any_faults(void **state)
{
    seeds(VRRP_RIGHT_NONE, INT64_MAX);
}

/* The network may break in the middle of an election; who is cut off then goes on until it notices. Only the
 * lock rules that out. */
static void under_quorum_never_two_for_longer_than_its_loss_goes_unnoticed(void **state)
{
    seeds(VRRP_RIGHT_QUORUM, QUORUM_DELAY + 3 * MS);
}

static void under_the_lock_never_two(void **state)
{
    seeds(VRRP_RIGHT_LOCK, -1);
}

/* The numbers behind the promises: how long nobody answers after a crash of the master. */
static int64_t gap_after_crash(enum vrrp_right right)
{
    static struct net net;
    int64_t crashed;

    net = (struct net){.seed = 42,
                       .right = right,
                       .now = 1000 * MS,
                       .count = 2,
                       .lock_holder = -1,
                       .believed = -1,
                       .overlap_allowed = INT64_MAX};
    snprintf(net.story, sizeof(net.story), "crash, right %d", right);
    boot(&net, 0);
    boot(&net, 1);
    run_for(&net, 20 * INTERVAL);

    int master = only_master(&net);

    crashed = net.now;
    net.nodes[master].up = net.nodes[master].serving = false;
    net.nodes[master].router.state = VRRP_INITIALIZE;
    while (answering(&net) == 0 && net.now < crashed + 10000 * MS)
        happen(&net, crashed + 10000 * MS);
    return net.now - crashed;
}

static void a_crash_is_noticed_in_three_intervals(void **state)
{
    int64_t plain = gap_after_crash(VRRP_RIGHT_NONE), locked = gap_after_crash(VRRP_RIGHT_LOCK);

    /* Three intervals and the skew since the last advert. */
    assert_true(plain > 2 * INTERVAL && plain <= 4 * INTERVAL);
    /* And the lease must have run out too; a bid that comes too early is made again. */
    assert_true(locked > 2 * INTERVAL && locked <= 4 * INTERVAL + LEASE);
}

/* The trap: after a heal the true master must be heard last, though the other announced itself meanwhile. */
static void after_a_heal_the_host_believes_the_true_master(void **state)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        static struct net net;

        net = (struct net){.seed = seed,
                           .right = VRRP_RIGHT_NONE,
                           .now = 1000 * MS,
                           .count = 2,
                           .lock_holder = -1,
                           .believed = -1,
                           .overlap_allowed = INT64_MAX};
        snprintf(net.story, sizeof(net.story), "heal, seed %llu", (unsigned long long)seed);
        boot(&net, 0);
        boot(&net, 1);
        run_for(&net, 20 * INTERVAL);
        net.cut[0][1] = net.cut[1][0] = true;
        run_for(&net, 10 * INTERVAL + draw(&net, 100 * MS));
        assert_int_equal(answering(&net), 2); /* plain VRRP: that is why there is a right */
        assert_int_equal(net.believed, 0);
        heal(&net);
        run_for(&net, 10 * INTERVAL);
        assert_int_equal(only_master(&net), 1);
        assert_int_equal(net.believed, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_vrrp_finds_the_best_master_after_any_faults),
        cmocka_unit_test(under_quorum_never_two_for_longer_than_its_loss_goes_unnoticed),
        cmocka_unit_test(under_the_lock_never_two),
        cmocka_unit_test(a_crash_is_noticed_in_three_intervals),
        cmocka_unit_test(after_a_heal_the_host_believes_the_true_master),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
