/*
 * Marks inside lines of AsciiDoc: emphasis, links, attributes, entities, raised text; see asciidoc.h. A mark that is
 * not closed is text; that there is no closing one is remembered, so that nothing is looked for twice.
 */
#include <ctype.h>

#include "base/num.h"
#include "document/asciidoc/asciidoc.h"

#define DEEPEST 12u
#define BRACKETS_MOST 1000u /* letters in a pair of brackets: each opening one is looked at once */

struct inline_text {
    struct asciidoc *doc;
    struct words *words;
    struct str text;
    size_t at;  /* of the text in the source */
    size_t end; /* not 0: all of it came of at..end, byte for byte it stands nowhere */
    unsigned depth;
    bool none[128]; /* by letter, for doubled ones by its last five bits: nothing closes it any more */
};

static void inner(const struct inline_text *outer, struct str text);

static void add(struct inline_text *inl, struct str text)
{
    if (inl->end > 0)
        words_add_from(inl->words, text, inl->at, inl->end);
    else
        words_add(inl->words, text, inl->at + (size_t)(text.p - inl->text.p));
}

static bool is_word(struct str text, size_t at)
{
    return at < text.n &&
           (isalnum((unsigned char)text.p[at]) || text.p[at] == '_' || (unsigned char)text.p[at] >= 0x80);
}

static bool is_blank(struct str text, size_t at)
{
    return at >= text.n || isspace((unsigned char)text.p[at]);
}

/* --- attributes and entities --- */

static const struct {
    const char *name;
    const char *value;
} known[] = {
    {"nbsp", "\xc2\xa0"},
    {"empty", ""},
    {"sp", " "},
    {"lt", "<"},
    {"gt", ">"},
    {"amp", "&"},
    {"plus", "+"},
    {"vbar", "|"},
    {"asterisk", "*"},
    {"backtick", "`"},
    {"startsb", "["},
    {"endsb", "]"},
    {"caret", "^"},
    {"tilde", "~"},
    {"backslash", "\\"},
    {"quot", "\""},
    {"apos", "'"},
    {"zwsp", ""},
    {"two-colons", "::"},
    {"ndash", "\xe2\x80\x93"},
    {"mdash", "\xe2\x80\x94"},
    {"hellip", "\xe2\x80\xa6"},
    {"rarr", "\xe2\x86\x92"},
    {"rsquo", "\xe2\x80\x99"},
};

static bool value_of(struct inline_text *inl, struct str name, struct str *value)
{
    const struct str *set = map_get(&inl->doc->attributes, name);

    if (set != NULL) {
        *value = *set;
        return true;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_is(name, known[i].name)) {
            *value = str_of(known[i].value);
            return true;
        }
    }
    return false;
}

/* `{name}`, where somebody said what it is; its length. */
static size_t attribute(struct inline_text *inl, struct str rest)
{
    struct str name = str_from(rest, 1);
    struct str value;
    size_t n = 0;

    while (n < name.n && n < 80 && (isalnum((unsigned char)name.p[n]) || name.p[n] == '-' || name.p[n] == '_'))
        n++;
    if (n == 0 || n >= name.n || name.p[n] != '}' || !value_of(inl, str_head(name, n), &value))
        return 0;
    if (inl->depth < DEEPEST && value.n < 4096) {
        struct inline_text again = *inl;

        again.end = inl->end > 0 ? inl->end : inl->at + (size_t)(rest.p - inl->text.p) + n + 2;
        again.at = inl->end > 0 ? inl->at : inl->at + (size_t)(rest.p - inl->text.p);
        inner(&again, value);
    }
    return n + 2;
}

static void add_letter(struct inline_text *inl, uint64_t letter)
{
    char utf8[4];
    size_t n = 0;

    if (letter < 0x80) {
        utf8[n++] = (char)letter;
    } else if (letter < 0x800) {
        utf8[n++] = (char)(0xc0 | letter >> 6);
    } else if (letter < 0x10000) {
        utf8[n++] = (char)(0xe0 | letter >> 12);
        utf8[n++] = (char)(0x80 | (letter >> 6 & 0x3f));
    } else {
        utf8[n++] = (char)(0xf0 | letter >> 18);
        utf8[n++] = (char)(0x80 | (letter >> 12 & 0x3f));
        utf8[n++] = (char)(0x80 | (letter >> 6 & 0x3f));
    }
    if (letter >= 0x80)
        utf8[n++] = (char)(0x80 | (letter & 0x3f));
    words_add_from(inl->words, (struct str){utf8, n}, inl->at, inl->at + inl->text.n);
}

