/*
 * Text out of pieces; see words.h. The one place that decides what a blank is, what has no width, and what becomes of
 * bytes that are no text; linear in what is added.
 */
#include "document/words.h"

void words_begin(struct words *words, struct arena *arena)
{
    *words = (struct words){.arena = arena, .at = SIZE_MAX};
}

bool words_empty(const struct words *words)
{
    return words->out.n == 0 && words->marks.n == 0;
}

size_t words_letter(struct str s, uint32_t *letter)
{
    unsigned char first = s.n == 0 ? 0 : (unsigned char)s.p[0];
    size_t n = first < 0x80 ? 1 : first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
    uint32_t value = n < 2 ? first : first & (0xffu >> (n + 1));

    if (n == 0 || n > s.n || first >= 0xf5)
        return 0;
    for (size_t i = 1; i < n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if ((c & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (c & 0x3f);
    }
    if ((n == 3 && value < 0x800) || (n == 4 && (value < 0x10000 || value > 0x10ffff)) ||
        (value >= 0xd800 && value < 0xe000))
        return 0;
    *letter = value;
    return n;
}

static bool is_blank(uint32_t letter)
{
    return letter == ' ' || (letter >= '\t' && letter <= '\r') || letter == 0x1680 ||
           (letter >= 0x2000 && letter <= 0x200a && letter != 0x2007) || letter == 0x205f || letter == 0x3000;
}

static bool is_break(uint32_t letter)
{
    return letter == 0x85 || letter == 0x2028 || letter == 0x2029;
}

/* Soft hyphen, joiners, marks of direction, byte order mark. */
static bool has_no_width(uint32_t letter)
{
    return letter == 0xad || (letter >= 0x200b && letter <= 0x200f) || (letter >= 0x202a && letter <= 0x202e) ||
           (letter >= 0x2060 && letter <= 0x2064) || letter == 0xfeff;
}

static void show(struct words *words, struct str s, size_t at, size_t end)
{
    size_t from;

    if (words->blank && words->out.n > 0 && words->out.p[words->out.n - 1] != '\n')
        buf_addc(&words->out, ' ');
    words->blank = false;
    from = words->out.n;
    buf_add(&words->out, s);
    if (at < words->at)
        words->at = at;
    if (end > words->end)
        words->end = end;
    if (words->struck == 0)
        return;
    if (words->struck_parts.n > 0 && words->struck_parts.v[words->struck_parts.n - 1].to + 1 >= from)
        words->struck_parts.v[words->struck_parts.n - 1].to = words->out.n;
    else
        *vec_push(words->arena, &words->struck_parts) = (struct words_range){from, words->out.n};
}

/* Bytes that show as they are, from the start of s. */
static size_t plain_bytes(struct str s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] > ' ' && s.p[n] < 0x7f)
        n++;
    return n;
}

/* One letter, or a byte that is none; its length. */
static size_t add_letter(struct words *words, struct str s, size_t at, size_t end)
{
    uint32_t letter = 0;
    size_t n = words_letter(s, &letter);

    if (n > 0 && is_blank(letter))
        words->blank = true;
    else if (n > 0 && is_break(letter))
        words_break(words);
    else if (n == 0 || letter < ' ' || letter == 0x7f)
        show(words, STR("\xef\xbf\xbd"), at, end);
    else if (!has_no_width(letter))
        show(words, str_head(s, n), at, end);
    return n == 0 ? 1 : n;
}

void words_add(struct words *words, struct str s, size_t at)
{
    for (size_t done = 0, n; done < s.n; done += n) {
        struct str rest = str_from(s, done);

        n = plain_bytes(rest);
        if (n > 0)
            show(words, str_head(rest, n), at + done, at + done + n);
        else
            n = add_letter(words, rest, at + done, at + done + 1);
    }
}

void words_add_from(struct words *words, struct str s, size_t at, size_t end)
{
    for (size_t done = 0, n; done < s.n; done += n) {
        struct str rest = str_from(s, done);

        n = plain_bytes(rest);
        if (n > 0)
            show(words, str_head(rest, n), at, end);
        else
            n = add_letter(words, rest, at, end);
    }
}

void words_blank(struct words *words)
{
    words->blank = true;
}

void words_break(struct words *words)
{
    words->blank = false;
    if (words->out.n > 0 && words->out.p[words->out.n - 1] != '\n')
        buf_addc(&words->out, '\n');
}

