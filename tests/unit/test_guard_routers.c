/* test_guard_routers.c - the guard's routers, wired to a host that notes what it is told: which order, lock,
 * packet or interface leads to what, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/guard/routers.h"
#include "daemon/vrrp/router.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)

/* The host: what was done, as words; and what the interface looks like. */
struct world {
    struct routers *routers;
    int64_t now;
    struct hf_buf done;
    bool carrier, present;
    int64_t until; /* of the gates, without a lease */
    bool wanted;
    const char *holder; /* of the lock */
    struct guard_answer answered;
    struct guard_router_state told;
    struct orders saved;
};

static char *host_want(void *context, const char *lock, unsigned rank, int64_t now)
{
    struct world *w = context;

    w->wanted = true;
    hf_buf_printf(&w->done, "want %s %u; ", lock, rank);
    return NULL;
}

static void host_unwant(void *context, const char *lock, int64_t now)
{
    struct world *w = context;

    w->wanted = false;
    hf_buf_printf(&w->done, "unwant %s; ", lock);
}

static void host_hand_over(void *context, const char *lock, const char *node, int64_t now)
{
    hf_buf_printf(&((struct world *)context)->done, "hand %s to '%s'; ", lock, node);
}

static void host_urge(void *context, const char *lock, int64_t now)
{
    hf_buf_printf(&((struct world *)context)->done, "urge %s; ", lock);
}

static const char *host_holder(void *context, const char *lock)
{
    return ((struct world *)context)->holder;
}

static char *host_protect(void *context, const struct guard_vip *vip, bool take_up, int64_t now)
{
    char text[46];

    guard_address_text(&vip->address, text);
    if (strcmp(text, "10.0.0.66") == 0)
        return hf_strdup("it belongs to another");
    hf_buf_printf(&((struct world *)context)->done, "protect %s %s by %s; ", vip->id, text, vip->lock);
    return NULL;
}

static void host_unprotect(void *context, const char *id)
{
    hf_buf_printf(&((struct world *)context)->done, "unprotect %s; ", id);
}

static const char *host_vip_fault(void *context, const char *id)
{
    return "";
}

static void host_announce(void *context, const char *id, unsigned times, int64_t now)
{
    hf_buf_printf(&((struct world *)context)->done, "announce %s %u; ", id, times);
}

static void host_open(void *context, const char *lock, int64_t deadline, int64_t now)
{
    struct world *w = context;

    if (w->until == 0)
        hf_buf_printf(&w->done, "open %s; ", lock);
    w->until = deadline;
}

static void host_shut(void *context, const char *lock)
{
    struct world *w = context;

    w->until = 0;
    hf_buf_printf(&w->done, "shut %s; ", lock);
}

static int64_t host_open_until(void *context, const char *lock)
{
    return ((struct world *)context)->until;
}

static void host_look(void *context, const char *interface, struct routers_link *link)
{
    const struct world *w = context;

    *link =
        (struct routers_link){.ifindex = w->present ? 2 : 0, .up = true, .carrier = w->carrier, .count = 2};
    assert_null(guard_address_parse("10.0.0.1", &link->addresses[0]));
    assert_null(guard_address_parse("fe80::1", &link->addresses[1]));
}

static void host_follow(void *context, const struct guard_router *router, bool serve)
{
    hf_buf_printf(&((struct world *)context)->done, "%s routes; ", serve ? "add" : "remove");
}

static struct hf_error *host_macvlan(void *context, const char *parent, const char *name,
                                     const uint8_t mac[6], bool add)
{
    hf_buf_printf(&((struct world *)context)->done, "macvlan %s %s %02x; ", name, add ? "there" : "gone",
                  mac[5]);
    return NULL;
}

static void host_listen(void *context)
{
}

static struct hf_error *host_send(void *context, const char *interface, const struct vrrp_address *source,
                                  const struct vrrp_address *destination, const void *bytes, size_t length)
{
    const uint8_t *packet = bytes;
    char text[64];

    hf_buf_printf(&((struct world *)context)->done, "advert %u to %s; ", packet[2],
                  vrrp_address_text(destination, text));
    return NULL;
}

