/*
 * Large boxes first; see carve.h. The largest part that is not yet looked at is taken: every hole in it is avoided in
 * the field where that costs least, which leaves one box, and parts for what was given up in each field. Where one
 * hole alone costs much, the part is divided around it before anything else is decided. A box is then widened, field by
 * field, as far as no hole forbids; boxes that were found are holes for the parts to come, so that none is found twice.
 *
 * Parts are disjoint, and each step makes them smaller: it ends, and exactly when nothing is left.
 */
#include "packet/carve.h"

#define MUCH 0.25 /* of a field: a hole that costs more divides its part */
#define SPAN 8u   /* ranges that are counted; a guess is enough for choosing */
#define MOST_OF 0.999

struct part {
    struct cube cube;
    double volume;
    struct holes holes; /* those that may meet it */
    size_t found;       /* boxes that had been found when it was made */
};

struct parts VEC(struct part);

struct carver {
    struct arena *arena;
    struct carving *carving;
    struct parts parts; /* a heap: the largest on top */
    struct holes found; /* boxes */
};

static double count_of(const struct ranges *ranges, u128 max)
{
    double count = 0;

    if (ranges == NULL)
        return (double)max + 1;
    for (size_t i = 0; i < ranges->n; i++)
        count += (double)(ranges->v[i].hi - ranges->v[i].lo) + 1;
    return count;
}

double carve_volume(const struct cube *cube, enum family family)
{
    double volume = 1;

    for (enum field field = 0; field < FIELD_N; field++)
        volume *= count_of(cube->field[field], field_max(field, family));
    return volume;
}

/* --- the parts --------------------------------------------------------------------------------------------------- */

static void swap_parts(struct part *a, struct part *b)
{
    struct part other = *a;

    *a = *b;
    *b = other;
}

static void push_part(struct carver *c, const struct cube *cube, const struct holes *holes)
{
    struct part *part = vec_push(c->arena, &c->parts);
    size_t at = c->parts.n - 1;

    *part = (struct part){.cube = *cube, .holes = *holes, .found = c->found.n};
    part->volume = carve_volume(cube, c->carving->family);
    for (; at > 0 && c->parts.v[(at - 1) / 2].volume < c->parts.v[at].volume; at = (at - 1) / 2)
        swap_parts(&c->parts.v[at], &c->parts.v[(at - 1) / 2]);
}

static struct part pop_part(struct carver *c)
{
    struct part top = c->parts.v[0];
    size_t at = 0;

    c->parts.v[0] = c->parts.v[--c->parts.n];
    for (;;) {
        size_t largest = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < c->parts.n; child++) {
            if (c->parts.v[child].volume > c->parts.v[largest].volume)
                largest = child;
        }
        if (largest == at)
            return top;
        swap_parts(&c->parts.v[at], &c->parts.v[largest]);
        at = largest;
    }
}

/* Boxes that were found since the part was made are holes in it, too. */
static void add_found(struct carver *c, struct part *part)
{
    struct holes holes = {0};

    if (part->found == c->found.n)
        return;
    vec_each (const struct cube *const *, hole, &part->holes)
        *vec_push(c->arena, &holes) = *hole;
    for (size_t i = part->found; i < c->found.n; i++)
        *vec_push(c->arena, &holes) = c->found.v[i];
    part->holes = holes;
    part->found = c->found.n;
}

/* --- widening ---------------------------------------------------------------------------------------------------- */

static bool field_overlaps(const struct ranges *a, const struct ranges *b)
{
    return a == NULL || b == NULL || ranges_overlap(a, b);
}

struct values VEC(struct range);

static void add_values(struct arena *arena, struct values *values, const struct ranges *ranges)
{
    for (size_t i = 0; i < ranges->n; i++)
        *vec_push(arena, values) = ranges->v[i];
}

/* The values of `all` (NULL: every one) that are none of these. */
static const struct ranges *without(struct carver *c, const struct ranges *all, enum field field,
                                    const struct values *values)
{
    const struct ranges *gone = ranges_of(c->arena, values->v, values->n);

    if (values->n == 0)
        return all;
    return all == NULL ? ranges_complement(c->arena, gone, field_max(field, c->carving->family))
                       : ranges_subtract(c->arena, all, gone);
}

/* Whether one of the first n fields keeps a hole out of a box. */
static bool is_apart_before(const struct cube *box, const enum field *fields, size_t n, const struct cube *hole)
{
    for (size_t k = 0; k < n; k++) {
        if (!field_overlaps(box->field[fields[k]], hole->field[fields[k]]))
            return true;
    }
    return false;
}

