/* Rules into their chains: one for each pair of the addresses that its lists have; see reader.h. */
#include "dialect/iptables/reader.h"

/* The matches of a rule, behind those for one pair of a list's addresses. */
static void add_rule(struct reading *reading, struct building *chain, struct rule *rule, const struct ranges *source,
                     const struct ranges *destination)
{
    struct reader *reader = reading->reader;
    bool nat = chain->chain.hook != HOOK_NONE && reading->table->id == TABLE_NAT;
    size_t extra = (source != NULL) + (destination != NULL) + (nat ? NAT_GATE_MATCHES : 0);
    struct match *matches = arena_new_array(reader->arena, struct match, reader->matches.n + extra);
    size_t n = 0;

    if (source != NULL)
        matches[n++] = (struct match){.kind = MATCH_RANGES, .field = FIELD_SOURCE, .ranges = source};
    if (destination != NULL)
        matches[n++] = (struct match){.kind = MATCH_RANGES, .field = FIELD_DESTINATION, .ranges = destination};
    if (reader->matches.n > 0)
        memcpy(matches + n, reader->matches.v, reader->matches.n * sizeof *matches);
    n += reader->matches.n;
    for (size_t i = 0; nat && i < NAT_GATE_MATCHES; i++)
        matches[n++] = nat_gate[i];
    rule->matches = matches;
    rule->match_n = n;
}

/* How many lines directly behind this one append to the same chain: they begin as it does, `-A CHAIN `. */
static size_t rules_behind(const struct reader *reader)
{
    const struct word *name = reader->words.n > 1 ? &reader->words.v[1] : NULL;
    struct str rest = str_from(reader->source->text, reader->line.at);
    struct str begin = reader->line.text;
    size_t n = 0;

    if (name == NULL || reader->words.v[0].at != 0 || !str_is(reader->words.v[0].text, "-A") || name->end >= begin.n ||
        reader->line.piece_n > 0)
        return 0;
    begin = str_head(begin, name->end + 1);
    for (;;) {
        const char *end = memchr(rest.p, '\n', rest.n);

        if (end == NULL)
            return n;
        rest = str_from(rest, (size_t)(end - rest.p) + 1);
        if (rest.n < begin.n || memcmp(rest.p, begin.p, begin.n) != 0)
            return n;
        n++;
    }
}

/*
 * Room for what is coming: iptables-save prints a chain in one piece, and doubling would leave as much behind as there
 * is. What is counted has to be a good part of what is there, so that the copies stay few whatever the text is like.
 */
static void make_room(const struct reader *reader, struct rule_list *rules)
{
    size_t behind;

    if (rules->n < rules->capacity || rules->n < 64)
        return;
    behind = rules_behind(reader);
    if (behind >= rules->n / 4)
        vec_reserve(reader->arena, rules, rules->n + behind + 1);
}

static void place_rule(struct reader *reader, struct building *chain, const struct rule *rule, size_t position)
{
    struct rule_list *rules = &chain->rules;

    if (position == 1) {
        *vec_push(reader->arena, &chain->front) = *rule;
        return;
    }
    make_room(reader, rules);
    *vec_push(reader->arena, rules) = *rule;
    if (position == 0 || position - 1 >= chain->front.n + rules->n)
        return;
    /* Before a rule: those that -I put first come to their place now. */
    for (size_t i = 0; i < chain->front.n; i++)
        *vec_push(reader->arena, rules) = (struct rule){0};
    memmove(rules->v + chain->front.n, rules->v, (rules->n - chain->front.n) * sizeof *rules->v);
    for (size_t i = 0; i < chain->front.n; i++)
        rules->v[i] = chain->front.v[chain->front.n - 1 - i];
    chain->front.n = 0;
    memmove(rules->v + position, rules->v + position - 1, (rules->n - position) * sizeof *rules->v);
    rules->v[position - 1] = *rule;
}

void place_rules(struct reading *reading, struct building *chain, struct rule *rule, size_t position)
{
    size_t sources = reading->source_n == 0 ? 1 : reading->source_n;
    size_t destinations = reading->destination_n == 0 ? 1 : reading->destination_n;

    for (size_t i = 0; i < sources; i++) {
        for (size_t k = 0; k < destinations; k++) {
            add_rule(reading, chain, rule, reading->source_n > 0 ? reading->sources[i] : NULL,
                     reading->destination_n > 0 ? reading->destinations[k] : NULL);
            place_rule(reading->reader, chain, rule, position);
        }
    }
}
