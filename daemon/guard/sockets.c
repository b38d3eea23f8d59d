/* sockets.c - see sockets.h. */
#include "daemon/guard/sockets.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READS_AT_ONCE = 64, PACKET_MAX = VRRP_PACKET_MAX + 60 };

struct port {
    struct port *next;
    struct sockets *sockets;
    char interface[IF_NAMESIZE];
    int ifindex;
    enum vrrp_family family;
    int fd;
    bool needed;
};

struct sockets {
    struct loop *loop;
    sockets_handler *handler;
    void *context;
    struct port *ports;
};

struct sockets *sockets_new(struct loop *loop, sockets_handler *handler, void *context)
{
    struct sockets *sockets = hf_calloc(1, sizeof(*sockets));

    *sockets = (struct sockets){.loop = loop, .handler = handler, .context = context};
    return sockets;
}

static void close_port(struct port *port)
{
    loop_unwatch(port->sockets->loop, port->fd);
    close(port->fd);
    free(port);
}

void sockets_free(struct sockets *sockets)
{
    if (sockets == NULL)
        return;
    sockets_begin(sockets);
    sockets_end(sockets);
    free(sockets);
}

/* --- in --- */

/* Where an IPv6 packet was sent to, and its hop limit; -1 if the kernel does not say. */
static int read_control(struct msghdr *message, struct vrrp_address *destination)
{
    int hops = -1;

    for (struct cmsghdr *one = CMSG_FIRSTHDR(message); one != NULL; one = CMSG_NXTHDR(message, one)) {
        if (one->cmsg_level != IPPROTO_IPV6)
            continue;
        if (one->cmsg_type == IPV6_HOPLIMIT)
            memcpy(&hops, CMSG_DATA(one), sizeof(hops));
        if (one->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;

            memcpy(&info, CMSG_DATA(one), sizeof(info));
            memcpy(destination->bytes, &info.ipi6_addr, 16);
        }
    }
    return hops;
}

/* False if there is nothing more to read. */
static bool read_one(struct port *port)
{
    uint8_t bytes[PACKET_MAX];
    char control[256] __attribute__((aligned(8)));
    struct sockaddr_in6 from = {0};
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof(bytes)};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof(from),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    ssize_t length = recvmsg(port->fd, &message, MSG_DONTWAIT);
    struct vrrp_received received = {.source = {.family = VRRP_IPV6},
                                     .destination = {.family = VRRP_IPV6},
                                     .bytes = bytes,
                                     .length = length < 0 ? 0 : (size_t)length};

    if (length < 0)
        return errno == EINTR;
    if ((message.msg_flags & MSG_TRUNC) != 0)
        return true;
    if (port->family == VRRP_IPV4) {
        if (vrrp_unwrap_ipv4(bytes, (size_t)length, &received) != VRRP_ACCEPTED)
            return true;
    } else {
        memcpy(received.source.bytes, &from.sin6_addr, 16);
        received.ttl = read_control(&message, &received.destination);
    }
    port->sockets->handler(port->sockets->context, port->interface, &received);
    return true;
}

static void on_port(void *context, uint32_t events)
{
    struct port *port = context;
    struct sockets *sockets = port->sockets;

    for (int i = 0; i < READS_AT_ONCE; i++) {
        const struct port *known = sockets->ports;

        /* What a packet leads to may close this socket. */
        while (known != NULL && known != port)
            known = known->next;
        if (known == NULL || !read_one(port))
            return;
    }
}

/* --- sockets --- */

static bool set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static bool set_ipv4(int fd, int ifindex)
{
    const struct vrrp_address group = vrrp_group_address(VRRP_IPV4);
    struct ip_mreqn request = {.imr_ifindex = ifindex};

    memcpy(&request.imr_multiaddr, group.bytes, 4);
    return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) == 0 &&
           setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request)) == 0 &&
           set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) && set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0) &&
           set(fd, IPPROTO_IP, IP_MULTICAST_TTL, VRRP_TTL) && set(fd, IPPROTO_IP, IP_TTL, VRRP_TTL) &&
           set(fd, IPPROTO_IP, IP_TOS, 0xc0); /* internetwork control */
}

static bool set_ipv6(int fd, int ifindex)
{
    const struct vrrp_address group = vrrp_group_address(VRRP_IPV6);
    struct ipv6_mreq request = {.ipv6mr_interface = (unsigned)ifindex};

    memcpy(&request.ipv6mr_multiaddr, group.bytes, 16);
    return setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof(request)) == 0 &&
           set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, ifindex) &&
           set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) &&
           set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, VRRP_TTL) &&
           set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, VRRP_TTL) &&
           set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) && set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
           set(fd, IPPROTO_IPV6, IPV6_TCLASS, 0xc0);
}

