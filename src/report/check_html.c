/*
 * A check as one page of HTML, for those who own the network and for those who audit it: the answer in one sentence,
 * then what does not hold with all its reasons, what the site bears, and every flow. All text from files is escaped.
 */
#include <stdlib.h>

#include "report/check.h"
#include "report/flow.h"
#include "report/html_page.h"
#include "report/values.h"

enum tone { TONE_GOOD, TONE_BAD, TONE_WARN, TONE_UNKNOWN };

struct page {
    struct buf *out;
    struct arena *arena;
    const struct check_result *result;
    const struct verdict **verdicts; /* by the id of their flow, those of one flow in their order */
};

static const char *tone_class(enum tone tone)
{
    switch (tone) {
    case TONE_GOOD: return "good";
    case TONE_BAD: return "bad";
    case TONE_WARN: return "warn";
    case TONE_UNKNOWN: return "unknown";
    }
    return "";
}

static const char *tone_symbol(enum tone tone)
{
    switch (tone) {
    case TONE_GOOD: return "✔";
    case TONE_BAD: return "✘";
    case TONE_WARN: return "▲";
    case TONE_UNKNOWN: return "?";
    }
    return "";
}

static enum tone tone_of(const struct verdict *verdict)
{
    if (verdict_fails(verdict))
        return TONE_BAD;
    if (verdict_warns(verdict))
        return TONE_WARN;
    return verdict->kind == VERDICT_UNDETERMINED ? TONE_UNKNOWN : TONE_GOOD;
}

static void text(const struct page *page, struct str s)
{
    report_xml_text(page->out, s);
}

static void mark(const struct page *page, enum tone tone, const char *word)
{
    buf_addf(page->out, "<span class=\"mark %s\"><span aria-hidden=\"true\">%s</span> %s</span>", tone_class(tone),
             tone_symbol(tone), word);
}

