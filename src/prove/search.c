/*
 * What one rule opens, in large boxes (packet/carve.h); see search.h. A box may hold packets that another rule accepts
 * before: they are excess all the same, and a person wants few boxes; but each has a packet that this very rule
 * decides.
 *
 * Where the unfolded list of the chain that decides tells what is denied before the rule, that and the flows are taken
 * out of its packets. Where there is no such list, or unknowns have a part in it, a walk tells what the rule decides.
 */
#include "prove/search.h"

#include <stdlib.h>

#include "net/proto.h"
#include "packet/carve.h"

#define PIECES_MOST 4000u /* that a walk may cut a part into */
#define OWN_MOST 200u     /* that a box may be cut into to see what it has alone */

static struct cube copy_cube(struct arena *arena, const struct cube *cube)
{
    struct cube copy = *cube;

    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *ranges = cube->field[field];

        if (ranges != NULL)
            copy.field[field] = arena_copy(arena, ranges, sizeof *ranges + ranges->n * sizeof ranges->v[0]);
    }
    copy.literals = NULL;
    return copy;
}

/* --- lists ------------------------------------------------------------------------------------------------------- */

static const struct ranges *listed_asks(const void *context, size_t i, enum field field)
{
    const struct indexed *list = context;

    return list->cubes[i]->field[field];
}

void search_index(struct arena *arena, struct indexed *list)
{
    list->index = list->n > INDEX_WORTH ? index_new(arena, list->n, listed_asks, list) : NULL;
}

/* The next of a list, from `at` on, that may meet what the cursor was started with. */
static size_t next_of(const struct indexed *list, const struct cursor *cursor, size_t at)
{
    return list->index == NULL ? at : cursor_next(cursor, at);
}

static void start(const struct indexed *list, struct cursor *cursor, const struct cube *cube)
{
    if (list->index != NULL)
        cursor_start(cursor, list->index, cube);
}

/* --- what a rule opens ------------------------------------------------------------------------------------------- */

/* Rules before the entry of the unfolded chain that accept whatever the unknowns are, and meet the cube. */
static bool add_accepted(const struct search *s, const struct cube *cube, struct holes *holes)
{
    struct cursor cursor;
    size_t n = holes->n;

    start(&s->entries, &cursor, cube);
    for (size_t i = next_of(&s->entries, &cursor, 0); i < s->at; i = next_of(&s->entries, &cursor, i + 1)) {
        const struct flat_entry *entry = &s->flat->v[i];

        if (entry->action == ACTION_ACCEPT && entry->rule != s->only && entry->cube.literals == NULL &&
            cube_overlaps(cube, &entry->cube))
            *vec_push(s->scratch, holes) = &entry->cube;
    }
    return holes->n > n;
}

/* Likewise those that deny. True when there are such that only may deny. */
static bool add_denied(const struct search *s, const struct cube *cube, struct holes *holes)
{
    struct cursor cursor;
    bool may = false;

    start(&s->entries, &cursor, cube);
    for (size_t i = next_of(&s->entries, &cursor, 0); i < s->at; i = next_of(&s->entries, &cursor, i + 1)) {
        const struct flat_entry *entry = &s->flat->v[i];

        if (entry->action == ACTION_ACCEPT || entry->rule == s->only || !cube_overlaps(cube, &entry->cube))
            continue;
        if (entry->cube.literals != NULL)
            may = true;
        else
            *vec_push(s->scratch, holes) = &entry->cube;
    }
    return may;
}

static void add_pardons(const struct search *s, const struct cube *cube, struct holes *holes)
{
    struct cursor cursor;

    start(&s->pardons, &cursor, cube);
    for (size_t i = next_of(&s->pardons, &cursor, 0); i < s->pardons.n; i = next_of(&s->pardons, &cursor, i + 1)) {
        if (cube_overlaps(cube, s->pardons.cubes[i]))
            *vec_push(s->scratch, holes) = s->pardons.cubes[i];
    }
}

/* The packets of a box that are the witness's own in what matters most. */
static struct cube point_of(const struct search *s, const struct cube *box)
{
    struct packet packet = witness_packet(s->scratch, s->prover, s->family, box);
    struct cube point = *box;

    point.field[FIELD_SOURCE] = ranges_value(s->scratch, packet.source);
    point.field[FIELD_DESTINATION] = ranges_value(s->scratch, packet.destination);
    point.field[FIELD_PROTOCOL] = ranges_value(s->scratch, packet.protocol);
    if (proto_has_ports(packet.protocol)) {
        point.field[FIELD_SOURCE_PORT] = ranges_value(s->scratch, packet.source_port);
        point.field[FIELD_PORT] = ranges_value(s->scratch, packet.port);
    }
    return point;
}

