/* Marks inside lines of reStructuredText; see rst.h. What is not closed is text. */
#include <ctype.h>

#include "document/rst/rst.h"

struct inline_text {
    struct rst *rst;
    struct words *words;
    struct str text;
    size_t at;
    size_t end;
    size_t clean[4]; /* by mark: nothing before this place closes one */
};

static bool may_begin(struct str text, size_t at)
{
    return at == 0 || !(isalnum((unsigned char)text.p[at - 1]) || (unsigned char)text.p[at - 1] >= 0x80);
}

static bool closes(struct str text, size_t at, const char *mark, size_t n)
{
    return memcmp(text.p + at, mark, n) == 0 && !isspace((unsigned char)text.p[at - 1]) && text.p[at - 1] != '\\' &&
           (at + n >= text.n || !isalnum((unsigned char)text.p[at + n]));
}

/* Where `mark` closes what begins behind `from`; 0: nowhere. No place is looked at twice for nothing. */
static size_t closing(struct inline_text *inl, size_t from, const char *mark)
{
    struct str text = inl->text;
    size_t n = strlen(mark);
    size_t *clean = &inl->clean[(*mark == '*' ? 2 : 0) + n - 1];
    size_t i = *clean > from + 1 ? *clean : from + 1;

    for (; i + n <= text.n; i++) {
        if (closes(text, i, mark, n))
            return i;
        *clean = i + 1;
    }
    return 0;
}

static void add(struct inline_text *inl, struct str text)
{
    words_add_from(inl->words, text, inl->at, inl->end);
}

/* `text <target>`: the text. */
static struct str without_target(struct str text)
{
    if (text.n > 2 && text.p[text.n - 1] == '>') {
        for (size_t i = text.n - 1; i > 0; i--) {
            if (text.p[i] == '<')
                return i > 0 && str_trim(str_head(text, i)).n > 0 ? str_trim(str_head(text, i))
                                                                  : str_head(str_from(text, i + 1), text.n - i - 2);
        }
    }
    return text;
}

static void role(struct inline_text *inl, struct str name, struct str text)
{
    text = without_target(text);
    if (str_is(name, "sup") && words_is_mark(text)) {
        words_mark(inl->words, text, inl->at);
        return;
    }
    inl->words->struck += str_is(name, "strike") || str_is(name, "del");
    while (str_is(name, "ref") && str_starts(text, "~"))
        text = str_from(text, 1);
    add(inl, text);
    inl->words->struck -= str_is(name, "strike") || str_is(name, "del");
}

/* :role:`text`; its length. */
static size_t role_at(struct inline_text *inl, size_t at)
{
    struct str rest = str_from(inl->text, at);
    size_t n = 1;
    size_t end;

    while (n < rest.n && n < 40 && (isalnum((unsigned char)rest.p[n]) || strchr("-_:.+", rest.p[n]) != NULL))
        n++;
    if (n < 3 || n >= rest.n || rest.p[n] != '`' || rest.p[n - 1] != ':')
        return 0;
    end = closing(inl, at + n, "`");
    if (end == 0)
        return 0;
    end -= at;
    role(inl, (struct str){rest.p + 1, n - 2}, (struct str){rest.p + n + 1, end - n - 1});
    return end + 1;
}

static size_t marked(struct inline_text *inl, size_t at, const char *mark)
{
    size_t n = strlen(mark);
    size_t end = at + n < inl->text.n && !isspace((unsigned char)inl->text.p[at + n]) ? closing(inl, at + n, mark) : 0;
    struct str inside;

    if (end == 0)
        return 0;
    inside = (struct str){inl->text.p + at + n, end - at - n};
    end += n;
    if (*mark == '`' && n == 1) {
        inside = without_target(inside);
        while (end < inl->text.n && inl->text.p[end] == '_')
            end++;
    }
    add(inl, inside);
    return end - at;
}

