/*
 * Differences where every entry that a region meets is plain: no unknowns, nothing written. Then a packet's way is the
 * first entry of each chain that holds it, and no walk is needed. Entries that both sides have in front of everything
 * that changed decide alike; what they take is left out at once, and that is nearly all of it.
 */
#include "prove/diff.h"

#define PARTS_MOST 100000u

struct steps VEC(const struct flat_entry *); /* of a chain, those that meet the region, in order */

struct plain {
    struct arena *arena;
    enum hook hook;
    const struct chain_pair *pairs;
    size_t pair_n;
    enum family family;
    struct steps *steps[2]; /* per side, per pair */
    plain_note *note;
    void *context;
    struct leaf left; /* where the part that the right is asked about ended in the left */
    bool too_many;
};

/* Who has accepted so far: as in walk.c, a rule counts before a policy, that of the hook before others. */
struct accepted {
    const struct rule *rule;
    const struct chain *policy;
};

static void settle(struct plain *plain, size_t side, size_t pair, const struct cube *cube, struct accepted accepted);

static void end(struct plain *plain, size_t side, const struct leaf *leaf)
{
    if (side == 0) {
        plain->left = *leaf;
        settle(plain, 1, 0, &leaf->cube, (struct accepted){0});
    } else {
        plain->note(plain->context, &plain->left, leaf);
    }
}

/* The entry takes these packets. */
static void take(struct plain *plain, size_t side, size_t pair, const struct flat_entry *entry, const struct cube *cube,
                 struct accepted accepted)
{
    const struct chain *chain = plain->pairs[pair].flats[side]->chain;
    struct leaf leaf = {.cube = *cube, .action = entry->action, .rule = entry->rule};

    if (leaf.action == ACTION_ACCEPT) {
        if (leaf.rule != NULL)
            accepted.rule = leaf.rule;
        else if (accepted.policy == NULL || chain->hook == plain->hook)
            accepted.policy = chain;
        if (pair + 1 < plain->pair_n) {
            settle(plain, side, pair + 1, cube, accepted);
            return;
        }
        leaf.rule = accepted.rule;
        chain = accepted.policy;
    }
    leaf.chain = leaf.rule == NULL ? chain : NULL;
    end(plain, side, &leaf);
}

/* Leaves of the open parts what is outside of the cube; what is inside goes to `taken`, unless that is NULL. */
static void take_out(struct plain *plain, struct cubes *open, const struct cube *from, struct cubes *taken)
{
    size_t n = open->n;

    for (size_t i = 0; i < n;) {
        struct cube part = open->v[i];
        struct cube inside;

        if (!cube_overlaps(&part, from)) {
            i++;
            continue;
        }
        /* Its place is taken by one not looked at yet, and then by the last; what is left of it goes behind. */
        open->v[i] = open->v[--n];
        open->v[n] = open->v[--open->n];
        cube_subtract(plain->arena, &part, from, plain->family, open);
        if (taken != NULL && cube_intersect(plain->arena, &part, from, &inside))
            *vec_push(plain->arena, taken) = inside;
    }
    plain->too_many = plain->too_many || open->n > PARTS_MOST;
}

/* Packets from the beginning of a chain on. */
static void settle(struct plain *plain, size_t side, size_t pair, const struct cube *cube, struct accepted accepted)
{
    struct cubes open = {0};

    *vec_push(plain->arena, &open) = *cube;
    vec_each (const struct flat_entry **, entry, &plain->steps[side][pair]) {
        struct cubes taken = {0};

        if (open.n == 0 || plain->too_many)
            return;
        take_out(plain, &open, &(*entry)->cube, &taken);
        vec_each (const struct cube *, part, &taken)
            take(plain, side, pair, *entry, part, accepted);
    }
}

enum meets { MEETS_UNKNOWN, MEETS_NOT, MEETS };

/*
 * The entries of a side that meet the region, up to one that takes all of it; `meets` is by number, and both sides'.
 * False: one is not plain.
 */
static bool find_side(struct plain *plain, const struct cube *region, size_t p, size_t side, uint8_t *meets)
{
    const struct chain_pair *pair = &plain->pairs[p];
    const struct flat *flat = pair->flats[side];

    for (size_t i = 0; i < flat->n; i++) {
        const struct flat_entry *entry = &flat->v[i];
        uint8_t *known = &meets[pair->numbers[side][i]];

        if (*known == MEETS_UNKNOWN)
            *known = cube_overlaps(&entry->cube, region) ? MEETS : MEETS_NOT;
        if (*known == MEETS_NOT)
            continue;
        if (!flat_plain(entry) || entry->cube.literals != NULL)
            return false;
        *vec_push(plain->arena, &plain->steps[side][p]) = entry;
        if (cube_within(region, &entry->cube))
            return true;
    }
    return true;
}

static bool find_steps(struct plain *plain, const struct cube *region)
{
    for (size_t p = 0; p < plain->pair_n; p++) {
        uint8_t *meets = arena_new_array(plain->arena, uint8_t, plain->pairs[p].number_n);

        if (!find_side(plain, region, p, 0, meets) || !find_side(plain, region, p, 1, meets))
            return false;
    }
    return true;
}

/*
 * What entries in front of all changes take, where there is one chain only, is decided alike whichever of them does. So
 * they are joined, and taken out of the region the largest first, which makes the fewest parts. They are no steps any
 * more.
 */
static void take_out_common(struct plain *plain, const struct cube *region, struct cubes *open)
{
    const struct chain_pair *pair = &plain->pairs[0];
    struct steps *left = &plain->steps[0][0];
    struct steps *right = &plain->steps[1][0];
    struct cubes common = {0};
    struct cube cube;

    while (left->n > 0 && right->n > 0 && pair->kept[0][*left->v - pair->flats[0]->v] &&
           pair->kept[1][*right->v - pair->flats[1]->v]) {
        if (cube_intersect(plain->arena, region, &(*left->v)->cube, &cube))
            *vec_push(plain->arena, &common) = cube;
        *left = (struct steps){.v = left->v + 1, .n = left->n - 1};
        *right = (struct steps){.v = right->v + 1, .n = right->n - 1};
    }
    cubes_join(plain->arena, &common, plain->family);
    cubes_sort(plain->arena, &common, plain->family);
    vec_each (const struct cube *, taken, &common)
        take_out(plain, open, taken, NULL);
}

bool plain_compare(struct arena *arena, enum hook hook, const struct chain_pair *pairs, size_t pair_n,
                   const struct cube *region, plain_note *note, void *context)
{
    struct plain plain = {
        .arena = arena, .hook = hook, .pairs = pairs, .pair_n = pair_n, .note = note, .context = context};
    struct cubes open = {0};

    if (pair_n == 0 || region->literals != NULL)
        return false;
    plain.family = pairs[0].flats[0]->family;
    for (size_t side = 0; side < 2; side++)
        plain.steps[side] = arena_new_array(arena, struct steps, pair_n);
    if (!find_steps(&plain, region))
        return false;
    *vec_push(arena, &open) = *region;
    if (pair_n == 1)
        take_out_common(&plain, region, &open);
    vec_each (const struct cube *, part, &open) {
        if (!plain.too_many)
            settle(&plain, 0, 0, part, (struct accepted){0});
    }
    return !plain.too_many;
}
