/* test_runner_process.c - the real holdfast-runner with real processes: agents that behave and agents that do
 * not, clients that are killed, a runner that is killed, and bytes that are no frames.
 *
 * Runs as anybody, in a folder of its own; HOLDFAST_RUNNER names the program (./holdfast-runner). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <qb/qbloop.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/runner/client.h"
#include "lib/alloc.h"

/* A folder with an OCF root in it, a runner that serves it, and a client. */
struct world {
    char *folder, *socket, *agents;
    pid_t runner;
    qb_loop_t *loop;
    struct runner_client *client;
    uint64_t last_id;
    struct runner_result *results; /* all that came, in order */
    size_t result_count, result_capacity;
    size_t history_count, inflight_count, ends;
    size_t attached, attached_same, detached;
    bool acknowledge;
    bool late;
};

/* --- the world --- */

static void on_attached(void *context, bool same)
{
    struct world *world = context;

    world->attached++;
    world->attached_same += same;
    qb_loop_stop(world->loop);
}

static void on_detached(void *context)
{
    struct world *world = context;

    world->detached++;
    qb_loop_stop(world->loop);
}

static void on_result(void *context, const struct runner_result *result)
{
    struct world *world = context;

    hf_grow(&world->results, &world->result_capacity, world->result_count + 1, sizeof(*world->results));
    runner_result_copy(&world->results[world->result_count++], result);
    if (world->acknowledge)
        runner_client_ack(world->client, result->sequence);
    qb_loop_stop(world->loop);
}

static void on_history(void *context, const struct runner_result *entry)
{
    struct world *world = context;

    world->history_count++;
    world->inflight_count += entry->history == RUNNER_INFLIGHT;
}

static void on_history_end(void *context)
{
    struct world *world = context;

    world->ends++;
    qb_loop_stop(world->loop);
}

static const struct runner_client_hooks hooks = {.attached = on_attached,
                                                 .detached = on_detached,
                                                 .result = on_result,
                                                 .history = on_history,
                                                 .history_end = on_history_end};

static void on_late(void *data)
{
    struct world *world = data;

    world->late = true;
    qb_loop_stop(world->loop);
}

/* Runs the loop until *counter has reached the value; fails the test after 20 s. */
static void wait_for(struct world *world, const size_t *counter, size_t value)
{
    qb_loop_timer_handle timer;

    world->late = false;
    qb_loop_timer_add(world->loop, QB_LOOP_LOW, 20 * 1000000000ULL, world, on_late, &timer);
    while (*counter < value && !world->late)
        qb_loop_run(world->loop);
    if (*counter < value)
        fail_msg("20 s passed: %zu of %zu came", *counter, value);
    qb_loop_timer_del(world->loop, timer);
}

static void start_client(struct world *world)
{
    const struct runner_client_settings settings = {.socket = world->socket, .program = ""};

    world->client = runner_client_new(world->loop, &settings, &hooks, world);
}

static const char *runner_program(void)
{
    const char *program = getenv("HOLDFAST_RUNNER");

    return program == NULL ? "./holdfast-runner" : program;
}

static void start_runner(struct world *world)
{
    world->runner = fork();
    if (world->runner == 0) {
        execl(runner_program(), "holdfast-runner", "--foreground", "--socket", world->socket, "--agents",
              world->agents, NULL);
        _exit(127);
    }
}

static void stop_runner(struct world *world, int number)
{
    int status;

    kill(world->runner, number);
    waitpid(world->runner, &status, 0);
    world->runner = 0;
}

static void write_agent(struct world *world, const char *name, const char *body)
{
    HF_CLEANUP(hf_freep)
    char *path = hf_asprintf("%s/resource.d/test/%s", world->agents, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file, "#!/bin/sh\ncd %s\n%s\n", world->folder, body);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
}

static void make_folder(const char *format, const char *top)
{
    HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s%s", top, format);

    assert_int_equal(mkdir(path, 0755), 0);
}

