/* gate.c - loads gate.bpf.c, keeps its map pinned and hangs its programs on interfaces; see gate.h. */
#include "daemon/guard/gate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if_arp.h>
#include <linux/magic.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/log.h"

/* The compiled gate.bpf.c, made by module.am. */
static const unsigned char program[] __attribute__((aligned(8))) = {
#include "daemon/guard/gate_bpf.inc"
};

#define BPFFS "/sys/fs/bpf"
/* The layout of the map is part of its name: another version makes another map. */
#define VIPS_PIN "vips-1"
#define HOOKS_PIN "hooks-1"

enum {
    FILTER_PRIORITY = 1, /* in front of all others */
    FILTER_HANDLE = 0x4846,
};

enum { IN, OUT, BARE_IN, BARE_OUT, PROGRAMS };
static const char *const program_names[PROGRAMS] = {"gate_in", "gate_out", "gate_bare_in", "gate_bare_out"};

struct gate {
    char *pins;
    char *reason; /* of GATE_USER_SPACE; NULL: GATE_KERNEL */
    struct bpf_object *object;
    struct bpf_map *vips;
    struct bpf_map *hooks; /* interfaces whose clsact qdisc is ours */
    int programs[PROGRAMS];
    bool pinned;
};

/* --- loading --- */

static int on_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
    char *text HF_CLEANUP(hf_freep) = NULL;

    if (level == LIBBPF_DEBUG)
        return 0;
    text = hf_vasprintf(format, arguments);
    text[strcspn(text, "\n")] = '\0';
    hf_debug("%s", text);
    return 0;
}

