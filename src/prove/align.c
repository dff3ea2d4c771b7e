/*
 * What two unfolded chains have in common, in the same order: the longest common subsequence of their entries by the
 * shortest edit script (E. W. Myers, An O(ND) Difference Algorithm, 1986).
 */
#include "prove/diff.h"

#define EDITS_MOST 400u /* beyond that everything between a common head and tail counts as changed */
#define ENTRIES_MOST 500000u

/* The furthest reach on each diagonal, kept for every number of edits, so that the way back can be found. */
static size_t search(struct arena *arena, const uint32_t *a, size_t n, const uint32_t *b, size_t m, size_t most,
                     int64_t ***history)
{
    int64_t *reach = arena_new_array(arena, int64_t, 2 * most + 3);
    int64_t offset = (int64_t)most + 1;

    *history = arena_new_array(arena, int64_t *, most + 1);
    for (int64_t d = 0; d <= (int64_t)most; d++) {
        for (int64_t k = -d; k <= d; k += 2) {
            bool down = k == -d || (k != d && reach[offset + k - 1] < reach[offset + k + 1]);
            int64_t x = down ? reach[offset + k + 1] : reach[offset + k - 1] + 1;

            while (x < (int64_t)n && x - k < (int64_t)m && x - k >= 0 && a[x] == b[x - k])
                x++;
            reach[offset + k] = x;
            if (x >= (int64_t)n && x - k >= (int64_t)m) {
                (*history)[d] = arena_copy(arena, reach, (2 * most + 3) * sizeof *reach);
                return (size_t)d;
            }
        }
        (*history)[d] = arena_copy(arena, reach, (2 * most + 3) * sizeof *reach);
    }
    return SIZE_MAX;
}

static void trace(int64_t *const *history, size_t edits, size_t most, int64_t x, int64_t y, uint8_t *keep_a,
                  uint8_t *keep_b)
{
    int64_t offset = (int64_t)most + 1;

    for (int64_t d = (int64_t)edits; d >= 0; d--) {
        int64_t k = x - y;
        const int64_t *before = d > 0 ? history[d - 1] : NULL;
        bool down = d > 0 && (k == -d || (k != d && before[offset + k - 1] < before[offset + k + 1]));
        int64_t start_x = d == 0 ? 0 : down ? before[offset + k + 1] : before[offset + k - 1] + 1;

        while (x > start_x) {
            x--;
            y--;
            keep_a[x] = 1;
            keep_b[y] = 1;
        }
        if (d > 0 && down)
            y--;
        else if (d > 0)
            x--;
    }
}

static void align_lists(struct arena *arena, const uint32_t *a, size_t a_n, const uint32_t *b, size_t b_n, size_t most,
                        uint8_t *keep_a, uint8_t *keep_b)
{
    int64_t **history;
    size_t head = 0;
    size_t tail = 0;
    size_t edits;

    while (head < a_n && head < b_n && a[head] == b[head]) {
        keep_a[head] = 1;
        keep_b[head++] = 1;
    }
    while (tail < a_n - head && tail < b_n - head && a[a_n - 1 - tail] == b[b_n - 1 - tail]) {
        keep_a[a_n - 1 - tail] = 1;
        keep_b[b_n - 1 - tail] = 1;
        tail++;
    }
    edits = search(arena, a + head, a_n - head - tail, b + head, b_n - head - tail, most, &history);
    if (edits != SIZE_MAX)
        trace(history, edits, most, (int64_t)(a_n - head - tail), (int64_t)(b_n - head - tail), keep_a + head,
              keep_b + head);
}

/* --- entries ------------------------------------------------------------------------------------------------------ */

static bool is_refusal(enum action action)
{
    return action == ACTION_DROP || action == ACTION_REJECT;
}

static bool same_action(enum action a, enum action b)
{
    return a == b || (is_refusal(a) && is_refusal(b));
}

static bool same_entry(const struct flat_entry *a, const struct flat_entry *b)
{
    if (!same_action(a->action, b->action) || !cube_equal(&a->cube, &b->cube))
        return false;
    return a->action == ACTION_ACCEPT || a->action == ACTION_DROP || a->action == ACTION_REJECT ||
           str_eq(a->rule->text, b->rule->text);
}

/* Numbers entries so that equal ones, and only those, have equal numbers. */
struct numbering {
    const struct flat_entry **entries; /* by number */
    uint32_t n;
    uint32_t *slots;
    size_t slot_n;
};

static uint32_t number_entry(struct numbering *numbering, const struct flat_entry *entry)
{
    size_t at = (cube_hash(&entry->cube, FIELD_N) ^ is_refusal(entry->action)) & (numbering->slot_n - 1);

    while (numbering->slots[at] != 0) {
        if (same_entry(numbering->entries[numbering->slots[at] - 1], entry))
            return numbering->slots[at] - 1;
        at = (at + 1) & (numbering->slot_n - 1);
    }
    numbering->entries[numbering->n] = entry;
    numbering->slots[at] = ++numbering->n;
    return numbering->n - 1;
}

bool align_chains(struct arena *arena, struct chain_pair *pair)
{
    struct numbering numbering = {.slot_n = 16};
    size_t n[2] = {pair->flats[0]->n, pair->flats[1]->n};

    if (pair->flats[0]->too_large || pair->flats[1]->too_large || n[0] + n[1] > ENTRIES_MOST)
        return false;
    while (numbering.slot_n < 2 * (n[0] + n[1]))
        numbering.slot_n *= 2;
    numbering.slots = arena_new_array(arena, uint32_t, numbering.slot_n);
    numbering.entries = arena_new_array(arena, const struct flat_entry *, n[0] + n[1]);
    for (size_t side = 0; side < 2; side++) {
        pair->numbers[side] = arena_new_array(arena, uint32_t, n[side]);
        pair->kept[side] = arena_new_array(arena, uint8_t, n[side]);
        for (size_t i = 0; i < n[side]; i++)
            pair->numbers[side][i] = number_entry(&numbering, &pair->flats[side]->v[i]);
    }
    pair->number_n = numbering.n;
    align_lists(arena, pair->numbers[0], n[0], pair->numbers[1], n[1], EDITS_MOST, pair->kept[0], pair->kept[1]);
    return true;
}
