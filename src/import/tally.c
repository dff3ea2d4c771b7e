/* The cells of a column, counted, and scores of kinds; see tally.h. */
#include "import/tally.h"

#include "import/domains.h"
#include "import/importer.h"
#include "import/ports.h"

#define SHARE 8

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

static bool is_place(struct whereabouts where)
{
    return where.inside || where.outside || where.self;
}

static void count(struct arena *arena, struct str text, struct tally *tally)
{
    struct port_text ports;
    struct str normal;
    struct str from;
    struct str to;
    bool arrow;

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
    arrow = columns_ends(text, &from, &to) != WAY_UNSAID;
    tally->arrows += arrow;
    tally->ends += arrow || columns_to(text, &from, &to) || columns_needs_out(text).n > 0;
    tally->domains += domains_in(arena, text);
    tally->addresses += domains_is_address(text);
    tally->answers += is_answer(normal);
    tally->places += is_place(party_where(arena, text));
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

void tally_count(struct arena *arena, const struct grid *grid, size_t head_n, size_t column, struct tally *tally)
{
    struct arena_mark mark = arena_mark(arena);
    bool whole = grid->shifted && has_whole_rows(grid, head_n);
    size_t step = grid->row_n > 300 ? grid->row_n / 150 : 1; /* a sample is enough to know what a column is */

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

bool tally_mostly(size_t part, const struct tally *tally)
{
    return tally->filled > 0 && 2 * part >= tally->filled;
}

int tally_score(enum column_kind kind, enum column_kind head, int head_score, const struct tally *tally)
{
    int says = head == kind ? head_score : 0;
    bool bare = head_score < COLUMN_EXACT; /* the head leaves it open */

    switch (kind) {
    case COLUMN_PORT:
        if (head == COLUMN_OWNER || head == COLUMN_SERVICE || head == COLUMN_TRANSPORT || head == COLUMN_PURPOSE)
            says = tally->both > 0 && tally_mostly(tally->ports, tally) ? 3 : 0; /* `Service: SSH (22/TCP)` */
        else if (head != kind && head != COLUMN_OTHER && head != COLUMN_DIRECTION)
            return 0;
        if (says == 0 && head == COLUMN_OTHER && tally->both == 0 && tally->small == tally->ports)
            return 0; /* 1, 2, 3: rows are numbered */
        if (tally->ports + tally->symbolic == 0 || (says == 0 && !tally_mostly(tally->ports, tally)))
            return 0;
        return says + share(tally->ports, tally) + share(tally->symbolic, tally) / 2;
    case COLUMN_TCP_PORT:
    case COLUMN_UDP_PORT: return says == 0 || tally->ports + tally->symbolic == 0 ? 0 : says + SHARE;
    case COLUMN_TRANSPORT:
        if (tally->transports + tally->services == 0 || (says == 0 && !tally_mostly(tally->transports, tally)))
            return 0;
        if (head == COLUMN_PORT && tally_mostly(tally->transports, tally))
            says = COLUMN_EXACT - 1; /* `Port type: TCP` */
        if (says == 0 && head != COLUMN_OTHER && head != COLUMN_SERVICE)
            return 0;
        return says + share(tally->transports, tally) + share(tally->services, tally) / 2;
    case COLUMN_SERVICE:
        if (head == COLUMN_TRANSPORT && tally_mostly(tally->services, tally))
            says = 5;
        return says > 0 || (bare && tally_mostly(tally->services, tally)) ? says + share(tally->services, tally) : 0;
    case COLUMN_DIRECTION:
        if (head == kind &&
            (tally_mostly(tally->ways + tally->ends, tally) || (head_score == COLUMN_EXACT && tally->arrows > 0)))
            return says + share(tally->ways + tally->ends, tally);
        if (tally_mostly(tally->arrows, tally) && (head != COLUMN_PURPOSE || tally->arrows == tally->filled))
            return COLUMN_EXACT + share(tally->arrows, tally);
        return tally_mostly(tally->ways, tally) ? share(tally->ways, tally) : 0;
    case COLUMN_DOMAIN:
        if (head == COLUMN_SOURCE || head == COLUMN_DESTINATION || head == COLUMN_COMMENT)
            return 0; /* names of settings have dots too */
        return tally_mostly(tally->domains, tally) ? says + share(tally->domains, tally) : 0;
    case COLUMN_NEED: return tally_mostly(tally->answers, tally) ? says : 0;
    case COLUMN_CONFIGURABLE: return tally->answers > 0 ? says : 0;
    case COLUMN_SOURCE:
    case COLUMN_DESTINATION:
    case COLUMN_OWNER:
        if (kind == COLUMN_OWNER && tally_mostly(tally->domains, tally))
            return 0;
        if (tally_mostly(tally->answers, tally))
            return 0; /* whether, and not who */
        if (tally_mostly(tally->places, tally) && (head == COLUMN_OWNER || head == COLUMN_OTHER))
            return kind == COLUMN_SOURCE ? 6 : 0; /* `Scope: internal` */
        if (kind == COLUMN_OWNER && tally->row_heads)
            return SCORE_LEAST;
        return tally_mostly(tally->ports, tally) && tally->both == 0 && !tally_mostly(tally->small, tally)
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