/*
 * Packets of a box that the entry itself lets through; false when rules before it do so with every one. The largest of
 * what is left may hold no packet at all (an address to itself), so more are asked for; *open: not all were seen.
 */
static bool decided_at(struct search *s, const struct cube *box, struct cube *witness, bool *open)
{
    struct holes holes = {0};
    bool all = false;

    *witness = point_of(s, box);
    if (s->flat == NULL || !add_accepted(s, witness, &holes))
        return true;
    holes.n = 0;
    add_accepted(s, box, &holes);
    for (size_t most = 2; !all && most <= OWN_MOST && s->work > 0; most *= 10) {
        struct carving carving = {.family = s->family, .from = box, .holes = &holes, .most = most, .work = s->work};
        struct cubes own = {0};

        all = carve(s->scratch, &carving, &own);
        s->work = carving.work;
        vec_each (const struct cube *, cube, &own) {
            *witness = *cube;
            if (witness_exists(cube))
                return true;
        }
    }
    *witness = *box;
    *open = *open || !all;
    return s->work == 0;
}

static struct opened *opened_now(struct search *s, const struct chain *chain)
{
    struct opened *opened = s->opened->n > 0 ? &s->opened->v[s->opened->n - 1] : NULL;

    if (opened != NULL && opened->rule == s->only && opened->chain == chain && opened->family == s->family &&
        opened->hook == s->hook)
        return opened;
    opened = vec_push(s->arena, s->opened);
    *opened = (struct opened){.rule = s->only, .chain = chain, .family = s->family, .hook = s->hook};
    return opened;
}

static void note_box(struct search *s, const struct cube *box, const struct cube *witness, const struct chain *chain,
                     bool maybe)
{
    struct opened *opened = opened_now(s, chain);

    *vec_push(s->arena, maybe ? &opened->maybe : &opened->boxes) = copy_cube(s->arena, box);
    *vec_push(s->arena, &opened->witnesses) = copy_cube(s->arena, witness);
}

/* The rule at which the first budget ran out. */
static void give_up(struct search *s, const struct rule *rule)
{
    if (s->complete)
        s->gave_up_at = rule;
    s->complete = false;
}

static bool carve_part(struct search *s, const struct cube *part, const struct holes *holes, size_t most,
                       struct cubes *boxes)
{
    struct carving carving = {.family = s->family, .from = part, .holes = holes, .most = most, .work = s->work};
    bool all = carve(s->scratch, &carving, boxes);

    s->work = carving.work;
    if (s->work == 0)
        give_up(s, s->only);
    return all;
}

/* Protocols of what box i has and none of the others; NULL: any, or too much to tell. */
static const struct ranges *own_protocols(const struct search *s, const struct cubes *boxes, size_t i)
{
    const struct ranges *protocols = &ranges_empty;
    struct cubes own = {0};

    *vec_push(s->scratch, &own) = boxes->v[i];
    for (size_t k = 0; k < boxes->n && own.n <= OWN_MOST; k++) {
        if (k != i)
            own = cubes_subtract(s->scratch, &own, &boxes->v[k], s->family);
    }
    vec_each (const struct cube *, cube, &own) {
        if (cube->field[FIELD_PROTOCOL] == NULL || own.n > OWN_MOST)
            return NULL;
        protocols = ranges_union(s->scratch, protocols, cube->field[FIELD_PROTOCOL]);
    }
    return protocols->n == 0 ? NULL : protocols;
}

/*
 * As large as can be, a box that asks for a port has protocols without ports too. People read it more easily with those
 * protocols alone for which there is no other box; together the boxes stay what they are.
 */
static void narrow_protocols(const struct search *s, struct cubes *boxes)
{
    static const unsigned parts_of_protocols =
        1u << FIELD_SOURCE_PORT | 1u << FIELD_PORT | 1u << FIELD_ICMP | 1u << FIELD_TCP_FLAGS;

    for (size_t i = 0; i < boxes->n && boxes->n <= OWN_MOST; i++) {
        struct cube *box = &boxes->v[i];
        const struct ranges *protocols = NULL;
        bool asks = false;

        for (enum field field = 0; field < FIELD_N; field++)
            asks = asks || ((parts_of_protocols & 1u << field) != 0 && box->field[field] != NULL);
        if (asks)
            protocols = own_protocols(s, boxes, i);
        if (protocols != NULL)
            box->field[FIELD_PROTOCOL] = protocols;
    }
}

/* The boxes of a part outside of holes that the entry lets through; true when they are all there is, or some are noted.
 */
