/*
 * Inline nodes into words; see markdown.h. cmark knows the line of a node but not each of its bytes: words come from
 * the whole block or cell that they stand in.
 */
#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <strings.h>

#include "document/markdown/markdown.h"

#define MARK_MOST 20u /* letters in the mark of a footnote */

static bool is_tag(struct str html, const char *name)
{
    size_t n = strlen(name);
    struct str rest = str_from(html, html.n > 1 && html.p[1] == '/' ? 2 : 1);

    return rest.n > n && strncasecmp(rest.p, name, n) == 0 && strchr(" \t\n/>", rest.p[n]) != NULL;
}

static void end_sup(struct inline_state *state, size_t at, size_t end)
{
    struct str text = buf_str(&state->sup);

    if (words_is_mark(text))
        words_mark(state->words, text, at);
    else
        words_add_from(state->words, text, at, end);
    buf_free(&state->sup);
    state->in_sup = false;
}

static void html(struct inline_state *state, struct str tag, size_t at, size_t end)
{
    static const char *const breaks[] = {"br", "p", "li", "ul", "ol", "div", "tr", "dt", "dd"};
    bool closes = tag.n > 1 && tag.p[1] == '/';

    for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
        if (is_tag(tag, breaks[i]))
            words_break(state->words);
    }
    if (is_tag(tag, "sup") && closes && state->in_sup)
        end_sup(state, at, end);
    else if (is_tag(tag, "sup") && !closes)
        state->in_sup = true;
    if (is_tag(tag, "del") || is_tag(tag, "s") || is_tag(tag, "strike")) {
        if (!closes)
            state->words->struck++;
        else if (state->words->struck > 0)
            state->words->struck--;
    }
}

static void add(struct inline_state *state, struct str text, size_t at, size_t end)
{
    if (state->image > 0 && !state->images)
        return;
    if (state->in_sup)
        buf_add(&state->sup, text);
    else
        words_add_from(state->words, text, at, end);
}

void markdown_node(struct inline_state *state, cmark_node *node, cmark_event_type event, size_t at, size_t end)
{
    cmark_node_type type = cmark_node_get_type(node);
    struct str literal = str_of(cmark_node_get_literal(node));

    if (type == CMARK_NODE_IMAGE) {
        state->image += event == CMARK_EVENT_ENTER ? 1u : -1u;
    } else if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE) {
        add(state, literal, at, end);
    } else if (type == CMARK_NODE_SOFTBREAK) {
        add(state, STR(" "), at, end);
    } else if (type == CMARK_NODE_LINEBREAK) {
        words_break(state->words);
    } else if (type == CMARK_NODE_HTML_INLINE) {
        html(state, literal, at, end);
    } else if (strcmp(cmark_node_get_type_string(node), "strikethrough") == 0) {
        if (event == CMARK_EVENT_ENTER)
            state->words->struck++;
        else if (state->words->struck > 0)
            state->words->struck--;
    }
}

void markdown_end(struct inline_state *state, size_t at, size_t end)
{
    if (state->in_sup)
        end_sup(state, at, end);
}

static bool has_marks(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (strchr("\\`*_[]<>&~!", text.p[i]) != NULL && text.p[i] != '\0')
            return true;
    }
    return false;
}

bool markdown_is_hostile(struct str text)
{
    size_t images = 0;

    for (size_t i = 0; i + 1 < text.n && images <= MARKDOWN_IMAGES_MOST; i++)
        images += text.p[i] == '!' && text.p[i + 1] == '[';
    return images > MARKDOWN_IMAGES_MOST;
}

struct str markdown_footnotes(struct arena *arena, struct str text)
{
    struct buf out = BUF_EMPTY;
    struct str made = text;
    bool code = false;
    size_t done = 0;

    for (size_t i = 0; i + 3 < text.n; i++) {
        size_t n = 0;

        if (text.p[i] == '\\' && !code) {
            i++;
            continue;
        }
        code ^= text.p[i] == '`';
        if (code || text.p[i] != '[' || text.p[i + 1] != '^')
            continue;
        while (i + 2 + n < text.n && n <= MARK_MOST && text.p[i + 2 + n] != ']' && text.p[i + 2 + n] != ' ')
            n++;
        if (n == 0 || n > MARK_MOST || i + 2 + n >= text.n || text.p[i + 2 + n] != ']')
            continue;
        buf_add(&out, (struct str){text.p + done, i - done});
        buf_addf(&out, "<sup>[%.*s]</sup>", (int)n, text.p + i + 2);
        done = i + 3 + n;
        i = done - 1;
    }
    if (done > 0) {
        buf_add(&out, str_from(text, done));
        made = str_dup(arena, buf_str(&out));
    }
    buf_free(&out);
    return made;
}

/* A dot before the text keeps it from being a list or a heading; it goes again. */
void markdown_inline(struct words *words, struct str text, size_t at, size_t n)
{
    struct inline_state state = {.words = words, .images = true};
    cmark_parser *parser;
    cmark_node *root;
    cmark_iter *iter;
    cmark_event_type event;
    bool dot = true;

    if (!has_marks(text) || markdown_is_hostile(text)) {
        words_add(words, text, at);
        return;
    }
    parser = markdown_parser();
    cmark_parser_feed(parser, ".", 1);
    cmark_parser_feed(parser, text.p, text.n);
    root = cmark_parser_finish(parser);
    iter = cmark_iter_new(root);
    while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(iter);

        if (dot && cmark_node_get_type(node) == CMARK_NODE_TEXT) {
            words_add_from(words, str_from(str_of(cmark_node_get_literal(node)), 1), at, at + n);
            dot = false;
            continue;
        }
        markdown_node(&state, node, event, at, at + n);
    }
    markdown_end(&state, at, at + n);
    cmark_iter_free(iter);
    cmark_node_free(root);
    cmark_parser_free(parser);
    words->struck = 0;
}

cmark_parser *markdown_parser(void)
{
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8);
    cmark_syntax_extension *strike;

    cmark_gfm_core_extensions_ensure_registered();
    strike = cmark_find_syntax_extension("strikethrough");
    if (strike != NULL)
        cmark_parser_attach_syntax_extension(parser, strike);
    return parser;
}
