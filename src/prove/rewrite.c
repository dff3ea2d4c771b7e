/*
 * See rewrite.h. Marks: xt_mark.c and nft_meta.c; addresses: nf_nat_core.c, nf_nat_redirect.c, xt_NETMAP.c of Linux
 * 6.1: a redirect goes to an address of the interface that the packet came in by, of packets that the host itself sends
 * to the loopback address.
 */
#include "prove/rewrite.h"

#include "net/proto.h"

#define PIECES_MOST 256u

static const struct shift *shift_of(const struct rewritten *now, enum field field)
{
    if (field == FIELD_SOURCE && now->source.is)
        return &now->source;
    return field == FIELD_DESTINATION && now->destination.is ? &now->destination : NULL;
}

/* The members of `ranges` within from..from + last, moved to to.. */
static const struct ranges *move(struct arena *arena, const struct ranges *ranges, u128 from, u128 to, u128 last)
{
    const struct ranges *within = ranges_intersect(arena, ranges, ranges_one(arena, from, from + last));
    struct range *v = arena_new_array(arena, struct range, within->n);

    for (size_t i = 0; i < within->n; i++)
        v[i] = (struct range){within->v[i].lo - from + to, within->v[i].hi - from + to};
    return ranges_of(arena, v, within->n);
}

struct cube rewrite_view(struct arena *arena, const struct rewritten *now, const struct cube *cube)
{
    struct cube view = *cube;

    for (enum field field = 0; field < FIELD_N; field++) {
        const struct shift *shift = shift_of(now, field);

        if (now->set[field] != NULL)
            view.field[field] = now->set[field];
        else if (shift != NULL && cube->field[field] != NULL)
            view.field[field] = move(arena, cube->field[field], shift->from, shift->to, shift->last);
    }
    return view;
}

bool rewrite_asked(const struct cube *asks)
{
    /* They are sorted. */
    return asks->literals != NULL && asks->literals->v[asks->literals->n - 1] >> 1 >= LITERAL_TRANSLATED;
}

static bool asks_other(const struct literals *literals, enum field end)
{
    for (uint32_t i = 0; literals != NULL && i < literals->n; i++) {
        if (literals->v[i] >> 1 == literal_translated(end))
            return true;
    }
    return false;
}

/* Takes the translation out of what is asked; false where it is known to be otherwise. */
static bool settle_other(struct arena *arena, const struct rewritten *now, struct cube *question)
{
    const struct literals *asked = question->literals;
    struct literals *left = arena_alloc(arena, sizeof *left + asked->n * sizeof left->v[0]);

    left->n = 0;
    for (uint32_t i = 0; i < asked->n; i++) {
        uint32_t id = asked->v[i] >> 1;
        unsigned end = 1u << (id == literal_translated(FIELD_SOURCE) ? FIELD_SOURCE : FIELD_DESTINATION);

        if (id < LITERAL_TRANSLATED)
            left->v[left->n++] = asked->v[i];
        else if ((now->other_maybe & end) == 0 && (asked->v[i] & 1) != ((now->other & end) != 0))
            return false;
    }
    question->literals = left->n == 0 ? NULL : left;
    return true;
}

bool rewrite_question(struct arena *arena, const struct rewritten *now, const struct cube *asks, struct cube *question)
{
    static const struct rewritten nothing;
    struct cube made = *asks;

    now = now == NULL ? &nothing : now;
    if (rewrite_asked(asks) && !settle_other(arena, now, &made))
        return false;
    for (enum field field = 0; field < FIELD_N; field++) {
        const struct shift *shift = shift_of(now, field);

        if (asks->field[field] == NULL)
            continue;
        if (now->set[field] != NULL) {
            if (!ranges_overlap(now->set[field], asks->field[field]))
                return false;
            made.field[field] = NULL;
        } else if (shift != NULL) {
            made.field[field] = move(arena, asks->field[field], shift->to, shift->from, shift->last);
            if (made.field[field]->n == 0)
                return false;
        }
    }
    *question = made;
    return true;
}

