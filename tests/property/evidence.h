/*
 * The small checker of certificates (struct certificate, prove/prover.h): whoever does not believe the prover reads
 * this instead. It shares the model and the arithmetic of ranges with it, and no search: a part is taken through the
 * chains rule by rule, and must lie on one side of every rule that it meets; the parts must make up the question.
 */
#ifndef PORTOLAN_TESTS_EVIDENCE_H
#define PORTOLAN_TESTS_EVIDENCE_H

#include "prove/prover.h"

/* --- blocks.c: products of sets, and the questions as blocks -------------------------------------------------------
 */

/* A product of sets, none of them left out, and the values of unknowns. */
struct block {
    const struct ranges *field[FIELD_N];
    const struct literals *literals;
};

struct blocks VEC(struct block);

enum relation { OUTSIDE, INSIDE, CUT };

struct block block_of(struct arena *arena, const struct cube *cube, enum family family);
/* How an unknown is taken in a block: INSIDE true, OUTSIDE false, CUT not at all. */
enum relation block_unknown(const struct literals *literals, uint32_t id);
const struct literals *block_assume(struct arena *arena, const struct literals *literals, uint32_t id, bool value);
/* What of a list of blocks is in none of another; but for packets from an address to itself. */
bool blocks_leave(struct arena *arena, const struct blocks *of, const struct blocks *others);
/* The packets of a flow in one direction, as DESIGN has them. */
struct blocks blocks_of_flow(struct arena *arena, const struct prover *prover, const struct permit *permit,
                             enum direction direction);
enum hook hook_of_flow(const struct permit *permit, enum direction direction);

/* --- evidence.c -----------------------------------------------------------------------------------------------------
 */

/* Why a certificate proves nothing: a reason, and the rule that it is about, if it is about one. NULL: it proves. */
const char *evidence_refuse(struct arena *arena, const struct prover *prover, const struct permit *permit,
                            enum direction direction, const struct verdict *verdict,
                            const struct certificate *certificate);

#endif
