/* The loop: deadlines in their order, events that are taken back, owners that go away in a callback. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "live/loop.h"

#define MANY 1000

static struct loop loop;

struct ticking {
    struct deadline deadline;
    size_t n;
};

static struct ticking ticking[MANY];
static size_t fired[MANY];
static size_t fired_n;

static void tick(struct deadline *deadline)
{
    fired[fired_n++] = ((struct ticking *)(void *)deadline)->n;
}

static void deadlines_fire_in_order_and_not_after_they_are_cancelled(void **state)
{
    uint32_t seed = 1;

    (void)state;
    assert_int_equal(loop_open(&loop), 0);
    fired_n = 0;
    for (size_t i = 0; i < MANY; i++) {
        seed = seed * 1664525 + 1013904223;
        ticking[i] = (struct ticking){.deadline.fire = tick, .n = i};
        assert_true(loop_after(&loop, &ticking[i].deadline, seed >> 22));
    }
    for (size_t i = 0; i < MANY; i += 3)
        loop_cancel(&loop, &ticking[i].deadline);
    for (size_t i = 1; i < MANY; i += 3) /* set anew */
        assert_true(loop_at(&loop, &ticking[i].deadline, ticking[i].deadline.at_us / 2));
    assert_int_equal(loop_run(&loop), 0);
    assert_int_equal(fired_n, MANY - (MANY + 2) / 3);
    for (size_t i = 0; i < fired_n; i++) {
        assert_int_not_equal(fired[i] % 3, 0);
        if (i > 0)
            assert_true(ticking[fired[i - 1]].deadline.at_us <= ticking[fired[i]].deadline.at_us);
    }
    loop_close(&loop);
}

static struct watch watches[2];
static int called;

static void read_and_remove_both(struct watch *watch, unsigned events)
{
    (void)watch;
    assert_true((events & LOOP_READ) != 0);
    called++;
    loop_unwatch(&loop, &watches[0]);
    loop_unwatch(&loop, &watches[1]);
}

static void what_is_removed_is_not_called(void **state)
{
    int a[2];
    int b[2];

    (void)state;
    assert_int_equal(loop_open(&loop), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
    watches[0] = (struct watch){.ready = read_and_remove_both};
    watches[1] = (struct watch){.ready = read_and_remove_both};
    assert_int_equal(loop_watch(&loop, &watches[0], a[0], LOOP_READ), 0);
    assert_int_equal(loop_watch(&loop, &watches[1], b[0], LOOP_READ), 0);
    assert_int_equal(write(a[1], "x", 1), 1);
    assert_int_equal(write(b[1], "x", 1), 1);
    called = 0;
    assert_int_equal(loop_run(&loop), 0); /* both are ready in one round, and each would remove the other */
    assert_int_equal(called, 1);
    for (size_t i = 0; i < 2; i++) {
        close(a[i]);
        close(b[i]);
    }
    loop_close(&loop);
}

static void stop(struct deadline *deadline)
{
    (void)deadline;
    loop_stop(&loop);
}

static void a_loop_that_is_stopped_can_go_on(void **state)
{
    struct deadline first = {.fire = stop};
    struct ticking second = {.deadline.fire = tick, .n = 7};

    (void)state;
    assert_int_equal(loop_open(&loop), 0);
    fired_n = 0;
    assert_true(loop_after(&loop, &first, 0));
    assert_true(loop_after(&loop, &second.deadline, 1000));
    assert_int_equal(loop_run(&loop), 0);
    assert_int_equal(fired_n, 0);
    assert_int_equal(loop_run(&loop), 0);
    assert_int_equal(fired_n, 1);
    loop_close(&loop);
}

static struct watch answered[MANY];
static struct deadline waiting[MANY];
static size_t late_n;

static void take_answer(struct watch *watch, unsigned events)
{
    (void)events;
    loop_unwatch(&loop, watch);
    loop_cancel(&loop, &waiting[watch - answered]);
    called++;
}

static void be_late(struct deadline *deadline)
{
    (void)deadline;
    late_n++;
}

static void answers_of_a_long_stall_come_before_their_deadlines(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(loop_open(&loop), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    called = 0;
    late_n = 0;
    for (size_t i = 0; i < MANY; i++) {
        answered[i] = (struct watch){.ready = take_answer};
        waiting[i] = (struct deadline){.fire = be_late};
        assert_int_equal(loop_watch(&loop, &answered[i], dup(ends[0]), LOOP_READ), 0);
        assert_true(loop_after(&loop, &waiting[i], 0));
    }
    assert_int_equal(loop_round(&loop, 0), 0);
    assert_int_equal(called, MANY);
    assert_int_equal(late_n, 0);
    for (size_t i = 0; i < MANY; i++)
        close(answered[i].fd);
    close(ends[0]);
    close(ends[1]);
    loop_close(&loop);
}

static void a_closed_descriptor_is_an_error(void **state)
{
    struct watch watch = {.ready = read_and_remove_both};

    (void)state;
    assert_int_equal(loop_open(&loop), 0);
    assert_int_equal(loop_watch(&loop, &watch, -1, LOOP_READ), -EBADF);
    assert_int_equal(loop_run(&loop), 0);
    loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadlines_fire_in_order_and_not_after_they_are_cancelled),
        cmocka_unit_test(what_is_removed_is_not_called),
        cmocka_unit_test(a_loop_that_is_stopped_can_go_on),
        cmocka_unit_test(answers_of_a_long_stall_come_before_their_deadlines),
        cmocka_unit_test(a_closed_descriptor_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
