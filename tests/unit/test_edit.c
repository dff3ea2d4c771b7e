/* Verdicts that follow a ruleset while it is edited: where an edit reaches further than the packets of its rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prove/edit.h"
#include "prove_text.h"

#define SHUT ":FORWARD DROP [0:0]\n"
#define A "-A FORWARD "

static struct chain *chain_of(const struct firewall_text *f, bool nat)
{
    return nat ? ruleset_chain(f->ruleset, STR("nat"), STR("PREROUTING"))
               : ruleset_chain(f->ruleset, STR("filter"), STR("FORWARD"));
}

/*
 * Rule `at` (from 1) of FORWARD, or of PREROUTING in nat, becomes the one rule of `becomes`; what is kept then must be
 * what a new proof says.
 */
static void edit_and_compare(struct firewall_text *f, bool nat, size_t at, const char *becomes,
                             enum verdict_kind request, enum verdict_kind reply)
{
    struct edit *edit = edit_start(f->arena, f->ruleset, &f->policy);
    const enum verdict_kind wanted[] = {request, reply};
    struct firewall_text other;
    struct prover *fresh;
    size_t judged;

    firewall_text(&other, becomes);
    assert_true(edit_rule(edit, chain_of(f, nat), at - 1, &chain_of(&other, nat)->rules[0], &judged));
    fresh = prover_new(f->arena, f->ruleset, &f->policy);
    for (enum direction direction = DIRECTION_REQUEST; direction <= DIRECTION_REPLY; direction++) {
        struct verdict verdict;

        judge_permit(f->scratch, fresh, &f->permits[0], direction, &verdict);
        assert_int_equal(verdict.kind, wanted[direction]);
        assert_int_equal(edit_verdict(edit, 0, direction)->kind, wanted[direction]);
    }
    edit_free(edit);
    firewall_free(&other);
}

/* Which of the two answers hangs on which of the two was asked; the rule that is edited takes no answer. */
static void a_reply_behind_nat_follows_its_request(void **state)
{
    struct firewall_text f;

    (void)state;
    firewall_text(&f, SHUT A "-p tcp -s 10.1.0.2 --sport 80 -j ACCEPT\n" A "-p tcp --dport 80 --syn -j ACCEPT\n"
                             "COMMIT\n*nat\n-A PREROUTING -d 10.1.0.1 -j DNAT --to-destination 10.1.0.2-10.1.0.3\n");
    firewall_permit(&f, "tcp 10.0.0.1 10.1.0.1 80", NULL, NULL);
    edit_and_compare(&f, false, 2, A "-p tcp -d 10.1.0.2 --dport 80 --syn -j ACCEPT\n", VERDICT_UNDETERMINED,
                     VERDICT_PERMITTED);
    firewall_free(&f);
}

static void a_reply_without_a_track_follows_its_request(void **state)
{
    struct firewall_text f;

    (void)state;
    firewall_text(&f, SHUT A "-p tcp --dport 80 --syn -j ACCEPT\n" A "-m state --state ESTABLISHED -j ACCEPT\n"
                             "COMMIT\n*raw\n-A PREROUTING -p tcp --dport 80 -j NOTRACK\n");
    firewall_permit(&f, "tcp 10.0.0.1 10.1.0.1 80", NULL, NULL);
    edit_and_compare(&f, false, 1, A "-p udp -j ACCEPT\n", VERDICT_DENIED, VERDICT_PARTIAL);
    firewall_free(&f);
}

/* Rules asked for it before there was any, in vain. */
static void the_first_translation(void **state)
{
    struct firewall_text f;

    (void)state;
    firewall_text(&f, SHUT A "-m conntrack --ctstate ESTABLISHED,DNAT -j ACCEPT\n"
                             "COMMIT\n*nat\n-A PREROUTING -d 10.1.0.1 -j ACCEPT\n");
    firewall_permit(&f, "tcp 10.0.0.1 10.1.0.1 80", NULL, NULL);
    edit_and_compare(&f, true, 1, "COMMIT\n*nat\n-A PREROUTING -d 10.1.0.1 -j DNAT --to-destination 10.1.0.2\n",
                     VERDICT_PERMITTED, VERDICT_PERMITTED);
    firewall_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_behind_nat_follows_its_request),
        cmocka_unit_test(a_reply_without_a_track_follows_its_request),
        cmocka_unit_test(the_first_translation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
