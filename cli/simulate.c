/* simulate.c - see simulate.h. */
#include "cli/simulate.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/simulate_change.h"
#include "daemon/sched/digest.h"
#include "daemon/sched/history.h"
#include "daemon/sched/sched.h"
#include "daemon/transition/transition.h"
#include "lib/buf.h"
#include "lib/xml.h"

enum { CIB_LIMIT = 512 << 20 };

struct options {
    const char *file, *time, *profile;
    const char *save_input, *save_output, *save_graph, *save_dot;
    bool run, simulate, live, pipe, in_place, scores, utilization, quiet, verbose;
    int repeat;
    struct simulate_changes changes;
};

/* What one call of simulate works on. */
struct simulation {
    const struct options *options;
    xmlDoc *cib;
    int64_t now;           /* for the scheduler */
    int64_t recorded;      /* for what is pretended to happen: never before what is in the CIB */
    const char *effective; /* says where now comes from, or NULL */
    struct hf_buf out;
};

/* --- options --- */

enum { OPT_NODE_STANDBY = 256 };

static const struct option long_options[] = {
    {"run", no_argument, NULL, 'R'},
    {"simulate", no_argument, NULL, 'S'},
    {"in-place", no_argument, NULL, 'X'},
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
    {"live-check", no_argument, NULL, 'L'},
    {"xml-file", required_argument, NULL, 'x'},
    {"xml-pipe", no_argument, NULL, 'p'},
    {"verbose", no_argument, NULL, 'V'},
    {"quiet", no_argument, NULL, 'Q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: simulate [-L | -x FILE | -p] [-R | -S] [option...]\n"
    "  -x, --xml-file FILE      read the CIB from FILE\n"
    "  -p, --xml-pipe           read it from standard input\n"
    "  -L, --live-check         take the running cluster's (the default)\n"
    "  -R, --run                show what the cluster would do\n"
    "  -S, --simulate           also pretend to do it, and show the state afterwards\n"
    "  -X, --in-place           also write the state afterwards into FILE\n"
    "  -s, --show-scores        show the scores that decide\n"
    "  -U, --show-utilization   show capacities\n"
    "  -t, --set-datetime TIME  pretend that it is TIME (ISO 8601)\n"
    "  -Q, --quiet              print only what was asked for\n"
    "what if:\n"
    "  -u, --node-up NODE       -d, --node-down NODE     -f, --node-fail NODE\n"
    "      --node-standby NODE  -q, --quorum BOOLEAN     -w, --watchdog BOOLEAN\n"
    "  -i, --op-inject OP       OP failed before: RESOURCE_TASK_INTERVAL@NODE=RC\n"
    "  -F, --op-fail OP         OP would fail with RC if it were done\n"
    "  -g, --ticket-grant ID    -r, --ticket-revoke ID\n"
    "  -b, --ticket-standby ID  -e, --ticket-activate ID\n"
    "files:\n"
    "  -I, --save-input FILE    the CIB with the changes\n"
    "  -O, --save-output FILE   the CIB afterwards\n"
    "  -G, --save-graph FILE    the transition graph as XML\n"
    "  -D, --save-dotfile FILE  the transition graph for Graphviz\n"
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

static const char **text_of(struct options *o, int flag)
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
    default:
        return NULL;
    }
}

static bool *switch_of(struct options *o, int flag)
{
    switch (flag) {
    case 'R':
        return &o->run;
    case 'S':
        return &o->simulate;
    case 'X':
        return &o->in_place;
    case 's':
        return &o->scores;
    case 'U':
        return &o->utilization;
    case 'L':
        return &o->live;
    case 'p':
        return &o->pipe;
    case 'V':
        return &o->verbose;
    case 'Q':
        return &o->quiet;
    default:
        return NULL;
    }
}

