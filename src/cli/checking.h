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
    bool spoofed; /* packets count whose source does not belong where they come in */
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

/* Rows of a command that works on a site or on --flows and --ruleset; in a table of options. */
#define CHECKING_OPTIONS(bare, firewalls)                                                                              \
    {"firewall", 0, "NAME", "only this firewall of the site", &(firewalls), NULL},                                     \
        {"flows", 0, "FILE", "flows as JSON or CSV, instead of a site", &(bare).flows, NULL},                          \
        {"ruleset", 0, "FILE", "its ruleset; several for IPv4, IPv6 and ipset", &(bare).rulesets, NULL},               \
        {"dialect", 0, "DIALECT", "nftables, iptables or ip6tables; else it is recognised", &(bare).dialects, NULL},   \
        {"hook", 0, "HOOK", "forward, input or output", &(bare).hooks, NULL},                                          \
        {"in", 0, "INTERFACE", "by which packets come in", &(bare).in, NULL},                                          \
        {"out", 0, "INTERFACE", "by which they go out", &(bare).out, NULL},                                            \
        {"spoofed",      0, NULL, "count packets whose source is not of the zone that they come in by", NULL,          \
         &(bare).spoofed},                                                                                             \
    {                                                                                                                  \
        "host", 0, "ADDRESS", "own address of the host whose INPUT or OUTPUT it is", &(bare).hosts, NULL               \
    }

/* What a command does with the opened firewalls; `whole`: all those of a site. Returns the exit status. */
typedef int checking_work(struct checking *checking, const struct flow *const *flows, size_t n, bool whole);

/* Opens what the operands or options name, does the work, closes. */
int checking_run(struct cli *cli, const struct bare_options *bare, const struct values *firewalls, checking_work *work);

/* The gate of a firewall; NULL where it was not opened. */
const struct gate *checking_gate(const struct checking *checking, const struct firewall *firewall);
void checking_flows(struct checking *checking); /* a verdict for each permit, there and back */
/* Verdicts of firewalls behind one that translates the flow's packets become undetermined. */
void checking_translated(struct checking *checking);
void checking_open_verdict(struct verdict *verdict, const struct verdict *before);
void checking_unresolved(struct checking *checking, const struct flow *const *flows, size_t n);
void checking_gaps(struct checking *checking);
/* Without a site: flows that must not be possible, as tests. */
void checking_forbidden(struct checking *checking, const struct flow *const *flows, size_t n);
void checking_baseline(struct checking *checking);
void checking_excess(struct checking *checking);
void checking_tests(struct checking *checking); /* the site's tests, and flows that must not be possible */

/* The hook that a question without a site is about; HOOK_NONE with an error when it is not clear. */
enum hook checking_hook(struct cli *cli, const struct ruleset *ruleset, struct str wanted);

void checking_result(struct checking *checking, const struct flow *const *flows, size_t n, struct check_result *result);
/* Exit status of a result; warnings are turned into diagnostics under --strict. */
int checking_status(const struct checking *checking, const struct check_result *result);

#endif
