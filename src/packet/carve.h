/*
 * The large boxes of what is left of a set when many others are taken out of it. A difference in disjoint pieces
 * (cube_subtract) breaks into more pieces than anybody reads; here the boxes are as wide as they can be, they may
 * overlap, and the largest come first.
 */
#ifndef PORTOLAN_PACKET_CARVE_H
#define PORTOLAN_PACKET_CARVE_H

#include "packet/cube.h"

/* Borrowed cubes without literals. */
struct holes VEC(const struct cube *);

struct carving {
    enum family family;
    const struct cube *from;   /* without literals */
    const struct holes *holes; /* each meets `from` */
    size_t most;               /* boxes that are wanted; at least 1 */
    uint64_t work;             /* holes that may be looked at; what is left when it returns, 0: it was given up */
};

/*
 * Appends boxes of `from` that meet no hole and lie in no other of them. True: together they are all that is left of
 * it. False: there may be more, in smaller boxes than those, or the work ran out.
 */
bool carve(struct arena *arena, struct carving *carving, struct cubes *boxes);

/* How much a cube holds: the product of its fields, for telling large from small. */
double carve_volume(const struct cube *cube, enum family family);

#endif
