/* simulate.c - see simulate.h. */
#include "cli/simulate.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/simulate_run.h"
#include "lib/region.h"
#include "lib/xml.h"
#include "lib/zone.h"

enum {
    CIB_LIMIT = 512 << 20,
    MAX_ROUNDS = 10, /* decisions after failures that the command line asked for */
};

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

static struct hf_error *read_cib(const struct simulate_options *o, const struct simulate_host *host,
                                 xmlDoc **cib)
{
    struct hf_error *error;

    if (o->pipe)
        error = read_stdin(cib);
    else if (o->file != NULL)
        error = hf_xml_parse_file(o->file, CIB_LIMIT, cib);
    else if (host->live == NULL)
        error = hf_error_new(HF_USAGE, "give a CIB with -x FILE: there is no running cluster to ask");
    else
        error = host->live(host->context, cib);
    if (error == NULL && !hf_xml_is(xmlDocGetRootElement(*cib), "cib"))
        error = hf_error_new(HF_REFUSED, "%s: the root element is not <cib>, expected a CIB",
                             o->file != NULL ? o->file : "the input");
    return error;
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
                                .utc_offset = hf_utc_offset(s->now),
                                .status_only = status_only,
                                .transition_id = 0,
                                .sanitized = true,
                                .show_scores = s->options->scores,
                                .show_utilization = s->options->utilization};
    return sched_run(s->cib, &input, output);
}

/* What keeps resources from being looked after; whether there was anything to say. */
static bool show_disabled(struct simulation *s, const struct status_model *model)
{
    bool said = false;

    if (model->maintenance_mode) {
        hf_buf_puts(&s->out, "\n              *** Resource management is DISABLED ***\n"
                             "  The cluster will not attempt to start, stop or recover services\n");
        said = true;
    }
    if (model->n_disabled == 0 && model->n_blocked == 0)
        return said;
    hf_buf_printf(
        &s->out, "%s%d of %d resource instances DISABLED and %d BLOCKED from further action due to failure\n",
        said ? "\n" : "", model->n_disabled, model->n_resources_total, model->n_blocked);
    return true;
}

/* Whether the decision is about the very state that is shown first: then one run of the scheduler does for
 * both.  What -A and -c show is read from what the decision changes. */
static bool decides_at_once(const struct simulate_options *o)
{
    return (o->run || o->simulate) && !o->quiet && !o->attributes && !o->failcounts &&
           !simulate_changes_any(&o->changes);
}

static struct hf_error *show_status(struct simulation *s, const char *title, struct sched_output **output)
{
    const struct simulate_options *o = s->options;
    bool first = output == &s->before;
    unsigned flags = first ? STATUS_SIMULATE : STATUS_SHOW_INACTIVE;
    struct hf_error *error = run_scheduler(s, !(first && decides_at_once(s->options)), output);

    if (error != NULL)
        return error;
    if (s->effective != NULL)
        hf_buf_printf(&s->out, "%s\n", s->effective);
    if (!first || show_disabled(s, sched_status(*output)))
        hf_buf_putc(&s->out, '\n');
    if (o->attributes)
        flags |= STATUS_SHOW_ATTRIBUTES;
    if (o->failcounts)
        flags |= STATUS_SHOW_FAILCOUNTS | STATUS_SHOW_FAILED | STATUS_SHOW_TECHNICAL;
    hf_buf_printf(&s->out, "%s:\n", title);
    sched_print_status(*output, flags, "  ", &s->out);
    return NULL;
}

static void show_decision(struct simulation *s, struct sched_output *output)
{
    const struct simulate_options *o = s->options;

    if (o->scores || o->utilization) {
        if (!o->scores || !o->quiet)
            hf_buf_printf(&s->out, "%s%s:\n", s->out.length > 0 ? "\n" : "",
                          !o->utilization ? "Assignment Scores"
                          : !o->scores    ? "Utilization Information"
                                          : "Assignment Scores and Utilization Information");
        sched_print_scores(output, o->scores && o->quiet ? "" : "  * ", &s->out);
    }
    if (o->quiet)
        return;
    hf_buf_puts(&s->out, "\nTransition Summary:\n");
    sched_print_summary(output, "  ", &s->out);
}

