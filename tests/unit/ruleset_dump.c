#include "ruleset_dump.h"

#include "net/proto.h"

static void value(struct buf *out, enum field field, unsigned families, struct range range)
{
    enum family family = families == FAMILY_BIT(FAMILY_V6) ? FAMILY_V6 : FAMILY_V4;

    if (field == FIELD_SOURCE || field == FIELD_DESTINATION) {
        addr_range_format(out, family, range);
    } else if (field == FIELD_PROTOCOL && range.lo == range.hi) {
        proto_format(out, (unsigned)range.lo);
    } else if (field == FIELD_STATE && range.lo == range.hi) {
        buf_adds(out, state_name((enum state)range.lo));
    } else if (field == FIELD_ICMP) {
        if (range.lo % 256 == 0 && range.hi == range.lo + 255)
            buf_addf(out, "%u", (unsigned)range.lo / 256);
        else if (range.lo % 256 == 0 && range.hi % 256 == 255)
            buf_addf(out, "%u-%u", (unsigned)range.lo / 256, (unsigned)range.hi / 256);
        else if (range.lo == range.hi)
            buf_addf(out, "%u/%u", (unsigned)range.lo / 256, (unsigned)range.lo % 256);
        else
            buf_addf(out, "%u/%u-%u/%u", (unsigned)range.lo / 256, (unsigned)range.lo % 256, (unsigned)range.hi / 256,
                     (unsigned)range.hi % 256);
    } else if (range.lo == range.hi) {
        buf_addf(out, "%llu", (unsigned long long)range.lo);
    } else {
        buf_addf(out, "%llu-%llu", (unsigned long long)range.lo, (unsigned long long)range.hi);
    }
}

static void one_match(struct buf *out, const struct match *match, unsigned families);

static void groups(struct buf *out, const struct match *match, unsigned families)
{
    buf_adds(out, match->kind == MATCH_ANY_OF ? "any{" : "none{");
    for (size_t i = 0; i < match->group_n; i++) {
        buf_adds(out, i == 0 ? "" : "; ");
        for (size_t k = 0; k < match->groups[i].n; k++) {
            buf_adds(out, k == 0 ? "" : " ");
            one_match(out, &match->groups[i].v[k], families);
        }
    }
    buf_addc(out, '}');
}

static void one_match(struct buf *out, const struct match *match, unsigned families)
{
    switch (match->kind) {
    case MATCH_RANGES:
        buf_addf(out, "%s=", field_name(match->field));
        for (size_t i = 0; i < match->ranges->n && i < 12; i++) {
            buf_adds(out, i == 0 ? "" : ",");
            value(out, match->field, families, match->ranges->v[i]);
        }
        if (match->ranges->n > 12)
            buf_addf(out, ",..%zu", match->ranges->n);
        return;
    case MATCH_INTERFACES:
        buf_addf(out, "%s%s=", field_name(match->field), match->negated ? "!" : "");
        for (size_t i = 0; i < match->interface_n; i++)
            buf_addf(out, "%s%.*s%s", i == 0 ? "" : ",", STR_ARG(match->interfaces[i].name),
                     match->interfaces[i].prefix ? "*" : "");
        return;
    case MATCH_ANY_OF:
    case MATCH_NONE_OF: groups(out, match, families); return;
    case MATCH_UNKNOWN: buf_addf(out, "?%u[%.*s]", match->literal, STR_ARG(match->text)); return;
    case MATCH_N: break;
    }
}

static void rule(struct buf *out, const struct rule *rule, bool texts)
{
    buf_addf(out, "  %u", rule->index);
    if (rule->has_line)
        buf_addf(out, ":%u", source_line(rule->place.source, rule->place.at));
    if (rule->families != FAMILY_BOTH)
        buf_adds(out, rule->families == 0 ? " never" : rule->families == FAMILY_BIT(FAMILY_V4) ? " v4" : " v6");
    for (size_t i = 0; i < rule->match_n; i++) {
        buf_addc(out, ' ');
        one_match(out, &rule->matches[i], rule->families);
    }
    buf_addf(out, " %s", action_name(rule->action));
    if (rule->target != NULL)
        buf_addf(out, " %.*s", STR_ARG(rule->target->name));
    if (texts)
        buf_addf(out, " \"%.*s\"", STR_ARG(rule->text));
    if (rule->comment.n > 0)
        buf_addf(out, " # %.*s", STR_ARG(rule->comment));
    buf_addc(out, '\n');
}

void ruleset_dump(struct buf *out, const struct ruleset *ruleset, bool texts)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        const struct chain *chain = ruleset->chains[i];

        buf_addf(out, "chain %.*s/%.*s", STR_ARG(chain->table), STR_ARG(chain->name));
        if (chain->has_line)
            buf_addf(out, ":%u", source_line(chain->place.source, chain->place.at));
        if (chain->hook != HOOK_NONE)
            buf_addf(out, " at %s %d policy %s", hook_name(chain->hook), chain->priority, action_name(chain->policy));
        buf_addc(out, '\n');
        for (size_t k = 0; k < chain->rule_n; k++)
            rule(out, &chain->rules[k], texts);
    }
}
