/* main.c - holdfast-runner: runs resource agents for holdfastd and outlives it (see protocol.h, queue.h).
 *
 *   holdfast-runner [--socket PATH]                               the daemon
 *   holdfast-runner --call CLASS[:PROVIDER]:TYPE ACTION [k=v...]  one action, here and now (call.c)
 *   holdfast-runner --list                                        what a running one knows (list.c) */
#include <errno.h>
#include <getopt.h>
#include <qb/qbloop.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/runner/report.h"
#include "daemon/runner/server.h"
#include "lib/log.h"

struct options {
    const char *socket;
    const char *resource;
    const char *agents;
    uint32_t timeout_ms;
    bool call, list, verbose, foreground;
};

static const char usage_text[] =
    "usage: holdfast-runner [--foreground] [--verbose] [--socket PATH] [--agents DIR]\n"
    "       holdfast-runner --call [--resource ID] [--timeout MS] [--agents DIR]\n"
    "                       CLASS[:PROVIDER]:TYPE ACTION [NAME=VALUE...]\n"
    "       holdfast-runner --list [--socket PATH]\n"
    "       holdfast-runner --version\n"
    "Runs resource agents for holdfastd; one action in the foreground with --call.\n"
    "--agents: the OCF root in place of " HF_OCF_ROOT "\n";

/* False if the value is no number of milliseconds. */
static bool parse_ms(const char *text, uint32_t *value)
{
    char *end;

    errno = 0;

    unsigned long number = strtoul(text, &end, 10);

    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || number > UINT32_MAX)
        return false;
    *value = (uint32_t)number;
    return true;
}

/* The exit code to end with, or -1 to go on. */
static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"socket", required_argument, NULL, 's'},
        {"agents", required_argument, NULL, 'a'},
        {"call", no_argument, NULL, 'c'},
        {"list", no_argument, NULL, 'l'},
        {"resource", required_argument, NULL, 'r'},
        {"timeout", required_argument, NULL, 't'},
        {"foreground", no_argument, NULL, 'f'},
        {"verbose", no_argument, NULL, 'v'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "+s:a:clr:t:fvVh", known, NULL)) != -1) {
        switch (option) {
        case 's':
            options->socket = optarg;
            break;
        case 'a':
            options->agents = optarg;
            break;
        case 'c':
            options->call = true;
            break;
        case 'l':
            options->list = true;
            break;
        case 'r':
            options->resource = optarg;
            break;
        case 't':
            if (!parse_ms(optarg, &options->timeout_ms)) {
                fprintf(stderr, "holdfast-runner: --timeout %s: expected milliseconds\n", optarg);
                return HF_USAGE;
            }
            break;
        case 'f':
            options->foreground = true;
            break;
        case 'v':
            options->verbose = true;
            break;
        case 'V':
            printf("holdfast-runner %s\n", HF_VERSION);
            return 0;
        case 'h':
            fputs(usage_text, stdout);
            return 0;
        default:
            fputs(usage_text, stderr);
            return HF_USAGE;
        }
    }
    return -1;
}

static int32_t on_term(int32_t number, void *data)
{
    hf_notice("ending on signal %d: what runs may finish", number);
    runner_server_shutdown(data);
    return 0;
}

/* Agents keep their state files there; packages make it at boot, but not in a container. */
static void make_rsctmp(void)
{
    if (mkdir("/run/resource-agents", 01755) == 0)
        chmod("/run/resource-agents", 01755);
    else if (errno != EEXIST)
        hf_warn("/run/resource-agents: %s", strerror(errno));
}

static int serve(const struct options *options, const struct runner_places *places)
{
    qb_loop_t *loop = qb_loop_create();
    struct runner_server *server;
    bool taken;

    hf_log_open("holdfast-runner", options->foreground, options->verbose);
    signal(SIGPIPE, SIG_IGN);
    make_rsctmp();

    struct hf_error *error = runner_server_new(loop, options->socket, places, &server, &taken);

    if (error != NULL || taken) {
        int code = taken ? 0 : (int)hf_error_kind(error);

        if (taken)
            hf_notice("another agent runner serves %s already", options->socket);
        else
            hf_error_log("cannot start: %s", hf_error_text(error));
        fprintf(stderr, "holdfast-runner: %s\n", taken ? "one is running already" : hf_error_text(error));
        hf_error_free(error);
        qb_loop_destroy(loop);
        hf_log_close();
        return code;
    }

    qb_loop_signal_handle term, interrupt;

    qb_loop_signal_add(loop, QB_LOOP_HIGH, SIGTERM, server, on_term, &term);
    qb_loop_signal_add(loop, QB_LOOP_HIGH, SIGINT, server, on_term, &interrupt);
    hf_notice("running agents for %s", options->socket);
    qb_loop_run(loop);
    runner_server_free(server);
    qb_loop_destroy(loop);
    hf_notice("ended");
    hf_log_close();
    return 0;
}

int main(int argc, char **argv)
{
    struct options options = {.socket = RUNNER_SOCKET, .resource = "call", .timeout_ms = 60000};
    struct runner_places places = runner_places_default();
    int code = parse_options(argc, argv, &options);

    if (code >= 0)
        return code;
    if (options.agents != NULL)
        places.ocf_root = options.agents;
    if (options.call) {
        const struct runner_one_call one = {.resource = options.resource,
                                            .timeout_ms = options.timeout_ms,
                                            .arguments = argv + optind,
                                            .count = argc - optind};

        make_rsctmp();
        return runner_call_once(&one, &places);
    }
    if (optind < argc) {
        fprintf(stderr, "holdfast-runner: '%s' was not expected\n%s", argv[optind], usage_text);
        return HF_USAGE;
    }
    return options.list ? runner_list(options.socket) : serve(&options, &places);
}
