/*
 * What cmark made of the lines, into blocks; see markdown.h. The tree is walked without recursion, for quotes and marks
 * nest as deep as somebody likes. Events that were taken out before come at the line where they stood.
 */
#include <limits.h>

#include "document/markdown/markdown.h"
#include "document/markup.h"

struct reading {
    struct builder *builder;
    struct scan *scan;
    struct words words;
    struct inline_state inner;
    size_t line;   /* lines whose events have run */
    unsigned list; /* lists that are open */
    unsigned item; /* items that are open */
    unsigned tab;
    size_t at; /* the block that is being read, in the source */
    size_t end;
    bool heading_tab; /* a tab that a heading opened */
    struct str footnote;
    unsigned quotes; /* quotes that are open; the bit of each that is a note */
    uint64_t note_quotes;
};

static void begin_words(struct reading *reading)
{
    words_begin(&reading->words, reading->builder->arena);
    reading->inner = (struct inline_state){.words = &reading->words};
}

static void flush(struct reading *reading)
{
    enum block_kind kind = reading->item > 0 ? BLOCK_ITEM : BLOCK_PARAGRAPH;
    size_t before = reading->builder->blocks.n;

    if (reading->footnote.n > 0)
        kind = BLOCK_FOOTNOTE;
    markdown_end(&reading->inner, reading->at, reading->end);
    builder_words(reading->builder, kind, kind == BLOCK_ITEM ? reading->list : 0, &reading->words);
    if (kind == BLOCK_FOOTNOTE && reading->builder->blocks.n > before) {
        reading->builder->blocks.v[before].mark = reading->footnote;
        reading->footnote = STR_EMPTY;
    }
    begin_words(reading);
}

/* A byte of the source for a place in what cmark was given. */
static size_t place(const struct reading *reading, int line, int column)
{
    size_t n = reading->scan->lines.n;
    size_t i = line < 1 ? 0 : (size_t)line - 1;

    if (n == 0)
        return 0;
    return reading->scan->lines.v[i < n ? i : n - 1].at + (size_t)(column > 0 ? column - 1 : 0);
}

static void open_tab(struct reading *reading, struct str label, size_t at)
{
    reading->tab++;
    builder_add(reading->builder, BLOCK_TAB, reading->tab, label, builder_span(reading->builder, at, 1));
}

static void close_tab(struct reading *reading, size_t at)
{
    if (reading->tab == 0)
        return;
    builder_add(reading->builder, BLOCK_TAB_END, reading->tab, STR_EMPTY, builder_span(reading->builder, at, 0));
    reading->tab--;
}

static void html(struct reading *reading, struct str text, size_t at)
{
    markup_part(reading->builder, elements_read(reading->builder, template_blank(reading->builder->arena, text), at),
                reading->list);
}

static void run(struct reading *reading, const struct event *event)
{
    flush(reading);
    switch (event->kind) {
    case EVENT_NONE: break;
    case EVENT_TABLE: markdown_table(reading->builder, event->first, event->n); break;
    case EVENT_HTML: html(reading, event->text, event->at); break;
    case EVENT_NOTE: builder_note(reading->builder, event->text); break;
    case EVENT_NOTE_END: builder_note_end(reading->builder); break;
    case EVENT_TAB: open_tab(reading, event->text, event->at); break;
    case EVENT_TAB_END: close_tab(reading, event->at); break;
    case EVENT_FOOTNOTE: reading->footnote = event->text; break;
    }
}

/* Runs the events up to a line of what cmark was given. */
static void run_until(struct reading *reading, int line)
{
    size_t until = line < 0 ? 0 : (size_t)line;

    for (; reading->line < until && reading->line < reading->scan->lines.n; reading->line++) {
        size_t event = reading->scan->lines.v[reading->line].event;

        if (event > 0)
            run(reading, &reading->scan->events.v[event - 1]);
    }
}

static bool is_event(const struct reading *reading, int line)
{
    return line > 0 && (size_t)line <= reading->scan->lines.n && reading->scan->lines.v[line - 1].event > 0;
}

static void html_block(struct reading *reading, cmark_node *node)
{
    int first = cmark_node_get_start_line(node);
    struct str text = str_of(cmark_node_get_literal(node));
    size_t at = place(reading, first, 1);

    if (is_event(reading, first))
        return;
    flush(reading);
    /* As it stands in the source where nothing was taken out of it, so that places are exact. */
    if (text.n <= reading->builder->source->text.n - at &&
        memcmp(reading->builder->source->text.p + at, text.p, text.n) == 0)
        text = str_head(str_from(reading->builder->source->text, at), text.n);
    html(reading, text, at);
}

