/* What a row is for, and the sentences in it that change what it asks for: these go into the review, as they stand. */
#include "import/table.h"

/* Words in a purpose or comment that change what the row asks for. */
bool remarks_change(struct arena *arena, struct str text)
{
    static const char *const phrases[] = {
        "different port",  "additional ports", "other ports",         "custom port",
        "older clients",   "can be changed",   "can be configured",   "can change",
        "is configurable", "only if",          "only when",           "only required",
        "only needed",     "unless",           "otherwise",           "not mandatory",
        "not required",    "is optional",      "disabled by default", "deprecated",
        "if you",          "by default",       "is the default",      "instead of",
        "not needed",      "no longer",
    };
    struct arena_mark mark = arena_mark(arena);
    struct str normal = words_normal(arena, text);
    bool found = false;

    for (size_t i = 0; !found && i < sizeof phrases / sizeof *phrases; i++)
        found = words_have(normal, phrases[i]);
    arena_release(arena, mark);
    return found;
}

/* `{% include note.html content="…" %}` and the like: what it says, and the text without it. */
static struct str take_template(struct importer *importer, struct str *text)
{
    for (size_t i = 0; i + 1 < text->n; i++) {
        struct str rest = str_from(*text, i);
        struct str note = STR_EMPTY;
        size_t end = 2;
        size_t open = 0;

        if (!str_starts(rest, "{%"))
            continue;
        for (; end + 1 < rest.n && !(rest.p[end] == '%' && rest.p[end + 1] == '}'); end++) {
            if (rest.p[end] != '"')
                continue;
            if (open == 0)
                open = end + 1;
            else
                note = (struct str){rest.p + open, end - open};
        }
        if (end + 1 >= rest.n)
            return STR_EMPTY; /* it never ends: not one of these */
        *text = str_printf(importer->arena, "%.*s %.*s", (int)i, text->p, STR_ARG(str_from(rest, end + 2)));
        return words_line(importer->arena, note, 400);
    }
    return STR_EMPTY;
}

/* What stands below the first line of a cell and changes what the row asks for; *text is the first line then. */
static struct str take_rest(struct importer *importer, struct str *text)
{
    const char *end = memchr(text->p, '\n', text->n);
    struct str rest;

    if (end == NULL)
        return STR_EMPTY;
    rest = str_trim(str_from(*text, (size_t)(end - text->p)));
    if (!remarks_change(importer->arena, rest))
        return STR_EMPTY;
    *text = str_head(*text, (size_t)(end - text->p));
    return words_line(importer->arena, rest, 400);
}

static void read_remarks(struct importer *importer, struct fact *fact, struct str text)
{
    if (remarks_change(importer->arena, text))
        fact_review(importer, fact,
                    str_printf(importer->arena, "see whether it applies: %.*s",
                               STR_ARG(words_line(importer->arena, text, 240))));
}

static bool is_adjustable(struct arena *arena, struct str text)
{
    struct arena_mark mark = arena_mark(arena);
    struct str normal = words_normal(arena, text);
    bool found = words_have(normal, "default port") || words_have(normal, "default range") ||
                 words_have(normal, "different port") || words_have(normal, "is configurable");

    arena_release(arena, mark);
    return found;
}

void row_purpose(struct table *table, const struct row *row, struct fact *fact)
{
    struct importer *importer = table->importer;
    struct str text = row_text(row, COLUMN_PURPOSE);
    struct str comment = row_text(row, COLUMN_COMMENT);
    struct str note = take_template(importer, &text);

    if (note.n == 0)
        note = take_rest(importer, &text);
    if (row_is_blank(text))
        text = comment;
    else
        read_remarks(importer, fact, comment);
    if (note.n > 0)
        fact_review(importer, fact, str_printf(importer->arena, "see whether it applies: %.*s", STR_ARG(note)));
    read_remarks(importer, fact, text);
    fact->adjustable =
        fact->adjustable || is_adjustable(importer->arena, text) || is_adjustable(importer->arena, comment);
    fact->purpose.text = words_line(importer->arena, text, 300);
    fact->purpose.why = STR_EMPTY;
    if (fact->purpose.text.n > 0)
        table->last_purpose = fact->purpose;
    else if (table_has(table, COLUMN_PURPOSE) && fact->to.why.n > 0 && table->last_purpose.text.n > 0)
        fact->purpose = (struct said){table->last_purpose.text, STR("empty; carried down from the row above")};
}
