/* A disagreement for people: packets, answers, and the ruleset with every line left out that it does not need. */
#include "bench.h"

/* A shot with those before it that make its connection what it is, in this order. */
static struct shots history(struct bench *bench, const struct shots *shots, const struct shot *last)
{
    struct shots all = {0};

    if (last->opener > 0) {
        *vec_push(bench->arena, &all) = shots->v[last->opener - 1];
        vec_each (const struct shot *, shot, shots) {
            if (!last->reply && shot->opener == last->opener && shot->reply && shot->probe.about == NULL)
                *vec_push(bench->arena, &all) = *shot;
        }
    }
    *vec_push(bench->arena, &all) = *last;
    return all;
}

/* Whether part of the ruleset still disagrees on the last shot. */
static bool still_wrong(struct bench *bench, struct shots *all, struct str sets, struct str rules)
{
    struct str said;

    if (bench_load(bench, sets, rules, &said) != LOADED)
        return false;
    for (size_t i = 0; i < all->n; i++) {
        struct shots one = {.v = &all->v[i], .n = 1, .capacity = 1};
        struct answer answer = bench_prepare(bench, &all->v[i], i);

        if (!bench_fire(bench, &one, 0, &answer))
            return false;
        if (i + 1 == all->n)
            return answerer_judge(&bench->answerer, &all->v[i], &answer) == DISAGREES;
        if (!all->v[i].connected)
            return false;
    }
    return false;
}

/* Leaves out lines, many at once and then one by one, while the disagreement stays. */
static void reduce(struct bench *bench, struct shots *all, const struct lines *lines, bool *without, bool rules,
                   struct str other)
{
    bool *before = arena_new_array(bench->arena, bool, lines->n + 1);

    for (size_t step = lines->n / 2; step > 0; step = step == 1 ? 0 : (step + 1) / 2) {
        for (size_t i = 0; i < lines->n; i += step) {
            struct str text;

            memcpy(before, without, lines->n * sizeof *before);
            for (size_t k = i; k < i + step && k < lines->n; k++)
                without[k] = true;
            text = bench_text(bench->arena, lines, without);
            if (memcmp(before, without, lines->n * sizeof *before) != 0 &&
                !still_wrong(bench, all, rules ? other : text, rules ? text : other))
                memcpy(without, before, lines->n * sizeof *before);
        }
    }
}

static void show_outcomes(struct buf *out, unsigned outcomes)
{
    static const char *const names[] = {"accept", "drop", "reject", "unknown"};

    for (unsigned i = 0; i < 4; i++) {
        if ((outcomes & 1u << i) != 0)
            buf_addf(out, "%s%s", out->n > 0 && out->p[out->n - 1] != ' ' ? "|" : "", names[i]);
    }
}

static void show_answers(struct buf *out, const struct shot *shot, const struct answer *answer)
{
    buf_adds(out, "  explain: ");
    show_outcomes(out, answer->naive);
    if (answer->after.written) {
        buf_adds(out, ", as ");
        packet_format(out, &answer->after.packet);
    }
    buf_adds(out, "\n  prover:  ");
    show_outcomes(out, answer->prover);
    buf_adds(out, "\n  kernel:  ");
    buf_adds(out, shot->probe.passed ? "passed as " : "stopped");
    if (shot->probe.passed)
        packet_format(out, &shot->probe.seen);
    buf_addc(out, '\n');
}

void bench_show(struct bench *bench, const struct shots *shots, const struct shot *shot, const struct answer *answer)
{
    struct shots all = history(bench, shots, shot);
    const struct lines *rules = &bench->composed.rules;
    const struct lines *sets = &bench->composed.sets;
    bool *without = arena_new_array(bench->arena, bool, rules->n + 1);
    bool *without_set = arena_new_array(bench->arena, bool, sets->n + 1);
    struct str set_text = bench_text(bench->arena, sets, NULL);
    struct str text = bench_text(bench->arena, rules, NULL);
    struct buf out = BUF_EMPTY;

    buf_addf(&out, "%s, seed %llu, at %s", bench->mode->name, (unsigned long long)bench->seed,
             hook_name(shot->probe.hook));
    vec_each (const struct shot *, each, &all) {
        buf_adds(&out, each->probe.about != NULL ? "\n  an ICMP error about it: " : "\n  ");
        packet_format(&out, &each->probe.packet);
    }
    buf_addc(&out, '\n');
    show_answers(&out, shot, answer);
    if (!bench->no_ruleset && still_wrong(bench, &all, set_text, text)) {
        reduce(bench, &all, rules, without, true, set_text);
        text = bench_text(bench->arena, rules, without);
        reduce(bench, &all, sets, without_set, false, text);
        set_text = bench_text(bench->arena, sets, without_set);
    } else {
        buf_adds(&out, "  (not seen again by itself; the whole ruleset:)\n");
    }
    buf_add(&out, set_text);
    buf_add(&out, text);
    printf("%.*s\n", STR_ARG(buf_str(&out)));
    buf_free(&out);
}
