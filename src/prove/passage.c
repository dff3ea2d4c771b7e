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
            struct cube cube = *b;
            struct cube part;

            cube.field[FIELD_IN] = NULL;
            cube.field[FIELD_OUT] = NULL;
            if (cube_intersect(arena, a, &cube, &part))
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
    struct cubes passing = {0};

    for (size_t i = 0; i < n; i++) {
        enum hook hook;
        struct cubes asked = at_hop(arena, &hops[i], i == 0 ? NULL : &passing, &hook);

        judge_passing(arena, hops[i].prover, family, hook, &asked, surely, &passing, rule);
        if (!drop_self(&passing))
            return false;
    }
    *packet = witness_packet(hops[n - 1].prover->arena, hops[n - 1].prover, family, &passing.v[0]);
    return true;
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