/* The box, that meets no hole, as wide as they let it be. */
static void widen(struct carver *c, struct cube *box)
{
    static const enum field order[] = {FIELD_SOURCE_PORT, FIELD_ICMP,  FIELD_TCP_FLAGS, FIELD_MARK,
                                       FIELD_FRAGMENT,    FIELD_STATE, FIELD_IN,        FIELD_OUT,
                                       FIELD_PROTOCOL,    FIELD_PORT,  FIELD_SOURCE,    FIELD_DESTINATION};
    const struct carving *carving = c->carving;
    unsigned *apart = arena_new_array(c->arena, unsigned, carving->holes->n); /* fields that keep a hole out */
    enum field narrowed[FIELD_N];
    size_t n = 0;

    /* A hole meets `from` in every field: only those that were narrowed keep it out. */
    for (size_t k = 0; k < FIELD_N; k++) {
        if (box->field[order[k]] != carving->from->field[order[k]])
            narrowed[n++] = order[k];
    }
    for (size_t i = 0; i < carving->holes->n; i++) {
        for (size_t k = n; k > 0 && (apart[i] & (apart[i] - 1)) == 0; k--) { /* two tell enough */
            if (!field_overlaps(box->field[narrowed[k - 1]], carving->holes->v[i]->field[narrowed[k - 1]]))
                apart[i] |= 1u << narrowed[k - 1];
        }
    }
    for (size_t k = 0; k < n; k++) {
        enum field field = narrowed[k];
        struct values values = {0};

        for (size_t i = 0; i < carving->holes->n; i++) {
            if (apart[i] == 1u << field && !is_apart_before(box, narrowed, k, carving->holes->v[i]))
                add_values(c->arena, &values, carving->holes->v[i]->field[field]);
        }
        box->field[field] = without(c, carving->from->field[field], field, &values);
        for (size_t i = 0; i < carving->holes->n; i++) {
            if ((apart[i] & 1u << field) != 0 && field_overlaps(box->field[field], carving->holes->v[i]->field[field]))
                apart[i] &= ~(1u << field);
        }
    }
}

/* --- one part ---------------------------------------------------------------------------------------------------- */

/* How much of a field's values a hole takes, about; 1 only when all of them. */
static double share_of(const struct ranges *all, double count, const struct ranges *hole)
{
    double taken = 0;
    size_t low = 0;
    size_t high;

    if (hole == NULL || (all != NULL && ranges_subset(all, hole)))
        return 1;
    if (all == NULL)
        return count_of(hole, 0) / count;
    for (high = all->n; low < high;) {
        size_t middle = low + (high - low) / 2;

        if (all->v[middle].hi < hole->v[0].lo)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i < all->n && i - low < SPAN && all->v[i].lo <= hole->v[hole->n - 1].hi; i++) {
        for (size_t k = 0; k < hole->n && k < SPAN; k++) {
            u128 lo = all->v[i].lo > hole->v[k].lo ? all->v[i].lo : hole->v[k].lo;
            u128 hi = all->v[i].hi < hole->v[k].hi ? all->v[i].hi : hole->v[k].hi;

            taken += lo <= hi ? (double)(hi - lo) + 1 : 0;
        }
    }
    return MOST_OF * taken / count;
}

/* The field in which it costs least to avoid a hole. */
static enum field cheapest(const struct cube *cube, const double counts[FIELD_N], const struct cube *hole, double *cost)
{
    enum field best = FIELD_N;

    *cost = 1;
    for (enum field field = 0; field < FIELD_N; field++) {
        double share;

        if (hole->field[field] == NULL)
            continue;
        share = share_of(cube->field[field], counts[field], hole->field[field]);
        if (share < *cost) {
            *cost = share;
            best = field;
        }
    }
    return best;
}

/* A box that meets no hole. */
static void add_box(struct carver *c, const struct cube *cube)
{
    struct cube *box = arena_copy(c->arena, cube, sizeof *cube);

    widen(c, box);
    *vec_push(c->arena, &c->found) = box;
}

/* What one hole leaves of a part: the largest piece stays in it, the others are parts of their own. False: nothing. */
static bool split(struct carver *c, struct part *part, const struct cube *hole)
{
    struct cubes pieces = {0};
    const struct cube *largest = NULL;
    double most = -1;

    cube_subtract(c->arena, &part->cube, hole, c->carving->family, &pieces);
    vec_each (const struct cube *, piece, &pieces) {
        double volume = carve_volume(piece, c->carving->family);

        if (volume > most) {
            most = volume;
            largest = piece;
        }
    }
    vec_each (const struct cube *, piece, &pieces) {
        if (piece != largest)
            push_part(c, piece, &part->holes);
    }
    if (largest != NULL)
        part->cube = *largest;
    return largest != NULL;
}

static void count_fields(const struct carver *c, const struct cube *cube, double counts[FIELD_N])
{
    for (enum field field = 0; field < FIELD_N; field++)
        counts[field] = count_of(cube->field[field], field_max(field, c->carving->family));
}

/* A hole, and the field in which it is to be avoided. */
struct choice {
    const struct cube *hole;
    enum field field;
    double cost;
};