static bool is_bpffs(const char *path)
{
    struct statfs fs;

    return statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

/* Makes the directory of pins, on a BPF filesystem. */
static struct hf_error *make_pins(const char *pins)
{
    if (strncmp(pins, BPFFS "/", strlen(BPFFS "/")) == 0 && !is_bpffs(BPFFS) &&
        mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") != 0)
        return hf_error_errno(errno, "there is no BPF filesystem on " BPFFS
                                     ", and it cannot be mounted (mount -t bpf bpf " BPFFS ")");
    if (mkdir(pins, 0700) != 0 && errno != EEXIST)
        return hf_error_errno(errno, "cannot make the directory %s", pins);
    if (!is_bpffs(pins))
        return hf_error_new(HF_FAILED, "%s is not on a BPF filesystem (mount -t bpf)", pins);
    return NULL;
}

static struct hf_error *load_error(int number, const char *pins)
{
    switch (number) {
    case EPERM:
    case EACCES:
        return hf_error_new(HF_FAILED, "the kernel does not allow to load BPF programs: CAP_BPF and "
                                       "CAP_NET_ADMIN (or root) are needed, and a kernel that is not locked "
                                       "down");
    case ENOSYS:
        return hf_error_new(HF_FAILED, "this kernel has no BPF (CONFIG_BPF_SYSCALL)");
    case EINVAL:
        return hf_error_new(HF_FAILED,
                            "the kernel refuses the gate's program or map; if %s is from another "
                            "version of Holdfast, remove it and start again",
                            pins);
    default:
        return hf_error_errno(number, "cannot load the gate's BPF program (kernel 5.8 or later is needed)");
    }
}

static struct bpf_map *find_map(const struct gate *gate, const char *name, const char *pin)
{
    struct bpf_map *map = bpf_object__find_map_by_name(gate->object, name);
    char *path HF_CLEANUP(hf_freep) = hf_asprintf("%s/%s", gate->pins, pin);

    if (map == NULL || bpf_map__set_pin_path(map, path) != 0)
        abort(); /* it is in gate.bpf.c */
    return map;
}

static struct hf_error *load(struct gate *gate)
{
    LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "holdfast_gate");
    struct hf_error *error = make_pins(gate->pins);

    if (error != NULL)
        return error;
    libbpf_set_print(on_libbpf);
    gate->object = bpf_object__open_mem(program, sizeof(program), &options);
    if (gate->object == NULL)
        return hf_error_errno(errno, "libbpf cannot read the gate's program");
    gate->vips = find_map(gate, "vips", VIPS_PIN);
    gate->hooks = find_map(gate, "hooks", HOOKS_PIN);

    int result = bpf_object__load(gate->object);

    if (result != 0)
        return load_error(-result, gate->pins);
    gate->pinned = true;
    for (int i = 0; i < PROGRAMS; i++) {
        gate->programs[i] = bpf_program__fd(bpf_object__find_program_by_name(gate->object, program_names[i]));
        if (gate->programs[i] < 0)
            abort();
    }
    return NULL;
}

struct gate *gate_open(const char *pins)
{
    struct gate *gate = hf_calloc(1, sizeof(*gate));

    gate->pins = hf_strdup(pins == NULL ? GATE_PINS : pins);

    struct hf_error *error HF_CLEANUP(hf_error_freep) = load(gate);

    if (error != NULL) {
        gate->reason = hf_strdup(hf_error_text(error));
        bpf_object__close(gate->object);
        gate->object = NULL;
    }
    return gate;
}

void gate_close(struct gate *gate)
{
    if (gate == NULL)
        return;
    bpf_object__close(gate->object);
    free(gate->pins);
    free(gate->reason);
    free(gate);
}

enum gate_mode gate_mode(const struct gate *gate)
{
    return gate->reason == NULL ? GATE_KERNEL : GATE_USER_SPACE;
}

const char *gate_reason(const struct gate *gate)
{
    return gate->reason == NULL ? "" : gate->reason;
}

/* --- VIPs --- */

/* With its first VIP the map gets a name, with its last it loses it. */
static struct hf_error *set_pinned(struct gate *gate, bool pinned)
{
    if (gate->pinned == pinned)
        return NULL;

    int result = pinned ? bpf_map__pin(gate->vips, NULL) : bpf_map__unpin(gate->vips, NULL);

    if (result != 0)
        return hf_error_errno(-result, "cannot %s the gate's map in %s", pinned ? "pin" : "unpin",
                              gate->pins);
    gate->pinned = pinned;
    return NULL;
}

static struct hf_error *map_error(int number, const char *what, const struct gate_address *vip)
{
    const uint8_t *b = vip->bytes;

    return hf_error_errno(number,
                          "cannot %s the gate of VIP %02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:"
                          "%02x%02x:%02x%02x:%02x%02x",
                          what, b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                          b[12], b[13], b[14], b[15]);
}

/* flag: BPF_NOEXIST, BPF_EXIST or BPF_ANY; 0 or errno */
static int write_entry(struct gate *gate, const struct gate_address *vip, const struct gate_entry *entry,
                       uint64_t flag)
{
    return -bpf_map__update_elem(gate->vips, vip, sizeof(*vip), entry, sizeof(*entry), flag);
}

bool gate_look(const struct gate *gate, const struct gate_address *vip, struct gate_entry *entry)
{
    return gate_mode(gate) == GATE_KERNEL &&
           bpf_map__lookup_elem(gate->vips, vip, sizeof(*vip), entry, sizeof(*entry), 0) == 0;
}

struct hf_error *gate_arm(struct gate *gate, const struct gate_address *vip, uint32_t flags)
{
    struct gate_entry entry = {.flags = flags};
    struct gate_entry known;

    if (gate_mode(gate) == GATE_USER_SPACE)
        return NULL;

    struct hf_error *error = set_pinned(gate, true);

    if (error != NULL)
        return error;
    if (gate_look(gate, vip, &known)) {
        if (known.flags == flags)
            return NULL;
        entry.deadline = known.deadline;
    }

    int result = write_entry(gate, vip, &entry, BPF_ANY);

    if (result == E2BIG)
        return hf_error_new(HF_REFUSED, "the gate can protect at most %d addresses", GATE_VIPS_MAX);
    return result == 0 ? NULL : map_error(result, "arm", vip);
}

struct hf_error *gate_disarm(struct gate *gate, const struct gate_address *vip)
{
    struct gate_address next;

    if (gate_mode(gate) == GATE_USER_SPACE)
        return NULL;

    int result = -bpf_map__delete_elem(gate->vips, vip, sizeof(*vip), 0);

    if (result != 0 && result != ENOENT)
        return map_error(result, "disarm", vip);
    if (bpf_map__get_next_key(gate->vips, NULL, &next, sizeof(next)) == 0)
        return NULL;
    return set_pinned(gate, false);
}

static struct hf_error *set_deadline(struct gate *gate, const struct gate_address *vip, uint64_t deadline,
                                     const char *what)
{
    struct gate_entry entry;

    if (gate_mode(gate) == GATE_USER_SPACE)
        return NULL;
    if (!gate_look(gate, vip, &entry))
        return map_error(ENOENT, what, vip);
    entry.deadline = deadline;

    int result = write_entry(gate, vip, &entry, BPF_EXIST);

    return result == 0 ? NULL : map_error(result, what, vip);
}

struct hf_error *gate_open_until(struct gate *gate, const struct gate_address *vip, int64_t deadline)
{
    return set_deadline(gate, vip, deadline < 0 ? 0 : (uint64_t)deadline, "open");
}

struct hf_error *gate_shut(struct gate *gate, const struct gate_address *vip)
{
    struct gate_entry entry;
    struct hf_error *error = set_deadline(gate, vip, 0, "shut");

    if (error != NULL || gate_mode(gate) == GATE_USER_SPACE)
        return error;
    if (!gate_look(gate, vip, &entry) || entry.deadline != 0)
        return map_error(EIO, "shut and read back", vip);
    return NULL;
}

size_t gate_list(const struct gate *gate, struct gate_address **vips)
{
    struct gate_address *list = hf_calloc(GATE_VIPS_MAX, sizeof(*list));
    size_t count = 0;

    *vips = list;
    if (gate_mode(gate) == GATE_USER_SPACE)
        return 0;
    while (count < GATE_VIPS_MAX && bpf_map__get_next_key(gate->vips, count == 0 ? NULL : &list[count - 1],
                                                          &list[count], sizeof(*list)) == 0)
        count++;
    return count;
}

/* --- interfaces --- */

/* Whether frames of such an interface begin with an Ethernet header; *known is false if it is not known. */
static bool has_ethernet_header(unsigned link_type, bool *known)
{
    *known = true;
    switch (link_type) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:
        return true;
    case ARPHRD_NONE:
    case ARPHRD_PPP:
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
    case ARPHRD_RAWIP:
        return false;
    default:
        *known = false;
        return false;
    }
}

