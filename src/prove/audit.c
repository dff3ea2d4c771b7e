/*
 * Rules that never match, and rules that change nothing; see audit.h. A rule never matches when earlier rules cover
 * all its boxes. It is redundant when whatever they leave of it would be decided alike by the rules behind it.
 */
#include "prove/audit.h"

#include <stdlib.h>

#include "prove/cover.h"

struct used_rules VEC(const struct rule *);

/* What is known of a rule so far, over all places and families. */
struct record {
    const struct rule *rule;
    enum family family;
    struct cube cube; /* some packets of it, for a witness */
    bool seen;
    bool matches; /* some packet comes to it */
    bool matters; /* some packet would fare otherwise without it */
    bool undecided;
    struct used_rules hiders;    /* what covers it where it never matches */
    struct used_rules stand_ins; /* what decides alike where it is redundant */
};

struct chain_audit {
    struct arena *arena;
    struct arena *kept; /* what records keep */
    struct flat *flat;
    struct box_list boxes;
    struct record **records; /* of each entry; NULL: the policy */
};

static void make_boxes(struct chain_audit *audit)
{
    struct box_list *list = &audit->boxes;

    box_list_make(audit->arena, audit->flat, list);
    for (size_t i = 0; i < audit->flat->n; i++) {
        if (list->first[i] == list->first[i + 1] && audit->records[i] != NULL)
            audit->records[i]->undecided = true;
    }
}

static void add_used(struct chain_audit *audit, const struct used_boxes *used, struct used_rules *rules)
{
    vec_each (const uint32_t *, i, used) {
        if (audit->boxes.rules[*i] != NULL)
            *vec_push(audit->kept, rules) = audit->boxes.rules[*i];
    }
}

static void judge_box(struct chain_audit *audit, struct arena *scratch, uint32_t at)
{
    struct record *record = audit->records[audit->boxes.owners[at]];
    struct cover cover;

    cover_judge(&cover, scratch, &audit->boxes, at);
    record->matches = record->matches || cover.leaves;
    record->matters = record->matters || cover.differs;
    record->undecided = record->undecided || cover.undecided;
    if (!record->matches)
        add_used(audit, &cover.hiders, &record->hiders);
    else if (!record->matters)
        add_used(audit, &cover.stand_ins, &record->stand_ins);
}

/* The boxes that decide like the policy, or those that do not. */
static void judge_boxes(struct chain_audit *audit, struct arena *scratch, bool like_policy)
{
    const struct flat *flat = audit->flat;
    enum action policy = flat->v[flat->n - 1].action;

    for (size_t i = 0; i < audit->boxes.boxes.n; i++) {
        /* Neighbours one after the other: they meet the same boxes. */
        uint32_t at = tree_order(audit->boxes.tree)[i];
        uint32_t owner = audit->boxes.owners[at];
        struct record *record = audit->records[owner];
        struct arena_mark mark = arena_mark(scratch);

        if (record != NULL && !record->undecided && !record->matters &&
            (flat->v[owner].action == policy) == like_policy)
            judge_box(audit, scratch, at);
        arena_release(scratch, mark);
    }
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

static void start_record(struct audit *audit, struct record *record, enum family family, const struct cube *cube)
{
    if (record->seen)
        return;
    record->seen = true;
    record->family = family;
    record->cube = *cube;
    record->cube.literals = NULL;
    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *ranges = cube->field[field];

        if (ranges != NULL)
            record->cube.field[field] =
                arena_copy(audit->arena, ranges, sizeof *ranges + ranges->n * sizeof ranges->v[0]);
    }
}

static void audit_chain(struct audit *audit, enum family family, uint32_t chain)
{
    struct arena *arena = arena_new();
    struct arena *scratch = arena_new();
    struct chain_audit one = {.arena = arena, .kept = audit->arena};

    one.flat = flat_make(arena, audit->prover->programs[family], chain);
    one.records = arena_new_array(arena, struct record *, one.flat->n);
    for (size_t i = 0; i < one.flat->n; i++) {
        const struct flat_entry *entry = &one.flat->v[i];

        if (entry->rule == NULL)
            continue;
        one.records[i] = record_of(audit, entry->rule);
        start_record(audit, one.records[i], family, &entry->cube);
        one.records[i]->undecided |= one.flat->too_large || !flat_plain(entry);
    }
    if (!one.flat->too_large)
        make_boxes(&one);
    /* Those that decide otherwise than the policy first: it is easily seen which of them never match. */
    judge_boxes(&one, scratch, false);
    judge_boxes(&one, scratch, true);
    arena_free(scratch);
    arena_free(arena);
}

static int by_place(const void *a, const void *b)
{
    const struct rule *x = *(const struct rule *const *)a;
    const struct rule *y = *(const struct rule *const *)b;
    int order;

    if (x->chain != y->chain && ((order = str_cmp(x->chain->table, y->chain->table)) != 0 ||
                                 (order = str_cmp(x->chain->name, y->chain->name)) != 0))
        return order;
    return (x->index > y->index) - (x->index < y->index);
}

static void add_by(struct audit *audit, struct finding *finding, const struct used_rules *rules)
{
    struct arena *arena = audit->prover->arena;

    if (rules->n == 0)
        return;
    qsort(rules->v, rules->n, sizeof *rules->v, by_place);
    finding->by = arena_new_array(arena, struct rule_ref, rules->n);
    for (size_t i = 0; i < rules->n; i++) {
        const struct rule *before = i > 0 ? rules->v[i - 1] : NULL;

        /* Several rules of the model can be one rule of the input. */
        if (before == NULL || before->chain != rules->v[i]->chain || before->index != rules->v[i]->index)
            finding->by[finding->by_n++] = rule_ref_of(rules->v[i]);
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

static bool decides_otherwise(const struct rule *rule, const struct used_rules *others)
{
    vec_each (const struct rule **, other, others) {
        if (((*other)->action == ACTION_ACCEPT) != (rule->action == ACTION_ACCEPT) && (*other)->action != ACTION_RETURN)
            return true;
    }
    return false;
}

static bool is_verdict(enum action action)
{
    return action == ACTION_ACCEPT || action == ACTION_DROP || action == ACTION_REJECT;
}

static void report_record(struct audit *audit, const struct record *record, struct undecided *undecided)
{
    if (!record->seen)
        return;
    if (record->undecided && is_verdict(record->rule->action) && undecided->n++ == 0)
        undecided->first = rule_ref_of(record->rule);
    if (record->undecided)
        return;
    if (!record->matches) {
        add_by(audit,
               report_rule(audit, FINDING_SHADOWED, SEVERITY_WARNING, record,
                           "never matches: earlier rules take all its packets"),
               &record->hiders);
        if (decides_otherwise(record->rule, &record->hiders))
            add_by(audit,
                   report_rule(audit, FINDING_CONTRADICTS, SEVERITY_ERROR, record,
                               "contradicts earlier rules, which decide its packets otherwise"),
                   &record->hiders);
    } else if (!record->matters && !record->rule->does_more) {
        add_by(audit,
               report_rule(audit, FINDING_REDUNDANT, SEVERITY_WARNING, record,
                           "changes nothing: without it its packets are decided alike"),
               &record->stand_ins);
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

void audit_find(struct arena *arena, const struct prover *prover, struct findings *findings,
                struct undecided *undecided)
{
    const struct ruleset *ruleset = prover->ruleset;
    struct audit audit = {.arena = arena, .prover = prover, .findings = findings};

    *undecided = (struct undecided){0};
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
