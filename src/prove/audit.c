/*
 * Rules that never match, and rules that change nothing; see audit.h. A rule never matches when earlier rules cover
 * all its boxes. It is redundant when whatever they leave of it would be decided alike by the rules behind it.
 *
 * Most rules do match: before the exact search a few points of a box are tried, and one that no earlier box holds (or
 * that a later box decides otherwise) settles it.
 */
#include "prove/audit.h"

#include <stdlib.h>

#include "prove/flat.h"

#define BOXES_MOST 64u /* that one entry may become */
#define STEPS_A_BOX 300000u
#define SAMPLES 12u

/* What is known of a rule so far, over all places and families. */
struct record {
    const struct rule *rule;
    enum family family;
    struct cube cube; /* some packets of it, for a witness */
    bool seen;
    bool matches; /* some packet comes to it */
    bool matters; /* some packet would fare otherwise without it */
    bool undecided;
    const struct rule **hiders; /* what covers it where it never matches */
    size_t hider_n;
    const struct rule **stand_ins; /* what decides alike where it is redundant */
    size_t stand_in_n;
};

/* One base chain, unfolded, as ranked boxes. */
struct list {
    struct arena *arena;
    const struct prover *prover;
    struct program *program;
    enum family family;
    struct flat *flat;
    struct ranks *ranks;
    struct ranked_boxes boxes;
    uint32_t *owners; /* entry of each box */
    uint8_t *useless; /* boxes that hide nothing: their entry is not understood */
    struct box_index *index;
    uint8_t *used;
    uint8_t *alike;
    struct record **records; /* of each entry; NULL: the policy */
};

static const struct ranges *box_asks(const void *context, size_t i, enum field field)
{
    const struct list *list = context;

    return list->flat->v[list->owners[i]].cube.field[field];
}

static bool make_boxes(struct list *list)
{
    const struct cube **cubes = arena_new_array(list->arena, const struct cube *, list->flat->n);
    struct {
        uint32_t *v;
        size_t n;
        size_t capacity;
    } owners = {0};

    for (size_t i = 0; i < list->flat->n; i++)
        cubes[i] = &list->flat->v[i].cube;
    list->ranks = ranks_of(list->arena, cubes, list->flat->n, list->family);
    for (size_t i = 0; i < list->flat->n; i++) {
        struct record *record = list->records[i];

        if (!ranked_boxes_of(list->arena, list->ranks, cubes[i], BOXES_MOST, &list->boxes) && record != NULL)
            record->undecided = true;
        while (owners.n < list->boxes.n)
            *vec_push(list->arena, &owners) = (uint32_t)i;
    }
    list->owners = owners.v;
    list->useless = arena_new_array(list->arena, uint8_t, list->boxes.n);
    list->used = arena_new_array(list->arena, uint8_t, list->boxes.n);
    list->alike = arena_new_array(list->arena, uint8_t, list->boxes.n);
    for (size_t i = 0; i < list->boxes.n; i++)
        list->useless[i] = list->flat->v[owners.v[i]].action == ACTION_UNKNOWN;
    list->index = index_new(list->arena, list->boxes.n, box_asks, list);
    return true;
}

/* A box can hide another when its unknowns hold wherever those of the other do. */
static bool knows(const struct literals *asked, const struct literals *given)
{
    for (uint32_t i = 0; asked != NULL && i < asked->n; i++) {
        uint32_t k = 0;

        while (given != NULL && k < given->n && given->v[k] != asked->v[i])
            k++;
        if (given == NULL || k == given->n)
            return false;
    }
    return true;
}

struct candidates {
    struct picks before;
    struct picks after;
};

/* Boxes that meet box `at`, of other rules: earlier ones that surely hide, later ones up to the first that holds it. */
static struct candidates find_candidates(struct list *list, struct arena *scratch, uint32_t at)
{
    const struct flat_entry *entry = &list->flat->v[list->owners[at]];
    const struct ranked *box = &list->boxes.v[at];
    struct {
        uint32_t *v;
        size_t n;
        size_t capacity;
    } before = {0}, after = {0};
    struct cursor cursor;

