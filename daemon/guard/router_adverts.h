/* router_adverts.h - packets out and in: adverts to the group or to each peer; what is heard from other
 * masters, and from somebody else's virtual router with our VRID. */
#ifndef GUARD_ROUTER_ADVERTS_H
#define GUARD_ROUTER_ADVERTS_H

#include "daemon/guard/routers-private.h"

/* priority 0: it resigns.  What cannot be sent is logged once. */
void router_send_advert(struct routers *routers, struct router_half *half, uint8_t priority);

#endif
