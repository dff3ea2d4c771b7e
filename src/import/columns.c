/*
 * Columns of a table; see columns.h. A kind's score in a column is what its head says (0 to 10) and what share of its
 * cells hold that kind of thing (0 to 8); the best pair is taken first, and each kind that there can be once goes to
 * one column.
 */
#include "import/columns.h"

#include "base/vec.h"
#include "import/domains.h"
#include "import/ports.h"

#define SCORE_LEAST 4
#define SHARE 8

/* Counts over the body of one column. */
struct tally {
    size_t filled;
    size_t ports; /* with or without transport */
    size_t both;
    size_t transports;
    size_t services;
    size_t symbolic;
    size_t ways;
    size_t ends;   /* both of a connection, with an arrow or `to` between them */
    size_t arrows; /* with an arrow */
    size_t domains;
    size_t addresses;
    size_t answers; /* yes, no, required… */
    size_t small;   /* ports below 49 */
    size_t names;   /* a few words that are no protocol */
    size_t types;   /* of values: integer, string, boolean */
    bool row_heads; /* the first column, with nothing over it */
};

static bool is_answer(struct str normal)
{
    static const char *const words[] = {"yes",       "no",          "true",   "false",  "required", "optional",
                                        "mandatory", "recommended", "x",      "y",      "n",        "allow",
                                        "deny",      "permit",      "accept", "block",  "drop",     "reject",
                                        "allowed",   "denied",      "open",   "blocked"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_is(normal, words[i]))
            return true;
    }
    return false;
}

/* "32-bit Integer", "string": what a setting takes. */
static bool is_value_type(struct str normal)
{
    static const char *const words[] = {"integer", "int",   "string", "str",   "boolean", "bool",
                                        "uint16",  "int32", "number", "float", "uint",    "strings"};

    for (size_t i = 0; words_count(normal) <= 4 && i < sizeof words / sizeof *words; i++) {
        if (words_have(normal, words[i]))
            return true;
    }
    return false;
}

static void count(struct arena *arena, struct str text, struct tally *tally)
{
    struct port_text ports;
    struct str normal;
    struct str from;
    struct str to;

    if (text.n > 300) {
        tally->filled++; /* sentences */
        return;
    }
    normal = words_normal(arena, text);
    if (columns_arrow(text) != WAY_UNSAID) {
        tally->filled++;
        tally->ways++;
    }
    if (normal.n == 0 && !str_is(str_trim(text), "*"))
        return;
    tally->filled++;
    ports_read(arena, text, &ports);
    switch (ports_shape(&ports)) {
    case SHAPE_PORTS: tally->ports++; break;
    case SHAPE_BOTH:
        tally->ports++;
        tally->both++;
        break;
    case SHAPE_TRANSPORTS: tally->transports++; break;
    case SHAPE_SERVICES: tally->services++; break;
    case SHAPE_SYMBOLIC: tally->symbolic++; break;
    case SHAPE_EMPTY:
    case SHAPE_NONE:
    case SHAPE_N: break;
    }
    tally->small += ports.n == 1 && ports.entries[0].kind == PORT_RANGE && ports.entries[0].hi < 49;
    tally->ways += columns_way(arena, text) != WAY_UNSAID;
    tally->arrows += columns_ends(text, &from, &to) != WAY_UNSAID;
    tally->ends +=
        columns_ends(text, &from, &to) != WAY_UNSAID || columns_to(text, &from, &to) || columns_needs_out(text).n > 0;
    tally->domains += domains_in(arena, text);
    tally->addresses += domains_is_address(text);
    tally->answers += is_answer(normal);
    tally->types += is_value_type(normal);
    tally->names +=
        words_count(normal) <= 5 && words_service(normal) == NULL && ports_shape(&ports) != SHAPE_TRANSPORTS;
}

/* Rows that lost no cell: what a column holds is read from these where others are shifted. */
static bool has_whole_rows(const struct grid *grid, size_t head_n)
{
    size_t n = 0;

    for (size_t row = head_n; row < grid->row_n && n < 2; row++)
        n += columns_text(grid, row, grid->column_n - 1).n > 0;
    return n > 1;
}

static void count_column(struct arena *arena, const struct grid *grid, size_t head_n, size_t column,
                         struct tally *tally)
{
    struct arena_mark mark = arena_mark(arena);
    bool whole = grid->shifted && has_whole_rows(grid, head_n);
    size_t step = grid->row_n > 2000 ? grid->row_n / 1000 : 1; /* a sample is enough to know what a column is */

