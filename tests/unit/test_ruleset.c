/* Several files of one firewall become one ruleset, and no unknown of one is taken for that of another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/ruleset.h"

static struct match unknown(uint32_t literal)
{
    return (struct match){.kind = MATCH_UNKNOWN, .literal = literal, .text = STR("x")};
}

static struct match any_of(struct arena *arena, const struct match_group *groups, size_t n)
{
    struct match match = {.kind = MATCH_ANY_OF};

    match.groups = arena_copy(arena, groups, n * sizeof *groups);
    match.group_n = n;
    return match;
}

/* Two rules that share one set with an unknown in it, a group within a group, and one unknown of their own each. */
static struct ruleset *part_of(struct arena *arena, const char *name)
{
    struct ruleset *ruleset = arena_new_object(arena, struct ruleset);
    struct chain *chain = arena_new_object(arena, struct chain);
    struct match *inner = arena_new_array(arena, struct match, 1);
    struct match *outer = arena_new_array(arena, struct match, 2);
    struct match shared;

    inner[0] = unknown(2);
    outer[0] = unknown(0);
    outer[1] = any_of(arena, &(struct match_group){.v = inner, .n = 1}, 1);
    shared = any_of(arena, &(struct match_group){.v = outer, .n = 2}, 1);
    *chain = (struct chain){.table = STR("t"), .name = str_of(name), .rule_n = 3};
    chain->rules = arena_new_array(arena, struct rule, 3);
    for (uint32_t i = 0; i < 2; i++) {
        struct match *v = arena_new_array(arena, struct match, 2);

        v[0] = shared;
        v[1] = unknown(i);
        chain->rules[i] = (struct rule){.matches = v, .match_n = 2, .chain = chain};
    }
    chain->rules[2] = chain->rules[1]; /* and a rule that shares the whole list of matches */
    *ruleset = (struct ruleset){.dialect = STR("test"), .file = str_of(name), .literal_n = 3, .chain_n = 1};
    ruleset->chains = arena_new_array(arena, struct chain *, 1);
    ruleset->chains[0] = chain;
    ruleset->sets = arena_new_array(arena, struct named_set, 1);
    ruleset->sets[0].name = str_of(name);
    ruleset->set_n = 1;
    *vec_push(arena, &ruleset->interfaces) = (struct interface_pattern){.name = str_of(name)};
    return ruleset;
}

static void join(void **state)
{
    static const char *const names[] = {"a", "b", "c"};
    struct arena *arena = arena_new();
    struct ruleset *parts[3];
    struct ruleset *whole;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        parts[i] = part_of(arena, names[i]);
        parts[i]->families = i == 0 ? FAMILY_BIT(FAMILY_V4) : FAMILY_BIT(FAMILY_V6);
    }
    whole = ruleset_join(arena, parts, 3);
    assert_true(whole->families == FAMILY_BOTH && str_is(whole->file, "a") && str_is(whole->dialect, "test"));
    assert_true(whole->chain_n == 3 && whole->set_n == 3 && whole->interfaces.n == 3 && whole->literal_n == 9);
    for (uint32_t i = 0; i < 3; i++) {
        const struct chain *chain = ruleset_chain(whole, STR("t"), str_of(names[i]));

        assert_ptr_equal(chain, whole->chains[i]);
        assert_true(str_is(whole->sets[i].name, names[i]) && str_is(whole->interfaces.v[i].name, names[i]));
        for (uint32_t r = 0; r < 3; r++) {
            const struct match *v = chain->rules[r].matches;
            const struct match *outer = v[0].groups[0].v;

            assert_int_equal(v[1].literal, 3 * i + (r > 0));
            assert_int_equal(outer[0].literal, 3 * i);
            assert_int_equal(outer[1].groups[0].v[0].literal, 3 * i + 2);
        }
    }
    assert_null(ruleset_chain(whole, STR("t"), STR("d")));
    assert_null(ruleset_chain(whole, STR("u"), STR("a")));
    arena_free(arena);
}

static void join_of_one(void **state)
{
    struct arena *arena = arena_new();
    struct ruleset *part = part_of(arena, "a");

    (void)state;
    assert_ptr_equal(ruleset_join(arena, &part, 1), part);
    assert_int_equal(part->chains[0]->rules[1].matches[1].literal, 1);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(join),
        cmocka_unit_test(join_of_one),
    };
    return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