    cursor_start(&cursor, list->index, &entry->cube);
    for (size_t i = cursor_next(&cursor, 0); i < list->boxes.n; i = cursor_next(&cursor, i + 1)) {
        const struct flat_entry *other = &list->flat->v[list->owners[i]];
        const struct ranked *with = &list->boxes.v[i];

        if (other->rule == entry->rule || !ranked_overlaps(box, with))
            continue;
        if (i < at) {
            if (!list->useless[i] && knows(other->cube.literals, entry->cube.literals))
                *vec_push(scratch, &before) = (uint32_t)i;
            continue;
        }
        list->alike[i] = other->action == entry->action && knows(other->cube.literals, entry->cube.literals);
        *vec_push(scratch, &after) = (uint32_t)i;
        if (ranked_within(box, with) && knows(other->cube.literals, entry->cube.literals))
            break;
    }
    return (struct candidates){{before.v, before.n}, {after.v, after.n}};
}

static bool holds_point(const struct ranked *box, const int32_t *point)
{
    int32_t outside = 0;

    for (size_t i = 0; i < FIELD_N; i++)
        outside |= (point[i] < box->lo[i]) | (point[i] > box->hi[i]);
    return outside == 0;
}

static uint32_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (uint32_t)(*random >> 32);
}

/* Tries points of the box: *leaves when one is in no earlier box, *differs when such a one fares otherwise later. */
static void try_points(struct list *list, const struct ranked *box, const struct candidates *c, bool *leaves,
                       bool *differs)
{
    uint64_t random = 0x9e3779b97f4a7c15u;

    for (unsigned sample = 0; sample < SAMPLES && !*differs; sample++) {
        int32_t point[FIELD_N];
        size_t k = 0;

        for (size_t i = 0; i < FIELD_N; i++) {
            uint32_t width = (uint32_t)(box->hi[i] - box->lo[i]) + 1;

            point[i] = sample == 0   ? box->lo[i]
                       : sample == 1 ? box->hi[i]
                                     : box->lo[i] + (int32_t)(next_random(&random) % width);
        }
        while (k < c->before.n && !holds_point(&list->boxes.v[c->before.v[k]], point))
            k++;
        if (k < c->before.n)
            continue;
        *leaves = true;
        for (k = 0; k < c->after.n && !holds_point(&list->boxes.v[c->after.v[k]], point); k++)
            ;
        *differs = k == c->after.n || !list->alike[c->after.v[k]];
    }
}

/* The rules of the boxes that took part, each once. */
static const struct rule **used_rules(struct list *list, struct picks a, struct picks b, size_t *n)
{
    struct {
        const struct rule **v;
        size_t n;
        size_t capacity;
    } rules = {0};

    for (size_t k = 0; k < a.n + b.n; k++) {
        uint32_t i = k < a.n ? a.v[k] : b.v[k - a.n];
        const struct rule *rule = list->flat->v[list->owners[i]].rule;

        if (list->used[i] && rule != NULL && (rules.n == 0 || rules.v[rules.n - 1] != rule))
            *vec_push(list->prover->arena, &rules) = rule;
        list->used[i] = 0;
    }
    *n = rules.n;
    return rules.v;
}

static void judge_box(struct list *list, struct arena *scratch, uint32_t at)
{
    struct record *record = list->records[list->owners[at]];
    const struct ranked *box = &list->boxes.v[at];
    struct cover cover = {.arena = scratch, .boxes = list->boxes.v, .used = list->used, .budget = STEPS_A_BOX};
    struct candidates c = find_candidates(list, scratch, at);
    struct ranked point;
    bool leaves = false;
    bool differs = false;

    try_points(list, box, &c, &leaves, &differs);
    leaves = leaves || cover_leaves(&cover, box, c.before, &point);
    if (!leaves) {
        if (record->hider_n == 0)
            record->hiders = used_rules(list, c.before, (struct picks){0}, &record->hider_n);
    } else if (!record->matters) {
        for (size_t k = 0; k < c.before.n; k++)
            list->used[c.before.v[k]] = 0;
        differs = differs || cover_differs(&cover, box, c.before, c.after, list->alike, &point);
        if (!differs && record->stand_in_n == 0)
            record->stand_ins = used_rules(list, c.after, (struct picks){0}, &record->stand_in_n);
    }
    for (size_t k = 0; k < c.before.n; k++)
        list->used[c.before.v[k]] = 0;
    for (size_t k = 0; k < c.after.n; k++)
        list->used[c.after.v[k]] = 0;
    record->matches = record->matches || leaves;
    record->matters = record->matters || differs;
    record->undecided = record->undecided || (cover.budget == 0 && !differs);
}

/* --- the ruleset -------------------------------------------------------------------------------------------------- */

struct audit {
    struct arena *arena;
    const struct prover *prover;
    struct findings *findings;
    struct record **records; /* per chain, per rule */
    struct map chains;       /* bytes of struct chain * -> its records */
};