    for (size_t row = head_n; row < grid->row_n; row += step) {
        const struct cell *cell = grid_at(grid, row, column);

        if (cell == NULL || cell->row != row || cell->column != column || cell->column_span == grid->column_n ||
            (whole && columns_text(grid, row, grid->column_n - 1).n == 0))
            continue;
        count(arena, cell->text, tally);
        arena_release(arena, mark);
    }
}

static int share(size_t part, const struct tally *tally)
{
    return tally->filled == 0 ? 0 : (int)(SHARE * part / tally->filled);
}

static bool is_mostly(size_t part, const struct tally *tally)
{
    return tally->filled > 0 && 2 * part >= tally->filled;
}

/* How well a column of that head and content is of that kind; below SCORE_LEAST it is not. */
static int score(enum column_kind kind, enum column_kind head, int head_score, const struct tally *tally)
{
    int says = head == kind ? head_score : 0;
    bool bare = head_score < COLUMN_EXACT; /* the head leaves it open */

    switch (kind) {
    case COLUMN_PORT:
        if (head == COLUMN_OWNER || head == COLUMN_SERVICE || head == COLUMN_TRANSPORT || head == COLUMN_PURPOSE)
            says = tally->both > 0 && is_mostly(tally->ports, tally) ? 3 : 0; /* `Service: SSH (22/TCP)` */
        else if (head != kind && head != COLUMN_OTHER && head != COLUMN_DIRECTION)
            return 0;
        if (says == 0 && head == COLUMN_OTHER && tally->both == 0 && tally->small == tally->ports)
            return 0; /* 1, 2, 3: rows are numbered */
        if (tally->ports + tally->symbolic == 0 || (says == 0 && !is_mostly(tally->ports, tally)))
            return 0;
        return says + share(tally->ports, tally) + share(tally->symbolic, tally) / 2;
    case COLUMN_TCP_PORT:
    case COLUMN_UDP_PORT: return says == 0 || tally->ports + tally->symbolic == 0 ? 0 : says + SHARE;
    case COLUMN_TRANSPORT:
        if (tally->transports + tally->services == 0 || (says == 0 && !is_mostly(tally->transports, tally)))
            return 0;
        if (head == COLUMN_PORT && is_mostly(tally->transports, tally))
            says = COLUMN_EXACT - 1; /* `Port type: TCP` */
        if (says == 0 && head != COLUMN_OTHER && head != COLUMN_SERVICE)
            return 0;
        return says + share(tally->transports, tally) + share(tally->services, tally) / 2;
    case COLUMN_SERVICE:
        if (head == COLUMN_TRANSPORT && is_mostly(tally->services, tally))
            says = 5;
        return says > 0 || (bare && is_mostly(tally->services, tally)) ? says + share(tally->services, tally) : 0;
    case COLUMN_DIRECTION:
        if (head == kind && is_mostly(tally->ways + tally->ends, tally))
            return says + share(tally->ways + tally->ends, tally);
        if (is_mostly(tally->arrows, tally))
            return COLUMN_EXACT + share(tally->arrows, tally);
        return is_mostly(tally->ways, tally) ? share(tally->ways, tally) : 0;
    case COLUMN_DOMAIN:
        if (head == COLUMN_SOURCE || head == COLUMN_DESTINATION || head == COLUMN_COMMENT)
            return 0; /* names of settings have dots too */
        return is_mostly(tally->domains, tally) ? says + share(tally->domains, tally) : 0;
    case COLUMN_NEED: return is_mostly(tally->answers, tally) ? says : 0;
    case COLUMN_CONFIGURABLE: return tally->answers > 0 ? says : 0;
    case COLUMN_SOURCE:
    case COLUMN_DESTINATION:
    case COLUMN_OWNER:
        if (kind == COLUMN_OWNER && is_mostly(tally->domains, tally))
            return 0;
        if (kind == COLUMN_OWNER && tally->row_heads)
            return SCORE_LEAST;
        return is_mostly(tally->ports, tally) && tally->both == 0 && !is_mostly(tally->small, tally)
                   ? 0
                   : says; /* "Node 1" is a name */
    case COLUMN_SOURCE_PORT:
    case COLUMN_PURPOSE:
    case COLUMN_COMMENT:
    case COLUMN_CONDITION:
    case COLUMN_FOREIGN:
    case COLUMN_EXCLUDES: return says;
    case COLUMN_OTHER:
    case COLUMN_KIND_N: return 0;
    }
    return 0;
}