bool rewrite_apart(struct arena *arena, const struct rewritten *now, const struct cube *part, const struct cube *asks,
                   struct fork *fork)
{
    struct cube question;

    if (!rewrite_question(arena, now, asks, &question) || !cube_overlaps(part, &question))
        return false;
    for (enum field field = 0; field < FIELD_N; field++) {
        bool set = now->set[field] != NULL && asks->field[field] != NULL &&
                   !ranges_subset(now->set[field], asks->field[field]);

        if (!set && ((now->other_maybe & 1u << field) == 0 || !asks_other(asks->literals, field)))
            continue;
        fork->field = field;
        fork->values = set ? asks->field[field] : NULL;
        return true;
    }
    return false;
}

const struct rewritten *rewrite_side(struct arena *arena, const struct rewritten *now, const struct fork *fork,
                                     bool holds)
{
    struct rewritten *side = arena_copy(arena, now, sizeof *now);
    const struct ranges *set = now->set[fork->field];
    unsigned end = 1u << fork->field;

    if (fork->values == NULL) {
        side->other_maybe &= ~end;
        side->other |= holds ? end : 0;
    } else {
        side->set[fork->field] =
            holds ? ranges_intersect(arena, set, fork->values) : ranges_subtract(arena, set, fork->values);
    }
    return side;
}

static bool same_shift(const struct shift *a, const struct shift *b)
{
    return a->is == b->is && (!a->is || (a->to == b->to && a->from == b->from && a->last == b->last));
}

bool rewrite_same(const struct rewritten *a, const struct rewritten *b)
{
    static const enum field ends[] = {FIELD_SOURCE, FIELD_DESTINATION, FIELD_SOURCE_PORT, FIELD_PORT};
    static const struct rewritten none;

    a = a == NULL ? &none : a;
    b = b == NULL ? &none : b;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const struct ranges *left = a->set[ends[i]];
        const struct ranges *right = b->set[ends[i]];

        if (left != right && (left == NULL || right == NULL || !ranges_equal(left, right)))
            return false;
    }
    return a->to_host == b->to_host && same_shift(&a->source, &b->source) &&
           same_shift(&a->destination, &b->destination);
}

bool rewrite_may_be(const struct rewritten *a, const struct rewritten *b, enum family family)
{
    static const struct {
        enum field field;
        bool port;
    } ends[] = {{FIELD_SOURCE, false}, {FIELD_DESTINATION, false}, {FIELD_SOURCE_PORT, true}, {FIELD_PORT, true}};
    static const struct rewritten none;

    a = a == NULL ? &none : a;
    b = b == NULL ? &none : b;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const struct ranges *left = a->set[ends[i].field];
        const struct ranges *right = b->set[ends[i].field];
        u128 max = ends[i].port ? UINT16_MAX : addr_max(family);

        if (left == right || (left != NULL && right != NULL && ranges_equal(left, right)))
            continue;
        /* Of a port that may be any it is not known whether it is written at all. */
        if (left == NULL || left->n != 1 || left->v[0].lo != 0 || left->v[0].hi != max ||
            (right == NULL && !ends[i].port))
            return false;
    }
    return a->to_host == b->to_host && same_shift(&a->source, &b->source) &&
           same_shift(&a->destination, &b->destination);
}

/* One piece a value or block of a field. False: too many. */
static bool split(struct arena *arena, const struct cube *cube, enum field field, u128 last, struct cubes *pieces)
{
    for (size_t i = 0; i < cube->field[field]->n; i++) {
        struct range range = cube->field[field]->v[i];

        for (u128 at = range.lo & ~last;; at += last + 1) {
            struct cube piece = *cube;

            if (pieces->n >= PIECES_MOST)
                return false;
            if (cube_narrow(arena, &piece, field, ranges_one(arena, at, at + last)))
                *vec_push(arena, pieces) = piece;
            if (at + last >= range.hi)
                break;
        }
    }
    /* Two ranges may lie in one block. */
    for (size_t i = 1; i < pieces->n; i++) {
        if (ranges_equal(pieces->v[i - 1].field[field], pieces->v[i].field[field])) {
            memmove(&pieces->v[i], &pieces->v[i + 1], (pieces->n - i - 1) * sizeof pieces->v[0]);
            pieces->n--;
            i--;
        }
    }
    return true;
}

