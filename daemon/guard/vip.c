/* vip.c - holdfast-vip: speaks with the guard of this machine about a VIP, for the resource agent
 * ocf:holdfast:VIP and for people.  Exit codes are OCF's; the first line on standard error says why. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/guard/agent.h"
#include "daemon/guard/report.h"
#include "daemon/guard/vip_options.h"
#include "lib/program.h"

/* OCF 1.1, "Exit status codes" */
enum {
    OCF_SUCCESS = 0,
    OCF_ERR_GENERIC = 1,
    OCF_ERR_ARGS = 2,
    OCF_ERR_INSTALLED = 5,
    OCF_ERR_CONFIGURED = 6,
    OCF_NOT_RUNNING = 7,
    OCF_RUNNING_PROMOTED = 8,
    OCF_FAILED_PROMOTED = 9,
};

enum { CHECK_MS = 1000 /* for what is checked if there is a guard */ };

struct command {
    const char *socket;
    const char *successor;
    int timeout_ms;
    bool json;
    const char *id;
    char **words; /* behind the id */
    int count;
};

static const char usage_text[] =
    "usage: holdfast-vip [--socket PATH] [--timeout SECONDS] [--successor NODE] COMMAND ID [WORD...]\n"
    "       start ID NAME=VALUE...      take part as BACKUP; the names are ocf:holdfast:VIP's parameters\n"
    "       stop ID                     give it up, here\n"
    "       promote ID                  be MASTER\n"
    "       demote ID                   be it no longer: the lock is for NODE, or for whoever comes\n"
    "       monitor ID                  0 backup, 8 master, 7 not started, 9 master in trouble\n"
    "       validate ID NAME=VALUE...   what start would refuse\n"
    "       track ID WHAT up|down       whether a tracked script or attribute is up\n"
    "       status [--json]             everything the guard says\n";

static int complain(int code, struct hf_error *error)
{
    fprintf(stderr, "%s\n", hf_error_text(error));
    hf_error_free(error);
    return code;
}

/* --- what depends on this machine's interfaces --- */

static bool same_network(const struct sockaddr *own, const struct sockaddr *mask,
                         const struct gate_address *address, uint8_t *prefix)
{
    const uint8_t *a, *m, *b;
    size_t length;

    if (own == NULL || mask == NULL ||
        own->sa_family != (guard_address_is_ipv4(address) ? AF_INET : AF_INET6))
        return false;
    if (own->sa_family == AF_INET) {
        a = (const uint8_t *)&((const struct sockaddr_in *)(const void *)own)->sin_addr;
        m = (const uint8_t *)&((const struct sockaddr_in *)(const void *)mask)->sin_addr;
        b = &address->bytes[12];
        length = 4;
    } else {
        a = (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)own)->sin6_addr;
        m = (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)mask)->sin6_addr;
        b = address->bytes;
        length = 16;
    }
    *prefix = 0;
    for (size_t i = 0; i < length; i++) {
        if ((a[i] & m[i]) != (b[i] & m[i]))
            return false;
        *prefix = (uint8_t)(*prefix + __builtin_popcount(m[i]));
    }
    return *prefix > 0 && *prefix < length * 8;
}

/* The interface in whose network an address is, and that network's prefix: on nic only, unless that is "". */
static bool find_network(const struct ifaddrs *all, const struct gate_address *address, const char *nic,
                         const char **found, uint8_t *prefix)
{
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        if (*nic != '\0' && strcmp(nic, one->ifa_name) != 0)
            continue;
        if (!same_network(one->ifa_addr, one->ifa_netmask, address, prefix))
            continue;
        *found = one->ifa_name;
        return true;
    }
    return false;
}

/* Fills in what was left open: nic by the network that the first address is in, netmasks by the nic's. */
static struct hf_error *complete(struct vip_options *options)
{
    struct guard_router *router = &options->router;
    struct ifaddrs *all = NULL;
    struct hf_error *error = NULL;
    char text[46];

