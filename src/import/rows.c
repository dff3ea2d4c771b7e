/*
 * Tables, row by row. A row that lost cells on its left is put right by the only shift in which each cell is what its
 * column holds; ends that are missing are carried down. A row that fits in several ways, or in none, is reported.
 */
#include "import/domains.h"
#include "import/importer.h"

struct table {
    struct importer *importer;
    const struct grid *grid;
    struct layout layout;
    struct scope scope;
    struct party last_from;
    struct party last_to;
    struct said last_purpose;
    unsigned last_transports; /* of the row above; 0: none */
    const struct actor **known; /* ends that rows of the table name in words */
    size_t known_n;
    bool domains; /* has no column of ports */
};

struct row {
    size_t index;
    size_t shift; /* cells that are missing on its left */
    bool tie;
    const struct cell *cells[COLUMN_KIND_N]; /* the first column of a kind */
    size_t columns[COLUMN_KIND_N];           /* and which it is; column_n: none */
    struct span span;
};

static const struct cell *cell_at(const struct table *table, const struct row *row, size_t column)
{
    return column < row->shift || column >= table->grid->column_n
               ? NULL
               : grid_at(table->grid, row->index, column - row->shift);
}

static bool holds(const struct table *table, enum column_kind kind, struct str text)
{
    struct port_text read;
    enum port_shape shape;
    struct str from;
    struct str to;

    switch (kind) {
    case COLUMN_PORT:
    case COLUMN_TCP_PORT:
    case COLUMN_UDP_PORT:
        ports_read(table->importer->arena, text, &read);
        shape = ports_shape(&read);
        return shape == SHAPE_PORTS || shape == SHAPE_BOTH || shape == SHAPE_SYMBOLIC;
    case COLUMN_TRANSPORT:
        ports_read(table->importer->arena, text, &read);
        shape = ports_shape(&read);
        return shape == SHAPE_TRANSPORTS || shape == SHAPE_SERVICES;
    case COLUMN_DIRECTION:
        return columns_way(table->importer->arena, text) != WAY_UNSAID ||
               columns_ends(text, &from, &to) != WAY_UNSAID || columns_to(text, &from, &to);
    case COLUMN_DOMAIN: return domains_in(table->importer->arena, text);
    case COLUMN_OTHER:
    case COLUMN_SOURCE:
    case COLUMN_DESTINATION:
    case COLUMN_OWNER:
    case COLUMN_SOURCE_PORT:
    case COLUMN_SERVICE:
    case COLUMN_PURPOSE:
    case COLUMN_COMMENT:
    case COLUMN_NEED:
    case COLUMN_CONFIGURABLE:
    case COLUMN_CONDITION:
    case COLUMN_FOREIGN:
    case COLUMN_KIND_N: return true;
    }
    return true;
}

static bool fits(const struct table *table, enum column_kind kind, struct str text)
{
    struct arena_mark mark = arena_mark(table->importer->arena);
    bool good = holds(table, kind, text);

    arena_release(table->importer->arena, mark);
    return good;
}

static bool is_anchor(enum column_kind kind)
{
    return kind == COLUMN_PORT || kind == COLUMN_TRANSPORT || kind == COLUMN_DIRECTION || kind == COLUMN_DOMAIN;
}

/* Whether every anchor column holds what it should when `shift` cells are missing on the left. */
static bool row_fits(const struct table *table, struct row *row, size_t shift)
{
    bool anchored = false;

    row->shift = shift;
    for (size_t column = 0; column < table->layout.column_n; column++) {
        const struct cell *cell = cell_at(table, row, column);

        if (!is_anchor(table->layout.kinds[column]))
            continue;
        if (cell == NULL || str_trim(cell->text).n == 0 || !fits(table, table->layout.kinds[column], cell->text))
            return false;
        anchored = true;
    }
    return anchored;
}

static size_t trailing_empty(const struct table *table, size_t row)
{
    size_t n = 0;

    while (n < table->grid->column_n && columns_text(table->grid, row, table->grid->column_n - 1 - n).n == 0)
        n++;
    return n;
}

/* The only shift that fits; 0 where the row stands right as it is, or where none does. */
static void find_shift(const struct table *table, struct row *row)
{
    size_t most = table->grid->shifted ? trailing_empty(table, row->index) : 0;
    size_t found = 0;
    size_t fitting = 0;

    for (size_t shift = 0; shift <= most; shift++) {
        if (!row_fits(table, row, shift))
            continue;
        found = shift;
        fitting++;
        if (shift == 0)
            break; /* nothing is missing */
    }
    row->shift = fitting == 1 ? found : 0;
    row->tie = fitting > 1;
}

