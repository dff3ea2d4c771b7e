/*
 * Verdicts after an edit; see edit.h. A packet that neither the old rule nor the new one takes goes past both alike, in
 * whatever chain they stand: a question none of whose packets they take has the answer that it had. The packets of all
 * questions are indexed, so that a rule finds those that it meets.
 *
 * Packets come to a rule as rules before it rewrote them, and replies follow what became of their requests: a rule is
 * taken to meet a question whatever it asks of a field that may have been written.
 */
#include "prove/edit.h"

#include "prove/reply.h"
#include "prove/rewrite.h"

/* Packets that a question asks about. */
struct asked {
    struct cube cube;
    uint32_t question; /* 2 * permit + direction */
};

struct asked_list {
    struct asked *v;
    size_t n;
    size_t capacity;
    const struct box_index *index; /* NULL: too few for one */
};

struct edit {
    struct arena *arena;
    struct arena *scratch;
    struct ruleset *ruleset;
    const struct policy *policy;
    struct prover *prover;
    struct verdict *verdicts; /* of each question */
    uint32_t *stale;          /* questions to be judged again, */
    size_t stale_n;
    uint8_t *is_stale; /* each once */
    struct asked_list asked[FAMILY_N];
};

static bool is_question(const struct edit *edit, size_t question)
{
    return question % 2 == DIRECTION_REQUEST || !edit->policy->permits[question / 2].flow->no_reply;
}

static void judge(struct edit *edit, size_t question)
{
    const struct permit *permit = &edit->policy->permits[question / 2];
    struct arena_mark mark = arena_mark(edit->scratch);

    judge_permit(edit->scratch, edit->prover, permit, (enum direction)(question % 2), &edit->verdicts[question]);
    edit->verdicts[question].firewall = edit->policy->firewall;
    arena_release(edit->scratch, mark);
}

static const struct ranges *question_asks(const void *context, size_t i, enum field field)
{
    const struct asked_list *list = context;

    return list->v[i].cube.field[field];
}

static void add_question(struct edit *edit, size_t question)
{
    const struct permit *permit = &edit->policy->permits[question / 2];
    struct asked_list *list = &edit->asked[permit->flow->family];
    enum hook hook;
    struct cubes cubes = region_of_permit(edit->arena, edit->prover, permit, (enum direction)(question % 2), &hook);

    vec_each (const struct cube *, cube, &cubes)
        *vec_push(edit->arena, list) = (struct asked){.cube = *cube, .question = (uint32_t)question};
}

struct edit *edit_start(struct arena *arena, struct ruleset *ruleset, const struct policy *policy)
{
    struct edit *edit = arena_new_object(arena, struct edit);
    size_t n = 2 * policy->permit_n;

    *edit = (struct edit){.arena = arena, .ruleset = ruleset, .policy = policy};
    edit->prover = prover_new(arena, ruleset, policy);
    edit->verdicts = arena_new_array(arena, struct verdict, n);
    edit->stale = arena_new_array(arena, uint32_t, n);
    edit->is_stale = arena_new_array(arena, uint8_t, n);
    edit->scratch = arena_new();
    for (size_t i = 0; i < n; i++) {
        if (!is_question(edit, i))
            continue;
        judge(edit, i);
        add_question(edit, i);
    }
    for (enum family family = 0; family < FAMILY_N; family++) {
        struct asked_list *list = &edit->asked[family];

        if (list->n > INDEX_WORTH)
            list->index = index_new(arena, list->n, question_asks, list);
    }
    return edit;
}

void edit_free(struct edit *edit)
{
    if (edit != NULL)
        arena_free(edit->scratch);
}

const struct prover *edit_prover(const struct edit *edit)
{
    return edit->prover;
}

const struct verdict *edit_verdict(const struct edit *edit, size_t i, enum direction direction)
{
    return &edit->verdicts[2 * i + direction];
}

/* --- what a rule meets ------------------------------------------------------------------------------------------- */

/* Fields that may not be what they were when the question was asked. */
static unsigned blurred(const struct program *program)
{
    static const enum field mirrors[][2] = {
        {FIELD_SOURCE, FIELD_DESTINATION}, {FIELD_SOURCE_PORT, FIELD_PORT}, {FIELD_IN, FIELD_OUT}};
    unsigned fields = program->ruleset->rewrites;

    if (fields == 0)
        return program->early;
    for (size_t i = 0; i < 3; i++) {
        unsigned both = 1u << mirrors[i][0] | 1u << mirrors[i][1];

        if ((fields & both) != 0)
            fields |= both;
    }
    return fields | program->early | 1u << FIELD_STATE;
}

/* With its request goes a reply that follows it. */
static void mark(struct edit *edit, uint32_t question)
{
    if (edit->is_stale[question] != 0)
        return;
    edit->is_stale[question] = 1;
    edit->stale[edit->stale_n++] = question;
    if (question % 2 == DIRECTION_REQUEST && reply_follows(edit->ruleset) && is_question(edit, question + 1))
        mark(edit, question + 1);
}

