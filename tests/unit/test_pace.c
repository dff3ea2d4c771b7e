/* How fast: no more than is allowed in any stretch of time, and no less than that when there is enough to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "live/pace.h"

#define START_US 123456789

/* Everything that may go at once, from `now_us` on. */
static unsigned burst(struct pace *pace, uint64_t now_us)
{
    unsigned n = 0;

    while (n < 1000000 && pace_wait_us(pace, now_us) == 0) {
        pace_take(pace, now_us);
        n++;
    }
    return n;
}

static void a_rate_is_kept_and_has_small_bursts(void **state)
{
    static const unsigned rates[] = {1, 3, 9, 10, 50, 1000, 33333, 300000};

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct pace pace = pace_rate(rates[i]);
        unsigned at_once = rates[i] / 10 > 0 ? rates[i] / 10 : 1;
        uint64_t now_us = START_US;
        unsigned n = burst(&pace, now_us);

        assert_in_range(n, at_once - at_once / 1000, at_once);
        while (now_us < START_US + 10000000) {
            uint64_t wait_us = pace_wait_us(&pace, now_us);

            assert_true(wait_us > 0 && wait_us <= 1000000 / rates[i] + 1);
            now_us += wait_us;
            n += burst(&pace, now_us);
        }
        assert_in_range(n, 10 * rates[i] - 10 * rates[i] / 1000, 10 * rates[i] + at_once + 1);
    }
}

static void rest_is_not_saved_up(void **state)
{
    struct pace pace = pace_rate(100);

    (void)state;
    assert_int_equal(burst(&pace, START_US), 10);
    assert_int_equal(burst(&pace, START_US + 3600000000), 10);
}

static void no_rate_is_no_limit(void **state)
{
    struct pace pace = pace_rate(0);

    (void)state;
    assert_int_equal(burst(&pace, START_US), 1000000);
}

static void a_gap_has_its_burst_and_takes_back(void **state)
{
    struct pace pace = pace_gap(1050, 4);

    (void)state;
    assert_int_equal(burst(&pace, START_US), 4);
    assert_int_equal(pace_wait_us(&pace, START_US), 1050000);
    pace_give_back(&pace);
    assert_int_equal(burst(&pace, START_US), 1);
    assert_int_equal(burst(&pace, START_US + 1049999), 0);
    assert_int_equal(burst(&pace, START_US + 1050000), 1);
    pace_take(&pace, START_US + 1050000); /* out of its turn: the others wait for it */
    assert_int_equal(burst(&pace, START_US + 2100000), 0);
    assert_int_equal(burst(&pace, START_US + 3150000), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_kept_and_has_small_bursts),
        cmocka_unit_test(rest_is_not_saved_up),
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(a_gap_has_its_burst_and_takes_back),
    };

    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
