/*
 * Lines of template tags: notes and tabs of Jekyll, GitHub's documents, GitBook and Hugo, and conditions, which are
 * labels of what they decide about. See scan.h.
 */
#include <ctype.h>

#include "document/markdown/scan.h"

#define TAG_LINES_MOST 60u

/* The kind of note that one of the words of a tag names: `style="warning"`. */
static struct str kind_in(struct str rest)
{
    while (rest.n > 0) {
        size_t n = 0;
        struct str kind;

        while (n < rest.n && isalpha((unsigned char)rest.p[n]))
            n++;
        kind = builder_note_kind(str_head(rest, n));
        if (kind.n > 0)
            return kind;
        rest = str_from(rest, n == 0 ? 1 : n);
    }
    return STR_EMPTY;
}

/* The kind of note that a tag opens or closes; empty: it is none. */
static struct str note_of(const struct template_tag *tag)
{
    static const char *const boxes[] = {"hint", "alert", "admonition", "callout", "notice", "panel"};
    struct str kind = builder_note_kind(tag->name);

    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        if (str_is(tag->name, boxes[i]))
            kind = kind_in(tag->rest).n > 0 ? kind_in(tag->rest) : STR("note");
    }
    return kind;
}

static struct str label_of(struct str rest)
{
    static const char *const names[] = {"title", "name", "label", "header", "text", "tabName"};
    struct str label = STR_EMPTY;

    for (size_t i = 0; label.n == 0 && i < sizeof names / sizeof *names; i++)
        label = template_value(rest, names[i]);
    if (label.n == 0 && rest.n > 2 && rest.p[0] == '"')
        label = str_cut(str_from(rest, 1), '"', &rest);
    return label;
}

static bool is_condition(struct str name)
{
    return str_is(name, "if") || str_is(name, "ifversion") || str_is(name, "unless") || str_is(name, "case");
}

static bool is_other_branch(struct str name)
{
    return str_is(name, "else") || str_is(name, "elsif") || str_is(name, "elseif") || str_is(name, "when");
}

/* `{% include note.html content="…" %}`: a note, or what else the file makes of the words. */
static void include(struct scanning *scanning, const struct template_tag *tag, struct str line)
{
    struct str words = template_value(tag->rest, "content");
    struct str rest = tag->rest;
    struct str file = str_word(&rest);
    struct str kind;

    for (size_t i = 0; i < file.n; i++) {
        if (file.p[i] == '/') {
            file = str_from(file, i + 1);
            i = SIZE_MAX;
        }
    }
    kind = builder_note_kind(str_cut(file, '.', &rest));
    if (words.n == 0) {
        diag_note(scanning->builder->diags, builder_span(scanning->builder, scan_place(scanning, line), tag->n),
                  "what \"%.*s\" holds is not here", STR_ARG(tag->rest));
        return;
    }
    if (kind.n > 0)
        scan_event(scanning, (struct event){.kind = EVENT_NOTE, .text = kind}, line);
    while (words.n > 0) {
        struct str one = str_cut(words, '\n', &words);

        scan_emit(scanning, one, scan_place(scanning, one));
    }
    if (kind.n > 0)
        scan_event(scanning, (struct event){.kind = EVENT_NOTE_END}, line);
}

/* False: the tag is text, or unknown to this one. */
static bool run(struct scanning *scanning, const struct template_tag *tag, struct str line)
{
    struct arena *arena = scanning->builder->arena;
    struct open_part part = {.by = BY_TEMPLATE, .name = tag->name};
    struct str kind = note_of(tag);

    if (str_starts(tag->name, "site.data.alerts.")) {
        part.name = STR("alerts");
        part.is = OPEN_NOTE;
        kind = builder_note_kind(str_from(tag->name, strlen("site.data.alerts.")));
        if (str_ends(tag->name, ".end"))
            scan_close(scanning, BY_TEMPLATE, part.name, line);
        else
            scan_open(scanning, part, kind.n > 0 ? kind : STR("note"), line);
    } else if (tag->closes) {
        return scan_close(scanning, BY_TEMPLATE, is_condition(tag->name) ? STR("if") : tag->name, line);
    } else if (kind.n > 0) {
        part.is = OPEN_NOTE;
        scan_open(scanning, part, kind, line);
    } else if (str_is(tag->name, "tab") || str_is(tag->name, "tab-item") || str_is(tag->name, "expand")) {
        part.is = label_of(tag->rest).n > 0 ? OPEN_TAB : OPEN_PLAIN;
        scan_open(scanning, part, words_of(arena, label_of(tag->rest)), line);
    } else if (is_condition(tag->name) || is_other_branch(tag->name)) {
        if (is_other_branch(tag->name))
            scan_close(scanning, BY_TEMPLATE, STR("if"), line);
        part.is = OPEN_TAB;
        part.name = STR("if");
        scan_open(scanning, part,
                  words_of(arena, str_printf(arena, "%.*s %.*s", STR_ARG(tag->name), STR_ARG(tag->rest))), line);
    } else if (str_is(tag->name, "include")) {
        include(scanning, tag, line);
    } else {
        return false;
    }
    return true;
}

/* The tag at the start of a line, which may go on over several; they are one slice of the source. */
static bool whole_tag(const struct scanning *scanning, struct str *text, size_t line, struct template_tag *tag,
                      size_t *n)
{
    const char *start = str_trim(*text).p;

    for (*n = 1; *n <= TAG_LINES_MOST && line + *n - 1 <= scanning->source->line_n; ++*n) {
        struct str last = scan_line(scanning, line + *n - 1);

        *text = (struct str){start, (size_t)(last.p + last.n - start)};
        if (template_at(*text, tag))
            return true;
        if (!str_starts(*text, "{%"))
            return false;
    }
    return false;
}

size_t scan_template(struct scanning *scanning, struct str text, size_t line)
{
    struct template_tag tag;
    size_t n;
    bool whole;

    if (!whole_tag(scanning, &text, line, &tag, &n))
        return 0;
    whole = str_trim(text).n == tag.n;
    if (!run(scanning, &tag, text))
        /* A tag of another kind alone on its line shows nothing; a value does. */
        return whole && (str_starts(text, "{%") || str_starts(text, "{{<") || str_starts(text, "{{%")) ? n : 0;
    for (text = str_trim(str_from(text, tag.n)); text.n > 0; text = str_trim(text)) {
        size_t words = 0;

        if (template_at(text, &tag) && run(scanning, &tag, text)) {
            text = str_from(text, tag.n);
            continue;
        }
        do
            words++;
        while (words < text.n && text.p[words] != '{');
        scan_emit(scanning, str_head(text, words), scan_place(scanning, text));
        text = str_from(text, words);
    }
    return n;
}
