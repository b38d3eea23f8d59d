/* main.c - holdfast-arbiterd: the lock server, and the commands about it.
 *
 *     holdfast-arbiterd [-c FILE] [-f] [-v]
 *     holdfast-arbiterd status | teach | new | lock-key ...
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arbiter/command.h"
#include "arbiter/server.h"
#include "lib/log.h"

static const char usual_config[] = "/etc/holdfast/arbiter.conf";

static int usage(void)
{
    fprintf(stderr,
            "usage: holdfast-arbiterd [-c FILE] [-f] [-v] [-t]\n"
            "       -c  configuration, %s by default     -f  log to standard error, too\n"
            "       -t  read the configuration and stop         -v  log more\n"
            "       holdfast-arbiterd status [--json] | teach CLUSTER TERM | new CLUSTER\n"
            "       holdfast-arbiterd lock-key new CLUSTER FILE | add FILE | use FILE | prune FILE\n",
            usual_config);
    return HF_USAGE;
}

static int serve(const struct arbiter_config *config)
{
    struct server *server;
    struct hf_error *error HF_CLEANUP(hf_error_freep) = server_new(config, &server);

    if (error != NULL) {
        hf_error_log("%s", hf_error_text(error));
        fprintf(stderr, "holdfast-arbiterd: %s\n", hf_error_text(error));
        return HF_FAILED;
    }
    hf_notice("serving");
    server_run(server);
    server_free(server);
    hf_notice("stopped");
    return HF_OK;
}

int main(int argc, char **argv)
{
    const char *path = usual_config;
    bool foreground = false, verbose = false, test = false;
    struct arbiter_config config;
    struct hf_error *error HF_CLEANUP(hf_error_freep) = NULL;
    int option, status = HF_OK;

    if (argc > 1 && strcmp(argv[1], "lock-key") == 0)
        return lock_key_command(argc - 2, argv + 2);
    if (argc > 1 && argv[1][0] != '-')
        return arbiter_command(argc - 1, argv + 1);
    while ((option = getopt(argc, argv, "c:fvt")) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'f':
            foreground = true;
            break;
        case 'v':
            verbose = true;
            break;
        case 't':
            test = true;
            break;
        default:
            return usage();
        }
    }
    if (optind != argc)
        return usage();
    arbiter_config_init(&config);
    error = arbiter_config_read(path, &config);
    if (error != NULL) {
        fprintf(stderr, "holdfast-arbiterd: %s\n", hf_error_text(error));
        status = HF_REFUSED;
    } else if (!test) {
        hf_log_open("holdfast-arbiterd", foreground, verbose);
        status = serve(&config);
        hf_log_close();
    }
    arbiter_config_free(&config);
    return status;
}
