/* A ruleset as compact canonical text, for tables of cases: `transport=6 fragment=0-1 ports=80 accept`. */
#ifndef PORTOLAN_TESTS_RULESET_TEXT_H
#define PORTOLAN_TESTS_RULESET_TEXT_H

#include "model/ruleset.h"

static inline void ruleset_text_matches(struct buf *out, const struct match *matches, size_t n, enum family family);

static inline void ruleset_text_ranges(struct buf *out, enum field field, const struct ranges *ranges,
                                       enum family family)
{
    if (ranges->n == 0)
        buf_adds(out, "never");
    for (size_t i = 0; i < ranges->n; i++) {
        struct range range = ranges->v[i];

        buf_adds(out, i > 0 ? "," : "");
        if (field == FIELD_SOURCE || field == FIELD_DESTINATION)
            addr_range_format(out, family, range);
        else if (field == FIELD_STATE && range.lo == range.hi)
            buf_adds(out, state_name((enum state)range.lo));
        else if (range.lo == range.hi)
            buf_addf(out, "%u", (unsigned)range.lo);
        else
            buf_addf(out, "%u-%u", (unsigned)range.lo, (unsigned)range.hi);
    }
}

static inline void ruleset_text_match(struct buf *out, const struct match *match, enum family family)
{
    switch (match->kind) {
    case MATCH_RANGES:
        buf_addf(out, "%s=", field_name(match->field));
        ruleset_text_ranges(out, match->field, match->ranges, family);
        break;
    case MATCH_INTERFACES:
        buf_addf(out, "%s%s=", match->negated ? "!" : "", field_name(match->field));
        for (size_t i = 0; i < match->interface_n; i++)
            buf_addf(out, "%s%.*s%s", i > 0 ? "," : "", STR_ARG(match->interfaces[i].name),
                     match->interfaces[i].prefix ? "+" : "");
        break;
    case MATCH_ANY_OF:
    case MATCH_NONE_OF:
        buf_adds(out, match->kind == MATCH_NONE_OF ? "!any(" : "any(");
        for (size_t i = 0; i < match->group_n; i++) {
            buf_adds(out, i > 0 ? " | " : "");
            ruleset_text_matches(out, match->groups[i].v, match->groups[i].n, family);
        }
        buf_addc(out, ')');
        break;
    case MATCH_TRANSLATED: buf_addf(out, "%stranslated %s", match->negated ? "!" : "", field_name(match->field)); break;
    case MATCH_UNKNOWN:
        buf_addf(out, "%s<%u:%.*s>", match->negated ? "!" : "", match->literal, STR_ARG(match->text));
        break;
    case MATCH_N: buf_adds(out, "?"); break;
    }
}

static inline void ruleset_text_matches(struct buf *out, const struct match *matches, size_t n, enum family family)
{
    for (size_t i = 0; i < n; i++) {
        buf_adds(out, i > 0 ? " " : "");
        ruleset_text_match(out, &matches[i], family);
    }
}

static inline void ruleset_text_rewrite(struct buf *out, const struct rewrite *rewrite, enum action action,
                                        enum family family)
{
    if (action == ACTION_MARK)
        buf_addf(out, " &0x%x^0x%x", rewrite->keep, rewrite->flip);
    if (rewrite->own)
        buf_adds(out, " own");
    if (rewrite->has_addresses) {
        buf_addc(out, ' ');
        addr_range_format(out, family, rewrite->addresses);
        buf_adds(out, rewrite->network ? " (network)" : "");
    }
    if (rewrite->has_ports)
        buf_addf(out, " :%u-%u", (unsigned)rewrite->ports.lo, (unsigned)rewrite->ports.hi);
    if (rewrite->any_port)
        buf_adds(out, " any port");
}

static inline void ruleset_text_rule(struct buf *out, const struct rule *rule)
{
    enum family family = rule->families == FAMILY_BIT(FAMILY_V6) ? FAMILY_V6 : FAMILY_V4;

    ruleset_text_matches(out, rule->matches, rule->match_n, family);
    buf_addf(out, "%s%s", rule->match_n > 0 ? " " : "", action_name(rule->action));
    if (rule->rewrite != NULL)
        ruleset_text_rewrite(out, rule->rewrite, rule->action, family);
    if (rule->target != NULL)
        buf_addf(out, " %.*s", STR_ARG(rule->target->name));
}

static inline void ruleset_text(struct buf *out, const struct ruleset *ruleset)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        const struct chain *chain = ruleset->chains[i];

        if (chain->rule_n == 0 && !chain->has_line)
            continue;
        buf_addf(out, "%.*s %.*s %s %d %s\n", STR_ARG(chain->table), STR_ARG(chain->name), hook_name(chain->hook),
                 chain->priority, action_name(chain->policy));
        for (size_t k = 0; k < chain->rule_n; k++) {
            buf_addf(out, "  %u: ", chain->rules[k].index);
            ruleset_text_rule(out, &chain->rules[k]);
            buf_addc(out, '\n');
        }
    }
}

#endif
