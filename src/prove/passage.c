/* Several firewalls in a row; see passage.h. */
#include "prove/passage.h"

/* The question at one hop: its own interfaces, of the packets that came through before. */
static struct cubes at_hop(struct arena *arena, const struct passage_hop *hop, const struct cubes *before,
                           enum hook *hook)
{
    struct cubes own = region_of_permit(arena, hop->prover, &hop->permit, DIRECTION_REQUEST, hook);
    struct cubes both = {0};

    if (before == NULL)
        return own;
    vec_each (const struct cube *, a, &own) {
        vec_each (const struct cube *, b, before) {
            struct cube asked = *a;
            struct cube cube = *b;
            struct cube part;

            cube.field[FIELD_IN] = NULL;
            cube.field[FIELD_OUT] = NULL;
            /* Where they come from and go to is as the firewalls before left it. */
            asked.field[FIELD_SOURCE] = asked.field[FIELD_DESTINATION] = NULL;
            asked.field[FIELD_SOURCE_PORT] = asked.field[FIELD_PORT] = NULL;
            if (cube_intersect(arena, &asked, &cube, &part))
                *vec_push(arena, &both) = part;
        }
    }
    return both;
}

static bool drop_self(struct cubes *cubes)
{
    for (size_t i = 0; i < cubes->n;) {
        if (witness_exists(&cubes->v[i]))
            i++;
        else
            cubes->v[i] = cubes->v[--cubes->n];
    }
    return cubes->n > 0;
}

/* With `surely`: packets that pass whatever the unknowns are. */
static bool pass_all(struct arena *arena, const struct passage_hop *hops, size_t n, bool surely, struct packet *packet,
                     struct rule_ref *rule)
{
    enum family family = hops[0].permit.flow->family;
    struct onward onward = {0};

    for (size_t i = 0; i < n; i++) {
        enum hook hook;
        struct cubes asked = at_hop(arena, &hops[i], i == 0 ? NULL : &onward.packets, &hook);

        if (i + 1 == n)
            judge_passing(arena, hops[i].prover, family, hook, &asked, surely, &onward.packets, &onward.rule);
        else
            judge_onward(arena, hops[i].prover, family, hook, &asked, surely, &onward);
        *rule = onward.rule;
        if (!drop_self(&onward.packets))
            return false;
        if (i + 1 == n || onward.elsewhere) {
            *packet = witness_packet(hops[i].prover->arena, hops[i].prover, family, &onward.packets.v[0]);
            return true;
        }
    }
    return false;
}

enum passage passage_find(struct arena *arena, const struct passage_hop *hops, size_t n, struct packet *packet,
                          bool *has_packet, struct rule_ref *rule)
{
    struct arena_mark mark = arena_mark(arena);
    enum passage passage = PASSAGE_NONE;

    *has_packet = true;
    if (pass_all(arena, hops, n, true, packet, rule)) {
        passage = PASSAGE_SOME;
    } else if (pass_all(arena, hops, n, false, packet, rule)) {
        passage = PASSAGE_MAYBE;
    } else {
        *has_packet = false;
    }
    arena_release(arena, mark);
    return passage;
}
