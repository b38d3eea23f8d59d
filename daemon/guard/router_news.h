/* router_news.h - what is reported of routers: news when something changed, everything when asked
 * (routers_describe()). */
#ifndef GUARD_ROUTER_NEWS_H
#define GUARD_ROUTER_NEWS_H

#include "daemon/guard/routers-private.h"

/* Tells clients about every router that changed since it was told of last. */
void routers_tell_news(struct routers *routers, int64_t now);

#endif