static struct hf_error *open_port(const char *interface, int ifindex, enum vrrp_family family, int *result)
{
    int fd = socket(family == VRRP_IPV4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    VRRP_PROTOCOL);

    if (fd >= 0 &&
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface) + 1) == 0 &&
        set(fd, SOL_SOCKET, SO_PRIORITY, 6) &&
        (family == VRRP_IPV4 ? set_ipv4(fd, ifindex) : set_ipv6(fd, ifindex))) {
        *result = fd;
        return NULL;
    }

    struct hf_error *error =
        hf_error_errno(errno, "cannot open a VRRP socket for IPv%d on %s", (int)family, interface);

    if (fd >= 0)
        close(fd);
    return error;
}

void sockets_begin(struct sockets *sockets)
{
    for (struct port *port = sockets->ports; port != NULL; port = port->next)
        port->needed = false;
}

static struct port *find_port(const struct sockets *sockets, const char *interface, enum vrrp_family family)
{
    struct port *port = sockets->ports;

    while (port != NULL && (port->family != family || strcmp(port->interface, interface) != 0))
        port = port->next;
    return port;
}

struct hf_error *sockets_need(struct sockets *sockets, const char *interface, int ifindex,
                              enum vrrp_family family)
{
    struct port *port = find_port(sockets, interface, family);
    int fd = -1;

    if (port != NULL && port->ifindex == ifindex) {
        port->needed = true;
        return NULL;
    }

    struct hf_error *error = open_port(interface, ifindex, family, &fd);

    if (error != NULL)
        return error;
    if (port == NULL) {
        port = hf_calloc(1, sizeof(*port));
        *port = (struct port){.next = sockets->ports, .sockets = sockets, .family = family};
        memccpy(port->interface, interface, '\0', sizeof(port->interface) - 1);
        sockets->ports = port;
    } else {
        loop_unwatch(sockets->loop, port->fd);
        close(port->fd);
    }
    port->fd = fd;
    port->ifindex = ifindex;
    port->needed = true;
    loop_watch(sockets->loop, fd, EPOLLIN, on_port, port);
    return NULL;
}

void sockets_end(struct sockets *sockets)
{
    struct port **link = &sockets->ports;

    while (*link != NULL) {
        struct port *port = *link;

        if (port->needed) {
            link = &port->next;
            continue;
        }
        *link = port->next;
        close_port(port);
    }
}

/* --- out --- */

/* info, of size bytes: from which address and interface, as a control message of that level and type. */
static ssize_t send_packet(const struct port *port, struct msghdr *message, int level, int type,
                           const void *info, size_t size)
{
    char control[CMSG_SPACE(sizeof(struct in6_pktinfo))] __attribute__((aligned(8))) = {0};
    struct cmsghdr *head;

    message->msg_control = control;
    message->msg_controllen = CMSG_SPACE(size);
    head = CMSG_FIRSTHDR(message);
    head->cmsg_level = level;
    head->cmsg_type = type;
    head->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(head), info, size);
    return sendmsg(port->fd, message, MSG_DONTWAIT);
}

static ssize_t send_ipv4(const struct port *port, const struct vrrp_address *source,
                         const struct vrrp_address *destination, struct iovec *part)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct in_pktinfo info = {.ipi_ifindex = port->ifindex};
    struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = part, .msg_iovlen = 1};

    memcpy(&to.sin_addr, destination->bytes, 4);
    memcpy(&info.ipi_spec_dst, source->bytes, 4);
    return send_packet(port, &message, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

static ssize_t send_ipv6(const struct port *port, const struct vrrp_address *source,
                         const struct vrrp_address *destination, struct iovec *part)
{
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)port->ifindex};
    struct in6_pktinfo info = {.ipi6_ifindex = (unsigned)port->ifindex};
    struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = part, .msg_iovlen = 1};

    memcpy(&to.sin6_addr, destination->bytes, 16);
    memcpy(&info.ipi6_addr, source->bytes, 16);
    return send_packet(port, &message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
}

struct hf_error *sockets_send(struct sockets *sockets, const char *interface,
                              const struct vrrp_address *source, const struct vrrp_address *destination,
                              const void *bytes, size_t length)
{
    const struct port *port = find_port(sockets, interface, source->family);
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = length};
    ssize_t sent;

    if (port == NULL)
        return hf_error_new(HF_FAILED, "there is no VRRP socket on %s", interface);
    sent = source->family == VRRP_IPV4 ? send_ipv4(port, source, destination, &part)
                                       : send_ipv6(port, source, destination, &part);
    if (sent >= 0)
        return NULL;
    return hf_error_errno(errno, "cannot send an advert on %s", interface);
}
