/* arpprobe.c - who answers for an address, asked every millisecond; a test tool of the lab.
 *
 *     lab-arpprobe INTERFACE ADDRESS SECONDS [PERIOD-US]
 *
 * Sends ARP probes (RFC 5227, 2.1.1: sender address 0, so that nobody learns anything from them) and notes
 * which hardware addresses answer.  The probe's number travels in the sender hardware address, which an
 * answer repeats: an answer that comes late still counts for the probe that asked.  Ends after SECONDS at the
 * latest, at SIGTERM, and earlier when told so: after SIGUSR1 as soon as another than whoever answered first
 * has answered alone for half a second, after SIGUSR2 as soon as anybody has for a second from then on.  Prints
 * each change of owner, and at the end
 *
 *     probes N answered N doubly N changes N overlap-ms N longest-gap-ms N
 *
 * Each announcement of the address (a gratuitous ARP) is a line, too: "N ms: announced by OWNER".  The first
 * line says when all of this began, in seconds of the epoch.
 *
 * A probe that is answered by two counts as doubly; overlap is the longest run of such probes, a gap the
 * longest time between two answered ones (or up to the end). */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
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
    MOVED_MS = 500,    /* another than before, alone for so long */
    SETTLED_MS = 1000, /* whoever it is */
    QUIET_MS = 50,     /* who was not heard for longer does not answer any more */
};

/* Of the sender's hardware address: locally administered, then the probe's number. */
static const uint8_t mark[2] = {0x02, 0xaa};

struct frame {
    struct ether_header ether;
    struct ether_arp arp;
} __attribute__((packed));

struct probe {
    uint32_t at_us;        /* when it was sent, from the start */
    uint8_t first, second; /* owners that answered, numbered from 1; 0: none */
};

struct run {
    int fd;
    int64_t period_ns, start_ns;
    struct in_addr address;
    uint8_t self[ETH_ALEN];
    struct probe *probes;
    uint32_t sent;
    uint8_t owners[OWNERS_MAX][ETH_ALEN];
    uint8_t n_owners;
    uint8_t initial, alone; /* who answered first; who was heard last */
    int64_t heard_ns;       /* when that was */
    int64_t alone_ns;       /* since when nobody else was heard, without a break */
    int64_t told_ns;        /* when it was told to end early */
};

