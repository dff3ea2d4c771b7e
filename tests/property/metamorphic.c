/*
 * Changes that leave the meaning of a ruleset as it is, and must be seen to: printed in the other dialect, independent
 * rules turned round, a rule cut in two, a rule added behind one that hides it, rules moved into a chain and a chain
 * put in place of its call. Of every pair `diff` must say that they are equal, and random packets must fare alike.
 *
 * A change of meaning beside them shows that the test can tell: when some packet fares otherwise, `diff` must know.
 *
 * usage: metamorphic [CASES [SEED]]
 */
#include "base/num.h"
#include "dialect/dialect.h"
#include "packet/naive.h"
#include "prove/diff.h"
#include "rows.h"

#define PACKETS 40 /* for each pair */

enum change { CHANGE_TRANSLATE, CHANGE_TURN, CHANGE_SPLIT, CHANGE_SHADOW, CHANGE_EXTRACT, CHANGE_INLINE, CHANGE_N };

static const char *const change_names[CHANGE_N] = {
    "printed in the other dialect", "two rules turned round",   "a rule cut in two",
    "a hidden rule added",          "rules moved into a chain", "a chain in place of its call"};

struct pass {
    struct arena *arena;
    struct draw draw;
    uint64_t seed;
    uint64_t done[CHANGE_N];
    uint64_t changed; /* in meaning, and some packet showed it */
    uint64_t wrong;
};

/* --- changes that keep the meaning -------------------------------------------------------------------------------- */

static struct rows *any_chain(struct pass *pass, struct row_policy *policy, unsigned *number)
{
    *number = draw_below(&pass->draw, policy->chain_n);
    return &policy->chains[*number];
}

static void insert(struct pass *pass, struct rows *rows, size_t at, struct row row)
{
    vec_push(pass->arena, rows);
    memmove(&rows->v[at + 1], &rows->v[at], (rows->n - 1 - at) * sizeof row);
    rows->v[at] = row;
}

static bool ends(enum action action)
{
    return action == ACTION_ACCEPT || action == ACTION_DROP || action == ACTION_REJECT || action == ACTION_RETURN;
}

static bool turn(struct pass *pass, struct row_policy *policy)
{
    unsigned number;
    struct rows *rows = any_chain(pass, policy, &number);
    struct row both;
    struct row first;
    size_t at;

    if (rows->n < 2)
        return false;
    at = draw_below(&pass->draw, (unsigned)rows->n - 1);
    if (rows_both(&rows->v[at], &rows->v[at + 1], &both) &&
        !(ends(rows->v[at].action) && rows->v[at].action == rows->v[at + 1].action))
        return false;
    first = rows->v[at];
    rows->v[at] = rows->v[at + 1];
    rows->v[at + 1] = first;
    return true;
}

/* In the middle of a range, or between states. */
static bool split(struct pass *pass, struct row_policy *policy)
{
    unsigned number;
    struct rows *rows = any_chain(pass, policy, &number);
    unsigned field = draw_below(&pass->draw, ROW_RANGES + 1);
    struct row half;
    size_t at;

    if (rows->n == 0)
        return false;
    at = draw_below(&pass->draw, (unsigned)rows->n);
    half = rows->v[at];
    if (field == ROW_RANGES) {
        unsigned some = half.states & (1 + draw_below(&pass->draw, ALL_STATES));

        if (some == 0 || some == half.states)
            return false;
        rows->v[at].states &= ~some;
        half.states = some;
    } else {
        struct range range = half.range[field];
        bool ported = half.protocol == 6 || half.protocol == 17;

        /* Without a protocol that has ports none can be asked for; a range of them leaves later fragments out. */
        if (range.lo == range.hi || (field >= ROW_SOURCE_PORT && (!ported || (range.lo == 0 && range.hi == 65535))))
            return false;
        rows->v[at].range[field].hi = range.lo + (range.hi - range.lo) / 2;
        half.range[field].lo = rows->v[at].range[field].hi + 1;
    }
    insert(pass, rows, at + 1, half);
    return true;
}

static bool shadow(struct pass *pass, struct row_policy *policy)
{
    static const enum action actions[] = {ACTION_ACCEPT, ACTION_DROP, ACTION_REJECT, ACTION_RETURN};
    unsigned number;
    struct rows *rows = any_chain(pass, policy, &number);
    struct row other;
    struct row hidden;
    size_t at;

    if (rows->n == 0)
        return false;
    at = draw_below(&pass->draw, (unsigned)rows->n);
    other = rows->v[draw_below(&pass->draw, (unsigned)rows->n)];
    if (!ends(rows->v[at].action) || !rows_both(&rows->v[at], &other, &hidden))
        return false;
    hidden.action = draw_of(&pass->draw, actions);
    insert(pass, rows, at + 1 + draw_below(&pass->draw, (unsigned)(rows->n - at)), hidden);
    return true;
}

