/* arpprobe.c - who answers for an address, asked every millisecond; a test tool of the lab.
 *
 *     lab-arpprobe INTERFACE ADDRESS[,ADDRESS...] SECONDS [PERIOD-US]
 *
 * Asks for an IPv4 address by ARP probes (RFC 5227, 2.1.1: sender address 0, so that nobody learns anything
 * from them), for an IPv6 address by neighbor solicitations (RFC 4861, 7.2.2) from an address that nobody
 * has, and notes which hardware addresses answer.  A probe's number travels in the hardware address that the
 * answer is to go to: an answer that comes late still counts for the probe that asked.  Ends after SECONDS at
 * the latest, at SIGTERM, and earlier when told so: after SIGUSR1 as soon as another than whoever answered
 * first has answered alone for half a second, after SIGUSR2 as soon as anybody has for a second from then on
 * (for each of the addresses).  Prints each change of owner, and at the end
 *
 *     probes N answered N doubly N changes N overlap-ms N longest-gap-ms N longest-pause-ms N
 *
 * With several addresses each has such lines, which its name and a colon precede, and the last line of all
 * has their sums, the longest overlap, gap and pause.
 *
 * Each announcement of an address (a gratuitous ARP, an unsolicited neighbor advertisement) is a line, too:
 * "N ms: announced by OWNER".  The first line says when all of this began, in seconds of the epoch.
 *
 * A probe that is answered by two counts as doubly; overlap is the longest run of such probes, a gap the
 * longest time between two answered ones (or up to the end).  A pause is the longest time in which no probe
 * was sent, since this process had no processor: a gap that is no longer than that may be nothing else. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/lab/tool.h"

enum {
    PROBES_MAX = 4000000,
    LATE_MS = 500,
    OWNERS_MAX = 64,
    TARGETS_MAX = 4,
    MOVED_MS = 500,    /* another than before, alone for so long */
    SETTLED_MS = 1000, /* whoever it is */
    QUIET_MS = 50,     /* who was not heard for longer does not answer any more */
};

/* Of the hardware address that asks: locally administered, then the probe's number. */
static const uint8_t mark[2] = {0x02, 0xaa};

struct arp_frame {
    struct ether_header ether;
    struct ether_arp arp;
} __attribute__((packed));

struct nd_frame { /* a solicitation or an advertisement, as far as it is looked at */
    struct ether_header ether;
    struct ip6_hdr ip;
    struct nd_neighbor_solicit nd; /* an advertisement has the same layout */
    struct nd_opt_hdr option;
    uint8_t hardware[ETH_ALEN];
} __attribute__((packed));

struct probe {
    uint32_t at_us;        /* when it was sent, from the start */
    uint8_t first, second; /* owners that answered, numbered from 1; 0: none */
};

struct target { /* an address that is asked for */
    const char *name;
    int family;
    struct in_addr v4;
    struct in6_addr v6;
    int fd; /* gets what its family answers */
    struct probe *probes;
    uint32_t sent;
    uint8_t initial, alone; /* who answered first; who was heard last */
    int64_t heard_ns;       /* when that was */
    int64_t alone_ns;       /* since when nobody else was heard, without a break */
};

struct run {
    int64_t period_ns, start_ns;
    uint8_t self[ETH_ALEN];
    struct target targets[TARGETS_MAX];
    size_t n_targets;
    uint8_t owners[OWNERS_MAX][ETH_ALEN];
    uint8_t n_owners;
    int64_t told_ns; /* when it was told to end early */
};

struct sums {
    uint32_t probes, answered, doubly, changes;
    double overlap, gap, pause;
};

