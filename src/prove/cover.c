/* Covering by points and splits; see cover.h. */
#include "prove/cover.h"

#define BOXES_MOST 64u /* that one entry may become */
#define STEPS 100000u
#define CHOICES 2u /* boxes that hold a point, of which the widest splits */

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
    list->boxes = (struct ranked_boxes){.v = arena_new_array(arena, struct ranked, flat->n), .capacity = flat->n};
    for (size_t i = 0; i < flat->n; i++) {
        list->first[i] = (uint32_t)list->boxes.n;
        ranked_boxes_of(arena, list->ranks, cubes[i], BOXES_MOST, &list->boxes);
        while (owners.n < list->boxes.n)
            *vec_push(arena, &owners) = (uint32_t)i;
    }
    list->first[flat->n] = (uint32_t)list->boxes.n;
    list->owners = owners.v;
    list->holders = arena_new_array(arena, uint32_t, list->boxes.n);
    for (size_t i = 0; i < list->boxes.n; i++)
        list->holders[i] = HOLDER_NONE;
    list->special = arena_new_array(arena, uint8_t, list->boxes.n);
    list->rules = arena_new_array(arena, const struct rule *, list->boxes.n);
    for (size_t i = 0; i < list->boxes.n; i++) {
        const struct flat_entry *entry = &flat->v[owners.v[i]];

        list->rules[i] = entry->rule;
        list->special[i] = !flat_plain(entry) || entry->cube.literals != NULL;
    }
    list->tree = tree_new(arena, list->boxes.v, list->boxes.n);
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
    return flat_plain(other) && knows(other->cube.literals, cover->entry->cube.literals);
}

static bool alike(const struct cover *cover, size_t i)
{
    return decides(cover, i) && cover->list->flat->v[cover->list->owners[i]].action == cover->entry->action;
}

static uint32_t next_random(struct cover *cover)
{
    cover->random ^= cover->random << 13;
    cover->random ^= cover->random >> 7;
    cover->random ^= cover->random << 17;
    return (uint32_t)(cover->random >> 32);
}

/* Of the state the first: most rulesets let established connections through before all else. */
static struct ranked random_point(struct cover *cover, const struct ranked *box)
{
    struct ranked point;

    for (size_t i = 0; i < FIELD_N; i++) {
        uint32_t values = (uint32_t)(box->hi[i] - box->lo[i]) + 1;

        point.lo[i] = box->lo[i] + (values == 1 || i == FIELD_STATE ? 0 : (int32_t)(next_random(cover) % values));
        point.hi[i] = point.lo[i];
    }
    return point;
}

/* Who decides a point: *before is a box that surely hides it, else cover->at; then *behind is the next that holds it.
 */
static void find_deciding(const struct cover *cover, const struct ranked *box, const struct ranked *point,
                          uint32_t *before, uint32_t *behind)
{
    const struct box_list *list = cover->list;
    struct tree_cursor cursor;
    double best = -1;
    unsigned found = 0;

    *before = cover->at;
    tree_ask(&cursor, list->tree, TREE_HOLDS, point, 0, list->boxes.n);
    for (size_t i = tree_next(&cursor); i < cursor.to && found < CHOICES; i = tree_next(&cursor)) {
        double share;

        if (list->rules[i] == cover->entry->rule)
            continue;
        if (i > cover->at) {
            cursor.to = i;
            continue;
        }
        if (!decides(cover, i))
            continue;
        found++;
        cursor.to = cover->at;
        share = ranked_share(box, &list->boxes.v[i]);
        if (share > best) {
            best = share;
            *before = (uint32_t)i;
        }
    }
    *behind = (uint32_t)cursor.to;
}

/* The first box before that surely hides all of this one; cover->at when none does alone. */
static uint32_t find_holding(const struct cover *cover, const struct ranked *box)
{
    const struct box_list *list = cover->list;
    struct tree_cursor cursor;
    size_t i;

    tree_ask(&cursor, list->tree, TREE_HOLDS, box, 0, cover->at);
    while ((i = tree_next(&cursor)) < cursor.to) {
        if (list->rules[i] != cover->entry->rule && decides(cover, i))
            cursor.to = i;
    }
    return (uint32_t)i;
}

