/*
 * The baseline: what every working firewall lets through beside the flows. ICMP errors: RFC 792 (types 3, 11, 12) and
 * RFC 4443 (1 to 4); neighbour discovery: RFC 4861 (133 to 137), which conntrack leaves untracked; DHCP: RFC 2131
 * and RFC 8415.
 */
#include "net/proto.h"
#include "prove/prover.h"

static const struct ranges *icmp_errors(struct arena *arena, enum family family)
{
    struct range v4[] = {{icmp_message(3, 0), icmp_message(3, 255)}, {icmp_message(11, 0), icmp_message(12, 255)}};

    if (family == FAMILY_V4)
        return ranges_of(arena, v4, 2);
    return ranges_one(arena, icmp_message(1, 0), icmp_message(4, 255));
}

static struct cube icmp_cube(struct arena *arena, enum family family, const struct ranges *messages)
{
    struct cube cube = CUBE_ALL;

    cube.field[FIELD_PROTOCOL] = ranges_value(arena, proto_icmp(family));
    cube.field[FIELD_ICMP] = messages;
    return cube;
}

static void add_dhcp(struct arena *arena, enum family family, struct cubes *cubes)
{
    unsigned low = family == FAMILY_V4 ? 67 : 546;
    struct cube cube = CUBE_ALL;

    cube.field[FIELD_PROTOCOL] = ranges_value(arena, PROTO_UDP);
    cube.field[FIELD_SOURCE_PORT] = ranges_value(arena, low);
    cube.field[FIELD_PORT] = ranges_value(arena, low + 1);
    *vec_push(arena, cubes) = cube;
    cube.field[FIELD_SOURCE_PORT] = ranges_value(arena, low + 1);
    cube.field[FIELD_PORT] = ranges_value(arena, low);
    *vec_push(arena, cubes) = cube;
}

static bool wants(const struct policy *policy, enum baseline baseline)
{
    return (policy->baseline & 1u << baseline) != 0;
}

struct cubes baseline_region(struct arena *arena, const struct prover *prover, const struct policy *policy,
                             enum hook hook, enum family family)
{
    struct cubes cubes = {0};

    (void)prover;
    if (wants(policy, BASELINE_ICMP_ERRORS))
        *vec_push(arena, &cubes) = icmp_cube(arena, family, icmp_errors(arena, family));
    if (wants(policy, BASELINE_NEIGHBOUR_DISCOVERY) && family == FAMILY_V6)
        *vec_push(arena, &cubes) =
            icmp_cube(arena, family, ranges_one(arena, icmp_message(133, 0), icmp_message(137, 255)));
    if (wants(policy, BASELINE_DHCP) && hook != HOOK_FORWARD)
        add_dhcp(arena, family, &cubes);
    return cubes;
}

struct asker {
    struct arena *arena;
    const struct prover *prover;
    const struct policy *policy;
    struct findings *findings;
    enum family family;
    enum hook hook;
};

/* A warning when some packet of the cube surely does not pass. */
static void ask(const struct asker *asker, enum baseline baseline, const struct cube *cube, const char *consequence)
{
    const struct prover *prover = asker->prover;
    struct cubes region = {0};
    struct cubes passing;
    struct rule_ref rule = {0};
    struct finding *finding;

    *vec_push(asker->arena, &region) = *cube;
    if (!judge_passing(asker->arena, prover, asker->family, asker->hook, &region, false, &passing, &rule))
        return;
    vec_each (const struct cube *, part, &passing)
        region = cubes_subtract(asker->arena, &region, part, asker->family);
    if (region.n == 0)
        return;
    finding = vec_push(prover->arena, asker->findings);
    *finding = (struct finding){.kind = FINDING_BASELINE,
                                .severity = SEVERITY_WARNING,
                                .firewall = asker->policy->firewall,
                                .has_packet = true};
    finding->packet = witness_packet(prover->arena, prover, asker->family, &region.v[0]);
    finding->message = str_printf(prover->arena, "%s missing at %s (%s): %s", baseline_name(baseline),
                                  hook_name(asker->hook), asker->family == FAMILY_V4 ? "IPv4" : "IPv6", consequence);
}

static void ask_loopback(const struct asker *asker)
{
    const struct ranges *lo = region_interface(asker->arena, asker->prover, STR("lo"));
    struct cube cube = CUBE_ALL;
    bool input = asker->hook == HOOK_INPUT;

    cube.field[FIELD_IN] = input ? lo : ranges_value(asker->arena, INTERFACE_NONE);
    cube.field[FIELD_OUT] = input ? ranges_value(asker->arena, INTERFACE_NONE) : lo;
    cube.field[FIELD_STATE] = ranges_value(asker->arena, STATE_NEW);
    cube.field[FIELD_FRAGMENT] = ranges_value(asker->arena, FRAGMENT_NONE);
    cube.field[FIELD_MARK] = ranges_value(asker->arena, 0);
    cube.field[FIELD_PROTOCOL] = ranges_value(asker->arena, PROTO_TCP);
    cube.field[FIELD_TCP_FLAGS] = ranges_value(asker->arena, TCP_SYN);
    cube.field[FIELD_SOURCE] = ranges_value(asker->arena, asker->family == FAMILY_V4 ? 0x7f000001 : 1);
    cube.field[FIELD_DESTINATION] = cube.field[FIELD_SOURCE];
    ask(asker, BASELINE_LOOPBACK, &cube, "programs on the host cannot talk to each other");
}