/* `&#8201;`, `&#xa0;`, `&amp;`; its length. */
static size_t entity(struct inline_text *inl, struct str rest)
{
    struct str name = str_cut(str_head(str_from(rest, 1), 12), ';', &(struct str){0});
    uint64_t letter = 0;

    if (name.n == 0 || name.n + 1 >= rest.n || rest.p[name.n + 1] != ';')
        return 0;
    if (name.n > 2 && (name.p[1] == 'x' || name.p[1] == 'X')) {
        if (!num_any(str_printf(inl->words->arena, "0x%.*s", STR_ARG(str_from(name, 2))), 0x10ffff, &letter))
            return 0;
    } else if (name.p[0] == '#') {
        if (!num_decimal(str_from(name, 1), 0x10ffff, &letter))
            return 0;
    } else {
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (str_is(name, known[i].name) && *known[i].value != '\0') {
                words_add_from(inl->words, str_of(known[i].value), inl->at, inl->at + inl->text.n);
                return name.n + 2;
            }
        }
        return 0;
    }
    add_letter(inl, letter);
    return name.n + 2;
}

/* --- emphasis, raised and struck text --- */

/* Where the mark that begins at `at` (one letter, or the same twice) is closed; 0: nowhere. */
static size_t closing(struct inline_text *inl, size_t at, bool twice)
{
    struct str text = inl->text;
    char c = text.p[at];
    bool *none = &inl->none[twice ? c & 0x1f : c];

    if (*none)
        return 0;
    for (size_t i = at + (twice ? 3 : 2); i < text.n; i++) {
        const char *found = memchr(text.p + i, c, text.n - i);

        if (found == NULL)
            break;
        i = (size_t)(found - text.p);
        if (twice ? i + 1 < text.n && text.p[i + 1] == c : !is_blank(text, i - 1) && !is_word(text, i + 1))
            return i;
    }
    *none = true; /* what closes a mark does not depend on where it began */
    return 0;
}

static void raise(struct inline_text *inl, struct str text)
{
    struct words raised;
    struct inline_text again = *inl;
    struct str mark;

    words_begin(&raised, inl->words->arena);
    again.words = &raised;
    inner(&again, text);
    mark = words_end(&raised, 0).text;
    if (words_is_mark(mark))
        words_mark(inl->words, mark, inl->end > 0 ? inl->at : inl->at + (size_t)(text.p - inl->text.p));
    else
        inner(inl, text);
}

/* `*bold*`, `__it__`, `` `code` ``, `#mark#`, `+as it stands+`: its length. */
static size_t emphasis(struct inline_text *inl, size_t at)
{
    struct str text = inl->text;
    char c = text.p[at];
    bool twice = at + 1 < text.n && text.p[at + 1] == c;
    size_t close = 0;
    size_t n = 1;

    if (c == '+' && twice && at + 2 < text.n && text.p[at + 2] == '+') {
        const char *end = memmem(text.p + at + 3, text.n - at - 3, "+++", 3);

        if (end == NULL)
            return 0;
        add(inl, (struct str){text.p + at + 3, (size_t)(end - text.p) - at - 3});
        return (size_t)(end - text.p) + 3 - at;
    }
    if (twice) {
        n = 2;
        close = closing(inl, at, true);
    }
    if (close == 0) {
        n = 1;
        if ((at > 0 && is_word(text, at - 1)) || is_blank(text, at + 1))
            return 0;
        close = closing(inl, at, false);
    }
    if (close == 0)
        return 0;
    if (c == '+')
        add(inl, (struct str){text.p + at + n, close - at - n});
    else
        inner(inl, (struct str){text.p + at + n, close - at - n});
    return close + n - at;
}

