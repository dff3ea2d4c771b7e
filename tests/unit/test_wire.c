/* Cursors over messages, BER, RPC headers and answers: limits, and that what is written is read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/ber.h"
#include "service/rpc.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void reads_fail_for_good(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5};
    struct wire_in in = wire_in(bytes, sizeof bytes);
    struct wire_in within;

    (void)state;
    assert_int_equal(wire_get_u16(&in), 0x0102);
    within = wire_within(&in, 2);
    assert_int_equal(wire_get_u16le(&within), 0x0403);
    assert_int_equal(wire_get_u8(&within), 0); /* its own end */
    assert_true(within.failed);
    assert_false(in.failed);
    assert_int_equal(wire_get_u16(&in), 0);
    assert_true(in.failed);
    assert_int_equal(wire_left(&in), 1);
    assert_int_equal(wire_get_u8(&in), 0); /* there is a byte, but the reader has failed */
    assert_int_equal(wire_get(&in, SIZE_MAX).n, 0);
    assert_false(wire_is(&in, bytes + 4, 1));
}

static void lines_need_their_end(void **state)
{
    struct wire_in in = wire_in("a\r\n\nrest", 8);
    struct str line;

    (void)state;
    assert_true(wire_line(&in, &line) && str_is(line, "a"));
    assert_true(wire_line(&in, &line) && line.n == 0);
    assert_false(wire_line(&in, &line));
    assert_int_equal(in.at, 4);
    assert_false(in.failed);
}

static void writes_stop_at_the_capacity(void **state)
{
    uint8_t bytes[8];
    struct wire_out out = {bytes, 0, sizeof bytes, false};

    (void)state;
    wire_put_u32(&out, 0x01020304);
    wire_insert(&out, 0, "ab", 2);
    wire_put_u16le(&out, 0x0102);
    assert_false(out.failed);
    assert_memory_equal(bytes, "ab\1\2\3\4\2\1", 8);
    wire_put_u8(&out, 1);
    assert_true(out.failed);
    assert_int_equal(out.n, 8);
    out = (struct wire_out){bytes, 0, sizeof bytes, false};
    wire_printf(&out, "%s", "seven77"); /* printf's own end has room too */
    assert_int_equal(out.n, 7);
    wire_printf(&out, "x");
    assert_true(out.failed);
    assert_int_equal(out.n, 7);
    out = (struct wire_out){bytes, 0, sizeof bytes, false};
    wire_put_zeros(&out, 9);
    assert_true(out.failed);
    wire_insert(&out, 0, "a", 1);
    assert_int_equal(out.n, 0);
}

static void ber_numbers_come_back(void **state)
{
    static const uint32_t numbers[] = {0,     1,       127,     128,        255,        256,       32767,
                                       32768, 8388607, 8388608, 2147483647, 2147483648, UINT32_MAX};
    static const size_t sizes[] = {3, 3, 3, 4, 4, 4, 4, 5, 5, 6, 6, 7, 7};

    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        uint8_t bytes[16];
        struct wire_out out = {bytes, 0, sizeof bytes, false};
        struct wire_in in;

        ber_put_number(&out, BER_INTEGER, numbers[i]);
        assert_int_equal(out.n, sizes[i]);
        in = wire_in(bytes, out.n);
        assert_int_equal(ber_number(&in, BER_INTEGER), numbers[i]);
        assert_false(in.failed);
    }
}

static void ber_lengths_are_the_shortest(void **state)
{
    static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 1000};
    static const size_t heads[] = {2, 2, 2, 3, 3, 4, 4};

    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        uint8_t bytes[1100];
        struct wire_out out = {bytes, 0, sizeof bytes, false};
        size_t opened = ber_open(&out, BER_SEQUENCE);
        size_t skip;
        size_t length;
        struct wire_in in;

        wire_put_zeros(&out, lengths[i]);
        ber_close(&out, opened);
        assert_int_equal(out.n, heads[i] + lengths[i]);
        in = wire_in(bytes, out.n);
        assert_int_equal(ber_enter(&in, BER_SEQUENCE).n, lengths[i]);
        assert_int_equal(framing_ber.find(wire_in(bytes, out.n), &skip, &length), FRAME_FOUND);
        assert_int_equal(length, out.n);
    }
}