static void host_tell(void *context, const struct guard_frame *frame)
{
    ((struct world *)context)->told = frame->router_state;
}

static void host_answer(void *context, uint64_t asker, const struct guard_answer *answer)
{
    struct world *w = context;

    w->answered = *answer;
    hf_buf_printf(&w->done, "%s; ", answer->done ? "done" : "refused");
}

static void host_save(void *context)
{
    struct world *w = context;

    orders_clear(&w->saved);
    routers_collect(w->routers, &w->saved);
}

static const struct routers_hooks host = {
    .want = host_want,
    .unwant = host_unwant,
    .hand_over = host_hand_over,
    .urge = host_urge,
    .holder = host_holder,
    .protect = host_protect,
    .unprotect = host_unprotect,
    .vip_fault = host_vip_fault,
    .announce = host_announce,
    .open = host_open,
    .shut = host_shut,
    .open_until = host_open_until,
    .look = host_look,
    .follow = host_follow,
    .macvlan = host_macvlan,
    .listen = host_listen,
    .send = host_send,
    .tell = host_tell,
    .answer = host_answer,
    .save = host_save,
};

/* --- what a story is made of --- */

static struct world begin(bool locks)
{
    return (struct world){.now = 100 * SECOND,
                          .carrier = true,
                          .present = true,
                          .routers = NULL,
                          .wanted = locks,
                          .holder = ""};
}

static void open_world(struct world *w)
{
    bool locks = w->wanted;

    w->wanted = false;
    w->routers = routers_new(locks, "web", &host, w);
}

static void close_world(struct world *w)
{
    routers_free(w->routers);
    hf_buf_free(&w->done);
    orders_clear(&w->saved);
}

static void settle(struct world *w)
{
    while (routers_settle(w->routers, w->now))
        ;
}

/* What was done since the last time. */
static void did(struct world *w, const char *expected)
{
    settle(w);
    assert_string_equal(hf_buf_text(&w->done), expected);
    hf_buf_reset(&w->done);
}

static void forget(struct world *w)
{
    settle(w);
    hf_buf_reset(&w->done);
}

static struct guard_router router(const char *id, const char *lock)
{
    struct guard_router order = {.interface = "eth0",
                                 .version = 3,
                                 .vrid = 51,
                                 .priority = 100,
                                 .flags = ROUTER_PREEMPT,
                                 .min_ttl = 255,
                                 .interval_us = 100000,
                                 .announce_count = 5,
                                 .announce_again_ms = 5000,
                                 .refresh_ms = 60000,
                                 .refresh_count = 1,
                                 .address_count = 1,
                                 .addresses = {{.prefix = 24}}};

    guard_copy(order.id, sizeof(order.id), id);
    guard_copy(order.lock, sizeof(order.lock), lock);
    assert_null(guard_address_parse("10.0.0.100", &order.addresses[0].address));
    return order;
}

static void add(struct world *w, const struct guard_router *order)
{
    routers_agent(w->routers, 1, &(struct guard_frame){.type = GUARD_ROUTER_ADD, .router = *order}, w->now);
}

static void tell(struct world *w, enum guard_frame_type type, const char *id, const char *node,
                 uint32_t wait_ms)
{
    struct guard_frame frame = {.type = type, .router_order = {.wait_ms = wait_ms}};

    guard_copy(frame.router_order.id, sizeof(frame.router_order.id), id);
    guard_copy(frame.router_order.node, sizeof(frame.router_order.node), node);
    routers_agent(w->routers, 1, &frame, w->now);
}

static void promote(struct world *w, const char *id)
{
    tell(w, GUARD_ROUTER_PROMOTE, id, "", 5000);
}

static void elapse(struct world *w, int64_t ns)
{
    int64_t end = w->now + ns;

    while (routers_deadline(w->routers) <= end) {
        w->now = routers_deadline(w->routers) > w->now ? routers_deadline(w->routers) : w->now;
        routers_tick(w->routers, w->now);
        settle(w);
    }
    w->now = end;
}