static void execute(struct simulation *s, struct simulate_round *round)
{
    if (!s->options->quiet)
        hf_buf_puts(&s->out, "\nExecuting Cluster Transition:\n");
    size_t before = s->out.length;
    simulate_walk(s, round);
    if (s->options->quiet && s->out.data != NULL) {
        s->out.length = before;
        s->out.data[before] = '\0';
    }
}

static struct hf_error *save_graph(const struct simulate_options *o, const struct sched_output *output)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_error *error = NULL;

    if (o->save_graph != NULL) {
        graph_to_xml(sched_graph(output), &text);
        error = write_file(o->save_graph, hf_buf_text(&text));
    }
    if (error == NULL && o->save_dot != NULL) {
        hf_buf_reset(&text);
        sched_print_dot(output, o->all_actions, o->verbose, &text);
        error = write_file(o->save_dot, hf_buf_text(&text));
    }
    return error;
}

/* One decision and what follows.  The files have the first. */
static struct hf_error *decide_once(struct simulation *s, bool *again)
{
    const struct simulate_options *o = s->options;
    struct simulate_round *round;
    struct hf_error *error = NULL;

    s->rounds = hf_realloc(s->rounds, (size_t)s->n_rounds + 1, sizeof(*s->rounds));
    round = &s->rounds[s->n_rounds++];
    *round = (struct simulate_round){0};
    *again = false;
    if (s->n_rounds == 1 && decides_at_once(o))
        round->decision = s->before;
    else
        error = run_scheduler(s, false, &round->decision);
    if (error != NULL)
        return error;
    show_decision(s, round->decision);
    if (s->n_rounds == 1)
        error = save_graph(o, round->decision);
    if (error == NULL && o->simulate)
        execute(s, round);
    *again = round->went_wrong;
    return error;
}

/* After a failure that a what-if asked for the cluster would decide anew: so does this. */
static struct hf_error *decide(struct simulation *s)
{
    struct hf_error *error = NULL;
    bool again = true;

    while (again && error == NULL && s->n_rounds < MAX_ROUNDS)
        error = decide_once(s, &again);
    if (again && error == NULL)
        hf_buf_printf(&s->out, "\nThe operation failed %d times: what happens after that is not shown.\n",
                      MAX_ROUNDS);
    return error;
}

/* An operation of a what-if that nobody wants to do: better said than left open.  Monitors have failed
 * before. */
static void show_unused(struct simulation *s)
{
    const struct simulate_list *list = &s->options->changes.op_fail;

    for (int i = 0; s->options->simulate && i < list->n; i++) {
        struct simulate_op op;
        struct hf_error *error = simulate_op_parse(list->at[i], &op);
        if (error == NULL && op.what_if && strcmp(op.task, "monitor") != 0 && !s->fired[i])
            hf_buf_printf(&s->out, "\n%s was not done, so it did not fail.\n", list->at[i]);
        hf_error_free(error); /* was checked before */
        simulate_op_free(&op);
    }
}

static struct hf_error *change(struct simulation *s, const struct simulate_host *host)
{
    const struct simulate_changes *changes = &s->options->changes;
    struct hf_error *error;

    if (changes->files.n > 0 && host->change == NULL)
        return hf_error_new(HF_USAGE, "this program cannot read changes of the configuration");
    error = simulate_change(s->cib, changes, s->recorded, host->change, &s->notes);
    if (s->options->quiet || s->notes.n == 0)
        return error;
    hf_buf_puts(&s->out, "\nPerforming Requested Modifications:\n");
    for (int i = 0; i < s->notes.n; i++)
        simulate_note_text(&s->notes.at[i], &s->out);
    if (s->effective != NULL)
        hf_buf_printf(&s->out, "%s\n", s->effective);
    return error;
}