/* `^raised^` and `~lowered~` hold no blanks. */
static size_t script(struct inline_text *inl, size_t at)
{
    struct str text = inl->text;
    size_t end = at + 1;

    while (end < text.n && end - at < 80 && text.p[end] != text.p[at] && !isspace((unsigned char)text.p[end]))
        end++;
    if (end >= text.n || text.p[end] != text.p[at] || end == at + 1)
        return 0;
    if (text.p[at] == '^')
        raise(inl, (struct str){text.p + at + 1, end - at - 1});
    else
        inner(inl, (struct str){text.p + at + 1, end - at - 1});
    return end + 1 - at;
}

/* --- macros --- */

/* The text in brackets from `at`, nested ones too; false: they do not end. */
static bool brackets(struct str text, size_t at, struct str *inside)
{
    size_t depth = 0;

    for (size_t i = at; i < text.n && i - at < BRACKETS_MOST; i++) {
        if (text.p[i] == '\\')
            i++;
        else if (text.p[i] == '[')
            depth++;
        else if (text.p[i] == ']' && --depth == 0) {
            *inside = (struct str){text.p + at + 1, i - at - 1};
            return true;
        }
    }
    return false;
}

/* Behind the text of a link stand its attributes: `[text,window=_blank]`, `[text^]`. */
static struct str link_text(struct str inside)
{
    for (size_t i = 0; i < inside.n; i++) {
        struct str rest = str_trim(str_from(inside, i + 1));

        if (inside.p[i] == ',' &&
            (str_starts(rest, "window=") || str_starts(rest, "role=") || str_starts(rest, "opts=")))
            inside.n = i;
    }
    if (str_ends(inside, "^"))
        inside.n--;
    if (inside.n > 1 && inside.p[0] == '"' && inside.p[inside.n - 1] == '"')
        inside = str_head(str_from(inside, 1), inside.n - 2);
    return inside;
}

static void footnote(struct inline_text *inl, struct str inside, size_t at)
{
    struct asciidoc *doc = inl->doc;
    struct words words;
    struct inline_text again = *inl;

    if (inside.n == 0)
        return;
    words_begin(&words, inl->words->arena);
    again.words = &words;
    inner(&again, inside);
    *vec_push(inl->words->arena, &doc->footnotes) = words_end(&words, at).text;
    words_mark(inl->words, str_printf(inl->words->arena, "%zu", doc->footnotes.n), at);
}

/* `link:target[text]`, `https://host[text]`, `xref:id[text]`, `kbd:[key]`, `footnote:[text]`; its length. */
static size_t macro(struct inline_text *inl, size_t at)
{
    static const char *const shown[] = {"link:",     "xref:", "mailto:", "http://",    "https://",
                                        "kbd:",      "btn:",  "menu:",   "image:",     "icon:",
                                        "footnote:", "pass:", "anchor:", "indexterm:", "ftp://"};
    struct str rest = str_from(inl->text, at);
    struct str inside = STR_EMPTY;
    const char *name = NULL;
    size_t n = 0;

    for (size_t i = 0; name == NULL && i < sizeof shown / sizeof *shown; i++)
        name = str_starts(rest, shown[i]) ? shown[i] : NULL;
    if (name == NULL)
        return 0;
    while (n < rest.n && n < 2048 && rest.p[n] != '[' && !isspace((unsigned char)rest.p[n]))
        n++;
    if (n >= rest.n || rest.p[n] != '[' || !brackets(rest, n, &inside))
        return 0;
    if (strcmp(name, "footnote:") == 0)
        footnote(inl, inside, inl->at);
    else if (strcmp(name, "pass:") == 0)
        add(inl, inside);
    else if (strcmp(name, "image:") == 0 || strcmp(name, "icon:") == 0)
        inner(inl, str_cut(inside, ',', &(struct str){0}));
    else if (strcmp(name, "anchor:") != 0 && strcmp(name, "indexterm:") != 0)
        inner(inl, link_text(inside).n > 0 ? link_text(inside) : str_head(rest, strstr(name, "//") != NULL ? n : 0));
    if (strcmp(name, "xref:") == 0 && inside.n == 0)
        inner(inl, str_head(str_from(rest, 5), n - 5));
    return n + inside.n + 2;
}

