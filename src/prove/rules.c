/* The rules of many leaves, each once, in the order of the ruleset; see prover.h. */
#include <stdlib.h>

#include "prove/prover.h"

/* A rule, or the policy of a chain. */
struct decider {
    const struct rule *rule;
    const struct chain *chain;
};

struct deciders VEC(struct decider);

static struct rule_ref name(const struct prover *prover, const struct decider *decider)
{
    if (decider->rule != NULL)
        return rule_ref_of(decider->rule);
    return rule_ref_policy(prover->arena, prover->ruleset, decider->chain);
}

/* What the leaf names: in its chain a rule may have translated, and so let it through. */
static struct decider decider_of(const struct leaf *leaf)
{
    for (const struct decision *decision = leaf->decisions; decision != NULL; decision = decision->before) {
        if (leaf->rule == NULL && decision->base == leaf->chain && decision->rule != NULL)
            return (struct decider){.rule = decision->rule};
    }
    return (struct decider){.rule = leaf->rule, .chain = leaf->rule == NULL ? leaf->chain : NULL};
}

struct rule_ref rules_name(const struct prover *prover, const struct leaf *leaf)
{
    struct decider decider = decider_of(leaf);

    return name(prover, &decider);
}

static int by_address(const void *a, const void *b)
{
    const struct decider *x = a;
    const struct decider *y = b;

    if (x->rule != y->rule)
        return (uintptr_t)x->rule < (uintptr_t)y->rule ? -1 : 1;
    if (x->chain != y->chain)
        return (uintptr_t)x->chain < (uintptr_t)y->chain ? -1 : 1;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct rule_ref *x = a;
    const struct rule_ref *y = b;
    int order = str_cmp(x->file, y->file);

    if (order == 0 && x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (order == 0)
        order = str_cmp(x->table, y->table);
    if (order == 0)
        order = str_cmp(x->chain, y->chain);
    /* A policy has the number 0: behind the rules of its chain. */
    return order != 0 ? order : x->index - 1 < y->index - 1 ? -1 : x->index != y->index;
}

/* Rules in every base chain on the way; where there is none, the policy that the leaf names. */
static void add_deciders(struct arena *arena, const struct leaf *leaf, struct deciders *deciders)
{
    for (const struct decision *decision = leaf->decisions; decision != NULL; decision = decision->before) {
        bool last = decision == leaf->decisions;

        /* What stops a packet does so alone. */
        if (leaf->action != ACTION_ACCEPT && !last)
            break;
        if (decision->rule != NULL)
            *vec_push(arena, deciders) = (struct decider){.rule = decision->rule};
    }
    if (leaf->rule == NULL)
        *vec_push(arena, deciders) = decider_of(leaf);
}

void rules_of_leaves(struct arena *arena, const struct prover *prover, const struct leaves *leaves,
                     struct verdict *verdict)
{
    struct deciders deciders = {0};
    struct rule_ref *refs;
    size_t n = 0;

    /* Mostly one rule decides everything, and is named already. */
    if (leaves->n == 1 && (leaves->v[0].decisions == NULL || leaves->v[0].decisions->before == NULL)) {
        verdict->rules = arena_copy(prover->arena, &verdict->rule, sizeof verdict->rule);
        verdict->rule_n = 1;
        return;
    }
    vec_each (const struct leaf *, leaf, leaves)
        add_deciders(arena, leaf, &deciders);
    if (deciders.n > 1)
        qsort(deciders.v, deciders.n, sizeof *deciders.v, by_address);
    for (size_t i = 0; i < deciders.n; i++) {
        if (n == 0 || by_address(&deciders.v[n - 1], &deciders.v[i]) != 0)
            deciders.v[n++] = deciders.v[i];
    }
    refs = arena_new_array(prover->arena, struct rule_ref, n);
    for (size_t i = 0; i < n; i++)
        refs[i] = name(prover, &deciders.v[i]);
    if (n > 1)
        qsort(refs, n, sizeof *refs, by_name);
    verdict->rules = refs;
    verdict->rule_n = n;
}
