/*
 * Elements into blocks; see markup.h. Text runs into one sentence until an element that stands as a block ends it;
 * inside a list item, blocks of text are lines of that item.
 */
#include "document/markup.h"

static void begin_words(struct markup *markup)
{
    words_begin(&markup->words, markup->builder->arena);
    markup->words.struck = markup->struck;
}

static void flush(struct markup *markup)
{
    if (words_empty(&markup->words)) {
        markup->words.blank = false;
        return;
    }
    builder_words(markup->builder, markup->kind, markup->level, &markup->words);
    begin_words(markup);
}

/* Where a block of text begins or ends. */
static void border(struct markup *markup)
{
    if (markup->kind == BLOCK_ITEM)
        words_break(&markup->words);
    else
        flush(markup);
}

static void as(struct markup *markup, enum block_kind kind, unsigned level, const struct element *element)
{
    enum block_kind kind_before = markup->kind;
    unsigned level_before = markup->level;

    flush(markup);
    markup->kind = kind;
    markup->level = level;
    markup_children(markup, element);
    flush(markup);
    markup->kind = kind_before;
    markup->level = level_before;
}

static void block(struct markup *markup, const struct element *element)
{
    border(markup);
    markup_children(markup, element);
    border(markup);
}

/* Outside an item, whatever it stands in. */
static void list(struct markup *markup, const struct element *element)
{
    flush(markup);
    markup->list++;
    as(markup, BLOCK_PARAGRAPH, 0, element);
    markup->list--;
}

static unsigned item_level(const struct markup *markup)
{
    return markup->list == 0 ? 1 : markup->list;
}

/* A term and its description are one item of two lines. */
static void definitions(struct markup *markup, const struct element *element)
{
    enum block_kind kind = markup->kind;
    unsigned level = markup->level;

    flush(markup);
    markup->list++;
    for (const struct element *child = element->child; child != NULL; child = child->next) {
        if (child->tag == TAG_div) {
            markup->list--;
            definitions(markup, child);
            markup->list++;
        } else if (child->tag == TAG_dt || child->tag == TAG_dd) {
            if (child->tag == TAG_dt)
                flush(markup);
            markup->kind = BLOCK_ITEM;
            markup->level = item_level(markup);
            words_break(&markup->words);
            markup_children(markup, child);
            if (child->tag == TAG_dd)
                flush(markup);
        }
    }
    flush(markup);
    markup->list--;
    markup->kind = kind;
    markup->level = level;
}

static void add_raw(struct buf *out, const struct element *element)
{
    for (const struct element *child = element->child; child != NULL; child = child->next) {
        if (child->tag == TAG_text)
            buf_add(out, child->text);
        else if (child->tag == TAG_br)
            buf_addc(out, '\n');
        else
            add_raw(out, child);
    }
}

static void code(struct markup *markup, const struct element *element)
{
    struct buf raw = BUF_EMPTY;
    struct str text;

    flush(markup);
    add_raw(&raw, element);
    text = words_code(markup->builder->arena, buf_str(&raw));
    buf_free(&raw);
    if (text.n > 0)
        builder_add(markup->builder, BLOCK_CODE, 0, text,
                    builder_span(markup->builder, element->at, element->end - element->at));
}

static const struct element *child_of(const struct element *element, enum tag tag)
{
    for (const struct element *child = element->child; child != NULL; child = child->next) {
        if (child->tag == tag)
            return child;
    }
    return NULL;
}

static struct str text_of(const struct markup *markup, const struct element *element)
{
    struct words words;

    words_begin(&words, markup->builder->arena);
    markup_text(markup, element, &words);
    return words_end(&words, element->at).text;
}

/* --- tabs: a label for what follows --- */

static void open_tab(struct markup *markup, struct str label, const struct element *element)
{
    flush(markup);
    markup->tab++;
    builder_add(markup->builder, BLOCK_TAB, markup->tab, label,
                builder_span(markup->builder, element->at, element->end - element->at));
}

static void close_tab(struct markup *markup, const struct element *element)
{
    flush(markup);
    builder_add(markup->builder, BLOCK_TAB_END, markup->tab, STR_EMPTY, builder_span(markup->builder, element->end, 0));
    markup->tab--;
}

static bool is_label(const struct element *element)
{
    return str_is(element_get(element, "role"), "tab") || str_is(element_get(element, "data-toggle"), "tab") ||
           str_is(element_get(element, "data-bs-toggle"), "tab") || element_has_class(element, "sd-tab-label") ||
           element_has_class(element, "tabbed-label") ||
           (element->tag == TAG_label && element->parent != NULL &&
            element_has_class(element->parent, "tabbed-labels"));
}

static bool is_panel(const struct element *element)
{
    return str_is(element_get(element, "role"), "tabpanel") || element_has_class(element, "tab-pane") ||
           element_has_class(element, "tabbed-block") || element_has_class(element, "sd-tab-content") ||
           element->tag == TAG_tabitem;
}

/* Labels of one set of tabs stand side by side. */
static void add_label(struct markup *markup, const struct element *element)
{
    struct markup_labels *labels = markup->label_n == 0 ? NULL : &markup->labels[markup->label_n - 1];

    if (labels == NULL || labels->taken > 0) {
        if (labels != NULL && labels->taken == labels->n)
            markup->label_n--;
        if (markup->label_n == MARKUP_TABS_DEEPEST)
            return;
        labels = &markup->labels[markup->label_n++];
        *labels = (struct markup_labels){0};
    }
    *vec_push(markup->builder->arena, labels) = text_of(markup, element);
}

