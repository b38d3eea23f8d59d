/* program.c - see program.h. */
#include "lib/program.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

enum { OPTIONS_MAX = 30, FIRST_VALUE = 256 /* no letter */ };

static const struct option help = {"help", no_argument, NULL, 'h'};
static const struct option version = {"version", no_argument, NULL, 'V'};

/* What getopt_long() wants.  A long name comes back as the option's place, a letter as itself. */
static void translate(const struct hf_program *program, struct option *known, char *letters)
{
    if (program->words == HF_WORDS_BEHIND)
        *letters++ = '+';
    for (size_t i = 0; i < program->option_count; i++) {
        const struct hf_option *option = &program->options[i];

        known[i] = (struct option){.name = option->name,
                                   .has_arg = option->text != NULL ? required_argument : no_argument,
                                   .val = FIRST_VALUE + (int)i};
        if (option->letter == '\0')
            continue;
        *letters++ = option->letter;
        if (option->text != NULL)
            *letters++ = ':';
    }
    known[program->option_count] = help;
    known[program->option_count + 1] = version;
    strcpy(letters, "hV");
}

static const struct hf_option *find_option(const struct hf_program *program, int value)
{
    if (value >= FIRST_VALUE)
        return &program->options[value - FIRST_VALUE];
    for (size_t i = 0; i < program->option_count; i++)
        if (program->options[i].letter == value)
            return &program->options[i];
    return NULL;
}

int hf_program_options(const struct hf_program *program, int argc, char **argv)
{
    struct option known[OPTIONS_MAX + 3] = {0};
    char letters[2 * OPTIONS_MAX + 4];
    int value;

    if (program->option_count > OPTIONS_MAX)
        abort();
    translate(program, known, letters);
    while ((value = getopt_long(argc, argv, letters, known, NULL)) != -1) {
        const struct hf_option *option = find_option(program, value);

        if (option != NULL && option->text != NULL) {
            *option->text = optarg;
        } else if (option != NULL) {
            *option->flag = true;
        } else if (value == 'h') {
            fputs(program->usage, stdout);
            return 0;
        } else if (value == 'V') {
            printf("%s %s\n", program->name, HF_VERSION);
            return 0;
        } else {
            fputs(program->usage, stderr);
            return HF_USAGE;
        }
    }
    if (program->words != HF_WORDS_NONE || optind == argc)
        return -1;
    fprintf(stderr, "%s: '%s' was not expected\n%s", program->name, argv[optind], program->usage);
    return HF_USAGE;
}

int hf_program_fail(const char *name, struct hf_error *error)
{
    int code = (int)hf_error_kind(error);

    if (error != NULL)
        fprintf(stderr, "%s: %s\n", name, hf_error_text(error));
    hf_error_free(error);
    return code;
}

void hf_daemon_begin(const char *name, bool foreground, bool verbose)
{
    signal(SIGPIPE, SIG_IGN);
    hf_log_open(name, foreground, verbose);
}

int hf_daemon_fail(const char *name, struct hf_error *error)
{
    if (error != NULL)
        hf_error_log("cannot start: %s", hf_error_text(error));
    return hf_program_fail(name, error);
}