static bool is_single(const struct ranges *ranges)
{
    return ranges != NULL && ranges->n == 1 && ranges->v[0].lo == ranges->v[0].hi;
}

static enum rewrite_end write_mark(struct arena *arena, const struct rewrite *rewrite, const struct cube *cube,
                                   struct rewritten *now, struct cubes *pieces)
{
    const struct ranges *mark = now->set[FIELD_MARK] != NULL ? now->set[FIELD_MARK] : cube->field[FIELD_MARK];

    if (rewrite->keep == 0) {
        now->set[FIELD_MARK] = ranges_value(arena, rewrite->flip);
        return REWRITE_DONE;
    }
    if (is_single(mark)) {
        now->set[FIELD_MARK] = ranges_value(arena, ((uint32_t)mark->v[0].lo & rewrite->keep) ^ rewrite->flip);
        return REWRITE_DONE;
    }
    if (mark == NULL || !split(arena, cube, FIELD_MARK, 0, pieces))
        return REWRITE_OPAQUE;
    return REWRITE_SPLIT;
}

/* Only the bits of a prefix. */
static enum rewrite_end write_network(struct arena *arena, const struct rewrite *rewrite, enum field field,
                                      enum family family, const struct cube *cube, struct rewritten *now,
                                      struct cubes *pieces)
{
    struct shift *shift = field == FIELD_SOURCE ? &now->source : &now->destination;
    u128 last = rewrite->addresses.hi - rewrite->addresses.lo;
    struct cube whole = *cube;

    if (is_single(now->set[field])) {
        now->set[field] = ranges_value(arena, (now->set[field]->v[0].lo & last) | rewrite->addresses.lo);
        return REWRITE_DONE;
    }
    if (now->set[field] != NULL || shift->is)
        return REWRITE_OPAQUE;
    if (whole.field[field] == NULL)
        whole.field[field] = addr_all(family);
    if (!split(arena, &whole, field, last, pieces))
        return REWRITE_OPAQUE;
    if (pieces->n > 1)
        return REWRITE_SPLIT;
    *shift = (struct shift){
        .from = whole.field[field]->v[0].lo & ~last, .to = rewrite->addresses.lo, .last = last, .is = true};
    return REWRITE_DONE;
}

static enum rewrite_end write_address(struct arena *arena, const struct rewrite *rewrite, enum field field,
                                      enum family family, enum hook hook, const struct cube *cube,
                                      struct rewritten *now, struct cubes *pieces)
{
    u128 loopback = family == FAMILY_V4 ? 0x7f000001 : 1;

    if (rewrite->has_addresses && rewrite->network)
        return write_network(arena, rewrite, field, family, cube, now, pieces);
    if (rewrite->own)
        now->set[field] =
            field == FIELD_DESTINATION && hook == HOOK_OUTPUT ? ranges_value(arena, loopback) : addr_all(family);
    else if (rewrite->has_addresses)
        now->set[field] = ranges_one(arena, rewrite->addresses.lo, rewrite->addresses.hi);
    return REWRITE_DONE;
}

/* Packets are tracked between the priorities raw and mangle; behind that only those that are INVALID have no track. */
static enum rewrite_end write_untracked(struct arena *arena, const struct chain *base, const struct cube *cube,
                                        struct rewritten *now)
{
    const struct ranges *state = now->set[FIELD_STATE] != NULL ? now->set[FIELD_STATE] : cube->field[FIELD_STATE];

