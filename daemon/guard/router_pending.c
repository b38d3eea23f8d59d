/* router_pending.c - see router_pending.h. */
#include "daemon/guard/router_pending.h"

#include "daemon/guard/router_set.h"
#include "lib/log.h"

/* How long a promotion waits while another router is MASTER, where no lock says who will be. */
enum { PATIENCE_MS = 1000 };

/* An order that is answered later. */
struct router_pending {
    struct router_pending *next;
    uint64_t asker;
    uint32_t serial;
    enum guard_frame_type type;
    char id[GUARD_NAME_MAX + 1];
    int64_t until, begun;
    bool overtaken; /* another router is MASTER, and stays so */
};

void router_answer(struct routers *routers, uint64_t asker, uint32_t serial, bool done, const char *text)
{
    struct guard_answer frame = {.serial = serial, .done = done};

    guard_copy(frame.text, sizeof(frame.text), text);
    if (!done)
        hf_warn("%s", frame.text);
    routers->hooks->answer(routers->context, asker, &frame);
}

void router_answer_later(struct routers *routers, uint64_t asker, const struct guard_frame *frame,
                         int64_t until, int64_t now)
{
    struct router_pending *pending = hf_calloc(1, sizeof(*pending));

    *pending = (struct router_pending){.next = routers->pending,
                                       .asker = asker,
                                       .serial = frame->serial,
                                       .type = frame->type,
                                       .until = until,
                                       .begun = now};
    guard_copy(pending->id, sizeof(pending->id), frame->router_order.id);
    routers->pending = pending;
    routers->unsettled = true;
}

static bool promotes(const struct router_pending *pending, const struct router *router)
{
    return pending->type == GUARD_ROUTER_PROMOTE && strcmp(pending->id, router->order.id) == 0;
}

bool router_is_promoting(const struct routers *routers, const struct router *router)
{
    for (const struct router_pending *pending = routers->pending; pending != NULL; pending = pending->next)
        if (promotes(pending, router))
            return true;
    return false;
}

void router_mark_overtaken(struct routers *routers, const struct router *router, int64_t now)
{
    int64_t patience = PATIENCE_MS * MS + (int64_t)router->order.preempt_delay_ms * MS;

    if (router->set->right == VRRP_RIGHT_LOCK || router_set_is_master(router->set))
        return;
    for (struct router_pending *pending = routers->pending; pending != NULL; pending = pending->next)
        if (promotes(pending, router) && now - pending->begun >= patience)
            pending->overtaken = routers->unsettled = true;
}

static char *why_not_master(const struct routers *routers, const struct router *router)
{
    const struct router_set *set = router->set;
    const char *holder =
        set->right == VRRP_RIGHT_LOCK ? routers->hooks->holder(routers->context, set->gate) : "";
    char address[64];

    if (router->fault[0] != '\0')
        return hf_asprintf("router %s is not MASTER yet: %s", router->order.id, router->fault);
    if (set->right == VRRP_RIGHT_LOCK)
        return hf_asprintf("router %s is not MASTER yet: it has not got the lock %s%s%s", router->order.id,
                           set->gate, holder[0] == '\0' ? "" : ", which is held by ", holder);
    if (!router->halves[0].vrrp.has_right)
        return hf_asprintf("router %s is not MASTER: this node is not quorate", router->order.id);
    if (router->master_heard && router->master_priority > 0)
        return hf_asprintf("router %s is not MASTER: %s is, with priority %u", router->order.id,
                           vrrp_address_text(&router->master, address), router->master_priority);
    return hf_asprintf("router %s is not MASTER yet", router->order.id);
}

/* True if it was answered. */
static bool resolve(struct routers *routers, const struct router_pending *pending, int64_t now)
{
    struct router *router = router_find(routers, pending->id);
    bool done = false;

    if (pending->type == GUARD_ROUTER_REMOVE)
        done = router == NULL;
    else if (router == NULL || router->removing) {
        router_answer(routers, pending->asker, pending->serial, pending->type == GUARD_ROUTER_DEMOTE,
                      "the router was removed meanwhile");
        return true;
    } else if (pending->type == GUARD_ROUTER_PROMOTE)
        done = router_is_master(router);
    else
        done = !router_set_is_master(router->set) && !router->set->owned && !router->set->handing_over;
    if (done) {
        router_answer(routers, pending->asker, pending->serial, true, "");
        return true;
    }
    if (now < pending->until && !pending->overtaken)
        return false;

    char *why HF_CLEANUP(hf_freep) = router == NULL ? hf_strdup("") : why_not_master(routers, router);

    router_answer(routers, pending->asker, pending->serial, false, why);
    return true;
}

void routers_resolve(struct routers *routers, int64_t now)
{
    struct router_pending **link = &routers->pending;

    while (*link != NULL) {
        struct router_pending *pending = *link;

        if (!resolve(routers, pending, now)) {
            link = &pending->next;
            continue;
        }
        *link = pending->next;
        free(pending);
    }
}

int64_t routers_pending_deadline(const struct routers *routers)
{
    int64_t deadline = NEVER;

    for (const struct router_pending *pending = routers->pending; pending != NULL; pending = pending->next)
        if (pending->until < deadline)
            deadline = pending->until;
    return deadline;
}

void routers_forget_pending(struct routers *routers)
{
    while (routers->pending != NULL) {
        struct router_pending *pending = routers->pending;

        routers->pending = pending->next;
        free(pending);
    }
}
