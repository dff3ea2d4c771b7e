/*
 * Packet sets. A cube is a product: per field a set of values (NULL: no constraint), and a set of unknowns with the
 * value that each is taken to have. Sets of packets are lists of cubes. Everything is exact; all cubes of a question
 * are of one address family.
 *
 * A field whose set is empty makes the cube empty; no function here returns such a cube.
 */
#ifndef PORTOLAN_PACKET_CUBE_H
#define PORTOLAN_PACKET_CUBE_H

#include "base/vec.h"
#include "model/field.h"

/* Unknowns: id << 1 | value, sorted, each id once. */
struct literals {
    uint32_t n;
    uint32_t v[];
};

struct cube {
    const struct ranges *field[FIELD_N]; /* NULL: any value */
    const struct literals *literals;     /* NULL: none */
};

#define CUBE_ALL ((struct cube){0})

struct cubes VEC(struct cube);

const struct literals *literals_one(struct arena *arena, uint32_t id, bool value);

bool cube_overlaps(const struct cube *a, const struct cube *b);
/* a is part of b. A set with every value of its field is not taken for NULL: then it may say no where it is. */
bool cube_within(const struct cube *a, const struct cube *b);
bool cube_equal(const struct cube *a, const struct cube *b);
/* Equal cubes have equal hashes; of all fields but one (FIELD_N: of all). */
uint64_t cube_hash(const struct cube *cube, enum field without);
/* False, and *out untouched, when nothing is in both. */
bool cube_intersect(struct arena *arena, const struct cube *a, const struct cube *b, struct cube *out);
/* False when the field's set becomes empty. */
bool cube_narrow(struct arena *arena, struct cube *cube, enum field field, const struct ranges *to);
/* Appends what of a is not in b, as disjoint cubes: none when a is within b, a itself when they do not overlap. */
void cube_subtract(struct arena *arena, const struct cube *a, const struct cube *b, enum family family,
                   struct cubes *out);
/* Takes b out of every cube of the list; the new list. */
struct cubes cubes_subtract(struct arena *arena, const struct cubes *from, const struct cube *b, enum family family);
/* Joins cubes that differ in one field at most, until none do: fewer, larger boxes. Cost: a few times linear. */
void cubes_join(struct arena *arena, struct cubes *cubes, enum family family);
/* Joins cubes that differ in one field at most, or of which one holds the other, until none do: fewer, larger boxes. */
void cubes_merge(struct arena *arena, struct cubes *cubes, enum family family);
/* Those with the most packets first; the others as they stood. */
void cubes_sort(struct arena *arena, struct cubes *cubes, enum family family);

#endif
