/* One firewall's ruleset made ready; see prover.h. */
#include "prove/prover.h"

static void add_name(struct arena *arena, struct interface_patterns *patterns, struct str name)
{
    if (name.n > 0)
        *vec_push(arena, patterns) = (struct interface_pattern){.name = name};
}

struct prover *prover_new(struct arena *arena, const struct ruleset *ruleset, const struct policy *policy)
{
    struct prover *prover = arena_new_object(arena, struct prover);
    struct interface_patterns patterns = {0};

    vec_each (struct interface_pattern *, pattern, &ruleset->interfaces)
        *vec_push(arena, &patterns) = *pattern;
    for (size_t i = 0; i < policy->permit_n; i++) {
        add_name(arena, &patterns, policy->permits[i].in);
        add_name(arena, &patterns, policy->permits[i].out);
    }
    for (size_t i = 0; i < policy->face_n; i++) {
        add_name(arena, &patterns, policy->faces[i].in);
        add_name(arena, &patterns, policy->faces[i].out);
    }
    for (size_t i = 0; i < policy->accepted_n; i++) {
        add_name(arena, &patterns, policy->accepted[i].in);
        add_name(arena, &patterns, policy->accepted[i].out);
    }
    add_name(arena, &patterns, STR("lo"));
    prover->arena = arena;
    prover->ruleset = ruleset;
    prover->interfaces = interfaces_number(arena, &patterns);
    for (enum family family = 0; family < FAMILY_N; family++) {
        if ((ruleset->families & FAMILY_BIT(family)) == 0)
            continue;
        prover->programs[family] = program_make(arena, ruleset, family, prover->interfaces);
        prover->plain[family] = prover->programs[family];
        if (ruleset->unusual) {
            prover->plain[family] = program_make(arena, ruleset, family, prover->interfaces);
            prover->plain[family]->plain = true;
        }
    }
    return prover;
}
