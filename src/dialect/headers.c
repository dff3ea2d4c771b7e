/* See headers.h. Without the header neither matches, negated or not: ip6t_rt.c, ip6t_hbh.c, nft_exthdr.c of Linux 6.1.
 */
#include "dialect/headers.h"

static bool asks_header(const struct match *match)
{
    static const char *const texts[] = {"-m rt ", "-m hbh ", "-m dst ", "rt ", "srh ", "hbh ", "dst "};

    for (size_t i = 0; i < sizeof texts / sizeof *texts && match->kind == MATCH_UNKNOWN && !match->negated; i++) {
        if (str_starts(match->text, texts[i]))
            return true;
    }
    return false;
}

/* A packet whose source does not belong where it came in, or an address that stands for others. */
static bool asks_odd_ends(const struct match *match)
{
    static const char *const texts[] = {"-m addrtype --src-type BROADCAST", "-m addrtype --dst-type BROADCAST",
                                        "-m addrtype --src-type ANYCAST", "-m addrtype --dst-type ANYCAST"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts && match->kind == MATCH_UNKNOWN && !match->negated; i++) {
        if (str_is(match->text, texts[i]))
            return true;
    }
    return match->kind == MATCH_UNKNOWN && !match->negated && str_starts(match->text, "-m rpfilter ") &&
           str_contains(match->text, "--invert");
}

/* Whether packets that it takes go no further: it refuses them, or goes to a chain that does nothing else. */
static bool refuses(const struct rule *rule)
{
    const struct chain *chain = rule->target;

    if (rule->action != ACTION_GOTO)
        return rule->action == ACTION_DROP || rule->action == ACTION_REJECT;
    for (size_t i = 0; i < chain->rule_n; i++) {
        enum action action = chain->rules[i].action;

        if (action != ACTION_NONE && action != ACTION_DROP && action != ACTION_REJECT)
            return false;
    }
    return chain->rule_n > 0 && chain->rules[chain->rule_n - 1].match_n == 0 &&
           chain->rules[chain->rule_n - 1].action != ACTION_NONE;
}

static bool settle_match(struct match *match)
{
    bool any = false;

    match->unusual = asks_header(match);
    match->odd_ends = asks_odd_ends(match);
    for (size_t i = 0; match->kind == MATCH_ANY_OF && i < match->group_n; i++) {
        for (size_t k = 0; k < match->groups[i].n; k++)
            any = settle_match((struct match *)&match->groups[i].v[k]) || any;
    }
    return any || match->unusual || match->odd_ends;
}

void headers_settle(struct ruleset *ruleset)
{
    for (size_t i = 0; i < ruleset->chain_n && ruleset->literal_n > 0; i++) {
        const struct chain *chain = ruleset->chains[i];

        for (size_t k = 0; k < chain->rule_n; k++) {
            const struct rule *rule = &chain->rules[k];

            for (size_t m = 0; m < rule->match_n; m++) {
                struct match *match = (struct match *)&rule->matches[m];

                if ((match->kind == MATCH_UNKNOWN || match->kind == MATCH_ANY_OF) && refuses(rule))
                    ruleset->unusual = settle_match(match) || ruleset->unusual;
            }
        }
    }
}
