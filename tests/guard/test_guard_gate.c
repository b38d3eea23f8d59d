/* test_guard_gate.c - the gate in the kernel, between two network namespaces, probed every millisecond.
 *
 * The answers' times are printed; what is asserted is order: nothing after the deadline (with 20 ms for
 * machines that are themselves stopped at times), answers before it.  GATE_ROUNDS (default 3) says how often
 * a guard is stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <grp.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>
#include <net/if_arp.h>
#include <net/if.h>

#include "daemon/guard/gate.h"
#include "daemon/guard/protocol.h"
#include "tests/guard/netlab.h"

#define MS INT64_C(1000000)
#define TOLERANCE (20 * MS)

static struct gate_address vips[2];
static struct gate *gate;

static void ok(struct hf_error *error)
{
    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
}

static int v0(void)
{
    return (int)if_nametoindex("v0");
}

static void arm_all(struct gate *which, uint32_t flags)
{
    for (int i = 0; i < 2; i++)
        ok(gate_arm(which, &vips[i], flags));
    ok(gate_attach(which, v0(), ARPHRD_ETHER));
}

static void open_all(struct gate *which, int64_t deadline)
{
    for (int i = 0; i < 2; i++)
        ok(gate_open_until(which, &vips[i], deadline));
}

static void shut_all(struct gate *which)
{
    for (int i = 0; i < 2; i++)
        ok(gate_shut(which, &vips[i]));
}

static void disarm_all(struct gate *which)
{
    for (int i = 0; i < 2; i++)
        ok(gate_disarm(which, &vips[i]));
    ok(gate_detach(which, v0()));
}

/* Each test begins with the gate loaded, and no VIP. */
static int setup(void **state)
{
    gate = gate_open(NULL);
    if (gate_mode(gate) != GATE_KERNEL) {
        fprintf(stderr, "gate: user space only: %s\n", gate_reason(gate));
        return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    disarm_all(gate);
    gate_close(gate);
    gate = NULL;
    return 0;
}

/* Every question about the VIP is (or is not) answered within the next ms; the other address always is. */
static void check_answers(bool expected, int ms)
{
    uint64_t before[NETLAB_QUESTIONS];
    bool settled = false;

    for (int i = 0; i < NETLAB_QUESTIONS; i++)
        before[i] = netlab_count((enum netlab_question)i);
    for (int waited = 0; waited < ms && !settled; waited += 10) {
        netlab_sleep(10);
        settled = expected;
        for (int i = 0; i < NETLAB_QUESTIONS; i++)
            settled = settled && netlab_count((enum netlab_question)i) > before[i];
    }
    for (int i = 0; i < NETLAB_QUESTIONS; i++) {
        bool answered = netlab_count((enum netlab_question)i) > before[i];

        if (answered != (expected || i == ASK_OTHER))
            fail_msg("%s: %s", netlab_names[i], answered ? "answered" : "not answered");
    }
}

static void test_without_gate(void **state)
{
    check_answers(true, 2000);
}

static void test_default_deny(void **state)
{
    arm_all(gate, 0);
    netlab_sleep(20);
    check_answers(false, 200);
}

static void test_open_and_shut(void **state)
{
    struct gate_entry entry;

    arm_all(gate, 0);
    assert_true(gate_attached(gate, v0()));
    open_all(gate, netlab_now() + 60000 * MS);
    check_answers(true, 2000);
    shut_all(gate);

    int64_t shut = netlab_now();

    assert_true(gate_look(gate, &vips[0], &entry));
    assert_int_equal(entry.deadline, 0);
    netlab_sleep(20);
    check_answers(false, 100);
    for (int i = ASK_ARP; i < ASK_OTHER; i++)
        assert_true(netlab_last((enum netlab_question)i) < shut + TOLERANCE);
    open_all(gate, netlab_now() - 1); /* a deadline written too late opens nothing */
    check_answers(false, 100);
    open_all(gate, INT64_MIN);
    check_answers(false, 100);
}

/* A guard: renews every 70 ms until it is stopped; each deadline goes to the pipe before it counts. */
static pid_t start_writer(int *deadlines)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);

    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        for (;;) {
            int64_t deadline = netlab_now() + 270 * MS;

            if (write(ends[1], &deadline, sizeof(deadline)) != (ssize_t)sizeof(deadline))
                _exit(1);
            for (int i = 0; i < 2; i++)
                if (gate_open_until(gate, &vips[i], deadline) != NULL)
                    _exit(1);
            netlab_sleep(70);
        }
    }
    close(ends[1]);
    *deadlines = ends[0];
    return pid;
}

