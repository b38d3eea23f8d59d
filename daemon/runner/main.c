/* main.c - holdfast-runner: runs resource agents for holdfastd and outlives it (see protocol.h, queue.h).
 *
 *   holdfast-runner [--socket PATH]                               the daemon
 *   holdfast-runner --call CLASS[:PROVIDER]:TYPE ACTION [k=v...]  one action, here and now (call.c)
 *   holdfast-runner --list                                        what a running one knows (list.c) */
#include <errno.h>
#include <qb/qbloop.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/runner/report.h"
#include "daemon/runner/server.h"
#include "lib/log.h"
#include "lib/program.h"

#define NAME "holdfast-runner"

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
    const char *timeout = NULL;
    const struct hf_option known[] = {
        {.name = "socket", .letter = 's', .text = &options->socket},
        {.name = "agents", .letter = 'a', .text = &options->agents},
        {.name = "call", .letter = 'c', .flag = &options->call},
        {.name = "list", .letter = 'l', .flag = &options->list},
        {.name = "resource", .letter = 'r', .text = &options->resource},
        {.name = "timeout", .letter = 't', .text = &timeout},
        {.name = "foreground", .letter = 'f', .flag = &options->foreground},
        {.name = "verbose", .letter = 'v', .flag = &options->verbose},
    };
    const struct hf_program program = {.name = NAME,
                                       .usage = usage_text,
                                       .options = known,
                                       .option_count = HF_ARRAY_LENGTH(known),
                                       .words = HF_WORDS_BEHIND};
    int code = hf_program_options(&program, argc, argv);

    if (code >= 0 || timeout == NULL || parse_ms(timeout, &options->timeout_ms))
        return code;
    fprintf(stderr, NAME ": --timeout %s: expected milliseconds\n", timeout);
    return HF_USAGE;
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

static void run(qb_loop_t *loop, struct runner_server *server, const char *socket)
{
    qb_loop_signal_handle term, interrupt;

    qb_loop_signal_add(loop, QB_LOOP_HIGH, SIGTERM, server, on_term, &term);
    qb_loop_signal_add(loop, QB_LOOP_HIGH, SIGINT, server, on_term, &interrupt);
    hf_notice("running agents for %s", socket);
    qb_loop_run(loop);
    runner_server_free(server);
    hf_notice("ended");
}

static int serve(const struct options *options, const struct runner_places *places)
{
    qb_loop_t *loop = qb_loop_create();
    struct runner_server *server;
    bool taken;
    int code = 0;

    hf_daemon_begin(NAME, options->foreground, options->verbose);
    make_rsctmp();

    struct hf_error *error = runner_server_new(loop, options->socket, places, &server, &taken);

    if (error != NULL) {
        code = hf_daemon_fail(NAME, error);
    } else if (taken) {
        hf_notice("another agent runner serves %s already", options->socket);
        fputs(NAME ": one is running already\n", stderr);
    } else {
        run(loop, server, options->socket);
    }
    qb_loop_destroy(loop);
    hf_log_close();
    return code;
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
        fprintf(stderr, NAME ": '%s' was not expected\n%s", argv[optind], usage_text);
        return HF_USAGE;
    }
    return options.list ? runner_list(options.socket) : serve(&options, &places);
}