static void code(const struct page *page, const struct buf *line)
{
    buf_adds(page->out, "<code>");
    text(page, buf_str(line));
    buf_adds(page->out, "</code>");
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* --- where it is asked ------------------------------------------------------------------------------------------- */

static const struct document *document_of(const struct page *page, const struct flow *flow, struct str key)
{
    const struct site *site = page->result->site;

    for (size_t i = 0; site != NULL && i < site->instance_n; i++) {
        const struct catalog *catalog = site->instances[i].catalog;

        if (catalog == NULL || !str_eq(catalog->product, flow->product))
            continue;
        for (size_t k = 0; k < catalog->document_n; k++) {
            if (str_eq(catalog->documents[k].key, key))
                return &catalog->documents[k];
        }
    }
    return NULL;
}

/* `ports#"XCP-ng hosts / NTP Service"`: the document's title, linked, and the row. */
static void add_origin(const struct page *page, const struct flow *flow, struct str origin)
{
    struct str row;
    struct str key = str_cut(origin, '#', &row);
    const struct document *document = document_of(page, flow, key);

    if (document == NULL) {
        text(page, flow->product);
        buf_addc(page->out, ' ');
        text(page, origin);
        return;
    }
    if (str_starts(document->url, "https://") || str_starts(document->url, "http://")) {
        buf_adds(page->out, "<a href=\"");
        text(page, document->url);
        buf_adds(page->out, "\">");
        text(page, document->title);
        buf_adds(page->out, "</a>");
    } else {
        text(page, document->title);
    }
    if (row.n > 0) {
        buf_adds(page->out, ", row ");
        text(page, row);
    }
    if (document->retrieved.n > 0) {
        buf_adds(page->out, " <span class=\"soft day\">(read ");
        text(page, document->retrieved);
        buf_adds(page->out, ")</span>");
    }
}

static const struct exception *extra_of(const struct page *page, const struct flow *flow)
{
    const struct site *site = page->result->site;

    for (size_t i = 0; site != NULL && flow->product.n == 0 && i < site->extra_n; i++) {
        if (str_eq(site->extra[i].id, flow->requirement))
            return &site->extra[i];
    }
    return NULL;
}

static void add_asked(const struct page *page, const struct flow *flow)
{
    const struct exception *extra = extra_of(page, flow);

    if (flow->purpose.n == 0 && flow->origin_n == 0 && extra == NULL)
        return;
    buf_adds(page->out, "<dt>asked for</dt><dd>");
    text(page, flow->purpose);
    if (extra != NULL) {
        buf_adds(page->out, "<br>the site's own flow, owner: ");
        text(page, extra->owner);
    }
    for (size_t i = 0; i < flow->origin_n; i++) {
        buf_adds(page->out, flow->purpose.n > 0 || i > 0 ? "<br>" : "");
        add_origin(page, flow, flow->origins[i]);
    }
    buf_adds(page->out, "</dd>");
}

/* --- parts of cards ---------------------------------------------------------------------------------------------- */

static void add_rule(const struct page *page, const struct rule_ref *rule)
{
    struct buf line = BUF_EMPTY;

    if (!rule->present)
        return;
    buf_adds(page->out, "<dt>rule</dt><dd>");
    report_line_rule(&line, rule);
    code(page, &line);
    buf_adds(page->out, "</dd>");
    buf_free(&line);
}

static void add_packet(const struct page *page, bool has, const struct packet *packet)
{
    struct buf line = BUF_EMPTY;

    if (!has)
        return;
    buf_adds(page->out, "<dt>packet</dt><dd>");
    packet_format(&line, packet);
    code(page, &line);
    buf_adds(page->out, "</dd>");
    buf_free(&line);
}

/* What the rule and the packet say together, for those who do not read rules. */
static void add_reason(const struct page *page, const struct verdict *verdict)
{
    const char *packet = verdict->kind == VERDICT_PARTIAL        ? "the one below"
                         : verdict->direction == DIRECTION_REPLY ? "the reply"
                                                                 : "the first packet";

    if (verdict->reason.n == 0 && (!verdict->rule.present || verdict->kind == VERDICT_PERMITTED))
        return;
    buf_adds(page->out, "<dt>reason</dt><dd>");
    if (verdict->reason.n > 0)
        text(page, verdict->reason);
    else if (verdict->kind == VERDICT_UNDETERMINED)
        buf_addf(page->out, "whether %s passes depends on what this rule asks for", packet);
    else
        buf_addf(page->out, "%s%s %s", verdict->kind == VERDICT_PARTIAL ? "some packets pass, but " : "",
                 verdict->rule.index == 0 ? "no rule lets" : "this rule stops", packet);
    if (verdict->reason.n == 0 && verdict->kind != VERDICT_UNDETERMINED && verdict->rule.index == 0)
        buf_adds(page->out, " through, so the default policy decides");
    buf_adds(page->out, "</dd>");
}

static void add_place(const struct page *page, const struct verdict *verdict)
{
    buf_adds(page->out, "<dl>");
    if (verdict->firewall.n > 0 || verdict->hook != HOOK_NONE) {
        buf_adds(page->out, "<dt>at</dt><dd>");
        text(page, verdict->firewall);
        if (verdict->hook != HOOK_NONE)
            buf_addf(page->out, "%s%s", verdict->firewall.n > 0 ? ", " : "", hook_name(verdict->hook));
        buf_addf(page->out, ", %s: %s</dd>", direction_name(verdict->direction), verdict_name(verdict->kind));
    }
    add_reason(page, verdict);
    add_rule(page, &verdict->rule);
    add_packet(page, verdict->has_packet, &verdict->packet);
    buf_adds(page->out, "</dl>\n");
}

/* --- verdicts of a flow ------------------------------------------------------------------------------------------ */

static int compare_verdicts(const void *a, const void *b)
{
    const struct verdict *x = *(const struct verdict *const *)a;
    const struct verdict *y = *(const struct verdict *const *)b;
    int order = str_cmp(x->flow->id, y->flow->id);

    return order != 0 ? order : (x > y) - (x < y);
}

static void sort_verdicts(struct page *page)
{
    size_t n = page->result->verdict_n;

    page->verdicts = arena_new_array(page->arena, const struct verdict *, n);
    for (size_t i = 0; i < n; i++)
        page->verdicts[i] = &page->result->verdicts[i];
    if (n > 0)
        qsort(page->verdicts, n, sizeof *page->verdicts, compare_verdicts);
}

/* How many there are; *first is the first of them. */
static size_t verdicts_of(const struct page *page, const struct flow *flow, const struct verdict *const **first)
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
    }
    return 0;
}

static const struct verdict *worst_of(const struct verdict *const *verdicts, size_t n)
{
    const struct verdict *worst = NULL;

    for (size_t i = 0; i < n; i++) {
        if (worst == NULL || weight(tone_of(verdicts[i])) > weight(tone_of(worst)))
            worst = verdicts[i];
    }
    return worst;
}

/* --- sections ---------------------------------------------------------------------------------------------------- */

