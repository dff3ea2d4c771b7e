/* The one-line language of packets: read and printed, each error at its column; limits of the fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/packet.h"
#include "net/proto.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool read_packet(struct arena *arena, struct str text, struct diags *diags, struct packet *packet)
{
    diags_init(diags, arena);
    return packet_parse(source_new(arena, STR("<packet>"), str_dup(arena, text)), diags, packet);
}

static const struct {
    const char *text;
    const char *printed;
} packets[] = {
    {"tcp 10.0.0.1 > 10.0.0.2:443", "tcp 10.0.0.1:40000 > 10.0.0.2:443 state new"},
    {"  tcp\t10.0.0.1:1 >  10.0.0.2:443 \n", "tcp 10.0.0.1:1 > 10.0.0.2:443 state new"},
    {"tcp 10.0.0.1:40000 > 10.0.0.2:443 in eth0 out eth1 state new",
     "tcp 10.0.0.1:40000 > 10.0.0.2:443 in eth0 out eth1 state new"},
    {"tcp 10.0.0.1 > 10.0.0.2:443 state established", "tcp 10.0.0.1:40000 > 10.0.0.2:443 state established"},
    {"tcp 10.0.0.1 > 10.0.0.2:443 flags syn", "tcp 10.0.0.1:40000 > 10.0.0.2:443 state new"},
    {"tcp 10.0.0.1 > 10.0.0.2:443 flags ack state established", "tcp 10.0.0.1:40000 > 10.0.0.2:443 state established"},
    {"tcp 10.0.0.1 > 10.0.0.2:443 flags ack,syn", "tcp 10.0.0.1:40000 > 10.0.0.2:443 state new flags syn,ack"},
    {"tcp 10.0.0.1 > 10.0.0.2:443 flags none", "tcp 10.0.0.1:40000 > 10.0.0.2:443 state new flags none"},
    {"udp [fd00::1]:53 > [fd00::2]:53", "udp [fd00::1]:53 > [fd00::2]:53 state new"},
    {"udp fd00::1 > [fd00::2]:53 state untracked", "udp [fd00::1]:40000 > [fd00::2]:53 state untracked"},
    {"icmp 10.0.0.1 > 10.0.0.2", "icmp 10.0.0.1 > 10.0.0.2 type 8 code 0 state new"},
    {"icmp 10.0.0.1 > 10.0.0.2 type 3 code 4 state related", "icmp 10.0.0.1 > 10.0.0.2 type 3 code 4 state related"},
    {"icmp fd00::1 > fd00::2", "icmpv6 fd00::1 > fd00::2 type 128 code 0 state new"},
    {"47 10.0.0.1 > 10.0.0.2", "gre 10.0.0.1 > 10.0.0.2 state new"},
    {"253 10.0.0.1 > 10.0.0.2 state invalid", "253 10.0.0.1 > 10.0.0.2 state invalid"},
    {"gre fd00::1 > fd00::2 mark 0x10", "gre fd00::1 > fd00::2 state new mark 0x10"},
    {"udp 10.0.0.1 > 10.0.0.2 fragment later mark 7", "udp 10.0.0.1 > 10.0.0.2 state new fragment later mark 0x7"},
    {"udp 10.0.0.1 > 10.0.0.2:53 fragment first", "udp 10.0.0.1:40000 > 10.0.0.2:53 state new fragment first"},
    {"udp 10.0.0.1 > 10.0.0.2:53 fragment none mark 0", "udp 10.0.0.1:40000 > 10.0.0.2:53 state new"},
    {"sctp 10.0.0.1 > 10.0.0.2:65535", "sctp 10.0.0.1:40000 > 10.0.0.2:65535 state new"},
};

static void read_and_printed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(packets); i++) {
        struct arena *arena = arena_new();
        struct str text = str_of(packets[i].text);
        struct diags diags;

        /* What is printed is read as the same packet, and printed the same. */
        for (int round = 0; round < 2; round++) {
            struct packet packet;
            struct buf out = BUF_EMPTY;

            if (!read_packet(arena, text, &diags, &packet))
                fail_msg("%.*s: %.*s", STR_ARG(text), STR_ARG(diags.v[0].message));
            assert_int_equal(diags.n, 0);
            packet_format(&out, &packet);
            text = str_dup(arena, buf_str(&out));
            buf_free(&out);
            if (!str_is(text, packets[i].printed))
                fail_msg("%s: %.*s", packets[i].text, STR_ARG(text));
        }
        arena_free(arena);
    }
}