static void test_stopped_guard(void **state)
{
    const char *text = getenv("GATE_ROUNDS");
    int rounds = text == NULL ? 3 : atoi(text);
    int on_time = 0;

    arm_all(gate, 0);
    for (int round = 0; round < rounds; round++) {
        struct gate_entry entries[2];
        int pipe_end, worst = 0;
        int64_t late[NETLAB_QUESTIONS], deadline = 0;
        pid_t pid = start_writer(&pipe_end);

        check_answers(true, 2000);
        netlab_sleep(150 + round * 7 % 70);
        kill(pid, SIGSTOP);

        int64_t stopped = netlab_now();

        netlab_sleep(600);
        assert_true(gate_look(gate, &vips[0], &entries[0]) && gate_look(gate, &vips[1], &entries[1]));
        printf("    stopped guard %2d: last answer before (-) or after (+) the deadline, us:", round + 1);
        for (int i = ASK_ARP; i < ASK_OTHER; i++) {
            deadline = (int64_t)entries[i >= ASK_ND].deadline;
            late[i] = netlab_last((enum netlab_question)i) - deadline;
            printf(" %s %+lld", netlab_names[i], (long long)late[i] / 1000);
            assert_true(netlab_last((enum netlab_question)i) > stopped - 70 * MS);
            if (late[i] > late[worst])
                worst = i;
            assert_true(late[i] < TOLERANCE);
        }
        printf("; silent %lld ms after the stop\n",
               (long long)(netlab_last((enum netlab_question)worst) - stopped) / MS);
        on_time += late[worst] < 2 * MS;
        check_answers(false, 50);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        close(pipe_end);
    }
    printf("    silent within 2 ms of the deadline: %d of %d\n", on_time, rounds);
}

/* A guard that is killed leaves a gate that still shuts by itself, and stays shut. */
static void test_killed_guard(void **state)
{
    int64_t start = netlab_now();
    pid_t pid = fork();

    if (pid == 0) {
        struct gate *own = gate_open(NULL);

        arm_all(own, 0);
        open_all(own, start + 1000 * MS);
        kill(getpid(), SIGKILL);
    }
    waitpid(pid, NULL, 0);
    check_answers(true, 800);
    while (netlab_now() < start + 1000 * MS + TOLERANCE)
        netlab_sleep(5);
    check_answers(false, 100);
    for (int i = ASK_ARP; i < ASK_OTHER; i++)
        assert_true(netlab_last((enum netlab_question)i) < start + 1000 * MS + TOLERANCE);
}

/* The next guard takes over: an open gate stays open and answers go on, a shut one never opens. */
static void test_takeover(void **state)
{
    struct gate_entry entry;
    struct gate_address *known;
    int64_t deadline = netlab_now() + 5000 * MS;

    arm_all(gate, 0);
    open_all(gate, deadline);
    check_answers(true, 2000);
    netlab_reset_gaps();
    for (int i = 0; i < 5; i++) {
        gate_close(gate);
        gate = gate_open(NULL);
        assert_int_equal(gate_mode(gate), GATE_KERNEL);
        assert_false(gate_attached(gate, v0())); /* the programs there are the last guard's */
        arm_all(gate, 0);
        assert_true(gate_attached(gate, v0()));
        assert_true(gate_look(gate, &vips[0], &entry));
        assert_true((int64_t)entry.deadline == deadline);
    }
    printf("    longest time without an answer over five takeovers: %lld us\n",
           (long long)netlab_gap(ASK_ARP) / 1000);
    assert_int_equal(gate_list(gate, &known), 2);
    free(known);
    shut_all(gate);
    netlab_sleep(20);

    uint64_t before = netlab_count(ASK_ARP) + netlab_count(ASK_PING6);

    for (int i = 0; i < 5; i++) {
        gate_close(gate);
        gate = gate_open(NULL);
        arm_all(gate, 0);
        netlab_sleep(5);
    }
    assert_int_equal(netlab_count(ASK_ARP) + netlab_count(ASK_PING6), before);
}

