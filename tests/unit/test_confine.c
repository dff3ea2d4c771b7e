/* Work in a child: what it makes comes back whole, and a child that dies is an error and nothing else. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "system/confine.h"

#define LONG 3000000u /* more than any pipe holds */

static int say(void *context, struct buf *out, struct buf *said)
{
    buf_fill(out, 'x', LONG);
    buf_adds(said, context);
    return 7;
}

static int die(void *context, struct buf *out, struct buf *said)
{
    (void)context;
    buf_adds(out, "half a result");
    buf_adds(said, "and words");
    _Exit(3);
}

static void comes_back(void **state)
{
    struct confined result;
    char words[] = "well";

    (void)state;
    assert_int_equal(confine(say, words, &result), 0);
    assert_int_equal(result.status, 7);
    assert_int_equal(result.out.n, LONG);
    assert_int_equal(result.out.p[LONG - 1], 'x');
    assert_true(str_is(buf_str(&result.said), "well"));
    buf_free(&result.out);
    buf_free(&result.said);
}

static void death_is_an_error(void **state)
{
    struct confined result;

    (void)state;
    assert_int_equal(confine(die, NULL, &result), -EFAULT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(death_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
