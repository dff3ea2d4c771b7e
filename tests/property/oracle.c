/*
 * The prover against the slow oracle: random small rulesets, random flows, and for each every packet at a corner.
 *
 * All values that rules and flows use come from small domains, so that the packets over those values (and one value
 * beyond each) are one of every kind that a rule can tell apart. For each of them the oracle (packet/naive.c, written
 * apart from the prover) says what becomes of it for every value of the unknowns; from that follows what the prover
 * must answer: the verdict, a witness that the oracle confirms, and the exact set of packets beyond the flows.
 *
 * usage: oracle [CASES [SEED [FIRST]]], where FIRST is the number of a case that was complained about
 */
#include "oracle.h"

#include "base/num.h"

int main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    struct arena *scratch = arena_new();
    uint64_t cases = 100000;
    uint64_t seed = 1;
    uint64_t first = 0;
    unsigned long failed = 0; /* cases; of one there may be several failures */
    unsigned long before;

    if ((argc > 1 && !num_decimal(str_of(argv[1]), 1u << 30, &cases)) ||
        (argc > 2 && !num_decimal(str_of(argv[2]), UINT64_MAX / 4, &seed)) ||
        (argc > 3 && !num_decimal(str_of(argv[3]), 1u << 30, &first)))
        return 2;
    for (uint64_t i = first; i < first + cases && failures < 20; i++) {
        struct arena_mark mark = arena_mark(scratch);

        before = failures;
        random_state = (seed * 1000003 + i) * 0x9e3779b97f4a7c15u | 1;
        for (int k = 0; k < 4; k++)
            pick(2);
        compare_case(arena, scratch, (unsigned long)i);
        arena_release(scratch, mark);
        failed += failures > before;
    }
    arena_free(arena);
    arena_free(scratch);
    before = failures;
    if (audits_open > 1 + cases / 5000)
        complain("and others: audits that do not decide", audits_open, NULL);
    if (excess_open > 1 + cases / 500)
        complain("and others: excess that is not listed", excess_open, NULL);
    failed += failures > before;
    printf("%lu audits left a rule open, %lu rulesets open more than is listed; %lu certificates were checked again; "
           "%llu cases\n%lu passed, %lu failed\n",
           audits_open, excess_open, certificates_checked, (unsigned long long)cases, (unsigned long)cases - failed,
           failed);
    return failures == 0 ? 0 : 1;
}