static void test_removal(void **state)
{
    struct stat info;
    struct gate_entry entry;

    arm_all(gate, 0);
    assert_int_equal(stat(GATE_PINS "/vips-1", &info), 0);
    assert_true(netlab_try("tc qdisc show dev v0 | grep -q clsact"));
    ok(gate_disarm(gate, &vips[1]));
    assert_false(gate_look(gate, &vips[1], &entry));
    assert_int_equal(stat(GATE_PINS "/vips-1", &info), 0);
    disarm_all(gate);
    assert_int_not_equal(stat(GATE_PINS "/vips-1", &info), 0);
    assert_false(netlab_try("tc qdisc show dev v0 | grep -q clsact"));
    assert_false(gate_attached(gate, v0()));
    check_answers(true, 2000);
    arm_all(gate, 0); /* and again */
    assert_int_equal(stat(GATE_PINS "/vips-1", &info), 0);
    netlab_sleep(20);
    check_answers(false, 50);
}

/* Somebody else's filter: any BPF program will do. */
#define FOREIGN "bpf direct-action object-file daemon/guard/gate.bpf.o section tc"

/* Somebody else's qdisc and filters stay. */
static void test_foreign_filters(void **state)
{
    netlab_run("tc qdisc add dev v0 clsact && tc filter add dev v0 ingress prio 7 protocol ip " FOREIGN);
    arm_all(gate, 0);
    netlab_sleep(20);
    check_answers(false, 50);
    disarm_all(gate);
    assert_true(netlab_try("tc filter show dev v0 ingress | grep -q 'pref 7 '"));
    assert_false(netlab_try("tc filter show dev v0 ingress | grep -q 'pref 1 '"));
    netlab_run("tc qdisc del dev v0 clsact");

    arm_all(gate, 0); /* ours, but somebody moved in meanwhile */
    netlab_run("tc filter add dev v0 egress prio 7 protocol ip " FOREIGN);
    disarm_all(gate);
    assert_true(netlab_try("tc filter show dev v0 egress | grep -q 'pref 7 '"));
    netlab_run("tc qdisc del dev v0 clsact");

    netlab_run("tc qdisc add dev v0 clsact && tc filter add dev v0 ingress prio 1 protocol ip " FOREIGN);

    struct hf_error *error = gate_attach(gate, v0(), ARPHRD_ETHER);

    assert_non_null(error);
    assert_non_null(strstr(hf_error_text(error), "another kind of tc filter"));
    hf_error_free(error);
    netlab_run("tc qdisc del dev v0 clsact");
}

/* Somebody takes the qdisc away, or the interface goes and comes back: seen, and mended. */
static void test_interface_comes_back(void **state)
{
    arm_all(gate, 0);
    netlab_run("tc qdisc del dev v0 clsact");
    assert_false(gate_attached(gate, v0()));
    ok(gate_attach(gate, v0(), ARPHRD_ETHER));
    netlab_sleep(20);
    check_answers(false, 50);

    int before = v0();

    netlab_cable();
    assert_int_not_equal(before, v0());
    assert_false(gate_attached(gate, before));
    assert_false(gate_attached(gate, v0()));
    ok(gate_detach(gate, before));
    ok(gate_attach(gate, v0(), ARPHRD_ETHER));
    netlab_sleep(50);
    check_answers(false, 100);
    open_all(gate, netlab_now() + 60000 * MS);
    check_answers(true, 3000);

    struct hf_error *error = gate_attach(gate, before, ARPHRD_ETHER);

    assert_non_null(error);
    hf_error_free(error);
    error = gate_attach(gate, v0(), ARPHRD_INFINIBAND);
    assert_non_null(strstr(hf_error_text(error), "link type"));
    hf_error_free(error);
}

/* Two interfaces, one VIP: the second is gated by the same deadline. */
static void test_two_interfaces(void **state)
{
    netlab_run("ip link add w0 type veth peer name w1 && ip link set w0 up && ip link set w1 up");

    int w0 = (int)if_nametoindex("w0");

    arm_all(gate, 0);
    ok(gate_attach(gate, w0, ARPHRD_ETHER));
    assert_true(gate_attached(gate, w0) && gate_attached(gate, v0()));
    ok(gate_detach(gate, v0()));
    assert_true(gate_attached(gate, w0) && !gate_attached(gate, v0()));
    ok(gate_detach(gate, w0));
    netlab_run("ip link del w0");
}

