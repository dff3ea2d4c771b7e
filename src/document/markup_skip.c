/*
 * What of a page is the page: chrome around it is left out by what its elements are and say that they are, never by
 * guessing from their text.
 */
#include "document/markup.h"

#define PEEK_MOST 32u

static bool has_role(const struct element *element, const char *role)
{
    return str_is(element_get(element, "role"), role);
}

static bool has_any_class(const struct element *element, const char *const *names)
{
    struct str classes = element_get(element, "class");

    while (classes.n > 0) {
        struct str name = str_cut(classes, ' ', &classes);

        for (const char *const *known = names; *known != NULL; known++) {
            if (str_is(name, *known))
                return true;
        }
    }
    return false;
}

/* Marks beside headings that link to them, and what only screen readers say. */
static bool is_link_mark(const struct element *element)
{
    static const char *const names[] = {"headerlink", "hash-link",     "header-anchor",  "anchor-link",
                                        "permalink",  "anchorjs-link", "sr-only",        "visually-hidden",
                                        "clipboard",  "copybtn",       "visuallyhidden", "screen-reader-text",
                                        NULL};

    return element->attribute_n > 0 && has_any_class(element, names);
}

static bool is_navigation(const struct element *element)
{
    static const char *const names[] = {"breadcrumb",        "breadcrumbs",    "sidebar",       "navbar",
                                        "site-header",       "site-footer",    "toc",           "page-toc",
                                        "table-of-contents", "pagination",     "cookie-banner", "sphinxsidebar",
                                        "wy-nav-side",       "md-sidebar",     "md-header",     "md-footer",
                                        "related-links",     "prev-next-area", "footer",        NULL};

    return has_role(element, "navigation") || has_role(element, "banner") || has_role(element, "contentinfo") ||
           has_role(element, "search") || has_any_class(element, names);
}

static const struct element *find(const struct element *element, enum tag tag)
{
    const struct element *found = element->tag == tag ? element : NULL;

    for (const struct element *child = element->child; found == NULL && child != NULL; child = child->next)
        found = find(child, tag);
    return found;
}

/* The labels of tabs stand in a <nav>, too. */
static bool holds_tabs(const struct element *element)
{
    bool found = has_role(element, "tab") || has_role(element, "tablist");

    for (const struct element *child = element->child; !found && child != NULL; child = child->next)
        found = holds_tabs(child);
    return found;
}

bool markup_skips(const struct markup *markup, const struct element *element)
{
    if (is_link_mark(element))
        return true;
    switch ((int)element->tag) {
    case TAG_script:
    case TAG_style:
    case TAG_template:
    case TAG_noscript:
    case TAG_svg:
    case TAG_head:
    case TAG_meta:
    case TAG_title:
    case TAG_select:
    case TAG_option:
    case TAG_button: return true;
    case TAG_nav: return markup->whole && !holds_tabs(element);
    case TAG_header: return markup->whole && !markup->inside;
    case TAG_footer: return markup->whole && find(element, TAG_table) == NULL;
    case TAG_aside: return markup->whole && markup_note_of(element).n == 0 && find(element, TAG_table) == NULL;
    case TAG_div:
    case TAG_section:
    case TAG_ul:
    case TAG_ol:
        return markup->whole && element->attribute_n > 0 && is_navigation(element) && find(element, TAG_table) == NULL;
    default: return false;
    }
}

bool markup_strikes(const struct element *element)
{
    if (element->tag == TAG_s || element->tag == TAG_strike || element->tag == TAG_del)
        return true;
    return element->attribute_n > 0 &&
           (str_contains(element_get(element, "style"), "line-through") || element_has_class(element, "line-through") ||
            element_has_class(element, "strikethrough"));
}

static size_t count_tables(const struct element *element)
{
    size_t n = element->tag == TAG_table;

    for (const struct element *child = element->child; child != NULL; child = child->next)
        n += count_tables(child);
    return n;
}

static const struct element *find_main(const struct element *element, bool articles)
{
    const struct element *found = NULL;

    if (element->tag == TAG_main || has_role(element, "main") || (articles && element->tag == TAG_article))
        return element;
    for (const struct element *child = element->child; found == NULL && child != NULL; child = child->next)
        found = find_main(child, articles);
    return found;
}

const struct element *markup_main(const struct element *root)
{
    const struct element *main = find_main(root, false);

    if (main == NULL)
        main = find_main(root, true);
    return main != NULL && count_tables(main) == count_tables(root) ? main : root;
}

/* The first few bytes of what an element holds; a mark is no longer than that. */
static void peek(const struct element *element, struct buf *out, size_t *visits)
{
    for (const struct element *child = element->child; child != NULL && out->n <= PEEK_MOST && *visits > 0;
         child = child->next) {
        --*visits;
        if (child->tag == TAG_text)
            buf_add(out, str_head(child->text, PEEK_MOST + 1));
        else
            peek(child, out, visits);
    }
}

bool markup_is_mark(const struct element *element, struct str *mark, struct arena *arena)
{
    struct buf text = BUF_EMPTY;
    size_t visits = PEEK_MOST;
    bool is = false;

    peek(element, &text, &visits);
    if (text.n > 0 && text.n <= PEEK_MOST && visits > 0) {
        *mark = words_of(arena, buf_str(&text));
        is = words_is_mark(*mark);
    }
    buf_free(&text);
    return is;
}
