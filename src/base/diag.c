/* Diagnostics and how they look; see diag.h. */
#include "base/diag.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const severity_names[SEVERITY_N] = {"error", "warning", "note"};
static const char *const severity_colors[SEVERITY_N] = {"\033[1;31m", "\033[1;33m", "\033[1;36m"};

#define LINE_SHOWN 160 /* bytes of a source line that are shown around the place */
#define MESSAGE_SHOWN 600
#define MARKS_SHOWN 72 /* a span may be a whole line */

const char *severity_name(enum severity severity)
{
    return severity_names[severity];
}

void diags_init(struct diags *diags, struct arena *arena)
{
    *diags = (struct diags){.arena = arena};
}

static struct str format_message(struct arena *arena, const char *format, va_list args)
{
    struct buf buf = BUF_EMPTY;
    struct str message;

    buf_vaddf(&buf, format, args);
    message = str_dup(arena, buf_str(&buf));
    buf_free(&buf);
    return message;
}

static void add(struct diags *diags, enum severity severity, struct span span, const char *format, va_list args)
{
    if (severity == SEVERITY_ERROR)
        diags->errors++;
    else if (severity == SEVERITY_WARNING)
        diags->warnings++;
    if (diags->n >= DIAG_KEPT) {
        diags->hidden++;
        return;
    }
    *vec_push(diags->arena, diags) =
        (struct diag){.severity = severity, .span = span, .message = format_message(diags->arena, format, args)};
}

void diag_error(struct diags *diags, struct span span, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(diags, SEVERITY_ERROR, span, format, args);
    va_end(args);
}

void diag_warning(struct diags *diags, struct span span, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(diags, SEVERITY_WARNING, span, format, args);
    va_end(args);
}

void diag_note(struct diags *diags, struct span span, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(diags, SEVERITY_NOTE, span, format, args);
    va_end(args);
}

void diag_soften(struct diags *diags, size_t n, size_t errors)
{
    for (size_t i = n; i < diags->n; i++) {
        if (diags->v[i].severity == SEVERITY_ERROR)
            diags->v[i].severity = SEVERITY_WARNING;
    }
    diags->warnings += diags->errors - errors;
    diags->errors = errors;
}

void diags_append(struct diags *diags, const struct diags *others)
{
    diags->errors += others->errors;
    diags->warnings += others->warnings;
    diags->hidden += others->hidden;
    vec_each (const struct diag *, other, others) {
        struct diag *diag;

        if (diags->n >= DIAG_KEPT) {
            diags->hidden++;
            continue;
        }
        diag = vec_push(diags->arena, diags);
        *diag = *other;
        diag->message = str_dup(diags->arena, other->message);
        diag->hint = str_dup(diags->arena, other->hint);
    }
}

void diag_hint(struct diags *diags, const char *format, ...)
{
    va_list args;

    if (diags->n == 0 || diags->hidden > 0)
        return;
    va_start(args, format);
    diags->v[diags->n - 1].hint = format_message(diags->arena, format, args);
    va_end(args);
}

/* A byte that belongs to the letter of the byte before. */
static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The first byte of the letter at `at`. */
static size_t letter_start(struct str s, size_t at)
{
    while (at > 0 && at < s.n && continues(s.p[at]))
        at--;
    return at;
}

/* Columns on a terminal, near enough: letters. */
static size_t letters(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += !continues(s.p[i]);
    return n;
}

/* Bytes that would disturb a terminal are shown as '?', the C1 controls too (of two bytes in UTF-8); UTF-8 passes. */
static void add_clean(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] >= 0x80 && (unsigned char)s.p[i + 1] < 0xa0) {
            buf_addc(out, '?');
            i++;
            continue;
        }
        buf_addc(out, c == '\t' ? ' ' : c < 0x20 || c == 0x7f ? '?' : s.p[i]);
    }
}

/* Messages quote the input, which may be a megabyte without a blank. */
static void add_message(struct buf *out, struct str message)
{
    add_clean(out, str_head(message, MESSAGE_SHOWN));
    buf_adds(out, message.n > MESSAGE_SHOWN ? "…\n" : "\n");
}

static void print_line(struct buf *out, const struct diag *diag, bool color)
{
    const struct span *span = &diag->span;
    uint32_t line = source_line(span->source, span->at);
    size_t column = source_column(span->source, span->at) - 1;
    struct str text = source_line_text(span->source, line);
    size_t start = 0;
    size_t marks;

    if (text.n == 0)
        return;
    if (column > text.n)
        column = text.n;
    if (column > LINE_SHOWN / 2 && text.n > LINE_SHOWN)
        start = letter_start(text, column - LINE_SHOWN / 2);
    text = str_from(text, start);
    text = str_head(text, letter_start(text, LINE_SHOWN));
    column -= start;
    marks = letters(str_head(str_from(text, column), span->n));
    buf_adds(out, "    ");
    add_clean(out, text);
    buf_adds(out, "\n    ");
    buf_fill(out, ' ', letters(str_head(text, column)));
    buf_adds(out, color ? severity_colors[diag->severity] : "");
    buf_fill(out, '^', marks == 0 ? 1 : marks > MARKS_SHOWN ? MARKS_SHOWN : marks);
    buf_adds(out, color ? "\033[0m\n" : "\n");
}

void diag_print(struct buf *out, const struct diag *diag, bool color)
{
    const struct span *span = &diag->span;

    if (span->source != NULL)
        buf_addf(out, "%.*s:%u:%u: ", STR_ARG(span->source->name), source_line(span->source, span->at),
                 source_column(span->source, span->at));
    else
        buf_adds(out, "portolan: ");
    buf_addf(out, "%s%s:%s ", color ? severity_colors[diag->severity] : "", severity_names[diag->severity],
             color ? "\033[0m" : "");
    add_message(out, diag->message);
    if (span->source != NULL)
        print_line(out, diag, color);
    if (diag->hint.n > 0) {
        buf_adds(out, "    ");
        add_message(out, diag->hint);
    }
}

static int by_place(const void *a, const void *b)
{
    const struct diag *x = *(const struct diag *const *)a;
    const struct diag *y = *(const struct diag *const *)b;

    if (x->span.source == y->span.source && x->span.source != NULL && x->span.at != y->span.at)
        return x->span.at < y->span.at ? -1 : 1;
    return x < y ? -1 : x > y;
}

void diags_print(struct buf *out, const struct diags *diags, bool color)
{
    const struct diag **order;

    if (diags->n == 0)
        return;
    order = arena_new_array(diags->arena, const struct diag *, diags->n);
    for (size_t i = 0; i < diags->n; i++)
        order[i] = &diags->v[i];
    /* Stable within a source; sources stay in the order in which they were met. */
    for (size_t i = 0, j; i < diags->n; i = j) {
        for (j = i + 1; j < diags->n && order[j]->span.source == order[i]->span.source; j++)
            ;
        qsort(order + i, j - i, sizeof *order, by_place);
    }
    for (size_t i = 0; i < diags->n; i++)
        diag_print(out, order[i], color);
    if (diags->hidden > 0)
        buf_addf(out, "portolan: note: %zu more errors and warnings are not shown\n", diags->hidden);
}
