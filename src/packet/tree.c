/*
 * A hierarchy of bounds over boxes; see tree.h. It is built from the top: the boxes of a node are parted where the two
 * sides, each weighed by its share of the space, promise the least work (the surface area heuristic of ray tracing:
 * J. D. MacDonald, K. S. Booth, Heuristics for Ray Tracing Using Space Subdivision, 1990). Parting by where boxes lie
 * serves narrow ones; wide ones, which lie everywhere, are told from narrow ones by how far they reach.
 */
#include "packet/tree.h"

#include <assert.h>
#include <stdlib.h>

#define LEAF 8u
#define SAMPLE 64u     /* boxes that a choice looks at */
#define FREE_DEPTH 32u /* from here on nodes are halved, so that the depth stays below TREE_DEEPEST */

/* A vector of bounds, for seeing whether it is zero. */
typedef int64_t two __attribute__((vector_size(16)));

/* Bounds of eight fields, compared at once. They are coarse: a box that they let through is compared as it is. */
struct bounds {
    tree_bounds lo;
    tree_bounds hi; /* inclusive */
};

struct node {
    uint32_t first; /* the least number of a box under it, */
    uint32_t last;  /* and the greatest */
    uint32_t at;    /* a leaf: its first place in the order; else its left child, the right one follows */
    uint32_t n;     /* boxes of a leaf; 0: no leaf */
};

struct box_tree {
    const struct ranked *boxes;
    enum field fields[FIELD_N]; /* that tell boxes apart, those with the most values first, */
    size_t field_n;             /* so many of them */
    unsigned shift[FIELD_N];    /* bits of each field's ranks that its bounds leave out */
    size_t width;               /* of bounds */
    struct node *nodes;         /* the root is 0 */
    struct bounds *bounds;      /* of each node, `width` of them */
    uint32_t node_n;
    uint32_t n;
    uint32_t *order;     /* numbers of boxes, leaf by leaf */
    struct bounds *near; /* the boxes in that order */
};

/* How boxes are parted: those whose measure is at most the limit go to the left. */
struct parting {
    enum field field;
    bool by_reach; /* the measure is how far a box reaches in the field; else twice its middle */
    int64_t limit;
};

static int64_t measure(const struct ranked *box, const struct parting *parting)
{
    int64_t lo = box->lo[parting->field];
    int64_t hi = box->hi[parting->field];

    return parting->by_reach ? hi - lo : hi + lo;
}

static void widen(struct ranked *bounds, const struct ranked *box)
{
    for (size_t i = 0; i < FIELD_N; i++) {
        bounds->lo[i] = box->lo[i] < bounds->lo[i] ? box->lo[i] : bounds->lo[i];
        bounds->hi[i] = box->hi[i] > bounds->hi[i] ? box->hi[i] : bounds->hi[i];
    }
}

static const struct ranked nothing = {
    .lo = {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX,
           INT32_MAX, INT32_MAX},
    .hi = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
};