static bool is_once(enum column_kind kind)
{
    return kind != COLUMN_PURPOSE && kind != COLUMN_COMMENT && kind != COLUMN_FOREIGN && kind != COLUMN_EXCLUDES &&
           kind != COLUMN_OTHER;
}

struct search {
    struct arena *arena;
    const struct grid *grid;
    struct layout *layout;
    struct tally *tallies;
    enum column_kind *heads;
    int *head_scores;
};

static int score_of(const struct search *search, size_t column, enum column_kind kind)
{
    return score(kind, search->heads[column], search->head_scores[column], &search->tallies[column]);
}

static size_t count_kind(const struct layout *layout, enum column_kind kind)
{
    size_t n = 0;

    for (size_t column = 0; column < layout->column_n; column++)
        n += layout->kinds[column] == kind;
    return n;
}

/* `HTTP port`, `HTTPS port`; `Inbound`, `Outbound`: columns of ports whose heads name different services or ways are
 * ports all of them. */
static bool assign_services(struct search *search)
{
    struct layout *layout = search->layout;
    size_t n = 0;

    for (size_t column = 0; column < layout->column_n; column++) {
        if (layout->kinds[column] != COLUMN_OTHER || score_of(search, column, COLUMN_PORT) < SCORE_LEAST)
            continue;
        if (columns_head_way(layout->heads[column]) == WAY_UNSAID &&
            (search->heads[column] != COLUMN_PORT || words_service_in(layout->heads[column]) == NULL))
            return false;
        for (size_t other = 0; other < column; other++) {
            if (str_eq(layout->heads[other], layout->heads[column]))
                return false;
        }
        n++;
    }
    for (size_t column = 0; n > 1 && column < layout->column_n; column++) {
        if (layout->kinds[column] == COLUMN_OTHER && score_of(search, column, COLUMN_PORT) >= SCORE_LEAST)
            layout->kinds[column] = COLUMN_PORT;
    }
    return n > 1;
}

/* Another column that its head calls ports; column_n: there is none. */
static size_t also_ports(const struct search *search, size_t best)
{
    for (size_t column = 0; column < search->layout->column_n; column++) {
        if (column != best && search->layout->kinds[column] == COLUMN_OTHER && search->heads[column] == COLUMN_PORT &&
            score_of(search, column, COLUMN_PORT) >= SCORE_LEAST)
            return column;
    }
    return search->layout->column_n;
}

static void assign(struct search *search)
{
    struct layout *layout = search->layout;
    bool taken[COLUMN_KIND_N] = {0};

    for (;;) {
        size_t best_column = 0;
        enum column_kind best_kind = COLUMN_OTHER;
        int best = SCORE_LEAST - 1;
        bool tie = false;

        for (size_t column = 0; column < layout->column_n; column++) {
            for (int kind = COLUMN_OTHER + 1; layout->kinds[column] == COLUMN_OTHER && kind < COLUMN_KIND_N; kind++) {
                int found = taken[kind] || (kind == COLUMN_PORT && count_kind(layout, COLUMN_PORT) > 0)
                                ? 0
                                : score_of(search, column, (enum column_kind)kind);

                if (found > best) {
                    best = found;
                    best_column = column;
                    best_kind = (enum column_kind)kind;
                    tie = false;
                } else if (found == best && (enum column_kind)kind == COLUMN_PORT && best_kind == COLUMN_PORT) {
                    bool is_default = words_have(layout->heads[column], "default");

                    tie = is_default == words_have(layout->heads[best_column], "default");
                    best_column = is_default ? column : best_column; /* beside the range that may be picked from */
                }
            }
        }
        if (best_kind == COLUMN_OTHER)
            return;
        if (best_kind == COLUMN_PORT && assign_services(search))
            continue;
        if (best_kind == COLUMN_PORT)
            layout->beside = also_ports(search, best_column);
        if (tie) {
            layout->rejected = "two of its columns could be the ports";
            layout->unsure = true;
            return;
        }
        layout->kinds[best_column] = best_kind;
        taken[best_kind] = is_once(best_kind);
    }
}

