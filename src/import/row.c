/*
 * One row of a table -> facts. Ends that are missing are carried down from the row above, read from what the row is
 * used for, or left to the surroundings, in this order, each with its reason.
 */
#include "import/domains.h"
#include "import/table.h"

void row_left_out(struct table *table, const struct row *row, const char *why)
{
    diag_warning(table->importer->diags, row->span, "row is left out: %s", why);
}

static void read_service(struct table *table, const struct row *row, const struct port_text *transport,
                         struct fact *fact)
{
    struct arena *arena = table->importer->arena;
    struct arena_mark mark = arena_mark(arena);
    struct str text = words_normal(arena, row_text(row, COLUMN_SERVICE));

    if (transport != NULL && transport->service != NULL)
        fact->service = transport->service;
    if (fact->service == NULL && table_has(table, COLUMN_PORT))
        fact->service = words_service_in(table->layout.heads[row->columns[COLUMN_PORT]]);
    if (fact->service == NULL)
        fact->service = words_service_in(text);
    if (fact->service == NULL && fact->purpose.text.n > 0)
        fact->service = words_service_in(words_normal(arena, str_head(fact->purpose.text, 60)));
    arena_release(arena, mark);
    if (fact->purpose.text.n == 0)
        fact->purpose.text = words_line(arena, row_text(row, COLUMN_SERVICE), 120);
}

/* "Internal", "localhost", "N/A" where a party should stand: no name, but what it says counts. Whether it is a name. */
static bool take_place(struct importer *importer, const struct cell *cell, struct str *text, enum column_kind kind,
                       struct fact *fact)
{
    struct whereabouts where = party_where(importer->arena, *text);

    if (where.named && !where.inside) {
        *text = where.names.n > 0 ? where.names : *text;
        return true;
    }
    if (kind == COLUMN_DESTINATION && where.outside)
        return true;
    fact->inside = fact->inside || (kind == COLUMN_SOURCE && where.inside);
    fact->outside = fact->outside || (kind == COLUMN_SOURCE && where.outside);
    fact->local = fact->local || (where.self && !where.inside && !where.outside && !where.named);
    if (kind == COLUMN_SOURCE && (where.inside || where.outside))
        fact->way = WAY_IN;
    if (where.named) {
        diag_warning(importer->diags, cell->span, "\"%.*s\" is no name of a party", STR_ARG(*text));
        fact_review(
            importer, fact,
            str_printf(importer->arena, "the document says \"%.*s\" where a party should stand", STR_ARG(*text)));
    }
    return false;
}

/* The end that a column names; carried down where nothing stands. */
static struct party read_party(struct table *table, const struct row *row, enum column_kind kind, struct party *last,
                               struct fact *fact)
{
    struct importer *importer = table->importer;
    const struct cell *cell = row->cells[kind];
    struct str text = row_text(row, kind);
    struct party party = {0};

    if (!table_has(table, kind))
        return party;
    if (cell == NULL || row_is_blank(text) || row_same_again(importer->arena, text)) {
        if (last->actor == NULL)
            return party;
        party = *last;
        fact_when(importer, fact, party.condition);
        party.why = cell == NULL         ? STR("row span lost; carried down from the row above")
                    : row_is_blank(text) ? STR("empty; carried down from the row above")
                                         : STR("the same as in the row above, as the cell says");
        return party;
    }
    if (!take_place(importer, cell, &text, kind, fact)) {
        *last = (struct party){0}; /* nothing that a row below could carry down */
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
    static const char *const refusals[] = {"deny", "denied", "block", "blocked", "drop", "reject"};
    struct str normal = words_normal(arena, text);
    bool yes = str_is(normal, "yes") || str_is(normal, "true") || str_is(normal, "x") || str_is(normal, "y");
    bool no = str_is(normal, "no") || str_is(normal, "false") || str_is(normal, "n");
    bool about_optional =
        words_have(head, "optional") && !words_have(head, "required") && !words_have(head, "mandatory");

    *said = true;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (str_is(normal, refusals[i]))
            return NEED_FORBIDDEN;
    }
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