struct counts {
    size_t fail; /* flows, by their worst verdict */
    size_t unknown;
    size_t warn;
    size_t test_fail;
    size_t test_unknown;
    size_t errors; /* findings other than excess */
    size_t excess;
    size_t warnings;
    size_t free; /* flows that no verdict is about */
};

static struct counts count(const struct page *page)
{
    const struct check_result *result = page->result;
    struct counts c = {0};

    for (size_t i = 0; i < result->flow_n; i++) {
        const struct verdict *const *verdicts;
        size_t n = verdicts_of(page, result->flows[i], &verdicts);
        const struct verdict *worst = worst_of(verdicts, n);
        enum tone tone = worst == NULL ? TONE_GOOD : tone_of(worst);

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

static void sentence_fails(const struct page *page, const struct counts *c)
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
        buf_addf(page->out, "%s%zu other finding%s", between(&said), c->errors, plural(c->errors));
    if (said == 0)
        buf_adds(page->out, "warnings count as findings here");
    buf_addc(page->out, '.');
}

static void sentence_holds(const struct page *page)
{
    const struct check_result *result = page->result;

    buf_addf(page->out, "It holds: %s%zu flow%s pass%s there and back", result->summary.flows == 1 ? "the " : "all ",
             result->summary.flows, plural(result->summary.flows), result->summary.flows == 1 ? "es" : "");
    if (result->excess_searched)
        buf_adds(page->out, ", and nothing is permitted beyond what was asked for");
    if (result->test_n > 0)
        buf_addf(page->out, "; %s%zu test%s hold%s", result->test_n == 1 ? "the " : "all ", result->test_n,
                 plural(result->test_n), result->test_n == 1 ? "s" : "");
    buf_addc(page->out, '.');
}

static void sentence_unknown(const struct page *page, const struct counts *c)
{
    if (c->unknown > 0)
        buf_addf(page->out, " %zu flow%s", c->unknown, plural(c->unknown));
    if (c->test_unknown > 0)
        buf_addf(page->out, "%s %zu test%s", c->unknown > 0 ? " and" : "", c->test_unknown, plural(c->test_unknown));
    buf_adds(page->out, " could not be decided.");
}

static void add_head(const struct page *page, const struct counts *c)
{
    const struct check_result *result = page->result;
    bool fails = c->fail + c->excess + c->test_fail + c->errors > 0 || (result->strict && c->warn + c->warnings > 0);
    bool unknown = c->unknown + c->test_unknown > 0;
    enum tone tone = fails ? TONE_BAD : unknown ? TONE_UNKNOWN : TONE_GOOD;

    buf_adds(page->out, "<header>\n<p class=\"kicker\">Portolan: rulesets against documented requirements</p>\n<h1>");
    if (result->site != NULL)
        text(page, result->title);
    else
        buf_adds(page->out, "Flows against a ruleset");
    buf_addf(page->out, "</h1>\n<div class=\"verdict %s\"><span class=\"mark\" aria-hidden=\"true\">%s</span><p>",
             tone_class(tone), tone_symbol(tone));
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
    buf_adds(page->out, "</p></div>\n");
}

static void number(const struct page *page, size_t n, const char *word)
{
    buf_addf(page->out, "<div><dt>%s</dt><dd>%zu</dd></div>\n", word, n);
}

static void add_numbers(const struct page *page, const struct counts *c)
{
    const struct check_result *result = page->result;
    const struct check_summary *s = &result->summary;
    size_t hold = 0;

    for (size_t i = 0; i < result->test_n; i++)
        hold += result->tests[i].holds;
    buf_adds(page->out, "<dl class=\"numbers\">\n");
    number(page, s->flows, "flows");
    number(page, s->permitted, "permitted");
    if (c->free > 0)
        number(page, c->free, "of these past no firewall");
    number(page, s->denied, "denied");
    number(page, s->partial, "partly permitted");
    number(page, s->undetermined, "undetermined");
    if (result->excess_searched || s->excess > 0)
        number(page, s->excess, "excess");
    if (result->test_n > 0)
        buf_addf(page->out, "<div><dt>tests that hold</dt><dd>%zu of %zu</dd></div>\n", hold, result->test_n);
    buf_adds(page->out, "</dl>\n</header>\n");
}

static void add_flow_card(const struct page *page, size_t index)
{
    const struct flow *flow = page->result->flows[index];
    const struct verdict *const *verdicts;
    size_t n = verdicts_of(page, flow, &verdicts);
    const struct verdict *worst = worst_of(verdicts, n);
    struct buf line = BUF_EMPTY;

    if (worst == NULL || tone_of(worst) == TONE_GOOD)
        return;
    buf_addf(page->out, "<article class=\"card %s\" id=\"flow-%zu\">\n<h3>", tone_class(tone_of(worst)), index + 1);
    mark(page, tone_of(worst), verdict_name(worst->kind));
    buf_addc(page->out, ' ');
    text(page, flow->id);
    buf_adds(page->out, "</h3>\n<p class=\"what\">");
    report_line_flow(&line, flow);
    text(page, str_from(buf_str(&line), flow->id.n + 2));
    if (flow->need != NEED_REQUIRED)
        buf_addf(page->out, " <span class=\"soft\">(%s)</span>", need_name(flow->need));
    buf_adds(page->out, "</p>\n<dl>");
    add_asked(page, flow);
    buf_adds(page->out, "</dl>\n");
    for (size_t i = 0; i < n; i++) {
        if (tone_of(verdicts[i]) != TONE_GOOD)
            add_place(page, verdicts[i]);
    }
    buf_adds(page->out, "</article>\n");
    buf_free(&line);
}

static void add_failures(const struct page *page, const struct counts *c)
{
    if (c->fail + c->unknown + c->warn == 0)
        return;
    buf_addf(page->out,
             "<section>\n<h2 id=\"flows-that-fail\">Flows that do not hold</h2>\n"
             "<p class=\"soft\">%zu not as required, %zu undetermined, %zu optional or recommended that %s not pass. "
             "Each with the rule that decides and one packet that shows it.</p>\n",
             c->fail, c->unknown, c->warn, c->warn == 1 ? "does" : "do");
    for (size_t i = 0; i < page->result->flow_n; i++)
        add_flow_card(page, i);
    buf_adds(page->out, "</section>\n");
}

static void add_finding(const struct page *page, const struct finding *finding)
{
    enum tone tone = finding->severity == SEVERITY_ERROR ? TONE_BAD : TONE_WARN;
    struct buf line = BUF_EMPTY;

    buf_addf(page->out, "<article class=\"card %s\">\n<h3>", tone_class(tone));
    mark(page, tone, finding_name(finding->kind));
    if (finding->firewall.n > 0) {
        buf_adds(page->out, " at ");
        text(page, finding->firewall);
    }
    buf_adds(page->out, "</h3>\n<p class=\"what\">");
    text(page, finding->message);
    if (finding->has_box) {
        buf_adds(page->out, finding->message.n > 0 ? "<br>" : "");
        report_line_box(&line, &finding->box);
        text(page, buf_str(&line));
    }
    buf_adds(page->out, "</p>\n<dl>");
    if (finding->reason.n > 0) {
        buf_adds(page->out, "<dt>reason</dt><dd>");
        text(page, finding->reason);
        buf_adds(page->out, "</dd>");
    }
    add_rule(page, &finding->rule);
    add_packet(page, finding->has_packet, &finding->packet);
    buf_adds(page->out, "</dl>\n</article>\n");
    buf_free(&line);
}

static void add_findings(const struct page *page, size_t n, bool excess, const char *title, const char *words)
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

/* --- tables ------------------------------------------------------------------------------------------------------ */

static void begin_table(const struct page *page, const char *class, const char *caption, const char *const *columns,
                        size_t n)
{
    buf_addf(page->out, "<div class=\"scroll\"><table%s>\n<caption>%s</caption>\n<thead><tr>", class, caption);
    for (size_t i = 0; i < n; i++)
        buf_addf(page->out, "<th scope=\"col\">%s</th>", columns[i]);
    buf_adds(page->out, "</tr></thead>\n<tbody>\n");
}

static void end_table(const struct page *page)
{
    buf_adds(page->out, "</tbody>\n</table></div>\n");
}

static void cell(const struct page *page, const char *class, struct str s)
{
    buf_addf(page->out, "<td%s>", class);
    text(page, s);
    buf_adds(page->out, "</td>");
}

static void add_tests(const struct page *page)
{
    static const char *const columns[] = {"result", "test", "why"};

    if (page->result->test_n == 0)
        return;
    buf_adds(page->out, "<section>\n<h2>The site's tests</h2>\n");
    begin_table(page, "", "What must and must not be possible, whatever the documents say", columns, 3);
    for (size_t i = 0; i < page->result->test_n; i++) {
        const struct test_result *test = &page->result->tests[i];
        enum tone tone = test->undetermined ? TONE_UNKNOWN : test->holds ? TONE_GOOD : TONE_BAD;
        struct buf line = BUF_EMPTY;

        buf_adds(page->out, "<tr><td>");
        mark(page, tone, test->undetermined ? "undetermined" : test->holds ? "holds" : "fails");
        buf_adds(page->out, "</td><th scope=\"row\">");
        text(page, test->name);
        buf_adds(page->out, "</th><td>");
        text(page, test->reason);
        if (tone != TONE_GOOD && test->rule.present) {
            report_line_rule(&line, &test->rule);
            code(page, &line);
            line.n = 0;
        }
        if (tone != TONE_GOOD && test->has_packet) {
            buf_adds(page->out, "<br>");
            packet_format(&line, &test->packet);
            code(page, &line);
        }
        buf_adds(page->out, "</td></tr>\n");
        buf_free(&line);
    }
    end_table(page);
    buf_adds(page->out, "</section>\n");
}

static void add_exception(const struct page *page, const char *kind, struct str what, const struct exception *exception)
{
    struct str ends =
        exception->from_text.n == 0 && exception->to_text.n == 0
            ? STR_EMPTY
            : str_printf(page->arena, "%.*s > %.*s", STR_ARG(exception->from_text), STR_ARG(exception->to_text));
    struct buf ports = BUF_EMPTY;

    buf_addf(page->out, "<tr><td>%s</td><th scope=\"row\" class=\"id\">", kind);
    text(page, what);
    buf_adds(page->out, "</th>");
    cell(page, "", ends);
    for (size_t i = 0; i < exception->port_n; i++)
        buf_addf(&ports, "%s%.*s", i > 0 ? ", " : "", STR_ARG(exception->ports[i].text));
    cell(page, " class=\"ports\"", exception->port_n == 0 ? STR("all") : buf_str(&ports));
    cell(page, "", exception->owner);
    cell(page, "", exception->reason);
    cell(page, " class=\"when\"",
         exception->expires == 0 ? STR("never")
                                 : str_printf(page->arena, "%04u-%02u-%02u", exception->expires / 10000,
                                              exception->expires / 100 % 100, exception->expires % 100));
    buf_adds(page->out, "</tr>\n");
    buf_free(&ports);
}

static void add_exceptions(const struct page *page)
{
    static const char *const columns[] = {"kind", "what", "from > to", "ports", "owner", "reason", "expires"};
    const struct site *site = page->result->site;

    if (site == NULL || site->omit_n + site->accept_n + site->extra_n == 0)
        return;
    buf_adds(page->out, "<section>\n<h2>Exceptions that the site bears</h2>\n");
    begin_table(page, "",
                "Omitted: documented, and refused here. Accepted: permitted beyond the flows, known and borne. Extra: "
                "flows that no document knows.",
                columns, 7);
    for (size_t i = 0; i < site->omit_n; i++)
        add_exception(page, "omitted", site->omit[i].requirement, &site->omit[i]);
    for (size_t i = 0; i < site->accept_n; i++)
        add_exception(page, "accepted",
                      site->accept[i].firewall.n > 0
                          ? str_printf(page->arena, "at %.*s", STR_ARG(site->accept[i].firewall))
                          : STR("at every firewall"),
                      &site->accept[i]);
    for (size_t i = 0; i < site->extra_n; i++)
        add_exception(page, "extra", site->extra[i].id, &site->extra[i]);
    end_table(page);
    buf_adds(page->out, "</section>\n");
}

static void add_firewalls(const struct page *page)
{
    static const char *const columns[] = {"firewall", "where", "dialect", "ruleset"};
    const struct site *site = page->result->site;

    if (site == NULL || site->firewall_n == 0)
        return;
    buf_adds(page->out, "<section>\n<h2>Firewalls</h2>\n");
    begin_table(page, "", "The firewalls of the site and the files that were read", columns, 4);
    for (size_t i = 0; i < site->firewall_n; i++) {
        const struct firewall *firewall = &site->firewalls[i];

        buf_adds(page->out, "<tr><th scope=\"row\">");
        text(page, firewall->name);
        buf_adds(page->out, "</th><td>");
        if (firewall->host.n > 0) {
            buf_adds(page->out, "on the host ");
            text(page, firewall->host);
        }
        for (size_t k = 0; k < firewall->interface_n; k++) {
            buf_adds(page->out, k > 0 ? ", " : "");
            text(page, firewall->interfaces[k].zone->name);
            buf_adds(page->out, " on ");
            text(page, firewall->interfaces[k].name);
        }
        buf_adds(page->out, "</td>");
        cell(page, "", firewall->dialect);
        buf_adds(page->out, "<td>");
        for (size_t k = 0; k < firewall->file_n; k++) {
            buf_adds(page->out, k > 0 ? "<br>" : "");
            text(page, firewall->files[k]);
        }
        buf_adds(page->out, "</td></tr>\n");
    }
    end_table(page);
    buf_adds(page->out, "</section>\n");
}

/* `edge forward, log input`: the firewalls and hooks that a flow's first packet meets. */
static struct str path_of(const struct page *page, const struct verdict *const *verdicts, size_t n)
{
    struct buf buf = BUF_EMPTY;
    struct str made;

