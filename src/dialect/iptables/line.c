/*
 * Lines of pasted texts; see line.h. Inside plain double quotes nothing is changed: a comment may hold whatever it
 * likes. Outside of them no rule has characters that are not ASCII, so nothing is lost by taking them for what they
 * were made from.
 */
#include "dialect/iptables/line.h"

#include "base/vec.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define FOLD_BLANKS 40 /* a terminal that folds fills with at least as many blanks */

struct making {
    struct arena *arena;
    struct VEC(char) text;
    struct VEC(struct piece) pieces;
    uint32_t next; /* byte of the source that would go on the last piece */
    bool changed;  /* something was replaced */
    char quote;    /* '"': inside plain quotes, 'q': inside others */
};

/* Sequences that stand for something plain. */
enum glyph {
    GLYPH_QUOTE,
    GLYPH_DASH,      /* - */
    GLYPH_EN_DASH,   /* what became of -- or, before a single letter, of - */
    GLYPH_EM_DASH,   /* likewise of -- */
    GLYPH_PLAIN,     /* as `plain` says */
    GLYPH_ELSEWHERE, /* not one */
};

static const struct {
    const char *bytes;
    enum glyph glyph;
    const char *plain;
} glyphs[] = {
    {"\xe2\x80\x9c", GLYPH_QUOTE, NULL},
    {"\xe2\x80\x9d", GLYPH_QUOTE, NULL},
    {"\xe2\x80\x9e", GLYPH_QUOTE, NULL},
    {"\xe2\x80\x9f", GLYPH_QUOTE, NULL},
    {"&quot;", GLYPH_QUOTE, NULL},
    {"&#34;", GLYPH_QUOTE, NULL},
    {"\xe2\x80\x98", GLYPH_PLAIN, "'"},
    {"\xe2\x80\x99", GLYPH_PLAIN, "'"},
    {"&#39;", GLYPH_PLAIN, "'"},
    {"&apos;", GLYPH_PLAIN, "'"},
    {"\xe2\x80\x90", GLYPH_DASH, NULL},
    {"\xe2\x80\x91", GLYPH_DASH, NULL},
    {"\xe2\x88\x92", GLYPH_DASH, NULL},
    {"\xe2\x80\x93", GLYPH_EN_DASH, NULL},
    {"\xe2\x80\x94", GLYPH_EM_DASH, NULL},
    {"\xc2\xa0", GLYPH_PLAIN, " "},
    {"\xe2\x80\xaf", GLYPH_PLAIN, " "},
    {"\xe2\x80\x89", GLYPH_PLAIN, " "},
    {"\xe3\x80\x80", GLYPH_PLAIN, " "},
    {"&nbsp;", GLYPH_PLAIN, " "},
    {"\xe2\x80\x8b", GLYPH_PLAIN, ""},
    {"\xef\xbb\xbf", GLYPH_PLAIN, ""},
    {"\xc2\xad", GLYPH_PLAIN, ""},
    {"&amp;", GLYPH_PLAIN, "&"},
    {"&lt;", GLYPH_PLAIN, "<"},
    {"&gt;", GLYPH_PLAIN, ">"},
    {"<br>", GLYPH_PLAIN, ""},
    {"<br/>", GLYPH_PLAIN, ""},
    {"<br />", GLYPH_PLAIN, ""},
};

#define GLYPHS (sizeof glyphs / sizeof *glyphs)

static uint32_t find_fold(const struct source *source)
{
    uint32_t shortest = UINT32_MAX;

    for (uint32_t line = 1; line <= source->line_n; line++) {
        struct str text = source_line_text(source, line);
        uint32_t n = FOLD_COLUMN;

        if (text.n < FOLD_COLUMN + FOLD_BLANKS || text.p[FOLD_COLUMN] != ' ' || text.p[0] != '-')
            continue;
        while (n < text.n && text.p[n] == ' ')
            n++;
        if (n - FOLD_COLUMN >= FOLD_BLANKS && n - FOLD_COLUMN < shortest)
            shortest = n - FOLD_COLUMN;
    }
    return shortest == UINT32_MAX ? 0 : shortest;
}

