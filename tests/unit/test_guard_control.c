/* test_guard_control.c - the guard's end of its control socket: clients that come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/guard/control.h"

struct world {
    char dir[32], path[64];
    struct loop *loop;
    struct control *control;
    unsigned came, left;
};

static void ok(struct hf_error *error)
{
    if (error != NULL)
        fail_msg("%s", hf_error_text(error));
}

static char *take_order(void *context, const struct guard_frame *frame)
{
    return NULL;
}

/* With the owner's coming and going something changes, which all clients are told. */
static void on_owner(void *context, bool present)
{
    struct world *w = context;

    *(present ? &w->came : &w->left) += 1;
    control_tell(w->control, &(struct guard_frame){.type = GUARD_SYNCED});
}

static void take_agent(void *context, uint64_t asker, const struct guard_frame *frame)
{
}

static void describe(void *context, void (*take)(void *to, const struct guard_frame *frame), void *to)
{
}

static const struct control_hooks hooks = {
    .order = take_order, .owner = on_owner, .agent = take_agent, .describe = describe};

static void turn(struct world *w)
{
    loop_once(w->loop, loop_now() + 1000000000);
}

static int connect_as(struct world *w, enum guard_client_kind kind)
{
    struct guard_frame hello = {.type = GUARD_HELLO, .kind = kind, .pid = 1};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct hf_buf bytes HF_CLEANUP(hf_buf_free) = {0};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", w->path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ok(guard_encode(&hello, &bytes));
    assert_int_equal(send(fd, bytes.data, bytes.length, 0), bytes.length);
    turn(w); /* it is let in */
    turn(w); /* and greeted */
    return fd;
}

/* Both end at once: that the one is gone is news for the other, which cannot be told any more. */
static void the_last_two_go_together(void **state)
{
    struct world w = {.dir = "/tmp/test-guard-control.XXXXXX"};
    int owner, others[3];

    assert_non_null(mkdtemp(w.dir));
    snprintf(w.path, sizeof(w.path), "%s/sock", w.dir);
    ok(loop_new(&w.loop));
    ok(control_new(w.loop, w.path, &hooks, &w, &w.control));
    owner = connect_as(&w, GUARD_OWNER);
    for (int i = 0; i < 3; i++)
        others[i] = connect_as(&w, GUARD_OBSERVER);
    assert_int_equal(w.came, 1);
    close(owner);
    for (int i = 0; i < 3; i++)
        close(others[i]);
    turn(&w);
    assert_int_equal(w.left, 1);
    owner = connect_as(&w, GUARD_OWNER);
    assert_int_equal(w.came, 2);
    close(owner);
    turn(&w);
    assert_int_equal(w.left, 2);
    control_free(w.control);
    loop_free(w.loop);
    unlink(w.path);
    char lock[80];

    snprintf(lock, sizeof(lock), "%s.lock", w.path);
    unlink(lock);
    assert_int_equal(rmdir(w.dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_two_go_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
