/* Addresses, prefixes and ranges; names of protocols, ports and ICMP messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/proto.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t seed = 88172645463325252u;

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static const struct {
    const char *text;
    enum addr_error error;
    const char *printed; /* NULL: nothing was read */
} texts[] = {
    {"10.0.0.1", ADDR_OK, "10.0.0.1"},
    {"0.0.0.0", ADDR_OK, "0.0.0.0"},
    {"255.255.255.255", ADDR_OK, "255.255.255.255"},
    {"10.0.0.0/8", ADDR_OK, "10.0.0.0/8"},
    {"10.0.0.1/32", ADDR_OK, "10.0.0.1"},
    {"0.0.0.0/0", ADDR_OK, "0.0.0.0/0"},
    {"10.0.0.1/8", ADDR_HOST_BITS, "10.0.0.0/8"},
    {"10.0.0.1/0", ADDR_HOST_BITS, "0.0.0.0/0"},
    {"10.0.0.0/255.255.255.0", ADDR_OK, "10.0.0.0/24"},
    {"10.0.0.0/255.255.255.255", ADDR_OK, "10.0.0.0"},
    {"0.0.0.0/0.0.0.0", ADDR_OK, "0.0.0.0/0"},
    {"10.0.0.5/255.255.255.0", ADDR_HOST_BITS, "10.0.0.0/24"},
    {"10.0.0.0/255.0.255.0", ADDR_BAD_MASK, NULL},
    {"10.0.0.0/0.0.0.255", ADDR_BAD_MASK, NULL},
    {"10.0.0.0/33", ADDR_BAD_LENGTH, NULL},
    {"10.0.0.0/-1", ADDR_BAD_LENGTH, NULL},
    {"10.0.0.0/", ADDR_BAD_LENGTH, NULL},
    {"10.0.0.0/8/8", ADDR_BAD_LENGTH, NULL},
    {"10.0.0.0/ffff::", ADDR_BAD_LENGTH, NULL},
    {"10.0.0.1-10.0.0.9", ADDR_OK, "10.0.0.1-10.0.0.9"},
    {"10.0.0.1 - 10.0.0.9", ADDR_OK, "10.0.0.1-10.0.0.9"},
    {"10.0.0.0-10.0.0.255", ADDR_OK, "10.0.0.0/24"},
    {"10.0.0.7-10.0.0.7", ADDR_OK, "10.0.0.7"},
    {"10.0.0.9-10.0.0.1", ADDR_BACKWARDS, NULL},
    {"10.0.0.1-fd00::1", ADDR_MIXED, NULL},
    {"10.0.0.1-", ADDR_NOT_ADDRESS, NULL},
    {"-10.0.0.1", ADDR_NOT_ADDRESS, NULL},
    {"10.0.0.1-10.0.0.9/24", ADDR_NOT_ADDRESS, NULL},
    {"10.0.0", ADDR_NOT_ADDRESS, NULL},
    {"10.0.0.256", ADDR_NOT_ADDRESS, NULL},
    {"10.0.0.1.2", ADDR_NOT_ADDRESS, NULL},
    {"010.0.0.1", ADDR_NOT_ADDRESS, NULL}, /* octal to some, decimal to others */
    {"", ADDR_NOT_ADDRESS, NULL},
    {"ntp", ADDR_NOT_ADDRESS, NULL},
    {" 10.0.0.1", ADDR_NOT_ADDRESS, NULL},
    {"fd00::1", ADDR_OK, "fd00::1"},
    {"FD00:0:0::1", ADDR_OK, "fd00::1"},
    {"::", ADDR_OK, "::"},
    {"::/0", ADDR_OK, "::/0"},
    {"fd00::/64", ADDR_OK, "fd00::/64"},
    {"fd00::1/128", ADDR_OK, "fd00::1"},
    {"fd00::1/64", ADDR_HOST_BITS, "fd00::/64"},
    {"2001:db8:0:0:1:0:0:1", ADDR_OK, "2001:db8::1:0:0:1"}, /* the first of two runs, RFC 5952 */
    {"::ffff:10.0.0.1", ADDR_OK, "::ffff:10.0.0.1"},
    {"fd00::1-fd00::ff", ADDR_OK, "fd00::1-fd00::ff"},
    {"::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ADDR_OK, "::/0"},
    {"fd00::/129", ADDR_BAD_LENGTH, NULL},
    {"fd00::1%eth0", ADDR_NOT_ADDRESS, NULL},
    {"fd00:::1", ADDR_NOT_ADDRESS, NULL},
    {"1:2:3:4:5:6:7:8:9", ADDR_NOT_ADDRESS, NULL},
    {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", ADDR_NOT_ADDRESS, NULL},
};

static void read_and_printed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct addr_range range;
        enum addr_error error = addr_range_parse(str_of(texts[i].text), &range);
        struct buf out = BUF_EMPTY;

        if (error != texts[i].error)
            fail_msg("\"%s\": %s", texts[i].text, addr_error_text(error));
        assert_int_equal(addr_error_text(error)[0] == '\0', error == ADDR_OK);
        if (texts[i].printed == NULL)
            continue;
        addr_range_format(&out, range.family, range.range);
        if (!str_is(buf_str(&out), texts[i].printed))
            fail_msg("\"%s\" is printed %.*s", texts[i].text, STR_ARG(buf_str(&out)));
        buf_free(&out);
    }
    assert_int_equal(addr_range_parse(STR("10.0.0.1\0"), &(struct addr_range){0}), ADDR_NOT_ADDRESS);
}