static void open_socket(struct run *run, const char *interface)
{
    struct ifreq request = {.ifr_name = ""};
    struct sockaddr_ll local = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP)};
    struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};
    int size = 4 << 20;

    run->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ARP));
    if (run->fd < 0)
        tool_fail("socket");
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
    if (ioctl(run->fd, SIOCGIFHWADDR, &request) < 0)
        tool_fail(interface);
    memcpy(run->self, request.ifr_hwaddr.sa_data, ETH_ALEN);
    local.sll_ifindex = (int)if_nametoindex(interface);
    all.mr_ifindex = local.sll_ifindex;
    /* an answer goes to the marked address, not to ours */
    if (bind(run->fd, (struct sockaddr *)&local, sizeof(local)) < 0 ||
        setsockopt(run->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) < 0)
        tool_fail("bind");
    setsockopt(run->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static void send_probe(struct run *run)
{
    struct frame frame = {
        .ether = {.ether_type = htons(ETHERTYPE_ARP)},
        .arp = {.ea_hdr = {.ar_hrd = htons(ARPHRD_ETHER),
                           .ar_pro = htons(ETHERTYPE_IP),
                           .ar_hln = ETH_ALEN,
                           .ar_pln = 4,
                           .ar_op = htons(ARPOP_REQUEST)}},
    };
    uint32_t number = htonl(run->sent);

    memset(frame.ether.ether_dhost, 0xff, ETH_ALEN);
    memcpy(frame.ether.ether_shost, run->self, ETH_ALEN);
    memcpy(frame.arp.arp_sha, mark, sizeof(mark));
    memcpy(frame.arp.arp_sha + sizeof(mark), &number, sizeof(number));
    memcpy(frame.arp.arp_tpa, &run->address, 4);
    if (send(run->fd, &frame, sizeof(frame), 0) < 0 && errno != ENOBUFS && errno != EAGAIN)
        tool_fail("send");
    run->probes[run->sent++].at_us = (uint32_t)((tool_now_ns() - run->start_ns) / 1000);
}

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

/* RFC 5227, 3: somebody says unasked where the address is. */
static void note_announcement(const struct run *run, const struct frame *frame)
{
    const uint8_t *from = frame->arp.arp_sha;

    if (memcmp(frame->arp.arp_spa, &run->address, 4) == 0 &&
        memcmp(frame->arp.arp_tpa, &run->address, 4) == 0)
        printf("%.0f ms: announced by %02x:%02x:%02x:%02x:%02x:%02x\n",
               (double)(tool_now_ns() - run->start_ns) / 1e6, from[0], from[1], from[2], from[3], from[4],
               from[5]);
}

/* In the order in which answers arrive: that is what can be known while it runs. */
static void note_presence(struct run *run, uint8_t owner)
{
    int64_t now = tool_now_ns();

    if (run->initial == 0)
        run->initial = owner;
    if (owner != run->alone || now - run->heard_ns > (int64_t)QUIET_MS * 1000000)
        run->alone_ns = now;
    run->alone = owner;
    run->heard_ns = now;
}

static bool has_settled(struct run *run, int64_t now)
{
    int signal = tool_signal();
    int64_t since = run->alone_ns;

    if (signal == 0 || now - run->heard_ns > (int64_t)QUIET_MS * 1000000)
        return false;
    if (run->told_ns == 0)
        run->told_ns = now;
    if (signal == SIGUSR1)
        return run->alone != run->initial && now - since >= (int64_t)MOVED_MS * 1000000;
    since = since > run->told_ns ? since : run->told_ns;
    return now - since >= (int64_t)SETTLED_MS * 1000000;
}

static void note_answer(struct run *run, const struct frame *frame)
{
    uint32_t number;

    note_announcement(run, frame);

    if (frame->arp.ea_hdr.ar_op != htons(ARPOP_REPLY) ||
        memcmp(frame->arp.arp_tha, mark, sizeof(mark)) != 0 ||
        memcmp(frame->arp.arp_spa, &run->address, 4) != 0)
        return;
    memcpy(&number, frame->arp.arp_tha + sizeof(mark), sizeof(number));
    number = ntohl(number);
    if (number >= run->sent)
        return;

    struct probe *probe = &run->probes[number];
    uint8_t owner = owner_of(run, frame->arp.arp_sha);

    note_presence(run, owner);
    if (probe->first == 0)
        probe->first = owner;
    else if (probe->first != owner)
        probe->second = owner;
}

static void read_answers(struct run *run)
{
    struct frame frame;

    while (recv(run->fd, &frame, sizeof(frame), 0) >= (ssize_t)sizeof(frame))
        note_answer(run, &frame);
}

static void probe_until(struct run *run, double seconds)
{
    int64_t next = run->start_ns = tool_begin(), end = run->start_ns + (int64_t)(seconds * 1e9);
    bool settled = false;

    while (run->sent < PROBES_MAX && tool_signal() != SIGTERM && tool_signal() != SIGINT) {
        int64_t now = tool_now_ns();

        settled = has_settled(run, now);
        if (now >= end || settled)
            break;
        if (now >= next) {
            send_probe(run);
            /* a late start of this process does not become a burst */
            next = next + run->period_ns > now ? next + run->period_ns : now + run->period_ns;
        }

        struct timespec wait = {.tv_nsec = next > now ? (next - now) % 1000000000 : 0};

        ppoll(&(struct pollfd){.fd = run->fd, .events = POLLIN}, 1, &wait, NULL);
        read_answers(run);
    }
    /* Answers that are still under way; of a run that settled only those to the last probes can be. */
    end = tool_now_ns() + (int64_t)(settled ? QUIET_MS : LATE_MS) * 1000000;
    while (tool_now_ns() < end) {
        poll(&(struct pollfd){.fd = run->fd, .events = POLLIN}, 1, 10);
        read_answers(run);
    }
}

static double ms_between(const struct run *run, uint32_t first, uint32_t last)
{
    return (run->probes[last].at_us - run->probes[first].at_us) / 1e3;
}

/* The instant of a move lies between the last probe that the old owner answered and the next one. */
static void print_change(const struct run *run, uint32_t last, uint32_t at, uint8_t from, uint8_t to)
{
    const uint8_t *a = run->owners[from - 1], *b = run->owners[to - 1];

    printf("%.3f ms: from %02x:%02x:%02x:%02x:%02x:%02x to %02x:%02x:%02x:%02x:%02x:%02x, answered at %.3f "
           "and not at %.3f\n",
           run->probes[at].at_us / 1e3, a[0], a[1], a[2], a[3], a[4], a[5], b[0], b[1], b[2], b[3], b[4],
           b[5], run->probes[last].at_us / 1e3, run->probes[last + 1].at_us / 1e3);
}

static void report(const struct run *run)
{
    uint32_t answered = 0, doubly = 0, changes = 0, both_from = 0, heard = 0;
    double overlap = 0, gap = 0;
    uint8_t owner = 0;

    for (uint32_t i = 0; i < run->sent; i++) {
        const struct probe *probe = &run->probes[i];
        double silence = owner != 0 ? ms_between(run, heard, i) : 0;

        gap = silence > gap ? silence : gap;
        if (probe->first == 0)
            continue;
        answered++;
        if (probe->second != 0) {
            both_from = i > 0 && run->probes[i - 1].second != 0 ? both_from : i;
            doubly++;
            double lasted = ms_between(run, both_from, i) + (double)run->period_ns / 1e6;
            overlap = lasted > overlap ? lasted : overlap;
            owner = owner == 0 ? probe->first : owner;
            heard = i;
            continue;
        }
        if (owner != 0 && probe->first != owner) {
            changes++;
            print_change(run, heard, i, owner, probe->first);
        }
        owner = probe->first;
        heard = i;
    }
    printf("probes %u answered %u doubly %u changes %u overlap-ms %.0f longest-gap-ms %.0f\n", run->sent,
           answered, doubly, changes, overlap, gap);
}

int main(int argc, char **argv)
{
    struct run run = {.period_ns = 1000000};
    double seconds = argc >= 4 ? strtod(argv[3], NULL) : 0;

    if (argc < 4 || argc > 5 || seconds <= 0 || inet_pton(AF_INET, argv[2], &run.address) != 1 ||
        (argc == 5 && (run.period_ns = strtol(argv[4], NULL, 10) * 1000) <= 0)) {
        fprintf(stderr, "usage: lab-arpprobe INTERFACE ADDRESS SECONDS [PERIOD-US]\n");
        return 2;
    }
    tool_note_signal(SIGTERM);
    tool_note_signal(SIGINT);
    tool_note_signal(SIGUSR1);
    tool_note_signal(SIGUSR2);
    run.probes = calloc(PROBES_MAX, sizeof(*run.probes));
    if (run.probes == NULL)
        tool_fail("memory");
    open_socket(&run, argv[1]);
    probe_until(&run, seconds);
    report(&run);
    free(run.probes);
    close(run.fd);
    return 0;
}
