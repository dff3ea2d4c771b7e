/* A rehearsal for a terminal; see rehearse.h. */
#include "report/check.h"
#include "report/rehearse.h"
#include "report/values.h"

#define RED "\033[1;31m"
#define GREEN "\033[1;32m"
#define YELLOW "\033[1;33m"
#define PLAIN "\033[0m"

#define SHOWN 40 /* neighbours and changes; csv and json have all */

static void add_word(struct buf *out, const char *word, const char *paint, bool color)
{
    buf_addf(out, "%s%s%s ", color ? paint : "", word, color ? PLAIN : "");
}

static void add_line(struct buf *out, const char *label, struct str text)
{
    if (text.n > 0)
        buf_addf(out, "    %-7s%.*s\n", label, STR_ARG(text));
}

static void add_rule(struct buf *out, const char *label, const struct rule_ref *rule)
{
    if (!rule->present)
        return;
    buf_addf(out, "    %-7s", label);
    report_line_rule(out, rule);
    buf_addc(out, '\n');
}

/* Packet, where it died, and the prover's answer where that is another. */
static void add_packet(struct buf *out, const struct played_packet *played)
{
    struct arena *arena = arena_new();

    add_line(out, "packet", report_cell_packet(arena, true, &played->packet));
    if (played->kernel != PLAYED_PASSES && played->firewall.n > 0)
        add_line(out, "at", played->firewall);
    add_rule(out, "rule", &played->rule);
    add_line(out, "why", played->reason);
    arena_free(arena);
}

bool rehearsed_flow_fails(const struct rehearsed_flow *flow)
{
    return flow->flow->need == NEED_REQUIRED && (flow->rehearsal == PLAYED_STOPPED || flow->rehearsal == PLAYED_PARTLY);
}

static void add_flow(struct buf *out, const struct rehearsed_flow *flow, bool color)
{
    if (flow->rehearsal == PLAYED_PASSES || (flow->rehearsal == PLAYED_NOT && flow->n == 0))
        return;
    add_word(out, playing_name(flow->rehearsal), rehearsed_flow_fails(flow) ? RED : YELLOW, color);
    report_line_flow(out, flow->flow);
    buf_addf(out, "\n    proof  %s", verdict_name(flow->proof));
    if (flow->rehearsal == PLAYED_PARTLY)
        buf_addf(out, "; %zu of %zu packets pass", flow->passed, flow->n);
    if (flow->flow->need != NEED_REQUIRED)
        buf_addf(out, " (%s)", need_name(flow->flow->need));
    buf_addc(out, '\n');
    if (flow->shown != NULL)
        add_packet(out, flow->shown);
}

static void add_neighbours(struct buf *out, const struct rehearsal *rehearsal, bool color)
{
    size_t shown = 0;

    for (size_t i = 0; i < rehearsal->neighbour_n; i++) {
        const struct rehearsed_neighbour *neighbour = &rehearsal->neighbours[i];

        if (neighbour->played.kernel != PLAYED_PASSES || shown++ >= SHOWN)
            continue;
        add_word(out, "passes", RED, color);
        buf_addf(out, "though it must not (%s): %.*s\n    proof  %s\n", neighbour->kind, STR_ARG(neighbour->why),
                 verdict_name(neighbour->played.proof));
        add_packet(out, &neighbour->played);
        add_rule(out, "let in", &neighbour->played.proof_rule);
    }
    if (shown > SHOWN)
        buf_addf(out, "and %zu more that must not pass (csv and json have all)\n", shown - SHOWN);
}

static void add_tests(struct buf *out, const struct rehearsal *rehearsal, bool color)
{
    for (size_t i = 0; i < rehearsal->test_n; i++) {
        const struct rehearsed_test *test = &rehearsal->tests[i];

        if (test->holds)
            continue;
        add_word(out, test->undetermined ? "test not played" : "test fails", test->undetermined ? YELLOW : RED, color);
        buf_addf(out, "%.*s\n", STR_ARG(test->name));
        if (test->shown != NULL && !test->undetermined)
            add_packet(out, test->shown);
    }
}

