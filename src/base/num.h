/* Numbers out of text: the whole slice must be one, and it must fit. */
#ifndef PORTOLAN_BASE_NUM_H
#define PORTOLAN_BASE_NUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Decimal digits only, at most max. */
bool num_decimal(struct str s, uint64_t max, uint64_t *value);
/* Decimal, or hexadecimal behind 0x. */
bool num_any(struct str s, uint64_t max, uint64_t *value);
/* A date YYYY-MM-DD that exists, as the number YYYYMMDD. */
bool num_date(struct str s, uint32_t *yyyymmdd);

#endif
