/* The work that check, excess and why share: rulesets against the flows of a site, or of a file. */
#ifndef PORTOLAN_CLI_CHECKING_H
#define PORTOLAN_CLI_CHECKING_H

#include "cli/inputs.h"
#include "model/result.h"
#include "plan/plan.h"
#include "prove/prover.h"

/* One firewall, ready to be asked. */
struct gate {
    const struct firewall *firewall; /* NULL: no site */
    struct policy *policy;
    struct prover *prover;
};

struct checking {
    struct cli *cli;
    struct arena *scratch;   /* rolled back after each question */
    const struct plan *plan; /* NULL: no site */
    struct gate *gates;
    size_t gate_n;
    struct verdicts VEC(struct verdict) verdicts;
    struct findings findings;
    struct test_results VEC(struct test_result) tests;
    bool incomplete; /* a budget ran out */
    bool searched;   /* excess was looked for */
};

/* Reads the rulesets of a site's firewalls (all, or one) and makes them ready. False when there were errors. */
bool checking_open_site(struct checking *checking, struct cli *cli, const struct plan *plan,
                        const struct firewall *only);

/* Options of a check without a site. */
struct bare_options {
    struct values rulesets;
    struct values flows;
    struct values dialects;
    struct values hooks;
    struct values in;
    struct values out;
    struct values hosts;
};

bool checking_open_bare(struct checking *checking, struct cli *cli, const struct bare_options *options,
                        struct flows *flows);
/* Likewise with a ruleset that was read already; without --flows there is no question but the ruleset itself. */
bool checking_open_ruleset(struct checking *checking, struct cli *cli, const struct bare_options *options,
                           struct ruleset *ruleset, struct flows *flows);
/* A ruleset in the place of one firewall of a site. */
bool checking_open_gate(struct checking *checking, struct cli *cli, const struct plan *plan,
                        const struct firewall *firewall, struct ruleset *ruleset);
void checking_close(struct checking *checking);

void checking_flows(struct checking *checking); /* a verdict for each permit, there and back */
void checking_unresolved(struct checking *checking, const struct flow *const *flows, size_t n);
void checking_gaps(struct checking *checking);
void checking_baseline(struct checking *checking);
void checking_excess(struct checking *checking);
void checking_tests(struct checking *checking); /* the site's tests, and flows that must not be possible */

/* The hook that a question without a site is about; HOOK_NONE with an error when it is not clear. */
enum hook checking_hook(struct cli *cli, const struct ruleset *ruleset, struct str wanted);

void checking_result(struct checking *checking, const struct flow *const *flows, size_t n, struct check_result *result);
/* Exit status of a result; warnings are turned into diagnostics under --strict. */
int checking_status(const struct checking *checking, const struct check_result *result);

#endif
