/* network.c - see network.h. */
#include "daemon/guard/network.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
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

#include "daemon/vrrp/packet.h"

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
    interface->carrier = (request.ifr_flags & IFF_RUNNING) != 0;
    if (ioctl(network->packet, SIOCGIFHWADDR, &request) != 0)
        return false;
    interface->link_type = request.ifr_hwaddr.sa_family;
    memcpy(interface->mac, request.ifr_hwaddr.sa_data, sizeof(interface->mac));
    return true;
}

/* --- addresses --- */

/* A netlink request, built from front to back. */
struct request {
    struct nlmsghdr header;
    char bytes[512];
};

static struct request new_request(uint16_t type, int flags, const void *fixed, size_t length)
{
    struct request request = {.header = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(length),
                                         .nlmsg_type = type,
                                         .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags)}};

    memcpy(request.bytes, fixed, length);
    return request;
}

static void add_attribute(struct request *request, unsigned short type, const void *data, size_t length)
{
    struct rtattr *attribute = (void *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));

    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(length);
    if (length > 0)
        memcpy(RTA_DATA(attribute), data, length);
    request->header.nlmsg_len =
        NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t)RTA_ALIGN(attribute->rta_len);
}

static void add_number(struct request *request, unsigned short type, uint32_t number)
{
    add_attribute(request, type, &number, sizeof(number));
}

static void add_address(struct request *request, unsigned short type, const struct gate_address *address)
{
    if (guard_address_is_ipv4(address))
        add_attribute(request, type, &address->bytes[12], 4);
    else
        add_attribute(request, type, address->bytes, 16);
}

/* 0 or errno, as the kernel acknowledges it. */
static int ask_kernel(struct network *network, struct request *request)
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
    bool ipv4 = guard_address_is_ipv4(address);
    const uint32_t flags = IFA_F_NODAD;
    const struct ifaddrmsg fixed = {.ifa_family = ipv4 ? AF_INET : AF_INET6,
                                    .ifa_prefixlen = prefix,
                                    .ifa_index = (uint32_t)ifindex,
                                    .ifa_scope = RT_SCOPE_UNIVERSE};
    struct request request = new_request(add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_EXCL : 0,
                                         &fixed, sizeof(fixed));

    add_address(&request, IFA_LOCAL, address);
    add_address(&request, IFA_ADDRESS, address);
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

size_t network_addresses(const char *name, struct gate_address *addresses, size_t max)
{
    struct ifaddrs *all = NULL;
    size_t count = 0;

    if (getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *one = all; one != NULL && count < max; one = one->ifa_next) {
        struct gate_address *address = &addresses[count];

        if (one->ifa_addr == NULL || strcmp(one->ifa_name, name) != 0)
            continue;
        if (one->ifa_addr->sa_family == AF_INET) {
            *address = (struct gate_address){.bytes = {[10] = 0xff, [11] = 0xff}};
            memcpy(&address->bytes[12], &((const struct sockaddr_in *)(const void *)one->ifa_addr)->sin_addr,
                   4);
            count++;
        } else if (one->ifa_addr->sa_family == AF_INET6) {
            memcpy(address->bytes, &((const struct sockaddr_in6 *)(const void *)one->ifa_addr)->sin6_addr,
                   16);
            count++;
        }
    }
    freeifaddrs(all);
    return count;
}

/* --- routes and rules --- */

enum { PROTOCOL_KEEPALIVED = 18 /* RTPROT_KEEPALIVED: routes that come and go with a virtual router */ };

struct hf_error *network_route(struct network *network, bool add, int ifindex,
                               const struct router_route *route)
{
    bool ipv4 = guard_address_is_ipv4(&route->destination.address);
    const struct rtmsg fixed = {.rtm_family = ipv4 ? AF_INET : AF_INET6,
                                .rtm_dst_len = route->destination.prefix,
                                .rtm_table = RT_TABLE_UNSPEC,
                                .rtm_protocol = add ? PROTOCOL_KEEPALIVED : RTPROT_UNSPEC,
                                .rtm_scope =
                                    add ? (route->has_gateway || !ipv4 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK)
                                        : RT_SCOPE_NOWHERE,
                                .rtm_type = add ? RTN_UNICAST : RTN_UNSPEC};
    struct request request = new_request(add ? RTM_NEWROUTE : RTM_DELROUTE,
                                         add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &fixed, sizeof(fixed));
    int result;

    if (route->destination.prefix > 0)
        add_address(&request, RTA_DST, &route->destination.address);
    add_number(&request, RTA_TABLE, route->table == 0 ? RT_TABLE_MAIN : route->table);
    add_number(&request, RTA_OIF, (uint32_t)ifindex);
    if (route->has_gateway)
        add_address(&request, RTA_GATEWAY, &route->gateway);
    if (route->has_source)
        add_address(&request, RTA_PREFSRC, &route->source);
    if (route->metric > 0)
        add_number(&request, RTA_PRIORITY, route->metric);
    result = ask_kernel(network, &request);
    if (result == 0 || (!add && (result == ESRCH || result == ENODEV)))
        return NULL;
    return hf_error_errno(result, "cannot %s a route that follows the VIP", add ? "add" : "remove");
}

