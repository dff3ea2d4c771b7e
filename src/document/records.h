/*
 * Text parted into records and fields, as CSV is (RFC 4180), with any delimiter: for the format itself and for the
 * tables of AsciiDoc and reStructuredText that are written so.
 */
#ifndef PORTOLAN_DOCUMENT_RECORDS_H
#define PORTOLAN_DOCUMENT_RECORDS_H

#include "document/words.h"

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

/* What a field says: quotes undone, blanks as everywhere. A slice of it where it shows as it stands. */
struct str csv_text(struct arena *arena, const struct csv_field *field);
char csv_delimiter(struct str text);
/* Goes to the next record; false: there is none. *blank: its line shows nothing. */
bool csv_record(struct csv_records *records, bool *blank);
bool csv_field(struct csv_records *records, struct csv_field *field);

#endif