    if (getifaddrs(&all) != 0)
        return hf_error_errno(errno, "cannot list the network interfaces");
    for (unsigned i = 0; i < router->address_count && error == NULL; i++) {
        struct router_address *address = &router->addresses[i];
        const char *nic;
        uint8_t prefix;
        bool found = find_network(all, &address->address, router->interface, &nic, &prefix);

        if (!found && router->interface[0] == '\0') {
            guard_address_text(&address->address, text);
            error =
                hf_error_new(HF_REFUSED,
                             "nic: no network interface here has an address in the network of %s; expected "
                             "the name of one",
                             text);
        }
        if (found && router->interface[0] == '\0')
            guard_copy(router->interface, sizeof(router->interface), nic);
        if (found && !options->prefix_given[i])
            address->prefix = prefix;
    }
    freeifaddrs(all);
    return error;
}

/* The order that the words mean here. *code: OCF's, if it is none. */
static struct hf_error *read_options(const struct command *command, struct vip_options *options, int *code)
{
    struct hf_error *error = vip_options_parse(command->id, command->words, command->count, options);

    *code = OCF_ERR_CONFIGURED;
    if (error != NULL)
        return error;
    *code = OCF_ERR_INSTALLED; /* of this node: the others may have the interface */
    error = complete(options);
    if (error == NULL && if_nametoindex(options->router.interface) == 0)
        error =
            hf_error_new(HF_REFUSED, "nic: there is no network interface %s here", options->router.interface);
    return error;
}

/* --- commands --- */

static int give_order(const struct command *command, struct guard_frame *frame)
{
    struct guard_agent *agent = NULL;
    char *refusal HF_CLEANUP(hf_freep) = NULL;
    struct hf_error *error = guard_agent_open(command->socket, command->timeout_ms, &agent);

    if (error == NULL)
        error = guard_agent_order(agent, frame, command->timeout_ms, &refusal);
    guard_agent_close(agent);
    if (error != NULL)
        return complain(OCF_ERR_GENERIC, error);
    if (refusal == NULL)
        return OCF_SUCCESS;
    fprintf(stderr, "%s\n", refusal);
    return OCF_ERR_GENERIC;
}

static int run_start(const struct command *command)
{
    struct vip_options options;
    int code;
    struct hf_error *error = read_options(command, &options, &code);

    if (error != NULL)
        return complain(code, error);
    return give_order(command, &(struct guard_frame){.type = GUARD_ROUTER_ADD, .router = options.router});
}

static int give_named(const struct command *command, enum guard_frame_type type)
{
    struct guard_frame frame = {.type = type};

    guard_copy(frame.router_order.id, sizeof(frame.router_order.id), command->id);
    if (command->successor != NULL)
        guard_copy(frame.router_order.node, sizeof(frame.router_order.node), command->successor);
    /* The guard's own limit is the earlier one, so that it can say why. */
    if (type == GUARD_ROUTER_PROMOTE)
        frame.router_order.wait_ms = (uint32_t)(command->timeout_ms - command->timeout_ms / 10);
    return give_order(command, &frame);
}

static int run_stop(const struct command *command)
{
    return give_named(command, GUARD_ROUTER_REMOVE);
}

static int run_promote(const struct command *command)
{
    return give_named(command, GUARD_ROUTER_PROMOTE);
}

static int run_demote(const struct command *command)
{
    return give_named(command, GUARD_ROUTER_DEMOTE);
}

static int run_track(const struct command *command)
{
    struct guard_frame frame = {.type = GUARD_ROUTER_TRACK};

    if (command->count != 2 ||
        (strcmp(command->words[1], "up") != 0 && strcmp(command->words[1], "down") != 0)) {
        fputs(usage_text, stderr);
        return OCF_ERR_ARGS;
    }
    guard_copy(frame.router_order.id, sizeof(frame.router_order.id), command->id);
    guard_copy(frame.router_order.track, sizeof(frame.router_order.track), command->words[0]);
    frame.router_order.up = strcmp(command->words[1], "up") == 0;
    return give_order(command, &frame);
}

