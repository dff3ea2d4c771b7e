/* What the columns of a table are, by the words over them and by what their cells hold. */
#ifndef PORTOLAN_IMPORT_COLUMNS_H
#define PORTOLAN_IMPORT_COLUMNS_H

#include "document/page.h"
#include "import/words.h"

enum column_kind {
    COLUMN_OTHER, /* nothing that counts here */
    COLUMN_SOURCE,
    COLUMN_DESTINATION,
    COLUMN_OWNER, /* whose port it is */
    COLUMN_PORT,  /* ports, with or without transport */
    COLUMN_TCP_PORT,
    COLUMN_UDP_PORT,
    COLUMN_SOURCE_PORT,
    COLUMN_TRANSPORT, /* transports or application protocols */
    COLUMN_SERVICE,
    COLUMN_PURPOSE,
    COLUMN_COMMENT,
    COLUMN_DIRECTION,
    COLUMN_DOMAIN,
    COLUMN_NEED,
    COLUMN_CONFIGURABLE,
    COLUMN_CONDITION,
    COLUMN_FOREIGN,  /* a word that tables about ports rarely have: sizing, accounts */
    COLUMN_EXCLUDES, /* one that they never have: port mappings, states of ports */
    COLUMN_KIND_N
};

struct layout {
    enum column_kind *kinds; /* one for each column */
    struct str *heads;       /* normal text over each; may be empty */
    size_t column_n;
    size_t head_n;        /* rows of heads */
    const char *rejected; /* NULL, or why the table is not about ports */
    size_t beside;        /* a column that holds ports too and is left out; column_n: none */
    bool by_order;        /* there are no heads: which column is which end is read from their order */
    bool unsure;          /* rejected, but there are ports in it: a person must look */
};

#define COLUMN_EXACT 10

/* What a head says; COLUMN_OTHER: nothing. `score` (may be NULL): how well it fits, COLUMN_EXACT for all of it. */
enum column_kind columns_head(struct str normal, int *score);

/*
 * `ports_nearby`: what stands around the table speaks of ports, firewalls or access. The ways a head or a cell can be
 * meant are scored, the best assignment is taken, and two columns that could both be the ports are a reason to reject.
 */
void columns_find(struct arena *arena, const struct grid *grid, bool ports_nearby, struct layout *layout);

/* The table with rows and columns exchanged, where the words of heads run down its first column; else the grid. */
const struct grid *columns_turn(struct arena *arena, const struct grid *grid);

/* matrix.c: sources down the side and destinations across the top (or the other way round, as its corner says) as a
 * list of source, destination and ports; the grid where it is no matrix. */
const struct grid *columns_matrix(struct arena *arena, const struct grid *grid);

/* intervals.c: `Start port | End port` as one column of ranges; the grid where it has no such two columns. */
const struct grid *columns_intervals(struct arena *arena, const struct grid *grid);
/* Two rows, `Relay min | 2000` and `Relay max | 2010`, as one; the grid where it has no such rows. */
const struct grid *columns_bounds(struct arena *arena, const struct grid *grid);

/* head_rows.c: rows at the top that are heads; normal text over a column, of all of them. */
size_t columns_head_rows(struct arena *arena, const struct grid *grid);
struct str columns_head_text(struct arena *arena, const struct grid *grid, size_t head_n, size_t column);

/* The text of a cell, also where nothing stands: "" */
struct str columns_text(const struct grid *grid, size_t row, size_t column);

enum way { WAY_UNSAID, WAY_IN, WAY_OUT, WAY_BOTH };
/* `Inbound`, `out`, `bidirectional`, `→`…; WAY_UNSAID for anything else. */
enum way columns_way(struct arena *arena, struct str text);
/* An arrow alone, between the ends that stand in other cells; WAY_IN: from the second to the first. */
enum way columns_arrow(struct str text);
/* "The managers and the workers need outbound connection": who; empty for anything else. */
struct str columns_needs_out(struct str text);
enum way columns_head_way(struct str normal); /* of a head: "inbound ports" */
/* `Agent → server`, `a <-> b`; WAY_UNSAID: no arrow parts two ends. */
enum way columns_ends(struct str text, struct str *from, struct str *to);
/* `agents to the server`; any other use of the word too: whether both are ends is for the caller to see. */
bool columns_to(struct str text, struct str *from, struct str *to);

#endif