static struct record *record_of(struct audit *audit, const struct rule *rule)
{
    struct chain *chain = rule->chain;
    struct record *records = map_get(&audit->chains, (struct str){(const char *)&chain, sizeof chain});

    return &records[rule - chain->rules];
}

static void make_records(struct audit *audit)
{
    const struct ruleset *ruleset = audit->prover->ruleset;

    for (size_t i = 0; i < ruleset->chain_n; i++) {
        struct chain *chain = ruleset->chains[i];
        struct record *records = arena_new_array(audit->arena, struct record, chain->rule_n + 1);

        for (size_t k = 0; k < chain->rule_n; k++)
            records[k].rule = &chain->rules[k];
        map_set(audit->arena, &audit->chains, (struct str){(const char *)&ruleset->chains[i], sizeof chain}, records);
    }
}

static void audit_chain(struct audit *audit, enum family family, uint32_t chain)
{
    struct arena *arena = arena_new();
    struct arena *scratch = arena_new();
    struct list list = {
        .arena = arena, .prover = audit->prover, .program = audit->prover->programs[family], .family = family};

    list.flat = flat_make(arena, list.program, chain);
    list.records = arena_new_array(arena, struct record *, list.flat->n);
    for (size_t i = 0; i < list.flat->n; i++) {
        struct record *record;

        if (list.flat->v[i].rule == NULL)
            continue;
        record = record_of(audit, list.flat->v[i].rule);
        record->undecided = record->undecided || list.flat->too_large || list.flat->v[i].action == ACTION_UNKNOWN;
        if (!record->seen) {
            record->seen = true;
            record->family = family;
            record->cube = list.flat->v[i].cube;
            for (enum field field = 0; field < FIELD_N; field++) {
                const struct ranges *ranges = record->cube.field[field];

                if (ranges != NULL)
                    record->cube.field[field] =
                        arena_copy(audit->arena, ranges, sizeof *ranges + ranges->n * sizeof ranges->v[0]);
            }
            record->cube.literals = NULL;
        }
        list.records[i] = record;
    }
    if (!list.flat->too_large && make_boxes(&list)) {
        for (uint32_t i = 0; i < list.boxes.n; i++) {
            struct record *record = list.records[list.owners[i]];
            struct arena_mark mark = arena_mark(scratch);

            if (record != NULL && !record->undecided)
                judge_box(&list, scratch, i);
            arena_release(scratch, mark);
        }
    }
    arena_free(scratch);
    arena_free(arena);
}

static void add_by(struct audit *audit, struct finding *finding, const struct rule *const *rules, size_t n)
{
    struct arena *arena = audit->prover->arena;

    finding->by = arena_new_array(arena, struct rule_ref, n);
    for (size_t i = 0; i < n; i++) {
        struct rule_ref ref = rule_ref_of(rules[i]);
        size_t k = 0;

        while (k < finding->by_n && (finding->by[k].index != ref.index || !str_eq(finding->by[k].chain, ref.chain)))
            k++;
        if (k == finding->by_n)
            finding->by[finding->by_n++] = ref;
    }
}

static struct finding *report_rule(struct audit *audit, enum finding_kind kind, enum severity severity,
                                   const struct record *record, const char *message)
{
    struct finding *finding = vec_push(audit->prover->arena, audit->findings);

    *finding = (struct finding){.kind = kind,
                                .severity = severity,
                                .rule = rule_ref_of(record->rule),
                                .message = str_of(message),
                                .has_box = true,
                                .has_packet = true};
    finding->box = witness_box(audit->prover->arena, audit->prover, record->family, &record->cube);
    finding->packet = witness_packet(audit->prover->arena, audit->prover, record->family, &record->cube);
    return finding;
}

static bool decides_otherwise(const struct rule *rule, const struct rule *const *others, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((others[i]->action == ACTION_ACCEPT) != (rule->action == ACTION_ACCEPT) &&
            others[i]->action != ACTION_RETURN)
            return true;
    }
    return false;
}

