/* tickets.c - rsc_ticket: resources that may run (or be promoted) only at the site that has the ticket. */
#include "daemon/sched/model.h"

#include "daemon/sched/constraints.h"

static bool role_concerned(const struct resource *rsc, const struct ticket_constraint *constraint)
{
    return constraint->role == ROLE_UNKNOWN || constraint->role == rsc->orig_role;
}

static void ban(struct run *run, struct resource *rsc, const char *why)
{
    sc_score_all(run, rsc, -SC_INFINITY, why);
}

/* The ticket is gone while the resource is active: what loss-policy says. */
static void ticket_lost(struct run *run, struct resource *rsc, const struct ticket_constraint *constraint)
{
    switch (constraint->loss) {
    case LOSS_STOP:
        ban(run, rsc, "__loss_of_ticket__");
        break;
    case LOSS_DEMOTE:
        if (constraint->role != ROLE_PROMOTED) /* else it is only not promoted */
            ban(run, rsc, "__loss_of_ticket__");
        break;
    case LOSS_FENCE:
        if (!role_concerned(rsc, constraint))
            return;
        ban(run, rsc, "__loss_of_ticket__");
        for (int i = 0; i < rsc->active.n; i++)
            sc_fence_node(run, rsc->active.at[i], "deadman ticket was lost", false);
        break;
    case LOSS_FREEZE:
        if (role_concerned(rsc, constraint) && rsc->active.n > 0)
            rsc->flags = (rsc->flags | RSC_BLOCKED) & ~(unsigned)RSC_MANAGED;
        break;
    }
}

static void apply(struct run *run, struct resource *rsc, const struct ticket_constraint *constraint)
{
    const struct ticket *ticket = constraint->ticket;

    if (ticket->granted && !ticket->standby)
        return;
    for (int i = 0; i < rsc->children.n; i++)
        apply(run, rsc->children.at[i], constraint);
    if (rsc->children.n > 0)
        return;
    bool only_promoted = constraint->role == ROLE_PROMOTED && constraint->loss != LOSS_STOP;
    if (!ticket->granted && rsc->active.n > 0)
        ticket_lost(run, rsc, constraint);
    else if (!only_promoted)
        ban(run, rsc, ticket->granted ? "__ticket_standby__" : "__no_ticket__");
}

static enum loss_policy parse_loss(const struct run *run, const char *text, enum role role)
{
    if (sc_ieq(text, "fence"))
        return run->fencing_enabled ? LOSS_FENCE : LOSS_STOP;
    if (sc_ieq(text, "freeze"))
        return LOSS_FREEZE;
    if (sc_ieq(text, "demote"))
        return LOSS_DEMOTE;
    if (sc_ieq(text, "stop"))
        return LOSS_STOP;
    return role == ROLE_PROMOTED ? LOSS_DEMOTE : LOSS_STOP;
}

static void add(struct run *run, const char *id, struct resource *rsc, struct ticket *ticket,
                const char *role_text, const char *loss)
{
    enum role role;

    if (!sc_constraint_role(run, id, role_text, &role))
        return;
    struct ticket_constraint *constraint = HF_ARENA_NEW(run->arena, struct ticket_constraint);
    constraint->id = sc_keep(run, id);
    constraint->ticket = ticket;
    constraint->role = role;
    constraint->loss = parse_loss(run, loss, role);
    SC_PUSH(run, &rsc->tickets, constraint);
    apply(run, rsc, constraint);
}

void sc_unpack_ticket_constraint(struct run *run, xmlNode *xml)
{
    const char *id = hf_xml_get(xml, "id"), *name = hf_xml_get(xml, "ticket");
    const char *loss = hf_xml_get(xml, "loss-policy");
    bool sets = false;

    struct ticket *ticket = name == NULL ? NULL : sc_ticket(run, name, true);
    if (ticket == NULL) {
        sc_warn(run, "constraint %s names no ticket; ignored", id);
        return;
    }
    HF_XML_EACH (child, xml, "resource_set") {
        xmlNode *set = sc_deref(run, child);
        sets = true;
        if (set == NULL)
            return;
        HF_XML_EACH (ref, set, "resource_ref") {
            struct resource *rsc = sc_ref_rsc(run, ref);
            if (rsc == NULL)
                return;
            add(run, hf_xml_get(set, "id"), rsc, ticket, hf_xml_get(set, "role"), loss);
        }
    }
    if (sets)
        return;
    struct resource *rsc = sc_constraint_rsc(run, hf_xml_get(xml, "rsc"));
    if (rsc == NULL)
        sc_warn(run, "constraint %s: there is no resource %s", id, hf_xml_get_or(xml, "rsc", "given"));
    else
        add(run, id, rsc, ticket, hf_xml_get(xml, "rsc-role"), loss);
}

/* A clone whose promotion needs a ticket that is not here is not promoted anywhere. */
void sc_require_promotion_tickets(struct run *run, struct resource *rsc)
{
    for (int i = 0; i < rsc->tickets.n; i++) {
        const struct ticket_constraint *constraint = rsc->tickets.at[i];
        if (constraint->role == ROLE_PROMOTED &&
            (!constraint->ticket->granted || constraint->ticket->standby))
            sc_score_all(run, rsc, -SC_INFINITY, "__stateful_without_ticket__");
    }
}