static int run_monitor(const struct command *command)
{
    struct guard_agent *agent = NULL;
    struct hf_error *error = guard_agent_open(command->socket, command->timeout_ms, &agent);
    const struct guard_router_state *state;
    int code = OCF_NOT_RUNNING;

    if (error != NULL)
        return complain(OCF_ERR_GENERIC, error);
    state = guard_agent_router(agent, command->id);
    if (state != NULL) {
        bool master = state->state == ROUTER_MASTER;

        printf("%s %u %d %s\n", guard_router_state_name(state->state), state->priority, state->track_weight,
               state->reason);
        fflush(stdout);
        if (state->fault[0] != '\0')
            fprintf(stderr, "%s\n", state->fault);
        code = !master                                                    ? OCF_SUCCESS
               : guard_agent_address_fault(agent, command->id)[0] != '\0' ? OCF_FAILED_PROMOTED
                                                                          : OCF_RUNNING_PROMOTED;
    }
    guard_agent_close(agent);
    return code;
}

/* A VRID of ours that another VIP on the interface has. */
static int check_vrid(const struct command *command, const struct guard_router *router)
{
    struct guard_agent *agent = NULL;
    struct hf_error *error HF_CLEANUP(hf_error_freep) = guard_agent_open(command->socket, CHECK_MS, &agent);
    const struct guard_router_state *others;
    size_t count;
    int code = OCF_SUCCESS;

    if (error != NULL)
        return OCF_SUCCESS; /* the guard, once it runs, refuses it too */
    others = guard_agent_routers(agent, &count);
    for (size_t i = 0; i < count && router->vrid != 0; i++) {
        if (others[i].vrid != router->vrid || strcmp(others[i].interface, router->interface) != 0 ||
            strcmp(others[i].id, router->id) == 0)
            continue;
        fprintf(stderr,
                "vrid: %u is VIP %s's on %s already; expected another one, or none to have one chosen\n",
                router->vrid, others[i].id, router->interface);
        code = OCF_ERR_CONFIGURED;
    }
    guard_agent_close(agent);
    return code;
}

static int run_validate(const struct command *command)
{
    struct vip_options options;
    int code;
    struct hf_error *error = read_options(command, &options, &code);

    return error != NULL ? complain(code, error) : check_vrid(command, &options.router);
}

static int run_status(const struct command *command)
{
    struct guard_status status;
    char *text HF_CLEANUP(hf_freep) = NULL;
    struct hf_error *error = guard_ask(command->socket, command->timeout_ms, &status);

    if (error != NULL)
        return complain(OCF_ERR_GENERIC, error);
    text = guard_report(&status, command->json);
    fputs(text, stdout);
    guard_status_clear(&status);
    return OCF_SUCCESS;
}

static const struct {
    const char *name;
    int (*run)(const struct command *command);
    bool id;
} commands[] = {
    {"start", run_start, true},       {"stop", run_stop, true},       {"promote", run_promote, true},
    {"demote", run_demote, true},     {"monitor", run_monitor, true}, {"track", run_track, true},
    {"validate", run_validate, true}, {"status", run_status, false},
};

static int misuse(void)
{
    fputs(usage_text, stderr);
    return OCF_ERR_ARGS;
}

int main(int argc, char **argv)
{
    struct command command = {0};
    const char *timeout = "5";
    const struct hf_option known[] = {
        {.name = "socket", .text = &command.socket},
        {.name = "timeout", .letter = 't', .text = &timeout},
        {.name = "successor", .text = &command.successor},
        {.name = "json", .flag = &command.json},
    };
    const struct hf_program program = {.name = "holdfast-vip",
                                       .usage = usage_text,
                                       .options = known,
                                       .option_count = HF_ARRAY_LENGTH(known),
                                       .words = HF_WORDS_AMONG};
    int code = hf_program_options(&program, argc, argv);

    if (code >= 0)
        return code == 0 ? OCF_SUCCESS : OCF_ERR_ARGS;
    if (command.successor != NULL && command.successor[0] == '\0')
        command.successor = NULL;
    command.timeout_ms = (int)(strtod(timeout, NULL) * 1000);
    if (optind == argc || command.timeout_ms <= 0)
        return misuse();
    for (size_t i = 0; i < HF_ARRAY_LENGTH(commands); i++) {
        if (strcmp(commands[i].name, argv[optind]) != 0)
            continue;
        if (commands[i].id && optind + 1 >= argc)
            return misuse();
        command.id = commands[i].id ? argv[optind + 1] : NULL;
        command.words = argv + optind + 1 + commands[i].id;
        command.count = argc - optind - 1 - commands[i].id;
        return commands[i].run(&command);
    }
    return misuse();
}
