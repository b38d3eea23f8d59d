/* simulate_options.c - the command line of `holdfast simulate`: crm_simulate's flags, and the what-ifs. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/simulate_run.h"
#include "lib/xml.h"

enum { OPT_NODE_STANDBY = 256, OPT_CHANGE, OPT_JSON, OPT_OUTPUT_AS, OPT_OUTPUT_TO, OPT_TEXT_FANCY };

static const char short_options[] = "RSXAcsUP:N:u:d:f:i:F:t:q:w:g:r:b:e:I:O:G:D:aLx:pVQ$h?";

static const struct option long_options[] = {
    {"run", no_argument, NULL, 'R'},
    {"simulate", no_argument, NULL, 'S'},
    {"in-place", no_argument, NULL, 'X'},
    {"show-attrs", no_argument, NULL, 'A'},
    {"show-failcounts", no_argument, NULL, 'c'},
    {"show-scores", no_argument, NULL, 's'},
    {"show-utilization", no_argument, NULL, 'U'},
    {"profile", required_argument, NULL, 'P'},
    {"repeat", required_argument, NULL, 'N'},
    {"node-up", required_argument, NULL, 'u'},
    {"node-down", required_argument, NULL, 'd'},
    {"node-fail", required_argument, NULL, 'f'},
    {"node-standby", required_argument, NULL, OPT_NODE_STANDBY},
    {"op-inject", required_argument, NULL, 'i'},
    {"op-fail", required_argument, NULL, 'F'},
    {"change", required_argument, NULL, OPT_CHANGE},
    {"set-datetime", required_argument, NULL, 't'},
    {"quorum", required_argument, NULL, 'q'},
    {"watchdog", required_argument, NULL, 'w'},
    {"ticket-grant", required_argument, NULL, 'g'},
    {"ticket-revoke", required_argument, NULL, 'r'},
    {"ticket-standby", required_argument, NULL, 'b'},
    {"ticket-activate", required_argument, NULL, 'e'},
    {"save-input", required_argument, NULL, 'I'},
    {"save-output", required_argument, NULL, 'O'},
    {"save-graph", required_argument, NULL, 'G'},
    {"save-dotfile", required_argument, NULL, 'D'},
    {"all-actions", no_argument, NULL, 'a'},
    {"live-check", no_argument, NULL, 'L'},
    {"xml-file", required_argument, NULL, 'x'},
    {"xml-pipe", no_argument, NULL, 'p'},
    {"json", no_argument, NULL, OPT_JSON},
    {"output-as", required_argument, NULL, OPT_OUTPUT_AS},
    {"output-to", required_argument, NULL, OPT_OUTPUT_TO},
    {"text-fancy", no_argument, NULL, OPT_TEXT_FANCY},
    {"verbose", no_argument, NULL, 'V'},
    {"quiet", no_argument, NULL, 'Q'},
    {"version", no_argument, NULL, '$'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: simulate [-L | -x FILE | -p] [-R | -S] [option...]\n"
    "  -x, --xml-file FILE      read the CIB from FILE (- is standard input)\n"
    "  -p, --xml-pipe           read it from standard input\n"
    "  -L, --live-check         take the running cluster's (the default)\n"
    "  -R, --run                show what the cluster would do\n"
    "  -S, --simulate           also pretend to do it, and show the state afterwards\n"
    "  -X, --in-place           also write the state afterwards into FILE\n"
    "  -A, --show-attrs         show the nodes' attributes\n"
    "  -c, --show-failcounts    show failures that are not cleaned up\n"
    "  -s, --show-scores        show the scores that decide\n"
    "  -U, --show-utilization   show capacities\n"
    "  -t, --set-datetime TIME  pretend that it is TIME (ISO 8601)\n"
    "  -Q, --quiet              print only what was asked for\n"
    "  -V, --verbose            number the actions in the drawing\n"
    "      --output-as FORMAT   text, xml (crm_simulate's) or json; --json is the last\n"
    "      --output-to FILE     print into FILE (- is standard output)\n"
    "what if (-S unless -R, -I or -O is given):\n"
    "  -u, --node-up NODE       -d, --node-down NODE     -f, --node-fail NODE\n"
    "      --node-standby NODE  -q, --quorum BOOLEAN     -w, --watchdog BOOLEAN\n"
    "      --op-fail RESOURCE:OPERATION@NODE   it fails; what follows is shown too\n"
    "      --change FILE        statements of the crm shell, or XML (- is standard input)\n"
    "  -i, --op-inject OP       OP failed before: RESOURCE_TASK_INTERVAL@NODE=RC\n"
    "  -F, --op-fail OP         OP would fail with RC if it were done\n"
    "  -g, --ticket-grant ID    -r, --ticket-revoke ID\n"
    "  -b, --ticket-standby ID  -e, --ticket-activate ID\n"
    "files:\n"
    "  -I, --save-input FILE    the CIB with the changes\n"
    "  -O, --save-output FILE   the CIB afterwards\n"
    "  -G, --save-graph FILE    the transition graph as XML\n"
    "  -D, --save-dotfile FILE  the transition graph for Graphviz\n"
    "  -a, --all-actions        draw also the actions that are not needed\n"
    "  -P, --profile DIR        run all *.xml in DIR and print the times\n"
    "  -N, --repeat N           each N times\n";

static void add(struct simulate_list *list, const char *value)
{
    list->at = hf_realloc(list->at, (size_t)list->n + 1, sizeof(*list->at));
    list->at[list->n++] = value;
}

static struct simulate_list *list_of(struct simulate_changes *changes, int flag)
{
    switch (flag) {
    case 'u':
        return &changes->node_up;
    case 'd':
        return &changes->node_down;
    case 'f':
        return &changes->node_fail;
    case OPT_NODE_STANDBY:
        return &changes->node_standby;
    case 'i':
        return &changes->op_inject;
    case 'F':
        return &changes->op_fail;
    case OPT_CHANGE:
        return &changes->files;
    case 'g':
        return &changes->ticket_grant;
    case 'r':
        return &changes->ticket_revoke;
    case 'b':
        return &changes->ticket_standby;
    case 'e':
        return &changes->ticket_activate;
    default:
        return NULL;
    }
}

static const char **text_of(struct simulate_options *o, int flag)
{
    switch (flag) {
    case 'x':
        return &o->file;
    case 't':
        return &o->time;
    case 'P':
        return &o->profile;
    case 'I':
        return &o->save_input;
    case 'O':
        return &o->save_output;
    case 'G':
        return &o->save_graph;
    case 'D':
        return &o->save_dot;
    case 'q':
        return &o->changes.quorum;
    case 'w':
        return &o->changes.watchdog;
    case OPT_OUTPUT_AS:
        return &o->output_as;
    case OPT_OUTPUT_TO:
        return &o->output_to;
    default:
        return NULL;
    }
}

static bool *switch_of(struct simulate_options *o, int flag)
{
    switch (flag) {
    case 'R':
        return &o->run;
    case 'S':
        return &o->simulate;
    case 'X':
        return &o->in_place;
    case 'A':
        return &o->attributes;
    case 'c':
        return &o->failcounts;
    case 's':
        return &o->scores;
    case 'U':
        return &o->utilization;
    case 'a':
        return &o->all_actions;
    case 'L':
        return &o->live;
    case 'p':
        return &o->pipe;
    case 'V':
        return &o->verbose;
    case 'Q':
        return &o->quiet;
    case OPT_TEXT_FANCY:
        return &o->text_fancy;
    default:
        return NULL;
    }
}

static bool wrong(int *code, const char *problem, const char *found)
{
    fprintf(stderr, "simulate: %s%s%s%s\n", problem, found != NULL ? ", found '" : "",
            found != NULL ? found : "", found != NULL ? "'" : "");
    *code = HF_USAGE;
    return false;
}

static bool is_boolean(const char *text)
{
    bool value;
    return text == NULL || hf_parse_bool(text, &value);
}

/* What the flags mean together. */
static bool combine(struct simulate_options *o, int *code)
{
    static const char *const formats[] = {"text", "xml", "json"};
    size_t format = 0;

    while (o->output_as != NULL && format < HF_ARRAY_LENGTH(formats) &&
           strcmp(o->output_as, formats[format]) != 0)
        format++;
    if (format == HF_ARRAY_LENGTH(formats))
        return wrong(code, "expected --output-as text, xml or json", o->output_as);
    if (o->output_as != NULL)
        o->format = (enum simulate_format)format;
    if (o->file != NULL && strcmp(o->file, "-") == 0) {
        o->pipe = true;
        o->file = NULL;
    }
    if ((o->file != NULL) + o->pipe + o->live > 1)
        return wrong(code, "expected one of -L, -x and -p", NULL);
    if (o->in_place && o->file == NULL)
        return wrong(code, "expected -x FILE with -X: it is where the result is stored", NULL);
    if (!is_boolean(o->changes.quorum) || !is_boolean(o->changes.watchdog))
        return wrong(code, "expected true or false",
                     is_boolean(o->changes.quorum) ? o->changes.watchdog : o->changes.quorum);
    if (o->in_place)
        o->simulate = true;
    if (o->in_place && o->save_output == NULL)
        o->save_output = o->file;
    if (simulate_changes_any(&o->changes) && !o->run && o->save_input == NULL && o->save_output == NULL)
        o->simulate = true;
    if (o->changes.op_fail.n > 0)
        o->simulate = true;
    /* These show or store a decision. */
    if (o->scores || o->utilization || o->save_graph != NULL || o->save_dot != NULL)
        o->run = true;
    return true;
}

