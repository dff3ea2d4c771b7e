/*
 * Places in a text of JSON, which jansson does not keep: found again, for errors, by walking the text. The text must
 * be one that jansson took.
 */
#ifndef PORTOLAN_PLAN_JSON_PLACE_H
#define PORTOLAN_PLAN_JSON_PLACE_H

#include "base/source.h"

/* Where the first value at or behind `at` begins, blanks skipped; and where one that begins at `at` ends. */
size_t json_place_value(struct str text, size_t at);
size_t json_place_end(struct str text, size_t at);
/* The value of a key in the object at `at`; the object's own place where it has no such key (or no escape-free one). */
size_t json_place_member(struct str text, size_t at, const char *key);
/* The first item of the array at `at`, and the one behind the item at `item`; at the end that of the bracket. */
size_t json_place_first(struct str text, size_t at);
size_t json_place_next(struct str text, size_t item);

#endif
