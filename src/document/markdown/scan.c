/*
 * The lines of Markdown before cmark sees them; see markdown.h. What stands open (notes, tabs, divisions) is a stack;
 * where content belongs to it by its indent, the indent goes and a line that has less ends it.
 */
#include "document/markdown/scan.h"

#include <ctype.h>
#include <strings.h>

#include "document/pipes.h"

struct str markdown_unquote(struct str line)
{
    for (;;) {
        size_t n = 0;

        while (n < line.n && line.p[n] == ' ')
            n++;
        if (n == line.n || line.p[n] != '>')
            return line;
        line = str_from(line, n + 1 < line.n && line.p[n + 1] == ' ' ? n + 2 : n + 1);
    }
}

size_t scan_place(const struct scanning *scanning, struct str inside)
{
    return (size_t)(inside.p - scanning->source->text.p);
}

struct str scan_line(const struct scanning *scanning, size_t line)
{
    return source_line_text(scanning->source, (uint32_t)line);
}

/* cmark needs time that grows with the square of the images in a paragraph: what comes after many is text. */
static void add_line(struct scanning *scanning, struct str line, size_t at)
{
    if (str_trim(line).n == 0)
        scanning->images = 0;
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '[' && i > 0 && line.p[i - 1] == '!' && ++scanning->images > MARKDOWN_IMAGES_MOST) {
            if (scanning->images == MARKDOWN_IMAGES_MOST + 1)
                diag_warning(scanning->builder->diags, builder_span(scanning->builder, at + i, 1),
                             "a paragraph with more than %u images; those behind are read as text",
                             MARKDOWN_IMAGES_MOST);
            buf_addc(&scanning->scan->text, '\\');
        }
        buf_addc(&scanning->scan->text, line.p[i]);
    }
}

void scan_emit(struct scanning *scanning, struct str line, size_t at)
{
    *vec_push(scanning->builder->arena, &scanning->scan->lines) = (struct scan_line){.at = at};
    add_line(scanning, line, at);
    buf_addc(&scanning->scan->text, '\n');
}

/* The comment stands where the line stood, in a list or a quote too, behind an empty one that ends HTML. */
void scan_event(struct scanning *scanning, struct event event, struct str line)
{
    struct scan *scan = scanning->scan;
    struct str rest = markdown_unquote(line);
    size_t indent = 0;

    if (event.at == 0)
        event.at = scan_place(scanning, line);
    *vec_push(scanning->builder->arena, &scan->events) = event;
    scan_emit(scanning, str_head(line, line.n - rest.n), scan_place(scanning, line));
    *vec_push(scanning->builder->arena, &scan->lines) =
        (struct scan_line){.at = scan_place(scanning, line), .event = scan->events.n};
    while (indent < rest.n && indent < 12 && rest.p[indent] == ' ')
        indent++;
    buf_add(&scan->text, str_head(line, line.n - rest.n));
    buf_fill(&scan->text, ' ', indent);
    buf_adds(&scan->text, MARKDOWN_EVENT "\n");
}

void scan_open(struct scanning *scanning, struct open_part part, struct str label, struct str line)
{
    if (scanning->open_n == OPEN_MOST) {
        if (!scanning->said)
            diag_warning(scanning->builder->diags, builder_span(scanning->builder, scan_place(scanning, line), line.n),
                         "notes and tabs are nested deeper than %u; what lies deeper is read as if it were not",
                         OPEN_MOST);
        scanning->said = true;
        return;
    }
    scanning->open[scanning->open_n++] = part;
    if (part.is == OPEN_NOTE)
        scan_event(scanning, (struct event){.kind = EVENT_NOTE, .text = label}, line);
    else if (part.is == OPEN_TAB)
        scan_event(scanning, (struct event){.kind = EVENT_TAB, .text = label}, line);
}

static void close_last(struct scanning *scanning, struct str line)
{
    struct open_part part = scanning->open[--scanning->open_n];

    if (part.is == OPEN_NOTE)
        scan_event(scanning, (struct event){.kind = EVENT_NOTE_END}, line);
    else if (part.is == OPEN_TAB)
        scan_event(scanning, (struct event){.kind = EVENT_TAB_END}, line);
}

bool scan_close(struct scanning *scanning, enum open_by by, struct str name, struct str line)
{
    size_t at = scanning->open_n;

    while (at > 0 && (scanning->open[at - 1].by != by || !(name.n == 0 || str_eq(scanning->open[at - 1].name, name))))
        at--;
    if (at == 0)
        return false;
    while (scanning->open_n >= at)
        close_last(scanning, line);
    return true;
}