bool simulate_options_read(int argc, char **argv, struct simulate_options *o, int *code)
{
    int flag;

    o->repeat = 1;
    optind = 0;
    while ((flag = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
        struct simulate_list *list = list_of(&o->changes, flag);
        const char **text = text_of(o, flag);
        bool *on = switch_of(o, flag);
        if (list != NULL) {
            add(list, optarg);
        } else if (text != NULL) {
            *text = optarg;
        } else if (on != NULL) {
            *on = true;
        } else if (flag == OPT_JSON) {
            o->output_as = "json";
        } else if (flag == 'N') {
            o->repeat = atoi(optarg) > 0 ? atoi(optarg) : 1;
        } else if (flag == '$') {
            printf("holdfast %s\n", HF_VERSION);
            *code = HF_OK;
            return false;
        } else {
            bool help = flag == 'h' || (optopt == '?' && flag == '?');
            fputs(usage, help ? stdout : stderr);
            *code = help ? HF_OK : HF_USAGE;
            return false;
        }
    }
    if (optind < argc)
        return wrong(code, "expected only options", argv[optind]);
    return combine(o, code);
}

void simulate_options_free(struct simulate_options *o)
{
    struct simulate_changes *c = &o->changes;
    struct simulate_list *lists[] = {&c->node_up,        &c->node_down,       &c->node_fail, &c->node_standby,
                                     &c->ticket_grant,   &c->ticket_revoke,   &c->op_inject, &c->op_fail,
                                     &c->ticket_standby, &c->ticket_activate, &c->files};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(lists); i++)
        free(lists[i]->at);
}