/* False: the command line is wrong, or asked for help; *code is then the exit code. */
static bool parse_options(int argc, char **argv, struct options *o, int *code)
{
    int flag;

    o->repeat = 1;
    optind = 0;
    while ((flag = getopt_long(argc, argv, "RSXsUP:N:u:d:f:i:F:t:q:w:g:r:b:e:I:O:G:D:Lx:pVQh", long_options,
                               NULL)) != -1) {
        struct simulate_list *list = list_of(&o->changes, flag);
        const char **text = text_of(o, flag);
        bool *on = switch_of(o, flag);
        if (list != NULL) {
            add(list, optarg);
        } else if (text != NULL) {
            *text = optarg;
        } else if (on != NULL) {
            *on = true;
        } else if (flag == 'N') {
            o->repeat = atoi(optarg) > 0 ? atoi(optarg) : 1;
        } else {
            fputs(usage, flag == 'h' ? stdout : stderr);
            *code = flag == 'h' ? HF_OK : HF_USAGE;
            return false;
        }
    }
    if (o->in_place)
        o->simulate = true;
    if (o->in_place && o->save_output == NULL)
        o->save_output = o->file;
    return true;
}

static void free_options(struct options *o)
{
    struct simulate_changes *c = &o->changes;
    struct simulate_list *lists[] = {&c->node_up,        &c->node_down,      &c->node_fail, &c->node_standby,
                                     &c->ticket_grant,   &c->ticket_revoke,  &c->op_inject, &c->op_fail,
                                     &c->ticket_standby, &c->ticket_activate};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(lists); i++)
        free(lists[i]->at);
}

/* --- input and output --- */

static struct hf_error *read_stdin(xmlDoc **cib)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char block[65536];
    size_t n;

    while ((n = fread(block, 1, sizeof(block), stdin)) > 0) {
        if (text.length + n > CIB_LIMIT)
            return hf_error_new(HF_REFUSED, "standard input: more than %d bytes", CIB_LIMIT);
        hf_buf_add(&text, block, n);
    }
    return hf_xml_parse(hf_buf_text(&text), text.length, "standard input", cib);
}

static struct hf_error *read_cib(const struct options *o, simulate_live_fn *live, xmlDoc **cib)
{
    if (o->pipe)
        return read_stdin(cib);
    if (o->file != NULL)
        return hf_xml_parse_file(o->file, CIB_LIMIT, cib);
    if (live == NULL)
        return hf_error_new(HF_USAGE, "give a CIB with -x FILE: there is no running cluster to ask");
    return live(cib);
}

static struct hf_error *write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return hf_error_errno(errno, "cannot write %s", path);
    bool good = fputs(text, file) >= 0;
    good = fclose(file) == 0 && good;
    return good ? NULL : hf_error_errno(errno, "cannot write %s", path);
}

static struct hf_error *write_cib(const char *path, xmlDoc *cib)
{
    HF_CLEANUP(hf_freep) char *text = hf_xml_text(xmlDocGetRootElement(cib), true);
    return write_file(path, text);
}

/* --- running --- */

static struct hf_error *run_scheduler(const struct simulation *s, bool status_only,
                                      struct sched_output **output)
{
    struct sched_input input = {.now = s->now,
                                .status_only = status_only,
                                .transition_id = 0,
                                .sanitized = true,
                                .show_scores = s->options->scores,
                                .show_utilization = s->options->utilization};
    return sched_run(s->cib, &input, output);
}

static struct hf_error *show_status(struct simulation *s, const char *title, bool first)
{
    struct sched_output *output;
    struct hf_error *error = run_scheduler(s, true, &output);

    if (error != NULL)
        return error;
    const struct status_model *model = sched_status(output);
    if (s->effective != NULL)
        hf_buf_printf(&s->out, "%s\n", s->effective);
    if (first && (model->maintenance_mode || model->stop_all))
        hf_buf_printf(&s->out, "\n %s*** Resource management is DISABLED ***\n  The cluster will %s\n",
                      model->maintenance_mode ? "    " : "",
                      model->maintenance_mode ? "not attempt to start, stop or recover services"
                                              : "keep all resources stopped");
    if (first && model->maintenance_mode && (model->n_disabled > 0 || model->n_blocked > 0))
        hf_buf_putc(&s->out, '\n');
    if (first && (model->n_disabled > 0 || model->n_blocked > 0))
        hf_buf_printf(
            &s->out,
            "%d of %d resource instances DISABLED and %d BLOCKED from further action due to failure\n",
            model->n_disabled, model->n_resources_total, model->n_blocked);
    if (s->out.length > 0)
        hf_buf_putc(&s->out, '\n');
    hf_buf_printf(&s->out, "%s:\n", title);
    sched_print_status(output, first ? STATUS_SIMULATE : STATUS_SHOW_INACTIVE, "  ", &s->out);
    sched_output_free(output);
    return NULL;
}

