/*
 * Columns of a table; see columns.h. A kind's score in a column is what its head says (0 to 10) and what share of its
 * cells hold that kind of thing (0 to 8); the best pair is taken first, and each kind that there can be once goes to
 * one column.
 */
#include "import/tally.h"

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
    return tally_score(kind, search->heads[column], search->head_scores[column], &search->tallies[column]);
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
            tally_mostly(search->tallies[column].names, &search->tallies[column])) {
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
            !tally_mostly(search->tallies[column].services, &search->tallies[column]))
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
            if (tally->answers > 0 && !words_have(layout->heads[column], "port") &&
                !words_have(layout->heads[column], "ports")) {
                layout->rejected = "it lists settings and what values they take";
                layout->unsure = ports_nearby;
            }
            if (search->heads[column] != COLUMN_PORT && kind == COLUMN_PORT && tally->both == 0 &&
                !transport_said(search)) {
                layout->rejected = "no column says that its numbers are ports";
                layout->unsure = ports_nearby;
            }
        }
        if (kind != COLUMN_SOURCE && kind != COLUMN_DESTINATION && kind != COLUMN_DOMAIN && tally->filled > 0 &&
            tally_mostly(tally->addresses, tally))
            layout->rejected = "it lists addresses, not who needs a port";
        if (kind == COLUMN_PORT && tally->both == 0 && tally->small == tally->filled &&
            count_kind(layout, COLUMN_FOREIGN) > 0 && count_kind(layout, COLUMN_TRANSPORT) == 0)
            layout->rejected = "its numbers are too small to be network ports";
        if (tally_mostly(tally->types, tally) && words_have(layout->heads[column], "type")) {
            layout->rejected = "it lists settings and what values they take";
            layout->unsure = ports_nearby;
        }
        if (kind == COLUMN_FOREIGN && !evidence)
            layout->rejected = "no column is about ports";
    }
    if (layout->rejected == NULL && !port && (count_kind(layout, COLUMN_DOMAIN) == 0 || !ports_nearby)) {
        layout->rejected = "no column is a port";
        for (size_t column = 0; column < layout->column_n; column++)
            layout->unsure = layout->unsure ||
                             (ports_nearby && tally_mostly(search->tallies[column].ports, &search->tallies[column]) &&
                              !tally_mostly(search->tallies[column].small, &search->tallies[column]));
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
        tally_count(arena, grid, layout->head_n, column, &search.tallies[column]);
        search.tallies[column].row_heads = column == 0 && layout->head_n > 0 && layout->heads[0].n == 0;
    }
    assign(&search);
    find_ports(&search);
    find_owner(&search);
    find_by_order(&search);
    if (layout->rejected == NULL)
        judge(&search, ports_nearby);
}
