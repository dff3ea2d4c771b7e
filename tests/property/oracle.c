/*
 * The prover against the slow oracle: random small rulesets, random flows, and for each every packet at a corner.
 *
 * All values that rules and flows use come from small domains, so that the packets over those values (and one value
 * beyond each) are one of every kind that a rule can tell apart. For each of them the oracle (packet/naive.c, written
 * apart from the prover) says what becomes of it for every value of the unknowns; from that follows what the prover
 * must answer: the verdict, a witness that the oracle confirms, and the exact set of packets beyond the flows.
 *
 * usage: oracle [CASES [SEED]]
 */
#include "oracle.h"

#include <stdlib.h>

#include "base/num.h"

static enum verdict_kind expected(bool some_pass, bool some_stop, bool some_depend)
{
    if (!some_stop && !some_depend)
        return VERDICT_PERMITTED;
    if (!some_pass && !some_depend)
        return VERDICT_DENIED;
    return some_pass && some_stop ? VERDICT_PARTIAL : VERDICT_UNDETERMINED;
}

unsigned long failures;
unsigned long audits_open;
unsigned long certificates_checked;

void complain(const char *what, unsigned long number, const struct packet *packet)
{
    struct buf text = BUF_EMPTY;

    if (packet != NULL)
        packet_format(&text, packet);
    printf("case %lu: %s %.*s\n", number, what, STR_ARG(buf_str(&text)));
    buf_free(&text);
    failures++;
}

static void compare_permit(struct arena *arena, const struct prover *prover, const struct permit *permit,
                           enum direction direction, unsigned long number)
{
    struct packets packets = direction == DIRECTION_REQUEST ? packets_of(prover->arena, permit, direction)
                                                            : replies_of(prover->arena, prover->ruleset, permit);
    struct str in = direction == DIRECTION_REQUEST ? permit->in : permit->out;
    struct str out = direction == DIRECTION_REQUEST ? permit->out : permit->in;
    bool some[3] = {false, false, false};
    struct verdict verdict;

    vec_each (struct packet *, packet, &packets)
        some[1 + fate(prover->ruleset, *packet, in, out)] = true;
    judge_permit(arena, prover, permit, direction, &verdict);
    if (verdict.kind != expected(some[2], some[1], some[0])) {
        printf("case %lu: %s where the oracle says %s\n", number, verdict_name(verdict.kind),
               verdict_name(expected(some[2], some[1], some[0])));
        failures++;
        return;
    }
    if (!verdict.has_packet)
        return;
    if (fate(prover->ruleset, verdict.packet, in, out) !=
        (verdict.kind == VERDICT_UNDETERMINED ? -1 : verdict.kind == VERDICT_PERMITTED))
        complain("the oracle does not confirm the witness", number, &verdict.packet);
    if (verdict.packet.source == verdict.packet.destination)
        complain("the witness goes from an address to itself", number, &verdict.packet);
}

static void run_case(struct arena *arena, struct arena *scratch, unsigned long number)
{
    struct arena_mark mark = arena_mark(arena);
    struct ruleset *ruleset;
    struct policy policy;
    struct prover *prover;

    family = (enum family)pick(2);
    ruleset = random_ruleset(arena);
    policy = random_policy(arena);
    prover = prover_new(arena, ruleset, &policy);
    for (size_t i = 0; i < policy.permit_n; i++) {
        compare_permit(scratch, prover, &policy.permits[i], DIRECTION_REQUEST, number);
        compare_certificate(scratch, prover, &policy.permits[i], DIRECTION_REQUEST, number);
        compare_certificate(scratch, prover, &policy.permits[i], DIRECTION_REPLY, number);
        /* Which pairs of addresses a translated network leaves is no product: replies are asked of some more. */
        if (!networks)
            compare_permit(scratch, prover, &policy.permits[i], DIRECTION_REPLY, number);
    }
    compare_excess(scratch, prover, &policy, number);
    if (number % 4 == 0)
        compare_audit(scratch, prover, number);
    if (number % 4 == 1)
        compare_diff(arena, number);
    arena_release(arena, mark);
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    struct arena *scratch = arena_new();
    uint64_t cases = 100000;
    uint64_t seed = 1;

    if ((argc > 1 && !num_decimal(str_of(argv[1]), 1u << 30, &cases)) ||
        (argc > 2 && !num_decimal(str_of(argv[2]), UINT64_MAX / 4, &seed)))
        return 2;
    for (uint64_t i = 0; i < cases && failures < 20; i++) {
        struct arena_mark mark = arena_mark(scratch);

        random_state = (seed * 1000003 + i) * 0x9e3779b97f4a7c15u | 1;
        for (int k = 0; k < 4; k++)
            pick(2);
        run_case(arena, scratch, (unsigned long)i);
        arena_release(scratch, mark);
    }
    arena_free(arena);
    arena_free(scratch);
    if (audits_open > 1 + cases / 5000)
        complain("and others: audits that do not decide", audits_open, NULL);
    printf("%lu audits left a rule open; %lu certificates were checked again; %llu cases\n%lu passed, %lu failed\n",
           audits_open, certificates_checked, (unsigned long long)cases, (unsigned long)cases - failures, failures);
    return failures == 0 ? 0 : 1;
}
