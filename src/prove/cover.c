/*
 * Is a box covered by others? Split it by the box that takes the most of it, go on with the pieces and with what still
 * meets them, stop at the first point that is left. A whole policy's diagram is never made, and what blows one up (wide
 * boxes) is what ends this search early.
 */
#include "prove/audit.h"

static bool spend(struct cover *cover)
{
    if (cover->budget == 0)
        return false;
    cover->budget--;
    return true;
}

static void mark_used(struct cover *cover, uint32_t i)
{
    if (cover->used != NULL)
        cover->used[i] = 1;
}

/* Those of the picks that meet the box; *whole is one that holds all of it, or -1. */
static struct picks meeting(struct cover *cover, const struct ranked *box, struct picks picks, int64_t *whole)
{
    uint32_t *v = arena_new_array(cover->arena, uint32_t, picks.n);
    struct picks met = {.v = v};

    *whole = -1;
    for (size_t k = 0; k < picks.n; k++) {
        const struct ranked *other = &cover->boxes[picks.v[k]];

        if (!ranked_overlaps(box, other))
            continue;
        if (ranked_within(box, other)) {
            *whole = picks.v[k];
            return met;
        }
        v[met.n++] = picks.v[k];
    }
    return met;
}

static size_t widest(const struct cover *cover, const struct ranked *box, struct picks picks, double *best)
{
    size_t at = 0;

    for (size_t k = 0; k < picks.n; k++) {
        double share = ranked_share(box, &cover->boxes[picks.v[k]]);

        if (share > *best) {
            *best = share;
            at = k;
        }
    }
    return at;
}

bool cover_leaves(struct cover *cover, const struct ranked *box, struct picks picks, struct ranked *point)
{
    struct arena_mark mark = arena_mark(cover->arena);
    struct ranked pieces[2 * FIELD_N];
    double best = -1;
    struct picks met;
    int64_t whole;
    bool left = false;
    size_t n;

    if (!spend(cover))
        return false;
    met = meeting(cover, box, picks, &whole);
    if (whole >= 0) {
        mark_used(cover, (uint32_t)whole);
    } else if (met.n == 0) {
        *point = *box;
        left = true;
    } else {
        uint32_t chosen = met.v[widest(cover, box, met, &best)];

        mark_used(cover, chosen);
        n = ranked_subtract(box, &cover->boxes[chosen], pieces);
        for (size_t i = 0; i < n && !left; i++)
            left = cover_leaves(cover, &pieces[i], met, point);
    }
    arena_release(cover->arena, mark);
    return left;
}

/* Up to and with the first that holds the whole box: what comes behind it decides nothing here. */
static struct picks until_whole(struct cover *cover, const struct ranked *box, struct picks picks)
{
    uint32_t *v = arena_new_array(cover->arena, uint32_t, picks.n);
    struct picks met = {.v = v};

    for (size_t k = 0; k < picks.n; k++) {
        const struct ranked *other = &cover->boxes[picks.v[k]];

        if (!ranked_overlaps(box, other))
            continue;
        v[met.n++] = picks.v[k];
        if (ranked_within(box, other))
            break;
    }
    return met;
}

static struct ranked within(const struct ranked *a, const struct ranked *b)
{
    struct ranked both;

    for (size_t i = 0; i < FIELD_N; i++) {
        both.lo[i] = a->lo[i] > b->lo[i] ? a->lo[i] : b->lo[i];
        both.hi[i] = a->hi[i] < b->hi[i] ? a->hi[i] : b->hi[i];
    }
    return both;
}

/* Neither list says it at once: both sides of the box that takes the most of this one. */
static bool split(struct cover *cover, const struct ranked *box, struct picks before, struct picks after,
                  const uint8_t *alike, struct ranked *point)
{
    struct picks partial = {.v = after.v, .n = after.n - 1}; /* the last holds all of it */
    double best_before = -1;
    double best_after = -1;
    size_t k = widest(cover, box, before, &best_before);
    size_t m = widest(cover, box, partial, &best_after);
    uint32_t chosen = best_before >= best_after ? before.v[k] : partial.v[m];
    struct ranked pieces[2 * FIELD_N];
    struct ranked inside = within(box, &cover->boxes[chosen]);
    size_t n = ranked_subtract(box, &cover->boxes[chosen], pieces);

    if (best_before < best_after && cover_differs(cover, &inside, before, after, alike, point))
        return true;
    if (best_before >= best_after)
        mark_used(cover, chosen);
    for (size_t i = 0; i < n; i++) {
        if (cover_differs(cover, &pieces[i], before, after, alike, point))
            return true;
    }
    return false;
}

bool cover_differs(struct cover *cover, const struct ranked *box, struct picks before, struct picks after,
                   const uint8_t *alike, struct ranked *point)
{
    struct arena_mark mark = arena_mark(cover->arena);
    struct picks earlier;
    struct picks later;
    size_t unlike = 0;
    int64_t whole;
    bool found = false;

    if (!spend(cover))
        return false;
    earlier = meeting(cover, box, before, &whole);
    if (whole < 0) {
        later = until_whole(cover, box, after);
        while (unlike < later.n && alike[later.v[unlike]])
            mark_used(cover, later.v[unlike++]);
        if (unlike < later.n && later.n == 1)
            found = cover_leaves(cover, box, earlier, point);
        else if (unlike < later.n)
            found = split(cover, box, earlier, later, alike, point);
    }
    arena_release(cover->arena, mark);
    return found;
}