static void hear_on(struct world *w, const char *interface, uint8_t vrid, uint8_t priority,
                    const char *address, uint8_t version)
{
    struct vrrp_address source, group = vrrp_group_address(VRRP_IPV4);
    struct vrrp_advert advert = {.version = version,
                                 .family = VRRP_IPV4,
                                 .vrid = vrid,
                                 .priority = priority,
                                 .interval_us = version == 3 ? 100000 : 1000000,
                                 .count = 1};
    uint8_t bytes[VRRP_PACKET_MAX];
    struct vrrp_received received = {.destination = group, .ttl = 255, .bytes = bytes};

    assert_true(vrrp_address_parse("10.0.0.2", &source));
    assert_true(vrrp_address_parse(address, &advert.addresses[0]));
    received.source = source;
    received.length = vrrp_encode(&advert, &source, &group, bytes);
    routers_packet(w->routers, interface, &received, w->now);
}

static void hear_as(struct world *w, uint8_t vrid, uint8_t priority, const char *address, uint8_t version)
{
    hear_on(w, "eth0", vrid, priority, address, version);
}

static void hear(struct world *w, uint8_t priority)
{
    hear_as(w, 51, priority, "10.0.0.100", 3);
}

static void own(struct world *w, const char *lock, uint64_t token)
{
    routers_lock(w->routers, lock, true, token, false);
}

static void lose(struct world *w, const char *lock, bool given_up)
{
    routers_lock(w->routers, lock, false, 0, given_up);
}

/* A router with a lock that is MASTER. */
static void make_master(struct world *w)
{
    const struct guard_router order = router("web", "vip/web");

    add(w, &order);
    promote(w, "web");
    settle(w);
    own(w, "vip/web", 7);
    forget(w);
    assert_int_equal(w->told.state, ROUTER_MASTER);
}

/* --- stories --- */

static void the_first_master_is_the_one_that_is_promoted(void **state)
{
    struct world w = begin(true);
    const struct guard_router order = router("web", "vip/web");

    open_world(&w);
    add(&w, &order);
    did(&w, "protect web/1 10.0.0.100 by vip/web; done; ");
    assert_int_equal(w.told.state, ROUTER_BACKUP);
    assert_true(w.told.stands_back);
    assert_int_equal(w.told.priority, 0);
    elapse(&w, 10 * SECOND);
    did(&w, ""); /* silence is no reason */
    promote(&w, "web");
    did(&w, "want vip/web 0; ");
    own(&w, "vip/web", 7);
    did(&w, "advert 100 to 224.0.0.18; announce web/1 5; done; ");
    assert_int_equal(w.told.state, ROUTER_MASTER);
    assert_int_equal(w.told.token, 7);
    elapse(&w, 100 * MS);
    did(&w, "advert 100 to 224.0.0.18; ");
    promote(&w, "web");
    did(&w, "announce web/1 5; done; "); /* it is already, and says so again */
    close_world(&w);
}

static void a_promotion_that_cannot_be_says_why(void **state)
{
    struct world w = begin(true);
    const struct guard_router order = router("web", "vip/web");

    open_world(&w);
    add(&w, &order);
    promote(&w, "web");
    elapse(&w, 6 * SECOND);
    assert_false(w.answered.done);
    assert_non_null(strstr(w.answered.text, "has not got the lock vip/web"));
    w.holder = "node2";
    promote(&w, "web");
    elapse(&w, 6 * SECOND);
    assert_non_null(strstr(w.answered.text, "which is held by node2"));
    tell(&w, GUARD_ROUTER_PROMOTE, "other", "", 0);
    assert_non_null(strstr(w.answered.text, "no router other"));
    close_world(&w);
}

static void who_hears_a_master_is_there_to_fall_back_on(void **state)
{
    struct world w = begin(true);
    const struct guard_router order = router("web", "vip/web");

    open_world(&w);
    add(&w, &order);
    forget(&w);
    hear(&w, 200);
    did(&w, "want vip/web 0; ");
    assert_false(w.told.stands_back);
    assert_int_equal(w.saved.routers[0].flags & ROUTER_STANDS_BACK, 0);
    hear(&w, 0); /* it resigns */
    did(&w, "urge vip/web; ");
    own(&w, "vip/web", 8);
    did(&w, "advert 100 to 224.0.0.18; announce web/1 5; ");
    close_world(&w);
}