struct hf_error *network_rule(struct network *network, bool add, const struct router_rule *rule)
{
    const struct router_address *one = rule->has_from ? &rule->from : &rule->to;
    const struct fib_rule_hdr fixed = {.family = guard_address_is_ipv4(&one->address) ? AF_INET : AF_INET6,
                                       .src_len = rule->has_from ? rule->from.prefix : 0,
                                       .dst_len = rule->has_to ? rule->to.prefix : 0,
                                       .action = FR_ACT_TO_TBL};
    struct request request = new_request(add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0,
                                         &fixed, sizeof(fixed));
    int result;

    if (rule->has_from && rule->from.prefix > 0)
        add_address(&request, FRA_SRC, &rule->from.address);
    if (rule->has_to && rule->to.prefix > 0)
        add_address(&request, FRA_DST, &rule->to.address);
    add_number(&request, FRA_TABLE, rule->table);
    if (rule->priority > 0)
        add_number(&request, FRA_PRIORITY, rule->priority);
    result = ask_kernel(network, &request);
    if (result == 0 || (add && result == EEXIST) || (!add && result == ENOENT))
        return NULL;
    return hf_error_errno(result, "cannot %s a routing rule that follows the VIP", add ? "add" : "remove");
}

/* --- interfaces with the virtual router's MAC --- */

static bool set_up(struct network *network, const char *name)
{
    struct ifreq request = {0};

    memccpy(request.ifr_name, name, '\0', sizeof(request.ifr_name) - 1);
    if (ioctl(network->packet, SIOCGIFFLAGS, &request) != 0)
        return false;
    request.ifr_flags |= IFF_UP;
    return ioctl(network->packet, SIOCSIFFLAGS, &request) == 0;
}

/* 0 or errno */
static int add_macvlan(struct network *network, int parent, const char *name, const uint8_t mac[6])
{
    const struct ifinfomsg fixed = {.ifi_family = AF_UNSPEC};
    struct request request = new_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof(fixed));
    char *start = (char *)&request;
    uint32_t information, data;

    add_attribute(&request, IFLA_IFNAME, name, strlen(name) + 1);
    add_number(&request, IFLA_LINK, (uint32_t)parent);
    add_attribute(&request, IFLA_ADDRESS, mac, 6);
    /* Attributes within attributes: the outer one's length is known at the end. */
    information = NLMSG_ALIGN(request.header.nlmsg_len);
    add_attribute(&request, IFLA_LINKINFO, NULL, 0);
    add_attribute(&request, IFLA_INFO_KIND, "macvlan", sizeof("macvlan"));
    data = NLMSG_ALIGN(request.header.nlmsg_len);
    add_attribute(&request, IFLA_INFO_DATA, NULL, 0);
    add_number(&request, IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
    ((struct rtattr *)(void *)(start + data))->rta_len = (uint16_t)(request.header.nlmsg_len - data);
    ((struct rtattr *)(void *)(start + information))->rta_len =
        (uint16_t)(request.header.nlmsg_len - information);
    return ask_kernel(network, &request);
}

struct hf_error *network_macvlan_add(struct network *network, int parent, const char *name,
                                     const uint8_t mac[6])
{
    int result = add_macvlan(network, parent, name, mac);

    if (result != 0 && result != EEXIST)
        return hf_error_errno(result, "cannot make the macvlan interface %s", name);
    if (!set_up(network, name))
        return hf_error_errno(errno, "cannot set the macvlan interface %s up", name);
    return NULL;
}

struct hf_error *network_macvlan_remove(struct network *network, const char *name)
{
    const struct ifinfomsg fixed = {.ifi_family = AF_UNSPEC};
    struct request request = new_request(RTM_DELLINK, 0, &fixed, sizeof(fixed));
    int result;

    add_attribute(&request, IFLA_IFNAME, name, strlen(name) + 1);
    result = ask_kernel(network, &request);
    if (result == 0 || result == ENODEV)
        return NULL;
    return hf_error_errno(result, "cannot remove the macvlan interface %s", name);
}

/* --- announcements --- */

static struct hf_error *send_frame(struct network *network, int ifindex, const uint8_t *frame, size_t length)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_halen = 6};

    memcpy(to.sll_addr, frame, 6);
    if (sendto(network->packet, frame, length, 0, (struct sockaddr *)&to, sizeof(to)) >= 0)
        return NULL;
    return hf_error_errno(errno, "cannot announce the VIP on interface %d", ifindex);
}

struct hf_error *network_announce(struct network *network, const struct network_interface *interface,
                                  const struct gate_address *address)
{
    const struct vrrp_address told = guard_address_to_vrrp(address);
    uint8_t arp[VRRP_GARP_LENGTH], advertisement[VRRP_NA_LENGTH];
    struct hf_error *error = NULL;

    if (interface->link_type != ARPHRD_ETHER)
        return NULL;
    if (told.family == VRRP_IPV6) {
        vrrp_unsolicited_na(&told, interface->mac, false, advertisement);
        return send_frame(network, interface->ifindex, advertisement, sizeof(advertisement));
    }
    /* Some neighbours learn from a request only, some from a reply. */
    vrrp_garp(&told, interface->mac, VRRP_ARP_REQUEST, arp);
    error = send_frame(network, interface->ifindex, arp, sizeof(arp));
    if (error != NULL)
        return error;
    vrrp_garp(&told, interface->mac, VRRP_ARP_REPLY, arp);
    return send_frame(network, interface->ifindex, arp, sizeof(arp));
}
