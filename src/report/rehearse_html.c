/*
 * A rehearsal as one page of HTML: the answer in one sentence, what does not hold with its packet and where it died,
 * what must not pass and does, where kernel and prover disagree, and every flow. All text from files is escaped.
 */
#include "report/html_page.h"
#include "report/html_parts.h"
#include "report/rehearse.h"
#include "report/values.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static enum tone tone_of_flow(const struct rehearsed_flow *flow)
{
    if (rehearsed_flow_fails(flow))
        return TONE_BAD;
    switch (flow->rehearsal) {
    case PLAYED_PASSES: return TONE_GOOD;
    case PLAYED_STOPPED:
    case PLAYED_PARTLY: return TONE_WARN;
    case PLAYED_NOT:
    case PLAYED_N: break;
    }
    return TONE_UNKNOWN;
}

/* --- the answer -------------------------------------------------------------------------------------------------- */

static void add_head(struct buf *out, const struct rehearsal *rehearsal)
{
    const struct rehearsal_summary *s = &rehearsal->summary;
    bool fails = s->failing + s->neighbours_pass + s->tests_fail + s->disagreements > 0;

    html_answer_begin(out, "a site rehearsed in the kernel", rehearsal->title,
                      fails         ? TONE_BAD
                      : s->open > 0 ? TONE_UNKNOWN
                                    : TONE_GOOD);
    if (fails)
        buf_addf(out,
                 "It does not hold: %zu required flow%s stopped, %zu packet%s through that must not come, %zu test%s "
                 "failed, %zu disagreement%s of kernel and prover.",
                 s->failing, html_plural(s->failing), s->neighbours_pass, s->neighbours_pass == 1 ? " comes" : "s come",
                 s->tests_fail, html_plural(s->tests_fail), s->disagreements, html_plural(s->disagreements));
    else if (s->open > 0)
        buf_addf(out, "Nothing fails, and the fate of %zu could not be told.", s->open);
    else
        buf_adds(out, "It holds: what is asked for comes through, its neighbours do not, and kernel and prover agree.");
    html_answer_end(out);
    buf_adds(out, "<dl class=\"numbers\">\n");
    html_number(out, s->flows, "flows");
    html_number(out, s->by_played[PLAYED_PASSES], "pass");
    html_number(out, s->by_played[PLAYED_STOPPED], "stopped");
    html_number(out, s->by_played[PLAYED_PARTLY], "partly");
    html_number(out, s->by_played[PLAYED_NOT], "not played");
    html_number(out, s->neighbours, "neighbours");
    html_number(out, s->neighbours_pass, "of these pass");
    html_number(out, s->tests, "tests");
    if (rehearsal->compared)
        html_number(out, s->changes, "changes");
    buf_adds(out, "</dl>\n</header>\n");
}

/* --- cards ------------------------------------------------------------------------------------------------------- */

static void begin_card(struct buf *out, enum tone tone, const char *word, struct str title)
{
    buf_addf(out, "<article class=\"card %s\">\n<h3>", html_tone(tone));
    html_mark(out, tone, word);
    buf_addc(out, ' ');
    report_xml_text(out, title);
    buf_adds(out, "</h3>\n<dl>");
}

static void end_card(struct buf *out)
{
    buf_adds(out, "</dl>\n</article>\n");
}

static void add_played(struct buf *out, const struct played_packet *played)
{
    if (played == NULL)
        return;
    html_packet(out, true, &played->packet);
    if (played->kernel != PLAYED_PASSES)
        html_line(out, "died at", played->firewall);
    html_rule(out, &played->rule);
    html_line(out, "why", played->reason);
}

static void begin_section(struct buf *out, const char *title, const char *words)
{
    buf_addf(out, "<section>\n<h2>%s</h2>\n<p class=\"soft\">%s</p>\n", title, words);
}

static void add_failures(struct buf *out, const struct rehearsal *rehearsal)
{
    const struct rehearsal_summary *s = &rehearsal->summary;

    if (s->by_played[PLAYED_STOPPED] + s->by_played[PLAYED_PARTLY] == 0)
        return;
    begin_section(out, "Flows that do not come through", "Each with a packet that was sent, and where it died.");
    for (size_t i = 0; i < rehearsal->flow_n; i++) {
        const struct rehearsed_flow *flow = &rehearsal->flows[i];

        if (flow->rehearsal != PLAYED_STOPPED && flow->rehearsal != PLAYED_PARTLY)
            continue;
        begin_card(out, tone_of_flow(flow), playing_name(flow->rehearsal), flow->flow->id);
        html_line(out, "asked for", flow->flow->purpose);
        html_line(out, "need", str_of(need_name(flow->flow->need)));
        html_line(out, "proof", str_of(verdict_name(flow->proof)));
        add_played(out, flow->shown);
        end_card(out);
    }
    buf_adds(out, "</section>\n");
}

static void add_neighbours(struct buf *out, const struct rehearsal *rehearsal)
{
    if (rehearsal->summary.neighbours_pass == 0)
        return;
    begin_section(out, "What comes through and must not", "Neighbours of the flows that no flow asks for.");
    for (size_t i = 0; i < rehearsal->neighbour_n; i++) {
        const struct rehearsed_neighbour *neighbour = &rehearsal->neighbours[i];

        if (neighbour->played.kernel != PLAYED_PASSES)
            continue;
        begin_card(out, TONE_BAD, "passes", neighbour->why);
        html_line(out, "proof", str_of(verdict_name(neighbour->played.proof)));
        html_packet(out, true, &neighbour->played.packet);
        html_rule(out, &neighbour->played.proof_rule);
        end_card(out);
    }
    buf_adds(out, "</section>\n");
}

