/*
 * CSV as spreadsheets and scripts write it (RFC 4180, and `;`, tabs or `|` between the fields). Between the files of
 * this format: csv.c makes a page of records, write.c writes one.
 *
 * A blank line parts two tables. A line of one field above a table is its heading; one alone is a sentence.
 */
#ifndef PORTOLAN_DOCUMENT_CSV_H
#define PORTOLAN_DOCUMENT_CSV_H

#include "document/builder.h"
#include "document/records.h"

void csv_write(struct buf *out, const struct page *page);

#endif
