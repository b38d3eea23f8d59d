/* main.c - holdfast-arbiterd: the lock server, and the commands about it.
 *
 *     holdfast-arbiterd [-c FILE] [-f] [-v]
 *     holdfast-arbiterd status | teach | new | lock-key ...
 */
#include <string.h>

#include "arbiter/command.h"
#include "arbiter/server.h"
#include "lib/log.h"
#include "lib/program.h"

#define NAME "holdfast-arbiterd"
#define USUAL_CONFIG "/etc/holdfast/arbiter.conf"

static const char usage_text[] =
    "usage: holdfast-arbiterd [-c FILE] [-f] [-v] [-t]\n"
    "  -c, --config FILE  configuration [" USUAL_CONFIG "]\n"
    "  -f, --foreground   log to standard error instead of syslog\n"
    "  -v, --verbose      log more\n"
    "  -t, --check        read the configuration and stop\n"
    "  -V, --version\n"
    "       holdfast-arbiterd status [--json] | teach CLUSTER TERM | new CLUSTER\n"
    "       holdfast-arbiterd lock-key new CLUSTER FILE | add FILE | use FILE | prune FILE\n";

static int serve(const struct arbiter_config *config)
{
    struct server *server;
    struct hf_error *error = server_new(config, &server);

    if (error != NULL)
        return hf_daemon_fail(NAME, error);
    hf_notice("serving");
    server_run(server);
    server_free(server);
    hf_notice("stopped");
    return HF_OK;
}

int main(int argc, char **argv)
{
    const char *path = USUAL_CONFIG;
    bool foreground = false, verbose = false, check = false;
    const struct hf_option known[] = {
        {.name = "config", .letter = 'c', .text = &path},
        {.name = "foreground", .letter = 'f', .flag = &foreground},
        {.name = "verbose", .letter = 'v', .flag = &verbose},
        {.name = "check", .letter = 't', .flag = &check},
    };
    const struct hf_program program = {
        .name = NAME, .usage = usage_text, .options = known, .option_count = HF_ARRAY_LENGTH(known)};
    struct arbiter_config config;
    struct hf_error *error;
    int code;

    if (argc > 1 && strcmp(argv[1], "lock-key") == 0)
        return lock_key_command(argc - 2, argv + 2);
    if (argc > 1 && argv[1][0] != '-')
        return arbiter_command(argc - 1, argv + 1);
    code = hf_program_options(&program, argc, argv);
    if (code >= 0)
        return code;
    arbiter_config_init(&config);
    error = arbiter_config_read(path, &config);
    if (error != NULL || check) {
        code = hf_program_fail(NAME, error);
    } else {
        hf_daemon_begin(NAME, foreground, verbose);
        code = serve(&config);
        hf_log_close();
    }
    arbiter_config_free(&config);
    return code;
}