static bool is_program(struct str head)
{
    return str_is(head, "application") || str_is(head, "applications") || str_is(head, "program");
}

/* `Application | Inbound | Outbound`: where ports are parted by their way, the programs beside them are whose they are.
 */
static void find_owner(struct search *search)
{
    struct layout *layout = search->layout;
    size_t ways = 0;

    for (size_t column = 0; column < layout->column_n; column++)
        ways += layout->kinds[column] == COLUMN_PORT && columns_head_way(layout->heads[column]) != WAY_UNSAID;
    if (count_kind(layout, COLUMN_SOURCE) + count_kind(layout, COLUMN_DESTINATION) + count_kind(layout, COLUMN_OWNER) >
        0)
        return;
    for (size_t column = 0; column < layout->column_n && count_kind(layout, COLUMN_DIRECTION) > 0; column++) {
        if (str_is(layout->heads[column], "used by") &&
            is_mostly(search->tallies[column].names, &search->tallies[column])) {
            layout->kinds[column] = COLUMN_SOURCE; /* beside `Inbound`: who connects */
            return;
        }
    }
    for (size_t column = 0; column < layout->column_n; column++) { /* `Incoming ports: Sensor` */
        enum way way = columns_head_way(layout->heads[column]);

        if (layout->kinds[column] == COLUMN_OTHER && (way == WAY_IN || way == WAY_OUT)) {
            layout->kinds[column] = way == WAY_IN ? COLUMN_SOURCE : COLUMN_DESTINATION;
            return;
        }
    }
    for (size_t column = 0; column < layout->column_n; column++) {
        if (layout->kinds[column] == COLUMN_SERVICE && is_program(layout->heads[column]) &&
            !is_mostly(search->tallies[column].services, &search->tallies[column]))
            layout->kinds[column] = COLUMN_OWNER;
    }
    if (ways < 2 || count_kind(layout, COLUMN_OWNER) > 0)
        return;
    for (size_t column = 0; column < layout->column_n; column++) {
        if (layout->kinds[column] == COLUMN_SERVICE) {
            layout->kinds[column] = COLUMN_OWNER;
            return;
        }
    }
}

/* `Service: HTTPS (TCP 443)`, with no column of ports beside it: it is the ports. */
static void find_ports(struct search *search)
{
    struct layout *layout = search->layout;

    if (count_kind(layout, COLUMN_PORT) + count_kind(layout, COLUMN_TCP_PORT) + count_kind(layout, COLUMN_UDP_PORT) > 0)
        return;
    for (size_t column = 0; column < layout->column_n; column++) {
        enum column_kind kind = layout->kinds[column];

        if ((kind == COLUMN_SERVICE || kind == COLUMN_TRANSPORT) &&
            score_of(search, column, COLUMN_PORT) >= SCORE_LEAST) {
            layout->kinds[column] = COLUMN_PORT;
            return;
        }
    }
}

static bool is_anchor(enum column_kind kind)
{
    return kind == COLUMN_PORT || kind == COLUMN_TRANSPORT || kind == COLUMN_SERVICE;
}

/* A table without heads: two columns of words left of the ports are the ends, words right of them say what for. */
static void find_by_order(struct search *search)
{
    struct layout *layout = search->layout;
    size_t first = layout->column_n;
    size_t last = 0;

    for (size_t column = 0; column < layout->column_n; column++) {
        if (!is_anchor(layout->kinds[column]))
            continue;
        first = first == layout->column_n ? column : first;
        last = column;
    }
    if (layout->head_n > 0 || count_kind(layout, COLUMN_PORT) != 1 || first != 2 || layout->kinds[0] != COLUMN_OTHER ||
        layout->kinds[1] != COLUMN_OTHER)
        return;
    layout->by_order = true;
    layout->kinds[0] = COLUMN_SOURCE;
    layout->kinds[1] = COLUMN_DESTINATION;
    if (last + 1 < layout->column_n && layout->kinds[last + 1] == COLUMN_OTHER)
        layout->kinds[last + 1] = COLUMN_PURPOSE;
}

static bool head_says_transport(const struct layout *layout)
{
    for (size_t column = 0; column < layout->column_n; column++) {
        if (words_have(layout->heads[column], "tcp") || words_have(layout->heads[column], "udp"))
            return true;
    }
    return false;
}