static int setup(void **state)
{
    struct world *world = hf_calloc(1, sizeof(*world));
    char template[] = "/tmp/holdfast-runner-test-XXXXXX";

    world->folder = hf_strdup(mkdtemp(template));
    world->socket = hf_asprintf("%s/run/runner.sock", world->folder);
    world->agents = hf_asprintf("%s/ocf", world->folder);
    make_folder("/ocf", world->folder);
    make_folder("/ocf/resource.d", world->folder);
    make_folder("/ocf/resource.d/test", world->folder);
    world->loop = qb_loop_create();
    world->acknowledge = true;
    start_runner(world);
    start_client(world);
    *state = world;
    return 0;
}

static bool exists(struct world *world, const char *name)
{
    HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/%s", world->folder, name);

    return access(path, F_OK) == 0;
}

static int raw_connection(struct world *world)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", world->socket);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* A runner that the client started is not our child: the socket says who it is. */
static void end_the_one_that_serves(struct world *world)
{
    struct ucred credentials;
    socklen_t length = sizeof(credentials);
    int fd = raw_connection(world);

    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length), 0);
    close(fd);
    kill(credentials.pid, SIGTERM);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    return remove(path);
}

static int teardown(void **state)
{
    struct world *world = *state;

    runner_client_free(world->client);
    qb_loop_destroy(world->loop);
    if (world->runner > 0)
        stop_runner(world, SIGKILL);
    else if (exists(world, "run/runner.sock"))
        end_the_one_that_serves(world);
    nftw(world->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    while (world->result_count > 0)
        runner_result_clear(&world->results[--world->result_count]);
    free(world->results);
    free(world->folder);
    free(world->socket);
    free(world->agents);
    free(world);
    return 0;
}

static void ask_with(struct world *world, const char *agent, const char *operation, uint32_t interval_ms,
                     uint32_t timeout_ms, const char *value)
{
    struct runner_call call = {.id = ++world->last_id,
                               .resource = (char *)agent,
                               .operation = (char *)operation,
                               .interval_ms = interval_ms,
                               .timeout_ms = timeout_ms,
                               .class = (char *)"ocf",
                               .provider = (char *)"test",
                               .type = (char *)agent,
                               .userdata = (void *)(uintptr_t) "opaque",
                               .userdata_length = 6};
    struct runner_param param = {(char *)"value", (char *)(uintptr_t)value};

    if (value != NULL) {
        call.params = &param;
        call.param_count = 1;
    }
    assert_null(runner_client_run(world->client, &call));
}

static void ask(struct world *world, const char *agent, const char *operation, uint32_t timeout_ms)
{
    ask_with(world, agent, operation, 0, timeout_ms, NULL);
}

/* The result that came as number index (from 0), waited for. */
static const struct runner_result *result(struct world *world, size_t index)
{
    wait_for(world, &world->result_count, index + 1);
    return &world->results[index];
}

static char *content(struct world *world, const char *name)
{
    HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/%s", world->folder, name);
    FILE *file = fopen(path, "r");
    char *text = hf_calloc(1, 4096);

    assert_non_null(file);
    text[fread(text, 1, 4095, file)] = '\0';
    fclose(file);
    return text;
}

static void nap(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void wait_for_file(struct world *world, const char *name)
{
    for (int i = 0; i < 2000 && !exists(world, name); i++)
        nap(10);
    assert_true(exists(world, name));
}

static void wait_for_file_while_looping(struct world *world, const char *name)
{
    /* The answer to a list comes behind what was asked before it. */
    for (size_t i = 0; i < 200 && !exists(world, name); i++) {
        runner_client_list(world->client);
        wait_for(world, &world->ends, i + 1);
        nap(10);
    }
    assert_true(exists(world, name));
    world->ends = world->history_count = world->inflight_count = 0;
}

/* Whether the process whose id is in the file is gone (or a zombie), within a second. */
static bool gone(struct world *world, const char *name)
{
    HF_CLEANUP(hf_freep) char *text = content(world, name);
    HF_CLEANUP(hf_freep) char *path = hf_asprintf("/proc/%d/stat", atoi(text));

    for (int i = 0; i < 100; i++) {
        char line[256] = "";
        FILE *file = fopen(path, "r");

        if (file == NULL)
            return true;
        if (fgets(line, sizeof(line), file) == NULL || strstr(line, ") Z") != NULL) {
            fclose(file);
            return true;
        }
        fclose(file);
        nap(10);
    }
    return false;
}

/* --- stories --- */

static void an_agent_runs_as_the_api_says(void **state)
{
    struct world *world = *state;

    write_agent(world, "good",
                "echo \"$OCF_RESKEY_value|$OCF_RESOURCE_INSTANCE|$OCF_ROOT|$1|$PATH\" > seen\n"
                "read x && echo stdin-not-empty >> seen\n"
                "ls /proc/self/fd > fds\n"
                "grep -E 'SigBlk|SigIgn' /proc/self/status > signals\n"
                "readlink /proc/$$/cwd > cwd; umask > mask\n"
                "awk '{print ($5 == $1)}' /proc/$$/stat > group\n"
                "echo warn >&2; exit 7");
    ask_with(world, "good", "monitor", 0, 10000, "a 'b' $c\nd");

    const struct runner_result *one = result(world, 0);
    unsigned long long blocked, ignored;

    assert_int_equal(one->status, RUNNER_DONE);
    assert_int_equal(one->rc, 7);
    assert_string_equal(one->output, "warn\n");
    assert_memory_equal(one->userdata, "opaque", 6);

    HF_CLEANUP(hf_freep) char *seen = content(world, "seen");
    HF_CLEANUP(hf_freep) char *signals = content(world, "signals");
    HF_CLEANUP(hf_freep) char *fds = content(world, "fds");
    HF_CLEANUP(hf_freep) char *mask = content(world, "mask");
    HF_CLEANUP(hf_freep) char *group = content(world, "group");
    HF_CLEANUP(hf_freep) char *expected = hf_asprintf("a 'b' $c\nd|good|%s|monitor|", world->agents);

    assert_memory_equal(seen, expected, strlen(expected));
    assert_null(strstr(seen, "stdin-not-empty"));
    assert_non_null(strstr(seen, "/holdfast/compat:"));
    assert_int_equal(sscanf(signals, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0);
    /* 32 and 33 are glibc's own, which it lets nobody change. */
    assert_int_equal(ignored & ~0x180000000ULL, 0);
    assert_string_equal(mask, "0026\n");
    assert_string_equal(group, "1\n");
    /* 0 to 2, and the folder that ls reads. */
    assert_string_equal(fds, "0\n1\n2\n3\n");
}

static void a_missing_agent_and_one_that_may_not_run(void **state)
{
    struct world *world = *state;
    HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/resource.d/test/closed", world->agents);

    ask(world, "nowhere", "start", 1000);
    assert_int_equal(result(world, 0)->rc, RUNNER_OCF_NOT_INSTALLED);
    assert_int_equal(result(world, 0)->status, RUNNER_NOT_INSTALLED);
    assert_non_null(strstr(result(world, 0)->reason, "/ocf/resource.d/test/nowhere: No such file"));
    write_agent(world, "closed", "exit 0");
    chmod(path, 0644);
    ask(world, "closed", "start", 1000);
    assert_int_equal(result(world, 1)->rc, RUNNER_OCF_INSUFFICIENT_PRIV);
    assert_int_equal(result(world, 1)->status, RUNNER_ERROR);
    assert_non_null(strstr(result(world, 1)->reason, "Permission denied"));
}

static void an_exit_reason_survives_ten_megabytes(void **state)
{
    struct world *world = *state;

    write_agent(world, "loud",
                "echo ocf-exit-reason:the disk is on fire >&2\n"
                "head -c 10000000 /dev/zero | tr '\\0' 'x' | fold -w 79 >&2\n"
                "head -c 10000000 /dev/zero\n"
                "echo the last line >&2; exit 1");
    ask(world, "loud", "start", 20000);

    const struct runner_result *one = result(world, 0);

    assert_int_equal(one->status, RUNNER_DONE);
    assert_int_equal(one->rc, 1);
    assert_string_equal(one->reason, "the disk is on fire");
    assert_true(strlen(one->output) <= RUNNER_OUTPUT_MAX);
    assert_non_null(strstr(one->output, "the last line\n"));
}

static void an_agent_without_output_streams(void **state)
{
    struct world *world = *state;

    write_agent(world, "mute", "exec >&- 2>&-\nsleep 0.2\nexit 3");
    ask(world, "mute", "start", 10000);
    assert_int_equal(result(world, 0)->status, RUNNER_DONE);
    assert_int_equal(result(world, 0)->rc, 3);
}

static void a_daemon_may_keep_the_pipes_and_lives_on(void **state)
{
    struct world *world = *state;

    write_agent(world, "service", "sleep 30 & echo $! > daemon; echo started; exit 0");
    ask(world, "service", "start", 10000);
    assert_int_equal(result(world, 0)->rc, 0);
    assert_string_equal(result(world, 0)->output, "started\n");
    assert_true(result(world, 0)->exec_ms < 10000);
    assert_false(gone(world, "daemon"));

    HF_CLEANUP(hf_freep) char *pid = content(world, "daemon");

    kill(atoi(pid), SIGKILL);
}

static void a_late_agent_goes_with_all_its_children(void **state)
{
    struct world *world = *state;

    write_agent(world, "stubborn",
                "trap '' TERM\n"
                "sh -c 'trap \"\" TERM; echo $$ > grandchild; while :; do sleep 1; done' &\n"
                "echo ocf-exit-reason:still waiting >&2\n"
                "while :; do sleep 1; done");
    ask(world, "stubborn", "start", 300);

    const struct runner_result *one = result(world, 0);

    assert_int_equal(one->status, RUNNER_TIMEOUT);
    assert_int_equal(one->rc, RUNNER_OCF_ERROR);
    assert_string_equal(one->reason, "start of stubborn did not complete within 300 ms: still waiting");
    assert_true(one->exec_ms >= 5300);
    assert_true(gone(world, "grandchild"));
}

static void a_late_agent_may_clean_up_on_term(void **state)
{
    struct world *world = *state;

    write_agent(world, "polite", "trap 'echo bye > farewell; exit 0' TERM\nwhile :; do sleep 0.1; done");
    ask(world, "polite", "start", 300);
    assert_int_equal(result(world, 0)->status, RUNNER_TIMEOUT);
    assert_true(exists(world, "farewell"));
    assert_true(result(world, 0)->exec_ms < 5000);
}

static void a_killed_agent_is_an_error_that_names_the_signal(void **state)
{
    struct world *world = *state;

    write_agent(world, "dies", "kill -SEGV $$");
    ask(world, "dies", "monitor", 10000);
    assert_int_equal(result(world, 0)->status, RUNNER_ERROR);
    assert_string_equal(result(world, 0)->reason, "monitor was killed by signal 11 (Segmentation fault)");
}

/* The file grows by so many bytes. */
static void wait_for_growth(struct world *world, const char *name, size_t bytes)
{
    HF_CLEANUP(hf_freep) char *before = content(world, name);

    for (int i = 0; i < 2000; i++) {
        HF_CLEANUP(hf_freep) char *now = content(world, name);

        if (strlen(now) >= strlen(before) + bytes)
            return;
        nap(10);
    }
    fail_msg("%s does not grow", name);
}

/* Another process that is the owner, asks, and is killed before it acknowledges. */
static void asker_that_is_killed(struct world *world)
{
    pid_t pid = fork();

    if (pid == 0) {
        world->client = NULL;
        world->loop = qb_loop_create();
        world->acknowledge = false;
        start_client(world);
        ask(world, "quick", "start", 10000);
        ask(world, "slow", "start", 30000);
        ask_with(world, "quick", "monitor", 100, 10000, NULL);
        wait_for(world, &world->result_count, 2);
        while (true)
            pause();
    }
    wait_for_file(world, "slow-runs");
    wait_for_file(world, "monitored");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void nothing_is_lost_when_the_client_is_killed(void **state)
{
    struct world *world = *state;

    wait_for(world, &world->attached, 1);
    runner_client_free(world->client);
    write_agent(
        world, "quick",
        "[ $1 != monitor ] || { [ -e broken ]; healthy=$?; echo x >> monitored; exit $((! healthy)); }\n"
        "exit 0"); /* its mind is made up before it leaves a trace */
    write_agent(world, "slow", "touch slow-runs\nwhile ! [ -e go ]; do sleep 0.05; done\nexit 0");
    asker_that_is_killed(world);
    /* Alone, the runner goes on: the monitor runs, and what it finds is kept. */
    {
        HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/broken", world->folder);

        fclose(fopen(path, "w"));
        /* Three more runs: one may have begun before, and the last begins after the others' results. */
        wait_for_growth(world, "monitored", 6);
    }
    start_client(world);
    runner_client_list(world->client);
    wait_for(world, &world->ends, 1);
    assert_int_equal(world->result_count, 3);
    assert_int_equal(world->results[0].sequence, 1);
    assert_string_equal(world->results[0].operation, "start");
    assert_string_equal(world->results[1].operation, "monitor");
    assert_int_equal(world->results[1].rc, 0);
    assert_string_equal(world->results[2].operation, "monitor");
    assert_int_equal(world->results[2].rc, 1);
    assert_memory_equal(world->results[2].userdata, "opaque", 6);
    assert_int_equal(world->inflight_count, 1);
    assert_int_equal(world->history_count, 4); /* start, monitor and its failure; slow's start in flight */
    {
        HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/go", world->folder);

        fclose(fopen(path, "w"));
    }
    assert_string_equal(result(world, 3)->resource, "slow");
    assert_int_equal(result(world, 3)->rc, 0);
    /* Acknowledged: a further client hears none of it again. */
    runner_client_list(world->client);
    wait_for(world, &world->ends, 2);
    runner_client_free(world->client);
    start_client(world);
    runner_client_list(world->client);
    wait_for(world, &world->ends, 3);
    assert_int_equal(world->result_count, 4);
}

static void a_lost_runner_is_told_and_replaced(void **state)
{
    struct world *world = *state;
    HF_CLEANUP(hf_freep) char *program = realpath(runner_program(), NULL);
    const struct runner_client_settings settings = {.socket = world->socket, .program = program};

    wait_for(world, &world->attached, 1);
    runner_client_free(world->client);
    stop_runner(world, SIGTERM);
    assert_false(exists(world, "run/runner.sock"));
    /* The client starts one by itself. It is not our child, and has the OCF root of the build. */
    world->client = runner_client_new(world->loop, &settings, &hooks, world);
    wait_for(world, &world->attached, 2);
    assert_int_equal(world->attached_same, 0);

    struct runner_call call = {.id = 7,
                               .resource = (char *)"r",
                               .operation = (char *)"start",
                               .class = (char *)"lsb",
                               .provider = (char *)"",
                               .type = hf_asprintf("%s/resource.d/test/endless", world->agents)};

    write_agent(world, "endless", "echo $PPID > its-runner; exec sleep 30");
    assert_null(runner_client_run(world->client, &call));
    assert_null(runner_client_cancel(world->client, "r", "monitor", 10000));
    assert_int_equal(result(world, 0)->status, RUNNER_CANCELLED);
    wait_for_file(world, "its-runner");

    /* Two recurring operations: one has said that all is well, the other has said nothing yet. */
    struct runner_call recurring = {.id = 5,
                                    .resource = (char *)"well",
                                    .operation = (char *)"monitor",
                                    .class = (char *)"lsb",
                                    .provider = (char *)"",
                                    .type = hf_asprintf("%s/resource.d/test/well", world->agents),
                                    .interval_ms = 60000};

    write_agent(world, "well", "exit 0");
    assert_null(runner_client_run(world->client, &recurring));
    assert_int_equal(result(world, 1)->call_id, 5);
    assert_int_equal(result(world, 1)->status, RUNNER_DONE);
    recurring.id = 6;
    recurring.resource = (char *)"slow";
    free(recurring.type);
    recurring.type = hf_strdup(call.type);
    assert_null(runner_client_run(world->client, &recurring));
    free(recurring.type);
    nap(50);

    HF_CLEANUP(hf_freep) char *pid = content(world, "its-runner");

    assert_true(atoi(pid) > 1);
    kill(atoi(pid), SIGKILL);
    wait_for(world, &world->detached, 1);
    /* What is asked meanwhile is for the next one. */
    call.id = 8;
    call.resource = (char *)"other";
    free(call.type);
    call.type = hf_strdup("/nowhere");
    assert_null(runner_client_run(world->client, &call));
    /* What was open is told; not what had said how it is. */
    assert_int_equal(result(world, 2)->status, RUNNER_NOT_CONNECTED);
    assert_int_equal(result(world, 2)->call_id, 7);
    assert_int_equal(result(world, 2)->sequence, 0);
    assert_int_equal(result(world, 3)->status, RUNNER_NOT_CONNECTED);
    assert_int_equal(result(world, 3)->call_id, 6);
    assert_int_equal(result(world, 4)->call_id, 8);
    assert_int_equal(result(world, 4)->status, RUNNER_NOT_INSTALLED);
    free(call.type);
    assert_int_equal(world->attached, 3);
    assert_int_equal(world->attached_same, 0);

    end_the_one_that_serves(world);
    wait_for(world, &world->detached, 2);
    runner_client_free(world->client);
    world->client = NULL;
}

static void bytes_that_are_no_frames_end_only_their_connection(void **state)
{
    struct world *world = *state;
    static const char too_long[RUNNER_FRAME_MAX + 10];
    char byte;

    wait_for(world, &world->attached, 1);

    const struct {
        const void *bytes;
        size_t length;
    } bad[] = {{"garbage", 7},  {"\001\002", 2}, {"\001\005", 2},
               {"\001\011", 2}, {"\002\001", 2}, {too_long, sizeof(too_long)}};

    for (size_t i = 0; i < HF_ARRAY_LENGTH(bad); i++) {
        int fd = raw_connection(world);

        assert_true(send(fd, bad[i].bytes, bad[i].length, 0) > 0);
        assert_true(recv(fd, &byte, 1, 0) <= 0);
        close(fd);
    }
    /* Many that say nothing do not keep the owner from its work. */
    int silent[40];

    for (size_t i = 0; i < HF_ARRAY_LENGTH(silent); i++)
        silent[i] = raw_connection(world);
    write_agent(world, "good", "exit 0");
    ask(world, "good", "start", 1000);
    assert_int_equal(result(world, 0)->rc, 0);
    assert_int_equal(world->detached, 0);
    for (size_t i = 0; i < HF_ARRAY_LENGTH(silent); i++)
        close(silent[i]);
}

static void a_second_owner_takes_over(void **state)
{
    struct world *world = *state;
    struct world second = *world;

    wait_for(world, &world->attached, 1);
    second.attached = 0;
    start_client(&second);
    wait_for(&second, &second.attached, 1);
    wait_for(world, &world->detached, 1);
    runner_client_free(world->client);
    write_agent(world, "good", "exit 0");
    ask(&second, "good", "start", 1000);
    assert_int_equal(result(&second, 0)->rc, 0);
    runner_client_free(second.client);
    world->client = NULL;
    runner_result_clear(&second.results[0]);
    free(second.results);
}

/* Somebody else was the owner for a moment: the client comes back, and what it had asked for is not lost. */
static void a_reattached_client_knows_its_calls(void **state)
{
    struct world *world = *state;
    const struct runner_frame hello = {.type = RUNNER_HELLO, .owner = true, .pid = 1};
    struct hf_buf buf = {0};
    int fd;

    write_agent(world, "slow", "touch runs; while ! [ -e go ]; do sleep 0.05; done; exit 0");
    ask(world, "slow", "start", 10000);
    ask_with(world, "slow", "monitor", 60000, 10000, NULL);
    wait_for_file_while_looping(world, "runs");
    assert_null(runner_encode(&hello, &buf));
    fd = raw_connection(world);
    assert_int_equal(send(fd, buf.data, buf.length, 0), buf.length);
    wait_for(world, &world->detached, 1);
    close(fd);
    hf_buf_free(&buf);
    ask(world, "slow", "notify", 10000);
    wait_for(world, &world->attached, 2);
    assert_int_equal(world->attached_same, 1);
    runner_client_list(world->client);
    wait_for(world, &world->ends, 1);
    assert_int_equal(world->result_count, 0); /* nothing was declared lost */
    assert_int_equal(world->inflight_count, 3);
    {
        HF_CLEANUP(hf_freep) char *path = hf_asprintf("%s/go", world->folder);

        fclose(fopen(path, "w"));
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(result(world, i)->call_id, i + 1);
        assert_int_equal(result(world, i)->status, RUNNER_DONE);
    }
}

static void term_lets_what_runs_finish(void **state)
{
    struct world *world = *state;
    int status;

    write_agent(world, "slow", "touch runs; sleep 0.5; exit 0");
    ask(world, "slow", "start", 10000);
    wait_for(world, &world->attached, 1);
    runner_client_list(world->client);
    wait_for(world, &world->ends, 1);
    wait_for_file(world, "runs");
    kill(world->runner, SIGTERM);
    assert_int_equal(result(world, 0)->rc, 0);
    assert_int_equal(result(world, 0)->status, RUNNER_DONE);
    waitpid(world->runner, &status, 0);
    world->runner = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_second_runner_leaves_the_first_alone(void **state)
{
    struct world *world = *state;
    pid_t first = world->runner;
    int status;

    wait_for(world, &world->attached, 1);
    start_runner(world);
    waitpid(world->runner, &status, 0);
    world->runner = first;
    assert_int_equal(WEXITSTATUS(status), 0);
    write_agent(world, "good", "exit 0");
    ask(world, "good", "start", 1000);
    assert_int_equal(result(world, 0)->rc, 0);
    assert_int_equal(world->detached, 0);
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(an_agent_runs_as_the_api_says),
        WORLD(a_missing_agent_and_one_that_may_not_run),
        WORLD(an_exit_reason_survives_ten_megabytes),
        WORLD(an_agent_without_output_streams),
        WORLD(a_daemon_may_keep_the_pipes_and_lives_on),
        WORLD(a_late_agent_goes_with_all_its_children),
        WORLD(a_late_agent_may_clean_up_on_term),
        WORLD(a_killed_agent_is_an_error_that_names_the_signal),
        WORLD(nothing_is_lost_when_the_client_is_killed),
        WORLD(a_lost_runner_is_told_and_replaced),
        WORLD(bytes_that_are_no_frames_end_only_their_connection),
        WORLD(a_second_owner_takes_over),
        WORLD(a_reattached_client_knows_its_calls),
        WORLD(term_lets_what_runs_finish),
        WORLD(a_second_runner_leaves_the_first_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
