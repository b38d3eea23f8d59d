/* test_cli_locks.c - what `holdfast status' says of the guard: lock servers, locks, gate and watchdog, in
 * words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/locks.h"
#include "lib/alloc.h"

#define MS INT64_C(1000000)
#define NOW (INT64_C(5000) * MS)

static struct guard_lock locks[2];
static struct guard_vip_state vips[1];

/* Two of three servers answer; `cluster' is owned here, the VIP's lock by n2. */
static struct guard_status usual(void)
{
    struct guard_status status = {
        .attached = true,
        .locks = locks,
        .lock_count = 2,
        .vips = vips,
        .vip_count = 1,
        .server_count = 3,
        .gate = {.kernel = true},
        .watchdog = {.mode = GUARD_WATCHDOG_OFF},
    };

    for (unsigned i = 0; i < 3; i++) {
        status.servers[i] = (struct guard_server){.up = i < 2, .known = true, .last_heard = NOW - 40 * MS};
        guard_copy(status.servers[i].name, sizeof(status.servers[i].name),
                   ((const char *[]){"10.0.0.1", "10.0.0.2", "10.0.0.9"})[i]);
    }
    guard_copy(status.servers[2].reason, sizeof(status.servers[2].reason),
               "did not answer within 1000 ms: check that machine and the network to it");
    locks[0] =
        (struct guard_lock){.state = GUARD_OWNING, .wanted = true, .token = 7, .until = NOW + 123 * MS};
    guard_copy(locks[0].want.lock, sizeof(locks[0].want.lock), "cluster");
    locks[1] = (struct guard_lock){.state = GUARD_WAITING, .wanted = true};
    guard_copy(locks[1].want.lock, sizeof(locks[1].want.lock), "vip/web");
    guard_copy(locks[1].holder, sizeof(locks[1].holder), "n2");
    vips[0] = (struct guard_vip_state){.protected = true};
    guard_copy(vips[0].vip.id, sizeof(vips[0].vip.id), "web");
    guard_copy(vips[0].vip.lock, sizeof(vips[0].vip.lock), "vip/web");
    guard_copy(vips[0].vip.interface, sizeof(vips[0].vip.interface), "eth0");
    return status;
}

static char *written(const struct guard_status *status, enum hf_writer_format format)
{
    struct hf_writer *writer = hf_writer_new(format);
    char *text;

    locks_write_status(writer, status, NOW);
    text = hf_writer_finish(writer);
    hf_writer_free(writer);
    return text;
}

static void assert_says(const struct guard_status *status, const char *words)
{
    HF_CLEANUP(hf_freep) char *text = written(status, HF_WRITER_TEXT);

    if (strstr(text, words) == NULL)
        fail_msg("expected '%s' in:\n%s", words, text);
}

static void test_servers_and_locks(void **state)
{
    struct guard_status status = usual();

    assert_says(&status, "  * Lock servers: 2 of 3 answer: [ 10.0.0.1 10.0.0.2 ]\n");
    assert_says(&status, "  * Lock server 10.0.0.9 DOWN: did not answer within 1000 ms: check that machine");
    assert_says(&status, "  * Lock cluster: owned here, term 7, 123 ms left\n");
    assert_says(&status, "  * Lock vip/web: held by n2\n");
    assert_says(&status, "on eth0 (web): shut\n");
    assert_says(&status, "  * Gate: kernel\n  * Watchdog: off\n");
}

static void test_too_few_servers(void **state)
{
    struct guard_status status = usual();

    status.servers[1].up = false;
    assert_says(&status, "Lock servers: 1 of 3 answer: [ 10.0.0.1 ] - NOT ENOUGH to hold or get a lock\n");
    assert_says(&status, "Lock server 10.0.0.2 DOWN\n");
}

static void test_no_servers(void **state)
{
    struct guard_status status = usual();

    status.server_count = 0;
    assert_says(&status, "  * Lock servers: none are configured; quorum is the right to an address\n");
}

static void test_a_server_that_does_not_grant(void **state)
{
    struct guard_status status = usual();

    guard_copy(status.servers[0].reason, sizeof(status.servers[0].reason), "it cannot write to its disk");
    assert_says(&status, "Lock server 10.0.0.1 does not grant: it cannot write to its disk\n");
}

/* The guard may have been silent for longer than the lease: then nothing is owned, whatever it said last. */
static void test_a_lease_that_ran_out(void **state)
{
    struct guard_status status = usual();

    locks[0].until = NOW;
    assert_says(&status, "  * Lock cluster: not owned here (owning)\n");
}

static void test_a_clock_that_was_set(void **state)
{
    struct guard_status status = usual();
    HF_CLEANUP(hf_freep) char *text = written(&status, HF_WRITER_TEXT);

    assert_null(strstr(text, "Clock"));
    status.clock = (struct guard_clock){.at = NOW - 3000 * MS, .step = -3600000 * MS};
    assert_says(
        &status,
        "  * Clock: it was set back by 3600000 ms, 3 s ago. Leases do not depend on it; certificates");
    assert_says(&status,
                "see that the time service (chronyc tracking, timedatectl) is synchronized on all nodes\n");
}

static void test_no_protection(void **state)
{
    struct guard_status status = usual();

    status.gate.kernel = false;
    guard_copy(status.gate.reason, sizeof(status.gate.reason), "no BPF");
    vips[0].protected = false;
    status.watchdog.mode = GUARD_WATCHDOG_MISSING;
    guard_copy(status.watchdog.reason, sizeof(status.watchdog.reason), "load softdog");
    assert_says(&status, "  * Gate: user space only: no BPF\n");
    assert_says(&status, "NOT protected by the kernel");
    assert_says(&status, "  * Watchdog: missing: load softdog\n");
}

static void test_json(void **state)
{
    struct guard_status status = usual();
    HF_CLEANUP(hf_freep) char *text = written(&status, HF_WRITER_JSON);

    assert_non_null(strstr(text, "\"left-ms\": 123"));
    assert_non_null(strstr(text, "\"silent-ms\": 40"));
    assert_non_null(strstr(text, "\"holder\": \"n2\""));
    assert_non_null(strstr(text, "\"gate\": \"kernel\""));
    assert_null(strstr(text, "Lock server"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers_and_locks),    cmocka_unit_test(test_too_few_servers),
        cmocka_unit_test(test_no_servers),           cmocka_unit_test(test_a_server_that_does_not_grant),
        cmocka_unit_test(test_a_lease_that_ran_out), cmocka_unit_test(test_a_clock_that_was_set),
        cmocka_unit_test(test_no_protection),        cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
