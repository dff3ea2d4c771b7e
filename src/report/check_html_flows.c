/* The flows of a check in HTML: a card for each that does not hold, with all its reasons, and one table of them all. */
#include "report/check.h"
#include "report/check_page.h"
#include "report/flow.h"
#include "report/html_parts.h"
#include "report/values.h"

/* --- where it is asked ------------------------------------------------------------------------------------------- */

static const struct document *document_of(const struct check_page *page, const struct flow *flow, struct str key)
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
static void add_origin(const struct check_page *page, const struct flow *flow, struct str origin)
{
    struct str row;
    struct str key = str_cut(origin, '#', &row);
    const struct document *document = document_of(page, flow, key);

    if (document == NULL) {
        report_xml_text(page->out, flow->product);
        buf_addc(page->out, ' ');
        report_xml_text(page->out, origin);
        return;
    }
    if (str_starts(document->url, "https://") || str_starts(document->url, "http://")) {
        buf_adds(page->out, "<a href=\"");
        report_xml_text(page->out, document->url);
        buf_adds(page->out, "\">");
        report_xml_text(page->out, document->title);
        buf_adds(page->out, "</a>");
    } else {
        report_xml_text(page->out, document->title);
    }
    if (row.n > 0) {
        buf_adds(page->out, ", row ");
        report_xml_text(page->out, row);
    }
    if (document->retrieved.n > 0) {
        buf_adds(page->out, " <span class=\"soft day\">(read ");
        report_xml_text(page->out, document->retrieved);
        buf_adds(page->out, ")</span>");
    }
}

static const struct exception *extra_of(const struct check_page *page, const struct flow *flow)
{
    const struct site *site = page->result->site;

    for (size_t i = 0; site != NULL && flow->product.n == 0 && i < site->extra_n; i++) {
        if (str_eq(site->extra[i].id, flow->requirement))
            return &site->extra[i];
    }
    return NULL;
}

static void add_asked(const struct check_page *page, const struct flow *flow)
{
    const struct exception *extra = extra_of(page, flow);

    if (flow->purpose.n == 0 && flow->origin_n == 0 && extra == NULL)
        return;
    buf_adds(page->out, "<dt>asked for</dt><dd>");
    report_xml_text(page->out, flow->purpose);
    if (extra != NULL) {
        buf_adds(page->out, "<br>the site's own flow, owner: ");
        report_xml_text(page->out, extra->owner);
    }
    for (size_t i = 0; i < flow->origin_n; i++) {
        buf_adds(page->out, flow->purpose.n > 0 || i > 0 ? "<br>" : "");
        add_origin(page, flow, flow->origins[i]);
    }
    buf_adds(page->out, "</dd>");
}

/* --- a card for each that does not hold --------------------------------------------------------------------------- */

/* What the rule and the packet say together, for those who do not read rules. */
static void add_reason(const struct check_page *page, const struct verdict *verdict)
{
    const char *packet = verdict->kind == VERDICT_PARTIAL        ? "the one below"
                         : verdict->direction == DIRECTION_REPLY ? "the reply"
                                                                 : "the first packet";

    if (verdict->reason.n == 0 && (!verdict->rule.present || verdict->kind == VERDICT_PERMITTED))
        return;
    buf_adds(page->out, "<dt>reason</dt><dd>");
    if (verdict->reason.n > 0)
        report_xml_text(page->out, verdict->reason);
    else if (verdict->kind == VERDICT_UNDETERMINED)
        buf_addf(page->out, "whether %s passes depends on what this rule asks for", packet);
    else
        buf_addf(page->out, "%s%s %s", verdict->kind == VERDICT_PARTIAL ? "some packets pass, but " : "",
                 verdict->rule.index == 0 ? "no rule lets" : "this rule stops", packet);
    if (verdict->reason.n == 0 && verdict->kind != VERDICT_UNDETERMINED && verdict->rule.index == 0)
        buf_adds(page->out, " through, so the default policy decides");
    buf_adds(page->out, "</dd>");
}

static void add_place(const struct check_page *page, const struct verdict *verdict)
{
    buf_adds(page->out, "<dl>");
    if (verdict->firewall.n > 0 || verdict->hook != HOOK_NONE) {
        buf_adds(page->out, "<dt>at</dt><dd>");
        report_xml_text(page->out, verdict->firewall);
        if (verdict->hook != HOOK_NONE)
            buf_addf(page->out, "%s%s", verdict->firewall.n > 0 ? ", " : "", hook_name(verdict->hook));
        buf_addf(page->out, ", %s: %s</dd>", direction_name(verdict->direction), verdict_name(verdict->kind));
    }
    add_reason(page, verdict);
    html_rule(page->out, &verdict->rule);
    html_packet(page->out, verdict->has_packet, &verdict->packet);
    buf_adds(page->out, "</dl>\n");
}

