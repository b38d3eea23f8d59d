/* netlab.c - see netlab.h. */
#include "tests/guard/netlab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

const char *const netlab_names[NETLAB_QUESTIONS] = {"ARP", "ICMP", "ND", "ICMPv6", "ARP of another address"};

static const uint8_t mac0[6] = {2, 0, 0, 0, 9, 1}, mac1[6] = {2, 0, 0, 0, 9, 2};

static struct {
    pthread_t thread;
    atomic_int tid;
    atomic_int cable; /* raised when v1 is there (anew) */
    _Atomic int64_t last[NETLAB_QUESTIONS], gap[NETLAB_QUESTIONS], since;
    _Atomic uint64_t count[NETLAB_QUESTIONS], asked;
} lab;

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t netlab_now(void)
{
    return clock_ns(CLOCK_BOOTTIME);
}

void netlab_sleep(int ms)
{
    usleep((useconds_t)ms * 1000);
}

/* --- frames --- */

static uint16_t checksum(const uint8_t *bytes, size_t length, uint32_t sum)
{
    for (size_t i = 0; i < length; i += 2)
        sum += (uint32_t)bytes[i] << 8 | (i + 1 < length ? bytes[i + 1] : 0);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static size_t ethernet(uint8_t *frame, const uint8_t *to, uint16_t type)
{
    memcpy(frame, to, 6);
    memcpy(frame + 6, mac1, 6);
    frame[12] = (uint8_t)(type >> 8);
    frame[13] = (uint8_t)type;
    return 14;
}

static size_t make_arp(uint8_t *frame, const char *target)
{
    static const uint8_t all[6] = {255, 255, 255, 255, 255, 255};
    static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 1};
    size_t at = ethernet(frame, all, ETH_P_ARP);

    memcpy(frame + at, head, 8);
    memcpy(frame + at + 8, mac1, 6);
    inet_pton(AF_INET, "10.9.0.2", frame + at + 14);
    memset(frame + at + 18, 0, 6);
    inet_pton(AF_INET, target, frame + at + 24);
    return at + 28;
}

static size_t make_ping(uint8_t *frame, const char *target)
{
    size_t at = ethernet(frame, mac0, ETH_P_IP);
    uint8_t *ip = frame + at, *icmp = ip + 20;

    memset(ip, 0, 28);
    ip[0] = 0x45;
    ip[3] = 28;
    ip[8] = 64;
    ip[9] = IPPROTO_ICMP;
    inet_pton(AF_INET, "10.9.0.2", ip + 12);
    inet_pton(AF_INET, target, ip + 16);
    *(uint16_t *)(ip + 10) = htons(checksum(ip, 20, 0));
    icmp[0] = 8;
    *(uint16_t *)(icmp + 2) = htons(checksum(icmp, 8, 0));
    return at + 28;
}

/* icmp: length bytes of ICMPv6 behind the header, whose checksum is filled in here. */
static void fill_ipv6(uint8_t *ip, const char *to, size_t length)
{
    uint32_t sum = (uint32_t)length + 58;

    memset(ip, 0, 40);
    ip[0] = 0x60;
    ip[5] = (uint8_t)length;
    ip[6] = 58;
    ip[7] = 255;
    inet_pton(AF_INET6, "fd09::2", ip + 8);
    inet_pton(AF_INET6, to, ip + 24);
    for (int i = 8; i < 40; i += 2)
        sum += (uint32_t)ip[i] << 8 | ip[i + 1];
    *(uint16_t *)(ip + 42) = htons(checksum(ip + 40, length, sum));
}

static size_t make_nd(uint8_t *frame)
{
    static const uint8_t group[6] = {0x33, 0x33, 0xff, 0, 0, 7};
    size_t at = ethernet(frame, group, ETH_P_IPV6);
    uint8_t *icmp = frame + at + 40;

    memset(icmp, 0, 32);
    icmp[0] = 135;
    inet_pton(AF_INET6, NETLAB_VIP6, icmp + 8);
    icmp[24] = 1;
    icmp[25] = 1;
    memcpy(icmp + 26, mac1, 6);
    fill_ipv6(frame + at, "ff02::1:ff00:7", 32);
    return at + 72;
}

static size_t make_ping6(uint8_t *frame)
{
    size_t at = ethernet(frame, mac0, ETH_P_IPV6);
    uint8_t *icmp = frame + at + 40;

    memset(icmp, 0, 8);
    icmp[0] = 128;
    fill_ipv6(frame + at, NETLAB_VIP6, 8);
    return at + 48;
}

/* --- answers --- */

static void note(enum netlab_question question, int64_t when)
{
    int64_t before = lab.last[question] > lab.since ? lab.last[question] : lab.since;

    if (when - before > lab.gap[question])
        lab.gap[question] = when - before;
    lab.last[question] = when;
    lab.count[question]++;
}

static bool is_address(int family, const uint8_t *bytes, const char *text)
{
    uint8_t expected[16];

    inet_pton(family, text, expected);
    return memcmp(bytes, expected, family == AF_INET ? 4 : 16) == 0;
}

