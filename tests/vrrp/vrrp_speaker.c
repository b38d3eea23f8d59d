/* vrrp_speaker.c - the pure VRRP router of daemon/vrrp on real sockets, in the simplest shell there can be:
 * for tests against other implementations.
 *
 *   vrrp_speaker INTERFACE VERSION VRID PRIORITY INTERVAL-MS OWN-ADDRESS ADDRESS [PEER]
 *
 * Plain VRRP (no right is needed).  Sets ADDRESS on the interface by ip(8) while MASTER; prints each change
 * of state and each refused packet; SIGTERM shuts down. PEER: unicast to it instead of multicast. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/vrrp/router.h"

struct speaker {
    struct vrrp_router router;
    const char *interface;
    int index;
    uint8_t mac[VRRP_MAC_LENGTH];
    int sock, packet_socket, signals;
    struct vrrp_address to;
};

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* --- sockets --- */

static void open_sockets(struct speaker *speaker)
{
    bool four = speaker->router.config.family == VRRP_IPV4;
    const int ttl = VRRP_TTL, off = 0, on = 1;
    struct ifreq request = {0};

    speaker->sock = socket(four ? AF_INET : AF_INET6, SOCK_RAW, VRRP_PROTOCOL);
    speaker->packet_socket = socket(AF_PACKET, SOCK_RAW, 0);
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", speaker->interface);
    if (speaker->sock < 0 || speaker->packet_socket < 0 ||
        ioctl(speaker->packet_socket, SIOCGIFHWADDR, &request) != 0)
        die("socket");
    memcpy(speaker->mac, request.ifr_hwaddr.sa_data, VRRP_MAC_LENGTH);
    setsockopt(speaker->sock, SOL_SOCKET, SO_BINDTODEVICE, speaker->interface,
               (socklen_t)strlen(speaker->interface) + 1);
    if (four) {
        struct ip_mreqn group = {.imr_ifindex = speaker->index};
        struct vrrp_address address = vrrp_group_address(VRRP_IPV4);

        memcpy(&group.imr_multiaddr, address.bytes, 4);
        setsockopt(speaker->sock, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group));
        setsockopt(speaker->sock, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group));
        setsockopt(speaker->sock, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl));
        setsockopt(speaker->sock, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
        setsockopt(speaker->sock, IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof(off));
    } else {
        struct ipv6_mreq group = {.ipv6mr_interface = (unsigned)speaker->index};
        struct vrrp_address address = vrrp_group_address(VRRP_IPV6);

        memcpy(&group.ipv6mr_multiaddr, address.bytes, 16);
        setsockopt(speaker->sock, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof(group));
        setsockopt(speaker->sock, IPPROTO_IPV6, IPV6_MULTICAST_IF, &speaker->index, sizeof(speaker->index));
        setsockopt(speaker->sock, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &ttl, sizeof(ttl));
        setsockopt(speaker->sock, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl));
        setsockopt(speaker->sock, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof(off));
        setsockopt(speaker->sock, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on));
        setsockopt(speaker->sock, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
    }
}

/* Our own address as source, so that what the checksum covers is what is sent. */
static void send_advert(struct speaker *speaker, uint8_t priority)
{
    uint8_t bytes[VRRP_PACKET_MAX];
    const struct vrrp_config *config = &speaker->router.config;
    struct vrrp_advert advert = vrrp_own_advert(&speaker->router, priority);
    size_t length = vrrp_encode(&advert, &config->primary, &speaker->to, bytes);
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)speaker->index};

    memcpy(&four.sin_addr, speaker->to.bytes, 4);
    memcpy(&six.sin6_addr, speaker->to.bytes, 16);
    if (sendto(speaker->sock, bytes, length, 0,
               config->family == VRRP_IPV4 ? (struct sockaddr *)&four : (struct sockaddr *)&six,
               config->family == VRRP_IPV4 ? sizeof(four) : sizeof(six)) < 0)
        perror("advert");
}

