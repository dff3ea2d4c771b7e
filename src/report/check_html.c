/*
 * A check as one page of HTML, for those who own the network and for those who audit it: the answer in one sentence,
 * then what does not hold with all its reasons, what the site bears, and every flow. All text from files is escaped.
 */
#include <stdlib.h>

#include "report/check.h"
#include "report/check_page.h"
#include "report/html_page.h"
#include "report/html_parts.h"
#include "report/values.h"

enum tone check_page_tone(const struct verdict *verdict)
{
    if (verdict_fails(verdict))
        return TONE_BAD;
    if (verdict_warns(verdict))
        return TONE_WARN;
    return verdict->kind == VERDICT_UNDETERMINED ? TONE_UNKNOWN : TONE_GOOD;
}

/* --- verdicts of a flow ------------------------------------------------------------------------------------------ */

static int compare_verdicts(const void *a, const void *b)
{
    const struct verdict *x = *(const struct verdict *const *)a;
    const struct verdict *y = *(const struct verdict *const *)b;
    int order = str_cmp(x->flow->id, y->flow->id);

    return order != 0 ? order : (x > y) - (x < y);
}

static void sort_verdicts(struct check_page *page)
{
    size_t n = page->result->verdict_n;

    page->verdicts = arena_new_array(page->arena, const struct verdict *, n);
    for (size_t i = 0; i < n; i++)
        page->verdicts[i] = &page->result->verdicts[i];
    if (n > 0)
        qsort(page->verdicts, n, sizeof *page->verdicts, compare_verdicts);
}

size_t check_page_verdicts(const struct check_page *page, const struct flow *flow, const struct verdict *const **first)
{
    size_t lo = 0;
    size_t hi = page->result->verdict_n;
    size_t n = 0;

    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;

        if (str_cmp(page->verdicts[middle]->flow->id, flow->id) < 0)
            lo = middle + 1;
        else
            hi = middle;
    }
    *first = page->verdicts + lo;
    while (lo + n < page->result->verdict_n && str_eq(page->verdicts[lo + n]->flow->id, flow->id))
        n++;
    return n;
}

static unsigned weight(enum tone tone)
{
    switch (tone) {
    case TONE_GOOD: return 0;
    case TONE_WARN: return 1;
    case TONE_UNKNOWN: return 2;
    case TONE_BAD: return 3;
    case TONE_N: break;
    }
    return 0;
}

const struct verdict *check_page_worst(const struct verdict *const *verdicts, size_t n)
{
    const struct verdict *worst = NULL;

    for (size_t i = 0; i < n; i++) {
        if (worst == NULL || weight(check_page_tone(verdicts[i])) > weight(check_page_tone(worst)))
            worst = verdicts[i];
    }
    return worst;
}

/* --- the answer -------------------------------------------------------------------------------------------------- */

static struct check_counts count(const struct check_page *page)
{
    const struct check_result *result = page->result;
    struct check_counts c = {0};

    for (size_t i = 0; i < result->flow_n; i++) {
        const struct verdict *const *verdicts;
        size_t n = check_page_verdicts(page, result->flows[i], &verdicts);
        const struct verdict *worst = check_page_worst(verdicts, n);
        enum tone tone = worst == NULL ? TONE_GOOD : check_page_tone(worst);

        c.free += worst == NULL;
        c.fail += tone == TONE_BAD;
        c.unknown += tone == TONE_UNKNOWN;
        c.warn += tone == TONE_WARN;
    }
    for (size_t i = 0; i < result->test_n; i++) {
        c.test_unknown += result->tests[i].undetermined;
        c.test_fail += !result->tests[i].undetermined && !result->tests[i].holds;
    }
    for (size_t i = 0; i < result->finding_n; i++) {
        const struct finding *finding = &result->findings[i];

        c.excess += finding->kind == FINDING_EXCESS;
        c.errors += finding->kind != FINDING_EXCESS && finding->severity == SEVERITY_ERROR;
        c.warnings += finding->kind != FINDING_EXCESS && finding->severity != SEVERITY_ERROR;
    }
    return c;
}

static const char *between(size_t *said)
{
    return (*said)++ == 0 ? "" : ", ";
}

static void sentence_fails(const struct check_page *page, const struct check_counts *c)
{
    size_t said = 0;

    buf_adds(page->out, "It does not hold: ");
    if (c->fail > 0)
        buf_addf(page->out, "%s%zu of %zu flows %s not as %s should", between(&said), c->fail,
                 page->result->summary.flows, c->fail == 1 ? "is" : "are", c->fail == 1 ? "it" : "they");
    if (c->excess > 0)
        buf_addf(page->out, "%s%zu thing%s permitted that nobody asked for", between(&said), c->excess,
                 c->excess == 1 ? " is" : "s are");
    if (c->test_fail > 0)
        buf_addf(page->out, "%s%zu test%s", between(&said), c->test_fail, c->test_fail == 1 ? " fails" : "s fail");
    if (c->errors > 0)
        buf_addf(page->out, "%s%zu other finding%s", between(&said), c->errors, html_plural(c->errors));
    if (said == 0)
        buf_adds(page->out, "warnings count as findings here");
    buf_addc(page->out, '.');
}

static void sentence_holds(const struct check_page *page)
{
    const struct check_result *result = page->result;

    buf_addf(page->out, "It holds: %s%zu flow%s pass%s there and back", result->summary.flows == 1 ? "the " : "all ",
             result->summary.flows, html_plural(result->summary.flows), result->summary.flows == 1 ? "es" : "");
    if (result->excess_searched)
        buf_adds(page->out, ", and nothing is permitted beyond what was asked for");
    if (result->test_n > 0)
        buf_addf(page->out, "; %s%zu test%s hold%s", result->test_n == 1 ? "the " : "all ", result->test_n,
                 html_plural(result->test_n), result->test_n == 1 ? "s" : "");
    buf_addc(page->out, '.');
}

