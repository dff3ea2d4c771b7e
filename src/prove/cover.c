/* Covering by points and splits; see cover.h. */
#include "prove/cover.h"

#define BOXES_MOST 64u /* that one entry may become */
#define STEPS 100000u
#define SAMPLES 12u
#define CHOICES 4u /* boxes that hold a point, of which the widest splits */

static const struct ranges *box_asks(const void *context, size_t i, enum field field)
{
    const struct box_list *list = context;

    return list->flat->v[list->owners[i]].cube.field[field];
}

void box_list_make(struct arena *arena, const struct flat *flat, struct box_list *list)
{
    const struct cube **cubes = arena_new_array(arena, const struct cube *, flat->n);
    struct {
        uint32_t *v;
        size_t n;
        size_t capacity;
    } owners = {0};

    for (size_t i = 0; i < flat->n; i++)
        cubes[i] = &flat->v[i].cube;
    list->flat = flat;
    list->ranks = ranks_of(arena, cubes, flat->n, flat->family);
    list->first = arena_new_array(arena, uint32_t, flat->n + 1);
    for (size_t i = 0; i < flat->n; i++) {
        list->first[i] = (uint32_t)list->boxes.n;
        ranked_boxes_of(arena, list->ranks, cubes[i], BOXES_MOST, &list->boxes);
        while (owners.n < list->boxes.n)
            *vec_push(arena, &owners) = (uint32_t)i;
    }
    list->first[flat->n] = (uint32_t)list->boxes.n;
    list->owners = owners.v;
    list->special = arena_new_array(arena, uint8_t, list->boxes.n);
    list->rules = arena_new_array(arena, const struct rule *, list->boxes.n);
    for (size_t i = 0; i < list->boxes.n; i++) {
        const struct flat_entry *entry = &flat->v[owners.v[i]];

        list->rules[i] = entry->rule;
        list->special[i] = entry->action == ACTION_UNKNOWN || entry->cube.literals != NULL;
    }
    list->index = index_new(arena, list->boxes.n, box_asks, list);
}

void cover_start(struct cover *cover, struct arena *arena, const struct box_list *list, uint32_t at)
{
    *cover = (struct cover){.arena = arena,
                            .list = list,
                            .at = at,
                            .entry = &list->flat->v[list->owners[at]],
                            .budget = STEPS,
                            .random = 0x9e3779b97f4a7c15u};
}

/* A box can decide another's packets when its unknowns hold wherever those of the other do. */
static bool knows(const struct literals *asked, const struct literals *given)
{
    for (uint32_t i = 0; asked != NULL && i < asked->n; i++) {
        uint32_t k = 0;

        while (given != NULL && k < given->n && given->v[k] != asked->v[i])
            k++;
        if (given == NULL || k == given->n)
            return false;
    }
    return true;
}

/* Whether box i surely decides what it holds of the packets that are asked about. */
static bool decides(const struct cover *cover, size_t i)
{
    const struct flat_entry *other;

    if (!cover->list->special[i])
        return true;
    other = &cover->list->flat->v[cover->list->owners[i]];
    return other->action != ACTION_UNKNOWN && knows(other->cube.literals, cover->entry->cube.literals);
}

static bool alike(const struct cover *cover, size_t i)
{
    return decides(cover, i) && cover->list->flat->v[cover->list->owners[i]].action == cover->entry->action;
}

/* --- points ------------------------------------------------------------------------------------------------------- */

struct point {
    int32_t v[FIELD_N];
    struct cursor cursor;
};

static bool holds(const struct ranked *box, const struct point *point)
{
    int32_t outside = 0;

    for (size_t i = 0; i < FIELD_N; i++)
        outside |= (point->v[i] < box->lo[i]) | (point->v[i] > box->hi[i]);
    return outside == 0;
}

static uint32_t next_random(struct cover *cover)
{
    cover->random ^= cover->random << 13;
    cover->random ^= cover->random >> 7;
    cover->random ^= cover->random << 17;
    return (uint32_t)(cover->random >> 32);
}

static void start_point(const struct cover *cover, struct point *point)
{
    u128 values[FIELD_N];

    for (size_t i = 0; i < FIELD_N; i++)
        values[i] = cover->list->ranks->fields[i].starts[point->v[i]];
    cursor_start_point(&point->cursor, cover->list->index, values);
}

static void random_point(struct cover *cover, const struct ranked *box, struct point *point)
{
    for (size_t i = 0; i < FIELD_N; i++)
        point->v[i] = box->lo[i] + (int32_t)(next_random(cover) % ((uint32_t)(box->hi[i] - box->lo[i]) + 1));
    start_point(cover, point);
}

/* The first box of another rule in from..to-1 that holds the point; `to` when there is none. */
static size_t next_holding(const struct cover *cover, const struct point *point, size_t from, size_t to)
{
    const struct box_list *list = cover->list;

    for (size_t i = cursor_next(&point->cursor, from); i < to; i = cursor_next(&point->cursor, i + 1)) {
        if (holds(&list->boxes.v[i], point) && list->rules[i] != cover->entry->rule)
            return i;
    }
    return to;
}

