/* Texts and places in them; see source.h. */
#include "base/source.h"

#include <assert.h>
#include <string.h>

/* Where the line after the next newline begins; 0: there is no newline. */
static size_t behind_newline(struct str text, size_t at)
{
    const char *found = at < text.n ? memchr(text.p + at, '\n', text.n - at) : NULL;

    return found == NULL ? 0 : (size_t)(found - text.p) + 1;
}

struct source *source_new(struct arena *arena, struct str name, struct str text)
{
    struct source *source = arena_new_object(arena, struct source);
    uint32_t lines = 1;

    assert(text.n < UINT32_MAX);
    source->name = name;
    source->text = text;
    for (size_t at = behind_newline(text, 0); at > 0; at = behind_newline(text, at))
        lines++;
    source->line_starts = arena_new_array(arena, uint32_t, lines);
    source->line_n = lines;
    lines = 1;
    for (size_t at = behind_newline(text, 0); at > 0; at = behind_newline(text, at))
        source->line_starts[lines++] = (uint32_t)at;
    return source;
}

uint32_t source_line(const struct source *source, uint32_t at)
{
    uint32_t low = 0;
    uint32_t high = source->line_n;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (source->line_starts[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

uint32_t source_column(const struct source *source, uint32_t at)
{
    return at - source->line_starts[source_line(source, at) - 1] + 1;
}

struct str source_line_text(const struct source *source, uint32_t line)
{
    struct str text;
    size_t end;

    if (line == 0 || line > source->line_n)
        return STR_EMPTY;
    end = line < source->line_n ? source->line_starts[line] - 1 : source->text.n;
    text = str_from(str_head(source->text, end), source->line_starts[line - 1]);
    if (str_ends(text, "\r"))
        text.n--;
    return text;
}

struct span span_at(const struct source *source, size_t at, size_t n)
{
    return (struct span){.source = source, .at = (uint32_t)at, .n = (uint32_t)n};
}

struct span span_line(const struct source *source, uint32_t line)
{
    struct str text = source_line_text(source, line);

    if (line == 0 || line > source->line_n)
        return (struct span){.source = source};
    return span_at(source, source->line_starts[line - 1], text.n);
}

struct span span_inside(struct span span, struct str text, size_t at, size_t n)
{
    struct str shown;

    if (span.source == NULL || at > text.n || n > text.n - at)
        return span;
    shown = str_head(str_from(span.source->text, span.at), span.n);
    for (size_t quote = 0; quote <= 1 && quote + text.n <= shown.n; quote++) {
        if (memcmp(shown.p + quote, text.p, text.n) == 0)
            return span_at(span.source, span.at + quote + at, n);
    }
    return span;
}