static void find_cells(const struct table *table, struct row *row)
{
    for (int kind = 0; kind < COLUMN_KIND_N; kind++) {
        row->cells[kind] = NULL;
        row->columns[kind] = table->layout.column_n;
    }
    for (size_t i = table->layout.column_n; i > 0; i--) {
        enum column_kind kind = table->layout.kinds[i - 1];

        row->cells[kind] = cell_at(table, row, i - 1);
        row->columns[kind] = i - 1;
    }
}

static struct str text_of(const struct row *row, enum column_kind kind)
{
    return row->cells[kind] == NULL ? STR_EMPTY : str_trim(row->cells[kind]->text);
}

/* A no-break space alone is an empty cell that somebody wanted to be seen. */
static bool is_blank(struct str text)
{
    size_t bytes;

    for (size_t i = 0; i < text.n; i += bytes) {
        if (words_sign(text, i, &bytes) != SIGN_BLANK && (unsigned char)text.p[i] > ' ')
            return false;
    }
    return true;
}

static bool has_column(const struct table *table, enum column_kind kind)
{
    for (size_t column = 0; column < table->layout.column_n; column++) {
        if (table->layout.kinds[column] == kind)
            return true;
    }
    return false;
}

/* `{% include note.html content="…" %}` and the like: what it says, and the text without it. */
static struct str take_template(struct importer *importer, struct str *text)
{
    for (size_t i = 0; i + 1 < text->n; i++) {
        struct str rest = str_from(*text, i);
        size_t end = 2;
        const char *quote;
        struct str note;

        if (!str_starts(rest, "{%"))
            continue;
        while (end + 1 < rest.n && !(rest.p[end] == '%' && rest.p[end + 1] == '}'))
            end++;
        quote = memchr(rest.p, '"', end);
        note = quote == NULL
                   ? STR_EMPTY
                   : str_head(str_from(rest, (size_t)(quote - rest.p) + 1), end - (size_t)(quote - rest.p) - 1);
        while (note.n > 0 && (note.p[note.n - 1] == ' ' || note.p[note.n - 1] == '"'))
            note.n--;
        *text = str_printf(importer->arena, "%.*s %.*s", (int)i, text->p,
                           STR_ARG(str_from(rest, end + 2 < rest.n ? end + 2 : rest.n)));
        return words_line(importer->arena, note, 400);
    }
    return STR_EMPTY;
}

static bool changes_row(struct arena *arena, struct str text);

/* What stands below the first line of a cell and changes what the row asks for; *text is the first line then. */
static struct str take_rest(struct importer *importer, struct str *text)
{
    const char *end = memchr(text->p, '\n', text->n);
    struct str rest;

    if (end == NULL)
        return STR_EMPTY;
    rest = str_trim(str_from(*text, (size_t)(end - text->p)));
    if (!changes_row(importer->arena, rest))
        return STR_EMPTY;
    *text = str_head(*text, (size_t)(end - text->p));
    return words_line(importer->arena, rest, 400);
}

/* Words in a purpose or comment that change what the row asks for. */
static bool changes_row(struct arena *arena, struct str text)
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

