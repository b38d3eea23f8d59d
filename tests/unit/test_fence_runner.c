/* test_fence_runner.c - real fence agents on a real loop: the runner alone, then with the fencing machine and
 * the lab's agent on a power switch of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fence/request.h"
#include "fence/runner.h"
#include "lib/buf.h"
#include "lib/xml.h"

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- a place with agents --- */

struct place {
    char directory[32];
    qb_loop_t *loop;
    struct fence_runner *runner;
    int ends;
    int exit_status;
    bool timed_out;
    char *output, *reason;
    uint64_t run;
};

static void write_file(const char *directory, const char *name, const char *text, mode_t mode)
{
    HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/%s", directory, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static char *read_file(const char *directory, const char *name)
{
    HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/%s", directory, name);
    FILE *file = fopen(path, "r");
    char text[4096] = "";

    if (file == NULL)
        return NULL;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return hf_strdup(text);
}

static void done(void *context, const struct fence_end *end)
{
    struct place *place = context;

    place->ends++;
    place->run = end->run;
    place->exit_status = end->exit_status;
    place->timed_out = end->timed_out;
    free(place->output);
    free(place->reason);
    place->output = hf_strdup(end->output);
    place->reason = hf_strdup(end->reason);
    qb_loop_stop(place->loop);
}

static void stop(void *context)
{
    qb_loop_stop(context);
}

static void run_loop(struct place *place, uint64_t limit_ms)
{
    qb_loop_timer_handle timer;

    qb_loop_timer_add(place->loop, QB_LOOP_LOW, limit_ms * 1000000, place->loop, stop, &timer);
    qb_loop_run(place->loop);
    qb_loop_timer_del(place->loop, timer);
}

static int set_up(void **state)
{
    struct place *place = hf_calloc(1, sizeof *place);

    strcpy(place->directory, "/tmp/holdfast-fence.XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    place->loop = qb_loop_create();
    place->runner = fence_runner_new(place->loop, place->directory, done, place);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    HF_CLEANUP(hf_freep) char *command = hf_asprintf("rm -rf %s", place->directory);

    fence_runner_free(place->runner);
    qb_loop_destroy(place->loop);
    free(place->output);
    free(place->reason);
    assert_int_equal(system(command), 0);
    free(place);
    return 0;
}

/* Runs a script as an agent until it ended. */
static void run_agent(struct place *place, const char *script, const char *input, int64_t timeout_ms)
{
    write_file(place->directory, "fence_test", script, 0755);
    fence_runner_run(place->runner, 7, "fence_test", input, timeout_ms);
    run_loop(place, 20000);
    assert_int_equal(place->run, 7);
}

/* --- the runner --- */

static void agent_reads_its_parameters(void **state)
{
    struct place *place = *state;

    run_agent(place, "#!/bin/sh\ncat\n", "action=off\nport=n2\n", 10000);
    assert_int_equal(place->exit_status, 0);
    assert_string_equal(place->output, "action=off\nport=n2\n");
    assert_string_equal(place->reason, "");
}

static void failure_keeps_the_last_word(void **state)
{
    struct place *place = *state;

    run_agent(place, "#!/bin/sh\necho one >&2; printf 'two\\n\\n \\n' >&2; exit 3\n", "", 10000);
    assert_int_equal(place->exit_status, 3);
    assert_string_equal(place->reason, "two");
    run_agent(place, "#!/bin/sh\nkill -9 $$\n", "", 10000);
    assert_int_equal(place->exit_status, 256);
}

static void what_cannot_be_run_is_told_from_the_loop(void **state)
{
    struct place *place = *state;

    fence_runner_run(place->runner, 9, "fence_none", "", 10000);
    assert_int_equal(place->ends, 0);
    run_loop(place, 20000);
    assert_int_equal(place->ends, 1);
    assert_int_equal(place->exit_status, 256);
    assert_non_null(strstr(place->reason, "fence_none: No such file or directory"));
    fence_runner_run(place->runner, 10, "../../bin/sh", "", 10000);
    run_loop(place, 20000);
    assert_int_equal(place->exit_status, 256);
    assert_string_equal(place->reason, "'../../bin/sh' is not the name of a fence agent");
}

static void a_late_agent_is_ended_with_all_it_started(void **state)
{
    struct place *place = *state;
    int64_t began = now_ms();
    HF_CLEANUP(hf_freep) char *pids = NULL;
    HF_CLEANUP(hf_freep)
    char *script =
        hf_asprintf("#!/bin/sh\ntrap '' TERM\nsleep 300 &\necho $! $$ >%s/pids\nwait\nwait\nsleep 300\n",
                    place->directory);
    int child, parent;

    run_agent(place, script, "", 200);
    assert_true(place->timed_out);
    assert_true(now_ms() - began < 15000);
    pids = read_file(place->directory, "pids");
    assert_non_null(pids);
    assert_int_equal(sscanf(pids, "%d %d", &child, &parent), 2);
    for (int i = 0; i < 100 && kill(child, 0) == 0; i++)
        usleep(20000);
    /* Killed; in a container without an init it may stay as a zombie. */
    HF_CLEANUP(hf_freep) char *proc = hf_asprintf("/proc/%d", child);
    HF_CLEANUP(hf_freep) char *status = read_file(proc, "status");

    assert_true(status == NULL || strstr(status, "State:\tZ") != NULL);
    assert_int_equal(kill(parent, 0), -1);
}

static void endless_output_is_bounded(void **state)
{
    struct place *place = *state;

    run_agent(
        place,
        "#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' x\nhead -c 3000000 /dev/zero | tr '\\0' y >&2\n"
        "echo last >&2\n",
        "", 60000);
    assert_int_equal(place->exit_status, 0);
    assert_true(strlen(place->output) >= FENCE_OUTPUT_MAX &&
                strlen(place->output) <= FENCE_OUTPUT_MAX + 4096);
    assert_true(strlen(place->reason) <= 4096);
}

static void a_forgotten_agent_says_nothing(void **state)
{
    struct place *place = *state;

    write_file(place->directory, "fence_test", "#!/bin/sh\nsleep 300\n", 0755);
    fence_runner_run(place->runner, 3, "fence_test", "", 100000);
    fence_runner_forget(place->runner, 3);
    fence_runner_forget(place->runner, 99);
    run_loop(place, 500);
    assert_int_equal(place->ends, 0);
    fence_runner_run(place->runner, 4, "fence_test", "", 100000); /* freed with the runner */
}

/* --- with the machine and the lab's agent --- */

struct cluster {
    struct place *place;
    struct fencing *fencing;
    struct fence_config *config;
    struct hf_buf log;
    bool decided;
};

static void run_order(struct cluster *cluster, const struct fence_update *update)
{
    const struct fence_device *device = fence_config_device(cluster->config, update->device);
    HF_CLEANUP(hf_buf_free) struct hf_buf input = {0};

    assert_non_null(device);
    fence_device_input(device, update->action, update->target, update->parameter, &input);
    fence_runner_run(cluster->place->runner, update->run, device->agent, hf_buf_text(&input),
                     update->timeout_ms);
}

static void perform(struct cluster *cluster, struct fence_updates updates)
{
    for (size_t i = 0; i < updates.count; i++) {
        const struct fence_update *update = &updates.item[i];

        if (update->order == FENCE_RUN) {
            hf_buf_printf(&cluster->log, "%s ", fence_action_name(update->action));
            run_order(cluster, update);
        } else if (update->order == FENCE_FORGET) {
            fence_runner_forget(cluster->place->runner, update->run);
        } else if (update->order == FENCE_VERDICT) {
            hf_buf_printf(&cluster->log, "%s%s%s ", update->done ? "done" : "failed",
                          update->reason != NULL ? ": " : "", update->reason != NULL ? update->reason : "");
            cluster->decided = true;
        }
    }
}

static void step(struct cluster *cluster, struct fence_event event)
{
    event.now = now_ms();
    struct fence_updates updates = fencing_step(cluster->fencing, &event);

    perform(cluster, updates);
    fence_updates_free(&updates);
}

static void agent_ended(void *context, const struct fence_end *end)
{
    struct cluster *cluster = context;

    step(cluster, (struct fence_event){.type = FENCE_RESULT,
                                       .run = end->run,
                                       .exit_status = end->exit_status,
                                       .timed_out = end->timed_out,
                                       .output = end->output,
                                       .reason = end->reason});
    if (cluster->decided)
        qb_loop_stop(cluster->place->loop);
}

static void install_lab_agent(const struct place *place)
{
    const char *top = getenv("srcdir");
    HF_CLEANUP(hf_freep)
    char *command =
        hf_asprintf("cp %s/fence/fence_holdfast_lab %s/", top != NULL ? top : ".", place->directory);

    assert_int_equal(system(command), 0);
}

static const char lab_configuration[] =
    "<configuration><resources><primitive id='lab' class='stonith' type='fence_holdfast_lab'>"
    "<instance_attributes id='p'><nvpair id='p1' name='directory' value='%s'/>"
    "<nvpair id='p2' name='pcmk_reboot_retries' value='1'/></instance_attributes></primitive></resources>"
    "</configuration>";

static struct cluster begin(struct place *place)
{
    struct cluster cluster = {.place = place, .fencing = fencing_new("n1", 1)};

    fence_runner_free(place->runner);
    install_lab_agent(place);
    return cluster;
}

static void configure(struct cluster *cluster, const char *switches)
{
    HF_CLEANUP(hf_freep) char *text = hf_asprintf(lab_configuration, switches);
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;

    cluster->place->runner =
        fence_runner_new(cluster->place->loop, cluster->place->directory, agent_ended, cluster);
    assert_null(hf_xml_parse(text, strlen(text), "test", &document));
    cluster->config = fence_config_read(xmlDocGetRootElement(document), NULL, NULL, NULL);
    step(cluster, (struct fence_event){.type = FENCE_RIGHT, .right = true});
    step(cluster,
         (struct fence_event){.type = FENCE_CONFIGURE,
                              .config = fence_config_read(xmlDocGetRootElement(document), NULL, NULL, NULL)});
}

static void fence(struct cluster *cluster, enum fence_action action, const char *target)
{
    cluster->decided = false;
    hf_buf_reset(&cluster->log);
    step(cluster, (struct fence_event){.type = FENCE_REQUEST, .target = target, .action = action});
    if (!cluster->decided)
        run_loop(cluster->place, 60000);
}

/* Metadata, list and off of a real agent, from the request to the switch. */
static void a_node_is_switched_off_for_real(void **state)
{
    struct place *place = *state;
    struct cluster cluster = begin(place);
    HF_CLEANUP(hf_freep) char *switches = hf_asprintf("%s/switches", place->directory);
    HF_CLEANUP(hf_freep) char *power = NULL;
    HF_CLEANUP(hf_freep) char *again = NULL;

    assert_int_equal(mkdir(switches, 0755), 0);
    write_file(switches, "n1", "on\n", 0644);
    write_file(switches, "n2", "on\n", 0644);
    configure(&cluster, switches);
    fence(&cluster, FENCE_OFF, "n2");
    assert_string_equal(hf_buf_text(&cluster.log), "list off done ");
    power = read_file(switches, "n2");
    assert_string_equal(power, "off\n");
    fence(&cluster, FENCE_REBOOT, "n2");
    assert_string_equal(hf_buf_text(&cluster.log), "reboot done ");
    again = read_file(switches, "n2");
    assert_string_equal(again, "on\n");
    fence(&cluster, FENCE_OFF, "n3");
    assert_string_equal(hf_buf_text(&cluster.log),
                        "failed: there is no fence device that can do 'off' to node 'n3' ");
    fencing_free(cluster.fencing);
    fence_config_free(cluster.config);
    hf_buf_free(&cluster.log);
}

/* The switch is gone: list fails, status fails, and the reason says where to look. */
static void a_missing_switch_is_a_failure_with_words(void **state)
{
    struct place *place = *state;
    struct cluster cluster = begin(place);

    configure(&cluster, "/nonexistent/switch");
    fence(&cluster, FENCE_REBOOT, "n2");
    assert_string_equal(
        hf_buf_text(&cluster.log),
        "list status failed: there is no fence device that can do 'reboot' to node 'n2'; lab: list: "
        "fence_holdfast_lab: [Errno 2] No such file or directory: '/nonexistent/switch'; lab: "
        "status: fence_holdfast_lab: [Errno 2] No such file or directory: "
        "'/nonexistent/switch/n2' ");
    fencing_free(cluster.fencing);
    fence_config_free(cluster.config);
    hf_buf_free(&cluster.log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(agent_reads_its_parameters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failure_keeps_the_last_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_run_is_told_from_the_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_late_agent_is_ended_with_all_it_started, set_up, tear_down),
        cmocka_unit_test_setup_teardown(endless_output_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_forgotten_agent_says_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_node_is_switched_off_for_real, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_switch_is_a_failure_with_words, set_up, tear_down),
    };

    hf_xml_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