static void take(const uint8_t *frame, size_t length, int64_t when)
{
    unsigned type = (unsigned)frame[12] << 8 | frame[13];

    if (length >= 42 && type == ETH_P_ARP && frame[21] == 2) {
        if (is_address(AF_INET, frame + 28, NETLAB_VIP4))
            note(ASK_ARP, when);
        if (is_address(AF_INET, frame + 28, NETLAB_OTHER4))
            note(ASK_OTHER, when);
    } else if (length >= 42 && type == ETH_P_ARP && frame[21] == 1) {
        if (is_address(AF_INET, frame + 38, NETLAB_VIP4))
            lab.asked++;
    } else if (length >= 42 && type == ETH_P_IP && is_address(AF_INET, frame + 26, NETLAB_VIP4)) {
        note(ASK_PING, when);
    } else if (length >= 62 && type == ETH_P_IPV6 && frame[20] == 58 &&
               is_address(AF_INET6, frame + 22, NETLAB_VIP6)) {
        note(frame[54] == 136 ? ASK_ND : ASK_PING6, when);
    }
}

/* The kernel's time stamp of a frame, or now. */
static int64_t stamp_of(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
            struct timespec stamp;
            int64_t age;

            memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
            age = clock_ns(CLOCK_REALTIME) - ((int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec);
            return netlab_now() - age;
        }
    return netlab_now();
}

/* False if the interface has gone. */
static bool read_answers(int fd)
{
    for (;;) {
        uint8_t frame[2048];
        char control[128];
        struct sockaddr_ll from;
        struct iovec part = {frame, sizeof(frame)};
        struct msghdr message = {.msg_name = &from,
                                 .msg_namelen = sizeof(from),
                                 .msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof(control)};
        ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);

        if (length < 0)
            return errno == EAGAIN || errno == EINTR;
        if (length >= 14 && from.sll_pkttype != PACKET_OUTGOING)
            take(frame, (size_t)length, stamp_of(&message));
    }
}

static int open_cable(void)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    const int on = 1;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

    address.sll_ifindex = (int)if_nametoindex("v1");
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        perror("v1");
        exit(1);
    }
    return fd;
}

static void probe(int fd)
{
    uint8_t frame[128];
    struct timespec next;
    size_t length;

    memset(frame, 0, sizeof(frame));
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (read_answers(fd)) {
        length = make_arp(frame, NETLAB_VIP4);
        if (send(fd, frame, length, 0) < 0 && errno != ENOBUFS)
            return;
        length = make_arp(frame, NETLAB_OTHER4);
        send(fd, frame, length, 0);
        length = make_ping(frame, NETLAB_VIP4);
        send(fd, frame, length, 0);
        length = make_nd(frame);
        send(fd, frame, length, 0);
        length = make_ping6(frame);
        send(fd, frame, length, 0);
        next.tv_nsec += 1000000;
        if (next.tv_nsec >= 1000000000) {
            next.tv_nsec -= 1000000000;
            next.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
}

static void *prober(void *data)
{
    int seen = 0;

    if (unshare(CLONE_NEWNET) != 0) {
        perror("unshare");
        exit(1);
    }
    lab.tid = (int)syscall(SYS_gettid);
    for (;;) {
        while (lab.cable == seen)
            usleep(1000);
        seen = lab.cable;

        int fd = open_cable();

        probe(fd);
        close(fd);
    }
    return NULL;
}

/* --- the cable --- */

static int run(const char *format, va_list arguments)
{
    char command[1024];

    vsnprintf(command, sizeof(command), format, arguments);
    return system(command);
}

void netlab_run(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (run(format, arguments) != 0) {
        fprintf(stderr, "failed: %s\n", format);
        exit(1);
    }
    va_end(arguments);
}

bool netlab_try(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);

    bool good = run(format, arguments) == 0;

    va_end(arguments);
    return good;
}

void netlab_cable(void)
{
    netlab_try("ip link del v0 2>/dev/null");
    netlab_run("ip link add v0 address 02:00:00:00:09:01 type veth peer name v1 address 02:00:00:00:09:02 && "
               "ip link set v1 netns %d && "
               "ip link set v0 up && ip addr add 10.9.0.1/24 dev v0 && ip addr add " NETLAB_OTHER4
               "/24 dev v0 && ip -6 addr add fd09::1/64 dev v0 nodad",
               lab.tid);
    netlab_run("ip addr replace " NETLAB_VIP4 "/32 dev v0 && ip -6 addr replace " NETLAB_VIP6
               "/128 dev v0 nodad");
    netlab_run("nsenter --net=/proc/%d/task/%d/ns/net ip link set v1 up", (int)getpid(), lab.tid);
    netlab_run("ip neigh replace 10.9.0.2 lladdr 02:00:00:00:09:02 dev v0 && "
               "ip -6 neigh replace fd09::2 lladdr 02:00:00:00:09:02 dev v0");
    lab.cable++;
}

bool netlab_up(void)
{
    const struct sched_param parameters = {.sched_priority = 5};

    /* Lock servers, prober and all else that is started from here: a busy machine is another story. */
    sched_setscheduler(0, SCHED_RR, &parameters);
    if (geteuid() != 0 || unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700") != 0)
        return false;
    if (pthread_create(&lab.thread, NULL, prober, NULL) != 0)
        return false;
    while (lab.tid == 0)
        usleep(1000);
    netlab_run("ip link set lo up");
    netlab_cable();
    return true;
}

int64_t netlab_last(enum netlab_question question)
{
    return lab.last[question];
}

uint64_t netlab_count(enum netlab_question question)
{
    return lab.count[question];
}

int64_t netlab_gap(enum netlab_question question)
{
    int64_t before = lab.last[question] > lab.since ? lab.last[question] : lab.since;
    int64_t open = netlab_now() - before;

    return open > lab.gap[question] ? open : lab.gap[question];
}

void netlab_reset_gaps(void)
{
    lab.since = netlab_now();
    for (int i = 0; i < NETLAB_QUESTIONS; i++)
        lab.gap[i] = 0;
}

uint64_t netlab_asked(void)
{
    return lab.asked;
}