static void announce(struct speaker *speaker)
{
    const struct vrrp_config *config = &speaker->router.config;
    uint8_t frame[VRRP_NA_LENGTH];
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = speaker->index, .sll_halen = 6};
    size_t length = config->family == VRRP_IPV4 ? VRRP_GARP_LENGTH : VRRP_NA_LENGTH;

    for (unsigned i = 0; i < config->count; i++) {
        if (config->family == VRRP_IPV4)
            vrrp_garp(&config->addresses[i], speaker->mac, frame);
        else
            vrrp_unsolicited_na(&config->addresses[i], speaker->mac, false, frame);
        memcpy(to.sll_addr, frame, 6);
        if (sendto(speaker->packet_socket, frame, length, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
            perror("announcement");
    }
}

static void set_address(struct speaker *speaker, const char *verb)
{
    char command[256], text[64];
    const struct vrrp_config *config = &speaker->router.config;

    snprintf(command, sizeof(command), "ip address %s %s/%d dev %s %s 2>/dev/null", verb,
             vrrp_address_text(&config->addresses[config->count - 1], text),
             config->family == VRRP_IPV4 ? 32 : 128, speaker->interface,
             config->family == VRRP_IPV6 && strcmp(verb, "add") == 0 ? "nodad" : "");
    if (system(command) != 0)
        fprintf(stderr, "%s failed\n", command);
}

/* --- steps --- */

static void feed(struct speaker *speaker, struct vrrp_event event)
{
    enum vrrp_state before = speaker->router.state;

    event.now = now_us();

    struct vrrp_update update = vrrp_step(&speaker->router, &event);

    if (update.stop_serving)
        set_address(speaker, "del");
    if (update.start_serving)
        set_address(speaker, "add");
    if (update.send_advert)
        send_advert(speaker, update.advert_priority);
    for (int i = 0; i < update.announce; i++)
        announce(speaker);
    if (speaker->router.state != before)
        printf("%s %s\n", vrrp_state_text(speaker->router.state), vrrp_reason_text(update.reason));
}

/* One packet with what the kernel says of it; false if there is none. */
static bool receive_six(struct speaker *speaker, uint8_t *bytes, size_t size, struct vrrp_received *received)
{
    struct sockaddr_in6 from;
    char control[256];
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof(from),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    ssize_t length = recvmsg(speaker->sock, &message, MSG_DONTWAIT);

    if (length < 0)
        return false;
    *received = (struct vrrp_received){.source = {.family = VRRP_IPV6},
                                       .destination = {.family = VRRP_IPV6},
                                       .bytes = bytes,
                                       .length = (size_t)length};
    memcpy(received->source.bytes, &from.sin6_addr, 16);
    for (struct cmsghdr *one = CMSG_FIRSTHDR(&message); one != NULL; one = CMSG_NXTHDR(&message, one)) {
        if (one->cmsg_type == IPV6_HOPLIMIT)
            memcpy(&received->ttl, CMSG_DATA(one), sizeof(received->ttl));
        if (one->cmsg_type == IPV6_PKTINFO)
            memcpy(received->destination.bytes, &((struct in6_pktinfo *)(void *)CMSG_DATA(one))->ipi6_addr,
                   16);
    }
    return true;
}

static void receive(struct speaker *speaker)
{
    uint8_t bytes[65536];
    struct vrrp_received received;
    struct vrrp_advert advert;
    enum vrrp_refusal refusal = VRRP_ACCEPTED;

    if (speaker->router.config.family == VRRP_IPV6) {
        if (!receive_six(speaker, bytes, sizeof(bytes), &received))
            return;
    } else {
        ssize_t length = recv(speaker->sock, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (length < 0)
            return;
        refusal = vrrp_unwrap_ipv4(bytes, (size_t)length, &received);
    }
    if (refusal == VRRP_ACCEPTED)
        refusal = vrrp_check(&speaker->router, &received, &advert);
    if (refusal == VRRP_ACCEPTED)
        feed(speaker, (struct vrrp_event){.type = VRRP_HEARD, .advert = &advert, .source = received.source});
    else
        printf("refused: %s\n", vrrp_refusal_text(refusal));
}

static void run(struct speaker *speaker)
{
    struct pollfd fds[] = {{.fd = speaker->sock, .events = POLLIN},
                           {.fd = speaker->signals, .events = POLLIN}};

    feed(speaker, (struct vrrp_event){.type = VRRP_STARTUP});
    while ((fds[1].revents & POLLIN) == 0) {
        int64_t deadline = vrrp_deadline(&speaker->router);
        int64_t left = deadline == INT64_MAX ? 1000000 : deadline - now_us();
        struct timespec wait = {.tv_sec = left < 0 ? 0 : left / 1000000,
                                .tv_nsec = left < 0 ? 0 : left % 1000000 * 1000};

        if (ppoll(fds, 2, &wait, NULL) < 0 && errno != EINTR)
            die("poll");
        if ((fds[0].revents & POLLIN) != 0)
            receive(speaker);
        if (vrrp_deadline(&speaker->router) <= now_us())
            feed(speaker, (struct vrrp_event){.type = VRRP_TICK});
        fflush(stdout);
    }
    feed(speaker, (struct vrrp_event){.type = VRRP_SHUTDOWN});
}

int main(int argc, char **argv)
{
    static struct speaker speaker;
    sigset_t term;

    if (argc < 8)
        return 2;

    struct vrrp_config config = {.version = (uint8_t)atoi(argv[2]),
                                 .vrid = (uint8_t)atoi(argv[3]),
                                 .priority = (uint8_t)atoi(argv[4]),
                                 .interval_us = (uint32_t)atoi(argv[5]) * 1000,
                                 .preempt = true,
                                 .checksum = VRRP_CHECKSUM_PSEUDO,
                                 .min_ttl = VRRP_TTL};

    if (!vrrp_address_parse(argv[6], &config.primary))
        return 2;
    config.family = config.primary.family;
    /* Section 5.2.9: of IPv6 addresses the first is link-local. */
    if (config.family == VRRP_IPV6)
        vrrp_address_parse("fe80::5e00:1", &config.addresses[config.count++]);
    if (!vrrp_address_parse(argv[7], &config.addresses[config.count++]))
        return 2;
    config.announce = vrrp_announce_default(config.interval_us);
    speaker.interface = argv[1];
    speaker.index = (int)if_nametoindex(argv[1]);
    speaker.to = vrrp_group_address(config.family);
    if (argc > 8) {
        config.peer_count = 1;
        if (!vrrp_address_parse(argv[8], &config.peers[0]))
            return 2;
        speaker.to = config.peers[0];
    }

    struct hf_error *error = vrrp_config_check(&config);

    if (error != NULL) {
        fprintf(stderr, "%s\n", hf_error_text(error));
        return 2;
    }
    vrrp_init(&speaker.router, &config);
    open_sockets(&speaker);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    speaker.signals = signalfd(-1, &term, 0);
    run(&speaker);
    return 0;
}