static bool leaves(const struct rows *rows, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++) {
        if (rows->v[i].action == ACTION_RETURN || rows->v[i].action == ACTION_GOTO)
            return true;
    }
    return false;
}

/* Rules that only fall through or decide may stand in a chain of their own. */
static bool extract(struct pass *pass, struct row_policy *policy)
{
    unsigned number;
    struct rows *rows = any_chain(pass, policy, &number);
    struct rows *moved = &policy->chains[policy->chain_n];
    struct row call = {
        .protocol = -1, .icmp_type = -1, .states = ALL_STATES, .action = ACTION_JUMP, .target = policy->chain_n};
    size_t from;
    size_t n;

    if (rows->n == 0)
        return false;
    from = draw_below(&pass->draw, (unsigned)rows->n);
    n = 1 + draw_below(&pass->draw, (unsigned)(rows->n - from));
    if (leaves(rows, from, n))
        return false;
    for (size_t i = from; i < from + n; i++)
        *vec_push(pass->arena, moved) = rows->v[i];
    call.range[ROW_SOURCE] = call.range[ROW_DESTINATION] = (struct range){0, addr_max(policy->family)};
    call.range[ROW_SOURCE_PORT] = call.range[ROW_PORT] = (struct range){0, 65535};
    rows->v[from] = call;
    memmove(&rows->v[from + 1], &rows->v[from + n], (rows->n - from - n) * sizeof call);
    rows->n -= n - 1;
    policy->chain_n++;
    return true;
}

static bool inlines(struct pass *pass, struct row_policy *policy)
{
    unsigned number;
    struct rows *rows = any_chain(pass, policy, &number);
    const struct rows *called;
    struct row call;
    size_t at;

    if (rows->n == 0)
        return false;
    at = draw_below(&pass->draw, (unsigned)rows->n);
    call = rows->v[at];
    called = &policy->chains[call.target];
    if (call.action != ACTION_JUMP || leaves(called, 0, called->n))
        return false;
    memmove(&rows->v[at], &rows->v[at + 1], (rows->n - at - 1) * sizeof call);
    rows->n--;
    for (size_t i = called->n; i-- > 0;) {
        struct row both;

        /* The action is the second one's. */
        if (rows_both(&call, &called->v[i], &both))
            insert(pass, rows, at, both);
    }
    return true;
}

static bool apply(struct pass *pass, enum change change, struct row_policy *policy)
{
    switch (change) {
    case CHANGE_TRANSLATE: return true;
    case CHANGE_TURN: return turn(pass, policy);
    case CHANGE_SPLIT: return split(pass, policy);
    case CHANGE_SHADOW: return shadow(pass, policy);
    case CHANGE_EXTRACT: return extract(pass, policy);
    case CHANGE_INLINE: return inlines(pass, policy);
    case CHANGE_N: break;
    }
    return false;
}

/* One rule decides otherwise. */
static bool spoil(struct pass *pass, struct row_policy *policy)
{
    unsigned number;
    struct rows *rows = any_chain(pass, policy, &number);
    struct row *row = rows->n == 0 ? NULL : &rows->v[draw_below(&pass->draw, (unsigned)rows->n)];

    if (row == NULL)
        return false;
    row->action = row->action == ACTION_ACCEPT ? ACTION_DROP : ACTION_ACCEPT;
    return true;
}

/* --- comparing ---------------------------------------------------------------------------------------------------- */

static struct ruleset *read(struct pass *pass, const struct row_policy *policy, bool nftables, struct str *text)
{
    const struct dialect *dialect = nftables ? &dialect_nftables : &dialect_iptables;
    struct dialect_input input;
    struct ruleset *ruleset;
    struct diags diags;
    struct buf said = BUF_EMPTY;
    bool six = policy->family == FAMILY_V6;

    *text = nftables ? rows_nftables(pass->arena, policy) : rows_iptables(pass->arena, policy);
    diags_init(&diags, pass->arena);
    input = (struct dialect_input){.text = source_new(pass->arena, six ? STR("v6.rules") : STR("v4.rules"), *text)};
    ruleset = dialect->read(pass->arena, &input, 1, &diags);
    if (ruleset != NULL && diags.errors == 0)
        return ruleset;
    diags_print(&said, &diags, false);
    printf("seed %llu: cannot be read:\n%.*s%.*s\n", (unsigned long long)pass->seed, STR_ARG(buf_str(&said)),
           STR_ARG(*text));
    buf_free(&said);
    return NULL;
}

static unsigned fate(const struct ruleset *ruleset, const struct packet *packet)
{
    unsigned outcome = naive_ask(&(struct naive_question){.ruleset = ruleset, .hook = HOOK_FORWARD, .packet = packet});

    return outcome == NAIVE_REJECT ? NAIVE_DROP : outcome; /* a refusal is a refusal */
}