struct choices {
    struct choice *v;
    size_t n;
    size_t capacity;
    size_t stale; /* the first of them were chosen before the part was split again */
};

/* The holes that meet a part; around those that cost much it is split. False: nothing is left of it. */
static bool split_costly(struct carver *c, struct part *part, struct choices *choices)
{
    double counts[FIELD_N];
    uint64_t work = part->holes.n + 1;

    c->carving->work -= work < c->carving->work ? work : c->carving->work;
    count_fields(c, &part->cube, counts);
    vec_each (const struct cube *const *, hole, &part->holes) {
        struct choice choice = {.hole = *hole};

        if (!cube_overlaps(&part->cube, *hole))
            continue;
        choice.field = cheapest(&part->cube, counts, *hole, &choice.cost);
        if (choice.cost <= MUCH) {
            *vec_push(c->arena, choices) = choice;
            continue;
        }
        if (!split(c, part, *hole))
            return false;
        count_fields(c, &part->cube, counts);
        choices->stale = choices->n;
    }
    return true;
}

/* Choices that were made for the part before it was split. */
static void choose_again(struct carver *c, const struct part *part, struct choices *choices)
{
    double counts[FIELD_N];
    size_t kept = 0;

    count_fields(c, &part->cube, counts);
    for (size_t i = 0; i < choices->n; i++) {
        struct choice choice = choices->v[i];

        if (i < choices->stale) {
            if (!cube_overlaps(&part->cube, choice.hole))
                continue;
            choice.field = cheapest(&part->cube, counts, choice.hole, &choice.cost);
        }
        choices->v[kept++] = choice;
    }
    choices->n = kept;
}

/* What a part gives up in each field. */
struct given_up {
    struct values values[FIELD_N];
    struct cube left;
};

/* Avoids every hole in its field; NULL, or a hole to split the part by where that costs much altogether. */
static const struct cube *avoid(struct carver *c, const struct part *part, const struct choices *choices,
                                struct given_up *gone)
{
    const struct choice *worst = NULL;

    vec_each (const struct choice *, choice, choices) {
        if (choice->field == FIELD_N)
            return choice->hole;
        add_values(c->arena, &gone->values[choice->field], choice->hole->field[choice->field]);
        if (worst == NULL || choice->cost > worst->cost)
            worst = choice;
    }
    gone->left = part->cube;
    for (enum field field = 0; field < FIELD_N; field++) {
        u128 max = field_max(field, c->carving->family);

        if (gone->values[field].n == 0)
            continue;
        gone->left.field[field] = without(c, part->cube.field[field], field, &gone->values[field]);
        if (count_of(gone->left.field[field], max) < count_of(part->cube.field[field], max) / 2)
            return worst->hole;
    }
    return NULL;
}

/* Parts for what was given up. */
static void push_given_up(struct carver *c, const struct part *part, const struct given_up *gone)
{
    struct cube rest = part->cube;

    for (enum field field = 0; field < FIELD_N; field++) {
        const struct values *values = &gone->values[field];
        struct cube slab = rest;

        if (values->n == 0)
            continue;
        if (cube_narrow(c->arena, &slab, field, ranges_of(c->arena, values->v, values->n)))
            push_part(c, &slab, &part->holes);
        rest.field[field] = gone->left.field[field];
    }
}

static void take_part(struct carver *c, struct part *part)
{
    struct choices choices = {0};
    struct holes holes = {0};
    struct given_up gone = {0};
    const struct cube *costly;

    add_found(c, part);
    if (!split_costly(c, part, &choices))
        return;
    choose_again(c, part, &choices);
    vec_each (const struct choice *, choice, &choices)
        *vec_push(c->arena, &holes) = choice->hole;
    part->holes = holes;
    costly = avoid(c, part, &choices, &gone);
    if (costly == NULL) {
        add_box(c, &gone.left);
        push_given_up(c, part, &gone);
    } else if (split(c, part, costly)) {
        push_part(c, &part->cube, &part->holes);
    }
}

/* Widening may have taken an earlier box in. */
static bool is_within_later(const struct holes *found, size_t i)
{
    for (size_t k = i + 1; k < found->n; k++) {
        if (cube_within(found->v[i], found->v[k]))
            return true;
    }
    return false;
}

bool carve(struct arena *arena, struct carving *carving, struct cubes *boxes)
{
    struct carver c = {.arena = arena, .carving = carving};

    push_part(&c, carving->from, carving->holes);
    while (c.parts.n > 0 && c.found.n < carving->most && carving->work > 0) {
        struct part part = pop_part(&c);

        take_part(&c, &part);
    }
    for (size_t i = 0; i < c.found.n; i++) {
        if (!is_within_later(&c.found, i))
            *vec_push(arena, boxes) = *c.found.v[i];
    }
    return c.parts.n == 0;
}
