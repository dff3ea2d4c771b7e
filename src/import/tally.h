/* What the cells of a column hold, counted, and how well a column of that head and content is of a kind. */
#ifndef PORTOLAN_IMPORT_TALLY_H
#define PORTOLAN_IMPORT_TALLY_H

#include "import/columns.h"

#define SCORE_LEAST 4

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
    size_t places;  /* "internal", "external", "self": where, but no name */
    size_t types;   /* of values: integer, string, boolean */
    bool row_heads; /* the first column, with nothing over it */
};

void tally_count(struct arena *arena, const struct grid *grid, size_t head_n, size_t column, struct tally *tally);
/* At least half of the cells that hold something. */
bool tally_mostly(size_t part, const struct tally *tally);
/* Below SCORE_LEAST it is not of that kind. `head`, `head_score`: as columns_head has them. */
int tally_score(enum column_kind kind, enum column_kind head, int head_score, const struct tally *tally);

#endif