/* What a node of the sampled boxes would cost: each side's boxes times its share of the space. */
static double cost_of(const struct ranked *const *sample, size_t n, const struct ranked *whole,
                      const struct parting *parting)
{
    struct ranked sides[2] = {nothing, nothing};
    size_t counts[2] = {0, 0};

    for (size_t i = 0; i < n; i++) {
        size_t side = measure(sample[i], parting) > parting->limit;

        widen(&sides[side], sample[i]);
        counts[side]++;
    }
    if (counts[0] == 0 || counts[1] == 0)
        return (double)n + 1;
    return (double)counts[0] * ranked_share(whole, &sides[0]) + (double)counts[1] * ranked_share(whole, &sides[1]);
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* The parting of a node's boxes that promises most; false: none parts them. */
static bool choose(const struct box_tree *tree, const struct ranked *boxes, uint32_t at, uint32_t n,
                   const struct ranked *bounds, struct parting *best)
{
    const struct ranked *sample[SAMPLE];
    uint32_t step = n / SAMPLE + (n % SAMPLE != 0);
    size_t count = 0;
    double least;

    for (uint32_t i = 0; i < n; i += step)
        sample[count++] = &boxes[tree->order[at + i]];
    least = (double)count + 1;
    for (enum field field = 0; field < FIELD_N; field++) {
        int64_t middles[SAMPLE];
        struct parting partings[2] = {{field, false, 0}, {field, true, (bounds->hi[field] - bounds->lo[field]) / 2}};

        if (bounds->lo[field] == bounds->hi[field])
            continue;
        for (size_t i = 0; i < count; i++)
            middles[i] = measure(sample[i], &partings[0]);
        qsort(middles, count, sizeof *middles, by_number);
        partings[0].limit = middles[(count - 1) / 2];
        for (size_t i = 0; i < 2; i++) {
            double cost = cost_of(sample, count, bounds, &partings[i]);

            if (cost < least) {
                least = cost;
                *best = partings[i];
            }
        }
    }
    return least <= (double)count;
}

/* Puts the boxes of the left side first; returns how many they are. */
static uint32_t part(struct box_tree *tree, const struct ranked *boxes, uint32_t at, uint32_t n,
                     const struct parting *parting)
{
    uint32_t left = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t box = tree->order[at + i];

        if (measure(&boxes[box], parting) > parting->limit)
            continue;
        tree->order[at + i] = tree->order[at + left];
        tree->order[at + left++] = box;
    }
    return left;
}

static void choose_fields(struct box_tree *tree, const struct ranked *whole)
{
    for (enum field field = 0; field < FIELD_N; field++) {
        int32_t values = whole->hi[field] - whole->lo[field];
        size_t at = tree->field_n;

        if (values == 0)
            continue;
        for (; at > 0 && values > whole->hi[tree->fields[at - 1]] - whole->lo[tree->fields[at - 1]]; at--)
            tree->fields[at] = tree->fields[at - 1];
        tree->fields[at] = field;
        tree->field_n++;
        while (whole->hi[field] >> tree->shift[field] > INT16_MAX)
            tree->shift[field]++;
    }
    tree->width = (tree->field_n + 7) / 8;
}

static int16_t coarse(int32_t rank, unsigned shift)
{
    return rank >> shift > INT16_MAX ? INT16_MAX : (int16_t)(rank >> shift);
}

static void pack(const struct box_tree *tree, const struct ranked *box, struct bounds *bounds)
{
    for (size_t i = 0; i < tree->field_n; i++) {
        enum field field = tree->fields[i];

        bounds[i / 8].lo[i % 8] = coarse(box->lo[field], tree->shift[field]);
        bounds[i / 8].hi[i % 8] = coarse(box->hi[field], tree->shift[field]);
    }
}

static struct ranked bounds_of(const struct box_tree *tree, const struct ranked *boxes, uint32_t at, uint32_t n)
{
    struct ranked bounds = nothing;

    for (uint32_t i = at; i < at + n; i++)
        widen(&bounds, &boxes[tree->order[i]]);
    return bounds;
}

static void build(struct box_tree *tree, const struct ranked *boxes, uint32_t number, uint32_t at, uint32_t n,
                  unsigned depth)
{
    struct node *node = &tree->nodes[number];
    struct ranked bounds = bounds_of(tree, boxes, at, n);
    struct parting parting = {0};
    uint32_t left = n / 2;
    uint32_t child;

    pack(tree, &bounds, &tree->bounds[number * tree->width]);
    *node = (struct node){.first = UINT32_MAX, .at = at, .n = n};
    for (uint32_t i = at; i < at + n; i++) {
        node->first = tree->order[i] < node->first ? tree->order[i] : node->first;
        node->last = tree->order[i] > node->last ? tree->order[i] : node->last;
    }
    if (n <= LEAF)
        return;
    if (depth < FREE_DEPTH && choose(tree, boxes, at, n, &bounds, &parting))
        left = part(tree, boxes, at, n, &parting);
    child = tree->node_n;
    tree->node_n += 2;
    node->at = child;
    node->n = 0;
    build(tree, boxes, child, at, left, depth + 1);
    build(tree, boxes, child + 1, at + left, n - left, depth + 1);
}

