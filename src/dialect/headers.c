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

void headers_settle(struct ruleset *ruleset)
{
    for (size_t i = 0; i < ruleset->chain_n && ruleset->literal_n > 0; i++) {
        const struct chain *chain = ruleset->chains[i];

        for (size_t k = 0; k < chain->rule_n; k++) {
            const struct rule *rule = &chain->rules[k];

            for (size_t m = 0; m < rule->match_n && (rule->action == ACTION_DROP || rule->action == ACTION_REJECT);
                 m++) {
                struct match *match = (struct match *)&rule->matches[m];

                match->unusual = asks_header(match);
                ruleset->unusual = ruleset->unusual || match->unusual;
            }
        }
    }
}