static void add_findings(struct buf *out, const struct rehearsal *rehearsal, bool color)
{
    struct arena *arena = arena_new();

    for (size_t i = 0; i < rehearsal->finding_n; i++) {
        const struct rehearsal_finding *finding = &rehearsal->findings[i];
        const struct played_packet *played = finding->played;

        add_word(out, "disagreement", RED, color);
        buf_addf(out, "%.*s: the kernel says %s, the prover %s\n", STR_ARG(finding->about),
                 playing_name(played->kernel), verdict_name(played->proof));
        add_packet(out, played);
        add_rule(out, "prover", &played->proof_rule);
        if (finding->ruleset.n > 0)
            buf_addf(out, "    again  portolan explain %.*s '%.*s'\n", STR_ARG(finding->ruleset),
                     STR_ARG(report_cell_packet(arena, true, &played->packet)));
    }
    arena_free(arena);
}

static void add_changes(struct buf *out, const struct rehearsal *rehearsal, bool color)
{
    for (size_t i = 0; i < rehearsal->change_n && i < SHOWN; i++) {
        const struct rehearsal_change *change = &rehearsal->changes[i];
        struct arena *arena = arena_new();

        add_word(out, "changes", YELLOW, color);
        buf_addf(out, "%.*s: %s before, %s after\n", STR_ARG(change->about), playing_name(change->before),
                 playing_name(change->after));
        add_line(out, "packet", report_cell_packet(arena, true, &change->packet));
        add_rule(out, "rule", &change->rule);
        arena_free(arena);
    }
    if (rehearsal->change_n > SHOWN)
        buf_addf(out, "and %zu more changes (csv and json have all)\n", rehearsal->change_n - SHOWN);
}

static void add_summary(struct buf *out, const struct rehearsal *rehearsal, bool color)
{
    const struct rehearsal_summary *summary = &rehearsal->summary;
    bool good = summary->failing == 0 && summary->neighbours_pass == 0 && summary->tests_fail == 0 &&
                summary->disagreements == 0;

    buf_addf(out, "%s%.*s: %zu flow%s: %zu pass, %zu stopped, %zu partly, %zu not played; ",
             color ? (good ? GREEN : RED) : "", STR_ARG(rehearsal->title), summary->flows,
             summary->flows == 1 ? "" : "s", summary->by_played[PLAYED_PASSES], summary->by_played[PLAYED_STOPPED],
             summary->by_played[PLAYED_PARTLY], summary->by_played[PLAYED_NOT]);
    buf_addf(out, "%zu neighbour%s: %zu pass; %zu test%s: %zu fail%s; ", summary->neighbours,
             summary->neighbours == 1 ? "" : "s", summary->neighbours_pass, summary->tests,
             summary->tests == 1 ? "" : "s", summary->tests_fail, summary->tests_fail == 1 ? "s" : "");
    if (rehearsal->compared)
        buf_addf(out, "%zu change%s; ", summary->changes, summary->changes == 1 ? "" : "s");
    if (summary->packets == 0)
        buf_adds(out, "nothing was played");
    else if (summary->disagreements == 0)
        buf_adds(out, "kernel and prover agree");
    else
        buf_addf(out, "%zu disagreement%s of kernel and prover", summary->disagreements,
                 summary->disagreements == 1 ? "" : "s");
    buf_addf(out, "%s\n", color ? PLAIN : "");
}

void report_rehearse_text(struct buf *out, const struct rehearsal *rehearsal, bool color)
{
    size_t before = out->n;

    for (size_t i = 0; i < rehearsal->flow_n; i++)
        add_flow(out, &rehearsal->flows[i], color);
    add_neighbours(out, rehearsal, color);
    add_tests(out, rehearsal, color);
    add_findings(out, rehearsal, color);
    add_changes(out, rehearsal, color);
    if (out->n > before)
        buf_addc(out, '\n');
    add_summary(out, rehearsal, color);
}