/* `[1]_`, `[#name]_` */
static size_t footnote(struct inline_text *inl, size_t at)
{
    struct str rest;
    struct str mark = str_cut(str_head(str_from(inl->text, at + 1), 24), ']', &rest);

    if (mark.n == 0 || rest.n == 0 || rest.p[0] != '_' || rest.p[-1] != ']')
        return 0;
    words_mark(inl->words, mark.p[0] == '#' && mark.n > 1 ? str_from(mark, 1) : mark, inl->at);
    return mark.n + 3;
}

static size_t substitution(struct inline_text *inl, size_t at)
{
    struct str rest;
    struct str name = str_cut(str_head(str_from(inl->text, at + 1), 80), '|', &rest);
    const struct str *value = name.n == 0 ? NULL : map_get(&inl->rst->substitutions, name);
    size_t n = name.n + 2;

    if (value == NULL)
        return 0;
    add(inl, *value);
    while (at + n < inl->text.n && inl->text.p[at + n] == '_')
        n++;
    return n;
}

static size_t special(struct inline_text *inl, size_t at)
{
    struct str rest = str_from(inl->text, at);
    size_t n = 0;

    switch (rest.p[0]) {
    case '\\':
        if (rest.n > 1 && !isspace((unsigned char)rest.p[1]))
            add(inl, str_head(str_from(rest, 1), 1));
        return rest.n > 1 ? 2 : 1;
    case '*':
        n = may_begin(inl->text, at) && str_starts(rest, "**") ? marked(inl, at, "**") : 0;
        return n == 0 && may_begin(inl->text, at) ? marked(inl, at, "*") : n;
    case '`':
        n = may_begin(inl->text, at) && str_starts(rest, "``") ? marked(inl, at, "``") : 0;
        return n == 0 && may_begin(inl->text, at) ? marked(inl, at, "`") : n;
    case ':': return may_begin(inl->text, at) ? role_at(inl, at) : 0;
    case '[': return footnote(inl, at);
    case '|': return substitution(inl, at);
    case '_': /* of a reference by its name: word_ */
        n = at > 0 && isalnum((unsigned char)inl->text.p[at - 1]) ? 1 : 0;
        if (n == 1 && at + 1 < inl->text.n && inl->text.p[at + 1] == '_')
            n = 2;
        return n > 0 && (at + n >= inl->text.n || strchr(" \n\t.,;:!?)", inl->text.p[at + n]) != NULL) ? n : 0;
    }
    return 0;
}

void rst_inline(struct rst *rst, struct words *words, struct str text, size_t at, size_t end)
{
    struct inline_text inl = {.rst = rst, .words = words, .text = text, .at = at, .end = end};
    size_t done = 0;

    for (size_t i = 0; i < text.n;) {
        size_t n = 0;

        if (strchr("\\*`:[|_", text.p[i]) != NULL && text.p[i] != '\0') {
            add(&inl, (struct str){text.p + done, i - done});
            n = special(&inl, i);
            done = i + n;
        }
        i = n == 0 ? i + 1 : done;
    }
    add(&inl, str_from(text, done));
}

/* Adds what was gathered of a sentence. */
static void flush(struct rst *rst, struct words *words, struct buf *sentence, size_t at, size_t end)
{
    if (sentence->n > 0)
        rst_inline(rst, words, buf_str(sentence), at, end);
    sentence->n = 0;
}

void rst_cell(struct rst *rst, struct words *words, struct rst_lines lines)
{
    struct buf sentence = BUF_EMPTY;
    size_t at = 0;
    size_t end = 0;

    for (size_t i = 0; i < lines.n; i++) {
        struct str line = str_trim(lines.v[i]);
        size_t start = rst_item_start(line);
        bool line_block = str_starts(line, "| ");

        if (rst_blank(line) || start > 0 || line_block) {
            flush(rst, words, &sentence, at, end);
            words_break(words);
        }
        if (rst_blank(line) || str_starts(line, ".. "))
            continue;
        line = str_from(line, line_block ? 2 : start);
        if (sentence.n == 0)
            at = rst_place(rst, line);
        end = rst_place(rst, line) + line.n;
        buf_add(&sentence, line);
        buf_addc(&sentence, '\n');
    }
    flush(rst, words, &sentence, at, end);
    buf_free(&sentence);
}