    if (row_text(row, COLUMN_NEED).n > 0)
        fact->need = need_of(arena, table->layout.heads[row->columns[COLUMN_NEED]], row_text(row, COLUMN_NEED), &said);
    if (!said &&
        (str_starts(words, "optional") || str_starts(words_normal(arena, row_text(row, COLUMN_COMMENT)), "optional"))) {
        fact->need = NEED_OPTIONAL;
        fact->need_why = STR("the row says optional");
    } else if (!said && table->scope.hints.optional) {
        fact->need = NEED_OPTIONAL;
        fact->need_why = STR("section heading");
    }
    if (words_have(words, "not") || words_have(words, "never") || words_have(words, "blocked"))
        sentence_read(arena, fact->purpose.text, false, &hints);
    if (table->scope.hints.forbidden && table->scope.hints.exposed && fact->from.actor != NULL &&
        fact->to.actor != NULL)
        fact_review(table->importer, fact, STR("the document says that its ports must not be exposed"));
    else if (table->scope.hints.forbidden ||
             (hints.forbidden && fact->from.actor == NULL && !remarks_change(arena, fact->purpose.text))) {
        fact->need = NEED_FORBIDDEN;
        fact->need_why = table->scope.hints.forbidden ? STR("lead-in sentence") : STR("the row says so");
    } else if (hints.forbidden) {
        fact_review(table->importer, fact,
                    str_printf(arena, "see whether it applies: %.*s", STR_ARG(fact->purpose.text)));
    }
}

static struct str label_of(const struct table *table, const struct row *row, const struct fact *fact)
{
    struct str label = row_text(row, COLUMN_DOMAIN);

    if (label.n == 0 && fact->from.actor != NULL && fact->to.actor != NULL && table_has(table, COLUMN_DESTINATION))
        return str_printf(table->importer->arena, "%.*s / %.*s", STR_ARG(fact->from.actor->title),
                          STR_ARG(fact->to.actor->title));
    if (label.n == 0)
        label = row_text(row, COLUMN_SERVICE);
    return label.n > 0 ? label : fact->purpose.text;
}

static void read_marks(struct table *table, const struct row *row, struct fact *fact)
{
    struct texts marks = {0};

    for (size_t column = 0; column < table->layout.column_n; column++) {
        const struct cell *cell = row_cell(table, row, column);

        for (size_t i = 0; cell != NULL && i < cell->mark_n; i++)
            *vec_push(table->importer->arena, &marks) = cell->marks[i];
    }
    if (row->cells[COLUMN_PORT] != NULL) {
        struct arena_mark mark = arena_mark(table->importer->arena);
        struct port_text read;

        ports_read(table->importer->arena, row_text(row, COLUMN_PORT), &read);
        arena_release(table->importer->arena, mark); /* the mark is a part of the cell */
        if (read.mark.n > 0)
            *vec_push(table->importer->arena, &marks) = read.mark;
    }
    fact->marks = marks.v;
    fact->mark_n = marks.n;
}

/* "dfs.address", "clientPort": the name of a setting, not when it counts. */
static bool is_identifier(struct str text)
{
    for (size_t i = 1; i < text.n; i++) {
        if (text.p[i] == ' ')
            return false;
        if (text.p[i] == '.' || text.p[i] == '_' ||
            (text.p[i] >= 'A' && text.p[i] <= 'Z' && text.p[i - 1] >= 'a' && text.p[i - 1] <= 'z'))
            return true;
    }
    return false;
}

/* Source ports are no constraint on the flow: a client may pick others. The document's stand in the review. */
static void read_source_ports(struct table *table, const struct row *row, struct fact *fact)
{
    struct arena *arena = table->importer->arena;
    struct str text = row_text(row, COLUMN_SOURCE_PORT);
    struct str normal = words_normal(arena, text);

    if (normal.n > 0 && !str_is(normal, "any") && !str_is(normal, "all") && !str_is(normal, "n a"))
        fact_review(table->importer, fact,
                    str_printf(arena, "the document has source ports: %.*s", STR_ARG(words_line(arena, text, 80))));
}

static void read_conditions(struct table *table, const struct row *row, struct fact *fact)
{
    struct str text = row_text(row, COLUMN_CONDITION);
    struct str normal = words_normal(table->importer->arena, text);

    if (normal.n > 0 && !str_is(normal, "all") && !str_is(normal, "any") && !str_is(normal, "always") &&
        !str_is(normal, "yes") && !str_is(normal, "no") && !str_is(normal, "n a") && !str_is(normal, "none") &&
        !str_starts(normal, "see "))
        fact_when(table->importer, fact,
                  is_identifier(text) ? STR_EMPTY : words_line(table->importer->arena, text, 120));
    if (row->cells[COLUMN_CONFIGURABLE] != NULL) {
        normal = words_normal(table->importer->arena, row_text(row, COLUMN_CONFIGURABLE));
        fact->adjustable =
            fact->adjustable || str_starts(normal, "yes") || str_is(normal, "true") || str_is(normal, "x");
    }
}

