/* network.c - see network.h. */
#include "daemon/guard/network.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct network {
    int events;  /* rtnetlink, groups of links and filters */
    int request; /* rtnetlink */
    int packet;  /* raw frames out */
    uint32_t sequence;
};

static int open_netlink(uint32_t groups, int flags)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

struct hf_error *network_new(struct network **result)
{
    struct network *network = hf_calloc(1, sizeof(*network));
    const struct timeval limit = {.tv_sec = 1};

    network->events =
        open_netlink(RTMGRP_LINK | RTMGRP_TC | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, SOCK_NONBLOCK);
    network->request = open_netlink(0, 0);
    network->packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (network->events < 0 || network->request < 0 || network->packet < 0) {
        struct hf_error *error =
            hf_error_errno(errno, "cannot speak with the kernel about network interfaces");

        network_free(network);
        return error;
    }
    setsockopt(network->request, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    *result = network;
    return NULL;
}

void network_free(struct network *network)
{
    if (network == NULL)
        return;
    if (network->events >= 0)
        close(network->events);
    if (network->request >= 0)
        close(network->request);
    if (network->packet >= 0)
        close(network->packet);
    free(network);
}

int network_fd(const struct network *network)
{
    return network->events;
}

void network_drain(struct network *network)
{
    char bytes[16384];

    for (int i = 0; i < 1000; i++)
        if (recv(network->events, bytes, sizeof(bytes), MSG_DONTWAIT) < 0 && errno != ENOBUFS &&
            errno != EINTR)
            return;
}

bool network_find(struct network *network, const char *name, struct network_interface *interface)
{
    struct ifreq request = {0};

    memset(interface, 0, sizeof(*interface));
    memccpy(request.ifr_name, name, '\0', sizeof(request.ifr_name) - 1);
    if (ioctl(network->packet, SIOCGIFINDEX, &request) != 0)
        return false;
    interface->ifindex = request.ifr_ifindex;
    if (ioctl(network->packet, SIOCGIFFLAGS, &request) != 0)
        return false;
    interface->up = (request.ifr_flags & IFF_UP) != 0;
    if (ioctl(network->packet, SIOCGIFHWADDR, &request) != 0)
        return false;
    interface->link_type = request.ifr_hwaddr.sa_family;
    memcpy(interface->mac, request.ifr_hwaddr.sa_data, sizeof(interface->mac));
    return true;
}

/* --- addresses --- */

static bool is_ipv4(const struct gate_address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

struct address_request {
    struct nlmsghdr header;
    struct ifaddrmsg address;
    char attributes[128];
};

static void add_attribute(struct address_request *request, unsigned short type, const void *data,
                          size_t length)
{
    struct rtattr *attribute = (void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(length);
    memcpy(RTA_DATA(attribute), data, length);
    request->header.nlmsg_len =
        NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t)RTA_ALIGN(attribute->rta_len);
}

/* 0 or errno, as the kernel acknowledges it. */
static int ask_kernel(struct network *network, struct address_request *request)
{
    char bytes[4096] __attribute__((aligned(8)));
    const struct nlmsghdr *answer = (const void *)bytes;

    request->header.nlmsg_seq = ++network->sequence;
    if (send(network->request, request, request->header.nlmsg_len, 0) < 0)
        return errno;
    for (int i = 0; i < 100; i++) {
        ssize_t length = recv(network->request, bytes, sizeof(bytes), 0);

        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return errno == EAGAIN ? ETIMEDOUT : errno;
        if ((size_t)length < NLMSG_LENGTH(sizeof(struct nlmsgerr)) || answer->nlmsg_type != NLMSG_ERROR ||
            answer->nlmsg_seq != network->sequence)
            continue;
        return -((const struct nlmsgerr *)NLMSG_DATA(answer))->error;
    }
    return EIO;
}

static int change_address(struct network *network, bool add, int ifindex, const struct gate_address *address,
                          uint8_t prefix)
{
    bool ipv4 = is_ipv4(address);
    const void *bytes = ipv4 ? &address->bytes[12] : address->bytes;
    size_t length = ipv4 ? 4 : 16;
    const uint32_t flags = IFA_F_NODAD;
    struct address_request request = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
                   .nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR,
                   .nlmsg_flags =
                       (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0))},
        .address = {.ifa_family = ipv4 ? AF_INET : AF_INET6,
                    .ifa_prefixlen = prefix,
                    .ifa_index = (uint32_t)ifindex,
                    .ifa_scope = RT_SCOPE_UNIVERSE},
    };

    add_attribute(&request, IFA_LOCAL, bytes, length);
    add_attribute(&request, IFA_ADDRESS, bytes, length);
    if (add && !ipv4)
        add_attribute(&request, IFA_FLAGS, &flags, sizeof(flags));
    return ask_kernel(network, &request);
}

