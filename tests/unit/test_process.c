/* Child processes and namespaces: what is given goes in, what comes out is kept, and what goes wrong is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "system/process.h"

static struct process process_of(const char *const *argv)
{
    return (struct process){.argv = argv, .output_max = 1 << 20, .timeout_ms = 20000};
}

static void test_input_and_output(void **state)
{
    static const char *const argv[] = {"cat", "-", "/dev/stdin", NULL};
    struct process process = process_of(argv);
    struct process_result result;

    (void)state;
    process.input = STR("one\ntwo");
    assert_int_equal(process_run(&process, &result), 0);
    assert_int_equal(result.status, 0);
    /* The second is the same text opened anew. */
    assert_true(str_is(buf_str(&result.output), "one\ntwoone\ntwo"));
    assert_int_equal(result.errors.n, 0);
    process_result_free(&result);
}

static void test_status_and_errors(void **state)
{
    static const char *const argv[] = {"sh", "-c", "echo out; echo err >&2; pwd; exit 3", NULL};
    static const char *const killed[] = {"sh", "-c", "kill -9 $$", NULL};
    struct process process = process_of(argv);
    struct process_result result;

    (void)state;
    process.directory = "/";
    assert_int_equal(process_run(&process, &result), 0);
    assert_int_equal(result.status, 3);
    assert_true(str_is(buf_str(&result.output), "out\n/\n"));
    assert_true(str_is(buf_str(&result.errors), "err\n"));
    process_result_free(&result);
    process = process_of(killed);
    assert_int_equal(process_run(&process, &result), 0);
    assert_int_equal(result.status, 128 + 9);
    process_result_free(&result);
}

static void test_limits(void **state)
{
    static const char *const missing[] = {"no-such-program-anywhere", NULL};
    static const char *const endless[] = {"cat", "/dev/zero", NULL};
    static const char *const slow[] = {"sleep", "1000", NULL};
    struct process process = process_of(missing);
    struct process_result result;

    (void)state;
    assert_int_equal(process_run(&process, &result), -ENOENT);
    process = process_of(endless);
    assert_int_equal(process_run(&process, &result), -EFBIG);
    process = process_of(slow);
    process.timeout_ms = 50;
    assert_int_equal(process_run(&process, &result), -ETIMEDOUT);
}

static void test_namespace(void **state)
{
    static const char *const argv[] = {"cat", "/proc/net/dev", NULL};
    struct namespace namespace;
    struct process process = process_of(argv);
    struct process_result result;
    int error = namespace_open(&namespace);

    (void)state;
    if (error < 0) {
        print_message("# SKIP no network namespace: %s\n", strerror(-error));
        skip();
    }
    process.namespace = &namespace;
    assert_int_equal(process_run(&process, &result), 0);
    assert_int_equal(result.status, 0);
    assert_true(str_contains(buf_str(&result.output), "lo:"));
    assert_false(str_contains(buf_str(&result.output), "eth0:"));
    process_result_free(&result);
    namespace_close(&namespace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input_and_output),
        cmocka_unit_test(test_status_and_errors),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_namespace),
    };

    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
