/* A table while it is read, and one of its rows: what rows.c, row.c and remarks.c share. */
#ifndef PORTOLAN_IMPORT_TABLE_H
#define PORTOLAN_IMPORT_TABLE_H

#include "import/importer.h"

struct table {
    struct importer *importer;
    const struct grid *grid;
    struct layout layout;
    struct scope scope;
    struct party last_from;
    struct party last_to;
    struct party last_owner;
    struct port_text last_ports; /* of the row above, for `same as above` */
    struct said last_purpose;
    unsigned last_transports;   /* of the row above; 0: none */
    const struct actor **known; /* ends that rows of the table name in words */
    size_t known_n;
    bool domains;     /* has no column of ports */
    bool *ticked;     /* columns of ticks under the name of a kind of machine */
    size_t ticks;     /* how many */
    struct str flags; /* heads of columns that say yes or no of something that is not understood */
};

struct row {
    size_t index;
    size_t shift; /* cells that are missing on its left */
    bool tie;
    const struct cell *cells[COLUMN_KIND_N]; /* the first column of a kind */
    size_t columns[COLUMN_KIND_N];           /* and which it is; column_n: none */
    struct span span;
};

/* rows.c */
struct str row_text(const struct row *row, enum column_kind kind); /* of the first column of that kind; "" */
bool row_is_blank(struct str text);                                /* no-break spaces count as nothing */
bool table_has(const struct table *table, enum column_kind kind);
/* Both ends stand in no column: only what a row is used for can name them. */
bool table_in_words(const struct table *table);
const struct cell *row_cell(const struct table *table, const struct row *row, size_t column);

/* row.c: one row -> facts. */
void row_read(struct table *table, const struct row *row);
void row_left_out(struct table *table, const struct row *row, const char *why);

/* row_ports.c */
bool row_same_again(struct arena *arena, struct str text); /* "same as above" */
bool row_ports(struct table *table, const struct row *row, const struct port_text *transport, struct fact *fact);
bool row_icmp(struct table *table, struct fact *fact);
void row_carry_transports(struct table *table, const struct row *row, const struct port_text *transport,
                          bool has_transport, struct str use, struct fact *fact);

/* row_ends.c */
void row_owner_of_use(struct table *table, struct fact *fact);
void row_ends_of_verbs(struct table *table, struct fact *fact);
void row_both_ends(struct table *table, const struct row *row, struct fact *fact);
struct party row_ticked(struct table *table, const struct row *row); /* no actor: none is */
void row_between(struct table *table, const struct row *row, struct fact *fact);
void row_inside(struct table *table, const struct row *row, struct actor *owner, struct fact *fact);
void row_review_function(struct table *table, struct fact *fact);
void row_far_end(const struct table *table, const struct row *row, struct fact *fact);

/* remarks.c: what a row is for, and what in it a person must look at. */
void row_purpose(struct table *table, const struct row *row, struct fact *fact);
bool remarks_change(struct arena *arena, struct str text);

#endif
