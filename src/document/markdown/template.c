/* Tags of template engines: Liquid (Jekyll, GitHub, GitBook) and Hugo's shortcodes; see markdown.h. */
#include "document/markdown/markdown.h"

#include <ctype.h>

static const struct {
    const char *open;
    const char *close;
} delimiters[] = {
    {"{{<", ">}}"},
    {"{{%", "%}}"},
    {"{%", "%}"},
    {"{{", "}}"},
};

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

bool template_at(struct str s, struct template_tag *tag)
{
    for (size_t i = 0; i < sizeof delimiters / sizeof *delimiters; i++) {
        struct str inner;
        const char *end;
        size_t n = 0;

        if (!str_starts(s, delimiters[i].open))
            continue;
        inner = str_from(s, strlen(delimiters[i].open));
        end = memmem(inner.p, inner.n, delimiters[i].close, strlen(delimiters[i].close));
        if (end == NULL)
            return false;
        tag->n = (size_t)(end - s.p) + strlen(delimiters[i].close);
        inner = str_trim(str_head(inner, (size_t)(end - inner.p)));
        while (inner.n > 0 && inner.p[0] == '-')
            inner = str_trim(str_from(inner, 1));
        while (inner.n > 0 && inner.p[inner.n - 1] == '-')
            inner = str_trim(str_head(inner, inner.n - 1));
        tag->closes = inner.n > 0 && inner.p[0] == '/';
        if (tag->closes)
            inner = str_trim(str_from(inner, 1));
        while (n < inner.n && in_name(inner.p[n]))
            n++;
        tag->name = str_head(inner, n);
        tag->rest = str_trim(str_from(inner, n));
        if (!tag->closes && str_starts(tag->name, "end") && tag->name.n > 3) {
            tag->closes = true;
            tag->name = str_from(tag->name, 3);
        }
        return true;
    }
    return false;
}

struct str template_value(struct str rest, const char *name)
{
    size_t n = strlen(name);

    for (size_t at = 0; at + n < rest.n; at++) {
        struct str value = str_from(rest, at);
        char quote;

        if (!str_starts(value, name) || (at > 0 && in_name(rest.p[at - 1])))
            continue;
        value = str_trim(str_from(value, n));
        if (value.n == 0 || (value.p[0] != '=' && value.p[0] != ':'))
            continue;
        value = str_trim(str_from(value, 1));
        quote = value.n > 0 ? value.p[0] : 0;
        if (quote != '"' && quote != '\'')
            return str_word(&value);
        for (size_t i = 1; i < value.n; i++) {
            if (value.p[i] == quote && value.p[i - 1] != '\\')
                return str_head(str_from(value, 1), i - 1);
        }
    }
    return STR_EMPTY;
}

struct str template_blank(struct arena *arena, struct str text)
{
    char *made;

    if (!str_contains(text, "{%"))
        return text;
    made = arena_copy(arena, text.p, text.n);
    for (size_t at = 0; at + 1 < text.n;) {
        struct template_tag tag;
        struct str words;

        if (text.p[at] != '{' || text.p[at + 1] != '%') {
            at++;
            continue;
        }
        if (!template_at(str_from(text, at), &tag))
            break; /* no tag ends behind this */
        words = template_value(tag.rest, "content");
        if (str_is(tag.name, "include") && words.n > 0) {
            memset(made + at, ' ', (size_t)(words.p - (text.p + at)));
            memset(made + (words.p + words.n - text.p), ' ', at + tag.n - (size_t)(words.p + words.n - text.p));
        }
        at += tag.n;
    }
    return (struct str){made, text.n};
}