/* With the flag, a node that has not got the VIP may ask for it; without, it may not. */
static void test_clients(void **state)
{
    netlab_run("ip addr del " NETLAB_VIP4 "/32 dev v0");
    for (uint32_t flags = 0; flags <= GATE_CLIENTS; flags++) {
        arm_all(gate, flags);
        netlab_try("ip neigh flush dev v0 to " NETLAB_VIP4);
        netlab_sleep(20);

        uint64_t before = netlab_asked();

        netlab_try("ping -c1 -W1 " NETLAB_VIP4 " >/dev/null 2>&1 || "
                   "timeout 1 bash -c 'echo >/dev/udp/" NETLAB_VIP4 "/9; sleep 0.2'");
        assert_int_equal(netlab_asked() > before, flags == GATE_CLIENTS);
    }
    netlab_run("ip addr add " NETLAB_VIP4 "/32 dev v0");
    netlab_sleep(20);
    check_answers(false, 50); /* but never answer for it */
}

static void test_limit_of_vips(void **state)
{
    struct gate_address address = vips[0];
    struct hf_error *error = NULL;
    int armed = 0;

    address.bytes[12] = 100;
    for (; error == NULL && armed <= GATE_VIPS_MAX; armed++) {
        address.bytes[14] = (uint8_t)(armed >> 8);
        address.bytes[15] = (uint8_t)armed;
        error = gate_arm(gate, &address, 0);
    }
    assert_int_equal(armed, GATE_VIPS_MAX + 1);
    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    hf_error_free(error);
    for (armed = 0; armed < GATE_VIPS_MAX; armed++) {
        address.bytes[14] = (uint8_t)(armed >> 8);
        address.bytes[15] = (uint8_t)armed;
        ok(gate_disarm(gate, &address));
    }
    error = gate_open_until(gate, &address, INT64_MAX);
    assert_non_null(error);
    hf_error_free(error);
}

/* The reason why there is no gate, as another process finds it. */
static void check_reason(void (*spoil)(void), const char *pins, const char *expected)
{
    int ends[2];
    char text[512] = "";

    assert_int_equal(pipe(ends), 0);

    pid_t pid = fork();

    if (pid == 0) {
        if (spoil != NULL)
            spoil();

        struct gate *own = gate_open(pins);
        struct hf_error *error = gate_attach(own, v0(), ARPHRD_ETHER);
        bool good = gate_mode(own) == GATE_USER_SPACE && error != NULL &&
                    gate_arm(own, &vips[0], 0) == NULL && gate_open_until(own, &vips[0], 1) == NULL &&
                    gate_shut(own, &vips[0]) == NULL && gate_disarm(own, &vips[0]) == NULL &&
                    gate_detach(own, v0()) == NULL && !gate_attached(own, v0());

        dprintf(ends[1], "%s", gate_reason(own));
        gate_close(own);
        _exit(good ? 0 : 1);
    }
    close(ends[1]);

    int status;
    ssize_t length = read(ends[0], text, sizeof(text) - 1);

    waitpid(pid, &status, 0);
    close(ends[0]);
    assert_true(length > 0);
    if (strstr(text, expected) == NULL)
        fail_msg("'%s' does not say '%s'", text, expected);
    assert_int_equal(status, 0);
}

static void become_nobody(void)
{
    if (setgroups(0, NULL) != 0 || setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
        _exit(9);
}

static void test_reasons(void **state)
{
    mkdir("/sys/fs/bpf/open", 0777);
    chmod("/sys/fs/bpf/open", 0777);
    chmod("/sys/fs/bpf", 0777);
    check_reason(become_nobody, "/sys/fs/bpf/open", "CAP_BPF");
    chmod("/sys/fs/bpf", 0700);
    check_reason(NULL, "/tmp", "not on a BPF filesystem");
    check_reason(NULL, "/sys/fs/bpf/no/such", "cannot make the directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_gate),
        cmocka_unit_test_setup_teardown(test_default_deny, setup, teardown),
        cmocka_unit_test_setup_teardown(test_open_and_shut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stopped_guard, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed_guard, setup, teardown),
        cmocka_unit_test_setup_teardown(test_takeover, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_filters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_interface_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_interfaces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clients, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limit_of_vips, setup, teardown),
        cmocka_unit_test(test_reasons),
    };

    if (!netlab_up()) {
        printf("skipped: network namespaces need root\n");
        return 77;
    }
    hf_error_free(guard_address_parse(NETLAB_VIP4, &vips[0]));
    hf_error_free(guard_address_parse(NETLAB_VIP6, &vips[1]));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
