/*
 * See answer.h. Some of what is unknown to the model this test knows: which way a connection goes, and which addresses
 * are the host's own.
 */
#include "answer.h"

#include "prove/reply.h"

static void note_texts(struct answerer *answerer, const struct match *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == MATCH_UNKNOWN)
            answerer->texts[v[i].literal] = v[i].text;
        for (size_t k = 0; (v[i].kind == MATCH_ANY_OF || v[i].kind == MATCH_NONE_OF) && k < v[i].group_n; k++)
            note_texts(answerer, v[i].groups[k].v, v[i].groups[k].n);
    }
}

void answerer_open(struct arena *arena, struct arena *scratch, const struct ruleset *ruleset, struct answerer *answerer)
{
    struct interface_patterns patterns = {0};

    *answerer = (struct answerer){.arena = arena, .scratch = scratch, .ruleset = ruleset};
    answerer->translates = (ruleset->rewrites & (1u << FIELD_SOURCE | 1u << FIELD_DESTINATION)) != 0;
    answerer->texts = arena_new_array(arena, struct str, ruleset->literal_n + 1);
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        for (size_t k = 0; k < ruleset->chains[i]->rule_n; k++)
            note_texts(answerer, ruleset->chains[i]->rules[k].matches, ruleset->chains[i]->rules[k].match_n);
    }
    vec_each (const struct interface_pattern *, pattern, &ruleset->interfaces)
        *vec_push(arena, &patterns) = *pattern;
    for (size_t i = 0; i < WORLD_INTERFACES; i++)
        *vec_push(arena, &patterns) = (struct interface_pattern){.name = str_of(world_interfaces[i])};
    answerer->numbers = interfaces_number(arena, &patterns);
    for (enum family family = 0; family < FAMILY_N; family++)
        answerer->programs[family] = program_make(arena, ruleset, family, answerer->numbers);
}

/* --- what the model does not know --------------------------------------------------------------------------------- */

static enum ternary yes_or_no(bool yes)
{
    return yes ? TERNARY_YES : TERNARY_NO;
}

static enum ternary truth(const struct answerer *answerer, const struct shot *shot, struct str text)
{
    const struct packet *packet = &shot->probe.packet;
    bool untracked = (answerer->ruleset->rewrites & 1u << FIELD_STATE) != 0;
    bool connection = !untracked && packet->state != STATE_INVALID && packet->state != STATE_UNTRACKED;
    bool own_source = aim_is_own(packet->family, packet->source);
    bool own_destination = aim_is_own(packet->family, packet->destination);

    if (connection && (str_is(text, "-m conntrack --ctdir ORIGINAL") || str_is(text, "ct direction original")))
        return yes_or_no(!shot->reply);
    if (connection && str_is(text, "ct direction reply"))
        return yes_or_no(shot->reply);
    if (str_starts(text, "-m rt ") || str_starts(text, "rt ") || str_starts(text, "-m hbh "))
        return TERNARY_NO;
    if (answerer->translates)
        return TERNARY_MAYBE;
    if (str_is(text, "-m addrtype --src-type LOCAL") || str_is(text, "fib saddr type local"))
        return yes_or_no(own_source);
    if (str_is(text, "-m addrtype --dst-type LOCAL") || str_is(text, "fib daddr type local"))
        return yes_or_no(own_destination);
    if (str_is(text, "fib saddr type != local"))
        return yes_or_no(!own_source);
    if (packet->family == FAMILY_V4 && str_is(text, "-m addrtype --src-type UNICAST"))
        return yes_or_no(!own_source);
    if (packet->family == FAMILY_V4 && str_is(text, "-m addrtype --dst-type UNICAST"))
        return yes_or_no(!own_destination);
    return TERNARY_MAYBE;
}

static const enum ternary *truths(struct answerer *answerer, const struct shot *shot)
{
    uint32_t n = answerer->ruleset->literal_n;
    enum ternary *values = arena_new_array(answerer->scratch, enum ternary, n + 1);

    for (uint32_t i = 0; i < n; i++)
        values[i] = truth(answerer, shot, answerer->texts[i]);
    return values;
}

