/* Interface names as numbers: whatever names and wildcards there are, the numbers tell what comparing strings tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/interfaces.h"

#define CASES 3000

static uint64_t seed = 88172645463325252u;

static unsigned pick(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static bool matches(const struct interface_pattern *pattern, struct str name)
{
    return pattern->prefix ? str_eq(str_head(name, pattern->name.n), pattern->name) : str_eq(name, pattern->name);
}

static bool within(struct range range, u128 number)
{
    return range.lo <= number && number <= range.hi;
}

/* Few letters, so that names and wildcards nest, touch and repeat. */
static struct str random_name(struct arena *arena, unsigned shortest)
{
    static const char letters[] = "ab0";
    char text[6];
    unsigned n = shortest + pick(4);

    for (unsigned i = 0; i < n; i++)
        text[i] = letters[pick(3)];
    return str_dup(arena, (struct str){text, n});
}

static struct interface_patterns random_patterns(struct arena *arena)
{
    struct interface_patterns patterns = {0};
    unsigned n = pick(8);

    for (unsigned i = 0; i < n; i++) {
        bool prefix = pick(2) == 0;

        *vec_push(arena, &patterns) = (struct interface_pattern){random_name(arena, prefix ? 0 : 1), prefix};
    }
    return patterns;
}

static void numbers_tell_what_strings_tell(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct arena *arena = arena_new();
        struct interface_patterns patterns = random_patterns(arena);
        struct interface_pattern probe = {random_name(arena, 1), false};
        struct interface_numbers *numbers;
        struct range at;

        *vec_push(arena, &patterns) = probe;
        numbers = interfaces_number(arena, &patterns);
        at = interfaces_range(numbers, &probe);
        assert_true(at.lo == at.hi && at.lo > INTERFACE_NONE && at.hi <= interfaces_last(numbers));
        vec_each (struct interface_pattern *, pattern, &patterns) {
            struct range range = interfaces_range(numbers, pattern);

            assert_true(range.lo > INTERFACE_NONE && range.lo <= range.hi && range.hi <= interfaces_last(numbers));
            assert_int_equal(within(range, at.lo), matches(pattern, probe.name));
        }
        arena_free(arena);
    }
}

/* A name is found for every number, and patterns take it as they take the number. */
static void names_stand_for_numbers(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct arena *arena = arena_new();
        struct interface_patterns patterns = random_patterns(arena);
        struct interface_numbers *numbers = interfaces_number(arena, &patterns);
        bool everything = false;

        vec_each (struct interface_pattern *, pattern, &patterns)
            everything = everything || (pattern->prefix && pattern->name.n == 0);
        assert_int_equal(interfaces_name(arena, numbers, INTERFACE_NONE).n, 0);
        for (u128 number = 1; number <= interfaces_last(numbers); number++) {
            struct str name = interfaces_name(arena, numbers, number);

            /* Outside of a wildcard for every name there is nothing. */
            if (everything && (number == 1 || number + 1 >= interfaces_last(numbers)))
                continue;
            vec_each (struct interface_pattern *, pattern, &patterns) {
                if (name.n > 0 && matches(pattern, name) == within(interfaces_range(numbers, pattern), number))
                    continue;
                vec_each (struct interface_pattern *, shown, &patterns)
                    print_message("%.*s%s ", STR_ARG(shown->name), shown->prefix ? "+" : "");
                fail_msg("number %u is named %.*s, which %.*s%s tells apart", (unsigned)number, STR_ARG(name),
                         STR_ARG(pattern->name), pattern->prefix ? "+" : "");
            }
        }
        arena_free(arena);
    }
}

/* Names as long as a hostile listing has them. */
static void long_names(void **state)
{
    static char text[5000];
    struct arena *arena = arena_new();
    struct interface_patterns patterns = {0};
    struct interface_numbers *numbers;

    (void)state;
    memset(text, 'a', sizeof text);
    for (size_t n = 4998; n <= 5000; n++)
        *vec_push(arena, &patterns) = (struct interface_pattern){{text, n}, n < 5000};
    numbers = interfaces_number(arena, &patterns);
    for (size_t i = 0; i < 3; i++)
        assert_true(within(interfaces_range(numbers, &patterns.v[0]), interfaces_range(numbers, &patterns.v[i]).hi));
    assert_false(within(interfaces_range(numbers, &patterns.v[1]), interfaces_range(numbers, &patterns.v[0]).lo));
    arena_free(arena);
}

static void known_names(void **state)
{
    static const struct interface_pattern named[] = {
        {{"lan", 3}, true}, {{"lo", 2}, false}, {{"l", 1}, true}, {{"eth0", 4}, false}, {{"eth", 3}, true}};
    struct arena *arena = arena_new();
    struct interface_patterns patterns = {0};
    struct interface_numbers *numbers;

    (void)state;
    for (size_t i = 0; i < 5; i++)
        *vec_push(arena, &patterns) = named[i];
    numbers = interfaces_number(arena, &patterns);
    /* eth eth0 eth+ l lan lan+ lo l+ */
    assert_int_equal(numbers->n, 8);
    assert_true(interfaces_last(numbers) == 17);
    assert_true(str_is(interfaces_name(arena, numbers, 4), "eth0"));
    assert_true(interfaces_range(numbers, &named[4]).lo == 2 && interfaces_range(numbers, &named[4]).hi == 5);
    assert_true(str_starts(interfaces_name(arena, numbers, 13), "l")); /* between lan+ and lo */
    assert_false(str_starts(interfaces_name(arena, numbers, 13), "lan"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_tell_what_strings_tell),
        cmocka_unit_test(names_stand_for_numbers),
        cmocka_unit_test(long_names),
        cmocka_unit_test(known_names),
    };
    return cmocka_run_group_tests_name("interfaces", tests, NULL, NULL);
}