static struct str take_label(struct markup *markup, const struct element *panel)
{
    static const char *const own[] = {"label", "aria-label", "title", "value", "id"};

    if (panel->tag != TAG_tabitem) {
        while (markup->label_n > 0) {
            struct markup_labels *labels = &markup->labels[markup->label_n - 1];

            if (labels->taken < labels->n)
                return labels->v[labels->taken++];
            markup->label_n--;
        }
    }
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        struct str label = words_of(markup->builder->arena, element_get(panel, own[i]));

        if (label.n > 0)
            return label;
    }
    return STR_EMPTY;
}

static void panel(struct markup *markup, const struct element *element)
{
    struct str label = take_label(markup, element);

    if (label.n == 0) {
        block(markup, element);
        return;
    }
    open_tab(markup, label, element);
    as(markup, BLOCK_PARAGRAPH, 0, element);
    close_tab(markup, element);
}

static void details(struct markup *markup, const struct element *element)
{
    const struct element *summary = child_of(element, TAG_summary);
    struct str label = summary == NULL ? STR_EMPTY : text_of(markup, summary);

    if (label.n == 0) {
        block(markup, element);
        return;
    }
    open_tab(markup, label, element);
    as(markup, BLOCK_PARAGRAPH, 0, element);
    close_tab(markup, element);
}

/* --- notes --- */

struct str markup_note_of(const struct element *element)
{
    struct str kind = builder_note_class(element_get(element, "class"));

    return kind.n == 0 && str_is(element_get(element, "role"), "note") ? STR("note") : kind;
}

static void note(struct markup *markup, struct str kind, const struct element *element)
{
    flush(markup);
    builder_note(markup->builder, kind);
    as(markup, BLOCK_PARAGRAPH, 0, element);
    builder_note_end(markup->builder);
}

/* --- all of them --- */

static void strike(struct markup *markup, const struct element *element)
{
    markup->words.struck = ++markup->struck;
    markup_children(markup, element);
    markup->words.struck = --markup->struck;
}

static void container(struct markup *markup, const struct element *element)
{
    struct str kind = markup_note_of(element);

    if (is_panel(element))
        panel(markup, element);
    else if (kind.n > 0)
        note(markup, kind, element);
    else
        block(markup, element);
}

static void sup(struct markup *markup, const struct element *element)
{
    struct str mark;

    if (markup_is_mark(element, &mark, markup->builder->arena))
        words_mark(&markup->words, mark, element->at);
    else
        markup_children(markup, element);
}

static void walk(struct markup *markup, const struct element *element)
{
    bool inside = markup->inside;

    if (is_label(element)) {
        add_label(markup, element);
        return;
    }
    if (markup_skips(markup, element))
        return;
    if (markup_strikes(element)) {
        strike(markup, element);
        return;
    }
    switch ((int)element->tag) {
    case TAG_br: words_break(&markup->words); break;
    case TAG_hr: border(markup); break;
    case TAG_h1:
    case TAG_h2:
    case TAG_h3:
    case TAG_h4:
    case TAG_h5:
    case TAG_h6: as(markup, BLOCK_HEADING, (unsigned)(element->tag - TAG_h1) + 1, element); break;
    case TAG_ul:
    case TAG_ol: list(markup, element); break;
    case TAG_dl: definitions(markup, element); break;
    case TAG_li: as(markup, BLOCK_ITEM, item_level(markup), element); break;
    case TAG_pre: code(markup, element); break;
    case TAG_sup: sup(markup, element); break;
    case TAG_summary: break; /* told by its details */
    case TAG_details: details(markup, element); break;
    case TAG_table:
        flush(markup);
        markup_table(markup, element);
        break;
    case TAG_main:
    case TAG_article:
        markup->inside = true;
        container(markup, element);
        markup->inside = inside;
        break;
    case TAG_aside:
    case TAG_blockquote:
    case TAG_dd:
    case TAG_div:
    case TAG_dt:
    case TAG_figcaption:
    case TAG_figure:
    case TAG_footer:
    case TAG_form:
    case TAG_header:
    case TAG_p:
    case TAG_section:
    case TAG_tabitem:
    case TAG_tabs: container(markup, element); break;
    default: markup_children(markup, element); break;
    }
}

void markup_children(struct markup *markup, const struct element *element)
{
    for (const struct element *child = element->child; child != NULL; child = child->next) {
        if (child->tag != TAG_text)
            walk(markup, child);
        else if (child->exact)
            words_add(&markup->words, child->text, child->at);
        else
            words_add_from(&markup->words, child->text, child->at, child->end);
    }
}

static void run(struct markup *markup, const struct element *element)
{
    markup->kind = BLOCK_PARAGRAPH;
    begin_words(markup);
    markup_children(markup, element);
    flush(markup);
    buf_free(&markup->words.out);
}

void markup_part(struct builder *builder, const struct element *root, unsigned list_n)
{
    struct markup markup = {.builder = builder, .list = list_n};

    run(&markup, root);
}

static const struct element *find_title(const struct element *element)
{
    const struct element *found = element->tag == TAG_title ? element : NULL;

    for (const struct element *child = element->child; found == NULL && child != NULL; child = child->next) {
        if (child->tag != TAG_svg && child->tag != TAG_table)
            found = find_title(child);
    }
    return found;
}

void markup_page(struct builder *builder, const struct element *root)
{
    struct markup markup = {.builder = builder, .whole = true};
    const struct element *title = find_title(root);
    const struct element *main = markup_main(root);

    if (title != NULL)
        builder->title = text_of(&markup, title);
    markup.inside = main != root;
    run(&markup, main);
}