/* Nearly every text has none of the bytes that begin a glyph. Eight of them are looked at together. */
static bool may_have_glyphs(struct str text)
{
    uint64_t all = 0;
    size_t i = 0;

    for (uint64_t eight; i + sizeof eight <= text.n; i += sizeof eight) {
        memcpy(&eight, text.p + i, sizeof eight);
        all |= eight;
    }
    for (; i < text.n; i++)
        all |= (unsigned char)text.p[i];
    return (all & 0x8080808080808080u) != 0 || memchr(text.p, '&', text.n) != NULL ||
           memchr(text.p, '<', text.n) != NULL;
}

static bool has_glyphs(struct str text)
{
    for (size_t i = 0; i < GLYPHS; i++) {
        if (str_contains(text, glyphs[i].bytes))
            return true;
    }
    return false;
}

void lines_open(struct lines *lines, struct arena *arena, const struct source *source)
{
    *lines = (struct lines){.arena = arena, .source = source, .fold = find_fold(source)};
    lines->strange = (source->text.n > 0 && memchr(source->text.p, '\x1b', source->text.n) != NULL) ||
                     (may_have_glyphs(source->text) && has_glyphs(source->text));
}

static void put(struct making *making, const char *text, size_t n, uint32_t from)
{
    if (making->pieces.n == 0 || making->next != from)
        *vec_push(making->arena, &making->pieces) = (struct piece){(uint32_t)making->text.n, from};
    for (size_t i = 0; i < n; i++)
        *vec_push(making->arena, &making->text) = text[i];
    making->next = from + (uint32_t)n;
}

static enum glyph glyph_at(struct str rest, size_t *which)
{
    if (rest.p[0] != '&' && rest.p[0] != '<' && (rest.p[0] & 0x80) == 0)
        return GLYPH_ELSEWHERE;
    for (size_t i = 0; i < GLYPHS; i++) {
        if (str_starts(rest, glyphs[i].bytes)) {
            *which = i;
            return glyphs[i].glyph;
        }
    }
    return GLYPH_ELSEWHERE;
}

/* `ESC [ 01;31 m` of a coloured terminal; 0: none. */
static size_t escape_length(struct str rest)
{
    size_t i = 2;

    if (!str_starts(rest, "\x1b["))
        return 0;
    while (i < rest.n && ((rest.p[i] >= '0' && rest.p[i] <= '9') || rest.p[i] == ';'))
        i++;
    return i < rest.n ? i + 1 : i;
}

/* A dash at the beginning of a word was two, before a single letter one; inside a word it was one. */
static const char *dash_of(const struct making *making, enum glyph glyph, struct str behind)
{
    bool begins = (making->text.n == 0 || making->text.v[making->text.n - 1] == ' ') && !str_starts(behind, "-") &&
                  !str_starts(behind, "\xe2\x80\x93");
    bool letter = behind.n > 0 && (behind.n == 1 || behind.p[1] == ' ' || behind.p[1] == '\t' ||
                                   (behind.p[1] & 0x80) != 0 || behind.p[1] == '&');

    return begins && (glyph == GLYPH_EM_DASH || (glyph == GLYPH_EN_DASH && !letter)) ? "--" : "-";
}

