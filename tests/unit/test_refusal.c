/* Refusals to outcomes, row by row: who says what over which protocol. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "live/refusal.h"

enum who { NOBODY, TARGET, OWN, ROUTER };

struct row {
    unsigned proto;
    enum family family;
    int error;
    enum who by; /* NOBODY: no ICMP message came */
    uint8_t type;
    uint8_t code;
    int outcome; /* -1: no answer */
    const char *says;
};

static const struct row rows[] = {
    {PROTO_TCP, FAMILY_V4, ECONNREFUSED, NOBODY, 0, 0, OUTCOME_REFUSED, "or by a firewall that answers in its name"},
    {PROTO_TCP, FAMILY_V4, ECONNREFUSED, ROUTER, 3, 3, OUTCOME_REJECTED,
     "by the firewall 10.0.0.254: port unreachable"},
    {PROTO_TCP, FAMILY_V4, ECONNREFUSED, TARGET, 3, 3, OUTCOME_REJECTED, "of the host itself"},
    {PROTO_TCP, FAMILY_V4, ECONNREFUSED, OWN, 3, 3, OUTCOME_REJECTED, "of this machine"},
    {PROTO_UDP, FAMILY_V4, ECONNREFUSED, TARGET, 3, 3, OUTCOME_REFUSED, "nothing listens there"},
    {PROTO_UDP, FAMILY_V4, ECONNREFUSED, ROUTER, 3, 3, OUTCOME_REJECTED, "10.0.0.254"},
    {PROTO_UDP, FAMILY_V4, ECONNREFUSED, NOBODY, 0, 0, OUTCOME_REFUSED, "does not say"},
    {PROTO_UDP, FAMILY_V4, ENOPROTOOPT, TARGET, 3, 2, OUTCOME_REJECTED, "protocol unreachable"},
    {PROTO_ICMP, FAMILY_V4, ECONNREFUSED, TARGET, 3, 3, OUTCOME_REJECTED, "of the host itself"},
    {PROTO_TCP, FAMILY_V4, EHOSTUNREACH, ROUTER, 3, 13, OUTCOME_REJECTED, "administratively prohibited (ICMP 3/13)"},
    {PROTO_UDP, FAMILY_V4, EHOSTUNREACH, ROUTER, 3, 10, OUTCOME_REJECTED, "prohibited"},
    {PROTO_UDP, FAMILY_V4, ENETUNREACH, ROUTER, 3, 9, OUTCOME_REJECTED, "prohibited"},
    {PROTO_TCP, FAMILY_V4, ENETUNREACH, ROUTER, 3, 0, OUTCOME_UNREACHABLE, "10.0.0.254 says: no route"},
    {PROTO_TCP, FAMILY_V4, EHOSTUNREACH, ROUTER, 3, 1, OUTCOME_UNREACHABLE, "10.0.0.254 says: host unreachable"},
    {PROTO_TCP, FAMILY_V4, EHOSTUNREACH, OWN, 3, 1, OUTCOME_UNREACHABLE, "nobody on this link"},
    {PROTO_TCP, FAMILY_V4, EHOSTUNREACH, ROUTER, 11, 0, OUTCOME_UNREACHABLE, "loop"},
    {PROTO_TCP, FAMILY_V4, EHOSTUNREACH, ROUTER, 3, 200, OUTCOME_UNREACHABLE, "cannot be delivered"},
    {PROTO_UDP, FAMILY_V4, EMSGSIZE, ROUTER, 3, 4, -1, NULL},
    {PROTO_UDP, FAMILY_V4, EHOSTUNREACH, ROUTER, 11, 1, -1, NULL},
    {PROTO_UDP, FAMILY_V4, 0, ROUTER, 4, 0, -1, NULL},
    {PROTO_TCP, FAMILY_V6, ECONNREFUSED, ROUTER, 1, 4, OUTCOME_REJECTED, "fd00::fe"},
    {PROTO_UDP, FAMILY_V6, ECONNREFUSED, TARGET, 1, 4, OUTCOME_REFUSED, "nothing listens"},
    {PROTO_TCP, FAMILY_V6, EACCES, ROUTER, 1, 1, OUTCOME_REJECTED, "prohibited"},
    {PROTO_TCP, FAMILY_V6, EACCES, ROUTER, 1, 5, OUTCOME_REJECTED, "prohibited"},
    {PROTO_TCP, FAMILY_V6, EACCES, ROUTER, 1, 6, OUTCOME_REJECTED, "prohibited"},
    {PROTO_TCP, FAMILY_V6, ENETUNREACH, ROUTER, 1, 0, OUTCOME_UNREACHABLE, "no route"},
    {PROTO_TCP, FAMILY_V6, EHOSTUNREACH, OWN, 1, 3, OUTCOME_UNREACHABLE, "nobody on this link"},
    {PROTO_TCP, FAMILY_V6, EHOSTUNREACH, ROUTER, 3, 0, OUTCOME_UNREACHABLE, "loop"},
    {PROTO_UDP, FAMILY_V6, EPROTO, TARGET, 4, 1, OUTCOME_REJECTED, "protocol unreachable"},
    {PROTO_UDP, FAMILY_V6, EMSGSIZE, ROUTER, 2, 0, -1, NULL},
    {PROTO_UDP, FAMILY_V4, EPERM, NOBODY, 0, 0, OUTCOME_REJECTED, "a firewall of this machine"},
    {PROTO_TCP, FAMILY_V4, EACCES, NOBODY, 0, 0, OUTCOME_REJECTED, "prohibit route"},
    {PROTO_TCP, FAMILY_V4, EINVAL, NOBODY, 0, 0, OUTCOME_UNREACHABLE, "blackhole"},
    {PROTO_TCP, FAMILY_V4, ENETUNREACH, NOBODY, 0, 0, OUTCOME_UNREACHABLE, "this machine has no route"},
    {PROTO_TCP, FAMILY_V6, EAFNOSUPPORT, NOBODY, 0, 0, OUTCOME_UNREACHABLE, "does not speak IPv6"},
    {PROTO_TCP, FAMILY_V4, ETIMEDOUT, NOBODY, 0, 0, -1, NULL},
    {PROTO_TCP, FAMILY_V4, ENOPROTOOPT, NOBODY, 0, 0, OUTCOME_ERROR, ""},
};

