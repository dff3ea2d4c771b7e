/* Both ends of a row where no column of source and destination says them: an arrow, whose port it is, what it is for.
 */
#include "import/table.h"

/* Which of two parties a port is: "Configurable server port": the server's, so the other one comes from outside. */
void row_owner_of_use(struct table *table, struct fact *fact)
{
    struct str normal = party_key(table->importer->arena, fact->purpose.text);
    size_t owner = 2;

    if (table->known_n != 2 || fact->from.actor != NULL || fact->to.actor != NULL)
        return;
    for (size_t i = 0; i < 2; i++) {
        struct str rest = table->known[i]->key;
        struct str last = STR_EMPTY;
        ptrdiff_t at;

        for (struct str word = str_word(&rest); word.n > 0; word = str_word(&rest))
            last = word;
        at = words_at(normal,
                      str_cstr(table->importer->arena, str_printf(table->importer->arena, "%.*s port", STR_ARG(last))));
        if (at >= 0 && owner == 2)
            owner = i;
        else if (at >= 0)
            return;
    }
    if (owner == 2)
        return;
    fact->to.actor = (struct actor *)(uintptr_t)table->known[owner];
    fact->from.actor = (struct actor *)(uintptr_t)table->known[1 - owner];
    fact->to.why = STR("the row says whose port it is");
    fact->from.why = STR("the other one of the two that the table names");
    fact->direction_why = STR("the row says whose port it is");
    fact->way = WAY_IN;
}

/* "communication from workers to the master", "between cluster nodes", "outgoing mail". */
static bool ends_of_words(struct importer *importer, struct fact *fact)
{
    struct str why = STR("read from what the row is used for");
    struct hints hints;

    sentence_read(importer->arena, fact->purpose.text, true, &hints);
    if (!hints.weak && hints.from.n > 0 && hints.to.n > 0 && !party_is_clause(importer->arena, hints.from) &&
        !party_is_clause(importer->arena, hints.to) && party_is_role(importer, hints.from) &&
        party_is_role(importer, hints.to)) {
        fact->from = (struct party){.actor = party_actor(importer, hints.from, fact->span), .why = why};
        fact->to = (struct party){.actor = party_actor(importer, hints.to, fact->span), .why = why};
        if (hints.between && fact->from.actor != fact->to.actor)
            fact_review(importer, fact, STR("the document says between, not which side connects"));
        return true;
    }
    if (hints.way == WAY_UNSAID)
        return false;
    fact->way = hints.way;
    fact->direction_why = why;
    return true;
}

/* "sends its logs to a syslog server", "receives traps from the agents": who, and which way. */
void row_ends_of_verbs(struct table *table, struct fact *fact)
{
    static const char *const sends[] = {"send", "sends", "sending", "forward", "forwards", "uploads", "upload", NULL};
    static const char *const receives[] = {"receive", "receives", "receiving", "accepts", NULL};
    struct importer *importer = table->importer;
    struct sentence sentence;
    int verb = 0; /* 1: it sends, 2: it receives */

    if (fact->from.actor != NULL || fact->to.actor != NULL || fact->way != WAY_UNSAID ||
        table->scope.hints.way != WAY_UNSAID)
        return;
    if (ends_of_words(importer, fact))
        return;
    sentence_split(importer->arena, fact->purpose.text, &sentence);
    for (size_t i = 0; i + 1 < sentence.n; i++) {
        struct str word = sentence.words[i].normal;
        struct str phrase;

        if (sentence.words[i].breaks && i > 0)
            verb = 0;
        verb = word_is_one_of(word, sends) ? 1 : word_is_one_of(word, receives) ? 2 : verb;
        if (verb == 0 || !str_is(word, verb == 1 ? "to" : "from"))
            continue;
        phrase = phrase_from(&sentence, i + 1, NULL);
        if (phrase.n == 0 || !party_is_role(importer, phrase) ||
            party_actor(importer, phrase, fact->span) == importer->product)
            return;
        fact->way = verb == 1 ? WAY_OUT : WAY_IN;
        fact->direction_why = STR("read from what the row is used for");
        *(verb == 1 ? &fact->to : &fact->from) =
            (struct party){.actor = party_actor(importer, phrase, fact->span), .why = fact->direction_why};
        return;
    }
}

/* "Agent → server", "from the agent to the server", "agent to server" in one cell. */
void row_both_ends(struct table *table, const struct row *row, struct fact *fact)
{
    struct importer *importer = table->importer;
    struct str text = row_text(row, COLUMN_DIRECTION);
    struct span span = row->cells[COLUMN_DIRECTION]->span;
    struct hints hints;
    struct str from;
    struct str to;

    sentence_read(importer->arena, text, true, &hints);
    from = party_is_clause(importer->arena, hints.from) ? STR_EMPTY : hints.from;
    to = party_is_clause(importer->arena, hints.to) ? STR_EMPTY : hints.to;
    if (columns_needs_out(text).n > 0) {
        from = columns_needs_out(text);
        fact->way = WAY_OUT;
    }
    if (from.n == 0 && to.n == 0 && fact->way == WAY_UNSAID && !columns_to(text, &from, &to))
        return;
    if (hints.way == WAY_BOTH)
        fact->way = WAY_BOTH;
    if (from.n > 0)
        fact->from.actor = party_cell(importer, from, span, &fact->from.condition);
    if (to.n > 0)
        fact->to.actor = party_cell(importer, to, span, &fact->to.condition);
    fact_when(importer, fact, fact->from.condition);
    fact_when(importer, fact, fact->to.condition);
}