    if (chain_before_conntrack(base)) {
        now->set[FIELD_STATE] = ranges_value(arena, STATE_UNTRACKED);
        return REWRITE_DONE;
    }
    return state == NULL || ranges_contain(state, STATE_INVALID) ? REWRITE_OPAQUE : REWRITE_DONE;
}

/* Any source port, where packets have one; otherwise piece by piece. */
static enum rewrite_end write_any_port(struct arena *arena, const struct cube *cube, struct rewritten *now,
                                       struct cubes *pieces)
{
    const struct ranges *ported = proto_with_ports(arena);
    struct cube piece = *cube;

    if (cube->field[FIELD_PROTOCOL] != NULL && !ranges_overlap(cube->field[FIELD_PROTOCOL], ported))
        return REWRITE_DONE;
    if (cube->field[FIELD_PROTOCOL] != NULL && ranges_subset(cube->field[FIELD_PROTOCOL], ported)) {
        now->set[FIELD_SOURCE_PORT] = ranges_one(arena, 0, UINT16_MAX);
        return REWRITE_DONE;
    }
    if (cube_narrow(arena, &piece, FIELD_PROTOCOL, ported))
        *vec_push(arena, pieces) = piece;
    piece = *cube;
    if (cube_narrow(arena, &piece, FIELD_PROTOCOL, ranges_complement(arena, ported, UINT8_MAX)))
        *vec_push(arena, pieces) = piece;
    return REWRITE_SPLIT;
}

/* Whether packets have another value now than they had: CUT where some of those that came so do. */
enum change { CHANGE_NONE, CHANGE_SURE, CHANGE_MAYBE, CHANGE_CUT };

static enum change change_of(const struct ranges *before, const struct ranges *after)
{
    if (before != NULL && !ranges_overlap(before, after))
        return CHANGE_SURE;
    if (before != NULL && ranges_subset(before, after))
        return is_single(after) ? CHANGE_NONE : CHANGE_MAYBE;
    return CHANGE_CUT;
}

/* Cuts the cube in two: what has a value of `within`, and what has none. False where one of them would be nothing. */
static bool cut(struct arena *arena, enum family family, const struct cube *cube, enum field field,
                const struct ranges *within, struct cubes *pieces)
{
    struct cube inside = *cube;
    struct cube outside = *cube;

    if (!cube_narrow(arena, &inside, field, within) ||
        !cube_narrow(arena, &outside, field, ranges_complement(arena, within, field_max(field, family))))
        return false;
    *vec_push(arena, pieces) = inside;
    *vec_push(arena, pieces) = outside;
    return true;
}

static enum change change_of_address(struct arena *arena, const struct program *program, const struct rule *rule,
                                     const struct cube *cube, const struct rewritten *before,
                                     const struct rewritten *made, struct cubes *pieces)
{
    enum field field = rule->action == ACTION_SNAT ? FIELD_SOURCE : FIELD_DESTINATION;
    const struct shift *shift = shift_of(made, field);
    enum change change;

    if (!rule->rewrite->own && !rule->rewrite->has_addresses)
        return CHANGE_NONE;
    if (made->set[field] == NULL)
        return shift->from == shift->to ? CHANGE_NONE : CHANGE_SURE;
    change = change_of(rewrite_view(arena, before, cube).field[field], made->set[field]);
    if (change == CHANGE_CUT && (before->set[field] != NULL || shift_of(before, field) != NULL ||
                                 !cut(arena, program->family, cube, field, made->set[field], pieces)))
        return CHANGE_MAYBE;
    return change;
}

/* Only what has ports can have another. */
static enum change change_of_port(struct arena *arena, const struct program *program, const struct rule *rule,
                                  const struct cube *cube, const struct rewritten *before, const struct rewritten *made,
                                  struct cubes *pieces)
{
    enum field field = rule->action == ACTION_SNAT ? FIELD_SOURCE_PORT : FIELD_PORT;
    enum family family = program->family;
    const struct ranges *ported = proto_with_ports(arena);
    const struct ranges *whole = ranges_one(arena, FRAGMENT_NONE, FRAGMENT_FIRST);
    struct cube has = CUBE_ALL;
    enum change change;