static void a_planned_move_releases_before_it_resigns(void **state)
{
    struct world w = begin(true);

    open_world(&w);
    make_master(&w);
    tell(&w, GUARD_ROUTER_DEMOTE, "web", "node2", 0);
    did(&w, "hand vip/web to 'node2'; ");
    lose(&w, "vip/web", true); /* shut, verified, released */
    did(&w, "advert 0 to 224.0.0.18; unwant vip/web; done; ");
    assert_int_equal(w.told.state, ROUTER_BACKUP);
    assert_true(w.told.stands_back);
    elapse(&w, 10 * SECOND);
    did(&w, ""); /* not by itself */
    hear(&w, 100);
    did(&w, "want vip/web 0; ");
    close_world(&w);
}

/* What is lost may be another's: nothing is said, and the standby bids again. */
static void a_lost_lock_is_no_resignation(void **state)
{
    struct world w = begin(true);

    open_world(&w);
    make_master(&w);
    lose(&w, "vip/web", false);
    did(&w, "");
    assert_int_equal(w.told.state, ROUTER_BACKUP);
    assert_true(w.wanted);
    hear(&w, 200);
    settle(&w);
    assert_false(w.told.promoted);
    close_world(&w);
}

static void removing_gives_the_lock_up_first(void **state)
{
    struct world w = begin(true);

    open_world(&w);
    make_master(&w);
    tell(&w, GUARD_ROUTER_REMOVE, "web", "node2", 0);
    did(&w, "hand vip/web to 'node2'; ");
    lose(&w, "vip/web", true);
    did(&w, "advert 0 to 224.0.0.18; unwant vip/web; unprotect web/1; done; ");
    assert_true(w.told.gone);
    assert_int_equal(w.saved.router_count, 0);
    tell(&w, GUARD_ROUTER_REMOVE, "web", "", 0);
    did(&w, "done; "); /* stopped is stopped */
    close_world(&w);
}

static void the_owner_says_priorities(void **state)
{
    struct world w = begin(true);
    const struct guard_router order = router("web", "vip/web");
    struct guard_frame frame = {.type = GUARD_ROUTER_PRIORITY, .router_priority = {"web", 0, 0}};

    open_world(&w);
    add(&w, &order);
    hear(&w, 200);
    forget(&w);
    routers_owner(w.routers, &frame, w.now);
    did(&w, "unwant vip/web; ");                      /* a node in standby */
    assert_int_equal(w.saved.routers[0].priority, 0); /* also after the guard's restart */
    add(&w, &order);
    did(&w, "done; "); /* and that is no other order */
    assert_int_equal(w.told.priority, 0);
    frame.router_priority = (struct guard_router_priority){"web", 150, 3};
    routers_owner(w.routers, &frame, w.now);
    did(&w, "want vip/web 3; ");
    assert_int_equal(w.told.priority, 150);
    frame.router_priority = (struct guard_router_priority){"none", 150, 3};
    routers_owner(w.routers, &frame, w.now); /* of a router that is not there: nothing */
    did(&w, "");
    routers_owner(w.routers, &(struct guard_frame){.type = GUARD_HINT, .hint = {"node2", true}}, w.now);
    did(&w, "urge vip/web; ");
    close_world(&w);
}

static void without_a_carrier_the_lock_is_offered(void **state)
{
    struct world w = begin(true);

    open_world(&w);
    make_master(&w);
    w.carrier = false;
    routers_network(w.routers, w.now);
    did(&w, "hand vip/web to ''; want vip/web 32; ");
    assert_string_equal(w.told.fault, "eth0 has no carrier");
    lose(&w, "vip/web", true);
    did(&w, "advert 0 to 224.0.0.18; ");
    own(&w, "vip/web", 8); /* nobody wanted it */
    did(&w, "advert 100 to 224.0.0.18; announce web/1 5; ");
    w.present = false;
    routers_network(w.routers, w.now);
    did(&w, "advert 0 to 224.0.0.18; hand vip/web to ''; ");
    assert_int_equal(w.told.state, ROUTER_FAULT);
    lose(&w, "vip/web", true);
    did(&w, "unwant vip/web; ");
    w.present = w.carrier = true;
    routers_network(w.routers, w.now);
    did(&w, "want vip/web 0; ");
    assert_int_equal(w.told.state, ROUTER_BACKUP);
    close_world(&w);
}