/* --- what is taken over as it stands: code and comments --- */

static size_t fence_of(struct str line, char *c)
{
    size_t n = 0;

    line = str_trim(line);
    if (line.n < 3 || (line.p[0] != '`' && line.p[0] != '~'))
        return 0;
    *c = line.p[0];
    while (n < line.n && line.p[n] == *c)
        n++;
    if (*c == '`' && memchr(line.p + n, '`', line.n - n) != NULL)
        return 0;
    return n >= 3 ? n : 0;
}

/* Code, and comments over several lines: true while the line belongs to one. */
static bool is_verbatim(struct scanning *scanning, struct str line)
{
    char c = 0;
    size_t fence = fence_of(line, &c);

    if (scanning->fence > 0) {
        if (fence >= scanning->fence && c == scanning->fence_c && str_trim(line).n == fence)
            scanning->fence = 0;
        return true;
    }
    if (scanning->comment) {
        scanning->comment = !str_contains(line, "-->");
        return true;
    }
    if (fence > 0) {
        scanning->fence = fence;
        scanning->fence_c = c;
        return true;
    }
    if (str_starts(str_trim(line), "<!--") && !str_contains(line, "-->"))
        scanning->comment = true;
    return scanning->comment;
}

/* --- tables --- */

static bool has_pipe(struct str line)
{
    return line.n > 0 && memchr(line.p, '|', line.n) != NULL;
}

static struct str quoted_line(const struct scanning *scanning, size_t line)
{
    return markdown_unquote(scan_line(scanning, line));
}

static bool is_rule_under(struct str rule, struct str head)
{
    return has_pipe(head) && pipes_is_rule(rule) && memchr(rule.p, '-', rule.n) != NULL &&
           memchr(rule.p, '+', rule.n) == NULL && pipes_count(rule) == pipes_count(head);
}

/* Rows that begin with a pipe although no line of dashes makes them a table: copied ones. */
static bool is_copied_row(struct str line)
{
    line = str_trim(line);
    return pipes_is_row(line) && line.p[line.n - 1] == '|';
}

/* Cells that are parted by tabs, as a page's table is when it is copied; an indented line is code. */
static size_t tab_n(struct str line)
{
    size_t n = 0;

    if (line.n == 0 || line.p[0] == '\t' || has_pipe(line))
        return 0;
    for (size_t i = 0; i < line.n; i++)
        n += line.p[i] == '\t';
    return n;
}

static size_t tabbed_rows(const struct scanning *scanning, size_t line)
{
    size_t tabs = tab_n(scan_line(scanning, line));
    size_t n = 1;

    while (tabs >= 2 && line + n <= scanning->source->line_n && tab_n(scan_line(scanning, line + n)) == tabs)
        n++;
    return n > 1 ? n : 0;
}

/* `A | B | C |` over another with as many cells. */
static bool is_open_row(const struct scanning *scanning, size_t line)
{
    struct str head = str_trim(quoted_line(scanning, line));
    struct str next = line < scanning->source->line_n ? str_trim(quoted_line(scanning, line + 1)) : STR_EMPTY;

    return pipes_count(head) >= 3 && head.p[head.n - 1] == '|' && next.n > 0 && next.p[next.n - 1] == '|' &&
           pipes_count(next) == pipes_count(head);
}

static bool goes_on(struct str line)
{
    struct template_tag tag;

    return has_pipe(line) || (template_at(str_trim(line), &tag) && !str_is(tag.name, "include"));
}

/* A table that begins here; how many lines it takes. */
static size_t table(struct scanning *scanning, size_t line)
{
    struct str head = quoted_line(scanning, line);
    size_t n = 0;

    if (!has_pipe(head)) {
        n = tabbed_rows(scanning, line);
        if (n > 0)
            scan_event(scanning, (struct event){.kind = EVENT_TABLE, .first = line, .n = n}, scan_line(scanning, line));
        return n;
    }
    if (line + 1 <= scanning->source->line_n && is_rule_under(quoted_line(scanning, line + 1), head))
        n = 2;
    else if (is_copied_row(head) || is_open_row(scanning, line))
        n = 1;
    if (n == 0)
        return 0;
    while (line + n <= scanning->source->line_n && goes_on(quoted_line(scanning, line + n)))
        n++;
    while (n > 1 && !has_pipe(quoted_line(scanning, line + n - 1)))
        n--; /* templating behind the last row is not the table's */
    scan_event(scanning, (struct event){.kind = EVENT_TABLE, .first = line, .n = n}, scan_line(scanning, line));
    return n;
}