static bool is_tick(struct arena *arena, struct str text)
{
    static const char *const ticks[] = {
        "yes",          "y", "x", "true", "required", "\xe2\x9c\x93", "\xe2\x9c\x94", "\xe2\x9c\x85", "\xe2\x97\x8f",
        "\xe2\x80\xa2", NULL};
    struct str normal = words_normal(arena, text);

    return word_is_one_of(normal, ticks) || word_is_one_of(str_trim(text), ticks);
}

/* `Manager | Worker`, and in each cell a tick or none: the ports are those of the ones that are ticked. */
struct party row_ticked(struct table *table, const struct row *row)
{
    struct importer *importer = table->importer;
    struct buf names = BUF_EMPTY;
    struct party party = {0};

    for (size_t column = 0; table->ticks > 1 && column < table->layout.column_n; column++) {
        const struct cell *cell = row_cell(table, row, column);

        if (cell == NULL || !table->ticked[column] || !is_tick(importer->arena, cell->text))
            continue;
        buf_addf(&names, "%s%.*s", names.n > 0 ? ", " : "",
                 STR_ARG(words_line(importer->arena, columns_text(table->grid, table->layout.head_n - 1, column), 60)));
    }
    if (names.n > 0)
        party = (struct party){.actor = party_actor(importer, str_dup(importer->arena, buf_str(&names)), row->span),
                               .why = STR("ticked in its column")};
    buf_free(&names);
    return party;
}

/* `Between: shelf nodes and the index`, `Between: shelf nodes`: one column for both ends. */
void row_between(struct table *table, const struct row *row, struct fact *fact)
{
    struct importer *importer = table->importer;
    struct str text = row_text(row, COLUMN_SOURCE);
    struct str from;
    struct str to;
    const char *and;

    if (fact->from.actor == NULL || fact->to.actor != NULL || table_has(table, COLUMN_DESTINATION) ||
        !str_is(table->layout.heads[row->columns[COLUMN_SOURCE]], "between") ||
        columns_ends(text, &from, &to) != WAY_UNSAID)
        return;
    and = memmem(text.p, text.n, " and ", 5);
    if (!columns_to(text, &from, &to) && and != NULL) {
        from = str_head(text, (size_t)(and-text.p));
        to = str_from(text, (size_t)(and-text.p) + 5);
        fact_review(importer, fact, STR("the document says between, not which side connects"));
    } else if (and == NULL && !columns_to(text, &from, &to)) {
        from = to = text;
    }
    fact->from.actor = party_cell(importer, from, fact->span, &fact->from.condition);
    fact->to = (struct party){.actor = party_cell(importer, to, fact->span, &fact->to.condition)};
}

/* "Internal" where a direction should stand: from one of them to another. Anything else there is said. */
void row_inside(struct table *table, const struct row *row, struct actor *owner, struct fact *fact)
{
    struct importer *importer = table->importer;
    struct str text = row_text(row, COLUMN_DIRECTION);
    struct str normal = words_normal(importer->arena, text);

    if (normal.n == 0 || fact->way != WAY_UNSAID || fact->from.actor != NULL || fact->to.actor != NULL)
        return;
    if (words_have(normal, "internal") || words_have(normal, "intra") || words_have(normal, "inter")) {
        fact->from.actor = fact->to.actor = owner != NULL ? owner : importer->product;
        fact->from.why = fact->to.why = STR("internal, as the row says");
        return;
    }
    diag_warning(importer->diags, row->cells[COLUMN_DIRECTION]->span, "direction \"%.*s\" cannot be read",
                 STR_ARG(text));
    fact_review(importer, fact, str_printf(importer->arena, "direction \"%.*s\" cannot be read", STR_ARG(text)));
}

/* "Clustering" where a party should stand. */
void row_review_function(struct table *table, struct fact *fact)
{
    struct actor *actor = fact->to.actor;

    if (str_ends(actor->key, "ing") || str_ends(actor->key, "tion"))
        fact_review(table->importer, fact,
                    str_printf(table->importer->arena, "\"%.*s\" names what it is for, not who the peers are",
                               STR_ARG(actor->title)));
}

/* A head that does not say which end it is: `IP range`, `CIDR`. */
static bool is_neutral(struct str head)
{
    return head.n > 0 && (words_have(head, "range") || words_have(head, "ranges") || words_have(head, "cidr")) &&
           !words_have(head, "source") && !words_have(head, "from") && !words_have(head, "allowed");
}

/* `Remote address`, `Peer`, `Source/Destination`: the far end, which begins where the row says inbound. */
void row_far_end(const struct table *table, const struct row *row, struct fact *fact)
{
    struct str to =
        table_has(table, COLUMN_DESTINATION) ? table->layout.heads[row->columns[COLUMN_DESTINATION]] : STR_EMPTY;
    struct str from = table_has(table, COLUMN_SOURCE) ? table->layout.heads[row->columns[COLUMN_SOURCE]] : STR_EMPTY;
    enum way way = fact->way;
    struct party party;

    if (from.n > 0 && to.n > 0 && columns_arrow(row_text(row, COLUMN_DIRECTION)) == WAY_IN) {
        party = fact->from;
        fact->from = fact->to;
        fact->to = party;
    }
    if (from.n > 0 && to.n > 0)
        return;
    if (way == WAY_UNSAID && is_neutral(from))
        way = table->scope.hints.way;
    if ((way == WAY_IN && (words_have(to, "remote") || words_have(to, "peer") || words_have(to, "partner") ||
                           str_is(to, "to component"))) ||
        (way == WAY_OUT && (is_neutral(from) || words_have(from, "destination") || words_have(from, "target")))) {
        party = fact->from;
        fact->from = fact->to;
        fact->to = party;
    }
}