/* What stands at `rest`, into the text; how many bytes it takes. */
static size_t put_next(struct making *making, struct str rest, uint32_t from)
{
    size_t escape = escape_length(rest);
    size_t which;
    enum glyph glyph;
    const char *plain;

    if (escape > 0) {
        making->changed = true;
        return escape;
    }
    if (rest.p[0] == '"') {
        making->quote = making->quote == 0 ? '"' : 0;
    } else if (rest.p[0] == '\\' && rest.n > 1) {
        put(making, rest.p, 2, from);
        return 2;
    }
    glyph = making->quote == '"' ? GLYPH_ELSEWHERE : glyph_at(rest, &which);
    if (glyph == GLYPH_ELSEWHERE || (making->quote != 0 && glyph != GLYPH_QUOTE)) {
        put(making, rest.p, 1, from);
        return 1;
    }
    plain = glyphs[which].plain;
    if (glyph == GLYPH_QUOTE) {
        making->quote = making->quote == 0 ? 'q' : 0;
        plain = "\"";
    } else if (glyph != GLYPH_PLAIN) {
        plain = dash_of(making, glyph, str_from(rest, strlen(glyphs[which].bytes)));
    }
    put(making, plain, strlen(plain), from);
    making->next = UINT32_MAX; /* what follows is not the source's next byte */
    making->changed = true;
    return strlen(glyphs[which].bytes);
}

/* Part of the source into the text, made plain. */
static void put_part(struct making *making, const struct lines *lines, struct str part)
{
    uint32_t from = (uint32_t)(part.p - lines->source->text.p);

    if (part.n > 0 && !lines->strange)
        put(making, part.p, part.n, from);
    for (size_t i = 0; i < part.n && lines->strange;)
        i += put_next(making, str_from(part, i), from + (uint32_t)i);
}

static void count(struct line_count *count, uint32_t line)
{
    if (count->n++ == 0)
        count->first = line;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct str without_end(struct str text)
{
    while (text.n > 0 && is_blank(text.p[text.n - 1]))
        text.n--;
    return text;
}

/* Something that only a ruleset has at the beginning of a line. */
static bool begins_rule(struct str text)
{
    static const char *const starts[] = {"-A ",     "-I ",  "-P ",    "-N ", "*filter", "*nat",
                                         "*mangle", "*raw", "COMMIT", ":",   "#"};

    if (text.n == 0)
        return true;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (str_starts(text, starts[i]))
            return true;
    }
    return text.p[0] == '[' && str_contains(text, "] -A ");
}

/* `> ` and `> > ` of a mail or a forum; what is quoted may itself have numbers before it. */
static size_t before_quoted(struct str text)
{
    size_t n = 0;

    while (n < text.n && (text.p[n] == '>' || is_blank(text.p[n])))
        n++;
    return text.n > 0 && memchr(text.p, '>', n) != NULL ? n : 0;
}

/* `12`, `12:`, `12)`, `12 |` before something that only a ruleset has; else 0. */
static size_t before_numbered(struct str text)
{
    size_t n = 0;
    size_t digits;

    while (n < text.n && is_blank(text.p[n]))
        n++;
    digits = n;
    while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
        n++;
    if (n == digits)
        return 0;
    if (n < text.n && (text.p[n] == ':' || text.p[n] == '.' || text.p[n] == ')'))
        n++;
    if (n < text.n && !is_blank(text.p[n]))
        return 0;
    while (n < text.n && (is_blank(text.p[n]) || text.p[n] == '|'))
        n++;
    return begins_rule(str_from(text, n)) ? n : 0;
}

static size_t before_rule(struct str text)
{
    size_t quoted = before_quoted(text);

    return quoted + before_numbered(str_from(text, quoted));
}

static struct str raw_line(const struct lines *lines, uint32_t line)
{
    struct str text = without_end(source_line_text(lines->source, line));

    if (line == 1 && str_starts(text, BYTE_ORDER_MARK))
        text = str_from(text, strlen(BYTE_ORDER_MARK));
    return str_from(text, before_rule(text));
}

struct str lines_look(struct lines *lines, uint32_t line)
{
    struct making making = {.arena = lines->arena};
    struct str raw = raw_line(lines, line);
    size_t which;
    bool strange = false;