static void mark_met(struct edit *edit, enum family family, const struct cube *asks)
{
    const struct asked_list *list = &edit->asked[family];
    unsigned written = blurred(edit->prover->programs[family]);
    struct cube cube = *asks;
    struct cursor cursor;

    cube.literals = NULL;
    for (enum field field = 0; field < FIELD_N; field++) {
        if ((written & 1u << field) != 0)
            cube.field[field] = NULL;
    }
    if (list->index != NULL)
        cursor_start(&cursor, list->index, &cube);
    for (size_t i = 0; i < list->n; i++) {
        if (list->index != NULL)
            i = cursor_next(&cursor, i);
        if (i < list->n && cube_overlaps(&list->v[i].cube, &cube))
            mark(edit, list->v[i].question);
    }
}

static bool asks_unknown(const struct match *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == MATCH_UNKNOWN)
            return true;
        for (size_t k = 0; (v[i].kind == MATCH_ANY_OF || v[i].kind == MATCH_NONE_OF) && k < v[i].group_n; k++) {
            if (asks_unknown(v[i].groups[k].v, v[i].groups[k].n))
                return true;
        }
    }
    return false;
}

/* Questions that the rule, as it stands now, has a part in. */
static void mark_rule(struct edit *edit, const struct chain *chain, size_t i, uint32_t number)
{
    const struct rule *rule = &chain->rules[i];
    bool writes = action_writes(rule->action) != 0;
    bool beside = (edit->ruleset->rewrites & REWRITE_ENDS) != 0 && reply_comes_beside(edit->ruleset, chain);

    for (enum family family = 0; family < FAMILY_N; family++) {
        struct program *program = edit->prover->programs[family];
        const struct program_rule *made = program == NULL ? NULL : program_rule_at(program, number, i);

        for (uint32_t k = 0; made != NULL && k < made->cube_n; k++)
            mark_met(edit, family, &made->cubes[k]);
    }
    /* One that asks for an unknown may be named wherever that is asked for; one beside NAT wherever it tells ends
     * apart. */
    if (!writes && !beside && !asks_unknown(rule->matches, rule->match_n))
        return;
    for (uint32_t q = 0; q < 2 * edit->policy->permit_n; q++) {
        bool again = writes || (beside && q % 2 == DIRECTION_REPLY) || edit->verdicts[q].kind == VERDICT_UNDETERMINED;

        if (is_question(edit, q) && again)
            mark(edit, q);
    }
}

/* --- the edit ---------------------------------------------------------------------------------------------------- */

static bool is_numbered(const struct interface_numbers *numbers, const struct interface_pattern *pattern)
{
    for (size_t i = 0; i < numbers->n; i++) {
        struct str point = numbers->points[i];
        bool ends = point.n == pattern->name.n + 1 && point.p[point.n - 1] == INTERFACE_AFTER;

        if (pattern->prefix ? ends && str_eq(str_head(point, pattern->name.n), pattern->name)
                            : str_eq(point, pattern->name))
            return true;
    }
    return false;
}

/* Whether all that the matches name has a number. */
static bool is_known(const struct edit *edit, const struct match *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == MATCH_UNKNOWN && v[i].literal >= edit->ruleset->literal_n)
            return false;
        for (size_t k = 0; v[i].kind == MATCH_INTERFACES && k < v[i].interface_n; k++) {
            if (!is_numbered(edit->prover->interfaces, &v[i].interfaces[k]))
                return false;
        }
        for (size_t k = 0; (v[i].kind == MATCH_ANY_OF || v[i].kind == MATCH_NONE_OF) && k < v[i].group_n; k++) {
            if (!is_known(edit, v[i].groups[k].v, v[i].groups[k].n))
                return false;
        }
    }
    return true;
}

static uint32_t number_of(const struct ruleset *ruleset, const struct chain *chain)
{
    uint32_t number = 0;

    while (ruleset->chains[number] != chain)
        number++;
    return number;
}

bool edit_rule(struct edit *edit, struct chain *chain, size_t i, const struct rule *rule, size_t *judged)
{
    uint32_t number = number_of(edit->ruleset, chain);

    if (!is_known(edit, rule->matches, rule->match_n))
        return false;
    mark_rule(edit, chain, i, number);
    for (enum family family = 0; family < FAMILY_N; family++) {
        if (edit->prover->programs[family] != NULL)
            program_forget(edit->prover->programs[family], number, i);
        if (edit->prover->plain[family] != edit->prover->programs[family])
            program_forget(edit->prover->plain[family], number, i);
    }
    chain->rules[i] = *rule;
    chain->rules[i].chain = chain;
    chain->rules[i].index = (uint32_t)i + 1;
    edit->ruleset->rewrites |= action_writes(rule->action);
    for (enum family family = 0; family < FAMILY_N; family++) {
        if (edit->prover->programs[family] != NULL)
            program_renew(edit->prover->programs[family], number, i);
        if (edit->prover->plain[family] != edit->prover->programs[family])
            program_renew(edit->prover->plain[family], number, i);
    }
    mark_rule(edit, chain, i, number);
    for (size_t k = 0; k < edit->stale_n; k++) {
        judge(edit, edit->stale[k]);
        edit->is_stale[edit->stale[k]] = 0;
    }
    *judged = edit->stale_n;
    edit->stale_n = 0;
    return true;
}
