/*
 * CSV as spreadsheets and scripts write it (RFC 4180, and `;`, tabs or `|` between the fields). Between the files of
 * this format: records.c parts a text into records and fields, csv.c makes a page of them, write.c writes one.
 *
 * A blank line parts two tables. A line of one field above a table is its heading; one alone is a sentence.
 */
#ifndef PORTOLAN_DOCUMENT_CSV_H
#define PORTOLAN_DOCUMENT_CSV_H

#include "document/builder.h"

struct csv_field {
    struct str raw; /* inside its quotes, trimmed where it has none */
    bool escaped;   /* it holds doubled quotes */
    bool quoted;
};

struct csv_records {
    struct str text;
    size_t at;
    char delimiter;
    bool ended; /* the record that is being read has no more fields */
};

char csv_delimiter(struct str text);
/* Goes to the next record; false: there is none. *blank: its line shows nothing. */
bool csv_record(struct csv_records *records, bool *blank);
bool csv_field(struct csv_records *records, struct csv_field *field);

void csv_write(struct buf *out, const struct page *page);

#endif