    has.field[FIELD_PROTOCOL] = ported;
    has.field[FIELD_FRAGMENT] = whole;
    if (!(rule->rewrite->has_ports || rule->rewrite->any_port) || !cube_overlaps(cube, &has))
        return CHANGE_NONE;
    if (cut(arena, family, cube, FIELD_PROTOCOL, ported, pieces) ||
        cut(arena, family, cube, FIELD_FRAGMENT, whole, pieces))
        return CHANGE_CUT;
    change = change_of(rewrite_view(arena, before, cube).field[field], made->set[field]);
    if (change == CHANGE_CUT &&
        (before->set[field] != NULL || !cut(arena, family, cube, field, made->set[field], pieces)))
        return CHANGE_MAYBE;
    return change;
}

/*
 * Conntrack takes a connection for translated where NAT changed it, not where it left it what it was. Packets that were
 * what they become are told apart from others; of those that become one of several it is not known.
 */
static enum rewrite_end note_other(struct arena *arena, const struct program *program, const struct rule *rule,
                                   const struct cube *cube, const struct rewritten *before, struct rewritten *made,
                                   struct cubes *pieces)
{
    static const struct rewritten nothing;
    unsigned end = 1u << (rule->action == ACTION_SNAT ? FIELD_SOURCE : FIELD_DESTINATION);
    enum change address;
    enum change port = CHANGE_NONE;

    before = before == NULL ? &nothing : before;
    pieces->n = 0;
    address = change_of_address(arena, program, rule, cube, before, made, pieces);
    if (address == CHANGE_NONE || address == CHANGE_MAYBE)
        port = change_of_port(arena, program, rule, cube, before, made, pieces);
    if (address == CHANGE_CUT || port == CHANGE_CUT)
        return REWRITE_SPLIT;
    if (address == CHANGE_SURE || port == CHANGE_SURE)
        made->other |= end;
    else if (address == CHANGE_MAYBE || port == CHANGE_MAYBE)
        made->other_maybe |= end;
    made->other_maybe &= ~made->other;
    return REWRITE_DONE;
}

enum rewrite_end rewrite_apply(struct arena *arena, const struct program *program, enum hook main,
                               const struct chain *base, const struct rule *rule, const struct cube *cube,
                               const struct rewritten **now, struct cubes *pieces)
{
    struct rewritten *made = arena_new_object(arena, struct rewritten);
    bool source = rule->action == ACTION_SNAT;
    enum field address = source ? FIELD_SOURCE : FIELD_DESTINATION;
    enum field ports = source ? FIELD_SOURCE_PORT : FIELD_PORT;
    enum rewrite_end end;

    if (*now != NULL)
        *made = **now;
    if (rule->action == ACTION_MARK) {
        end = write_mark(arena, rule->rewrite, cube, made, pieces);
    } else if (rule->action == ACTION_NOTRACK) {
        end = write_untracked(arena, base, cube, made);
    } else {
        end = write_address(arena, rule->rewrite, address, program->family, base->hook, cube, made, pieces);
        if (rule->rewrite->has_ports)
            made->set[ports] = ranges_one(arena, rule->rewrite->ports.lo, rule->rewrite->ports.hi);
        else if (rule->rewrite->any_port && end == REWRITE_DONE)
            end = write_any_port(arena, cube, made, pieces);
        if (end == REWRITE_DONE && program->asks_translated)
            end = note_other(arena, program, rule, cube, *now, made, pieces);
        made->to_host =
            made->to_host || (!source && rule->rewrite->own && base->hook == HOOK_PREROUTING && main == HOOK_FORWARD);
        made->rerouted = made->rerouted || (!source && base->hook == HOOK_OUTPUT);
        if (made->to_host)
            made->set[FIELD_OUT] = ranges_value(arena, INTERFACE_NONE);
    }
    if (end == REWRITE_DONE)
        *now = made;
    return end;
}