    for (size_t i = 0; i < n; i++) {
        if (verdicts[i]->direction != DIRECTION_REQUEST || verdicts[i]->hook == HOOK_NONE)
            continue;
        buf_addf(&buf, "%s%.*s%s%s", buf.n > 0 ? ", " : "", STR_ARG(verdicts[i]->firewall),
                 verdicts[i]->firewall.n > 0 ? " " : "", hook_name(verdicts[i]->hook));
    }
    made = str_dup(page->arena, buf_str(&buf));
    buf_free(&buf);
    return made.n > 0 ? made : STR("none");
}

static void add_row(const struct page *page, size_t index)
{
    const struct flow *flow = page->result->flows[index];
    const struct verdict *const *verdicts;
    size_t n = verdicts_of(page, flow, &verdicts);
    const struct verdict *worst = worst_of(verdicts, n);
    enum tone tone = worst == NULL ? TONE_GOOD : tone_of(worst);
    struct str transport = flow_text_transport(page->arena, flow);
    struct str ports = flow_text_ports(page->arena, flow);

    buf_adds(page->out, "<tr><td>");
    if (worst == NULL)
        buf_adds(page->out, "<span class=\"mark soft\">no firewall</span>");
    else
        mark(page, tone, verdict_name(worst->kind));
    buf_adds(page->out, "</td><th scope=\"row\" class=\"id\">");
    if (tone != TONE_GOOD)
        buf_addf(page->out, "<a href=\"#flow-%zu\">", index + 1);
    text(page, flow->id);
    buf_adds(page->out, tone != TONE_GOOD ? "</a></th>" : "</th>");
    cell(page, " class=\"end\"", flow_text_source(page->arena, flow, 3));
    cell(page, " class=\"end\"", flow_text_destination(page->arena, flow, 3));
    cell(page, " class=\"ports\"",
         ports.n == 0 ? transport : str_printf(page->arena, "%.*s/%.*s", STR_ARG(ports), STR_ARG(transport)));
    cell(page, "", flow->purpose);
    cell(page, "", path_of(page, verdicts, n));
    buf_adds(page->out, "</tr>\n");
}

static void add_flows(const struct page *page)
{
    static const char *const columns[] = {"verdict", "flow", "source", "destination", "ports", "purpose", "firewalls"};

    buf_adds(page->out, "<section>\n<h2>All flows</h2>\n");
    begin_table(
        page, " class=\"filter\"",
        "Every flow with its worst verdict, there and back. \"no firewall\": none that was checked stands between "
        "its ends.",
        columns, 7);
    for (size_t i = 0; i < page->result->flow_n; i++)
        add_row(page, i);
    end_table(page);
    buf_adds(page->out, "</section>\n");
}

void report_check_html(struct buf *out, const struct check_result *result)
{
    struct page page = {.out = out, .arena = arena_new(), .result = result};
    struct counts c;

    sort_verdicts(&page);
    c = count(&page);
    html_page_begin(out, str_printf(page.arena, "%.*s: check by Portolan", STR_ARG(result->title)));
    add_head(&page, &c);
    add_numbers(&page, &c);
    add_failures(&page, &c);
    add_findings(
        &page, c.excess, true, "Permitted beyond the flows",
        "Packets that can open a connection although no flow, no piece of the baseline and no accepted exception "
        "asks for them, each with the rule that lets them through.");
    add_findings(
        &page, c.errors + c.warnings, false, "Warnings and other findings",
        "What a working firewall needs beside the flows, ways that are missing, exceptions that are past their "
        "day.");
    add_tests(&page);
    add_exceptions(&page);
    add_firewalls(&page);
    add_flows(&page);
    buf_adds(out,
             "<footer>Made by <code>portolan check</code>, version " PORTOLAN_VERSION
             ". A packet in this report can be traced rule by rule with <code>portolan explain</code>.</footer>\n");
    html_page_end(out);
    arena_free(page.arena);
}
