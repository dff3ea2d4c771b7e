/* What the tests of the nftables dialect share. */
#ifndef PORTOLAN_TESTS_NFTABLES_TEXT_H
#define PORTOLAN_TESTS_NFTABLES_TEXT_H

#include "dialect/nftables/nftables.h"
#include "ruleset_text.h"

struct fixture {
    struct arena *arena;
    struct diags diags;
};

static inline int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    fixture->arena = arena_new();
    diags_init(&fixture->diags, fixture->arena);
    *state = fixture;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *fixture = *state;

    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

#endif