/* Lines that stand for events, which indented code swallows; the events come all the same. */
static struct str without_events(struct arena *arena, struct str text)
{
    struct buf out = BUF_EMPTY;
    struct str made = text;

    if (!str_contains(text, MARKDOWN_EVENT))
        return text;
    while (text.n > 0) {
        struct str line = str_cut(text, '\n', &text);

        if (str_is(str_trim(line), MARKDOWN_EVENT))
            continue;
        buf_add(&out, line);
        buf_addc(&out, '\n');
    }
    made = str_dup(arena, buf_str(&out));
    buf_free(&out);
    return made;
}

/* A directive of MyST looks like code: ```{note}. */
static void code_block(struct reading *reading, cmark_node *node)
{
    struct str info = str_trim(str_of(cmark_node_get_fence_info(node)));
    struct str text = str_of(cmark_node_get_literal(node));
    struct str kind = STR_EMPTY;

    flush(reading);
    if (info.n > 2 && info.p[0] == '{')
        kind = builder_note_kind(str_cut(str_from(info, 1), '}', &info));
    if (kind.n > 0) {
        builder_note(reading->builder, kind);
        markdown_inline(&reading->words, text, reading->at, reading->end - reading->at);
        flush(reading);
        builder_note_end(reading->builder);
        return;
    }
    text = words_code(reading->builder->arena, without_events(reading->builder->arena, text));
    if (text.n > 0)
        builder_add(reading->builder, BLOCK_CODE, 0, text,
                    builder_span(reading->builder, reading->at, reading->end - reading->at));
}

/* `> [!NOTE]` and `> **Note**`: the mark goes, and its kind is returned. */
static struct str quote_kind(cmark_node *quote)
{
    cmark_node *first = cmark_node_first_child(quote);
    cmark_node *start = first == NULL ? NULL : cmark_node_first_child(first);
    cmark_node *strong = NULL;
    struct str kind = STR_EMPTY;
    struct str rest = STR_EMPTY;
    struct str word;

    if (start == NULL || cmark_node_get_type(first) != CMARK_NODE_PARAGRAPH)
        return kind;
    if (cmark_node_get_type(start) == CMARK_NODE_STRONG) {
        strong = start;
        start = cmark_node_first_child(start);
    }
    word = str_of(start == NULL ? NULL : cmark_node_get_literal(start));
    if (strong != NULL)
        kind = builder_note_kind(str_cut(word, ':', &rest));
    else if (str_starts(word, "[!"))
        kind = builder_note_kind(str_cut(str_from(word, 2), ']', &rest));
    if (kind.n > 0 && strong == NULL) {
        char *left = strndup(rest.p, rest.n);

        cmark_node_set_literal(start, left);
        free(left);
    } else if (kind.n > 0 && rest.n == 0) {
        cmark_node_unlink(strong);
        cmark_node_free(strong);
    }
    return kind;
}

static void quote(struct reading *reading, cmark_node *node, cmark_event_type event)
{
    struct str kind = STR_EMPTY;

    flush(reading);
    if (event == CMARK_EVENT_EXIT) {
        reading->quotes--;
        if (reading->quotes < 64 && (reading->note_quotes >> reading->quotes & 1) != 0)
            builder_note_end(reading->builder);
        return;
    }
    if (reading->quotes < 64) {
        run_until(reading, cmark_node_get_start_line(node) - 1);
        kind = quote_kind(node);
        reading->note_quotes &= ~((uint64_t)1 << reading->quotes);
        reading->note_quotes |= (uint64_t)(kind.n > 0) << reading->quotes;
    }
    if (kind.n > 0)
        builder_note(reading->builder, kind);
    reading->quotes++;
}

/* `# [Label](#tab/name)` is a tab of Microsoft's documents, which ends at a line. */
static bool tab_heading(struct reading *reading, cmark_node *node)
{
    cmark_node *link = cmark_node_first_child(node);

    if (link == NULL || cmark_node_get_type(link) != CMARK_NODE_LINK ||
        !str_starts(str_of(cmark_node_get_url(link)), "#tab/"))
        return false;
    if (reading->heading_tab)
        close_tab(reading, reading->at);
    open_tab(reading, words_end(&reading->words, reading->at).text, reading->at);
    begin_words(reading);
    reading->heading_tab = true;
    return true;
}