void words_lines(struct words *words, struct str s, size_t at)
{
    while (s.n > 0) {
        struct str rest;
        struct str line = str_cut(s, '\n', &rest);

        words_add(words, line, at);
        if (line.n < s.n)
            words_break(words);
        at += s.n - rest.n;
        s = rest;
    }
}

void words_mark(struct words *words, struct str mark, size_t at)
{
    mark = str_trim(mark);
    while (mark.n > 1 && (mark.p[0] == '[' || mark.p[0] == '('))
        mark = str_from(mark, 1);
    while (mark.n > 1 && (mark.p[mark.n - 1] == ']' || mark.p[mark.n - 1] == ')'))
        mark.n--;
    if (mark.n == 0)
        return;
    if (words->out.n > 0) {
        *vec_push(words->arena, &words->marks) = words_of(words->arena, mark);
        return;
    }
    words_add_from(words, STR("["), at, at + mark.n);
    words_add_from(words, mark, at, at + mark.n);
    words_add_from(words, STR("]"), at, at + mark.n);
    words_blank(words);
}

bool words_is_mark(struct str raised)
{
    size_t n = 0;

    raised = str_trim(raised);
    if (raised.n > 2 && (raised.p[0] == '[' || raised.p[0] == '('))
        return raised.n <= 24;
    while (n < raised.n && n < 3 && raised.p[n] >= '0' && raised.p[n] <= '9')
        n++;
    if (n > 0)
        return n == raised.n;
    return raised.n == 1 || str_starts(raised, "*") || str_is(raised, "\xe2\x80\xa0") ||
           str_is(raised, "\xe2\x80\xa1") || str_is(raised, "\xc2\xa7");
}

/* The text without what is struck through; true where nothing else is there. */
static bool take_struck(struct words *words, struct words_text *made)
{
    struct words left;
    size_t from = 0;

    words_begin(&left, words->arena);
    for (size_t i = 0; i <= words->struck_parts.n; i++) {
        size_t to = i < words->struck_parts.n ? words->struck_parts.v[i].from : made->text.n;

        if (to > from)
            words_lines(&left, (struct str){made->text.p + from, to - from}, 0);
        from = i < words->struck_parts.n ? words->struck_parts.v[i].to : to;
    }
    if (left.out.n == 0)
        return true;
    made->text = words_end(&left, 0).text;
    return false;
}

struct words_text words_end(struct words *words, size_t at)
{
    struct words_text made = {.at = words->at <= words->end ? words->at : at};
    struct str text = buf_str(&words->out);

    while (text.n > 0 && text.p[text.n - 1] == '\n')
        text.n--;
    made.n = words->at <= words->end ? words->end - words->at : 0;
    made.text = text.n == 0 ? STR_EMPTY : str_dup(words->arena, text);
    made.marks = words->marks.v;
    made.mark_n = words->marks.n;
    buf_free(&words->out);
    if (words->struck_parts.n > 0 && made.text.n > 0) {
        made.struck = take_struck(words, &made);
        made.dropped = !made.struck;
    }
    return made;
}

struct str words_of(struct arena *arena, struct str s)
{
    struct words words;

    words_begin(&words, arena);
    words_add(&words, s, 0);
    return words_end(&words, 0).text;
}

struct str words_code(struct arena *arena, struct str s)
{
    struct buf out = BUF_EMPTY;
    struct str made;
    size_t start = 0;

    for (size_t at = 0, n; at < s.n; at += n) {
        uint32_t letter = 0;

        n = words_letter(str_from(s, at), &letter);
        if (n == 1 && letter == '\r')
            continue;
        if (n == 0 || (letter < ' ' && letter != '\t' && letter != '\n') || letter == 0x7f)
            buf_adds(&out, "\xef\xbf\xbd");
        else
            buf_add(&out, str_head(str_from(s, at), n));
        n = n == 0 ? 1 : n;
    }
    made = buf_str(&out);
    for (size_t i = 0; i < made.n && strchr(" \t\n", made.p[i]) != NULL; i++)
        start = made.p[i] == '\n' ? i + 1 : start;
    made = str_from(made, start);
    while (made.n > 0 && strchr(" \t\n", made.p[made.n - 1]) != NULL)
        made.n--;
    made = made.n == 0 ? STR_EMPTY : str_dup(arena, made);
    buf_free(&out);
    return made;
}