static void read_domains(struct table *table, const struct row *row, struct fact *fact, bool *ports_said)
{
    struct importer *importer = table->importer;
    struct str text = row_text(row, COLUMN_DOMAIN);
    struct domain_text read;

    *ports_said = false;
    if (row_is_blank(text))
        return;
    domains_read_text(importer->arena, text, &read);
    if (read.n == 0) {
        diag_warning(importer->diags, row->cells[COLUMN_DOMAIN]->span, "\"%.*s\" is no domain", STR_ARG(text));
        fact_review(importer, fact,
                    str_printf(importer->arena, "\"%.*s\" is no domain that can be resolved", STR_ARG(text)));
        fact->to.actor = party_actor(importer, text, row->cells[COLUMN_DOMAIN]->span);
        if (memmem(text.p, text.n, "://", 3) != NULL)
            fact->way = WAY_OUT;
        if (table->domains && memchr(text.p, '.', text.n) != NULL &&
            words_count(words_normal(importer->arena, text)) < 9) {
            fact->way = WAY_OUT; /* "a-<region>.example.com": a name, though not one that can be resolved */
            fact_domain_ports(importer, fact, &read);
            *ports_said = true;
        }
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
    if (!table->domains && (read.port_n == 0 || !row_is_blank(row_text(row, COLUMN_PORT))))
        return;
    fact_domain_ports(importer, fact, &read);
    *ports_said = true;
}

static bool is_everyone(const struct table *table, const struct row *row)
{
    struct str normal = words_normal(table->importer->arena, row_text(row, COLUMN_OWNER));

    return str_is(normal, "all") || str_is(normal, "all hosts") || str_is(normal, "all nodes");
}

/* "(listening on 127.0.0.1)", "localhost only". */
static bool is_local(struct arena *arena, struct str text)
{
    static const char *const says[] = {"accessible from localhost",
                                       "reachable from localhost",
                                       "listening on 127 0 0 1",
                                       "listens on 127 0 0 1",
                                       "listening on localhost",
                                       "listens on localhost",
                                       "localhost only",
                                       "loopback only",
                                       "only on localhost",
                                       "only from localhost",
                                       "only localhost",
                                       "only on 127 0 0 1",
                                       "bound to localhost",
                                       "bound to 127 0 0 1",
                                       "on the loopback interface",
                                       "local loopback"};
    struct arena_mark mark = arena_mark(arena);
    struct str normal = words_normal(arena, text);
    bool found = false;

    for (size_t i = 0; i < sizeof says / sizeof *says; i++)
        found = found || words_have(normal, says[i]);
    found = found && !words_have(normal, "by default") && !words_have(normal, "not");
    arena_release(arena, mark);
    return found;
}

/* "Localhost only" where a direction should stand. */
static bool stays_inside(struct arena *arena, struct str text)
{
    struct whereabouts where = party_where(arena, text);

    return where.self && !where.inside && !where.outside && !where.named;
}

/* A column of sources alone: they come in, whatever a sentence says of what goes out. A heading or caption that says so
 * is about this table, and contradicts its head. */
static void come_in(struct table *table, struct fact *fact)
{
    fact->way = WAY_IN;
    if (!str_is(table->scope.way_why, "lead-in sentence"))
        fact_review(table->importer, fact, STR("the words over the table say outbound, its column says sources"));
}

/* "Yard nodes <-> quay nodes" under `From`: both ends in one cell. */
static void read_arrow(struct table *table, const struct row *row, struct fact *fact)
{
    struct importer *importer = table->importer;
    struct str from;
    struct str to;
    enum way way = columns_ends(row_text(row, COLUMN_SOURCE), &from, &to);

    if (way == WAY_UNSAID || words_normal(importer->arena, row_text(row, COLUMN_DESTINATION)).n > 0)
        return;
    fact->from.actor = party_cell(importer, from, row->cells[COLUMN_SOURCE]->span, &fact->from.condition);
    fact->to = (struct party){.actor = party_cell(importer, to, row->cells[COLUMN_SOURCE]->span, &fact->to.condition)};
    fact->way = way == WAY_BOTH ? WAY_BOTH : fact->way;
}

void row_read(struct table *table, const struct row *row)
{
    struct importer *importer = table->importer;
    struct fact fact = {.span = row->span, .purpose = {STR_EMPTY, STR_EMPTY}};
    struct port_text transport;
    struct party owner;
    bool has_transport = !row_is_blank(row_text(row, COLUMN_TRANSPORT));
    bool ports_said = false;
    struct str use;

    ports_read(importer->arena, row_text(row, COLUMN_TRANSPORT), &transport);
    fact.from = read_party(table, row, COLUMN_SOURCE, &table->last_from, &fact);
    fact.to = read_party(table, row, COLUMN_DESTINATION, &table->last_to, &fact);
    read_arrow(table, row, &fact);
    row_between(table, row, &fact);
    owner = read_party(table, row, COLUMN_OWNER, &table->last_owner, &fact);
    if (owner.actor == NULL && fact.to.actor == NULL)
        owner = row_ticked(table, row);
    if (fact.way == WAY_UNSAID)
        fact.way = columns_way(importer->arena, row_text(row, COLUMN_DIRECTION));
    row_far_end(table, row, &fact);
    if (fact.way == WAY_UNSAID && fact.from.actor != NULL && !table_has(table, COLUMN_DESTINATION) &&
        table->scope.hints.way == WAY_OUT && table->scope.hints.from.n == 0 && !table_has(table, COLUMN_DOMAIN))
        come_in(table, &fact);
    if (fact.way == WAY_UNSAID && table_has(table, COLUMN_PORT))
        fact.way = columns_head_way(table->layout.heads[row->columns[COLUMN_PORT]]);
    if (fact.from.actor == NULL && fact.to.actor == NULL && row->cells[COLUMN_DIRECTION] != NULL)
        row_both_ends(table, row, &fact);
    if (table_has(table, COLUMN_DOMAIN))
        read_domains(table, row, &fact, &ports_said);
    row_purpose(table, row, &fact);
    fact.local = fact.local || stays_inside(importer->arena, row_text(row, COLUMN_DIRECTION)) ||
                 stays_inside(importer->arena, row_text(row, COLUMN_PORT));
    if (fact.local || is_local(importer->arena, fact.purpose.text) ||
        is_local(importer->arena, row_text(row, COLUMN_COMMENT)) ||
        is_local(importer->arena, row_text(row, COLUMN_PORT))) {
        row_left_out(table, row, "its port does not leave the host, as the row says");
        return;
    }
    read_service(table, row, &transport, &fact);
    if (table->domains ? !ports_said
                       : !ports_said && !row_ports(table, row, has_transport ? &transport : NULL, &fact) &&
                             !row_icmp(table, &fact)) {
        row_left_out(table, row, "it names no port");
        return;
    }
    if (fact.to.actor != NULL && fact.to.why.n == 0 && table_has(table, COLUMN_DESTINATION) &&
        fact.to.actor->domain_n == 0 && words_have(words_normal(importer->arena, fact.purpose.text), "between"))
        row_review_function(table, &fact);
    if (row->tie) {
        diag_warning(importer->diags, row->span, "row can be read in two ways: cells are missing on its left");
        fact_review(importer, &fact, STR("cells are missing in this row, and it can be read in two ways"));
    }
    if (table->layout.by_order)
        fact_review(importer, &fact, STR("the table has no heads: source and destination are read from their order"));
    read_conditions(table, row, &fact);
    read_source_ports(table, row, &fact);
    read_need(table, row, &fact);
    read_marks(table, row, &fact);
    use = str_printf(importer->arena, "%.*s %.*s", STR_ARG(row_text(row, COLUMN_SERVICE)), STR_ARG(fact.purpose.text));
    row_carry_transports(table, row, &transport, has_transport, use, &fact);
    fact_finish(importer, &fact, has_transport ? &transport : NULL, &table->scope, use,
                table_has(table, COLUMN_DOMAIN) || (fact.to.actor != NULL && fact.to.actor->domain_n > 0));
    if (table_in_words(table)) {
        party_ends_of_use(importer, fact.purpose.text, row->span, table->scope.heading, table->known, table->known_n,
                          &fact.from, &fact.to);
        row_owner_of_use(table, &fact);
        row_ends_of_verbs(table, &fact);
    }
    row_inside(table, row, owner.actor, &fact);
    if (fact.way == WAY_BOTH && fact.from.actor == NULL && fact.to.actor == NULL && is_everyone(table, row))
        fact.from = fact.to = (struct party){.actor = importer->product, .why = STR("all of them, both ways")};
    if (owner.actor != NULL && fact.from.actor != NULL && fact.to.actor == NULL)
        fact.to = owner;
    else if (owner.actor != NULL && fact.to.actor != NULL && fact.from.actor == NULL)
        fact.from = owner;
    fact_ends(importer, &fact, &table->scope, owner.actor);
    if (fact.purpose.text.n == 0)
        fact.purpose = (struct said){STR("not stated in the document"), STR("the document states none")};
    if (table->flags.n > 0)
        fact_review(importer, &fact,
                    str_printf(importer->arena, "see for whom: the document says yes or no under \"%.*s\"",
                               STR_ARG(table->flags)));
    fact.place = fact_place(importer, &table->scope, label_of(table, row, &fact), row->span);
    if (!fact.inside || fact.outside)
        fact_add(importer, &fact);
    if (fact.inside) {
        fact.from = (struct party){
            .actor = table_has(table, COLUMN_DESTINATION) || owner.actor != NULL ? importer->product : fact.to.actor,
            .why = STR("internal, as the row says")};
        fact_add(importer, &fact);
    }
}
