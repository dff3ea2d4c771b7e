/*
 * Conditions; see when.h.
 *
 *     either = both { "or" both }
 *     both   = one { "and" one }
 *     one    = "not" one | "(" either ")" | feature
 */
#include "catalog/when.h"

#include "model/ports.h"

#define DEEPEST 32  /* parentheses and not within each other */
#define LONGEST 256 /* names: bounds the depth of the tree as well */

struct reader {
    struct arena *arena;
    struct diags *diags;
    struct span span;
    struct str text;
    size_t at;        /* behind the token */
    struct str token; /* a word, "(" or ")"; empty at the end */
    size_t token_at;
    unsigned depth;
    unsigned names;
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static void advance(struct reader *reader)
{
    struct str text = reader->text;
    size_t end;

    while (reader->at < text.n && (text.p[reader->at] == ' ' || text.p[reader->at] == '\n'))
        reader->at++;
    end = reader->at;
    while (end < text.n && is_word(text.p[end]))
        end++;
    if (end == reader->at && end < text.n)
        end++;
    reader->token = (struct str){text.p + reader->at, end - reader->at};
    reader->token_at = reader->at;
    reader->at = end;
}

static struct span here(const struct reader *reader)
{
    return span_inside(reader->span, reader->text, reader->token_at, reader->token.n);
}

static const struct when *node(struct reader *reader, enum when_kind kind, const struct when *left,
                               const struct when *right)
{
    struct when *when = arena_new_object(reader->arena, struct when);

    when->kind = kind;
    when->left = left;
    when->right = right;
    return when;
}

static const struct when *expected(struct reader *reader, const char *what)
{
    if (reader->token.n == 0)
        diag_error(reader->diags, here(reader), "condition ends where %s was expected", what);
    else
        diag_error(reader->diags, here(reader), "%s was expected in the condition, not \"%.*s\"", what,
                   STR_ARG(reader->token));
    return NULL;
}

static const struct when *read_either(struct reader *reader);
static const struct when *read_one(struct reader *reader);

static const struct when *read_nested(struct reader *reader)
{
    bool negated = str_is(reader->token, "not");
    const struct when *inner;

    if (reader->depth >= DEEPEST) {
        diag_error(reader->diags, here(reader), "condition is nested deeper than %d levels", DEEPEST);
        return NULL;
    }
    reader->depth++;
    advance(reader);
    inner = negated ? read_one(reader) : read_either(reader);
    reader->depth--;
    if (inner == NULL)
        return NULL;
    if (negated)
        return node(reader, WHEN_NOT, inner, NULL);
    if (!str_is(reader->token, ")"))
        return expected(reader, "\")\"");
    advance(reader);
    return inner;
}

static const struct when *read_one(struct reader *reader)
{
    struct when *when;

    if (str_is(reader->token, "not") || str_is(reader->token, "("))
        return read_nested(reader);
    if (!name_is_valid(reader->token) || str_is(reader->token, "and") || str_is(reader->token, "or"))
        return expected(reader, "a feature");
    if (++reader->names > LONGEST) {
        diag_error(reader->diags, here(reader), "condition has more than %d names", LONGEST);
        return NULL;
    }
    when = arena_new_object(reader->arena, struct when);
    when->kind = WHEN_FEATURE;
    when->feature = reader->token;
    advance(reader);
    return when;
}

static const struct when *read_both(struct reader *reader)
{
    const struct when *when = read_one(reader);

    while (when != NULL && str_is(reader->token, "and")) {
        const struct when *right;

        advance(reader);
        right = read_one(reader);
        when = right == NULL ? NULL : node(reader, WHEN_AND, when, right);
    }
    return when;
}

static const struct when *read_either(struct reader *reader)
{
    const struct when *when = read_both(reader);

    while (when != NULL && str_is(reader->token, "or")) {
        const struct when *right;

        advance(reader);
        right = read_both(reader);
        when = right == NULL ? NULL : node(reader, WHEN_OR, when, right);
    }
    return when;
}

const struct when *when_parse(struct arena *arena, struct str text, struct span span, struct diags *diags)
{
    struct reader reader = {.arena = arena, .diags = diags, .span = span, .text = text};
    const struct when *when;

    advance(&reader);
    when = read_either(&reader);
    if (when != NULL && reader.token.n > 0)
        return expected(&reader, "and, or, or the end");
    return when;
}

bool when_holds(const struct when *when, const struct map *features)
{
    if (when == NULL)
        return true;
    switch (when->kind) {
    case WHEN_FEATURE: return map_get(features, when->feature) != NULL;
    case WHEN_AND: return when_holds(when->left, features) && when_holds(when->right, features);
    case WHEN_OR: return when_holds(when->left, features) || when_holds(when->right, features);
    case WHEN_NOT: return !when_holds(when->left, features);
    case WHEN_N: break;
    }
    return false;
}

void when_each(const struct when *when, void (*visit)(void *context, struct str feature), void *context)
{
    if (when == NULL)
        return;
    if (when->kind == WHEN_FEATURE) {
        visit(context, when->feature);
        return;
    }
    when_each(when->left, visit, context);
    when_each(when->right, visit, context);
}
