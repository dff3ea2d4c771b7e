/* Words of a line; see words.h. Quoting: add_argv of xshared.c (iptables 1.8): only " quotes, \ escapes inside; ' is
 * the shell's, for lines that people paste from scripts. */
#include "dialect/iptables/words.h"

#include "base/vec.h"

/* What a character does to a word; a large file is mostly characters that do nothing. */
enum { BLANK = 1, QUOTES = 2 };

static const unsigned char kinds[256] = {
    [' '] = BLANK,  ['\t'] = BLANK, ['\r'] = BLANK,  ['\v'] = BLANK,
    ['\f'] = BLANK, ['"'] = QUOTES, ['\''] = QUOTES, ['\\'] = QUOTES,
};

static bool is_blank(char c)
{
    return kinds[(unsigned char)c] == BLANK;
}

/* The word with quotes and escapes taken out. */
static struct str unquote(struct str raw, struct arena *text)
{
    char *p = arena_alloc(text, raw.n);
    size_t n = 0;
    char quote = 0;

    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];

        if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
        } else if (quote != 0 && c == quote) {
            quote = 0;
        } else {
            if (c == '\\' && quote != '\'' && i + 1 < raw.n)
                c = raw.p[++i];
            p[n++] = c;
        }
    }
    return (struct str){p, n};
}

/* End of the word that begins at `at`; *plain: no quote and no escape in it. */
static size_t word_end(struct str line, size_t at, bool *plain, bool *open)
{
    char quote = 0;
    size_t i = at;

    while (i < line.n && kinds[(unsigned char)line.p[i]] == 0)
        i++;
    *plain = true;
    for (; i < line.n; i++) {
        char c = line.p[i];

        if (quote == 0 && is_blank(c))
            break;
        if (kinds[(unsigned char)c] != QUOTES)
            continue;
        *plain = false;
        if (c == '\\' && quote != '\'' && i + 1 < line.n)
            i++;
        else if (c == quote)
            quote = 0;
        else if (quote == 0 && c != '\\')
            quote = c;
    }
    *open = quote != 0;
    return i < line.n ? i : line.n;
}

static struct str word_text(struct str raw, bool plain, bool open, struct arena *text)
{
    size_t n = raw.n;

    if (plain)
        return raw;
    /* The usual quoted comment: one pair of quotes around text without escapes is a slice. */
    if (!open && n >= 2 && raw.p[0] == '"' && raw.p[n - 1] == '"' && memchr(raw.p, '\\', n) == NULL &&
        memchr(raw.p + 1, '"', n - 2) == NULL)
        return (struct str){raw.p + 1, n - 2};
    return unquote(raw, text);
}

void words_split(struct words *words, struct str line, struct arena *array, struct arena *text)
{
    size_t at = 0;

    words->n = 0;
    words->open_quote = false;
    for (;;) {
        struct word *word;
        bool plain;
        bool open;
        size_t end;

        while (at < line.n && is_blank(line.p[at]))
            at++;
        if (at == line.n)
            return;
        end = word_end(line, at, &plain, &open);
        word = vec_push(array, words);
        word->at = (uint32_t)at;
        word->end = (uint32_t)end;
        word->quoted = !plain;
        word->text = word_text((struct str){line.p + at, end - at}, plain, open, text);
        words->open_quote = open;
        at = end;
    }
}

bool words_is_variable(const struct word *word, bool script)
{
    if (word->quoted && !script)
        return false;
    for (size_t i = 0; i + 1 < word->text.n; i++) {
        char next = word->text.p[i + 1];

        if (word->text.p[i] == '$' && ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '_' ||
                                       next == '{' || next == '(' || (next >= '0' && next <= '9')))
            return true;
    }
    return false;
}