/* --- pretending --- */

struct pretence {
    struct simulation *s;
    const struct sched_output *output;
    xmlNode *cib;
    struct transition *transition;
};

static const char *history_name(const struct pretence *p, const struct graph_resource *rsc)
{
    if (rsc->long_id != NULL && !sched_knows_resource(p->output, rsc->id) &&
        sched_knows_resource(p->output, rsc->long_id))
        return rsc->long_id;
    return rsc->id;
}

/* The exit code with which the command line wants this operation to fail. */
static bool wanted_failure(const struct pretence *p, const struct graph_action *action, const char *name,
                           int *rc)
{
    const struct simulate_list *list = &p->s->options->changes.op_fail;

    for (int i = 0; i < list->n; i++) {
        struct simulate_op op;
        struct hf_error *error = simulate_op_parse(list->at[i], &op);
        if (error != NULL) {
            hf_error_free(error); /* was checked before */
            continue;
        }
        bool match = (strcmp(op.resource, name) == 0 || strcmp(op.resource, action->resource->id) == 0) &&
                     strcmp(op.task, action->task) == 0 && op.interval_ms == action->interval_ms &&
                     strcmp(op.node, action->node_name) == 0;
        if (match) {
            bool infinity = (strcmp(op.task, "start") == 0 &&
                             strcmp(sched_graph(p->output)->failed_start_offset, "INFINITY") == 0) ||
                            strcmp(op.task, "stop") == 0;
            *rc = op.rc;
            hf_buf_printf(&p->s->out, "Pretending action %d failed with rc=%d\n", action->id, op.rc);
            simulate_failcount(p->cib, action->node_name, &op, infinity, p->s->recorded, &p->s->out);
        }
        simulate_op_free(&op);
        if (match)
            return true;
    }
    return false;
}

static int pretend_operation(struct pretence *p, const struct graph_action *action)
{
    const char *name = history_name(p, action->resource);
    struct hf_buf *out = &p->s->out;
    char digest[SCHED_DIGEST_SIZE];

    hf_buf_printf(out, "  * Resource action: %-15s %s", name, action->task);
    if (strcmp(action->task, "delete") == 0) {
        hf_buf_printf(out, " on %s\n", action->node_name);
        return action->target_rc;
    }
    if (action->interval_ms != 0)
        hf_buf_printf(out, "=%lld", (long long)action->interval_ms);
    hf_buf_printf(out, " on %s\n", action->node_name);
    struct history_op op = {.resource = action->resource,
                            .history_name = name,
                            .task = action->task,
                            .interval_ms = action->interval_ms,
                            .node_name = action->node_name,
                            .node_id = action->node_id,
                            .parent_id = action->router_node == NULL ? NULL : action->node_name,
                            .rc = action->target_rc,
                            .target_rc = action->target_rc,
                            .run = p->s->recorded,
                            .changed = p->s->recorded,
                            .exit_reason = "User-injected result",
                            .migrate_source = graph_attr_get(action, "CRM_meta_migrate_source"),
                            .migrate_target = graph_attr_get(action, "CRM_meta_migrate_target"),
                            .feature_set = graph_attr_get(action, "crm_feature_set"),
                            .digest = digest};
    if (strcmp(action->task, "notify") == 0)
        op.notify_key = action->key;
    sched_digest_all(action->attrs, action->n_attrs, digest);
    if (wanted_failure(p, action, name, &op.rc)) {
        struct transition_event abort = {.type = TRANSITION_ABORT,
                                         .priority = TRANSITION_INFINITY,
                                         .then = TRANSITION_RESTART,
                                         .reason = "an operation failed"};
        transition_step(p->transition, &abort);
    }
    history_record(p->cib, &op);
    return op.rc;
}

