/* Bitmaps of boxes per bin of a field; see index.h. */
#include "packet/index.h"

#include <stdlib.h>

static const enum field indexed[INDEX_FIELDS] = {FIELD_DESTINATION, FIELD_SOURCE, FIELD_PORT, FIELD_PROTOCOL};

#define BINS_MOST 512u
#define BYTES_MOST ((size_t)32 << 20) /* of one field's bitmaps */
#define SAMPLE 8192u

/* The bins of one field: bin b holds the values from starts[b] up to what comes before starts[b + 1]. */
struct field_bins {
    u128 *starts;
    size_t n;
    uint64_t *rows; /* n of words each */
    uint64_t *any;
};

struct box_index {
    size_t n;
    size_t words;
    struct field_bins fields[INDEX_FIELDS];
};

static int by_value(const void *a, const void *b)
{
    u128 x = *(const u128 *)a;
    u128 y = *(const u128 *)b;

    return x < y ? -1 : x > y;
}

/* Where the bins begin: at values where boxes begin or have just ended, evenly spread over those there are. */
static void choose_bins(struct arena *arena, struct field_bins *bins, size_t most, size_t n, index_ranges *ranges,
                        const void *context, enum field field)
{
    size_t step = n / SAMPLE + 1;
    u128 *values = arena_new_array(arena, u128, (n / step + 1) * 2);
    size_t count = 0;
    size_t distinct = 0;

    for (size_t i = 0; i < n; i += step) {
        const struct ranges *asked = ranges(context, i, field);

        if (asked == NULL || asked->n == 0)
            continue;
        values[count++] = asked->v[0].lo;
        if (asked->v[asked->n - 1].hi != ~(u128)0)
            values[count++] = asked->v[asked->n - 1].hi + 1;
    }
    if (count > 0)
        qsort(values, count, sizeof *values, by_value);
    for (size_t i = 0; i < count; i++) {
        if (distinct == 0 || values[distinct - 1] != values[i])
            values[distinct++] = values[i];
    }
    bins->starts = arena_new_array(arena, u128, most);
    bins->n = 1; /* the first begins at 0 */
    for (size_t k = 1; k < most && distinct > 0; k++) {
        u128 value = values[distinct * k / most];

        if (value != bins->starts[bins->n - 1])
            bins->starts[bins->n++] = value;
    }
}

static size_t bin_of(const struct field_bins *bins, u128 value)
{
    return index_bin(bins->starts, bins->n, value);
}

static void put(uint64_t *row, size_t i, bool in)
{
    uint64_t bit = (uint64_t)1 << i % 64;

    row[i / 64] = in ? row[i / 64] | bit : row[i / 64] & ~bit;
}

/* Box i, which asks this of a field, goes into its bitmaps, or out of them. */
static void put_asked(struct box_index *index, struct field_bins *bins, size_t i, const struct ranges *asked, bool in)
{
    if (asked == NULL) {
        put(bins->any, i, in);
        return;
    }
    for (size_t k = 0; k < asked->n; k++) {
        size_t first = bin_of(bins, asked->v[k].lo);
        size_t last = first;

        if (last + 1 < bins->n && bins->starts[last + 1] <= asked->v[k].hi)
            last = bin_of(bins, asked->v[k].hi);
        /* What reaches into most bins is found there anyway. */
        if ((last - first) * 2 > bins->n) {
            put(bins->any, i, in);
            return;
        }
        for (size_t b = first; b <= last; b++)
            put(bins->rows + b * index->words, i, in);
    }
}

static void put_box(struct box_index *index, size_t i, index_ranges *ranges, const void *context, bool in)
{
    for (size_t f = 0; f < INDEX_FIELDS; f++)
        put_asked(index, &index->fields[f], i, ranges(context, i, indexed[f]), in);
}

void index_leave(struct box_index *index, size_t i, index_ranges *ranges, const void *context)
{
    put_box(index, i, ranges, context, false);
}

void index_enter(struct box_index *index, size_t i, index_ranges *ranges, const void *context)
{
    put_box(index, i, ranges, context, true);
}

struct box_index *index_new(struct arena *arena, size_t n, index_ranges *ranges, const void *context)
{
    struct box_index *index = arena_new_object(arena, struct box_index);
    size_t most;

    index->n = n;
    index->words = n / 64 + 1;
    most = BYTES_MOST / (index->words * sizeof(uint64_t));
    most = most > BINS_MOST ? BINS_MOST : most < 16 ? 16 : most;
    if (most > n + 1)
        most = n + 1;
    for (size_t f = 0; f < INDEX_FIELDS; f++) {
        struct field_bins *bins = &index->fields[f];

        choose_bins(arena, bins, most, n, ranges, context, indexed[f]);
        bins->rows = arena_new_array(arena, uint64_t, bins->n * index->words);
        bins->any = arena_new_array(arena, uint64_t, index->words);
        for (size_t i = 0; i < n; i++)
            put_asked(index, bins, i, ranges(context, i, indexed[f]), true);
    }
    return index;
}

void cursor_start(struct cursor *cursor, const struct box_index *index, const struct cube *cube)
{
    cursor->index = index;
    cursor->field_n = 0;
    for (size_t f = 0; f < INDEX_FIELDS; f++) {
        const struct field_bins *bins = &index->fields[f];
        const struct ranges *wanted = cube->field[indexed[f]];
        size_t at = cursor->field_n;
        size_t first;
        size_t last;

        if (wanted == NULL || bins->n == 1)
            continue;
        first = bin_of(bins, wanted->v[0].lo);
        last = bin_of(bins, wanted->v[wanted->n - 1].hi);
        if (last - first >= INDEX_ROWS)
            continue;
        cursor->any[at] = bins->any;
        cursor->row_n[at] = last - first + 1;
        for (size_t b = first; b <= last; b++)
            cursor->rows[at][b - first] = bins->rows + b * index->words;
        cursor->field_n++;
    }
}

void cursor_start_point(struct cursor *cursor, const struct box_index *index, const u128 values[FIELD_N])
{
    cursor->index = index;
    cursor->field_n = INDEX_FIELDS;
    for (size_t f = 0; f < INDEX_FIELDS; f++) {
        const struct field_bins *bins = &index->fields[f];

        cursor->any[f] = bins->any;
        cursor->row_n[f] = 1;
        cursor->rows[f][0] = bins->rows + bin_of(bins, values[indexed[f]]) * index->words;
    }
}

size_t cursor_next(const struct cursor *cursor, size_t at)
{
    const struct box_index *index = cursor->index;
    uint64_t from = ~(uint64_t)0 << at % 64;

    for (size_t word = at / 64; word < index->words; word++) {
        uint64_t found = from;

        from = ~(uint64_t)0;
        for (size_t f = 0; f < cursor->field_n && found != 0; f++) {
            uint64_t in_field = cursor->any[f][word];

            for (size_t r = 0; r < cursor->row_n[f]; r++)
                in_field |= cursor->rows[f][r][word];
            found &= in_field;
        }
        if (found != 0) {
            size_t i = word * 64 + (size_t)__builtin_ctzll(found);

            return i < index->n ? i : index->n;
        }
    }
    return index->n;
}
