/* One case: everything that is asked of one random ruleset; see oracle.h. */
#include "oracle.h"

#include <stdio.h>

static enum verdict_kind expected(bool some_pass, bool some_stop, bool some_depend)
{
    if (!some_stop && !some_depend)
        return VERDICT_PERMITTED;
    if (!some_pass && !some_depend)
        return VERDICT_DENIED;
    return some_pass && some_stop ? VERDICT_PARTIAL : VERDICT_UNDETERMINED;
}

unsigned long failures;
unsigned long excess_open;
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

bool confirms(const struct ruleset *ruleset, const struct permit *permit, const struct verdict *verdict)
{
    bool request = verdict->direction == DIRECTION_REQUEST;
    int wanted = verdict->kind == VERDICT_UNDETERMINED ? -1 : verdict->kind == VERDICT_PERMITTED;

    return fate(ruleset, verdict->packet, request ? permit->in : permit->out, request ? permit->out : permit->in) ==
           wanted;
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
    /* The naive evaluation is not asked with ends that only some chains see. */
    if (direction == DIRECTION_REPLY && str_starts(verdict.reason, "the rule sees replies"))
        return;
    /* Nor which replies there are, where that hangs on choices. */
    if (blurred() && (verdict.kind == VERDICT_UNDETERMINED || direction == DIRECTION_REPLY))
        return;
    if (verdict.kind != expected(some[2], some[1], some[0])) {
        printf("case %lu: %s where the oracle says %s\n", number, verdict_name(verdict.kind),
               verdict_name(expected(some[2], some[1], some[0])));
        failures++;
        return;
    }
    if (!verdict.has_packet)
        return;
    if (!confirms(prover->ruleset, permit, &verdict))
        complain("the oracle does not confirm the witness", number, &verdict.packet);
    if (verdict.packet.source == verdict.packet.destination)
        complain("the witness goes from an address to itself", number, &verdict.packet);
}

void compare_case(struct arena *arena, struct arena *scratch, unsigned long number)
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
    if (!blurred())
        compare_excess(scratch, prover, &policy, number);
    if (number % 4 == 0)
        compare_audit(scratch, prover, number);
    if (number % 4 == 1)
        compare_diff(arena, number);
    if (number % 4 == 2)
        compare_edits(arena, scratch, ruleset, &policy, number);
    arena_release(arena, mark);
}