/* `Title {#name}` */
static void drop_attributes(struct builder *builder)
{
    struct block *block = &builder->blocks.v[builder->blocks.n - 1];

    if (block->kind != BLOCK_HEADING || !str_ends(block->text, "}"))
        return;
    for (size_t i = block->text.n - 1; i > 0; i--) {
        if (block->text.p[i - 1] == '{') {
            if (strchr("#:.", block->text.p[i]) != NULL)
                block->text = str_trim(str_head(block->text, i - 1));
            return;
        }
    }
}

static void heading(struct reading *reading, cmark_node *node, cmark_event_type event)
{
    if (event == CMARK_EVENT_ENTER) {
        flush(reading);
        return;
    }
    markdown_end(&reading->inner, reading->at, reading->end);
    if (tab_heading(reading, node))
        return;
    builder_words(reading->builder, BLOCK_HEADING, (unsigned)cmark_node_get_heading_level(node), &reading->words);
    begin_words(reading);
    if (reading->builder->blocks.n > 0)
        drop_attributes(reading->builder);
}

static void list(struct reading *reading, cmark_node_type type, cmark_event_type event)
{
    flush(reading);
    if (type == CMARK_NODE_LIST)
        reading->list += event == CMARK_EVENT_ENTER ? 1u : -1u;
    else
        reading->item += event == CMARK_EVENT_ENTER ? 1u : -1u;
}

/* Paragraphs of one item are its lines. */
static void paragraph(struct reading *reading)
{
    if (reading->item > 0)
        words_break(&reading->words);
    else
        flush(reading);
}

static bool is_leaf_block(cmark_node_type type)
{
    return type == CMARK_NODE_PARAGRAPH || type == CMARK_NODE_HEADING || type == CMARK_NODE_CODE_BLOCK ||
           type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_THEMATIC_BREAK;
}

static void enter_leaf(struct reading *reading, cmark_node *node)
{
    run_until(reading, cmark_node_get_start_line(node));
    reading->at = place(reading, cmark_node_get_start_line(node), cmark_node_get_start_column(node));
    reading->end = place(reading, cmark_node_get_end_line(node), cmark_node_get_end_column(node) + 1);
}

static void visit(struct reading *reading, cmark_node *node, cmark_event_type event)
{
    cmark_node_type type = cmark_node_get_type(node);

    if (event == CMARK_EVENT_ENTER && is_leaf_block(type))
        enter_leaf(reading, node);
    if (type == CMARK_NODE_LIST || type == CMARK_NODE_ITEM) {
        list(reading, type, event);
    } else if (type == CMARK_NODE_BLOCK_QUOTE) {
        quote(reading, node, event);
    } else if (type == CMARK_NODE_HEADING) {
        heading(reading, node, event);
    } else if (type == CMARK_NODE_CODE_BLOCK) {
        code_block(reading, node);
    } else if (type == CMARK_NODE_HTML_BLOCK) {
        html_block(reading, node);
    } else if (type == CMARK_NODE_THEMATIC_BREAK) {
        flush(reading);
        if (reading->heading_tab)
            close_tab(reading, reading->at);
        reading->heading_tab = false;
    } else {
        markdown_node(&reading->inner, node, event, reading->at, reading->end);
        if (type == CMARK_NODE_PARAGRAPH)
            paragraph(reading);
    }
}

static void walk(struct reading *reading)
{
    struct str text = buf_str(&reading->scan->text);
    cmark_parser *parser = markdown_parser();
    cmark_node *root;
    cmark_iter *iter;
    cmark_event_type event;

    cmark_parser_feed(parser, text.p, text.n);
    root = cmark_parser_finish(parser);
    iter = cmark_iter_new(root);
    begin_words(reading);
    while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE)
        visit(reading, cmark_iter_get_node(iter), event);
    run_until(reading, INT_MAX);
    flush(reading);
    buf_free(&reading->words.out);
    if (reading->heading_tab)
        close_tab(reading, reading->builder->source->text.n);
    cmark_iter_free(iter);
    cmark_node_free(root);
    cmark_parser_free(parser);
}

struct page *markdown_read(struct arena *arena, const struct source *source, struct diags *diags)
{
    struct builder builder;
    struct scan scan;
    struct reading reading = {.builder = &builder, .scan = &scan, .footnote = STR_EMPTY};

    builder_begin(&builder, arena, source, diags);
    markdown_scan(&scan, &builder);
    walk(&reading);
    buf_free(&scan.text);
    return builder_end(&builder);
}
