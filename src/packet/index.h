/*
 * Which of many boxes may meet a cube. Per field the values are cut into bins; each bin has a bitmap of the boxes that
 * reach into it, and boxes that ask nothing of the field are in a bitmap of their own. A question ANDs one bitmap a
 * field, 64 boxes a word, and gets the candidates in order: never one too few, sometimes one too many.
 */
#ifndef PORTOLAN_PACKET_INDEX_H
#define PORTOLAN_PACKET_INDEX_H

#include "packet/cube.h"

struct box_index;

/* What box i asks of a field; NULL: nothing. Called once a box and field. */
typedef const struct ranges *index_ranges(const void *context, size_t i, enum field field);

/* The last of the sorted starts that is not above the value; the first is 0. */
static inline size_t index_bin(const u128 *starts, size_t n, u128 value)
{
    size_t low = 0;

    while (n - low > 1) {
        size_t middle = low + (n - low) / 2;

        if (starts[middle] <= value)
            low = middle;
        else
            n = middle;
    }
    return low;
}

/* Memory: at most 32 MB a field. Cost: linear in the boxes, times the bins that they reach into. */
struct box_index *index_new(struct arena *arena, size_t n, index_ranges *ranges, const void *context);

/*
 * A box that asks for something else from now on: taken out while `ranges` still answers what it was entered with, and
 * entered when it answers anew. Cost: the bins that the box reaches into.
 */
void index_leave(struct box_index *index, size_t i, index_ranges *ranges, const void *context);
void index_enter(struct box_index *index, size_t i, index_ranges *ranges, const void *context);

#define INDEX_FIELDS 4
#define INDEX_ROWS 4 /* a cube that reaches into more bins of a field is not asked about that field */

/* A question in progress. */
struct cursor {
    const struct box_index *index;
    size_t field_n;
    const uint64_t *any[INDEX_FIELDS];
    const uint64_t *rows[INDEX_FIELDS][INDEX_ROWS];
    size_t row_n[INDEX_FIELDS];
};

/* A question about one point, given as its value in every field. */
void cursor_start_point(struct cursor *cursor, const struct box_index *index, const u128 values[FIELD_N]);
void cursor_start(struct cursor *cursor, const struct box_index *index, const struct cube *cube);
/* The first candidate from `at` on; the number of boxes when there is none. */
size_t cursor_next(const struct cursor *cursor, size_t at);

/* Below this a look at every box is as fast. */
#define INDEX_WORTH 48

#endif