static u128 address(enum who who, enum family family)
{
    u128 net = family == FAMILY_V4 ? 0x0a000000 : (u128)0xfd00 << 112;

    return net + (who == TARGET ? 9 : who == OWN ? 1 : 0xfe);
}

static void each_refusal_means_one_thing(void **state)
{
    static struct answer answer;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct refused refused = {.error = row->error,
                                  .proto = row->proto,
                                  .family = row->family,
                                  .address = address(TARGET, row->family),
                                  .has_local = true,
                                  .local = address(OWN, row->family)};
        bool means;

        if (row->by != NOBODY)
            refused.refusal = (struct refusal){.reported = true,
                                               .has_by = true,
                                               .family = row->family,
                                               .by = address(row->by, row->family),
                                               .icmp_type = row->type,
                                               .icmp_code = row->code};
        if (row->by == ROUTER && row->family == FAMILY_V4)
            refused.refusal.by = 0x0a0000fe;
        answer_init(&answer);
        means = refused_means(&refused, &answer);
        if (means != (row->outcome >= 0) ||
            (means && ((int)answer.outcome != row->outcome || !str_contains(answer.reason, row->says))))
            fail_msg("row %zu: %s: %.*s", i, means ? outcome_name(answer.outcome) : "no answer",
                     STR_ARG(answer.reason));
        if (means && row->by != NOBODY)
            assert_non_null(answer_value(&answer, "reported-by").p);
    }
}

static void scarcity_is_no_answer(void **state)
{
    static const int scarce[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EADDRINUSE, EAGAIN};
    static const int answers[] = {ECONNREFUSED, EPERM, EACCES, EINVAL, ENETUNREACH, EHOSTUNREACH, ETIMEDOUT};

    (void)state;
    for (size_t i = 0; i < sizeof scarce / sizeof *scarce; i++)
        assert_true(refused_scarce(scarce[i]));
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        assert_false(refused_scarce(answers[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_means_one_thing),
        cmocka_unit_test(scarcity_is_no_answer),
    };

    return cmocka_run_group_tests_name("refusal", tests, NULL, NULL);
}