static void a_restarted_guard_goes_on(void **state)
{
    struct world w = begin(true), next = begin(true);

    open_world(&w);
    make_master(&w);
    assert_int_equal(w.saved.router_count, 1);
    open_world(&next);
    routers_take_up(next.routers, &w.saved.routers[0], next.now);
    did(&next, "protect web/1 10.0.0.100 by vip/web; want vip/web 0; ");
    assert_true(next.told.promoted);
    close_world(&next);
    close_world(&w);
}

/* The gate is open for as long as nobody else takes over: three silent intervals. */
static void without_a_lock_each_advert_opens_the_gate(void **state)
{
    struct world w = begin(true);
    const struct guard_router order = router("web", "");

    open_world(&w);
    add(&w, &order);
    promote(&w, "web");
    did(&w, "protect web/1 10.0.0.100 by none/web; done; ");
    elapse(&w, 361 * MS);
    did(&w, "open none/web; advert 100 to 224.0.0.18; announce web/1 5; done; ");
    elapse(&w, 100 * MS);
    did(&w, "advert 100 to 224.0.0.18; ");
    assert_true(w.until > w.now && w.until < w.now + 300 * MS);
    /* Stopped for longer than that, and going on: it listens before it speaks. */
    w.now += 2 * SECOND;
    hear(&w, 90);
    did(&w, "shut none/web; ");
    assert_int_equal(w.told.state, ROUTER_BACKUP);
    assert_string_equal(w.told.reason, "its own adverts were overdue: this machine had slept");
    /* What a killed guard left open goes on. */
    w.until = w.now + 200 * MS;

    struct world next = begin(true);

    next.until = next.now + 200 * MS;
    open_world(&next);
    routers_take_up(next.routers, &order, next.now);
    settle(&next);
    assert_int_equal(next.told.state, ROUTER_MASTER);
    close_world(&next);
    close_world(&w);
}

/* The same list on all nodes: adverts go to the others in it. */
static void peers_may_name_this_node(void **state)
{
    struct world w = begin(true);
    struct guard_router order = router("web", "vip/web");

    order.peer_count = 3;
    for (unsigned i = 0; i < 3; i++) {
        const char *const peers[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};

        assert_null(guard_address_parse(peers[i], &order.peers[i]));
    }
    order.has_source4 = true; /* and another node's address is not taken for ours */
    assert_null(guard_address_parse("10.0.0.2", &order.source4));
    open_world(&w);
    add(&w, &order);
    promote(&w, "web");
    forget(&w);
    own(&w, "vip/web", 1);
    did(&w, "advert 100 to 10.0.0.2; advert 100 to 10.0.0.3; announce web/1 5; done; ");
    close_world(&w);
}

static void an_orderly_end_resigns(void **state)
{
    struct world w = begin(true);
    const struct guard_router order = router("web", "");

    open_world(&w);
    add(&w, &order);
    promote(&w, "web");
    elapse(&w, SECOND);
    forget(&w);
    routers_retire(w.routers, w.now);
    did(&w, "shut none/web; advert 0 to 224.0.0.18; ");
    close_world(&w);
}