/* Along one face of the policy: the first that has both ends stands for the others. */
static bool some_face(const struct asker *asker, struct cube *cube)
{
    for (size_t i = 0; i < asker->policy->face_n; i++) {
        const struct face *face = &asker->policy->faces[i];

        if (face->hook == asker->hook && !(face->in.n > 0 && str_eq(face->in, face->out)) &&
            region_of_face(asker->arena, asker->prover, face, asker->family, cube))
            return true;
    }
    return false;
}

static void ask_icmp(const struct asker *asker, enum baseline baseline, const struct ranges *messages, enum state state,
                     const char *consequence)
{
    struct cube cube;

    if (!some_face(asker, &cube))
        return;
    cube.field[FIELD_PROTOCOL] = ranges_value(asker->arena, proto_icmp(asker->family));
    cube.field[FIELD_ICMP] = messages;
    cube.field[FIELD_STATE] = ranges_value(asker->arena, state);
    cube.field[FIELD_SOURCE_PORT] = NULL;
    cube.field[FIELD_FRAGMENT] = ranges_value(asker->arena, FRAGMENT_NONE);
    ask(asker, baseline, &cube, consequence);
}

/* Its request passes, as it came, and what follows surely does not. */
static bool dies(const struct asker *asker, const struct permit *permit, struct verdict *following)
{
    struct permit turned = judge_turned(asker->arena, permit);
    struct verdict request;

    judge_permit(asker->arena, asker->prover, &turned, DIRECTION_REPLY, following);
    if (following->kind != VERDICT_DENIED)
        return false;
    judge_permit(asker->arena, asker->prover, permit, DIRECTION_REQUEST, &request);
    return request.kind == VERDICT_PERMITTED && !request.translated_by.present;
}

/* A warning for the first connection that begins and cannot go on. */
static void ask_replies(const struct asker *asker)
{
    for (size_t i = 0; i < asker->policy->permit_n; i++) {
        const struct permit *permit = &asker->policy->permits[i];
        struct verdict following;
        struct finding *finding;

        if (permit->hook != asker->hook || permit->flow->family != asker->family ||
            permit->flow->transport != PROTO_TCP || !permit->flow->ports_known || !dies(asker, permit, &following))
            continue;
        finding = vec_push(asker->prover->arena, asker->findings);
        *finding = (struct finding){.kind = FINDING_BASELINE,
                                    .severity = SEVERITY_WARNING,
                                    .firewall = asker->policy->firewall,
                                    .rule = following.rule,
                                    .has_packet = following.has_packet,
                                    .packet = following.packet};
        finding->message = str_printf(asker->prover->arena, "%s missing at %s (%s): connections of %.*s begin and die",
                                      baseline_name(BASELINE_REPLIES), hook_name(asker->hook),
                                      asker->family == FAMILY_V4 ? "IPv4" : "IPv6", STR_ARG(permit->flow->id));
        return;
    }
}

static void ask_hook(const struct asker *asker)
{
    bool local = asker->hook != HOOK_FORWARD;

    if (local && wants(asker->policy, BASELINE_LOOPBACK))
        ask_loopback(asker);
    if (wants(asker->policy, BASELINE_REPLIES))
        ask_replies(asker);
    if (wants(asker->policy, BASELINE_ICMP_ERRORS))
        ask_icmp(asker, BASELINE_ICMP_ERRORS, icmp_errors(asker->arena, asker->family), STATE_RELATED,
                 "path MTU discovery breaks, large transfers hang");
    if (local && asker->family == FAMILY_V6 && wants(asker->policy, BASELINE_NEIGHBOUR_DISCOVERY))
        ask_icmp(asker, BASELINE_NEIGHBOUR_DISCOVERY,
                 ranges_one(asker->arena, icmp_message(135, 0), icmp_message(136, 0)), STATE_UNTRACKED,
                 "IPv6 finds no neighbour");
}

void baseline_find(struct arena *arena, const struct prover *prover, const struct policy *policy,
                   struct findings *findings)
{
    static const enum hook hooks[] = {HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT};

    for (size_t i = 0; i < 3; i++) {
        for (enum family family = 0; family < FAMILY_N; family++) {
            struct asker asker = {.arena = arena,
                                  .prover = prover,
                                  .policy = policy,
                                  .findings = findings,
                                  .family = family,
                                  .hook = hooks[i]};

            if ((policy->hooks & 1u << hooks[i]) != 0 && (policy->families & FAMILY_BIT(family)) != 0 &&
                prover->programs[family] != NULL)
                ask_hook(&asker);
        }
    }
}