static void bad_ber_fails(void **state)
{
    static const struct str bad[] = {
        {"\x02\x01", 2},             /* content is missing */
        {"\x02\x00", 2},             /* a number without digits */
        {"\x02\x01\x80", 3},         /* negative */
        {"\x02\x05\x01\0\0\0\0", 7}, /* more than 32 bits */
        {"\x02\x80\x01\0\0", 5},     /* without a length */
        {"\x02\x85\0\0\0\0\1\1", 8}, /* a length of five bytes */
        {"\x04\x01\x01", 3},         /* not a number */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct wire_in in = wire_in(bad[i].p, bad[i].n);

        assert_int_equal(ber_number(&in, BER_INTEGER), 0);
        assert_true(in.failed);
    }
}

static void rpc_replies_come_back(void **state)
{
    (void)state;
    for (enum rpc_status status = 0; status < RPC_DENIED; status++) {
        uint8_t bytes[64];
        struct wire_out out = {bytes, 0, sizeof bytes, false};
        struct rpc_reply reply = {.xid = 0x01020304, .status = status, .low = 2, .high = 4};
        struct rpc_reply again;
        struct wire_in in;

        rpc_put_reply(&out, &reply);
        for (size_t n = 0; n < out.n; n++) {
            in = wire_in(bytes, n);
            assert_false(rpc_get_reply(&in, &again));
        }
        in = wire_in(bytes, out.n);
        assert_true(rpc_get_reply(&in, &again));
        assert_int_equal(again.xid, reply.xid);
        assert_int_equal(again.status, status);
        assert_int_equal(again.high, status == RPC_PROG_MISMATCH ? 4 : 0);
    }
}

static void answers_can_be_shown(void **state)
{
    static char long_text[2000];
    struct answer answer;

    (void)state;
    answer_init(&answer);
    answer_add_text(&answer, "banner", (struct str){"a\x1b[2J\\\xff\0b", 9});
    assert_true(str_is(answer_value(&answer, "banner"), "a\\x1b[2J\\x5c\\xff\\x00b"));
    answer_add(&answer, "banner", "again");
    assert_int_equal(answer.evidence_n, 1); /* no name twice */
    assert_true(answer.cut);
    memset(long_text, 'x', sizeof long_text);
    for (size_t i = 0; i < 2 * ANSWER_EVIDENCE_MAX; i++) {
        static char names[2 * ANSWER_EVIDENCE_MAX][4];

        snprintf(names[i], sizeof names[i], "%zu", i);
        answer_add_text(&answer, names[i], (struct str){long_text, sizeof long_text});
    }
    assert_int_equal(answer.evidence_n, ANSWER_EVIDENCE_MAX);
    answer_is(&answer, OUTCOME_OPEN, "the reason has room at the end, with %s", "all of its words");
    assert_true(str_ends(answer.reason, "all of its words"));
    for (unsigned i = 0; i < 2 * ANSWER_NEXT_MAX; i++) {
        answer_next(&answer, "nfs", PROTO_TCP, (uint16_t)(i + 1));
        answer_next(&answer, "nfs", PROTO_TCP, 1);
    }
    assert_int_equal(answer.next_n, ANSWER_NEXT_MAX);
}

static void outcomes_have_names(void **state)
{
    (void)state;
    for (enum outcome outcome = 0; outcome < OUTCOME_N; outcome++) {
        enum outcome again;

        assert_true(outcome_parse(str_of(outcome_name(outcome)), &again));
        assert_int_equal(again, outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_fail_for_good),          cmocka_unit_test(lines_need_their_end),
        cmocka_unit_test(writes_stop_at_the_capacity),  cmocka_unit_test(ber_numbers_come_back),
        cmocka_unit_test(ber_lengths_are_the_shortest), cmocka_unit_test(bad_ber_fails),
        cmocka_unit_test(rpc_replies_come_back),        cmocka_unit_test(answers_can_be_shown),
        cmocka_unit_test(outcomes_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