static void without_lock_servers_quorum_is_the_right(void **state)
{
    struct world w = begin(false);
    const struct guard_router order = router("web", "vip/web");
    struct guard_frame quorum = {.type = GUARD_QUORUM, .quorum = {true, 500}};

    open_world(&w);
    add(&w, &order);
    promote(&w, "web");
    forget(&w);
    elapse(&w, 3 * SECOND);
    did(&w, "");
    assert_false(w.told.has_right);
    routers_owner(w.routers, &quorum, w.now);
    elapse(&w, 600 * MS);
    did(&w, ""); /* another one may not have noticed that it lost it */
    elapse(&w, 100 * MS);
    did(&w, "open vip/web; advert 100 to 224.0.0.18; announce web/1 5; done; ");
    quorum.quorum.quorate = false;
    routers_owner(w.routers, &quorum, w.now);
    did(&w, "shut vip/web; ");
    close_world(&w);
}

/* Two nodes bid for a place that the third gave up, and the other one is faster: whoever told this one hears of it
 * long before the time-out, and can begin anew. */
static void a_promotion_that_another_overtook_is_refused_soon(void **state)
{
    struct world w = begin(false);
    const struct guard_router order = router("web", "vip/web");
    struct guard_frame quorum = {.type = GUARD_QUORUM, .quorum = {true, 500}};
    int64_t began;

    open_world(&w);
    routers_owner(w.routers, &quorum, w.now);
    add(&w, &order);
    hear(&w, 110);
    forget(&w);
    promote(&w, "web");
    for (began = w.now; strstr(hf_buf_text(&w.done), "refused") == NULL && w.now < began + 4 * SECOND;) {
        elapse(&w, 90 * MS);
        hear(&w, 110);
        settle(&w);
    }
    did(&w, "refused; ");
    assert_in_range(w.now - began, SECOND, SECOND + 200 * MS);
    close_world(&w);
}

static void routers_of_a_group_move_together(void **state)
{
    struct world w = begin(true);
    struct guard_router first = router("a", "vip/gate"), second = router("b", "vip/gate");

    second.vrid = 52;
    second.route_count = 1;
    second.routes[0].destination = second.addresses[0];
    assert_null(guard_address_parse("10.0.0.101", &second.addresses[0].address));
    open_world(&w);
    add(&w, &first);
    add(&w, &second);
    promote(&w, "a");
    did(&w, "protect a/1 10.0.0.100 by vip/gate; done; protect b/1 10.0.0.101 by vip/gate; done; want "
            "vip/gate 0; ");
    own(&w, "vip/gate", 3);
    did(&w, "add routes; advert 100 to 224.0.0.18; announce b/1 5; advert 100 to 224.0.0.18; announce a/1 5; "
            "done; ");
    tell(&w, GUARD_ROUTER_REMOVE, "a", "", 0);
    did(&w, "advert 0 to 224.0.0.18; unprotect a/1; done; "); /* the rest stays */
    tell(&w, GUARD_ROUTER_DEMOTE, "b", "", 0);
    forget(&w);
    lose(&w, "vip/gate", true);
    did(&w, "remove routes; advert 0 to 224.0.0.18; unwant vip/gate; done; ");
    close_world(&w);
}

static void a_taken_vrid_is_left(void **state)
{
    struct world w = begin(true);
    struct guard_router order = router("web", "vip/web");
    uint8_t first = routers_choose_vrid("web", "web", 0), second = routers_choose_vrid("web", "web", 1);

    assert_int_not_equal(first, second);
    order.vrid = 0;
    open_world(&w);
    add(&w, &order);
    settle(&w);
    assert_int_equal(w.told.vrid, first);
    assert_true(w.told.vrid_chosen);
    hear_as(&w, first, 100, "10.0.0.55", 2); /* a stranger, of whatever version */
    settle(&w);
    assert_int_equal(w.told.vrid, second);
    assert_true(w.told.stands_back); /* it was no master of ours */
    /* One of ours has moved further: we follow. */
    hear_as(&w, 200, 100, "10.0.0.100", 3);
    settle(&w);
    assert_int_equal(w.told.vrid, 200);
    close_world(&w);
    /* One that was configured stays, and it is said. */
    w = begin(true);
    order.vrid = 51;
    open_world(&w);
    add(&w, &order);
    hear_as(&w, 51, 100, "10.0.0.55", 3);
    settle(&w);
    assert_int_equal(w.told.vrid, 51);
    assert_non_null(strstr(w.told.fault, "10.0.0.2 uses VRID 51 on eth0 for other addresses"));
    close_world(&w);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct world w = begin(true);
    struct guard_router order = router("web", "vip/web"), other = router("other", "vip/other");

    open_world(&w);
    add(&w, &order);
    add(&w, &other);
    assert_false(w.answered.done);
    assert_non_null(strstr(w.answered.text, "VRID 51 on eth0 is router web's already"));
    other.vrid = 52;
    assert_null(guard_address_parse("10.0.0.66", &other.addresses[0].address));
    add(&w, &other);
    assert_string_equal(w.answered.text, "it belongs to another");
    other = router("other", "");
    other.vrid = 52;
    guard_copy(other.group, sizeof(other.group), "vip/web");
    add(&w, &other);
    assert_non_null(strstr(w.answered.text, "with a lock and without"));
    add(&w, &order);
    assert_true(w.answered.done); /* the same again */
    order.interval_us = 200000;
    add(&w, &order);
    assert_true(w.answered.done); /* another, and it does not serve */
    promote(&w, "web");
    settle(&w);
    own(&w, "vip/web", 1);
    settle(&w);
    order.interval_us = 100000;
    add(&w, &order);
    assert_non_null(strstr(w.answered.text, "is MASTER"));
    close_world(&w);
}