static void sentence_unknown(const struct check_page *page, const struct check_counts *c)
{
    if (c->unknown > 0)
        buf_addf(page->out, " %zu flow%s", c->unknown, html_plural(c->unknown));
    if (c->test_unknown > 0)
        buf_addf(page->out, "%s %zu test%s", c->unknown > 0 ? " and" : "", c->test_unknown,
                 html_plural(c->test_unknown));
    buf_adds(page->out, " could not be decided.");
}

static void add_head(const struct check_page *page, const struct check_counts *c)
{
    const struct check_result *result = page->result;
    bool fails = c->fail + c->excess + c->test_fail + c->errors > 0 || (result->strict && c->warn + c->warnings > 0);
    bool unknown = c->unknown + c->test_unknown > 0;
    enum tone tone = fails ? TONE_BAD : unknown ? TONE_UNKNOWN : TONE_GOOD;

    html_answer_begin(page->out, "rulesets against documented requirements",
                      result->site != NULL ? result->title : STR("Flows against a ruleset"), tone);
    if (fails)
        sentence_fails(page, c);
    else if (unknown)
        buf_adds(page->out, "It cannot be said whether it holds:");
    else if (c->warn > 0)
        buf_addf(page->out, "It holds: every required flow passes; %zu optional flow%s not.", c->warn,
                 c->warn == 1 ? " does" : "s do");
    else
        sentence_holds(page);
    if (unknown)
        sentence_unknown(page, c);
    html_answer_end(page->out);
}

static void add_numbers(const struct check_page *page, const struct check_counts *c)
{
    const struct check_result *result = page->result;
    const struct check_summary *s = &result->summary;
    size_t hold = 0;

    for (size_t i = 0; i < result->test_n; i++)
        hold += result->tests[i].holds;
    buf_adds(page->out, "<dl class=\"numbers\">\n");
    html_number(page->out, s->flows, "flows");
    html_number(page->out, s->permitted, "permitted");
    if (c->free > 0)
        html_number(page->out, c->free, "of these past no firewall");
    html_number(page->out, s->denied, "denied");
    html_number(page->out, s->partial, "partly permitted");
    html_number(page->out, s->undetermined, "undetermined");
    if (result->excess_searched || s->excess > 0)
        html_number(page->out, s->excess, "excess");
    if (result->test_n > 0)
        buf_addf(page->out, "<div><dt>tests that hold</dt><dd>%zu of %zu</dd></div>\n", hold, result->test_n);
    buf_adds(page->out, "</dl>\n</header>\n");
}

static void add_finding(const struct check_page *page, const struct finding *finding)
{
    enum tone tone = finding->severity == SEVERITY_ERROR ? TONE_BAD : TONE_WARN;
    struct buf line = BUF_EMPTY;

    buf_addf(page->out, "<article class=\"card %s\">\n<h3>", html_tone(tone));
    html_mark(page->out, tone, finding_name(finding->kind));
    if (finding->firewall.n > 0) {
        buf_adds(page->out, " at ");
        report_xml_text(page->out, finding->firewall);
    }
    buf_adds(page->out, "</h3>\n<p class=\"what\">");
    report_xml_text(page->out, finding->message);
    if (finding->has_box) {
        buf_adds(page->out, finding->message.n > 0 ? "<br>" : "");
        report_line_box(&line, &finding->box);
        report_xml_text(page->out, buf_str(&line));
    }
    buf_adds(page->out, "</p>\n<dl>");
    html_line(page->out, "reason", finding->reason);
    html_rule(page->out, &finding->rule);
    html_packet(page->out, finding->has_packet, &finding->packet);
    buf_adds(page->out, "</dl>\n</article>\n");
    buf_free(&line);
}

static void add_findings(const struct check_page *page, size_t n, bool excess, const char *title, const char *words)
{
    if (n == 0)
        return;
    buf_addf(page->out, "<section>\n<h2>%s</h2>\n<p class=\"soft\">%s</p>\n", title, words);
    for (size_t i = 0; i < page->result->finding_n; i++) {
        if ((page->result->findings[i].kind == FINDING_EXCESS) == excess)
            add_finding(page, &page->result->findings[i]);
    }
    buf_adds(page->out, "</section>\n");
}

void report_check_html(struct buf *out, const struct check_result *result)
{
    struct check_page page = {.out = out, .arena = arena_new(), .result = result};
    struct check_counts c;

    sort_verdicts(&page);
    c = count(&page);
    html_page_begin(out, str_printf(page.arena, "%.*s: check by Portolan", STR_ARG(result->title)));
    add_head(&page, &c);
    add_numbers(&page, &c);
    check_page_failures(&page, &c);
    add_findings(
        &page, c.excess, true, "Permitted beyond the flows",
        "Packets that can open a connection although no flow, no piece of the baseline and no accepted exception "
        "asks for them, each with the rule that lets them through.");
    add_findings(
        &page, c.errors + c.warnings, false, "Warnings and other findings",
        "What a working firewall needs beside the flows, ways that are missing, exceptions that are past their "
        "day.");
    check_page_tests(&page);
    check_page_exceptions(&page);
    check_page_firewalls(&page);
    check_page_flows(&page);
    buf_adds(out,
             "<footer>Made by <code>portolan check</code>, version " PORTOLAN_VERSION
             ". A packet in this report can be traced rule by rule with <code>portolan explain</code>.</footer>\n");
    html_page_end(out);
    arena_free(page.arena);
}
