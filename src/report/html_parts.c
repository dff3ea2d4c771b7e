/* What the pages of HTML are made of; see html_parts.h. */
#include "report/html_parts.h"

#include "report/values.h"

const char *html_tone(enum tone tone)
{
    switch (tone) {
    case TONE_GOOD: return "good";
    case TONE_BAD: return "bad";
    case TONE_WARN: return "warn";
    case TONE_UNKNOWN: return "unknown";
    case TONE_N: break;
    }
    return "";
}

static const char *symbol_of(enum tone tone)
{
    switch (tone) {
    case TONE_GOOD: return "✔";
    case TONE_BAD: return "✘";
    case TONE_WARN: return "▲";
    case TONE_UNKNOWN: return "?";
    case TONE_N: break;
    }
    return "";
}

void html_mark(struct buf *out, enum tone tone, const char *word)
{
    buf_addf(out, "<span class=\"mark %s\"><span aria-hidden=\"true\">%s</span> %s</span>", html_tone(tone),
             symbol_of(tone), word);
}

void html_code(struct buf *out, struct str line)
{
    buf_adds(out, "<code>");
    report_xml_text(out, line);
    buf_adds(out, "</code>");
}

const char *html_plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* --- the head ---------------------------------------------------------------------------------------------------- */

void html_answer_begin(struct buf *out, const char *kicker, struct str title, enum tone tone)
{
    buf_addf(out, "<header>\n<p class=\"kicker\">Portolan: %s</p>\n<h1>", kicker);
    report_xml_text(out, title);
    buf_addf(out, "</h1>\n<div class=\"verdict %s\"><span class=\"mark\" aria-hidden=\"true\">%s</span><p>",
             html_tone(tone), symbol_of(tone));
}

void html_answer_end(struct buf *out)
{
    buf_adds(out, "</p></div>\n");
}

void html_number(struct buf *out, size_t n, const char *word)
{
    buf_addf(out, "<div><dt>%s</dt><dd>%zu</dd></div>\n", word, n);
}

/* --- tables ------------------------------------------------------------------------------------------------------ */

void html_table_begin(struct buf *out, const char *class, const char *caption, const char *const *columns, size_t n)
{
    buf_addf(out, "<div class=\"scroll\"><table%s>\n<caption>%s</caption>\n<thead><tr>", class, caption);
    for (size_t i = 0; i < n; i++)
        buf_addf(out, "<th scope=\"col\">%s</th>", columns[i]);
    buf_adds(out, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct buf *out)
{
    buf_adds(out, "</tbody>\n</table></div>\n");
}

void html_cell(struct buf *out, const char *class, struct str s)
{
    buf_addf(out, "<td%s>", class);
    report_xml_text(out, s);
    buf_adds(out, "</td>");
}

/* --- lines of a card --------------------------------------------------------------------------------------------- */

void html_line(struct buf *out, const char *label, struct str s)
{
    if (s.n == 0)
        return;
    buf_addf(out, "<dt>%s</dt><dd>", label);
    report_xml_text(out, s);
    buf_adds(out, "</dd>");
}

static void code_line(struct buf *out, const char *label, const struct buf *line)
{
    buf_addf(out, "<dt>%s</dt><dd>", label);
    html_code(out, buf_str(line));
    buf_adds(out, "</dd>");
}

void html_rule(struct buf *out, const struct rule_ref *rule)
{
    struct buf line = BUF_EMPTY;

    if (!rule->present)
        return;
    report_line_rule(&line, rule);
    code_line(out, "rule", &line);
    buf_free(&line);
}

void html_packet(struct buf *out, bool has, const struct packet *packet)
{
    struct buf line = BUF_EMPTY;

    if (!has)
        return;
    packet_format(&line, packet);
    code_line(out, "packet", &line);
    buf_free(&line);
}