/* It is known that the box decides nothing, whether the asked one is there or not. */
static bool never_comes(const struct cover *cover, size_t i)
{
    const struct box_list *list = cover->list;

    return list->holders[i] != HOLDER_NONE && list->rules[list->holders[i]] != cover->entry->rule;
}

/* A box behind and before `limit` that meets this one and decides otherwise; `limit` when there is none. */
static uint32_t find_unlike(const struct cover *cover, const struct ranked *box, uint32_t limit)
{
    const struct box_list *list = cover->list;
    uint32_t chosen = limit;
    struct tree_cursor cursor;
    double best = -1;
    unsigned found = 0;

    tree_ask(&cursor, list->tree, TREE_OVERLAPS, box, cover->at + 1, limit);
    for (size_t i = tree_next(&cursor); i < limit && found < CHOICES; i = tree_next(&cursor)) {
        double share;

        if (list->rules[i] == cover->entry->rule || alike(cover, i) || never_comes(cover, i))
            continue;
        found++;
        share = ranked_share(box, &list->boxes.v[i]);
        if (share > best) {
            best = share;
            chosen = (uint32_t)i;
        }
    }
    return chosen;
}

/* What is left to look at when box i has been done with. */
static void put_rest(struct cover *cover, const struct ranked *box, uint32_t i)
{
    struct ranked pieces[2 * FIELD_N];
    size_t n = ranked_subtract(box, &cover->list->boxes.v[i], pieces);

    while (n > 0)
        *vec_push(cover->arena, &cover->open) = pieces[--n];
}

/* Looks at one part of the box: who decides a point of it, and what of the part is then still open. */
static void look(struct cover *cover, const struct ranked *part)
{
    struct ranked point = random_point(cover, part);
    struct ranked inside;
    uint32_t before;
    uint32_t behind;
    uint32_t unlike;

    find_deciding(cover, part, &point, &before, &behind);
    if (before < cover->at) {
        *vec_push(cover->arena, &cover->hiders) = before;
        put_rest(cover, part, before);
        return;
    }
    cover->leaves = true;
    if (behind == cover->list->boxes.n || !alike(cover, behind)) {
        cover->differs = true;
        return;
    }
    *vec_push(cover->arena, &cover->stand_ins) = behind;
    put_rest(cover, part, behind);
    /* Alike at the point; elsewhere in both boxes something in between may decide otherwise. */
    inside = ranked_intersect(part, &cover->list->boxes.v[behind]);
    unlike = find_unlike(cover, &inside, behind);
    if (unlike == behind)
        return;
    put_rest(cover, &inside, unlike);
    *vec_push(cover->arena, &cover->open) = ranked_intersect(&inside, &cover->list->boxes.v[unlike]);
}

void cover_judge(struct cover *cover, struct arena *arena, const struct box_list *list, uint32_t at)
{
    const struct ranked *box = &list->boxes.v[at];
    unsigned steps = 0;
    uint32_t holding;

    *cover = (struct cover){.arena = arena,
                            .list = list,
                            .at = at,
                            .entry = &list->flat->v[list->owners[at]],
                            .random = 0x9e3779b97f4a7c15u};
    *vec_push(arena, &cover->open) = *box;
    while (cover->open.n > 0 && !cover->differs && steps < STEPS) {
        struct ranked part = cover->open.v[--cover->open.n];

        look(cover, &part);
        /* Most that are hidden are hidden by one. */
        holding = ++steps == 1 && !cover->leaves ? find_holding(cover, box) : at;
        if (holding != at) {
            cover->hiders.v[0] = holding;
            list->holders[at] = holding;
            cover->open.n = 0;
        }
    }
    cover->undecided = cover->open.n > 0 && !cover->differs;
}
