/*
 * `probe` as one page of HTML: the answer in one sentence, what does not hold with its evidence, what contradicts the
 * rulesets, and every outcome. All text from far ends and files is escaped.
 */
#include "report/html_page.h"
#include "report/html_parts.h"
#include "report/probe.h"
#include "report/values.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static enum tone tone_of(enum probe_state state)
{
    switch (state) {
    case PROBE_HOLDS: return TONE_GOOD;
    case PROBE_WARNS: return TONE_WARN;
    case PROBE_FAILS: return TONE_BAD;
    case PROBE_UNDETERMINED: return TONE_UNKNOWN;
    case PROBE_STATE_N: break;
    }
    return TONE_UNKNOWN;
}

/* --- the answer -------------------------------------------------------------------------------------------------- */

static void add_head(struct buf *out, const struct probe_run *run)
{
    const struct probe_summary *s = &run->summary;
    bool fails = s->by_state[PROBE_FAILS] + run->finding_n > 0;
    bool unknown = s->by_state[PROBE_UNDETERMINED] > 0 || run->interrupted;

    html_answer_begin(out, "documented services, asked from here", run->title,
                      fails     ? TONE_BAD
                      : unknown ? TONE_UNKNOWN
                                : TONE_GOOD);
    if (fails)
        buf_addf(out, "It does not hold: %zu of %zu probes %s, %zu finding%s.", s->by_state[PROBE_FAILS], s->n,
                 s->by_state[PROBE_FAILS] == 1 ? "fails" : "fail", run->finding_n, html_plural(run->finding_n));
    else if (unknown)
        buf_adds(out, "Nothing fails, and not everything could be told.");
    else
        buf_addf(out, "It holds: %s%zu probe%s found what was expected.", s->n == 1 ? "the " : "all ", s->n,
                 html_plural(s->n));
    if (s->by_state[PROBE_UNDETERMINED] > 0)
        buf_addf(out, " %zu could not be determined.", s->by_state[PROBE_UNDETERMINED]);
    if (run->interrupted)
        buf_adds(out, " It was interrupted: not everything was asked.");
    html_answer_end(out);
    buf_adds(out, "<dl class=\"numbers\">\n");
    html_number(out, s->n, "probes");
    for (enum outcome outcome = 0; outcome < OUTCOME_N; outcome++) {
        if (s->by_outcome[outcome] > 0)
            html_number(out, s->by_outcome[outcome], outcome_name(outcome));
    }
    buf_adds(out, "</dl>\n</header>\n");
}

/* --- what does not hold ------------------------------------------------------------------------------------------ */

static void add_card(struct buf *out, struct arena *arena, const struct probe_outcome *outcome)
{
    const struct probe_question *question = &outcome->question;
    struct str subject = report_probe_subject(question);
    enum tone tone = tone_of(outcome->state);

    buf_addf(out, "<article class=\"card %s\">\n<h3>", html_tone(tone));
    html_mark(out, tone, outcome_name(outcome->outcome));
    buf_addc(out, ' ');
    report_xml_text(out, question->target);
    buf_adds(out, "</h3>\n<p class=\"what\">");
    report_xml_text(out, report_probe_why(arena, outcome));
    buf_adds(out, "</p>\n<dl>");
    html_line(out, question->flow != NULL ? "flow" : "test", subject);
    if (question->flow != NULL)
        html_line(out, "asked for", question->flow->purpose);
    html_line(out, "expected", question->denied ? STR("denied") : STR("open"));
    html_line(out, "address", report_probe_address(arena, question));
    html_line(out, "proxy", question->proxy);
    for (size_t i = 0; i < outcome->detail_n; i++) {
        buf_adds(out, "<dt>");
        report_xml_text(out, outcome->details[i].name);
        buf_adds(out, "</dt><dd>");
        report_xml_text(out, outcome->details[i].value);
        buf_adds(out, "</dd>");
    }
    buf_adds(out, "</dl>\n</article>\n");
}