/* `<<id,text>>`, `[[id]]`, `[.role]#text#`; its length. */
static size_t bracketed(struct inline_text *inl, size_t at)
{
    struct str rest = str_from(inl->text, at);
    struct str inside;

    if (str_starts(rest, "<<")) {
        const char *end = memmem(rest.p, rest.n < 1024 ? rest.n : 1024, ">>", 2);
        struct str text;
        struct str id;

        if (end == NULL)
            return 0;
        id = str_cut((struct str){rest.p + 2, (size_t)(end - rest.p) - 2}, ',', &text);
        inner(inl, text.n > 0 ? text : id);
        return (size_t)(end - rest.p) + 2;
    }
    if (rest.p[0] != '[' || !brackets(rest, 0, &inside))
        return 0;
    if (str_starts(rest, "[["))
        return inside.n + 2;
    if ((inside.n > 0 && inside.p[0] != '.' && inside.p[0] != '#' && !isalpha((unsigned char)inside.p[0])) ||
        rest.n <= inside.n + 2 || strchr("#*_`", rest.p[inside.n + 2]) == NULL)
        return 0;
    if (str_contains(inside, "line-through")) {
        size_t n;

        inl->words->struck++;
        n = emphasis(inl, at + inside.n + 2);
        inl->words->struck--;
        return n == 0 ? 0 : inside.n + 2 + n;
    }
    return inside.n + 2; /* a role shows nothing; its text follows */
}

/* --- all of them --- */

/* The length of what begins at `at` and is more than text. */
static size_t special(struct inline_text *inl, size_t at)
{
    struct str rest = str_from(inl->text, at);

    switch (rest.p[0]) {
    case '{': return attribute(inl, rest);
    case '&': return entity(inl, rest);
    case '*':
    case '_':
    case '`':
    case '#':
    case '+': return emphasis(inl, at);
    case '^':
    case '~': return script(inl, at);
    case '<':
    case '[': return bracketed(inl, at);
    case '\\':
        if (rest.n < 2 || strchr("*_`#+^~{<[\\&|:", rest.p[1]) == NULL)
            return 0;
        add(inl, str_head(str_from(rest, 1), 1));
        return 2;
    default: return at == 0 || !is_word(inl->text, at - 1) ? macro(inl, at) : 0;
    }
}

static bool may_be_special(struct str text, size_t at)
{
    return strchr("{&*_`#+^~<[\\", text.p[at]) != NULL ||
           (strchr("lxmhkbifpa", text.p[at]) != NULL && (at == 0 || !is_word(text, at - 1)));
}

static void run(struct inline_text *inl)
{
    size_t done = 0;

    for (size_t at = 0; at < inl->text.n;) {
        size_t n = 0;

        if (inl->text.p[at] == '\0' || !may_be_special(inl->text, at)) {
            at++;
            continue;
        }
        add(inl, (struct str){inl->text.p + done, at - done});
        n = special(inl, at);
        done = at + n;
        at = n == 0 ? at + 1 : done;
    }
    add(inl, str_from(inl->text, done));
}

/* Text inside a mark. */
static void inner(const struct inline_text *outer, struct str text)
{
    struct inline_text inl = {.doc = outer->doc, .words = outer->words, .text = text, .depth = outer->depth + 1};

    inl.end = outer->end;
    inl.at = outer->at;
    if (outer->end == 0 && text.p >= outer->text.p && text.p <= outer->text.p + outer->text.n)
        inl.at = outer->at + (size_t)(text.p - outer->text.p);
    if (inl.depth > DEEPEST)
        add(&inl, text);
    else
        run(&inl);
}

void asciidoc_inline(struct asciidoc *doc, struct words *words, struct str text, size_t at)
{
    while (text.n > 0) {
        const char *brk = memmem(text.p, text.n, " +\n", 3);
        struct inline_text inl = {.doc = doc, .words = words, .at = at};
        size_t n = brk == NULL ? text.n : (size_t)(brk - text.p) + 3;

        inl.text = str_head(text, brk == NULL ? n : n - 3);
        if (brk == NULL && str_ends(str_trim(text), " +"))
            inl.text = str_head(text, (size_t)(str_trim(text).p - text.p) + str_trim(text).n - 2);
        run(&inl);
        if (inl.text.n < n && (brk != NULL || inl.text.n + 2 <= n))
            words_break(words);
        text = str_from(text, n);
        at += n;
    }
}
