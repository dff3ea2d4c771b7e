/* What all readers of a rule's options need: words, errors, matches, groups of matches; see reader.h. */
#include <assert.h>

#include "dialect/iptables/reader.h"

void reading_error(struct reading *reading, size_t word, const char *format, ...)
{
    va_list args;
    struct str message;
    struct buf buf = BUF_EMPTY;

    va_start(args, format);
    buf_vaddf(&buf, format, args);
    va_end(args);
    message = buf_str(&buf);
    diag_error(reading->reader->diags, reader_word_span(reading->reader, word), "%.*s", STR_ARG(message));
    buf_free(&buf);
    reading->bad = true;
}

struct word *reading_word(struct reading *reading, size_t at)
{
    return at < reading->reader->words.n ? &reading->reader->words.v[at] : NULL;
}

bool word_is_not(const struct word *word)
{
    return word != NULL && !word->quoted && str_is(word->text, "!");
}

bool reading_value(struct reading *reading, size_t option, struct str *value)
{
    if (word_is_not(reading_word(reading, reading->at))) {
        reading->negated = !reading->negated;
        reading->at++;
    }
    if (reading_word(reading, reading->at) == NULL) {
        reading_error(reading, option, "%.*s needs a value", STR_ARG(reading_word(reading, option)->text));
        return false;
    }
    *value = reading_word(reading, reading->at++)->text;
    return true;
}

void reading_add(struct reading *reading, enum field field, const struct ranges *ranges)
{
    *vec_push(reading->reader->scratch, &reading->reader->matches) =
        (struct match){.kind = MATCH_RANGES, .field = field, .ranges = ranges};
}

void reading_add_not(struct reading *reading, enum field field, const struct ranges *ranges)
{
    if (reading->negated)
        ranges = reader_complement(reading->reader, ranges, field_max(field, reading->reader->family));
    reading_add(reading, field, ranges);
}

static struct match unknown_match(struct reader *reader, struct str text, bool negated, enum sameness same)
{
    return (struct match){
        .kind = MATCH_UNKNOWN, .negated = negated, .text = text, .literal = reader_literal(reader, text, same)};
}

void reading_unknown(struct reading *reading, struct str text, bool negated, enum sameness same)
{
    struct reader *reader = reading->reader;

    *vec_push(reader->scratch, &reader->matches) = unknown_match(reader, text, negated, same);
}

static bool is_x(char c)
{
    return c == 'x' || c == 'X' || c == '*';
}

static bool has_x(struct str value)
{
    for (size_t i = 0; i < value.n; i++) {
        if (is_x(value.p[i]))
            return true;
    }
    return false;
}

/* Parts of x behind digits, and of digits: `10.x.x.x`, `19x.xx.xx.xx/32`, `XX:XX:XX:XX:XX:XX`. */
static bool is_hidden(struct str value)
{
    bool in_x = false;

    if (!has_x(value))
        return false;
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];

        if (is_x(c))
            in_x = true;
        else if (c == '.' || c == ':' || c == '/' || c == '-')
            in_x = false;
        else if (c < '0' || c > '9' || in_x)
            return false;
    }
    return true;
}

bool reading_hidden(struct reading *reading, const char *option, struct str value)
{
    struct reader *reader = reading->reader;

    if (!is_hidden(value))
        return false;
    if (map_set(reader->scratch, &reader->strangers, STR("hidden value"), reader) == NULL)
        diag_warning(reader->diags, reader_word_span(reader, reading->at - 1),
                     "\"%.*s\" hides a value: what it was is left open, here and wherever it is like this",
                     STR_ARG(value));
    reading_unknown(reading, str_printf(reader->arena, "%s %.*s", option, STR_ARG(value)), reading->negated,
                    SAME_NEVER);
    return true;
}

void grouping_field(struct reading *reading, struct grouping *grouping, enum field field, const struct ranges *ranges)
{
    (void)reading;
    assert(grouping->n < sizeof grouping->v / sizeof *grouping->v);
    grouping->v[grouping->n++] = (struct match){.kind = MATCH_RANGES, .field = field, .ranges = ranges};
}

void grouping_unknown(struct reading *reading, struct grouping *grouping, struct str text, bool negated,
                      enum sameness same)
{
    assert(grouping->n < sizeof grouping->v / sizeof *grouping->v);
    grouping->v[grouping->n++] = unknown_match(reading->reader, text, negated, same);
}

void grouping_translated(struct grouping *grouping, enum field end)
{
    assert(grouping->n < sizeof grouping->v / sizeof *grouping->v);
    grouping->v[grouping->n++] = (struct match){.kind = MATCH_TRANSLATED, .field = end};
}

void grouping_next(struct reading *reading, struct grouping *grouping)
{
    struct arena *arena = reading->reader->arena;
    const struct match *v = arena_copy(arena, grouping->v, grouping->n * sizeof *v);

    *vec_push(arena, &grouping->groups) = (struct match_group){.v = v, .n = grouping->n};
    grouping->n = 0;
}

void grouping_add(struct reading *reading, struct grouping *grouping)
{
    struct reader *reader = reading->reader;

    *vec_push(reader->scratch, &reader->matches) =
        (struct match){.kind = reading->negated ? MATCH_NONE_OF : MATCH_ANY_OF,
                       .field = FIELD_N,
                       .groups = grouping->groups.v,
                       .group_n = grouping->groups.n};
}