static void open_socket(struct run *run, struct target *target, const char *interface)
{
    uint16_t protocol = htons(target->family == AF_INET ? ETH_P_ARP : ETH_P_IPV6);
    struct ifreq request = {.ifr_name = ""};
    struct sockaddr_ll local = {.sll_family = AF_PACKET, .sll_protocol = protocol};
    struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};
    int size = 4 << 20;

    target->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (target->fd < 0)
        tool_fail("socket");
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
    if (ioctl(target->fd, SIOCGIFHWADDR, &request) < 0)
        tool_fail(interface);
    memcpy(run->self, request.ifr_hwaddr.sa_data, ETH_ALEN);
    local.sll_ifindex = (int)if_nametoindex(interface);
    all.mr_ifindex = local.sll_ifindex;
    /* an answer goes to the marked address, not to ours */
    if (bind(target->fd, (struct sockaddr *)&local, sizeof(local)) < 0 ||
        setsockopt(target->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) < 0)
        tool_fail("bind");
    setsockopt(target->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* --- asking --- */

static void mark_hardware(uint8_t *hardware, uint32_t number)
{
    number = htonl(number);
    memcpy(hardware, mark, sizeof(mark));
    memcpy(hardware + sizeof(mark), &number, sizeof(number));
}

static void send_frame(const struct target *target, const void *frame, size_t size)
{
    if (send(target->fd, frame, size, 0) < 0 && errno != ENOBUFS && errno != EAGAIN)
        tool_fail("send");
}

static void ask_by_arp(const struct run *run, const struct target *target)
{
    struct arp_frame frame = {
        .ether = {.ether_type = htons(ETHERTYPE_ARP)},
        .arp = {.ea_hdr = {.ar_hrd = htons(ARPHRD_ETHER),
                           .ar_pro = htons(ETHERTYPE_IP),
                           .ar_hln = ETH_ALEN,
                           .ar_pln = 4,
                           .ar_op = htons(ARPOP_REQUEST)}},
    };

    memset(frame.ether.ether_dhost, 0xff, ETH_ALEN);
    memcpy(frame.ether.ether_shost, run->self, ETH_ALEN);
    mark_hardware(frame.arp.arp_sha, target->sent);
    memcpy(frame.arp.arp_tpa, &target->v4, 4);
    send_frame(target, &frame, sizeof(frame));
}

/* RFC 8200, 8.1: over a pseudo-header, then the message. */
static uint16_t icmp6_checksum(const struct nd_frame *frame)
{
    const uint8_t *bytes = (const uint8_t *)&frame->ip.ip6_src, *end = (const uint8_t *)(frame + 1);
    uint32_t sum = (uint32_t)ntohs(frame->ip.ip6_plen) + IPPROTO_ICMPV6;

    for (; bytes < end; bytes += 2)
        sum += (uint32_t)bytes[0] << 8 | bytes[1];
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

static void ask_by_nd(const struct run *run, const struct target *target)
{
    struct nd_frame frame = {
        .ether = {.ether_dhost = {0x33, 0x33, 0xff}, .ether_type = htons(ETHERTYPE_IPV6)},
        .ip = {.ip6_src = {.s6_addr = {0xfe, 0x80, [14] = mark[0], [15] = mark[1]}},
               .ip6_dst = {.s6_addr = {0xff, 0x02, [11] = 1, [12] = 0xff}}},
        .nd = {.nd_ns_hdr = {.icmp6_type = ND_NEIGHBOR_SOLICIT}, .nd_ns_target = target->v6},
        .option = {.nd_opt_type = ND_OPT_SOURCE_LINKADDR, .nd_opt_len = 1},
    };

    frame.ip.ip6_vfc = 6 << 4;
    frame.ip.ip6_plen = htons(sizeof(frame) - sizeof(frame.ether) - sizeof(frame.ip));
    frame.ip.ip6_nxt = IPPROTO_ICMPV6;
    frame.ip.ip6_hlim = 255;
    /* the group of those whose address ends like this one */
    memcpy(frame.ip.ip6_dst.s6_addr + 13, target->v6.s6_addr + 13, 3);
    memcpy(frame.ether.ether_dhost + 3, target->v6.s6_addr + 13, 3);
    memcpy(frame.ether.ether_shost, run->self, ETH_ALEN);
    mark_hardware(frame.hardware, target->sent);
    frame.nd.nd_ns_hdr.icmp6_cksum = icmp6_checksum(&frame);
    send_frame(target, &frame, sizeof(frame));
}

static void send_probes(struct run *run)
{
    for (size_t i = 0; i < run->n_targets; i++) {
        struct target *target = &run->targets[i];

        if (target->family == AF_INET)
            ask_by_arp(run, target);
        else
            ask_by_nd(run, target);
        target->probes[target->sent++].at_us = (uint32_t)((tool_now_ns() - run->start_ns) / 1000);
    }
}

/* --- answers --- */

/* The number of an owner, a new one if it has not answered before. */
static uint8_t owner_of(struct run *run, const uint8_t *hardware)
{
    for (uint8_t i = 0; i < run->n_owners; i++)
        if (memcmp(run->owners[i], hardware, ETH_ALEN) == 0)
            return i + 1;
    if (run->n_owners == OWNERS_MAX)
        return OWNERS_MAX;
    memcpy(run->owners[run->n_owners], hardware, ETH_ALEN);
    return ++run->n_owners;
}

/* With several addresses: which one a line is about. */
static void print_name(const struct run *run, const struct target *target)
{
    if (run->n_targets > 1)
        printf("%s: ", target->name);
}

static void note_announcement(const struct run *run, const struct target *target, const uint8_t *from)
{
    print_name(run, target);
    printf("%.0f ms: announced by %02x:%02x:%02x:%02x:%02x:%02x\n",
           (double)(tool_now_ns() - run->start_ns) / 1e6, from[0], from[1], from[2], from[3], from[4],
           from[5]);
}

/* In the order in which answers arrive: that is what can be known while it runs. */
static void note_presence(struct target *target, uint8_t owner)
{
    int64_t now = tool_now_ns();

    if (target->initial == 0)
        target->initial = owner;
    if (owner != target->alone || now - target->heard_ns > (int64_t)QUIET_MS * 1000000)
        target->alone_ns = now;
    target->alone = owner;
    target->heard_ns = now;
}

/* to: the hardware address that it is for, which says what was asked. */
static void note_answer(struct run *run, struct target *target, const uint8_t *to, const uint8_t *from)
{
    uint32_t number;

    if (memcmp(to, mark, sizeof(mark)) != 0)
        return;
    memcpy(&number, to + sizeof(mark), sizeof(number));
    number = ntohl(number);
    if (number >= target->sent)
        return;

    struct probe *probe = &target->probes[number];
    uint8_t owner = owner_of(run, from);

    note_presence(target, owner);
    if (probe->first == 0)
        probe->first = owner;
    else if (probe->first != owner)
        probe->second = owner;
}

static void read_arp(struct run *run, struct target *target)
{
    struct arp_frame frame;

    while (recv(target->fd, &frame, sizeof(frame), 0) >= (ssize_t)sizeof(frame)) {
        if (memcmp(frame.arp.arp_spa, &target->v4, 4) != 0)
            continue;
        /* RFC 5227, 3: somebody says unasked where the address is. */
        if (memcmp(frame.arp.arp_tpa, &target->v4, 4) == 0)
            note_announcement(run, target, frame.arp.arp_sha);
        if (frame.arp.ea_hdr.ar_op == htons(ARPOP_REPLY))
            note_answer(run, target, frame.arp.arp_tha, frame.arp.arp_sha);
    }
}

static void read_nd(struct run *run, struct target *target)
{
    const ssize_t least = offsetof(struct nd_frame, option);
    struct nd_frame frame;
    ssize_t size;

    while ((size = recv(target->fd, &frame, sizeof(frame), 0)) > 0) {
        if (size < least || frame.ip.ip6_nxt != IPPROTO_ICMPV6 ||
            frame.nd.nd_ns_hdr.icmp6_type != ND_NEIGHBOR_ADVERT ||
            memcmp(&frame.nd.nd_ns_target, &target->v6, sizeof(target->v6)) != 0)
            continue;

        bool told = size == (ssize_t)sizeof(frame) && frame.option.nd_opt_type == ND_OPT_TARGET_LINKADDR;
        const uint8_t *from = told ? frame.hardware : frame.ether.ether_shost;

        /* RFC 4861, 7.2.6 */
        if ((frame.nd.nd_ns_hdr.icmp6_data32[0] & ND_NA_FLAG_SOLICITED) == 0)
            note_announcement(run, target, from);
        else
            note_answer(run, target, frame.ether.ether_dhost, from);
    }
}

static void read_answers(struct run *run)
{
    for (size_t i = 0; i < run->n_targets; i++) {
        if (run->targets[i].family == AF_INET)
            read_arp(run, &run->targets[i]);
        else
            read_nd(run, &run->targets[i]);
    }
}

/* --- the run --- */

static bool target_has_settled(const struct run *run, const struct target *target, int64_t now)
{
    int64_t since = target->alone_ns;

    if (now - target->heard_ns > (int64_t)QUIET_MS * 1000000)
        return false;
    if (tool_signal() == SIGUSR1)
        return target->alone != target->initial && now - since >= (int64_t)MOVED_MS * 1000000;
    since = since > run->told_ns ? since : run->told_ns;
    return now - since >= (int64_t)SETTLED_MS * 1000000;
}

static bool has_settled(struct run *run, int64_t now)
{
    if (tool_signal() == 0)
        return false;
    if (run->told_ns == 0)
        run->told_ns = now;
    for (size_t i = 0; i < run->n_targets; i++)
        if (!target_has_settled(run, &run->targets[i], now))
            return false;
    return true;
}

static void wait_for_answers(const struct run *run, int64_t ns)
{
    struct timespec wait = {.tv_nsec = ns > 0 ? ns % 1000000000 : 0};
    struct pollfd fds[TARGETS_MAX];

    for (size_t i = 0; i < run->n_targets; i++)
        fds[i] = (struct pollfd){.fd = run->targets[i].fd, .events = POLLIN};
    ppoll(fds, run->n_targets, &wait, NULL);
}

static void probe_until(struct run *run, double seconds)
{
    int64_t next = run->start_ns = tool_begin(), end = run->start_ns + (int64_t)(seconds * 1e9);
    bool settled = false;

    while (run->targets[0].sent < PROBES_MAX && tool_signal() != SIGTERM && tool_signal() != SIGINT) {
        int64_t now = tool_now_ns();

        settled = has_settled(run, now);
        if (now >= end || settled)
            break;
        if (now >= next) {
            send_probes(run);
            /* a late start of this process does not become a burst */
            next = next + run->period_ns > now ? next + run->period_ns : now + run->period_ns;
        }
        wait_for_answers(run, next - now);
        read_answers(run);
    }
    /* Answers that are still under way; of a run that settled only those to the last probes can be. */
    end = tool_now_ns() + (int64_t)(settled ? QUIET_MS : LATE_MS) * 1000000;
    while (tool_now_ns() < end) {
        wait_for_answers(run, 10000000);
        read_answers(run);
    }
}

/* --- what came of it --- */

static double ms_between(const struct target *target, uint32_t first, uint32_t last)
{
    return (target->probes[last].at_us - target->probes[first].at_us) / 1e3;
}

/* The instant of a move lies between the last probe that the old owner answered and the next one. */
static void print_change(const struct run *run, const struct target *target, uint32_t last, uint32_t at,
                         uint8_t from, uint8_t to)
{
    const uint8_t *a = run->owners[from - 1], *b = run->owners[to - 1];

    print_name(run, target);
    printf("%.3f ms: from %02x:%02x:%02x:%02x:%02x:%02x to %02x:%02x:%02x:%02x:%02x:%02x, answered at %.3f "
           "and not at %.3f\n",
           target->probes[at].at_us / 1e3, a[0], a[1], a[2], a[3], a[4], a[5], b[0], b[1], b[2], b[3], b[4],
           b[5], target->probes[last].at_us / 1e3, target->probes[last + 1].at_us / 1e3);
}

static struct sums judge(const struct run *run, const struct target *target)
{
    struct sums sums = {.probes = target->sent};
    uint32_t both_from = 0, heard = 0;
    uint8_t owner = 0;

    for (uint32_t i = 0; i < target->sent; i++) {
        const struct probe *probe = &target->probes[i];
        double silence = owner != 0 ? ms_between(target, heard, i) : 0;
        double paused = i > 0 ? ms_between(target, i - 1, i) : 0;

        sums.gap = silence > sums.gap ? silence : sums.gap;
        sums.pause = paused > sums.pause ? paused : sums.pause;
        if (probe->first == 0)
            continue;
        sums.answered++;
        if (probe->second != 0) {
            both_from = i > 0 && target->probes[i - 1].second != 0 ? both_from : i;
            sums.doubly++;
            double lasted = ms_between(target, both_from, i) + (double)run->period_ns / 1e6;
            sums.overlap = lasted > sums.overlap ? lasted : sums.overlap;
            owner = owner == 0 ? probe->first : owner;
            heard = i;
            continue;
        }
        if (owner != 0 && probe->first != owner) {
            sums.changes++;
            print_change(run, target, heard, i, owner, probe->first);
        }
        owner = probe->first;
        heard = i;
    }
    return sums;
}

static void print_sums(const struct sums *sums)
{
    printf("probes %u answered %u doubly %u changes %u overlap-ms %.0f longest-gap-ms %.0f longest-pause-ms "
           "%.0f\n",
           sums->probes, sums->answered, sums->doubly, sums->changes, sums->overlap, sums->gap, sums->pause);
}

static void report(const struct run *run)
{
    struct sums all = {.probes = 0};

    for (size_t i = 0; i < run->n_targets; i++) {
        struct sums sums = judge(run, &run->targets[i]);

        if (run->n_targets > 1) {
            print_name(run, &run->targets[i]);
            print_sums(&sums);
        }
        all.probes += sums.probes;
        all.answered += sums.answered;
        all.doubly += sums.doubly;
        all.changes += sums.changes;
        all.overlap = sums.overlap > all.overlap ? sums.overlap : all.overlap;
        all.gap = sums.gap > all.gap ? sums.gap : all.gap;
        all.pause = sums.pause > all.pause ? sums.pause : all.pause;
    }
    print_sums(&all);
}

/* list, the addresses with commas between them, is taken to pieces. */
static bool read_addresses(struct run *run, char *list)
{
    for (char *rest = NULL, *name = strtok_r(list, ",", &rest); name != NULL;
         name = strtok_r(NULL, ",", &rest)) {
        if (run->n_targets == TARGETS_MAX)
            return false;

        struct target *target = &run->targets[run->n_targets++];

        target->name = name;
        target->family = strchr(name, ':') != NULL ? AF_INET6 : AF_INET;
        if (inet_pton(target->family, name,
                      target->family == AF_INET ? (void *)&target->v4 : (void *)&target->v6) != 1)
            return false;
    }
    return run->n_targets > 0;
}

int main(int argc, char **argv)
{
    struct run run = {.period_ns = 1000000};
    double seconds = argc >= 4 ? strtod(argv[3], NULL) : 0;

    if (argc < 4 || argc > 5 || seconds <= 0 || !read_addresses(&run, argv[2]) ||
        (argc == 5 && (run.period_ns = strtol(argv[4], NULL, 10) * 1000) <= 0)) {
        fprintf(stderr, "usage: lab-arpprobe INTERFACE ADDRESS[,ADDRESS...] SECONDS [PERIOD-US]\n");
        return 2;
    }
    tool_note_signal(SIGTERM);
    tool_note_signal(SIGINT);
    tool_note_signal(SIGUSR1);
    tool_note_signal(SIGUSR2);
    for (size_t i = 0; i < run.n_targets; i++) {
        run.targets[i].probes = calloc(PROBES_MAX, sizeof(*run.targets[i].probes));
        if (run.targets[i].probes == NULL)
            tool_fail("memory");
        open_socket(&run, &run.targets[i], argv[1]);
    }
    probe_until(&run, seconds);
    report(&run);
    for (size_t i = 0; i < run.n_targets; i++) {
        free(run.targets[i].probes);
        close(run.targets[i].fd);
    }
    return 0;
}