static unsigned ask_naive(const struct answerer *answerer, const struct shot *shot, const enum ternary *literals,
                          const u128 *choices, struct naive_rewritten *after)
{
    return naive_ask(&(struct naive_question){.ruleset = answerer->ruleset,
                                              .hook = shot->probe.hook,
                                              .packet = &shot->probe.packet,
                                              .literals = literals,
                                              .choices = choices,
                                              .rewritten = after});
}

/* --- the prover --------------------------------------------------------------------------------------------------- */

struct answers {
    const struct packet *packet;
    const enum ternary *literals;
    uint32_t literal_n;
    unsigned outcomes;
    unsigned n;
    struct packet after;
};

static bool is_false(const struct answers *leaves, const struct literals *taken)
{
    for (uint32_t i = 0; taken != NULL && i < taken->n; i++) {
        uint32_t id = taken->v[i] >> 1;
        enum ternary value = id < leaves->literal_n ? leaves->literals[id] : TERNARY_MAYBE;

        if (value != TERNARY_MAYBE && value != yes_or_no((taken->v[i] & 1) != 0))
            return true;
    }
    return false;
}

static bool note_leaf(void *context, const struct leaf *leaf)
{
    struct answers *leaves = context;

    if (is_false(leaves, leaf->cube.literals))
        return true;
    leaves->outcomes |= leaf->action == ACTION_ACCEPT   ? NAIVE_ACCEPT
                        : leaf->action == ACTION_DROP   ? NAIVE_DROP
                        : leaf->action == ACTION_REJECT ? NAIVE_REJECT
                                                        : NAIVE_UNKNOWN;
    leaves->n++;
    leaves->after = leaf->now == NULL ? *leaves->packet : reply_rewritten(leaf->now, leaves->packet);
    return true;
}

static struct cube one_packet(struct answerer *answerer, const struct packet *packet)
{
    struct cube cube = CUBE_ALL;

    for (enum field field = 0; field < FIELD_N; field++) {
        struct interface_pattern pattern = {.name = field == FIELD_IN ? packet->in : packet->out};
        u128 value = packet_field(packet, field);

        if (field == FIELD_IN || field == FIELD_OUT)
            value = pattern.name.n == 0 ? INTERFACE_NONE : interfaces_range(answerer->numbers, &pattern).lo;
        cube.field[field] = ranges_value(answerer->scratch, value);
    }
    return cube;
}

static bool same_ends(const struct packet *a, const struct packet *b)
{
    return a->source == b->source && a->destination == b->destination && a->source_port == b->source_port &&
           a->port == b->port;
}

static bool is_single(unsigned outcomes)
{
    return outcomes == NAIVE_ACCEPT || outcomes == NAIVE_DROP || outcomes == NAIVE_REJECT;
}

static void ask_prover(struct answerer *answerer, const struct shot *shot, const enum ternary *literals,
                       struct answer *answer)
{
    const struct packet *packet = &shot->probe.packet;
    struct answers leaves = {.packet = packet, .literals = literals, .literal_n = answerer->ruleset->literal_n};
    struct cube cube = one_packet(answerer, packet);
    struct walk walk = {.program = answerer->programs[packet->family],
                        .hook = shot->probe.hook,
                        .leaf = note_leaf,
                        .context = &leaves,
                        .budget = WALK_BUDGET};
    bool done = walk_run(answerer->scratch, &walk, &cube) == WALK_DONE;
    answer->prover = done ? leaves.outcomes : NAIVE_UNKNOWN;
    if (is_single(answer->naive))
        answer->prover_differs = answer->prover != answer->naive;
    else if ((answer->naive & NAIVE_UNKNOWN) == 0) /* it takes each question by itself, the prover all together */
        answer->prover_differs = answer->prover == 0 || (answer->prover & ~answer->naive) != 0;
    if (answer->naive == NAIVE_ACCEPT && answer->after.sure && leaves.n == 1 &&
        (!same_ends(&leaves.after, &answer->after.packet) || leaves.after.mark != answer->after.packet.mark ||
         leaves.after.state != answer->after.packet.state))
        answer->prover_differs = true;
}

struct answer answerer_ask(struct answerer *answerer, const struct shot *shot)
{
    struct arena_mark mark = arena_mark(answerer->scratch);
    const enum ternary *literals = truths(answerer, shot);
    struct answer answer = {0};

