/* sockets.h - VRRP packets in and out: a raw socket for each interface and address family, on the guard's
 * loop.
 *
 * The sockets are members of the VRRP groups and also take what is sent to an address of the interface; a
 * packet carries the TTL or hop limit that it arrived with. */
#ifndef GUARD_SOCKETS_H
#define GUARD_SOCKETS_H

#include "daemon/guard/loop.h"
#include "daemon/vrrp/packet.h"
#include "lib/error.h"

struct sockets;

/* interface: the one that it came in by; received borrows its bytes. */
typedef void sockets_handler(void *context, const char *interface, const struct vrrp_received *received);

/* Without a socket yet.  handler is called for each packet that comes in; loop is borrowed, and outlives it.
 */
struct sockets *sockets_new(struct loop *loop, sockets_handler *handler, void *context);
/* Closes them all. NULL is fine. */
void sockets_free(struct sockets *sockets);

/* Which sockets are needed: begin, name each, end; those that were not named are closed.  A socket that is
 * open on the interface of this index stays as it is. */
void sockets_begin(struct sockets *sockets);
/* HF_FAILED if it could not be opened: the others are not affected. */
struct hf_error *sockets_need(struct sockets *sockets, const char *interface, int ifindex,
                              enum vrrp_family family) HF_MUST_CHECK;
void sockets_end(struct sockets *sockets);

/* Sends an advert with TTL or hop limit 255. HF_FAILED if there is no such socket, or the kernel refuses. */
struct hf_error *sockets_send(struct sockets *sockets, const char *interface,
                              const struct vrrp_address *source, const struct vrrp_address *destination,
                              const void *bytes, size_t length) HF_MUST_CHECK;

#endif
