/*
 * The iptables reader: any bytes give a ruleset or errors with a place inside the text. What came out is walked to the
 * bottom: every rule stands in its chain, jumps lead into the ruleset and never round, unknowns have numbers in range.
 */
#include "dialect/iptables/read.h"
#include "fuzz.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void walk_matches(const struct ruleset *ruleset, const struct match *matches, size_t n, unsigned depth)
{
    check(depth < 4);
    for (size_t i = 0; i < n; i++) {
        const struct match *match = &matches[i];

        switch (match->kind) {
        case MATCH_RANGES:
            check(match->field < FIELD_N);
            for (size_t k = 0; k < match->ranges->n; k++) {
                check(match->ranges->v[k].lo <= match->ranges->v[k].hi);
                check(k == 0 || match->ranges->v[k - 1].hi < match->ranges->v[k].lo);
            }
            break;
        case MATCH_INTERFACES: check(match->interface_n == 1 && match->interfaces[0].name.n > 0); break;
        case MATCH_ANY_OF:
        case MATCH_NONE_OF:
            for (size_t k = 0; k < match->group_n; k++)
                walk_matches(ruleset, match->groups[k].v, match->groups[k].n, depth + 1);
            break;
        case MATCH_TRANSLATED: check(match->field == FIELD_SOURCE || match->field == FIELD_DESTINATION); break;
        case MATCH_UNKNOWN:
            check(match->literal < ruleset->literal_n);
            str_hash(match->text);
            break;
        case MATCH_N: abort();
        }
    }
}

static void walk_rules(const struct ruleset *ruleset, const struct source *source)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        const struct chain *chain = ruleset->chains[i];

        for (size_t k = 0; k < chain->rule_n; k++) {
            const struct rule *rule = &chain->rules[k];

            check(rule->chain == chain && rule->index == k + 1 && rule->action < ACTION_N);
            check((rule->target != NULL) == (rule->action == ACTION_JUMP || rule->action == ACTION_GOTO));
            check(rule->has_line && (size_t)rule->place.at + rule->place.n <= source->text.n);
            str_hash(rule->text);
            str_hash(rule->comment);
            walk_matches(ruleset, rule->matches, rule->match_n, 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct dialect_input input = {.text =
                                      source_new(arena, STR("input.rules"), (struct str){(const char *)data, size})};
    struct buf out = BUF_EMPTY;
    struct diags diags;
    struct ruleset *ruleset;

    diags_init(&diags, arena);
    ruleset = iptables_read(arena, &input, 1, &diags);
    if (ruleset != NULL)
        walk_rules(ruleset, input.text);
    else
        check(diags.errors > 0);
    diags_print(&out, &diags, false);
    buf_free(&out);
    arena_free(arena);
    return 0;
}