/* The first of some packets that fares otherwise. */
static bool find_packet(struct pass *pass, const struct row_policy *policy, const struct ruleset *left,
                        const struct ruleset *right, struct packet *packet)
{
    for (unsigned i = 0; i < PACKETS; i++) {
        *packet = rows_packet(&pass->draw, policy);
        if (fate(left, packet) != fate(right, packet))
            return true;
    }
    return false;
}

static bool diff_is_equal(struct pass *pass, struct ruleset *left, struct ruleset *right)
{
    struct diff_question question = {.left = left, .right = right, .hooks = 1u << HOOK_FORWARD};
    struct differences differences = {0};
    unsigned one_sided;
    struct rule_ref gave_up_at;

    return diff_find(pass->arena, &question, &differences, &one_sided, &gave_up_at) && differences.n == 0;
}

static void complain(struct pass *pass, const char *what, const char *how, const struct packet *packet, struct str left,
                     struct str right)
{
    struct buf out = BUF_EMPTY;

    if (packet != NULL)
        packet_format(&out, packet);
    printf("seed %llu: %s: %s %.*s\n%.*s--\n%.*s\n", (unsigned long long)pass->seed, what, how, STR_ARG(buf_str(&out)),
           STR_ARG(left), STR_ARG(right));
    buf_free(&out);
    pass->wrong++;
}

static void compare_equal(struct pass *pass, enum change change, const struct row_policy *one,
                          const struct row_policy *other)
{
    bool nftables = draw_once_in(&pass->draw, 2);
    bool same_dialect = change != CHANGE_TRANSLATE && draw_once_in(&pass->draw, 2);
    struct str texts[2];
    struct ruleset *left = read(pass, one, nftables, &texts[0]);
    struct ruleset *right = read(pass, other, same_dialect ? nftables : !nftables, &texts[1]);
    struct packet packet;

    pass->done[change]++;
    if (left == NULL || right == NULL)
        pass->wrong++;
    else if (find_packet(pass, one, left, right, &packet))
        complain(pass, change_names[change], "otherwise fares", &packet, texts[0], texts[1]);
    else if (!diff_is_equal(pass, left, right))
        complain(pass, change_names[change], "diff sees a difference", NULL, texts[0], texts[1]);
}

static void compare_spoiled(struct pass *pass, const struct row_policy *one, const struct row_policy *other)
{
    bool nftables = draw_once_in(&pass->draw, 2);
    struct str texts[2];
    struct ruleset *left = read(pass, one, nftables, &texts[0]);
    struct ruleset *right = read(pass, other, !nftables, &texts[1]);
    struct packet packet;

    if (left == NULL || right == NULL) {
        pass->wrong++;
    } else if (find_packet(pass, one, left, right, &packet)) {
        pass->changed++;
        if (diff_is_equal(pass, left, right))
            complain(pass, "one rule decides otherwise", "diff does not see", &packet, texts[0], texts[1]);
    }
}

static void run_case(struct pass *pass)
{
    struct row_policy policy = rows_draw(pass->arena, &pass->draw);

    for (enum change change = 0; change < CHANGE_N; change++) {
        struct row_policy other = rows_copy(pass->arena, &policy);

        if (apply(pass, change, &other))
            compare_equal(pass, change, &policy, &other);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct row_policy other = rows_copy(pass->arena, &policy);

        if (spoil(pass, &other))
            compare_spoiled(pass, &policy, &other);
    }
}

int main(int argc, char **argv)
{
    struct pass pass = {0};
    uint64_t cases = 1000;
    uint64_t seed = 1;
    uint64_t failed = 0;

    if ((argc > 1 && !num_decimal(str_of(argv[1]), UINT32_MAX, &cases)) ||
        (argc > 2 && !num_decimal(str_of(argv[2]), UINT32_MAX, &seed))) {
        fprintf(stderr, "usage: metamorphic [CASES [SEED]]\n");
        return 2;
    }
    for (uint64_t i = 0; i < cases && failed < 5; i++) {
        uint64_t before = pass.wrong;

        pass.arena = arena_new();
        pass.seed = seed + i;
        pass.draw = draw_from(pass.seed);
        run_case(&pass);
        failed += pass.wrong > before;
        arena_free(pass.arena);
    }
    for (enum change change = 0; change < CHANGE_N; change++) {
        printf("%llu times %s\n", (unsigned long long)pass.done[change], change_names[change]);
        failed += pass.done[change] < cases / 50 && cases >= 100; /* then it shows nothing */
    }
    printf("%llu times another meaning, and diff knows it\n", (unsigned long long)pass.changed);
    failed += pass.changed < cases / 50 && cases >= 100;
    printf("%llu passed, %llu failed\n", (unsigned long long)(cases - (failed < cases ? failed : cases)),
           (unsigned long long)failed);
    return failed > 0;
}
