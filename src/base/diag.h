/*
 * Diagnostics about what the user gave us. A reader appends to a list, resynchronises and goes on, so that all errors
 * of a file are seen at once. Messages are lower case, without a full stop, and name the object and what was expected.
 */
#ifndef PORTOLAN_BASE_DIAG_H
#define PORTOLAN_BASE_DIAG_H

#include <stdarg.h>

#include "base/buf.h"
#include "base/source.h"
#include "base/vec.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE, SEVERITY_N };

struct diag {
    enum severity severity;
    struct span span; /* SPAN_NONE: about no place in particular */
    struct str message;
    struct str hint; /* what to do about it, or empty */
};

struct diags {
    struct arena *arena; /* owns the messages */
    struct diag *v;
    size_t n;
    size_t capacity;
    size_t errors;
    size_t warnings;
    size_t hidden; /* counted, not kept */
};

/* More diagnostics than this in one list are counted, not kept. */
#define DIAG_KEPT 200

void diags_init(struct diags *diags, struct arena *arena);
void diag_error(struct diags *diags, struct span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
void diag_warning(struct diags *diags, struct span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
void diag_note(struct diags *diags, struct span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Adds a hint to the diagnostic added last. */
void diag_hint(struct diags *diags, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends those of another list, with copies of their messages. */
void diags_append(struct diags *diags, const struct diags *others);
/* Errors appended since there were `errors` of `n` in the list become warnings. */
void diag_soften(struct diags *diags, size_t n, size_t errors);

const char *severity_name(enum severity severity);

/* One diagnostic as text: `file:line:col: error: …`, the line, `^^^` under the span, the hint. */
void diag_print(struct buf *out, const struct diag *diag, bool color);
/* All of them in order of place, with a line for those that were only counted. */
void diags_print(struct buf *out, const struct diags *diags, bool color);

#endif