static void read_remarks(struct importer *importer, struct fact *fact, struct str text)
{
    if (changes_row(importer->arena, text))
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

static void read_purpose(struct table *table, const struct row *row, struct fact *fact)
{
    struct importer *importer = table->importer;
    struct str text = text_of(row, COLUMN_PURPOSE);
    struct str comment = text_of(row, COLUMN_COMMENT);
    struct str note = take_template(importer, &text);

    if (note.n == 0)
        note = take_rest(importer, &text);
    if (is_blank(text))
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
    else if (has_column(table, COLUMN_PURPOSE) && fact->to.why.n > 0 && table->last_purpose.text.n > 0)
        fact->purpose = (struct said){table->last_purpose.text, STR("empty; carried down from the row above")};
}

static void read_service(struct table *table, const struct row *row, const struct port_text *transport,
                         struct fact *fact)
{
    struct arena *arena = table->importer->arena;
    struct arena_mark mark = arena_mark(arena);
    struct str text = words_normal(arena, text_of(row, COLUMN_SERVICE));

    if (transport != NULL && transport->service != NULL)
        fact->service = transport->service;
    if (fact->service == NULL)
        fact->service = words_service_in(text);
    if (fact->service == NULL && fact->purpose.text.n > 0)
        fact->service = words_service_in(words_normal(arena, str_head(fact->purpose.text, 60)));
    arena_release(arena, mark);
    if (fact->purpose.text.n == 0)
        fact->purpose.text = words_line(arena, text_of(row, COLUMN_SERVICE), 120);
}

/* The end that a column names; carried down where nothing stands. */
static struct party read_party(struct table *table, const struct row *row, enum column_kind kind, struct party *last,
                               struct fact *fact)
{
    struct importer *importer = table->importer;
    const struct cell *cell = row->cells[kind];
    struct str text = text_of(row, kind);
    struct party party = {0};

    if (!has_column(table, kind))
        return party;
    if (cell == NULL || is_blank(text)) {
        if (last->actor == NULL)
            return party;
        party = *last;
        fact_when(importer, fact, party.condition);
        party.why = cell == NULL ? STR("row span lost; carried down from the row above")
                                 : STR("empty; carried down from the row above");
        return party;
    }
    party.actor = party_cell(importer, text, cell->span, &party.condition);
    if (party.actor != NULL && (str_is(party.actor->key, "all") || str_is(text, "*")) && kind == COLUMN_OWNER)
        party.actor = importer->product;
    fact_when(importer, fact, party.condition);
    *last = party;
    return party;
}

static enum need need_of(struct arena *arena, struct str head, struct str text, bool *said)
{
    struct str normal = words_normal(arena, text);
    bool yes = str_is(normal, "yes") || str_is(normal, "true") || str_is(normal, "x") || str_is(normal, "y");
    bool no = str_is(normal, "no") || str_is(normal, "false") || str_is(normal, "n");
    bool about_optional =
        words_have(head, "optional") && !words_have(head, "required") && !words_have(head, "mandatory");

    *said = true;
    if (str_starts(normal, "optional") || (about_optional && yes) || (!about_optional && no))
        return NEED_OPTIONAL;
    if (str_starts(normal, "recommended"))
        return NEED_RECOMMENDED;
    if (str_starts(normal, "required") || str_starts(normal, "mandatory") || yes || no)
        return NEED_REQUIRED;
    *said = false;
    return NEED_REQUIRED;
}

static void read_need(struct table *table, const struct row *row, struct fact *fact)
{
    struct arena *arena = table->importer->arena;
    struct hints hints = {0};
    struct str words = words_normal(arena, fact->purpose.text);
    bool said = false;

    if (text_of(row, COLUMN_NEED).n > 0)
        fact->need = need_of(arena, table->layout.heads[row->columns[COLUMN_NEED]], text_of(row, COLUMN_NEED), &said);
    if (!said &&
        (str_starts(words, "optional") || str_starts(words_normal(arena, text_of(row, COLUMN_COMMENT)), "optional"))) {
        fact->need = NEED_OPTIONAL;
        fact->need_why = STR("the row says optional");
    } else if (!said && table->scope.hints.optional) {
        fact->need = NEED_OPTIONAL;
        fact->need_why = STR("section heading");
    }
    if (words_have(words, "not") || words_have(words, "never") || words_have(words, "blocked"))
        sentence_read(arena, fact->purpose.text, false, &hints);
    if (table->scope.hints.forbidden || (hints.forbidden && !changes_row(arena, fact->purpose.text))) {
        fact->need = NEED_FORBIDDEN;
        fact->need_why = table->scope.hints.forbidden ? STR("lead-in sentence") : STR("the row says so");
    }
}

/* Ports of the row: one column, or one each for TCP and UDP. */
static bool read_ports(struct table *table, const struct row *row, const struct port_text *transport, struct fact *fact)
{
    static const enum column_kind apart[] = {COLUMN_TCP_PORT, COLUMN_UDP_PORT};
    struct importer *importer = table->importer;
    struct port_text all = {.mark = STR_EMPTY};
    struct port_text one;
    struct port_entry *entries;
    size_t n = 0;

    if (has_column(table, COLUMN_PORT)) {
        ports_read(importer->arena, text_of(row, COLUMN_PORT), &all);
        if (all.fault == NULL && ports_shape(&all) == SHAPE_NONE) {
            if (is_blank(text_of(row, COLUMN_PORT)))
                all.n = 0;
            else
                all.fault = "ports were expected";
        }
        if (words_have(table->layout.heads[row->columns[COLUMN_PORT]], "tcp") !=
            words_have(table->layout.heads[row->columns[COLUMN_PORT]], "udp")) {
            unsigned bit = words_have(table->layout.heads[row->columns[COLUMN_PORT]], "tcp") ? WORDS_TCP : WORDS_UDP;

            for (size_t i = 0; i < all.n; i++)
                all.entries[i].transports = all.entries[i].transports == 0 ? bit : all.entries[i].transports;
        }
        return fact_ports(importer, fact, &all, transport, words_line(importer->arena, text_of(row, COLUMN_PORT), 80));
    }
    entries = arena_new_array(importer->arena, struct port_entry, 256);
    for (size_t k = 0; k < 2; k++) {
        ports_read(importer->arena, text_of(row, apart[k]), &one);
        if (one.fault != NULL)
            all.fault = one.fault;
        for (size_t i = 0; i < one.n && n < 256; i++) {
            entries[n] = one.entries[i];
            if (entries[n].kind == PORT_ANY)
                entries[n].kind = PORT_RANGE;
            if (entries[n].kind == PORT_RANGE || entries[n].kind == PORT_DYNAMIC)
                entries[n].transports = k == 0 ? WORDS_TCP : WORDS_UDP;
            n++;
        }
    }
    all.entries = entries;
    all.n = n;
    return fact_ports(importer, fact, &all, transport, STR("TCP and UDP"));
}

static struct str label_of(const struct table *table, const struct row *row, const struct fact *fact)
{
    struct str label = text_of(row, COLUMN_DOMAIN);

    if (label.n == 0 && fact->from.actor != NULL && fact->to.actor != NULL && has_column(table, COLUMN_DESTINATION))
        return str_printf(table->importer->arena, "%.*s / %.*s", STR_ARG(fact->from.actor->title),
                          STR_ARG(fact->to.actor->title));
    if (label.n == 0)
        label = text_of(row, COLUMN_SERVICE);
    return label.n > 0 ? label : fact->purpose.text;
}

static void read_marks(struct table *table, const struct row *row, struct fact *fact)
{
    struct texts marks = {0};

    for (size_t column = 0; column < table->layout.column_n; column++) {
        const struct cell *cell = cell_at(table, row, column);

        for (size_t i = 0; cell != NULL && i < cell->mark_n; i++)
            *vec_push(table->importer->arena, &marks) = cell->marks[i];
    }
    if (row->cells[COLUMN_PORT] != NULL) {
        struct arena_mark mark = arena_mark(table->importer->arena);
        struct port_text read;

        ports_read(table->importer->arena, text_of(row, COLUMN_PORT), &read);
        arena_release(table->importer->arena, mark); /* the mark is a part of the cell */
        if (read.mark.n > 0)
            *vec_push(table->importer->arena, &marks) = read.mark;
    }
    fact->marks = marks.v;
    fact->mark_n = marks.n;
}

static void read_conditions(struct table *table, const struct row *row, struct fact *fact)
{
    struct str text = text_of(row, COLUMN_CONDITION);
    struct str normal = words_normal(table->importer->arena, text);

    if (normal.n > 0 && !str_is(normal, "all") && !str_is(normal, "any") && !str_is(normal, "always") &&
        !str_is(normal, "yes") && !str_is(normal, "no") && !str_is(normal, "n a") && !str_is(normal, "none"))
        fact_when(table->importer, fact, words_line(table->importer->arena, text, 120));
    if (row->cells[COLUMN_CONFIGURABLE] != NULL) {
        normal = words_normal(table->importer->arena, text_of(row, COLUMN_CONFIGURABLE));
        fact->adjustable =
            fact->adjustable || str_starts(normal, "yes") || str_is(normal, "true") || str_is(normal, "x");
    }
}

/* Which of two parties a port is: "Configurable server port": the server's, so the other one comes from outside. */
static void owner_of_use(struct table *table, struct fact *fact)
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

static bool ends_in_words(const struct table *table)
{
    return !has_column(table, COLUMN_SOURCE) && !has_column(table, COLUMN_DESTINATION) &&
           !has_column(table, COLUMN_OWNER) && !has_column(table, COLUMN_DOMAIN);
}

static void read_domains(struct table *table, const struct row *row, struct fact *fact, bool *ports_said)
{
    struct importer *importer = table->importer;
    struct str text = text_of(row, COLUMN_DOMAIN);
    struct domain_text read;

    *ports_said = false;
    if (is_blank(text))
        return;
    domains_read_text(importer->arena, text, &read);
    if (read.n == 0) {
        diag_warning(importer->diags, row->cells[COLUMN_DOMAIN]->span, "\"%.*s\" is no domain", STR_ARG(text));
        fact_review(importer, fact,
                    str_printf(importer->arena, "\"%.*s\" is no domain that can be resolved", STR_ARG(text)));
        fact->to.actor = party_actor(importer, text, row->cells[COLUMN_DOMAIN]->span);
        return;
    }
    if (read.rest.n > 0) {
        diag_warning(importer->diags, row->cells[COLUMN_DOMAIN]->span, "\"%.*s\" beside domains cannot be read",
                     STR_ARG(read.rest));
        fact_review(
            importer, fact,
            str_printf(importer->arena, "the document says \"%.*s\"", STR_ARG(words_line(importer->arena, text, 120))));
    }
    fact->to.actor = party_domains(importer, text, read.domains, read.n, row->cells[COLUMN_DOMAIN]->span);
    if (fact->way == WAY_UNSAID)
        fact->way = WAY_OUT;
    if (!table->domains)
        return;
    fact_domain_ports(importer, fact, &read);
    *ports_said = true;
}

/* "Agent → server", "from the agent to the server", "agent to server" in one cell. */
static void read_both_ends(struct table *table, const struct row *row, struct fact *fact)
{
    struct importer *importer = table->importer;
    struct str text = text_of(row, COLUMN_DIRECTION);
    struct span span = row->cells[COLUMN_DIRECTION]->span;
    struct hints hints;
    struct str from;
    struct str to;

    sentence_read(importer->arena, text, true, &hints);
    from = hints.from;
    to = hints.to;
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

/* "Clustering" where a party should stand. */
static void review_function(struct table *table, struct fact *fact)
{
    struct actor *actor = fact->to.actor;

    if (str_ends(actor->key, "ing") || str_ends(actor->key, "tion"))
        fact_review(table->importer, fact,
                    str_printf(table->importer->arena, "\"%.*s\" names what it is for, not who the peers are",
                               STR_ARG(actor->title)));
}

/* A row about ICMP has no ports to name. */
static bool is_icmp(struct table *table, struct fact *fact)
{
    struct port_text read;

    ports_read(table->importer->arena, fact->purpose.text, &read);
    return ports_shape(&read) == SHAPE_TRANSPORTS && read.transports == 0 &&
           fact_ports(table->importer, fact, &read, NULL, fact->purpose.text);
}

static void left_out(struct table *table, const struct row *row, const char *why)
{
    diag_warning(table->importer->diags, row->span, "row is left out: %s", why);
}

/* An empty cell below one that names transports, where the row itself names none. */
static void carry_transports(struct table *table, const struct port_text *transport, bool has_transport, struct str use,
                             struct fact *fact)
{
    struct arena *arena = table->importer->arena;
    struct arena_mark mark = arena_mark(arena);
    struct port_text words;
    bool carried = false;

    if (has_transport) {
        table->last_transports = transport->transports;
        return;
    }
    ports_read(arena, use, &words);
    arena_release(arena, mark);
    if (!has_column(table, COLUMN_TRANSPORT) || words.transports != 0)
        return;
    for (size_t i = 0; i < fact->port_n; i++) {
        struct port_entry *entry = &fact->ports[i];

        if (entry->transports != 0 || (entry->kind != PORT_RANGE && entry->kind != PORT_DYNAMIC))
            continue;
        entry->transports = table->last_transports;
        carried = carried || entry->transports != 0;
    }
    if (carried)
        fact->transport_why = STR("empty; carried down from the row above");
}

static void read_row(struct table *table, struct row *row)
{
    struct importer *importer = table->importer;
    struct fact fact = {.span = row->span, .purpose = {STR_EMPTY, STR_EMPTY}};
    struct port_text transport;
    struct party owner;
    struct party none = {0};
    bool has_transport = !is_blank(text_of(row, COLUMN_TRANSPORT));
    bool ports_said = false;
    struct str use;

    ports_read(importer->arena, text_of(row, COLUMN_TRANSPORT), &transport);
    fact.from = read_party(table, row, COLUMN_SOURCE, &table->last_from, &fact);
    fact.to = read_party(table, row, COLUMN_DESTINATION, &table->last_to, &fact);
    owner = read_party(table, row, COLUMN_OWNER, &none, &fact);
    fact.way = columns_way(importer->arena, text_of(row, COLUMN_DIRECTION));
    if (fact.from.actor == NULL && fact.to.actor == NULL && row->cells[COLUMN_DIRECTION] != NULL)
        read_both_ends(table, row, &fact);
    if (has_column(table, COLUMN_DOMAIN))
        read_domains(table, row, &fact, &ports_said);
    read_purpose(table, row, &fact);
    read_service(table, row, &transport, &fact);
    if (table->domains ? !ports_said
                       : !read_ports(table, row, has_transport ? &transport : NULL, &fact) && !is_icmp(table, &fact)) {
        left_out(table, row, "it names no port");
        return;
    }
    if (fact.to.actor != NULL && fact.to.why.n == 0 && has_column(table, COLUMN_DESTINATION) &&
        fact.to.actor->domain_n == 0 && words_have(words_normal(importer->arena, fact.purpose.text), "between"))
        review_function(table, &fact);
    if (row->tie) {
        diag_warning(importer->diags, row->span, "row can be read in two ways: cells are missing on its left");
        fact_review(importer, &fact, STR("cells are missing in this row, and it can be read in two ways"));
    }
    read_conditions(table, row, &fact);
    read_need(table, row, &fact);
    read_marks(table, row, &fact);
    use = str_printf(importer->arena, "%.*s %.*s", STR_ARG(text_of(row, COLUMN_SERVICE)), STR_ARG(fact.purpose.text));
    carry_transports(table, &transport, has_transport, use, &fact);
    fact_finish(importer, &fact, has_transport ? &transport : NULL, &table->scope, use,
                has_column(table, COLUMN_DOMAIN) || (fact.to.actor != NULL && fact.to.actor->domain_n > 0));
    if (ends_in_words(table)) {
        party_ends_of_use(importer, fact.purpose.text, row->span, table->scope.heading, table->known, table->known_n,
                          &fact.from, &fact.to);
        owner_of_use(table, &fact);
    }
    if (owner.actor != NULL && fact.from.actor != NULL && fact.to.actor == NULL)
        fact.to = owner;
    else if (owner.actor != NULL && fact.to.actor != NULL && fact.from.actor == NULL)
        fact.from = owner;
    fact_ends(importer, &fact, &table->scope, owner.actor);
    if (fact.purpose.text.n == 0)
        fact.purpose = (struct said){STR("not stated in the document"), STR("the document states none")};
    fact.place = fact_place(importer, &table->scope, label_of(table, row, &fact), row->span);
    fact_add(importer, &fact);
}

/* The text of a row that is nothing but one cell; empty for any other. */
static struct str only_text(const struct table *table, size_t row, struct span *span)
{
    const struct cell *only = NULL;

    for (size_t column = 0; column < table->grid->column_n; column++) {
        const struct cell *cell = grid_at(table->grid, row, column);

        if (cell == NULL || cell == only || is_blank(cell->text))
            continue;
        if (only != NULL)
            return STR_EMPTY;
        only = cell;
    }
    if (only == NULL || only->row != row)
        return STR_EMPTY;
    *span = only->span;
    return words_line(table->importer->arena, only->text, 0);
}

/* A row that says what the rows below it are about; a long one is a note. */
static bool read_section(struct table *table, size_t row)
{
    struct importer *importer = table->importer;
    struct span span;
    struct str text = only_text(table, row, &span);
    struct port_text ports;

    if (text.n == 0)
        return false;
    ports_read(importer->arena, text, &ports);
    if (ports.n > 0 && ports_shape(&ports) != SHAPE_NONE && ports_shape(&ports) != SHAPE_SYMBOLIC)
        return false;
    if (words_count(words_normal(importer->arena, text)) > 14) {
        *vec_push(importer->arena, &importer->notes) =
            (struct pending_note){.text = text,
                                  .mark = STR_EMPTY,
                                  .span = span,
                                  .table = importer->table,
                                  .place = fact_place(importer, &table->scope, STR_EMPTY, span),
                                  .document = importer->document};
        return true;
    }
    importer->around.section = text;
    table->last_from = table->last_to = (struct party){0};
    table->last_transports = 0;
    scope_find(importer, &table->scope);
    return true;
}

static bool is_head_again(const struct table *table, size_t row)
{
    struct arena *arena = table->importer->arena;
    struct arena_mark mark = arena_mark(arena);
    bool same = table->layout.head_n > 0;

    for (size_t column = 0; column < table->layout.column_n && same; column++)
        same = str_eq(words_normal(arena, columns_text(table->grid, row, column)), table->layout.heads[column]);
    arena_release(arena, mark);
    return same;
}

static bool is_empty_row(const struct table *table, size_t row)
{
    for (size_t column = 0; column < table->grid->column_n; column++) {
        if (!is_blank(columns_text(table->grid, row, column)))
            return false;
    }
    return true;
}

static bool is_struck(const struct table *table, const struct row *row)
{
    const struct cell *cell = row->cells[COLUMN_PORT];

    (void)table;
    return cell != NULL && cell->struck;
}

static struct row row_at(const struct table *table, size_t index)
{
    struct row row = {.index = index};

    for (size_t column = 0; column < table->grid->column_n && row.span.source == NULL; column++) {
        const struct cell *cell = grid_at(table->grid, index, column);

        if (cell != NULL && (cell->row == index || column + 1 == table->grid->column_n))
            row.span = cell->span;
    }
    find_shift(table, &row);
    find_cells(table, &row);
    if (row.cells[COLUMN_PORT] != NULL && row.cells[COLUMN_PORT]->span.source != NULL &&
        row.cells[COLUMN_PORT]->row == index)
        row.span = row.cells[COLUMN_PORT]->span;
    return row;
}

/* Parties that rows name in words, before any row is read: what others mean depends on them. */
static void find_known(struct table *table)
{
    struct importer *importer = table->importer;
    struct actors VEC(const struct actor *) known = {0};

    for (size_t i = table->layout.head_n; ends_in_words(table) && i < table->grid->row_n; i++) {
        struct row row = row_at(table, i);
        struct party ends[2] = {{0}};

        party_ends_of_use(importer, words_line(importer->arena, text_of(&row, COLUMN_PURPOSE), 300), row.span,
                          STR_EMPTY, NULL, 0, &ends[0], &ends[1]);
        for (size_t k = 0; k < 2 && ends[k].actor != NULL; k++) {
            bool there = false;

            for (size_t j = 0; j < known.n; j++)
                there = there || known.v[j] == ends[k].actor;
            if (!there)
                *vec_push(importer->arena, &known) = ends[k].actor;
        }
    }
    table->known = known.v;
    table->known_n = known.n;
}

static void reject(struct importer *importer, const struct grid *grid, const struct layout *layout,
                   const struct scope *scope)
{
    struct note *note = vec_push(importer->arena, &importer->said);

    if (layout->unsure)
        diag_warning(importer->diags, grid->span, "table is left out: %s", layout->rejected);
    note->text = str_printf(importer->arena, "a table is left out: %s", layout->rejected);
    note->origin = fact_place(importer, scope, STR_EMPTY, grid->span);
}

void table_read(struct importer *importer, const struct grid *grid)
{
    struct table table = {.importer = importer, .grid = columns_turn(importer->arena, grid)};

    importer->section_table = ++importer->table;
    importer->around.section = STR_EMPTY;
    importer->around.caption = grid->caption;
    scope_find(importer, &table.scope);
    columns_find(importer->arena, table.grid, table.scope.hints.ports || table.scope.hints.domains, &table.layout);
    if (table.layout.rejected != NULL) {
        reject(importer, grid, &table.layout, &table.scope);
        return;
    }
    table.domains = !has_column(&table, COLUMN_PORT) && !has_column(&table, COLUMN_TCP_PORT) &&
                    !has_column(&table, COLUMN_UDP_PORT);
    find_known(&table);
    facts_reserve(importer, table.grid->row_n);
    for (size_t i = table.layout.head_n; i < table.grid->row_n; i++) {
        struct row row;

        if (is_empty_row(&table, i) || is_head_again(&table, i) || read_section(&table, i))
            continue;
        row = row_at(&table, i);
        if (is_struck(&table, &row))
            left_out(&table, &row, "it is struck through");
        else
            read_row(&table, &row);
    }
    importer->around.section = STR_EMPTY;
    importer->around.caption = STR_EMPTY;
}