static struct bpf_tc_hook make_hook(int ifindex, enum bpf_tc_attach_point point)
{
    return (struct bpf_tc_hook){.sz = sizeof(struct bpf_tc_hook), .ifindex = ifindex, .attach_point = point};
}

static struct bpf_tc_opts make_filter(void)
{
    return (struct bpf_tc_opts){
        .sz = sizeof(struct bpf_tc_opts), .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY};
}

static struct hf_error *attach_error(int number, int ifindex, const char *way)
{
    if (number == EINVAL || number == EEXIST)
        return hf_error_new(HF_FAILED,
                            "cannot put the gate on %s of interface %d: another kind of tc filter "
                            "has priority %d there (tc filter show dev ... %s)",
                            way, ifindex, FILTER_PRIORITY, way);
    return hf_error_errno(number, "cannot put the gate on %s of interface %d", way, ifindex);
}

static struct hf_error *attach_one(int ifindex, enum bpf_tc_attach_point point, int fd)
{
    struct bpf_tc_hook hook = make_hook(ifindex, point);
    struct bpf_tc_opts filter = make_filter();

    filter.prog_fd = fd;
    filter.flags = BPF_TC_F_REPLACE;

    int result = bpf_tc_attach(&hook, &filter);

    return result == 0 ? NULL
                       : attach_error(-result, ifindex, point == BPF_TC_INGRESS ? "ingress" : "egress");
}

/* The clsact qdisc, and a note in the map of hooks if it was us who made it. */
static struct hf_error *make_clsact(struct gate *gate, int ifindex)
{
    struct bpf_tc_hook hook = make_hook(ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);
    const uint32_t key = (uint32_t)ifindex, ours = 1;
    int result = bpf_tc_hook_create(&hook);

    if (result == -EEXIST)
        return NULL;
    if (result == -ENOENT || result == -EOPNOTSUPP)
        return hf_error_new(HF_FAILED,
                            "interface %d cannot have tc's clsact qdisc (CONFIG_NET_CLS_ACT, "
                            "CONFIG_NET_SCH_INGRESS)",
                            ifindex);
    if (result != 0)
        return hf_error_errno(-result, "cannot add tc's clsact qdisc to interface %d", ifindex);
    bpf_map__update_elem(gate->hooks, &key, sizeof(key), &ours, sizeof(ours), BPF_ANY);
    return NULL;
}

struct hf_error *gate_attach(struct gate *gate, int ifindex, unsigned link_type)
{
    bool known, ethernet = has_ethernet_header(link_type, &known);

    if (gate_mode(gate) == GATE_USER_SPACE)
        return hf_error_new(HF_FAILED, "no gate in the kernel: %s", gate->reason);
    if (!known)
        return hf_error_new(HF_FAILED, "the gate does not know the frames of interface %d (link type %u)",
                            ifindex, link_type);

    struct hf_error *error = make_clsact(gate, ifindex);

    if (error == NULL)
        error = attach_one(ifindex, BPF_TC_INGRESS, gate->programs[ethernet ? IN : BARE_IN]);
    if (error == NULL)
        error = attach_one(ifindex, BPF_TC_EGRESS, gate->programs[ethernet ? OUT : BARE_OUT]);
    return error;
}