/* Whether a column of transports has such a head, or no head at all. */
static bool transport_said(const struct search *search)
{
    for (size_t column = 0; column < search->layout->column_n; column++) {
        if (search->layout->kinds[column] == COLUMN_TRANSPORT && search->tallies[column].transports > 0 &&
            (search->heads[column] == COLUMN_TRANSPORT || search->layout->heads[column].n == 0))
            return true;
    }
    return false;
}

/* Whether what was found is a table of requirements; a decoy has numbers under a word like port too. */
static void judge(struct search *search, bool ports_nearby)
{
    struct layout *layout = search->layout;
    bool evidence = ports_nearby || head_says_transport(layout) || count_kind(layout, COLUMN_TRANSPORT) > 0;
    bool port = false;

    if (count_kind(layout, COLUMN_EXCLUDES) > 0)
        layout->rejected = "it is about something else than who needs which port";
    for (size_t column = 0; column < layout->column_n; column++) {
        const struct tally *tally = &search->tallies[column];
        enum column_kind kind = layout->kinds[column];

        if (kind == COLUMN_PORT || kind == COLUMN_TCP_PORT || kind == COLUMN_UDP_PORT) {
            port = true;
            evidence = evidence || tally->both > 0 || tally->small < tally->ports;
            if (search->heads[column] != COLUMN_PORT && kind == COLUMN_PORT && tally->both == 0 &&
                !transport_said(search)) {
                layout->rejected = "no column says that its numbers are ports";
                layout->unsure = ports_nearby;
            }
        }
        if (kind != COLUMN_SOURCE && kind != COLUMN_DESTINATION && kind != COLUMN_DOMAIN && tally->filled > 0 &&
            is_mostly(tally->addresses, tally))
            layout->rejected = "it lists addresses, not who needs a port";
        if (kind == COLUMN_PORT && tally->both == 0 && tally->small == tally->filled &&
            count_kind(layout, COLUMN_FOREIGN) > 0 && count_kind(layout, COLUMN_TRANSPORT) == 0)
            layout->rejected = "its numbers are too small to be network ports";
        if (is_mostly(tally->types, tally) && words_have(layout->heads[column], "type")) {
            layout->rejected = "it lists settings and what values they take";
            layout->unsure = ports_nearby;
        }
        if (kind == COLUMN_FOREIGN && !evidence)
            layout->rejected = "no column is about ports";
    }
    if (layout->rejected == NULL && !port && (count_kind(layout, COLUMN_DOMAIN) == 0 || !ports_nearby)) {
        layout->rejected = "no column is a port";
        for (size_t column = 0; column < layout->column_n; column++)
            layout->unsure =
                layout->unsure || (ports_nearby && is_mostly(search->tallies[column].ports, &search->tallies[column]) &&
                                   !is_mostly(search->tallies[column].small, &search->tallies[column]));
    }
    if (layout->rejected == NULL && port && count_kind(layout, COLUMN_FOREIGN) > 0 && !evidence)
        layout->rejected = "its numbers are no network ports";
    if (layout->rejected == NULL && port && !evidence)
        layout->rejected = "its numbers are too small to be network ports";
}

void columns_find(struct arena *arena, const struct grid *grid, bool ports_nearby, struct layout *layout)
{
    size_t n = grid->column_n;
    struct search search = {
        .arena = arena,
        .grid = grid,
        .layout = layout,
        .tallies = arena_new_array(arena, struct tally, n),
        .heads = arena_new_array(arena, enum column_kind, n),
        .head_scores = arena_new_array(arena, int, n),
    };

    *layout = (struct layout){
        .kinds = arena_new_array(arena, enum column_kind, n),
        .heads = arena_new_array(arena, struct str, n),
        .column_n = n,
        .beside = n,
        .head_n = columns_head_rows(arena, grid),
    };
    for (size_t column = 0; column < n; column++) {
        layout->heads[column] = columns_head_text(arena, grid, layout->head_n, column);
        search.heads[column] = columns_head(layout->heads[column], &search.head_scores[column]);
        count_column(arena, grid, layout->head_n, column, &search.tallies[column]);
        search.tallies[column].row_heads = column == 0 && layout->head_n > 0 && layout->heads[0].n == 0;
    }
    assign(&search);
    find_ports(&search);
    find_owner(&search);
    find_by_order(&search);
    if (layout->rejected == NULL)
        judge(&search, ports_nearby);
}