struct box_tree *tree_new(struct arena *arena, const struct ranked *boxes, size_t n)
{
    struct box_tree *tree = arena_new_object(arena, struct box_tree);
    struct ranked whole;

    assert(n > 0);
    tree->boxes = boxes;
    tree->n = (uint32_t)n;
    tree->order = arena_new_array(arena, uint32_t, n + 1);
    for (uint32_t i = 0; i < n; i++)
        tree->order[i] = i;
    whole = bounds_of(tree, boxes, 0, tree->n);
    choose_fields(tree, &whole);
    tree->near = arena_new_array(arena, struct bounds, n * tree->width);
    tree->nodes = arena_new_array(arena, struct node, 2 * n + 1);
    tree->bounds = arena_new_array(arena, struct bounds, (2 * n + 1) * tree->width);
    tree->node_n = 1;
    build(tree, boxes, 0, 0, tree->n, 0);
    for (uint32_t i = 0; i < n; i++)
        pack(tree, &boxes[tree->order[i]], &tree->near[i * tree->width]);
    return tree;
}

const uint32_t *tree_order(const struct box_tree *tree)
{
    return tree->order;
}

void tree_ask(struct tree_cursor *cursor, const struct box_tree *tree, enum tree_relation relation,
              const struct ranked *box, size_t from, size_t to)
{
    struct bounds bounds[TREE_WIDTH];

    cursor->tree = tree;
    cursor->relation = relation;
    cursor->box = *box;
    cursor->from = from;
    cursor->to = to;
    cursor->stack[0] = 0;
    cursor->stack_n = 1;
    cursor->at = 0;
    cursor->end = 0;
    /* Both relations are one comparison, with the ends of the asked box the one way round or the other. */
    for (size_t i = 0; i < tree->width; i++)
        bounds[i] = (struct bounds){0};
    pack(tree, box, bounds);
    for (size_t i = 0; i < tree->width; i++) {
        cursor->most[i] = relation == TREE_OVERLAPS ? bounds[i].hi : bounds[i].lo;
        cursor->least[i] = relation == TREE_OVERLAPS ? bounds[i].lo : bounds[i].hi;
    }
}

static inline bool may_answer(const struct tree_cursor *cursor, const struct bounds *bounds)
{
    tree_bounds outside = {0};

    for (size_t i = 0; i < cursor->tree->width; i++)
        outside |= (bounds[i].lo > cursor->most[i]) | (bounds[i].hi < cursor->least[i]);
    return (((two)outside)[0] | ((two)outside)[1]) == 0;
}

static bool answers(const struct tree_cursor *cursor, const struct ranked *box)
{
    return cursor->relation == TREE_OVERLAPS ? ranked_overlaps(&cursor->box, box) : ranked_within(&cursor->box, box);
}

/* To the next leaf that may have an answer. */
static bool next_leaf(struct tree_cursor *cursor)
{
    const struct box_tree *tree = cursor->tree;

    while (cursor->stack_n > 0) {
        uint32_t number = cursor->stack[--cursor->stack_n];
        const struct node *node = &tree->nodes[number];

        if (!may_answer(cursor, &tree->bounds[number * tree->width]) || node->first >= cursor->to ||
            node->last < cursor->from)
            continue;
        if (node->n > 0) {
            cursor->at = node->at;
            cursor->end = node->at + node->n;
            return true;
        }
        cursor->stack[cursor->stack_n++] = node->at + 1;
        cursor->stack[cursor->stack_n++] = node->at;
    }
    return false;
}

size_t tree_next(struct tree_cursor *cursor)
{
    const struct box_tree *tree = cursor->tree;

    do {
        while (cursor->at < cursor->end) {
            uint32_t at = cursor->at++;
            uint32_t box = tree->order[at];

            if (may_answer(cursor, &tree->near[at * tree->width]) && box >= cursor->from && box < cursor->to &&
                answers(cursor, &tree->boxes[box]))
                return box;
        }
    } while (next_leaf(cursor));
    return cursor->to;
}