static void a_different_configuration_is_said(void **state)
{
    struct world w = begin(true);

    open_world(&w);
    make_master(&w);
    hear_as(&w, 51, 200, "10.0.0.100", 2);
    settle(&w);
    assert_int_equal(w.told.state, ROUTER_MASTER);

    struct orders orders = {0};

    routers_collect(w.routers, &orders);
    assert_int_equal(orders.router_count, 1);
    orders_clear(&orders);
    tell(&w, GUARD_ROUTER_DEMOTE, "web", "", 0);
    lose(&w, "vip/web", true);
    settle(&w);
    assert_int_equal(w.told.refused, 1);
    assert_string_equal(w.told.refusal, "from 10.0.0.2: another version of VRRP than the one configured");
    close_world(&w);
}

static void the_virtual_mac_has_an_interface_of_its_own(void **state)
{
    struct world w = begin(true);
    struct guard_router order = router("web", "vip/web");

    order.flags |= ROUTER_VMAC;
    open_world(&w);
    add(&w, &order);
    did(&w, "macvlan hf2.51.4 there 33; protect web/1 10.0.0.100 by vip/web; done; ");
    hear(&w, 200);
    hear_on(&w, "hf2.51.4", 51, 150, "10.0.0.100", 3); /* where frames from this MAC address come in */
    settle(&w);
    assert_int_equal(w.told.master_priority, 150);
    hf_buf_reset(&w.done);
    tell(&w, GUARD_ROUTER_REMOVE, "web", "", 0);
    did(&w, "unwant vip/web; unprotect web/1; macvlan hf2.51.4 gone 33; done; ");
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_master_is_the_one_that_is_promoted),
        cmocka_unit_test(a_promotion_that_cannot_be_says_why),
        cmocka_unit_test(who_hears_a_master_is_there_to_fall_back_on),
        cmocka_unit_test(a_planned_move_releases_before_it_resigns),
        cmocka_unit_test(a_lost_lock_is_no_resignation),
        cmocka_unit_test(removing_gives_the_lock_up_first),
        cmocka_unit_test(the_owner_says_priorities),
        cmocka_unit_test(without_a_carrier_the_lock_is_offered),
        cmocka_unit_test(a_restarted_guard_goes_on),
        cmocka_unit_test(without_a_lock_each_advert_opens_the_gate),
        cmocka_unit_test(peers_may_name_this_node),
        cmocka_unit_test(an_orderly_end_resigns),
        cmocka_unit_test(without_lock_servers_quorum_is_the_right),
        cmocka_unit_test(a_promotion_that_another_overtook_is_refused_soon),
        cmocka_unit_test(routers_of_a_group_move_together),
        cmocka_unit_test(a_taken_vrid_is_left),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_different_configuration_is_said),
        cmocka_unit_test(the_virtual_mac_has_an_interface_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