static void add_cards(struct buf *out, struct arena *arena, const struct probe_run *run)
{
    if (run->summary.by_state[PROBE_HOLDS] == run->summary.n)
        return;
    buf_adds(out, "<section>\n<h2>What does not hold, or is not known</h2>\n"
                  "<p class=\"soft\">Each with what was expected and what came back.</p>\n");
    for (size_t i = 0; i < run->n; i++) {
        if (run->v[i].state != PROBE_HOLDS)
            add_card(out, arena, &run->v[i]);
    }
    buf_adds(out, "</section>\n");
}

static void add_findings(struct buf *out, const struct probe_run *run)
{
    if (run->finding_n == 0)
        return;
    buf_adds(out,
             "<section>\n<h2>Findings</h2>\n"
             "<p class=\"soft\">What the network does is not what its rulesets say, or somebody reads along.</p>\n");
    for (size_t i = 0; i < run->finding_n; i++) {
        const struct probe_finding *finding = &run->findings[i];

        buf_adds(out, "<article class=\"card bad\">\n<h3>");
        html_mark(out, TONE_BAD, probe_finding_name(finding->kind));
        buf_addc(out, ' ');
        report_xml_text(out, finding->outcome->question.target);
        buf_adds(out, "</h3>\n<p class=\"what\">");
        report_xml_text(out, finding->message);
        buf_adds(out, "</p>\n<dl>");
        html_line(out, "flow", report_probe_subject(&finding->outcome->question));
        html_rule(out, &finding->verdict.rule);
        html_packet(out, finding->verdict.has_packet, &finding->verdict.packet);
        buf_adds(out, "</dl>\n</article>\n");
    }
    buf_adds(out, "</section>\n");
}

/* --- all of them ------------------------------------------------------------------------------------------------- */

static struct str times(struct arena *arena, const struct probe_outcome *outcome)
{
    struct buf line = BUF_EMPTY;
    struct str made;

    for (enum probe_phase phase = 0; phase < PHASE_N; phase++) {
        if (outcome->has_ms[phase])
            buf_addf(&line, "%s%s %.1f", line.n > 0 ? ", " : "", probe_phase_name(phase), outcome->ms[phase]);
    }
    made = str_dup(arena, buf_str(&line));
    buf_free(&line);
    return made;
}

static void add_all(struct buf *out, struct arena *arena, const struct probe_run *run)
{
    static const char *const columns[] = {"outcome", "target", "address", "flow or test", "why", "ms"};

    buf_adds(out, "<section>\n<h2>All probes</h2>\n");
    html_table_begin(out, " class=\"filter\"", "Every question with its outcome and the milliseconds of each phase",
                     columns, COUNT(columns));
    for (size_t i = 0; i < run->n; i++) {
        const struct probe_outcome *outcome = &run->v[i];

        buf_adds(out, "<tr><td>");
        html_mark(out, tone_of(outcome->state), outcome_name(outcome->outcome));
        buf_adds(out, "</td><th scope=\"row\" class=\"id\">");
        report_xml_text(out, outcome->question.target);
        buf_adds(out, "</th>");
        html_cell(out, " class=\"end\"", report_probe_address(arena, &outcome->question));
        html_cell(out, "", report_probe_subject(&outcome->question));
        html_cell(out, "", report_probe_why(arena, outcome));
        html_cell(out, "", times(arena, outcome));
        buf_adds(out, "</tr>\n");
    }
    html_table_end(out);
    buf_adds(out, "</section>\n");
}

void report_probe_html(struct buf *out, const struct probe_run *run)
{
    struct arena *arena = arena_new();

    html_page_begin(out, str_printf(arena, "%.*s: probes by Portolan", STR_ARG(run->title)));
    add_head(out, run);
    add_cards(out, arena, run);
    add_findings(out, run);
    add_all(out, arena, run);
    buf_adds(out, "<footer>Made by <code>portolan probe</code>, version " PORTOLAN_VERSION
                  ". One probe is shown step by step with <code>--trace</code>.</footer>\n");
    html_page_end(out);
    arena_free(arena);
}