static uint32_t program_id(int fd)
{
    struct bpf_prog_info info = {0};
    uint32_t size = sizeof(info);

    return bpf_obj_get_info_by_fd(fd, &info, &size) == 0 ? info.id : 0;
}

static bool attached_one(const struct gate *gate, int ifindex, enum bpf_tc_attach_point point, int ethernet,
                         int bare)
{
    struct bpf_tc_hook hook = make_hook(ifindex, point);
    struct bpf_tc_opts filter = make_filter();

    return bpf_tc_query(&hook, &filter) == 0 && (filter.prog_id == program_id(gate->programs[ethernet]) ||
                                                 filter.prog_id == program_id(gate->programs[bare]));
}

bool gate_attached(const struct gate *gate, int ifindex)
{
    return gate_mode(gate) == GATE_KERNEL && attached_one(gate, ifindex, BPF_TC_INGRESS, IN, BARE_IN) &&
           attached_one(gate, ifindex, BPF_TC_EGRESS, OUT, BARE_OUT);
}

/* Counts the filters in a netlink answer; false when it is at its end. */
static bool count_filters(const char *bytes, size_t length, unsigned *count)
{
    for (const struct nlmsghdr *message = (const void *)bytes; NLMSG_OK(message, length);
         message = NLMSG_NEXT(message, length)) {
        if (message->nlmsg_type == NLMSG_DONE)
            return false;
        if (message->nlmsg_type == NLMSG_ERROR) {
            (*count)++; /* unknown: as if there were one */
            return false;
        }
        if (message->nlmsg_type == RTM_NEWTFILTER)
            (*count)++;
    }
    return true;
}

/* Whether anybody's filters are on one side of the clsact qdisc. */
static bool has_filters(int ifindex, uint32_t side)
{
    struct {
        struct nlmsghdr header;
        struct tcmsg tc;
    } request = {
        .header = {.nlmsg_len = sizeof(request),
                   .nlmsg_type = RTM_GETTFILTER,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .tc = {.tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = TC_H_MAKE(TC_H_CLSACT, side)},
    };
    const struct timeval limit = {.tv_sec = 1};
    char answer[16384] __attribute__((aligned(8)));
    unsigned count = 0;
    bool more = true;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0)
        return true;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (send(fd, &request, sizeof(request), 0) != (ssize_t)sizeof(request))
        count++;
    while (count == 0 && more) {
        ssize_t length = recv(fd, answer, sizeof(answer), 0);

        if (length <= 0)
            count++;
        else
            more = count_filters(answer, (size_t)length, &count);
    }
    close(fd);
    return count > 0;
}

static int detach_one(int ifindex, enum bpf_tc_attach_point point)
{
    struct bpf_tc_hook hook = make_hook(ifindex, point);
    struct bpf_tc_opts filter = make_filter();
    int result = -bpf_tc_detach(&hook, &filter);

    /* No such filter, qdisc or interface: nothing to take away. */
    return result == ENOENT || result == EINVAL || result == ENODEV ? 0 : result;
}

struct hf_error *gate_detach(struct gate *gate, int ifindex)
{
    const uint32_t key = (uint32_t)ifindex;
    uint32_t ours = 0;

    if (gate_mode(gate) == GATE_USER_SPACE)
        return NULL;

    int in = detach_one(ifindex, BPF_TC_INGRESS), out = detach_one(ifindex, BPF_TC_EGRESS);

    if (in != 0 || out != 0)
        return hf_error_errno(in != 0 ? in : out, "cannot take the gate off interface %d", ifindex);
    if (bpf_map__lookup_elem(gate->hooks, &key, sizeof(key), &ours, sizeof(ours), 0) != 0)
        return NULL;
    bpf_map__delete_elem(gate->hooks, &key, sizeof(key), 0);
    if (!has_filters(ifindex, TC_H_MIN_INGRESS) && !has_filters(ifindex, TC_H_MIN_EGRESS)) {
        struct bpf_tc_hook hook = make_hook(ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);

        bpf_tc_hook_destroy(&hook);
    }
    return NULL;
}

struct hf_error *gate_detach_all(struct gate *gate)
{
    struct if_nameindex *all = if_nameindex();
    struct hf_error *error = NULL;

    if (all == NULL)
        return hf_error_errno(errno, "cannot list the network interfaces");
    for (const struct if_nameindex *one = all; one->if_index != 0 && error == NULL; one++)
        error = gate_detach(gate, (int)one->if_index);
    if_freenameindex(all);
    return error;
}