/* Does what action says to the CIB; returns the exit code. */
static int pretend(struct pretence *p, const struct graph_action *action)
{
    struct hf_buf *out = &p->s->out;

    switch (action->kind) {
    case GRAPH_PSEUDO:
        hf_buf_printf(out, "  * Pseudo action:   %s", action->key);
        if (action->node_name != NULL)
            hf_buf_printf(out, " on %s", action->node_name);
        hf_buf_putc(out, '\n');
        return 0;
    case GRAPH_RSC_OP:
        return pretend_operation(p, action);
    case GRAPH_EVENT:
        hf_buf_printf(out, "  * Cluster action:  %s", action->task);
        if (action->resource != NULL)
            hf_buf_printf(out, " for %s", action->resource->id);
        hf_buf_printf(out, " on %s\n", action->node_name);
        return action->target_rc;
    case GRAPH_FENCE: {
        const char *how = graph_attr_get(action, "CRM_meta_stonith_action");
        hf_buf_printf(out, "  * Fencing %s (%s)\n", action->node_name, how == NULL ? "reboot" : how);
        if (how == NULL || strcmp(how, "on") != 0)
            simulate_node_gone(p->cib, action->node_name);
        return action->target_rc;
    }
    }
    return 0;
}

static void walk(struct pretence *p)
{
    struct transition_event event = {.type = TRANSITION_START};
    const struct graph_action **queue =
        hf_calloc((size_t)sched_graph(p->output)->n_actions + 1, sizeof(*queue));
    int first = 0, last = 0;

    for (;;) {
        struct transition_update update = transition_step(p->transition, &event);
        for (int i = 0; i < update.n_dispatch; i++)
            queue[last++] = update.dispatch[i];
        if (first == last)
            break;
        const struct graph_action *action = queue[first++];
        event = (struct transition_event){.type = TRANSITION_RESULT, .action = action->id};
        event.rc = pretend(p, action);
    }
    free(queue);
}

static void execute(struct simulation *s, const struct sched_output *output)
{
    struct pretence p = {.s = s, .output = output, .cib = xmlDocGetRootElement(s->cib)};

    if (!s->options->quiet)
        hf_buf_puts(&s->out, "\nExecuting Cluster Transition:\n");
    size_t before = s->out.length;
    p.transition = transition_new(sched_graph(output));
    walk(&p);
    struct transition_counts counts = transition_counts(p.transition);
    transition_free(p.transition);
    if (s->options->quiet) {
        s->out.length = before;
        if (s->out.data != NULL)
            s->out.data[before] = '\0';
    }
    if (counts.failed == 0 && counts.waiting > 0)
        fputs("Transition failed: terminated\nAn invalid transition was produced\n", stderr);
}

/* --- one CIB --- */

static struct hf_error *save_graph(const struct options *o, const struct sched_output *output)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_error *error = NULL;

    if (o->save_graph != NULL) {
        graph_to_xml(sched_graph(output), &text);
        error = write_file(o->save_graph, hf_buf_text(&text));
    }
    if (error == NULL && o->save_dot != NULL) {
        hf_buf_reset(&text);
        graph_to_dot(sched_graph(output), &text);
        error = write_file(o->save_dot, hf_buf_text(&text));
    }
    return error;
}

static void show_decisions(struct simulation *s, const struct sched_output *output)
{
    const struct options *o = s->options;

    if (o->scores || o->utilization)
        hf_buf_printf(&s->out, "\n%s:\n",
                      !o->utilization ? "Assignment Scores"
                      : !o->scores    ? "Utilization Information"
                                      : "Assignment Scores and Utilization Information");
    if (o->scores || o->utilization)
        sched_print_scores(output, o->scores && o->quiet ? "" : "  * ", &s->out);
    if (o->quiet)
        return;
    hf_buf_puts(&s->out, "\nTransition Summary:\n");
    sched_print_summary(output, "  ", &s->out);
}

static struct hf_error *decide(struct simulation *s)
{
    const struct options *o = s->options;
    struct sched_output *output = NULL;
    struct hf_error *error = run_scheduler(s, false, &output);

    if (error != NULL)
        return error;
    show_decisions(s, output);
    error = save_graph(o, output);
    if (error == NULL && o->simulate)
        execute(s, output);
    sched_output_free(output);
    return error;
}

static struct hf_error *check_op_fail(const struct simulate_list *list)
{
    for (int i = 0; i < list->n; i++) {
        struct simulate_op op;
        struct hf_error *error = simulate_op_parse(list->at[i], &op);
        if (error != NULL)
            return error;
        simulate_op_free(&op);
    }
    return NULL;
}

static struct hf_error *simulate(struct simulation *s)
{
    const struct options *o = s->options;
    struct hf_error *error = check_op_fail(&o->changes.op_fail);