/* Of the boxes before that surely hide the point, one that takes much of the box; cover->at when there is none. */
static uint32_t find_hiding(const struct cover *cover, const struct ranked *box, const struct point *point)
{
    uint32_t chosen = cover->at;
    double best = -1;
    unsigned found = 0;

    for (size_t i = next_holding(cover, point, 0, cover->at); i < cover->at && found < CHOICES;
         i = next_holding(cover, point, i + 1, cover->at)) {
        double share;

        if (!decides(cover, i))
            continue;
        found++;
        share = ranked_share(box, &cover->list->boxes.v[i]);
        if (share > best) {
            best = share;
            chosen = (uint32_t)i;
        }
    }
    return chosen;
}

void cover_try_points(struct cover *cover, bool *leaves, bool *differs)
{
    const struct ranked *box = &cover->list->boxes.v[cover->at];

    for (unsigned sample = 0; sample < SAMPLES && !*differs; sample++) {
        struct point point;
        size_t later;

        random_point(cover, box, &point);
        if (find_hiding(cover, box, &point) < cover->at)
            continue;
        *leaves = true;
        later = next_holding(cover, &point, cover->at + 1, cover->list->boxes.n);
        *differs = later == cover->list->boxes.n || !alike(cover, later);
    }
}

/* --- boxes -------------------------------------------------------------------------------------------------------- */

static bool spend(struct cover *cover)
{
    if (cover->budget == 0)
        return false;
    cover->budget--;
    return true;
}

static void use(struct cover *cover, uint32_t i)
{
    *vec_push(cover->arena, &cover->used) = i;
}

bool cover_leaves(struct cover *cover, const struct ranked *box)
{
    struct ranked pieces[2 * FIELD_N];
    struct point point;
    uint32_t chosen;
    size_t n;

    if (!spend(cover))
        return false;
    random_point(cover, box, &point);
    chosen = find_hiding(cover, box, &point);
    if (chosen == cover->at)
        return true;
    use(cover, chosen);
    n = ranked_subtract(box, &cover->list->boxes.v[chosen], pieces);
    for (size_t i = 0; i < n; i++) {
        if (cover_leaves(cover, &pieces[i]))
            return true;
    }
    return false;
}

/* A box behind and before `limit` that meets this one and decides otherwise; `limit` when there is none. */
static size_t find_unlike(const struct cover *cover, struct arena *arena, const struct ranked *box, size_t limit)
{
    struct arena_mark mark = arena_mark(arena);
    struct cube cube = ranked_cube(arena, cover->list->ranks, box);
    struct cursor cursor;
    size_t i;

    cursor_start(&cursor, cover->list->index, &cube);
    for (i = cursor_next(&cursor, cover->at + 1); i < limit; i = cursor_next(&cursor, i + 1)) {
        if (ranked_overlaps(box, &cover->list->boxes.v[i]) && cover->list->rules[i] != cover->entry->rule &&
            !alike(cover, i))
            break;
    }
    arena_release(arena, mark);
    return i < limit ? i : limit;
}

/* Both sides of box i. */
static bool differs_around(struct cover *cover, const struct ranked *box, size_t i)
{
    const struct ranked *by = &cover->list->boxes.v[i];
    struct ranked pieces[2 * FIELD_N];
    struct ranked inside = ranked_intersect(box, by);
    size_t n = ranked_subtract(box, by, pieces);

    if (cover_differs(cover, &inside))
        return true;
    for (size_t k = 0; k < n; k++) {
        if (cover_differs(cover, &pieces[k]))
            return true;
    }
    return false;
}

bool cover_differs(struct cover *cover, const struct ranked *box)
{
    struct ranked pieces[2 * FIELD_N];
    struct ranked inside;
    struct point point;
    uint32_t hiding;
    size_t later;
    size_t unlike;
    size_t n;

    if (!spend(cover))
        return false;
    random_point(cover, box, &point);
    hiding = find_hiding(cover, box, &point);
    later = hiding;
    if (hiding == cover->at) {
        later = next_holding(cover, &point, cover->at + 1, cover->list->boxes.n);
        if (later == cover->list->boxes.n || !alike(cover, later))
            return true;
        use(cover, (uint32_t)later);
        /* Alike at the point; elsewhere in both boxes something in between may decide otherwise. */
        inside = ranked_intersect(box, &cover->list->boxes.v[later]);
        unlike = find_unlike(cover, cover->arena, &inside, later);
        if (unlike < later && differs_around(cover, &inside, unlike))
            return true;
    }
    n = ranked_subtract(box, &cover->list->boxes.v[later], pieces);
    for (size_t i = 0; i < n; i++) {
        if (cover_differs(cover, &pieces[i]))
            return true;
    }
    return false;
}