    answer.naive = ask_naive(answerer, shot, literals, NULL, &answer.after);
    ask_prover(answerer, shot, literals, &answer);
    if (shot->probe.hook == HOOK_INPUT && answer.after.written) {
        const u128 first[FIELD_N] = {0};
        struct naive_rewritten after;

        ask_naive(answerer, shot, literals, first, &after);
        answer.elsewhere = after.sure && !aim_is_own(after.packet.family, after.packet.destination);
    }
    arena_release(answerer->scratch, mark);
    return answer;
}

/* --- the kernel --------------------------------------------------------------------------------------------------- */

static bool came_as(const struct shot *shot, const struct packet *after)
{
    struct packet seen = shot->probe.seen;

    if (after->fragment == FRAGMENT_LATER) {
        seen.source_port = after->source_port;
        seen.port = after->port;
    }
    return same_ends(&seen, after) && (seen.out.n == 0) == (after->out.n == 0) &&
           (seen.out.n == 0 || str_eq(seen.out, after->out));
}

#define CHOICES 5

/* The host's own address at an interface: what redirect and masquerade choose. */
static u128 own_at(enum family family, struct str interface)
{
    size_t i = 0;

    while (i < WORLD_INTERFACES && !str_is(interface, world_interfaces[i]))
        i++;
    return aim_own(family, i);
}

/* What the kernel may have chosen for a field: what is seen there, or a place in a range. */
static u128 choice(u128 seen, unsigned i)
{
    return i == 0 ? seen : i - 1;
}

/* Whether some choice of the kernel's leads to what it did. Where unknowns write, there is no saying. */
static enum judgement judge_choices(struct answerer *answerer, const struct shot *shot, const enum ternary *literals)
{
    const struct packet *packet = &shot->probe.packet;
    struct packet seen = shot->probe.seen;

    if (!shot->probe.passed) {
        seen.source = own_at(packet->family, packet->out);
        seen.destination = own_at(packet->family, packet->in);
    }
    for (unsigned i = 0; i < CHOICES * CHOICES * CHOICES * CHOICES; i++) {
        u128 choices[FIELD_N] = {0};
        struct naive_rewritten after;
        unsigned outcome;

        choices[FIELD_SOURCE] = choice(seen.source, i % CHOICES);
        choices[FIELD_DESTINATION] = choice(seen.destination, i / CHOICES % CHOICES);
        choices[FIELD_PORT] = choice(seen.port, i / CHOICES / CHOICES % CHOICES);
        choices[FIELD_SOURCE_PORT] = choice(seen.source_port, i / CHOICES / CHOICES / CHOICES);
        outcome = ask_naive(answerer, shot, literals, choices, &after);
        if ((outcome & (outcome - 1)) != 0 || !after.sure)
            return UNDETERMINED;
        if (shot->probe.passed ? outcome == NAIVE_ACCEPT && came_as(shot, &after.packet) : outcome != NAIVE_ACCEPT)
            return AGREES;
    }
    return DISAGREES;
}

enum judgement answerer_judge(struct answerer *answerer, const struct shot *shot, const struct answer *answer)
{
    struct arena_mark mark = arena_mark(answerer->scratch);
    unsigned refused = NAIVE_DROP | NAIVE_REJECT;
    enum judgement judgement;

    if (answer->prover_differs)
        return DISAGREES;
    /* Where it may be for another host by now, it may be forwarded as well. */
    if ((answer->naive & NAIVE_UNKNOWN) != 0 ||
        (shot->probe.hook == HOOK_INPUT && answer->after.written && !answer->after.sure))
        return UNDETERMINED;
    if ((is_single(answer->prover) || (answer->prover & ~refused) == 0) &&
        shot->probe.passed != (answer->prover == NAIVE_ACCEPT))
        return answer->after.sure || answer->naive == NAIVE_ACCEPT ? DISAGREES : UNDETERMINED;
    if (is_single(answer->naive) && (answer->after.sure || !shot->probe.passed))
        return !shot->probe.passed || came_as(shot, &answer->after.packet) ? AGREES : DISAGREES;
    judgement = judge_choices(answerer, shot, truths(answerer, shot));
    arena_release(answerer->scratch, mark);
    return judgement;
}
