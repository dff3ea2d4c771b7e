/*
 * The prover: the bytes choose a ruleset and flows, and everything that is said of them is held against the slow
 * oracle, packet by packet (tests/property). A disagreement aborts.
 */
#include "fuzz.h"
#include "oracle.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct arena *scratch = arena_new();

    chosen = data;
    chosen_n = size;
    random_state = 0x9e3779b97f4a7c15u; /* where the bytes end: always the same */
    failures = 0;
    compare_case(arena, scratch, size);
    arena_free(arena);
    arena_free(scratch);
    if (failures > 0)
        abort();
    return 0;
}