static const struct {
    const char *text;
    unsigned column;
    const char *message; /* how it begins */
} wrong[] = {
    {"", 1, "protocol is missing"},
    {"tpc 10.0.0.1 > 10.0.0.2:1", 1, "unknown protocol \"tpc\""},
    {"256 10.0.0.1 > 10.0.0.2:1", 1, "unknown protocol"},
    {"tcp", 4, "source is missing"},
    {"tcp host > 10.0.0.2:1", 5, "source must be an address"},
    {"tcp 10.0.0.1:x > 10.0.0.2:1", 5, "port of the source"},
    {"tcp 10.0.0.1: > 10.0.0.2:1", 5, "port of the source"},
    {"tcp 10.0.0.1:65536 > 10.0.0.2:1", 5, "port of the source"},
    {"tcp [fd00::1 > [fd00::2]:1", 5, "source must be an address"},
    {"tcp [fd00::1]x > [fd00::2]:1", 5, "port of the source"},
    {"tcp [] > [fd00::2]:1", 5, "source must be an address"},
    {"tcp 10.0.0.1", 13, "\">\" is missing"},
    {"tcp 10.0.0.1 to 10.0.0.2:1", 14, "expected \">\""},
    {"tcp 10.0.0.1 >", 15, "destination is missing"},
    {"tcp 10.0.0.1 > 10.0.0.300", 16, "destination must be an address"},
    {"tcp 10.0.0.1 > [fd00::2]:1", 16, "source and destination are of different address families"},
    {"icmp 10.0.0.1:5 > 10.0.0.2", 6, "this protocol has no ports"},
    {"gre 10.0.0.1 > [10.0.0.2]:5", 16, "this protocol has no ports"},
    {"tcp 10.0.0.1 > 10.0.0.2:1 state", 32, "state is missing"},
    {"tcp 10.0.0.1 > 10.0.0.2:1 state open", 33, "state must be"},
    {"tcp 10.0.0.1 > 10.0.0.2:1 in", 29, "interface is missing"},
    {"tcp 10.0.0.1 > 10.0.0.2:1 flags sin", 33, "flags are"},
    {"tcp 10.0.0.1 > 10.0.0.2:1 fragment second", 36, "fragment must be"},
    {"icmp 10.0.0.1 > 10.0.0.2 type 256", 31, "ICMP type must be a number up to 255"},
    {"icmp 10.0.0.1 > 10.0.0.2 code -1", 31, "ICMP code must be a number up to 255"},
    {"tcp 10.0.0.1 > 10.0.0.2:1 mark 0x100000000", 32, "mark must be a number"},
    {"tcp 10.0.0.1 > 10.0.0.2:1 via eth0", 27, "unknown word \"via\""},
    {"  tcp 10.0.0.1 > 10.0.0.2:1 via eth0", 29, "unknown word \"via\""},
};

static void errors_at_their_column(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct arena *arena = arena_new();
        struct packet packet = {.mark = 99};
        struct diags diags;

        if (read_packet(arena, str_of(wrong[i].text), &diags, &packet) || diags.n != 1 || packet.mark != 99)
            fail_msg("\"%s\" is read, or has %zu diagnostics", wrong[i].text, diags.n);
        if (source_column(diags.v[0].span.source, diags.v[0].span.at) != wrong[i].column ||
            !str_starts(diags.v[0].message, wrong[i].message))
            fail_msg("\"%s\": column %u, %.*s", wrong[i].text,
                     source_column(diags.v[0].span.source, diags.v[0].span.at), STR_ARG(diags.v[0].message));
        arena_free(arena);
    }
}

static void fields_of_a_packet(void **state)
{
    struct arena *arena = arena_new();
    struct packet packet;
    struct diags diags;

    (void)state;
    assert_true(read_packet(arena, STR("tcp 10.0.0.1:5 > 10.0.0.2:6 in eth0 flags fin,cwr fragment first mark 9"),
                            &diags, &packet));
    const u128 wanted[FIELD_N] = {
        [FIELD_SOURCE] = 0x0a000001,
        [FIELD_DESTINATION] = 0x0a000002,
        [FIELD_PROTOCOL] = 6,
        [FIELD_SOURCE_PORT] = 5,
        [FIELD_PORT] = 6,
        [FIELD_ICMP] = packet_field(&packet, FIELD_ICMP),
        [FIELD_TCP_FLAGS] = 129,
        [FIELD_STATE] = STATE_NEW,
        [FIELD_FRAGMENT] = FRAGMENT_FIRST,
        [FIELD_MARK] = 9,
    };
    for (enum field field = 0; field < FIELD_N; field++) {
        assert_true(packet_field(&packet, field) == wanted[field]);
        assert_true(packet_field(&packet, field) <= field_max(field, FAMILY_V4));
    }
    assert_true(read_packet(arena, STR("icmp 10.0.0.1 > 10.0.0.2 type 3 code 4"), &diags, &packet));
    assert_true(packet_field(&packet, FIELD_ICMP) == (3 << 8 | 4));
    assert_true(packet_field(&packet, FIELD_SOURCE_PORT) == 0);
    arena_free(arena);
}

static void limits_of_fields(void **state)
{
    static const struct {
        enum field field;
        u128 v4;
        u128 v6;
    } limits[] = {
        {FIELD_SOURCE, UINT32_MAX, ~(u128)0},
        {FIELD_DESTINATION, UINT32_MAX, ~(u128)0},
        {FIELD_PROTOCOL, 255, 255},
        {FIELD_SOURCE_PORT, 65535, 65535},
        {FIELD_PORT, 65535, 65535},
        {FIELD_ICMP, 65535, 65535},
        {FIELD_TCP_FLAGS, 255, 255},
        {FIELD_STATE, STATE_UNTRACKED, STATE_UNTRACKED},
        {FIELD_FRAGMENT, FRAGMENT_LATER, FRAGMENT_LATER},
        {FIELD_MARK, UINT32_MAX, UINT32_MAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(limits); i++) {
        assert_true(field_max(limits[i].field, FAMILY_V4) == limits[i].v4);
        assert_true(field_max(limits[i].field, FAMILY_V6) == limits[i].v6);
    }
    for (enum field field = 0; field < FIELD_N; field++) {
        assert_true(field_name(field)[0] != '\0');
        for (enum field other = 0; other < field; other++)
            assert_string_not_equal(field_name(field), field_name(other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_and_printed),
        cmocka_unit_test(errors_at_their_column),
        cmocka_unit_test(fields_of_a_packet),
        cmocka_unit_test(limits_of_fields),
    };
    return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
