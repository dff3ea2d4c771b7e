/*
 * What an edit costs, in the library: one rule of a large ruleset becomes another, and the verdicts on all flows are
 * those of the new ruleset. Rules are picked at random; an edit turns the verdict of one round, or puts the matches of
 * another rule in its place. At the end all verdicts must be those of a proof from scratch.
 *
 * usage: edit RULESET FLOWS
 * prints: seconds of the median edit, of one in twenty, of the worst; verdicts judged again by the median and the worst
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "dialect/iptables/read.h"
#include "plan/flows.h"
#include "prove/edit.h"

#define EDITS 400

struct sample {
    double seconds;
    size_t judged;
};

static uint64_t random_state = 88172645463325252u;

static size_t pick(size_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % n;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct str content(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text;
    long size;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
        perror(path);
        exit(2);
    }
    text = arena_alloc(arena, (size_t)size + 1);
    if (fread(text, 1, (size_t)size, file) != (size_t)size)
        exit(2);
    fclose(file);
    return (struct str){text, (size_t)size};
}

static struct policy policy_of(struct arena *arena, const struct flows *flows)
{
    struct permit *permits = arena_new_array(arena, struct permit, flows->n);
    struct policy policy = {.hooks = 1u << HOOK_FORWARD, .families = FAMILY_BOTH, .permits = permits};

    for (size_t i = 0; i < flows->n; i++)
        permits[policy.permit_n++] = (struct permit){.flow = flows->v[i],
                                                     .hook = HOOK_FORWARD,
                                                     .source = flows->v[i]->source.ranges,
                                                     .destination = flows->v[i]->destination.ranges};
    return policy;
}

static struct chain *longest(const struct ruleset *ruleset)
{
    struct chain *chain = ruleset->chains[0];

    for (size_t i = 1; i < ruleset->chain_n; i++) {
        if (ruleset->chains[i]->rule_n > chain->rule_n)
            chain = ruleset->chains[i];
    }
    return chain;
}

static int by_seconds(const void *a, const void *b)
{
    double x = ((const struct sample *)a)->seconds;
    double y = ((const struct sample *)b)->seconds;

    return x < y ? -1 : x > y;
}

static size_t wrong(struct arena *arena, const struct edit *edit, const struct ruleset *ruleset,
                    const struct policy *policy)
{
    const struct prover *prover = prover_new(arena, ruleset, policy);
    struct arena *scratch = arena_new();
    size_t n = 0;

    for (size_t i = 0; i < policy->permit_n; i++) {
        for (enum direction direction = DIRECTION_REQUEST; direction <= DIRECTION_REPLY; direction++) {
            const struct verdict *kept = edit_verdict(edit, i, direction);
            struct verdict fresh;

            judge_permit(scratch, prover, &policy->permits[i], direction, &fresh);
            n += kept->kind != fresh.kind || kept->rule.index != fresh.rule.index;
        }
    }
    arena_free(scratch);
    return n;
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    struct dialect_input input = {0};
    struct flows flows = {0};
    struct diags diags;
    struct ruleset *ruleset;
    struct policy policy;
    struct edit *edit;
    struct chain *chain;
    struct sample samples[EDITS];
    size_t bad;

    if (argc != 3)
        return 2;
    diags_init(&diags, arena);
    input.text = source_new(arena, str_of(argv[1]), content(arena, argv[1]));
    ruleset = iptables_read(arena, &input, 1, &diags);
    if (!flows_read(arena, source_new(arena, str_of(argv[2]), content(arena, argv[2])), &diags, &flows))
        return 2;
    policy = policy_of(arena, &flows);
    edit = edit_start(arena, ruleset, &policy);
    chain = longest(ruleset);
    for (size_t n = 0; n < EDITS; n++) {
        size_t i = 1 + pick(chain->rule_n - 1); /* not the one that lets replies through */
        struct rule rule = chain->rules[1 + pick(chain->rule_n - 1)];
        double start;

        if (n % 2 == 0) {
            rule = chain->rules[i];
            rule.action = rule.action == ACTION_ACCEPT ? ACTION_DROP : ACTION_ACCEPT;
        }
        start = now();
        if (!edit_rule(edit, chain, i, &rule, &samples[n].judged))
            return 1;
        samples[n].seconds = now() - start;
    }
    bad = wrong(arena, edit, ruleset, &policy);
    qsort(samples, EDITS, sizeof *samples, by_seconds);
    printf("%.9f %.9f %.9f %zu %zu\n", samples[EDITS / 2].seconds, samples[EDITS - EDITS / 20].seconds,
           samples[EDITS - 1].seconds, samples[EDITS / 2].judged, samples[EDITS - 1].judged);
    if (bad > 0)
        fprintf(stderr, "edit: %zu verdicts are not those of a proof from scratch\n", bad);
    edit_free(edit);
    arena_free(arena);
    return bad > 0;
}