/* Of any address and any range: what is printed is read back as it was. */
static void printed_and_read(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        enum family family = next() % 2 == 0 ? FAMILY_V4 : FAMILY_V6;
        u128 a = ((u128)next() << 64 | next()) >> (next() % 128) & addr_max(family);
        u128 b = next() % 2 == 0 ? a + next() % 300 : a | (((u128)1 << next() % addr_bits(family)) - 1);
        struct range range = {a, b < a || b > addr_max(family) ? addr_max(family) : b};
        struct addr_range read;
        struct buf out = BUF_EMPTY;

        addr_range_format(&out, family, range);
        assert_int_equal(addr_range_parse(buf_str(&out), &read), ADDR_OK);
        assert_true(read.family == family && read.range.lo == range.lo && read.range.hi == range.hi);
        buf_free(&out);
    }
}

static void prefixes(void **state)
{
    (void)state;
    for (enum family family = 0; family < FAMILY_N; family++) {
        for (unsigned length = 0; length <= addr_bits(family); length++) {
            u128 addr = ((u128)next() << 64 | next()) & addr_max(family);
            struct range range = addr_prefix(family, addr, length);

            assert_true(range.lo <= addr && addr <= range.hi && range.hi <= addr_max(family));
            assert_int_equal(addr_prefix_length(family, range), length);
            if (range.lo < range.hi) {
                assert_int_equal(addr_prefix_length(family, (struct range){range.lo, range.hi - 1}) >= 0,
                                 range.hi - range.lo == 1);
                assert_int_equal(addr_prefix_length(family, (struct range){range.lo + 1, range.hi}) >= 0,
                                 range.hi - range.lo == 1);
            }
        }
    }
    assert_int_equal(addr_prefix_length(FAMILY_V4, (struct range){1, 2}), -1); /* the right size, the wrong place */
}

/* The prefixes of a range follow each other without a gap, each a prefix, and none could be longer. */
static void cover(enum family family, struct range range)
{
    struct range rest = range;

    for (int n = 1;; n++) {
        struct range piece = addr_next_prefix(family, rest);
        int length = addr_prefix_length(family, piece);
        struct range wider;

        assert_true(piece.lo == rest.lo && piece.hi <= range.hi && length >= 0);
        assert_true(n <= 2 * (int)addr_bits(family));
        wider = length == 0 ? range : addr_prefix(family, piece.lo, (unsigned)length - 1);
        assert_true(length == 0 || wider.lo != rest.lo || wider.hi > rest.hi);
        if (piece.hi == range.hi)
            return;
        rest.lo = piece.hi + 1;
    }
}

static void prefixes_cover_ranges(void **state)
{
    (void)state;
    for (unsigned lo = 0; lo < 64; lo++) {
        for (unsigned hi = lo; hi < 64; hi++) {
            u128 end = addr_max(FAMILY_V6) - 63;

            cover(FAMILY_V4, (struct range){lo, hi});
            cover(FAMILY_V4, (struct range){0xffffffc0 + lo, 0xffffffc0 + hi});
            cover(FAMILY_V6, (struct range){end + lo, end + hi});
        }
    }
    for (enum family family = 0; family < FAMILY_N; family++) {
        cover(family, (struct range){0, addr_max(family)});
        cover(family, (struct range){1, addr_max(family)});
        cover(family, (struct range){1, addr_max(family) - 1});
    }
}