    if (error == NULL && !o->quiet)
        error = show_status(s, "Current cluster status", true);
    if (error == NULL && simulate_changes_any(&o->changes)) {
        struct hf_buf unused = {0};
        if (!o->quiet)
            hf_buf_putc(&s->out, '\n');
        error = simulate_change(s->cib, &o->changes, s->recorded, o->quiet ? &unused : &s->out);
        hf_buf_free(&unused);
    }
    if (error == NULL && o->save_input != NULL)
        error = write_cib(o->save_input, s->cib);
    if (error == NULL && (o->run || o->simulate))
        error = decide(s);
    if (error == NULL && o->simulate && !o->quiet)
        error = show_status(s, "Revised Cluster Status", false);
    if (error == NULL && o->save_output != NULL)
        error = write_cib(o->save_output, s->cib);
    return error;
}

/* The time of the run: -t, else the CIB's execution-date, else the clock. */
static struct hf_error *find_time(struct simulation *s, char *effective, size_t size)
{
    int64_t recorded;
    const xmlNode *root = xmlDocGetRootElement(s->cib);

    s->now = s->recorded = (int64_t)time(NULL);
    if (s->options->time != NULL) {
        if (!sched_parse_time(s->options->time, s->now, &s->now))
            return hf_error_new(HF_USAGE, "\"%s\" is not a time in ISO 8601", s->options->time);
        snprintf(effective, size, "Setting effective cluster time: %s", s->options->time);
        s->effective = effective;
    } else if (root != NULL && hf_parse_int64(hf_xml_get_or(root, "execution-date", ""), &recorded)) {
        time_t when = (time_t)recorded;
        struct tm tm;
        s->now = recorded;
        if (gmtime_r(&when, &tm) != NULL)
            strftime(effective, size, "Using the original execution date of: %Y-%m-%d %H:%M:%SZ", &tm);
        s->effective = effective;
    }
    return NULL;
}

/* --- many CIBs --- */

static int is_xml(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".xml") == 0;
}

static struct hf_error *profile_one(const struct options *o, const char *path)
{
    struct options one = *o;
    struct simulation s = {.options = &one};
    char effective[128];
    struct hf_error *error = hf_xml_parse_file(path, CIB_LIMIT, &s.cib);
    clock_t start = clock();

    if (error == NULL)
        error = find_time(&s, effective, sizeof(effective));
    for (int i = 0; error == NULL && i < o->repeat; i++) {
        struct sched_output *output = NULL;
        error = run_scheduler(&s, false, &output);
        sched_output_free(output);
    }
    if (error == NULL)
        printf("  * Testing %s ... %.3f secs\n", path, (double)(clock() - start) / CLOCKS_PER_SEC);
    xmlFreeDoc(s.cib);
    return error;
}

static struct hf_error *profile(const struct options *o)
{
    struct dirent **entries;
    struct hf_error *error = NULL;
    int n = scandir(o->profile, &entries, is_xml, alphasort);

    if (n < 0)
        return hf_error_errno(errno, "cannot read the directory %s", o->profile);
    printf("Timings:\n");
    for (int i = 0; i < n; i++) {
        HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/%s", o->profile, entries[i]->d_name);
        if (error == NULL)
            error = profile_one(o, path);
        free(entries[i]);
    }
    free(entries);
    return error;
}

int cmd_simulate(int argc, char **argv, simulate_live_fn *live)
{
    struct options o = {0};
    struct simulation s = {.options = &o};
    struct hf_error *error = NULL;
    char effective[128];
    int code = HF_OK;

    if (parse_options(argc, argv, &o, &code)) {
        if (o.profile != NULL) {
            error = profile(&o);
        } else {
            error = read_cib(&o, live, &s.cib);
            if (error == NULL)
                error = find_time(&s, effective, sizeof(effective));
            if (error == NULL)
                error = simulate(&s);
        }
        fputs(hf_buf_text(&s.out), stdout);
        if (error != NULL) {
            fflush(stdout);
            fprintf(stderr, "simulate: %s\n", hf_error_text(error));
            code = (int)hf_error_kind(error);
            hf_error_free(error);
        }
    }
    xmlFreeDoc(s.cib);
    hf_buf_free(&s.out);
    free_options(&o);
    return code;
}
