/*
 * See unknowns.h. One text may stand for several unknowns of a ruleset, where packets are written to between two looks.
 * Those of chains of the same name belong together first, in order, so that the order of tables and chains in a listing
 * is of no matter.
 */
#include "prove/unknowns.h"

#include "base/map.h"

struct unknowns {
    struct arena *arena;
    struct map by_text; /* "TABLE CHAIN text" and text -> struct unknown_list: its numbers in the left, in order */
    bool *taken;        /* by number in the left: the right has it */
    uint32_t next;
    uint32_t *to; /* number in the right -> number for both; 0: not yet, else + 1 */
    struct map done;
};

struct unknown_list {
    struct numbers VEC(uint32_t) numbers;
    size_t from; /* those before are taken */
};

typedef void use_unknown(struct unknowns *u, const struct chain *chain, struct match *match);

static struct str in_chain(struct unknowns *u, const struct chain *chain, struct str text)
{
    return str_printf(u->arena, "%.*s %.*s %.*s", STR_ARG(chain->table), STR_ARG(chain->name), STR_ARG(text));
}

static void add_number(struct unknowns *u, struct str key, uint32_t number)
{
    struct unknown_list *list = map_get(&u->by_text, key);

    if (list == NULL) {
        list = arena_new_object(u->arena, struct unknown_list);
        map_set(u->arena, &u->by_text, key, list);
    }
    if (list->numbers.n == 0 || list->numbers.v[list->numbers.n - 1] != number)
        *vec_push(u->arena, &list->numbers) = number;
}

static void note_unknown(struct unknowns *u, const struct chain *chain, struct match *match)
{
    add_number(u, in_chain(u, chain, match->text), match->literal);
    add_number(u, match->text, match->literal);
}

/* Gives an unknown of the right the number of the first of these that no other has. */
static void take_first(struct unknowns *u, struct str key, uint32_t literal)
{
    struct unknown_list *list = map_get(&u->by_text, key);

    while (list != NULL && list->from < list->numbers.n && u->taken[list->numbers.v[list->from]])
        list->from++;
    if (list != NULL && list->from < list->numbers.n) {
        u->to[literal] = list->numbers.v[list->from] + 1;
        u->taken[list->numbers.v[list->from]] = true;
    }
}

static void take_in_chain(struct unknowns *u, const struct chain *chain, struct match *match)
{
    if (u->to[match->literal] == 0)
        take_first(u, in_chain(u, chain, match->text), match->literal);
}

static void renumber(struct unknowns *u, const struct chain *chain, struct match *match)
{
    (void)chain;
    if (u->to[match->literal] == 0)
        take_first(u, match->text, match->literal);
    if (u->to[match->literal] == 0)
        u->to[match->literal] = ++u->next;
    match->literal = u->to[match->literal] - 1;
}

/* Groups that rules share are used once, where `done` has those that were. */
static void each_unknown(struct unknowns *u, const struct chain *chain, const struct match *v, size_t n,
                         use_unknown *use)
{
    for (size_t i = 0; i < n; i++) {
        struct match *match = (struct match *)&v[i];

        if (match->kind == MATCH_ANY_OF || match->kind == MATCH_NONE_OF) {
            struct str key = {(const char *)&match->groups, sizeof match->groups};

            if (use == renumber &&
                map_set(u->arena, &u->done, (struct str){arena_copy(u->arena, key.p, key.n), key.n}, u) != NULL)
                continue;
            for (size_t k = 0; k < match->group_n; k++)
                each_unknown(u, chain, match->groups[k].v, match->groups[k].n, use);
        } else if (match->kind == MATCH_UNKNOWN) {
            use(u, chain, match);
        }
    }
}

static void each_unknown_of(struct unknowns *u, const struct ruleset *ruleset, use_unknown *use)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        const struct chain *chain = ruleset->chains[i];

        for (size_t k = 0; k < chain->rule_n; k++)
            each_unknown(u, chain, chain->rules[k].matches, chain->rules[k].match_n, use);
    }
}

void unknowns_share(struct arena *arena, struct ruleset *left, struct ruleset *right)
{
    struct unknowns u = {.arena = arena, .next = left->literal_n};

    if (right->literal_n == 0)
        return;
    u.to = arena_new_array(arena, uint32_t, right->literal_n);
    u.taken = arena_new_array(arena, bool, left->literal_n + 1);
    each_unknown_of(&u, left, note_unknown);
    each_unknown_of(&u, right, take_in_chain);
    each_unknown_of(&u, right, renumber);
    left->literal_n = u.next;
    right->literal_n = u.next;
}
