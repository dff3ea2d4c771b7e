/*
 * Boxes in a tree: which of many meet a box, or hold it altogether. A node knows the bounds of all boxes under it, and
 * the first and the last of their numbers, so that a question leaves out what is elsewhere or not asked about. Each box
 * stands in the tree once, however wide it is. Cost of a question: the boxes that answer it, times the tree's depth.
 */
#ifndef PORTOLAN_PACKET_TREE_H
#define PORTOLAN_PACKET_TREE_H

#include "packet/ranked.h"

struct box_tree;

/* Of at least one box; they stay the caller's, and as they are. Cost: n log n. */
struct box_tree *tree_new(struct arena *arena, const struct ranked *boxes, size_t n);
/* The numbers of the boxes so that those that lie near each other stand near each other. */
const uint32_t *tree_order(const struct box_tree *tree);

enum tree_relation {
    TREE_OVERLAPS, /* boxes that have a point of the asked one */
    TREE_HOLDS,    /* boxes that have all of them */
};

#define TREE_DEEPEST 64u
#define TREE_WIDTH ((FIELD_N + 7) / 8)
/* Of eight fields, the upper bits of their ranks: all of them would fill the caches twice. */
typedef int16_t tree_bounds __attribute__((vector_size(16)));

/* A question in progress. The caller may narrow `from` and `to` on the way: what is outside is not found any more. */
struct tree_cursor {
    size_t from; /* numbers from..to-1 are looked for */
    size_t to;

    const struct box_tree *tree;
    struct ranked box;
    enum tree_relation relation;
    tree_bounds most[TREE_WIDTH];  /* where an answer begins at the latest, */
    tree_bounds least[TREE_WIDTH]; /* and ends at the earliest */
    uint32_t stack[TREE_DEEPEST];  /* nodes to look at */
    size_t stack_n;
    uint32_t at; /* the rest of a leaf */
    uint32_t end;
};

void tree_ask(struct tree_cursor *cursor, const struct box_tree *tree, enum tree_relation relation,
              const struct ranked *box, size_t from, size_t to);
/* The next of them, in an order of the tree's own; cursor->to when there are no more. */
size_t tree_next(struct tree_cursor *cursor);

#endif
