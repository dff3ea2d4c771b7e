/* What a check says of its site in HTML: the tests, the exceptions that it bears, the firewalls. */
#include "report/check_page.h"
#include "report/html_parts.h"
#include "report/values.h"

void check_page_tests(const struct check_page *page)
{
    static const char *const columns[] = {"result", "test", "why"};

    if (page->result->test_n == 0)
        return;
    buf_adds(page->out, "<section>\n<h2>The site's tests</h2>\n");
    html_table_begin(page->out, "", "What must and must not be possible, whatever the documents say", columns, 3);
    for (size_t i = 0; i < page->result->test_n; i++) {
        const struct test_result *test = &page->result->tests[i];
        enum tone tone = test->undetermined ? TONE_UNKNOWN : test->holds ? TONE_GOOD : TONE_BAD;
        struct buf line = BUF_EMPTY;

        buf_adds(page->out, "<tr><td>");
        html_mark(page->out, tone, test->undetermined ? "undetermined" : test->holds ? "holds" : "fails");
        buf_adds(page->out, "</td><th scope=\"row\">");
        report_xml_text(page->out, test->name);
        buf_adds(page->out, "</th><td>");
        report_xml_text(page->out, test->reason);
        if (tone != TONE_GOOD && test->rule.present) {
            report_line_rule(&line, &test->rule);
            html_code(page->out, buf_str(&line));
            line.n = 0;
        }
        if (tone != TONE_GOOD && test->has_packet) {
            buf_adds(page->out, "<br>");
            packet_format(&line, &test->packet);
            html_code(page->out, buf_str(&line));
        }
        buf_adds(page->out, "</td></tr>\n");
        buf_free(&line);
    }
    html_table_end(page->out);
    buf_adds(page->out, "</section>\n");
}

static void add_exception(const struct check_page *page, const char *kind, struct str what,
                          const struct exception *exception)
{
    struct str ends =
        exception->from_text.n == 0 && exception->to_text.n == 0
            ? STR_EMPTY
            : str_printf(page->arena, "%.*s > %.*s", STR_ARG(exception->from_text), STR_ARG(exception->to_text));
    struct buf ports = BUF_EMPTY;

    buf_addf(page->out, "<tr><td>%s</td><th scope=\"row\" class=\"id\">", kind);
    report_xml_text(page->out, what);
    buf_adds(page->out, "</th>");
    html_cell(page->out, "", ends);
    for (size_t i = 0; i < exception->port_n; i++)
        buf_addf(&ports, "%s%.*s", i > 0 ? ", " : "", STR_ARG(exception->ports[i].text));
    html_cell(page->out, " class=\"ports\"", exception->port_n == 0 ? STR("all") : buf_str(&ports));
    html_cell(page->out, "", exception->owner);
    html_cell(page->out, "", exception->reason);
    html_cell(page->out, " class=\"when\"",
              exception->expires == 0 ? STR("never")
                                      : str_printf(page->arena, "%04u-%02u-%02u", exception->expires / 10000,
                                                   exception->expires / 100 % 100, exception->expires % 100));
    buf_adds(page->out, "</tr>\n");
    buf_free(&ports);
}

void check_page_exceptions(const struct check_page *page)
{
    static const char *const columns[] = {"kind", "what", "from > to", "ports", "owner", "reason", "expires"};
    const struct site *site = page->result->site;

    if (site == NULL || site->omit_n + site->accept_n + site->extra_n == 0)
        return;
    buf_adds(page->out, "<section>\n<h2>Exceptions that the site bears</h2>\n");
    html_table_begin(
        page->out, "",
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
    html_table_end(page->out);
    buf_adds(page->out, "</section>\n");
}

void check_page_firewalls(const struct check_page *page)
{
    static const char *const columns[] = {"firewall", "where", "dialect", "ruleset"};
    const struct site *site = page->result->site;

    if (site == NULL || site->firewall_n == 0)
        return;
    buf_adds(page->out, "<section>\n<h2>Firewalls</h2>\n");
    html_table_begin(page->out, "", "The firewalls of the site and the files that were read", columns, 4);
    for (size_t i = 0; i < site->firewall_n; i++) {
        const struct firewall *firewall = &site->firewalls[i];

        buf_adds(page->out, "<tr><th scope=\"row\">");
        report_xml_text(page->out, firewall->name);
        buf_adds(page->out, "</th><td>");
        if (firewall->host.n > 0) {
            buf_adds(page->out, "on the host ");
            report_xml_text(page->out, firewall->host);
        }
        for (size_t k = 0; k < firewall->interface_n; k++) {
            buf_adds(page->out, k > 0 ? ", " : "");
            report_xml_text(page->out, firewall->interfaces[k].zone->name);
            buf_adds(page->out, " on ");
            report_xml_text(page->out, firewall->interfaces[k].name);
        }
        buf_adds(page->out, "</td>");
        html_cell(page->out, "", firewall->dialect);
        buf_adds(page->out, "<td>");
        for (size_t k = 0; k < firewall->file_n; k++) {
            buf_adds(page->out, k > 0 ? "<br>" : "");
            report_xml_text(page->out, firewall->files[k]);
        }
        buf_adds(page->out, "</td></tr>\n");
    }
    html_table_end(page->out);
    buf_adds(page->out, "</section>\n");
}