static void unicast(void **state)
{
    static const struct {
        const char *text;
        bool unicast;
    } cases[] = {
        {"10.0.0.1", true},   {"0.0.0.0", false},
        {"0.1.2.3", false},   {"1.0.0.0", true},
        {"127.0.0.1", false}, {"126.255.255.255", true},
        {"128.0.0.0", true},  {"223.255.255.255", true},
        {"224.0.0.1", false}, {"239.255.255.255", false},
        {"240.0.0.1", true},  {"255.255.255.255", false},
        {"::", false},        {"::1", false},
        {"::2", true},        {"fd00::1", true},
        {"fe80::1", true},    {"ff02::1", false},
        {"feff::1", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum family family;
        u128 addr;

        assert_true(addr_parse(str_of(cases[i].text), &family, &addr));
        assert_true(ranges_contain(addr_all(family), addr));
        if (ranges_contain(addr_unicast(family), addr) != cases[i].unicast)
            fail_msg("%s", cases[i].text);
    }
}

/* --- protocols --------------------------------------------------------------------------------------------------- */

static void protocols(void **state)
{
    static const struct {
        const char *text;
        int number;
    } cases[] = {{"tcp", 6},  {"udp", 17},   {"icmp", 1}, {"icmpv6", 58}, {"ipv6-icmp", 58}, {"sctp", 132},
                 {"gre", 47}, {"hopopt", 0}, {"0", 0},    {"255", 255},   {"256", -1},       {"", -1},
                 {"TCP", -1}, {"tcpx", -1},  {"-1", -1},  {"ipencap", 4}, {"ipv4", 4},       {"udplite", 136}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (proto_parse(str_of(cases[i].text)) != cases[i].number)
            fail_msg("\"%s\" is %d", cases[i].text, proto_parse(str_of(cases[i].text)));
    }
    for (unsigned proto = 0; proto < 256; proto++) {
        struct buf out = BUF_EMPTY;

        proto_format(&out, proto);
        assert_int_equal(proto_parse(buf_str(&out)), proto);
        assert_int_equal(proto_has_ports(proto),
                         proto == 6 || proto == 17 || proto == 33 || proto == 132 || proto == 136);
        buf_free(&out);
    }
    assert_true(proto_icmp(FAMILY_V4) == 1 && proto_icmp(FAMILY_V6) == 58);
}

static void ports(void **state)
{
    static const struct {
        const char *text;
        int lo; /* -1: none */
        int hi;
    } cases[] = {{"80", 80, 80},     {"1-65535", 1, 65535}, {"0", 0, 0},   {"0-5", 0, 5},    {"65536", -1, 0},
                 {"1-65536", -1, 0}, {"5-4", -1, 0},        {"5-5", 5, 5}, {"5-", -1, 0},    {"-5", -1, 0},
                 {"", -1, 0},        {"-", -1, 0},          {"a", -1, 0},  {"1-2-3", -1, 0}, {"1:2", -1, 0},
                 {" 80", -1, 0},     {"0x50", -1, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct range range = {9, 9};
        bool good = port_range_parse(str_of(cases[i].text), true, &range);

        if (good != (cases[i].lo >= 0) || (good && (range.lo != (u128)cases[i].lo || range.hi != (u128)cases[i].hi)))
            fail_msg("\"%s\"", cases[i].text);
        assert_true(good || range.lo == 9);
        assert_int_equal(port_range_parse(str_of(cases[i].text), false, &range), cases[i].lo > 0);
    }
}

static void icmp_messages(void **state)
{
    static const struct {
        const char *text;
        int v4[2]; /* type, code (-1 any); type -1: not a message */
        int v6[2];
    } cases[] = {
        {"echo-request", {8, -1}, {128, -1}},
        {"ping", {8, -1}, {128, -1}},
        {"echo-reply", {0, -1}, {129, -1}},
        {"destination-unreachable", {3, -1}, {1, -1}},
        {"port-unreachable", {3, 3}, {1, 4}},
        {"fragmentation-needed", {3, 4}, {-1, 0}},
        {"packet-too-big", {-1, 0}, {2, -1}},
        {"time-exceeded", {11, -1}, {3, -1}},
        {"redirect", {5, -1}, {137, -1}},
        {"nd-neighbor-solicit", {-1, 0}, {135, -1}},
        {"8", {8, -1}, {8, -1}},
        {"3/4", {3, 4}, {3, 4}},
        {"0x8", {8, -1}, {8, -1}},
        {"255/255", {255, 255}, {255, 255}},
        {"256", {-1, 0}, {-1, 0}},
        {"3/256", {-1, 0}, {-1, 0}},
        {"3/", {-1, 0}, {-1, 0}},
        {"/3", {-1, 0}, {-1, 0}},
        {"", {-1, 0}, {-1, 0}},
        {"Echo-Request", {-1, 0}, {-1, 0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (enum family family = 0; family < FAMILY_N; family++) {
            const int *wanted = family == FAMILY_V4 ? cases[i].v4 : cases[i].v6;
            struct range range;
            bool good = icmp_parse(str_of(cases[i].text), family, &range);

            assert_int_equal(good, wanted[0] >= 0);
            if (!good)
                continue;
            assert_true(range.lo == (u128)(wanted[0] << 8 | (wanted[1] < 0 ? 0 : wanted[1])));
            assert_true(range.hi == (u128)(wanted[0] << 8 | (wanted[1] < 0 ? 255 : wanted[1])));
        }
    }
    for (enum family family = 0; family < FAMILY_N; family++) {
        unsigned named = 0;

        for (unsigned type = 0; type < 256; type++) {
            const char *name = icmp_type_name(family, type);
            struct range range;

            named += name != NULL;
            if (name == NULL)
                continue;
            assert_true(icmp_parse(str_of(name), family, &range));
            assert_true(range.lo == icmp_message(type, 0) && range.hi == icmp_message(type, 255));
        }
        assert_true(named > 10);
    }
    assert_string_equal(icmp_type_name(FAMILY_V4, 8), "echo-request");
    assert_null(icmp_type_name(FAMILY_V4, 200));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_and_printed),
        cmocka_unit_test(printed_and_read),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(prefixes_cover_ranges),
        cmocka_unit_test(unicast),
        cmocka_unit_test(protocols),
        cmocka_unit_test(ports),
        cmocka_unit_test(icmp_messages),
    };
    return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