static void add_tests(struct buf *out, const struct rehearsal *rehearsal)
{
    if (rehearsal->test_n == 0)
        return;
    begin_section(out, "The site's tests", "What must and must not be possible, whatever the documents say.");
    for (size_t i = 0; i < rehearsal->test_n; i++) {
        const struct rehearsed_test *test = &rehearsal->tests[i];
        enum tone tone = test->undetermined ? TONE_UNKNOWN : test->holds ? TONE_GOOD : TONE_BAD;

        begin_card(out, tone, test->undetermined ? "not played" : test->holds ? "holds" : "fails", test->name);
        if (tone != TONE_GOOD)
            add_played(out, test->shown);
        end_card(out);
    }
    buf_adds(out, "</section>\n");
}

static void add_findings(struct buf *out, struct arena *arena, const struct rehearsal *rehearsal)
{
    if (rehearsal->finding_n == 0)
        return;
    begin_section(out, "Kernel and prover disagree", "One of the two is wrong: a defect, with what shows it again.");
    for (size_t i = 0; i < rehearsal->finding_n; i++) {
        const struct rehearsal_finding *finding = &rehearsal->findings[i];

        begin_card(out, TONE_BAD, "disagreement", finding->about);
        html_line(out, "kernel", str_of(playing_name(finding->played->kernel)));
        html_line(out, "prover", str_of(verdict_name(finding->played->proof)));
        add_played(out, finding->played);
        html_line(out, "again",
                  finding->ruleset.n == 0
                      ? STR_EMPTY
                      : str_printf(arena, "portolan explain %.*s '%.*s'", STR_ARG(finding->ruleset),
                                   STR_ARG(report_cell_packet(arena, true, &finding->played->packet))));
        end_card(out);
    }
    buf_adds(out, "</section>\n");
}

/* --- tables ------------------------------------------------------------------------------------------------------ */

static void add_changes(struct buf *out, struct arena *arena, const struct rehearsal *rehearsal)
{
    static const char *const columns[] = {"what", "before", "after", "packet", "rule"};

    if (rehearsal->change_n == 0)
        return;
    buf_adds(out, "<section>\n<h2>What changes</h2>\n");
    html_table_begin(out, " class=\"filter\"", "Packets whose fate is another with the rulesets of tomorrow", columns,
                     COUNT(columns));
    for (size_t i = 0; i < rehearsal->change_n; i++) {
        const struct rehearsal_change *change = &rehearsal->changes[i];

        buf_adds(out, "<tr>");
        html_cell(out, " class=\"id\"", change->about);
        html_cell(out, "", str_of(playing_name(change->before)));
        html_cell(out, "", str_of(playing_name(change->after)));
        html_cell(out, "", report_cell_packet(arena, true, &change->packet));
        html_cell(out, "", report_cell_rule(arena, &change->rule));
        buf_adds(out, "</tr>\n");
    }
    html_table_end(out);
    buf_adds(out, "</section>\n");
}

static void add_flows(struct buf *out, struct arena *arena, const struct rehearsal *rehearsal)
{
    static const char *const columns[] = {"rehearsal", "flow", "proof", "packets", "purpose", "why"};

    buf_adds(out, "<section>\n<h2>All flows</h2>\n");
    html_table_begin(out, " class=\"filter\"", "Every flow: what the kernel did with its packets, and what is proved",
                     columns, COUNT(columns));
    for (size_t i = 0; i < rehearsal->flow_n; i++) {
        const struct rehearsed_flow *flow = &rehearsal->flows[i];

        buf_adds(out, "<tr><td>");
        html_mark(out, tone_of_flow(flow), playing_name(flow->rehearsal));
        buf_adds(out, "</td><th scope=\"row\" class=\"id\">");
        report_xml_text(out, flow->flow->id);
        buf_adds(out, "</th>");
        html_cell(out, "", str_of(verdict_name(flow->proof)));
        html_cell(out, "", flow->n == 0 ? STR_EMPTY : str_printf(arena, "%zu of %zu", flow->passed, flow->n));
        html_cell(out, "", flow->flow->purpose);
        html_cell(out, "", flow->reason);
        buf_adds(out, "</tr>\n");
    }
    html_table_end(out);
    buf_adds(out, "</section>\n");
}

void report_rehearse_html(struct buf *out, const struct rehearsal *rehearsal)
{
    struct arena *arena = arena_new();

    html_page_begin(out, str_printf(arena, "%.*s: rehearsal by Portolan", STR_ARG(rehearsal->title)));
    add_head(out, rehearsal);
    add_failures(out, rehearsal);
    add_neighbours(out, rehearsal);
    add_findings(out, arena, rehearsal);
    add_tests(out, rehearsal);
    add_changes(out, arena, rehearsal);
    add_flows(out, arena, rehearsal);
    buf_addf(out,
             "<footer>Made by <code>portolan rehearse</code>, version " PORTOLAN_VERSION
             ": %zu packets in %.1f s, in network namespaces of their own.</footer>\n",
             rehearsal->summary.packets, rehearsal->summary.seconds);
    html_page_end(out);
    arena_free(arena);
}