static void report_record(struct audit *audit, const struct record *record, size_t *undecided)
{
    if (!record->seen)
        return;
    if (record->undecided && record->rule->action != ACTION_UNKNOWN)
        *undecided += 1;
    if (record->undecided)
        return;
    if (!record->matches) {
        add_by(audit,
               report_rule(audit, FINDING_SHADOWED, SEVERITY_WARNING, record,
                           "never matches: earlier rules take all its packets"),
               record->hiders, record->hider_n);
        if (decides_otherwise(record->rule, record->hiders, record->hider_n))
            add_by(audit,
                   report_rule(audit, FINDING_CONTRADICTS, SEVERITY_ERROR, record,
                               "contradicts earlier rules, which decide its packets otherwise"),
                   record->hiders, record->hider_n);
    } else if (!record->matters) {
        add_by(audit,
               report_rule(audit, FINDING_REDUNDANT, SEVERITY_WARNING, record,
                           "changes nothing: without it its packets are decided alike"),
               record->stand_ins, record->stand_in_n);
    }
}

/* Several rules of the model can be one rule of the input (a verdict map): it is the worst of none of them. */
static void join_same(struct record *records, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        struct record *a = &records[i];
        struct record *b = &records[i + 1];

        if (a->rule->index != b->rule->index)
            continue;
        b->matches = b->matches || a->matches;
        b->matters = b->matters || a->matters;
        b->undecided = b->undecided || a->undecided;
        a->seen = false;
    }
}

static void report_chains(struct audit *audit)
{
    const struct ruleset *ruleset = audit->prover->ruleset;
    struct arena *arena = audit->prover->arena;
    struct map called = {0};

    for (size_t i = 0; i < ruleset->chain_n; i++) {
        for (size_t k = 0; k < ruleset->chains[i]->rule_n; k++) {
            const struct rule *rule = &ruleset->chains[i]->rules[k];

            if (rule->target != NULL && rule->target != rule->chain)
                map_set(audit->arena, &called, (struct str){(const char *)&rule->target, sizeof rule->target}, audit);
        }
    }
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        const struct chain *chain = ruleset->chains[i];
        struct finding *finding;

        if (chain->hook != HOOK_NONE ||
            map_get(&called, (struct str){(const char *)&ruleset->chains[i], sizeof chain}) != NULL)
            continue;
        finding = vec_push(arena, audit->findings);
        *finding = (struct finding){.kind = FINDING_UNREACHABLE_CHAIN, .severity = SEVERITY_WARNING};
        finding->message = str_printf(arena, "nothing leads into chain %.*s", STR_ARG(chain->name));
        finding->rule = (struct rule_ref){.file = ruleset->file,
                                          .table = chain->table,
                                          .chain = chain->name,
                                          .text = str_printf(arena, "chain %.*s", STR_ARG(chain->name)),
                                          .present = true};
        if (chain->has_line)
            finding->rule.line = source_line(chain->place.source, chain->place.at);
    }
}

static void report_sets(struct audit *audit)
{
    const struct ruleset *ruleset = audit->prover->ruleset;
    struct arena *arena = audit->prover->arena;

    for (size_t i = 0; i < ruleset->set_n; i++) {
        const struct named_set *set = &ruleset->sets[i];
        struct finding *finding;

        if (set->used)
            continue;
        finding = vec_push(arena, audit->findings);
        *finding = (struct finding){.kind = FINDING_UNUSED_SET, .severity = SEVERITY_NOTE};
        finding->message = str_printf(arena, "no rule uses set %.*s", STR_ARG(set->name));
        finding->rule = (struct rule_ref){.file = set->place.source == NULL ? ruleset->file : set->place.source->name,
                                          .table = set->table,
                                          .text = str_printf(arena, "set %.*s", STR_ARG(set->name)),
                                          .present = true};
        if (set->has_line)
            finding->rule.line = source_line(set->place.source, set->place.at);
    }
}

void audit_find(struct arena *arena, const struct prover *prover, struct findings *findings, size_t *undecided)
{
    const struct ruleset *ruleset = prover->ruleset;
    struct audit audit = {.arena = arena, .prover = prover, .findings = findings};

    *undecided = 0;
    make_records(&audit);
    for (enum family family = 0; family < FAMILY_N; family++) {
        for (uint32_t i = 0; prover->programs[family] != NULL && i < ruleset->chain_n; i++) {
            if (ruleset->chains[i]->hook != HOOK_NONE && (ruleset->chains[i]->families & FAMILY_BIT(family)) != 0)
                audit_chain(&audit, family, i);
        }
    }
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        struct chain *chain = ruleset->chains[i];
        struct record *records = map_get(&audit.chains, (struct str){(const char *)&ruleset->chains[i], sizeof chain});

        join_same(records, chain->rule_n);
        for (size_t k = 0; k < chain->rule_n; k++)
            report_record(&audit, &records[k], undecided);
    }
    report_chains(&audit);
    report_sets(&audit);
}