struct hf_error *network_assign(struct network *network, int ifindex, const struct gate_address *address,
                                uint8_t prefix, bool *added)
{
    int result = change_address(network, true, ifindex, address, prefix);

    *added = result == 0;
    if (result == 0 || result == EEXIST)
        return NULL;
    return hf_error_errno(result, "cannot put the VIP on interface %d", ifindex);
}

struct hf_error *network_unassign(struct network *network, int ifindex, const struct gate_address *address,
                                  uint8_t prefix)
{
    int result = change_address(network, false, ifindex, address, prefix);

    if (result == 0 || result == EADDRNOTAVAIL || result == ENODEV)
        return NULL;
    return hf_error_errno(result, "cannot take the VIP off interface %d", ifindex);
}

/* --- announcements --- */

static const uint8_t everybody[6] = {255, 255, 255, 255, 255, 255};

static struct hf_error *send_frame(struct network *network, int ifindex, const uint8_t *frame, size_t length)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_halen = 6};

    memcpy(to.sll_addr, frame, 6);
    if (sendto(network->packet, frame, length, 0, (struct sockaddr *)&to, sizeof(to)) >= 0)
        return NULL;
    return hf_error_errno(errno, "cannot announce the VIP on interface %d", ifindex);
}

static size_t ethernet_header(uint8_t *frame, const uint8_t *to, const uint8_t *from, uint16_t type)
{
    memcpy(frame, to, 6);
    memcpy(frame + 6, from, 6);
    frame[12] = (uint8_t)(type >> 8);
    frame[13] = (uint8_t)type;
    return 14;
}

/* operation: 1 request, 2 reply; some neighbours learn from one only, some from the other. */
static size_t gratuitous_arp(uint8_t *frame, const uint8_t *mac, const uint8_t *address, uint8_t operation)
{
    const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, operation};
    uint8_t *arp = frame + ethernet_header(frame, everybody, mac, ETHERTYPE_ARP);

    memcpy(arp, head, 8);
    memcpy(arp + 8, mac, 6);
    memcpy(arp + 14, address, 4);
    memcpy(arp + 18, operation == 2 ? mac : (const uint8_t[6]){0}, 6);
    memcpy(arp + 24, address, 4);
    return 14 + 28;
}

/* RFC 4443 2.3: over the pseudo-header too. */
static void icmpv6_checksum(uint8_t *ip, size_t length)
{
    uint32_t sum = (uint32_t)length + 58;

    for (size_t i = 8; i < 40 + length; i += 2)
        sum += (uint32_t)ip[i] << 8 | ip[i + 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    ip[42] = (uint8_t)(~sum >> 8);
    ip[43] = (uint8_t)~sum;
}

static size_t unsolicited_advertisement(uint8_t *frame, const uint8_t *mac, const uint8_t *address)
{
    static const uint8_t to[6] = {0x33, 0x33, 0, 0, 0, 1}, all_nodes[16] = {0xff, 2, [15] = 1};
    static const uint8_t head[8] = {0x60, 0, 0, 0, 0, 32, 58, 255};
    static const uint8_t override[8] = {136, 0, 0, 0, 0x20};
    uint8_t *ip = frame + ethernet_header(frame, to, mac, ETHERTYPE_IPV6);

    memcpy(ip, head, 8);
    memcpy(ip + 8, address, 16);
    memcpy(ip + 24, all_nodes, 16);
    memcpy(ip + 40, override, 8);
    memcpy(ip + 48, address, 16);
    ip[64] = 2; /* target link-layer address */
    ip[65] = 1;
    memcpy(ip + 66, mac, 6);
    icmpv6_checksum(ip, 32);
    return 14 + 72;
}

struct hf_error *network_announce(struct network *network, const struct network_interface *interface,
                                  const struct gate_address *address)
{
    uint8_t frame[128];
    size_t length;
    struct hf_error *error;

    if (interface->link_type != ARPHRD_ETHER)
        return NULL;
    if (!is_ipv4(address)) {
        length = unsolicited_advertisement(frame, interface->mac, address->bytes);
        return send_frame(network, interface->ifindex, frame, length);
    }
    length = gratuitous_arp(frame, interface->mac, &address->bytes[12], 1);
    error = send_frame(network, interface->ifindex, frame, length);
    if (error != NULL)
        return error;
    length = gratuitous_arp(frame, interface->mac, &address->bytes[12], 2);
    return send_frame(network, interface->ifindex, frame, length);
}