static bool search_boxes(struct search *s, const struct cube *part, const struct holes *holes)
{
    struct cubes boxes = {0};
    bool all = carve_part(s, part, holes, s->most, &boxes);
    bool noted = false;
    bool open = false;

    narrow_protocols(s, &boxes);
    vec_each (const struct cube *, box, &boxes) {
        struct cube witness;

        if (!witness_exists(box) || !decided_at(s, box, &witness, &open))
            continue;
        note_box(s, box, &witness, s->flat->chain, false);
        noted = true;
    }
    all = all && !open;
    if (!all && noted)
        s->opened->v[s->opened->n - 1].more = true;
    return all || noted;
}

/* What a walk found that the rule decides. */
struct piece {
    struct cube cube;
    const struct chain *chain;
    bool maybe;
    double volume;
};

struct pieces {
    struct arena *arena;
    const struct search *search;
    struct piece *v;
    size_t n;
    size_t capacity;
};

static bool note_leaf(void *context, const struct leaf *leaf)
{
    struct pieces *pieces = context;
    const struct search *s = pieces->search;
    struct piece *piece;

    if ((leaf->action != ACTION_ACCEPT && leaf->action != ACTION_UNKNOWN) || leaf->rule != s->only ||
        !witness_exists(&leaf->cube))
        return true;
    piece = vec_push(pieces->arena, pieces);
    *piece = (struct piece){.cube = leaf->cube,
                            .chain = leaf->chain,
                            .maybe = leaf->action == ACTION_UNKNOWN || leaf->cube.literals != NULL,
                            .volume = carve_volume(&leaf->cube, s->family)};
    piece->cube.literals = NULL;
    return pieces->n < PIECES_MOST;
}

static int by_volume(const void *a, const void *b)
{
    double x = ((const struct piece *)a)->volume;
    double y = ((const struct piece *)b)->volume;

    return x > y ? -1 : x < y;
}

/* What flows and the like leave of a piece; true when there is no more. */
static bool search_piece(struct search *s, const struct piece *piece, size_t *room)
{
    struct holes holes = {0};
    struct cubes boxes = {0};
    bool all;

    add_pardons(s, &piece->cube, &holes);
    all = carve_part(s, &piece->cube, &holes, *room, &boxes);
    narrow_protocols(s, &boxes);
    vec_each (const struct cube *, box, &boxes) {
        if (!witness_exists(box))
            continue;
        note_box(s, box, box, piece->chain, piece->maybe);
        --*room;
    }
    return all;
}

/* Where the unfolded list does not tell it, a walk tells what of the part the rule decides. */
static void walk_part(struct search *s, const struct cube *part)
{
    struct pieces pieces = {.arena = s->scratch, .search = s};
    struct walk walk = {.program = s->prover->programs[s->family],
                        .hook = s->hook,
                        .leaf = note_leaf,
                        .context = &pieces,
                        .budget = s->steps};
    size_t room = s->most;
    size_t at = 0;
    bool all = true;

    switch (walk_run(s->scratch, &walk, part)) {
    case WALK_DONE: break;
    case WALK_STOPPED: all = false; break;
    case WALK_EXHAUSTED: give_up(s, walk.rule); break;
    }
    s->steps = walk.budget;
    if (pieces.n > 0)
        qsort(pieces.v, pieces.n, sizeof *pieces.v, by_volume);
    for (; at < pieces.n && room > 0; at++)
        all = search_piece(s, &pieces.v[at], &room) && all;
    all = all && at == pieces.n;
    if (!all && room < s->most)
        s->opened->v[s->opened->n - 1].more = true;
    else if (!all)
        give_up(s, s->only);
}

/* Packets that the rule `only` can take at the entry `at` of the unfolded chain, if there is one. */
static void search_part(struct search *s, const struct cube *part, bool certain)
{
    struct holes holes = {0};
    struct cubes some = {0};

    add_pardons(s, part, &holes);
    if (s->flat != NULL && add_denied(s, part, &holes))
        certain = false;
    if (s->flat == NULL || !certain) {
        if (!carve_part(s, part, &holes, 1, &some) || some.n > 0)
            walk_part(s, part);
        return;
    }
    if (search_boxes(s, part, &holes))
        return;
    /* The largest are let through by rules before: without those, then. */
    add_accepted(s, part, &holes);
    if (!search_boxes(s, part, &holes))
        give_up(s, s->only);
}

/* Packets that a rule asks for, at every face. */
void search_cube(struct search *s, const struct cube *asked, bool certain)
{
    unsigned otherwise = program_seen_otherwise(s->prover->programs[s->family]);
    struct cube cube = *asked;

    cube.literals = NULL;
    for (enum field field = 0; field < FIELD_N; field++) {
        if ((otherwise & 1u << field) != 0)
            cube.field[field] = NULL;
    }
    vec_each (const struct cube *, face, &s->faces) {
        struct arena_mark mark = arena_mark(s->scratch);
        struct cube part;

        if (s->complete && cube_intersect(s->scratch, &cube, face, &part))
            search_part(s, &part, certain);
        arena_release(s->scratch, mark);
    }
}