static struct hf_error *check_ops(const struct simulate_list *list)
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

static struct hf_error *simulate(struct simulation *s, const struct simulate_host *host)
{
    const struct simulate_options *o = s->options;
    struct hf_error *error = check_ops(&o->changes.op_fail);

    s->fired = hf_calloc((size_t)o->changes.op_fail.n + 1, sizeof(*s->fired));
    if (error == NULL)
        error = check_ops(&o->changes.op_inject);
    if (error == NULL && !o->quiet)
        error = show_status(s, "Current cluster status", &s->before);
    if (error == NULL && simulate_changes_any(&o->changes))
        error = change(s, host);
    if (error == NULL && o->save_input != NULL)
        error = write_cib(o->save_input, s->cib);
    if (error == NULL && (o->run || o->simulate))
        error = decide(s);
    if (error == NULL && !o->quiet)
        show_unused(s);
    if (error == NULL && o->simulate && !o->quiet)
        error = show_status(s, "Revised Cluster Status", &s->after);
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
    return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".xml") == 0;
}

static struct hf_error *profile_one(const struct simulate_options *o, const char *path)
{
    struct simulation s = {.options = o};
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

static struct hf_error *profile(const struct simulate_options *o)
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

/* --- the command --- */

static void simulation_free(struct simulation *s)
{
    for (int i = 0; i < s->n_rounds; i++) {
        for (int j = 0; j < s->rounds[i].n_steps; j++)
            free(s->rounds[i].steps[j].resource);
        free(s->rounds[i].steps);
        if (s->rounds[i].decision != s->before)
            sched_output_free(s->rounds[i].decision);
    }
    free(s->rounds);
    free(s->fired);
    sched_output_free(s->before);
    sched_output_free(s->after);
    simulate_notes_free(&s->notes);
    hf_buf_free(&s->out);
    xmlFreeDoc(s->cib);
}

static struct hf_error *print(struct simulation *s, int argc, char **argv, int code)
{
    const struct simulate_options *o = s->options;
    HF_CLEANUP(hf_freep)
    char *made = o->format == SIMULATE_XML    ? simulate_xml(s, argc, argv, code)
                 : o->format == SIMULATE_JSON ? simulate_json(s)
                                              : NULL;
    const char *text = made != NULL ? made : hf_buf_text(&s->out);

    if (o->output_to != NULL && strcmp(o->output_to, "-") != 0)
        return write_file(o->output_to, text);
    fputs(text, stdout);
    return NULL;
}

static struct hf_error *run(struct simulation *s, const struct simulate_host *host)
{
    char effective[128];
    struct hf_error *error = read_cib(s->options, host, &s->cib);

    if (error == NULL)
        error = find_time(s, effective, sizeof(effective));
    if (error == NULL)
        error = simulate(s, host);
    s->effective = NULL;
    return error;
}

int cmd_simulate(int argc, char **argv, const struct simulate_host *host)
{
    struct simulate_options o = {.format = host->json ? SIMULATE_JSON : SIMULATE_TEXT};
    struct simulation s = {.options = &o};
    struct hf_error *error = NULL;
    int code = HF_OK;
    bool kept = host->once && hf_region_begin();

    if (simulate_options_read(argc, argv, &o, &code)) {
        error = o.profile != NULL ? profile(&o) : run(&s, host);
        code = error != NULL ? (int)hf_error_kind(error) : HF_OK;
        if (o.profile == NULL && (error == NULL || o.format != SIMULATE_JSON)) {
            struct hf_error *printing = print(&s, argc, argv, code);
            error = error != NULL ? error : printing;
            if (error != printing)
                hf_error_free(printing);
        }
        if (error != NULL) {
            fflush(stdout);
            fprintf(stderr, "simulate: %s\n", hf_error_text(error));
            code = (int)hf_error_kind(error);
            hf_error_free(error);
        }
    }
    if (kept)
        s.cib = NULL;
    simulation_free(&s);
    simulate_options_free(&o);
    return code;
}
