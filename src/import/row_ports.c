/* The ports of a row: of one column or of one for each transport, of their lines, of the row above. */
#include "import/table.h"

static size_t line_n(struct str text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

/* As many lines of ports as of transports: each line has its own, and no port gets the transport of another. */
static bool pair_lines(struct arena *arena, struct str ports, struct str transports, struct port_text *all)
{
    size_t n = line_n(ports);
    struct entries VEC(struct port_entry) entries = {0};

    if (n < 2 || n != line_n(transports))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct port_text port;
        struct port_text transport;

        ports_read(arena, str_cut(ports, '\n', &ports), &port);
        ports_read(arena, str_cut(transports, '\n', &transports), &transport);
        if (transport.transports == 0 && transport.service != NULL && transport.unknown == 0)
            transport.transports = transport.service->transports; /* TCP, UDP, SSL */
        if (port.fault != NULL || transport.transports == 0 || port.transports != 0)
            return false;
        for (size_t k = 0; k < port.n; k++) {
            port.entries[k].transports = transport.transports;
            *vec_push(arena, &entries) = port.entries[k];
        }
    }
    all->entries = entries.v;
    all->n = entries.n;
    return true;
}

/* `same as above`, `ditto`. */
bool row_same_again(struct arena *arena, struct str text)
{
    static const char *const words[] = {"same as above", "as above", "same", "ditto", "see above", "above"};
    struct arena_mark mark = arena_mark(arena);
    struct str normal = text.n > 20 ? STR_EMPTY : words_normal(arena, text);
    bool same = false;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        same = same || str_is(normal, words[i]);
    arena_release(arena, mark);
    return same;
}

/* "3343 (this port is needed while a node joins)": the ports stand before the remark, which a person must look at. */
static void without_remark(struct importer *importer, struct fact *fact, struct str text, struct port_text *all)
{
    const char *open = memchr(text.p, '(', text.n);
    struct port_text read;

    if (open == NULL || text.p[text.n - 1] != ')')
        return;
    ports_read(importer->arena, str_trim(str_head(text, (size_t)(open - text.p))), &read);
    if (read.fault != NULL || read.unknown > 0 ||
        (ports_shape(&read) != SHAPE_PORTS && ports_shape(&read) != SHAPE_BOTH))
        return;
    *all = read;
    fact_review(importer, fact,
                str_printf(importer->arena, "see whether it applies: %.*s",
                           STR_ARG(words_line(importer->arena, str_from(text, (size_t)(open - text.p)), 200))));
}

/* "base + 1 (default 7016)": what is added is no port; the default is one. */
static void computed(struct importer *importer, struct fact *fact, struct str text, struct port_text *all)
{
    const char *plus = memmem(text.p, text.n, " + ", 3);
    const char *open = plus == NULL ? NULL : memchr(plus, '(', (size_t)(text.p + text.n - plus));
    struct port_text words;
    struct port_text read = {.n = 0};

    if (plus == NULL)
        return;
    ports_read(importer->arena, str_head(text, (size_t)(plus - text.p)), &words);
    if (words.n > 0 || words.transports != 0 || words.service != NULL)
        return; /* "443 + 80", "TCP + UDP 53" */
    if (open != NULL)
        ports_read(importer->arena, str_from(text, (size_t)(open - text.p)), &read);
    if (read.n == 0)
        read.fault = "it is computed";
    fact->adjustable = true;
    *all = read;
}

/* "At least 100 ports above 5000": how many, and not which. */
static bool is_amount(struct arena *arena, struct str text)
{
    static const char *const says[] = {"ports above", "minimum of", "at least", "ports or more", "number of ports"};
    struct str normal = text.n > 200 ? STR_EMPTY : words_normal(arena, text);

    for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
        if (words_have(normal, says[i]))
            return true;
    }
    return false;
}

/* Ports of the row: one column, or one each for TCP and UDP. */
bool row_ports(struct table *table, const struct row *row, const struct port_text *transport, struct fact *fact)
{
    static const enum column_kind apart[] = {COLUMN_TCP_PORT, COLUMN_UDP_PORT};
    struct importer *importer = table->importer;
    struct port_text all = {.mark = STR_EMPTY};
    struct port_text one;
    struct port_entry *entries;
    size_t n = 0;

    if (table_has(table, COLUMN_PORT)) {
        ports_read(importer->arena, row_text(row, COLUMN_PORT), &all);
        if (row_same_again(importer->arena, row_text(row, COLUMN_PORT)) && table->last_ports.n > 0) {
            all = table->last_ports;
            fact->ports_why = STR("the same as in the row above, as the cell says");
        }
        table->last_ports = all;
        computed(importer, fact, row_text(row, COLUMN_PORT), &all);
        if (is_amount(importer->arena, row_text(row, COLUMN_PORT)))
            all.fault = "it says how many ports, not which";
        pair_lines(importer->arena, row_text(row, COLUMN_PORT), row_text(row, COLUMN_TRANSPORT), &all);
        if (all.fault == NULL && ports_shape(&all) == SHAPE_NONE)
            without_remark(importer, fact, row_text(row, COLUMN_PORT), &all);
        if (all.fault == NULL && ports_shape(&all) == SHAPE_NONE) {
            if (row_is_blank(row_text(row, COLUMN_PORT)))
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
        return fact_ports(importer, fact, &all, transport, words_line(importer->arena, row_text(row, COLUMN_PORT), 80));
    }
    entries = arena_new_array(importer->arena, struct port_entry, 256);
    for (size_t k = 0; k < 2; k++) {
        ports_read(importer->arena, row_text(row, apart[k]), &one);
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

/* A row about ICMP has no ports to name. */
bool row_icmp(struct table *table, struct fact *fact)
{
    struct port_text read;

    ports_read(table->importer->arena, fact->purpose.text, &read);
    return ports_shape(&read) == SHAPE_TRANSPORTS && read.transports == 0 &&
           fact_ports(table->importer, fact, &read, NULL, fact->purpose.text);
}

/* A row with an end of its own is a new one: what is empty in it was left open, and not spanned over. */
static bool names_an_end(const struct row *row)
{
    return !row_is_blank(row_text(row, COLUMN_SOURCE)) || !row_is_blank(row_text(row, COLUMN_DESTINATION));
}

/* An empty cell below one that names transports, where the row itself names none. */
void row_carry_transports(struct table *table, const struct row *row, const struct port_text *transport,
                          bool has_transport, struct str use, struct fact *fact)
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
    if (!table_has(table, COLUMN_TRANSPORT) || words.transports != 0 || names_an_end(row))
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