static size_t count(struct str line, const char *tag)
{
    size_t n = 0;

    for (size_t i = 0; i + strlen(tag) < line.n; i++) {
        if (line.p[i] == '<' && strncasecmp(line.p + i, tag, strlen(tag)) == 0 &&
            !isalpha((unsigned char)line.p[i + strlen(tag)]))
            n++;
    }
    return n;
}

/* A table of HTML from its first line to its last, blank lines or not; then it is read as HTML and nothing else. */
static size_t html_table(struct scanning *scanning, size_t line)
{
    struct str first = scan_line(scanning, line);
    struct str start = str_trim(first);
    size_t open = 0;

    if (scanning->unclosed || start.n < 6 || strncasecmp(start.p, "<table", 6) != 0)
        return 0;
    for (size_t n = 1; line + n - 1 <= scanning->source->line_n; n++) {
        struct str text = scan_line(scanning, line + n - 1);
        size_t closed = count(text, "</table");

        open += count(text, "<table");
        if (closed >= open) {
            struct event event = {.kind = EVENT_HTML, .at = scan_place(scanning, first)};

            event.text = (struct str){first.p, (size_t)(text.p + text.n - first.p)};
            scan_event(scanning, event, str_head(first, first.n - start.n));
            return n;
        }
        open -= closed;
    }
    scanning->unclosed = true;
    diag_warning(scanning->builder->diags, builder_span(scanning->builder, scan_place(scanning, start), 6),
                 "this table never ends");
    return 0;
}

/* --- the lines --- */

/* Content that belongs to something by its indent, without that; a line with less ends it. */
static struct str dedent(struct scanning *scanning, struct str line)
{
    size_t indent = 0;

    while (indent < line.n && line.p[indent] == ' ')
        indent++;
    while (scanning->open_n > 0 && scanning->open[scanning->open_n - 1].by == BY_INDENT && str_trim(line).n > 0 &&
           indent < scanning->open[scanning->open_n - 1].indent)
        close_last(scanning, str_from(line, line.n));
    for (size_t i = scanning->open_n; i > 0; i--) {
        if (scanning->open[i - 1].by == BY_INDENT)
            return str_from(line, indent < scanning->open[i - 1].indent ? indent : scanning->open[i - 1].indent);
    }
    return line;
}

/* The lines of YAML or TOML before a page; its title is the page's. How many they are. */
static size_t front_matter(struct scanning *scanning)
{
    struct str mark = str_trim(scan_line(scanning, 1));
    struct str title = STR_EMPTY;

    if (str_starts(mark, "\xef\xbb\xbf"))
        mark = str_from(mark, 3);
    if (!str_is(mark, "---") && !str_is(mark, "+++"))
        return 0;
    for (size_t line = 2; line <= scanning->source->line_n; line++) {
        struct str text = scan_line(scanning, line);
        struct str value = STR_EMPTY;

        if (str_eq(str_trim(text), mark) || str_is(str_trim(text), "...")) {
            scanning->builder->title = words_of(scanning->builder->arena, title);
            return line;
        }
        if (str_starts(text, "title:") || str_starts(text, "title ="))
            value = str_trim(str_from(text, 7));
        if (value.n > 1 && (value.p[0] == '"' || value.p[0] == '\'') && value.p[value.n - 1] == value.p[0])
            value = str_head(str_from(value, 1), value.n - 2);
        title = title.n == 0 ? value : title;
    }
    return 0;
}

void markdown_scan(struct scan *scan, struct builder *builder)
{
    struct scanning scanning = {.scan = scan, .builder = builder, .source = builder->source};
    size_t line;

    *scan = (struct scan){.builder = builder};
    line = front_matter(&scanning) + 1;
    while (line <= scanning.source->line_n) {
        struct str text = dedent(&scanning, scan_line(&scanning, line));
        size_t n = 0;

        if (!is_verbatim(&scanning, text)) {
            n = table(&scanning, line);
            if (n == 0)
                n = html_table(&scanning, line);
            if (n == 0)
                n = scan_directive(&scanning, text, line);
        }
        if (n == 0)
            scan_emit(&scanning, scanning.fence > 0 ? text : markdown_footnotes(builder->arena, text),
                      scan_place(&scanning, text));
        line += n == 0 ? 1 : n;
    }
    while (scanning.open_n > 0)
        close_last(&scanning, str_from(builder->source->text, builder->source->text.n));
}