    for (size_t i = 0; i < raw.n && lines->strange && !strange; i++)
        strange = (raw.p[i] == '&' || raw.p[i] == '<' || raw.p[i] == '\x1b' || (raw.p[i] & 0x80) != 0) &&
                  (escape_length(str_from(raw, i)) > 0 || glyph_at(str_from(raw, i), &which) != GLYPH_ELSEWHERE);
    if (!strange)
        return str_trim(raw);
    put_part(&making, lines, raw);
    raw = (struct str){making.text.v, making.text.n};
    return str_trim(str_from(raw, before_rule(raw)));
}

/* The blanks of a fold at column 80, taken out. */
static void put_line(struct making *making, struct lines *lines, uint32_t line, struct str text)
{
    if (lines->fold > 0 && text.n > FOLD_COLUMN + lines->fold && text.p[0] == '-' && text.p[FOLD_COLUMN] == ' ' &&
        str_trim(str_head(str_from(text, FOLD_COLUMN), lines->fold)).n == 0) {
        put_part(making, lines, str_head(text, FOLD_COLUMN));
        put_part(making, lines, str_from(text, FOLD_COLUMN + lines->fold));
        count(&lines->folded, line);
    } else {
        put_part(making, lines, text);
    }
}

uint32_t lines_take(struct lines *lines, uint32_t line, uint32_t last, bool cut, struct line *out)
{
    struct making making = {.arena = lines->arena};
    struct str text = raw_line(lines, line);
    uint32_t first = line;
    bool goes_on = text.n > 0 && text.p[text.n - 1] == '\\' && line < lines->source->line_n;

    *out = (struct line){.text = text, .at = (uint32_t)(text.p - lines->source->text.p)};
    if (last <= line && !goes_on && !lines->strange && (lines->fold == 0 || text.n <= FOLD_COLUMN + lines->fold))
        return line + 1;
    for (;;) {
        put_line(&making, lines, line, str_head(text, text.n - goes_on));
        if (!goes_on && line >= last)
            break;
        if (!goes_on)
            count(&lines->wrapped, line);
        line++;
        text = raw_line(lines, line);
        if (goes_on || !cut)
            put(&making, " ", 1, (uint32_t)(text.p - lines->source->text.p));
        making.next = UINT32_MAX;
        goes_on = text.n > 0 && text.p[text.n - 1] == '\\' && line < lines->source->line_n;
    }
    if (making.changed)
        count(&lines->cleaned, first);
    if (making.changed || making.pieces.n > 1) {
        out->text = without_end((struct str){making.text.v, making.text.n});
        out->pieces = making.pieces.v;
        out->piece_n = making.pieces.n;
    }
    return line + 1;
}

uint32_t line_in_source(const struct line *line, uint32_t at)
{
    size_t i = 0;

    if (line->piece_n == 0)
        return line->at + at;
    while (i + 1 < line->piece_n && line->pieces[i + 1].at <= at)
        i++;
    return at < line->pieces[i].at ? line->at : line->pieces[i].from + (at - line->pieces[i].at);
}

void lines_tell(const struct lines *lines, struct diags *diags)
{
    const struct source *source = lines->source;

    if (lines->folded.n > 0)
        diag_warning(diags, span_line(source, lines->folded.first),
                     "%u line%s folded by a terminal at column %d: joined again", lines->folded.n,
                     lines->folded.n > 1 ? "s were" : " was", FOLD_COLUMN);
    if (lines->wrapped.n > 0)
        diag_warning(diags, span_line(source, lines->wrapped.first),
                     "%u line%s broken in the middle of a rule: joined again", lines->wrapped.n,
                     lines->wrapped.n > 1 ? "s were" : " was");
    if (lines->cleaned.n > 0)
        diag_warning(diags, span_line(source, lines->cleaned.first),
                     "%u line%s quotes, dashes or blanks that are no plain ones: read as if they were",
                     lines->cleaned.n, lines->cleaned.n > 1 ? "s have" : " has");
}