static void add_flow_card(const struct check_page *page, size_t index)
{
    const struct flow *flow = page->result->flows[index];
    const struct verdict *const *verdicts;
    size_t n = check_page_verdicts(page, flow, &verdicts);
    const struct verdict *worst = check_page_worst(verdicts, n);
    struct buf line = BUF_EMPTY;

    if (worst == NULL || check_page_tone(worst) == TONE_GOOD)
        return;
    buf_addf(page->out, "<article class=\"card %s\" id=\"flow-%zu\">\n<h3>", html_tone(check_page_tone(worst)),
             index + 1);
    html_mark(page->out, check_page_tone(worst), verdict_name(worst->kind));
    buf_addc(page->out, ' ');
    report_xml_text(page->out, flow->id);
    buf_adds(page->out, "</h3>\n<p class=\"what\">");
    report_line_flow(&line, flow);
    report_xml_text(page->out, str_from(buf_str(&line), flow->id.n + 2));
    if (flow->need != NEED_REQUIRED)
        buf_addf(page->out, " <span class=\"soft\">(%s)</span>", need_name(flow->need));
    buf_adds(page->out, "</p>\n<dl>");
    add_asked(page, flow);
    buf_adds(page->out, "</dl>\n");
    for (size_t i = 0; i < n; i++) {
        if (check_page_tone(verdicts[i]) != TONE_GOOD)
            add_place(page, verdicts[i]);
    }
    buf_adds(page->out, "</article>\n");
    buf_free(&line);
}

void check_page_failures(const struct check_page *page, const struct check_counts *c)
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

/* --- all of them -------------------------------------------------------------------------------------------------- */

/* `edge forward, log input`: the firewalls and hooks that a flow's first packet meets. */
static struct str path_of(const struct check_page *page, const struct verdict *const *verdicts, size_t n)
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

static void add_row(const struct check_page *page, size_t index)
{
    const struct flow *flow = page->result->flows[index];
    const struct verdict *const *verdicts;
    size_t n = check_page_verdicts(page, flow, &verdicts);
    const struct verdict *worst = check_page_worst(verdicts, n);
    enum tone tone = worst == NULL ? TONE_GOOD : check_page_tone(worst);
    struct str transport = flow_text_transport(page->arena, flow);
    struct str ports = flow_text_ports(page->arena, flow);

    buf_adds(page->out, "<tr><td>");
    if (worst == NULL)
        buf_adds(page->out, "<span class=\"mark soft\">no firewall</span>");
    else
        html_mark(page->out, tone, verdict_name(worst->kind));
    buf_adds(page->out, "</td><th scope=\"row\" class=\"id\">");
    if (tone != TONE_GOOD)
        buf_addf(page->out, "<a href=\"#flow-%zu\">", index + 1);
    report_xml_text(page->out, flow->id);
    buf_adds(page->out, tone != TONE_GOOD ? "</a></th>" : "</th>");
    html_cell(page->out, " class=\"end\"", flow_text_source(page->arena, flow, 3));
    html_cell(page->out, " class=\"end\"", flow_text_destination(page->arena, flow, 3));
    html_cell(page->out, " class=\"ports\"",
              ports.n == 0 ? transport : str_printf(page->arena, "%.*s/%.*s", STR_ARG(ports), STR_ARG(transport)));
    html_cell(page->out, "", flow->purpose);
    html_cell(page->out, "", path_of(page, verdicts, n));
    buf_adds(page->out, "</tr>\n");
}

void check_page_flows(const struct check_page *page)
{
    static const char *const columns[] = {"verdict", "flow", "source", "destination", "ports", "purpose", "firewalls"};

    buf_adds(page->out, "<section>\n<h2>All flows</h2>\n");
    html_table_begin(
        page->out, " class=\"filter\"",
        "Every flow with its worst verdict, there and back. \"no firewall\": none that was checked stands between "
        "its ends.",
        columns, 7);
    for (size_t i = 0; i < page->result->flow_n; i++)
        add_row(page, i);
    html_table_end(page->out);
    buf_adds(page->out, "</section>\n");
}
